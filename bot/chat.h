/*
 * chat: what crier says, in as few lines as possible.
 *
 * Composes lines and appends them to the turn; decides nothing. Lines are plain text without
 * formatting codes. Works on the model of the step under way.
 */
#ifndef CRIER_CHAT_H
#define CRIER_CHAT_H

#include "command.h"
#include "model.h"

/** One line at a place. */
void chat_say(struct model *m, const char *place, enum say_priority priority, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/** One line in the incident's home channel. */
void chat_home(struct model *m, const struct incident *inc, enum say_priority priority,
               const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/** The same in the home channel and, when that is another place, where it was asked. */
void chat_home_and(struct model *m, const struct incident *inc, const char *place, const char *fmt,
                   ...) __attribute__((format(printf, 4, 5)));

/**
 * A revision whole, in two lines: the exact words, impact and components; then the command that
 * publishes it and why. It counts as shown there once the server has taken the first line.
 */
void chat_show(struct model *m, struct incident *inc, const struct revision *rev, const char *place,
               enum say_priority priority);
/** The same as an answer to somebody who meant another one; the second line begins with the note.
 */
void chat_show_instead(struct model *m, struct incident *inc, const struct revision *rev,
                       const char *place, const char *note);
/** The same in the home channel; a one-line pointer goes to the other talk channels when first is
 * true. Nothing is said while the home channel is not joined: chat_joined() makes up for it. */
void chat_announce(struct model *m, struct incident *inc, const struct revision *rev, bool first);
/** Tells that a step is done, at home and where it was confirmed. What could not be said at home is
 * said when it can be spoken to again. */
void chat_done(struct model *m, struct incident *inc, struct outbox *o);
/** A place can be spoken to again: open drafts and proposals at home there are shown once more. */
void chat_joined(struct model *m, const char *place);
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
