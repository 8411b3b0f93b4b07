/*
 * outside: what readers see. After each publication the page is read like any reader does, without
 * the key, until what was published is there.
 *
 * Works on the model of the step under way. Not stored: after a crash the next publication is
 * looked at.
 */
#ifndef CRIER_OUTSIDE_H
#define CRIER_OUTSIDE_H

#include "model.h"

/** A revision has become public just now; one that was still being looked for is replaced. */
void outside_begin(struct model *m, const struct incident *inc, const struct revision *rev);
/** TIMER_OUTSIDE of that incident's number. */
void outside_due(struct model *m, int64_t incident);
/** An answer to PAGE_PUBLIC. */
void outside_answer(struct model *m, const struct page_answer *answer);
/** Whether what became public of that incident is still being looked for. */
bool outside_is_looking(const struct model *m, int64_t incident);
/** Frees what is looked for. */
void outside_finish(struct model *m);

#endif
