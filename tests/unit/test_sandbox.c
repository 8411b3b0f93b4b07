#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "err.h"
#include "sandbox.h"

#define KEY "k3y"
#define P "/v1/pages/abc123/"

struct house {
    struct sandbox *sb;
    struct now now;
    char reading[16];
    char editing[16];
};

/* One answer; body is a string of the caller's, json is NULL when it is none. */
struct answer {
    int status;
    char *body;
    json_t *json;
    char type[64];
    char retry_after[16];
    char policy[256];
};

static void answer_finish(struct answer *a)
{
    free(a->body);
    json_decref(a->json);
    memset(a, 0, sizeof *a);
}

static void copy_field(const struct httpd_response *res, const char *name, char *dst, size_t size)
{
    size_t i;

    dst[0] = '\0';
    for (i = 0; i < res->n_fields; i++)
        if (!strcmp(res->field[i].name, name))
            snprintf(dst, size, "%s", res->field[i].value);
}

static struct answer send_as(struct house *h, const char *authorization, const char *type,
                             const char *method, const char *target, const char *body)
{
    struct httpd_field fields[2];
    struct httpd_request req = {.method = method, .field = fields, .now = h->now};
    struct httpd_response res;
    struct answer a = {.status = 0};
    char path[512];
    char *query;

    assert_true(strlen(target) < sizeof path);
    snprintf(path, sizeof path, "%s", target);
    query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    req.path = path;
    req.query = query ? query : "";
    req.body = body ? body : "";
    req.body_bytes = strlen(req.body);
    if (authorization)
        fields[req.n_fields++] = (struct httpd_field){"authorization", authorization};
    if (type)
        fields[req.n_fields++] = (struct httpd_field){"Content-Type", type};
    httpd_response_init(&res);
    assert_int_equal(sandbox_handle(h->sb, &req, &res), 0);
    assert_int_equal(httpd_response_error(&res), 0);
    a.status = res.status;
    a.body = strdup(buf_str(&res.body));
    assert_non_null(a.body);
    a.json = json_loads(a.body, JSON_DECODE_ANY, NULL);
    copy_field(&res, "Content-Type", a.type, sizeof a.type);
    copy_field(&res, "Retry-After", a.retry_after, sizeof a.retry_after);
    copy_field(&res, "Content-Security-Policy", a.policy, sizeof a.policy);
    httpd_response_finish(&res);
    return a;
}

/* READING and EDITING in a body stand for the ids; the text is the caller's to free(). */
static char *with_ids(const struct house *h, const char *body)
{
    struct buf b;
    char *out;

    buf_init(&b, 1 << 20);
    while (*body) {
        if (!strncmp(body, "READING", 7)) {
            buf_adds(&b, h->reading);
            body += 7;
        } else if (!strncmp(body, "EDITING", 7)) {
            buf_adds(&b, h->editing);
            body += 7;
        } else {
            buf_addc(&b, *body++);
        }
    }
    out = buf_take(&b);
    buf_finish(&b);
    assert_non_null(out);
    return out;
}

static struct answer ask(struct house *h, const char *method, const char *target, const char *body)
{
    char *text = body ? with_ids(h, body) : NULL, *where = with_ids(h, target);
    struct answer a =
        send_as(h, "OAuth " KEY, body ? "application/json" : NULL, method, where, text);

    free(text);
    free(where);
    return a;
}

static const char *str(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));

    return s ? s : "(none)";
}

static void begin_with(struct house *h, struct sandbox_options o)
{
    struct answer a;
    size_t i;

    o.page_id = "abc123";
    o.page_name = "Example";
    o.key = KEY;
    o.base_url = "http://127.0.0.1:1";
    h->now = (struct now){1673980495123, 5000};
    assert_int_equal(sandbox_create(&o, &h->sb), 0);
    a = ask(h, "GET", P "components", NULL);
    assert_int_equal(a.status, 200);
    for (i = 0; i < json_array_size(a.json); i++) {
        const json_t *c = json_array_get(a.json, i);
        char *id = !strcmp(str(c, "name"), "Reading") ? h->reading : h->editing;

        snprintf(id, sizeof h->reading, "%s", str(c, "id"));
    }
    answer_finish(&a);
}

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);

    assert_non_null(h);
    begin_with(h, (struct sandbox_options){.components = "Reading, Editing", .rate_limit = 1000});
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct house *h = *state;

    sandbox_destroy(h->sb);
    free(h);
    return 0;
}

