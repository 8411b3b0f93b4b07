/*
 * maintenance_command: `maintenance ...` as people type it, and what crier answers.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "audit.h"
#include "chat.h"
#include "chat_list.h"
#include "duration.h"
#include "err.h"
#include "maintenance.h"
#include "utf8.h"
#include "when.h"

enum {
    LINE_BYTES = 400,
    LIST_BYTES = 4000,   /* of the components or checks of one window */
    QUOTED_BYTES = 40,   /* of what was typed, repeated in an answer */
    REASON_BYTES = 120,  /* of a reason, repeated in a list */
    DURATION_BYTES = 64, /* "1 h 30 min" */
    DURATION_WORDS = 6,
    CHECK_BYTES = 200, /* of one glob */
    MINUTE_MS = 60 * 1000
};

static const int64_t DAY_MS = INT64_C(86400000);

#define SAY(m, by, ...) chat_say(m, (by)->place, SAY_ANSWER, __VA_ARGS__)

/* What somebody wants. */
struct plan {
    const char *at; /* what is still to be read */
    int64_t from_wall_ms, until_wall_ms;
    struct buf components, checks;
    char *reason;
};

/* For examples: a component that there is. */
static const char *some_component(const struct model *m)
{
    return m->settings->n_components ? m->settings->component[0].name : "COMPONENT";
}

static bool usage(struct model *m, const struct asker *by, const char *what)
{
    const char *prefix = m->settings->chat.prefix;

    SAY(m, by,
        "%s: `%s maintenance 2h %s: REASON`, or `14:00-16:00` (UTC) for 2h, or `check NAME*` "
        "for components; `%s maintenance end N`",
        what, prefix, some_component(m), prefix);
    return false;
}

static void skip_spaces(struct plan *p)
{
    while (*p->at == ' ')
        p->at++;
}

/* The next word is this one: moves on behind it. */
static bool take_word(struct plan *p, const char *word)
{
    size_t n = strlen(word);

    if (strncasecmp(p->at, word, n) != 0 || (p->at[n] && p->at[n] != ' ' && p->at[n] != ':'))
        return false;
    p->at += n;
    skip_spaces(p);
    return true;
}

/* ---- when ------------------------------------------------------------------------------------ */

/* 14:00, 9:30; minutes of the day. */
static bool take_clock(const char **at, int *ret_minutes)
{
    const char *p = *at;
    int hour = 0, minute = 0, digits;

    for (digits = 0; digits < 2 && *p >= '0' && *p <= '9'; digits++)
        hour = hour * 10 + (*p++ - '0');
    if (!digits || *p++ != ':')
        return false;
    for (digits = 0; digits < 2 && *p >= '0' && *p <= '9'; digits++)
        minute = minute * 10 + (*p++ - '0');
    if (digits != 2 || hour > 23 || minute > 59 || (*p >= '0' && *p <= '9'))
        return false;
    *at = p;
    *ret_minutes = hour * 60 + minute;
    return true;
}

/* "14:00-16:00", "23:30 - 0:30 UTC": the first such span that is not over. */
static bool take_span(struct plan *p, int64_t now_wall_ms)
{
    const char *at = p->at;
    int64_t day;
    int from, until, i;

    if (!take_clock(&at, &from))
        return false;
    at += strspn(at, " ");
    if (*at++ != '-')
        return false;
    at += strspn(at, " ");
    if (!take_clock(&at, &until) || (*at && *at != ' ') || from == until)
        return false;
    day = now_wall_ms - now_wall_ms % DAY_MS - DAY_MS;
    for (i = 0; i < 3; i++, day += DAY_MS) {
        p->from_wall_ms = day + (int64_t)from * MINUTE_MS;
        p->until_wall_ms = day + (int64_t)until * MINUTE_MS + (until < from ? DAY_MS : 0);
        if (p->until_wall_ms > now_wall_ms)
            break;
    }
    if (p->from_wall_ms < now_wall_ms)
        p->from_wall_ms = now_wall_ms;
    p->at = at;
    skip_spaces(p);
    (void)take_word(p, "UTC");
    return true;
}

