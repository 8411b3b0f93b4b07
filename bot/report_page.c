/*
 * The report for people, in two markups with the same content. Sections and their order are those
 * of Wikimedia's incident reports.
 */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "incident.h"
#include "report_text.h"
#include "when.h"

enum {
    RUN_SHOWN = 10, /* of so many alerts in a row the first are written out, */
    RUN_FOLDED = 25 /* when there are more than these */
};

struct page {
    struct buf *b;
    bool md;
    const struct chronicle *c;
    const struct settings *s; /* NULL: not known */
    struct report_facts f;
};

/* ---- markup ---------------------------------------------------------------------------------- */

static void raw(struct page *p, const char *text)
{
    buf_adds(p->b, text);
}

/* Foreign text as running text. */
static void words(struct page *p, const char *text)
{
    if (p->md)
        report_markdown(p->b, text);
    else
        report_wiki(p->b, text);
}

static void code(struct page *p, const char *text)
{
    if (p->md)
        report_markdown_code(p->b, text, false);
    else
        report_wiki_code(p->b, text);
}

static void bold(struct page *p, const char *text)
{
    buf_addf(p->b, p->md ? "**%s**" : "'''%s'''", text);
}

static void heading(struct page *p, int level, const char *text)
{
    static const char equals[] = "====", hashes[] = "####";

    if (p->md)
        buf_addf(p->b, "\n%.*s %s\n\n", level, hashes, text);
    else
        buf_addf(p->b, "\n%.*s %s %.*s\n", level, equals, text, level, equals);
}

static void url(struct page *p, const char *text)
{
    if (!report_is_url(text))
        code(p, text);
    else if (p->md)
        buf_addf(p->b, "<%s>", text);
    else
        raw(p, text);
}

/* Rows of the box: a name, and a value that is written by what follows until the next row. */
static void box_begin(struct page *p)
{
    raw(p, p->md ? "| Incident metadata | |\n|---|---|\n"
                 : "{| class=\"wikitable\"\n|+ Incident metadata\n");
}

static void box_row(struct page *p, const char *name)
{
    buf_addf(p->b, p->md ? "| %s | " : "|-\n! scope=\"row\" | %s\n| ", name);
}

static void box_row_end(struct page *p)
{
    raw(p, p->md ? " |\n" : "\n");
}

static void box_end(struct page *p)
{
    raw(p, p->md ? "\n" : "|}\n\n");
}

static void bullet(struct page *p, int64_t wall_ms)
{
    char hms[WHEN_BYTES];

    buf_addf(p->b, "%s%s ", p->md ? "- " : "* ", when_hms(wall_ms, hms));
}

/* ---- times ----------------------------------------------------------------------------------- */

static void add_time(struct page *p, int64_t wall_ms)
{
    char date[WHEN_BYTES], hms[WHEN_BYTES];

    if (!wall_ms)
        raw(p, "not known");
    else
        buf_addf(p->b, "%s %s", when_date(wall_ms, date), when_hms(wall_ms, hms));
}

static void add_hms(struct page *p, int64_t wall_ms)
{
    char hms[WHEN_BYTES];

    if (!when_same_day(wall_ms, p->f.begins_wall_ms)) {
        add_time(p, wall_ms);
        return;
    }
    buf_adds(p->b, when_hms(wall_ms, hms));
}

/* "2 min 20 s", "45 s", "1 h 4 min 0 s": no second is lost. */
static void add_span(struct page *p, int64_t ms)
{
    int64_t s = (ms < 0 ? -ms : ms) / 1000;

    if (s >= 3600)
        buf_addf(p->b, "%lld h ", (long long)(s / 3600));
    if (s >= 60)
        buf_addf(p->b, "%lld min ", (long long)(s / 60 % 60));
    buf_addf(p->b, "%lld s", (long long)(s % 60));
}

/* "2 min 20 s after the beginning" */
static void add_after(struct page *p, int64_t wall_ms)
{
    int64_t ms = wall_ms - p->f.begins_wall_ms;

    if (ms >= 0 && ms < 1000) {
        raw(p, "at the beginning");
        return;
    }
    add_span(p, ms);
    raw(p, ms < 0 ? " before the beginning" : " after the beginning");
}

