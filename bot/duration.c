#include "duration.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "err.h"

static const struct unit {
    const char *name;
    int64_t ms;
} units[] = {
    /* the first of each length is the one that is written */
    {"d", 86400000},    {"h", 3600000},    {"min", 60000},     {"s", 1000},
    {"ms", 1},          {"day", 86400000}, {"days", 86400000}, {"hour", 3600000},
    {"hours", 3600000}, {"minute", 60000}, {"minutes", 60000}, {"sec", 1000},
    {"second", 1000},   {"seconds", 1000}, {"m", 60000},
};

enum { WRITTEN_UNITS = 5 };

static const struct unit *find_unit(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strlen(units[i].name) == n && !memcmp(units[i].name, s, n))
            return &units[i];
    return NULL;
}

int duration_parse(const char *text, int64_t *ret_ms)
{
    int64_t total = 0, smallest = INT64_MAX;
    size_t parts = 0;

    if (!text)
        return CRIER_EINVAL;
    for (;;) {
        const struct unit *unit;
        int64_t value = 0;
        size_t digits = 0, letters;

        text += strspn(text, " \t");
        if (!*text)
            break;
        while (text[digits] >= '0' && text[digits] <= '9') {
            value = value * 10 + (text[digits] - '0');
            if (value > DURATION_MAX_MS)
                return CRIER_ELIMIT;
            digits++;
        }
        if (!digits)
            return CRIER_EINVAL;
        text += digits;
        text += strspn(text, " \t");
        letters = strspn(text, "abcdefghijklmnopqrstuvwxyz");
        unit = find_unit(text, letters);
        if (!unit || unit->ms >= smallest)
            return CRIER_EINVAL;
        text += letters;
        if (value > (DURATION_MAX_MS - total) / unit->ms)
            return CRIER_ELIMIT;
        total += value * unit->ms;
        smallest = unit->ms;
        parts++;
    }
    if (!parts)
        return CRIER_EINVAL;
    *ret_ms = total;
    return 0;
}

char *duration_text(char *dst, size_t size, int64_t ms)
{
    size_t used = 0, i;

    assert(size >= 48 && ms >= 0);
    dst[0] = '\0';
    for (i = 0; i < WRITTEN_UNITS && ms; i++) {
        int64_t value = ms / units[i].ms;
        int n;

        if (!value)
            continue;
        ms %= units[i].ms;
        n = snprintf(dst + used, size - used, "%s%" PRId64 " %s", used ? " " : "", value,
                     units[i].name);
        assert(n > 0 && (size_t)n < size - used);
        used += (size_t)n;
    }
    if (!used)
        (void)snprintf(dst, size, "0 s");
    return dst;
}
