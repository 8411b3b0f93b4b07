/*
 * command: the table of chat commands, and a line of chat taken apart by it.
 *
 * One row for each command holds its name, who may give it, where and by what proof, how it is
 * typed and what it does; parsing, the answer to a mistake, the help, what access allows and
 * docs/who-may.md are all made from that table. Knows no incident and no person, keeps no state,
 * allocates nothing.
 */
#ifndef CRIER_COMMAND_H
#define CRIER_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings.h"

enum command_verb {
    COMMAND_STATUS, /* the bare prefix */
    COMMAND_SHOW,
    COMMAND_CONFIRM,
    COMMAND_BREAKGLASS,
    COMMAND_EDIT,
    COMMAND_TEXT,
    COMMAND_DISCARD,
    COMMAND_OPEN,
    COMMAND_UPDATE,
    COMMAND_RESOLVE,
    COMMAND_CORRECT,
    COMMAND_RETRACT,
    COMMAND_ADOPT,
    COMMAND_NOTE,
    COMMAND_TIMELINE,
    COMMAND_REPORT,
    COMMAND_MUTE,
    COMMAND_UNMUTE,
    COMMAND_MAINTENANCE,
    COMMAND_DRILL,
    COMMAND_WHO,
    COMMAND_HELP
};

/**
 * Where a command may be given, a bit set. A channel in which crier talks for real is no practice
 * channel, whatever else it is.
 */
enum command_place {
    COMMAND_IN_TALK = 1 << 0,     /* a channel with the role talk */
    COMMAND_IN_PRACTICE = 1 << 1, /* one with the role practice, without talk */
    COMMAND_IN_PRIVATE = 1 << 2,  /* a message to crier alone */
    COMMAND_EVERYWHERE = COMMAND_IN_TALK | COMMAND_IN_PRACTICE | COMMAND_IN_PRIVATE
};

/** What shows who gives a command. */
enum command_proof {
    COMMAND_PROOF_NONE,        /* nothing: anybody may */
    COMMAND_PROOF_ANY_ACCOUNT, /* some services account, listed or not */
    /* that of somebody in people, by account or hostmask; roles narrow it further */
    COMMAND_PROOF_PERSON,
    COMMAND_PROOF_CODE /* a one-time password in the message; whoever carries it out checks it */
};

/** A way of giving the same command that takes less. */
enum command_less {
    COMMAND_LESS_NEVER,
    COMMAND_LESS_ALONE, /* without words behind it: it only reads then, as anybody may */
    COMMAND_LESS_STOP   /* stop: whoever has some services account */
};

enum edit_field { EDIT_TITLE, EDIT_BODY, EDIT_IMPACT, EDIT_COMPONENTS, EDIT_START };

/** What somebody asked for. */
struct command {
    enum command_verb verb;
    int64_t incident;      /* 0: not given; only show and confirm may leave it out */
    int64_t revision;      /* 0: not given; never given without an incident, with any command */
    int64_t into;          /* adopt: the draft that goes on with it, 0: not given */
    bool quiet;            /* confirm: no mail to subscribers */
    enum edit_field field; /* edit */
    enum step step;        /* update: STEP_IDENTIFIED or STEP_MONITORING; resolve: STEP_RESOLVED */
    int64_t duration_ms;   /* mute */
    bool start;            /* drill: start, else stop; the scenario's name is the text */
    /* breakglass: the digits of one or two one-time passwords, without blanks; the text is a
     * person's name. Whoever has it overwrites it after use. */
    char code[17];
    const char *text; /* the rest, borrowed from the parsed line; "" when there is none */
};

enum {
    COMMAND_WHY_BYTES = 256,  /* enough for every `why` of command_parse() */
    COMMAND_HELP_BYTES = 351, /* one line of help, with its NUL */
    COMMAND_HELP_LINES = 12   /* enough for command_help() */
};

struct command_scan;

/** One row of the table. Who may, where and by what proof is judged by access_judge() alone. */
struct command_spec {
    enum command_verb verb;
    const char *name;         /* "" for the bare prefix */
    unsigned roles;           /* any one of these enum role bits; 0: no role is needed */
    unsigned places;          /* any one of these enum command_place bits */
    enum command_proof proof; /* COMMAND_PROOF_NONE never goes with roles */
    enum command_less less;
    const char *usage;   /* what to type behind the prefix: "confirm [N[.R]] [quiet]" */
    const char *example; /* "confirm 7.2" */
    const char *help;    /* one line without a full stop */
    int (*parse)(struct command_scan *scan, struct command *c); /* for command_parse() alone */
};

/** A line as it may be kept where it was refused: every number that may be a one-time password gone
 * astray is stars. @param dst cut to size. @return dst. */
char *command_without_codes(const char *line, char *dst, size_t size);

/** @return the table, in the order in which help shows it. */
const struct command_spec *command_specs(size_t *ret_n);
/** @return the row; every verb has one. */
const struct command_spec *command_spec_find(enum command_verb verb);
/** @return the row of that name (case-insensitive ASCII), or NULL. The bare prefix has no name. */
const struct command_spec *command_spec_by_name(const char *name);

/** @return the row that these n bytes, which name no command, were probably meant for, or NULL: a
 * slip of the fingers, a beginning, or another word for the same. To be suggested, never obeyed. */
const struct command_spec *command_guess(const char *word, size_t n);

/**
 * Whether a line is meant for the bot at all: it begins with the prefix (ASCII case does not
 * matter) and the prefix ends there: `!statusfoo` is not for us. White space before it, and one
 * backtick as copied from a prompt, are overlooked.
 */
bool command_is_addressed(const char *prefix, const char *line);

/**
 * Takes one line apart.
 *
 * Kind where the meaning is beyond doubt: case of the verbs, spaces of every sort, backticks and
 * full stops copied along with the command. Strict where it is not: surplus words are refused.
 *
 * @param prefix      as configured, "!status".
 * @param line        clean UTF-8 (utf8_clean); must outlive ret_command, whose text points into it.
 *                    It is left unchanged.
 * @param ret_command set on success only.
 * @param why         filled for CRIER_EINVAL: one clean line of text for the person, what to type
 *                    instead, never longer than COMMAND_WHY_BYTES - 1; else "".
 * @return 0, CRIER_ENOENT when the line is not a command at all, CRIER_EINVAL.
 */
int command_parse(const char *prefix, const char *line, struct command *ret_command, char *why,
                  size_t why_size) __attribute__((warn_unused_result));

/**
 * The command that somebody wants help with.
 * @param topic as typed behind help: only its first word counts, a prefix before it is overlooked.
 * @return the row, or NULL when there is none of that name, or no word.
 */
const struct command_spec *command_topic(const char *prefix, const char *topic);

/** One clean line of text about a word that is no command: the nearest, or where the list is.
 * @return false, and dst is "", when there is no word in it. */
bool command_unknown(const char *prefix, const char *word, char *dst, size_t size);

/**
 * The answer to `help`, made from the table.
 *
 * @param topic the word behind help: a command's name, or "" for all of them. An unknown word gets
 *              one line that names the nearest command.
 * @param lines COMMAND_HELP_LINES are enough; each is one clean line of at most 350 bytes.
 * @return lines filled.
 */
size_t command_help(const char *prefix, const char *topic, char lines[][COMMAND_HELP_BYTES],
                    size_t max_lines);

#endif
