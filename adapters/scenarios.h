/*
 * scenarios: recorded outages in a directory, NAME.log each, for drills.
 *
 * The lines are read as logread.h reads any log; the comments at the head are those of
 * drill_scenario.h.
 */
#ifndef CRIER_SCENARIOS_H
#define CRIER_SCENARIOS_H

#include <stddef.h>

#include "drill_scenario.h"

/**
 * @param name "" is the first of the directory.
 * @param ret  set on success only; the caller's to drill_scenario_finish().
 * @param why  on failure one line for people: what there is instead.
 * @return 0, CRIER_ENOENT (no such scenario), CRIER_EINVAL (no name, or nothing in it can be
 *         played), CRIER_ELIMIT (too long) or CRIER_ENOMEM.
 */
int scenarios_load(const char *dir, const char *name, struct drill_scenario *ret, char *why,
                   size_t why_size) __attribute__((warn_unused_result));

/** Names of all, sorted, with ", " between, as many as fit; "" when there are none. @return dst. */
char *scenarios_list(const char *dir, char *dst, size_t size);

#endif
