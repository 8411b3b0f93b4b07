#include "logread_name.h"

#include <string.h>

#include "when.h"

enum { YEAR_MIN = 1988, YEAR_MAX = 2199 }; /* IRC began in 1988 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* n digits at s. @return -1: they are not. */
static int digits(const char *s, int n)
{
    int value = 0;

    for (; n > 0; n--, s++) {
        if (!is_digit(*s))
            return -1;
        value = value * 10 + (*s - '0');
    }
    return value;
}

static bool join(int year, int month, int day, int64_t *ret_wall_ms)
{
    struct when_civil c = {.year = year, .month = month, .day = day};

    return year >= YEAR_MIN && year <= YEAR_MAX && !when_join(&c, ret_wall_ms);
}

/* A date at s, with or without one of "-_." between its parts. @return its bytes, or 0. */
static size_t date_at(const char *s, int64_t *ret_wall_ms)
{
    int year = digits(s, 4), month, day;
    size_t gap;

    if (year < 0)
        return 0;
    gap = s[4] && strchr("-_.", s[4]) ? 1 : 0;
    month = digits(s + 4 + gap, 2);
    if (month < 0 || (gap && s[7] != s[4]))
        return 0;
    day = digits(s + 6 + 2 * gap, 2);
    if (day < 0 || is_digit(s[8 + 2 * gap]) || !join(year, month, day, ret_wall_ms))
        return 0;
    return 8 + 2 * gap;
}

/* The last date in a name. @return where it is, or NULL. */
static const char *find_date(const char *name, int64_t *ret_wall_ms)
{
    const char *found = NULL, *p;
    size_t n;

    for (p = name; *p; p += n ? n : 1) {
        n = 0;
        if (p > name && is_digit(p[-1]))
            continue;
        n = date_at(p, ret_wall_ms);
        if (n)
            found = p;
    }
    return found;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool logname_day(const char *path, int64_t *ret_wall_ms)
{
    const char *base = base_of(path);
    int day;

    if (find_date(base, ret_wall_ms))
        return true;
    day = digits(base, 2); /* 2023/01/17.log */
    if (day < 0 || is_digit(base[2]) || base - path < 8 || base[-4] != '/' ||
        (base - path > 8 && base[-9] != '/'))
        return false;
    return join(digits(base - 8, 4), digits(base - 3, 2), day, ret_wall_ms);
}

/* ---- channels -------------------------------------------------------------------------------- */

/* Copies n bytes of a name, with # for %23. */
static void copy(const char *s, size_t n, char *dst)
{
    size_t i, used = 0;

    for (i = 0; i < n && used + 1 < LOGNAME_CHANNEL_BYTES; i++) {
        bool quoted = n - i >= 3 && !memcmp(s + i, "%23", 3);

        dst[used++] = quoted ? '#' : s[i];
        i += quoted ? 2 : 0;
    }
    dst[used] = '\0';
}

/* Where a channel begins in n bytes: at their start, or behind what is no part of a name. */
static const char *find_channel(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if ((s[i] == '#' || (n - i >= 3 && !memcmp(s + i, "%23", 3))) &&
            (!i || strchr("._-@ ", s[i - 1])))
            return s + i;
    return NULL;
}

/* Without endings and dates. */
static size_t trim(const char *s, size_t n)
{
    static const char *const endings[] = {".gz",    ".log",        ".txt",  ".irclog",
                                          ".jsonl", ".weechatlog", ".json", ".ndjson"};
    size_t i;
    bool again = true;

    while (again) {
        again = false;
        for (i = 0; i < sizeof endings / sizeof endings[0]; i++) {
            size_t len = strlen(endings[i]);

            if (n > len && !memcmp(s + n - len, endings[i], len)) {
                n -= len;
                again = true;
            }
        }
        for (i = n; i && is_digit(s[i - 1]); i--) /* .1, as logrotate calls it */
            ;
        if (i > 1 && i < n && n - i < 4 && s[i - 1] == '.') {
            n = i - 1;
            again = true;
        }
        for (i = 8; i <= 10; i += 2) { /* a date, and what is in front of it */
            int64_t wall_ms;

            if (n > i + 1 && date_at(s + n - i, &wall_ms) == i && strchr("._-", s[n - i - 1])) {
                n -= i + 1;
                again = true;
            }
        }
    }
    return n;
}

void logname_channel(const char *path, char *dst)
{
    const char *base = base_of(path), *found = find_channel(base, strlen(base)), *end;

    dst[0] = '\0';
    if (found) {
        copy(found, trim(found, strlen(found)), dst);
        return;
    }
    for (end = base; end > path;) {
        const char *begin = --end; /* at a slash */

        while (begin > path && begin[-1] != '/')
            begin--;
        found = find_channel(begin, (size_t)(end - begin));
        if (found == begin) {
            copy(begin, (size_t)(end - begin), dst);
            return;
        }
        end = begin;
    }
}
