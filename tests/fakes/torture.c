#include "torture.h"

#include <assert.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { POINTS_MAX = 1 << 17, STACK_DEPTH = 24, SEEN_SLOTS = 1 << 16, RETRY_MS = 2 };

static struct {
    struct torture_plan plan;
    bool active;
    bool relented;
    atomic_size_t count;
    atomic_bool fired;
    uint64_t seen[SEEN_SLOTS]; /* hashes of stacks */
    size_t fresh[POINTS_MAX];
    size_t n_fresh;
    void *where[STACK_DEPTH]; /* the first call that failed */
    int n_where;
    pthread_mutex_t mutex; /* of seen and fresh */
} t = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool inside = true; /* the main thread's is set by torture_begin() */
static _Thread_local bool is_main;
static _Thread_local bool looking; /* at the stack, which may allocate */

/* ---- the program's log: of thousands of runs, only that of one that fails is wanted
 */

enum { LOG_BYTES = 1 << 16 };

extern FILE *torture_stderr; /* stderr in libtortured.a */
FILE *torture_stderr;
static char log_text[LOG_BYTES];

__attribute__((constructor)) static void open_log(void)
{
    torture_stderr = fmemopen(log_text, sizeof log_text, "w");
    assert(torture_stderr);
}

__attribute__((destructor)) static void close_log(void)
{
    (void)fclose(torture_stderr);
}

const char *torture_log(void)
{
    (void)fflush(torture_stderr);
    return log_text;
}

/* ---- points
 * -------------------------------------------------------------------------------------------- */

static bool is_new_stack(void)
{
    void *at[STACK_DEPTH];
    int n, i;
    uint64_t hash = 14695981039346656037u;
    size_t slot;
    bool fresh = false;

    looking = true;
    n = backtrace(at, STACK_DEPTH);
    looking = false;
    for (i = 0; i < n; i++) {
        hash ^= (uint64_t)(uintptr_t)at[i];
        hash *= 1099511628211u;
    }
    hash |= 1;
    (void)pthread_mutex_lock(&t.mutex);
    for (slot = hash % SEEN_SLOTS; t.seen[slot] && t.seen[slot] != hash;
         slot = (slot + 1) % SEEN_SLOTS)
        ;
    if (!t.seen[slot] && t.n_fresh < SEEN_SLOTS / 2) {
        t.seen[slot] = hash;
        fresh = true;
    }
    (void)pthread_mutex_unlock(&t.mutex);
    return fresh;
}

/* @return whether this call is to fail. */
static bool point(enum torture_kind kind)
{
    size_t n;

    if (!t.active || kind != t.plan.kind || !inside || looking || is_main == t.plan.threads)
        return false;
    n = atomic_fetch_add(&t.count, 1) + 1;
    if (!t.plan.nth) {
        if (is_new_stack() && t.n_fresh < POINTS_MAX)
            t.fresh[t.n_fresh++] = n;
        return false;
    }
    if (n != t.plan.nth && !(t.plan.lasting && n > t.plan.nth && !t.relented))
        return false;
    if (!atomic_exchange(&t.fired, true)) {
        looking = true;
        t.n_where = backtrace(t.where, STACK_DEPTH);
        looking = false;
    }
    return true;
}

void torture_print_where(void)
{
    char **line = t.n_where ? backtrace_symbols(t.where, t.n_where) : NULL;
    int i;

    for (i = 0; line && i < t.n_where; i++)
        (void)printf("  %s\n", line[i]);
    free(line);
}

void torture_begin(const struct torture_plan *plan)
{
    assert(!t.active);
    is_main = true;
    inside = false;
    t.plan = *plan;
    t.relented = false;
    atomic_store(&t.count, 0);
    atomic_store(&t.fired, false);
    if (!plan->nth) {
        memset(t.seen, 0, sizeof t.seen);
        t.n_fresh = 0;
    }
    t.n_where = 0;
    (void)fflush(torture_stderr);
    rewind(torture_stderr);
    memset(log_text, 0, sizeof log_text);
    t.active = true;
}

size_t torture_end(void)
{
    t.active = false;
    return atomic_load(&t.count);
}

void torture_relent(void)
{
    t.relented = true;
}

bool torture_fired(void)
{
    return atomic_load(&t.fired);
}

bool torture_enter(bool now_inside)
{
    bool before = inside;

    inside = now_inside;
    return before;
}

size_t torture_fresh(const size_t **ret_nth)
{
    *ret_nth = t.fresh;
    return t.n_fresh;
}

static const char *const ways[][4] = {
    [TORTURE_ALLOC] = {"out of memory"},
    [TORTURE_LIBRARY] = {"out of memory"},
    [TORTURE_SQL] = {"I/O error, not done", "I/O error, but done", "busy", "full"},
    [TORTURE_DISK] = {"EIO", "ENOSPC", "EINTR", "half"},
    [TORTURE_NET] = {"reset, not done", "reset, but done", "EINTR", "half"},
};

unsigned torture_ways(enum torture_kind kind)
{
    unsigned n = 0;

    while (n < sizeof ways[kind] / sizeof ways[kind][0] && ways[kind][n])
        n++;
    return n;
}

