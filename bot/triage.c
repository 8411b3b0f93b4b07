#include "triage_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "buf.h"
#include "chat.h"
#include "crowd.h"
#include "deploys.h"
#include "drafts.h"
#include "err.h"
#include "follow.h"
#include "incident.h"
#include "lookback.h"
#include "maintenance.h"
#include "remind.h"
#include "utf8.h"
#include "when.h"
#include "wording.h"

enum { REASONS_BYTES = 330 };

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
    return incident_trouble(inc);
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

    if (!model_is_open(inc) || incident_ending(inc) || (!base && inc->revisions)) {
        inc->revise_waits = false; /* nothing goes public behind its end */
        return;
    }
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

void triage_update_quiet(struct model *m, struct incident *inc)
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

void triage_update_quiet_all(struct model *m)
{
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        if (model_is_open(inc))
            triage_update_quiet(m, inc);
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

void triage_describe(struct model *m, const struct alert *a, char *dst, size_t size)
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

    triage_describe(m, a, one, sizeof one);
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

void triage_note_alarm(struct model *m, struct incident *inc)
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
    triage_note_alarm(m, inc);
    model_put(m, RECORD_ALERT, &a->r);
}

void triage_absorb(struct model *m, struct incident *inc, struct alert *a)
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

/* What says nothing alone may be one of several different things that go wrong; but one server
 * that fails is none, however many others fail beside it for reasons of their own. */
static bool adds_to_storm(const struct alert *a, const struct rule_settings *rule)
{
    return alert_tells_by(a, rule) || (rule && !rule->ignore && rule->watched && !rule->host &&
                                       a->r.severity == SEVERITY_CRITICAL);
}

/* Distinct watched critical alerts that began within the storm window. */
static int64_t count_storm(const struct model *m)
{
    const struct alert *a, *b;
    int64_t n = 0, since = m->now.boot_ms - m->settings->triage.storm_window_ms;

    for (a = m->alert_newest; a && a->last_boot_ms >= since; a = a->older) {
        bool twin = false;

        if (!a->r.firing || a->r.held || a->r.incident || a->first_boot_ms < since ||
            !adds_to_storm(a, alert_rule(m, a)) || maintenance_covers(m, a))
            continue;
        for (b = m->alert_newest; b != a && !twin; b = b->older)
            twin = !b->r.incident && !strcmp(a->r.check_name, b->r.check_name) &&
                   !strcmp(a->r.host, b->r.host);
        if (!twin && ++n >= m->settings->triage.storm_count)
            break;
    }
    return n;
}

/* What makes a storm tells of it, whatever it would say alone. */
static void gather_storm(struct model *m)
{
    int64_t since = m->now.boot_ms - m->settings->triage.storm_window_ms;
    struct alert *a;

    for (a = m->alert_newest; a && a->last_boot_ms >= since; a = a->older)
        if (a->r.firing && !a->r.held && !a->r.incident && a->first_boot_ms >= since &&
            !alert_tells(m, a) && adds_to_storm(a, alert_rule(m, a)) && !maintenance_covers(m, a))
            crowd_add(m, a);
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
    triage_describe(m, a, one, sizeof one);
    chat_say(m, place, SAY_PROMPT,
             "%lld are open, the most there may be: %s opens none. Close one: `%s`",
             (long long)m->settings->triage.max_open, one, m->settings->chat.prefix);
}

/* Once for each spell, and once more when the first that was told of did not page. */
static void tell_many(struct model *m, const struct alert *a, const char *place)
{
    char one[REASON_BYTES], hm[WHEN_BYTES];
    int64_t until_wall_ms;

    if (turn_error(m->turn) || !drafts_tell(m, a->r.source, a->r.paging, &until_wall_ms))
        return;
    triage_describe(m, a, one, sizeof one);
    chat_say(m, place, SAY_PROMPT,
             "%lld drafts within an hour: no more by %s before %s. %s opens none; `%s open TITLE` "
             "makes one by hand",
             (long long)drafts_count(m, a->r.source), a->r.source, when_hm(until_wall_ms, hm), one,
             m->settings->chat.prefix);
}

/* @return DECISION_OPENED, or why there was no room for one more. */
static enum decision_kind open_incident(struct model *m, struct alert *a, struct deploy *suspect)
{
    const struct rule_settings *rule = alert_rule(m, a);
    struct incident *inc;
    int64_t started = a->r.first_wall_ms;
    struct deploy *d;

