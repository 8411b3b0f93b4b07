/*
 * err: the error codes that every fallible function of crier returns.
 *
 * A function returns 0 or one of these negative values, never errno and never -1.
 */
#ifndef CRIER_ERR_H
#define CRIER_ERR_H

enum crier_err {
    CRIER_ENOMEM = -1,   /* out of memory; nothing changed */
    CRIER_EINVAL = -2,   /* the input is malformed */
    CRIER_ELIMIT = -3,   /* a configured or built-in limit was reached */
    CRIER_ESTATE = -4,   /* not allowed in the present state */
    CRIER_EIO = -5,      /* the operating system or a library failed; the log has its text */
    CRIER_ENOENT = -6,   /* no such thing */
    CRIER_EAGAIN = -7,   /* not now; try again later */
    CRIER_EACCESS = -8,  /* not permitted, or permissions too open */
    CRIER_EVERSION = -9, /* made by a newer version of crier */
    CRIER_ELOCKED = -10, /* another process holds it */
    CRIER_ECORRUPT = -11 /* stored data is damaged */
};

/**
 * @param err 0 or an enum crier_err.
 * @return a static English phrase, never NULL, also for values that are no crier_err.
 */
const char *crier_strerror(int err);

#endif
