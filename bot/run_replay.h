/*
 * run_replay: `crier replay`. Wires the readers of logs to replay.h.
 */
#ifndef CRIER_RUN_REPLAY_H
#define CRIER_RUN_REPLAY_H

/**
 * The subcommand, with its own options; see `crier help replay`.
 * @return an exit code of sysexits(3): 65 when some input was bad, 66 when a log is not there.
 */
int run_replay(int argc, char **argv);

#endif
