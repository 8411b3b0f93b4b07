/*
 * replay_rows: a store that keeps nothing but what is needed to tell what the rows mean.
 *
 * Stands behind a store port, reads each batch as it is committed, and tells drafts, revisions,
 * proposals and discards. Forgets an incident when the engine does. Pure apart from memory.
 */
#ifndef CRIER_REPLAY_ROWS_H
#define CRIER_REPLAY_ROWS_H

#include "ports.h"
#include "replay.h"

struct replay_rows;

/** So often the same words are confirmed, where crier does not take it. */
enum { REPLAY_TRIES = 3 };

/** What waits for somebody to confirm it. */
struct replay_waiting {
    int64_t incident;
    int64_t revision;
    const char *home;        /* borrowed until the next commit */
    int64_t shown_wall_ms;   /* when these words were shown there */
    int64_t since_wall_ms;   /* when what they replaced, and all before it, was */
    const char *approved_by; /* person who confirmed it first, where two are needed; or "" */
};

struct replay_rows_sink {
    void *ctx;
    /** Kind, incident, revision, words, page, channel, rule, text, suspect and signals are set. */
    void (*event)(void *ctx, struct replay_event *event);
};

/** @return 0 or CRIER_ENOMEM. */
int replay_rows_create(const struct replay_rows_sink *sink, struct replay_rows **ret)
    __attribute__((warn_unused_result));
/** NULL is fine. */
void replay_rows_destroy(struct replay_rows *rows);
/** Its commit takes a batch at once; replay_rows_committed() completes it. */
struct store_port replay_rows_port(struct replay_rows *rows);
/** Reports what was committed since the last call. @return how many commits that were. */
size_t replay_rows_committed(struct replay_rows *rows, const struct store_sink *sink);

/** @param i 0, 1, ... @return false when there are no more. */
bool replay_rows_waiting(const struct replay_rows *rows, size_t i, struct replay_waiting *ret);
/** Somebody confirms what waits: it waits anew from then on, and after REPLAY_TRIES of that no
 * more. */
void replay_rows_confirmed(struct replay_rows *rows, int64_t incident, int64_t wall_ms);
/** Fills what an event tells of an incident and its revision. @return false: it is not known. */
bool replay_rows_describe(const struct replay_rows *rows, int64_t outbox_id,
                          struct replay_event *event);

#endif
