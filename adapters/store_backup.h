/*
 * store_backup: a consistent copy of crier's database, also while a crier writes to it.
 *
 * The copy is one file without a write-ahead log, complete and on the disk before it gets its name;
 * nothing that is there already is ever overwritten. Putting it back as DIR/crier.db is a restore.
 */
#ifndef CRIER_STORE_BACKUP_H
#define CRIER_STORE_BACKUP_H

#include <stddef.h>
#include <stdint.h>

/**
 * Copies DIR/crier.db, through a connection of its own that only reads, and checks every page of
 * the copy. Where it fails, nothing is left behind. Blocks for as long as that takes.
 *
 * The caller ignores SIGXFSZ where the size of files is limited.
 *
 * @param dest      a path in a directory that is there; made with mode 0600.
 * @param ret_bytes the size of the copy; set on success only.
 * @param why       on failure one line that says what is wrong.
 * @return 0; CRIER_ENOENT (no database in dir), CRIER_ESTATE (something is at dest already),
 *         CRIER_EVERSION (made by a newer crier), CRIER_ECORRUPT (damaged, or not crier's),
 *         CRIER_ELOCKED, CRIER_EACCESS, CRIER_EIO (full disk, ...) or CRIER_ENOMEM.
 */
int store_backup(const char *dir, const char *dest, int64_t *ret_bytes, char *why, size_t why_size)
    __attribute__((warn_unused_result));

#endif
