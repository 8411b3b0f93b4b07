#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "buf.h"
#include "chat.h"
#include "follow.h"
#include "err.h"
#include "incident.h"
#include "outbox.h"
#include "postmortem.h"
#include "propose.h"
#include "utf8.h"

enum {
    TOLD_BYTES = 250,
    READING_MAX_MS = 30 * 1000,
    TWIN_TELL_MS = 60 * 60 * 1000, /* the page may refuse to let go of one */
    WATCH_EVERY_MS = 60 * 1000,
    TASK_PATIENCE_MS = 3 * 1000,
    TASKS_MAX = 20
};

enum task_kind { TASK_END, TASK_ADOPT };

/* What waits for a reading of the page. */
struct watch_task {
    enum task_kind kind;
    int64_t incident;
    int64_t into;            /* TASK_ADOPT: 0: none */
    enum revision_kind ends; /* TASK_END */
    char *person;
    char *network;
    char *place;
    char *nick;
    char *userhost;
    char *account;
    char *line;
    char *text;    /* TASK_END: "" for the prepared words */
    char *removed; /* as in struct asker */
    struct watch_task *next;
};

static void task_destroy(struct watch_task *task)
{
    if (!task)
        return;
    free(task->person);
    free(task->network);
    free(task->place);
    free(task->nick);
    free(task->userhost);
    free(task->account);
    free(task->line);
    free(task->text);
    free(task->removed);
    free(task);
}

/* Timers of pages have negative numbers, those of incidents positive ones. */
static int64_t timer_id(size_t page_index)
{
    return -1 - (int64_t)page_index;
}

static bool is_on(const struct model *m, const struct incident *inc, size_t page_index)
{
    return model_page_index(m, inc->r.page) == page_index;
}

static bool is_wanted(const struct model *m, size_t page_index)
{
    const struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        if (is_on(m, inc, page_index) &&
            (model_is_open(inc) || inc->r.state == INCIDENT_FOREIGN ||
             (inc->r.state == INCIDENT_RESOLVED && outbox_expects_twin(m, inc))))
            return true;
    return false;
}

/* What has ended and was kept because a twin of it could come. */
static void forget_over(struct model *m)
{
    struct incident *inc, *next;

    for (inc = m->incidents; inc; inc = next) {
        next = inc->next;
        if (outbox_is_over(m, inc))
            incident_forget(m, inc);
    }
}

static void request(struct model *m, size_t page_index, enum page_op op, const char *remote_id)
{
    struct page_request req;

    memset(&req, 0, sizeof req);
    req.op = op;
    req.page = strdup(m->settings->page[page_index].name);
    req.remote_id = strdup(remote_id);
    if (!req.page || !req.remote_id) {
        page_request_finish(&req);
        model_fail(m);
        return;
    }
    turn_page(m->turn, &req);
}

/* Nothing is open there that crier knows of. */
static void look_later(struct model *m, size_t page_index)
{
    int64_t interval = m->settings->reminders.page_check_interval_ms;

    if (interval)
        model_timer_set(m, TIMER_WATCH, timer_id(page_index), m->now.boot_ms + interval);
}

void watch_begin(struct model *m, size_t page_index)
{
    struct page_watch *page = model_page_watch(m, page_index);

    if (page)
        page->asked_boot_ms = m->now.boot_ms;
    request(m, page_index, PAGE_LIST, "");
    model_timer_set(m, TIMER_WATCH, timer_id(page_index), m->now.boot_ms + WATCH_EVERY_MS);
}

void watch_due(struct model *m, size_t page_index)
{
    forget_over(m);
    if (page_index >= m->settings->n_pages)
        return;
    watch_begin(m, page_index);
    if (!is_wanted(m, page_index))
        look_later(m, page_index);
}

void watch_restore(struct model *m)
{
    size_t i;

    forget_over(m);
    for (i = 0; i < m->settings->n_pages; i++)
        if (is_wanted(m, i))
            watch_begin(m, i);
        else
            look_later(m, i);
}

/* ---- what people did on the page
 * --------------------------------------------------------------------- */

static struct incident *find_remote(const struct model *m, const char *remote_id)
{
    struct incident *inc;

    for (inc = m->incidents; inc; inc = inc->next)
        if (inc->r.remote_id && remote_id[0] && !strcmp(inc->r.remote_id, remote_id))
            return inc;
    return NULL;
}

