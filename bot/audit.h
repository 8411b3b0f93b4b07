/*
 * audit: what goes into the audit: who confirmed, was refused, edited or published what, and when.
 *
 * Each entry is a row that is never changed again, chained to the one before by the store, and a
 * line in the log with its number and the head of the chain. Works on the model of the step under
 * way.
 */
#ifndef CRIER_AUDIT_H
#define CRIER_AUDIT_H

#include "command.h"
#include "model.h"

/** What is audited; stored by name, so that the order means nothing. */
enum audit_action {
    AUDIT_START,         /* crier began, with what it had stored */
    AUDIT_RELOAD,        /* another configuration was read */
    AUDIT_REFUSED,       /* somebody may not do what they asked for */
    AUDIT_REFUSED_MORE,  /* how many refusals of strangers got no entry of their own */
    AUDIT_FIRST_CONFIRM, /* the first of two */
    AUDIT_CONFIRM,
    AUDIT_BREAK_GLASS, /* a confirm without services, by a one-time password */
    AUDIT_ENROL,
    AUDIT_OPEN,
    AUDIT_EDIT,   /* other words, impact, components or start, for what waits or is public */
    AUDIT_INSIST, /* on words that look internal */
    AUDIT_UPDATE,
    AUDIT_RESOLVE,
    AUDIT_CORRECT,
    AUDIT_RETRACT,
    AUDIT_ADOPT,
    AUDIT_DISCARD,
    AUDIT_NOTE,
    AUDIT_MUTE,
    AUDIT_UNMUTE,
    AUDIT_MAINTENANCE,
    AUDIT_PUBLISHED,
    AUDIT_PAGE_REFUSED,
    AUDIT_EXPIRED,      /* a confirm went stale before the page could be reached */
    AUDIT_TWIN_REMOVED, /* an incident of crier's that the page had twice */
    AUDIT_POSTMORTEM,   /* its draft is on the page */
    AUDIT_PAGE_EDITED,  /* by hand, on the page */
    AUDIT_PAGE_ENDED,   /* by hand, on the page */
    AUDIT_ACTIONS
};

/* Refusals of people who are not listed, at one place (all private talk of a network is one), in
 * AUDIT_REFUSALS_MS, that get an entry of their own. */
enum { AUDIT_REFUSALS_MAX = 30, AUDIT_REFUSALS_MS = 60 * 60 * 1000 };

/** One entry. All borrowed; what does not apply stays zero. */
struct audit_entry {
    enum audit_action action;
    const char *person;         /* configured name; NULL: nobody of the list, or crier itself */
    const struct heard *by;     /* the line that it came by; NULL: that of the command which is
                                   carried out, if one is */
    const char *place;          /* NULL: that of the line */
    const struct incident *inc; /* or incident */
    int64_t incident;
    const struct revision *rev; /* whose words it is about; or revision */
    int64_t revision;
    const char *body; /* words that are no revision's */
};

/** @return the name under which an action is stored, such as "first confirm". */
const char *audit_action_name(enum audit_action action);
/** Whether something is the name of an action. */
bool audit_is_action(const char *name);
/** @return as what the audit knows the changes that a command makes. */
enum audit_action audit_action_of(enum command_verb verb);

/**
 * One entry: its row goes with the turn, its line into the log when that is written.
 * @param fmt the line, without "audit"; foreign text in it quoted with log_quote().
 */
void audit_write(struct model *m, const struct audit_entry *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/**
 * Somebody may not do what they asked for. People who are on the list always get an entry; all
 * others AUDIT_REFUSALS_MAX at one place in one hour, and a line in the log each. What got no entry
 * is counted in one, when the hour is over.
 * @param person NULL: not listed. @param incident, revision that it was about, or 0.
 * @return whether it got an entry.
 */
bool audit_refusal(struct model *m, const struct heard *line, const struct person_settings *person,
                   int64_t incident, int64_t revision, const char *why);
/** TIMER_REFUSALS. */
void audit_refusals_due(struct model *m);
/** A line in the log alone: what no person decided. */
void audit_line(struct model *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
