#include "triage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "buf.h"
#include "chat.h"
#include "deploys.h"
#include "err.h"
#include "follow.h"
#include "incident.h"
#include "lookback.h"
#include "maintenance.h"
#include "remind.h"
#include "utf8.h"
#include "when.h"
#include "wording.h"

enum {
    /* A sync that announces only its end may have caused what fired shortly before that line. */
    UNANNOUNCED_SYNC_MS = 3 * 60 * 1000,
    REASON_BYTES = 160,
    REASONS_BYTES = 330
};

/* What was decided about an alert; see decision.h. */
struct verdict {
    enum decision_kind kind;
    int64_t incident;
    int64_t storm;
};

/* ---- words that signals want
 * -------------------------------------------------------------------------- */

struct wish {
    enum impact impact;
    struct components components;
    const struct rule_settings *words; /* whose wording; NULL: as they are */
    const struct rule_settings *any;   /* the last that changed anything */
    bool changed;
};

/* The revision that signals build on: not a proposal to end the incident. */
static const struct revision *base_of(const struct incident *inc)
{
    const struct revision *rev;

    for (rev = inc->revisions; rev; rev = rev->next) {
        if (rev->r.step != STEP_RESOLVED &&
            (rev->r.state == REVISION_OPEN || rev->r.state == REVISION_CONFIRMED ||
             rev->r.state == REVISION_PUBLISHED))
            return rev;
    }
    return inc->r.state == INCIDENT_DRAFT ? incident_trouble(inc) : NULL;
}

static int wish_init(struct wish *w, const struct revision *base)
{
    memset(w, 0, sizeof *w);
    components_init(&w->components);
    if (!base)
        return 0;
    w->impact = (enum impact)base->r.impact;
    return components_parse(&w->components, base->r.components);
}

static int wish_add(struct wish *w, const struct rule_settings *rule)
{
    bool worse = rule->impact > w->impact, wider = false, changed;
    size_t i;
    int r;

    for (i = 0; i < rule->n_components; i++) {
        r = components_raise(&w->components, rule->component[i].name, rule->component[i].status,
                             &changed);
        if (r)
            return r;
        wider = wider || changed;
    }
    if (worse || (wider && rule->impact == w->impact))
        w->words = rule;
    if (worse)
        w->impact = rule->impact;
    if (worse || wider)
        w->any = rule;
    w->changed = w->changed || worse || wider;
    return 0;
}

/* Which of the prepared texts a revision has: what is back stays back in other words. */
static enum wording_text text_of(const struct model *m, const struct incident *inc,
                                 const struct revision *base)
{
    struct wording_context ctx;
    int i;

    if (!base)
        return WORDING_STEP_INVESTIGATING;
    ctx = (struct wording_context){&base->components, inc->r.started_wall_ms, m->now.wall_ms};
    i = settings_find_wording(m->settings, base->r.wording);
    return wording_recognise(m->settings, i < 0 ? SIZE_MAX : (size_t)i, (enum step)base->r.step,
                             &ctx, base->r.body);
}

/* Makes and shows the revision that the incident's alerts ask for, when it differs from what there
 * is. */
