/*
 * confine: the rights that the daemon gives up, for good, before it opens its database and listens
 * to anybody.
 *
 * Whoever gets hold of the process afterwards (a bug in a library that parses what comes from the
 * network) can start no program and no process, write no file outside state_dir, signal, trace or
 * read no other process, and reach none of the kernel's rarer doors. Three means, each of which
 * stands alone:
 *
 *   - no_new_privs: no program gains rights, were one started all the same;
 *   - Landlock: writing, making and removing of files below state_dir only (and /dev/null), no
 *     execution. Reading stays allowed: a reload may name new files, and name services,
 * certificates and time zones are read at any time;
 *   - a system-call filter (libseccomp): the calls that crier and its libraries make are listed,
 * some with the arguments that they may have, and every other one, also those that are not invented
 *     yet, fails with ENOSYS. A list of what is forbidden would be shorter, and out of date with
 *     the next kernel. An error instead of the end of the process, since a library that wants
 *     something that we did not think of goes on without it, as on an older kernel, and an outage
 * is a bad time to end; each refusal is in the kernel's log (type=1326, with the call's number).
 *
 * What must start programs is forked before (helper.h). Threads inherit all of it, so it is done
 * while there is one.
 */
#ifndef CRIER_CONFINE_H
#define CRIER_CONFINE_H

#include <stdbool.h>

/** What has taken effect. */
struct confined {
    bool no_new_privs;
    int landlock_abi; /* 0: not there */
    bool filter;
};

/**
 * To be called while the process has one thread. What the kernel does not have is told in one line
 * of the log, and the rest is done all the same. Does nothing, and says so, in a build with
 * sanitizers, which trace the process when it ends.
 *
 * @param state_dir must be there; the only place where files can be written from now on.
 */
void confine(const char *state_dir, struct confined *ret);
/**
 * The same without a word, for a process that reads what others have written and only prints: it
 * can write no file at all (what is open already stays open). As much of it as the kernel has.
 */
void confine_reader(void);

#endif
