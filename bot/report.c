#include "report.h"

void report_write(struct buf *b, const struct chronicle *c, const struct settings *s,
                  enum report_format format)
{
    switch (format) {
    case REPORT_WIKITEXT:
        report_write_page(b, c, s, false);
        return;
    case REPORT_MARKDOWN:
        report_write_page(b, c, s, true);
        return;
    case REPORT_JSON:
        report_write_json(b, c);
        return;
    }
}
