#include "courier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chronicle.h"
#include "crash.h"
#include "err.h"
#include "log.h"
#include "report.h"

/* A turn whose rows are on their way to the disk. */
struct waiting_turn {
    struct turn turn;
    uint64_t ticket;
    bool committed;
    bool held;            /* it has waited in memory before it came here */
    int64_t made_boot_ms; /* when it came here */
    struct waiting_turn *next;
};

void courier_init(struct courier *c, struct engine *engine, const struct chat_port *chat,
                  const struct page_port *page, const struct store_port *store)
{
    memset(c, 0, sizeof *c);
    c->engine = engine;
    c->chat = *chat;
    c->page = *page;
    c->store = *store;
    c->next_ticket = 1;
    c->rows_max = COURIER_ROWS_MAX;
    turn_init(&c->turn);
}

void courier_prove_by(struct courier *c, const struct proof_port *proof)
{
    c->proof = *proof;
}

void courier_finish(struct courier *c)
{
    while (c->waiting) {
        struct waiting_turn *w = c->waiting;

        c->waiting = w->next;
        turn_finish(&w->turn);
        free(w);
    }
    turn_finish(&c->turn);
}

int courier_start(struct courier *c, struct now now)
{
    c->now = now;
    if (!c->err)
        c->err = engine_start(c->engine, now, &c->turn);
    return c->err ? c->err : courier_commit(c);
}

/* A request that could not even be queued: the engine hears it as an answer and tries again later.
 */
static void answer_unsent(struct courier *c, const struct page_request *req, const char *error)
{
    struct page_answer answer = {.op = req->op,
                                 .page = req->page,
                                 .outbox_id = req->outbox_id,
                                 .remote_id = req->remote_id ? req->remote_id : "",
                                 .recent = req->recent,
                                 .result = PAGE_UNSENT,
                                 .error = error,
                                 .subscribers = -1};
    struct input in = {.kind = INPUT_ANSWER, .answer = &answer};

    (void)courier_input(c, &in, c->now);
}

static bool changes_page(const struct page_request *req)
{
    return req->op == PAGE_CREATE || req->op == PAGE_UPDATE || req->op == PAGE_CORRECT ||
           req->op == PAGE_DELETE;
}

static int say(struct courier *c, const struct say *line)
{
    int err = c->chat.say(c->chat.ctx, line);

    if (err)
        log_warnx("chat", "could not say a line at %s: %s", line->place, crier_strerror(err));
    if (err == CRIER_ENOMEM && !c->err)
        c->err = err; /* it is said after the next start */
    return err;
}

/* Where the lines of a record go. */
struct reader {
    struct courier *courier;
    const struct record_request *req;
};

static void say_record(void *ctx, const char *line)
{
    const struct reader *r = ctx;
    char *text = strdup(line);
    struct say one = {.place = r->req->place, .text = text, .priority = r->req->priority};

    if (text)
        (void)say(r->courier, &one);
    else
        r->courier->err = r->courier->err ? r->courier->err : CRIER_ENOMEM;
    free(text);
}

/* Reading takes no memory that stays: when it cannot be done, that is said and nothing else. */
static void tell_record(struct courier *c, const struct record_request *req)
{
    struct reader reader = {c, req};
    struct chronicle chronicle;
    char line[120];
    int r = CRIER_ENOENT;

    chronicle_init(&chronicle);
    if (c->store.read)
        r = c->store.read(c->store.ctx, req->incident, chronicle_take, &chronicle);
    chronicle_sort(&chronicle);
    if (!r && chronicle.incident.id)
        r = report_lines(&chronicle, req->where, say_record, &reader);
    else if (!r)
        r = CRIER_ENOENT;
    if (r) {
        (void)snprintf(line, sizeof line, "the record of %lld cannot be read: %s",
                       (long long)req->incident, crier_strerror(r));
        say_record(&reader, line);
    }
    chronicle_finish(&chronicle);
}

/* With the number of its entry and the head of the chain up to it: what the database says later can
 * be held against these. */
static void write_audit(const struct effect *e)
{
    if (e->audit_seal.number)
        log_audit("%s [entry %lld head %s]", e->audit, (long long)e->audit_seal.number,
                  e->audit_seal.hash);
    else
        log_audit("%s%s", e->audit, e->audit_early ? " [not stored yet]" : "");
}

