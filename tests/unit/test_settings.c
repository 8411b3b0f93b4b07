#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "duration.h"
#include "err.h"
#include "problems.h"
#include "settings.h"

/* ---- the table of keys ----------------------------------------------------------------------- */

typedef void visit(const struct setting_section *section, const struct setting_key *key);

static void each_key(const struct setting_section *section, visit *visit_key)
{
    size_t i;

    for (i = 0; i < section->n_keys; i++) {
        visit_key(section, &section->key[i]);
        if (section->key[i].section)
            each_key(section->key[i].section, visit_key);
    }
}

static void is_described(const struct setting_section *section, const struct setting_key *key)
{
    size_t i;

    assert_non_null(section->help);
    assert_non_null(key->name);
    assert_int_equal(strspn(key->name, "abcdefghijklmnopqrstuvwxyz_0123456789"), strlen(key->name));
    assert_non_null(key->unit);
    if (!key->help || strlen(key->help) < 10 || strlen(key->help) > 160 ||
        strchr(key->help, '\n') || key->help[strlen(key->help) - 1] == '.')
        fail_msg("%s.%s: the help is to be one line without full stop", section->name, key->name);
    for (i = 0; i < section->n_keys; i++)
        if (&section->key[i] != key && !strcmp(section->key[i].name, key->name))
            fail_msg("%s.%s is there twice", section->name, key->name);
}

static size_t size_of(const struct setting_key *key)
{
    switch (key->type) {
    case SETTING_STRING:
    case SETTING_PATH:
    case SETTING_LIST:
        return sizeof(char *);
    case SETTING_INT:
    case SETTING_DURATION:
        return sizeof(int64_t);
    case SETTING_BOOL:
        return sizeof(bool);
    case SETTING_TRISTATE:
        return sizeof(int);
    case SETTING_STRINGS:
        return sizeof(struct string_list);
    case SETTING_ENUM:
    case SETTING_SET:
        return sizeof(unsigned);
    case SETTING_STEPS:
        return sizeof(bool[STEP_COUNT]);
    case SETTING_GROUP:
        return key->section->size;
    }
    return 0;
}

static void has_its_own_place(const struct setting_section *section, const struct setting_key *key)
{
    size_t i;

    assert_true(key->offset + size_of(key) <= section->size);
    if (key->type == SETTING_LIST)
        assert_true(key->count_offset + sizeof(size_t) <= section->size);
    for (i = 0; i < section->n_keys; i++) {
        const struct setting_key *other = &section->key[i];

        if (other != key && other->offset < key->offset + size_of(key) &&
            key->offset < other->offset + size_of(other))
            fail_msg("%s: %s and %s overlap", section->name, key->name, other->name);
    }
}

static void has_a_default_within_bounds(const struct setting_section *section,
                                        const struct setting_key *key)
{
    int64_t value;

    assert_true(key->min <= key->max);
    switch (key->type) {
    case SETTING_INT:
    case SETTING_DURATION:
        if (!key->deflt || !*key->unit != (key->type == SETTING_INT && key->max == 65535))
            fail_msg("%s.%s needs a default and a unit", section->name, key->name);
        if (key->type == SETTING_INT)
            value = strtoll(key->deflt, NULL, 10);
        else
            assert_int_equal(duration_parse(key->deflt, &value), 0);
        if (value < key->min || value > key->max)
            fail_msg("the default of %s.%s is out of bounds", section->name, key->name);
        if (key->type == SETTING_DURATION) {
            assert_true(key->max <= DURATION_MAX_MS);
            assert_true(key->min >= 0);
        }
        break;
    case SETTING_BOOL:
        assert_true(!strcmp(key->deflt, "true") || !strcmp(key->deflt, "false"));
        break;
    case SETTING_STRING:
    case SETTING_PATH:
        assert_true(key->min >= 1 && key->max < 5000);
        assert_true(!key->deflt || !(key->flags & SETTING_REQUIRED));
        assert_true(!key->deflt || strlen(key->deflt) <= (size_t)key->max);
        break;
    case SETTING_ENUM:
    case SETTING_SET:
    case SETTING_STEPS:
    case SETTING_TRISTATE:
        assert_non_null(key->names);
        break;
    case SETTING_STRINGS:
        assert_null(key->deflt);
        break;
    case SETTING_GROUP:
    case SETTING_LIST:
        assert_non_null(key->section);
        assert_string_equal(key->name, key->section->name);
        break;
    }
}

