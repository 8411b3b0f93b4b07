#include "remind.h"

#include <string.h>

#include "access.h"
#include "alarms.h"
#include "alerts.h"
#include "audit.h"
#include "budget.h"
#include "buf.h"
#include "chat.h"
#include "deploys.h"
#include "incident.h"
#include "outbox.h"
#include "when.h"

enum {
    GAP_MS = 60 * 1000,   /* between two reminders of one incident */
    RETRY_MS = 60 * 1000, /* what could not be said now is tried again */
    PROGRESS_MS = 1000,   /* a deadline that changed nothing is not looked at again before */
    DAY_MS = 24 * 60 * 60 * 1000,
    NAMES_MAX = 3,
    LINE_MAX = 420
};

/* Rungs that have been climbed. */
enum { RUNG_NONE, RUNG_PRESENT, RUNG_DUTY, RUNG_CHANNEL };

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static const struct reminder_settings *rules_of(const struct model *m)
{
    return &m->settings->reminders;
}

bool remind_is_muted(const struct model *m)
{
    return m->now.boot_ms < m->mute_boot_ms;
}

/* When its home could be spoken to again; NOW_NEVER: it cannot. */
static int64_t joined_since(const struct model *m, const struct incident *inc)
{
    const struct place *p;

    for (p = m->places; p; p = p->next)
        if (p->joined && !strcmp(p->name, inc->r.home))
            return p->joined_boot_ms;
    return NOW_NEVER;
}

/* ---- what waits: the ladder
 * ------------------------------------------------------------------------------ */

/* It would tell readers of more than they know. */
static bool widens(const struct incident *inc, const struct revision *rev)
{
    const struct revision *known = model_public_revision(inc);
    size_t i;

    if (rev->r.kind == REVISION_WIDENING)
        return true;
    if (!known || rev->r.step == STEP_RESOLVED || rev->r.kind == REVISION_DRAFT)
        return false;
    for (i = 0; i < rev->components.n; i++) {
        const struct component_claim *claim =
            components_find(&known->components, rev->components.item[i].name);

        if (!claim || claim->status < rev->components.item[i].status)
            return true;
    }
    return rev->r.impact > known->r.impact;
}

/* Drafts, and what widens, are worth waking somebody for; other proposals are called out once. */
static bool is_grave(const struct incident *inc, const struct revision *rev)
{
    return rev->r.kind == REVISION_DRAFT || widens(inc, rev);
}

static bool has_second(const struct model *m, const struct incident *inc)
{
    const char *second = rules_of(m)->second_channel;

    return second && strcmp(second, inc->r.home) != 0;
}

/* The next rung that is not switched off, and how long after the ladder's foot. */
static int64_t next_rung(const struct model *m, const struct incident *inc,
                         const struct revision *rev, int64_t *ret_delay_ms)
{
    const struct reminder_settings *s = rules_of(m);
    const int64_t delay[] = {0, s->draft_ms, s->duty_ms, s->channel_ms};
    int64_t rung, last = is_grave(inc, rev) ? RUNG_CHANNEL : RUNG_PRESENT;

    for (rung = inc->r.rung + 1; rung <= last; rung++) {
        if (!delay[rung] || (rung == RUNG_DUTY && !s->on_duty.n) ||
            (rung == RUNG_CHANNEL && !has_second(m, inc)))
            continue;
        *ret_delay_ms = delay[rung];
        return rung;
    }
    *ret_delay_ms = 0;
    return is_grave(inc, rev) && (s->draft_ms || s->duty_ms || s->channel_ms) ? RUNG_CHANNEL + 1
                                                                              : RUNG_NONE;
}

static int64_t ladder_foot(const struct model *m, const struct incident *inc)
{
    return later(later(inc->ladder_boot_ms, inc->red_boot_ms),
                 later(joined_since(m, inc), m->mute_boot_ms));
}

static int64_t ladder_due(const struct model *m, const struct incident *inc)
{
    const struct revision *rev = model_open_revision(inc);
    int64_t delay, rung, foot;

    if (!rev || inc->ladder_boot_ms == NOW_NEVER || inc->firing <= 0 ||
        joined_since(m, inc) == NOW_NEVER)
        return NOW_NEVER;
    rung = next_rung(m, inc, rev, &delay);
    if (rung == RUNG_NONE)
        return NOW_NEVER;
    foot = ladder_foot(m, inc);
    if (rung > RUNG_CHANNEL)
        return later(foot, inc->reminded_boot_ms) + REMIND_AGAIN_MS;
    return foot + delay;
}

