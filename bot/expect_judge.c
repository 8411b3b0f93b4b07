#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "expect.h"
#include "when.h"

enum { EVENTS_MAX = 20000, SAYS_MAX = 1 << 20, DAY_MS = 24 * 60 * 60 * 1000 };

/* What is kept of an event. */
struct seen {
    enum replay_event_kind kind;
    int64_t wall_ms, incident, revision;
    bool has_words;
    enum impact impact;
    enum step step;
    char *title, *components, *suspect, *change, *rule;
};

struct expect_run {
    const struct scenario *scenario;
    const char *file;
    struct seen *seen;
    size_t n, cap;
    int64_t *say; /* when a line was said */
    size_t n_says, cap_says;
    int err;
};

struct expect_run *expect_run_create(const struct expect *e, size_t index)
{
    struct expect_run *run = calloc(1, sizeof *run);

    if (run) {
        run->scenario = &e->scenario[index];
        run->file = e->file;
    }
    return run;
}

void expect_run_destroy(struct expect_run *run)
{
    size_t i;

    if (!run)
        return;
    for (i = 0; i < run->n; i++) {
        free(run->seen[i].title);
        free(run->seen[i].components);
        free(run->seen[i].suspect);
        free(run->seen[i].change);
        free(run->seen[i].rule);
    }
    free(run->seen);
    free(run->say);
    free(run);
}

static void on_say(struct expect_run *run, int64_t wall_ms)
{
    int64_t *all = array_grow(run->say, &run->cap_says, run->n_says + 1, sizeof *all, SAYS_MAX);

    if (!all) {
        run->err = CRIER_ENOMEM;
        return;
    }
    run->say = all;
    all[run->n_says++] = wall_ms;
}

void expect_run_event(struct expect_run *run, const struct replay_event *e)
{
    struct seen *all, *s;

    if (run->err || e->kind == REPLAY_SILENT)
        return;
    if (e->kind == REPLAY_SAY) {
        on_say(run, e->wall_ms);
        return;
    }
    all = array_grow(run->seen, &run->cap, run->n + 1, sizeof *all, EVENTS_MAX);
    if (!all) {
        run->err = CRIER_ENOMEM;
        return;
    }
    run->seen = all;
    s = &all[run->n++];
    *s = (struct seen){.kind = e->kind,
                       .wall_ms = e->wall_ms,
                       .incident = e->incident,
                       .revision = e->revision,
                       .has_words = e->has_words,
                       .impact = e->impact,
                       .step = e->step,
                       .title = strdup(e->title),
                       .components = strdup(e->components),
                       .suspect = strdup(e->suspect ? e->suspect->user : "none"),
                       .change = strdup(e->suspect ? e->suspect->change_text : ""),
                       .rule = strdup(e->rule)};
    if (!s->title || !s->components || !s->suspect || !s->change || !s->rule)
        run->err = CRIER_ENOMEM;
}

/* ---- which events a statement is about ------------------------------------------------------- */

/* Number of the scenario's incident, in the order of drafts; 0: there is none. */
static int64_t number_of(const struct expect_run *run, size_t index)
{
    size_t i;

    for (i = 0; i < run->n; i++)
        if (run->seen[i].kind == REPLAY_DRAFT && !--index)
            return run->seen[i].incident;
    return 0;
}

static bool is_about(const struct expect_run *run, const struct expectation *x,
                     const struct seen *s)
{
    if (x->incident && s->incident != number_of(run, x->incident))
        return false;
    switch (x->kind) {
    case EXPECT_DRAFT:
        return s->kind == REPLAY_DRAFT;
    case EXPECT_REVISED:
        return s->kind == REPLAY_REVISION || s->kind == REPLAY_PROPOSAL;
    case EXPECT_STEP:
        return (s->kind == REPLAY_REVISION || s->kind == REPLAY_PROPOSAL) && s->step == x->step;
    case EXPECT_PUBLISHED:
        return s->kind == REPLAY_PUBLISH;
    case EXPECT_CLOSED:
        return s->kind == REPLAY_DISCARD;
    case EXPECT_INCIDENTS:
    case EXPECT_SAY:
        return false;
    }
    return false;
}

static int64_t moment(const struct expect_time *t, int64_t first_wall_ms)
{
    int64_t day = first_wall_ms - first_wall_ms % DAY_MS;

    if (t->dated)
        return t->ms;
    return day + t->ms + (day + t->ms < first_wall_ms - first_wall_ms % 1000 ? DAY_MS : 0);
}

