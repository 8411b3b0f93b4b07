#include "incident.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "buf.h"
#include "err.h"
#include "wording_secret.h"

static const struct {
    enum incident_state from;
    enum incident_event event;
    enum incident_state to;
} transitions[] = {
    {INCIDENT_DRAFT, INCIDENT_EVENT_CONFIRMED, INCIDENT_PUBLISHING},
    {INCIDENT_DRAFT, INCIDENT_EVENT_DISCARDED, INCIDENT_DISCARDED},
    {INCIDENT_PUBLISHING, INCIDENT_EVENT_PUBLISHED, INCIDENT_PUBLIC},
    {INCIDENT_PUBLISHING, INCIDENT_EVENT_UNCONFIRMED, INCIDENT_DRAFT},
    {INCIDENT_PUBLIC, INCIDENT_EVENT_PUBLISHED, INCIDENT_PUBLIC},
    {INCIDENT_PUBLIC, INCIDENT_EVENT_UNCONFIRMED, INCIDENT_PUBLIC},
    {INCIDENT_PUBLIC, INCIDENT_EVENT_RESOLVED, INCIDENT_RESOLVED},
    {INCIDENT_DRAFT, INCIDENT_EVENT_ADOPTED, INCIDENT_PUBLIC},
    {INCIDENT_FOREIGN, INCIDENT_EVENT_ADOPTED, INCIDENT_PUBLIC},
    {INCIDENT_FOREIGN, INCIDENT_EVENT_RESOLVED, INCIDENT_RESOLVED},
};

int incident_next(enum incident_state from, enum incident_event event,
                  enum incident_state *ret_next)
{
    size_t i;

    for (i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        if (transitions[i].from == from && transitions[i].event == event) {
            *ret_next = transitions[i].to;
            return 0;
        }
    }
    return CRIER_ESTATE;
}

const char *incident_state_name(enum incident_state s)
{
    switch (s) {
    case INCIDENT_DRAFT:
        return "draft";
    case INCIDENT_PUBLISHING:
        return "publishing";
    case INCIDENT_PUBLIC:
        return "public";
    case INCIDENT_RESOLVED:
        return "resolved";
    case INCIDENT_DISCARDED:
        return "discarded";
    case INCIDENT_FOREIGN:
        return "made by hand";
    }
    return "unknown";
}

int incident_enter(struct model *m, struct incident *inc, enum incident_event event)
{
    enum incident_state next;
    int r = incident_next((enum incident_state)inc->r.state, event, &next);

    if (r)
        return r;
    if ((int64_t)next != inc->r.state) {
        audit_line(m, "incident %lld: %s -> %s", (long long)inc->r.id,
                   incident_state_name((enum incident_state)inc->r.state),
                   incident_state_name(next));
        inc->r.state = next;
    }
    model_put(m, RECORD_INCIDENT, &inc->r);
    return 0;
}

struct incident *incident_open(struct model *m, const char *page, const char *home,
                               const char *rule, const char *opened_by, int64_t started_wall_ms)
{
    struct incident *inc;

    if ((int64_t)model_count_open(m) >= m->settings->triage.max_open)
        return NULL;
    inc = calloc(1, sizeof *inc);
    if (!inc) {
        model_fail(m);
        return NULL;
    }
    inc->r.id = m->meta.next_incident++;
    inc->r.live = 1;
    inc->r.state = INCIDENT_DRAFT;
    inc->r.step = STEP_INVESTIGATING;
    inc->r.opened_wall_ms = m->now.wall_ms;
    inc->opened_boot_ms = m->now.boot_ms;
    inc->revised_boot_ms = m->now.boot_ms;
    inc->ladder_boot_ms = inc->remind_boot_ms = NOW_NEVER;
    inc->r.started_wall_ms = started_wall_ms;
    model_put(m, RECORD_META, &m->meta);
    if (!model_text(m, &inc->r.page, page) || !model_text(m, &inc->r.home, home) ||
        !model_text(m, &inc->r.rule, rule) || !model_text(m, &inc->r.opened_by, opened_by)) {
        record_finish(RECORD_INCIDENT, &inc->r);
        free(inc);
        return NULL;
    }
    model_incident_link(m, inc);
    model_put(m, RECORD_INCIDENT, &inc->r);
    return inc;
}