/* The engine hears at once how a one-time password compares. */
static void prove(struct courier *c, const struct proof_request *req)
{
    struct proof_answer answer = {.id = req->id, .result = PROOF_ABSENT, .key = ""};
    struct input in = {.kind = INPUT_PROOF, .proof = &answer};

    if (c->proof.check)
        c->proof.check(c->proof.ctx, req, &answer);
    (void)courier_input(c, &in, c->now);
}

/* @param late the turn had to wait for the store: its confirms may have gone stale meanwhile. */
static void act(struct courier *c, const struct turn *t, bool late)
{
    size_t i;
    int err;

    for (i = 0; i < t->n_effects; i++) {
        const struct effect *e = &t->effect[i];

        switch (e->kind) {
        case EFFECT_SAY:
            CRASH_POINT("say.hand");
            (void)say(c, &e->say);
            break;
        case EFFECT_PAGE:
            if (late && changes_page(&e->page)) {
                answer_unsent(c, &e->page, "my database could not be written");
                break;
            }
            CRASH_POINT("page.hand");
            err = c->page.submit(c->page.ctx, &e->page);
            if (err && e->page.op != PAGE_WARM)
                answer_unsent(c, &e->page, crier_strerror(err));
            break;
        case EFFECT_AUDIT:
            if (!c->practice)
                write_audit(e);
            break;
        case EFFECT_RECORD:
            tell_record(c, &e->record);
            break;
        case EFFECT_PROOF:
            prove(c, &e->proof);
            break;
        }
    }
}

/* What may be said although the rows of this turn, or of older ones, are not written. */
static void act_ahead(struct courier *c)
{
    struct turn ahead;

    turn_init(&ahead);
    c->err = turn_take_ahead(&c->turn, &ahead);
    if (!c->err)
        act(c, &ahead, false);
    turn_finish(&ahead);
}

int courier_input(struct courier *c, const struct input *in, struct now now)
{
    c->now = now;
    if (!c->err)
        c->err = engine_step(c->engine, in, now, &c->turn);
    if (!c->err && c->sick)
        act_ahead(c);
    return c->err;
}

static bool is_full(const struct courier *c)
{
    return c->sick && c->turn.batch.n >= c->rows_max;
}

bool courier_is_nearly_full(const struct courier *c)
{
    return c->sick && c->turn.batch.n >= c->rows_max / 2;
}

/* The signal of a line, and others that ran into it. */
static void take_signals(struct courier *c, struct hearing *hearing, struct signal *signal,
                         struct now now)
{
    struct input in = {.kind = INPUT_SIGNAL, .signal = signal};

    do {
        if (is_full(c))
            c->untaken++;
        else
            (void)courier_input(c, &in, now);
    } while (hearing_more(hearing, signal));
}

int courier_read(struct courier *c, struct hearing *hearing, const struct ear_line *line,
                 struct now now)
{
    struct signal signal;
    char quoted[600];

    if (hearing_ear(hearing, line, &signal) == HEARING_SIGNAL)
        take_signals(c, hearing, &signal, now);
    else if (hearing_unmatched(hearing))
        log_debug("hearing", "source %s: none of its formats takes %s", hearing_unmatched(hearing),
                  log_quote(quoted, sizeof quoted, line->text));
    if (!c->err)
        c->err = hearing_error(hearing);
    return c->err;
}

int courier_hear(struct courier *c, struct hearing *hearing, const struct heard *line,
                 struct now now)
{
    struct signal signal;
    struct input in = {0};
    char quoted[600];

    switch (hearing_line(hearing, line, &signal)) {
    case HEARING_CHATTER:
        if (hearing_unmatched(hearing))
            log_debug("hearing", "source %s: none of its formats takes %s",
                      hearing_unmatched(hearing), log_quote(quoted, sizeof quoted, line->text));
        break;
    case HEARING_COMMAND:
    case HEARING_SLIP: /* obey_command() tells them apart */
        in.kind = INPUT_COMMAND;
        in.command = line;
        CRASH_POINT("command.heard");
        return courier_input(c, &in, now);
    case HEARING_SIGNAL:
        take_signals(c, hearing, &signal, now);
        break;
    }
    if (!c->err)
        c->err = hearing_error(hearing); /* an alert that was not understood is not forgotten */
    return c->err;
}

int courier_signal(struct courier *c, const struct signal *signal, struct now now)
{
    struct input in = {.kind = INPUT_SIGNAL, .signal = signal};

    if (!is_full(c))
        return courier_input(c, &in, now);
    c->untaken++;
    return c->err;
}

