/*
 * recall: `!status timeline` and `!status report`: what was written down about an incident, open or
 * over.
 *
 * The rows are in the store, not in the model: this asks for them to be read after the commit.
 */
#ifndef CRIER_RECALL_H
#define CRIER_RECALL_H

#include "model.h"

/** The timeline, by private message to whoever asked. */
void recall_timeline(struct model *m, const struct heard *line, int64_t incident);
/** Where the report is, one line. */
void recall_report(struct model *m, const struct heard *line, int64_t incident);

#endif
