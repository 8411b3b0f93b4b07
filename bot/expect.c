#include "expect.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "err.h"
#include "utf8.h"
#include "when.h"

enum {
    FILE_MAX_BYTES = 4 << 20,
    WORDS_MAX = 64,
    SCENARIOS_MAX = 10000,
    ITEMS_MAX = 100000,
    DAY_MS = 24 * 60 * 60 * 1000
};

/* One line taken apart. */
struct words {
    char *item[WORDS_MAX];
    bool quoted[WORDS_MAX];
    size_t n, at;
    char *text; /* the memory of the words */
};

struct parser {
    struct expect *e;
    struct problems *problems;
    struct where where;
    struct words words;
    const char *line;      /* as written, without blanks around it */
    bool confirm, obey;    /* for scenarios that say nothing of it */
    int64_t confirm_after; /* ms */
    bool wrong;
    int err; /* CRIER_ENOMEM */
};

/* ---- problems and words ---------------------------------------------------------------------- */

#define WRONG(p, ...) ((p)->wrong = true, problems_add((p)->problems, &(p)->where, __VA_ARGS__))

static char *copy(struct parser *p, const char *s)
{
    char *r = strdup(s);

    if (!r)
        p->err = CRIER_ENOMEM;
    return r;
}

/* Blanks part words; "..." is one word, with \" and \\ in it; # in front of a word begins a
 * comment. @return whether the line could be taken apart. */
static bool split(struct parser *p, const char *line)
{
    struct words *w = &p->words;
    char *out;

    free(w->text);
    memset(w, 0, sizeof *w);
    w->text = out = malloc(strlen(line) * 2 + 2); /* each word gets a NUL */
    if (!out) {
        p->err = CRIER_ENOMEM;
        return false;
    }
    for (;;) {
        while (isspace((unsigned char)*line))
            line++;
        if (!*line || *line == '#')
            return true;
        if (w->n == WORDS_MAX) {
            WRONG(p, "more than %d words; write two lines", (int)WORDS_MAX);
            return false;
        }
        w->item[w->n] = out;
        w->quoted[w->n] = *line == '"';
        if (*line == '"') {
            for (line++; *line && *line != '"'; line++) {
                if (*line == '\\' && (line[1] == '"' || line[1] == '\\'))
                    line++;
                *out++ = *line;
            }
            if (!*line++) {
                WRONG(p, "a \" without its end");
                return false;
            }
        } else {
            while (*line && !isspace((unsigned char)*line))
                *out++ = *line++;
        }
        *out++ = '\0';
        w->n++;
    }
}

/* The next word, or NULL. */
static const char *next(struct parser *p)
{
    return p->words.at < p->words.n ? p->words.item[p->words.at++] : NULL;
}

static const char *peek(const struct parser *p)
{
    return p->words.at < p->words.n ? p->words.item[p->words.at] : NULL;
}

/* Takes the next word when it is this one. */
static bool take(struct parser *p, const char *word)
{
    const char *w = peek(p);

    if (!w || p->words.quoted[p->words.at] || strcmp(w, word) != 0)
        return false;
    p->words.at++;
    return true;
}

static bool two_digits(const char *s, int *ret)
{
    if (!isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]))
        return false;
    *ret = (s[0] - '0') * 10 + (s[1] - '0');
    return true;
}

/* 18:34 or 18:34:55 */
static bool clock_of(const char *s, int64_t *ret_ms)
{
    int h, m, sec = 0;

    if (!two_digits(s, &h) || s[2] != ':' || !two_digits(s + 3, &m) ||
        (s[5] && (s[5] != ':' || !two_digits(s + 6, &sec) || s[8])))
        return false;
    if (h > 23 || m > 59 || sec > 59)
        return false;
    *ret_ms = ((int64_t)h * 60 + m) * 60000 + (int64_t)sec * 1000;
    return true;
}

