#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

void model_fail(struct model *m)
{
    if (m->turn && !m->turn->err)
        m->turn->err = CRIER_ENOMEM;
}

bool model_text(struct model *m, char **field, const char *value)
{
    if (record_set_text(field, value)) {
        model_fail(m);
        return false;
    }
    return true;
}

bool model_name(struct model *m, char **field, const char *value)
{
    if (names_set(&m->names, field, value)) {
        model_fail(m);
        return false;
    }
    return true;
}

void model_put(struct model *m, enum record_table t, const void *record)
{
    batch_put(&m->turn->batch, t, record);
}

int64_t model_next_row(struct model *m)
{
    int64_t id = m->meta.next_row++;

    model_put(m, RECORD_META, &m->meta);
    return id;
}

/* ---- looking up -------------------------------------------------------------------------------
 */

struct incident *model_incident(const struct model *m, int64_t id)
{
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        if (inc->r.id == id)
            return inc;
    return NULL;
}

struct revision *model_revision(const struct incident *inc, int64_t number)
{
    struct revision *rev;

    for (rev = inc->revisions; rev; rev = rev->next)
        if (rev->r.number == number)
            return rev;
    return NULL;
}

static struct revision *newest_in(const struct incident *inc, enum revision_state state)
{
    struct revision *rev;

    for (rev = inc->revisions; rev; rev = rev->next)
        if (rev->r.state == (int64_t)state)
            return rev;
    return NULL;
}

struct revision *model_open_revision(const struct incident *inc)
{
    return newest_in(inc, REVISION_OPEN);
}

struct revision *model_public_revision(const struct incident *inc)
{
    return newest_in(inc, REVISION_PUBLISHED);
}

struct deploy *model_deploy(const struct model *m, int64_t id)
{
    struct deploy *d;

    for (d = m->deploys; d; d = d->next)
        if (d->r.id == id)
            return d;
    return NULL;
}

const struct rule_settings *model_rule(const struct model *m, const char *name)
{
    size_t i;

    if (!name || !name[0])
        return NULL;
    for (i = 0; i < m->settings->n_rules; i++)
        if (!strcmp(m->settings->rule[i].name, name))
            return &m->settings->rule[i];
    return NULL;
}

struct place *model_place(struct model *m, const char *name)
{
    struct place *p;

    for (p = m->places; p; p = p->next)
        if (!strcmp(p->name, name))
            return p;
    p = calloc(1, sizeof *p);
    if (!p || !(p->name = strdup(name))) {
        free(p);
        model_fail(m);
        return NULL;
    }
    p->next = m->places;
    m->places = p;
    return p;
}

bool model_is_joined(const struct model *m, const char *place)
{
    const struct place *p;

    for (p = m->places; p; p = p->next)
        if (!strcmp(p->name, place))
            return p->joined;
    return false;
}

bool model_is_open(const struct incident *inc)
{
    return inc->r.state == INCIDENT_DRAFT || inc->r.state == INCIDENT_PUBLISHING ||
           inc->r.state == INCIDENT_PUBLIC;
}

size_t model_count_open(const struct model *m)
{
    const struct incident *inc;
    size_t n = 0;

    for (inc = m->incidents; inc; inc = inc->next)
        n += model_is_open(inc) ? 1 : 0;
    return n;
}

void model_note_link(struct model *m, struct note *n)
{
    if (m->notes_last)
        m->notes_last->next = n;
    else
        m->notes = n;
    m->notes_last = n;
    m->n_notes++;
}

void model_echo_link(struct model *m, struct echo *e)
{
    if (m->echoes_last)
        m->echoes_last->next = e;
    else
        m->echoes = e;
    m->echoes_last = e;
    m->n_echoes++;
}

size_t model_page_index(const struct model *m, const char *page)
{
    int i = settings_find_page(m->settings, page);

    return i < 0 ? 0 : (size_t)i;
}

struct page_watch *model_page_watch(const struct model *m, size_t page_index)
{
    return page_index < m->n_pages ? &m->page[page_index] : NULL;
}

/* ---- who is there
 * -------------------------------------------------------------------------------------- */

static struct member *find_member(const struct place *p, const char *nick)
{
    struct member *it;

    for (it = p->members; it && strcmp(it->nick, nick) != 0; it = it->next)
        ;
    return it;
}

void model_member_set(struct model *m, struct place *p, const char *nick, bool here)
{
    struct member *it = find_member(p, nick);
    size_t n = 0;

    if (it || !here) {
        if (it)
            it->here = here;
        return; /* of who was never seen there it says nothing that they are not */
    }
    for (it = p->members; it; it = it->next)
        n++;
    if (n >= MEMBERS_MAX)
        return;
    it = calloc(1, sizeof *it);
    if (!it || !(it->nick = strdup(nick))) {
        free(it);
        model_fail(m);
        return;
    }
    it->here = here;
    it->next = p->members;
    p->members = it;
}

