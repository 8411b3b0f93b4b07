/*
 * when: UTC times, durations and counts as people read and type them.
 *
 * Pure civil-time arithmetic (proleptic Gregorian calendar, no leap seconds) without libc's time
 * zones. wall_ms is milliseconds since 1970-01-01T00:00:00Z; years 0 to 9999 are written as they
 * are, times outside are clamped to the nearest of these.
 */
#ifndef CRIER_WHEN_H
#define CRIER_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Every dst here is at least this long. */
enum { WHEN_BYTES = 40 };

/** A time taken apart. */
struct when_civil {
    int year;   /* 0 to 9999 */
    int month;  /* 1 to 12 */
    int day;    /* 1 to 31 */
    int hour;   /* 0 to 23 */
    int minute; /* 0 to 59 */
    int second; /* 0 to 59 */
    int ms;     /* 0 to 999 */
};

struct when_civil when_split(int64_t wall_ms);
/** @return 0, or CRIER_EINVAL when a field is out of its bounds (30 February too). */
int when_join(const struct when_civil *civil, int64_t *ret_wall_ms)
    __attribute__((warn_unused_result));

/** Each writes into dst, of at least WHEN_BYTES, and returns it. */
char *when_hms(int64_t wall_ms, char *dst);    /* 18:34:55 */
char *when_hm(int64_t wall_ms, char *dst);     /* 18:33 */
char *when_date(int64_t wall_ms, char *dst);   /* 2023-01-17 */
char *when_iso(int64_t wall_ms, char *dst);    /* 2023-01-17T18:34:55Z */
char *when_iso_ms(int64_t wall_ms, char *dst); /* 2023-01-17T18:34:55.123Z */
/** For people, with the date only when it is another UTC day than now: "18:33" or "2023-01-16
 * 18:33". @param now_wall_ms 0: never with the date. */
char *when_hm_near(int64_t wall_ms, int64_t now_wall_ms, char *dst);
/** "17 January" */
char *when_day_words(int64_t wall_ms, char *dst);
/** Rounded down: "0 s", "45 s", "3 min", "2 h 5 min", "3 d 4 h"; negative counts as 0. */
char *when_duration(int64_t ms, char *dst);
/** "12,345", "-3". */
char *when_count(int64_t n, char *dst);

/** Same UTC day. */
bool when_same_day(int64_t a_wall_ms, int64_t b_wall_ms);

/**
 * A time as a person types it for `edit N start`: `18:33` (also `18:33:10`, `1833`), the last such
 * time that is not after now, where one that is less than an hour ahead is taken for a slip and not
 * for yesterday's; or `2023-01-17 18:33`, with a T between them if they like. `UTC` or
 * `Z` may follow.
 *
 * @return 0, or CRIER_EINVAL: malformed, or after now.
 */
int when_parse_hm(const char *text, int64_t now_wall_ms, int64_t *ret_wall_ms)
    __attribute__((warn_unused_result));

/**
 * 2023-01-17T18:34:55Z, with .123 if they like, +00:00 or another offset instead of Z.
 * Source: RFC 3339 section 5.6.
 * @return 0 or CRIER_EINVAL.
 */
int when_parse_iso(const char *text, int64_t *ret_wall_ms) __attribute__((warn_unused_result));

#endif
