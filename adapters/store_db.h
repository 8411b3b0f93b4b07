/*
 * store_db: one SQLite connection to crier's database: schema, migrations, checks, rows.
 *
 * Knows the tables from bot/records alone. Has no thread and no queue: a connection is used by one
 * thread at a time. A file that is damaged, foreign or newer than this crier is never written to.
 */
#ifndef CRIER_STORE_DB_H
#define CRIER_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ports.h"
#include "records.h"

struct store_db;

/**
 * One step from an older schema to the present one: a column that came, or, with column NULL, a
 * whole table. The file's user_version is the version of the last step done; version 1 is the
 * first schema. New files are made from the column tables at once.
 */
struct store_migration {
    int version; /* from 2, ascending; several lines may share one */
    enum record_table table;
    const char *column;
};

/** The steps of this crier, ended by a line with version 0. */
extern const struct store_migration store_migrations[];

/** Why a call failed: one clean line, to be shown to people. */
struct store_why {
    char text[512];
};

/**
 * Opens DIR/crier.db for writing, making it when there is none; checks it, migrates it, and proves
 * by a commit that the disk takes writes. The caller holds the lock (store_lock.h).
 *
 * @param unclean    checks every page also of a large file.
 * @param migrations store_migrations; tests pass their own.
 * @return 0, CRIER_EVERSION, CRIER_ECORRUPT (damaged, or no database of crier; the file is as it
 *         was), CRIER_ELOCKED (something else writes to it), CRIER_EACCESS, CRIER_EIO or
 *         CRIER_ENOMEM.
 */
int store_db_open(const char *dir, bool unclean, const struct store_migration *migrations,
                  struct store_db **ret_db, struct store_why *why)
    __attribute__((warn_unused_result));
/**
 * Opens DIR/crier.db for reading only, also beside a running crier; needs no lock.
 * @return as store_db_open(), and CRIER_ENOENT when there is none.
 */
int store_db_open_reader(const char *dir, struct store_db **ret_db, struct store_why *why)
    __attribute__((warn_unused_result));
/** The same with a file that may have any name, such as a backup. */
int store_db_open_file(const char *path, struct store_db **ret_db, struct store_why *why)
    __attribute__((warn_unused_result));
/** Closes; the writer's write-ahead log goes into the file when nobody else reads. NULL is fine. */
void store_db_close(struct store_db *db);

/** A transaction: all applied batches together, or nothing. Errors as store_db_open(). */
int store_db_begin(struct store_db *db, struct store_why *why) __attribute__((warn_unused_result));
/** @param ret_seal what was made of the batch's rows of RECORD_AUDIT: room for batch->n_added, or
 * NULL. Good only once the transaction is committed. */
int store_db_apply(struct store_db *db, const struct batch *batch, struct store_seal *ret_seal,
                   struct store_why *why) __attribute__((warn_unused_result));
int store_db_commit(struct store_db *db, struct store_why *why) __attribute__((warn_unused_result));
/** Takes back what was begun; does nothing when SQLite has done so already. */
void store_db_rollback(struct store_db *db);

/** Called with a borrowed record; anything but 0 ends the reading and is returned. */
typedef int store_db_row(void *ctx, enum record_table t, const void *record);

/** Every live row of every table, tables in their order, rows by id. */
int store_db_live_rows(struct store_db *db, store_db_row *row, void *ctx, struct store_why *why)
    __attribute__((warn_unused_result));
/**
 * Everything of one incident, live or not, in one snapshot: its row, revisions, what was shown, the
 * outbox by id, the timeline by time (and by id where times are equal). An unknown one has no row.
 */
int store_db_incident(struct store_db *db, int64_t incident, store_db_row *row, void *ctx,
                      struct store_why *why) __attribute__((warn_unused_result));
/** The rows of the newest incidents, at most max of them, newest first. */
int store_db_incidents(struct store_db *db, size_t max, store_db_row *row, void *ctx,
                       struct store_why *why) __attribute__((warn_unused_result));

#endif
