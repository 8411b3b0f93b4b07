#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "chat_impl.h"
#include "deploys.h"
#include "incident.h"
#include "maintenance.h"
#include "utf8.h"
#include "when.h"

static void add_upper(struct buf *b, const char *s)
{
    for (; *s; s++)
        buf_addc(b, (char)toupper((unsigned char)*s));
}

static void add_components(struct buf *b, const struct components *c)
{
    components_words(b, c);
    if (!c->n)
        buf_adds(b, "no components");
}

void chat_add_consequence(struct buf *b, const struct revision *rev)
{
    add_upper(b, impact_name((enum impact)rev->r.impact));
    buf_adds(b, ", ");
    add_components(b, &rev->components);
}

void chat_add_words(struct buf *b, const struct revision *rev)
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
    const struct page_watch *page = model_page_watch(m, page_index);
    const struct incident *inc;
    const struct outbox *o;
    int64_t n = 0;
    size_t i;

    for (i = 0; page && i < MAILS_MAX; i++)
        if (page->mail_boot_ms[i] &&
            m->now.boot_ms - page->mail_boot_ms[i] < m->settings->follow.mail_span_ms)
            n++;
    for (inc = m->incidents; inc; inc = inc->next) {
        if (model_page_index(m, inc->r.page) != page_index)
            continue;
        for (o = inc->outbox; o; o = o->next) {
            if (o->r.notify && (o->r.state == OUTBOX_QUEUED || o->r.state == OUTBOX_SENT ||
                                o->r.state == OUTBOX_DOUBT))
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
        if (inc->r.step == STEP_MONITORING && inc->r.state == INCIDENT_PUBLIC && inc->firing)
            buf_adds(b, " Why: its alerts fire");
        else if (inc->r.fixed_wall_ms)
            buf_addf(b, " Why: mended at %s, as was logged", when_hm(inc->r.fixed_wall_ms, fixed));
        else if (d && inc->r.deploy == d->r.id) /* when that began is not kept */
            buf_addf(b, " Why: %s rolls back", d->r.user[0] ? d->r.user : "somebody");
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

void chat_add_maintenance(struct buf *b, const struct model *m, const char *before,
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
    if (incident_hides_secret(inc, rev))
        buf_adds(b, "two people, as it may hold a key or password; ");
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
        chat_add_maintenance(b, m, " During ", "."); /* before what may be cut off */
        buf_addf(b, " Why: %s", inc->r.reasons ? inc->r.reasons : "");
    }
    add_suspect(b, m, inc, rev);
    if (inc->joined > 1)
        buf_addf(b, " (%lld alerts)", (long long)inc->joined);
}

bool chat_show_noted(struct model *m, struct incident *inc, const struct revision *rev,
                     const char *place, enum say_priority priority, const char *note)
{
    bool home = !strcmp(place, inc->r.home);
    /* a newer revision replaces its older unsent one in the home channel */
    uint64_t words_slot = home ? chat_slot_of(CHAT_TOPIC_WORDS, inc->r.id) : 0;
    uint64_t prompt_slot = home ? chat_slot_of(CHAT_TOPIC_PROMPT, inc->r.id) : 0;
    struct buf words, prompt, consequence;
    size_t most = LINE_BYTES;
    uint64_t token, other;
    bool apart;

    if (!chat_may_say(m, inc->r.id, priority, 2))
        return false;
    buf_init(&words, SHOW_BYTES);
    buf_init(&prompt, SHOW_BYTES);
    buf_init(&consequence, SHOW_BYTES);
    add_heading(&words, inc, rev);
    chat_add_words(&words, rev);
    chat_add_consequence(&consequence, rev);
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
        token = chat_await_shown(m, inc, rev->r.number, NULL, place);
        other = apart ? chat_await_shown(m, inc, rev->r.number, NULL, place) : 0;
        if (token && other)
            chat_pair_up(m, token, other);
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
    if (!m->terse)
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
                     chat_may_say(m, inc->r.id, SAY_REMINDER, 1)) /* the words go first */
                chat_say(m, place, SAY_ANNOUNCE, "DRAFT %lld.%lld, not public: \"%s\", see %s",
                         (long long)inc->r.id, (long long)rev->r.number, rev->r.title,
                         strchr(inc->r.home, '/') ? strchr(inc->r.home, '/') + 1 : inc->r.home);
            free(place);
        }
    }
}

void chat_announce_noted(struct model *m, struct incident *inc, const struct revision *rev,
                         bool first, const char *note)
{
    if (model_is_joined(m, inc->r.home))
        (void)chat_show_noted(m, inc, rev, inc->r.home, SAY_PROMPT, note);
    if (first)
        point(m, inc, rev);
}

void chat_announce(struct model *m, struct incident *inc, const struct revision *rev, bool first)
{
    chat_announce_noted(m, inc, rev, first, NULL);
}
