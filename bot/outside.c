#include "outside.h"

#include <stdlib.h>
#include <string.h>

#include "chat.h"
#include "incident.h"
#include "outbox.h"
#include "when.h"

enum {
    FIRST_LOOK_MS = 1000,
    LOOK_MAX_MS = 15 * 1000, /* looks are at 1, 3, 7, 15, 30, 45 ... seconds */
    LOUD_AFTER_MS = 30 * 1000,
    GIVE_UP_MS = 10 * 60 * 1000
};

/* One thing that readers should see by now. */
struct outside {
    int64_t incident;
    char *page;
    char *home;
    char *url;
    char *remote_id;
    char *body;
    enum step step;
    int64_t revision;
    int64_t since_boot_ms;
    int64_t delay_ms;
    bool loud; /* it was said that readers do not see it */
    struct outside *next;
};

static void outside_destroy(struct outside *o)
{
    free(o->page);
    free(o->home);
    free(o->url);
    free(o->remote_id);
    free(o->body);
    free(o);
}

void outside_finish(struct model *m)
{
    while (m->outside) {
        struct outside *o = m->outside;

        m->outside = o->next;
        outside_destroy(o);
    }
}

static struct outside **find(struct model *m, int64_t incident)
{
    struct outside **link = &m->outside;

    while (*link && (*link)->incident != incident)
        link = &(*link)->next;
    return link;
}

static void drop(struct model *m, struct outside **link)
{
    struct outside *o = *link;

    model_timer_clear(m, TIMER_OUTSIDE, o->incident);
    *link = o->next;
    outside_destroy(o);
}

void outside_begin(struct model *m, const struct incident *inc, const struct revision *rev)
{
    struct outside **link = find(m, inc->r.id);
    struct outside *o = calloc(1, sizeof *o);

    if (*link)
        drop(m, link);
    if (!o || !(o->page = strdup(inc->r.page)) || !(o->home = strdup(inc->r.home)) ||
        !(o->url = strdup(chat_url(m, inc))) || !(o->remote_id = strdup(inc->r.remote_id)) ||
        !(o->body = strdup(inc->r.seen_body))) {
        if (o)
            outside_destroy(o);
        model_fail(m);
        return;
    }
    o->incident = inc->r.id;
    o->step = (enum step)rev->r.step;
    o->revision = rev->r.number;
    o->since_boot_ms = m->now.boot_ms;
    o->delay_ms = FIRST_LOOK_MS;
    o->next = m->outside;
    m->outside = o;
    model_timer_set(m, TIMER_OUTSIDE, o->incident, m->now.boot_ms + FIRST_LOOK_MS);
}

bool outside_is_looking(const struct model *m, int64_t incident)
{
    const struct outside *o;

    for (o = m->outside; o && o->incident != incident; o = o->next)
        ;
    return o != NULL;
}

/* Seen, or given up: what has ended may be forgotten now. */
static void finish(struct model *m, struct outside **link)
{
    struct incident *inc = model_incident(m, (*link)->incident);

    drop(m, link);
    if (inc && outbox_is_over(m, inc))
        incident_forget(m, inc);
}

void outside_due(struct model *m, int64_t incident)
{
    struct outside *o = *find(m, incident);
    struct page_request req;

    if (!o)
        return;
    memset(&req, 0, sizeof req);
    req.op = PAGE_PUBLIC;
    req.recent = true;
    req.outbox_id = incident;
    req.page = strdup(o->page);
    req.remote_id = strdup("");
    if (!req.page || !req.remote_id) {
        page_request_finish(&req);
        model_fail(m);
        return;
    }
    turn_page(m->turn, &req);
    /* an answer that never comes must not end the looking */
    model_timer_set(m, TIMER_OUTSIDE, incident, m->now.boot_ms + 2 * LOUD_AFTER_MS);
}

static bool is_seen(const struct outside *o, const struct page_answer *answer)
{
    size_t i;

    for (i = 0; i < answer->n_incidents; i++)
        if (!strcmp(answer->incident[i].remote_id, o->remote_id))
            return answer->incident[i].step == o->step &&
                   !strcmp(answer->incident[i].body, o->body);
    return false;
}

void outside_answer(struct model *m, const struct page_answer *answer)
{
    struct outside **link = find(m, answer->outbox_id), *o = *link;
    int64_t ago;
    char words[WHEN_BYTES];

    if (!o)
        return;
    ago = m->now.boot_ms - o->since_boot_ms;
    when_duration(ago, words);
    if (answer->result == PAGE_OK && is_seen(o, answer)) {
        chat_say_newest(m, o->incident, o->home, SAY_REMINDER, CHAT_TOPIC_READERS, o->incident,
                        "%lld is visible to readers after %s", (long long)o->incident, words);
        model_timeline_of(m, o->incident, m->now.wall_ms, "visible", "", words, o->revision,
                          step_name(o->step));
        finish(m, link);
        return;
    }
    if (ago >= LOUD_AFTER_MS && !o->loud) {
        o->loud = true;
        if (answer->result == PAGE_OK)
            chat_say_newest(
                m, o->incident, o->home, SAY_PROMPT, CHAT_TOPIC_READERS, o->incident,
                "%lld is NOT visible to readers after %s: they still see the old state, look at %s",
                (long long)o->incident, words, o->url);
        else
            chat_say_newest(m, o->incident, o->home, SAY_PROMPT, CHAT_TOPIC_READERS, o->incident,
                            "%lld: what readers see could not be read for %s (%s): %s",
                            (long long)o->incident, words, answer->error, o->url);
    }
    if (ago >= GIVE_UP_MS) {
        finish(m, link);
        return;
    }
    o->delay_ms = o->delay_ms * 2 < LOOK_MAX_MS ? o->delay_ms * 2 : LOOK_MAX_MS;
    model_timer_set(m, TIMER_OUTSIDE, o->incident, m->now.boot_ms + o->delay_ms);
}
