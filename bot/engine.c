#include "engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alarms.h"
#include "alerts.h"
#include "audit.h"
#include "budget.h"
#include "breakglass.h"
#include "buf.h"
#include "chat.h"
#include "disk.h"
#include "drafts.h"
#include "ears.h"
#include "err.h"
#include "follow.h"
#include "incident.h"
#include "insist.h"
#include "maintenance.h"
#include "model.h"
#include "obey.h"
#include "outbox.h"
#include "outside.h"
#include "pace.h"
#include "postmortem.h"
#include "remind.h"
#include "triage.h"
#include "version.h"
#include "watch.h"

enum { PURGE_EVERY_MS = 60 * 1000, ENDED_UNSEEN_MS = 24 * 60 * 60 * 1000 };

struct engine {
    struct model m;
};

/* ---- life
 * ------------------------------------------------------------------------------------------- */

static int set_pages(struct model *m)
{
    size_t i, n = m->settings->n_pages;
    struct page_watch *page = calloc(n ? n : 1, sizeof *page);

    if (!page)
        return CRIER_ENOMEM;
    for (i = 0; i < n; i++)
        page[i].subscribers = -1;
    for (i = 0; i < n && n == m->n_pages; i++) { /* another configuration */
        memcpy(page[i].mail_boot_ms, m->page[i].mail_boot_ms, sizeof page[i].mail_boot_ms);
        page[i].next_mail = m->page[i].next_mail;
        page[i].red_boot_ms = m->page[i].red_boot_ms;
    }
    free(m->page);
    m->page = page;
    m->n_pages = n;
    return 0;
}

int engine_create(const struct settings *settings, struct engine **ret_engine)
{
    struct engine *e = calloc(1, sizeof *e);

    if (!e)
        return CRIER_ENOMEM;
    e->m.settings = settings;
    e->m.next_token = 1;
    e->m.meta.id = 1;
    e->m.meta.live = 1;
    e->m.meta.next_incident = 1;
    e->m.meta.next_row = 1;
    if (set_pages(&e->m) || record_set_text(&e->m.meta.instance, "crier")) {
        engine_destroy(e);
        return CRIER_ENOMEM;
    }
    *ret_engine = e;
    return 0;
}

void engine_destroy(struct engine *e)
{
    if (!e)
        return;
    watch_tasks_finish(&e->m);
    insist_finish(&e->m);
    outside_finish(&e->m);
    breakglass_finish(&e->m);
    model_finish(&e->m);
    free(e);
}

/* ---- loading
 * ------------------------------------------------------------------------------------------- */

/* A stored record becomes the first member of a runtime struct: an owned copy of its strings. */
static int adopt(enum record_table t, const void *record, void *ret, size_t size)
{
    void *copy = record_copy(t, record);

    if (!copy)
        return CRIER_ENOMEM;
    memcpy(ret, copy, size);
    free(copy);
    return 0;
}

static int load_incident(struct model *m, const void *record)
{
    struct incident *inc = calloc(1, sizeof *inc);

    if (!inc || adopt(RECORD_INCIDENT, record, &inc->r, sizeof inc->r)) {
        free(inc);
        return CRIER_ENOMEM;
    }
    model_incident_link(m, inc);
    return 0;
}

static int load_revision(struct model *m, const struct record_revision *record)
{
    struct incident *inc = model_incident(m, record->incident);
    struct revision *rev, **link;
    int r = CRIER_ENOMEM;

    if (!inc)
        return 0;
    rev = calloc(1, sizeof *rev);
    if (!rev || adopt(RECORD_REVISION, record, &rev->r, sizeof rev->r))
        goto fail;
    components_init(&rev->components);
    r = components_parse(&rev->components, rev->r.components);
    if (r) {
        record_finish(RECORD_REVISION, &rev->r);
        goto fail;
    }
    for (link = &inc->revisions; *link && (*link)->r.number > rev->r.number; link = &(*link)->next)
        ;
    rev->next = *link;
    *link = rev;
    return 0;
fail:
    free(rev);
    return r;
}

