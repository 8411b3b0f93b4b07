#include "lanes.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "html.h"

/*
 * Plain colours in each rule: renderers that know no variables (those of wikis) show the light
 * scheme. The patterns are told apart without colour: stripes, dots, lines, hatching, empty.
 */
static const char style_sheet[] =
    ".lanes{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu "
    "Sans',sans-serif}\n"
    ".lanes text{fill:#1b1f24;paint-order:stroke;stroke:#fff;stroke-width:3px;"
    "stroke-linejoin:round}\n"
    ".lanes .bg,.lanes .ls-resolved{fill:#fff}\n"
    ".lanes .lt{font-size:13px}\n"
    ".lanes .lt-head{font-size:17px;font-weight:700}\n"
    ".lanes .lt-name{font-size:13px;font-weight:700}\n"
    ".lanes .lt-soft{font-size:12px;fill:#4d565f}\n"
    ".lanes .lt-chip{font-size:13px}\n"
    ".lanes .lw{fill:#fdf1d8}\n"
    ".lanes .lb{stroke-width:1px}\n"
    ".lanes .lb-alert{fill:#c2410c;stroke:#8f2f08}\n"
    ".lanes .lb-page{stroke:#8a0f28}.lanes .p-page{fill:#d3254a}.lanes .q-page{stroke:#5e0718}\n"
    ".lanes .lb-more{fill:#c77d55;stroke:none}\n"
    ".lanes .lb-test{stroke:#2f5f9e}.lanes .p-test{fill:#dbe9fb}.lanes .q-test{fill:#2f5f9e}\n"
    ".lanes .lb-prod{fill:#1f63b5;stroke:#123f77}\n"
    ".lanes .lb-roll{stroke:#5b3a9e}.lanes .p-roll{fill:#e9e0fb}.lanes .q-roll{stroke:#5b3a9e}\n"
    ".lanes .ls-silent{stroke:#8b949e}.lanes .p-silent{fill:#f0f2f4}"
    ".lanes .q-silent{stroke:#b9c0c8}\n"
    ".lanes .ls-investigating{fill:#ffd1c2;stroke:#b3441e}\n"
    ".lanes .ls-identified{stroke:#8a6100}.lanes .p-identified{fill:#ffecb3}"
    ".lanes .q-identified{fill:#d9a93a}\n"
    ".lanes .ls-monitoring{stroke:#22609c}.lanes .p-monitoring{fill:#dcebfa}"
    ".lanes .q-monitoring{stroke:#9dc2e6}\n"
    ".lanes .ls-resolved{stroke:#1a7f37}\n"
    ".lanes line{fill:none;stroke-width:1px}\n"
    ".lanes .ll-grid{stroke:#dfe4e9}\n"
    ".lanes .ll-axis,.lanes .ll-lead{stroke:#8b949e}\n"
    ".lanes .ll-outage{stroke:#b3122f;stroke-dasharray:4 3;stroke-width:1.5px}\n"
    ".lanes .ll-bracket{stroke:#1b1f24;stroke-width:2px}\n"
    ".lanes .ll-cut{stroke:#123f77;stroke-width:2px;stroke-dasharray:2 4}\n"
    ".lanes .ll-end{stroke:#1b1f24;stroke-width:2px}\n"
    ".lanes .ll-jag{fill:#fff;stroke:#1b1f24;stroke-width:1px}\n"
    ".lanes .lm{stroke:#1b1f24;stroke-width:1.5px}\n"
    ".lanes .lm-act{fill:#fff}.lanes .lm-confirm{fill:#1b1f24}\n"
    "@media(prefers-color-scheme:dark){\n"
    ".lanes text{fill:#e6eaef;stroke:#171b22}\n"
    ".lanes .bg,.lanes .ls-resolved{fill:#171b22}\n"
    ".lanes .lt-soft{fill:#aab4bf}\n"
    ".lanes .lw{fill:#2e2717}\n"
    ".lanes .lb-alert{fill:#f0803c;stroke:#ffb184}\n"
    ".lanes .lb-page{stroke:#ff9fb0}.lanes .p-page{fill:#e0405f}.lanes .q-page{stroke:#ffd5dc}\n"
    ".lanes .lb-more{fill:#a8683f}\n"
    ".lanes .lb-test{stroke:#7fb0ee}.lanes .p-test{fill:#1d2c40}.lanes .q-test{fill:#7fb0ee}\n"
    ".lanes .lb-prod{fill:#4a8fe2;stroke:#9cc6fb}\n"
    ".lanes .lb-roll{stroke:#b79bf0}.lanes .p-roll{fill:#2c2440}.lanes .q-roll{stroke:#b79bf0}\n"
    ".lanes .ls-silent{stroke:#6b7683}.lanes .p-silent{fill:#20262e}"
    ".lanes .q-silent{stroke:#3d4753}\n"
    ".lanes .ls-investigating{fill:#5c2a17;stroke:#f0905a}\n"
    ".lanes .ls-identified{stroke:#e0b341}.lanes .p-identified{fill:#42340f}"
    ".lanes .q-identified{fill:#7a6220}\n"
    ".lanes .ls-monitoring{stroke:#6cb0f5}.lanes .p-monitoring{fill:#16304a}"
    ".lanes .q-monitoring{stroke:#2b5680}\n"
    ".lanes .ls-resolved{stroke:#57c785}\n"
    ".lanes .ll-grid{stroke:#2a313b}\n"
    ".lanes .ll-axis,.lanes .ll-lead{stroke:#7d8894}\n"
    ".lanes .ll-outage{stroke:#ff7b8a}\n"
    ".lanes .ll-bracket,.lanes .ll-end{stroke:#e6eaef}\n"
    ".lanes .ll-cut{stroke:#9cc6fb}\n"
    ".lanes .ll-jag{fill:#171b22;stroke:#e6eaef}\n"
    ".lanes .lm{stroke:#e6eaef}\n"
    ".lanes .lm-act{fill:#171b22}.lanes .lm-confirm{fill:#e6eaef}\n"
    "}\n";

