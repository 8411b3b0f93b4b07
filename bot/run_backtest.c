#include "run_backtest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "backtest.h"
#include "buf.h"
#include "err.h"
#include "json_out.h"
#include "log.h"
#include "replay.h"
#include "run_logs.h"
#include "settings.h"
#include "when.h"

#include "confine.h"
#include "log_paths.h"
#include "logread.h"
#include "patterns.h"
#include "running_config.h"

enum { LINE_MAX_BYTES = 1 << 22, DISCARD_AFTER_MS = 6 * 60 * 60 * 1000, EXIT_WORSE = 1 };

struct side {
    struct backtest *backtest; /* borrowed */
    enum backtest_side which;
    struct settings *settings;
    struct patterns *patterns;
    struct replay *replay;
};

struct test {
    const struct run_backtest *args;
    struct side side[BACKTEST_SIDES];
    struct backtest *backtest;
    struct logread *log;
    struct log_paths logs;
    struct buf text;
};

/* ---- two configurations ---------------------------------------------------------------------- */

static int load_running(struct test *t, const char *path)
{
    if (!access(path, R_OK)) {
        int r =
            run_logs_load(path, &t->side[BACKTEST_OLD].settings, &t->side[BACKTEST_OLD].patterns);

        if (r == CRIER_EINVAL)
            (void)fprintf(stderr,
                          "crier: %s, which the new configuration is compared with, has mistakes "
                          "itself%s\n",
                          path,
                          t->args->against_path ? ""
                                                : ": another version wrote it; restart crier, or "
                                                  "name a configuration with --against FILE");
        return !r ? 0 : r == CRIER_ENOMEM ? EX_OSERR : EX_DATAERR;
    }
    if (t->args->against_path)
        (void)fprintf(stderr, "crier: %s: %s\n", path, strerror(errno));
    else if (errno == EACCES)
        (void)fprintf(stderr,
                      "crier: %s belongs to crier alone: run this as its user, or name the present "
                      "configuration with --against FILE\n",
                      path);
    else
        (void)fprintf(stderr,
                      "crier: %s: %s: crier run writes there what it runs with when it starts; "
                      "name the present configuration with --against FILE\n",
                      path, strerror(errno));
    return EX_NOINPUT;
}

static int load_both(struct test *t)
{
    const struct run_backtest *args = t->args;
    char *path;
    int r = run_logs_load(args->config_path, &t->side[BACKTEST_NEW].settings,
                          &t->side[BACKTEST_NEW].patterns);

    if (r)
        return r == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
    path = args->against_path
               ? strdup(args->against_path)
               : buf_printf("%s/%s", t->side[BACKTEST_NEW].settings->state_dir, RUNNING_CONFIG);
    if (!path)
        return EX_OSERR;
    r = load_running(t, path);
    free(path);
    return r;
}

static void on_event(void *ctx, const struct replay_event *event)
{
    struct side *s = ctx;

    backtest_event(s->backtest, s->which, event);
}

static int make_replays(struct test *t)
{
    int i;

    if (backtest_create(t->side[BACKTEST_OLD].settings, t->side[BACKTEST_NEW].settings,
                        &t->backtest))
        return EX_OSERR;
    for (i = 0; i < BACKTEST_SIDES; i++) {
        struct side *s = &t->side[i];
        /* What fires for ever keeps its draft, and would hide what comes months later. */
        struct replay_options options = {.assume_discard = true,
                                         .discard_after_ms = DISCARD_AFTER_MS,
                                         .silent = true,
                                         .run_on_ms = REPLAY_RUN_ON_MS,
                                         .sink = {.ctx = s, .event = on_event}};
        struct format_port formats = patterns_format_port(s->patterns);
        int r;

        s->backtest = t->backtest;
        s->which = (enum backtest_side)i;
        r = replay_create(s->settings, &formats, &options, &s->replay);

        if (r == CRIER_ENOENT) { /* nobody may */
            options.assume_discard = false;
            r = replay_create(s->settings, &formats, &options, &s->replay);
        }
        if (r)
            return EX_OSERR;
    }
    return 0;
}

/* ---- logs ------------------------------------------------------------------------------------ */

static int find_logs(struct test *t)
{
    const struct run_backtest *args = t->args;
    int code = 0, r;
    size_t i;

    for (i = 0; i < args->n_logs; i++) {
        r = log_paths_add(&t->logs, args->log[i]);
        if (!r)
            continue;
        if (r == CRIER_ENOMEM)
            return EX_OSERR;
        code = EX_NOINPUT;
        if (r == CRIER_EACCESS)
            (void)fprintf(stderr, "crier: %s cannot be read\n", t->logs.item[t->logs.n - 1]);
        else
            (void)fprintf(stderr, "crier: %s: there is no such log\n", args->log[i]);
    }
    return code;
}

/* Both take each line before the next is read: what one made of the alerts of the other is still
 * known then, and standard input will do. @return 0 or a negative error. */
static int play_lines(struct test *t)
{
    struct log_line line;
    int r, i;

    while (!(r = logread_next(t->log, &line))) {
        struct replay_line l = run_logs_line(&line);

        for (i = 0; i < BACKTEST_SIDES && !r; i++)
            r = replay_line(t->side[i].replay, &l);
        if (!r)
            r = backtest_settle(t->backtest);
        if (r)
            return r;
    }
    if (r != CRIER_ENOENT)
        return r;
    r = 0;
    for (i = 0; i < BACKTEST_SIDES && !r; i++)
        r = replay_end(t->side[i].replay);
    if (!r)
        r = backtest_settle(t->backtest);
    return r ? r : backtest_compare(t->backtest);
}

