#include "sandbox_faults_impl.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "when.h"

#define JSON_TYPE "application/json; charset=utf-8"

/* ---- parts of an answer ---------------------------------------------------------------------- */

/* One field of that name, whether there was one or not. */
static void set_field(struct httpd_response *res, const char *name, const char *value)
{
    size_t i;

    for (i = 0; i < res->n_fields; i++) {
        char *copy;

        if (strcmp(res->field[i].name, name))
            continue;
        copy = strdup(value);
        if (!copy) {
            res->err = CRIER_ENOMEM;
            return;
        }
        free(res->field[i].value);
        res->field[i].value = copy;
        return;
    }
    httpd_response_field(res, name, value);
}

static void set_body(struct httpd_response *res, const char *type, const char *text)
{
    set_field(res, "Content-Type", type);
    buf_clear(&res->body);
    buf_adds(&res->body, text);
}

/* Source: RFC 9110 section 5.6.7. */
static void set_date(struct httpd_response *res, int64_t wall_ms)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    enum { DAY_MS = 86400000 };
    struct when_civil t = when_split(wall_ms);
    int64_t day = (wall_ms - (wall_ms % DAY_MS + DAY_MS) % DAY_MS) / DAY_MS;
    char *text = buf_printf("%s, %02d %s %04d %02d:%02d:%02d GMT", days[(day % 7 + 7) % 7], t.day,
                            months[t.month - 1], t.year, t.hour, t.minute, t.second);

    if (!text) {
        res->err = CRIER_ENOMEM;
        return;
    }
    set_field(res, "Date", text);
    free(text);
}

/* ---- JSON of the wrong kind ------------------------------------------------------------------ */

static json_t *wrong_value(const json_t *value, bool nested);

static json_t *wrong_object(const json_t *object)
{
    json_t *out = json_object(), *value;
    const char *name;
    void *at;

    /* Not json_object_foreach(): that wants to change what it walks through. */
    for (at = json_object_iter((json_t *)(uintptr_t)object); at;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        name = json_object_iter_key(at);
        value = wrong_value(json_object_iter_value(at), true);
        if (json_object_set_new(out, name, value)) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* A list inside of something becomes an object; the outermost stays, or nobody would look inside.
 */
static json_t *wrong_list(const json_t *list, bool nested)
{
    json_t *out = nested ? json_object() : json_array();
    size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        json_t *value = wrong_value(json_array_get(list, i), true);
        char key[24];

        snprintf(key, sizeof key, "%zu", i);
        if (nested ? json_object_set_new(out, key, value) : json_array_append_new(out, value)) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* @return a new value of another type; NULL: no memory. */
static json_t *wrong_value(const json_t *value, bool nested)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return wrong_object(value);
    case JSON_ARRAY:
        return wrong_list(value, nested);
    case JSON_STRING:
        return json_integer((json_int_t)json_string_length(value));
    case JSON_INTEGER:
    case JSON_REAL:
        return json_string("7");
    case JSON_TRUE:
    case JSON_FALSE:
        return json_string("yes");
    case JSON_NULL:
        return json_integer(0);
    }
    return NULL;
}

static int set_members(json_t *answer, json_t *set)
{
    size_t i;

    if (json_is_object(answer) && json_object_update(answer, set))
        return CRIER_ENOMEM;
    for (i = 0; json_is_array(answer) && i < json_array_size(answer); i++)
        if (json_is_object(json_array_get(answer, i)) &&
            json_object_update(json_array_get(answer, i), set))
            return CRIER_ENOMEM;
    return 0;
}

/* The body, where it is JSON, with members set, or types changed. */
static int change_json(const struct fault_rule *rule, struct httpd_response *res)
{
    json_t *json = json_loadb(buf_str(&res->body), res->body.len, 0, NULL), *other = NULL;
    char *text = NULL;
    int r = 0;

    if (!json)
        return 0; /* the page for people */
    if (rule->set && (r = set_members(json, rule->set)))
        goto out;
    if (rule->distort == FAULT_WRONG_TYPES) {
        other = wrong_value(json, false);
        if (!other) {
            r = CRIER_ENOMEM;
            goto out;
        }
    }
    text = json_dumps(other ? other : json, JSON_COMPACT);
    if (!text) {
        r = CRIER_ENOMEM;
        goto out;
    }
    buf_clear(&res->body);
    buf_adds(&res->body, text);
out:
    free(text);
    json_decref(other);
    json_decref(json);
    return r;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void garbage(const struct fault_rule *rule, struct httpd_response *res)
{
    enum { BYTES = 300 };
    uint64_t state = (uint64_t)rule->seed;
    int i;

    buf_clear(&res->body);
    for (i = 0; i < BYTES; i++)
        buf_addc(&res->body, (char)(fault_random(&state) & 0xff));
}

static int distort(const struct fault_rule *rule, struct httpd_response *res)
{
    int r = rule->set || rule->distort == FAULT_WRONG_TYPES ? change_json(rule, res) : 0;

    if (r)
        return r;
    switch ((enum fault_distort)rule->distort) {
    case FAULT_AS_IT_IS:
    case FAULT_WRONG_TYPES:
        break;
    case FAULT_TRUNCATE:
        buf_truncate(&res->body, res->body.len / 2);
        break;
    case FAULT_GARBAGE:
        garbage(rule, res);
        break;
    case FAULT_HTML:
        set_body(res, "text/html; charset=utf-8",
                 "<!DOCTYPE html>\n<html><head><title>We'll be right back</title></head>\n"
                 "<body><h1>We'll be right back</h1><p>\"id\": {[</p></body></html>\n");
        break;
    case FAULT_EMPTY:
        buf_clear(&res->body);
        break;
    }
    return 0;
}

static bool has_no_body(int status)
{
    return status == 204 || status == 205 || status == 304;
}

int fault_spoil(const struct fault_rule *rule, const struct sandbox_terms *terms, int64_t wall_ms,
                struct httpd_response *res)
{
    int told = sandbox_told_status(terms, res->status), r;
    bool kept = rule->status && told != rule->status; /* the refusal is what it says */

    if (rule->status && !kept) {
        if (told >= 400) {
            httpd_response_clear(res);
            set_body(res, JSON_TYPE, "{\"error\":\"The service is out of order\"}");
        }
        res->status = told;
    }
    if (rule->body && !kept)
        set_body(res, rule->type ? rule->type : JSON_TYPE, rule->body);
    else if (rule->type && !kept)
        set_field(res, "Content-Type", rule->type);
    if (!kept && (r = distort(rule, res)))
        return r;
    if (has_no_body(res->status))
        buf_clear(&res->body);
    if (rule->retry_after)
        set_field(res, "Retry-After", rule->retry_after);
    if (rule->skew_ms)
        set_date(res, wall_ms);
    res->end = rule->drop == FAULT_RESET   ? HTTPD_RESET
               : rule->drop == FAULT_CLOSE ? HTTPD_CLOSE
                                           : HTTPD_ANSWER;
    res->bytes_per_s = rule->drip;
    res->cut_bytes = rule->cut;
    res->endless = rule->endless;
    return httpd_response_error(res);
}
