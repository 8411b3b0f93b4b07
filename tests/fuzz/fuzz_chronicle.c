/*
 * fuzz_chronicle: whatever rows a database may hold, written in every form.
 *
 * For libFuzzer. The first byte chooses the form; the others become rows of one incident: numbers
 * near and far, texts of any bytes. JSON must be JSON; pictures must be XML in which nothing but
 * the writer's own elements and attributes stand; pages must hold no element and no attribute that
 * the writer has not; lines of the channel and the two markups must be clean text.
 */
#include <assert.h>
#include <expat.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "buf.h"
#include "chronicle.h"
#include "err.h"
#include "report.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS_MAX = 300, TEXT_MAX = 600, OUT_MAX = 8 << 20 };

static const int64_t NOW_MS = INT64_C(1673982000000);

/* ---- rows from bytes ------------------------------------------------------------------------- */

struct source {
    const uint8_t *at, *end;
    char text[40][TEXT_MAX + 1]; /* of the row under way */
    size_t n_texts;
};

static unsigned byte(struct source *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

static int64_t number(struct source *s)
{
    unsigned kind = byte(s);
    uint64_t value = 0;
    int i;

    switch (kind % 8) {
    case 0:
        return 0;
    case 1:
    case 2:
        return byte(s) % 12;
    case 3:
    case 4:
    case 5: /* a time of that day */
        return NOW_MS - (int64_t)byte(s) * 61000 - byte(s);
    case 6:
        for (i = 0; i < 8; i++)
            value = value << 8 | byte(s);
        return (int64_t)value;
    default:
        return byte(s) & 1 ? INT64_MIN : INT64_MAX;
    }
}

static char *text(struct source *s)
{
    static const char *const known[] = {
        "",
        "firing",
        "paging",
        "resolved",
        "flapped",
        "published",
        "confirm",
        "command",
        "draft",
        "widening",
        "proposal",
        "shown",
        "visible",
        "found",
        "edited",
        "refused",
        "page",
        "note",
        "ended",
        "deploy started",
        "deploy",
        "identified",
        "deploy continued",
        "deploy finished",
        "Wiki=major_outage\nEdit & <b>=degraded_performance\n",
        "https://status.example/x",
        "</nowiki>'''[[x]] {{y}} ~~~~ <!--",
        "</title></svg><script>x()</script>",
        "\" onload=x() '",
        "]]>&amp;&#x0; \x1b[31m\xe2\x80\xae",
        "![a](javascript:x) `` | <img src=x>",
        "!status resolve 7",
    };
    char *dst;
    size_t n, i;

    assert(s->n_texts < sizeof s->text / sizeof s->text[0]);
    dst = s->text[s->n_texts++];
    n = byte(s);
    if (n < 2 * (sizeof known / sizeof known[0])) {
        memcpy(dst, known[n / 2], strlen(known[n / 2]) + 1);
        return dst;
    }
    for (i = 0; i < n % 80 && s->at < s->end && *s->at; i++)
        dst[i] = (char)*s->at++;
    dst[i] = '\0';
    s->at += s->at < s->end; /* the NUL */
    return dst;
}

union record {
    struct record_incident incident;
    struct record_revision revision;
    struct record_shown shown;
    struct record_outbox outbox;
    struct record_timeline timeline;
};

static void fill_record(struct source *s, enum record_table t, union record *r)
{
    const struct table *table = record_table(t);
    size_t i;

    memset(r, 0, sizeof *r);
    s->n_texts = 0;
    for (i = 0; i < table->n_columns; i++) {
        char *at = (char *)r + table->column[i].offset;

        if (table->column[i].type == COLUMN_TEXT) {
            char *value = text(s);

            memcpy(at, &value, sizeof value);
        } else {
            int64_t value = number(s);

            memcpy(at, &value, sizeof value);
        }
    }
}

static bool take_rows(struct source *s, struct chronicle *c)
{
    static const enum record_table tables[] = {RECORD_TIMELINE, RECORD_TIMELINE, RECORD_TIMELINE,
                                               RECORD_REVISION, RECORD_OUTBOX,   RECORD_SHOWN};
    union record r;
    int n;

    fill_record(s, RECORD_INCIDENT, &r);
    if (chronicle_take(c, RECORD_INCIDENT, &r))
        return false;
    for (n = 0; n < ROWS_MAX && s->at < s->end; n++) {
        enum record_table t = tables[byte(s) % (sizeof tables / sizeof tables[0])];

        fill_record(s, t, &r);
        if (chronicle_take(c, t, &r))
            return false;
    }
    chronicle_sort(c);
    return true;
}

/* ---- what must be true of what is written ---------------------------------------------------- */

static void check_clean(const char *p)
{
    while (*p) {
        size_t n = utf8_char_bytes(p);

        assert(n);
        assert(!utf8_is_unsafe(utf8_decode(p)) || *p == '\n');
        p += n;
    }
}

static void check_json(const struct buf *b)
{
    json_t *root = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, NULL);

    assert(json_is_object(root));
    json_decref(root);
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(name, *names))
            return true;
    return false;
}

