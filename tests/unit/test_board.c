#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board.h"
#include "buf.h"
#include "settings.h"

#include "chronicle_bench.h"

static const char title[] = "Errors for logged-in users";
static const char body[] = "People may see an error instead of pages.";

static struct board_view view_at(int hour, int minute)
{
    return (struct board_view){.now_wall_ms = bench_at(hour, minute, 0), .prefix = "!status"};
}

static void set(char **field, const char *text)
{
    assert_int_equal(record_set_text(field, text), 0);
}

static void put_outbox(struct chronicle *c, int64_t revision, int64_t state, int64_t done_wall_ms)
{
    struct record_outbox o = {.id = 500 + (int64_t)c->n_outbox,
                              .incident = c->incident.id,
                              .revision = revision,
                              .state = state,
                              .attempts = 3,
                              .confirmed_wall_ms = bench_at(18, 35, 20),
                              .done_wall_ms = done_wall_ms};
    char by[] = "deployer1", error[] = "503 <b>busy</b>";

    o.confirmed_by = by;
    o.error = error;
    assert_int_equal(chronicle_take(c, RECORD_OUTBOX, &o), 0);
}

static void assert_has(const struct buf *b, const char *text)
{
    if (!strstr(buf_str(b), text))
        fail_msg("\"%s\" is missing", text);
}

static void assert_has_not(const struct buf *b, const char *text)
{
    if (strstr(buf_str(b), text))
        fail_msg("\"%s\" is there", text);
}

