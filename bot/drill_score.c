#include "drill_score.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"
#include "when.h"

/* "12 s", "2 min 7 s". */
static char *span(int64_t ms, char dst[WHEN_BYTES])
{
    int64_t s = ms > 0 ? (ms + 500) / 1000 : 0;

    if (s < 60 || s >= 60 * 60 || s % 60 == 0)
        return when_duration(s * 1000, dst);
    (void)snprintf(dst, WHEN_BYTES, "%lld min %lld s", (long long)(s / 60), (long long)(s % 60));
    return dst;
}

/* Appends to a line; what does not fit is left away. */
static void add(char line[DRILL_SCORE_BYTES], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void add(char line[DRILL_SCORE_BYTES], const char *fmt, ...)
{
    size_t used = strlen(line);
    va_list ap;

    va_start(ap, fmt);
    (void)utf8_vprint(line + used, DRILL_SCORE_BYTES - used, fmt, ap);
    va_end(ap);
}

static void add_updates(char line[DRILL_SCORE_BYTES], int64_t n)
{
    add(line, "%lld update%s", (long long)n, n == 1 ? "" : "s");
}

static void yours(const struct drill_score *s, char line[DRILL_SCORE_BYTES])
{
    char one[WHEN_BYTES], hms[WHEN_BYTES];

    add(line, "SCORE: ");
    if (!s->drafted_wall_ms) {
        add(line, "it ended before there was a draft");
        return;
    }
    add(line, "draft %s after the first alert", span(s->drafted_wall_ms - s->alert_wall_ms, one));
    if (!s->confirmed_wall_ms) {
        add(line, "; nobody confirmed it, so readers were told nothing");
        return;
    }
    add(line, ", confirmed %s later", span(s->confirmed_wall_ms - s->drafted_wall_ms, one));
    if (!s->published_wall_ms) {
        add(line, ", not public");
        return;
    }
    add(line, ", public %s after the alert at %s; ",
        span(s->published_wall_ms - s->alert_wall_ms, one), when_hms(s->published_wall_ms, hms));
    add_updates(line, s->updates);
    if (s->resolved_wall_ms)
        add(line, "; resolved at %s", when_hms(s->resolved_wall_ms, hms));
    else
        add(line, "; not resolved");
    if (s->hints)
        add(line, "; %lld hint%s", (long long)s->hints, s->hints == 1 ? "" : "s");
    else
        add(line, "; without a hint");
}

static void theirs(const struct drill_scenario *sc, char line[DRILL_SCORE_BYTES])
{
    char date[WHEN_BYTES], hm[WHEN_BYTES], after[WHEN_BYTES];
    bool began = sc->began.known && !sc->began.never;

    if (began)
        add(line, "Really, on %s: it began at %s; ", when_date(sc->began.wall_ms, date),
            when_hm(sc->began.wall_ms, hm));
    else
        add(line, "Really: ");
    if (sc->published.never) {
        add(line, "the page was never updated");
        return;
    }
    add(line, "public at %s", when_hm(sc->published.wall_ms, hm));
    if (began)
        add(line, ", %s after that", span(sc->published.wall_ms - sc->began.wall_ms, after));
    if (sc->updates >= 0) {
        add(line, "; ");
        add_updates(line, sc->updates);
    }
    if (sc->resolved.never)
        add(line, "; never resolved");
    else if (sc->resolved.known)
        add(line, "; resolved at %s", when_hm(sc->resolved.wall_ms, hm));
}

static void compare(const struct drill_score *s, const struct drill_scenario *sc,
                    char line[DRILL_SCORE_BYTES])
{
    char one[WHEN_BYTES];
    int64_t sooner;

    if (sc->published.never) {
        add(line, "Readers knew %s after it began, instead of never.",
            span(s->published_wall_ms - sc->began.wall_ms, one));
        return;
    }
    sooner = sc->published.wall_ms - s->published_wall_ms;
    add(line, "Readers knew %s %s than then.", span(sooner < 0 ? -sooner : sooner, one),
        sooner < 0 ? "later" : "sooner");
}

size_t drill_score_lines(const struct drill_score *score, const struct drill_scenario *scenario,
                         char lines[DRILL_SCORE_LINES][DRILL_SCORE_BYTES])
{
    size_t n = 0;

    lines[n][0] = '\0';
    yours(score, lines[n++]);
    if (!scenario->published.known)
        return n;
    lines[n][0] = '\0';
    theirs(scenario, lines[n++]);
    if (!score->published_wall_ms ||
        (scenario->published.never && (!scenario->began.known || scenario->began.never)))
        return n;
    lines[n][0] = '\0';
    compare(score, scenario, lines[n++]);
    return n;
}
