/*
 * patterns_literal: text that every line must hold to match a pattern, found by reading the
 * pattern.
 *
 * A filter in front of PCRE2, wrong only on the safe side: where the pattern has something that
 * this module does not know, there is no literal. Pure.
 */
#ifndef CRIER_PATTERNS_LITERAL_H
#define CRIER_PATTERNS_LITERAL_H

#include <stddef.h>

/**
 * The longest run of plain characters outside of every group and alternation that must occur, in
 * this case of letters, wherever the pattern matches.
 *
 * @param pattern  PCRE2 syntax, compiled without caseless and extended mode.
 * @param dst      at least size bytes; a longer run is cut.
 * @param size     not 0.
 * @return bytes written, without the NUL; 0: there is none that is sure.
 */
size_t patterns_literal(const char *pattern, char *dst, size_t size);

#endif
