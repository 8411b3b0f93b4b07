#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "config_file.h"
#include "err.h"

#define GOOD "tests/data/good.cfg"

/* ---- tools ----------------------------------------------------------------------------------- */

static char *slurp(const char *path)
{
    struct buf b;
    char chunk[4096], *text;
    size_t n;
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    buf_init(&b, 1U << 20);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_add(&b, chunk, n);
    assert_int_equal(fclose(f), 0);
    text = buf_take(&b);
    buf_finish(&b);
    assert_non_null(text);
    return text;
}

/* The good configuration with one piece, which must be there, replaced. */
static char *changed(const char *from, const char *to)
{
    char *text = slurp(GOOD), *at = strstr(text, from), *result;

    if (!at)
        fail_msg("%s is not in " GOOD, from);
    result = buf_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_non_null(result);
    free(text);
    return result;
}

static char *printed(const struct problems *p)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    problems_print(p, f);
    assert_int_equal(fclose(f), 0);
    return text;
}

/* Reads and finalizes; @return what problems_print() says, the caller's to free(). */
static char *told(const char *text)
{
    struct settings *s = NULL;
    struct problems problems;
    char *output;
    int r;

    problems_init(&problems);
    r = config_file_parse("conf/test.cfg", text, strlen(text), &problems, &s);
    if (!r)
        r = settings_finalize(s, &problems);
    else
        assert_null(s);
    assert_true(r == 0 || r == CRIER_EINVAL);
    assert_true(r || !problems.n || s);
    settings_destroy(s);
    output = printed(&problems);
    problems_finish(&problems);
    return output;
}

