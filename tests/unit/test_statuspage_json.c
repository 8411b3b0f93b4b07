#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "statuspage_read.h"

static void ids_are_of_a_known_alphabet(void **state)
{
    char longest[STATUSPAGE_ID_MAX + 2];

    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[STATUSPAGE_ID_MAX + 1] = '\0';
    assert_false(statuspage_id_is_valid(longest));
    longest[STATUSPAGE_ID_MAX] = '\0';
    assert_true(statuspage_id_is_valid(longest));
    assert_true(statuspage_id_is_valid("abc-DEF_019"));
    assert_false(statuspage_id_is_valid(""));
    assert_false(statuspage_id_is_valid("a/b"));
    assert_false(statuspage_id_is_valid("a b"));
    assert_false(statuspage_id_is_valid("a\r\n"));
    assert_false(statuspage_id_is_valid("a?x=1"));
    assert_false(statuspage_id_is_valid("\xc3\xa9"));
}

static void errors_are_read_as_they_come(void **state)
{
    static const struct {
        const char *body;
        const char *words;
    } rows[] = {
        {"{\"error\":\"Could not authenticate\"}", "Could not authenticate"},
        {"{\"error\":[\"a\",\"b\"],\"message\":\"m\"}", "[\"a\",\"b\"]"},
        {"{\"error\":{\"name\":[\"can't be blank\"]}}", "{\"name\":[\"can't be blank\"]}"},
        {"{\"error\":7}", "7"},
        {"{\"error\":false,\"message\":\"m\"}", "false"},
        {"{\"error\":null,\"message\":\"m\"}", "m"},
        {"{\"error\":\"\",\"message\":\"m\"}", "m"},
        {"{\"message\":\"m\"}", "m"},
        {"{\"other\":\"m\"}", "{\"other\":\"m\"}"},
        {"\"just a string\"", "\"just a string\""},
        {"[]", "[]"},
        {"plain\r\n\x03"
         "04words\x02",
         "plain words"},
        {"caf\xe9", "caf?"},
        {"{\"error\":\"a\\u202eb\\u0007c\"}", "abc"},
        {"<html><head><title>502\nBad Gateway</title>", "a web page, not the API: 502 Bad Gateway"},
        {" \n<!DOCTYPE html><title>x", "a web page, not the API"},
        {"<h1>no</h1>", "a web page, not the API"},
        {"", ""},
        {" \r\n ", ""},
    };
    char words[STATUSPAGE_ERROR_MAX + 1];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        statuspage_json_error(rows[i].body, strlen(rows[i].body), words);
        assert_string_equal(words, rows[i].words);
    }
}

static void long_errors_are_cut_between_characters(void **state)
{
    char words[STATUSPAGE_ERROR_MAX + 1];
    struct buf b;
    int i;

    (void)state;
    buf_init(&b, 1 << 20);
    buf_adds(&b, "{\"error\":\"");
    for (i = 0; i < 50000; i++)
        buf_adds(&b, "\xe2\x82\xac");
    buf_adds(&b, "\"}");
    statuspage_json_error(buf_str(&b), b.len, words);
    assert_int_equal(strlen(words), 195 + 3);
    assert_string_equal(words + 195 - 3, "\xe2\x82\xac...");
    buf_finish(&b);
}

static void listing_is_whole_or_refused(void **state)
{
    struct page_incidents list = {NULL, 0};
    const char *good = "[{\"id\":\"a\",\"status\":\"postmortem\",\"name\":\"x\"},"
                       "{\"id\":\"b\",\"status\":\"completed\"},"
                       "{\"id\":\"c\",\"status\":\"investigating\",\"impact\":\"whatever\","
                       "\"metadata\":{\"crier\":{\"incident\":5,\"step\":\"1\"}}}]";
    const char *bad = "[{\"id\":\"d\",\"status\":\"resolved\"},{\"id\":\"e\",\"status\":7}]";
    size_t rows = 0, added = 0;

    (void)state;
    assert_int_equal(statuspage_json_read_incidents(good, strlen(good), "", &list, &rows, &added),
                     0);
    assert_int_equal(rows, 3);
    assert_int_equal(added, 2);
    assert_int_equal(list.n, 2);
    assert_int_equal(list.item[0].step, STEP_RESOLVED);
    assert_string_equal(list.item[0].url, "");
    assert_string_equal(list.item[0].body, "");
    assert_int_equal(list.item[1].impact, IMPACT_NONE);
    /* Not crier's: its key is a string. */
    assert_string_equal(list.item[1].key_incident, "");
    assert_string_equal(list.item[1].key_step, "");
    assert_int_equal(statuspage_json_read_incidents(bad, strlen(bad), "", &list, &rows, &added),
                     CRIER_EINVAL);
    page_incidents_finish(&list);
}

