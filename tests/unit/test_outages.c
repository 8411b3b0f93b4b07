/*
 * Recorded outages, second by second through the pure program with Wikimedia's configuration:
 * what is drafted and proposed at which line, and how much a deployer types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "channel_log.h"
#include "house.h"

#define OPS "libera/#wikimedia-operations"

/* What must be said first at that second, and how long the deployer needs to answer it. */
struct showing {
    const char *clock;
    const char *said;
    int answer_s; /* 0: left unanswered */
};

struct outage {
    const char *log;
    int64_t midnight_s; /* of the epoch */
    const char *begin;  /* HH:MM:SS of the first second that is played */
    const char *end;
    const char *person;  /* who confirms */
    const char *account; /* and their services account */
    const struct showing *step;
    size_t n_steps;
    int typed; /* lines */
};

static const char *account_of(const struct outage *o, const char *nick)
{
    return strcmp(nick, o->person) != 0 ? "=" : o->account;
}

static size_t said(const struct house *h)
{
    return fake_chat_count(&h->chat, OPS);
}

/* Whether a draft or proposal was shown since. */
static bool was_shown(const struct house *h, size_t since)
{
    size_t i, n = 0;

    for (i = 0; i < h->chat.n; i++) {
        if (strcmp(h->chat.line[i].place, OPS) != 0 || n++ < since)
            continue;
        if (!strncmp(h->chat.line[i].text, "DRAFT", 5) ||
            !strncmp(h->chat.line[i].text, "PROPOSAL", 8))
            return true;
    }
    return false;
}

static void print_channel(const struct house *h, size_t since, const char *clock)
{
    size_t i, n = 0;

    for (i = 0; i < h->chat.n; i++)
        if (!strcmp(h->chat.line[i].place, OPS) && n++ >= since)
            (void)printf("[%s] <crier> %s\n", clock, h->chat.line[i].text);
}

static void play(const struct outage *o)
{
    struct house h;
    FILE *log = fopen(o->log, "r");
    char nick[CHANNEL_LOG_BYTES], text[CHANNEL_LOG_BYTES], clock[32];
    int at = channel_log_seconds(o->begin), end = channel_log_seconds(o->end), due, answer = 0,
        typed = 0;
    size_t step = 0, told;

    assert_non_null(log);
    house_init(&h, "config/wikimedia.cfg");
    h.now.wall_ms = (o->midnight_s + at) * 1000;
    for (due = channel_log_next(log, nick, text); at <= end; at++) {
        (void)snprintf(clock, sizeof clock, "%02d:%02d:%02d", at / 3600, at / 60 % 60, at % 60);
        told = said(&h);
        house_wait(&h, h.now.wall_ms == (o->midnight_s + at) * 1000 ? 0 : SECOND);
        for (; due == at; due = channel_log_next(log, nick, text)) {
            (void)printf("[%s] <%s> %s\n", clock, nick, text);
            house_say(&h, OPS, nick, account_of(o, nick), text);
        }
        if (was_shown(&h, told)) {
            if (step == o->n_steps || strcmp(clock, o->step[step].clock) != 0) {
                print_channel(&h, told, clock);
                fail_msg("%s: nothing was to be shown at %s", o->log, clock);
            }
            house_expect_said(&h, OPS, o->step[step].said);
            answer = o->step[step].answer_s ? at + o->step[step].answer_s : 0;
            step++;
        }
        print_channel(&h, told, clock);
        if (answer && at == answer) {
            told = said(&h);
            (void)printf("[%s] <%s> !status confirm\n", clock, o->person);
            house_say(&h, OPS, o->person, o->account, "!status confirm");
            print_channel(&h, told, clock);
            typed++;
        }
    }
    (void)fclose(log);
    if (step != o->n_steps)
        fail_msg("%s: not shown at %s: %s", o->log, o->step[step].clock, o->step[step].said);
    assert_int_equal(typed, o->typed);
    assert_int_equal(engine_open_incidents(h.engine), 0);
    assert_int_equal(fake_page_count(&h.page, PAGE_CREATE), 1);
    assert_int_equal(fake_page_count(&h.page, PAGE_UPDATE), o->typed - 1);
    house_finish(&h);
}

#define LOG_2023 "tests/data/outage-2023-01-17.log"
#define DRAFT_2023 "DRAFT 1.1, not public: \"Errors for logged-in users. People who are logged in"
#define MONITORING_2023(n) \
    "PROPOSAL 1." n ", monitoring, not public: \"Wikipedia and other wikis not loading"
#define RESOLVED_2023(n) \
    "PROPOSAL 1." n ", resolved, not public: \"Wikipedia and other wikis not loading"

/* The deployer is at the revert when the page comes, and answers when that has begun. */
static void outage_of_2023_01_17(void **state)
{
    static const struct showing steps[] = {
        {"18:34:55", DRAFT_2023, 20},
        {"18:37:43", "PROPOSAL 1.2, wider, not public: \"Wikipedia and other wikis not loading", 0},
        {"18:39:05",
         "PROPOSAL 1.3, identified, not public: \"Wikipedia and other wikis not loading", 20},
        {"18:49:10", MONITORING_2023("4"), 20},
        {"18:59:10", RESOLVED_2023("5"), 20},
    };
    static const struct outage outage = {
        LOG_2023,           1673913600, "18:16:00", "23:00:00", "deployer1",
        "example-deployer", steps,      5,          .typed = 4,
    };

    (void)state;
    play(&outage);
}