int model_member(const struct model *m, const char *place, const char *nick)
{
    const struct place *p;
    const struct member *it;

    for (p = m->places; p && strcmp(p->name, place) != 0; p = p->next)
        ;
    it = p ? find_member(p, nick) : NULL;
    return it ? it->here : -1;
}

void model_members_forget(struct place *p)
{
    while (p->members) {
        struct member *it = p->members;

        p->members = it->next;
        free(it->nick);
        free(it);
    }
}

/* ---- timers -------------------------------------------------------------------------------------
 */

static struct timer **find_timer(struct model *m, enum timer_kind kind, int64_t incident)
{
    struct timer **t = &m->timers;

    while (*t && ((*t)->kind != kind || (*t)->incident != incident))
        t = &(*t)->next;
    return t;
}

void model_timer_set(struct model *m, enum timer_kind kind, int64_t incident, int64_t due_boot_ms)
{
    struct timer *t = *find_timer(m, kind, incident);

    if (!t) {
        t = calloc(1, sizeof *t);
        if (!t) {
            model_fail(m);
            return;
        }
        t->kind = kind;
        t->incident = incident;
        t->next = m->timers;
        m->timers = t;
    }
    t->due_boot_ms = due_boot_ms;
    t->seq = m->next_seq++;
}

void model_timer_clear(struct model *m, enum timer_kind kind, int64_t incident)
{
    struct timer **link = find_timer(m, kind, incident);
    struct timer *t = *link;

    if (t) {
        *link = t->next;
        free(t);
    }
}

bool model_timer_is_set(const struct model *m, enum timer_kind kind, int64_t incident)
{
    const struct timer *t;

    for (t = m->timers; t; t = t->next)
        if (t->kind == kind && t->incident == incident)
            return true;
    return false;
}

bool model_timer_take(struct model *m, int64_t boot_ms, struct timer *ret_timer)
{
    struct timer **link, **best = NULL;
    struct timer *t;

    for (link = &m->timers; *link; link = &(*link)->next) {
        if ((*link)->due_boot_ms > boot_ms)
            continue;
        if (!best || (*link)->due_boot_ms < (*best)->due_boot_ms ||
            ((*link)->due_boot_ms == (*best)->due_boot_ms && (*link)->seq < (*best)->seq))
            best = link;
    }
    if (!best)
        return false;
    t = *best;
    *best = t->next;
    *ret_timer = *t;
    free(t);
    return true;
}

/* ---- timeline
 * ------------------------------------------------------------------------------------ */

void model_timeline(struct model *m, int64_t incident, int64_t wall_ms, const char *kind,
                    const char *who, const char *text)
{
    model_timeline_of(m, incident, wall_ms, kind, who, text, 0, "");
}

void model_timeline_of(struct model *m, int64_t incident, int64_t wall_ms, const char *kind,
                       const char *who, const char *text, int64_t ref, const char *subject)
{
    struct record_timeline r = {.incident = incident, .wall_ms = wall_ms, .ref = ref};

    r.id = model_next_row(m);
    if (model_text(m, &r.kind, kind) && model_text(m, &r.who, who) &&
        model_text(m, &r.text, text) && model_text(m, &r.subject, subject))
        model_put(m, RECORD_TIMELINE, &r);
    record_finish(RECORD_TIMELINE, &r);
}

int64_t model_past_boot(const struct model *m, int64_t wall_ms, int64_t max_ms)
{
    int64_t ago = m->now.wall_ms - wall_ms;

    if (ago < 0)
        ago = 0;
    if (ago > max_ms)
        ago = max_ms;
    return m->now.boot_ms - ago;
}

int64_t model_near_boot(const struct model *m, int64_t wall_ms, int64_t max_ms)
{
    int64_t ahead = wall_ms - m->now.wall_ms;

    if (ahead > max_ms)
        ahead = max_ms;
    if (ahead < -max_ms)
        ahead = -max_ms;
    return m->now.boot_ms + ahead;
}

int64_t model_wall(const struct model *m, int64_t boot_ms)
{
    return m->now.wall_ms + (boot_ms - m->now.boot_ms);
}

/* ---- alerts
 * ---------------------------------------------------------------------------------------- */

/* FNV-1a over source, check and host: a check that fails on every host fills all buckets. */
static size_t bucket_of(const char *source, const char *check, const char *host)
{
    const char *const part[] = {source, check, host};
    uint64_t h = 14695981039346656037ULL;
    const char *s;
    size_t i;

    for (i = 0; i < sizeof part / sizeof part[0]; i++) {
        for (s = part[i]; *s; s++)
            h = (h ^ (unsigned char)*s) * 1099511628211ULL;
        h = (h ^ 0xff) * 1099511628211ULL;
    }
    return (size_t)(h % ALERT_BUCKETS);
}

struct alert *model_alert_bucket(const struct model *m, const char *source, const char *check,
                                 const char *host)
{
    return m->alert_hash[bucket_of(source, check, host)];
}

static void unlink_order(struct model *m, struct alert *a)
{
    if (a->older)
        a->older->newer = a->newer;
    else
        m->alert_oldest = a->newer;
    if (a->newer)
        a->newer->older = a->older;
    else
        m->alert_newest = a->older;
    a->older = a->newer = NULL;
}

