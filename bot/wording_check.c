/*
 * wording_check: what must never become public.
 *
 * The public page is read by people, and by those who wish the site ill. Nothing here tries to
 * outwit an authorised person: it catches what is pasted in haste.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "err.h"
#include "utf8.h"
#include "wording.h"
#include "wording_secret.h"

enum {
    QUOTED_BYTES = 40,
    QUOTED_SECRET_BYTES = 4, /* nobody needs to read more of it to know which is meant */
    FINDINGS_MAX = 4         /* that are named in one answer */
};

/* Something in a text that looks internal. */
struct finding {
    const char *at;
    size_t n;
    const char *what; /* "a ticket"; NULL: a word that the configuration calls internal */
    bool secret;
};

/* A text under examination, and where to complain. */
struct exam {
    const char *what; /* "title" or "text" */
    const char *text;
    char *why;
    size_t why_size;
    struct finding found[FINDINGS_MAX];
    size_t n_found; /* also of those that found no room */
};

static int complain(const struct exam *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int complain(const struct exam *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)utf8_vprint(e->why, e->why_size, fmt, ap);
    va_end(ap);
    return CRIER_EINVAL;
}

static void find(struct exam *e, const char *at, size_t n, const char *what, bool secret)
{
    size_t i;

    for (i = 0; i < e->n_found && i < FINDINGS_MAX; i++)
        if (at < e->found[i].at + e->found[i].n && at + n > e->found[i].at)
            return; /* found already, as something else */
    if (e->n_found < FINDINGS_MAX)
        e->found[e->n_found] = (struct finding){at, n, what, secret};
    e->n_found++;
}

/* How much of it is repeated. */
static int quoted(const struct finding *f)
{
    size_t most = f->secret ? QUOTED_SECRET_BYTES : QUOTED_BYTES;

    return (int)utf8_cut(f->at, f->n < most ? f->n : most);
}

/* What stands behind what is repeated, when that is not all of it. */
static const char *quoted_end(const struct finding *f)
{
    return f->secret || (size_t)quoted(f) < f->n ? "..." : "";
}

/* ---- characters ------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_alnum(char c)
{
    return is_letter(c) || is_digit(c);
}

/* Bytes of the character at p when it belongs to a word, else 0: letters and digits of any script,
 * as far as that can be told without tables. */
static size_t word_char(const char *p)
{
    size_t n = utf8_char_bytes(p);
    uint32_t c;

    if (n <= 1)
        return n && (is_alnum(*p) || *p == '_') ? 1 : 0;
    c = utf8_decode(p);
    if ((c >= 0xa0 && c <= 0xbf) || c == 0xd7 || c == 0xf7 || (c >= 0x2000 && c <= 0x2bff) ||
        (c >= 0x3000 && c <= 0x303f) || (c >= 0xff00 && c <= 0xff0f))
        return 0; /* punctuation and symbols */
    return n;
}

static int check_characters(const struct exam *e)
{
    const char *p;

    for (p = e->text; *p;) {
        size_t n = utf8_char_bytes(p);
        uint32_t c;

        if (!n)
            return complain(e, "the %s is not valid UTF-8: please type it again", e->what);
        c = utf8_decode(p);
        if (utf8_is_unsafe(c) || (c != ' ' && utf8_is_space(c)))
            return complain(e,
                            "the %s has an invisible or control character (U+%04X): please type "
                            "it again",
                            e->what, (unsigned)c);
        if (c < 0x80 && strchr("<>{}`\\", (int)c))
            return complain(e, "the %s has a %c: please use plain text without markup", e->what,
                            (char)c);
        p += n;
    }
    return 0;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Whether word is one of e's words, not just a part of one. @return where, or NULL. */
static const char *find_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    const char *p;
    bool inside = false; /* a word goes on from before p */

    for (p = text; *p;) {
        size_t bytes = utf8_char_bytes(p), in_word = word_char(p);

        if (!inside || !word_char(word)) {
            if (!strncasecmp(p, word, n)) {
                size_t last = n;

                do
                    last--; /* to the first byte of the last character */
                while (last && ((unsigned char)word[last] & 0xc0) == 0x80);
                if (!word_char(p + n) || !word_char(word + last))
                    return p;
            }
        }
        inside = in_word > 0;
        p += bytes ? bytes : 1;
    }
    return NULL;
}

static void find_internal_words(struct exam *e, const struct string_list *words)
{
    size_t i;

    for (i = 0; i < words->n; i++) {
        const char *word = words->item[i];
        const char *at = *word ? find_word(e->text, word) : NULL;

        if (at)
            find(e, at, strlen(word), NULL, false);
    }
}

/* ---- things that look internal --------------------------------------------------------------- */

/* The dotted name at p (n bytes): labels of letters, digits and dashes, the last of letters. */
static bool is_domain(const char *p, size_t n)
{
    size_t i, label = 0, letters = 0, dots = 0;

    for (i = 0; i < n; i++) {
        if (p[i] == '.') {
            if (!label)
                return false;
            dots++;
            label = letters = 0;
        } else if (is_alnum(p[i]) || p[i] == '-' || p[i] == '_' || (p[i] & 0x80)) {
            label++;
            letters += is_letter(p[i]);
        } else {
            return false;
        }
    }
    return dots && label >= 2 && letters == label;
}