/* "2h", "90 min", "1 h 30 min": as many words as make a duration. @return 0 where none does. */
static int64_t take_duration(struct plan *p)
{
    char typed[DURATION_BYTES];
    const char *at = p->at, *best = at;
    int64_t ms, got = 0;
    int words;

    for (words = 0; words < DURATION_WORDS && *at && *at != ':'; words++) {
        size_t n;

        at += strspn(at, " ");
        at += strcspn(at, " :");
        n = (size_t)(at - p->at);
        if (n >= sizeof typed)
            break;
        memcpy(typed, p->at, n);
        typed[n] = '\0';
        if (duration_parse(typed, &ms))
            continue;
        got = ms;
        best = at;
    }
    p->at = best;
    skip_spaces(p);
    return got;
}

static bool take_time(struct model *m, const struct asker *by, struct plan *p)
{
    int64_t ms;

    if (take_span(p, m->now.wall_ms))
        return true;
    ms = take_duration(p);
    if (!ms)
        return usage(m, by, "say for how long");
    if (ms < MINUTE_MS || ms > MAINTENANCE_LONGEST_MS) {
        SAY(m, by,
            "from 1 min to 24 h; what is longer goes into the configuration (\"maintenance\")");
        return false;
    }
    p->from_wall_ms = m->now.wall_ms;
    p->until_wall_ms = m->now.wall_ms + ms;
    return true;
}

/* ---- what ------------------------------------------------------------------------------------ */

/* The longest component whose name begins at p, of whichever page; or NULL. */
static const char *component_at(const struct settings *s, const char *p)
{
    const char *best = NULL;
    size_t i;

    for (i = 0; i < s->n_components; i++) {
        const char *name = s->component[i].name;
        size_t n = strlen(name);

        if (!strncasecmp(p, name, n) && (!p[n] || strchr(" ,:;", p[n])) &&
            (!best || n > strlen(best)))
            best = name;
    }
    return best;
}

static bool unknown_component(struct model *m, const struct asker *by, const char *p)
{
    const struct settings *s = m->settings;
    size_t n = strcspn(p, ",:;"), i;
    struct buf names;

    buf_init(&names, LINE_BYTES / 2);
    for (i = 0; i < s->n_components && !buf_error(&names); i++)
        buf_addf(&names, "%s%s", i ? ", " : "", s->component[i].name);
    SAY(m, by,
        "\"%.*s\" is no component; they are %s. Checks by name: `%s maintenance 2h check %s`",
        (int)utf8_cut(p, n < QUOTED_BYTES ? n : QUOTED_BYTES), p,
        buf_error(&names) ? "in the configuration" : buf_str(&names), s->chat.prefix,
        "NAME*: REASON");
    buf_finish(&names);
    return false;
}

static bool is_listed(const struct buf *list, const char *name)
{
    const char *p = buf_str(list);
    size_t n = strlen(name);

    for (; *p; p += strcspn(p, "\n") + 1)
        if (!strncmp(p, name, n) && p[n] == '\n')
            return true;
    return false;
}

/* "Editing, Reading and API", up to the colon or the end. */
static bool take_components(struct model *m, const struct asker *by, struct plan *p)
{
    while (*p->at && *p->at != ':') {
        const char *name = component_at(m->settings, p->at);

        if (!name)
            return unknown_component(m, by, p->at);
        p->at += strlen(name);
        p->at += strspn(p->at, " ,;");
        (void)take_word(p, "and");
        if (!is_listed(&p->components, name))
            buf_addf(&p->components, "%s\n", name);
    }
    return p->components.len > 0 || usage(m, by, "say of what");
}

/* Globs with commas between, up to ": " or the end. */
static bool take_checks(struct model *m, const struct asker *by, struct plan *p)
{
    const char *end = strstr(p->at, ": ");

    if (!end)
        end = p->at + strlen(p->at);
    while (p->at < end) {
        size_t n = strcspn(p->at, ",");
        const char *glob = p->at;

        if (n > (size_t)(end - p->at))
            n = (size_t)(end - p->at);
        p->at += n + (glob + n < end);
        while (n && *glob == ' ') {
            glob++;
            n--;
        }
        while (n && glob[n - 1] == ' ')
            n--;
        if (n > CHECK_BYTES || (n && strspn(glob, "*? ") >= n)) {
            SAY(m, by, "\"%.*s\" would cover everything or nothing: name a check, such as Varnish*",
                (int)utf8_cut(glob, n < QUOTED_BYTES ? n : QUOTED_BYTES), glob);
            return false;
        }
        if (n) {
            buf_add(&p->checks, glob, n);
            buf_addc(&p->checks, '\n');
        }
    }
    return p->checks.len > 0 || usage(m, by, "say which checks");
}

