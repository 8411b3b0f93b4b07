#include "replay_rows.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "signal.h"
#include "utf8.h"
#include "when.h"

enum { WHY_BYTES = 400 };

/* What is kept of one incident. Records are one block with their strings, as batches have them. */
struct kept {
    struct record_incident *incident;
    struct record_revision *revision; /* the newest; NULL: none yet */
    int64_t told;                     /* number of the last revision that was told */
    int64_t shown_wall_ms;            /* the newest was shown at home; 0: not yet */
    int64_t since_wall_ms;            /* since when something waits to be confirmed; 0: nothing */
    int tries;                        /* to confirm the newest */
    bool ended;                       /* that it was closed is told */
    struct kept *next;                /* newest first */
};

struct kept_deploy {
    struct record_deploy *deploy;
    struct kept_deploy *next;
};

struct kept_outbox {
    int64_t id, incident, revision;
    struct kept_outbox *next;
};

struct replay_rows {
    struct replay_rows_sink sink;
    struct kept *incidents;
    struct kept_deploy *deploys;
    struct kept_outbox *outbox;
    uint64_t first_ticket, n_tickets; /* committed and not reported */
    struct replay_signal *signal;     /* those behind the draft that is told */
    size_t n_signals, cap_signals;
    char why[WHY_BYTES];
    int err; /* sticky: CRIER_ENOMEM */
};

int replay_rows_create(const struct replay_rows_sink *sink, struct replay_rows **ret)
{
    struct replay_rows *rows = calloc(1, sizeof *rows);

    if (!rows)
        return CRIER_ENOMEM;
    rows->sink = *sink;
    *ret = rows;
    return 0;
}

static void kept_destroy(struct kept *k)
{
    free(k->incident);
    free(k->revision);
    free(k);
}

void replay_rows_destroy(struct replay_rows *rows)
{
    if (!rows)
        return;
    while (rows->incidents) {
        struct kept *k = rows->incidents;

        rows->incidents = k->next;
        kept_destroy(k);
    }
    while (rows->deploys) {
        struct kept_deploy *d = rows->deploys;

        rows->deploys = d->next;
        free(d->deploy);
        free(d);
    }
    while (rows->outbox) {
        struct kept_outbox *o = rows->outbox;

        rows->outbox = o->next;
        free(o);
    }
    free(rows->signal);
    free(rows);
}

static struct kept *find(const struct replay_rows *rows, int64_t id)
{
    struct kept *k = rows->incidents;

    while (k && k->incident->id != id)
        k = k->next;
    return k;
}

static const struct record_deploy *find_deploy(const struct replay_rows *rows, int64_t id)
{
    const struct kept_deploy *d = rows->deploys;

    while (d && d->deploy->id != id)
        d = d->next;
    return d ? d->deploy : NULL;
}

/* ---- keeping ---------------------------------------------------------------------------------
 * Each takes the record of the change over, or leaves it to be freed. */

static void keep_incident(struct replay_rows *rows, struct change *c)
{
    struct kept *k = find(rows, c->id);

    if (!k) {
        k = calloc(1, sizeof *k);
        if (!k) {
            rows->err = CRIER_ENOMEM;
            return;
        }
        k->next = rows->incidents;
        rows->incidents = k;
    }
    free(k->incident);
    k->incident = c->record;
    c->record = NULL;
}

static void keep_deploy(struct replay_rows *rows, struct change *c)
{
    struct kept_deploy **link = &rows->deploys, *d;

    while (*link && (*link)->deploy->id != c->id)
        link = &(*link)->next;
    d = *link;
    if (c->op == CHANGE_DELETE || !record_live(c->record)) {
        if (d) {
            *link = d->next;
            free(d->deploy);
            free(d);
        }
        return;
    }
    if (!d) {
        d = calloc(1, sizeof *d);
        if (!d) {
            rows->err = CRIER_ENOMEM;
            return;
        }
        d->next = rows->deploys;
        rows->deploys = d;
    }
    free(d->deploy);
    d->deploy = c->record;
    c->record = NULL;
}

static void keep_outbox(struct replay_rows *rows, const struct change *c)
{
    struct kept_outbox **link = &rows->outbox, *o;
    const struct record_outbox *r = c->record;

    while (*link && (*link)->id != c->id)
        link = &(*link)->next;
    o = *link;
    if (o && (c->op == CHANGE_DELETE || !r->live)) {
        *link = o->next;
        free(o);
    }
    if (o || c->op == CHANGE_DELETE || !r->live)
        return;
    o = calloc(1, sizeof *o);
    if (!o) {
        rows->err = CRIER_ENOMEM;
        return;
    }
    o->id = c->id;
    o->incident = r->incident;
    o->revision = r->revision;
    o->next = rows->outbox;
    rows->outbox = o;
}

/* ---- telling --------------------------------------------------------------------------------- */

static void describe(const struct replay_rows *rows, const struct kept *k,
                     struct replay_event *event)
{
    const struct record_incident *i = k->incident;
    const struct record_revision *r = k->revision;

