/*
 * lanes_impl: what the files of lanes share: making items, places on the axis, and labels that make
 * room for one another. Nobody else includes this. Lengths are tenths of a pixel; errors are the
 * scene's.
 */
#ifndef CRIER_LANES_IMPL_H
#define CRIER_LANES_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lanes.h"
#include "lanes_story.h"

enum {
    PX = 10,
    MARGIN = 12 * PX,
    GUTTER = 296 * PX,
    WIDE = 600 * PX, /* from here on names stand beside their lanes */
    GAP = 6 * PX,    /* between texts of a line */
    LINE_H = 17 * PX,
    BAR_H = 12 * PX,
    PUBLIC_H = 26 * PX,
    LANE_GAP = 14 * PX,
    THIN = 3 * PX, /* no bar is less wide */
    BUCKET = 6 * PX,
    LEADS_MAX = 64,
    TITLE_BYTES = 512,
    LABEL_BYTES = 80
};

struct lanes_layout {
    struct lanes_scene *s;
    const struct lanes_story *story;
    int32_t y; /* what comes next begins here */
    bool wide;
    size_t first_grid, n_grid; /* items whose height is known at the end only */
    size_t band, outage;       /* the same, SIZE_MAX: none */
};

struct lanes_lead {
    int32_t x;
    int level;
};

/* Lines of labels below a row of marks, each bound to its mark by a line. */
struct lanes_zone {
    struct lanes_layout *l;
    int32_t top;
    int levels; /* at most so many lines */
    int used;
    bool flat;    /* rather to the left of a mark than in a deeper line */
    size_t first; /* its items begin here */
    struct lanes_lead lead[LEADS_MAX];
    size_t n_leads;
};

/* ---- items ----------------------------------------------------------------------------------- */

/** @param title what a pointer over it shows, or NULL; copied. */
void lanes_box(struct lanes_scene *s, const char *style, int32_t x, int32_t y, int32_t w, int32_t h,
               const char *title);
void lanes_line(struct lanes_scene *s, const char *style, int32_t x, int32_t y, int32_t w,
                int32_t h);
/** LANES_JAG or LANES_DIAMOND, h high. */
void lanes_mark(struct lanes_scene *s, enum lanes_shape shape, const char *style, int32_t x,
                int32_t y, int32_t h, const char *title);
void lanes_text(struct lanes_scene *s, const char *style, int32_t x, int32_t y, const char *text,
                const char *title);
/** One line that ends before x + room; where not all of it fits, the whole is its title. */
void lanes_fitted(struct lanes_scene *s, const char *style, int32_t x, int32_t y, int32_t room,
                  const char *text);

/* ---- places ---------------------------------------------------------------------------------- */

/** @return where a time is; the plot's nearest edge when it is outside. */
int32_t lanes_x(const struct lanes_layout *l, int64_t at_ms);
int32_t lanes_plot_end(const struct lanes_layout *l);
/** Where a bar lies, so that it can be seen and is inside the plot. */
void lanes_bar(const struct lanes_layout *l, int64_t from_ms, int64_t until_ms, int32_t *ret_x,
               int32_t *ret_w);

/** A time as labels name it: with seconds in a short picture, with the day in a long one. @return
 * dst. */
char *lanes_time(const struct lanes_layout *l, int64_t at_ms, char dst[LABEL_BYTES]);

/* ---- labels ---------------------------------------------------------------------------------- */

/** Begins at l->y. @param levels most lines of labels. */
void lanes_zone_init(struct lanes_zone *z, struct lanes_layout *l, int levels);
/** A label for the mark at x. One that finds no room is left out: its mark stays. */
void lanes_zone_label(struct lanes_zone *z, const char *style, int32_t mark, const char *text);
/** l->y is below the last line that was used then. */
void lanes_zone_end(struct lanes_zone *z);

/* ---- parts of lanes -------------------------------------------------------------------------- */

/** The heading of a lane. @param more in softer letters behind it, or NULL. */
void lanes_name(struct lanes_layout *l, const char *name, const char *more);
/** The name of a row; l->y is at its bar then. */
void lanes_row_name(struct lanes_layout *l, const char *name);
void lanes_row_end(struct lanes_layout *l);
/** "production: 18:33:05 to 18:35:42, 2 min 37 s". @param dst of TITLE_BYTES. */
void lanes_from_until(char *dst, const char *what, int64_t from_ms, int64_t until_ms, bool open);

void lanes_alerts(struct lanes_layout *l);
void lanes_deploys(struct lanes_layout *l);

#endif
