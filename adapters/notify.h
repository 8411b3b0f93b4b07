/*
 * notify: tells the service manager how crier is, and feeds its watchdog. See sd_notify(3) and
 * sd_watchdog_enabled(3).
 *
 * The protocol is one datagram of lines to a socket that the environment names, and promised to
 * stay so; systemd's own documentation shows it written out. So libsystemd, which would be mapped
 * into the process together with its compression libraries, is not used.
 *
 * The watchdog is fed by the loop, in its turns: a loop that hangs or spins inside one turn starves
 * it and is restarted. A store that does not write starves nothing: a disk that hangs is dealt with
 * by crier itself, which goes on in memory, and a restart would lose what it has there.
 *
 * Without NOTIFY_SOCKET everything here does nothing. Nothing here waits or fails.
 */
#ifndef CRIER_NOTIFY_H
#define CRIER_NOTIFY_H

#include "ports.h"

enum { NOTIFY_STATUS_BYTES = 200 };

struct notify;

/**
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no child has
 * them: to be called before helpers are forked.
 * @return 0 or CRIER_ENOMEM. What is wrong with the variables is told in the log.
 */
int notify_create(struct notify **ret) __attribute__((warn_unused_result));
/** NULL is fine, here and in all of these. */
void notify_destroy(struct notify *n);

/** The start is over. */
void notify_ready(struct notify *n);
/** A reload has begun; notify_reloaded() must follow, whatever comes of it. Told once. */
void notify_reloading(struct notify *n);
/** It is over; nothing is told where none had begun. */
void notify_reloaded(struct notify *n);
/** crier leaves. The watchdog is fed until it has. Told once. */
void notify_stopping(struct notify *n);
/** @param text one line of ASCII; told when it differs from what was told before. */
void notify_status(struct notify *n, const char *text);

/** The watchdog: twice in the time that it allows, from the first turn on. */
struct source_port notify_source_port(struct notify *n);

#endif
