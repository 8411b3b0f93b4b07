/*
 * irc_ident: who said a line, on networks without account-tag: WHOIS, asked for that very line.
 *
 * A command is held until the server has said which account its speaker is logged in to; other
 * lines of the same speaker wait behind it, everybody else's pass. The answer counts only when it
 * comes from the server itself, names the same user@host, and is ended by 318 before the deadline;
 * a speaker who leaves or changes nick in between is unknown. Pure: has no clock and no socket.
 */
#ifndef CRIER_IRC_IDENT_H
#define CRIER_IRC_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irc_line.h"
#include "ports.h"

enum {
    IRC_IDENT_HELD = 32,       /* lines that wait; more are passed on as unknown */
    IRC_IDENT_EACH = 4,        /* of one speaker */
    IRC_IDENT_ASKED = 4,       /* WHOIS under way at once */
    IRC_IDENT_WAIT_MS = 10000, /* for the answer, and for all of the waiting */
    /* Answers that came too late and are still to be skipped, or never come: as many as there can
     * be in that time, when IRC_IDENT_ASKED of them are given up after each wait. */
    IRC_IDENT_LATE = 32,
    IRC_IDENT_LATE_MS = 60000
};

struct irc_ident_port {
    void *ctx;
    /** Queue a WHOIS. @return false: not now, the line is unknown. */
    bool (*ask)(void *ctx, const char *nick);
    /** The line with what is known of its speaker. */
    void (*deliver)(void *ctx, const struct heard *line);
};

struct irc_ident_line {
    struct heard line; /* strings are owned */
    bool ask;
    bool asked;
    bool spoiled;       /* the speaker went or changed */
    bool same_userhost; /* 311 has come and fits */
    char *account;      /* of 330 */
    int64_t until_boot_ms;
};

struct irc_ident {
    struct irc_ident_port port;
    size_t n;
    struct irc_ident_line held[IRC_IDENT_HELD]; /* oldest first */
    struct {
        char nick[64]; /* "": free */
        int64_t until_boot_ms;
    } late[IRC_IDENT_LATE];
};

void irc_ident_init(struct irc_ident *d, const struct irc_ident_port *port);
/** Drops what is held. */
void irc_ident_finish(struct irc_ident *d);

/** A line; it is delivered at once or later. @param ask it needs its speaker's account; its
 * identity must be IDENTITY_UNKNOWN then. */
void irc_ident_line(struct irc_ident *d, const struct irc_support *support,
                    const struct heard *line, bool ask, int64_t boot_ms);
/** Takes 311, 330 and 318. @param server name of the server that we are on. */
void irc_ident_numeric(struct irc_ident *d, const struct irc_support *support, const char *server,
                       const struct irc_msg *m, int64_t boot_ms);
/** A speaker has quit or changed nick. */
void irc_ident_gone(struct irc_ident *d, const struct irc_support *support, const char *nick);
/** The connection is gone: everything is delivered as unknown. */
void irc_ident_lost(struct irc_ident *d);
void irc_ident_tick(struct irc_ident *d, const struct irc_support *support, int64_t boot_ms);
/** @return the next deadline, or NOW_NEVER. */
int64_t irc_ident_next(const struct irc_ident *d);

#endif