static bool in_time(const struct expectation *x, int64_t wall_ms, int64_t first_wall_ms)
{
    int64_t second = wall_ms - wall_ms % 1000, to;

    if (x->from.given && second < moment(&x->from, first_wall_ms))
        return false;
    if (!x->to.given)
        return true;
    to = moment(&x->to, first_wall_ms);
    return x->to_is_out ? second < to : second <= to;
}

static bool same_components(const struct expectation *x, const struct seen *s, int *err)
{
    struct components c;
    bool same;

    components_init(&c);
    if (components_parse(&c, s->components) == CRIER_ENOMEM)
        *err = CRIER_ENOMEM;
    same = components_equal(&c, &x->components);
    components_finish(&c);
    return same;
}

static bool matches(const struct expectation *x, const struct seen *s, int *err)
{
    return (!x->title || !strcmp(x->title, s->title)) &&
           (!x->has_impact || x->impact == s->impact) &&
           (!x->has_components || same_components(x, s, err)) &&
           (!x->suspect || !strcmp(x->suspect, s->suspect)) &&
           (!x->change || strstr(s->change, x->change)) && (!x->rule || !strcmp(x->rule, s->rule));
}

/* ---- the diff -------------------------------------------------------------------------------- */

static void add_when(struct buf *b, int64_t wall_ms, int64_t first_wall_ms)
{
    char date[WHEN_BYTES], hms[WHEN_BYTES];

    if (!when_same_day(wall_ms, first_wall_ms))
        buf_addf(b, "%s ", when_date(wall_ms, date));
    buf_adds(b, when_hms(wall_ms, hms));
}

static void add_components(struct buf *b, const struct components *c)
{
    components_words(b, c);
    if (!c->n)
        buf_adds(b, "none");
}

static const char *what(const struct expectation *x)
{
    switch (x->kind) {
    case EXPECT_DRAFT:
        return "draft";
    case EXPECT_REVISED:
        return "revised";
    case EXPECT_STEP:
        return step_name(x->step);
    case EXPECT_PUBLISHED:
        return "published";
    case EXPECT_CLOSED:
        return "closed";
    case EXPECT_INCIDENTS:
    case EXPECT_SAY:
        break;
    }
    return "";
}

static void add_head(struct buf *b, const struct expect_run *run, const struct expectation *x)
{
    buf_addf(b, "  %s:%d: %s\n", run->file, x->line, x->source);
}

static void text_pair(struct buf *b, const char *name, const char *want, const char *got)
{
    buf_addf(b, "    - %s \"%s\"\n    + %s \"%s\"\n", name, want, name, got);
}

/* How the event that came nearest differs. */
static void add_difference(struct buf *b, const struct expectation *x, const struct seen *s,
                           int64_t first, int *err)
{
    struct components c;

    if (!in_time(x, s->wall_ms, first)) {
        buf_addf(b, "    - %s ", what(x));
        if (x->from.given && x->to.given && moment(&x->from, first) == moment(&x->to, first)) {
            buf_adds(b, "at ");
        } else if (x->from.given) {
            buf_adds(b, x->to.given ? "from " : "after ");
            add_when(b, moment(&x->from, first), first);
            buf_adds(b, x->to.given ? " to " : "");
        } else {
            buf_adds(b, x->to_is_out ? "before " : "by ");
        }
        if (x->to.given)
            add_when(b, moment(&x->to, first), first);
        buf_addf(b, "\n    + %s at ", what(x));
        add_when(b, s->wall_ms, first);
        buf_addc(b, '\n');
    }
    if (x->title && strcmp(x->title, s->title) != 0)
        text_pair(b, "title", x->title, s->title);
    if (x->has_impact && x->impact != s->impact)
        buf_addf(b, "    - impact %s\n    + impact %s\n", impact_name(x->impact),
                 impact_name(s->impact));
    if (x->has_components && !same_components(x, s, err)) {
        buf_adds(b, "    - components \"");
        add_components(b, &x->components);
        buf_adds(b, "\"\n    + components \"");
        components_init(&c);
        if (components_parse(&c, s->components) == CRIER_ENOMEM)
            *err = CRIER_ENOMEM;
        add_components(b, &c);
        components_finish(&c);
        buf_adds(b, "\"\n");
    }
    if (x->suspect && strcmp(x->suspect, s->suspect) != 0)
        buf_addf(b, "    - suspect %s\n    + suspect %s\n", x->suspect, s->suspect);
    if (x->change && !strstr(s->change, x->change))
        text_pair(b, "change", x->change, s->change);
    if (x->rule && strcmp(x->rule, s->rule) != 0)
        text_pair(b, "rule", x->rule, s->rule);
}

