#include "obey.h"

#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "buf.h"
#include "chat.h"
#include "command.h"
#include "err.h"
#include "hearing.h"
#include "incident.h"
#include "log.h"
#include "outbox.h"
#include "when.h"
#include "wording.h"

enum {
    WHO_BYTES = 300,
    /* Refusals to people who are not listed, at one place: more in a minute are counted, not said.
     */
    REFUSALS_MAX = 4,
    REFUSALS_MS = 60 * 1000
};

/* Everything that the handlers need about one command. */
struct request {
    const struct heard *line;
    const struct person_settings *person; /* NULL: not listed */
    struct command cmd;
};

#define SAY(m, q, ...) chat_say(m, (q)->line->place, SAY_ANSWER, __VA_ARGS__)

static const char *prefix_of(const struct model *m)
{
    return m->settings->chat.prefix;
}

/* ---- who may
 * ---------------------------------------------------------------------------------------- */

static bool may_refuse_aloud(struct model *m, const char *place)
{
    struct place *p = model_place(m, place);

    if (!p)
        return false;
    if (m->now.boot_ms - p->refusals_since_boot_ms >= REFUSALS_MS) {
        p->refusals_since_boot_ms = m->now.boot_ms;
        p->refusals = 0;
    }
    return ++p->refusals <= REFUSALS_MAX;
}

static void refuse(struct model *m, const struct request *q, const char *why)
{
    const struct heard *line = q->line;
    char who[WHO_BYTES], nick[128], account[128], text[256];

    log_quote(nick, sizeof nick, line->nick);
    log_quote(account, sizeof account, line->account);
    log_quote(text, sizeof text, line->text);
    turn_audit(m->turn, "refused at %s: nick %s account %s: %s (%s)", line->place, nick, account,
               text, why);
    if (q->cmd.incident && model_incident(m, q->cmd.incident))
        model_timeline(m, q->cmd.incident, m->now.wall_ms, "refused", line->nick, line->text);
    if (!q->person && !may_refuse_aloud(m, line->place))
        return;
    if (access_describe(m->settings, q->cmd.verb, who, sizeof who))
        who[0] = '\0';
    SAY(m, q, "%s: refused, %s. May do this: %s.", line->nick, why, who);
}

static bool is_allowed(struct model *m, const struct request *q)
{
    const struct heard *line = q->line;

    if (access_allows(q->person ? q->person->roles : ROLE_NONE, q->cmd.verb)) {
        if (line->obey || !command_spec_find(q->cmd.verb)->roles)
            return true;
        refuse(m, q,
               "I cannot check anybody's account yet (not logged in to services, or just joined)");
        return false;
    }
    if (q->person)
        refuse(m, q, "your role does not cover it");
    else if (line->identity == IDENTITY_ACCOUNT)
        refuse(m, q, "your services account is not on my list");
    else if (line->identity == IDENTITY_UNKNOWN)
        refuse(m, q, "I could not find out your services account");
    else
        refuse(m, q, "you are not logged in to a services account");
    return false;
}

/* ---- finding what is meant
 * ----------------------------------------------------------------------------- */

static struct incident *find_incident(struct model *m, const struct request *q)
{
    struct incident *inc = model_incident(m, q->cmd.incident);
    const struct revision *open = inc ? model_open_revision(inc) : NULL;

    if (inc && q->cmd.revision && q->cmd.verb != COMMAND_CONFIRM && open &&
        open->r.number != q->cmd.revision) {
        SAY(m, q, "%lld.%lld is not what waits now, %lld.%lld is: nothing done",
            (long long)inc->r.id, (long long)q->cmd.revision, (long long)inc->r.id,
            (long long)open->r.number);
        return NULL;
    }
    if (inc && (model_is_open(inc) || inc->r.state == INCIDENT_FOREIGN))
        return inc;
    if (q->cmd.incident > 0 && q->cmd.incident < m->meta.next_incident)
        SAY(m, q, "%lld is closed; `%s` shows what is open", (long long)q->cmd.incident,
            prefix_of(m));
    else
        SAY(m, q, "there is no %lld; `%s` shows what is open", (long long)q->cmd.incident,
            prefix_of(m));
    return NULL;
}

