/* The configuration that ships: it loads, every line of the fixture means what it should, the
 * public words fit, and the sample shows every key. */
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
#include "hearing.h"
#include "patterns.h"
#include "utf8.h"
#include "wording.h"

/* Tests run in the top of the tree, or say where that is. */
static char *path_of(const char *name)
{
    const char *root = getenv("CRIER_ROOT");
    char *path = buf_printf("%s/%s", root ? root : ".", name);

    assert_non_null(path);
    return path;
}

static FILE *open_fixture(const char *name)
{
    char *path = path_of(name);
    FILE *f = fopen(path, "re");

    if (!f)
        fail_msg("cannot open %s", path);
    free(path);
    return f;
}

struct shipped {
    struct settings *settings;
    struct patterns *patterns;
};

static void load(const char *name, struct shipped *ret)
{
    char *path = path_of(name);
    struct problems problems;
    int r;

    problems_init(&problems);
    ret->settings = NULL;
    ret->patterns = NULL;
    r = config_file_load(path, &problems, &ret->settings);
    if (!r)
        r = patterns_create(ret->settings, &problems, &ret->patterns);
    if (r || problems.n) {
        problems_print(&problems, stderr);
        fail_msg("%s: %s", path, crier_strerror(r));
    }
    problems_finish(&problems);
    free(path);
}

static void unload(struct shipped *s)
{
    patterns_destroy(s->patterns);
    settings_destroy(s->settings);
}

