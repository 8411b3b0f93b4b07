#include "obey.h"

#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "audit.h"
#include "breakglass.h"
#include "buf.h"
#include "chat.h"
#include "command.h"
#include "disk.h"
#include "err.h"
#include "hearing.h"
#include "incident.h"
#include "maintenance.h"
#include "obey_request.h"
#include "outbox.h"
#include "pace.h"
#include "propose.h"
#include "recall.h"
#include "remind.h"
#include "watch.h"

enum {
    PLACES_BYTES = 100,
    /* Answers to people who are not listed, at one place, in one minute. */
    ANSWERS_MAX = 4,
    ANSWERS_MS = 60 * 1000,
    TEXT_BYTES = 600 /* of a line that is kept */
};

/* ---- who may ----------------------------------------------------------------------------------
 */

/* People who are on the list have a measure of their own (pace.h), all others together now and
 * then: each channel has its measure, and all private talk of a network has one. */
static bool may_answer(struct model *m, const struct heard *line)
{
    struct place *p = model_place(m, line->private ? line->network : line->place);

    if (!p)
        return false;
    if (m->now.boot_ms - p->answers_since_boot_ms >= ANSWERS_MS) {
        p->answers_since_boot_ms = m->now.boot_ms;
        p->answers = 0;
    }
    if (p->answers >= ANSWERS_MAX)
        return false;
    p->answers++;
    return true;
}

/* Where nobody's account can be found out there is another way, for some. */
static bool has_way(const struct model *m, const struct request *q, enum access_verdict verdict)
{
    return q->cmd.verb == COMMAND_CONFIRM &&
           (verdict == ACCESS_UNKNOWN || verdict == ACCESS_NO_ACCOUNT || verdict == ACCESS_SOON) &&
           breakglass_is_way(m, q->line);
}

static void show_way(struct model *m, const struct request *q, const char *why)
{
    int i = settings_find_network(m->settings, q->line->network);
    const char *nick = i < 0 ? "me" : m->settings->network[i].nick;
    const char *me = q->line->me ? q->line->me : nick;
    bool same = settings_irc_equal(me, nick); /* else somebody waits for codes there, perhaps */

    SAY(m, q,
        "%s: refused, %s. With a one-time password, if you are enrolled: `/msg %s %s breakglass "
        "N.R CODE`%s%s%s",
        q->line->nick, why, me, obey_prefix(m), same ? "" : " (I am not ", same ? "" : nick,
        same ? "" : " now, do not write there)");
}

/* "network/nick" of whoever asked, for longer answers. */
static char *private_place(struct model *m, const struct request *q)
{
    char *place = buf_printf("%s/%s", q->line->network, q->line->nick);

    if (!place)
        model_fail(m);
    return place;
}

/* Where drills can be, they are not the engine's: whoever asks here is in another channel. */
static void point_to_practice(struct model *m, const struct request *q)
{
    const struct settings *s = m->settings;
    size_t i, k;

    for (i = 0; i < s->n_networks; i++)
        for (k = 0; k < s->network[i].n_channels; k++)
            if ((s->network[i].channel[k].roles & (CHANNEL_PRACTICE | CHANNEL_TALK)) ==
                CHANNEL_PRACTICE) {
                SAY(m, q, "%s: drills are in %s: `%s drill start` there", q->line->nick,
                    s->network[i].channel[k].name, obey_prefix(m));
                return;
            }
    SAY(m, q, "%s: there is no practice channel here; `crier drill` in a shell plays one",
        q->line->nick);
}

/* To whoever could see it only where they are not: by private message, and to nobody but people. */
static void refuse_outside(struct model *m, const struct request *q, const char *why)
{
    char *place = q->person ? private_place(m, q) : NULL;

    if (place)
        chat_say(m, place, SAY_ANSWER, "refused at %s, %s", q->line->place, why);
    free(place);
}

