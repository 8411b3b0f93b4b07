#include "run.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "buf.h"
#include "courier.h"
#include "crash.h"
#include "engine.h"
#include "err.h"
#include "hearing.h"
#include "log.h"
#include "loop.h"
#include "paging.h"
#include "run_board.h"
#include "run_config.h"
#include "run_reload.h"
#include "run_drill.h"
#include "run_enrol.h"
#include "run_web.h"
#include "version.h"

#include "confine.h"
#include "irc.h"
#include "net.h"
#include "notify.h"
#include "pager.h"
#include "patterns.h"
#include "process_signals.h"
#include "run_ears.h"
#include "run_secrets.h"
#include "running_config.h"
#include "secret_watch.h"
#include "statuspage.h"
#include "store_sqlite.h"
#include "totp.h"
#include "web.h"

enum {
    LEAVE_MS = 1250, /* SIGTERM to the end of the loop, at most */
    STORE_CLOSE_MS = 400,
    WHY_BYTES = 400,
    /* In a storm the chat waits for the disk, so that what is on its way there stays small; but not
     * for a sick disk: the server must have its PONG, and people their answers. */
    STORM_CHANGES = 500,
    STORM_HOLD_MS = 200
};

struct run {
    const char *config_path;
    struct settings *settings;
    struct patterns *patterns;
    struct format_port formats;
    struct hearing *hearing;
    struct engine *engine;
    struct net *net;
    struct wait_port wait;
    struct irc *irc;
    struct secret_watch *watch;
    struct statuspage *page;
    struct store_sqlite *store;
    char *state_dir; /* where the store is, whatever the settings have come to say */
    struct process_signals *signals;
    struct notify *notify;
    struct pager *pager; /* NULL: no command is configured */
    struct paging paging;
    struct totp *totp;
    struct run_web web;
    struct run_board board;
    struct run_ears *ears;
    struct run_drill *drill;
    struct loop loop;

    struct courier courier;
    struct now now;
    int64_t hold_boot_ms; /* the chat is not listened to before; NOW_NEVER: not held */
    bool stormy;          /* it was held, and the disk has not caught up since */
    int fatal;            /* exit code, or 0 */
    bool leaving;
    int64_t leave_by_boot_ms;
    bool reload_wanted;
    struct run_reload reload;
    struct run_config candidate; /* what is being tried before it is taken */
};

/* ---- the store
 * ------------------------------------------------------------------------------------ */

/* What the engine could not do in memory is not in the store either: a start from there is clean.
 */
static void fail(struct run *r, int err)
{
    if (!err || r->fatal)
        return;
    log_errorx("run", "%s; leaving, to start again from what is stored", crier_strerror(err));
    r->fatal = EX_OSERR;
}

static void on_committed(void *ctx, uint64_t ticket, int err, const char *text)
{
    struct run *r = ctx;

    if (err) {
        log_errorx("store", "%s", text);
        fail(r, courier_store_failed(&r->courier, text, r->now));
        return;
    }
    if (r->courier.sick)
        log_info("store", "writing again");
    fail(r, courier_committed(&r->courier, ticket, r->now));
}

static void on_sealed(void *ctx, uint64_t ticket, const struct store_seal *seal, size_t n)
{
    struct run *r = ctx;

    courier_sealed(&r->courier, ticket, seal, n);
}

static void step(struct run *r, const struct input *in)
{
    if (!r->fatal && !r->leaving)
        fail(r, courier_input(&r->courier, in, r->now));
}

/* ---- inputs
 * ------------------------------------------------------------------------------------------------
 */

static void on_heard(void *ctx, const struct heard *line)
{
    struct run *r = ctx;
    struct chat_port chat = irc_chat_port(r->irc);

    if (!r->fatal && !r->leaving && !run_secrets_stop_line(r->watch, r->settings, &chat, line) &&
        !run_drill_heard(r->drill, line, r->now))
        fail(r, courier_hear(&r->courier, r->hearing, line, r->now));
}

