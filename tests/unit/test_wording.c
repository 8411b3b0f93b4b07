#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "utf8.h"
#include "wording.h"

#define OUTAGE INT64_C(1673980380000) /* 2023-01-17T18:33:00Z */
#define DAY INT64_C(86400000)

static char *words[] = {(char[]){"appserver"}, (char[]){"scap"}, (char[]){"wmf"},
                        (char[]){"db master"}, (char[]){"C++"},  (char[]){"caf\xc3\xa9"}};

/* A configuration with one wording, which the tests change. */
struct house {
    struct settings settings;
    struct wording_settings wording;
    struct component_settings component[5];
};

static void build(struct house *h)
{
    static char names[][24] = {"Reading", "Editing", "Search", "Search, mobile", "Elsewhere"};
    size_t i;

    memset(h, 0, sizeof *h);
    h->settings.chat.max_text_chars = 300;
    h->settings.internal_words.item = words;
    h->settings.internal_words.n = sizeof words / sizeof words[0];
    h->settings.wording = &h->wording;
    h->settings.n_wordings = 1;
    h->settings.component = h->component;
    h->settings.n_components = 5;
    for (i = 0; i < 5; i++)
        h->component[i].name = names[i];
    h->component[4].page_index = 1;
}

/* ---- rendering ------------------------------------------------------------------------------- */

