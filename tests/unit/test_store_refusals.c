#include <errno.h>
#include <poll.h>
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
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "store_bench.h"
#include "store_lock.h"

/* ---- tests: what is refused ------------------------------------------------------------------ */

static void a_second_crier_is_refused(void **state)
{
    struct bench *b = *state;
    struct bench other = *b;
    char want[300];
    pid_t pid;
    int status;

    bench_must_open(b);
    (void)snprintf(want, sizeof want, "another crier (pid %ld) uses %s", (long)getpid(), b->dir);
    assert_int_equal(bench_open(&other), CRIER_ELOCKED);
    assert_string_equal(other.why, want);
    pid = fork();
    assert_true(pid >= 0);
    if (!pid)
        _exit(bench_open(&other) == CRIER_ELOCKED && !strcmp(other.why, want) ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    bench_commit_shown(b, 1, 1); /* the first is none the worse */
    assert_true(bench_wait_for(b, 1));
    bench_must_close(b);
    assert_int_equal(bench_open(&other), 0);
    assert_int_equal(store_sqlite_close(other.store, PATIENCE_MS), 0);
}

enum damage {
    DAMAGE_EMPTY,
    DAMAGE_SHORT,
    DAMAGE_HALF,
    DAMAGE_GARBAGE,
    DAMAGE_HEADER,
    DAMAGE_MIDDLE,
    DAMAGE_TEXT,
    DAMAGE_ROWS
};

/* @return the number of the page where a table begins, from 1. */
static size_t root_page(const struct bench *b, const char *table)
{
    char *path = bench_path(b, "crier.db");
    sqlite3_stmt *st = NULL;
    sqlite3 *db = NULL;
    size_t page;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = ?", -1, &st, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    page = (size_t)sqlite3_column_int(st, 0);
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    free(path);
    return page;
}

static void damage(const struct bench *b, enum damage how)
{
    size_t page = how == DAMAGE_ROWS ? root_page(b, "shown") : 0;
    struct image image = bench_read_image(b, "crier.db");

    assert_true(image.n > 8192);
    switch (how) {
    case DAMAGE_EMPTY:
        image.n = 0;
        break;
    case DAMAGE_SHORT:
        image.n = 50;
        break;
    case DAMAGE_HALF:
        image.n = image.n / 2 / 4096 * 4096;
        break;
    case DAMAGE_GARBAGE:
        memset(image.bytes, 0xa5, image.n);
        break;
    case DAMAGE_HEADER:
        image.bytes[3] ^= 1;
        break;
    case DAMAGE_MIDDLE:
        memset(image.bytes + 4096, 0x5a, image.n - 4096);
        break;
    case DAMAGE_ROWS:
        assert_true(page > 1 && page * 4096 <= image.n);
        memset(image.bytes + (page - 1) * 4096, 0xff, 16);
        break;
    case DAMAGE_TEXT:
        memcpy(image.bytes, "just a text\n", 12);
        image.n = 12;
        break;
    }
    bench_write_image(b, "crier.db", image.bytes, image.n);
    free(image.bytes);
}

static void a_damaged_file_is_refused_and_kept(void **state)
{
    static const struct {
        const char *name;
        enum damage how;
        bool unclean;
    } rows[] = {
        {"empty", DAMAGE_EMPTY, false},
        {"50 bytes", DAMAGE_SHORT, false},
        {"half of it", DAMAGE_HALF, false},
        {"garbage", DAMAGE_GARBAGE, false},
        {"a wrong letter in the header", DAMAGE_HEADER, false},
        {"all but the first page", DAMAGE_MIDDLE, false},
        {"a text file", DAMAGE_TEXT, false},
        {"rows of one table", DAMAGE_ROWS, false},
        {"all but the first page, after a crash", DAMAGE_MIDDLE, true},
        {"half of it, after a crash", DAMAGE_HALF, true},
    };
    struct bench *b = *state;
    struct image good;
    size_t i;

    bench_must_open(b);
    for (i = 1; i <= 100; i++)
        bench_commit_shown(b, (int64_t)i, i);
    bench_must_close(b);
    good = bench_read_image(b, "crier.db");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct image before, after;
        struct loaded *l;

        print_message("%s\n", rows[i].name);
        damage(b, rows[i].how);
        if (rows[i].unclean)
            bench_write_image(b, "crier.lock", "1\n", 2);
        before = bench_read_image(b, "crier.db");
        assert_int_equal(bench_open(b), CRIER_ECORRUPT);
        assert_non_null(strstr(b->why, "left as it is"));
        assert_int_equal(bench_open(b), CRIER_ECORRUPT); /* asking again changes nothing */
        after = bench_read_image(b, "crier.db");
        assert_int_equal(before.n, after.n);
        assert_memory_equal(before.bytes, after.bytes, before.n);
        free(before.bytes);
        free(after.bytes);
        bench_write_image(b, "crier.db", good.bytes, good.n); /* the backup comes back */
        bench_must_open(b);
        l = bench_load(b);
        assert_int_equal(l->n, 101);
        loaded_destroy(l);
        bench_must_close(b);
    }
    free(good.bytes);
}

