#include "lanes.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "lanes_story.h"
#include "utf8.h"
#include "when.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

#define ELLIPSIS "\xe2\x80\xa6"

/* Tenths of a pixel, as everything in a scene. */
enum {
    PX = 10,
    MARGIN = 12 * PX,
    GUTTER = 224 * PX,
    WIDE = 600 * PX, /* from here on names stand beside their lanes */
    GAP = 6 * PX,    /* between texts of a line */
    LINE_H = 17 * PX,
    BAR_H = 12 * PX,
    PUBLIC_H = 26 * PX,
    LANE_GAP = 14 * PX,
    THIN = 3 * PX, /* no bar is less wide */
    BUCKET = 6 * PX,
    ITEMS_MAX = 20000,
    TICKS_MAX = 64,
    ACTS_MAX = 400,
    LEADS_MAX = 64,
    TITLE_BYTES = 512
};

/* ---- making items ---------------------------------------------------------------------------- */

static void add(struct lanes_scene *s, const struct lanes_item *item, const char *text,
                const char *title)
{
    struct lanes_item made = *item;
    struct lanes_item *grown;

    if (s->err)
        return;
    grown = array_grow(s->item, &s->cap, s->n + 1, sizeof *grown, ITEMS_MAX);
    if (grown)
        s->item = grown;
    made.text = text ? strdup(text) : NULL;
    made.title = title ? strdup(title) : NULL;
    if (!grown || (text && !made.text) || (title && !made.title)) {
        free(made.text);
        free(made.title);
        s->err = CRIER_ENOMEM;
        return;
    }
    s->item[s->n++] = made;
}

static void add_box(struct lanes_scene *s, const char *style, int32_t x, int32_t y, int32_t w,
                    int32_t h, const char *title)
{
    struct lanes_item item = {.shape = LANES_RECT, .style = style, .x = x, .y = y, .w = w, .h = h};

    add(s, &item, NULL, title);
}

static void add_line(struct lanes_scene *s, const char *style, int32_t x, int32_t y, int32_t w,
                     int32_t h)
{
    struct lanes_item item = {.shape = LANES_LINE, .style = style, .x = x, .y = y, .w = w, .h = h};

    add(s, &item, NULL, NULL);
}

static void add_mark(struct lanes_scene *s, enum lanes_shape shape, const char *style, int32_t x,
                     int32_t y, int32_t h, const char *title)
{
    struct lanes_item item = {.shape = shape, .style = style, .x = x, .y = y, .w = h, .h = h};

    if (shape == LANES_JAG)
        item.w = 4 * PX;
    add(s, &item, NULL, title);
}

/* ---- text ------------------------------------------------------------------------------------ */

static int32_t font_px(const char *style)
{
    if (!strcmp(style, "lt-head"))
        return 17;
    return !strcmp(style, "lt-soft") ? 12 : 13;
}

/* Hundredths of the font's size, of a wide one such as DejaVu Sans. */
static int32_t char_width(uint32_t c)
{
    if (c == ' ')
        return 33;
    if (c < 128 && strchr("ijl.,:;'|!()[]-/\"`", (int)c))
        return 42;
    if (c == 'm' || c == 'w' || c == 'M' || c == 'W' || c == '@' || c == '%')
        return 102;
    if (c >= 'A' && c <= 'Z')
        return 76;
    if (c < 128)
        return c == '#' || c == '+' || c == '=' || c == '<' || c == '>' || c == '~' ? 85 : 65;
    return c < 0x1100 ? 80 : c < 0x2e80 ? 100 : 110;
}

int32_t lanes_text_width(const char *text, const char *style)
{
    int64_t sum = 0;
    bool bold = !strcmp(style, "lt-head") || !strcmp(style, "lt-name");

    while (*text) {
        size_t n = utf8_char_bytes(text);

        sum += char_width(n ? utf8_decode(text) : '?');
        text += n ? n : 1;
    }
    sum = sum * font_px(style) * PX / 100;
    if (bold)
        sum = sum * 112 / 100;
    return sum > INT32_MAX / 2 ? INT32_MAX / 2 : (int32_t)sum;
}

static int32_t line_h(const char *style)
{
    return font_px(style) * 13; /* 1.3 of the font's size */
}

