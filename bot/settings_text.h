/*
 * settings_text: a configuration back into the text of one file.
 *
 * By the table of keys: what was included stands in place, paths are as they were resolved, values
 * that are the default and were not given are left out, and so are secrets (SETTING_SECRET).
 * Reading it again gives the same settings but for those. Comments are lost. Pure.
 */
#ifndef CRIER_SETTINGS_TEXT_H
#define CRIER_SETTINGS_TEXT_H

#include "buf.h"
#include "settings.h"

/** Appends the whole. What is wrong is the buffer's: CRIER_ENOMEM or CRIER_ELIMIT.
 * @param s completed by settings_finalize(). */
void settings_text(struct buf *b, const struct settings *s);

/**
 * Appends every key with its value, for people: behind defaults stands `# default`, what was not
 * given and has none is a comment, as are secrets; URLs are masked (mask.h). Can be read again.
 * @param s completed by settings_finalize(), with the places that its reader noted.
 */
void settings_dump(struct buf *b, const struct settings *s);

#endif
