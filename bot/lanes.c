#include "lanes.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "lanes_impl.h"
#include "utf8.h"
#include "when.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

enum { TICKS_MAX = 64, ACTS_MAX = 400 };

/* ---- the axis -------------------------------------------------------------------------------- */

static int64_t tick_step(const struct lanes_layout *l)
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

static int64_t first_tick(const struct lanes_layout *l, int64_t step)
{
    int64_t at_ms = l->story->begin_ms / step * step;

    return at_ms < l->story->begin_ms ? at_ms + step : at_ms;
}

static void lay_grid(struct lanes_layout *l)
{
    int64_t step = tick_step(l), at_ms;
    int n = 0;

    l->first_grid = l->s->n;
    for (at_ms = first_tick(l, step); at_ms <= l->story->end_ms && n < TICKS_MAX;
         at_ms += step, n++)
        lanes_line(l->s, "ll-grid", lanes_x(l, at_ms), l->y, 0, 0);
    l->n_grid = l->s->n - l->first_grid;
}

static void lay_axis(struct lanes_layout *l)
{
    int64_t step = tick_step(l), at_ms;
    int32_t free_x = 0;
    int n = 0;
    char label[WHEN_BYTES];

    lanes_line(l->s, "ll-axis", l->s->plot_x, l->y, l->s->plot_w, 0);
    for (at_ms = first_tick(l, step); at_ms <= l->story->end_ms && n < TICKS_MAX;
         at_ms += step, n++) {
        int32_t w, x;

        tick_label(at_ms, step, label);
        w = lanes_text_width(label, "lt-soft");
        x = lanes_x(l, at_ms) - w / 2;
        if (x + w > l->s->w)
            x = l->s->w - w;
        if (x < free_x)
            continue;
        lanes_text(l->s, "lt-soft", x, l->y + 5 * PX, label, NULL);
        free_x = x + w + GAP;
    }
    l->y += 5 * PX + LINE_H;
}
/* ---- people ---------------------------------------------------------------------------------- */

/* What somebody did, in one word: the kind, or of a command its verb, as in "!status resolve 7". */
static void act_words(const struct lanes_act *act, char *dst, size_t size)
{
    const char *verb = strchr(act->text, ' ');
    size_t n = verb ? strspn(verb + 1, "abcdefghijklmnopqrstuvwxyz") : 0;

    if (strcmp(act->kind, "command") != 0 || !n || n >= size)
        (void)utf8_print(dst, size, "%s", act->kind);
    else
        (void)utf8_print(dst, n + 1, "%s", verb + 1);
}