static void revise(struct model *m, struct incident *inc, bool first)
{
    const struct revision *base = base_of(inc);
    struct alert *a;
    struct revision_plan plan = {0};
    struct revision *rev;
    struct wish w;
    char *title = NULL, *body = NULL;
    bool fits;

    if (!model_is_open(inc))
        return;
    if (wish_init(&w, base))
        goto fail;
    for (a = m->alert_oldest; a; a = a->newer) {
        if (a->r.incident != inc->r.id || a->heeded || !a->r.firing || !alert_tells(m, a) ||
            maintenance_covers(m, a))
            continue;
        if (wish_add(&w, alert_rule(m, a)))
            goto fail;
        a->heeded = true;
    }
    inc->revise_waits = false;
    if (!base) { /* the first draft takes the opening rule's words whatever its impact */
        w.changed = true;
        if (!w.words)
            w.words = model_rule(m, inc->r.rule);
    }
    if (!w.changed)
        goto out;
    /* what somebody wrote on the page by hand may be longer than what can be shown here */
    fits = !base || strlen(base->r.title) + strlen(base->r.body) <= WORDING_SHOWN_BYTES;
    if (!fits && !w.words)
        w.words = w.any;
    if (w.words && (!inc->r.words_edited || !fits)) {
        struct wording_context ctx = {&w.components, inc->r.started_wall_ms, m->now.wall_ms};

        if (wording_render_as(m->settings, w.words->wording_index, text_of(m, inc, base), &ctx,
                              &title, &body))
            goto fail;
        plan.wording = w.words->wording;
    }
    plan.kind = inc->r.state == INCIDENT_DRAFT ? REVISION_DRAFT : REVISION_WIDENING;
    if (base && base->r.state == REVISION_OPEN && base->r.kind != REVISION_CORRECT)
        plan.kind = (enum revision_kind)base->r.kind;
    plan.step = base ? (enum step)base->r.step : STEP_INVESTIGATING;
    plan.impact = w.impact;
    plan.components = &w.components;
    plan.title = title ? title : base ? base->r.title : NULL;
    plan.body = body ? body : base ? base->r.body : NULL;
    assert(plan.title &&
           plan.body); /* the first revision always has words: incidents open by a rule */
    rev = incident_revise(m, inc, &plan);
    if (rev) {
        remind_foot(m, inc);
        chat_announce(m, inc, rev, first);
    }
    goto out;
fail:
    model_fail(m);
out:
    components_finish(&w.components);
    free(title);
    free(body);
}

/* Now, or when revision_interval has passed since the last one. */
static void want_revision(struct model *m, struct incident *inc)
{
    int64_t due = inc->revised_boot_ms + m->settings->chat.revision_interval_ms;

    if (inc->revise_waits)
        return;
    if (m->now.boot_ms >= due) {
        revise(m, inc, false);
        return;
    }
    inc->revise_waits = true;
    model_timer_set(m, TIMER_REVISE, inc->r.id, due);
}

void triage_revise_due(struct model *m, struct incident *inc)
{
    inc->revise_waits = false;
    revise(m, inc, false);
}

void triage_again(struct model *m, struct incident *inc)
{
    struct alert *a;

    for (a = m->alert_oldest; a; a = a->newer)
        if (a->r.incident == inc->r.id)
            a->heeded = false;
    want_revision(m, inc);
}

/* ---- joining and opening
 * ---------------------------------------------------------------------------------- */

static void update_quiet(struct model *m, struct incident *inc)
{
    bool quiet = inc->joined > 0 && inc->firing == 0;

    if (quiet == (inc->r.quiet_wall_ms != 0))
        return;
    inc->r.quiet_wall_ms = quiet ? m->now.wall_ms : 0;
    inc->quiet_boot_ms = m->now.boot_ms;
    model_put(m, RECORD_INCIDENT, &inc->r);
    if (quiet && inc->r.state == INCIDENT_DRAFT)
        model_timer_set(m, TIMER_QUIET, inc->r.id,
                        m->now.boot_ms + m->settings->triage.draft_quiet_ms);
    else
        model_timer_clear(m, TIMER_QUIET, inc->r.id);
    follow_alerts(m, inc);
}

void triage_quiet_again(struct model *m, struct incident *inc)
{
    if (!inc->r.quiet_wall_ms)
        return;
    inc->r.quiet_wall_ms = m->now.wall_ms;
    inc->quiet_boot_ms = m->now.boot_ms;
    model_put(m, RECORD_INCIDENT, &inc->r);
    model_timer_set(m, TIMER_QUIET, inc->r.id, m->now.boot_ms + m->settings->triage.draft_quiet_ms);
}