uint64_t courier_ticket(const struct courier *c)
{
    return c->next_ticket;
}

bool courier_has_stored(const struct courier *c, uint64_t ticket)
{
    const struct waiting_turn *w;

    if (ticket >= c->next_ticket && c->turn.batch.n)
        return false;
    for (w = c->waiting; w; w = w->next)
        if (w->ticket <= ticket && !w->committed)
            return false;
    return true;
}

static void release(struct courier *c)
{
    while (c->waiting && c->waiting->committed) {
        struct waiting_turn *w = c->waiting;

        c->waiting = w->next;
        if (!c->waiting)
            c->last = NULL;
        act(c, &w->turn, w->held || c->now.boot_ms - w->made_boot_ms >= COURIER_STALL_MS);
        turn_finish(&w->turn);
        free(w);
    }
}

/* Hands c->turn over. @return false when it has to stay: the store takes no more, or an error. */
static bool commit_one(struct courier *c)
{
    struct waiting_turn *w = calloc(1, sizeof *w);
    bool rows = c->turn.batch.n > 0;
    int err = w ? 0 : CRIER_ENOMEM;

    CRASH_POINT("turn.commit");
    if (!err && rows)
        err = c->store.commit(c->store.ctx, &c->turn.batch, c->next_ticket);
    if (err) {
        free(w);
        if (err == CRIER_ELIMIT && c->waiting)
            (void)courier_store_failed(c, "too much waits for the disk", c->now);
        else
            c->err = err;
        return false;
    }
    w->ticket = c->next_ticket++;
    w->committed = !rows;
    w->held = c->held;
    w->made_boot_ms = c->now.boot_ms;
    w->turn = c->turn;
    turn_init(&c->turn);
    c->held = false;
    if (c->last)
        c->last->next = w;
    else
        c->waiting = w;
    c->last = w;
    release(c);
    return true;
}

int courier_flush(struct courier *c)
{
    /* acting may answer at once (a request that could not be queued): that is another turn */
    while (!c->err && (c->turn.batch.n || c->turn.n_effects) && commit_one(c))
        ;
    return c->err;
}

int courier_commit(struct courier *c)
{
    if (!c->sick)
        return courier_flush(c);
    c->held = true;
    return c->err;
}

int courier_store_failed(struct courier *c, const char *why, struct now now)
{
    struct store_event event = {.writes = false, .why = why};
    struct input in = {.kind = INPUT_STORE, .store = &event};

    if (c->sick)
        return c->err;
    c->sick = true;
    c->untaken = 0;
    return courier_input(c, &in, now);
}

/* Said before what has waited goes on. */
static void recover(struct courier *c, struct now now)
{
    struct store_event event = {.writes = true, .why = "", .untaken = c->untaken};
    struct input in = {.kind = INPUT_STORE, .store = &event};

    (void)courier_input(c, &in, now);
    c->sick = false;
}

/* Both are in the order of the turn, so one walk over the effects finds them all. */
static void seal_turn(struct turn *t, const struct store_seal *seal, size_t n)
{
    size_t i, k = 0;

    for (i = 0; i < t->n_effects && k < n; i++)
        if (t->effect[i].kind == EFFECT_AUDIT && t->effect[i].audit_key == seal[k].key)
            t->effect[i].audit_seal = seal[k++];
}

void courier_sealed(struct courier *c, uint64_t ticket, const struct store_seal *seal, size_t n)
{
    struct waiting_turn *w;

    for (w = c->waiting; w; w = w->next)
        if (w->ticket == ticket)
            seal_turn(&w->turn, seal, n);
}

int courier_committed(struct courier *c, uint64_t ticket, struct now now)
{
    struct waiting_turn *w;

    c->now = now;
    for (w = c->waiting; w; w = w->next)
        if (w->ticket == ticket)
            w->committed = true;
    if (c->sick)
        recover(c, now);
    release(c);
    return c->err;
}

int64_t courier_deadline(const struct courier *c)
{
    return c->sick || !c->waiting ? NOW_NEVER : c->waiting->made_boot_ms + COURIER_STALL_MS;
}

int courier_tick(struct courier *c, struct now now)
{
    if (courier_deadline(c) > now.boot_ms)
        return c->err;
    return courier_store_failed(c, "the disk has not answered for 10 s", now);
}

size_t courier_waiting(const struct courier *c)
{
    const struct waiting_turn *w;
    size_t n = 0;

    for (w = c->waiting; w; w = w->next)
        n++;
    return n;
}
