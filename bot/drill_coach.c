/*
 * drill_coach: says what to type, when nobody does.
 */
#include "drill_impl.h"

#include "records.h"

enum { HINTS_MAX = 6 /* about one thing */ };

/* ---- the coach ------------------------------------------------------------------------------- */

/* What people should do next, from the rows of what is open. */
struct look {
    struct drill_step due;
    int64_t public_incident; /* nothing of it waits */
};

static int look_row(void *ctx, enum record_table t, const void *record)
{
    struct look *look = ctx;

    if (t == RECORD_INCIDENT) {
        const struct record_incident *inc = record;

        if (inc->state == INCIDENT_PUBLIC)
            look->public_incident = inc->id;
    } else if (t == RECORD_REVISION) {
        const struct record_revision *rev = record;

        if (rev->state == REVISION_OPEN && !look->due.revision)
            look->due = (struct drill_step){rev->incident, rev->number, rev->kind};
    }
    return 0;
}

static void hint(struct drill *d)
{
    long long n = d->due.incident, r = d->due.revision;
    const char *p = drill_prefix(d);

    d->hinted_boot_ms = d->boot_ms;
    if (d->hints++ == 0)
        d->score.hints++;
    if (!r)
        drill_tell(
            d,
            "%s: the alerts are quiet and I know of nothing more to come. Is it over? Then type "
            "`%s resolve %lld`",
            d->player, p, n);
    else if (d->hints > 1)
        drill_tell(d, "%s: it still waits: `%s confirm %lld.%lld`", d->player, p, n, r);
    else if (d->due.kind == REVISION_DRAFT)
        drill_tell(
            d,
            "%s: readers know nothing yet. Read the draft above; if it is true, type `%s confirm "
            "%lld.%lld`",
            d->player, p, n, r);
    else
        drill_tell(
            d,
            "%s: readers still see the step before. Read the proposal above; if it is true, type "
            "`%s confirm %lld.%lld`",
            d->player, p, n, r);
}

int64_t drill_coach_deadline(const struct drill *d)
{
    int64_t wait = d->settings->drill.coach_ms;

    if (!d->due.incident || d->hints >= HINTS_MAX)
        return NOW_NEVER;
    return d->hints ? d->hinted_boot_ms + 2 * wait : d->due_boot_ms + wait;
}

bool drill_coach_same(const struct drill_step *a, const struct drill_step *b)
{
    return a->incident == b->incident && a->revision == b->revision;
}

void drill_coach(struct drill *d, const struct drill_step *due)
{
    if (!drill_coach_same(&d->due, due)) {
        d->due = *due;
        d->due_boot_ms = d->boot_ms;
        d->hints = 0;
    }
    if (drill_coach_deadline(d) <= d->boot_ms)
        hint(d);
}

bool drill_coach_look(const struct drill *d, bool stuck, struct drill_step *ret)
{
    struct look seen = {.due = {0, 0, 0}};

    (void)engine_visit_open(d->engine, look_row, &seen);
    if (!seen.due.revision && seen.public_incident && stuck)
        seen.due = (struct drill_step){seen.public_incident, 0, 0};
    *ret = seen.due;
    return seen.due.incident != 0;
}