/* The same with one who answers at once. */
static void outage_of_2023_01_17_answered_at_once(void **state)
{
    static const struct showing steps[] = {
        {"18:34:55", DRAFT_2023, 12},
        {"18:37:43", "PROPOSAL 1.2, wider, not public: \"Wikipedia and other wikis not loading",
         12},
        {"18:39:05",
         "PROPOSAL 1.3, identified, not public: \"Wikipedia and other wikis not loading", 12},
        {"18:49:10", MONITORING_2023("4"), 12},
        {"18:59:10", RESOLVED_2023("5"), 12},
    };
    static const struct outage outage = {
        LOG_2023,           1673913600, "18:16:00", "23:00:00", "deployer1",
        "example-deployer", steps,      5,          .typed = 5,
    };

    (void)state;
    play(&outage);
}

static void outage_of_2025_03_29(void **state)
{
    static const struct showing steps[] = {
        {"15:30:04", "DRAFT 1.1, not public: \"Images and other media may not load", 60},
        {"16:19:09", "PROPOSAL 1.2, monitoring, not public: \"Images and other media may not load",
         60},
        {"16:29:09", "PROPOSAL 1.3, resolved, not public: \"Images and other media may not load",
         60},
    };
    static const struct outage outage = {
        "tests/data/outage-2025-03-29.log",
        1743206400,
        "15:29:00",
        "20:00:00",
        "sre1",
        "example-sre",
        steps,
        3,
        .typed = 3,
    };

    (void)state;
    play(&outage);
}

/* ---- an hour in which nobody answers --------------------------------------------------------- */

/* What bots say from the first alert on; minutes after it. */
static const struct {
    int minute;
    const char *nick, *text;
} alone[] = {
    {0, "icinga-wm", EXCEPTIONS},
    {3, "jinxer-wm", FRONTEND},
    {4, "jinxer-wm",
     "FIRING: [2x] HaproxyUnavailable: HAProxy (cache_text) has reduced HTTP availability #page - "
     "https://alerts.wikimedia.org/?q=alertname%3DHaproxyUnavailable"},
    {9, "icinga-wm", "PROBLEM - Host mw1349 is DOWN: PING CRITICAL - Packet loss = 100%"},
    {15, "jinxer-wm",
     "FIRING: ATSBackendErrorsHigh: ATS: elevated 5xx errors from swift.discovery.wmnet #page - "
     "https://alerts.wikimedia.org/?q=alertname%3DATSBackendErrorsHigh"},
    {22, "icinga-wm", EXCEPTIONS_OK},
    {24, "icinga-wm", EXCEPTIONS},
    {31, "jinxer-wm", FRONTEND},
    {45, "icinga-wm", EXCEPTIONS},
};

static void an_hour_alone(const char *config, bool confirmed_once)
{
    struct house h;
    char clock[32];
    size_t i, told, talk = 0;
    int at;

    house_init(&h, config);
    h.now.wall_ms = INT64_C(1673913600000) + (int64_t)channel_log_seconds("18:26:10") * 1000;
    house_say(&h, OPS, "logmsgbot", "=", STARTED);
    house_wait(&h, 9 * MINUTE);
    for (at = channel_log_seconds("18:35:10"); at < channel_log_seconds("19:35:10"); at++) {
        (void)snprintf(clock, sizeof clock, "%02d:%02d:%02d", at / 3600, at / 60 % 60, at % 60);
        told = said(&h);
        for (i = 0; i < sizeof alone / sizeof alone[0]; i++) {
            if (at != channel_log_seconds("18:35:10") + alone[i].minute * 60)
                continue;
            (void)printf("[%s] <%s> %s\n", clock, alone[i].nick, alone[i].text);
            house_say(&h, OPS, alone[i].nick, "=", alone[i].text);
        }
        if (confirmed_once && at == channel_log_seconds("18:36:00"))
            house_say(&h, OPS, "deployer1", "example-deployer", "!status confirm");
        house_wait(&h, SECOND);
        print_channel(&h, told, clock);
    }
    for (i = 0; i < h.chat.n; i++)
        talk += !strcmp(h.chat.line[i].place, OPS);
    (void)printf("%zu lines in the channel, %zu with all channels\n", talk, h.chat.n);
    assert_true(h.chat.n <= (size_t)h.settings->reminders.lines_per_hour);
    assert_true(talk >= 4);
    house_finish(&h);
}

static void an_hour_alone_keeps_the_budget(void **state)
{
    (void)state;
    an_hour_alone("config/wikimedia.cfg", false);
}

static void an_hour_alone_after_a_confirm_keeps_the_budget(void **state)
{
    (void)state;
    an_hour_alone("config/wikimedia.cfg", true);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(outage_of_2023_01_17),
        cmocka_unit_test(outage_of_2023_01_17_answered_at_once),
        cmocka_unit_test(outage_of_2025_03_29),
        cmocka_unit_test(an_hour_alone_keeps_the_budget),
        cmocka_unit_test(an_hour_alone_after_a_confirm_keeps_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
