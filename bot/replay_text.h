/*
 * replay_text: what a replay tells, as lines for people and as JSON.
 */
#ifndef CRIER_REPLAY_TEXT_H
#define CRIER_REPLAY_TEXT_H

#include "buf.h"
#include "replay.h"

/**
 * Appends one line, and where why is set, for a draft, one more for its rule and each signal. Each
 * begins with the time, `2023-01-17 18:34:55`, and ends with \n.
 * @param settings for the windows and counts that decisions are explained with.
 */
void replay_text(struct buf *b, const struct settings *settings, const struct replay_event *event,
                 bool why);
/** Appends one object and \n; keys stay as they are. See docs/rules.md. */
void replay_json(struct buf *b, const struct settings *settings, const struct replay_event *event,
                 bool why);
/** Appends ` "Title" MAJOR Editing: partial outage`. @param components text form. */
void replay_words(struct buf *b, const char *title, enum impact impact, const char *components);
/** Appends an alert: its name and host or, where it has none, what it says. */
void replay_alert(struct buf *b, const char *check, const char *host, const char *summary);
/** Appends why an alert opened nothing, in words. */
void replay_decision(struct buf *b, const struct settings *settings,
                     const struct decision *decision);

#endif
