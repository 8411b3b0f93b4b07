#include "audit.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "log.h"
#include "when.h"

enum { SAID_BYTES = 600 };

static const char *const names[AUDIT_ACTIONS] = {
    [AUDIT_START] = "start",
    [AUDIT_RELOAD] = "reload",
    [AUDIT_REFUSED] = "refused",
    [AUDIT_REFUSED_MORE] = "refused more",
    [AUDIT_FIRST_CONFIRM] = "first confirm",
    [AUDIT_CONFIRM] = "confirm",
    [AUDIT_BREAK_GLASS] = "break-glass confirm",
    [AUDIT_ENROL] = "enrol",
    [AUDIT_OPEN] = "open",
    [AUDIT_EDIT] = "edit",
    [AUDIT_INSIST] = "insist",
    [AUDIT_UPDATE] = "update",
    [AUDIT_RESOLVE] = "resolve",
    [AUDIT_CORRECT] = "correct",
    [AUDIT_RETRACT] = "retract",
    [AUDIT_ADOPT] = "adopt",
    [AUDIT_DISCARD] = "discard",
    [AUDIT_NOTE] = "note",
    [AUDIT_MUTE] = "mute",
    [AUDIT_UNMUTE] = "unmute",
    [AUDIT_MAINTENANCE] = "maintenance",
    [AUDIT_PUBLISHED] = "published",
    [AUDIT_PAGE_REFUSED] = "page refused",
    [AUDIT_EXPIRED] = "expired",
    [AUDIT_TWIN_REMOVED] = "twin removed",
    [AUDIT_POSTMORTEM] = "postmortem",
    [AUDIT_PAGE_EDITED] = "page edited",
    [AUDIT_PAGE_ENDED] = "page ended",
};

const char *audit_action_name(enum audit_action action)
{
    assert((unsigned)action < AUDIT_ACTIONS);
    return names[action];
}

