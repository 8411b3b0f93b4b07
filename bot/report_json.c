/* The report for programs: every row, with keys that stay. */
#include "report.h"

#include <string.h>

#include "incident.h"
#include "report_text.h"
#include "when.h"

struct json {
    struct buf *b;
    bool more; /* a comma is due before the next member or item */
};

static void open(struct json *j, char bracket)
{
    if (j->more)
        buf_addc(j->b, ',');
    buf_addc(j->b, bracket);
    j->more = false;
}

static void close(struct json *j, char bracket)
{
    buf_addc(j->b, bracket);
    j->more = true;
}

static void key(struct json *j, const char *name)
{
    buf_addf(j->b, "%s\"%s\":", j->more ? "," : "", name);
    j->more = false;
}

static void text(struct json *j, const char *name, const char *value)
{
    key(j, name);
    report_json_string(j->b, value);
    j->more = true;
}

static void number(struct json *j, const char *name, int64_t value)
{
    key(j, name);
    buf_addf(j->b, "%lld", (long long)value);
    j->more = true;
}

static void boolean(struct json *j, const char *name, bool value)
{
    key(j, name);
    buf_adds(j->b, value ? "true" : "false");
    j->more = true;
}

/* ISO 8601 in UTC, or null for what did not happen. */
static void when(struct json *j, const char *name, int64_t wall_ms)
{
    char iso[WHEN_BYTES];

    key(j, name);
    if (wall_ms)
        buf_addf(j->b, "\"%s\"", when_iso_ms(wall_ms, iso));
    else
        buf_adds(j->b, "null");
    j->more = true;
}

/* Values from the database are looked at before they index anything. */
static const char *step_of(int64_t step)
{
    return step >= STEP_INVESTIGATING && step <= STEP_RESOLVED ? step_name((enum step)step)
                                                               : "unknown";
}

static const char *impact_of(int64_t impact)
{
    return impact >= IMPACT_NONE && impact <= IMPACT_CRITICAL ? impact_name((enum impact)impact)
                                                              : "unknown";
}

static const char *kind_of(int64_t kind)
{
    static const char *const names[] = {"unknown", "draft",   "widening", "update",
                                        "resolve", "correct", "retract"};

    return names[kind >= REVISION_DRAFT && kind <= REVISION_RETRACT ? kind : 0];
}

static const char *state_of(int64_t state)
{
    static const char *const names[] = {"unknown",   "open",      "superseded",
                                        "confirmed", "published", "dropped"};

    return names[state >= REVISION_OPEN && state <= REVISION_DROPPED ? state : 0];
}

static void add_incident(struct json *j, const struct record_incident *i)
{
    key(j, "incident");
    open(j, '{');
    number(j, "id", i->id);
    text(j, "state", incident_state_name((enum incident_state)i->state));
    text(j, "step", step_of(i->step));
    text(j, "page", i->page);
    text(j, "channel", i->home);
    text(j, "rule", i->rule);
    text(j, "opened_by", i->opened_by);
    text(j, "reasons", i->reasons);
    when(j, "opened", i->opened_wall_ms);
    when(j, "started", i->started_wall_ms);
    boolean(j, "start_edited", i->start_edited != 0);
    when(j, "fixed", i->fixed_wall_ms);
    when(j, "closed", i->closed_wall_ms);
    number(j, "relapses", i->relapses);
    text(j, "remote_id", i->remote_id);
    text(j, "url", i->url);
    close(j, '}');
}

