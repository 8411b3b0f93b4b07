/*
 * access: who may give which command.
 *
 * The rule is the roles column of the table in command.c; this module only reads it and puts it in
 * words. It does not find out who somebody is: that is hearing_person()'s part.
 */
#ifndef CRIER_ACCESS_H
#define CRIER_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"
#include "settings.h"

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
