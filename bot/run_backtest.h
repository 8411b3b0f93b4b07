/*
 * run_backtest: `crier check --replay`: a new configuration against the running one on past logs.
 */
#ifndef CRIER_RUN_BACKTEST_H
#define CRIER_RUN_BACKTEST_H

#include <stdbool.h>
#include <stddef.h>

#include "logread.h"

struct run_backtest {
    const char *config_path;
    const char *against_path; /* NULL: running.cfg in the state_dir of config_path, see
                                 adapters/running_config.h */
    const char *const *log;   /* "-" is standard input; what is no file is a pattern of glob(7) */
    size_t n_logs;
    struct logread_options logs; /* but for the sink */
    bool json;
};

/**
 * Looks at no key, password or page. Writes one line for each difference to standard output, and a
 * last one that counts them.
 *
 * @return 0; 1 when a draft is lost or later; else an exit code of sysexits(3): 65 when some input
 *         was bad (a log in part, or the other configuration), 66 when a log or the other
 *         configuration is not there, 78 when config_path has mistakes.
 */
int run_backtest(const struct run_backtest *args);

#endif