/* Makes an incident and gives its id. */
static void create(struct house *h, const char *body, char id[16])
{
    struct answer a = ask(h, "POST", P "incidents", body);

    if (a.status != 201)
        print_error("%s\n", a.body);
    assert_int_equal(a.status, 201);
    snprintf(id, 16, "%s", str(a.json, "id"));
    answer_finish(&a);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void refuses_with_the_right_status_and_reason(void **state)
{
    static const struct {
        const char *name, *method, *path, *body;
        int status;
        const char *error; /* a part of it */
    } rows[] = {
        {"no root", "POST", "incidents", "{\"name\":\"x\"}", 400, "incident"},
        {"root is an array", "POST", "incidents", "{\"incident\":[]}", 400, "object"},
        {"more than the root", "POST", "incidents", "{\"incident\":{\"name\":\"x\"},\"a\":1}", 400,
         "only"},
        {"no JSON", "POST", "incidents", "{\"incident\":", 400, "not JSON"},
        {"empty body", "POST", "incidents", "", 400, "not JSON"},
        {"bytes behind", "POST", "incidents", "{\"incident\":{\"name\":\"x\"}} x", 400, "not JSON"},
        {"invalid UTF-8", "POST", "incidents", "{\"incident\":{\"name\":\"\xff\"}}", 400,
         "not JSON"},
        {"a member twice", "POST", "incidents", "{\"incident\":{\"name\":\"x\",\"name\":\"y\"}}",
         400, "not JSON"},
        {"no name", "POST", "incidents", "{\"incident\":{\"body\":\"x\"}}", 422, "name"},
        {"blank name", "POST", "incidents", "{\"incident\":{\"name\":\"  \"}}", 422, "blank"},
        {"name with a line end", "POST", "incidents", "{\"incident\":{\"name\":\"a\\nb\"}}", 422,
         "control"},
        {"name with DEL", "POST", "incidents", "{\"incident\":{\"name\":\"a\\u007fb\"}}", 422,
         "control"},
        {"name of a number", "POST", "incidents", "{\"incident\":{\"name\":7}}", 400, "string"},
        {"null name", "POST", "incidents", "{\"incident\":{\"name\":null}}", 400, "null"},
        {"unknown field", "POST", "incidents", "{\"incident\":{\"name\":\"x\",\"message\":\"y\"}}",
         400, "message"},
        {"blank body", "POST", "incidents", "{\"incident\":{\"name\":\"x\",\"body\":\"\"}}", 422,
         "body"},
        {"bad status", "POST", "incidents", "{\"incident\":{\"name\":\"x\",\"status\":\"fixed\"}}",
         422, "status"},
        {"status of a post-mortem", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"status\":\"postmortem\"}}", 422, "status"},
        {"bad impact", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"impact_override\":\"huge\"}}", 422, "impact_override"},
        {"components as an array", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"components\":[\"EDITING\"]}}", 400, "components"},
        {"unknown component", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"components\":{\"nosuchthing1\":\"operational\"}}}", 422,
         "nosuchthing1"},
        {"bad component status", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"components\":{\"EDITING\":\"broken\"}}}", 422, "status"},
        {"null component status", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"components\":{\"EDITING\":null}}}", 400, "string"},
        {"component_ids as a map", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"component_ids\":{}}}", 400, "array"},
        {"component_ids of numbers", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"component_ids\":[1]}}", 400, "strings"},
        {"component_ids unknown", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"component_ids\":[\"nosuchthing2\"]}}", 422,
         "nosuchthing2"},
        {"component_ids twice", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"component_ids\":[\"EDITING\",\"EDITING\"]}}", 422,
         "twice"},
        {"metadata of strings", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"metadata\":{\"a\":\"b\"}}}", 422, "objects"},
        {"metadata as an array", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"metadata\":[]}}", 400, "object"},
        {"notifications as text", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"deliver_notifications\":\"true\"}}", 400,
         "true or false"},
        {"backfilled with components", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"backfilled\":true,\"backfill_date\":\"2013-05-07\","
         "\"component_ids\":[\"EDITING\"]}}",
         422, "backfilled"},
        {"backfilled without a date", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"backfilled\":true}}", 422, "backfill_date"},
        {"backfilled on a bad date", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"backfilled\":true,\"backfill_date\":\"2013-02-30\"}}",
         422, "backfill_date"},
        {"scheduled without times", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"status\":\"scheduled\"}}", 422, "scheduled_for"},
        {"real-time with a time", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"status\":\"identified\","
         "\"scheduled_for\":\"2013-05-07T03:00:00Z\",\"scheduled_until\":\"2013-05-07T04:00:00Z\"}"
         "}",
         422, "scheduled_for"},
        {"ends before it begins", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"scheduled_for\":\"2013-05-07T03:00:00Z\","
         "\"scheduled_until\":\"2013-05-07T03:00:00Z\"}}",
         422, "after"},
        {"bad reminders", "POST", "incidents",
         "{\"incident\":{\"name\":\"x\",\"reminder_intervals\":\"soon\"}}", 422,
         "reminder_intervals"},
        {"a query on a POST", "POST", "incidents?notify=1", "{\"incident\":{\"name\":\"x\"}}", 400,
         "notify"},
        {"limit too high", "GET", "incidents?limit=101", NULL, 400, "limit"},
        {"limit 0", "GET", "incidents?limit=0", NULL, 400, "limit"},
        {"per_page here", "GET", "incidents?per_page=10", NULL, 400, "per_page"},
        {"bad encoding", "GET", "incidents?q=%zz", NULL, 400, "query"},
        {"page 0", "GET", "components?page=0", NULL, 400, "page"},
        {"page of words", "GET", "components?page=one", NULL, 400, "page"},
        {"unknown incident", "GET", "incidents/nosuchthing3", NULL, 404, "Incident"},
        {"PATCH of an unknown one", "PATCH", "incidents/nosuchthing3", "{\"incident\":{}}", 404,
         "Incident"},
        {"unknown component", "GET", "components/nosuchthing4", NULL, 404, "Component"},
        {"unknown room", "GET", "metrics", NULL, 404, "Not found"},
        {"bad method", "DELETE", "incidents", NULL, 405, "Method"},
        {"bad method for a list", "POST", "incidents/unresolved", "{}", 405, "Method"},
        {"component without name", "POST", "components", "{\"component\":{}}", 422, "name"},
        {"component twice", "POST", "components", "{\"component\":{\"name\":\"Editing\"}}", 422,
         "taken"},
        {"component of a group", "POST", "components",
         "{\"component\":{\"name\":\"a\",\"group_id\":\"nosuchthing5\"}}", 422, "group_id"},
        {"component status", "PATCH", "components/EDITING", "{\"component\":{\"status\":\"down\"}}",
         422, "status"},
        {"component root", "PATCH", "components/EDITING", "{\"status\":\"operational\"}", 400,
         "component"},
        {"template without body", "POST", "incident_templates",
         "{\"template\":{\"name\":\"a\",\"title\":\"b\"}}", 422, "body"},
        {"subscribers by a bad type", "GET", "subscribers/count?type=fax", NULL, 400, "type"},
        {"page list of another", "GET", "../zzz/incidents", NULL, 404, "Page"},
    };
    struct house *h = *state;
    size_t i, failures = 0;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a;
        char target[256];
        char *error;

        if (!strncmp(rows[i].path, "../", 3))
            snprintf(target, sizeof target, "/v1/pages/%s", rows[i].path + 3);
        else
            snprintf(target, sizeof target, P "%s", rows[i].path);
        a = ask(h, rows[i].method, target, rows[i].body);
        error = json_dumps(json_object_get(a.json, "error"), JSON_ENCODE_ANY);
        if (a.status != rows[i].status || !error || !strstr(error, rows[i].error) ||
            strncmp(a.type, "application/json", 16)) {
            print_error("%s: got %d %s\n", rows[i].name, a.status, a.body);
            failures++;
        }
        free(error);
        answer_finish(&a);
    }
    assert_int_equal(failures, 0);
}

