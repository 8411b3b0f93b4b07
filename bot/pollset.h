/*
 * pollset: what one turn of the loop waits for. Filled anew in every turn.
 */
#ifndef CRIER_POLLSET_H
#define CRIER_POLLSET_H

#include <stddef.h>
#include <stdint.h>

struct poll_entry {
    int fd;
    short want; /* POLLIN, POLLOUT */
    short got;  /* filled by the wait; 0 when nothing came */
};

struct pollset {
    struct poll_entry *item;
    size_t n;
    size_t cap;
    int64_t deadline_boot_ms; /* the earliest; NOW_NEVER: none */
    int err;                  /* sticky: CRIER_ENOMEM */
};

void pollset_init(struct pollset *p);
void pollset_finish(struct pollset *p);
void pollset_clear(struct pollset *p);
/** Adds a descriptor; negative ones and want == 0 are ignored. */
void pollset_add(struct pollset *p, int fd, short want);
/** Wakes no later than this. */
void pollset_deadline(struct pollset *p, int64_t boot_ms);
/** @return the events that came for fd, or 0. */
short pollset_got(const struct pollset *p, int fd);

#endif
