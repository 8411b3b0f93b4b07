/*
 * logread: logs of channels as people have them, line by line and in the order of time.
 *
 * Reads files, gzip or not, directories of them, and standard input; each kind of log is recognised
 * by its lines (logread_line.h lists what is known). Files stream, and are merged by time: memory
 * depends on how many overlap, not on how long they are. Times are UTC unless the log says an
 * offset. What cannot be read is told with file and line, and never stops the rest. Writes nothing
 * itself. No static state: several may run in one process. Not thread-safe.
 */
#ifndef CRIER_LOGREAD_H
#define CRIER_LOGREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logread_line.h"

/** Of longer lines no more is read. */
enum { LOGREAD_LINE_BYTES = 16 * 1024 };
/** Files that one set of logs may have. */
enum { LOGREAD_FILES_MAX = 100 * 1000 };

struct logread;

/** One line that somebody said. Strings are borrowed until the next call, never NULL, and as
 * utf8_clean() leaves text: valid UTF-8, no control characters or colours, single spaces. */
struct log_line {
    int64_t wall_ms;     /* never before that of the line before it in the same file */
    const char *nick;    /* without the mark of its rank in the channel */
    const char *text;    /* may be "" */
    const char *channel; /* "#channel", from the line or the file's name; "" when neither tells */
    const char *file;    /* as given, cleaned; "(standard input)" */
    long line;           /* from 1 */
    bool action;
    bool notice;
};

struct logread_sink {
    void *ctx; /* first argument of the following */
    /**
     * Something could not be read, or not as it stands. Must not call the reader.
     * @param line 0: the file as a whole. @param text what, and what to do; clean, no newline.
     */
    void (*problem)(void *ctx, const char *file, long line, const char *text);
};

/** All zero is fine. */
struct logread_options {
    enum log_format
        format;          /* LOG_FORMAT_ANY: recognised by itself; else other lines are problems */
    bool has_day;        /* where neither lines nor file name tell the day, it is this: */
    int64_t day_wall_ms; /* midnight UTC of the first line, see logread_parse_day() */
    const char *channel; /* of all lines that do not say theirs; NULL: from the file's name */
    struct logread_sink sink; /* problem may be NULL */
};

/** "2023-01-17" as --date takes it. @return 0 or CRIER_EINVAL. */
int logread_parse_day(const char *text, int64_t *ret_wall_ms) __attribute__((warn_unused_result));

/**
 * Prepares to read; opens nothing yet.
 * @param path    n files, directories (all regular files in them, by name, but hidden ones) and
 *                "-" for standard input. Copied.
 * @param options copied, its channel too; NULL: all zero.
 * @return 0 or CRIER_ENOMEM.
 */
int logread_create(const char *const *path, size_t n, const struct logread_options *options,
                   struct logread **ret_logread) __attribute__((warn_unused_result));
void logread_destroy(struct logread *lr);

/**
 * The next line of all files: the one with the earliest time, of those at the same time the one of
 * the file that was given first. May wait for a pipe.
 * @return 0; CRIER_ENOENT: that was all; CRIER_ENOMEM: part of the logs is left out.
 */
int logread_next(struct logread *lr, struct log_line *ret_line) __attribute__((warn_unused_result));

/** Everything that was wrong until now, also what was only counted and not told one by one. */
int64_t logread_problems(const struct logread *lr);
/** Bytes of files read until now (compressed ones as they are stored), and of all files; the
 * second is 0 when that cannot be known. For a progress bar. */
void logread_progress(const struct logread *lr, int64_t *ret_bytes, int64_t *ret_of_bytes);

#endif
