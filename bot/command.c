#include "command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "duration.h"
#include "err.h"
#include "utf8.h"

enum {
    NUMBER_DIGITS = 9, /* of N and of R: no overflow, and nobody types more */
    WORD_BYTES = 32,   /* longer words are not repeated to anybody */
    CODE_DIGITS = 6    /* of a one-time password, at least */
};

/* A line on its way through the parsers of the rows below. */
struct command_scan {
    const char *prefix;
    const char *at; /* what is not read yet */
    const struct command_spec *spec;
    bool ticked; /* it began with a backtick */
    char *why;
    size_t why_size;
};

static int parse_alone(struct command_scan *scan, struct command *c);
static int parse_show(struct command_scan *scan, struct command *c);
static int parse_confirm(struct command_scan *scan, struct command *c);
static int parse_breakglass(struct command_scan *scan, struct command *c);
static int parse_edit(struct command_scan *scan, struct command *c);
static int parse_name(struct command_scan *scan, struct command *c);
static int parse_reason(struct command_scan *scan, struct command *c);
static int parse_text(struct command_scan *scan, struct command *c);
static int parse_update(struct command_scan *scan, struct command *c);
static int parse_resolve(struct command_scan *scan, struct command *c);
static int parse_correct(struct command_scan *scan, struct command *c);
static int parse_number(struct command_scan *scan, struct command *c);
static int parse_adopt(struct command_scan *scan, struct command *c);
static int parse_mute(struct command_scan *scan, struct command *c);
static int parse_topic(struct command_scan *scan, struct command *c);
static int parse_drill(struct command_scan *scan, struct command *c);

#define FOR_REAL (COMMAND_IN_TALK | COMMAND_IN_PRIVATE)
/* Roles, places, proof, and what takes less. */
#define READS ROLE_NONE, COMMAND_EVERYWHERE, COMMAND_PROOF_NONE, COMMAND_LESS_NEVER
#define CHANGES(role) (role), FOR_REAL, COMMAND_PROOF_PERSON, COMMAND_LESS_NEVER

