/* The chain of the audit: what it is made of, and that whatever is done to it shows. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "store_audit.h"
#include "store_backup.h"
#include "store_bench.h"
#include "store_db.h"

enum { ENTRIES = 5 };

#define DROP_TRIGGERS \
    "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER audit_at_end;"

/* ---- an audit with some entries -------------------------------------------------------------- */

static void add_entry(struct batch *batch, int64_t key)
{
    char action[] = "confirm", person[] = "deployer1", network[] = "net", account[] = "Deployer1",
         nick[] = "d1", userhost[] = "d@cloak/deployer1", place[] = "net/#ops",
         said[] = "!status confirm 1.2", step[] = "investigating", impact[] = "major",
         components[] = "partial outage Editing\n", title[] = "Errors", body[] = "We look.",
         line[] = "confirm 1.2 by deployer1 at net/#ops";
    struct record_audit r = {.id = key,
                             .wall_ms = 1673980495000 + key,
                             .incident = 1,
                             .revision = key,
                             .action = action,
                             .person = person,
                             .network = network,
                             .account = account,
                             .nick = nick,
                             .userhost = userhost,
                             .place = place,
                             .said = said,
                             .step = step,
                             .impact = impact,
                             .components = components,
                             .title = title,
                             .body = body,
                             .line = line};

    batch_add(batch, RECORD_AUDIT, &r);
}

/* Opens the store, commits entries with keys from..to in one batch, and closes it. */
static void commit_entries(struct bench *b, int64_t from, int64_t to)
{
    struct batch batch;
    size_t before = b->n;
    int64_t key;

    bench_must_open(b);
    batch_init(&batch);
    for (key = from; key <= to; key++)
        add_entry(&batch, key);
    assert_int_equal(batch.n_added, to - from + 1);
    assert_int_equal(b->port.commit(b->port.ctx, &batch, 1), 0);
    assert_true(bench_wait_for(b, before + 1));
    assert_int_equal(b->err[before], 0);
    batch_finish(&batch);
    bench_must_close(b);
}

/* ---- looking ----------------------------------------------------------------------------------
 */

struct findings {
    char text[20][300];
    size_t n;
    struct store_audit_verdict v;
};

static void take_wrong(void *ctx, const char *text)
{
    struct findings *f = ctx;

    assert_null(strpbrk(text, "\r\n"));
    if (f->n < 20)
        (void)snprintf(f->text[f->n++], sizeof f->text[0], "%s", text);
}

static void verify_at(const struct store_audit_where *where, struct store_audit_head *head,
                      size_t n_heads, struct findings *f)
{
    char why[512] = "";

    memset(f, 0, sizeof *f);
    if (store_audit_verify(where, head, n_heads, take_wrong, f, &f->v, why, sizeof why))
        fail_msg("%s", why);
    if (f->n < 20)
        assert_int_equal(f->v.n_wrong, f->n);
}

static void verify(const struct bench *b, struct store_audit_head *head, size_t n_heads,
                   struct findings *f)
{
    struct store_audit_where where = {.dir = b->dir};

    verify_at(&where, head, n_heads, f);
}

static bool tells(const struct findings *f, const char *text)
{
    size_t i;

    for (i = 0; i < f->n; i++)
        if (strstr(f->text[i], text))
            return true;
    return false;
}

static void must_tell(const struct findings *f, const char *text, const char *after)
{
    size_t i;

    if (tells(f, text))
        return;
    for (i = 0; i < f->n; i++)
        print_message("  told: %s\n", f->text[i]);
    fail_msg("not told: %s, after %s", text, after);
}

static struct store_audit_head head_of(const struct store_seal *seal, int64_t number, int digits)
{
    struct store_audit_head head = {.number = number};

    (void)snprintf(head.hash, sizeof head.hash, "%.*s", digits, seal->hash);
    return head;
}

/* ---- the canonical form -----------------------------------------------------------------------
 */

static void keep_piece(void *ctx, const void *bytes, size_t n)
{
    buf_add(ctx, bytes, n);
}

