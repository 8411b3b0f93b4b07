#include "crowd.h"

#include <string.h>

#include "alerts.h"

enum {
    CROWD_MAX = 50,     /* of at_once */
    GATHER_DEPTH = 4096 /* newest alerts among which the others are looked for */
};

/* Three checks of one server are one server, where the rule looks for servers. */
static bool same_one(const struct rule_settings *rule, const struct alert *a, const struct alert *b)
{
    return rule->host && !strcmp(a->r.host, b->r.host);
}

/* Whether it may be one of a crowd of that rule. Names of rules are the model's: one pointer. */
static bool belongs(const struct alert *a, const char *rule)
{
    return a->r.rule == rule && a->r.firing && !a->r.held && a->r.severity == SEVERITY_CRITICAL;
}

static void mark(struct model *m, struct alert *a, int crowd)
{
    if (a->r.crowd == crowd)
        return;
    alert_account(m, a, -1);
    a->r.crowd = crowd;
    if (crowd)
        a->heeded = false; /* it tells something now */
    alert_account(m, a, 1);
    model_put(m, RECORD_ALERT, &a->r);
}

void crowd_add(struct model *m, struct alert *a)
{
    mark(m, a, 1);
}

void crowd_gather(struct model *m, struct alert *a, const struct rule_settings *rule)
{
    const struct alert *one[CROWD_MAX];
    int64_t since = m->now.boot_ms - m->settings->triage.storm_window_ms;
    struct alert *b;
    size_t n = 0, i;
    int depth = 0;

    if (!rule || rule->at_once <= 1 || a->r.crowd || a->first_boot_ms < since ||
        !belongs(a, a->r.rule))
        return;
    for (b = m->alert_newest;
         b && b->last_boot_ms >= since && depth < GATHER_DEPTH && n < (size_t)rule->at_once;
         b = b->older, depth++) {
        if (!belongs(b, a->r.rule) || b->first_boot_ms < since)
            continue;
        for (i = 0; i < n && !same_one(rule, one[i], b); i++)
            continue;
        if (i == n)
            one[n++] = b;
    }
    if (n < (size_t)rule->at_once)
        return;
    for (depth = 0, b = m->alert_newest; b && b->last_boot_ms >= since && depth < GATHER_DEPTH;
         b = b->older, depth++)
        if (belongs(b, a->r.rule) && b->first_boot_ms >= since)
            mark(m, b, 1);
}

bool crowd_thin(struct model *m, const struct alert *a)
{
    const struct rule_settings *rule = alert_rule(m, a);
    const struct alert *one[CROWD_MAX];
    struct alert *b;
    size_t n = 0, i, enough;

    if (!a->r.crowd || !rule || rule->at_once <= 1)
        return false;
    enough = ((size_t)rule->at_once + 1) / 2;
    for (b = m->alert_oldest; b && n < enough; b = b->newer) {
        if (!b->r.crowd || !belongs(b, a->r.rule))
            continue;
        for (i = 0; i < n && !same_one(rule, one[i], b); i++)
            continue;
        if (i == n)
            one[n++] = b;
    }
    if (n >= enough)
        return false;
    for (b = m->alert_oldest; b; b = b->newer)
        if (b->r.crowd && b->r.rule == a->r.rule && b->r.firing)
            mark(m, b, 0);
    return true;
}
