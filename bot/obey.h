/*
 * obey: carries out chat commands, after access has said yes.
 *
 * Answers where it was asked, in at most two lines; help and who go by private message. Works on
 * the model of the step under way.
 */
#ifndef CRIER_OBEY_H
#define CRIER_OBEY_H

#include "model.h"

/** Somebody whose identity is proven, or may soon be, asks for one revision. */
struct approval {
    const struct heard *line; /* where answers go, and whom they name */
    const struct person_settings *person;
    int64_t incident, revision; /* both given */
    bool quiet;
    bool aloud; /* what is against it is said */
};

/** Whether that could be confirmed now by this person, if it is them. Changes nothing but that
 * words which nobody has seen yet are shown. */
bool obey_may_approve(struct model *m, const struct approval *a);
/** Confirms it as that person, by one-time password, and says so aloud. @return false: it cannot be
 * confirmed any more, which was said, and nothing came of it. */
bool obey_approve(struct model *m, const struct approval *a);

/** Takes one line that hearing found to be a command, or to have a one-time password in it that was
 * meant for crier alone: that is made void, without a word. */
void obey_command(struct model *m, const struct heard *line);
/** TIMER_SECOND_PERSON: nobody came as the second. */
void obey_second_person_due(struct model *m, struct incident *inc);

#endif
