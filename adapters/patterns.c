#include "patterns.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "patterns_filter.h"
#include "patterns_literal.h"

enum {
    SAME_NAME_MAX = 8, /* groups of one name in one pattern */
    LITERAL_MAX = 64,
    OVECTOR_PAIRS = 64,     /* groups in one pattern, with the whole match */
    MATCH_LIMIT = 200000,   /* PCRE2's own unit; a line of 8 KB needs a few thousand */
    DEPTH_LIMIT = 2000,     /* nested backtracking without JIT */
    HEAP_LIMIT_KIB = 4096,  /* memory of one match without JIT */
    JIT_STACK_MAX = 1 << 18 /* bytes */
};

enum field {
    FIELD_CHECK,
    FIELD_HOST,
    FIELD_SUMMARY,
    FIELD_STATE,
    FIELD_SEVERITY,
    FIELD_COUNT,
    FIELD_USER,
    FIELD_AT,
    FIELD_CHANGE,
    FIELD_TOOL,
    FIELDS
};

static const char *const field_names[FIELDS] = {
    [FIELD_CHECK] = "check",       [FIELD_HOST] = "host",
    [FIELD_SUMMARY] = "summary",   [FIELD_STATE] = "state",
    [FIELD_SEVERITY] = "severity", [FIELD_COUNT] = "count",
    [FIELD_USER] = "user",         [FIELD_AT] = "at",
    [FIELD_CHANGE] = "change",     [FIELD_TOOL] = "tool",
};

struct groups {
    uint32_t number[SAME_NAME_MAX];
    size_t n;
};

struct line_pattern {
    pcre2_code *code;
    char literal[LITERAL_MAX]; /* every matching line holds it */
    size_t literal_len;        /* 0: none */
    size_t literal_id;         /* in the filter */
    struct groups field[FIELDS];
    bool ignore;
    enum signal_kind kind;
    enum deploy_phase phase;
    bool severity_fixed;
    enum severity severity;
    const char *tool; /* borrowed; NULL: group */
    bool production;
};

struct format {
    struct line_pattern *line;
    size_t n;
    pcre2_code *start, *revert; /* or NULL */
    const char *mark;           /* borrowed, or NULL */
    size_t mark_id;             /* in the filter */
};

struct source {
    size_t *format;
    size_t n;
};

struct rule {
    pcre2_code *check, *host, *text; /* or NULL: any */
    bool *source;                    /* by source index; NULL: any */
    int paging;
};

struct patterns {
    const struct settings *settings;
    struct format *format;
    struct source *source;
    struct rule *rule;
    pcre2_compile_context *compiling;
    pcre2_match_context *matching;
    pcre2_match_data *data;
    pcre2_jit_stack *stack;
    struct patterns_filter *filter; /* of all literals and marks */
    struct patterns_seen seen;      /* those in the line under way */
    struct buf piece;               /* the line without its page mark */
    struct buf fields;              /* what the groups held, each with its NUL */
};

/* ---- compiling ------------------------------------------------------------------------------- */

struct compiler {
    struct patterns *p;
    struct problems *problems;
    int err; /* 0, CRIER_EINVAL, CRIER_ENOMEM: the worst so far */
};

static void compile_failed(struct compiler *c, int err)
{
    if (c->err != CRIER_ENOMEM)
        c->err = err;
}

/* NULL and "" compile to NULL, which stands for "any" or "never". */
static pcre2_code *compile(struct compiler *c, const char *pattern, const struct where *where,
                           const char *what, const char *name, uint32_t options)
{
    pcre2_code *code;
    int error;
    PCRE2_SIZE at;
    PCRE2_UCHAR text[160];

    if (!pattern || !*pattern)
        return NULL;
    code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                         options | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DUPNAMES |
                             PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C,
                         &error, &at, c->p->compiling);
    if (!code && error == PCRE2_ERROR_HEAP_FAILED) {
        compile_failed(c, CRIER_ENOMEM);
        return NULL;
    }
    if (!code) {
        size_t from = at > 12 ? at - 12 : 0, len = strlen(pattern);

        if (at > len)
            at = len;
        if (from > at)
            from = at;
        if (pcre2_get_error_message(error, text, sizeof text) < 0)
            text[0] = '\0';
        problems_add(c->problems, where, "%s %s: %s, at character %zu, after \"%.*s\"", what, name,
                     (const char *)text, (size_t)at, (int)(at - from), pattern + from);
        compile_failed(c, CRIER_EINVAL);
        return NULL;
    }
    /* Where the machine refuses JIT, PCRE2 interprets: slower, the same answers. */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return code;
}

