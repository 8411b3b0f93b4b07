/*
 * trial_helper: the process that starts trials, forked before the daemon gives up that right.
 *
 * It can start one program in one way, fixed when it was made: `PROGRAM check -c NEW --against OLD
 * --json --replay -- LOG...`, with no environment, at a low priority (which crier.service does not
 * let it choose), one at a time. The daemon hands it descriptors only. It and what it runs end with
 * the daemon; what it runs is confined (confine_reader()).
 */
#ifndef CRIER_TRIAL_HELPER_H
#define CRIER_TRIAL_HELPER_H

enum { TRIAL_LOGS_BYTES = 1 << 20 }; /* of all names of logs together */

/** What a trial has; all are borrowed. */
struct trial_files {
    int output;      /* where it writes; its end is the end of the trial */
    int now, before; /* the configurations */
    int logs;        /* a file with the logs' names, each followed by a NUL byte */
};

struct trial_helper;

/**
 * Forks the helper. To be called while the process has one thread.
 * @param program its path; copied.
 * @return 0, CRIER_EIO with the reason in the log, or CRIER_ENOMEM.
 */
int trial_helper_create(const char *program, struct trial_helper **ret)
    __attribute__((warn_unused_result));
/** It ends with what it runs, and is waited for shortly. NULL is fine. */
void trial_helper_destroy(struct trial_helper *h);

/**
 * Starts a trial; one that runs is ended. When it cannot be started `output` is closed without a
 * word.
 * @return 0, CRIER_EAGAIN (the helper is behind), or CRIER_EIO: it is gone, which errno tells of.
 */
int trial_helper_start(struct trial_helper *h, const struct trial_files *files)
    __attribute__((warn_unused_result));
/** Kills what runs; fine when nothing does. */
void trial_helper_stop(struct trial_helper *h);

#endif
