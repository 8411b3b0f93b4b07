#include "fake_store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

enum { ITEMS_MAX = 1 << 24 };

static void *grown(void *p, size_t *cap, size_t need, size_t size)
{
    p = array_grow(p, cap, need, size, ITEMS_MAX);
    assert(p);
    return p;
}

/* Where the row is, or belongs. */
static size_t find(const struct fake_store *f, enum record_table t, int64_t id, bool *ret_found)
{
    size_t low = 0, high = f->n_rows;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct fake_row *row = &f->row[mid];

        if (row->table < t || (row->table == t && row->id < id))
            low = mid + 1;
        else
            high = mid;
    }
    *ret_found = low < f->n_rows && f->row[low].table == t && f->row[low].id == id;
    return low;
}

/* Takes record. */
static void put(struct fake_store *f, enum record_table t, int64_t id, void *record)
{
    bool found;
    size_t i = find(f, t, id, &found);

    if (found) {
        record_destroy(t, f->row[i].record);
    } else {
        f->row = grown(f->row, &f->cap_rows, f->n_rows + 1, sizeof *f->row);
        memmove(f->row + i + 1, f->row + i, (f->n_rows - i) * sizeof *f->row);
        f->n_rows++;
    }
    f->row[i].table = t;
    f->row[i].id = id;
    f->row[i].record = record;
}

static void delete (struct fake_store *f, enum record_table t, int64_t id)
{
    bool found;
    size_t i = find(f, t, id, &found);

    if (!found)
        return;
    record_destroy(t, f->row[i].record);
    f->n_rows--;
    memmove(f->row + i, f->row + i + 1, (f->n_rows - i) * sizeof *f->row);
}

void fake_store_init(struct fake_store *f)
{
    char instance[] = "00c0ffee00c0ffee";
    struct record_meta meta = {
        .id = 1, .live = 1, .next_incident = 1, .next_row = 1, .instance = instance};
    void *copy = record_copy(RECORD_META, &meta);

    memset(f, 0, sizeof *f);
    assert(copy);
    put(f, RECORD_META, 1, copy);
}

void fake_store_finish(struct fake_store *f)
{
    size_t i;

    fake_store_crash(f);
    for (i = 0; i < f->n_rows; i++)
        record_destroy(f->row[i].table, f->row[i].record);
    free(f->row);
    free(f->pending);
    memset(f, 0, sizeof *f);
}

static int port_commit(void *ctx, struct batch *batch, uint64_t ticket)
{
    struct fake_store *f = ctx;
    struct fake_commit *c;

    if (batch->err)
        return batch->err;
    if (f->refuse)
        return f->refuse;
    f->pending = grown(f->pending, &f->cap_pending, f->n_pending + 1, sizeof *f->pending);
    c = &f->pending[f->n_pending++];
    batch_init(&c->batch);
    batch_append(&c->batch, batch);
    c->ticket = ticket;
    return 0;
}

static int port_load(void *ctx, int (*row)(void *row_ctx, enum record_table t, const void *record),
                     void *row_ctx)
{
    const struct fake_store *f = ctx;
    size_t i;
    int r = 0;

    for (i = 0; i < f->n_rows && !r; i++)
        if (record_live(f->row[i].record) == 1)
            r = row(row_ctx, f->row[i].table, f->row[i].record);
    return r;
}

