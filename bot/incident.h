/*
 * incident: one public incident on its way from the first alert to resolved.
 *
 * Owns the transition table, the one function that changes an incident's state, and revisions: the
 * exact words that may be confirmed. Works on the model of the step under way; composes no chat
 * lines itself.
 */
#ifndef CRIER_INCIDENT_H
#define CRIER_INCIDENT_H

#include "model.h"

enum incident_event {
    INCIDENT_EVENT_CONFIRMED,   /* the first publication was confirmed */
    INCIDENT_EVENT_PUBLISHED,   /* the page said so */
    INCIDENT_EVENT_UNCONFIRMED, /* refused by the page or gone stale before it was public */
    INCIDENT_EVENT_RESOLVED,    /* the page said that it is resolved */
    INCIDENT_EVENT_DISCARDED,
    INCIDENT_EVENT_ADOPTED /* somebody went on with an incident made by hand */
};

/**
 * The only place that knows the transitions.
 *
 * @param ret_next set on success only.
 * @return 0, or CRIER_ESTATE when the event is not allowed in that state.
 */
int incident_next(enum incident_state from, enum incident_event event,
                  enum incident_state *ret_next) __attribute__((warn_unused_result));

/** Enters the state that the event leads to, or leaves everything as it is. @return as
 * incident_next(). */
int incident_enter(struct model *m, struct incident *inc, enum incident_event event)
    __attribute__((warn_unused_result));

/** "draft", "publishing", ... */
const char *incident_state_name(enum incident_state s);

/** What a new revision is made of. Strings are borrowed; NULL takes those of the revision before.
 */
struct revision_plan {
    enum revision_kind kind;
    enum step step;
    enum impact impact;
    const char *title;
    const char *body;
    const struct components *components;
    const char *wording; /* the prepared one that title and body came from */
    const char *made_by; /* person, or NULL for signals */
    bool found;          /* the page has it already: nothing that is proposed */
};

/**
 * Opens a draft without a revision.
 *
 * @param page, home configured names.
 * @param rule, opened_by  may be NULL.
 * @return the incident, owned by the model; NULL when the limit of open incidents is reached or
 *         memory is out (model_fail() then).
 */
struct incident *incident_open(struct model *m, const char *page, const char *home,
                               const char *rule, const char *opened_by, int64_t started_wall_ms);

/** Makes the next revision; the open one before it is superseded. @return NULL when memory is out.
 */
struct revision *incident_revise(struct model *m, struct incident *inc,
                                 const struct revision_plan *plan);

/** Puts a revision into another state and stores it. */
void incident_set_revision(struct model *m, struct revision *rev, enum revision_state state);

/** Notes that a revision was seen at a place. */
void incident_mark_shown(struct model *m, struct incident *inc, int64_t revision,
                         const char *place);
/** @return when it was first shown there (boot clock), or NOW_NEVER when it was not. */
int64_t incident_shown_at(const struct incident *inc, int64_t revision, const char *place);

/**
 * Ends it: resolved or discarded. Its alerts that still fire are held until they recover, nothing
 * of it can be confirmed any more. It stays in memory until the channel has seen that it is over.
 */
void incident_end(struct model *m, struct incident *inc);
/** Frees the memory of one that has ended; its rows stay in the store for reports. */
void incident_forget(struct model *m, struct incident *inc);

/** Whether its words have the shape of a key or password somewhere that is not public already: two
 * people have to confirm it. Follows from the words, whoever made the revision and whenever. */
bool incident_hides_secret(const struct incident *inc, const struct revision *rev);

/** The newest revision that is public or on its way to be, and that does not end it; or NULL. */
struct revision *incident_standing(const struct incident *inc);
/** The newest words that say that something is wrong: what is public or on its way to be; of what
 * is not public, the newest that were drafted. NULL: none. */
struct revision *incident_trouble(const struct incident *inc);
/** The confirmed revision on its way that ends it, or NULL. */
struct revision *incident_ending(const struct incident *inc);
/** Keeps how components were before the outage: as they are on the page now, but for what other
 * incidents claim of them. @return 0 or an error, nothing kept then. */
int incident_keep_before(struct model *m, struct incident *inc, const struct components *now)
    __attribute__((warn_unused_result));
/** Raises each component to the worst that another incident on the page claims. @return whether
 * that changed any. */
bool incident_respect(const struct model *m, const struct incident *inc, struct components *c);
/** Adds what the incident made public and c leaves out, as a resolve would give it back: the page
 * keeps what it is not told. @return 0, CRIER_ELIMIT or CRIER_ENOMEM. */
int incident_give_back(const struct model *m, const struct incident *inc, struct components *c)
    __attribute__((warn_unused_result));
/** The components that a resolve gives back: each to the worst that another incident on the page
 *  claims, also one made by hand, else to its state before the outage. @return 0, CRIER_ELIMIT or
 * CRIER_ENOMEM. */
int incident_release(const struct model *m, const struct incident *inc, struct components *ret)
    __attribute__((warn_unused_result));

#endif
