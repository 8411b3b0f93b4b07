#include "wording_secret.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum {
    KEY_BYTES = 20,     /* what is random and as long as that is a key */
    PASSWORD_BYTES = 8, /* what is very mixed and as long as that is a password */
    MIXED_BYTES = 12,   /* the same of letters and digits alone */
    LABELLED_BYTES = 4, /* of what follows `password: ` */
    DIGITS_BYTES = 24,  /* of digits alone */
    VARIETY = 6,        /* different letters and digits: "0000000000000000000000000" has one */
    UUID_BYTES = 36,
    CHANGE_BYTES = 41, /* I and 40 hexadecimal digits: what Gerrit calls a change */
    SWITCHES = 4,      /* between kinds of characters: `aB3d` has three */
    SWITCHES_MIXED = 5,
    LETTERS_MIXED = 6 /* different ones: "1h30m20s500ms" has three */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_lower(c) || is_upper(c);
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* What keys are written with: base64 of both sorts. */
static bool in_token(char c)
{
    return is_alnum(c) || (c && strchr("_-+/=", c) != NULL);
}

/* What passwords are written with besides. */
static bool is_symbol(char c)
{
    return c && strchr("!@#$%^&*~+=?|", c) != NULL;
}

/* ---- what characters a piece is made of ------------------------------------------------------ */

struct mix {
    size_t lower, upper, digits, symbols, hex;
    size_t switches; /* letter to digit and back, small letter to capital, any to symbol and back */
    size_t rises;    /* small letter to capital */
    size_t letters;  /* different ones */
    size_t variety;  /* different letters and digits */
};

enum kind { KIND_NONE, KIND_LOWER, KIND_UPPER, KIND_DIGIT, KIND_SYMBOL };

static enum kind kind_of(char c)
{
    if (is_lower(c))
        return KIND_LOWER;
    if (is_upper(c))
        return KIND_UPPER;
    if (is_digit(c))
        return KIND_DIGIT;
    return is_symbol(c) ? KIND_SYMBOL : KIND_NONE;
}

static void mix_of(const char *p, size_t n, struct mix *m)
{
    enum kind last = KIND_NONE;
    uint32_t seen = 0, digits = 0;
    size_t i;

    memset(m, 0, sizeof *m);
    for (i = 0; i < n; i++) {
        enum kind kind = kind_of(p[i]);

        m->lower += kind == KIND_LOWER;
        m->upper += kind == KIND_UPPER;
        m->digits += kind == KIND_DIGIT;
        m->symbols += kind == KIND_SYMBOL;
        m->hex += is_hex(p[i]);
        if (kind == KIND_LOWER)
            seen |= UINT32_C(1) << (p[i] - 'a');
        if (kind == KIND_UPPER)
            seen |= UINT32_C(1) << (p[i] - 'A');
        if (kind == KIND_DIGIT)
            digits |= UINT32_C(1) << (p[i] - '0');
        if (last == KIND_LOWER && kind == KIND_UPPER)
            m->rises++;
        /* a capital that begins a word is no sign of chance */
        if (kind != last && kind != KIND_NONE && last != KIND_NONE &&
            !(last == KIND_UPPER && kind == KIND_LOWER))
            m->switches++;
        last = kind;
    }
    for (; seen; seen &= seen - 1)
        m->letters++;
    m->variety = m->letters;
    for (; digits; digits &= digits - 1)
        m->variety++;
}

