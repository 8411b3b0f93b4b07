#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "err.h"
#include "irc_queue.h"
#include "now.h"

struct told {
    char text[8192];
};

static void add_text(struct told *t, const char *a, const char *b)
{
    size_t used = strlen(t->text);

    (void)snprintf(t->text + used, sizeof t->text - used, "%s%s ", a, b);
}

static void on_dropped(void *ctx, const struct irc_queued *line, enum irc_queue_end why)
{
    static const char *const names[] = {"replaced:", "pushed:", "old:", "purged:"};

    add_text(ctx, names[why], line->text);
}

static int put(struct irc_queue *q, const char *text, int priority, uint64_t replaces,
               int64_t boot_ms)
{
    char target[] = "#c", copy[64];
    struct irc_queued l = {.target = target,
                           .text = copy,
                           .priority = priority,
                           .replaces = replaces,
                           .queued_boot_ms = boot_ms};

    (void)snprintf(copy, sizeof copy, "%s", text);
    return irc_queue_add(q, &l);
}

static void take_all(struct irc_queue *q, struct told *t, irc_queue_ready *ready)
{
    struct irc_queued l;

    while (irc_queue_take(q, ready, NULL, &l)) {
        add_text(t, "", l.text);
        irc_queued_finish(&l);
    }
}

static void test_order(void **state)
{
    struct told t = {""};
    struct irc_queue *q = irc_queue_create(on_dropped, &t);

    (void)state;
    assert_non_null(q);
    assert_int_equal(put(q, "r1", 0, 0, 0), 0);
    assert_int_equal(put(q, "a1", 1, 0, 0), 0);
    assert_int_equal(put(q, "p1", 2, 0, 0), 0);
    assert_int_equal(put(q, "r2", 0, 0, 0), 0);
    assert_int_equal(put(q, "w1", 3, 0, 0), 0);
    assert_int_equal(put(q, "w2", 3, 0, 0), 0);
    assert_int_equal(put(q, "own", IRC_QUEUE_PRIORITY_OWN, 0, 0), 0);
    take_all(q, &t, NULL);
    assert_string_equal(t.text, "own w1 w2 p1 a1 r1 r2 ");
    irc_queue_destroy(q);
}

static bool not_p(void *ctx, const struct irc_queued *l)
{
    (void)ctx;
    return l->text[0] != 'p';
}

static void test_what_is_not_ready_waits(void **state)
{
    struct told t = {""};
    struct irc_queue *q = irc_queue_create(on_dropped, &t);

    (void)state;
    assert_int_equal(put(q, "p1", 3, 0, 0), 0);
    assert_int_equal(put(q, "x", 0, 0, 0), 0);
    take_all(q, &t, not_p);
    assert_string_equal(t.text, "x ");
    assert_false(irc_queue_has(q, not_p, NULL));
    assert_true(irc_queue_has(q, NULL, NULL));
    irc_queue_destroy(q);
}

static void test_replaces(void **state)
{
    struct told t = {""};
    struct irc_queue *q = irc_queue_create(on_dropped, &t);
    char other[] = "#d", text[] = "d";
    struct irc_queued elsewhere = {.target = other, .text = text, .priority = 1, .replaces = 9};

    (void)state;
    assert_int_equal(put(q, "old", 1, 9, 0), 0);
    assert_int_equal(put(q, "second", 1, 0, 0), 0);
    assert_int_equal(irc_queue_add(q, &elsewhere), 0);
    assert_int_equal(put(q, "new", 1, 9, 0), 0);
    assert_int_equal(irc_queue_length(q), 3);
    take_all(q, &t, NULL);
    /* The place in the queue stays. */
    assert_string_equal(t.text, "replaced:old new second d ");
    /* Whoever waits for the older one does not wait longer for the newer, nor the other way round.
     */
    t.text[0] = '\0';
    assert_int_equal(put(q, "other", 2, 0, 0), 0);
    assert_int_equal(put(q, "answer", 3, 9, 0), 0);
    assert_int_equal(put(q, "notice", 1, 9, 0), 0);
    assert_int_equal(put(q, "notice too", 1, 8, 0), 0);
    assert_int_equal(put(q, "answer too", 3, 8, 0), 0);
    take_all(q, &t, NULL);
    assert_string_equal(t.text, "replaced:answer replaced:notice too notice answer too other ");
    irc_queue_destroy(q);
}

static void test_full(void **state)
{
    struct told t = {""};
    struct irc_queue *q = irc_queue_create(on_dropped, &t);
    char name[16];
    int i;

    (void)state;
    for (i = 0; i < IRC_QUEUE_LINES; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        assert_int_equal(put(q, name, i < 2 ? 0 : 1, 0, 0), 0);
    }
    assert_int_equal(put(q, "same", 0, 0, 0), CRIER_ELIMIT);
    assert_int_equal(irc_queue_length(q), IRC_QUEUE_LINES);
    assert_int_equal(put(q, "up", 1, 0, 0), 0);
    assert_string_equal(t.text, "pushed:1 ");
    assert_int_equal(put(q, "up", 1, 0, 0), 0);
    assert_int_equal(put(q, "up", 1, 0, 0), CRIER_ELIMIT);
    assert_string_equal(t.text, "pushed:1 pushed:0 ");
    assert_int_equal(irc_queue_length(q), IRC_QUEUE_LINES);
    irc_queue_destroy(q);
}

