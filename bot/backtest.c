#include "backtest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "components.h"
#include "duration.h"
#include "err.h"
#include "replay_text.h"
#include "utf8.h"
#include "when.h"

enum {
    REMEMBERED = 8192, /* decisions of each side */
    RULE_BYTES = 104,  /* longer than the name of any rule */
    ALERTS_MAX = 64,   /* of a draft; a storm has more, and its last ones tell it apart */
    TEXT_MAX = 1 << 16,
    SAME_ALERT_MS = 24 * 60 * 60 * 1000, /* drafts that are further apart are never one */
    SAME_OUTAGE_MS = 30 * 60 * 1000      /* the same where they share no alert */
};

/* What a side made of an alert that opened nothing. */
struct remembered {
    uint64_t alert; /* 0: none */
    enum decision_kind kind;
    int64_t incident;
    int64_t storm;
    char rule[RULE_BYTES];
};

struct side {
    const struct settings *settings;
    struct backtest_draft *draft;
    size_t n, cap;
    size_t settled; /* drafts before this one know what the other side made of them */
    struct remembered *ring;
    size_t next; /* in the ring */
};

struct backtest {
    struct side side[BACKTEST_SIDES];
    struct backtest_difference *difference;
    size_t n, cap;
    int err; /* sticky */
};

/* ---- memory ---------------------------------------------------------------------------------- */

static void words_finish(struct backtest_words *w)
{
    free(w->title);
    free(w->components);
}

static void draft_finish(struct backtest_draft *d)
{
    free(d->page);
    free(d->rule);
    free(d->suspect);
    words_finish(&d->first);
    words_finish(&d->last);
    free(d->trigger);
    free(d->source);
    free(d->other);
    free(d->alert);
}

int backtest_create(const struct settings *before, const struct settings *now,
                    struct backtest **ret)
{
    struct backtest *b = calloc(1, sizeof *b);
    int i;

    if (!b)
        return CRIER_ENOMEM;
    b->side[BACKTEST_OLD].settings = before;
    b->side[BACKTEST_NEW].settings = now;
    for (i = 0; i < BACKTEST_SIDES; i++) {
        b->side[i].ring = calloc(REMEMBERED, sizeof *b->side[i].ring);
        if (!b->side[i].ring) {
            backtest_destroy(b);
            return CRIER_ENOMEM;
        }
    }
    *ret = b;
    return 0;
}

void backtest_destroy(struct backtest *b)
{
    size_t i, j;

    if (!b)
        return;
    for (i = 0; i < BACKTEST_SIDES; i++) {
        for (j = 0; j < b->side[i].n; j++)
            draft_finish(&b->side[i].draft[j]);
        free(b->side[i].draft);
        free(b->side[i].ring);
    }
    for (i = 0; i < b->n; i++)
        free(b->difference[i].reason);
    free(b->difference);
    free(b);
}

static char *copy(struct backtest *b, const char *s)
{
    char *c = strdup(s);

    if (!c)
        b->err = CRIER_ENOMEM;
    return c;
}

static void set(struct backtest *b, char **field, const char *s)
{
    free(*field);
    *field = copy(b, s);
}

/* The content of a buffer, which is finished. */
static char *taken(struct backtest *b, struct buf *text)
{
    char *s;

    buf_adds(text, "");
    s = text->len || buf_error(text) ? buf_take(text) : strdup("");
    buf_finish(text);
    if (!s)
        b->err = CRIER_ENOMEM;
    return s;
}

/* ---- what the replays tell ------------------------------------------------------------------- */

/* FNV-1a, 64 bits. Source: draft-eastlake-fnv. */
static uint64_t hash(uint64_t h, const char *s)
{
    do
        h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    while (*s++);
    return h;
}

/* Never 0. @param wall_ms when the alert began: the same check may fire again. */
static uint64_t hash_alert(const char *check, const char *host, int64_t wall_ms)
{
    uint64_t h = hash(hash(UINT64_C(14695981039346656037), check), host);

    return (h ^ (uint64_t)wall_ms) * UINT64_C(1099511628211) | 1;
}

static struct backtest_draft *find(struct side *s, int64_t incident)
{
    size_t i;

    for (i = s->n; i-- > 0;)
        if (s->draft[i].incident == incident)
            return &s->draft[i];
    return NULL;
}

