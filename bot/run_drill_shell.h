/*
 * run_drill_shell: `crier drill`: a drill in a terminal, which is the channel and its only player.
 */
#ifndef CRIER_RUN_DRILL_SHELL_H
#define CRIER_RUN_DRILL_SHELL_H

/** @param argv argv[0] is the subcommand. @return an exit code of sysexits(3). */
int run_drill_shell(int argc, char **argv);

#endif