    if (drafts_are_many(m, a->r.source)) {
        tell_many(m, a, rule->channel);
        return DECISION_MANY;
    }
    if (suspect && suspect->r.production_wall_ms)
        started = suspect->r.production_wall_ms;
    inc = incident_open(m, rule->page, rule->channel, rule->name, NULL, started);
    if (!inc) {
        tell_full(m, a, rule->channel);
        return DECISION_FULL;
    }
    m->full_told = false;
    drafts_opened(m, a->r.source);
    if (suspect) {
        inc->r.deploy = suspect->r.id;
        model_put(m, RECORD_INCIDENT, &inc->r);
    }
    add_reason(m, inc, a);
    take_lookback(m, inc);
    if (!a->r.incident)
        join(m, inc, a);
    revise(m, inc, true);
    triage_update_quiet(m, inc);
    for (d = m->deploys; d; d = d->next) /* somebody undoes already what the alerts tell only now */
        if (d->r.state == DEPLOY_RUNNING)
            follow_deploy(m, d);
    return DECISION_OPENED;
}

struct verdict triage_consider(struct model *m, struct alert *a)
{
    const struct rule_settings *rule = alert_rule(m, a);
    struct verdict v = {.kind = DECISION_REMEMBERED};
    struct deploy *suspect;
    struct incident *inc;
    bool tells;

    if (!a->r.firing || a->r.held || a->r.incident)
        return v;
    if (maintenance_covers(m, a)) {
        v.kind = DECISION_PLANNED;
        return v;
    }
    inc = find_related(m, a);
    if (inc) {
        join(m, inc, a);
        triage_absorb(m, inc, a);
        triage_update_quiet(m, inc);
        v.kind = DECISION_JOINED;
        v.incident = inc->r.id;
        return v;
    }
    tells = alert_tells_by(a, rule);
    if (!adds_to_storm(a, rule)) {
        if (!rule)
            v.kind = DECISION_NO_RULE;
        else if (!rule->watched)
            v.kind = DECISION_UNWATCHED;
        else if (a->r.severity == SEVERITY_CRITICAL)
            v.kind = DECISION_FEW;
        return v;
    }
    suspect = deploy_suspect(m, rule);
    if (!a->r.paging && !(suspect && tells)) {
        v.storm = count_storm(m);
        if (v.storm < m->settings->triage.storm_count) {
            v.kind = tells ? DECISION_ALONE : DECISION_FEW;
            return v;
        }
        gather_storm(m);
    }
    v.kind = open_incident(m, a, suspect);
    v.incident = a->r.incident;
    return v;
}

void triage_outlived(struct model *m, const struct incident *inc, int64_t since_boot_ms)
{
    struct alert *a;
    bool any = false;

    for (a = m->alert_oldest; a; a = a->newer) {
        if (a->r.incident != inc->r.id || !a->r.firing || a->first_boot_ms <= since_boot_ms)
            continue;
        alert_account(m, a, -1);
        a->r.incident = 0;
        a->noted = false; /* in the timeline of what opens now */
        model_put(m, RECORD_ALERT, &a->r);
        any = true;
    }
    for (a = m->alert_oldest; a && any; a = a->newer)
        if (a->r.firing && !a->r.incident && !a->r.held && a->first_boot_ms > since_boot_ms &&
            alert_tells(m, a))
            (void)triage_consider(m, a);
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
            (void)triage_consider(m, a);
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
            triage_note_alarm(m, inc);
            triage_absorb(m, inc, a);
            triage_update_quiet(m, inc);
            continue;
        }
        (void)triage_consider(m, a);
        if (alone && a->r.incident && m->meta.next_incident == known)
            lookback_joined(m, a, m->now.boot_ms + 1);
    }
}

void triage_purge(struct model *m)
{
    int64_t since = m->now.boot_ms - m->settings->triage.lookback_ms;
    int64_t storm = m->now.boot_ms - m->settings->triage.storm_window_ms;
    struct alert *a, *newer;

    if (m->full_told || drafts_told(m))
        reconsider_pages(m);
    triage_update_quiet_all(m);

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
    for (a = m->alert_oldest; a; a = a->newer) {
        a->rule = model_rule(m, a->r.rule);
        alert_account(m, a, 1);
    }
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

/* Files of versions before 2 do not tell whether readers were concerned, and an outage may be under
 * way: a rule has opened it, or such an alert fires still. */
static void restore_alarm(struct model *m, struct incident *inc)
{
    triage_note_alarm(m, inc);
    if (inc->r.alarmed || !inc->r.rule[0])
        return;
    inc->r.alarmed = 1;
    model_put(m, RECORD_INCIDENT, &inc->r);
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
        restore_alarm(m, inc);
        triage_update_quiet(m, inc);
        /* a revision may have been held back when the program ended */
        inc->revise_waits = true;
        model_timer_set(m, TIMER_REVISE, inc->r.id,
                        inc->revised_boot_ms + m->settings->chat.revision_interval_ms);
    }
}