static void lay_people(struct lanes_layout *l)
{
    const struct lanes_story *st = l->story;
    int32_t size = 11 * PX, last_x = INT32_MIN;
    struct lanes_zone zone;
    size_t i, n = 0;
    int weight;

    lanes_name(l, "People", st->n_acts ? NULL : "nobody has done anything");
    if (!st->n_acts)
        return;
    if (l->wide)
        l->y -= LINE_H + 2 * PX;
    lanes_line(l->s, "ll-axis", l->s->plot_x, l->y + size / 2, l->s->plot_w, 0);
    for (i = 0; i < st->n_acts && n < ACTS_MAX; i++, n++) {
        const struct lanes_act *act = &st->act[i];
        char title[TITLE_BYTES], at[LABEL_BYTES];
        int32_t x = lanes_x(l, act->at_ms);

        if (x < last_x + 2 * PX && last_x != INT32_MIN && act->weight < 5)
            continue;
        (void)utf8_print(title, sizeof title, "%s %s: %s", when_hms(act->at_ms, at), act->who,
                         *act->text ? act->text : act->kind);
        lanes_mark(l->s, LANES_DIAMOND, act->weight >= 5 ? "lm lm-confirm" : "lm lm-act",
                   x - size / 2, l->y, size, title);
        last_x = x;
    }
    l->y += size + 4 * PX;
    lanes_zone_init(&zone, l, l->wide ? 4 : 6);
    for (weight = 5; weight > 0; weight--)
        for (i = st->n_acts; i-- > 0;) { /* from the right: lines then cross no label */
            const struct lanes_act *act = &st->act[i];
            char text[TITLE_BYTES], at[LABEL_BYTES], what[24];

            if (act->weight != weight)
                continue;
            act_words(act, what, sizeof what);
            (void)utf8_print(text, sizeof text, "%s %s: %s", lanes_time(l, act->at_ms, at),
                             act->who, what);
            lanes_zone_label(&zone, "lt-soft", lanes_x(l, act->at_ms), text);
        }
    lanes_zone_end(&zone);
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

static void lay_bracket(struct lanes_layout *l)
{
    const struct lanes_story *st = l->story;
    int32_t x = lanes_x(l, st->outage_ms), end, w, text_x;
    char text[TITLE_BYTES], length[WHEN_BYTES];

    if (!st->waited_ms || (!st->told && !st->ongoing))
        return;
    end = lanes_x(l, st->told ? st->told_ms : st->end_ms);
    (void)snprintf(text, sizeof text, "public %s %s", st->told ? "waited" : "waits:",
                   lanes_story_length(st->waited_ms, length, sizeof length));
    w = lanes_text_width(text, "lt-name");
    text_x = x + (end - x) / 2 - w / 2;
    if (text_x + w > lanes_plot_end(l))
        text_x = lanes_plot_end(l) - w;
    if (text_x < l->s->plot_x)
        text_x = l->s->plot_x;
    lanes_text(l->s, "lt-name", text_x, l->y, text, NULL);
    l->y += LINE_H + 2 * PX;
    lanes_line(l->s, "ll-bracket", x, l->y, end - x, 0);
    lanes_line(l->s, "ll-bracket", x, l->y, 0, 7 * PX);
    lanes_line(l->s, "ll-bracket", end, l->y, 0, 7 * PX);
    l->y += 9 * PX;
}

/* Inside its bar where there is room, with the time if that fits too. @return whether it is. */
static bool lay_chip(struct lanes_layout *l, const struct lanes_status *status, int32_t x,
                     int32_t w)
{
    char at[LABEL_BYTES], timed[TITLE_BYTES];
    const char *texts[3] = {timed, step_name(status->step), NULL};
    size_t i;

    (void)snprintf(timed, sizeof timed, "%s %s", lanes_time(l, status->from_ms, at), texts[1]);
    if (status->silent) {
        texts[0] = "page says all is well";
        texts[1] = "all is well";
    }
    for (i = 0; texts[i]; i++)
        if (lanes_text_width(texts[i], "lt-chip") + 2 * GAP <= w) {
            lanes_text(l->s, "lt-chip", x + GAP, l->y + 5 * PX, texts[i], NULL);
            return true;
        }
    return false;
}

static void lay_public(struct lanes_layout *l)
{
    const struct lanes_story *st = l->story;
    struct lanes_zone zone;
    size_t i;

    lanes_name(l, "Public page", NULL);
    if (l->wide) /* the name is beside what follows, not above */
        l->y -= LINE_H + 3 * PX;
    lay_bracket(l);
    lanes_zone_init(&zone, l, l->wide ? 3 : 5);
    zone.top = l->y + PUBLIC_H + 4 * PX;
    for (i = st->n_status; i-- > 0;) {
        const struct lanes_status *status = &st->status[i];
        const char *what = status->silent ? "page says all is well" : step_name(status->step);
        char text[TITLE_BYTES], at[LABEL_BYTES];
        int32_t x, w;

        if (status->until_ms <= status->from_ms && i + 1 < st->n_status)
            continue;
        lanes_bar(l, status->from_ms, status->until_ms, &x, &w);
        lanes_from_until(text, what, status->from_ms, status->until_ms, i + 1 == st->n_status);
        lanes_box(l->s, status_style(status), x, l->y, w, PUBLIC_H, text);
        (void)snprintf(text, sizeof text, "%s %s", lanes_time(l, status->from_ms, at), what);
        if (!lay_chip(l, status, x, w))
            lanes_zone_label(&zone, "lt-soft", x + w / 2, status->silent ? "all is well" : text);
    }
    if (!zone.used)
        zone.top = l->y + PUBLIC_H;
    lanes_zone_end(&zone);
    l->y += 6 * PX;
}

/* ---- head and legend ------------------------------------------------------------------------- */

static void lay_head(struct lanes_layout *l)
{
    const struct lanes_story *st = l->story;
    char text[TITLE_BYTES], day[WHEN_BYTES], last_day[WHEN_BYTES];
    const char *still = st->ongoing ? ", still open" : "";
    int year = when_split(st->begin_ms).year;

    lanes_story_headline(st, text, sizeof text);
    l->s->headline = strdup(text);
    if (!l->s->headline)
        l->s->err = CRIER_ENOMEM;
    lanes_fitted(l->s,
                 lanes_text_width(text, "lt-head") > l->s->w - 2 * MARGIN ? "lt-name" : "lt-head",
                 MARGIN, l->y, l->s->w - 2 * MARGIN, text);
    l->y += 24 * PX;
    if (when_same_day(st->begin_ms, st->end_ms))
        (void)snprintf(text, sizeof text, "%s %d, times in UTC%s",
                       when_day_words(st->begin_ms, day), year, still);
    else
        (void)snprintf(text, sizeof text, "%s to %s %d, times in UTC%s",
                       when_day_words(st->begin_ms, day), when_day_words(st->end_ms, last_day),
                       when_split(st->end_ms).year, still);
    lanes_fitted(l->s, "lt-soft", MARGIN, l->y, l->s->w - 2 * MARGIN, text);
    l->y += LINE_H + 8 * PX;
}

static void lay_marks(struct lanes_layout *l)
{
    const struct lanes_story *st = l->story;
    char text[TITLE_BYTES], at[LABEL_BYTES];
    struct lanes_zone zone;

    lanes_zone_init(&zone, l, 2);
    zone.flat = true;
    if (st->told && st->waited_ms) {
        (void)snprintf(text, sizeof text, "%s public is told", lanes_time(l, st->told_ms, at));
        lanes_zone_label(&zone, "lt-soft", lanes_x(l, st->told_ms), text);
    }
    (void)snprintf(text, sizeof text, "%s outage begins", lanes_time(l, st->outage_ms, at));
    lanes_zone_label(&zone, "lt-soft", lanes_x(l, st->outage_ms), text);
    lanes_zone_end(&zone);
}

static void lay_legend(struct lanes_layout *l)
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
        lanes_box(l->s, row[i].style, x, l->y + 2 * PX, 22 * PX, BAR_H, NULL);
        lanes_text(l->s, "lt-soft", x + 28 * PX, l->y, row[i].text, NULL);
        x += w + 16 * PX;
    }
    l->y += x > MARGIN ? LINE_H : 0;
    l->y += 10 * PX;
}

/* The picture in words, for who does not see it. */
static void tell_summary(struct lanes_layout *l)
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

static void lay_all(struct lanes_layout *l)
{
    const struct lanes_story *st = l->story;
    struct lanes_scene *s = l->s;
    int32_t top, x, end;
    size_t i;

    lay_head(l);
    lay_marks(l);
    top = l->y + 2 * PX;
    x = lanes_x(l, st->outage_ms);
    end = lanes_x(l, st->told ? st->told_ms : st->end_ms);
    l->band = SIZE_MAX;
    if (st->waited_ms && (st->told || st->ongoing)) {
        l->band = s->n;
        lanes_box(s, "lw", x, top, end - x > PX ? end - x : PX, 0, NULL);
    }
    lay_grid(l);
    l->outage = s->n;
    lanes_line(s, "ll-outage", x, top, 0, 0);
    lanes_alerts(l);
    lanes_deploys(l);
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
    struct lanes_layout l = {.s = ret, .story = &story, .y = 10 * PX};
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