static size_t classes(const struct mix *m)
{
    return (m->lower > 0) + (m->upper > 0) + (m->digits > 0) + (m->symbols > 0);
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static bool is_uuid(const char *p, size_t n)
{
    size_t i;

    if (n != UUID_BYTES)
        return false;
    for (i = 0; i < n; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? p[i] != '-' : !is_hex(p[i]))
            return false;
    return true;
}

/* Where each sort of key begins, and how much there has to be of it. */
static bool has_prefix(const char *p, size_t n)
{
    static const struct {
        const char *prefix;
        size_t least;
    } known[] = {{"AKIA", 16},     {"ASIA", 16},        {"AIza", 30},   {"eyJ", 16},
                 {"ghp_", 14},     {"gho_", 14},        {"ghs_", 14},   {"ghu_", 14},
                 {"ghr_", 14},     {"github_pat_", 20}, {"glpat-", 14}, {"xoxb-", 14},
                 {"xoxp-", 14},    {"xoxa-", 14},       {"sk-", 20},    {"sk_live_", 16},
                 {"rk_live_", 16}, {"npm_", 16},        {"pypi-", 16},  {"dop_v1_", 16},
                 {"hf_", 16},      {"api-", 24}};
    struct mix m;
    size_t i;

    mix_of(p, n, &m);
    for (i = 0; i < sizeof known / sizeof known[0]; i++)
        if (n >= known[i].least && !strncmp(p, known[i].prefix, strlen(known[i].prefix)))
            return m.digits > 0; /* "eyJ" has some, and "sk-foundation-meeting-notes" has none */
    return false;
}

/* Chance has a hand in it. */
static bool is_random(const char *p, size_t n)
{
    struct mix m;

    mix_of(p, n, &m);
    if (m.variety < VARIETY)
        return false;
    if (n >= KEY_BYTES && m.hex == n && (m.lower || m.upper) && m.digits)
        return true;
    if (n >= DIGITS_BYTES && m.digits == n)
        return true;
    if (n >= KEY_BYTES && m.digits && m.switches * 6 >= n)
        return true;
    if (n >= KEY_BYTES && m.lower && m.rises * 9 >= n * 2)
        return true;
    if (m.hex == n || (p[0] == 'I' && m.hex == n - 1))
        return false; /* the number of a change */
    if (n >= PASSWORD_BYTES && classes(&m) >= 3 && m.switches >= SWITCHES)
        return true;
    return n >= MIXED_BYTES && m.digits && m.switches >= SWITCHES_MIXED &&
           m.letters >= LETTERS_MIXED;
}

/* A stretch of characters of a key. */
static bool is_key(const char *p, size_t n)
{
    struct mix m;

    if (is_uuid(p, n) || has_prefix(p, n))
        return true;
    mix_of(p, n, &m);
    if (n == CHANGE_BYTES && p[0] == 'I' && m.hex == n - 1)
        return false;
    return is_random(p, n);
}

/* ---- in a text ------------------------------------------------------------------------------- */

static size_t run_of(const char *p, bool (*belongs)(char))
{
    size_t n = 0;

    while (p[n] && belongs(p[n]))
        n++;
    return n;
}

static bool in_password(char c)
{
    return in_token(c) || is_symbol(c);
}

static bool no_space(char c)
{
    return c != ' ';
}

static bool in_piece(char c)
{
    return in_token(c) && c != '/' && c != '=';
}

/* Marks that end a sentence and are no part of what stands before them. */
static size_t without_marks(const char *p, size_t n)
{
    while (n && strchr("?!.,;:)=*", p[n - 1]))
        n--;
    return n;
}

/* The first piece of a token (n bytes) that is a key. Slashes are between words, or of a key where
 * it may be a whole. */
static size_t key_in(const char *token, size_t n, bool whole, const char **ret_at)
{
    size_t i, m;

    for (i = 0; i < n; i += m + 1) {
        m = run_of(token + i, in_piece);
        if (m > n - i)
            m = n - i;
        if (is_key(token + i, m)) {
            *ret_at = token + i;
            return m;
        }
    }
    if (!whole || !is_key(token, n))
        return 0;
    *ret_at = token;
    return n;
}

/* `password`, `api_key`: what stands before a value. @return its bytes, or 0. */
static size_t label_at(const char *p)
{
    static const char *const labels[] = {
        "passwords",   "password",   "passwd",       "passphrase",    "passcode",
        "pwd",         "pass",       "access_token", "token",         "client_secret",
        "secret",      "api_key",    "api-key",      "api key",       "apikey",
        "access_key",  "access key", "private_key",  "authorization", "credential",
        "credentials", "oauth"};
    size_t i;

    for (i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        size_t n = strlen(labels[i]);

        if (!strncasecmp(p, labels[i], n) && !is_alnum(p[n]))
            return n;
    }
    return 0;
}

/* What is no word of a language, or at least more than one. */
static bool is_odd(const char *p, size_t n)
{
    struct mix m;

    mix_of(p, n, &m);
    return m.digits || m.symbols || m.rises;
}

/*
 * The value behind a label: `token=x` whatever it is, `password: x` where x is no word or the last
 * thing that is said ("Change your password: it is safer" says nothing secret).
 */
static size_t labelled(const char *p, const char **ret_at)
{
    size_t label = label_at(p), n, marks;
    const char *value = p + label;
    bool equals, near;

    if (!label)
        return 0;
    value += strspn(value, "\"' ");
    equals = *value == '=';
    if (*value != ':' && *value != '=')
        return 0;
    value++;
    near = *value != ' ';
    value += strspn(value, " \"'");
    n = run_of(value, no_space);
    marks = without_marks(value, n);
    while (marks && strchr("\"'", value[marks - 1]))
        marks--;
    if (marks < (equals ? 1 : LABELLED_BYTES))
        return 0;
    if (!equals && !near && !is_odd(value, marks) && value[n + strspn(value + n, " ")])
        return 0;
    *ret_at = value;
    return marks;
}

/* `Bearer x`, `Basic x`, `OAuth x`: how a key is shown to a server. */
static size_t shown_to_server(const char *p, const char **ret_at)
{
    static const char *const schemes[] = {"bearer ", "basic ", "oauth "};
    size_t i;

    for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t n = strlen(schemes[i]), value;

        if (strncasecmp(p, schemes[i], n) != 0)
            continue;
        value = without_marks(p + n, run_of(p + n, no_space));
        if (value >= PASSWORD_BYTES && is_odd(p + n, value)) {
            *ret_at = p + n;
            return value;
        }
    }
    return 0;
}

