#include "run_reload.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "utf8.h"

#include "log_paths.h"
#include "running_config.h"

enum { PLACE_BYTES = 300, WHY_SHOWN = 150 };

static void on_done(void *ctx, const struct trial_result *result)
{
    struct run_reload *rr = ctx;

    rr->done = true;
    rr->result = *result;
}

int run_reload_init(struct run_reload *rr)
{
    struct trial_sink sink = {.ctx = rr, .done = on_done};

    memset(rr, 0, sizeof *rr);
    rr->refused_boot_ms = NOW_NEVER;
    return trial_create("/proc/self/exe", &sink, &rr->trial);
}

void run_reload_finish(struct run_reload *rr)
{
    trial_destroy(rr->trial);
    free(rr->text);
    memset(rr, 0, sizeof *rr);
}

struct source_port run_reload_source_port(struct run_reload *rr)
{
    return trial_source_port(rr->trial);
}

void run_reload_forget(struct run_reload *rr)
{
    trial_stop(rr->trial);
    free(rr->text);
    rr->text = NULL;
    rr->refused_boot_ms = NOW_NEVER;
    rr->done = false;
}

/* @return NULL when it is too long or memory is out. */
static char *text_of(const struct settings *s)
{
    struct buf b;
    char *text;

    buf_init(&b, RUNNING_CONFIG_BYTES);
    running_config_text(&b, s);
    text = buf_error(&b) ? NULL : buf_take(&b);
    buf_finish(&b);
    return text;
}

/* But for secrets, which a trial does not look at. */
static bool is_same(const char *a, const char *b)
{
    return a && b && !strcmp(a, b);
}

static bool is_again(const struct run_reload *rr, const char *text, struct now now)
{
    if ((text || rr->text) && !is_same(text, rr->text)) /* neither: too long, and was so before */
        return false;
    return trial_runs(rr->trial) || rr->done ||
           (rr->refused_boot_ms != NOW_NEVER &&
            now.boot_ms - rr->refused_boot_ms <= RUN_RELOAD_AGAIN_MS);
}

static void start(struct run_reload *rr, const struct settings *running,
                  const struct settings *candidate, struct now now)
{
    int r = trial_start(rr->trial, running, candidate, &running->reload.backtest,
                        running->reload.time_limit_ms, now.boot_ms);

    if (!r) {
        log_info("run", "trying the new configuration on past logs");
        return;
    }
    rr->done = true;
    memset(&rr->result, 0, sizeof rr->result);
    (void)utf8_print(rr->result.why, sizeof rr->result.why, "%s", crier_strerror(r));
}

enum run_reload_verdict run_reload_ask(struct run_reload *rr, const struct settings *running,
                                       const struct settings *candidate, struct now now)
{
    char *text, *present;
    bool again, same;

    if (!running->reload.backtest.n) {
        run_reload_forget(rr);
        return RUN_RELOAD_TAKE;
    }
    text = text_of(candidate);
    present = text_of(running);
    again = is_again(rr, text, now);
    same = is_same(text, present);
    free(present);
    run_reload_forget(rr);
    rr->text = text;
    if (again || same) {
        if (again && !same)
            log_warnx("run", "SIGHUP again: the new configuration is taken whatever it loses");
        run_reload_forget(rr);
        return RUN_RELOAD_TAKE;
    }
    start(rr, running, candidate, now);
    return RUN_RELOAD_WAIT;
}

bool run_reload_runs(const struct run_reload *rr)
{
    return rr->done || trial_runs(rr->trial);
}

bool run_reload_is_done(const struct run_reload *rr)
{
    return rr->done;
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void describe(struct run_reload *rr, const char *config_path)
{
    const struct trial_result *t = &rr->result;

    if (t->tried)
        (void)utf8_print(rr->line, sizeof rr->line,
                         "%s was not taken: on past logs it loses %lld draft%s, %s%.*s; `crier "
                         "check -c %s --replay LOG...` says why; SIGHUP again within 60 s takes it "
                         "all the same",
                         config_path, (long long)t->lost, plural(t->lost),
                         t->lost == 1 ? "" : "the first ", (int)utf8_cut(t->why, WHY_SHOWN), t->why,
                         config_path);
    else
        (void)utf8_print(rr->line, sizeof rr->line,
                         "%s was not taken, since it could not be tried on past logs (%.*s); "
                         "SIGHUP again within 60 s takes it all the same",
                         config_path, (int)utf8_cut(t->why, WHY_SHOWN), t->why);
}

enum run_reload_verdict run_reload_conclude(struct run_reload *rr, const struct settings *running,
                                            const char *config_path, struct now now)
{
    const struct trial_result *t = &rr->result;

    rr->done = false;
    if (t->tried)
        log_info("run",
                 "on %lld lines of past logs: %lld draft%s before, %lld now; %lld lost, %lld "
                 "later, %lld earlier, %lld gained, %lld changed; %lld lines could not be read%s%s",
                 (long long)t->lines, (long long)t->drafts_before, plural(t->drafts_before),
                 (long long)t->drafts_now, (long long)t->lost, (long long)t->later,
                 (long long)t->earlier, (long long)t->gained, (long long)t->changed,
                 (long long)t->unreadable, *t->why ? "; lost: " : "", t->why);
    else
        log_warnx("run", "the new configuration could not be tried on past logs: %s", t->why);
    if (!running->reload.refuse_lost || (t->tried && !t->lost)) {
        run_reload_forget(rr);
        return RUN_RELOAD_TAKE;
    }
    describe(rr, config_path);
    rr->refused_boot_ms = now.boot_ms;
    return RUN_RELOAD_REFUSE;
}

void run_reload_look(const struct settings *s)
{
    struct log_paths found = {NULL, 0, 0};
    size_t i;

    for (i = 0; i < s->reload.backtest.n; i++) {
        int r = log_paths_add(&found, s->reload.backtest.item[i]);

        if (r && r != CRIER_ENOMEM)
            log_warnx("run", "reload.backtest: %s: %s, so SIGHUP would %s",
                      s->reload.backtest.item[i],
                      r == CRIER_EACCESS ? "cannot be read" : "there is no such log",
                      s->reload.refuse_lost ? "refuse every change" : "try nothing");
    }
    log_paths_finish(&found);
}

/* Where a refusal is told; false: nowhere. */
static bool find_place(const struct settings *s, char *dst, size_t size)
{
    size_t i, j;

    if (s->reload.channel) {
        (void)utf8_print(dst, size, "%s", s->reload.channel);
        return true;
    }
    for (i = 0; i < s->n_networks; i++)
        for (j = 0; j < s->network[i].n_channels; j++)
            if (s->network[i].channel[j].roles & CHANNEL_TALK) {
                (void)utf8_print(dst, size, "%s/%s", s->network[i].name,
                                 s->network[i].channel[j].name);
                return true;
            }
    return false;
}

/* Nothing stored depends on it: who is not there now finds it in the log. */
void run_reload_tell(const struct run_reload *rr, const struct settings *running,
                     const struct chat_port *chat)
{
    char place[PLACE_BYTES], line[RUN_RELOAD_LINE_BYTES];
    struct say say = {.place = place, .text = line, .priority = SAY_ANNOUNCE};

    log_errorx("run", "%s", rr->line);
    (void)utf8_print(line, sizeof line, "%s", rr->line);
    if (find_place(running, place, sizeof place))
        (void)chat->say(chat->ctx, &say);
}
