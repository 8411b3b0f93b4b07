/*
 * logread_text: what is in the bytes of a line, found fast; and lines in other encodings.
 *
 * For logread. Pure.
 */
#ifndef CRIER_LOGREAD_TEXT_H
#define CRIER_LOGREAD_TEXT_H

#include <stddef.h>

enum {
    LOGTEXT_HIGH = 1,    /* bytes above 0x7e */
    LOGTEXT_CONTROL = 2, /* bytes below a blank; other than these, utf8_clean() has nothing to do */
    LOGTEXT_BLANKS = 4,  /* two blanks in a row */
    LOGTEXT_NUL = 8
};

/** @return which of these are among n bytes. */
unsigned logtext_look(const char *s, size_t n);

/**
 * Windows-1252, which Latin-1 is a part of, as UTF-8; the five bytes that it does not use as '?'.
 * @param dst at least 3 * n + 1 bytes. @return bytes written, without the NUL.
 */
size_t logtext_from_windows(const char *s, size_t n, char *dst);

#endif
