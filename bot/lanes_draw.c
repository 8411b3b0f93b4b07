#include "lanes_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "utf8.h"
#include "when.h"

#define ELLIPSIS "\xe2\x80\xa6"

enum { ITEMS_MAX = 20000 };

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

void lanes_box(struct lanes_scene *s, const char *style, int32_t x, int32_t y, int32_t w, int32_t h,
               const char *title)
{
    struct lanes_item item = {.shape = LANES_RECT, .style = style, .x = x, .y = y, .w = w, .h = h};

    add(s, &item, NULL, title);
}

void lanes_line(struct lanes_scene *s, const char *style, int32_t x, int32_t y, int32_t w,
                int32_t h)
{
    struct lanes_item item = {.shape = LANES_LINE, .style = style, .x = x, .y = y, .w = w, .h = h};

    add(s, &item, NULL, NULL);
}

void lanes_mark(struct lanes_scene *s, enum lanes_shape shape, const char *style, int32_t x,
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

/* Hundredths of the font's size, of a wide one: DejaVu Sans, rounded up. */
static int32_t char_width(uint32_t c)
{
    static const struct {
        const char *chars;
        int32_t width;
    } narrow[] = {{"ijlI", 30}, {" .,:;'|!`", 35}, {"ft()[]-/\\r", 42}, {"scz", 56},
                  {"kvxy", 60}, {"w+=<>~#", 84},   {"mM", 98},          {"W%@", 101}};
    size_t i;

    for (i = 0; c < 128 && i < sizeof narrow / sizeof narrow[0]; i++)
        if (strchr(narrow[i].chars, (int)c))
            return narrow[i].width;
    if (c >= 'A' && c <= 'Z')
        return 76;
    if (c < 128)
        return 64;
    return c >= 0x1100 ? 102 : 80;
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

void lanes_text(struct lanes_scene *s, const char *style, int32_t x, int32_t y, const char *text,
                const char *title)
{
    struct lanes_item item = {.shape = LANES_TEXT, .style = style, .x = x, .y = y};

    item.w = lanes_text_width(text, style);
    item.h = line_h(style);
    add(s, &item, text, title);
}

/* Where the last `keep` bytes of a text begin, not inside a character. */
static const char *tail_of(const char *text, size_t n, size_t keep)
{
    const char *p = text + n - keep;

    while ((*p & 0xc0) == 0x80)
        p++;
    return p;
}

/* The text, or its beginning and its end with an ellipsis between: names of checks often differ in
 * their last words. @return the caller's, or NULL. */
static char *lanes_fit(struct lanes_scene *s, const char *text, const char *style, int32_t room)
{
    size_t n = strlen(text), keep = n < 600 ? n : 600;
    char *made = malloc(keep + sizeof ELLIPSIS);

    if (!made) {
        s->err = CRIER_ENOMEM;
        return NULL;
    }
    memcpy(made, text, keep);
    made[keep] = '\0';
    while (keep && (keep < n || lanes_text_width(made, style) > room)) {
        size_t head = utf8_cut(text, keep * 2 / 5);
        const char *tail = tail_of(text, n, keep - keep * 2 / 5 - 1);

        while (head && text[head - 1] == ' ')
            head--;
        while (*tail == ' ')
            tail++;
        keep--;
        memcpy(made, text, head);
        memcpy(made + head, ELLIPSIS, sizeof ELLIPSIS - 1);
        memcpy(made + head + sizeof ELLIPSIS - 1, tail, strlen(tail) + 1);
        if (lanes_text_width(made, style) <= room)
            break;
    }
    return made;
}

/* One line that ends before x + room; more of it is in the title. */
void lanes_fitted(struct lanes_scene *s, const char *style, int32_t x, int32_t y, int32_t room,
                  const char *text)
{
    char *fitted = s->err ? NULL : lanes_fit(s, text, style, room);

    if (!fitted)
        return;
    lanes_text(s, style, x, y, fitted, strcmp(fitted, text) != 0 ? text : NULL);
    free(fitted);
}
/* ---- places ---------------------------------------------------------------------------------- */

int32_t lanes_x(const struct lanes_layout *l, int64_t at_ms)
{
    const struct lanes_story *st = l->story;
    int64_t span = st->end_ms - st->begin_ms;

    if (at_ms <= st->begin_ms)
        return l->s->plot_x;
    if (at_ms >= st->end_ms)
        return l->s->plot_x + l->s->plot_w;
    return l->s->plot_x + (int32_t)((at_ms - st->begin_ms) * l->s->plot_w / span);
}

int32_t lanes_plot_end(const struct lanes_layout *l)
{
    return l->s->plot_x + l->s->plot_w;
}

/* Where a bar from x to until lies, so that it can be seen and is inside the plot. */
void lanes_bar(const struct lanes_layout *l, int64_t from_ms, int64_t until_ms, int32_t *ret_x,
               int32_t *ret_w)
{
    int32_t x = lanes_x(l, from_ms), end = lanes_x(l, until_ms);

    if (end < x + THIN)
        end = x + THIN;
    if (end > lanes_plot_end(l))
        end = lanes_plot_end(l);
    if (x > end - THIN)
        x = end - THIN;
    *ret_x = x;
    *ret_w = end - x;
}

char *lanes_time(const struct lanes_layout *l, int64_t at_ms, char dst[LABEL_BYTES])
{
    int64_t span = l->story->end_ms - l->story->begin_ms;
    char day[WHEN_BYTES], hm[WHEN_BYTES];

    if (span <= INT64_C(15) * 60 * 1000)
        when_hms(at_ms, dst);
    else if (when_same_day(l->story->begin_ms, l->story->end_ms))
        when_hm(at_ms, dst);
    else /* "17 Jan 18:35" */
        (void)snprintf(dst, LABEL_BYTES, "%.*s %s",
                       (int)strcspn(when_day_words(at_ms, day), " ") + 4, day, when_hm(at_ms, hm));
    return dst;
}

/* ---- labels that make room for one another --------------------------------------------------- */

void lanes_zone_init(struct lanes_zone *z, struct lanes_layout *l, int levels)
{
    *z = (struct lanes_zone){.l = l, .top = l->y, .levels = levels, .first = l->s->n};
}

/* Whether a label fits there without touching another label and, unless it may, a line to one. */
static bool is_free(const struct lanes_zone *z, int level, int32_t x, int32_t w, int32_t mark,
                    bool may_cross)
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
        if (!may_cross && at < level && mark > t->x - 2 * PX && mark < t->x + t->w + 2 * PX)
            return false;
    }
    for (i = 0; i < z->n_leads && !may_cross; i++)
        if (z->lead[i].level > level && z->lead[i].x > x - 2 * PX && z->lead[i].x < x + w + 2 * PX)
            return false;
    return true;
}

