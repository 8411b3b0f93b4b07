#include "maintenance.h"

#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "chat.h"
#include "hearing.h"
#include "triage.h"
#include "utf8.h"
#include "when.h"

enum { LIST_BYTES = 64 * 1024, PHRASE_BYTES = 300 };

/* What a stored window can have left at most, whatever the clock says: a period of a day and a
 * grace of a day. */
static const int64_t STORED_LONGEST_MS = INT64_C(2) * MAINTENANCE_LONGEST_MS;

/* ---- what is covered ------------------------------------------------------------------------- */

/* The items of a list, each with \n behind it. @return the next one, or NULL at the end. */
static const char *next_item(const char *list, size_t *ret_n)
{
    *ret_n = list ? strcspn(list, "\n") : 0;
    return *ret_n ? list : NULL;
}

static bool list_has(const char *list, const char *name)
{
    size_t n;

    for (; next_item(list, &n); list += n + (list[n] == '\n'))
        if (strlen(name) == n && !memcmp(list, name, n))
            return true;
    return false;
}

static bool glob_matches(const char *list, const char *name)
{
    char glob[256];
    size_t n;

    for (; next_item(list, &n); list += n + (list[n] == '\n')) {
        if (n >= sizeof glob)
            continue;
        memcpy(glob, list, n);
        glob[n] = '\0';
        if (hearing_mask_matches(glob, name))
            return true;
    }
    return false;
}

/* Whether the window would cover the alert while it is open. */
static bool is_about(const struct window *w, const struct alert *a,
                     const struct rule_settings *rule)
{
    size_t i;

    if (glob_matches(w->r.checks, a->r.check_name))
        return true;
    for (i = 0; rule && i < rule->n_components; i++)
        if (!list_has(w->r.components, rule->component[i].name))
            return false;
    return rule && rule->n_components;
}

static struct window *covering(const struct model *m, const struct alert *a)
{
    const struct rule_settings *rule = NULL;
    struct window *w;

    for (w = m->windows; w; w = w->next) {
        if (!w->open)
            continue;
        rule = rule ? rule : alert_rule(m, a);
        if (is_about(w, a, rule))
            return w;
    }
    return NULL;
}

bool maintenance_covers(const struct model *m, const struct alert *a)
{
    return covering(m, a) != NULL;
}

/* ---- in words -------------------------------------------------------------------------------- */

static void add_list(struct buf *b, const char *list)
{
    size_t n, used = 0;

    for (; next_item(list, &n); list += n + (list[n] == '\n')) {
        bool last = !list[n] || !list[n + 1];

        if (used && used + n > MAINTENANCE_NAME_BYTES) {
            buf_adds(b, ", ...");
            return;
        }
        buf_adds(b, !used ? "" : last ? " and " : ", ");
        if (n > MAINTENANCE_NAME_BYTES)
            buf_addf(b, "%.*s...", (int)utf8_cut(list, MAINTENANCE_NAME_BYTES), list);
        else
            buf_add(b, list, n);
        used += n;
    }
}

void maintenance_what(struct buf *b, const struct record_maintenance *r)
{
    add_list(b, r->components);
    if (r->components && *r->components && r->checks && *r->checks)
        buf_adds(b, ", checks ");
    add_list(b, r->checks);
}

static void add_window(struct buf *b, const struct model *m, const struct window *w)
{
    char hm[WHEN_BYTES];

    buf_adds(b, w->r.announced ? "read-only period of " : "maintenance of ");
    maintenance_what(b, &w->r);
    if (w->r.announced && !w->r.ended_wall_ms)
        buf_addf(b, " since %s", when_hm_near(w->r.from_wall_ms, m->now.wall_ms, hm));
    else
        buf_addf(b, " until %s", when_hm_near(w->r.until_wall_ms, m->now.wall_ms, hm));
}

bool maintenance_phrase(const struct model *m, struct buf *b)
{
    const struct window *w, *first = NULL;
    size_t n = 0;

    for (w = m->windows; w; w = w->next) {
        if (!w->open)
            continue;
        first = first ? first : w;
        n++;
    }
    if (!first)
        return false;
    add_window(b, m, first);
    if (n > 1)
        buf_addf(b, " and %zu more", n - 1);
    return true;
}

void maintenance_phrases(const struct model *m, struct buf *b)
{
    const struct window *w;

    for (w = m->windows; w; w = w->next) {
        if (!w->open)
            continue;
        if (b->len)
            buf_adds(b, "; ");
        add_window(b, m, w);
    }
}