/* 10.64.0.1, also with /22 or a port behind it. */
static bool is_ipv4(const char *p, size_t n)
{
    size_t i = 0, part, digits;

    for (part = 0; part < 4; part++) {
        if (part && (i == n || p[i++] != '.'))
            return false;
        for (digits = 0; i < n && is_digit(p[i]); i++)
            digits++;
        if (!digits || digits > 3)
            return false;
    }
    return i == n || p[i] == ':' || p[i] == '/';
}

/* 2620:0:861::1, MAC addresses too; not 18:33:10. */
static bool is_ipv6(const char *p, size_t n)
{
    size_t i, colons = 0, digits = 0;
    bool pair = false;

    for (i = 0; i < n && p[i] != '/'; i++) {
        if (p[i] == ':') {
            pair = pair || (i && p[i - 1] == ':');
            colons++;
        } else if (is_hex(p[i])) {
            digits++;
        } else if (p[i] != '.') {
            return false;
        }
    }
    return digits && (colons >= 3 || (pair && colons >= 2));
}

/* mw1414, an-worker1080, foo-1234: two letters or more and at once three digits or more. */
static bool is_host(const char *p, size_t n)
{
    size_t i, letters = 0, digits = 0;

    for (i = 0; i < n; i++) {
        if (is_digit(p[i])) {
            if (letters >= 2 && ++digits >= 3)
                return true;
        } else if (is_letter(p[i])) {
            letters = digits ? 1 : letters + 1;
            digits = 0;
        } else if (p[i] != '-' || digits) {
            letters = digits = 0;
        }
    }
    return false;
}

/* T12345 */
static bool is_ticket(const char *p, size_t n)
{
    size_t i;

    for (i = 1; i < n; i++)
        if (!is_digit(p[i]))
            return false;
    return n > 3 && (p[0] == 'T' || p[0] == 't');
}

/* 8f3e2a1, a commit or a change: letters and digits, all of them hexadecimal. */
static bool is_hash(const char *p, size_t n)
{
    size_t i, digits = 0, skip = n > 1 && p[0] == 'I' ? 1 : 0;

    for (i = skip; i < n; i++) {
        if (!is_hex(p[i]))
            return false;
        digits += is_digit(p[i]);
    }
    return n - skip >= 7 && n - skip <= 64 && digits && digits < n - skip;
}

/* Whether such a mark stands before a name or a number: user@host, @user, #12, #channel. */
static bool marks_name(const char *p, size_t n, char mark)
{
    size_t i;

    for (i = 0; i + 1 < n; i++)
        if (p[i] == mark && (is_alnum(p[i + 1]) || (p[i + 1] & 0x80)))
            return true;
    return false;
}

static bool has(const char *p, size_t n, const char *what)
{
    size_t len = strlen(what), i;

    for (i = 0; i + len <= n; i++)
        if (!strncasecmp(p + i, what, len))
            return true;
    return false;
}

/* One word without the punctuation around it. @return what it looks like, or NULL. */
static const char *looks_like(const char *p, size_t n)
{
    if (has(p, n, "://") || (n > 4 && !strncasecmp(p, "www.", 4)))
        return "a link";
    if (marks_name(p, n, '@'))
        return "a user name or a mail address";
    if (is_ipv4(p, n) || is_ipv6(p, n))
        return "an address of a machine";
    if (is_ticket(p, n))
        return "a ticket";
    if (marks_name(p, n, '#'))
        return "a ticket or a channel";
    if (n > 1 && ((p[0] == '/' && is_alnum(p[1])) ||
                  (p[0] == '~' && (is_letter(p[1]) || p[1] == '/')))) /* but "~10 minutes" */
        return "the path of a file";
    if (is_hash(p, n))
        return "the number of a change";
    return NULL;
}

/* A piece of a word: what stays together of letters, digits, dots and dashes. */
static const char *piece_looks_like(const char *p, size_t n)
{
    if (is_domain(p, n))
        return "the name of a machine or a site (or a space is missing after the full stop)";
    if (is_host(p, n))
        return "the name of a machine";
    if (is_ipv4(p, n))
        return "an address of a machine";
    if (is_ticket(p, n))
        return "a ticket";
    if (is_hash(p, n))
        return "the number of a change";
    return NULL;
}

static bool in_piece(char c)
{
    return is_alnum(c) || c == '.' || c == '-' || c == '_' || (c & 0x80);
}

/* Takes marks off both ends of a word; a domain may end a sentence. */
static void trim(const char **p, size_t *n, const char *left, const char *right)
{
    while (*n && strchr(left, **p)) {
        ++*p;
        --*n;
    }
    while (*n && strchr(right, (*p)[*n - 1]))
        --*n;
}

