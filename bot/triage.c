#include "triage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "chat.h"
#include "err.h"
#include "incident.h"
#include "utf8.h"
#include "when.h"
#include "wording.h"

enum {
    /* A sync that announces only its end may have caused what fired shortly before that line. */
    UNANNOUNCED_SYNC_MS = 3 * 60 * 1000,
    AMEND_DEPTH = 16, /* newest alerts among which the line of a continuation is looked for */
    REASON_BYTES = 160,
    REASONS_BYTES = 330,
    DEPLOYS_MAX = 64
};

static const struct rule_settings *rule_of(const struct model *m, const struct alert *a)
{
    return model_rule(m, a->r.rule);
}

static bool tells(const struct alert *a, const struct rule_settings *rule)
{
    return rule && !rule->ignore &&
           (a->r.paging || (rule->watched && a->r.severity == SEVERITY_CRITICAL));
}

bool triage_tells(const struct model *m, const struct alert *a)
{
    return tells(a, rule_of(m, a));
}

/* ---- deploys
 * -------------------------------------------------------------------------------------- */

static bool is_running(const struct model *m, const struct deploy *d)
{
    return d->r.state == DEPLOY_RUNNING &&
           m->now.boot_ms - d->started_boot_ms < m->settings->triage.deploy_max_ms;
}

struct deploy *triage_suspect(const struct model *m)
{
    struct deploy *d, *ended = NULL;

    for (d = m->deploys; d; d = d->next) {
        if (!d->r.production || d->r.phase == PHASE_CANCELLED)
            continue;
        if (is_running(m, d))
            return d;
        if (!ended && d->r.state == DEPLOY_ENDED &&
            m->now.boot_ms - d->ended_boot_ms < m->settings->triage.deploy_window_ms)
            ended = d;
    }
    return ended;
}

const struct person_settings *triage_deployer(const struct model *m, const struct deploy *d)
{
    size_t i;

    for (i = 0; d && d->r.user[0] && i < m->settings->n_people; i++)
        if (m->settings->person[i].shell && !strcmp(m->settings->person[i].shell, d->r.user))
            return &m->settings->person[i];
    return NULL;
}

static struct deploy *find_deploy(struct model *m, const struct signal *sig)
{
    struct deploy *d;

    for (d = m->deploys; d; d = d->next) {
        if (sig->line_id && d->r.line_id == (int64_t)sig->line_id)
            return d;
        if (sig->phase != PHASE_STARTED && d->r.state == DEPLOY_RUNNING &&
            !strcmp(d->r.source, sig->source) && !strcmp(d->r.user, sig->user) &&
            !strcmp(d->r.deploy_host, sig->deploy_host) &&
            d->r.production == (sig->production ? 1 : 0))
            return d;
    }
    return NULL;
}

static bool is_suspect(const struct model *m, int64_t id)
{
    const struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        if (inc->r.deploy == id)
            return true;
    return false;
}

static void forget_deploy(struct model *m, struct deploy *d)
{
    struct deploy **link = &m->deploys;

    while (*link != d)
        link = &(*link)->next;
    *link = d->next;
    batch_delete(&m->turn->batch, RECORD_DEPLOY, d->r.id);
    record_finish(RECORD_DEPLOY, &d->r);
    free(d);
}

/* Drops the oldest one that nothing needs when there are too many. */
static void bound_deploys(struct model *m)
{
    struct deploy *d, *victim = NULL;
    size_t n = 0;

    for (d = m->deploys; d; d = d->next) {
        n++;
        if (!is_suspect(m, d->r.id))
            victim = d;
    }
    if (n > DEPLOYS_MAX && victim)
        forget_deploy(m, victim);
}

static struct deploy *new_deploy(struct model *m, const struct signal *sig)
{
    struct deploy *d = calloc(1, sizeof *d);

