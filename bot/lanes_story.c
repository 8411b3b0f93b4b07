#include "lanes_story.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "report.h"
#include "when.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* What was there before the outage is shown so far back; an axis is never longer than a year. */
#define BEFORE_MS (10 * MINUTE_MS)
#define SPAN_MAX_MS (366 * DAY_MS)

enum { ITEMS_MAX = CHRONICLE_ROWS_MAX + CHRONICLE_OTHERS_MAX };

static int64_t clamp(int64_t at_ms, int64_t low_ms, int64_t high_ms)
{
    return at_ms < low_ms ? low_ms : at_ms > high_ms ? high_ms : at_ms;
}

/* A stored time, whatever is stored: far from where sums run over. */
static int64_t sane(int64_t wall_ms)
{
    return clamp(wall_ms, 0, INT64_C(253402300799000)); /* the end of 9999 */
}

static bool is(const struct record_timeline *row, const char *kind)
{
    return !strcmp(row->kind, kind);
}

static bool is_firing(const struct record_timeline *row)
{
    return is(row, "firing") || is(row, "paging") || is(row, "flapped");
}

static bool is_alert(const struct record_timeline *row)
{
    return is_firing(row) || is(row, "resolved");
}

/* @return whether it is a row of a deploy, and which phase begins there. */
static bool is_deploy(const struct record_timeline *row, enum deploy_phase *ret_phase)
{
    static const char lead[] = "deploy ";

    return !strncmp(row->kind, lead, sizeof lead - 1) &&
           !deploy_phase_from_name(row->kind + sizeof lead - 1, ret_phase);
}

/* ---- the axis -------------------------------------------------------------------------------- */

/* Times of a row that can be of this incident at all: a clock that was wrong for a moment must not
 * stretch the axis. */
static bool plausible(int64_t at_ms, int64_t opened_ms, int64_t end_ms)
{
    return at_ms >= opened_ms - DAY_MS && at_ms <= end_ms;
}

static void lay_axis(struct lanes_story *s, const struct chronicle *c, int64_t now_wall_ms)
{
    const struct record_incident *inc = s->incident;
    int64_t opened_ms = sane(inc->opened_wall_ms), closed_ms = sane(inc->closed_wall_ms);
    int64_t first_ms = opened_ms, signal_ms = 0, low_ms;
    bool over = inc->state == INCIDENT_RESOLVED || inc->state == INCIDENT_DISCARDED;
    struct report_facts facts;
    enum deploy_phase phase;
    size_t i;

    s->ongoing = !over || closed_ms <= 0;
    s->end_ms = s->ongoing ? sane(now_wall_ms) : closed_ms;
    if (s->end_ms < opened_ms)
        s->end_ms = opened_ms;
    for (i = 0; i < c->n_timeline; i++) {
        const struct record_timeline *row = &c->timeline[i];

        if (!plausible(row->wall_ms, opened_ms, s->end_ms))
            continue;
        if (is_firing(row) && (!signal_ms || row->wall_ms < signal_ms))
            signal_ms = row->wall_ms;
        if (row->wall_ms < first_ms && (is_alert(row) || is_deploy(row, &phase)))
            first_ms = row->wall_ms;
    }
    report_facts(c, &facts); /* the picture begins where the report does */
    if (facts.begins_wall_ms > 0 && facts.begins_wall_ms <= s->end_ms)
        s->outage_ms = facts.begins_wall_ms;
    else
        s->outage_ms = signal_ms ? signal_ms : opened_ms;
    low_ms = s->outage_ms < opened_ms ? s->outage_ms : opened_ms;
    if (signal_ms && signal_ms < low_ms && low_ms - signal_ms < DAY_MS)
        low_ms = signal_ms;
    /* a little before the first thing, and of what was before the outage only the last minutes */
    s->begin_ms = first_ms < low_ms ? first_ms : low_ms;
    if (s->begin_ms < low_ms - BEFORE_MS)
        s->begin_ms = low_ms - BEFORE_MS;
    s->begin_ms -= clamp((s->end_ms - s->begin_ms) / 40, 5 * SECOND_MS, HOUR_MS);
    if (s->end_ms - s->begin_ms > SPAN_MAX_MS)
        s->begin_ms = s->end_ms - SPAN_MAX_MS;
    if (!s->ongoing) /* room to see that it is over */
        s->end_ms += clamp((s->end_ms - s->begin_ms) / 25, 5 * SECOND_MS, HOUR_MS);
    if (s->end_ms < s->begin_ms + MINUTE_MS) { /* what goes on never ends later than now */
        if (s->ongoing)
            s->begin_ms = s->end_ms - MINUTE_MS;
        else
            s->end_ms = s->begin_ms + MINUTE_MS;
    }
    s->outage_ms = clamp(s->outage_ms, s->begin_ms, s->end_ms);
}