bool torture_way_ends(enum torture_kind kind, unsigned way)
{
    return strcmp(ways[kind][way], "EINTR") != 0;
}

const char *torture_way_name(enum torture_kind kind, unsigned way)
{
    return ways[kind][way];
}

/* ---- memory: what libtortured.a calls
 * --------------------------------------------------------------------------- */

void *torture_malloc(size_t n);
void *torture_calloc(size_t n, size_t size);
void *torture_realloc(void *p, size_t n);
void *torture_reallocarray(void *p, size_t n, size_t size);
char *torture_strdup(const char *s);
char *torture_strndup(const char *s, size_t n);

static bool no_memory(enum torture_kind kind)
{
    if (!point(kind))
        return false;
    errno = ENOMEM;
    return true;
}

void *torture_malloc(size_t n)
{
    return no_memory(TORTURE_ALLOC) ? NULL : malloc(n);
}

void *torture_calloc(size_t n, size_t size)
{
    return no_memory(TORTURE_ALLOC) ? NULL : calloc(n, size);
}

void *torture_realloc(void *p, size_t n)
{
    return no_memory(TORTURE_ALLOC) ? NULL : realloc(p, n * sizeof(char));
}

void *torture_reallocarray(void *p, size_t n, size_t size)
{
    return no_memory(TORTURE_ALLOC) ? NULL : reallocarray(p, n, size * sizeof(char));
}

char *torture_strdup(const char *s)
{
    return no_memory(TORTURE_ALLOC) ? NULL : strdup(s);
}

char *torture_strndup(const char *s, size_t n)
{
    return no_memory(TORTURE_ALLOC) ? NULL : strndup(s, n);
}

/* ---- memory of libraries
 * ----------------------------------------------------------------------------------- */

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int n)
{
    return no_memory(TORTURE_LIBRARY) ? NULL : sqlite_memory.xMalloc(n);
}

static void *sqlite_realloc(void *p, int n)
{
    return no_memory(TORTURE_LIBRARY) ? NULL : sqlite_memory.xRealloc(p, n);
}

static void *library_malloc(size_t n)
{
    return no_memory(TORTURE_LIBRARY) ? NULL : malloc(n);
}

static void *library_calloc(size_t n, size_t size)
{
    return no_memory(TORTURE_LIBRARY) ? NULL : calloc(n, size);
}

static void *library_realloc(void *p, size_t n)
{
    return no_memory(TORTURE_LIBRARY) ? NULL : realloc(p, n * sizeof(char));
}

static char *library_strdup(const char *s)
{
    return no_memory(TORTURE_LIBRARY) ? NULL : strdup(s);
}

void torture_hook_libraries(void)
{
    sqlite3_mem_methods m;
    void *at[4];
    int r;

    (void)backtrace(at, 4); /* loads what it needs */
    r = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
    assert(r == SQLITE_OK);
    m = sqlite_memory;
    m.xMalloc = sqlite_malloc;
    m.xRealloc = sqlite_realloc;
    r = sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
    assert(r == SQLITE_OK);
    r = (int)curl_global_init_mem(CURL_GLOBAL_DEFAULT, library_malloc, free, library_realloc,
                                  library_strdup, library_calloc);
    assert(r == CURLE_OK);
}

/* ---- SQLite as the program calls it
 * ------------------------------------------------------------------------ */

int torture_sqlite3_open_v2(const char *path, sqlite3 **ret, int flags, const char *vfs);
int torture_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **),
                         void *ctx, char **ret_why);
int torture_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **ret,
                               const char **tail);
int torture_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags,
                               sqlite3_stmt **ret, const char **tail);
int torture_sqlite3_step(sqlite3_stmt *st);
int torture_sqlite3_bind_int64(sqlite3_stmt *st, int i, sqlite3_int64 value);
int torture_sqlite3_bind_text(sqlite3_stmt *st, int i, const char *text, int n,
                              void (*destroy)(void *));
int torture_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until);

static int sql_error(void)
{
    static const int code[] = {SQLITE_IOERR, SQLITE_IOERR, SQLITE_BUSY, SQLITE_FULL};

    return code[t.plan.way];
}

static bool sql_done_first(void)
{
    return t.plan.way == 1;
}

int torture_sqlite3_open_v2(const char *path, sqlite3 **ret, int flags, const char *vfs)
{
    if (!point(TORTURE_SQL))
        return sqlite3_open_v2(path, ret, flags, vfs);
    if (sql_done_first())
        (void)sqlite3_open_v2(path, ret, flags, vfs);
    else
        *ret = NULL;
    return sql_error();
}

int torture_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **),
                         void *ctx, char **ret_why)
{
    if (!point(TORTURE_SQL))
        return sqlite3_exec(db, sql, row, ctx, ret_why);
    if (sql_done_first())
        (void)sqlite3_exec(db, sql, row, ctx, ret_why);
    return sql_error();
}

int torture_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **ret,
                               const char **tail)
{
    if (!point(TORTURE_SQL))
        return sqlite3_prepare_v2(db, sql, n, ret, tail);
    *ret = NULL;
    return sql_error();
}

