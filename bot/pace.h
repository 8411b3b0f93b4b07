/*
 * pace: how many commands are heeded, of one person and in one channel.
 *
 * For people of the configuration; strangers have a measure of their own (obey.c). Leaking buckets
 * of a minute's commands, in memory alone. Nobody on the list is ever muted: whoever has said too
 * much is still heeded when they confirm or discard, with an answer now and then, and what others
 * say in a channel costs nobody a command that changes something. Works on the model of the step
 * under way.
 */
#ifndef CRIER_PACE_H
#define CRIER_PACE_H

#include "model.h"

enum { PACE_SPAN_MS = 60 * 1000, PACE_ANSWER_MS = 10 * 1000 };

enum pace_kind {
    PACE_FREE,
    PACE_PERSON, /* this person has said too much */
    PACE_CHANNEL /* people together have asked too much there */
};

struct pace {
    enum pace_kind kind;
    bool tell; /* it is not told yet: once, until half of the bucket has run out */
};

/**
 * Counts one command of a person.
 *
 * @param place  the channel; NULL in private.
 * @param reads  it changes nothing: only such ones are not heeded for the channel's sake.
 */
struct pace pace_take(struct model *m, const char *person, const char *place, bool reads);
/** Whether a command beyond the person's limit is answered: one in PACE_ANSWER_MS is. */
bool pace_may_answer(struct model *m, const char *person);
/** Forgets who has said nothing for a minute. */
void pace_purge(struct model *m);

#endif
