/* The short timeline of the chat: an entry for all of one thing, the newest where they are many. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "incident.h"
#include "utf8.h"
#include "when.h"

enum { ENTRIES_MAX = CHRONICLE_ROWS_MAX, SUBJECT_BYTES = 120, TEXT_BYTES = 200 };

enum entry_kind { ENTRY_ALERTS, ENTRY_DEPLOY, ENTRY_REVISION, ENTRY_ROW };

struct entry {
    enum entry_kind kind;
    int64_t ref;
    size_t first; /* rows of the chronicle */
    size_t last;
    size_t n; /* alerts that fired in this run */
};

struct entries {
    struct entry *item;
    size_t n, cap;
};

static bool is(const struct record_timeline *row, const char *kind)
{
    return !strcmp(row->kind, kind);
}

static bool is_of_revision(const struct record_timeline *row)
{
    static const char *const kinds[] = {"draft",     "widening", "proposal", "command",
                                        "insisted",  "shown",    "confirm",  "visible",
                                        "published", "expired",  "withdrawn"};
    size_t i;

    for (i = 0; row->ref && i < sizeof kinds / sizeof kinds[0]; i++)
        if (is(row, kinds[i]))
            return true;
    return row->ref && is(row, "refused");
}

static struct entry *find(struct entries *e, enum entry_kind kind, int64_t ref)
{
    size_t i;

    for (i = e->n; i-- > 0;)
        if (e->item[i].kind == kind && e->item[i].ref == ref)
            return &e->item[i];
    return NULL;
}

