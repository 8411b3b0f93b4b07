/*
 * log_paths: the logs that somebody names, by their paths or by patterns of glob(7).
 */
#ifndef CRIER_LOG_PATHS_H
#define CRIER_LOG_PATHS_H

#include <stddef.h>

enum { LOG_PATHS_MAX = 100000 };

struct log_paths {
    char **item;
    size_t n, cap;
};

/** Frees them; zeroed memory is fine. */
void log_paths_finish(struct log_paths *p);
/**
 * Adds what a name stands for: itself where there is such a file (or it is "-"), else all that it
 * matches as a pattern, in the order of their names.
 *
 * @return 0; CRIER_ENOENT: nothing is there; CRIER_EACCESS: something is that cannot be read, which
 *         was added last; CRIER_ENOMEM, also for more than LOG_PATHS_MAX.
 */
int log_paths_add(struct log_paths *p, const char *name) __attribute__((warn_unused_result));

#endif
