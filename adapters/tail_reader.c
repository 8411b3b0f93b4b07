#include "tail_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void roll(struct window *w, const char *data, size_t n)
{
    size_t keep;

    if (n > READER_WINDOW_BYTES) {
        data += n - READER_WINDOW_BYTES;
        n = READER_WINDOW_BYTES;
    }
    keep = w->n < READER_WINDOW_BYTES - n ? w->n : READER_WINDOW_BYTES - n;
    memmove(w->byte, w->byte + w->n - keep, keep);
    memcpy(w->byte + keep, data, n);
    w->n = keep + n;
}

/* FNV-1a. */
static uint64_t hash_window(const struct window *w)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    size_t i;

    for (i = 0; i < w->n; i++)
        h = (h ^ (unsigned char)w->byte[i]) * UINT64_C(0x100000001b3);
    return h;
}

static ssize_t read_at(int fd, void *data, size_t n, int64_t offset)
{
    ssize_t r;

    do
        r = pread(fd, data, n, (off_t)offset);
    while (r < 0 && errno == EINTR);
    return r;
}

/* The bytes before an offset. @return false when they are not there. */
static bool read_window(int fd, int64_t offset, struct window *ret)
{
    ret->n = offset < READER_WINDOW_BYTES ? (size_t)offset : READER_WINDOW_BYTES;
    return read_at(fd, ret->byte, ret->n, offset - (int64_t)ret->n) == (ssize_t)ret->n;
}

static bool same_window(const struct window *a, const struct window *b)
{
    return a->n == b->n && !memcmp(a->byte, b->byte, a->n);
}

void reader_init(struct reader *r, size_t max_bytes)
{
    memset(r, 0, sizeof *r);
    r->fd = r->wd = -1;
    buf_init(&r->part, max_bytes);
}

void reader_finish(struct reader *r)
{
    if (r->fd >= 0)
        (void)close(r->fd);
    r->fd = -1;
    buf_finish(&r->part);
}

bool reader_seek(struct reader *r, int64_t offset)
{
    struct window w;

    if (!read_window(r->fd, offset, &w))
        return false;
    r->before = r->seen = w;
    r->offset = r->next = offset;
    buf_clear(&r->part);
    return true;
}

bool reader_resume(struct reader *r, const struct mark *mark)
{
    struct window w;

    return read_window(r->fd, mark->offset, &w) && hash_window(&w) == mark->hash &&
           reader_seek(r, mark->offset);
}

ssize_t reader_peek(const struct reader *r, char *chunk, size_t n)
{
    return read_at(r->fd, chunk, n, r->next);
}

bool reader_take(struct reader *r, const char *data, size_t n)
{
    size_t room = r->part.max - r->part.len, text = n - (n && data[n - 1] == '\n' ? 1 : 0);

    buf_add(&r->part, data, text < room ? text : room);
    if (buf_error(&r->part))
        return false;
    roll(&r->seen, data, n);
    r->next += (int64_t)n;
    return true;
}

void reader_line_done(struct reader *r)
{
    buf_clear(&r->part);
    r->offset = r->next;
    r->before = r->seen;
}

bool reader_is_truncated(const struct reader *r)
{
    struct window w;

    return !read_window(r->fd, r->next, &w) || !same_window(&w, &r->seen);
}

bool reader_is_copied(const struct reader *r, int fd)
{
    struct window w;

    return r->seen.n == READER_WINDOW_BYTES && read_window(fd, r->next, &w) &&
           same_window(&w, &r->seen);
}

int64_t reader_last_line(const struct reader *r, int64_t size, char *chunk, size_t n)
{
    int64_t from = size > (int64_t)n ? size - (int64_t)n : 0;
    ssize_t got = read_at(r->fd, chunk, n, from);
    const char *newline = got > 0 ? memrchr(chunk, '\n', (size_t)got) : NULL;

    if (newline)
        return from + (newline + 1 - chunk);
    return got < 0 || from ? size : 0;
}

/* ---- marks ----------------------------------------------------------------------------------- */

void reader_mark(const struct reader *r, struct mark *ret)
{
    ret->set = true;
    ret->ino = (uint64_t)r->ino;
    ret->offset = r->offset;
    ret->hash = hash_window(&r->before);
}

char *mark_print(const struct mark *mark, char *dst)
{
    (void)snprintf(dst, READER_MARK_BYTES, "%" PRIu64 ":%" PRId64 ":%016" PRIx64, mark->ino,
                   mark->offset, mark->hash);
    return dst;
}

static bool number(const char **p, int base, uint64_t *ret)
{
    char *end;

    if (!strchr("0123456789abcdef", **p) || !**p)
        return false;
    errno = 0;
    *ret = strtoull(*p, &end, base);
    if (end == *p || errno)
        return false;
    *p = end;
    return true;
}

static bool colon(const char **p)
{
    return **p == ':' && (*p)++;
}

bool mark_parse(const char **p, struct mark *ret)
{
    struct mark m = {.set = true};
    uint64_t offset;

    if (!number(p, 10, &m.ino) || !colon(p) || !number(p, 10, &offset) || offset > INT64_MAX / 2 ||
        !colon(p) || !number(p, 16, &m.hash))
        return false;
    m.offset = (int64_t)offset;
    *ret = m;
    return true;
}

int reader_open(const char *path, int *ret_fd, struct stat *ret_st)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY), error = 0;

    if (fd < 0)
        return errno;
    if (fstat(fd, ret_st))
        error = errno;
    else if (S_ISDIR(ret_st->st_mode))
        error = EISDIR;
    else if (!S_ISREG(ret_st->st_mode))
        error = ESPIPE;
    if (error) {
        (void)close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}
