#include "sandbox_faults_impl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "utf8.h"

enum {
    NAME_MAX_CHARS = 64,
    PATTERN_MAX_CHARS = 512,
    FIELD_MAX_CHARS = 200,
    BODY_MAX_CHARS = 100000,
    COUNT_MAX = 1000000000,
    SECONDS_MAX = 1000000,   /* eleven days */
    SKEW_MAX_S = 1000000000, /* thirty years */
    SEGMENTS_MAX = 8
};

/* How a member is written, and what it becomes. */
enum form {
    TEXT,    /* string of printable ASCII -> char * */
    WORDS,   /* any string -> char * */
    WHOLE,   /* whole number -> int64_t */
    SWITCH,  /* boolean -> int64_t */
    SECONDS, /* number -> int64_t, in ms */
    STALL,   /* the same, or "released" -> NOW_NEVER */
    DROP,    /* boolean or "reset" -> enum fault_drop */
    RETRY,   /* whole number or string -> char * */
    NAME,    /* one of names, from 1 on -> int64_t */
    CHANCE,  /* number -> double */
    OBJECT   /* object -> json_t * */
};

struct member {
    const char *name;
    enum form form;
    size_t offset; /* in struct fault_rule */
    int64_t min;   /* of numbers */
    int64_t max;   /* of numbers; most characters of strings */
    const char *const *names;
};

struct reason {
    char *text;
    size_t bytes;
};

#define AT(member) offsetof(struct fault_rule, member)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const kinds[] = {"create", "update", "correct", "delete", "read",
                                    "list",   "manage", "public",  NULL};
static const char *const distortions[] = {"truncate",    "garbage", "html",
                                          "wrong_types", "empty",   NULL};

static const struct member on_members[] = {
    {"method", TEXT, AT(method), 0, FIELD_MAX_CHARS, NULL},
    {"path", TEXT, AT(path), 0, PATTERN_MAX_CHARS, NULL},
    {"query", TEXT, AT(query), 0, PATTERN_MAX_CHARS, NULL},
    {"kind", NAME, AT(kind), 0, 0, kinds},
};

static const struct member rule_members[] = {
    {"name", WORDS, AT(name), 0, NAME_MAX_CHARS, NULL},
    {"nth", WHOLE, AT(nth), 1, COUNT_MAX, NULL},
    {"next", WHOLE, AT(next), 1, COUNT_MAX, NULL},
    {"always", SWITCH, AT(always), 0, 0, NULL},
    {"probability", CHANCE, AT(probability), 0, 1, NULL},
    {"seed", WHOLE, AT(seed), 0, INT64_MAX, NULL},
};

static const struct member do_members[] = {
    {"stall_before", STALL, AT(stall_before_ms), 0, SECONDS_MAX, NULL},
    {"late", SECONDS, AT(late_ms), 0, SECONDS_MAX, NULL},
    {"apply", SWITCH, AT(apply), 0, 0, NULL},
    {"skew", SECONDS, AT(skew_ms), -SKEW_MAX_S, SKEW_MAX_S, NULL},
    {"page", WHOLE, AT(page), 1, 1000000, NULL},
    {"stall_after", STALL, AT(stall_after_ms), 0, SECONDS_MAX, NULL},
    {"drop", DROP, AT(drop), 0, 0, NULL},
    {"status", WHOLE, AT(status), 200, 599, NULL},
    {"retry_after", RETRY, AT(retry_after), 0, FIELD_MAX_CHARS, NULL},
    {"body", WORDS, AT(body), 0, BODY_MAX_CHARS, NULL},
    {"type", TEXT, AT(type), 0, FIELD_MAX_CHARS, NULL},
    {"set", OBJECT, AT(set), 0, 0, NULL},
    {"distort", NAME, AT(distort), 0, 0, distortions},
    {"cut", WHOLE, AT(cut), 0, HTTPD_ANSWER_MAX, NULL},
    {"endless", SWITCH, AT(endless), 0, 0, NULL},
    {"drip", WHOLE, AT(drip), 1, HTTPD_BYTES_PER_S_MAX, NULL},
};

