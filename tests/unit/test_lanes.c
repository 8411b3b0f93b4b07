#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "lanes.h"
#include "lanes_story.h"

#include "chronicle_bench.h"

#define DAY (INT64_C(24) * 3600 * 1000)

/* ---- the story ------------------------------------------------------------------------------- */

static void tells_how_long_the_public_waited(void **state)
{
    struct chronicle c;
    struct lanes_story s;
    char text[80];

    (void)state;
    bench_outage(&c);
    assert_int_equal(lanes_story_init(&s, &c, bench_at(20, 0, 0)), 0);
    assert_string_equal(lanes_story_headline(&s, text, sizeof text),
                        "The public waited 2 min 25 s");
    assert_int_equal(s.outage_ms, bench_at(18, 33, 5));
    assert_int_equal(s.told_ms, bench_at(18, 35, 30));
    assert_false(s.ongoing);
    assert_true(s.begin_ms < bench_at(18, 26, 20) && s.begin_ms > bench_at(18, 20, 0));
    assert_true(s.end_ms > bench_at(18, 59, 40) && s.end_ms < bench_at(19, 5, 0));
    lanes_story_finish(&s);
    chronicle_finish(&c);
}

static void pairs_alerts_with_their_recovery(void **state)
{
    struct chronicle c;
    struct lanes_story s;

    (void)state;
    bench_outage(&c);
    bench_row(&c, bench_at(18, 36, 0), "flapped", "icinga", "x", 90, "short on host");
    bench_row(&c, bench_at(18, 36, 30), "firing", "icinga", "x", 91, "twice on host");
    bench_row(&c, bench_at(18, 37, 0), "resolved", "icinga", "x", 91, "twice on host");
    bench_row(&c, bench_at(18, 38, 0), "paging", "icinga", "x", 91, "twice on host");
    bench_row(&c, bench_at(18, 36, 0), "resolved", "icinga", "x", 92, "never began on host");
    chronicle_sort(&c);
    assert_int_equal(lanes_story_init(&s, &c, bench_at(20, 0, 0)), 0);
    assert_int_equal(s.n_alerts, 5);
    assert_int_equal(s.alert[0].ref, 11);
    assert_int_equal(s.span[s.alert[0].span].from_ms, bench_at(18, 34, 55));
    assert_int_equal(s.span[s.alert[0].span].until_ms, bench_at(18, 48, 55));
    assert_false(s.alert[0].paging);
    assert_int_equal(s.alert[2].ref, 90);
    assert_false(s.span[s.alert[2].span].open);
    assert_int_equal(s.alert[3].ref, 91);
    assert_true(s.alert[3].paging);
    assert_int_equal(s.alert[3].n_spans, 2);
    assert_true(s.span[s.alert[3].span + 1].open);
    assert_int_equal(s.span[s.alert[3].span + 1].until_ms, s.end_ms);
    assert_int_equal(s.alert[4].ref, 13);
    assert_true(s.alert[4].paging);
    lanes_story_finish(&s);
    chronicle_finish(&c);
}

static void follows_deploys_through_their_phases(void **state)
{
    struct chronicle c;
    struct lanes_story s;
    const struct lanes_phase *p;

    (void)state;
    bench_outage(&c);
    assert_int_equal(lanes_story_init(&s, &c, bench_at(20, 0, 0)), 0);
    assert_int_equal(s.n_deploys, 2);
    assert_true(s.deploy[0].suspect && !s.deploy[0].fix);
    assert_int_equal(s.deploy[0].n_phases, 4);
    p = &s.phase[s.deploy[0].phase];
    assert_true(p[0].testing && p[1].testing && !p[2].testing);
    assert_false(p[0].open || p[1].open || p[2].open);
    assert_int_equal(p[2].until_ms, bench_at(18, 35, 42));
    assert_int_equal(p[3].phase, PHASE_ABORTED);
    assert_true(p[3].open); /* half-way is not an end */
    assert_true(s.deploy[1].fix && !s.deploy[1].suspect);
    p = &s.phase[s.deploy[1].phase];
    assert_int_equal(s.deploy[1].n_phases, 2);
    assert_false(p[0].testing || p[1].open);
    lanes_story_finish(&s);
    chronicle_finish(&c);
}

