#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "audit.h"
#include "buf.h"
#include "chat.h"
#include "crash.h"
#include "err.h"
#include "follow.h"
#include "incident.h"
#include "outside.h"
#include "postmortem.h"
#include "triage.h"
#include "when.h"

enum {
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MAX_MS = 60 * 1000,
    READ_AGAIN_MIN_MS = 200,
    READ_AGAIN_MAX_MS = 5 * 1000,
    READINGS_IN_GRACE = 12,
    SHOWN_LATELY_MS = 60 * 1000,
    TWIN_LOOK_MS = 5 * 1000,
    TWIN_FOR_MS = 10 * 60 * 1000,   /* how long a twin of what has ended is looked for */
    TELL_EVERY_MS = 60 * 1000,      /* in the first minutes of an outage of the page */
    TELL_LATER_MS = 10 * 60 * 1000, /* after that */
    TELL_OFTEN_FOR_MS = 5 * 60 * 1000
};

struct outbox *outbox_pending(const struct incident *inc)
{
    struct outbox *o;

    for (o = inc->outbox; o; o = o->next)
        if (o->r.state == OUTBOX_QUEUED || o->r.state == OUTBOX_SENT || o->r.state == OUTBOX_DOUBT)
            return o;
    return NULL;
}

bool outbox_expects_twin(const struct model *m, const struct incident *inc)
{
    const struct outbox *o;
    int64_t creates = 0;

    for (o = inc->outbox; o; o = o->next) {
        const struct revision *rev = model_revision(inc, o->r.revision);

        if (rev && rev->r.kind == REVISION_DRAFT)
            creates += o->r.attempts;
    }
    return creates > 1 &&
           (inc->r.state != INCIDENT_RESOLVED ||
            m->now.boot_ms - model_past_boot(m, inc->r.closed_wall_ms, TWIN_FOR_MS) < TWIN_FOR_MS);
}

bool outbox_is_over(const struct model *m, const struct incident *inc)
{
    const struct outbox *o;

    for (o = inc->outbox; o; o = o->next)
        if (o->r.state == OUTBOX_DONE && !o->r.told)
            return false;
    return inc->r.state == INCIDENT_RESOLVED && !postmortem_waits(inc) &&
           !outbox_expects_twin(m, inc) && !outside_is_looking(m, inc->r.id);
}

static void enter(struct model *m, struct outbox *o, enum outbox_state state)
{
    o->r.state = state;
    if (state != OUTBOX_DOUBT) {
        o->r.doubt_wall_ms = 0;
        o->reading = false;
    }
    model_put(m, RECORD_OUTBOX, &o->r);
}

/* Not before this many milliseconds from now. */
static void postpone(struct model *m, const struct incident *inc, struct outbox *o,
                     int64_t delay_ms)
{
    o->next_boot_ms = m->now.boot_ms + delay_ms;
    o->r.next_wall_ms = m->now.wall_ms + delay_ms;
    model_timer_set(m, TIMER_OUTBOX, inc->r.id, o->next_boot_ms);
}

/* Exponential, with a jitter that the engine can compute again: it has no randomness of its own. */
static int64_t backoff(const struct outbox *o, int64_t at_least_ms)
{
    int64_t delay = BACKOFF_FIRST_MS, i;

    for (i = 1; i < o->r.attempts && delay < BACKOFF_MAX_MS; i++)
        delay *= 2;
    if (delay > BACKOFF_MAX_MS)
        delay = BACKOFF_MAX_MS;
    delay += (o->r.id * 7919 + o->r.attempts * 104729) % (delay / 4);
    return delay > at_least_ms ? delay : at_least_ms;
}

/* ---- requests
 * ---------------------------------------------------------------------------------------- */

static int64_t grace_of(const struct model *m, const struct incident *inc)
{
    return m->settings->page[model_page_index(m, inc->r.page)].doubt_grace_ms;
}