static void canonical(struct buf *b, const struct record_audit *r)
{
    buf_init(b, 10000);
    store_audit_canonical(r, keep_piece, b);
    assert_int_equal(buf_error(b), 0);
}

static void the_canonical_form_is_as_documented(void **state)
{
    char person[] = "deployer1", said[] = "a,b:1\n", hash[] = "not in it";
    struct record_audit r = {.id = 12, .wall_ms = -5, .person = person, .said = said, .hash = hash};
    struct buf b;

    (void)state;
    canonical(&b, &r);
    assert_string_equal(buf_str(&b), "crier audit 1\n2:id,2:12,7:wall_ms,2:-5,"
                                     "6:person,9:deployer1,4:said,6:a,b:1\n,");
    buf_finish(&b);
}

/* Text moved over the border of two columns, or made to look like a column, is another form. */
static void no_two_entries_have_the_same_form(void **state)
{
    static const char *const texts[] = {"",          "a",        "ab",          "b",
                                        "1:a,",      "2:ab,",    ",",           "4:line,1:a,",
                                        "a,4:line,", "5:title,", "1:a,4:body,", "0:,"};
    enum { N = sizeof texts / sizeof *texts };
    struct buf form[N * N];
    size_t i, k;

    (void)state;
    for (i = 0; i < (size_t)N * N; i++) {
        char title[20], body[20];
        struct record_audit r = {.id = 1, .title = title, .body = body};

        (void)snprintf(title, sizeof title, "%s", texts[i / N]);
        (void)snprintf(body, sizeof body, "%s", texts[i % N]);
        canonical(&form[i], &r);
        for (k = 0; k < i; k++)
            assert_string_not_equal(buf_str(&form[i]), buf_str(&form[k]));
    }
    for (i = 0; i < (size_t)N * N; i++)
        buf_finish(&form[i]);
}

/* ---- adding ------------------------------------------------------------------------------------
 */

static int check_chain(void *ctx, const struct record_audit *r)
{
    struct store_seal *before = ctx;
    char hash[AUDIT_HASH_BYTES];

    assert_int_equal(r->id, before->number + 1);
    assert_int_equal(r->live, 0);
    assert_int_equal(r->revision, r->id);
    assert_int_equal(store_audit_hash(r, hash), 0);
    assert_string_equal(r->hash, hash);
    if (before->number)
        assert_string_equal(r->prev, before->hash);
    before->number = r->id;
    memcpy(before->hash, hash, sizeof hash);
    return 0;
}

static void entries_are_numbered_and_chained_over_starts(void **state)
{
    struct bench *b = *state;
    struct store_audit_where where = {.dir = b->dir};
    struct store_audit_query query = {0};
    struct store_seal last = {0};
    struct findings f;
    char why[512];
    size_t i;

    commit_entries(b, 1, 2);
    commit_entries(b, 3, ENTRIES);
    assert_int_equal(b->n_seals, ENTRIES);
    for (i = 0; i < ENTRIES; i++) {
        assert_int_equal(b->seal[i].key, i + 1);
        assert_int_equal(b->seal[i].number, i + 1);
        assert_int_equal(strlen(b->seal[i].hash), AUDIT_HASH_BYTES - 1);
    }
    assert_int_equal(store_audit_read(&where, &query, check_chain, &last, why, sizeof why), 0);
    assert_int_equal(last.number, ENTRIES);
    verify(b, NULL, 0, &f);
    assert_int_equal(f.v.n_wrong, 0);
    assert_int_equal(f.v.entries, ENTRIES);
    assert_int_equal(f.v.head_number, ENTRIES);
    assert_string_equal(f.v.head, b->seal[ENTRIES - 1].hash);
    assert_string_equal(f.v.head, last.hash);
}

static int count_row(void *ctx, const struct record_audit *r)
{
    (void)r;
    ++*(int *)ctx;
    return 0;
}

