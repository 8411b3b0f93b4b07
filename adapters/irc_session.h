/*
 * irc_session: libircclient behind a pair of sockets.
 *
 * The library believes that it has connected to a server; in truth its descriptor is one end of a
 * nameless pair whose other end is ours, which no other process can reach. What it is fed has
 * passed irc_line_clean(), and nothing else writes to it. What it writes comes out line by line.
 * One session lives as long as one connection to a server. Knows no network, no identity, no clock.
 */
#ifndef CRIER_IRC_SESSION_H
#define CRIER_IRC_SESSION_H

#include <stddef.h>

#include "pollset.h"

struct irc_session;

enum irc_event_kind {
    IRC_EVENT_PRIVMSG, /* to a channel or to us: target, text */
    IRC_EVENT_NOTICE,
    IRC_EVENT_ACTION,
    IRC_EVENT_JOIN, /* channel */
    IRC_EVENT_PART, /* channel, reason */
    IRC_EVENT_KICK, /* channel, nick, reason */
    IRC_EVENT_QUIT, /* reason */
    IRC_EVENT_NICK, /* new nick */
    IRC_EVENT_NUMERIC
};

/** What the library made of a line. Strings are borrowed. */
struct irc_event {
    enum irc_event_kind kind;
    unsigned numeric;
    const char *origin;   /* nick!user@host, a server, or "" */
    const char *param[4]; /* "" where there is none */
    size_t n_params;
};

struct irc_session_sink {
    void *ctx;
    /** From irc_session_pump(). The session must not be destroyed from here. */
    void (*event)(void *ctx, const struct irc_event *event);
    /** A line that the library wants to send, without CRLF. */
    void (*line)(void *ctx, const char *line, size_t n);
};

/**
 * @param nick what the library believes it is called: letters only matter to itself.
 * @param sink copied.
 * @return 0, CRIER_EIO (no socket), CRIER_ELIMIT (too many open files for select()), CRIER_ENOMEM.
 */
int irc_session_create(const char *nick, const struct irc_session_sink *sink,
                       struct irc_session **ret_session) __attribute__((warn_unused_result));
/** NULL is fine. Never from a sink. */
void irc_session_destroy(struct irc_session *s);

void irc_session_collect(const struct irc_session *s, struct pollset *set);
/**
 * Moves what can be moved without waiting, in both directions.
 * @return 0, CRIER_EIO or CRIER_ENOMEM: the session is dead.
 */
int irc_session_pump(struct irc_session *s) __attribute__((warn_unused_result));

/** Hands a clean line with its CRLF to the library.
 * @return 0, CRIER_ELIMIT (that line is lost), CRIER_ENOMEM (so is the session). */
int irc_session_feed(struct irc_session *s, const char *clean, size_t n)
    __attribute__((warn_unused_result));
/** @return bytes that the library has not taken yet: above 0, feed no more for now. */
size_t irc_session_backlog(const struct irc_session *s);

enum irc_command {
    IRC_COMMAND_SAY,   /* target, text */
    IRC_COMMAND_JOIN,  /* channel, key or "" */
    IRC_COMMAND_PART,  /* channel */
    IRC_COMMAND_NICK,  /* nick */
    IRC_COMMAND_WHOIS, /* nick */
    IRC_COMMAND_QUIT   /* -, reason */
};
/**
 * Gives the library a command; the line comes out of a later pump.
 * @return 0, CRIER_EAGAIN (its buffer is full: pump, then again), CRIER_EINVAL (empty or with
 *         control characters, or too long for a line).
 */
int irc_session_command(struct irc_session *s, enum irc_command command, const char *target,
                        const char *text) __attribute__((warn_unused_result));

#endif
