#include "obey.h"

#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "audit.h"
#include "buf.h"
#include "chat.h"
#include "incident.h"
#include "obey_request.h"
#include "outbox.h"
#include "remind.h"
#include "utf8.h"

enum { WAY_BYTES = 120 };

/* Two lines at most: the words that there are, and how to confirm these instead of R. */
static void show_instead(struct model *m, const struct request *q, struct incident *inc,
                         const struct revision *rev, int64_t meant, const char *why)
{
    char way[WAY_BYTES] = "", *note;

    if (!q->aloud)
        return;
    if (q->glass)
        (void)utf8_print(way, sizeof way, ", with a code `%s breakglass %lld.%lld CODE`",
                         obey_prefix(m), (long long)inc->r.id, (long long)rev->r.number);
    note = buf_printf("%s: nothing is published, %lld.%lld %s%s:", q->line->nick,
                      (long long)inc->r.id, (long long)meant, why, way);
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
        SAY(m, q, "%lld.%lld was dropped; `%s show %lld` shows what there is", n, r, obey_prefix(m),
            n);
    } else {
        SAY(m, q, "there is no %lld.%lld; `%s show %lld` shows what there is", n, r, obey_prefix(m),
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
    bool again = why && is_first_here(m, rev) && !strcmp(rev->r.first_approval, obey_name(q));

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
        if (!model_text(m, &rev->r.first_approval, obey_name(q)))
            return false;
        model_put(m, RECORD_REVISION, &rev->r);
        model_timeline_of(m, inc->r.id, m->now.wall_ms, "confirm", obey_name(q),
                          q->glass ? "first of two, by one-time password (break-glass)"
                                   : "first of two",
                          rev->r.number, "");
        audit_write(
            m,
            &(struct audit_entry){
                .action = AUDIT_FIRST_CONFIRM, .person = obey_name(q), .inc = inc, .rev = rev},
            "first confirm %lld.%lld of two by %s at %s%s", (long long)inc->r.id,
            (long long)rev->r.number, obey_name(q), q->line->place, by_what(q));
        model_timer_set(m, TIMER_SECOND_PERSON, inc->r.id,
                        m->now.boot_ms + m->settings->chat.second_person_ms);
        chat_home_and(m, inc, q->line->place,
                      "%lld.%lld %s and needs a second person: another of you, `%s confirm "
                      "%lld.%lld`",
                      (long long)inc->r.id, (long long)rev->r.number, why, obey_prefix(m),
                      (long long)inc->r.id, (long long)rev->r.number);
        return false;
    }
    return !is_same_again(m, q, inc, rev);
}

void obey_second_person_due(struct model *m, struct incident *inc)
{
    struct revision *rev = model_open_revision(inc);
    char who[OBEY_WHO_BYTES];

    if (!rev || !rev->r.first_approval[0] || !needs_two(m, inc, rev))
        return;
    if (access_describe(m->settings, COMMAND_CONFIRM, who, sizeof who))
        who[0] = '\0';
    if (incident_hides_secret(inc, rev)) {
        chat_home(m, inc, SAY_PROMPT,
                  "%lld.%lld still needs a second person (%s). Or without what looks like a key or "
                  "password: `%s edit %lld body TEXT`",
                  (long long)inc->r.id, (long long)rev->r.number, who, obey_prefix(m),
                  (long long)inc->r.id);
        return;
    }
    chat_home(m, inc, SAY_PROMPT,
              "%lld.%lld still needs a second person (%s). Or as major, with one: `%s edit %lld "
              "impact major`",
              (long long)inc->r.id, (long long)rev->r.number, who, obey_prefix(m),
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
                                 .made_by = rev->r.made_by[0] ? obey_name(q) : NULL};
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
            (long long)inc->r.id, (long long)rev->r.number, obey_prefix(m), (long long)inc->r.id,
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
                                      .person = obey_name(q),
                                      .inc = inc,
                                      .rev = rev},
                "confirm %lld.%lld by %s at %s%s%s", (long long)inc->r.id, (long long)rev->r.number,
                obey_name(q), q->line->place, by_what(q), q->cmd.quiet ? ", no mail" : "");
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "confirm", obey_name(q),
                      q->glass ? "by one-time password (break-glass)" : q->line->text,
                      rev->r.number, "");
    outbox_confirm(m, inc, rev, obey_name(q), q->line->place, q->cmd.quiet, q->glass);
}

void obey_confirm(struct model *m, const struct request *q)
{
    struct incident *inc = q->cmd.incident ? obey_find_own(m, q) : obey_find_only(m, q, true);
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
    struct incident *inc = obey_find_own(m, &q);
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
                         obey_name(q), (long long)inc->r.id, (long long)q->cmd.revision,
                         q->line->nick, q->line->userhost);
            free(place);
        }
}

bool obey_approve(struct model *m, const struct approval *a)
{
    struct request q = request_of(a);
    struct incident *inc = obey_find_own(m, &q);
    struct revision *rev = inc ? find_confirmable(m, &q, inc) : NULL;

    if (!rev || is_same_again(m, &q, inc, rev) || !gives_back_what_is_free(m, &q, inc, rev))
        return false;
    remind_reacted(m, inc);
    say_aloud(m, &q, inc);
    if (is_approved(m, &q, inc, rev))
        take_confirm(m, &q, inc, rev);
    return true;
}
