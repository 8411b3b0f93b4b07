/*
 * watch: what the page really has: incidents made by hand, edits by hand, twins.
 *
 * Reads the page's unresolved incidents when a draft opens, every minute while crier has anything
 * open there, and now and then (page_check_interval) while it has nothing. Takes over what people
 * did on the page as it is, never overwrites it silently. Works on the model of the step under way.
 */
#ifndef CRIER_WATCH_H
#define CRIER_WATCH_H

#include "model.h"
#include "propose.h"

/** Reads the page now, and from then on every minute while something is open on it. */
void watch_begin(struct model *m, size_t page_index);
/** Where what belongs to a page alone is told: the home of its first rule. Borrowed, or NULL. */
const char *watch_home(const struct model *m, size_t page_index);
/** TIMER_WATCH. */
void watch_due(struct model *m, size_t page_index);
/** An answer to a PAGE_LIST, PAGE_GET or PAGE_DELETE that is no outbox row's. */
void watch_answer(struct model *m, const struct page_answer *answer);
/** After loading. */
void watch_restore(struct model *m);

/**
 * Reads the page and then proposes the end of an incident; 3 s without an answer: with what is
 * known.
 * @param by   NULL: nobody asks, signals say so: follow_end() proposes it.
 * @param kind REVISION_RESOLVE or REVISION_RETRACT. @param text what was typed, copied.
 */
void watch_ask_end(struct model *m, const struct incident *inc, const struct asker *by,
                   enum revision_kind kind, const char *text);
/**
 * Reads an incident made by hand and goes on with it.
 * @param into a draft whose number it gets and whose words become a proposal; NULL: none.
 */
void watch_ask_adopt(struct model *m, const struct incident *inc, const struct incident *into,
                     const struct asker *by);
/** TIMER_TASKS: the page did not answer in time: the tasks go on with what is known. */
void watch_tasks_due(struct model *m);
/** Frees what waits. */
void watch_tasks_finish(struct model *m);

#endif
