#include "drill_names.h"

#include <string.h>
#include <strings.h>

#include "command.h"

enum { BASE_DIGITS = 9, NAME_DIGITS = 4 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number of the engine's at p. @return its bytes, or 0. */
static size_t number_at(const char *p, int64_t *ret)
{
    int64_t number = 0;
    size_t n;

    for (n = 0; n < BASE_DIGITS && is_digit(p[n]); n++)
        number = number * 10 + (p[n] - '0');
    if (n != BASE_DIGITS || is_digit(p[n]) || number < DRILL_BASE ||
        number > DRILL_BASE + DRILL_NUMBERS)
        return 0;
    *ret = number;
    return n;
}

void drill_names_show(struct buf *dst, const char *text)
{
    const char *p = text;
    int64_t number;

    while (*p) {
        size_t n = p == text || !is_digit(p[-1]) ? number_at(p, &number) : 0;

        if (n)
            buf_addf(dst, "D%lld", (long long)(number - DRILL_BASE));
        else
            buf_addc(dst, *p);
        p += n ? n : 1;
    }
}

/* "D1" or "D1.2" at p, copied marks may follow. @return bytes of D1, or 0. */
static size_t name_at(const char *p, int64_t *ret)
{
    int64_t number = 0;
    size_t n;

    if (*p != 'D' && *p != 'd')
        return 0;
    for (n = 1; n <= NAME_DIGITS && is_digit(p[n]); n++)
        number = number * 10 + (p[n] - '0');
    if (n == 1 || is_digit(p[n]))
        return 0;
    *ret = number;
    return n;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Past the word at p and the blanks behind it. */
static const char *next_word(const char *p)
{
    while (*p && !is_blank(*p))
        p++;
    while (is_blank(*p))
        p++;
    return p;
}

/* Whether the command's first word is an incident. */
static bool is_about(enum command_verb v)
{
    switch (v) {
    case COMMAND_SHOW:
    case COMMAND_CONFIRM:
    case COMMAND_EDIT:
    case COMMAND_TEXT:
    case COMMAND_BREAKGLASS:
    case COMMAND_DISCARD:
    case COMMAND_UPDATE:
    case COMMAND_RESOLVE:
    case COMMAND_CORRECT:
    case COMMAND_RETRACT:
    case COMMAND_ADOPT:
    case COMMAND_NOTE:
    case COMMAND_TIMELINE:
    case COMMAND_REPORT:
        return true;
    case COMMAND_STATUS:
    case COMMAND_OPEN:
    case COMMAND_MUTE:
    case COMMAND_UNMUTE:
    case COMMAND_MAINTENANCE:
    case COMMAND_DRILL:
    case COMMAND_WHO:
    case COMMAND_HELP:
        break;
    }
    return false;
}

/* The verb at p, as somebody may have typed or copied it. */
static bool takes_number(const char *p, enum command_verb *ret)
{
    char word[16];
    size_t n = strcspn(p, " \t:.,;`");
    const struct command_spec *spec;

    if (n >= sizeof word)
        return false;
    memcpy(word, p, n);
    word[n] = '\0';
    spec = command_spec_by_name(word);
    if (!spec)
        return false;
    *ret = spec->verb;
    return is_about(spec->verb);
}

/* Writes one word that may be a number. @return how far it read, or NULL: a number without D. */
static const char *read_number(struct buf *dst, const char *p)
{
    int64_t number;
    size_t n;

    p += *p == '#'; /* the parser overlooks it, too */
    n = name_at(p, &number);
    if (n) {
        buf_addf(dst, "%lld", (long long)(DRILL_BASE + number));
        return p + n;
    }
    return is_digit(*p) ? NULL : p;
}

bool drill_names_read(struct buf *dst, const char *prefix, const char *line, const char **ret_plain)
{
    const char *verb = line, *word, *from;
    enum command_verb v;

    *ret_plain = NULL;
    while (is_blank(*verb) || *verb == '`')
        verb++;
    verb += strncasecmp(verb, prefix, strlen(prefix)) != 0 ? 0 : strlen(prefix);
    verb = next_word(verb);
    if (!takes_number(verb, &v)) {
        buf_adds(dst, line);
        return true;
    }
    word = next_word(verb);
    if (v == COMMAND_CONFIRM && !strncasecmp(word, "quiet", 5) && (is_blank(word[5]) || !word[5]))
        word = next_word(word);
    buf_add(dst, line, (size_t)(word - line));
    from = read_number(dst, word);
    *ret_plain = from ? NULL : word;
    if (!from)
        return false;
    word = next_word(next_word(from));
    if (v == COMMAND_ADOPT && *word) { /* N into M */
        const char *into = next_word(from);

        if (!strncasecmp(into, "into", 4)) {
            buf_add(dst, from, (size_t)(word - from));
            from = read_number(dst, word);
            *ret_plain = from ? NULL : word;
        }
    }
    if (from)
        buf_adds(dst, from);
    return from != NULL;
}