    if (!d || !model_text(m, &d->r.source, sig->source) || !model_text(m, &d->r.user, sig->user) ||
        !model_text(m, &d->r.deploy_host, sig->deploy_host) ||
        !model_text(m, &d->r.tool, sig->tool) || !model_text(m, &d->r.change_text, sig->change)) {
        if (d)
            record_finish(RECORD_DEPLOY, &d->r);
        free(d);
        model_fail(m);
        return NULL;
    }
    d->r.id = model_next_row(m);
    d->r.live = 1;
    d->r.state = DEPLOY_RUNNING;
    d->r.production = sig->production;
    d->r.revert = sig->revert;
    d->r.started_wall_ms = sig->wall_ms;
    d->r.line_id = (int64_t)sig->line_id;
    d->started_boot_ms = m->now.boot_ms;
    d->next = m->deploys;
    m->deploys = d;
    bound_deploys(m);
    return d;
}

static bool phase_ends(enum deploy_phase phase)
{
    switch (phase) {
    case PHASE_FINISHED:
    case PHASE_ABORTED:
    case PHASE_FAILED:
    case PHASE_CANCELLED:
        return true;
    case PHASE_STARTED:
    case PHASE_TESTED:
    case PHASE_CONTINUED:
    case PHASE_ROLLBACK:
        return false;
    }
    return false;
}

/* ---- remembering alerts
 * ---------------------------------------------------------------------------- */

/* Takes an alert out of its incident's count before a change, and into it afterwards. */
static void account(struct model *m, const struct alert *a, int sign)
{
    struct incident *inc = a->r.incident ? model_incident(m, a->r.incident) : NULL;

    if (!inc)
        return;
    inc->joined += sign;
    if (a->r.firing && triage_tells(m, a))
        inc->firing += sign;
}