    event->incident = i->id;
    event->page = i->page;
    event->channel = i->home;
    event->rule = i->rule;
    event->suspect = i->deploy ? find_deploy(rows, i->deploy) : NULL;
    if (!r)
        return;
    event->revision = r->number;
    event->title = r->title;
    event->body = r->body;
    event->has_words = true;
    event->impact = (enum impact)r->impact;
    event->step = (enum step)r->step;
    event->components = r->components;
}

static void tell(struct replay_rows *rows, const struct kept *k, enum replay_event_kind kind,
                 const char *text)
{
    struct replay_event event = {.kind = kind,
                                 .title = "",
                                 .body = "",
                                 .components = "",
                                 .page = "",
                                 .channel = "",
                                 .rule = "",
                                 .text = text};

    describe(rows, k, &event);
    if (kind == REPLAY_DRAFT) {
        event.signal = rows->signal;
        event.n_signals = rows->n_signals;
    }
    rows->sink.event(rows->sink.ctx, &event);
}

static int64_t signal_wall_ms(const struct replay_signal *s)
{
    return s->alert ? s->alert->first_wall_ms : s->deploy->started_wall_ms;
}

static int compare_signals(const void *a, const void *b)
{
    int64_t x = signal_wall_ms(a), y = signal_wall_ms(b);

    return x < y ? -1 : x > y;
}

static void add_signal(struct replay_rows *rows, const struct record_alert *alert,
                       const struct record_deploy *deploy)
{
    struct replay_signal *all =
        array_grow(rows->signal, &rows->cap_signals, rows->n_signals + 1, sizeof *all, 1 << 20);

    if (!all) {
        rows->err = CRIER_ENOMEM;
        return;
    }
    rows->signal = all;
    all[rows->n_signals].alert = alert;
    all[rows->n_signals++].deploy = deploy;
}

/* The alerts that joined with the turn that opened it. */
static void gather_signals(struct replay_rows *rows, const struct kept *k, const struct batch *b)
{
    size_t i;

    rows->n_signals = 0;
    for (i = 0; i < b->n; i++) {
        const struct record_alert *a = b->item[i].record;

        if (b->item[i].table == RECORD_ALERT && a && a->incident == k->incident->id)
            add_signal(rows, a, NULL);
    }
    if (k->incident->deploy && find_deploy(rows, k->incident->deploy))
        add_signal(rows, NULL, find_deploy(rows, k->incident->deploy));
    if (rows->n_signals)
        qsort(rows->signal, rows->n_signals, sizeof *rows->signal, compare_signals);
}

/* Why signals want it, in rows->why. */
static const char *why(struct replay_rows *rows, const struct kept *k)
{
    const struct record_revision *r = k->revision;
    const struct record_incident *i = k->incident;
    const struct record_deploy *fix = i->fix_deploy ? find_deploy(rows, i->fix_deploy) : NULL;
    char quiet[WHEN_BYTES], fixed[WHEN_BYTES];

    rows->why[0] = '\0';
    if (r->made_by[0])
        (void)utf8_print(rows->why, sizeof rows->why, "%s wants it", r->made_by);
    else if (r->kind == REVISION_DRAFT || r->kind == REVISION_WIDENING)
        (void)utf8_print(rows->why, sizeof rows->why, "%s", i->reasons);
    else if (r->step == STEP_INVESTIGATING)
        (void)utf8_print(rows->why, sizeof rows->why, "its alerts fire again");
    else if (r->step == STEP_IDENTIFIED && !i->fixed_wall_ms && fix)
        (void)utf8_print(rows->why, sizeof rows->why, "%s's %s since %s",
                         fix->user[0] ? fix->user : "somebody",
                         fix->phase == PHASE_ROLLBACK ? "rollback" : "revert",
                         when_hms(fix->started_wall_ms, fixed));
    else
        (void)utf8_print(rows->why, sizeof rows->why, "%s%s%s%s%s",
                         i->quiet_wall_ms ? "its alerts are quiet since " : "",
                         i->quiet_wall_ms ? when_hms(i->quiet_wall_ms, quiet) : "",
                         i->quiet_wall_ms && i->fixed_wall_ms ? ", " : "",
                         i->fixed_wall_ms ? "mended at " : "",
                         i->fixed_wall_ms ? when_hms(i->fixed_wall_ms, fixed) : "");
    return rows->why;
}

static void take_revision(struct replay_rows *rows, struct change *c, const struct batch *b)
{
    struct record_revision *r = c->record;
    struct kept *k = r ? find(rows, r->incident) : NULL;
    enum replay_event_kind kind = REPLAY_PROPOSAL;

    if (!k || r->state == REVISION_SUPERSEDED || (k->revision && r->number < k->revision->number))
        return;
    free(k->revision);
    k->revision = r;
    c->record = NULL;
    if (r->state != REVISION_OPEN) {
        k->shown_wall_ms = k->since_wall_ms = 0;
        return;
    }
    if (r->number <= k->told)
        return;
    k->shown_wall_ms = 0;
    k->tries = 0;
    if (r->kind == REVISION_DRAFT)
        kind = k->told ? REPLAY_REVISION : REPLAY_DRAFT;
    k->told = r->number;
    if (kind == REPLAY_DRAFT)
        gather_signals(rows, k, b);
    tell(rows, k, kind, why(rows, k));
}