void incident_set_revision(struct model *m, struct revision *rev, enum revision_state state)
{
    rev->r.state = state;
    model_put(m, RECORD_REVISION, &rev->r);
}

/* Into the timeline, with its words. */
static void note_revision(struct model *m, const struct revision *rev)
{
    const char *kind = rev->r.kind == REVISION_DRAFT      ? "draft"
                       : rev->r.kind == REVISION_WIDENING ? "widening"
                                                          : "proposal";
    char *text = buf_printf("%s: %s", rev->r.title, rev->r.body);

    if (text)
        model_timeline_of(m, rev->r.incident, m->now.wall_ms, kind, rev->r.made_by, text,
                          rev->r.number, step_name((enum step)rev->r.step));
    else
        model_fail(m);
    free(text);
}

struct revision *incident_revise(struct model *m, struct incident *inc,
                                 const struct revision_plan *plan)
{
    const struct revision *base = inc->revisions;
    struct revision *rev = calloc(1, sizeof *rev), *old;
    char *components = NULL;

    if (!rev)
        goto fail;
    rev->r.id = model_next_row(m);
    rev->r.live = 1;
    rev->r.incident = inc->r.id;
    rev->r.number = inc->r.last_revision + 1;
    rev->r.kind = plan->kind;
    rev->r.state = REVISION_OPEN;
    rev->r.step = plan->step;
    rev->r.impact = plan->impact;
    rev->r.made_wall_ms = m->now.wall_ms;
    components_init(&rev->components);
    components = components_text(plan->components ? plan->components : &base->components);
    if (!components || !model_text(m, &rev->r.title, plan->title ? plan->title : base->r.title) ||
        !model_text(m, &rev->r.body, plan->body ? plan->body : base->r.body) ||
        !model_text(m, &rev->r.wording,
                    plan->wording ? plan->wording
                    : base        ? base->r.wording
                                  : "") ||
        !model_text(m, &rev->r.made_by, plan->made_by) ||
        !model_text(m, &rev->r.first_approval, "") ||
        !model_text(m, &rev->r.components, components) ||
        components_parse(&rev->components, components))
        goto fail;
    for (old = inc->revisions; old; old = old->next)
        if (old->r.state == REVISION_OPEN)
            incident_set_revision(m, old, REVISION_SUPERSEDED);
    model_timer_clear(m, TIMER_SECOND_PERSON, inc->r.id);
    rev->next = inc->revisions;
    inc->revisions = rev;
    inc->r.last_revision = rev->r.number;
    if (!plan->made_by) {
        inc->r.revised_wall_ms = m->now.wall_ms;
        inc->revised_boot_ms = m->now.boot_ms;
        inc->revise_waits = false;
    }
    model_put(m, RECORD_REVISION, &rev->r);
    model_put(m, RECORD_INCIDENT, &inc->r);
    if (!plan->found)
        note_revision(m, rev);
    free(components);
    return rev;
fail:
    model_fail(m);
    free(components);
    if (rev) {
        components_finish(&rev->components);
        record_finish(RECORD_REVISION, &rev->r);
        free(rev);
    }
    return NULL;
}

void incident_mark_shown(struct model *m, struct incident *inc, int64_t revision, const char *place)
{
    struct shown *s;

    if (incident_shown_at(inc, revision, place) != NOW_NEVER)
        return;
    s = calloc(1, sizeof *s);
    if (!s || !model_text(m, &s->r.place, place)) {
        free(s);
        model_fail(m);
        return;
    }
    s->r.id = model_next_row(m);
    s->r.live = 1;
    s->r.incident = inc->r.id;
    s->r.revision = revision;
    s->r.wall_ms = m->now.wall_ms;
    s->boot_ms = m->now.boot_ms;
    s->next = inc->shown;
    inc->shown = s;
    model_put(m, RECORD_SHOWN, &s->r);
}

