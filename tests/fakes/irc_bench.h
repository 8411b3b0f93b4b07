/*
 * irc_bench: all of the IRC adapter over real loopback TCP against a server that the test plays
 * itself, with a clock that can run ahead.
 *
 * Uses cmocka's assertions: a line that must come and does not fails the test.
 */
#ifndef CRIER_IRC_BENCH_H
#define CRIER_IRC_BENCH_H

#include "buf.h"
#include "irc.h"
#include "net.h"
#include "settings.h"

enum { IRC_BENCH_PATIENCE_MS = 30000, IRC_BENCH_TURN_MS = 50 };

struct irc_bench {
    struct net *net;
    struct wait_port wait;
    struct source_port net_source, irc_source;
    struct chat_port chat;
    struct irc *irc;
    struct settings *settings;
    struct pollset set;
    int listener, peer;
    struct buf in;         /* what the bot has sent and the test has not read */
    struct buf told;       /* what the sink was told */
    int64_t heard_wall_ms; /* of the line that the sink was told last */
    int64_t ahead_ms;      /* the bot's clock runs ahead by this */
    uint64_t last_ping;
};

/* ---- for each test */

/** A server that listens, and settings that lead to it: network "net", nick crier, #ops to watch
 * and talk, #alerts to watch. For cmocka: *state is the bench. */
int irc_bench_setup(void **state);
int irc_bench_teardown(void **state);
/** The adapter with the bench's settings. */
void irc_bench_start(struct irc_bench *r);
/** Registers with these capabilities ("" for none). */
void irc_bench_registered(struct irc_bench *r, const char *caps);
void irc_bench_let_join(struct irc_bench *r, const char *nick);
/** 001, 005, 422, and the bot's first PING. */
void irc_bench_welcome(struct irc_bench *r, const char *nick);
/** Start, register, join. */
void irc_bench_ready(struct irc_bench *r, const char *caps);

/* ---- steps */

/** One turn of the loop, of IRC_BENCH_TURN_MS at most. */
void irc_bench_turn(struct irc_bench *r);
/**
 * The next line that the bot has sent, and that the sink was told, that matches a shell pattern;
 * those before it are forgotten.
 * @return valid until the next call.
 */
const char *irc_bench_sent(struct irc_bench *r, const char *pattern);
const char *irc_bench_told(struct irc_bench *r, const char *pattern);
/** A line of the server, CRLF is added. */
void irc_bench_server(struct irc_bench *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void irc_bench_say_raw(struct irc_bench *r, const char *data, size_t n);
/** Returns when everything that was sent to the bot has been worked through. */
void irc_bench_barrier(struct irc_bench *r);
/** The bot says something. @return as irc_chat_port(). */
int irc_bench_say(struct irc_bench *r, const char *place, const char *text,
                  enum say_priority priority, uint64_t token, uint64_t replaces);
/** server-time of so long ago. @param size at least WHEN_BYTES. */
void irc_bench_stamp(struct irc_bench *r, int64_t ago_ms, char *dst, size_t size);

/* ---- settings */

struct settings *irc_bench_make_settings(int port);
char *irc_bench_dup_or_fail(const char *s);
void irc_bench_set_string(char **field, const char *value);
int irc_bench_listen_anywhere(void);
int irc_bench_port_of(int fd);

#endif
