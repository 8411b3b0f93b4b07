/* Planned work and wordings in the configuration: what is read, and how mistakes are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "config_file.h"
#include "err.h"
#include "problems.h"

#define CFG                                                                                        \
    "state_dir = \"/nonexistent\";\n"                                                              \
    "pages = ( { name = \"main\"; id = \"abcdefghijkl\"; public_url = "                            \
    "\"https://status.example.org\"; key_env = \"KEY\"; } );\n"                                    \
    "components = ( { name = \"Reading\"; }, { name = \"Editing\"; }, { name = \"A rather long "   \
    "name of a component, as there may be\"; } );\n"                                               \
    "networks = ( { name = \"net\"; host = \"irc.example.org\"; nick = \"crier\"; channels = ( "   \
    "{ name = \"#ops\"; roles = [\"watch\", \"talk\"]; } ); } );\n"                                \
    "people = ( { name = \"sre1\"; accounts = [\"net/sre1\"]; roles = [\"sre\"]; } ); "            \
    "internal_words = [\"kafka\"]; sources = ( { name = \"log\"; people = true; channels = "       \
    "[\"net/#ops\"]; formats = [\"log\"]; } ); formats = ( { name = \"log\"; lines = ( { pattern " \
    "= \"x\"; event = \"note\"; } ); } ); rules = ( { name = \"r\"; check = \"x\"; ignore = "      \
    "true; "                                                                                       \
    "} );\n"
#define WORDS                                                                                 \
    "wordings = ( { name = \"w\"; title = \"t\"; investigating = \"a\"; identified = \"a\"; " \
    "monitoring = \"b\"; resolved = \"c\"; } );\n"

/* @return what is told, the caller's to free(). */
static char *told(const char *more, struct settings **ret)
{
    char *text = buf_printf("%s%s%s", CFG, more, strstr(more, "wordings") ? "" : WORDS),
         *output = NULL;
    struct settings *s = NULL;
    struct problems problems;
    size_t n = 0;
    FILE *f = open_memstream(&output, &n);
    int r;

    assert_non_null(f);
    assert_non_null(text);
    problems_init(&problems);
    r = config_file_parse("my.cfg", text, strlen(text), &problems, &s);
    if (!r)
        r = settings_finalize(s, &problems);
    assert_int_equal(r, problems.n ? CRIER_EINVAL : 0);
    problems_print(&problems, f);
    assert_int_equal(fclose(f), 0);
    problems_finish(&problems);
    free(text);
    if (ret)
        *ret = s;
    else
        settings_destroy(s);
    return output;
}

struct row {
    const char *text; /* from line 6 on */
    const char *told; /* the first problem; "" for none */
};

static void check_rows(const struct row *rows, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        char *output = told(rows[i].text, NULL);

        if (!*rows[i].told != !*output || strncmp(output, rows[i].told, strlen(rows[i].told)) != 0)
            fail_msg("%s\nis told as %snot as %s", rows[i].text, output, rows[i].told);
        free(output);
    }
}

#define WINDOW(name, from, until, rest)                                                          \
    "maintenance = (\n{ name = \"" name "\"; from = \"" from "\";\nuntil = \"" until "\"; " rest \
    " }\n);\n"
#define COVERS "components = [\"Editing\"];"

