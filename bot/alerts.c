#include "alerts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    AMEND_DEPTH = 16, /* newest alerts among which the line of a continuation is looked for */
    VICTIM_DEPTH = 64 /* oldest alerts among which the one to be forgotten is looked for */
};

const struct rule_settings *alert_rule(const struct model *m, const struct alert *a)
{
    (void)m;
    return a->rule;
}

bool alert_tells_by(const struct alert *a, const struct rule_settings *rule)
{
    return rule && !rule->ignore &&
           (a->r.paging || (rule->watched && a->r.severity == SEVERITY_CRITICAL &&
                            (rule->at_once <= 1 || a->r.crowd)));
}

bool alert_tells(const struct model *m, const struct alert *a)
{
    return alert_tells_by(a, alert_rule(m, a));
}

/* Counts for its incident. When the configuration has its rule no more, nothing has recovered by
 * that. */
static bool burns(const struct model *m, const struct alert *a)
{
    const struct rule_settings *rule = alert_rule(m, a);

    if (!a->r.firing || a->planned)
        return false;
    return rule || !a->r.rule[0] ? alert_tells_by(a, rule)
                                 : a->r.paging || a->r.severity == SEVERITY_CRITICAL;
}

void alert_account(struct model *m, const struct alert *a, int sign)
{
    struct incident *inc = a->r.incident ? model_incident(m, a->r.incident) : NULL;

    if (!inc)
        return;
    inc->joined += sign;
    if (burns(m, a))
        inc->firing += sign;
}

static bool has_key(const struct signal *sig)
{
    return sig->group_key && sig->group_key[0];
}

/* Not what another group of Alertmanager has made its own. */
static bool may_be(const struct alert *a, const struct signal *sig)
{
    return !has_key(sig) || !a->r.group_key[0] || !strcmp(a->r.group_key, sig->group_key);
}

static bool same_alert(const struct alert *a, const struct signal *sig)
{
    if (strcmp(a->r.source, sig->source) != 0 || strcmp(a->r.check_name, sig->check) != 0 ||
        strcmp(a->r.host, sig->host) != 0 || !may_be(a, sig))
        return false;
    /* Without a host the summary is what tells one group of a check from another. */
    return sig->host[0] || !strcmp(a->r.summary, sig->summary);
}

static bool in_group(const struct alert *a, const char *key, const struct signal *sig)
{
    return a->r.group_key == key && !strcmp(a->r.source, sig->source);
}

/* A group keeps its key when its alerts, and so its check, become others. */
static struct alert *find_group(const struct model *m, const struct signal *sig)
{
    const char *key = has_key(sig) ? names_find(&m->names, sig->group_key) : NULL;
    struct alert *a = NULL;

    if (key)
        a = model_alert_bucket(m, sig->source, sig->check, sig->host);
    while (a && !in_group(a, key, sig))
        a = a->next_hash;
    if (key && !a)
        a = m->alert_newest;
    while (a && !in_group(a, key, sig))
        a = a->older;
    return a;
}

bool alert_is_stale(const struct alert *a, const struct signal *sig)
{
    int64_t changed = a->r.firing ? a->r.first_wall_ms : a->r.resolved_wall_ms;
    bool changes = (sig->kind == SIGNAL_FIRING) == !a->r.firing;

    return changes && sig->wall_ms < changed && strcmp(a->r.place, sig->place) != 0;
}

