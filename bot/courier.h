/*
 * courier: carries inputs to the engine and its turns to the outside: rows first, then effects.
 *
 * The rows of a turn go to the store as one transaction, and no effect of it leaves before that is
 * committed (a transactional outbox). Turns keep their order. The same courier serves the daemon,
 * tests and replays: it knows only the ports.
 */
#ifndef CRIER_COURIER_H
#define CRIER_COURIER_H

#include "engine.h"
#include "hearing.h"
#include "ports.h"
#include "turn.h"

struct waiting_turn;

struct courier {
    struct engine *engine;
    struct chat_port chat;
    struct page_port page;
    struct store_port store;
    struct turn turn;             /* filled by the inputs since the last commit */
    struct waiting_turn *waiting; /* oldest first */
    struct waiting_turn *last;
    uint64_t next_ticket;
    struct now now; /* of the last input */
    int err; /* sticky: the model in memory is no longer what the store has; start again from the
                store */
};

/** @param engine borrowed. The ports' ctx must outlive the courier. */
void courier_init(struct courier *c, struct engine *engine, const struct chat_port *chat,
                  const struct page_port *page, const struct store_port *store);
/** Forgets what waits: it is not committed, so it never happened. */
void courier_finish(struct courier *c);

/** engine_start(), as the first turn. @return as c->err. */
int courier_start(struct courier *c, struct now now);
/** engine_step(); nothing leaves before courier_commit(). @return as c->err. */
int courier_input(struct courier *c, const struct input *in, struct now now);
/** One line heard on chat: what hearing makes of it goes to the engine. @return as c->err. */
int courier_hear(struct courier *c, struct hearing *hearing, const struct heard *line,
                 struct now now);
/** Hands the rows since the last commit to the store. @return as c->err. */
int courier_commit(struct courier *c);
/** The store has committed a ticket: its effects and those of older turns leave. */
void courier_committed(struct courier *c, uint64_t ticket);
/** @return turns whose rows are not committed yet. */
size_t courier_waiting(const struct courier *c);

#endif
