/*
 * chat_list: an answer that lists things, in two lines at most, and says how many are left away.
 */
#ifndef CRIER_CHAT_LIST_H
#define CRIER_CHAT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "model.h"

/** Of whoever lists; between chat_list_begin() and chat_list_end(). */
struct chat_list {
    struct model *m;
    const char *place;
    const char *head;    /* of each line; borrowed */
    const char *between; /* of two items; borrowed */
    struct buf line;     /* what stands before the first item may be put here by the caller */
    size_t items;        /* in the line */
    size_t left;         /* that were not added */
    int lines;           /* that were said, or are full */
};

/** @param left how many there are. Strings are borrowed until the end. */
void chat_list_begin(struct chat_list *l, struct model *m, const char *place, const char *head,
                     const char *between, size_t left);
/** Adds one; says the line before when it is full. @return false: there is no room for it, nor for
 * those that follow. */
bool chat_list_add(struct chat_list *l, const struct buf *item);
/** Says the last line, with how many were left away; without memory the model has failed. */
void chat_list_end(struct chat_list *l);

#endif