static int load_shown(struct model *m, const struct record_shown *record)
{
    struct incident *inc = model_incident(m, record->incident);
    struct shown *s;

    if (!inc)
        return 0;
    s = calloc(1, sizeof *s);
    if (!s || adopt(RECORD_SHOWN, record, &s->r, sizeof s->r)) {
        free(s);
        return CRIER_ENOMEM;
    }
    s->next = inc->shown;
    inc->shown = s;
    return 0;
}

static int load_outbox(struct model *m, const struct record_outbox *record)
{
    struct incident *inc = model_incident(m, record->incident);
    struct outbox *o, **link;

    if (!inc)
        return 0;
    o = calloc(1, sizeof *o);
    if (!o || adopt(RECORD_OUTBOX, record, &o->r, sizeof o->r)) {
        free(o);
        return CRIER_ENOMEM;
    }
    for (link = &inc->outbox; *link && (*link)->r.id < o->r.id; link = &(*link)->next)
        ;
    o->next = *link;
    *link = o;
    return 0;
}

static int load_alert(struct model *m, const void *record)
{
    const struct record_alert *r = record;
    struct alert *a = calloc(1, sizeof *a);

    if (!a)
        return CRIER_ENOMEM;
    a->r = *r;
    a->r.source = a->r.check_name = a->r.host = a->r.place = a->r.summary = a->r.rule =
        a->r.group_key = NULL;
    a->r.line_id = 0; /* lines are numbered anew by each process */
    if (names_set(&m->names, &a->r.source, r->source) ||
        names_set(&m->names, &a->r.check_name, r->check_name) ||
        names_set(&m->names, &a->r.host, r->host) || names_set(&m->names, &a->r.place, r->place) ||
        names_set(&m->names, &a->r.rule, r->rule) ||
        names_set(&m->names, &a->r.group_key, r->group_key) ||
        record_set_text(&a->r.summary, r->summary)) {
        model_alert_destroy(m, a);
        return CRIER_ENOMEM;
    }
    a->rule = model_rule(m, a->r.rule);
    model_alert_link(m, a);
    return 0;
}

static int load_deploy(struct model *m, const struct record_deploy *record)
{
    struct deploy *d = calloc(1, sizeof *d), **link;

    if (!d || adopt(RECORD_DEPLOY, record, &d->r, sizeof d->r)) {
        free(d);
        return CRIER_ENOMEM;
    }
    d->r.line_id = 0;
    for (link = &m->deploys; *link && (*link)->r.id > d->r.id; link = &(*link)->next)
        ;
    d->next = *link;
    *link = d;
    return 0;
}

static int load_note(struct model *m, const struct record_timeline *record)
{
    struct note *n = calloc(1, sizeof *n);

    if (!n || adopt(RECORD_TIMELINE, record, &n->r, sizeof n->r)) {
        free(n);
        return CRIER_ENOMEM;
    }
    model_note_link(m, n);
    return 0;
}

static int load_window(struct model *m, const void *record)
{
    struct window *w = calloc(1, sizeof *w), **link = &m->windows;

    if (!w || adopt(RECORD_MAINTENANCE, record, &w->r, sizeof w->r)) {
        free(w);
        return CRIER_ENOMEM;
    }
    while (*link)
        link = &(*link)->next;
    *link = w;
    return 0;
}

static int load_ear(struct model *m, const void *record)
{
    struct ear *e = calloc(1, sizeof *e);

    if (!e || adopt(RECORD_EAR, record, &e->r, sizeof e->r)) {
        free(e);
        return CRIER_ENOMEM;
    }
    e->next = m->ears;
    m->ears = e;
    return 0;
}

