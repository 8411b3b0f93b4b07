/*
 * process_signals: SIGTERM, SIGINT and SIGHUP as events of the loop.
 */
#ifndef CRIER_PROCESS_SIGNALS_H
#define CRIER_PROCESS_SIGNALS_H

#include "ports.h"

struct process_signals;

/** Called from dispatch. @param signo SIGTERM, SIGINT or SIGHUP. */
typedef void process_signals_cb(void *ctx, int signo);

/**
 * Blocks the signals in this thread and all that it makes later, so call it before any thread
 * starts.
 * @return 0, CRIER_EIO or CRIER_ENOMEM.
 */
int process_signals_create(process_signals_cb *cb, void *ctx, struct process_signals **ret_signals)
    __attribute__((warn_unused_result));
/** The signals stay blocked. NULL is fine. */
void process_signals_destroy(struct process_signals *s);
struct source_port process_signals_source_port(struct process_signals *s);

#endif
