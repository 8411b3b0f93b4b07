#include "drill_scenario.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "err.h"
#include "utf8.h"
#include "when.h"

enum { VALUE_BYTES = 300, UPDATES_DIGITS = 4 };

/* The last moment that when.h knows. */
#define END_OF_TIME INT64_C(253402300799000)

int drill_scenario_init(struct drill_scenario *s, const char *name)
{
    memset(s, 0, sizeof *s);
    s->updates = -1;
    s->name = strdup(name);
    s->title = strdup("");
    return s->name && s->title ? 0 : CRIER_ENOMEM;
}

void drill_scenario_finish(struct drill_scenario *s)
{
    size_t i;

    for (i = 0; i < s->n_lines; i++) {
        free(s->line[i].nick);
        free(s->line[i].text);
        free(s->line[i].channel);
    }
    free(s->line);
    free(s->name);
    free(s->title);
    memset(s, 0, sizeof *s);
}

bool drill_scenario_name_is_good(const char *name)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t n = strlen(name);

    return n && n <= DRILL_NAME_MAX && name[0] != '.' && strspn(name, good) == n;
}

static char *cleaned(const char *text)
{
    size_t n = strlen(text);
    char *clean = malloc(n + 1);

    if (clean)
        clean[utf8_clean(text, n, clean)] = '\0';
    return clean;
}

static int take_time(struct drill_time *t, const char *value)
{
    struct drill_time taken = {.known = true};

    if (!strcasecmp(value, "never"))
        taken.never = true;
    else if (strnlen(value, 5) < 5 || value[4] != '-' ||
             when_parse_hm(value, END_OF_TIME, &taken.wall_ms))
        return CRIER_EINVAL;
    *t = taken;
    return 0;
}

static int take_number(int64_t *ret, const char *value)
{
    size_t i, n = strlen(value);
    int64_t number = 0;

    if (!n || n > UPDATES_DIGITS || strspn(value, "0123456789") != n)
        return CRIER_EINVAL;
    for (i = 0; i < n; i++)
        number = number * 10 + (value[i] - '0');
    *ret = number;
    return 0;
}

/* "# key: value": @return whether it is that key, and its value without blanks around it. */
static bool is_key(const char *line, const char *key, char value[VALUE_BYTES])
{
    size_t n = strlen(key);

    while (*line == '#' || *line == ' ')
        line++;
    if (strncasecmp(line, key, n) != 0 || line[n] != ':')
        return false;
    line += n + 1;
    n = utf8_cut(line, VALUE_BYTES - 1);
    value[utf8_clean(line, n, value)] = '\0';
    return true;
}

int drill_scenario_comment(struct drill_scenario *s, const char *line)
{
    char value[VALUE_BYTES];
    char *title;

    if (is_key(line, "began", value))
        return take_time(&s->began, value);
    if (is_key(line, "public", value))
        return take_time(&s->published, value);
    if (is_key(line, "resolved", value))
        return take_time(&s->resolved, value);
    if (is_key(line, "updates", value))
        return take_number(&s->updates, value);
    if (!is_key(line, "title", value))
        return 0;
    title = strdup(value);
    if (!title)
        return CRIER_ENOMEM;
    free(s->title);
    s->title = title;
    return 0;
}

int drill_scenario_line(struct drill_scenario *s, int64_t wall_ms, const char *nick,
                        const char *text, const char *channel)
{
    size_t bytes = strlen(nick) + strlen(text) + strlen(channel);
    struct drill_line *all, line = {.wall_ms = wall_ms};

    if (s->bytes + bytes > DRILL_BYTES_MAX || s->n_lines >= DRILL_LINES_MAX)
        return CRIER_ELIMIT;
    all = array_grow(s->line, &s->cap, s->n_lines + 1, sizeof *all, DRILL_LINES_MAX);
    if (!all)
        return CRIER_ENOMEM;
    s->line = all;
    if (s->n_lines && wall_ms < s->line[s->n_lines - 1].wall_ms)
        line.wall_ms = s->line[s->n_lines - 1].wall_ms;
    line.nick = cleaned(nick);
    line.text = cleaned(text);
    line.channel = cleaned(channel);
    if (!line.nick || !line.text || !line.channel) {
        free(line.nick);
        free(line.text);
        free(line.channel);
        return CRIER_ENOMEM;
    }
    s->line[s->n_lines++] = line;
    s->bytes += bytes;
    return 0;
}
