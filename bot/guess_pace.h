/*
 * guess_pace: how fast one-time passwords may be guessed, and that nobody is locked out by it.
 *
 * The odds, for codes of 6 digits where three are right at any moment (the present one, the one
 * before, the one behind): one guess hits with 3 in a million.
 *
 * - A single code is looked at only while fewer than GUESS_PACE_MAX wrong ones are remembered, and
 *   they are forgotten one in GUESS_PACE_FORGET_MS (240 a day). So on its first day somebody who
 *   guesses day and night, from any number of hosts, has at most 340 guesses: 0.10 %; on each
 *   further day 240: 0.07 %. With 8 digits it is a hundredth of that.
 * - Two codes that follow each other hit with 3 in 10^12. They are never counted, delayed or
 *   refused: a thousand a second, all day, hit with 0.03 %. This is the way that is always open:
 *   whatever others do, somebody who is enrolled waits for their next code (30 s) and is let in.
 *
 * Below that limit wrong codes slow down their source (network and host: 2 s, 4 s, ... 5 min), and
 * single codes of everybody a little (20 ms for each wrong one remembered, 2 s at most). Delays run
 * side by side: nobody waits behind somebody else. Pure; bounded memory.
 */
#ifndef CRIER_GUESS_PACE_H
#define CRIER_GUESS_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GUESS_PACE_MAX = 100,
    GUESS_PACE_FORGET_MS = 6 * 60 * 1000,
    GUESS_PACE_SOURCES = 256,
    GUESS_PACE_KEY = 160, /* bytes of a source that tell it apart */
    GUESS_PACE_FIRST_MS = 2000,
    GUESS_PACE_LONGEST_MS = 5 * 60 * 1000,
    GUESS_PACE_EACH_MS = 20,
    GUESS_PACE_ALL_MS = 2000,
    GUESS_PACE_SOURCE_MS = 60 * 60 * 1000 /* so long without a wrong one, a source is forgotten */
};

struct guess_pace {
    struct {
        char key[GUESS_PACE_KEY];
        int64_t wrong;
        int64_t last_boot_ms;
    } source[GUESS_PACE_SOURCES];
    size_t n;
    int64_t empty_boot_ms; /* when the last wrong code will be forgotten */
};

/** A zeroed struct is one that has seen nothing. @return how many wrong codes are remembered. */
size_t guess_pace_level(const struct guess_pace *p, int64_t now_boot_ms);
/** @param waiting single codes that wait to be looked at. @return whether one more may. */
bool guess_pace_may(const struct guess_pace *p, size_t waiting, int64_t now_boot_ms);
/** @return when a single code that comes now from there is looked at: now, or at most
 * GUESS_PACE_LONGEST_MS + GUESS_PACE_ALL_MS later. */
int64_t guess_pace_due(const struct guess_pace *p, const char *source, int64_t now_boot_ms);
/** @param single false: one of two codes, which tells of its source alone. */
void guess_pace_wrong(struct guess_pace *p, const char *source, bool single, int64_t now_boot_ms);
/** Somebody there is who they say that they are. */
void guess_pace_right(struct guess_pace *p, const char *source);

#endif