/* A document that stands alone and can do nothing. */
static void assert_whole(const struct buf *b)
{
    static const char *const never[] = {
        "<script", "javascript:", " onload", "src=", "@import", "http://www", "<form", "<iframe"};
    size_t i;

    assert_int_equal(buf_error(b), 0);
    assert_int_equal(strncmp(buf_str(b), "<!doctype html>\n", 16), 0);
    assert_string_equal(buf_str(b) + b->len - 8, "</html>\n");
    for (i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_has_not(b, never[i]);
}

static void shows_a_draft_as_it_would_look(void **state)
{
    struct board_view view = view_at(18, 40);
    struct chronicle c;
    struct buf b;

    (void)state;
    bench_incident(&c, bench_at(18, 34, 55));
    bench_revision(&c, 1, STEP_INVESTIGATING, REVISION_OPEN, title, body);
    set(&c.incident.reasons, "fatals & friends");
    chronicle_sort(&c);
    buf_init(&b, BOARD_BYTES_MAX);
    board_home(&b, &view, &c, 1, NULL, 0);
    assert_whole(&b);
    assert_has(&b, "<h1>1 open</h1>");
    assert_has(&b, "draft, not public");
    assert_has(&b, "Draft: as it would look in public");
    assert_has(&b, title);
    assert_has(&b, body);
    assert_has(&b, "Major impact");
    assert_has(&b, "<bdi>Editing</bdi>: partial outage");
    assert_has(&b, "<bdi>Reading</bdi>: degraded performance");
    assert_has(&b, "<code>!status confirm 7.1</code>");
    assert_has(&b, "fatals &amp; friends");
    assert_has(&b, "The public waits: 5 min 5 s");
    assert_has(&b, "href=\"/incident/7\"");
    assert_has(&b, "http-equiv=\"refresh\" content=\"30\"");
    assert_has_not(&b, "Public now");
    buf_finish(&b);
    chronicle_finish(&c);
}

static void shows_what_is_public_beside_what_is_proposed(void **state)
{
    struct board_view view = view_at(18, 55);
    struct chronicle c;
    struct buf b;

    (void)state;
    bench_outage(&c);
    c.incident.state = INCIDENT_PUBLIC;
    c.incident.step = STEP_MONITORING;
    c.incident.public_revision = 3;
    c.incident.closed_wall_ms = 0;
    c.revision[3].state = REVISION_OPEN;
    c.revision[3].kind = REVISION_RESOLVE;
    set(&c.incident.seen_body, "Edited by hand on the page.");
    buf_init(&b, BOARD_BYTES_MAX);
    board_home(&b, &view, &c, 1, NULL, 0);
    assert_whole(&b);
    assert_has(&b, "public: monitoring");
    assert_has(&b, "Proposed: resolved");
    assert_has(&b, "!status confirm 7.4");
    assert_has(&b, "Public now");
    assert_has(&b, "Edited by hand on the page.");
    assert_has(&b, "href=\"https://status.example.org/incidents/abc123\"");
    buf_finish(&b);
    chronicle_finish(&c);
}

static void shows_what_is_on_its_way(void **state)
{
    struct board_view view = view_at(18, 36);
    struct chronicle c;
    struct buf b;

    (void)state;
    bench_incident(&c, bench_at(18, 34, 55));
    c.incident.state = INCIDENT_PUBLISHING;
    bench_revision(&c, 1, STEP_INVESTIGATING, REVISION_CONFIRMED, title, body);
    put_outbox(&c, 1, OUTBOX_DOUBT, 0);
    buf_init(&b, BOARD_BYTES_MAX);
    board_home(&b, &view, &c, 1, NULL, 0);
    assert_whole(&b);
    assert_has(&b, "confirmed, not public yet");
    assert_has(&b, "on its way to the page");
    assert_has(&b, "tried 3 times; it is not known whether the page has it");
    assert_has(&b, "503 &lt;b&gt;busy&lt;/b&gt;");
    assert_has_not(&b, "!status confirm");
    buf_finish(&b);
    chronicle_finish(&c);
}

/* Whoever wonders why nothing opens must see it here too. */
static void shows_planned_work(void **state)
{
    struct board_view view = view_at(20, 0);
    struct buf b;

    (void)state;
    view.planned = "maintenance of Editing <now> until 20:30";
    buf_init(&b, BOARD_BYTES_MAX);
    board_home(&b, &view, NULL, 0, NULL, 0);
    assert_whole(&b);
    assert_has(&b, "opens no draft: maintenance of Editing &lt;now&gt; until 20:30");
    buf_clear(&b);
    view.planned = "";
    board_home(&b, &view, NULL, 0, NULL, 0);
    assert_has_not(&b, "opens no draft");
    buf_finish(&b);
}

static void lists_what_is_over(void **state)
{
    struct board_view view = view_at(20, 0);
    struct chronicle c[2];
    struct buf b;

    (void)state;
    bench_outage(&c[0]);
    put_outbox(&c[0], 1, OUTBOX_DONE, bench_at(18, 35, 30));
    put_outbox(&c[0], 2, OUTBOX_DONE, bench_at(18, 39, 22));
    bench_incident(&c[1], bench_at(3, 0, 0));
    c[1].incident.id = 6;
    c[1].incident.state = INCIDENT_DISCARDED;
    c[1].incident.closed_wall_ms = bench_at(3, 20, 0);
    buf_init(&b, BOARD_BYTES_MAX);
    board_home(&b, &view, NULL, 0, c, 2);
    assert_whole(&b);
    assert_has(&b, "<h1>Nothing is open</h1>");
    assert_has(&b, "http-equiv=\"refresh\" content=\"60\"");
    assert_has(&b, "the public waited 2 min 25 s");
    assert_has(&b, "discarded after 20 min");
    assert_has(&b, "nothing was made public");
    buf_finish(&b);
    chronicle_finish(&c[0]);
    chronicle_finish(&c[1]);
}

static void tells_an_incident_from_end_to_end(void **state)
{
    struct board_view view = view_at(20, 0);
    struct chronicle c;
    struct buf b;

    (void)state;
    bench_outage(&c);
    buf_init(&b, BOARD_BYTES_MAX);
    board_incident(&b, &view, &c);
    assert_whole(&b);
    assert_has(&b, "<title>7: Errors for logged-in users - crier</title>");
    assert_has(&b, "The public waited 2 min 25 s");
    assert_has(&b, "class=\"picture wide\"");
    assert_has(&b, "class=\"picture narrow\"");
    assert_has(&b, "What the public was told");
    assert_has(&b, "confirmed by <bdi>sre1</bdi>");
    assert_has(&b, "The cause is known and is being undone.");
    assert_has(&b, "href=\"/incident/7.wikitext\"");
    assert_has(&b, "href=\"/incident/7.svg\"");
    assert_has(&b, "deploy aborted");
    assert_has(&b, "#page");
    assert_has_not(&b, "http-equiv=\"refresh\"");
    view.sick = true;
    buf_clear(&b);
    board_incident(&b, &view, &c);
    assert_whole(&b);
    assert_has(&b, "The database does not answer.");
    assert_has_not(&b, "7.wikitext");
    buf_finish(&b);
    chronicle_finish(&c);
}

static void foreign_text_is_text(void **state)
{
    static const char hostile[] =
        "</style></title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\xe2\x80\xae\x02";
    struct board_view view = view_at(20, 0);
    struct chronicle c;
    struct buf b;

    (void)state;
    bench_outage(&c);
    c.incident.state = INCIDENT_PUBLIC;
    set(&c.incident.seen_title, hostile);
    set(&c.incident.seen_body, hostile);
    set(&c.incident.home, hostile);
    set(&c.incident.opened_by, hostile);
    set(&c.incident.reasons, hostile);
    set(&c.incident.url, "javascript:alert(1)");
    set(&c.revision[3].title, hostile);
    set(&c.revision[3].body, hostile);
    set(&c.revision[3].components, "major_outage </ul><script>alert(1)</script>");
    set(&c.revision[3].first_approval, hostile);
    c.revision[3].state = REVISION_OPEN;
    bench_row(&c, bench_at(18, 50, 0), hostile, hostile, hostile, 1, hostile);
    bench_row(&c, bench_at(18, 50, 0), "published", hostile, hostile, 99, hostile);
    bench_row(&c, bench_at(18, 50, 0), "firing", hostile, hostile, 400, hostile);
    chronicle_sort(&c);
    view.prefix = "!<script>";
    buf_init(&b, BOARD_BYTES_MAX);
    board_home(&b, &view, &c, 1, &c, 1);
    board_incident(&b, &view, &c);
    board_message(&b, &view, hostile, hostile);
    assert_has_not(&b, "<script");
    assert_has_not(&b, "<img");
    assert_has_not(&b, "href=\"javascript");
    assert_has_not(&b, "\xe2\x80\xae");
    assert_null(strchr(buf_str(&b), '\x02'));
    assert_has(&b, "&lt;img src=x onerror=alert(1)&gt;");
    buf_finish(&b);
    chronicle_finish(&c);
}

static void a_storm_is_a_page_of_bounded_size(void **state)
{
    struct board_view view = view_at(20, 0);
    struct chronicle c;
    struct buf b;

    (void)state;
    bench_incident(&c, bench_at(18, 0, 0));
    bench_alerts(&c, 5000, 100, bench_at(18, 0, 0), 60000);
    chronicle_sort(&c);
    buf_init(&b, BOARD_BYTES_MAX);
    board_incident(&b, &view, &c);
    assert_whole(&b);
    assert_has(&b, "and 9,600 more rows");
    assert_true(b.len < 300000);
    buf_finish(&b);
    chronicle_finish(&c);
}

static void an_empty_chronicle_and_a_small_buffer_do_no_harm(void **state)
{
    struct board_view view = view_at(20, 0);
    struct chronicle c;
    struct buf b;

    (void)state;
    bench_incident(&c, 0);
    c.incident.state = 99;
    c.incident.step = 77;
    c.incident.public_revision = 12;
    bench_revision(&c, 12, 55, 2, "", "");
    c.revision[0].impact = -4;
    set(&c.revision[0].components, "nonsense");
    buf_init(&b, BOARD_BYTES_MAX);
    board_incident(&b, &view, &c);
    assert_whole(&b);
    assert_has(&b, "(without a title)");
    buf_finish(&b);
    buf_init(&b, 5000);
    board_incident(&b, &view, &c);
    assert_true(buf_error(&b) < 0);
    buf_finish(&b);
    chronicle_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_a_draft_as_it_would_look),
        cmocka_unit_test(shows_what_is_public_beside_what_is_proposed),
        cmocka_unit_test(shows_what_is_on_its_way),
        cmocka_unit_test(shows_planned_work),
        cmocka_unit_test(lists_what_is_over),
        cmocka_unit_test(tells_an_incident_from_end_to_end),
        cmocka_unit_test(foreign_text_is_text),
        cmocka_unit_test(a_storm_is_a_page_of_bounded_size),
        cmocka_unit_test(an_empty_chronicle_and_a_small_buffer_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
