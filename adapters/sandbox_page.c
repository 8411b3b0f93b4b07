#include "sandbox_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "html.h"
#include "sandbox_style.h"
#include "when.h"

enum { HOME_DAYS = 7, DAY_MS = 86400000, HISTORY_SIZE = 50 };

static const char open_states[] = " investigating identified monitoring ";
static const char planned_states[] = " scheduled in_progress verifying ";

/* ---- writing --------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* "17 January 2023" */
static void day_words(struct buf *out, int64_t wall_ms)
{
    char text[WHEN_BYTES];

    buf_addf(out, "%s %d", when_day_words(wall_ms, text), when_split(wall_ms).year);
}

static int64_t time_of(const json_t *object, const char *name)
{
    int64_t wall_ms = 0;

    return when_parse_iso(text_of(object, name), &wall_ms) ? 0 : wall_ms;
}

static void time_element(struct buf *out, int64_t wall_ms, bool with_day)
{
    char iso[WHEN_BYTES], hm[WHEN_BYTES];

    buf_addf(out, "<time datetime=\"%s\">", when_iso(wall_ms, iso));
    if (with_day) {
        day_words(out, wall_ms);
        buf_adds(out, ", ");
    }
    buf_addf(out, "%s UTC</time>", when_hm(wall_ms, hm));
}