static bool same_alert(const struct alert *a, const struct signal *sig)
{
    if (strcmp(a->r.source, sig->source) != 0 || strcmp(a->r.check_name, sig->check) != 0 ||
        strcmp(a->r.host, sig->host) != 0)
        return false;
    /* Without a host the summary is what tells one group of a check from another. */
    return sig->host[0] || !strcmp(a->r.summary, sig->summary);
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

static struct alert *find_alert(const struct model *m, const struct signal *sig)
{
    struct alert *a;

    for (a = model_alert_bucket(m, sig->source, sig->check); a; a = a->next_hash)
        if (same_alert(a, sig))
            return a;
    return NULL;
}

/* A recovery may come with another count and so with another summary: then it is the only firing
 * alert of that check, or the one whose summary is most alike. */
static struct alert *find_recovering(const struct model *m, const struct signal *sig)
{
    struct alert *a, *best = find_alert(m, sig);
    size_t n = 0, best_len = 0;

    if (best || sig->host[0])
        return best;
    for (a = model_alert_bucket(m, sig->source, sig->check); a; a = a->next_hash) {
        size_t len;

        if (!a->r.firing || strcmp(a->r.source, sig->source) != 0 ||
            strcmp(a->r.check_name, sig->check) != 0 || a->r.host[0])
            continue;
        n++;
        len = common_prefix(a->r.summary, sig->summary);
        if (!best || len > best_len) {
            best = a;
            best_len = len;
        }
    }
    if (n > 1 && best_len * 2 < strlen(sig->summary))
        return NULL;
    return best;
}

/* The alert that an earlier part of the same line made. */
static struct alert *find_amended(const struct model *m, const struct signal *sig)
{
    struct alert *a = m->alert_newest;
    int depth;

    for (depth = 0; sig->line_id && a && depth < AMEND_DEPTH; a = a->older, depth++)
        if (a->r.line_id == (int64_t)sig->line_id)
            return a;
    return NULL;
}

/* Room for one more: the oldest that belongs to nothing goes first, else the oldest of all. */
static void bound_alerts(struct model *m)
{
    struct alert *a;

    if (m->n_alerts < (size_t)m->settings->triage.max_signals)
        return;
    for (a = m->alert_oldest; a; a = a->newer)
        if (!a->r.incident && !a->r.held)
            break;
    if (!a)
        a = m->alert_oldest;
    assert(a); /* max_signals is at least 1 */
    account(m, a, -1);
    model_alert_remove(m, a);
}

static struct alert *new_alert(struct model *m, const struct signal *sig)
{
    struct alert *a;

    bound_alerts(m);
    a = calloc(1, sizeof *a);
    if (!a || !model_text(m, &a->r.source, sig->source) ||
        !model_text(m, &a->r.check_name, sig->check) || !model_text(m, &a->r.host, sig->host) ||
        !model_text(m, &a->r.place, sig->place) || !model_text(m, &a->r.summary, sig->summary) ||
        !model_text(m, &a->r.rule, "")) {
        if (a)
            record_finish(RECORD_ALERT, &a->r);
        free(a);
        model_fail(m);
        return NULL;
    }
    a->r.id = model_next_row(m);
    a->r.live = 1;
    a->first_boot_ms = m->now.boot_ms;
    a->r.first_wall_ms = sig->wall_ms;
    model_alert_link(m, a);
    return a;
}

/* ---- words that signals want
 * -------------------------------------------------------------------------- */

struct wish {
    enum impact impact;
    struct components components;
    const struct rule_settings *words; /* whose wording; NULL: as they are */
    bool changed;
};

/* The revision that signals build on: not a proposal to end the incident. */
static const struct revision *base_of(const struct incident *inc)
{
    const struct revision *rev;

    for (rev = inc->revisions; rev; rev = rev->next) {
        bool ends = rev->r.kind == REVISION_RESOLVE || rev->r.kind == REVISION_RETRACT;

        if ((rev->r.state == REVISION_OPEN && !ends) || rev->r.state == REVISION_CONFIRMED ||
            rev->r.state == REVISION_PUBLISHED)
            return rev;
    }
    return NULL;
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
    w->changed = w->changed || worse || wider;
    return 0;
}

/* Makes and shows the revision that the incident's alerts ask for, when it differs from what there
 * is. */
static void revise(struct model *m, struct incident *inc, bool first)
{
    const struct revision *base = base_of(inc);
    const struct alert *a;
    struct revision_plan plan = {0};
    struct revision *rev;
    struct wish w;
    char *title = NULL, *body = NULL;

    if (wish_init(&w, base))
        goto fail;
    for (a = m->alert_oldest; a; a = a->newer)
        if (a->r.incident == inc->r.id && a->r.firing && triage_tells(m, a) &&
            wish_add(&w, rule_of(m, a)))
            goto fail;
    inc->revise_waits = false;
    if (!base) { /* the first draft takes the opening rule's words whatever its impact */
        w.changed = true;
        if (!w.words)
            w.words = model_rule(m, inc->r.rule);
    }
    if (!w.changed)
        goto out;
    if (w.words && !inc->r.words_edited) {
        struct wording_context ctx = {&w.components, inc->r.started_wall_ms, m->now.wall_ms};
        enum step step = base ? (enum step)base->r.step : STEP_INVESTIGATING;

        if (wording_render(m->settings, w.words->wording_index, step, &ctx, &title, &body))
            goto fail;
        if (!model_text(m, &inc->r.wording, w.words->wording))
            goto out;
    }
    plan.kind = inc->r.state == INCIDENT_DRAFT ? REVISION_DRAFT : REVISION_WIDENING;
    if (base && base->r.state == REVISION_OPEN)
        plan.kind = (enum revision_kind)base->r.kind;
    plan.step = base ? (enum step)base->r.step : STEP_INVESTIGATING;
    plan.impact = w.impact;
    plan.components = &w.components;
    plan.title = title ? title : base ? base->r.title : NULL;
    plan.body = body ? body : base ? base->r.body : NULL;
    assert(plan.title &&
           plan.body); /* the first revision always has words: incidents open by a rule */
    rev = incident_revise(m, inc, &plan);
    if (rev)
        chat_announce(m, inc, rev, first);
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

/* ---- joining and opening
 * ---------------------------------------------------------------------------------- */

static void update_quiet(struct model *m, struct incident *inc)
{
    bool quiet = inc->joined > 0 && inc->firing == 0;

    if (quiet == (inc->r.quiet_wall_ms != 0))
        return;
    inc->r.quiet_wall_ms = quiet ? m->now.wall_ms : 0;
    model_put(m, RECORD_INCIDENT, &inc->r);
    if (quiet && inc->r.state == INCIDENT_DRAFT)
        model_timer_set(m, TIMER_QUIET, inc->r.id,
                        m->now.boot_ms + m->settings->triage.draft_quiet_ms);
    else
        model_timer_clear(m, TIMER_QUIET, inc->r.id);
}

void triage_quiet_due(struct model *m, struct incident *inc)
{
    char ago[WHEN_BYTES];

    if (inc->r.state != INCIDENT_DRAFT || !inc->r.quiet_wall_ms)
        return;
    chat_home(m, inc, SAY_ANNOUNCE, "%lld closed without publishing: its alerts are quiet for %s",
              (long long)inc->r.id, when_duration(m->settings->triage.draft_quiet_ms, ago));
    model_timeline(m, inc->r.id, m->now.wall_ms, "closed", "", "alerts quiet, nobody confirmed");
    if (incident_enter(m, inc, INCIDENT_EVENT_DISCARDED) == 0)
        incident_close(m, inc);
}

/* "CHECK on HOST 18:34:55", as the channel reads it. */
static void describe(const struct alert *a, char *dst, size_t size)
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

    describe(a, one, sizeof one);
    for (char *semicolon = one; (semicolon = strchr(semicolon, ';')) != NULL;)
        *semicolon = ',';
    buf_init(&b, sizeof all - 1);
    if (first) {
        buf_add(&b, old, first);
        buf_adds(&b, "; ");
    }
    buf_adds(&b, one);
    if (!buf_error(&b) && model_text(m, &inc->r.reasons, buf_str(&b)))
        model_put(m, RECORD_INCIDENT, &inc->r);
    buf_finish(&b);
}

static void join(struct model *m, struct incident *inc, struct alert *a)
{
    account(m, a, -1);
    a->r.incident = inc->r.id;
    account(m, a, 1);
    model_put(m, RECORD_ALERT, &a->r);
}

/* An alert that belongs to the incident has begun to tell something: does that change public words?
 */
static void absorb(struct model *m, struct incident *inc, const struct alert *a)
{
    const struct rule_settings *rule = rule_of(m, a);
    struct wish w;

    if (!tells(a, rule) || !a->r.firing)
        return;
    if (inc->revise_waits)
        return;
    if (wish_init(&w, base_of(inc)) || wish_add(&w, rule))
        model_fail(m);
    else if (w.changed) {
        add_reason(m, inc, a);
        want_revision(m, inc);
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
    const struct rule_settings *rule = rule_of(m, a);
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next) {
        if (!model_is_open(inc) || (rule && rule->page && strcmp(rule->page, inc->r.page) != 0))
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
            !triage_tells(m, a))
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
    struct note *n;

    for (a = m->alert_oldest; a; a = a->newer) {
        if (a->r.incident || a->r.held || a->last_boot_ms < since)
            continue;
        join(m, inc, a);
        model_timeline(m, inc->r.id, a->r.first_wall_ms, a->r.firing ? "firing" : "flapped",
                       a->r.source, a->r.summary[0] ? a->r.summary : a->r.check_name);
    }
    while ((n = m->notes) != NULL) {
        n->r.incident = inc->r.id;
        n->r.live = 0;
        if (n->boot_ms >= since)
            model_put(m, RECORD_TIMELINE, &n->r);
        else
            batch_delete(&m->turn->batch, RECORD_TIMELINE, n->r.id);
        m->notes = n->next;
        m->n_notes--;
        record_finish(RECORD_TIMELINE, &n->r);
        free(n);
    }
    m->notes_last = NULL;
}

static void open_incident(struct model *m, struct alert *a, struct deploy *suspect)
{
    const struct rule_settings *rule = rule_of(m, a);
    struct incident *inc;
    int64_t started = a->r.first_wall_ms;

    if (suspect && suspect->r.production_wall_ms)
        started = suspect->r.production_wall_ms;
    inc = incident_open(m, rule->page, rule->channel, rule->name, rule->wording, NULL, started);
    if (!inc)
        return;
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
}

/* Whether an alert that belongs to nothing opens an incident by itself. */
static void consider(struct model *m, struct alert *a)
{
    const struct rule_settings *rule = rule_of(m, a);
    struct deploy *suspect;
    struct incident *inc;

    if (!a->r.firing || a->r.held || a->r.incident)
        return;
    inc = find_related(m, a);
    if (inc) {
        join(m, inc, a);
        absorb(m, inc, a);
        update_quiet(m, inc);
        return;
    }
    if (!tells(a, rule))
        return;
    suspect = triage_suspect(m);
    if (a->r.paging || suspect || count_storm(m) >= m->settings->triage.storm_count)
        open_incident(m, a, suspect);
}

/* ---- signals
 * ------------------------------------------------------------------------------------------------
 */

static void on_firing(struct model *m, const struct signal *sig)
{
    const struct rule_settings *rule = sig->rule >= 0 ? &m->settings->rule[sig->rule] : NULL;
    struct alert *a = find_amended(m, sig);
    struct incident *inc;
    bool began;

    if (rule && rule->ignore)
        return;
    if (a && (strcmp(a->r.source, sig->source) != 0 || strcmp(a->r.check_name, sig->check) != 0)) {
        account(m, a, -1);
        model_alert_remove(m, a); /* the whole line says that it is another check */
        a = NULL;
    }
    if (!a)
        a = find_alert(m, sig);
    if (!a)
        a = new_alert(m, sig);
    if (!a)
        return;
    began = !a->r.firing || (sig->paging && !a->r.paging) ||
            strcmp(a->r.rule, rule ? rule->name : "") != 0;
    account(m, a, -1);
    if (!a->r.firing) {
        a->r.first_wall_ms = sig->wall_ms;
        a->first_boot_ms = m->now.boot_ms;
    }
    if (sig->paging && !a->r.paging)
        a->r.held = 0; /* it got worse than what people closed */
    a->r.firing = 1;
    a->r.severity = sig->severity;
    a->r.paging = sig->paging;
    a->r.count = sig->count;
    a->r.line_id = (int64_t)sig->line_id;
    a->r.last_wall_ms = sig->wall_ms;
    a->last_boot_ms = m->now.boot_ms;
    if (!model_text(m, &a->r.summary, sig->summary) || !model_text(m, &a->r.host, sig->host) ||
        !model_text(m, &a->r.rule, rule ? rule->name : ""))
        return;
    account(m, a, 1);
    model_alert_touch(m, a);
    model_put(m, RECORD_ALERT, &a->r);
    if (!began || a->r.held)
        return;
    inc = a->r.incident ? model_incident(m, a->r.incident) : NULL;
    if (inc) {
        absorb(m, inc, a);
        update_quiet(m, inc);
    } else {
        consider(m, a);
    }
    if (a->r.incident)
        model_timeline(m, a->r.incident, sig->wall_ms, "firing", sig->source, sig->raw);
}

static void on_resolved(struct model *m, const struct signal *sig)
{
    struct alert *a = find_recovering(m, sig);
    struct incident *inc;

    if (!a)
        return;
    if (a->r.held) {
        model_alert_remove(m, a);
        return;
    }
    inc = a->r.incident ? model_incident(m, a->r.incident) : NULL;
    account(m, a, -1);
    a->r.firing = 0;
    a->r.resolved_wall_ms = sig->wall_ms;
    a->last_boot_ms = m->now.boot_ms;
    account(m, a, 1);
    model_alert_touch(m, a);
    model_put(m, RECORD_ALERT, &a->r);
    if (!inc)
        return;
    model_timeline(m, inc->r.id, sig->wall_ms, "resolved", sig->source, sig->raw);
    update_quiet(m, inc);
}

/* Into the timeline of every open incident, else into the lookback. */
static void note_line(struct model *m, const struct signal *sig)
{
    struct incident *inc;
    struct note *n;
    bool taken = false;

    for (inc = m->incidents; inc; inc = inc->next) {
        model_timeline(m, inc->r.id, sig->wall_ms, signal_kind_name(sig->kind), sig->user,
                       sig->raw);
        taken = true;
    }
    if (taken)
        return;
    if (m->n_notes >= NOTES_MAX)
        triage_purge(m);
    if (m->n_notes >= NOTES_MAX)
        return;
    n = calloc(1, sizeof *n);
    if (!n || !model_text(m, &n->r.kind, signal_kind_name(sig->kind)) ||
        !model_text(m, &n->r.who, sig->user) || !model_text(m, &n->r.text, sig->raw)) {
        if (n)
            record_finish(RECORD_TIMELINE, &n->r);
        free(n);
        model_fail(m);
        return;
    }
    n->r.id = model_next_row(m);
    n->r.live = 1;
    n->r.wall_ms = sig->wall_ms;
    n->boot_ms = m->now.boot_ms;
    if (m->notes_last)
        m->notes_last->next = n;
    else
        m->notes = n;
    m->notes_last = n;
    m->n_notes++;
    model_put(m, RECORD_TIMELINE, &n->r);
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
            triage_tells(m, a)) {
            consider(m, a);
            return; /* the others have joined it */
        }
    }
}