/* Since when the oldest of its alerts that fire does. */
static int64_t red_since(const struct model *m, const struct incident *inc)
{
    const struct alert *a;
    int64_t since = m->now.boot_ms;

    for (a = m->alert_oldest; a; a = a->newer)
        if (a->r.incident == inc->r.id && a->r.firing && !a->planned && a->first_boot_ms < since &&
            alert_tells(m, a))
            since = a->first_boot_ms;
    return since;
}

static bool has_public_sibling(const struct model *m, const struct incident *inc)
{
    const struct incident *it;

    for (it = m->incidents; it; it = it->next)
        if (it != inc && !strcmp(it->r.page, inc->r.page) && alarms_is_public(it))
            return true;
    return false;
}

/* The contradiction itself: it reminds better than a clock. */
static void add_contradiction(struct buf *b, const struct model *m, const struct incident *inc,
                              const struct revision *rev)
{
    long long n = inc->r.id, r = rev->r.number;
    char words[WHEN_BYTES];

    if (rev->r.kind == REVISION_DRAFT && !has_public_sibling(m, inc))
        buf_adds(b, "page is green, ");
    else if (rev->r.kind == REVISION_DRAFT)
        buf_addf(b, "the page has nothing of %lld, ", n);
    else if (widens(inc, rev))
        buf_addf(b, "the page has less than %lld.%lld, ", n, r);
    else
        buf_addf(b, "%lld.%lld (%s) waits, ", n, r, step_name((enum step)rev->r.step));
    buf_addf(b, "%lld alert%s red for %s", (long long)inc->firing, inc->firing == 1 ? "" : "s",
             when_duration(m->now.boot_ms - red_since(m, inc), words));
}

/* Who is called. */
struct crowd {
    const struct person_settings *item[NAMES_MAX];
    size_t n;
};

static void add_name(struct crowd *names, const struct person_settings *person)
{
    size_t i;

    for (i = 0; i < names->n; i++)
        if (names->item[i] == person)
            return;
    if (names->n < NAMES_MAX)
        names->item[names->n++] = person;
}

static const char *nick_of(const struct person_settings *person)
{
    return person->nick ? person->nick : person->name;
}

/* Those in its home channel who may confirm: the deployer of the suspect first. */
static void find_present(const struct model *m, const struct incident *inc, struct crowd *ret)
{
    const struct settings *s = m->settings;
    const struct person_settings *first = deploy_deployer(m, model_deploy(m, inc->r.deploy));
    size_t i;

    for (i = 0; i <= s->n_people; i++) {
        const struct person_settings *person = i ? &s->person[i - 1] : first;

        if (person && access_allows(person->roles, COMMAND_CONFIRM) &&
            model_member(m, inc->r.home, nick_of(person)) == 1)
            add_name(ret, person);
    }
}

static void find_duty(const struct model *m, struct crowd *ret)
{
    const struct settings *s = m->settings;
    size_t i;

    for (i = 0; i < s->reminders.on_duty.n; i++) {
        int k = settings_find_person(s, s->reminders.on_duty.item[i]);

        if (k >= 0)
            add_name(ret, &s->person[k]);
    }
}

static void reminded(struct model *m, struct incident *inc)
{
    inc->reminded_boot_ms = m->now.boot_ms;
    inc->r.reminded_wall_ms = m->now.wall_ms;
    model_put(m, RECORD_INCIDENT, &inc->r);
}

/* @return whether the line was said. */
static bool call_out(struct model *m, struct incident *inc, const struct revision *rev,
                     const struct crowd *names)
{
    const char *prefix = m->settings->chat.prefix;
    struct buf b;
    bool said = false;
    size_t i;

    if (!budget_take(m, inc->r.id, 1, false))
        return false;
    buf_init(&b, LINE_MAX * 4);
    add_contradiction(&b, m, inc, rev);
    for (i = 0; i < names->n; i++)
        buf_addf(&b, "%s%s", i ? ", " : ": ", nick_of(names->item[i]));
    buf_addf(&b, ": `%s confirm %lld.%lld` or `discard %lld`", prefix, (long long)inc->r.id,
             (long long)rev->r.number, (long long)inc->r.id);
    if (buf_error(&b)) {
        model_fail(m);
    } else {
        turn_say(m->turn, inc->r.home, SAY_REMINDER, 0, 0, buf_str(&b));
        said = true;
    }
    buf_finish(&b);
    return said;
}

