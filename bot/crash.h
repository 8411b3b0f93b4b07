/*
 * crash: points at which a test may kill the program, as a power cut would.
 *
 * Nothing is left of them unless built with -DCRIER_CRASH_POINTS (`make CRASH=1`). Then
 * CRIER_CRASH_AT=NAME:N raises SIGKILL when the point of that name is passed for the N-th time, and
 * CRIER_CRASH_TRACE=FILE appends the name of each point passed as a line. docs/proof.md lists the
 * points; tests/lint/check-crash-points compares. Any thread may pass them.
 */
#ifndef CRIER_CRASH_H
#define CRIER_CRASH_H

#include <stdbool.h>
#include <stddef.h>

#ifdef CRIER_CRASH_POINTS
#define CRASH_POINT(name) crash_point(name)
/* A body leaves in two pieces, so that there is a moment between its first byte and the rest. */
#define CRASH_PIECE(handed, bytes) ((handed) ? (bytes) : 1)
#define CRASH_BREAKS_RECONCILE() crash_breaks_reconcile()
#else
#define CRASH_POINT(name) ((void)0)
#define CRASH_PIECE(handed, bytes) (bytes)
#define CRASH_BREAKS_RECONCILE() false
#endif

/** Passes a point. @param name borrowed. Returns, or the process is gone. */
void crash_point(const char *name);
/**
 * For the proof that the proof can fail: with CRIER_BREAK_RECONCILE set in the environment of a
 * build with crash points, what is in doubt is sent again at once, without reading the page.
 */
bool crash_breaks_reconcile(void);

#endif
