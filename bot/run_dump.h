/*
 * run_dump: `crier check --dump`.
 */
#ifndef CRIER_RUN_DUMP_H
#define CRIER_RUN_DUMP_H

/**
 * Writes to standard output what a configuration comes to: every key, in the syntax of the file,
 * with defaults marked, and without secrets; files that hold these are not looked at. Problems go
 * to standard error.
 * @return an exit code: 0, EX_CONFIG when it has mistakes, EX_OSERR, EX_IOERR.
 */
int run_dump(const char *config_path);

#endif
