#include "logread_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* So many bytes at once, which the compiler knows how to compare. */
enum { WIDTH = 16 };
typedef unsigned char bytes_v __attribute__((vector_size(WIDTH)));
typedef signed char marks_v __attribute__((vector_size(WIDTH))); /* -1 where it is so, or 0 */

struct marks {
    marks_v high, control, blanks;
};

static inline bytes_v load(const char *s)
{
    bytes_v v;

    memcpy(&v, s, sizeof v);
    return v;
}

static inline void mark(struct marks *m, bytes_v v, bytes_v behind)
{
    m->high |= (marks_v)(v > 0x7e);
    m->control |= (marks_v)(v < 0x20);
    m->blanks |= (marks_v)(v == ' ') & (marks_v)(behind == ' ');
}

static inline bool any(const marks_v *v)
{
    uint64_t half[2];

    memcpy(half, v, sizeof half);
    return half[0] | half[1];
}

unsigned logtext_look(const char *s, size_t n)
{
    struct marks m = {{0}, {0}, {0}};
    char rest[2 * WIDTH + 1];
    size_t i = 0, left;
    unsigned found = 0;

    for (; n - i > WIDTH; i += WIDTH)
        mark(&m, load(s + i), load(s + i + 1));
    left = n - i;                   /* WIDTH at most */
    memset(rest, '.', sizeof rest); /* which is nothing special */
    memcpy(rest, s + i, left);
    mark(&m, load(rest), load(rest + 1));
    if (any(&m.high))
        found |= LOGTEXT_HIGH;
    if (any(&m.control))
        found |= memchr(s, 0, n) ? LOGTEXT_CONTROL | LOGTEXT_NUL : LOGTEXT_CONTROL;
    if (any(&m.blanks))
        found |= LOGTEXT_BLANKS;
    return found;
}

size_t logtext_from_windows(const char *s, size_t n, char *dst)
{
    /* 0x80 to 0x9f. Source: the Unicode Consortium's CP1252.TXT */
    static const uint16_t high[32] = {
        0x20ac, '?',    0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, '?',    0x017d, '?',    '?',    0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, '?',    0x017e, 0x0178};
    size_t i, used = 0;

    for (i = 0; i < n; i++) {
        unsigned c = (unsigned char)s[i];

        if (c >= 0x80 && c <= 0x9f)
            c = high[c - 0x80];
        if (c < 0x80) {
            dst[used++] = (char)c;
        } else if (c < 0x800) {
            dst[used++] = (char)(0xc0 | c >> 6);
            dst[used++] = (char)(0x80 | (c & 0x3f));
        } else {
            dst[used++] = (char)(0xe0 | c >> 12);
            dst[used++] = (char)(0x80 | (c >> 6 & 0x3f));
            dst[used++] = (char)(0x80 | (c & 0x3f));
        }
    }
    dst[used] = '\0';
    return used;
}