static void add_figures(struct json *j, const struct report_facts *f)
{
    size_t i;

    key(j, "figures");
    open(j, '{');
    when(j, "outage_begins", f->begins_wall_ms);
    text(j, "outage_begins_by", report_beginning_words(f->begins_by));
    when(j, "outage_ends", f->ends_wall_ms);
    text(j, "outage_ends_by", report_ending_words(f->ends_by));
    when(j, "alerts_quiet", f->quiet_wall_ms);
    when(j, "first_alert", f->signal_wall_ms);
    when(j, "first_page", f->page_wall_ms);
    when(j, "first_draft", f->draft_wall_ms);
    when(j, "first_shown", f->shown_wall_ms);
    when(j, "first_confirm", f->confirm_wall_ms);
    when(j, "public", f->public_wall_ms);
    when(j, "visible", f->visible_wall_ms);
    when(j, "resolved", f->resolved_wall_ms);
    number(j, "alerts", (int64_t)f->n_alerts);
    number(j, "pages", (int64_t)f->n_pages);
    number(j, "updates", (int64_t)f->n_updates);
    number(j, "updates_by_hand", (int64_t)f->n_by_hand);
    number(j, "mails", (int64_t)f->n_mails);
    boolean(j, "status_page_updated", f->public_wall_ms != 0);
    key(j, "people");
    open(j, '[');
    for (i = 0; i < f->n_people && i < REPORT_PEOPLE_MAX; i++) {
        if (j->more)
            buf_addc(j->b, ',');
        report_json_string(j->b, f->person[i]);
        j->more = true;
    }
    close(j, ']');
    close(j, '}');
}

static void add_components(struct json *j, const char *stored)
{
    struct components c;
    size_t i;

    key(j, "components");
    open(j, '[');
    components_init(&c);
    if (!components_parse(&c, stored))
        for (i = 0; i < c.n; i++) {
            open(j, '{');
            text(j, "name", c.item[i].name);
            text(j, "status", component_status_name(c.item[i].status));
            close(j, '}');
        }
    components_finish(&c);
    close(j, ']');
}

static void add_revision(struct json *j, const struct chronicle *c, const struct record_revision *r)
{
    const struct record_outbox *o = chronicle_outbox(c, r->number);

    open(j, '{');
    number(j, "number", r->number);
    text(j, "kind", kind_of(r->kind));
    text(j, "state", state_of(r->state));
    text(j, "step", step_of(r->step));
    text(j, "impact", impact_of(r->impact));
    text(j, "title", r->title);
    text(j, "body", r->body);
    add_components(j, r->components);
    text(j, "made_by", r->made_by);
    when(j, "made", r->made_wall_ms);
    text(j, "confirmed_by", o ? o->confirmed_by : "");
    when(j, "confirmed", o ? o->confirmed_wall_ms : 0);
    when(j, "published", o && o->state == OUTBOX_DONE ? o->done_wall_ms : 0);
    boolean(j, "mail", o && o->notify);
    text(j, "error", o ? o->error : "");
    close(j, '}');
}

static void add_row(struct json *j, const struct record_timeline *r)
{
    open(j, '{');
    when(j, "time", r->wall_ms);
    text(j, "kind", r->kind);
    text(j, "who", r->who);
    text(j, "subject", r->subject);
    number(j, "ref", r->ref);
    text(j, "text", r->text);
    close(j, '}');
}

void report_write_json(struct buf *b, const struct chronicle *c)
{
    struct json j = {.b = b};
    struct report_facts f;
    size_t i;

    report_facts(c, &f);
    open(&j, '{');
    add_incident(&j, &c->incident);
    add_figures(&j, &f);
    key(&j, "revisions");
    open(&j, '[');
    for (i = 0; i < c->n_revisions; i++)
        add_revision(&j, c, &c->revision[i]);
    close(&j, ']');
    key(&j, "timeline");
    open(&j, '[');
    for (i = 0; i < c->n_timeline; i++) {
        buf_addc(b, j.more ? ',' : '\n');
        j.more = false;
        add_row(&j, &c->timeline[i]);
        buf_adds(b, i + 1 < c->n_timeline ? "\n" : "");
    }
    close(&j, ']');
    number(&j, "omitted", (int64_t)c->n_omitted);
    buf_adds(b, "}\n");
}
