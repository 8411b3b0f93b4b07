#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "buf.h"
#include "command.h"
#include "courier.h"
#include "engine.h"
#include "err.h"
#include "hearing.h"
#include "replay_guise.h"
#include "replay_nicks.h"
#include "replay_page.h"
#include "replay_rows.h"
#include "utf8.h"

enum {
    DAY_MS = 24 * 60 * 60 * 1000,
    START_BOOT_MS = 24 * 60 * 60 * 1000, /* as if the machine had been up for a day */
    SETTLE_ROUNDS = 1000,
    STILL_MAX = 1000, /* deadlines at one moment */
    TOKENS_MAX = 1 << 16,
    CHANNEL_BYTES = 200,
    LINE_MAX_BYTES = 1 << 20
};

/* Of a longer gap only its beginning is lived through: a date that is wrong by millennia takes no
 * longer than a month. */
static const int64_t gap_max_ms = INT64_C(3) * 366 * DAY_MS, gap_lived_ms = INT64_C(31) * DAY_MS;

struct replay {
    const struct settings *settings;
    struct replay_options options;
    struct hearing *hearing;
    struct engine *engine;
    struct courier courier;
    struct replay_page *page;
    struct replay_rows *rows;
    struct replay_nicks *nicks;
    struct store_sink stored;
    struct decision_sink decisions;
    struct replay_figures figures;
    int64_t *unmatched;   /* by source */
    struct now now;       /* meaningless until the first line */
    int64_t line_wall_ms; /* of the newest line; the clock may be behind */
    bool started;
    uint64_t *token; /* of lines that were said and are to be shown */
    size_t n_tokens, cap_tokens;
    struct buf clean;
    /* The channel of the line before, and where each source is heard there. */
    char channel[CHANNEL_BYTES];
    bool channel_known;
    const char **place; /* by source */
    int confirmer[2];   /* indexes of people who may confirm, or -1 */
    int err;            /* sticky */
};

/* Keeps the first error. */
static void fail(struct replay *r, int err)
{
    if (err && !r->err)
        r->err = err;
}

/* ---- telling --------------------------------------------------------------------------------- */

static struct replay_event blank(const struct replay *r, enum replay_event_kind kind)
{
    struct replay_event e = {.kind = kind,
                             .wall_ms = r->now.wall_ms,
                             .title = "",
                             .body = "",
                             .components = "",
                             .page = "",
                             .channel = "",
                             .rule = "",
                             .text = ""};

    return e;
}

static void tell(struct replay *r, const struct replay_event *event)
{
    struct replay_figures *f = &r->figures;

    switch (event->kind) {
    case REPLAY_DRAFT:
        f->drafts++;
        break;
    case REPLAY_REVISION:
        f->revisions++;
        break;
    case REPLAY_PROPOSAL:
        f->proposals++;
        break;
    case REPLAY_SAY:
        f->said++;
        break;
    case REPLAY_PUBLISH:
        f->published++;
        break;
    case REPLAY_UPDATE:
        f->updates++;
        break;
    case REPLAY_RESOLVE:
        f->resolved++;
        break;
    case REPLAY_DISCARD:
        f->discarded++;
        break;
    case REPLAY_SILENT:
        f->silent++;
        break;
    }
    if (r->options.sink.event)
        r->options.sink.event(r->options.sink.ctx, event);
}

const char *replay_event_name(enum replay_event_kind k)
{
    switch (k) {
    case REPLAY_DRAFT:
        return "draft";
    case REPLAY_REVISION:
        return "revision";
    case REPLAY_PROPOSAL:
        return "proposal";
    case REPLAY_SAY:
        return "say";
    case REPLAY_PUBLISH:
        return "publish";
    case REPLAY_UPDATE:
        return "update";
    case REPLAY_RESOLVE:
        return "resolve";
    case REPLAY_DISCARD:
        return "discard";
    case REPLAY_SILENT:
        return "silent";
    }
    return "";
}

static void on_row_event(void *ctx, struct replay_event *event)
{
    struct replay *r = ctx;

    event->wall_ms = r->now.wall_ms;
    tell(r, event);
}

