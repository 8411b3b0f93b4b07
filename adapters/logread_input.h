/*
 * logread_input: the lines of one file, whatever their length, gzip or not.
 *
 * For logread. Reads blocks, and hands out lines where they stand in the block: nothing is copied
 * or allocated for a line.
 */
#ifndef CRIER_LOGREAD_INPUT_H
#define CRIER_LOGREAD_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_input;

/** A last line without an end is handed out when it is LOG_INPUT_ENDED or TRAILING, else it may be
 * half of one. */
enum log_input_end {
    LOG_INPUT_OPEN,      /* there may be more */
    LOG_INPUT_ENDED,     /* all of it was read */
    LOG_INPUT_TRUNCATED, /* compressed, and it ends in the middle */
    LOG_INPUT_DAMAGED,   /* compressed, and damaged from here on */
    LOG_INPUT_TRAILING,  /* behind what is compressed is something else, which was not read */
    LOG_INPUT_FAILED     /* the system cannot read on; see errno */
};

/** What a file turns out to be. */
enum log_input_kind {
    LOG_INPUT_TEXT,
    LOG_INPUT_GZIP,
    LOG_INPUT_XZ,
    LOG_INPUT_ZSTD,
    LOG_INPUT_BZIP2,
    LOG_INPUT_ZIP,
    LOG_INPUT_UTF16,
    LOG_INPUT_BINARY
};

struct log_input_line {
    char *text;   /* not ended by NUL; borrowed until the next call, and may be written, one byte
                     behind it too */
    size_t bytes; /* without newline and carriage return */
    bool cut;     /* there was more */
};

/**
 * Begins to read.
 * @param fd       taken over, also when this fails.
 * @param max_line of longer lines the rest is skipped; at least 1.
 * @return 0 or CRIER_ENOMEM.
 */
int log_input_create(int fd, size_t max_line, struct log_input **ret_input)
    __attribute__((warn_unused_result));
void log_input_destroy(struct log_input *in);

/** Looks at the first bytes. Only of LOG_INPUT_TEXT and LOG_INPUT_GZIP lines can be read. */
enum log_input_kind log_input_kind(struct log_input *in);
/** @return false: there are no more, for the reason of log_input_end(). */
bool log_input_line(struct log_input *in, struct log_input_line *ret);
/** The line after the one that was read last, if it is in the block already; borrowed likewise. */
bool log_input_peek(const struct log_input *in, const char **ret_text, size_t *ret_bytes);
enum log_input_end log_input_end(const struct log_input *in);
/** errno of LOG_INPUT_FAILED. */
int log_input_errno(const struct log_input *in);
/** Bytes that were read of the file. */
int64_t log_input_taken(const struct log_input *in);

#endif