static void test_age(void **state)
{
    struct told t = {""};
    struct irc_queue *q = irc_queue_create(on_dropped, &t);

    (void)state;
    assert_int_equal(irc_queue_expires(q), NOW_NEVER);
    assert_int_equal(put(q, "a", 1, 0, 1000), 0);
    assert_int_equal(put(q, "b", 1, 0, IRC_QUEUE_UNSTAMPED), 0);
    assert_int_equal(irc_queue_expires(q), 1000 + IRC_QUEUE_AGE_MS);
    irc_queue_expire(q, 2000);
    irc_queue_expire(q, 1000 + IRC_QUEUE_AGE_MS - 1);
    assert_string_equal(t.text, "");
    irc_queue_expire(q, 1000 + IRC_QUEUE_AGE_MS);
    assert_string_equal(t.text, "old:a ");
    assert_int_equal(irc_queue_expires(q), 2000 + IRC_QUEUE_AGE_MS);
    irc_queue_expire(q, 2000 + IRC_QUEUE_AGE_MS);
    assert_string_equal(t.text, "old:a old:b ");
    irc_queue_destroy(q);
}

static void test_purge_and_limits(void **state)
{
    struct told t = {""};
    struct irc_queue *q = irc_queue_create(on_dropped, &t);
    char target[] = "#c", *longest = calloc(1, IRC_QUEUE_TEXT_BYTES + 2);
    struct irc_queued l = {.target = target, .text = longest, .priority = 1};

    (void)state;
    memset(longest, 'x', IRC_QUEUE_TEXT_BYTES + 1);
    assert_int_equal(irc_queue_add(q, &l), CRIER_ELIMIT);
    assert_int_equal(put(q, "p", 1, 0, 0), 0);
    assert_int_equal(put(q, "q", 1, 0, 0), 0);
    irc_queue_purge(q, not_p, NULL);
    assert_string_equal(t.text, "purged:q ");
    free(longest);
    irc_queue_destroy(q);
    irc_queue_destroy(NULL);
}

/* ---- the bucket --------------------------------------------------------------------------- */

static const struct {
    int64_t burst, interval_ms, step_ms;
    int steps, sent; /* as many as go in all, one try at each step */
} buckets[] = {
    {5, 1000, 0, 20, 5}, {5, 1000, 1000, 20, 20}, {5, 1000, 500, 21, 15},  {1, 1000, 999, 3, 2},
    {5, 1, 1, 50, 50},   {5, 333, 100, 101, 35},  {1, 60000, 1000, 61, 2},
};

static void test_bucket(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof buckets / sizeof buckets[0]; i++) {
        struct irc_bucket b;
        int64_t now = 1000000;
        int k, sent = 0;

        irc_bucket_init(&b, buckets[i].burst, buckets[i].interval_ms, now);
        for (k = 0; k < buckets[i].steps; k++) {
            if (irc_bucket_may(&b, now)) {
                irc_bucket_pay(&b, IRC_BUCKET_LINE);
                sent++;
            }
            now += buckets[i].step_ms;
        }
        if (sent != buckets[i].sent)
            fail_msg("row %zu: %d", i, sent);
    }
}

/* irc_bucket_when() is neither early nor late, whatever the interval divides into. */
static void test_bucket_when(void **state)
{
    int64_t interval;

    (void)state;
    for (interval = 1; interval < 3000; interval += 7) {
        struct irc_bucket b;
        int64_t now = 5000, when;
        int i;

        irc_bucket_init(&b, 3, interval, now);
        for (i = 0; i < 10; i++) {
            when = irc_bucket_when(&b, now);
            if (when > now) {
                assert_false(irc_bucket_may(&b, when - 1));
                now = when;
            }
            assert_true(irc_bucket_may(&b, now));
            irc_bucket_pay(&b, IRC_BUCKET_LINE + i);
        }
    }
}

static void test_bucket_bounds(void **state)
{
    struct irc_bucket b;
    int i;

    (void)state;
    irc_bucket_init(&b, 2, 1000, 0);
    assert_true(irc_bucket_may(&b, INT64_MAX - 1));
    irc_bucket_init(&b, 2, 1000, 0);
    for (i = 0; i < 100; i++)
        irc_bucket_pay(&b, IRC_BUCKET_LINE);
    assert_int_equal(irc_bucket_when(&b, 0), 3000); /* no deeper in debt than a burst */
    irc_bucket_adjust(&b, 1, 1000);
    assert_int_equal(irc_bucket_when(&b, 0), 2000);
    assert_false(irc_bucket_may(&b, -5000)); /* a clock that goes back gives nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),         cmocka_unit_test(test_what_is_not_ready_waits),
        cmocka_unit_test(test_replaces),      cmocka_unit_test(test_full),
        cmocka_unit_test(test_age),           cmocka_unit_test(test_purge_and_limits),
        cmocka_unit_test(test_bucket),        cmocka_unit_test(test_bucket_when),
        cmocka_unit_test(test_bucket_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