static int load_echo(struct model *m, const void *record)
{
    struct echo *e = calloc(1, sizeof *e);

    if (!e || adopt(RECORD_HEARD, record, &e->r, sizeof e->r)) {
        free(e);
        return CRIER_ENOMEM;
    }
    model_echo_link(m, e);
    return 0;
}

static int load_meta(struct model *m, const void *record)
{
    record_finish(RECORD_META, &m->meta);
    return adopt(RECORD_META, record, &m->meta, sizeof m->meta);
}

int engine_load_row(void *engine, enum record_table t, const void *record)
{
    struct model *m = &((struct engine *)engine)->m;

    switch (t) {
    case RECORD_META:
        return load_meta(m, record);
    case RECORD_INCIDENT:
        return load_incident(m, record);
    case RECORD_REVISION:
        return load_revision(m, record);
    case RECORD_SHOWN:
        return load_shown(m, record);
    case RECORD_ALERT:
        return load_alert(m, record);
    case RECORD_DEPLOY:
        return load_deploy(m, record);
    case RECORD_OUTBOX:
        return load_outbox(m, record);
    case RECORD_TIMELINE:
        return load_note(m, record);
    case RECORD_MAINTENANCE:
        return load_window(m, record);
    case RECORD_EAR:
        return load_ear(m, record);
    case RECORD_HEARD:
        return load_echo(m, record);
    case RECORD_OPENING:
        return drafts_load(m, record);
    case RECORD_ENROLMENT:
        return breakglass_load(m, record);
    case RECORD_AUDIT: /* never live */
    case RECORD_TABLES:
        break;
    }
    return CRIER_EINVAL;
}

/* ---- start
 * ---------------------------------------------------------------------------------------------- */

static void ask_page(struct model *m, const char *page, enum page_op op)
{
    struct page_request req;

    memset(&req, 0, sizeof req);
    req.op = op;
    req.page = strdup(page);
    req.remote_id = strdup("");
    if (!req.page || !req.remote_id) {
        page_request_finish(&req);
        model_fail(m);
        return;
    }
    turn_page(m->turn, &req);
}

/* Whether what the configuration says of the pages is so; what is not is told. */
static void check_pages(struct model *m)
{
    size_t i;

    for (i = 0; i < m->settings->n_pages; i++) {
        ask_page(m, m->settings->page[i].name, PAGE_CHECK);
        ask_page(m, m->settings->page[i].name, PAGE_SUBSCRIBERS);
    }
    m->check_pages = false;
}

/* Stored wall times as boot times, none in the future, none longer ago than they can matter. */
static void restore_clocks(struct model *m)
{
    const struct triage_settings *t = &m->settings->triage;
    struct incident *inc;
    struct deploy *d;
    struct alert *a;
    struct note *n;
    struct revision *rev;
    struct shown *s;

    for (a = m->alert_oldest; a; a = a->newer) {
        a->first_boot_ms = model_past_boot(m, a->r.first_wall_ms, ALERT_FORGOTTEN_MS);
        a->last_boot_ms = model_past_boot(
            m, a->r.firing ? a->r.last_wall_ms : a->r.resolved_wall_ms, ALERT_FORGOTTEN_MS);
    }
    for (d = m->deploys; d; d = d->next) {
        d->started_boot_ms = model_past_boot(m, d->r.started_wall_ms, t->deploy_max_ms);
        d->ended_boot_ms = model_past_boot(m, d->r.ended_wall_ms, t->deploy_max_ms);
    }
    for (n = m->notes; n; n = n->next)
        n->boot_ms = model_past_boot(m, n->r.wall_ms, t->deploy_max_ms);
    for (inc = m->incidents; inc; inc = inc->next) {
        budget_restore(m, inc);
        inc->opened_boot_ms = model_past_boot(m, inc->r.opened_wall_ms, t->deploy_max_ms);
        inc->revised_boot_ms = model_past_boot(m, inc->r.revised_wall_ms, t->deploy_max_ms);
        for (rev = inc->revisions; rev; rev = rev->next)
            rev->approved_boot_ms = model_past_boot(m, rev->r.first_approval_wall_ms,
                                                    m->settings->chat.confirm_expires_ms);
        for (s = inc->shown; s; s = s->next)
            s->boot_ms = model_past_boot(m, s->r.wall_ms, t->deploy_max_ms);
    }
}