void triage_quiet_due(struct model *m, struct incident *inc)
{
    char ago[WHEN_BYTES];

    if (inc->r.state != INCIDENT_DRAFT || !inc->r.quiet_wall_ms)
        return;
    chat_home(m, inc, SAY_ANNOUNCE, "%lld closed without publishing: its alerts are quiet for %s",
              (long long)inc->r.id, when_duration(m->settings->triage.draft_quiet_ms, ago));
    model_timeline(m, inc->r.id, m->now.wall_ms, "closed", "", "alerts quiet, nobody confirmed");
    if (incident_enter(m, inc, INCIDENT_EVENT_DISCARDED) == 0) {
        incident_end(m, inc);
        incident_forget(m, inc);
    }
}

/* "CHECK on HOST 18:34:55", as the channel reads it. */
static void describe(struct model *m, const struct alert *a, char *dst, size_t size)
{
    struct buf b;
    char hms[WHEN_BYTES];

    buf_init(&b, 4096);
    buf_addf(&b, "%s%s", a->r.paging ? "page " : "", a->r.check_name);
    if (a->r.host[0])
        buf_addf(&b, " on %s", a->r.host);
    else if (a->r.summary[0])
        buf_addf(&b, ", %s", a->r.summary);
    buf_truncate(&b, utf8_cut(buf_str(&b), size - 16));
    buf_addf(&b, " %s", when_hms(a->r.first_wall_ms, hms));
    if (buf_error(&b) == CRIER_ENOMEM)
        model_fail(m);
    memcpy(dst, buf_str(&b), b.len < size ? b.len + 1 : 1);
    buf_finish(&b);
}

/* Keeps the first reason and the newest one. */
static void add_reason(struct model *m, struct incident *inc, const struct alert *a)
{
    char one[REASON_BYTES], all[REASONS_BYTES];
    const char *old = inc->r.reasons ? inc->r.reasons : "";
    size_t first = strcspn(old, ";");
    struct buf b;

    describe(m, a, one, sizeof one);
    for (char *semicolon = one; (semicolon = strchr(semicolon, ';')) != NULL;)
        *semicolon = ',';
    buf_init(&b, sizeof all - 1);
    if (first) {
        buf_add(&b, old, first);
        buf_adds(&b, "; ");
    }
    buf_adds(&b, one);
    if (buf_error(&b) == CRIER_ENOMEM)
        model_fail(m);
    else if (!buf_error(&b) && model_text(m, &inc->r.reasons, buf_str(&b)))
        model_put(m, RECORD_INCIDENT, &inc->r);
    buf_finish(&b);
}

/* Only what was red can become green. */
static void note_alarm(struct model *m, struct incident *inc)
{
    if (inc->r.alarmed || !inc->firing)
        return;
    inc->r.alarmed = 1;
    model_put(m, RECORD_INCIDENT, &inc->r);
}

static void join(struct model *m, struct incident *inc, struct alert *a)
{
    alert_account(m, a, -1);
    a->r.incident = inc->r.id;
    a->heeded = false;
    alert_account(m, a, 1);
    note_alarm(m, inc);
    model_put(m, RECORD_ALERT, &a->r);
}

/* An alert that belongs to the incident has begun to tell something: does that change public words?
 */
static void absorb(struct model *m, struct incident *inc, struct alert *a)
{
    const struct rule_settings *rule = alert_rule(m, a);
    struct wish w;

    if (!alert_tells_by(a, rule) || !a->r.firing || a->heeded || maintenance_covers(m, a))
        return;
    if (inc->revise_waits)
        return;
    if (wish_init(&w, base_of(inc)) || wish_add(&w, rule))
        model_fail(m);
    else if (w.changed) {
        add_reason(m, inc, a);
        want_revision(m, inc);
    } else {
        a->heeded = true;
    }
    components_finish(&w.components);
}