static void on_published(void *ctx, const struct page_request *req)
{
    struct replay *r = ctx;
    struct replay_event e = blank(r, REPLAY_UPDATE);
    char *components = NULL;

    if (req->op == PAGE_CREATE)
        e.kind = REPLAY_PUBLISH;
    else if (req->op == PAGE_UPDATE && req->step == STEP_RESOLVED)
        e.kind = REPLAY_RESOLVE;
    (void)replay_rows_describe(r->rows, req->outbox_id, &e);
    components = components_text(&req->components);
    if (!components) {
        fail(r, CRIER_ENOMEM);
        return;
    }
    if (req->title && req->title[0])
        e.title = req->title;
    e.body = req->body ? req->body : "";
    e.page = req->page;
    e.has_words = true;
    e.impact = req->impact;
    e.step = req->step;
    e.components = components;
    tell(r, &e);
    free(components);
}

static void on_decided(void *ctx, const struct decision *decision)
{
    struct replay *r = ctx;
    struct replay_event e = blank(r, REPLAY_SILENT);

    if (decision->kind == DECISION_OPENED ||
        (!decision->paging && decision->severity != SEVERITY_CRITICAL))
        return;
    e.decision = decision;
    e.incident = decision->incident;
    e.rule = decision->rule;
    tell(r, &e);
}

/* ---- what stands around the program ---------------------------------------------------------- */

static int say(void *ctx, const struct say *line)
{
    struct replay *r = ctx;
    struct replay_event e = blank(r, REPLAY_SAY);

    e.channel = line->place;
    e.text = line->text;
    tell(r, &e);
    if (line->token) {
        uint64_t *all =
            array_grow(r->token, &r->cap_tokens, r->n_tokens + 1, sizeof *all, TOKENS_MAX);

        if (!all)
            return CRIER_ENOMEM;
        r->token = all;
        all[r->n_tokens++] = line->token;
    }
    return 0;
}

static void input(struct replay *r, const struct input *in)
{
    fail(r, courier_input(&r->courier, in, r->now));
}

static void on_answer(void *ctx, const struct page_answer *answer)
{
    struct input in = {.kind = INPUT_ANSWER, .answer = answer};

    input(ctx, &in);
}

static void on_committed(void *ctx, uint64_t ticket, int err, const char *text)
{
    struct replay *r = ctx;

    (void)err; /* this store writes everything */
    (void)text;
    fail(r, courier_committed(&r->courier, ticket, r->now));
}

static size_t show(struct replay *r)
{
    size_t i, n = r->n_tokens;

    for (i = 0; i < r->n_tokens && !r->err; i++) {
        struct chat_event event = {
            .kind = CHAT_SHOWN, .place = "", .text = "", .token = r->token[i]};
        struct input in = {.kind = INPUT_CHAT, .chat = &event};

        input(r, &in); /* says nothing before the commit, so no token is added here */
    }
    r->n_tokens = 0;
    return n;
}

/* Commits, delivers and answers until nothing moves any more. */
static void settle(struct replay *r)
{
    int round;

    for (round = 0; round < SETTLE_ROUNDS && !r->err; round++) {
        size_t moved, answered = 0;

        fail(r, courier_commit(&r->courier));
        moved = replay_rows_committed(r->rows, &r->stored);
        if (!r->err)
            fail(r, replay_page_answer(r->page, r->now.wall_ms, &answered));
        moved += answered + show(r);
        if (!moved)
            return;
    }
    fail(r, CRIER_ESTATE); /* the program goes round in circles */
}

/* ---- somebody confirms ----------------------------------------------------------------------- */

static bool somebody_answers(const struct replay *r)
{
    return r->options.assume_confirm || r->options.assume_discard;
}

/* When, on the log's clock. Words that took the place of others are read first. */
static int64_t due_wall_ms(const struct replay *r, const struct replay_waiting *w)
{
    int64_t delay =
        r->options.assume_confirm ? r->options.confirm_after_ms : r->options.discard_after_ms;
    int64_t guard = r->settings->chat.confirm_guard_ms;
    int64_t due = w->since_wall_ms + delay;
    int64_t read = w->shown_wall_ms + (delay < guard ? delay : guard);

    return due > read ? due : read;
}

/* @return whether somebody confirms something next, and what. */
static bool next_confirm(const struct replay *r, struct replay_waiting *ret, int64_t *ret_due)
{
    struct replay_waiting w;
    bool found = false;
    size_t i;

    if (!somebody_answers(r))
        return false;
    for (i = 0; replay_rows_waiting(r->rows, i, &w); i++) {
        int64_t due = due_wall_ms(r, &w);

        if (w.approved_by[0] && r->confirmer[1] < 0)
            continue; /* nobody is there who could be the second */
        if (found && due >= *ret_due)
            continue;
        found = true;
        *ret = w;
        *ret_due = due;
    }
    return found;
}

