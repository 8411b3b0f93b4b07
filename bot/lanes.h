/*
 * lanes: the picture of an incident: what fired, what was deployed, who did what, and how long the
 * public page said nothing.
 *
 * First a layout, a list of shapes and texts with their places, which tests look at; then SVG. The
 * SVG has no script, loads nothing, stands alone as a file and inside HTML, and follows the
 * reader's colour scheme. No meaning is told by colour alone. Pure.
 */
#ifndef CRIER_LANES_H
#define CRIER_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "chronicle.h"

enum {
    LANES_WIDE_PX = 960,   /* names beside their lanes */
    LANES_NARROW_PX = 330, /* for a phone: names above their lanes */
    LANES_ALERTS_MAX = 12, /* rows; the others are one row that shows how many fire */
    LANES_DEPLOYS_MAX = 6
};

enum lanes_shape {
    LANES_RECT,
    LANES_LINE,   /* from x, y to x + w, y + h */
    LANES_TEXT,   /* x is its left edge, y its top; w by an estimate that is rather too wide */
    LANES_JAG,    /* a torn edge at x, from y down h */
    LANES_DIAMOND /* w wide, its middle at x + w / 2 */
};

/** Lengths are tenths of a pixel, so that no locale can spoil a number. */
struct lanes_item {
    enum lanes_shape shape;
    const char *style; /* class names; a constant */
    int32_t x, y, w, h;
    char *text;  /* of LANES_TEXT; or NULL */
    char *title; /* what a pointer over it shows, or NULL */
};

struct lanes_scene {
    int32_t w, h;
    int32_t plot_x, plot_w; /* where the time axis is */
    struct lanes_item *item;
    size_t n, cap;
    char *headline; /* "The public waited 2 min 25 s" */
    char *summary;  /* the picture in words */
    int err;        /* sticky: CRIER_ENOMEM */
};

/**
 * Lays a picture out.
 *
 * @param c         sorted; borrowed for the call.
 * @param width_px  LANES_WIDE_PX, LANES_NARROW_PX or anything from 280 to 4000.
 * @return 0 or CRIER_ENOMEM; finish the scene in both cases.
 */
int lanes_layout(struct lanes_scene *ret, const struct chronicle *c, int64_t now_wall_ms,
                 int width_px) __attribute__((warn_unused_result));
void lanes_scene_finish(struct lanes_scene *s);
/** @return tenths of a pixel that the text takes at most in the style's size of a common font. */
int32_t lanes_text_width(const char *text, const char *style);

/**
 * Writes the <svg> element.
 *
 * @param prefix  begins every id in it, so that one page may hold several; letters only.
 * @param alone   with its own style sheet and namespace, as a file of its own; without, the page
 *                has to bring lanes_style().
 */
void lanes_write(struct buf *out, const struct lanes_scene *s, const char *prefix, bool alone);
/** The rules for all pictures of a page, without <style>. A constant. */
const char *lanes_style(void);

/** A whole file, wide. @return 0, CRIER_ENOMEM, or CRIER_ELIMIT of the buffer. */
int lanes_svg(struct buf *out, const struct chronicle *c, int64_t now_wall_ms)
    __attribute__((warn_unused_result));

#endif
