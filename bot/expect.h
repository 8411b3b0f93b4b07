/*
 * expect: what replayed logs must lead to, as people write it down; the unit tests of rules.
 *
 * A file of scenarios, one statement on a line (docs/rules.md, "Scenarios"): which log, what must
 * happen and when, what must not. Parsing and judging are pure: no file is read here, no clock.
 */
#ifndef CRIER_EXPECT_H
#define CRIER_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "components.h"
#include "problems.h"
#include "replay.h"

/** A moment: with its day, or on the day of the scenario. */
struct expect_time {
    bool given;
    bool dated;
    int64_t ms; /* wall_ms when dated, else of the day */
};

enum expect_kind {
    EXPECT_DRAFT,     /* the next incident begins */
    EXPECT_REVISED,   /* other words: a revision of the draft, or a proposal */
    EXPECT_STEP,      /* identified, monitoring or resolved is proposed */
    EXPECT_PUBLISHED, /* it is on the page */
    EXPECT_CLOSED,    /* without having been published */
    EXPECT_INCIDENTS, /* so many drafts */
    EXPECT_SAY        /* so many lines at most */
};

struct expectation {
    enum expect_kind kind;
    int line;
    char *source;                          /* as it was written */
    bool never;                            /* "no ..." */
    size_t incident;                       /* 1: of the first `draft` of the scenario; 0: of any */
    enum step step;                        /* EXPECT_STEP */
    int64_t count;                         /* EXPECT_INCIDENTS, EXPECT_SAY */
    struct expect_time from, to;           /* both ends count; to the second */
    bool to_is_out;                        /* "before": that second does not count */
    char *title, *suspect, *change, *rule; /* NULL: any */
    bool has_impact, has_components;
    enum impact impact;
    struct components components;
};

/** One line of a log inside the file. */
struct expect_line {
    struct expect_time time;
    char *nick;
    char *text;
    bool action;
};

struct scenario {
    char *name;
    int line;
    bool wrong;              /* has mistakes: not to be run */
    struct string_list logs; /* as written: relative to the file */
    int *log_line;           /* where each is named */
    size_t cap_logs, cap_log_lines;
    struct expect_line *lines;
    size_t n_lines, cap_lines;
    int64_t day_wall_ms; /* midnight of inline lines */
    bool has_day;
    bool confirm, obey;
    int64_t confirm_after_ms;
    struct expectation *want;
    size_t n_want, cap_want;
    size_t n_drafts; /* `draft` statements */
};

struct expect {
    char *file;
    struct scenario *scenario;
    size_t n, cap;
};

/**
 * @param file     its name, for problems and diffs; copied.
 * @param text     its content.
 * @param problems gets everything that is wrong with it. Scenarios without mistakes can be run all
 *                 the same; the others are marked.
 * @return 0 (with mistakes too), CRIER_ELIMIT (larger than 4 MiB, or holds a NUL) or CRIER_ENOMEM;
 *         *ret_expect is set on success only, for expect_destroy().
 */
int expect_parse(const char *file, const char *text, size_t len, struct problems *problems,
                 struct expect **ret_expect) __attribute__((warn_unused_result));
/** NULL does nothing. */
void expect_destroy(struct expect *e);

/** What happened in one scenario, as far as it is asked for. */
struct expect_run;

/** @param e, index which scenario; borrowed, must outlive the run. @return NULL: out of memory. */
struct expect_run *expect_run_create(const struct expect *e, size_t index)
    __attribute__((warn_unused_result));
void expect_run_destroy(struct expect_run *run);
/** Each event of the replay, in order. Out of memory is told by expect_judge(). */
void expect_run_event(struct expect_run *run, const struct replay_event *event);
/**
 * When everything was told.
 * @param first_wall_ms of the first line of the log: times without a day are of its day, or of the
 *                      next where they would be before it.
 * @param diff appended: for each statement that does not hold what was expected (-) and what came
 *             instead (+); lines that end with \n.
 * @param ret_failed how many do not hold.
 * @return 0 or CRIER_ENOMEM.
 */
int expect_judge(const struct expect_run *run, int64_t first_wall_ms, struct buf *diff,
                 size_t *ret_failed) __attribute__((warn_unused_result));

/** When an inline line was said. */
int64_t expect_line_wall_ms(const struct scenario *s, const struct expect_line *line);

#endif
