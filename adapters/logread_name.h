/*
 * logread_name: what the name of a log file says of it. Pure.
 */
#ifndef CRIER_LOGREAD_NAME_H
#define CRIER_LOGREAD_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOGNAME_CHANNEL_BYTES = 128 };

/**
 * The day in a path: 20230117, 2023-01-17, 2023_01_17 or 2023.01.17 in the file's name (the last
 * one there), else directories and file like 2023/01/17.log.
 * @return whether there is one; its midnight is set then.
 */
bool logname_day(const char *path, int64_t *ret_wall_ms);

/**
 * The channel in a path: what begins with # (or %23) in the file's name, without a date and an
 * ending like .log behind it, else a directory that begins so, the last one.
 * @param dst at least LOGNAME_CHANNEL_BYTES; "" when there is none.
 */
void logname_channel(const char *path, char *dst);

#endif
