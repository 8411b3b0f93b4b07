/*
 * breakglass: confirming by one-time password (RFC 6238) while nobody's account can be found out.
 *
 * A line of private chat names the exact revision and holds a code of somebody who was enrolled.
 * What is asked for is judged before the code is, so that a slip in the number costs no code; then
 * the code is compared outside (EFFECT_PROOF), and when it is right and was never used, it counts
 * as that person's confirm, aloud. Which steps were used is committed with the confirm itself. How
 * fast codes may be guessed, and that nobody is locked out by that, is guess_pace's.
 *
 * The digits stay in struct attempt and struct proof_request, which are overwritten after use; they
 * reach no row, no log and no line of chat. Works on the model of the step under way.
 */
#ifndef CRIER_BREAKGLASS_H
#define CRIER_BREAKGLASS_H

#include "command.h"
#include "model.h"

/** Most single codes that wait to be looked at, and codes that are being compared at once. */
enum { BREAKGLASS_WAITING_MAX = 64, BREAKGLASS_ASKED_MAX = 4096 };

/** The command, whoever gives it and wherever. */
void breakglass_command(struct model *m, const struct heard *line, const struct command *c);
/** A line in a channel that may hold a code: whatever code of its speaker, or of somebody named in
 * it, or, where it is neither, of anybody, is in it counts as used from now on. Says nothing. */
void breakglass_overheard(struct model *m, const struct heard *line);
/** How a code compares, or how many people are enrolled. */
void breakglass_proof(struct model *m, const struct proof_answer *answer);
/** TIMER_BREAKGLASS: a code that had to wait is looked at. */
void breakglass_due(struct model *m);
/** Whether a mistake in such a command is answered, in private chat: these have a measure of their
 * own, as the answers of breakglass_command() have. */
bool breakglass_may_answer(struct model *m, const struct heard *line);
/** Whether somebody whose account is not known may be told of this way. */
bool breakglass_is_way(const struct model *m, const struct heard *line);

/** A stored row. @return 0 or CRIER_ENOMEM. */
int breakglass_load(struct model *m, const void *record) __attribute__((warn_unused_result));
/** Frees everything. */
void breakglass_finish(struct model *m);

#endif
