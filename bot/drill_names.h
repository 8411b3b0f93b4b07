/*
 * drill_names: incidents of a drill are called D1, D2, ... in every line and command.
 *
 * The engine of a drill numbers them from a base that nothing else is called by; these functions
 * put the one for the other. Pure.
 */
#ifndef CRIER_DRILL_NAMES_H
#define CRIER_DRILL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/** D1 is DRILL_BASE + 1. As many digits as a command's number may have. */
enum { DRILL_BASE = 734000000, DRILL_NUMBERS = 9999 };

/** Appends what the engine says, with the names that people know. */
void drill_names_show(struct buf *dst, const char *text);

/**
 * Appends a command as the engine takes it: `!status confirm D1.2` with the number behind it.
 * Where a command wants a number only one that begins with D is taken.
 *
 * @param prefix of commands.
 * @return false, and ret_plain is its place in the line, when there is a number without D: it
 *         means an incident that is none of the drill's. dst is of no use then.
 */
bool drill_names_read(struct buf *dst, const char *prefix, const char *line, const char **ret_plain)
    __attribute__((warn_unused_result));

#endif
