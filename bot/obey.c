#include "obey.h"

#include <assert.h>
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
#include "outbox.h"
#include "pace.h"
#include "propose.h"
#include "recall.h"
#include "remind.h"
#include "utf8.h"
#include "watch.h"

enum {
    WHO_BYTES = 300,
    PLACES_BYTES = 100,
    /* Answers to people who are not listed, at one place, in one minute. */
    ANSWERS_MAX = 4,
    ANSWERS_MS = 60 * 1000,
    REPEATED_MAX = 10000, /* unknown numbers below are repeated to whoever typed them */
    TEXT_BYTES = 600      /* of a line that is kept */
};

/* Everything that the handlers need about one command. */
struct request {
    const struct heard *line;
    const struct person_settings *person; /* NULL: not listed */
    struct command cmd;
    bool aloud; /* it is answered; see may_answer() */
    bool glass; /* by one-time password */
};

#define SAY(m, q, ...)                                              \
    do {                                                            \
        if ((q)->aloud)                                             \
            chat_say(m, (q)->line->place, SAY_ANSWER, __VA_ARGS__); \
    } while (0)

static const char *prefix_of(const struct model *m)
{
    return m->settings->chat.prefix;
}

/* Of whoever gives a command that takes a role: access_judge() lets nobody else through. */
static const char *name_of(const struct request *q)
{
    assert(q->person);
    return q->person->name;
}

/* ---- who may
 * ---------------------------------------------------------------------------------------- */

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

    SAY(m, q,
        "%s: refused, %s. With a one-time password, if you are enrolled: `/msg %s %s breakglass "
        "N.R CODE`",
        q->line->nick, why, i < 0 ? "me" : m->settings->network[i].nick, prefix_of(m));
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
                    s->network[i].channel[k].name, prefix_of(m));
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
    char who[WHO_BYTES];
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

/* ---- finding what is meant
 * ----------------------------------------------------------------------------- */

static struct incident *find_incident(struct model *m, const struct request *q)
{
    struct incident *inc = model_incident(m, q->cmd.incident);
    const struct revision *open = inc ? model_open_revision(inc) : NULL;

    if (inc && q->cmd.revision && q->cmd.verb != COMMAND_CONFIRM && open &&
        open->r.number != q->cmd.revision) {
        SAY(m, q, "%lld.%lld is not what waits now, %lld.%lld is: nothing done",
            (long long)inc->r.id, (long long)q->cmd.revision, (long long)inc->r.id,
            (long long)open->r.number);
        return NULL;
    }
    if (inc && (model_is_open(inc) || inc->r.state == INCIDENT_FOREIGN))
        return inc;
    if (q->cmd.incident > 0 && q->cmd.incident < m->meta.next_incident)
        SAY(m, q, "%lld is closed; `%s` shows what is open", (long long)q->cmd.incident,
            prefix_of(m));
    else if (q->cmd.incident < REPEATED_MAX)
        SAY(m, q, "there is no %lld; `%s` shows what is open", (long long)q->cmd.incident,
            prefix_of(m));
    else /* it may be a one-time password */
        SAY(m, q, "there is no such number; `%s` shows what is open", prefix_of(m));
    return NULL;
}

/* For show and confirm without a number: the only one that is meant by it. */
static struct incident *find_only(struct model *m, const struct request *q, bool waiting)
{
    struct incident *inc, *only = NULL;

    for (inc = m->incidents; inc; inc = inc->next) {
        if (!model_is_open(inc))
            continue;
        if (waiting && !model_open_revision(inc))
            continue;
        if (only) {
            SAY(m, q, "several are open: say `%s %s N`", prefix_of(m),
                waiting ? "confirm" : "show");
            chat_status(m, q->line->place);
            return NULL;
        }
        only = inc;
    }
    if (!only && waiting && chat_anything_open(m))
        SAY(m, q, "nothing waits for a confirm");
    else if (!only)
        chat_status(m, q->line->place);
    return only;
}

/* The same, but not one that was made by hand and is not adopted. */
static struct incident *find_own(struct model *m, const struct request *q)
{
    struct incident *inc = find_incident(m, q);

    if (!inc || inc->r.state != INCIDENT_FOREIGN)
        return inc;
    SAY(m, q, "%lld was made by hand on the page: `%s adopt %lld` first", (long long)inc->r.id,
        prefix_of(m), (long long)inc->r.id);
    return NULL;
}

static struct incident *find_public(struct model *m, const struct request *q)
{
    struct incident *inc = find_own(m, q);

