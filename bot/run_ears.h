/*
 * run_ears: the wiring of the ears that the configuration names: log files and feeds.
 */
#ifndef CRIER_RUN_EARS_H
#define CRIER_RUN_EARS_H

#include "engine.h"
#include "ports.h"

#include "net.h"

struct run_ears;

/** @param net borrowed. @param sink copied; called from the source's dispatch. @return 0 or
 * CRIER_ENOMEM. */
int run_ears_create(struct net *net, const struct ear_sink *sink, struct run_ears **ret_ears)
    __attribute__((warn_unused_result));
/** NULL is fine. */
void run_ears_destroy(struct run_ears *e);

/**
 * Opens what the configuration names and is not open, from where the engine says that it was read
 * to, and closes what it does not name.
 * @return 0, or CRIER_ENOMEM: then nothing was closed.
 */
int run_ears_set(struct run_ears *e, const struct settings *settings, const struct engine *engine)
    __attribute__((warn_unused_result));

struct source_port run_ears_source_port(struct run_ears *e);

#endif