static void add_text(struct lanes_scene *s, const char *style, int32_t x, int32_t y,
                     const char *text, const char *title)
{
    struct lanes_item item = {.shape = LANES_TEXT, .style = style, .x = x, .y = y};

    item.w = lanes_text_width(text, style);
    item.h = line_h(style);
    add(s, &item, text, title);
}

/* The text, or as much of its beginning as fits with an ellipsis. @return the caller's, or NULL. */
static char *fit(struct lanes_scene *s, const char *text, const char *style, int32_t room)
{
    char *made;
    size_t n = utf8_cut(text, 400);
    bool cut = text[n] != '\0';

    made = malloc(n + sizeof ELLIPSIS);
    if (!made) {
        s->err = CRIER_ENOMEM;
        return NULL;
    }
    memcpy(made, text, n);
    made[n] = '\0';
    if (cut)
        memcpy(made + n, ELLIPSIS, sizeof ELLIPSIS);
    while (n && lanes_text_width(made, style) > room) {
        n = utf8_cut(made, n - 1);
        while (n && made[n - 1] == ' ')
            n--;
        memcpy(made + n, ELLIPSIS, sizeof ELLIPSIS);
    }
    return made;
}

/* One line that ends before x + room; more of it is in the title. */
static void add_fitted(struct lanes_scene *s, const char *style, int32_t x, int32_t y, int32_t room,
                       const char *text)
{
    char *fitted = s->err ? NULL : fit(s, text, style, room);

    if (!fitted)
        return;
    add_text(s, style, x, y, fitted, strcmp(fitted, text) != 0 ? text : NULL);
    free(fitted);
}

/* ---- the axis -------------------------------------------------------------------------------- */

struct layout {
    struct lanes_scene *s;
    const struct lanes_story *story;
    int32_t y; /* what comes next begins here */
    bool wide;
    size_t first_grid, n_grid; /* items whose height is known at the end only */
    size_t band, outage;       /* the same, SIZE_MAX: none */
};

static int32_t x_of(const struct layout *l, int64_t at_ms)
{
    const struct lanes_story *st = l->story;
    int64_t span = st->end_ms - st->begin_ms;

    if (at_ms <= st->begin_ms)
        return l->s->plot_x;
    if (at_ms >= st->end_ms)
        return l->s->plot_x + l->s->plot_w;
    return l->s->plot_x + (int32_t)((at_ms - st->begin_ms) * l->s->plot_w / span);
}

static int32_t plot_end(const struct layout *l)
{
    return l->s->plot_x + l->s->plot_w;
}

/* Where a bar from x to until lies, so that it can be seen and is inside the plot. */
static void bar_of(const struct layout *l, int64_t from_ms, int64_t until_ms, int32_t *ret_x,
                   int32_t *ret_w)
{
    int32_t x = x_of(l, from_ms), end = x_of(l, until_ms);

    if (end < x + THIN)
        end = x + THIN;
    if (end > plot_end(l))
        end = plot_end(l);
    if (x > end - THIN)
        x = end - THIN;
    *ret_x = x;
    *ret_w = end - x;
}

static int64_t tick_step(const struct layout *l)
{
    static const int64_t steps[] = {5 * SECOND_MS,  10 * SECOND_MS, 30 * SECOND_MS, MINUTE_MS,
                                    2 * MINUTE_MS,  5 * MINUTE_MS,  10 * MINUTE_MS, 15 * MINUTE_MS,
                                    30 * MINUTE_MS, HOUR_MS,        2 * HOUR_MS,    3 * HOUR_MS,
                                    6 * HOUR_MS,    12 * HOUR_MS,   DAY_MS,         2 * DAY_MS,
                                    7 * DAY_MS,     14 * DAY_MS,    30 * DAY_MS,    60 * DAY_MS};
    int64_t span = l->story->end_ms - l->story->begin_ms;
    size_t i, n = sizeof steps / sizeof steps[0];

    for (i = 0; i < n - 1; i++) {
        int64_t apart = (int64_t)l->s->plot_w * steps[i] / span;

        if (apart >= (steps[i] < MINUTE_MS ? 90 : 66) * PX)
            break;
    }
    return steps[i];
}

