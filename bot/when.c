#include "when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "err.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };

static const int64_t DAY_MS = INT64_C(86400000);
static const int64_t FIRST_DAY = -719528; /* 0000-01-01 in days since 1970-01-01 */
static const int64_t LAST_DAY = 2932896;  /* 9999-12-31 */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 0000-01-01 to the first of January of a year from 0 to 9999. */
static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1; /* year 0 is a leap year itself */

    return year ? year * 365 + past / 4 - past / 100 + past / 400 + 1 : 0;
}

struct when_civil when_split(int64_t wall_ms)
{
    struct when_civil c = {0};
    int64_t day = wall_ms / DAY_MS, rest = wall_ms % DAY_MS;
    int64_t year;

    if (rest < 0) {
        rest += DAY_MS;
        day--;
    }
    if (day < FIRST_DAY) {
        day = FIRST_DAY;
        rest = 0;
    } else if (day > LAST_DAY) {
        day = LAST_DAY;
        rest = DAY_MS - 1;
    }
    day -= FIRST_DAY;
    year = day * 400 / 146097; /* right, or one off */
    while (year > 0 && days_before_year(year) > day)
        year--;
    while (days_before_year(year + 1) <= day)
        year++;
    day -= days_before_year(year);
    c.year = (int)year;
    for (c.month = 1; day >= days_of_month(c.year, c.month); c.month++)
        day -= days_of_month(c.year, c.month);
    c.day = (int)day + 1;
    c.hour = (int)(rest / HOUR_MS);
    c.minute = (int)(rest / MINUTE_MS % 60);
    c.second = (int)(rest / SECOND_MS % 60);
    c.ms = (int)(rest % SECOND_MS);
    return c;
}

int when_join(const struct when_civil *c, int64_t *ret_wall_ms)
{
    int64_t day;
    int month;

    if (c->year < 0 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > days_of_month(c->year, c->month) || c->hour < 0 || c->hour > 23 || c->minute < 0 ||
        c->minute > 59 || c->second < 0 || c->second > 59 || c->ms < 0 || c->ms > 999)
        return CRIER_EINVAL;
    day = FIRST_DAY + days_before_year(c->year) + c->day - 1;
    for (month = 1; month < c->month; month++)
        day += days_of_month(c->year, month);
    *ret_wall_ms = day * DAY_MS + (int64_t)c->hour * HOUR_MS + (int64_t)c->minute * MINUTE_MS +
                   (int64_t)c->second * SECOND_MS + c->ms;
    return 0;
}

char *when_hms(int64_t wall_ms, char *dst)
{
    struct when_civil c = when_split(wall_ms);

    (void)snprintf(dst, WHEN_BYTES, "%02d:%02d:%02d", c.hour, c.minute, c.second);
    return dst;
}

char *when_hm(int64_t wall_ms, char *dst)
{
    struct when_civil c = when_split(wall_ms);

    (void)snprintf(dst, WHEN_BYTES, "%02d:%02d", c.hour, c.minute);
    return dst;
}

char *when_date(int64_t wall_ms, char *dst)
{
    struct when_civil c = when_split(wall_ms);

    (void)snprintf(dst, WHEN_BYTES, "%04d-%02d-%02d", c.year, c.month, c.day);
    return dst;
}

char *when_iso(int64_t wall_ms, char *dst)
{
    struct when_civil c = when_split(wall_ms);

    (void)snprintf(dst, WHEN_BYTES, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day,
                   c.hour, c.minute, c.second);
    return dst;
}

char *when_iso_ms(int64_t wall_ms, char *dst)
{
    struct when_civil c = when_split(wall_ms);

    (void)snprintf(dst, WHEN_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day,
                   c.hour, c.minute, c.second, c.ms);
    return dst;
}

char *when_hm_near(int64_t wall_ms, int64_t now_wall_ms, char *dst)
{
    struct when_civil c = when_split(wall_ms);

    if (!now_wall_ms || when_same_day(wall_ms, now_wall_ms))
        return when_hm(wall_ms, dst);
    (void)snprintf(dst, WHEN_BYTES, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour,
                   c.minute);
    return dst;
}

char *when_day_words(int64_t wall_ms, char *dst)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct when_civil c = when_split(wall_ms);

    (void)snprintf(dst, WHEN_BYTES, "%d %s", c.day, months[c.month - 1]);
    return dst;
}

char *when_duration(int64_t ms, char *dst)
{
    int64_t s = ms > 0 ? ms / SECOND_MS : 0;
    int64_t min = s / 60, h = min / 60, d = h / 24;

    if (s < 60)
        (void)snprintf(dst, WHEN_BYTES, "%" PRId64 " s", s);
    else if (min < 60)
        (void)snprintf(dst, WHEN_BYTES, "%" PRId64 " min", min);
    else if (h < 24 && min % 60)
        (void)snprintf(dst, WHEN_BYTES, "%" PRId64 " h %" PRId64 " min", h, min % 60);
    else if (h < 24)
        (void)snprintf(dst, WHEN_BYTES, "%" PRId64 " h", h);
    else if (h % 24)
        (void)snprintf(dst, WHEN_BYTES, "%" PRId64 " d %" PRId64 " h", d, h % 24);
    else
        (void)snprintf(dst, WHEN_BYTES, "%" PRId64 " d", d);
    return dst;
}

