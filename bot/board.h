/*
 * board: crier's own web pages, for the team: what is open as it would look in public, and each
 * incident with its picture, its public words and its timeline.
 *
 * Pure: rows in, HTML out. Whole documents without script and without anything to load; foreign
 * text is escaped and cleaned (html.h). Knows no HTTP but what the header must say.
 */
#ifndef CRIER_BOARD_H
#define CRIER_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "chronicle.h"

enum {
    BOARD_BYTES_MAX = 8 << 20, /* for the buffers of whole pages */
    BOARD_PICTURES = 6,        /* on the first page; what else is open is words only */
    BOARD_ENDED = 12,          /* incidents that are over, on the first page */
    BOARD_ROWS_MAX = 400,      /* of a timeline on a page: the rest is in the files */
    BOARD_REFRESH_S = 30,      /* while something is open */
    BOARD_IDLE_REFRESH_S = 60  /* the first page when nothing is: somebody has it on a wall */
};

/** What all pages are told. Strings are borrowed. */
struct board_view {
    int64_t now_wall_ms;
    const char *prefix;  /* of commands, "!status" */
    const char *planned; /* the planned work that is open, in words, or NULL */
    bool sick;           /* the database does not answer: what comes from it is missing */
};

/** The value of Content-Security-Policy for every page and picture. */
extern const char board_policy[];

/**
 * The first page.
 *
 * @param open   sorted chronicles, in the order in which they are shown.
 * @param ended  newest first; their timelines are not looked at.
 * Errors are the buffer's.
 */
void board_home(struct buf *out, const struct board_view *view, const struct chronicle *open,
                size_t n_open, const struct chronicle *ended, size_t n_ended);
/** The page of one incident; c is sorted. */
void board_incident(struct buf *out, const struct board_view *view, const struct chronicle *c);
/** A page with one sentence, for what is not there or cannot be read. */
void board_message(struct buf *out, const struct board_view *view, const char *title,
                   const char *sentence);

/** Whether an incident is a draft or public and not over. */
bool board_is_open(const struct record_incident *inc);

#endif