static bool tell_second(struct model *m, struct incident *inc, const struct revision *rev)
{
    const char *slash = strchr(inc->r.home, '/');
    bool said = false;
    struct buf b;

    buf_init(&b, LINE_MAX);
    add_contradiction(&b, m, inc, rev);
    buf_addf(&b, ", nobody answers in %s:", slash ? slash + 1 : inc->r.home);
    if (buf_error(&b))
        model_fail(m);
    else
        said = chat_show_noted(m, inc, rev, rules_of(m)->second_channel, SAY_PROMPT, buf_str(&b));
    buf_finish(&b);
    return said;
}

static void climb(struct model *m, struct incident *inc)
{
    const struct revision *rev = model_open_revision(inc);
    struct crowd names = {{NULL}, 0};
    int64_t delay, rung = rev ? next_rung(m, inc, rev, &delay) : RUNG_NONE;
    bool done = true, spoken = false;

    switch (rung) {
    case RUNG_NONE:
        return;
    case RUNG_PRESENT:
        find_present(m, inc, &names);
        break;
    case RUNG_DUTY:
        find_duty(m, &names);
        break;
    case RUNG_CHANNEL:
        spoken = model_is_joined(m, rules_of(m)->second_channel) && tell_second(m, inc, rev);
        done = spoken;
        break;
    default: /* once more */
        find_present(m, inc, &names);
        if (!names.n)
            find_duty(m, &names);
        break;
    }
    if (names.n)
        done = spoken = call_out(m, inc, rev, &names);
    if (!done) {
        inc->remind_floor_boot_ms = m->now.boot_ms + RETRY_MS;
        return;
    }
    if (rung <= RUNG_CHANNEL)
        inc->r.rung = rung;
    if (spoken || rung > RUNG_CHANNEL)
        reminded(m, inc);
    if (spoken)
        model_timeline(m, inc->r.id, m->now.wall_ms, "reminded", "",
                       rung == RUNG_DUTY      ? "those on duty"
                       : rung == RUNG_CHANNEL ? rules_of(m)->second_channel
                                              : "those present");
    model_put(m, RECORD_INCIDENT, &inc->r);
}

/* ---- what is public and stale
 * ---------------------------------------------------------------------------- */

/* When something was last said on the page, as far as the rows tell. */
static int64_t last_word(const struct incident *inc)
{
    const struct revision *rev;
    const struct outbox *o;
    int64_t wall = inc->r.opened_wall_ms;

    for (o = inc->outbox; o; o = o->next)
        if (o->r.state == OUTBOX_DONE)
            wall = later(wall, o->r.done_wall_ms);
    for (rev = inc->revisions; rev; rev = rev->next)
        if (rev->r.state == REVISION_PUBLISHED)
            wall = later(wall, rev->r.made_wall_ms);
    return wall;
}

int64_t remind_nudge_pause(const struct model *m, int64_t nudges)
{
    int64_t once = later(rules_of(m)->update_ms, REMIND_AGAIN_MS);

    return nudges > 1 ? 4 * once : nudges == 1 ? 2 * once : 0;
}

void remind_nudged(struct model *m, struct incident *inc)
{
    if (inc->nudged_boot_ms <= later(inc->word_boot_ms, inc->reacted_boot_ms))
        inc->r.nudges = 0; /* those were of another silence */
    inc->r.nudges++;
    inc->nudged_boot_ms = m->now.boot_ms;
    inc->r.nudged_wall_ms = m->now.wall_ms;
    reminded(m, inc);
}

/* The alarms are known to be quiet while the page says outage. */
static bool is_over_red(const struct model *m, const struct incident *inc)
{
    return rules_of(m)->green_ms && inc->r.quiet_wall_ms && inc->r.step < STEP_MONITORING;
}