static void on_deploy(struct model *m, const struct signal *sig)
{
    struct deploy *d = find_deploy(m, sig);
    bool unannounced = !d && sig->phase == PHASE_FINISHED;

    note_line(m, sig);
    if (!d)
        d = new_deploy(m, sig);
    if (!d)
        return;
    d->r.phase = sig->phase;
    d->r.revert = d->r.revert || sig->revert;
    if (sig->change[0] && strlen(sig->change) > strlen(d->r.change_text) &&
        !model_text(m, &d->r.change_text, sig->change))
        return;
    if (sig->phase == PHASE_TESTED)
        d->r.tested = 1;
    if (sig->phase == PHASE_CONTINUED && !d->r.production_wall_ms)
        d->r.production_wall_ms = sig->wall_ms;
    if (phase_ends(sig->phase)) {
        d->r.state = DEPLOY_ENDED;
        d->r.ended_wall_ms = sig->wall_ms;
        d->ended_boot_ms = m->now.boot_ms;
    }
    model_put(m, RECORD_DEPLOY, &d->r);
    if (unannounced && d->r.production)
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
    case SIGNAL_ACKNOWLEDGED:
    case SIGNAL_NOTE:
    case SIGNAL_MAINTENANCE:
        note_line(m, sig);
        break;
    }
}

