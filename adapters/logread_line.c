#include "logread_line.h"

#include <string.h>

#include "when.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };

/* ---- names of formats ------------------------------------------------------------------------ */

const char *log_format_name(enum log_format f)
{
    switch (f) {
    case LOG_FORMAT_ANY:
        return "any";
    case LOG_FORMAT_DATED:
        return "dated";
    case LOG_FORMAT_CLOCK:
        return "clock";
    case LOG_FORMAT_IRSSI:
        return "irssi";
    case LOG_FORMAT_WEECHAT:
        return "weechat";
    case LOG_FORMAT_JSON:
        return "json";
    }
    return "";
}

bool log_format_parse(const char *name, enum log_format *ret)
{
    static const struct {
        const char *name;
        enum log_format format;
    } names[] = {{"any", LOG_FORMAT_ANY},     {"dated", LOG_FORMAT_DATED},
                 {"clock", LOG_FORMAT_CLOCK}, {"wm-bot", LOG_FORMAT_CLOCK},
                 {"znc", LOG_FORMAT_CLOCK},   {"energymech", LOG_FORMAT_CLOCK},
                 {"irssi", LOG_FORMAT_IRSSI}, {"weechat", LOG_FORMAT_WEECHAT},
                 {"json", LOG_FORMAT_JSON}};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(name, names[i].name)) {
            *ret = names[i].format;
            return true;
        }
    return false;
}

/* ---- times ----------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int two(const char *s)
{
    return is_digit(s[0]) && is_digit(s[1]) ? (s[0] - '0') * 10 + (s[1] - '0') : -1;
}

/* 2023-01-17 or 2023/01/17; the last one is remembered. */
static bool read_day(struct logline_reader *r, const char *s, int64_t *ret_day_ms)
{
    struct when_civil c = {0};
    int century = two(s), year = two(s + 2);

    if (r->has_day && !memcmp(s, r->day, sizeof r->day)) {
        *ret_day_ms = r->day_ms;
        return true;
    }
    if (century < 0 || year < 0 || (s[4] != '-' && s[4] != '/') || s[7] != s[4])
        return false;
    c.year = century * 100 + year;
    c.month = two(s + 5);
    c.day = two(s + 8);
    if (when_join(&c, ret_day_ms))
        return false;
    memcpy(r->day, s, sizeof r->day);
    r->day_ms = *ret_day_ms;
    r->has_day = true;
    return true;
}

