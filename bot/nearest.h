/*
 * nearest: which of the known words somebody may have meant.
 */
#ifndef CRIER_NEAREST_H
#define CRIER_NEAREST_H

#include <stddef.h>

/** Search state on the caller's stack; every pointer in it is borrowed. */
struct nearest {
    const char *word;
    const char *best; /* NULL: nothing is near enough */
    size_t distance;
};

/** @param word what was written; NULL finds nothing. */
void nearest_init(struct nearest *n, const char *word);
/** Offers one known word; of equally near ones the first stays. NULL is passed over. */
void nearest_offer(struct nearest *n, const char *known);

/**
 * How many letters must be added, removed, changed or swapped with their neighbour to turn one word
 * into the other; ASCII letters compare without case. Words over 64 bytes are never near.
 * @return the distance, or (size_t)-1.
 */
size_t nearest_distance(const char *a, const char *b);

#endif
