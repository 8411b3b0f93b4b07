/*
 * tail_reader: one open log file, how far it has been read, and how to find that place again.
 *
 * For tail.c. Reads with pread(), so that nothing but the offsets tells where it is.
 */
#ifndef CRIER_TAIL_READER_H
#define CRIER_TAIL_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "buf.h"

enum {
    READER_WINDOW_BYTES = 256, /* before the offset, to know the file again */
    READER_MARK_BYTES = 64
};

/** The newest bytes of a stream. */
struct window {
    char byte[READER_WINDOW_BYTES];
    size_t n;
};

struct reader {
    int fd; /* -1: none */
    int wd; /* inotify's number for it, or -1 */
    ino_t ino;
    int64_t offset;       /* of the line that is not complete */
    int64_t next;         /* of the byte to be read next */
    struct window before; /* what is before offset, */
    struct window seen;   /* and before next */
    struct buf part;      /* of the line that is not complete, as far as it is kept */
    int64_t grown_boot_ms;
};

/** Where a reader was: inode, offset, and the hash of the bytes before it. */
struct mark {
    bool set;
    uint64_t ino, hash;
    int64_t offset;
};

/** Without a file. @param max_bytes of a line that are kept. */
void reader_init(struct reader *r, size_t max_bytes);
/** Frees and closes everything but the watch. */
void reader_finish(struct reader *r);
/** Goes to an offset where a line begins. @return false when the file has not so many bytes, or
 * cannot be read; nothing is changed then. */
bool reader_seek(struct reader *r, int64_t offset);
/** Goes to the mark, if it was set in this file. */
bool reader_resume(struct reader *r, const struct mark *mark);
/** Reads what is next, without going there. @return bytes, 0 at the end, -1 with errno. */
ssize_t reader_peek(const struct reader *r, char *chunk, size_t n);
/** Takes bytes that follow into the line; of a long one, no more than are kept. @return false
 * without memory. */
bool reader_take(struct reader *r, const char *data, size_t n);
/** The line is complete: what comes is another one. */
void reader_line_done(struct reader *r);
/** Whether the bytes that were read are no longer what is there. */
bool reader_is_truncated(const struct reader *r);
/** Whether what this one has read is at the same place in another file. */
bool reader_is_copied(const struct reader *r, int fd);
/** Where the line begins that the file ends with, as far as that is in the last n bytes. */
int64_t reader_last_line(const struct reader *r, int64_t size, char *chunk, size_t n);

void reader_mark(const struct reader *r, struct mark *ret);
/** Writes "INODE:OFFSET:HASH". @param dst at least READER_MARK_BYTES. @return dst. */
char *mark_print(const struct mark *mark, char *dst);
/** Reads it at *p and goes behind it. @return false when there is none; *ret is not set then. */
bool mark_parse(const char **p, struct mark *ret);

/** Opens what can be read again and again without waiting. @return 0 or an errno: EISDIR, ESPIPE
 * for what is no file. */
int reader_open(const char *path, int *ret_fd, struct stat *ret_st);

#endif
