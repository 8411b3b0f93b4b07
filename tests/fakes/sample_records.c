#include "sample_records.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[] = {
    "it's \"quoted\", `ticked` and \\slashed\\",
    "Störung – 障害 – \xf0\x9f\x94\xa5",
    "",
    "'); DROP TABLE \"incident\"; --",
    "one\ntwo\r\n\tthree",
    " spaces around ",
    "\xff\xfe not UTF-8 \x80",
    "%s %n ?1 :x @y $z",
    "NULL",
    "0",
};

static const int64_t numbers[] = {
    0, 1, -1, INT64_MAX, INT64_MIN, 1673980495123, 4294967296, 42,
};

void *sample_record(enum record_table t, int64_t id, int64_t live, unsigned seed)
{
    const struct table *table = record_table(t);
    char *record = calloc(1, table->size);
    size_t i;

    assert(record);
    for (i = 0; i < table->n_columns; i++) {
        const struct column *c = &table->column[i];
        size_t k = i * 7 + seed;

        switch (c->type) {
        case COLUMN_INT64:
            memcpy(record + c->offset, &numbers[k % (sizeof numbers / sizeof *numbers)],
                   sizeof *numbers);
            break;
        case COLUMN_TEXT: {
            char *text = strdup(texts[k % (sizeof texts / sizeof *texts)]);

            assert(text);
            memcpy(record + c->offset, &text, sizeof text);
            break;
        }
        }
    }
    memcpy(record, &id, sizeof id);
    memcpy(record + sizeof id, &live, sizeof live);
    return record;
}

bool sample_equal(enum record_table t, const void *a, const void *b)
{
    const struct table *table = record_table(t);
    size_t i;

    for (i = 0; i < table->n_columns; i++) {
        const char *x = (const char *)a + table->column[i].offset;
        const char *y = (const char *)b + table->column[i].offset;
        bool same = false;

        switch (table->column[i].type) {
        case COLUMN_INT64:
            same = !memcmp(x, y, sizeof(int64_t));
            break;
        case COLUMN_TEXT: {
            const char *p, *q;

            memcpy(&p, x, sizeof p);
            memcpy(&q, y, sizeof q);
            same = !strcmp(p ? p : "", q ? q : "");
            break;
        }
        }
        if (!same)
            return false;
    }
    return true;
}