static const struct page_incident *find_in(const struct page_answer *answer, const char *remote_id)
{
    size_t i;

    for (i = 0; i < answer->n_incidents; i++)
        if (!strcmp(answer->incident[i].remote_id, remote_id))
            return &answer->incident[i];
    return NULL;
}

/* The page's present words become the incident's public revision. @return NULL when memory is out.
 */
static struct revision *take_words(struct model *m, struct incident *inc,
                                   const struct page_incident *p, const char *who)
{
    struct revision_plan plan = {.kind = REVISION_UPDATE,
                                 .step = p->step,
                                 .impact = p->impact,
                                 .title = p->title,
                                 .body = p->body,
                                 .components = &p->components,
                                 .wording = "",
                                 .made_by = who,
                                 .found = true};
    struct revision *rev;

    if (!model_text(m, &inc->r.remote_id, p->remote_id) || !model_text(m, &inc->r.url, p->url) ||
        !model_text(m, &inc->r.seen_title, p->title) || !model_text(m, &inc->r.seen_body, p->body))
        return NULL;
    rev = incident_revise(m, inc, &plan);
    if (!rev)
        return NULL;
    incident_set_revision(m, rev, REVISION_PUBLISHED);
    inc->r.step = p->step;
    inc->r.public_revision = rev->r.number;
    inc->r.words_edited = 1;
    inc->word_boot_ms = m->now.boot_ms;
    model_put(m, RECORD_INCIDENT, &inc->r);
    return rev;
}

static void take_edit(struct model *m, struct incident *inc, const struct page_incident *p)
{
    const struct revision *open = model_open_revision(inc);
    const struct revision *rev;
    long long waiting = open ? open->r.number : 0;
    int cut = (int)utf8_cut(p->body, TOLD_BYTES);

    /* a reading that began before the last step was applied has the words of before */
    if (inc->done_boot_ms && m->now.boot_ms - inc->done_boot_ms < READING_MAX_MS)
        return;
    if (outbox_pending(inc) ||
        (p->step == (enum step)inc->r.step && !strcmp(p->title, inc->r.seen_title) &&
         !strcmp(p->body, inc->r.seen_body)))
        return;
    rev = take_words(m, inc, p, "page");
    if (!rev)
        return;
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "edited", "page", p->body, inc->r.last_revision,
                      step_name(p->step));
    audit_write(m, &(struct audit_entry){.action = AUDIT_PAGE_EDITED, .inc = inc, .rev = rev},
                "incident %lld: changed on the page by hand", (long long)inc->r.id);
    if (waiting)
        chat_home(m, inc, SAY_ANNOUNCE,
                  "%lld was changed on the page by hand, now %s: \"%.*s%s\" (proposal %lld.%lld is "
                  "dropped)",
                  (long long)inc->r.id, step_name(p->step), cut, p->body, p->body[cut] ? "..." : "",
                  (long long)inc->r.id, waiting);
    else
        chat_home(m, inc, SAY_ANNOUNCE, "%lld was changed on the page by hand, now %s: \"%.*s%s\"",
                  (long long)inc->r.id, step_name(p->step), cut, p->body,
                  p->body[cut] ? "..." : "");
    follow_published(m, inc); /* what is called for is so still, or again */
}

const char *watch_home(const struct model *m, size_t page_index)
{
    size_t i;

    for (i = 0; i < m->settings->n_rules; i++)
        if (!m->settings->rule[i].ignore && m->settings->rule[i].page_index == page_index &&
            m->settings->rule[i].channel)
            return m->settings->rule[i].channel;
    return NULL;
}

static void note_foreign(struct model *m, size_t page_index, const struct page_incident *p)
{
    const char *home = watch_home(m, page_index);
    struct incident *inc;

    if (!home)
        return;
    inc = incident_open(m, m->settings->page[page_index].name, home, NULL, NULL,
                        p->created_wall_ms ? p->created_wall_ms : m->now.wall_ms);
    if (!inc)
        return;
    inc->r.state = INCIDENT_FOREIGN;
    if (!take_words(m, inc, p, "page"))
        return;
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "found", "page", p->body, inc->r.last_revision,
                      step_name(p->step));
    chat_home(
        m, inc, SAY_ANNOUNCE,
        "on the page by hand, number %lld: \"%s\", %s: %s. To go on with it here: `%s adopt %lld`, "
        "or `adopt %lld into N`",
        (long long)inc->r.id, p->title, step_name(p->step), chat_url(m, inc),
        m->settings->chat.prefix, (long long)inc->r.id, (long long)inc->r.id);
}

