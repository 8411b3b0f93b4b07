/*
 * drill_scenario: a recorded outage that can be played: the lines of a channel, and how it went.
 *
 * The head of its file are comments, `# title: ...`, `# began: 2023-01-17 18:33`, `# public: never`
 * and so on; see drill_scenario_comment(). Pure apart from memory; whoever reads files gives the
 * lines.
 */
#ifndef CRIER_DRILL_SCENARIO_H
#define CRIER_DRILL_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** More is no drill: lines, and bytes of them all. */
enum { DRILL_LINES_MAX = 20000, DRILL_BYTES_MAX = 8 << 20, DRILL_NAME_MAX = 64 };

struct drill_line {
    int64_t wall_ms;
    char *nick;
    char *text;
    char *channel;
};

/** A time of the real outage. */
struct drill_time {
    bool known;
    bool never;      /* it never happened */
    int64_t wall_ms; /* when known and not never */
};

struct drill_scenario {
    char *name;  /* of the file, without its end */
    char *title; /* one line, or "" */
    struct drill_time began, published, resolved;
    int64_t updates; /* after the first publication; -1: not told */
    struct drill_line *line;
    size_t n_lines;
    size_t cap;
    size_t bytes;
};

/** @param name copied. @return 0 or CRIER_ENOMEM. */
int drill_scenario_init(struct drill_scenario *s, const char *name)
    __attribute__((warn_unused_result));
/** Accepts a zeroed struct. */
void drill_scenario_finish(struct drill_scenario *s);

/** @return whether that may be a scenario's name: letters, digits, '.', '_', '-', and no path. */
bool drill_scenario_name_is_good(const char *name);

/**
 * Takes a comment of the head, with its '#'. Known are title, began, public, updates and resolved;
 * times are UTC, `2023-01-17 18:33`, or `never`. Everything else is for people.
 *
 * @return 0, CRIER_EINVAL (a known key whose value cannot be read; the rest stays as it was) or
 *         CRIER_ENOMEM.
 */
int drill_scenario_comment(struct drill_scenario *s, const char *line)
    __attribute__((warn_unused_result));

/** Adds a line, which is cleaned and copied. A time before that of the line before counts as the
 * same. @return 0, CRIER_ELIMIT or CRIER_ENOMEM. */
int drill_scenario_line(struct drill_scenario *s, int64_t wall_ms, const char *nick,
                        const char *text, const char *channel) __attribute__((warn_unused_result));

#endif