/* What begins at p, the beginning of a word. `word` bytes are left up to the next space. */
static size_t at_word(const char *p, size_t word, const char **ret_at)
{
    static const char pem[] = "-----BEGIN";
    bool link = false;
    size_t i, n;

    if (!strncmp(p, pem, strlen(pem))) {
        *ret_at = p;
        return strlen(pem);
    }
    for (i = 0; i + 3 <= word && !link; i++)
        link = !strncmp(p + i, "://", 3);
    for (i = 0; i < word; i += n + 1) {
        n = run_of(p + i, in_token);
        if (n) {
            size_t found = key_in(p + i, n, !link && p[i] != '/', ret_at);

            if (found)
                return found;
        }
    }
    n = run_of(p, in_password);
    n = without_marks(p, n);
    if (!link && n >= PASSWORD_BYTES && n < KEY_BYTES * 2) {
        struct mix m;

        mix_of(p, n, &m);
        if (m.symbols && classes(&m) >= 3 && m.switches >= SWITCHES) {
            *ret_at = p;
            return n;
        }
    }
    return 0;
}

size_t wording_secret(const char *text, const char **ret_at)
{
    const char *p = text;

    while (*p) {
        bool begins = p == text || !is_alnum(p[-1]);
        bool word = p == text || strchr(" \"'(`", p[-1]) != NULL;
        size_t n = 0;

        if (begins)
            n = labelled(p, ret_at);
        if (!n && begins)
            n = shown_to_server(p, ret_at);
        if (!n && word)
            n = at_word(p, strcspn(p, " "), ret_at);
        if (n)
            return n;
        p++;
    }
    return 0;
}

bool wording_has_secret(const char *text)
{
    const char *at;

    return wording_secret(text, &at) > 0;
}
