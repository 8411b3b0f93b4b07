/*
 * insist: what somebody typed looks internal; they are asked once more, and are taken at their word
 * then.
 *
 * Remembers what was asked, in memory alone: after a restart the question comes again. Works on the
 * model of the step under way.
 */
#ifndef CRIER_INSIST_H
#define CRIER_INSIST_H

#include "propose.h"
#include "wording.h"

enum insist_part { INSIST_NOTHING, INSIST_TITLE, INSIST_BODY };

enum {
    INSIST_MS = 5 * 60 * 1000,
    INSIST_MAX = 32 /* questions that are open; the oldest is forgotten then */
};

/**
 * Whether a text may go into a revision. It may where wording_examine() finds nothing in it, and
 * where the same person typed the very same for the same part of the same incident within
 * INSIST_MS. Else the question is said, in one line.
 *
 * @param incident  0: a draft by hand, which has no number yet.
 * @param part      INSIST_NOTHING: nobody typed anything; it may.
 * @param ret_found what they insist on; "" where nothing was found. At least WORDING_WHY_BYTES.
 */
bool insist_allows(struct model *m, const struct asker *by, int64_t incident, enum insist_part part,
                   const char *text, char *ret_found, size_t found_size)
    __attribute__((warn_unused_result));

/** Records it with the revision that came of it, where they had to insist. */
void insist_record(struct model *m, const struct asker *by, const struct revision *rev,
                   const char *found);

/** Forgets all questions. */
void insist_finish(struct model *m);

#endif