/* 18:34, 18:34:55, 18:34:55.123. @return bytes, or 0. */
static size_t read_clock(const char *s, size_t n, int32_t *ret_ms)
{
    int hour, minute, second = 0, scale = 100;
    int32_t ms = 0;
    size_t at = 5;

    if (n < 5 || s[2] != ':')
        return 0;
    hour = two(s);
    minute = two(s + 3);
    if (n >= 8 && s[5] == ':') {
        second = two(s + 6);
        at = 8;
        if (second == 60)
            second = 59; /* a leap second has no number here */
        if (n > 9 && (s[8] == '.' || s[8] == ',') && is_digit(s[9]))
            for (at = 9; at < n && is_digit(s[at]); at++, scale /= 10)
                ms += (s[at] - '0') * scale;
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return 0;
    *ret_ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + ms;
    return at;
}

/* Z, UTC, +01:00, +0100 or +01, perhaps behind a blank. @return bytes; 0: there is none. */
static size_t read_offset(const char *s, size_t n, int32_t *ret_ms)
{
    size_t at = n && s[0] == ' ' ? 1 : 0, digits;
    int hour, minute = 0;
    bool west;

    *ret_ms = 0;
    if (n - at >= 1 && (s[at] == 'Z' || s[at] == 'z'))
        return at + 1;
    if (n - at >= 3 && (!memcmp(s + at, "UTC", 3) || !memcmp(s + at, "GMT", 3)))
        return at + 3;
    if (n - at < 3 || (s[at] != '+' && s[at] != '-'))
        return 0;
    west = s[at] == '-';
    hour = two(s + at + 1);
    digits = at + 3;
    if (hour < 0 || hour > 23)
        return 0;
    if (n >= digits + 3 && s[digits] == ':' && two(s + digits + 1) >= 0) {
        minute = two(s + digits + 1);
        digits += 3;
    } else if (n >= digits + 2 && two(s + digits) >= 0) {
        minute = two(s + digits);
        digits += 2;
    }
    if (minute > 59)
        return 0;
    *ret_ms = (hour * HOUR_MS + minute * MINUTE_MS) * (west ? -1 : 1);
    return digits;
}

/* A time without brackets, as far as it goes. @return bytes, or 0. */
static size_t read_time(struct logline_reader *r, const char *s, size_t n, struct logline *ret)
{
    int64_t day_ms = 0;
    int32_t offset_ms;
    size_t at = 0, got;

    ret->dated = n >= 16 && (s[4] == '-' || s[4] == '/');
    if (ret->dated) {
        if ((s[10] != ' ' && s[10] != 'T' && s[10] != 't') || !read_day(r, s, &day_ms))
            return 0;
        at = 11;
    }
    got = read_clock(s + at, n - at, &ret->clock_ms);
    if (!got)
        return 0;
    at += got;
    if (ret->dated) {
        at += read_offset(s + at, n - at, &offset_ms);
        ret->wall_ms = day_ms + ret->clock_ms - offset_ms;
    }
    return at;
}

/* The time at the beginning of a line, with what is around it and the blank behind it. @return
 * bytes, or 0. */
static size_t read_stamp(struct logline_reader *r, const char *s, size_t n, struct logline *ret)
{
    size_t open = n && s[0] == '[', at = read_time(r, s + open, n - open, ret);

    if (!at)
        return 0;
    at += open;
    if (open && (at == n || s[at++] != ']'))
        return 0;
    if (ret->dated)
        ret->format = at < n && s[at] == '\t' ? LOG_FORMAT_WEECHAT : LOG_FORMAT_DATED;
    else
        ret->format = open ? LOG_FORMAT_CLOCK : LOG_FORMAT_IRSSI;
    if (at < n && s[at] != ' ' && s[at] != '\t')
        return 0;
    return at < n ? at + 1 : n;
}

bool logline_read_time(struct logline_reader *r, const char *line, size_t n, struct logline *ret)
{
    return read_stamp(r, line, n, ret) > 0;
}

/* 1673980495, also with a fraction, in ms or us. */
static bool parse_epoch(const char *s, size_t n, int64_t *ret_wall_ms)
{
    int64_t value = 0;
    int scale = 100, ms = 0;
    size_t i;

    for (i = 0; i < n && i < 16 && is_digit(s[i]); i++)
        value = value * 10 + (s[i] - '0');
    if (i < 9)
        return false;
    if (i < n && s[i] == '.')
        for (i++; i < n && is_digit(s[i]); i++, scale /= 10)
            ms += (s[i] - '0') * scale;
    if (i < n)
        return false;
    if (value < INT64_C(100000000000))
        *ret_wall_ms = value * SECOND_MS + ms;
    else if (value < INT64_C(100000000000000))
        *ret_wall_ms = value;
    else
        *ret_wall_ms = value / 1000;
    return true;
}

bool logline_parse_time(const char *s, size_t n, int64_t *ret_wall_ms)
{
    struct logline_reader r = {.has_day = false};
    struct logline l = {.dated = false};

    if (parse_epoch(s, n, ret_wall_ms))
        return true;
    if (read_time(&r, s, n, &l) != n || !n || !l.dated)
        return false;
    *ret_wall_ms = l.wall_ms;
    return true;
}

/* ---- dates in words -------------------------------------------------------------------------- */

static size_t word(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n && s[i] != ' '; i++)
        ;
    return i;
}

static int number(const char *s, size_t n)
{
    int value = 0;
    size_t i;

    if (!n || n > 4)
        return -1;
    for (i = 0; i < n; i++) {
        if (!is_digit(s[i]))
            return -1;
        value = value * 10 + (s[i] - '0');
    }
    return value;
}

static int month_of(const char *s, size_t n)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int i;

    for (i = 0; n >= 3 && i < 12; i++)
        if (!memcmp(s, names + (size_t)i * 3, 3))
            return i + 1;
    return -1;
}

