/*
 * fake_proof: one-time passwords that a test can foretell: the last six digits of the time step.
 */
#ifndef CRIER_FAKE_PROOF_H
#define CRIER_FAKE_PROOF_H

#include "ports.h"

struct fake_proof {
    const char *person[4]; /* who is enrolled; borrowed */
    const char *key;       /* of the enrolment; NULL: "k1" */
    bool broken;           /* nothing can be looked at */
    int64_t plus;          /* added to the step: another enrolment has other codes */
    size_t checks;         /* how often it was asked */
};

/** The port's function; ctx is the struct. */
void fake_proof_check(void *ctx, const struct proof_request *req, struct proof_answer *ret);
/** The code of a time. @param dst at least 7 bytes. @return dst. */
char *fake_proof_code(const struct fake_proof *f, int64_t wall_ms, char *dst);

#endif
