#include "report_text.h"

#include <string.h>

#include "utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/*
 * The next character of a text that nobody has to have cleaned: its bytes, or what stands for it.
 * @param ret_n bytes of what is returned.
 * @return borrowed; *at moves on. NULL at the end.
 */
static const char *next_char(const char **at, size_t *ret_n)
{
    const char *s = *at;
    size_t n = utf8_char_bytes(s);

    if (!*s)
        return NULL;
    if (!n) {
        *at = s + 1;
        *ret_n = strlen(replacement);
        return replacement;
    }
    *at = s + n;
    *ret_n = n;
    if (utf8_is_unsafe(utf8_decode(s)) || utf8_is_space(utf8_decode(s))) {
        *ret_n = 1;
        return " ";
    }
    return s;
}

static bool is_plain(const char *text)
{
    /* no ':' (links, lists), no quotes, no '~', no '_' (magic words), no brackets, no '-' at the
     * beginning */
    static const char safe[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;()?%/";
    size_t i;

    if (text[0] == ' ' || text[0] == ';' || strstr(text, "//"))
        return false;
    for (i = 0; text[i]; i++)
        if (!strchr(safe, text[i]) && !(text[i] == '-' && i && text[i - 1] != '-'))
            return false;
    return true;
}

/* Between <nowiki> and its end nothing counts but the end, entities and, to be sure, signatures. */
static void add_nowiki(struct buf *b, const char *text)
{
    const char *c;
    size_t n;

    buf_adds(b, "<nowiki>");
    while ((c = next_char(&text, &n)) != NULL) {
        if (*c == '&')
            buf_adds(b, "&amp;");
        else if (*c == '<')
            buf_adds(b, "&lt;");
        else if (*c == '>')
            buf_adds(b, "&gt;");
        else if (*c == '~')
            buf_adds(b, "&#126;");
        else
            buf_add(b, c, n);
    }
    buf_adds(b, "</nowiki>");
}

void report_wiki(struct buf *b, const char *text)
{
    if (is_plain(text))
        buf_adds(b, text);
    else
        add_nowiki(b, text);
}

void report_wiki_code(struct buf *b, const char *text)
{
    buf_adds(b, "<code>");
    add_nowiki(b, text);
    buf_adds(b, "</code>");
}

void report_markdown(struct buf *b, const char *text)
{
    static const char special[] = "\\`*_{}[]<>()#|~!=+$^\"";
    const char *c, *from = text;
    size_t number = strspn(text, "0123456789"); /* "1. " begins a list */
    bool www, item;
    size_t n;

    while ((c = next_char(&text, &n)) != NULL) {
        item = (*c == '-' && text - from == 1) ||
               (*c == '.' && number && (size_t)(text - from) == number + 1);
        www = (*c == '.' && text - from >= 4 && (text[-2] == 'w' || text[-2] == 'W'));
        if (*c == '&')
            buf_adds(b, "&amp;");
        else if (*c == '<')
            buf_adds(b, "&lt;");
        else if (*c == '@')
            buf_adds(b, "&#64;"); /* calls nobody */
        else if (n == 1 && (strchr(special, *c) || www || item || (*c == ':' && *text == '/')))
            buf_addf(b, "\\%c", *c);
        else
            buf_add(b, c, n);
    }
}

void report_markdown_code(struct buf *b, const char *text, bool in_table)
{
    size_t run = 0, longest = 0, i, n;
    const char *c;

    for (i = 0; text[i]; i++) {
        run = text[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    for (i = 0; i <= longest; i++)
        buf_addc(b, '`');
    buf_addc(b, ' '); /* one space at each end is taken off again */
    for (; (c = next_char(&text, &n)) != NULL;) {
        if (in_table && *c == '|')
            buf_adds(b, "\\|");
        else
            buf_add(b, c, n);
    }
    buf_addc(b, ' ');
    for (i = 0; i <= longest; i++)
        buf_addc(b, '`');
}

void report_json_string(struct buf *b, const char *text)
{
    if (!text)
        text = "";
    buf_addc(b, '"');
    while (*text) {
        size_t n = utf8_char_bytes(text);
        uint32_t point = n ? utf8_decode(text) : 0xfffd;

        if (point == '"' || point == '\\')
            buf_addf(b, "\\%c", (char)point);
        else if (n && !utf8_is_unsafe(point))
            buf_add(b, text, n);
        else if (point >= 0x10000)
            buf_addf(b, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((point - 0x10000) >> 10)),
                     (unsigned)(0xdc00 + ((point - 0x10000) & 0x3ff)));
        else
            buf_addf(b, "\\u%04x", (unsigned)point);
        text += n ? n : 1;
    }
    buf_addc(b, '"');
}

void report_base64(struct buf *b, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = strlen(text), i;

    for (i = 0; i < n; i += 3) {
        size_t left = n - i < 3 ? n - i : 3;
        uint32_t bits = 0;
        char out[4];
        size_t k;

        for (k = 0; k < 3; k++)
            bits = bits << 8 | (k < left ? (unsigned char)text[i + k] : 0);
        for (k = 0; k < 4; k++)
            out[k] = digits[bits >> (18 - 6 * k) & 63];
        memset(out + left + 1, '=', 3 - left);
        buf_add(b, out, sizeof out);
    }
}

bool report_is_url(const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-._~:/?#@!$&+,;=%";

    return (!strncmp(text, "https://", 8) || !strncmp(text, "http://", 7)) &&
           strspn(text, safe) == strlen(text) && !strstr(text, "~~~");
}
