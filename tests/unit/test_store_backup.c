#include <errno.h>
#include <setjmp.h>
#include <signal.h>
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
#include <dirent.h>

#include "err.h"
#include "sample_records.h"
#include "store_backup.h"
#include "store_bench.h"

enum { ROWS = 100, WHY = 512 };

/* A store with some rows, in a directory of its own. */
static void fill(struct bench *b)
{
    int64_t i;

    bench_must_open(b);
    for (i = 1; i <= ROWS; i++)
        bench_commit_shown(b, i, (uint64_t)i);
    assert_true(bench_wait_for(b, ROWS));
}

/* @return names in the directory that begin like this. */
static size_t count_names(const char *dir, const char *begin)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    size_t n = 0;

    assert_non_null(d);
    while ((e = readdir(d)))
        n += !strncmp(e->d_name, begin, strlen(begin));
    (void)closedir(d);
    return n;
}

/* What is in a copy, opened as crier's database in a directory of its own. */
static struct loaded *restore(struct bench *b, const struct bench *from, const char *name)
{
    struct image image = bench_read_image(from, name);
    struct loaded *l;

    memset(b, 0, sizeof *b);
    (void)snprintf(b->dir, sizeof b->dir, "%.150s/restored", from->dir);
    assert_int_equal(mkdir(b->dir, 0700), 0);
    bench_write_image(b, "crier.db", image.bytes, image.n);
    free(image.bytes);
    bench_must_open(b);
    l = bench_load(b);
    bench_must_close(b);
    return l;
}

static void the_copy_is_the_whole_database(void **state)
{
    struct bench *b = *state, other;
    char *dest = bench_path(b, "copy.db");
    struct loaded *before, *after;
    char why[WHY] = "";
    int64_t bytes = 0;
    struct stat st;
    size_t i;

    fill(b); /* and still open: what is in the write-ahead log alone is copied too */
    before = bench_load(b);
    assert_int_equal(store_backup(b->dir, dest, &bytes, why, sizeof why), 0);
    assert_int_equal(stat(dest, &st), 0);
    assert_int_equal(st.st_size, bytes);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(count_names(b->dir, "copy.db"), 1); /* no log, no half-made file */
    bench_commit_shown(b, ROWS + 1, ROWS + 1);           /* the source is none the worse */
    assert_true(bench_wait_for(b, ROWS + 1));
    bench_must_close(b);
    after = restore(&other, b, "copy.db");
    assert_int_equal(after->n, before->n);
    for (i = 0; i < before->n; i++)
        assert_true(sample_equal(
            before->row[i].table, before->row[i].record,
            loaded_find(after, before->row[i].table, record_id(before->row[i].record))));
    loaded_destroy(before);
    loaded_destroy(after);
    free(dest);
}

static void a_store_that_nobody_has_open_is_copied(void **state)
{
    struct bench *b = *state;
    char *dest = bench_path(b, "copy.db");
    char why[WHY] = "";
    int64_t bytes = 0;

    fill(b);
    bench_must_close(b);
    assert_int_equal(store_backup(b->dir, dest, &bytes, why, sizeof why), 0);
    assert_true(bytes > 4096);
    bench_must_open(b); /* what the reader left beside the source is in nobody's way */
    bench_must_close(b);
    free(dest);
}

/* Each copy holds the first rows of an order, none missing in between: one point in time. */
static void copies_beside_a_writer_are_consistent(void **state)
{
    struct bench *b = *state;
    uint64_t next = 1;
    int copies;

    bench_must_open(b);
    for (copies = 0; copies < 8; copies++) {
        char name[32], why[WHY] = "";
        struct bench other;
        struct loaded *l;
        char *dest;
        int64_t bytes = 0, i;
        int k;

        (void)snprintf(name, sizeof name, "copy%d.db", copies);
        dest = bench_path(b, name);
        for (k = 0; k < 20; k++, next++) /* handed to the writer's thread, not waited for */
            bench_commit_shown(b, (int64_t)next, next);
        assert_int_equal(store_backup(b->dir, dest, &bytes, why, sizeof why), 0);
        l = restore(&other, b, name);
        for (i = 1; i <= (int64_t)l->n - 1; i++) /* one row is that of RECORD_META */
            assert_non_null(loaded_find(l, RECORD_SHOWN, i));
        loaded_destroy(l);
        {
            char *from = bench_path(b, "restored"), *to;

            (void)snprintf(name, sizeof name, "was%d", copies);
            to = bench_path(b, name);
            assert_int_equal(rename(from, to), 0);
            free(from);
            free(to);
        }
        free(dest);
    }
    assert_true(bench_wait_for(b, next - 1));
    bench_must_close(b);
}

static void nothing_is_overwritten(void **state)
{
    static const char *const names[] = {"file", "link", "folder", "dangling"};
    struct bench *b = *state;
    char *file = bench_path(b, "file"), *link_ = bench_path(b, "link");
    char *folder = bench_path(b, "folder"), *dangling = bench_path(b, "dangling");
    struct image image;
    size_t i;

    fill(b);
    bench_write_image(b, "file", "precious", 8);
    assert_int_equal(symlink("file", link_), 0);
    assert_int_equal(symlink("nowhere", dangling), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        char *dest = bench_path(b, names[i]);
        char why[WHY] = "";
        int64_t bytes = -1;

        assert_int_equal(store_backup(b->dir, dest, &bytes, why, sizeof why), CRIER_ESTATE);
        assert_non_null(strstr(why, "there already"));
        assert_int_equal(bytes, -1);
        assert_int_equal(count_names(b->dir, names[i]), 1);
        free(dest);
    }
    assert_int_equal(count_names(b->dir, "nowhere"), 0);
    image = bench_read_image(b, "file");
    assert_int_equal(image.n, 8);
    assert_memory_equal(image.bytes, "precious", 8);
    free(image.bytes);
    free(file);
    free(link_);
    free(folder);
    free(dangling);
}

