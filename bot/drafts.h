/*
 * drafts: how many drafts signals have opened in the last hour, and whether there may be one more.
 *
 * A trusted source that has gone mad, or whose account somebody took over, must not fill the
 * channel with drafts. What comes beyond the limits joins what is open, or is remembered; a person
 * can always open a draft. Counted are drafts by signals alone, also those that were dropped or
 * closed since, and across restarts. Works on the model of the step under way.
 */
#ifndef CRIER_DRAFTS_H
#define CRIER_DRAFTS_H

#include "model.h"

enum { DRAFTS_SPAN_MS = 60 * 60 * 1000 };

/** @return whether signals of that source may open no more now. */
bool drafts_are_many(const struct model *m, const char *source);
/** @return drafts within the hour, of the source where it has reached its own limit, else all. */
int64_t drafts_count(const struct model *m, const char *source);
/** One was opened by a signal of the source. */
void drafts_opened(struct model *m, const char *source);
/**
 * Whether the channel is to be told that one opens none: once until there is room again, and once
 * more for the first that pages.
 *
 * @param ret_until_wall_ms when there is room again.
 */
bool drafts_tell(struct model *m, const char *source, bool paging, int64_t *ret_until_wall_ms);
/** @return whether something was told that still counts: what pages may find room by now. */
bool drafts_told(const struct model *m);

/** From the store. @return 0 or CRIER_ENOMEM. */
int drafts_load(struct model *m, const struct record_opening *record)
    __attribute__((warn_unused_result));
/** After loading. */
void drafts_restore(struct model *m);
/** Forgets what is older than an hour. */
void drafts_purge(struct model *m);

#endif
