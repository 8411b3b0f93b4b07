#include "drill_impl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "command.h"
#include "courier.h"
#include "drill_names.h"
#include "drill_settings.h"
#include "engine.h"
#include "err.h"
#include "hearing.h"
#include "log.h"
#include "replay.h"
#include "replay_nicks.h"
#include "utf8.h"
#include "when.h"

enum {
    PRELUDE_MS = 10 * 60 * 1000, /* what is shown of what came before the first draft */
    RUN_ON_MS = 60 * 60 * 1000,  /* after the last line; then people must end it */
    ROUNDS = 2000,               /* of one turn */
    LINES_AT_ONCE = 500,         /* of the log, in one turn */
    /* Lines of the log are shown so many at once, and then one in so long; the others count. */
    SHOW_BURST = 5,
    SHOW_INTERVAL_MS = 2000,
    UNSAID_MS = 20 * 1000,
    ABANDONED_MS = 15 * 60 * 1000, /* nobody has said anything while something waits */
    LONGEST_MS = 60 * 60 * 1000
};

/* ---- clocks ---------------------------------------------------------------------------------- */

struct now drill_now(const struct drill *d, int64_t boot_ms)
{
    int64_t elapsed = d->started ? boot_ms - d->start_boot_ms + d->skipped_ms : 0;

    return (struct now){.wall_ms = d->start_wall_ms + elapsed,
                        .boot_ms = DRILL_START_BOOT_MS + elapsed};
}

struct now drill_present(const struct drill *d)
{
    return drill_now(d, d->boot_ms);
}

/* @return the real time at which it is that time in the drill, when nothing is skipped. */
static int64_t real_of(const struct drill *d, int64_t boot_ms)
{
    return boot_ms - DRILL_START_BOOT_MS - d->skipped_ms + d->start_boot_ms;
}

/* ---- the score ------------------------------------------------------------------------------- */

void drill_end(struct drill *d, const char *why, int64_t boot_ms)
{
    char lines[DRILL_SCORE_LINES][DRILL_SCORE_BYTES];
    size_t i, n;

    if (d->over || !d->started)
        return;
    d->boot_ms = boot_ms;
    drill_tell(d, "The drill is over: %s", why);
    n = drill_score_lines(&d->score, d->options.scenario, lines);
    for (i = 0; i < n; i++)
        drill_tell(d, "%s", lines[i]);
    d->over = true;
}

void drill_fail(struct drill *d, int err)
{
    if (err && !d->err)
        d->err = err;
}

/* ---- the engine ------------------------------------------------------------------------------ */

void drill_input(struct drill *d, const struct input *in)
{
    if (!d->err)
        drill_fail(d, courier_input(&d->courier, in, drill_present(d)));
}

static int submit(void *ctx, const struct page_request *req)
{
    struct drill *d = ctx;
    int r = d->options.page.submit(d->options.page.ctx, req);

    if (r || req->op == PAGE_WARM)
        return r;
    d->requests++;
    if (req->op == PAGE_CREATE && !d->score.confirmed_wall_ms)
        d->score.confirmed_wall_ms = drill_present(d).wall_ms;
    return 0;
}

int drill_answer(struct drill *d, const struct page_answer *answer, int64_t boot_ms)
{
    struct input in = {.kind = INPUT_ANSWER, .answer = answer};
    bool ends = answer->n_incidents && answer->incident[0].step == STEP_RESOLVED;

    d->boot_ms = boot_ms;
    if (answer->op != PAGE_WARM && d->requests)
        d->requests--;
    if (answer->result == PAGE_OK && answer->op == PAGE_CREATE && !d->score.published_wall_ms)
        d->score.published_wall_ms = drill_present(d).wall_ms;
    else if (answer->result == PAGE_OK && answer->op == PAGE_UPDATE && ends)
        d->score.resolved_wall_ms = drill_present(d).wall_ms;
    else if (answer->result == PAGE_OK && answer->op == PAGE_UPDATE)
        d->score.updates++;
    if (!d->over)
        drill_input(d, &in);
    return d->err;
}

int drill_stored(struct drill *d, uint64_t ticket, int err, int64_t boot_ms)
{
    d->boot_ms = boot_ms;
    if (!d->over && !d->err)
        drill_fail(d, err ? err : courier_committed(&d->courier, ticket, drill_present(d)));
    return d->err;
}

