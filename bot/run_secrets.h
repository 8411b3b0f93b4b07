/*
 * run_secrets: whether every secret that a configuration names can be had.
 */
#ifndef CRIER_RUN_SECRETS_H
#define CRIER_RUN_SECRETS_H

#include <stdbool.h>

#include "ports.h"
#include "problems.h"
#include "settings.h"

struct secret_watch;

/**
 * Reads and forgets each: keys of pages, passwords, private keys, keys of channels, tokens. What is
 * wrong is added to problems, without the secret and without names that lead nowhere.
 *
 * @param by_hand `crier check`, which systemd has not started: credentials that cannot be looked at
 *                are told in the log and no problem.
 */
void run_secrets_check(const struct settings *s, bool by_hand, struct problems *problems);

/** Has the watch know the secrets of this configuration in place of those before: all but private
 * keys. What cannot be read is passed over. */
void run_secrets_watch(const struct settings *s, struct secret_watch *watch);
/**
 * Whether a line must go no further, not into the record either, since one of those secrets stands
 * in it. It is told in the log, without its text, and answered when somebody of the configuration
 * gave a command: of others nobody may learn whether they have guessed.
 *
 * @param chat where to answer.
 */
bool run_secrets_stop_line(const struct secret_watch *watch, const struct settings *s,
                           const struct chat_port *chat, const struct heard *line)
    __attribute__((warn_unused_result));
/** The same for a log file or a feed. */
bool run_secrets_stop_ear(const struct secret_watch *watch, const struct ear_line *line)
    __attribute__((warn_unused_result));

#endif