static int64_t incident_of(const struct fake_row *row)
{
    switch (row->table) {
    case RECORD_INCIDENT:
        return row->id;
    case RECORD_REVISION:
        return ((const struct record_revision *)row->record)->incident;
    case RECORD_SHOWN:
        return ((const struct record_shown *)row->record)->incident;
    case RECORD_OUTBOX:
        return ((const struct record_outbox *)row->record)->incident;
    case RECORD_TIMELINE:
        return ((const struct record_timeline *)row->record)->incident;
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
    return -1;
}

/* The timeline in the order of ids: who reads it sorts. */
static int port_read(void *ctx, int64_t incident,
                     int (*row)(void *row_ctx, enum record_table t, const void *record),
                     void *row_ctx)
{
    const struct fake_store *f = ctx;
    size_t i;
    int r = 0;

    for (i = 0; i < f->n_rows && !r; i++)
        if (incident_of(&f->row[i]) == incident)
            r = row(row_ctx, f->row[i].table, f->row[i].record);
    return r;
}

static int port_incidents(void *ctx, size_t max,
                          int (*row)(void *row_ctx, enum record_table t, const void *record),
                          void *row_ctx)
{
    const struct fake_store *f = ctx;
    size_t i, n = 0;
    int r = 0;

    for (i = f->n_rows; i-- > 0 && n < max && !r;)
        if (f->row[i].table == RECORD_INCIDENT) {
            r = row(row_ctx, RECORD_INCIDENT, f->row[i].record);
            n++;
        }
    return r;
}

struct store_port fake_store_port(struct fake_store *f)
{
    struct store_port port = {.ctx = f,
                              .commit = port_commit,
                              .load = port_load,
                              .read = port_read,
                              .incidents = port_incidents};

    return port;
}

/* As the real store, but the hash only looks like one. */
static struct store_seal add(struct fake_store *f, const struct change *change)
{
    int64_t number = (int64_t)fake_store_count(f, change->table) + 1;
    struct record_audit *r = record_copy(change->table, change->record);
    struct store_seal seal = {.key = change->id, .number = number};

    assert(r);
    (void)snprintf(seal.hash, sizeof seal.hash, "%064llx", (unsigned long long)number);
    assert(!record_set_text(&r->hash, seal.hash));
    r->id = number;
    put(f, change->table, number, r);
    return seal;
}

bool fake_store_complete(struct fake_store *f)
{
    struct fake_commit c;
    struct store_seal *seal;
    size_t i, n_seals = 0;

    if (!f->n_pending)
        return false;
    c = f->pending[0];
    seal = calloc(c.batch.n_added + 1, sizeof *seal);
    assert(seal);
    f->n_pending--;
    memmove(f->pending, f->pending + 1, f->n_pending * sizeof *f->pending);
    for (i = 0; i < c.batch.n; i++) {
        struct change *change = &c.batch.item[i];

        switch (change->op) {
        case CHANGE_PUT:
            put(f, change->table, change->id, record_copy(change->table, change->record));
            break;
        case CHANGE_DELETE:
            delete (f, change->table, change->id);
            break;
        case CHANGE_ADD:
            seal[n_seals++] = add(f, change);
            break;
        }
    }
    batch_finish(&c.batch);
    f->n_commits++;
    if (n_seals && f->sink.sealed)
        f->sink.sealed(f->sink.ctx, c.ticket, seal, n_seals);
    free(seal);
    if (f->sink.committed)
        f->sink.committed(f->sink.ctx, c.ticket, 0, "");
    return true;
}

size_t fake_store_complete_all(struct fake_store *f)
{
    size_t n = 0;

    while (fake_store_complete(f))
        n++;
    return n;
}

void fake_store_fail(struct fake_store *f, const char *text)
{
    assert(f->n_pending);
    if (f->sink.committed)
        f->sink.committed(f->sink.ctx, f->pending[0].ticket, CRIER_EIO, text);
}

void fake_store_crash(struct fake_store *f)
{
    size_t i;

    for (i = 0; i < f->n_pending; i++)
        batch_finish(&f->pending[i].batch);
    f->n_pending = 0;
}

const void *fake_store_row(const struct fake_store *f, enum record_table t, int64_t id)
{
    bool found;
    size_t i = find(f, t, id, &found);

    return found ? f->row[i].record : NULL;
}

size_t fake_store_count(const struct fake_store *f, enum record_table t)
{
    size_t i, n = 0;

    for (i = 0; i < f->n_rows; i++)
        n += f->row[i].table == t;
    return n;
}
