#include "pollset.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "now.h"

enum { FIRST_CAP = 16 };

void pollset_init(struct pollset *p)
{
    memset(p, 0, sizeof *p);
    p->deadline_boot_ms = NOW_NEVER;
}

void pollset_finish(struct pollset *p)
{
    free(p->item);
    pollset_init(p);
}

void pollset_clear(struct pollset *p)
{
    p->n = 0;
    p->err = 0;
    p->deadline_boot_ms = NOW_NEVER;
}

void pollset_add(struct pollset *p, int fd, short want)
{
    if (fd < 0 || !want)
        return;
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : FIRST_CAP;
        struct poll_entry *item = realloc(p->item, cap * sizeof *item);

        if (!item) {
            p->err = CRIER_ENOMEM;
            return;
        }
        p->item = item;
        p->cap = cap;
    }
    p->item[p->n].fd = fd;
    p->item[p->n].want = want;
    p->item[p->n].got = 0;
    p->n++;
}

void pollset_deadline(struct pollset *p, int64_t boot_ms)
{
    if (boot_ms < p->deadline_boot_ms)
        p->deadline_boot_ms = boot_ms;
}

short pollset_got(const struct pollset *p, int fd)
{
    size_t i;
    int got = 0;

    for (i = 0; i < p->n; i++)
        if (p->item[i].fd == fd)
            got |= p->item[i].got;
    return (short)got;
}
