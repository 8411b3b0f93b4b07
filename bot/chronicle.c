#include "chronicle.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

static const int64_t LATEST_MS = INT64_C(253402300799000); /* the end of 9999 */

void chronicle_init(struct chronicle *c)
{
    memset(c, 0, sizeof *c);
}

void chronicle_finish(struct chronicle *c)
{
    size_t i;

    record_finish(RECORD_INCIDENT, &c->incident);
    for (i = 0; i < c->n_revisions; i++)
        record_finish(RECORD_REVISION, &c->revision[i]);
    for (i = 0; i < c->n_shown; i++)
        record_finish(RECORD_SHOWN, &c->shown[i]);
    for (i = 0; i < c->n_outbox; i++)
        record_finish(RECORD_OUTBOX, &c->outbox[i]);
    for (i = 0; i < c->n_timeline; i++)
        record_finish(RECORD_TIMELINE, &c->timeline[i]);
    free(c->revision);
    free(c->shown);
    free(c->outbox);
    free(c->timeline);
    memset(c, 0, sizeof *c);
}

/* What bots say; every other kind is something that people or crier did. */
bool chronicle_is_signal(const struct record_timeline *row)
{
    static const char *const kinds[] = {"firing",     "paging",      "resolved",     "flapped",
                                        "mitigation", "maintenance", "acknowledged", "log"};
    size_t i;

    if (!strncmp(row->kind, "deploy", 6))
        return true;
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (!strcmp(row->kind, kinds[i]))
            return true;
    return false;
}

/* The place for one more row, or NULL with *ret_err: 0 when it is beyond the bounds. */
static void *make_room(struct chronicle *c, void **items, size_t *cap, size_t n, size_t size,
                       size_t max, int *ret_err)
{
    void *grown;

    *ret_err = 0;
    if (n >= max) {
        c->n_omitted++;
        return NULL;
    }
    grown = array_grow(*items, cap, n + 1, size, max * 2);
    if (!grown) {
        *ret_err = CRIER_ENOMEM;
        return NULL;
    }
    *items = grown;
    return (char *)grown + n * size;
}

static bool is_time(const struct column *c)
{
    static const char end[] = "wall_ms";
    size_t n = strlen(c->name);

    return c->type == COLUMN_INT64 && n >= sizeof end - 1 &&
           !strcmp(c->name + n - (sizeof end - 1), end);
}

/* Times as far from one another as a damaged file may have them would run over when they are
 * subtracted: what no clock says is not known. */
static void tame_times(enum record_table t, void *record)
{
    const struct table *table = record_table(t);
    size_t i;

    for (i = 0; i < table->n_columns; i++) {
        char *at = (char *)record + table->column[i].offset;
        int64_t value;

        if (!is_time(&table->column[i]))
            continue;
        memcpy(&value, at, sizeof value);
        if (value >= 0 && value <= LATEST_MS)
            continue;
        value = 0;
        memcpy(at, &value, sizeof value);
    }
}

/* An owned copy of a row into memory of the caller's. */
static int copy_into(enum record_table t, const void *record, void *ret)
{
    void *copy = record_copy(t, record);

    if (!copy)
        return CRIER_ENOMEM;
    memcpy(ret, copy, record_table(t)->size);
    free(copy);
    tame_times(t, ret);
    return 0;
}

static int take_timeline(struct chronicle *c, const struct record_timeline *row)
{
    bool is_signal = chronicle_is_signal(row);
    void *items = c->timeline;
    void *to;
    int r;

    if (is_signal && c->n_signals >= CHRONICLE_SIGNALS_MAX) {
        c->n_omitted++;
        return 0;
    }
    to = make_room(c, &items, &c->cap_timeline, c->n_timeline, sizeof *row, CHRONICLE_ROWS_MAX, &r);
    c->timeline = items;
    if (!to)
        return r;
    r = copy_into(RECORD_TIMELINE, row, to);
    if (r)
        return r;
    c->n_timeline++;
    c->n_signals += is_signal;
    return 0;
}