int drill_chat(struct drill *d, const struct chat_event *event, int64_t boot_ms)
{
    struct chat_event mine = *event;
    struct input in = {.kind = INPUT_CHAT, .chat = &mine};
    uint64_t all = DRILL_TOKEN | (uint64_t)DRILL_NUMBER_MASK << DRILL_NUMBER_SHIFT;

    d->boot_ms = boot_ms;
    if (d->over)
        return d->err;
    if (event->kind == CHAT_SHOWN || event->kind == CHAT_UNSHOWN) {
        if ((event->token & all) != drill_token(d))
            return d->err; /* of a drill before this one */
        d->said_boot_ms = boot_ms;
        if (!d->hints)
            d->due_boot_ms = boot_ms; /* nobody is lost before there is something to read */
    }
    mine.token &= ~all;
    if (mine.token & DRILL_PACE_TOKEN)
        d->unsaid -= d->unsaid > 0;
    else
        drill_input(d, &in);
    return d->err;
}

/* ---- the log --------------------------------------------------------------------------------- */

static void show_line(struct drill *d, const struct drill_line *line)
{
    int64_t from = d->show_boot_ms > d->boot_ms ? d->show_boot_ms : d->boot_ms;
    char text[DRILL_LINE_BYTES];
    size_t n;

    if (line->wall_ms < d->first_draft_wall_ms - PRELUDE_MS)
        return;
    if (from + SHOW_INTERVAL_MS - d->boot_ms > SHOW_BURST * SHOW_INTERVAL_MS) {
        d->unshown++;
        return;
    }
    d->show_boot_ms = from + SHOW_INTERVAL_MS;
    n = utf8_print(text, sizeof text - sizeof HEARING_DRILL, "<%s> %s", line->nick, line->text);
    if (n + 1 >= sizeof text - sizeof HEARING_DRILL) { /* cut: it only has to be known again */
        text[utf8_cut(text, n - 3)] = '\0';
        (void)utf8_print(text + strlen(text), 4, "...");
    }
    if (d->unshown)
        drill_tell(d, "... and %lld more lines", (long long)d->unshown);
    d->unshown = 0;
    drill_tell(d, "%s", text);
}

static void take_signals(struct drill *d, struct signal *signal)
{
    struct input in = {.kind = INPUT_SIGNAL, .signal = signal};

    do {
        if (signal->kind == SIGNAL_FIRING && !d->score.drafted_wall_ms &&
            (signal->paging || signal->severity == SEVERITY_CRITICAL) &&
            (!d->score.alert_wall_ms ||
             drill_present(d).wall_ms - d->score.alert_wall_ms > PRELUDE_MS))
            d->score.alert_wall_ms = drill_present(d).wall_ms;
        drill_input(d, &in);
    } while (hearing_more(d->hearing, signal));
}

static void play_line(struct drill *d, const struct drill_line *line)
{
    const struct replay_speaker *who = replay_nicks_find(d->nicks, line->nick);
    struct signal signal;
    size_t i;

    show_line(d, line);
    if (!who || command_is_addressed(drill_prefix(d), line->text))
        return; /* commands of the day are the players' now */
    for (i = 0; i < who->n_sources && !d->err; i++) {
        size_t source = who->source[i];
        const char *place = replay_nicks_place(d->nicks, source, line->channel);

        if (place && hearing_text(d->hearing, source, place, line->text, line->wall_ms, &signal) ==
                         HEARING_SIGNAL) {
            if (!*signal.user && d->settings->source[source].people)
                signal.user = line->nick;
            take_signals(d, &signal);
            break;
        }
    }
    if (!d->err)
        drill_fail(d, hearing_error(d->hearing));
}

/* @return whether lines were due. */
static bool play_due(struct drill *d)
{
    const struct drill_scenario *sc = d->options.scenario;
    size_t n = 0;

    while (d->next < sc->n_lines && n < LINES_AT_ONCE && !d->err &&
           sc->line[d->next].wall_ms <= drill_present(d).wall_ms) {
        play_line(d, &sc->line[d->next++]);
        n++;
    }
    return n > 0;
}

/* ---- one turn -------------------------------------------------------------------------------- */

static bool is_idle(const struct drill *d)
{
    return !engine_waiting(d->engine) && !courier_waiting(&d->courier) && !d->requests;
}

/* When something happens next by itself, on the drill's boot clock. */
static int64_t next_boot_ms(const struct drill *d)
{
    const struct drill_scenario *sc = d->options.scenario;
    int64_t at = engine_next_deadline(d->engine), last = sc->line[sc->n_lines - 1].wall_ms;
    int64_t offset = d->start_wall_ms - DRILL_START_BOOT_MS;

    if (d->next < sc->n_lines && sc->line[d->next].wall_ms - offset < at)
        at = sc->line[d->next].wall_ms - offset;
    else if (d->next == sc->n_lines && at > last - offset + RUN_ON_MS)
        at = NOW_NEVER; /* what comes so late is left to people */
    return at;
}