/* A command that counts elsewhere. */
static void refuse_here(struct model *m, const struct request *q)
{
    char places[PLACES_BYTES];

    if (hearing_place(m->settings, q->line) == COMMAND_IN_PRACTICE)
        SAY(m, q, "%s: this is a practice channel: nothing is drafted or published from here",
            q->line->nick);
    else
        SAY(m, q, "%s: refused, that counts only in %s", q->line->nick,
            access_places(q->cmd.verb, places, sizeof places));
}

static void refuse(struct model *m, const struct request *q, enum access_verdict verdict)
{
    const char *why = access_why(verdict);
    char who[OBEY_WHO_BYTES];
    bool recorded;

    if (verdict == ACCESS_PLACE && q->cmd.verb == COMMAND_DRILL) {
        if (q->aloud)
            point_to_practice(m, q); /* a question, rather */
        return;
    }
    recorded = audit_refusal(m, q->line, q->person, q->cmd.incident, q->cmd.revision, why);
    if (!q->aloud)
        return;
    if (verdict == ACCESS_OUTSIDE) {
        refuse_outside(m, q, why);
        return;
    }
    if (verdict == ACCESS_PLACE) {
        refuse_here(m, q);
        return;
    }
    if (recorded && q->cmd.incident && model_incident(m, q->cmd.incident)) {
        char kept[TEXT_BYTES];

        model_timeline(m, q->cmd.incident, m->now.wall_ms, "refused", q->line->nick,
                       command_without_codes(q->line->text, kept, sizeof kept));
    }
    if (verdict == ACCESS_RELAY) {
        SAY(m, q, "%s: refused, %s", q->line->nick, why);
        return;
    }
    if (has_way(m, q, verdict)) {
        show_way(m, q, why);
        return;
    }
    if (access_describe(m->settings, q->cmd.verb, who, sizeof who))
        who[0] = '\0';
    SAY(m, q, "%s: refused, %s. May do this: %s.", q->line->nick, why, who);
}

/* ---- carrying out ---------------------------------------------------------------------------- */

static struct asker asker_of(const struct request *q)
{
    return (struct asker){.person = obey_name(q),
                          .nick = q->line->nick,
                          .place = q->line->place,
                          .line = q->line->text,
                          .removed = q->line->removed,
                          .action = audit_action_of(q->cmd.verb)};
}

/* Update and correct, of what is public. */
static void change_public(struct model *m, const struct request *q)
{
    struct incident *inc = obey_find_public(m, q);
    struct asker by = asker_of(q);

    if (inc && q->cmd.verb == COMMAND_CORRECT)
        propose_correct(m, inc, &by, q->cmd.text);
    else if (inc)
        propose_update(m, inc, &by, q->cmd.step, q->cmd.text);
}

/* Edit and text, of what waits or is public. */
static void change(struct model *m, const struct request *q)
{
    struct incident *inc = obey_find_own(m, q);
    struct asker by = asker_of(q);

    if (inc && q->cmd.verb == COMMAND_TEXT)
        propose_wording(m, inc, &by, q->cmd.text);
    else if (inc)
        propose_edit(m, inc, &by, q->cmd.field, q->cmd.text);
}

static void open_by_hand(struct model *m, const struct request *q)
{
    struct asker by = asker_of(q);

    propose_draft(m, &by, q->line->private, q->cmd.text);
}

/* What it gives back depends on what else is on the page: that is read first. */
static void end(struct model *m, const struct request *q, enum revision_kind kind)
{
    struct incident *inc = obey_find_public(m, q);
    struct asker by = asker_of(q);

    if (inc)
        watch_ask_end(m, inc, &by, kind, q->cmd.text);
}

static void adopt(struct model *m, const struct request *q)
{
    struct incident *inc = obey_find(m, q);
    struct incident *into = q->cmd.into ? model_incident(m, q->cmd.into) : NULL;
    struct asker by = asker_of(q);

    if (!inc)
        return;
    if (inc->r.state != INCIDENT_FOREIGN)
        SAY(m, q, "%lld is crier's own; only an incident made by hand on the page can be adopted",
            (long long)inc->r.id);
    else if (q->cmd.into && (!into || into->r.state != INCIDENT_DRAFT))
        SAY(m, q, "%lld is no draft; `%s adopt %lld` goes on with %lld under its own number",
            (long long)q->cmd.into, obey_prefix(m), (long long)inc->r.id, (long long)inc->r.id);
    else
        watch_ask_adopt(m, inc, into, &by);
}

