/*
 * patterns_filter: which of many fixed texts a line holds, found in one pass over it.
 *
 * The texts are made into one automaton, so that a line costs the same however many there are.
 * Source: A. V. Aho, M. J. Corasick, "Efficient string matching", 1975. Pure apart from memory.
 */
#ifndef CRIER_PATTERNS_FILTER_H
#define CRIER_PATTERNS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct patterns_filter;

enum {
    PATTERNS_FILTER_TEXTS = 256, /* so many are told apart */
    PATTERNS_FILTER_WORDS = PATTERNS_FILTER_TEXTS / 64
};

/** Which texts were seen. */
struct patterns_seen {
    uint64_t word[PATTERNS_FILTER_WORDS];
};

/** @return an empty one; NULL when memory is out. */
struct patterns_filter *patterns_filter_create(void);
/** NULL is fine. */
void patterns_filter_destroy(struct patterns_filter *f);
/**
 * Adds a text, before patterns_filter_finish().
 * @param n       bytes, at least 1.
 * @param ret_id  its number; the same for the same text. PATTERNS_FILTER_TEXTS: there is no room,
 * so whether a line holds it is not told.
 * @return 0 or CRIER_ENOMEM.
 */
int patterns_filter_add(struct patterns_filter *f, const char *text, size_t n, size_t *ret_id)
    __attribute__((warn_unused_result));
/** No more texts come. @return 0 or CRIER_ENOMEM. */
int patterns_filter_finish(struct patterns_filter *f) __attribute__((warn_unused_result));
/** @param n bytes of the line. */
void patterns_filter_scan(const struct patterns_filter *f, const char *line, size_t n,
                          struct patterns_seen *ret);

/** @return whether the line may hold the text: surely, or id is PATTERNS_FILTER_TEXTS. */
static inline bool patterns_seen(const struct patterns_seen *s, size_t id)
{
    return id >= PATTERNS_FILTER_TEXTS || (s->word[id / 64] >> id % 64 & 1);
}

#endif
