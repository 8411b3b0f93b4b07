#include "patterns_literal.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "utf8.h"

struct scan {
    const char *p;
    char *dst;
    size_t size;
    size_t best;          /* bytes in dst */
    char run[128];        /* characters that follow one another */
    size_t run_len;       /* bytes */
    size_t last_char_len; /* bytes of the last character of the run; 0: no quantifier may follow */
};

static void end_run(struct scan *s)
{
    if (s->run_len > s->best) {
        s->best = s->run_len < s->size - 1 ? s->run_len : s->size - 1;
        s->best = utf8_cut(s->run, s->best);
        memcpy(s->dst, s->run, s->best);
    }
    s->run_len = 0;
    s->last_char_len = 0;
}

static void add(struct scan *s, const char *c, size_t n)
{
    if (s->run_len + n >= sizeof s->run)
        end_run(s);
    memcpy(s->run + s->run_len, c, n);
    s->run_len += n;
    s->run[s->run_len] = '\0';
    s->last_char_len = n;
}

/* Whether \c stands for a set of characters or a position: the run ends, nothing is lost. Other
 * letters and digits are escapes that this reader does not know. */
static bool is_set_or_position(char c)
{
    return strchr("dDwWsSbBhHvVNRX", c) != NULL;
}

/* Skips a character class; p is at '['. @return behind it, or NULL where it does not end or holds
 * what is not known. */
static const char *skip_class(const char *p)
{
    p++;
    if (*p == '^')
        p++;
    if (*p == ']')
        p++;
    for (; *p && *p != ']'; p++) {
        if (*p == '\\') {
            p++;
            if (!*p || *p == 'Q' || *p == 'E')
                return NULL;
        } else if (*p == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '=')) {
            const char *q = p + 2 + strspn(p + 2, "^abcdefghijklmnopqrstuvwxyz");

            /* of a name alone it is sure that PCRE2 reads on behind it; else '[' stands for itself
             */
            if (q == p + 2 || q[0] != p[1] || q[1] != ']')
                return NULL;
            p = q + 1;
        }
    }
    return *p ? p + 1 : NULL;
}

/* Whether the parenthesis at p is a verb, a comment, an option setting, or a rare form not worth
 * telling from these. */
static bool changes_meaning(const char *p)
{
    return p[1] == '*' || (p[1] == '?' && (!p[2] || !strchr(":<=!>|", p[2])));
}

/* Skips a group; p is at '('. @return behind it, or NULL where it does not end or holds what is not
 * known. */
static const char *skip_group(const char *p)
{
    size_t depth = 0;

    while (*p) {
        if (*p == '\\') {
            if (!p[1] || p[1] == 'Q' || p[1] == 'E')
                return NULL;
            p += 2;
        } else if (*p == '[') {
            p = skip_class(p);
            if (!p)
                return NULL;
        } else if (*p == '(') {
            if (changes_meaning(p))
                return NULL;
            depth++;
            p++;
        } else if (*p == ')') {
            p++;
            if (--depth == 0)
                return p;
        } else {
            p++;
        }
    }
    return NULL;
}

/* @return behind a quantifier's optional ? or +. */
static const char *skip_greed(const char *p)
{
    return *p == '?' || *p == '+' ? p + 1 : p;
}

/* Behind {n,m} when p is at one, else p: then it is a plain brace. */
static const char *skip_braces(const char *p)
{
    const char *q = p + 1;

    while (isdigit((unsigned char)*q) || *q == ',' || *q == ' ')
        q++;
    return *q == '}' && q > p + 1 ? q + 1 : p;
}

/* One item of the pattern. @return false when the whole pattern is beyond this reader. */
static bool step(struct scan *s)
{
    const char *p = s->p, *q;
    size_t n;

    switch (*p) {
    case '|':
        return false;
    case '(':
        end_run(s);
        s->p = skip_group(p);
        return s->p != NULL;
    case '[':
        end_run(s);
        s->p = skip_class(p);
        return s->p != NULL;
    case ')':
        return false;
    case '.':
    case '^':
    case '$':
        end_run(s);
        s->p = p + 1;
        return true;
    case '?':
    case '*':
        s->run_len -= s->last_char_len;
        end_run(s);
        s->p = skip_greed(p + 1);
        return true;
    case '+':
        end_run(s);
        s->p = skip_greed(p + 1);
        return true;
    case '{':
        q = skip_braces(p);
        if (q == p)
            break; /* a plain brace */
        s->run_len -= s->last_char_len;
        end_run(s);
        s->p = skip_greed(q);
        return true;
    case '\\':
        if (is_set_or_position(p[1]) && p[1]) {
            if (p[2] == '{')
                return false;
            end_run(s);
            s->p = p + 2;
            return true;
        }
        if (!p[1] || isalnum((unsigned char)p[1]))
            return false;
        s->p = ++p;
        break;
    default:
        break;
    }
    n = utf8_char_bytes(p);
    if (!n)
        return false;
    add(s, p, n);
    s->p = p + n;
    return true;
}

size_t patterns_literal(const char *pattern, char *dst, size_t size)
{
    struct scan s = {.p = pattern, .dst = dst, .size = size};

    dst[0] = '\0';
    while (*s.p)
        if (!step(&s)) {
            dst[0] = '\0';
            return 0;
        }
    end_run(&s);
    dst[s.best] = '\0';
    return s.best;
}