static void on_ear_line(void *ctx, const struct ear_line *line)
{
    struct run *r = ctx;

    if (!r->fatal && !r->leaving && !run_secrets_stop_ear(r->watch, line))
        fail(r, courier_read(&r->courier, r->hearing, line, r->now));
}

static void on_ear_position(void *ctx, const struct ear_position *position)
{
    struct run *r = ctx;
    struct input in = {.kind = INPUT_EAR, .ear = position};

    step(r, &in);
}

static void on_chat_event(void *ctx, const struct chat_event *event)
{
    struct run *r = ctx;
    struct input in = {.kind = INPUT_CHAT, .chat = event};

    if (run_drill_event(r->drill, event, r->now))
        return;
    paging_chat(&r->paging, event, r->now);
    if (event->kind == CHAT_SHOWN)
        CRASH_POINT("say.shown");
    step(r, &in);
}

static void on_enrolled(void *ctx, size_t n)
{
    struct run *r = ctx;
    struct proof_answer answer = {.result = PROOF_ABSENT, .key = "", .enrolled = n};
    struct input in = {.kind = INPUT_PROOF, .proof = &answer};

    log_info("totp", "enrolled for one-time passwords: %zu", n);
    step(r, &in);
}

static void on_page_answer(void *ctx, const struct page_answer *answer)
{
    struct run *r = ctx;
    struct input in = {.kind = INPUT_ANSWER, .answer = answer};

    if (answer->op == PAGE_CHECK) {
        if (answer->result == PAGE_OK)
            log_info("statuspage", "page %s is there and has every component", answer->page);
        else
            log_warnx("statuspage", "page %s: %s", answer->page, answer->error);
    }
    step(r, &in);
}

static void on_signal(void *ctx, int signo)
{
    struct run *r = ctx;

    if (signo == SIGHUP) {
        r->reload_wanted = true;
        notify_reloading(r->notify);
        return;
    }
    if (r->leaving)
        return;
    log_info("run", "leaving (signal %d)", signo);
    notify_stopping(r->notify);
    fail(r, courier_flush(&r->courier));
    run_drill_leave(r->drill, r->now);
    r->leaving = r->web.leaving = true;
    r->leave_by_boot_ms = r->now.boot_ms + LEAVE_MS;
    irc_quit(r->irc, "leaving; drafts and signals are kept");
}

/* ---- paging a human
 * ------------------------------------------------------------------------------------- */

static void on_paged(void *ctx, int exit_status, const char *text)
{
    struct run *r = ctx;

    paging_done(&r->paging, !exit_status);
    if (exit_status)
        log_errorx("pager", "the page did not get out: %s", text);
    else
        log_info("pager", "paged%s%s", *text ? ": " : "", text);
}

static int make_pager(struct run *r)
{
    struct pager_sink sink = {.ctx = r, .done = on_paged};

    run_config_look_at_pager(r->settings);
    if (!r->settings->pager.command.n)
        return 0;
    return pager_create(&r->settings->pager.command, PAGER_LIMIT_MS, &sink, &r->pager);
}

static int64_t paging_due(const struct run *r)
{
    return r->pager ? paging_deadline(&r->paging, engine_waiting(r->engine)) : NOW_NEVER;
}

static void page_human(struct run *r)
{
    char *text = paging_take(&r->paging, r->settings, engine_waiting(r->engine), r->now);
    int err;

    if (!text)
        return;
    log_warnx("pager", "paging a human: %s", text);
    err = pager_send(r->pager, text);
    if (err) {
        log_errorx("pager", "the page did not get out: %s", crier_strerror(err));
        paging_done(&r->paging, false);
    }
    free(text);
}

static bool same_command(const struct string_list *a, const struct string_list *b)
{
    size_t i;

    for (i = 0; i < a->n && i < b->n && !strcmp(a->item[i], b->item[i]); i++)
        ;
    return i == a->n && i == b->n;
}