bool audit_is_action(const char *name)
{
    size_t i;

    for (i = 0; i < AUDIT_ACTIONS; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

enum audit_action audit_action_of(enum command_verb verb)
{
    switch (verb) {
    case COMMAND_OPEN:
        return AUDIT_OPEN;
    case COMMAND_UPDATE:
        return AUDIT_UPDATE;
    case COMMAND_RESOLVE:
        return AUDIT_RESOLVE;
    case COMMAND_CORRECT:
        return AUDIT_CORRECT;
    case COMMAND_RETRACT:
        return AUDIT_RETRACT;
    case COMMAND_ADOPT:
        return AUDIT_ADOPT;
    case COMMAND_MUTE:
        return AUDIT_MUTE;
    case COMMAND_UNMUTE:
        return AUDIT_UNMUTE;
    case COMMAND_MAINTENANCE:
        return AUDIT_MAINTENANCE;
    case COMMAND_STATUS:
    case COMMAND_SHOW:
    case COMMAND_CONFIRM:
    case COMMAND_BREAKGLASS:
    case COMMAND_EDIT:
    case COMMAND_TEXT:
    case COMMAND_DISCARD:
    case COMMAND_NOTE:
    case COMMAND_TIMELINE:
    case COMMAND_REPORT:
    case COMMAND_DRILL:
    case COMMAND_WHO:
    case COMMAND_HELP:
        break;
    }
    return AUDIT_EDIT;
}

static bool fill_words(struct model *m, struct record_audit *r, const struct audit_entry *e)
{
    const struct revision *rev = e->rev;

    if (rev && !(model_text(m, &r->step, step_name((enum step)rev->r.step)) &&
                 model_text(m, &r->impact, impact_name((enum impact)rev->r.impact)) &&
                 model_text(m, &r->components, rev->r.components) &&
                 model_text(m, &r->title, rev->r.title) && model_text(m, &r->body, rev->r.body)))
        return false;
    return !e->body || model_text(m, &r->body, e->body);
}

static bool fill(struct model *m, struct record_audit *r, const struct audit_entry *e)
{
    const struct heard *by = e->by ? e->by : m->speaker;

    if (by && !(model_text(m, &r->network, by->network) &&
                model_text(m, &r->account, by->account) && model_text(m, &r->nick, by->nick) &&
                model_text(m, &r->userhost, by->userhost) && model_text(m, &r->said, by->text)))
        return false;
    return model_text(m, &r->action, audit_action_name(e->action)) &&
           model_text(m, &r->person, e->person) &&
           model_text(m, &r->place,
                      e->place ? e->place
                      : by     ? by->place
                               : NULL) &&
           fill_words(m, r, e);
}

void audit_write(struct model *m, const struct audit_entry *e, const char *fmt, ...)
{
    struct record_audit r = {.wall_ms = m->now.wall_ms,
                             .incident = e->inc ? e->inc->r.id : e->incident,
                             .revision = e->rev ? e->rev->r.number : e->revision};
    va_list ap;

    if (fill(m, &r, e)) {
        va_start(ap, fmt);
        turn_vaudit(m->turn, &r, fmt, ap);
        va_end(ap);
    }
    record_finish(RECORD_AUDIT, &r);
}

void audit_line(struct model *m, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    turn_vaudit(m->turn, NULL, fmt, ap);
    va_end(ap);
}

/* ---- refusals -------------------------------------------------------------------------------- */

/* The database does not grow as fast as anybody can type. */
static bool has_room(struct model *m, const struct heard *line)
{
    struct place *p = model_place(m, line->private ? line->network : line->place);

    if (!p)
        return false;
    if (!p->refusals) {
        p->refusals_since_boot_ms = m->now.boot_ms;
        p->refusals_since_wall_ms = m->now.wall_ms;
        if (!model_timer_is_set(m, TIMER_REFUSALS, 0))
            model_timer_set(m, TIMER_REFUSALS, 0, m->now.boot_ms + AUDIT_REFUSALS_MS);
    }
    return p->refusals++ < AUDIT_REFUSALS_MAX;
}

bool audit_refusal(struct model *m, const struct heard *line, const struct person_settings *person,
                   int64_t incident, int64_t revision, const char *why)
{
    char said[SAID_BYTES];
    struct heard kept = *line; /* what people typed who are in a hurry may be a password */
    struct audit_entry e = {.action = AUDIT_REFUSED,
                            .person = person ? person->name : NULL,
                            .by = &kept,
                            .incident = incident,
                            .revision = revision};
    char nick[128], account[128], text[256];

    kept.text = command_without_codes(line->text, said, sizeof said);
    log_quote(nick, sizeof nick, line->nick);
    log_quote(account, sizeof account, line->account);
    log_quote(text, sizeof text, kept.text);
    if (!person && !has_room(m, line)) {
        audit_line(m, "refused at %s: nick %s account %s: %s (%s)", line->place, nick, account,
                   text, why);
        return false;
    }
    audit_write(m, &e, "refused at %s: nick %s account %s: %s (%s)", line->place, nick, account,
                text, why);
    return true;
}

void audit_refusals_due(struct model *m)
{
    int64_t due_boot_ms = NOW_NEVER;
    struct place *p;
    char hm[WHEN_BYTES];

    for (p = m->places; p; p = p->next) {
        int64_t end_boot_ms = p->refusals_since_boot_ms + AUDIT_REFUSALS_MS;

        if (!p->refusals)
            continue;
        if (end_boot_ms > m->now.boot_ms) {
            due_boot_ms = end_boot_ms < due_boot_ms ? end_boot_ms : due_boot_ms;
            continue;
        }
        if (p->refusals > AUDIT_REFUSALS_MAX)
            audit_write(m, &(struct audit_entry){.action = AUDIT_REFUSED_MORE, .place = p->name},
                        "refused at %s: %lld more since %s UTC, by people who are not listed",
                        p->name, (long long)(p->refusals - AUDIT_REFUSALS_MAX),
                        when_hm(p->refusals_since_wall_ms, hm));
        p->refusals = 0;
    }
    if (due_boot_ms != NOW_NEVER)
        model_timer_set(m, TIMER_REFUSALS, 0, due_boot_ms);
}