bool patterns_have_jit(char *why, size_t why_size)
{
    static const unsigned char pattern[] = "a+b";
    PCRE2_UCHAR text[200] = "out of memory";
    PCRE2_SIZE at;
    int error = PCRE2_ERROR_NOMEMORY;
    pcre2_code *code = pcre2_compile(pattern, sizeof pattern - 1, PCRE2_UTF, &error, &at, NULL);

    if (code)
        error = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    pcre2_code_free(code);
    if (code && !error)
        return true;
    (void)pcre2_get_error_message(error, text, sizeof text);
    (void)snprintf(why, why_size, "%s (%d)", (const char *)text, error);
    return false;
}

static void find_groups(struct compiler *c, struct line_pattern *l, const struct format_line *from)
{
    uint32_t count = 0, size = 0, i, captures = 0;
    PCRE2_SPTR table = NULL;

    if (pcre2_pattern_info(l->code, PCRE2_INFO_NAMECOUNT, &count) ||
        pcre2_pattern_info(l->code, PCRE2_INFO_NAMEENTRYSIZE, &size) ||
        pcre2_pattern_info(l->code, PCRE2_INFO_NAMETABLE, &table) ||
        pcre2_pattern_info(l->code, PCRE2_INFO_CAPTURECOUNT, &captures)) {
        compile_failed(c, CRIER_EINVAL);
        return;
    }
    if (captures >= OVECTOR_PAIRS) {
        problems_add(c->problems, &from->where, "pattern has %u groups; at most %d", captures,
                     OVECTOR_PAIRS - 1);
        compile_failed(c, CRIER_EINVAL);
        return;
    }
    for (i = 0; i < count; i++, table += size) {
        uint32_t number = (uint32_t)table[0] << 8 | table[1];
        const char *name = (const char *)table + 2;
        int f = 0;

        while (f < FIELDS && strcmp(field_names[f], name))
            f++;
        if (f == FIELDS) {
            problems_add(c->problems, &from->where,
                         "group <%s> means nothing; write one of check, host, summary, state, "
                         "severity, count, user, at, change, tool",
                         name);
            compile_failed(c, CRIER_EINVAL);
        } else if (l->field[f].n < SAME_NAME_MAX) {
            l->field[f].number[l->field[f].n++] = number;
        } else {
            problems_add(c->problems, &from->where, "group <%s> occurs more than %d times", name,
                         SAME_NAME_MAX);
            compile_failed(c, CRIER_EINVAL);
        }
    }
}

static void compile_line(struct compiler *c, struct line_pattern *l, const struct format_line *from,
                         const char *format)
{
    l->code = compile(c, from->pattern, &from->where, "pattern of format", format,
                      PCRE2_ANCHORED | PCRE2_ENDANCHORED);
    if (l->code)
        find_groups(c, l, from);
    if (from->pattern)
        l->literal_len = patterns_literal(from->pattern, l->literal, sizeof l->literal);
    l->literal_id = PATTERNS_FILTER_TEXTS;
    if (l->literal_len &&
        patterns_filter_add(c->p->filter, l->literal, l->literal_len, &l->literal_id))
        compile_failed(c, CRIER_ENOMEM);
    /* Names are settings_finalize()'s to check; without it they are refused here, untold. */
    l->ignore = from->event && !strcmp(from->event, "ignore");
    if (!from->event || (!l->ignore && signal_kind_from_name(from->event, &l->kind)) ||
        (from->phase && deploy_phase_from_name(from->phase, &l->phase)) ||
        (from->severity && severity_from_name(from->severity, &l->severity)))
        compile_failed(c, CRIER_EINVAL);
    l->severity_fixed = from->severity != NULL;
    l->tool = from->tool;
    l->production = from->production;
}

