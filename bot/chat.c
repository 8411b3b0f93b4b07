#include "chat.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "buf.h"
#include "deploys.h"
#include "incident.h"
#include "maintenance.h"
#include "outbox.h"
#include "signal.h"
#include "utf8.h"
#include "when.h"

enum {
    LINE_BYTES = 400, /* what surely fits one line of IRC behind any prefix */
    SAY_BYTES = 2000,
    WORDS_BYTES = 440, /* the longest public words that crier makes, with what is before them */
    SHOW_BYTES = COMPONENTS_MAX * (COMPONENT_NAME_MAX * 4 + 32) + SAY_BYTES
};

/* What an older unsent line must share with a newer one to be replaced by it; never 0, since the
 * ids of records begin at 1. */
static uint64_t slot_of(enum chat_topic topic, int64_t id)
{
    return (uint64_t)id * CHAT_TOPICS + (uint64_t)topic;
}

static void vsay(struct model *m, const char *place, enum say_priority priority, uint64_t slot,
                 const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

static void vsay(struct model *m, const char *place, enum say_priority priority, uint64_t slot,
                 const char *fmt, va_list ap)
{
    char text[SAY_BYTES]; /* texts from outside may be endless: that is no reason to fail */

    (void)utf8_vprint(text, sizeof text, fmt, ap);
    turn_say(m->turn, place, priority, 0, slot, text);
}

/* Answers are always said; everything else about an incident has its measure. */
static bool may_say(struct model *m, int64_t id, enum say_priority priority, int lines)
{
    return priority == SAY_ANSWER || budget_take(m, id, lines, priority > SAY_REMINDER);
}

void chat_say_newest(struct model *m, int64_t incident, const char *place,
                     enum say_priority priority, enum chat_topic topic, int64_t id, const char *fmt,
                     ...)
{
    va_list ap;

    if (!may_say(m, incident, priority, 1))
        return;
    va_start(ap, fmt);
    vsay(m, place, priority, slot_of(topic, id), fmt, ap);
    va_end(ap);
}

void chat_failed(struct model *m, const struct incident *inc, const struct outbox *o,
                 const char *fmt, ...)
{
    uint64_t slot = slot_of(CHAT_TOPIC_PROGRESS, o->r.id);
    va_list ap;

    va_start(ap, fmt);
    vsay(m, inc->r.home, SAY_ANSWER, slot, fmt, ap);
    va_end(ap);
    if (!o->r.place[0] || !strcmp(o->r.place, inc->r.home))
        return;
    va_start(ap, fmt);
    vsay(m, o->r.place, SAY_ANSWER, slot, fmt, ap);
    va_end(ap);
}

void chat_say(struct model *m, const char *place, enum say_priority priority, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsay(m, place, priority, 0, fmt, ap);
    va_end(ap);
}

void chat_home(struct model *m, const struct incident *inc, enum say_priority priority,
               const char *fmt, ...)
{
    va_list ap;

    if (!may_say(m, inc->r.id, priority, 1))
        return;
    va_start(ap, fmt);
    vsay(m, inc->r.home, priority, 0, fmt, ap);
    va_end(ap);
}

void chat_home_and(struct model *m, const struct incident *inc, const char *place, const char *fmt,
                   ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsay(m, inc->r.home, SAY_ANSWER, 0, fmt, ap);
    va_end(ap);
    if (!place || !place[0] || !strcmp(place, inc->r.home))
        return;
    va_start(ap, fmt);
    vsay(m, place, SAY_ANSWER, 0, fmt, ap);
    va_end(ap);
}

const char *chat_url(const struct model *m, const struct incident *inc)
{
    const struct page_settings *page = &m->settings->page[model_page_index(m, inc->r.page)];

    return inc->r.url && inc->r.url[0] ? inc->r.url : page->public_url;
}

const char *chat_admin_url(const struct model *m, const struct incident *inc)
{
    return m->settings->page[model_page_index(m, inc->r.page)].admin_url;
}

/* ---- a revision
 * ------------------------------------------------------------------------------------ */

static void add_upper(struct buf *b, const char *s)
{
    for (; *s; s++)
        buf_addc(b, (char)toupper((unsigned char)*s));
}

static void add_components(struct buf *b, const struct components *c)
{
    size_t i;

    for (i = 0; i < c->n; i++)
        buf_addf(b, "%s%s: %s", i ? ", " : "", c->item[i].name,
                 component_status_words(c->item[i].status));
    if (!c->n)
        buf_adds(b, "no components");
}

static void add_consequence(struct buf *b, const struct revision *rev)
{
    add_upper(b, impact_name((enum impact)rev->r.impact));
    buf_adds(b, ", ");
    add_components(b, &rev->components);
}

static void add_words(struct buf *b, const struct revision *rev)
{
    size_t n = strlen(rev->r.title);
    bool ended = n && strchr(".!?", rev->r.title[n - 1]) != NULL;

    buf_addf(b, "\"%s%s %s\"", rev->r.title, ended ? "" : ".", rev->r.body);
}

static void add_heading(struct buf *b, const struct incident *inc, const struct revision *rev)
{
    long long n = inc->r.id, r = rev->r.number;

    switch ((enum revision_kind)rev->r.kind) {
    case REVISION_DRAFT:
        if (rev->r.step == STEP_RESOLVED)
            buf_addf(b, "DRAFT %lld.%lld, over already, not public: ", n, r);
        else if (rev->r.step == STEP_INVESTIGATING)
            buf_addf(b, "DRAFT %lld.%lld, not public: ", n, r);
        else
            buf_addf(b, "DRAFT %lld.%lld, %s, not public: ", n, r,
                     step_name((enum step)rev->r.step));
        return;
    case REVISION_WIDENING:
        buf_addf(b, "PROPOSAL %lld.%lld, wider, not public: ", n, r);
        return;
    case REVISION_UPDATE:
    case REVISION_RESOLVE:
        buf_addf(b, "PROPOSAL %lld.%lld, %s, not public: ", n, r,
                 step_name((enum step)rev->r.step));
        return;
    case REVISION_CORRECT:
        buf_addf(b, "PROPOSAL %lld.%lld, corrects the last text, not public: ", n, r);
        return;
    case REVISION_RETRACT:
        buf_addf(b, "PROPOSAL %lld.%lld, closes it as a false alarm, not public: ", n, r);
        return;
    }
}

static bool notifies(const struct model *m, const struct incident *inc, const struct revision *rev)
{
    return rev->r.kind != REVISION_CORRECT &&
           m->settings->page[model_page_index(m, inc->r.page)].notify[rev->r.step];
}

/* Mails about a page within mail_span, those on their way included. */
static int64_t count_mails(const struct model *m, size_t page_index)
{
    const struct incident *inc;
    const struct outbox *o;
    int64_t n = 0, since = m->now.wall_ms - m->settings->follow.mail_span_ms;

    for (inc = m->incidents; inc; inc = inc->next) {
        if (model_page_index(m, inc->r.page) != page_index)
            continue;
        for (o = inc->outbox; o; o = o->next) {
            bool under_way = o->r.state == OUTBOX_QUEUED || o->r.state == OUTBOX_SENT ||
                             o->r.state == OUTBOX_DOUBT;

            if (o->r.notify &&
                (under_way || (o->r.state == OUTBOX_DONE && o->r.done_wall_ms > since)))
                n++;
        }
    }
    return n;
}

static void add_ordinal(struct buf *b, int64_t n)
{
    static const char *const last[] = {"0th", "1st", "2nd", "3rd", "4th",
                                       "5th", "6th", "7th", "8th", "9th"};
    int64_t tens = n / 10;

    if (tens % 10 == 1) {
        buf_addf(b, "%lldth", (long long)n);
        return;
    }
    if (tens)
        buf_addf(b, "%lld", (long long)tens);
    buf_adds(b, last[n % 10]);
}

static void add_mail(struct buf *b, const struct model *m, const struct incident *inc,
                     const struct revision *rev)
{
    size_t i = model_page_index(m, inc->r.page);
    const struct page_watch *page = model_page_watch(m, i);
    int64_t n = page ? page->subscribers : -1, mails = count_mails(m, i) + 1;
    char count[WHEN_BYTES], span[WHEN_BYTES];

    if (!notifies(m, inc, rev)) {
        buf_adds(b, "no mail");
    } else if (mails >= m->settings->follow.mail_count) {
        add_ordinal(b, mails);
        buf_addf(b, " mail in %s to %s subscribers: add `quiet` to spare them",
                 when_duration(m->settings->follow.mail_span_ms, span),
                 n < 0 ? "all" : when_count(n, count));
    } else if (n < 0) {
        buf_adds(b, "subscribers are mailed");
    } else {
        buf_addf(b, "%s subscriber%s", when_count(n, count), n == 1 ? "" : "s");
    }
}

/* Who is asked by name: whoever proposed it, else the deployer of the suspect deploy. */
static void add_addressee(struct buf *b, const struct model *m, const struct incident *inc,
                          const struct revision *rev)
{
    const struct deploy *d = model_deploy(m, inc->r.deploy);
    const struct person_settings *person = deploy_deployer(m, d);
    int i = settings_find_person(m->settings, rev->r.made_by);

    if (i >= 0)
        person = &m->settings->person[i];
    if (person)
        buf_addf(b, "%s: ", person->nick ? person->nick : person->name);
    else if (d && d->r.user[0])
        buf_addf(b, "%s, deployers: ", d->r.user);
    else
        buf_adds(b, "deployers: ");
}

static void add_suspect(struct buf *b, const struct model *m, const struct incident *inc,
                        const struct revision *rev)
{
    const struct deploy *d = model_deploy(m, inc->r.deploy);
    const struct person_settings *person = deploy_deployer(m, d);
    char hm[WHEN_BYTES], ago[WHEN_BYTES];
    const char *tool;

    if (!d)
        return;
    tool = d->r.tool[0] ? d->r.tool : "deploy";
    buf_adds(b, inc->r.reasons && inc->r.reasons[0] ? ", " : "");
    if (person && !rev->r.made_by[0])
        buf_addf(b, "your %s", tool);
    else
        buf_addf(b, "%s's %s", d->r.user[0] ? d->r.user : "somebody", tool);
    if (d->r.state == DEPLOY_RUNNING)
        buf_addf(b, " is running since %s", when_hm(d->r.started_wall_ms, hm));
    else if (d->r.ended_wall_ms > inc->r.opened_wall_ms)
        buf_addf(b, " of %s %s %s", when_hm(d->r.started_wall_ms, hm),
                 deploy_phase_name((enum deploy_phase)d->r.phase),
                 when_hm(d->r.ended_wall_ms, ago));
    else
        buf_addf(b, " of %s ended %s before", when_hm(d->r.started_wall_ms, hm),
                 when_duration(inc->r.opened_wall_ms - d->r.ended_wall_ms, ago));
}

/* Why signals propose the next step. */
static void add_way_out(struct buf *b, const struct model *m, const struct incident *inc,
                        const struct revision *rev)
{
    const struct deploy *d = model_deploy(m, inc->r.fix_deploy);
    char quiet[WHEN_BYTES], fixed[WHEN_BYTES];

    switch ((enum step)rev->r.step) {
    case STEP_INVESTIGATING:
        buf_adds(b, " Why: its alerts fire again");
        return;
    case STEP_IDENTIFIED:
        if (inc->r.fixed_wall_ms)
            buf_addf(b, " Why: mended at %s, as was logged", when_hm(inc->r.fixed_wall_ms, fixed));
        else
            buf_addf(b, " Why: %s's %s since %s", d && d->r.user[0] ? d->r.user : "somebody",
                     d && d->r.phase == PHASE_ROLLBACK ? "rollback" : "revert",
                     when_hm(d ? d->r.started_wall_ms : m->now.wall_ms, fixed));
        return;
    case STEP_MONITORING:
    case STEP_RESOLVED:
        if (inc->r.quiet_wall_ms)
            buf_addf(b, " Why: its alerts are quiet since %s",
                     when_hm(inc->r.quiet_wall_ms, quiet));
        if (inc->r.fixed_wall_ms)
            buf_addf(b, "%smended at %s",
                     inc->r.quiet_wall_ms ? ", " : " Why: ", when_hm(inc->r.fixed_wall_ms, fixed));
        return;
    }
}

/* What is planned and open now: others may know more about what they see. */
static void add_maintenance(struct buf *b, const struct model *m, const char *before,
                            const char *after)
{
    struct buf phrase;

    buf_init(&phrase, SAY_BYTES);
    if (maintenance_phrase(m, &phrase))
        buf_addf(b, "%s%s%s", before, buf_str(&phrase), after);
    buf_finish(&phrase);
}

/* The second line: the command to copy, what it does, and why crier thinks so. */
static void add_prompt(struct buf *b, const struct model *m, const struct incident *inc,
                       const struct revision *rev, const char *note)
{
    const char *prefix = m->settings->chat.prefix;

    if (note)
        buf_addf(b, "%s ", note);
    else
        add_addressee(b, m, inc, rev);
    buf_addf(b, "`%s confirm %lld.%lld` publishes it (", prefix, (long long)inc->r.id,
             (long long)rev->r.number);
    add_mail(b, m, inc, rev);
    if (rev->r.kind == REVISION_DRAFT && rev->r.step == STEP_RESOLVED) {
        buf_addf(b, "), `%s discard %lld` drops it.", prefix, (long long)inc->r.id);
        add_way_out(b, m, inc, rev);
        return;
    }
    buf_addf(b, "); edit, discard: %s help.", prefix);
    if (rev->r.kind != REVISION_DRAFT && rev->r.kind != REVISION_WIDENING) {
        if (!rev->r.made_by[0])
            add_way_out(b, m, inc, rev);
        return;
    }
    if ((inc->r.reasons && inc->r.reasons[0]) || inc->r.deploy) {
        add_maintenance(b, m, " During ", "."); /* before what may be cut off */
        buf_addf(b, " Why: %s", inc->r.reasons ? inc->r.reasons : "");
    }
    add_suspect(b, m, inc, rev);
    if (inc->joined > 1)
        buf_addf(b, " (%lld alerts)", (long long)inc->joined);
}

/* @param o the row whose end the line tells, or NULL for a line that shows the revision. */
static uint64_t await_shown(struct model *m, const struct incident *inc, int64_t revision,
                            const struct outbox *o, const char *place)
{
    struct pending_shown *p = calloc(1, sizeof *p);

    if (!p || !(p->place = strdup(place))) {
        free(p);
        model_fail(m);
        return 0;
    }
    p->token = m->next_token++;
    p->incident = inc->r.id;
    p->revision = revision;
    p->outbox = o ? o->r.id : 0;
    p->next = m->pending;
    m->pending = p;
    return p->token;
}

static struct pending_shown *find_pending(struct model *m, uint64_t token)
{
    struct pending_shown *p = m->pending;

    while (p && p->token != token)
        p = p->next;
    return p;
}

/* Two lines that show one revision: a server may refuse either. */
static void pair_up(struct model *m, uint64_t token, uint64_t other)
{
    struct pending_shown *one = find_pending(m, token), *two = find_pending(m, other);

    if (one && two) {
        one->other = other;
        two->other = token;
    }
}

bool chat_show_noted(struct model *m, struct incident *inc, const struct revision *rev,
                     const char *place, enum say_priority priority, const char *note)
{
    bool home = !strcmp(place, inc->r.home);
    /* a newer revision replaces its older unsent one in the home channel */
    uint64_t words_slot = home ? slot_of(CHAT_TOPIC_WORDS, inc->r.id) : 0;
    uint64_t prompt_slot = home ? slot_of(CHAT_TOPIC_PROMPT, inc->r.id) : 0;
    struct buf words, prompt, consequence;
    size_t most = LINE_BYTES;
    uint64_t token, other;
    bool apart;

    if (!may_say(m, inc->r.id, priority, 2))
        return false;
    buf_init(&words, SHOW_BYTES);
    buf_init(&prompt, SHOW_BYTES);
    buf_init(&consequence, SHOW_BYTES);
    add_heading(&words, inc, rev);
    add_words(&words, rev);
    add_consequence(&consequence, rev);
    apart = words.len + 1 + consequence.len > LINE_BYTES;
    if (apart)
        buf_addf(&prompt, "%s. ", buf_str(&consequence));
    else
        buf_addf(&words, " %s", buf_str(&consequence));
    if (apart && prompt.len > LINE_BYTES / 2)
        most = prompt.len + LINE_BYTES / 2; /* reasons are cut off, what will be public never */
    add_prompt(&prompt, m, inc, rev, note);
    if (prompt.len > most) {
        buf_truncate(&prompt, utf8_cut(buf_str(&prompt), most - 3));
        buf_adds(&prompt, "...");
    }
    if (buf_error(&words) || buf_error(&prompt) || buf_error(&consequence)) {
        model_fail(m);
    } else {
        /* shown are its words and what goes with them, in whichever lines they are */
        token = await_shown(m, inc, rev->r.number, NULL, place);
        other = apart ? await_shown(m, inc, rev->r.number, NULL, place) : 0;
        if (token && other)
            pair_up(m, token, other);
        turn_say(m->turn, place, priority, token, words_slot, buf_str(&words));
        turn_say(m->turn, place, priority, other, prompt_slot, buf_str(&prompt));
    }
    buf_finish(&words);
    buf_finish(&prompt);
    buf_finish(&consequence);
    return true;
}

void chat_show(struct model *m, struct incident *inc, const struct revision *rev, const char *place,
               enum say_priority priority)
{
    (void)chat_show_noted(m, inc, rev, place, priority, NULL);
}

void chat_show_instead(struct model *m, struct incident *inc, const struct revision *rev,
                       const char *place, const char *note)
{
    (void)chat_show_noted(m, inc, rev, place, SAY_ANSWER, note);
}

static void point(struct model *m, const struct incident *inc, const struct revision *rev)
{
    const struct settings *s = m->settings;
    size_t i, j;

    for (i = 0; i < s->n_networks; i++) {
        for (j = 0; j < s->network[i].n_channels; j++) {
            const struct channel_settings *c = &s->network[i].channel[j];
            char *place;

            if (!(c->roles & CHANNEL_TALK))
                continue;
            place = buf_printf("%s/%s", s->network[i].name, c->name);
            if (!place)
                model_fail(m);
            else if (strcmp(place, inc->r.home) != 0 && model_is_joined(m, place) &&
                     may_say(m, inc->r.id, SAY_REMINDER, 1)) /* the words themselves go first */
                chat_say(m, place, SAY_ANNOUNCE, "DRAFT %lld.%lld, not public: \"%s\", see %s",
                         (long long)inc->r.id, (long long)rev->r.number, rev->r.title,
                         strchr(inc->r.home, '/') ? strchr(inc->r.home, '/') + 1 : inc->r.home);
            free(place);
        }
    }
}

void chat_announce(struct model *m, struct incident *inc, const struct revision *rev, bool first)
{
    if (model_is_joined(m, inc->r.home))
        chat_show(m, inc, rev, inc->r.home, SAY_PROMPT);
    if (first)
        point(m, inc, rev);
}

static void say_done(struct model *m, struct incident *inc, struct outbox *o, const char *place,
                     bool home)
{
    const struct revision *rev = model_revision(inc, o->r.revision);
    const char *mail = o->r.notify ? "" : " without mail";
    long long n = inc->r.id;
    char hms[WHEN_BYTES];
    struct buf b;

    if (!rev)
        return;
    buf_init(&b, SAY_BYTES);
    when_hms(o->r.done_wall_ms, hms);
    switch ((enum revision_kind)rev->r.kind) {
    case REVISION_DRAFT:
        buf_addf(&b, "%lld is public since %s%s, %s: ", n, hms, mail,
                 step_name((enum step)rev->r.step));
        break;
    case REVISION_WIDENING:
    case REVISION_UPDATE:
        buf_addf(&b, "%lld updated at %s%s, %s: ", n, hms, mail, step_name((enum step)rev->r.step));
        break;
    case REVISION_CORRECT:
        buf_addf(&b, "%lld corrected at %s: ", n, hms);
        break;
    case REVISION_RESOLVE:
    case REVISION_RETRACT:
        buf_addf(&b, "%lld is resolved on the page since %s%s: ", n, hms, mail);
        break;
    }
    buf_adds(&b, chat_url(m, inc));
    if (buf_error(&b))
        model_fail(m);
    else
        turn_say(m->turn, place, SAY_ANSWER,
                 home ? await_shown(m, inc, rev->r.number, o, place) : 0,
                 slot_of(CHAT_TOPIC_PROGRESS, o->r.id), buf_str(&b));
    buf_finish(&b);
}

void chat_done(struct model *m, struct incident *inc, struct outbox *o)
{
    if (model_is_joined(m, inc->r.home))
        say_done(m, inc, o, inc->r.home, true);
    if (strcmp(o->r.place, inc->r.home) != 0)
        say_done(m, inc, o, o->r.place, false);
}

void chat_joined(struct model *m, const char *place)
{
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next) {
        const struct revision *rev = model_open_revision(inc);

        struct outbox *o;

        if (strcmp(inc->r.home, place) != 0)
            continue;
        for (o = inc->outbox; o; o = o->next)
            if (o->r.state == OUTBOX_DONE && !o->r.told && may_say(m, inc->r.id, SAY_PROMPT, 1))
                say_done(m, inc, o, place, true);
        if (rev)
            chat_show(m, inc, rev, place, SAY_PROMPT);
    }
}

