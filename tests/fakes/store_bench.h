/*
 * store_bench: a SQLite store in a temporary directory of its own, for the tests of the store.
 *
 * Uses cmocka's assertions: a step that must succeed and does not fails the test.
 */
#ifndef CRIER_STORE_BENCH_H
#define CRIER_STORE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store_sqlite.h"

enum { PATIENCE_MS = 60000, LOADED_MAX = 4096 };

struct bench {
    char dir[200];
    struct store_sqlite *store;
    struct store_port port;
    struct source_port source;
    char why[512];
    /* what the sink heard */
    uint64_t ticket[256];
    int err[256];
    size_t n;
    char text[512]; /* of the last failure */
    struct store_seal seal[64];
    size_t n_seals;
};

struct loaded {
    struct {
        enum record_table table;
        void *record;
    } row[LOADED_MAX];
    size_t n;
    size_t stop_after; /* 0: never */
};

struct image {
    char *bytes;
    size_t n;
};

/** cmocka's setup and teardown; *state is the struct bench, its directory not made yet. */
int bench_set_up(void **state);
int bench_tear_down(void **state);
/** @return what store_sqlite_open() returned; b->why has its text. */
int bench_open(struct bench *b);
void bench_must_open(struct bench *b);
void bench_must_close(struct bench *b);
/** Runs the loop until the sink was called n times in all. @return false when that took too long.
 */
bool bench_wait_for(struct bench *b, size_t n);
int64_t bench_mono_ms(void);

/** The row callback that keeps copies; CRIER_EAGAIN once stop_after rows are there. */
int loaded_keep(void *ctx, enum record_table t, const void *record);
/** @return every live row, the caller's to loaded_destroy(). */
struct loaded *bench_load(struct bench *b);
void loaded_destroy(struct loaded *l);
/** @return the record, borrowed, or NULL. */
const void *loaded_find(const struct loaded *l, enum record_table t, int64_t id);

/** Puts a record of sample_records.h into a batch. */
void bench_put_sample(struct batch *batch, enum record_table t, int64_t id, int64_t live,
                      unsigned seed);
/** Starts to commit one row of RECORD_SHOWN. */
void bench_commit_shown(struct bench *b, int64_t id, uint64_t ticket);

/** @return the path of a file in the directory, the caller's to free(). */
char *bench_path(const struct bench *b, const char *name);
/** A whole file; bytes are the caller's to free(). */
struct image bench_read_image(const struct bench *b, const char *name);
void bench_write_image(const struct bench *b, const char *name, const char *bytes, size_t n);
/** SQL from outside, as a person with the sqlite3 shell. */
void bench_run_sql(const struct bench *b, const char *sql);

#endif
