/*
 * remind: when crier speaks without being asked: what waits for a confirm while alerts fire, and
 * what nobody said on the page for long; and when it holds its tongue.
 *
 * What waits is called out on a ladder: those who may confirm and are in the channel, those on
 * duty, the second channel, then now and then again. Whoever deals with the incident ends that for
 * half an hour, or until it gets worse. Nothing here is more than a line, but for the words shown
 * in the second channel. Works on the model of the step under way.
 */
#ifndef CRIER_REMIND_H
#define CRIER_REMIND_H

#include "model.h"
#include "propose.h"

/** How soon the same may be said again where nobody does anything about it. */
enum { REMIND_AGAIN_MS = 30 * 60 * 1000 };

/** Computes the deadline of every incident anew. After each change, since it is cheap. */
void remind_look_all(struct model *m);
/** TIMER_REMIND of the incident. */
void remind_due(struct model *m, struct incident *inc);
/** Somebody who may has dealt with the incident. */
void remind_reacted(struct model *m, struct incident *inc);
/** Alerts made it worse, or what somebody did was in vain: that stops reminders no more, they begin
 * from the ladder's foot. */
void remind_foot(struct model *m, struct incident *inc);
/** Deadlines after a start. */
void remind_restore(struct model *m);

/** Whether reminders are muted now. */
bool remind_is_muted(const struct model *m);
/** `mute DURATION REASON` and `unmute`. */
void remind_mute(struct model *m, const struct asker *by, int64_t duration_ms, const char *reason);
void remind_unmute(struct model *m, const struct asker *by);
/** TIMER_MUTE: the time is over. */
void remind_mute_due(struct model *m);

/** How long after the last of so many reminders that the page is stale another one is due. */
int64_t remind_nudge_pause(const struct model *m, int64_t nudges);
/** One was said just now. */
void remind_nudged(struct model *m, struct incident *inc);

#endif
