#include "store_db_impl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

/* ---- statements ------------------------------------------------------------------------------ */

/* Prepares what was collected in b, and finishes b. */
static int prepare(struct store_db *db, struct buf *b, sqlite3_stmt **ret_st, struct store_why *why)
{
    int r = 0;

    if (buf_error(b))
        r = store_db_why_nomem(why);
    else if (sqlite3_prepare_v3(db->sql, buf_str(b), -1, SQLITE_PREPARE_PERSISTENT, ret_st, NULL) !=
             SQLITE_OK)
        r = store_db_why_sqlite(db, "use", why);
    buf_finish(b);
    return r;
}

static void add_column_names(struct buf *b, const struct table *table)
{
    size_t i;

    for (i = 0; i < table->n_columns; i++)
        buf_addf(b, "%s\"%s\"", i ? ", " : "", table->column[i].name);
}

static int prepare_put(struct store_db *db, enum record_table t, struct store_why *why)
{
    const struct table *table = record_table(t);
    struct buf b;
    size_t i;

    buf_init(&b, STORE_SQL_BYTES_MAX);
    buf_addf(&b, "INSERT INTO \"%s\" (", table->name);
    add_column_names(&b, table);
    buf_adds(&b, ") VALUES (");
    for (i = 0; i < table->n_columns; i++)
        buf_adds(&b, i ? ", ?" : "?");
    buf_adds(&b, ") ON CONFLICT (\"id\") DO UPDATE SET ");
    for (i = 1; i < table->n_columns; i++)
        buf_addf(&b, "%s\"%s\" = excluded.\"%s\"", i > 1 ? ", " : "", table->column[i].name,
                 table->column[i].name);
    return prepare(db, &b, &db->put[t], why);
}

static int prepare_delete(struct store_db *db, enum record_table t, struct store_why *why)
{
    struct buf b;

    buf_init(&b, STORE_SQL_BYTES_MAX);
    buf_addf(&b, "DELETE FROM \"%s\" WHERE \"id\" = ?", record_table(t)->name);
    return prepare(db, &b, &db->del[t], why);
}

static int prepare_select(struct store_db *db, enum record_table t, const char *rest,
                          sqlite3_stmt **ret_st, struct store_why *why)
{
    struct buf b;

    buf_init(&b, STORE_SQL_BYTES_MAX);
    buf_adds(&b, "SELECT ");
    add_column_names(&b, record_table(t));
    buf_addf(&b, " FROM \"%s\" %s", record_table(t)->name, rest);
    return prepare(db, &b, ret_st, why);
}

/* Preparing fails where a table or column is missing. */
int store_rows_prepare(struct store_db *db, struct store_why *why)
{
    int64_t rows = 0;
    int t;
    int r = 0;

    for (t = 0; t < RECORD_TABLES && !r; t++) {
        if (t == RECORD_AUDIT) {
            r = store_audit_prepare(db, why);
            continue;
        }
        r = prepare_put(db, (enum record_table)t, why);
        if (!r)
            r = prepare_delete(db, (enum record_table)t, why);
    }
    if (r == CRIER_EIO && sqlite3_errcode(db->sql) == SQLITE_ERROR)
        return store_db_why_damaged(db, sqlite3_errmsg(db->sql), why);
    if (!r)
        r = store_db_number(db, "SELECT count(*) FROM \"meta\" WHERE \"id\" = 1 AND \"live\" = 1",
                            &rows, why);
    if (!r && rows != 1)
        r = store_db_why_damaged(db, "it has lost its identity", why);
    return r;
}

/* ---- writing --------------------------------------------------------------------------------- */

int store_db_begin(struct store_db *db, struct store_why *why)
{
    return store_db_run(db, "BEGIN IMMEDIATE", "write", why);
}

int store_db_commit(struct store_db *db, struct store_why *why)
{
    return store_db_run(db, "COMMIT", "write", why);
}

void store_db_rollback(struct store_db *db)
{
    if (!sqlite3_get_autocommit(db->sql))
        (void)sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
}

