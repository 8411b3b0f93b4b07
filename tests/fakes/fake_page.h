/*
 * fake_page: the page port with a small status page behind it, in memory.
 *
 * Requests wait until the test has them answered, each as the page would or as the test's script
 * says. What the page has by then can be looked at. For tests: running out of memory aborts.
 */
#ifndef CRIER_FAKE_PAGE_H
#define CRIER_FAKE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "ports.h"

/** How a request ends; one is used up by each answered create, update, correct and delete. */
enum fake_outcome {
    FAKE_APPLY,            /* done, PAGE_OK */
    FAKE_APPLY_TWICE,      /* the same, and a create makes a twin: the younger one is answered */
    FAKE_UNSENT,           /* not done, PAGE_UNSENT with 429 */
    FAKE_REFUSE,           /* not done, PAGE_REFUSED with 422 */
    FAKE_DOUBT_LOST,       /* not done, PAGE_DOUBTFUL */
    FAKE_DOUBT_APPLIED,    /* done, PAGE_DOUBTFUL */
    FAKE_DOUBT_APPLY_LATER /* PAGE_DOUBTFUL; done by fake_page_apply_late() */
};

struct fake_request {
    struct page_request req; /* a copy */
    bool answered;
    bool late; /* waits for fake_page_apply_late() */
};

struct fake_page {
    struct page_sink sink;        /* set by the test */
    struct fake_request *request; /* every one ever submitted, in order */
    size_t n, cap;
    struct page_incident *incident; /* what the page has, oldest first */
    size_t n_incidents, cap_incidents;
    size_t n_made, n_updates_made; /* so far, for the next ids */
    struct components now; /* components' status on the page, for PAGE_CHECK and PAGE_PUBLIC */
    /* What readers see: as it was when PAGE_PUBLIC last saw the present; empty at first. */
    struct page_incident *public_incident;
    size_t n_public;
    struct components public_now;
    int public_lag; /* so many more PAGE_PUBLIC see nothing newer than that; -1: all do */
    enum fake_outcome *script;
    size_t n_script, cap_script, next_script;
    int64_t subscribers;
    int64_t retry_after_ms; /* for FAKE_UNSENT */
    int64_t wall_ms;        /* the page's clock */
    size_t n_mails;         /* applied steps that notified */
    char *postmortem;       /* the last draft of one, or NULL */
    bool read_fails;        /* reads with the key end in PAGE_DOUBTFUL */
    bool public_fails;      /* PAGE_PUBLIC ends in PAGE_DOUBTFUL */
    int refuse;             /* not 0: submit() returns this */
};

void fake_page_init(struct fake_page *f);
void fake_page_finish(struct fake_page *f);
struct page_port fake_page_port(struct fake_page *f);

/** The next answered writes end like this; after the script, all are applied. */
void fake_page_script(struct fake_page *f, enum fake_outcome outcome);
/** Answers the oldest open request. @return false when there is none. */
bool fake_page_answer(struct fake_page *f);
/** Answers until none is open, also what the sink submits meanwhile. @return how many. */
size_t fake_page_answer_all(struct fake_page *f);
/** Answers one request by hand; op, page and outbox_id are filled in from the request. */
void fake_page_answer_with(struct fake_page *f, size_t request, const struct page_answer *answer);
/** The server applies what it held back. @return how many. */
size_t fake_page_apply_late(struct fake_page *f);
/** An incident made by hand in the admin UI. @return its remote_id, borrowed. */
const char *fake_page_by_hand(struct fake_page *f, const char *title, enum step step,
                              enum impact impact);
/** Somebody changes an incident in place: title, and the words of its newest update; NULL leaves
 * one alone. It must be there. */
void fake_page_edit(struct fake_page *f, const char *remote_id, const char *title,
                    const char *body);
/** Somebody posts an update to it, without changing crier's key. It must be there. */
void fake_page_post(struct fake_page *f, const char *remote_id, enum step step, const char *body);
/** Somebody sets a component as part of an incident, or with remote_id NULL by itself. */
void fake_page_set_component(struct fake_page *f, const char *remote_id, const char *name,
                             enum component_status status);
/** Somebody takes an incident off the page. It must be there. */
void fake_page_remove(struct fake_page *f, const char *remote_id);

/** @return requests of that kind submitted so far. */
size_t fake_page_count(const struct fake_page *f, enum page_op op);
/** @return the newest request of that kind, borrowed until the next submit, or NULL. */
const struct page_request *fake_page_last(const struct fake_page *f, enum page_op op);
/** @return the page's incident, borrowed until the next answer, or NULL. */
const struct page_incident *fake_page_find(const struct fake_page *f, const char *remote_id);

#endif