static void take_words(struct backtest *b, struct backtest_words *w, const struct replay_event *e)
{
    set(b, &w->title, e->title);
    set(b, &w->components, e->components);
    w->impact = e->impact;
}

/* The newest alert of the rule that opened it, else the newest of all. */
static const struct record_alert *find_trigger(const struct replay_event *e)
{
    const struct record_alert *found = NULL;
    bool of_rule = false;
    size_t i;

    for (i = 0; i < e->n_signals; i++) {
        const struct record_alert *a = e->signal[i].alert;
        bool same = a && !strcmp(a->rule, e->rule);

        if (!a || (of_rule && !same))
            continue;
        found = a;
        of_rule = same;
    }
    return found;
}

static void take_alerts(struct backtest *b, struct backtest_draft *d, const struct replay_event *e)
{
    const struct record_alert *trigger = find_trigger(e);
    struct buf text;
    size_t i;

    d->alert = calloc(ALERTS_MAX, sizeof *d->alert);
    if (!d->alert) {
        b->err = CRIER_ENOMEM;
        return;
    }
    for (i = e->n_signals; i-- > 0 && d->n_alerts < ALERTS_MAX;) {
        const struct record_alert *a = e->signal[i].alert;

        if (a)
            d->alert[d->n_alerts++] = hash_alert(a->check_name, a->host, a->first_wall_ms);
    }
    if (trigger)
        d->key = hash_alert(trigger->check_name, trigger->host, trigger->first_wall_ms);
    set(b, &d->source, trigger ? trigger->source : "");
    buf_init(&text, TEXT_MAX);
    if (trigger)
        replay_alert(&text, trigger->check_name, trigger->host, trigger->summary);
    d->trigger = taken(b, &text);
}

static void take_suspect(struct backtest *b, struct backtest_draft *d,
                         const struct record_deploy *deploy)
{
    char hms[WHEN_BYTES];
    struct buf text;

    buf_init(&text, TEXT_MAX);
    if (deploy)
        buf_addf(&text, "%s's %s of %s", deploy->user[0] ? deploy->user : "somebody",
                 deploy->tool[0] ? deploy->tool : "deploy", when_hms(deploy->started_wall_ms, hms));
    d->suspect = taken(b, &text);
}

static void take_draft(struct backtest *b, struct side *s, const struct replay_event *e)
{
    struct backtest_draft *all, *d;

    if (s->n == BACKTEST_DRAFTS_MAX) {
        b->err = CRIER_ELIMIT;
        return;
    }
    all = array_grow(s->draft, &s->cap, s->n + 1, sizeof *all, BACKTEST_DRAFTS_MAX);
    if (!all) {
        b->err = CRIER_ENOMEM;
        return;
    }
    s->draft = all;
    d = &all[s->n++];
    memset(d, 0, sizeof *d);
    d->wall_ms = e->wall_ms;
    d->end_wall_ms = INT64_MAX;
    d->incident = e->incident;
    set(b, &d->page, e->page);
    set(b, &d->rule, e->rule);
    set(b, &d->other, "");
    take_words(b, &d->first, e);
    take_words(b, &d->last, e);
    take_suspect(b, d, e->suspect);
    take_alerts(b, d, e);
}

static void remember(struct side *s, const struct decision *decision)
{
    struct remembered *r = &s->ring[s->next++ % REMEMBERED];

    r->alert = hash_alert(decision->check, decision->host, decision->wall_ms);
    r->kind = decision->kind;
    r->incident = decision->incident;
    r->storm = decision->storm;
    (void)utf8_print(r->rule, sizeof r->rule, "%s", decision->rule);
}

void backtest_event(struct backtest *b, enum backtest_side side, const struct replay_event *e)
{
    struct side *s = &b->side[side];
    struct backtest_draft *d;

    if (b->err)
        return;
    switch (e->kind) {
    case REPLAY_DRAFT:
        take_draft(b, s, e);
        break;
    case REPLAY_REVISION:
        d = find(s, e->incident);
        if (d)
            take_words(b, &d->last, e);
        break;
    case REPLAY_DISCARD:
    case REPLAY_RESOLVE:
        d = find(s, e->incident);
        if (d)
            d->end_wall_ms = e->wall_ms;
        break;
    case REPLAY_SILENT:
        remember(s, e->decision);
        break;
    case REPLAY_PROPOSAL:
    case REPLAY_SAY:
    case REPLAY_PUBLISH:
    case REPLAY_UPDATE:
        break;
    }
}

