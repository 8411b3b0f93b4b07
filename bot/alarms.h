/*
 * alarms: the standing check whether a page and the alarms agree, incidents made by hand included.
 *
 * A page that has nothing of what fires is told, and one that says outage when all is quiet. What
 * is crier's own and waits or goes stale is remind.c's. Works on the model of the step under way.
 */
#ifndef CRIER_ALARMS_H
#define CRIER_ALARMS_H

#include "model.h"

/** TIMER_ALARMS: the pages and the alarms are compared. */
void alarms_due(struct model *m);
/** Deadlines after a start. */
void alarms_restore(struct model *m);
/** Readers see it, or will in a moment. */
bool alarms_is_public(const struct incident *inc);
/**
 * Whether everybody who tells of alerts can be heard: a bot that has left, or a channel that is
 * lost, tells of nothing.
 * @param ret_since boot clock: since when, as far as crier's own place in the channels goes.
 */
bool alarms_heard(const struct model *m, int64_t *ret_since);

#endif
