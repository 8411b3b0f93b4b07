/*
 * decision: what triage made of an alert that began, as data; for whoever tunes rules.
 *
 * Nobody listens in the daemon, and nothing is made then.
 */
#ifndef CRIER_DECISION_H
#define CRIER_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"

enum decision_kind {
    DECISION_OPENED,    /* a draft */
    DECISION_JOINED,    /* an incident that is open */
    DECISION_IGNORED,   /* its rule says ignore */
    DECISION_NO_RULE,   /* none matches it */
    DECISION_UNWATCHED, /* its rule is not of what users notice, and nobody is paged */
    DECISION_FEW,       /* watched, but its rule asks for more of them at once */
    DECISION_ALONE,     /* watched, but no deploy is near, and others are too few for a storm */
    DECISION_PLANNED,   /* a maintenance window covers it */
    DECISION_HELD,      /* people closed what it belonged to, and it has not recovered since */
    DECISION_FULL,      /* as many are open as there may be */
    DECISION_MANY,      /* signals have opened as many within an hour as they may */
    DECISION_REMEMBERED /* a warning or less: it joins what opens */
};

/** All strings are borrowed for the call, and never NULL. */
struct decision {
    enum decision_kind kind;
    int64_t wall_ms; /* when the alert was told */
    const char *source;
    const char *check;
    const char *host;
    const char *summary;
    bool paging;
    enum severity severity;
    const char *rule; /* name, "": none */
    int64_t incident; /* opened or joined, else 0 */
    int64_t at_once;  /* DECISION_FEW: how many its rule asks for */
    int64_t storm;    /* DECISION_ALONE: watched alerts that began within the storm window, with it
                       */
};

struct decision_sink {
    void *ctx;
    void (*decided)(void *ctx, const struct decision *decision);
};

#endif