/* 2023-01-17 */
static bool day_of(const char *s, int64_t *ret_wall_ms)
{
    struct when_civil c = {0};
    int century, year;

    if (strlen(s) != 10 || s[4] != '-' || s[7] != '-' || !two_digits(s, &century) ||
        !two_digits(s + 2, &year) || !two_digits(s + 5, &c.month) || !two_digits(s + 8, &c.day))
        return false;
    c.year = century * 100 + year;
    return when_join(&c, ret_wall_ms) == 0;
}

static bool take_time(struct parser *p, struct expect_time *ret)
{
    const char *w = peek(p);
    int64_t day = 0, ms;

    memset(ret, 0, sizeof *ret);
    if (w && day_of(w, &day)) {
        ret->dated = true;
        p->words.at++;
        w = peek(p);
    }
    if (!w || !clock_of(w, &ms)) {
        WRONG(p, "\"%s\" is no time; write 18:34:55 or 2023-01-17 18:34:55", w ? w : "");
        return false;
    }
    p->words.at++;
    ret->given = true;
    ret->ms = day + ms;
    return true;
}

static bool take_count(struct parser *p, int64_t *ret)
{
    const char *w = next(p);
    int64_t n = 0;
    size_t i;

    for (i = 0; w && isdigit((unsigned char)w[i]) && i < 9; i++)
        n = n * 10 + (w[i] - '0');
    if (!w || !i || w[i]) {
        WRONG(p, "\"%s\" is no number; write one of 0 to 999999999", w ? w : "");
        return false;
    }
    *ret = n;
    return true;
}

/* ---- statements ------------------------------------------------------------------------------ */

static struct scenario *scenario(struct parser *p)
{
    return p->e->n ? &p->e->scenario[p->e->n - 1] : NULL;
}

static void on_scenario(struct parser *p)
{
    struct scenario *all, *s;
    const char *w;
    struct buf name;

    buf_init(&name, 1000);
    while ((w = next(p)) != NULL)
        buf_addf(&name, "%s%s", name.len ? " " : "", w);
    if (!name.len)
        WRONG(p, "a scenario needs a name: scenario \"backport breaks pages\"");
    all = array_grow(p->e->scenario, &p->e->cap, p->e->n + 1, sizeof *all, SCENARIOS_MAX);
    if (!all) {
        p->err = CRIER_ENOMEM;
    } else {
        p->e->scenario = all;
        s = &all[p->e->n++];
        memset(s, 0, sizeof *s);
        s->line = p->where.line;
        s->confirm = p->confirm;
        s->confirm_after_ms = p->confirm_after;
        s->obey = p->obey;
        s->name = copy(p, buf_str(&name));
    }
    if (buf_error(&name))
        p->err = CRIER_ENOMEM;
    buf_finish(&name);
}

static void on_log(struct parser *p, struct scenario *s)
{
    const char *w = next(p);
    char **items;
    int *lines;

    if (!w) {
        WRONG(p, "log needs the name of a file, seen from where this one is");
        return;
    }
    items = array_grow(s->logs.item, &s->cap_logs, s->logs.n + 1, sizeof *items, ITEMS_MAX);
    if (items)
        s->logs.item = items;
    lines = array_grow(s->log_line, &s->cap_log_lines, s->logs.n + 1, sizeof *lines, ITEMS_MAX);
    if (lines)
        s->log_line = lines;
    if (!items || !lines) {
        p->err = CRIER_ENOMEM;
        return;
    }
    lines[s->logs.n] = p->where.line;
    items[s->logs.n] = copy(p, w);
    s->logs.n++;
}

/* "line 18:34:55 <nick> text" or "line 18:34:55 * nick text": all behind it as it stands there. */
static void on_line(struct parser *p, struct scenario *s)
{
    struct expect_line *all, l = {0};
    const char *text, *end;

    if (!take_time(p, &l.time))
        return;
    text = strchr(p->line, ':') + 3; /* the clock; a day has no colon */
    if (*text == ':')
        text += 3;
    while (isspace((unsigned char)*text))
        text++;
    l.action = *text == '*';
    if (l.action || *text == '<')
        text++;
    while (*text == ' ' || *text == '+' || *text == '@')
        text++;
    end = text + strcspn(text, l.action ? " " : ">");
    if (end == text || !*end) {
        WRONG(p, "write who says it: line 18:34:55 <nick> text");
        return;
    }
    all = array_grow(s->lines, &s->cap_lines, s->n_lines + 1, sizeof *all, ITEMS_MAX);
    if (!all) {
        p->err = CRIER_ENOMEM;
        return;
    }
    s->lines = all;
    l.nick = strndup(text, (size_t)(end - text));
    while (*++end == ' ')
        continue;
    l.text = copy(p, end);
    if (!l.nick)
        p->err = CRIER_ENOMEM;
    all[s->n_lines++] = l;
    p->words.at = p->words.n;
}