/* To add a command: a verb in command.h, a row here; everything else reads the row. */
static const struct command_spec specs[] = {
    {COMMAND_STATUS, "", READS, "", "", "what is open, one line each", parse_alone},
    {COMMAND_SHOW, "show", READS, "show [N]", "show 7",
     "the draft or proposal exactly as it would be public", parse_show},
    {COMMAND_CONFIRM, "confirm", CHANGES(ROLE_DEPLOYER), "confirm [N[.R]] [quiet]", "confirm 7.2",
     "publish what was shown; quiet: no mail to subscribers", parse_confirm},
    {COMMAND_BREAKGLASS, "breakglass", ROLE_DEPLOYER, COMMAND_IN_PRIVATE, COMMAND_PROOF_CODE,
     COMMAND_LESS_NEVER, "breakglass N.R CODE [NEXT CODE] [NAME] [quiet]", "breakglass 7.2 123456",
     "confirm with a one-time password while services are gone, by private message only",
     parse_breakglass},
    {COMMAND_EDIT, "edit", CHANGES(ROLE_DEPLOYER), "edit N title|body|impact|components|start ...",
     "edit 7 impact minor", "change the draft or proposal before it is public", parse_edit},
    {COMMAND_TEXT, "text", CHANGES(ROLE_DEPLOYER), "text N [NAME]", "text 7 slow",
     "take another prepared wording; without a name: which there are", parse_reason},
    {COMMAND_DISCARD, "discard", CHANGES(ROLE_DEPLOYER), "discard N [reason]",
     "discard 7 false alarm",
     "drop the draft; of a public incident, drop the waiting proposal only", parse_reason},
    {COMMAND_OPEN, "open", CHANGES(ROLE_DEPLOYER), "open [title]", "open Pages load slowly",
     "a draft by hand", parse_text},
    {COMMAND_UPDATE, "update", CHANGES(ROLE_DEPLOYER), "update N identified|monitoring: TEXT",
     "update 7 identified: We know the cause and are undoing a change.",
     "propose the next step (the colon is part of it)", parse_update},
    {COMMAND_RESOLVE, "resolve", CHANGES(ROLE_DEPLOYER), "resolve N[: TEXT]", "resolve 7",
     "propose the end, in prepared words or in yours", parse_resolve},
    {COMMAND_CORRECT, "correct", CHANGES(ROLE_DEPLOYER), "correct N: TEXT",
     "correct 7: Editing is affected, reading is not.",
     "propose to replace the last public text, without mail", parse_correct},
    {COMMAND_RETRACT, "retract", CHANGES(ROLE_DEPLOYER), "retract N", "retract 7",
     "propose to close it as a false alarm", parse_number},
    {COMMAND_ADOPT, "adopt", CHANGES(ROLE_DEPLOYER), "adopt N [into M]", "adopt 8 into 7",
     "go on with an incident made by hand on the page", parse_adopt},
    {COMMAND_NOTE, "note", CHANGES(ROLE_DEPLOYER), "note N TEXT",
     "note 7 the database was switched", "into the timeline of the report, not public", parse_name},
    {COMMAND_TIMELINE, "timeline", READS, "timeline N", "timeline 7",
     "what happened, by private message", parse_number},
    {COMMAND_REPORT, "report", READS, "report N", "report 7", "where its report is", parse_number},
    {COMMAND_MUTE, "mute", CHANGES(ROLE_DEPLOYER), "mute DURATION REASON", "mute 30m we are on it",
     "no reminders for a while; drafts and proposals still speak", parse_mute},
    {COMMAND_UNMUTE, "unmute", CHANGES(ROLE_DEPLOYER), "unmute", "unmute", "reminders again",
     parse_alone},
    {COMMAND_MAINTENANCE, "maintenance", ROLE_SRE, FOR_REAL, COMMAND_PROOF_PERSON,
     COMMAND_LESS_ALONE, "maintenance [DURATION COMPONENT, ...|check NAME: REASON | end N]",
     "maintenance 2h Editing: new database servers",
     "planned work: alerts that it covers open no draft; alone: what is planned", parse_text},
    {COMMAND_DRILL, "drill", ROLE_NONE, COMMAND_IN_PRACTICE, COMMAND_PROOF_PERSON,
     COMMAND_LESS_STOP, "drill start [NAME]|stop", "drill start 2023-01-17",
     "in a practice channel: a recorded outage as if it happened now", parse_drill},
    {COMMAND_WHO, "who", READS, "who", "who", "who may do what", parse_alone},
    {COMMAND_HELP, "help", READS, "help [command]", "help edit",
     "this list, or more about one command", parse_topic},
};

enum { SPECS = sizeof specs / sizeof specs[0] };

const struct command_spec *command_specs(size_t *ret_n)
{
    *ret_n = SPECS;
    return specs;
}

const struct command_spec *command_spec_find(enum command_verb verb)
{
    size_t i;

    for (i = 0; i + 1 < SPECS; i++)
        if (specs[i].verb == verb)
            break;
    return &specs[i];
}

/* The row called by these n bytes, or NULL. */
static const struct command_spec *spec_by_word(const char *word, size_t n)
{
    size_t i;

    for (i = 0; i < SPECS; i++)
        if (n && strlen(specs[i].name) == n && !strncasecmp(specs[i].name, word, n))
            return &specs[i];
    return NULL;
}

