/*
 * alerts: the alerts that are firing or remembered, and which of them a signal is about.
 *
 * Works on the model of the step under way; decides nothing about incidents.
 */
#ifndef CRIER_ALERTS_H
#define CRIER_ALERTS_H

#include "model.h"
#include "signal.h"

/** An alert of no incident that was not heard of for so long is over: its recovery was missed, or
 * is never told. It does not stay silent for good because of that. */
enum { ALERT_FORGOTTEN_MS = 24 * 60 * 60 * 1000 };

/** The rule that matched it, or NULL; borrowed from the settings. */
const struct rule_settings *alert_rule(const struct model *m, const struct alert *a);
/** Whether it says that readers are affected: paging, or critical on a watched check (and one of a
 * crowd, see crowd.h, where its rule asks for that). */
bool alert_tells(const struct model *m, const struct alert *a);
/** The same when the rule is at hand; NULL: false. */
bool alert_tells_by(const struct alert *a, const struct rule_settings *rule);

/** Takes it out of its incident's counts before a change (sign -1), and into them afterwards (1).
 */
void alert_account(struct model *m, const struct alert *a, int sign);

/**
 * The alert that a signal is about, or NULL: of the same source, the one with its group_key, else
 * that of the same check and host (without a host: and summary) which no other group has made its
 * own. So what Alertmanager posts and what a relay says of it in the channel are one alert.
 */
struct alert *alert_find(const struct model *m, const struct signal *sig);
/** The alert that a recovery is about, which may come with another count and so another summary. */
struct alert *alert_find_recovering(const struct model *m, const struct signal *sig);
/** The alert that an earlier part of the same line made, or NULL. */
struct alert *alert_find_amended(const struct model *m, const struct signal *sig);
/** Whether the signal was said before the alert's last change and comes late, through another ear
 * than the one that told of that change. Through one ear the order is what counts: clocks jump. */
bool alert_is_stale(const struct alert *a, const struct signal *sig);
/** Whether it repeats, without group_key, what a signal with one has told: that knows severity and
 * rule better. */
bool alert_is_echo(const struct alert *a, const struct signal *sig);
/** A new one, not firing yet; the oldest is forgotten where max_signals is reached. NULL: no
 * memory. */
struct alert *alert_create(struct model *m, const struct signal *sig);

/** Puts them in the order of last_boot_ms again, after loading. */
void alerts_sort(struct model *m);

#endif
