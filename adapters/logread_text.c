#include "logread_text.h"

#include <stdint.h>
#include <string.h>

/* Eight bytes at once; none of these sums carries from one byte to the next. */
static const uint64_t ONES = UINT64_C(0x0101010101010101);
static const uint64_t TOPS = UINT64_C(0x8080808080808080);

/* The top bit of each byte below 0x80 that is at least `least` (1 to 0x80). */
static uint64_t at_least(uint64_t word, unsigned least)
{
    return ((word & ~TOPS) + (0x80 - least) * ONES) & TOPS;
}

static uint64_t load(const char *s, size_t n)
{
    uint64_t word = UINT64_C(0x2e2e2e2e2e2e2e2e); /* dots, which are nothing special */

    memcpy(&word, s, n);
    return word;
}

/* Without NUL, which only a line with controls is searched for. */
static unsigned look_at(uint64_t word, uint64_t next)
{
    uint64_t blanks = ~(at_least(word ^ 0x20 * ONES, 1) | word) & TOPS;
    uint64_t behind = ~(at_least(next ^ 0x20 * ONES, 1) | next) & TOPS;
    unsigned found = 0;

    if ((word | at_least(word, 0x7f)) & TOPS)
        found |= LOGTEXT_HIGH;
    if (~(word | at_least(word, 0x20)) & TOPS)
        found |= LOGTEXT_CONTROL;
    if (blanks & behind)
        found |= LOGTEXT_BLANKS;
    return found;
}

unsigned logtext_look(const char *s, size_t n)
{
    unsigned found = 0;
    size_t i = 0;

    for (; i + 9 <= n; i += 8)
        found |= look_at(load(s + i, 8), load(s + i + 1, 8));
    for (; i < n; i += 8) /* at most two: 8 bytes without one behind them, or fewer */
        found |= look_at(load(s + i, n - i < 8 ? n - i : 8),
                         load(s + i + 1, n - i - 1 < 8 ? n - i - 1 : 8));
    if ((found & LOGTEXT_CONTROL) && memchr(s, 0, n))
        found |= LOGTEXT_NUL;
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