/* ---- what the other side made of it ---------------------------------------------------------- */

static const struct remembered *recall(const struct side *s, uint64_t alert)
{
    size_t i;

    for (i = 0; i < REMEMBERED; i++) {
        const struct remembered *r = &s->ring[(s->next - 1 - i) % REMEMBERED];

        if (!r->alert)
            return NULL;
        if (r->alert == alert)
            return r;
    }
    return NULL;
}

static void add_joined(struct buf *text, struct side *s, int64_t incident)
{
    const struct backtest_draft *d = find(s, incident);
    char hms[WHEN_BYTES];

    if (d)
        buf_addf(text, "it joins \"%s\" of %s", d->first.title, when_hms(d->wall_ms, hms));
    else
        buf_adds(text, "it joins what is open");
}

static void settle(struct backtest *b, struct backtest_draft *d, struct side *other)
{
    const struct remembered *r = d->key ? recall(other, d->key) : NULL;
    struct decision decision = {
        .source = d->source, .check = "", .host = "", .summary = d->trigger, .rule = ""};
    struct buf text;

    if (!r)
        return;
    buf_init(&text, TEXT_MAX);
    decision.kind = r->kind;
    decision.incident = r->incident;
    decision.storm = r->storm;
    decision.rule = r->rule;
    if (r->kind == DECISION_JOINED)
        add_joined(&text, other, r->incident);
    else
        replay_decision(&text, other->settings, &decision);
    free(d->other);
    d->other = taken(b, &text);
}

int backtest_settle(struct backtest *b)
{
    int i;

    for (i = 0; i < BACKTEST_SIDES; i++) {
        struct side *s = &b->side[i];

        for (; s->settled < s->n && !b->err; s->settled++)
            settle(b, &s->draft[s->settled], &b->side[!i]);
    }
    return b->err;
}

/* ---- which draft is which -------------------------------------------------------------------- */

static int compare_drafts(const void *a, const void *b)
{
    const struct backtest_draft *x = a, *y = b;

    if (x->wall_ms != y->wall_ms)
        return x->wall_ms < y->wall_ms ? -1 : 1;
    return x->incident < y->incident ? -1 : x->incident > y->incident;
}

static int64_t apart(const struct backtest_draft *x, const struct backtest_draft *y)
{
    return x->wall_ms < y->wall_ms ? y->wall_ms - x->wall_ms : x->wall_ms - y->wall_ms;
}

/* What cannot be parsed shares nothing. */
static bool share_component(const char *one, const char *two, bool *ret_equal)
{
    struct components x, y;
    bool found = false;
    size_t i;

    components_init(&x);
    components_init(&y);
    *ret_equal = false;
    if (!components_parse(&x, one) && !components_parse(&y, two)) {
        for (i = 0; i < x.n && !found; i++)
            found = components_find(&y, x.item[i].name) != NULL;
        *ret_equal = components_equal(&x, &y);
    }
    components_finish(&x);
    components_finish(&y);
    return found;
}

/* The same alert opened both; or they gathered one, which says less, and hurt the same. */
static bool share_alert(const struct backtest_draft *x, const struct backtest_draft *y)
{
    bool equal;
    size_t i, j;

    if (x->key && x->key == y->key)
        return true;
    for (i = 0; i < x->n_alerts; i++)
        for (j = 0; j < y->n_alerts; j++)
            if (x->alert[i] == y->alert[j])
                return share_component(x->last.components, y->last.components, &equal);
    return false;
}

/* One began while the other was open, and both hurt the same. */
static bool share_outage(const struct backtest_draft *x, const struct backtest_draft *y)
{
    const struct backtest_draft *first = x->wall_ms <= y->wall_ms ? x : y;
    const struct backtest_draft *second = first == x ? y : x;
    bool equal;

    return !strcmp(x->page, y->page) && second->wall_ms <= first->end_wall_ms &&
           apart(x, y) <= SAME_OUTAGE_MS &&
           share_component(x->last.components, y->last.components, &equal);
}