static void expect(const char *text, const char *expected)
{
    char *output = told(text);

    if (strcmp(output, expected) != 0)
        fail_msg("told:\n%sand not:\n%s", output, expected);
    free(output);
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void reads_every_kind_of_value(void **state)
{
    struct settings *s = NULL;
    struct problems problems;
    const struct where *where;

    (void)state;
    problems_init(&problems);
    assert_int_equal(config_file_load(GOOD, &problems, &s), 0);
    assert_int_equal(problems.n, 0);

    assert_string_equal(s->state_dir, "tests/data/state"); /* relative to the file */
    assert_int_equal(s->n_pages, 1);
    assert_string_equal(s->page[0].name, "main");
    assert_string_equal(s->page[0].page_id, "testpage0001");
    assert_string_equal(s->page[0].key_file, "tests/data/api-key");
    assert_string_equal(s->page[0].api_url, "https://api.statuspage.io");
    assert_string_equal(s->page[0].admin_url, "https://manage.statuspage.io/pages/testpage0001");
    assert_true(s->page[0].notify[STEP_IDENTIFIED]);
    assert_false(s->page[0].allow_plain_http);
    assert_string_equal(s->page[0].where.file, GOOD);
    assert_int_equal(s->page[0].where.line, 4);

    assert_int_equal(s->n_components, 2);
    assert_string_equal(s->component[1].page, "main");
    assert_int_equal(s->component[1].where.line, 13);

    assert_int_equal(s->network[0].port, 6697);
    assert_true(s->network[0].tls);
    assert_int_equal(s->network[0].ping_interval_ms, 20000);
    assert_int_equal(s->network[0].n_channels, 2);
    assert_int_equal(s->network[0].channel[0].roles, CHANNEL_WATCH | CHANNEL_TALK);
    assert_int_equal(s->network[0].channel[1].roles, CHANNEL_WATCH);

    assert_int_equal(s->person[0].roles, ROLE_DEPLOYER);
    assert_int_equal(s->person[1].roles, ROLE_SRE | ROLE_OPERATOR);
    assert_string_equal(s->person[1].nick, "sre1");
    assert_string_equal(s->person[1].accounts.item[0], "test/sre1");
    assert_null(s->person[1].shell);

    assert_int_equal(s->format[0].n_lines, 2);
    assert_string_equal(s->format[0].line[1].pattern, "!log (?<user>\\S+) started");
    assert_true(s->format[0].line[1].production);

    assert_int_equal(s->rule[0].impact, IMPACT_MAJOR);
    assert_int_equal(s->rule[0].paging, -1);
    assert_true(s->rule[0].watched);
    assert_int_equal(s->rule[0].component[0].status, COMPONENT_PARTIAL_OUTAGE);
    assert_int_equal(s->rule[0].component[0].component_index, 1);
    assert_string_equal(s->rule[0].channel, "test/#ops");
    assert_string_equal(s->rule[0].page, "main");
    assert_true(s->rule[1].ignore);
    assert_int_equal(s->internal_words.n, 2);
    assert_int_equal(s->triage.storm_count, 3);
    assert_int_equal(s->triage.lookback_ms, 600000);

    where = settings_where(s, &s->network[0].ping_interval_ms);
    assert_non_null(where);
    assert_int_equal(where->line, 20);
    assert_null(settings_where(s, &s->network[0].port)); /* a default */

    /* once more changes nothing */
    assert_int_equal(settings_finalize(s, &problems), 0);
    assert_string_equal(s->rule[0].channel, "test/#ops");
    settings_destroy(s);
    problems_finish(&problems);
}

static void state_directory_of_systemd(void **state)
{
    static const struct {
        const char *env, *from, *dir;
    } rows[] = {
        {NULL, "state_dir = \"state\";", "/var/lib/crier"},
        {"/run/one:/run/two", "state_dir = \"state\";", "/run/one"},
        {"relative", "state_dir = \"state\";", "/var/lib/crier"},
        {"/run/one", "# A whole", "conf/state"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = changed(rows[i].from, "#");
        struct settings *s = NULL;
        struct problems problems;

        if (rows[i].env)
            setenv("STATE_DIRECTORY", rows[i].env, 1);
        else
            unsetenv("STATE_DIRECTORY");
        problems_init(&problems);
        assert_int_equal(config_file_parse("conf/test.cfg", text, strlen(text), &problems, &s), 0);
        assert_string_equal(s->state_dir, rows[i].dir);
        settings_destroy(s);
        problems_finish(&problems);
        free(text);
    }
    unsetenv("STATE_DIRECTORY");
}

/* ---- what is wrong --------------------------------------------------------------------------- */

static void tells_ten_mistakes_at_once(void **state)
{
    static const char *const expected[] = {
        ":3: pages \"main\": public_url is missing: write public_url = \"...\"",
        ":14: networks.port is 99999: write a number from 1 to 65535",
        ":16: networks.sasl: \"plane\" is not known; did you mean \"plain\"?",
        ":17: networks.ping_interval is a number without a unit: write \"20 s\" or \"20 min\"",
        ":18: unknown key \"reconect_min\" in networks; did you mean \"reconnect_min\"?",
        ":19: networks.reconnect_max: \"2 parsecs\" is no length of time: write",
        ":24: people.roles: \"king\" is not known: write one of \"deployer\", \"sre\"",
        ":25: the account \"test/SRE1\" is both \"sre1\"'s and \"sre2\"'s: take it out",
        ":30: rules.watched is a string: write true or false without quotes",
        (":33: rule \"exceptions\": component \"Editng\" is not configured; did you mean "
         "\"Editing\"?"),
    };
    struct settings *s = NULL;
    struct problems problems;
    char *output, *line, *rest;
    size_t i;

    (void)state;
    problems_init(&problems);
    assert_int_equal(config_file_load("tests/data/bad-ten.cfg", &problems, &s), CRIER_EINVAL);
    assert_null(s);
    assert_int_equal(problems.n, 10);
    output = printed(&problems);
    for (i = 0, line = strtok_r(output, "\n", &rest); line;
         i++, line = strtok_r(NULL, "\n", &rest)) {
        size_t file = strlen("tests/data/bad-ten.cfg");

        assert_true(i < 10);
        assert_memory_equal(line, "tests/data/bad-ten.cfg", file);
        if (strncmp(line + file, expected[i], strlen(expected[i])) != 0)
            fail_msg("told:\n%s\nand not:\n%s", line + file, expected[i]);
    }
    assert_int_equal(i, 10);
    free(output);
    problems_finish(&problems);
}

#define A_PIN "sha256//x3QdHkAJ+jXcQ0VQ0dYrCYHLbkyJWfyVhB4aHtnfJ4E="

/* Each row changes one thing of the good configuration; exactly one line is told, with this in it.
 */
static const struct row {
    const char *name, *from, *to;
    int line;
    const char *text;
} rows[] = {
    {"number for string", "host = \"irc.example.org\"", "host = 5", 18, "write a string in quotes"},
    {"string for number", "nick = \"crier\";", "nick = \"crier\"; port = \"6697\";", 19,
     "networks.port is a string: write a whole number, such as 6697"},
    {"float for number", "nick = \"crier\";", "nick = \"crier\"; port = 6.5;", 19, "whole number"},
    {"hexadecimal", "storm_count = 3", "storm_count = 0x3", 71, "write a decimal number"},
    {"huge number", "storm_count = 3", "storm_count = 4294967299", 71, "more than 9 digits"},
    {"negative number", "storm_count = 3", "storm_count = -3", 71, "from 2 to 1000"},
    {"string for list", "accounts = [\"test/alertbot\"]", "accounts = \"test/alertbot\"", 43,
     "write a list of strings, [\"test/alertbot\"]"},
    {"number in list", "[\"eqiad\", \"codfw\"]", "[1]", 70, "internal_words is a number"},
    {"string for names", "roles = [\"deployer\"]", "roles = \"deployer\"", 28,
     "write a list, [\"deployer\"]"},
    {"group for list", "formats = (\n    {\n", "formats = (\n    \"icinga\", {\n", 32,
     "formats is a string: write a list of groups"},
    {"list for group", "chat = { prefix = \"!status\"; }", "chat = ( )", 72, "write a group"},
    {"program without a path", "chat = {",
     "pager = { command = [\"page-oncall\", \"x\"]; }; chat = {", 72,
     "pager.command begins with \"page-oncall\": write the program's whole path"},
    {"page too often", "chat = {", "pager = { again = \"1 min\"; }; chat = {", 72,
     "from \"5 min\" to \"1 d\""},
    {"nobody on duty", "chat = {", "reminders = { on_duty = [\"dave\"]; }; chat = {", 72,
     "reminders.on_duty \"dave\" is not configured"},
    {"second channel is none", "chat = {",
     "reminders = { second_channel = \"test/#nowhere\"; }; chat = {", 72,
     "reminders.second_channel \"test/#nowhere\" is no channel of the network"},
    {"too few lines", "chat = {", "reminders = { lines_per_hour = 3; }; chat = {", 72,
     "from 4 to 1000"},
    {"string for group", "chat = { prefix = \"!status\"; }", "chat = \"x\"", 72, "write a group"},
    {"group for a list of strings", "[\"eqiad\", \"codfw\"]", "{ }", 70,
     "internal_words is a group { }: write a list of strings"},
    {"bool in quotes", "watched = true", "watched = \"yes\"", 63, "write true or false"},
    {"unknown at the top", "internal_words", "internal_word", 70,
     "did you mean \"internal_words\"?"},
    {"unknown, nothing near", "internal_words", "zebra", 70, "take it out; known are state_dir"},
    {"duration without unit", "\"15 min\"", "\"15\"", 71, "is no length of time"},
    {"duration as a fraction", "\"15 min\"", "\"1.5 h\"", 71, "is no length of time"},
    {"duration too long", "\"15 min\"", "\"9999999 d\"", 71, "is too long"},
    {"duration out of bounds", "\"15 min\"", "\"2 d\"", 71, "from \"0 s\" to \"1 d\""},
    {"empty string", "name = \"main\"", "name = \"\"", 5, "pages.name is empty"},
    {"line break in a pattern", "PROBLEM - ", "PROBLEM\\n- ", 35, "two backslashes"},
    {"control in a string", "PROBLEM - ", "PROBLEM\\x03- ", 35, "U+0003"},
    {"not UTF-8", "Errors for", "Errors\xff for", 51, "is not UTF-8"},
    {"no page",
     "{\n        name = \"main\";\n        id = \"testpage0001\";\n        public_url = "
     "\"https://status.example.org\";\n        key_file = \"api-key\";\n    }",
     "\n\n\n\n\n", 3, "there are no pages"},
    {"no API key", "key_file = \"api-key\";", "", 4, "no API key: write key_file"},
    {"two API keys", "key_file = \"api-key\";", "key_file = \"api-key\"; key_env = \"KEY\";", 8,
     "take one out"},
    {"bad name of a variable", "key_file = \"api-key\"", "key_env = \"MY KEY\"", 8,
     "no name of a variable"},
    {"plain http", "https://status.example.org", "http://status.example.org", 7, "write https://"},
    {"plain http allowed, not loopback", "public_url = \"https://status.example.org\"",
     "allow_plain_http = true; public_url = \"http://127.0.0.1.example.org\"", 7, "write https://"},
    {"plain http to a name that begins as loopback", "public_url = \"https://status.example.org\"",
     "allow_plain_http = true; public_url = \"http://127.evil.org\"", 7, "write https://"},
    {"no URL", "https://status.example.org", "status.example.org", 7, "write it with https://"},
    {"slash at its end", "https://status.example.org", "https://status.example.org/", 7,
     "ends with a slash"},
    {"user in a URL", "https://status.example.org", "https://a@status.example.org", 7,
     "does not belong there"},
    {"/v1", "key_file", "api_url = \"https://api.example.org/v1\"; key_file", 8, "without /v1"},
    {"proxy", "key_file", "proxy = \"ftp://x\"; key_file", 8, "is no proxy"},
    {"pin of a page", "key_file", "pin = [\"sha256//abc=\"]; key_file", 8, "is no pin: write"},
    {"pin with a file's name", "key_file", "pin = [\"/etc/crier/key.pem\"]; key_file", 8,
     "is no pin"},
    {"pin of 33 bytes", "key_file",
     "pin = [\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]; key_file", 8, "is no pin"},
    {"pin that nothing has", "key_file",
     "pin = [\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\"]; key_file", 8, "is no pin"},
    {"two pins in one", "nick = \"crier\";", "nick = \"crier\"; pin = [\"" A_PIN ";" A_PIN "\"];",
     19, "is no pin"},
    {"pin without TLS", "nick = \"crier\";",
     "nick = \"crier\"; tls = false; pin = [\"" A_PIN "\"];", 19, "shows no key"},
    {"unknown page", "{ name = \"Reading\"; }", "{ name = \"Reading\"; page = \"mian\"; }", 12,
     "did you mean \"main\"?"},
    {"component twice", "{ name = \"Reading\"; }", "{ name = \"Editing\"; }", 13,
     "component \"Editing\" is there twice"},
    {"nick with %", "nick = \"crier\"", "nick = \"cr%n\"", 19, "is no nick"},
    {"nick with a digit first", "nick = \"crier\"", "nick = \"1crier\"", 19, "is no nick"},
    {"alternative nick", "nick = \"crier\";", "nick = \"crier\"; alt_nicks = [\"a b\"];", 19,
     "is no nick"},
    {"realname with %", "nick = \"crier\";", "nick = \"crier\"; realname = \"%s\";", 19, "has a %"},
    {"port in host", "\"irc.example.org\"", "\"irc.example.org:6667\"", 18, "port = 6667;"},
    {"URL as host", "\"irc.example.org\"", "\"irc://example.org\"", 18, "no name or address"},
    {"sasl plain needs more", "nick = \"crier\";",
     "nick = \"crier\"; sasl = \"plain\"; sasl_account = "
     "\"crier\";",
     19, "sasl_password_file"},
    {"sasl plain without TLS", "nick = \"crier\";",
     "nick = \"crier\"; sasl = \"plain\"; sasl_account = \"crier\"; sasl_password_env = \"P\"; tls "
     "= "
     "false;",
     19, "sasl_without_tls_is_dangerous"},
    {"sasl none with a password", "nick = \"crier\";",
     "nick = \"crier\"; sasl_account = \"crier\";", 16, "sasl is \"none\""},
    {"sasl external", "nick = \"crier\";", "nick = \"crier\"; sasl = \"external\";", 19,
     "client_cert"},
    {"certificate without key", "nick = \"crier\";", "nick = \"crier\"; client_cert = \"c\";", 19,
     "client_key"},
    {"dead before the ping", "\"20 s\"", "\"50 s\"", 16, "dead_after must be longer"},
    {"reconnect", "nick = \"crier\";", "nick = \"crier\"; reconnect_max = \"1 s\";", 19,
     "shorter than reconnect_min"},
    {"channel without #", "\"#bots\"", "\"bots\"", 23, "write it with its #"},
    {"channel twice", "\"#bots\"", "\"#OPS\"", 23, "channel \"#OPS\" is there twice"},
    {"channel without role", "roles = [\"watch\"]", "roles = [ ]", 23, "roles is missing"},
    {"nobody may talk", "roles = [\"watch\", \"talk\"]", "roles = [\"watch\"]", 15,
     "no channel has the role \"talk\""},
    {"account without network", "\"test/deployer1\"", "\"deployer1\"", 28,
     "write \"test/deployer1\""},
    {"account of an unknown network", "\"test/deployer1\"", "\"tset/deployer1\"", 28,
     "did you mean \"test/deployer1\"?"},
    {"mask as account", "\"test/deployer1\"", "\"test/*!*@host\"", 28, "belongs in hostmasks"},
    {"mask that trusts a nick", "accounts = [\"test/deployer1\"]",
     "hostmasks = [\"test/deployer1!*@*\"]", 28, "lets every host in"},
    {"mask without host", "accounts = [\"test/deployer1\"]", "hostmasks = [\"test/deployer1!x\"]",
     28, "is no mask"},
    {"roles without account", "accounts = [\"test/deployer1\"];", "", 28,
     "has roles and no account"},
    {"person twice", "name = \"deployer1\"", "name = \"sre1\"", 29,
     "person \"sre1\" is there twice"},
    {"account of two", "\"test/deployer1\"", "\"test/sre1\"", 29, "is both"},
    {"shell user of two", "accounts = [\"test/sre1\"];",
     "accounts = [\"test/sre1\"]; shell = \"deployer1\";", 29,
     "the shell user \"deployer1\" is both"},
    {"unknown event", "event = \"firing\"", "event = \"fireing\"", 35, "did you mean \"firing\"?"},
    {"unknown phase", "phase = \"started\"", "phase = \"begun\"", 36, "is not known"},
    {"deploy without phase", "phase = \"started\";", "", 36, "write phase"},
    {"alert with phase", "severity = \"critical\"", "phase = \"started\"", 35, "take it out"},
    {"unknown severity", "severity = \"critical\"", "severity = \"kritical\"", 35,
     "did you mean \"critical\"?"},
    {"source of nobody", "accounts = [\"test/alertbot\"];", "", 41, "believes nobody"},
    {"source without formats", "formats = [\"icinga\"];", "", 41, "formats is missing"},
    {"source heard nowhere", "accounts = [\"test/alertbot\"];\n        channels = [\"test/#ops\"];",
     "\n", 41, "is heard nowhere"},
    {"relative file", "formats = [\"icinga\"];", "formats = [\"icinga\"]; files = [\"a.log\"];", 45,
     "is no absolute path"},
    {"directory as a file", "formats = [\"icinga\"];",
     "formats = [\"icinga\"]; files = [\"/var/log/\"];", 45, "is no absolute path"},
    {"file twice", "formats = [\"icinga\"];", "formats = [\"icinga\"]; files = [\"/a\", \"/a\"];",
     45, "is there twice"},
    {"feed that is no URL", "formats = [\"icinga\"];",
     "formats = [\"icinga\"]; feed = \"sal.example.org\";", 45, "is no web address"},
    {"feed of no host", "formats = [\"icinga\"];",
     "formats = [\"icinga\"]; feed = \"https:///atom\";", 45, "names no host"},
    {"feed with a password", "formats = [\"icinga\"];",
     "formats = [\"icinga\"]; feed = \"https://a:b@sal.example.org/\";", 45, "does not belong"},
    {"feed in the clear", "formats = [\"icinga\"];",
     "formats = [\"icinga\"]; feed = \"http://sal.example.org/atom?x=1\";", 45, "is not encrypted"},
    {"feed too seldom", "formats = [\"icinga\"];",
     "formats = [\"icinga\"]; feed_interval = \"11 min\";", 45, "from"},
    {"webhook without a server", "formats = [\"icinga\"];",
     "formats = [\"icinga\"]; webhook = true;", 45, "write http = { port = 9099; };"},
    {"token without a webhook", "formats = [\"icinga\"];",
     "formats = [\"icinga\"]; webhook_token_env = \"TOKEN\";", 41, "takes none"},
    {"page label without a value", "formats = [\"icinga\"];\n    }\n);",
     "formats = [\"icinga\"]; webhook = true; webhook_page_label = \"page\";\n    }\n);\n"
     "http = { port = 9099; };",
     45, "write NAME=VALUE"},
    {"two tokens of the server", "chat = {",
     "http = { port = 9099; token_file = \"a\"; token_env = \"B\"; }; chat = {", 72,
     "are both given"},
    {"token in no variable", "chat = {", "http = { port = 9099; token_env = \"1 B\"; }; chat = {",
     72, "is no name of a variable"},
    {"public address without a host", "chat = {", "http = { public_url = \"https://\"; }; chat = {",
     72, "is no web address"},
    {"public address with a slash", "chat = {",
     "http = { public_url = \"https://a.example.org/\"; }; chat = {", 72, "ends with a slash"},
    {"source in an unknown channel", "[\"test/#ops\"]", "[\"test/#opsx\"]", 44,
     "did you mean \"test/#ops\"?"},
    {"unknown format", "formats = [\"icinga\"]", "formats = [\"icingar\"]", 45,
     "did you mean \"icinga\"?"},
    {"unknown source", "sources = [\"alerts\"]", "sources = [\"alert\"]", 61,
     "did you mean \"alerts\"?"},
    {"unknown wording", "wording = \"editing\"", "wording = \"editign\"", 65,
     "did you mean \"editing\"?"},
    {"rule without wording", "wording = \"editing\";", "", 59, "needs a wording"},
    {"rule without impact", "impact = \"major\";", "", 59, "needs an impact"},
    {"rule without components",
     "components = ( { name = \"Editing\"; status = \"partial_outage\"; } );", "", 59,
     "needs components"},
    {"component of a rule without status", "status = \"partial_outage\";", "", 59,
     "status is missing"},
    {"component of a rule twice", "{ name = \"Editing\"; status = \"partial_outage\"; }",
     "{ name = \"Editing\"; status = \"partial_outage\"; }, { name = \"Editing\"; status = "
     "\"major_outage\"; }",
     66, "is there twice"},
    {"home without talk", "watched = true;", "watched = true; channel = \"test/#bots\";", 63,
     "has not the role \"talk\""},
    {"rule twice", "name = \"beta\"", "name = \"exceptions\"", 68, "is there twice"},
    {"placeholder", "{since}", "{sinc}", 52, "write {components} or {since}"},
    {"wording too long", "All is well again.",
     "All is well again. All is well again. All is well again. All is well again. All is well "
     "again. "
     "All is well again. All is well again. All is well again. All is well again. All is well "
     "again. "
     "All is well again. All is well again. All is well again. All is well again. All is well "
     "again.",
     55, "300 are the most"},
    {"internal word", "All is well again.", "All is well in eqiad.", 55, "not for the public"},
    {"internal word in the title", "Errors for people", "Errors in codfw for people", 51,
     "not for the public"},
    {"markup", "All is well again.", "All is <b>well</b> again.", 55, "plain text"},
    {"missing step", "resolved = \"All is well again.\";", "", 49, "resolved is missing"},
    {"prefix of two words", "\"!status\"", "\"! status\"", 72, "write one word"},
    {"more characters than fit", "prefix = \"!status\"", "max_text_chars = 301", 72,
     "from 40 to 300"},
};

static void tells_each_mistake(void **state)
{
    size_t i;
    bool failed = false;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = changed(rows[i].from, rows[i].to), *output = told(text), start[40];

        (void)snprintf(start, sizeof start, "conf/test.cfg:%d: ", rows[i].line);
        if (strncmp(output, start, strlen(start)) != 0 || !strstr(output, rows[i].text) ||
            strchr(output, '\n') != output + strlen(output) - 1) {
            print_error("%s: told:\n%sand not: %s... %s\n", rows[i].name, output, start,
                        rows[i].text);
            failed = true;
        }
        free(output);
        free(text);
    }
    assert_false(failed);
}

/* What is fine, though it looks like the mistakes above. */
static void tells_nothing_without_need(void **state)
{
    static const struct {
        const char *from, *to;
    } fine[] = {
        {"A whole", "another"},
        {"public_url = \"https://status.example.org\"",
         "allow_plain_http = true; public_url = \"http://127.0.0.1:8080\""},
        {"public_url = \"https://status.example.org\"",
         "allow_plain_http = true; public_url = \"http://[::1]:8080/page\""},
        {"public_url = \"https://status.example.org\"",
         "allow_plain_http = true; public_url = \"http://localhost\""},
        {"key_file = \"api-key\"", "key_env = \"CRIER_KEY\"; proxy = \"socks5h://localhost:9050\""},
        {"key_file = \"api-key\";", "key_file = \"api-key\"; pin = [\"" A_PIN "\"];"},
        {"nick = \"crier\";", "nick = \"crier\"; pin = [\"" A_PIN "\", \"" A_PIN "\"];"},
        {"\"irc.example.org\"", "\"2001:db8::1\""},
        {"nick = \"crier\"", "nick = \"[crier]`_\"; alt_nicks = [ ]"},
        {"nick = \"crier\"", "nick = \"crier\"; sasl = \"plain\"; sasl_account = \"crier\"; "
                             "sasl_password_file = \"/run/secret\""},
        {"accounts = [\"test/deployer1\"]", "hostmasks = [\"test/*!*@user/deployer1\"]"},
        {"accounts = [\"test/deployer1\"]; shell = \"deployer1\"; roles = [\"deployer\"];", ""},
        {"accounts = [\"test/alertbot\"]", "people = true"},
        {"[\"test/#ops\"]", "[\"test/#OPS\", \"test/#bots\"]"},
        {"accounts = [\"test/alertbot\"];\n        channels = [\"test/#ops\"];",
         "files = [\"/var/log/icinga/irc.log\"];"},
        {"formats = [\"icinga\"];",
         "formats = [\"icinga\"]; feed = \"https://sal.example.org/atom?p=a&q=b\";"},
        {"formats = [\"icinga\"];",
         "formats = [\"icinga\"]; feed = \"http://localhost:8080?x\"; feed_interval = \"10 min\";"},
        {"sources = [\"alerts\"]", "paging = false"},
        {"internal_words = [\"eqiad\", \"codfw\"]", "internal_words = (\"eqiad\", \"codfw\")"},
        {"PROBLEM - ", "PROB\"\n  \"LEM \\d - "},
        {"{since}", "{since} for {components}"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        char *text = changed(fine[i].from, fine[i].to);

        expect(text, "");
        free(text);
    }
}

static void lines_of_list_items(void **state)
{
    char *text = changed("[\"eqiad\", \"codfw\"]", "[\n\"a\\n\",\n\"b\"\n,\n\"c\\n\"\n]");

    (void)state;
    expect(text, "conf/test.cfg:71: internal_words has a line break or tab: take it out (in a "
                 "pattern write two backslashes: \\\\n, \\\\t)\n"
                 "conf/test.cfg:74: internal_words has a line break or tab: take it out (in a "
                 "pattern write two backslashes: \\\\n, \\\\t)\n");
    free(text);
}

static void syntax_errors(void **state)
{
    char *text;

    (void)state;
    /* what came before the mistake is checked all the same */
    expect(
        "chat = { max_text_chars = 9; };\nporridge = 1;\npages = (\n  { name = \"a\" \n",
        "conf/test.cfg:1: chat.max_text_chars is 9: write a number from 40 to 300\n"
        "conf/test.cfg:2: unknown key \"porridge\" in the file: take it out; known are state_dir, "
        "confine, pages, components, networks, people, relays, formats, sources, rules, wordings, "
        "internal_words, triage, chat, pager, follow, reminders, maintenance, read_only, http, "
        "report, break_glass, reload, drill\n"
        "conf/test.cfg:4: syntax error: look here and on the line before for a quote, comma or "
        "bracket that is missing or too many, or a word without quotes; what follows was not "
        "read\n");
    expect("state_dir = \"a\";\nstate_dir = \"b\";\n",
           "conf/test.cfg:2: this key was given before in the same group: take one out, or put all "
           "into one list; what follows was not read\n");
    /* a missing quote: the string that went over the end of its line is to blame */
    expect("\n\nstate_dir = \"a;\ninternal_words = [\"b\"];\n",
           "conf/test.cfg:3: a string begins here and never ends: close it with \"\n"
           "conf/test.cfg:4: syntax error; is there a quote missing at the end of conf/test.cfg:3? "
           "What follows was not read\n");
    expect("state_dir = \"a\";\n/* never\nends\n",
           "conf/test.cfg:2: a comment begins here and never ends: close it with */\n");
    /* quotes in comments begin no string */
    text = changed("prefix = \"!status\";", "/* \" */ prefix = 1 // \"\n; # \"\n");
    expect(text,
           "conf/test.cfg:72: chat.prefix is a number: write a string in quotes, such as \"1\"\n");
    free(text);
}

static void too_many_settings(void **state)
{
    struct buf b;
    int i;

    (void)state;
    buf_init(&b, 1U << 20);
    for (i = 0; i < 20001; i++)
        buf_addf(&b, "a%d=1;\n", i);
    expect(buf_str(&b), "conf/test.cfg: has more than 20000 settings\n");
    buf_clear(&b);
    buf_adds(&b, "internal_words = [\"x\"");
    for (i = 0; i < 1000; i++)
        buf_adds(&b, ",\"x\"");
    buf_adds(&b, "]; ]\n");
    expect(
        buf_str(&b),
        "conf/test.cfg:1: syntax error: look here and on the line before for a quote, comma or "
        "bracket that is missing or too many, or a word without quotes; what follows was not read\n"
        "conf/test.cfg:1: internal_words has 1001 items: write at most 1000\n");
    buf_finish(&b);
}

/* ---- files ----------------------------------------------------------------------------------- */

struct room {
    char dir[64];
    char path[4][128];
};

static int make_room(void **state)
{
    static const char *const names[] = {"main.cfg", "sub", "sub/one.cfg", "sub/two.cfg"};
    struct room *room = calloc(1, sizeof *room);
    size_t i;

    if (!room)
        return -1;
    (void)snprintf(room->dir, sizeof room->dir, "/tmp/crier-config-XXXXXX");
    if (!mkdtemp(room->dir))
        return -1;
    for (i = 0; i < 4; i++)
        (void)snprintf(room->path[i], sizeof room->path[i], "%s/%s", room->dir, names[i]);
    *state = room;
    return mkdir(room->path[1], 0700);
}

static int leave_room(void **state)
{
    struct room *room = *state;

    (void)unlink(room->path[0]);
    (void)unlink(room->path[2]);
    (void)unlink(room->path[3]);
    (void)rmdir(room->path[1]);
    (void)rmdir(room->dir);
    free(room);
    return 0;
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

/* Reads without finalizing. The room's directory is written as DIR in what is expected. */
static void expect_of_file(const struct room *room, const char *path, int r, const char *expected)
{
    struct settings *s = NULL;
    struct problems problems;
    char *output, *at;
    size_t n = strlen(room->dir);

    problems_init(&problems);
    assert_int_equal(config_file_read(path, &problems, &s), r);
    assert_int_equal(s != NULL, r == 0);
    output = printed(&problems);
    while ((at = strstr(output, room->dir))) {
        memcpy(at, "DIR", 3);
        memmove(at + 3, at + n, strlen(at + n) + 1);
    }
    if (strcmp(output, expected) != 0)
        fail_msg("told:\n%sand not:\n%s", output, expected);
    free(output);
    settings_destroy(s);
    problems_finish(&problems);
}

static void includes_relative_to_the_file(void **state)
{
    struct room *room = *state;
    struct settings *s = NULL;
    struct problems problems;

    put(room->path[0], "state_dir = \"here\";\n  @include \"sub/one.cfg\" internal_words = [1];\n"
                       "chat = { prefix = 1; };\n");
    put(room->path[2], "pages = (\n@include \"two.cfg\"\n);\nzebra = 1;");
    put(room->path[3], "{ name = 5;\n key_file = \"key\"; }");
    expect_of_file(
        room, room->path[0], 0,
        "DIR/main.cfg:2: internal_words is a number: write a list of strings, [\"...\"]\n"
        "DIR/main.cfg:3: chat.prefix is a number: write a string in quotes, such as "
        "\"1\"\n"
        "DIR/sub/one.cfg:4: unknown key \"zebra\" in the file: take it out; known are "
        "state_dir, confine, pages, components, networks, people, relays, formats, sources, rules, "
        "wordings, internal_words, triage, chat, pager, follow, reminders, maintenance, read_only, "
        "http, report, break_glass, reload, drill\n"
        "DIR/sub/two.cfg:1: pages.name is a number: write a string in quotes, such as "
        "\"5\"\n");

    problems_init(&problems);
    assert_int_equal(config_file_read(room->path[0], &problems, &s), 0);
    assert_int_equal(s->n_pages, 1);
    assert_int_equal(strncmp(s->page[0].key_file, room->path[1], strlen(room->path[1])), 0);
    assert_string_equal(s->page[0].key_file + strlen(room->path[1]), "/key");
    assert_string_equal(s->page[0].where.file, room->path[3]);
    assert_string_equal(s->state_dir + strlen(room->dir), "/here");
    settings_destroy(s);
    problems_finish(&problems);
}

static void includes_that_fail(void **state)
{
    struct room *room = *state;

    /* what is there is checked; what is missing is told once, not by every name that it defines */
    put(room->path[0],
        "@include \"nowhere.cfg\"\n@include \"sub\"\n@include \"\"\n# @include \"x\"\n"
        "rules = ( { name = \"a\"; wording = \"of nowhere\"; impact = 5; } );\n");
    expect_of_file(room, room->path[0], CRIER_EINVAL,
                   "DIR/main.cfg:1: DIR/nowhere.cfg: there is no such file: check the name\n"
                   "DIR/main.cfg:2: DIR/sub: is a directory: name a file\n"
                   "DIR/main.cfg:3: @include \"\" names no file\n"
                   "DIR/main.cfg:5: rules.impact is a number: write a string in quotes, such as "
                   "\"5\"\n");
    put(room->path[0], "@include \"sub/one.cfg\"\n");
    put(room->path[2], "@include \"../main.cfg\"\n");
    expect_of_file(room, room->path[0], CRIER_EINVAL,
                   "DIR/sub/one.cfg:1: DIR/sub/../main.cfg includes itself: take one of the "
                   "@include lines out\n");
    put(room->path[2], "chat = {\n prefix = \"never ends;\n };\n");
    expect_of_file(room, room->path[0], CRIER_EINVAL,
                   "DIR/sub/one.cfg:2: a string begins here and never ends: close it with \"\n");
    put(room->path[2], "chat = { prefix = ; };");
    expect_of_file(room, room->path[0], CRIER_EINVAL,
                   "DIR/sub/one.cfg:1: syntax error: look here and on the line before for a quote, "
                   "comma or bracket that is missing or too many, or a word without quotes; what "
                   "follows was not read\n");
}

static void files_that_cannot_be_read(void **state)
{
    struct room *room = *state;
    struct settings *s = NULL;
    struct problems problems;
    char *big;

    expect_of_file(room, room->path[0], CRIER_EINVAL,
                   "DIR/main.cfg: there is no such file: check the name\n");
    expect_of_file(room, room->dir, CRIER_EINVAL, "DIR: is a directory: name a file\n");
    assert_int_equal(mkfifo(room->path[0], 0600), 0);
    expect_of_file(room, room->path[0], CRIER_EINVAL,
                   "DIR/main.cfg: is not a regular file: name a file\n");
    assert_int_equal(unlink(room->path[0]), 0);

    big = malloc((1U << 20) + 2);
    assert_non_null(big);
    memset(big, '\n', (1U << 20) + 1);
    big[(1U << 20) + 1] = '\0';
    put(room->path[0], big);
    expect_of_file(room, room->path[0], CRIER_EINVAL,
                   "DIR/main.cfg: is longer than 1048576 bytes: is this the right file?\n");
    big[600000] = '\0'; /* fine alone, too long twice */
    put(room->path[2], big);
    put(room->path[0], "@include \"sub/one.cfg\"\n@include \"sub/one.cfg\"\n");
    expect_of_file(room, room->path[0], CRIER_EINVAL,
                   "DIR/main.cfg: is longer than 1048576 bytes with all that it includes\n");
    free(big);

    problems_init(&problems);
    assert_int_equal(config_file_parse("a", "chat\0 = {}", 10, &problems, &s), CRIER_EINVAL);
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.item[0].text, "holds NUL bytes: is this the right file?");
    problems_finish(&problems);
}

static void secrets_in_open_files(void **state)
{
    struct room *room = *state;
    static const char text[] = "networks = ( { proxy = \"http://proxy.example.org:3128\";\n"
                               "channels = ( { name = \"#a\"; key = \"sesame\"; } ); } );\n"
                               "pages = ( { proxy = \"http://me:sesame@proxy.example.org\"; } );\n";

    put(room->path[0], text);
    expect_of_file(room, room->path[0], 0, "");
    assert_int_equal(chmod(room->path[0], 0640), 0);
    expect_of_file(room, room->path[0], 0, "");
    assert_int_equal(chmod(room->path[0], 0644), 0);
    expect_of_file(room, room->path[0], 0,
                   "DIR/main.cfg:2: channels.key is a secret, and everybody may read this file: "
                   "chmod 640 DIR/main.cfg\n"
                   "DIR/main.cfg:3: pages.proxy is a secret, and everybody may read this file: "
                   "chmod 640 DIR/main.cfg\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_value),
        cmocka_unit_test(state_directory_of_systemd),
        cmocka_unit_test(tells_ten_mistakes_at_once),
        cmocka_unit_test(tells_each_mistake),
        cmocka_unit_test(tells_nothing_without_need),
        cmocka_unit_test(lines_of_list_items),
        cmocka_unit_test(syntax_errors),
        cmocka_unit_test(too_many_settings),
        cmocka_unit_test_setup_teardown(includes_relative_to_the_file, make_room, leave_room),
        cmocka_unit_test_setup_teardown(includes_that_fail, make_room, leave_room),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read, make_room, leave_room),
        cmocka_unit_test_setup_teardown(secrets_in_open_files, make_room, leave_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
