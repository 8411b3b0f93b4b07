/*
 * chronicle_bench: chronicles made by hand, for tests of what is made of them.
 */
#ifndef CRIER_CHRONICLE_BENCH_H
#define CRIER_CHRONICLE_BENCH_H

#include "chronicle.h"

#define BENCH_DAY_MS INT64_C(1673913600000) /* 2023-01-17T00:00:00Z */

/** @return BENCH_DAY_MS plus that time of the day. */
int64_t bench_at(int hour, int minute, int second);

/** A draft, number 7, opened at that time, that nothing has happened to. */
void bench_incident(struct chronicle *c, int64_t opened_wall_ms);
/** One row of the timeline; aborts the test when memory is out. */
void bench_row(struct chronicle *c, int64_t wall_ms, const char *kind, const char *who,
               const char *text, int64_t ref, const char *subject);
/** One revision, of kind draft or update by its number. @param step enum step. */
void bench_revision(struct chronicle *c, int64_t number, int64_t step, int64_t state,
                    const char *title, const char *body);
/** Rows of n alerts, "check-1 on host-1" and so on, that begin one second after the other from
 * wall_ms and fire for length_ms each. Refs from first_ref. */
void bench_alerts(struct chronicle *c, size_t n, int64_t first_ref, int64_t wall_ms,
                  int64_t length_ms);

/** The outage of 2023-01-17 as crier would have stored it, resolved, and sorted. */
void bench_outage(struct chronicle *c);

#endif
