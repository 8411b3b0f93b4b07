/*
 * fake_store: the store port in memory. Commits complete, fail or are lost when the test says so;
 * what was committed can be loaded again, as after a restart.
 *
 * For tests: running out of memory aborts.
 */
#ifndef CRIER_FAKE_STORE_H
#define CRIER_FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "ports.h"

struct fake_commit {
    struct batch batch;
    uint64_t ticket;
};

struct fake_row {
    enum record_table table;
    int64_t id;
    void *record;
};

struct fake_store {
    struct store_sink sink;      /* set by the test, at any time before the first completion */
    struct fake_commit *pending; /* oldest first */
    size_t n_pending, cap_pending;
    struct fake_row *row; /* the disk, by table and id */
    size_t n_rows, cap_rows;
    size_t n_commits; /* completed */
    int refuse;       /* not 0: commit() returns this and takes nothing */
};

/** The disk is empty but for the row of RECORD_META that a new database has. */
void fake_store_init(struct fake_store *f);
void fake_store_finish(struct fake_store *f);
struct store_port fake_store_port(struct fake_store *f);

/** Writes the oldest commit and reports it. @return false when none waits. */
bool fake_store_complete(struct fake_store *f);
/** Completes until none waits, also what the sink starts meanwhile. @return how many. */
size_t fake_store_complete_all(struct fake_store *f);
/** Reports the oldest commit as CRIER_EIO; it goes on waiting. */
void fake_store_fail(struct fake_store *f, const char *text);
/** kill -9: what was not completed is gone and will not be reported. The disk stays. */
void fake_store_crash(struct fake_store *f);

/** @return the committed record, borrowed until the next completion, or NULL. */
const void *fake_store_row(const struct fake_store *f, enum record_table t, int64_t id);
/** @return committed rows of a table, live or not. */
size_t fake_store_count(const struct fake_store *f, enum record_table t);

#endif
