#include "atom.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "utf8.h"
#include "when.h"

#define ATOM_NS "http://www.w3.org/2005/Atom "

enum { DEPTH_MAX = 50, TIME_BYTES = 64 };

/* Which text is being read. */
enum field { FIELD_NONE, FIELD_ID, FIELD_TITLE, FIELD_AUTHOR, FIELD_PUBLISHED, FIELD_UPDATED };

struct parse {
    XML_Parser parser;
    struct atom_feed *feed;
    size_t cap;
    struct atom_entry entry; /* the one that is being read */
    char *author;            /* the feed's, or NULL */
    int64_t published_ms, updated_ms;
    int depth;
    bool in_feed, in_entry, in_author;
    int text_depth; /* of the element whose text is read, 0: none */
    enum field field;
    bool html; /* its text is HTML, quoted */
    struct buf text;
    bool refused; /* a document type */
    int err;
};

static void stop(struct parse *p, int err)
{
    p->err = err;
    (void)XML_StopParser(p->parser, XML_FALSE);
}

/* ---- HTML in a title ------------------------------------------------------------------------- */

/* &lt; and the like, once: bytes taken at s, the character in *ret; 0 when it is none. */
static size_t unquote(const char *s, char *ret)
{
    static const struct {
        const char *name;
        char c;
    } names[] = {{"&lt;", '<'},   {"&gt;", '>'},    {"&amp;", '&'},   {"&quot;", '"'},
                 {"&#39;", '\''}, {"&#039;", '\''}, {"&apos;", '\''}, {"&nbsp;", ' '}};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i].name);

        if (!strncmp(s, names[i].name, n)) {
            *ret = names[i].c;
            return n;
        }
    }
    return 0;
}

/* In place; it only becomes shorter. */
static void unquote_all(char *text)
{
    char *to = text;

    while (*text) {
        size_t n = *text == '&' ? unquote(text, to) : 0;

        if (!n)
            *to = *text;
        text += n ? n : 1;
        to++;
    }
    *to = '\0';
}

/* ---- elements -------------------------------------------------------------------------------- */

static size_t limit(enum field field)
{
    switch (field) {
    case FIELD_ID:
        return ATOM_ID_BYTES;
    case FIELD_TITLE:
        return ATOM_TITLE_BYTES;
    case FIELD_AUTHOR:
        return ATOM_AUTHOR_BYTES;
    case FIELD_PUBLISHED:
    case FIELD_UPDATED:
        return TIME_BYTES;
    case FIELD_NONE:
        break;
    }
    return 1;
}

static void begin_text(struct parse *p, enum field field)
{
    buf_finish(&p->text);
    /* as much as it may be, quoted in every character */
    buf_init(&p->text, limit(field) * 6);
    p->field = field;
    p->text_depth = p->depth;
    p->html = false;
}

static bool is_html(const char **attributes)
{
    for (; *attributes; attributes += 2)
        if (!strcmp(attributes[0], "type") && !strcmp(attributes[1], "html"))
            return true;
    return false;
}

static void XMLCALL on_start(void *ctx, const char *name, const char **attributes)
{
    struct parse *p = ctx;
    size_t ns = strlen(ATOM_NS);
    bool atom = !strncmp(name, ATOM_NS, ns);
    const char *local = atom ? name + ns : "";

    if (++p->depth > DEPTH_MAX) {
        stop(p, CRIER_EINVAL);
    } else if (p->depth == 1) {
        p->in_feed = !strcmp(local, "feed");
        if (!p->in_feed)
            stop(p, CRIER_EINVAL);
    } else if (p->depth == 2 && !strcmp(local, "entry")) {
        p->in_entry = true;
        memset(&p->entry, 0, sizeof p->entry);
        p->published_ms = p->updated_ms = -1;
    } else if (p->depth == (p->in_entry ? 3 : 2) && !strcmp(local, "author")) {
        p->in_author = true;
    } else if (p->in_author && p->depth == (p->in_entry ? 4 : 3) && !strcmp(local, "name")) {
        begin_text(p, FIELD_AUTHOR);
    } else if (p->in_entry && p->depth == 3) {
        if (!strcmp(local, "id"))
            begin_text(p, FIELD_ID);
        else if (!strcmp(local, "title"))
            begin_text(p, FIELD_TITLE);
        else if (!strcmp(local, "published"))
            begin_text(p, FIELD_PUBLISHED);
        else if (!strcmp(local, "updated"))
            begin_text(p, FIELD_UPDATED);
        p->html = p->field == FIELD_TITLE && is_html(attributes);
    }
}

static void XMLCALL on_text(void *ctx, const char *data, int n)
{
    struct parse *p = ctx;
    size_t room;

    if (!p->text_depth || n <= 0)
        return;
    room = p->text.max - p->text.len;
    buf_add(&p->text, data, (size_t)n < room ? (size_t)n : room);
    if (buf_error(&p->text))
        stop(p, CRIER_ENOMEM);
}

/* Takes what was said first: a second title is nobody's. */
static void set_text(struct parse *p, char **field)
{
    if (*field)
        return;
    *field = buf_take(&p->text);
    if (!*field) {
        stop(p, CRIER_ENOMEM);
        return;
    }
    if (p->html)
        unquote_all(*field);
    (void)utf8_clean(*field, strlen(*field), *field);
    (*field)[utf8_cut(*field, limit(p->field))] = '\0';
}

