/*
 * components: a short list of (component name, status), as revisions carry it, and its text form:
 * one `status name` per line, in the order in which they were added.
 */
#ifndef CRIER_COMPONENTS_H
#define CRIER_COMPONENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "settings.h"

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
void components_finish(struct components *c);
/** @param text the text form, or NULL. @return 0, CRIER_EINVAL, CRIER_ELIMIT or CRIER_ENOMEM; c is
 * emptied first. */
int components_parse(struct components *c, const char *text) __attribute__((warn_unused_result));
/** @return the text form, the caller's to free(); NULL when memory is out. */
char *components_text(const struct components *c) __attribute__((warn_unused_result));
/** Sets one, adding it where it is new. @return 0, CRIER_ELIMIT or CRIER_ENOMEM. */
int components_set(struct components *c, const char *name, enum component_status status)
    __attribute__((warn_unused_result));
/** Sets one only when that is worse than what is there. @param ret_changed may be NULL. */
int components_raise(struct components *c, const char *name, enum component_status status,
                     bool *ret_changed) __attribute__((warn_unused_result));
/** @return the entry, borrowed, or NULL. */
const struct component_claim *components_find(const struct components *c, const char *name);
bool components_equal(const struct components *a, const struct components *b);

#endif
