/*
 * drill_say: what a drill says: marked, with names of its own, nowhere but at its place.
 */
#include "drill_impl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "drill_names.h"
#include "err.h"
#include "hearing.h"
#include "log.h"
#include "utf8.h"

/* ---- saying ---------------------------------------------------------------------------------- */

/* Bytes of the next part, ended at a blank where there is one near. */
static size_t part_of(const char *text, size_t most)
{
    size_t n = utf8_cut(text, most), back;

    if (!text[n])
        return n;
    for (back = n; back > n - most / 4; back--)
        if (text[back] == ' ')
            return back;
    return n;
}

uint64_t drill_token(const struct drill *d)
{
    uint64_t number = d->options.number & DRILL_NUMBER_MASK;

    return DRILL_TOKEN | number << DRILL_NUMBER_SHIFT;
}

/* Each part of a long line begins with the mark, or its second half could pass for an alert. */
static int say_parts(struct drill *d, const struct say *line, const char *text)
{
    const size_t most = DRILL_LINE_BYTES - (sizeof HEARING_DRILL - 1);
    bool whole = strlen(text) <= most;
    int r = 0;

    while (*text && !r) {
        size_t n = part_of(text, most);
        struct say part = {.place = line->place, .priority = SAY_REMINDER};

        part.text = buf_printf("%s%.*s", HEARING_DRILL, (int)n, text);
        if (!part.text)
            return CRIER_ENOMEM;
        text += n;
        while (*text == ' ')
            text++;
        part.replaces = whole ? line->replaces : 0;
        if (!*text && line->token)
            part.token = line->token; /* shown is what is shown to its end */
        else if (!part.replaces)      /* of what is replaced nothing more is heard */
            part.token = DRILL_PACE_TOKEN;
        if (part.token)
            part.token |= drill_token(d);
        r = d->options.chat.say(d->options.chat.ctx, &part);
        if (!r && (part.token & DRILL_PACE_TOKEN))
            d->unsaid++;
        free(part.text);
    }
    return r;
}

/* Nowhere but at the drill's own place, and to people in private. */
static bool may_say_at(const struct drill *d, const char *place)
{
    const char *target = strchr(place, '/');

    return !strcmp(place, d->place) || (target && target[1] && !strchr("#&+!@", target[1]));
}

int drill_say(void *ctx, const struct say *line)
{
    struct drill *d = ctx;
    struct buf b;
    int r;

    if (!may_say_at(d, line->place)) {
        log_warnx("drill", "a line for %s is not said", line->place);
        return 0;
    }
    buf_init(&b, DRILL_SAY_BYTES);
    drill_names_show(&b, line->text);
    r = buf_error(&b) ? buf_error(&b) : say_parts(d, line, buf_str(&b));
    buf_finish(&b);
    d->said_boot_ms = d->boot_ms;
    return r;
}

void drill_tell(struct drill *d, const char *fmt, ...)
{
    struct say line = {.place = d->place, .priority = SAY_REMINDER};
    char text[DRILL_SAY_BYTES / 2];
    va_list ap;
    int r;

    va_start(ap, fmt);
    (void)utf8_vprint(text, sizeof text, fmt, ap);
    va_end(ap);
    line.text = text;
    r = drill_say(d, &line);
    if (r == CRIER_ENOMEM)
        d->err = r;
}

const char *drill_prefix(const struct drill *d)
{
    return d->settings->chat.prefix;
}

void drill_lesson(const char *prefix, char lines[DRILL_LESSON_LINES][DRILL_LESSON_BYTES])
{
    (void)utf8_print(lines[0], DRILL_LESSON_BYTES,
                     "1. I draft what readers should know and show it here. Nothing is public "
                     "before somebody types `%s confirm N.R`, with the number that is shown; in a "
                     "drill it begins with D.",
                     prefix);
    (void)utf8_print(lines[1], DRILL_LESSON_BYTES,
                     "2. Other words: `%s edit N title ...`, `%s edit N body ...`, which shows "
                     "them with a new number. No outage: `%s discard N`.",
                     prefix, prefix, prefix);
    (void)utf8_print(lines[2], DRILL_LESSON_BYTES,
                     "3. Later I propose each step to the end: confirm these too. `%s` shows what "
                     "is open, `%s help confirm` tells more, `%s drill start` plays an outage, in "
                     "practice channels only.",
                     prefix, prefix, prefix);
}

void drill_teach(struct drill *d)
{
    char lines[DRILL_LESSON_LINES][DRILL_LESSON_BYTES];
    size_t i;

    drill_lesson(drill_prefix(d), lines);
    for (i = 0; i < DRILL_LESSON_LINES; i++)
        drill_tell(d, "%s", lines[i]);
}

void drill_teach_once(struct drill *d, const struct heard *line)
{
    const char *who = line->account ? line->account : line->nick;
    size_t i;

    for (i = 0; i < d->n_taught; i++)
        if (settings_irc_equal(d->taught[i], who))
            return;
    if (d->n_taught == DRILL_TAUGHT_MAX)
        return;
    d->taught[d->n_taught] = strdup(who);
    if (!d->taught[d->n_taught]) {
        d->err = CRIER_ENOMEM;
        return;
    }
    d->n_taught++;
    drill_teach(d);
}
