#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "buf.h"
#include "chat_impl.h"
#include "incident.h"
#include "maintenance.h"
#include "outbox.h"
#include "signal.h"
#include "utf8.h"
#include "when.h"

uint64_t chat_slot_of(enum chat_topic topic, int64_t id)
{
    return (uint64_t)id * CHAT_TOPICS + (uint64_t)topic;
}

static void vsay(struct model *m, const char *place, enum say_priority priority, uint64_t slot,
                 const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

static void vsay(struct model *m, const char *place, enum say_priority priority, uint64_t slot,
                 const char *fmt, va_list ap)
{
    char text[SAY_BYTES]; /* texts from outside may be endless: that is no reason to fail */

    if (m->terse && priority == SAY_ANSWER)
        return;
    (void)utf8_vprint(text, sizeof text, fmt, ap);
    turn_say(m->turn, place, priority, 0, slot, text);
}

bool chat_may_say(struct model *m, int64_t id, enum say_priority priority, int lines)
{
    return priority == SAY_ANSWER || budget_take(m, id, lines, priority > SAY_REMINDER);
}

void chat_say_newest(struct model *m, int64_t incident, const char *place,
                     enum say_priority priority, enum chat_topic topic, int64_t id, const char *fmt,
                     ...)
{
    va_list ap;

    if (!chat_may_say(m, incident, priority, 1))
        return;
    va_start(ap, fmt);
    vsay(m, place, priority, chat_slot_of(topic, id), fmt, ap);
    va_end(ap);
}

void chat_failed(struct model *m, const struct incident *inc, const struct outbox *o,
                 const char *fmt, ...)
{
    uint64_t slot = chat_slot_of(CHAT_TOPIC_PROGRESS, o->r.id);
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

    if (!chat_may_say(m, inc->r.id, priority, 1))
        return;
    va_start(ap, fmt);
    vsay(m, inc->r.home, priority, 0, fmt, ap);
    va_end(ap);
}

void chat_home_and(struct model *m, const struct incident *inc, const char *place, const char *fmt,
                   ...)
{
    bool terse = m->terse;
    va_list ap;

    m->terse = false; /* something has happened, which everybody there must know */
    va_start(ap, fmt);
    vsay(m, inc->r.home, SAY_ANSWER, 0, fmt, ap);
    va_end(ap);
    m->terse = terse;
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

/* ---- lines whose fate matters
 * ----- */

uint64_t chat_await_shown(struct model *m, const struct incident *inc, int64_t revision,
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

void chat_pair_up(struct model *m, uint64_t token, uint64_t other)
{
    struct pending_shown *one = find_pending(m, token), *two = find_pending(m, other);

    if (one && two) {
        one->other = other;
        two->other = token;
    }
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
    if (o->r.glass) /* whoever was not there when it was said aloud must know */
        buf_addf(&b, " (by one-time password of %s)", o->r.confirmed_by);
    if (buf_error(&b))
        model_fail(m);
    else
        turn_say(m->turn, place, SAY_ANSWER,
                 home ? chat_await_shown(m, inc, rev->r.number, o, place) : 0,
                 chat_slot_of(CHAT_TOPIC_PROGRESS, o->r.id), buf_str(&b));
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
            if (o->r.state == OUTBOX_DONE && !o->r.told &&
                chat_may_say(m, inc->r.id, SAY_PROMPT, 1))
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

bool chat_shown_lately(const struct model *m, const struct incident *inc,
                       const struct revision *rev, int64_t ms)
{
    int64_t shown = incident_shown_at(inc, rev->r.number, inc->r.home);
    const struct pending_shown *p;

    for (p = m->pending; p; p = p->next)
        if (p->incident == inc->r.id && p->revision == rev->r.number && !p->outbox &&
            !strcmp(p->place, inc->r.home))
            return true;
    return shown != NOW_NEVER && m->now.boot_ms - shown < ms;
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
        } else if (p->token == token && inc && shown &&
                   incident_shown_at(inc, p->revision, p->place) == NOW_NEVER) {
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
    else if (!m->terse)
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
    chat_add_words(&b, rev);
    if (b.len > WORDS_BYTES) { /* written by hand on the page */
        buf_truncate(&b, utf8_cut(buf_str(&b), WORDS_BYTES));
        buf_adds(&b, "...");
    }
    say_buf(m, place, &b);
    buf_clear(&b);
    chat_add_consequence(&b, rev);
    buf_addf(&b, ". Since about %s UTC. %s", when_hms(inc->r.started_wall_ms, hms),
             chat_url(m, inc));
    say_buf(m, place, &b);
    buf_finish(&b);
}

void chat_kit(struct model *m, const struct incident *inc, const struct revision *rev,
              const char *place, enum say_priority priority)
{
    struct buf b;

    if (!chat_may_say(m, inc->r.id, priority, 2))
        return;
    buf_init(&b, SAY_BYTES);
    chat_add_consequence(&b, rev);
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
    bool any;

    buf_init(&planned, SAY_BYTES);
    buf_init(&line, SAY_BYTES);
    buf_init(&one, SAY_BYTES);
    for (inc = m->incidents; inc; inc = inc->next)
        left += is_listed(inc) ? 1 : 0;
    any = left > 0;
    chat_add_maintenance(&planned, m, "", "");
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
    if (any && planned.len && line.len + planned.len + 3 <= LINE_BYTES)
        buf_addf(&line, " | %s", buf_str(&planned));
    if (buf_error(&one))
        model_fail(m);
    else if (line.len || buf_error(&line))
        say_buf(m, place, &line);
    buf_finish(&planned);
    buf_finish(&line);
    buf_finish(&one);
}