int chronicle_take(void *chronicle, enum record_table t, const void *record)
{
    struct chronicle *c = chronicle;
    void *items, *to = NULL;
    int r = 0;

    switch (t) {
    case RECORD_INCIDENT:
        record_finish(RECORD_INCIDENT, &c->incident);
        return copy_into(t, record, &c->incident);
    case RECORD_REVISION:
        items = c->revision;
        to = make_room(c, &items, &c->cap_revisions, c->n_revisions, sizeof *c->revision,
                       CHRONICLE_OTHERS_MAX, &r);
        c->revision = items;
        r = to ? copy_into(t, record, to) : r;
        c->n_revisions += to && !r;
        return r;
    case RECORD_SHOWN:
        items = c->shown;
        to = make_room(c, &items, &c->cap_shown, c->n_shown, sizeof *c->shown, CHRONICLE_OTHERS_MAX,
                       &r);
        c->shown = items;
        r = to ? copy_into(t, record, to) : r;
        c->n_shown += to && !r;
        return r;
    case RECORD_OUTBOX:
        items = c->outbox;
        to = make_room(c, &items, &c->cap_outbox, c->n_outbox, sizeof *c->outbox,
                       CHRONICLE_OTHERS_MAX, &r);
        c->outbox = items;
        r = to ? copy_into(t, record, to) : r;
        c->n_outbox += to && !r;
        return r;
    case RECORD_TIMELINE:
        return take_timeline(c, record);
    case RECORD_META:
    case RECORD_ALERT:
    case RECORD_DEPLOY:
    case RECORD_MAINTENANCE:
    case RECORD_EAR:
    case RECORD_HEARD:
    case RECORD_AUDIT:
    case RECORD_ENROLMENT:
    case RECORD_OPENING:
    case RECORD_TABLES:
        break;
    }
    return 0;
}

static int order(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_number(const void *a, const void *b)
{
    const struct record_revision *x = a, *y = b;

    return order(x->number, y->number);
}

static int by_id(const void *a, const void *b)
{
    return order(record_id(a), record_id(b));
}

static int by_time(const void *a, const void *b)
{
    const struct record_timeline *x = a, *y = b;
    int r = order(x->wall_ms, y->wall_ms);

    if (!r) /* what was heard comes before what was made of it */
        r = (int)chronicle_is_signal(y) - (int)chronicle_is_signal(x);
    return r ? r : order(x->id, y->id);
}

void chronicle_sort(struct chronicle *c)
{
    /* qsort() must not be given NULL, not even for nothing */
    if (c->n_revisions)
        qsort(c->revision, c->n_revisions, sizeof *c->revision, by_number);
    if (c->n_shown)
        qsort(c->shown, c->n_shown, sizeof *c->shown, by_id);
    if (c->n_outbox)
        qsort(c->outbox, c->n_outbox, sizeof *c->outbox, by_id);
    if (c->n_timeline)
        qsort(c->timeline, c->n_timeline, sizeof *c->timeline, by_time);
}

const struct record_revision *chronicle_revision(const struct chronicle *c, int64_t number)
{
    size_t i;

    for (i = 0; i < c->n_revisions; i++)
        if (c->revision[i].number == number)
            return &c->revision[i];
    return NULL;
}

const struct record_revision *chronicle_open_revision(const struct chronicle *c)
{
    size_t i;

    for (i = c->n_revisions; i-- > 0;)
        if (c->revision[i].state == REVISION_OPEN)
            return &c->revision[i];
    return NULL;
}

const char *chronicle_title(const struct chronicle *c)
{
    const struct record_revision *rev = chronicle_revision(c, c->incident.public_revision);

    if (c->incident.seen_title && *c->incident.seen_title)
        return c->incident.seen_title;
    if (!rev)
        rev = chronicle_open_revision(c);
    if (!rev && c->n_revisions)
        rev = &c->revision[c->n_revisions - 1];
    return rev && *rev->title ? rev->title : "(without a title)";
}

const struct record_outbox *chronicle_outbox(const struct chronicle *c, int64_t revision)
{
    const struct record_outbox *newest = NULL;
    size_t i;

    for (i = 0; i < c->n_outbox; i++)
        if (c->outbox[i].revision == revision && (!newest || c->outbox[i].id > newest->id))
            newest = &c->outbox[i];
    return newest;
}

/* ---- lists ----------------------------------------------------------------------------------- */

void chronicle_list_init(struct chronicle_list *l)
{
    memset(l, 0, sizeof *l);
}

void chronicle_list_finish(struct chronicle_list *l)
{
    size_t i;

    for (i = 0; i < l->n; i++)
        record_finish(RECORD_INCIDENT, &l->incident[i]);
    free(l->incident);
    memset(l, 0, sizeof *l);
}

int chronicle_list_take(void *list, enum record_table t, const void *record)
{
    struct chronicle_list *l = list;
    struct record_incident *grown;
    int r;

    if (t != RECORD_INCIDENT)
        return 0;
    grown = array_grow(l->incident, &l->cap, l->n + 1, sizeof *grown, CHRONICLE_ROWS_MAX);
    if (!grown)
        return CRIER_ENOMEM;
    l->incident = grown;
    r = copy_into(t, record, &l->incident[l->n]);
    l->n += !r;
    return r;
}
