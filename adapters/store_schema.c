#include "store_db_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "buf.h"
#include "err.h"

enum { INSTANCE_BYTES = 8 };

/*
 * A new column of a struct in bot/records.h needs its line in bot/records.c and one here, with a
 * version one higher than the last; a new table needs one line with NULL. Never change a line that
 * was released.
 */
const struct store_migration store_migrations[] = {
    {2, RECORD_META, "mute_wall_ms"},
    {2, RECORD_META, "mute_by"},
    {2, RECORD_META, "mute_reason"},
    {2, RECORD_META, "red_told_wall_ms"},
    {2, RECORD_INCIDENT, "fix_deploy"},
    {2, RECORD_INCIDENT, "fixed_wall_ms"},
    {2, RECORD_INCIDENT, "alarmed"},
    {2, RECORD_INCIDENT, "relapses"},
    {2, RECORD_INCIDENT, "speech_wall_ms"},
    {2, RECORD_INCIDENT, "hush_wall_ms"},
    {2, RECORD_INCIDENT, "ladder_wall_ms"},
    {2, RECORD_INCIDENT, "rung"},
    {2, RECORD_INCIDENT, "reminded_wall_ms"},
    {2, RECORD_INCIDENT, "reacted_wall_ms"},
    {2, RECORD_INCIDENT, "nudges"},
    {2, RECORD_INCIDENT, "nudged_wall_ms"},
    {2, RECORD_INCIDENT, "postmortem"},
    {2, RECORD_ALERT, "crowd"},
    {2, RECORD_ALERT, "group_key"},
    {2, RECORD_TIMELINE, "ref"},
    {2, RECORD_TIMELINE, "subject"},
    {2, RECORD_MAINTENANCE, NULL},
    {2, RECORD_EAR, NULL},
    {2, RECORD_HEARD, NULL},
    {3, RECORD_AUDIT, NULL},
    {3, RECORD_ENROLMENT, NULL},
    {3, RECORD_OPENING, NULL},
    {3, RECORD_OUTBOX, "glass"},
    {0, RECORD_META, NULL},
};

/* ---- SQL from the column tables -------------------------------------------------------------- */

static void add_column_type(struct buf *b, const struct column *c)
{
    if (!strcmp(c->name, "id"))
        buf_adds(b, "INTEGER PRIMARY KEY");
    else
        buf_adds(b, c->type == COLUMN_TEXT ? "TEXT NOT NULL DEFAULT ''"
                                           : "INTEGER NOT NULL DEFAULT 0");
}

static void add_create_table(struct buf *b, enum record_table t)
{
    const struct table *table = record_table(t);
    size_t i;

    buf_addf(b, "CREATE TABLE \"%s\" (", table->name);
    for (i = 0; i < table->n_columns; i++) {
        buf_addf(b, "%s\"%s\" ", i ? ", " : "", table->column[i].name);
        add_column_type(b, &table->column[i]);
    }
    buf_adds(b, ") STRICT;\n");
    /*
     * What is read again: the live rows at start, the timeline for reports. All other tables are
     * small, or have hardly any row that is not live; there an index would only be one more page
     * in each commit.
     */
    if (t == RECORD_TIMELINE)
        buf_addf(b,
                 "CREATE INDEX \"%s_live\" ON \"%s\" (\"id\") WHERE \"live\" = 1;\n"
                 "CREATE INDEX \"%s_incident\" ON \"%s\" (\"incident\");\n",
                 table->name, table->name, table->name, table->name);
    if (t == RECORD_AUDIT)
        store_audit_add_triggers(b);
}

/* ---- the schema ------------------------------------------------------------------------------ */

int store_schema_latest(const struct store_migration *migrations)
{
    int version = STORE_FIRST_VERSION;

    for (; migrations->version; migrations++)
        version = migrations->version;
    return version;
}

static int set_version(struct store_db *db, int version, struct store_why *why)
{
    char sql[64];

    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version);
    return store_db_run(db, sql, "write", why);
}

