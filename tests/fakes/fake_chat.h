/*
 * fake_chat: the chat port in memory: remembers what was said, and lets the test speak.
 *
 * For tests: running out of memory aborts.
 */
#ifndef CRIER_FAKE_CHAT_H
#define CRIER_FAKE_CHAT_H

#include <stdbool.h>
#include <stddef.h>

#include "ports.h"

struct fake_line {
    char *place;
    char *text;
    enum say_priority priority;
    uint64_t token;
    uint64_t replaces;
    bool sent;  /* left the queue; nothing can replace it any more */
    bool shown; /* SHOWN or UNSHOWN was reported, or there is no token */
};

struct fake_chat {
    struct chat_sink sink;  /* set by the test */
    struct fake_line *line; /* in the order of say() */
    size_t n, cap;
    bool hold;            /* lines stay unsent until fake_chat_send() */
    int refuse;           /* not 0: say() returns this */
    uint64_t next_id;     /* of heard lines */
    const char *userhost; /* of whoever speaks; NULL: user@host.example; borrowed */
    const char *me;       /* the nick that crier has; NULL: as configured */
    bool plain;           /* lines do not come over TLS */
};

void fake_chat_init(struct fake_chat *f);
void fake_chat_finish(struct fake_chat *f);
struct chat_port fake_chat_port(struct fake_chat *f);
/** Forgets every line. */
void fake_chat_clear(struct fake_chat *f);

/** Everything held leaves the queue. */
void fake_chat_send(struct fake_chat *f);
/** Reports CHAT_SHOWN for every sent line with a token not reported yet. @return how many. */
size_t fake_chat_show(struct fake_chat *f);
/** The same as CHAT_UNSHOWN: lost with the connection. */
size_t fake_chat_unshow(struct fake_chat *f);
/** Reports that a place can be spoken to, or not any more. @param place "network/#channel". */
void fake_chat_joined(struct fake_chat *f, const char *place);
/** Somebody is in a channel, or has left it. @param nick as configured. */
void fake_chat_member(struct fake_chat *f, const char *place, const char *nick, bool here);
void fake_chat_left(struct fake_chat *f, const char *place, const char *why);

/**
 * Somebody says a line, which is cleaned as by the wire; it is a plain one that may be obeyed.
 * @param place   "network/#channel", or "network/nick" for a private line of that nick.
 * @param account NULL: none, and that is known.
 */
void fake_chat_hear(struct fake_chat *f, const char *place, const char *nick, const char *account,
                    const char *text, int64_t wall_ms);

/** @return the newest line's text at a place (NULL: anywhere), or NULL. */
const char *fake_chat_last(const struct fake_chat *f, const char *place);
/** @return the newest line that contains the text at a place (NULL: anywhere), or NULL. */
const struct fake_line *fake_chat_find(const struct fake_chat *f, const char *place,
                                       const char *text);
/** @return lines said at a place (NULL: anywhere). */
size_t fake_chat_count(const struct fake_chat *f, const char *place);

#endif