void maintenance_held(struct model *m, const struct alert *a, const char *place, const char *what)
{
    const char *prefix = m->settings->chat.prefix;
    struct window *w = covering(m, a);
    struct buf b;

    /* where nobody would hear it, the next one tells */
    if (!w || w->r.told || !place || !model_is_joined(m, place))
        return;
    buf_init(&b, PHRASE_BYTES);
    add_window(&b, m, w);
    chat_say(m, place, SAY_PROMPT,
             "no draft for %s: %s covers it. A draft by hand: `%s open`; if it is no part of the "
             "work: `%s maintenance end %lld`",
             what, buf_str(&b), prefix, prefix, (long long)w->r.number);
    if (buf_error(&b))
        model_fail(m);
    buf_finish(&b);
    w->r.told = 1;
    model_put(m, RECORD_MAINTENANCE, &w->r);
}

/* ---- windows --------------------------------------------------------------------------------- */

static void drop(struct model *m, struct window *w)
{
    struct window **link = &m->windows;

    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    batch_delete(&m->turn->batch, RECORD_MAINTENANCE, w->r.id);
    record_finish(RECORD_MAINTENANCE, &w->r);
    free(w);
}

static struct window *add(struct model *m, const struct record_maintenance *r)
{
    struct window *w = calloc(1, sizeof *w), *other, **link = &m->windows;

    if (!w || !model_text(m, &w->r.components, r->components ? r->components : "") ||
        !model_text(m, &w->r.checks, r->checks ? r->checks : "") ||
        !model_text(m, &w->r.made_by, r->made_by) || !model_text(m, &w->r.reason, r->reason)) {
        if (w)
            record_finish(RECORD_MAINTENANCE, &w->r);
        free(w);
        model_fail(m);
        return NULL;
    }
    for (other = m->windows; other; other = other->next)
        if (other->r.number > w->r.number)
            w->r.number = other->r.number;
    w->r.number++;
    w->r.id = model_next_row(m);
    w->r.live = 1;
    w->r.from_wall_ms = r->from_wall_ms;
    w->r.until_wall_ms = r->until_wall_ms;
    w->r.announced = r->announced;
    w->r.configured = r->configured;
    w->from_boot_ms = m->now.boot_ms + (r->from_wall_ms - m->now.wall_ms);
    w->until_boot_ms = m->now.boot_ms + (r->until_wall_ms - m->now.wall_ms);
    while (*link)
        link = &(*link)->next;
    *link = w;
    model_put(m, RECORD_MAINTENANCE, &w->r);
    return w;
}

struct window *maintenance_add(struct model *m, const struct record_maintenance *r)
{
    struct window *w;
    size_t n = 0;

    for (w = m->windows; w; w = w->next)
        n += !w->r.configured;
    if (n >= MAINTENANCE_MAX)
        return NULL;
    w = add(m, r);
    if (w)
        maintenance_due(m);
    return w;
}

void maintenance_end(struct model *m, struct window *w)
{
    /* one of the configuration must not come back by itself */
    w->r.ended_wall_ms = m->now.wall_ms;
    w->until_boot_ms = m->now.boot_ms;
    if (w->r.configured)
        model_put(m, RECORD_MAINTENANCE, &w->r);
    maintenance_due(m);
}

/* ---- of the configuration -------------------------------------------------------------------- */

static bool set_list(struct model *m, char **field, const struct string_list *list)
{
    struct buf b;
    size_t i;
    bool done;

    buf_init(&b, LIST_BYTES);
    for (i = 0; i < list->n; i++)
        buf_addf(&b, "%s\n", list->item[i]);
    done = !buf_error(&b) && model_text(m, field, buf_str(&b));
    if (!done)
        model_fail(m);
    buf_finish(&b);
    return done;
}

static struct window *find_configured(const struct model *m, const char *name)
{
    struct window *w;

    for (w = m->windows; w; w = w->next)
        if (w->r.configured && !strcmp(w->r.made_by, name))
            return w;
    return NULL;
}

static bool is_same(const struct string_list *list, const char *text)
{
    size_t i, n;

    for (i = 0; i < list->n; i++) {
        n = strlen(list->item[i]);
        if (!text || strncmp(text, list->item[i], n) != 0 || text[n] != '\n')
            return false;
        text += n + 1;
    }
    return !text || !*text;
}

/* One window of the configuration that is not over. */
static void take_configured(struct model *m, const struct maintenance_settings *s)
{
    struct record_maintenance r = {.from_wall_ms = s->from_wall_ms,
                                   .until_wall_ms = s->until_wall_ms,
                                   .configured = 1,
                                   .made_by = s->name,
                                   .reason = s->name};
    struct window *w = find_configured(m, s->name);
    bool moved, changed = !w;

    if (!w)
        w = add(m, &r);
    if (!w)
        return;
    w->named = true;
    moved = w->r.from_wall_ms != s->from_wall_ms || w->r.until_wall_ms != s->until_wall_ms;
    if (moved) {
        w->r.from_wall_ms = s->from_wall_ms;
        w->r.until_wall_ms = s->until_wall_ms;
        w->r.ended_wall_ms = w->r.opened = 0;
    }
    w->from_boot_ms = m->now.boot_ms + (s->from_wall_ms - m->now.wall_ms);
    w->until_boot_ms =
        w->r.ended_wall_ms ? m->now.boot_ms : m->now.boot_ms + (s->until_wall_ms - m->now.wall_ms);
    changed = changed || moved || !is_same(&s->components, w->r.components) ||
              !is_same(&s->checks, w->r.checks);
    if (changed && set_list(m, &w->r.components, &s->components) &&
        set_list(m, &w->r.checks, &s->checks))
        model_put(m, RECORD_MAINTENANCE, &w->r);
}

