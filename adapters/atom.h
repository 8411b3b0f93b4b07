/*
 * atom: reads an Atom feed. Source: RFC 4287.
 *
 * Pure but for memory. What is refused: anything that is no well-formed XML with a feed at its
 * root, and a document type, which is what declares entities (and makes them grow without end).
 */
#ifndef CRIER_ATOM_H
#define CRIER_ATOM_H

#include <stddef.h>
#include <stdint.h>

enum {
    ATOM_ENTRIES_MAX = 500, /* of one feed; what comes after them is left away */
    ATOM_ID_BYTES = 1000,
    ATOM_TITLE_BYTES = 4000,
    ATOM_AUTHOR_BYTES = 300,
    ATOM_WHY_BYTES = 200
};

/** Texts are clean (utf8_clean) and cut at the limits above; "" where there is none. */
struct atom_entry {
    char *id;
    char *title;
    char *author;         /* the name of the entry's own author, else of the feed's */
    int64_t published_ms; /* else when it was updated; -1: it does not say, or not as a time */
};

struct atom_feed {
    struct atom_entry *entry; /* in the order of the document */
    size_t n;
};

/**
 * @param n bytes of data.
 * @param why at least ATOM_WHY_BYTES; on CRIER_EINVAL what is wrong, one clean line.
 * @return 0, CRIER_EINVAL or CRIER_ENOMEM. *ret is set in any case.
 */
int atom_parse(const char *data, size_t n, struct atom_feed *ret, char *why)
    __attribute__((warn_unused_result));
void atom_finish(struct atom_feed *feed);

#endif
