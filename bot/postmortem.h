/*
 * postmortem: the draft of a postmortem that the page gets when an incident is resolved, where the
 * configuration wants one (report.postmortem_draft).
 *
 * Never published by crier. What is in it is public already (not what was corrected since), see
 * report_postmortem(). Storing it replaces whatever draft there is, so it may be sent again; it is
 * tried for about an hour, and waits in record_incident.postmortem meanwhile: an incident is not
 * forgotten before.
 */
#ifndef CRIER_POSTMORTEM_H
#define CRIER_POSTMORTEM_H

#include "model.h"

/** The incident has just been resolved. Does nothing where no draft is wanted, and for a false
 * alarm. */
void postmortem_begin(struct model *m, struct incident *inc);
/** Whether its draft is still to be stored. */
bool postmortem_waits(const struct incident *inc);
/** TIMER_POSTMORTEM: sends it again. */
void postmortem_due(struct model *m, struct incident *inc);
/** The page answered PAGE_POSTMORTEM. */
void postmortem_answer(struct model *m, const struct page_answer *answer);
/** After a start: what waited is sent. */
void postmortem_restore(struct model *m);

#endif