/* How long until the page is read once more for a step that is in doubt. */
static int64_t read_again(const struct model *m, const struct incident *inc)
{
    int64_t ms = grace_of(m, inc) / READINGS_IN_GRACE;

    if (ms < READ_AGAIN_MIN_MS)
        return READ_AGAIN_MIN_MS;
    return ms < READ_AGAIN_MAX_MS ? ms : READ_AGAIN_MAX_MS;
}

static bool fill_common(struct model *m, const struct incident *inc, const struct outbox *o,
                        struct page_request *req)
{
    req->outbox_id = o->r.id;
    req->urgent = true;
    req->key_incident = buf_printf("%s-%lld", m->meta.instance, (long long)inc->r.id);
    req->key_step = buf_printf("%lld", (long long)o->r.revision);
    req->page = strdup(inc->r.page);
    req->remote_id = strdup(inc->r.remote_id ? inc->r.remote_id : "");
    return req->key_incident && req->key_step && req->page && req->remote_id;
}

/* An update leaves alone a title that has not changed: somebody may have edited it by hand. */
static const char *title_to_send(const struct incident *inc, const struct revision *rev)
{
    const struct revision *before = model_public_revision(inc);

    return inc->r.remote_id && inc->r.remote_id[0] && before &&
                   !strcmp(before->r.title, rev->r.title)
               ? ""
               : rev->r.title;
}

static void send_step(struct model *m, const struct incident *inc, struct outbox *o)
{
    const struct revision *rev = model_revision(inc, o->r.revision);
    struct page_request req;

    memset(&req, 0, sizeof req);
    if (!rev || !fill_common(m, inc, o, &req) || !(req.title = strdup(title_to_send(inc, rev))) ||
        !(req.body = strdup(rev->r.body)) || components_parse(&req.components, rev->r.components)) {
        page_request_finish(&req);
        model_fail(m);
        return;
    }
    req.op = rev->r.kind == REVISION_CORRECT ? PAGE_CORRECT
             : req.remote_id[0]              ? PAGE_UPDATE
                                             : PAGE_CREATE;
    req.step = (enum step)rev->r.step;
    req.impact = (enum impact)rev->r.impact;
    req.notify = o->r.notify != 0;
    o->r.attempts++;
    enter(m, o, OUTBOX_SENT);
    turn_page(m->turn, &req);
}

static void read_page(struct model *m, const struct incident *inc, struct outbox *o)
{
    struct page_request req;

    memset(&req, 0, sizeof req);
    if (!fill_common(m, inc, o, &req)) {
        page_request_finish(&req);
        model_fail(m);
        return;
    }
    /* a create is looked for among the newest; an update may be of an incident older than these */
    req.op = req.remote_id[0] ? PAGE_GET : PAGE_LIST;
    req.recent = true;
    o->reading = true;
    o->read_boot_ms = m->now.boot_ms;
    turn_page(m->turn, &req);
}

static void run(struct model *m, struct incident *inc)
{
    struct outbox *o = outbox_pending(inc);

    if (!o || o->r.state == OUTBOX_SENT || o->reading)
        return;
    if (m->now.boot_ms < o->next_boot_ms) {
        model_timer_set(m, TIMER_OUTBOX, inc->r.id, o->next_boot_ms);
        return;
    }
    if (o->r.state == OUTBOX_DOUBT && !CRASH_BREAKS_RECONCILE())
        read_page(m, inc, o);
    else
        send_step(m, inc, o);
}