static void discard(struct model *m, const struct request *q)
{
    struct incident *inc = obey_find_own(m, q);
    struct revision *rev;

    if (!inc)
        return;
    rev = model_open_revision(inc);
    if (inc->r.state == INCIDENT_PUBLISHING && !rev) {
        SAY(m, q,
            "%lld is confirmed and being published; once it is public, `%s retract %lld` closes it",
            (long long)inc->r.id, obey_prefix(m), (long long)inc->r.id);
        return;
    }
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "discard", obey_name(q), q->line->text,
                      rev ? rev->r.number : 0, "");
    audit_write(m,
                &(struct audit_entry){
                    .action = AUDIT_DISCARD, .person = obey_name(q), .inc = inc, .rev = rev},
                "discard %lld by %s", (long long)inc->r.id, obey_name(q));
    if (inc->r.state == INCIDENT_DRAFT) {
        chat_home_and(m, inc, q->line->place, "%lld discarded%s", (long long)inc->r.id,
                      inc->joined ? "; its alerts stay silent until they recover" : "");
        if (incident_enter(m, inc, INCIDENT_EVENT_DISCARDED))
            model_fail(m);
        incident_end(m, inc);
        incident_forget(m, inc);
        return;
    }
    if (!rev) {
        SAY(m, q,
            "%lld is public and has no waiting proposal; `%s resolve %lld` or `retract` ends it",
            (long long)inc->r.id, obey_prefix(m), (long long)inc->r.id);
        return;
    }
    incident_set_revision(m, rev, REVISION_DROPPED);
    model_timer_clear(m, TIMER_SECOND_PERSON, inc->r.id);
    SAY(m, q, "proposal %lld.%lld dropped; the page stays as it is", (long long)inc->r.id,
        (long long)rev->r.number);
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static void show(struct model *m, const struct request *q)
{
    struct incident *inc = q->cmd.incident ? obey_find(m, q) : obey_find_only(m, q, false);
    const struct outbox *o = inc ? outbox_pending(inc) : NULL;
    const struct revision *stuck = o && o->told_queued ? model_revision(inc, o->r.revision) : NULL;

    if (!inc || (m->store_sick && disk_show(m, inc, q->line->place)))
        return;
    if (stuck && !model_open_revision(inc)) /* for whoever can post by hand */
        chat_kit(m, inc, stuck, q->line->place, SAY_ANSWER);
    else
        chat_present(m, inc, q->line->place);
}

static void who(struct model *m, const struct request *q)
{
    char *place = private_place(m, q);
    char line[OBEY_WHO_BYTES], names[64];

    if (!place)
        return;
    if (!access_describe(m->settings, COMMAND_CONFIRM, line, sizeof line))
        chat_say(m, place, SAY_ANSWER, "confirm, edit, discard, update, resolve: %s", line);
    if (q->person)
        chat_say(m, place, SAY_ANSWER, "you are %s: %s", q->person->name,
                 access_role_names(q->person->roles, names, sizeof names));
    else if (q->line->identity == IDENTITY_ACCOUNT)
        chat_say(m, place, SAY_ANSWER, "you are account %s, who is not on my list",
                 q->line->account);
    else
        chat_say(m, place, SAY_ANSWER, "you are not logged in to a services account");
    free(place);
}

static void help(struct model *m, const struct request *q)
{
    char lines[COMMAND_HELP_LINES][COMMAND_HELP_BYTES];
    char *place = private_place(m, q);
    size_t n = command_help(obey_prefix(m), q->cmd.text, lines, COMMAND_HELP_LINES);
    size_t i;

    for (i = 0; place && i < n; i++)
        chat_say(m, place, SAY_ANSWER, "%s", lines[i]);
    free(place);
}

