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
/**
 * Copies text without mIRC formatting (colour codes with their digits too), without unsafe
 * characters, malformed bytes as '?', every run of white space as one space, none at the ends.
 *
 * @param n      bytes of src; NUL bytes among them are dropped.
 * @param dst    at least n + 1 bytes; may be src itself.
 * @return bytes written, without the NUL.
 */
size_t utf8_clean(const char *src, size_t n, char *dst);

#endif