static void renders_placeholders(void **state)
{
    static const struct {
        const char *template;
        const char *components; /* text form */
        int64_t now_wall_ms;
        const char *wanted; /* NULL: refused */
    } rows[] = {
        {"Plain text.", "", OUTAGE, "Plain text."},
        {"", "", OUTAGE, ""},
        {"Errors in {components} since {since}.", "partial_outage Editing\n", OUTAGE,
         "Errors in Editing since about 18:33 UTC."},
        {"{components} fail", "partial_outage Reading\nmajor_outage Editing\n", OUTAGE,
         "Reading and Editing fail"},
        {"{components}", "operational A\noperational B\noperational C\n", OUTAGE, "A, B and C"},
        {"{components}{components}", "operational A\n", OUTAGE, "AA"},
        /* no component, and the beginning of a sentence */
        {"Parts of {components} fail", "", OUTAGE, "Parts of the site fail"},
        {"{components} may fail", "", OUTAGE, "The site may fail"},
        {"Sorry. {components} may fail", "", OUTAGE, "Sorry. The site may fail"},
        {"{since} it broke", "", OUTAGE, "About 18:33 UTC it broke"},
        /* another day */
        {"Since {since}.", "", OUTAGE + DAY, "Since about 18:33 UTC on 17 January."},
        {"Since {since}.", "", OUTAGE - DAY, "Since about 18:33 UTC on 17 January."},
        {"Since {since}.", "", 0, "Since about 18:33 UTC."},
        /* names are never templates themselves */
        {"{components}", "operational {since}\n", OUTAGE, "{since}"},
        {"{host}", "", OUTAGE, NULL},
        {"{", "", OUTAGE, NULL},
        {"}", "", OUTAGE, NULL},
        {"{Since}", "", OUTAGE, NULL},
        {"{since", "", OUTAGE, NULL},
        {"{{since}}", "", OUTAGE, NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct components list;
        struct wording_context context = {&list, OUTAGE, rows[i].now_wall_ms};
        char *title = NULL, *body = NULL, why[WORDING_WHY_BYTES];
        struct house h;
        int r;

        build(&h);
        components_init(&list);
        assert_int_equal(components_parse(&list, rows[i].components), 0);
        h.wording.title = strdup(rows[i].template);
        h.wording.body[STEP_MONITORING] = strdup(rows[i].template);
        r = wording_render(&h.settings, 0, STEP_MONITORING, &context, &title, &body);
        if (r != (rows[i].wanted ? 0 : CRIER_EINVAL))
            fail_msg("\"%s\": %d", rows[i].template, r);
        assert_int_equal(wording_check_template(rows[i].template, why, sizeof why), r);
        assert_int_equal(why[0] != '\0', r != 0);
        if (rows[i].wanted) {
            assert_string_equal(title, rows[i].wanted);
            assert_string_equal(body, rows[i].wanted);
        } else {
            assert_null(title);
            assert_null(body);
        }
        free(title);
        free(body);
        free(h.wording.title);
        free(h.wording.body[STEP_MONITORING]);
        components_finish(&list);
    }
}

static void renders_each_step_from_its_own_text(void **state)
{
    static char title[] = "T", text[STEP_COUNT][2] = {"a", "b", "c", "d"};
    struct wording_context context = {NULL, OUTAGE, OUTAGE};
    char *got_title, *got_body;
    struct house h;
    int step;

    (void)state;
    build(&h);
    h.wording.title = title;
    for (step = 0; step < STEP_COUNT; step++)
        h.wording.body[step] = text[step];
    for (step = 0; step < STEP_COUNT; step++) {
        assert_int_equal(
            wording_render(&h.settings, 0, (enum step)step, &context, &got_title, &got_body), 0);
        assert_string_equal(got_body, text[step]);
        free(got_title);
        free(got_body);
    }
    assert_int_equal(wording_render(&h.settings, 1, STEP_RESOLVED, &context, &got_title, &got_body),
                     CRIER_ENOENT);
    h.wording.body[STEP_RESOLVED] = NULL;
    assert_int_equal(wording_render(&h.settings, 0, STEP_RESOLVED, &context, &got_title, &got_body),
                     CRIER_ENOENT);
}

/* A mended outage has words of its own where the configuration has them. */
static void renders_recovered_and_again(void **state)
{
    static char title[] = "T", text[][12] = {"new", "known", "mended", "over", "recovered", "back"};
    static const struct {
        enum wording_text which;
        const char *name, *own, *without;
        enum step step;
    } rows[] = {
        {WORDING_STEP_INVESTIGATING, "investigating", "new", "new", STEP_INVESTIGATING},
        {WORDING_STEP_IDENTIFIED, "identified", "known", "known", STEP_IDENTIFIED},
        {WORDING_STEP_MONITORING, "monitoring", "mended", "mended", STEP_MONITORING},
        {WORDING_STEP_RESOLVED, "resolved", "over", "over", STEP_RESOLVED},
        {WORDING_RECOVERED, "recovered", "recovered", "mended", STEP_MONITORING},
        {WORDING_AGAIN, "again", "back", "new", STEP_INVESTIGATING},
    };
    struct wording_context context = {NULL, OUTAGE, OUTAGE};
    char *got_title, *got_body;
    struct house h;
    size_t i, own;

    (void)state;
    assert_int_equal(sizeof rows / sizeof rows[0], WORDING_TEXTS);
    for (own = 0; own < 2; own++) {
        build(&h);
        h.wording.title = title;
        for (i = 0; i < STEP_COUNT; i++)
            h.wording.body[i] = text[i];
        h.wording.recovered = own ? text[4] : NULL;
        h.wording.again = own ? text[5] : NULL;
        for (i = 0; i < WORDING_TEXTS; i++) {
            assert_int_equal(
                wording_render_as(&h.settings, 0, rows[i].which, &context, &got_title, &got_body),
                0);
            assert_string_equal(got_body, own ? rows[i].own : rows[i].without);
            assert_string_equal(wording_text_name(rows[i].which), rows[i].name);
            assert_int_equal(wording_text_step(rows[i].which), rows[i].step);
            if (i >= STEP_COUNT && !own)
                assert_null(wording_template(&h.wording, rows[i].which));
            else
                assert_string_equal(wording_template(&h.wording, rows[i].which), rows[i].own);
            free(got_title);
            free(got_body);
        }
        assert_int_equal(
            wording_render_as(&h.settings, 0, WORDING_TEXTS, &context, &got_title, &got_body),
            CRIER_ENOENT);
    }
}

/* A storm that hits every component still makes a text that can be shown and confirmed. */
static void shortens_a_long_list(void **state)
{
    static char template[] = "Problems in {components}";
    struct wording_context context = {NULL, OUTAGE, OUTAGE};
    struct components list;
    char *title, *body, name[32], why[WORDING_WHY_BYTES];
    struct house h;
    int i;

    (void)state;
    build(&h);
    components_init(&list);
    context.components = &list;
    h.wording.title = template;
    h.wording.body[0] = template;
    for (i = 0; i < COMPONENTS_MAX; i++) {
        (void)snprintf(name, sizeof name, "Component of sort %d", i);
        assert_int_equal(components_set(&list, name, COMPONENT_MAJOR_OUTAGE), 0);
    }
    assert_int_equal(wording_render(&h.settings, 0, STEP_INVESTIGATING, &context, &title, &body),
                     0);
    assert_string_equal(title, "Problems in Component of sort 0, Component of sort 1, Component of "
                               "sort 2, Component of sort 3 and 60 more");
    assert_int_equal(wording_check(&h.settings, title, body, why, sizeof why), 0);
    free(title);
    free(body);
    components_finish(&list);
}

/* ---- what prepared texts must not say -------------------------------------------------------- */

static void lints_prepared_texts(void **state)
{
    static const struct {
        const char *text;
        const char *hint;      /* NULL: fine */
        const char *recovered; /* the same as WORDING_RECOVERED */
    } rows[] = {
        {"", NULL, NULL},
        {"Some people may see an error instead of pages; we are investigating.", NULL, NULL},
        {"We are investigating who is affected and how.", NULL, NULL},
        {"Pages load again. We are watching whether it stays that way.", NULL, NULL},
        {"From {since}, pages may have taken a few minutes to load.", NULL, NULL},
        {"Since {since}, in {components}, ten hours of edits may be lost.", NULL, NULL},
        {"Our sites are within reach again in all parts of the world.", NULL, NULL},
        {"In the last hour, some edits were lost; 5 minutes of work at most.", NULL, NULL},
        {"Pages may not load in time. In some countries they do not load at all.", NULL, NULL},
        {"No sooner than you log in you may be logged out.", NULL, NULL},
        {"By then 18 of 20 people saw it, and at 5 percent it stayed.", NULL, NULL},
        {"This incident has a name.", NULL, NULL},
        {"We are investigating an issue with images.", NULL, NULL},
        {"A prefix may be shown; suffixes are not affected.", NULL, NULL},
        /* promises of a time */
        {"It will be back within 10 minutes.", "\"within 10 minutes\" promises", NULL},
        {"It will be back within ten minutes.", "promises a time", NULL},
        {"Back in an hour.", "\"in an hour\" promises", NULL},
        {"Back in about an hour or so.", "promises a time", NULL},
        {"Back IN A FEW\tminutes!", "promises a time", NULL},
        {"It should work in the next couple of hours.", "promises a time", NULL},
        {"It should work in less than 30min", "promises a time", NULL},
        {"Give us a hand in 5-10 minutes", "promises a time", NULL},
        {"It will be over in minutes.", "promises a time", NULL},
        {"In no time it works.", "promises a time", NULL},
        {"In the near future.", "promises a time", NULL},
        {"It will work by 18:00.", "\"by 18:00\" promises", NULL},
        {"It will work by 18:00 UTC.", "promises a time", NULL},
        {"It will work by 6 pm", "promises a time", NULL},
        {"It will work by 6pm", "promises a time", NULL},
        {"Edit again before noon.", "promises a time", NULL},
        {"Edits are closed until about 18.30.", "promises a time", NULL},
        {"More at 1800UTC.", "promises a time", NULL},
        {"We will be back shortly.", "\"shortly\" promises", NULL},
        {"More SOON!", "\"SOON\" promises", NULL},
        {"As soon as possible.", "promises a time", NULL},
        {"We hope to be done later today.", "promises a time", NULL},
        {"By the end of the day.", "promises a time", NULL},
        {"Tomorrow.", "promises a time", NULL},
        {"It is expected to be over.", "promises a time", NULL},
        {"Any minute now.", "promises a time", NULL},
        /* stock sentences */
        {"We are currently investigating this issue.", "stock sentence", NULL},
        {"we're currently investigating the issue", "stock sentence", NULL},
        {"We are investigating this incident!", "stock sentence", NULL},
        {"Currently, our team is looking into this problem", "stock sentence", NULL},
        {"The issue has been identified and a fix is being implemented.", "stock sentence", NULL},
        {"The problem was identified.", "stock sentence", NULL},
        {"We have identified the issue", "stock sentence", NULL},
        {"A fix is now being implemented", "\"fix is now being implemented\"", NULL},
        {"We are implementing a fix.", "stock sentence", NULL},
        {"A fix has been implemented and we are monitoring the results.", "stock sentence", NULL},
        {"Pages load again; we are monitoring the result.", "stock sentence", NULL},
        {"We will continue to monitor", "stock sentence", NULL},
        {"We are continuing to investigate this issue.", "stock sentence", NULL},
        {"This incident has been resolved.", "stock sentence", NULL},
        {"The  ISSUE, is resolved", "stock sentence", NULL},
        {"The problem has now been fully resolved.", "stock sentence", NULL},
        /* a fix that nobody knows of */
        {"A fix is in place.", NULL, "\"fix\" claims that somebody mended it"},
        {"We fixed it.", NULL, "claims"},
        {"It is repaired.", NULL, "claims"},
        {"We have found the cause; pages load again.", NULL, "claims"},
        {"The change was rolled back.", NULL, "\"rolled back\" claims"},
        {"Service is restored.", NULL, "claims"},
        {"Everything is solved.", NULL, "claims"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *hints[2] = {rows[i].hint, rows[i].hint ? rows[i].hint : rows[i].recovered};
        enum wording_text which[2] = {WORDING_STEP_MONITORING, WORDING_RECOVERED};
        size_t k;

        for (k = 0; k < 2; k++) {
            char why[WORDING_WHY_BYTES] = "x";
            int r = wording_lint(rows[i].text, which[k], why, sizeof why);

            if ((r == CRIER_EINVAL) != (hints[k] != NULL) ||
                (hints[k] ? !strstr(why, hints[k]) : why[0] != '\0'))
                fail_msg("\"%s\": %d %s", rows[i].text, r, why);
        }
    }
}

/* Longer than anything that could be public, and with odd bytes. */
static void lints_anything(void **state)
{
    char text[20000], why[WORDING_WHY_BYTES];
    size_t i;

    (void)state;
    for (i = 0; i + 1 < sizeof text; i++)
        text[i] = (char)(i % 3 ? 1 + i * 7 % 255 : ' ');
    text[sizeof text - 1] = '\0';
    assert_int_equal(wording_lint(text, WORDING_RECOVERED, why, sizeof why), 0);
    memset(text, 'w', sizeof text - 1);
    assert_int_equal(wording_lint(text, WORDING_RECOVERED, why, sizeof why), 0);
    assert_int_equal(wording_lint("{since", WORDING_TEXTS, why, sizeof why), 0);
    assert_int_equal(wording_lint("in", WORDING_TEXTS, why, sizeof why), 0);
    assert_int_equal(wording_lint("by about", WORDING_TEXTS, why, sizeof why), 0);
}

static void recognises_which_text_it_is(void **state)
{
    static char title[] = "T", text[][20] = {"new", "known", "{since}", "over", "by {since}"};
    struct wording_context context = {NULL, OUTAGE, OUTAGE};
    struct house h;
    size_t i;

    (void)state;
    build(&h);
    h.wording.title = title;
    for (i = 0; i < STEP_COUNT; i++)
        h.wording.body[i] = text[i];
    h.wording.recovered = text[4];
    assert_int_equal(
        wording_recognise(&h.settings, 0, STEP_MONITORING, &context, "by about 18:33 UTC"),
        WORDING_RECOVERED);
    assert_int_equal(
        wording_recognise(&h.settings, 0, STEP_MONITORING, &context, "about 18:33 UTC"),
        WORDING_STEP_MONITORING);
    assert_int_equal(wording_recognise(&h.settings, 0, STEP_MONITORING, &context, "typed"),
                     WORDING_STEP_MONITORING);
    assert_int_equal(
        wording_recognise(&h.settings, 0, STEP_IDENTIFIED, &context, "by about 18:33 UTC"),
        WORDING_STEP_IDENTIFIED);
    assert_int_equal(wording_recognise(&h.settings, 7, STEP_IDENTIFIED, &context, "x"),
                     WORDING_STEP_IDENTIFIED);
}

/* ---- what may become public ------------------------------------------------------------------ */

static void lets_newspaper_language_pass(void **state)
{
    static const char *const rows[] = {
        "People who are logged in may see an error instead of pages; we are investigating.",
        "Since about 18:33 UTC (17 January), some pages load slowly.",
        "Editing: about 5.5% of saves fail, i.e. one in twenty. Sorry!",
        "Caf\xc3\xa9s \xe2\x80\x93 and \xe2\x80\x9cquotes\xe2\x80\x9d \xe2\x80\x94 are fine "
        "\xf0\x9f\x99\x82",
        "\xd0\x9f\xd1\x80\xd0\xbe\xd1\x81\xd1\x82\xd0\xb8\xd1\x82\xd0\xb5, "
        "\xe6\x97\xa5\xe6\x9c\xac",
        "Between 18:33:10 and 18:48:02 UTC, 24/7 readers and/or editors had ~10 minutes of errors",
        "e.g. the U.S., a.m. and p.m., No. 5, 3.14, 1,000, 2023-01-17, 17/01/2023",
        "Wait... what? It is back (for now), 'really'. \"Yes\" & no; 50 + 50 = 100 *",
        "On 2023-01-17 the Q4 and H264, MP3, UTF-8, COVID-19, IPv6, 4K, A1 and B52 of 90s",
        "Errors 503 and 500 since 18:33UTC; about 1000000 people",
        "desktop/mobile, on-call, end-to-end, T-shirt, 2-3 hours, 30-minute, 10am-11am",
        "escape the landscape, appserverless", /* only whole words are internal */
        "C plus",
        "@ 18:33",
        "T12 is no ticket, nor is # alone",
    };
    struct house h;
    size_t i;

    (void)state;
    build(&h);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[WORDING_WHY_BYTES];

        if (wording_check(&h.settings, "Errors", rows[i], why, sizeof why))
            fail_msg("\"%s\": %s", rows[i], why);
        assert_string_equal(why, "");
        if (wording_check(&h.settings, rows[i], "Text.", why, sizeof why))
            fail_msg("\"%s\": %s", rows[i], why);
    }
}

static void keeps_the_inside_inside(void **state)
{
    static const struct {
        const char *text;
        const char *hint;
    } rows[] = {
        {"", "is empty"},
        {"   ", "is empty"},
        /* markup and characters */
        {"a <b>bold</b> word", "has a <"},
        {"a > b", "has a >"},
        {"{since}", "has a {"},
        {"`code`", "has a `"},
        {"back\\slash", "has a \\"},
        {"tab\there", "control character (U+0009)"},
        {"line\nfeed", "control character (U+000A)"},
        {"\x02"
         "bold",
         "U+0002"},
        {"no\xc2\xa0"
         "break",
         "U+00A0"},
        {"zero\xe2\x80\x8bwidth", "U+200B"},
        {"\xe2\x80\xaereversed", "U+202E"},
        {"caf\xe9", "not valid UTF-8"},
        /* internal words, whole and in any case */
        {"the appserver is down", "\"appserver\""},
        {"the Appserver's disk", "\"Appserver\""},
        {"scap", "\"scap\""},
        {"(SCAP)", "\"SCAP\""},
        {"we ran scap\xe2\x80\x94twice", "\"scap\""},
        {"landscape and scap", "\"scap\""},
        {"scap-sync", "\"scap\""},
        {"the DB master failed", "\"DB master\""},
        {"written in C++ and", "\"C++\""},
        {"a caf\xc3\xa9!", "\"caf\xc3\xa9\""},
        /* links */
        {"see https://example.org/x", "a link"},
        {"see (HTTP://example.org)", "a link"},
        {"see irc://x", "a link"},
        {"see www.example", "a link"},
        {"see example.org for more", "\"example.org\""},
        {"see example.org.", "\"example.org\""},
        {"see example.org/page", "\"example.org\""},
        {"see \"example.org\"", "\"example.org\""},
        {"the end.Without a space", "a space is missing"},
        /* machines */
        {"mw1414 is down", "the name of a machine"},
        {"(MW1414)", "the name of a machine"},
        {"on db1123, again", "\"db1123\""},
        {"an-worker1080", "\"an-worker1080\""},
        {"kube-1234", "the name of a machine"},
        {"mw1414/mw1415", "\"mw1414\""},
        {"mw1414:9090", "\"mw1414\""},
        {"mw1414.eqiad.wmnet", "the name of a machine"},
        {"alert1001.wikimedia.org", "the name of a machine"},
        {"deploy1002's disk", "\"deploy1002\""},
        /* addresses */
        {"10.64.0.1", "an address of a machine"},
        {"at 10.64.0.1:443", "an address"},
        {"10.64.0.0/22", "an address"},
        {"[2620:0:861:1::1]", "an address"},
        {"from ::1", "an address"},
        {"fe80::1/64", "an address"},
        {"00:11:22:33:44:55", "an address"},
        {"ip=10.64.0.1", "an address"},
        /* people, tickets, changes, channels, files */
        {"deployer@deploy", "a user name"},
        {"thanks to @alice", "a user name"},
        {"mail noc@example.org", "a user name or a mail address"},
        {"see T327196", "a ticket"},
        {"(T327196)", "a ticket"},
        {"T327196's patch", "a ticket"},
        {"see #12", "a ticket or a channel"},
        {"in #operations", "a ticket or a channel"},
        {"fix#12", "a ticket or a channel"},
        {"reverted 8f3e2a1", "the number of a change"},
        {"change I8f3e2a1b9c", "the number of a change"},
        {"in /srv/app/x", "the path of a file"},
        {"in ~alice/x", "the path of a file"},
    };
    struct house h;
    size_t i;

    (void)state;
    build(&h);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[WORDING_WHY_BYTES] = "";

        if (wording_check(&h.settings, "Errors", rows[i].text, why, sizeof why) != CRIER_EINVAL ||
            !strstr(why, rows[i].hint) || !strstr(why, "text"))
            fail_msg("text \"%s\": %s", rows[i].text, why);
        if (wording_check(&h.settings, rows[i].text, "Some text.", why, sizeof why) !=
                CRIER_EINVAL ||
            !strstr(why, rows[i].hint) || !strstr(why, "title"))
            fail_msg("title \"%s\": %s", rows[i].text, why);
        assert_true(utf8_is_valid(why));
        assert_true(strlen(why) < WORDING_WHY_BYTES - 1);
    }
}

