/*
 * loop: the order of one turn.
 *
 *   1. every source adds its descriptors and its next deadline (collect)
 *   2. one wait, the only place where the program sleeps
 *   3. every source does the work that is ready, in the order in which the sources were added
 * (dispatch)
 *   4. the owner's turn: due deadlines, then the rows of this turn go to the store and its effects
 *      wait until these are committed
 *
 * Owns no descriptor, no clock and no memory of others.
 */
#ifndef CRIER_LOOP_H
#define CRIER_LOOP_H

#include "ports.h"

enum { LOOP_SOURCES_MAX = 16 };

struct loop {
    struct wait_port wait;
    struct source_port source[LOOP_SOURCES_MAX];
    size_t n_sources;
    struct pollset set;
};

/** What the owner does in each turn. */
struct loop_owner {
    void *ctx;
    /** @return the owner's own next deadline on the boot clock, or NOW_NEVER. */
    int64_t (*deadline)(void *ctx);
    /** After all sources. @return false to end the loop. */
    bool (*turn)(void *ctx, struct now now);
};

/** @param wait borrowed ctx, must outlive the loop. */
void loop_init(struct loop *l, const struct wait_port *wait);
void loop_finish(struct loop *l);
/** At most LOOP_SOURCES_MAX; asserts that there is room: the wiring is fixed. */
void loop_add(struct loop *l, const struct source_port *source);
/** Turns until the owner says that it is over. @return 0, CRIER_EIO or CRIER_ENOMEM. */
int loop_run(struct loop *l, const struct loop_owner *owner) __attribute__((warn_unused_result));

#endif
