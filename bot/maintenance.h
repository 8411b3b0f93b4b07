/*
 * maintenance: planned windows, from the configuration, by command, and announced by bots: what
 * they cover opens no draft.
 */
#ifndef CRIER_MAINTENANCE_H
#define CRIER_MAINTENANCE_H

#include "model.h"
#include "propose.h"

/** @return whether a window that is open now covers the alert: it opens, joins and widens nothing.
 */
bool maintenance_covers(const struct model *m, const struct alert *a);
/** A bot announced that a read-only period begins or ends (SIGNAL_MAINTENANCE). */
void maintenance_signal(struct model *m, const struct signal *sig);
/** `maintenance ...`: @param text what is behind the word, "" lists what is planned. */
void maintenance_command(struct model *m, const struct asker *by, const char *text);
/** TIMER_MAINTENANCE: a window ended; what still fires counts again. */
void maintenance_due(struct model *m);
/** Deadlines after a start or with another configuration. */
void maintenance_restore(struct model *m);

#endif
