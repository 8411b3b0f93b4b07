/* When a human is paged: a table of what happens, on a virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "paging.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, EVENTS_MAX = 12, PAGES_MAX = 6 };

enum what { END, JOIN, LEAVE, JOIN_OTHER, LEAVE_OTHER, JOIN_WATCH, WAITS, NOTHING_WAITS, FAILS };

/* Something that happens at a time, in seconds after the start. */
struct event {
    int64_t at_s;
    enum what what;
};

struct scene {
    const char *name;
    struct event event[EVENTS_MAX];
    int64_t pages_s[PAGES_MAX]; /* when pages are sent; -1: no more */
};

static char net[] = "net", ops[] = "#ops", sre[] = "#sre", logs[] = "#logs";
static char admin[] = "https://manage.example.org/pages/x";

static struct channel_settings channels[] = {
    {.name = ops, .roles = CHANNEL_TALK | CHANNEL_WATCH},
    {.name = logs, .roles = CHANNEL_WATCH},
    {.name = sre, .roles = CHANNEL_TALK},
};
static struct network_settings networks[] = {{.name = net, .channel = channels, .n_channels = 3}};
static struct page_settings pages[] = {{.admin_url = admin}};

static struct settings make_settings(void)
{
    struct settings s;

    memset(&s, 0, sizeof s);
    s.network = networks;
    s.n_networks = 1;
    s.page = pages;
    s.n_pages = 1;
    s.pager.after_ms = 5 * MINUTE;
    s.pager.again_ms = 30 * MINUTE;
    return s;
}

static const struct scene scenes[] = {
    {"never joined, nothing waits", {{0, END}}, {-1}},
    {"never joined, a draft from the start", {{0, WAITS}}, {300, 2100, 3900, 5700, -1}},
    {"a draft comes long after the channels were lost",
     {{900, WAITS}},
     {900, 2700, 4500, 6300, -1}},
    {"joined in time", {{0, WAITS}, {299, JOIN}}, {-1}},
    {"joined, and lost again",
     {{0, WAITS}, {10, JOIN}, {1000, LEAVE}},
     {1300, 3100, 4900, 6700, -1}},
    {"one of two is enough", {{0, WAITS}, {10, JOIN}, {20, JOIN_OTHER}, {30, LEAVE}}, {-1}},
    {"both are lost: the time counts from the second",
     {{0, WAITS}, {10, JOIN}, {20, JOIN_OTHER}, {30, LEAVE}, {100, LEAVE_OTHER}},
     {400, 2200, 4000, 5800, -1}},
    {"a channel that is only watched helps nobody",
     {{0, WAITS}, {10, JOIN_WATCH}},
     {300, 2100, 3900, 5700, -1}},
    {"what waited is gone before the page", {{0, WAITS}, {200, NOTHING_WAITS}}, {-1}},
    {"what waited is gone after the page", {{0, WAITS}, {600, NOTHING_WAITS}}, {300, -1}},
    {"gone and there again within one spell: no sooner than again",
     {{0, WAITS}, {400, NOTHING_WAITS}, {500, WAITS}},
     {300, 2100, 3900, 5700, -1}},
    {"flapping: at most one in five minutes",
     {{0, WAITS}, {310, JOIN}, {320, LEAVE}, {700, JOIN}, {710, LEAVE}},
     {300, 620, 1010, 2810, 4610, 6410}},
    {"lost again soon after a page: five minutes after that page at least",
     {{0, WAITS}, {301, JOIN}, {302, LEAVE}, {7000, NOTHING_WAITS}},
     {300, 602, 2402, 4202, 6002, -1}},
    {"a page that failed is tried again after five minutes",
     {{0, WAITS}, {301, FAILS}},
     {300, 600, 2400, 4200, 6000, -1}},
};

static void happen(struct paging *p, const struct event *e, size_t *waiting, struct now now)
{
    struct chat_event chat = {.text = ""};

    switch (e->what) {
    case JOIN:
    case LEAVE:
        chat.place = "net/#OPS"; /* as the network happens to write it */
        break;
    case JOIN_OTHER:
    case LEAVE_OTHER:
        chat.place = "net/#sre";
        break;
    case JOIN_WATCH:
        chat.place = "net/#logs";
        break;
    case WAITS:
        *waiting = 1;
        return;
    case NOTHING_WAITS:
        *waiting = 0;
        return;
    case FAILS:
        paging_done(p, false);
        return;
    case END:
        return;
    }
    chat.kind = e->what == LEAVE || e->what == LEAVE_OTHER ? CHAT_LEFT : CHAT_JOINED;
    paging_chat(p, &chat, now);
}