    if (!inc || inc->r.state == INCIDENT_PUBLIC)
        return inc;
    if (inc->r.state == INCIDENT_PUBLISHING)
        SAY(m, q, "%lld is being published; once it is public this will work",
            (long long)inc->r.id);
    else
        SAY(m, q,
            "%lld is not public yet: `%s confirm %lld.%lld` publishes it, edit and discard change "
            "it",
            (long long)inc->r.id, prefix_of(m), (long long)inc->r.id,
            (long long)inc->r.last_revision);
    return NULL;
}

/* ---- confirm
 * --------------------------------------------------------------------------------------------- */

/* Two lines at most: the words that there are, and how to confirm these instead of R. */
static void show_instead(struct model *m, const struct request *q, struct incident *inc,
                         const struct revision *rev, int64_t meant, const char *why)
{
    char *note;

    if (!q->aloud)
        return;
    note = buf_printf("%s: nothing is published, %lld.%lld %s:", q->line->nick,
                      (long long)inc->r.id, (long long)meant, why);

    if (note)
        chat_show_instead(m, inc, rev, q->line->place, note);
    else
        model_fail(m);
    free(note);
}

static void tell_not_open(struct model *m, const struct request *q, struct incident *inc,
                          const struct revision *rev)
{
    struct revision *now = model_open_revision(inc);
    long long n = inc->r.id, r = rev ? rev->r.number : q->cmd.revision;

    if (rev && rev->r.state == REVISION_CONFIRMED) {
        SAY(m, q, "%lld.%lld is confirmed already and being sent", n, r);
    } else if (rev && rev->r.state == REVISION_PUBLISHED) {
        SAY(m, q, "%lld.%lld is public already: %s", n, r, chat_url(m, inc));
    } else if (now) {
        show_instead(m, q, inc, now, r, rev ? "was replaced" : "does not exist");
    } else if (rev) {
        SAY(m, q, "%lld.%lld was dropped; `%s show %lld` shows what there is", n, r, prefix_of(m),
            n);
    } else {
        SAY(m, q, "there is no %lld.%lld; `%s show %lld` shows what there is", n, r, prefix_of(m),
            n);
    }
}

/* Somebody may have been taken off the list since. */
static bool may_still_approve(const struct model *m, const char *person)
{
    int i = person[0] ? settings_find_person(m->settings, person) : -1;

    return i >= 0 && access_allows(m->settings->person[i].roles, COMMAND_CONFIRM);
}

static const char *by_what(const struct request *q)
{
    return q->glass ? " by one-time password (break-glass)" : "";
}

/* @return why two people are needed, as in "it is critical"; NULL: one is enough. */
static const char *needs_two(const struct model *m, const struct incident *inc,
                             const struct revision *rev)
{
    if (incident_hides_secret(inc, rev))
        return "has what looks like a key or password";
    if (m->settings->chat.two_for_critical && rev->r.impact == IMPACT_CRITICAL &&
        rev->r.step != STEP_RESOLVED)
        return "is critical";
    return NULL;
}

/* Whether somebody's confirm stands, where two are needed. */
static bool is_first_here(const struct model *m, const struct revision *rev)
{
    return may_still_approve(m, rev->r.first_approval) &&
           m->now.boot_ms - rev->approved_boot_ms < m->settings->chat.confirm_expires_ms;
}

/* @return true when this person was the first already, which is said. */
static bool is_same_again(struct model *m, const struct request *q, const struct incident *inc,
                          const struct revision *rev)
{
    const char *why = needs_two(m, inc, rev);
    bool again = why && is_first_here(m, rev) && !strcmp(rev->r.first_approval, name_of(q));

    if (again)
        SAY(m, q, "%s: you confirmed %lld.%lld already; it %s and needs a second person",
            q->line->nick, (long long)inc->r.id, (long long)rev->r.number, why);
    return again;
}

/* Where two people are needed: @return true when the second has come, or one is enough. */
static bool is_approved(struct model *m, const struct request *q, struct incident *inc,
                        struct revision *rev)
{
    const char *why = needs_two(m, inc, rev);

