/*
 * triage_impl: what the files of triage share. Nobody else includes this.
 */
#ifndef CRIER_TRIAGE_IMPL_H
#define CRIER_TRIAGE_IMPL_H

#include "triage.h"

enum { REASON_BYTES = 160 };

/* What was decided about an alert; see decision.h. */
struct verdict {
    enum decision_kind kind;
    int64_t incident;
    int64_t storm;
};

/** "CHECK on HOST 18:34:55", as the channel reads it, cut where size bytes are too few. */
void triage_describe(struct model *m, const struct alert *a, char *dst, size_t size);
/** Something of the incident fires: only what was red can become green. */
void triage_note_alarm(struct model *m, struct incident *inc);
/** An alert that belongs to the incident has begun to tell something: does that change public
 * words? */
void triage_absorb(struct model *m, struct incident *inc, struct alert *a);
/** The incident's alerts fire or are quiet, since now when that is new. */
void triage_update_quiet(struct model *m, struct incident *inc);
/** The same for all that are open. */
void triage_update_quiet_all(struct model *m);
/** Whether an alert that belongs to nothing joins an incident, or opens one by itself. */
struct verdict triage_consider(struct model *m, struct alert *a);

#endif