int store_rows_bind(sqlite3_stmt *st, enum record_table t, const void *record)
{
    const struct table *table = record_table(t);
    size_t i;

    for (i = 0; i < table->n_columns; i++) {
        const struct column *c = &table->column[i];
        const char *field = (const char *)record + c->offset;
        int rc = SQLITE_ERROR;

        switch (c->type) {
        case COLUMN_INT64: {
            int64_t value;

            memcpy(&value, field, sizeof value);
            rc = sqlite3_bind_int64(st, (int)i + 1, value);
            break;
        }
        case COLUMN_TEXT: {
            const char *text;

            memcpy(&text, field, sizeof text);
            rc = sqlite3_bind_text(st, (int)i + 1, text ? text : "", -1, SQLITE_STATIC);
            break;
        }
        }
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static int apply_change(struct store_db *db, const struct change *c, struct store_why *why)
{
    sqlite3_stmt *st = NULL;
    int rc = SQLITE_ERROR;
    int r = 0;

    switch (c->op) {
    case CHANGE_PUT:
        st = db->put[c->table];
        rc = store_rows_bind(st, c->table, c->record);
        break;
    case CHANGE_DELETE:
        st = db->del[c->table];
        rc = sqlite3_bind_int64(st, 1, c->id);
        break;
    case CHANGE_ADD: /* store_audit.c's */
        break;
    }
    if (rc != SQLITE_OK || sqlite3_step(st) != SQLITE_DONE)
        r = store_db_why_sqlite(db, "write", why);
    (void)sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st);
    return r;
}

int store_db_apply(struct store_db *db, const struct batch *batch, struct store_seal *ret_seal,
                   struct store_why *why)
{
    size_t i;
    int r = 0;

    for (i = 0; i < batch->n && !r; i++)
        if (batch->item[i].op != CHANGE_ADD)
            r = apply_change(db, &batch->item[i], why);
    if (!r && batch->n_added)
        r = store_audit_add(db, batch, ret_seal, why);
    return r;
}

/* ---- reading --------------------------------------------------------------------------------- */

int store_rows_fill(sqlite3_stmt *st, const struct table *table, void *dst)
{
    char *record = dst;
    size_t i;

    for (i = 0; i < table->n_columns; i++) {
        const struct column *c = &table->column[i];

        switch (c->type) {
        case COLUMN_INT64: {
            int64_t value = sqlite3_column_int64(st, (int)i);

            memcpy(record + c->offset, &value, sizeof value);
            break;
        }
        case COLUMN_TEXT: {
            const unsigned char *text = sqlite3_column_text(st, (int)i);

            if (!text)
                return CRIER_ENOMEM;
            memcpy(record + c->offset, &text, sizeof text);
            break;
        }
        }
    }
    return 0;
}

static int read_rows(struct store_db *db, enum record_table t, sqlite3_stmt *st, store_db_row *row,
                     void *ctx, struct store_why *why)
{
    const struct table *table = record_table(t);
    char *record = calloc(1, table->size);
    int rc = SQLITE_DONE;
    int r = 0;

    if (!record)
        return store_db_why_nomem(why);
    while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        r = store_rows_fill(st, table, record);
        if (r)
            r = store_db_why_nomem(why);
        else
            r = row(ctx, t, record);
    }
    if (!r && rc != SQLITE_DONE)
        r = store_db_why_sqlite(db, "read", why);
    free(record);
    return r;
}

int store_db_live_rows(struct store_db *db, store_db_row *row, void *ctx, struct store_why *why)
{
    int t;
    int r = store_db_run(db, "BEGIN", "read", why); /* one snapshot for all tables */

    for (t = 0; t < RECORD_TABLES && !r; t++) {
        sqlite3_stmt *st = NULL;

        if (t == RECORD_AUDIT) /* never live, and long */
            continue;
        r = prepare_select(db, (enum record_table)t, "WHERE \"live\" = 1 ORDER BY \"id\"", &st,
                           why);
        if (!r)
            r = read_rows(db, (enum record_table)t, st, row, ctx, why);
        (void)sqlite3_finalize(st);
    }
    store_db_rollback(db);
    return r;
}

/* Rows of one table; the statement's only parameter is bound to the number. */
static int read_some(struct store_db *db, enum record_table t, const char *rest, int64_t number,
                     store_db_row *row, void *ctx, struct store_why *why)
{
    sqlite3_stmt *st = NULL;
    int r = prepare_select(db, t, rest, &st, why);

    if (!r && sqlite3_bind_int64(st, 1, number) != SQLITE_OK)
        r = store_db_why_sqlite(db, "read", why);
    if (!r)
        r = read_rows(db, t, st, row, ctx, why);
    (void)sqlite3_finalize(st);
    return r;
}

/* Another schema has other columns; a reader leaves the file as it is. */
static int must_be_current(struct store_db *db, struct store_why *why)
{
    int64_t version = 0;
    int r = store_db_number(db, "PRAGMA user_version", &version, why);

    if (r || version == store_schema_latest(store_migrations))
        return r;
    (void)snprintf(why->text, sizeof why->text,
                   "%s was written by an older crier: start this one on it once", db->path);
    return CRIER_EVERSION;
}

int store_db_incident(struct store_db *db, int64_t incident, store_db_row *row, void *ctx,
                      struct store_why *why)
{
    static const struct {
        enum record_table table;
        const char *rest;
    } parts[] = {
        {RECORD_INCIDENT, "WHERE \"id\" = ?"},
        {RECORD_REVISION, "WHERE \"incident\" = ? ORDER BY \"id\""},
        {RECORD_SHOWN, "WHERE \"incident\" = ? ORDER BY \"id\""},
        {RECORD_OUTBOX, "WHERE \"incident\" = ? ORDER BY \"id\""},
        {RECORD_TIMELINE, "WHERE \"incident\" = ? ORDER BY \"wall_ms\", \"id\""},
    };
    size_t i;
    int r = store_db_run(db, "BEGIN", "read", why); /* one snapshot for all tables */

    if (!r)
        r = must_be_current(db, why);
    for (i = 0; i < sizeof parts / sizeof parts[0] && !r; i++)
        r = read_some(db, parts[i].table, parts[i].rest, incident, row, ctx, why);
    store_db_rollback(db);
    return r;
}

int store_db_incidents(struct store_db *db, size_t max, store_db_row *row, void *ctx,
                       struct store_why *why)
{
    int r = must_be_current(db, why);

    if (r)
        return r;
    return read_some(db, RECORD_INCIDENT, "ORDER BY \"id\" DESC LIMIT ?",
                     max < INT32_MAX ? (int64_t)max : INT32_MAX, row, ctx, why);
}
