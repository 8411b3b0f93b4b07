#include "logread_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "err.h"
#include "utf8.h"

enum {
    BLOCK_BYTES = 128 * 1024,
    GZIP_BYTES = 32 * 1024,
    MAGIC_BYTES = 6,       /* the longest that is looked for */
    GZIP_WINDOW = 15 + 16, /* zlib: a gzip header, and no other */
    BOM_BYTES = 3
};

/* A gzip stream on its way into the block. */
struct gzip {
    z_stream z;
    bool inside; /* a member, which must end */
    Bytef in[GZIP_BYTES];
};

struct log_input {
    int fd;
    size_t max_line;
    struct gzip *gzip; /* NULL: it is plain */
    bool looked;       /* at the first bytes */
    enum log_input_kind kind;
    enum log_input_end end;
    int error;
    int64_t taken;
    bool skipping;            /* the rest of a line that was cut */
    size_t start, stop, seen; /* bytes from start on are to be read; seen: no newline before it */
    size_t cap;
    char *data; /* cap + 1 bytes */
};

/* @return bytes, 0 at the end, which in->end tells then. */
static size_t read_raw(struct log_input *in, void *dst, size_t n)
{
    ssize_t got;

    do
        got = read(in->fd, dst, n);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        in->error = errno;
        in->end = LOG_INPUT_FAILED;
        return 0;
    }
    in->taken += got;
    if (!got)
        in->end = LOG_INPUT_ENDED;
    return (size_t)got;
}

/* ---- gzip ------------------------------------------------------------------------------------ */

/* More compressed bytes. @return false: there are none, and in->end says why. */
static bool feed(struct log_input *in)
{
    struct gzip *g = in->gzip;

    if (g->z.avail_in)
        return true;
    g->z.next_in = g->in;
    g->z.avail_in = (uInt)read_raw(in, g->in, sizeof g->in);
    if (!g->z.avail_in && in->end == LOG_INPUT_ENDED && g->inside)
        in->end = LOG_INPUT_TRUNCATED;
    return g->z.avail_in > 0;
}

/* Between two members. Zeros between them are padding. RFC 1952 section 2.2: a file is one member
 * after the other. @return whether one follows. */
static bool next_member(struct log_input *in)
{
    struct gzip *g = in->gzip;

    while (feed(in)) {
        if (!*g->z.next_in) {
            g->z.next_in++;
            g->z.avail_in--;
            continue;
        }
        if (*g->z.next_in != 0x1f || inflateReset(&g->z) != Z_OK) {
            in->end = LOG_INPUT_TRAILING;
            return false;
        }
        g->inside = true;
        return true;
    }
    return false;
}

/* @return bytes, 0 when in->end says why. */
static size_t read_gzip(struct log_input *in, char *dst, size_t n)
{
    struct gzip *g = in->gzip;

    g->z.next_out = (Bytef *)dst;
    g->z.avail_out = (uInt)n;
    while (g->z.avail_out == n && in->end == LOG_INPUT_OPEN) {
        if (!g->inside && !next_member(in))
            break;
        if (!feed(in))
            break;
        switch (inflate(&g->z, Z_NO_FLUSH)) {
        case Z_OK:
        case Z_BUF_ERROR:
            break;
        case Z_STREAM_END:
            g->inside = false;
            break;
        default:
            in->end = LOG_INPUT_DAMAGED;
            break;
        }
    }
    return n - g->z.avail_out;
}