    if (!why)
        return true;
    if (!is_first_here(m, rev)) {
        rev->r.first_approval_wall_ms = m->now.wall_ms;
        rev->approved_boot_ms = m->now.boot_ms;
        if (!model_text(m, &rev->r.first_approval, name_of(q)))
            return false;
        model_put(m, RECORD_REVISION, &rev->r);
        model_timeline_of(m, inc->r.id, m->now.wall_ms, "confirm", name_of(q),
                          q->glass ? "first of two, by one-time password (break-glass)"
                                   : "first of two",
                          rev->r.number, "");
        audit_write(
            m,
            &(struct audit_entry){
                .action = AUDIT_FIRST_CONFIRM, .person = name_of(q), .inc = inc, .rev = rev},
            "first confirm %lld.%lld of two by %s at %s%s", (long long)inc->r.id,
            (long long)rev->r.number, name_of(q), q->line->place, by_what(q));
        model_timer_set(m, TIMER_SECOND_PERSON, inc->r.id,
                        m->now.boot_ms + m->settings->chat.second_person_ms);
        chat_home_and(m, inc, q->line->place,
                      "%lld.%lld %s and needs a second person: another of you, `%s confirm "
                      "%lld.%lld`",
                      (long long)inc->r.id, (long long)rev->r.number, why, prefix_of(m),
                      (long long)inc->r.id, (long long)rev->r.number);
        return false;
    }
    return !is_same_again(m, q, inc, rev);
}

void obey_second_person_due(struct model *m, struct incident *inc)
{
    struct revision *rev = model_open_revision(inc);
    char who[WHO_BYTES];

    if (!rev || !rev->r.first_approval[0])
        return;
    if (access_describe(m->settings, COMMAND_CONFIRM, who, sizeof who))
        who[0] = '\0';
    if (incident_hides_secret(inc, rev)) {
        chat_home(m, inc, SAY_PROMPT,
                  "%lld.%lld still needs a second person (%s). Or without what looks like a key or "
                  "password: `%s edit %lld body TEXT`",
                  (long long)inc->r.id, (long long)rev->r.number, who, prefix_of(m),
                  (long long)inc->r.id);
        return;
    }
    chat_home(m, inc, SAY_PROMPT,
              "%lld.%lld still needs a second person (%s). Or as major, with one: `%s edit %lld "
              "impact major`",
              (long long)inc->r.id, (long long)rev->r.number, who, prefix_of(m),
              (long long)inc->r.id);
}

/* Nothing goes public behind the end of an incident. */
static bool is_last_word(struct model *m, const struct request *q, const struct incident *inc)
{
    const struct revision *end = incident_ending(inc);

    if (end)
        SAY(m, q, "%lld.%lld ends it and is being sent: nothing more of %lld can be published now",
            (long long)inc->r.id, (long long)end->r.number, (long long)inc->r.id);
    return !end;
}

/* Others may have come to hold a component since the end was proposed: then that is shown anew. */
static bool gives_back_what_is_free(struct model *m, const struct request *q, struct incident *inc,
                                    const struct revision *rev)
{
    struct revision_plan plan = {.kind = (enum revision_kind)rev->r.kind,
                                 .step = (enum step)rev->r.step,
                                 .impact = (enum impact)rev->r.impact,
                                 .title = rev->r.title,
                                 .body = rev->r.body,
                                 .wording = rev->r.wording,
                                 /* signals go on taking back what they proposed */
                                 .made_by = rev->r.made_by[0] ? name_of(q) : NULL};
    struct components c;
    const struct revision *now;
    bool changed = false;

    if (rev->r.step != STEP_RESOLVED)
        return true;
    components_init(&c);
    plan.components = &c;
    if (components_parse(&c, rev->r.components))
        model_fail(m);
    else
        changed = incident_respect(m, inc, &c);
    if (changed && (now = incident_revise(m, inc, &plan)) != NULL) {
        chat_announce(m, inc, now, false);
        if (strcmp(q->line->place, inc->r.home) != 0)
            chat_show(m, inc, now, q->line->place, SAY_ANSWER);
    }
    components_finish(&c);
    return !changed;
}

/* @return when it was first shown where that counts (boot clock), or NOW_NEVER. Whoever confirms by
 * one-time password is in no channel that crier could tell: what was shown anywhere counts then. */
static int64_t shown_at(const struct request *q, const struct incident *inc, int64_t revision)
{
    int64_t at = incident_shown_at(inc, revision, q->line->place);
    const struct shown *s;

    for (s = q->glass ? inc->shown : NULL; s; s = s->next)
        if (s->r.revision == revision && s->boot_ms < at)
            at = s->boot_ms;
    return at;
}

/* @return the revision that is meant and may be published, or NULL: it was said why not. */
static struct revision *find_confirmable(struct model *m, const struct request *q,
                                         struct incident *inc)
{
    struct revision *rev =
        q->cmd.revision ? model_revision(inc, q->cmd.revision) : model_open_revision(inc);
    int64_t shown;