/* Two hours in steps. The deadline must tell each page beforehand, to the millisecond. */
static void play(const struct scene *scene, int64_t step_ms, int64_t boot_ms)
{
    struct settings settings = make_settings();
    struct now now = {.wall_ms = 1673978400000, .boot_ms = boot_ms};
    const struct event *e = scene->event;
    size_t waiting = 0, sent = 0;
    struct paging p;
    int64_t at;

    assert_int_equal(paging_init(&p, &settings, now), 0);
    for (at = 0; at <= 7200 * SECOND; at += step_ms) {
        int64_t due;
        char *text;

        now.boot_ms = boot_ms + at;
        now.wall_ms = 1673978400000 + at;
        for (; e < scene->event + EVENTS_MAX && e->what != END && e->at_s * SECOND <= at; e++)
            happen(&p, e, &waiting, now);
        due = paging_deadline(&p, waiting);
        text = paging_take(&p, &settings, waiting, now);
        if ((text != NULL) != (due <= now.boot_ms))
            fail_msg("%s: at %lld the deadline is wrong", scene->name, (long long)at);
        if (!text)
            continue;
        if (sent >= PAGES_MAX || scene->pages_s[sent] * SECOND != at)
            fail_msg("%s: page at %lld ms", scene->name, (long long)at);
        sent++;
        free(text);
    }
    if (sent < PAGES_MAX && scene->pages_s[sent] != -1)
        fail_msg("%s: no page at %lld s", scene->name, (long long)scene->pages_s[sent]);
    paging_finish(&p);
}

static void scenes_are_played(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        play(&scenes[i], SECOND, 5000);
        play(&scenes[i], 500, 0);
    }
}

static void the_text_says_what_and_where(void **state)
{
    struct settings settings = make_settings();
    struct now now = {.wall_ms = 1673978400000, .boot_ms = 0}; /* 18:00 UTC */
    struct paging p;
    char *text;

    (void)state;
    assert_int_equal(paging_init(&p, &settings, now), 0);
    now.boot_ms += 6 * MINUTE;
    now.wall_ms += 6 * MINUTE;
    assert_null(paging_take(&p, &settings, 0, now));
    text = paging_take(&p, &settings, 2, now);
    assert_string_equal(text, "crier: no IRC channel can be reached since 18:00 UTC (6 min), and 2 "
                              "drafts, proposals or confirmed steps wait. Reconnect crier, or post "
                              "by hand: https://manage.example.org/pages/x");
    free(text);
    paging_finish(&p);
}

static void a_reload_keeps_what_is_joined(void **state)
{
    struct settings settings = make_settings(), fewer = make_settings(), none = make_settings();
    struct network_settings only_sre = {.name = net, .channel = &channels[2], .n_channels = 1};
    struct chat_event joined = {.kind = CHAT_JOINED, .place = "net/#ops", .text = ""};
    struct now now = {0, 0};
    struct paging p;

    (void)state;
    fewer.network = &only_sre;
    fewer.pager.after_ms = MINUTE;
    none.n_networks = 0;
    assert_int_equal(paging_init(&p, &settings, now), 0);
    paging_chat(&p, &joined, now);
    now.boot_ms = 10 * MINUTE;
    assert_int_equal(paging_reload(&p, &settings, now), 0);
    assert_true(paging_deadline(&p, 1) == NOW_NEVER);
    /* the only one that was there is no talk channel any more: lost from now on */
    assert_int_equal(paging_reload(&p, &fewer, now), 0);
    assert_true(paging_deadline(&p, 1) == 11 * MINUTE);
    assert_true(paging_deadline(&p, 0) == NOW_NEVER);
    /* without any talk channel there is nobody to be missed */
    assert_int_equal(paging_reload(&p, &none, now), 0);
    assert_true(paging_deadline(&p, 1) == NOW_NEVER);
    paging_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenes_are_played),
        cmocka_unit_test(the_text_says_what_and_where),
        cmocka_unit_test(a_reload_keeps_what_is_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
