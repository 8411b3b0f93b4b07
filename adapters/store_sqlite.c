#include "store_sqlite.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "crash.h"
#include "err.h"
#include "log.h"
#include "store_db.h"
#include "store_lock.h"

enum { BACKOFF_MIN_MS = 1000, BACKOFF_MAX_MS = 30000, CHANGES_MAX = 200000 };

/* One started commit. */
struct job {
    struct job *next;
    struct batch batch;
    uint64_t ticket;
    struct store_seal *seal; /* of the batch's audit rows; NULL where there are none */
    size_t n_seals;
};

/* Jobs in the order of their start. */
struct job_list {
    struct job *first;
    struct job *last;
};

struct store_sqlite {
    struct store_sink sink;
    char *dir;
    int lock_fd;
    int event_fd;
    pthread_t writer;
    struct store_db *db; /* the writer's alone, once it runs */

    pthread_mutex_t mutex;
    pthread_cond_t work; /* for the writer: a commit came, or closing */
    pthread_cond_t idle; /* for close: finished */
    /* under the mutex: */
    struct job_list queue; /* to be written */
    struct job_list done;  /* written, to be reported */
    size_t n_changes;      /* in queue and in the writer's hands */
    bool failed;           /* to be reported: */
    uint64_t failed_ticket;
    struct store_why failed_why;
    bool closing;
    bool finished;  /* the writer has closed the database */
    bool abandoned; /* close has given up: the writer frees everything */
};

/* ---- lists ----------------------------------------------------------------------------------- */

static void list_add(struct job_list *l, struct job *job)
{
    job->next = NULL;
    if (l->last)
        l->last->next = job;
    else
        l->first = job;
    l->last = job;
}

/* Moves all of src to the end of dst. */
static void list_move(struct job_list *dst, struct job_list *src)
{
    if (!src->first)
        return;
    if (dst->last)
        dst->last->next = src->first;
    else
        dst->first = src->first;
    dst->last = src->last;
    src->first = src->last = NULL;
}

static struct job *list_take(struct job_list *l)
{
    struct job *job = l->first;

    if (job) {
        l->first = job->next;
        if (!l->first)
            l->last = NULL;
    }
    return job;
}

static void list_destroy(struct job_list *l)
{
    struct job *job;

    while ((job = list_take(l))) {
        batch_finish(&job->batch);
        free(job->seal);
        free(job);
    }
}

/* ---- time and waking ------------------------------------------------------------------------- */

static struct timespec after_ms(int64_t ms)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

static void wake_loop(const struct store_sqlite *s)
{
    uint64_t one = 1;
    ssize_t n;

    do
        n = write(s->event_fd, &one, sizeof one);
    while (n < 0 && errno == EINTR); /* EAGAIN: it is awake for 2^64 reasons already */
}

static void free_all(struct store_sqlite *s)
{
    list_destroy(&s->queue);
    list_destroy(&s->done);
    if (s->event_fd >= 0)
        (void)close(s->event_fd);
    (void)pthread_mutex_destroy(&s->mutex);
    (void)pthread_cond_destroy(&s->work);
    (void)pthread_cond_destroy(&s->idle);
    free(s->dir);
    free(s);
}

/* ---- the writer thread ----------------------------------------------------------------------- */

/* All of the list in one transaction. */
static int write_list(struct store_db *db, const struct job_list *l, struct store_why *why)
{
    const struct job *job;
    bool any = false;
    int r;

    for (job = l->first; job; job = job->next)
        any = any || job->batch.n;
    if (!any)
        return 0;
    CRASH_POINT("store.begin");
    r = store_db_begin(db, why);
    for (job = l->first; job && !r; job = job->next)
        r = store_db_apply(db, &job->batch, job->seal, why);
    CRASH_POINT("store.commit");
    if (!r)
        r = store_db_commit(db, why);
    CRASH_POINT("store.committed");
    if (r)
        store_db_rollback(db);
    return r;
}

