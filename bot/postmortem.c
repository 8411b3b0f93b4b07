#include "postmortem.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "buf.h"
#include "chat.h"
#include "chronicle.h"
#include "err.h"
#include "incident.h"
#include "outbox.h"
#include "report.h"
#include "utf8.h"

/* Source of the size: the page takes 100,000 characters. */
enum { BODY_BYTES_MAX = 100000, ANSWER_MS = 5 * 60 * 1000 };

static const int64_t delays_ms[] = {10 * 1000, 60 * 1000, 5 * 60 * 1000, 15 * 60 * 1000,
                                    30 * 60 * 1000};

enum { DELAYS = sizeof delays_ms / sizeof delays_ms[0] };

bool postmortem_waits(const struct incident *inc)
{
    return inc->r.postmortem == POSTMORTEM_WANTED;
}

/* A row of the timeline for what is public with a revision. */
static int take_public(struct chronicle *c, const struct incident *inc, const struct revision *rev)
{
    struct record_timeline row = {.incident = inc->r.id, .ref = rev->r.number};
    char by_crier[] = "published", by_hand[] = "edited", none[] = "";
    const struct outbox *o = inc->outbox;
    char *step = strdup(step_name((enum step)rev->r.step));
    int r;

    if (!step)
        return CRIER_ENOMEM;
    while (o && (o->r.revision != rev->r.number || o->r.state != OUTBOX_DONE))
        o = o->next;
    row.id = rev->r.id;
    row.wall_ms = o ? o->r.done_wall_ms : rev->r.made_wall_ms;
    row.kind = o ? by_crier : by_hand;
    row.who = none;
    row.text = rev->r.body;
    row.subject = step;
    r = chronicle_take(c, RECORD_TIMELINE, &row);
    free(step);
    return r;
}

/* Whether the text of a step is public no more: the next one took its place, by `correct` or by
 * hand. Somebody had a reason, and a draft must not bring back what they took away. */
static bool is_replaced(const struct incident *inc, const struct revision *rev,
                        const struct revision *newer)
{
    const struct outbox *o = inc->outbox;

    if (!newer || newer->r.kind == REVISION_CORRECT)
        return newer != NULL;
    while (o && o->r.revision != newer->r.number)
        o = o->next;
    return !o && newer->r.step == rev->r.step; /* or a new text: the page does not tell which */
}

/* The incident as the report reads it, but only what is public of it. */
static int take_all(struct chronicle *c, const struct incident *inc)
{
    const struct revision *rev, *newer = NULL;
    int r = chronicle_take(c, RECORD_INCIDENT, &inc->r);

    for (rev = inc->revisions; rev && !r; rev = rev->next) {
        bool replaced = is_replaced(inc, rev, newer);

        if (rev->r.state != REVISION_PUBLISHED)
            continue;
        newer = rev;
        if (replaced)
            continue;
        r = chronicle_take(c, RECORD_REVISION, &rev->r);
        if (!r)
            r = take_public(c, inc, rev);
    }
    chronicle_sort(c);
    return r;
}

static char *body_of(const struct incident *inc)
{
    struct chronicle c;
    struct buf b;
    char *body = NULL;

    chronicle_init(&c);
    buf_init(&b, REPORT_BYTES_MAX);
    if (!take_all(&c, inc)) {
        report_postmortem(&b, &c);
        if (b.len > BODY_BYTES_MAX)
            buf_truncate(&b, utf8_cut(buf_str(&b), BODY_BYTES_MAX));
        body = buf_take(&b);
    }
    buf_finish(&b);
    chronicle_finish(&c);
    return body;
}

static void send(struct model *m, struct incident *inc)
{
    struct page_request req;

    memset(&req, 0, sizeof req);
    req.op = PAGE_POSTMORTEM;
    req.outbox_id = inc->r.id;
    req.page = strdup(inc->r.page);
    req.remote_id = strdup(inc->r.remote_id);
    req.body = body_of(inc);
    if (!req.page || !req.remote_id || !req.body) {
        page_request_finish(&req);
        model_fail(m);
        return;
    }
    turn_page(m->turn, &req);
    /* an answer that never comes must not be waited for */
    model_timer_set(m, TIMER_POSTMORTEM, inc->r.id, m->now.boot_ms + ANSWER_MS);
}

void postmortem_begin(struct model *m, struct incident *inc)
{
    const struct revision *rev = model_public_revision(inc);

    if (!m->settings->report.postmortem_draft || inc->r.postmortem != POSTMORTEM_NONE || !rev ||
        rev->r.kind == REVISION_RETRACT || !inc->r.remote_id || !inc->r.remote_id[0])
        return;
    inc->r.postmortem = POSTMORTEM_WANTED;
    model_put(m, RECORD_INCIDENT, &inc->r);
    send(m, inc);
}

static void finish(struct model *m, struct incident *inc, enum postmortem_state state)
{
    inc->r.postmortem = state;
    model_put(m, RECORD_INCIDENT, &inc->r);
    model_timer_clear(m, TIMER_POSTMORTEM, inc->r.id);
    if (outbox_is_over(m, inc))
        incident_forget(m, inc);
}

/* @param error why the last attempt came to nothing. */
static void again(struct model *m, struct incident *inc, const char *error)
{
    if (inc->postmortem_tries < DELAYS) {
        model_timer_set(m, TIMER_POSTMORTEM, inc->r.id,
                        m->now.boot_ms + delays_ms[inc->postmortem_tries++]);
        return;
    }
    chat_home(m, inc, SAY_ANNOUNCE, "%lld: the draft of its postmortem could not be stored: %s",
              (long long)inc->r.id, error);
    finish(m, inc, POSTMORTEM_FAILED);
}

void postmortem_due(struct model *m, struct incident *inc)
{
    if (postmortem_waits(inc))
        send(m, inc);
}

void postmortem_answer(struct model *m, const struct page_answer *answer)
{
    struct incident *inc = model_incident(m, answer->outbox_id);

    if (!inc || !postmortem_waits(inc))
        return;
    switch (answer->result) {
    case PAGE_OK:
        audit_write(m, &(struct audit_entry){.action = AUDIT_POSTMORTEM, .inc = inc},
                    "incident %lld: the draft of its postmortem is on the page",
                    (long long)inc->r.id);
        finish(m, inc, POSTMORTEM_STORED);
        return;
    case PAGE_REFUSED:
        inc->postmortem_tries = DELAYS; /* that does not heal */
        again(m, inc, answer->error);
        return;
    case PAGE_UNSENT:
    case PAGE_DOUBTFUL:
        again(m, inc, answer->error);
        return;
    }
}

void postmortem_restore(struct model *m)
{
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        if (postmortem_waits(inc))
            model_timer_set(m, TIMER_POSTMORTEM, inc->r.id, m->now.boot_ms + delays_ms[0]);
}