/* In a child: leaves a log that is not in the file yet. */
static void crash(struct bench *b)
{
    int64_t i;

    if (bench_open(b))
        _exit(1);
    for (i = 1; i <= 100; i++)
        bench_commit_shown(b, i, (uint64_t)i);
    if (!bench_wait_for(b, 100))
        _exit(2);
    (void)kill(getpid(), SIGKILL);
}

/* The log holds what may be saved by hand: it is not put into a file that is damaged. */
static void a_damaged_file_keeps_its_log(void **state)
{
    static const char *const names[] = {"crier.db", "crier.db-wal"};
    struct bench *b = *state;
    struct image before[2], after;
    int status;
    size_t i;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (!pid)
        crash(b);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    damage(b, DAMAGE_MIDDLE);
    for (i = 0; i < 2; i++)
        before[i] = bench_read_image(b, names[i]);
    assert_true(before[1].n > 4096);
    assert_int_equal(bench_open(b), CRIER_ECORRUPT);
    for (i = 0; i < 2; i++) {
        after = bench_read_image(b, names[i]);
        assert_int_equal(after.n, before[i].n);
        assert_memory_equal(after.bytes, before[i].bytes, after.n);
        free(after.bytes);
        free(before[i].bytes);
    }
}

static void a_lost_file_beside_its_log_is_refused(void **state)
{
    struct bench *b = *state;
    char *db = bench_path(b, "crier.db");

    bench_must_open(b);
    bench_must_close(b);
    bench_write_image(b, "crier.db-wal", "something", 9);
    assert_int_equal(unlink(db), 0);
    assert_int_equal(bench_open(b), CRIER_ECORRUPT);
    assert_non_null(strstr(b->why, "crier.db-wal"));
    free(db);
}

static void other_databases_are_refused(void **state)
{
    static const struct {
        const char *name;
        const char *sql;
        int want;
        const char *says;
    } rows[] = {
        {"newer", "PRAGMA user_version = 9999", CRIER_EVERSION, "newer crier"},
        {"another program's", "PRAGMA application_id = 1", CRIER_ECORRUPT, "not a database of"},
        {"no version", "PRAGMA user_version = 0", CRIER_ECORRUPT, "damaged"},
        {"a table is missing", "DROP TABLE outbox", CRIER_ECORRUPT, "outbox"},
        {"a column is missing", "ALTER TABLE revision DROP COLUMN title", CRIER_ECORRUPT, "title"},
        {"the identity is missing", "DELETE FROM meta", CRIER_ECORRUPT, "identity"},
    };
    struct bench *b = *state;
    struct image good;
    size_t i;

    bench_must_open(b);
    bench_must_close(b);
    good = bench_read_image(b, "crier.db");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("%s\n", rows[i].name);
        bench_run_sql(b, rows[i].sql);
        assert_int_equal(bench_open(b), rows[i].want);
        if (!strstr(b->why, rows[i].says))
            fail_msg("%s", b->why);
        bench_write_image(b, "crier.db", good.bytes, good.n);
    }
    bench_must_open(b);
    bench_must_close(b);
    bench_run_sql(b, "PRAGMA user_version = 9999");
    {
        struct image before = bench_read_image(b, "crier.db"), after;

        assert_int_equal(bench_open(b), CRIER_EVERSION);
        after = bench_read_image(b, "crier.db");
        assert_int_equal(before.n, after.n);
        assert_memory_equal(before.bytes, after.bytes, before.n);
        free(before.bytes);
        free(after.bytes);
    }
    free(good.bytes);
}