/* ---- rows of the same thing together --------------------------------------------------------- */

struct pick {
    const struct record_timeline *row;
    size_t order; /* of the chronicle, which is by time */
};

static int by_thing(const void *a, const void *b)
{
    const struct pick *x = a, *y = b;
    int names;

    if (x->row->ref != y->row->ref)
        return x->row->ref < y->row->ref ? -1 : 1;
    names = x->row->ref ? 0 : strcmp(x->row->subject, y->row->subject);
    if (names)
        return names;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool same_thing(const struct pick *a, const struct pick *b)
{
    return a->row->ref == b->row->ref && (a->row->ref || !strcmp(a->row->subject, b->row->subject));
}

/* @return the rows of alerts, or of deploys, by what they are about; NULL with *ret_n 0, or when
 * memory is out. */
static struct pick *pick_rows(const struct chronicle *c, bool deploys, size_t *ret_n, int *err)
{
    struct pick *pick;
    size_t i, n = 0;
    enum deploy_phase phase;

    *ret_n = 0;
    if (!c->n_timeline)
        return NULL;
    pick = calloc(c->n_timeline, sizeof *pick);
    if (!pick) {
        *err = CRIER_ENOMEM;
        return NULL;
    }
    for (i = 0; i < c->n_timeline; i++)
        if (deploys ? is_deploy(&c->timeline[i], &phase) : is_alert(&c->timeline[i]))
            pick[n++] = (struct pick){.row = &c->timeline[i], .order = i};
    if (n)
        qsort(pick, n, sizeof *pick, by_thing);
    *ret_n = n;
    return pick;
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static bool add_span(struct lanes_story *s, struct lanes_alert *a, int64_t at_ms, int *err)
{
    struct lanes_span *grown;

    grown = array_grow(s->span, &s->cap_spans, s->n_spans + 1, sizeof *grown, ITEMS_MAX);
    if (!grown) {
        *err = CRIER_ENOMEM;
        return false;
    }
    s->span = grown;
    s->span[s->n_spans++] = (struct lanes_span){.from_ms = at_ms, .until_ms = at_ms, .open = true};
    a->n_spans++;
    return true;
}

static void end_span(struct lanes_span *span, int64_t at_ms)
{
    span->open = false;
    span->until_ms = at_ms > span->from_ms ? at_ms : span->from_ms;
}

/* One alert from its n rows, by time. A row that repeats what is known already changes nothing. */
static void tell_alert(struct lanes_story *s, const struct pick *pick, size_t n, int *err)
{
    struct lanes_alert a = {.ref = pick->row->ref, .subject = pick->row->subject};
    struct lanes_alert *grown;
    size_t i;

    if (!*a.subject)
        a.subject = pick->row->text;
    a.span = s->n_spans;
    for (i = 0; i < n; i++) {
        const struct record_timeline *row = pick[i].row;
        int64_t at_ms = clamp(row->wall_ms, s->begin_ms, s->end_ms);
        struct lanes_span *last = a.n_spans ? &s->span[s->n_spans - 1] : NULL;

        if (is(row, "paging"))
            a.paging = true;
        if (is(row, "resolved")) {
            if (last && last->open)
                end_span(last, at_ms);
            continue;
        }
        if (last && last->open)
            continue;
        if (!add_span(s, &a, at_ms, err))
            return;
        if (is(row, "flapped")) /* it was over before it joined; when is not stored */
            end_span(&s->span[s->n_spans - 1], at_ms);
    }
    if (!a.n_spans)
        return;
    if (s->span[s->n_spans - 1].open)
        s->span[s->n_spans - 1].until_ms = s->end_ms;
    grown = array_grow(s->alert, &s->cap_alerts, s->n_alerts + 1, sizeof *grown, ITEMS_MAX);
    if (!grown) {
        *err = CRIER_ENOMEM;
        return;
    }
    s->alert = grown;
    s->alert[s->n_alerts++] = a;
}

/* ---- deploys --------------------------------------------------------------------------------- */

static bool ends(enum deploy_phase phase)
{
    return phase == PHASE_FINISHED || phase == PHASE_ABORTED || phase == PHASE_FAILED ||
           phase == PHASE_CANCELLED;
}

static void tell_deploy(struct lanes_story *s, const struct pick *pick, size_t n, int *err)
{
    const struct record_timeline *first = pick->row;
    struct lanes_deploy d = {.ref = first->ref, .tool = first->subject, .user = first->who};
    struct lanes_deploy *grown;
    size_t i;
    bool tested = false;

    d.suspect = d.ref && d.ref == s->incident->deploy;
    d.fix = d.ref && d.ref == s->incident->fix_deploy;
    d.phase = s->n_phases;
    for (i = 0; i < n; i++) {
        enum deploy_phase phase = PHASE_STARTED;

        tested = tested || (is_deploy(pick[i].row, &phase) && phase == PHASE_TESTED);
    }
    for (i = 0; i < n; i++) {
        struct lanes_phase p = {.phase = PHASE_STARTED}, *more;

        (void)is_deploy(pick[i].row, &p.phase);
        p.from_ms = clamp(pick[i].row->wall_ms, s->begin_ms, s->end_ms);
        if (d.n_phases) {
            struct lanes_phase *before = &s->phase[s->n_phases - 1];

            if (before->phase == p.phase)
                continue;
            if (p.from_ms < before->from_ms)
                p.from_ms = before->from_ms;
            before->until_ms = p.from_ms;
            before->open = false;
        }
        /* what leads to the test servers is not in production yet */
        p.testing = p.phase == PHASE_TESTED || (p.phase == PHASE_STARTED && tested);
        p.open = p.phase == PHASE_ABORTED || !ends(p.phase);
        p.until_ms = p.open ? s->end_ms : p.from_ms;
        more = array_grow(s->phase, &s->cap_phases, s->n_phases + 1, sizeof *more, ITEMS_MAX);
        if (!more) {
            *err = CRIER_ENOMEM;
            return;
        }
        s->phase = more;
        s->phase[s->n_phases++] = p;
        d.n_phases++;
    }
    grown = array_grow(s->deploy, &s->cap_deploys, s->n_deploys + 1, sizeof *grown, ITEMS_MAX);
    if (!grown) {
        *err = CRIER_ENOMEM;
        return;
    }
    s->deploy = grown;
    s->deploy[s->n_deploys++] = d;
}

static int tell_things(struct lanes_story *s, const struct chronicle *c, bool deploys)
{
    int err = 0;
    size_t i, j, n;
    struct pick *pick = pick_rows(c, deploys, &n, &err);

    for (i = 0; i < n && !err; i = j) {
        for (j = i + 1; j < n && same_thing(&pick[i], &pick[j]); j++)
            ;
        if (deploys)
            tell_deploy(s, pick + i, j - i, &err);
        else
            tell_alert(s, pick + i, j - i, &err);
    }
    free(pick);
    return err;
}

/* qsort() has no context: the first span or phase of each is copied beside it. */
struct order {
    int64_t at_ms;
    size_t index;
};

static int by_time(const void *a, const void *b)
{
    const struct order *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Brings n items of that size into the order of their times. */
static int sort_by_time(void *items, size_t n, size_t size, struct order *order)
{
    char *copy, *all = items;
    size_t i;

    if (n < 2)
        return 0;
    copy = malloc(n * size);
    if (!copy)
        return CRIER_ENOMEM;
    memcpy(copy, items, n * size);
    qsort(order, n, sizeof *order, by_time);
    for (i = 0; i < n; i++)
        memcpy(all + i * size, copy + order[i].index * size, size);
    free(copy);
    return 0;
}

static int sort_things(struct lanes_story *s)
{
    size_t i, n = s->n_alerts > s->n_deploys ? s->n_alerts : s->n_deploys;
    struct order *order = n ? calloc(n, sizeof *order) : NULL;
    int err;

    if (!n)
        return 0;
    if (!order)
        return CRIER_ENOMEM;
    for (i = 0; i < s->n_alerts; i++)
        order[i] = (struct order){.at_ms = s->span[s->alert[i].span].from_ms, .index = i};
    err = sort_by_time(s->alert, s->n_alerts, sizeof *s->alert, order);
    for (i = 0; i < s->n_deploys && !err; i++)
        order[i] = (struct order){.at_ms = s->phase[s->deploy[i].phase].from_ms, .index = i};
    if (!err)
        err = sort_by_time(s->deploy, s->n_deploys, sizeof *s->deploy, order);
    free(order);
    return err;
}

/* ---- people ---------------------------------------------------------------------------------- */

static int weight_of(const struct record_timeline *row)
{
    static const struct {
        const char *kind;
        int weight;
    } known[] = {{"confirm", 5},  {"discard", 4}, {"adopt", 4}, {"command", 3}, {"start", 3},
                 {"insisted", 2}, {"note", 2},    {"mute", 1},  {"unmute", 1},  {"refused", 1}};
    size_t i;

    /* what bots and the page did has names in it too */
    for (i = 0; *row->who && i < sizeof known / sizeof known[0]; i++)
        if (!strcmp(known[i].kind, row->kind))
            return known[i].weight;
    return 0;
}

static int tell_acts(struct lanes_story *s, const struct chronicle *c)
{
    size_t i;

    for (i = 0; i < c->n_timeline; i++) {
        const struct record_timeline *row = &c->timeline[i];
        struct lanes_act *grown;
        int weight = weight_of(row);

        if (!weight || (is(row, "note") && chronicle_is_signal(row)))
            continue;
        grown = array_grow(s->act, &s->cap_acts, s->n_acts + 1, sizeof *grown, ITEMS_MAX);
        if (!grown)
            return CRIER_ENOMEM;
        s->act = grown;
        s->act[s->n_acts++] = (struct lanes_act){
            .at_ms = clamp(row->wall_ms, s->begin_ms, s->end_ms),
            .who = row->who,
            .kind = row->kind,
            .text = row->text,
            .weight = weight,
        };
    }
    return 0;
}

/* ---- the public page ------------------------------------------------------------------------- */

static int say_status(struct lanes_story *s, int64_t at_ms, bool silent, enum step step)
{
    struct lanes_status *last = s->n_status ? &s->status[s->n_status - 1] : NULL, *grown;

    if (last) {
        if (!last->silent && !silent && last->step == step)
            return 0;
        if (at_ms < last->from_ms)
            at_ms = last->from_ms;
        last->until_ms = at_ms;
    }
    if (!silent && !s->told) {
        s->told = true;
        s->told_ms = at_ms;
    }
    grown = array_grow(s->status, &s->cap_status, s->n_status + 1, sizeof *grown, ITEMS_MAX);
    if (!grown)
        return CRIER_ENOMEM;
    s->status = grown;
    s->status[s->n_status++] = (struct lanes_status){
        .from_ms = at_ms, .until_ms = s->end_ms, .silent = silent, .step = step};
    return 0;
}

static bool is_step(int64_t step)
{
    return step >= STEP_INVESTIGATING && step <= STEP_RESOLVED;
}

/* By the confirmed steps that the page took, in the order in which it did; an incident made by hand
 * is public from when it was found. */
static int tell_status(struct lanes_story *s, const struct chronicle *c)
{
    const struct record_incident *inc = s->incident;
    int err = say_status(s, s->begin_ms, true, STEP_INVESTIGATING);
    bool by_hand = inc->state == INCIDENT_FOREIGN;
    size_t i;

    for (i = 0; i < c->n_timeline && !err; i++) {
        const struct record_timeline *row = &c->timeline[i];
        int64_t at_ms = clamp(row->wall_ms, s->begin_ms, s->end_ms);
        const struct record_revision *rev;

        if (is(row, "published")) {
            rev = chronicle_revision(c, row->ref);
            if (rev && is_step(rev->step))
                err = say_status(s, at_ms, false, (enum step)rev->step);
        } else if (is(row, "found") || is(row, "adopt")) {
            by_hand = true;
            err = say_status(s, at_ms, false, STEP_INVESTIGATING);
        } else if (is(row, "ended")) {
            err = say_status(s, at_ms, false, STEP_RESOLVED);
        }
    }
    if (!err && by_hand && !s->told && is_step(inc->step))
        err = say_status(s, clamp(inc->opened_wall_ms, s->begin_ms, s->end_ms), false,
                         (enum step)inc->step);
    if (!err && inc->state == INCIDENT_RESOLVED && inc->closed_wall_ms > 0 && s->told)
        err =
            say_status(s, clamp(inc->closed_wall_ms, s->begin_ms, s->end_ms), false, STEP_RESOLVED);
    s->waited_ms = (s->told ? s->told_ms : s->end_ms) - s->outage_ms;
    if (s->waited_ms < SECOND_MS)
        s->waited_ms = 0;
    return err;
}

/* ---- together -------------------------------------------------------------------------------- */

int lanes_story_init(struct lanes_story *ret, const struct chronicle *c, int64_t now_wall_ms)
{
    int err;

    *ret = (struct lanes_story){.incident = &c->incident};
    lay_axis(ret, c, now_wall_ms);
    err = tell_things(ret, c, false);
    if (!err)
        err = tell_things(ret, c, true);
    if (!err)
        err = sort_things(ret);
    if (!err)
        err = tell_acts(ret, c);
    if (!err)
        err = tell_status(ret, c);
    return err;
}

void lanes_story_finish(struct lanes_story *s)
{
    free(s->span);
    free(s->alert);
    free(s->phase);
    free(s->deploy);
    free(s->act);
    free(s->status);
    *s = (struct lanes_story){0};
}

char *lanes_story_length(int64_t ms, char *dst, size_t size)
{
    char coarse[WHEN_BYTES];
    int64_t s = ms < 0 ? 0 : ms / SECOND_MS;

    if (s < 60)
        (void)snprintf(dst, size, "%" PRId64 " s", s);
    else if (s < 3600 && s % 60)
        (void)snprintf(dst, size, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    else
        (void)snprintf(dst, size, "%s", when_duration(ms < 0 ? 0 : ms, coarse));
    return dst;
}

char *lanes_story_headline(const struct lanes_story *s, char *dst, size_t size)
{
    char length[WHEN_BYTES];

    lanes_story_length(s->waited_ms, length, sizeof length);
    if (s->told && !s->waited_ms)
        (void)snprintf(dst, size, "The public was told at once");
    else if (s->told)
        (void)snprintf(dst, size, "The public waited %s", length);
    else if (s->incident->state == INCIDENT_DISCARDED || s->incident->state == INCIDENT_RESOLVED)
        (void)snprintf(dst, size, "Nothing was made public");
    else
        (void)snprintf(dst, size, "The public waits: %s", length);
    return dst;
}
