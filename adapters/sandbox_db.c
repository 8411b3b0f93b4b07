#include "sandbox_db.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"

#define MODULE "sandbox"

enum { APPLICATION_ID = 0x63727362 /* "crsb" */, SCHEMA_VERSION = 1, BUSY_MS = 2000 };

struct sandbox_db {
    sqlite3 *sql;
};

static const char schema[] =
    "CREATE TABLE thing (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
    " id TEXT NOT NULL, parent TEXT NOT NULL, state TEXT NOT NULL, doc TEXT NOT NULL,"
    " UNIQUE (kind, id));"
    "CREATE INDEX thing_parent ON thing (kind, parent, seq);"
    "CREATE TABLE log (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL);";

static const char *kind_name(enum sandbox_kind kind)
{
    switch (kind) {
    case SANDBOX_PAGE:
        return "page";
    case SANDBOX_COMPONENT:
        return "component";
    case SANDBOX_INCIDENT:
        return "incident";
    case SANDBOX_UPDATE:
        return "update";
    case SANDBOX_TEMPLATE:
        return "template";
    }
    return "";
}

static int failed(struct sandbox_db *db, const char *what)
{
    int code = sqlite3_errcode(db->sql);

    if (code == SQLITE_NOMEM)
        return CRIER_ENOMEM;
    log_errorx(MODULE, "database: %s: %s", what, sqlite3_errmsg(db->sql));
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return CRIER_ELOCKED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return CRIER_ECORRUPT;
    default:
        return CRIER_EIO;
    }
}

static int run(struct sandbox_db *db, const char *sql)
{
    return sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(db, "statement");
}

