#include "follow.h"

#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "chat.h"
#include "deploys.h"
#include "incident.h"
#include "triage.h"
#include "watch.h"
#include "wording.h"

enum {
    /* After each relapse quiet has to last so much longer before anything is made of it. */
    RELAPSE_WAIT_MS = 2 * 60 * 1000,
    DAY_MS = 24 * 60 * 60 * 1000
};

/* ---- what mends it --------------------------------------------------------------------------- */

bool follow_is_fixing(const struct model *m, const struct incident *inc)
{
    const struct deploy *d = model_deploy(m, inc->r.fix_deploy);

    return d && deploy_is_running(m, d);
}

static bool is_mended(const struct incident *inc)
{
    return inc->r.fixed_wall_ms != 0;
}

/* Alerts that were red are green. Silence of what never spoke says nothing. */
static bool is_quiet(const struct incident *inc)
{
    return inc->r.alarmed && inc->r.quiet_wall_ms;
}

/* What a change undoes, by its subject: the text in the quotes of `Revert "..."`.
 * @return its length, 0: it does not say. */
static size_t undone(const char *change, const char **ret_subject)
{
    const char *open = strchr(change, '"'), *close = open ? strrchr(change, '"') : NULL;

    if (!open || close == open)
        return 0;
    *ret_subject = open + 1;
    return (size_t)(close - open - 1);
}

static bool contains(const char *text, const char *part, size_t n)
{
    size_t left = strlen(text);

    for (; left >= n; text++, left--)
        if (!memcmp(text, part, n))
            return true;
    return false;
}

static bool undoes_suspect(const struct model *m, const struct incident *inc,
                           const struct deploy *d)
{
    const struct deploy *suspect = model_deploy(m, inc->r.deploy);
    const char *subject;
    size_t n = undone(d->r.change_text, &subject);

    return suspect && (suspect == d || (n && contains(suspect->r.change_text, subject, n)));
}

static enum step standing_step(const struct incident *inc)
{
    const struct revision *rev = incident_standing(inc);

    return rev ? (enum step)rev->r.step : STEP_INVESTIGATING;
}

enum relation { RELATION_NONE, RELATION_LIKELY, RELATION_SURE };

/* Whether a deploy that undoes something may be the way out of the incident. */
static enum relation relation_of(const struct model *m, const struct incident *inc,
                                 const struct deploy *d)
{
    if (!model_is_open(inc) || incident_ending(inc))
        return RELATION_NONE;
    if (inc->r.fix_deploy == d->r.id)
        return RELATION_SURE;
    if (inc->r.deploy == d->r.id && d->r.phase != PHASE_ROLLBACK)
        return RELATION_NONE; /* it came first: it is the suspect, and its own cure never */
    if (undoes_suspect(m, inc, d))
        return RELATION_SURE;
    if (is_quiet(inc) && standing_step(inc) >= STEP_MONITORING)
        return RELATION_NONE; /* that one needs no cure any more */
    return inc->r.deploy || model_count_open(m) == 1 ? RELATION_LIKELY : RELATION_NONE;
}

static void set_fixed(struct model *m, struct incident *inc, int64_t wall_ms)
{
    inc->r.fixed_wall_ms = wall_ms;
    inc->fixed_boot_ms = m->now.boot_ms;
    model_put(m, RECORD_INCIDENT, &inc->r);
}

static void take_fix(struct model *m, struct incident *inc, const struct deploy *d)
{
    switch ((enum deploy_phase)d->r.phase) {
    case PHASE_ABORTED:
    case PHASE_FAILED:
    case PHASE_CANCELLED: /* whatever it was to undo is still there */
        if (inc->r.fix_deploy != d->r.id)
            return;
        inc->r.fix_deploy = 0;
        break;
    case PHASE_FINISHED:
        inc->r.fix_deploy = d->r.id;
        set_fixed(m, inc, d->r.ended_wall_ms);
        break;
    case PHASE_STARTED:
    case PHASE_TESTED:
    case PHASE_CONTINUED:
    case PHASE_ROLLBACK:
        inc->r.fix_deploy = d->r.id;
        break;
    }
    model_put(m, RECORD_INCIDENT, &inc->r);
}

