/*
 * command_help: the answer to `help`, made from the table in command.c.
 */
#include <string.h>

#include "access.h"
#include "command.h"
#include "utf8.h"

/* What one line of the table cannot say. */
static const char *details(enum command_verb verb)
{
    switch (verb) {
    case COMMAND_CONFIRM:
        return "7.2 publishes exactly those words; 7, or nothing when one thing is open, means the "
               "latest that was shown";
    case COMMAND_BREAKGLASS:
        return "for people enrolled with `crier enrol`; each code works once, and two codes in a "
               "row "
               "are looked at at once even while somebody guesses";
    case COMMAND_EDIT:
        return "start is a time in UTC, 18:33; impact is none, minor, major or critical; "
               "components are like: Editing partial outage, Reading degraded performance";
    case COMMAND_UPDATE:
    case COMMAND_RESOLVE:
    case COMMAND_CORRECT:
    case COMMAND_RETRACT:
        return "nothing is public before it is confirmed";
    case COMMAND_ADOPT:
        return "into M: draft M goes on with it, its words become a proposal";
    case COMMAND_STATUS:
    case COMMAND_SHOW:
    case COMMAND_TEXT:
    case COMMAND_DISCARD:
    case COMMAND_OPEN:
    case COMMAND_NOTE:
    case COMMAND_TIMELINE:
    case COMMAND_REPORT:
    case COMMAND_UNMUTE:
    case COMMAND_WHO:
    case COMMAND_HELP:
        break;
    case COMMAND_DRILL:
        return "nothing of it is public; everybody who is logged in to services may play";
    case COMMAND_MUTE:
        return "a duration is like 30m or 2h; it always ends by itself";
    case COMMAND_MAINTENANCE:
        return "what it covers: components as they are called on the page, or `check` and the "
               "beginning of an alert's name";
    }
    return NULL;
}

/* "`!status confirm [N[.R]] [quiet]`: publish what was shown; ..." */
static void entry(char *dst, size_t size, const char *prefix, const struct command_spec *spec)
{
    (void)utf8_print(dst, size, "`%s%s%s`: %s", prefix, *spec->usage ? " " : "", spec->usage,
                     spec->help);
}

/* Everything about one command. */
static size_t help_one(const char *prefix, const struct command_spec *spec,
                       char lines[][COMMAND_HELP_BYTES], size_t max_lines)
{
    const char *more = details(spec->verb);
    char who[64];

    entry(lines[0], COMMAND_HELP_BYTES, prefix, spec);
    if (max_lines < 2)
        return 1;
    (void)utf8_print(lines[1], COMMAND_HELP_BYTES, "For %s. For example: `%s%s%s`%s%s%s",
                     access_who_may(spec->verb, who, sizeof who), prefix, *spec->example ? " " : "",
                     spec->example, more ? " (" : "", more ? more : "", more ? ")" : "");
    return 2;
}

/* All commands, as many to a line as fit: a bot that sends a line for each is throttled. */
static size_t help_all(const char *prefix, char lines[][COMMAND_HELP_BYTES], size_t max_lines)
{
    static const char separator[] = " | ";
    const struct command_spec *spec;
    size_t n_specs, i, n = 0, used = 0;
    char piece[COMMAND_HELP_BYTES];

    spec = command_specs(&n_specs);
    for (i = 0; i < n_specs; i++) {
        size_t len;

        entry(piece, sizeof piece, prefix, &spec[i]);
        len = strlen(piece);
        if (n && used + strlen(separator) + len < COMMAND_HELP_BYTES) {
            memcpy(lines[n - 1] + used, separator, strlen(separator));
            used += strlen(separator);
        } else {
            if (n == max_lines)
                break;
            n++;
            used = 0;
        }
        memcpy(lines[n - 1] + used, piece, len + 1);
        used += len;
    }
    return n;
}

size_t command_help(const char *prefix, const char *topic, char lines[][COMMAND_HELP_BYTES],
                    size_t max_lines)
{
    const struct command_spec *spec;

    if (!max_lines)
        return 0;
    spec = command_topic(prefix, topic);
    if (spec)
        return help_one(prefix, spec, lines, max_lines);
    if (!command_unknown(prefix, topic, lines[0], COMMAND_HELP_BYTES))
        return help_all(prefix, lines, max_lines);
    return 1;
}