const struct command_spec *command_spec_by_name(const char *name)
{
    return spec_by_word(name, strlen(name));
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Bytes of the white space at p, of any script; 0 where there is none. */
static size_t space_bytes(const char *p)
{
    size_t n = utf8_char_bytes(p);

    return n && utf8_is_space(utf8_decode(p)) ? n : 0;
}

static const char *skip_spaces(const char *p)
{
    size_t n;

    while ((n = space_bytes(p)))
        p += n;
    return p;
}

/* Bytes of the word that begins at p. */
static size_t word_bytes(const char *p)
{
    size_t n = 0;

    while (p[n] && !space_bytes(p + n))
        n++;
    return n;
}

/* Marks that come along when a command is copied out of a sentence. No question mark: "confirm
 * 7.2?" is a question. */
static bool is_copied_mark(char c)
{
    return c && strchr(".,;:!`'\")", c);
}

/* The length of a word without such marks at its end. */
static size_t trimmed(const char *word, size_t n)
{
    while (n && is_copied_mark(word[n - 1]))
        n--;
    return n;
}

/* The next word; moves on. Words of nothing but copied marks are passed over. */
static const char *next_word(struct command_scan *scan, size_t *ret_n)
{
    const char *word;
    size_t n;

    do {
        word = skip_spaces(scan->at);
        n = word_bytes(word);
        scan->at = word + n;
    } while (n && !trimmed(word, n));
    *ret_n = n;
    return word;
}

static bool word_is(const char *word, size_t n, const char *name)
{
    return strlen(name) == n && !strncasecmp(word, name, n);
}

static int refuse(struct command_scan *scan, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(struct command_scan *scan, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)utf8_vprint(scan->why, scan->why_size, fmt, ap);
    va_end(ap);
    return CRIER_EINVAL;
}

static int refuse_usage(struct command_scan *scan, const char *what)
{
    return refuse(scan, "%s: type `%s %s`, for example `%s %s`", what, scan->prefix,
                  scan->spec->usage, scan->prefix, scan->spec->example);
}

/* Nothing may follow. */
static int expect_end(struct command_scan *scan)
{
    size_t n;

    (void)next_word(scan, &n);
    return n ? refuse_usage(scan, "too many words") : 0;
}

/* The rest of the line is text. */
static int take_text(struct command_scan *scan, struct command *c)
{
    c->text = skip_spaces(scan->at);
    /* Borrowed text ends where the line ends, so a closing backtick cannot be cut off. */
    if (scan->ticked && strchr(c->text, '`'))
        return refuse(scan, "type it once more without the backticks");
    return 0;
}

/* Up to NUMBER_DIGITS digits; @return how many, 0 for none, too many, or zero. */
static size_t read_number(const char *p, size_t n, int64_t *ret)
{
    int64_t value = 0;
    size_t i;

    for (i = 0; i < n && p[i] >= '0' && p[i] <= '9'; i++) {
        if (i == NUMBER_DIGITS)
            return 0;
        value = value * 10 + (p[i] - '0');
    }
    *ret = value;
    return value ? i : 0;
}

/* Reads 7, #7 or 7.2 (n bytes, nothing copied along). */
static bool read_reference(const char *word, size_t n, int64_t *ret_incident, int64_t *ret_revision)
{
    int64_t incident, revision = 0;
    size_t used, digits;

    if (n && *word == '#') {
        word++;
        n--;
    }
    used = read_number(word, n, &incident);
    if (!used)
        return false;
    if (used < n) {
        if (word[used] != '.')
            return false;
        used++;
        digits = read_number(word + used, n - used, &revision);
        if (!digits || used + digits != n)
            return false;
    }
    *ret_incident = incident;
    *ret_revision = revision;
    return true;
}

/* The next word without copied marks; what begins with a colon in it is left unread, since that may
 * be part of the command. */
static const char *next_key(struct command_scan *scan, size_t *ret_n)
{
    size_t n, keep = 0;
    const char *word = next_word(scan, &n);

    while (keep < n && word[keep] != ':')
        keep++;
    scan->at = word + keep;
    *ret_n = trimmed(word, keep);
    return word;
}

/* A colon, alone or at the end of the word before it. */
static bool take_colon(struct command_scan *scan)
{
    const char *p = skip_spaces(scan->at);

    if (*p != ':')
        return false;
    scan->at = p + 1;
    return true;
}

/* The word that names an incident, which must be there. A colon behind it is left unread. */
static int take_reference(struct command_scan *scan, struct command *c)
{
    size_t n;
    const char *word = next_key(scan, &n);

    if (!n)
        return refuse_usage(scan, "which one");
    if (!read_reference(word, n, &c->incident, &c->revision))
        return refuse_usage(scan, "that is no incident's number");
    return 0;
}

/* ---- one parser for each shape of arguments -------------------------------------------------- */

static int parse_alone(struct command_scan *scan, struct command *c)
{
    (void)c;
    return expect_end(scan);
}

static int parse_number(struct command_scan *scan, struct command *c)
{
    int r = take_reference(scan, c);

    if (r)
        return r;
    (void)take_colon(scan);
    return expect_end(scan);
}

static int parse_adopt(struct command_scan *scan, struct command *c)
{
    const char *word;
    int64_t revision = 0;
    size_t n;
    int r = take_reference(scan, c);

    if (r)
        return r;
    word = next_word(scan, &n);
    if (!n)
        return 0;
    if (!word_is(word, n, "into"))
        return refuse_usage(scan, "into what");
    word = next_word(scan, &n);
    if (!n || !read_reference(word, trimmed(word, n), &c->into, &revision) ||
        c->into == c->incident)
        return refuse_usage(scan, "into which draft");
    return expect_end(scan);
}

static int parse_show(struct command_scan *scan, struct command *c)
{
    struct command_scan look = *scan;
    size_t n;

    (void)next_word(&look, &n);
    return n ? parse_number(scan, c) : 0;
}

static int parse_confirm(struct command_scan *scan, struct command *c)
{
    for (;;) {
        size_t n, keep;
        const char *word = next_word(scan, &n);

        keep = trimmed(word, n);
        if (!n)
            return 0;
        if (word_is(word, keep, "quiet") && !c->quiet) {
            c->quiet = true;
        } else if (!c->incident && read_reference(word, keep, &c->incident, &c->revision)) {
            /* "7." may be a sentence's end or half of 7.2: what goes public is not guessed. */
            if (!c->revision && keep < n && word[keep] == '.')
                return refuse(scan,
                              "all of %" PRId64 ", or one revision? type `%s confirm %" PRId64
                              "`, or the number as it was shown",
                              c->incident, scan->prefix, c->incident);
        } else if (c->incident && c->revision) {
            return refuse(scan,
                          "nothing was published: words that do not belong there; type "
                          "`%s confirm %" PRId64 ".%" PRId64 "`%s",
                          scan->prefix, c->incident, c->revision, c->quiet ? " (and quiet)" : "");
        } else {
            return refuse(scan, "nothing was published: type `%s %s`, for example `%s %s`",
                          scan->prefix, scan->spec->usage, scan->prefix, scan->spec->example);
        }
    }
}

/* One, or two that follow each other; each of 6 to 8 digits. */
static bool is_code_length(size_t n)
{
    return (n >= 6 && n <= 8) || n == 12 || n == 14 || n == 16;
}

/* Whether a word that is no code was probably meant as one: "O12345", but not "deployer1". */
static bool has_digits(const char *word, size_t n)
{
    enum { DIGITS_OF_A_SLIP = 4 };
    size_t i, digits = 0;

    for (i = 0; i < n; i++)
        digits += word[i] >= '0' && word[i] <= '9';
    return digits >= DIGITS_OF_A_SLIP;
}

/* What is refused is never repeated: a code may be in it. */
static int parse_breakglass(struct command_scan *scan, struct command *c)
{
    struct command_scan look;
    size_t n, keep, used = 0;
    const char *word;
    int r = take_reference(scan, c);

    if (r)
        return r;
    if (!c->revision)
        return refuse_usage(scan, "the whole number is needed, as it was shown");
    (void)take_colon(scan);
    /* apps show a code as "123 456" */
    for (;;) {
        look = *scan;
        word = next_word(&look, &n);
        keep = trimmed(word, n);
        if (!keep || strspn(word, "0123456789") < keep || used + keep >= sizeof c->code)
            break;
        memcpy(c->code + used, word, keep);
        used += keep;
        *scan = look;
    }
    if (!is_code_length(used))
        return refuse_usage(scan, used                     ? "a code has 6 to 8 digits"
                                  : has_digits(word, keep) ? "a code has digits only"
                                                           : "the code is missing");
    c->quiet = keep && word_is(word, keep, "quiet");
    if (c->quiet)
        *scan = look;
    return take_text(scan, c);
}

static int parse_edit(struct command_scan *scan, struct command *c)
{
    static const struct {
        const char *name;
        enum edit_field field;
        const char *example;
    } fields[] = {
        {"title", EDIT_TITLE, "Errors for logged-in users"},
        {"body", EDIT_BODY, "Some people see errors. We are investigating."},
        {"impact", EDIT_IMPACT, "none, minor, major or critical"},
        {"components", EDIT_COMPONENTS, "Editing partial outage"},
        {"component", EDIT_COMPONENTS, "Editing partial outage"},
        {"start", EDIT_START, "18:33"},
    };
    const char *word;
    size_t n, i;
    int r = take_reference(scan, c);

    if (r)
        return r;
    (void)take_colon(scan);
    word = next_key(scan, &n);
    for (i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!word_is(word, n, fields[i].name))
            continue;
        c->field = fields[i].field;
        (void)take_colon(scan);
        r = take_text(scan, c);
        if (!r && !*c->text)
            return refuse(scan, "say what it should be: `%s edit %" PRId64 " %s %s`", scan->prefix,
                          c->incident, fields[i].name, fields[i].example);
        return r;
    }
    return refuse_usage(scan, "edit what");
}