static void reading_takes_a_time_and_an_incident(void **state)
{
    static const struct {
        struct store_audit_query query;
        int want;
    } cases[] = {{{0, 0}, ENTRIES},
                 {{1673980495000 + 4, 0}, 2},
                 {{0, 1}, ENTRIES},
                 {{0, 2}, 0},
                 {{1673980495000 + 6, 1}, 0}};
    struct bench *b = *state;
    struct store_audit_where where = {.dir = b->dir};
    char why[512];
    size_t i;

    commit_entries(b, 1, ENTRIES);
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n = 0;

        assert_int_equal(store_audit_read(&where, &cases[i].query, count_row, &n, why, sizeof why),
                         0);
        assert_int_equal(n, cases[i].want);
    }
}

/* What was applied and taken back has taken no number and no place in the chain. */
static void a_commit_that_failed_takes_no_number(void **state)
{
    struct bench *b = *state;
    struct store_seal first[2] = {{0}}, again[2] = {{0}};
    struct store_why why;
    struct store_db *db = NULL;
    struct batch batch;
    struct findings f;

    commit_entries(b, 1, 1);
    assert_int_equal(store_db_open(b->dir, false, store_migrations, &db, &why), 0);
    batch_init(&batch);
    add_entry(&batch, 2);
    add_entry(&batch, 3);
    assert_int_equal(store_db_begin(db, &why), 0);
    assert_int_equal(store_db_apply(db, &batch, first, &why), 0);
    store_db_rollback(db);
    assert_int_equal(store_db_begin(db, &why), 0);
    assert_int_equal(store_db_apply(db, &batch, again, &why), 0);
    assert_int_equal(store_db_commit(db, &why), 0);
    batch_finish(&batch);
    store_db_close(db);
    assert_int_equal(again[1].number, 3);
    assert_string_equal(again[1].hash, first[1].hash);
    verify(b, NULL, 0, &f);
    assert_int_equal(f.v.n_wrong, 0);
    assert_int_equal(f.v.entries, 3);
}

/* Two turns whose rows were gathered in one batch keep all their entries. */
static void batches_that_are_merged_lose_no_entry(void **state)
{
    struct batch a, c;
    size_t i, n = 0;

    (void)state;
    batch_init(&a);
    batch_init(&c);
    for (i = 0; i < 20; i++) {
        add_entry(&a, 1);
        bench_put_sample(&a, RECORD_SHOWN, (int64_t)i, 1, 1);
        add_entry(&c, 1);
        bench_put_sample(&c, RECORD_SHOWN, (int64_t)i, 1, 2);
    }
    batch_append(&a, &c);
    assert_int_equal(a.err, 0);
    assert_int_equal(a.n_added, 40);
    assert_int_equal(a.n, 60);
    for (i = 0; i < a.n; i++)
        n += a.item[i].op == CHANGE_ADD;
    assert_int_equal(n, 40);
    batch_finish(&a);
    batch_finish(&c);
}

static void an_older_database_begins_its_chain(void **state)
{
    struct bench *b = *state;
    struct store_audit_where where = {.dir = b->dir};
    struct store_audit_query query = {0};
    struct findings f;
    char why[512] = "";
    int n = 0;

    bench_must_open(b);
    bench_must_close(b);
    bench_run_sql(b, "DROP TABLE audit; PRAGMA user_version = 2");
    assert_int_equal(store_audit_read(&where, &query, count_row, &n, why, sizeof why),
                     CRIER_EVERSION);
    assert_non_null(strstr(why, "no audit"));
    commit_entries(b, 1, 2);
    verify(b, NULL, 0, &f);
    assert_int_equal(f.v.n_wrong, 0);
    assert_int_equal(f.v.entries, 2);
}

static void a_backup_carries_the_chain(void **state)
{
    struct bench *b = *state;
    char *copy = bench_path(b, "copy.db");
    struct store_audit_where where = {.file = copy};
    struct store_audit_head head;
    struct findings f;
    char why[512];
    int64_t bytes;

    commit_entries(b, 1, ENTRIES);
    assert_int_equal(store_backup(b->dir, copy, &bytes, why, sizeof why), 0);
    head = head_of(&b->seal[ENTRIES - 1], ENTRIES, 64);
    verify_at(&where, &head, 1, &f);
    assert_int_equal(f.v.n_wrong, 0);
    assert_int_equal(f.v.entries, ENTRIES);
    free(copy);
}

