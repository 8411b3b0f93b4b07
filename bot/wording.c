#include "wording.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "err.h"
#include "utf8.h"
#include "when.h"

enum {
    TEXT_BYTES = 25000, /* Statuspage's limit of a body, in characters; ours in bytes */
    LIST_CHARS = 90,    /* of {components}; further names become "and 3 more" */
    STATUS_LEAST = 3,   /* letters that name a status */
    QUOTED_BYTES = 40   /* of what people typed, repeated in a `why` */
};

static int say(char *why, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Fills why; @return CRIER_EINVAL. */
static int say(char *why, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)utf8_vprint(why, size, fmt, ap);
    va_end(ap);
    return CRIER_EINVAL;
}

/* ---- prepared texts -------------------------------------------------------------------------- */

enum placeholder { PLACEHOLDER_COMPONENTS, PLACEHOLDER_SINCE };

static const struct {
    const char *name; /* with its braces */
    enum placeholder which;
} placeholders[] = {
    {"{components}", PLACEHOLDER_COMPONENTS},
    {"{since}", PLACEHOLDER_SINCE},
};

enum { PLACEHOLDERS = sizeof placeholders / sizeof placeholders[0] };

/* The placeholder that begins at p, or -1. */
static int placeholder_at(const char *p)
{
    size_t i;

    for (i = 0; i < PLACEHOLDERS; i++)
        if (!strncmp(p, placeholders[i].name, strlen(placeholders[i].name)))
            return (int)i;
    return -1;
}

/* "Reading", "Reading and Editing", "Reading, Editing and 3 more". What works is not named, unless
 * all do. */
static void add_components(struct buf *b, const struct components *c)
{
    size_t i, n = 0, done = 0, chars = 0;
    bool all;

    if (!c || !c->n) {
        buf_adds(b, "the site");
        return;
    }
    for (i = 0; i < c->n; i++)
        n += c->item[i].status != COMPONENT_OPERATIONAL;
    all = !n;
    if (all)
        n = c->n;
    for (i = 0; i < c->n; i++) {
        if (!all && c->item[i].status == COMPONENT_OPERATIONAL)
            continue;
        chars += utf8_length(c->item[i].name);
        if (done && chars > LIST_CHARS) {
            buf_addf(b, " and %zu more", n - done);
            return;
        }
        if (done)
            buf_adds(b, done + 1 == n ? " and " : ", ");
        buf_adds(b, c->item[i].name);
        done++;
    }
}

/* "about 18:33 UTC", "about 23:58 UTC on 16 January" */
static void add_since(struct buf *b, const struct wording_context *context)
{
    char hm[WHEN_BYTES], day[WHEN_BYTES];

    buf_addf(b, "about %s UTC", when_hm(context->started_wall_ms, hm));
    if (context->now_wall_ms && !when_same_day(context->started_wall_ms, context->now_wall_ms))
        buf_addf(b, " on %s", when_day_words(context->started_wall_ms, day));
}

/* Whether what comes next begins a sentence. */
static bool begins_sentence(const struct buf *b)
{
    const char *s = buf_str(b);

    return !b->len || (b->len >= 2 && s[b->len - 1] == ' ' && strchr(".!?", s[b->len - 2]) != NULL);
}

/* One template into text. */
static int render(const char *template, const struct wording_context *context, char **ret)
{
    struct buf b;
    const char *p;
    int r = 0;

    buf_init(&b, TEXT_BYTES);
    for (p = template; *p;) {
        size_t at = b.len;
        bool capital = begins_sentence(&b);
        int i = placeholder_at(p);

        if (i < 0) {
            if (*p == '{' || *p == '}') {
                r = CRIER_EINVAL;
                goto out;
            }
            buf_addc(&b, *p++);
            continue;
        }
        switch (placeholders[i].which) {
        case PLACEHOLDER_COMPONENTS:
            add_components(&b, context->components);
            break;
        case PLACEHOLDER_SINCE:
            add_since(&b, context);
            break;
        }
        if (capital && b.len > at && b.data[at] >= 'a' && b.data[at] <= 'z')
            b.data[at] = (char)(b.data[at] - 'a' + 'A');
        p += strlen(placeholders[i].name);
    }
    r = buf_error(&b);
    if (r)
        goto out;
    *ret = buf_take(&b);
    if (!*ret)
        r = CRIER_ENOMEM;
out:
    buf_finish(&b);
    return r;
}