bool alert_is_echo(const struct alert *a, const struct signal *sig)
{
    return a->r.firing && a->r.group_key[0] && !has_key(sig);
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

struct alert *alert_find(const struct model *m, const struct signal *sig)
{
    struct alert *a, *best = find_group(m, sig);

    if (best)
        return best;
    for (a = model_alert_bucket(m, sig->source, sig->check, sig->host); a; a = a->next_hash) {
        if (!same_alert(a, sig))
            continue;
        if (a->r.firing)
            return a;
        if (!best)
            best = a;
    }
    return best;
}

/* A recovery may come with another count and so with another summary: then it is the only firing
 * alert of that check, or the one whose summary is most alike. */
struct alert *alert_find_recovering(const struct model *m, const struct signal *sig)
{
    struct alert *a, *best = alert_find(m, sig);
    size_t n = 0, best_len = 0;

    if (best || sig->host[0])
        return best;
    for (a = model_alert_bucket(m, sig->source, sig->check, ""); a; a = a->next_hash) {
        size_t len;

        if (!a->r.firing || strcmp(a->r.source, sig->source) != 0 ||
            strcmp(a->r.check_name, sig->check) != 0 || a->r.host[0] || !may_be(a, sig))
            continue;
        n++;
        len = common_prefix(a->r.summary, sig->summary);
        if (!best || len > best_len) {
            best = a;
            best_len = len;
        }
    }
    /* A group whose beginning was not heard is no reason to end what looks quite different. */
    if ((n > 1 || has_key(sig)) && best_len * 2 < strlen(sig->summary))
        return NULL;
    return best;
}

/* The alert that an earlier part of the same line made. */
struct alert *alert_find_amended(const struct model *m, const struct signal *sig)
{
    struct alert *a = m->alert_newest;
    int depth;

    for (depth = 0; sig->line_id && a && depth < AMEND_DEPTH; a = a->older, depth++)
        if (a->r.line_id == (int64_t)sig->line_id)
            return a;
    return NULL;
}

/* How much would be lost with it. What an incident waits for, pages above all, is forgotten last:
 * it would be taken for over. */
static int worth(const struct model *m, const struct alert *a)
{
    if (!a->r.firing || (!a->r.incident && !a->r.held))
        return a->r.incident ? 1 : 0;
    if (a->r.held)
        return 2;
    return !alert_tells(m, a) ? 1 : a->r.paging ? 4 : 3;
}

/* Room for one more: the oldest of those that are worth least; one that is worth nothing is looked
 * for among the oldest only. */
static void bound(struct model *m)
{
    struct alert *a, *victim = NULL;
    int depth = 0, least = 0;

    if (m->n_alerts < (size_t)m->settings->triage.max_signals)
        return;
    for (a = m->alert_oldest; a; a = a->newer, depth++) {
        int w = worth(m, a);

        if (!victim || w < least) {
            victim = a;
            least = w;
        }
        if (!least || (least == 1 && depth >= VICTIM_DEPTH))
            break;
    }
    assert(victim); /* max_signals is at least 1 */
    alert_account(m, victim, -1);
    model_alert_remove(m, victim);
}

struct alert *alert_create(struct model *m, const struct signal *sig)
{
    struct alert *a;

    bound(m);
    a = calloc(1, sizeof *a);
    if (!a)
        model_fail(m);
    if (!a || !model_name(m, &a->r.source, sig->source) ||
        !model_name(m, &a->r.check_name, sig->check) || !model_name(m, &a->r.host, sig->host) ||
        !model_name(m, &a->r.place, sig->place) || !model_name(m, &a->r.rule, "") ||
        !model_name(m, &a->r.group_key, "") || !model_text(m, &a->r.summary, sig->summary)) {
        model_alert_destroy(m, a);
        return NULL;
    }
    a->r.id = model_next_row(m);
    a->r.live = 1;
    a->first_boot_ms = m->now.boot_ms;
    a->r.first_wall_ms = sig->wall_ms;
    model_alert_link(m, a);
    return a;
}

static int compare_last(const void *a, const void *b)
{
    const struct alert *const *x = a, *const *y = b;

    if ((*x)->last_boot_ms != (*y)->last_boot_ms)
        return (*x)->last_boot_ms < (*y)->last_boot_ms ? -1 : 1;
    return (*x)->r.id < (*y)->r.id ? -1 : (*x)->r.id > (*y)->r.id;
}

void alerts_sort(struct model *m)
{
    struct alert **all = calloc(m->n_alerts ? m->n_alerts : 1, sizeof *all), *a;
    size_t i, n = 0;

    if (!all) {
        model_fail(m);
        return;
    }
    for (a = m->alert_oldest; a; a = a->newer)
        all[n++] = a;
    qsort(all, n, sizeof *all, compare_last);
    for (i = 0; i < n; i++)
        model_alert_touch(m, all[i]);
    free(all);
}
