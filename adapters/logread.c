#include "logread.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "err.h"
#include "logread_file.h"
#include "when.h"

/* So many files are kept open before their first line is due. */
enum { OPEN_MAX = 32 };

/* A file in the heap. */
struct entry {
    int64_t wall_ms; /* of the line it is at */
    size_t rank;     /* among files at the same time: as they were given */
    struct logfile *file;
    bool parked; /* closed, and to be opened at its first line */
};

struct logread {
    struct log_shared shared;
    char *channel;
    char **path;
    size_t n_paths;
    bool begun;
    struct logfile **file;
    size_t n_files, cap_files;
    struct entry *heap; /* the earliest first */
    size_t n, open;
    bool given; /* the first of the heap is at a line that the caller has had */
    bool ended;
};

int logread_parse_day(const char *text, int64_t *ret_wall_ms)
{
    char iso[WHEN_BYTES];

    if (strlen(text) != strlen("2023-01-17"))
        return CRIER_EINVAL;
    (void)snprintf(iso, sizeof iso, "%sT00:00:00Z", text);
    return when_parse_iso(iso, ret_wall_ms);
}

/* ---- the heap -------------------------------------------------------------------------------- */

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->wall_ms != b->wall_ms ? a->wall_ms < b->wall_ms : a->rank < b->rank;
}

static void sift_down(struct logread *lr, size_t i)
{
    struct entry e = lr->heap[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < lr->n && is_before(&lr->heap[child + 1], &lr->heap[child]))
            child++;
        if (child >= lr->n || !is_before(&lr->heap[child], &e))
            break;
        lr->heap[i] = lr->heap[child];
        i = child;
    }
    lr->heap[i] = e;
}

static void drop_first(struct logread *lr)
{
    lr->heap[0] = lr->heap[--lr->n];
    if (lr->n)
        sift_down(lr, 0);
}

/* The first file goes to its next line. @return 0 or CRIER_ENOMEM. */
static int advance_first(struct logread *lr)
{
    struct entry *e = &lr->heap[0];
    int r = logfile_next(e->file);

    if (r) {
        drop_first(lr);
        return r == CRIER_ENOENT ? 0 : r;
    }
    e->parked = false;
    e->wall_ms = logfile_line(e->file)->wall_ms;
    sift_down(lr, 0);
    return 0;
}

/* ---- the files ------------------------------------------------------------------------------- */

static int add_file(struct logread *lr, const char *path)
{
    struct logfile **grown =
        array_grow(lr->file, &lr->cap_files, lr->n_files + 1, sizeof *lr->file, LOGREAD_FILES_MAX);
    int r;

    if (!grown)
        return lr->n_files == LOGREAD_FILES_MAX ? CRIER_ELIMIT : CRIER_ENOMEM;
    lr->file = grown;
    r = logfile_create(path, &lr->shared, &lr->file[lr->n_files]);
    if (!r)
        lr->n_files++;
    return r;
}