static void says_what_the_page_said_without_a_gap(void **state)
{
    static const enum step steps[] = {STEP_INVESTIGATING, STEP_IDENTIFIED, STEP_MONITORING,
                                      STEP_RESOLVED};
    struct chronicle c;
    struct lanes_story s;
    size_t i;

    (void)state;
    bench_outage(&c);
    assert_int_equal(lanes_story_init(&s, &c, bench_at(20, 0, 0)), 0);
    assert_int_equal(s.n_status, 5);
    assert_true(s.status[0].silent);
    assert_int_equal(s.status[0].from_ms, s.begin_ms);
    for (i = 1; i < s.n_status; i++) {
        assert_false(s.status[i].silent);
        assert_int_equal(s.status[i].step, steps[i - 1]);
        assert_int_equal(s.status[i].from_ms, s.status[i - 1].until_ms);
    }
    assert_int_equal(s.status[4].until_ms, s.end_ms);
    lanes_story_finish(&s);
    chronicle_finish(&c);
}

static void headlines(void **state)
{
    static const struct {
        int64_t state;
        const char *text;
    } rows[] = {
        {INCIDENT_DRAFT, "The public waits: 5 min"},
        {INCIDENT_PUBLISHING, "The public waits: 5 min"},
        {INCIDENT_DISCARDED, "Nothing was made public"},
    };
    char text[80];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct chronicle c;
        struct lanes_story s;

        bench_incident(&c, bench_at(18, 0, 0));
        c.incident.state = rows[i].state;
        c.incident.closed_wall_ms = i == 2 ? bench_at(18, 3, 0) : 0;
        assert_int_equal(lanes_story_init(&s, &c, bench_at(18, 5, 0)), 0);
        assert_string_equal(lanes_story_headline(&s, text, sizeof text), rows[i].text);
        lanes_story_finish(&s);
        chronicle_finish(&c);
    }
}

static void what_goes_on_ends_now(void **state)
{
    struct chronicle c;
    struct lanes_story s;
    char text[80];

    (void)state;
    bench_incident(&c, bench_at(18, 0, 0));
    bench_row(&c, bench_at(18, 0, 0), "firing", "x", "x", 1, "check on host");
    assert_int_equal(lanes_story_init(&s, &c, bench_at(18, 0, 2)), 0);
    assert_int_equal(s.end_ms, bench_at(18, 0, 2));
    assert_int_equal(s.begin_ms, bench_at(17, 59, 2));
    assert_int_equal(s.span[0].until_ms, bench_at(18, 0, 2));
    assert_string_equal(lanes_story_headline(&s, text, sizeof text), "The public waits: 2 s");
    lanes_story_finish(&s);
    chronicle_finish(&c);
}

static void writes_lengths(void **state)
{
    static const struct {
        int64_t s;
        const char *text;
    } rows[] = {{-5, "0 s"},         {0, "0 s"},    {59, "59 s"},        {60, "1 min"},
                {145, "2 min 25 s"}, {3600, "1 h"}, {3725, "1 h 2 min"}, {3 * 86400, "3 d"}};
    char text[80];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(lanes_story_length(rows[i].s * 1000, text, sizeof text), rows[i].text);
}

/* ---- the layout ------------------------------------------------------------------------------ */

/* Text of the axis and of the head is beside the plot; the rest may not leave it. */
static void assert_sound(const struct lanes_scene *s, const char *name)
{
    size_t i, j;

    for (i = 0; i < s->n; i++) {
        const struct lanes_item *a = &s->item[i];
        bool bar = a->shape == LANES_RECT && strncmp(a->style, "lw", 2) != 0 && a->title;

        if (a->x < 0 || a->x + a->w > s->w || a->y < 0 || a->y + a->h > s->h || a->w < 0 ||
            a->h < 0)
            fail_msg("%s: item %zu (%s, \"%s\") is outside the picture: %d %d %d %d", name, i,
                     a->style, a->text ? a->text : "", a->x, a->y, a->w, a->h);
        if (bar && (a->x < s->plot_x || a->x + a->w > s->plot_x + s->plot_w || a->w <= 0))
            fail_msg("%s: bar %zu (%s) is outside the axis: %d %d", name, i, a->style, a->x, a->w);
        for (j = 0; a->shape == LANES_TEXT && j < i; j++) {
            const struct lanes_item *b = &s->item[j];

            if (b->shape == LANES_TEXT && a->x < b->x + b->w && b->x < a->x + a->w &&
                a->y + 30 < b->y + b->h && b->y + 30 < a->y + a->h)
                fail_msg("%s: \"%s\" lies over \"%s\"", name, a->text, b->text);
        }
    }
}