void outbox_confirm(struct model *m, struct incident *inc, struct revision *rev, const char *person,
                    const char *place, bool quiet, bool glass)
{
    const struct page_settings *page = &m->settings->page[model_page_index(m, inc->r.page)];
    struct outbox *o = calloc(1, sizeof *o), **link;

    if (!o || !model_text(m, &o->r.confirmed_by, person) || !model_text(m, &o->r.place, place) ||
        !model_text(m, &o->r.error, "")) {
        if (o)
            record_finish(RECORD_OUTBOX, &o->r);
        free(o);
        model_fail(m);
        return;
    }
    o->r.id = model_next_row(m);
    o->r.live = 1;
    o->r.incident = inc->r.id;
    o->r.revision = rev->r.number;
    o->r.state = OUTBOX_QUEUED;
    o->r.glass = glass;
    o->r.notify = rev->r.kind != REVISION_CORRECT && !quiet && page->notify[rev->r.step];
    o->r.confirmed_wall_ms = m->now.wall_ms;
    o->r.next_wall_ms = m->now.wall_ms;
    o->confirmed_boot_ms = m->now.boot_ms;
    o->next_boot_ms = m->now.boot_ms;
    for (link = &inc->outbox; *link; link = &(*link)->next)
        ;
    *link = o;
    model_put(m, RECORD_OUTBOX, &o->r);
    incident_set_revision(m, rev, REVISION_CONFIRMED);
    if (inc->r.state == INCIDENT_DRAFT && incident_enter(m, inc, INCIDENT_EVENT_CONFIRMED))
        model_fail(m);
    model_timer_clear(m, TIMER_QUIET, inc->r.id);
    model_timer_clear(m, TIMER_SECOND_PERSON, inc->r.id);
    model_timer_set(m, TIMER_PATIENCE, inc->r.id,
                    m->now.boot_ms + m->settings->chat.confirm_patience_ms);
    run(m, inc);
}

/* ---- taking confirms back
 * ------------------------------------------------------------------------------ */

/* All steps of the incident that are not finished are withdrawn; the newest words wait for a
 * confirm again unless newer ones do already, or these are not true any more.
 * @return the revision that may be confirmed now, unless that was made and shown just now; or NULL.
 */
static struct revision *withdraw(struct model *m, struct incident *inc, bool untrue)
{
    struct revision *newest = NULL, *open;
    struct outbox *o;

    while ((o = outbox_pending(inc)) != NULL) {
        struct revision *rev = model_revision(inc, o->r.revision);

        enter(m, o, OUTBOX_WITHDRAWN);
        if (newest)
            incident_set_revision(m, newest, REVISION_SUPERSEDED);
        newest = rev;
    }
    if (newest && ((untrue && inc->r.state == INCIDENT_PUBLIC) || model_open_revision(inc))) {
        incident_set_revision(m, newest, REVISION_SUPERSEDED);
    } else if (newest) {
        newest->r.first_approval_wall_ms = 0;
        if (!model_text(m, &newest->r.first_approval, ""))
            return NULL;
        incident_set_revision(m, newest, REVISION_OPEN);
    }
    model_timer_clear(m, TIMER_OUTBOX, inc->r.id);
    model_timer_clear(m, TIMER_PATIENCE, inc->r.id);
    model_timer_clear(m, TIMER_TELL_QUEUED, inc->r.id);
    if (incident_enter(m, inc, INCIDENT_EVENT_UNCONFIRMED))
        model_fail(m);
    open = model_open_revision(inc);
    if (inc->r.state == INCIDENT_DRAFT) {
        if (open && open->r.kind != REVISION_DRAFT) { /* it was to widen what is not public now */
            open->r.kind = REVISION_DRAFT;
            incident_set_revision(m, open, REVISION_OPEN);
        }
        triage_quiet_again(m, inc);
    }
    if (untrue)
        triage_again(m, inc); /* what else was in it */
    else
        triage_revise_due(m, inc); /* what could not be in it any more */
    follow_published(m, inc);
    return open == model_open_revision(inc) ? open : NULL;
}

/* What is not sent yet says that it is over, or nearly, and its alerts have fired again since that
 * was confirmed. */
