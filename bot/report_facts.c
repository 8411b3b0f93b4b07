#include "report.h"

#include <stdlib.h>
#include <string.h>

/* An end that is told so long after the fix is not its doing. */
enum { FIX_BELONGS_MS = 15 * 60 * 1000 };

static bool is(const struct record_timeline *row, const char *kind)
{
    return !strcmp(row->kind, kind);
}

static bool fires(const struct record_timeline *row)
{
    return is(row, "firing") || is(row, "paging");
}

static bool is_public(const struct record_timeline *row)
{
    return is(row, "published") || is(row, "edited") || is(row, "found") || is(row, "adopt");
}

/* ---- alerts ---------------------------------------------------------------------------------- */

struct alert_event {
    int64_t ref;
    size_t order;
    bool firing;
    int64_t wall_ms;
};

static int by_ref(const void *a, const void *b)
{
    const struct alert_event *x = a, *y = b;

    if (x->ref != y->ref)
        return x->ref < y->ref ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* When the last of all alerts recovered; 0: one fires still, or there are none. */
static int64_t find_quiet(const struct chronicle *c)
{
    struct alert_event *event = calloc(c->n_timeline ? c->n_timeline : 1, sizeof *event);
    int64_t quiet = 0;
    bool red = false;
    size_t i, n = 0;

    if (!event)
        return 0; /* as if it were not known */
    for (i = 0; i < c->n_timeline; i++) {
        const struct record_timeline *row = &c->timeline[i];

        if (fires(row) || is(row, "resolved"))
            event[n++] = (struct alert_event){row->ref, i, fires(row), row->wall_ms};
    }
    qsort(event, n, sizeof *event, by_ref);
    for (i = 0; i < n; i++) {
        if (i + 1 < n && event[i + 1].ref == event[i].ref)
            continue; /* the last one of each alert counts */
        red = red || event[i].firing;
        if (!event[i].firing && event[i].wall_ms > quiet)
            quiet = event[i].wall_ms;
    }
    free(event);
    if (!n)
        return c->incident.quiet_wall_ms; /* that is all that is known here */
    if (!red && c->incident.quiet_wall_ms && c->incident.quiet_wall_ms < quiet)
        quiet = c->incident.quiet_wall_ms; /* the rest told nothing of readers */
    return red ? c->incident.quiet_wall_ms : quiet;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static void find_beginning(const struct chronicle *c, struct report_facts *f)
{
    size_t i;

    f->begins_wall_ms =
        c->incident.started_wall_ms ? c->incident.started_wall_ms : c->incident.opened_wall_ms;
    f->begins_by =
        c->incident.rule && c->incident.rule[0] ? REPORT_BEGAN_ALERT : REPORT_BEGAN_BY_HAND;
    if (c->incident.start_edited) {
        f->begins_by = REPORT_BEGAN_EDITED;
        return;
    }
    for (i = 0; i < c->n_timeline; i++) {
        const struct record_timeline *row = &c->timeline[i];

        if (is(row, "found"))
            f->begins_by = REPORT_BEGAN_PAGE;
        if (row->wall_ms == f->begins_wall_ms && is(row, "deploy continued")) {
            f->begins_by = REPORT_BEGAN_DEPLOY;
            return;
        }
    }
}

static void find_ending(const struct chronicle *c, struct report_facts *f)
{
    int64_t fixed = c->incident.fixed_wall_ms;

    f->quiet_wall_ms = find_quiet(c);
    if (fixed && f->quiet_wall_ms >= fixed && f->quiet_wall_ms - fixed <= FIX_BELONGS_MS) {
        f->ends_wall_ms = fixed;
        f->ends_by = REPORT_ENDED_FIX;
    } else if (f->quiet_wall_ms) {
        f->ends_wall_ms = f->quiet_wall_ms;
        f->ends_by = REPORT_ENDED_ALERTS;
    } else if (fixed && c->incident.state == INCIDENT_RESOLVED) {
        f->ends_wall_ms = fixed; /* its alerts never said that they recovered */
        f->ends_by = REPORT_ENDED_FIX;
    }
    if (f->ends_wall_ms && f->ends_wall_ms < f->begins_wall_ms) {
        f->ends_wall_ms = 0;
        f->ends_by = REPORT_ENDED_UNKNOWN;
    }
}

/* ---- people ---------------------------------------------------------------------------------- */

static void add_person(struct report_facts *f, const char *name)
{
    size_t i, kept = f->n_people < REPORT_PEOPLE_MAX ? f->n_people : REPORT_PEOPLE_MAX;

    for (i = 0; i < kept; i++)
        if (!strcmp(f->person[i], name))
            return;
    if (f->n_people < REPORT_PEOPLE_MAX)
        f->person[f->n_people] = name;
    f->n_people++;
}

static bool is_command(const struct record_timeline *row)
{
    static const char *const kinds[] = {"command", "confirm", "discard", "note",  "insisted",
                                        "start",   "adopt",   "mute",    "unmute"};
    size_t i;

    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (is(row, kinds[i]))
            return row->who[0] != '\0';
    return false;
}

/* ---- what happened first --------------------------------------------------------------------- */

static void first(int64_t *at, int64_t wall_ms)
{
    if (!*at)
        *at = wall_ms;
}

static void look_at(const struct chronicle *c, const struct record_timeline *row,
                    struct report_facts *f, int64_t *any_signal)
{
    const struct record_outbox *o;

    if (fires(row)) {
        first(any_signal, row->wall_ms);
        if (row->wall_ms >= f->begins_wall_ms)
            first(&f->signal_wall_ms, row->wall_ms);
        f->n_alerts++;
    }
    if (is(row, "paging")) {
        first(&f->page_wall_ms, row->wall_ms);
        f->n_pages++;
    }
    if (is(row, "draft"))
        first(&f->draft_wall_ms, row->wall_ms);
    if (is(row, "shown"))
        first(&f->shown_wall_ms, row->wall_ms);
    if (is(row, "confirm")) {
        first(&f->confirm_wall_ms, row->wall_ms);
        if (!f->first_confirmer[0])
            f->first_confirmer = row->who;
    }
    if (is(row, "visible"))
        first(&f->visible_wall_ms, row->wall_ms);
    if (is_command(row))
        add_person(f, row->who);
    if (!is_public(row))
        return;
    first(&f->public_wall_ms, row->wall_ms);
    f->n_updates++;
    f->n_by_hand += !is(row, "published") && !is(row, "adopt");
    if (!strcmp(row->subject, step_name(STEP_RESOLVED)))
        f->resolved_wall_ms = row->wall_ms;
    o = is(row, "published") ? chronicle_outbox(c, row->ref) : NULL;
    f->n_mails += o && o->notify;
}

/* One a line. */
static size_t n_components(const struct record_revision *r)
{
    size_t n = 0;
    const char *s;

    for (s = r->components; *s; s++)
        n += *s == '\n';
    return n + (r->components[0] != '\0');
}

static void find_revisions(const struct chronicle *c, struct report_facts *f)
{
    bool public_only = f->n_updates > 0;
    size_t i;

    for (i = 0; i < c->n_revisions; i++) {
        const struct record_revision *r = &c->revision[i];

        if ((public_only && r->state != REVISION_PUBLISHED) || r->step == STEP_RESOLVED)
            continue;
        if (!f->worst || r->impact > f->worst->impact ||
            (r->impact == f->worst->impact && n_components(r) > n_components(f->worst)))
            f->worst = r;
        f->title = r;
    }
    if (!f->worst && c->n_revisions)
        f->worst = f->title = &c->revision[c->n_revisions - 1];
}

void report_facts(const struct chronicle *c, struct report_facts *ret)
{
    int64_t any_signal = 0;
    size_t i;

    memset(ret, 0, sizeof *ret);
    ret->first_confirmer = "";
    find_beginning(c, ret);
    for (i = 0; i < c->n_timeline; i++)
        look_at(c, &c->timeline[i], ret, &any_signal);
    if (!ret->signal_wall_ms)
        ret->signal_wall_ms = any_signal;
    if (!ret->resolved_wall_ms)
        for (i = 0; i < c->n_timeline; i++)
            if (is(&c->timeline[i], "ended"))
                ret->resolved_wall_ms = c->timeline[i].wall_ms;
    find_ending(c, ret);
    find_revisions(c, ret);
}

const char *report_beginning_words(enum report_beginning b)
{
    switch (b) {
    case REPORT_BEGAN_EDITED:
        return "as people said";
    case REPORT_BEGAN_DEPLOY:
        return "a deploy went on to production";
    case REPORT_BEGAN_ALERT:
        return "the first alert that told of it";
    case REPORT_BEGAN_PAGE:
        return "the page had it, made by hand";
    case REPORT_BEGAN_BY_HAND:
        return "somebody opened a draft by hand";
    }
    return "";
}

const char *report_ending_words(enum report_ending e)
{
    switch (e) {
    case REPORT_ENDED_UNKNOWN:
        return "not known";
    case REPORT_ENDED_FIX:
        return "the fix was done";
    case REPORT_ENDED_ALERTS:
        return "the last alert recovered";
    }
    return "";
}
