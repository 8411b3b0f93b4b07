#include "replay_text.h"

#include <ctype.h>
#include <string.h>

#include "components.h"
#include "json_out.h"
#include "signal.h"
#include "utf8.h"
#include "when.h"

enum { SUMMARY_BYTES = 120 };

static void add_time(struct buf *b, int64_t wall_ms)
{
    char date[WHEN_BYTES], hms[WHEN_BYTES];

    buf_addf(b, "%s %s ", when_date(wall_ms, date), when_hms(wall_ms, hms));
}

static void add_number(struct buf *b, const struct replay_event *e)
{
    if (e->incident && e->revision)
        buf_addf(b, " %lld.%lld", (long long)e->incident, (long long)e->revision);
    else if (e->incident)
        buf_addf(b, " %lld", (long long)e->incident);
}

void replay_words(struct buf *b, const char *title, enum impact impact, const char *components)
{
    struct components c;
    const char *s;

    buf_addf(b, " \"%s\" ", title);
    for (s = impact_name(impact); *s; s++)
        buf_addc(b, (char)toupper((unsigned char)*s));
    components_init(&c);
    if (!components_parse(&c, components) && c.n) {
        buf_addc(b, ' ');
        components_words(b, &c);
    }
    components_finish(&c);
}

static void add_deploy(struct buf *b, const struct record_deploy *d)
{
    buf_addf(b, "%s's %s", d->user[0] ? d->user : "somebody", d->tool[0] ? d->tool : "deploy");
}

static void add_severity(struct buf *b, bool paging, enum severity severity)
{
    buf_adds(b, paging ? "page" : severity == SEVERITY_UNKNOWN ? "alert" : severity_name(severity));
}

void replay_alert(struct buf *b, const char *check, const char *host, const char *summary)
{
    buf_adds(b, check);
    if (*host)
        buf_addf(b, " on %s", host);
    else if (*summary)
        buf_addf(b, ", %.*s", (int)utf8_cut(summary, SUMMARY_BYTES), summary);
}

/* ---- decisions ------------------------------------------------------------------------------- */

static const char *decision_name(enum decision_kind k)
{
    switch (k) {
    case DECISION_OPENED:
        return "opened";
    case DECISION_JOINED:
        return "joined";
    case DECISION_IGNORED:
        return "ignored";
    case DECISION_NO_RULE:
        return "no-rule";
    case DECISION_UNWATCHED:
        return "unwatched";
    case DECISION_FEW:
        return "few";
    case DECISION_ALONE:
        return "alone";
    case DECISION_PLANNED:
        return "maintenance";
    case DECISION_HELD:
        return "held";
    case DECISION_FULL:
        return "full";
    case DECISION_MANY:
        return "many";
    case DECISION_REMEMBERED:
        return "remembered";
    }
    return "";
}

