/* What SIGHUP asks a process of its own, and what becomes of the answer. Small scripts stand for
 * that process. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <poll.h>

#include "buf.h"
#include "config_file.h"
#include "err.h"
#include "log.h"
#include "problems.h"
#include "run_reload.h"
#include "trial.h"

enum { PATIENCE_MS = 20000 };

struct bench {
    char dir[40];
    char *program;
    struct settings *before, *now;
    struct run_reload rr;
    struct trial_result result;
    int done;
    struct now clock;
    char *said;
    char *place;
};

static struct settings *load(void)
{
    const char *root = getenv("CRIER_ROOT");
    char *path = buf_printf("%s/tests/data/house.cfg", root ? root : ".");
    struct settings *s = NULL;
    struct problems problems;

    assert_non_null(path);
    problems_init(&problems);
    assert_int_equal(config_file_load(path, &problems, &s), 0);
    problems_finish(&problems);
    free(path);
    s->reload.backtest.item = calloc(1, sizeof(char *));
    assert_non_null(s->reload.backtest.item);
    s->reload.backtest.item[0] = strdup("/logs/*.log");
    s->reload.backtest.n = 1;
    return s;
}

static void on_done(void *ctx, const struct trial_result *result)
{
    struct bench *b = ctx;

    b->done++;
    b->result = *result;
    b->rr.done = true; /* as the room's own sink does */
    b->rr.result = *result;
}

