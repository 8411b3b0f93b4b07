/*
 * courier: carries inputs to the engine and its turns to the outside: rows first, then effects.
 *
 * The rows of a turn go to the store as one transaction, and no effect of it leaves before that is
 * committed (a transactional outbox). Turns keep their order. The same courier serves the daemon,
 * tests and replays: it knows only the ports.
 *
 * While the store does not write ("sick": a commit has failed, or was not answered for
 * COURIER_STALL_MS), rows gather in one turn, in memory: a row that changes again takes no more of
 * it, and when there are rows_max, signals are counted and not taken. The only things that leave
 * then are what the engine has marked in that case: struct turn's `ahead`. All else waits, in
 * order. A request that would change the page and had to wait is not sent when the store writes
 * again: the engine hears that it was not, and decides by the age of its confirm.
 */
#ifndef CRIER_COURIER_H
#define CRIER_COURIER_H

#include "engine.h"
#include "hearing.h"
#include "ports.h"
#include "turn.h"

enum { COURIER_STALL_MS = 10 * 1000, COURIER_ROWS_MAX = 100000 };

struct waiting_turn;

struct courier {
    struct engine *engine;
    struct chat_port chat;
    struct page_port page;
    struct store_port store;
    struct proof_port proof;      /* without check: nobody is enrolled */
    struct turn turn;             /* filled by the inputs since the last commit */
    struct waiting_turn *waiting; /* oldest first */
    struct waiting_turn *last;
    uint64_t next_ticket;
    bool sick;       /* the store does not write */
    bool practice;   /* nothing of it happens to anybody: audit lines are not written */
    bool held;       /* the turn was not handed to the store when it could have been */
    size_t rows_max; /* COURIER_ROWS_MAX */
    int64_t untaken; /* signals, since it fell sick */
    struct now now;  /* of the last input */
    int err; /* sticky: the model in memory is no longer what the store has; start again from the
                store */
};

/** @param engine borrowed. The ports' ctx must outlive the courier. */
void courier_init(struct courier *c, struct engine *engine, const struct chat_port *chat,
                  const struct page_port *page, const struct store_port *store);
/** Where one-time passwords are compared. @param proof its ctx must outlive the courier. */
void courier_prove_by(struct courier *c, const struct proof_port *proof);
/** Forgets what waits: it is not committed, so it never happened. */
void courier_finish(struct courier *c);

/** engine_start(), as the first turn. @return as c->err. */
int courier_start(struct courier *c, struct now now);
/** engine_step(); nothing leaves before courier_commit(). @return as c->err. */
int courier_input(struct courier *c, const struct input *in, struct now now);
/** One line heard on chat: what hearing makes of it goes to the engine. @return as c->err. */
int courier_hear(struct courier *c, struct hearing *hearing, const struct heard *line,
                 struct now now);
/** One line that a log file or feed told; the same. @return as c->err. */
int courier_read(struct courier *c, struct hearing *hearing, const struct ear_line *line,
                 struct now now);
/** Whether the engine soon takes no more signals, since the store does not write: ears that can
 * wait should. */
bool courier_is_nearly_full(const struct courier *c);
/** One signal that is no line; counted and not taken while a sick store has too much to write.
 * @return as c->err. */
int courier_signal(struct courier *c, const struct signal *signal, struct now now);
/** @return the number of the turn that inputs go to at present, for courier_has_stored(). */
uint64_t courier_ticket(const struct courier *c);
/** Whether the rows of that turn, if there were any, and of all older ones are committed. */
bool courier_has_stored(const struct courier *c, uint64_t ticket);
/** Hands the rows since the last commit to the store, unless it does not write. @return as c->err.
 */
int courier_commit(struct courier *c);
/** The same, and also to a store that does not write: it tries once more when it is closed. */
int courier_flush(struct courier *c);
/** What the store made of the audit rows of a ticket; right before courier_committed(). */
void courier_sealed(struct courier *c, uint64_t ticket, const struct store_seal *seal, size_t n);
/** The store has committed a ticket: its effects and those of older turns leave. @return as c->err.
 */
int courier_committed(struct courier *c, uint64_t ticket, struct now now);
/** The store could not commit, and goes on trying. @param why one line. @return as c->err. */
int courier_store_failed(struct courier *c, const char *why, struct now now);
/** @return when a store that says nothing is taken for one that does not write, or NOW_NEVER. */
int64_t courier_deadline(const struct courier *c);
/** Looks whether that is now. @return as c->err. */
int courier_tick(struct courier *c, struct now now);
/** @return turns whose rows are not committed yet. */
size_t courier_waiting(const struct courier *c);

#endif
