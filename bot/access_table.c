/*
 * access_table: docs/who-may.md, from the table of commands and the verdicts of access_judge().
 */
#include "access.h"

#include "err.h"

static const char *const rules[] = {
    "# Who may do what",
    "",
    "This page is written by `crier help --permissions` from the table of commands in "
    "`bot/command.c`, by",
    "which crier itself judges every command (`access_judge()` in `bot/access.c`); `make docs` "
    "writes it anew,",
    "and a test fails while it is out of date.",
    "",
    "## How crier knows who speaks",
    "",
    "- **A nick proves nothing.** Neither does an ident, a real name, a rank in the channel, or a "
    "name in the text.",
    "- **Account.** What counts is the services account that the server itself puts on that very "
    "line",
    "  (IRCv3 `account-tag`). Where the server does that, a line without the tag is nobody's and "
    "nothing is asked.",
    "  Where it does not, crier asks WHOIS for each command; the answer counts when it comes from "
    "the server itself,",
    "  names the same user@host as the line, is whole within 10 s, and the speaker has neither "
    "left "
    "nor changed nick",
    "  in between. Whoever logs out before the answer is nobody.",
    "- **An account belongs to a network**: people are listed as `network/account`. The same name "
    "on another",
    "  network is somebody else. Letters count in either case; brackets and braces differ, and so "
    "does every",
    "  other character that only looks alike.",
    "- **Hostmask.** People may be listed by `network/nick!user@host` instead, for networks "
    "without "
    "services. The",
    "  host must not be open. Nick and ident in it add nothing: whoever connects chooses them.",
    "- **One-time password** (`breakglass`, in private, where crier's connection has TLS): whoever "
    "was",
    "  enrolled is known by the code, under any nick and account. Nothing but a confirm can be "
    "done so.",
    "- **Relays** (`relays` in the configuration: bridges, bouncers that many share) speak for "
    "many "
    "people. They are",
    "  never obeyed, in nothing, whatever else the configuration says of them. A relay that is "
    "also "
    "a source is",
    "  believed about alerts, and about nothing else.",
    "- **History is not speech.** Lines that a server or a bouncer says again (a batch of history "
    "or "
    "playback, a",
    "  server-time more than 30 s ago or before crier's own JOIN) are neither commands nor "
    "signals. "
    "Where the server",
    "  stamps no times, nobody is obeyed for 10 s after a JOIN, and in private for 10 s after "
    "crier "
    "connected.",
    "- **Whoever is not in the channel** has not seen what was shown there: in a channel without "
    "mode +n their",
    "  commands do not count, and are answered in private if they are on the list.",
    "- **Only words count**: no NOTICE, no CTCP (ACTION too), nothing that does not begin with the "
    "prefix.",
    "- **Only what was shown** can be confirmed: the words of that revision, at that place, seen "
    "by "
    "the server. A",
    "  revision that was replaced is refused, and the current one is shown instead.",
    "- **Not logged in itself**, where it should be, crier obeys nobody but those who show a code.",
    "- **A change of the configuration** (SIGHUP) counts from the next line on: for second "
    "confirms, the first one",
    "  must still have the role then. What was confirmed by who might do so at that time stays "
    "confirmed, also",
    "  while it waits for a page that does not answer.",
    "- **Drills** (practice channels) are no part of this: nothing of them is public. There "
    "whoever "
    "has an account",
    "  may play, with the same commands and numbers that begin with D.",
    "",
    "Every refusal of a command that changes something is in the audit, and most are answered with "
    "the reason and",
    "who may. People on the list are answered up to 20 commands in a minute each, and obeyed "
    "beyond "
    "that when",
    "they confirm or discard; all others together get four answers in a minute at each channel, "
    "and in "
    "private.",
    "",
    "An operator may what an SRE may, an SRE what a deployer may.",
    "",
    "## The commands",
    "",
    "| command | who | by | where | what it does |",
    "|---|---|---|---|---|",
};

static const char *const refusals[] = {
    "", "## Refusals", "", "Looked at in this order; the first that holds is answered.", "",
};

static const char *proof_words(enum command_proof proof)
{
    switch (proof) {
    case COMMAND_PROOF_NONE:
        return "nothing";
    case COMMAND_PROOF_ANY_ACCOUNT:
        return "any services account";
    case COMMAND_PROOF_PERSON:
        return "account or hostmask";
    case COMMAND_PROOF_CODE:
        return "one-time password";
    }
    return "";
}

static void print_who(FILE *out, const struct command_spec *spec)
{
    char who[100];

    if (!spec->roles && spec->proof != COMMAND_PROOF_NONE)
        (void)fputs("everybody in `people`", out);
    else
        (void)fputs(access_who_may(spec->verb, who, sizeof who), out);
    switch (spec->less) {
    case COMMAND_LESS_NEVER:
        break;
    case COMMAND_LESS_ALONE:
        (void)fputs("; alone, which only reads: anybody, everywhere", out);
        break;
    case COMMAND_LESS_STOP:
        (void)fputs("; `stop`: whoever has a services account", out);
        break;
    }
}

/* A bar would end the cell, also inside code. */
static void print_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

static void print_row(FILE *out, const struct command_spec *spec)
{
    char places[100];

    (void)fputs("| `!status", out);
    if (*spec->usage)
        (void)fputc(' ', out);
    print_cell(out, spec->usage);
    (void)fputs("` | ", out);
    print_who(out, spec);
    (void)fprintf(out, " | %s | %s | ", proof_words(spec->proof),
                  spec->places == COMMAND_EVERYWHERE
                      ? "everywhere"
                      : access_places(spec->verb, places, sizeof places));
    print_cell(out, spec->help);
    (void)fputs(" |\n", out);
}

static void print_lines(FILE *out, const char *const *line, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        (void)fprintf(out, "%s\n", line[i]);
}

int access_print(FILE *out)
{
    size_t i, n;
    const struct command_spec *spec = command_specs(&n);
    enum access_verdict verdict;

    print_lines(out, rules, sizeof rules / sizeof rules[0]);
    for (i = 0; i < n; i++)
        print_row(out, &spec[i]);
    print_lines(out, refusals, sizeof refusals / sizeof refusals[0]);
    for (verdict = ACCESS_RELAY; verdict <= ACCESS_SOON; verdict++)
        (void)fprintf(out, "%d. %s\n", (int)verdict, access_why(verdict));
    return fflush(out) || ferror(out) ? CRIER_EIO : 0;
}
