/* What can be said of the chain from outside: see store_audit.h. */
#include "store_audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "store_db_impl.h"

enum {
    LINE_BYTES = 300,
    AUDIT_FIRST_VERSION = 3,
    MOVED_MAX = 8,
    EXPLAINED_MAX = 100 /* beyond, an entry is changed and not looked for elsewhere */
};

/* ---- reading --------------------------------------------------------------------------------- */

static int open_db(const struct store_audit_where *where, struct store_db **ret_db,
                   struct store_why *why)
{
    struct store_db *db = NULL;
    int64_t version = 0;
    int r = where->file ? store_db_open_file(where->file, &db, why)
                        : store_db_open_reader(where->dir, &db, why);

    if (!r)
        r = store_db_run(db, "BEGIN", "read", why); /* one snapshot */
    if (!r)
        r = store_db_number(db, "PRAGMA user_version", &version, why);
    if (!r && version < AUDIT_FIRST_VERSION) {
        (void)snprintf(why->text, sizeof why->text,
                       "%s was written by a crier that had no audit: it begins when this one is "
                       "started on it",
                       db->path);
        r = CRIER_EVERSION;
    }
    if (r)
        store_db_close(db);
    else
        *ret_db = db;
    return r;
}

static bool has_column(struct store_db *db, const char *name)
{
    return sqlite3_table_column_metadata(db->sql, "main", "audit", name, NULL, NULL, NULL, NULL,
                                         NULL) == SQLITE_OK;
}

/* Every column in the order of the struct; one that came after the file was written is empty. */
static int prepare(struct store_db *db, const char *rest, sqlite3_stmt **ret_st,
                   struct store_why *why)
{
    const struct table *table = record_table(RECORD_AUDIT);
    struct buf b;
    size_t i;
    int r = 0;

    buf_init(&b, STORE_SQL_BYTES_MAX);
    buf_adds(&b, "SELECT ");
    for (i = 0; i < table->n_columns; i++) {
        const struct column *c = &table->column[i];

        /* what crier never writes is given another type, which shows */
        if (has_column(db, c->name))
            buf_addf(&b, "%sifnull(\"%s\", %s)", i ? ", " : "", c->name,
                     c->type == COLUMN_TEXT ? "0" : "''");
        else
            buf_adds(&b, c->type == COLUMN_TEXT ? ", ''" : ", 0");
    }
    buf_addf(&b, " FROM \"audit\" %s", rest);
    if (buf_error(&b))
        r = store_db_why_nomem(why);
    else if (sqlite3_prepare_v2(db->sql, buf_str(&b), -1, ret_st, NULL) != SQLITE_OK)
        r = store_db_why_sqlite(db, "read", why);
    buf_finish(&b);
    return r;
}

int store_audit_read(const struct store_audit_where *where, const struct store_audit_query *query,
                     int (*row)(void *ctx, const struct record_audit *r), void *ctx, char *why,
                     size_t why_size)
{
    struct store_why reason = {""};
    struct store_db *db = NULL;
    sqlite3_stmt *st = NULL;
    struct record_audit record;
    int code = SQLITE_DONE;
    int r = open_db(where, &db, &reason);

    if (r)
        goto out;
    r = prepare(db, "WHERE \"wall_ms\" >= ?1 AND (?2 = 0 OR \"incident\" = ?2) ORDER BY \"id\"",
                &st, &reason);
    if (!r && (sqlite3_bind_int64(st, 1, query->since_wall_ms) != SQLITE_OK ||
               sqlite3_bind_int64(st, 2, query->incident) != SQLITE_OK))
        r = store_db_why_sqlite(db, "read", &reason);
    while (!r && (code = sqlite3_step(st)) == SQLITE_ROW) {
        r = store_rows_fill(st, record_table(RECORD_AUDIT), &record);
        if (r)
            r = store_db_why_nomem(&reason);
        else
            r = row(ctx, &record);
    }
    if (!r && code != SQLITE_DONE)
        r = store_db_why_sqlite(db, "read", &reason);
out:
    if (r && reason.text[0])
        (void)snprintf(why, why_size, "%s", reason.text);
    (void)sqlite3_finalize(st);
    store_db_close(db);
    return r;
}

