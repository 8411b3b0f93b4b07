/*
 * stamp: the time that a line of a log file begins with.
 *
 * Pure. Known are 2023-01-17T18:34:55.123+00:00 and the like (also with a space for the T, a comma
 * for the point, and in square brackets), [1673980495] (seconds since 1970), and syslog's
 * "Jan 17 18:34:55". A time without a zone is taken for UTC.
 */
#ifndef CRIER_STAMP_H
#define CRIER_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stamp {
    int64_t wall_ms;
    bool zoned;        /* the line says which zone it means */
    size_t after_time; /* bytes up to what follows the time */
    size_t after_tag;  /* bytes up to what follows "HOST PROGRAM[PID]: " too; 0: no such thing */
};

/**
 * Reads it. Something must follow the time.
 * @param now_wall_ms for the year, which syslog does not tell: the line is at most a day ahead.
 * @return whether the line begins with a time; *ret is set then.
 */
bool stamp_read(const char *line, int64_t now_wall_ms, struct stamp *ret);

#endif
