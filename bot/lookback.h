/*
 * lookback: what signals said, on its way into timelines: of the open incidents, else remembered
 * for `lookback`, for the incident that may open.
 *
 * Works on the model of the step under way; decides nothing.
 */
#ifndef CRIER_LOOKBACK_H
#define CRIER_LOOKBACK_H

#include "model.h"
#include "signal.h"

/**
 * A deploy, a mitigation, what somebody logged: into the timeline of every open incident, else
 * remembered. The continuation of a line amends what is remembered.
 * @param ref id of the deploy that it is about, or 0.
 */
void lookback_line(struct model *m, const struct signal *sig, int64_t ref);
/** What an alert said (kind: firing, paging, resolved): into its incident's timeline, else
 * remembered, unless alerts have filled their part of the lookback. */
void lookback_alert(struct model *m, struct alert *a, const struct signal *sig, const char *kind);
/** "paging" or "firing". */
const char *lookback_firing(const struct alert *a);
/**
 * An alert from before the opening has joined: a row for it, unless its own line is remembered.
 * @param since_boot_ms where the lookback begins.
 */
void lookback_joined(struct model *m, const struct alert *a, int64_t since_boot_ms);
/** All that is remembered goes into a new incident's timeline; what is older is dropped, but for
 * the lines of its suspect deploy. */
void lookback_take(struct model *m, struct incident *inc, int64_t since_boot_ms);
/** Forgets what is older, but for the lines of deploys that are remembered themselves. */
void lookback_purge(struct model *m, int64_t since_boot_ms);
/** After loading: which alerts have their line in here. */
void lookback_restore(struct model *m);

#endif