/* ---- parts of sentences ---------------------------------------------------------------------- */

static const char *title_of(const struct page *p)
{
    return p->f.title ? p->f.title->title : "(no words were drafted)";
}

/* Values from the database are looked at before they index anything. */
static const char *impact_of(const struct record_revision *r)
{
    return r && r->impact >= IMPACT_NONE && r->impact <= IMPACT_CRITICAL
               ? impact_name((enum impact)r->impact)
               : "not known";
}

static void add_components(struct page *p, const struct record_revision *r)
{
    struct components c;
    size_t i;

    components_init(&c);
    if (!r || components_parse(&c, r->components) || !c.n) {
        raw(p, "not known");
    } else {
        for (i = 0; i < c.n; i++) {
            raw(p, i ? "; " : "");
            words(p, c.item[i].name);
            buf_addf(p->b, " (%s)", component_status_words(c.item[i].status));
        }
    }
    components_finish(&c);
}

static void add_people(struct page *p)
{
    size_t i, shown = p->f.n_people < REPORT_PEOPLE_MAX ? p->f.n_people : REPORT_PEOPLE_MAX;

    for (i = 0; i < shown; i++) {
        raw(p, i ? ", " : "");
        words(p, p->f.person[i]);
    }
    if (shown < p->f.n_people)
        buf_addf(p->b, " and %zu more", p->f.n_people - shown);
}

static const struct record_timeline *last_of(const struct chronicle *c, const char *kind)
{
    size_t i;

    for (i = c->n_timeline; i-- > 0;)
        if (!strcmp(c->timeline[i].kind, kind))
            return &c->timeline[i];
    return NULL;
}

