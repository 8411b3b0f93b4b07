#include "used_steps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void used_steps_parse(struct used_steps *u, int64_t floor_step, const char *text)
{
    memset(u, 0, sizeof *u);
    u->floor_step = floor_step < 0 ? 0 : floor_step;
    while (*text) {
        char *end;
        long long step;

        errno = 0;
        step = strtoll(text, &end, 10);
        if (end == text || errno || step <= 0 || (*end && *end != ' ')) {
            /* not ours: rather refuse a code too many than take one twice */
            if (u->n)
                u->floor_step = u->step[u->n - 1];
            u->n = 0;
            return;
        }
        used_steps_add(u, step);
        text = end + strspn(end, " ");
    }
}

char *used_steps_print(const struct used_steps *u, char *dst)
{
    size_t i, used = 0;

    dst[0] = '\0';
    for (i = 0; i < u->n; i++)
        used += (size_t)snprintf(dst + used, USED_STEPS_BYTES - used, "%s%" PRId64, i ? " " : "",
                                 u->step[i]);
    return dst;
}

bool used_steps_has(const struct used_steps *u, int64_t step)
{
    size_t i;

    for (i = 0; i < u->n && u->step[i] != step; i++)
        ;
    return step <= u->floor_step || i < u->n;
}

void used_steps_add(struct used_steps *u, int64_t step)
{
    size_t at;

    if (used_steps_has(u, step))
        return;
    if (u->n == USED_STEPS_MAX) {
        u->floor_step = u->step[0] < step ? u->step[0] : step;
        if (u->floor_step == step)
            return;
        u->n--;
        memmove(&u->step[0], &u->step[1], u->n * sizeof u->step[0]);
    }
    for (at = u->n; at && u->step[at - 1] > step; at--)
        u->step[at] = u->step[at - 1];
    u->step[at] = step;
    u->n++;
}
