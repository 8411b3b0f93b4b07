#include "board.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board_style.h"
#include "components.h"
#include "err.h"
#include "html.h"
#include "lanes.h"
#include "lanes_story.h"
#include "settings.h"
#include "when.h"

/* Styles are in the page; nothing is loaded, sent or framed. */
const char board_policy[] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

enum { TITLE_CHARS = 120 };

bool board_is_open(const struct record_incident *inc)
{
    return inc->state != INCIDENT_RESOLVED && inc->state != INCIDENT_DISCARDED;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void add_time(struct buf *out, int64_t wall_ms, int64_t near_wall_ms)
{
    char iso[WHEN_BYTES], hms[WHEN_BYTES], date[WHEN_BYTES];

    buf_addf(out, "<time datetime=\"%s\">", when_iso(wall_ms, iso));
    if (!when_same_day(wall_ms, near_wall_ms))
        buf_addf(out, "%s ", when_date(wall_ms, date));
    buf_addf(out, "%s</time>", when_hms(wall_ms, hms));
}

static void frame_begin(struct buf *out, const struct board_view *view, const char *title,
                        int refresh_s)
{
    buf_adds(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                  "<meta name=\"robots\" content=\"noindex\">\n"
                  "<link rel=\"icon\" href=\"data:,\">\n");
    if (refresh_s)
        buf_addf(out, "<meta http-equiv=\"refresh\" content=\"%d\">\n", refresh_s);
    buf_adds(out, "<title>");
    html_cut(out, title, TITLE_CHARS);
    buf_addf(out,
             " - crier</title>\n<style>\n%s%s%s</style>\n</head>\n<body>\n<header><div "
             "class=\"wrap\"><a class=\"name\" href=\"/\">crier</a> <span class=\"meta\">",
             style_sheet, style_sheet_more, lanes_style());
    add_time(out, view->now_wall_ms, 0);
    buf_adds(out, " UTC</span></div></header>\n<main class=\"wrap\">\n");
    if (view->sick)
        buf_adds(out, "<p class=\"warn\"><b>The database does not answer.</b> This page shows "
                      "what crier has in memory: no timelines, and nothing that is over.</p>\n");
}

static void frame_end(struct buf *out, int refresh_s)
{
    buf_adds(out, "</main>\n<footer><div class=\"wrap\"><p>All times are UTC. Nothing can be "
                  "changed here: commands are given in the channel.");
    if (refresh_s)
        buf_addf(out, " This page comes anew every %d s.", refresh_s);
    buf_adds(out, "</p></div></footer>\n</body>\n</html>\n");
}

static const char *impact_of(int64_t impact)
{
    return impact >= IMPACT_NONE && impact <= IMPACT_CRITICAL ? impact_name((enum impact)impact)
                                                              : impact_name(IMPACT_NONE);
}

static const char *step_of(int64_t step)
{
    return step >= STEP_INVESTIGATING && step <= STEP_RESOLVED ? step_name((enum step)step) : "";
}

/* With a capital letter, as pages show it. */
static void add_capital(struct buf *out, const char *name)
{
    if (*name)
        buf_addc(out, *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name);
    if (*name)
        buf_adds(out, name + 1);
}

static void add_components(struct buf *out, const char *text)
{
    struct components parts;
    size_t i;
    int err;

    components_init(&parts);
    err = components_parse(&parts, text);

    if (err == CRIER_ENOMEM && !out->err)
        out->err = err;
    if (!err && parts.n) {
        buf_adds(out, "<ul class=\"parts\">\n");
        for (i = 0; i < parts.n; i++) {
            buf_adds(out, "<li><bdi>");
            html_text(out, parts.item[i].name);
            buf_addf(out, "</bdi>: %s</li>\n", component_status_words(parts.item[i].status));
        }
        buf_adds(out, "</ul>\n");
    }
    components_finish(&parts);
}

/* One text as the public page shows it. @param rev for impact and components, or NULL. */
static void add_words(struct buf *out, const char *title, const char *step, const char *body,
                      const struct record_revision *rev, bool draft)
{
    buf_addf(out, "<div class=\"words %s%s\">\n<p class=\"name\"><bdi>",
             rev ? impact_of(rev->impact) : "", draft ? " draft" : "");
    html_text(out, title);
    buf_adds(out, "</bdi></p>\n");
    if (rev && rev->impact > IMPACT_NONE) {
        buf_adds(out, "<p class=\"impact\">");
        add_capital(out, impact_of(rev->impact));
        buf_adds(out, " impact</p>\n");
    }
    buf_adds(out, "<p class=\"step\">");
    add_capital(out, step);
    buf_adds(out, "</p>\n");
    html_paragraphs(out, body);
    if (rev)
        add_components(out, rev->components);
    buf_adds(out, "</div>\n");
}

static void add_chip(struct buf *out, const struct record_incident *inc)
{
    switch (inc->state) {
    case INCIDENT_DRAFT:
        buf_adds(out, "<span class=\"chip draft\">draft, not public</span>");
        break;
    case INCIDENT_PUBLISHING:
        buf_adds(out, "<span class=\"chip draft\">confirmed, not public yet</span>");
        break;
    case INCIDENT_PUBLIC:
        buf_addf(out, "<span class=\"chip public\">public: %s</span>", step_of(inc->step));
        break;
    case INCIDENT_FOREIGN:
        buf_addf(out, "<span class=\"chip public\">made by hand: %s</span>", step_of(inc->step));
        break;
    case INCIDENT_RESOLVED:
        buf_adds(out, "<span class=\"chip\">resolved</span>");
        break;
    case INCIDENT_DISCARDED:
        buf_adds(out, "<span class=\"chip\">discarded</span>");
        break;
    default:
        break;
    }
}

static bool is_web_address(const char *url)
{
    return url && (!strncmp(url, "https://", 8) || !strncmp(url, "http://", 7));
}

static void add_link(struct buf *out, const char *url, const char *words)
{
    if (!is_web_address(url))
        return;
    buf_adds(out, "<a rel=\"noreferrer\" href=\"");
    html_text(out, url);
    buf_addf(out, "\">%s</a>", words);
}

static void add_number_and_title(struct buf *out, const struct chronicle *c)
{
    buf_addf(out, "%" PRId64 ": <bdi>", c->incident.id);
    html_cut(out, chronicle_title(c), TITLE_CHARS);
    buf_adds(out, "</bdi>");
}

/* When it was opened, by whom and why. */
static void add_meta(struct buf *out, const struct board_view *view, const struct chronicle *c)
{
    const struct record_incident *inc = &c->incident;

    buf_adds(out, "<p class=\"meta\">opened ");
    add_time(out, inc->opened_wall_ms, view->now_wall_ms);
    if (*or_empty(inc->opened_by)) {
        buf_adds(out, " by <bdi>");
        html_text(out, inc->opened_by);
        buf_adds(out, "</bdi>");
    }
    if (*or_empty(inc->home)) {
        buf_adds(out, " in <bdi>");
        html_text(out, inc->home);
        buf_adds(out, "</bdi>");
    }
    if (inc->closed_wall_ms > 0) {
        buf_adds(out, ", over ");
        add_time(out, inc->closed_wall_ms, view->now_wall_ms);
    }
    buf_adds(out, "</p>\n");
    if (*or_empty(inc->reasons)) {
        buf_adds(out, "<p class=\"meta\">Why: ");
        html_text(out, inc->reasons);
        buf_adds(out, "</p>\n");
    }
}

/* ---- pictures -------------------------------------------------------------------------------- */

static void add_one_picture(struct buf *out, const struct board_view *view,
                            const struct chronicle *c, bool narrow)
{
    struct lanes_scene scene;
    char prefix[40];

    /* ids of letters: 7 is "wh", of the wide and the narrow picture in one page */
    size_t n = 0;
    int64_t id = c->incident.id;

    prefix[n++] = narrow ? 'n' : 'w';
    for (; id > 0 && n < sizeof prefix - 1; id /= 10)
        prefix[n++] = (char)('a' + id % 10);
    prefix[n] = '\0';
    if (lanes_layout(&scene, c, view->now_wall_ms, narrow ? LANES_NARROW_PX : LANES_WIDE_PX)) {
        if (!out->err)
            out->err = CRIER_ENOMEM;
    } else {
        buf_addf(out,
                 "<div class=\"picture %s\" tabindex=\"0\" role=\"group\" aria-label=\"Picture of "
                 "the incident\">\n",
                 narrow ? "narrow" : "wide");
        lanes_write(out, &scene, prefix, false);
        buf_adds(out, "</div>\n");
    }
    lanes_scene_finish(&scene);
}

/* In two widths: the style sheet shows the one that fits the screen. */
static void add_picture(struct buf *out, const struct board_view *view, const struct chronicle *c)
{
    add_one_picture(out, view, c, false);
    add_one_picture(out, view, c, true);
}

/* ---- what waits and what is public ----------------------------------------------------------- */

static const char *kind_words(int64_t kind)
{
    switch (kind) {
    case REVISION_DRAFT:
        return "Draft: as it would look in public";
    case REVISION_WIDENING:
        return "Proposed: it is worse than the page says";
    case REVISION_UPDATE:
        return "Proposed: the next update";
    case REVISION_RESOLVE:
        return "Proposed: resolved";
    case REVISION_CORRECT:
        return "Proposed: other words for the last update";
    case REVISION_RETRACT:
        return "Proposed: a false alarm";
    default:
        return "Proposed";
    }
}

static void add_open_words(struct buf *out, const struct board_view *view,
                           const struct chronicle *c)
{
    const struct record_revision *rev = chronicle_open_revision(c);

    if (!rev)
        return;
    buf_addf(out, "<div>\n<p class=\"label\">%s</p>\n", kind_words(rev->kind));
    add_words(out, rev->title, step_of(rev->step), rev->body, rev, true);
    buf_adds(out, "<p class=\"do\"><code>");
    html_text(out, view->prefix);
    buf_addf(out, " confirm %" PRId64 ".%" PRId64 "</code> publishes exactly this", c->incident.id,
             rev->number);
    if (*or_empty(rev->first_approval)) {
        buf_adds(out, "; <bdi>");
        html_text(out, rev->first_approval);
        buf_adds(out, "</bdi> has confirmed it, a second person is needed");
    }
    buf_adds(out, "</p>\n</div>\n");
}

static bool on_its_way(const struct record_outbox *o)
{
    return o->state == OUTBOX_QUEUED || o->state == OUTBOX_SENT || o->state == OUTBOX_DOUBT;
}

static void add_outbox(struct buf *out, const struct board_view *view, const struct chronicle *c)
{
    size_t i;

    for (i = 0; i < c->n_outbox; i++) {
        const struct record_outbox *o = &c->outbox[i];
        const struct record_revision *rev = chronicle_revision(c, o->revision);

        if (!on_its_way(o))
            continue;
        buf_adds(out, "<div>\n<p class=\"label\">Confirmed, on its way to the page</p>\n");
        if (rev)
            add_words(out, rev->title, step_of(rev->step), rev->body, rev, false);
        buf_adds(out, "<p class=\"meta\">confirmed ");
        add_time(out, o->confirmed_wall_ms, view->now_wall_ms);
        buf_adds(out, " by <bdi>");
        html_text(out, o->confirmed_by);
        buf_addf(out, "</bdi>, tried %" PRId64 " times%s", o->attempts,
                 o->state == OUTBOX_DOUBT ? "; it is not known whether the page has it" : "");
        if (*or_empty(o->error)) {
            buf_adds(out, ": ");
            html_text(out, o->error);
        }
        buf_adds(out, "</p>\n</div>\n");
    }
}

/* What readers have before them: what the page last said, which a person may have edited there. */
static void add_public_words(struct buf *out, const struct chronicle *c)
{
    const struct record_incident *inc = &c->incident;
    const struct record_revision *rev = chronicle_revision(c, inc->public_revision);
    const char *body = *or_empty(inc->seen_body) ? inc->seen_body : rev ? rev->body : "";

    if (inc->state != INCIDENT_PUBLIC && inc->state != INCIDENT_FOREIGN)
        return;
    buf_adds(out, "<div>\n<p class=\"label\">Public now</p>\n");
    add_words(out, chronicle_title(c), step_of(inc->step), body, rev, false);
    if (is_web_address(inc->url)) {
        buf_adds(out, "<p class=\"do\">");
        add_link(out, inc->url, "on the public page");
        buf_adds(out, "</p>\n");
    }
    buf_adds(out, "</div>\n");
}

static void add_state(struct buf *out, const struct board_view *view, const struct chronicle *c)
{
    if (!board_is_open(&c->incident))
        return;
    buf_adds(out, "<div class=\"pair\">\n");
    add_open_words(out, view, c);
    add_outbox(out, view, c);
    add_public_words(out, c);
    buf_adds(out, "</div>\n");
}

/* ---- the first page -------------------------------------------------------------------------- */

/* From the start of the outage to the first publication; -1: none. */
static int64_t waited_ms(const struct chronicle *c)
{
    const struct record_incident *inc = &c->incident;
    int64_t from = inc->started_wall_ms > 0 ? inc->started_wall_ms : inc->opened_wall_ms;
    int64_t first = 0;
    size_t i;

    for (i = 0; i < c->n_outbox; i++)
        if (c->outbox[i].state == OUTBOX_DONE && c->outbox[i].done_wall_ms > 0 &&
            (!first || c->outbox[i].done_wall_ms < first))
            first = c->outbox[i].done_wall_ms;
    if (!first)
        return -1;
    return first > from ? first - from : 0;
}

static void add_ended(struct buf *out, const struct board_view *view, const struct chronicle *c)
{
    const struct record_incident *inc = &c->incident;
    int64_t waited = waited_ms(c);
    char text[WHEN_BYTES];

    buf_adds(out, "<tr><td class=\"at\">");
    add_time(out, inc->opened_wall_ms, view->now_wall_ms);
    buf_addf(out, "</td><td class=\"text\"><a href=\"/incident/%" PRId64 "\">", inc->id);
    add_number_and_title(out, c);
    buf_adds(out, "</a></td><td>");
    buf_adds(out, inc->state == INCIDENT_DISCARDED ? "discarded" : "resolved");
    if (inc->closed_wall_ms > inc->opened_wall_ms)
        buf_addf(out, " after %s", when_duration(inc->closed_wall_ms - inc->opened_wall_ms, text));
    buf_adds(out, "</td><td class=\"last\">");
    if (waited >= 0 && waited < 1000)
        buf_adds(out, "the public was told at once");
    else if (waited > 0)
        buf_addf(out, "the public waited %s", lanes_story_length(waited, text, sizeof text));
    else
        buf_adds(out, "nothing was made public");
    buf_adds(out, "</td></tr>\n");
}

static void add_open(struct buf *out, const struct board_view *view, const struct chronicle *c,
                     bool picture)
{
    buf_addf(out,
             "<article class=\"card\">\n<div class=\"head\"><h2><a href=\"/incident/%" PRId64 "\">",
             c->incident.id);
    add_number_and_title(out, c);
    buf_adds(out, "</a></h2>");
    add_chip(out, &c->incident);
    buf_adds(out, "</div>\n");
    add_meta(out, view, c);
    add_state(out, view, c);
    if (picture)
        add_picture(out, view, c);
    buf_adds(out, "</article>\n");
}

void board_home(struct buf *out, const struct board_view *view, const struct chronicle *open,
                size_t n_open, const struct chronicle *ended, size_t n_ended)
{
    int refresh_s = n_open ? BOARD_REFRESH_S : BOARD_IDLE_REFRESH_S;
    char title[80];
    size_t i;

    if (n_open)
        (void)snprintf(title, sizeof title, "%zu open", n_open);
    else
        (void)snprintf(title, sizeof title, "Nothing is open");
    frame_begin(out, view, title, refresh_s);
    buf_addf(out, "<h1>%s</h1>\n", title);
    if (view->planned && *view->planned) {
        buf_adds(out, "<p class=\"meta\">Planned, and what it covers opens no draft: ");
        html_text(out, view->planned);
        buf_adds(out, "</p>\n");
    }
    for (i = 0; i < n_open; i++)
        add_open(out, view, &open[i], i < BOARD_PICTURES);
    if (n_ended) {
        buf_adds(out, "<section>\n<h2>Over</h2>\n<table>\n<thead><tr><th scope=\"col\">opened</th>"
                      "<th scope=\"col\">incident</th><th scope=\"col\">end</th><th "
                      "scope=\"col\">public</th></tr></thead>\n<tbody>\n");
        for (i = 0; i < n_ended; i++)
            add_ended(out, view, &ended[i]);
        buf_adds(out, "</tbody>\n</table>\n</section>\n");
    }
    frame_end(out, refresh_s);
}

/* ---- the page of one incident ---------------------------------------------------------------- */

static void add_files(struct buf *out, int64_t id)
{
    static const struct {
        const char *end;
        const char *words;
    } files[] = {
        {"wikitext", "wikitext"}, {"md", "Markdown"}, {"json", "JSON"}, {"svg", "picture (SVG)"}};
    size_t i;

    buf_adds(out, "<p class=\"do files\">The report: ");
    for (i = 0; i < sizeof files / sizeof files[0]; i++)
        buf_addf(out, "<a href=\"/incident/%" PRId64 ".%s\">%s</a> ", id, files[i].end,
                 files[i].words);
    buf_adds(out, "</p>\n");
}

static void add_updates(struct buf *out, const struct chronicle *c)
{
    size_t i, n = 0;

    for (i = 0; i < c->n_timeline; i++) {
        const struct record_timeline *row = &c->timeline[i];
        const struct record_revision *rev;

        if (strcmp(row->kind, "published") != 0)
            continue;
        rev = chronicle_revision(c, row->ref);
        if (!n++)
            buf_adds(out, "<section>\n<h2>What the public was told</h2>\n<ol class=\"card "
                          "updates\">\n");
        buf_adds(out, "<li><p><span class=\"step\">");
        add_capital(out, rev ? step_of(rev->step) : "published");
        buf_adds(out, "</span> <span class=\"meta\">");
        add_time(out, row->wall_ms, c->incident.opened_wall_ms);
        if (*row->who) {
            buf_adds(out, ", confirmed by <bdi>");
            html_text(out, row->who);
            buf_adds(out, "</bdi>");
        }
        buf_adds(out, "</span></p>\n");
        html_paragraphs(out, rev ? rev->body : row->text);
        buf_adds(out, "</li>\n");
    }
    if (n)
        buf_adds(out, "</ol>\n</section>\n");
}

static void add_timeline(struct buf *out, const struct chronicle *c)
{
    size_t i, n = c->n_timeline < BOARD_ROWS_MAX ? c->n_timeline : BOARD_ROWS_MAX;
    char count[WHEN_BYTES];

    if (!n)
        return;
    buf_adds(out, "<section>\n<h2>Timeline</h2>\n<table>\n<thead><tr><th scope=\"col\">time</th>"
                  "<th scope=\"col\">what</th><th scope=\"col\">who</th><th "
                  "scope=\"col\">words</th></tr></thead>\n<tbody>\n");
    for (i = 0; i < n; i++) {
        const struct record_timeline *row = &c->timeline[i];

        buf_adds(out, "<tr><td class=\"at\">");
        add_time(out, row->wall_ms, c->incident.opened_wall_ms);
        buf_adds(out, "</td><td class=\"kind\">");
        html_cut(out, row->kind, 30);
        buf_adds(out, "</td><td class=\"who\"><bdi>");
        html_cut(out, row->who, 30);
        buf_adds(out, "</bdi></td><td class=\"text\">");
        html_cut(out, *row->text ? row->text : row->subject, 600);
        buf_adds(out, "</td></tr>\n");
    }
    buf_adds(out, "</tbody>\n</table>\n");
    if (c->n_timeline + c->n_omitted > n)
        buf_addf(out, "<p class=\"meta\">and %s more rows: the files above have them.</p>\n",
                 when_count((int64_t)(c->n_timeline + c->n_omitted - n), count));
    buf_adds(out, "</section>\n");
}

void board_incident(struct buf *out, const struct board_view *view, const struct chronicle *c)
{
    int refresh_s = board_is_open(&c->incident) ? BOARD_REFRESH_S : 0;
    struct buf title;

    buf_init(&title, 4096);
    buf_addf(&title, "%" PRId64 ": %.3000s", c->incident.id, chronicle_title(c));
    frame_begin(out, view, buf_str(&title), refresh_s);
    buf_finish(&title);
    buf_adds(out, "<article class=\"card\">\n<div class=\"head\"><h1>");
    add_number_and_title(out, c);
    buf_adds(out, "</h1>");
    add_chip(out, &c->incident);
    buf_adds(out, "</div>\n");
    add_meta(out, view, c);
    add_state(out, view, c);
    add_picture(out, view, c);
    if (!view->sick)
        add_files(out, c->incident.id);
    if (!board_is_open(&c->incident) && is_web_address(c->incident.url)) {
        buf_adds(out, "<p class=\"do\">");
        add_link(out, c->incident.url, "on the public page");
        buf_adds(out, "</p>\n");
    }
    buf_adds(out, "</article>\n");
    add_updates(out, c);
    add_timeline(out, c);
    frame_end(out, refresh_s);
}

void board_message(struct buf *out, const struct board_view *view, const char *title,
                   const char *sentence)
{
    frame_begin(out, view, title, 0);
    buf_adds(out, "<h1>");
    html_text(out, title);
    buf_adds(out, "</h1>\n<p>");
    html_text(out, sentence);
    buf_adds(out, "</p>\n<p class=\"do\"><a href=\"/\">What is open</a></p>\n");
    frame_end(out, 0);
}
