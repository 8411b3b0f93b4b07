#include "store_audit.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "store_db_impl.h"

/* ---- the canonical form ---------------------------------------------------------------------- */

static const char form[] = "crier audit 1\n";

struct pieces {
    store_audit_piece *piece;
    void *ctx;
};

static void add_measured(const struct pieces *p, const char *text, size_t n)
{
    char length[32];
    int digits = snprintf(length, sizeof length, "%zu:", n);

    p->piece(p->ctx, length, (size_t)digits);
    p->piece(p->ctx, text, n);
    p->piece(p->ctx, ",", 1);
}

static void add_text(const struct pieces *p, const char *name, const char *text, size_t n)
{
    if (!n)
        return;
    add_measured(p, name, strlen(name));
    add_measured(p, text, n);
}

static void add_number(const struct pieces *p, const char *name, int64_t number)
{
    char digits[32];

    if (!number)
        return;
    (void)snprintf(digits, sizeof digits, "%" PRId64, number);
    add_text(p, name, digits, strlen(digits));
}

static bool is_hashed(const struct column *c)
{
    return strcmp(c->name, "hash") != 0;
}

void store_audit_canonical(const struct record_audit *r, store_audit_piece *piece, void *ctx)
{
    const struct table *table = record_table(RECORD_AUDIT);
    const struct pieces p = {piece, ctx};
    size_t i;

    piece(ctx, form, sizeof form - 1);
    for (i = 0; i < table->n_columns; i++) {
        const struct column *c = &table->column[i];
        const char *field = (const char *)r + c->offset;
        const char *text;
        int64_t number;

        if (!is_hashed(c))
            continue;
        switch (c->type) {
        case COLUMN_INT64:
            memcpy(&number, field, sizeof number);
            add_number(&p, c->name, number);
            break;
        case COLUMN_TEXT:
            memcpy(&text, field, sizeof text);
            add_text(&p, c->name, text ? text : "", text ? strlen(text) : 0);
            break;
        }
    }
}

/* ---- SHA-256 --------------------------------------------------------------------------------- */

struct digest {
    EVP_MD_CTX *ctx; /* NULL: it could not be begun */
    bool bad;
};

static void digest_begin(struct digest *d)
{
    d->ctx = EVP_MD_CTX_new();
    d->bad = !d->ctx || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1;
}

static void digest_piece(void *ctx, const void *bytes, size_t n)
{
    struct digest *d = ctx;

    if (!d->bad && EVP_DigestUpdate(d->ctx, bytes, n) != 1)
        d->bad = true;
}