/* ---- words ----------------------------------------------------------------------------------- */

/* The newest public or waiting words that do not end it. */
static const struct revision *extent(const struct incident *inc)
{
    const struct revision *open = model_open_revision(inc);

    if (open && open->r.step != STEP_RESOLVED && open->r.kind != REVISION_CORRECT)
        return open;
    return incident_trouble(inc);
}

/* The prepared text of the words' own wording, else that of the rule that opened it, else of the
 * last rule, which is the catch-all. The caller's to free(); NULL: there is none, or no memory. */
static char *prepared(struct model *m, const struct incident *inc, const struct revision *base,
                      enum wording_text which)
{
    struct wording_context ctx = {&base->components, inc->r.started_wall_ms, m->now.wall_ms};
    const struct rule_settings *rule = model_rule(m, inc->r.rule);
    int i = settings_find_wording(m->settings, base->r.wording);
    char *title = NULL, *body = NULL;
    size_t k = m->settings->n_rules;

    while (i < 0 && !rule && k-- > 0)
        if (!m->settings->rule[k].ignore)
            rule = &m->settings->rule[k];
    if (i < 0 && rule && !rule->ignore)
        i = (int)rule->wording_index;
    if (i < 0)
        return NULL;
    if (wording_render_as(m->settings, (size_t)i, which, &ctx, &title, &body)) {
        model_fail(m); /* every wording has a text for each step */
        return NULL;
    }
    free(title);
    return body;
}

/* A title that people made longer may leave no room for the prepared text. */
static bool fits(const struct model *m, const struct revision_plan *plan)
{
    char why[WORDING_WHY_BYTES];

    return !wording_check_form(m->settings, plan->title, plan->body, why, sizeof why);
}

static void announce(struct model *m, struct incident *inc, const struct revision_plan *plan)
{
    struct revision *rev;

    if (!fits(m, plan)) {
        int64_t cramped = inc->r.last_revision * STEP_COUNT + (int64_t)plan->step + 1;

        if (inc->cramped == cramped)
            return; /* told already */
        inc->cramped = cramped;
        chat_home(m, inc, SAY_PROMPT,
                  "%lld: %s would be next, but its title leaves no room for words: `%s edit %lld "
                  "title ...`",
                  (long long)inc->r.id, step_name(plan->step), m->settings->chat.prefix,
                  (long long)inc->r.id);
        return;
    }
    rev = incident_revise(m, inc, plan);
    if (rev)
        chat_announce(m, inc, rev, false);
}

/* ---- what would be true now ------------------------------------------------------------------ */

struct outlook {
    enum step step;
    enum wording_text words;
    bool leave;          /* nothing is to be changed yet */
    int64_t due_boot_ms; /* when to look again, or NOW_NEVER */
};

/* How long quiet must last before it is believed. */
static int64_t patience(const struct model *m, const struct incident *inc)
{
    int64_t ms = inc->r.relapses * RELAPSE_WAIT_MS;

    return ms < m->settings->follow.settle_ms ? ms : m->settings->follow.settle_ms;
}

/* Quiet, and nothing is being deployed that is to end it. */
static struct outlook calm(const struct model *m, const struct incident *inc)
{
    struct outlook o = {.step = STEP_MONITORING, .due_boot_ms = NOW_NEVER};
    bool draft = inc->r.state == INCIDENT_DRAFT, alerts = is_quiet(inc);
    int64_t since = alerts ? inc->quiet_boot_ms : inc->fixed_boot_ms;

    if (is_mended(inc) && inc->fixed_boot_ms > since)
        since = inc->fixed_boot_ms;
    o.words = is_mended(inc) ? WORDING_STEP_MONITORING : WORDING_RECOVERED;
    if (m->now.boot_ms - since < patience(m, inc)) {
        o.leave = true;
        o.due_boot_ms = since + patience(m, inc);
    } else if (alerts && (draft || m->now.boot_ms - since >= m->settings->follow.settle_ms)) {
        o.step = STEP_RESOLVED;
        o.words = WORDING_STEP_RESOLVED;
    } else if (alerts) {
        o.due_boot_ms = since + m->settings->follow.settle_ms;
    }
    return o;
}

