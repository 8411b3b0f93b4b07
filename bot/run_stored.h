/*
 * run_stored: what the subcommands have in common that look at what is stored: where that is, and
 * the exit code for what went wrong.
 */
#ifndef CRIER_RUN_STORED_H
#define CRIER_RUN_STORED_H

#include "settings.h"

/**
 * Reads a configuration for its state_dir. Mistakes in its values must not stand between anybody
 * and a report, an audit or a backup: only what cannot be read at all is one. Problems go to
 * stderr.
 * @param ret_settings the caller's to settings_destroy(); set on success only.
 * @return an exit code: 0, EX_CONFIG or EX_OSERR.
 */
int run_stored_settings(const char *config_path, struct settings **ret_settings)
    __attribute__((warn_unused_result));

/** @param r what reading the database came to. @return the exit code of sysexits(3) for it. */
int run_stored_exit(int r);

#endif