/* The channel has seen that a step is done; what has ended may be forgotten when it has seen the
 * last. */
static void mark_told(struct model *m, struct incident *inc, int64_t id)
{
    struct outbox *o;

    for (o = inc->outbox; o; o = o->next) {
        if (o->r.id == id) {
            o->r.told = 1;
            model_put(m, RECORD_OUTBOX, &o->r);
        }
    }
    if (outbox_is_over(m, inc))
        incident_forget(m, inc);
}

void chat_shown(struct model *m, uint64_t token, bool shown)
{
    struct pending_shown **link = &m->pending, *it = find_pending(m, token);
    uint64_t other = it ? it->other : 0;
    struct pending_shown *waits = shown && other ? find_pending(m, other) : NULL;

    if (waits) {
        waits->other = 0; /* the last of the two tells */
        shown = false;
        other = 0;
    }
    while (*link) {
        struct pending_shown *p = *link;
        struct incident *inc = model_incident(m, p->incident);

        /* earlier lines of an incident that has gone are dropped on the way; of two lines of which
         * one was not taken, both */
        if (p->token != token && (!other || p->token != other) && inc) {
            link = &p->next;
            continue;
        }
        if (p->token == token && inc && shown && p->outbox) {
            mark_told(m, inc, p->outbox);
        } else if (p->token == token && inc && shown) {
            incident_mark_shown(m, inc, p->revision, p->place);
            model_timeline_of(m, inc->r.id, m->now.wall_ms, "shown", "", p->place, p->revision, "");
        }
        *link = p->next;
        free(p->place);
        free(p);
    }
}

