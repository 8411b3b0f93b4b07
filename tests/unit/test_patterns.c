/* patterns: what PCRE2 refuses, what the groups mean, paging marks, reverts, rules, the filter. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "err.h"
#include "patterns.h"
#include "patterns_literal.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
/* Compound literals of file scope live as long as the program. */
#define S(text) ((char[]){text})
#define STRINGS(...)                                                                           \
    {                                                                                          \
        .item = (char *[]){__VA_ARGS__}, .n = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *) \
    }
#define LINES(array) .line = (array), .n_lines = COUNT(array)

static struct format_line alert_lines[] = {
    {.pattern = S("IGNORE .*"), .event = S("ignore")},
    {.pattern = S("PROBLEM - (?:(?<check>Host) (?<host>.+?)|(?<check>.+?) on (?<host>[^ ]+)) is "
                  "(?<state>[A-Z]+)(?:: (?<summary>.*))?"),
     .event = S("firing")},
    {.pattern = S("RECOVERY - (?<check>.+?) on (?<host>[^ ]+) is OK(?:: (?<summary>.*))?"),
     .event = S("resolved")},
    {.pattern = S("ACK - (?<check>.+)"), .event = S("acknowledged")},
    {.pattern = S("[(](?<check>.+?)[)] firing: (?:[(][+]?(?<count>[^)]*)[)] )?(?<summary>.*)"),
     .event = S("firing"),
     .severity = S("critical")},
    {.pattern = S("SEV (?<severity>[^ ]*) (?<state>[^ ]*) (?<check>.*)"), .event = S("firing")},
};
static struct format_line deploy_lines[] = {
    {.pattern = S("!log (?<user>[^ @]+)@(?<at>[^ ]+) Started (?<tool>[a-z]+): (?<change>.*)"),
     .event = S("deploy"),
     .phase = S("started"),
     .production = true},
    {.pattern = S("!log (?<user>[^ @]+)@(?<at>[^ ]+) Rolling back"),
     .event = S("deploy"),
     .phase = S("rollback"),
     .tool = S("scap"),
     .production = false},
    {.pattern = S("read-only begins"), .event = S("maintenance"), .phase = S("started")},
    {.pattern = S("!log (?<change>.*)"), .event = S("note"), .tool = S("log"), .production = true},
    {.pattern = S("(x+x+)+y"), .event = S("note")},
};
static struct format_settings formats[] = {
    {.name = S("alerts"),
     .page_mark = S("#page"),
     .start = S("PROBLEM - (?=.* is [A-Z]+)"),
     LINES(alert_lines)},
    {.name = S("deploys"), .revert = S("(?i)^revert"), LINES(deploy_lines)},
};
static struct source_settings sources[] = {
    {.name = S("alerts"), .formats = STRINGS(S("alerts"))},
    {.name = S("deploys"), .formats = STRINGS(S("deploys"))},
    {.name = S("both"), .formats = STRINGS(S("deploys"), S("no such"), S("alerts"))},
};
static struct rule_settings rules[] = {
    {.name = S("both only"), .sources = STRINGS(S("both")), .check = S("^special$"), .paging = -1},
    {.name = S("ignored"), .host = S("-test$"), .paging = -1, .ignore = true},
    {.name = S("text"), .text = S("varnish-(?:text|upload)"), .paging = -1},
    {.name = S("quiet disk"), .check = S("(?i)disk"), .paging = 0},
    {.name = S("hard"), .check = S("^(x+x+)+y$"), .paging = -1},
    {.name = S("page"), .paging = 1},
};
static struct settings settings = {
    .format = formats,
    .n_formats = COUNT(formats),
    .source = sources,
    .n_sources = COUNT(sources),
    .rule = rules,
    .n_rules = COUNT(rules),
};

enum { ALERTS, DEPLOYS, BOTH };

static int set_up(void **state)
{
    struct problems problems;
    struct patterns *p = NULL;

    problems_init(&problems);
    if (patterns_create(&settings, &problems, &p))
        problems_print(&problems, stderr);
    assert_non_null(p);
    problems_finish(&problems);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    patterns_destroy(*state);
    return 0;
}

