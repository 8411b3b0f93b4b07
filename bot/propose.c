#include "propose.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "chat.h"
#include "chat_list.h"
#include "err.h"
#include "incident.h"
#include "insist.h"
#include "when.h"
#include "wording.h"

enum { FITS = 2, LIST_BYTES = 2000 };

#define SAY(m, by, ...) chat_say(m, (by)->place, SAY_ANSWER, __VA_ARGS__)

static const char *prefix_of(const struct model *m)
{
    return m->settings->chat.prefix;
}

/* What was taken out of somebody's text, before the command to confirm; or NULL. The caller's. */
static char *removal_note(struct model *m, const struct asker *by)
{
    char *note;

    if (!by->removed || !by->removed[0])
        return NULL;
    note = buf_printf("%s: removed from your text: %s.", by->nick, by->removed);
    if (!note)
        model_fail(m);
    return note;
}

/* Shows a new revision, at home and where it was asked for. */
static void present(struct model *m, const struct asker *by, struct incident *inc,
                    const struct revision *rev, bool first)
{
    char *note = removal_note(m, by);

    chat_announce_noted(m, inc, rev, first, note);
    if (strcmp(by->place, inc->r.home) != 0)
        (void)chat_show_noted(m, inc, rev, by->place, SAY_ANSWER, note);
    free(note);
}

/*
 * Makes a revision by a person and shows it, in the home channel and where it was asked.
 * @param kept  new words are the prepared ones still, which nobody chose.
 * @param typed what of the words was typed just now.
 */
static void propose_as(struct model *m, const struct asker *by, struct incident *inc,
                       const struct revision_plan *plan, bool kept, enum insist_part typed)
{
    const struct revision *before = inc->revisions;
    struct revision *rev;
    char why[WORDING_WHY_BYTES];

    if (wording_check_form(m->settings, plan->title, plan->body, why, sizeof why)) {
        SAY(m, by, "%s", why);
        return;
    }
    if (!insist_allows(m, by, inc->r.id, typed, typed == INSIST_TITLE ? plan->title : plan->body,
                       why, sizeof why))
        return;
    if (!kept &&
        (strcmp(plan->title, before->r.title) != 0 || strcmp(plan->body, before->r.body) != 0))
        inc->r.words_edited = 1; /* signals keep what a person wrote or chose */
    rev = incident_revise(m, inc, plan);
    if (!rev)
        return;
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "command", by->person, by->line, rev->r.number,
                      "");
    audit_write(
        m,
        &(struct audit_entry){
            .action = by->action, .person = by->person, .place = by->place, .inc = inc, .rev = rev},
        "%s %lld.%lld by %s", inc->r.state == INCIDENT_DRAFT ? "draft" : "proposal",
        (long long)inc->r.id, (long long)rev->r.number, by->person);
    insist_record(m, by, rev, why);
    present(m, by, inc, rev, false);
}

static void propose(struct model *m, const struct asker *by, struct incident *inc,
                    const struct revision_plan *plan, enum insist_part typed)
{
    propose_as(m, by, inc, plan, false, typed);
}

/* The newest that is on its way, or the public revision. */
static const struct revision *standing(const struct incident *inc)
{
    const struct revision *rev = incident_standing(inc);

    return rev ? rev : inc->revisions;
}

/* What an update is about: that of a widening that waits, since it takes its place. */
static const struct revision *extent(const struct incident *inc)
{
    const struct revision *rev = model_open_revision(inc);

    return rev && (rev->r.kind == REVISION_WIDENING || rev->r.kind == REVISION_UPDATE)
               ? rev
               : standing(inc);
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

    return rev ? rev : standing(inc);
}

void propose_update(struct model *m, struct incident *inc, const struct asker *by, enum step step,
                    const char *text)
{
    struct revision_plan plan = {0};
    char *body = NULL;

    if (wording_clean_edit(text, &body)) {
        model_fail(m);
        return;
    }
    plan.kind = REVISION_UPDATE;
    plan.step = step;
    plan.impact = (enum impact)extent(inc)->r.impact;
    plan.title = extent(inc)->r.title;
    plan.wording = extent(inc)->r.wording;
    plan.body = body;
    plan.components = &extent(inc)->components;
    plan.made_by = by->person;
    propose(m, by, inc, &plan, INSIST_BODY);
    free(body);
}

void propose_end(struct model *m, struct incident *inc, const struct asker *by,
                 enum revision_kind kind, const char *text)
{
    static const char mistaken[] =
        "This notice was published by mistake. There was no such problem.";
    static const char over[] = "The problem is over. Everything should work as usual again.";
    struct revision_plan plan = {0};
    struct components freed;
    char *title = NULL, *body = NULL, *typed = NULL;

