/*
 * signal: what an adapter understood of one line, webhook or log entry.
 *
 * Made by adapters, consumed by the engine. Every string is borrowed for the duration of the call,
 * already clean (utf8_clean), never NULL where the comment does not say so, and is
 * material for the channel and the timeline only: nothing of it ever gets into public text.
 */
#ifndef CRIER_SIGNAL_H
#define CRIER_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"

enum signal_kind {
    SIGNAL_FIRING,       /* an alert began, or repeats */
    SIGNAL_RESOLVED,     /* an alert recovered */
    SIGNAL_ACKNOWLEDGED, /* somebody acknowledged it; noted only */
    SIGNAL_DEPLOY,       /* a deploy moved, see phase */
    SIGNAL_NOTE,         /* people's !log, dbctl, conftool, cookbooks: noted only */
    SIGNAL_MAINTENANCE,  /* an announced read-only period: PHASE_STARTED or PHASE_FINISHED */
    SIGNAL_MITIGATION    /* somebody did what may end an outage (depooled, switched), at once */
};

enum { SIGNAL_KINDS = SIGNAL_MITIGATION + 1 };

enum deploy_phase {
    PHASE_STARTED,   /* the sync to production (or the run that leads there) has begun */
    PHASE_TESTED,    /* on the test servers only */
    PHASE_CONTINUED, /* the deployer let it go on to production */
    PHASE_FINISHED,
    PHASE_ABORTED,   /* stopped half-way: not a recovery */
    PHASE_FAILED,    /* failed; nothing or not everything was rolled back */
    PHASE_CANCELLED, /* stopped before production */
    PHASE_ROLLBACK   /* the tool is rolling back; FINISHED follows */
};

struct signal {
    enum signal_kind kind;
    const char *source;  /* configured name */
    const char *place;   /* "network/#channel", or the other ear's name: where it was heard */
    const char *check;   /* alert's name; "" for deploys */
    const char *host;    /* host or instance, may be "" */
    const char *summary; /* may be "" */
    enum severity severity;
    bool paging;
    int count; /* alerts in the group, at least 1 */

    enum deploy_phase phase;
    const char *tool; /* "scap backport", "sync-file", "train", "dbctl", ... */
    const char
        *user; /* shell user of the deployer, or the account or nick of who said it; may be "" */
    const char *deploy_host; /* host of user@host, may be "" */
    const char *change;      /* the deploy's message, may be "" */
    bool production;         /* reaches users */
    bool revert;             /* the message says that it undoes something */

    int rule;         /* index in settings.rule that matched, or -1 */
    const char *raw;  /* the cleaned line, verbatim for the timeline */
    int64_t wall_ms;  /* when it was said: server-time where there is one, else when it was heard */
    const char *rest; /* a further alert that ran into the same line begins here, or NULL; for
                         hearing only */
    uint64_t line_id; /* same number: this amends an earlier signal of that line (continuation) */
    const char *group_key; /* Alertmanager's key of the group, NULL: none */
};

/** "firing", "resolved", ... ; from_name: 0 or CRIER_EINVAL. Names are those of format_line.event.
 */
const char *signal_kind_name(enum signal_kind k);
int signal_kind_from_name(const char *name, enum signal_kind *ret_kind);
const char *deploy_phase_name(enum deploy_phase p);
int deploy_phase_from_name(const char *name, enum deploy_phase *ret_phase);

#endif