static bool is_overtaken(const struct model *m, const struct incident *inc, const struct outbox *o)
{
    const struct revision *rev = model_revision(inc, o->r.revision);
    const struct alert *a;

    if (!rev || rev->r.step < STEP_MONITORING || rev->r.kind == REVISION_RETRACT || !inc->firing)
        return false;
    for (a = m->alert_newest; a; a = a->older)
        if (a->r.incident == inc->r.id && a->r.firing && !a->planned &&
            a->first_boot_ms > o->confirmed_boot_ms && alert_tells(m, a))
            return true;
    return false;
}

static void take_back(struct model *m, struct incident *inc, const struct outbox *o, bool overtaken)
{
    char ago[WHEN_BYTES];
    struct revision *rev;

    when_duration(m->now.boot_ms - o->confirmed_boot_ms, ago);
    if (overtaken)
        chat_failed(m, inc, o,
                    "%lld.%lld was confirmed %s ago and could not be sent: withdrawn, since its "
                    "alerts fire again",
                    (long long)inc->r.id, (long long)o->r.revision, ago);
    else
        chat_failed(m, inc, o,
                    "%lld.%lld was confirmed %s ago and could not be sent: withdrawn. What is true "
                    "now needs a new confirm.",
                    (long long)inc->r.id, (long long)o->r.revision, ago);
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "expired", o->r.confirmed_by,
                      overtaken ? "its alerts fired again before the page could be reached"
                                : "the confirm went stale before the page could be reached",
                      o->r.revision, "");
    audit_write(m,
                &(struct audit_entry){.action = AUDIT_EXPIRED,
                                      .person = o->r.confirmed_by,
                                      .inc = inc,
                                      .revision = o->r.revision},
                "incident %lld: confirm of %lld.%lld by %s expired", (long long)inc->r.id,
                (long long)inc->r.id, (long long)o->r.revision, o->r.confirmed_by);
    rev = withdraw(m, inc, overtaken);
    if (rev && !chat_shown_lately(m, inc, rev, SHOWN_LATELY_MS))
        chat_announce(m, inc, rev, false);
}

static bool expire(struct model *m, struct incident *inc, const struct outbox *o)
{
    bool overtaken;

    if (o->r.state != OUTBOX_QUEUED)
        return false;
    overtaken = is_overtaken(m, inc, o);
    if (!overtaken && m->now.boot_ms - o->confirmed_boot_ms < m->settings->chat.confirm_expires_ms)
        return false;
    take_back(m, inc, o, overtaken);
    return true;
}

void outbox_due(struct model *m, struct incident *inc)
{
    struct outbox *o = outbox_pending(inc);

    if (o && !expire(m, inc, o))
        run(m, inc);
}

/* ---- telling people
 * ------------------------------------------------------------------------------------- */

void outbox_patience(struct model *m, struct incident *inc)
{
    struct outbox *o = outbox_pending(inc);

    if (!o || o->patience_over || o->told_queued)
        return;
    o->patience_over = true;
    chat_say_newest(m, inc->r.id, o->r.place, SAY_ANSWER, CHAT_TOPIC_PROGRESS, o->r.id,
                    "confirm %lld.%lld taken, sending", (long long)inc->r.id,
                    (long long)o->r.revision);
}