static void table_is_sound(void **state)
{
    (void)state;
    each_key(settings_section(), is_described);
    each_key(settings_section(), has_its_own_place);
    each_key(settings_section(), has_a_default_within_bounds);
}

static void print_keys_tells_all(void **state)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    (void)state;
    assert_non_null(f);
    settings_print_keys(f);
    assert_int_equal(fclose(f), 0);
    assert_non_null(strstr(text, "    ping_interval: silence after which crier sends a PING\n"
                                 "            duration; 100 ms to 1 h; default 20 s\n"));
    assert_non_null(strstr(text, "one of \"none\", \"plain\", \"external\"; default none"));
    assert_non_null(strstr(text, "max_text_chars"));
    free(text);
}

/* A list of n structs with every default, as a file would leave it. */
static void make_list(struct settings *s, const char *name, size_t n)
{
    const struct setting_section *file = settings_section();
    size_t i;

    for (i = 0; i < file->n_keys && strcmp(file->key[i].name, name) != 0; i++)
        ;
    assert_true(i < file->n_keys);
    assert_int_equal(setting_list_make(&file->key[i], s, n), 0);
}

static void defaults(void **state)
{
    struct settings *s = settings_create();
    size_t i;

    (void)state;
    assert_non_null(s);
    assert_string_equal(s->state_dir, "/var/lib/crier");
    assert_int_equal(s->triage.deploy_window_ms, 15 * 60000);
    assert_int_equal(s->triage.storm_window_ms, 5 * 60000);
    assert_int_equal(s->triage.storm_count, 3);
    assert_int_equal(s->triage.lookback_ms, 10 * 60000);
    assert_int_equal(s->triage.join_window_ms, 10 * 60000);
    assert_int_equal(s->triage.draft_quiet_ms, 60 * 60000);
    assert_int_equal(s->triage.deploy_max_ms, 3 * 3600000);
    assert_int_equal(s->triage.max_signals, 5000);
    assert_int_equal(s->triage.max_open, 20);
    assert_string_equal(s->chat.prefix, "!status");
    assert_int_equal(s->chat.revision_interval_ms, 60000);
    assert_int_equal(s->chat.confirm_guard_ms, 10000);
    assert_int_equal(s->chat.confirm_expires_ms, 15 * 60000);
    assert_int_equal(s->chat.confirm_patience_ms, 2000);
    assert_false(s->chat.two_for_critical);
    assert_int_equal(s->chat.second_person_ms, 5 * 60000);
    assert_int_equal(s->chat.max_text_chars, 300);

    make_list(s, "networks", 2);
    assert_int_equal(s->n_networks, 2);
    for (i = 0; i < 2; i++) {
        const struct network_settings *n = &s->network[i];

        assert_true(n->tls);
        assert_int_equal(n->port, 6697);
        assert_string_equal(n->user, "crier");
        assert_int_equal(n->sasl, SASL_NONE);
        assert_int_equal(n->services_patience_ms, 120000);
        assert_int_equal(n->ping_interval_ms, 20000);
        assert_int_equal(n->dead_after_ms, 50000);
        assert_int_equal(n->connect_timeout_ms, 15000);
        assert_int_equal(n->reconnect_min_ms, 2000);
        assert_int_equal(n->reconnect_max_ms, 120000);
        assert_int_equal(n->flood_burst_lines, 5);
        assert_int_equal(n->flood_interval_ms, 1000);
        assert_false(n->sasl_without_tls_is_dangerous);
        assert_null(n->nick);
    }
    settings_destroy(s);
    settings_destroy(NULL);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void names_there_and_back(void **state)
{
    enum component_status status = COMPONENT_OPERATIONAL;
    enum impact impact = IMPACT_NONE;
    enum step step = STEP_RESOLVED;
    enum severity severity = SEVERITY_UNKNOWN;
    int i;

    (void)state;
    for (i = COMPONENT_OPERATIONAL; i <= COMPONENT_MAJOR_OUTAGE; i++) {
        assert_int_equal(
            component_status_from_name(component_status_name((enum component_status)i), &status),
            0);
        assert_int_equal(status, i);
        assert_null(strchr(component_status_words((enum component_status)i), '_'));
    }
    for (i = IMPACT_NONE; i <= IMPACT_CRITICAL; i++) {
        assert_int_equal(impact_from_name(impact_name((enum impact)i), &impact), 0);
        assert_int_equal(impact, i);
    }
    for (i = STEP_INVESTIGATING; i <= STEP_RESOLVED; i++) {
        assert_int_equal(step_from_name(step_name((enum step)i), &step), 0);
        assert_int_equal(step, i);
    }
    for (i = SEVERITY_UNKNOWN; i <= SEVERITY_CRITICAL; i++) {
        assert_int_equal(severity_from_name(severity_name((enum severity)i), &severity), 0);
        assert_int_equal(severity, i);
    }
    assert_string_equal(component_status_name(COMPONENT_PARTIAL_OUTAGE), "partial_outage");
    assert_string_equal(component_status_words(COMPONENT_PARTIAL_OUTAGE), "partial outage");
    assert_int_equal(impact_from_name("Major", &impact), CRIER_EINVAL);
    assert_int_equal(step_from_name("", &step), CRIER_EINVAL);
    assert_int_equal(severity_from_name(NULL, &severity), CRIER_EINVAL);
    assert_int_equal(component_status_from_name("partial outage", &status), CRIER_EINVAL);
    assert_int_equal(severity, SEVERITY_CRITICAL); /* unchanged */
}

static void irc_names_compare(void **state)
{
    (void)state;
    assert_true(settings_irc_equal("#Ops[]\\~", "#oPS{}|^"));
    assert_false(settings_irc_equal("#ops", "#ops2"));
    assert_false(settings_irc_equal("#ops2", "#ops"));
    assert_false(settings_irc_equal("a", ""));
    assert_true(settings_irc_equal("", ""));
    assert_true(settings_irc_compare("a", "B") < 0);
    assert_true(settings_irc_compare("C", "b") > 0);
    assert_true(settings_irc_compare("\xc3\xa4", "z") > 0); /* bytes compare unsigned */
}

/* ---- made by hand ---------------------------------------------------------------------------- */

static char *text(const char *s)
{
    char *copy = strdup(s);

    assert_non_null(copy);
    return copy;
}

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n, size);

    assert_non_null(p);
    return p;
}