/* All of it can only fail for want of memory. */
static int digest_end(struct digest *d, char ret_hex[AUDIT_HASH_BYTES])
{
    static const char digit[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0, i;

    if (!d->bad && EVP_DigestFinal_ex(d->ctx, bytes, &n) != 1)
        d->bad = true;
    EVP_MD_CTX_free(d->ctx);
    if (d->bad || n * 2 + 1 != AUDIT_HASH_BYTES)
        return CRIER_ENOMEM;
    for (i = 0; i < n; i++) {
        ret_hex[2 * i] = digit[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digit[bytes[i] & 15];
    }
    ret_hex[2 * n] = '\0';
    return 0;
}

int store_audit_hash(const struct record_audit *r, char ret_hex[AUDIT_HASH_BYTES])
{
    struct digest d;

    digest_begin(&d);
    store_audit_canonical(r, digest_piece, &d);
    return digest_end(&d, ret_hex);
}

int store_audit_hash_row(sqlite3_stmt *st, int64_t number, bool *ret_sound,
                         char ret_hex[AUDIT_HASH_BYTES])
{
    const struct table *table = record_table(RECORD_AUDIT);
    struct digest d;
    const struct pieces p = {digest_piece, &d};
    bool sound = true;
    size_t i;

    digest_begin(&d);
    digest_piece(&d, form, sizeof form - 1);
    for (i = 0; i < table->n_columns; i++) {
        const struct column *c = &table->column[i];
        int k = (int)i;
        const char *text;

        sound = sound && sqlite3_column_type(st, k) ==
                             (c->type == COLUMN_TEXT ? SQLITE_TEXT : SQLITE_INTEGER);
        if (!is_hashed(c)) { /* whoever compares it as a string has seen all of it then */
            sound = sound && sqlite3_column_bytes(st, k) == AUDIT_HASH_BYTES - 1;
            continue;
        }
        switch (c->type) {
        case COLUMN_INT64:
            add_number(&p, c->name, i ? sqlite3_column_int64(st, k) : number);
            break;
        case COLUMN_TEXT:
            text = (const char *)sqlite3_column_text(st, k);
            if (text) /* with whatever is behind a NUL in it */
                add_text(&p, c->name, text, (size_t)sqlite3_column_bytes(st, k));
            else
                d.bad = d.bad || sqlite3_column_type(st, k) != SQLITE_NULL;
            break;
        }
    }
    *ret_sound = sound;
    return digest_end(&d, ret_hex);
}

int store_audit_hash_of_nothing(struct store_db *db, char ret_hex[AUDIT_HASH_BYTES],
                                struct store_why *why)
{
    sqlite3_stmt *st = NULL;
    struct digest d;
    const struct pieces p = {digest_piece, &d};
    const char *instance;
    int r = 0;

    if (sqlite3_prepare_v2(db->sql, "SELECT \"instance\" FROM \"meta\" WHERE \"id\" = 1", -1, &st,
                           NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        r = store_db_why_sqlite(db, "read", why);
        goto out;
    }
    instance = (const char *)sqlite3_column_text(st, 0);
    if (!instance) {
        r = store_db_why_nomem(why);
        goto out;
    }
    digest_begin(&d);
    digest_piece(&d, form, sizeof form - 1);
    add_text(&p, "instance", instance, (size_t)sqlite3_column_bytes(st, 0));
    if (digest_end(&d, ret_hex))
        r = store_db_why_nomem(why);
out:
    (void)sqlite3_finalize(st);
    return r;
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* Also against INSERT OR REPLACE, which asks no trigger of DELETE. */
static const char *const triggers[] = {
    "audit_no_update BEFORE UPDATE ON \"audit\" BEGIN "
    "SELECT RAISE(ABORT, 'the audit is only ever added to'); END",
    "audit_no_delete BEFORE DELETE ON \"audit\" BEGIN "
    "SELECT RAISE(ABORT, 'the audit is only ever added to'); END",
    "audit_at_end BEFORE INSERT ON \"audit\" "
    "WHEN NEW.\"id\" IS NOT (SELECT coalesce(max(\"id\"), 0) + 1 FROM \"audit\") BEGIN "
    "SELECT RAISE(ABORT, 'the audit is only ever added to'); END",
};

enum { N_TRIGGERS = sizeof triggers / sizeof triggers[0] };

void store_audit_add_triggers(struct buf *b)
{
    size_t i;

    for (i = 0; i < N_TRIGGERS; i++)
        buf_addf(b, "CREATE TRIGGER IF NOT EXISTS %s;\n", triggers[i]);
}

/* SQLite keeps the words from the name on as they were given. */
int store_audit_count_triggers(struct store_db *db, int *ret_missing, struct store_why *why)
{
    sqlite3_stmt *st = NULL;
    size_t i;
    int r = 0, missing = 0;

    if (sqlite3_prepare_v2(db->sql,
                           "SELECT 1 FROM sqlite_schema WHERE \"type\" = 'trigger' AND \"sql\" = "
                           "'CREATE TRIGGER ' || ?",
                           -1, &st, NULL) != SQLITE_OK)
        r = store_db_why_sqlite(db, "read", why);
    for (i = 0; i < N_TRIGGERS && !r; i++) {
        int code = SQLITE_ERROR;

        if (sqlite3_bind_text(st, 1, triggers[i], -1, SQLITE_STATIC) == SQLITE_OK)
            code = sqlite3_step(st);
        if (code == SQLITE_DONE)
            missing++;
        else if (code != SQLITE_ROW)
            r = store_db_why_sqlite(db, "read", why);
        (void)sqlite3_reset(st);
    }
    (void)sqlite3_finalize(st);
    if (!r)
        *ret_missing = missing;
    return r;
}

int store_audit_prepare(struct store_db *db, struct store_why *why)
{
    const struct table *table = record_table(RECORD_AUDIT);
    struct buf b;
    size_t i;
    int r = 0;

    buf_init(&b, STORE_SQL_BYTES_MAX);
    buf_adds(&b, "INSERT INTO \"audit\" (");
    for (i = 0; i < table->n_columns; i++)
        buf_addf(&b, "%s\"%s\"", i ? ", " : "", table->column[i].name);
    buf_adds(&b, ") VALUES (");
    for (i = 0; i < table->n_columns; i++)
        buf_adds(&b, i ? ", ?" : "?");
    buf_addc(&b, ')');
    if (buf_error(&b))
        r = store_db_why_nomem(why);
    else if (sqlite3_prepare_v3(db->sql, buf_str(&b), -1, SQLITE_PREPARE_PERSISTENT,
                                &db->put[RECORD_AUDIT], NULL) != SQLITE_OK)
        r = store_db_why_sqlite(db, "use", why);
    buf_finish(&b);
    return r;
}

/* The last entry; of a chain that somebody has spoilt whatever is there. */
static int read_end(struct store_db *db, int64_t *ret_number, char ret_hash[AUDIT_HASH_BYTES],
                    struct store_why *why)
{
    sqlite3_stmt *st = NULL;
    const char *hash;
    int code = SQLITE_ERROR;
    int r = 0;

    if (sqlite3_prepare_v2(db->sql,
                           "SELECT \"id\", \"hash\" FROM \"audit\" ORDER BY \"id\" DESC LIMIT 1",
                           -1, &st, NULL) == SQLITE_OK)
        code = sqlite3_step(st);
    if (code == SQLITE_DONE) {
        *ret_number = 0;
        r = store_audit_hash_of_nothing(db, ret_hash, why);
    } else if (code != SQLITE_ROW) {
        r = store_db_why_sqlite(db, "read", why);
    } else if (!(hash = (const char *)sqlite3_column_text(st, 1))) {
        r = store_db_why_nomem(why);
    } else {
        *ret_number = sqlite3_column_int64(st, 0);
        (void)snprintf(ret_hash, AUDIT_HASH_BYTES, "%s", hash);
        if (*ret_number == INT64_MAX)
            r = store_db_why_damaged(db, "its audit has no number left", why);
    }
    (void)sqlite3_finalize(st);
    return r;
}

/* A number and a place in the chain are only ever taken in the transaction that writes the entry: a
 * commit that failed has taken none, and the next try begins at the end that there is then. */
int store_audit_add(struct store_db *db, const struct batch *batch, struct store_seal *ret_seal,
                    struct store_why *why)
{
    char prev[AUDIT_HASH_BYTES] = "", hash[AUDIT_HASH_BYTES] = "";
    sqlite3_stmt *st = db->put[RECORD_AUDIT];
    int64_t number = 0;
    size_t i, n = 0;
    int r = read_end(db, &number, prev, why);

    for (i = 0; i < batch->n && !r; i++) {
        struct record_audit row;

        if (batch->item[i].op != CHANGE_ADD)
            continue;
        row = *(const struct record_audit *)batch->item[i].record;
        if (ret_seal)
            ret_seal[n].key = row.id;
        row.id = ++number;
        row.live = 0;
        row.prev = prev;
        row.hash = hash;
        if (store_audit_hash(&row, hash))
            r = store_db_why_nomem(why);
        else if (store_rows_bind(st, RECORD_AUDIT, &row) != SQLITE_OK ||
                 sqlite3_step(st) != SQLITE_DONE)
            r = store_db_why_sqlite(db, "write", why);
        (void)sqlite3_reset(st);
        (void)sqlite3_clear_bindings(st);
        memcpy(prev, hash, sizeof prev);
        if (ret_seal) {
            ret_seal[n].number = number;
            memcpy(ret_seal[n++].hash, hash, sizeof hash);
        }
    }
    return r;
}