    components_init(&freed);
    if (incident_release(m, inc, &freed) || wording_clean_edit(text, &typed)) {
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
    plan.made_by = by->person;
    propose(m, by, inc, &plan, typed[0] ? INSIST_BODY : INSIST_NOTHING);
out:
    components_finish(&freed);
    free(title);
    free(body);
    free(typed);
}

void propose_correct(struct model *m, struct incident *inc, const struct asker *by,
                     const char *text)
{
    struct revision_plan plan = {0};
    char *body = NULL;

    if (wording_clean_edit(text, &body)) {
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
    plan.made_by = by->person;
    propose(m, by, inc, &plan, INSIST_BODY);
    free(body);
}

/* Of a correction the page takes the text and nothing else. */
static bool is_text_alone(struct model *m, const struct incident *inc, const struct asker *by,
                          const struct revision *base)
{
    if (base->r.state != REVISION_OPEN || base->r.kind != REVISION_CORRECT)
        return false;
    SAY(m, by, "%lld.%lld corrects the text alone: `%s discard %lld`, then edit",
        (long long)inc->r.id, (long long)base->r.number, prefix_of(m), (long long)inc->r.id);
    return true;
}

/* What a template gave before, when a revision still has it: then what it gives now, else NULL. */
static char *renewed(const char *present, char *before, char *now)
{
    bool same = !strcmp(present, before);

    free(before);
    if (same)
        return now;
    free(now);
    return NULL;
}

/*
 * The prepared words of a revision, made again from other components or another start. NULL each
 * where a person has written it.
 * @param before what the revision's words were made from.
 */
static void prepare_again(struct model *m, const struct revision *base,
                          const struct wording_context *before, const struct wording_context *now,
                          char **ret_title, char **ret_body)
{
    int i = settings_find_wording(m->settings, base->r.wording);
    enum wording_text which;
    char *title, *body;
    int r;

    *ret_title = *ret_body = NULL;
    which = wording_recognise(m->settings, i < 0 ? SIZE_MAX : (size_t)i, (enum step)base->r.step,
                              before, base->r.body);
    if (i < 0 || wording_render_as(m->settings, (size_t)i, which, before, &title, &body))
        return;
    r = wording_render_as(m->settings, (size_t)i, which, now, ret_title, ret_body);
    if (r) {
        if (r == CRIER_ENOMEM)
            model_fail(m);
        free(title);
        free(body);
        return;
    }
    *ret_title = renewed(base->r.title, title, *ret_title);
    *ret_body = renewed(base->r.body, body, *ret_body);
}

/* The words that wait say since when, if nobody has written others. */
static void restate_start(struct model *m, struct incident *inc, const struct asker *by,
                          int64_t started_before)
{
    const struct revision *base = model_open_revision(inc);
    struct wording_context before, now;
    struct revision_plan plan = {0};
    char *title, *body;

    if (!base)
        return;
    before = (struct wording_context){&base->components, started_before, m->now.wall_ms};
    now = (struct wording_context){&base->components, inc->r.started_wall_ms, m->now.wall_ms};
    prepare_again(m, base, &before, &now, &title, &body);
    plan.kind = (enum revision_kind)base->r.kind;
    plan.step = (enum step)base->r.step;
    plan.impact = (enum impact)base->r.impact;
    plan.title = title ? title : base->r.title;
    plan.body = body ? body : base->r.body;
    plan.components = &base->components;
    plan.wording = base->r.wording;
    plan.made_by = by->person;
    if (strcmp(plan.title, base->r.title) != 0 || strcmp(plan.body, base->r.body) != 0)
        propose_as(m, by, inc, &plan, true, INSIST_NOTHING);
    free(title);
    free(body);
}

static void edit_start(struct model *m, struct incident *inc, const struct asker *by,
                       const char *text)
{
    int64_t wall_ms, before = inc->r.started_wall_ms;
    char hm[WHEN_BYTES], iso[WHEN_BYTES];

    if (when_parse_hm(text, m->now.wall_ms, &wall_ms)) {
        SAY(m, by, "say when it began, in UTC and not in the future: `%s edit %lld start 18:33`",
            prefix_of(m), (long long)inc->r.id);
        return;
    }
    inc->r.started_wall_ms = wall_ms;
    inc->r.start_edited = 1;
    model_put(m, RECORD_INCIDENT, &inc->r);
    model_timeline(m, inc->r.id, m->now.wall_ms, "start", by->person, by->line);
    audit_write(m,
                &(struct audit_entry){
                    .action = by->action, .person = by->person, .place = by->place, .inc = inc},
                "start of %lld by %s: %s", (long long)inc->r.id, by->person,
                when_iso(wall_ms, iso));
    SAY(m, by, "%lld: began about %s UTC", (long long)inc->r.id,
        when_hm_near(wall_ms, m->now.wall_ms, hm));
    restate_start(m, inc, by, before);
}

void propose_edit(struct model *m, struct incident *inc, const struct asker *by,
                  enum edit_field field, const char *typed_text)
{
    struct revision_plan plan = {0};
    const struct revision *base;
    struct wording_context before, now;
    struct components typed;
    char why[WORDING_WHY_BYTES], *text = NULL, *title = NULL, *body = NULL;

    if (field == EDIT_START) {
        edit_start(m, inc, by, typed_text);
        return;
    }
    if (!latest(inc) || (inc->r.state == INCIDENT_PUBLISHING && !model_open_revision(inc))) {
        SAY(m, by,
            "%lld is being published; once it is public, `%s update` or `%s correct` changes it",
            (long long)inc->r.id, prefix_of(m), prefix_of(m));
        return;
    }
    base = latest(inc);
    if (field != EDIT_BODY && is_text_alone(m, inc, by, base))
        return;
    components_init(&typed);
    plan.kind = base->r.state == REVISION_OPEN ? (enum revision_kind)base->r.kind : REVISION_UPDATE;
    plan.step = (enum step)base->r.step;
    plan.impact = (enum impact)base->r.impact;
    plan.title = base->r.title;
    plan.body = base->r.body;
    plan.components = &base->components;
    plan.made_by = by->person;
    if (wording_clean_edit(typed_text, &text)) {
        model_fail(m);
        goto out;
    }
    switch (field) {
    case EDIT_TITLE:
        plan.title = text;
        break;
    case EDIT_BODY:
        plan.body = text;
        break;
    case EDIT_IMPACT:
        if (impact_from_name(text, &plan.impact) || plan.impact == IMPACT_MAINTENANCE) {
            SAY(m, by, "impact is one of none, minor, major, critical");
            goto out;
        }
        break;
    case EDIT_COMPONENTS:
        if (wording_parse_components(m->settings, model_page_index(m, inc->r.page), typed_text,
                                     &typed, why, sizeof why)) {
            SAY(m, by, "%s", why);
            goto out;
        }
        before = now =
            (struct wording_context){&base->components, inc->r.started_wall_ms, m->now.wall_ms};
        now.components = &typed;
        prepare_again(m, base, &before, &now, &title, &body);
        if (incident_give_back(m, inc, &typed)) {
            model_fail(m);
            goto out;
        }
        plan.components = &typed;
        if (title)
            plan.title = title;
        if (body)
            plan.body = body;
        break;
    case EDIT_START:
        break;
    }
    propose_as(m, by, inc, &plan, field == EDIT_COMPONENTS,
               field == EDIT_TITLE  ? INSIST_TITLE
               : field == EDIT_BODY ? INSIST_BODY
                                    : INSIST_NOTHING);
out:
    components_finish(&typed);
    free(text);
    free(title);
    free(body);
}

/* How well a wording fits what the revision is about: 2 where a rule for such components and such
 * an impact takes it, 1 where one for such components does. */
static int fitness(const struct model *m, size_t wording, const struct revision *base)
{
    const struct settings *s = m->settings;
    size_t i, j;
    int best = 0;

    for (i = 0; i < s->n_rules && best < FITS; i++) {
        const struct rule_settings *rule = &s->rule[i];
        bool all = rule->n_components > 0;

        if (rule->ignore || !rule->wording || rule->wording_index != wording)
            continue;
        for (j = 0; j < rule->n_components; j++)
            all = all && components_find(&base->components, rule->component[j].name);
        if (all)
            best = rule->impact == (enum impact)base->r.impact ? FITS : best ? best : FITS - 1;
    }
    return best;
}

/* `media "Images and other media may not load"` */
static void add_wording(struct buf *b, struct model *m, const struct incident *inc, size_t wording,
                        const struct revision *base)
{
    struct wording_context ctx = {&base->components, inc->r.started_wall_ms, m->now.wall_ms};
    char *title, *body;

    buf_adds(b, m->settings->wording[wording].name);
    if (wording_render(m->settings, wording, (enum step)base->r.step, &ctx, &title, &body))
        return;
    buf_addf(b, " \"%s\"", title);
    free(title);
    free(body);
}

/* The prepared wordings by name and title, those that fit first, in two lines at most. */
static void list_wordings(struct model *m, const struct incident *inc, const struct asker *by,
                          const struct revision *base, const char *typed)
{
    struct chat_list lines;
    struct buf one;
    size_t i;
    bool room = true;
    int fit;

    chat_list_begin(&lines, m, by->place, "", ", ", m->settings->n_wordings);
    buf_init(&one, LIST_BYTES);
    buf_addf(&lines.line, "%s`%s text %lld NAME`: ", typed[0] ? "no wording is called that; " : "",
             prefix_of(m), (long long)inc->r.id);
    for (fit = FITS; fit >= 0 && room; fit--)
        for (i = 0; i < m->settings->n_wordings && room; i++) {
            if (fitness(m, i, base) != fit)
                continue;
            buf_clear(&one);
            add_wording(&one, m, inc, i, base);
            room = chat_list_add(&lines, &one);
        }
    chat_list_end(&lines);
    buf_finish(&one);
}

void propose_wording(struct model *m, struct incident *inc, const struct asker *by,
                     const char *name)
{
    struct revision_plan plan = {0};
    const struct revision *base;
    char *title = NULL, *body = NULL;
    struct wording_context ctx;
    enum wording_text which;
    int i, before;

    base = latest(inc);
    i = settings_find_wording(m->settings, name);
    if (i < 0 && base) {
        list_wordings(m, inc, by, base, name);
        return;
    }
    if (!base || inc->r.state == INCIDENT_PUBLISHING) {
        SAY(m, by, "%lld is being published; its words cannot change now", (long long)inc->r.id);
        return;
    }
    if (is_text_alone(m, inc, by, base))
        return;
    before = settings_find_wording(m->settings, base->r.wording);
    ctx = (struct wording_context){&base->components, inc->r.started_wall_ms, m->now.wall_ms};
    which = wording_recognise(m->settings, before < 0 ? SIZE_MAX : (size_t)before,
                              (enum step)base->r.step, &ctx, base->r.body);
    if (wording_render_as(m->settings, (size_t)i, which, &ctx, &title, &body)) {
        SAY(m, by, "%s has no text for %s", name, step_name((enum step)base->r.step));
        return;
    }
    plan.kind = base->r.state == REVISION_OPEN ? (enum revision_kind)base->r.kind : REVISION_UPDATE;
    plan.step = (enum step)base->r.step;
    plan.impact = (enum impact)base->r.impact;
    plan.title = title;
    plan.body = body;
    plan.components = &base->components;
    plan.wording = m->settings->wording[i].name;
    plan.made_by = by->person;
    propose(m, by, inc, &plan, INSIST_NOTHING);
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

void propose_draft(struct model *m, const struct asker *by, bool private, const char *text)
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
        SAY(m, by, "no rule is configured that a draft could be made from");
        goto out;
    }
    for (i = 0; i < rule->n_components; i++)
        if (components_set(&components, rule->component[i].name, rule->component[i].status))
            goto fail;
    ctx = (struct wording_context){&components, m->now.wall_ms, m->now.wall_ms};
    if (wording_render(m->settings, rule->wording_index, STEP_INVESTIGATING, &ctx, &title, &body) ||
        wording_clean_edit(text, &typed))
        goto fail;
    plan.kind = REVISION_DRAFT;
    plan.step = STEP_INVESTIGATING;
    plan.impact = rule->impact;
    plan.title = typed[0] ? typed : title;
    plan.body = body;
    plan.components = &components;
    plan.wording = rule->wording;
    plan.made_by = by->person;
    if (wording_check_form(m->settings, plan.title, plan.body, why, sizeof why)) {
        SAY(m, by, "%s", why);
        goto out;
    }
    if (!insist_allows(m, by, 0, typed[0] ? INSIST_TITLE : INSIST_NOTHING, typed, why, sizeof why))
        goto out;
    inc = incident_open(m, rule->page, private ? rule->channel : by->place, NULL, by->person,
                        m->now.wall_ms);
    if (!inc) {
        SAY(m, by, "%lld are open, the most there may be: close one first",
            (long long)m->settings->triage.max_open);
        goto out;
    }
    inc->r.words_edited = typed[0] != '\0';
    rev = incident_revise(m, inc, &plan);
    if (!rev)
        goto out;
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "command", by->person, by->line, rev->r.number,
                      "");
    audit_write(
        m,
        &(struct audit_entry){
            .action = by->action, .person = by->person, .place = by->place, .inc = inc, .rev = rev},
        "draft %lld.1 opened by %s", (long long)inc->r.id, by->person);
    insist_record(m, by, rev, why);
    present(m, by, inc, rev, true);
    goto out;
fail:
    model_fail(m);
out:
    components_finish(&components);
    free(title);
    free(body);
    free(typed);
}