static void windows(void **state)
{
    static const struct row rows[] = {
        {"maintenance = ( );\n", ""},
        {WINDOW("x", "2026-12-01 14:00", "2026-12-01 16:00", COVERS), ""},
        {WINDOW("x", "2026-12-01 14:00 UTC", "2026-12-01T16:00", "checks = [\"Varnish*\"];"), ""},
        {WINDOW("x", "2026-12-01", "2026-12-01 16:00", COVERS),
         "my.cfg:7: maintenance.from \"2026-12-01\" is no time: write it in UTC as \"2026-12-01 "
         "14:00\"\n"},
        {WINDOW("x", "2026-12-01 14:00", "2026-02-30 16:00", COVERS),
         "my.cfg:8: maintenance.until \"2026-02-30 16:00\" is no time"},
        {WINDOW("x", "2026-12-01 14:00", "tomorrow", COVERS), "my.cfg:8: maintenance.until"},
        {WINDOW("x", "2026-12-01 14:00", "2026-12-01 14:00", COVERS),
         "my.cfg:8: maintenance \"x\" ends at 2026-12-01 14:00, which is not after its begin"},
        {WINDOW("x", "2026-12-01 14:00", "2026-12-01 13:00", COVERS),
         "my.cfg:8: maintenance \"x\" ends at 2026-12-01 13:00"},
        {WINDOW("x", "2026-12-01 14:00", "2026-12-01 16:00", ""),
         "my.cfg:7: maintenance \"x\" covers nothing: write components = [\"Reading\"]; or checks "
         "= [\"NAME*\"];\n"},
        {WINDOW("x", "2026-12-01 14:00", "2026-12-01 16:00", "components = [\"Edting\"];"),
         "my.cfg:8: maintenance \"x\": component \"Edting\" is not configured; did you mean "
         "\"Editing\"?"},
        {WINDOW("x", "2026-12-01 14:00", "2026-12-01 16:00", "checks = [\"A*\", \"**\"];"),
         "my.cfg:8: maintenance \"x\": the check \"**\" would cover everything or nothing"},
        {"maintenance = ( { name = \"x\"; from = \"2026-12-01 14:00\"; until = \"2026-12-01 "
         "15:00\"; checks = [\"A\"]; },\n{ name = \"x\"; from = \"2026-12-02 14:00\"; until = "
         "\"2026-12-02 15:00\"; checks = [\"A\"]; } );\n",
         "my.cfg:7: the maintenance \"x\" is there twice"},
        {"read_only = { components = [\"Editing\"]; longest = \"2 h\"; grace = \"0 s\"; };\n", ""},
        {"read_only = {\n components = [\"Editing\", \"Editin\"]; };\n",
         "my.cfg:7: read_only.components \"Editin\" is not configured; did you mean \"Editing\"?"},
    };

    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void times_are_utc(void **state)
{
    struct settings *s;
    char *output = told(WINDOW("x", "2026-12-01 14:00", "2026-12-01 16:00 UTC", COVERS), &s);

    (void)state;
    assert_string_equal(output, "");
    assert_int_equal(s->n_maintenance, 1);
    assert_int_equal(s->maintenance[0].from_wall_ms, INT64_C(1796133600000));
    assert_int_equal(s->maintenance[0].until_wall_ms, INT64_C(1796140800000));
    settings_destroy(s);
    free(output);
}

#define WORDING(title, investigating, recovered, again)                                        \
    "wordings = ( {\nname = \"w\"; title = \"" title "\";\ninvestigating = \"" investigating   \
    "\";\nidentified = \"a\"; monitoring = \"b\"; resolved = \"c\";\nrecovered = \"" recovered \
    "\";\nagain = \"" again "\"; } );\n"
#define X50 "xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxxxxxxx "

static void prepared_texts(void **state)
{
    static const struct row rows[] = {
        {WORDING("Errors", "People see errors.", "It works.", "It is back."), ""},
        /* every text, with its line */
        {WORDING("Errors {host}", "x", "x", "x"),
         "my.cfg:7: wording \"w\", title: \"{host}\" is no placeholder: write {components} or "
         "{since}, and no other brace"},
        {WORDING("Errors", "x {since", "x", "x"), "my.cfg:8: wording \"w\", investigating: \"{"},
        {WORDING("Errors", "x", "x}", "x"), "my.cfg:10: wording \"w\", recovered: \"}\""},
        {WORDING("Errors", "x", "x", "{Since}"), "my.cfg:11: wording \"w\", again: \"{Since}\""},
        {WORDING("Kafka is down", "x", "x", "x"),
         "my.cfg:7: wording \"w\": \"Kafka\" in the title"},
        {WORDING("Errors", "x", "kafka works", "x"),
         "my.cfg:10: wording \"w\", recovered: \"kafka\" in the text is not for the public"},
        {WORDING("Errors", "x", "x", "db1123 is back"),
         "my.cfg:11: wording \"w\", again: \"db1123\" in the text looks like the name of a "
         "machine"},
        {WORDING("Back soon", "x", "x", "x"),
         "my.cfg:7: wording \"w\", title: \"soon\" promises a time: write what people see now"},
        {WORDING("Errors", "We will be back in an hour.", "x", "x"),
         "my.cfg:8: wording \"w\", investigating: \"in an hour\" promises a time"},
        {WORDING("Errors", "We are currently investigating this issue.", "x", "x"),
         "my.cfg:8: wording \"w\", investigating: \"investigating this issue\" is a stock "
         "sentence: write who is affected and what they see"},
        {WORDING("Errors", "x", "A fix is in place.", "x"),
         "my.cfg:10: wording \"w\", recovered: \"fix\" claims that somebody mended it"},
        {WORDING("Errors", "x", "x", "We fixed what was fixed."), ""},
        /* title and text as they are shown, with the longest that placeholders can be */
        {WORDING("Errors", X50 X50 X50 X50 X50 "xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxx", "x",
                 "x"),
         ""},
        {WORDING("Errors", X50 X50 X50 X50 X50 "xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxxx", "x",
                 "x"),
         "my.cfg:8: wording \"w\", investigating: title and text have 301 characters"},
        {WORDING("Errors", "x", "x", X50 X50 X50 X50 X50 "{since}, {since}"),
         "my.cfg:11: wording \"w\", again: title and text have 320 characters"},
        {WORDING("Errors", "x", X50 X50 X50 X50 X50 "{components}", "x"),
         "my.cfg:10: wording \"w\", recovered: title and text have 327 characters"},
    };

    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows),
        cmocka_unit_test(times_are_utc),
        cmocka_unit_test(prepared_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