static char *repeated(const char *what, size_t times)
{
    size_t n = strlen(what), i;
    char *p = malloc(n * times + 1);

    assert_non_null(p);
    for (i = 0; i < times; i++)
        memcpy(p + i * n, what, n);
    p[n * times] = '\0';
    return p;
}

static void keeps_to_the_length(void **state)
{
    static const struct {
        const char *title_of;
        size_t title_n;
        const char *body_of;
        size_t body_n;
        const char *hint; /* NULL: passes */
    } rows[] = {
        {"x", 100, "y", 200, NULL},
        {"x", 100, "y", 201, "301 characters together, 300 are the most: please shorten them by 1"},
        {"x", 254, "y", 46, NULL},
        {"x", 256, "y", 4, "title has 256 characters"},
        {"\xc3\xa9", 90, "\xc3\xa9", 100, NULL},
        {"\xc3\xa9", 90, "\xc3\xa9", 101, "382 bytes together, 380 fit one line here"},
        {"\xe6\x97\xa5", 20, "\xe6\x97\xa5", 106, NULL},
        {"\xe6\x97\xa5", 21, "\xe6\x97\xa5", 106, "381 bytes"},
    };
    struct house h;
    size_t i;

    (void)state;
    build(&h);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *title = repeated(rows[i].title_of, rows[i].title_n);
        char *body = repeated(rows[i].body_of, rows[i].body_n), why[WORDING_WHY_BYTES];
        int r = wording_check(&h.settings, title, body, why, sizeof why);

        if (r != (rows[i].hint ? CRIER_EINVAL : 0) || (rows[i].hint && !strstr(why, rows[i].hint)))
            fail_msg("row %zu: %d, %s", i, r, why);
        free(title);
        free(body);
    }
    h.settings.chat.max_text_chars = 10;
    assert_int_equal(wording_check(&h.settings, "12345", "12345", NULL, 0), 0);
    assert_int_equal(wording_check(&h.settings, "12345", "123456", NULL, 0), CRIER_EINVAL);
}

