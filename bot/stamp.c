#include "stamp.h"

#include <string.h>

#include "when.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, EPOCH_DIGITS = 10, TAG_MAX = 100 };

/* Exactly n digits at *p. */
static bool digits(const char **p, int n, int *ret)
{
    int value = 0, i;

    for (i = 0; i < n; i++) {
        if ((*p)[i] < '0' || (*p)[i] > '9')
            return false;
        value = value * 10 + ((*p)[i] - '0');
    }
    *p += n;
    *ret = value;
    return true;
}

static bool take(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static bool clock_time(const char **p, struct when_civil *c)
{
    return digits(p, 2, &c->hour) && take(p, ':') && digits(p, 2, &c->minute) && take(p, ':') &&
           digits(p, 2, &c->second);
}

/* .123456 or ,123: as far as milliseconds. Anything else is left where it is. */
static int fraction(const char **p)
{
    const char *s = *p + 1;
    int ms = 0, scale = 100;

    if ((**p != '.' && **p != ',') || *s < '0' || *s > '9')
        return 0;
    for (; *s >= '0' && *s <= '9'; s++, scale /= 10)
        ms += (*s - '0') * scale;
    *p = s;
    return ms;
}

/* Z, +01:00, -0300, " UTC", " +0000". @return whether there is one; its offset from UTC. */
static bool zone(const char **p, int64_t *ret_ms)
{
    const char *s = *p;
    int hours, minutes, sign;

    *ret_ms = 0;
    if (*s == ' ' && (s[1] == '+' || s[1] == '-' || !strncmp(s + 1, "UTC", 3)))
        s++;
    if (!strncmp(s, "UTC", 3)) {
        *p = s + 3;
        return true;
    }
    if (*s == 'Z') {
        *p = s + 1;
        return true;
    }
    sign = *s == '+' ? 1 : *s == '-' ? -1 : 0;
    s++;
    if (!sign || !digits(&s, 2, &hours))
        return false;
    (void)take(&s, ':');
    if (!digits(&s, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_ms = sign * ((int64_t)hours * 60 + minutes) * 60 * 1000;
    *p = s;
    return true;
}

static bool iso(const char **p, struct stamp *ret)
{
    struct when_civil c = {0};
    int64_t offset_ms = 0;

    if (!digits(p, 4, &c.year) || !take(p, '-') || !digits(p, 2, &c.month) || !take(p, '-') ||
        !digits(p, 2, &c.day) || (!take(p, 'T') && !take(p, ' ')) || !clock_time(p, &c))
        return false;
    c.ms = fraction(p);
    ret->zoned = zone(p, &offset_ms);
    if (when_join(&c, &ret->wall_ms))
        return false;
    ret->wall_ms -= offset_ms;
    return true;
}

static bool epoch(const char **p, struct stamp *ret)
{
    int high, low;

    if (!digits(p, EPOCH_DIGITS / 2, &high) || !digits(p, EPOCH_DIGITS / 2, &low))
        return false;
    ret->wall_ms = ((int64_t)high * 100000 + low) * 1000 + fraction(p);
    ret->zoned = true;
    return true;
}

/* RFC 3164 section 4.1.2: "Jan  7 18:34:55", without a year. */
static bool syslog_time(const char **p, int64_t now_wall_ms, struct stamp *ret)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct when_civil c = {0};
    int this_year = when_split(now_wall_ms + DAY_MS).year, back;

    for (c.month = 1; c.month <= 12; c.month++)
        if (!strncmp(*p, months + (c.month - 1) * 3, 3))
            break;
    if (c.month > 12)
        return false;
    *p += 3;
    if (!take(p, ' '))
        return false;
    if (take(p, ' ') ? !digits(p, 1, &c.day) : !digits(p, 2, &c.day))
        return false;
    if (!take(p, ' ') || !clock_time(p, &c))
        return false;
    ret->zoned = false;
    for (back = 0; back < 2; back++) { /* 29 February is in one of eight at the least */
        c.year = this_year - back;
        if (c.year >= 0 && !when_join(&c, &ret->wall_ms) && ret->wall_ms <= now_wall_ms + DAY_MS)
            return true;
    }
    return false;
}

/* "HOST PROGRAM[123]: " at s: bytes, or 0. */
static size_t tag(const char *s)
{
    size_t host = strcspn(s, " "), program;
    const char *p = s + host + 1;

    if (!host || host > TAG_MAX || !s[host])
        return 0;
    program = strcspn(p, " :");
    if (!program || program > TAG_MAX || p[program] != ':' || p[program + 1] != ' ')
        return 0;
    return host + 1 + program + 2;
}

bool stamp_read(const char *line, int64_t now_wall_ms, struct stamp *ret)
{
    struct stamp s = {0};
    const char *p = line, *in;
    bool bracket = take(&p, '[');
    size_t n;

    in = p;
    if (bracket) {
        if (!iso(&p, &s)) {
            p = in;
            if (!epoch(&p, &s))
                return false;
        }
        if (!take(&p, ']'))
            return false;
    } else if (!iso(&p, &s)) {
        p = in;
        if (!syslog_time(&p, now_wall_ms, &s))
            return false;
    }
    (void)take(&p, ':');
    if (!take(&p, ' ') || !*p)
        return false;
    s.after_time = (size_t)(p - line);
    n = tag(p);
    s.after_tag = n && p[n] ? s.after_time + n : 0;
    *ret = s;
    return true;
}