static struct settings *by_hand(void)
{
    struct settings *s = settings_create();

    assert_non_null(s);
    make_list(s, "pages", 2);
    s->page[0].name = text("one");
    s->page[0].page_id = text("p1");
    s->page[0].public_url = text("https://one.example.org");
    s->page[0].key_env = text("ONE_KEY");
    s->page[1].name = text("two");
    s->page[1].page_id = text("p2");
    s->page[1].public_url = text("http://localhost:8080");
    s->page[1].key_env = text("TWO_KEY");
    s->page[1].allow_plain_http = true;
    make_list(s, "components", 2);
    s->component[0].name = text("Site");
    s->component[0].page = text("one");
    s->component[1].name = text("Site");
    s->component[1].page = text("two");
    make_list(s, "networks", 1);
    s->network[0].name = text("net");
    s->network[0].host = text("localhost");
    s->network[0].nick = text("crier");
    s->network[0].channel = zeroed(1, sizeof *s->network[0].channel);
    s->network[0].n_channels = 1;
    s->network[0].channel[0].name = text("#Ops");
    s->network[0].channel[0].roles = CHANNEL_TALK | CHANNEL_WATCH;
    make_list(s, "people", 1);
    s->person[0].name = text("Some One");
    make_list(s, "wordings", 1);
    s->wording[0].name = text("w");
    s->wording[0].title = text("Trouble with {components}");
    s->wording[0].body[STEP_INVESTIGATING] = text("We are looking into it.");
    s->wording[0].body[STEP_IDENTIFIED] = text("We know why.");
    s->wording[0].body[STEP_MONITORING] = text("We are watching.");
    s->wording[0].body[STEP_RESOLVED] = text("It is over.");
    make_list(s, "rules", 1);
    s->rule[0].name = text("r");
    s->rule[0].impact = IMPACT_MINOR;
    s->rule[0].wording = text("w");
    s->rule[0].page = text("two");
    s->rule[0].component = zeroed(1, sizeof *s->rule[0].component);
    s->rule[0].n_components = 1;
    s->rule[0].component[0].name = text("Site");
    s->rule[0].component[0].status = COMPONENT_MAJOR_OUTAGE;
    return s;
}

