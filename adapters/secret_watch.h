/*
 * secret_watch: recognises secrets in a text without keeping them.
 *
 * Of each secret it has the length and a fingerprint under a random number of its own. Whoever can
 * read this memory can try guesses on that, but cannot read the secret. Never logs.
 */
#ifndef CRIER_SECRET_WATCH_H
#define CRIER_SECRET_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct secret_watch;

enum {
    SECRET_WATCH_BYTES = 8, /* what is shorter may be a word of anybody's */
    SECRET_WATCH_MAX = 256
};

/** @return 0, CRIER_EIO (no random numbers) or CRIER_ENOMEM. */
int secret_watch_create(struct secret_watch **ret_watch) __attribute__((warn_unused_result));
/** NULL is fine. */
void secret_watch_destroy(struct secret_watch *w);
/** Forgets every secret. */
void secret_watch_clear(struct secret_watch *w);
/** @return 0; CRIER_EINVAL when it is shorter than SECRET_WATCH_BYTES; CRIER_ELIMIT when there are
 * SECRET_WATCH_MAX already. */
int secret_watch_add(struct secret_watch *w, const char *secret)
    __attribute__((warn_unused_result));
/** Whether one of them is in the text, as it is. */
bool secret_watch_finds(const struct secret_watch *w, const char *text);

#endif