static const struct lanes_item *find(const struct lanes_scene *s, const char *text)
{
    size_t i;

    for (i = 0; i < s->n; i++)
        if (s->item[i].text && strstr(s->item[i].text, text))
            return &s->item[i];
    return NULL;
}

static size_t count(const struct lanes_scene *s, const char *style)
{
    size_t i, n = 0;

    for (i = 0; i < s->n; i++)
        n += !strcmp(s->item[i].style, style) && s->item[i].title;
    return n;
}

typedef void maker(struct chronicle *c);

static void make_empty(struct chronicle *c)
{
    bench_incident(c, bench_at(18, 0, 0));
}

static void make_storm(struct chronicle *c)
{
    bench_incident(c, bench_at(18, 0, 0));
    bench_alerts(c, 1000, 100, bench_at(18, 0, 0), 90 * 1000);
    chronicle_sort(c);
}

/* Rows in the far past and future, ends before beginnings, times that are none. */
static void make_jumps(struct chronicle *c)
{
    bench_outage(c);
    bench_row(c, 0, "firing", "x", "x", 50, "epoch on host");
    bench_row(c, INT64_MIN, "firing", "x", "x", 51, "before all on host");
    bench_row(c, INT64_MAX, "resolved", "x", "x", 51, "before all on host");
    bench_row(c, INT64_MAX, "firing", "x", "x", 52, "after all on host");
    bench_row(c, bench_at(18, 0, 0), "resolved", "x", "x", 11, "too early");
    bench_row(c, INT64_MAX, "deploy started", "x", "x", 60, "scap");
    bench_row(c, INT64_MIN, "deploy finished", "x", "x", 60, "scap");
    bench_row(c, INT64_MIN, "published", "x", "x", 2, "");
    bench_row(c, INT64_MAX, "confirm", "deployer1", "x", 0, "");
    c->incident.started_wall_ms = INT64_MAX;
    chronicle_sort(c);
}

static void make_backwards(struct chronicle *c)
{
    bench_outage(c);
    c->incident.closed_wall_ms = bench_at(1, 0, 0);
    c->incident.opened_wall_ms = INT64_MAX;
    c->incident.started_wall_ms = INT64_MIN;
}

static void make_three_days(struct chronicle *c)
{
    bench_outage(c);
    c->incident.state = INCIDENT_PUBLIC;
    c->incident.closed_wall_ms = 0;
    c->incident.opened_wall_ms -= 3 * DAY;
    c->incident.started_wall_ms -= 3 * DAY;
}

/* Everybody says something all the time, in words that fit nowhere. */
static void make_talk(struct chronicle *c)
{
    char who[300];
    int i;

    memset(who, 'W', sizeof who);
    who[sizeof who - 1] = '\0';
    bench_outage(c);
    for (i = 0; i < 500; i++)
        bench_row(c, bench_at(18, 34, 55) + i * 3000, i % 3 ? "note" : "confirm",
                  i % 7 ? "deployer1" : who, "words", 0, "");
    for (i = 0; i < 30; i++) {
        bench_row(c, bench_at(18, 34, 55) + i * 20000, "deploy started", "deployer1", who, 100 + i,
                  who);
        if (i % 2)
            bench_row(c, bench_at(18, 34, 56) + i * 20000, "deploy failed", "deployer1", who,
                      100 + i, who);
    }
    for (i = 0; i < 40; i++)
        bench_row(c, bench_at(18, 36, 0) + i * 15000, "published", "x", "x", 1 + i % 4, "");
    chronicle_sort(c);
}

