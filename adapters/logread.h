/*
 * logread: logs of channels, line by line and in the order of time.
 */
#ifndef CRIER_LOGREAD_H
#define CRIER_LOGREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logread;

/** One line. Strings are borrowed until the next call, and never NULL. */
struct log_line {
    int64_t wall_ms;
    const char *nick;
    const char *text;
    const char *channel; /* from the file's name; may be "" */
    const char *file;
    long line;
    bool action;
    bool notice;
};

/** @param paths "-" is standard input. @return 0, CRIER_ENOENT (ret_bad is its index), or
 * CRIER_ENOMEM. */
int logread_open(const char *const *paths, size_t n, struct logread **ret, size_t *ret_bad);
void logread_close(struct logread *r);
/** @return 1: a line; 0: no more; or CRIER_ENOMEM. */
int logread_next(struct logread *r, struct log_line *ret);
/** Lines and files that could not be read, told on stderr. */
long logread_problems(const struct logread *r);

#endif