static void take_configuration(struct model *m)
{
    const struct settings *s = m->settings;
    struct window *w;
    size_t i;

    for (w = m->windows; w; w = w->next)
        w->named = false;
    for (i = 0; i < s->n_maintenance; i++)
        if (s->maintenance[i].until_wall_ms > m->now.wall_ms)
            take_configured(m, &s->maintenance[i]);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* Those that were ended by hand stay as long as the configuration names them. */
static bool is_over(const struct model *m, const struct window *w)
{
    return w->r.configured ? !w->named : m->now.boot_ms >= w->until_boot_ms;
}

void maintenance_due(struct model *m)
{
    struct window *w, *next;
    int64_t due = NOW_NEVER;

    take_configuration(m);
    for (w = m->windows; w; w = next) {
        next = w->next;
        if (is_over(m, w)) {
            drop(m, w);
            continue;
        }
        w->open = m->now.boot_ms >= w->from_boot_ms && m->now.boot_ms < w->until_boot_ms;
        if (w->open && !w->r.opened) {
            w->r.opened = 1;
            model_put(m, RECORD_MAINTENANCE, &w->r);
        }
        if (w->open && w->until_boot_ms < due)
            due = w->until_boot_ms;
        if (m->now.boot_ms < w->from_boot_ms && w->from_boot_ms < due)
            due = w->from_boot_ms;
    }
    if (due != NOW_NEVER)
        model_timer_set(m, TIMER_MAINTENANCE, 0, due);
    else
        model_timer_clear(m, TIMER_MAINTENANCE, 0);
    triage_uncovered(m);
}

static int64_t clamped(int64_t ms, int64_t most)
{
    return ms < 0 ? 0 : ms > most ? most : ms;
}

void maintenance_restore(struct model *m)
{
    struct window *w;
    struct alert *a;

    for (w = m->windows; w; w = w->next) {
        int64_t length = clamped(w->r.until_wall_ms - w->r.from_wall_ms, STORED_LONGEST_MS);
        int64_t wait =
            w->r.opened ? 0 : clamped(w->r.from_wall_ms - m->now.wall_ms, STORED_LONGEST_MS);
        int64_t left = clamped(w->r.until_wall_ms - m->now.wall_ms, length);

        w->from_boot_ms =
            wait ? m->now.boot_ms + wait : model_past_boot(m, w->r.from_wall_ms, STORED_LONGEST_MS);
        w->until_boot_ms = wait ? w->from_boot_ms + length : m->now.boot_ms + left;
        w->open = !wait && !(w->r.configured && w->r.ended_wall_ms);
    }
    for (a = m->alert_oldest; a; a = a->newer) {
        w = a->r.firing ? covering(m, a) : NULL;
        a->planned = w && a->r.first_wall_ms >= w->r.from_wall_ms;
    }
    model_timer_set(m, TIMER_MAINTENANCE, 0, m->now.boot_ms);
}

/* ---- announced ------------------------------------------------------------------------------- */

static struct window *find_announced(const struct model *m)
{
    struct window *w;

    for (w = m->windows; w; w = w->next)
        if (w->r.announced)
            return w;
    return NULL;
}

void maintenance_signal(struct model *m, const struct signal *sig)
{
    const struct read_only_settings *s = &m->settings->read_only;
    struct record_maintenance r = {.from_wall_ms = m->now.wall_ms,
                                   .until_wall_ms = m->now.wall_ms + s->longest_ms,
                                   .announced = 1,
                                   .made_by = (char[]){""},
                                   .reason = (char[]){"announced"}};
    struct window *w = find_announced(m);
    int64_t left = s->longest_ms;

    if (sig->phase == PHASE_STARTED) {
        if (!w && s->components.n) {
            w = add(m, &r);
            if (!w || !model_text(m, &w->r.made_by, sig->source))
                return;
        }
        if (!w || sig->wall_ms < w->r.ended_wall_ms) /* heard again, by another ear */
            return;
        if (!set_list(m, &w->r.components, &s->components))
            return;
        w->r.ended_wall_ms = 0;
    } else {
        if (!w || w->r.ended_wall_ms)
            return;
        w->r.ended_wall_ms = sig->wall_ms;
        left = s->grace_ms;
    }
    w->r.until_wall_ms = m->now.wall_ms + left;
    w->until_boot_ms = m->now.boot_ms + left;
    model_put(m, RECORD_MAINTENANCE, &w->r);
    maintenance_due(m);
}