    if (!rev && !q->cmd.revision) {
        SAY(m, q, "%lld has nothing that waits for a confirm", (long long)inc->r.id);
        return NULL;
    }
    if (!rev || rev->r.state != REVISION_OPEN) {
        tell_not_open(m, q, inc, rev);
        return NULL;
    }
    shown = shown_at(q, inc, rev->r.number);
    if (shown == NOW_NEVER) {
        /* nobody publishes words that they did not see: here they are */
        show_instead(m, q, inc, rev, rev->r.number, "had not been shown here");
        return NULL;
    }
    if (!q->cmd.revision && m->now.boot_ms - shown < m->settings->chat.confirm_guard_ms) {
        SAY(m, q, "%lld.%lld has only just been shown: if you mean it, `%s confirm %lld.%lld`",
            (long long)inc->r.id, (long long)rev->r.number, prefix_of(m), (long long)inc->r.id,
            (long long)rev->r.number);
        return NULL;
    }
    return is_last_word(m, q, inc) ? rev : NULL;
}

/* What a second person has to say too, they have said. */
static void take_confirm(struct model *m, const struct request *q, struct incident *inc,
                         struct revision *rev)
{
    audit_write(m,
                &(struct audit_entry){.action = q->glass ? AUDIT_BREAK_GLASS : AUDIT_CONFIRM,
                                      .person = name_of(q),
                                      .inc = inc,
                                      .rev = rev},
                "confirm %lld.%lld by %s at %s%s%s", (long long)inc->r.id, (long long)rev->r.number,
                name_of(q), q->line->place, by_what(q), q->cmd.quiet ? ", no mail" : "");
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "confirm", name_of(q),
                      q->glass ? "by one-time password (break-glass)" : q->line->text,
                      rev->r.number, "");
    outbox_confirm(m, inc, rev, name_of(q), q->line->place, q->cmd.quiet);
}

static void confirm(struct model *m, const struct request *q)
{
    struct incident *inc = q->cmd.incident ? find_own(m, q) : find_only(m, q, true);
    struct revision *rev = inc ? find_confirmable(m, q, inc) : NULL;

    if (rev && gives_back_what_is_free(m, q, inc, rev) && is_approved(m, q, inc, rev))
        take_confirm(m, q, inc, rev);
}

/* ---- confirming by one-time password --------------------------------------------------------- */

static struct request request_of(const struct approval *a)
{
    return (struct request){.line = a->line,
                            .person = a->person,
                            .cmd = {.verb = COMMAND_CONFIRM,
                                    .incident = a->incident,
                                    .revision = a->revision,
                                    .quiet = a->quiet,
                                    .text = ""},
                            .aloud = a->aloud,
                            .glass = true};
}

bool obey_may_approve(struct model *m, const struct approval *a)
{
    struct request q = request_of(a);
    struct incident *inc = find_own(m, &q);
    const struct revision *rev = inc ? find_confirmable(m, &q, inc) : NULL;

    return rev && !is_same_again(m, &q, inc, rev);
}

/* In the home channel; where that is out of reach, wherever people talk. */
static void say_aloud(struct model *m, const struct request *q, const struct incident *inc)
{
    const struct settings *s = m->settings;
    bool home = model_is_joined(m, inc->r.home);
    size_t i, k;

    for (i = 0; i < s->n_networks; i++)
        for (k = 0; k < s->network[i].n_channels; k++) {
            char *place = buf_printf("%s/%s", s->network[i].name, s->network[i].channel[k].name);

            if (!place)
                model_fail(m);
            else if (home ? !strcmp(place, inc->r.home)
                          : (s->network[i].channel[k].roles & CHANNEL_TALK) &&
                                model_is_joined(m, place))
                chat_say(m, place, SAY_ANSWER,
                         "%s confirmed %lld.%lld by one-time password (break-glass), as %s!%s",
                         name_of(q), (long long)inc->r.id, (long long)q->cmd.revision,
                         q->line->nick, q->line->userhost);
            free(place);
        }
}

bool obey_approve(struct model *m, const struct approval *a)
{
    struct request q = request_of(a);
    struct incident *inc = find_own(m, &q);
    struct revision *rev = inc ? find_confirmable(m, &q, inc) : NULL;

    if (!rev || is_same_again(m, &q, inc, rev) || !gives_back_what_is_free(m, &q, inc, rev))
        return false;
    remind_reacted(m, inc);
    say_aloud(m, &q, inc);
    if (is_approved(m, &q, inc, rev))
        take_confirm(m, &q, inc, rev);
    return true;
}

