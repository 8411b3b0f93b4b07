/*
 * run_web: the wiring of crier's own web server: who answers which path, and when an answer that
 * tells of stored rows may leave.
 *
 * A webhook is answered with 200 when the rows of its turn are committed, never before: after a
 * crash in between Alertmanager posts again, and what is known already changes nothing. While the
 * store does not write it is taken, in memory, and answered with 503, so that it comes again.
 *
 * Part of run.c; nobody else includes this.
 */
#ifndef CRIER_RUN_WEB_H
#define CRIER_RUN_WEB_H

#include "courier.h"
#include "settings.h"

#include "alertmanager.h"
#include "web.h"

enum { RUN_WEB_HOLDS_MAX = 64 };

struct run_web {
    struct web *web;
    struct courier *courier;
    struct alertmanager *hook;
    struct alertmanager *next_hook; /* between run_web_prepare() and what follows it */
    struct {
        uint64_t hold;
        uint64_t ticket;
    } held[RUN_WEB_HOLDS_MAX];
    size_t n_held;
    bool leaving; /* nothing more is taken */
};

/**
 * Listens, and answers /health and the webhooks. Other routes may be added with web_route() before
 * the loop begins.
 *
 * @param settings, formats borrowed until they are replaced. @param courier borrowed; used from
 * handlers only, so it may be initialised later.
 * @return an exit code, 0 when all is there; what was wrong is in the log.
 */
int run_web_start(struct run_web *w, const struct settings *settings,
                  const struct format_port *formats, struct courier *courier)
    __attribute__((warn_unused_result));
/** Also of a zeroed struct. */
void run_web_stop(struct run_web *w);

/** Another configuration: all that can fail. Either of the next two must follow. @return 0 or a
 * crier_err, told in the log. */
int run_web_prepare(struct run_web *w, const struct settings *settings,
                    const struct format_port *formats) __attribute__((warn_unused_result));
/** Goes on with it; the one before may be freed then. */
void run_web_accept(struct run_web *w);
/** Goes on with the one before, but for the listener, which has moved when run_web_prepare()
 * succeeded; also when that failed or was not called. */
void run_web_forget(struct run_web *w);

/** Once in each turn of the loop, when its rows have been handed to the store: answers what is on
 * the disk. */
void run_web_turn(struct run_web *w);

#endif
