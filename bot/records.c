#include "records.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"

/* ---- the tables ------------------------------------------------------------------------------ */

#define INT(s, f)                                \
    {                                            \
#f, COLUMN_INT64, offsetof(struct s, f), \
    }
#define TEXT(s, f)                              \
    {                                           \
#f, COLUMN_TEXT, offsetof(struct s, f), \
    }
#define TABLE(n, s, c)                                        \
    {                                                         \
        n, sizeof(struct s), (c), sizeof(c) / sizeof((c)[0]), \
    }

static const struct column meta_columns[] = {
    INT(record_meta, id),       INT(record_meta, live),         INT(record_meta, next_incident),
    INT(record_meta, next_row), TEXT(record_meta, instance),    INT(record_meta, mute_wall_ms),
    TEXT(record_meta, mute_by), TEXT(record_meta, mute_reason), INT(record_meta, red_told_wall_ms),
};

static const struct column incident_columns[] = {
    INT(record_incident, id),
    INT(record_incident, live),
    INT(record_incident, state),
    INT(record_incident, step),
    INT(record_incident, last_revision),
    INT(record_incident, public_revision),
    INT(record_incident, opened_wall_ms),
    INT(record_incident, started_wall_ms),
    INT(record_incident, start_edited),
    INT(record_incident, closed_wall_ms),
    INT(record_incident, quiet_wall_ms),
    INT(record_incident, revised_wall_ms),
    INT(record_incident, words_edited),
    INT(record_incident, deploy),
    TEXT(record_incident, page),
    TEXT(record_incident, home),
    TEXT(record_incident, rule),
    TEXT(record_incident, opened_by),
    TEXT(record_incident, reasons),
    TEXT(record_incident, remote_id),
    TEXT(record_incident, url),
    TEXT(record_incident, seen_title),
    TEXT(record_incident, seen_body),
    TEXT(record_incident, components_before),
    INT(record_incident, fix_deploy),
    INT(record_incident, fixed_wall_ms),
    INT(record_incident, alarmed),
    INT(record_incident, relapses),
    INT(record_incident, speech_wall_ms),
    INT(record_incident, hush_wall_ms),
    INT(record_incident, ladder_wall_ms),
    INT(record_incident, rung),
    INT(record_incident, reminded_wall_ms),
    INT(record_incident, reacted_wall_ms),
    INT(record_incident, nudges),
    INT(record_incident, nudged_wall_ms),
    INT(record_incident, postmortem),
};

static const struct column revision_columns[] = {
    INT(record_revision, id),           INT(record_revision, live),
    INT(record_revision, incident),     INT(record_revision, number),
    INT(record_revision, kind),         INT(record_revision, state),
    INT(record_revision, step),         INT(record_revision, impact),
    INT(record_revision, made_wall_ms), INT(record_revision, first_approval_wall_ms),
    TEXT(record_revision, title),       TEXT(record_revision, body),
    TEXT(record_revision, components),  TEXT(record_revision, wording),
    TEXT(record_revision, made_by),     TEXT(record_revision, first_approval),
};

static const struct column shown_columns[] = {
    INT(record_shown, id),       INT(record_shown, live),    INT(record_shown, incident),
    INT(record_shown, revision), INT(record_shown, wall_ms), TEXT(record_shown, place),
};

static const struct column alert_columns[] = {
    INT(record_alert, id),           INT(record_alert, live),
    INT(record_alert, firing),       INT(record_alert, severity),
    INT(record_alert, paging),       INT(record_alert, count),
    INT(record_alert, incident),     INT(record_alert, held),
    INT(record_alert, crowd),        INT(record_alert, first_wall_ms),
    INT(record_alert, last_wall_ms), INT(record_alert, resolved_wall_ms),
    INT(record_alert, line_id),      TEXT(record_alert, source),
    TEXT(record_alert, place),       TEXT(record_alert, check_name),
    TEXT(record_alert, host),        TEXT(record_alert, summary),
    TEXT(record_alert, rule),        TEXT(record_alert, group_key),
};

static const struct column deploy_columns[] = {
    INT(record_deploy, id),
    INT(record_deploy, live),
    INT(record_deploy, state),
    INT(record_deploy, phase),
    INT(record_deploy, production),
    INT(record_deploy, revert),
    INT(record_deploy, started_wall_ms),
    INT(record_deploy, production_wall_ms),
    INT(record_deploy, tested),
    INT(record_deploy, ended_wall_ms),
    INT(record_deploy, line_id),
    TEXT(record_deploy, source),
    TEXT(record_deploy, user),
    TEXT(record_deploy, deploy_host),
    TEXT(record_deploy, tool),
    TEXT(record_deploy, change_text),
};

