/*
 * run_enrol: the subcommand `crier enrol`: who may confirm by one-time password.
 */
#ifndef CRIER_RUN_ENROL_H
#define CRIER_RUN_ENROL_H

#include "settings.h"

/** @param argv with the subcommand's name first. @return an exit code; EX_USAGE when the words are
 * off. */
int run_enrol(int argc, char **argv);
/** Warns of enrolments that are of no use: of people who are not configured or may not confirm, and
 * files that others may read. */
void run_enrol_look(const struct settings *settings);

#endif
