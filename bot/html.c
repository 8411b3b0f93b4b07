#include "html.h"

#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#include "utf8.h"

/* Appends the n bytes of one well-formed character. @return whether it is one that is seen. */
static bool add_char(struct buf *out, const char *p, size_t n)
{
    switch (*p) {
    case '&':
        buf_adds(out, "&amp;");
        return true;
    case '<':
        buf_adds(out, "&lt;");
        return true;
    case '>':
        buf_adds(out, "&gt;");
        return true;
    case '"':
        buf_adds(out, "&quot;");
        return true;
    case '\'':
        buf_adds(out, "&#39;");
        return true;
    case '\n':
    case '\t':
        buf_addc(out, ' ');
        return true;
    default:
        if (utf8_is_unsafe(utf8_decode(p)))
            return false;
        buf_add(out, p, n);
        return true;
    }
}

/* Appends bytes up to end, at most max_chars characters. @return where it stopped. */
static const char *add_some(struct buf *out, const char *p, const char *end, size_t max_chars)
{
    while (p < end && *p && max_chars) {
        size_t n = utf8_char_bytes(p);

        if (!n) {
            buf_addc(out, '?');
            n = 1;
            max_chars--;
        } else if (add_char(out, p, n)) {
            max_chars--;
        }
        p += n;
    }
    return p;
}

void html_text(struct buf *out, const char *text)
{
    if (text)
        add_some(out, text, text + strlen(text), SIZE_MAX);
}

void html_cut(struct buf *out, const char *text, size_t max_chars)
{
    const char *p = text ? text : "";
    size_t seen = 0;

    for (; *p && seen <= max_chars; seen++) {
        size_t n = utf8_char_bytes(p);

        while (n && *p != '\n' && *p != '\t' && utf8_is_unsafe(utf8_decode(p))) {
            p += n;
            n = utf8_char_bytes(p);
        }
        if (!*p)
            break;
        p += n ? n : 1;
    }
    if (seen <= max_chars) {
        html_text(out, text);
        return;
    }
    add_some(out, text, text + strlen(text), max_chars - 1);
    buf_adds(out, "\xe2\x80\xa6");
}

void html_paragraphs(struct buf *out, const char *text)
{
    bool open = false, blank = true;

    while (text && *text) {
        size_t n = strcspn(text, "\n"), used = n;

        if (used && text[used - 1] == '\r')
            used--;
        if (!used) {
            blank = true;
        } else {
            if (blank)
                buf_adds(out, open ? "</p><p>" : "<p>");
            else
                buf_adds(out, "<br>");
            open = true;
            blank = false;
            add_some(out, text, text + used, SIZE_MAX);
        }
        text += n;
        if (*text)
            text++;
    }
    if (open)
        buf_adds(out, "</p>");
}