static void type(struct replay *r, const char *home, int person, const char *text)
{
    struct replay_guise who;
    struct heard line = {.place = home, .text = text, .obey = true, .wall_ms = r->now.wall_ms};
    struct input in = {.kind = INPUT_COMMAND, .command = &line};
    int err = replay_guise_init(&who, &r->settings->person[person]);

    if (!err) {
        line.network = who.network;
        line.nick = who.nick;
        line.userhost = who.userhost;
        line.account = who.is_account ? who.nick : NULL;
        line.identity = who.is_account ? IDENTITY_ACCOUNT : IDENTITY_NONE;
        line.id = (uint64_t)r->figures.lines + 1;
        input(r, &in);
        settle(r);
    }
    if (err == CRIER_ENOMEM)
        fail(r, err);
    replay_guise_finish(&who);
}

static void confirm(struct replay *r, const struct replay_waiting *w)
{
    bool second = w->approved_by[0] != '\0';
    char *home = strdup(w->home);
    char *text =
        r->options.assume_confirm
            ? buf_printf("%s confirm %lld.%lld", r->settings->chat.prefix, (long long)w->incident,
                         (long long)w->revision)
            : buf_printf("%s discard %lld", r->settings->chat.prefix, (long long)w->incident);

    if (home && text) {
        replay_rows_confirmed(r->rows, w->incident, r->now.wall_ms);
        type(r, home, r->confirmer[second], text);
    } else {
        fail(r, CRIER_ENOMEM);
    }
    free(home);
    free(text);
}

/* People of different names, as two_for_critical counts them. @return CRIER_ENOENT: nobody. */
static int find_confirmers(struct replay *r)
{
    size_t i, n = 0;

    r->confirmer[0] = r->confirmer[1] = -1;
    for (i = 0; i < r->settings->n_people && n < 2; i++)
        if (replay_guise_listed(&r->settings->person[i]) &&
            access_allows(r->settings->person[i].roles, COMMAND_CONFIRM))
            r->confirmer[n++] = (int)i;
    return n ? 0 : CRIER_ENOENT;
}

/* ---- the clock ------------------------------------------------------------------------------- */

static void tick(struct replay *r)
{
    struct input in = {.kind = INPUT_TICK};

    input(r, &in);
    settle(r);
}

/* Everything that is due until then, each at its time. @param idle ends it when nothing is open. */
static void live_until(struct replay *r, int64_t wall_ms, bool idle)
{
    int64_t offset = r->now.wall_ms - r->now.boot_ms;
    int still = 0;

    while (!r->err) {
        struct replay_waiting w;
        int64_t typed = 0, at = engine_next_deadline(r->engine);
        bool confirms = next_confirm(r, &w, &typed);

        if (confirms && typed - offset <= at)
            at = typed - offset;
        else
            confirms = false;
        if (at > wall_ms - offset || (idle && !confirms && !engine_open_incidents(r->engine)))
            break;
        if (at > r->now.boot_ms)
            still = 0;
        else if (++still > STILL_MAX)
            at = r->now.boot_ms + 1; /* whatever sets itself again and again */
        else
            at = r->now.boot_ms;
        r->now.boot_ms = at;
        r->now.wall_ms = at + offset;
        if (confirms)
            confirm(r, &w);
        else
            tick(r);
    }
    if (!idle && !r->err && wall_ms > r->now.wall_ms) {
        r->now.wall_ms = wall_ms;
        r->now.boot_ms = wall_ms - offset;
    }
}

static void run_until(struct replay *r, int64_t wall_ms)
{
    if (wall_ms - r->now.wall_ms > gap_max_ms) {
        live_until(r, r->now.wall_ms + gap_lived_ms, false);
        r->now.wall_ms = wall_ms; /* as when somebody sets the clock */
    }
    live_until(r, wall_ms, false);
}

/* ---- making ---------------------------------------------------------------------------------- */