static int64_t mono_ms(void)
{
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* @param script of the program that is run in crier's stead. */
static void init(struct bench *b, const char *script)
{
    struct trial_sink sink = {.ctx = b, .done = on_done};
    FILE *f;

    memset(b, 0, sizeof *b);
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/crier-trial-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    b->program = buf_printf("%s/program", b->dir);
    assert_non_null(b->program);
    f = fopen(b->program, "we");
    assert_non_null(f);
    (void)fprintf(f, "#!/bin/sh\n%s\n", script);
    (void)fclose(f);
    assert_int_equal(chmod(b->program, 0700), 0);
    b->before = load();
    b->now = load();
    b->now->triage.storm_count = 7;
    assert_int_equal(run_reload_init(&b->rr), 0);
    trial_destroy(b->rr.trial);
    assert_int_equal(trial_create(b->program, &sink, &b->rr.trial), 0);
    b->clock.boot_ms = 1000;
}

static void finish(struct bench *b)
{
    run_reload_finish(&b->rr);
    (void)unlink(b->program);
    (void)rmdir(b->dir);
    free(b->program);
    settings_destroy(b->before);
    settings_destroy(b->now);
    free(b->said);
    free(b->place);
}

/* One turn of the loop; waits for the process at most so long. */
static void turn(struct bench *b, int wait_ms)
{
    struct source_port port = run_reload_source_port(&b->rr);
    struct pollset set;
    size_t i;

    pollset_init(&set);
    port.collect(port.ctx, &set);
    for (i = 0; i < set.n; i++) {
        struct pollfd fd = {.fd = set.item[i].fd, .events = POLLIN};

        (void)poll(&fd, 1, wait_ms);
    }
    port.dispatch(port.ctx, &set, b->clock);
    pollset_finish(&set);
}

static void wait_done(struct bench *b)
{
    int64_t until = mono_ms() + PATIENCE_MS;

    while (!run_reload_is_done(&b->rr)) {
        assert_true(mono_ms() < until);
        turn(b, 1000);
    }
}

static int start(struct bench *b)
{
    return trial_start(b->rr.trial, b->before, b->now, &b->before->reload.backtest, 60000,
                       b->clock.boot_ms);
}

/* ---- the process ----------------------------------------------------------------------------- */

static void test_what_it_is_given(void **state)
{
    struct bench b;

    (void)state;
    init(&b,
         "test \"$*\" = \"check -c /proc/self/fd/3 --against /proc/self/fd/4 --json --replay -- "
         "/logs/*.log\" || { echo \"words: $*\"; exit; }\n"
         "grep -q 'storm_count = 7' /proc/self/fd/3 || { echo 'no new'; exit; }\n"
         "grep -q 'storm_count' /proc/self/fd/4 && { echo 'no old'; exit; }\n"
         "for fd in /proc/self/fd/*; do test ${fd##*/} -le 10 || { echo \"fd $fd\"; exit; }; done\n"
         "test -z \"$(cat)\" || { echo 'input'; exit; }\n"
         "test $(nice) = 10 || { echo \"nice $(nice)\"; exit; }\n"
         "echo 'noise' >&2; echo '{\"event\":\"lost\"}'; printf '{\"event\":\"summary\",'\n"
         "echo "
         "'\"lines\":5,\"drafts_before\":3,\"drafts_now\":2,\"lost\":1,\"later\":2,\"earlier\":3,"
         "\"gained\":4,\"changed\":5,\"first_lost\":{\"time\":\"2023-01-17T18:34:55.000Z\","
         "\"title\":"
         "\"Some errors\"}}'");
    assert_int_equal(start(&b), 0);
    assert_true(trial_runs(b.rr.trial));
    assert_int_equal(start(&b), CRIER_EAGAIN);
    wait_done(&b);
    assert_false(trial_runs(b.rr.trial));
    if (!b.result.tried)
        fail_msg("%s", b.result.why);
    assert_int_equal(b.result.lines, 5);
    assert_int_equal(b.result.drafts_before, 3);
    assert_int_equal(b.result.drafts_now, 2);
    assert_int_equal(b.result.lost, 1);
    assert_int_equal(b.result.later, 2);
    assert_int_equal(b.result.earlier, 3);
    assert_int_equal(b.result.gained, 4);
    assert_int_equal(b.result.changed, 5);
    assert_string_equal(b.result.why, "\"Some errors\" of 2023-01-17 18:34");
    turn(&b, 0);
    assert_int_equal(b.done, 1);
    finish(&b);
}

static void test_what_it_may_say(void **state)
{
    static const struct {
        const char *script, *why;
    } row[] = {
        {"exit 1", "the process that tried it has failed"},
        {"echo one; echo 'crier: the last \033[1mword\033[0m' >&2", "crier: the last [1mword[0m"},
        {"echo '{\"event\":\"summary\",\"lines\":0}'", "the logs hold no line"},
        {"echo '{\"event\":\"summary\",\"lines\":3}'; echo 'and a crash'", "and a crash"},
        {"echo '{\"event\":\"summary\",\"li'", "{\"event\":\"summary\",\"li"},
        {"echo '[]'", "[]"},
        {"head -c 3000000 /dev/zero | tr '\\0' x; echo; echo 'too much'", "too much"},
        {"kill -9 $$", "the process that tried it has failed"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct bench b;

        init(&b, row[i].script);
        assert_int_equal(start(&b), 0);
        wait_done(&b);
        assert_false(b.result.tried);
        assert_string_equal(b.result.why, row[i].why);
        finish(&b);
    }
}

static void test_a_program_that_is_not_there(void **state)
{
    struct bench b;

    (void)state;
    init(&b, "");
    assert_int_equal(unlink(b.program), 0);
    assert_int_equal(start(&b), 0);
    wait_done(&b);
    assert_false(b.result.tried);
    assert_string_equal(b.result.why, "the process that tried it has failed");
    finish(&b);
}

static void test_it_takes_too_long(void **state)
{
    struct bench b;
    int64_t begun = mono_ms();

    (void)state;
    init(&b, "echo '{\"event\":\"summary\",\"lines\":3}'; exec sleep 1000");
    assert_int_equal(start(&b), 0);
    b.clock.boot_ms += 59999;
    turn(&b, 1000);
    assert_int_equal(b.done, 0);
    b.clock.boot_ms++;
    turn(&b, 0);
    assert_int_equal(b.done, 1);
    assert_false(b.result.tried);
    assert_string_equal(b.result.why, "it took longer than 1 min");
    /* the next one can be started, and one that runs can be left */
    assert_int_equal(start(&b), 0);
    trial_stop(b.rr.trial);
    assert_false(trial_runs(b.rr.trial));
    turn(&b, 0);
    assert_int_equal(b.done, 1);
    assert_int_equal(start(&b), 0);
    finish(&b);
    assert_true(mono_ms() - begun < PATIENCE_MS);
}

/* ---- what SIGHUP does ------------------------------------------------------------------------ */

#define SUMMARY(lost)                                                              \
    "echo '{\"event\":\"summary\",\"lines\":5,\"drafts_before\":9,\"lost\":" #lost \
    ",\"first_lost\":"                                                             \
    "{\"time\":\"2023-01-17T18:34:55.000Z\",\"title\":\"Some errors\"}}'"

static int say(void *ctx, const struct say *line)
{
    struct bench *b = ctx;

    assert_null(b->said);
    b->said = strdup(line->text);
    b->place = strdup(line->place);
    return 0;
}

static enum run_reload_verdict ask(struct bench *b)
{
    return run_reload_ask(&b->rr, b->before, b->now, b->clock);
}

static enum run_reload_verdict conclude(struct bench *b)
{
    wait_done(b);
    return run_reload_conclude(&b->rr, b->before, "/etc/crier.cfg", b->clock);
}

static void test_a_loss_is_refused_and_then_taken(void **state)
{
    struct chat_port chat = {.say = say};
    struct bench b;

    (void)state;
    init(&b, SUMMARY(2));
    chat.ctx = &b;
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    assert_int_equal(conclude(&b), RUN_RELOAD_REFUSE);
    assert_false(run_reload_is_done(&b.rr));
    run_reload_tell(&b.rr, b.before, &chat);
    assert_string_equal(b.place, "net/#ops");
    assert_string_equal(
        b.said,
        "/etc/crier.cfg was not taken: on past logs it loses 2 drafts, the first \"Some "
        "errors\" of 2023-01-17 18:34; `crier check -c /etc/crier.cfg --replay LOG...` says "
        "why; SIGHUP again within 60 s takes it all the same");
    b.clock.boot_ms += RUN_RELOAD_AGAIN_MS;
    assert_int_equal(ask(&b), RUN_RELOAD_TAKE);
    /* that was all that it was good for */
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    finish(&b);
}

static void test_too_late_or_another_is_tried_again(void **state)
{
    struct bench b;

    (void)state;
    init(&b, SUMMARY(1));
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    assert_int_equal(conclude(&b), RUN_RELOAD_REFUSE);
    b.clock.boot_ms += RUN_RELOAD_AGAIN_MS + 1;
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    assert_int_equal(conclude(&b), RUN_RELOAD_REFUSE);
    b.now->triage.storm_count = 8;
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    assert_int_equal(conclude(&b), RUN_RELOAD_REFUSE);
    run_reload_forget(&b.rr); /* what came next had mistakes */
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    finish(&b);
}

static void test_again_while_it_is_tried(void **state)
{
    struct bench b;

    (void)state;
    init(&b, "exec sleep 1000");
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    b.now->triage.storm_count = 8;
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    assert_int_equal(ask(&b), RUN_RELOAD_TAKE);
    assert_false(trial_runs(b.rr.trial));
    turn(&b, 0);
    assert_int_equal(b.done, 0);
    finish(&b);
}

static void test_what_is_taken(void **state)
{
    struct bench b;

    (void)state;
    init(&b, SUMMARY(0));
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    assert_int_equal(conclude(&b), RUN_RELOAD_TAKE);
    b.now->triage.storm_count = b.before->triage.storm_count; /* nothing has changed */
    assert_int_equal(ask(&b), RUN_RELOAD_TAKE);
    b.now->triage.storm_count = 9;
    b.before->reload.backtest.n = 0; /* nothing to try it on */
    assert_int_equal(ask(&b), RUN_RELOAD_TAKE);
    b.before->reload.backtest.n = 1;
    finish(&b);
    init(&b, SUMMARY(1));
    b.before->reload.refuse_lost = false;
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    assert_int_equal(conclude(&b), RUN_RELOAD_TAKE);
    finish(&b);
}

static void test_what_could_not_be_tried(void **state)
{
    struct chat_port chat = {.say = say};
    struct bench b;

    (void)state;
    init(&b, "echo 'crier: /logs/*.log: there is no such log'");
    chat.ctx = &b;
    b.before->reload.channel = strdup("net/#sre");
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    assert_int_equal(conclude(&b), RUN_RELOAD_REFUSE);
    run_reload_tell(&b.rr, b.before, &chat);
    assert_string_equal(b.place, "net/#sre");
    assert_string_equal(
        b.said, "/etc/crier.cfg was not taken, since it could not be tried on past logs "
                "(crier: /logs/*.log: there is no such log); SIGHUP again within 60 s takes "
                "it all the same");
    assert_int_equal(ask(&b), RUN_RELOAD_TAKE);
    finish(&b);
    init(&b, "exit 1");
    b.before->reload.refuse_lost = false;
    assert_int_equal(ask(&b), RUN_RELOAD_WAIT);
    assert_int_equal(conclude(&b), RUN_RELOAD_TAKE);
    finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_is_given),
        cmocka_unit_test(test_what_it_may_say),
        cmocka_unit_test(test_a_program_that_is_not_there),
        cmocka_unit_test(test_it_takes_too_long),
        cmocka_unit_test(test_a_loss_is_refused_and_then_taken),
        cmocka_unit_test(test_too_late_or_another_is_tried_again),
        cmocka_unit_test(test_again_while_it_is_tried),
        cmocka_unit_test(test_what_is_taken),
        cmocka_unit_test(test_what_could_not_be_tried),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