static bool shares_component(const struct incident *inc, const struct rule_settings *rule)
{
    const struct revision *base = base_of(inc);
    size_t i;

    for (i = 0; base && rule && i < rule->n_components; i++)
        if (components_find(&base->components, rule->component[i].name))
            return true;
    return false;
}

static struct incident *find_related(const struct model *m, const struct alert *a)
{
    const struct rule_settings *rule = alert_rule(m, a);
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next) {
        if (!model_is_open(inc) || incident_ending(inc) ||
            (rule && rule->page && strcmp(rule->page, inc->r.page) != 0))
            continue;
        if (shares_component(inc, rule))
            return inc;
        if ((a->r.paging || a->r.severity == SEVERITY_CRITICAL) &&
            m->now.boot_ms - inc->opened_boot_ms < m->settings->triage.join_window_ms)
            return inc;
    }
    return NULL;
}

/* Distinct watched critical alerts that began within the storm window. */
static int64_t count_storm(const struct model *m)
{
    const struct alert *a, *b;
    int64_t n = 0, since = m->now.boot_ms - m->settings->triage.storm_window_ms;

    for (a = m->alert_newest; a && a->last_boot_ms >= since; a = a->older) {
        bool twin = false;

        if (!a->r.firing || a->r.held || a->r.incident || a->first_boot_ms < since ||
            !alert_tells(m, a) || maintenance_covers(m, a))
            continue;
        for (b = m->alert_newest; b != a && !twin; b = b->older)
            twin = !b->r.incident && !strcmp(a->r.check_name, b->r.check_name) &&
                   !strcmp(a->r.host, b->r.host);
        if (!twin && ++n >= m->settings->triage.storm_count)
            break;
    }
    return n;
}

static void take_lookback(struct model *m, struct incident *inc)
{
    int64_t since = m->now.boot_ms - m->settings->triage.lookback_ms;
    struct alert *a;

    for (a = m->alert_oldest; a; a = a->newer) {
        const struct rule_settings *rule = alert_rule(m, a);

        if (a->r.incident || a->r.held || a->last_boot_ms < since ||
            (rule && rule->page && strcmp(rule->page, inc->r.page) != 0) ||
            maintenance_covers(m, a))
            continue;
        join(m, inc, a);
        lookback_joined(m, a, since);
    }
    lookback_take(m, inc, since);
}

/* Once, until one opens again: triage_purge() comes back to what pages. */
static void tell_full(struct model *m, const struct alert *a, const char *place)
{
    char one[REASON_BYTES];

    if (m->full_told || turn_error(m->turn))
        return;
    m->full_told = true;
    describe(m, a, one, sizeof one);
    chat_say(m, place, SAY_PROMPT,
             "%lld are open, the most there may be: %s opens none. Close one: `%s`",
             (long long)m->settings->triage.max_open, one, m->settings->chat.prefix);
}

/* @return whether there was room for one more. */
static bool open_incident(struct model *m, struct alert *a, struct deploy *suspect)
{
    const struct rule_settings *rule = alert_rule(m, a);
    struct incident *inc;
    int64_t started = a->r.first_wall_ms;
    struct deploy *d;

    if (suspect && suspect->r.production_wall_ms)
        started = suspect->r.production_wall_ms;
    inc = incident_open(m, rule->page, rule->channel, rule->name, NULL, started);
    if (!inc) {
        tell_full(m, a, rule->channel);
        return false;
    }
    m->full_told = false;
    if (suspect) {
        inc->r.deploy = suspect->r.id;
        model_put(m, RECORD_INCIDENT, &inc->r);
    }
    add_reason(m, inc, a);
    take_lookback(m, inc);
    if (!a->r.incident)
        join(m, inc, a);
    revise(m, inc, true);
    update_quiet(m, inc);
    for (d = m->deploys; d; d = d->next) /* somebody undoes already what the alerts tell only now */
        if (d->r.state == DEPLOY_RUNNING)
            follow_deploy(m, d);
    return true;
}

