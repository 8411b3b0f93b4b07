/*
 * triage: which signals open an incident, join one, or are only remembered; impact, components and
 * the suspect deploy.
 *
 * The rules are configuration; this file is how they are applied (docs/speaking.md).
 * Works on the model of the step under way.
 */
#ifndef CRIER_TRIAGE_H
#define CRIER_TRIAGE_H

#include "model.h"
#include "signal.h"

/** Takes one signal in. */
void triage_signal(struct model *m, const struct signal *sig);
/** A revision that was held back is due. */
void triage_revise_due(struct model *m, struct incident *inc);
/** A proposal was withdrawn: what its alerts ask for beside it is found out anew. */
void triage_again(struct model *m, struct incident *inc);
/** A draft's alerts have been quiet for draft_quiet: it is closed. */
void triage_quiet_due(struct model *m, struct incident *inc);
/** After loading: counts what fires, sets the timers that depend on it. */
void triage_restore(struct model *m);
/** Forgets what is older than the lookback and belongs to nothing. Changes nothing that anybody
 * sees. */
void triage_purge(struct model *m);

/** The incident has just been resolved on the page: those of its alerts that began to fire after
 * people confirmed that are not what they closed, and count as new ones. Before incident_end(). */
void triage_outlived(struct model *m, const struct incident *inc, int64_t since_boot_ms);

/** What a maintenance window held back and none covers any more begins now, if it still fires. */
void triage_uncovered(struct model *m);

/** A draft is open to be confirmed again: when its alerts are quiet, their time begins anew. */
void triage_quiet_again(struct model *m, struct incident *inc);

/** Another configuration: what alerts mean is found out anew. Says and stores nothing. */
void triage_reloaded(struct model *m);

#endif
