/*
 * totp: one-time passwords of people who were enrolled beforehand (RFC 6238, by liboath).
 *
 * Owns the directory `enrolled` in the state_dir: one file of mode 0600 for each person, named
 * after them, which holds the secret in base32, the name of this enrolment and the number of
 * digits. It is read anew each time somebody shows a code, and overwritten in memory afterwards.
 * Which codes were used is the engine's to know. Never logs a secret or a code.
 */
#ifndef CRIER_TOTP_H
#define CRIER_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ports.h"

/** RFC 6238 section 5.2: time steps of 30 s; here one before and one behind count too. */
enum {
    TOTP_STEP_S = 30,
    TOTP_WINDOW = 1,
    TOTP_DIGITS_MIN = 6,
    TOTP_DIGITS_MAX = 8,
    TOTP_SECRET_BYTES = 20, /* RFC 4226 section 4: 160 bits are recommended */
    TOTP_LOOK_MS = 60 * 1000
};

#define TOTP_DIRECTORY "enrolled"

struct totp;

/** Called from dispatch when the number of people who are enrolled has changed, and once at first.
 */
struct totp_sink {
    void *ctx;
    void (*enrolled)(void *ctx, size_t n);
};

/** @param state_dir copied. @return 0 or CRIER_ENOMEM; CRIER_EIO when liboath does not start. */
int totp_create(const char *state_dir, const struct totp_sink *sink, struct totp **ret)
    __attribute__((warn_unused_result));
/** NULL is fine. */
void totp_destroy(struct totp *t);
struct proof_port totp_proof_port(struct totp *t);
/** Looks once a minute how many are enrolled. */
struct source_port totp_source_port(struct totp *t);

/* ---- enrolling: for `crier enrol` and `crier check` ------------------------------------------ */

/** What an app and a file share. */
struct totp_secret {
    unsigned char bytes[TOTP_SECRET_BYTES];
    char key[17]; /* names this enrolment; no secret */
    int digits;
};

/** Makes a random one. @return 0 or CRIER_EIO. */
int totp_secret_make(struct totp_secret *s, int digits) __attribute__((warn_unused_result));
/** Whether that is its code at that time, the window included. */
bool totp_secret_matches(const struct totp_secret *s, const char *code, int64_t wall_ms);
/** "otpauth://totp/crier:NAME?secret=...": what an app takes, as a QR code or by hand.
 * @return the caller's to secret_destroy(); NULL when memory is out. */
char *totp_secret_uri(const struct totp_secret *s, const char *person);
/** Overwrites it. */
void totp_secret_finish(struct totp_secret *s);

/**
 * Writes the file, whole or not at all, readable by the owner of the state_dir alone.
 * @param again  whether one that is there is replaced; else it is CRIER_ESTATE.
 * @param why    on failure one line for people, without the secret.
 * @return 0, CRIER_ESTATE, CRIER_EACCESS, CRIER_EIO, CRIER_EINVAL (a name that no file can have),
 *         CRIER_ENOMEM.
 */
int totp_enrol(const char *state_dir, const char *person, const struct totp_secret *s, bool again,
               char *why, size_t why_size) __attribute__((warn_unused_result));
/** Whether there is a file for that person, whatever is in it. */
bool totp_is_enrolled(const char *state_dir, const char *person);
/** Removes the file. @return 0, CRIER_ENOENT, or an error as above. */
int totp_remove(const char *state_dir, const char *person, char *why, size_t why_size)
    __attribute__((warn_unused_result));

/** @param person of the file; @param wrong one line about what is wrong with it, or NULL. */
typedef void totp_visitor(void *ctx, const char *person, const char *wrong);
/** Visits everybody who is enrolled, in the order of the directory. Secrets are looked at only
 * where they may be read. @return 0 or an error, told in why; no directory is nobody. */
int totp_visit(const char *state_dir, totp_visitor *visit, void *ctx, char *why, size_t why_size)
    __attribute__((warn_unused_result));

#endif
