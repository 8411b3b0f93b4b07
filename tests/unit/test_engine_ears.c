/* One outage heard through several ears; lines of log files and feeds; positions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ears.h"
#include "house.h"

#define LOG_PATH "/var/log/irc.log"
#define LOG_FILE "file:" LOG_PATH
#define OTHER_PATH "/var/log/other.log"
#define OTHER_FILE "file:" OTHER_PATH
#define SAL_URL "https://sal.example.org/atom"
#define SAL "feed:" SAL_URL

/* ---- a house with more ears ------------------------------------------------------------------ */

static void give_files(struct house *h, const char *source, size_t n)
{
    struct source_settings *s = &h->settings->source[settings_find_source(h->settings, source)];
    const char *const paths[] = {LOG_PATH, OTHER_PATH};
    size_t i;

    s->files.item = calloc(n, sizeof *s->files.item);
    assert_non_null(s->files.item);
    for (i = 0; i < n; i++)
        s->files.item[i] = strdup(paths[i]);
    s->files.n = n;
}

static void give_feed(struct house *h, const char *source)
{
    h->settings->source[settings_find_source(h->settings, source)].feed = strdup(SAL_URL);
}

static int ears_setup(void **state)
{
    int r = house_setup(state);
    struct house *h = *state;

    give_files(h, "icinga", 2);
    give_files(h, "jinxer", 1);
    give_files(h, "deploys", 1);
    give_feed(h, "deploys");
    give_feed(h, "people");
    return r;
}

#define EARS_TEST(f) cmocka_unit_test_setup_teardown(f, ears_setup, house_teardown)

static void read_line(struct house *h, const struct ear_line *line)
{
    assert_int_equal(courier_read(&h->courier, h->hearing, line, h->now), 0);
    house_settle(h);
}

/* A line that was just written. */
static void in_file(struct house *h, const char *place, const char *text)
{
    struct ear_line line = {.place = place,
                            .text = text,
                            .user = "",
                            .wall_ms = h->now.wall_ms,
                            .since_wall_ms = h->now.wall_ms - SECOND};

    read_line(h, &line);
}

static void in_feed(struct house *h, const char *user, const char *text, int64_t ago_ms)
{
    struct ear_line line = {.place = SAL,
                            .text = text,
                            .user = user,
                            .people = *user != '\0',
                            .wall_ms = h->now.wall_ms - ago_ms};

    read_line(h, &line);
}

struct counted {
    const char *text;
    size_t alerts, firing, lines;
};

static int count_row(void *ctx, enum record_table t, const void *record)
{
    struct counted *c = ctx;

    if (t == RECORD_ALERT) {
        c->alerts++;
        c->firing += ((const struct record_alert *)record)->firing ? 1 : 0;
    }
    if (t == RECORD_TIMELINE && strstr(((const struct record_timeline *)record)->text, c->text))
        c->lines++;
    return 0;
}

/* Rows that live, and lines of the lookback or of an incident with that text. */
static struct counted count(struct house *h, const char *text)
{
    struct store_port store = fake_store_port(&h->store);
    struct counted c = {.text = text};

    assert_int_equal(store.load(store.ctx, count_row, &c), 0);
    return c;
}

/* ---- echoes ---------------------------------------------------------------------------------- */

static void test_a_deploy_is_one_through_three_ears(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    in_file(h, LOG_FILE, STARTED);
    in_feed(h, "", STARTED, 20 * SECOND);
    assert_int_equal(count(h, "Started scap").lines, 1);
    house_wait(h, MINUTE);
    in_feed(h, "", FINISHED, 0); /* another ear is first */
    in_file(h, LOG_FILE, FINISHED);
    house_deploy(h, FINISHED);
    assert_int_equal(count(h, "Finished scap").lines, 1);
}