/* ---- twins
 * ------------------------------------------------------------------------------------------------
 */

static bool is_younger(const struct page_incident *a, const struct page_incident *b)
{
    if (a->created_wall_ms != b->created_wall_ms)
        return a->created_wall_ms > b->created_wall_ms;
    return strcmp(a->remote_id, b->remote_id) > 0;
}

/* A twin that is on its way out has this in the place of its step. */
static const char twin_step[] = "twin";

/* What it made of the components is put right, by an update that nobody is mailed about, and then
 * it goes. */
static void remove_one(struct model *m, struct incident *inc, const struct page_incident *gone,
                       size_t page_index)
{
    const struct revision *rev = model_public_revision(inc);
    struct page_request req;

    memset(&req, 0, sizeof req);
    req.op = PAGE_UPDATE;
    req.step = gone->step;
    req.impact = gone->impact;
    req.page = strdup(m->settings->page[page_index].name);
    req.remote_id = strdup(gone->remote_id);
    req.key_incident = strdup(gone->key_incident);
    req.key_step = strdup(twin_step);
    req.title = strdup("");
    req.body = strdup("");
    if (!req.page || !req.remote_id || !req.key_incident || !req.key_step || !req.title ||
        !req.body || (rev && components_parse(&req.components, rev->r.components))) {
        page_request_finish(&req);
        model_fail(m);
        return;
    }
    turn_page(m->turn, &req);
    request(m, page_index, PAGE_DELETE, gone->remote_id);
    audit_write(m, &(struct audit_entry){.action = AUDIT_TWIN_REMOVED, .inc = inc},
                "incident %lld: twin %s of %s is removed from the page", (long long)inc->r.id,
                gone->remote_id, inc->r.remote_id);
    model_timeline(m, inc->r.id, m->now.wall_ms, "twin", "", gone->remote_id);
    if (!inc->twin_boot_ms || m->now.boot_ms - inc->twin_boot_ms >= TWIN_TELL_MS)
        chat_home(m, inc, SAY_ANNOUNCE,
                  "the page had %lld twice; one of them is being removed, %s stays",
                  (long long)inc->r.id, chat_url(m, inc));
    inc->twin_boot_ms = m->now.boot_ms;
}

static bool is_going(const struct page_incident *p)
{
    return !strcmp(p->key_step, twin_step);
}

/* Which of the two goes: one that is on its way out already; else the one that less was said in;
 * else the younger. */
static bool goes_before(const struct page_incident *a, const struct page_incident *b)
{
    if (is_going(a) != is_going(b))
        return is_going(a);
    return a->n_updates != b->n_updates ? a->n_updates < b->n_updates : is_younger(a, b);
}

/* Two incidents on the page carry the key of one of ours. */
static void remove_twin(struct model *m, struct incident *inc, const struct page_incident *ours,
                        const struct page_incident *other, size_t page_index)
{
    bool other_goes = goes_before(other, ours);

    if (outbox_pending(inc) || other->step == STEP_RESOLVED ||
        (inc->twin_boot_ms && m->now.boot_ms - inc->twin_boot_ms < READING_MAX_MS))
        return; /* or this reading began before the last one's answer was acted on */
    if (!other_goes) {
        if (!model_text(m, &inc->r.remote_id, other->remote_id) ||
            !model_text(m, &inc->r.url, other->url) ||
            !model_text(m, &inc->r.seen_title, other->title) ||
            !model_text(m, &inc->r.seen_body, other->body))
            return;
        model_put(m, RECORD_INCIDENT, &inc->r);
    }
    remove_one(m, inc, other_goes ? other : ours, page_index);
}

/* @return the incident whose key it carries, or NULL. */
static struct incident *find_by_key(const struct model *m, const struct page_incident *p)
{
    size_t n = strlen(m->meta.instance);
    long long id = 0;
    const char *s;

    if (strncmp(p->key_incident, m->meta.instance, n) != 0 || p->key_incident[n] != '-')
        return NULL;
    for (s = p->key_incident + n + 1; *s >= '0' && *s <= '9' && id < INT32_MAX; s++)
        id = id * 10 + (*s - '0');
    return *s ? NULL : model_incident(m, id);
}

