/*
 * disk: what crier says and refuses while its store does not write.
 *
 * Without its memory crier confirms nothing and changes nothing for anybody: it says so at once and
 * hands out the words, for whoever can post by hand. What it is asked is still answered. All that
 * is said here goes ahead of what waits for the disk (struct turn), and none of it shows a revision
 * in the sense of confirming: a revision that is not written may never have been. Works on the
 * model of the step under way.
 */
#ifndef CRIER_DISK_H
#define CRIER_DISK_H

#include "engine.h"
#include "model.h"

/** The store does not write, or does again. */
void disk_event(struct model *m, const struct store_event *event);
/** A draft has opened that nobody can confirm now: its words are handed out at home. */
void disk_drafted(struct model *m, const struct incident *inc);
/**
 * Answers a command that would change something.
 * @param inc what it is about, or NULL: the only one that has words which are not public.
 */
void disk_refuse(struct model *m, const struct incident *inc, const char *nick, const char *place);
/** Hands out the words of an incident that are not public yet. @return false when it has none. */
bool disk_show(struct model *m, const struct incident *inc, const char *place);
/** The first line of the answer to the bare prefix. */
void disk_status(struct model *m, const char *place);

#endif