void replay_decision(struct buf *b, const struct settings *settings, const struct decision *d)
{
    const struct triage_settings *t = &settings->triage;
    char window[WHEN_BYTES];

    switch (d->kind) {
    case DECISION_OPENED:
        buf_addf(b, "opened %lld", (long long)d->incident);
        return;
    case DECISION_JOINED:
        buf_addf(b, "joined %lld", (long long)d->incident);
        return;
    case DECISION_IGNORED:
        buf_addf(b, "ignored by rule \"%s\"", d->rule);
        return;
    case DECISION_NO_RULE:
        buf_adds(b, "no rule matches it");
        return;
    case DECISION_UNWATCHED:
        buf_addf(b, "rule \"%s\" is not watched and nobody is paged: it can only join", d->rule);
        return;
    case DECISION_FEW:
        buf_addf(b, "fewer than the %lld that rule \"%s\" asks for", (long long)d->at_once,
                 d->rule);
        buf_addf(b, " within %s", when_duration(t->storm_window_ms, window));
        return;
    case DECISION_ALONE:
        buf_addf(b, "no deploy within %s", when_duration(t->deploy_window_ms, window));
        buf_addf(b, " and only %lld of %lld for a storm (rule \"%s\")", (long long)d->storm,
                 (long long)t->storm_count, d->rule);
        return;
    case DECISION_PLANNED:
        buf_adds(b, "covered by maintenance");
        return;
    case DECISION_HELD:
        buf_adds(b, "held until it recovers, since people closed what it belonged to");
        return;
    case DECISION_FULL:
        buf_addf(b, "%lld are open, the most there may be (triage.max_open)",
                 (long long)t->max_open);
        return;
    case DECISION_MANY:
        buf_addf(b,
                 "too many drafts within an hour (triage.max_source_drafts_per_hour %lld, "
                 "max_drafts_per_hour %lld)",
                 (long long)t->max_source_drafts_per_hour, (long long)t->max_drafts_per_hour);
        return;
    case DECISION_REMEMBERED:
        buf_adds(b, "remembered for what may open");
        return;
    }
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void add_signal(struct buf *b, const struct replay_event *e, const struct replay_signal *s)
{
    char hms[WHEN_BYTES];

    add_time(b, e->wall_ms);
    buf_addf(b, "why %lld ", (long long)e->incident);
    if (s->deploy) {
        buf_addf(b, "%s suspect ", when_hms(s->deploy->started_wall_ms, hms));
        add_deploy(b, s->deploy);
        buf_addf(b, ": %.*s", (int)utf8_cut(s->deploy->change_text, SUMMARY_BYTES),
                 s->deploy->change_text);
    } else {
        buf_addf(b, "%s %s ", when_hms(s->alert->first_wall_ms, hms), s->alert->source);
        add_severity(b, s->alert->paging != 0, (enum severity)s->alert->severity);
        buf_addc(b, ' ');
        replay_alert(b, s->alert->check_name, s->alert->host, s->alert->summary);
        if (s->alert->rule[0])
            buf_addf(b, " (rule \"%s\")", s->alert->rule);
        buf_adds(b, s->alert->firing ? "" : " (over by then)");
    }
    buf_addc(b, '\n');
}

static void add_why(struct buf *b, const struct replay_event *e)
{
    size_t i;

    add_time(b, e->wall_ms);
    if (e->rule[0])
        buf_addf(b, "why %lld rule \"%s\" opened it\n", (long long)e->incident, e->rule);
    else
        buf_addf(b, "why %lld somebody opened it\n", (long long)e->incident);
    for (i = 0; i < e->n_signals; i++)
        add_signal(b, e, &e->signal[i]);
}

void replay_text(struct buf *b, const struct settings *settings, const struct replay_event *e,
                 bool why)
{
    add_time(b, e->wall_ms);
    buf_adds(b, replay_event_name(e->kind));
    switch (e->kind) {
    case REPLAY_DRAFT:
    case REPLAY_REVISION:
        add_number(b, e);
        replay_words(b, e->title, e->impact, e->components);
        if (e->suspect) {
            buf_adds(b, "; suspect ");
            add_deploy(b, e->suspect);
        }
        break;
    case REPLAY_PROPOSAL:
    case REPLAY_PUBLISH:
    case REPLAY_UPDATE:
    case REPLAY_RESOLVE:
        add_number(b, e);
        if (e->has_words) {
            buf_addf(b, " %s", step_name(e->step));
            replay_words(b, e->title, e->impact, e->components);
        }
        break;
    case REPLAY_SAY:
        buf_addf(b, " %s %s\n", e->channel, e->text);
        return;
    case REPLAY_DISCARD:
        add_number(b, e);
        break;
    case REPLAY_SILENT:
        buf_addf(b, " %s ", e->decision->source);
        add_severity(b, e->decision->paging, e->decision->severity);
        buf_addc(b, ' ');
        replay_alert(b, e->decision->check, e->decision->host, e->decision->summary);
        buf_adds(b, ": ");
        replay_decision(b, settings, e->decision);
        break;
    }
    if (*e->text)
        buf_addf(b, "; because %s", e->text);
    buf_addc(b, '\n');
    if (why && e->kind == REPLAY_DRAFT)
        add_why(b, e);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_deploy(struct json_out *j, const char *key, const struct record_deploy *d)
{
    json_out_key(j, key);
    if (!d) {
        buf_adds(j->b, "null");
        j->more = true;
        return;
    }
    json_out_open(j, '{');
    json_out_text(j, "user", d->user);
    json_out_text(j, "tool", d->tool);
    json_out_text(j, "change", d->change_text);
    json_out_when(j, "started", d->started_wall_ms);
    json_out_when(j, "ended", d->ended_wall_ms);
    json_out_close(j, '}');
}

static void json_decision(struct json_out *j, const struct settings *settings,
                          const struct decision *d)
{
    struct buf words;

    buf_init(&words, 4096);
    replay_decision(&words, settings, d);
    json_out_text(j, "decision", decision_name(d->kind));
    json_out_text(j, "source", d->source);
    json_out_text(j, "check", d->check);
    json_out_text(j, "host", d->host);
    json_out_text(j, "summary", d->summary);
    json_out_bool(j, "paging", d->paging);
    json_out_text(j, "severity", severity_name(d->severity));
    json_out_text(j, "why", buf_str(&words));
    if (buf_error(&words))
        j->b->err = buf_error(&words);
    buf_finish(&words);
}

static void json_signals(struct json_out *j, const struct replay_event *e)
{
    size_t i;

    json_out_key(j, "signals");
    json_out_open(j, '[');
    for (i = 0; i < e->n_signals; i++) {
        const struct record_alert *a = e->signal[i].alert;

        if (!a)
            continue;
        json_out_open(j, '{');
        json_out_when(j, "time", a->first_wall_ms);
        json_out_text(j, "source", a->source);
        json_out_text(j, "check", a->check_name);
        json_out_text(j, "host", a->host);
        json_out_text(j, "summary", a->summary);
        json_out_bool(j, "paging", a->paging != 0);
        json_out_text(j, "severity", severity_name((enum severity)a->severity));
        json_out_text(j, "rule", a->rule);
        json_out_bool(j, "firing", a->firing != 0);
        json_out_close(j, '}');
    }
    json_out_close(j, ']');
}

void replay_json(struct buf *b, const struct settings *settings, const struct replay_event *e,
                 bool why)
{
    struct json_out j = {.b = b};

    json_out_open(&j, '{');
    json_out_when(&j, "time", e->wall_ms);
    json_out_text(&j, "event", replay_event_name(e->kind));
    if (e->incident)
        json_out_number(&j, "incident", e->incident);
    if (e->revision)
        json_out_number(&j, "revision", e->revision);
    if (e->has_words) {
        json_out_text(&j, "title", e->title);
        json_out_text(&j, "body", e->body);
        json_out_text(&j, "impact", impact_name(e->impact));
        json_out_components(&j, e->components);
        json_out_text(&j, "status", step_name(e->step));
        json_deploy(&j, "suspect", e->suspect);
    }
    if (*e->page)
        json_out_text(&j, "page", e->page);
    if (*e->channel)
        json_out_text(&j, "channel", e->channel);
    if (*e->rule)
        json_out_text(&j, "rule", e->rule);
    if (e->decision)
        json_decision(&j, settings, e->decision);
    else
        json_out_text(&j, "text", e->text);
    if (why && e->kind == REPLAY_DRAFT)
        json_signals(&j, e);
    json_out_close(&j, '}');
    buf_addc(b, '\n');
}