static void newest_update_is_found_whatever_the_order(void **state)
{
    static const char *const bodies[] = {
        "{\"id\":\"u1\",\"body\":\"old\",\"created_at\":\"2023-01-17T18:35:20.123Z\"},"
        "{\"id\":\"u2\",\"body\":\"new\",\"created_at\":\"2023-01-17T12:40:00.000-06:00\"}",
        "{\"id\":\"u2\",\"body\":\"new\",\"created_at\":\"2023-01-17T12:40:00.000-06:00\"},"
        "{\"id\":\"u1\",\"body\":\"old\",\"created_at\":\"2023-01-17T18:35:20.123Z\"}",
        "{\"id\":\"u2\",\"body\":\"new\"},{\"id\":\"u1\",\"body\":\"old\"}",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char *text = buf_printf("{\"id\":\"a\",\"status\":\"resolved\",\"incident_updates\":[%s]}",
                                bodies[i]);
        struct page_incident incident;

        assert_non_null(text);
        assert_int_equal(statuspage_json_read_incident(text, strlen(text), NULL, &incident), 0);
        assert_string_equal(incident.last_update_id, "u2");
        assert_int_equal(incident.n_updates, 2);
        assert_string_equal(incident.body, "new");
        page_incident_finish(&incident);
        free(text);
    }
}

#define UPDATE(at, old_status, new_status)                                                     \
    "{\"id\":\"u\",\"body\":\"b\",\"created_at\":\"2023-01-17T18:" at ":00Z\","                \
    "\"affected_components\":[{\"code\":\"cb\",\"name\":\"B\",\"old_status\":\"operational\"," \
    "\"new_status\":\"minor\"},{\"code\":\"ca\",\"name\":\"A\",\"old_status\":" old_status     \
    ",\"new_status\":" new_status "}]}"
#define OPERATIONAL "\"operational\""
#define PARTIAL "\"partial_outage\""
#define MAJOR "\"major_outage\""