static bool has_column(struct store_db *db, const char *table, const char *column)
{
    return sqlite3_table_column_metadata(db->sql, "main", table, column, NULL, NULL, NULL, NULL,
                                         NULL) == SQLITE_OK;
}

/* A step that is there already is no error: a table made late has all its columns at once. */
static int migrate_one(struct store_db *db, const struct store_migration *m, struct store_why *why)
{
    const struct table *table = record_table(m->table);
    const struct column *c = NULL;
    struct buf b;
    size_t i;
    int r;

    if (has_column(db, table->name, m->column ? m->column : "id"))
        return 0;
    buf_init(&b, STORE_SQL_BYTES_MAX);
    if (!m->column) {
        add_create_table(&b, m->table);
    } else {
        for (i = 0; i < table->n_columns; i++)
            if (!strcmp(table->column[i].name, m->column))
                c = &table->column[i];
        if (!c) { /* the column went away again later */
            buf_finish(&b);
            return 0;
        }
        buf_addf(&b, "ALTER TABLE \"%s\" ADD COLUMN \"%s\" ", table->name, c->name);
        add_column_type(&b, c);
    }
    r = buf_error(&b) ? store_db_why_nomem(why) : store_db_run(db, buf_str(&b), "migrate", why);
    buf_finish(&b);
    return r;
}

/* Whoever has taken them away by mistake has them again; `crier audit --verify` tells until then.
 */
static int keep_audit(struct store_db *db, struct store_why *why)
{
    struct buf b;
    int r;

    buf_init(&b, STORE_SQL_BYTES_MAX);
    store_audit_add_triggers(&b);
    r = buf_error(&b) ? store_db_why_nomem(why) : store_db_run(db, buf_str(&b), "migrate", why);
    buf_finish(&b);
    return r;
}

/* Also when there is nothing to migrate: this commit proves that the disk takes writes. */
int store_schema_migrate(struct store_db *db, const struct store_migration *migrations, int version,
                         struct store_why *why)
{
    const struct store_migration *m;
    int r = store_db_begin(db, why);

    if (r)
        return r;
    for (m = migrations; m->version && !r; m++)
        if (m->version > version)
            r = migrate_one(db, m, why);
    if (!r)
        r = keep_audit(db, why);
    if (!r)
        r = set_version(db, store_schema_latest(migrations), why);
    if (!r)
        r = store_rows_prepare(db, why); /* finds what is missing before anything is written */
    if (!r)
        r = store_db_commit(db, why);
    if (r)
        store_db_rollback(db);
    return r;
}

static int make_instance(char hex[INSTANCE_BYTES * 2 + 1], struct store_why *why)
{
    unsigned char bytes[INSTANCE_BYTES];
    ssize_t n;
    size_t i;

    do
        n = getrandom(bytes, sizeof bytes, 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof bytes)
        return store_db_why_errno("get random bytes for", "crier.db", why);
    for (i = 0; i < sizeof bytes; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

int store_schema_create(struct store_db *db, const struct store_migration *migrations,
                        struct store_why *why)
{
    char instance[INSTANCE_BYTES * 2 + 1];
    struct buf b;
    int t;
    int r = make_instance(instance, why);

    if (r)
        return r;
    buf_init(&b, (size_t)STORE_SQL_BYTES_MAX * RECORD_TABLES);
    buf_addf(&b, "PRAGMA synchronous = FULL; BEGIN IMMEDIATE; PRAGMA application_id = %d;\n",
             STORE_APPLICATION_ID);
    for (t = 0; t < RECORD_TABLES; t++)
        add_create_table(&b, (enum record_table)t);
    buf_addf(&b,
             "INSERT INTO \"meta\" (\"id\", \"live\", \"next_incident\", \"next_row\", "
             "\"instance\") VALUES (1, 1, 1, 1, '%s');\n"
             "PRAGMA user_version = %d; COMMIT;",
             instance, store_schema_latest(migrations));
    r = buf_error(&b) ? store_db_why_nomem(why) : store_db_run(db, buf_str(&b), "make", why);
    buf_finish(&b);
    return r;
}