static const struct column outbox_columns[] = {
    INT(record_outbox, id),           INT(record_outbox, live),
    INT(record_outbox, incident),     INT(record_outbox, revision),
    INT(record_outbox, state),        INT(record_outbox, attempts),
    INT(record_outbox, notify),       INT(record_outbox, confirmed_wall_ms),
    INT(record_outbox, next_wall_ms), INT(record_outbox, doubt_wall_ms),
    INT(record_outbox, done_wall_ms), INT(record_outbox, told),
    INT(record_outbox, glass),        TEXT(record_outbox, confirmed_by),
    TEXT(record_outbox, place),       TEXT(record_outbox, error),
};

static const struct column timeline_columns[] = {
    INT(record_timeline, id),      INT(record_timeline, live),  INT(record_timeline, incident),
    INT(record_timeline, wall_ms), TEXT(record_timeline, kind), TEXT(record_timeline, who),
    TEXT(record_timeline, text),   INT(record_timeline, ref),   TEXT(record_timeline, subject),
};

static const struct column maintenance_columns[] = {
    INT(record_maintenance, id),
    INT(record_maintenance, live),
    INT(record_maintenance, number),
    INT(record_maintenance, from_wall_ms),
    INT(record_maintenance, until_wall_ms),
    INT(record_maintenance, announced),
    INT(record_maintenance, configured),
    INT(record_maintenance, opened),
    INT(record_maintenance, ended_wall_ms),
    INT(record_maintenance, told),
    TEXT(record_maintenance, components),
    TEXT(record_maintenance, checks),
    TEXT(record_maintenance, made_by),
    TEXT(record_maintenance, reason),
};

static const struct column ear_columns[] = {
    INT(record_ear, id),    INT(record_ear, live),      INT(record_ear, wall_ms),
    TEXT(record_ear, name), TEXT(record_ear, position),
};

static const struct column heard_columns[] = {
    INT(record_heard, id),    INT(record_heard, live),    INT(record_heard, wall_ms),
    INT(record_heard, bytes), TEXT(record_heard, source), TEXT(record_heard, place),
    TEXT(record_heard, text),
};

/* What is hashed names the columns: see adapters/store_audit.h before one is changed. */
static const struct column audit_columns[] = {
    INT(record_audit, id),          INT(record_audit, live),      INT(record_audit, wall_ms),
    INT(record_audit, incident),    INT(record_audit, revision),  TEXT(record_audit, action),
    TEXT(record_audit, person),     TEXT(record_audit, network),  TEXT(record_audit, account),
    TEXT(record_audit, nick),       TEXT(record_audit, userhost), TEXT(record_audit, place),
    TEXT(record_audit, said),       TEXT(record_audit, step),     TEXT(record_audit, impact),
    TEXT(record_audit, components), TEXT(record_audit, title),    TEXT(record_audit, body),
    TEXT(record_audit, line),       TEXT(record_audit, prev),     TEXT(record_audit, hash),
};

static const struct column enrolment_columns[] = {
    INT(record_enrolment, id),      INT(record_enrolment, live), INT(record_enrolment, floor_step),
    TEXT(record_enrolment, person), TEXT(record_enrolment, key), TEXT(record_enrolment, used),
};

static const struct column opening_columns[] = {
    INT(record_opening, id),
    INT(record_opening, live),
    INT(record_opening, wall_ms),
    TEXT(record_opening, source),
};

static const struct table tables[RECORD_TABLES] = {
    [RECORD_META] = TABLE("meta", record_meta, meta_columns),
    [RECORD_INCIDENT] = TABLE("incident", record_incident, incident_columns),
    [RECORD_REVISION] = TABLE("revision", record_revision, revision_columns),
    [RECORD_SHOWN] = TABLE("shown", record_shown, shown_columns),
    [RECORD_ALERT] = TABLE("alert", record_alert, alert_columns),
    [RECORD_DEPLOY] = TABLE("deploy", record_deploy, deploy_columns),
    [RECORD_OUTBOX] = TABLE("outbox", record_outbox, outbox_columns),
    [RECORD_TIMELINE] = TABLE("timeline", record_timeline, timeline_columns),
    [RECORD_MAINTENANCE] = TABLE("maintenance", record_maintenance, maintenance_columns),
    [RECORD_EAR] = TABLE("ear", record_ear, ear_columns),
    [RECORD_HEARD] = TABLE("heard", record_heard, heard_columns),
    [RECORD_AUDIT] = TABLE("audit", record_audit, audit_columns),
    [RECORD_ENROLMENT] = TABLE("enrolment", record_enrolment, enrolment_columns),
    [RECORD_OPENING] = TABLE("opening", record_opening, opening_columns),
};

