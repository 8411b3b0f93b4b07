/*
 * wording_secret: what in a text has the shape of a key or a password.
 *
 * By shape alone: no key is known here. Ordinary sentences of any language have nothing of it; a
 * password that is a word of a language, with no label before it, cannot be told from one. Pure.
 */
#ifndef CRIER_WORDING_SECRET_H
#define CRIER_WORDING_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Finds the first such piece: known prefixes and formats (PEM, JWT, AKIA..., ghp_..., UUID), a
 * value with a label (`token=...`, `Bearer ...`), and what is long and looks random.
 *
 * @param ret_at where it begins, inside text; set when one is found.
 * @return its bytes, or 0 where there is none.
 */
size_t wording_secret(const char *text, const char **ret_at);
/** @return whether there is one. */
bool wording_has_secret(const char *text);

#endif