/* ---- what is done to it ------------------------------------------------------------------------
 */

static int try_sql(const struct bench *b, const char *sql)
{
    char *path = bench_path(b, "crier.db");
    sqlite3 *db = NULL;
    int code;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL), SQLITE_OK);
    code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(path);
    return code;
}

static void the_table_takes_no_change(void **state)
{
    static const char *const tries[] = {
        "UPDATE audit SET person = 'somebody' WHERE id = 2",
        "DELETE FROM audit WHERE id = 5",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (id, action) VALUES (5, 'confirm')",
        "INSERT INTO audit (id, action) VALUES (9, 'confirm')",
        "INSERT INTO audit (id, action) VALUES (0, 'confirm')",
        "REPLACE INTO audit SELECT * FROM audit WHERE id = 3",
    };
    struct bench *b = *state;
    struct findings f;
    size_t i;

    commit_entries(b, 1, ENTRIES);
    for (i = 0; i < sizeof tries / sizeof *tries; i++)
        if (try_sql(b, tries[i]) == SQLITE_OK)
            fail_msg("it took: %s", tries[i]);
    verify(b, NULL, 0, &f);
    assert_int_equal(f.v.n_wrong, 0);
    assert_int_equal(f.v.entries, ENTRIES);
}

/* A fresh copy of the same audit for each thing that is done to it. */
static void tamper(struct bench *b, const struct image *image, const char *sql)
{
    bench_write_image(b, "crier.db", image->bytes, image->n);
    if (try_sql(b, sql) != SQLITE_OK)
        fail_msg("SQLite does not take: %s", sql);
}

static struct image make_image(struct bench *b)
{
    commit_entries(b, 1, ENTRIES);
    return bench_read_image(b, "crier.db");
}

static void an_edit_of_any_column_is_found(void **state)
{
    const struct table *table = record_table(RECORD_AUDIT);
    struct bench *b = *state;
    struct image image = make_image(b);
    struct findings f;
    size_t i;

    for (i = 1; i < table->n_columns; i++) {
        static const char *const forms[] = {"'other'", "''", "\"%s\" || char(0) || 'x'",
                                            "\"%s\" || ' '"};
        const struct column *c = &table->column[i];
        size_t k;

        for (k = 0; k < sizeof forms / sizeof *forms; k++) {
            char value[100], sql[400];

            (void)snprintf(value, sizeof value, forms[k], c->name);
            if (c->type == COLUMN_INT64)
                (void)snprintf(value, sizeof value, "%zu", 1000 + k);
            (void)snprintf(sql, sizeof sql,
                           DROP_TRIGGERS "UPDATE audit SET \"%s\" = %s WHERE id = 3", c->name,
                           value);
            tamper(b, &image, sql);
            verify(b, NULL, 0, &f);
            must_tell(&f, "entry 3 was changed", sql);
            must_tell(&f, "3 of its triggers", sql);
        }
    }
    free(image.bytes);
}

