#include "drafts.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

enum { TOLD_NOTHING, TOLD_ALERT, TOLD_PAGE };

static bool counts(const struct model *m, const struct opening *o)
{
    return m->now.boot_ms - o->boot_ms < DRAFTS_SPAN_MS;
}

/* @param source NULL: all. */
static int64_t count(const struct model *m, const char *source)
{
    const struct opening *o;
    int64_t n = 0;

    for (o = m->openings; o; o = o->next)
        n += counts(m, o) && (!source || !strcmp(o->r.source, source));
    return n;
}

/* Whose limit is reached. @return the source, NULL for that of all together. */
static const char *limited(const struct model *m, const char *source)
{
    return count(m, source) >= m->settings->triage.max_source_drafts_per_hour ? source : NULL;
}

bool drafts_are_many(const struct model *m, const char *source)
{
    return limited(m, source) || count(m, NULL) >= m->settings->triage.max_drafts_per_hour;
}

int64_t drafts_count(const struct model *m, const char *source)
{
    return count(m, limited(m, source));
}

void drafts_opened(struct model *m, const char *source)
{
    struct opening *o = calloc(1, sizeof *o);

    if (!o || record_set_text(&o->r.source, source)) {
        free(o);
        model_fail(m);
        return;
    }
    o->r.id = model_next_row(m);
    o->r.live = 1;
    o->r.wall_ms = m->now.wall_ms;
    o->boot_ms = m->now.boot_ms;
    o->next = m->openings;
    m->openings = o;
    model_put(m, RECORD_OPENING, &o->r);
}

/* The newest carries what was told: when it counts no more there is room, and as soon as there is
 * room a newer one takes its place. Room is there when the limit's number is counted from the
 * newest and the next one is an hour old. */
bool drafts_tell(struct model *m, const char *source, bool paging, int64_t *ret_until_wall_ms)
{
    const char *whose = limited(m, source);
    int64_t left = whose ? m->settings->triage.max_source_drafts_per_hour
                         : m->settings->triage.max_drafts_per_hour;
    struct opening *o, *newest = NULL, *last = NULL;

    for (o = m->openings; o && left > 0; o = o->next) {
        if (!counts(m, o) || (whose && strcmp(o->r.source, whose) != 0))
            continue;
        if (!newest)
            newest = o;
        last = o;
        left--;
    }
    if (!newest || newest->told >= (paging ? TOLD_PAGE : TOLD_ALERT))
        return false;
    newest->told = paging ? TOLD_PAGE : TOLD_ALERT;
    *ret_until_wall_ms = model_wall(m, last->boot_ms + DRAFTS_SPAN_MS);
    return true;
}

bool drafts_told(const struct model *m)
{
    const struct opening *o;

    for (o = m->openings; o; o = o->next)
        if (o->told)
            return true;
    return false;
}

/* ---- upkeep ---------------------------------------------------------------------------------- */

int drafts_load(struct model *m, const struct record_opening *record)
{
    struct opening *o = calloc(1, sizeof *o);

    if (!o || record_set_text(&o->r.source, record->source)) {
        free(o);
        return CRIER_ENOMEM;
    }
    o->r.id = record->id;
    o->r.live = record->live;
    o->r.wall_ms = record->wall_ms;
    o->next = m->openings; /* rows come by id: the newest last */
    m->openings = o;
    return 0;
}

void drafts_restore(struct model *m)
{
    struct opening *o;

    for (o = m->openings; o; o = o->next)
        o->boot_ms = model_past_boot(m, o->r.wall_ms, DRAFTS_SPAN_MS);
}

void drafts_purge(struct model *m)
{
    struct opening **link = &m->openings, *o;

    while ((o = *link) != NULL) {
        if (counts(m, o)) {
            link = &o->next;
            continue;
        }
        *link = o->next;
        batch_delete(&m->turn->batch, RECORD_OPENING, o->r.id);
        record_finish(RECORD_OPENING, &o->r);
        free(o);
    }
}