/* An incident whose home is no place to talk any more gets the first one that is.
 * @return whether it moved. */
static bool move_home(struct model *m, struct incident *inc)
{
    const struct settings *s = m->settings;
    const char *slash = strchr(inc->r.home, '/');
    char *network = slash ? strndup(inc->r.home, (size_t)(slash - inc->r.home)) : NULL;
    const struct channel_settings *c =
        network ? settings_find_channel(s, network, slash + 1) : NULL;
    bool moved = false;
    size_t i, j;

    free(network);
    if (c && (c->roles & (CHANNEL_TALK | CHANNEL_PRACTICE)))
        return false;
    for (i = 0; i < s->n_networks && !moved; i++) {
        for (j = 0; j < s->network[i].n_channels && !moved; j++) {
            char *place;

            if (!(s->network[i].channel[j].roles & CHANNEL_TALK))
                continue;
            place = buf_printf("%s/%s", s->network[i].name, s->network[i].channel[j].name);
            moved = place && !record_set_text(&inc->r.home, place);
            free(place);
        }
    }
    return moved;
}

static void show_moved(struct model *m)
{
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next) {
        const struct revision *rev = model_open_revision(inc);

        if (!inc->moved)
            continue;
        inc->moved = false;
        model_put(m, RECORD_INCIDENT, &inc->r);
        if (rev && model_is_open(inc))
            chat_announce(m, inc, rev, false);
    }
}

/* Those whose end their home never came back to see. */
static void forget_ended(struct model *m)
{
    struct incident *inc, *next;

    for (inc = m->incidents; inc; inc = next) {
        next = inc->next;
        if (inc->r.state == INCIDENT_RESOLVED &&
            m->now.wall_ms - inc->r.closed_wall_ms >= ENDED_UNSEEN_MS)
            incident_forget(m, inc);
    }
}

static void begin(struct model *m, struct now now, struct turn *turn)
{
    m->now = now;
    m->turn = turn;
}

static int finish(struct model *m)
{
    int err = turn_error(m->turn);

    m->turn = NULL;
    return err;
}

int engine_start(struct engine *e, struct now now, struct turn *turn)
{
    struct model *m = &e->m;
    struct incident *inc;

    begin(m, now, turn);
    m->start_boot_ms = now.boot_ms;
    restore_clocks(m);
    for (inc = m->incidents; inc; inc = inc->next)
        if (move_home(m, inc))
            model_put(m, RECORD_INCIDENT, &inc->r);
    maintenance_restore(m); /* says which alerts count */
    triage_restore(m);
    outbox_restore(m);
    watch_restore(m);
    ears_restore(m);
    drafts_restore(m);
    follow_restore(m);
    remind_restore(m);
    postmortem_restore(m);
    alarms_restore(m);
    for (inc = m->incidents; inc; inc = inc->next) {
        const struct revision *rev = model_open_revision(inc);

        if (rev && rev->r.first_approval[0])
            model_timer_set(m, TIMER_SECOND_PERSON, inc->r.id,
                            model_past_boot(m, rev->r.first_approval_wall_ms,
                                            m->settings->chat.second_person_ms) +
                                m->settings->chat.second_person_ms);
    }
    audit_write(m, &(struct audit_entry){.action = AUDIT_START}, "start, crier %s", CRIER_VERSION);
    check_pages(m);
    model_timer_set(m, TIMER_PURGE, 0, now.boot_ms + PURGE_EVERY_MS);
    return finish(m);
}

