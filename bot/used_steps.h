/*
 * used_steps: which time steps of somebody's one-time passwords have been used.
 *
 * A code works once (RFC 6238 section 5.2). Not only the highest step is kept but the newest
 * USED_STEPS_MAX of them, and a floor below which nothing counts any more: a code that was used
 * stays used wherever the clock goes, and a clock that was once far ahead does not lock the person
 * out until that time has come. Pure.
 */
#ifndef CRIER_USED_STEPS_H
#define CRIER_USED_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { USED_STEPS_MAX = 16, USED_STEPS_BYTES = USED_STEPS_MAX * 20 + 1 };

struct used_steps {
    int64_t floor_step;
    int64_t step[USED_STEPS_MAX]; /* ascending, all above the floor */
    size_t n;
};

/** Takes what is stored. Where the text cannot be read, everything up to the highest step that
 * could be counts as used. */
void used_steps_parse(struct used_steps *u, int64_t floor_step, const char *text);
/** @param dst at least USED_STEPS_BYTES. @return dst: the steps with a blank between. */
char *used_steps_print(const struct used_steps *u, char *dst);
bool used_steps_has(const struct used_steps *u, int64_t step);
/** One that is there already, or not above the floor, changes nothing. When there is no room the
 * lowest becomes the floor. */
void used_steps_add(struct used_steps *u, int64_t step);

#endif