/* "Tue Jan 17 00:00:00 2023", also without weekday or time, or 2023-01-17: all of it. */
static bool read_words(struct logline_reader *r, const char *s, size_t n, struct logline *ret)
{
    struct when_civil c = {0};
    size_t words = 0;

    ret->clock_ms = -1;
    for (; n; words++) {
        size_t len = word(s, n), skip = len < n ? len + 1 : n;

        if (len == sizeof r->day && read_day(r, s, &ret->wall_ms)) {
            c = when_split(ret->wall_ms);
        } else if (len && read_clock(s, len, &ret->clock_ms) == len) {
            /* it is set */
        } else if (month_of(s, len) > 0 && !c.month) {
            c.month = month_of(s, len);
        } else if (len == 4 && number(s, len) > 0) {
            c.year = number(s, len);
        } else if (len && len <= 2 && number(s, len) > 0) {
            c.day = number(s, len);
        } else if (len && words) { /* the first one is the weekday */
            return false;
        }
        s += skip;
        n -= skip;
    }
    return c.year && c.month && c.day && !when_join(&c, &ret->wall_ms);
}

static void day_line(struct logline_reader *r, const char *s, size_t n, struct logline *ret)
{
    while (n && s[n - 1] == ' ')
        n--;
    ret->kind = read_words(r, s, n, ret) ? LOGLINE_DAY : LOGLINE_NO_DAY;
}

/* Lines about the log itself. @return whether it is one. */
static bool read_header(struct logline_reader *r, const char *s, size_t n, struct logline *ret)
{
    static const struct {
        const char *text;
        bool day;
    } headers[] = {{"--- Log opened ", true},         {"--- Day changed ", true},
                   {"--- Log closed", false},         {"Session Start: ", true},
                   {"Session Time: ", true},          {"Session Ident:", false},
                   {"Session Close:", false},         {"**** BEGIN LOGGING AT ", true},
                   {"**** ENDING LOGGING AT ", false}};
    size_t i;

    for (i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        size_t len = strlen(headers[i].text);

        if (n < len || memcmp(s, headers[i].text, len) != 0)
            continue;
        ret->kind = LOGLINE_EVENT;
        if (headers[i].day)
            day_line(r, s + len, n - len, ret);
        return true;
    }
    return false;
}

/* ---- who and what ---------------------------------------------------------------------------- */

void logline_strip_rank(char **nick, size_t *bytes)
{
    while (*bytes && strchr("@+%&~! ", **nick)) {
        (*nick)++;
        (*bytes)--;
    }
    while (*bytes && (*nick)[*bytes - 1] == ' ')
        (*bytes)--;
}

static void unknown(struct logline *ret, const char *why)
{
    ret->kind = LOGLINE_UNKNOWN;
    ret->why = why;
}

/* The text ends the line. */
static void said(struct logline *ret, char *nick, size_t nick_bytes, char *text, char *end)
{
    char *target;

    ret->kind = LOGLINE_SAID;
    ret->nick = nick;
    ret->nick_bytes = nick_bytes;
    logline_strip_rank(&ret->nick, &ret->nick_bytes);
    target = memchr(ret->nick, ':', ret->nick_bytes); /* irssi: nick:#channel */
    if (target && target + 1 < ret->nick + ret->nick_bytes && strchr("#&", target[1])) {
        ret->channel = target + 1;
        ret->channel_bytes = (size_t)(ret->nick + ret->nick_bytes - ret->channel);
        ret->channel[ret->channel_bytes] = '\0';
        ret->nick_bytes = (size_t)(target - ret->nick);
        logline_strip_rank(&ret->nick, &ret->nick_bytes); /* a blank before the colon */
    }
    if (!ret->nick_bytes) {
        unknown(ret, "nobody's name is in it");
        return;
    }
    ret->nick[ret->nick_bytes] = '\0';
    ret->text = text;
    ret->text_bytes = (size_t)(end - text);
    *end = '\0';
}

/* <nick> text */
static void read_message(char *s, char *end, struct logline *ret)
{
    char *close = memchr(s, '>', (size_t)(end - s));

    if (!close || (close + 1 < end && close[1] != ' ' && close[1] != '\t')) { /* wm-bot: a tab */
        unknown(ret, "\"<nick> text\" is expected behind the time");
        return;
    }
    said(ret, s + 1, (size_t)(close - s - 1), close + 1 < end ? close + 2 : end, end);
}