void engine_reload(struct engine *e, const struct settings *settings)
{
    struct model *m = &e->m;
    struct incident *inc;
    struct place *p;

    m->settings = settings;
    (void)set_pages(m); /* without memory the old numbers of subscribers stay, which is harmless */
    triage_reloaded(m);
    for (p = m->places; p; p = p->next)
        model_members_forget(p); /* they are told anew */
    for (inc = m->incidents; inc; inc = inc->next)
        inc->moved = move_home(m, inc) || inc->moved;
    m->check_pages = true;
    model_timer_set(m, TIMER_PURGE, 0, m->now.boot_ms); /* what has moved is shown */
}

/* ---- one step
 * -------------------------------------------------------------------------------------------- */

static void fire(struct model *m, const struct timer *t)
{
    struct incident *inc = t->incident > 0 ? model_incident(m, t->incident) : NULL;

    switch (t->kind) { /* those that belong to no incident in memory */
    case TIMER_PURGE:
        maintenance_due(m);
        drafts_purge(m);
        pace_purge(m);
        triage_purge(m);
        ears_purge(m);
        show_moved(m);
        forget_ended(m);
        if (m->check_pages) {
            audit_write(m, &(struct audit_entry){.action = AUDIT_RELOAD},
                        "configuration read again");
            check_pages(m);
        }
        model_timer_set(m, TIMER_PURGE, 0, m->now.boot_ms + PURGE_EVERY_MS);
        return;
    case TIMER_WATCH:
        watch_due(m, (size_t)(-1 - t->incident));
        return;
    case TIMER_TASKS:
        watch_tasks_due(m);
        return;
    case TIMER_OUTSIDE:
        outside_due(m, t->incident);
        return;
    case TIMER_ALARMS:
        alarms_due(m);
        return;
    case TIMER_REFUSALS:
        audit_refusals_due(m);
        return;
    case TIMER_MUTE:
        remind_mute_due(m);
        return;
    case TIMER_MAINTENANCE:
        maintenance_due(m);
        return;
    case TIMER_BREAKGLASS:
        breakglass_due(m);
        return;
    case TIMER_FOLLOW:
    case TIMER_REMIND:
    case TIMER_POSTMORTEM:
    case TIMER_REVISE:
    case TIMER_QUIET:
    case TIMER_SECOND_PERSON:
    case TIMER_OUTBOX:
    case TIMER_PATIENCE:
    case TIMER_TELL_QUEUED:
        break;
    }
    if (!inc)
        return;
    switch (t->kind) {
    case TIMER_REVISE:
        triage_revise_due(m, inc);
        return;
    case TIMER_QUIET:
        triage_quiet_due(m, inc);
        return;
    case TIMER_SECOND_PERSON:
        obey_second_person_due(m, inc);
        return;
    case TIMER_OUTBOX:
        outbox_due(m, inc);
        return;
    case TIMER_PATIENCE:
        outbox_patience(m, inc);
        return;
    case TIMER_TELL_QUEUED:
        outbox_tell(m, inc);
        return;
    case TIMER_FOLLOW:
        follow_due(m, inc);
        return;
    case TIMER_REMIND:
        remind_due(m, inc);
        return;
    case TIMER_POSTMORTEM:
        postmortem_due(m, inc);
        return;
    case TIMER_WATCH:
    case TIMER_TASKS:
    case TIMER_OUTSIDE:
    case TIMER_ALARMS:
    case TIMER_MUTE:
    case TIMER_MAINTENANCE:
    case TIMER_REFUSALS:
    case TIMER_BREAKGLASS:
    case TIMER_PURGE:
        return;
    }
}

/* Each deadline that is due, in order, at its own due time: ticks may come sliced in any way. */
static void fire_due(struct model *m, struct now now)
{
    struct timer t;

    while (!turn_error(m->turn) && model_timer_take(m, now.boot_ms, &t)) {
        m->now.boot_ms = t.due_boot_ms;
        m->now.wall_ms = now.wall_ms - (now.boot_ms - t.due_boot_ms);
        fire(m, &t);
        remind_look_all(m);
    }
    m->now = now;
}