static int compile_formats(struct compiler *c)
{
    const struct settings *s = c->p->settings;
    size_t i, k;

    for (i = 0; i < s->n_formats; i++) {
        const struct format_settings *from = &s->format[i];
        struct format *f = &c->p->format[i];
        const char *name = from->name ? from->name : "";

        f->mark = from->page_mark && *from->page_mark ? from->page_mark : NULL;
        if (f->mark && patterns_filter_add(c->p->filter, f->mark, strlen(f->mark), &f->mark_id))
            return CRIER_ENOMEM;
        f->start = compile(c, from->start, &from->where, "start of format", name, 0);
        f->revert = compile(c, from->revert, &from->where, "revert of format", name, 0);
        f->line = calloc(from->n_lines + 1, sizeof *f->line);
        if (!f->line)
            return CRIER_ENOMEM;
        for (k = 0; k < from->n_lines; k++) {
            f->n = k + 1;
            compile_line(c, &f->line[k], &from->line[k], name);
        }
    }
    return patterns_filter_finish(c->p->filter);
}

static int resolve_sources(struct compiler *c)
{
    const struct settings *s = c->p->settings;
    size_t i, k;

    for (i = 0; i < s->n_sources; i++) {
        struct source *source = &c->p->source[i];
        const struct string_list *names = &s->source[i].formats;

        source->format = calloc(names->n + 1, sizeof *source->format);
        if (!source->format)
            return CRIER_ENOMEM;
        for (k = 0; k < names->n; k++) {
            int f = settings_find_format(s, names->item[k]);

            if (f >= 0) /* else settings_finalize() has told */
                source->format[source->n++] = (size_t)f;
        }
    }
    return 0;
}

static int compile_rules(struct compiler *c)
{
    const struct settings *s = c->p->settings;
    size_t i, k, n;

    for (i = 0; i < s->n_rules; i++) {
        const struct rule_settings *from = &s->rule[i];
        struct rule *r = &c->p->rule[i];
        const char *name = from->name ? from->name : "";

        r->paging = from->paging;
        r->check = compile(c, from->check, &from->where, "check of rule", name, 0);
        r->host = compile(c, from->host, &from->where, "host of rule", name, 0);
        r->text = compile(c, from->text, &from->where, "text of rule", name, 0);
        if (!from->sources.n)
            continue;
        r->source = calloc(s->n_sources + 1, sizeof *r->source);
        if (!r->source)
            return CRIER_ENOMEM;
        for (k = 0; k < from->sources.n; k++)
            for (n = 0; n < s->n_sources; n++)
                if (s->source[n].name && !strcmp(s->source[n].name, from->sources.item[k]))
                    r->source[n] = true;
    }
    return 0;
}

static int set_up(struct patterns *p)
{
    const struct settings *s = p->settings;

    p->format = calloc(s->n_formats + 1, sizeof *p->format);
    p->source = calloc(s->n_sources + 1, sizeof *p->source);
    p->rule = calloc(s->n_rules + 1, sizeof *p->rule);
    p->compiling = pcre2_compile_context_create(NULL);
    p->matching = pcre2_match_context_create(NULL);
    p->data = pcre2_match_data_create(OVECTOR_PAIRS, NULL);
    p->filter = patterns_filter_create();
    if (!p->filter || !p->format || !p->source || !p->rule || !p->compiling || !p->matching ||
        !p->data)
        return CRIER_ENOMEM;
    pcre2_set_max_pattern_length(p->compiling, 16384);
    pcre2_set_match_limit(p->matching, MATCH_LIMIT);
    pcre2_set_depth_limit(p->matching, DEPTH_LIMIT);
    pcre2_set_heap_limit(p->matching, HEAP_LIMIT_KIB);
    p->stack = pcre2_jit_stack_create(32 * 1024, JIT_STACK_MAX, NULL);
    if (p->stack) /* else JIT takes 32 KB of the machine stack */
        pcre2_jit_stack_assign(p->matching, NULL, p->stack);
    return 0;
}

int patterns_create(const struct settings *settings, struct problems *problems,
                    struct patterns **ret)
{
    struct compiler c = {.problems = problems};
    int r;

    c.p = calloc(1, sizeof *c.p);
    if (!c.p)
        return CRIER_ENOMEM;
    c.p->settings = settings;
    buf_init(&c.p->piece, PATTERNS_LINE_MAX_BYTES);
    buf_init(&c.p->fields, (size_t)FIELDS * (PATTERNS_LINE_MAX_BYTES + 1));
    r = set_up(c.p);
    if (!r)
        r = compile_formats(&c);
    if (!r)
        r = resolve_sources(&c);
    if (!r)
        r = compile_rules(&c);
    if (!r)
        r = c.err;
    if (r) {
        patterns_destroy(c.p);
        return r;
    }
    *ret = c.p;
    return 0;
}