int torture_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags,
                               sqlite3_stmt **ret, const char **tail)
{
    if (!point(TORTURE_SQL))
        return sqlite3_prepare_v3(db, sql, n, flags, ret, tail);
    *ret = NULL;
    return sql_error();
}

int torture_sqlite3_step(sqlite3_stmt *st)
{
    if (!point(TORTURE_SQL))
        return sqlite3_step(st);
    if (sql_done_first())
        (void)sqlite3_step(st);
    return sql_error();
}

int torture_sqlite3_bind_int64(sqlite3_stmt *st, int i, sqlite3_int64 value)
{
    return point(TORTURE_SQL) ? sql_error() : sqlite3_bind_int64(st, i, value);
}

int torture_sqlite3_bind_text(sqlite3_stmt *st, int i, const char *text, int n,
                              void (*destroy)(void *))
{
    return point(TORTURE_SQL) ? sql_error() : sqlite3_bind_text(st, i, text, n, destroy);
}

/* The writer's pauses between its attempts, which would make the test long; not the main thread's
 * deadlines. */
int torture_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
    struct timespec soon;

    if (is_main)
        return pthread_cond_timedwait(c, m, until);
    (void)clock_gettime(CLOCK_MONOTONIC, &soon);
    soon.tv_nsec += RETRY_MS * 1000000L;
    if (soon.tv_nsec >= 1000000000L) {
        soon.tv_sec++;
        soon.tv_nsec -= 1000000000L;
    }
    return pthread_cond_timedwait(c, m, &soon);
}

/* ---- what SQLite asks of the system
 * ------------------------------------------------------------------------ */

/* @return 0: go on; -1: fail with errno set; 1: do half. */
static int disk_fault(void)
{
    static const int code[] = {EIO, ENOSPC, EINTR};

    if (!point(TORTURE_DISK))
        return 0;
    if (t.plan.way == 3)
        return 1;
    errno = code[t.plan.way];
    return -1;
}

static int disk_open(const char *path, int flags, int mode)
{
    return disk_fault() < 0 ? -1 : open(path, flags, mode);
}

static ssize_t disk_pread(int fd, void *data, size_t n, off_t at)
{
    return disk_fault() < 0 ? -1 : pread(fd, data, n, at); /* half is read at the end only */
}

static ssize_t disk_pwrite(int fd, const void *data, size_t n, off_t at)
{
    int fault = disk_fault();

    return fault < 0 ? -1 : pwrite(fd, data, fault > 0 ? n / 2 : n, at);
}

static int disk_ftruncate(int fd, off_t n)
{
    return disk_fault() < 0 ? -1 : ftruncate(fd, n);
}

int torture_fdatasync(int fd)
{
    static int (*real)(int);

    if (!real) /* POSIX lets an object pointer of dlsym() be a function's */
        *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    return disk_fault() < 0 ? -1 : real(fd);
}

void torture_hook_disk(void)
{
    static const struct {
        const char *name;
        sqlite3_syscall_ptr call;
    } calls[] = {{"open", (sqlite3_syscall_ptr)disk_open},
                 {"pread", (sqlite3_syscall_ptr)disk_pread},
                 {"pread64", (sqlite3_syscall_ptr)disk_pread},
                 {"pwrite", (sqlite3_syscall_ptr)disk_pwrite},
                 {"pwrite64", (sqlite3_syscall_ptr)disk_pwrite},
                 {"ftruncate", (sqlite3_syscall_ptr)disk_ftruncate}};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    size_t i, set = 0;

    for (i = 0; i < sizeof calls / sizeof calls[0]; i++)
        set += vfs->xSetSystemCall(vfs, calls[i].name, calls[i].call) == SQLITE_OK;
    assert(set >= 4);
}

/* ---- what libcurl asks of the system
 * ----------------------------------------------------------------------- */

static bool net_done_first(void)
{
    return t.plan.way == 1;
}

ssize_t torture_send(int fd, const void *data, size_t n, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "send");
    if (!point(TORTURE_NET))
        return real(fd, data, n, flags);
    if (t.plan.way == 3)
        return real(fd, data, n > 1 ? n / 2 : n, flags);
    if (net_done_first())
        (void)!real(fd, data, n, flags);
    errno = t.plan.way == 2 ? EINTR : t.plan.way == 1 ? ECONNRESET : EPIPE;
    return -1;
}

ssize_t torture_recv(int fd, void *data, size_t n, int flags)
{
    static ssize_t (*real)(int, void *, size_t, int);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "recv");
    if (!point(TORTURE_NET))
        return real(fd, data, n, flags);
    if (t.plan.way == 3)
        return real(fd, data, n > 7 ? 7 : n, flags);
    if (net_done_first())
        return 0; /* the other end has closed */
    errno = t.plan.way == 2 ? EINTR : ECONNRESET;
    return -1;
}

int torture_connect(int fd, const void *address, unsigned n)
{
    static int (*real)(int, const void *, unsigned);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "connect");
    if (!point(TORTURE_NET) || t.plan.way >= 2)
        return real(fd, address, n);
    errno = t.plan.way ? ENETUNREACH : ECONNREFUSED;
    return -1;
}
