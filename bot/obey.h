/*
 * obey: carries out chat commands, after access has said yes.
 *
 * Answers where it was asked, in at most two lines; help and who go by private message. Works on
 * the model of the step under way.
 */
#ifndef CRIER_OBEY_H
#define CRIER_OBEY_H

#include "model.h"

/** Takes one line that hearing found to be a command. */
void obey_command(struct model *m, const struct heard *line);
/** TIMER_SECOND_PERSON: nobody came as the second. */
void obey_second_person_due(struct model *m, struct incident *inc);

#endif
