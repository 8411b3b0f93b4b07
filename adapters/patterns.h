/*
 * patterns: text lines into signals, by the formats and rules of the configuration.
 *
 * Owns the compiled patterns (PCRE2, UTF, JIT where the machine has it, match limits). Whom to
 * believe is not decided here: see hearing.h. Never logs. Not thread-safe: one user at a time.
 *
 * The named groups that a line's pattern may have: check, host, summary, state, severity, count,
 * user, at (the host of user@host), change, tool. Several alternatives of one pattern may use the
 * same name; the first that took part counts.
 */
#ifndef CRIER_PATTERNS_H
#define CRIER_PATTERNS_H

#include "ports.h"
#include "problems.h"
#include "settings.h"

struct patterns;

/** Longer lines match nothing, with CRIER_ELIMIT. */
enum { PATTERNS_LINE_MAX_BYTES = 8192 };

/**
 * Compiles every pattern of the formats and rules.
 *
 * @param settings  completed by settings_finalize(); borrowed, must outlive the patterns.
 * @param problems  gets one problem for each pattern that PCRE2 refuses, with its words and where
 *                  in the pattern, and for each named group that means nothing to crier.
 * @param ret       set on success only; the caller's to patterns_destroy().
 * @return 0, CRIER_EINVAL when at least one problem was added, CRIER_ENOMEM.
 */
int patterns_create(const struct settings *settings, struct problems *problems,
                    struct patterns **ret) __attribute__((warn_unused_result));
/** NULL is fine. */
void patterns_destroy(struct patterns *p);

/**
 * Whether PCRE2 can turn patterns into machine code here, by doing so. Where it cannot, all matches
 * are found all the same, several times slower.
 * @param why why not, in PCRE2's words; untouched when it can.
 */
bool patterns_have_jit(char *why, size_t why_size);

/** What a word such as "page", "crit" or "warning" says; of either case. */
enum severity patterns_severity(const char *word);

/** The port borrows the patterns. Rules are tried on alerts only: signals of other kinds have rule
 * -1. */
struct format_port patterns_format_port(struct patterns *p);

#endif