/* ---- reading --------------------------------------------------------------------------------- */

static int wrong(const struct reason *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int wrong(const struct reason *why, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    utf8_vprint(why->text, why->bytes, fmt, ap);
    va_end(ap);
    return CRIER_EINVAL;
}

static int take_text(const struct member *m, const json_t *value, bool ascii, char **ret_text,
                     const struct reason *why)
{
    const char *text = json_string_value(value);
    size_t i;

    if (!text)
        return wrong(why, "%s must be a string", m->name);
    for (i = 0; ascii && text[i]; i++)
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] >= 0x7f)
            return wrong(why, "%s must be printable ASCII", m->name);
    if (utf8_length(text) > (size_t)m->max)
        return wrong(why, "%s is longer than %lld characters", m->name, (long long)m->max);
    *ret_text = strdup(text);
    return *ret_text ? 0 : CRIER_ENOMEM;
}

static int take_whole(const struct member *m, const json_t *value, int64_t *ret_number,
                      const struct reason *why)
{
    if (!json_is_integer(value) || json_integer_value(value) < m->min ||
        json_integer_value(value) > m->max)
        return wrong(why, "%s must be a whole number from %lld to %lld", m->name, (long long)m->min,
                     (long long)m->max);
    *ret_number = json_integer_value(value);
    return 0;
}

static int take_seconds(const struct member *m, const json_t *value, int64_t *ret_ms,
                        const struct reason *why)
{
    double s = json_number_value(value);

    if (!json_is_number(value) || !(s >= (double)m->min && s <= (double)m->max))
        return wrong(why, "%s must be a number of seconds from %lld to %lld", m->name,
                     (long long)m->min, (long long)m->max);
    *ret_ms = (int64_t)(s * 1000);
    return 0;
}

static int take_name(const struct member *m, const json_t *value, int64_t *ret_index,
                     const struct reason *why)
{
    const char *text = json_string_value(value);
    int i = text ? sandbox_name_index(m->names, text) : -1;

    if (i < 0)
        return wrong(why, "%s is not one that is known", m->name);
    *ret_index = i + 1;
    return 0;
}

static int take_retry(const struct member *m, const json_t *value, char **ret_text,
                      const struct reason *why)
{
    if (!json_is_integer(value))
        return take_text(m, value, true, ret_text, why);
    *ret_text = buf_printf("%lld", (long long)json_integer_value(value));
    return *ret_text ? 0 : CRIER_ENOMEM;
}

static bool is_word(const json_t *value, const char *word)
{
    return json_is_string(value) && !strcmp(json_string_value(value), word);
}

static int take(struct fault_rule *rule, const struct member *m, json_t *value,
                const struct reason *why)
{
    void *at = (char *)rule + m->offset;

    switch (m->form) {
    case TEXT:
        return take_text(m, value, true, at, why);
    case WORDS:
        return take_text(m, value, false, at, why);
    case WHOLE:
        return take_whole(m, value, at, why);
    case SWITCH:
        if (!json_is_boolean(value))
            return wrong(why, "%s must be true or false", m->name);
        *(int64_t *)at = json_is_true(value);
        return 0;
    case STALL:
        if (is_word(value, "released")) {
            *(int64_t *)at = NOW_NEVER;
            return 0;
        }
        return take_seconds(m, value, at, why);
    case SECONDS:
        return take_seconds(m, value, at, why);
    case DROP:
        if (!json_is_boolean(value) && !is_word(value, "reset"))
            return wrong(why, "%s must be true or \"reset\"", m->name);
        *(int64_t *)at = json_is_string(value) ? FAULT_RESET
                         : json_is_true(value) ? FAULT_CLOSE
                                               : FAULT_ANSWER;
        return 0;
    case RETRY:
        return take_retry(m, value, at, why);
    case NAME:
        return take_name(m, value, at, why);
    case CHANCE:
        if (!json_is_number(value) || !(json_number_value(value) >= (double)m->min) ||
            !(json_number_value(value) <= (double)m->max))
            return wrong(why, "%s must be a number from 0 to 1", m->name);
        *(double *)at = json_number_value(value);
        return 0;
    case OBJECT:
        if (!json_is_object(value))
            return wrong(why, "%s must be an object", m->name);
        *(json_t **)at = json_incref(value);
        return 0;
    }
    return CRIER_EINVAL;
}

