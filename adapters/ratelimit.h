/*
 * ratelimit: at most so many requests in a rolling window, half of them kept free for the urgent.
 *
 * Pure: no clock, no memory of its own. A background request is let through only while fewer than
 * half of the limit are used, by whomever; so at least half is always left for urgent ones when
 * background reading alone is at work.
 */
#ifndef CRIER_RATELIMIT_H
#define CRIER_RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RATELIMIT_MAX = 256 };

struct ratelimit {
    int64_t used_boot_ms[RATELIMIT_MAX]; /* a ring: the last `limit` requests */
    size_t next;                         /* where the next one is written */
    size_t n;                            /* entries that are filled */
    size_t limit;
    int64_t window_ms;
    int64_t hold_boot_ms; /* background waits until then */
};

/** @param limit 2 to RATELIMIT_MAX requests in each window_ms, which is over 0. */
void ratelimit_init(struct ratelimit *r, size_t limit, int64_t window_ms);
/** @return when the next such request may go: at or before now when it may go now. */
int64_t ratelimit_free_at(const struct ratelimit *r, bool urgent);
/** Counts one request. @return false, and nothing counted, when it must wait. */
bool ratelimit_take(struct ratelimit *r, bool urgent, int64_t boot_ms);
/** Keeps background requests back until then: the server has asked for it. */
void ratelimit_hold(struct ratelimit *r, int64_t until_boot_ms);

#endif