static void a_refused_request_changes_nothing_and_mails_nobody(void **state)
{
    struct house *h = *state;
    struct answer a;
    size_t i;

    a = ask(h, "POST", P "incidents",
            "{\"incident\":{\"name\":\"x\",\"components\":{\"EDITING\":\"major_outage\"},"
            "\"status\":\"fixed\"}}");
    assert_int_equal(a.status, 422);
    answer_finish(&a);
    a = ask(h, "GET", "/api/v2/summary.json", NULL);
    assert_int_equal(json_array_size(json_object_get(a.json, "incidents")), 0);
    assert_string_equal(str(json_object_get(a.json, "status"), "indicator"), "none");
    answer_finish(&a);
    a = ask(h, "GET", "/sandbox/log", NULL);
    assert_true(json_array_size(a.json) >= 2);
    for (i = 0; i < json_array_size(a.json); i++)
        assert_int_equal(json_array_size(json_object_get(json_array_get(a.json, i), "mails")), 0);
    answer_finish(&a);
}

static void text_is_counted_in_characters(void **state)
{
    static const struct {
        const char *name, *format;
        size_t characters;
        int status;
    } rows[] = {
        {"name of 255", "{\"incident\":{\"name\":\"%s\"}}", 255, 201},
        {"name of 256", "{\"incident\":{\"name\":\"%s\"}}", 256, 422},
        {"body of 25000", "{\"incident\":{\"name\":\"a\",\"body\":\"%s\"}}", 25000, 201},
        {"body of 25001", "{\"incident\":{\"name\":\"a\",\"body\":\"%s\"}}", 25001, 422},
    };
    struct house *h = *state;
    size_t i, k;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf text, body;
        struct answer a;

        buf_init(&text, 1 << 20);
        buf_init(&body, 1 << 20);
        for (k = 0; k < rows[i].characters; k++)
            buf_adds(&text, "\xe2\x82\xac");
        buf_addf(&body, rows[i].format, buf_str(&text));
        a = ask(h, "POST", P "incidents", buf_str(&body));
        if (a.status != rows[i].status)
            fail_msg("%s: got %d", rows[i].name, a.status);
        answer_finish(&a);
        buf_finish(&text);
        buf_finish(&body);
    }
}

static void only_the_oauth_scheme_with_the_key_is_let_in(void **state)
{
    static const struct {
        const char *authorization, *target;
        int status;
    } rows[] = {
        {"OAuth " KEY, P "components", 200},
        {NULL, P "components", 401},
        {"Bearer " KEY, P "components", 401},
        {"oauth " KEY, P "components", 401},
        {"OAuth  " KEY, P "components", 401},
        {"OAuth " KEY " ", P "components", 401},
        {"OAuth ", P "components", 401},
        {"OAuth k3", P "components", 401},
        {"OAuth k3yy", P "components", 401},
        {"OAuth k3yk3y", P "components", 401},
        {KEY, P "components", 401},
        {NULL, P "components?api_key=" KEY, 401},
        {NULL, "/v1/pages/zzz", 401},
        {NULL, "/api/v2/status.json", 200},
        {NULL, "/", 200},
    };
    struct house *h = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = send_as(h, rows[i].authorization, NULL, "GET", rows[i].target, NULL);

        if (a.status != rows[i].status)
            fail_msg("row %zu: got %d", i, a.status);
        if (a.status == 401)
            assert_string_equal(a.body, "{\"error\":\"Could not authenticate\"}");
        answer_finish(&a);
    }
}

static void only_json_is_taken(void **state)
{
    static const struct {
        const char *type;
        int status;
    } rows[] = {
        {"application/json", 201},
        {"application/json; charset=utf-8", 201},
        {"Application/JSON;charset=UTF-8", 201},
        {"application/json; charset=latin1", 415},
        {"application/jsonp", 415},
        {"text/json", 415},
        {"application/x-www-form-urlencoded", 415},
        {NULL, 415},
    };
    struct house *h = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = send_as(h, "OAuth " KEY, rows[i].type, "POST", P "incidents",
                                  "{\"incident\":{\"name\":\"a\"}}");

        if (a.status != rows[i].status)
            fail_msg("%s: got %d", rows[i].type ? rows[i].type : "none", a.status);
        answer_finish(&a);
    }
}

/* ---- rate limit ------------------------------------------------------------------------------ */

static int64_t status_at(struct house *h, int64_t boot_ms, char retry_after[16])
{
    struct answer a;
    int status;

    h->now.boot_ms = boot_ms;
    a = ask(h, "GET", P "incidents/unresolved", NULL);
    status = a.status;
    snprintf(retry_after, 16, "%s", a.retry_after);
    answer_finish(&a);
    return status;
}

static void sixty_requests_in_a_rolling_minute(void **state)
{
    struct house h = {.sb = NULL};
    struct answer a;
    char wait[16];
    int i;

    (void)state;
    begin_with(&h, (struct sandbox_options){.db_path = NULL}); /* takes one, at 5000 */
    for (i = 1; i < 60; i++)
        assert_int_equal(status_at(&h, 5000 + i * 100, wait), 200);
    assert_int_equal(status_at(&h, 11000, wait), 420);
    assert_string_equal(wait, "54");
    assert_int_equal(status_at(&h, 64999, wait), 420);
    assert_string_equal(wait, "1");
    assert_int_equal(status_at(&h, 65000, wait), 200); /* the first is out of the window */
    assert_int_equal(status_at(&h, 65001, wait), 420); /* the second is not */
    assert_int_equal(status_at(&h, 65100, wait), 200);
    a = send_as(&h, "OAuth wrong", NULL, "GET", P "components", NULL);
    assert_int_equal(a.status, 401);
    answer_finish(&a);
    a = ask(&h, "GET", "/api/v2/status.json", NULL);
    assert_int_equal(a.status, 200); /* the public API has no limit */
    answer_finish(&a);
    sandbox_destroy(h.sb);
}