static void link_newest(struct model *m, struct alert *a)
{
    a->older = m->alert_newest;
    a->newer = NULL;
    if (m->alert_newest)
        m->alert_newest->newer = a;
    else
        m->alert_oldest = a;
    m->alert_newest = a;
}

void model_alert_link(struct model *m, struct alert *a)
{
    size_t bucket = bucket_of(a->r.source, a->r.check_name, a->r.host);

    a->next_hash = m->alert_hash[bucket];
    m->alert_hash[bucket] = a;
    link_newest(m, a);
    m->n_alerts++;
}

void model_alert_touch(struct model *m, struct alert *a)
{
    unlink_order(m, a);
    link_newest(m, a);
}

void model_alert_destroy(struct model *m, struct alert *a)
{
    if (!a)
        return;
    names_drop(&m->names, &a->r.source);
    names_drop(&m->names, &a->r.check_name);
    names_drop(&m->names, &a->r.host);
    names_drop(&m->names, &a->r.place);
    names_drop(&m->names, &a->r.rule);
    names_drop(&m->names, &a->r.group_key);
    record_finish(RECORD_ALERT, &a->r);
    free(a);
}

void model_alert_remove(struct model *m, struct alert *a)
{
    struct alert **link = &m->alert_hash[bucket_of(a->r.source, a->r.check_name, a->r.host)];

    while (*link != a)
        link = &(*link)->next_hash;
    *link = a->next_hash;
    unlink_order(m, a);
    m->n_alerts--;
    batch_delete(&m->turn->batch, RECORD_ALERT, a->r.id);
    model_alert_destroy(m, a);
}

/* ---- incidents
 * --------------------------------------------------------------------------------------- */

void model_incident_link(struct model *m, struct incident *inc)
{
    struct incident **link = &m->incidents;

    while (*link)
        link = &(*link)->next;
    *link = inc;
}

static void incident_destroy(struct incident *inc)
{
    while (inc->revisions) {
        struct revision *rev = inc->revisions;

        inc->revisions = rev->next;
        record_finish(RECORD_REVISION, &rev->r);
        components_finish(&rev->components);
        free(rev);
    }
    while (inc->shown) {
        struct shown *s = inc->shown;

        inc->shown = s->next;
        record_finish(RECORD_SHOWN, &s->r);
        free(s);
    }
    while (inc->outbox) {
        struct outbox *o = inc->outbox;

        inc->outbox = o->next;
        record_finish(RECORD_OUTBOX, &o->r);
        free(o);
    }
    record_finish(RECORD_INCIDENT, &inc->r);
    free(inc);
}

void model_incident_remove(struct model *m, struct incident *inc)
{
    struct incident **link = &m->incidents;

    while (*link && *link != inc)
        link = &(*link)->next;
    if (*link)
        *link = inc->next;
    incident_destroy(inc);
}

void model_finish(struct model *m)
{
    while (m->incidents) {
        struct incident *inc = m->incidents;

        m->incidents = inc->next;
        incident_destroy(inc);
    }
    while (m->alert_oldest) {
        struct alert *a = m->alert_oldest;

        m->alert_oldest = a->newer;
        model_alert_destroy(m, a);
    }
    while (m->deploys) {
        struct deploy *d = m->deploys;

        m->deploys = d->next;
        record_finish(RECORD_DEPLOY, &d->r);
        free(d);
    }
    while (m->notes) {
        struct note *n = m->notes;

        m->notes = n->next;
        record_finish(RECORD_TIMELINE, &n->r);
        free(n);
    }
    while (m->windows) {
        struct window *w = m->windows;

        m->windows = w->next;
        record_finish(RECORD_MAINTENANCE, &w->r);
        free(w);
    }
    while (m->ears) {
        struct ear *e = m->ears;

        m->ears = e->next;
        record_finish(RECORD_EAR, &e->r);
        free(e);
    }
    while (m->echoes) {
        struct echo *e = m->echoes;

        m->echoes = e->next;
        record_finish(RECORD_HEARD, &e->r);
        free(e);
    }
    while (m->openings) {
        struct opening *o = m->openings;

        m->openings = o->next;
        record_finish(RECORD_OPENING, &o->r);
        free(o);
    }
    while (m->speakers) {
        struct speaker *s = m->speakers;

        m->speakers = s->next;
        free(s->person);
        free(s);
    }
    while (m->places) {
        struct place *p = m->places;

        m->places = p->next;
        model_members_forget(p);
        free(p->name);
        free(p);
    }
    while (m->pending) {
        struct pending_shown *p = m->pending;

        m->pending = p->next;
        free(p->place);
        free(p);
    }
    while (m->timers) {
        struct timer *t = m->timers;

        m->timers = t->next;
        free(t);
    }
    names_finish(&m->names);
    free(m->page);
    free(m->page_trouble);
    record_finish(RECORD_META, &m->meta);
}