static int parse_name(struct command_scan *scan, struct command *c)
{
    int r = take_reference(scan, c);

    if (r)
        return r;
    (void)take_colon(scan);
    r = take_text(scan, c);
    if (!r && !*c->text)
        return refuse_usage(scan, "say what");
    return r;
}

static int parse_reason(struct command_scan *scan, struct command *c)
{
    int r = take_reference(scan, c);

    if (r)
        return r;
    (void)take_colon(scan);
    return take_text(scan, c);
}

static int parse_text(struct command_scan *scan, struct command *c)
{
    (void)take_colon(scan);
    return take_text(scan, c);
}

static int parse_update(struct command_scan *scan, struct command *c)
{
    const char *word;
    size_t n;
    int r = take_reference(scan, c);

    if (r)
        return r;
    (void)take_colon(scan);
    word = next_key(scan, &n);
    if (word_is(word, n, step_name(STEP_IDENTIFIED)))
        c->step = STEP_IDENTIFIED;
    else if (word_is(word, n, step_name(STEP_MONITORING)))
        c->step = STEP_MONITORING;
    else if (word_is(word, n, step_name(STEP_RESOLVED)))
        return refuse(scan,
                      "for the end there is `%s resolve %" PRId64 "`, or `%s resolve %" PRId64
                      ": TEXT`",
                      scan->prefix, c->incident, scan->prefix, c->incident);
    else if (word_is(word, n, step_name(STEP_INVESTIGATING)))
        return refuse(scan,
                      "it began with investigating: type `%s update %" PRId64
                      " identified: TEXT`; to change the words, `%s correct %" PRId64 ": TEXT`",
                      scan->prefix, c->incident, scan->prefix, c->incident);
    else
        return refuse_usage(scan, "identified or monitoring");
    if (!take_colon(scan))
        return refuse(scan, "a colon belongs behind the step: `%s update %" PRId64 " %s: TEXT`",
                      scan->prefix, c->incident, step_name(c->step));
    r = take_text(scan, c);
    if (!r && !*c->text)
        return refuse_usage(scan, "what should it say");
    return r;
}