void outbox_tell(struct model *m, struct incident *inc)
{
    struct outbox *o = outbox_pending(inc);
    const char *state, *error;
    int64_t so_far;
    char ago[WHEN_BYTES];

    if (!o)
        return;
    so_far = m->now.boot_ms - o->confirmed_boot_ms;
    if (m->store_sick) { /* which has been told, and holds this line back */
        model_timer_set(m, TIMER_TELL_QUEUED, inc->r.id, m->now.boot_ms + TELL_EVERY_MS);
        return;
    }
    state = o->r.state == OUTBOX_DOUBT ? "no clear answer, reading the page" : "queued, retrying";
    error = o->r.error[0] ? o->r.error : "no answer";
    if (so_far < 1000)
        chat_say_newest(m, inc->r.id, inc->r.home, SAY_ANNOUNCE, CHAT_TOPIC_PROGRESS, o->r.id,
                        "%lld.%lld is not public yet: %s (%s). Post by hand if urgent: %s",
                        (long long)inc->r.id, (long long)o->r.revision, state, error,
                        chat_admin_url(m, inc));
    else
        chat_say_newest(
            m, inc->r.id, inc->r.home, SAY_ANNOUNCE, CHAT_TOPIC_PROGRESS, o->r.id,
            "%lld.%lld is not public yet: %s, %s so far (%s). Post by hand if urgent: %s",
            (long long)inc->r.id, (long long)o->r.revision, state, when_duration(so_far, ago),
            error, chat_admin_url(m, inc));
    o->told_queued = true;
    model_timer_set(m, TIMER_TELL_QUEUED, inc->r.id,
                    m->now.boot_ms + (so_far < TELL_OFTEN_FOR_MS ? TELL_EVERY_MS : TELL_LATER_MS));
}

/* ---- answers
 * -------------------------------------------------------------------------------------------- */

/* Its subscribers were mailed. */
static void note_mail(struct model *m, const struct incident *inc, int64_t boot_ms)
{
    struct page_watch *page = model_page_watch(m, model_page_index(m, inc->r.page));

    if (!page)
        return;
    page->mail_boot_ms[page->next_mail] = boot_ms;
    page->next_mail = (page->next_mail + 1) % MAILS_MAX;
}

static void done(struct model *m, struct incident *inc, struct outbox *o,
                 const struct page_incident *remote)
{
    struct revision *rev = model_revision(inc, o->r.revision);
    bool ends = rev && rev->r.step == STEP_RESOLVED;
    bool had_remote = inc->r.remote_id && inc->r.remote_id[0];
    long long n = inc->r.id;

    if (!rev) {
        model_fail(m);
        return;
    }
    o->r.done_wall_ms = m->now.wall_ms;
    if (!model_text(m, &o->r.error, ""))
        return;
    enter(m, o, OUTBOX_DONE);
    incident_set_revision(m, rev, REVISION_PUBLISHED);
    if (remote && remote->remote_id && remote->remote_id[0] &&
        !model_text(m, &inc->r.remote_id, remote->remote_id))
        return;
    if (!model_text(m, &inc->r.seen_title, remote ? remote->title : rev->r.title) ||
        !model_text(m, &inc->r.seen_body, remote ? remote->body : rev->r.body))
        return;
    if (remote && remote->url && remote->url[0] && !model_text(m, &inc->r.url, remote->url))
        return;
    inc->done_boot_ms = inc->word_boot_ms = m->now.boot_ms;
    if (o->r.notify)
        note_mail(m, inc, m->now.boot_ms);
    inc->r.step = rev->r.step;
    inc->r.public_revision = rev->r.number;
    if (incident_enter(m, inc, INCIDENT_EVENT_PUBLISHED))
        model_fail(m);
    model_timer_clear(m, TIMER_PATIENCE, inc->r.id);
    model_timer_clear(m, TIMER_TELL_QUEUED, inc->r.id);
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "published", o->r.confirmed_by, rev->r.body,
                      rev->r.number, step_name((enum step)rev->r.step));
    audit_write(m,
                &(struct audit_entry){.action = AUDIT_PUBLISHED,
                                      .person = o->r.confirmed_by,
                                      .place = o->r.place,
                                      .inc = inc,
                                      .rev = rev},
                "incident %lld: %lld.%lld published as %s, confirmed by %s, mail %s", n, n,
                (long long)rev->r.number, inc->r.remote_id, o->r.confirmed_by,
                o->r.notify ? "yes" : "no");
    chat_done(m, inc, o);
    outside_begin(m, inc, rev);
    if (!had_remote) /* a create: once more for a twin, which may come later than its own answer */
        model_timer_set(m, TIMER_WATCH, -1 - (int64_t)model_page_index(m, inc->r.page),
                        m->now.boot_ms + TWIN_LOOK_MS);
    if (ends) {
        if (incident_enter(m, inc, INCIDENT_EVENT_RESOLVED))
            model_fail(m);
        if (rev->r.kind != REVISION_RETRACT)
            triage_outlived(m, inc, o->confirmed_boot_ms);
        incident_end(m, inc);
        postmortem_begin(m, inc);
        return;
    }
    outbox_due(m, inc); /* what waited behind it may have gone stale */
    follow_published(m, inc);
}