char *when_count(int64_t n, char *dst)
{
    char digits[WHEN_BYTES];
    size_t len, i, used = 0;

    (void)snprintf(digits, sizeof digits, "%" PRId64, n);
    i = digits[0] == '-';
    if (i)
        dst[used++] = '-';
    for (len = strlen(digits); i < len; i++) {
        dst[used++] = digits[i];
        if (i + 1 < len && (len - i - 1) % 3 == 0)
            dst[used++] = ',';
    }
    dst[used] = '\0';
    return dst;
}

bool when_same_day(int64_t a_wall_ms, int64_t b_wall_ms)
{
    struct when_civil a = when_split(a_wall_ms), b = when_split(b_wall_ms);

    return a.year == b.year && a.month == b.month && a.day == b.day;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Exactly n digits at *p, at most 4; moves on. */
static bool read_digits(const char **p, int n, int *ret)
{
    int value = 0;

    while (n-- > 0) {
        if (**p < '0' || **p > '9')
            return false;
        value = value * 10 + (**p - '0');
        (*p)++;
    }
    *ret = value;
    return true;
}

static bool read_char(const char **p, const char *any_of)
{
    if (!**p || !strchr(any_of, **p))
        return false;
    (*p)++;
    return true;
}

static void skip_spaces(const char **p)
{
    while (**p == ' ')
        (*p)++;
}

/* 2023-01-17 */
static bool read_date(const char **p, struct when_civil *c)
{
    return read_digits(p, 4, &c->year) && read_char(p, "-") && read_digits(p, 2, &c->month) &&
           read_char(p, "-") && read_digits(p, 2, &c->day);
}

/* 18:33, 8:33, 1833, 18:33:10 */
static bool read_clock(const char **p, struct when_civil *c)
{
    if (**p && (*p)[1] == ':') {
        if (!read_digits(p, 1, &c->hour))
            return false;
    } else if (!read_digits(p, 2, &c->hour)) {
        return false;
    }
    if (!read_char(p, ":"))
        return read_digits(p, 2, &c->minute);
    if (!read_digits(p, 2, &c->minute))
        return false;
    return !read_char(p, ":") || read_digits(p, 2, &c->second);
}

/* "UTC", "Z" or nothing, and then the end. */
static bool at_end(const char *p)
{
    skip_spaces(&p);
    if ((p[0] == 'U' || p[0] == 'u') && (p[1] == 'T' || p[1] == 't') &&
        (p[2] == 'C' || p[2] == 'c'))
        p += 3;
    else if (*p == 'Z' || *p == 'z')
        p++;
    skip_spaces(&p);
    return !*p;
}

int when_parse_hm(const char *text, int64_t now_wall_ms, int64_t *ret_wall_ms)
{
    struct when_civil now = when_split(now_wall_ms), c = {0};
    const char *p = text;
    int64_t wall_ms;
    bool dated;

    skip_spaces(&p);
    dated = strnlen(p, 5) == 5 && p[4] == '-';
    if (dated) {
        if (!read_date(&p, &c) || !read_char(&p, " Tt"))
            return CRIER_EINVAL;
        skip_spaces(&p);
    } else {
        c.year = now.year;
        c.month = now.month;
        c.day = now.day;
    }
    if (!read_clock(&p, &c) || !at_end(p) || when_join(&c, &wall_ms))
        return CRIER_EINVAL;
    if (!dated) {
        if (wall_ms > now_wall_ms)
            wall_ms -= DAY_MS;
        /* 23:10 typed after midnight was yesterday; 18:40 typed at 18:35 is a slip. */
        if (now_wall_ms - wall_ms > DAY_MS - HOUR_MS)
            return CRIER_EINVAL;
    }
    if (wall_ms > now_wall_ms)
        return CRIER_EINVAL;
    *ret_wall_ms = wall_ms;
    return 0;
}

int when_parse_iso(const char *text, int64_t *ret_wall_ms)
{
    struct when_civil c = {0};
    const char *p = text;
    int hour = 0, minute = 0, scale = 100;
    int64_t wall_ms, offset_ms;
    bool west;

    if (!read_date(&p, &c) || !read_char(&p, "Tt ") || !read_digits(&p, 2, &c.hour) ||
        !read_char(&p, ":") || !read_digits(&p, 2, &c.minute) || !read_char(&p, ":") ||
        !read_digits(&p, 2, &c.second))
        return CRIER_EINVAL;
    if (c.second == 60)
        c.second = 59; /* a leap second has no number here */
    if (read_char(&p, ".")) {
        if (*p < '0' || *p > '9')
            return CRIER_EINVAL;
        for (; *p >= '0' && *p <= '9'; p++, scale /= 10)
            c.ms += (*p - '0') * scale;
    }
    if (when_join(&c, &wall_ms))
        return CRIER_EINVAL;
    if (!read_char(&p, "Zz")) {
        west = *p == '-';
        if (!read_char(&p, "+-") || !read_digits(&p, 2, &hour) || !read_char(&p, ":") ||
            !read_digits(&p, 2, &minute) || hour > 23 || minute > 59)
            return CRIER_EINVAL;
    } else {
        west = false;
    }
    if (*p)
        return CRIER_EINVAL;
    offset_ms = (int64_t)hour * HOUR_MS + (int64_t)minute * MINUTE_MS;
    *ret_wall_ms = west ? wall_ms + offset_ms : wall_ms - offset_ms;
    return 0;
}
