/*
 * now: the two clocks that every step of the engine is told.
 */
#ifndef CRIER_NOW_H
#define CRIER_NOW_H

#include <stdint.h>

/**
 * wall_ms: UTC milliseconds since 1970, for what people read and what is stored.
 * boot_ms: CLOCK_BOOTTIME milliseconds, never goes back and runs on while the machine sleeps:
 *          for every deadline in memory.
 */
struct now {
    int64_t wall_ms;
    int64_t boot_ms;
};

/** "No deadline", later than every time. */
#define NOW_NEVER INT64_MAX

#endif
