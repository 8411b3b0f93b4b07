/* The report for programs: every row, with keys that stay. */
#include "report.h"

#include <string.h>

#include "incident.h"
#include "json_out.h"

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

static void add_incident(struct json_out *j, const struct record_incident *i)
{
    json_out_key(j, "incident");
    json_out_open(j, '{');
    json_out_number(j, "id", i->id);
    json_out_text(j, "state", incident_state_name((enum incident_state)i->state));
    json_out_text(j, "step", step_of(i->step));
    json_out_text(j, "page", i->page);
    json_out_text(j, "channel", i->home);
    json_out_text(j, "rule", i->rule);
    json_out_text(j, "opened_by", i->opened_by);
    json_out_text(j, "reasons", i->reasons);
    json_out_when(j, "opened", i->opened_wall_ms);
    json_out_when(j, "started", i->started_wall_ms);
    json_out_bool(j, "start_edited", i->start_edited != 0);
    json_out_when(j, "fixed", i->fixed_wall_ms);
    json_out_when(j, "closed", i->closed_wall_ms);
    json_out_number(j, "relapses", i->relapses);
    json_out_text(j, "remote_id", i->remote_id);
    json_out_text(j, "url", i->url);
    json_out_close(j, '}');
}

static void add_figures(struct json_out *j, const struct report_facts *f)
{
    size_t i;

    json_out_key(j, "figures");
    json_out_open(j, '{');
    json_out_when(j, "outage_begins", f->begins_wall_ms);
    json_out_text(j, "outage_begins_by", report_beginning_words(f->begins_by));
    json_out_when(j, "outage_ends", f->ends_wall_ms);
    json_out_text(j, "outage_ends_by", report_ending_words(f->ends_by));
    json_out_when(j, "alerts_quiet", f->quiet_wall_ms);
    json_out_when(j, "first_alert", f->signal_wall_ms);
    json_out_when(j, "first_page", f->page_wall_ms);
    json_out_when(j, "first_draft", f->draft_wall_ms);
    json_out_when(j, "first_shown", f->shown_wall_ms);
    json_out_when(j, "first_confirm", f->confirm_wall_ms);
    json_out_when(j, "public", f->public_wall_ms);
    json_out_when(j, "visible", f->visible_wall_ms);
    json_out_when(j, "resolved", f->resolved_wall_ms);
    json_out_number(j, "alerts", (int64_t)f->n_alerts);
    json_out_number(j, "pages", (int64_t)f->n_pages);
    json_out_number(j, "updates", (int64_t)f->n_updates);
    json_out_number(j, "updates_by_hand", (int64_t)f->n_by_hand);
    json_out_number(j, "mails", (int64_t)f->n_mails);
    json_out_bool(j, "status_page_updated", f->public_wall_ms != 0);
    json_out_key(j, "people");
    json_out_open(j, '[');
    for (i = 0; i < f->n_people && i < REPORT_PEOPLE_MAX; i++)
        json_out_item(j, f->person[i]);
    json_out_close(j, ']');
    json_out_close(j, '}');
}

static void add_revision(struct json_out *j, const struct chronicle *c,
                         const struct record_revision *r)
{
    const struct record_outbox *o = chronicle_outbox(c, r->number);

    json_out_open(j, '{');
    json_out_number(j, "number", r->number);
    json_out_text(j, "kind", kind_of(r->kind));
    json_out_text(j, "state", state_of(r->state));
    json_out_text(j, "step", step_of(r->step));
    json_out_text(j, "impact", impact_of(r->impact));
    json_out_text(j, "title", r->title);
    json_out_text(j, "body", r->body);
    json_out_components(j, r->components);
    json_out_text(j, "made_by", r->made_by);
    json_out_when(j, "made", r->made_wall_ms);
    json_out_text(j, "confirmed_by", o ? o->confirmed_by : "");
    json_out_when(j, "confirmed", o ? o->confirmed_wall_ms : 0);
    json_out_when(j, "published", o && o->state == OUTBOX_DONE ? o->done_wall_ms : 0);
    json_out_bool(j, "mail", o && o->notify);
    json_out_text(j, "error", o ? o->error : "");
    json_out_close(j, '}');
}

static void add_row(struct json_out *j, const struct record_timeline *r)
{
    json_out_open(j, '{');
    json_out_when(j, "time", r->wall_ms);
    json_out_text(j, "kind", r->kind);
    json_out_text(j, "who", r->who);
    json_out_text(j, "subject", r->subject);
    json_out_number(j, "ref", r->ref);
    json_out_text(j, "text", r->text);
    json_out_close(j, '}');
}

void report_write_json(struct buf *b, const struct chronicle *c)
{
    struct json_out j = {.b = b};
    struct report_facts f;
    size_t i;

    report_facts(c, &f);
    json_out_open(&j, '{');
    add_incident(&j, &c->incident);
    add_figures(&j, &f);
    json_out_key(&j, "revisions");
    json_out_open(&j, '[');
    for (i = 0; i < c->n_revisions; i++)
        add_revision(&j, c, &c->revision[i]);
    json_out_close(&j, ']');
    json_out_key(&j, "timeline");
    json_out_open(&j, '[');
    for (i = 0; i < c->n_timeline; i++) {
        buf_addc(b, j.more ? ',' : '\n');
        j.more = false;
        add_row(&j, &c->timeline[i]);
        buf_adds(b, i + 1 < c->n_timeline ? "\n" : "");
    }
    json_out_close(&j, ']');
    json_out_number(&j, "omitted", (int64_t)c->n_omitted);
    buf_adds(b, "}\n");
}
