#include "run_expect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "expect.h"
#include "json_out.h"
#include "log.h"
#include "problems.h"
#include "replay.h"
#include "replay_text.h"
#include "run_logs.h"
#include "settings.h"

#include "logread.h"
#include "patterns.h"

enum { FILE_MAX_BYTES = 4 << 20, DIFF_MAX_BYTES = 1 << 20, HAPPENED_MAX_BYTES = 8000 };

struct tally {
    const char *config_path;
    bool json;
    struct settings *settings;
    struct patterns *patterns;
    struct expect *expect;
    size_t ran, failed, wrong;
    int err; /* not of a scenario: the run ends */
};

/* One scenario under way. */
struct attempt {
    struct tally *tally;
    struct expect_run *run;
    struct replay *replay;
    struct buf line;     /* scratch */
    struct buf happened; /* as `crier replay` tells it */
    bool cut;
};

static void on_event(void *ctx, const struct replay_event *event)
{
    struct attempt *a = ctx;

    expect_run_event(a->run, event);
    if (event->kind == REPLAY_SAY)
        return;
    buf_clear(&a->line);
    replay_text(&a->line, a->tally->settings, event, false);
    if (a->happened.len + a->line.len + 10 > HAPPENED_MAX_BYTES || a->cut) {
        a->cut = true;
        return;
    }
    buf_adds(&a->happened, "    ");
    buf_add(&a->happened, a->line.data, a->line.len);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static int play_inline(struct attempt *a, const struct scenario *s)
{
    size_t i;
    int r = 0;

    for (i = 0; i < s->n_lines && !r; i++) {
        struct replay_line line = {.wall_ms = expect_line_wall_ms(s, &s->lines[i]),
                                   .nick = s->lines[i].nick,
                                   .text = s->lines[i].text,
                                   .channel = "",
                                   .action = s->lines[i].action};

        r = replay_line(a->replay, &line);
    }
    return r;
}

/* Where a log is that the file names. @return the caller's to free(), or NULL. */
static char *path_of(const char *expect_path, const char *log)
{
    const char *slash = strrchr(expect_path, '/');

    if (*log == '/' || !slash)
        return strdup(log);
    return buf_printf("%.*s/%s", (int)(slash - expect_path), expect_path, log);
}

/* @return 0, CRIER_EINVAL (told: lines that cannot be read) or CRIER_ENOMEM. */
static int play_open(struct attempt *a, const char *const *path, size_t n)
{
    struct logread_options options = {.sink = {.problem = run_logs_problem}};
    struct logread *log;
    struct log_line line;
    int r = logread_create(path, n, &options, &log);

    if (r)
        return r;
    while (!r && !(r = logread_next(log, &line))) {
        struct replay_line l = run_logs_line(&line);

        r = replay_line(a->replay, &l);
    }
    if (r == CRIER_ENOENT)
        r = logread_problems(log) ? CRIER_EINVAL : 0;
    logread_destroy(log);
    return r;
}

/* @return as play_open(), or CRIER_ENOENT (told). */
static int play_logs(struct attempt *a, const struct scenario *s)
{
    const char *file = a->tally->expect->file;
    char **path = calloc(s->logs.n, sizeof *path);
    int r = path ? 0 : CRIER_ENOMEM;
    size_t i;

    for (i = 0; i < s->logs.n && (!r || r == CRIER_ENOENT); i++) {
        path[i] = path_of(file, s->logs.item[i]);
        if (!path[i]) {
            r = CRIER_ENOMEM;
        } else if (access(path[i], R_OK)) {
            (void)fprintf(stderr, "%s:%d: %s: %s\n", file, s->log_line[i], path[i],
                          strerror(errno));
            r = CRIER_ENOENT;
        }
    }
    if (!r)
        r = play_open(a, (const char *const *)path, s->logs.n);
    for (i = 0; path && i < s->logs.n; i++)
        free(path[i]);
    free(path);
    return r;
}

/* ---- telling --------------------------------------------------------------------------------- */

static void tell_json(struct attempt *a, const struct scenario *s, const char *result,
                      const struct buf *diff)
{
    struct json_out j = {.b = &a->line};

    buf_clear(&a->line);
    json_out_open(&j, '{');
    json_out_text(&j, "scenario", s->name);
    json_out_text(&j, "file", a->tally->expect->file);
    json_out_number(&j, "line", s->line);
    json_out_text(&j, "result", result);
    json_out_text(&j, "diff", buf_str(diff));
    json_out_close(&j, '}');
    (void)printf("%s\n", buf_str(&a->line));
}

static void tell(struct attempt *a, const struct scenario *s, const char *result,
                 const struct buf *diff)
{
    if (a->tally->json) {
        tell_json(a, s, result, diff);
        return;
    }
    (void)printf("%-8s%s\n", result, s->name);
    if (!diff->len)
        return;
    (void)printf("%s  what happened:\n%s%s", buf_str(diff),
                 a->happened.len ? buf_str(&a->happened) : "    nothing\n",
                 a->cut ? "    and more\n" : "");
}

/* ---- one scenario ---------------------------------------------------------------------------- */

static int play(struct attempt *a, const struct scenario *s, struct buf *diff, size_t *ret_failed)
{
    struct format_port formats = patterns_format_port(a->tally->patterns);
    struct replay_options options = {.assume_confirm = s->confirm,
                                     .confirm_after_ms = s->confirm_after_ms,
                                     .obey = s->obey,
                                     .run_on_ms = REPLAY_RUN_ON_MS,
                                     .sink = {.ctx = a, .event = on_event}};
    int r = replay_create(a->tally->settings, &formats, &options, &a->replay);

    if (r == CRIER_ENOENT) {
        (void)fprintf(stderr,
                      "%s:%d: `confirm` needs somebody in \"people\" of %s with an account and "
                      "the role of a deployer\n",
                      a->tally->expect->file, s->line, a->tally->config_path);
        return CRIER_EINVAL;
    }
    if (!r)
        r = s->logs.n ? play_logs(a, s) : play_inline(a, s);
    if (!r)
        r = replay_end(a->replay);
    if (!r)
        r = expect_judge(a->run, replay_figures(a->replay)->first_wall_ms, diff, ret_failed);
    return r;
}

static void attempt(struct tally *t, size_t index)
{
    const struct scenario *s = &t->expect->scenario[index];
    struct attempt a = {.tally = t, .run = expect_run_create(t->expect, index)};
    struct buf diff;
    size_t failed = 0;
    int r = a.run ? 0 : CRIER_ENOMEM;

    buf_init(&diff, DIFF_MAX_BYTES);
    buf_init(&a.line, DIFF_MAX_BYTES);
    buf_init(&a.happened, HAPPENED_MAX_BYTES);
    if (!r && s->wrong)
        r = CRIER_EINVAL;
    if (!r)
        r = play(&a, s, &diff, &failed);
    if (r == CRIER_EINVAL || r == CRIER_ENOENT) {
        t->wrong++;
        tell(&a, s, "wrong", &diff);
    } else if (r) {
        t->err = r;
    } else {
        t->ran++;
        t->failed += failed > 0;
        tell(&a, s, failed ? "FAILED" : "ok", &diff);
    }
    replay_destroy(a.replay);
    expect_run_destroy(a.run);
    buf_finish(&diff);
    buf_finish(&a.line);
    buf_finish(&a.happened);
}

/* ---- the command ----------------------------------------------------------------------------- */

/* @return 0 or an exit code. */
static int load_config(struct tally *t)
{
    int r = run_logs_load(t->config_path, &t->settings, &t->patterns);

    if (r)
        return r == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
    return 0;
}

static int read_file(const char *path, struct buf *b)
{
    char chunk[65536];
    FILE *f = fopen(path, "re");
    size_t n;
    int r = 0;

    if (!f)
        return CRIER_ENOENT;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_add(b, chunk, n);
    if (ferror(f))
        r = CRIER_ENOENT;
    (void)fclose(f);
    return r ? r : buf_error(b);
}

static int load_expect(struct tally *t, const char *path)
{
    struct problems problems;
    struct buf text;
    int r;

    problems_init(&problems);
    buf_init(&text, FILE_MAX_BYTES);
    r = read_file(path, &text);
    if (r == CRIER_ENOENT) {
        (void)fprintf(stderr, "crier: %s: %s\n", path, strerror(errno));
    } else if (!r) {
        r = expect_parse(path, buf_str(&text), text.len, &problems, &t->expect);
        problems_print(&problems, stderr);
        t->wrong += problems.n > 0;
    }
    if (r == CRIER_ELIMIT)
        (void)fprintf(stderr, "crier: %s: larger than 4 MiB, or no text\n", path);
    problems_finish(&problems);
    buf_finish(&text);
    if (r == CRIER_ENOENT)
        return EX_NOINPUT;
    if (r == CRIER_ELIMIT)
        return EX_DATAERR;
    return r ? EX_OSERR : 0;
}

static bool is_wanted(const struct scenario *s, const char *const *names, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (strstr(s->name, names[i]))
            return true;
    return !n;
}

static int run_all(struct tally *t, const char *const *names, size_t n)
{
    size_t i, wanted = 0;

    for (i = 0; i < t->expect->n && !t->err; i++) {
        if (!is_wanted(&t->expect->scenario[i], names, n))
            continue;
        wanted++;
        attempt(t, i);
    }
    if (t->err) {
        (void)fprintf(stderr, "crier: %s\n", crier_strerror(t->err));
        return t->err == CRIER_ENOMEM ? EX_OSERR : EX_SOFTWARE;
    }
    if (fflush(stdout)) {
        (void)fprintf(stderr, "crier: cannot write: %s\n", strerror(errno));
        return EX_IOERR;
    }
    if (!wanted) {
        (void)fprintf(stderr, "crier: %s: no scenario of such a name\n", t->expect->file);
        return EX_USAGE;
    }
    (void)fprintf(stderr, "crier replay: %zu scenario%s, %zu as expected, %zu not\n", wanted,
                  wanted == 1 ? "" : "s", t->ran - t->failed, wanted - (t->ran - t->failed));
    if (t->wrong)
        return EX_DATAERR;
    return t->failed ? 1 : 0;
}

int run_expect(const char *config_path, const char *expect_path, const char *const *names, size_t n,
               bool json)
{
    struct tally t = {.config_path = config_path, .json = json};
    int code = load_config(&t);

    log_set_level(LOG_LEVEL_ERROR);
    if (!code)
        code = load_expect(&t, expect_path);
    if (!code)
        code = run_all(&t, names, n);
    patterns_destroy(t.patterns);
    settings_destroy(t.settings);
    expect_destroy(t.expect);
    return code;
}
