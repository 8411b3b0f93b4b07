/*
 * drill_impl: what the parts of a drill share. Included by bot/drill*.c only; everybody else sees
 * drill.h.
 */
#ifndef CRIER_DRILL_IMPL_H
#define CRIER_DRILL_IMPL_H

#include "drill.h"

#include "courier.h"
#include "engine.h"
#include "replay_nicks.h"

/* In tokens of lines that nobody waits for but the pace. */
#define DRILL_PACE_TOKEN (UINT64_C(1) << 61)

/** Where in a token the drill's number is, and which bits of it. */
enum { DRILL_NUMBER_SHIFT = 48, DRILL_NUMBER_MASK = 0xfff };

enum {
    DRILL_START_BOOT_MS = 24 * 60 * 60 * 1000, /* as if the machine had been up for a day */
    DRILL_LINE_BYTES = 320, /* one line of IRC behind the longest prefix: never split there */
    DRILL_SAY_BYTES = 4000,
    DRILL_TAUGHT_MAX = 200
};

/* What waits for people, as far as the coach sees it. */
struct drill_step {
    int64_t incident;
    int64_t revision; /* 0: it is public, nothing waits and nothing will */
    int64_t kind;     /* enum revision_kind */
};

struct drill {
    struct drill_options options;
    struct settings *settings;
    char *place;
    char *player; /* whoever spoke last */
    char *url;
    struct hearing *hearing;
    struct engine *engine;
    struct courier courier;
    struct replay_nicks *nicks;
    struct drill_score score;
    int64_t first_draft_wall_ms; /* as the look ahead says */
    int64_t start_wall_ms;       /* of the log */
    int64_t start_boot_ms;       /* real */
    int64_t skipped_ms;
    int64_t boot_ms;       /* real, of the last call */
    size_t next;           /* line of the scenario */
    size_t unsaid;         /* lines that the chat has not taken yet */
    size_t requests;       /* at the page, without an answer */
    int64_t said_boot_ms;  /* real; the last line at the place */
    int64_t heard_boot_ms; /* real; the last command */
    int64_t show_boot_ms;  /* real; a leaking bucket, when it will be empty */
    int64_t unshown;
    struct drill_step due;
    int64_t due_boot_ms; /* real, since when */
    int64_t hinted_boot_ms;
    int64_t hints; /* about that */
    char *taught[DRILL_TAUGHT_MAX];
    size_t n_taught;
    int64_t refusals_boot_ms;
    int64_t refusals;
    bool opened; /* there was an incident */
    bool started;
    bool over;
    int err; /* sticky */
};

/* ---- drill.c ---- */

/** The time in the drill, of the call under way. */
struct now drill_present(const struct drill *d);
/** Remembers the first error; 0 is none. */
void drill_fail(struct drill *d, int err);
void drill_input(struct drill *d, const struct input *in);

/* ---- drill_say.c ---- */

/** What the courier has to say, a chat_port's say(). @param ctx the struct drill. */
int drill_say(void *ctx, const struct say *line);
/** The bits of this drill in every token. */
uint64_t drill_token(const struct drill *d);
/** A line of the drill itself, at its place. */
void drill_tell(struct drill *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *drill_prefix(const struct drill *d);
/** The lesson, at its place. */
void drill_teach(struct drill *d);
/** The same with the first refusal that somebody gets. */
void drill_teach_once(struct drill *d, const struct heard *line);

/* ---- drill_coach.c ---- */

/** What people should do next. @return false when nothing waits for them.
 * @param stuck nothing more comes by itself: what is public is theirs to end. */
bool drill_coach_look(const struct drill *d, bool stuck, struct drill_step *ret);
bool drill_coach_same(const struct drill_step *a, const struct drill_step *b);
/** Says what to type, when it is time for that. */
void drill_coach(struct drill *d, const struct drill_step *due);
/** @return when that is, on the real boot clock, or NOW_NEVER. */
int64_t drill_coach_deadline(const struct drill *d);

#endif
