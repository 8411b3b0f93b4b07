/*
 * process_guard: keeps what this process has in memory from other processes.
 *
 * No core dump, no ptrace and no /proc/PID/mem for anybody but root, nothing in /proc/PID/environ.
 */
#ifndef CRIER_PROCESS_GUARD_H
#define CRIER_PROCESS_GUARD_H

/**
 * First thing in main(), before there are threads. PR_SET_DUMPABLE is off (not in builds with
 * sanitizers, whose leak checker needs ptrace), RLIMIT_CORE is 0. The environment moves to the
 * heap, where getenv() goes on finding it, so that a reload finds secrets again; the bytes that
 * /proc/PID/environ shows are wiped. What fails is passed over: nothing depends on it.
 */
void process_guard_start(void);

/** Wipes the environment; nothing is found there afterwards. For the end of the process, and for a
 * child that needs none. */
void process_guard_forget_environment(void);

#endif