/* ---- wiring
 * -------------------------------------------------------------------------------------------------
 */

/* The page adapter may be replaced by a reload: the loop reaches it through these. */
static void page_collect(void *ctx, struct pollset *set)
{
    struct run *r = ctx;
    struct source_port port = statuspage_source_port(r->page);

    port.collect(port.ctx, set);
}

static void page_dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct run *r = ctx;
    struct source_port port = statuspage_source_port(r->page);

    port.dispatch(port.ctx, set, now);
}

static int page_submit(void *ctx, const struct page_request *req)
{
    struct run *r = ctx;
    struct page_port port = statuspage_port(r->page);

    return port.submit(port.ctx, req);
}

static void hold_chat(struct run *r)
{
    size_t waiting = store_sqlite_waiting(r->store);

    if (waiting < STORM_CHANGES / 2) {
        r->stormy = false;
        r->hold_boot_ms = NOW_NEVER;
    } else if (waiting >= STORM_CHANGES && !r->stormy) {
        r->stormy = true;
        r->hold_boot_ms = r->now.boot_ms + STORM_HOLD_MS;
    }
}

static bool is_held(const struct run *r)
{
    return r->hold_boot_ms != NOW_NEVER && r->now.boot_ms < r->hold_boot_ms && !r->leaving;
}

static void irc_collect(void *ctx, struct pollset *set)
{
    struct run *r = ctx;
    struct source_port port = irc_source_port(r->irc);

    if (is_held(r))
        pollset_deadline(set, r->hold_boot_ms);
    else
        port.collect(port.ctx, set);
}

static void irc_dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct run *r = ctx;
    struct source_port port = irc_source_port(r->irc);

    if (!is_held(r))
        port.dispatch(port.ctx, set, now);
}

/* Files and feeds can wait, so they do while there is no room for what they tell. */
static bool ears_wait(const struct run *r)
{
    return is_held(r) || r->leaving || courier_is_nearly_full(&r->courier);
}

static void ears_collect(void *ctx, struct pollset *set)
{
    struct run *r = ctx;
    struct source_port port = run_ears_source_port(r->ears);

    if (!ears_wait(r))
        port.collect(port.ctx, set);
}

static void ears_dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct run *r = ctx;
    struct source_port port = run_ears_source_port(r->ears);

    if (!ears_wait(r))
        port.dispatch(port.ctx, set, now);
}

static void clock_collect(void *ctx, struct pollset *set)
{
    (void)ctx;
    (void)set;
}

/* First of all sources: the steps of this turn are told this time. */
static void clock_dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct run *r = ctx;

    (void)set;
    r->now = now;
}

static int make_page(struct run *r, const struct settings *settings, struct statuspage **ret)
{
    struct page_sink sink = {.ctx = r, .answer = on_page_answer};

    return statuspage_create(settings, r->net, &sink, ret);
}

/* For `crier check --replay`: nobody waits for it, so failing is no reason to stop. */
static void keep_config(const struct run *r)
{
    int err = running_config_write(r->state_dir, r->settings);

    if (err && err != CRIER_EIO)
        log_warnx("run", "cannot write %s/%s: %s", r->state_dir, RUNNING_CONFIG,
                  crier_strerror(err));
}