static void bad_places_are_told(void **state)
{
    struct bench *b = *state;
    struct bench other = *b;
    struct stat st;
    int status;
    pid_t pid;

    (void)snprintf(other.dir, sizeof other.dir, "%.100s/a/b", b->dir);
    assert_int_equal(bench_open(&other), CRIER_EIO);
    assert_non_null(strstr(other.why, "No such file or directory"));

    bench_must_open(b);
    bench_must_close(b);
    (void)snprintf(other.dir, sizeof other.dir, "%.100s/crier.lock", b->dir);
    assert_int_equal(bench_open(&other), CRIER_EIO);
    assert_non_null(strstr(other.why, "Not a directory"));

    /* As somebody who may read but not write: root may do anything. */
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        char *base = strdup(b->dir);

        *strrchr(base, '/') = '\0';
        if (chmod(base, 0755) || chmod(b->dir, 0555))
            _exit(10);
        if (!geteuid() && setresuid(65534, 65534, 65534))
            _exit(11);
        if (bench_open(b) != CRIER_EACCESS || !strstr(b->why, "Permission denied"))
            _exit(12);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(chmod(b->dir, 0700), 0);
    assert_int_equal(stat(b->dir, &st), 0);
    bench_must_open(b);
}

/* ---- tests: a disk that takes no writes ------------------------------------------------------ */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit))
        _exit(20);
    limit.rlim_cur = bytes;
    if (setrlimit(RLIMIT_FSIZE, &limit))
        _exit(21);
}

static void commit_big(struct bench *b, int64_t id, uint64_t ticket)
{
    struct record_timeline r = {.id = id, .incident = 1};
    struct batch batch;

    r.text = malloc(300001);
    if (!r.text)
        _exit(22);
    memset(r.text, 'x', 300000);
    r.text[300000] = '\0';
    batch_init(&batch);
    batch_put(&batch, RECORD_TIMELINE, &r);
    if (b->port.commit(b->port.ctx, &batch, ticket))
        _exit(23);
    batch_finish(&batch);
    free(r.text);
}

/* In a child, for the limit is the process's. */
static void fill_disk_and_heal(struct bench *b)
{
    struct loaded *l;

    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || bench_open(b))
        _exit(1);
    bench_commit_shown(b, 1, 1);
    if (!bench_wait_for(b, 1) || b->err[0])
        _exit(2);
    limit_files(100000);
    commit_big(b, 2, 2);
    if (!bench_wait_for(b, 2) || b->err[1] != CRIER_EIO || b->ticket[1] != 2)
        _exit(3);
    if (!strstr(b->text, "crier.db") || !strstr(b->text, strerror(EFBIG)) ||
        strpbrk(b->text, "\r\n"))
        _exit(4);
    bench_commit_shown(b, 3, 3); /* would fit, but does not overtake */
    if (!bench_wait_for(b, 3) || b->err[2] != CRIER_EIO || b->ticket[2] != 2)
        _exit(5);
    l = bench_load(b);
    if (l->n != 2 || loaded_find(l, RECORD_SHOWN, 3))
        _exit(6);
    loaded_destroy(l);
    limit_files(RLIM_INFINITY);
    /* It may have failed once more before the limit went. */
    if (!bench_wait_for(b, 5))
        _exit(7);
    while (b->err[b->n - 1])
        if (!bench_wait_for(b, b->n + 1))
            _exit(8);
    if (b->ticket[b->n - 1] != 3 || b->ticket[b->n - 2] != 2 || b->err[b->n - 2])
        _exit(9);
    l = bench_load(b);
    if (l->n != 3)
        _exit(10);
    loaded_destroy(l);
    _exit(store_sqlite_close(b->store, PATIENCE_MS) ? 11 : 0);
}

static void a_full_disk_is_reported_and_heals(void **state)
{
    struct bench *b = *state;
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (!pid)
        fill_disk_and_heal(b);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    bench_must_open(b);
}

