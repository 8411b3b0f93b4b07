/*
 * store_sqlite: the store port on SQLite, DIR/crier.db, written by a thread of its own.
 *
 * A commit is durable (WAL, synchronous=FULL) before it is reported. Batches that wait while one is
 * being written go into one transaction together. When a commit fails, the batch is kept, the
 * failure is reported, and it is tried again after 1 s, 2 s, ... 30 s, until it succeeds or the
 * store is closed; nothing that came later overtakes it.
 *
 * One process at a time: see store_lock.h. A helper process must be forked before the store is
 * opened, or it holds the lock for as long as it lives.
 */
#ifndef CRIER_STORE_SQLITE_H
#define CRIER_STORE_SQLITE_H

#include <stddef.h>
#include <stdint.h>

#include "ports.h"

struct store_sqlite;

/**
 * Makes the directory (mode 0700; its parent must be there) when it is missing, for whoever needs
 * it before the database is opened.
 * @return 0, CRIER_EACCESS, CRIER_EIO or CRIER_ENOMEM, with one line in why.
 */
int store_sqlite_make_dir(const char *dir, char *why, size_t why_size)
    __attribute__((warn_unused_result));

/**
 * Opens the database, making the directory (0700) and the file (0600) when there are none. Checks
 * every page when the last exit was not clean, and always up to 32 MiB. A new database has one row
 * in RECORD_META, next_incident 1, next_row 1 and a random instance of 16 hex digits.
 *
 * @param sink copied; called from the source's dispatch only.
 * @param why  on failure one line that says what is wrong and, where there is something, what to
 *             do.
 * @return 0, CRIER_ELOCKED (another crier runs here, or something else writes to the file),
 *         CRIER_EVERSION (made by a newer crier), CRIER_ECORRUPT (damaged, or not crier's),
 *         CRIER_EACCESS, CRIER_EIO (full disk, read-only file system, ...), CRIER_ENOMEM. A file
 *         that was refused is as it was.
 */
int store_sqlite_open(const char *dir, const struct store_sink *sink, struct store_sqlite **ret,
                      char *why, size_t why_size) __attribute__((warn_unused_result));

/**
 * Waits until every started commit is written, at most timeout_ms, and closes. Commits that fail
 * are tried once more, at once. The sink is not called any more; not to be called from inside it.
 *
 * @param s NULL is fine.
 * @return 0, or CRIER_EIO when commits were given up, or are still being written: a writer that
 *         hangs in the operating system is left to itself and keeps the lock until it is done.
 */
int store_sqlite_close(struct store_sqlite *s, int64_t timeout_ms);

/**
 * The port. commit() returns 0, or with the batch unchanged CRIER_ENOMEM or CRIER_ELIMIT (more
 * than 200,000 changes wait for a disk that takes none). load() reads what is committed when it is
 * called; on failure the log has the reason.
 */
struct store_port store_sqlite_port(struct store_sqlite *s);
/** @return changes that were handed over and are not on the disk yet. */
size_t store_sqlite_waiting(struct store_sqlite *s);
/** Register it with the loop: an eventfd that wakes it when commits are done or have failed. */
struct source_port store_sqlite_source_port(struct store_sqlite *s);

/**
 * Reads everything of one incident, see store_port.read; read-only, also beside a running crier and
 * without its lock.
 *
 * @param row borrows its record; anything but 0 ends the reading and is returned.
 * @return 0 (an unknown incident has no row), CRIER_ENOENT (no database there), or as
 *         store_sqlite_open().
 */
int store_sqlite_read(const char *dir, int64_t incident,
                      int (*row)(void *ctx, enum record_table t, const void *record), void *ctx,
                      char *why, size_t why_size) __attribute__((warn_unused_result));
/** The same for the newest incidents, see store_port.incidents. */
int store_sqlite_incidents(const char *dir, size_t max,
                           int (*row)(void *ctx, enum record_table t, const void *record),
                           void *ctx, char *why, size_t why_size)
    __attribute__((warn_unused_result));

#endif
