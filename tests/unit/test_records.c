#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "err.h"
#include "records.h"
#include "sample_records.h"

/* Every member of every struct is a column, in order: nothing is forgotten, nothing overlaps. */
static void tables_cover_their_structs(void **state)
{
    int t;

    (void)state;
    for (t = 0; t < RECORD_TABLES; t++) {
        const struct table *table = record_table((enum record_table)t);
        size_t end = 0;
        size_t i, k;

        assert_string_equal(table->column[0].name, "id");
        assert_string_equal(table->column[1].name, "live");
        for (i = 0; i < table->n_columns; i++) {
            const struct column *c = &table->column[i];

            if (c->offset != end)
                fail_msg("%s.%s: a member before it is missing in the table", table->name, c->name);
            end += c->type == COLUMN_TEXT ? sizeof(char *) : sizeof(int64_t);
            for (k = 0; k < i; k++)
                assert_string_not_equal(table->column[k].name, c->name);
        }
        if (table->size != end)
            fail_msg("%s: the last members are missing in the table", table->name);
    }
}

/* These numbers are in databases. */
static void stored_numbers_stay(void **state)
{
    (void)state;
    assert_int_equal(INCIDENT_DISCARDED, 5);
    assert_int_equal(REVISION_RETRACT, 6);
    assert_int_equal(REVISION_DROPPED, 5);
    assert_int_equal(OUTBOX_WITHDRAWN, 6);
    assert_int_equal(DEPLOY_ENDED, 2);
}

static void copies_are_independent(void **state)
{
    int t;

    (void)state;
    for (t = 0; t < RECORD_TABLES; t++) {
        enum record_table table = (enum record_table)t;
        void *a = sample_record(table, 7, 1, 3);
        void *b = record_copy(table, a);
        char *zero = calloc(1, record_table(table)->size);

        assert_non_null(b);
        assert_true(sample_equal(table, a, b));
        assert_int_equal(record_id(b), 7);
        assert_int_equal(record_live(b), 1);
        record_finish(table, a);
        assert_memory_equal(a, zero, record_table(table)->size);
        record_destroy(table, a);
        record_destroy(table, b);
        free(zero);
    }
    record_destroy(RECORD_META, NULL);
}

static void null_text_is_copied_as_empty(void **state)
{
    struct record_shown shown = {.id = 1, .live = 1, .incident = 2, .place = NULL};
    struct record_shown *copy = record_copy(RECORD_SHOWN, &shown);

    (void)state;
    assert_non_null(copy);
    assert_string_equal(copy->place, "");
    record_destroy(RECORD_SHOWN, copy);
}

static void text_is_replaced(void **state)
{
    char *field = NULL;

    (void)state;
    assert_int_equal(record_set_text(&field, "one"), 0);
    assert_string_equal(field, "one");
    assert_int_equal(record_set_text(&field, field), 0); /* its own value */
    assert_string_equal(field, "one");
    assert_int_equal(record_set_text(&field, NULL), 0);
    assert_string_equal(field, "");
    free(field);
}

static void put_shown(struct batch *b, int64_t id, int64_t wall_ms)
{
    char place[] = "net/#chan";
    struct record_shown shown = {.id = id, .live = 1, .wall_ms = wall_ms, .place = place};

    batch_put(b, RECORD_SHOWN, &shown);
}

static int64_t shown_wall_ms(const struct change *c)
{
    return ((const struct record_shown *)c->record)->wall_ms;
}

static void later_changes_replace_earlier_ones(void **state)
{
    struct batch b;

    (void)state;
    batch_init(&b);
    put_shown(&b, 1, 10);
    put_shown(&b, 2, 20);
    put_shown(&b, 1, 11);
    assert_int_equal(b.n, 2);
    assert_int_equal(b.item[0].id, 1);
    assert_int_equal(shown_wall_ms(&b.item[0]), 11);
    batch_delete(&b, RECORD_SHOWN, 2);
    assert_int_equal(b.n, 2);
    assert_int_equal(b.item[1].op, CHANGE_DELETE);
    assert_null(b.item[1].record);
    batch_delete(&b, RECORD_ALERT, 2); /* same id, other table */
    assert_int_equal(b.n, 3);
    put_shown(&b, 2, 21);
    assert_int_equal(b.n, 3);
    assert_int_equal(b.item[1].op, CHANGE_PUT);
    assert_int_equal(shown_wall_ms(&b.item[1]), 21);
    assert_int_equal(b.err, 0);
    batch_finish(&b);
    assert_int_equal(b.n, 0);
    batch_finish(&b); /* twice is fine */
}