static struct outlook look_out(const struct model *m, const struct incident *inc)
{
    struct outlook o = {.due_boot_ms = NOW_NEVER};
    enum step standing = standing_step(inc);
    bool known = inc->r.fix_deploy || is_mended(inc);
    bool quiet = is_quiet(inc) || (!inc->r.alarmed && is_mended(inc));

    if (quiet && !follow_is_fixing(m, inc))
        return calm(m, inc);
    if (quiet) /* its end may never be told */
        o.due_boot_ms =
            model_deploy(m, inc->r.fix_deploy)->started_boot_ms + m->settings->triage.deploy_max_ms;
    o.step = standing;
    if (known && standing < STEP_IDENTIFIED)
        o.step = STEP_IDENTIFIED;
    else if (!quiet && inc->r.alarmed && standing == STEP_MONITORING &&
             inc->r.state == INCIDENT_PUBLIC)
        o.step = known ? STEP_IDENTIFIED : STEP_INVESTIGATING;
    o.words = (enum wording_text)o.step;
    if (o.step == STEP_INVESTIGATING && standing == STEP_MONITORING)
        o.words = WORDING_AGAIN;
    return o;
}

/* ---- towards it ------------------------------------------------------------------------------ */

/* A draft tells what is true now: that the cause is known, that it is over already, or that it is
 * not over after all. */
static void redraft(struct model *m, struct incident *inc, const struct outlook *o)
{
    const struct revision *base = incident_trouble(inc), *open = model_open_revision(inc);
    struct revision_plan plan = {.kind = REVISION_DRAFT, .step = o->step};
    struct components freed;
    char *body = NULL;

    components_init(&freed);
    if (!base || !open)
        goto out;
    plan.impact = (enum impact)base->r.impact;
    plan.title = open->r.title;
    plan.wording = base->r.wording;
    plan.components = &base->components;
    plan.body = base->r.body;
    if (o->step == STEP_RESOLVED || !inc->r.words_edited)
        body = prepared(m, inc, base, o->words);
    if (body)
        plan.body = body;
    if (o->step == STEP_RESOLVED) {
        if (!body)
            goto out;
        if (incident_release(m, inc, &freed)) {
            model_fail(m);
            goto out;
        }
        plan.components = &freed;
    }
    announce(m, inc, &plan);
out:
    components_finish(&freed);
    free(body);
}

static void propose(struct model *m, struct incident *inc, const struct outlook *o)
{
    const struct revision *base = extent(inc);
    struct revision_plan plan = {.kind = REVISION_UPDATE, .step = o->step};
    char *body = base ? prepared(m, inc, base, o->words) : NULL;

    if (!body)
        return;
    plan.impact = (enum impact)base->r.impact;
    plan.title = base->r.title;
    plan.body = body;
    plan.components = &base->components;
    plan.wording = base->r.wording;
    announce(m, inc, &plan);
    free(body);
}

static struct outlook look_and_wait(struct model *m, struct incident *inc)
{
    struct outlook o = look_out(m, inc);

    if (o.due_boot_ms == NOW_NEVER)
        model_timer_clear(m, TIMER_FOLLOW, inc->r.id);
    else
        model_timer_set(m, TIMER_FOLLOW, inc->r.id, o.due_boot_ms);
    return o;
}

void follow_end(struct model *m, struct incident *inc)
{
    struct outlook o = look_and_wait(m, inc);
    const struct revision *base = incident_trouble(inc), *open = model_open_revision(inc);
    struct revision_plan plan = {.kind = REVISION_RESOLVE, .step = STEP_RESOLVED};
    struct components freed;
    char *body = NULL;

    components_init(&freed);
    if (o.leave || o.step != STEP_RESOLVED || !base || incident_ending(inc) ||
        (open && open->r.step == STEP_RESOLVED))
        goto out;
    body = prepared(m, inc, base, WORDING_STEP_RESOLVED);
    if (!body)
        goto out;
    if (incident_release(m, inc, &freed)) {
        model_fail(m);
        goto out;
    }
    plan.impact = (enum impact)base->r.impact;
    plan.title = base->r.title;
    plan.body = body;
    plan.components = &freed;
    plan.wording = base->r.wording;
    announce(m, inc, &plan);
out:
    components_finish(&freed);
    free(body);
}