/* Which styles are filled with a pattern of the same name. */
static const char *const patterned[] = {"page",   "test",       "roll",
                                        "silent", "identified", "monitoring"};

const char *lanes_style(void)
{
    return style_sheet;
}

/* Tenths as a decimal number. */
static void add_number(struct buf *out, int32_t tenths)
{
    buf_addf(out, "%s%" PRId32, tenths < 0 ? "-" : "", abs(tenths) / 10);
    if (tenths % 10)
        buf_addf(out, ".%" PRId32, abs(tenths) % 10);
}

static void add_attribute(struct buf *out, const char *name, int32_t tenths)
{
    buf_addf(out, " %s=\"", name);
    add_number(out, tenths);
    buf_addc(out, '"');
}

static void add_pattern(struct buf *out, const char *prefix, const char *name, int size,
                        const char *turn, const char *inside)
{
    buf_addf(out,
             "<pattern id=\"%s-%s\" width=\"%d\" height=\"%d\" patternUnits=\"userSpaceOnUse\"%s>"
             "<rect class=\"p-%s\" width=\"%d\" height=\"%d\"/>%s</pattern>\n",
             prefix, name, size, size, turn, name, size, size, inside);
}

static void add_patterns(struct buf *out, const char *prefix)
{
    static const char turned[] = " patternTransform=\"rotate(45)\"";

    buf_adds(out, "<defs>\n");
    add_pattern(out, prefix, "page", 6, turned,
                "<path class=\"q-page\" d=\"M1 0V6\" stroke-width=\"2\"/>");
    add_pattern(out, prefix, "test", 5, "",
                "<circle class=\"q-test\" cx=\"2.5\" cy=\"2.5\" r=\"1\"/>");
    add_pattern(out, prefix, "roll", 5, turned,
                "<path class=\"q-roll\" d=\"M1 0V5M0 1H5\" stroke-width=\"1\"/>");
    add_pattern(out, prefix, "silent", 7, turned,
                "<path class=\"q-silent\" d=\"M1 0V7\" stroke-width=\"1.5\"/>");
    add_pattern(out, prefix, "identified", 7, "",
                "<circle class=\"q-identified\" cx=\"3.5\" cy=\"3.5\" r=\"1.3\"/>");
    add_pattern(out, prefix, "monitoring", 6, "",
                "<path class=\"q-monitoring\" d=\"M0 3H6\" stroke-width=\"1.5\"/>");
    buf_adds(out, "</defs>\n");
}

/* The pattern of a style such as "lb lb-page", or NULL. */
static const char *pattern_of(const char *style)
{
    const char *name = strrchr(style, '-');
    size_t i;

    for (i = 0; name && i < sizeof patterned / sizeof patterned[0]; i++)
        if (!strcmp(name + 1, patterned[i]))
            return patterned[i];
    return NULL;
}

static void end_element(struct buf *out, const char *name, const char *title)
{
    if (!title) {
        buf_adds(out, "/>\n");
        return;
    }
    buf_adds(out, "><title>");
    html_text(out, title);
    buf_addf(out, "</title></%s>\n", name);
}

