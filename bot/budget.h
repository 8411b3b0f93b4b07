/*
 * budget: how many lines crier says about one incident without being asked.
 *
 * Everything but answers to commands passes here: of one incident never more than lines_per_hour
 * of them are said in any hour, wherever that begins, also across restarts. Works on the model of
 * the step under way.
 */
#ifndef CRIER_BUDGET_H
#define CRIER_BUDGET_H

#include "model.h"

/**
 * May so many lines be said about it now? They are counted when they may.
 *
 * When the last line is reached the channel is told, once, until when nothing more is said.
 *
 * @param id       of the incident; of one that is forgotten everything may be said.
 * @param matters  drafts, proposals, failures. Other lines leave a quarter to these.
 * @return true while a command is carried out (model.asked), without counting.
 */
bool budget_take(struct model *m, int64_t id, int lines, bool matters)
    __attribute__((warn_unused_result));
/** @return whether nothing is said about it unasked now, and until when (boot clock). */
bool budget_is_hushed(const struct model *m, const struct incident *inc,
                      int64_t *ret_until_boot_ms);
/** After loading: what is stored is clamped. */
void budget_restore(struct model *m, struct incident *inc);

#endif
