/* A replay with allocations failing in turn: it says so, or does the same as ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_file.h"
#include "err.h"
#include "house.h"
#include "patterns.h"
#include "problems.h"
#include "replay.h"
#include "torture.h"

enum { EACH = 400, STRIDE = 3, MOST_EVENTS = 64 };

struct run {
    struct settings *settings;
    struct patterns *patterns;
    enum replay_event_kind event[MOST_EVENTS];
    size_t n;
};

static void on_event(void *ctx, const struct replay_event *event)
{
    struct run *r = ctx;

    if (event->kind != REPLAY_SAY && r->n < MOST_EVENTS)
        r->event[r->n++] = event->kind;
}

static const struct {
    int64_t second;
    const char *nick, *text;
} lines[] = {
    {0, "someuser", "is it me or is the site down?"},
    {1, "logmsgbot", STARTED},
    {400, "icinga-wm", EXCEPTIONS},
    {460, "jinxer-wm", FRONTEND},
    {500, "dep1", "!log reverting"},
    {600, "icinga-wm", EXCEPTIONS_OK},
    {610, "jinxer-wm", FRONTEND_OK},
};

static int play(struct run *run)
{
    struct replay_options options = {.assume_confirm = true,
                                     .confirm_after_ms = 30 * SECOND,
                                     .silent = true,
                                     .run_on_ms = REPLAY_RUN_ON_MS,
                                     .sink = {.ctx = run, .event = on_event}};
    struct format_port formats = patterns_format_port(run->patterns);
    struct replay *r = NULL;
    size_t i;
    int err = replay_create(run->settings, &formats, &options, &r);

    run->n = 0;
    for (i = 0; i < sizeof lines / sizeof lines[0] && !err; i++) {
        struct replay_line line = {.wall_ms = 1673978400000 + lines[i].second * 1000,
                                   .nick = lines[i].nick,
                                   .text = lines[i].text,
                                   .channel = "#ops"};

        err = replay_line(r, &line);
    }
    if (!err)
        err = replay_end(r);
    replay_destroy(r);
    return err;
}

static int tortured(struct run *run, size_t nth, size_t *ret_calls)
{
    struct torture_plan plan = {.kind = TORTURE_ALLOC, .nth = nth};
    int err;

    torture_begin(&plan);
    (void)torture_enter(true);
    err = play(run);
    (void)torture_enter(false);
    *ret_calls = torture_end();
    return err;
}

static void allocations_fail_in_turn(void **state)
{
    struct run run = {0}, calm;
    struct problems problems;
    size_t nth, calls, refused = 0;

    (void)state;
    problems_init(&problems);
    assert_int_equal(config_file_load(HOUSE_CFG, &problems, &run.settings), 0);
    assert_int_equal(patterns_create(run.settings, &problems, &run.patterns), 0);
    problems_finish(&problems);
    assert_int_equal(tortured(&run, 0, &calls), 0);
    calm = run;
    assert_true(calm.n > 6);
    assert_int_equal(calm.event[calm.n - 1], REPLAY_RESOLVE);
    for (nth = 1; nth <= calls; nth += nth < EACH ? 1 : STRIDE) {
        size_t ignored;
        int err = tortured(&run, nth, &ignored);

        refused += err == CRIER_ENOMEM;
        if (err != CRIER_ENOMEM &&
            (err || run.n != calm.n || memcmp(run.event, calm.event, sizeof run.event) != 0)) {
            torture_print_where();
            fail_msg("call %zu: %d, %zu events", nth, err, run.n);
        }
    }
    assert_true(refused > 100);
    patterns_destroy(run.patterns);
    settings_destroy(run.settings);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(allocations_fail_in_turn)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