static void on_confirm(struct parser *p, bool *confirm, int64_t *after_ms)
{
    struct buf text;

    if (take(p, "never")) {
        *confirm = false;
        return;
    }
    buf_init(&text, 200);
    if (take(p, "after"))
        while (peek(p))
            buf_addf(&text, "%s ", next(p));
    if (duration_parse(buf_str(&text), after_ms))
        WRONG(p, "write `confirm after 30s` or `confirm never`");
    *confirm = true;
    if (buf_error(&text) == CRIER_ENOMEM)
        p->err = CRIER_ENOMEM;
    buf_finish(&text);
}

/* "Editing: partial outage, Reading: degraded performance", or none. */
static void on_components(struct parser *p, struct expectation *x, const char *text)
{
    char *all = copy(p, text), *one = all, *rest, *colon;
    int status, r;

    x->has_components = true;
    if (!all || !strcmp(text, "none"))
        one = NULL;
    for (; one; one = rest) {
        rest = strchr(one, ',');
        if (rest)
            *rest++ = '\0';
        while (*one == ' ')
            one++;
        colon = strrchr(one, ':');
        if (colon)
            *colon++ = '\0';
        while (colon && *colon == ' ')
            colon++;
        for (status = COMPONENT_MAJOR_OUTAGE; status >= 0; status--)
            if (colon && (!strcmp(colon, component_status_words((enum component_status)status)) ||
                          !strcmp(colon, component_status_name((enum component_status)status))))
                break;
        r = status < 0 ? CRIER_EINVAL
                       : components_set(&x->components, one, (enum component_status)status);
        if (r == CRIER_ENOMEM)
            p->err = r;
        else if (r)
            WRONG(p,
                  "\"%s\" is no component; write \"Editing: partial outage, Reading: degraded "
                  "performance\" (or major outage, under maintenance, operational), or none",
                  one);
    }
    free(all);
}

static const char *value(struct parser *p, const char *what)
{
    const char *w = next(p);

    if (!w)
        WRONG(p, "%s needs a value behind it", what);
    return w;
}

static void set_text(struct parser *p, char **dst, const char *what)
{
    const char *w = value(p, what);

    free(*dst);
    *dst = w ? copy(p, w) : NULL;
}

/* Which time and what. */
static void on_attributes(struct parser *p, struct expectation *x)
{
    const char *w;

    while (!p->err && !p->wrong && (w = peek(p)) != NULL) {
        if (take(p, "at")) {
            if (take_time(p, &x->from))
                x->to = x->from;
        } else if (take(p, "by")) {
            (void)take_time(p, &x->to);
        } else if (take(p, "before")) {
            x->to_is_out = take_time(p, &x->to);
        } else if (take(p, "after")) {
            (void)take_time(p, &x->from);
        } else if (take(p, "from")) {
            if (take_time(p, &x->from) && !take(p, "to"))
                WRONG(p, "write `from 18:30 to 18:40`");
            else if (x->from.given)
                (void)take_time(p, &x->to);
        } else if (take(p, "title")) {
            set_text(p, &x->title, "title");
        } else if (take(p, "suspect")) {
            set_text(p, &x->suspect, "suspect");
        } else if (take(p, "change")) {
            set_text(p, &x->change, "change");
        } else if (take(p, "rule")) {
            set_text(p, &x->rule, "rule");
        } else if (take(p, "impact")) {
            w = value(p, "impact");
            x->has_impact = true;
            if (w && impact_from_name(w, &x->impact))
                WRONG(p, "\"%s\" is no impact; write none, minor, major or critical", w);
        } else if (take(p, "components")) {
            w = value(p, "components");
            if (w)
                on_components(p, x, w);
        } else {
            WRONG(p,
                  "\"%s\" is not known here; write at, by, before, after or from..to with a "
                  "time, or title, impact, components, suspect, change or rule with a value",
                  w);
        }
    }
}

