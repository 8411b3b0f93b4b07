/*
 * run: the daemon. Wires the adapters to the engine and carries its turns to store and network.
 */
#ifndef CRIER_RUN_H
#define CRIER_RUN_H

/**
 * `crier run -c FILE`: runs until SIGTERM or SIGINT; SIGHUP reads the configuration again.
 * @return an exit code of sysexits(3).
 */
int run_daemon(const char *config_path);

/** `crier check -c FILE`: prints every problem of the configuration. @return 0 or EX_CONFIG (78).
 */
int run_check(const char *config_path);

/**
 * `crier report -c FILE [ID]`: writes the report of an incident to standard output, or lists the
 * incidents there are. Reads the database only, also beside a running crier.
 *
 * @param argv as main's, argv[0] is "report".
 * @return an exit code of sysexits(3): 64 usage, 66 no such incident or no database, 78 the
 *         configuration, 74 what cannot be read or written.
 */
int run_report(int argc, char **argv);

/**
 * `crier audit`: prints the audit, or checks its chain. Reads the database only, also beside a
 * running crier.
 *
 * @param argv as main's, argv[0] is "audit".
 * @return 0; 1 when the chain is not what crier wrote; or an exit code of sysexits(3): 64 usage, 65
 *         a log without heads, 66 no database with an audit, 75 it is locked, 78 the configuration,
 *         74 what cannot be read or written, 71 out of memory.
 */
int run_audit(int argc, char **argv);

#endif