/* Puts row i into the entry that it belongs to, or makes one. */
static int add(struct entries *e, const struct chronicle *c, size_t i)
{
    const struct record_timeline *row = &c->timeline[i];
    bool fires = is(row, "firing") || is(row, "paging") || is(row, "flapped");
    enum entry_kind kind = ENTRY_ROW;
    struct entry *it = NULL, *grown;

    if (is(row, "resolved"))
        return 0; /* told with its alert */
    if (fires) {
        kind = ENTRY_ALERTS;
        it = e->n && e->item[e->n - 1].kind == kind ? &e->item[e->n - 1] : NULL;
    } else if (!strncmp(row->kind, "deploy ", 7) && row->ref) {
        kind = ENTRY_DEPLOY;
        it = find(e, kind, row->ref);
    } else if (is_of_revision(row)) {
        kind = ENTRY_REVISION;
        it = find(e, kind, row->ref);
    }
    if (!it) {
        grown = array_grow(e->item, &e->cap, e->n + 1, sizeof *grown, ENTRIES_MAX * 2);
        if (!grown)
            return CRIER_ENOMEM;
        e->item = grown;
        it = &e->item[e->n++];
        *it = (struct entry){.kind = kind, .ref = row->ref, .first = i};
    }
    it->last = i;
    it->n += fires;
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void add_cut(struct buf *b, const char *text, size_t max)
{
    size_t n = utf8_cut(text, max);

    buf_add(b, text, n);
    if (text[n])
        buf_adds(b, "...");
}

/* When the alert recovered for the last time, 0: it did not. */
static int64_t recovered(const struct chronicle *c, int64_t ref)
{
    int64_t at = 0;
    size_t i;

    for (i = 0; i < c->n_timeline; i++) {
        const struct record_timeline *row = &c->timeline[i];

        if (row->ref != ref)
            continue;
        if (is(row, "resolved"))
            at = row->wall_ms;
        else if (is(row, "firing") || is(row, "paging"))
            at = 0;
    }
    return at;
}

static void write_alerts(struct buf *b, const struct chronicle *c, const struct entry *e)
{
    const struct record_timeline *row = &c->timeline[e->first];
    char hms[WHEN_BYTES];
    int64_t over;

    buf_adds(b, is(row, "paging") ? "page " : "alert ");
    add_cut(b, row->subject[0] ? row->subject : row->text, SUBJECT_BYTES);
    if (e->n > 1) {
        buf_addf(b, " and %zu more until %s", e->n - 1,
                 when_hms(c->timeline[e->last].wall_ms, hms));
        return;
    }
    over = recovered(c, e->ref);
    if (over)
        buf_addf(b, ", recovered %s", when_hms(over, hms));
}

static void write_deploy(struct buf *b, const struct chronicle *c, const struct entry *e)
{
    const struct record_timeline *row = &c->timeline[e->first];
    char hms[WHEN_BYTES];
    size_t i;

    buf_adds(b, "deploy ");
    add_cut(b, row->subject, SUBJECT_BYTES);
    if (row->who[0]) {
        buf_adds(b, " by ");
        add_cut(b, row->who, 40);
    }
    buf_adds(b, ":");
    for (i = e->first; i <= e->last; i++) {
        const struct record_timeline *r = &c->timeline[i];

        if (strncmp(r->kind, "deploy ", 7) != 0 || r->ref != e->ref)
            continue;
        buf_addf(b, "%s ", i > e->first ? "," : "");
        add_cut(b, r->kind + 7, 20);
        if (i > e->first)
            buf_addf(b, " %s", when_hms(r->wall_ms, hms));
    }
}

static void write_revision(struct buf *b, const struct chronicle *c, const struct entry *e)
{
    const struct record_revision *rev = chronicle_revision(c, e->ref);
    char hms[WHEN_BYTES];
    bool shown = false;
    size_t i;

    buf_addf(b, "%lld.%lld", (long long)c->incident.id, (long long)e->ref);
    if (rev && rev->step >= STEP_INVESTIGATING && rev->step <= STEP_RESOLVED)
        buf_addf(b, " %s", step_name((enum step)rev->step));
    if (rev && rev->kind == REVISION_WIDENING)
        buf_adds(b, ", widened");
    if (rev && rev->made_by[0]) {
        buf_adds(b, " by ");
        add_cut(b, rev->made_by, 40);
    }
    for (i = e->first; i <= e->last; i++) {
        const struct record_timeline *r = &c->timeline[i];

        if (r->ref != e->ref || !is_of_revision(r) || is(r, "draft") || is(r, "proposal") ||
            is(r, "widening") || is(r, "command") || (shown && is(r, "shown")))
            continue;
        shown = shown || is(r, "shown");
        buf_adds(b, ", ");
        add_cut(b, is(r, "published") ? "public" : is(r, "confirm") ? "confirmed" : r->kind, 20);
        buf_addf(b, " %s", when_hms(r->wall_ms, hms));
        if (is(r, "confirm")) {
            buf_adds(b, " by ");
            add_cut(b, r->who, 40);
        }
    }
}

static void write_row(struct buf *b, const struct record_timeline *row)
{
    add_cut(b, row->kind, 20);
    if (row->who[0]) {
        buf_adds(b, " ");
        add_cut(b, row->who, 40);
    }
    buf_adds(b, ": ");
    add_cut(b, row->text, TEXT_BYTES);
}

static void write_entry(struct buf *b, const struct chronicle *c, const struct entry *e)
{
    const struct record_timeline *row = &c->timeline[e->first];
    char day[WHEN_BYTES], hms[WHEN_BYTES];

    if (!when_same_day(row->wall_ms, c->incident.opened_wall_ms))
        buf_addf(b, "%s ", when_date(row->wall_ms, day));
    buf_addf(b, "%s ", when_hms(row->wall_ms, hms));
    switch (e->kind) {
    case ENTRY_ALERTS:
        write_alerts(b, c, e);
        return;
    case ENTRY_DEPLOY:
        write_deploy(b, c, e);
        return;
    case ENTRY_REVISION:
        write_revision(b, c, e);
        return;
    case ENTRY_ROW:
        write_row(b, row);
        return;
    }
}

static void write_head(struct buf *b, const struct chronicle *c)
{
    struct report_facts f;
    char date[WHEN_BYTES], hms[WHEN_BYTES];

    report_facts(c, &f);
    buf_addf(b, "%lld \"", (long long)c->incident.id);
    add_cut(b, f.title ? f.title->title : "", SUBJECT_BYTES);
    buf_addf(b, "\", %s. UTC, %s: began %s",
             incident_state_name((enum incident_state)c->incident.state),
             when_date(f.begins_wall_ms, date), when_hms(f.begins_wall_ms, hms));
    if (f.public_wall_ms)
        buf_addf(b, ", public %s", when_hms(f.public_wall_ms, hms));
    else
        buf_adds(b, ", not public");
    if (f.ends_wall_ms)
        buf_addf(b, ", ended %s", when_hms(f.ends_wall_ms, hms));
    if (f.resolved_wall_ms)
        buf_addf(b, ", resolved %s", when_hms(f.resolved_wall_ms, hms));
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int tell(struct buf *b, void (*say)(void *ctx, const char *line), void *ctx)
{
    char line[REPORT_LINE_BYTES];
    int err = buf_error(b);

    if (err == CRIER_ENOMEM)
        return err;
    (void)utf8_print(line, sizeof line, "%s", buf_str(b));
    say(ctx, line);
    buf_clear(b);
    return 0;
}

int report_lines(const struct chronicle *c, const char *where,
                 void (*say)(void *ctx, const char *line), void *ctx)
{
    struct entries e = {0};
    struct buf b;
    size_t i, from;
    int r = 0;

    buf_init(&b, 16384);
    for (i = 0; i < c->n_timeline && !r; i++)
        r = add(&e, c, i);
    if (r)
        goto out;
    /* one line for the beginning, and, where not all are said, one for the rest */
    from = e.n > REPORT_LINES - 1 ? e.n - (REPORT_LINES - 2) : 0;
    write_head(&b, c);
    r = tell(&b, say, ctx);
    for (i = from; i < e.n && !r; i++) {
        write_entry(&b, c, &e.item[i]);
        r = tell(&b, say, ctx);
    }
    if (from && !r) {
        buf_addf(&b, "(%zu earlier ones are not said here; all of it: %s)", from + c->n_omitted,
                 where);
        r = tell(&b, say, ctx);
    }
out:
    free(e.item);
    buf_finish(&b);
    return r;
}