static void make_narrow_words(struct chronicle *c)
{
    bench_outage(c);
    bench_row(c, bench_at(18, 40, 0), "firing", "x", "x", 70,
              "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0"
              "\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd"
              "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd on host");
    bench_row(c, bench_at(18, 40, 0), "firing", "x", "x", 71, "\xff\xfe\x80\x80 malformed \xc3");
    bench_row(c, bench_at(18, 40, 0), "firing", "", "", 72, "");
    chronicle_sort(c);
}

static const struct {
    const char *name;
    maker *make;
} cases[] = {
    {"outage", bench_outage}, {"empty", make_empty},         {"storm", make_storm},
    {"jumps", make_jumps},    {"backwards", make_backwards}, {"three days", make_three_days},
    {"talk", make_talk},      {"words", make_narrow_words},
};

static void nothing_overlaps_or_sticks_out(void **state)
{
    static const int widths[] = {LANES_WIDE_PX, LANES_NARROW_PX, 280, 640, 4000, 1, 100000};
    size_t i, j;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (j = 0; j < sizeof widths / sizeof widths[0]; j++) {
            static const int64_t nows[] = {BENCH_DAY_MS + 20 * INT64_C(3600000), 0, INT64_MAX};
            size_t k;

            for (k = 0; k < sizeof nows / sizeof nows[0]; k++) {
                struct chronicle c;
                struct lanes_scene s;

                cases[i].make(&c);
                assert_int_equal(lanes_layout(&s, &c, nows[k], widths[j]), 0);
                assert_sound(&s, cases[i].name);
                assert_true(s.n < 3000);
                assert_true(s.h < 15000);
                lanes_scene_finish(&s);
                chronicle_finish(&c);
            }
        }
}

static void folds_many_alerts_into_one_row(void **state)
{
    struct chronicle c;
    struct lanes_scene s;

    (void)state;
    make_storm(&c);
    bench_row(&c, bench_at(18, 20, 0), "paging", "x", "x", 5000, "the page on host");
    chronicle_sort(&c);
    assert_int_equal(lanes_layout(&s, &c, bench_at(18, 30, 0), LANES_WIDE_PX), 0);
    assert_int_equal(count(&s, "lb lb-alert"), LANES_ALERTS_MAX - 1);
    assert_int_equal(count(&s, "lb lb-page"), 1); /* pages have a row, however late */
    assert_non_null(find(&s, "PAGE the page on host"));
    assert_non_null(find(&s, "and 989 more"));
    assert_true(count(&s, "lb lb-more") > 10);
    lanes_scene_finish(&s);
    chronicle_finish(&c);
}

