/*
 * utf8: what the program needs to know of UTF-8 text that comes from outside.
 *
 * All functions are pure and take NUL-terminated strings unless they say otherwise.
 * Well-formed means RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef CRIER_UTF8_H
#define CRIER_UTF8_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** @return bytes (1 to 4) of the well-formed character at s; 0 at the end or where it is malformed.
 */
size_t utf8_char_bytes(const char *s);
/** @return the code point at s, which must be well-formed there. */
uint32_t utf8_decode(const char *s);
bool utf8_is_valid(const char *s);
/** @return code points; each malformed byte counts as one. */
size_t utf8_length(const char *s);
/**
 * Where to cut a string so that the first part has at most max_bytes and no character is split.
 * @return bytes of the first part, <= max_bytes.
 */
size_t utf8_cut(const char *s, size_t max_bytes);
/**
 * snprintf() that leaves no half character where it had to cut.
 *
 * @param size of dst in bytes; 0 writes nothing.
 * @return bytes in dst, without the NUL: always less than size, unlike snprintf().
 */
size_t utf8_print(char *dst, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
size_t utf8_vprint(char *dst, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
/**
 * Characters that must not pass from one side to another: controls (C0, DEL, C1), bidi marks,
 * embeddings and isolates, zero-width and other invisible characters (fillers, tags, variation
 * selectors above U+FFFF), line and paragraph separators, non-characters.
 */
bool utf8_is_unsafe(uint32_t code_point);
/** White space of every script and width, line ends and separators too. Source: Unicode property
 * White_Space. */
bool utf8_is_space(uint32_t code_point);
/** Characters that are written over or under the one before them. Source: Unicode, categories Mn
 * and Me. */
bool utf8_is_mark(uint32_t code_point);

/* Of marks on one character so many are kept: enough for every living script (Hebrew with all its
 * points needs 5), too few to smear over the lines above and below. */
enum { UTF8_MARKS_MAX = 5 };

/** What utf8_clean() makes of one piece of a text. */
enum utf8_piece {
    UTF8_END,
    UTF8_KEPT,
    UTF8_SPACE,      /* one space in a row stays */
    UTF8_FORMATTING, /* a colour code with its digits, bold and the like: dropped */
    UTF8_UNSAFE,     /* see utf8_is_unsafe(), and NUL: dropped */
    UTF8_SURPLUS,    /* one mark too many: dropped */
    UTF8_MALFORMED   /* a byte that becomes '?' */
};

struct utf8_scan {
    const char *at; /* behind the piece that was found last */
    size_t left;
    size_t marks; /* that were kept in a row */
};

void utf8_scan_begin(struct utf8_scan *scan, const char *text, size_t n);
/** @param ret_bytes of the piece, which ends at scan->at. */
enum utf8_piece utf8_scan_next(struct utf8_scan *scan, size_t *ret_bytes);

/**
 * Copies text without mIRC formatting (colour codes with their digits too), without unsafe
 * characters and marks beyond UTF8_MARKS_MAX, malformed bytes as '?', every run of white space as
 * one space, none at the ends.
 *
 * @param n      bytes of src; NUL bytes among them are dropped.
 * @param dst    at least n + 1 bytes; may be src itself.
 * @return bytes written, without the NUL.
 */
size_t utf8_clean(const char *src, size_t n, char *dst);
/**
 * What utf8_clean() takes out of a text, for whoever typed it: `2 colour or style codes, U+202E
 * after "pages"`. White space is not worth telling.
 *
 * @param dst clean text itself; "" when nothing is taken out. @param size UTF8_REMOVED_BYTES is
 * enough for all of it.
 * @return bytes written, without the NUL.
 */
size_t utf8_removed(const char *src, size_t n, char *dst, size_t size);
enum { UTF8_REMOVED_BYTES = 256 };

#endif
