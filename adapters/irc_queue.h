/*
 * irc_queue: what waits to be said on one network, and how fast it may go.
 *
 * A bounded priority queue (higher first, oldest first among equals) and a token bucket. Pure apart
 * from memory: the clock is an argument. Counts what it drops.
 */
#ifndef CRIER_IRC_QUEUE_H
#define CRIER_IRC_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IRC_QUEUE_LINES = 256,         /* most lines that wait */
    IRC_QUEUE_AGE_MS = 10 * 60000, /* older ones are dropped */
    IRC_QUEUE_TEXT_BYTES = 4096,   /* longest text */
    IRC_QUEUE_PRIORITY_OWN = 100   /* the bot's own protocol lines; every say_priority is lower */
};

#define IRC_QUEUE_UNSTAMPED INT64_MIN

/** One thing to say. Owned by the queue while it waits. */
struct irc_queued {
    char *target; /* channel or nick, as it goes over the wire */
    char *text;   /* clean; for the bot's own lines the parameters */
    int priority;
    int kind; /* the caller's */
    uint64_t token;
    uint64_t replaces;
    uint64_t order;         /* set by the queue */
    int64_t queued_boot_ms; /* when it was put in; IRC_QUEUE_UNSTAMPED: irc_queue_expire() says */
};

/** Why a line that was in the queue will not be said. */
enum irc_queue_end {
    IRC_QUEUE_REPLACED,
    IRC_QUEUE_PUSHED_OUT,
    IRC_QUEUE_TOO_OLD,
    IRC_QUEUE_PURGED
};
/** Told about each line that is dropped after it was in. It stays the queue's, and the queue must
 * not be called from here. */
typedef void irc_queue_dropped(void *ctx, const struct irc_queued *line, enum irc_queue_end why);
/** May this line go now? */
typedef bool irc_queue_ready(void *ctx, const struct irc_queued *line);

struct irc_queue;

/** @param dropped may be NULL. @return NULL when memory is out. */
struct irc_queue *irc_queue_create(irc_queue_dropped *dropped, void *ctx);
/** Drops everything without telling; NULL is fine. */
void irc_queue_destroy(struct irc_queue *q);
size_t irc_queue_length(const struct irc_queue *q);

/**
 * Copies a line into the queue. One with `replaces` drops the waiting line to the same target with
 * the same number and takes its place, with the higher of the two priorities. When the queue is
 * full, the youngest line of the lowest priority below this one is pushed out.
 *
 * @return 0, CRIER_ELIMIT (full of lines of this priority or higher; or the text is too long),
 *         CRIER_ENOMEM.
 */
int irc_queue_add(struct irc_queue *q, const struct irc_queued *line)
    __attribute__((warn_unused_result));

/**
 * Takes out the next line that is ready, whatever the bucket says.
 * @param ret_line the caller's to irc_queued_finish().
 * @return false when none is.
 */
bool irc_queue_take(struct irc_queue *q, irc_queue_ready *ready, void *ctx,
                    struct irc_queued *ret_line);
/** @return true when irc_queue_take() would find one. */
bool irc_queue_has(const struct irc_queue *q, irc_queue_ready *ready, void *ctx);
void irc_queued_finish(struct irc_queued *line);

/** Drops what is older than IRC_QUEUE_AGE_MS; stamps what has no time yet. */
void irc_queue_expire(struct irc_queue *q, int64_t boot_ms);
/** @return when the oldest line expires, or NOW_NEVER. */
int64_t irc_queue_expires(const struct irc_queue *q);
/** Drops every line that `doomed` says yes to. */
void irc_queue_purge(struct irc_queue *q, irc_queue_ready *doomed, void *ctx);

/* ---- the bucket -------------------------------------------------------------------------- */

enum { IRC_BUCKET_LINE = 1000 }; /* the price of an ordinary line, in thousandths of a token */

struct irc_bucket {
    int64_t burst_lines;
    int64_t interval_ms; /* one line each */
    /* Thousandths of a line times interval_ms: every millisecond brings 1000 of these, so that
     * nothing is ever rounded. Below zero: in debt. */
    int64_t level;
    int64_t filled_boot_ms;
};

/** Full. @param burst_lines 1 to 1000. @param interval_ms 1 to 10^9; both are clamped. */
void irc_bucket_init(struct irc_bucket *b, int64_t burst_lines, int64_t interval_ms,
                     int64_t boot_ms);
/** Changes the limits and keeps the level (as far as the new burst allows). */
void irc_bucket_adjust(struct irc_bucket *b, int64_t burst_lines, int64_t interval_ms);
/** @return true when an ordinary line may go now. */
bool irc_bucket_may(struct irc_bucket *b, int64_t boot_ms);
/** Pays, also what is not there: lines that cannot wait put the bucket in debt, but never more than
 * one burst deep. */
void irc_bucket_pay(struct irc_bucket *b, int64_t price);
/** @return when irc_bucket_may() will be true. */
int64_t irc_bucket_when(const struct irc_bucket *b, int64_t boot_ms);

#endif