static struct backtest_draft *
find_same(struct side *s, const struct backtest_draft *d, int64_t most_ms,
          bool (*same)(const struct backtest_draft *, const struct backtest_draft *))
{
    struct backtest_draft *best = NULL;
    size_t low = 0, high = s->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (s->draft[mid].wall_ms < d->wall_ms - most_ms)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < s->n && s->draft[low].wall_ms <= d->wall_ms + most_ms; low++) {
        struct backtest_draft *other = &s->draft[low];

        if (!other->matched && (!best || apart(other, d) < apart(best, d)) && same(d, other))
            best = other;
    }
    return best;
}

/* ---- differences ----------------------------------------------------------------------------- */

static bool has_rule(const struct settings *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->n_rules; i++)
        if (!strcmp(s->rule[i].name, name))
            return true;
    return false;
}

/* Why a draft is only on one side. @param lost or gained */
static void add_alone(struct buf *text, const struct side *other, const struct backtest_draft *d,
                      bool lost)
{
    if (*d->rule && !has_rule(other->settings, d->rule))
        buf_addf(text, "rule \"%s\" is %s; ", d->rule, lost ? "gone" : "new");
    else if (*d->rule)
        buf_addf(text, "rule \"%s\" %s it; ", d->rule, lost ? "opened" : "opens");
    if (!*d->trigger)
        buf_adds(text, "no alert began it");
    else if (*d->other)
        buf_addf(text, "%s, %s: %s", d->trigger, lost ? "now" : "before", d->other);
    else if (settings_find_source(other->settings, d->source) < 0)
        buf_addf(text, "%s: source \"%s\" %s", d->trigger, d->source, lost ? "is gone" : "is new");
    else
        buf_addf(text, "%s: source \"%s\" %s it for no critical alert", d->trigger, d->source,
                 lost ? "now takes" : "took");
}

static void add_comma(struct buf *text)
{
    if (text->len)
        buf_adds(text, "; ");
}

static void add_components(struct buf *text, const char *stored)
{
    struct components c;

    components_init(&c);
    if (!components_parse(&c, stored))
        components_words(text, &c);
    if (!c.n)
        buf_adds(text, "none");
    components_finish(&c);
}

static void add_words(struct buf *text, const struct backtest_words *x,
                      const struct backtest_words *y, const char *when)
{
    bool equal;

    (void)share_component(x->components, y->components, &equal);
    if (strcmp(x->title, y->title) != 0) {
        add_comma(text);
        buf_addf(text, "title%s was \"%s\"", when, x->title);
    }
    if (x->impact != y->impact) {
        add_comma(text);
        buf_addf(text, "impact%s was %s, now %s", when, impact_name(x->impact),
                 impact_name(y->impact));
    }
    if (!equal) {
        add_comma(text);
        buf_addf(text, "components%s were ", when);
        add_components(text, x->components);
        buf_adds(text, ", now ");
        add_components(text, y->components);
    }
}

static void add_named(struct buf *text, const char *what, const char *x, const char *y)
{
    if (!strcmp(x, y))
        return;
    add_comma(text);
    buf_addf(text, "%s was %s%s%s, now %s%s%s", what, *x ? "\"" : "", *x ? x : "none",
             *x ? "\"" : "", *y ? "\"" : "", *y ? y : "none", *y ? "\"" : "");
}

/* How two drafts of one outage differ, but for their time; nothing when they do not. */
static void add_changes(struct buf *text, const struct backtest_draft *x,
                        const struct backtest_draft *y)
{
    size_t before = text->len;

    add_words(text, &x->first, &y->first, "");
    if (text->len == before)
        add_words(text, &x->last, &y->last, " in the end");
    add_named(text, "page", x->page, y->page);
    add_named(text, "rule", x->rule, y->rule);
    add_named(text, "suspect", x->suspect, y->suspect);
}

/* What one of them waited for, or did not. @param other the side of the one that is later */
static void add_delay(struct buf *text, const struct side *other, const struct backtest_draft *x,
                      const struct backtest_draft *y)
{
    const struct backtest_draft *early = x->wall_ms < y->wall_ms ? x : y;

    if (*early->rule && !has_rule(other->settings, early->rule))
        buf_addf(text, "rule \"%s\" is %s; ", early->rule, early == x ? "gone" : "new");
    if (*early->trigger && *early->other)
        buf_addf(text, "%s, %s: %s", early->trigger, early == x ? "now" : "before", early->other);
    else if (*y->trigger)
        buf_addf(text, "now it begins with %s", y->trigger);
}