/* When what speaks for the step began: quiet, another revert, or that it fires again. */
static int64_t reason_wall_ms(const struct model *m, const struct incident *inc, enum step step)
{
    const struct deploy *fix = model_deploy(m, inc->r.fix_deploy);
    int64_t since = 0, red = m->now.wall_ms;
    const struct alert *a;

    if (step >= STEP_MONITORING)
        return inc->r.quiet_wall_ms;
    if (step == STEP_IDENTIFIED && fix)
        since = fix->r.started_wall_ms;
    if (!inc->r.relapses || !inc->firing)
        return since;
    for (a = m->alert_oldest; a; a = a->newer)
        if (a->r.incident == inc->r.id && a->r.firing && !a->planned && alert_tells(m, a) &&
            a->r.first_wall_ms < red)
            red = a->r.first_wall_ms;
    return red > since ? red : since;
}

/* People dropped the very same proposal, and nothing has changed since. */
static bool is_declined(const struct model *m, const struct incident *inc, enum step step)
{
    int64_t since = reason_wall_ms(m, inc, step);
    const struct revision *rev;

    for (rev = inc->revisions; rev; rev = rev->next)
        if (rev->r.state == REVISION_DROPPED && rev->r.step == (int64_t)step &&
            !rev->r.made_by[0] && rev->r.made_wall_ms >= since)
            return true;
    return false;
}

/* A proposal that signals made and that holds no longer. What else it had in it is proposed anew.
 */
static void withdraw(struct model *m, struct incident *inc, struct revision *open)
{
    const char *why = "what was to mend it did not go through";

    if (open->r.step >= STEP_MONITORING)
        why = inc->firing ? "its alerts fire again" : "something is being deployed to mend it";
    chat_home(m, inc, SAY_PROMPT, "%lld.%lld withdrawn: %s", (long long)inc->r.id,
              (long long)open->r.number, why);
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "withdrawn", "", why, open->r.number, "");
    incident_set_revision(m, open, REVISION_SUPERSEDED);
    triage_again(m, inc);
}

/* When the proposal may be made: signals revise at most once in revision_interval, and what people
 * wrote and have not confirmed is left to them for a while. */
static int64_t may_propose(const struct model *m, const struct incident *inc,
                           const struct revision *open, const struct outlook *o)
{
    int64_t due = inc->revised_boot_ms + m->settings->chat.revision_interval_ms;
    int64_t left = m->settings->follow.settle_ms;

    if (inc->r.state == INCIDENT_DRAFT)
        return o->step < (enum step)open->r.step ? m->now.boot_ms : due;
    if (open && open->r.made_by[0]) {
        left += model_past_boot(m, open->r.made_wall_ms, left);
        return left > due ? left : due;
    }
    return due;
}

/* Whether a proposal, or another draft, is called for at all; one that holds no longer goes. */
static bool is_called_for(struct model *m, struct incident *inc, struct revision *open,
                          const struct outlook *o)
{
    enum step standing = standing_step(inc);

    if (o->leave || (open && open->r.step == (int64_t)o->step && open->r.kind != REVISION_CORRECT))
        return false;
    if (inc->r.state == INCIDENT_DRAFT)
        return open != NULL;
    if (o->step != standing)
        return !is_declined(m, inc, o->step);
    if (open && !open->r.made_by[0] && open->r.kind != REVISION_WIDENING &&
        open->r.step != (int64_t)standing)
        withdraw(m, inc, open);
    return false;
}