/* ---- what there is
 * -------------------------------------------------------------------------------------- */

/* An answer that was put together, or nothing of it. */
static void say_buf(struct model *m, const char *place, const struct buf *b)
{
    if (buf_error(b))
        model_fail(m);
    else
        turn_say(m->turn, place, SAY_ANSWER, 0, 0, buf_str(b));
}

void chat_present(struct model *m, struct incident *inc, const char *place)
{
    const struct revision *rev = model_open_revision(inc);
    char hms[WHEN_BYTES];
    struct buf b;

    if (rev) {
        chat_show(m, inc, rev, place, SAY_ANSWER);
        return;
    }
    rev = model_public_revision(inc);
    if (!rev)
        rev = inc->revisions;
    buf_init(&b, SHOW_BYTES);
    if (inc->r.state == INCIDENT_PUBLIC)
        buf_addf(&b, "%lld is public, %s: ", (long long)inc->r.id,
                 step_name((enum step)inc->r.step));
    else
        buf_addf(&b, "%lld is being published: ", (long long)inc->r.id);
    add_words(&b, rev);
    if (b.len > WORDS_BYTES) { /* written by hand on the page */
        buf_truncate(&b, utf8_cut(buf_str(&b), WORDS_BYTES));
        buf_adds(&b, "...");
    }
    say_buf(m, place, &b);
    buf_clear(&b);
    add_consequence(&b, rev);
    buf_addf(&b, ". Since about %s UTC. %s", when_hms(inc->r.started_wall_ms, hms),
             chat_url(m, inc));
    say_buf(m, place, &b);
    buf_finish(&b);
}

