/*
 * components: a short list of (component name, status), as revisions carry it, and its text form:
 * one `status name` per line, in the order in which they were added.
 */
#ifndef CRIER_COMPONENTS_H
#define CRIER_COMPONENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "settings.h"

/* Source of the name's limit: Statuspage API, component.name. In characters, not bytes. */
enum { COMPONENTS_MAX = 64, COMPONENT_NAME_MAX = 255 };

struct component_claim {
    char *name; /* as on the page */
    enum component_status status;
};

struct components {
    struct component_claim item[COMPONENTS_MAX];
    size_t n;
};

void components_init(struct components *c);
/** Frees the names; the list is empty and usable then. Accepts zeroed memory. */
void components_finish(struct components *c);
/**
 * @param text the text form, or NULL or "" for an empty list. The same name twice is CRIER_EINVAL.
 * @return 0, CRIER_EINVAL, CRIER_ELIMIT or CRIER_ENOMEM; c is emptied first, and empty on failure.
 */
int components_parse(struct components *c, const char *text) __attribute__((warn_unused_result));
/** @return the text form, the caller's to free(); NULL when memory is out. */
char *components_text(const struct components *c) __attribute__((warn_unused_result));
/**
 * Sets one, adding it where it is new.
 * @param name one line of 1 to COMPONENT_NAME_MAX characters, not beginning or ending with a space.
 * @return 0, CRIER_EINVAL (not such a name), CRIER_ELIMIT (too long, or too many) or CRIER_ENOMEM;
 *         nothing changed on failure.
 */
int components_set(struct components *c, const char *name, enum component_status status)
    __attribute__((warn_unused_result));
/**
 * Sets one only when that is worse than what is there; a new one is always added.
 * @param ret_changed set on success only; may be NULL.
 * @return as components_set().
 */
int components_raise(struct components *c, const char *name, enum component_status status,
                     bool *ret_changed) __attribute__((warn_unused_result));
/** @return the entry, borrowed, or NULL. */
const struct component_claim *components_find(const struct components *c, const char *name);
/** Appends `Editing: partial outage, Reading: ...`, as people read it; nothing for an empty list.
 */
void components_words(struct buf *b, const struct components *c);
/** The same names with the same status, in whatever order. */
bool components_equal(const struct components *a, const struct components *b);

#endif
