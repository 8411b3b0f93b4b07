/*
 * irc_wire_impl: what the files of irc_wire share: irc_wire.c (the life of a connection),
 * irc_wire_in.c (what the server says), irc_wire_crowd.c (who is in the channels), irc_wire_out.c
 * (what goes out) and irc_wire_change.c (what a reload changes). For nobody else.
 */
#ifndef CRIER_IRC_WIRE_IMPL_H
#define CRIER_IRC_WIRE_IMPL_H

#include "irc_auth.h"
#include "irc_ident.h"
#include "irc_line.h"
#include "irc_link.h"
#include "irc_profile.h"
#include "irc_queue.h"
#include "irc_rooms.h"
#include "irc_session.h"
#include "irc_shown.h"
#include "irc_wire.h"

enum {
    IRC_WIRE_NAME = 128,     /* bytes of a nick, user, host or server name, with NUL */
    IRC_WIRE_RECORDS = 256,  /* lines under way in the library */
    IRC_WIRE_BATCHES = 16,   /* open at once */
    IRC_WIRE_DROPS = 16,     /* places whose dropped lines are counted apart */
    IRC_WIRE_UNSHOWN = 1024, /* tokens to be told from the next dispatch */
    IRC_WIRE_GONE = 64,
    IRC_WIRE_WHY = 512
};

enum irc_wire_state {
    IRC_WIRE_OFF,         /* waits for TIMER_CONNECT */
    IRC_WIRE_CONNECTING,  /* libcurl connects */
    IRC_WIRE_REGISTERING, /* until 001 */
    IRC_WIRE_READY,
    IRC_WIRE_QUITTING, /* QUIT is sent or being sent */
    IRC_WIRE_CLOSED    /* for good */
};

enum irc_wire_timer {
    TIMER_CONNECT,  /* open the next connection */
    TIMER_REGISTER, /* 001 by then */
    TIMER_NAMELESS, /* says who it is, even to a server that has not listed its capabilities */
    TIMER_PATIENCE, /* joins without the services from then */
    TIMER_PING,
    TIMER_DEAD,
    TIMER_NICK,   /* next step to get the nick back */
    TIMER_STABLE, /* connected for long enough to forget earlier failures */
    TIMER_DROPS,  /* tell what was dropped */
    TIMER_FLUSH,  /* leaving: QUIT at the latest */
    TIMER_END,    /* leaving: closed at the latest */
    TIMER_COUNT
};

/** What is known of a line while libircclient has it. */
struct irc_wire_record {
    uint64_t serial; /* 0: free */
    char *nick;
    char *userhost;
    char *account; /* NULL: no tag */
    char *target;  /* NULL unless it is a PRIVMSG or NOTICE */
    char *text;
    enum irc_text_kind kind;
    bool history;
    bool outside;      /* said to a channel by who was not in it then */
    int64_t server_ms; /* 0: no server-time */
};

struct irc_wire_batch {
    char ref[64]; /* "": free */
    bool history;
};

struct irc_wire {
    struct network_settings *p; /* its own copy */
    char *prefix;
    struct irc_wire_shared *shared;
    enum irc_wire_state state;
    struct now now; /* of the dispatch that runs, or of the last one */
    int64_t timer[TIMER_COUNT];
    int64_t backoff_ms;

    struct irc_link *link;
    bool secure;            /* this connection is TLS */
    int64_t port;           /* of this connection */
    int64_t sts_duration_s; /* that it was told; 0: none */
    bool nameless;          /* only CAP LS has been said: the server may want TLS (STS) */
    struct irc_session *session;
    struct irc_auth auth;
    struct irc_rooms rooms;
    struct irc_ident ident;
    struct irc_shown shown;
    struct irc_support support;
    bool failed; /* the connection is to be closed when the dispatch comes to its end */
    char why[IRC_WIRE_WHY];

    char nick[IRC_WIRE_NAME]; /* our own, as the server knows it */
    char user[IRC_WIRE_NAME]; /* "" until our first JOIN */
    char host[IRC_WIRE_NAME];
    char server[IRC_WIRE_NAME];
    size_t nick_tries;
    int nick_step;
    bool joining;          /* the channels may be joined */
    int64_t ready_boot_ms; /* when 001 came */

    uint64_t received; /* bytes, when last looked */
    uint64_t overlong, malformed;
    int64_t heard_boot_ms;  /* last byte from the server */
    int64_t pinged_boot_ms; /* last PING */
    int64_t asked_boot_ms;  /* first PING since then, when it is later than heard_boot_ms */
    uint64_t next_ping;     /* number of the next PING */
    int64_t skew_ms;        /* server's clock minus ours, 0 while they are close */

