#include "ratelimit.h"

#include <assert.h>
#include <string.h>

void ratelimit_init(struct ratelimit *r, size_t limit, int64_t window_ms)
{
    assert(limit >= 2 && limit <= RATELIMIT_MAX && window_ms > 0);
    memset(r, 0, sizeof *r);
    r->limit = limit;
    r->window_ms = window_ms;
    r->hold_boot_ms = INT64_MIN;
}

int64_t ratelimit_free_at(const struct ratelimit *r, bool urgent)
{
    size_t allowed = urgent ? r->limit : r->limit / 2;
    int64_t at = urgent ? INT64_MIN : r->hold_boot_ms;

    if (r->n >= allowed) {
        /* The allowed-th request before now: when that one leaves the window, one slot is free. */
        size_t i = (r->next + r->limit - allowed) % r->limit;

        if (r->used_boot_ms[i] + r->window_ms > at)
            at = r->used_boot_ms[i] + r->window_ms;
    }
    return at;
}

bool ratelimit_take(struct ratelimit *r, bool urgent, int64_t boot_ms)
{
    if (ratelimit_free_at(r, urgent) > boot_ms)
        return false;
    r->used_boot_ms[r->next] = boot_ms;
    r->next = (r->next + 1) % r->limit;
    if (r->n < r->limit)
        r->n++;
    return true;
}

void ratelimit_hold(struct ratelimit *r, int64_t until_boot_ms)
{
    if (until_boot_ms > r->hold_boot_ms)
        r->hold_boot_ms = until_boot_ms;
}