static void what_is_done_to_the_chain_is_found(void **state)
{
    static const struct {
        const char *sql;
        const char *told;
    } cases[] = {
        {"DELETE FROM audit WHERE id = 3", "entry 3 is missing"},
        {"DELETE FROM audit WHERE id IN (2, 3, 4)", "entries 2 to 4 are missing"},
        {"DELETE FROM audit WHERE id = 1", "entry 1 is missing"},
        {"DELETE FROM audit WHERE id = 3; UPDATE audit SET id = id - 1 WHERE id > 3",
         "entry 3 is out of its place, it was made as entry 4"},
        {"UPDATE audit SET id = 99 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3;"
         "UPDATE audit SET id = 3 WHERE id = 99",
         "entry 2 is out of its place, it was made as entry 3"},
        {"UPDATE audit SET id = id + 1000 WHERE id > 2; UPDATE audit SET id = id - 999 WHERE id > "
         "1000; INSERT INTO audit (id, action) VALUES (3, 'confirm')",
         "entry 4 is out of its place, it was made as entry 3"},
        {"INSERT INTO audit (id, action, prev, hash) SELECT 6, action, hash, prev FROM audit WHERE "
         "id = 5",
         "entry 6 was changed"},
        {"INSERT INTO audit (id, action) VALUES (-7, 'confirm')", "number that crier never gives"},
        {"INSERT INTO audit (id, action) VALUES (0, 'confirm')", "number that crier never gives"},
        {"UPDATE audit SET hash = (SELECT hash FROM audit WHERE id = 2) WHERE id = 3",
         "entry 3 was changed"},
        {"UPDATE meta SET instance = '0000000000000000'",
         "entry 1 does not begin the chain of this database"},
    };
    struct bench *b = *state;
    struct image image = make_image(b);
    struct findings f;
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[600];

        (void)snprintf(sql, sizeof sql, "%s%s", DROP_TRIGGERS, cases[i].sql);
        tamper(b, &image, sql);
        verify(b, NULL, 0, &f);
        must_tell(&f, cases[i].told, cases[i].sql);
    }
    free(image.bytes);
}

static void triggers_that_do_nothing_are_found(void **state)
{
    struct bench *b = *state;
    struct image image = make_image(b);
    struct findings f;

    tamper(b, &image,
           "DROP TRIGGER audit_no_update;"
           "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT 1; END");
    verify(b, NULL, 0, &f);
    must_tell(&f, "1 of its triggers", "a trigger that does nothing");
    tamper(b, &image, DROP_TRIGGERS);
    commit_entries(b, 6, 6); /* the next start makes them again */
    verify(b, NULL, 0, &f);
    assert_int_equal(f.v.n_wrong, 0);
    free(image.bytes);
}

static void a_cut_tail_is_found_by_a_head(void **state)
{
    struct bench *b = *state;
    struct image image = make_image(b);
    struct store_audit_head head[3];
    struct findings f;

    head[0] = head_of(&b->seal[4], 0, 64);
    head[1] = head_of(&b->seal[1], 2, 64);
    head[2] = head_of(&b->seal[3], 0, 16);
    verify(b, head, 3, &f);
    assert_int_equal(f.v.n_wrong, 0);
    tamper(b, &image,
           DROP_TRIGGERS "DELETE FROM audit WHERE id > 3;" /* and put back as they were: */
                         "CREATE TRIGGER unused AFTER UPDATE ON meta BEGIN SELECT 1; END");
    bench_must_open(b); /* which makes the triggers again: nothing but the heads can tell */
    bench_must_close(b);
    verify(b, NULL, 0, &f);
    assert_int_equal(f.v.n_wrong, 0);
    head[0] = head_of(&b->seal[4], 0, 64);
    head[1] = head_of(&b->seal[1], 2, 64);
    head[2] = head_of(&b->seal[3], 4, 64);
    verify(b, head, 3, &f);
    assert_int_equal(f.v.n_wrong, 2);
    must_tell(&f, b->seal[4].hash, "a cut tail");
    must_tell(&f, "entry 4 with head", "a cut tail");
    free(image.bytes);
}

static void a_head_at_another_number_is_not_found(void **state)
{
    struct bench *b = *state;
    struct store_audit_head head;
    struct findings f;

    commit_entries(b, 1, ENTRIES);
    head = head_of(&b->seal[2], 4, 64);
    verify(b, &head, 1, &f);
    must_tell(&f, "entry 4 with head", "a head at another number");
}

