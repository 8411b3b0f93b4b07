/*
 * run_secrets: whether every secret that a configuration names can be had.
 */
#ifndef CRIER_RUN_SECRETS_H
#define CRIER_RUN_SECRETS_H

#include <stdbool.h>

#include "problems.h"
#include "settings.h"

/**
 * Reads and forgets each: keys of pages, passwords, private keys, keys of channels, tokens. What is
 * wrong is added to problems, without the secret and without names that lead nowhere.
 *
 * @param by_hand `crier check`, which systemd has not started: credentials that cannot be looked at
 *                are told in the log and no problem.
 */
void run_secrets_check(const struct settings *s, bool by_hand, struct problems *problems);

#endif