/* Whether an alert that belongs to nothing opens an incident by itself. */
static struct verdict consider(struct model *m, struct alert *a)
{
    const struct rule_settings *rule = alert_rule(m, a);
    struct verdict v = {.kind = DECISION_REMEMBERED};
    struct deploy *suspect;
    struct incident *inc;

    if (!a->r.firing || a->r.held || a->r.incident)
        return v;
    if (maintenance_covers(m, a)) {
        v.kind = DECISION_PLANNED;
        return v;
    }
    inc = find_related(m, a);
    if (inc) {
        join(m, inc, a);
        absorb(m, inc, a);
        update_quiet(m, inc);
        v.kind = DECISION_JOINED;
        v.incident = inc->r.id;
        return v;
    }
    if (!alert_tells_by(a, rule)) {
        if (!rule)
            v.kind = DECISION_NO_RULE;
        else if (!rule->watched)
            v.kind = DECISION_UNWATCHED;
        return v;
    }
    suspect = deploy_suspect(m);
    if (!a->r.paging && !suspect) {
        v.storm = count_storm(m);
        if (v.storm < m->settings->triage.storm_count) {
            v.kind = DECISION_ALONE;
            return v;
        }
    }
    v.kind = open_incident(m, a, suspect) ? DECISION_OPENED : DECISION_FULL;
    v.incident = a->r.incident;
    return v;
}

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
    d.incident = v ? v->incident : 0;
    d.storm = v ? v->storm : 0;
    m->decisions->decided(m->decisions->ctx, &d);
}

/* ---- signals
 * ------------------------------------------------------------------------------------------------
 */

/* A page that a maintenance window covers: no draft, but nothing is lost or silent. */
static void hold_back(struct model *m, const struct alert *a, const struct signal *sig)
{
    struct signal note = *sig;
    char one[REASON_BYTES], *text;

    describe(m, a, one, sizeof one);
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
    inc = a->r.incident ? model_incident(m, a->r.incident) : NULL;
    if (fresh || (!inc && (began || worse)))
        a->planned = maintenance_covers(m, a);
    alert_account(m, a, 1);
    model_alert_touch(m, a);
    model_put(m, RECORD_ALERT, &a->r);
    began = (began || worse) && !a->r.held;
    a->noted = a->noted || began;
    if (inc) {
        note_alarm(m, inc);
        if (began)
            absorb(m, inc, a);
        update_quiet(m, inc);
        verdict.incident = inc->r.id;
    } else if (began) {
        verdict = consider(m, a);
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
    if (inc)
        update_quiet(m, inc);
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
            (void)consider(m, a);
            return; /* the others have joined it */
        }
    }
}