/* ---- the life of an incident ----------------------------------------------------------------- */

static void an_incident_from_beginning_to_end(void **state)
{
    static const char *const members[] = {"id",
                                          "page_id",
                                          "name",
                                          "status",
                                          "impact",
                                          "impact_override",
                                          "created_at",
                                          "updated_at",
                                          "monitoring_at",
                                          "resolved_at",
                                          "scheduled_for",
                                          "scheduled_until",
                                          "scheduled_reminded_at",
                                          "scheduled_remind_prior",
                                          "scheduled_auto_completed",
                                          "scheduled_auto_in_progress",
                                          "auto_transition_deliver_notifications_at_end",
                                          "auto_transition_deliver_notifications_at_start",
                                          "auto_transition_to_maintenance_state",
                                          "auto_transition_to_operational_state",
                                          "shortlink",
                                          "metadata",
                                          "components",
                                          "incident_updates",
                                          "incident_impacts",
                                          "postmortem_body",
                                          "postmortem_body_last_updated_at",
                                          "postmortem_ignored",
                                          "postmortem_notified_subscribers",
                                          "postmortem_notified_twitter",
                                          "postmortem_published_at",
                                          "reminder_intervals",
                                          "backfilled"};
    struct house *h = *state;
    char id[16], target[128];
    const json_t *updates, *update, *affected;
    struct answer a;
    size_t i;

    a = ask(h, "POST", P "incidents.json",
            "{\"incident\":{\"name\":\"Errors for logged-in users\",\"status\":\"investigating\","
            "\"body\":\"We are looking.\",\"component_ids\":[\"EDITING\"],"
            "\"components\":{\"EDITING\":\"partial_outage\"},\"deliver_notifications\":true,"
            "\"metadata\":{\"crier\":{\"incident\":\"1\"}}}}");
    assert_int_equal(a.status, 201);
    for (i = 0; i < sizeof members / sizeof members[0]; i++)
        if (!json_object_get(a.json, members[i]))
            fail_msg("no member %s", members[i]);
    snprintf(id, sizeof id, "%s", str(a.json, "id"));
    assert_int_equal(strlen(id), 12);
    assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789"), 12);
    assert_string_equal(str(a.json, "impact"), "major");
    assert_true(json_is_null(json_object_get(a.json, "impact_override")));
    assert_true(json_is_null(json_object_get(a.json, "resolved_at")));
    assert_string_equal(str(a.json, "created_at"), "2023-01-17T18:34:55.123Z");
    assert_null(strstr(a.body, "deliver_notifications\":false"));
    assert_non_null(strstr(str(a.json, "shortlink"), id));
    assert_string_equal(
        str(json_object_get(json_object_get(a.json, "metadata"), "crier"), "incident"), "1");
    update = json_array_get(json_object_get(a.json, "incident_updates"), 0);
    assert_string_equal(str(update, "body"), "We are looking.");
    affected = json_array_get(json_object_get(update, "affected_components"), 0);
    assert_string_equal(str(affected, "code"), h->editing);
    assert_string_equal(str(affected, "old_status"), "operational");
    assert_string_equal(str(affected, "new_status"), "partial_outage");
    answer_finish(&a);

    h->now.wall_ms += 60000;
    snprintf(target, sizeof target, P "incidents/%s", id);
    a = ask(h, "PATCH", target, "{\"incident\":{\"status\":\"identified\"}}");
    assert_int_equal(a.status, 200);
    updates = json_object_get(a.json, "incident_updates");
    assert_int_equal(json_array_size(updates), 2);
    assert_string_equal(str(json_array_get(updates, 0), "body"),
                        "The issue has been identified and a fix is being implemented.");
    assert_string_equal(str(json_array_get(updates, 1), "body"), "We are looking.");
    answer_finish(&a);

    a = ask(h, "PATCH", target, "{\"incident\":{\"status\":\"monitoring\",\"body\":\"Better.\"}}");
    assert_string_equal(str(a.json, "monitoring_at"), "2023-01-17T18:35:55.123Z");
    answer_finish(&a);

    a = ask(h, "PUT", target, "{\"incident\":{\"metadata\":{\"crier\":{\"step\":\"4\"}}}}");
    assert_int_equal(a.status, 200); /* no words, no status: no update */
    assert_int_equal(json_array_size(json_object_get(a.json, "incident_updates")), 3);
    answer_finish(&a);

    a = ask(h, "PATCH", target,
            "{\"incident\":{\"status\":\"resolved\",\"deliver_notifications\":false,"
            "\"components\":{\"EDITING\":\"operational\"}}}");
    assert_string_equal(str(a.json, "resolved_at"), "2023-01-17T18:35:55.123Z");
    assert_string_equal(str(a.json, "impact"), "major"); /* it was one */
    assert_string_equal(str(json_array_get(json_object_get(a.json, "components"), 0), "status"),
                        "operational");
    answer_finish(&a);

    a = ask(h, "PATCH", target, "{\"incident\":{\"status\":\"investigating\"}}");
    assert_int_equal(a.status, 422);
    answer_finish(&a);
    a = ask(h, "PATCH", target, "{\"incident\":{\"status\":\"completed\"}}");
    assert_int_equal(a.status, 422);
    answer_finish(&a);
    a = ask(h, "GET", P "incidents/unresolved", NULL);
    assert_int_equal(json_array_size(a.json), 0);
    answer_finish(&a);
    a = ask(h, "DELETE", target, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(str(a.json, "id"), id);
    assert_int_equal(json_array_size(json_object_get(a.json, "incident_updates")), 4);
    answer_finish(&a);
    a = ask(h, "GET", target, NULL);
    assert_int_equal(a.status, 404);
    answer_finish(&a);
}

static void the_log_tells_what_was_mailed(void **state)
{
    static const struct {
        const char *body; /* PATCH; NULL: of the newest update, with the default */
        size_t mails;
        const char *kind;
    } rows[] = {
        {"{\"incident\":{\"status\":\"identified\"}}", 1, "updated"},
        {"{\"incident\":{\"status\":\"identified\",\"deliver_notifications\":false}}", 0, NULL},
        {"{\"incident\":{\"name\":\"Another name\"}}", 0, NULL},
        {"{\"incident\":{\"components\":{\"READING\":\"degraded_performance\"}}}", 1, "updated"},
        {"{\"incident_update\":{\"body\":\"Mended words\",\"deliver_notifications\":false}}", 0,
         NULL},
        {"{\"incident_update\":{\"body\":\"Mended again\"}}", 1, "edited"},
    };
    struct house *h = *state;
    char id[16], update_id[16], target[128];
    const json_t *entry, *mails;
    struct answer a;
    size_t i;

    create(h, "{\"incident\":{\"name\":\"a\"}}", id);
    snprintf(target, sizeof target, P "incidents/%s", id);
    a = ask(h, "GET", target, NULL);
    snprintf(update_id, sizeof update_id, "%s",
             str(json_array_get(json_object_get(a.json, "incident_updates"), 0), "id"));
    answer_finish(&a);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool of_update = strstr(rows[i].body, "incident_update") != NULL;

        snprintf(target, sizeof target,
                 of_update ? P "incidents/%s/incident_updates/%s" : P "incidents/%s", id,
                 update_id);
        a = ask(h, "PATCH", target, rows[i].body);
        assert_int_equal(a.status, 200);
        answer_finish(&a);
        a = ask(h, "GET", "/sandbox/log", NULL);
        entry = json_array_get(a.json, json_array_size(a.json) - 1);
        mails = json_object_get(entry, "mails");
        assert_string_equal(str(entry, "path"), target);
        assert_string_equal(str(entry, "method"), "PATCH");
        assert_int_equal(json_integer_value(json_object_get(entry, "status")), 200);
        if (json_array_size(mails) != rows[i].mails)
            fail_msg("row %zu: %zu mails", i, json_array_size(mails));
        if (rows[i].mails) {
            assert_string_equal(str(json_array_get(mails, 0), "kind"), rows[i].kind);
            assert_string_equal(str(json_array_get(mails, 0), "incident_id"), id);
            assert_int_equal(
                json_integer_value(json_object_get(json_array_get(mails, 0), "recipients")), 12345);
        }
        answer_finish(&a);
    }
}