int64_t incident_shown_at(const struct incident *inc, int64_t revision, const char *place)
{
    const struct shown *s;

    for (s = inc->shown; s; s = s->next)
        if (s->r.revision == revision && !strcmp(s->r.place, place))
            return s->boot_ms;
    return NOW_NEVER;
}

static void release_alerts(struct model *m, const struct incident *inc)
{
    struct alert *a, *newer;

    for (a = m->alert_oldest; a; a = newer) {
        newer = a->newer;
        if (a->r.incident != inc->r.id)
            continue;
        if (a->r.firing) {
            a->r.held = 1;
            a->r.incident = 0;
            model_put(m, RECORD_ALERT, &a->r);
        } else {
            model_alert_remove(m, a);
        }
    }
}

void incident_end(struct model *m, struct incident *inc)
{
    static const enum timer_kind kinds[] = {TIMER_REVISE, TIMER_QUIET,    TIMER_SECOND_PERSON,
                                            TIMER_OUTBOX, TIMER_PATIENCE, TIMER_TELL_QUEUED,
                                            TIMER_FOLLOW, TIMER_REMIND};
    struct revision *rev;
    size_t i;

    release_alerts(m, inc);
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        model_timer_clear(m, kinds[i], inc->r.id);
    for (rev = inc->revisions; rev; rev = rev->next)
        if (rev->r.state == REVISION_OPEN)
            incident_set_revision(m, rev, REVISION_DROPPED);
    inc->r.closed_wall_ms = m->now.wall_ms;
    model_put(m, RECORD_INCIDENT, &inc->r);
}

void incident_forget(struct model *m, struct incident *inc)
{
    struct revision *rev;
    struct shown *s;
    struct outbox *o;

    for (rev = inc->revisions; rev; rev = rev->next) {
        rev->r.live = 0;
        model_put(m, RECORD_REVISION, &rev->r);
    }
    for (s = inc->shown; s; s = s->next) {
        s->r.live = 0;
        model_put(m, RECORD_SHOWN, &s->r);
    }
    for (o = inc->outbox; o; o = o->next) {
        o->r.live = 0;
        model_put(m, RECORD_OUTBOX, &o->r);
    }
    inc->r.live = 0;
    model_put(m, RECORD_INCIDENT, &inc->r);
    model_incident_remove(m, inc);
}

/* Its status before the outage: what people had set for maintenance stays. */
static enum component_status before(const struct components *was, const char *name)
{
    const struct component_claim *claim = components_find(was, name);

    return claim ? claim->status : COMPONENT_OPERATIONAL;
}

static bool is_sent(const struct revision *rev)
{
    return rev->r.state == REVISION_CONFIRMED || rev->r.state == REVISION_PUBLISHED;
}

static bool is_public_text(const struct incident *inc, const char *text)
{
    const struct revision *rev;

    for (rev = inc->revisions; rev; rev = rev->next)
        if (rev->r.state == REVISION_PUBLISHED &&
            (!strcmp(rev->r.title, text) || !strcmp(rev->r.body, text)))
            return true;
    return false;
}

bool incident_hides_secret(const struct incident *inc, const struct revision *rev)
{
    return (wording_has_secret(rev->r.title) && !is_public_text(inc, rev->r.title)) ||
           (wording_has_secret(rev->r.body) && !is_public_text(inc, rev->r.body));
}

struct revision *incident_standing(const struct incident *inc)
{
    struct revision *rev;

    for (rev = inc->revisions; rev; rev = rev->next)
        if (is_sent(rev) && rev->r.step != STEP_RESOLVED)
            return rev;
    return NULL;
}

struct revision *incident_trouble(const struct incident *inc)
{
    struct revision *rev = incident_standing(inc);

    if (rev)
        return rev;
    for (rev = inc->revisions; rev; rev = rev->next)
        if (rev->r.step != STEP_RESOLVED && rev->r.state != REVISION_DROPPED)
            return rev;
    return NULL;
}

struct revision *incident_ending(const struct incident *inc)
{
    struct revision *rev;

