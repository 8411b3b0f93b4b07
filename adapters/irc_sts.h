/*
 * irc_sts: servers that have said that they are to be reached by TLS alone (IRCv3 sts).
 *
 * Remembers them by host, over restarts in one small file below the state directory. A policy that
 * a connection without TLS told of holds for this process only, since anybody on the way may have
 * said it; one told over TLS holds for as long as it says. Never connects and never decides to go
 * back to plain TCP. Source: IRCv3 strict transport security.
 */
#ifndef CRIER_IRC_STS_H
#define CRIER_IRC_STS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct irc_sts;

enum {
    IRC_STS_POLICIES = 16,                 /* kept at once; the one that ends first makes room */
    IRC_STS_LONGEST_S = 10 * 365 * 86400U, /* durations are cut to this */
    IRC_STS_FILE_BYTES = 8192
};
#define IRC_STS_FILE "irc-sts"

/** What the value of the capability says. */
struct irc_sts_offer {
    int64_t port;       /* 0: none that could be used */
    int64_t duration_s; /* negative: none */
};

/** @param value n bytes such as "port=6697,duration=300"; unknown keys are skipped. Of a key that
 * comes twice, or has no clean number, nothing is believed. */
struct irc_sts_offer irc_sts_parse(const char *value, size_t n);

/**
 * Reads what is stored; a file that cannot be read, or not all of it, is told of in the log.
 * @param dir copied; NULL: nothing is stored.
 * @return 0 or CRIER_ENOMEM.
 */
int irc_sts_create(const char *dir, struct irc_sts **ret_sts) __attribute__((warn_unused_result));
/** NULL is fine. */
void irc_sts_destroy(struct irc_sts *s);

/** @return the port where host is to be reached by TLS, or 0: no policy holds. */
int64_t irc_sts_port(const struct irc_sts *s, const char *host, int64_t wall_ms);
/** A connection without TLS was told so. Does not shorten what was told over TLS. */
void irc_sts_upgrade(struct irc_sts *s, const char *host, int64_t port, int64_t wall_ms);
/** A connection with TLS on that port was told so; 0 seconds: forget it. Stored when it changes. */
void irc_sts_keep(struct irc_sts *s, const char *host, int64_t port, int64_t duration_s,
                  int64_t wall_ms);

#endif