static void impact_comes_from_components_unless_overridden(void **state)
{
    static const struct {
        const char *fields, *impact, *indicator;
    } rows[] = {
        {"", "none", "none"},
        {",\"component_ids\":[\"EDITING\"]", "none", "none"},
        {",\"components\":{\"EDITING\":\"under_maintenance\"}", "maintenance", "maintenance"},
        {",\"components\":{\"EDITING\":\"degraded_performance\"}", "minor", "minor"},
        {",\"components\":{\"EDITING\":\"partial_outage\"}", "major", "major"},
        {",\"components\":{\"EDITING\":\"major_outage\"}", "critical", "critical"},
        {",\"components\":{\"EDITING\":\"operational\",\"READING\":\"degraded_performance\"}",
         "minor", "minor"},
        {",\"components\":{\"EDITING\":\"\"}", "none", "minor"}, /* as it was */
        {",\"components\":{\"EDITING\":\"major_outage\"},\"impact_override\":\"minor\"", "minor",
         "critical"},
        {",\"components\":{\"EDITING\":\"operational\",\"READING\":\"operational\"},"
         "\"impact_override\":\"critical\"",
         "critical", "none"},
    };
    struct house *h = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[512];
        struct answer a;

        snprintf(body, sizeof body, "{\"incident\":{\"name\":\"a\"%s}}", rows[i].fields);
        a = ask(h, "POST", P "incidents", body);
        assert_int_equal(a.status, 201);
        if (strcmp(str(a.json, "impact"), rows[i].impact))
            fail_msg("row %zu: impact %s", i, str(a.json, "impact"));
        answer_finish(&a);
        a = ask(h, "GET", "/api/v2/status.json", NULL);
        if (strcmp(str(json_object_get(a.json, "status"), "indicator"), rows[i].indicator))
            fail_msg("row %zu: %s", i, a.body);
        answer_finish(&a);
    }
}

static void lists_are_paged_and_searched(void **state)
{
    static const struct {
        const char *path;
        size_t found;
        const char *first; /* name */
    } rows[] = {
        {"incidents", 5, "Number 4"},
        {"incidents?limit=2", 2, "Number 4"},
        {"incidents?limit=2&page=2", 2, "Number 2"},
        {"incidents?limit=2&page=3", 1, "Number 0"},
        {"incidents?limit=2&page=4", 0, NULL},
        {"incidents?q=number+3", 1, "Number 3"},
        {"incidents?q=WORDS%201", 1, "Number 1"},
        {"incidents?q=investigating", 5, "Number 4"},
        {"incidents?q=resolved", 0, NULL},
        {"incidents?q=secretkey", 0, NULL}, /* not in metadata */
        {"incidents/unresolved", 5, "Number 4"},
        {"incidents/unresolved.json?page=1&per_page=3", 3, "Number 4"},
        {"incidents/scheduled", 0, NULL},
        {"incidents/upcoming", 0, NULL},
        {"incidents/active_maintenance", 0, NULL},
        {"components?per_page=1&page=2", 1, "Editing"},
        {"component-groups", 0, NULL},
        {"incident_templates", 0, NULL},
    };
    struct house *h = *state;
    size_t i;

    for (i = 0; i < 5; i++) {
        char body[256], id[16];

        snprintf(body, sizeof body,
                 "{\"incident\":{\"name\":\"Number %zu\",\"body\":\"Some words %zu\","
                 "\"metadata\":{\"crier\":{\"key\":\"secretkey\"}}}}",
                 i, i);
        create(h, body, id);
    }
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char target[128];
        struct answer a;

        snprintf(target, sizeof target, P "%s", rows[i].path);
        a = ask(h, "GET", target, NULL);
        if (a.status != 200 || json_array_size(a.json) != rows[i].found ||
            (rows[i].first && strcmp(str(json_array_get(a.json, 0), "name"), rows[i].first)))
            fail_msg("%s: %d %s", rows[i].path, a.status, a.body);
        answer_finish(&a);
    }
}