/* ---- the outcome ----------------------------------------------------------------------------- */

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void add_summary(struct test *t)
{
    const struct backtest *b = t->backtest;
    const struct replay_figures *f = replay_figures(t->side[BACKTEST_NEW].replay);
    size_t before = backtest_drafts(b, BACKTEST_OLD), now = backtest_drafts(b, BACKTEST_NEW), i;
    const struct backtest_difference *d;
    struct json_out j = {.b = &t->text};
    char lines[WHEN_BYTES];
    int k;

    if (!t->args->json) {
        buf_addf(&t->text, "%s line%s of logs: %zu draft%s before, %zu now",
                 when_count(f->lines, lines), plural((size_t)f->lines), before, plural(before),
                 now);
        for (k = BACKTEST_KINDS - 1; k >= 0; k--)
            buf_addf(&t->text, "%s%zu %s", k == BACKTEST_KINDS - 1 ? "; " : ", ",
                     backtest_count(b, (enum backtest_kind)k),
                     backtest_kind_name((enum backtest_kind)k));
        buf_addc(&t->text, '\n');
        return;
    }
    json_out_open(&j, '{');
    json_out_text(&j, "event", "summary");
    json_out_number(&j, "lines", f->lines);
    json_out_number(&j, "unreadable", logread_problems(t->log));
    json_out_number(&j, "drafts_before", (int64_t)before);
    json_out_number(&j, "drafts_now", (int64_t)now);
    for (k = BACKTEST_KINDS - 1; k >= 0; k--)
        json_out_number(&j, backtest_kind_name((enum backtest_kind)k),
                        (int64_t)backtest_count(b, (enum backtest_kind)k));
    for (i = 0; (d = backtest_difference(b, i)) && d->kind != BACKTEST_LOST; i++)
        ;
    if (d) { /* for whoever tells of it in one line */
        json_out_key(&j, "first_lost");
        json_out_open(&j, '{');
        json_out_when(&j, "time", d->before->wall_ms);
        json_out_text(&j, "title", d->before->first.title);
        json_out_text(&j, "reason", d->reason);
        json_out_close(&j, '}');
    }
    json_out_close(&j, '}');
    buf_addc(&t->text, '\n');
}

static int write_text(struct test *t)
{
    int r = buf_error(&t->text);

    if (!r && fwrite(t->text.data, 1, t->text.len, stdout) != t->text.len)
        r = CRIER_EIO;
    buf_clear(&t->text);
    return r;
}

static int write_outcome(struct test *t)
{
    const struct backtest_difference *d;
    size_t i;
    int r = 0;

    for (i = 0; !r && (d = backtest_difference(t->backtest, i)); i++) {
        if (t->args->json)
            backtest_json(&t->text, d);
        else
            backtest_text(&t->text, d);
        r = write_text(t);
    }
    if (r)
        return r;
    add_summary(t);
    r = write_text(t);
    return !r && fflush(stdout) ? CRIER_EIO : r;
}

static int exit_code(struct test *t, int r)
{
    if (r == CRIER_EIO) {
        (void)fprintf(stderr, "crier: cannot write: %s\n", strerror(errno));
        return EX_IOERR;
    }
    if (r == CRIER_ELIMIT) {
        (void)fprintf(stderr, "crier: more than %d drafts: compare shorter logs\n",
                      BACKTEST_DRAFTS_MAX);
        return EX_DATAERR;
    }
    if (r) {
        (void)fprintf(stderr, "crier: %s\n", crier_strerror(r));
        return r == CRIER_ENOMEM ? EX_OSERR : EX_SOFTWARE;
    }
    if (backtest_count(t->backtest, BACKTEST_LOST) || backtest_count(t->backtest, BACKTEST_LATER))
        return EXIT_WORSE;
    return logread_problems(t->log) ? EX_DATAERR : 0;
}

static int run_test(struct test *t)
{
    struct logread_options options = t->args->logs;
    int code = load_both(t), r;

    options.sink = (struct logread_sink){.problem = run_logs_problem};
    if (!code)
        code = find_logs(t);
    if (!code)
        code = make_replays(t);
    if (code)
        return code;
    if (logread_create((const char *const *)t->logs.item, t->logs.n, &options, &t->log))
        return EX_OSERR;
    r = play_lines(t);
    if (!r)
        r = write_outcome(t);
    return exit_code(t, r);
}

int run_backtest(const struct run_backtest *args)
{
    struct test t = {.args = args};
    int code, i;

    log_set_level(LOG_LEVEL_ERROR);
    /* The daemon's trials come here too: with what anybody has said in a channel, and out of reach
     * of what the daemon has given up. */
    confine_reader();
    buf_init(&t.text, LINE_MAX_BYTES);
    code = run_test(&t);
    for (i = 0; i < BACKTEST_SIDES; i++) {
        replay_destroy(t.side[i].replay);
        patterns_destroy(t.side[i].patterns);
    }
    backtest_destroy(t.backtest);
    for (i = 0; i < BACKTEST_SIDES; i++)
        settings_destroy(t.side[i].settings);
    logread_destroy(t.log);
    log_paths_finish(&t.logs);
    buf_finish(&t.text);
    return code;
}
