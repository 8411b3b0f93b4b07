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
    const char *channel; /* may be "" */
    const char *file;
    long line;
    bool action;
    bool notice;
};

struct logread_sink {
    void *ctx; /* first argument of the following */
    /** @param line 0: the file as a whole. @param text one line. */
    void (*problem)(void *ctx, const char *file, long line, const char *text);
};

struct logread_options {
    struct logread_sink sink;
};

/** @param path "-" is standard input. @return 0 or CRIER_ENOMEM. */
int logread_create(const char *const *path, size_t n, const struct logread_options *options,
                   struct logread **ret_logread) __attribute__((warn_unused_result));
void logread_destroy(struct logread *lr);
/** @return 0; CRIER_ENOENT: that was all; or CRIER_ENOMEM. */
int logread_next(struct logread *lr, struct log_line *ret_line) __attribute__((warn_unused_result));
/** Everything that was wrong until now. */
int64_t logread_problems(const struct logread *lr);

#endif