/* Why nothing was published. */
static void add_why_not(struct page *p)
{
    const struct record_timeline *row;

    if ((row = last_of(p->c, "discard")) != NULL) {
        raw(p, "the draft was discarded by ");
        words(p, row->who);
    } else if ((row = last_of(p->c, "closed")) != NULL) {
        raw(p, "nobody confirmed the draft, and its alerts recovered");
    } else if ((row = last_of(p->c, "refused")) != NULL && !strcmp(row->subject, "page")) {
        raw(p, "it was confirmed, but the page refused it: ");
        words(p, row->text);
    } else if ((row = last_of(p->c, "expired")) != NULL) {
        raw(p, "it was confirmed, but the page could not be reached in time");
    } else if ((row = last_of(p->c, "confirm")) != NULL) {
        raw(p, "it is confirmed and not public yet");
    } else if (p->f.shown_wall_ms) {
        raw(p, "the draft was shown and waits for a confirm");
    } else {
        raw(p, "the draft was not shown to anybody");
    }
    if (row) {
        raw(p, ", at ");
        add_hms(p, row->wall_ms);
    }
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* The answer that this program exists for. */
static void add_public_note(struct page *p)
{
    const struct report_facts *f = &p->f;

    if (!f->public_wall_ms) {
        add_why_not(p);
        return;
    }
    raw(p, "public at ");
    add_hms(p, f->public_wall_ms);
    raw(p, ", ");
    add_after(p, f->public_wall_ms);
    if (f->visible_wall_ms) {
        raw(p, "; readers saw it at ");
        add_hms(p, f->visible_wall_ms);
    }
    buf_addf(p->b, "; %zu update%s", f->n_updates, plural(f->n_updates));
    if (f->n_by_hand)
        buf_addf(p->b, " (%zu by hand on the page)", f->n_by_hand);
    if (f->n_mails)
        buf_addf(p->b, ", %zu with mail to subscribers", f->n_mails);
    if (f->resolved_wall_ms) {
        raw(p, "; resolved at ");
        add_hms(p, f->resolved_wall_ms);
    } else {
        raw(p, "; not resolved yet");
    }
}

/* ---- Summary --------------------------------------------------------------------------------- */

static void write_box(struct page *p)
{
    const struct report_facts *f = &p->f;
    char date[WHEN_BYTES];

    box_begin(p);
    box_row(p, "Incident ID");
    buf_addf(p->b, "%s ", when_date(f->begins_wall_ms, date));
    words(p, title_of(p));
    buf_addf(p->b, " (%lld in crier)", (long long)p->c->incident.id);
    box_row_end(p);
    box_row(p, "Start");
    add_time(p, f->begins_wall_ms);
    buf_addf(p->b, " (%s)", report_beginning_words(f->begins_by));
    box_row_end(p);
    box_row(p, "Task");
    box_row_end(p);
    box_row(p, "End");
    add_time(p, f->ends_wall_ms);
    if (f->ends_wall_ms)
        buf_addf(p->b, " (%s)", report_ending_words(f->ends_by));
    box_row_end(p);
    box_row(p, "People paged");
    buf_addf(p->b, "not known to crier; it heard %zu paging alert%s", f->n_pages,
             plural(f->n_pages));
    box_row_end(p);
    box_row(p, "Responder count");
    if (f->n_people) {
        buf_addf(p->b, "%zu gave commands here: ", f->n_people);
        add_people(p);
    } else {
        raw(p, "nobody gave commands here");
    }
    box_row_end(p);
    box_row(p, "Coordinators");
    raw(p, "not known to crier");
    if (f->first_confirmer[0]) {
        raw(p, "; confirmed first: ");
        words(p, f->first_confirmer);
    }
    box_row_end(p);
    box_row(p, "Affected components");
    add_components(p, f->worst);
    box_row_end(p);
    box_row(p, "Impact");
    raw(p, impact_of(f->worst));
    if (f->worst) {
        raw(p, f->public_wall_ms ? ". The public was told: " : ". Drafted, not public: ");
        words(p, f->worst->body);
    }
    box_row_end(p);
    box_end(p);
}

static void write_summary(struct page *p)
{
    const struct report_facts *f = &p->f;

    heading(p, 2, "Summary");
    write_box(p);
    raw(p, "From ");
    add_time(p, f->begins_wall_ms);
    if (f->ends_wall_ms) {
        raw(p, " to ");
        add_hms(p, f->ends_wall_ms);
        raw(p, " (UTC, ");
        add_span(p, f->ends_wall_ms - f->begins_wall_ms);
        raw(p, ")");
    } else {
        raw(p, " (UTC; its end is not known)");
    }
    raw(p, ": ");
    words(p, title_of(p));
    raw(p, ". ");
    raw(p,
        f->public_wall_ms ? "The status page was updated: " : "The status page was not updated: ");
    add_public_note(p);
    raw(p, ".\n");
}

/* ---- Timeline -------------------------------------------------------------------------------- */

struct timeline_state {
    bool began, ended; /* written already */
    bool alert, page;  /* the first of each was written */
    int64_t day;       /* of the last line; a time in it */
};

static void mark(struct page *p, const char *text)
{
    raw(p, " ");
    bold(p, text);
}

static void new_day(struct page *p, struct timeline_state *t, int64_t wall_ms)
{
    char date[WHEN_BYTES];

    if (t->day && when_same_day(t->day, wall_ms))
        return;
    if (t->day)
        buf_addf(p->b, p->md ? "\n**%s**\n\n" : "'''%s'''\n", when_date(wall_ms, date));
    t->day = wall_ms;
}

/* Beginning and end get a line of their own where no line has that time. */
static void marks_until(struct page *p, struct timeline_state *t, int64_t wall_ms)
{
    if (!t->began && p->f.begins_wall_ms < wall_ms) {
        new_day(p, t, p->f.begins_wall_ms);
        bullet(p, p->f.begins_wall_ms);
        bold(p, "OUTAGE BEGINS");
        buf_addf(p->b, " (%s)\n", report_beginning_words(p->f.begins_by));
        t->began = true;
    }
    if (!t->ended && p->f.ends_wall_ms && p->f.ends_wall_ms < wall_ms) {
        new_day(p, t, p->f.ends_wall_ms);
        bullet(p, p->f.ends_wall_ms);
        bold(p, "OUTAGE ENDS");
        buf_addf(p->b, " (%s)\n", report_ending_words(p->f.ends_by));
        t->ended = true;
    }
}

static bool is(const struct record_timeline *row, const char *kind)
{
    return !strcmp(row->kind, kind);
}

static bool is_alert(const struct record_timeline *row)
{
    return is(row, "firing") || is(row, "resolved") || is(row, "flapped");
}

static bool is_deploy(const struct record_timeline *row)
{
    return !strncmp(row->kind, "deploy ", 7);
}

static void said(struct page *p, const struct record_timeline *row)
{
    char *line = buf_printf("<%s> %s", row->who[0] ? row->who : "?", row->text);

    if (line)
        code(p, line);
    else
        p->b->err = p->b->err ? p->b->err : CRIER_ENOMEM;
    free(line);
}

static void add_revision(struct page *p, int64_t number)
{
    buf_addf(p->b, "%lld.%lld", (long long)p->c->incident.id, (long long)number);
}

static void by(struct page *p, const struct record_timeline *row)
{
    if (!row->who[0])
        return;
    raw(p, " by ");
    words(p, row->who);
}

static void describe_signal(struct page *p, struct timeline_state *t,
                            const struct record_timeline *row)
{
    if (is(row, "firing") || is(row, "paging")) {
        bool page = is(row, "paging");

        if (page ? !t->page : !t->alert)
            raw(p, page ? "First paging alert: " : "First alert: ");
        else
            raw(p, page ? "Paging alert: " : "Alert: ");
        t->page = t->page || page;
        t->alert = true;
    } else if (is(row, "resolved")) {
        raw(p, "Recovered: ");
    } else if (is(row, "flapped")) {
        raw(p, "Fired and was over before this was opened: ");
    } else if (is_deploy(row)) {
        raw(p, "Deploy ");
        words(p, row->kind + 7);
        if (row->subject[0]) {
            raw(p, " (");
            words(p, row->subject);
            raw(p, ")");
        }
        by(p, row);
        raw(p, ": ");
        code(p, row->text);
        return;
    } else if (is(row, "mitigation")) {
        raw(p, "Mitigation: ");
    } else if (is(row, "maintenance")) {
        raw(p, "Maintenance: ");
    }
    said(p, row);
}

static void describe_words(struct page *p, const struct record_timeline *row)
{
    if (is(row, "draft"))
        raw(p, "Draft ");
    else
        raw(p, is(row, "widening") ? "Widening proposed, " : "Proposed, ");
    add_revision(p, row->ref);
    if (row->subject[0] && !is(row, "draft")) {
        raw(p, ", ");
        words(p, row->subject);
    }
    by(p, row);
    raw(p, ", not public: ");
    words(p, row->text);
}

static void describe_public(struct page *p, const struct record_timeline *row)
{
    bold(p, "Public");
    if (row->subject[0]) {
        raw(p, ", ");
        words(p, row->subject);
    }
    if (is(row, "published")) {
        const struct record_outbox *o = chronicle_outbox(p->c, row->ref);

        raw(p, ", confirmed by ");
        words(p, row->who);
        if (o)
            raw(p, o->notify ? ", with mail" : ", without mail");
    } else if (is(row, "adopt")) {
        raw(p, ", taken on from the page by ");
        words(p, row->who);
    } else {
        raw(p, is(row, "edited") ? ", changed by hand on the page" : ", made by hand on the page");
    }
    raw(p, ": ");
    words(p, row->text);
}

static void describe_other(struct page *p, const struct record_timeline *row)
{
    if (is(row, "confirm")) {
        add_revision(p, row->ref);
        raw(p, " confirmed");
        by(p, row);
        raw(p, ": ");
        code(p, row->text);
    } else if (is(row, "visible")) {
        raw(p, "Readers see it, ");
        words(p, row->text);
        raw(p, " after it was public");
    } else if (is(row, "shown")) {
        add_revision(p, row->ref);
        raw(p, " was shown in ");
        words(p, row->text);
    } else if (is(row, "insisted")) {
        raw(p, "In ");
        add_revision(p, row->ref);
        raw(p, ", insisted on");
        by(p, row);
        raw(p, ": ");
        words(p, row->text);
    } else if (is(row, "note")) {
        raw(p, "Note");
        by(p, row);
        raw(p, ": ");
        words(p, row->text);
    } else if (is(row, "refused") && !strcmp(row->subject, "page")) {
        raw(p, "The page refused ");
        add_revision(p, row->ref);
        raw(p, ": ");
        words(p, row->text);
    } else if (is(row, "expired")) {
        raw(p, "The confirm of ");
        add_revision(p, row->ref);
        by(p, row);
        raw(p, " was withdrawn: the page could not be reached in time");
    } else if (is(row, "withdrawn")) {
        add_revision(p, row->ref);
        raw(p, " was withdrawn: ");
        words(p, row->text);
    } else if (is(row, "reminded")) {
        raw(p, "crier reminded ");
        words(p, row->text);
    } else if (is(row, "closed")) {
        raw(p, "Closed without publishing: ");
        words(p, row->text);
    } else if (is(row, "ended")) {
        raw(p, "The incident ");
        words(p, row->text);
    } else if (is(row, "twin")) {
        raw(p, "A twin was taken off the page: ");
        words(p, row->text);
    } else if (row->who[0]) {
        said(p, row);
    } else {
        words(p, row->kind);
        raw(p, ": ");
        words(p, row->text);
    }
}

static void describe(struct page *p, struct timeline_state *t, const struct record_timeline *row)
{
    if (chronicle_is_signal(row))
        describe_signal(p, t, row);
    else if (is(row, "draft") || is(row, "widening") || is(row, "proposal"))
        describe_words(p, row);
    else if (is(row, "published") || is(row, "edited") || is(row, "found") || is(row, "adopt"))
        describe_public(p, row);
    else
        describe_other(p, row);
}

/* How many alerts and recoveries follow one another from here on. */
static size_t run_length(const struct chronicle *c, size_t from)
{
    size_t n = 0;

    while (from + n < c->n_timeline && is_alert(&c->timeline[from + n]))
        n++;
    return n;
}

/* Whether it is the line that the beginning was taken from. */
static bool is_beginning(const struct page *p, const struct record_timeline *row)
{
    if (row->wall_ms != p->f.begins_wall_ms)
        return false;
    switch (p->f.begins_by) {
    case REPORT_BEGAN_EDITED:
        return chronicle_is_signal(row);
    case REPORT_BEGAN_DEPLOY:
        return is(row, "deploy continued");
    case REPORT_BEGAN_ALERT:
        return is(row, "firing") || is(row, "paging") || is(row, "flapped");
    case REPORT_BEGAN_PAGE:
        return is(row, "found");
    case REPORT_BEGAN_BY_HAND:
        return is(row, "command") || is(row, "draft");
    }
    return false;
}

static bool is_ending(const struct page *p, const struct record_timeline *row)
{
    if (!p->f.ends_wall_ms || row->wall_ms != p->f.ends_wall_ms)
        return false;
    switch (p->f.ends_by) {
    case REPORT_ENDED_UNKNOWN:
        break;
    case REPORT_ENDED_FIX:
        return is_deploy(row) || is(row, "mitigation");
    case REPORT_ENDED_ALERTS:
        return is(row, "resolved");
    }
    return false;
}

static void write_row(struct page *p, struct timeline_state *t, const struct record_timeline *row)
{
    marks_until(p, t, row->wall_ms);
    new_day(p, t, row->wall_ms);
    bullet(p, row->wall_ms);
    describe(p, t, row);
    if (!t->began && is_beginning(p, row)) {
        mark(p, "OUTAGE BEGINS");
        t->began = true;
    }
    if (!t->ended && is_ending(p, row)) {
        mark(p, "OUTAGE ENDS");
        t->ended = true;
    }
    raw(p, "\n");
}

/* The first of many alerts in a row, then how many more there were until when. */
static size_t write_run(struct page *p, struct timeline_state *t, size_t from, size_t n)
{
    const struct record_timeline *last = &p->c->timeline[from + n - 1];
    size_t i, folded = 0;

    for (i = 0; i < n; i++) {
        const struct record_timeline *row = &p->c->timeline[from + i];
        /* the lines of the beginning and the end are never folded away */
        bool marked = (!t->began && is_beginning(p, row)) || (!t->ended && is_ending(p, row));

        if (i < RUN_SHOWN || marked)
            write_row(p, t, row);
        else
            folded++;
    }
    marks_until(p, t, last->wall_ms);
    new_day(p, t, last->wall_ms);
    bullet(p, last->wall_ms);
    buf_addf(p->b, "(and %zu more alerts and recoveries until here; all are in the JSON)\n",
             folded);
    return n;
}

static void write_timeline(struct page *p)
{
    struct timeline_state t = {0};
    size_t i = 0;

    heading(p, 2, "Timeline");
    raw(p, p->md ? "*All times in UTC.*\n\n" : "''All times in UTC.''\n\n");
    t.day = p->f.begins_wall_ms;
    if (p->c->n_timeline && !when_same_day(p->c->timeline[0].wall_ms, t.day))
        t.day = 1; /* another one than any: the first day is named too */
    while (i < p->c->n_timeline) {
        size_t run = run_length(p->c, i);

        if (run > RUN_FOLDED) {
            i += write_run(p, &t, i, run);
            continue;
        }
        write_row(p, &t, &p->c->timeline[i]);
        i++;
    }
    marks_until(p, &t, INT64_MAX);
    if (p->c->n_omitted)
        buf_addf(p->b, "%s(%zu more lines of bots were left out)\n", p->md ? "- " : "* ",
                 p->c->n_omitted);
}

/* ---- Detection ------------------------------------------------------------------------------- */

static void figure(struct page *p, const char *name, int64_t wall_ms)
{
    raw(p, p->md ? "| " : "|-\n| ");
    raw(p, name);
    raw(p, p->md ? " | " : " || ");
    if (wall_ms)
        add_hms(p, wall_ms);
    else
        raw(p, "never");
    raw(p, p->md ? " | " : " || ");
    if (wall_ms)
        add_after(p, wall_ms);
    raw(p, p->md ? " |\n" : "\n");
}

static void write_detection(struct page *p)
{
    const struct report_facts *f = &p->f;

    heading(p, 2, "Detection");
    raw(p, p->md ? "| What | When (UTC) | |\n|---|---|---|\n"
                 : "{| class=\"wikitable\"\n! What !! When (UTC) !!\n");
    figure(p, "Outage begins", f->begins_wall_ms);
    figure(p, "First alert", f->signal_wall_ms);
    figure(p, "First paging alert", f->page_wall_ms);
    figure(p, "First draft of a public text", f->draft_wall_ms);
    figure(p, "Shown in the channel", f->shown_wall_ms);
    figure(p, "Confirmed", f->confirm_wall_ms);
    figure(p, "Public", f->public_wall_ms);
    figure(p, "Visible to readers", f->visible_wall_ms);
    figure(p, "Outage ends", f->ends_wall_ms);
    figure(p, "Resolved on the status page", f->resolved_wall_ms);
    raw(p, p->md ? "\n" : "|}\n");
    if (p->c->incident.reasons && p->c->incident.reasons[0]) {
        raw(p, p->md ? "" : "\n");
        raw(p, "What the draft was opened for: ");
        code(p, p->c->incident.reasons);
        raw(p, "\n");
    }
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void write_conclusions(struct page *p)
{
    heading(p, 2, "Conclusions");
    heading(p, 3, "What went well?");
    raw(p, p->md ? "- \n" : "* \n");
    heading(p, 3, "What went poorly?");
    raw(p, p->md ? "- \n" : "* \n");
    heading(p, 3, "Where did we get lucky?");
    raw(p, p->md ? "- \n" : "* \n");
}

static void link_line(struct page *p, const char *what, const char *address)
{
    buf_addf(p->b, "%s%s: ", p->md ? "- " : "* ", what);
    url(p, address);
    raw(p, "\n");
}

static void write_links(struct page *p)
{
    const char *board = p->s ? p->s->http.public_url : NULL;
    bool any = false;

    heading(p, 2, "Links to relevant documentation");
    if (p->c->incident.url && p->c->incident.url[0]) {
        link_line(p, "Status page", p->c->incident.url);
        any = true;
    }
    if (board) {
        size_t n = strlen(board);
        char *address = buf_printf("%s%sincident/%lld", board, n && board[n - 1] == '/' ? "" : "/",
                                   (long long)p->c->incident.id);

        if (address)
            link_line(p, "This timeline as a picture", address);
        else
            p->b->err = p->b->err ? p->b->err : CRIER_ENOMEM;
        free(address);
        any = true;
    }
    if (!any)
        raw(p, p->md ? "- \n" : "* \n");
    heading(p, 2, "Actionables");
    raw(p, p->md ? "- \n" : "* \n");
}

struct question {
    const char *group;
    const char *text;
    const char *(*answer)(struct page *p);
    void (*note)(struct page *p);
};

static const char *answer_public(struct page *p)
{
    return p->f.public_wall_ms ? "yes" : "no";
}

/* Whether an alert came before the first thing that anybody did here. */
static const char *answer_monitoring(struct page *p)
{
    size_t i;

    if (!p->f.signal_wall_ms)
        return "";
    for (i = 0; i < p->c->n_timeline; i++) {
        const struct record_timeline *row = &p->c->timeline[i];

        if (is(row, "firing") || is(row, "paging"))
            return "yes";
        if (is(row, "command") || is(row, "found"))
            return "no";
    }
    return "";
}

static void note_monitoring(struct page *p)
{
    if (!p->f.signal_wall_ms) {
        raw(p, "no alert of this came to crier");
        return;
    }
    raw(p, "first alert ");
    add_after(p, p->f.signal_wall_ms);
    if (p->f.page_wall_ms) {
        raw(p, ", first paging alert ");
        add_after(p, p->f.page_wall_ms);
    }
}

static void note_paged(struct page *p)
{
    buf_addf(p->b, "whom they reached is not known to crier; it heard %zu paging alert%s",
             p->f.n_pages, plural(p->f.n_pages));
}

static const struct question questions[] = {
    {"People", "Did other people respond than in the incidents before?", NULL, NULL},
    {"People", "Were those who responded prepared for it?", NULL, NULL},
    {"People", "Were fewer than five people called by pages?", NULL, note_paged},
    {"People", "Did the pages reach the right team?", NULL, NULL},
    {"People", "Did the pages reach people within their working hours?", NULL, NULL},
    {"Process", "Was the incident's document kept up to date meanwhile?", NULL, NULL},
    {"Process", "Was the public status page updated?", answer_public, add_public_note},
    {"Process", "Is there a task for it?", NULL, NULL},
    {"Process", "Is each action item somebody's?", NULL, NULL},
    {"Process", "Is it another incident than earlier ones, not a repetition?", NULL, NULL},
    {"Tooling", "Was no open task known that would have prevented it?", NULL, NULL},
    {"Tooling", "Could those who responded talk with each other well?", NULL, NULL},
    {"Tooling", "Did monitoring tell those who responded?", answer_monitoring, note_monitoring},
    {"Tooling", "Were the tools that were needed in service?", NULL, NULL},
    {"Tooling", "Was there a runbook for what was done?", NULL, NULL},
};

static void write_scorecard(struct page *p)
{
    size_t i;

    heading(p, 2, "Scorecard");
    raw(p, p->md ? "| | Question | Answer | Notes |\n|---|---|---|---|\n"
                 : "{| class=\"wikitable\"\n! !! Question !! Answer (yes/no) !! Notes\n");
    for (i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        const struct question *q = &questions[i];

        raw(p, p->md ? "| " : "|-\n| ");
        buf_addf(p->b, p->md ? "%s | %s | %s | " : "%s || %s || %s || ", q->group, q->text,
                 q->answer ? q->answer(p) : "");
        if (q->note)
            q->note(p);
        raw(p, p->md ? " |\n" : "\n");
    }
    raw(p, p->md ? "" : "|}\n");
}

void report_write_page(struct buf *b, const struct chronicle *c, const struct settings *s,
                       bool markdown, const char *picture)
{
    struct page p = {.b = b, .md = markdown, .c = c, .s = s};
    char date[WHEN_BYTES];

    report_facts(c, &p.f);
    if (markdown) {
        buf_addf(b, "# %s ", when_date(p.f.begins_wall_ms, date));
        words(&p, title_of(&p));
        raw(&p, "\n\nStatus of this document: draft, written by crier\n");
    } else {
        raw(&p, "{{irdoc|status=draft}}\n");
    }
    write_summary(&p);
    if (picture) {
        raw(&p, "\n![What happened, and how long the public waited](data:image/svg+xml;base64,");
        report_base64(b, picture);
        raw(&p, ")\n");
    }
    write_timeline(&p);
    write_detection(&p);
    write_conclusions(&p);
    write_links(&p);
    write_scorecard(&p);
}
