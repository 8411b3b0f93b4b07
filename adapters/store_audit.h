/*
 * store_audit: the chain of the audit (RECORD_AUDIT), and what can be said of it from outside.
 *
 * The hash of an entry is the SHA-256 of its canonical form, in hex:
 *
 *   "crier audit 1\n", then for each column but `hash`, in the order of struct record_audit, unless
 *   it is 0 or "": the length of its name in decimal, ':', the name, ',', and the length of its
 *   value, ':', the value, ','. Lengths are in bytes; numbers are values in decimal.
 *
 * Every length is told before what it measures, so no two entries have the same form. A column that
 * comes later leaves the hashes of older entries as they are. `prev` is the hash of the entry
 * before; the first one's is the SHA-256 of "crier audit 1\n8:instance,16:...," with the identity
 * of the database (record_meta.instance), so that no chain fits another database.
 *
 * A chain shows that nothing in it was edited, removed, put in or reordered behind its author's
 * back; it cannot show that its end was cut off, or written anew by somebody who knows this form.
 * That the heads in the log do.
 */
#ifndef CRIER_STORE_AUDIT_H
#define CRIER_STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "records.h"

/** Takes a piece of the canonical form. */
typedef void store_audit_piece(void *ctx, const void *bytes, size_t n);

/** The canonical form of an entry, piece by piece; NULL is "". */
void store_audit_canonical(const struct record_audit *r, store_audit_piece *piece, void *ctx);
/** @return 0 or CRIER_ENOMEM. */
int store_audit_hash(const struct record_audit *r, char ret_hex[AUDIT_HASH_BYTES])
    __attribute__((warn_unused_result));

/** Where the database is: one of them is NULL. */
struct store_audit_where {
    const char *dir;  /* crier.db is in it; also while crier runs */
    const char *file; /* a backup */
};

struct store_audit_query {
    int64_t since_wall_ms; /* entries of then and later */
    int64_t incident;      /* 0: of every one */
};

/**
 * Reads entries in their order. Strings may hold anything: whoever shows them quotes them.
 *
 * @param row borrows its record; anything but 0 ends the reading and is returned.
 * @param why on failure one line that says what is wrong.
 * @return 0, CRIER_ENOENT (no database), CRIER_EVERSION (made by a newer crier, or by one that had
 *         no audit), CRIER_ECORRUPT, CRIER_ELOCKED, CRIER_EACCESS, CRIER_EIO or CRIER_ENOMEM.
 */
int store_audit_read(const struct store_audit_where *where, const struct store_audit_query *query,
                     int (*row)(void *ctx, const struct record_audit *r), void *ctx, char *why,
                     size_t why_size) __attribute__((warn_unused_result));

/** A head that was seen in the log and must be in the chain. */
struct store_audit_head {
    int64_t number;              /* of its entry; 0: not known */
    char hash[AUDIT_HASH_BYTES]; /* or its first digits, lower case */
    bool found;
};

struct store_audit_verdict {
    int64_t entries;
    int64_t head_number;         /* of the last entry, 0: there is none */
    char head[AUDIT_HASH_BYTES]; /* its hash; without entries that which the first would follow */
    size_t n_wrong;              /* how often wrong was called */
};

/**
 * Walks the whole chain.
 *
 * @param head  sorted by number by this function; found is set.
 * @param wrong called with one clean line for each thing that is wrong: an entry that was changed,
 *              is missing, was put in, is out of its place; a head that is not there; a table that
 *              takes changes.
 * @return as store_audit_read(); 0 also for a chain that is wrong.
 */
int store_audit_verify(const struct store_audit_where *where, struct store_audit_head *head,
                       size_t n_heads, void (*wrong)(void *ctx, const char *text), void *ctx,
                       struct store_audit_verdict *ret_verdict, char *why, size_t why_size)
    __attribute__((warn_unused_result));

#endif
