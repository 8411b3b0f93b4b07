/*
 * deploys: the deploys under way and of late, and which one is the suspect.
 *
 * Works on the model of the step under way; says nothing and opens nothing.
 */
#ifndef CRIER_DEPLOYS_H
#define CRIER_DEPLOYS_H

#include "model.h"
#include "signal.h"

/**
 * Takes a SIGNAL_DEPLOY in.
 * @param ret_deploy always set: the deploy, borrowed; NULL when memory is out.
 * @return true when it is the end of a production deploy whose start was not announced: what fired
 *         shortly before may be its doing.
 */
bool deploy_take(struct model *m, const struct signal *sig, struct deploy **ret_deploy);
/** The production deploy under way, or ended less than deploy_window ago, that may be behind alerts
 * of that rule; NULL: none. */
struct deploy *deploy_suspect(const struct model *m, const struct rule_settings *rule);
/** Whether alerts of that rule can be its doing at all: it reaches production, and no blameless
 * tool did it. */
bool deploy_may_cause(const struct deploy *d, const struct rule_settings *rule);
/** It has not ended, as far as was told, and not run for so long that its end was missed. */
bool deploy_is_running(const struct model *m, const struct deploy *d);
/** The configured person whose shell user deployed it, or NULL. @param d may be NULL. */
const struct person_settings *deploy_deployer(const struct model *m, const struct deploy *d);
/** Forgets deploys that can be no suspect any more. */
void deploys_purge(struct model *m);

#endif