static void finalizes_what_no_file_gave(void **state)
{
    struct settings *s = by_hand();
    struct problems problems;
    int i;

    (void)state;
    problems_init(&problems);
    for (i = 0; i < 2; i++) { /* the second time changes nothing */
        if (settings_finalize(s, &problems)) {
            problems_print(&problems, stderr);
            fail();
        }
        assert_int_equal(s->component[1].page_index, 1);
        assert_int_equal(s->rule[0].page_index, 1);
        assert_int_equal(s->rule[0].component[0].component_index, 1);
        assert_string_equal(s->rule[0].channel, "net/#Ops");
        assert_string_equal(s->person[0].nick, "Some One");
        assert_string_equal(s->page[1].admin_url, "https://manage.statuspage.io/pages/p2");
    }
    assert_int_equal(settings_find_page(s, "two"), 1);
    assert_int_equal(settings_find_page(s, "TWO"), -1);
    assert_int_equal(settings_find_page(s, NULL), -1);
    assert_int_equal(settings_find_network(s, "net"), 0);
    assert_int_equal(settings_find_component(s, 1, "Site"), 1);
    assert_int_equal(settings_find_component(s, 0, "Site"), 0);
    assert_int_equal(settings_find_component(s, -1, "Site"), -1);
    assert_int_equal(settings_find_component(s, 0, "site"), -1);
    assert_int_equal(settings_find_wording(s, "w"), 0);
    assert_int_equal(settings_find_format(s, "f"), -1);
    assert_int_equal(settings_find_source(s, "f"), -1);
    assert_int_equal(settings_find_person(s, "Some One"), 0);
    assert_ptr_equal(settings_find_channel(s, "net", "#OPS"), &s->network[0].channel[0]);
    assert_null(settings_find_channel(s, "net", "#op"));
    assert_null(settings_find_channel(s, "ten", "#ops"));
    assert_null(settings_find_channel(s, "net", NULL));
    assert_null(settings_where(s, &s->state_dir));
    problems_finish(&problems);
    settings_destroy(s);
}

static void tells_without_places(void **state)
{
    struct settings *s = by_hand();
    struct problems problems;
    struct where where = {"by.hand", 3};

    (void)state;
    problems_init(&problems);
    s->rule[0].where = where;
    free(s->rule[0].page);
    s->rule[0].page = text("one");
    free(s->component[0].name);
    s->component[0].name = text("Other");
    assert_int_equal(settings_finalize(s, &problems), CRIER_EINVAL);
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.item[0].text, "rule \"r\": component \"Site\" is on the page "
                                               "\"two\", and not on \"one\": make two rules of it");
    assert_string_equal(problems.item[0].file, "by.hand");
    assert_int_equal(problems.item[0].line, 3);
    problems_finish(&problems);
    settings_destroy(s);
}

/* With several pages, everything must say which it means. */
static void several_pages(void **state)
{
    struct settings *s = by_hand();
    struct problems problems;

    (void)state;
    problems_init(&problems);
    free(s->component[0].page);
    s->component[0].page = NULL;
    assert_int_equal(settings_finalize(s, &problems), CRIER_EINVAL);
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.item[0].text, "components \"Site\": there are several pages: "
                                               "write page = \"one\"; or another");
    problems_finish(&problems);
    settings_destroy(s);
}

static void nothing_at_all(void **state)
{
    struct settings *s = settings_create();
    struct problems problems;

    (void)state;
    assert_non_null(s);
    problems_init(&problems);
    assert_int_equal(settings_finalize(s, &problems), CRIER_EINVAL);
    assert_int_equal(problems.n, 4); /* no pages, components, networks, people */
    problems_finish(&problems);
    settings_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(print_keys_tells_all),
        cmocka_unit_test(defaults),
        cmocka_unit_test(names_there_and_back),
        cmocka_unit_test(irc_names_compare),
        cmocka_unit_test(finalizes_what_no_file_gave),
        cmocka_unit_test(tells_without_places),
        cmocka_unit_test(several_pages),
        cmocka_unit_test(nothing_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
