#include "report.h"

#include "lanes.h"

/* With the picture inside, so that it is one file. */
static int write_markdown(struct buf *b, const struct chronicle *c, const struct settings *s,
                          int64_t now_wall_ms)
{
    struct buf picture;
    int r;

    buf_init(&picture, REPORT_BYTES_MAX);
    r = lanes_svg(&picture, c, now_wall_ms);
    if (!r)
        report_write_page(b, c, s, true, buf_str(&picture));
    buf_finish(&picture);
    return r ? r : buf_error(b);
}

int report_write(struct buf *b, const struct chronicle *c, const struct settings *s,
                 enum report_format format, int64_t now_wall_ms)
{
    switch (format) {
    case REPORT_WIKITEXT:
        report_write_page(b, c, s, false, NULL);
        return buf_error(b);
    case REPORT_MARKDOWN:
        return write_markdown(b, c, s, now_wall_ms);
    case REPORT_JSON:
        report_write_json(b, c);
        return buf_error(b);
    case REPORT_SVG:
        return lanes_svg(b, c, now_wall_ms);
    }
    return buf_error(b);
}
