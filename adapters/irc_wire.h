/*
 * irc_wire: one network: its connection from the first try to the QUIT, and everything said on it.
 *
 * Owns the network side (registration, login, keep-alive, reconnecting, nick, channels, flood
 * limit) and decides who spoke: what it tells the sink is clean and has its identity. libircclient
 * sits behind it (irc_session) and sees nothing that irc_line_clean() has not passed.
 */
#ifndef CRIER_IRC_WIRE_H
#define CRIER_IRC_WIRE_H

#include <stdbool.h>

#include "irc_sts.h"
#include "net.h"
#include "ports.h"
#include "settings.h"

struct irc_wire;

/** What all networks share. Must outlive them. */
struct irc_wire_shared {
    struct net *net;
    struct chat_sink sink;
    struct irc_sts *sts;      /* not owned */
    uint64_t next_id;         /* of the next line heard */
    struct string_list nicks; /* whose coming and going is told (irc_crowd) */
};

/**
 * @param network, prefix copied.
 * @param shared  borrowed.
 * @return 0 or CRIER_ENOMEM.
 */
int irc_wire_create(const struct network_settings *network, const char *prefix,
                    struct irc_wire_shared *shared, struct irc_wire **ret_wire)
    __attribute__((warn_unused_result));
/** Closes at once and reports nothing; NULL is fine. Not from a sink callback. */
void irc_wire_destroy(struct irc_wire *w);

const char *irc_wire_name(const struct irc_wire *w);
/** @return true when the connection would be the same with these settings. */
bool irc_wire_fits(const struct irc_wire *w, const struct network_settings *network);

/** A change of channels, flood limit and prefix that is ready to be made. */
struct irc_wire_change;
/** @return 0 or CRIER_ENOMEM; nothing has changed yet. */
int irc_wire_prepare(const struct network_settings *network, const char *prefix,
                     struct irc_wire_change **ret_change) __attribute__((warn_unused_result));
/** Makes it, joining and parting; the change is used up. Cannot fail for good: what memory does not
 * allow is logged and left as it was. */
void irc_wire_apply(struct irc_wire *w, struct irc_wire_change *change);
void irc_wire_change_destroy(struct irc_wire_change *change);

/** @param target channel or nick. Otherwise as in irc_chat_port(). */
int irc_wire_say(struct irc_wire *w, const char *target, const struct say *say)
    __attribute__((warn_unused_result));

void irc_wire_collect(const struct irc_wire *w, struct pollset *set);
void irc_wire_dispatch(struct irc_wire *w, const struct pollset *set, struct now now);

/** See irc_quit(). @param reason NULL: none. */
void irc_wire_quit(struct irc_wire *w, const char *reason);
bool irc_wire_is_closed(const struct irc_wire *w);

#endif
