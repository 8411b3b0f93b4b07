/*
 * drill: a recorded outage, played as if it happened now.
 *
 * Hearing, engine and courier are the daemon's own code in an instance of their own; store, page
 * and chat are ports that the caller gives, none of which may be the real one's. The clock is the
 * log's: what is idle is skipped, and while something waits for people it goes at real speed.
 * Every line begins with HEARING_DRILL, yields to all others and calls incidents D1, D2, ...
 *
 * Pure: no I/O; the boot clock is an argument. Not thread-safe.
 */
#ifndef CRIER_DRILL_H
#define CRIER_DRILL_H

#include <stdbool.h>
#include <stdint.h>

#include "drill_scenario.h"
#include "drill_score.h"
#include "ports.h"
#include "settings.h"

struct drill;

/** Set in every token that a drill gives to the chat: so events find their way back. Its number
 * is in it, too: what is told late of one drill means nothing to the next. */
#define DRILL_TOKEN (UINT64_C(1) << 62)

struct drill_options {
    struct settings *settings;  /* drill_settings_make(), with its page; borrowed, and guests are
                                   added to it */
    struct format_port formats; /* made of these settings; ctx borrowed */
    const struct drill_scenario *scenario; /* borrowed */
    const char *place;                     /* "network/#channel"; copied */
    const char *player;                    /* nick of whoever started it; copied */
    unsigned number;                       /* of this drill in this process */
    const char *url;                       /* where the practice page is; copied */
    struct chat_port chat;                 /* only say() with that place, or in private */
    struct page_port page;
    struct store_port store;
};

/**
 * Looks first, on a clock of its own, when the scenario opens its first draft: what was long before
 * is not shown.
 *
 * @return 0, CRIER_ENOENT (it opens none) or CRIER_ENOMEM.
 */
int drill_create(const struct drill_options *options, struct drill **ret)
    __attribute__((warn_unused_result));
/** NULL is fine. */
void drill_destroy(struct drill *d);

/** Says what this is, and begins. The store must be new. @return 0 or an error: it is over. */
int drill_start(struct drill *d, int64_t boot_ms) __attribute__((warn_unused_result));

/** A command for this drill, somebody said it at its place. Not for `drill`. @return as
 * drill_start(). */
int drill_hear(struct drill *d, const struct heard *line, int64_t boot_ms)
    __attribute__((warn_unused_result));
/** An event that is about its place, or whose token has DRILL_TOKEN. */
int drill_chat(struct drill *d, const struct chat_event *event, int64_t boot_ms)
    __attribute__((warn_unused_result));
int drill_answer(struct drill *d, const struct page_answer *answer, int64_t boot_ms)
    __attribute__((warn_unused_result));
/** What its store tells. A store that cannot write ends the drill. */
int drill_stored(struct drill *d, uint64_t ticket, int err, int64_t boot_ms)
    __attribute__((warn_unused_result));

/** Lets happen what is due. Call it after anything else, too. */
int drill_turn(struct drill *d, int64_t boot_ms) __attribute__((warn_unused_result));
/** @return when drill_turn() is due on the boot clock, or NOW_NEVER. */
int64_t drill_deadline(const struct drill *d);

/** Ends it aloud, with the score card; nothing when it is over already. @param why one line. */
void drill_end(struct drill *d, const char *why, int64_t boot_ms);
bool drill_is_over(const struct drill *d);
/** @return why it is over, when it has not said so itself; else 0. */
int drill_error(const struct drill *d);

/** The time that it is in the drill; for its practice page. */
struct now drill_now(const struct drill *d, int64_t boot_ms);
const char *drill_place(const struct drill *d);
const struct drill_score *drill_result(const struct drill *d);

/** What one has to know, in three lines: for help and for whoever is refused the first time. */
enum { DRILL_LESSON_LINES = 3, DRILL_LESSON_BYTES = 330 };
void drill_lesson(const char *prefix, char lines[DRILL_LESSON_LINES][DRILL_LESSON_BYTES]);

#endif
