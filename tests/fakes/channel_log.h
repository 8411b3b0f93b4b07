/*
 * channel_log: a recorded channel for tests, lines of the form "[2023-01-17 18:16:20] <nick> text".
 */
#ifndef CRIER_CHANNEL_LOG_H
#define CRIER_CHANNEL_LOG_H

#include <stdio.h>

enum { CHANNEL_LOG_BYTES = 1200, CHANNEL_LOG_END = 24 * 60 * 60 };

/** @param clock HH:MM:SS. @return seconds of the day. */
int channel_log_seconds(const char *clock);

/**
 * The next line that somebody said; others are passed over.
 * @param nick, text CHANNEL_LOG_BYTES each.
 * @return its second of the day, or CHANNEL_LOG_END.
 */
int channel_log_next(FILE *log, char *nick, char *text);

#endif