static int parse_resolve(struct command_scan *scan, struct command *c)
{
    size_t n;
    int r = take_reference(scan, c);

    if (r)
        return r;
    c->step = STEP_RESOLVED;
    if (take_colon(scan))
        return take_text(scan, c);
    (void)next_word(scan, &n);
    if (n)
        return refuse(scan,
                      "a colon belongs before your words: `%s resolve %" PRId64
                      ": TEXT`; `%s resolve %" PRId64 "` takes the prepared ones",
                      scan->prefix, c->incident, scan->prefix, c->incident);
    return 0;
}

static int parse_correct(struct command_scan *scan, struct command *c)
{
    int r = take_reference(scan, c);

    if (r)
        return r;
    if (!take_colon(scan)) {
        size_t n;

        (void)next_word(scan, &n);
        if (n)
            return refuse(scan, "a colon belongs before your words: `%s correct %" PRId64 ": TEXT`",
                          scan->prefix, c->incident);
    }
    r = take_text(scan, c);
    if (!r && !*c->text)
        return refuse_usage(scan, "what should it say");
    return r;
}

/* "30m", "2 h": the unit may be a word of its own. */
static int parse_mute(struct command_scan *scan, struct command *c)
{
    char typed[WORD_BYTES];
    const char *word, *unit;
    size_t n, m = 0;

    word = next_word(scan, &n);
    if (n && n < sizeof typed && strspn(word, "0123456789") == n) {
        const char *behind = scan->at;

        unit = next_word(scan, &m);
        if (n + m + 2 > sizeof typed || !m) {
            scan->at = behind;
            m = 0;
        }
        (void)snprintf(typed, sizeof typed, "%.*s %.*s", (int)n, word, (int)m, m ? unit : "");
    } else {
        (void)snprintf(typed, sizeof typed, "%.*s", n < sizeof typed ? (int)n : 0, word);
    }
    if (duration_parse(typed, &c->duration_ms) || c->duration_ms <= 0)
        return refuse_usage(scan, "for how long");
    (void)take_colon(scan);
    if (take_text(scan, c) || !*c->text)
        return refuse_usage(scan, "say why");
    return 0;
}

