/*
 * store_db_impl: what the files of store_db share; for these only.
 */
#ifndef CRIER_STORE_DB_IMPL_H
#define CRIER_STORE_DB_IMPL_H

#include <sqlite3.h>

#include "buf.h"
#include "store_db.h"

enum { STORE_SQL_BYTES_MAX = 16384, STORE_FIRST_VERSION = 1, STORE_APPLICATION_ID = 0x43524945 };

struct store_db {
    sqlite3 *sql;
    char *path;
    sqlite3_stmt *put[RECORD_TABLES];
    sqlite3_stmt *del[RECORD_TABLES]; /* NULL for RECORD_AUDIT, and put[] adds there */
};

/* ---- store_db.c: errors and small steps; all errors fill why ---- */

int store_db_why_nomem(struct store_why *why);
int store_db_why_damaged(const struct store_db *db, const char *what, struct store_why *why);
/** What SQLite said last. @param what "read", "write", ... as in "cannot read crier.db". */
int store_db_why_sqlite(const struct store_db *db, const char *what, struct store_why *why);
int store_db_why_errno(const char *what, const char *path, struct store_why *why);
int store_db_run(struct store_db *db, const char *sql, const char *what, struct store_why *why)
    __attribute__((warn_unused_result));
/** The first value of the first row. */
int store_db_number(struct store_db *db, const char *sql, int64_t *ret_value, struct store_why *why)
    __attribute__((warn_unused_result));

/* ---- store_schema.c ---- */

int store_schema_latest(const struct store_migration *migrations);
/** Fills an empty file: every table, the identity of the database, the latest version. */
int store_schema_create(struct store_db *db, const struct store_migration *migrations,
                        struct store_why *why) __attribute__((warn_unused_result));
/**
 * Brings a file of that version up to date and prepares the statements. Commits in any case, to
 * prove that it can, but nothing when the file is found to be damaged.
 */
int store_schema_migrate(struct store_db *db, const struct store_migration *migrations, int version,
                         struct store_why *why) __attribute__((warn_unused_result));

/* ---- store_audit.c ---- */

/** The SQL that makes the table of the audit refuse whatever is not one more entry. */
void store_audit_add_triggers(struct buf *b);
/** The statement that adds an entry. */
int store_audit_prepare(struct store_db *db, struct store_why *why)
    __attribute__((warn_unused_result));
/**
 * Adds the batch's rows of RECORD_AUDIT behind the last entry, in the transaction that is open.
 * @param ret_seal room for batch->n_added, or NULL.
 */
int store_audit_add(struct store_db *db, const struct batch *batch, struct store_seal *ret_seal,
                    struct store_why *why) __attribute__((warn_unused_result));

/* ---- store_rows.c ---- */

/** Fills a statement's parameters from a record, in the order of its columns. @return SQLITE_OK or
 * an error of SQLite's. The record is borrowed until the statement's bindings are cleared. */
int store_rows_bind(sqlite3_stmt *st, enum record_table t, const void *record);

/** Prepares the statements that write; CRIER_ECORRUPT where a table or column is missing. */
int store_rows_prepare(struct store_db *db, struct store_why *why)
    __attribute__((warn_unused_result));

#endif