void patterns_destroy(struct patterns *p)
{
    size_t i, k;

    if (!p)
        return;
    for (i = 0; p->format && i < p->settings->n_formats; i++) {
        for (k = 0; k < p->format[i].n; k++)
            pcre2_code_free(p->format[i].line[k].code);
        free(p->format[i].line);
        pcre2_code_free(p->format[i].start);
        pcre2_code_free(p->format[i].revert);
    }
    for (i = 0; p->source && i < p->settings->n_sources; i++)
        free(p->source[i].format);
    for (i = 0; p->rule && i < p->settings->n_rules; i++) {
        pcre2_code_free(p->rule[i].check);
        pcre2_code_free(p->rule[i].host);
        pcre2_code_free(p->rule[i].text);
        free(p->rule[i].source);
    }
    free(p->format);
    free(p->source);
    free(p->rule);
    pcre2_compile_context_free(p->compiling);
    pcre2_match_context_free(p->matching);
    pcre2_match_data_free(p->data);
    pcre2_jit_stack_free(p->stack);
    patterns_filter_destroy(p->filter);
    buf_finish(&p->piece);
    buf_finish(&p->fields);
    free(p);
}

/* ---- matching -------------------------------------------------------------------------------- */

/* @return 1 matched, 0 not, CRIER_ELIMIT, CRIER_ENOMEM. */
static int run(struct patterns *p, const pcre2_code *code, const char *text, size_t n, size_t from)
{
    int r = pcre2_match(code, (PCRE2_SPTR)text, n, from, 0, p->data, p->matching);

    if (r >= 0)
        return 1;
    if (r == PCRE2_ERROR_NOMATCH)
        return 0;
    return r == PCRE2_ERROR_NOMEMORY ? CRIER_ENOMEM : CRIER_ELIMIT;
}

/* For searches whose failure must not lose the signal: a limit that is hit is no match. */
static bool search(struct patterns *p, const pcre2_code *code, const char *text)
{
    return run(p, code, text, strlen(text), 0) == 1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The mark counts as a word of its own only: links end in "#page_title" too. */
static bool mark_stands_alone(const char *line, size_t n, size_t at, size_t len)
{
    static const char behind[] = ")]}'\".,:;!";

    if (at > 0 && !is_space(line[at - 1]) && !memchr("([{'\"", line[at - 1], 5))
        return false;
    at += len;
    return at == n || is_space(line[at]) || memchr(behind, line[at], sizeof behind - 1);
}

/*
 * Puts the line into p->piece without its marks and the spaces that would double.
 * @return 1 when there was a mark, 0 when not (p->piece is untouched), CRIER_ENOMEM.
 */
static int take_mark(struct patterns *p, const char *mark, const char *line, size_t n)
{
    size_t len = strlen(mark), from = 0, at = 0;
    bool found = false;

    while (n - at >= len) {
        const char *hit = memmem(line + at, n - at, mark, len);

        if (!hit)
            break;
        at = (size_t)(hit - line);
        if (!mark_stands_alone(line, n, at, len)) {
            at++;
            continue;
        }
        if (!found)
            buf_clear(&p->piece);
        found = true;
        buf_add(&p->piece, line + from, at - from);
        at += len;
        if (at < n && is_space(line[at]) &&
            (!p->piece.len || is_space(p->piece.data[p->piece.len - 1])))
            at++;
        from = at;
    }
    if (!found)
        return 0;
    buf_add(&p->piece, line + from, n - from);
    while (p->piece.len && is_space(p->piece.data[p->piece.len - 1]))
        buf_truncate(&p->piece, p->piece.len - 1);
    return buf_error(&p->piece) ? CRIER_ENOMEM : 1;
}

/* Appends what the field's groups took, without spaces around. @return its offset in p->fields. */
static size_t keep(struct patterns *p, const struct groups *g, const char *line)
{
    const PCRE2_SIZE *o = pcre2_get_ovector_pointer(p->data);
    size_t at = p->fields.len, i;

    for (i = 0; i < g->n; i++) {
        PCRE2_SIZE from = o[2 * g->number[i]], to = o[2 * g->number[i] + 1];

        /* \K in a lookahead can turn them round */
        if (from == PCRE2_UNSET || to == PCRE2_UNSET || from > to)
            continue;
        while (from < to && is_space(line[from]))
            from++;
        while (to > from && is_space(line[to - 1]))
            to--;
        buf_add(&p->fields, line + from, to - from);
        break;
    }
    buf_addc(&p->fields, '\0');
    return at;
}

enum severity patterns_severity(const char *word)
{
    static const struct {
        const char *word;
        enum severity severity;
    } words[] = {
        {"critical", SEVERITY_CRITICAL},    {"crit", SEVERITY_CRITICAL},
        {"page", SEVERITY_CRITICAL},        {"emergency", SEVERITY_CRITICAL},
        {"fatal", SEVERITY_CRITICAL},       {"high", SEVERITY_CRITICAL},
        {"disaster", SEVERITY_CRITICAL},    {"down", SEVERITY_CRITICAL},
        {"unreachable", SEVERITY_CRITICAL}, {"warning", SEVERITY_WARNING},
        {"warn", SEVERITY_WARNING},         {"average", SEVERITY_WARNING},
    };
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcasecmp(words[i].word, word))
            return words[i].severity;
    return SEVERITY_UNKNOWN;
}