void chat_kit(struct model *m, const struct incident *inc, const struct revision *rev,
              const char *place, enum say_priority priority)
{
    struct buf b;

    if (!may_say(m, inc->r.id, priority, 2))
        return;
    buf_init(&b, SAY_BYTES);
    add_consequence(&b, rev);
    chat_say(m, place, priority, "%lld by hand at %s: %s, %s", (long long)inc->r.id,
             chat_admin_url(m, inc), step_name((enum step)rev->r.step), buf_str(&b));
    chat_say(m, place, priority, "title \"%s\", text \"%s\"", rev->r.title, rev->r.body);
    if (buf_error(&b))
        model_fail(m);
    buf_finish(&b);
}

static void add_status(struct buf *b, const struct model *m, const struct incident *inc)
{
    const struct revision *open = model_open_revision(inc);
    const struct revision *rev = open ? open : inc->revisions;
    const struct outbox *sent = outbox_pending(inc);
    char hm[WHEN_BYTES];

    if (inc->r.state == INCIDENT_DRAFT && open)
        buf_addf(b, "%lld draft, not public, `%s confirm %lld.%lld`: \"%s\"", (long long)inc->r.id,
                 m->settings->chat.prefix, (long long)inc->r.id, (long long)open->r.number,
                 open->r.title);
    else if (inc->r.state == INCIDENT_PUBLISHING)
        buf_addf(b, "%lld being published: \"%s\"", (long long)inc->r.id, rev ? rev->r.title : "");
    else
        buf_addf(b, "%lld public, %s, since about %s UTC: \"%s\" %s", (long long)inc->r.id,
                 step_name((enum step)inc->r.step), when_hm(inc->r.started_wall_ms, hm),
                 rev ? rev->r.title : "", chat_url(m, inc));
    if (sent && inc->r.state != INCIDENT_PUBLISHING)
        buf_addf(b, "; %lld.%lld is confirmed and being sent", (long long)inc->r.id,
                 (long long)sent->r.revision);
    if (open && inc->r.state != INCIDENT_DRAFT)
        buf_addf(b, "; %lld.%lld waits for a confirm", (long long)inc->r.id,
                 (long long)open->r.number);
}