static void set_time(struct parse *p, int64_t *ret)
{
    char text[TIME_BYTES * 6 + 1];

    (void)utf8_clean(buf_str(&p->text), p->text.len, text);
    if (when_parse_iso(text, ret) || *ret < 0)
        *ret = -1;
}

static void end_text(struct parse *p)
{
    switch (p->field) {
    case FIELD_ID:
        set_text(p, &p->entry.id);
        break;
    case FIELD_TITLE:
        set_text(p, &p->entry.title);
        break;
    case FIELD_AUTHOR:
        set_text(p, p->in_entry ? &p->entry.author : &p->author);
        break;
    case FIELD_PUBLISHED:
        set_time(p, &p->published_ms);
        break;
    case FIELD_UPDATED:
        set_time(p, &p->updated_ms);
        break;
    case FIELD_NONE:
        break;
    }
    p->field = FIELD_NONE;
    p->text_depth = 0;
}

static void entry_finish(struct atom_entry *e)
{
    free(e->id);
    free(e->title);
    free(e->author);
    memset(e, 0, sizeof *e);
}

static int fill(char **field, const char *text)
{
    if (!*field)
        *field = strdup(text);
    return *field ? 0 : CRIER_ENOMEM;
}

static void end_entry(struct parse *p)
{
    struct atom_entry *entry;

    p->in_entry = false;
    if (p->feed->n >= ATOM_ENTRIES_MAX) {
        entry_finish(&p->entry);
        return;
    }
    entry = array_grow(p->feed->entry, &p->cap, p->feed->n + 1, sizeof *entry, ATOM_ENTRIES_MAX);
    if (!entry || fill(&p->entry.id, "") || fill(&p->entry.title, "")) {
        if (entry)
            p->feed->entry = entry;
        stop(p, CRIER_ENOMEM);
        return;
    }
    p->feed->entry = entry;
    p->entry.published_ms = p->published_ms >= 0 ? p->published_ms : p->updated_ms;
    entry[p->feed->n++] = p->entry;
    memset(&p->entry, 0, sizeof p->entry);
}

static void XMLCALL on_end(void *ctx, const char *name)
{
    struct parse *p = ctx;

    (void)name;
    if (p->text_depth == p->depth)
        end_text(p);
    else if (p->in_author && p->depth == (p->in_entry ? 3 : 2))
        p->in_author = false;
    else if (p->in_entry && p->depth == 2)
        end_entry(p);
    p->depth--;
}

static void XMLCALL on_doctype(void *ctx, const char *name, const char *system, const char *public,
                               int internal)
{
    struct parse *p = ctx;

    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    p->refused = true;
    stop(p, CRIER_EINVAL);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void say_why(const struct parse *p, char *why)
{
    if (p->refused)
        (void)snprintf(why, ATOM_WHY_BYTES, "it declares a document type, which no feed needs");
    else if (p->err)
        (void)snprintf(why, ATOM_WHY_BYTES, "it is no Atom feed");
    else
        (void)snprintf(why, ATOM_WHY_BYTES, "line %lu: %s", XML_GetCurrentLineNumber(p->parser),
                       XML_ErrorString(XML_GetErrorCode(p->parser)));
}

/* Entries without an author have the feed's. */
static int fill_authors(struct parse *p)
{
    size_t i;

    for (i = 0; i < p->feed->n; i++)
        if (fill(&p->feed->entry[i].author, p->author ? p->author : ""))
            return CRIER_ENOMEM;
    return 0;
}

int atom_parse(const char *data, size_t n, struct atom_feed *ret, char *why)
{
    struct parse p = {.feed = ret};
    int r = 0;

    memset(ret, 0, sizeof *ret);
    why[0] = '\0';
    if (n > INT_MAX)
        return CRIER_ENOMEM;
    buf_init(&p.text, 1);
    p.parser = XML_ParserCreateNS(NULL, ' ');
    if (!p.parser)
        return CRIER_ENOMEM;
    XML_SetUserData(p.parser, &p);
    XML_SetElementHandler(p.parser, on_start, on_end);
    XML_SetCharacterDataHandler(p.parser, on_text);
    XML_SetStartDoctypeDeclHandler(p.parser, on_doctype);
    if (XML_Parse(p.parser, data, (int)n, 1) != XML_STATUS_OK) {
        r = p.err ? p.err : CRIER_EINVAL;
        if (!p.err && XML_GetErrorCode(p.parser) == XML_ERROR_NO_MEMORY)
            r = CRIER_ENOMEM;
        if (r == CRIER_EINVAL)
            say_why(&p, why);
    }
    if (!r)
        r = fill_authors(&p);
    XML_ParserFree(p.parser);
    buf_finish(&p.text);
    entry_finish(&p.entry);
    free(p.author);
    if (r)
        atom_finish(ret);
    return r;
}

void atom_finish(struct atom_feed *feed)
{
    size_t i;

    for (i = 0; i < feed->n; i++)
        entry_finish(&feed->entry[i]);
    free(feed->entry);
    memset(feed, 0, sizeof *feed);
}