static void join_all(struct replay *r)
{
    const struct settings *s = r->settings;
    size_t i, k;

    for (i = 0; i < s->n_networks; i++) {
        for (k = 0; k < s->network[i].n_channels && !r->err; k++) {
            char *place = buf_printf("%s/%s", s->network[i].name, s->network[i].channel[k].name);
            struct chat_event event = {.kind = CHAT_JOINED, .place = place, .text = ""};
            struct input in = {.kind = INPUT_CHAT, .chat = &event};

            if (place)
                input(r, &in);
            else
                fail(r, CRIER_ENOMEM);
            free(place);
        }
    }
}

/* With the first line: only then is the time known. */
static void start(struct replay *r, int64_t wall_ms)
{
    r->started = true;
    r->now.wall_ms = r->line_wall_ms = wall_ms;
    r->now.boot_ms = START_BOOT_MS;
    fail(r, courier_start(&r->courier, r->now));
    settle(r);
    join_all(r);
    settle(r);
}

static int make_parts(struct replay *r, const struct format_port *formats)
{
    struct replay_page_options page = {.settings = r->settings,
                                       .sink = {.ctx = r, .answer = on_answer},
                                       .published = on_published,
                                       .ctx = r};
    struct replay_rows_sink rows = {.ctx = r, .event = on_row_event};

    r->hearing = hearing_create(r->settings, formats);
    r->unmatched = calloc(r->settings->n_sources + 1, sizeof *r->unmatched);
    r->place = calloc(r->settings->n_sources + 1, sizeof *r->place);
    if (!r->hearing || !r->unmatched || !r->place || replay_nicks_create(r->settings, &r->nicks) ||
        replay_page_create(&page, &r->page) || replay_rows_create(&rows, &r->rows) ||
        engine_create(r->settings, &r->engine))
        return CRIER_ENOMEM;
    return 0;
}

int replay_create(const struct settings *settings, const struct format_port *formats,
                  const struct replay_options *options, struct replay **ret_replay)
{
    struct replay *r = calloc(1, sizeof *r);
    struct chat_port chat = {.ctx = r, .say = say};
    struct page_port page;
    struct store_port store;
    int err;

    if (!r)
        return CRIER_ENOMEM;
    r->settings = settings;
    r->options = *options;
    buf_init(&r->clean, LINE_MAX_BYTES);
    err = make_parts(r, formats);
    if (!err && somebody_answers(r))
        err = find_confirmers(r);
    if (err) {
        replay_destroy(r);
        return err;
    }
    page = replay_page_port(r->page);
    store = replay_rows_port(r->rows);
    courier_init(&r->courier, r->engine, &chat, &page, &store);
    r->courier.practice = true;
    r->stored = (struct store_sink){.ctx = r, .committed = on_committed};
    r->decisions = (struct decision_sink){.ctx = r, .decided = on_decided};
    if (options->silent)
        engine_explain(r->engine, &r->decisions);
    *ret_replay = r;
    return 0;
}

void replay_destroy(struct replay *r)
{
    if (!r)
        return;
    if (r->courier.engine)
        courier_finish(&r->courier);
    engine_destroy(r->engine);
    hearing_destroy(r->hearing);
    replay_page_destroy(r->page);
    replay_rows_destroy(r->rows);
    replay_nicks_destroy(r->nicks);
    buf_finish(&r->clean);
    free(r->unmatched);
    free(r->place);
    free(r->token);
    free(r);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Most lines are plain: printable ASCII with single blanks, and none at the ends. */
static bool is_clean(const char *text, size_t n)
{
    unsigned char before = ' ';
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < ' ' || c > '~' || (c == ' ' && before == ' '))
            return false;
        before = c;
    }
    return before != ' ';
}

/* @return as the IRC adapter would hand it over, borrowed; NULL: too long, or nothing is left. */
static const char *cleaned(struct replay *r, const char *text)
{
    size_t n = strlen(text);

    if (is_clean(text, n))
        return text;
    buf_clear(&r->clean);
    buf_add(&r->clean, text, n);
    if (buf_error(&r->clean) == CRIER_ENOMEM)
        fail(r, CRIER_ENOMEM);
    if (buf_error(&r->clean) || !n)
        return NULL;
    buf_truncate(&r->clean, utf8_clean(text, n, r->clean.data));
    return r->clean.len ? buf_str(&r->clean) : NULL;
}

/* Lines of one channel follow one another. */
static const char *place_of(struct replay *r, size_t source, const char *channel)
{
    size_t i, n = strlen(channel);

    if (n >= sizeof r->channel)
        return replay_nicks_place(r->nicks, source, channel);
    if (!r->channel_known || strcmp(r->channel, channel) != 0) {
        memcpy(r->channel, channel, n + 1);
        r->channel_known = true;
        for (i = 0; i < r->settings->n_sources; i++)
            r->place[i] = replay_nicks_place(r->nicks, i, channel);
    }
    return r->place[source];
}

