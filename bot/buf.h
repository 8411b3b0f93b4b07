/*
 * buf: the only growable byte buffer of the program, and the only growth of arrays.
 *
 * Every buffer has a maximum, given when it is made, and a sticky error: after the first
 * append that does not fit or finds no memory, all later appends do nothing and buf_error()
 * tells. So a caller may append many times and check once. The content is always
 * NUL-terminated; it may hold NUL bytes inside when these were appended with buf_add().
 */
#ifndef CRIER_BUF_H
#define CRIER_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL until the first append; use buf_str() to read it as a string */
    size_t len; /* bytes, without the terminating NUL */
    size_t cap;
    size_t max; /* most bytes of content */
    int err;    /* 0 or the first error, sticky */
};

/** Prepares the caller's memory. @param max_bytes largest content, without the NUL; 1 to 2^30. */
void buf_init(struct buf *b, size_t max_bytes);
/** Frees the content; the struct may then be initialised again. Accepts a zeroed struct. */
void buf_finish(struct buf *b);
/** Empties the content and the error; keeps the memory. */
void buf_clear(struct buf *b);

/** Appends n bytes, which must not be the buffer's own. All or nothing: on CRIER_ELIMIT or
 * CRIER_ENOMEM the content is unchanged. */
void buf_add(struct buf *b, const void *data, size_t n);
/** Appends a string; NULL appends nothing. */
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/** Removes the first n bytes (all, when there are fewer). */
void buf_shift(struct buf *b, size_t n);
/** Keeps only the first n bytes (all, when there are fewer). */
void buf_truncate(struct buf *b, size_t n);

/** @return 0, CRIER_ELIMIT or CRIER_ENOMEM: the first error since init or clear. */
int buf_error(const struct buf *b) __attribute__((warn_unused_result));
/** @return the content as a borrowed string, "" when empty; valid until the next change. */
const char *buf_str(const struct buf *b);
/**
 * Hands the content over and leaves the buffer empty and usable.
 * @return the caller's to free(); NULL when the sticky error is set or memory is out.
 */
char *buf_take(struct buf *b) __attribute__((warn_unused_result));

/**
 * Makes room in an array whose items the caller counts: doubles until there is room for `need`.
 *
 * @param items NULL for an empty one.
 * @param cap   items that there is room for; changed on success only.
 * @param need  items that there must be room for, at least 1.
 * @param max   most items that the array may ever hold.
 * @return the array, moved perhaps; or NULL when need is over max or memory is out: the old array
 *         is as it was then, and still the caller's.
 */
void *array_grow(void *items, size_t *cap, size_t need, size_t item_size, size_t max)
    __attribute__((warn_unused_result));

/** printf into memory of the caller's to free(). @return NULL when memory is out, or the text is
 * longer than 1 MiB. */
char *buf_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2), warn_unused_result));

#endif