/* ---- reading
 * -----------------------------------------------------------------------------------------------
 */

static void run_tasks(struct model *m, size_t page_index);

static void take_list(struct model *m, const struct page_answer *answer, size_t page_index)
{
    struct incident *inc, *next;
    size_t i;

    for (inc = m->incidents; inc; inc = next) {
        const struct page_incident *p;

        next = inc->next;
        if (!is_on(m, inc, page_index) || !inc->r.remote_id || !inc->r.remote_id[0] ||
            (inc->r.state != INCIDENT_PUBLIC && inc->r.state != INCIDENT_FOREIGN))
            continue;
        p = find_in(answer, inc->r.remote_id);
        if (!p && !outbox_pending(inc))
            request(m, page_index, PAGE_GET, inc->r.remote_id); /* resolved, or gone? */
        else if (p && inc->r.state == INCIDENT_PUBLIC)
            take_edit(m, inc, p);
        else if (p && (strcmp(p->title, inc->r.seen_title) != 0 ||
                       strcmp(p->body, inc->r.seen_body) != 0))
            (void)take_words(m, inc, p, "page");
    }
    for (i = 0; i < answer->n_incidents; i++) {
        const struct page_incident *p = &answer->incident[i];
        const struct page_incident *ours;

        if (find_remote(m, p->remote_id))
            continue;
        inc = find_by_key(m, p);
        ours = inc && inc->r.remote_id ? find_in(answer, inc->r.remote_id) : NULL;
        if (inc && ours)
            remove_twin(m, inc, ours, p, page_index);
        else if (inc && inc->r.state == INCIDENT_RESOLVED && (p->n_updates <= 1 || is_going(p)))
            remove_one(m, inc, p, page_index); /* it came when all was over */
        else if (!inc || !outbox_pending(inc))
            note_foreign(m, page_index, p);
    }
}

/* @param there it is on the page still. */
static void over_by_hand(struct model *m, struct incident *inc, const char *how, bool there)
{
    bool ours = there && inc->r.state == INCIDENT_PUBLIC;

    model_timeline(m, inc->r.id, m->now.wall_ms, "ended", "page", how);
    audit_write(m, &(struct audit_entry){.action = AUDIT_PAGE_ENDED, .inc = inc},
                "incident %lld: %s", (long long)inc->r.id, how);
    if (inc->r.state == INCIDENT_PUBLIC)
        chat_home(m, inc, SAY_ANNOUNCE, "%lld %s: %s", (long long)inc->r.id, how, chat_url(m, inc));
    if (incident_enter(m, inc, INCIDENT_EVENT_RESOLVED))
        return;
    incident_end(m, inc);
    if (ours)
        postmortem_begin(m, inc);
    if (!postmortem_waits(inc))
        incident_forget(m, inc);
}

static void adopt(struct model *m, const struct watch_task *task, const struct page_incident *p);

static void take_one(struct model *m, const struct page_answer *answer)
{
    struct incident *inc = find_remote(m, answer->remote_id);
    struct watch_task **link = &m->tasks;

    for (; inc && *link; link = &(*link)->next) {
        struct watch_task *task = *link;

        if (task->kind != TASK_ADOPT || task->incident != inc->r.id)
            continue;
        *link = task->next;
        m->asked = true;
        if (answer->result == PAGE_OK && answer->n_incidents)
            adopt(m, task, answer->incident);
        else
            chat_say(m, task->place, SAY_ANSWER, "%s: the page could not be read (%s); try again",
                     task->nick, answer->error);
        m->asked = false;
        task->next = NULL;
        task_destroy(task);
        return;
    }
    if (!inc || outbox_pending(inc) ||
        (inc->r.state != INCIDENT_PUBLIC && inc->r.state != INCIDENT_FOREIGN))
        return;
    if (answer->result == PAGE_REFUSED && answer->http_status == 404)
        over_by_hand(m, inc, "was removed from the page by hand", false);
    else if (answer->result == PAGE_OK && answer->n_incidents &&
             answer->incident[0].step == STEP_RESOLVED)
        over_by_hand(m, inc, "was resolved on the page by hand", true);
}

