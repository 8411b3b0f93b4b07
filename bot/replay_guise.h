/*
 * replay_guise: how a server would show a configured person, for commands that a replay plays.
 *
 * Nothing here is ever used outside of replays. Pure apart from memory.
 */
#ifndef CRIER_REPLAY_GUISE_H
#define CRIER_REPLAY_GUISE_H

#include <stdbool.h>

#include "settings.h"

struct replay_guise {
    char *network;
    char *nick;
    char *userhost;
    bool is_account; /* nick is one */
};

/** @return what a person is listed by ("network/account", else "network/nick!user@host"),
 * borrowed, or NULL. */
const char *replay_guise_listed(const struct person_settings *person);
/** By their first account, else by their first mask, with something made up for its stars.
 * @return 0, CRIER_ENOENT (listed by nothing) or CRIER_ENOMEM; finish it in all cases. */
int replay_guise_init(struct replay_guise *ret, const struct person_settings *person)
    __attribute__((warn_unused_result));
void replay_guise_finish(struct replay_guise *g);

#endif