/* For show and confirm without a number: the only one that is meant by it. */
static struct incident *find_only(struct model *m, const struct request *q, bool waiting)
{
    struct incident *inc, *only = NULL;

    for (inc = m->incidents; inc; inc = inc->next) {
        if (!model_is_open(inc))
            continue;
        if (waiting && !model_open_revision(inc))
            continue;
        if (only) {
            SAY(m, q, "several are open: say `%s %s N`", prefix_of(m),
                waiting ? "confirm" : "show");
            chat_status(m, q->line->place);
            return NULL;
        }
        only = inc;
    }
    if (!only && waiting && chat_anything_open(m))
        SAY(m, q, "nothing waits for a confirm");
    else if (!only)
        chat_status(m, q->line->place);
    return only;
}

static struct incident *find_public(struct model *m, const struct request *q)
{
    struct incident *inc = find_incident(m, q);

    if (!inc || inc->r.state == INCIDENT_PUBLIC)
        return inc;
    if (inc->r.state == INCIDENT_PUBLISHING)
        SAY(m, q, "%lld is being published; once it is public this will work",
            (long long)inc->r.id);
    else
        SAY(m, q,
            "%lld is not public yet: `%s confirm %lld.%lld` publishes it, edit and discard change "
            "it",
            (long long)inc->r.id, prefix_of(m), (long long)inc->r.id,
            (long long)inc->r.last_revision);
    return NULL;
}

/* ---- confirm
 * --------------------------------------------------------------------------------------------- */

static void tell_not_open(struct model *m, const struct request *q, struct incident *inc,
                          const struct revision *rev)
{
    struct revision *now = model_open_revision(inc);
    long long n = inc->r.id, r = rev ? rev->r.number : q->cmd.revision;

    if (rev && rev->r.state == REVISION_CONFIRMED) {
        SAY(m, q, "%lld.%lld is confirmed already and being sent", n, r);
    } else if (rev && rev->r.state == REVISION_PUBLISHED) {
        SAY(m, q, "%lld.%lld is public already: %s", n, r, chat_url(m, inc));
    } else if (now) {
        /* two lines at most: the words themselves say what there is to confirm now */
        chat_show(m, inc, now, q->line->place, SAY_ANSWER);
    } else if (rev) {
        SAY(m, q, "%lld.%lld was dropped; `%s show %lld` shows what there is", n, r, prefix_of(m),
            n);
    } else {
        SAY(m, q, "there is no %lld.%lld; `%s show %lld` shows what there is", n, r, prefix_of(m),
            n);
    }
}

/* Where two people are needed: @return true when the second has come, or one is enough. */
static bool is_approved(struct model *m, const struct request *q, struct incident *inc,
                        struct revision *rev)
{
    if (!m->settings->chat.two_for_critical || rev->r.impact != IMPACT_CRITICAL ||
        rev->r.step == STEP_RESOLVED)
        return true;
    if (!rev->r.first_approval[0]) {
        rev->r.first_approval_wall_ms = m->now.wall_ms;
        if (!model_text(m, &rev->r.first_approval, q->person->name))
            return false;
        model_put(m, RECORD_REVISION, &rev->r);
        model_timeline(m, inc->r.id, m->now.wall_ms, "confirm", q->person->name, "first of two");
        model_timer_set(m, TIMER_SECOND_PERSON, inc->r.id,
                        m->now.boot_ms + m->settings->chat.second_person_ms);
        chat_home_and(m, inc, q->line->place,
                      "%lld.%lld is critical and needs a second person: another of you, `%s "
                      "confirm %lld.%lld`",
                      (long long)inc->r.id, (long long)rev->r.number, prefix_of(m),
                      (long long)inc->r.id, (long long)rev->r.number);
        return false;
    }
    if (!strcmp(rev->r.first_approval, q->person->name)) {
        SAY(m, q, "%s: you confirmed %lld.%lld already; critical needs a second person",
            q->line->nick, (long long)inc->r.id, (long long)rev->r.number);
        return false;
    }
    return true;
}