/* Somebody who knows the form edits an entry and makes all hashes behind it anew. */
static void write_anew(const struct bench *b, int64_t from)
{
    char *path = bench_path(b, "crier.db");
    char prev[AUDIT_HASH_BYTES] = "";
    sqlite3_stmt *get = NULL, *set = NULL;
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, DROP_TRIGGERS "UPDATE audit SET person = 'x' WHERE id = 3",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (; from <= ENTRIES; from++) {
        const struct table *table = record_table(RECORD_AUDIT);
        struct record_audit r;
        char hash[AUDIT_HASH_BYTES];
        size_t i;

        assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM audit WHERE id = ?", -1, &get, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_bind_int64(get, 1, from), SQLITE_OK);
        assert_int_equal(sqlite3_step(get), SQLITE_ROW);
        for (i = 0; i < table->n_columns; i++) {
            char *field = (char *)&r + table->column[i].offset;
            int64_t number = sqlite3_column_int64(get, (int)i);
            const unsigned char *text = sqlite3_column_text(get, (int)i);

            if (table->column[i].type == COLUMN_TEXT)
                memcpy(field, &text, sizeof text);
            else
                memcpy(field, &number, sizeof number);
        }
        if (prev[0])
            r.prev = prev;
        assert_int_equal(store_audit_hash(&r, hash), 0);
        assert_int_equal(sqlite3_prepare_v2(db, "UPDATE audit SET prev = ?, hash = ? WHERE id = ?",
                                            -1, &set, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_bind_text(set, 1, r.prev, -1, SQLITE_TRANSIENT), SQLITE_OK);
        assert_int_equal(sqlite3_bind_text(set, 2, hash, -1, SQLITE_TRANSIENT), SQLITE_OK);
        assert_int_equal(sqlite3_bind_int64(set, 3, from), SQLITE_OK);
        (void)sqlite3_finalize(get);
        assert_int_equal(sqlite3_step(set), SQLITE_DONE);
        (void)sqlite3_finalize(set);
        memcpy(prev, hash, sizeof prev);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(path);
}

static void a_chain_written_anew_is_found_by_a_head(void **state)
{
    struct bench *b = *state;
    struct store_audit_head head[2];
    struct findings f;

    commit_entries(b, 1, ENTRIES);
    write_anew(b, 3);
    bench_must_open(b); /* the triggers are there again */
    bench_must_close(b);
    verify(b, NULL, 0, &f);
    assert_int_equal(f.v.n_wrong, 0); /* a chain alone cannot know */
    assert_int_equal(f.v.entries, ENTRIES);
    head[0] = head_of(&b->seal[1], 2, 64); /* of before it is still true */
    head[1] = head_of(&b->seal[ENTRIES - 1], ENTRIES, 64);
    verify(b, head, 2, &f);
    assert_int_equal(f.v.n_wrong, 1);
    must_tell(&f, "entry 5 with head", "a chain written anew");
}

static void hostile_text_makes_no_second_line(void **state)
{
    struct bench *b = *state;
    struct image image = make_image(b);
    struct findings f;

    tamper(b, &image,
           DROP_TRIGGERS "UPDATE audit SET hash = char(27) || '[2J' || char(10), "
                         "prev = char(10) || char(7) WHERE id = 5");
    verify(b, NULL, 0, &f); /* take_wrong() looks */
    must_tell(&f, "entry 5 was changed", "hostile text");
    free(image.bytes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canonical_form_is_as_documented),
        cmocka_unit_test(no_two_entries_have_the_same_form),
        TEST(entries_are_numbered_and_chained_over_starts),
        TEST(reading_takes_a_time_and_an_incident),
        TEST(a_commit_that_failed_takes_no_number),
        cmocka_unit_test(batches_that_are_merged_lose_no_entry),
        TEST(an_older_database_begins_its_chain),
        TEST(a_backup_carries_the_chain),
        TEST(the_table_takes_no_change),
        TEST(an_edit_of_any_column_is_found),
        TEST(what_is_done_to_the_chain_is_found),
        TEST(triggers_that_do_nothing_are_found),
        TEST(a_cut_tail_is_found_by_a_head),
        TEST(a_head_at_another_number_is_not_found),
        TEST(a_chain_written_anew_is_found_by_a_head),
        TEST(hostile_text_makes_no_second_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
