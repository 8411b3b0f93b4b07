/*
 * maintenance: planned windows, from the configuration, by command, and announced by bots: what
 * they cover opens no draft.
 *
 * An alert is covered when all components of its rule are the window's, or its check's name is one
 * of the window's globs. Covered alerts are remembered; when the last window that covers one ends,
 * it counts as if it began then. Windows have small numbers that people type.
 */
#ifndef CRIER_MAINTENANCE_H
#define CRIER_MAINTENANCE_H

#include "buf.h"
#include "model.h"
#include "propose.h"

enum {
    MAINTENANCE_LONGEST_MS =
        24 * 60 * 60 * 1000,    /* by command; the configuration has no such end */
    MAINTENANCE_MAX = 50,       /* windows by command and announced */
    MAINTENANCE_NAME_BYTES = 60 /* of components or checks, where they are named */
};

/** @return whether a window that is open now covers the alert: it opens, joins and widens nothing.
 */
bool maintenance_covers(const struct model *m, const struct alert *a);
/**
 * A paging alert that is covered has begun: the first of each window is told in one line.
 * @param place the home that its draft would have had. @param what the alert in a few words.
 */
void maintenance_held(struct model *m, const struct alert *a, const char *place, const char *what);
/** Appends "maintenance of Editing until 16:00" where a window is open. @return whether one is. */
bool maintenance_phrase(const struct model *m, struct buf *b);
/** All windows that are open, as above, with "; " between them. Errors are the buffer's. */
void maintenance_phrases(const struct model *m, struct buf *b);

/** A bot announced that a read-only period begins or ends (SIGNAL_MAINTENANCE). */
void maintenance_signal(struct model *m, const struct signal *sig);
/** `maintenance ...`: @param text what is behind the word, "" lists what is planned. */
void maintenance_command(struct model *m, const struct asker *by, const char *text);
/** TIMER_MAINTENANCE, and each minute, since the clock may have been set or the configuration read
 * again: windows open and end; what fires and is covered no more begins now. */
void maintenance_due(struct model *m);
/** Which windows were open before a start, and what they cover; before alerts are counted
 * (triage_restore). What ended meanwhile ends with the next step. */
void maintenance_restore(struct model *m);

/* ---- for the command ------------------------------------------------------------------------- */

/**
 * Adds a window and puts it; it opens at once where its time has come.
 * @param r live, number, from, until, components, checks, made_by, reason and announced; copied.
 * @return the window, or NULL: MAINTENANCE_MAX is reached, or memory is out (model_fail).
 */
struct window *maintenance_add(struct model *m, const struct record_maintenance *r);
/** Ends one, or takes back one that is to come; w may be gone then. */
void maintenance_end(struct model *m, struct window *w);
/** "Editing and Reading, checks Varnish*"; each list is cut at MAINTENANCE_NAME_BYTES. */
void maintenance_what(struct buf *b, const struct record_maintenance *r);

#endif
