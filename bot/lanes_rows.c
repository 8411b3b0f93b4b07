#include "lanes_impl.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "utf8.h"
#include "when.h"

/* ---- alerts ---------------------------------------------------------------------------------- */

static void lay_alert(struct lanes_layout *l, const struct lanes_alert *a)
{
    int32_t last_end = INT32_MIN;
    char name[TITLE_BYTES];
    size_t i;

    (void)utf8_print(name, sizeof name, "%s%s", a->paging ? "PAGE " : "", a->subject);
    lanes_row_name(l, name);
    for (i = 0; i < a->n_spans; i++) {
        const struct lanes_span *span = &l->story->span[a->span + i];
        char title[TITLE_BYTES];
        int32_t x, w;

        lanes_bar(l, span->from_ms, span->until_ms, &x, &w);
        if (x < last_end + PX && i + 1 < a->n_spans) /* a flapping alert is one bar that is seen */
            continue;
        lanes_from_until(title, a->subject, span->from_ms, span->until_ms, span->open);
        lanes_box(l->s, a->paging ? "lb lb-page" : "lb lb-alert", x, l->y, w, BAR_H, title);
        if (span->open)
            lanes_mark(l->s, LANES_JAG, "ll-jag", x + w - 4 * PX, l->y, BAR_H, NULL);
        last_end = x + w;
    }
    lanes_row_end(l);
}

/* How many of those that have no row of their own fire, over time. */
static void lay_others(struct lanes_layout *l, const bool *has_row, size_t n_others)
{
    const struct lanes_story *st = l->story;
    size_t n = (size_t)(l->s->plot_w / BUCKET), i, j, from;
    int32_t *change = calloc(n + 1, sizeof *change);
    int32_t now = 0, most = 1;
    char text[WHEN_BYTES * 2], count[WHEN_BYTES];

    if (!change) {
        l->s->err = CRIER_ENOMEM;
        return;
    }
    for (i = 0; i < st->n_alerts; i++)
        for (j = 0; !has_row[i] && j < st->alert[i].n_spans; j++) {
            const struct lanes_span *span = &st->span[st->alert[i].span + j];
            size_t a = (size_t)((lanes_x(l, span->from_ms) - l->s->plot_x) / BUCKET);
            size_t b = (size_t)((lanes_x(l, span->until_ms) - l->s->plot_x) / BUCKET) + 1;

            a = a < n ? a : n - 1;
            change[a]++;
            change[b < n ? b : n]--;
        }
    for (i = 0; i < n; i++)
        if ((now += change[i]) > most)
            most = now;
    (void)snprintf(text, sizeof text, "and %s more", when_count((int64_t)n_others, count));
    lanes_row_name(l, text);
    for (i = from = 0, now = 0; i < n; i++) {
        now += change[i];
        if (i + 1 < n && !change[i + 1])
            continue;
        if (now > 0) {
            int32_t h = 2 * PX + (int32_t)((int64_t)now * BAR_H / most);

            (void)snprintf(text, sizeof text, "%s of them fire", when_count(now, count));
            lanes_box(l->s, "lb lb-more", l->s->plot_x + (int32_t)from * BUCKET,
                      l->y + 2 * PX + BAR_H - h, (int32_t)(i + 1 - from) * BUCKET, h, text);
        }
        from = i + 1;
    }
    free(change);
    lanes_row_end(l);
}

void lanes_alerts(struct lanes_layout *l)
{
    const struct lanes_story *st = l->story;
    bool *has_row = calloc(st->n_alerts + 1, sizeof *has_row);
    size_t i, left = LANES_ALERTS_MAX, n_others = st->n_alerts;
    char count[WHEN_BYTES];

    if (!has_row) {
        l->s->err = CRIER_ENOMEM;
        return;
    }
    lanes_name(l, "Alerts",
               st->n_alerts ? when_count((int64_t)st->n_alerts, count)
                            : "none joined this incident");
    for (i = 0; i < st->n_alerts && left; i++)
        if (st->alert[i].paging) {
            has_row[i] = true;
            left--;
            n_others--;
        }
    for (i = 0; i < st->n_alerts && left; i++)
        if (!has_row[i]) {
            has_row[i] = true;
            left--;
            n_others--;
        }
    for (i = 0; i < st->n_alerts; i++)
        if (has_row[i])
            lay_alert(l, &st->alert[i]);
    if (n_others)
        lay_others(l, has_row, n_others);
    free(has_row);
}

/* ---- deploys --------------------------------------------------------------------------------- */

static const char *end_words(enum deploy_phase phase)
{
    switch (phase) {
    case PHASE_FINISHED:
        return "finished";
    case PHASE_ABORTED:
        return "stopped half-way";
    case PHASE_FAILED:
        return "failed";
    case PHASE_CANCELLED:
        return "cancelled";
    case PHASE_STARTED:
    case PHASE_TESTED:
    case PHASE_CONTINUED:
    case PHASE_ROLLBACK:
        return NULL;
    }
    return NULL;
}