static void add_rect(struct buf *out, const struct lanes_item *i, const char *prefix)
{
    const char *pattern = pattern_of(i->style);

    buf_addf(out, "<rect class=\"%s\"", i->style);
    if (pattern)
        buf_addf(out, " fill=\"url(#%s-%s)\"", prefix, pattern);
    add_attribute(out, "x", i->x);
    add_attribute(out, "y", i->y);
    add_attribute(out, "width", i->w);
    add_attribute(out, "height", i->h);
    end_element(out, "rect", i->title);
}

static void add_path(struct buf *out, const struct lanes_item *i)
{
    int32_t x[5], y[5];
    size_t k, n = i->shape == LANES_DIAMOND ? 4 : 5;

    for (k = 0; k < 5; k++) { /* a torn edge: down in a zigzag */
        x[k] = i->x + (k % 2 ? i->w : 0);
        y[k] = i->y + i->h * (int32_t)k / 4;
    }
    if (i->shape == LANES_DIAMOND) {
        x[0] = x[2] = i->x + i->w / 2;
        x[1] = i->x + i->w;
        x[3] = i->x;
        y[0] = i->y;
        y[1] = y[3] = i->y + i->h / 2;
        y[2] = i->y + i->h;
    }
    buf_addf(out, "<path class=\"%s\" d=\"", i->style);
    for (k = 0; k < n; k++) {
        buf_addc(out, k ? 'L' : 'M');
        add_number(out, x[k]);
        buf_addc(out, ' ');
        add_number(out, y[k]);
    }
    buf_adds(out, i->shape == LANES_DIAMOND ? "Z\"" : "\" fill=\"none\"");
    end_element(out, "path", i->title);
}

static void add_item(struct buf *out, const struct lanes_item *i, const char *prefix)
{
    switch (i->shape) {
    case LANES_RECT:
        add_rect(out, i, prefix);
        break;
    case LANES_LINE:
        buf_addf(out, "<line class=\"%s\"", i->style);
        add_attribute(out, "x1", i->x);
        add_attribute(out, "y1", i->y);
        add_attribute(out, "x2", i->x + i->w);
        add_attribute(out, "y2", i->y + i->h);
        end_element(out, "line", NULL);
        break;
    case LANES_TEXT:
        buf_addf(out, "<text class=\"%s\"", i->style);
        add_attribute(out, "x", i->x);
        add_attribute(out, "y", i->y + i->h * 76 / 100);
        buf_addc(out, '>');
        if (i->title) {
            buf_adds(out, "<title>");
            html_text(out, i->title);
            buf_adds(out, "</title>");
        }
        html_text(out, i->text);
        buf_adds(out, "</text>\n");
        break;
    case LANES_JAG:
    case LANES_DIAMOND:
        add_path(out, i);
        break;
    }
}

void lanes_write(struct buf *out, const struct lanes_scene *s, const char *prefix, bool alone)
{
    size_t i;

    if (alone)
        buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    buf_addf(out, "<svg%s class=\"lanes\" role=\"img\" aria-labelledby=\"%s-title %s-desc\"",
             alone ? " xmlns=\"http://www.w3.org/2000/svg\"" : "", prefix, prefix);
    add_attribute(out, "width", s->w);
    add_attribute(out, "height", s->h);
    buf_adds(out, " viewBox=\"0 0 ");
    add_number(out, s->w);
    buf_addc(out, ' ');
    add_number(out, s->h);
    buf_addf(out, "\">\n<title id=\"%s-title\">", prefix);
    html_text(out, s->headline);
    buf_addf(out, "</title>\n<desc id=\"%s-desc\">", prefix);
    html_text(out, s->summary);
    buf_adds(out, "</desc>\n");
    if (alone)
        buf_addf(out, "<style>\n%s</style>\n", style_sheet);
    add_patterns(out, prefix);
    buf_adds(out, "<rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n");
    for (i = 0; i < s->n; i++)
        if (s->item[i].shape != LANES_TEXT)
            add_item(out, &s->item[i], prefix);
    for (i = 0; i < s->n; i++) /* nothing is drawn over a text */
        if (s->item[i].shape == LANES_TEXT)
            add_item(out, &s->item[i], prefix);
    buf_adds(out, "</svg>\n");
}

int lanes_svg(struct buf *out, const struct chronicle *c, int64_t now_wall_ms)
{
    struct lanes_scene scene;
    int err = lanes_layout(&scene, c, now_wall_ms, LANES_WIDE_PX);

    if (!err) {
        lanes_write(out, &scene, "lanes", true);
        err = buf_error(out);
    }
    lanes_scene_finish(&scene);
    return err;
}
