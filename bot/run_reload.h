/*
 * run_reload: whether SIGHUP takes a new configuration: what it would lose on past logs.
 *
 * Keeps what is tried or was refused, and what became of it; takes no configuration itself. A
 * SIGHUP that comes again within a minute after a refusal, or while the same configuration is still
 * being tried, takes it as it is; another configuration is tried anew.
 *
 * Part of run.c; nobody else includes this.
 */
#ifndef CRIER_RUN_RELOAD_H
#define CRIER_RUN_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "now.h"
#include "ports.h"
#include "settings.h"

#include "trial.h"

enum { RUN_RELOAD_AGAIN_MS = 60 * 1000, RUN_RELOAD_LINE_BYTES = 400 };

enum run_reload_verdict {
    RUN_RELOAD_TAKE,  /* at once */
    RUN_RELOAD_WAIT,  /* it is being tried; keep it until run_reload_is_done() */
    RUN_RELOAD_REFUSE /* line says why */
};

struct run_reload {
    struct trial *trial;
    char *text;              /* of what is tried or was refused; NULL: nothing */
    int64_t refused_boot_ms; /* NOW_NEVER: it was not */
    bool done;
    struct trial_result result;
    char line[RUN_RELOAD_LINE_BYTES]; /* for people, when it was refused */
};

/** Forks: to be called while the process has one thread. @return 0, CRIER_EIO or CRIER_ENOMEM. */
int run_reload_init(struct run_reload *rr) __attribute__((warn_unused_result));
/** Also of a zeroed struct. */
void run_reload_finish(struct run_reload *rr);
struct source_port run_reload_source_port(struct run_reload *rr);

/** Somebody sent SIGHUP, and that is what was read. What was being tried before is forgotten. */
enum run_reload_verdict run_reload_ask(struct run_reload *rr, const struct settings *running,
                                       const struct settings *candidate, struct now now);
/** Whether a trial is under way, or nobody has asked how it ended. */
bool run_reload_runs(const struct run_reload *rr);
/** Whether the trial has ended, and nobody has asked how. */
bool run_reload_is_done(const struct run_reload *rr);
/** How: RUN_RELOAD_TAKE or RUN_RELOAD_REFUSE. To be called once. @param config_path for the line.
 */
enum run_reload_verdict run_reload_conclude(struct run_reload *rr, const struct settings *running,
                                            const char *config_path, struct now now);

/** Tells log and channel of a refusal, one line each. */
void run_reload_tell(const struct run_reload *rr, const struct settings *running,
                     const struct chat_port *chat);
/** Warns of logs that are not there, as long as nobody has to wait for it. */
void run_reload_look(const struct settings *s);
/** What was read last has mistakes: nothing is tried any more, and nothing can be taken by a second
 * SIGHUP. */
void run_reload_forget(struct run_reload *rr);

#endif