/* Reads the members of an object; those named on and do are the caller's. */
static int take_all(struct fault_rule *rule, json_t *object, const char *what,
                    const struct member *member, size_t n, const struct reason *why)
{
    const char *name;
    json_t *value;
    int r;

    if (!json_is_object(object))
        return wrong(why, "%s must be an object", what);
    json_object_foreach(object, name, value)
    {
        size_t i = 0;

        while (i < n && strcmp(member[i].name, name))
            i++;
        if (i < n) {
            if ((r = take(rule, &member[i], value, why)))
                return r;
        } else if (member != rule_members || (strcmp(name, "on") && strcmp(name, "do"))) {
            char shown[80]; /* never half a character */

            utf8_print(shown, sizeof shown, "%s", name);
            return wrong(why, "%s: unknown member: %s", what, shown);
        }
    }
    return 0;
}

/* What does not go together. */
static int check(const struct fault_rule *rule, const struct reason *why)
{
    bool answers = rule->status || rule->retry_after || rule->body || rule->type || rule->set ||
                   rule->distort || rule->cut >= 0 || rule->endless || rule->drip;

    if (rule->always && (rule->next || rule->probability >= 0))
        return wrong(why, "always leaves no room for next and probability");
    if (rule->drop != FAULT_ANSWER && answers)
        return wrong(why, "drop leaves no answer to change");
    if (rule->late_ms >= 0 && (rule->stall_after_ms || answers))
        return wrong(why, "late leaves no answer to hold back or change");
    if (rule->late_ms >= 0 && !rule->apply)
        return wrong(why, "late without apply does nothing");
    if (rule->body && (rule->set || rule->distort))
        return wrong(why, "body leaves nothing to set or distort");
    return 0;
}

int fault_rule_create(json_t *source, size_t number, char *why, size_t why_bytes,
                      struct fault_rule **ret_rule)
{
    const struct reason reason = {why, why_bytes};
    struct fault_rule *rule = calloc(1, sizeof *rule);
    json_t *on, *action;
    int r;

    if (!rule)
        return CRIER_ENOMEM;
    rule->refs = 1;
    rule->source = json_incref(source);
    rule->probability = rule->late_ms = rule->apply = rule->cut = -1;
    if ((r = take_all(rule, source, "a rule", rule_members, COUNT(rule_members), &reason)))
        goto out;
    on = json_object_get(source, "on");
    action = json_object_get(source, "do");
    if ((on && (r = take_all(rule, on, "on", on_members, COUNT(on_members), &reason))) ||
        (action && (r = take_all(rule, action, "do", do_members, COUNT(do_members), &reason))))
        goto out;
    if (rule->apply < 0)
        rule->apply = rule->status < 400;
    if ((r = check(rule, &reason)))
        goto out;
    if (!rule->always && !rule->next && rule->probability < 0)
        rule->next = 1;
    rule->random = (uint64_t)rule->seed;
    if (!rule->name)
        rule->name = buf_printf("rule %zu", number);
    if (!rule->name) {
        r = CRIER_ENOMEM;
        goto out;
    }
    *ret_rule = rule;
    rule = NULL;
out:
    fault_rule_unref(rule);
    return r;
}

