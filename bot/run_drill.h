/*
 * run_drill: drills in practice channels, beside the real thing.
 *
 * Takes the commands of practice channels, starts and stops drills there, one at a time, and ends
 * them when something real begins. Hands nothing to the real engine or page, and takes nothing from
 * them but the number of the newest incident.
 *
 * Part of run.c; nobody else includes this.
 */
#ifndef CRIER_RUN_DRILL_H
#define CRIER_RUN_DRILL_H

#include <stdbool.h>

#include "ports.h"
#include "settings.h"

#include "net.h"

struct run_drill;

/**
 * Takes away what a killed drill has left.
 * @param chat copied; its ctx must outlive this, like the others. @param settings may be replaced
 * by run_drill_reload(). @return 0 or CRIER_ENOMEM.
 */
int run_drill_create(const struct settings *settings, const char *config_path,
                     const char *state_dir, struct net *net, const struct chat_port *chat,
                     struct run_drill **ret) __attribute__((warn_unused_result));
/** NULL is fine. */
void run_drill_destroy(struct run_drill *rd);

/** @return true when the line was a command in a practice channel and is done with. */
bool run_drill_heard(struct run_drill *rd, const struct heard *line, struct now now);
/** @return true when the event was about a line of a drill; else the real engine wants it too. */
bool run_drill_event(struct run_drill *rd, const struct chat_event *event, struct now now);

/**
 * Once in each turn of the loop.
 * @param newest the number of the newest real incident. @param open how many are open.
 */
void run_drill_turn(struct run_drill *rd, int64_t newest, size_t open, struct now now);
struct source_port run_drill_source_port(struct run_drill *rd);

/** Another configuration; the old one may go then. A drill goes on with what it has, unless its
 * channel is none for practice any more. */
void run_drill_reload(struct run_drill *rd, const struct settings *settings, struct now now);
/** crier leaves. */
void run_drill_leave(struct run_drill *rd, struct now now);

#endif