static void test_a_repeat_is_none(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_deploy(h, STARTED);
    assert_int_equal(count(h, "Started scap").lines, 2);
    in_feed(h, "", STARTED, 0);
    in_feed(h, "", STARTED, 0);
    assert_int_equal(count(h, "Started scap").lines, 2);
    in_feed(h, "", STARTED, 0); /* the third was never in the channel */
    assert_int_equal(count(h, "Started scap").lines, 3);
}

static void test_long_ago_is_none(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_wait(h, EARS_ECHO_MS + SECOND);
    in_feed(h, "", STARTED, 0);
    assert_int_equal(count(h, "Started scap").lines, 2);
}

static void test_the_same_time_counts(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_wait(h, 9 * MINUTE);
    in_feed(h, "", STARTED, 9 * MINUTE); /* a slow feed */
    assert_int_equal(count(h, "Started scap").lines, 1);
}

static void test_after_a_restart(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_restart(h, 30 * SECOND);
    in_feed(h, "", STARTED, 30 * SECOND);
    in_file(h, LOG_FILE, STARTED);
    house_restart(h, SECOND);
    assert_int_equal(count(h, "Started scap").lines, 1);
    in_file(h, LOG_FILE, STARTED); /* this ear has had its echo */
    assert_int_equal(count(h, "Started scap").lines, 2);
}

