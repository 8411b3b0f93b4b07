/*
 * crowd: many alerts of one rule at once, of which one alone says nothing of users.
 *
 * A single server that fails is spared by the others; ten that fail within minutes are an outage.
 * Where a rule has at_once, its alerts count as watched only while they are such a crowd: from when
 * so many of them (of different hosts, where the rule has a pattern for the host) have begun within
 * storm_window, until fewer than half as many fire. Works on the model of the step under way.
 */
#ifndef CRIER_CROWD_H
#define CRIER_CROWD_H

#include "model.h"

/** It fires: marks it and what makes a crowd with it. @param rule its own, or NULL. */
void crowd_gather(struct model *m, struct alert *a, const struct rule_settings *rule);
/** It is one of several different things that fail at once, which is a crowd, too. */
void crowd_add(struct model *m, struct alert *a);
/** It has recovered. @return whether the crowd is gone with it: others count no more in the quiet
 * of their incidents. */
bool crowd_thin(struct model *m, const struct alert *a);

#endif