void fault_rule_unref(struct fault_rule *rule)
{
    if (!rule || --rule->refs)
        return;
    json_decref(rule->source);
    json_decref(rule->set);
    free(rule->name);
    free(rule->method);
    free(rule->path);
    free(rule->query);
    free(rule->retry_after);
    free(rule->body);
    free(rule->type);
    free(rule);
}

/* ---- matching -------------------------------------------------------------------------------- */

/* Whether the pattern, with * for anything, is all of the text. */
static bool is_like(const char *pattern, const char *text)
{
    const char *star = NULL, *back = NULL;

    for (;;) {
        if (*pattern == '*') {
            star = pattern++;
            back = text;
        } else if (*pattern == *text) {
            if (!*text)
                return true;
            pattern++;
            text++;
        } else if (star && *back) {
            pattern = star + 1;
            text = ++back;
        } else {
            return false;
        }
    }
}

struct segment {
    const char *text;
    size_t bytes;
};

static bool is(const struct segment *s, const char *word)
{
    return s->bytes == strlen(word) && !memcmp(s->text, word, s->bytes);
}

/* @return the parts of a path, without .json at its end; SEGMENTS_MAX + 1 for more than that. */
static size_t split(const char *path, struct segment part[SEGMENTS_MAX])
{
    size_t n = 0;

    while (*path == '/' && path[1]) {
        size_t bytes = strcspn(++path, "/");

        if (n == SEGMENTS_MAX)
            return n + 1;
        part[n++] = (struct segment){path, bytes};
        path += bytes;
        if (!*path && bytes > 5 && !memcmp(path - 5, ".json", 5))
            part[n - 1].bytes -= 5;
    }
    return n;
}

static enum fault_kind kind_of(const struct httpd_request *req)
{
    struct segment part[SEGMENTS_MAX];
    size_t n = split(req->path, part);
    bool get = !strcmp(req->method, "GET") || !strcmp(req->method, "HEAD");
    bool patch = !strcmp(req->method, "PATCH") || !strcmp(req->method, "PUT");

    if (!n || !is(&part[0], "v1"))
        return FAULT_PUBLIC;
    if (n < 4 || n > SEGMENTS_MAX || !is(&part[1], "pages"))
        return FAULT_MANAGE;
    if (n == 4 && get)
        return FAULT_LIST;
    if (!is(&part[3], "incidents"))
        return FAULT_MANAGE;
    if (n == 4 && !strcmp(req->method, "POST"))
        return FAULT_CREATE;
    if (n == 5 && get)
        return is(&part[4], "unresolved") || is(&part[4], "upcoming") ||
                       is(&part[4], "scheduled") || is(&part[4], "active_maintenance")
                   ? FAULT_LIST
                   : FAULT_READ;
    if (n == 5 && patch)
        return FAULT_UPDATE;
    if (n == 5 && !strcmp(req->method, "DELETE"))
        return FAULT_DELETE;
    if (n == 7 && patch && is(&part[5], "incident_updates"))
        return FAULT_CORRECT;
    return FAULT_MANAGE;
}

/* SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators". */
uint64_t fault_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool is_about(const struct fault_rule *rule, const struct httpd_request *req)
{
    enum fault_kind kind = kind_of(req);

    if (rule->kind == FAULT_MANAGE ? kind == FAULT_PUBLIC : rule->kind && rule->kind != (int)kind)
        return false;
    return (!rule->method || !strcmp(rule->method, req->method)) &&
           (!rule->path || is_like(rule->path, req->path)) &&
           (!rule->query || is_like(rule->query, req->query));
}

bool fault_rule_matches(struct fault_rule *rule, const struct httpd_request *req)
{
    bool turn = true;

    if (!is_about(rule, req))
        return false;
    rule->matched++;
    if (rule->probability >= 0) /* 53 bits: as many as a double between 0 and 1 tells apart */
        turn = (double)(fault_random(&rule->random) >> 11) * 0x1p-53 < rule->probability;
    return turn && rule->matched >= rule->nth && (!rule->next || rule->fired < rule->next);
}