static int set_up(void **state)
{
    struct shipped *s = calloc(1, sizeof *s);

    assert_non_null(s);
    load("config/wikimedia.cfg", s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    unload(*state);
    free(*state);
    return 0;
}

/* ---- lines ----------------------------------------------------------------------------------- */

enum {
    SOURCE,
    TEXT,
    KIND,
    CHECK,
    HOST,
    SEVERITY,
    PAGE,
    COUNT,
    PHASE,
    TOOL,
    USER,
    MARKS,
    RULE,
    COLUMNS
};

/* Cuts a line at its tabs. @return how many columns there are. */
static size_t columns(char *line, char *ret[COLUMNS])
{
    size_t n = 0;
    char *p = line;

    line[strcspn(line, "\n")] = '\0';
    while (n < COLUMNS) {
        char *tab = strchr(p, '\t');

        ret[n++] = p;
        if (!tab)
            break;
        *tab = '\0';
        p = tab + 1;
    }
    return n;
}

/* The columns behind the text, as the fixture has them. */
static void describe(const struct settings *s, int r, const struct signal *sig, struct buf *out)
{
    bool deploy;

    if (r) {
        buf_adds(out, r == CRIER_ESTATE ? "ignored" : r == CRIER_ENOENT ? "nothing" : "error");
        return;
    }
    deploy = sig->kind == SIGNAL_DEPLOY || sig->kind == SIGNAL_MAINTENANCE;
    buf_addf(out, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s%s\t%s", signal_kind_name(sig->kind),
             sig->check, sig->host, severity_name(sig->severity), sig->paging ? "page" : "",
             sig->count, deploy ? deploy_phase_name(sig->phase) : "", sig->tool, sig->user,
             sig->production ? "production" : "", sig->revert ? " revert" : "",
             sig->rule < 0 ? "" : s->rule[sig->rule].name);
}

/* tests/data/lines.tsv: source, line, and what it means, one line each. Set CRIER_PRINT_LINES to
 * see the table as it would be now. */
static void test_lines(void **state)
{
    struct shipped *s = *state;
    struct format_port port = patterns_format_port(s->patterns);
    FILE *f = open_fixture("tests/data/lines.tsv");
    bool print = getenv("CRIER_PRINT_LINES") != NULL;
    char line[4096], whole[4096], *col[COLUMNS];
    size_t n = 0, wrong = 0;

    while (fgets(line, sizeof line, f)) {
        struct signal sig;
        struct buf got;
        const char *want;
        int source, r;

        memcpy(whole, line, sizeof whole);
        whole[strcspn(whole, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\n')
            continue;
        n++;
        assert_true(columns(line, col) > TEXT);
        want = whole + (col[TEXT] - line) + strlen(col[TEXT]);
        want += *want == '\t';
        source = settings_find_source(s->settings, col[SOURCE]);
        assert_true(source >= 0);
        utf8_clean(col[TEXT], strlen(col[TEXT]), line);
        r = port.match(port.ctx, (size_t)source, line, &sig);
        buf_init(&got, 8192);
        describe(s->settings, r, &sig, &got);
        if (print)
            printf("%.*s\t%s\n", (int)(want - whole) - (want[-1] == '\t'), whole, buf_str(&got));
        else if (strcmp(buf_str(&got), want) != 0) {
            print_error("%s\n  is     %s\n  not    %s\n", line, buf_str(&got), want);
            wrong++;
        }
        buf_finish(&got);
    }
    fclose(f);
    assert_true(n > 200);
    assert_int_equal(wrong, 0);
}

/* The port's answer for a channel line as a relay or log bot cuts it. */
static void test_split_lines(void **state)
{
    struct shipped *s = *state;
    struct format_port port = patterns_format_port(s->patterns);
    struct hearing *h = hearing_create(s->settings, &port);
    size_t jinxer = (size_t)settings_find_source(s->settings, "jinxer");
    size_t log = (size_t)settings_find_source(s->settings, "logmsgbot");
    size_t icinga = (size_t)settings_find_source(s->settings, "icinga");
    char part[512], rest[512];
    struct signal sig;
    uint64_t id;
    size_t i;

    assert_non_null(h);
    /* alertmanager-irc-relay: the first part may end before the mark */
    assert_int_equal(hearing_text(h, jinxer, "x", "FIRING: VarnishUnavailable: ...", 0, &sig),
                     HEARING_SIGNAL);
    assert_false(sig.paging);
    id = sig.line_id;
    assert_int_equal(
        hearing_text(h, jinxer, "x",
                     "varnish-text has reduced HTTP availability #page - https://a - https://b",
                     900, &sig),
        HEARING_SIGNAL);
    assert_int_equal(sig.line_id, id);
    assert_true(sig.paging);
    assert_string_equal(sig.check, "VarnishUnavailable");
    assert_string_equal(sig.summary, "varnish-text has reduced HTTP availability");

    /* logmsgbot: 425 bytes, and the rest without "!log" */
    for (i = 0; i < 3; i++) {
        static const char *const begin[] = {
            "!log u1@deploy1003 Finished scap sync-world: Backport for [[gerrit:1|",
            "!log u1@deploy1003 Started scap sync-world: Backport for [[gerrit:1|",
            "!log u1@deploy1003 u1, u2: Backport for [[gerrit:1|",
        };
        static const char *const end[] = {
            "]], [[gerrit:2|Revert \"this\"]] (duration: 10m 02s)",
            "]], [[gerrit:2|Revert \"this\"]]",
            "]] synced to the testservers (see https://wikitech.wikimedia.org/wiki/Mwdebug)",
        };
        static const enum deploy_phase phase[] = {PHASE_FINISHED, PHASE_STARTED, PHASE_TESTED};
        size_t used = strlen(begin[i]);

        memset(part, 'w', 425);
        memcpy(part, begin[i], used);
        part[425] = '\0';
        assert_int_equal(hearing_text(h, log, "x", part, 10000 * (int64_t)i, &sig), HEARING_SIGNAL);
        assert_int_equal(sig.phase, phase[i]);
        assert_false(sig.revert);
        id = sig.line_id;
        assert_int_equal(hearing_text(h, log, "x", end[i], 10000 * (int64_t)i + 1000, &sig),
                         HEARING_SIGNAL);
        assert_int_equal(sig.line_id, id);
        assert_int_equal(sig.phase, phase[i]);
        assert_int_equal(sig.kind, SIGNAL_DEPLOY);
        assert_int_equal(sig.revert, i < 2);
        assert_string_equal(sig.user, "u1");
        assert_null(strstr(sig.change, "duration"));
        assert_null(strstr(sig.change, "synced to"));
    }

    /* ircecho: 450 characters, and two alerts in one line */
    snprintf(part, sizeof part, "PROBLEM - a on h1 is CRITICAL: %0415d", 7);
    assert_int_equal(hearing_text(h, icinga, "x", part, 0, &sig), HEARING_SIGNAL);
    id = sig.line_id;
    assert_int_equal(hearing_text(h, icinga, "x", "more of it", 0, &sig), HEARING_SIGNAL);
    assert_int_equal(sig.line_id, id);
    snprintf(rest, sizeof rest, "%s",
             "PROBLEM - b on h2 is CRITICAL: xRECOVERY - Host h3 #page is UP: PING OK");
    assert_int_equal(hearing_text(h, icinga, "x", rest, 0, &sig), HEARING_SIGNAL);
    assert_string_equal(sig.summary, "x");
    assert_false(sig.paging);
    assert_true(hearing_more(h, &sig));
    assert_int_equal(sig.kind, SIGNAL_RESOLVED);
    assert_string_equal(sig.host, "h3");
    assert_true(sig.paging);
    assert_false(hearing_more(h, &sig));
    hearing_destroy(h);
}

/* A resolved alert must be told from firing ones by the same name and words. */
static void test_firing_and_resolved_agree(void **state)
{
    static const char *const pairs[][2] = {
        {"FIRING: A: words #page - https://r - https://d - https://a",
         "RESOLVED: A: words #page - https://r - https://d - https://a"},
        {"FIRING: [2x] A: words - https://a", "RESOLVED: [3x] A: words - https://a"},
        {"FIRING: A: words - https://r - https://a", "RESOLVED: A: words - - https://a"},
        {"FIRING: A: words - TO"
         "DO - https://a",
         "RESOLVED: A: words   - https://a"},
        {"(A) firing: words #page", "(A) resolved: words #page"},
        {"(A) firing: (2) words - https://a", "(A) resolved: words - https://a"},
        {"(A) firing: (+2) words - https://a", "(A) resolved: words - https://a"},
        {"(A) firing: words", "RESOLVED: A: words"},
    };
    struct shipped *s = *state;
    struct format_port port = patterns_format_port(s->patterns);
    size_t source = (size_t)settings_find_source(s->settings, "jinxer"), i, k;

    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        for (k = 0; k < 2; k++) {
            struct signal sig;
            char line[512];

            utf8_clean(pairs[i][k], strlen(pairs[i][k]), line);
            assert_int_equal(port.match(port.ctx, source, line, &sig), 0);
            assert_int_equal(sig.kind, k ? SIGNAL_RESOLVED : SIGNAL_FIRING);
            assert_string_equal(sig.check, "A");
            assert_string_equal(sig.summary, "words");
        }
}

/* ---- public words ---------------------------------------------------------------------------- */

static void check_words(const struct settings *s, size_t wording)
{
    struct components all;
    struct wording_context context = {
        .components = &all,
        .started_wall_ms = INT64_C(1673980380000), /* the day before: the longest form */
        .now_wall_ms = INT64_C(1674066780000),
    };
    const struct wording_settings *w = &s->wording[wording];
    size_t i;
    int which;

    components_init(&all);
    for (i = 0; i < s->n_components; i++)
        assert_int_equal(components_set(&all, s->component[i].name, COMPONENT_PARTIAL_OUTAGE), 0);
    for (which = 0; which < WORDING_TEXTS; which++) {
        const char *key = wording_text_name((enum wording_text)which), *name = w->name;
        char *title = NULL, *body = NULL, why[WORDING_WHY_BYTES];

        if (!wording_template(w, (enum wording_text)which))
            fail_msg("%s has no text for %s", name, key);
        assert_int_equal(
            wording_render_as(s, wording, (enum wording_text)which, &context, &title, &body), 0);
        if (wording_check(s, title, body, why, sizeof why))
            fail_msg("%s, %s: %s", name, key, why);
        if (utf8_length(title) + utf8_length(body) >= 300)
            fail_msg("%s, %s: too long", name, key);
        if ((which == WORDING_AGAIN) != (strstr(body, "is back") != NULL))
            fail_msg("%s, %s: says that it is back, or should", name, key);
        free(title);
        free(body);
    }
    components_finish(&all);
}

static void test_words(void **state)
{
    struct shipped *s = *state, sample;
    size_t i;

    for (i = 0; i < s->settings->n_wordings; i++)
        check_words(s->settings, i);
    load("config/crier.cfg", &sample);
    for (i = 0; i < sample.settings->n_wordings; i++)
        check_words(sample.settings, i);
    unload(&sample);
}

/* Every rule that may open something says how bad it is, in which words, and where. */
static void test_rules_are_whole(void **state)
{
    const struct settings *s = ((struct shipped *)*state)->settings;
    size_t i;

    for (i = 0; i < s->n_rules; i++)
        if (!s->rule[i].ignore &&
            (s->rule[i].impact < IMPACT_MINOR || !s->rule[i].wording || !s->rule[i].n_components))
            fail_msg("rule %s", s->rule[i].name);
    assert_string_equal(s->rule[s->n_rules - 1].name, "any page");
    assert_int_equal(s->rule[s->n_rules - 1].paging, 1);
}

/* ---- the sample ------------------------------------------------------------------------------ */

static void look_for_keys(const struct setting_section *section, const char *text)
{
    size_t i;

    for (i = 0; i < section->n_keys; i++) {
        const struct setting_key *key = &section->key[i];
        char wanted[128];
        const char *p;

        snprintf(wanted, sizeof wanted, "%s = ", key->name);
        for (p = strstr(text, wanted); p; p = strstr(p + 1, wanted))
            if (p == text || strchr("\n #{;", p[-1]))
                break;
        if (!p)
            fail_msg("config/crier.cfg does not show %s of %s", key->name, section->name);
        if (key->section)
            look_for_keys(key->section, text);
    }
}

static void test_sample_shows_every_key(void **state)
{
    static const char *const files[] = {"config/crier.cfg", "config/formats.cfg"};
    char chunk[4096];
    struct buf text;
    size_t i, n;

    (void)state;
    buf_init(&text, 1 << 20);
    for (i = 0; i < 2; i++) { /* one file, since the first includes the second */
        FILE *f = open_fixture(files[i]);

        while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
            buf_add(&text, chunk, n);
        fclose(f);
    }
    assert_int_equal(buf_error(&text), 0);
    look_for_keys(settings_section(), buf_str(&text));
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_split_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_firing_and_resolved_agree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rules_are_whole, set_up, tear_down),
        cmocka_unit_test(test_sample_shows_every_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
