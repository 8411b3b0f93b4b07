/*
 * breakglass_impl: what breakglass.c and breakglass_memory.c share; nobody else includes this.
 */
#ifndef CRIER_BREAKGLASS_IMPL_H
#define CRIER_BREAKGLASS_IMPL_H

#include "breakglass.h"
#include "guess_pace.h"

/* A code on its way. */
struct attempt {
    struct proof_request req; /* moves into the turn when it is asked */
    uint64_t id;
    char *network, *place, *nick, *userhost, *person;
    char source[GUESS_PACE_KEY];
    int64_t incident, revision;
    bool quiet;
    bool pair;
    bool burn; /* said where others read it: it is only made void */
    bool asked;
    int64_t heard_boot_ms;
    int64_t due_boot_ms;
    struct attempt *next; /* in the order in which they came */
};

struct enrolment {
    struct record_enrolment r;
    struct enrolment *next;
};

/* How many in the last stretch of time. */
struct measure {
    int64_t since_boot_ms;
    int n;
};

struct breakglass {
    struct attempt *attempts, *last;
    size_t n_waiting, n_asked;
    struct enrolment *enrolments;
    struct guess_pace pace;
    struct measure answers[2]; /* to strangers, and to nicks of the configuration */
    struct measure burns[2];   /* lines of others, and of people of the configuration */
    struct measure audits, wrong;
    int unaudited; /* wrong codes that got no line of their own */
    uint64_t next_id;
    size_t enrolled;
};

/** @return the model's, made when there is none; NULL after model_fail(). */
struct breakglass *breakglass_of(struct model *m);

/** Frees one that is linked nowhere, half-made too; NULL is fine. */
void breakglass_attempt_destroy(struct attempt *a);
/** To the end; it waits. */
void breakglass_attempt_link(struct breakglass *g, struct attempt *a);
void breakglass_attempt_unlink(struct breakglass *g, struct attempt *a);

/** Whether the code that compared well, or one of two, was used before. */
bool breakglass_is_used(const struct breakglass *g, const struct attempt *a,
                        const struct proof_answer *answer);
/** It is used now; committed with whatever else this turn does. */
void breakglass_use(struct model *m, struct breakglass *g, const struct attempt *a,
                    const struct proof_answer *answer);

#endif