enum step wording_text_step(enum wording_text which)
{
    switch (which) {
    case WORDING_STEP_INVESTIGATING:
    case WORDING_STEP_IDENTIFIED:
    case WORDING_STEP_MONITORING:
    case WORDING_STEP_RESOLVED:
        return (enum step)which;
    case WORDING_RECOVERED:
        return STEP_MONITORING;
    case WORDING_AGAIN:
    case WORDING_TEXTS:
        break;
    }
    return STEP_INVESTIGATING;
}

const char *wording_text_name(enum wording_text which)
{
    if (which == WORDING_RECOVERED)
        return "recovered";
    return which == WORDING_AGAIN ? "again" : step_name(wording_text_step(which));
}

const char *wording_template(const struct wording_settings *w, enum wording_text which)
{
    if (which == WORDING_RECOVERED)
        return w->recovered;
    return which == WORDING_AGAIN ? w->again : w->body[wording_text_step(which)];
}

int wording_render_as(const struct settings *s, size_t wording_index, enum wording_text which,
                      const struct wording_context *context, char **ret_title, char **ret_body)
{
    const struct wording_settings *w;
    const char *template;
    char *title, *body;
    int r;

    if (wording_index >= s->n_wordings || (size_t)which >= WORDING_TEXTS)
        return CRIER_ENOENT;
    w = &s->wording[wording_index];
    template = wording_template(w, which);
    if (!template)
        template = w->body[wording_text_step(which)];
    if (!w->title || !template)
        return CRIER_ENOENT;
    r = render(w->title, context, &title);
    if (r)
        return r;
    r = render(template, context, &body);
    if (r) {
        free(title);
        return r;
    }
    *ret_title = title;
    *ret_body = body;
    return 0;
}

int wording_render(const struct settings *s, size_t wording_index, enum step step,
                   const struct wording_context *context, char **ret_title, char **ret_body)
{
    if ((size_t)step >= STEP_COUNT)
        return CRIER_ENOENT;
    return wording_render_as(s, wording_index, (enum wording_text)step, context, ret_title,
                             ret_body);
}

enum wording_text wording_recognise(const struct settings *s, size_t wording_index, enum step step,
                                    const struct wording_context *context, const char *body)
{
    int which;

    for (which = STEP_COUNT; which < WORDING_TEXTS; which++) {
        char *title, *rendered;
        bool same;

        if (wording_text_step((enum wording_text)which) != step ||
            wording_render_as(s, wording_index, (enum wording_text)which, context, &title,
                              &rendered))
            continue;
        same = !strcmp(rendered, body);
        free(title);
        free(rendered);
        if (same)
            return (enum wording_text)which;
    }
    return (enum wording_text)step;
}

int wording_check_template(const char *text, char *why, size_t why_size)
{
    const char *p;

    if (why_size)
        why[0] = '\0';
    for (p = text; *p;) {
        int i = placeholder_at(p);

        if (i < 0 && (*p == '{' || *p == '}'))
            return say(why, why_size,
                       "\"%.*s\" is no placeholder: write {components} or {since}, and no "
                       "other brace",
                       (int)utf8_cut(p, QUOTED_BYTES), p);
        p += i < 0 ? 1 : strlen(placeholders[i].name);
    }
    return 0;
}

/* ---- what people type ------------------------------------------------------------------------ */

/* If the text is one quotation from end to end, where its inside begins and how long it is. */
static bool quotation(const char *text, size_t n, size_t *ret_begin, size_t *ret_n)
{
    static const struct {
        const char *open, *close;
    } marks[] = {{"\"", "\""}, {"`", "`"}, {"\xe2\x80\x9c", "\xe2\x80\x9d"}};
    size_t i;

    for (i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t open = strlen(marks[i].open), close = strlen(marks[i].close);
        const char *next;

        if (n <= open + close || strncmp(text, marks[i].open, open) != 0 ||
            strcmp(text + n - close, marks[i].close) != 0)
            continue;
        next = strstr(text + open, marks[i].close);
        if (next != text + n - close)
            continue; /* "this" and "that" */
        *ret_begin = open;
        *ret_n = n - open - close;
        return true;
    }
    return false;
}

int wording_clean_edit(const char *typed, char **ret)
{
    size_t n = strlen(typed), begin;
    char *text = malloc(n + 1), *tick;

    if (!text)
        return CRIER_ENOMEM;
    n = utf8_clean(typed, n, text);
    tick = strchr(text, '`');
    if (quotation(text, n, &begin, &n))
        memmove(text, text + begin, n);
    else if (tick && tick == text + n - 1)
        n--; /* the end of a command copied with backticks */
    text[utf8_clean(text, n, text)] = '\0';
    *ret = text;
    return 0;
}

