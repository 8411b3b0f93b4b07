#include "irc_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "now.h"

struct irc_queue {
    struct irc_queued line[IRC_QUEUE_LINES]; /* in no order; the fields order and priority tell */
    size_t n;
    uint64_t next_order;
    irc_queue_dropped *dropped;
    void *ctx;
};

struct irc_queue *irc_queue_create(irc_queue_dropped *dropped, void *ctx)
{
    struct irc_queue *q = calloc(1, sizeof *q);

    if (!q)
        return NULL;
    q->dropped = dropped;
    q->ctx = ctx;
    return q;
}

void irc_queued_finish(struct irc_queued *line)
{
    free(line->target);
    free(line->text);
    memset(line, 0, sizeof *line);
}

void irc_queue_destroy(struct irc_queue *q)
{
    size_t i;

    if (!q)
        return;
    for (i = 0; i < q->n; i++)
        irc_queued_finish(&q->line[i]);
    free(q);
}

size_t irc_queue_length(const struct irc_queue *q)
{
    return q->n;
}

/* Takes line i out; it belongs to the caller then. */
static struct irc_queued take(struct irc_queue *q, size_t i)
{
    struct irc_queued line = q->line[i];

    q->line[i] = q->line[--q->n];
    return line;
}

/* The line is out of the queue before anybody is told. */
static void drop(struct irc_queue *q, size_t i, enum irc_queue_end why)
{
    struct irc_queued line = take(q, i);

    if (q->dropped)
        q->dropped(q->ctx, &line, why);
    irc_queued_finish(&line);
}

/* The youngest of the lowest priority below `priority`, or q->n. */
static size_t weakest(const struct irc_queue *q, int priority)
{
    size_t i, found = q->n;

    for (i = 0; i < q->n; i++) {
        const struct irc_queued *l = &q->line[i];

        if (l->priority < priority &&
            (found == q->n || l->priority < q->line[found].priority ||
             (l->priority == q->line[found].priority && l->order > q->line[found].order)))
            found = i;
    }
    return found;
}

static size_t find_replaced(const struct irc_queue *q, const struct irc_queued *line)
{
    size_t i;

    if (!line->replaces)
        return q->n;
    for (i = 0; i < q->n; i++)
        if (q->line[i].replaces == line->replaces && !strcmp(q->line[i].target, line->target))
            break;
    return i;
}

int irc_queue_add(struct irc_queue *q, const struct irc_queued *line)
{
    struct irc_queued copy = *line;
    size_t i;

    if (strlen(line->text) > IRC_QUEUE_TEXT_BYTES)
        return CRIER_ELIMIT;
    i = find_replaced(q, line);
    if (i == q->n && q->n == IRC_QUEUE_LINES && weakest(q, line->priority) == q->n)
        return CRIER_ELIMIT;
    copy.target = strdup(line->target);
    copy.text = strdup(line->text);
    if (!copy.target || !copy.text) {
        irc_queued_finish(&copy);
        return CRIER_ENOMEM;
    }
    copy.order = q->next_order++;
    if (i < q->n) {
        copy.order = q->line[i].order;
        drop(q, i, IRC_QUEUE_REPLACED);
    } else if (q->n == IRC_QUEUE_LINES) {
        drop(q, weakest(q, line->priority), IRC_QUEUE_PUSHED_OUT);
    }
    assert(q->n < IRC_QUEUE_LINES);
    q->line[q->n++] = copy;
    return 0;
}

static size_t find_next(const struct irc_queue *q, irc_queue_ready *ready, void *ctx)
{
    size_t i, found = q->n;

    for (i = 0; i < q->n; i++) {
        const struct irc_queued *l = &q->line[i];

        if (found < q->n &&
            (l->priority < q->line[found].priority ||
             (l->priority == q->line[found].priority && l->order > q->line[found].order)))
            continue;
        if (!ready || ready(ctx, l))
            found = i;
    }
    return found;
}

bool irc_queue_take(struct irc_queue *q, irc_queue_ready *ready, void *ctx,
                    struct irc_queued *ret_line)
{
    size_t i = find_next(q, ready, ctx);