static void expectation_finish(struct expectation *x)
{
    free(x->source);
    free(x->title);
    free(x->suspect);
    free(x->change);
    free(x->rule);
    components_finish(&x->components);
}

static void add(struct parser *p, struct scenario *s, struct expectation *x)
{
    struct expectation *all;

    x->line = p->where.line;
    x->source = copy(p, p->line);
    all = array_grow(s->want, &s->cap_want, s->n_want + 1, sizeof *all, ITEMS_MAX);
    if (!all) {
        p->err = CRIER_ENOMEM;
        expectation_finish(x);
        return;
    }
    s->want = all;
    all[s->n_want++] = *x;
}

/* What stands for itself: incidents, say. @return whether it was one. */
static bool on_figure(struct parser *p, struct scenario *s)
{
    struct expectation x = {0};

    components_init(&x.components);
    if (take(p, "incidents")) {
        x.kind = EXPECT_INCIDENTS;
        (void)take_count(p, &x.count);
    } else if (take(p, "say")) {
        x.kind = EXPECT_SAY;
        if (!take(p, "at") || !take(p, "most"))
            WRONG(p, "write `say at most 12`");
        else if (take_count(p, &x.count))
            on_attributes(p, &x);
        if (x.title || x.suspect || x.change || x.rule || x.has_impact || x.has_components)
            WRONG(p, "lines said have a time and nothing else here");
    } else {
        return false;
    }
    add(p, s, &x);
    return true;
}

static void on_event(struct parser *p, struct scenario *s)
{
    struct expectation x = {0};

    components_init(&x.components);
    x.never = take(p, "no");
    x.incident = s->n_drafts;
    if (take(p, "draft")) {
        x.kind = EXPECT_DRAFT;
        x.incident = x.never ? 0 : ++s->n_drafts;
    } else if (take(p, "revised")) {
        x.kind = EXPECT_REVISED;
    } else if (take(p, "published")) {
        x.kind = EXPECT_PUBLISHED;
    } else if (take(p, "closed")) {
        x.kind = EXPECT_CLOSED;
    } else if (peek(p) && !step_from_name(peek(p), &x.step) && x.step != STEP_INVESTIGATING) {
        x.kind = EXPECT_STEP;
        p->words.at++;
    } else {
        WRONG(p,
              "\"%s\" is not known; write scenario, log, day, line, confirm, obey, draft, "
              "revised, published, identified, monitoring, resolved, closed, no, incidents or "
              "say",
              peek(p) ? peek(p) : "");
        return;
    }
    if (!x.never && x.kind != EXPECT_DRAFT && !s->n_drafts)
        WRONG(p, "this is about an incident: write it below the `draft` that it belongs to");
    on_attributes(p, &x);
    add(p, s, &x);
}

static void statement(struct parser *p)
{
    struct scenario *s = scenario(p);

    if (take(p, "scenario")) {
        on_scenario(p);
    } else if (take(p, "confirm")) {
        on_confirm(p, s ? &s->confirm : &p->confirm, s ? &s->confirm_after_ms : &p->confirm_after);
    } else if (take(p, "obey")) {
        *(s ? &s->obey : &p->obey) = true;
    } else if (!s) {
        WRONG(p, "begin with a scenario: scenario \"backport breaks pages\"");
        return;
    } else if (take(p, "log")) {
        on_log(p, s);
    } else if (take(p, "day")) {
        s->has_day = peek(p) && day_of(peek(p), &s->day_wall_ms);
        if (!s->has_day)
            WRONG(p, "write a day such as 2023-01-17");
        p->words.at++;
    } else if (take(p, "line")) {
        on_line(p, s);
    } else if (!on_figure(p, s)) {
        on_event(p, s);
    }
    if (!p->wrong && p->words.at < p->words.n)
        WRONG(p, "\"%s\" is one word too many", peek(p));
}

