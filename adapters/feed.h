/*
 * feed: Atom feeds that are asked for what is new.
 *
 * One GET each interval, conditional (ETag, Last-Modified), over TLS that is verified; gzip;
 * redirects on the same host only; FEED_BYTES at most, FEED_TIMEOUT_MS long. After a failure the
 * pauses grow to FEED_PAUSE_MAX_MS, and no less than Retry-After says. A failure is logged once,
 * and when it is over.
 *
 * An entry becomes the line that the bot or the person has said in the channel:
 *
 *   author USER@HOST, title TEXT   "!log USER@HOST TEXT"
 *   author NICK, title TEXT        "!log TEXT", of a person, with the nick as its user
 *
 * at the time when it was published, oldest first. Entries are known by their ids. Those of the
 * first reading that are older than FEED_RECENT_MS, and later those that are so much older than the
 * newest one known, are history.
 *
 * A position is "NEWEST_MS HASH HASH ...": when the newest entry was published, and which are
 * known.
 */
#ifndef CRIER_FEED_H
#define CRIER_FEED_H

#include "net.h"
#include "ports.h"

enum {
    FEED_BYTES = 1 << 20,
    FEED_TIMEOUT_MS = 30 * 1000,
    FEED_RECENT_MS = 10 * 60 * 1000,
    FEED_PAUSE_MAX_MS = 10 * 60 * 1000,
    FEED_KNOWN_MAX = 600 /* no fewer than one document has */
};

struct feeds;

/** @param net borrowed. @param sink copied; called from the source's dispatch only, and must not
 * call back. @return 0 or CRIER_ENOMEM. */
int feeds_create(struct net *net, const struct ear_sink *sink, struct feeds **ret_feeds)
    __attribute__((warn_unused_result));
void feeds_destroy(struct feeds *f);

/**
 * Begins to read a feed, at once, or gives one that is read another interval.
 * @param position as told to the sink; NULL, or one that cannot be read: never read before.
 * @return 0 or CRIER_ENOMEM.
 */
int feeds_follow(struct feeds *f, const char *url, int64_t interval_ms, const char *position)
    __attribute__((warn_unused_result));
/** Leaves every feed that is not among the n places ("feed:URL"). */
void feeds_keep(struct feeds *f, char *const *place, size_t n);

struct source_port feeds_source_port(struct feeds *f);

#endif