static bool start_gzip(struct log_input *in)
{
    struct gzip *g = calloc(1, sizeof *g);

    _Static_assert((int)GZIP_BYTES >= (int)MAGIC_BYTES, "what was read to look at it must fit");
    if (!g)
        return false;
    memcpy(g->in, in->data, in->stop);
    g->z.next_in = g->in;
    g->z.avail_in = (uInt)in->stop;
    if (inflateInit2(&g->z, GZIP_WINDOW) != Z_OK) {
        free(g);
        return false;
    }
    g->inside = true;
    in->gzip = g;
    in->stop = 0;
    return true;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Reads more behind what is there. @return false: there is no more. */
static bool fill(struct log_input *in, size_t most)
{
    size_t room, got;

    if (in->end != LOG_INPUT_OPEN)
        return false;
    if (in->start) {
        memmove(in->data, in->data + in->start, in->stop - in->start);
        in->stop -= in->start;
        in->seen -= in->start;
        in->start = 0;
    }
    room = in->cap - in->stop;
    if (room > most)
        room = most;
    got = in->gzip ? read_gzip(in, in->data + in->stop, room)
                   : read_raw(in, in->data + in->stop, room);
    in->stop += got;
    return got > 0;
}

static bool begins(const struct log_input *in, const char *magic, size_t n)
{
    return in->stop >= n && !memcmp(in->data, magic, n);
}

static enum log_input_kind kind_of_text(struct log_input *in)
{
    while (in->stop < MAGIC_BYTES && fill(in, BLOCK_BYTES))
        ;
    if (begins(in, "\xff\xfe", 2) || begins(in, "\xfe\xff", 2))
        return LOG_INPUT_UTF16;
    if (memchr(in->data, 0, in->stop))
        return LOG_INPUT_BINARY;
    if (begins(in, "\xef\xbb\xbf", BOM_BYTES))
        in->start = in->seen = BOM_BYTES;
    return LOG_INPUT_TEXT;
}

static enum log_input_kind find_kind(struct log_input *in)
{
    enum log_input_kind kind;

    while (in->stop < MAGIC_BYTES && fill(in, MAGIC_BYTES - in->stop))
        ;
    if (begins(in,
               "\xfd"
               "7zXZ",
               5))
        return LOG_INPUT_XZ;
    if (begins(in, "\x28\xb5\x2f\xfd", 4))
        return LOG_INPUT_ZSTD;
    if (begins(in, "BZh", 3))
        return LOG_INPUT_BZIP2;
    if (begins(in, "PK\x03\x04", 4))
        return LOG_INPUT_ZIP;
    if (!begins(in, "\x1f\x8b", 2)) {
        (void)fill(in, BLOCK_BYTES);
        return kind_of_text(in);
    }
    if (in->end == LOG_INPUT_ENDED) /* which was before gzip had anything to say */
        in->end = LOG_INPUT_OPEN;
    if (!start_gzip(in)) {
        in->error = ENOMEM;
        in->end = LOG_INPUT_FAILED;
        return LOG_INPUT_GZIP;
    }
    kind = kind_of_text(in);
    return kind == LOG_INPUT_TEXT ? LOG_INPUT_GZIP : kind;
}

enum log_input_kind log_input_kind(struct log_input *in)
{
    if (!in->looked) {
        in->looked = true;
        in->kind = find_kind(in);
    }
    return in->kind;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Where a line that must be cut ends, so that no character is split; a malformed one is as it was.
 */
static size_t cut_at(const char *s, size_t n)
{
    size_t back;

    for (back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = (unsigned char)s[n - back];

        if (c < 0x80)
            break;
        if (c >= 0xc0)
            return back < (c >= 0xf0 ? 4U : c >= 0xe0 ? 3U : 2U) ? n - back : n;
    }
    return n;
}

static bool give(struct log_input *in, size_t n, bool cut, struct log_input_line *ret)
{
    ret->text = in->data + in->start;
    ret->cut = cut || n > in->max_line;
    if (ret->cut)
        n = cut_at(ret->text, n > in->max_line ? in->max_line : n);
    while (n && ret->text[n - 1] == '\r')
        n--;
    ret->bytes = n;
    return true;
}

static char *find_newline(const struct log_input *in)
{
    return memchr(in->data + in->seen, '\n', in->stop - in->seen);
}

static void drop_block(struct log_input *in)
{
    in->start = in->seen = in->stop;
}

/* The rest of a line that was cut. @return false: nothing is behind it. */
static bool skip_rest(struct log_input *in)
{
    while (in->skipping) {
        char *newline = find_newline(in);

        if (newline) {
            in->start = in->seen = (size_t)(newline + 1 - in->data);
            in->skipping = false;
            break;
        }
        drop_block(in);
        if (!fill(in, in->cap))
            return false;
    }
    return true;
}

bool log_input_line(struct log_input *in, struct log_input_line *ret)
{
    (void)log_input_kind(in);
    if (!skip_rest(in))
        return false;
    for (;;) {
        char *newline = find_newline(in);
        size_t n;

        if (newline) {
            (void)give(in, (size_t)(newline - (in->data + in->start)), false, ret);
            in->start = in->seen = (size_t)(newline + 1 - in->data);
            return true;
        }
        in->seen = in->stop;
        n = in->stop - in->start;
        if (n > in->max_line) {
            (void)give(in, n, true, ret);
            drop_block(in);
            in->skipping = true;
            return true;
        }
        if (fill(in, in->cap))
            continue;
        drop_block(in);
        if (!n || (in->end != LOG_INPUT_ENDED && in->end != LOG_INPUT_TRAILING))
            return false;
        in->start -= n;
        (void)give(in, n, false, ret);
        in->start += n;
        return true;
    }
}

bool log_input_peek(const struct log_input *in, const char **ret_text, size_t *ret_bytes)
{
    const char *newline = in->skipping ? NULL : find_newline(in);

    if (!newline)
        return false;
    *ret_text = in->data + in->start;
    *ret_bytes = (size_t)(newline - *ret_text);
    return true;
}

enum log_input_end log_input_end(const struct log_input *in)
{
    return in->end;
}

int log_input_errno(const struct log_input *in)
{
    return in->error;
}

int64_t log_input_taken(const struct log_input *in)
{
    return in->taken;
}

/* ---- life ------------------------------------------------------------------------------------ */

int log_input_create(int fd, size_t max_line, struct log_input **ret_input)
{
    struct log_input *in = calloc(1, sizeof *in);

    if (in) {
        in->cap = max_line < BLOCK_BYTES / 2 ? BLOCK_BYTES : 2 * max_line;
        in->data = malloc(in->cap + 1);
    }
    if (!in || !in->data) {
        free(in);
        (void)close(fd);
        return CRIER_ENOMEM;
    }
    in->fd = fd;
    in->max_line = max_line;
    *ret_input = in;
    return 0;
}

void log_input_destroy(struct log_input *in)
{
    if (!in)
        return;
    if (in->gzip)
        (void)inflateEnd(&in->gzip->z);
    free(in->gzip);
    (void)close(in->fd);
    free(in->data);
    free(in);
}
