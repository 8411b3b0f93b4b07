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
    if (line->text)
        explicit_bzero(line->text, strlen(line->text)); /* it may be the key of a channel */
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
        if (copy.priority < q->line[i].priority) /* somebody waits for what it says by now */
            copy.priority = q->line[i].priority;
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

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int64_t full(const struct irc_bucket *b)
{
    return b->burst_lines * IRC_BUCKET_LINE * b->interval_ms;
}

static int64_t line_price(const struct irc_bucket *b)
{
    return IRC_BUCKET_LINE * b->interval_ms;
}

void irc_bucket_adjust(struct irc_bucket *b, int64_t burst_lines, int64_t interval_ms)
{
    int64_t thousandths = b->interval_ms ? b->level / b->interval_ms : 0;

    b->burst_lines = clamp(burst_lines, 1, 1000);
    b->interval_ms = clamp(interval_ms, 1, 1000000000);
    b->level = clamp(thousandths * b->interval_ms, -full(b), full(b));
}

void irc_bucket_init(struct irc_bucket *b, int64_t burst_lines, int64_t interval_ms,
                     int64_t boot_ms)
{
    memset(b, 0, sizeof *b);
    b->filled_boot_ms = boot_ms;
    irc_bucket_adjust(b, burst_lines, interval_ms);
    b->level = full(b);
}

static void fill(struct irc_bucket *b, int64_t boot_ms)
{
    int64_t passed = boot_ms - b->filled_boot_ms, missing = full(b) - b->level;

    if (passed <= 0)
        return;
    b->filled_boot_ms = boot_ms;
    b->level += passed > missing / IRC_BUCKET_LINE ? missing : passed * IRC_BUCKET_LINE;
}

bool irc_bucket_may(struct irc_bucket *b, int64_t boot_ms)
{
    fill(b, boot_ms);
    return b->level >= line_price(b);
}

void irc_bucket_pay(struct irc_bucket *b, int64_t price)
{
    b->level = clamp(b->level - price * b->interval_ms, -full(b), full(b));
}

int64_t irc_bucket_when(const struct irc_bucket *b, int64_t boot_ms)
{
    struct irc_bucket copy = *b;
    int64_t missing;

    fill(&copy, boot_ms);
    missing = line_price(&copy) - copy.level;
    if (missing <= 0)
        return boot_ms;
    return copy.filled_boot_ms + (missing + IRC_BUCKET_LINE - 1) / IRC_BUCKET_LINE;
}
