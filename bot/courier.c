#include "courier.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"

/* A turn whose rows are on their way to the disk. */
struct waiting_turn {
    struct turn turn;
    uint64_t ticket;
    bool committed;
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
    turn_init(&c->turn);
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

int courier_input(struct courier *c, const struct input *in, struct now now)
{
    c->now = now;
    if (!c->err)
        c->err = engine_step(c->engine, in, now, &c->turn);
    return c->err;
}

int courier_hear(struct courier *c, struct hearing *hearing, const struct heard *line,
                 struct now now)
{
    struct signal signal;
    struct input in = {0};

    switch (hearing_line(hearing, line, &signal)) {
    case HEARING_CHATTER:
        break;
    case HEARING_COMMAND:
        in.kind = INPUT_COMMAND;
        in.command = line;
        return courier_input(c, &in, now);
    case HEARING_SIGNAL:
        in.kind = INPUT_SIGNAL;
        in.signal = &signal;
        do {
            (void)courier_input(c, &in, now);
        } while (hearing_more(hearing, &signal));
        break;
    }
    return c->err;
}

/* A request that could not even be queued: the engine hears it as an answer and tries again later.
 */
static void answer_unsent(struct courier *c, const struct page_request *req, int err)
{
    struct page_answer answer = {.op = req->op,
                                 .page = req->page,
                                 .outbox_id = req->outbox_id,
                                 .remote_id = req->remote_id ? req->remote_id : "",
                                 .recent = req->recent,
                                 .result = PAGE_UNSENT,
                                 .error = crier_strerror(err),
                                 .subscribers = -1};
    struct input in = {.kind = INPUT_ANSWER, .answer = &answer};

    (void)courier_input(c, &in, c->now);
}

static void act(struct courier *c, const struct turn *t)
{
    size_t i;
    int err;

    for (i = 0; i < t->n_effects; i++) {
        const struct effect *e = &t->effect[i];

        switch (e->kind) {
        case EFFECT_SAY:
            err = c->chat.say(c->chat.ctx, &e->say);
            if (err)
                log_warnx("chat", "could not say a line at %s: %s", e->say.place,
                          crier_strerror(err));
            break;
        case EFFECT_PAGE:
            err = c->page.submit(c->page.ctx, &e->page);
            if (err && e->page.op != PAGE_WARM)
                answer_unsent(c, &e->page, err);
            break;
        case EFFECT_AUDIT:
            log_audit("%s", e->audit);
            break;
        }
    }
}

static void release(struct courier *c)
{
    while (c->waiting && c->waiting->committed) {
        struct waiting_turn *w = c->waiting;

        c->waiting = w->next;
        if (!c->waiting)
            c->last = NULL;
        act(c, &w->turn);
        turn_finish(&w->turn);
        free(w);
    }
}

static void commit_one(struct courier *c)
{
    struct waiting_turn *w = calloc(1, sizeof *w);

    if (!w) {
        c->err = CRIER_ENOMEM;
        return;
    }
    w->ticket = c->next_ticket++;
    w->committed = c->turn.batch.n == 0;
    w->turn = c->turn;
    turn_init(&c->turn);
    if (c->last)
        c->last->next = w;
    else
        c->waiting = w;
    c->last = w;
    if (!w->committed)
        c->err = c->store.commit(c->store.ctx, &w->turn.batch, w->ticket);
    release(c);
}

int courier_commit(struct courier *c)
{
    /* acting may answer at once (a request that could not be queued): that is another turn */
    while (!c->err && (c->turn.batch.n || c->turn.n_effects))
        commit_one(c);
    return c->err;
}

void courier_committed(struct courier *c, uint64_t ticket)
{
    struct waiting_turn *w;

    for (w = c->waiting; w; w = w->next)
        if (w->ticket == ticket)
            w->committed = true;
    release(c);
}

size_t courier_waiting(const struct courier *c)
{
    const struct waiting_turn *w;
    size_t n = 0;

    for (w = c->waiting; w; w = w->next)
        n++;
    return n;
}
