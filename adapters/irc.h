/*
 * irc: the chat adapter: every configured IRC network behind one chat_port.
 *
 * Owns the connections, the sessions and what waits to be said. Copies what it needs from the
 * settings. Decides nothing about what a line means: it only says who spoke, where, and whether
 * that may be believed and obeyed. A network that fails never touches another.
 *
 * Places are "network/#channel" (spelled as configured) and "network/nick".
 */
#ifndef CRIER_IRC_H
#define CRIER_IRC_H

#include <stdbool.h>

#include "net.h"
#include "ports.h"
#include "settings.h"

struct irc;

/**
 * Makes every network; the first connection is opened from the first dispatch.
 *
 * @param settings copied, may go away afterwards.
 * @param net      borrowed, must outlive the irc.
 * @param sink     copied; called from dispatch only. It may call say() and irc_quit(), but neither
 *                 irc_destroy() nor irc_reload().
 * @param ret_irc  the caller's to irc_destroy().
 * @return 0, CRIER_ENOMEM.
 */
int irc_create(const struct settings *settings, struct net *net, const struct chat_sink *sink,
               struct irc **ret_irc) __attribute__((warn_unused_result));
/** Closes everything at once, without a word to the servers (see irc_quit()). NULL is fine. */
void irc_destroy(struct irc *irc);

/**
 * Where to speak. say() copies, cleans the text (utf8_clean) and queues it, in front of nothing of
 * the same priority; what waits for a place that is not joined yet, or no more, is kept for ten
 * minutes. A text that needs more than one IRC line is split at a space where there is one near; at
 * most two lines are sent (four when say.token is set, since it must be shown whole), what is left
 * over is cut with an ellipsis.
 *
 * say() returns 0; CRIER_ENOENT: no such network or channel, or no nick; CRIER_EACCESS: a channel
 * without the talk or practice role; CRIER_EINVAL: nothing to say; CRIER_ELIMIT: the queue is full,
 * counted and told by CHAT_DROPPED; CRIER_ENOMEM.
 *
 * Of a line with a token one event tells the end: CHAT_SHOWN when the server has taken all of it:
 * its echo has come (echo-message), or the PONG to a PING sent behind it without an error in
 * between; CHAT_UNSHOWN when the connection went first, the server refused it or changed it, it had
 * to be cut, or it waited too long. No event comes for a line that another one replaced while it
 * waited, and none for what is still waiting when irc_destroy() is called.
 */
struct chat_port irc_chat_port(struct irc *irc);

struct source_port irc_source_port(struct irc *irc);

/**
 * Begins the end: what waits is sent as far as the flood limit lets it go within 0.7 s, then QUIT.
 * No new line is taken, nothing connects again. Call it once.
 *
 * @param reason for people, one line; NULL: none.
 */
void irc_quit(struct irc *irc, const char *reason);
/** @return true when every connection is closed; at the latest 1.2 s after irc_quit(). */
bool irc_is_quiet(const struct irc *irc);

/**
 * Takes a new configuration, all of it or, on an error, nothing. A network whose connection
 * settings are the same stays connected and only joins and parts; one that changed says QUIT and
 * comes back; what waited for a place that is gone is dropped. Not from a sink callback.
 *
 * @param settings copied, may go away afterwards.
 * @return 0, CRIER_ENOMEM, CRIER_ESTATE after irc_quit().
 */
int irc_reload(struct irc *irc, const struct settings *settings)
    __attribute__((warn_unused_result));

#endif