static void tick_label(int64_t at_ms, int64_t step, char *dst)
{
    char day[WHEN_BYTES];

    if (at_ms % DAY_MS == 0) {
        when_day_words(at_ms, day); /* "17 January" */
        (void)snprintf(dst, WHEN_BYTES, "%.*s", (int)(strcspn(day, " ") + 4), day);
    } else if (step < MINUTE_MS) {
        when_hms(at_ms, dst);
    } else {
        when_hm(at_ms, dst);
    }
}

static int64_t first_tick(const struct layout *l, int64_t step)
{
    int64_t at_ms = l->story->begin_ms / step * step;

    return at_ms < l->story->begin_ms ? at_ms + step : at_ms;
}

static void lay_grid(struct layout *l)
{
    int64_t step = tick_step(l), at_ms;
    int n = 0;

    l->first_grid = l->s->n;
    for (at_ms = first_tick(l, step); at_ms <= l->story->end_ms && n < TICKS_MAX;
         at_ms += step, n++)
        add_line(l->s, "ll-grid", x_of(l, at_ms), l->y, 0, 0);
    l->n_grid = l->s->n - l->first_grid;
}

static void lay_axis(struct layout *l)
{
    int64_t step = tick_step(l), at_ms;
    int32_t free_x = 0;
    int n = 0;
    char label[WHEN_BYTES];

    add_line(l->s, "ll-axis", l->s->plot_x, l->y, l->s->plot_w, 0);
    for (at_ms = first_tick(l, step); at_ms <= l->story->end_ms && n < TICKS_MAX;
         at_ms += step, n++) {
        int32_t w, x;

        tick_label(at_ms, step, label);
        w = lanes_text_width(label, "lt-soft");
        x = x_of(l, at_ms) - w / 2;
        if (x + w > l->s->w)
            x = l->s->w - w;
        if (x < free_x)
            continue;
        add_text(l->s, "lt-soft", x, l->y + 5 * PX, label, NULL);
        free_x = x + w + GAP;
    }
    l->y += 5 * PX + LINE_H;
}

/* ---- labels that make room for one another --------------------------------------------------- */

struct lead {
    int32_t x;
    int level;
};

/* Lines of labels below a row of marks, each bound to its mark by a line. */
struct zone {
    struct layout *l;
    int32_t top;
    int levels; /* at most so many lines */
    int used;
    size_t first; /* its items begin here */
    struct lead lead[LEADS_MAX];
    size_t n_leads;
};

static void zone_init(struct zone *z, struct layout *l, int levels)
{
    *z = (struct zone){.l = l, .top = l->y, .levels = levels, .first = l->s->n};
}

/* Whether a label fits there without touching another label or a line to one. */
static bool is_free(const struct zone *z, int level, int32_t x, int32_t w, int32_t mark)
{
    size_t i;

    for (i = z->first; i < z->l->s->n; i++) {
        const struct lanes_item *t = &z->l->s->item[i];
        int at;

        if (t->shape != LANES_TEXT)
            continue;
        at = (int)((t->y - z->top) / LINE_H);
        if (at == level && x < t->x + t->w + GAP && t->x < x + w + GAP)
            return false;
        if (at < level && mark > t->x - 2 * PX && mark < t->x + t->w + 2 * PX)
            return false;
    }
    for (i = 0; i < z->n_leads; i++)
        if (z->lead[i].level > level && z->lead[i].x > x - 2 * PX && z->lead[i].x < x + w + 2 * PX)
            return false;
    return true;
}

/* @return whether there was room. */
static bool zone_label(struct zone *z, const char *style, int32_t mark, const char *text)
{
    struct layout *l = z->l;
    int32_t low = l->wide ? l->s->plot_x : MARGIN, high = l->s->w - MARGIN, w;
    char *fitted;
    int level;

    if (l->s->err || z->n_leads == LEADS_MAX)
        return false;
    fitted = fit(l->s, text, style, high - low);
    if (!fitted)
        return false;
    w = lanes_text_width(fitted, style);
    for (level = 0; level < z->levels; level++) {
        int32_t x[3] = {mark + 5 * PX, mark - w / 2, mark - w - 5 * PX};
        size_t i;

        for (i = 0; i < 3; i++) {
            if (x[i] > high - w)
                x[i] = high - w;
            if (x[i] < low)
                x[i] = low;
            if (!is_free(z, level, x[i], w, mark))
                continue;
            add_line(l->s, "ll-lead", mark, z->top - 2 * PX, 0,
                     level * LINE_H + (x[i] < mark && mark < x[i] + w ? 4 : LINE_H / PX) * PX);
            add_text(l->s, style, x[i], z->top + level * LINE_H, fitted, NULL);
            z->lead[z->n_leads++] = (struct lead){.x = mark, .level = level};
            if (z->used < level + 1)
                z->used = level + 1;
            free(fitted);
            return true;
        }
    }
    free(fitted);
    return false;
}

