/*
 * html: foreign text into HTML and SVG.
 *
 * What comes out is well-formed in HTML and in XML 1.0, as content and inside a double-quoted
 * attribute: markup characters are entities; controls, bidi marks and other invisible characters
 * are left out, and malformed bytes are '?'. Pure.
 */
#ifndef CRIER_HTML_H
#define CRIER_HTML_H

#include <stddef.h>

#include "buf.h"

/** Appends text on one line: line ends and tabs are spaces. NULL is "". */
void html_text(struct buf *out, const char *text);
/**
 * The same, cut to at most max_chars characters; where something is left out the last of them is an
 * ellipsis. @param max_chars at least 1.
 */
void html_cut(struct buf *out, const char *text, size_t max_chars);
/** Text with line ends: each block between empty lines is a <p>, single line ends are <br>. */
void html_paragraphs(struct buf *out, const char *text);

#endif
