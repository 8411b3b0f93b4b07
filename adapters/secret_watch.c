#include "secret_watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "err.h"

/* Rabin and Karp's fingerprint modulo a prime: two texts of n bytes share one by a chance of n in
 * 2^61 at most, as the base is random. */
#define PRIME ((UINT64_C(1) << 61) - 1)

struct watched {
    size_t n;
    uint64_t print;
    uint64_t highest; /* the base to the power of n - 1 */
};

struct secret_watch {
    uint64_t base;
    size_t n;
    struct watched item[SECRET_WATCH_MAX];
};

__extension__ typedef unsigned __int128 wide;

static uint64_t times(uint64_t a, uint64_t b)
{
    return (uint64_t)((wide)a * b % PRIME);
}

/* One byte more on the right. A zero byte must count too. */
static uint64_t append(const struct secret_watch *w, uint64_t print, char c)
{
    return (times(print, w->base) + (unsigned char)c + 1) % PRIME;
}

/* One byte less on the left. */
static uint64_t drop(const struct watched *s, uint64_t print, char c)
{
    return (print + PRIME - times(s->highest, (unsigned char)c + UINT64_C(1))) % PRIME;
}

int secret_watch_create(struct secret_watch **ret_watch)
{
    struct secret_watch *w = calloc(1, sizeof *w);
    ssize_t n;

    if (!w)
        return CRIER_ENOMEM;
    do
        n = getrandom(&w->base, sizeof w->base, 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof w->base) {
        free(w);
        return CRIER_EIO;
    }
    w->base = w->base % (PRIME - 1000) + 500;
    *ret_watch = w;
    return 0;
}

void secret_watch_clear(struct secret_watch *w)
{
    explicit_bzero(w->item, sizeof w->item);
    w->n = 0;
}

void secret_watch_destroy(struct secret_watch *w)
{
    if (!w)
        return;
    explicit_bzero(w, sizeof *w);
    free(w);
}

int secret_watch_add(struct secret_watch *w, const char *secret)
{
    struct watched *s = &w->item[w->n];
    size_t n = strlen(secret), i;

    if (n < SECRET_WATCH_BYTES)
        return CRIER_EINVAL;
    if (w->n == SECRET_WATCH_MAX)
        return CRIER_ELIMIT;
    s->n = n;
    s->print = 0;
    s->highest = 1;
    for (i = 0; i < n; i++) {
        s->print = append(w, s->print, secret[i]);
        if (i)
            s->highest = times(s->highest, w->base);
    }
    w->n++;
    return 0;
}

static bool holds(const struct secret_watch *w, const struct watched *s, const char *text, size_t n)
{
    uint64_t print = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        if (i >= s->n)
            print = drop(s, print, text[i - s->n]);
        print = append(w, print, text[i]);
        if (i + 1 >= s->n && print == s->print)
            return true;
    }
    return false;
}

bool secret_watch_finds(const struct secret_watch *w, const char *text)
{
    size_t n = strlen(text), i;

    for (i = 0; i < w->n; i++)
        if (n >= w->item[i].n && holds(w, &w->item[i], text, n))
            return true;
    return false;
}