/* ---- judging --------------------------------------------------------------------------------- */

/* "no draft", and nothing else: each draft is told as one that nobody expects. */
static bool is_plain(const struct expectation *x)
{
    return x->kind == EXPECT_DRAFT && !x->from.given && !x->to.given && !x->title && !x->suspect &&
           !x->change && !x->rule && !x->has_impact && !x->has_components;
}

static bool judge_never(const struct expect_run *run, const struct expectation *x, int64_t first,
                        struct buf *diff, int *err)
{
    size_t i;

    for (i = 0; i < run->n && !is_plain(x); i++) {
        const struct seen *s = &run->seen[i];

        if (!is_about(run, x, s) || !in_time(x, s->wall_ms, first) || !matches(x, s, err))
            continue;
        add_head(diff, run, x);
        buf_addf(diff, "    + %s at ", what(x));
        add_when(diff, s->wall_ms, first);
        buf_addf(diff, " \"%s\"\n", s->title);
        return false;
    }
    return true;
}

static bool judge_event(const struct expect_run *run, const struct expectation *x, int64_t first,
                        struct buf *diff, int *err)
{
    const struct seen *nearest = NULL;
    bool nearest_in_time = false;
    size_t i;

    for (i = 0; i < run->n; i++) {
        const struct seen *s = &run->seen[i];
        bool timely;

        if (!is_about(run, x, s))
            continue;
        if (x->kind == EXPECT_DRAFT && s->incident != number_of(run, x->incident))
            continue;
        timely = in_time(x, s->wall_ms, first);
        if (timely && matches(x, s, err))
            return true;
        if (!nearest || (timely && !nearest_in_time)) {
            nearest = s;
            nearest_in_time = timely;
        }
    }
    add_head(diff, run, x);
    if (nearest)
        add_difference(diff, x, nearest, first, err);
    else
        buf_addf(diff, "    - %s\n    + none\n", what(x));
    return false;
}

static bool judge_say(const struct expect_run *run, const struct expectation *x, int64_t first,
                      struct buf *diff)
{
    int64_t n = 0;
    size_t i;

    for (i = 0; i < run->n_says; i++)
        n += in_time(x, run->say[i], first);
    if (n <= x->count)
        return true;
    add_head(diff, run, x);
    buf_addf(diff, "    - at most %lld lines\n    + %lld lines\n", (long long)x->count,
             (long long)n);
    return false;
}

/* Drafts that nobody expects. */
static size_t judge_drafts(const struct expect_run *run, int64_t first, struct buf *diff)
{
    const struct scenario *s = run->scenario;
    const struct expectation *figure = NULL;
    size_t i, n = 0, failed = 0;

    for (i = 0; i < s->n_want; i++)
        if (s->want[i].kind == EXPECT_INCIDENTS)
            figure = &s->want[i];
    for (i = 0; i < run->n; i++) {
        if (run->seen[i].kind != REPLAY_DRAFT)
            continue;
        n++;
        if (figure || n <= s->n_drafts)
            continue;
        buf_addf(diff,
                 "  %s:%d: a draft that no `draft` of this scenario tells of\n    + draft at ",
                 run->file, s->line);
        add_when(diff, run->seen[i].wall_ms, first);
        buf_addf(diff, " \"%s\" rule \"%s\" suspect %s\n", run->seen[i].title, run->seen[i].rule,
                 run->seen[i].suspect);
        failed++;
    }
    if (figure && (int64_t)n != figure->count) {
        add_head(diff, run, figure);
        buf_addf(diff, "    - incidents %lld\n    + incidents %zu\n", (long long)figure->count, n);
        failed++;
    }
    return failed;
}

int expect_judge(const struct expect_run *run, int64_t first_wall_ms, struct buf *diff,
                 size_t *ret_failed)
{
    const struct scenario *s = run->scenario;
    size_t i, failed = 0;
    int err = run->err;

    for (i = 0; i < s->n_want && !err; i++) {
        const struct expectation *x = &s->want[i];
        bool holds = true;

        if (x->kind == EXPECT_SAY)
            holds = judge_say(run, x, first_wall_ms, diff);
        else if (x->kind != EXPECT_INCIDENTS)
            holds = x->never ? judge_never(run, x, first_wall_ms, diff, &err)
                             : judge_event(run, x, first_wall_ms, diff, &err);
        failed += !holds;
    }
    failed += judge_drafts(run, first_wall_ms, diff);
    if (buf_error(diff) == CRIER_ENOMEM)
        err = CRIER_ENOMEM;
    *ret_failed = failed;
    return err;
}