static void on_deploy(struct model *m, const struct signal *sig)
{
    struct deploy *d;
    bool unannounced = deploy_take(m, sig, &d);

    lookback_line(m, sig, d ? d->r.id : 0);
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

/* ---- upkeep
 * --------------------------------------------------------------------------------------------------
 */

/* What pages and found no room for an incident. */
static void reconsider_pages(struct model *m)
{
    struct alert *a;

    for (a = m->alert_oldest; a; a = a->newer)
        if (a->r.paging && a->r.firing && !a->r.held && !a->r.incident && alert_tells(m, a))
            (void)consider(m, a);
}

/* It begins now, for whatever counts when something began. */
static void begin_again(struct model *m, struct alert *a)
{
    if (a->first_boot_ms < m->now.boot_ms - m->settings->triage.lookback_ms)
        a->noted = false; /* the line that it began with is forgotten */
    alert_account(m, a, -1);
    a->planned = false;
    a->r.first_wall_ms = a->r.last_wall_ms = m->now.wall_ms;
    a->first_boot_ms = a->last_boot_ms = m->now.boot_ms;
    alert_account(m, a, 1);
    model_alert_touch(m, a);
    model_put(m, RECORD_ALERT, &a->r);
}

void triage_uncovered(struct model *m)
{
    struct alert *a, *newer, *last = m->alert_newest;
    struct incident *inc;
    size_t begun = 0;
    bool end = !last;

    for (a = m->alert_oldest; !end; a = newer) {
        newer = a->newer;
        end = a == last;
        if (!a->planned || maintenance_covers(m, a))
            continue;
        begin_again(m, a); /* and goes to the newest end */
        begun++;
    }
    for (a = m->alert_newest; a && begun > 1; begun--)
        a = a->older;
    for (; a && begun; a = a->newer) {
        int64_t known = m->meta.next_incident;
        bool alone = !a->r.incident;

        inc = alone ? NULL : model_incident(m, a->r.incident);
        if (inc) {
            note_alarm(m, inc);
            absorb(m, inc, a);
            update_quiet(m, inc);
            continue;
        }
        (void)consider(m, a);
        if (alone && a->r.incident && m->meta.next_incident == known)
            lookback_joined(m, a, m->now.boot_ms + 1);
    }
}

void triage_purge(struct model *m)
{
    int64_t since = m->now.boot_ms - m->settings->triage.lookback_ms;
    int64_t storm = m->now.boot_ms - m->settings->triage.storm_window_ms;
    struct incident *inc;
    struct alert *a, *newer;

    if (m->full_told)
        reconsider_pages(m);
    for (inc = m->incidents; inc; inc = inc->next)
        if (model_is_open(inc))
            update_quiet(m, inc);

    if (storm < since)
        since = storm;
    for (a = m->alert_oldest; a && a->last_boot_ms < since; a = newer) {
        newer = a->newer;
        if (!a->r.incident && !(a->r.firing && (a->r.held || alert_tells(m, a))))
            model_alert_remove(m, a);
    }
    deploys_purge(m);
    lookback_purge(m, since);
}

void triage_reloaded(struct model *m)
{
    struct incident *inc;
    struct alert *a;

    for (inc = m->incidents; inc; inc = inc->next)
        inc->firing = inc->joined = 0;
    for (a = m->alert_oldest; a; a = a->newer)
        alert_account(m, a, 1);
}

/* Whether a revision from before the restart can be taken to know of the alert. One that came less
 * than revision_interval behind the last revision by signals may have been held back. */
static bool was_heeded(const struct model *m, const struct alert *a)
{
    const struct incident *inc = a->r.incident ? model_incident(m, a->r.incident) : NULL;
    const struct revision *rev = inc ? inc->revisions : NULL;
    int64_t began = a->r.first_wall_ms;

    while (rev && !rev->r.made_by[0])
        rev = rev->next;
    return inc && (began <= inc->r.revised_wall_ms ||
                   (rev && began <= rev->r.made_wall_ms &&
                    began > inc->r.revised_wall_ms + m->settings->chat.revision_interval_ms));
}

void triage_restore(struct model *m)
{
    struct incident *inc;
    struct alert *a;

    alerts_sort(m);
    lookback_restore(m);
    for (a = m->alert_oldest; a; a = a->newer) {
        alert_account(m, a, 1);
        a->heeded = !a->planned && was_heeded(m, a);
    }
    for (inc = m->incidents; inc; inc = inc->next) {
        if (!model_is_open(inc))
            continue;
        if (inc->r.quiet_wall_ms && inc->r.state == INCIDENT_DRAFT)
            model_timer_set(
                m, TIMER_QUIET, inc->r.id,
                model_past_boot(m, inc->r.quiet_wall_ms, m->settings->triage.draft_quiet_ms) +
                    m->settings->triage.draft_quiet_ms);
        update_quiet(m, inc);
        /* a revision may have been held back when the program ended */
        inc->revise_waits = true;
        model_timer_set(m, TIMER_REVISE, inc->r.id,
                        inc->revised_boot_ms + m->settings->chat.revision_interval_ms);
    }
}
