/*
 * remind: when crier speaks without being asked: what waits, what nobody said for long, and where
 * the page and the alarms disagree; and when it holds its tongue.
 */
#ifndef CRIER_REMIND_H
#define CRIER_REMIND_H

#include "model.h"
#include "propose.h"

/** Something about the incident changed that reminders depend on: its deadline is computed anew. */
void remind_look(struct model *m, struct incident *inc);
/** TIMER_REMIND of the incident. */
void remind_due(struct model *m, struct incident *inc);
/** TIMER_ALARMS: the page and the alarms are compared. */
void remind_alarms_due(struct model *m);
/** Somebody who may has dealt with the incident. */
void remind_reacted(struct model *m, struct incident *inc);
/** Deadlines after a start. */
void remind_restore(struct model *m);

/** `mute DURATION REASON` and `unmute`. */
void remind_mute(struct model *m, const struct asker *by, int64_t duration_ms, const char *reason);
void remind_unmute(struct model *m, const struct asker *by);

#endif