/* * nick text */
static void read_action(char *s, char *end, struct logline *ret)
{
    char *space;

    while (s < end && (*s == '*' || *s == ' '))
        s++;
    space = memchr(s, ' ', (size_t)(end - s));
    ret->action = true;
    if (s == end)
        ret->kind = LOGLINE_EVENT;
    else
        said(ret, s, (size_t)((space ? space : end) - s), space ? space + 1 : end, end);
}

/* -nick- text, -nick(user@host)- text, -nick:#channel- text; others are events. */
static void read_notice(char *s, char *end, struct logline *ret)
{
    char *space = memchr(s, ' ', (size_t)(end - s)), *stop = space ? space : end, *host;

    ret->kind = LOGLINE_EVENT;
    if (stop - s < 3 || stop[-1] != '-' || s[1] == '!' || s[1] == '-' || s[1] == '>')
        return;
    ret->notice = true;
    host = memchr(s, '(', (size_t)(stop - s));
    said(ret, s + 1, (size_t)((host && host > s + 1 ? host : stop - 1) - s - 1),
         space ? space + 1 : end, end);
}

static bool starts(const char *s, const char *end, const char *with)
{
    size_t n = strlen(with);

    return (size_t)(end - s) >= n && !memcmp(s, with, n);
}

static void read_body(struct logline_reader *r, char *s, char *end, struct logline *ret)
{
    while (s < end && *s == ' ')
        s++;
    ret->kind = LOGLINE_EVENT;
    if (s == end)
        return;
    switch (*s) {
    case '<':
        if (!starts(s, end, "<-"))
            read_message(s, end, ret);
        return;
    case '*':
        if (!starts(s, end, "**"))
            read_action(s, end, ret);
        return;
    case '-':
        if (starts(s, end, "--- ") && end - s > 4 && s[4] >= 'A' && s[4] <= 'Z') /* eggdrop */
            day_line(r, s + 4, (size_t)(end - s - 4), ret);
        else
            read_notice(s, end, ret);
        return;
    case '=': /* =!= */
    case '!': /* !server */
        return;
    default:
        unknown(ret, "\"<nick> text\" is expected behind the time");
        return;
    }
}

/* "nick TAB text"; what is no nick are joins, and programs. */
static void read_tabbed(char *s, char *end, struct logline *ret)
{
    char *tab = memchr(s, '\t', (size_t)(end - s)), *text, *close;

    if (!tab) {
        unknown(ret, "\"time, tab, nick, tab, text\" is expected");
        return;
    }
    text = tab + 1;
    ret->kind = LOGLINE_EVENT;
    while (s < tab && *s == ' ')
        s++;
    if (s == tab || starts(s, tab, "<--") || starts(s, tab, "-->") || starts(s, tab, "=!="))
        return;
    if (starts(s, tab, "--")) { /* Notice(nick): text, or -> #channel: text */
        close = memchr(text, ')', (size_t)(end - text));
        if (!starts(text, end, "Notice(") || !close)
            return;
        text += strlen("Notice(");
        s = memchr(close, ':', (size_t)(end - close));
        if (!s || end - s < 2)
            return;
        ret->notice = true;
        said(ret, text, (size_t)(close - text), s + 2, end);
    } else if (*s == '*' && tab - s == 1) {
        read_action(text, end, ret);
    } else {
        said(ret, s, (size_t)(tab - s), text, end);
    }
}

void logline_read(struct logline_reader *r, char *line, size_t n, struct logline *ret)
{
    size_t at;

    memset(ret, 0, sizeof *ret);
    if (r->json)
        logline_finish_json(r);
    if (!n || line[0] == '#') {
        ret->kind = LOGLINE_EVENT;
        return;
    }
    if (line[0] == '{') {
        ret->format = LOG_FORMAT_JSON;
        logline_read_json(r, line, n, ret);
        return;
    }
    at = read_stamp(r, line, n, ret);
    if (at && ret->format == LOG_FORMAT_WEECHAT) {
        read_tabbed(line + at, line + n, ret);
    } else if (at) {
        read_body(r, line + at, line + n, ret);
    } else if (!read_header(r, line, n, ret)) {
        ret->format = LOG_FORMAT_ANY;
        unknown(ret, "it does not begin with a time");
    }
}

void logline_finish(struct logline_reader *r)
{
    logline_finish_json(r);
}
