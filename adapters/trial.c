#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buf.h"
#include "duration.h"
#include "err.h"
#include "log.h"
#include "running_config.h"
#include "trial_helper.h"
#include "utf8.h"
#include "when.h"

enum { OUTPUT_MAX = 1 << 20 };

struct trial {
    struct trial_sink sink;
    struct trial_helper *helper;
    int fd; /* what it writes; -1: none runs */
    int64_t limit_ms;
    int64_t until_boot_ms;
    struct buf output; /* its last line */
};

/* ---- the process ----------------------------------------------------------------------------- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* A file in memory with that text. */
static int text_fd(const struct buf *text, int *ret_fd)
{
    size_t done = 0;

    if (buf_error(text))
        return buf_error(text);
    *ret_fd = memfd_create("crier-trial", MFD_CLOEXEC);
    if (*ret_fd < 0)
        return CRIER_EIO;
    while (done < text->len) {
        ssize_t n = write(*ret_fd, text->data + done, text->len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return CRIER_EIO;
        done += (size_t)n;
    }
    return 0;
}

static int config_fd(const struct settings *settings, int *ret_fd)
{
    struct buf text;
    int r;

    buf_init(&text, RUNNING_CONFIG_BYTES);
    running_config_text(&text, settings);
    r = text_fd(&text, ret_fd);
    buf_finish(&text);
    return r;
}

static int logs_fd(const struct string_list *logs, int *ret_fd)
{
    struct buf text;
    size_t i;
    int r;

    buf_init(&text, TRIAL_LOGS_BYTES);
    for (i = 0; i < logs->n; i++)
        buf_add(&text, logs->item[i], strlen(logs->item[i]) + 1);
    r = text_fd(&text, ret_fd);
    buf_finish(&text);
    return r;
}

int trial_start(struct trial *t, const struct settings *before, const struct settings *now,
                const struct string_list *logs, int64_t limit_ms, int64_t boot_ms)
{
    struct trial_files files = {.output = -1, .now = -1, .before = -1, .logs = -1};
    int ends[2] = {-1, -1}, r;

    if (t->fd >= 0)
        return CRIER_EAGAIN;
    r = config_fd(now, &files.now);
    if (!r)
        r = config_fd(before, &files.before);
    if (!r)
        r = logs_fd(logs, &files.logs);
    if (r)
        goto out;
    r = CRIER_EIO;
    if (pipe2(ends, O_CLOEXEC))
        goto out;
    files.output = ends[1];
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK))
        goto out;
    r = trial_helper_start(t->helper, &files);
    if (r)
        goto out;
    t->fd = ends[0];
    ends[0] = -1;
    t->limit_ms = limit_ms;
    t->until_boot_ms = boot_ms + limit_ms;
    buf_clear(&t->output);
out:
    if (r == CRIER_EIO)
        log_warn("trial", "cannot start a process");
    close_fd(&ends[0]);
    close_fd(&files.output);
    close_fd(&files.now);
    close_fd(&files.before);
    close_fd(&files.logs);
    return r;
}

void trial_stop(struct trial *t)
{
    if (t->fd < 0)
        return;
    close_fd(&t->fd);
    trial_helper_stop(t->helper);
}

bool trial_runs(const struct trial *t)
{
    return t->fd >= 0;
}

/* ---- what it wrote --------------------------------------------------------------------------- */

static int64_t number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "";
}

static void describe_lost(const json_t *lost, struct trial_result *ret)
{
    char date[WHEN_BYTES], hm[WHEN_BYTES];
    int64_t wall_ms;

    if (when_parse_iso(text(lost, "time"), &wall_ms))
        wall_ms = 0;
    (void)utf8_print(ret->why, sizeof ret->why, "\"%s\" of %s %s", text(lost, "title"),
                     when_date(wall_ms, date), when_hm(wall_ms, hm));
}

static void read_summary(const json_t *o, struct trial_result *ret)
{
    ret->lines = number(o, "lines");
    ret->unreadable = number(o, "unreadable");
    ret->drafts_before = number(o, "drafts_before");
    ret->drafts_now = number(o, "drafts_now");
    ret->lost = number(o, "lost");
    ret->later = number(o, "later");
    ret->earlier = number(o, "earlier");
    ret->gained = number(o, "gained");
    ret->changed = number(o, "changed");
    ret->tried = ret->lines > 0;
    if (ret->lost)
        describe_lost(json_object_get(o, "first_lost"), ret);
    else if (!ret->tried)
        (void)utf8_print(ret->why, sizeof ret->why, "the logs hold no line");
}

static void read_result(struct trial *t, struct trial_result *ret)
{
    const char *line = buf_str(&t->output);
    json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

    memset(ret, 0, sizeof *ret);
    if (!strcmp(text(o, "event"), "summary"))
        read_summary(o, ret);
    else if (*line)
        (void)utf8_print(ret->why, sizeof ret->why, "%s", line);
    else
        (void)utf8_print(ret->why, sizeof ret->why, "the process that tried it has failed");
    (void)utf8_clean(ret->why, strlen(ret->why), ret->why);
    json_decref(o);
}

static void keep(struct trial *t, const char *bytes, size_t n)
{
    size_t i;

    buf_add(&t->output, bytes, n);
    if (buf_error(&t->output)) { /* no line of ours is so long */
        buf_clear(&t->output);
        return;
    }
    for (i = t->output.len; i > 1 && t->output.data[i - 2] != '\n'; i--)
        ;
    if (i > 1)
        buf_shift(&t->output, i - 1);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void collect(void *ctx, struct pollset *set)
{
    const struct trial *t = ctx;

    if (t->fd < 0)
        return;
    pollset_add(set, t->fd, POLLIN);
    pollset_deadline(set, t->until_boot_ms);
}

static void finish(struct trial *t, bool late)
{
    struct trial_result result;
    char limit[64];

    if (late) {
        memset(&result, 0, sizeof result);
        (void)utf8_print(result.why, sizeof result.why, "it took longer than %s",
                         duration_text(limit, sizeof limit, t->limit_ms));
    } else {
        read_result(t, &result);
    }
    trial_stop(t);
    t->sink.done(t->sink.ctx, &result);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct trial *t = ctx;
    char bytes[16384];
    ssize_t n;

    (void)set;
    if (t->fd < 0)
        return;
    n = read(t->fd, bytes, sizeof bytes); /* the rest in the next turn */
    if (n > 0)
        keep(t, bytes, (size_t)n);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        finish(t, false);
    else if (now.boot_ms >= t->until_boot_ms)
        finish(t, true);
}

struct source_port trial_source_port(struct trial *t)
{
    return (struct source_port){.ctx = t, .collect = collect, .dispatch = dispatch};
}

int trial_create(const char *program, const struct trial_sink *sink, struct trial **ret)
{
    struct trial *t = calloc(1, sizeof *t);
    int r;

    if (!t)
        return CRIER_ENOMEM;
    t->fd = -1;
    t->sink = *sink;
    buf_init(&t->output, OUTPUT_MAX);
    r = trial_helper_create(program, &t->helper);
    if (r) {
        trial_destroy(t);
        return r;
    }
    *ret = t;
    return 0;
}

void trial_destroy(struct trial *t)
{
    if (!t)
        return;
    trial_stop(t);
    buf_finish(&t->output);
    trial_helper_destroy(t->helper);
    free(t);
}