/* Each row is there once, with its last value, however many there are and in whatever order. */
static void a_storm_is_one_change_for_each_row(void **state)
{
    enum { ROWS = 20000, ROUNDS = 5 };
    struct timespec before, after;
    struct batch b;
    int64_t i, round;

    (void)state;
    batch_init(&b);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    for (round = 0; round < ROUNDS; round++)
        for (i = 0; i < ROWS; i++)
            put_shown(&b, (i * 7919) % ROWS - ROWS / 2, round);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_int_equal(b.err, 0);
    assert_int_equal(b.n, ROWS);
    for (i = 0; i < ROWS; i++) {
        assert_int_equal(b.item[i].id, (i * 7919) % ROWS - ROWS / 2);
        assert_int_equal(shown_wall_ms(&b.item[i]), ROUNDS - 1);
    }
    /* Linear: well under a second. Quadratic takes minutes here. */
    assert_true(after.tv_sec - before.tv_sec < 20);
    batch_finish(&b);
}

static void batches_are_joined(void **state)
{
    static const struct {
        const char *name;
        int64_t first, n_first, second, n_second; /* ids from .. */
        size_t want;
    } rows[] = {
        {"both empty", 0, 0, 0, 0, 0},        {"into an empty one", 0, 0, 5, 3, 3},
        {"from an empty one", 5, 3, 0, 0, 3}, {"apart", 0, 10, 10, 10, 20},
        {"overlapping", 0, 10, 5, 10, 15},    {"overlapping, hashed", 0, 1000, 500, 1000, 1500},
    };
    size_t k;

    (void)state;
    for (k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct batch a, b;
        int64_t i;
        size_t j;

        batch_init(&a);
        batch_init(&b);
        for (i = 0; i < rows[k].n_first; i++)
            put_shown(&a, rows[k].first + i, 1);
        for (i = 0; i < rows[k].n_second; i++)
            put_shown(&b, rows[k].second + i, 2);
        batch_append(&a, &b);
        print_message("%s\n", rows[k].name);
        assert_int_equal(b.n, 0);
        assert_int_equal(a.n, rows[k].want);
        for (j = 0; j < a.n; j++) {
            bool later =
                a.item[j].id >= rows[k].second && a.item[j].id < rows[k].second + rows[k].n_second;

            assert_int_equal(shown_wall_ms(&a.item[j]), later ? 2 : 1);
        }
        put_shown(&b, 1, 3); /* usable again */
        assert_int_equal(b.n, 1);
        put_shown(&a, 99999, 3);
        assert_int_equal(a.n, rows[k].want + 1);
        batch_finish(&a);
        batch_finish(&b);
    }
}

static void an_error_sticks_and_is_handed_on(void **state)
{
    struct batch a, b;

    (void)state;
    batch_init(&a);
    batch_init(&b);
    put_shown(&a, 1, 1);
    put_shown(&b, 2, 2);
    b.err = CRIER_ENOMEM;
    put_shown(&b, 3, 3);
    assert_int_equal(b.n, 1);
    batch_append(&a, &b);
    assert_int_equal(a.err, CRIER_ENOMEM);
    assert_int_equal(b.err, 0);
    assert_int_equal(b.n, 0);
    batch_finish(&a);
    assert_int_equal(a.err, 0);

    b.err = CRIER_ENOMEM; /* into an empty one */
    batch_append(&a, &b);
    assert_int_equal(a.err, CRIER_ENOMEM);
    batch_finish(&a);
    batch_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_cover_their_structs),
        cmocka_unit_test(stored_numbers_stay),
        cmocka_unit_test(copies_are_independent),
        cmocka_unit_test(null_text_is_copied_as_empty),
        cmocka_unit_test(text_is_replaced),
        cmocka_unit_test(later_changes_replace_earlier_ones),
        cmocka_unit_test(a_storm_is_one_change_for_each_row),
        cmocka_unit_test(batches_are_joined),
        cmocka_unit_test(an_error_sticks_and_is_handed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