/* For the report alone. */
static void note(struct model *m, const struct request *q)
{
    long long n = q->cmd.incident;
    bool over = !model_incident(m, n) && n > 0 && n < m->meta.next_incident;

    /* what is over is written about most, and is in memory no more */
    if (!over && !obey_find_own(m, q))
        return;
    model_timeline(m, n, m->now.wall_ms, "note", obey_name(q), q->cmd.text);
    audit_write(m,
                &(struct audit_entry){.action = AUDIT_NOTE, .person = obey_name(q), .incident = n},
                "note to %lld by %s", n, obey_name(q));
    SAY(m, q, "noted for the report of %lld", n);
}

static void mute(struct model *m, const struct request *q)
{
    struct asker by = asker_of(q);

    if (q->cmd.verb == COMMAND_MUTE)
        remind_mute(m, &by, q->cmd.duration_ms, q->cmd.text);
    else
        remind_unmute(m, &by);
}

/* Whoever may change an incident and speaks about it has seen it. @return that incident or NULL. */
static struct incident *note_reaction(struct model *m, const struct request *q)
{
    struct incident *inc = NULL, *it;
    bool several = false;

    if (!access_changes(&q->cmd))
        return NULL;
    if (q->cmd.incident) {
        inc = model_incident(m, q->cmd.incident);
    } else if (q->cmd.verb == COMMAND_CONFIRM) {
        for (it = m->incidents; it; it = it->next)
            if (model_is_open(it) && model_open_revision(it)) {
                several = inc != NULL;
                inc = it;
            }
    }
    if (!inc || several)
        return NULL;
    remind_reacted(m, inc);
    return inc;
}

static void carry_out(struct model *m, const struct request *q)
{
    struct incident *inc = note_reaction(m, q);
    struct asker by;

    switch (q->cmd.verb) {
    case COMMAND_STATUS:
        if (m->store_sick)
            disk_status(m, q->line->place);
        chat_status(m, q->line->place);
        return;
    case COMMAND_SHOW:
        show(m, q);
        return;
    case COMMAND_CONFIRM:
        obey_confirm(m, q);
        if (inc && model_open_revision(inc))
            remind_foot(m, inc); /* nothing came of it: people may believe that it did */
        return;
    case COMMAND_BREAKGLASS: /* obey() has done that */
        return;
    case COMMAND_EDIT:
        change(m, q);
        return;
    case COMMAND_TEXT:
        change(m, q);
        return;
    case COMMAND_DISCARD:
        discard(m, q);
        return;
    case COMMAND_OPEN:
        open_by_hand(m, q);
        return;
    case COMMAND_UPDATE:
        change_public(m, q);
        return;
    case COMMAND_RESOLVE:
        end(m, q, REVISION_RESOLVE);
        return;
    case COMMAND_CORRECT:
        change_public(m, q);
        return;
    case COMMAND_RETRACT:
        end(m, q, REVISION_RETRACT);
        return;
    case COMMAND_ADOPT:
        adopt(m, q);
        return;
    case COMMAND_NOTE:
        note(m, q);
        return;
    case COMMAND_TIMELINE:
        recall_timeline(m, q->line, q->cmd.incident);
        return;
    case COMMAND_REPORT:
        recall_report(m, q->line, q->cmd.incident);
        return;
    case COMMAND_MUTE:
    case COMMAND_UNMUTE:
        mute(m, q);
        return;
    case COMMAND_MAINTENANCE:
        by = asker_of(q);
        maintenance_command(m, &by, q->cmd.text);
        return;
    case COMMAND_DRILL: /* not the engine's, see run_drill.h */
        return;
    case COMMAND_WHO:
        who(m, q);
        return;
    case COMMAND_HELP:
        help(m, q);
        return;
    }
}

/* While the store does not write, whoever it is: what changes something is refused, and not even
 * noted. */
static void refuse_sick(struct model *m, const struct request *q)
{
    (void)audit_refusal(m, q->line, q->person, q->cmd.incident, q->cmd.revision,
                        "the store does not write");
    if (q->aloud)
        disk_refuse(m, q->cmd.incident ? model_incident(m, q->cmd.incident) : NULL, q->line->nick,
                    q->line->place);
}