static int parse_topic(struct command_scan *scan, struct command *c)
{
    c->text = skip_spaces(scan->at);
    return 0;
}

static int parse_drill(struct command_scan *scan, struct command *c)
{
    size_t n;
    const char *word = next_key(scan, &n);

    c->start = word_is(word, n, "start");
    if (!c->start && !word_is(word, n, "stop"))
        return refuse_usage(scan, "start or stop");
    (void)take_colon(scan);
    return c->start ? take_text(scan, c) : expect_end(scan);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

/* Whether a word can be repeated to the person without a second thought. */
static bool is_plain_word(const char *word, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (!((word[i] >= 'A' && word[i] <= 'Z') || (word[i] >= 'a' && word[i] <= 'z') ||
              (word[i] >= '0' && word[i] <= '9') || word[i] == '-' || word[i] == '_'))
            return false;
    return n && n <= WORD_BYTES;
}

static bool has_long_number(const char *word, size_t n)
{
    size_t i, digits = 0;

    for (i = 0; i < n && digits < CODE_DIGITS; i++)
        digits = word[i] >= '0' && word[i] <= '9' ? digits + 1 : 0;
    return digits == CODE_DIGITS;
}

/* Answers a first word that is no command. */
static int refuse_word(struct command_scan *scan, const char *word, size_t n)
{
    const struct command_spec *near;
    char typed[WORD_BYTES + 16] = "that is no command";
    int64_t incident, revision;

    if (has_long_number(word, n)) /* which may be a one-time password */
        return refuse(scan, "that is no command: `%s help` lists them", scan->prefix);
    if (read_reference(word, n, &incident, &revision)) {
        if (revision)
            return refuse(scan,
                          "`%s show %" PRId64 "` shows it, `%s confirm %" PRId64 ".%" PRId64
                          "` publishes it",
                          scan->prefix, incident, scan->prefix, incident, revision);
        return refuse(scan,
                      "`%s show %" PRId64 "` shows it, `%s confirm %" PRId64
                      "` publishes its latest revision",
                      scan->prefix, incident, scan->prefix, incident);
    }
    near = command_guess(word, n);
    if (is_plain_word(word, n))
        (void)snprintf(typed, sizeof typed, "no command \"%.*s\"", (int)n, word);
    if (!near)
        return refuse(scan, "%s: `%s help` lists them", typed, scan->prefix);
    if (!*near->name)
        return refuse(scan, "%s: type `%s` for what is open, `%s help` for all commands", typed,
                      scan->prefix, scan->prefix);
    if (near->verb == COMMAND_CONFIRM) {
        struct command_scan again = *scan;
        struct command c = {0};

        again.spec = near;
        again.why_size = 0;
        if (!parse_confirm(&again, &c) && c.revision)
            return refuse(scan, "%s: type `%s confirm %" PRId64 ".%" PRId64 "%s`", typed,
                          scan->prefix, c.incident, c.revision, c.quiet ? " quiet" : "");
    }
    return refuse(scan, "%s: did you mean `%s %s`? `%s help` lists them", typed, scan->prefix,
                  near->usage, scan->prefix);
}

/* ---- the whole line -------------------------------------------------------------------------- */

/*
 * What follows the prefix, or NULL when the line is not for us.
 * @param ret_ticked a backtick came before it.
 */
static const char *behind_prefix(const char *prefix, const char *line, bool *ret_ticked)
{
    size_t len = prefix ? strlen(prefix) : 0;
    const char *p = skip_spaces(line);

    *ret_ticked = *p == '`';
    if (*ret_ticked)
        p = skip_spaces(p + 1);
    if (!len || strncasecmp(p, prefix, len) != 0)
        return NULL;
    p += len;
    line = p;
    while (is_copied_mark(*p) || *p == '?')
        p++;
    /* "!status: confirm", "!status?"; but not "!statusfoo" or "!status.php" */
    if (*p && !space_bytes(p))
        return NULL;
    return *ret_ticked ? line : p; /* the closing backtick is looked at later */
}

bool command_is_addressed(const char *prefix, const char *line)
{
    bool ticked;

    return behind_prefix(prefix, line, &ticked) != NULL;
}

/* Copied with backticks: nothing but marks may follow the second one. */
static bool ends_with_tick(const char *p)
{
    p = strchr(p, '`');
    while (p && (is_copied_mark(*p) || space_bytes(p)))
        p += is_copied_mark(*p) ? 1 : space_bytes(p);
    return !p || !*p;
}

int command_parse(const char *prefix, const char *line, struct command *ret_command, char *why,
                  size_t why_size)
{
    struct command_scan scan = {.prefix = prefix, .why = why, .why_size = why_size};
    struct command c = {.verb = COMMAND_STATUS, .text = ""};
    const char *word;
    size_t n, keep;
    int r;

    if (why_size)
        why[0] = '\0';
    scan.at = behind_prefix(prefix, line, &scan.ticked);
    if (!scan.at)
        return CRIER_ENOENT;
    if (scan.ticked && !ends_with_tick(scan.at))
        return refuse(&scan, "to give a command, type it alone, without backticks");
    word = next_word(&scan, &n);
    keep = trimmed(word, n);
    if (keep && word[keep - 1] == '?') {
        /* "help?" is help; "confirm?" is not a confirmation. */
        scan.spec = spec_by_word(word, keep - 1);
        if (scan.spec && scan.spec->roles != ROLE_NONE)
            scan.spec = NULL;
    } else {
        scan.spec = n ? spec_by_word(word, keep) : command_spec_find(COMMAND_STATUS);
    }
    if (!scan.spec)
        return refuse_word(&scan, word, keep);
    c.verb = scan.spec->verb;
    r = scan.spec->parse(&scan, &c);
    if (!r)
        *ret_command = c;
    explicit_bzero(c.code, sizeof c.code);
    return r;
}

char *command_without_codes(const char *line, char *dst, size_t size)
{
    size_t i, n;

    (void)utf8_print(dst, size, "%s", line);
    for (i = 0; dst[i]; i += n ? n : 1) {
        n = strspn(dst + i, "0123456789");
        if (n >= CODE_DIGITS)
            memset(dst + i, '*', n);
    }
    return dst;
}

/* ---- for help -------------------------------------------------------------------------------- */

/* The first word of a topic, without the prefix. */
static const char *topic_word(const char *prefix, const char *topic, size_t *ret_n)
{
    bool ticked;
    const char *rest = behind_prefix(prefix, topic, &ticked);
    struct command_scan scan = {.at = rest ? rest : topic};
    const char *word = next_word(&scan, ret_n);

    while (*ret_n && is_copied_mark(*word)) { /* an opening backtick */
        word++;
        --*ret_n;
    }
    *ret_n = trimmed(word, *ret_n);
    return word;
}

const struct command_spec *command_topic(const char *prefix, const char *topic)
{
    size_t n;
    const char *word = topic_word(prefix, topic, &n);

    return spec_by_word(word, n);
}

bool command_unknown(const char *prefix, const char *word, char *dst, size_t size)
{
    struct command_scan scan = {.prefix = prefix, .at = "", .why = dst, .why_size = size};
    size_t n;

    if (size)
        dst[0] = '\0';
    word = topic_word(prefix, word, &n);
    if (n)
        (void)refuse_word(&scan, word, n);
    return n > 0;
}
