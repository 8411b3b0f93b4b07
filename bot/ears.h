/*
 * ears: what a source with several ears has told already, and how far each ear has been read.
 *
 * One outage may be told by a bot in the channel, in its log file and in a feed. The first ear
 * that tells a thing is believed; the same thing from another ear of that source, said at about
 * the same time, is an echo. Each ear echoes a thing once: what is told again through the same ear
 * is a repeat, and a second echo belongs to it. Works on the model of the step under way.
 */
#ifndef CRIER_EARS_H
#define CRIER_EARS_H

#include "model.h"
#include "signal.h"

enum {
    EARS_ECHO_MS = 5 * 60 * 1000,  /* between the times of a thing and of its echo, at most */
    EARS_KEPT_MS = 60 * 60 * 1000, /* an ear may be so late */
    EARS_ECHOES_MAX = 500
};

/**
 * Whether a signal is to be passed over: an echo, or something that a log file or feed tells so
 * late that it is history. The recovery of an alert and the end of a deploy that runs are never
 * too late. What is not passed over is remembered.
 */
bool ears_pass_over(struct model *m, const struct signal *sig);
/** How far an ear has been read; stored with the signals of the same turn. */
void ears_position(struct model *m, const struct ear_position *position);
/** After loading. */
void ears_restore(struct model *m);
/** Forgets what no ear can echo any more. */
void ears_purge(struct model *m);

#endif