/* The number in "2", "+9"; 1 where there is none. */
static int count_of(const char *text)
{
    int n = 0;

    while (*text && (*text < '0' || *text > '9'))
        text++;
    for (; *text >= '0' && *text <= '9'; text++)
        if (n < 100000)
            n = n * 10 + (*text - '0');
    return n > 0 ? n : 1;
}

static bool is_alert(enum signal_kind k)
{
    return k == SIGNAL_FIRING || k == SIGNAL_RESOLVED || k == SIGNAL_ACKNOWLEDGED;
}

static int find_rule(struct patterns *p, size_t source_index, const struct signal *s)
{
    size_t i;

    for (i = 0; i < p->settings->n_rules; i++) {
        const struct rule *r = &p->rule[i];

        if ((!r->source || r->source[source_index]) &&
            (r->paging < 0 || (r->paging > 0) == s->paging) &&
            (!r->check || search(p, r->check, s->check)) &&
            (!r->host || search(p, r->host, s->host)) &&
            (!r->text || search(p, r->text, s->summary)))
            return (int)i;
    }
    return -1;
}

/* Fills the signal from the match that p->data holds. @return 0 or CRIER_ENOMEM. */
static int fill(struct patterns *p, const struct format *f, const struct line_pattern *l,
                const char *line, bool marked, struct signal *ret)
{
    size_t at[FIELDS];
    const char *s[FIELDS];
    int i;

    buf_clear(&p->fields);
    for (i = 0; i < FIELDS; i++)
        at[i] = keep(p, &l->field[i], line);
    if (buf_error(&p->fields))
        return CRIER_ENOMEM;
    for (i = 0; i < FIELDS; i++)
        s[i] = p->fields.data + at[i];

    memset(ret, 0, sizeof *ret);
    ret->kind = l->kind;
    ret->source = ret->place = ret->raw = "";
    ret->check = s[FIELD_CHECK];
    ret->host = s[FIELD_HOST];
    ret->summary = s[FIELD_SUMMARY];
    ret->severity = l->severity_fixed ? l->severity
                                      : patterns_severity(*s[FIELD_SEVERITY] ? s[FIELD_SEVERITY]
                                                                             : s[FIELD_STATE]);
    ret->paging = marked && is_alert(l->kind);
    if (ret->paging && l->kind == SIGNAL_FIRING)
        ret->severity = SEVERITY_CRITICAL;
    ret->count = count_of(s[FIELD_COUNT]);
    ret->phase = l->phase;
    ret->tool = l->tool ? l->tool : s[FIELD_TOOL];
    ret->user = s[FIELD_USER];
    ret->deploy_host = s[FIELD_AT];
    ret->change = s[FIELD_CHANGE];
    ret->production = l->kind == SIGNAL_DEPLOY && l->production;
    ret->revert = l->kind == SIGNAL_DEPLOY &&
                  (l->phase == PHASE_ROLLBACK || (f->revert && search(p, f->revert, ret->change)));
    ret->rule = -1;
    return 0;
}