static void lay_phase(struct lanes_layout *l, const struct lanes_phase *p)
{
    const char *what = p->testing                   ? "test servers"
                       : p->phase == PHASE_ROLLBACK ? "rolling back"
                                                    : "production";
    const char *style = p->testing                   ? "lb lb-test"
                        : p->phase == PHASE_ROLLBACK ? "lb lb-roll"
                                                     : "lb lb-prod";
    char title[TITLE_BYTES];
    int32_t x, w;

    lanes_bar(l, p->from_ms, p->until_ms, &x, &w);
    lanes_from_until(title, what, p->from_ms, p->until_ms, p->open);
    lanes_box(l->s, style, x, l->y, w, BAR_H, title);
    if (p->open)
        lanes_mark(l->s, LANES_JAG, "ll-jag", x + w - 4 * PX, l->y, BAR_H, NULL);
}

/* When a later deploy was finished: what one that was stopped half-way left behind is gone then. */
static int64_t mended_ms(const struct lanes_story *st, int64_t after_ms)
{
    int64_t at_ms = st->end_ms;
    size_t i;

    for (i = 0; i < st->n_phases; i++)
        if (st->phase[i].phase == PHASE_FINISHED && st->phase[i].from_ms > after_ms &&
            st->phase[i].from_ms < at_ms)
            at_ms = st->phase[i].from_ms;
    return at_ms;
}

/* How it ended, beside the mark where there is room. */
static void lay_end(struct lanes_layout *l, const struct lanes_phase *p, int32_t begin_x, bool last)
{
    char text[TITLE_BYTES], at[LABEL_BYTES];
    int32_t x = lanes_x(l, p->from_ms), w, from = x;

    (void)snprintf(text, sizeof text, "%s %s", end_words(p->phase), lanes_time(l, p->from_ms, at));
    w = lanes_text_width(text, "lt-soft");
    if (last && x + GAP + w <= lanes_plot_end(l)) {
        from = x + GAP + w + GAP / 2;
        lanes_text(l->s, "lt-soft", x + GAP, l->y - PX, text, NULL);
    } else if (last && begin_x - GAP - w >= l->s->plot_x) {
        lanes_text(l->s, "lt-soft", begin_x - GAP - w, l->y - PX, text, NULL);
    }
    if (p->phase == PHASE_ABORTED) { /* what it left behind stays as it is */
        lanes_mark(l->s, LANES_JAG, "ll-jag", x, l->y - PX, BAR_H + 2 * PX, text);
        x = lanes_x(l, mended_ms(l->story, p->from_ms));
        if (from < x)
            lanes_line(l->s, "ll-cut", from, l->y + BAR_H / 2, x - from, 0);
    } else {
        lanes_line(l->s, "ll-end", x, l->y - 2 * PX, 0, BAR_H + 4 * PX);
    }
}

static void lay_deploy(struct lanes_layout *l, const struct lanes_deploy *d)
{
    const struct lanes_phase *phase = &l->story->phase[d->phase];
    char name[TITLE_BYTES];
    int32_t begin_x;
    size_t i;

    (void)utf8_print(name, sizeof name, "%s%s%s%s",
                     d->fix       ? "fix: "
                     : d->suspect ? "suspect: "
                                  : "",
                     *d->tool ? d->tool : "deploy", *d->user ? ", " : "", d->user);
    lanes_row_name(l, name);
    begin_x = lanes_x(l, phase->from_ms);
    for (i = 0; i < d->n_phases; i++) {
        if (!end_words(phase[i].phase))
            lay_phase(l, &phase[i]);
        else
            lay_end(l, &phase[i], begin_x, i + 1 == d->n_phases);
    }
    lanes_row_end(l);
}

void lanes_deploys(struct lanes_layout *l)
{
    const struct lanes_story *st = l->story;
    bool *has_row = calloc(st->n_deploys + 1, sizeof *has_row);
    size_t i, left = LANES_DEPLOYS_MAX;
    char more[WHEN_BYTES * 2];

    if (!has_row) {
        l->s->err = CRIER_ENOMEM;
        return;
    }
    (void)snprintf(more, sizeof more, "none seen");
    if (st->n_deploys > LANES_DEPLOYS_MAX)
        (void)snprintf(more, sizeof more, "%zu, of which %d are shown", st->n_deploys,
                       LANES_DEPLOYS_MAX);
    else if (st->n_deploys)
        (void)snprintf(more, sizeof more, "%zu", st->n_deploys);
    lanes_name(l, "Deploys", more);
    for (i = 0; i < st->n_deploys; i++)
        if (st->deploy[i].suspect || st->deploy[i].fix) {
            has_row[i] = true;
            left -= left > 0;
        }
    for (i = 0; i < st->n_deploys && left; i++)
        if (!has_row[i]) {
            has_row[i] = true;
            left--;
        }
    for (i = 0; i < st->n_deploys; i++)
        if (has_row[i])
            lay_deploy(l, &st->deploy[i]);
    free(has_row);
}