static void XMLCALL on_element(void *ctx, const char *name, const char **attributes)
{
    static const char *const elements[] = {"svg",  "title",  "desc", "style", "defs", "pattern",
                                           "rect", "circle", "path", "line",  "text", NULL};
    (void)ctx;
    assert(is_one_of(name, elements));
    for (; *attributes; attributes += 2)
        assert(strncmp(attributes[0], "on", 2) != 0 && !strstr(attributes[0], "href"));
}

static void check_svg(const struct buf *b)
{
    XML_Parser parser = XML_ParserCreate(NULL);

    assert(parser);
    XML_SetStartElementHandler(parser, on_element);
    assert(XML_Parse(parser, buf_str(b), (int)b->len, 1) == XML_STATUS_OK);
    XML_ParserFree(parser);
}

/* Every '<' begins an element of the writer's, and in tags quotes are closed. */
static void check_html(const char *p)
{
    static const char *const elements[] = {
        "!doctype", "html",  "head", "meta", "link",    "title",   "style",  "body",
        "header",   "div",   "a",    "span", "time",    "main",    "p",      "b",
        "footer",   "ul",    "li",   "bdi",  "code",    "article", "h1",     "h2",
        "h3",       "table", "tr",   "td",   "th",      "thead",   "tbody",  "caption",
        "section",  "svg",   "desc", "defs", "pattern", "rect",    "circle", "path",
        "line",     "text",  "br",   "nav",  "details", "summary", "ol",     NULL};

    for (; *p; p++) {
        char name[16];
        size_t n;

        if (*p != '<')
            continue;
        p += p[1] == '/' ? 2 : 1;
        n = strspn(p, "!abcdefghijklmnopqrstuvwxyz0123456789");
        assert(n && n < sizeof name);
        memcpy(name, p, n);
        name[n] = '\0';
        assert(is_one_of(name, elements));
        for (p += n; *p != '>'; p++) {
            assert(*p && *p != '<' && strncmp(p, " on", 3) != 0);
            if (*p == '"') {
                p = strchr(p + 1, '"');
                assert(p);
            }
        }
    }
}

static void on_line(void *ctx, const char *line)
{
    (void)ctx;
    assert(strlen(line) < REPORT_LINE_BYTES); /* cleaned by whoever says it */
}

static void check_report(const struct chronicle *c, enum report_format format)
{
    struct buf b;

    buf_init(&b, OUT_MAX);
    assert(!report_write(&b, c, NULL, format, NOW_MS));
    if (format == REPORT_JSON)
        check_json(&b);
    else if (format == REPORT_SVG)
        check_svg(&b);
    check_clean(buf_str(&b));
    buf_finish(&b);
}

static void check_board(const struct chronicle *c, bool home)
{
    struct board_view view = {.now_wall_ms = NOW_MS, .prefix = "!status"};
    struct buf b;

    buf_init(&b, OUT_MAX);
    if (home)
        board_home(&b, &view, c, 1, c, 1);
    else
        board_incident(&b, &view, c);
    assert(!buf_error(&b));
    check_html(buf_str(&b));
    buf_finish(&b);
}

static void check_form(const struct chronicle *c, unsigned form)
{
    struct buf b;

    switch (form % 8) {
    case 0:
        check_report(c, REPORT_WIKITEXT);
        break;
    case 1:
        check_report(c, REPORT_MARKDOWN);
        break;
    case 2:
        check_report(c, REPORT_JSON);
        break;
    case 3:
        check_report(c, REPORT_SVG);
        break;
    case 4:
    case 5:
        check_board(c, form % 8 == 4);
        break;
    case 6:
        buf_init(&b, OUT_MAX);
        report_postmortem(&b, c);
        assert(!buf_error(&b));
        buf_finish(&b);
        break;
    default:
        assert(!report_lines(c, "here", on_line, NULL));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct source s; /* too large for a small stack, and filled anew each time */
    struct chronicle c;
    unsigned form;

    s.at = data;
    s.end = data + size;
    form = byte(&s);
    chronicle_init(&c);
    if (take_rows(&s, &c))
        check_form(&c, form);
    chronicle_finish(&c);
    return 0;
}
