/*
 * run_config: everything that a configuration brings, made before anything of an old one is let go.
 *
 * Also `crier check`, declared in run.h.
 */
#ifndef CRIER_RUN_CONFIG_H
#define CRIER_RUN_CONFIG_H

#include <stdbool.h>

#include "settings.h"

#include "patterns.h"

struct run_config {
    struct settings *settings;
    struct patterns *patterns;
};

/**
 * Reads and checks everything, secrets too. Problems go to stderr, as file:line: text.
 *
 * @param by_hand see run_secrets_check().
 * @param ret     zeroed on failure; else the caller's to run_config_finish().
 * @return 0, CRIER_EINVAL with all problems told, or CRIER_ENOMEM.
 */
int run_config_load(const char *path, bool by_hand, struct run_config *ret)
    __attribute__((warn_unused_result));
/** Zeroes it as well; one that is zeroed is fine. */
void run_config_finish(struct run_config *c);

/** Logs why nobody can be paged, where a command is configured. Not a mistake of the configuration:
 * the program may come later, or be on another machine. */
void run_config_look_at_pager(const struct settings *s);
/** Logs it when PCRE2's JIT does not work: MemoryDenyWriteExecute= of systemd does that, and other
 * machines' rules for memory. @return whether it works. */
bool run_config_look_at_jit(void);

#endif