void obey_second_person_due(struct model *m, struct incident *inc)
{
    struct revision *rev = model_open_revision(inc);
    char who[WHO_BYTES];

    if (!rev || !rev->r.first_approval[0])
        return;
    if (access_describe(m->settings, COMMAND_CONFIRM, who, sizeof who))
        who[0] = '\0';
    chat_home(m, inc, SAY_PROMPT,
              "%lld.%lld still needs a second person (%s). Or as major, with one: `%s edit %lld "
              "impact major`",
              (long long)inc->r.id, (long long)rev->r.number, who, prefix_of(m),
              (long long)inc->r.id);
}

static void confirm(struct model *m, const struct request *q)
{
    struct incident *inc = q->cmd.incident ? find_incident(m, q) : find_only(m, q, true);
    struct revision *rev;
    int64_t shown;

    if (!inc)
        return;
    rev = q->cmd.revision ? model_revision(inc, q->cmd.revision) : model_open_revision(inc);
    if (!rev && !q->cmd.revision) {
        SAY(m, q, "%lld has nothing that waits for a confirm", (long long)inc->r.id);
        return;
    }
    if (!rev || rev->r.state != REVISION_OPEN) {
        tell_not_open(m, q, inc, rev);
        return;
    }
    shown = incident_shown_at(inc, rev->r.number, q->line->place);
    if (shown == NOW_NEVER) {
        /* nobody publishes words that they did not see: here they are */
        chat_show(m, inc, rev, q->line->place, SAY_ANSWER);
        return;
    }
    if (!q->cmd.revision && m->now.boot_ms - shown < m->settings->chat.confirm_guard_ms) {
        SAY(m, q, "%lld.%lld has only just been shown: if you mean it, `%s confirm %lld.%lld`",
            (long long)inc->r.id, (long long)rev->r.number, prefix_of(m), (long long)inc->r.id,
            (long long)rev->r.number);
        return;
    }
    if (!is_approved(m, q, inc, rev))
        return;
    turn_audit(m->turn, "confirm %lld.%lld by %s at %s%s", (long long)inc->r.id,
               (long long)rev->r.number, q->person->name, q->line->place,
               q->cmd.quiet ? ", no mail" : "");
    model_timeline(m, inc->r.id, m->now.wall_ms, "confirm", q->person->name, q->line->text);
    outbox_confirm(m, inc, rev, q->person->name, q->line->place, q->cmd.quiet);
}

/* ---- proposals and edits
 * -------------------------------------------------------------------------------------- */

/* Makes a revision by a person and shows it, in the home channel and where it was asked. */
static void propose(struct model *m, const struct request *q, struct incident *inc,
                    const struct revision_plan *plan)
{
    const struct revision *before = inc->revisions;
    struct revision *rev;
    char why[WORDING_WHY_BYTES];

    if (wording_check(m->settings, plan->title, plan->body, why, sizeof why)) {
        SAY(m, q, "%s", why);
        return;
    }
    if (strcmp(plan->title, before->r.title) != 0 || strcmp(plan->body, before->r.body) != 0)
        inc->r.words_edited = 1; /* signals keep what a person wrote or chose */
    rev = incident_revise(m, inc, plan);
    if (!rev)
        return;
    model_timeline(m, inc->r.id, m->now.wall_ms, "proposal", q->person->name, q->line->text);
    turn_audit(m->turn, "proposal %lld.%lld by %s", (long long)inc->r.id, (long long)rev->r.number,
               q->person->name);
    chat_announce(m, inc, rev, false);
    if (strcmp(q->line->place, inc->r.home) != 0)
        chat_show(m, inc, rev, q->line->place, SAY_ANSWER);
}

/* The public revision, or the newest that is on its way. */
static const struct revision *standing(const struct incident *inc)
{
    const struct revision *rev = model_public_revision(inc);

    return rev ? rev : inc->revisions;
}

