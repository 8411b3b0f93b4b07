/*
 * engine: one step of the program: due deadlines, then the input; the model changes, effects come
 * out.
 *
 * Pure: no I/O, no clock, no randomness, no static state, so that several engines live in one
 * process and a log can be replayed through the same code. Not thread-safe.
 */
#ifndef CRIER_ENGINE_H
#define CRIER_ENGINE_H

#include "buf.h"
#include "decision.h"
#include "ports.h"
#include "turn.h"

struct engine;

enum input_kind {
    INPUT_TICK,
    INPUT_SIGNAL,
    INPUT_COMMAND,
    INPUT_ANSWER,
    INPUT_CHAT,
    INPUT_STORE,
    INPUT_EAR,
    INPUT_PROOF
};

/** The store does not write any more, or does again. */
struct store_event {
    bool writes;
    const char *why; /* when it does not: one line for people */
    int64_t untaken; /* when it does: signals that were not given to the engine meanwhile */
};

/** Exactly the pointer that belongs to the kind is set; borrowed for the call. */
struct input {
    enum input_kind kind;
    const struct signal *signal;
    const struct heard *command;
    const struct page_answer *answer;
    const struct chat_event *chat;
    const struct store_event *store;
    const struct ear_position *ear;
    const struct proof_answer *proof;
};

/** @param settings borrowed; must outlive the engine or the next engine_reload(). */
int engine_create(const struct settings *settings, struct engine **ret_engine)
    __attribute__((warn_unused_result));
void engine_destroy(struct engine *e);

/**
 * Takes one stored row (store_port.load calls it for each live one), before engine_start().
 * @param engine a struct engine *.
 */
int engine_load_row(void *engine, enum record_table t, const void *record)
    __attribute__((warn_unused_result));

/**
 * Begins after all rows are loaded: stored deadlines are clamped to their original length, requests
 * that were in flight become doubtful, the pages are asked for what must be known.
 * @return 0 or CRIER_ENOMEM.
 */
int engine_start(struct engine *e, struct now now, struct turn *turn)
    __attribute__((warn_unused_result));

/**
 * @param now never before that of the step before, on the boot clock.
 * @return 0, or CRIER_ENOMEM: the model is then no longer what the store has; destroy it and load
 * anew.
 */
int engine_step(struct engine *e, const struct input *in, struct now now, struct turn *turn)
    __attribute__((warn_unused_result));

/** @return when a tick is due next on the boot clock, or NOW_NEVER. */
int64_t engine_next_deadline(const struct engine *e);

/** Goes on with another configuration; incidents keep what they have. The old one may be freed
 * then. */
void engine_reload(struct engine *e, const struct settings *settings);

/** From now on the sink hears what triage decides about each alert that begins, inside the step.
 * @param sink borrowed, must outlive the engine; NULL: nobody wants to know. */
void engine_explain(struct engine *e, const struct decision_sink *sink);

/** The planned work that is open, in words: "maintenance of Editing until 20:00; ..."; nothing
 * where there is none. @param b limited by the caller; errors are the buffer's. */
void engine_planned(const struct engine *e, struct buf *b);

/** @return the number given last to an incident or draft, 0: none yet. */
int64_t engine_newest_incident(const struct engine *e);

/** Incidents and drafts that are open, for tests and metrics. */
size_t engine_open_incidents(const struct engine *e);

/** How far an ear had been read. @return the stored words, borrowed until the next step, or NULL:
 * never. */
const char *engine_ear_position(const struct engine *e, const char *name);

/** What waits for people or for the page: revisions that may be confirmed, and confirmed steps that
 * are not done. */
size_t engine_waiting(const struct engine *e);

/**
 * Visits what is open as it is in memory, for the board: of each incident and draft its row, then
 * its revisions and its outbox. Rows are borrowed for the call.
 *
 * @return 0, or the first value but 0 that row returned.
 */
int engine_visit_open(const struct engine *e,
                      int (*row)(void *ctx, enum record_table t, const void *record), void *ctx);

#endif