static int64_t stale_due(const struct model *m, const struct incident *inc)
{
    const struct reminder_settings *s = rules_of(m);
    int64_t since, due, quiet,
        most = inc->r.step == STEP_MONITORING ? s->monitoring_ms : s->update_ms;

    if (inc->r.state != INCIDENT_PUBLIC || joined_since(m, inc) == NOW_NEVER || outbox_pending(inc))
        return NOW_NEVER;
    since = later(inc->word_boot_ms, inc->reacted_boot_ms);
    quiet = inc->quiet_boot_ms;
    if (is_over_red(m, inc))
        due = later(later(since, quiet), inc->heard_boot_ms) + s->green_ms;
    else if (most)
        due = since + most;
    else
        return NOW_NEVER;
    if (inc->r.nudges && inc->nudged_boot_ms > since) {
        /* that the alarms became quiet is news */
        if (is_over_red(m, inc) && quiet > inc->nudged_boot_ms)
            due = later(due, inc->nudged_boot_ms + REMIND_AGAIN_MS);
        else
            due = later(due, inc->nudged_boot_ms + remind_nudge_pause(m, inc->r.nudges));
    }
    return later(due, m->mute_boot_ms);
}

/* When readers first saw it. */
static int64_t public_since(const struct incident *inc)
{
    const struct outbox *o;
    const struct revision *rev;
    int64_t wall = inc->r.opened_wall_ms;

    for (o = inc->outbox; o; o = o->next)
        if (o->r.state == OUTBOX_DONE)
            return o->r.done_wall_ms;
    for (rev = inc->revisions; rev; rev = rev->next)
        if (rev->r.state == REVISION_PUBLISHED)
            wall = rev->r.made_wall_ms;
    return wall;
}

static void add_offer(struct buf *b, const struct model *m, const struct incident *inc)
{
    const struct revision *rev = model_open_revision(inc);
    const char *prefix = m->settings->chat.prefix;
    long long n = inc->r.id;

    if (rev)
        buf_addf(b, "`%s confirm %lld.%lld` (%s) waits", prefix, n, (long long)rev->r.number,
                 step_name((enum step)rev->r.step));
    else if (inc->r.step == STEP_MONITORING)
        buf_addf(b, "`%s resolve %lld`, or `%s update %lld identified: TEXT`", prefix, n, prefix,
                 n);
    else if (is_over_red(m, inc))
        buf_addf(b, "`%s update %lld monitoring: TEXT`, or `resolve %lld`", prefix, n, n);
    else
        buf_addf(b, "`%s update %lld %s: TEXT`, or `resolve %lld`", prefix, n,
                 inc->r.step == STEP_INVESTIGATING ? "identified" : "monitoring", n);
}

static void nudge(struct model *m, struct incident *inc)
{
    long long n = inc->r.id;
    char hm[WHEN_BYTES], ago[WHEN_BYTES];
    int64_t heard;
    struct buf b;

    if (is_over_red(m, inc)) {
        /* silence of those who would tell is not health */
        if (!alarms_heard(m, &heard)) {
            inc->remind_floor_boot_ms = m->now.boot_ms + RETRY_MS;
            return;
        }
        if (heard > inc->heard_boot_ms) {
            inc->heard_boot_ms = heard;
            if (stale_due(m, inc) > m->now.boot_ms)
                return;
        }
    }
    if (!budget_take(m, inc->r.id, 1, false)) {
        inc->remind_floor_boot_ms = m->now.boot_ms + RETRY_MS;
        return;
    }
    buf_init(&b, LINE_MAX * 4);
    if (is_over_red(m, inc)) {
        when_duration(m->now.boot_ms - inc->quiet_boot_ms, ago);
        buf_addf(&b, "page says outage (%lld), alarms quiet for %s: %s", n, ago,
                 model_open_revision(inc) ? "" : "monitoring is ready: ");
    } else {
        when_duration(m->now.boot_ms - inc->word_boot_ms, ago);
        if (inc->r.step == STEP_MONITORING)
            buf_addf(&b, "%lld is in monitoring for %s", n, ago);
        else
            buf_addf(&b, "%lld is public since %s, nothing was said for %s", n,
                     when_hm(public_since(inc), hm), ago);
        if (inc->firing > 0)
            buf_addf(&b, "; alerts: %lld firing. ", (long long)inc->firing);
        else
            buf_adds(&b, inc->joined ? "; its alerts are quiet. " : "; it has no alerts. ");
    }
    add_offer(&b, m, inc);
    if (buf_error(&b))
        model_fail(m);
    else
        turn_say(m->turn, inc->r.home, SAY_REMINDER, 0, 0, buf_str(&b));
    buf_finish(&b);
    remind_nudged(m, inc);
}