/* Goes on with another configuration, or with the one before where that cannot be. */
static void take(struct run *r, struct run_config *loaded)
{
    struct statuspage *page = NULL;
    struct hearing *hearing = NULL;
    struct format_port formats;

    if (strcmp(loaded->settings->state_dir, r->state_dir) != 0)
        log_warnx("run", "state_dir has changed: that takes a restart; going on in %s",
                  r->state_dir);
    if (!same_command(&loaded->settings->pager.command, &r->settings->pager.command))
        log_warnx("run", "pager.command has changed: that takes a restart");
    if (loaded->settings->confine != r->settings->confine)
        log_warnx("run", "confine has changed: that takes a restart");
    formats = patterns_format_port(loaded->patterns);
    hearing = hearing_create(loaded->settings, &formats);
    if (!hearing || make_page(r, loaded->settings, &page) ||
        paging_reload(&r->paging, loaded->settings, r->now) ||
        run_web_prepare(&r->web, loaded->settings, &formats) ||
        irc_reload(r->irc, loaded->settings)) {
        log_errorx("run", "cannot take the new configuration: going on with the one before");
        run_web_forget(&r->web);
        statuspage_destroy(page);
        hearing_destroy(hearing);
        run_config_finish(loaded);
        return;
    }
    statuspage_destroy(r->page);
    r->page = page;
    engine_reload(r->engine, loaded->settings);
    run_web_accept(&r->web);
    run_drill_reload(r->drill, loaded->settings, r->now);
    hearing_go_on(hearing, r->hearing);
    hearing_destroy(r->hearing);
    patterns_destroy(r->patterns);
    settings_destroy(r->settings);
    r->hearing = hearing;
    r->patterns = loaded->patterns;
    r->settings = loaded->settings;
    run_secrets_watch(r->settings, r->watch);
    run_board_reload(&r->board, r->settings);
    if (run_ears_set(r->ears, r->settings, r->engine))
        log_errorx("run", "out of memory: not every file and feed is read; send SIGHUP again");
    keep_config(r);
    log_info("run", "configuration reloaded");
    memset(loaded, 0, sizeof *loaded);
}

static void reload(struct run *r)
{
    struct run_config loaded;

    r->reload_wanted = false;
    run_config_finish(&r->candidate);
    if (run_config_load(r->config_path, false, &loaded)) {
        run_reload_forget(&r->reload);
        log_errorx("run", "%s has mistakes: going on with the configuration as it was",
                   r->config_path);
        return;
    }
    if (run_reload_ask(&r->reload, r->settings, loaded.settings, r->now) == RUN_RELOAD_TAKE)
        take(r, &loaded);
    else
        r->candidate = loaded;
}

/* What was tried on past logs is taken, or not. */
static void conclude(struct run *r)
{
    struct chat_port chat = irc_chat_port(r->irc);

    if (run_reload_conclude(&r->reload, r->settings, r->config_path, r->now) == RUN_RELOAD_TAKE)
        take(r, &r->candidate);
    else
        run_reload_tell(&r->reload, r->settings, &chat);
    run_config_finish(&r->candidate);
}

/* Short, for `systemctl status`, and where a reload ends. */
static void tell_manager(struct run *r)
{
    char status[NOTIFY_STATUS_BYTES];

    if (!r->reload_wanted && !run_reload_runs(&r->reload))
        notify_reloaded(r->notify);
    (void)snprintf(status, sizeof status, "%zu of %zu talk channels, %zu open incidents%s",
                   paging_joined(&r->paging), r->paging.n_places, engine_open_incidents(r->engine),
                   r->courier.sick ? ", the database cannot be written" : "");
    notify_status(r->notify, status);
}

static int64_t owner_deadline(void *ctx)
{
    struct run *r = ctx;

    int64_t due = engine_next_deadline(r->engine), page_due = paging_due(r);
    int64_t store_due = courier_deadline(&r->courier);

    if (r->leaving)
        return r->leave_by_boot_ms;
    if (page_due < due)
        due = page_due;
    return store_due < due ? store_due : due;
}

static bool owner_turn(void *ctx, struct now now)
{
    struct run *r = ctx;
    struct input tick = {.kind = INPUT_TICK};

    r->now = now;
    if (engine_next_deadline(r->engine) <= now.boot_ms)
        step(r, &tick);
    fail(r, courier_tick(&r->courier, now));
    fail(r, courier_commit(&r->courier));
    run_web_turn(&r->web);
    run_drill_turn(r->drill, engine_newest_incident(r->engine), engine_open_incidents(r->engine),
                   now);
    hold_chat(r);
    if (r->fatal)
        return false;
    if (r->leaving)
        return !irc_is_quiet(r->irc) && now.boot_ms < r->leave_by_boot_ms;
    if (paging_due(r) <= now.boot_ms)
        page_human(r);
    if (r->reload_wanted && statuspage_is_idle(r->page))
        reload(r);
    if (run_reload_is_done(&r->reload) && statuspage_is_idle(r->page))
        conclude(r);
    tell_manager(r);
    return true;
}

