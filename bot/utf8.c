#include "utf8.h"

#include <stdio.h>
#include <string.h>

/* Bytes of the well-formed character in the first n bytes of s, or 0. RFC 3629 section 4. */
static size_t char_bytes_n(const unsigned char *s, size_t n)
{
    size_t len, i;

    if (!n || !s[0])
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        len = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef)
        len = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (n < len)
        return 0;
    for (i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

size_t utf8_char_bytes(const char *s)
{
    return char_bytes_n((const unsigned char *)s, strnlen(s, 4));
}

uint32_t utf8_decode(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;

    if (u[0] < 0x80)
        return u[0];
    if (u[0] < 0xe0)
        return (uint32_t)(u[0] & 0x1f) << 6 | (u[1] & 0x3f);
    if (u[0] < 0xf0)
        return (uint32_t)(u[0] & 0x0f) << 12 | (uint32_t)(u[1] & 0x3f) << 6 | (u[2] & 0x3f);
    return (uint32_t)(u[0] & 0x07) << 18 | (uint32_t)(u[1] & 0x3f) << 12 |
           (uint32_t)(u[2] & 0x3f) << 6 | (u[3] & 0x3f);
}

bool utf8_is_valid(const char *s)
{
    while (*s) {
        size_t n = utf8_char_bytes(s);

        if (!n)
            return false;
        s += n;
    }
    return true;
}

size_t utf8_length(const char *s)
{
    size_t count = 0;

    while (*s) {
        size_t n = utf8_char_bytes(s);

        s += n ? n : 1;
        count++;
    }
    return count;
}

size_t utf8_cut(const char *s, size_t max_bytes)
{
    size_t used = 0;

    while (s[used]) {
        size_t n = utf8_char_bytes(s + used);

        if (!n)
            n = 1;
        if (used + n > max_bytes)
            break;
        used += n;
    }
    return used;
}

size_t utf8_vprint(char *dst, size_t size, const char *fmt, va_list ap)
{
    size_t used, back;
    int n;

    if (!size)
        return 0;
    n = vsnprintf(dst, size, fmt, ap);
    if (n < 0) {
        dst[0] = '\0';
        return 0;
    }
    if ((size_t)n < size)
        return (size_t)n;
    used = size - 1;
    for (back = 1; back <= 3 && back <= used; back++) {
        unsigned char c = (unsigned char)dst[used - back];

        if (c < 0x80)
            break;
        if (c >= 0xc0) { /* where the last character began */
            if (utf8_char_bytes(dst + used - back) != back)
                used -= back;
            break;
        }
    }
    dst[used] = '\0';
    return used;
}

size_t utf8_print(char *dst, size_t size, const char *fmt, ...)
{
    va_list ap;
    size_t used;

    va_start(ap, fmt);
    used = utf8_vprint(dst, size, fmt, ap);
    va_end(ap);
    return used;
}

bool utf8_is_unsafe(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1f},       {0x7f, 0x9f},     {0xad, 0xad},       {0x34f, 0x34f},
        {0x61c, 0x61c},     {0x115f, 0x1160}, {0x17b4, 0x17b5},   {0x180b, 0x180f},
        {0x200b, 0x200f},   {0x2028, 0x202e}, {0x2060, 0x206f},   {0x2800, 0x2800},
        {0x3164, 0x3164},   {0xfdd0, 0xfdef}, {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
        {0xfff0, 0xfffb},   {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
        {0xe0000, 0xe0fff},
    };
    size_t i;

    for (i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return (c & 0xfffe) == 0xfffe;
}

bool utf8_is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(unsigned char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* ---- cleaning -------------------------------------------------------------------------------- */

/* Bytes of the digits behind a mIRC colour (0x03: 1-2 decimal) or hex colour (0x04: 6 hex) code. */
static size_t colour_digits(const unsigned char *s, size_t n, bool hex)
{
    size_t want = hex ? 6 : 2, i = 0, j;

    while (i < n && i < want && (hex ? is_hex(s[i]) : is_digit(s[i])))
        i++;
    if (!i || (hex && i < want))
        return 0;
    if (i < n && s[i] == ',') {
        for (j = 0; i + 1 + j < n && j < want; j++)
            if (!(hex ? is_hex(s[i + 1 + j]) : is_digit(s[i + 1 + j])))
                break;
        if (j && (!hex || j == want))
            i += 1 + j;
    }
    return i;
}

void utf8_scan_begin(struct utf8_scan *scan, const char *text, size_t n)
{
    scan->at = text;
    scan->left = n;
    scan->marks = 0;
}

/* What the well-formed character there is; `marks` counts those that were kept in a row. */
static enum utf8_piece judge(struct utf8_scan *scan, uint32_t c)
{
    if (utf8_is_space(c))
        return UTF8_SPACE;
    if (utf8_is_unsafe(c))
        return UTF8_UNSAFE;
    if (!utf8_is_mark(c)) {
        scan->marks = 0;
        return UTF8_KEPT;
    }
    if (scan->marks >= UTF8_MARKS_MAX)
        return UTF8_SURPLUS;
    scan->marks++;
    return UTF8_KEPT;
}

enum utf8_piece utf8_scan_next(struct utf8_scan *scan, size_t *ret_bytes)
{
    const unsigned char *s = (const unsigned char *)scan->at;
    enum utf8_piece piece;
    size_t len = 1;

    if (!scan->left) {
        *ret_bytes = 0;
        return UTF8_END;
    }
    if (s[0] > ' ' && s[0] < 0x7f) { /* most of it */
        piece = UTF8_KEPT;
        scan->marks = 0;
    } else if (s[0] == 0x03 || s[0] == 0x04) {
        piece = UTF8_FORMATTING;
        len += colour_digits(s + 1, scan->left - 1, s[0] == 0x04);
    } else if (s[0] && s[0] < ' ' && strchr("\x02\x0f\x11\x16\x1d\x1e\x1f", s[0])) {
        piece = UTF8_FORMATTING;
    } else if (!s[0]) {
        piece = UTF8_UNSAFE;
    } else {
        len = char_bytes_n(s, scan->left);
        piece = len ? judge(scan, utf8_decode(scan->at)) : UTF8_MALFORMED;
        if (!len) {
            len = 1;
            scan->marks = 0;
        }
    }
    scan->at += len;
    scan->left -= len;
    *ret_bytes = len;
    return piece;
}

size_t utf8_clean(const char *src, size_t n, char *dst)
{
    struct utf8_scan scan;
    enum utf8_piece piece;
    size_t len, used = 0;
    bool space = false;

    utf8_scan_begin(&scan, src, n);
    while ((piece = utf8_scan_next(&scan, &len)) != UTF8_END) {
        if (piece == UTF8_SPACE) {
            space = used > 0;
            if (space)
                scan.marks = 0;
        }
        if (piece != UTF8_KEPT && piece != UTF8_MALFORMED)
            continue;
        if (space)
            dst[used++] = ' ';
        space = false;
        if (piece == UTF8_MALFORMED) {
            dst[used++] = '?';
        } else {
            memmove(dst + used, scan.at - len, len);
            used += len;
        }
    }
    dst[used] = '\0';
    return used;
}

/* ---- telling it ------------------------------------------------------------------------------ */

enum { NAMED_MAX = 2, AFTER_BYTES = 24 };

/* What utf8_clean() takes out of one text. */
struct removals {
    size_t formatting, surplus, malformed;
    size_t unsafe;
    uint32_t named[NAMED_MAX];          /* the first of the unsafe */
    char after[NAMED_MAX][AFTER_BYTES]; /* the end of the word before each; "" at the beginning */
};

/* The word that ends at n of what was kept, or its end where it is long. */
static void word_before(const char *kept, size_t n, char after[AFTER_BYTES])
{
    size_t begin = n;

    while (begin && kept[begin - 1] != ' ' && n - begin < AFTER_BYTES - 1)
        begin--;
    while (begin < n && ((unsigned char)kept[begin] & 0xc0) == 0x80)
        begin++;
    memcpy(after, kept + begin, n - begin);
    after[n - begin] = '\0';
}

static void count_removals(const char *src, size_t n, struct removals *r)
{
    char kept[AFTER_BYTES * 2];
    struct utf8_scan scan;
    enum utf8_piece piece;
    size_t len, used = 0;

    memset(r, 0, sizeof *r);
    utf8_scan_begin(&scan, src, n);
    while ((piece = utf8_scan_next(&scan, &len)) != UTF8_END) {
        if (piece == UTF8_KEPT || piece == UTF8_SPACE) {
            if (used + len > sizeof kept) {
                memmove(kept, kept + AFTER_BYTES, used - AFTER_BYTES);
                used -= AFTER_BYTES;
            }
            if (piece == UTF8_KEPT) {
                memcpy(kept + used, scan.at - len, len);
                used += len;
            } else if (used && kept[used - 1] != ' ') {
                kept[used++] = ' ';
            }
        } else if (piece == UTF8_UNSAFE) {
            if (r->unsafe < NAMED_MAX) {
                size_t end = used && kept[used - 1] == ' ' ? used - 1 : used;

                r->named[r->unsafe] = utf8_decode(scan.at - len);
                word_before(kept, end, r->after[r->unsafe]);
            }
            r->unsafe++;
        } else {
            r->formatting += piece == UTF8_FORMATTING;
            r->surplus += piece == UTF8_SURPLUS;
            r->malformed += piece == UTF8_MALFORMED;
        }
    }
}

static size_t tell(char *dst, size_t size, size_t used, size_t count, const char *one,
                   const char *many)
{
    if (!count || used >= size)
        return used;
    return used + utf8_print(dst + used, size - used, "%s%zu %s", used ? ", " : "", count,
                             count == 1 ? one : many);
}

size_t utf8_removed(const char *src, size_t n, char *dst, size_t size)
{
    struct removals r;
    size_t used, i;

    if (!size)
        return 0;
    dst[0] = '\0';
    count_removals(src, n, &r);
    used = tell(dst, size, 0, r.formatting, "colour or style code", "colour or style codes");
    for (i = 0; i < r.unsafe && i < NAMED_MAX && used < size; i++)
        used += utf8_print(dst + used, size - used, "%sU+%04X%s%s%s", used ? ", " : "",
                           (unsigned)r.named[i], r.after[i][0] ? " after \"" : " at the beginning",
                           r.after[i], r.after[i][0] ? "\"" : "");
    if (r.unsafe > NAMED_MAX)
        used = tell(dst, size, used, r.unsafe - NAMED_MAX, "invisible character more",
                    "invisible characters more");
    used = tell(dst, size, used, r.surplus, "piled-up accent", "piled-up accents");
    return tell(dst, size, used, r.malformed, "byte that is no UTF-8", "bytes that are no UTF-8");
}
