#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "chronicle.h"
#include "err.h"
#include "sample_records.h"
#include "store_bench.h"
#include "store_db.h"
#include "store_lock.h"

/* ---- tests: what is kept --------------------------------------------------------------------- */

static void a_new_database_has_an_identity(void **state)
{
    static const char *const names[] = {"crier.db", "crier.lock"};
    struct bench *b = *state;
    const struct record_meta *meta;
    struct loaded *l;
    struct stat st;
    char instance[32];
    size_t i;

    bench_must_open(b);
    assert_int_equal(stat(b->dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    for (i = 0; i < 2; i++) {
        char *path = bench_path(b, names[i]);

        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        free(path);
    }
    l = bench_load(b);
    assert_int_equal(l->n, 1);
    meta = loaded_find(l, RECORD_META, 1);
    assert_non_null(meta);
    assert_int_equal(meta->next_incident, 1);
    assert_int_equal(meta->next_row, 1);
    assert_int_equal(strlen(meta->instance), 16);
    assert_int_equal(strspn(meta->instance, "0123456789abcdef"), 16);
    (void)snprintf(instance, sizeof instance, "%s", meta->instance);
    loaded_destroy(l);
    bench_must_close(b);

    bench_must_open(b); /* and keeps it */
    l = bench_load(b);
    meta = loaded_find(l, RECORD_META, 1);
    assert_string_equal(meta->instance, instance);
    loaded_destroy(l);
}

static void every_column_comes_back(void **state)
{
    enum { SEEDS = 12 };
    struct bench *b = *state;
    struct loaded *l;
    struct batch batch;
    unsigned seed;
    size_t i, want = 0;
    int t;

    bench_must_open(b);
    batch_init(&batch);
    for (t = RECORD_INCIDENT; t < RECORD_TABLES; t++)
        for (seed = 0; seed < SEEDS && t != RECORD_AUDIT; seed++) { /* see test_store_audit */
            bench_put_sample(&batch, (enum record_table)t, 100 - (int64_t)seed, seed % 3 != 0,
                             seed);
            want += seed % 3 != 0;
        }
    assert_int_equal(b->port.commit(b->port.ctx, &batch, 1), 0);
    assert_true(bench_wait_for(b, 1));
    assert_int_equal(b->err[0], 0);
    bench_must_close(b);
    bench_must_open(b);
    l = bench_load(b);
    assert_int_equal(l->n, want + 1); /* and meta */
    for (i = 1; i < l->n; i++) {
        enum record_table table = l->row[i].table;
        int64_t id = record_id(l->row[i].record);
        void *sample = sample_record(table, id, 1, (unsigned)(100 - id));

        if (!sample_equal(table, sample, l->row[i].record))
            fail_msg("%s %d differs", record_table(table)->name, (int)id);
        record_destroy(table, sample);
        /* Tables in their order, rows by id. */
        assert_true(table > l->row[i - 1].table ||
                    (table == l->row[i - 1].table && id > record_id(l->row[i - 1].record)));
    }
    loaded_destroy(l);
    batch_finish(&batch);
}

static void reading_ends_when_the_reader_says_so(void **state)
{
    struct bench *b = *state;
    struct loaded *l = calloc(1, sizeof *l);

    bench_must_open(b);
    bench_commit_shown(b, 1, 1);
    bench_commit_shown(b, 2, 2);
    assert_true(bench_wait_for(b, 2));
    l->stop_after = 2;
    assert_int_equal(b->port.load(b->port.ctx, loaded_keep, l), CRIER_EAGAIN);
    assert_int_equal(l->n, 2);
    loaded_destroy(l);
}

static void rows_are_replaced_and_deleted(void **state)
{
    struct bench *b = *state;
    struct loaded *l;
    struct batch batch;
    void *want;

    bench_must_open(b);
    batch_init(&batch);
    bench_put_sample(&batch, RECORD_ALERT, 1, 1, 1);
    bench_put_sample(&batch, RECORD_ALERT, 2, 1, 2);
    bench_put_sample(&batch, RECORD_ALERT, 3, 1, 3);
    bench_put_sample(&batch, RECORD_ALERT, 1, 1, 4); /* coalesced */
    assert_int_equal(b->port.commit(b->port.ctx, &batch, 1), 0);
    bench_put_sample(&batch, RECORD_ALERT, 2, 1, 5); /* replaced by a later batch */
    batch_delete(&batch, RECORD_ALERT, 3);
    batch_delete(&batch, RECORD_ALERT, 99); /* never was */
    bench_put_sample(&batch, RECORD_DEPLOY, 4, 1, 6);
    bench_put_sample(&batch, RECORD_DEPLOY, 5, 1, 6);
    assert_int_equal(b->port.commit(b->port.ctx, &batch, 2), 0);
    bench_put_sample(&batch, RECORD_DEPLOY, 5, 0, 6); /* stays, but is not loaded any more */
    assert_int_equal(b->port.commit(b->port.ctx, &batch, 3), 0);
    assert_true(bench_wait_for(b, 3));
    l = bench_load(b);
    assert_int_equal(l->n, 4);
    want = sample_record(RECORD_ALERT, 1, 1, 4);
    assert_true(sample_equal(RECORD_ALERT, loaded_find(l, RECORD_ALERT, 1), want));
    record_destroy(RECORD_ALERT, want);
    want = sample_record(RECORD_ALERT, 2, 1, 5);
    assert_true(sample_equal(RECORD_ALERT, loaded_find(l, RECORD_ALERT, 2), want));
    record_destroy(RECORD_ALERT, want);
    assert_null(loaded_find(l, RECORD_ALERT, 3));
    assert_non_null(loaded_find(l, RECORD_DEPLOY, 4));
    assert_null(loaded_find(l, RECORD_DEPLOY, 5));
    loaded_destroy(l);
    batch_finish(&batch);
}

static void tickets_come_back_in_order(void **state)
{
    enum { COMMITS = 100 };
    struct bench *b = *state;
    struct batch empty;
    struct loaded *l;
    uint64_t i;

    bench_must_open(b);
    batch_init(&empty);
    for (i = 0; i < COMMITS; i++) {
        if (i % 10 == 5)
            assert_int_equal(b->port.commit(b->port.ctx, &empty, i + 1000), 0);
        else
            bench_commit_shown(b, (int64_t)i + 1, i + 1000);
    }
    assert_true(bench_wait_for(b, COMMITS));
    assert_int_equal(b->n, COMMITS);
    for (i = 0; i < COMMITS; i++) {
        assert_int_equal(b->ticket[i], i + 1000);
        assert_int_equal(b->err[i], 0);
    }
    l = bench_load(b);
    assert_int_equal(l->n, 1 + COMMITS * 9 / 10);
    loaded_destroy(l);
}

static void an_incomplete_batch_is_not_taken(void **state)
{
    struct bench *b = *state;
    struct batch batch;

    bench_must_open(b);
    batch_init(&batch);
    bench_put_sample(&batch, RECORD_SHOWN, 1, 1, 1);
    batch.err = CRIER_ENOMEM;
    assert_int_equal(b->port.commit(b->port.ctx, &batch, 1), CRIER_ENOMEM);
    assert_int_equal(batch.n, 1);
    batch_finish(&batch);
    bench_commit_shown(b, 2, 2);
    assert_true(bench_wait_for(b, 1));
    assert_int_equal(b->ticket[0], 2);
}

static void closing_waits_for_started_commits(void **state)
{
    struct bench *b = *state;
    struct loaded *l;
    int64_t i;

    bench_must_open(b);
    for (i = 1; i <= 50; i++)
        bench_commit_shown(b, i, (uint64_t)i);
    bench_must_close(b);
    assert_int_equal(b->n, 0); /* the sink is left alone */
    bench_must_open(b);
    l = bench_load(b);
    assert_int_equal(l->n, 51);
    loaded_destroy(l);
}

static void a_timeline_is_in_order_of_time(void **state)
{
    static const struct {
        int64_t id, incident, wall_ms;
    } rows[] = {{1, 7, 300}, {2, 7, 100}, {3, 8, 100}, {4, 7, 300}, {5, 7, 200}};
    static const int64_t want[] = {2, 5, 1, 4};
    struct bench *b = *state;
    struct record_incident incident = {.id = 7};
    struct record_revision revision = {.id = 60, .incident = 7, .number = 1};
    struct record_outbox other = {.id = 61, .incident = 8};
    struct chronicle c;
    struct chronicle_list list;
    struct batch batch;
    char kind[] = "note", text[] = "what happened";
    size_t i, j;

    chronicle_init(&c);
    assert_int_equal(store_sqlite_read(b->dir, 7, chronicle_take, &c, b->why, sizeof b->why),
                     CRIER_ENOENT);
    bench_must_open(b);
    batch_init(&batch);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct record_timeline r = {.id = rows[i].id,
                                    .incident = rows[i].incident,
                                    .wall_ms = rows[i].wall_ms,
                                    .kind = kind,
                                    .text = text};

        batch_put(&batch, RECORD_TIMELINE, &r);
    }
    batch_put(&batch, RECORD_INCIDENT, &incident);
    batch_put(&batch, RECORD_REVISION, &revision);
    batch_put(&batch, RECORD_OUTBOX, &other);
    incident.id = 8;
    batch_put(&batch, RECORD_INCIDENT, &incident);
    assert_int_equal(b->port.commit(b->port.ctx, &batch, 1), 0);
    assert_true(bench_wait_for(b, 1));
    batch_finish(&batch);
    assert_int_equal(b->port.read(b->port.ctx, 7, chronicle_take, &c), 0);
    assert_int_equal(c.n_timeline, 4);
    /* Beside the running store, and after it; also rows that are not live. */
    for (i = 0; i < 2; i++) {
        chronicle_finish(&c);
        chronicle_init(&c);
        if (store_sqlite_read(b->dir, 7, chronicle_take, &c, b->why, sizeof b->why))
            fail_msg("%s", b->why);
        assert_int_equal(c.incident.id, 7);
        assert_int_equal(c.n_revisions, 1);
        assert_int_equal(c.n_outbox, 0);
        assert_int_equal(c.n_timeline, 4);
        for (j = 0; j < 4; j++)
            assert_int_equal(c.timeline[j].id, want[j]);
        if (!i)
            bench_must_close(b);
    }
    chronicle_finish(&c);
    chronicle_init(&c);
    assert_int_equal(store_sqlite_read(b->dir, 9, chronicle_take, &c, b->why, sizeof b->why), 0);
    assert_int_equal(c.incident.id, 0);
    chronicle_finish(&c);
    chronicle_list_init(&list);
    assert_int_equal(
        store_sqlite_incidents(b->dir, 1, chronicle_list_take, &list, b->why, sizeof b->why), 0);
    assert_int_equal(list.n, 1);
    assert_int_equal(list.incident[0].id, 8);
    chronicle_list_finish(&list);
}

/* ---- tests: crashes -------------------------------------------------------------------------- */

/* In a child: commits rows until it is killed, writing the id of each to the pipe once told. */
static void commit_until_killed(struct bench *b, int out)
{
    int64_t id;

    if (bench_open(b))
        _exit(1);
    for (id = 1; id < 200; id++) {
        size_t n = b->n;

        bench_commit_shown(b, id, (uint64_t)id);
        if (!bench_wait_for(b, n + 1) || b->err[n])
            _exit(2);
        if (write(out, &id, sizeof id) != sizeof id)
            _exit(3);
    }
    _exit(4);
}

static void what_was_reported_survives_kill_9(void **state)
{
    enum { ROUNDS = 5 };
    struct bench *b = *state;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        int64_t last = 0, id;
        struct loaded *l;
        int fd[2], status;
        pid_t pid;

        assert_int_equal(pipe(fd), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (!pid) {
            (void)close(fd[0]);
            commit_until_killed(b, fd[1]);
        }
        (void)close(fd[1]);
        while (last < 3 + round * 7 && read(fd[0], &id, sizeof id) == sizeof id)
            last = id;
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        while (read(fd[0], &id, sizeof id) == sizeof id)
            last = id;
        (void)close(fd[0]);

        bench_must_open(b);
        l = bench_load(b);
        for (id = 1; id <= last; id++)
            assert_non_null(loaded_find(l, RECORD_SHOWN, id));
        loaded_destroy(l);
        bench_must_close(b);
        bench_run_sql(b, "DELETE FROM shown");
    }
}

/* The lock says how the last owner went. */
static void the_lock_tells_a_clean_exit(void **state)
{
    struct bench *b = *state;
    bool unclean = true;
    int fd = -1;

    assert_int_equal(store_lock_acquire(b->dir, &fd, &unclean, b->why, sizeof b->why), 0);
    assert_false(unclean);
    store_lock_release(fd, false);
    assert_int_equal(store_lock_acquire(b->dir, &fd, &unclean, b->why, sizeof b->why), 0);
    assert_true(unclean);
    store_lock_release(fd, true);
    assert_int_equal(store_lock_acquire(b->dir, &fd, &unclean, b->why, sizeof b->why), 0);
    assert_false(unclean);
    store_lock_release(fd, true);
    bench_must_open(b);
    bench_must_close(b);
    assert_int_equal(store_lock_acquire(b->dir, &fd, &unclean, b->why, sizeof b->why), 0);
    assert_false(unclean);
    store_lock_release(fd, true);
}

/* ---- tests: the schema ----------------------------------------------------------------------- */

/* What the column tables say is what the file has. */
static void tables_and_schema_agree(void **state)
{
    struct bench *b = *state;
    char *path = bench_path(b, "crier.db");
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int t;

    bench_must_open(b);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (t = 0; t < RECORD_TABLES; t++) {
        const struct table *table = record_table((enum record_table)t);
        size_t i;

        assert_int_equal(sqlite3_prepare_v2(db,
                                            "SELECT name, type, \"notnull\", pk FROM "
                                            "pragma_table_info(?) ORDER BY cid",
                                            -1, &st, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_bind_text(st, 1, table->name, -1, SQLITE_STATIC), SQLITE_OK);
        for (i = 0; i < table->n_columns; i++) {
            assert_int_equal(sqlite3_step(st), SQLITE_ROW);
            assert_string_equal((const char *)sqlite3_column_text(st, 0), table->column[i].name);
            assert_string_equal((const char *)sqlite3_column_text(st, 1),
                                table->column[i].type == COLUMN_TEXT ? "TEXT" : "INTEGER");
            assert_int_equal(sqlite3_column_int(st, 2), i > 0);
            assert_int_equal(sqlite3_column_int(st, 3), i == 0);
        }
        assert_int_equal(sqlite3_step(st), SQLITE_DONE);
        (void)sqlite3_finalize(st);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(path);
}

static void older_files_are_migrated(void **state)
{
    static const struct store_migration steps[] = {
        {2, RECORD_ALERT, "rule"},       {3, RECORD_ALERT, "held"}, {3, RECORD_SHOWN, NULL},
        {4, RECORD_SHOWN, "place"}, /* the table made in 3 has it already */
        {5, RECORD_ALERT, "went_again"}, {0, RECORD_META, NULL},
    };
    struct bench *b = *state;
    struct store_db *db = NULL;
    struct store_why why;
    struct loaded *l;
    int i;

    bench_must_open(b);
    {
        struct batch batch;

        batch_init(&batch);
        bench_put_sample(&batch, RECORD_ALERT, 1, 1, 1);
        assert_int_equal(b->port.commit(b->port.ctx, &batch, 1), 0);
        batch_finish(&batch);
    }
    bench_must_close(b);
    bench_run_sql(b, "ALTER TABLE alert DROP COLUMN rule; ALTER TABLE alert DROP COLUMN held;"
                     "DROP TABLE shown; PRAGMA user_version = 1");
    for (i = 0; i < 2; i++) { /* again: nothing left to do */
        struct record_alert *a;
        struct batch batch;

        if (store_db_open(b->dir, false, steps, &db, &why))
            fail_msg("%s", why.text);
        l = calloc(1, sizeof *l);
        assert_int_equal(store_db_live_rows(db, loaded_keep, l, &why), 0);
        assert_non_null(loaded_find(l, RECORD_ALERT, 1));
        a = sample_record(RECORD_ALERT, 1, 1, 1);
        a->held = 0;
        assert_int_equal(record_set_text(&a->rule, ""), 0);
        assert_true(sample_equal(RECORD_ALERT, a, loaded_find(l, RECORD_ALERT, 1)));
        record_destroy(RECORD_ALERT, a);
        assert_int_equal(l->n, 2 + (size_t)i);
        loaded_destroy(l);
        batch_init(&batch);
        bench_put_sample(&batch, RECORD_SHOWN, 1, 1, 1);
        assert_int_equal(store_db_begin(db, &why), 0);
        assert_int_equal(store_db_apply(db, &batch, NULL, &why), 0);
        assert_int_equal(store_db_commit(db, &why), 0);
        batch_finish(&batch);
        store_db_close(db);
    }
    assert_int_equal(bench_open(b), CRIER_EVERSION); /* now it is too new for the real one */
    assert_non_null(strstr(b->why, "schema 5"));
}

static void add_columns(struct buf *sql, const char *names, const char *type)
{
    while (*names) {
        size_t n = strcspn(names, " ");

        buf_addf(sql, ", \"%.*s\" %s", (int)n, names, type);
        names += n + (names[n] == ' ');
    }
}

static void the_first_schema_still_opens(void **state)
{
    /* As it was released: never change it. Every table also has id and live. */
    static const struct {
        const char *table, *numbers, *texts;
    } rows[] = {
        {"meta", "next_incident next_row", "instance"},
        {"incident",
         "state step last_revision public_revision opened_wall_ms started_wall_ms start_edited "
         "closed_wall_ms quiet_wall_ms revised_wall_ms words_edited deploy",
         "page home rule opened_by reasons remote_id url seen_title seen_body "
         "components_before"},
        {"revision", "incident number kind state step impact made_wall_ms first_approval_wall_ms",
         "title body components wording made_by first_approval"},
        {"shown", "incident revision wall_ms", "place"},
        {"alert",
         "firing severity paging count incident held first_wall_ms last_wall_ms resolved_wall_ms "
         "line_id",
         "source place check_name host summary rule"},
        {"deploy",
         "state phase production revert started_wall_ms production_wall_ms tested ended_wall_ms "
         "line_id",
         "source user deploy_host tool change_text"},
        {"outbox",
         "incident revision state attempts notify confirmed_wall_ms next_wall_ms doubt_wall_ms "
         "done_wall_ms told",
         "confirmed_by place error"},
        {"timeline", "incident wall_ms", "kind who text"},
    };
    struct bench *b = *state;
    struct buf sql;
    size_t i;
    struct chronicle c;
    struct loaded *l;

    assert_int_equal(mkdir(b->dir, 0700), 0);
    buf_init(&sql, 65536);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_addf(&sql, "CREATE TABLE \"%s\" (\"id\" INTEGER PRIMARY KEY", rows[i].table);
        add_columns(&sql, "live", "INTEGER NOT NULL DEFAULT 0");
        add_columns(&sql, rows[i].numbers, "INTEGER NOT NULL DEFAULT 0");
        add_columns(&sql, rows[i].texts, "TEXT NOT NULL DEFAULT ''");
        buf_adds(&sql, ") STRICT;");
    }
    buf_adds(&sql, "INSERT INTO meta VALUES (1, 1, 8, 99, '0123456789abcdef');"
                   "INSERT INTO alert (id, live) VALUES (5, 1);"
                   "PRAGMA application_id = 1129466181; PRAGMA user_version = 1;"
                   "PRAGMA journal_mode = WAL");
    assert_int_equal(buf_error(&sql), 0);
    bench_run_sql(b, buf_str(&sql));
    buf_finish(&sql);
    chronicle_init(&c);
    assert_int_equal(store_sqlite_read(b->dir, 7, chronicle_take, &c, b->why, sizeof b->why),
                     CRIER_EVERSION); /* a reader leaves it as it is */
    assert_non_null(strstr(b->why, "older crier"));
    chronicle_finish(&c);
    if (bench_open(b))
        fail_msg("%s: does a new column lack its line in store_migrations?", b->why);
    l = bench_load(b);
    assert_int_equal(l->n, 2);
    assert_string_equal(((const struct record_meta *)loaded_find(l, RECORD_META, 1))->instance,
                        "0123456789abcdef");
    loaded_destroy(l);
}

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_new_database_has_an_identity),
        STORE_TEST(every_column_comes_back),
        STORE_TEST(reading_ends_when_the_reader_says_so),
        STORE_TEST(rows_are_replaced_and_deleted),
        STORE_TEST(tickets_come_back_in_order),
        STORE_TEST(an_incomplete_batch_is_not_taken),
        STORE_TEST(closing_waits_for_started_commits),
        STORE_TEST(a_timeline_is_in_order_of_time),
        STORE_TEST(what_was_reported_survives_kill_9),
        STORE_TEST(the_lock_tells_a_clean_exit),
        STORE_TEST(tables_and_schema_agree),
        STORE_TEST(older_files_are_migrated),
        STORE_TEST(the_first_schema_still_opens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