static void the_public_api_shows_the_page_and_nothing_of_the_team(void **state)
{
    static const struct {
        const char *path, *members; /* with commas, in the answer beside page */
    } rows[] = {
        {"/api/v2/summary.json", "components incidents scheduled_maintenances status"},
        {"/api/v2/status.json", "status"},
        {"/api/v2/components.json", "components"},
        {"/api/v2/incidents.json", "incidents"},
        {"/api/v2/incidents/unresolved.json", "incidents"},
        {"/api/v2/scheduled-maintenances.json", "scheduled_maintenances"},
        {"/api/v2/scheduled-maintenances/upcoming.json", "scheduled_maintenances"},
        {"/api/v2/scheduled-maintenances/active.json", "scheduled_maintenances"},
    };
    struct house *h = *state;
    struct answer a;
    char id[16];
    size_t i;

    create(h,
           "{\"incident\":{\"name\":\"a\",\"components\":{\"EDITING\":\"major_outage\"},"
           "\"metadata\":{\"crier\":{\"key\":\"secretkey\"}}}}",
           id);
    create(h,
           "{\"incident\":{\"name\":\"b\",\"status\":\"scheduled\","
           "\"scheduled_for\":\"2033-05-07T03:00:00+02:00\","
           "\"scheduled_until\":\"2033-05-07T04:00:00Z\"}}",
           id);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t members = 1;
        const char *p;

        a = send_as(h, NULL, NULL, "GET", rows[i].path, NULL);
        assert_int_equal(a.status, 200);
        for (p = rows[i].members; p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL) {
            char name[64];

            snprintf(name, sizeof name, "%.*s", (int)strcspn(p, " "), p);
            assert_non_null(json_object_get(a.json, name));
            members++;
        }
        assert_int_equal(json_object_size(a.json), members);
        assert_string_equal(str(json_object_get(a.json, "page"), "id"), "abc123");
        assert_null(strstr(a.body, "secretkey"));
        assert_null(strstr(a.body, "metadata"));
        answer_finish(&a);
    }
    a = send_as(h, NULL, NULL, "GET", "/api/v2/summary.json", NULL);
    assert_string_equal(str(json_object_get(a.json, "status"), "description"),
                        "Major System Outage");
    assert_int_equal(json_array_size(json_object_get(a.json, "incidents")), 1);
    assert_string_equal(
        str(json_array_get(json_object_get(a.json, "scheduled_maintenances"), 0), "scheduled_for"),
        "2033-05-07T01:00:00.000Z");
    answer_finish(&a);
    a = send_as(h, NULL, NULL, "GET", "/api/v2/scheduled-maintenances/active.json", NULL);
    assert_int_equal(json_array_size(json_object_get(a.json, "scheduled_maintenances")), 0);
    answer_finish(&a);
    a = send_as(h, NULL, NULL, "GET", "/api/v2/nothing.json", NULL);
    assert_int_equal(a.status, 404);
    answer_finish(&a);
    a = send_as(h, NULL, NULL, "POST", "/api/v2/status.json", NULL);
    assert_int_equal(a.status, 405);
    answer_finish(&a);
}

static void components_templates_and_subscribers(void **state)
{
    struct house *h = *state;
    struct answer a;

    a = ask(h, "POST", P "components", "{\"component\":{\"name\":\"Media\",\"description\":\"\"}}");
    assert_int_equal(a.status, 201);
    assert_int_equal(json_integer_value(json_object_get(a.json, "position")), 3);
    answer_finish(&a);
    a = ask(h, "PATCH", P "components/EDITING.json",
            "{\"component\":{\"status\":\"degraded_performance\"}}");
    assert_string_equal(str(a.json, "status"), "degraded_performance");
    assert_string_equal(str(a.json, "name"), "Editing");
    answer_finish(&a);
    a = ask(h, "PUT", P "components/EDITING", "{\"component\":{\"status\":\"\"}}");
    assert_string_equal(str(a.json, "status"), "degraded_performance");
    answer_finish(&a);
    a = ask(h, "DELETE", P "components/EDITING", NULL);
    assert_int_equal(a.status, 204);
    assert_string_equal(a.body, "");
    answer_finish(&a);

    a = ask(h, "POST", P "incident_templates",
            "{\"template\":{\"name\":\"n\",\"title\":\"t\",\"body\":\"b\","
            "\"component_ids\":[\"READING\"],\"update_status\":\"identified\"}}");
    assert_int_equal(a.status, 201);
    assert_int_equal(json_array_size(json_object_get(a.json, "components")), 1);
    assert_null(json_object_get(a.json, "component_ids"));
    answer_finish(&a);
    a = ask(h, "GET", P "incident_templates", NULL);
    assert_int_equal(json_array_size(a.json), 1);
    answer_finish(&a);

    a = ask(h, "GET", P "subscribers/count", NULL);
    assert_int_equal(json_integer_value(json_object_get(a.json, "email")), 12345);
    assert_int_equal(json_integer_value(json_object_get(a.json, "sms")), 0);
    answer_finish(&a);
    a = ask(h, "GET", P "subscribers/count?type=email&state=unconfirmed", NULL);
    assert_int_equal(json_object_size(a.json), 1);
    assert_int_equal(json_integer_value(json_object_get(a.json, "email")), 0);
    answer_finish(&a);
    a = ask(h, "GET", P "subscribers/histogram_by_state", NULL);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(a.json, "email"), "total")),
                     12345);
    answer_finish(&a);
    a = ask(h, "GET", "/v1/pages/abc123.json", NULL);
    assert_string_equal(str(a.json, "name"), "Example");
    assert_string_equal(str(a.json, "url"), "http://127.0.0.1:1");
    answer_finish(&a);
    a = ask(h, "GET", "/v1/pages", NULL);
    assert_int_equal(json_array_size(a.json), 1);
    answer_finish(&a);
}

