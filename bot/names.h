/*
 * names: strings that many rows share, each kept once.
 *
 * Thousands of alerts name the same few sources, checks, hosts and rules. A field that is set here
 * is read like any other string, but never written to and never freed by free(). Pure apart from
 * memory.
 */
#ifndef CRIER_NAMES_H
#define CRIER_NAMES_H

#include <stddef.h>

struct name;

struct names {
    struct name **bucket;
    size_t n_buckets; /* a power of two, or 0 */
    size_t n;         /* different names */
};

/** Empty; needs no names_finish() until something is set. */
void names_init(struct names *s);
/** Frees all; fields that were set are dangling then. Twice is fine. */
void names_finish(struct names *s);
/**
 * Lets a field hold this name, and lets go of the one that it held.
 * @param field  NULL inside, or set by this function before.
 * @param value  copied; NULL is stored as "". May be what the field holds.
 * @return 0 or CRIER_ENOMEM, the field unchanged then.
 */
int names_set(struct names *s, char **field, const char *value) __attribute__((warn_unused_result));
/** @return the text as every field that holds it has it, so that addresses can be compared; NULL
 * when none does. */
const char *names_find(const struct names *s, const char *value);
/** The field is NULL then; a name that nobody holds any more is freed. NULL inside is fine. */
void names_drop(struct names *s, char **field);

#endif