/* How the components were before the outage, for those who opened a draft and have not published.
 */
static void keep_components(struct model *m, const struct page_answer *answer)
{
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        if (inc->r.state == INCIDENT_DRAFT && !strcmp(inc->r.page, answer->page) &&
            !(inc->r.components_before && inc->r.components_before[0]) &&
            incident_keep_before(m, inc, answer->now_components)) {
            model_fail(m);
            return;
        }
}

static void take_check(struct model *m, const struct page_answer *answer)
{
    if (answer->now_components)
        keep_components(m, answer);
    if (answer->result == PAGE_OK || m->page_trouble)
        return;
    audit_line(m, "status page %s: %s", answer->page, answer->error);
    m->page_trouble = strdup(answer->error);
    if (!m->page_trouble)
        model_fail(m);
}

static void take_page_answer(struct model *m, const struct page_answer *answer)
{
    struct page_watch *page;
    int i;

    switch (answer->op) {
    case PAGE_CREATE:
    case PAGE_UPDATE:
    case PAGE_CORRECT:
        outbox_answer(m, answer);
        return;
    case PAGE_LIST:
    case PAGE_GET:
        if (answer->outbox_id)
            outbox_answer(m, answer);
        else
            watch_answer(m, answer);
        return;
    case PAGE_DELETE:
        watch_answer(m, answer);
        return;
    case PAGE_PUBLIC:
        outside_answer(m, answer);
        return;
    case PAGE_SUBSCRIBERS:
        i = settings_find_page(m->settings, answer->page);
        page = i < 0 ? NULL : model_page_watch(m, (size_t)i);
        if (page && answer->result == PAGE_OK)
            page->subscribers = answer->subscribers;
        return;
    case PAGE_CHECK:
        take_check(m, answer);
        return;
    case PAGE_POSTMORTEM:
        postmortem_answer(m, answer);
        return;
    case PAGE_WARM:
        return;
    }
}

static void take_chat_event(struct model *m, const struct chat_event *event)
{
    struct place *p;

    switch (event->kind) {
    case CHAT_JOINED:
        p = model_place(m, event->place);
        if (!p)
            return;
        p->joined = true;
        p->joined_boot_ms = m->now.boot_ms;
        chat_joined(m, event->place);
        return;
    case CHAT_LEFT:
        p = model_place(m, event->place);
        if (p) {
            p->joined = false;
            model_members_forget(p);
        }
        return;
    case CHAT_PRESENT:
    case CHAT_ABSENT:
        p = model_place(m, event->place);
        if (p)
            model_member_set(m, p, event->text, event->kind == CHAT_PRESENT);
        return;
    case CHAT_SHOWN:
        chat_shown(m, event->token, true);
        return;
    case CHAT_UNSHOWN:
        chat_shown(m, event->token, false);
        return;
    case CHAT_DROPPED:
        if (model_is_joined(m, event->place))
            chat_say(m, event->place, SAY_ANNOUNCE, "(%lld lines of mine were dropped here)",
                     (long long)event->count);
        return;
    }
}

/* What was found wrong at start is told once, where crier may talk. */
static void tell_page_trouble(struct model *m)
{
    const struct settings *s = m->settings;
    size_t i, j;

    for (i = 0; m->page_trouble && i < s->n_networks; i++) {
        for (j = 0; m->page_trouble && j < s->network[i].n_channels; j++) {
            char *place = buf_printf("%s/%s", s->network[i].name, s->network[i].channel[j].name);

            if (place && (s->network[i].channel[j].roles & CHANNEL_TALK) &&
                model_is_joined(m, place)) {
                chat_say(m, place, SAY_ANNOUNCE, "the status page cannot be used: %s",
                         m->page_trouble);
                free(m->page_trouble);
                m->page_trouble = NULL;
            }
            free(place);
        }
    }
}