static void test_people(void **state)
{
    struct house *h = *state;

    house_say(h, HOUSE_OPS, "sre1", "=", "!log restarting the frobnicator");
    in_feed(h, "sre1", "!log restarting the frobnicator", 0);
    assert_int_equal(count(h, "frobnicator").lines, 1);
    in_feed(h, "stranger", "!log I am not in the channel", 0);
    assert_int_equal(count(h, "not in the channel").lines, 1);
    /* what a person writes there is not the deploy bot's */
    in_feed(h, "stranger", "!log Started scap: nothing of the kind", 0);
    house_wait(h, MINUTE);
    house_icinga(h, EXCEPTIONS);
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

/* tcpircbot cuts at 425 bytes, and the rest comes as a line of its own. */
static void test_a_line_cut_on_irc(void **state)
{
    struct house *h = *state;
    char whole[700], part[426];
    size_t n = (size_t)snprintf(whole, sizeof whole, "%s",
                                "!log deployer1@deploy1002 Started scap: Backport for "
                                "[[gerrit:880004|Example change (T1)]], [[gerrit:880005|");

    memset(whole + n, 'x', 400);
    (void)snprintf(whole + n + 400, sizeof whole - n - 400, " (T2)]]");
    memcpy(part, whole, 425);
    part[425] = '\0';

    in_feed(h, "", whole, 0); /* first whole */
    house_deploy(h, part);
    house_deploy(h, whole + 425);
    assert_int_equal(count(h, "Started scap").lines, 1);

    house_wait(h, EARS_ECHO_MS + SECOND); /* first in parts */
    house_deploy(h, part);
    house_deploy(h, whole + 425);
    assert_int_equal(count(h, "T2").lines, 2);
    in_feed(h, "", whole, 0);
    assert_int_equal(count(h, "T2").lines, 2);
}

static void test_another_text_is_none(void **state)
{
    struct house *h = *state;

    house_deploy(h, "!log deployer1@deploy1002 Started scap: Backport for [[gerrit:880004|One]]");
    in_feed(h, "",
            "!log deployer1@deploy1002 Started scap: Backport for [[gerrit:880004|One]] again", 0);
    assert_int_equal(count(h, "Started scap").lines, 2);
}

/* Alerts are known by what they are about; ircecho runs several into one line. */
static void test_alerts(void **state)
{
    static const char one[] = "PROBLEM - Host mw1 is DOWN: PING CRITICAL",
                      two[] = "PROBLEM - Host mw2 is DOWN: PING CRITICAL",
                      both[] = "PROBLEM - Host mw1 is DOWN: PING CRITICAL PROBLEM - Host mw2 is "
                               "DOWN: PING CRITICAL";
    struct house *h = *state;

    in_file(h, LOG_FILE, one);
    in_file(h, LOG_FILE, two);
    house_icinga(h, both);
    assert_int_equal(count(h, "").alerts, 2);
    house_wait(h, MINUTE);
    in_file(h, LOG_FILE, "RECOVERY - Host mw1 is UP: PING OK");
    in_file(h, OTHER_FILE, one); /* a slow ear: an echo, although it is over by now */
    assert_int_equal(count(h, "").firing, 1);
    house_icinga(h, one); /* this ear has had its echo: it fires again */
    assert_int_equal(count(h, "").firing, 2);
}

/* The alert is told too late to be an echo, its recovery is not. */
static void test_a_recovery_that_is_needed_is_none(void **state)
{
    struct house *h = *state;

    house_icinga(h, "PROBLEM - Host mw1 is DOWN: PING CRITICAL");
    house_wait(h, 2 * SECOND);
    house_icinga(h, "RECOVERY - Host mw1 is UP: PING OK");
    house_wait(h, EARS_ECHO_MS - SECOND);
    in_file(h, LOG_FILE, "PROBLEM - Host mw1 is DOWN: PING CRITICAL");
    assert_int_equal(count(h, "").firing, 1);
    in_file(h, LOG_FILE, "RECOVERY - Host mw1 is UP: PING OK");
    assert_int_equal(count(h, "").firing, 0);

    /* it fires once more: no echo of what the file said before it recovered; and then a slow ear
     * tells of the first time */
    house_wait(h, 30 * SECOND);
    house_icinga(h, "PROBLEM - Host mw1 is DOWN: PING CRITICAL");
    assert_int_equal(count(h, "").firing, 1);
    in_file(h, OTHER_FILE, "2023-01-17T18:00:02Z RECOVERY - Host mw1 is UP: PING OK");
    assert_int_equal(count(h, "").firing, 1);
}

/* What comes after the recovery was heard, and was never heard before. */
static void test_late_firing(void **state)
{
    struct house *h = *state;
    struct ear_line line = {.place = LOG_FILE,
                            .text = "2023-01-17T18:05:00Z " EXCEPTIONS,
                            .user = "",
                            .since_wall_ms = 1};

    house_deploy(h, STARTED);
    house_wait(h, 6 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    house_icinga(h, EXCEPTIONS_OK);
    assert_int_equal(count(h, "").firing, 0);
    line.wall_ms = h->now.wall_ms;
    read_line(h, &line);
    assert_int_equal(count(h, "").firing, 0);
}

static void test_a_source_with_one_ear_has_no_echoes(void **state)
{
    struct house *h = *state;
    int i;

    for (i = 0; i < 3; i++)
        house_deploy(h, STARTED);
    assert_int_equal(count(h, "Started scap").lines, 3);
    assert_int_equal(fake_store_count(&h->store, RECORD_HEARD), 0);
}

static void test_they_are_bounded(void **state)
{
    struct house *h = *state;
    char text[100];
    int i;

    for (i = 0; i < EARS_ECHOES_MAX + 50; i++) {
        (void)snprintf(text, sizeof text, "PROBLEM - Host mw%d is DOWN: PING CRITICAL", i);
        in_file(h, LOG_FILE, text);
    }
    assert_int_equal(fake_store_count(&h->store, RECORD_HEARD), EARS_ECHOES_MAX);
    house_wait_sliced(h, EARS_KEPT_MS + 2 * MINUTE, MINUTE);
    assert_int_equal(fake_store_count(&h->store, RECORD_HEARD), 0);
}

/* ---- times ----------------------------------------------------------------------------------- */

static void test_an_outage_from_a_file_alone(void **state)
{
    struct house *h = *state;

    in_file(h, LOG_FILE, "[1673978400] " STARTED);
    house_wait(h, 8 * MINUTE);
    in_file(h, LOG_FILE, "Jan 17 18:08:00 alert1001 ircecho[77]: " EXCEPTIONS);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public");
    house_expect_last(h, HOUSE_OPS, "18:08:00, your scap backport is running since 18:00");
}

/* No line of IRC is as long as one of a file may be. */
static void test_long_lines_say_no_more(void **state)
{
    struct house *h = *state;
    char line[4001];
    size_t i, n;

    house_deploy(h, STARTED);
    n = (size_t)snprintf(line, sizeof line, "PROBLEM - MediaWiki exceptions ");
    memset(line + n, 'x', 1500);
    n += 1500;
    n += (size_t)snprintf(line + n, sizeof line - n, " on alert1001 is CRITICAL: ");
    memset(line + n, 'y', sizeof line - 1 - n);
    line[sizeof line - 1] = '\0';
    in_file(h, LOG_FILE, line);
    house_expect_said(h, HOUSE_OPS, "DRAFT 1.1, not public");
    for (i = 0; i < h->chat.n; i++)
        if (strlen(h->chat.line[i].text) > 420)
            fail_msg("%zu bytes: %s", strlen(h->chat.line[i].text), h->chat.line[i].text);
}

/* It ended long ago, and so is no suspect. */
static void test_an_end_that_is_told_late(void **state)
{
    struct house *h = *state;

    house_deploy(h, STARTED);
    house_wait(h, HOUR);
    in_feed(h, "", FINISHED, 40 * MINUTE);
    house_icinga(h, EXCEPTIONS);
    assert_int_equal(engine_open_incidents(h->engine), 0);
}

/* The numbers of lines are not used again: a new line would be taken for the end of an old one. */
static void test_after_a_reload(void **state)
{
    struct house *h = *state;
    struct hearing *fresh;

    in_file(h, LOG_FILE, "PROBLEM - Host mw1 is DOWN: PING CRITICAL");
    house_icinga(h, "PROBLEM - Host mw2 is DOWN: PING CRITICAL");
    in_file(h, LOG_FILE, "PROBLEM - Host mw2 is DOWN: PING CRITICAL");
    fresh = hearing_create(h->settings, &h->formats);
    assert_non_null(fresh);
    hearing_go_on(fresh, h->hearing);
    hearing_destroy(h->hearing);
    h->hearing = fresh;
    in_file(h, LOG_FILE, "PROBLEM - Host mw3 is DOWN: PING CRITICAL");
    in_file(h, LOG_FILE, "PROBLEM - Host mw4 is DOWN: PING CRITICAL");
    assert_int_equal(count(h, "").alerts, 4);
}

struct late_case {
    const char *name;
    const char *text;
    int64_t since_ago_ms;
    size_t alerts;
};

static void test_what_is_history(void **state)
{
    static const struct late_case cases[] = {
        {"just written", EXCEPTIONS, SECOND, 1},
        {"written while crier was away for a while", EXCEPTIONS, 9 * MINUTE, 1},
        {"for long", EXCEPTIONS, 11 * MINUTE, 0},
        {"but it has its time", "2023-01-17T19:55:00Z " EXCEPTIONS, HOUR, 1},
        {"which is long ago", "2023-01-17T19:45:00Z " EXCEPTIONS, HOUR, 0},
        {"of another zone", "[2023-01-17 20:55:00 +0100] " EXCEPTIONS, HOUR, 1},
        {"without a zone", "2023-01-17 19:55:00 " EXCEPTIONS, HOUR, 1},
        {"without a zone, and far from when it was written", "2023-01-17 14:55:00 " EXCEPTIONS,
         SECOND, 1},
        {"ahead of us", "2023-01-17T21:55:00Z " EXCEPTIONS, SECOND, 1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *own = NULL;
        struct house *h;
        struct ear_line line = {.place = LOG_FILE, .text = cases[i].text, .user = ""};

        (void)ears_setup(&own);
        h = own;
        house_wait(h, 2 * HOUR);
        line.wall_ms = h->now.wall_ms;
        line.since_wall_ms = h->now.wall_ms - cases[i].since_ago_ms;
        read_line(h, &line);
        if (count(h, "").alerts != cases[i].alerts)
            fail_msg("%s: %zu alerts", cases[i].name, count(h, "").alerts);
        (void)house_teardown(&own);
    }
}

/* A recovery, and the end of a deploy that runs, are never too late. */
static void test_what_ends_is_no_history(void **state)
{
    struct house *h = *state;

    in_file(h, LOG_FILE, EXCEPTIONS);
    house_deploy(h, STARTED);
    house_wait(h, MINUTE);
    assert_int_equal(count(h, "").firing, 1);
    house_restart(h, HOUR);
    in_feed(h, "", FINISHED, 40 * MINUTE);
    assert_int_equal(count(h, "Finished").lines, 1);
    in_feed(h, "", "!log deployer2@deploy1002 Finished scap: what never began", 40 * MINUTE);
    assert_int_equal(count(h, "never began").lines, 0);
    {
        struct ear_line line = {.place = LOG_FILE,
                                .text = EXCEPTIONS_OK,
                                .user = "",
                                .wall_ms = h->now.wall_ms,
                                .since_wall_ms = h->now.wall_ms - 50 * MINUTE};

        read_line(h, &line);
    }
    assert_int_equal(count(h, "").firing, 0);
}

/* ---- positions ------------------------------------------------------------------------------- */

static void test_positions(void **state)
{
    struct house *h = *state;
    struct ear_position position = {.name = LOG_FILE, .position = "1 2:3:4"};
    struct input in = {.kind = INPUT_EAR, .ear = &position};

    assert_null(engine_ear_position(h->engine, LOG_FILE));
    assert_int_equal(courier_input(&h->courier, &in, h->now), 0);
    assert_string_equal(engine_ear_position(h->engine, LOG_FILE), "1 2:3:4");
    house_restart(h, SECOND); /* before it was committed */
    assert_null(engine_ear_position(h->engine, LOG_FILE));
    assert_int_equal(courier_input(&h->courier, &in, h->now), 0);
    house_settle(h);
    position.position = "1 2:9:4";
    assert_int_equal(courier_input(&h->courier, &in, h->now), 0);
    house_settle(h);
    house_restart(h, SECOND);
    assert_string_equal(engine_ear_position(h->engine, LOG_FILE), "1 2:9:4");
    assert_int_equal(fake_store_count(&h->store, RECORD_EAR), 1);
    house_restart(h, (int64_t)31 * 24 * HOUR); /* nobody has it any more */
    assert_null(engine_ear_position(h->engine, LOG_FILE));
    assert_int_equal(fake_store_count(&h->store, RECORD_EAR), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EARS_TEST(test_a_deploy_is_one_through_three_ears),
        EARS_TEST(test_a_repeat_is_none),
        EARS_TEST(test_long_ago_is_none),
        EARS_TEST(test_the_same_time_counts),
        EARS_TEST(test_after_a_restart),
        EARS_TEST(test_people),
        EARS_TEST(test_a_line_cut_on_irc),
        EARS_TEST(test_another_text_is_none),
        EARS_TEST(test_alerts),
        EARS_TEST(test_a_recovery_that_is_needed_is_none),
        EARS_TEST(test_late_firing),
        HOUSE_TEST(test_a_source_with_one_ear_has_no_echoes),
        EARS_TEST(test_they_are_bounded),
        EARS_TEST(test_an_outage_from_a_file_alone),
        EARS_TEST(test_after_a_reload),
        EARS_TEST(test_long_lines_say_no_more),
        EARS_TEST(test_an_end_that_is_told_late),
        cmocka_unit_test(test_what_is_history),
        EARS_TEST(test_what_ends_is_no_history),
        EARS_TEST(test_positions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
