/*
 * command_guess: which command somebody meant who typed something else.
 */
#include <string.h>
#include <strings.h>

#include "command.h"
#include "nearest.h"

enum {
    WORD_BYTES = 32, /* longer words are no command */
    NEAR_ENOUGH = 2  /* slips that still name a command */
};

/* What people type instead, when it is not a slip of the finger. Suggested, never obeyed. */
static const struct {
    const char *word;
    enum command_verb verb;
} meant[] = {
    {"publish", COMMAND_CONFIRM},
    {"approve", COMMAND_CONFIRM},
    {"ack", COMMAND_CONFIRM},
    {"yes", COMMAND_CONFIRM},
    {"ok", COMMAND_CONFIRM},
    {"post", COMMAND_CONFIRM},
    {"send", COMMAND_CONFIRM},
    {"list", COMMAND_STATUS},
    {"status", COMMAND_STATUS},
    {"view", COMMAND_SHOW},
    {"see", COMMAND_SHOW},
    {"draft", COMMAND_SHOW},
    {"change", COMMAND_EDIT},
    {"set", COMMAND_EDIT},
    {"reword", COMMAND_EDIT},
    {"title", COMMAND_EDIT},
    {"body", COMMAND_EDIT},
    {"impact", COMMAND_EDIT},
    {"wording", COMMAND_TEXT},
    {"template", COMMAND_TEXT},
    {"drop", COMMAND_DISCARD},
    {"cancel", COMMAND_DISCARD},
    {"reject", COMMAND_DISCARD},
    {"no", COMMAND_DISCARD},
    {"ignore", COMMAND_DISCARD},
    {"delete", COMMAND_DISCARD},
    {"new", COMMAND_OPEN},
    {"create", COMMAND_OPEN},
    {"start", COMMAND_OPEN},
    {"declare", COMMAND_OPEN},
    {"identified", COMMAND_UPDATE},
    {"monitoring", COMMAND_UPDATE},
    {"close", COMMAND_RESOLVE},
    {"end", COMMAND_RESOLVE},
    {"fixed", COMMAND_RESOLVE},
    {"done", COMMAND_RESOLVE},
    {"fix", COMMAND_CORRECT},
    {"amend", COMMAND_CORRECT},
    {"undo", COMMAND_RETRACT},
    {"revoke", COMMAND_RETRACT},
    {"withdraw", COMMAND_RETRACT},
    {"whoami", COMMAND_WHO},
    {"practice", COMMAND_DRILL},
    {"training", COMMAND_DRILL},
    {"exercise", COMMAND_DRILL},
    {"break-glass", COMMAND_BREAKGLASS},
    {"emergency", COMMAND_BREAKGLASS},
    {"otp", COMMAND_BREAKGLASS},
    {"totp", COMMAND_BREAKGLASS},
    {"2fa", COMMAND_BREAKGLASS},
    {"code", COMMAND_BREAKGLASS},
    {"token", COMMAND_BREAKGLASS},
    {"commands", COMMAND_HELP},
    {"usage", COMMAND_HELP},
};

const struct command_spec *command_guess(const char *word, size_t n)
{
    const struct command_spec *best = NULL;
    const struct command_spec *spec;
    size_t i, n_specs, least = NEAR_ENOUGH + 1;
    char typed[WORD_BYTES + 1];

    if (n < 2 || n > WORD_BYTES)
        return NULL;
    memcpy(typed, word, n);
    typed[n] = '\0';
    for (i = 0; i < sizeof meant / sizeof meant[0]; i++)
        if (!strcasecmp(typed, meant[i].word))
            return command_spec_find(meant[i].verb);
    spec = command_specs(&n_specs);
    for (i = 0; i < n_specs; i++) {
        size_t len = strlen(spec[i].name), distance;

        /* conf, confirming, confirm7.2 */
        if (len && n > 2 && !strncasecmp(typed, spec[i].name, n < len ? n : len))
            return &spec[i];
        distance = nearest_distance(typed, spec[i].name);
        if (distance < least && distance * 2 < len) {
            least = distance;
            best = &spec[i];
        }
    }
    return best;
}