static void bad_places_are_told(void **state)
{
    struct bench *b = *state;
    char *dest = bench_path(b, "no/such/copy.db");
    char why[WHY] = "";
    int64_t bytes = 0;
    int status;
    pid_t pid;

    assert_int_equal(store_backup(b->dir, dest, &bytes, why, sizeof why), CRIER_ENOENT);
    assert_non_null(strstr(why, "there is no "));
    fill(b);
    assert_int_equal(store_backup(b->dir, dest, &bytes, why, sizeof why), CRIER_EIO);
    assert_non_null(strstr(why, "No such file or directory"));
    free(dest);

    /* A directory that may not be written to; root may do anything. */
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        char *folder = bench_path(b, "closed");
        char *path = bench_path(b, "closed/copy.db");

        if (mkdir(folder, 0500) || chmod(folder, 0555) || chmod(b->dir, 0777))
            _exit(10);
        if (!geteuid()) {
            char *db = bench_path(b, "crier.db"), *wal = bench_path(b, "crier.db-wal"),
                 *shm = bench_path(b, "crier.db-shm"), *base = strdup(b->dir);

            *strrchr(base, '/') = '\0';
            if (chmod(base, 0755) || chmod(db, 0666) || chmod(wal, 0666) || chmod(shm, 0666) ||
                setresuid(65534, 65534, 65534))
                _exit(11);
        }
        if (store_backup(b->dir, path, &bytes, why, sizeof why) != CRIER_EACCESS)
            _exit(12);
        _exit(strstr(why, "Permission denied") ? 0 : 13);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* In a child: files may grow to this size, as on a disk that is full then. */
static int backup_on_full_disk(const struct bench *b, const char *dest, rlim_t limit_bytes)
{
    struct rlimit limit;
    char why[WHY] = "";
    int64_t bytes = -1;

    (void)signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limit))
        return 20;
    limit.rlim_cur = limit_bytes;
    if (setrlimit(RLIMIT_FSIZE, &limit))
        return 21;
    if (store_backup(b->dir, dest, &bytes, why, sizeof why) != CRIER_EIO || bytes != -1)
        return 22;
    if (strstr(why, "cannot write "))
        return 0;
    (void)fprintf(stderr, "%s\n", why);
    return 23;
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
    static const rlim_t limits[] = {0, 4096, 20000};
    struct bench *b = *state;
    char *dest = bench_path(b, "copy.db");
    size_t i;

    fill(b); /* and still open: what a reader needs beside the source is there */
    for (i = 0; i < sizeof limits / sizeof *limits; i++) {
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (!pid)
            _exit(backup_on_full_disk(b, dest, limits[i]));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(count_names(b->dir, "copy.db"), 0);
    }
    free(dest);
}

static void a_damaged_source_is_refused(void **state)
{
    static const struct {
        const char *name;
        size_t from_end; /* 0: from the beginning */
        size_t at, n;    /* 0: to the end */
        const char *says;
    } rows[] = {
        {"everything", 0, 0, 0, "crier.db"},
        {"all but the first page", 0, 4096, 0, "crier.db is damaged"},
        {"the head of the last page", 4096, 0, 16, "crier.db is damaged"},
    };
    struct bench *b = *state;
    char *dest = bench_path(b, "copy.db");
    struct image good;
    size_t i;

    fill(b);
    bench_must_close(b);
    good = bench_read_image(b, "crier.db");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct image bad = bench_read_image(b, "crier.db"), after;
        char why[WHY] = "";
        int64_t bytes = -1;
        size_t at;

        print_message("%s\n", rows[i].name);
        at = rows[i].from_end ? bad.n - rows[i].from_end : rows[i].at;
        memset(bad.bytes + at, 0xff, rows[i].n ? rows[i].n : bad.n - at);
        bench_write_image(b, "crier.db", bad.bytes, bad.n);
        assert_int_equal(store_backup(b->dir, dest, &bytes, why, sizeof why), CRIER_ECORRUPT);
        if (!strstr(why, rows[i].says))
            fail_msg("%s", why);
        assert_int_equal(count_names(b->dir, "copy.db"), 0);
        after = bench_read_image(b, "crier.db"); /* the damaged file is evidence: untouched */
        assert_int_equal(after.n, bad.n);
        assert_memory_equal(after.bytes, bad.bytes, bad.n);
        free(after.bytes);
        free(bad.bytes);
        bench_write_image(b, "crier.db", good.bytes, good.n);
    }
    free(good.bytes);
    free(dest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_copy_is_the_whole_database, bench_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(a_store_that_nobody_has_open_is_copied, bench_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(copies_beside_a_writer_are_consistent, bench_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_overwritten, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(bad_places_are_told, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_nothing_behind, bench_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_source_is_refused, bench_set_up, bench_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