/* ---- carrying out ---------------------------------------------------------------------------- */

static struct asker asker_of(const struct request *q)
{
    return (struct asker){.person = name_of(q),
                          .nick = q->line->nick,
                          .place = q->line->place,
                          .line = q->line->text,
                          .removed = q->line->removed,
                          .action = audit_action_of(q->cmd.verb)};
}

/* Update and correct, of what is public. */
static void change_public(struct model *m, const struct request *q)
{
    struct incident *inc = find_public(m, q);
    struct asker by = asker_of(q);

    if (inc && q->cmd.verb == COMMAND_CORRECT)
        propose_correct(m, inc, &by, q->cmd.text);
    else if (inc)
        propose_update(m, inc, &by, q->cmd.step, q->cmd.text);
}

/* Edit and text, of what waits or is public. */
static void change(struct model *m, const struct request *q)
{
    struct incident *inc = find_own(m, q);
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
    struct incident *inc = find_public(m, q);
    struct asker by = asker_of(q);

    if (inc)
        watch_ask_end(m, inc, &by, kind, q->cmd.text);
}

static void adopt(struct model *m, const struct request *q)
{
    struct incident *inc = find_incident(m, q);
    struct incident *into = q->cmd.into ? model_incident(m, q->cmd.into) : NULL;
    struct asker by = asker_of(q);

    if (!inc)
        return;
    if (inc->r.state != INCIDENT_FOREIGN)
        SAY(m, q, "%lld is crier's own; only an incident made by hand on the page can be adopted",
            (long long)inc->r.id);
    else if (q->cmd.into && (!into || into->r.state != INCIDENT_DRAFT))
        SAY(m, q, "%lld is no draft; `%s adopt %lld` goes on with %lld under its own number",
            (long long)q->cmd.into, prefix_of(m), (long long)inc->r.id, (long long)inc->r.id);
    else
        watch_ask_adopt(m, inc, into, &by);
}

static void discard(struct model *m, const struct request *q)
{
    struct incident *inc = find_own(m, q);
    struct revision *rev;

    if (!inc)
        return;
    rev = model_open_revision(inc);
    if (inc->r.state == INCIDENT_PUBLISHING && !rev) {
        SAY(m, q,
            "%lld is confirmed and being published; once it is public, `%s retract %lld` closes it",
            (long long)inc->r.id, prefix_of(m), (long long)inc->r.id);
        return;
    }
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "discard", name_of(q), q->line->text,
                      rev ? rev->r.number : 0, "");
    audit_write(m,
                &(struct audit_entry){
                    .action = AUDIT_DISCARD, .person = name_of(q), .inc = inc, .rev = rev},
                "discard %lld by %s", (long long)inc->r.id, name_of(q));
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
            (long long)inc->r.id, prefix_of(m), (long long)inc->r.id);
        return;
    }
    incident_set_revision(m, rev, REVISION_DROPPED);
    model_timer_clear(m, TIMER_SECOND_PERSON, inc->r.id);
    SAY(m, q, "proposal %lld.%lld dropped; the page stays as it is", (long long)inc->r.id,
        (long long)rev->r.number);
}

/* ---- asking
 * ------------------------------------------------------------------------------------------------
 */

static void show(struct model *m, const struct request *q)
{
    struct incident *inc = q->cmd.incident ? find_incident(m, q) : find_only(m, q, false);
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
    char line[WHO_BYTES], names[64];

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
    size_t n = command_help(prefix_of(m), q->cmd.text, lines, COMMAND_HELP_LINES);
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
    if (!over && !find_own(m, q))
        return;
    model_timeline(m, n, m->now.wall_ms, "note", name_of(q), q->cmd.text);
    audit_write(m, &(struct audit_entry){.action = AUDIT_NOTE, .person = name_of(q), .incident = n},
                "note to %lld by %s", n, name_of(q));
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
        confirm(m, q);
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
    r = command_parse(prefix_of(m), line->text, &q.cmd, why, sizeof why);
    if (r == CRIER_ENOENT)
        return;
    if (!r && q.cmd.verb == COMMAND_BREAKGLASS) { /* has measures of its own */
        struct heard kept = *line;                /* as the audit has it: without the code */

        kept.text = "breakglass";
        m->speaker = &kept;
        breakglass_command(m, line, &q.cmd);
        m->speaker = line;
        explicit_bzero(q.cmd.code, sizeof q.cmd.code);
        return;
    }
    if (r && !line->private)
        breakglass_overheard(m, line);
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
