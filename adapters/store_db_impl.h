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
/** How many triggers of these are not in the file, or are others there. */
int store_audit_count_triggers(struct store_db *db, int *ret_missing, struct store_why *why)
    __attribute__((warn_unused_result));
/** What the first entry of this database follows. */
int store_audit_hash_of_nothing(struct store_db *db, char ret_hex[AUDIT_HASH_BYTES],
                                struct store_why *why) __attribute__((warn_unused_result));
/**
 * The hash of the entry that a statement stands on, whose columns are those of the table in their
 * order, as if it had that number.
 * @param ret_sound false: a column is of another type than crier writes. @return 0 or CRIER_ENOMEM.
 */
int store_audit_hash_row(sqlite3_stmt *st, int64_t number, bool *ret_sound,
                         char ret_hex[AUDIT_HASH_BYTES]) __attribute__((warn_unused_result));
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

/** Fills a record from a statement whose columns are those of the table in their order; its strings
 * are the statement's, good until its next step. @return 0 or CRIER_ENOMEM. */
int store_rows_fill(sqlite3_stmt *st, const struct table *table, void *record)
    __attribute__((warn_unused_result));
/** Fills a statement's parameters from a record, in the order of its columns. @return SQLITE_OK or
 * an error of SQLite's. The record is borrowed until the statement's bindings are cleared. */
int store_rows_bind(sqlite3_stmt *st, enum record_table t, const void *record);

/** Prepares the statements that write; CRIER_ECORRUPT where a table or column is missing. */
int store_rows_prepare(struct store_db *db, struct store_why *why)
    __attribute__((warn_unused_result));

#endif