static int match(struct patterns *p, size_t source, const char *line, struct signal *ret)
{
    struct format_port port = patterns_format_port(p);

    return port.match(port.ctx, source, line, ret);
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static void test_alerts(void **state)
{
    static const struct {
        const char *line;
        enum signal_kind kind;
        const char *check, *host, *summary;
        enum severity severity;
        bool paging;
        int count;
        const char *rule; /* NULL: none */
    } rows[] = {
        {"PROBLEM - a b on h1 is CRITICAL: x: y", SIGNAL_FIRING, "a b", "h1", "x: y",
         SEVERITY_CRITICAL, false, 1, NULL},
        {"PROBLEM - Host h1 is DOWN: lost", SIGNAL_FIRING, "Host", "h1", "lost", SEVERITY_CRITICAL,
         false, 1, NULL},
        {"PROBLEM - a on h1 is WARNING", SIGNAL_FIRING, "a", "h1", "", SEVERITY_WARNING, false, 1,
         NULL},
        {"PROBLEM - a on h1 is UNKNOWN", SIGNAL_FIRING, "a", "h1", "", SEVERITY_UNKNOWN, false, 1,
         NULL},
        {"RECOVERY - a on h1 is OK: x", SIGNAL_RESOLVED, "a", "h1", "x", SEVERITY_UNKNOWN, false, 1,
         NULL},
        {"ACK - special", SIGNAL_ACKNOWLEDGED, "special", "", "", SEVERITY_UNKNOWN, false, 1, NULL},
        /* the mark: anywhere, as a word of its own */
        {"PROBLEM - a #page on h1 is WARNING: x", SIGNAL_FIRING, "a", "h1", "x", SEVERITY_CRITICAL,
         true, 1, "page"},
        {"PROBLEM - Host h1 #page is DOWN: x", SIGNAL_FIRING, "Host", "h1", "x", SEVERITY_CRITICAL,
         true, 1, "page"},
        {"(A) firing: x #page", SIGNAL_FIRING, "A", "", "x", SEVERITY_CRITICAL, true, 1, "page"},
        {"(A) firing: #page x", SIGNAL_FIRING, "A", "", "x", SEVERITY_CRITICAL, true, 1, "page"},
        {"(A) firing: x (#page), #page. y", SIGNAL_FIRING, "A", "", "x (), . y", SEVERITY_CRITICAL,
         true, 1, "page"},
        {"(A) firing: x http://h/#page y", SIGNAL_FIRING, "A", "", "x http://h/#page y",
         SEVERITY_CRITICAL, false, 1, NULL},
        {"(A) firing: x #page_title #pages #page-2", SIGNAL_FIRING, "A", "",
         "x #page_title #pages #page-2", SEVERITY_CRITICAL, false, 1, NULL},
        {"(A) firing: x #pages #page", SIGNAL_FIRING, "A", "", "x #pages", SEVERITY_CRITICAL, true,
         1, "page"},
        {"#page (A) firing: x", SIGNAL_FIRING, "A", "", "x", SEVERITY_CRITICAL, true, 1, "page"},
        {"RECOVERY - a #page on h1 is OK: x", SIGNAL_RESOLVED, "a", "h1", "x", SEVERITY_UNKNOWN,
         true, 1, "page"},
        /* counts */
        {"(A) firing: (9) x", SIGNAL_FIRING, "A", "", "x", SEVERITY_CRITICAL, false, 9, NULL},
        {"(A) firing: (+9) x", SIGNAL_FIRING, "A", "", "x", SEVERITY_CRITICAL, false, 9, NULL},
        {"(A) firing: (0) x", SIGNAL_FIRING, "A", "", "x", SEVERITY_CRITICAL, false, 1, NULL},
        {"(A) firing: (999999999999999999999) x", SIGNAL_FIRING, "A", "", "x", SEVERITY_CRITICAL,
         false, 999999, NULL},
        /* severity: its own group before the state */
        {"SEV page WARNING a", SIGNAL_FIRING, "a", "", "", SEVERITY_CRITICAL, false, 1, NULL},
        {"SEV  DOWN a", SIGNAL_FIRING, "a", "", "", SEVERITY_CRITICAL, false, 1, NULL},
        {"SEV odd DOWN a", SIGNAL_FIRING, "a", "", "", SEVERITY_UNKNOWN, false, 1, NULL},
        /* rules: in order, all of their conditions */
        {"PROBLEM - special on h1 is DOWN", SIGNAL_FIRING, "special", "h1", "", SEVERITY_CRITICAL,
         false, 1, NULL},
        {"PROBLEM - a on h1-test is DOWN: varnish-text", SIGNAL_FIRING, "a", "h1-test",
         "varnish-text", SEVERITY_CRITICAL, false, 1, "ignored"},
        {"(A) firing: varnish-upload #page", SIGNAL_FIRING, "A", "", "varnish-upload",
         SEVERITY_CRITICAL, true, 1, "text"},
        {"PROBLEM - Disk on h1 is DOWN", SIGNAL_FIRING, "Disk", "h1", "", SEVERITY_CRITICAL, false,
         1, "quiet disk"},
        {"PROBLEM - Disk #page on h1 is DOWN", SIGNAL_FIRING, "Disk", "h1", "", SEVERITY_CRITICAL,
         true, 1, "page"},
        /* a rule that is too hard to match does not lose the alert */
        {"(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx) firing: y #page", SIGNAL_FIRING,
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "", "y", SEVERITY_CRITICAL, true, 1,
         "page"},
        {"(\xc3\xa4\xe2\x80\xa6) firing: \xf0\x9f\x94\xa5 #page", SIGNAL_FIRING,
         "\xc3\xa4\xe2\x80\xa6", "", "\xf0\x9f\x94\xa5", SEVERITY_CRITICAL, true, 1, "page"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        struct signal sig;
        const char *rule;
        int r = match(*state, ALERTS, rows[i].line, &sig);

        if (r)
            fail_msg("%s: %s", rows[i].line, crier_strerror(r));
        rule = sig.rule < 0 ? NULL : rules[sig.rule].name;
        if (sig.kind != rows[i].kind || strcmp(sig.check, rows[i].check) != 0 ||
            strcmp(sig.host, rows[i].host) != 0 || strcmp(sig.summary, rows[i].summary) != 0 ||
            sig.severity != rows[i].severity || sig.paging != rows[i].paging ||
            sig.count != rows[i].count)
            fail_msg("%s: kind %d check \"%s\" host \"%s\" summary \"%s\" severity %d paging %d "
                     "count %d",
                     rows[i].line, sig.kind, sig.check, sig.host, sig.summary, sig.severity,
                     sig.paging, sig.count);
        if (rule != rows[i].rule && (!rule || !rows[i].rule || strcmp(rule, rows[i].rule) != 0))
            fail_msg("%s: rule %s", rows[i].line, rule ? rule : "none");
        assert_null(sig.rest);
        assert_string_equal(sig.change, "");
    }
}

static void test_not_alerts(void **state)
{
    static char long_line[PATTERNS_LINE_MAX_BYTES + 2];
    static const struct {
        const char *line;
        int want;
    } rows[] = {
        {"", CRIER_ENOENT},
        {"hello", CRIER_ENOENT},
        {"#page", CRIER_ENOENT},
        {"xPROBLEM - a on h1 is DOWN", CRIER_ENOENT}, /* anchored at the start */
        {"RECOVERY - a on h1 is OKAY", CRIER_ENOENT}, /* and at the end */
        {"IGNORE this #page", CRIER_ESTATE},
    };
    struct signal sig;
    size_t i;

    for (i = 0; i < COUNT(rows); i++)
        if (match(*state, ALERTS, rows[i].line, &sig) != rows[i].want)
            fail_msg("%s", rows[i].line);
    memset(long_line, 'a', sizeof long_line - 1);
    assert_int_equal(match(*state, ALERTS, long_line, &sig), CRIER_ELIMIT);
    long_line[PATTERNS_LINE_MAX_BYTES] = '\0';
    assert_int_equal(match(*state, ALERTS, long_line, &sig), CRIER_ENOENT);
    /* the longest line there is, in every group that can take it */
    memcpy(long_line, "(A) firing: #page ", 18);
    assert_int_equal(match(*state, ALERTS, long_line, &sig), 0);
    assert_int_equal(strlen(sig.summary), PATTERNS_LINE_MAX_BYTES - 18);
}

static void test_ran_together(void **state)
{
    static const char line[] = "PROBLEM - a on h1 is DOWN: xPROBLEM - b #page on h2 is DOWN: y "
                               "PROBLEM - Host h3 is DOWN";
    struct signal sig;

    assert_int_equal(match(*state, ALERTS, line, &sig), 0);
    assert_string_equal(sig.check, "a");
    assert_string_equal(sig.summary, "x");
    assert_false(sig.paging);
    assert_non_null(sig.rest);
    assert_int_equal(match(*state, ALERTS, sig.rest, &sig), 0);
    assert_string_equal(sig.check, "b");
    assert_string_equal(sig.summary, "y");
    assert_true(sig.paging);
    assert_non_null(sig.rest);
    assert_int_equal(match(*state, ALERTS, sig.rest, &sig), 0);
    assert_string_equal(sig.host, "h3");
    assert_false(sig.paging);
    assert_null(sig.rest);
    /* words that only look like another alert stay in the summary */
    assert_int_equal(match(*state, ALERTS, "PROBLEM - a on h1 is DOWN: PROBLEM - see wiki", &sig),
                     0);
    assert_string_equal(sig.summary, "PROBLEM - see wiki");
    assert_null(sig.rest);
}

/* ---- deploys --------------------------------------------------------------------------------- */

static void test_deploys(void **state)
{
    struct signal sig;

    assert_int_equal(match(*state, DEPLOYS, "!log u1@d1 Started scap: fix #page", &sig), 0);
    assert_int_equal(sig.kind, SIGNAL_DEPLOY);
    assert_int_equal(sig.phase, PHASE_STARTED);
    assert_string_equal(sig.user, "u1");
    assert_string_equal(sig.deploy_host, "d1");
    assert_string_equal(sig.tool, "scap");
    assert_string_equal(sig.change, "fix #page");
    assert_true(sig.production);
    assert_false(sig.paging);
    assert_false(sig.revert);
    assert_int_equal(sig.rule, -1);

    assert_int_equal(match(*state, DEPLOYS, "!log u1@d1 Started scap: Revert x", &sig), 0);
    assert_true(sig.revert);
    assert_int_equal(match(*state, DEPLOYS, "!log u1@d1 Started scap: do not Revert x", &sig), 0);
    assert_false(sig.revert);
    assert_int_equal(match(*state, DEPLOYS, "!log u1@d1 Rolling back", &sig), 0);
    assert_int_equal(sig.phase, PHASE_ROLLBACK);
    assert_string_equal(sig.tool, "scap");
    assert_true(sig.revert);
    assert_false(sig.production);
    assert_int_equal(match(*state, DEPLOYS, "read-only begins", &sig), 0);
    assert_int_equal(sig.kind, SIGNAL_MAINTENANCE);
    assert_int_equal(match(*state, DEPLOYS, "!log Revert things", &sig), 0);
    assert_int_equal(sig.kind, SIGNAL_NOTE);
    assert_false(sig.revert);
    assert_false(sig.production);
    /* nothing that a deployer writes pages anybody */
    assert_int_equal(match(*state, BOTH, "!log u1@d1 Started scap: (A) firing: x #page", &sig), 0);
    assert_int_equal(sig.kind, SIGNAL_DEPLOY);
    assert_false(sig.paging);
    /* formats in order; rules by source */
    assert_int_equal(match(*state, BOTH, "ACK - special", &sig), 0);
    assert_int_equal(sig.rule, 0);
}

static void test_hard_lines(void **state)
{
    char line[400];
    struct signal sig;

    memset(line, 'x', sizeof line - 2);
    line[sizeof line - 2] = 'z';
    line[sizeof line - 1] = '\0';
    /* the filter knows that there is no y */
    assert_int_equal(match(*state, DEPLOYS, line, &sig), CRIER_ENOENT);
    line[sizeof line - 3] = 'y';
    assert_int_equal(match(*state, DEPLOYS, line, &sig), CRIER_ELIMIT);
    assert_int_equal(match(*state, BOTH, line, &sig), CRIER_ELIMIT);
    /* malformed UTF-8 is no reason to fail, only to match nothing */
    assert_int_equal(match(*state, ALERTS, "PROBLEM - \xff\xfe", &sig), CRIER_ENOENT);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static struct format_line bad_lines[] = {
    {.where = {"f.cfg", 11}, .pattern = S("(unclosed"), .event = S("note")},
    {.where = {"f.cfg", 12}, .pattern = S("(?<chk>x)"), .event = S("note")},
    {.where = {"f.cfg", 13}, .pattern = S("a{2,1}"), .event = S("note")},
    {.where = {"f.cfg", 14}, .pattern = S("fine"), .event = S("note")},
    {.where = {"f.cfg", 15}, .pattern = S("\xff"), .event = S("note")},
};
static struct format_settings bad_formats[] = {
    {.where = {"f.cfg", 10}, .name = S("bad"), .revert = S("*"), .start = S("["), LINES(bad_lines)},
};
static struct rule_settings bad_rules[] = {
    {.where = {"r.cfg", 3}, .name = S("one"), .check = S("+"), .host = S(")"), .text = S("\\")},
};
static struct settings bad = {
    .format = bad_formats, .n_formats = 1, .rule = bad_rules, .n_rules = 1};

static void test_problems(void **state)
{
    static const struct {
        int line;
        const char *holds;
    } want[] = {
        {10, "start of format bad: "},
        {10, "revert of format bad: "},
        {11, "pattern of format bad: missing closing"},
        {12, "<chk>"},
        {13, "pattern of format bad: "},
        {15, "pattern of format bad: "},
        {3, "check of rule one: "},
        {3, "host of rule one: "},
        {3, "text of rule one: "},
    };
    struct problems problems;
    struct patterns *p = NULL;
    size_t i;

    (void)state;
    problems_init(&problems);
    assert_int_equal(patterns_create(&bad, &problems, &p), CRIER_EINVAL);
    assert_null(p);
    assert_int_equal(problems.n, COUNT(want));
    for (i = 0; i < COUNT(want); i++) {
        assert_int_equal(problems.item[i].line, want[i].line);
        if (!strstr(problems.item[i].text, want[i].holds))
            fail_msg("%zu: %s", i, problems.item[i].text);
    }
    problems_finish(&problems);
    patterns_destroy(NULL);
}

/* ---- the filter ------------------------------------------------------------------------------ */

static void test_literal(void **state)
{
    static const struct {
        const char *pattern, *want;
    } rows[] = {
        {"abc", "abc"},
        {"", ""},
        {"a|b", ""},
        {"abc|", ""},
        {"(?:!log )?(?<user>[^ ]+)@x Started scap: (?<change>.*)", "@x Started scap: "},
        {"abc?d", "ab"},
        {"abc*d", "ab"},
        {"abc+d", "abc"},
        {"ab+?cde", "cde"},
        {"ab{2}cde", "cde"},
        {"ab{0,}c", "a"},
        {"a{b", "a{b"},
        {"ab{,3}", "a"},
        {"x[a-z]yz", "yz"},
        {"x[]a]yz", "yz"},
        {"x[^]a]yz", "yz"},
        {"x[[:alpha:]]yz", "yz"},
        {"x[a\\]b]yz", "yz"},
        {"a\\.b", "a.b"},
        {"a\\db", "a"},
        {"ab\\dcde", "cde"},
        {"a\\x41b", ""},
        {"a\\Qb|c\\E", ""},
        {"(?i)abc", ""},
        {"a(?i)bcd", ""},
        {"(?i:abc)de", ""},
        {"(?x) a b c", ""},
        {"(*UTF)abc", ""},
        {"(?#comment)abc", ""},
        {"a(b|c)d", "a"},
        {"a(b|c)?de", "de"},
        {"(a|b(c))(d)", ""},
        {"(?=abc)", ""},
        {"(?!abc)de", "de"},
        {"(?<!abc)de", "de"},
        {"(?(?=a)b|c)de", ""},
        {"(abc", ""},
        {"abc)", ""},
        {"abc[", ""},
        {"[[:alpha:]]de", "de"},
        {"[[:^alpha:]x]de", "de"},
        {"[[:x](?i):]]DE", ""}, /* '[' and ':' stand for themselves, and what follows is caseless */
        {"[[:x]|a[:]]de", ""},
        {"abc\\", ""},
        {"ab.cde", "cde"},
        {"^abc$", "abc"},
        {"a\xe2\x80\xa6?b", "a"},
        {"x\xe2\x80\xa6y", "x\xe2\x80\xa6y"},
        {"x\\\xe2\x80\xa6y", "x\xe2\x80\xa6y"},
    };
    char got[256], small[4];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        size_t n = patterns_literal(rows[i].pattern, got, sizeof got);

        if (n != strlen(got) || strcmp(got, rows[i].want) != 0)
            fail_msg("%s: \"%s\"", rows[i].pattern, got);
    }
    assert_int_equal(patterns_literal("abcdef", small, sizeof small), 3);
    assert_string_equal(small, "abc");
    assert_int_equal(patterns_literal("ab\xe2\x80\xa6", small, sizeof small), 2);
}

/* What MemoryDenyWriteExecute= does: no memory is both written and run. */
static int refuse_write_and_execute(void)
{
    const uint64_t both = PROT_WRITE | PROT_EXEC;
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    int r;

    if (!f || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
                         SCMP_A2(SCMP_CMP_MASKED_EQ, both, both));
    if (!r)
        r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mprotect), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    if (!r)
        r = seccomp_load(f);
    seccomp_release(f);
    return r;
}

/* First of all: what PCRE2 has once it keeps. */
static void test_jit_that_works_and_jit_that_does_not(void **state)
{
    char why[200] = "";
    int status = -1;
    pid_t child = fork();

    (void)state;
    if (!child)
        _exit(refuse_write_and_execute()           ? 3
              : patterns_have_jit(why, sizeof why) ? 4
              : !strstr(why, "(-48)")              ? 5
                                                   : 0);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    if (!patterns_have_jit(why, sizeof why))
        fail_msg("%s", why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jit_that_works_and_jit_that_does_not),
        cmocka_unit_test_setup_teardown(test_alerts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_alerts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ran_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deploys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hard_lines, set_up, tear_down),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_literal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
