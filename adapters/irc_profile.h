/*
 * irc_profile: what one IRC network needs from the configuration, as a copy of its own.
 */
#ifndef CRIER_IRC_PROFILE_H
#define CRIER_IRC_PROFILE_H

#include <stdbool.h>

#include "settings.h"

/** @return a deep copy (where.file is left out), NULL when memory is out. */
struct network_settings *irc_profile_copy(const struct network_settings *n);
/** NULL is fine. */
void irc_profile_destroy(struct network_settings *n);
/** @return true when a connection made for one serves the other: everything but the channels and
 * the flood limit is the same. */
bool irc_profile_same_connection(const struct network_settings *a,
                                 const struct network_settings *b);

#endif