/* Releases the memory of what is written, away from the loop. @return the changes in it. */
static size_t release_batches(struct job_list *l)
{
    struct job *job;
    size_t n = 0;

    for (job = l->first; job; job = job->next) {
        n += job->batch.n;
        batch_finish(&job->batch);
    }
    return n;
}

/* With the mutex held: until the time has passed or the store is being closed. */
static void wait_backoff(struct store_sqlite *s, int64_t ms)
{
    struct timespec until = after_ms(ms);
    int rc = 0;

    while (!s->closing && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&s->work, &s->mutex, &until);
}

static void write_until_closed(struct store_sqlite *s)
{
    int64_t backoff_ms = BACKOFF_MIN_MS;
    struct job_list taken = {NULL, NULL};
    struct store_why why;
    bool last_try;
    size_t n = 0;
    int r;

    (void)pthread_mutex_lock(&s->mutex);
    for (;;) {
        while (!s->queue.first && !s->closing)
            (void)pthread_cond_wait(&s->work, &s->mutex);
        if (!s->queue.first)
            break;
        list_move(&taken, &s->queue);
        last_try = s->closing;
        (void)pthread_mutex_unlock(&s->mutex);

        r = write_list(s->db, &taken, &why);
        if (!r)
            n = release_batches(&taken);

        (void)pthread_mutex_lock(&s->mutex);
        if (!r) {
            s->n_changes -= n;
            list_move(&s->done, &taken);
            backoff_ms = BACKOFF_MIN_MS;
            wake_loop(s);
            continue;
        }
        s->failed = true;
        s->failed_ticket = taken.first->ticket;
        s->failed_why = why;
        wake_loop(s);
        list_move(&taken, &s->queue); /* what came meanwhile goes behind */
        list_move(&s->queue, &taken);
        if (last_try)
            break;
        wait_backoff(s, backoff_ms);
        backoff_ms = backoff_ms * 2 < BACKOFF_MAX_MS ? backoff_ms * 2 : BACKOFF_MAX_MS;
    }
    (void)pthread_mutex_unlock(&s->mutex);
}

static void *writer_main(void *arg)
{
    struct store_sqlite *s = arg;
    bool abandoned;

    write_until_closed(s);
    store_db_close(s->db); /* takes its time: the log goes into the file */
    store_lock_release(s->lock_fd, true);
    (void)pthread_mutex_lock(&s->mutex);
    s->finished = true;
    abandoned = s->abandoned;
    (void)pthread_cond_signal(&s->idle);
    (void)pthread_mutex_unlock(&s->mutex);
    if (abandoned)
        free_all(s);
    return NULL;
}

/* Signals are the main thread's. */
static int start_writer(struct store_sqlite *s)
{
    sigset_t all, before;
    int rc;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&s->writer, NULL, writer_main, s);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

/* ---- open and close -------------------------------------------------------------------------- */

static struct store_sqlite *store_new(const char *dir, const struct store_sink *sink)
{
    struct store_sqlite *s = calloc(1, sizeof *s);
    pthread_condattr_t attr;

    if (!s)
        return NULL;
    s->sink = *sink;
    s->lock_fd = -1;
    s->event_fd = -1;
    /* None of these can fail with these arguments on Linux. */
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&s->mutex, NULL);
    (void)pthread_cond_init(&s->work, &attr);
    (void)pthread_cond_init(&s->idle, &attr);
    (void)pthread_condattr_destroy(&attr);
    s->dir = strdup(dir);
    if (!s->dir) {
        free_all(s);
        return NULL;
    }
    return s;
}

int store_sqlite_make_dir(const char *dir, char *why, size_t why_size)
{
    return store_lock_make_dir(dir, why, why_size);
}

