/*
 * irc_auth: capabilities and the login: CAP LS 302 and SASL, before and after registration.
 *
 * A state machine without socket or clock: lines and times go in, lines come out. Sources: IRCv3
 * capability-negotiation, sasl-3.1 and 3.2; RFC 4616 (PLAIN). What real servers do to it: SASL is
 * not offered before the services have linked and its coming back is not announced, so `CAP LS 302`
 * is asked again; AUTHENTICATE may never be answered; 900 may come after a refusal.
 */
#ifndef CRIER_IRC_AUTH_H
#define CRIER_IRC_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "irc_line.h"
#include "settings.h"

/** Capabilities that crier uses, a bit set. */
enum irc_cap {
    IRC_CAP_ACCOUNT_TAG = 1 << 0,
    IRC_CAP_SERVER_TIME = 1 << 1,
    IRC_CAP_BATCH = 1 << 2,
    IRC_CAP_ECHO = 1 << 3,
    IRC_CAP_CHGHOST = 1 << 4,
    IRC_CAP_NOTIFY = 1 << 5,
    IRC_CAP_SASL = 1 << 6
};

struct irc_auth_port {
    void *ctx;
    /** A line for the server, to be sent at once and logged nowhere. */
    void (*send)(void *ctx, const char *line);
    /** The password. @param ret_secret for secret_destroy(). @return 0 or why it cannot be had. */
    int (*password)(void *ctx, char **ret_secret);
    /** Logged in, or no more; told when it changes. */
    void (*login)(void *ctx, bool logged_in);
    /** One line for the log. */
    void (*note)(void *ctx, const char *text);
    /** The server's transport security policy, n bytes. @return true: this connection is over, and
     * nothing more is sent. */
    bool (*sts)(void *ctx, const char *value, size_t n);
    /** The first list of capabilities is whole; told before anything is asked for. */
    void (*listed)(void *ctx);
};

struct irc_auth {
    struct irc_auth_port port;
    enum sasl_mechanism mechanism;
    char *account;
    unsigned offered, active, listing, asked; /* enum irc_cap bits */
    unsigned awaited;                         /* REQ lines without an answer */
    bool mechanism_offered, listing_mechanism;
    bool started, listed, ended, registered;
    bool logged_in;
    enum { IRC_SASL_IDLE, IRC_SASL_BEGUN, IRC_SASL_SENT } sasl;
    int64_t retry_ms;      /* grows when the login is refused */
    int64_t end_boot_ms;   /* CAP END at the latest */
    int64_t sasl_boot_ms;  /* no answer to AUTHENTICATE until then: given up */
    int64_t retry_boot_ms; /* next try to log in */
};

/**
 * @param mechanism SASL_NONE: no login; also when PLAIN would go over plain TCP.
 * @param account   copied.
 * @return 0 or CRIER_ENOMEM.
 */
int irc_auth_init(struct irc_auth *a, enum sasl_mechanism mechanism, const char *account,
                  const struct irc_auth_port *port) __attribute__((warn_unused_result));
void irc_auth_finish(struct irc_auth *a);

/** The connection is open: asks for the list of capabilities. */
void irc_auth_start(struct irc_auth *a, int64_t boot_ms);
/** The connection is gone: everything that was agreed on is forgotten. */
void irc_auth_lost(struct irc_auth *a);
/** Takes CAP, AUTHENTICATE and the numerics 900 to 908. @return false when it is none of these. */
bool irc_auth_line(struct irc_auth *a, const struct irc_msg *m, int64_t boot_ms);
/** 001 has come. */
void irc_auth_registered(struct irc_auth *a, int64_t boot_ms);
void irc_auth_tick(struct irc_auth *a, int64_t boot_ms);
/** @return when irc_auth_tick() has something to do, or NOW_NEVER. */
int64_t irc_auth_next(const struct irc_auth *a);

bool irc_auth_has(const struct irc_auth *a, enum irc_cap cap);

#endif