static void add_difference(struct backtest *b, enum backtest_kind kind,
                           const struct backtest_draft *before, const struct backtest_draft *now,
                           struct buf *reason)
{
    struct backtest_difference *all, *d;

    all = array_grow(b->difference, &b->cap, b->n + 1, sizeof *all, 2 * BACKTEST_DRAFTS_MAX);
    if (!all) {
        b->err = CRIER_ENOMEM;
        buf_finish(reason);
        return;
    }
    b->difference = all;
    d = &all[b->n++];
    memset(d, 0, sizeof *d);
    d->kind = kind;
    d->before = before;
    d->now = now;
    if (before && now)
        d->by_ms = apart(before, now);
    d->reason = taken(b, reason);
}

static void compare_pair(struct backtest *b, const struct backtest_draft *x,
                         const struct backtest_draft *y)
{
    enum backtest_kind kind = y->wall_ms > x->wall_ms   ? BACKTEST_LATER
                              : y->wall_ms < x->wall_ms ? BACKTEST_EARLIER
                                                        : BACKTEST_CHANGED;
    struct buf reason;

    buf_init(&reason, TEXT_MAX);
    if (kind != BACKTEST_CHANGED)
        add_delay(&reason, &b->side[kind == BACKTEST_LATER ? BACKTEST_NEW : BACKTEST_OLD], x, y);
    add_changes(&reason, x, y);
    if (kind != BACKTEST_CHANGED || reason.len)
        add_difference(b, kind, x, y, &reason);
    buf_finish(&reason);
}

static void match(struct backtest *b, int64_t most_ms,
                  bool (*same)(const struct backtest_draft *, const struct backtest_draft *))
{
    struct side *old = &b->side[BACKTEST_OLD];
    size_t i;

    for (i = 0; i < old->n && !b->err; i++) {
        struct backtest_draft *d = &old->draft[i];
        struct backtest_draft *other =
            d->matched ? NULL : find_same(&b->side[BACKTEST_NEW], d, most_ms, same);

        if (!other)
            continue;
        d->matched = other->matched = true;
        compare_pair(b, d, other);
    }
}

static void take_alone(struct backtest *b, enum backtest_side side)
{
    const struct side *s = &b->side[side];
    bool lost = side == BACKTEST_OLD;
    size_t i;

    for (i = 0; i < s->n && !b->err; i++) {
        const struct backtest_draft *d = &s->draft[i];
        struct buf reason;

        if (d->matched)
            continue;
        buf_init(&reason, TEXT_MAX);
        add_alone(&reason, &b->side[!side], d, lost);
        add_difference(b, lost ? BACKTEST_LOST : BACKTEST_GAINED, lost ? d : NULL, lost ? NULL : d,
                       &reason);
    }
}

static int64_t time_of(const struct backtest_difference *d)
{
    return d->before ? d->before->wall_ms : d->now->wall_ms;
}

static int compare_differences(const void *a, const void *b)
{
    const struct backtest_difference *x = a, *y = b;

    if (time_of(x) != time_of(y))
        return time_of(x) < time_of(y) ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

int backtest_compare(struct backtest *b)
{
    int i;

    for (i = 0; i < BACKTEST_SIDES; i++) {
        struct side *s = &b->side[i];

        if (s->n)
            qsort(s->draft, s->n, sizeof *s->draft, compare_drafts);
    }
    match(b, SAME_ALERT_MS, share_alert);
    match(b, SAME_OUTAGE_MS, share_outage);
    take_alone(b, BACKTEST_OLD);
    take_alone(b, BACKTEST_NEW);
    if (b->n)
        qsort(b->difference, b->n, sizeof *b->difference, compare_differences);
    return b->err;
}

const struct backtest_difference *backtest_difference(const struct backtest *b, size_t i)
{
    return i < b->n ? &b->difference[i] : NULL;
}

size_t backtest_count(const struct backtest *b, enum backtest_kind kind)
{
    size_t i, n = 0;

    for (i = 0; i < b->n; i++)
        n += b->difference[i].kind == kind;
    return n;
}

size_t backtest_drafts(const struct backtest *b, enum backtest_side side)
{
    return b->side[side].n;
}
