/*
 * secret: reads keys and passwords from files and the environment.
 *
 * Refuses a file that group or others may read. Never logs a secret.
 */
#ifndef CRIER_SECRET_H
#define CRIER_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/**
 * @param file  path, or NULL to use env. A trailing newline is dropped; empty, over 4096 bytes or
 * with control characters is CRIER_EINVAL.
 * @param env   name of an environment variable, or NULL.
 * @param ret_secret  the caller's to secret_destroy().
 * @param why   on failure one line that says what is wrong and what to do, without the secret.
 * @return 0, CRIER_EACCESS (others may read it, or it may not be read), CRIER_ENOENT, CRIER_EINVAL,
 *         CRIER_ENOMEM.
 */
int secret_load(const char *file, const char *env, char **ret_secret, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** Checks as secret_load() does and forgets the secret. */
int secret_check(const char *file, const char *env, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** Whether somebody has shown the secret: takes the same time wherever the two differ. An empty
 * secret equals nothing. */
bool secret_equal(const char *given, const char *secret);
/** Overwrites and frees; NULL is fine. */
void secret_destroy(char *secret);

#endif
