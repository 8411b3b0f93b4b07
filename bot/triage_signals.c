#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "buf.h"
#include "chat.h"
#include "crowd.h"
#include "deploys.h"
#include "follow.h"
#include "lookback.h"
#include "maintenance.h"
#include "triage_impl.h"

enum {
    /* A sync that announces only its end may have caused what fired shortly before that line. */
    UNANNOUNCED_SYNC_MS = 3 * 60 * 1000,
    /* To see an alert, write a change, have it merged and synced takes longer. */
    REACTION_MS = 90 * 1000
};

/* @param v NULL: the rule says ignore. */
static void explain(const struct model *m, const struct signal *sig, const struct verdict *v)
{
    struct decision d = {0};

    if (!m->decisions)
        return;
    d.kind = v ? v->kind : DECISION_IGNORED;
    d.wall_ms = sig->wall_ms;
    d.source = sig->source;
    d.check = sig->check;
    d.host = sig->host;
    d.summary = sig->summary;
    d.paging = sig->paging;
    d.severity = sig->severity;
    d.rule = sig->rule >= 0 ? m->settings->rule[sig->rule].name : "";
    d.at_once = sig->rule >= 0 ? m->settings->rule[sig->rule].at_once : 1;
    d.incident = v ? v->incident : 0;
    d.storm = v ? v->storm : 0;
    m->decisions->decided(m->decisions->ctx, &d);
}

/* A page that a maintenance window covers: no draft, but nothing is lost or silent. */
static void hold_back(struct model *m, const struct alert *a, const struct signal *sig)
{
    struct signal note = *sig;
    char one[REASON_BYTES], *text;

    triage_describe(m, a, one, sizeof one);
    text = buf_printf("no draft, since maintenance covers it: %s", one);
    if (!text) {
        model_fail(m);
        return;
    }
    note.kind = SIGNAL_NOTE;
    note.user = sig->source;
    note.raw = text;
    note.line_id = 0;
    lookback_line(m, &note, 0);
    maintenance_held(m, a, alert_rule(m, a)->channel, one);
    free(text);
}

/* The whole line says that it is not about the alert that its first part has made. */
static bool is_another(const struct model *m, const struct alert *a, const struct signal *sig)
{
    const struct alert *known;

    if (strcmp(a->r.source, sig->source) != 0 || strcmp(a->r.check_name, sig->check) != 0 ||
        strcmp(a->r.host, sig->host) != 0)
        return true;
    known = alert_find(m, sig);
    return known && known != a && alert_is_echo(known, sig);
}

/* What fires is told once more, by somebody who knows less of it. */
static void hear_again(struct model *m, struct alert *a, const struct signal *sig)
{
    a->r.line_id = (int64_t)sig->line_id;
    a->r.last_wall_ms = sig->wall_ms;
    a->last_boot_ms = m->now.boot_ms;
    model_alert_touch(m, a);
    model_put(m, RECORD_ALERT, &a->r);
}

static void on_firing(struct model *m, const struct signal *sig)
{
    const struct rule_settings *rule = sig->rule >= 0 ? &m->settings->rule[sig->rule] : NULL;
    struct alert *a = alert_find_amended(m, sig);
    struct incident *inc;
    struct verdict verdict = {.kind = DECISION_JOINED};
    bool told, worse, began, fresh, written;

    if (rule && rule->ignore) {
        explain(m, sig, NULL);
        return;
    }
    if (a && is_another(m, a, sig)) {
        alert_account(m, a, -1);
        model_alert_remove(m, a);
        a = NULL;
    }
    if (!a)
        a = alert_find(m, sig);
    if (a && alert_is_stale(a, sig))
        return;
    if (!a)
        a = alert_create(m, sig);
    if (!a)
        return;
    if (!a->r.incident && m->now.boot_ms - a->last_boot_ms >= ALERT_FORGOTTEN_MS)
        a->r.firing = a->r.held = 0; /* its recovery was missed: this is a new one */
    if (alert_is_echo(a, sig) && (a->r.paging || !sig->paging)) {
        hear_again(m, a, sig);
        return;
    }
    if (!a->r.firing) {
        a->r.held = 0; /* what people closed has recovered in between */
        a->r.crowd = 0;
        if (!model_name(m, &a->r.place, sig->place))
            return;
    }
    /* Alertmanager may tell more of what was heard in the channel already; that line has its row.
     */
    written = a->r.firing && a->noted && sig->group_key && !a->r.group_key[0] &&
              (a->r.paging || !sig->paging) &&
              (!a->r.severity || a->r.severity >= (int64_t)sig->severity);
    told = a->r.firing && alert_tells(m, a);
    began = !a->r.firing || strcmp(a->r.rule, rule ? rule->name : "") != 0;
    alert_account(m, a, -1);
    worse = sig->paging && !a->r.paging;
    if (worse || strcmp(a->r.rule, rule ? rule->name : "") != 0)
        a->heeded = false; /* but not because it comes and goes */
    a->r.severity = sig->severity;
    /* A group without the label may have been a page in the channel. */
    a->r.paging = sig->paging || (a->r.firing && sig->group_key && a->r.paging);
    worse = worse || (!told && alert_tells_by(a, rule)); /* a warning that is critical now */
    fresh = !a->r.firing || (worse && !told);
    if (fresh) {
        a->r.first_wall_ms = sig->wall_ms;
        a->first_boot_ms = m->now.boot_ms;
    }
    if (worse)
        a->r.held = 0; /* it got worse than what people closed */
    a->r.firing = 1;
    a->r.count = sig->count;
    a->r.line_id = (int64_t)sig->line_id;
    a->r.last_wall_ms = sig->wall_ms;
    a->last_boot_ms = m->now.boot_ms;
    if (!model_text(m, &a->r.summary, sig->summary) ||
        !model_name(m, &a->r.rule, rule ? rule->name : "") ||
        (sig->group_key && !model_name(m, &a->r.group_key, sig->group_key)))
        return;
    a->rule = rule;
    inc = a->r.incident ? model_incident(m, a->r.incident) : NULL;
    if (fresh || (!inc && (began || worse)))
        a->planned = maintenance_covers(m, a);
    alert_account(m, a, 1);
    model_alert_touch(m, a);
    crowd_gather(m, a, rule);
    model_put(m, RECORD_ALERT, &a->r);
    began = (began || worse) && !a->r.held;
    a->noted = a->noted || began;
    if (inc) {
        triage_note_alarm(m, inc);
        if (began)
            triage_absorb(m, inc, a);
        triage_update_quiet(m, inc);
        verdict.incident = inc->r.id;
    } else if (began) {
        verdict = triage_consider(m, a);
        if (a->planned && a->r.paging && alert_tells_by(a, rule))
            hold_back(m, a, sig);
    } else if (a->r.held) {
        verdict.kind = DECISION_HELD;
    }
    if (began || a->r.held)
        explain(m, sig, &verdict);
    if (began && !written)
        lookback_alert(m, a, sig, lookback_firing(a));
}