void watch_answer(struct model *m, const struct page_answer *answer)
{
    int i = settings_find_page(m->settings, answer->page);

    if (i < 0)
        return;
    if (answer->op == PAGE_GET) {
        take_one(m, answer);
        return;
    }
    if (answer->op != PAGE_LIST)
        return; /* a twin that could not be deleted is found again at the next reading */
    if (answer->result == PAGE_OK) {
        struct page_watch *page = model_page_watch(m, (size_t)i);

        take_list(m, answer, (size_t)i);
        if (page && page->asked_boot_ms)
            page->read_boot_ms = page->asked_boot_ms;
    }
    run_tasks(m, (size_t)i);
}

/* ---- tasks that waited for a reading
 * -------------------------------------------------------------------------- */

void watch_tasks_finish(struct model *m)
{
    while (m->tasks) {
        struct watch_task *task = m->tasks;

        m->tasks = task->next;
        task_destroy(task);
    }
}

/* Who speaks, for what comes of it when the line itself is gone. */
static bool keep_speaker(struct watch_task *t, const struct heard *speaker)
{
    t->network = strdup(speaker ? speaker->network : "");
    t->userhost = strdup(speaker ? speaker->userhost : "");
    t->account = strdup(speaker && speaker->account ? speaker->account : "");
    return t->network && t->userhost && t->account;
}

static struct heard speaker_of(const struct watch_task *task)
{
    return (struct heard){.network = task->network,
                          .place = task->place,
                          .nick = task->nick,
                          .userhost = task->userhost,
                          .account = task->account,
                          .text = task->line};
}

/* @return the task, to be completed by the caller; NULL when there is no room or memory. */
static struct watch_task *add_task(struct model *m, enum task_kind kind, const struct incident *inc,
                                   const struct asker *by, const char *text)
{
    struct watch_task *t, **link;
    size_t n = 0;

    for (link = &m->tasks; *link; link = &(*link)->next)
        n++;
    if (n >= TASKS_MAX)
        return NULL;
    t = calloc(1, sizeof *t);
    if (!t) {
        model_fail(m);
        return NULL;
    }
    t->kind = kind;
    t->incident = inc->r.id;
    t->person = strdup(by ? by->person : "");
    t->place = strdup(by ? by->place : inc->r.home);
    t->nick = strdup(by ? by->nick : "");
    t->line = strdup(by ? by->line : "");
    t->text = strdup(text);
    t->removed = strdup(by && by->removed ? by->removed : "");
    if (!keep_speaker(t, m->speaker) || !t->person || !t->place || !t->nick || !t->line ||
        !t->text || !t->removed) {
        task_destroy(t);
        model_fail(m);
        return NULL;
    }
    *link = t;
    model_timer_set(m, TIMER_TASKS, 0, m->now.boot_ms + TASK_PATIENCE_MS);
    return t;
}

void watch_ask_end(struct model *m, const struct incident *inc, const struct asker *by,
                   enum revision_kind kind, const char *text)
{
    struct watch_task *t = add_task(m, TASK_END, inc, by, text);

    if (!t)
        return;
    t->ends = kind;
    request(m, model_page_index(m, inc->r.page), PAGE_LIST, "");
}

void watch_ask_adopt(struct model *m, const struct incident *inc, const struct incident *into,
                     const struct asker *by)
{
    struct watch_task *t = add_task(m, TASK_ADOPT, inc, by, "");

    if (!t)
        return;
    t->into = into ? into->r.id : 0;
    request(m, model_page_index(m, inc->r.page), PAGE_GET, inc->r.remote_id);
}

static void run_end(struct model *m, const struct watch_task *task)
{
    struct incident *inc = model_incident(m, task->incident);
    struct asker by = {.person = task->person,
                       .nick = task->nick,
                       .place = task->place,
                       .line = task->line,
                       .removed = task->removed,
                       .action = task->ends == REVISION_RETRACT ? AUDIT_RETRACT : AUDIT_RESOLVE};
    struct heard speaker;

    if (!inc || inc->r.state != INCIDENT_PUBLIC)
        return;
    if (!task->person[0]) {
        follow_end(m, inc);
        return;
    }
    speaker = speaker_of(task);
    m->speaker = &speaker;
    m->asked = true; /* what comes of it answers a command */
    propose_end(m, inc, &by, task->ends, task->text);
    m->asked = false;
    m->speaker = NULL;
}

static void run_tasks(struct model *m, size_t page_index)
{
    struct watch_task **link = &m->tasks;

    while (*link) {
        struct watch_task *task = *link;
        const struct incident *inc = model_incident(m, task->incident);

        if (task->kind != TASK_END || (inc && !is_on(m, inc, page_index))) {
            link = &task->next;
            continue;
        }
        *link = task->next;
        run_end(m, task);
        task_destroy(task);
    }
}

