/*
 * chronicle: everything that is stored about one incident, as plain rows, for reports and the
 * board.
 *
 * Owns copies of the rows; reads no database and never logs. Rows come through chronicle_take(),
 * which the store port's read() and adapters/store_sqlite.h call for each. How many rows it holds
 * is bounded: a storm's lines are counted beyond that, not kept.
 */
#ifndef CRIER_CHRONICLE_H
#define CRIER_CHRONICLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "records.h"

enum {
    CHRONICLE_SIGNALS_MAX = 20000, /* timeline rows that bots caused */
    CHRONICLE_ROWS_MAX = 25000,    /* timeline rows altogether: there is room for what people did */
    CHRONICLE_OTHERS_MAX = 5000    /* rows of each other kind */
};

struct chronicle {
    struct record_incident incident; /* id 0: there is no such incident */
    struct record_revision *revision;
    size_t n_revisions, cap_revisions;
    struct record_shown *shown;
    size_t n_shown, cap_shown;
    struct record_outbox *outbox;
    size_t n_outbox, cap_outbox;
    struct record_timeline *timeline;
    size_t n_timeline, cap_timeline;
    size_t n_signals; /* of the timeline */
    size_t n_omitted; /* rows beyond the bounds: not in here */
};

/** Incidents as the board lists them. */
struct chronicle_list {
    struct record_incident *incident; /* newest first, as they were read */
    size_t n, cap;
};

/** Prepares the caller's memory. */
void chronicle_init(struct chronicle *c);
/** Frees the rows; the struct may be initialised again. */
void chronicle_finish(struct chronicle *c);

/**
 * Keeps a copy of one row, in which times before 1970 and after 9999 are 0: a damaged file has
 * such. Rows of other tables than those above are passed over.
 *
 * @param chronicle a struct chronicle *.
 * @return 0 or CRIER_ENOMEM; a row beyond the bounds is counted and is no error.
 */
int chronicle_take(void *chronicle, enum record_table t, const void *record)
    __attribute__((warn_unused_result));
/** Revisions by number, outbox and shown by id, timeline by time; where that is equal, signals come
 * first, then the smaller id. */
void chronicle_sort(struct chronicle *c);

/** @return the revision with that number, or NULL. */
const struct record_revision *chronicle_revision(const struct chronicle *c, int64_t number);
/** @return the newest words that may be confirmed, of a chronicle that is sorted, or NULL. */
const struct record_revision *chronicle_open_revision(const struct chronicle *c);
/** What gives an incident its name: the public words, else those that wait, else the last ones; of
 * a chronicle that is sorted. @return text of the chronicle, or a phrase that says there is none.
 */
const char *chronicle_title(const struct chronicle *c);
/** Whether a timeline row is what bots said (alerts, deploys, logs), not what people or crier did.
 */
bool chronicle_is_signal(const struct record_timeline *row);
/** @return the newest outbox row of a revision, or NULL when it was never
 * confirmed. */
const struct record_outbox *chronicle_outbox(const struct chronicle *c, int64_t revision);

void chronicle_list_init(struct chronicle_list *l);
void chronicle_list_finish(struct chronicle_list *l);
/** As chronicle_take(), for rows of RECORD_INCIDENT. @param list a struct chronicle_list *. */
int chronicle_list_take(void *list, enum record_table t, const void *record)
    __attribute__((warn_unused_result));

#endif