/* For good, and before anything is read that others have written. */
static void give_up_rights(const struct run *r)
{
    struct confined done;

    if (r->settings->confine)
        confine(r->settings->state_dir, &done);
    else
        log_warnx("run", "confine = false: crier keeps every right of its user");
}

/* Everything that the daemon has, each by its own; @return an exit code, 0 when all is there. */
static int start(struct run *r)
{
    struct run_config loaded;
    struct chat_sink chat_sink = {.ctx = r, .heard = on_heard, .event = on_chat_event};
    struct store_sink store_sink = {.ctx = r, .sealed = on_sealed, .committed = on_committed};
    struct ear_sink ear_sink = {.ctx = r, .line = on_ear_line, .position = on_ear_position};
    struct totp_sink totp_sink = {.ctx = r, .enrolled = on_enrolled};
    struct store_port store;
    struct chat_port chat;
    char why[WHY_BYTES] = "";
    int err = run_config_load(r->config_path, false, &loaded);

    if (err)
        return err == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
    run_reload_look(loaded.settings);
    (void)run_config_look_at_jit();
    r->settings = loaded.settings;
    r->patterns = loaded.patterns;
    r->formats = patterns_format_port(r->patterns);
    if (notify_create(&r->notify)) /* whose variables are for nobody else */
        return EX_OSERR;
    /* first: the helpers must hold no lock, no connection and no thread of ours */
    if (make_pager(r) || run_reload_init(&r->reload) ||
        process_signals_create(on_signal, r, &r->signals) || net_create(&r->net) ||
        secret_watch_create(&r->watch))
        return EX_OSERR;
    run_secrets_watch(r->settings, r->watch);
    r->wait = net_wait_port(r->net);
    r->now = r->wait.now(r->wait.ctx);
    if (paging_init(&r->paging, r->settings, r->now))
        return EX_OSERR;
    err = store_sqlite_make_dir(r->settings->state_dir, why, sizeof why);
    if (!err) {
        give_up_rights(r);
        err = store_sqlite_open(r->settings->state_dir, &store_sink, &r->store, why, sizeof why);
    }
    if (err) {
        log_errorx("store", "%s", why);
        return err == CRIER_ELOCKED ? EX_TEMPFAIL : err == CRIER_ENOMEM ? EX_OSERR : EX_CANTCREAT;
    }
    r->state_dir = strdup(r->settings->state_dir);
    r->hearing = hearing_create(r->settings, &r->formats);
    if (!r->state_dir || !r->hearing || engine_create(r->settings, &r->engine))
        return EX_OSERR;
    store = store_sqlite_port(r->store);
    CRASH_POINT("start.load");
    err = store.load(store.ctx, engine_load_row, r->engine);
    CRASH_POINT("start.loaded");
    if (err) {
        log_errorx("store", "cannot read what is stored: %s", crier_strerror(err));
        return EX_IOERR;
    }
    err = make_page(r, r->settings, &r->page);
    if (err)
        return err == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
    if (totp_create(r->state_dir, &totp_sink, &r->totp) ||
        run_ears_create(r->net, &ear_sink, &r->ears) ||
        run_ears_set(r->ears, r->settings, r->engine) ||
        irc_create(r->settings, r->net, &chat_sink, &r->irc))
        return EX_OSERR;
    chat = irc_chat_port(r->irc);
    if (run_drill_create(r->settings, r->config_path, r->state_dir, r->net, &chat, &r->drill))
        return EX_OSERR;
    err = run_web_start(&r->web, r->settings, &r->formats, &r->courier);
    if (!err) {
        run_board_start(&r->board, r->web.web, &r->courier, r->settings);
        keep_config(r);
    }
    return err;
}