/* Title and body of the incident's prepared wording for a step; NULL where there is none. */
static void prepared(struct model *m, const struct incident *inc, enum step step,
                     const struct components *components, char **ret_title, char **ret_body)
{
    struct wording_context ctx = {components, inc->r.started_wall_ms, m->now.wall_ms};
    int i = settings_find_wording(m->settings, standing(inc)->r.wording);
    int r = CRIER_ENOENT;

    *ret_title = *ret_body = NULL;
    if (i >= 0)
        r = wording_render(m->settings, (size_t)i, step, &ctx, ret_title, ret_body);
    if (r == CRIER_ENOMEM)
        model_fail(m);
}

static const struct revision *latest(const struct incident *inc)
{
    const struct revision *rev = model_open_revision(inc);

    if (!rev)
        rev = model_public_revision(inc);
    return rev ? rev : inc->revisions;
}

static void update(struct model *m, const struct request *q)
{
    struct incident *inc = find_public(m, q);
    struct revision_plan plan = {0};
    char *body = NULL;

    if (!inc)
        return;
    if (wording_clean_edit(q->cmd.text, &body)) {
        model_fail(m);
        return;
    }
    plan.kind = REVISION_UPDATE;
    plan.step = q->cmd.step;
    plan.impact = (enum impact)standing(inc)->r.impact;
    plan.title = standing(inc)->r.title;
    plan.wording = standing(inc)->r.wording;
    plan.body = body;
    plan.components = &standing(inc)->components;
    plan.made_by = q->person->name;
    propose(m, q, inc, &plan);
    free(body);
}

static void end(struct model *m, const struct request *q, enum revision_kind kind)
{
    static const char mistaken[] =
        "This notice was published by mistake. There was no such problem.";
    static const char over[] = "The problem is over. Everything should work as usual again.";
    struct incident *inc = find_public(m, q);
    struct revision_plan plan = {0};
    struct components freed;
    char *title = NULL, *body = NULL, *typed = NULL;

    if (!inc)
        return;
    components_init(&freed);
    if (incident_release(m, inc, &freed) || wording_clean_edit(q->cmd.text, &typed)) {
        model_fail(m);
        goto out;
    }
    prepared(m, inc, STEP_RESOLVED, &standing(inc)->components, &title, &body);
    plan.kind = kind;
    plan.step = STEP_RESOLVED;
    plan.impact = (enum impact)standing(inc)->r.impact;
    plan.title = standing(inc)->r.title;
    plan.wording = standing(inc)->r.wording;
    plan.body = typed[0] ? typed : kind == REVISION_RETRACT ? mistaken : body ? body : over;
    plan.components = &freed;
    plan.made_by = q->person->name;
    propose(m, q, inc, &plan);
out:
    components_finish(&freed);
    free(title);
    free(body);
    free(typed);
}

static void correct(struct model *m, const struct request *q)
{
    struct incident *inc = find_public(m, q);
    struct revision_plan plan = {0};
    char *body = NULL;

    if (!inc)
        return;
    if (wording_clean_edit(q->cmd.text, &body)) {
        model_fail(m);
        return;
    }
    plan.kind = REVISION_CORRECT;
    plan.step = (enum step)standing(inc)->r.step;
    plan.impact = (enum impact)standing(inc)->r.impact;
    plan.title = standing(inc)->r.title;
    plan.wording = standing(inc)->r.wording;
    plan.body = body;
    plan.components = &standing(inc)->components;
    plan.made_by = q->person->name;
    propose(m, q, inc, &plan);
    free(body);
}

static void edit_start(struct model *m, const struct request *q, struct incident *inc)
{
    char hm[WHEN_BYTES];
    int64_t wall_ms;

    if (when_parse_hm(q->cmd.text, m->now.wall_ms, &wall_ms)) {
        SAY(m, q, "say when it began, in UTC and not in the future: `%s edit %lld start 18:33`",
            prefix_of(m), (long long)inc->r.id);
        return;
    }
    inc->r.started_wall_ms = wall_ms;
    inc->r.start_edited = 1;
    model_put(m, RECORD_INCIDENT, &inc->r);
    model_timeline(m, inc->r.id, m->now.wall_ms, "start", q->person->name, q->line->text);
    SAY(m, q, "%lld: began about %s UTC", (long long)inc->r.id,
        when_hm_near(wall_ms, m->now.wall_ms, hm));
}

