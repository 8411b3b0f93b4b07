#include "store_bench.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "sample_records.h"

/* ---- a store in a directory of its own ------------------------------------------------------- */

static void committed(void *ctx, uint64_t ticket, int err, const char *text)
{
    struct bench *b = ctx;

    assert_true(b->n < 256);
    assert_non_null(text);
    b->ticket[b->n] = ticket;
    b->err[b->n] = err;
    b->n++;
    if (err)
        (void)snprintf(b->text, sizeof b->text, "%s", text);
}

static void sealed(void *ctx, uint64_t ticket, const struct store_seal *seal, size_t n)
{
    struct bench *b = ctx;

    assert_true(n && b->n_seals + n <= sizeof b->seal / sizeof *b->seal);
    assert_true(ticket > 0);
    memcpy(b->seal + b->n_seals, seal, n * sizeof *seal);
    b->n_seals += n;
}

int bench_open(struct bench *b)
{
    struct store_sink sink = {.ctx = b, .sealed = sealed, .committed = committed};
    int r;

    b->store = NULL;
    b->why[0] = '\0';
    r = store_sqlite_open(b->dir, &sink, &b->store, b->why, sizeof b->why);
    if (r) {
        assert_null(b->store);
        assert_true(b->why[0]);
        assert_null(strpbrk(b->why, "\r\n"));
        return r;
    }
    b->port = store_sqlite_port(b->store);
    b->source = store_sqlite_source_port(b->store);
    return 0;
}

void bench_must_open(struct bench *b)
{
    if (bench_open(b))
        fail_msg("%s", b->why);
}

void bench_must_close(struct bench *b)
{
    assert_int_equal(store_sqlite_close(b->store, PATIENCE_MS), 0);
    b->store = NULL;
}

int64_t bench_mono_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool bench_wait_for(struct bench *b, size_t n)
{
    int64_t until = bench_mono_ms() + PATIENCE_MS;
    struct now now = {0, 0};
    struct pollset set;

    pollset_init(&set);
    while (b->n < n && bench_mono_ms() < until) {
        struct pollfd fd;

        pollset_clear(&set);
        b->source.collect(b->source.ctx, &set);
        assert_int_equal(set.n, 1);
        fd.fd = set.item[0].fd;
        fd.events = set.item[0].want;
        fd.revents = 0;
        (void)poll(&fd, 1, 1000);
        set.item[0].got = fd.revents;
        b->source.dispatch(b->source.ctx, &set, now);
    }
    pollset_finish(&set);
    return b->n >= n;
}

char *bench_path(const struct bench *b, const char *name)
{
    char *path = buf_printf("%s/%s", b->dir, name);

    assert_non_null(path);
    return path;
}

int bench_set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    char base[] = "/tmp/crier-store-XXXXXX";

    assert_non_null(b);
    assert_non_null(mkdtemp(base));
    (void)snprintf(b->dir, sizeof b->dir, "%s/state", base);
    *state = b;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

int bench_tear_down(void **state)
{
    struct bench *b = *state;

    (void)store_sqlite_close(b->store, PATIENCE_MS);
    (void)chmod(b->dir, 0700);
    *strrchr(b->dir, '/') = '\0';
    assert_int_equal(nftw(b->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(b);
    return 0;
}

/* ---- what is loaded -------------------------------------------------------------------------- */

int loaded_keep(void *ctx, enum record_table t, const void *record)
{
    struct loaded *l = ctx;

    assert_true(l->n < LOADED_MAX);
    l->row[l->n].table = t;
    l->row[l->n].record = record_copy(t, record);
    assert_non_null(l->row[l->n].record);
    l->n++;
    return l->stop_after && l->n >= l->stop_after ? CRIER_EAGAIN : 0;
}

struct loaded *bench_load(struct bench *b)
{
    struct loaded *l = calloc(1, sizeof *l);

    assert_non_null(l);
    assert_int_equal(b->port.load(b->port.ctx, loaded_keep, l), 0);
    return l;
}

void loaded_destroy(struct loaded *l)
{
    size_t i;

    for (i = 0; i < l->n; i++)
        record_destroy(l->row[i].table, l->row[i].record);
    free(l);
}

const void *loaded_find(const struct loaded *l, enum record_table t, int64_t id)
{
    size_t i;

    for (i = 0; i < l->n; i++)
        if (l->row[i].table == t && record_id(l->row[i].record) == id)
            return l->row[i].record;
    return NULL;
}

void bench_put_sample(struct batch *batch, enum record_table t, int64_t id, int64_t live,
                      unsigned seed)
{
    void *record = sample_record(t, id, live, seed);

    batch_put(batch, t, record);
    record_destroy(t, record);
}

void bench_commit_shown(struct bench *b, int64_t id, uint64_t ticket)
{
    struct batch batch;

    batch_init(&batch);
    bench_put_sample(&batch, RECORD_SHOWN, id, 1, (unsigned)id);
    assert_int_equal(b->port.commit(b->port.ctx, &batch, ticket), 0);
    assert_int_equal(batch.n, 0);
    batch_finish(&batch);
}

/* ---- files ----------------------------------------------------------------------------------- */

struct image bench_read_image(const struct bench *b, const char *name)
{
    struct image image = {NULL, 0};
    char *path = bench_path(b, name);
    struct stat st;
    int fd = open(path, O_RDONLY);

    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    image.n = (size_t)st.st_size;
    image.bytes = malloc(image.n + 1);
    assert_non_null(image.bytes);
    assert_int_equal(read(fd, image.bytes, image.n), (ssize_t)image.n);
    (void)close(fd);
    free(path);
    return image;
}

void bench_write_image(const struct bench *b, const char *name, const char *bytes, size_t n)
{
    char *path = bench_path(b, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    (void)close(fd);
    free(path);
}

void bench_run_sql(const struct bench *b, const char *sql)
{
    char *path = bench_path(b, "crier.db");
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(path);
}
