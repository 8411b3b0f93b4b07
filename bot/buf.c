#include "buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

enum { FIRST_CAP = 64, FIRST_ITEMS = 8, LARGEST_MAX = 1 << 30 };

void buf_init(struct buf *b, size_t max_bytes)
{
    assert(max_bytes > 0 && max_bytes <= LARGEST_MAX);
    memset(b, 0, sizeof *b);
    b->max = max_bytes;
}

void buf_finish(struct buf *b)
{
    free(b->data);
    memset(b, 0, sizeof *b);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->err = 0;
    if (b->data)
        b->data[0] = '\0';
}

/* Makes room for n more bytes and the NUL, or sets the sticky error. */
static int reserve(struct buf *b, size_t n)
{
    size_t cap;
    char *p;

    assert(b->max > 0);
    if (b->err)
        return b->err;
    if (n > b->max - b->len)
        return b->err = CRIER_ELIMIT;
    if (b->len + n + 1 <= b->cap)
        return 0;
    cap = b->cap ? b->cap : FIRST_CAP;
    while (cap < b->len + n + 1)
        cap *= 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    p = realloc(b->data, cap);
    if (!p)
        return b->err = CRIER_ENOMEM;
    b->data = p;
    b->cap = cap;
    return 0;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
    if (reserve(b, n))
        return;
    if (n)
        memcpy(b->data + b->len, data, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
    if (s)
        buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0) {
        if (!b->err)
            b->err = CRIER_EINVAL;
    } else if (!reserve(b, (size_t)n)) {
        (void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vaddf(b, fmt, ap);
    va_end(ap);
}

void buf_shift(struct buf *b, size_t n)
{
    if (n > b->len)
        n = b->len;
    if (!n)
        return;
    memmove(b->data, b->data + n, b->len - n + 1);
    b->len -= n;
}

void buf_truncate(struct buf *b, size_t n)
{
    if (n >= b->len)
        return;
    b->len = n;
    b->data[n] = '\0';
}

int buf_error(const struct buf *b)
{
    return b->err;
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
    char *p = NULL;

    if (!reserve(b, 0)) {
        p = b->data;
        p[b->len] = '\0';
        b->data = NULL;
        b->len = b->cap = 0;
    }
    return p;
}

void *array_grow(void *items, size_t *cap, size_t need, size_t item_size, size_t max)
{
    size_t room = *cap;
    void *p;

    assert(need > 0 && item_size > 0);
    if (items && need <= room)
        return items;
    if (need > max)
        return NULL;
    if (!room)
        room = FIRST_ITEMS;
    while (room < need)
        room = room > max / 2 ? max : room * 2;
    if (room > max)
        room = max;
    p = reallocarray(items, room, item_size);
    if (p)
        *cap = room;
    return p;
}

char *buf_printf(const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    char *p;

    buf_init(&b, 1U << 20);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    p = buf_take(&b);
    buf_finish(&b);
    return p;
}