/* ---- upkeep
 * --------------------------------------------------------------------------------------------------
 */

void triage_purge(struct model *m)
{
    int64_t since = m->now.boot_ms - m->settings->triage.lookback_ms;
    int64_t storm = m->now.boot_ms - m->settings->triage.storm_window_ms;
    struct alert *a, *newer;
    struct deploy *d, *next;
    struct note *n;

    if (storm < since)
        since = storm;
    for (a = m->alert_oldest; a && a->last_boot_ms < since; a = newer) {
        newer = a->newer;
        if (!a->r.incident && !a->r.held && !(a->r.firing && triage_tells(m, a)))
            model_alert_remove(m, a);
    }
    for (d = m->deploys; d; d = next) {
        next = d->next;
        if (!is_suspect(m, d->r.id) && !is_running(m, d) &&
            m->now.boot_ms - d->ended_boot_ms > m->settings->triage.deploy_window_ms)
            forget_deploy(m, d);
    }
    while ((n = m->notes) != NULL && n->boot_ms < since) {
        batch_delete(&m->turn->batch, RECORD_TIMELINE, n->r.id);
        m->notes = n->next;
        if (!m->notes)
            m->notes_last = NULL;
        m->n_notes--;
        record_finish(RECORD_TIMELINE, &n->r);
        free(n);
    }
}

void triage_restore(struct model *m)
{
    struct incident *inc;
    struct alert *a;

    for (a = m->alert_oldest; a; a = a->newer)
        account(m, a, 1);
    for (inc = m->incidents; inc; inc = inc->next) {
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
