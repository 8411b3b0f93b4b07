/*
 * fuzz_command: any line whatever through the command parser and what follows it.
 *
 * For libFuzzer. The invariants of the headers are asserted, so that a wrong answer stops it as
 * well as a bad access.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "err.h"
#include "utf8.h"
#include "wording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char prefix[] = "!status";

static void check_success(const char *line, const struct command *c)
{
    const char *end = line + strlen(line);

    assert(c->text && (*c->text == '\0' || (c->text >= line && c->text <= end)));
    assert(c->incident >= 0 && c->incident <= 999999999);
    assert(c->revision >= 0 && c->revision <= 999999999);
    assert(c->incident || !c->revision);
    assert(!c->quiet || c->verb == COMMAND_CONFIRM);
    assert(!c->into || (c->verb == COMMAND_ADOPT && c->into != c->incident));
    assert(c->verb != COMMAND_CONFIRM || !*c->text);
    switch (c->verb) {
    case COMMAND_EDIT:
    case COMMAND_UPDATE:
    case COMMAND_CORRECT:
    case COMMAND_NOTE:
        assert(c->incident && *c->text);
        break;
    case COMMAND_TEXT: /* without a name: which there are */
    case COMMAND_DISCARD:
    case COMMAND_RESOLVE:
    case COMMAND_RETRACT:
    case COMMAND_ADOPT:
    case COMMAND_TIMELINE:
    case COMMAND_REPORT:
        assert(c->incident);
        break;
    case COMMAND_STATUS:
    case COMMAND_WHO:
    case COMMAND_HELP:
    case COMMAND_OPEN:
    case COMMAND_UNMUTE:
    case COMMAND_MAINTENANCE:
    case COMMAND_DRILL:
        assert(!c->incident);
        break;
    case COMMAND_MUTE:
        assert(!c->incident && c->duration_ms > 0 && *c->text);
        break;
    case COMMAND_BREAKGLASS:
        assert(c->incident && c->revision && strlen(c->code) >= 6);
        break;
    case COMMAND_SHOW:
    case COMMAND_CONFIRM:
        break;
    }
}

static void parse(const char *line)
{
    char why[COMMAND_WHY_BYTES], lines[COMMAND_HELP_LINES][COMMAND_HELP_BYTES];
    struct command c;
    size_t n;
    int r = command_parse(prefix, line, &c, why, sizeof why);

    assert((r == CRIER_ENOENT) == !command_is_addressed(prefix, line));
    assert((r == CRIER_EINVAL) == (why[0] != '\0'));
    assert(utf8_is_valid(why));
    if (r)
        return;
    check_success(line, &c);
    if (c.verb == COMMAND_HELP) {
        n = command_help(prefix, c.text, lines, COMMAND_HELP_LINES);
        assert(n > 0 && n <= COMMAND_HELP_LINES);
        while (n-- > 0)
            assert(utf8_is_valid(lines[n]) && lines[n][0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct settings settings = {.chat = {.max_text_chars = 300}};
    char *raw = malloc(size + sizeof prefix + 1), *clean = malloc(size + sizeof prefix + 1), *edit;
    char why[WORDING_WHY_BYTES];

    if (!raw || !clean)
        abort();
    /* the line as it is, cleaned, and with the prefix before it */
    if (size)
        memcpy(raw, data, size);
    raw[size] = '\0';
    parse(raw);
    utf8_clean((const char *)data, size, clean);
    parse(clean);
    memcpy(raw, prefix, sizeof prefix - 1);
    raw[sizeof prefix - 1] = ' ';
    memcpy(raw + sizeof prefix, clean, strlen(clean) + 1);
    parse(raw);

    if (wording_clean_edit(raw, &edit))
        abort();
    assert(utf8_is_valid(edit));
    if (!wording_check(&settings, "Errors", edit, why, sizeof why))
        assert(!why[0] && !strpbrk(edit, "<>`{}\\") && !strstr(edit, "://"));
    else
        assert(why[0] && utf8_is_valid(why));
    free(edit);
    free(clean);
    free(raw);
    return 0;
}
