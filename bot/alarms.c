#include "alarms.h"

#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "budget.h"
#include "chat.h"
#include "maintenance.h"
#include "remind.h"
#include "signal.h"
#include "watch.h"
#include "when.h"

enum {
    EVERY_MS = 60 * 1000,
    FRESH_MS = 60 * 1000,    /* a reading of the page that is as good as the present */
    READ_WAIT_MS = 5 * 1000, /* for the answer of one */
    SEEN_MS = 5 * 60 * 1000  /* what is on the page was seen so lately */
};

bool alarms_is_public(const struct incident *inc)
{
    return inc->r.state == INCIDENT_PUBLISHING ||
           ((inc->r.state == INCIDENT_PUBLIC || inc->r.state == INCIDENT_FOREIGN) &&
            inc->r.step != STEP_RESOLVED);
}

/* ---- can they be heard
 * ---------------------------------------------------------------------------------- */

static bool tells_of_alerts(const struct settings *s, const struct source_settings *source)
{
    size_t i, j;

    for (i = 0; i < source->formats.n; i++) {
        int k = settings_find_format(s, source->formats.item[i]);

        for (j = 0; k >= 0 && j < s->format[k].n_lines; j++)
            if (!strcmp(s->format[k].line[j].event, signal_kind_name(SIGNAL_FIRING)))
                return true;
    }
    return false;
}

static bool has_left(const struct model *m, const struct source_settings *source, const char *place)
{
    size_t i, n = strcspn(place, "/") + 1;

    if (source->nick && model_member(m, place, source->nick) == 0)
        return true;
    for (i = 0; i < source->accounts.n; i++)
        if (!strncmp(source->accounts.item[i], place, n) &&
            model_member(m, place, source->accounts.item[i] + n) == 0)
            return true;
    return false;
}

bool alarms_heard(const struct model *m, int64_t *ret_since)
{
    const struct settings *s = m->settings;
    size_t i, j;

    *ret_since = m->start_boot_ms;
    for (i = 0; i < s->n_sources; i++) {
        if (s->source[i].people || !tells_of_alerts(s, &s->source[i]))
            continue;
        for (j = 0; j < s->source[i].channels.n; j++) {
            const char *place = s->source[i].channels.item[j];
            const struct place *p;

            for (p = m->places; p && strcmp(p->name, place) != 0; p = p->next)
                ;
            if (!p || !p->joined || has_left(m, &s->source[i], place))
                return false;
            if (p->joined_boot_ms > *ret_since)
                *ret_since = p->joined_boot_ms;
        }
    }
    return true;
}

/* ---- one page
 * -----------------------------------------------------------------------------------------------
 */

/* What fires and tells something about a page. */
struct red {
    int64_t n;     /* alerts, but for what people closed and what is planned */
    int64_t since; /* boot clock: so many fire, or one that pages, as open a draft */
    bool enough;
    bool any; /* something fires, whether it counts or not */
    const struct alert *first;
};