static bool is_listed(const struct incident *inc)
{
    return model_is_open(inc) || inc->r.state == INCIDENT_FOREIGN;
}

bool chat_anything_open(const struct model *m)
{
    const struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        if (model_is_open(inc))
            return true;
    return false;
}

void chat_status(struct model *m, const char *place)
{
    const struct incident *inc;
    struct buf line, one, planned;
    char hm[WHEN_BYTES];
    int lines = 0;
    long long left = 0;

    buf_init(&planned, SAY_BYTES);
    buf_init(&line, SAY_BYTES);
    buf_init(&one, SAY_BYTES);
    for (inc = m->incidents; inc; inc = inc->next)
        left += is_listed(inc) ? 1 : 0;
    add_maintenance(&planned, m, "", "");
    if (m->now.boot_ms < m->mute_boot_ms)
        buf_addf(&line, "reminders are muted until %s by %s", when_hm(m->meta.mute_wall_ms, hm),
                 m->meta.mute_by);
    if (!left)
        buf_addf(&line, "%snothing is open%s%s; `%s open TITLE` makes a draft by hand",
                 line.len ? " | " : "", planned.len ? ", " : "", buf_str(&planned),
                 m->settings->chat.prefix);
    for (inc = m->incidents; inc; inc = inc->next) {
        if (!is_listed(inc))
            continue;
        buf_clear(&one);
        add_status(&one, m, inc);
        if (buf_error(&one))
            break;
        if (line.len && line.len + one.len + 3 > LINE_BYTES) {
            if (++lines == 2)
                break;
            say_buf(m, place, &line);
            buf_clear(&line);
        }
        buf_addf(&line, "%s%s", line.len ? " | " : "", buf_str(&one));
        left--;
    }
    if (left > 0)
        buf_addf(&line, " | and %lld more: `%s show N`", left, m->settings->chat.prefix);
    if (line.len && planned.len && line.len + planned.len + 3 <= LINE_BYTES)
        buf_addf(&line, " | %s", buf_str(&planned));
    if (buf_error(&one))
        model_fail(m);
    else if (line.len || buf_error(&line))
        say_buf(m, place, &line);
    buf_finish(&planned);
    buf_finish(&line);
    buf_finish(&one);
}