void watch_tasks_due(struct model *m)
{
    while (m->tasks) {
        struct watch_task *task = m->tasks;

        m->tasks = task->next;
        if (task->kind == TASK_END)
            run_end(m, task);
        else
            chat_say(m, task->place, SAY_ANSWER, "%s: the page does not answer; try again",
                     task->nick);
        task_destroy(task);
    }
}

/* ---- adoption
 * ----------------------------------------------------------------------------------------------------
 */

/* The words of the draft become a proposal on top of what the page says. */
static void propose_words(struct model *m, struct incident *inc, const struct revision *draft,
                          const struct page_incident *p, const char *person)
{
    struct revision_plan plan = {.kind = REVISION_UPDATE,
                                 .step = p->step,
                                 .impact = p->impact,
                                 .title = p->title,
                                 .body = draft->r.body,
                                 .wording = draft->r.wording,
                                 .made_by = person};
    struct components wider;
    struct revision *rev;
    size_t i;

    if ((enum impact)draft->r.impact > plan.impact)
        plan.impact = (enum impact)draft->r.impact;
    if (p->step == STEP_MONITORING || (enum step)draft->r.step > p->step)
        plan.step = (enum step)draft->r.step; /* which its words tell of */
    components_init(&wider);
    for (i = 0; i < p->components.n; i++)
        if (components_set(&wider, p->components.item[i].name, p->components.item[i].status))
            goto fail;
    for (i = 0; i < draft->components.n; i++)
        if (components_raise(&wider, draft->components.item[i].name,
                             draft->components.item[i].status, NULL))
            goto fail;
    plan.components = &wider;
    rev = incident_revise(m, inc, &plan);
    if (rev)
        chat_announce(m, inc, rev, false);
    components_finish(&wider);
    return;
fail:
    components_finish(&wider);
    model_fail(m);
}

static void adopt(struct model *m, const struct watch_task *task, const struct page_incident *p)
{
    struct incident *foreign = model_incident(m, task->incident);
    struct incident *into = task->into ? model_incident(m, task->into) : NULL;
    struct incident *inc = into ? into : foreign;
    const struct revision *draft = into ? model_open_revision(into) : NULL;
    struct heard speaker = speaker_of(task);
    const struct revision *rev;

    if (!foreign || foreign->r.state != INCIDENT_FOREIGN || (task->into && !into))
        return;
    if (p->step == STEP_RESOLVED) {
        over_by_hand(m, foreign, "was resolved on the page by hand", true);
        chat_say(m, task->place, SAY_ANSWER, "%s: %lld is resolved already: nothing to go on with",
                 task->nick, (long long)task->incident);
        return;
    }
    if (into && (into->r.state != INCIDENT_DRAFT || outbox_pending(into))) {
        chat_say(m, task->place, SAY_ANSWER, "%s: %lld is public itself; the page has both",
                 task->nick, (long long)into->r.id);
        return;
    }
    if (into) { /* its number goes, the page's incident stays */
        foreign->r.state = INCIDENT_RESOLVED;
        incident_end(m, foreign);
        incident_forget(m, foreign);
    }
    rev = take_words(m, inc, p, task->person);
    if (!rev || incident_enter(m, inc, INCIDENT_EVENT_ADOPTED))
        return;
    if (!into)
        inc->r.words_edited = 1;
    model_timeline_of(m, inc->r.id, m->now.wall_ms, "adopt", task->person, p->body,
                      inc->r.last_revision, step_name(p->step));
    audit_write(m,
                &(struct audit_entry){.action = AUDIT_ADOPT,
                                      .by = &speaker,
                                      .person = task->person,
                                      .place = task->place,
                                      .inc = inc,
                                      .rev = rev},
                "incident %lld: adopts %s, by %s", (long long)inc->r.id, p->remote_id,
                task->person);
    chat_home_and(m, inc, task->place, "%lld goes on with the page's \"%s\", %s: %s",
                  (long long)inc->r.id, p->title, step_name(p->step), chat_url(m, inc));
    if (draft && draft->r.step != STEP_RESOLVED && strcmp(draft->r.body, p->body) != 0)
        propose_words(m, inc, draft, p, task->person);
    follow_published(m, inc);
}