static void edit(struct model *m, const struct request *q)
{
    struct incident *inc = find_incident(m, q);
    struct revision_plan plan = {0};
    const struct revision *base;
    struct components typed;
    char why[WORDING_WHY_BYTES], *text = NULL;

    if (!inc)
        return;
    if (q->cmd.field == EDIT_START) {
        edit_start(m, q, inc);
        return;
    }
    if (!latest(inc) || (inc->r.state == INCIDENT_PUBLISHING && !model_open_revision(inc))) {
        SAY(m, q,
            "%lld is being published; once it is public, `%s update` or `%s correct` changes it",
            (long long)inc->r.id, prefix_of(m), prefix_of(m));
        return;
    }
    base = latest(inc);
    components_init(&typed);
    plan.kind = base->r.state == REVISION_OPEN ? (enum revision_kind)base->r.kind : REVISION_UPDATE;
    plan.step = (enum step)base->r.step;
    plan.impact = (enum impact)base->r.impact;
    plan.title = base->r.title;
    plan.body = base->r.body;
    plan.components = &base->components;
    plan.made_by = q->person->name;
    if (wording_clean_edit(q->cmd.text, &text)) {
        model_fail(m);
        goto out;
    }
    switch (q->cmd.field) {
    case EDIT_TITLE:
        plan.title = text;
        break;
    case EDIT_BODY:
        plan.body = text;
        break;
    case EDIT_IMPACT:
        if (impact_from_name(text, &plan.impact) || plan.impact == IMPACT_MAINTENANCE) {
            SAY(m, q, "impact is one of none, minor, major, critical");
            goto out;
        }
        break;
    case EDIT_COMPONENTS:
        if (wording_parse_components(m->settings, model_page_index(m, inc->r.page), q->cmd.text,
                                     &typed, why, sizeof why)) {
            SAY(m, q, "%s", why);
            goto out;
        }
        plan.components = &typed;
        break;
    case EDIT_START:
        break;
    }
    propose(m, q, inc, &plan);
out:
    components_finish(&typed);
    free(text);
}

static void take_text(struct model *m, const struct request *q)
{
    struct incident *inc = find_incident(m, q);
    struct revision_plan plan = {0};
    const struct revision *base;
    char *title = NULL, *body = NULL;
    struct wording_context ctx;
    int i;

    if (!inc)
        return;
    base = latest(inc);
    i = settings_find_wording(m->settings, q->cmd.text);
    if (i < 0) {
        struct buf names;
        size_t k;

        buf_init(&names, WHO_BYTES);
        for (k = 0; k < m->settings->n_wordings && !buf_error(&names); k++)
            buf_addf(&names, "%s%s", k ? ", " : "", m->settings->wording[k].name);
        SAY(m, q, "there are these wordings: %s", buf_str(&names));
        buf_finish(&names);
        return;
    }
    if (!base || inc->r.state == INCIDENT_PUBLISHING) {
        SAY(m, q, "%lld is being published; its words cannot change now", (long long)inc->r.id);
        return;
    }
    ctx = (struct wording_context){&base->components, inc->r.started_wall_ms, m->now.wall_ms};
    if (wording_render(m->settings, (size_t)i, (enum step)base->r.step, &ctx, &title, &body)) {
        SAY(m, q, "%s has no text for %s", q->cmd.text, step_name((enum step)base->r.step));
        return;
    }
    plan.kind = base->r.state == REVISION_OPEN ? (enum revision_kind)base->r.kind : REVISION_UPDATE;
    plan.step = (enum step)base->r.step;
    plan.impact = (enum impact)base->r.impact;
    plan.title = title;
    plan.body = body;
    plan.components = &base->components;
    plan.wording = m->settings->wording[i].name;
    plan.made_by = q->person->name;
    propose(m, q, inc, &plan);
    free(title);
    free(body);
}