/* A status as people write it: "In progress", "Partial outage". */
static void words(struct buf *out, const char *name)
{
    bool first = true;

    for (; *name; name++, first = false) {
        char c = *name == '_' ? ' ' : *name;

        buf_addc(out, first && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
}

/* ---- the frame ------------------------------------------------------------------------------- */

struct frame {
    struct sandbox_call *call;
    struct buf *out;
    char *name; /* the page's */
    char nonce[SANDBOX_ID_BYTES];
};

static int frame_begin(struct frame *f, struct sandbox_call *call, const char *title)
{
    json_t *page = NULL;
    struct buf *out = &call->res->body;
    int r = sandbox_db_get(call->sb->db, SANDBOX_PAGE, call->sb->page_id, &page);

    *f = (struct frame){.call = call, .out = out};
    if (r)
        return r;
    f->name = strdup(text_of(page, "name"));
    json_decref(page);
    if (!f->name)
        return CRIER_ENOMEM;
    if ((r = sandbox_new_id(f->nonce))) {
        free(f->name);
        return r;
    }
    buf_adds(out,
             "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
             "<meta name=\"robots\" content=\"noindex\">\n<link rel=\"icon\" href=\"data:,\">\n"
             "<title>");
    if (title) {
        html_text(out, title);
        buf_adds(out, " - ");
    }
    html_text(out, f->name);
    buf_addf(out, " status</title>\n<style nonce=\"%s\">\n%s</style>\n</head>\n<body>\n", f->nonce,
             style_sheet);
    buf_adds(out, "<header><div class=\"wrap\"><a class=\"name\" href=\"/\"><bdi>");
    html_text(out, f->name);
    buf_adds(out, "</bdi> status</a> <a href=\"/history\">History</a></div></header>\n"
                  "<main class=\"wrap\">\n");
    return 0;
}

static int frame_end(struct frame *f, int status)
{
    struct httpd_response *res = f->call->res;
    char policy[256];

    buf_adds(
        f->out,
        "</main>\n<footer><div class=\"wrap\"><p>All times are UTC. This is a crier sandbox: a "
        "practice page, and nobody gets mail from it. As data: <a "
        "href=\"/api/v2/summary.json\">summary.json</a>, <a href=\"/sandbox/log\">requests so "
        "far</a>.</p></div></footer>\n</body>\n</html>\n");
    snprintf(policy, sizeof policy,
             "default-src 'none'; style-src 'nonce-%s'; img-src data:; base-uri 'none'; "
             "form-action 'none'; frame-ancestors 'none'",
             f->nonce);
    httpd_response_text(res, status, "text/html; charset=utf-8", NULL);
    httpd_response_field(res, "Content-Security-Policy", policy);
    httpd_response_field(res, "Referrer-Policy", "no-referrer");
    free(f->name);
    f->name = NULL;
    return httpd_response_error(res);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/*
 * "Major impact · Editing · since 18:35 UTC"
 * @param near_wall_ms  a time on the day that need not be named.
 */
static void incident_meta(struct buf *out, const json_t *incident, int64_t near_wall_ms)
{
    const char *impact = text_of(incident, "impact"), *status = text_of(incident, "status");
    const json_t *components = json_object_get(incident, "components");
    int64_t from = time_of(incident, "created_at"), until = time_of(incident, "resolved_at");
    size_t i;

    buf_adds(out, "<p class=\"meta\">");
    if (!strcmp(impact, "maintenance")) {
        buf_adds(out, "<b>Maintenance</b>");
    } else if (!strcmp(impact, "none")) {
        buf_adds(out, "<b>No impact</b>");
    } else {
        buf_adds(out, "<b>");
        words(out, impact);
        buf_adds(out, " impact</b>");
    }
    for (i = 0; i < json_array_size(components); i++) {
        buf_adds(out, i ? ", <bdi>" : " &middot; <bdi>");
        html_text(out, text_of(json_array_get(components, i), "name"));
        buf_adds(out, "</bdi>");
    }
    buf_adds(out, " &middot; ");
    if (sandbox_is_scheduled(status)) {
        time_element(out, time_of(incident, "scheduled_for"), true);
        buf_adds(out, " to ");
        time_element(out, time_of(incident, "scheduled_until"), true);
    } else if (sandbox_is_over(status) && until) {
        char text[WHEN_BYTES];

        time_element(out, from, !when_same_day(from, near_wall_ms));
        buf_adds(out, " to ");
        time_element(out, until, !when_same_day(from, until));
        buf_addf(out, " (%s)", when_duration(until - from, text));
    } else {
        buf_adds(out, "since ");
        time_element(out, from, !when_same_day(from, near_wall_ms));
    }
    buf_adds(out, "</p>\n");
}

static void incident_updates(struct buf *out, const json_t *incident, int64_t near_wall_ms)
{
    const json_t *updates = json_object_get(incident, "incident_updates");
    size_t i;

    buf_adds(out, "<ol class=\"updates\" reversed>\n");
    for (i = 0; i < json_array_size(updates); i++) {
        const json_t *u = json_array_get(updates, i);
        int64_t at = time_of(u, "display_at");

        buf_adds(out, "<li><span class=\"step\">");
        words(out, text_of(u, "status"));
        buf_adds(out, "</span> <span class=\"when\">");
        time_element(out, at, !when_same_day(at, near_wall_ms));
        buf_adds(out, "</span>\n");
        html_paragraphs(out, text_of(u, "body"));
        buf_adds(out, "</li>\n");
    }
    buf_adds(out, "</ol>\n");
}

static void incident_link(struct buf *out, const json_t *incident)
{
    buf_adds(out, "<a href=\"/incidents/");
    html_text(out, text_of(incident, "id"));
    buf_adds(out, "\"><bdi>");
    html_text(out, text_of(incident, "name"));
    buf_adds(out, "</bdi></a>");
}

static void incident_cards(struct buf *out, const json_t *incidents, const char *heading,
                           int64_t now_wall_ms)
{
    size_t i;

    if (!json_array_size(incidents))
        return;
    buf_addf(out, "<section>\n<h2>%s</h2>\n", heading);
    for (i = 0; i < json_array_size(incidents); i++) {
        const json_t *incident = json_array_get(incidents, i);

        buf_addf(out, "<article class=\"card incident %s\">\n<h3>", text_of(incident, "impact"));
        incident_link(out, incident);
        buf_adds(out, "</h3>\n");
        incident_meta(out, incident, now_wall_ms);
        incident_updates(out, incident, now_wall_ms);
        buf_adds(out, "</article>\n");
    }
    buf_adds(out, "</section>\n");
}

static void component_list(struct buf *out, const json_t *components)
{
    size_t i;

    if (!json_array_size(components))
        return;
    buf_adds(out, "<section>\n<h2>Components</h2>\n<ul class=\"card components\">\n");
    for (i = 0; i < json_array_size(components); i++) {
        const json_t *c = json_array_get(components, i);
        const char *status = text_of(c, "status");

        buf_addf(out, "<li class=\"%s\"><span class=\"label\"><bdi>",
                 sandbox_impacts[sandbox_view_impact(status)]);
        html_text(out, text_of(c, "name"));
        buf_adds(out, "</bdi></span> <span class=\"state\">");
        words(out, *status ? status : "operational");
        buf_adds(out, "</span>");
        if (*text_of(c, "description")) {
            buf_adds(out, " <span class=\"about\">");
            html_text(out, text_of(c, "description"));
            buf_adds(out, "</span>");
        }
        buf_adds(out, "</li>\n");
    }
    buf_adds(out, "</ul>\n</section>\n");
}

/* One incident of the past: name (as a heading of that level), when, and the last words. */
static void past_incident(struct buf *out, const json_t *incident, int level)
{
    const json_t *last = json_array_get(json_object_get(incident, "incident_updates"), 0);

    buf_addf(out, "<article class=\"past %s\">\n<h%d>", text_of(incident, "impact"), level);
    incident_link(out, incident);
    buf_addf(out, "</h%d>\n", level);
    incident_meta(out, incident, time_of(incident, "created_at"));
    if (last) {
        buf_adds(out, "<div><span class=\"step\">");
        words(out, text_of(last, "status"));
        buf_adds(out, ":</span> ");
        html_paragraphs(out, text_of(last, "body"));
        buf_adds(out, "</div>\n");
    }
    buf_adds(out, "</article>\n");
}

/* ---- the banner ------------------------------------------------------------------------------ */

static const char icon_good[] =
    "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\" fill=\"none\" stroke=\"currentColor\""
    " stroke-width=\"2.2\" stroke-linecap=\"round\" stroke-linejoin=\"round\">"
    "<circle cx=\"12\" cy=\"12\" r=\"10\"/><path d=\"M7.5 12.5l3 3 6-6.5\"/></svg>";
static const char icon_bad[] =
    "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\" fill=\"none\" stroke=\"currentColor\""
    " stroke-width=\"2.2\" stroke-linecap=\"round\" stroke-linejoin=\"round\">"
    "<circle cx=\"12\" cy=\"12\" r=\"10\"/><path d=\"M12 7v6M12 16.6v.1\"/></svg>";

/*
 * The state of the whole. Components rule; an open incident that has set none of them still must
 * not stand under a green banner.
 */
static void banner(struct buf *out, const json_t *components, const json_t *open,
                   int64_t now_wall_ms)
{
    struct sandbox_state state = sandbox_view_state(components);
    const char *tone = state.indicator, *headline = state.description;
    int worst = sandbox_name_index(sandbox_impacts, tone);
    size_t i, watched = 0, n = json_array_size(open);

    for (i = 0; i < n; i++) {
        const json_t *incident = json_array_get(open, i);
        int impact = sandbox_name_index(sandbox_impacts, text_of(incident, "impact"));

        if (impact > worst)
            worst = impact;
        watched += !strcmp(text_of(incident, "status"), "monitoring");
    }
    if (!strcmp(tone, "none") && n) {
        headline = watched == n ? "A fix is in place and we are watching it"
                                : "We are looking into a problem";
        if (worst < sandbox_name_index(sandbox_impacts, "minor"))
            worst = sandbox_name_index(sandbox_impacts, "minor");
    }
    tone = worst > 0 ? sandbox_impacts[worst] : "none";
    buf_addf(out, "<section class=\"banner %s\">%s<div><h1>", tone,
             strcmp(tone, "none") ? icon_bad : icon_good);
    html_text(out, headline);
    buf_adds(out, "</h1><p>");
    time_element(out, now_wall_ms, true);
    buf_adds(out, "</p></div></section>\n");
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* The incidents that began on the day of at_ms and are over. @return whether one is still open. */
static bool day_incidents(struct buf *out, const json_t *incidents, int64_t at_ms, bool *ret_any)
{
    bool open = false;
    size_t i;

    *ret_any = false;
    for (i = 0; i < json_array_size(incidents); i++) {
        const json_t *incident = json_array_get(incidents, i);
        const char *status = text_of(incident, "status");

        if (!when_same_day(time_of(incident, "created_at"), at_ms))
            continue;
        if (sandbox_is_over(status)) {
            past_incident(out, incident, 4);
            *ret_any = true;
        } else if (!sandbox_is_scheduled(status)) {
            open = true;
        }
    }
    return open;
}

static void last_days(struct buf *out, const json_t *incidents, int64_t now_wall_ms)
{
    int64_t day;

    buf_adds(out, "<section>\n<h2>Past incidents</h2>\n");
    for (day = 0; day < HOME_DAYS; day++) {
        int64_t at_ms = now_wall_ms - day * DAY_MS;
        bool any, open;

        buf_adds(out, "<div class=\"day\">\n<h3>");
        day_words(out, at_ms);
        buf_adds(out, "</h3>\n");
        open = day_incidents(out, incidents, at_ms, &any);
        if (!any)
            buf_addf(out, "<p class=\"quiet\">%s</p>\n",
                     open ? "Still open, see above." : "No incidents reported.");
        buf_adds(out, "</div>\n");
    }
    buf_adds(out, "</section>\n<p><a href=\"/history\">All incidents</a></p>\n");
}

static int home(struct sandbox_call *call)
{
    struct sandbox *sb = call->sb;
    int64_t now = call->req->now.wall_ms;
    json_t *components = NULL, *open = NULL, *planned = NULL, *all = NULL;
    struct frame f;
    int r;

    if ((r = sandbox_view_components(sb, &components)) ||
        (r = sandbox_view_incidents(
             sb, &(struct sandbox_query){.states = open_states, .newest_first = true}, true,
             &open)) ||
        (r = sandbox_view_incidents(sb, &(struct sandbox_query){.states = planned_states}, true,
                                    &planned)) ||
        (r = sandbox_view_incidents(
             sb, &(struct sandbox_query){.newest_first = true, .limit = SANDBOX_PAGE_SIZE}, true,
             &all)) ||
        (r = frame_begin(&f, call, NULL)))
        goto out;
    banner(f.out, components, open, now);
    incident_cards(f.out, open, "Open incidents", now);
    component_list(f.out, components);
    incident_cards(f.out, planned, "Scheduled maintenance", now);
    last_days(f.out, all, now);
    r = frame_end(&f, 200);
out:
    json_decref(components);
    json_decref(open);
    json_decref(planned);
    json_decref(all);
    return r;
}

static int not_found(struct sandbox_call *call)
{
    struct frame f;
    int r = frame_begin(&f, call, "Not found");

    if (r)
        return r;
    buf_adds(f.out, "<h1>There is no such page</h1>\n<p><a href=\"/\">Current status</a></p>\n");
    return frame_end(&f, 404);
}

/* @param doc  the incident's document, for the post-mortem that the public API leaves out. */
static void postmortem(struct buf *out, const json_t *doc)
{
    const json_t *own = json_object_get(doc, "public");

    if (!*text_of(own, "postmortem_body"))
        return;
    buf_adds(out, "<section>\n<h2>Post-mortem</h2>\n<div class=\"card postmortem\">\n");
    html_paragraphs(out, text_of(own, "postmortem_body"));
    buf_adds(out, "</div>\n</section>\n");
}

static int incident_page(struct sandbox_call *call, const char *id)
{
    json_t *doc = NULL, *incident = NULL;
    struct frame f;
    int r = sandbox_db_get(call->sb->db, SANDBOX_INCIDENT, id, &doc);

    if (r == CRIER_ENOENT)
        return not_found(call);
    if (r || (r = sandbox_view_incident(call->sb, doc, true, &incident)) ||
        (r = frame_begin(&f, call, text_of(incident, "name"))))
        goto out;
    buf_addf(f.out, "<article class=\"card incident %s\">\n<h1><bdi>", text_of(incident, "impact"));
    html_text(f.out, text_of(incident, "name"));
    buf_adds(f.out, "</bdi></h1>\n");
    incident_meta(f.out, incident, 0);
    incident_updates(f.out, incident, 0);
    buf_adds(f.out, "</article>\n");
    postmortem(f.out, doc);
    buf_adds(f.out, "<p class=\"pages\"><a href=\"/\">Current status</a></p>\n");
    r = frame_end(&f, 200);
out:
    json_decref(doc);
    json_decref(incident);
    return r;
}

static void by_day(struct buf *out, const json_t *incidents)
{
    int64_t day_ms = 0;
    size_t i;

    for (i = 0; i < json_array_size(incidents); i++) {
        const json_t *incident = json_array_get(incidents, i);
        int64_t at_ms = time_of(incident, "created_at");

        if (!i || !when_same_day(at_ms, day_ms)) {
            buf_adds(out, i ? "</div>\n<div class=\"day\">\n<h2>" : "<div class=\"day\">\n<h2>");
            day_words(out, at_ms);
            buf_adds(out, "</h2>\n");
            day_ms = at_ms;
        }
        past_incident(out, incident, 3);
    }
    if (i)
        buf_adds(out, "</div>\n");
}

static int history(struct sandbox_call *call)
{
    int64_t page = 1;
    json_t *incidents = NULL;
    struct frame f;
    bool more;
    int r = sandbox_check_number(call, "page", 1, 1000000, &page);

    if (r)
        return r;
    r = sandbox_view_incidents(call->sb,
                               &(struct sandbox_query){.newest_first = true,
                                                       .limit = HISTORY_SIZE + 1,
                                                       .offset = (page - 1) * HISTORY_SIZE},
                               true, &incidents);
    if (r)
        return r;
    more = json_array_size(incidents) > HISTORY_SIZE;
    if (more)
        json_array_remove(incidents, HISTORY_SIZE);
    if (!(r = frame_begin(&f, call, "History"))) {
        buf_adds(f.out, "<h1>History</h1>\n<p class=\"meta\">Every incident, the newest first."
                        "</p>\n<section>\n");
        if (json_array_size(incidents))
            by_day(f.out, incidents);
        else
            buf_adds(f.out, "<p class=\"pages\">No incidents reported.</p>\n");
        buf_adds(f.out, "</section>\n<p class=\"pages\">");
        if (page > 1)
            buf_addf(f.out, "<a href=\"/history?page=%lld\">Newer</a>", (long long)(page - 1));
        buf_adds(f.out, "<a href=\"/\">Current status</a>");
        if (more)
            buf_addf(f.out, "<a href=\"/history?page=%lld\">Older</a>", (long long)(page + 1));
        buf_adds(f.out, "</p>\n");
        r = frame_end(&f, 200);
    }
    json_decref(incidents);
    return r;
}

int sandbox_page(struct sandbox_call *call)
{
    const char *first = call->n_segments ? call->segment[0] : "";

    if (strcmp(call->method, "GET"))
        return sandbox_refuse(call, 405, "Method not allowed");
    if (!call->n_segments)
        return home(call);
    if (call->n_segments == 1 && !strcmp(first, "history"))
        return history(call);
    if (call->n_segments == 2 && !strcmp(first, "incidents"))
        return incident_page(call, call->segment[1]);
    return not_found(call);
}
