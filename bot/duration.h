/*
 * duration: lengths of time as people write them ("15 min", "1 min 30 s") and milliseconds.
 */
#ifndef CRIER_DURATION_H
#define CRIER_DURATION_H

#include <stddef.h>
#include <stdint.h>

/** The longest that duration_parse() accepts: 3650 days. */
#define DURATION_MAX_MS (INT64_C(3650) * 24 * 3600 * 1000)

/**
 * Reads whole numbers, each with a unit: ms, s, min, h, d (also sec, second(s), minute(s), hour(s),
 * day(s), m for minutes), larger units first, with or without blanks: "90 s", "2h", "1 min 30 s".
 *
 * @param ret_ms set on success only.
 * @return 0, CRIER_EINVAL (no unit, unknown unit, fraction, sign, wrong order, or NULL),
 * CRIER_ELIMIT (more than DURATION_MAX_MS).
 */
int duration_parse(const char *text, int64_t *ret_ms) __attribute__((warn_unused_result));

/**
 * The shortest text that duration_parse() reads as the same number: "1 min 30 s", "0 s".
 * @param size of dst, at least 48 bytes. @param ms not negative. @return dst.
 */
char *duration_text(char *dst, size_t size, int64_t ms);

#endif