static void on_resolved(struct model *m, const struct signal *sig)
{
    struct alert *a = alert_find_recovering(m, sig);
    struct incident *inc;

    if (!a || !a->r.firing || alert_is_stale(a, sig))
        return;
    inc = a->r.incident ? model_incident(m, a->r.incident) : NULL;
    alert_account(m, a, -1);
    a->r.firing = 0;
    a->planned = false;
    a->r.resolved_wall_ms = sig->wall_ms;
    a->last_boot_ms = m->now.boot_ms;
    alert_account(m, a, 1);
    if (!model_name(m, &a->r.place, sig->place))
        return;
    model_alert_touch(m, a);
    model_put(m, RECORD_ALERT, &a->r);
    if (a->r.held) /* what people closed: kept so that a second recovery finds it */
        return;
    lookback_alert(m, a, sig, "resolved");
    if (crowd_thin(m, a))
        triage_update_quiet_all(m);
    else if (inc)
        triage_update_quiet(m, inc);
}

/* A deploy that was not announced may be behind alerts that fired just before. */
static void reconsider_recent(struct model *m)
{
    int64_t since = m->now.boot_ms - UNANNOUNCED_SYNC_MS;
    struct alert *a = m->alert_newest;

    while (a && a->last_boot_ms >= since)
        a = a->older;
    for (a = a ? a->newer : m->alert_oldest; a; a = a->newer) {
        if (a->first_boot_ms >= since && a->r.firing && !a->r.incident && !a->r.held &&
            alert_tells(m, a) && !maintenance_covers(m, a)) {
            (void)triage_consider(m, a);
            return; /* the others have joined it */
        }
    }
}

/* A sync that is over so soon after an outage began is nobody's answer to it: it was under way. */
static void suspect_late(struct model *m, const struct deploy *d)
{
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next) {
        const struct rule_settings *rule = model_rule(m, inc->r.rule);

        if (!model_is_open(inc) || inc->r.deploy || !rule || !deploy_may_cause(d, rule) ||
            m->now.boot_ms - inc->opened_boot_ms > REACTION_MS)
            continue;
        inc->r.deploy = d->r.id;
        model_put(m, RECORD_INCIDENT, &inc->r);
        chat_home(m, inc, SAY_ANNOUNCE, "%lld: %s's %s has just ended: it is the suspect",
                  (long long)inc->r.id, d->r.user[0] ? d->r.user : "somebody",
                  d->r.tool[0] ? d->r.tool : "deploy");
    }
}

static void on_deploy(struct model *m, const struct signal *sig)
{
    struct deploy *d;
    bool unannounced = deploy_take(m, sig, &d);

    lookback_line(m, sig, d ? d->r.id : 0);
    if (d && unannounced && !d->r.revert)
        suspect_late(m, d);
    if (d)
        follow_deploy(m, d);
    if (unannounced)
        reconsider_recent(m);
}

void triage_signal(struct model *m, const struct signal *sig)
{
    switch (sig->kind) {
    case SIGNAL_FIRING:
        on_firing(m, sig);
        break;
    case SIGNAL_RESOLVED:
        on_resolved(m, sig);
        break;
    case SIGNAL_DEPLOY:
        on_deploy(m, sig);
        break;
    case SIGNAL_MITIGATION:
        lookback_line(m, sig, 0);
        follow_mitigation(m, sig);
        break;
    case SIGNAL_MAINTENANCE:
        lookback_line(m, sig, 0);
        maintenance_signal(m, sig);
        break;
    case SIGNAL_ACKNOWLEDGED:
    case SIGNAL_NOTE:
        lookback_line(m, sig, 0);
        break;
    }
}