/* The rule that a draft by hand borrows from: the last that drafts, which is the catch-all. */
static const struct rule_settings *catch_all(const struct model *m)
{
    size_t i;

    for (i = m->settings->n_rules; i-- > 0;)
        if (!m->settings->rule[i].ignore)
            return &m->settings->rule[i];
    return NULL;
}

static void open_by_hand(struct model *m, const struct request *q)
{
    const struct rule_settings *rule = catch_all(m);
    struct revision_plan plan = {0};
    struct wording_context ctx;
    struct components components;
    struct incident *inc;
    struct revision *rev;
    char why[WORDING_WHY_BYTES], *title = NULL, *body = NULL, *typed = NULL;
    size_t i;

    components_init(&components);
    if (!rule) {
        SAY(m, q, "no rule is configured that a draft could be made from");
        goto out;
    }
    for (i = 0; i < rule->n_components; i++)
        if (components_set(&components, rule->component[i].name, rule->component[i].status))
            goto fail;
    ctx = (struct wording_context){&components, m->now.wall_ms, m->now.wall_ms};
    if (wording_render(m->settings, rule->wording_index, STEP_INVESTIGATING, &ctx, &title, &body) ||
        wording_clean_edit(q->cmd.text, &typed))
        goto fail;
    plan.kind = REVISION_DRAFT;
    plan.step = STEP_INVESTIGATING;
    plan.impact = rule->impact;
    plan.title = typed[0] ? typed : title;
    plan.body = body;
    plan.components = &components;
    plan.wording = rule->wording;
    plan.made_by = q->person->name;
    if (wording_check(m->settings, plan.title, plan.body, why, sizeof why)) {
        SAY(m, q, "%s", why);
        goto out;
    }
    inc = incident_open(m, rule->page, q->line->private ? rule->channel : q->line->place, NULL,
                        q->person->name, m->now.wall_ms);
    if (!inc) {
        SAY(m, q, "%lld are open, the most there may be: close one first",
            (long long)m->settings->triage.max_open);
        goto out;
    }
    inc->r.words_edited = typed[0] != '\0';
    rev = incident_revise(m, inc, &plan);
    if (!rev)
        goto out;
    model_timeline(m, inc->r.id, m->now.wall_ms, "draft", q->person->name, q->line->text);
    turn_audit(m->turn, "draft %lld.1 opened by %s", (long long)inc->r.id, q->person->name);
    chat_announce(m, inc, rev, true);
    if (strcmp(q->line->place, inc->r.home) != 0)
        chat_show(m, inc, rev, q->line->place, SAY_ANSWER);
    goto out;
fail:
    model_fail(m);
out:
    components_finish(&components);
    free(title);
    free(body);
    free(typed);
}

static void discard(struct model *m, const struct request *q)
{
    struct incident *inc = find_incident(m, q);
    struct revision *rev;

    if (!inc)
        return;
    rev = model_open_revision(inc);
    if (inc->r.state == INCIDENT_PUBLISHING && !rev) {
        SAY(m, q,
            "%lld is confirmed and being published; once it is public, `%s retract %lld` closes it",
            (long long)inc->r.id, prefix_of(m), (long long)inc->r.id);
        return;
    }
    model_timeline(m, inc->r.id, m->now.wall_ms, "discard", q->person->name, q->line->text);
    turn_audit(m->turn, "discard %lld by %s", (long long)inc->r.id, q->person->name);
    if (inc->r.state == INCIDENT_DRAFT) {
        chat_home_and(m, inc, q->line->place,
                      "%lld discarded; its alerts stay silent until they recover",
                      (long long)inc->r.id);
        if (incident_enter(m, inc, INCIDENT_EVENT_DISCARDED))
            model_fail(m);
        incident_end(m, inc);
        incident_forget(m, inc);
        return;
    }
    if (!rev) {
        SAY(m, q,
            "%lld is public and has no waiting proposal; `%s resolve %lld` or `retract` ends it",
            (long long)inc->r.id, prefix_of(m), (long long)inc->r.id);
        return;
    }
    incident_set_revision(m, rev, REVISION_DROPPED);
    model_timer_clear(m, TIMER_SECOND_PERSON, inc->r.id);
    SAY(m, q, "proposal %lld.%lld dropped; the page stays as it is", (long long)inc->r.id,
        (long long)rev->r.number);
}