    if (i == q->n)
        return false;
    *ret_line = take(q, i);
    return true;
}

bool irc_queue_has(const struct irc_queue *q, irc_queue_ready *ready, void *ctx)
{
    return find_next(q, ready, ctx) < q->n;
}

void irc_queue_expire(struct irc_queue *q, int64_t boot_ms)
{
    size_t i = 0;

    while (i < q->n) {
        if (q->line[i].queued_boot_ms == IRC_QUEUE_UNSTAMPED)
            q->line[i].queued_boot_ms = boot_ms;
        if (boot_ms - q->line[i].queued_boot_ms >= IRC_QUEUE_AGE_MS)
            drop(q, i, IRC_QUEUE_TOO_OLD);
        else
            i++;
    }
}

int64_t irc_queue_expires(const struct irc_queue *q)
{
    int64_t when = NOW_NEVER;
    size_t i;

    for (i = 0; i < q->n; i++)
        if (q->line[i].queued_boot_ms != IRC_QUEUE_UNSTAMPED &&
            q->line[i].queued_boot_ms + IRC_QUEUE_AGE_MS < when)
            when = q->line[i].queued_boot_ms + IRC_QUEUE_AGE_MS;
    return when;
}

void irc_queue_purge(struct irc_queue *q, irc_queue_ready *doomed, void *ctx)
{
    size_t i = 0;

    while (i < q->n) {
        if (doomed(ctx, &q->line[i]))
            drop(q, i, IRC_QUEUE_PURGED);
        else
            i++;
    }
}

/* ---- the bucket -------------------------------------------------------------------------- */

void irc_bucket_adjust(struct irc_bucket *b, int64_t burst_lines, int64_t interval_ms)
{
    assert(burst_lines >= 1 && interval_ms >= 1);
    b->burst = burst_lines * IRC_BUCKET_LINE;
    b->interval_ms = interval_ms;
    if (b->level > b->burst)
        b->level = b->burst;
    if (b->level < -b->burst)
        b->level = -b->burst;
}

void irc_bucket_init(struct irc_bucket *b, int64_t burst_lines, int64_t interval_ms,
                     int64_t boot_ms)
{
    memset(b, 0, sizeof *b);
    b->filled_boot_ms = boot_ms;
    irc_bucket_adjust(b, burst_lines, interval_ms);
    b->level = b->burst;
}

static void fill(struct irc_bucket *b, int64_t boot_ms)
{
    int64_t passed = boot_ms - b->filled_boot_ms, missing = b->burst - b->level, gain;

    if (passed <= 0)
        return;
    /* Enough to fill it whatever is missing: no product can overflow then. */
    if (passed / b->interval_ms > missing / IRC_BUCKET_LINE) {
        b->level = b->burst;
        b->filled_boot_ms = boot_ms;
        return;
    }
    gain = passed * IRC_BUCKET_LINE / b->interval_ms;
    if (!gain)
        return;
    b->level += gain < missing ? gain : missing;
    /* What the division lost is not lost: the clock only advances by what was counted. */
    b->filled_boot_ms += gain * b->interval_ms / IRC_BUCKET_LINE;
}

bool irc_bucket_may(struct irc_bucket *b, int64_t boot_ms)
{
    fill(b, boot_ms);
    return b->level >= IRC_BUCKET_LINE;
}

void irc_bucket_pay(struct irc_bucket *b, int64_t price)
{
    b->level -= price;
    if (b->level < -b->burst)
        b->level = -b->burst;
}

int64_t irc_bucket_when(const struct irc_bucket *b, int64_t boot_ms)
{
    struct irc_bucket copy = *b;
    int64_t missing;

    fill(&copy, boot_ms);
    missing = IRC_BUCKET_LINE - copy.level;
    if (missing <= 0)
        return boot_ms;
    /* Rounded up, and one more for what the division in fill() keeps back. */
    return copy.filled_boot_ms +
           (missing * copy.interval_ms + IRC_BUCKET_LINE - 1) / IRC_BUCKET_LINE;
}