const struct table *record_table(enum record_table t)
{
    assert((unsigned)t < RECORD_TABLES);
    return &tables[t];
}

/* ---- records --------------------------------------------------------------------------------- */

/* Fields are reached by offset; memcpy keeps that free of alignment and aliasing questions. */
static char *get_text(const void *record, const struct column *c)
{
    char *text;

    memcpy(&text, (const char *)record + c->offset, sizeof text);
    return text;
}

static void set_text(void *record, const struct column *c, char *text)
{
    memcpy((char *)record + c->offset, &text, sizeof text);
}

void *record_copy(enum record_table t, const void *record)
{
    const struct table *table = record_table(t);
    char *copy = malloc(table->size);
    size_t i;
    bool complete = true;

    if (!copy)
        return NULL;
    memcpy(copy, record, table->size);
    for (i = 0; i < table->n_columns; i++) {
        const struct column *c = &table->column[i];
        const char *text;
        char *own = NULL;

        if (c->type != COLUMN_TEXT)
            continue;
        if (complete) {
            text = get_text(record, c);
            own = strdup(text ? text : "");
            complete = own != NULL;
        }
        set_text(copy, c, own);
    }
    if (!complete) {
        record_destroy(t, copy);
        return NULL;
    }
    return copy;
}

void record_finish(enum record_table t, void *record)
{
    const struct table *table = record_table(t);
    size_t i;

    for (i = 0; i < table->n_columns; i++)
        if (table->column[i].type == COLUMN_TEXT)
            free(get_text(record, &table->column[i]));
    memset(record, 0, table->size);
}

void record_destroy(enum record_table t, void *record)
{
    if (!record)
        return;
    record_finish(t, record);
    free(record);
}

/* Every record begins with id and live; a unit test holds the tables to it. */
int64_t record_id(const void *record)
{
    int64_t id;

    memcpy(&id, record, sizeof id);
    return id;
}

int64_t record_live(const void *record)
{
    int64_t live;

    memcpy(&live, (const char *)record + sizeof(int64_t), sizeof live);
    return live;
}

int record_set_text(char **field, const char *value)
{
    char *own = strdup(value ? value : "");

    if (!own)
        return CRIER_ENOMEM;
    free(*field);
    *field = own;
    return 0;
}

/* ---- batch ----------------------------------------------------------------------------------- */

/*
 * The index is an open hash of positions in item, plus one; 0 is an empty slot. Rows never leave a
 * batch, so there are no tombstones. It is at most half full, and small batches have none. What was
 * added (CHANGE_ADD) is not in it: nothing looks for that.
 */
enum { LINEAR_UP_TO = 8, FIRST_SLOTS = 32, CHANGES_MAX = 1 << 28 };

void batch_init(struct batch *b)
{
    memset(b, 0, sizeof *b);
}

void batch_finish(struct batch *b)
{
    size_t i;

    for (i = 0; i < b->n; i++)
        free(b->item[i].record);
    free(b->item);
    free(b->slot);
    memset(b, 0, sizeof *b);
}

/* The finalizer of splitmix64: ids that follow one another are spread over all slots. */
static size_t hash_row(enum record_table t, int64_t id)
{
    uint64_t x = (uint64_t)id * 8 + (uint64_t)t;

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(x ^ (x >> 31));
}

/* The slot that holds the row, or the empty one where it belongs. */
static size_t find_slot(const struct batch *b, enum record_table t, int64_t id)
{
    size_t mask = b->n_slots - 1;
    size_t s = hash_row(t, id) & mask;

    while (b->slot[s]) {
        const struct change *c = &b->item[b->slot[s] - 1];

        if (c->table == t && c->id == id)
            break;
        s = (s + 1) & mask;
    }
    return s;
}

static struct change *find_change(const struct batch *b, enum record_table t, int64_t id)
{
    size_t i;

