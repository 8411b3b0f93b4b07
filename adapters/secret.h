/*
 * secret: reads keys and passwords from files, credentials of systemd and the environment.
 *
 * Refuses a file that group or others may read. Never logs a secret, nor a name that leads to
 * nothing: it may be a secret that somebody wrote in the wrong place.
 */
#ifndef CRIER_SECRET_H
#define CRIER_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/** What stands in front of a credential's name where a file can be named; systemd.exec(5),
 * LoadCredential=. */
#define SECRET_CREDENTIAL "credential:"

/** Whether file is such a name and not a path. */
bool secret_is_credential(const char *file);
/**
 * The path of what a configuration names: `credential:NAME` is $CREDENTIALS_DIRECTORY/NAME, all
 * else stays as it is. Whether the file is there is not looked at.
 * @param ret_path the caller's to free().
 * @param why      as for secret_load().
 * @return 0, CRIER_EINVAL (no name for a credential), CRIER_ESTATE (systemd has handed none over:
 *         $CREDENTIALS_DIRECTORY is missing) or CRIER_ENOMEM.
 */
int secret_path(const char *file, char **ret_path, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/**
 * @param file  path or credential:NAME, or NULL to use env. A trailing newline is dropped; empty,
 * over 4096 bytes or with control characters is CRIER_EINVAL.
 * @param env   name of an environment variable, or NULL.
 * @param ret_secret  the caller's to secret_destroy().
 * @param why   on failure one line that says what is wrong and what to do, without the secret.
 * @return 0, CRIER_EACCESS (others may read it, or it may not be read), CRIER_ENOENT, CRIER_EINVAL,
 *         CRIER_ESTATE (secret_path()), CRIER_ENOMEM.
 */
int secret_load(const char *file, const char *env, char **ret_secret, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** Checks as secret_load() does and forgets the secret. */
int secret_check(const char *file, const char *env, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/**
 * The same for a private key in PEM form, which a library will read by its path: who may read it,
 * that there is one, and that it asks for no passphrase (the library would wait for a terminal).
 * @param file path or credential:NAME. @return as secret_load().
 */
int secret_check_key(const char *file, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** Whether somebody has shown the secret: takes the same time wherever the two differ. An empty
 * secret equals nothing. */
bool secret_equal(const char *given, const char *secret);
/**
 * Writes asterisks over every occurrence in n bytes of text, also where its characters are escaped
 * as JSON may escape them (RFC 8259 section 7; of characters beyond ASCII only their bytes). What
 * was JSON still is.
 * @param secret NULL or "": nothing is done.
 */
void secret_hide(char *text, size_t n, const char *secret);
/** Overwrites and frees; NULL is fine. */
void secret_destroy(char *secret);

#endif
