/*
 * logread_file: one log as a stream of lines with times that never go back.
 *
 * For logread.c. Knows the day of lines that do not tell it, and what is to be told of bad ones.
 */
#ifndef CRIER_LOGREAD_FILE_H
#define CRIER_LOGREAD_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "logread.h"

/** What all files of a reader share. */
struct log_shared {
    struct logread_options options; /* channel is the reader's */
    int64_t problems;               /* all */
    int64_t told, untold;           /* messages */
};

struct logfile;

/** @param path copied. @param shared must outlive the file. @return 0 or CRIER_ENOMEM. */
int logfile_create(const char *path, struct log_shared *shared, struct logfile **ret_file)
    __attribute__((warn_unused_result));
void logfile_destroy(struct logfile *f);

/** Goes to the next line; opens the file when it is not. @return 0, CRIER_ENOENT at the end or
 * CRIER_ENOMEM: the rest is left out. */
int logfile_next(struct logfile *f) __attribute__((warn_unused_result));
/** The line it is at. Borrowed until the next call with this file. */
const struct log_line *logfile_line(const struct logfile *f);

/** Closes a file that is at its first line, to be opened again by the next logfile_next().
 * @return false: it cannot be opened twice. */
bool logfile_park(struct logfile *f);

/** Tells about a file as a whole. @param name what the problem is told of. */
void log_complain(struct log_shared *shared, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Bytes read, and of how many; -1 when that is not known. */
void logfile_progress(const struct logfile *f, int64_t *ret_bytes, int64_t *ret_of_bytes);

#endif