/* A word from white space to white space, or else its pieces. */
static void look_at_word(struct exam *e, const char *word, size_t n)
{
    const char *what;
    size_t i, m;

    trim(&word, &n, "\"'([*,;.", "\"')]*,;.!?:");
    what = n ? looks_like(word, n) : NULL;
    if (what) {
        find(e, word, n, what, false);
        return;
    }
    for (i = 0; i < n; i += m + 1) {
        const char *piece = word + i;
        size_t len;

        for (m = 0; i + m < n && in_piece(piece[m]);)
            m++;
        len = m;
        trim(&piece, &len, ".-_", ".-_");
        what = len ? piece_looks_like(piece, len) : NULL;
        if (what)
            find(e, piece, len, what, false);
    }
}

static void find_looks(struct exam *e)
{
    const char *p = e->text;

    while (*(p += strspn(p, " "))) {
        size_t n = strcspn(p, " ");

        look_at_word(e, p, n);
        p += n;
    }
}

static void find_secrets(struct exam *e)
{
    const char *p = e->text, *at;
    size_t n;

    while ((n = wording_secret(p, &at)) > 0) {
        find(e, at, n, "a key or password", true);
        p = at + n;
    }
}

static void examine(const struct settings *s, struct exam *e)
{
    e->n_found = 0;
    find_secrets(e); /* first: what looks like a change too is said to be the worse */
    find_looks(e);
    find_internal_words(e, &s->internal_words);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int check_form(const struct exam *e)
{
    if (!e->text[strspn(e->text, " ")])
        return complain(e, "the %s is empty", e->what);
    return check_characters(e);
}

int wording_check_form(const struct settings *s, const char *title, const char *body, char *why,
                       size_t why_size)
{
    struct exam e = {.what = "title", .text = title, .why = why, .why_size = why_size};
    size_t chars = utf8_length(title) + utf8_length(body), bytes = strlen(title) + strlen(body);
    size_t most = s->chat.max_text_chars > 0 ? (size_t)s->chat.max_text_chars : 0;
    int r;

    if (why_size)
        why[0] = '\0';
    r = check_form(&e);
    if (r)
        return r;
    if (utf8_length(title) > WORDING_TITLE_CHARS)
        return complain(&e, "the title has %zu characters, %d are the most: please shorten it",
                        utf8_length(title), WORDING_TITLE_CHARS);
    e.what = "text";
    e.text = body;
    r = check_form(&e);
    if (r)
        return r;
    if (chars > most)
        return complain(&e,
                        "title and text have %zu characters together, %zu are the most: please "
                        "shorten them by %zu",
                        chars, most, chars - most);
    if (bytes > WORDING_SHOWN_BYTES)
        return complain(&e,
                        "title and text have %zu bytes together, %d fit one line here: please "
                        "shorten them by %zu",
                        bytes, WORDING_SHOWN_BYTES, bytes - WORDING_SHOWN_BYTES);
    return 0;
}

/* Refuses the first thing that was found. */
static int refuse_found(const struct exam *e)
{
    const struct finding *f = &e->found[0];

    if (!e->n_found)
        return 0;
    if (!f->what)
        return complain(e, "\"%.*s%s\" in the %s is not for the public: please reword", quoted(f),
                        f->at, quoted_end(f), e->what);
    return complain(e, "\"%.*s%s\" in the %s looks like %s: please reword", quoted(f), f->at,
                    quoted_end(f), e->what, f->what);
}

int wording_check(const struct settings *s, const char *title, const char *body, char *why,
                  size_t why_size)
{
    struct exam e = {.what = "title", .text = title, .why = why, .why_size = why_size};
    int r = wording_check_form(s, title, body, why, why_size);

    if (r)
        return r;
    examine(s, &e);
    r = refuse_found(&e);
    if (r)
        return r;
    e.what = "text";
    e.text = body;
    examine(s, &e);
    return refuse_found(&e);
}

enum wording_verdict wording_examine(const struct settings *s, const char *text, char *why,
                                     size_t why_size)
{
    struct exam e = {.text = text, .why = why, .why_size = why_size};
    const char *before = NULL;
    bool secret = false;
    struct buf b;
    size_t i;

    if (why_size)
        why[0] = '\0';
    examine(s, &e);
    if (!e.n_found)
        return WORDING_FIT;
    buf_init(&b, WORDING_WHY_BYTES * 2);
    for (i = 0; i < e.n_found && i < FINDINGS_MAX; i++) {
        const struct finding *f = &e.found[i];

        secret = secret || f->secret;
        buf_addf(&b, "%s\"%.*s%s\"", i ? ", " : "", quoted(f), f->at, quoted_end(f));
        if (!f->what)
            buf_adds(&b, " is an internal word");
        else
            buf_addf(&b, " %s%s", before ? "like " : "looks like ", f->what);
        before = f->what ? f->what : before;
    }
    if (e.n_found > FINDINGS_MAX)
        buf_addf(&b, " and %zu more", e.n_found - FINDINGS_MAX);
    (void)complain(&e, "%s", buf_str(&b));
    buf_finish(&b);
    return secret ? WORDING_SECRET : WORDING_INTERNAL;
}
