#include "sandbox_core.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "utf8.h"
#include "when.h"

const char *const sandbox_component_statuses[] = {"operational",
                                                  "under_maintenance",
                                                  "degraded_performance",
                                                  "partial_outage",
                                                  "major_outage",
                                                  "",
                                                  NULL};
const char *const sandbox_impacts[] = {"none", "maintenance", "minor", "major", "critical", NULL};
const char *const sandbox_statuses[] = {"investigating", "identified", "monitoring",
                                        "resolved",      "scheduled",  "in_progress",
                                        "verifying",     "completed",  NULL};

enum { STATUS_SCHEDULED = 4, STATUS_IDS_MAX = 100, METADATA_MAX_BYTES = 16 << 10 };

int sandbox_name_index(const char *const *names, const char *name)
{
    int i;

    for (i = 0; names[i]; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1;
}

bool sandbox_is_scheduled(const char *status)
{
    return sandbox_name_index(sandbox_statuses, status) >= STATUS_SCHEDULED;
}

bool sandbox_is_over(const char *status)
{
    return !strcmp(status, "resolved") || !strcmp(status, "completed");
}

/* A name from outside, short and printable, for an error text. */
static const char *shown(const char *name, char *dst, size_t size)
{
    size_t i, n = utf8_cut(name, size - 1);

    for (i = 0; i < n; i++)
        dst[i] = (unsigned char)name[i] < 0x20 ? '?' : name[i];
    dst[n] = '\0';
    return dst;
}

/* ---- values ---------------------------------------------------------------------------------- */

static int check_string(struct sandbox_call *call, const struct sandbox_field *f,
                        const json_t *value)
{
    const char *s = json_string_value(value), *p;
    bool blank = true;

    if (!s)
        return sandbox_refuse(call, 400, "%s must be a string", f->name);
    if (utf8_length(s) > f->max)
        return sandbox_refuse(call, 422, "%s is too long (maximum is %zu characters)", f->name,
                              f->max);
    for (p = s; *p; p += utf8_char_bytes(p)) { /* jansson lets no malformed character in */
        uint32_t c = utf8_decode(p);
        bool line_end = c == '\n' || c == '\r' || c == '\t';

        if ((c < 0x20 && (!line_end || f->type != SANDBOX_TEXT)) || (c >= 0x7f && c < 0xa0))
            return sandbox_refuse(call, 422, "%s holds a control character", f->name);
        if (c != ' ' && !line_end)
            blank = false;
    }
    if (blank && f->type != SANDBOX_WORDS)
        return sandbox_refuse(call, 422, "%s can't be blank", f->name);
    return 0;
}

static int check_name(struct sandbox_call *call, const struct sandbox_field *f, const json_t *value,
                      const char *const *names)
{
    const char *s = json_string_value(value);

    if (!s)
        return sandbox_refuse(call, 400, "%s must be a string", f->name);
    if (sandbox_name_index(names, s) < 0)
        return sandbox_refuse(call, 422, "%s is not one that is known", f->name);
    return 0;
}

static int check_time(struct sandbox_call *call, const struct sandbox_field *f, const json_t *value)
{
    const char *s = json_string_value(value);
    char whole[64];
    int64_t wall_ms;

    if (!s || strlen(s) > 40)
        return sandbox_refuse(call, 400, "%s must be a date-time as a string", f->name);
    memcpy(whole, s, strlen(s) + 1);
    if (f->type == SANDBOX_DATE && strlen(s) == strlen("2013-05-07"))
        memcpy(whole + strlen(s), "T00:00:00Z", sizeof "T00:00:00Z");
    if (when_parse_iso(whole, &wall_ms))
        return sandbox_refuse(call, 422, "%s is not a valid date", f->name);
    return 0;
}

/* A component that a request names must be there, and must not be a group. */
static int check_component(struct sandbox_call *call, const char *id)
{
    json_t *doc = NULL;
    char text[64];
    int r = sandbox_db_get(call->sb->db, SANDBOX_COMPONENT, id, &doc);

    if (r == CRIER_ENOENT)
        return sandbox_refuse(call, 422, "Component %s does not exist",
                              shown(id, text, sizeof text));
    if (!r && json_is_true(json_object_get(doc, "group")))
        r = sandbox_refuse(call, 422, "Component %s is a group", shown(id, text, sizeof text));
    json_decref(doc);
    return r;
}

static int check_ids(struct sandbox_call *call, const struct sandbox_field *f, const json_t *value)
{
    const json_t *item;
    size_t i, k;
    int r = 0;

    if (!json_is_array(value))
        return sandbox_refuse(call, 400, "%s must be an array of strings", f->name);
    if (json_array_size(value) > STATUS_IDS_MAX)
        return sandbox_refuse(call, 422, "%s has too many members", f->name);
    json_array_foreach(value, i, item)
    {
        if (!json_is_string(item))
            return sandbox_refuse(call, 400, "%s must be an array of strings", f->name);
        for (k = 0; k < i; k++)
            if (json_equal(json_array_get(value, k), item))
                return sandbox_refuse(call, 422, "%s has a member twice", f->name);
        if ((r = check_component(call, json_string_value(item))))
            return r;
    }
    return r;
}

static int check_map(struct sandbox_call *call, const struct sandbox_field *f, json_t *value)
{
    const struct sandbox_field status = {"components' status", SANDBOX_COMPONENT_STATUS, 0, false};
    const char *id;
    json_t *item;
    int r = 0;

    if (!json_is_object(value))
        return sandbox_refuse(call, 400, "%s must be an object of component id and status",
                              f->name);
    if (json_object_size(value) > STATUS_IDS_MAX)
        return sandbox_refuse(call, 422, "%s has too many members", f->name);
    json_object_foreach(value, id, item)
    {
        if ((r = check_component(call, id)) ||
            (r = check_name(call, &status, item, sandbox_component_statuses)))
            return r;
    }
    return r;
}

static int check_metadata(struct sandbox_call *call, const struct sandbox_field *f, json_t *value)
{
    const char *name;
    json_t *item;

    if (!json_is_object(value))
        return sandbox_refuse(call, 400, "%s must be an object", f->name);
    json_object_foreach(value, name, item)
    {
        if (!json_is_object(item))
            return sandbox_refuse(call, 422, "all top-level values in %s must be objects", f->name);
    }
    if (json_dumpb(value, NULL, 0, JSON_COMPACT) > METADATA_MAX_BYTES)
        return sandbox_refuse(call, 422, "%s is too long", f->name);
    return 0;
}

static int check_field(struct sandbox_call *call, const struct sandbox_field *f, json_t *value)
{
    const char *s;

    if (json_is_null(value))
        return f->nullable ? 0 : sandbox_refuse(call, 400, "%s must not be null", f->name);
    switch (f->type) {
    case SANDBOX_LINE:
    case SANDBOX_TEXT:
    case SANDBOX_WORDS:
        return check_string(call, f, value);
    case SANDBOX_BOOL:
        return json_is_boolean(value)
                   ? 0
                   : sandbox_refuse(call, 400, "%s must be true or false", f->name);
    case SANDBOX_STATUS:
        return check_name(call, f, value, sandbox_statuses);
    case SANDBOX_IMPACT:
        return check_name(call, f, value, sandbox_impacts);
    case SANDBOX_COMPONENT_STATUS:
        return check_name(call, f, value, sandbox_component_statuses);
    case SANDBOX_TIME:
    case SANDBOX_DATE:
        return check_time(call, f, value);
    case SANDBOX_IDS:
        return check_ids(call, f, value);
    case SANDBOX_MAP:
        return check_map(call, f, value);
    case SANDBOX_METADATA:
        return check_metadata(call, f, value);
    case SANDBOX_INTERVALS:
        s = json_string_value(value);
        if (!s || !*s || strlen(s) > 64 || strspn(s, "0123456789,[] ") != strlen(s))
            return sandbox_refuse(call, 422, "%s is not valid", f->name);
        return 0;
    }
    return CRIER_EINVAL;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static bool is_json_type(const char *type)
{
    static const char json[] = "application/json";
    const char *p;

    if (!type || strncasecmp(type, json, sizeof json - 1))
        return false;
    p = type + sizeof json - 1;
    p += strspn(p, " \t");
    if (!*p)
        return true;
    if (*p++ != ';')
        return false;
    p += strspn(p, " \t");
    return !strcasecmp(p, "charset=utf-8") || !strcasecmp(p, "charset=\"utf-8\"");
}

static int check_members(struct sandbox_call *call, const struct sandbox_field *field,
                         size_t n_fields, json_t *object)
{
    const char *name;
    json_t *value;
    char text[80];
    int r = 0;

    json_object_foreach(object, name, value)
    {
        size_t i = 0;

        while (i < n_fields && strcmp(field[i].name, name))
            i++;
        if (i == n_fields)
            return sandbox_refuse(call, 400, "unknown field: %s", shown(name, text, sizeof text));
        if ((r = check_field(call, &field[i], value)))
            return r;
    }
    return r;
}

int sandbox_check_json(struct sandbox_call *call, json_t **ret_json)
{
    json_error_t error;
    json_t *all;

    if (!is_json_type(httpd_request_field(call->req, "Content-Type")))
        return sandbox_refuse(call, 415, "Content-Type must be application/json");
    all = json_loadb(call->req->body, call->req->body_bytes, JSON_REJECT_DUPLICATES, &error);
    if (!all)
        return json_error_code(&error) == json_error_out_of_memory
                   ? CRIER_ENOMEM
                   : sandbox_refuse(call, 400, "the body is not JSON (line %d, column %d)",
                                    error.line, error.column);
    *ret_json = all;
    return 0;
}

int sandbox_check_body(struct sandbox_call *call, const char *root,
                       const struct sandbox_field *field, size_t n_fields, json_t **ret_object)
{
    json_t *all = NULL, *object;
    int r = sandbox_check_json(call, &all);

    if (r)
        return r;
    object = json_object_get(all, root);
    if (!object) {
        r = sandbox_refuse(call, 400, "param is missing or the value is empty: %s", root);
        goto out;
    }
    if (!json_is_object(object)) {
        r = sandbox_refuse(call, 400, "%s must be an object", root);
        goto out;
    }
    if (json_object_size(all) != 1) {
        r = sandbox_refuse(call, 400, "the body must hold %s only", root);
        goto out;
    }
    r = check_members(call, field, n_fields, object);
    if (!r)
        *ret_object = json_incref(object);
out:
    json_decref(all);
    return r;
}

/* ---- queries --------------------------------------------------------------------------------- */

int sandbox_check_query(struct sandbox_call *call, const char *const *names)
{
    const char *p = call->req->query;
    char text[64];
    int err = 0;

    while (*p) {
        size_t n = strcspn(p, "&");
        const char *eq = memchr(p, '=', n);
        char *name = httpd_decode(p, eq ? (size_t)(eq - p) : n, true, &err);
        int r = 0;

        if (!name)
            return err == CRIER_ENOMEM ? err : sandbox_refuse(call, 400, "malformed query");
        if (!utf8_is_valid(name))
            r = sandbox_refuse(call, 400, "malformed query");
        else if (sandbox_name_index(names, name) < 0)
            r = sandbox_refuse(call, 400, "unknown parameter: %s", shown(name, text, sizeof text));
        free(name);
        if (r)
            return r;
        p += n;
        if (*p)
            p++;
    }
    return 0;
}

int sandbox_check_number(struct sandbox_call *call, const char *name, int64_t min, int64_t max,
                         int64_t *ret_value)
{
    char *text = NULL;
    int64_t value = 0;
    size_t i;
    int r = httpd_request_query(call->req, name, &text);

    if (r == CRIER_ENOENT)
        return 0;
    if (r == CRIER_EINVAL)
        return sandbox_refuse(call, 400, "malformed query");
    if (r)
        return r;
    for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 9; i++)
        value = value * 10 + (text[i] - '0');
    if (!i || text[i] || value < min || value > max)
        r = sandbox_refuse(call, 400, "%s must be a number from %lld to %lld", name, (long long)min,
                           (long long)max);
    else
        *ret_value = value;
    free(text);
    return r;
}