/* ---- deadlines
 * ------------------------------------------------------------------------------------------------
 */

static int64_t next_due(const struct model *m, const struct incident *inc)
{
    int64_t due = sooner(ladder_due(m, inc), stale_due(m, inc)), until;

    if (due != NOW_NEVER) {
        if (budget_is_hushed(m, inc, &until))
            due = later(due, until);
        if (inc->reminded_boot_ms)
            due = later(due, inc->reminded_boot_ms + GAP_MS);
        due = later(due, inc->remind_floor_boot_ms);
    }
    if (inc->hush_boot_ms)
        due = sooner(due, later(inc->hush_boot_ms, inc->remind_floor_boot_ms));
    return due == NOW_NEVER ? due : later(due, m->now.boot_ms);
}

static void keep_ladder(struct model *m, struct incident *inc, int64_t boot_ms)
{
    inc->ladder_boot_ms = boot_ms;
    inc->r.ladder_wall_ms = boot_ms == NOW_NEVER ? 0 : model_wall(m, boot_ms);
    inc->r.rung = RUNG_NONE;
    model_put(m, RECORD_INCIDENT, &inc->r);
}

static void look(struct model *m, struct incident *inc)
{
    bool waits = model_is_open(inc) && model_open_revision(inc);
    int64_t due;

    if (waits != (inc->ladder_boot_ms != NOW_NEVER))
        keep_ladder(m, inc, waits ? m->now.boot_ms : NOW_NEVER);
    due = model_is_open(inc) ? next_due(m, inc) : NOW_NEVER;
    if (due == inc->remind_boot_ms)
        return;
    inc->remind_boot_ms = due;
    if (due == NOW_NEVER)
        model_timer_clear(m, TIMER_REMIND, inc->r.id);
    else
        model_timer_set(m, TIMER_REMIND, inc->r.id, due);
}

void remind_look_all(struct model *m)
{
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        look(m, inc);
}

/* Something can be said again: the words that came meanwhile first. */
static void end_hush(struct model *m, struct incident *inc)
{
    const struct revision *rev = model_open_revision(inc);

    inc->hush_boot_ms = inc->r.hush_wall_ms = 0;
    model_put(m, RECORD_INCIDENT, &inc->r);
    if (rev && model_is_joined(m, inc->r.home) &&
        incident_shown_at(inc, rev->r.number, inc->r.home) == NOW_NEVER &&
        !chat_shown_lately(m, inc, rev, 0))
        chat_show(m, inc, rev, inc->r.home, SAY_PROMPT);
}

void remind_due(struct model *m, struct incident *inc)
{
    int64_t now = m->now.boot_ms, since;

    inc->remind_boot_ms = NOW_NEVER;
    inc->remind_floor_boot_ms = now + PROGRESS_MS;
    if (m->store_sick) { /* nothing leaves now, and later it would not be true */
        inc->remind_floor_boot_ms = now + RETRY_MS;
        return;
    }
    if (inc->hush_boot_ms && now >= inc->hush_boot_ms) {
        end_hush(m, inc);
        return;
    }
    if (ladder_due(m, inc) <= now) {
        since = red_since(m, inc);
        if (since > inc->red_boot_ms)
            inc->red_boot_ms = since; /* what fired when the ladder began has recovered */
        if (ladder_due(m, inc) <= now) {
            climb(m, inc);
            return;
        }
    }
    if (stale_due(m, inc) <= now)
        nudge(m, inc);
}

void remind_reacted(struct model *m, struct incident *inc)
{
    inc->reacted_boot_ms = m->now.boot_ms;
    inc->r.reacted_wall_ms = m->now.wall_ms;
    if (inc->ladder_boot_ms != NOW_NEVER)
        keep_ladder(m, inc, m->now.boot_ms + REMIND_AGAIN_MS);
    model_put(m, RECORD_INCIDENT, &inc->r);
}

void remind_foot(struct model *m, struct incident *inc)
{
    if (inc->ladder_boot_ms != NOW_NEVER && inc->ladder_boot_ms > m->now.boot_ms)
        keep_ladder(m, inc, m->now.boot_ms);
}