static void look(struct model *m, struct incident *inc)
{
    struct revision *open = model_open_revision(inc);
    struct outlook o;
    int64_t due;

    if (!m->settings->follow.propose || !model_is_open(inc) || incident_ending(inc) ||
        inc->r.state == INCIDENT_PUBLISHING) {
        model_timer_clear(m, TIMER_FOLLOW, inc->r.id);
        return;
    }
    o = look_and_wait(m, inc);
    if (!is_called_for(m, inc, open, &o))
        return;
    due = may_propose(m, inc, open, &o);
    if (due > m->now.boot_ms) {
        model_timer_set(m, TIMER_FOLLOW, inc->r.id, due);
        return;
    }
    if (inc->revise_waits && o.step != STEP_RESOLVED)
        triage_revise_due(m, inc); /* what was held back goes along */
    if (inc->r.state == INCIDENT_DRAFT)
        redraft(m, inc, &o);
    else if (o.step == STEP_RESOLVED)
        watch_ask_end(m, inc, NULL, REVISION_RESOLVE, "");
    else
        propose(m, inc, &o);
}

/* ---- what happens ---------------------------------------------------------------------------- */

void follow_deploy(struct model *m, const struct deploy *d)
{
    static const char again[] = "Revert \"Revert \"";
    enum relation best = RELATION_NONE;
    struct incident *inc;

    if (!d->r.production || (!d->r.revert && !strstr(d->r.change_text, again)))
        return;
    for (inc = m->incidents; inc; inc = inc->next)
        if (relation_of(m, inc, d) > best)
            best = relation_of(m, inc, d);
    /* what was reverted goes out again: that mends what its revert broke, and nothing else */
    if (best == RELATION_NONE || (!d->r.revert && best != RELATION_SURE))
        return;
    for (inc = m->incidents; inc; inc = inc->next) {
        if (relation_of(m, inc, d) != best)
            continue;
        take_fix(m, inc, d);
        look(m, inc);
    }
}

void follow_mitigation(struct model *m, const struct signal *sig)
{
    struct incident *inc;

    if (model_count_open(m) != 1)
        return; /* whose it is, is not known */
    for (inc = m->incidents; inc; inc = inc->next) {
        if (!model_is_open(inc) || incident_ending(inc))
            continue;
        set_fixed(m, inc, sig->wall_ms);
        look(m, inc);
    }
}

/* What people proposed is left to them, but they should know. */
static void tell_doubt(struct model *m, struct incident *inc, const struct revision *open)
{
    if (!open || !open->r.made_by[0] || open->r.step < STEP_MONITORING ||
        open->r.kind == REVISION_RETRACT || inc->r.state != INCIDENT_PUBLIC ||
        inc->doubted == open->r.number)
        return;
    inc->doubted = open->r.number;
    chat_home(m, inc, SAY_PROMPT,
              "%lld.%lld waits with %s, but its alerts fire again: `%s discard %lld` drops it",
              (long long)inc->r.id, (long long)open->r.number, step_name((enum step)open->r.step),
              m->settings->chat.prefix, (long long)inc->r.id);
}

void follow_alerts(struct model *m, struct incident *inc)
{
    const struct revision *open = model_open_revision(inc);

    if (!inc->r.quiet_wall_ms)
        tell_doubt(m, inc, open);

    if (!inc->r.quiet_wall_ms &&
        (standing_step(inc) == STEP_MONITORING ||
         (open && !open->r.made_by[0] && open->r.step >= STEP_MONITORING))) {
        inc->r.relapses++;
        if (!follow_is_fixing(m, inc)) {
            inc->r.fix_deploy = 0; /* whatever it was, it did not mend it */
            inc->r.fixed_wall_ms = 0;
        }
        model_put(m, RECORD_INCIDENT, &inc->r);
    }
    look(m, inc);
}

void follow_published(struct model *m, struct incident *inc)
{
    look(m, inc);
}

void follow_due(struct model *m, struct incident *inc)
{
    look(m, inc);
}

void follow_restore(struct model *m)
{
    int64_t longest = m->settings->follow.settle_ms;
    struct incident *inc;

    if (longest < DAY_MS)
        longest = DAY_MS;

    for (inc = m->incidents; inc; inc = inc->next) {
        inc->quiet_boot_ms = model_past_boot(m, inc->r.quiet_wall_ms, longest);
        inc->fixed_boot_ms = model_past_boot(m, inc->r.fixed_wall_ms, longest);
        if (model_is_open(inc))
            model_timer_set(m, TIMER_FOLLOW, inc->r.id, m->now.boot_ms);
    }
}