static void a_postmortem_is_a_draft_until_it_is_published(void **state)
{
    static const struct {
        const char *method, *verb, *body;
        int status;
        const char *public; /* postmortem_body of the incident afterwards */
    } rows[] = {
        {"GET", "", NULL, 404, "(none)"},
        {"PUT", "/publish", "{\"postmortem\":{}}", 404, "(none)"},
        {"PUT", "", "{\"postmortem\":{}}", 422, "(none)"},
        {"PUT", "", "{\"postmortem\":{\"body_draft\":\"What we learned\"}}", 200, "(none)"},
        {"PUT", "/revert", NULL, 422, "(none)"},
        {"PUT", "/publish", "{\"postmortem\":{\"notify_subscribers\":false}}", 200,
         "What we learned"},
        {"PUT", "/publish", NULL, 422, "What we learned"}, /* there is no draft any more */
        {"GET", "", NULL, 200, "What we learned"},
        {"PUT", "/revert", NULL, 200, "(none)"},
        {"PUT", "/unknown", NULL, 404, "(none)"},
        {"POST", "", "{}", 405, "(none)"},
        {"DELETE", "", NULL, 204, "(none)"},
        {"DELETE", "", NULL, 404, "(none)"},
    };
    struct house *h = *state;
    char id[16], target[128];
    struct answer a;
    size_t i;

    create(h, "{\"incident\":{\"name\":\"a\",\"status\":\"resolved\"}}", id);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(target, sizeof target, P "incidents/%s/postmortem%s", id, rows[i].verb);
        a = ask(h, rows[i].method, target, rows[i].body);
        if (a.status != rows[i].status)
            fail_msg("row %zu: %d %s", i, a.status, a.body);
        answer_finish(&a);
        snprintf(target, sizeof target, P "incidents/%s", id);
        a = ask(h, "GET", target, NULL);
        if (strcmp(str(a.json, "postmortem_body"), rows[i].public))
            fail_msg("row %zu: %s", i, a.body);
        answer_finish(&a);
    }
}

static void a_backfilled_incident_is_over_and_mails_nobody(void **state)
{
    struct house *h = *state;
    struct answer a;

    a = ask(h, "POST", P "incidents",
            "{\"incident\":{\"name\":\"a\",\"backfilled\":true,\"backfill_date\":\"2013-05-07\"}}");
    assert_int_equal(a.status, 201);
    assert_string_equal(str(a.json, "status"), "resolved");
    assert_string_equal(str(a.json, "created_at"), "2013-05-07T00:00:00.000Z");
    answer_finish(&a);
    a = ask(h, "GET", "/sandbox/log", NULL);
    assert_null(strstr(a.body, "recipients"));
    answer_finish(&a);
}

/* ---- the page for people --------------------------------------------------------------------- */

static void hostile_text_stays_text(void **state)
{
    struct house *h = *state;
    char id[16], incident[64];
    const char *pages[3] = {"/", "/history", incident};
    struct answer a;
    size_t i;

    create(h,
           "{\"incident\":{\"name\":\"<script>alert(1)</script>&\\\"'\\u202eabc\","
           "\"body\":\"</p><img src=x onerror=alert(2)>\\n\\n<b>bold</b>\"}}",
           id);
    a = ask(h, "PATCH", P "components/EDITING",
            "{\"component\":{\"name\":\"<i>Edit\",\"description\":\"<svg onload=x>\"}}");
    assert_int_equal(a.status, 200);
    answer_finish(&a);
    snprintf(incident, sizeof incident, "/incidents/%s", id);
    for (i = 0; i < 3; i++) {
        a = send_as(h, NULL, NULL, "GET", pages[i], NULL);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.type, "text/html; charset=utf-8");
        assert_null(strstr(a.body, "<script"));
        assert_null(strstr(a.body, "<img"));
        assert_null(strstr(a.body, "<b>bold"));
        assert_null(strstr(a.body, "<i>"));
        assert_null(strstr(a.body, "<svg onload"));
        assert_null(strstr(a.body, "\xe2\x80\xae"));
        assert_non_null(strstr(a.body, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;abc"));
        assert_non_null(strstr(a.body, "&lt;b&gt;bold&lt;/b&gt;"));
        assert_non_null(strstr(a.policy, "default-src 'none'"));
        assert_null(strstr(a.policy, "unsafe"));
        answer_finish(&a);
    }
}

static void the_page_says_what_is_wrong(void **state)
{
    static const struct {
        const char *body; /* PATCH of the incident, NULL: none yet */
        const char *headline, *tone;
    } rows[] = {
        {"{\"incident\":{\"status\":\"identified\"}}", "Partial System Outage", "banner major"},
        {"{\"incident\":{\"components\":{\"EDITING\":\"operational\"}}}",
         "We are looking into a problem", "banner major"},
        {"{\"incident\":{\"status\":\"monitoring\"}}", "A fix is in place and we are watching it",
         "banner major"},
        {"{\"incident\":{\"status\":\"resolved\"}}", "All Systems Operational", "banner none"},
    };
    struct house *h = *state;
    char id[16], target[64];
    struct answer a;
    size_t i;

    a = send_as(h, NULL, NULL, "GET", "/", NULL);
    assert_non_null(strstr(a.body, "All Systems Operational"));
    assert_non_null(strstr(a.body, "No incidents reported."));
    assert_null(strstr(a.body, "Open incidents"));
    answer_finish(&a);
    create(h,
           "{\"incident\":{\"name\":\"Errors\",\"body\":\"one\\ntwo\\r\\n\\r\\nthree\","
           "\"components\":{\"EDITING\":\"partial_outage\"}}}",
           id);
    snprintf(target, sizeof target, P "incidents/%s", id);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        a = ask(h, "PATCH", target, rows[i].body);
        assert_int_equal(a.status, 200);
        answer_finish(&a);
        a = send_as(h, NULL, NULL, "GET", "/", NULL);
        if (!strstr(a.body, rows[i].headline) || !strstr(a.body, rows[i].tone))
            fail_msg("row %zu: %s", i, strstr(a.body, "<main"));
        assert_int_equal(!strstr(a.body, "Open incidents"), i == 3);
        answer_finish(&a);
    }
    snprintf(target, sizeof target, "/incidents/%s", id);
    a = send_as(h, NULL, NULL, "GET", target, NULL);
    assert_non_null(strstr(a.body, "<p>one<br>two</p><p>three</p>"));
    answer_finish(&a);
}