/* ---- the walk -------------------------------------------------------------------------------- */

struct walk {
    struct store_db *db;
    void (*wrong)(void *ctx, const char *text);
    void *ctx;
    struct store_audit_verdict v;
    struct store_audit_head *head;
    size_t n_heads, next_head; /* heads before that have smaller numbers than the entry */
    sqlite3_stmt *st;
    sqlite3_stmt *followed; /* the number of the entry with that hash */
    char nothing[AUDIT_HASH_BYTES];
};

static void tell(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct walk *w, const char *fmt, ...)
{
    char text[LINE_BYTES];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    w->v.n_wrong++;
    w->wrong(w->ctx, text);
}

static int by_number(const void *a, const void *b)
{
    const struct store_audit_head *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

/* @param hash of a sound entry. */
static void look_for_heads(struct walk *w, int64_t number, const char *hash)
{
    size_t i;

    for (i = 0; i < w->n_heads && !w->head[i].number; i++)
        if (!strncmp(hash, w->head[i].hash, strlen(w->head[i].hash)))
            w->head[i].found = true;
    if (w->next_head < i)
        w->next_head = i;
    while (w->next_head < w->n_heads && w->head[w->next_head].number < number)
        w->next_head++;
    for (i = w->next_head; i < w->n_heads && w->head[i].number == number; i++)
        if (!strncmp(hash, w->head[i].hash, strlen(w->head[i].hash)))
            w->head[i].found = true;
}

/* Which number an entry had when it was made: one more than that of the entry that it follows.
 * @param ret_number 0: what it follows is not there. */
static int number_when_made(struct walk *w, const char *prev, int64_t *ret_number,
                            struct store_why *why)
{
    int code;

    *ret_number = 0;
    if (!strcmp(prev, w->nothing)) {
        *ret_number = 1;
        return 0;
    }
    if (sqlite3_bind_text(w->followed, 1, prev, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        return store_db_why_sqlite(w->db, "read", why);
    code = sqlite3_step(w->followed);
    if (code == SQLITE_ROW && sqlite3_column_int64(w->followed, 0) < INT64_MAX)
        *ret_number = sqlite3_column_int64(w->followed, 0) + 1;
    (void)sqlite3_reset(w->followed);
    return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_db_why_sqlite(w->db, "read", why);
}

/* Whether the entry that the statement stands on was made with that number. */
static int was_made_as(struct walk *w, const struct record_audit *r, int64_t number, bool *ret,
                       struct store_why *why)
{
    char hash[AUDIT_HASH_BYTES];
    bool sound;

    if (store_audit_hash_row(w->st, number, &sound, hash))
        return store_db_why_nomem(why);
    *ret = number > 0 && number != r->id && !strcmp(hash, r->hash);
    return 0;
}

/* An entry whose hash is not that of its content: edited, or moved? What it follows tells its
 * number; where that is gone, its number is not far. */
static int tell_changed(struct walk *w, const struct record_audit *r, struct store_why *why)
{
    int64_t made = 0, by;
    bool is = false;
    int err = w->v.n_wrong < EXPLAINED_MAX ? number_when_made(w, r->prev, &made, why) : 0;

    if (!err && made)
        err = was_made_as(w, r, made, &is, why);
    for (by = -MOVED_MAX; by <= MOVED_MAX && !err && !is; by++) {
        if (w->v.n_wrong >= EXPLAINED_MAX || r->id > INT64_MAX - MOVED_MAX ||
            r->id < INT64_MIN + MOVED_MAX)
            break;
        err = was_made_as(w, r, r->id + by, &is, why);
        if (is)
            made = r->id + by;
    }
    if (err)
        return err;
    if (is)
        tell(w,
             "entry %lld is out of its place, it was made as entry %lld: entries were reordered, "
             "put in or removed",
             (long long)r->id, (long long)made);
    else
        tell(w, "entry %lld was changed", (long long)r->id);
    return 0;
}

static int take_entry(struct walk *w, struct store_why *why)
{
    int64_t before = w->v.head_number;
    struct record_audit r;
    char hash[AUDIT_HASH_BYTES];
    bool sound, gap = false;
    int err = store_rows_fill(w->st, record_table(RECORD_AUDIT), &r);

    if (err || store_audit_hash_row(w->st, r.id, &sound, hash))
        return store_db_why_nomem(why);
    if (r.id <= before) {
        tell(w, "entry %lld is there twice, or has a number that crier never gives",
             (long long)r.id);
    } else if (r.id == before + 2) {
        tell(w, "entry %lld is missing", (long long)before + 1);
        gap = true;
    } else if (r.id > before + 1) {
        tell(w, "entries %lld to %lld are missing", (long long)before + 1, (long long)r.id - 1);
        gap = true;
    }
    sound = sound && !strcmp(hash, r.hash);
    if (!sound)
        err = tell_changed(w, &r, why);
    else if (!gap && strcmp(r.prev, w->v.head) != 0 && !before)
        tell(w, "entry %lld does not begin the chain of this database", (long long)r.id);
    else if (!gap && strcmp(r.prev, w->v.head) != 0)
        tell(w, "entry %lld does not follow entry %lld, which was changed, replaced or put in",
             (long long)r.id, (long long)before);
    if (sound)
        look_for_heads(w, r.id, hash);
    w->v.entries++;
    if (r.id > before)
        w->v.head_number = r.id;
    (void)snprintf(w->v.head, sizeof w->v.head, "%s", r.hash);
    return err;
}

static void tell_heads(struct walk *w)
{
    size_t i;

    for (i = 0; i < w->n_heads; i++) {
        const struct store_audit_head *h = &w->head[i];

        if (h->found)
            continue;
        if (h->number)
            tell(w,
                 "entry %lld with head %s is not in the chain: its end was cut off or written anew",
                 (long long)h->number, h->hash);
        else
            tell(w, "head %s is not in the chain: its end was cut off or written anew", h->hash);
    }
}

static int walk(struct walk *w, struct store_why *why)
{
    int missing = 0;
    int code;
    int r = store_audit_count_triggers(w->db, &missing, why);

    if (!r)
        r = store_audit_hash_of_nothing(w->db, w->nothing, why);
    if (!r)
        r = prepare(w->db, "ORDER BY \"id\"", &w->st, why);
    if (!r && sqlite3_prepare_v2(w->db->sql, "SELECT \"id\" FROM \"audit\" WHERE \"hash\" = ?", -1,
                                 &w->followed, NULL) != SQLITE_OK)
        r = store_db_why_sqlite(w->db, "read", why);
    if (r)
        return r;
    memcpy(w->v.head, w->nothing, sizeof w->v.head);
    if (missing)
        tell(w, "the table takes changes: %d of its triggers are not as crier made them", missing);
    while ((code = sqlite3_step(w->st)) == SQLITE_ROW) {
        r = take_entry(w, why);
        if (r)
            return r;
    }
    if (code != SQLITE_DONE)
        return store_db_why_sqlite(w->db, "read", why);
    tell_heads(w);
    return 0;
}

int store_audit_verify(const struct store_audit_where *where, struct store_audit_head *head,
                       size_t n_heads, void (*wrong)(void *ctx, const char *text), void *ctx,
                       struct store_audit_verdict *ret_verdict, char *why, size_t why_size)
{
    struct walk w = {.wrong = wrong, .ctx = ctx, .head = head, .n_heads = n_heads};
    struct store_why reason = {""};
    size_t i;
    int r = open_db(where, &w.db, &reason);

    for (i = 0; i < n_heads; i++)
        head[i].found = false;
    if (n_heads)
        qsort(head, n_heads, sizeof *head, by_number);
    if (!r)
        r = walk(&w, &reason);
    if (r)
        (void)snprintf(why, why_size, "%s", reason.text);
    else
        *ret_verdict = w.v;
    (void)sqlite3_finalize(w.st);
    (void)sqlite3_finalize(w.followed);
    store_db_close(w.db);
    return r;
}