    if (b->n_slots) {
        i = b->slot[find_slot(b, t, id)];
        return i ? &b->item[i - 1] : NULL;
    }
    for (i = b->n; i-- > 0;)
        if (b->item[i].op != CHANGE_ADD && b->item[i].table == t && b->item[i].id == id)
            return &b->item[i];
    return NULL;
}

/* Makes room for one more change, in the array and in the index. */
static int make_room(struct batch *b)
{
    struct change *item = array_grow(b->item, &b->cap, b->n + 1, sizeof *item, CHANGES_MAX);
    size_t n_slots = b->n_slots ? b->n_slots * 2 : FIRST_SLOTS;
    uint32_t *slot;
    size_t i;

    if (!item)
        return CRIER_ENOMEM;
    b->item = item;
    if (b->n < LINEAR_UP_TO || (b->n + 1) * 2 <= b->n_slots)
        return 0;
    slot = calloc(n_slots, sizeof *slot);
    if (!slot)
        return CRIER_ENOMEM;
    free(b->slot);
    b->slot = slot;
    b->n_slots = n_slots;
    for (i = 0; i < b->n; i++)
        if (b->item[i].op != CHANGE_ADD)
            b->slot[find_slot(b, b->item[i].table, b->item[i].id)] = (uint32_t)(i + 1);
    return 0;
}

/*
 * A copy in one block, strings and all. A storm's changes come and go by the thousand between rows
 * of the model that stay: small blocks would leave the heap full of holes.
 */
static void *pack(enum record_table t, const void *record)
{
    const struct table *table = record_table(t);
    size_t total = table->size, i;
    char *copy, *end;

    for (i = 0; i < table->n_columns; i++)
        if (table->column[i].type == COLUMN_TEXT) {
            const char *text = get_text(record, &table->column[i]);

            total += (text ? strlen(text) : 0) + 1;
        }
    copy = malloc(total);
    if (!copy)
        return NULL;
    memcpy(copy, record, table->size);
    end = copy + table->size;
    for (i = 0; i < table->n_columns; i++)
        if (table->column[i].type == COLUMN_TEXT) {
            const char *text = get_text(record, &table->column[i]);
            size_t n = text ? strlen(text) : 0;

            memcpy(end, text ? text : "", n + 1);
            set_text(copy, &table->column[i], end);
            end += n + 1;
        }
    return copy;
}

/* Takes record, one block; it is freed on failure. */
static void add(struct batch *b, enum change_op op, enum record_table t, int64_t id, void *record)
{
    struct change *c;

    if (b->err) {
        free(record);
        return;
    }
    c = op == CHANGE_ADD ? NULL : find_change(b, t, id);
    if (c) {
        free(c->record);
        c->op = op;
        c->record = record;
        return;
    }
    b->err = make_room(b);
    if (b->err) {
        free(record);
        return;
    }
    if (op == CHANGE_ADD)
        b->n_added++;
    else if (b->n_slots)
        b->slot[find_slot(b, t, id)] = (uint32_t)(b->n + 1);
    c = &b->item[b->n++];
    c->op = op;
    c->table = t;
    c->id = id;
    c->record = record;
}

static void add_copy(struct batch *b, enum change_op op, enum record_table t, const void *record)
{
    void *copy;

    if (b->err)
        return;
    copy = pack(t, record);
    if (!copy) {
        b->err = CRIER_ENOMEM;
        return;
    }
    add(b, op, t, record_id(record), copy);
}

void batch_put(struct batch *b, enum record_table t, const void *record)
{
    assert(t != RECORD_AUDIT);
    add_copy(b, CHANGE_PUT, t, record);
}

void batch_add(struct batch *b, enum record_table t, const void *record)
{
    assert(t == RECORD_AUDIT);
    add_copy(b, CHANGE_ADD, t, record);
}

void batch_delete(struct batch *b, enum record_table t, int64_t id)
{
    assert(t != RECORD_AUDIT);
    add(b, CHANGE_DELETE, t, id, NULL);
}

void batch_append(struct batch *dst, struct batch *src)
{
    size_t i;

    if (!dst->n && !dst->err && !src->err) {
        struct batch empty = *dst;

        *dst = *src;
        *src = empty;
        return;
    }
    if (!dst->err)
        dst->err = src->err;
    for (i = 0; i < src->n; i++) {
        struct change *c = &src->item[i];

        add(dst, c->op, c->table, c->id, c->record);
        c->record = NULL;
    }
    batch_finish(src);
}