static int is_wanted(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* @param dir has no slash at its end. */
static int add_entry(struct logread *lr, const char *dir, const char *name, size_t *added)
{
    char *path = buf_printf("%s/%s", dir, name);
    struct stat st;
    int r = path ? 0 : CRIER_ENOMEM;

    if (path && !stat(path, &st) && S_ISREG(st.st_mode)) {
        r = add_file(lr, path);
        (*added)++;
    }
    free(path);
    return r;
}

static int add_directory(struct logread *lr, const char *path)
{
    struct dirent **list = NULL;
    int n = scandir(path, &list, is_wanted, by_name), i, r = 0;
    size_t len = strlen(path), added = 0;
    char *dir;

    if (n < 0) {
        if (errno == ENOMEM)
            return CRIER_ENOMEM;
        log_complain(&lr->shared, path, "cannot be read: %s", strerror(errno));
        return 0;
    }
    while (len > 1 && path[len - 1] == '/')
        len--;
    dir = strndup(path, len);
    if (!dir)
        r = CRIER_ENOMEM;
    for (i = 0; i < n && !r; i++)
        r = add_entry(lr, dir, list[i]->d_name, &added);
    if (!r && !added)
        log_complain(&lr->shared, path,
                     "holds no files (directories in it are not read: name them too)");
    for (i = 0; i < n; i++)
        free(list[i]);
    free(list);
    free(dir);
    return r;
}

static int add_path(struct logread *lr, const char *path)
{
    struct stat st;

    if (strcmp(path, "-") != 0 && !stat(path, &st) && S_ISDIR(st.st_mode))
        return add_directory(lr, path);
    return add_file(lr, path); /* which tells what is wrong with it */
}

/* Puts a file into the heap, at its first line. Of many not all can stay open until that is due. */
static int enter(struct logread *lr, struct logfile *file, size_t rank)
{
    int r = logfile_next(file);
    struct entry *e;

    if (r)
        return r == CRIER_ENOENT ? 0 : r;
    e = &lr->heap[lr->n++];
    *e = (struct entry){.wall_ms = logfile_line(file)->wall_ms, .rank = rank, .file = file};
    if (lr->open >= OPEN_MAX)
        e->parked = logfile_park(file);
    if (!e->parked)
        lr->open++;
    return 0;
}

static int begin(struct logread *lr)
{
    size_t i;
    int r = 0;

    for (i = 0; i < lr->n_paths && !r; i++)
        r = add_path(lr, lr->path[i]);
    if (r == CRIER_ELIMIT) {
        log_complain(&lr->shared, lr->path[i - 1], "more than %d files: the rest is left out",
                     LOGREAD_FILES_MAX);
        r = 0;
    }
    if (!r && lr->n_files) {
        lr->heap = calloc(lr->n_files, sizeof *lr->heap);
        if (!lr->heap)
            return CRIER_ENOMEM;
    }
    for (i = 0; i < lr->n_files && !r; i++)
        r = enter(lr, lr->file[i], i);
    for (i = lr->n / 2; i-- > 0;)
        sift_down(lr, i);
    return r;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* What was too much to be told one by one. @return CRIER_ENOENT */
static int end(struct logread *lr)
{
    int64_t untold = lr->shared.untold;

    if (!lr->ended && untold && lr->shared.options.sink.problem) {
        char count[WHEN_BYTES], text[WHEN_BYTES + 32];

        (void)snprintf(text, sizeof text, "%s more messages", when_count(untold, count));
        lr->shared.options.sink.problem(lr->shared.options.sink.ctx, "(all logs)", 0, text);
    }
    lr->ended = true;
    return CRIER_ENOENT;
}

int logread_next(struct logread *lr, struct log_line *ret_line)
{
    int r = 0;

    if (!lr->begun) {
        lr->begun = true;
        r = begin(lr);
    } else if (lr->given) {
        lr->given = false;
        r = advance_first(lr);
    }
    while (!r && lr->n && lr->heap[0].parked)
        r = advance_first(lr);
    if (r)
        return r;
    if (!lr->n)
        return end(lr);
    *ret_line = *logfile_line(lr->heap[0].file);
    lr->given = true;
    return 0;
}

int64_t logread_problems(const struct logread *lr)
{
    return lr->shared.problems;
}

void logread_progress(const struct logread *lr, int64_t *ret_bytes, int64_t *ret_of_bytes)
{
    int64_t bytes = 0, of = 0;
    bool known = true;
    size_t i;

    for (i = 0; i < lr->n_files; i++) {
        int64_t got, size;

        logfile_progress(lr->file[i], &got, &size);
        bytes += got;
        of += size;
        known = known && size >= 0;
    }
    *ret_bytes = bytes;
    *ret_of_bytes = known ? of : 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

int logread_create(const char *const *path, size_t n, const struct logread_options *options,
                   struct logread **ret_logread)
{
    struct logread *lr = calloc(1, sizeof *lr);

    if (!lr)
        return CRIER_ENOMEM;
    lr->path = calloc(n ? n : 1, sizeof *lr->path);
    if (!lr->path)
        goto fail;
    for (; lr->n_paths < n; lr->n_paths++) {
        lr->path[lr->n_paths] = strdup(path[lr->n_paths]);
        if (!lr->path[lr->n_paths])
            goto fail;
    }
    if (options)
        lr->shared.options = *options;
    if (lr->shared.options.channel) {
        lr->channel = strdup(lr->shared.options.channel);
        if (!lr->channel)
            goto fail;
        lr->shared.options.channel = lr->channel;
    }
    *ret_logread = lr;
    return 0;
fail:
    logread_destroy(lr);
    return CRIER_ENOMEM;
}

void logread_destroy(struct logread *lr)
{
    size_t i;

    if (!lr)
        return;
    for (i = 0; i < lr->n_files; i++)
        logfile_destroy(lr->file[i]);
    for (i = 0; lr->path && i < lr->n_paths; i++)
        free(lr->path[i]);
    free(lr->file);
    free(lr->path);
    free(lr->heap);
    free(lr->channel);
    free(lr);
}