static void odd_paths_are_answered(void **state)
{
    static const struct {
        const char *method, *target;
        int status;
    } rows[] = {
        {"GET", "/nothing", 404},
        {"GET", "/incidents/nosuchthing6", 404},
        {"GET", "/incidents", 404},
        {"GET", "//", 400},
        {"GET", "/%00", 400},
        {"GET", "/%zz", 400},
        {"GET", "/%ff", 400},
        {"GET", "/a/b/c/d/e/f/g/h/i", 400},
        {"POST", "/", 405},
        {"HEAD", "/", 200},
        {"GET", "/history?page=0", 400},
        {"GET", "/history?page=2", 200},
        {"GET", "/v1", 401},
        {"GET", "/sandbox/log/x", 404},
        {"GET", "/incidents/..%2f..", 404},
        {"GET", "/?utm=1", 200},
    };
    struct house *h = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = send_as(h, NULL, NULL, rows[i].method, rows[i].target, NULL);

        if (a.status != rows[i].status)
            fail_msg("%s %s: got %d", rows[i].method, rows[i].target, a.status);
        answer_finish(&a);
    }
}

/* ---- the database ---------------------------------------------------------------------------- */

static void a_file_keeps_everything_and_belongs_to_one(void **state)
{
    struct house h = {.sb = NULL};
    struct sandbox *second = NULL;
    struct sandbox_options o = {.rate_limit = 10};
    char dir[] = "/tmp/crier-sandbox-XXXXXX", path[64], wal[80], id[16];
    struct answer a;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/page.db", dir);
    o.db_path = path;
    begin_with(&h, o);
    create(&h, "{\"incident\":{\"name\":\"kept\"}}", id);
    assert_int_equal(sandbox_create(&(struct sandbox_options){.db_path = path}, &second),
                     CRIER_ELOCKED);
    sandbox_destroy(h.sb);
    assert_int_equal(
        sandbox_create(&(struct sandbox_options){.db_path = path, .page_id = "other1"}, &second),
        CRIER_ESTATE);
    begin_with(&h, o);
    a = ask(&h, "GET", P "incidents", NULL);
    assert_string_equal(str(json_array_get(a.json, 0), "id"), id);
    answer_finish(&a);
    a = ask(&h, "GET", P "components", NULL);
    assert_int_equal(json_array_size(a.json), 2);
    answer_finish(&a);
    sandbox_destroy(h.sb);

    unlink(path);
    snprintf(wal, sizeof wal, "%s-wal", path);
    unlink(wal);
    snprintf(wal, sizeof wal, "%s-shm", path);
    unlink(wal);
    assert_int_equal(rmdir(dir), 0);
}

static void options_are_checked(void **state)
{
    static const struct sandbox_options rows[] = {
        {.page_id = ""},    {.page_id = "Abc"},     {.page_id = "a/b"},
        {.key = ""},        {.key = "a b"},         {.page_name = ""},
        {.components = ""}, {.components = ","},    {.components = "a,,b"},
        {.rate_limit = -1}, {.components = "\xff"}, {.rate_limit = SANDBOX_RATE_MAX + 1},
    };
    struct sandbox *sb = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (sandbox_create(&rows[i], &sb) != CRIER_EINVAL)
            fail_msg("row %zu was taken", i);
    assert_int_equal(sandbox_create(&(struct sandbox_options){.db_path = "/nonexistent/x"}, &sb),
                     CRIER_EIO);
    assert_int_equal(sandbox_create(&(struct sandbox_options){.rate_limit = 1}, &sb), 0);
    assert_int_equal(strlen(sandbox_page_id(sb)), 12);
    assert_int_equal(strlen(sandbox_key(sb)), 24);
    assert_int_equal(sandbox_set_url(sb, "http://127.0.0.1:2"), 0);
    assert_string_equal(sandbox_url(sb), "http://127.0.0.1:2");
    sandbox_destroy(sb);
    sandbox_destroy(NULL);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(refuses_with_the_right_status_and_reason),
        ROW(a_refused_request_changes_nothing_and_mails_nobody),
        ROW(text_is_counted_in_characters),
        ROW(only_the_oauth_scheme_with_the_key_is_let_in),
        ROW(only_json_is_taken),
        cmocka_unit_test(sixty_requests_in_a_rolling_minute),
        ROW(an_incident_from_beginning_to_end),
        ROW(the_log_tells_what_was_mailed),
        ROW(impact_comes_from_components_unless_overridden),
        ROW(lists_are_paged_and_searched),
        ROW(the_public_api_shows_the_page_and_nothing_of_the_team),
        ROW(components_templates_and_subscribers),
        ROW(a_postmortem_is_a_draft_until_it_is_published),
        ROW(a_backfilled_incident_is_over_and_mails_nobody),
        ROW(hostile_text_stays_text),
        ROW(the_page_says_what_is_wrong),
        ROW(odd_paths_are_answered),
        cmocka_unit_test(a_file_keeps_everything_and_belongs_to_one),
        cmocka_unit_test(options_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
