/*
 * sandbox_db: the sandbox's things (page, components, incidents, updates, templates) as JSON
 * documents in SQLite, and the log of requests.
 *
 * Knows nothing of their content but what it has to search in. Every function returns 0, CRIER_EIO,
 * CRIER_ECORRUPT or CRIER_ENOMEM unless it says otherwise, and logs what SQLite said.
 */
#ifndef CRIER_SANDBOX_DB_H
#define CRIER_SANDBOX_DB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct sandbox_db;

enum sandbox_kind {
    SANDBOX_PAGE,
    SANDBOX_COMPONENT,
    SANDBOX_INCIDENT,
    SANDBOX_UPDATE,
    SANDBOX_TEMPLATE
};

/** What a list holds. A zeroed query is: everything of that kind, oldest first. */
struct sandbox_query {
    const char *parent; /* NULL: any */
    const char *states; /* " a b c ", with spaces around each; NULL: any */
    const char *text;   /* to be found in name, state, post-mortem or updates; NULL: any */
    bool newest_first;
    int64_t limit;  /* 0: all */
    int64_t offset; /* left out at the beginning */
};

/**
 * @param path NULL: in memory.
 * @return also CRIER_ELOCKED (another process holds it) and CRIER_EVERSION (not ours, or newer).
 */
int sandbox_db_open(const char *path, struct sandbox_db **ret_db)
    __attribute__((warn_unused_result));
void sandbox_db_close(struct sandbox_db *db);

int sandbox_db_begin(struct sandbox_db *db) __attribute__((warn_unused_result));
int sandbox_db_commit(struct sandbox_db *db) __attribute__((warn_unused_result));
void sandbox_db_rollback(struct sandbox_db *db);

/** Inserts or replaces; a replaced thing keeps its place in the order. @param state searched by
 * sandbox_query.states, or "". @param parent "" when it has none. */
int sandbox_db_put(struct sandbox_db *db, enum sandbox_kind kind, const char *id,
                   const char *parent, const char *state, const json_t *doc)
    __attribute__((warn_unused_result));
/** @return also CRIER_ENOENT. @param ret_doc the caller's to json_decref(). */
int sandbox_db_get(struct sandbox_db *db, enum sandbox_kind kind, const char *id, json_t **ret_doc)
    __attribute__((warn_unused_result));
/** Deletes a thing and its children; fine when there is none. */
int sandbox_db_delete(struct sandbox_db *db, enum sandbox_kind kind, const char *id)
    __attribute__((warn_unused_result));
/** @param ret_array the caller's to json_decref(). */
int sandbox_db_list(struct sandbox_db *db, enum sandbox_kind kind, const struct sandbox_query *q,
                    json_t **ret_array) __attribute__((warn_unused_result));

/** Appends to the log and forgets what is older than the last keep entries. */
int sandbox_db_log(struct sandbox_db *db, const json_t *entry, int64_t keep)
    __attribute__((warn_unused_result));
int sandbox_db_log_list(struct sandbox_db *db, json_t **ret_array)
    __attribute__((warn_unused_result));

#endif
