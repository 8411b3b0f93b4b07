/*
 * backtest: the drafts of two configurations on the same logs, and how they differ.
 *
 * Two replays tell it what happens, line by line in step. A draft of the one is that of the other
 * when the same alert opened both, or when both hurt one component and gathered one alert, or one
 * began while the other was open and within half an hour. What is left over was lost or gained.
 * Pure apart from memory.
 */
#ifndef CRIER_BACKTEST_H
#define CRIER_BACKTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "replay.h"
#include "settings.h"

enum backtest_side { BACKTEST_OLD, BACKTEST_NEW };

enum { BACKTEST_SIDES = 2 };

/** In the order of how bad it is. */
enum backtest_kind {
    BACKTEST_CHANGED, /* at the same time, with other words, impact, components, rule or suspect */
    BACKTEST_GAINED,
    BACKTEST_EARLIER,
    BACKTEST_LATER,
    BACKTEST_LOST
};

enum { BACKTEST_KINDS = 5 };

/** Words of a draft. */
struct backtest_words {
    char *title;
    char *components; /* text form, see components.h */
    enum impact impact;
};

/** Strings are owned and never NULL. */
struct backtest_draft {
    int64_t wall_ms;
    int64_t end_wall_ms; /* INT64_MAX: open at the end */
    int64_t incident;    /* its number on that side */
    char *page;
    char *rule; /* "": somebody opened it */
    char *suspect;
    struct backtest_words first, last; /* as it began; with what alerts added later */
    char *trigger;                     /* the alert that opened it, for people */
    char *source;                      /* of that alert */
    uint64_t key;                      /* of that alert; 0: none */
    char *other;     /* what the other side made of that alert, "": it is not known there */
    uint64_t *alert; /* those that it began with */
    size_t n_alerts;
    bool matched;
};

/** @return of the draft of a kind, or of both. */
struct backtest_difference {
    enum backtest_kind kind;
    const struct backtest_draft *before; /* NULL: gained */
    const struct backtest_draft *now;    /* NULL: lost */
    int64_t by_ms;                       /* earlier or later */
    char *reason;                        /* one line */
};

struct backtest;

/** @param before, now borrowed, must outlive it. @return 0 or CRIER_ENOMEM. */
int backtest_create(const struct settings *before, const struct settings *now,
                    struct backtest **ret) __attribute__((warn_unused_result));
/** NULL is fine. */
void backtest_destroy(struct backtest *b);

/**
 * What a side's replay tells; it must be asked for REPLAY_SILENT. Other kinds of events than
 * drafts, their revisions, their ends and silent alerts are passed over.
 */
void backtest_event(struct backtest *b, enum backtest_side side, const struct replay_event *event);
/** To be called when both replays have taken a line: what the one made of the alerts of the other's
 * new drafts is looked up while it is remembered. @return 0, CRIER_ENOMEM, or CRIER_ELIMIT: more
 * than BACKTEST_DRAFTS_MAX drafts. */
int backtest_settle(struct backtest *b) __attribute__((warn_unused_result));

enum { BACKTEST_DRAFTS_MAX = 10000 };

/** After the last line. @return 0 or CRIER_ENOMEM. */
int backtest_compare(struct backtest *b) __attribute__((warn_unused_result));
/** Differences in the order of time. @return NULL when there are no more. */
const struct backtest_difference *backtest_difference(const struct backtest *b, size_t i);
/** How many differences of a kind there are. */
size_t backtest_count(const struct backtest *b, enum backtest_kind kind);
size_t backtest_drafts(const struct backtest *b, enum backtest_side side);

/** "lost", "gained", ... */
const char *backtest_kind_name(enum backtest_kind kind);
/** Appends one line for people, ending with \n: `2023-01-17 18:34:55 lost "Title" ...: reason`. */
void backtest_text(struct buf *out, const struct backtest_difference *d);
/** Appends one object and \n; keys stay as they are, see docs/rules.md. */
void backtest_json(struct buf *out, const struct backtest_difference *d);

#endif
