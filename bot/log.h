/*
 * log: one line to stderr for each thing worth telling the operator.
 *
 * A line is `LEVEL module: text`, cut with "..." at 2 kB; control bytes in it become '?'. errno is
 * left as it was. May be called from any thread. Text from outside the program is quoted with
 * log_quote() by whoever logs it. Secrets are never passed here. The only process-wide state of
 * bot/: the threshold, set once at start.
 */
#ifndef CRIER_LOG_H
#define CRIER_LOG_H

#include <stddef.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/** Lines below the level are not written; the default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

void log_debug(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Without errno's text. */
void log_warnx(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Adds ": " and errno's text. */
void log_warn(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_errorx(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** `audit` line: who confirmed, was refused, published. Always written, whatever the level. */
void log_audit(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * Foreign text for a log line: in double quotes, control bytes, quotes and invalid UTF-8 as \xNN,
 * cut with "..." when it does not fit.
 *
 * @param size of dst in bytes, at least 16.
 * @param text NULL is written as (none).
 * @return dst.
 */
char *log_quote(char *dst, size_t size, const char *text);

#endif
