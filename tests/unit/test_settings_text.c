/* A configuration written out and read again. */
#include <setjmp.h>
#include <stdarg.h>
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
#include "problems.h"
#include "running_config.h"
#include "settings_text.h"

enum { TEXT_BYTES = 1 << 20 };

static struct settings *complete(struct settings *s, int r, struct problems *problems)
{
    if (!r)
        r = settings_finalize(s, problems);
    if (r || problems->n) {
        problems_print(problems, stderr);
        fail_msg("it has mistakes: %s", crier_strerror(r));
    }
    problems_finish(problems);
    return s;
}

static struct settings *load(const char *name)
{
    const char *root = getenv("CRIER_ROOT");
    char *path = buf_printf("%s/%s", root ? root : ".", name);
    struct settings *s = NULL;
    struct problems problems;
    int r;

    assert_non_null(path);
    problems_init(&problems);
    r = config_file_read(path, &problems, &s);
    free(path);
    return complete(s, r, &problems);
}

static struct settings *parse(const char *name, const char *text)
{
    struct settings *s = NULL;
    struct problems problems;
    int r;

    problems_init(&problems);
    r = config_file_parse(name, text, strlen(text), &problems, &s);
    return complete(s, r, &problems);
}

static char *text_of(const struct settings *s)
{
    struct buf b;
    char *text;

    buf_init(&b, TEXT_BYTES);
    settings_text(&b, s);
    assert_int_equal(buf_error(&b), 0);
    text = buf_take(&b);
    buf_finish(&b);
    assert_non_null(text);
    return text;
}

static void test_shipped_files_come_back(void **state)
{
    static const char *const files[] = {"config/wikimedia.cfg", "config/crier.cfg",
                                        "tests/data/good.cfg", "tests/data/house.cfg",
                                        /* a name longer than nicks are */
                                        "tests/fuzz/seeds/fuzz_config/long-name"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct settings *s = load(files[i]), *again;
        char *text = text_of(s), *twice;

        again = parse("a.cfg", text);
        twice = text_of(again);
        assert_string_equal(twice, text);
        assert_int_equal(again->n_rules, s->n_rules);
        assert_int_equal(again->n_formats, s->n_formats);
        assert_int_equal(again->n_wordings, s->n_wordings);
        free(text);
        free(twice);
        settings_destroy(s);
        settings_destroy(again);
    }
}

#define REST                                                                                   \
    "components = ( { name = \"Site\"; } );\n"                                                 \
    "people = ( { name = \"sre1\"; accounts = [\"net/sre1\"]; roles = [\"sre\"]; } );\n"       \
    "wordings = ( { name = \"w\"; title = \"Errors\"; investigating = \"We look into it.\";\n" \
    "  identified = \"We found it.\"; monitoring = \"We mended it.\"; resolved = \"It is "     \
    "over.\"; } );\n"

static const char secret_text[] =
    "pages = ( { name = \"p\"; id = \"abc123\"; public_url = \"https://status.example.org\";\n"
    "  key_file = \"keys/page\"; proxy = \"http://user:hunter2@proxy.example.org:3128\"; } );\n"
    "networks = ( { name = \"net\"; host = \"irc.example.org\"; nick = \"crier\";\n"
    "  channels = ( { name = \"#ops\"; key = \"opensesame\"; roles = [\"watch\", \"talk\"]; } ); } "
    ");\n"
    "rules = ( { name = \"r\"; check = \"a\\\\.b \\\"q\\\"\"; watched = true; impact = "
    "\"minor\";\n"
    "  wording = \"w\"; paging = false; components = ( { name = \"Site\"; status = "
    "\"operational\"; } ); } );\n"
    "triage = { storm_count = 7; storm_window = \"1 min 30 s\"; };\n" REST;