/* ---- components as people type them ---------------------------------------------------------- */

static bool ends_word(char c)
{
    return !c || strchr(" :=,;", c) != NULL;
}

/* The longest component of the page whose name begins at p; NULL when there is none. */
static const struct component_settings *component_at(const struct settings *s, size_t page_index,
                                                     const char *p)
{
    const struct component_settings *best = NULL;
    size_t i, best_n = 0;

    for (i = 0; i < s->n_components; i++) {
        const struct component_settings *c = &s->component[i];
        size_t n = strlen(c->name);

        if (c->page_index == page_index && n > best_n && !strncasecmp(p, c->name, n) &&
            ends_word(p[n])) {
            best = c;
            best_n = n;
        }
    }
    return best;
}

/* The status of these n bytes: "partial outage", "partial_outage", or the beginning of one; no two
 * begin with the same letters. */
static bool read_status(const char *p, size_t n, enum component_status *ret)
{
    static const enum component_status all[] = {COMPONENT_OPERATIONAL, COMPONENT_UNDER_MAINTENANCE,
                                                COMPONENT_DEGRADED_PERFORMANCE,
                                                COMPONENT_PARTIAL_OUTAGE, COMPONENT_MAJOR_OUTAGE};
    size_t i, j;

    for (i = 0; n >= STATUS_LEAST && i < sizeof all / sizeof all[0]; i++) {
        const char *name = component_status_words(all[i]);

        for (j = 0; j < n && name[j]; j++) {
            char c = p[j] == '_' || p[j] == '-' ? ' ' : p[j];

            if (strncasecmp(&c, &name[j], 1) != 0)
                break;
        }
        if (j == n) {
            *ret = all[i];
            return true;
        }
    }
    return false;
}

/* "Reading, Editing", as many as fit. */
static void list_components(const struct settings *s, size_t page_index, char *dst, size_t size)
{
    size_t i, used = 0;

    dst[0] = '\0';
    for (i = 0; i < s->n_components; i++) {
        const struct component_settings *c = &s->component[i];
        size_t n = strlen(c->name);

        if (c->page_index != page_index)
            continue;
        if (used + n + 8 > size) {
            (void)snprintf(dst + used, size - used, used ? ", ..." : "...");
            return;
        }
        used += (size_t)snprintf(dst + used, size - used, "%s%s", used ? ", " : "", c->name);
    }
}

/* One `NAME STATUS`; moves on behind it. */
static int take_component(const struct settings *s, size_t page_index, const char **at,
                          struct components *ret, char *why, size_t why_size)
{
    const struct component_settings *c = component_at(s, page_index, *at);
    const char *p = *at;
    enum component_status status;
    char known[120];
    size_t n;
    int r;

    if (!c) {
        list_components(s, page_index, known, sizeof known);
        return say(
            why, why_size, "\"%.*s\" is no component; the components are %s",
            (int)utf8_cut(p, strcspn(p, ",;") < QUOTED_BYTES ? strcspn(p, ",;") : QUOTED_BYTES), p,
            known);
    }
    p += strlen(c->name);
    p += strspn(p, " :=");
    n = strcspn(p, ",;");
    *at = p + n;
    while (n && p[n - 1] == ' ')
        n--;
    if (n && p[n - 1] == '.')
        n--;
    if (!read_status(p, n, &status))
        return say(why, why_size,
                   "say how %s is: operational, degraded performance, partial outage, major "
                   "outage or under maintenance",
                   c->name);
    if (components_find(ret, c->name))
        return say(why, why_size, "%s is there twice", c->name);
    r = components_set(ret, c->name, status);
    return r == CRIER_ELIMIT ? say(why, why_size, "these are too many components") : r;
}

int wording_parse_components(const struct settings *s, size_t page_index, const char *typed,
                             struct components *ret, char *why, size_t why_size)
{
    const char *p = typed;
    int r = 0;

    if (why_size)
        why[0] = '\0';
    components_finish(ret);
    components_init(ret);
    for (;;) {
        p += strspn(p, " ,;");
        if (!*p)
            break;
        r = take_component(s, page_index, &p, ret, why, why_size);
        if (r)
            break;
    }
    if (!r && !ret->n) {
        char known[120];

        list_components(s, page_index, known, sizeof known);
        r = say(why, why_size, "name components with their status; they are %s", known);
    }
    if (r) {
        components_finish(ret);
        components_init(ret);
    }
    return r;
}