static void people_are_named_by_what_they_did(void **state)
{
    static const struct {
        const char *kind, *who, *text, *label;
    } rows[] = {
        {"command", "sre1", "!status resolve 7: over", "sre1: resolve"},
        {"command", "sre2", "!status RESOLVE", "sre2: command"},
        {"command", "sre3", "", "sre3: command"},
        {"confirm", "sre4", "!status confirm 7", "sre4: confirm"},
        {"mute", "sre5", "!status mute 30m lunch", "sre5: mute"},
        {"proposal", "sre6", "its command is told", NULL},
        {"published", "sre7", "that is the page's", NULL},
        {"note", "", "nobody", NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct chronicle c;
        struct lanes_scene s;

        bench_incident(&c, bench_at(18, 0, 0));
        bench_row(&c, bench_at(18, 1, 0), rows[i].kind, rows[i].who, rows[i].text, 0, "");
        assert_int_equal(lanes_layout(&s, &c, bench_at(18, 30, 0), LANES_WIDE_PX), 0);
        if (rows[i].label && !find(&s, rows[i].label))
            fail_msg("\"%s\" is missing", rows[i].label);
        assert_int_equal(count(&s, "lm lm-act") + count(&s, "lm lm-confirm"),
                         rows[i].label != NULL);
        lanes_scene_finish(&s);
        chronicle_finish(&c);
    }
}

static void shows_the_wait(void **state)
{
    static const int widths[] = {LANES_WIDE_PX, LANES_NARROW_PX};
    size_t i, j;

    (void)state;
    for (i = 0; i < 2; i++) {
        static const char *const texts[] = {"The public waited 2 min 25 s",
                                            "public waited 2 min 25 s",
                                            "18:33 outage begins",
                                            "18:35 public is told",
                                            "all is well",
                                            "investigating",
                                            "identified",
                                            "monitoring",
                                            "resolved",
                                            "18:35 deployer1: confirm",
                                            "stopped half-way",
                                            "suspect: scap",
                                            "fix: scap",
                                            "PAGE Frontend"};
        struct chronicle c;
        struct lanes_scene s;

        bench_outage(&c);
        assert_int_equal(lanes_layout(&s, &c, bench_at(20, 0, 0), widths[i]), 0);
        for (j = 0; j < sizeof texts / sizeof texts[0]; j++)
            if (!find(&s, texts[j]))
                fail_msg("width %d: \"%s\" is missing", widths[i], texts[j]);
        assert_string_equal(s.headline, "The public waited 2 min 25 s");
        assert_non_null(strstr(s.summary, "investigating from 18:35:30"));
        lanes_scene_finish(&s);
        chronicle_finish(&c);
    }
}

/* ---- SVG ------------------------------------------------------------------------------------- */

static void writes_svg_that_is_clean(void **state)
{
    static const char hostile[] = "</title><script>alert(1)</script>\" onload=\"x\xe2\x80\xae\x1b";
    struct chronicle c;
    struct buf b;

    (void)state;
    bench_outage(&c);
    bench_row(&c, bench_at(18, 40, 0), "firing", hostile, hostile, 70, hostile);
    bench_row(&c, bench_at(18, 40, 0), "note", hostile, hostile, 0, hostile);
    bench_row(&c, bench_at(18, 41, 0), "deploy started", hostile, hostile, 71, hostile);
    chronicle_sort(&c);
    buf_init(&b, 1 << 20);
    assert_int_equal(lanes_svg(&b, &c, bench_at(20, 0, 0)), 0);
    assert_null(strstr(buf_str(&b), "<script"));
    assert_null(strstr(buf_str(&b), "\" onload"));
    assert_null(strstr(buf_str(&b), "\xe2\x80\xae"));
    assert_null(strchr(buf_str(&b), '\x1b'));
    assert_null(strstr(buf_str(&b), "nan"));
    assert_non_null(strstr(buf_str(&b), "role=\"img\""));
    assert_non_null(strstr(buf_str(&b), "<title id=\"lanes-title\">The public waited 2 min 25 s<"));
    assert_non_null(strstr(buf_str(&b), "prefers-color-scheme:dark"));
    assert_non_null(strstr(buf_str(&b), "xmlns=\"http://www.w3.org/2000/svg\""));
    assert_non_null(strstr(buf_str(&b), "&lt;script&gt;"));
    assert_string_equal(buf_str(&b) + b.len - 7, "</svg>\n");
    buf_finish(&b);
    chronicle_finish(&c);
}

static void tells_when_the_buffer_is_full(void **state)
{
    struct chronicle c;
    struct buf b;

    (void)state;
    bench_outage(&c);
    buf_init(&b, 1000);
    assert_true(lanes_svg(&b, &c, bench_at(20, 0, 0)) < 0);
    buf_finish(&b);
    chronicle_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_long_the_public_waited),
        cmocka_unit_test(pairs_alerts_with_their_recovery),
        cmocka_unit_test(follows_deploys_through_their_phases),
        cmocka_unit_test(says_what_the_page_said_without_a_gap),
        cmocka_unit_test(headlines),
        cmocka_unit_test(people_are_named_by_what_they_did),
        cmocka_unit_test(what_goes_on_ends_now),
        cmocka_unit_test(writes_lengths),
        cmocka_unit_test(nothing_overlaps_or_sticks_out),
        cmocka_unit_test(folds_many_alerts_into_one_row),
        cmocka_unit_test(shows_the_wait),
        cmocka_unit_test(writes_svg_that_is_clean),
        cmocka_unit_test(tells_when_the_buffer_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
