/*
 * running_config: keeps a copy of what the daemon runs with beside its database.
 *
 * One self-contained file without secrets (settings_text.h), for `crier check --replay`. Replaced
 * as a whole, readable by its owner alone.
 */
#ifndef CRIER_RUNNING_CONFIG_H
#define CRIER_RUNNING_CONFIG_H

#include "buf.h"
#include "settings.h"

/** Its name, in the state_dir. */
#define RUNNING_CONFIG "running.cfg"

/**
 * The text, with a first line that says what it is. @param b at most RUNNING_CONFIG_BYTES long.
 * Errors are the buffer's.
 */
void running_config_text(struct buf *b, const struct settings *settings);

enum { RUNNING_CONFIG_BYTES = 1 << 20 }; /* no longer file could be read */

/**
 * Writes dir/running.cfg.
 * @return 0, CRIER_EIO with the reason in the log, CRIER_ELIMIT or CRIER_ENOMEM; what was there
 *         stays then.
 */
int running_config_write(const char *dir, const struct settings *settings)
    __attribute__((warn_unused_result));

#endif
