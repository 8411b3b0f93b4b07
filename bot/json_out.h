/*
 * json_out: JSON written member by member into a buffer; for reports and replays.
 *
 * Knows where commas are due and nothing else: the caller opens, names and closes. Errors are the
 * buffer's.
 */
#ifndef CRIER_JSON_OUT_H
#define CRIER_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

struct json_out {
    struct buf *b; /* borrowed */
    bool more;     /* a comma is due before the next member or item */
};

/** @param bracket { or [. As an item of a list, or behind json_out_key(). */
void json_out_open(struct json_out *j, char bracket);
/** @param bracket } or ]. */
void json_out_close(struct json_out *j, char bracket);
/** A member's name; its value follows. */
void json_out_key(struct json_out *j, const char *name);
/** NULL is "". */
void json_out_text(struct json_out *j, const char *name, const char *value);
void json_out_number(struct json_out *j, const char *name, int64_t value);
void json_out_bool(struct json_out *j, const char *name, bool value);
/** ISO 8601 in UTC, or null for what did not happen (0). */
void json_out_when(struct json_out *j, const char *name, int64_t wall_ms);
/** One text in a list. */
void json_out_item(struct json_out *j, const char *value);
/** A list of {"name","status"}. @param stored the text form of components.h; what is none is []. */
void json_out_components(struct json_out *j, const char *stored);

#endif
