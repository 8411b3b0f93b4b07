/*
 * irc_members: who is in one channel, whoever they are. Pure.
 *
 * For one question: whether somebody who speaks there is there. Of each nick only a number is kept,
 * made from it as the server compares nicks. Sources: RFC 1459 sections 4.2 and 6.2 (353, 366),
 * IRCv3 multi-prefix and userhost-in-names.
 */
#ifndef CRIER_IRC_MEMBERS_H
#define CRIER_IRC_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irc_line.h"

/** More are not remembered: then it is not known who is there. */
enum { IRC_MEMBERS_MAX = 100000 };

struct irc_member_list {
    uint64_t *key;
    size_t n, room;
};

/** All zero: nobody is known of. */
struct irc_members {
    struct irc_member_list now;   /* sorted */
    struct irc_member_list fresh; /* of the list that is being told, not sorted */
    bool known;                   /* a whole list has been told */
};

/** Frees everything; it is not known who is there. */
void irc_members_forget(struct irc_members *m);
/** Somebody came or went. @return 0; or CRIER_ENOMEM or CRIER_ELIMIT, and everything is forgotten.
 */
int irc_members_move(struct irc_members *m, const struct irc_support *support, const char *nick,
                     bool here) __attribute__((warn_unused_result));
/** Somebody who may be there is called otherwise from now on. @return as irc_members_move(). */
int irc_members_rename(struct irc_members *m, const struct irc_support *support, const char *from,
                       const char *to) __attribute__((warn_unused_result));
/** A part of the channel's list (353). @return as irc_members_move(). */
int irc_members_names(struct irc_members *m, const struct irc_support *support, const char *names)
    __attribute__((warn_unused_result));
/** The end of it (366): it takes the place of what was known. */
void irc_members_names_end(struct irc_members *m);
/** What was told of a list since the last one ended does not count. */
void irc_members_names_drop(struct irc_members *m);
/** @return whether it is known who is there, and this one is not. */
bool irc_members_lacks(const struct irc_members *m, const struct irc_support *support,
                       const char *nick);

/**
 * Goes through the nicks of a 353, without their marks of rank and hosts.
 * @param at       moves on; begins at the list.
 * @param ret_nick borrowed from the list, not ended by NUL. @return false at the end.
 */
bool irc_names_next(const char **at, const char **ret_nick, size_t *ret_bytes);

#endif