static void take_shown(struct replay_rows *rows, const struct record_shown *s)
{
    struct kept *k = s ? find(rows, s->incident) : NULL;

    if (!k || !k->revision || k->revision->number != s->revision ||
        k->revision->state != REVISION_OPEN || k->shown_wall_ms ||
        strcmp(s->place, k->incident->home) != 0)
        return;
    k->shown_wall_ms = s->wall_ms;
    if (!k->since_wall_ms)
        k->since_wall_ms = s->wall_ms;
}

/* The row of the timeline that says why an incident was closed. */
static const char *reason_of(const struct kept *k, const struct batch *b)
{
    size_t i;

    for (i = 0; i < b->n; i++) {
        const struct record_timeline *t = b->item[i].record;

        if (b->item[i].table == RECORD_TIMELINE && t && t->incident == k->incident->id &&
            (!strcmp(t->kind, "discard") || !strcmp(t->kind, "closed")))
            return t->text;
    }
    return "";
}

static void take_ends(struct replay_rows *rows, const struct batch *b)
{
    struct kept **link = &rows->incidents;

    while (*link) {
        struct kept *k = *link;

        if (k->incident->state == INCIDENT_DISCARDED && !k->ended) {
            k->ended = true;
            tell(rows, k, REPLAY_DISCARD, reason_of(k, b));
        }
        if (k->incident->live) {
            link = &k->next;
        } else {
            *link = k->next;
            kept_destroy(k);
        }
    }
}

/* ---- the port -------------------------------------------------------------------------------- */

static int commit(void *ctx, struct batch *batch, uint64_t ticket)
{
    struct replay_rows *rows = ctx;
    size_t i;

    for (i = 0; i < batch->n; i++) {
        if (batch->item[i].table == RECORD_INCIDENT && batch->item[i].record)
            keep_incident(rows, &batch->item[i]);
        else if (batch->item[i].table == RECORD_DEPLOY)
            keep_deploy(rows, &batch->item[i]);
        else if (batch->item[i].table == RECORD_OUTBOX)
            keep_outbox(rows, &batch->item[i]);
    }
    for (i = 0; i < batch->n; i++)
        if (batch->item[i].table == RECORD_REVISION)
            take_revision(rows, &batch->item[i], batch);
    for (i = 0; i < batch->n; i++)
        if (batch->item[i].table == RECORD_SHOWN)
            take_shown(rows, batch->item[i].record);
    take_ends(rows, batch);
    batch_finish(batch);
    batch_init(batch);
    if (!rows->n_tickets)
        rows->first_ticket = ticket;
    rows->n_tickets = ticket - rows->first_ticket + 1;
    return rows->err;
}

static int load(void *ctx, int (*row)(void *, enum record_table, const void *), void *row_ctx)
{
    (void)ctx;
    (void)row;
    (void)row_ctx;
    return 0;
}

struct store_port replay_rows_port(struct replay_rows *rows)
{
    struct store_port port = {.ctx = rows, .commit = commit, .load = load};

    return port;
}

size_t replay_rows_committed(struct replay_rows *rows, const struct store_sink *sink)
{
    uint64_t first = rows->first_ticket, n = rows->n_tickets, i;

    rows->n_tickets = 0; /* the sink may commit */
    for (i = 0; i < n; i++)
        sink->committed(sink->ctx, first + i, 0, "");
    return (size_t)n;
}

bool replay_rows_waiting(const struct replay_rows *rows, size_t i, struct replay_waiting *ret)
{
    const struct kept *k;

    for (k = rows->incidents; k; k = k->next) {
        if (!k->revision || k->revision->state != REVISION_OPEN || !k->shown_wall_ms ||
            k->tries == REPLAY_TRIES || i-- > 0)
            continue;
        ret->incident = k->incident->id;
        ret->revision = k->revision->number;
        ret->home = k->incident->home;
        ret->shown_wall_ms = k->shown_wall_ms;
        ret->since_wall_ms = k->since_wall_ms;
        ret->approved_by = k->revision->first_approval;
        return true;
    }
    return false;
}

void replay_rows_confirmed(struct replay_rows *rows, int64_t incident, int64_t wall_ms)
{
    struct kept *k = find(rows, incident);

    if (!k || !k->shown_wall_ms)
        return;
    k->shown_wall_ms = k->since_wall_ms = wall_ms;
    k->tries++;
}

bool replay_rows_describe(const struct replay_rows *rows, int64_t outbox_id,
                          struct replay_event *event)
{
    const struct kept_outbox *o = rows->outbox;
    const struct kept *k;

    while (o && o->id != outbox_id)
        o = o->next;
    k = o ? find(rows, o->incident) : NULL;
    if (!k)
        return false;
    describe(rows, k, event);
    event->revision = o->revision;
    return true;
}
