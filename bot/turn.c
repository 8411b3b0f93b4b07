#include "turn.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

enum { AUDIT_BYTES = 1500 };

void turn_init(struct turn *t)
{
    memset(t, 0, sizeof *t);
    batch_init(&t->batch);
}

static void effect_finish(struct effect *e)
{
    free(e->say.place);
    free(e->say.text);
    free(e->audit);
    free(e->record.place);
    free(e->record.where);
    page_request_finish(&e->page);
    proof_request_finish(&e->proof);
}

void turn_finish(struct turn *t)
{
    size_t i;

    for (i = 0; i < t->n_effects; i++)
        effect_finish(&t->effect[i]);
    free(t->effect);
    batch_finish(&t->batch);
    memset(t, 0, sizeof *t);
}

int turn_error(const struct turn *t)
{
    return t->err ? t->err : t->batch.err;
}

static struct effect *append(struct turn *t, enum effect_kind kind)
{
    struct effect *e;

    if (t->err)
        return NULL;
    if (t->n_effects == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 8;

        e = reallocarray(t->effect, cap, sizeof *e);
        if (!e) {
            t->err = CRIER_ENOMEM;
            return NULL;
        }
        t->effect = e;
        t->cap = cap;
    }
    e = &t->effect[t->n_effects++];
    memset(e, 0, sizeof *e);
    e->kind = kind;
    return e;
}

void turn_say(struct turn *t, const char *place, enum say_priority priority, uint64_t token,
              uint64_t replaces, const char *text)
{
    struct effect *e = append(t, EFFECT_SAY);

    if (!e)
        return;
    e->ahead = t->ahead && !token;
    e->say.priority = t->to_stranger && priority == SAY_ANSWER ? SAY_STRANGER : priority;
    e->say.token = token;
    e->say.replaces = replaces;
    e->say.place = strdup(place);
    e->say.text = strdup(text);
    if (!e->say.place || !e->say.text)
        t->err = CRIER_ENOMEM;
}

/* A line whose row is not written yet leaves twice: now, and with its number when it is. */
static bool comes_again(const struct effect *e)
{
    return e->kind == EFFECT_AUDIT && e->audit_key;
}

int turn_take_ahead(struct turn *t, struct turn *ret)
{
    size_t i, kept = 0, n = 0;

    for (i = 0; i < t->n_effects; i++)
        n += t->effect[i].ahead;
    if (!n)
        return 0;
    ret->effect = calloc(n, sizeof *ret->effect);
    if (!ret->effect)
        return CRIER_ENOMEM;
    ret->cap = n;
    for (i = 0; i < t->n_effects; i++) { /* what can fail comes first */
        struct effect *e = &t->effect[i];

        if (!e->ahead || !comes_again(e))
            continue;
        e = &ret->effect[ret->n_effects++];
        e->kind = EFFECT_AUDIT;
        e->audit_early = true;
        e->audit = strdup(t->effect[i].audit);
        if (!e->audit) {
            turn_finish(ret);
            return CRIER_ENOMEM;
        }
    }
    for (i = 0; i < t->n_effects; i++) {
        struct effect *e = &t->effect[i];

        if (e->ahead && !comes_again(e)) {
            ret->effect[ret->n_effects++] = *e;
        } else {
            e->ahead = false;
            t->effect[kept++] = *e;
        }
    }
    t->n_effects = kept;
    return 0;
}

void turn_page(struct turn *t, struct page_request *req)
{
    struct effect *e = append(t, EFFECT_PAGE);

    if (e)
        e->page = *req;
    else
        page_request_finish(req);
    memset(req, 0, sizeof *req);
}

void turn_proof(struct turn *t, struct proof_request *req)
{
    struct effect *e = append(t, EFFECT_PROOF);

    if (e)
        e->proof = *req;
    else
        proof_request_finish(req);
    memset(req, 0, sizeof *req);
}

void turn_record(struct turn *t, int64_t incident, const char *place, const char *where)
{
    struct effect *e = append(t, EFFECT_RECORD);

    if (!e)
        return;
    e->ahead = t->ahead;
    e->record.incident = incident;
    /* a dozen lines: a draft or a confirm's answer does not wait behind them */
    e->record.priority = t->to_stranger ? SAY_REMINDER : SAY_ANNOUNCE;
    e->record.place = strdup(place);
    e->record.where = strdup(where);
    if (!e->record.place || !e->record.where)
        t->err = CRIER_ENOMEM;
}

/* The line's text goes into the row as it goes into the log. */
static void add_row(struct turn *t, const struct record_audit *row, char *line, int64_t key)
{
    struct record_audit r = *row;

    r.id = key;
    r.live = 0;
    r.line = line;
    r.prev = r.hash = NULL;
    batch_add(&t->batch, RECORD_AUDIT, &r);
}

void turn_vaudit(struct turn *t, const struct record_audit *row, const char *fmt, va_list ap)
{
    struct effect *e = append(t, EFFECT_AUDIT);
    struct buf b;

    if (!e)
        return;
    e->ahead = t->ahead;
    buf_init(&b, AUDIT_BYTES);
    buf_vaddf(&b, fmt, ap);
    e->audit = buf_error(&b) == CRIER_ELIMIT ? strdup("(audit line too long)") : buf_take(&b);
    buf_finish(&b);
    if (!e->audit) {
        t->err = CRIER_ENOMEM;
    } else if (row) {
        e->audit_key = ++t->n_audits;
        add_row(t, row, e->audit, e->audit_key);
    }
}

void turn_audit(struct turn *t, const struct record_audit *row, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    turn_vaudit(t, row, fmt, ap);
    va_end(ap);
}
