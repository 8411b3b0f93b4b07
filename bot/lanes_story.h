/*
 * lanes_story: what the picture of an incident tells, without a pixel: which alert fired from when
 * to when, how a deploy went, who did what, and what the public page said.
 *
 * Made from a chronicle, whose rows must live as long: texts are borrowed from it. Pure. Whatever
 * the rows say (clocks that jumped, ends before beginnings), every time in here is between begin_ms
 * and end_ms. All times are wall clock.
 */
#ifndef CRIER_LANES_STORY_H
#define CRIER_LANES_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chronicle.h"
#include "settings.h"
#include "signal.h"

struct lanes_span {
    int64_t from_ms, until_ms;
    bool open; /* it has no end that is known */
};

/** One alert: firing from when to when, perhaps several times. */
struct lanes_alert {
    int64_t ref;
    const char *subject; /* "CHECK on HOST" */
    bool paging;
    size_t span, n_spans; /* in story.span */
};

/** How a deploy was until the next of its rows; the last one is its end, or goes on. */
struct lanes_phase {
    int64_t from_ms, until_ms;
    enum deploy_phase phase; /* that began at from_ms */
    bool testing;            /* it is on the test servers only */
    bool open;
};

struct lanes_deploy {
    int64_t ref;
    const char *tool;
    const char *user;
    bool suspect; /* thought to have caused it */
    bool fix;     /* what undoes it */
    size_t phase, n_phases;
};

/** What somebody did. */
struct lanes_act {
    int64_t at_ms;
    const char *who;
    const char *kind; /* of the timeline: "confirm"; "command": see text */
    const char *text;
    int weight; /* bigger is told first where there is no room for all */
};

/** What the public page said, from then on. */
struct lanes_status {
    int64_t from_ms, until_ms;
    bool silent; /* nothing of this outage: the page says that all is well */
    enum step step;
};

struct lanes_story {
    const struct record_incident *incident;
    int64_t begin_ms, end_ms; /* of the time axis; end is after begin */
    bool ongoing;             /* end_ms is now */
    int64_t outage_ms;        /* when it began */
    int64_t told_ms;          /* the first publication; only where told is set */
    bool told;
    int64_t waited_ms; /* from the outage to that, or until end_ms; 0 when it was told before */
    struct lanes_span *span;
    size_t n_spans, cap_spans;
    struct lanes_alert *alert; /* by the time they first fired */
    size_t n_alerts, cap_alerts;
    struct lanes_phase *phase;
    size_t n_phases, cap_phases;
    struct lanes_deploy *deploy; /* by their first row */
    size_t n_deploys, cap_deploys;
    struct lanes_act *act; /* by time */
    size_t n_acts, cap_acts;
    struct lanes_status *status; /* by time, without a gap from begin_ms to end_ms */
    size_t n_status, cap_status;
};

/**
 * @param c    sorted (chronicle_sort()); borrowed by the story.
 * @param ret  finish it with lanes_story_finish() in both cases.
 * @return 0 or CRIER_ENOMEM.
 */
int lanes_story_init(struct lanes_story *ret, const struct chronicle *c, int64_t now_wall_ms)
    __attribute__((warn_unused_result));
void lanes_story_finish(struct lanes_story *s);

/** One sentence: "The public waited 2 min 25 s." @param dst of size bytes. @return dst. */
char *lanes_story_headline(const struct lanes_story *s, char *dst, size_t size);
/** A length to the second below an hour, coarser above: "2 min 25 s". @return dst. */
char *lanes_story_length(int64_t ms, char *dst, size_t size);

#endif