static void complains_in_any_room(void **state)
{
    struct house h;
    size_t size;

    (void)state;
    build(&h);
    for (size = 0; size < 100; size++) {
        char *why = malloc(size ? size : 1);

        assert_non_null(why);
        assert_int_equal(
            wording_check(&h.settings, "\xc3\xa9\xc3\xa9\xc3\xa9@\xc3\xa9\xc3\xa9", "x", why, size),
            CRIER_EINVAL);
        if (size) {
            assert_true(strlen(why) < size);
            assert_true(utf8_is_valid(why));
        }
        free(why);
    }
}

/* Noise of the kinds that matter: no crash, and what passes has nothing unsafe in it. */
static void bears_noise(void **state)
{
    static const char alphabet[] = "ab1T2.:/-_@# \"(),;?!\xc3\xa9\xe2\x80\x8b\xff<m";
    uint32_t seed = 20230117;
    struct house h;
    int round;

    (void)state;
    build(&h);
    for (round = 0; round < 20000; round++) {
        size_t n = (size_t)round % 24, i;
        char *text = malloc(n + 1), why[WORDING_WHY_BYTES];

        assert_non_null(text);
        for (i = 0; i < n; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[n] = '\0';
        if (wording_check(&h.settings, "Errors", text, why, sizeof why)) {
            assert_true(why[0] != '\0');
            assert_true(utf8_is_valid(why));
        } else {
            assert_true(utf8_is_valid(text));
            assert_null(strpbrk(text, "<\xff"));
            assert_null(strstr(text, "#m"));
            assert_null(strstr(text, "@1"));
        }
        free(text);
    }
}

/* ---- what people type ------------------------------------------------------------------------ */

static void cleans_edits(void **state)
{
    static const struct {
        const char *typed, *wanted;
    } rows[] = {
        {"", ""},
        {"  Errors  for  some ", "Errors for some"},
        {"\00304Errors\003", "Errors"},
        {"\"Errors\"", "Errors"},
        {"\" Errors \"", "Errors"},
        {"\xe2\x80\x9c"
         "Errors\xe2\x80\x9d",
         "Errors"},
        {"`Errors`", "Errors"},
        {"Errors`", "Errors"},
        {"Errors `", "Errors"},
        {"`", ""},
        {"\"", "\""},
        {"\"\"", "\"\""},
        {"\"this\" and \"that\"", "\"this\" and \"that\""},
        {"say \"this\"", "say \"this\""},
        {"a `b` c", "a `b` c"},
        {"a `b`", "a `b`"},
        {"caf\xe9", "caf?"},
        {"\xe2\x80\xae"
         "evil",
         "evil"},
        {"users' and editors'", "users' and editors'"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *got = NULL;

        assert_int_equal(wording_clean_edit(rows[i].typed, &got), 0);
        if (strcmp(got, rows[i].wanted) != 0)
            fail_msg("\"%s\": \"%s\"", rows[i].typed, got);
        free(got);
    }
}

static void reads_components(void **state)
{
    static const struct {
        const char *typed;
        const char *wanted; /* text form; NULL: refused */
        const char *hint;
    } rows[] = {
        {"Editing partial outage", "partial_outage Editing\n", NULL},
        {"editing: Partial_Outage", "partial_outage Editing\n", NULL},
        {"Editing = partial", "partial_outage Editing\n", NULL},
        {"Editing par", "partial_outage Editing\n", NULL},
        {"Editing partial outage, Reading degraded",
         "partial_outage Editing\ndegraded_performance Reading\n", NULL},
        {"Editing major;Reading operational.", "major_outage Editing\noperational Reading\n", NULL},
        {"Reading under maintenance", "under_maintenance Reading\n", NULL},
        {"Reading under-maintenance ,", "under_maintenance Reading\n", NULL},
        {"Search degraded, Search, mobile major outage",
         "degraded_performance Search\nmajor_outage Search, mobile\n", NULL},
        {"search, mobile: operational", "operational Search, mobile\n", NULL},
        {"", NULL, "they are Reading, Editing, Search, Search, mobile"},
        {" , ", NULL, "name components"},
        {"Editing", NULL, "say how Editing is"},
        {"Editing broken", NULL, "say how Editing is"},
        {"Editing p", NULL, "say how Editing is"},
        {"Editing partial outages", NULL, "say how Editing is"},
        {"Reading and Editing major", NULL, "say how Reading is"},
        {"Writing major", NULL, "\"Writing major\" is no component; the components are Reading"},
        {"Elsewhere major", NULL, "\"Elsewhere major\" is no component"}, /* of another page */
        {"Editings major", NULL, "is no component"},
        {"Editing major, Editing minor", NULL, "say how Editing is"},
        {"Editing major, editing partial", NULL, "Editing is there twice"},
    };
    struct components got;
    struct house h;
    size_t i;

    (void)state;
    build(&h);
    components_init(&got);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[WORDING_WHY_BYTES], *text;
        int r = wording_parse_components(&h.settings, 0, rows[i].typed, &got, why, sizeof why);

        if (r != (rows[i].wanted ? 0 : CRIER_EINVAL))
            fail_msg("\"%s\": %d, %s", rows[i].typed, r, why);
        text = components_text(&got);
        if (rows[i].wanted) {
            struct components wanted;

            components_init(&wanted);
            assert_int_equal(components_parse(&wanted, rows[i].wanted), 0);
            if (!components_equal(&got, &wanted))
                fail_msg("\"%s\": %s", rows[i].typed, text);
            components_finish(&wanted);
        } else {
            assert_int_equal(got.n, 0);
            if (!strstr(why, rows[i].hint))
                fail_msg("\"%s\": %s", rows[i].typed, why);
        }
        free(text);
    }
    components_finish(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_placeholders),
        cmocka_unit_test(renders_each_step_from_its_own_text),
        cmocka_unit_test(renders_recovered_and_again),
        cmocka_unit_test(lints_prepared_texts),
        cmocka_unit_test(lints_anything),
        cmocka_unit_test(recognises_which_text_it_is),
        cmocka_unit_test(shortens_a_long_list),
        cmocka_unit_test(lets_newspaper_language_pass),
        cmocka_unit_test(keeps_the_inside_inside),
        cmocka_unit_test(keeps_to_the_length),
        cmocka_unit_test(complains_in_any_room),
        cmocka_unit_test(bears_noise),
        cmocka_unit_test(cleans_edits),
        cmocka_unit_test(reads_components),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