static void leave_with_a_full_disk(struct bench *b)
{
    int64_t before;

    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || bench_open(b))
        _exit(1);
    limit_files(100000);
    commit_big(b, 2, 2);
    if (!bench_wait_for(b, 2) || !b->err[1]) /* the second wait is 2 s */
        _exit(2);
    before = bench_mono_ms();
    if (store_sqlite_close(b->store, PATIENCE_MS) != CRIER_EIO)
        _exit(3);
    _exit(bench_mono_ms() - before < PATIENCE_MS / 2 ? 0 : 4);
}

static void closing_gives_up_what_cannot_be_written(void **state)
{
    struct bench *b = *state;
    struct loaded *l;
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (!pid)
        leave_with_a_full_disk(b);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    bench_must_open(b); /* nothing is half there */
    l = bench_load(b);
    assert_int_equal(l->n, 1);
    loaded_destroy(l);
}

static void start_with_a_full_disk(struct bench *b)
{
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        _exit(1);
    limit_files(1000);
    if (bench_open(b) != CRIER_EIO)
        _exit(2);
    limit_files(RLIM_INFINITY);
    _exit(bench_open(b) || store_sqlite_close(b->store, PATIENCE_MS) ? 3 : 0);
}

static void a_full_disk_at_start_is_refused(void **state)
{
    struct bench *b = *state;
    int i;

    /* Where a new file is to be made, and where one is there. */
    for (i = 0; i < 2; i++) {
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (!pid)
            start_with_a_full_disk(b);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    bench_must_open(b);
}

/* Somebody holds the write lock longer than the store waits: reported, tried again, healed. */
static void a_locked_database_is_waited_for(void **state)
{
    struct bench *b = *state;
    char *path = bench_path(b, "crier.db");
    sqlite3 *db = NULL;

    bench_must_open(b);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    bench_commit_shown(b, 1, 1);
    (void)poll(NULL, 0, 100); /* so that the second most likely comes while the first is tried */
    bench_commit_shown(b, 2, 2);
    assert_true(bench_wait_for(b, 1));
    assert_int_equal(b->err[0], CRIER_EIO);
    assert_int_equal(b->ticket[0], 1);
    assert_non_null(strstr(b->text, "locked"));
    assert_int_equal(store_sqlite_waiting(b->store), 2);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    while (b->err[b->n - 1] || b->ticket[b->n - 1] != 2)
        assert_true(bench_wait_for(b, b->n + 1));
    assert_int_equal(b->ticket[b->n - 2], 1); /* nothing overtakes */
    assert_int_equal(b->err[b->n - 2], 0);
    assert_int_equal(store_sqlite_waiting(b->store), 0);
    free(path);
}

/* A writer that hangs does not keep the process from leaving. */
static void closing_is_bounded(void **state)
{
    struct bench *b = *state;
    char *path = bench_path(b, "crier.db");
    sqlite3 *db = NULL;
    int64_t before, until = bench_mono_ms() + PATIENCE_MS;
    bool unclean;
    int fd = -1;
    int r;

    bench_must_open(b);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    bench_commit_shown(b, 1, 1);
    before = bench_mono_ms();
    assert_int_equal(store_sqlite_close(b->store, 100), CRIER_EIO);
    assert_true(bench_mono_ms() - before < 1900); /* SQLite itself waits 2 s for the lock */
    b->store = NULL;
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    do { /* it is done some time, and then lets go of the lock */
        (void)poll(NULL, 0, 10);
        r = store_lock_acquire(b->dir, &fd, &unclean, b->why, sizeof b->why);
    } while (r == CRIER_ELOCKED && bench_mono_ms() < until);
    assert_int_equal(r, 0);
    store_lock_release(fd, true);
    free(path);
}

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_second_crier_is_refused),
        STORE_TEST(a_damaged_file_is_refused_and_kept),
        STORE_TEST(a_damaged_file_keeps_its_log),
        STORE_TEST(a_lost_file_beside_its_log_is_refused),
        STORE_TEST(other_databases_are_refused),
        STORE_TEST(bad_places_are_told),
        STORE_TEST(a_full_disk_is_reported_and_heals),
        STORE_TEST(closing_gives_up_what_cannot_be_written),
        STORE_TEST(a_full_disk_at_start_is_refused),
        STORE_TEST(a_locked_database_is_waited_for),
        STORE_TEST(closing_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