/*
 * Whether a command of somebody on the list is one that is heeded, by how many there were lately.
 *
 * @param parsed whether it is a command at all. @param ret_over they have said too much: what they
 *               decide is carried out all the same, with an answer now and then.
 */
static bool keeps_pace(struct model *m, const struct request *q, bool parsed, bool *ret_over)
{
    const char *place = q->line->private ? NULL : q->line->place;
    bool reads = !parsed || !access_changes(&q->cmd);
    struct pace pace = pace_take(m, q->person->name, place, reads);

    *ret_over = pace.kind == PACE_PERSON;
    if (pace.kind == PACE_FREE)
        return true;
    if (pace.kind == PACE_PERSON && parsed &&
        (q->cmd.verb == COMMAND_CONFIRM || q->cmd.verb == COMMAND_DISCARD)) {
        m->terse = !pace_may_answer(m, q->person->name);
        return true;
    }
    if (!pace.tell)
        return false;
    if (pace.kind == PACE_PERSON)
        SAY(m, q,
            "%s: that was %lld commands in a minute: for a moment I heed only your confirm and "
            "discard",
            q->line->nick, (long long)m->settings->chat.commands_per_minute);
    else
        SAY(m, q,
            "%s: %lld commands in a minute here: for a moment I answer no questions; what "
            "changes something I do",
            q->line->nick, (long long)m->settings->chat.channel_commands_per_minute);
    return false;
}

static void obey(struct model *m, const struct heard *line)
{
    struct request q = {.line = line};
    char why[COMMAND_WHY_BYTES];
    int i = hearing_person(m->settings, line);
    enum access_verdict verdict;
    bool over = false;
    int r;

    if (i >= 0)
        q.person = &m->settings->person[i];
    r = command_parse(obey_prefix(m), line->text, &q.cmd, why, sizeof why);
    if (r == CRIER_ENOENT || line->notice || !hearing_place(m->settings, line)) {
        explicit_bzero(q.cmd.code, sizeof q.cmd.code);
        if (!line->private)
            breakglass_overheard(m, line);
        return;
    }
    if (!r && q.cmd.verb == COMMAND_BREAKGLASS) { /* has measures of its own */
        struct heard kept = *line;                /* as the audit has it: without the code */

        kept.text = "breakglass";
        m->speaker = &kept;
        breakglass_command(m, line, &q.cmd);
        m->speaker = line;
        explicit_bzero(q.cmd.code, sizeof q.cmd.code);
        return;
    }
    if ((r || q.cmd.incident >= OBEY_REPEATED_MAX) && !line->private)
        breakglass_overheard(m, line);
    if (r && line->private && hearing_is_slip(line->text))
        q.aloud = q.person || breakglass_may_answer(m, line);
    else
        q.aloud = q.person || may_answer(m, line);
    m->turn->to_stranger = !q.person;
    if (q.person && !keeps_pace(m, &q, !r, &over))
        return;
    if (r) {
        if (q.aloud && !line->outside && !hearing_relay(m->settings, line))
            SAY(m, &q, "%s: %s", line->nick, why);
        return;
    }
    verdict = access_judge(m->settings, line, &q.cmd, i);
    if (over && verdict != ACCESS_GRANTED)
        return; /* the audit has those of this minute that came before */
    if (verdict != ACCESS_GRANTED && verdict <= ACCESS_PLACE)
        refuse(m, &q, verdict);
    else if (q.aloud && m->store_sick && access_changes(&q.cmd))
        refuse_sick(m, &q);
    else if (verdict != ACCESS_GRANTED)
        refuse(m, &q, verdict);
    else if (q.aloud)
        carry_out(m, &q);
}

void obey_command(struct model *m, const struct heard *line)
{
    m->turn->ahead = m->store_sick; /* what is left of the commands then changes nothing */
    m->asked = true;
    m->speaker = line;
    obey(m, line);
    m->speaker = NULL;
    m->asked = m->terse = false;
    m->turn->ahead = false;
    m->turn->to_stranger = false;
}