int store_sqlite_open(const char *dir, const struct store_sink *sink, struct store_sqlite **ret,
                      char *why, size_t why_size)
{
    struct store_sqlite *s = store_new(dir, sink);
    struct store_why db_why = {""};
    bool unclean = false;
    int rc;
    int r;

    if (!s) {
        (void)snprintf(why, why_size, "out of memory");
        return CRIER_ENOMEM;
    }
    r = store_lock_acquire(dir, &s->lock_fd, &unclean, why, why_size);
    if (r)
        goto out;
    r = store_db_open(dir, unclean, store_migrations, &s->db, &db_why);
    if (r) {
        (void)snprintf(why, why_size, "%s", db_why.text);
        goto out;
    }
    s->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->event_fd < 0) {
        (void)snprintf(why, why_size, "cannot make an eventfd: %s", strerror(errno));
        r = CRIER_EIO;
        goto out;
    }
    rc = start_writer(s);
    if (rc) {
        (void)snprintf(why, why_size, "cannot start the store's thread: %s", strerror(rc));
        r = rc == EAGAIN ? CRIER_EIO : store_lock_from_errno(rc);
        goto out;
    }
    *ret = s;
    return 0;
out:
    /* Not marked clean: what kept this start from succeeding is looked at again in the next. */
    store_db_close(s->db);
    store_lock_release(s->lock_fd, false);
    free_all(s);
    return r;
}

int store_sqlite_close(struct store_sqlite *s, int64_t timeout_ms)
{
    struct timespec until;
    bool finished, complete;
    int rc = 0;

    if (!s)
        return 0;
    until = after_ms(timeout_ms > 0 ? timeout_ms : 0);
    (void)pthread_mutex_lock(&s->mutex);
    s->closing = true;
    (void)pthread_cond_signal(&s->work);
    while (!s->finished && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&s->idle, &s->mutex, &until);
    finished = s->finished;
    s->abandoned = !finished;
    complete = finished && !s->queue.first;
    if (!finished)
        (void)pthread_detach(s->writer);
    (void)pthread_mutex_unlock(&s->mutex);
    if (finished) {
        (void)pthread_join(s->writer, NULL);
        free_all(s);
    }
    return complete ? 0 : CRIER_EIO;
}

/* ---- the store port -------------------------------------------------------------------------- */

static int port_commit(void *ctx, struct batch *batch, uint64_t ticket)
{
    struct store_sqlite *s = ctx;
    struct job *job;
    int r = 0;

    if (batch->err)
        return batch->err;
    job = calloc(1, sizeof *job);
    if (!job)
        return CRIER_ENOMEM;
    job->ticket = ticket;
    job->n_seals = batch->n_added;
    if (job->n_seals && !(job->seal = calloc(job->n_seals, sizeof *job->seal))) {
        free(job);
        return CRIER_ENOMEM;
    }
    batch_init(&job->batch);
    (void)pthread_mutex_lock(&s->mutex);
    if (s->n_changes && s->n_changes + batch->n > CHANGES_MAX) {
        r = CRIER_ELIMIT;
    } else {
        s->n_changes += batch->n;
        batch_append(&job->batch, batch); /* into an empty one: moves, cannot fail */
        list_add(&s->queue, job);
        job = NULL;
        (void)pthread_cond_signal(&s->work);
    }
    (void)pthread_mutex_unlock(&s->mutex);
    if (job)
        free(job->seal);
    free(job);
    return r;
}

size_t store_sqlite_waiting(struct store_sqlite *s)
{
    size_t n;

    (void)pthread_mutex_lock(&s->mutex);
    n = s->n_changes;
    (void)pthread_mutex_unlock(&s->mutex);
    return n;
}

static int port_load(void *ctx, int (*row)(void *row_ctx, enum record_table t, const void *record),
                     void *row_ctx)
{
    const struct store_sqlite *s = ctx;
    struct store_why why = {""};
    struct store_db *db = NULL;
    int r = store_db_open_reader(s->dir, &db, &why);

    if (!r)
        r = store_db_live_rows(db, row, row_ctx, &why);
    if (r && why.text[0])
        log_errorx("store", "%s", why.text);
    store_db_close(db);
    return r;
}