/* ---- asking
 * ------------------------------------------------------------------------------------------------
 */

static void show(struct model *m, const struct request *q)
{
    struct incident *inc = q->cmd.incident ? find_incident(m, q) : find_only(m, q, false);

    if (inc)
        chat_present(m, inc, q->line->place);
}

/* "network/nick" of whoever asked, for longer answers. */
static char *private_place(struct model *m, const struct request *q)
{
    char *place = buf_printf("%s/%s", q->line->network, q->line->nick);

    if (!place)
        model_fail(m);
    return place;
}

static void who(struct model *m, const struct request *q)
{
    char *place = private_place(m, q);
    char line[WHO_BYTES], names[64];

    if (!place)
        return;
    if (!access_describe(m->settings, COMMAND_CONFIRM, line, sizeof line))
        chat_say(m, place, SAY_ANSWER, "confirm, edit, discard, update, resolve: %s", line);
    if (q->person)
        chat_say(m, place, SAY_ANSWER, "you are %s: %s", q->person->name,
                 access_role_names(q->person->roles, names, sizeof names));
    else if (q->line->identity == IDENTITY_ACCOUNT)
        chat_say(m, place, SAY_ANSWER, "you are account %s, who is not on my list",
                 q->line->account);
    else
        chat_say(m, place, SAY_ANSWER, "you are not logged in to a services account");
    free(place);
}

static void help(struct model *m, const struct request *q)
{
    char lines[COMMAND_HELP_LINES][COMMAND_HELP_BYTES];
    char *place = private_place(m, q);
    size_t n = command_help(prefix_of(m), q->cmd.text, lines, COMMAND_HELP_LINES);
    size_t i;

    for (i = 0; place && i < n; i++)
        chat_say(m, place, SAY_ANSWER, "%s", lines[i]);
    free(place);
}

static void carry_out(struct model *m, const struct request *q)
{
    switch (q->cmd.verb) {
    case COMMAND_STATUS:
        chat_status(m, q->line->place);
        return;
    case COMMAND_SHOW:
        show(m, q);
        return;
    case COMMAND_CONFIRM:
        confirm(m, q);
        return;
    case COMMAND_EDIT:
        edit(m, q);
        return;
    case COMMAND_TEXT:
        take_text(m, q);
        return;
    case COMMAND_DISCARD:
        discard(m, q);
        return;
    case COMMAND_OPEN:
        open_by_hand(m, q);
        return;
    case COMMAND_UPDATE:
        update(m, q);
        return;
    case COMMAND_RESOLVE:
        end(m, q, REVISION_RESOLVE);
        return;
    case COMMAND_CORRECT:
        correct(m, q);
        return;
    case COMMAND_RETRACT:
        end(m, q, REVISION_RETRACT);
        return;
    case COMMAND_WHO:
        who(m, q);
        return;
    case COMMAND_HELP:
        help(m, q);
        return;
    }
}

void obey_command(struct model *m, const struct heard *line)
{
    struct request q = {.line = line};
    char why[COMMAND_WHY_BYTES];
    int i = hearing_person(m->settings, line);
    int r;

    if (i >= 0)
        q.person = &m->settings->person[i];
    r = command_parse(prefix_of(m), line->text, &q.cmd, why, sizeof why);
    if (r == CRIER_ENOENT)
        return;
    if (r) {
        if (q.person || may_refuse_aloud(m, line->place))
            SAY(m, &q, "%s: %s", line->nick, why);
        return;
    }
    if (is_allowed(m, &q))
        carry_out(m, &q);
}
