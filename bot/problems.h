/*
 * problems: everything that is wrong with a configuration, to be told at once.
 */
#ifndef CRIER_PROBLEMS_H
#define CRIER_PROBLEMS_H

#include <stddef.h>
#include <stdio.h>

struct where;

/** So many are kept; the last of them says that there are more. */
enum { PROBLEMS_MAX = 1000 };

struct problem {
    char *file; /* "" when it belongs to no file */
    int line;   /* 0 when it belongs to no line */
    char *text; /* what, and what to write instead */
};

struct problems {
    struct problem *item;
    size_t n;
    int err; /* CRIER_ENOMEM when one could not be kept */
};

/** Zeroes the caller's memory. */
void problems_init(struct problems *p);
void problems_finish(struct problems *p);
/** Adds one, cleaned of control characters. @param where may be NULL: belongs to no file. */
void problems_add(struct problems *p, const struct where *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** Writes `file:line: text` lines in the order of file and line. */
void problems_print(const struct problems *p, FILE *out);

#endif