static bool may_skip(const struct drill *d)
{
    int64_t quiet_ms = d->boot_ms - d->said_boot_ms;

    /* the server's word for a line may be lost */
    return is_idle(d) && quiet_ms >= d->settings->drill.pace_ms &&
           (!d->unsaid || quiet_ms >= UNSAID_MS);
}

/* @return whether time has passed. */
static bool skip(struct drill *d)
{
    int64_t at = next_boot_ms(d), now = drill_present(d).boot_ms;

    if (at == NOW_NEVER || at <= now || !may_skip(d))
        return false;
    d->skipped_ms += at - now;
    return true;
}

static bool is_played(const struct drill *d)
{
    return d->next == d->options.scenario->n_lines && is_idle(d) &&
           !engine_open_incidents(d->engine);
}

/* What has come of it; @return whether it goes on. */
static bool look(struct drill *d)
{
    bool stuck = is_idle(d) && next_boot_ms(d) == NOW_NEVER;
    struct drill_step due;

    if (engine_open_incidents(d->engine) && !d->opened) {
        d->opened = true;
        d->score.drafted_wall_ms = drill_present(d).wall_ms;
        if (!d->score.alert_wall_ms)
            d->score.alert_wall_ms = d->score.drafted_wall_ms;
    }
    if (is_played(d)) {
        drill_end(d, "everything is closed, and the log is at its end", d->boot_ms);
        return false;
    }
    if (d->boot_ms - d->start_boot_ms >= LONGEST_MS) {
        drill_end(d, "it has taken an hour", d->boot_ms);
        return false;
    }
    if (drill_coach_look(d, stuck, &due) && drill_coach_same(&due, &d->due) &&
        d->boot_ms - d->heard_boot_ms >= ABANDONED_MS &&
        d->boot_ms - d->due_boot_ms >= ABANDONED_MS) {
        drill_end(d, "nobody has done anything for 15 min", d->boot_ms);
        return false;
    }
    drill_coach(d, &due);
    return true;
}

int drill_turn(struct drill *d, int64_t boot_ms)
{
    struct input tick = {.kind = INPUT_TICK};
    int round;

    d->boot_ms = boot_ms;
    for (round = 0; round < ROUNDS && d->started && !d->over && !d->err; round++) {
        bool moved = false;

        if (engine_next_deadline(d->engine) <= drill_present(d).boot_ms) {
            drill_input(d, &tick);
            moved = true;
        }
        if (play_due(d))
            moved = true;
        if (!d->err)
            drill_fail(d, courier_commit(&d->courier));
        if (d->err || !look(d))
            break;
        if (!moved && !skip(d))
            break;
    }
    return d->err;
}

int64_t drill_deadline(const struct drill *d)
{
    int64_t at, first;

    if (!d->started || d->over || d->err)
        return NOW_NEVER;
    at = d->start_boot_ms + LONGEST_MS;
    first = next_boot_ms(d);
    if (first != NOW_NEVER && real_of(d, first) < at)
        at = real_of(d, first);
    if (first != NOW_NEVER && is_idle(d)) {
        int64_t quiet_ms = d->settings->drill.pace_ms;

        if (d->unsaid && quiet_ms < UNSAID_MS)
            quiet_ms = UNSAID_MS;
        if (d->said_boot_ms + quiet_ms < at)
            at = d->said_boot_ms + quiet_ms;
    }
    first = drill_coach_deadline(d);
    if (first < at)
        at = first;
    if (d->due.incident) {
        first = d->heard_boot_ms > d->due_boot_ms ? d->heard_boot_ms : d->due_boot_ms;
        if (first + ABANDONED_MS < at)
            at = first + ABANDONED_MS;
    }
    return at;
}

bool drill_is_over(const struct drill *d)
{
    return d->over || d->err;
}

int drill_error(const struct drill *d)
{
    return d->over ? 0 : d->err;
}

const char *drill_place(const struct drill *d)
{
    return d->place;
}

const struct drill_score *drill_result(const struct drill *d)
{
    return &d->score;
}

/* ---- making ---------------------------------------------------------------------------------- */

static void on_look_ahead(void *ctx, const struct replay_event *event)
{
    int64_t *first = ctx;

    if (event->kind == REPLAY_DRAFT && !*first)
        *first = event->wall_ms;
}