    for (rev = inc->revisions; rev; rev = rev->next)
        if (rev->r.state == REVISION_CONFIRMED && rev->r.step == STEP_RESOLVED)
            return rev;
    return NULL;
}

/* What another incident on the same page, or on its way there, claims of it, or operational. */
static enum component_status claim_of(const struct incident *other, const struct incident *inc,
                                      const char *name)
{
    const struct revision *theirs = other->revisions;
    const struct component_claim *claim;

    while (theirs && !is_sent(theirs))
        theirs = theirs->next;
    if (other == inc || !theirs || strcmp(other->r.page, inc->r.page) != 0 ||
        (!model_is_open(other) && other->r.state != INCIDENT_FOREIGN))
        return COMPONENT_OPERATIONAL;
    claim = components_find(&theirs->components, name);
    return claim ? claim->status : COMPONENT_OPERATIONAL;
}

/* The worst of these. */
static enum component_status claimed(const struct model *m, const struct incident *inc,
                                     const char *name)
{
    enum component_status worst = COMPONENT_OPERATIONAL;
    const struct incident *other;

    for (other = m->incidents; other; other = other->next)
        if (claim_of(other, inc, name) > worst)
            worst = claim_of(other, inc, name);
    return worst;
}

/* How a component would be without those who claim it; true when there are any. */
static bool without_claims(const struct model *m, const struct incident *inc, const char *name,
                           struct components *scratch, enum component_status *ret, int *ret_err)
{
    const struct incident *other;
    bool any = false;

    *ret = COMPONENT_OPERATIONAL;
    for (other = m->incidents; other && !*ret_err; other = other->next) {
        if (other == inc || claim_of(other, inc, name) == COMPONENT_OPERATIONAL)
            continue;
        any = true;
        components_finish(scratch);
        *ret_err = components_parse(scratch, other->r.components_before);
        if (!*ret_err && before(scratch, name) > *ret)
            *ret = before(scratch, name);
    }
    return any;
}

int incident_keep_before(struct model *m, struct incident *inc, const struct components *now)
{
    struct components was, scratch;
    enum component_status status;
    char *text = NULL;
    size_t i;
    int r = 0;

    components_init(&was);
    components_init(&scratch);
    for (i = 0; i < now->n && !r; i++) {
        if (!without_claims(m, inc, now->item[i].name, &scratch, &status, &r))
            status = now->item[i].status;
        if (!r)
            r = components_set(&was, now->item[i].name, status);
    }
    if (!r && (text = components_text(&was)) != NULL &&
        model_text(m, &inc->r.components_before, text))
        model_put(m, RECORD_INCIDENT, &inc->r);
    else
        r = CRIER_ENOMEM;
    free(text);
    components_finish(&was);
    components_finish(&scratch);
    return r;
}

bool incident_respect(const struct model *m, const struct incident *inc, struct components *c)
{
    bool changed = false;
    size_t i;

    for (i = 0; i < c->n; i++) {
        enum component_status status = claimed(m, inc, c->item[i].name);

        if (status <= c->item[i].status)
            continue;
        c->item[i].status = status;
        changed = true;
    }
    return changed;
}

static int give_back(const struct model *m, const struct incident *inc, const struct revision *mine,
                     struct components *c)
{
    struct components was;
    size_t i;
    int r;

    components_init(&was);
    r = components_parse(&was, inc->r.components_before);
    for (i = 0; mine && i < mine->components.n && !r; i++) {
        const char *name = mine->components.item[i].name;
        enum component_status status = claimed(m, inc, name);

        if (components_find(c, name))
            continue;
        if (status == COMPONENT_OPERATIONAL)
            status = before(&was, name);
        r = components_set(c, name, status);
    }
    components_finish(&was);
    return r;
}

int incident_give_back(const struct model *m, const struct incident *inc, struct components *c)
{
    return give_back(m, inc, incident_standing(inc), c);
}

int incident_release(const struct model *m, const struct incident *inc, struct components *ret)
{
    components_finish(ret);
    return give_back(m, inc, incident_trouble(inc), ret);
}