static bool take_reason(struct model *m, const struct asker *by, struct plan *p)
{
    size_t n;

    if (*p->at == ':')
        p->at++;
    skip_spaces(p);
    n = strlen(p->at);
    if (!n)
        return usage(m, by, "say why");
    p->reason = malloc(n + 1);
    if (!p->reason) {
        model_fail(m);
        return false;
    }
    p->reason[utf8_clean(p->at, n, p->reason)] = '\0';
    return p->reason[0] || usage(m, by, "say why");
}

static bool read_plan(struct model *m, const struct asker *by, struct plan *p)
{
    if (!take_time(m, by, p))
        return false;
    if (take_word(p, "check") || take_word(p, "checks")) {
        if (!take_checks(m, by, p))
            return false;
    } else if (!take_components(m, by, p)) {
        return false;
    }
    return take_reason(m, by, p);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The first talk channel, for what is asked for in private but concerns everybody; "" where there
 * is none, or it was asked there or in another one. */
static void public_place(const struct model *m, const struct asker *by, char *dst, size_t size)
{
    const struct settings *s = m->settings;
    const char *slash = strchr(by->place, '/');
    size_t i, j;

    dst[0] = '\0';
    if (slash && strchr("#&+!", slash[1]))
        return;
    for (i = 0; i < s->n_networks; i++) {
        for (j = 0; j < s->network[i].n_channels; j++) {
            if (!(s->network[i].channel[j].roles & CHANNEL_TALK))
                continue;
            (void)utf8_print(dst, size, "%s/%s", s->network[i].name, s->network[i].channel[j].name);
            return;
        }
    }
}

static void answer(struct model *m, const struct asker *by, const char *text)
{
    char place[256];

    SAY(m, by, "%s", text);
    public_place(m, by, place, sizeof place);
    if (place[0] && model_is_joined(m, place))
        chat_say(m, place, SAY_ANNOUNCE, "%s (%s)", text, by->nick);
}

/* "until 16:00", "from 2026-12-01 14:00 until 2026-12-01 16:00" */
static void add_span(struct buf *b, const struct model *m, const struct record_maintenance *r)
{
    char hm[WHEN_BYTES];

    if (r->from_wall_ms > m->now.wall_ms)
        buf_addf(b, "from %s ", when_hm_near(r->from_wall_ms, m->now.wall_ms, hm));
    buf_addf(b, "until %s", when_hm_near(r->until_wall_ms, m->now.wall_ms, hm));
}

static void add_listed(struct buf *b, const struct model *m, const struct window *w)
{
    const char *reason = w->r.reason;

    buf_addf(b, "%lld %s: ", (long long)w->r.number,
             w->r.ended_wall_ms && !w->open ? "ended"
             : w->r.announced               ? "read-only"
             : w->open                      ? "open"
                                            : "planned");
    maintenance_what(b, &w->r);
    buf_addc(b, ' ');
    add_span(b, m, &w->r);
    buf_addf(b, " (%s%s%.*s)", w->r.configured ? "" : w->r.made_by, w->r.configured ? "" : ": ",
             (int)utf8_cut(reason, REASON_BYTES), reason);
}

static void list(struct model *m, const struct asker *by)
{
    const char *prefix = m->settings->chat.prefix;
    const struct window *w;
    struct chat_list lines;
    struct buf one;
    size_t n = 0;

    for (w = m->windows; w; w = w->next)
        n++;
    if (!n) {
        SAY(m, by, "nothing is planned; `%s maintenance 2h %s: REASON` keeps drafts away", prefix,
            some_component(m));
        return;
    }
    chat_list_begin(&lines, m, by->place, "UTC: ", " | ", n);
    buf_init(&one, 2 * LINE_BYTES);
    for (w = m->windows; w; w = w->next) {
        buf_clear(&one);
        add_listed(&one, m, w);
        if (!chat_list_add(&lines, &one))
            break;
    }
    chat_list_end(&lines);
    buf_finish(&one);
}

static void plan(struct model *m, const struct asker *by, const char *text)
{
    struct plan p = {.at = text};
    struct record_maintenance r = {0};
    char *person = strdup(by->person);
    const struct window *w;
    struct buf b;

    buf_init(&p.components, LIST_BYTES);
    buf_init(&p.checks, LIST_BYTES);
    buf_init(&b, LINE_BYTES * 2);
    if (!person)
        model_fail(m);
    if (!person || !read_plan(m, by, &p))
        goto out;
    if (buf_error(&p.components) || buf_error(&p.checks)) {
        SAY(m, by, "these are too many for one window");
        goto out;
    }
    r.made_by = person;
    r.from_wall_ms = p.from_wall_ms;
    r.until_wall_ms = p.until_wall_ms;
    r.components = p.components.data;
    r.checks = p.checks.data;
    r.reason = p.reason;
    w = maintenance_add(m, &r);
    if (!w) {
        if (!turn_error(m->turn))
            SAY(m, by, "%d are planned, the most there may be: end one first", MAINTENANCE_MAX);
        goto out;
    }
    audit_write(m, &(struct audit_entry){.action = AUDIT_MAINTENANCE, .person = by->person},
                "maintenance %lld by %s: %s", (long long)w->r.number, by->person, text);
    buf_addf(&b, "maintenance %lld of ", (long long)w->r.number);
    maintenance_what(&b, &w->r);
    buf_addc(&b, ' ');
    add_span(&b, m, &w->r);
    buf_addf(&b, " UTC: what it covers opens no draft; `%s maintenance end %lld` ends it",
             m->settings->chat.prefix, (long long)w->r.number);
    if (buf_error(&b))
        model_fail(m);
    else
        answer(m, by, buf_str(&b));
out:
    buf_finish(&b);
    buf_finish(&p.components);
    buf_finish(&p.checks);
    free(p.reason);
    free(person);
}

/* The window that "end N", "#N" or nothing where there is only one, means; or NULL, told. */
static struct window *find_window(struct model *m, const struct asker *by, const char *typed)
{
    struct window *w, *only = NULL;
    int64_t number = 0;
    size_t n = 0, open = 0;

    typed += *typed == '#';
    while (n < 9 && typed[n] >= '0' && typed[n] <= '9')
        number = number * 10 + (typed[n++] - '0');
    if (typed[n + strspn(typed + n, " .;`")])
        number = 0;
    for (w = m->windows; w; w = w->next) {
        if (number && w->r.number == number)
            return w;
        if (!w->open)
            continue;
        only = w;
        open++;
    }
    if (!*typed && open == 1)
        return only;
    SAY(m, by, "say which one: `%s maintenance end N`; `%s maintenance` lists them",
        m->settings->chat.prefix, m->settings->chat.prefix);
    return NULL;
}

static void end(struct model *m, const struct asker *by, const char *typed)
{
    struct window *w = find_window(m, by, typed);
    struct buf b;

    if (!w)
        return;
    if (w->r.ended_wall_ms && !w->open) {
        SAY(m, by, "%lld is ended already", (long long)w->r.number);
        return;
    }
    audit_write(m, &(struct audit_entry){.action = AUDIT_MAINTENANCE, .person = by->person},
                "maintenance %lld ended by %s", (long long)w->r.number, by->person);
    buf_init(&b, LINE_BYTES * 2);
    buf_addf(&b, "maintenance %lld of ", (long long)w->r.number);
    maintenance_what(&b, &w->r);
    buf_adds(&b, w->open ? " is over: what still fires counts from now" : " is taken back");
    if (buf_error(&b))
        model_fail(m);
    else
        answer(m, by, buf_str(&b));
    buf_finish(&b);
    maintenance_end(m, w);
}

void maintenance_command(struct model *m, const struct asker *by, const char *text)
{
    struct plan p = {.at = text};

    skip_spaces(&p);
    if (!*p.at || (take_word(&p, "list") && !*p.at))
        list(m, by);
    else if (take_word(&p, "end"))
        end(m, by, p.at);
    else
        plan(m, by, p.at);
}
