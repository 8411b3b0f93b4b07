/*
 * outbox: confirmed steps on their way to the status page, exactly once.
 *
 * A step is a row, stored with the state change before anything is sent. Steps of one incident go
 * in order, one at a time; incidents do not wait for each other. When the outcome of a request is
 * unknown the page is read and crier's key looked for, until doubt_grace has passed, and only then
 * is it sent again. Works on the model of the step under way.
 */
#ifndef CRIER_OUTBOX_H
#define CRIER_OUTBOX_H

#include "model.h"

/** Takes a confirmed revision; quiet: no mail; glass: by one-time password. The first request
 * leaves with this step's effects.
 */
void outbox_confirm(struct model *m, struct incident *inc, struct revision *rev, const char *person,
                    const char *place, bool quiet, bool glass);
/** TIMER_OUTBOX: something of the incident is due. */
void outbox_due(struct model *m, struct incident *inc);
/** TIMER_PATIENCE: the page has not answered yet; the person is told that the confirm was taken. */
void outbox_patience(struct model *m, struct incident *inc);
/** TIMER_TELL_QUEUED: the page cannot be reached; the channel is told how long already. */
void outbox_tell(struct model *m, struct incident *inc);
/** An answer of the page to a request of an outbox row. */
void outbox_answer(struct model *m, const struct page_answer *answer);
/** After loading: what was in flight is in doubt. */
void outbox_restore(struct model *m);
/** Its create was sent more than once, and has ended (10 min at most ago) or not: a twin of it may
 * show up on the page. */
bool outbox_expects_twin(const struct model *m, const struct incident *inc);
/** It has ended, the channel has seen all that there was to tell of it, readers see it, no twin is
 * expected. */
bool outbox_is_over(const struct model *m, const struct incident *inc);
/** @return the row that is not finished, oldest first, or NULL. */
struct outbox *outbox_pending(const struct incident *inc);

#endif