/* ---- the file -------------------------------------------------------------------------------- */

static void check_scenario(struct parser *p, struct scenario *s)
{
    if (s->wrong)
        return; /* what is wrong may be what is missing */
    p->wrong = false;
    p->where.line = s->line;
    if (!s->logs.n && !s->n_lines)
        WRONG(p, "this scenario has no log; write `log FILE`, or `line 18:34:55 <nick> text`");
    if (s->logs.n && s->n_lines)
        WRONG(p, "this scenario has a log and lines of its own; write two scenarios");
    if (!s->n_want)
        WRONG(p, "this scenario expects nothing; write `no draft` when it is to be quiet");
    s->wrong = p->wrong;
}

static void take_line(struct parser *p, char *line)
{
    size_t n;

    while (isspace((unsigned char)*line))
        line++;
    for (n = strlen(line); n && isspace((unsigned char)line[n - 1]);)
        line[--n] = '\0';
    p->line = line;
    p->wrong = false;
    /* a log line may hold anything, quotes too: only its time is taken apart */
    if (!strncmp(line, "line", 4) && isspace((unsigned char)line[4])) {
        const char *open = strpbrk(line, "<*");
        size_t head = open ? (size_t)(open - line) : n;
        char *begin = strndup(line, head);

        if (!begin)
            p->err = CRIER_ENOMEM;
        else if (split(p, begin))
            statement(p);
        free(begin);
    } else if (split(p, line) && p->words.n) {
        statement(p);
    }
}

int expect_parse(const char *file, const char *text, size_t len, struct problems *problems,
                 struct expect **ret_expect)
{
    struct parser p = {.problems = problems};
    char *all = NULL, *line, *end;
    size_t i;
    int r = CRIER_ENOMEM;

    if (len > FILE_MAX_BYTES || memchr(text, '\0', len))
        return CRIER_ELIMIT;
    p.e = calloc(1, sizeof *p.e);
    all = strndup(text, len);
    if (!p.e || !all)
        goto out;
    p.e->file = copy(&p, file);
    p.where.file = p.e->file;
    for (line = all; line && !p.err; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        p.where.line++;
        take_line(&p, line);
        if (p.wrong && p.e->n)
            p.e->scenario[p.e->n - 1].wrong = true;
    }
    for (i = 0; i < p.e->n && !p.err; i++)
        check_scenario(&p, &p.e->scenario[i]);
    if (!p.e->n && !p.err && !problems->n) {
        p.where.line = 1;
        WRONG(&p, "there is no scenario; write scenario \"backport breaks pages\"");
    }
    r = p.err;
out:
    free(p.words.text);
    free(all);
    if (r)
        expect_destroy(p.e);
    else
        *ret_expect = p.e;
    return r;
}

static void scenario_finish(struct scenario *s)
{
    size_t i;

    free(s->name);
    for (i = 0; i < s->logs.n; i++)
        free(s->logs.item[i]);
    free(s->logs.item);
    free(s->log_line);
    for (i = 0; i < s->n_lines; i++) {
        free(s->lines[i].nick);
        free(s->lines[i].text);
    }
    free(s->lines);
    for (i = 0; i < s->n_want; i++)
        expectation_finish(&s->want[i]);
    free(s->want);
}

void expect_destroy(struct expect *e)
{
    size_t i;

    if (!e)
        return;
    for (i = 0; i < e->n; i++)
        scenario_finish(&e->scenario[i]);
    free(e->scenario);
    free(e->file);
    free(e);
}

int64_t expect_line_wall_ms(const struct scenario *s, const struct expect_line *line)
{
    /* without a day any will do: nothing depends on it */
    static const int64_t some_day = INT64_C(20000) * DAY_MS;

    if (line->time.dated)
        return line->time.ms;
    return (s->has_day ? s->day_wall_ms : some_day) + line->time.ms;
}