    uint64_t next_serial;
    struct irc_wire_record record[IRC_WIRE_RECORDS];
    struct irc_wire_batch batch[IRC_WIRE_BATCHES];

    struct irc_queue *queue;
    struct irc_bucket bucket;
    int lookups; /* WHOIS sent since anything else was */
    bool saying; /* a text is being sent, part by part */
    struct irc_queued text;
    size_t text_used; /* bytes of it that have been handed out */
    size_t text_lines;
    bool text_cut;
    uint64_t shown_id; /* 0: not followed */
    bool expecting;    /* a part is in the library */
    bool part_last;
    char expected[IRC_LINE_BODY_BYTES + 1];
    size_t expected_text; /* where the text begins in it */

    uint64_t unshown[IRC_WIRE_UNSHOWN]; /* to be told from dispatch */
    size_t n_unshown;
    struct {
        char *target;
        int64_t count;
    } drop[IRC_WIRE_DROPS];
    size_t n_drops;
    char *gone[IRC_WIRE_GONE]; /* channels that a reload has taken away, to be told */
    size_t n_gone;

    bool quit_asked;
    char *quit_reason;
};

/** A duration or count of the configuration that a test may have left at 0. */
static inline int64_t irc_wire_at_least(int64_t value, int64_t least)
{
    return value > least ? value : least;
}

/* ---- irc_wire.c */
/** Ends the connection when the dispatch is through; the first reason is kept. */
void irc_wire_fail(struct irc_wire *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void irc_wire_enter(struct irc_wire *w, enum irc_wire_state state);
/** 001 has come. */
void irc_wire_ready(struct irc_wire *w);
/** Our nick was refused during registration. */
void irc_wire_next_nick(struct irc_wire *w);
/** Somebody who may have held our nick is gone. */
void irc_wire_nick_free(struct irc_wire *w, const char *nick);
void irc_wire_event(struct irc_wire *w, enum chat_event_kind kind, const char *target,
                    const char *text, uint64_t token, int64_t count);

/* ---- irc_wire_in.c */
void irc_wire_line(struct irc_wire *w, char *line, size_t n);
void irc_wire_library_event(void *ctx, const struct irc_event *event);
void irc_wire_heard(void *ctx, const struct heard *line);
void irc_wire_forget_records(struct irc_wire *w);

/** Said before now, and said again. */
bool irc_wire_in_history(const struct irc_wire *w, const struct irc_msg *m);

/* ---- irc_wire_crowd.c: who is in the channels */
/** Somebody's JOIN, PART, KICK, QUIT or NICK. */
void irc_wire_crowd_line(struct irc_wire *w, const struct irc_msg *m);
/** 353 or 366. */
void irc_wire_crowd_names(struct irc_wire *w, const struct irc_msg *m);
/** MODE of a channel, or 324. */
void irc_wire_crowd_modes(struct irc_wire *w, const struct irc_msg *m);
/** Whether whoever says this line to a channel is not in it: false while that is not known, or
 * where the server lets nobody in from outside. */
bool irc_wire_is_outside(struct irc_wire *w, const struct irc_msg *m);
/** Asks where it is not known. */
void irc_wire_crowd_tick(struct irc_wire *w);

/* ---- irc_wire_out.c */
/** A line for the server, at once. */
void irc_wire_send(struct irc_wire *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void irc_wire_library_line(void *ctx, const char *line, size_t n);
/** Says NICK and USER, when they have been held back. */
void irc_wire_introduce(struct irc_wire *w);
/** The bot's own command, in front of everything that is said. @return false: no room. */
bool irc_wire_own(struct irc_wire *w, enum irc_command command, const char *target,
                  const char *text);
void irc_wire_ping(struct irc_wire *w);
/** Sends what may be sent now. */
void irc_wire_serve_queue(struct irc_wire *w);
/** @return when irc_wire_serve_queue() has something to do, or NOW_NEVER. */
int64_t irc_wire_queue_next(const struct irc_wire *w);
/** @return true when nothing waits that could be sent. */
bool irc_wire_queue_idle(const struct irc_wire *w);
/** The connection is gone: what was half sent is over. */
void irc_wire_stop_saying(struct irc_wire *w);
void irc_wire_told(void *ctx, uint64_t token, bool shown);
void irc_wire_dropped(void *ctx, const struct irc_queued *line, enum irc_queue_end why);
/** Tells the sink what had to wait for a dispatch. */
void irc_wire_report(struct irc_wire *w);

#endif
