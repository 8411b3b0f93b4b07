/*
 * irc_crowd: which of the nicks that crier knows are in one channel. Pure.
 *
 * The list of nicks is the caller's: one byte is kept for each of them, whoever else is there is
 * not remembered. Sources: RFC 1459 sections 4.2 and 6.2 (353, 366), IRCv3 userhost-in-names.
 */
#ifndef CRIER_IRC_CROWD_H
#define CRIER_IRC_CROWD_H

#include <stdbool.h>
#include <stddef.h>

#include "irc_line.h"
#include "settings.h"

struct irc_crowd {
    unsigned char *mark; /* for each nick of the list; NULL: nobody is there */
    size_t n;
};

/** Who hears of changes. @param nick as in the list. */
struct irc_crowd_sink {
    void *ctx;
    void (*changed)(void *ctx, const char *nick, bool here);
};

/** Nobody is there that is known of, and nobody is told. */
void irc_crowd_forget(struct irc_crowd *c);
/** Somebody came or went. @return 0, also when it is none of the list; CRIER_ENOMEM. */
int irc_crowd_move(struct irc_crowd *c, const struct string_list *nicks,
                   const struct irc_support *support, const char *nick, bool here,
                   const struct irc_crowd_sink *sink) __attribute__((warn_unused_result));
/** A part of the channel's list (353). @param names with blanks between them. @return 0 or
 * CRIER_ENOMEM. */
int irc_crowd_names(struct irc_crowd *c, const struct string_list *nicks,
                    const struct irc_support *support, const char *names,
                    const struct irc_crowd_sink *sink) __attribute__((warn_unused_result));
/** The end of it (366): those who were not in it have gone. */
void irc_crowd_names_end(struct irc_crowd *c, const struct string_list *nicks,
                         const struct irc_crowd_sink *sink);
/** @return whether somebody of the list is there. */
bool irc_crowd_has(const struct irc_crowd *c, const struct string_list *nicks,
                   const struct irc_support *support, const char *nick);
/** @return the nick's place in the list, or -1. */
int irc_crowd_find(const struct string_list *nicks, const struct irc_support *support,
                   const char *nick);

/** Whose coming and going matters: the nicks of people, and those of sources, which are called like
 * their accounts where the configuration does not say more. @param ret the caller's to
 * irc_crowd_list_finish(). @return 0 or CRIER_ENOMEM. */
int irc_crowd_list(const struct settings *settings, struct string_list *ret)
    __attribute__((warn_unused_result));
void irc_crowd_list_finish(struct string_list *list);

#endif
