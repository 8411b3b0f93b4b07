/*
 * run_web: the wiring of crier's own web server: who answers which path, and when an answer that
 * tells of stored rows may leave.
 *
 * Part of run.c; nobody else includes this.
 */
#ifndef CRIER_RUN_WEB_H
#define CRIER_RUN_WEB_H

#include "courier.h"
#include "settings.h"

#include "web.h"

struct run_web {
    struct web *web;
    const struct courier *courier;
};

/**
 * Listens, and answers /health. Other routes may be added with web_route() before the loop begins.
 *
 * @param courier borrowed; asked from inside handlers only.
 * @return an exit code, 0 when all is there; what was wrong is in the log.
 */
int run_web_start(struct run_web *w, const struct settings *settings, const struct courier *courier)
    __attribute__((warn_unused_result));
/** Another configuration: all of it or, with a line in the log, nothing. @return 0 or a crier_err.
 */
int run_web_reload(struct run_web *w, const struct settings *settings)
    __attribute__((warn_unused_result));
/** Also of a zeroed struct. */
void run_web_stop(struct run_web *w);

#endif
