/*
 * run_stage: everything that one drill is played with: a practice page that is served in this very
 * process, a page adapter that holds its key and no other, a database of its own, the drill.
 *
 * Part of run_drill.c and run_drill_shell.c; nobody else includes this.
 */
#ifndef CRIER_RUN_STAGE_H
#define CRIER_RUN_STAGE_H

#include <stdbool.h>

#include "drill.h"
#include "ports.h"
#include "settings.h"

#include "net.h"

struct run_stage;

struct run_stage_options {
    const struct settings *settings; /* the real ones; only read, only during the call */
    const char *scenarios;           /* directory */
    const char *name;                /* of the scenario, "" is the first */
    const char *place;
    const char *player;
    unsigned number;    /* of the drill in this process */
    const char *folder; /* for database and key; made, and taken away with all that is in it */
    struct net *net;    /* borrowed */
    struct chat_port chat;
};

/**
 * Sets everything up; the drill has not begun.
 * @param why on failure one line for people. @return 0 or an error.
 */
int run_stage_create(const struct run_stage_options *options, struct now now,
                     struct run_stage **ret, char *why, size_t why_size)
    __attribute__((warn_unused_result));
/** NULL is fine. Not from inside one of its own callbacks. */
void run_stage_destroy(struct run_stage *s);
/** When the drill is over: takes everything down but the practice page, for people to look at. */
void run_stage_strike(struct run_stage *s);

struct drill *run_stage_drill(struct run_stage *s);
/** Where people find the practice page. */
const char *run_stage_url(const struct run_stage *s);
/** What waits and works for it; its dispatch ends with drill_turn(). */
struct source_port run_stage_source_port(struct run_stage *s);

/** Takes away what a drill has left in that folder that was killed. */
void run_stage_sweep(const char *folder);

/** The directory of scenarios: as configured, or beside the configuration file. @return the
 * caller's to free(), NULL when memory is out. */
char *run_stage_scenarios(const struct settings *settings, const char *config_path);

#endif