static int pragma_value(struct sandbox_db *db, const char *sql, int *ret_value)
{
    sqlite3_stmt *st = NULL;
    int r = 0;

    if (sqlite3_prepare_v2(db->sql, sql, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW)
        r = failed(db, "read");
    else
        *ret_value = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return r;
}

/* A new file gets the schema; an old one must be ours and of our version. */
static int migrate(struct sandbox_db *db)
{
    int application = 0, version = 0, objects = 0, r;
    char mark[128];

    if ((r = pragma_value(db, "PRAGMA application_id", &application)) ||
        (r = pragma_value(db, "PRAGMA user_version", &version)) ||
        (r = pragma_value(db, "SELECT count(*) FROM sqlite_schema", &objects)))
        return r;
    if (application == APPLICATION_ID && version == SCHEMA_VERSION)
        return 0;
    if (application || version || objects) {
        log_errorx(MODULE, "the database is not a sandbox's, or that of a newer version");
        return CRIER_EVERSION;
    }
    sqlite3_snprintf(sizeof mark, mark, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                     (int)APPLICATION_ID, (int)SCHEMA_VERSION);
    if ((r = run(db, "BEGIN IMMEDIATE")))
        return r;
    if (!(r = run(db, schema)) && !(r = run(db, mark)))
        r = run(db, "COMMIT");
    if (r)
        sandbox_db_rollback(db);
    return r;
}

int sandbox_db_open(const char *path, struct sandbox_db **ret_db)
{
    struct sandbox_db *db = calloc(1, sizeof *db);
    int r = CRIER_ENOMEM;

    if (!db)
        return r;
    if (sqlite3_open_v2(path ? path : ":memory:", &db->sql,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        if (db->sql)
            r = failed(db, "open");
        goto out;
    }
    sqlite3_busy_timeout(db->sql, BUSY_MS);
    /* One process at a time, held as long as it runs; a kill loses nothing, a power cut little. */
    if ((r = run(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                     "PRAGMA temp_store=MEMORY;"
                     "PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE; COMMIT")) ||
        (r = migrate(db)))
        goto out;
    *ret_db = db;
    db = NULL;
out:
    sandbox_db_close(db);
    return r;
}

void sandbox_db_close(struct sandbox_db *db)
{
    if (!db)
        return;
    sqlite3_close(db->sql);
    free(db);
}

int sandbox_db_begin(struct sandbox_db *db)
{
    return run(db, "BEGIN IMMEDIATE");
}

int sandbox_db_commit(struct sandbox_db *db)
{
    return run(db, "COMMIT");
}

void sandbox_db_rollback(struct sandbox_db *db)
{
    if (!sqlite3_get_autocommit(db->sql))
        sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
}

static int bind_text(sqlite3_stmt *st, int column, const char *text)
{
    return text ? sqlite3_bind_text(st, column, text, -1, SQLITE_TRANSIENT)
                : sqlite3_bind_null(st, column);
}

/* Runs a statement that returns no row, with up to five texts bound. */
static int change(struct sandbox_db *db, const char *sql, const char *const *text, int n)
{
    sqlite3_stmt *st = NULL;
    int i, r = 0;

    if (sqlite3_prepare_v2(db->sql, sql, -1, &st, NULL) != SQLITE_OK)
        r = failed(db, "prepare");
    for (i = 0; i < n && !r; i++)
        if (bind_text(st, i + 1, text[i]) != SQLITE_OK)
            r = failed(db, "bind");
    if (!r && sqlite3_step(st) != SQLITE_DONE)
        r = failed(db, "write");
    sqlite3_finalize(st);
    return r;
}

int sandbox_db_put(struct sandbox_db *db, enum sandbox_kind kind, const char *id,
                   const char *parent, const char *state, const json_t *doc)
{
    char *text = json_dumps(doc, JSON_COMPACT);
    int r;

    if (!text)
        return CRIER_ENOMEM;
    r = change(db,
               "INSERT INTO thing (kind, id, parent, state, doc) VALUES (?1, ?2, ?3, ?4, ?5)"
               " ON CONFLICT (kind, id) DO UPDATE SET state=?4, doc=?5",
               (const char *const[]){kind_name(kind), id, parent, state, text}, 5);
    free(text);
    return r;
}

/* Column 0 of the current row as JSON. */
static int row_json(struct sandbox_db *db, sqlite3_stmt *st, json_t **ret_json)
{
    const char *text = (const char *)sqlite3_column_text(st, 0);
    json_error_t error;

    if (!text)
        return failed(db, "read");
    *ret_json = json_loads(text, 0, &error);
    if (*ret_json)
        return 0;
    log_errorx(MODULE, "database: a document is damaged: %s", error.text);
    return CRIER_ECORRUPT;
}

int sandbox_db_get(struct sandbox_db *db, enum sandbox_kind kind, const char *id, json_t **ret_doc)
{
    sqlite3_stmt *st = NULL;
    int r = 0, step;

    if (sqlite3_prepare_v2(db->sql, "SELECT doc FROM thing WHERE kind=?1 AND id=?2", -1, &st,
                           NULL) != SQLITE_OK ||
        bind_text(st, 1, kind_name(kind)) != SQLITE_OK || bind_text(st, 2, id) != SQLITE_OK)
        r = failed(db, "prepare");
    if (!r) {
        step = sqlite3_step(st);
        if (step == SQLITE_ROW)
            r = row_json(db, st, ret_doc);
        else
            r = step == SQLITE_DONE ? CRIER_ENOENT : failed(db, "read");
    }
    sqlite3_finalize(st);
    return r;
}

int sandbox_db_delete(struct sandbox_db *db, enum sandbox_kind kind, const char *id)
{
    int r = change(db, "DELETE FROM thing WHERE parent=?1", &id, 1);

    if (r)
        return r;
    return change(db, "DELETE FROM thing WHERE kind=?1 AND id=?2",
                  (const char *const[]){kind_name(kind), id}, 2);
}

/* Every row of a prepared statement into an array. */
static int collect_rows(struct sandbox_db *db, sqlite3_stmt *st, json_t **ret_array)
{
    json_t *array = json_array();
    int r = array ? 0 : CRIER_ENOMEM, step = SQLITE_DONE;

    while (!r && (step = sqlite3_step(st)) == SQLITE_ROW) {
        json_t *doc = NULL;

        r = row_json(db, st, &doc);
        if (!r && json_array_append_new(array, doc))
            r = CRIER_ENOMEM;
    }
    if (!r && step != SQLITE_DONE)
        r = failed(db, "read");
    if (r)
        json_decref(array);
    else
        *ret_array = array;
    return r;
}

#define LIST_SQL(order)                                                             \
    "SELECT doc FROM thing WHERE kind=?1 AND (?2 IS NULL OR parent=?2)"             \
    " AND (?3 IS NULL OR instr(?3, ' ' || state || ' ')) AND (?4 IS NULL"           \
    " OR instr(lower(json_extract(doc, '$.public.name')), lower(?4))"               \
    " OR instr(state, lower(?4))"                                                   \
    " OR instr(lower(json_extract(doc, '$.public.postmortem_body')), lower(?4))"    \
    " OR EXISTS (SELECT 1 FROM thing u WHERE u.kind='update' AND u.parent=thing.id" \
    "            AND instr(lower(json_extract(u.doc, '$.body')), lower(?4))))"      \
    " ORDER BY seq " order " LIMIT ?5 OFFSET ?6"

int sandbox_db_list(struct sandbox_db *db, enum sandbox_kind kind, const struct sandbox_query *q,
                    json_t **ret_array)
{
    sqlite3_stmt *st = NULL;
    int r;

    if (sqlite3_prepare_v2(db->sql, q->newest_first ? LIST_SQL("DESC") : LIST_SQL("ASC"), -1, &st,
                           NULL) != SQLITE_OK ||
        bind_text(st, 1, kind_name(kind)) != SQLITE_OK ||
        bind_text(st, 2, q->parent) != SQLITE_OK || bind_text(st, 3, q->states) != SQLITE_OK ||
        bind_text(st, 4, q->text) != SQLITE_OK ||
        sqlite3_bind_int64(st, 5, q->limit ? q->limit : -1) != SQLITE_OK ||
        sqlite3_bind_int64(st, 6, q->offset) != SQLITE_OK)
        r = failed(db, "prepare");
    else
        r = collect_rows(db, st, ret_array);
    sqlite3_finalize(st);
    return r;
}

int sandbox_db_log(struct sandbox_db *db, const json_t *entry, int64_t keep)
{
    char *text = json_dumps(entry, JSON_COMPACT);
    sqlite3_stmt *st = NULL;
    int r;

    if (!text)
        return CRIER_ENOMEM;
    r = change(db, "INSERT INTO log (entry) VALUES (?1)", (const char *const[]){text}, 1);
    free(text);
    if (r)
        return r;
    if (sqlite3_prepare_v2(db->sql, "DELETE FROM log WHERE seq <= ?1", -1, &st, NULL) !=
            SQLITE_OK ||
        sqlite3_bind_int64(st, 1, sqlite3_last_insert_rowid(db->sql) - keep) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_DONE)
        r = failed(db, "write");
    sqlite3_finalize(st);
    return r;
}

int sandbox_db_log_list(struct sandbox_db *db, json_t **ret_array)
{
    sqlite3_stmt *st = NULL;
    int r;

    if (sqlite3_prepare_v2(db->sql, "SELECT entry FROM log ORDER BY seq", -1, &st, NULL) !=
        SQLITE_OK)
        r = failed(db, "prepare");
    else
        r = collect_rows(db, st, ret_array);
    sqlite3_finalize(st);
    return r;
}