/* ---- silence ----------------------------------------------------------------------------------
 */

void remind_mute(struct model *m, const struct asker *by, int64_t duration_ms, const char *reason)
{
    int64_t most = rules_of(m)->mute_max_ms;
    bool capped = duration_ms > most;
    char hm[WHEN_BYTES], words[WHEN_BYTES];
    struct incident *inc;

    if (!model_text(m, &m->meta.mute_by, by->person) ||
        !model_text(m, &m->meta.mute_reason, reason))
        return;
    m->mute_boot_ms = m->now.boot_ms + (capped ? most : duration_ms);
    m->meta.mute_wall_ms = model_wall(m, m->mute_boot_ms);
    model_put(m, RECORD_META, &m->meta);
    model_timer_set(m, TIMER_MUTE, 0, m->mute_boot_ms);
    for (inc = m->incidents; inc; inc = inc->next)
        if (model_is_open(inc))
            model_timeline(m, inc->r.id, m->now.wall_ms, "mute", by->person, by->line);
    audit_write(m, &(struct audit_entry){.action = AUDIT_MUTE, .person = by->person},
                "reminders muted by %s", by->person);
    when_hm(m->meta.mute_wall_ms, hm);
    when_duration(most, words);
    chat_say(m, by->place, SAY_ANSWER,
             "no reminders until %s%s%s%s; drafts, proposals and failures still speak. `%s unmute` "
             "ends it",
             hm, capped ? " (" : "", capped ? words : "", capped ? " is the most)" : "",
             m->settings->chat.prefix);
}

void remind_unmute(struct model *m, const struct asker *by)
{
    struct incident *inc;

    if (!remind_is_muted(m)) {
        chat_say(m, by->place, SAY_ANSWER, "%s: reminders are not muted", by->nick);
        return;
    }
    m->mute_boot_ms = m->now.boot_ms;
    m->meta.mute_wall_ms = m->now.wall_ms;
    model_put(m, RECORD_META, &m->meta);
    model_timer_clear(m, TIMER_MUTE, 0);
    for (inc = m->incidents; inc; inc = inc->next)
        if (model_is_open(inc))
            model_timeline(m, inc->r.id, m->now.wall_ms, "unmute", by->person, by->line);
    audit_write(m, &(struct audit_entry){.action = AUDIT_UNMUTE, .person = by->person},
                "reminders unmuted by %s", by->person);
    chat_say(m, by->place, SAY_ANSWER, "reminders are back");
}

void remind_mute_due(struct model *m)
{
    struct incident *inc;

    for (inc = m->incidents; inc && !model_is_open(inc); inc = inc->next)
        ;
    if (!inc)
        return;
    chat_home(m, inc, SAY_REMINDER, "reminders are back: the time that %s muted them for is over",
              m->meta.mute_by);
    reminded(m, inc); /* others come a minute later */
}

void remind_restore(struct model *m)
{
    struct incident *inc;

    m->mute_boot_ms = model_near_boot(m, m->meta.mute_wall_ms, rules_of(m)->mute_max_ms);
    if (remind_is_muted(m)) {
        m->meta.mute_wall_ms = model_wall(m, m->mute_boot_ms);
        model_put(m, RECORD_META, &m->meta);
        model_timer_set(m, TIMER_MUTE, 0, m->mute_boot_ms);
    }
    for (inc = m->incidents; inc; inc = inc->next) {
        inc->remind_boot_ms = NOW_NEVER;
        inc->word_boot_ms = model_past_boot(m, last_word(inc), DAY_MS);
        inc->ladder_boot_ms = inc->r.ladder_wall_ms
                                  ? sooner(model_near_boot(m, inc->r.ladder_wall_ms, DAY_MS),
                                           m->now.boot_ms + REMIND_AGAIN_MS)
                                  : NOW_NEVER;
        inc->reminded_boot_ms = model_past_boot(m, inc->r.reminded_wall_ms, DAY_MS);
        inc->reacted_boot_ms = model_past_boot(m, inc->r.reacted_wall_ms, DAY_MS);
        inc->nudged_boot_ms = model_past_boot(m, inc->r.nudged_wall_ms, DAY_MS);
    }
    remind_look_all(m);
}
