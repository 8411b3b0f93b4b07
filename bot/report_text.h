/*
 * report_text: foreign text inside of wikitext, Markdown and JSON.
 *
 * Everything that came from chat, bots, the page or the configuration goes through these: it stays
 * one line of text, and can begin no markup, template, link, tag or signature of its own.
 * Malformed bytes become U+FFFD, characters that utf8.h calls unsafe become a space (JSON: an
 * escape).
 */
#ifndef CRIER_REPORT_TEXT_H
#define CRIER_REPORT_TEXT_H

#include <stdbool.h>

#include "buf.h"

/** Text in <nowiki>, where it holds anything that might mean something to MediaWiki. */
void report_wiki(struct buf *b, const char *text);
/** The same, always in <nowiki>, as code. */
void report_wiki_code(struct buf *b, const char *text);
/** Running text with what means something to Markdown escaped (CommonMark and GitHub's). */
void report_markdown(struct buf *b, const char *text);
/** A code span: its fence is longer than any that the text holds. @param in_table pipes are made
 * harmless too. */
void report_markdown_code(struct buf *b, const char *text, bool in_table);
/** A JSON string with its quotes. Source: RFC 8259 section 7. NULL is "". */
void report_json_string(struct buf *b, const char *text);
/** Source: RFC 4648 section 4. */
void report_base64(struct buf *b, const char *text);
/** Whether an address can stand bare: http or https, and only characters that end no link. */
bool report_is_url(const char *text);

#endif