static void claim_is_what_the_incident_itself_set(void **state)
{
    static const struct {
        const char *name;
        const char *updates;
        enum component_status claim;
    } rows[] = {
        {"no updates: the present status", "", COMPONENT_MAJOR_OUTAGE},
        {"updates that do not tell", "{\"id\":\"u\",\"affected_components\":null},{\"id\":\"v\"}",
         COMPONENT_MAJOR_OUTAGE},
        {"set once", UPDATE("30", OPERATIONAL, PARTIAL), COMPONENT_PARTIAL_OUTAGE},
        {"set, made worse by another, then left alone",
         UPDATE("40", MAJOR, MAJOR) "," UPDATE("30", OPERATIONAL, PARTIAL),
         COMPONENT_PARTIAL_OUTAGE},
        {"the same, listed the other way round",
         UPDATE("30", OPERATIONAL, PARTIAL) "," UPDATE("40", MAJOR, MAJOR),
         COMPONENT_PARTIAL_OUTAGE},
        {"set twice", UPDATE("40", MAJOR, PARTIAL) "," UPDATE("30", OPERATIONAL, MAJOR),
         COMPONENT_PARTIAL_OUTAGE},
        {"found so, made worse by another",
         UPDATE("40", MAJOR, MAJOR) "," UPDATE("30", PARTIAL, PARTIAL), COMPONENT_PARTIAL_OUTAGE},
        {"old status not said", UPDATE("30", "null", PARTIAL), COMPONENT_PARTIAL_OUTAGE},
        {"new status not said", UPDATE("30", OPERATIONAL, "null"), COMPONENT_MAJOR_OUTAGE},
        {"new status of another world", UPDATE("30", OPERATIONAL, "\"purple\""),
         COMPONENT_MAJOR_OUTAGE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = buf_printf("{\"id\":\"a\",\"status\":\"monitoring\",\"components\":"
                                "[{\"id\":\"grp\",\"name\":\"G\",\"status\":\"operational\","
                                "\"group\":true},{\"id\":\"ca\",\"name\":\"A\",\"status\":"
                                "\"major_outage\"}],\"incident_updates\":[%s]}",
                                rows[i].updates);
        struct page_incident incident;

        assert_non_null(text);
        print_message("             %s\n", rows[i].name);
        assert_int_equal(statuspage_json_read_incident(text, strlen(text), "", &incident), 0);
        assert_int_equal(incident.components.n, 1);
        assert_string_equal(incident.components.item[0].name, "A");
        assert_int_equal(incident.components.item[0].status, rows[i].claim);
        page_incident_finish(&incident);
        free(text);
    }
}

static void malformed_updates_are_no_answer(void **state)
{
    static const char *const updates[] = {
        "7",
        "[7]",
        "[{\"affected_components\":{}}]",
        "[{\"affected_components\":[7]}]",
        "[{\"affected_components\":[{\"code\":7}]}]",
        "[{\"id\":7}]",
        "[{\"id\":\"a/b\"}]",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof updates / sizeof updates[0]; i++) {
        char *text = buf_printf("{\"id\":\"a\",\"status\":\"monitoring\","
                                "\"incident_updates\":%s}",
                                updates[i]);
        struct page_incident incident;

        assert_non_null(text);
        assert_int_equal(statuspage_json_read_incident(text, strlen(text), "", &incident),
                         CRIER_EINVAL);
        free(text);
    }
}

static void only_links_become_addresses(void **state)
{
    static const struct {
        const char *shortlink;
        const char *url;
    } rows[] = {
        {"\"https://stspg.io/x\"", "https://stspg.io/x"},
        {"\"javascript:alert(1)\"", ""},
        {"null", ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = buf_printf("{\"id\":\"a\",\"status\":\"resolved\",\"shortlink\":%s}",
                                rows[i].shortlink);
        struct page_incident incident;

        assert_non_null(text);
        assert_int_equal(statuspage_json_read_incident(text, strlen(text), "", &incident), 0);
        assert_string_equal(incident.url, rows[i].url);
        page_incident_finish(&incident);
        free(text);
    }
}

static void more_than_can_be_kept_is_refused(void **state)
{
    struct page_components list = {NULL, 0};
    size_t rows, added;
    struct buf b;
    int i;

    (void)state;
    buf_init(&b, 1 << 20);
    for (i = 0; i <= STATUSPAGE_LIST_MAX; i++)
        buf_addf(&b, "%s{\"id\":\"c%d\",\"name\":\"n\"}", i ? "," : "[", i);
    buf_addc(&b, ']');
    assert_int_equal(buf_error(&b), 0);
    assert_int_equal(statuspage_json_read_components(buf_str(&b), b.len, &list, &rows, &added),
                     CRIER_ELIMIT);
    buf_finish(&b);
    page_components_finish(&list);
}

static void lengths_are_counted_in_characters(void **state)
{
    struct page_components none = {NULL, 0};
    struct page_request req;
    char title[256 * 2 + 1], *text;
    int i, err = 0;

    (void)state;
    memset(&req, 0, sizeof req);
    components_init(&req.components);
    for (i = 0; i < 256; i++)
        memcpy(title + 2 * i, "\xc3\xa9", 3);
    req.title = title;
    assert_null(statuspage_json_incident(&req, &none, &err));
    assert_int_equal(err, CRIER_ELIMIT);
    title[255 * 2] = '\0';
    text = statuspage_json_incident(&req, &none, &err);
    assert_non_null(text);
    assert_int_equal(err, 0);
    /* Without a key there is no metadata: an empty one would wipe what is there. */
    assert_null(strstr(text, "metadata"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_of_a_known_alphabet),
        cmocka_unit_test(errors_are_read_as_they_come),
        cmocka_unit_test(long_errors_are_cut_between_characters),
        cmocka_unit_test(listing_is_whole_or_refused),
        cmocka_unit_test(newest_update_is_found_whatever_the_order),
        cmocka_unit_test(claim_is_what_the_incident_itself_set),
        cmocka_unit_test(malformed_updates_are_no_answer),
        cmocka_unit_test(only_links_become_addresses),
        cmocka_unit_test(more_than_can_be_kept_is_refused),
        cmocka_unit_test(lengths_are_counted_in_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