/* Whose words they are, as hearing.c names whoever speaks in a channel. */
static void name_speaker(const struct replay *r, const struct replay_speaker *who, size_t source,
                         const char *nick, struct signal *signal)
{
    const struct person_settings *p = who->person < 0 ? NULL : &r->settings->person[who->person];

    if (*signal->user || !r->settings->source[source].people)
        return;
    signal->user = p && p->shell ? p->shell : nick;
}

static void take_signals(struct replay *r, struct signal *signal)
{
    struct input in = {.kind = INPUT_SIGNAL, .signal = signal};

    run_until(r, r->line_wall_ms);
    do {
        r->figures.signals++;
        r->figures.alerts += signal->kind == SIGNAL_FIRING;
        input(r, &in);
    } while (hearing_more(r->hearing, signal));
    settle(r);
}

static void hear(struct replay *r, const struct replay_speaker *who, const struct replay_line *line,
                 const char *text)
{
    struct signal signal;
    bool elsewhere = false;
    size_t i;

    for (i = 0; i < who->n_sources && !r->err; i++) {
        size_t source = who->source[i];
        const char *place = place_of(r, source, line->channel);

        if (!place) {
            elsewhere = !r->settings->source[source].people;
            continue;
        }
        if (hearing_text(r->hearing, source, place, text, r->line_wall_ms, &signal) ==
            HEARING_SIGNAL) {
            name_speaker(r, who, source, line->nick, &signal);
            take_signals(r, &signal);
            return;
        }
        if (!r->settings->source[source].people)
            r->unmatched[source]++;
    }
    r->figures.unheard += elsewhere;
    fail(r, hearing_error(r->hearing));
}

/* Somebody of the configuration gives a command, in the log. */
static void obey(struct replay *r, const struct replay_speaker *who, const struct replay_line *line,
                 const char *text)
{
    const char *place = replay_nicks_talk(r->nicks, line->channel);

    r->figures.commands++;
    if (!r->options.obey || !place)
        return;
    run_until(r, r->line_wall_ms);
    if (!r->err)
        type(r, place, who->person, text);
}

int replay_line(struct replay *r, const struct replay_line *line)
{
    const struct replay_speaker *who;
    const char *text;

    if (r->err)
        return r->err;
    if (!r->started) {
        start(r, line->wall_ms);
        r->figures.first_wall_ms = line->wall_ms;
    }
    r->figures.lines++;
    if (line->wall_ms > r->line_wall_ms)
        r->line_wall_ms = line->wall_ms;
    r->figures.last_wall_ms = r->line_wall_ms;
    who = replay_nicks_find(r->nicks, line->nick);
    if (!who || line->action)
        return r->err;
    r->figures.spoken++;
    text = cleaned(r, line->text);
    if (!text)
        return r->err;
    if (who->person >= 0 && !line->notice && command_is_addressed(r->settings->chat.prefix, text))
        obey(r, who, line, text);
    else
        hear(r, who, line, text);
    return r->err;
}

int replay_until(struct replay *r, int64_t wall_ms)
{
    if (!r->err && !r->started)
        start(r, wall_ms);
    if (wall_ms > r->line_wall_ms)
        r->line_wall_ms = wall_ms;
    if (!r->err)
        run_until(r, r->line_wall_ms);
    return r->err;
}

int replay_end(struct replay *r)
{
    if (!r->started || replay_until(r, r->line_wall_ms))
        return r->err;
    live_until(r, r->line_wall_ms + r->options.run_on_ms, true);
    return r->err;
}

const struct replay_figures *replay_figures(const struct replay *r)
{
    return &r->figures;
}

int64_t replay_unmatched(const struct replay *r, size_t source)
{
    return source < r->settings->n_sources ? r->unmatched[source] : 0;
}

bool replay_has_channel(const struct replay *r, const char *channel)
{
    return replay_nicks_has_channel(r->nicks, channel);
}

int64_t replay_now(const struct replay *r)
{
    return r->started ? r->now.wall_ms : 0;
}

size_t replay_open_incidents(const struct replay *r)
{
    return engine_open_incidents(r->engine);
}
