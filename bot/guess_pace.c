#include "guess_pace.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NONE = GUESS_PACE_SOURCES };

size_t guess_pace_level(const struct guess_pace *p, int64_t now_boot_ms)
{
    int64_t left = p->empty_boot_ms - now_boot_ms;

    return left <= 0 ? 0 : (size_t)((left + GUESS_PACE_FORGET_MS - 1) / GUESS_PACE_FORGET_MS);
}

bool guess_pace_may(const struct guess_pace *p, size_t waiting, int64_t now_boot_ms)
{
    return guess_pace_level(p, now_boot_ms) + waiting < GUESS_PACE_MAX;
}

static size_t find(const struct guess_pace *p, const char *source)
{
    size_t i;

    for (i = 0; i < p->n; i++)
        if (!strncasecmp(p->source[i].key, source, GUESS_PACE_KEY - 1))
            return i;
    return NONE;
}

int64_t guess_pace_due(const struct guess_pace *p, const char *source, int64_t now_boot_ms)
{
    int64_t due = now_boot_ms, all = (int64_t)guess_pace_level(p, now_boot_ms) * GUESS_PACE_EACH_MS;
    size_t i = find(p, source);

    if (i != NONE && now_boot_ms - p->source[i].last_boot_ms < GUESS_PACE_SOURCE_MS) {
        int64_t delay = GUESS_PACE_FIRST_MS, k;

        for (k = 1; k < p->source[i].wrong && delay < GUESS_PACE_LONGEST_MS; k++)
            delay *= 2;
        if (delay > GUESS_PACE_LONGEST_MS)
            delay = GUESS_PACE_LONGEST_MS;
        if (p->source[i].last_boot_ms + delay > due)
            due = p->source[i].last_boot_ms + delay;
    }
    return due + (all < GUESS_PACE_ALL_MS ? all : GUESS_PACE_ALL_MS);
}

static void forget(struct guess_pace *p, size_t i)
{
    p->source[i] = p->source[--p->n];
}

/* Room for one more: of those with the fewest wrong ones the one that was quiet longest goes. */
static void make_room(struct guess_pace *p)
{
    size_t i, least = 0;

    if (p->n < GUESS_PACE_SOURCES)
        return;
    for (i = 1; i < p->n; i++)
        if (p->source[i].wrong < p->source[least].wrong ||
            (p->source[i].wrong == p->source[least].wrong &&
             p->source[i].last_boot_ms < p->source[least].last_boot_ms))
            least = i;
    forget(p, least);
}

void guess_pace_wrong(struct guess_pace *p, const char *source, bool single, int64_t now_boot_ms)
{
    size_t i;

    for (i = p->n; i-- > 0;)
        if (now_boot_ms - p->source[i].last_boot_ms >= GUESS_PACE_SOURCE_MS)
            forget(p, i);
    i = find(p, source);
    if (i == NONE) {
        make_room(p);
        i = p->n++;
        memset(&p->source[i], 0, sizeof p->source[i]);
        (void)snprintf(p->source[i].key, sizeof p->source[i].key, "%s", source);
    }
    p->source[i].wrong++;
    p->source[i].last_boot_ms = now_boot_ms;
    if (!single)
        return;
    if (p->empty_boot_ms < now_boot_ms)
        p->empty_boot_ms = now_boot_ms;
    p->empty_boot_ms += GUESS_PACE_FORGET_MS;
}

void guess_pace_right(struct guess_pace *p, const char *source)
{
    size_t i = find(p, source);

    if (i != NONE)
        forget(p, i);
}