static bool is_of(const struct model *m, const struct alert *a, size_t page_index)
{
    const struct rule_settings *rule = alert_rule(m, a);

    return a->r.firing && alert_tells_by(a, rule) && rule->page_index == page_index;
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* What people closed is silent until it recovers, what is planned is no outage. */
static bool counts(const struct model *m, const struct alert *a)
{
    return !a->r.held && !maintenance_covers(m, a);
}

/* Since when so many of them fire as make a storm. */
static void find_storm(struct model *m, size_t page_index, struct red *red)
{
    int64_t *begun = calloc((size_t)red->n, sizeof *begun), n = 0;
    int64_t last = m->settings->triage.storm_count - 1;
    const struct alert *a;

    if (!begun) {
        model_fail(m);
        return;
    }
    for (a = m->alert_oldest; a && n < red->n; a = a->newer)
        if (is_of(m, a, page_index) && counts(m, a))
            begun[n++] = a->first_boot_ms;
    qsort(begun, (size_t)n, sizeof *begun, compare_times);
    if (n > last && begun[last] < red->since)
        red->since = begun[last];
    free(begun);
}

static void count_red(struct model *m, size_t page_index, struct red *ret)
{
    const struct alert *a;

    memset(ret, 0, sizeof *ret);
    ret->since = NOW_NEVER;
    for (a = m->alert_oldest; a; a = a->newer) {
        if (!is_of(m, a, page_index))
            continue;
        ret->any = true;
        if (!counts(m, a))
            continue;
        if (!ret->first || a->first_boot_ms < ret->first->first_boot_ms)
            ret->first = a;
        if (a->r.paging && a->first_boot_ms < ret->since)
            ret->since = a->first_boot_ms;
        ret->n++;
    }
    if (ret->n && ret->n >= m->settings->triage.storm_count)
        find_storm(m, page_index, ret);
    ret->enough = ret->since != NOW_NEVER;
}

static bool is_green(const struct model *m, size_t page_index, bool *ret_draft)
{
    const struct incident *inc;
    bool green = true;

    *ret_draft = false;
    for (inc = m->incidents; inc; inc = inc->next) {
        if (model_page_index(m, inc->r.page) != page_index)
            continue;
        if (alarms_is_public(inc))
            green = false;
        else if (inc->r.state == INCIDENT_DRAFT)
            *ret_draft = true;
    }
    return green;
}

/* @return false when the page is being read first. */
static bool tell_red(struct model *m, size_t page_index, struct page_watch *page,
                     const struct red *red)
{
    const char *home = watch_home(m, page_index);
    char words[WHEN_BYTES];

    if (!home || !model_is_joined(m, home))
        return true;
    if (!page->read_boot_ms || m->now.boot_ms - page->read_boot_ms > FRESH_MS) {
        if (page->asked_boot_ms && m->now.boot_ms - page->asked_boot_ms < READ_WAIT_MS)
            return true; /* what cannot be read is not called green */
        watch_begin(m, page_index);
        return false;
    }
    page->red_boot_ms = m->now.boot_ms;
    m->meta.red_told_wall_ms = m->now.wall_ms;
    model_put(m, RECORD_META, &m->meta);
    chat_say(m, home, SAY_REMINDER,
             "page is green, %lld alert%s red for %s (%s%s%s%s): `%s open TITLE` makes a draft",
             (long long)red->n, red->n == 1 ? "" : "s",
             when_duration(m->now.boot_ms - red->since, words), red->first->r.check_name,
             red->first->r.host[0] ? " on " : "", red->first->r.host, red->n > 1 ? ", ..." : "",
             m->settings->chat.prefix);
    return true;
}

/* Of an incident made by hand: crier knows no alerts of it, only that all are quiet. */
static void look_foreign(struct model *m, struct incident *inc, const struct page_watch *page)
{
    const struct reminder_settings *s = &m->settings->reminders;
    int64_t heard, since, pause = remind_nudge_pause(m, inc->r.nudges);
    char words[WHEN_BYTES];

    if (!s->green_ms || inc->r.step >= STEP_MONITORING || !model_is_joined(m, inc->r.home) ||
        m->now.boot_ms - page->read_boot_ms > SEEN_MS || !page->read_boot_ms ||
        !alarms_heard(m, &heard))
        return;
    since = page->fired_boot_ms > heard ? page->fired_boot_ms : heard;
    if (inc->opened_boot_ms > since)
        since = inc->opened_boot_ms;
    if (m->now.boot_ms - since < s->green_ms ||
        (inc->reacted_boot_ms && m->now.boot_ms - inc->reacted_boot_ms < s->green_ms) ||
        (inc->r.nudges && m->now.boot_ms - inc->nudged_boot_ms < pause) ||
        !budget_take(m, inc->r.id, 1, false))
        return;
    chat_say(m, inc->r.home, SAY_REMINDER,
             "page says outage (%lld, by hand), alarms quiet for %s: monitoring is ready: `%s "
             "adopt %lld` goes on with it here",
             (long long)inc->r.id, when_duration(m->now.boot_ms - since, words),
             m->settings->chat.prefix, (long long)inc->r.id);
    remind_nudged(m, inc);
}

/* @return false when it is to be looked at again soon. */
static bool look_page(struct model *m, size_t page_index, struct page_watch *page)
{
    const struct reminder_settings *s = &m->settings->reminders;
    int64_t now = m->now.boot_ms, since;
    struct incident *inc;
    struct red red;
    bool draft, green = is_green(m, page_index, &draft);

    count_red(m, page_index, &red);
    if (!page->green_boot_ms || green != page->green)
        page->green_boot_ms = now;
    page->green = green;
    if (!page->fired_boot_ms || red.any)
        page->fired_boot_ms = now;
    if (remind_is_muted(m) || m->store_sick)
        return true;
    for (inc = m->incidents; inc; inc = inc->next)
        if (inc->r.state == INCIDENT_FOREIGN && model_page_index(m, inc->r.page) == page_index)
            look_foreign(m, inc, page);
    since = red.since > page->green_boot_ms ? red.since : page->green_boot_ms;
    if (!s->red_ms || !green || draft || !red.enough || now - since < s->red_ms ||
        (page->red_boot_ms && now - page->red_boot_ms < REMIND_AGAIN_MS))
        return true;
    return tell_red(m, page_index, page, &red);
}

void alarms_due(struct model *m)
{
    bool soon = false;
    size_t i;

    for (i = 0; i < m->settings->n_pages; i++) {
        struct page_watch *page = model_page_watch(m, i);

        if (page && !look_page(m, i, page))
            soon = true;
    }
    model_timer_set(m, TIMER_ALARMS, 0, m->now.boot_ms + (soon ? READ_WAIT_MS : EVERY_MS));
}

void alarms_restore(struct model *m)
{
    size_t i;

    for (i = 0; i < m->n_pages; i++) {
        struct page_watch *page = model_page_watch(m, i);

        if (page && m->meta.red_told_wall_ms)
            page->red_boot_ms = model_past_boot(m, m->meta.red_told_wall_ms, REMIND_AGAIN_MS);
    }
    model_timer_set(m, TIMER_ALARMS, 0, m->now.boot_ms + EVERY_MS);
}