static void zone_end(struct zone *z)
{
    z->l->y = z->top + z->used * LINE_H;
}

/* ---- parts of lanes -------------------------------------------------------------------------- */

static void lane_name(struct layout *l, const char *name, const char *more)
{
    int32_t x = MARGIN + lanes_text_width(name, "lt-name") + GAP;

    l->y += LANE_GAP;
    add_text(l->s, "lt-name", MARGIN, l->y, name, NULL);
    if (more)
        add_fitted(l->s, "lt-soft", x, l->y + PX, l->s->w - MARGIN - x, more);
    l->y += LINE_H + 3 * PX;
}

/* The name of a row; l->y is at its bar then. */
static void row_name(struct layout *l, const char *name)
{
    if (l->wide) {
        add_fitted(l->s, "lt", MARGIN, l->y - 2 * PX, GUTTER - MARGIN - GAP, name);
    } else {
        add_fitted(l->s, "lt", MARGIN, l->y, l->s->w - 2 * MARGIN, name);
        l->y += LINE_H + PX;
    }
}

static void row_end(struct layout *l)
{
    l->y += BAR_H + 8 * PX;
}

static void from_until(char *dst, const char *what, int64_t from_ms, int64_t until_ms, bool open)
{
    char from[WHEN_BYTES], until[WHEN_BYTES], length[WHEN_BYTES];

    if (open)
        (void)utf8_print(dst, TITLE_BYTES, "%s: since %s", what, when_hms(from_ms, from));
    else
        (void)utf8_print(dst, TITLE_BYTES, "%s: %s to %s, %s", what, when_hms(from_ms, from),
                         when_hms(until_ms, until),
                         lanes_story_length(until_ms - from_ms, length, sizeof length));
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static void lay_alert(struct layout *l, const struct lanes_alert *a)
{
    int32_t last_end = INT32_MIN;
    char name[TITLE_BYTES];
    size_t i;

    (void)utf8_print(name, sizeof name, "%s%s", a->paging ? "PAGE " : "", a->subject);
    row_name(l, name);
    for (i = 0; i < a->n_spans; i++) {
        const struct lanes_span *span = &l->story->span[a->span + i];
        char title[TITLE_BYTES];
        int32_t x, w;

        bar_of(l, span->from_ms, span->until_ms, &x, &w);
        if (x < last_end + PX && i + 1 < a->n_spans) /* a flapping alert is one bar that is seen */
            continue;
        from_until(title, a->subject, span->from_ms, span->until_ms, span->open);
        add_box(l->s, a->paging ? "lb lb-page" : "lb lb-alert", x, l->y, w, BAR_H, title);
        if (span->open)
            add_mark(l->s, LANES_JAG, "ll-jag", x + w - 4 * PX, l->y, BAR_H, NULL);
        last_end = x + w;
    }
    row_end(l);
}

/* How many of those that have no row of their own fire, over time. */
static void lay_others(struct layout *l, const bool *has_row, size_t n_others)
{
    const struct lanes_story *st = l->story;
    size_t n = (size_t)(l->s->plot_w / BUCKET), i, j, from;
    int32_t *change = calloc(n + 1, sizeof *change);
    int32_t now = 0, most = 0;
    char text[WHEN_BYTES * 2], count[WHEN_BYTES];

    if (!change) {
        l->s->err = CRIER_ENOMEM;
        return;
    }
    for (i = 0; i < st->n_alerts; i++)
        for (j = 0; !has_row[i] && j < st->alert[i].n_spans; j++) {
            const struct lanes_span *span = &st->span[st->alert[i].span + j];
            size_t a = (size_t)((x_of(l, span->from_ms) - l->s->plot_x) / BUCKET);
            size_t b = (size_t)((x_of(l, span->until_ms) - l->s->plot_x) / BUCKET) + 1;

            a = a < n ? a : n - 1;
            change[a]++;
            change[b < n ? b : n]--;
        }
    for (i = 0; i < n; i++)
        if ((now += change[i]) > most)
            most = now;
    (void)snprintf(text, sizeof text, "and %s more", when_count((int64_t)n_others, count));
    row_name(l, text);
    for (i = from = 0, now = 0; i < n; i++) {
        now += change[i];
        if (i + 1 < n && !change[i + 1])
            continue;
        if (now > 0) {
            int32_t h = 2 * PX + (int32_t)((int64_t)now * BAR_H / most);

            (void)snprintf(text, sizeof text, "%s of them fire", when_count(now, count));
            add_box(l->s, "lb lb-more", l->s->plot_x + (int32_t)from * BUCKET,
                    l->y + 2 * PX + BAR_H - h, (int32_t)(i + 1 - from) * BUCKET, h, text);
        }
        from = i + 1;
    }
    free(change);
    row_end(l);
}

static void lay_alerts(struct layout *l)
{
    const struct lanes_story *st = l->story;
    bool *has_row = calloc(st->n_alerts + 1, sizeof *has_row);
    size_t i, left = LANES_ALERTS_MAX, n_others = st->n_alerts;
    char count[WHEN_BYTES];

    if (!has_row) {
        l->s->err = CRIER_ENOMEM;
        return;
    }
    lane_name(l, "Alerts",
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

static void lay_phase(struct layout *l, const struct lanes_phase *p)
{
    const char *what = p->testing                   ? "test servers"
                       : p->phase == PHASE_ROLLBACK ? "rolling back"
                                                    : "production";
    const char *style = p->testing                   ? "lb lb-test"
                        : p->phase == PHASE_ROLLBACK ? "lb lb-roll"
                                                     : "lb lb-prod";
    char title[TITLE_BYTES];
    int32_t x, w;

    bar_of(l, p->from_ms, p->until_ms, &x, &w);
    from_until(title, what, p->from_ms, p->until_ms, p->open);
    add_box(l->s, style, x, l->y, w, BAR_H, title);
    if (p->open)
        add_mark(l->s, LANES_JAG, "ll-jag", x + w - 4 * PX, l->y, BAR_H, NULL);
}

/* How it ended, beside the mark where there is room. */
static void lay_end(struct layout *l, const struct lanes_phase *p, int32_t begin_x, bool last)
{
    char text[TITLE_BYTES], at[WHEN_BYTES];
    int32_t x = x_of(l, p->from_ms), w, from = x;

    (void)snprintf(text, sizeof text, "%s %s", end_words(p->phase), when_hm(p->from_ms, at));
    w = lanes_text_width(text, "lt-soft");
    if (last && x + GAP + w <= plot_end(l)) {
        from = x + GAP + w + GAP / 2;
        add_text(l->s, "lt-soft", x + GAP, l->y - PX, text, NULL);
    } else if (last && begin_x - GAP - w >= l->s->plot_x) {
        add_text(l->s, "lt-soft", begin_x - GAP - w, l->y - PX, text, NULL);
    }
    if (p->phase == PHASE_ABORTED) { /* what it left behind stays as it is */
        add_mark(l->s, LANES_JAG, "ll-jag", x, l->y - PX, BAR_H + 2 * PX, text);
        if (from < plot_end(l))
            add_line(l->s, "ll-cut", from, l->y + BAR_H / 2, plot_end(l) - from, 0);
    } else {
        add_line(l->s, "ll-end", x, l->y - 2 * PX, 0, BAR_H + 4 * PX);
    }
}

static void lay_deploy(struct layout *l, const struct lanes_deploy *d)
{
    const struct lanes_phase *phase = &l->story->phase[d->phase];
    const struct lanes_phase *end = &phase[d->n_phases - 1];
    const char *words = end_words(end->phase);
    char name[TITLE_BYTES];
    int32_t begin_x;
    size_t i;

    (void)utf8_print(name, sizeof name, "%s%s%s%s%s%s", *d->tool ? d->tool : "deploy",
                     *d->user ? ", " : "", d->user,
                     d->fix       ? " (the fix)"
                     : d->suspect ? " (suspect)"
                                  : "",
                     !l->wide && words ? ": " : "", !l->wide && words ? words : "");
    row_name(l, name);
    begin_x = x_of(l, phase->from_ms);
    for (i = 0; i < d->n_phases; i++) {
        if (!end_words(phase[i].phase))
            lay_phase(l, &phase[i]);
        else
            lay_end(l, &phase[i], begin_x, i + 1 == d->n_phases);
    }
    row_end(l);
}

static void lay_deploys(struct layout *l)
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
    lane_name(l, "Deploys", more);
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

/* ---- people ---------------------------------------------------------------------------------- */

static void lay_people(struct layout *l)
{
    const struct lanes_story *st = l->story;
    int32_t size = 11 * PX, last_x = INT32_MIN;
    struct zone zone;
    size_t i, n = 0;
    int weight;

    lane_name(l, "People", st->n_acts ? NULL : "nobody has done anything");
    if (!st->n_acts)
        return;
    add_line(l->s, "ll-axis", l->s->plot_x, l->y + size / 2, l->s->plot_w, 0);
    for (i = 0; i < st->n_acts && n < ACTS_MAX; i++) {
        const struct lanes_act *act = &st->act[i];
        char title[TITLE_BYTES], at[WHEN_BYTES];
        int32_t x = x_of(l, act->at_ms);

        if (x < last_x + 2 * PX && last_x != INT32_MIN && act->weight < 5)
            continue;
        (void)utf8_print(title, sizeof title, "%s %s: %s", when_hms(act->at_ms, at), act->who,
                         *act->text ? act->text : act->kind);
        add_mark(l->s, LANES_DIAMOND, act->weight >= 5 ? "lm lm-confirm" : "lm lm-act",
                 x - size / 2, l->y, size, title);
        last_x = x;
        n++;
    }
    l->y += size + 4 * PX;
    zone_init(&zone, l, l->wide ? 4 : 6);
    for (weight = 5; weight > 0; weight--)
        for (i = 0; i < st->n_acts && i < ACTS_MAX; i++) {
            const struct lanes_act *act = &st->act[i];
            char text[TITLE_BYTES], at[WHEN_BYTES];

            if (act->weight != weight)
                continue;
            (void)utf8_print(text, sizeof text, "%s %s: %s", when_hm(act->at_ms, at), act->who,
                             act->kind);
            (void)zone_label(&zone, "lt-soft", x_of(l, act->at_ms), text);
        }
    zone_end(&zone);
}

/* ---- the public page ------------------------------------------------------------------------- */

static const char *status_style(const struct lanes_status *status)
{
    if (status->silent)
        return "lb ls-silent";
    switch (status->step) {
    case STEP_INVESTIGATING:
        return "lb ls-investigating";
    case STEP_IDENTIFIED:
        return "lb ls-identified";
    case STEP_MONITORING:
        return "lb ls-monitoring";
    case STEP_RESOLVED:
        return "lb ls-resolved";
    }
    return "lb ls-silent";
}

static void lay_bracket(struct layout *l)
{
    const struct lanes_story *st = l->story;
    int32_t x = x_of(l, st->outage_ms), end, w, text_x;
    char text[TITLE_BYTES], length[WHEN_BYTES];

    if (!st->waited_ms || (!st->told && !st->ongoing))
        return;
    end = x_of(l, st->told ? st->told_ms : st->end_ms);
    (void)snprintf(text, sizeof text, "public %s %s", st->told ? "waited" : "waits since",
                   lanes_story_length(st->waited_ms, length, sizeof length));
    w = lanes_text_width(text, "lt-name");
    text_x = x + (end - x) / 2 - w / 2;
    if (text_x + w > plot_end(l))
        text_x = plot_end(l) - w;
    if (text_x < l->s->plot_x)
        text_x = l->s->plot_x;
    add_text(l->s, "lt-name", text_x, l->y, text, NULL);
    l->y += LINE_H + 2 * PX;
    add_line(l->s, "ll-bracket", x, l->y, end - x, 0);
    add_line(l->s, "ll-bracket", x, l->y, 0, 7 * PX);
    add_line(l->s, "ll-bracket", end, l->y, 0, 7 * PX);
    l->y += 9 * PX;
}

static void lay_public(struct layout *l)
{
    const struct lanes_story *st = l->story;
    struct zone zone;
    size_t i;

    lane_name(l, "Public page", NULL);
    lay_bracket(l);
    zone_init(&zone, l, l->wide ? 3 : 5);
    zone.top = l->y + PUBLIC_H + 4 * PX;
    for (i = 0; i < st->n_status; i++) {
        const struct lanes_status *status = &st->status[i];
        const char *what = status->silent ? "page says all is well" : step_name(status->step);
        char text[TITLE_BYTES], title[TITLE_BYTES], at[WHEN_BYTES];
        int32_t x, w;

        if (status->until_ms <= status->from_ms && i + 1 < st->n_status)
            continue;
        bar_of(l, status->from_ms, status->until_ms, &x, &w);
        from_until(title, what, status->from_ms, status->until_ms, i + 1 == st->n_status);
        add_box(l->s, status_style(status), x, l->y, w, PUBLIC_H, title);
        (void)snprintf(text, sizeof text, "%s %s", when_hm(status->from_ms, at), what);
        if (status->silent)
            (void)snprintf(text, sizeof text, "%s", what);
        if (lanes_text_width(text, "lt-chip") + 12 * PX > w && !status->silent &&
            lanes_text_width(what, "lt-chip") + 12 * PX <= w)
            (void)snprintf(text, sizeof text, "%s", what);
        if (lanes_text_width(text, "lt-chip") + 12 * PX <= w)
            add_text(l->s, "lt-chip", x + GAP, l->y + 5 * PX, text, NULL);
        else
            (void)zone_label(&zone, "lt-soft", x + w / 2, text);
    }
    zone_end(&zone);
    l->y += 6 * PX;
}

/* ---- head and legend ------------------------------------------------------------------------- */

static void lay_head(struct layout *l)
{
    const struct lanes_story *st = l->story;
    char text[TITLE_BYTES], day[WHEN_BYTES], last_day[WHEN_BYTES];
    const char *still = st->ongoing ? ", still open" : "";
    int year = when_split(st->begin_ms).year;

    lanes_story_headline(st, text, sizeof text);
    l->s->headline = strdup(text);
    if (!l->s->headline)
        l->s->err = CRIER_ENOMEM;
    add_fitted(l->s, "lt-head", MARGIN, l->y, l->s->w - 2 * MARGIN, text);
    l->y += 24 * PX;
    if (when_same_day(st->begin_ms, st->end_ms))
        (void)snprintf(text, sizeof text, "%s %d, times in UTC%s",
                       when_day_words(st->begin_ms, day), year, still);
    else
        (void)snprintf(text, sizeof text, "%s to %s %d, times in UTC%s",
                       when_day_words(st->begin_ms, day), when_day_words(st->end_ms, last_day),
                       when_split(st->end_ms).year, still);
    add_fitted(l->s, "lt-soft", MARGIN, l->y, l->s->w - 2 * MARGIN, text);
    l->y += LINE_H + 8 * PX;
}

static void lay_marks(struct layout *l)
{
    const struct lanes_story *st = l->story;
    char text[TITLE_BYTES], at[WHEN_BYTES];
    struct zone zone;

    zone_init(&zone, l, 2);
    (void)snprintf(text, sizeof text, "%s outage begins", when_hm(st->outage_ms, at));
    (void)zone_label(&zone, "lt-soft", x_of(l, st->outage_ms), text);
    if (st->told && st->waited_ms) {
        (void)snprintf(text, sizeof text, "%s public is told", when_hm(st->told_ms, at));
        (void)zone_label(&zone, "lt-soft", x_of(l, st->told_ms), text);
    }
    zone_end(&zone);
}

static void lay_legend(struct layout *l)
{
    struct {
        const char *style;
        const char *text;
        bool wanted;
    } row[] = {{"lb lb-alert", "fires", false},        {"lb lb-page", "fires and pages", false},
               {"lb lb-more", "how many fire", false}, {"lb lb-test", "test servers", false},
               {"lb lb-prod", "production", false},    {"lb lb-roll", "rolling back", false}};
    int32_t x = MARGIN;
    size_t i, j;

    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        for (j = 0; j < l->s->n && !row[i].wanted; j++)
            row[i].wanted = !strcmp(l->s->item[j].style, row[i].style);
    }
    l->y += 8 * PX;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        int32_t w = 28 * PX + lanes_text_width(row[i].text, "lt-soft");

        if (!row[i].wanted)
            continue;
        if (x > MARGIN && x + w > l->s->w - MARGIN) {
            x = MARGIN;
            l->y += LINE_H + 2 * PX;
        }
        add_box(l->s, row[i].style, x, l->y + 2 * PX, 22 * PX, BAR_H, NULL);
        add_text(l->s, "lt-soft", x + 28 * PX, l->y, row[i].text, NULL);
        x += w + 16 * PX;
    }
    l->y += x > MARGIN ? LINE_H : 0;
    l->y += 10 * PX;
}

/* The picture in words, for who does not see it. */
static void tell_summary(struct layout *l)
{
    const struct lanes_story *st = l->story;
    struct buf b;
    char at[WHEN_BYTES];
    size_t i;

    buf_init(&b, 16384);
    buf_addf(&b, "%s. The outage began %s. %zu alerts, %zu deploys, %zu commands of people.",
             l->s->headline ? l->s->headline : "", when_iso(st->outage_ms, at), st->n_alerts,
             st->n_deploys, st->n_acts);
    for (i = 0; i < st->n_status && i < 40; i++)
        if (!st->status[i].silent)
            buf_addf(&b, " The public page said %s from %s.", step_name(st->status[i].step),
                     when_hms(st->status[i].from_ms, at));
    l->s->summary = buf_take(&b);
    if (!l->s->summary)
        l->s->err = CRIER_ENOMEM;
    buf_finish(&b);
}

static void lay_all(struct layout *l)
{
    const struct lanes_story *st = l->story;
    struct lanes_scene *s = l->s;
    int32_t top, x, end;
    size_t i;

    lay_head(l);
    lay_marks(l);
    top = l->y + 2 * PX;
    x = x_of(l, st->outage_ms);
    end = x_of(l, st->told ? st->told_ms : st->end_ms);
    l->band = SIZE_MAX;
    if (st->waited_ms && (st->told || st->ongoing)) {
        l->band = s->n;
        add_box(s, "lw", x, top, end - x > PX ? end - x : PX, 0, NULL);
    }
    lay_grid(l);
    l->outage = s->n;
    add_line(s, "ll-outage", x, top, 0, 0);
    lay_alerts(l);
    lay_deploys(l);
    lay_people(l);
    lay_public(l);
    if (!s->err) {
        if (l->band != SIZE_MAX)
            s->item[l->band].h = l->y - top;
        s->item[l->outage].h = l->y - top;
        for (i = 0; i < l->n_grid; i++)
            s->item[l->first_grid + i].h = l->y - s->item[l->first_grid + i].y;
    }
    lay_axis(l);
    lay_legend(l);
    tell_summary(l);
    s->h = l->y;
}

int lanes_layout(struct lanes_scene *ret, const struct chronicle *c, int64_t now_wall_ms,
                 int width_px)
{
    struct lanes_story story;
    struct layout l = {.s = ret, .story = &story, .y = 10 * PX};
    int err = lanes_story_init(&story, c, now_wall_ms);

    *ret = (struct lanes_scene){.err = err};
    ret->w = (width_px < 280 ? 280 : width_px > 4000 ? 4000 : width_px) * PX;
    l.wide = ret->w >= WIDE;
    ret->plot_x = l.wide ? GUTTER : MARGIN;
    ret->plot_w = ret->w - MARGIN - ret->plot_x;
    if (!err)
        lay_all(&l);
    lanes_story_finish(&story);
    return ret->err;
}

void lanes_scene_finish(struct lanes_scene *s)
{
    size_t i;

    for (i = 0; i < s->n; i++) {
        free(s->item[i].text);
        free(s->item[i].title);
    }
    free(s->item);
    free(s->headline);
    free(s->summary);
    *s = (struct lanes_scene){0};
}