static int port_read(void *ctx, int64_t incident,
                     int (*row)(void *row_ctx, enum record_table t, const void *record),
                     void *row_ctx)
{
    const struct store_sqlite *s = ctx;
    char why[512] = "";
    int r = store_sqlite_read(s->dir, incident, row, row_ctx, why, sizeof why);

    if (r && why[0])
        log_errorx("store", "%s", why);
    return r;
}

static int port_incidents(void *ctx, size_t max,
                          int (*row)(void *row_ctx, enum record_table t, const void *record),
                          void *row_ctx)
{
    const struct store_sqlite *s = ctx;
    char why[512] = "";
    int r = store_sqlite_incidents(s->dir, max, row, row_ctx, why, sizeof why);

    if (r && why[0])
        log_errorx("store", "%s", why);
    return r;
}

struct store_port store_sqlite_port(struct store_sqlite *s)
{
    struct store_port port = {.ctx = s,
                              .commit = port_commit,
                              .load = port_load,
                              .read = port_read,
                              .incidents = port_incidents};

    return port;
}

/* ---- the source port ------------------------------------------------------------------------- */

static void source_collect(void *ctx, struct pollset *set)
{
    const struct store_sqlite *s = ctx;

    pollset_add(set, s->event_fd, POLLIN);
}

static void source_dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct store_sqlite *s = ctx;
    struct job_list done = {NULL, NULL};
    struct store_why why;
    uint64_t count, failed_ticket;
    struct job *job;
    bool failed;

    (void)set;
    (void)now;
    /* Emptied first: what is done after this wakes the loop again. */
    (void)!read(s->event_fd, &count, sizeof count);
    (void)pthread_mutex_lock(&s->mutex);
    list_move(&done, &s->done);
    failed = s->failed;
    failed_ticket = s->failed_ticket;
    if (failed)
        why = s->failed_why;
    s->failed = false;
    (void)pthread_mutex_unlock(&s->mutex);

    while ((job = list_take(&done))) {
        uint64_t ticket = job->ticket;

        if (failed && ticket == failed_ticket) { /* it failed first and is written now */
            failed = false;
            s->sink.committed(s->sink.ctx, ticket, CRIER_EIO, why.text);
        }
        CRASH_POINT("store.report");
        if (job->n_seals && s->sink.sealed)
            s->sink.sealed(s->sink.ctx, ticket, job->seal, job->n_seals);
        free(job->seal);
        free(job);
        s->sink.committed(s->sink.ctx, ticket, 0, "");
        CRASH_POINT("store.reported");
    }
    if (failed)
        s->sink.committed(s->sink.ctx, failed_ticket, CRIER_EIO, why.text);
}

struct source_port store_sqlite_source_port(struct store_sqlite *s)
{
    struct source_port port = {.ctx = s, .collect = source_collect, .dispatch = source_dispatch};

    return port;
}

/* ---- reading for reports --------------------------------------------------------------------- */

int store_sqlite_read(const char *dir, int64_t incident,
                      int (*row)(void *ctx, enum record_table t, const void *record), void *ctx,
                      char *why, size_t why_size)
{
    struct store_why db_why = {""};
    struct store_db *db = NULL;
    int r = store_db_open_reader(dir, &db, &db_why);

    if (!r)
        r = store_db_incident(db, incident, row, ctx, &db_why);
    if (r)
        (void)snprintf(why, why_size, "%s", db_why.text);
    store_db_close(db);
    return r;
}

int store_sqlite_incidents(const char *dir, size_t max,
                           int (*row)(void *ctx, enum record_table t, const void *record),
                           void *ctx, char *why, size_t why_size)
{
    struct store_why db_why = {""};
    struct store_db *db = NULL;
    int r = store_db_open_reader(dir, &db, &db_why);

    if (!r)
        r = store_db_incidents(db, max, row, ctx, &db_why);
    if (r)
        (void)snprintf(why, why_size, "%s", db_why.text);
    store_db_close(db);
    return r;
}
