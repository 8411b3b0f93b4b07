/*
 * store_lock: the state directory, and the lock that keeps it to one process.
 *
 * Owns DIR/crier.lock, which holds the pid of the crier that runs; a clean exit leaves it empty, so
 * that the next start knows whether the last one was clean. The lock is one of the open file
 * description (fcntl(2), F_OFD_SETLK): a child forked while it is held holds it too until it has
 * closed the descriptor or called exec. Never removes the file: that would make two locks of one.
 */
#ifndef CRIER_STORE_LOCK_H
#define CRIER_STORE_LOCK_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Makes the directory (mode 0700; its parent must be there) when it is missing, and takes the lock.
 *
 * @param ret_fd       the caller's to store_lock_release().
 * @param ret_unclean  the last owner did not release it.
 * @param why          on failure one line that says what is wrong.
 * @return 0, CRIER_ELOCKED (another process has it), CRIER_EACCESS, CRIER_EIO or CRIER_ENOMEM.
 */
int store_lock_acquire(const char *dir, int *ret_fd, bool *ret_unclean, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** Makes the directory as store_lock_acquire() does. */
int store_lock_make_dir(const char *dir, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** @param clean  everything was written and closed. A negative fd is fine. */
void store_lock_release(int fd, bool clean);
/** Makes new names in a directory last. @return 0, CRIER_EACCESS or CRIER_EIO. */
int store_lock_sync_dir(const char *dir, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** @return CRIER_EACCESS for EACCES and EPERM, CRIER_ENOMEM for ENOMEM, else CRIER_EIO. */
int store_lock_from_errno(int errnum);

#endif