static void test_what_it_says(void **state)
{
    struct settings *s = parse("/nowhere/a.cfg", secret_text), *again;
    char *text = text_of(s);

    (void)state;
    assert_null(strstr(text, "hunter2"));
    assert_null(strstr(text, "opensesame"));
    assert_non_null(strstr(text, "key_file = \"/nowhere/keys/page\";"));
    assert_non_null(strstr(text, "storm_count = 7;"));
    assert_non_null(strstr(text, "storm_window = \"1 min 30 s\";"));
    assert_null(strstr(text, "deploy_window"));
    assert_non_null(
        strstr(text, "status = \"operational\";")); /* required, though it is the first */
    again = parse("a.cfg", text);
    assert_string_equal(again->rule[0].check, "a\\.b \"q\"");
    assert_int_equal(again->rule[0].paging, 0);
    assert_int_equal(again->triage.storm_window_ms, 90000);
    assert_null(again->page[0].proxy);
    assert_null(again->network[0].channel[0].key);
    free(text);
    settings_destroy(s);
    settings_destroy(again);
}

static void test_dump_shows_every_key_and_no_secret(void **state)
{
    struct settings *s = parse("/nowhere/a.cfg", secret_text), *again;
    struct buf b;

    (void)state;
    buf_init(&b, TEXT_BYTES);
    settings_dump(&b, s);
    assert_int_equal(buf_error(&b), 0);
    assert_null(strstr(buf_str(&b), "hunter2"));
    assert_null(strstr(buf_str(&b), "opensesame"));
    assert_non_null(strstr(buf_str(&b), "proxy = \"http://***@proxy.example.org:3128\";\n"));
    assert_non_null(strstr(buf_str(&b), "# key: given; it is a secret\n"));
    assert_non_null(strstr(buf_str(&b), "key_file = \"/nowhere/keys/page\";\n"));
    assert_non_null(strstr(buf_str(&b), "storm_count = 7;\n"));
    assert_non_null(strstr(buf_str(&b), "deploy_window = \"15 min\";  # default\n"));
    assert_non_null(strstr(buf_str(&b), "# second_channel: not given\n"));
    again = parse("a.cfg", buf_str(&b));
    assert_int_equal(again->triage.storm_count, 7);
    settings_destroy(again);
    settings_destroy(s);
    buf_finish(&b);
}

static void test_it_knows_its_limit(void **state)
{
    struct settings *s = load("config/wikimedia.cfg");
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    settings_text(&b, s);
    assert_int_equal(buf_error(&b), CRIER_ELIMIT);
    buf_finish(&b);
    settings_destroy(s);
}

static void test_the_file(void **state)
{
    char dir[] = "/tmp/crier-running-XXXXXX";
    struct settings *s = parse("/nowhere/a.cfg", secret_text), *again = NULL;
    struct problems problems;
    char *path, *temporary;
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(dir));
    path = buf_printf("%s/%s", dir, RUNNING_CONFIG);
    temporary = buf_printf("%s/%s.new", dir, RUNNING_CONFIG);
    assert_non_null(path);
    assert_non_null(temporary);
    assert_int_equal(symlink("/nonexistent/elsewhere", temporary), 0); /* is not followed */
    assert_int_equal(running_config_write(dir, s), 0);
    s->triage.storm_count = 9;
    assert_int_equal(running_config_write(dir, s), 0);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_not_equal(lstat(temporary, &st), 0);
    problems_init(&problems);
    assert_int_equal(config_file_load(path, &problems, &again), 0);
    problems_finish(&problems);
    assert_int_equal(again->triage.storm_count, 9);
    (void)unlink(path);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(running_config_write(dir, s), CRIER_EIO);
    free(path);
    free(temporary);
    settings_destroy(s);
    settings_destroy(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_files_come_back),
        cmocka_unit_test(test_what_it_says),
        cmocka_unit_test(test_dump_shows_every_key_and_no_secret),
        cmocka_unit_test(test_it_knows_its_limit),
        cmocka_unit_test(test_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
