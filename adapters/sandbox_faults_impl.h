/*
 * sandbox_faults_impl: what the files of sandbox_faults share: a rule of the script, read and
 * matched in sandbox_faults_rule.c, and what it makes of an answer, sandbox_faults_spoil.c.
 * Included by these only.
 */
#ifndef CRIER_SANDBOX_FAULTS_IMPL_H
#define CRIER_SANDBOX_FAULTS_IMPL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox_core.h"

enum fault_kind {
    FAULT_ANY,
    FAULT_CREATE,
    FAULT_UPDATE,
    FAULT_CORRECT,
    FAULT_DELETE,
    FAULT_READ,
    FAULT_LIST,
    FAULT_MANAGE,
    FAULT_PUBLIC
};

enum fault_drop { FAULT_ANSWER, FAULT_CLOSE, FAULT_RESET };

enum fault_distort {
    FAULT_AS_IT_IS,
    FAULT_TRUNCATE,
    FAULT_GARBAGE,
    FAULT_HTML,
    FAULT_WRONG_TYPES,
    FAULT_EMPTY
};

/** One rule. Numbers are int64_t, also those of an enum, so that one table can read them. */
struct fault_rule {
    unsigned refs;
    json_t *source; /* as it was given */
    char *name;
    /* on; NULL: any */
    char *method;
    char *path;
    char *query;
    int64_t kind; /* enum fault_kind */
    /* which of them */
    int64_t nth;  /* 0: from the first on */
    int64_t next; /* 0: not said */
    int64_t always;
    double probability; /* negative: not said */
    int64_t seed;
    uint64_t random;
    int64_t matched;
    int64_t fired;
    /* do; times are NOW_NEVER until released */
    int64_t stall_before_ms;
    int64_t late_ms; /* -1: not late */
    int64_t apply;   /* -1: not said, until the rule is read */
    int64_t skew_ms;
    int64_t page; /* 0: as asked */
    int64_t stall_after_ms;
    int64_t drop;   /* enum fault_drop */
    int64_t status; /* 0: the true one */
    char *retry_after;
    char *body;
    char *type;
    json_t *set;
    int64_t distort; /* enum fault_distort */
    int64_t cut;     /* -1: not cut */
    int64_t endless;
    int64_t drip; /* 0: as fast as can be */
};

/**
 * Reads one rule.
 *
 * @param number    its place in the script, from 1, for its name.
 * @param why       why_bytes for the reason of CRIER_EINVAL.
 * @param ret_rule  with one reference, the caller's.
 * @return 0, CRIER_EINVAL or CRIER_ENOMEM.
 */
int fault_rule_create(json_t *source, size_t number, char *why, size_t why_bytes,
                      struct fault_rule **ret_rule) __attribute__((warn_unused_result));
/** Gives a reference back. NULL is fine. */
void fault_rule_unref(struct fault_rule *rule);
/** Counts the request. @return whether the rule's turn is now; fired is for the caller to count. */
bool fault_rule_matches(struct fault_rule *rule, const struct httpd_request *req);

/**
 * Makes of the true answer what the rule says.
 *
 * @param wall_ms  the clock that is told, skewed.
 * @return 0 or CRIER_ENOMEM.
 */
int fault_spoil(const struct fault_rule *rule, const struct sandbox_terms *terms, int64_t wall_ms,
                struct httpd_response *res) __attribute__((warn_unused_result));
/** @return the next number of a sequence, the same for the same seed. */
uint64_t fault_random(uint64_t *state);

#endif
