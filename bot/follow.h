/*
 * follow: what the deploy log and the alerts say about the way out of an outage, and the proposals
 * that come of it: identified, monitoring, resolved, back again.
 *
 * Publishes nothing: each proposal is a revision that waits for a confirm like any other. One that
 * no longer holds is withdrawn or replaced. Works on the model of the step under way.
 */
#ifndef CRIER_FOLLOW_H
#define CRIER_FOLLOW_H

#include "model.h"
#include "signal.h"

/** A deploy moved: a revert or rollback that begins or is done may be the way out of an incident.
 */
void follow_deploy(struct model *m, const struct deploy *d);
/** Something else that may end an outage was logged (SIGNAL_MITIGATION): it is done already. */
void follow_mitigation(struct model *m, const struct signal *sig);
/** The incident's alerts have become quiet, or fire again (record_incident.quiet_wall_ms). */
void follow_alerts(struct model *m, struct incident *inc);
/** A step became public, or a draft waits for its confirm again. */
void follow_published(struct model *m, struct incident *inc);
/** TIMER_FOLLOW: quiet for long enough, or a proposal that was held back. */
void follow_due(struct model *m, struct incident *inc);
/** The page was read, as watch_ask_end() with nobody who asks wanted it: now the end is proposed,
 * if it still is one. */
void follow_end(struct model *m, struct incident *inc);
/** Deadlines after a start. */
void follow_restore(struct model *m);

/** Whether what undoes the outage is being deployed. */
bool follow_is_fixing(const struct model *m, const struct incident *inc);

#endif
