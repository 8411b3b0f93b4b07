/*
 * report: what is made of a chronicle: the incident report as wikitext in the form of Wikimedia's,
 * as Markdown and as JSON, the short timeline of the chat, and the draft of a postmortem.
 *
 * Pure: no clock, no database. Nothing is invented: what crier cannot know is said to be unknown,
 * or left empty for people.
 */
#ifndef CRIER_REPORT_H
#define CRIER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "chronicle.h"
#include "settings.h"

enum {
    REPORT_BYTES_MAX = 64 << 20, /* for the buffers of the whole reports */
    REPORT_PEOPLE_MAX = 64,
    REPORT_LINES = 12, /* of the timeline in chat */
    REPORT_LINE_BYTES = 360
};

/* ---- figures --------------------------------------------------------------------------------- */

enum report_beginning {
    REPORT_BEGAN_EDITED,  /* a person said when */
    REPORT_BEGAN_DEPLOY,  /* a deploy went on to production */
    REPORT_BEGAN_ALERT,   /* the first alert that told of it */
    REPORT_BEGAN_PAGE,    /* it was found on the page, made by hand */
    REPORT_BEGAN_BY_HAND, /* somebody opened the draft */
};

enum report_ending {
    REPORT_ENDED_UNKNOWN,
    REPORT_ENDED_FIX,    /* a revert or another fix was done */
    REPORT_ENDED_ALERTS, /* the last alert recovered */
};

/** Times are wall clock; 0: it did not happen, or is not known. Strings are the chronicle's. */
struct report_facts {
    int64_t begins_wall_ms;
    enum report_beginning begins_by;
    int64_t ends_wall_ms;
    enum report_ending ends_by;
    int64_t quiet_wall_ms; /* the last alert recovered, and none fired again */
    int64_t signal_wall_ms, page_wall_ms, draft_wall_ms, shown_wall_ms, confirm_wall_ms;
    int64_t public_wall_ms, visible_wall_ms, resolved_wall_ms; /* resolved: on the page */
    size_t n_updates; /* public texts, by crier or by hand */
    size_t n_by_hand; /* of these */
    size_t n_mails;   /* that subscribers were mailed about, as far as crier sent them */
    size_t n_alerts;  /* that began to fire */
    size_t n_pages;   /* of these */
    const char *person[REPORT_PEOPLE_MAX]; /* who gave commands, in the order of the first */
    size_t n_people;                       /* may be more than there is room for */
    const char *first_confirmer;           /* or "" */
    const struct record_revision *worst;   /* public one (else any) with the highest impact; NULL:
                                              no revision */
    const struct record_revision *title;   /* the one that gives the title; NULL: none */
};

void report_facts(const struct chronicle *c, struct report_facts *ret);
/** "production sync", ... for people. */
const char *report_beginning_words(enum report_beginning b);
const char *report_ending_words(enum report_ending e);

/* ---- documents ------------------------------------------------------------------------------- */

enum report_format { REPORT_WIKITEXT, REPORT_MARKDOWN, REPORT_JSON, REPORT_SVG };

/**
 * Appends the report.
 *
 * @param c           sorted.
 * @param s           for links; may be NULL.
 * @param now_wall_ms how far the picture goes of an incident that is not over.
 * @return 0, CRIER_ENOMEM, or CRIER_ELIMIT of the buffer.
 */
int report_write(struct buf *b, const struct chronicle *c, const struct settings *s,
                 enum report_format format, int64_t now_wall_ms)
    __attribute__((warn_unused_result));

/** Private parts of report_write(), each in a file of its own.
 * @param picture an SVG to embed in Markdown, or NULL. */
void report_write_page(struct buf *b, const struct chronicle *c, const struct settings *s,
                       bool markdown, const char *picture);
void report_write_json(struct buf *b, const struct chronicle *c);

/**
 * The short timeline for chat: one line for all of an alert, a deploy or a revision.
 *
 * @param where how the whole is found: "crier report 7" or an address.
 * @param say   called for each line, at most REPORT_LINES of less than REPORT_LINE_BYTES.
 * @return 0 or CRIER_ENOMEM.
 */
int report_lines(const struct chronicle *c, const char *where,
                 void (*say)(void *ctx, const char *line), void *ctx)
    __attribute__((warn_unused_result));

/**
 * The body of a postmortem's draft, Markdown: what the public was told and when, and nothing else.
 * No text of alerts, hosts, deploys or people.
 */
void report_postmortem(struct buf *b, const struct chronicle *c);

#endif
