/*
 * replay_nicks: whom a nick in a log stands for, and in which channels crier would have believed
 * it.
 *
 * A log proves no account; nothing here is ever used outside of replays. Pure apart from memory.
 */
#ifndef CRIER_REPLAY_NICKS_H
#define CRIER_REPLAY_NICKS_H

#include <stdbool.h>
#include <stddef.h>

#include "settings.h"

struct replay_nicks;

/** Somebody of the configuration. */
struct replay_speaker {
    char *nick;     /* as configured */
    size_t *source; /* indexes in settings.source, in the order of the configuration */
    size_t n_sources;
    int person; /* index in settings.person, or -1 */
};

/** @param settings borrowed. @return 0 or CRIER_ENOMEM. */
int replay_nicks_create(const struct settings *settings, struct replay_nicks **ret)
    __attribute__((warn_unused_result));
/** NULL is fine. */
void replay_nicks_destroy(struct replay_nicks *n);

/**
 * @param nick as logged; what an IRC client or a bouncer adds for want of the right one (nick_,
 *             nick|away, nick`) is left away where nobody has the nick as it is.
 * @return borrowed, or NULL: nobody of the configuration.
 */
const struct replay_speaker *replay_nicks_find(const struct replay_nicks *n, const char *nick);
/** Everybody, for a word to the user. @return NULL behind the last. */
const struct replay_speaker *replay_nicks_at(const struct replay_nicks *n, size_t i);

/**
 * Where a source was heard.
 * @param channel of the log, with # or without, any case; "" and channels that are not configured
 *                stand for the first one of the source.
 * @return "network/#channel", borrowed; "" for a source that is in no channel; NULL: crier would
 * not have heard it there.
 */
const char *replay_nicks_place(const struct replay_nicks *n, size_t source, const char *channel);
/** @return "network/#channel" for a channel of a log, or the first one in which crier talks where
 * it is not known; borrowed. NULL: there is none. */
const char *replay_nicks_talk(const struct replay_nicks *n, const char *channel);
/** @return whether the configuration has such a channel. "" has not. */
bool replay_nicks_has_channel(const struct replay_nicks *n, const char *channel);

#endif
