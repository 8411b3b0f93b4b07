/*
 * trial: `crier check --replay` in a process of its own, on two configurations that are in memory.
 *
 * The process is this very program, started anew (so it holds no connection, no lock and no secret
 * of the daemon) by a helper (trial_helper.h), with a low priority; it gets the configurations as
 * texts without secrets (running_config_text()), which lie in memory too. It ends with the daemon,
 * however that ends. One at a time. Nothing here waits.
 */
#ifndef CRIER_TRIAL_H
#define CRIER_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ports.h"
#include "settings.h"

enum { TRIAL_WHY_BYTES = 400 };

struct trial_result {
    bool tried; /* false: why tells what was in the way */
    int64_t lines, unreadable, drafts_before, drafts_now;
    int64_t lost, later, earlier, gained, changed;
    char
        why[TRIAL_WHY_BYTES]; /* one clean line; with a lost draft, the first: its title and time */
};

/** Called from the source's dispatch, once for each trial that was started and not stopped. */
struct trial_sink {
    void *ctx;
    void (*done)(void *ctx, const struct trial_result *result);
};

struct trial;

/**
 * Forks the helper: to be called while the process has one thread.
 * @param program "/proc/self/exe"; another one in tests; copied.
 * @return 0, CRIER_EIO with the reason in the log, or CRIER_ENOMEM.
 */
int trial_create(const char *program, const struct trial_sink *sink, struct trial **ret)
    __attribute__((warn_unused_result));
/** Ends what runs. NULL is fine. */
void trial_destroy(struct trial *t);

/**
 * @param logs     paths and patterns, see log_paths.h.
 * @param limit_ms a process that runs longer is killed, and the trial is done: not tried.
 * @return 0; CRIER_EAGAIN while one runs; CRIER_ELIMIT: a configuration is too long as one file;
 *         CRIER_EIO with the reason in the log; CRIER_ENOMEM.
 */
int trial_start(struct trial *t, const struct settings *before, const struct settings *now,
                const struct string_list *logs, int64_t limit_ms, int64_t boot_ms)
    __attribute__((warn_unused_result));
/** Kills it; nothing is told. Fine when none runs. */
void trial_stop(struct trial *t);
bool trial_runs(const struct trial *t);

struct source_port trial_source_port(struct trial *t);

#endif