static void refused(struct model *m, struct incident *inc, struct outbox *o, const char *error)
{
    const struct revision *open = model_open_revision(inc);
    int64_t kind = open ? open->r.kind : 0;
    struct revision *rev;

    if (!model_text(m, &o->r.error, error))
        return;
    chat_failed(
        m, inc, o,
        "%lld.%lld was NOT published, the page refused it: %s. The words are kept: change and "
        "confirm again, or post by hand: %s",
        (long long)inc->r.id, (long long)o->r.revision, error, chat_admin_url(m, inc));
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "refused", o->r.confirmed_by, error,
                      o->r.revision, "page");
    audit_write(m,
                &(struct audit_entry){.action = AUDIT_PAGE_REFUSED,
                                      .person = o->r.confirmed_by,
                                      .place = o->r.place,
                                      .inc = inc,
                                      .revision = o->r.revision},
                "incident %lld: the page refused %lld.%lld: %s", (long long)inc->r.id,
                (long long)inc->r.id, (long long)o->r.revision, error);
    rev = withdraw(m, inc, false);
    enter(m, o, OUTBOX_REFUSED);
    /* the line above names the words; others that were confirmed behind them are shown again */
    if (rev && rev->r.number != o->r.revision &&
        (rev->r.kind != kind || !chat_shown_lately(m, inc, rev, SHOWN_LATELY_MS)))
        chat_announce(m, inc, rev, false);
}

static void retry(struct model *m, struct incident *inc, struct outbox *o,
                  const struct page_answer *answer)
{
    if (!model_text(m, &o->r.error, answer->error))
        return;
    postpone(m, inc, o, backoff(o, answer->retry_after_ms));
    enter(m, o, OUTBOX_QUEUED);
    if (!o->told_queued)
        outbox_tell(m, inc);
}

static void doubt(struct model *m, struct incident *inc, struct outbox *o, const char *error)
{
    if (!model_text(m, &o->r.error, error))
        return;
    o->r.doubt_wall_ms = m->now.wall_ms;
    o->doubt_boot_ms = m->now.boot_ms;
    enter(m, o, OUTBOX_DOUBT);
    o->next_boot_ms = m->now.boot_ms;
    if (!o->told_queued)
        outbox_tell(m, inc);
    run(m, inc);
}

