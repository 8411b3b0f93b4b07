/*
 * access: who may give which command, where, and by what proof.
 *
 * The rule is the table in command.c; this module judges one line by it, puts it in words, and
 * writes docs/who-may.md from it. Whose words a line is, hearing_person() tells.
 */
#ifndef CRIER_ACCESS_H
#define CRIER_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "command.h"
#include "ports.h"
#include "settings.h"

/** What is said of one command by one line. The order is that in which it is looked at. */
enum access_verdict {
    ACCESS_GRANTED,
    ACCESS_RELAY,      /* a relay speaks for many people */
    ACCESS_OUTSIDE,    /* not in the channel, and so nobody who can have seen what is shown there */
    ACCESS_PLACE,      /* such a command does not count there */
    ACCESS_ROLE,       /* on the list, but without the role */
    ACCESS_UNLISTED,   /* an account that is in nobody's list */
    ACCESS_UNKNOWN,    /* the account could not be found out */
    ACCESS_NO_ACCOUNT, /* not logged in */
    ACCESS_SOON        /* crier itself has only just come, or is not logged in */
};

/**
 * The one place that says whether a command counts. History, notices and actions never come here:
 * hearing_line() takes them for chatter.
 *
 * With COMMAND_PROOF_CODE only relay, channel and place are judged: whoever carries the command out
 * finds out by the code who it is, and asks access_allows() for their roles.
 *
 * @param line   as heard, whole and clean; its place must be one of the settings, or private.
 * @param cmd    what command_parse() made of it.
 * @param person index in settings.person by hearing_person(), or -1.
 */
enum access_verdict access_judge(const struct settings *settings, const struct heard *line,
                                 const struct command *cmd, int person);

/** Whether the command as it was given changes something, and so needs a role or an account. */
bool access_changes(const struct command *cmd);

/** Why, in words to go on with behind "refused, "; "" for ACCESS_GRANTED. */
const char *access_why(enum access_verdict verdict);

/** "a talk channel or a private message": where a command counts, in words. @return dst. */
char *access_places(enum command_verb verb, char *dst, size_t size);

/**
 * Writes docs/who-may.md: the rules in words, and the table of commands.
 * @return 0, or CRIER_EIO when out did not take everything.
 */
int access_print(FILE *out) __attribute__((warn_unused_result));

/**
 * @param roles enum role bits of a person; ROLE_NONE for a stranger. An operator may what an SRE
 *              may, an SRE what a deployer may.
 */
bool access_allows(unsigned roles, enum command_verb verb);

/** @return roles with everything that they imply. */
unsigned access_effective_roles(unsigned roles);

/**
 * Who may, in words: "deployers and SREs: alice, bob and 12 more", "anybody", or, where nobody
 * is configured for it, "deployers, but nobody is configured as one".
 *
 * @param dst  filled with as many names as fit; names are those of the configuration, in its order.
 * @param size bytes of dst, at least 64.
 * @return 0, or CRIER_ELIMIT when not even the roles fit (dst is "" then).
 */
int access_describe(const struct settings *settings, enum command_verb verb, char *dst, size_t size)
    __attribute__((warn_unused_result));

/** The roles that are enough, in words: "deployers, SREs and operators", or "anybody".
 * @param size bytes of dst, at least 64. @return dst. */
char *access_who_may(enum command_verb verb, char *dst, size_t size);

/** Roles in words, highest first: "operator, SRE", or "no role". @return dst. */
char *access_role_names(unsigned roles, char *dst, size_t size);

#endif
