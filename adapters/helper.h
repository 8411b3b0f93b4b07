/*
 * helper: what a process that is forked before anything else does to be no more than it needs.
 *
 * The daemon gives up the right to start programs (see confine.h), so whatever starts one is a
 * helper that was forked before: one for the pager's command, one for trials of a configuration.
 * A helper has one socket to the daemon and no other open file, waits for signals on a descriptor,
 * and is told when the daemon is gone, however it went.
 * It believes nothing that comes over the socket: whoever speaks there may not be the daemon any
 * more.
 */
#ifndef CRIER_HELPER_H
#define CRIER_HELPER_H

#include <stdbool.h>
#include <sys/types.h>

enum {
    HELPER_SOCKET = 3
}; /* the helper's only descriptor beside 0, 1, 2 and that of its signals */

/**
 * In the child: a session of its own, all signals blocked, 0, 1 and 2 on /dev/null, `fd` as
 * HELPER_SOCKET, nothing else open.
 *
 * @param name   of the process, for ps; at most 15 bytes.
 * @param daemon the parent; when it ends, SIGTERM can be read.
 * @return the descriptor of the signals, or -1: it cannot do its work.
 */
int helper_settle(int fd, const char *name, pid_t daemon) __attribute__((warn_unused_result));
/** Takes the signals off their descriptor: they only wake. @return false: the daemon is gone. */
bool helper_read_signals(int signal_fd, pid_t daemon);

/** For a child that becomes another program: no signal is blocked, ignored or caught. */
void helper_free_signals(void);
/** Closes that descriptor and all above. */
void helper_close_from(int first);

#endif