/* The page as it is: has our request been applied after all? */
static void reconcile(struct model *m, struct incident *inc, struct outbox *o,
                      const struct page_answer *answer)
{
    char *key = buf_printf("%s-%lld", m->meta.instance, (long long)inc->r.id);
    char *step = buf_printf("%lld", (long long)o->r.revision);
    int64_t again = read_again(m, inc);
    size_t i;

    o->reading = false;
    if (!key || !step) {
        model_fail(m);
        goto out;
    }
    if (answer->op == PAGE_GET && answer->result == PAGE_REFUSED && answer->http_status == 404) {
        refused(m, inc, o, "somebody has removed the incident from the page");
        goto out;
    }
    if (answer->result != PAGE_OK) {
        if (model_text(m, &o->r.error, answer->error))
            postpone(m, inc, o,
                     backoff(o, answer->retry_after_ms > again ? answer->retry_after_ms : again));
        goto out;
    }
    for (i = 0; i < answer->n_incidents; i++) {
        const struct page_incident *p = &answer->incident[i];

        if (p->key_incident && p->key_step && !strcmp(p->key_incident, key) &&
            !strcmp(p->key_step, step)) {
            audit_line(m, "incident %lld: %lld.%lld is found on the page after a doubt",
                       (long long)inc->r.id, (long long)inc->r.id, (long long)o->r.revision);
            done(m, inc, o, p);
            goto out;
        }
    }
    /* a reading that began within the grace may have been overtaken by the request itself */
    if (o->read_boot_ms - o->doubt_boot_ms < grace_of(m, inc)) {
        postpone(m, inc, o, again);
        goto out;
    }
    enter(m, o, OUTBOX_QUEUED);
    if (expire(m, inc, o))
        goto out;
    chat_say_newest(m, inc->r.id, inc->r.home, SAY_ANNOUNCE, CHAT_TOPIC_PROGRESS, o->r.id,
                    "%lld.%lld is not on the page: sending it again", (long long)inc->r.id,
                    (long long)o->r.revision);
    o->next_boot_ms = m->now.boot_ms;
    run(m, inc);
out:
    free(key);
    free(step);
}

void outbox_answer(struct model *m, const struct page_answer *answer)
{
    struct incident *inc;
    struct outbox *o = NULL;

    for (inc = m->incidents; inc && !o; inc = o ? inc : inc->next) {
        for (o = inc->outbox; o && o->r.id != answer->outbox_id; o = o->next)
            ;
        if (o)
            break;
    }
    if (!inc || !o)
        return;
    if (answer->op == PAGE_LIST || answer->op == PAGE_GET) {
        if (o->r.state == OUTBOX_DOUBT)
            reconcile(m, inc, o, answer);
        return;
    }
    if (o->r.state != OUTBOX_SENT)
        return;
    switch (answer->result) {
    case PAGE_OK:
        if (answer->op == PAGE_CREATE && (!answer->n_incidents || !answer->incident->remote_id ||
                                          !answer->incident->remote_id[0])) {
            doubt(m, inc, o, "the page did not say under which number");
            return;
        }
        done(m, inc, o, answer->n_incidents ? answer->incident : NULL);
        return;
    case PAGE_UNSENT:
        retry(m, inc, o, answer);
        return;
    case PAGE_DOUBTFUL:
        if (answer->op == PAGE_CORRECT)
            retry(m, inc, o, answer); /* the same text again changes nothing */
        else
            doubt(m, inc, o, answer->error);
        return;
    case PAGE_REFUSED:
        refused(m, inc, o, answer->error);
        return;
    }
}

void outbox_restore(struct model *m)
{
    int64_t expires = m->settings->chat.confirm_expires_ms;
    struct incident *inc;
    struct outbox *o;

    for (inc = m->incidents; inc; inc = inc->next) {
        for (o = inc->outbox; o; o = o->next) {
            o->confirmed_boot_ms = model_past_boot(m, o->r.confirmed_wall_ms, expires);
            o->next_boot_ms = m->now.boot_ms;
            if (o->r.state == OUTBOX_SENT) {
                const struct revision *rev = model_revision(inc, o->r.revision);

                o->r.doubt_wall_ms = m->now.wall_ms;
                enter(m, o, rev && rev->r.kind == REVISION_CORRECT ? OUTBOX_QUEUED : OUTBOX_DOUBT);
            }
            o->doubt_boot_ms = m->now.boot_ms;
            if (o->r.state == OUTBOX_DONE && o->r.notify)
                note_mail(m, inc,
                          model_past_boot(m, o->r.done_wall_ms, m->settings->follow.mail_span_ms));
        }
        if (!outbox_pending(inc))
            continue;
        model_timer_set(m, TIMER_OUTBOX, inc->r.id, m->now.boot_ms);
        model_timer_set(m, TIMER_TELL_QUEUED, inc->r.id, m->now.boot_ms + TELL_EVERY_MS);
    }
}