/* When the first draft would open. @return 0, CRIER_ENOENT or CRIER_ENOMEM. */
static int look_ahead(struct drill *d)
{
    const struct drill_scenario *sc = d->options.scenario;
    struct replay_options options = {
        .sink = {.ctx = &d->first_draft_wall_ms, .event = on_look_ahead}};
    struct replay *replay = NULL;
    size_t i;
    int r;

    if (!sc->n_lines)
        return CRIER_ENOENT;
    r = replay_create(d->settings, &d->options.formats, &options, &replay);
    for (i = 0; i < sc->n_lines && !r && !d->first_draft_wall_ms; i++) {
        struct replay_line line = {.wall_ms = sc->line[i].wall_ms,
                                   .nick = sc->line[i].nick,
                                   .text = sc->line[i].text,
                                   .channel = sc->line[i].channel};

        r = replay_line(replay, &line);
    }
    replay_destroy(replay);
    return !r && !d->first_draft_wall_ms ? CRIER_ENOENT : r;
}

int drill_create(const struct drill_options *options, struct drill **ret)
{
    struct drill *d = calloc(1, sizeof *d);
    struct chat_port chat = {.ctx = d, .say = drill_say};
    struct page_port page = {.ctx = d, .submit = submit};
    int r;

    if (!d)
        return CRIER_ENOMEM;
    d->options = *options;
    d->settings = options->settings;
    d->place = strdup(options->place);
    d->player = strdup(options->player);
    d->url = strdup(options->url);
    r = d->place && d->player && d->url ? look_ahead(d) : CRIER_ENOMEM;
    if (!r)
        r = replay_nicks_create(d->settings, &d->nicks);
    if (!r && !(d->hearing = hearing_create(d->settings, &d->options.formats)))
        r = CRIER_ENOMEM;
    if (!r)
        r = engine_create(d->settings, &d->engine);
    if (r) {
        drill_destroy(d);
        return r;
    }
    d->start_wall_ms = options->scenario->line[0].wall_ms;
    courier_init(&d->courier, d->engine, &chat, &page, &options->store);
    d->courier.practice = true;
    *ret = d;
    return 0;
}

void drill_destroy(struct drill *d)
{
    size_t i;

    if (!d)
        return;
    if (d->courier.engine)
        courier_finish(&d->courier);
    engine_destroy(d->engine);
    hearing_destroy(d->hearing);
    replay_nicks_destroy(d->nicks);
    for (i = 0; i < d->n_taught; i++)
        free(d->taught[i]);
    free(d->place);
    free(d->player);
    free(d->url);
    free(d);
}

/* The numbers of a drill are its own. */
static int load_row(void *ctx, enum record_table t, const void *record)
{
    struct drill *d = ctx;
    struct record_meta meta;

    if (t != RECORD_META)
        return CRIER_ESTATE; /* a store that is not new */
    meta = *(const struct record_meta *)record;
    meta.next_incident = DRILL_BASE + 1;
    return engine_load_row(d->engine, t, &meta);
}

int drill_start(struct drill *d, int64_t boot_ms)
{
    const struct drill_scenario *sc = d->options.scenario;
    struct chat_event joined = {.kind = CHAT_JOINED, .place = d->place, .text = ""};
    struct input in = {.kind = INPUT_CHAT, .chat = &joined};
    char date[WHEN_BYTES], hm[WHEN_BYTES];
    int64_t from = d->first_draft_wall_ms - PRELUDE_MS;

    d->boot_ms = d->start_boot_ms = d->heard_boot_ms = boot_ms;
    d->started = true;
    if (from < d->start_wall_ms)
        from = d->start_wall_ms;
    drill_tell(
        d,
        "%s%s%s. It is %s, %s UTC again, and nothing of this is real: the page is %s and nobody "
        "is mailed.",
        sc->name, *sc->title ? ": " : "", sc->title, when_date(from, date), when_hm(from, hm),
        d->url);
    drill_tell(
        d,
        "Everybody who is logged in to services may play, and confirm. Type what I ask for; `%s "
        "help` explains, `%s drill stop` ends it. Idle time is skipped.",
        drill_prefix(d), drill_prefix(d));
    drill_fail(d, d->options.store.load(d->options.store.ctx, load_row, d));
    if (!d->err)
        drill_fail(d, courier_start(&d->courier, drill_present(d)));
    drill_input(d, &in);
    if (!d->err)
        drill_fail(d, courier_commit(&d->courier));
    return d->err;
}
