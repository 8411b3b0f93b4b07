/*
 * drill_score: how a drill went, beside how the real outage did. Pure.
 */
#ifndef CRIER_DRILL_SCORE_H
#define CRIER_DRILL_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include "drill_scenario.h"

/** Times on the drill's clock; 0: it has not happened. */
struct drill_score {
    int64_t alert_wall_ms;     /* the first alert that pages or is critical */
    int64_t drafted_wall_ms;   /* crier had words for it */
    int64_t confirmed_wall_ms; /* somebody confirmed them */
    int64_t published_wall_ms;
    int64_t resolved_wall_ms;
    int64_t updates; /* after the first publication, the end not among them */
    int64_t hints;   /* the coach had to help */
};

enum { DRILL_SCORE_LINES = 3, DRILL_SCORE_BYTES = 360 };

/** Fills whole lines without the drill's mark. @return how many, at least 1. */
size_t drill_score_lines(const struct drill_score *score, const struct drill_scenario *scenario,
                         char lines[DRILL_SCORE_LINES][DRILL_SCORE_BYTES]);

#endif
