/*
 * run_logs: what the subcommands that play logs have in common: a configuration without its
 * secrets, lines of logs on their way to a replay, and how bad lines are told.
 */
#ifndef CRIER_RUN_LOGS_H
#define CRIER_RUN_LOGS_H

#include "replay.h"
#include "settings.h"

#include "logread.h"
#include "patterns.h"

/**
 * Reads and checks a configuration; no key and no password is looked at. Problems go to stderr.
 * @param ret_settings, ret_patterns the caller's to destroy, also on failure, where each is what
 *        was there before or has been made.
 * @return 0, CRIER_EINVAL with all problems told, or CRIER_ENOMEM.
 */
int run_logs_load(const char *path, struct settings **ret_settings, struct patterns **ret_patterns)
    __attribute__((warn_unused_result));

/** A line as a replay takes it; its strings are those of the log's line. */
struct replay_line run_logs_line(const struct log_line *line);

/** For struct logread_sink: FILE:LINE: TEXT to stderr. @param ctx not used. */
void run_logs_problem(void *ctx, const char *file, long line, const char *text);

#endif