static void wire(struct run *r)
{
    struct source_port clock = {.ctx = r, .collect = clock_collect, .dispatch = clock_dispatch};
    struct source_port page = {.ctx = r, .collect = page_collect, .dispatch = page_dispatch};
    struct source_port irc = {.ctx = r, .collect = irc_collect, .dispatch = irc_dispatch};
    struct source_port ears = {.ctx = r, .collect = ears_collect, .dispatch = ears_dispatch};
    struct page_port submit = {.ctx = r, .submit = page_submit};
    struct store_port store = store_sqlite_port(r->store);
    struct chat_port chat = irc_chat_port(r->irc);
    struct proof_port proof;
    struct source_port port;

    courier_init(&r->courier, r->engine, &chat, &submit, &store);
    proof = totp_proof_port(r->totp);
    courier_prove_by(&r->courier, &proof);
    loop_init(&r->loop, &r->wait);
    loop_add(&r->loop, &clock);
    port = process_signals_source_port(r->signals);
    loop_add(&r->loop, &port);
    port = net_source_port(r->net);
    loop_add(&r->loop, &port);
    port = store_sqlite_source_port(r->store);
    loop_add(&r->loop, &port);
    loop_add(&r->loop, &page);
    loop_add(&r->loop, &irc);
    loop_add(&r->loop, &ears);
    port = totp_source_port(r->totp);
    loop_add(&r->loop, &port);
    port = run_reload_source_port(&r->reload);
    loop_add(&r->loop, &port);
    port = run_drill_source_port(r->drill);
    loop_add(&r->loop, &port);
    port = web_source_port(r->web.web);
    loop_add(&r->loop, &port);
    port = notify_source_port(r->notify);
    loop_add(&r->loop, &port);
    if (r->pager) {
        port = pager_source_port(r->pager);
        loop_add(&r->loop, &port);
    }
}

static void stop(struct run *r)
{
    run_web_stop(&r->web);
    run_drill_destroy(r->drill);
    run_ears_destroy(r->ears);
    irc_destroy(r->irc);
    statuspage_destroy(r->page);
    if (r->store && store_sqlite_close(r->store, STORE_CLOSE_MS))
        log_errorx("store", "closed with rows that could not be written");
    courier_finish(&r->courier);
    loop_finish(&r->loop);
    engine_destroy(r->engine);
    hearing_destroy(r->hearing);
    net_destroy(r->net);
    run_reload_finish(&r->reload);
    run_config_finish(&r->candidate);
    process_signals_destroy(r->signals);
    notify_destroy(r->notify);
    pager_destroy(r->pager);
    totp_destroy(r->totp);
    paging_finish(&r->paging);
    secret_watch_destroy(r->watch);
    patterns_destroy(r->patterns);
    settings_destroy(r->settings);
    free(r->state_dir);
}

int run_daemon(const char *config_path)
{
    struct run r = {.hold_boot_ms = NOW_NEVER, .config_path = config_path};
    struct loop_owner owner = {.ctx = &r, .deadline = owner_deadline, .turn = owner_turn};
    int code;

    code = start(&r);
    if (!code) {
        wire(&r);
        fail(&r, courier_start(&r.courier, r.now));
        code = r.fatal;
    }
    if (!code) {
        log_info("run", "ready: crier %s, %zu networks, %zu open incidents", CRIER_VERSION,
                 r.settings->n_networks, engine_open_incidents(r.engine));
        notify_ready(r.notify);
        if (loop_run(&r.loop, &owner))
            code = EX_OSERR;
        if (r.fatal)
            code = r.fatal;
    }
    stop(&r);
    if (!code)
        log_info("run", "left cleanly");
    return code;
}
