#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"
#include "err.h"
#include "utf8.h"

#define NBSP "\xc2\xa0"

/* Parses a copy on the heap, so that reading too far is seen; text is compared before it is freed.
 */
static int parse(const char *line, struct command *c, char *text, size_t text_size, char *why)
{
    char *copy = strdup(line);
    int r;

    assert_non_null(copy);
    memset(c, 0xee, sizeof *c);
    r = command_parse("!status", copy, c, why, COMMAND_WHY_BYTES);
    if (!r) {
        assert_non_null(c->text);
        assert_true(strlen(c->text) < text_size);
        memcpy(text, c->text, strlen(c->text) + 1);
        assert_string_equal(why, "");
    }
    assert_string_equal(copy, line);
    free(copy);
    return r;
}

static void understands(void **state)
{
    static const struct {
        const char *line;
        struct command wanted;
    } rows[] = {
        {"!status", {.verb = COMMAND_STATUS}},
        {"!STATUS", {.verb = COMMAND_STATUS}},
        {"  !status  ", {.verb = COMMAND_STATUS}},
        {"!status?", {.verb = COMMAND_STATUS}},
        {"!status.", {.verb = COMMAND_STATUS}},
        {"`!status`", {.verb = COMMAND_STATUS}},
        {"!status show", {.verb = COMMAND_SHOW}},
        {"!status show 7", {.verb = COMMAND_SHOW, .incident = 7}},
        {"!status show 7.2", {.verb = COMMAND_SHOW, .incident = 7, .revision = 2}},
        {"!status show #7", {.verb = COMMAND_SHOW, .incident = 7}},
        {"!status show?", {.verb = COMMAND_SHOW}},
        {"!status show 7.", {.verb = COMMAND_SHOW, .incident = 7}},
        {"!status: show 7", {.verb = COMMAND_SHOW, .incident = 7}},
        {"!status, show 7", {.verb = COMMAND_SHOW, .incident = 7}},
        /* confirm */
        {"!status confirm", {.verb = COMMAND_CONFIRM}},
        {"!status confirm 7", {.verb = COMMAND_CONFIRM, .incident = 7}},
        {"!status confirm 7.2", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status CONFIRM 7.2", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status   confirm \t 7.2  ", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {NBSP "!status" NBSP "confirm" NBSP NBSP "7.2" NBSP,
         {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status\xe3\x80\x80"
         "confirm\xe2\x80\x83"
         "7.2",
         {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status confirm 7.2.", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status confirm 7.2 .", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status confirm 7.2,", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status confirm 7.2!", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status confirm 7.2`", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"`!status confirm 7.2`", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"`!status confirm 7.2`.", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"`!status confirm 7.2", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"` !status confirm 7.2 `", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status confirm #7.2", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status confirm 007.02", {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2}},
        {"!status confirm 1.10", {.verb = COMMAND_CONFIRM, .incident = 1, .revision = 10}},
        {"!status confirm 999999999.999999999",
         {.verb = COMMAND_CONFIRM, .incident = 999999999, .revision = 999999999}},
        {"!status confirm quiet", {.verb = COMMAND_CONFIRM, .quiet = true}},
        {"!status confirm 7 quiet", {.verb = COMMAND_CONFIRM, .incident = 7, .quiet = true}},
        {"!status confirm 7.2 Quiet.",
         {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2, .quiet = true}},
        {"!status confirm quiet 7.2",
         {.verb = COMMAND_CONFIRM, .incident = 7, .revision = 2, .quiet = true}},
        /* edit */
        {"!status edit 7 title Errors for some",
         {.verb = COMMAND_EDIT, .incident = 7, .field = EDIT_TITLE, .text = "Errors for some"}},
        {"!status edit 7 Title: Errors: many",
         {.verb = COMMAND_EDIT, .incident = 7, .field = EDIT_TITLE, .text = "Errors: many"}},
        {"!status edit 7 title:Errors",
         {.verb = COMMAND_EDIT, .incident = 7, .field = EDIT_TITLE, .text = "Errors"}},
        {"!status edit 7: body : Two  spaces stay.",
         {.verb = COMMAND_EDIT, .incident = 7, .field = EDIT_BODY, .text = "Two  spaces stay."}},
        {"!status edit 7.2 impact major",
         {.verb = COMMAND_EDIT,
          .incident = 7,
          .revision = 2,
          .field = EDIT_IMPACT,
          .text = "major"}},
        {"!status edit 7 components Editing partial outage",
         {.verb = COMMAND_EDIT,
          .incident = 7,
          .field = EDIT_COMPONENTS,
          .text = "Editing partial outage"}},
        {"!status edit 7 component Editing: partial",
         {.verb = COMMAND_EDIT,
          .incident = 7,
          .field = EDIT_COMPONENTS,
          .text = "Editing: partial"}},
        {"!status edit 7 start 18:33",
         {.verb = COMMAND_EDIT, .incident = 7, .field = EDIT_START, .text = "18:33"}},
        {"!status edit 7 title `code` stays",
         {.verb = COMMAND_EDIT, .incident = 7, .field = EDIT_TITLE, .text = "`code` stays"}},
        {"`!status edit 7 title Errors",
         {.verb = COMMAND_EDIT, .incident = 7, .field = EDIT_TITLE, .text = "Errors"}},
        /* the others */
        {"!status text 7 slow", {.verb = COMMAND_TEXT, .incident = 7, .text = "slow"}},
        {"!status text 7", {.verb = COMMAND_TEXT, .incident = 7, .text = ""}},
        {"!status discard 7", {.verb = COMMAND_DISCARD, .incident = 7}},
        {"!status discard 7.2", {.verb = COMMAND_DISCARD, .incident = 7, .revision = 2}},
        {"!status discard 7 a false alarm?",
         {.verb = COMMAND_DISCARD, .incident = 7, .text = "a false alarm?"}},
        {"!status discard 7: false alarm",
         {.verb = COMMAND_DISCARD, .incident = 7, .text = "false alarm"}},
        {"`!status discard 7`", {.verb = COMMAND_DISCARD, .incident = 7}},
        {"!status open", {.verb = COMMAND_OPEN}},
        {"!status open Pages load slowly", {.verb = COMMAND_OPEN, .text = "Pages load slowly"}},
        {"!status open: Pages load slowly", {.verb = COMMAND_OPEN, .text = "Pages load slowly"}},
        {"!status update 7 identified: We know why.",
         {.verb = COMMAND_UPDATE, .incident = 7, .step = STEP_IDENTIFIED, .text = "We know why."}},
        {"!status update 7 Monitoring : It is back.",
         {.verb = COMMAND_UPDATE, .incident = 7, .step = STEP_MONITORING, .text = "It is back."}},
        {"!status update 7: monitoring:It is back.",
         {.verb = COMMAND_UPDATE, .incident = 7, .step = STEP_MONITORING, .text = "It is back."}},
        {"!status update 7 identified: monitoring: both",
         {.verb = COMMAND_UPDATE,
          .incident = 7,
          .step = STEP_IDENTIFIED,
          .text = "monitoring: both"}},
        {"!status resolve 7", {.verb = COMMAND_RESOLVE, .incident = 7, .step = STEP_RESOLVED}},
        {"!status resolve 7.", {.verb = COMMAND_RESOLVE, .incident = 7, .step = STEP_RESOLVED}},
        {"!status resolve 7:", {.verb = COMMAND_RESOLVE, .incident = 7, .step = STEP_RESOLVED}},
        {"!status resolve 7: All is well.",
         {.verb = COMMAND_RESOLVE, .incident = 7, .step = STEP_RESOLVED, .text = "All is well."}},
        {"!status resolve 7 :All is well.",
         {.verb = COMMAND_RESOLVE, .incident = 7, .step = STEP_RESOLVED, .text = "All is well."}},
        {"!status correct 7: Editing only.",
         {.verb = COMMAND_CORRECT, .incident = 7, .text = "Editing only."}},
        {"!status retract 7", {.verb = COMMAND_RETRACT, .incident = 7}},
        {"!status retract #7.", {.verb = COMMAND_RETRACT, .incident = 7}},
        {"!status drill start", {.verb = COMMAND_DRILL, .start = true}},
        {"!status drill Start.", {.verb = COMMAND_DRILL, .start = true}},
        {"!status drill start 2023-01-17",
         {.verb = COMMAND_DRILL, .start = true, .text = "2023-01-17"}},
        {"!status drill stop", {.verb = COMMAND_DRILL}},
        {"!status who", {.verb = COMMAND_WHO}},
        {"!status who?", {.verb = COMMAND_WHO}},
        {"!status help", {.verb = COMMAND_HELP}},
        {"!status help?", {.verb = COMMAND_HELP}},
        {"!status help confirm", {.verb = COMMAND_HELP, .text = "confirm"}},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct command *w = &rows[i].wanted;
        char text[256], why[COMMAND_WHY_BYTES];
        struct command c;
        int r = parse(rows[i].line, &c, text, sizeof text, why);

        if (r)
            fail_msg("\"%s\": %d, %s", rows[i].line, r, why);
        if (c.verb != w->verb || c.incident != w->incident || c.revision != w->revision ||
            c.quiet != w->quiet || c.start != w->start || c.field != w->field ||
            c.step != w->step || strcmp(text, w->text ? w->text : "") != 0)
            fail_msg("\"%s\": verb %d, %lld.%lld, quiet %d, field %d, step %d, \"%s\"",
                     rows[i].line, (int)c.verb, (long long)c.incident, (long long)c.revision,
                     c.quiet, (int)c.field, (int)c.step, text);
        assert_true(command_is_addressed("!status", rows[i].line));
    }
}

static void leaves_other_lines_alone(void **state)
{
    static const char *const rows[] = {
        "",
        " ",
        "hello",
        "!statusfoo",
        "!statuses",
        "!status.php is broken",
        "!status-page",
        "!status/confirm",
        "!status\xc3\xa9",
        "!statu",
        "!stat",
        "status confirm 7.2",
        "say !status confirm 7.2",
        "<alice> !status confirm 7.2",
        "\"!status confirm 7.2\"",
        "``!status confirm 7.2``",
        "please `!status confirm 7.2`",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64], why[COMMAND_WHY_BYTES] = "x";
        struct command c;

        if (parse(rows[i], &c, text, sizeof text, why) != CRIER_ENOENT)
            fail_msg("\"%s\"", rows[i]);
        assert_string_equal(why, "");
        assert_int_equal(c.incident, (int64_t)0xeeeeeeeeeeeeeeee); /* untouched */
        assert_false(command_is_addressed("!status", rows[i]));
    }
    assert_false(command_is_addressed("", "anything"));
    assert_false(command_is_addressed(NULL, "anything"));
    assert_true(command_is_addressed("crier:", "crier: show"));
    assert_true(command_is_addressed("\xc3\xa9tat", "\xc3\xa9tat show"));
}

static void refuses_and_says_what_to_type(void **state)
{
    static const struct {
        const char *line;
        const char *hint; /* part of the answer */
    } rows[] = {
        /* slips */
        {"!status confrim 7.2", "type `!status confirm 7.2`"},
        {"!status confrim 7.2", "no command \"confrim\""},
        {"!status confirn 7.2 quiet", "`!status confirm 7.2 quiet`"},
        {"!status conf 7", "`!status confirm [N[.R]] [quiet]`"},
        {"!status conf something else", "`!status confirm [N[.R]] [quiet]`"},
        {"!status confirm7.2", "`!status confirm [N[.R]] [quiet]`"},
        {"!status confirmed", "`!status confirm [N[.R]] [quiet]`"},
        {"!status hlep", "`!status help [command]`"},
        {"!status disacrd 7", "`!status discard N [reason]`"},
        {"!status reslove 7", "`!status resolve N[: TEXT]`"},
        {"!status shwo", "`!status show [N]`"},
        {"!status tetract 7", "`!status retract N`"},
        {"!status ediit 7 title x", "`!status edit N "},
        {"!status xyzzy", "no command \"xyzzy\": `!status help` lists them"},
        {"!status eddx", "no command \"eddx\": `!status help` lists them"},
        {"!status zz", "`!status help` lists them"},
        {"!status of the site?", "no command \"of\": `!status help` lists them"},
        /* other words for the same */
        {"!status publish 7.2", "type `!status confirm 7.2`"},
        {"!status yes", "`!status confirm [N[.R]] [quiet]`"},
        {"!status close 7", "`!status resolve N[: TEXT]`"},
        {"!status drop 7", "`!status discard N [reason]`"},
        {"!status list", "type `!status` for what is open"},
        {"!status 7", "`!status show 7` shows it"},
        {"!status 7", "`!status confirm 7` publishes"},
        {"!status 7.2", "`!status confirm 7.2` publishes it"},
        {"!status 7.2 confirm", "`!status confirm 7.2` publishes it"},
        /* foreign text is not repeated */
        {"!status <script>", "that is no command: "},
        {"!status caf\xc3\xa9", "that is no command: "},
        {"!status aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "that is no command: "},
        {"!status ?", "that is no command: "},
        /* confirm takes nothing else */
        {"!status confirm 7.2 please", "nothing was published"},
        {"!status confirm 7.2 please", "type `!status confirm 7.2`"},
        {"!status confirm please", "nothing was published"},
        {"!status confirm 7.2 7.3", "nothing was published"},
        {"!status confirm 7.2 quietly", "nothing was published"},
        {"!status confirm 7.2 quiet quiet", "nothing was published"},
        {"!status confirm quiet 7.2 x", "type `!status confirm 7.2` (and quiet)"},
        {"!status confirm 7.2?", "nothing was published"},
        {"!status confirm 7.2 ?", "nothing was published"},
        {"!status confirm 7 2", "nothing was published"},
        {"!status confirm 7,2", "nothing was published"},
        {"!status confirm 7.2.1", "nothing was published"},
        {"!status confirm 7.0", "nothing was published"},
        {"!status confirm 0", "nothing was published"},
        {"!status confirm 0.1", "nothing was published"},
        {"!status confirm -7", "nothing was published"},
        {"!status confirm .2", "nothing was published"},
        {"!status confirm 7.2x", "nothing was published"},
        {"!status confirm ##7", "nothing was published"},
        {"!status confirm 1000000000", "nothing was published"},
        {"!status confirm 7.1000000000", "nothing was published"},
        {"!status confirm 18446744073709551623", "nothing was published"},
        {"!status confirm 7.", "`!status confirm 7`"},
        {"!status confirm 7. quiet", "`!status confirm 7`"},
        {"!status confirm?", "`!status confirm [N[.R]] [quiet]`"},
        {"!status confirm? 7.2", "`!status confirm 7.2`"},
        {"!status confirm \xef\xbc\x97", "nothing was published"}, /* fullwidth 7 */
        /* a number is needed */
        {"!status edit title x", "that is no incident's number"},
        {"!status edit", "which one: type `!status edit N "},
        {"!status discard", "which one: type `!status discard N [reason]`"},
        {"!status resolve", "which one"},
        {"!status retract", "which one"},
        {"!status text", "which one"},
        {"!status text slow", "that is no incident's number"},
        {"!status correct", "which one"},
        {"!status update", "which one"},
        {"!status discard everything", "that is no incident's number"},
        {"!status retract 0", "that is no incident's number"},
        {"!status show x", "that is no incident's number"},
        {"!status discard `", "which one"},
        /* edit */
        {"!status edit 7", "edit what"},
        {"!status edit 7 colour red", "edit what"},
        {"!status edit 7 title", "`!status edit 7 title Errors"},
        {"!status edit 7 title:", "`!status edit 7 title Errors"},
        {"!status edit 7 impact", "none, minor, major or critical"},
        {"!status edit 7 start", "`!status edit 7 start 18:33`"},
        {"!status note 7", "say what"},
        /* the colon */
        {"!status update 7", "identified or monitoring"},
        {"!status update 7 identified", "a colon belongs behind the step"},
        {"!status update 7 identified We know.", "`!status update 7 identified: TEXT`"},
        {"!status update 7 monitoring:", "what should it say"},
        {"!status update 7: We know.", "identified or monitoring"},
        {"!status update 7 identifed: We know.", "identified or monitoring"},
        {"!status update 7 resolved: Done.", "`!status resolve 7: TEXT`"},
        {"!status update 7 investigating: More.", "`!status correct 7: TEXT`"},
        {"!status resolve 7 all is well", "`!status resolve 7: TEXT`"},
        {"!status correct 7", "what should it say"},
        {"!status correct 7:", "what should it say"},
        {"!status correct 7 Editing only", "`!status correct 7: TEXT`"},
        {"!status drill", "start or stop"},
        {"!status drill begin", "start or stop"},
        {"!status drill stop now", "drill start [NAME]|stop"},
        /* surplus words */
        {"!status show 7 now", "too many words"},
        {"!status retract 7 now", "too many words"},
        {"!status who are you", "too many words"},
        /* backticks: somebody explains, or a text that cannot be cut out */
        {"`!status confirm 7.2` publishes it", "type it alone, without backticks"},
        {"`!status discard 7` drops it", "type it alone, without backticks"},
        {"`!status` shows what is open", "type it alone, without backticks"},
        {"`!status edit 7 title Errors`", "without the backticks"},
        {"`!status update 7 identified: We know.`", "without the backticks"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256], why[COMMAND_WHY_BYTES];
        struct command c;
        int r = parse(rows[i].line, &c, text, sizeof text, why);

        if (r != CRIER_EINVAL)
            fail_msg("\"%s\": %d", rows[i].line, r);
        if (!strstr(why, rows[i].hint))
            fail_msg("\"%s\": %s", rows[i].line, why);
        assert_true(strlen(why) < COMMAND_WHY_BYTES - 1);
        assert_true(command_is_addressed("!status", rows[i].line));
    }
}

/* What the bot tells people to type must be what it takes. */
static void every_suggestion_works(void **state)
{
    size_t n, i;
    const struct command_spec *spec = command_specs(&n);

    (void)state;
    for (i = 0; i < n; i++) {
        char line[256], text[256], why[COMMAND_WHY_BYTES];
        struct command c;

        (void)snprintf(line, sizeof line, "!status %s", spec[i].example);
        if (parse(line, &c, text, sizeof text, why))
            fail_msg("\"%s\": %s", line, why);
        assert_int_equal(c.verb, spec[i].verb);
    }
}

static void the_table_is_whole(void **state)
{
    size_t n, i, j;
    const struct command_spec *spec = command_specs(&n);

    (void)state;
    assert_int_equal(n, COMMAND_HELP + 1);
    for (i = 0; i < n; i++) {
        size_t len = strlen(spec[i].name);

        assert_ptr_equal(command_spec_find(spec[i].verb), &spec[i]);
        assert_ptr_equal(command_spec_by_name(spec[i].name), len ? &spec[i] : NULL);
        assert_int_equal(strncmp(spec[i].usage, spec[i].name, len), 0);
        assert_int_equal(strncmp(spec[i].example, spec[i].name, len), 0);
        assert_true(spec[i].help[0] != '\0');
        assert_true(spec[i].help[strlen(spec[i].help) - 1] != '.');
        for (j = 0; j < i; j++)
            assert_string_not_equal(spec[i].name, spec[j].name);
    }
    assert_ptr_equal(command_spec_by_name("CONFIRM"), command_spec_find(COMMAND_CONFIRM));
    assert_null(command_spec_by_name("confir"));
    assert_null(command_spec_by_name(""));
}

static void keeps_to_the_room_for_why(void **state)
{
    static const char prefix[] = "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9";
    char line[64];
    size_t size;

    (void)state;
    (void)snprintf(line, sizeof line, "%s confrim 7.2", prefix);
    for (size = 0; size < 120; size++) {
        char *why = malloc(size ? size : 1);
        struct command c;

        assert_non_null(why);
        assert_int_equal(command_parse(prefix, line, &c, why, size), CRIER_EINVAL);
        if (size) {
            assert_true(strlen(why) < size);
            assert_true(utf8_is_valid(why));
        }
        free(why);
    }
}

static void helps_with_everything(void **state)
{
    char lines[COMMAND_HELP_LINES][COMMAND_HELP_BYTES];
    size_t n, n_specs, i, j, found;
    const struct command_spec *spec = command_specs(&n_specs);

    (void)state;
    n = command_help("!status", "", lines, COMMAND_HELP_LINES);
    assert_true(n >= 2 && n <= 6);
    for (i = 0; i < n; i++)
        assert_true(lines[i][0] == '`' && strlen(lines[i]) <= 350);
    for (i = 0; i + 1 < n; i++) { /* no line more than are needed */
        const char *end = strstr(lines[i + 1], " | ");
        size_t next = end ? (size_t)(end - lines[i + 1]) : strlen(lines[i + 1]);

        assert_true(strlen(lines[i]) + 3 + next > 350);
    }
    for (j = 0; j < n_specs; j++) {
        char wanted[128];

        (void)snprintf(wanted, sizeof wanted, "`!status%s%s`: %s", *spec[j].usage ? " " : "",
                       spec[j].usage, spec[j].help);
        for (i = found = 0; i < n; i++)
            found += strstr(lines[i], wanted) != NULL;
        assert_int_equal(found, 1);
    }
    assert_int_equal(command_help("!status", "", lines, 0), 0);
    assert_int_equal(command_help("!status", "", lines, 1), 1);
    assert_int_equal(command_help("!status", " ", lines, COMMAND_HELP_LINES), n);
    assert_int_equal(command_help("!status", "!status", lines, COMMAND_HELP_LINES), n);
}

static void helps_with_one(void **state)
{
    static const struct {
        const char *topic, *first, *second;
    } rows[] = {
        {"confirm", "`!status confirm [N[.R]] [quiet]`: publish",
         "For deployers, SREs and operators"},
        {"confirm", "quiet: no mail", "For example: `!status confirm 7.2`"},
        {"Confirm.", "`!status confirm ", "7.2"},
        {"`confirm`", "`!status confirm ", "7.2"},
        {"!status confirm", "`!status confirm ", "7.2"},
        {"`!status confirm`", "`!status confirm ", "7.2"},
        {"edit title", "`!status edit N ", "18:33"},
        {"show", "`!status show [N]`: ", "For anybody"},
        {"update", "identified|monitoring: TEXT", "confirmed"},
    };
    char lines[COMMAND_HELP_LINES][COMMAND_HELP_BYTES];
    size_t n_specs, i;
    const struct command_spec *spec = command_specs(&n_specs);

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(command_help("!status", rows[i].topic, lines, COMMAND_HELP_LINES), 2);
        if (!strstr(lines[0], rows[i].first) || !strstr(lines[1], rows[i].second))
            fail_msg("\"%s\": %s / %s", rows[i].topic, lines[0], lines[1]);
    }
    for (i = 1; i < n_specs; i++) {
        assert_int_equal(command_help("!status", spec[i].name, lines, COMMAND_HELP_LINES), 2);
        assert_true(strlen(lines[0]) < 340 && strlen(lines[1]) < 340);
        assert_int_equal(command_help("!status", spec[i].name, lines, 1), 1);
    }
    assert_int_equal(command_help("!status", "confrim", lines, COMMAND_HELP_LINES), 1);
    assert_non_null(strstr(lines[0], "`!status confirm [N[.R]] [quiet]`"));
    assert_int_equal(command_help("!status", "xyzzy", lines, COMMAND_HELP_LINES), 1);
    assert_string_equal(lines[0], "no command \"xyzzy\": `!status help` lists them");
}

static void help_bears_a_long_prefix(void **state)
{
    char lines[COMMAND_HELP_LINES][COMMAND_HELP_BYTES], prefix[400];
    size_t n, i;

    (void)state;
    memset(prefix, 'p', sizeof prefix - 1);
    prefix[sizeof prefix - 1] = '\0';
    n = command_help(prefix, "", lines, COMMAND_HELP_LINES);
    assert_int_equal(n, COMMAND_HELP_LINES);
    for (i = 0; i < n; i++)
        assert_int_equal(strlen(lines[i]), 350);
    assert_int_equal(command_help(prefix, "edit", lines, COMMAND_HELP_LINES), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understands),
        cmocka_unit_test(leaves_other_lines_alone),
        cmocka_unit_test(refuses_and_says_what_to_type),
        cmocka_unit_test(every_suggestion_works),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(keeps_to_the_room_for_why),
        cmocka_unit_test(helps_with_everything),
        cmocka_unit_test(helps_with_one),
        cmocka_unit_test(help_bears_a_long_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
