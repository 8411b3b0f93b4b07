/*
 * tail: log files that are read as they grow.
 *
 * Wakes by inotify, and looks every few seconds too: some file systems tell nothing, and events
 * can be lost. What counts is always what is found then: a file that was renamed is read to its
 * end (and for a minute more, since its writer may still have it open) before the new one; one
 * that has become shorter, or has other bytes before the place that was reached, was truncated and
 * is read anew. A file is first read from its end (what is in it by then is history), one that
 * comes later from its beginning. After a restart reading goes on where it was, also in a file
 * that was renamed meanwhile (not in one that was compressed).
 *
 * Lines end with a newline; what does not end is waited for. Of longer ones TAIL_LINE_BYTES are
 * kept. A dispatch takes TAIL_LINES lines at most, and asks to be called again at once. What is
 * wrong with a file is logged once, and again when that is over.
 *
 * A position is "SINCE MARK", perhaps with the mark of the file before it, which may still grow.
 * What was written until SINCE was read; a mark is tail_reader.h's, or "-": there was no file. It
 * is told behind the lines that lead there, and every TAIL_ALIVE_MS.
 */
#ifndef CRIER_TAIL_H
#define CRIER_TAIL_H

#include <stdbool.h>

#include "ports.h"

enum { TAIL_LINE_BYTES = 4000, TAIL_LINES = 200, TAIL_ALIVE_MS = 2 * 60 * 1000 };

struct tail;

/** @param sink copied. Nothing of it is called but from the source's dispatch; it must not call
 * back. @return 0 or CRIER_ENOMEM. Without inotify it works too, and says so. */
int tail_create(const struct ear_sink *sink, struct tail **ret_tail)
    __attribute__((warn_unused_result));
void tail_destroy(struct tail *t);

/**
 * Begins to read a file, which need not be there.
 * @param path absolute. @param position as told to the sink, NULL: never read before.
 * @return 0 (also when it is followed already) or CRIER_ENOMEM.
 */
int tail_follow(struct tail *t, const char *path, const char *position)
    __attribute__((warn_unused_result));
/** Leaves every file that is not among the n places ("file:PATH"). */
void tail_keep(struct tail *t, char *const *place, size_t n);

struct source_port tail_source_port(struct tail *t);

#endif
