/*
 * chat: what crier says, in as few lines as possible.
 *
 * Composes lines and appends them to the turn; decides nothing but, with budget.c, how many of
 * them. Of priority SAY_ANSWER is what a command asked for; everything else about an incident
 * counts against its budget and is left out where that is used up. Lines are plain text without
 * formatting codes. Works on the model of the step under way.
 */
#ifndef CRIER_CHAT_H
#define CRIER_CHAT_H

#include "command.h"
#include "model.h"

/** What a line is about. Of two about the same thing at the same place the newer takes the place of
 * the older while that still waits to be said: nobody is told what is not true any more. */
enum chat_topic {
    CHAT_TOPIC_WORDS,    /* of an incident: the revision that waits, whole */
    CHAT_TOPIC_PROMPT,   /* of an incident: how to publish it */
    CHAT_TOPIC_READERS,  /* of an incident: what readers see of its last step */
    CHAT_TOPIC_PROGRESS, /* of a row of the outbox: how far it has come, and how it ended */
    CHAT_TOPICS
};

/** One line at a place. */
void chat_say(struct model *m, const char *place, enum say_priority priority, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/** One line in the incident's home channel, unless that is more than can be said, see budget.h. */
void chat_home(struct model *m, const struct incident *inc, enum say_priority priority,
               const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/** The same in the home channel and, when that is another place, where it was asked. */
void chat_home_and(struct model *m, const struct incident *inc, const char *place, const char *fmt,
                   ...) __attribute__((format(printf, 4, 5)));

/** One line about an incident at a place, in the stead of an unsent one there about the same.
 * @param id of the incident or row, as the topic says. */
void chat_say_newest(struct model *m, int64_t incident, const char *place,
                     enum say_priority priority, enum chat_topic topic, int64_t id, const char *fmt,
                     ...) __attribute__((format(printf, 7, 8)));
/** How a row of the outbox ended that is not on the page: at home and, when that is another place,
 * where it was confirmed; instead of what was still to be said of its progress. */
void chat_failed(struct model *m, const struct incident *inc, const struct outbox *o,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * A revision whole, in two lines: the exact words, impact and components; then the command that
 * publishes it and why. It counts as shown there once the server has taken the first line.
 */
void chat_show(struct model *m, struct incident *inc, const struct revision *rev, const char *place,
               enum say_priority priority);
/** The same; the second line begins with the note instead of a name. @param note NULL: with the
 * name.
 * @return false when nothing was said, since that would be more than can be said about it. */
bool chat_show_noted(struct model *m, struct incident *inc, const struct revision *rev,
                     const char *place, enum say_priority priority, const char *note);
/** The same as an answer to somebody who meant another one; the second line begins with the note.
 */
void chat_show_instead(struct model *m, struct incident *inc, const struct revision *rev,
                       const char *place, const char *note);
/** The same in the home channel, with a note as in chat_show_noted(); a one-line pointer goes to
 * the other talk channels when first is true. Nothing is said while the home channel is not joined:
 * chat_joined() makes up for it. */
void chat_announce_noted(struct model *m, struct incident *inc, const struct revision *rev,
                         bool first, const char *note);
void chat_announce(struct model *m, struct incident *inc, const struct revision *rev, bool first);
/** Tells that a step is done, at home and where it was confirmed. What could not be said at home is
 * said when it can be spoken to again. */
void chat_done(struct model *m, struct incident *inc, struct outbox *o);
/** A place can be spoken to again: open drafts and proposals at home there are shown once more. */
void chat_joined(struct model *m, const char *place);
/** @return whether the revision was shown at home within so many milliseconds, or is about to be.
 */
bool chat_shown_lately(const struct model *m, const struct incident *inc,
                       const struct revision *rev, int64_t ms);
/** The fate of a line that was to show a revision. */
void chat_shown(struct model *m, uint64_t token, bool shown);

/** What is public or drafted, whole, for `show`. */
void chat_present(struct model *m, struct incident *inc, const char *place);
/** What somebody needs who posts a revision by hand: where, as what, and the exact words. It does
 * not count as shown. */
void chat_kit(struct model *m, const struct incident *inc, const struct revision *rev,
              const char *place, enum say_priority priority);
/** @return whether crier has a draft or public incident. */
bool chat_anything_open(const struct model *m);
/** What is open, for the bare prefix: at most two lines. */
void chat_status(struct model *m, const char *place);

/** The link people read, or the page's address when the incident's is not known. Borrowed. */
const char *chat_url(const struct model *m, const struct incident *inc);
/** "https://.../ADMIN" where somebody posts by hand. Borrowed. */
const char *chat_admin_url(const struct model *m, const struct incident *inc);

#endif