/* How picky a search for a place is; later ones find more. */
enum { PLACE_RIGHT, PLACE_ANYWHERE, PLACE_CROSSING, PLACES };

/* Where a label goes: beside its mark, below it, or at the edge. @return its line, or -1. */
static int find_place(const struct lanes_zone *z, int32_t low, int32_t high, int32_t w,
                      int32_t mark, int place, int32_t *ret_x)
{
    int level, i;

    for (level = 0; level < z->levels; level++) {
        int32_t x[3] = {mark + 5 * PX, mark - w - 5 * PX, mark - w / 2};

        for (i = 0; i < (place == PLACE_RIGHT ? 1 : 3); i++) {
            if (x[i] > high - w)
                x[i] = high - w;
            if (x[i] < low)
                x[i] = low;
            *ret_x = x[i];
            if (is_free(z, level, x[i], w, mark, place == PLACE_CROSSING))
                return level;
        }
    }
    return -1;
}

/* A label that finds no room is left out: its mark stays. */
void lanes_zone_label(struct lanes_zone *z, const char *style, int32_t mark, const char *text)
{
    struct lanes_layout *l = z->l;
    int32_t low = l->wide ? l->s->plot_x : MARGIN, high = l->s->w - MARGIN, w, x, h;
    char *fitted;
    int level = -1, place = z->flat ? PLACE_ANYWHERE : PLACE_RIGHT;

    if (l->s->err || z->n_leads == LEADS_MAX)
        return;
    fitted = lanes_fit(l->s, text, style, high - low);
    if (!fitted)
        return;
    w = lanes_text_width(fitted, style);
    for (; level < 0 && place < PLACES; place++)
        level = find_place(z, low, high, w, mark, place, &x);
    if (level >= 0) {
        h = level * LINE_H + (x < mark && mark < x + w ? 3 * PX : LINE_H - 3 * PX);
        lanes_line(l->s, "ll-lead", mark, z->top - 2 * PX, 0, h);
        lanes_text(l->s, style, x, z->top + level * LINE_H, fitted, NULL);
        z->lead[z->n_leads++] = (struct lanes_lead){.x = mark, .level = level};
        if (z->used < level + 1)
            z->used = level + 1;
    }
    free(fitted);
}

void lanes_zone_end(struct lanes_zone *z)
{
    z->l->y = z->top + z->used * LINE_H;
}
/* ---- parts of lanes -------------------------------------------------------------------------- */

void lanes_name(struct lanes_layout *l, const char *name, const char *more)
{
    int32_t x = MARGIN + lanes_text_width(name, "lt-name") + GAP;

    l->y += LANE_GAP;
    lanes_text(l->s, "lt-name", MARGIN, l->y, name, NULL);
    if (more)
        lanes_fitted(l->s, "lt-soft", x, l->y + PX, l->s->w - MARGIN - x, more);
    l->y += LINE_H + 3 * PX;
}

/* The name of a row; l->y is at its bar then. */
void lanes_row_name(struct lanes_layout *l, const char *name)
{
    if (l->wide) {
        lanes_fitted(l->s, "lt", MARGIN, l->y - 2 * PX, GUTTER - MARGIN - GAP, name);
    } else {
        lanes_fitted(l->s, "lt", MARGIN, l->y, l->s->w - 2 * MARGIN, name);
        l->y += LINE_H + PX;
    }
}

void lanes_row_end(struct lanes_layout *l)
{
    l->y += BAR_H + 8 * PX;
}

void lanes_from_until(char *dst, const char *what, int64_t from_ms, int64_t until_ms, bool open)
{
    char from[WHEN_BYTES], until[WHEN_BYTES], length[WHEN_BYTES];

    if (open)
        (void)utf8_print(dst, TITLE_BYTES, "%s: since %s", what, when_hms(from_ms, from));
    else
        (void)utf8_print(dst, TITLE_BYTES, "%s: %s to %s, %s", what, when_hms(from_ms, from),
                         when_hms(until_ms, until),
                         lanes_story_length(until_ms - from_ms, length, sizeof length));
}