int engine_step(struct engine *e, const struct input *in, struct now now, struct turn *turn)
{
    struct model *m = &e->m;
    int64_t known = m->meta.next_incident;

    begin(m, now, turn);
    fire_due(m, now);
    switch (in->kind) {
    case INPUT_TICK:
        break;
    case INPUT_SIGNAL:
        if (!ears_pass_over(m, in->signal))
            triage_signal(m, in->signal);
        break;
    case INPUT_COMMAND:
        obey_command(m, in->command);
        break;
    case INPUT_ANSWER:
        take_page_answer(m, in->answer);
        break;
    case INPUT_CHAT:
        take_chat_event(m, in->chat);
        break;
    case INPUT_STORE:
        disk_event(m, in->store);
        break;
    case INPUT_EAR:
        ears_position(m, in->ear);
        break;
    case INPUT_PROOF:
        breakglass_proof(m, in->proof);
        break;
    }
    remind_look_all(m);
    if (m->page_trouble)
        tell_page_trouble(m);
    if (m->meta.next_incident !=
        known) { /* a draft opened: have the connection and the number ready */
        const struct incident *inc = model_incident(m, m->meta.next_incident - 1);

        if (inc && inc->r.state == INCIDENT_DRAFT) {
            ask_page(m, inc->r.page, PAGE_WARM);
            ask_page(m, inc->r.page, PAGE_SUBSCRIBERS);
            ask_page(m, inc->r.page, PAGE_CHECK);
            watch_begin(m, model_page_index(m, inc->r.page));
            if (m->store_sick)
                disk_drafted(m, inc);
        }
    }
    return finish(m);
}

int64_t engine_next_deadline(const struct engine *e)
{
    const struct timer *t;
    int64_t due = NOW_NEVER;

    for (t = e->m.timers; t; t = t->next)
        if (t->due_boot_ms < due)
            due = t->due_boot_ms;
    return due;
}

void engine_explain(struct engine *e, const struct decision_sink *sink)
{
    e->m.decisions = sink;
}

void engine_planned(const struct engine *e, struct buf *b)
{
    maintenance_phrases(&e->m, b);
}

int64_t engine_newest_incident(const struct engine *e)
{
    return e->m.meta.next_incident - 1;
}

size_t engine_open_incidents(const struct engine *e)
{
    return model_count_open(&e->m);
}

const char *engine_ear_position(const struct engine *e, const char *name)
{
    const struct ear *ear;

    for (ear = e->m.ears; ear; ear = ear->next)
        if (!strcmp(ear->r.name, name))
            return ear->r.position;
    return NULL;
}

size_t engine_waiting(const struct engine *e)
{
    const struct incident *inc;
    const struct outbox *o;
    size_t n = 0;

    for (inc = e->m.incidents; inc; inc = inc->next) {
        n += model_open_revision(inc) != NULL;
        for (o = inc->outbox; o; o = o->next)
            n += o->r.state == OUTBOX_QUEUED || o->r.state == OUTBOX_SENT ||
                 o->r.state == OUTBOX_DOUBT;
    }
    return n;
}

int engine_visit_open(const struct engine *e,
                      int (*row)(void *ctx, enum record_table t, const void *record), void *ctx)
{
    const struct incident *inc;
    const struct revision *rev;
    const struct outbox *o;
    int r = 0;

    for (inc = e->m.incidents; inc && !r; inc = inc->next) {
        if (!model_is_open(inc) && inc->r.state != INCIDENT_FOREIGN)
            continue;
        r = row(ctx, RECORD_INCIDENT, &inc->r);
        for (rev = inc->revisions; rev && !r; rev = rev->next)
            r = row(ctx, RECORD_REVISION, &rev->r);
        for (o = inc->outbox; o && !r; o = o->next)
            r = row(ctx, RECORD_OUTBOX, &o->r);
    }
    return r;
}