/* @param cut a mark was taken out of the line since it was looked through: its ends may have met.
 */
static bool holds(const struct patterns *p, const char *line, size_t n, bool cut,
                  const struct line_pattern *l)
{
    if (!cut)
        return patterns_seen(&p->seen, l->literal_id);
    return !l->literal_len || memmem(line, n, l->literal, l->literal_len) != NULL;
}

/* Tries one format on n bytes of the line that p->seen is of. @return as format_port.match;
 * *ret_line: the pattern that did. */
static int try_format(struct patterns *p, const struct format *f, const char *line, size_t n,
                      struct signal *ret)
{
    bool marked = false;
    int result = CRIER_ENOENT, r;
    size_t i;

    if (f->mark && patterns_seen(&p->seen, f->mark_id)) {
        r = take_mark(p, f->mark, line, n);
        if (r < 0)
            return r;
        marked = r > 0;
        if (marked) {
            line = buf_str(&p->piece);
            n = p->piece.len;
        }
    }
    for (i = 0; i < f->n; i++) {
        if (!holds(p, line, n, marked, &f->line[i]))
            continue;
        r = run(p, f->line[i].code, line, n, 0);
        if (r == CRIER_ENOMEM)
            return r;
        if (r < 0)
            result = r; /* told when no other pattern knows the line */
        if (r > 0)
            return f->line[i].ignore ? CRIER_ESTATE : fill(p, f, &f->line[i], line, marked, ret);
    }
    return result;
}

/* Where a further alert begins in a line that matched, or n. */
static size_t next_start(struct patterns *p, const struct format *f, const char *line, size_t n)
{
    size_t at;

    if (!f->start || n < 2 || run(p, f->start, line, n, 1) != 1)
        return n;
    at = pcre2_get_ovector_pointer(p->data)[0];
    return at > 0 && at < n ? at : n;
}

static int match(void *ctx, size_t source_index, const char *line, struct signal *ret_signal)
{
    struct patterns *p = ctx;
    const struct source *source = &p->source[source_index];
    size_t n = strlen(line), i;
    int result = CRIER_ENOENT;

    if (n > PATTERNS_LINE_MAX_BYTES)
        return CRIER_ELIMIT;
    patterns_filter_scan(p->filter, line, n, &p->seen);
    for (i = 0; i < source->n; i++) {
        const struct format *f = &p->format[source->format[i]];
        size_t first;
        int r = try_format(p, f, line, n, ret_signal);

        if (r == CRIER_ENOENT)
            continue;
        if (r == CRIER_ELIMIT) {
            result = r; /* told when no other format knows the line either */
            continue;
        }
        if (r)
            return r;
        first = next_start(p, f, line, n);
        if (first < n) {
            r = try_format(p, f, line, first, ret_signal);
            if (r) /* the cut was wrong: take the line whole, once more */
                r = try_format(p, f, line, first = n, ret_signal);
            if (r)
                return r;
            ret_signal->rest = first < n ? line + first : NULL;
        }
        if (is_alert(ret_signal->kind))
            ret_signal->rule = find_rule(p, source_index, ret_signal);
        return 0;
    }
    return result;
}

static int judge(void *ctx, size_t source_index, struct signal *signal)
{
    struct patterns *p = ctx;
    const struct source *source = &p->source[source_index];
    size_t i, n = strlen(signal->summary);

    for (i = 0; i < source->n && n <= PATTERNS_LINE_MAX_BYTES; i++) {
        const char *mark = p->format[source->format[i]].mark;
        int r = mark ? take_mark(p, mark, signal->summary, n) : 0;

        if (r < 0)
            return r;
        if (!r)
            continue;
        buf_clear(&p->fields);
        buf_add(&p->fields, buf_str(&p->piece), p->piece.len);
        if (buf_error(&p->fields))
            return CRIER_ENOMEM;
        signal->summary = buf_str(&p->fields);
        n = p->fields.len;
        signal->paging = is_alert(signal->kind);
    }
    if (signal->paging && signal->kind == SIGNAL_FIRING)
        signal->severity = SEVERITY_CRITICAL;
    signal->rule = is_alert(signal->kind) ? find_rule(p, source_index, signal) : -1;
    return 0;
}

struct format_port patterns_format_port(struct patterns *p)
{
    struct format_port port = {.ctx = p, .match = match, .judge = judge};

    return port;
}
