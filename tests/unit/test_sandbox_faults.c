#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "err.h"
#include "sandbox.h"
#include "sandbox_faults.h"

#define KEY "k3y"
#define P "/v1/pages/abc123/"
#define CREATE "{\"incident\":{\"name\":\"x\"}}"

enum { SENT_MAX = 8, WALL_MS = 1673980495 };

/* What came out for one request, at once or later. */
struct answer {
    int r; /* of the handler */
    uint64_t hold;
    int status;
    enum httpd_end end;
    int64_t bytes_per_s;
    int64_t cut_bytes;
    bool endless;
    char body[4096];
    size_t body_bytes;
    char type[64];
    char retry_after[64];
    char date[64];
};

struct house {
    struct sandbox *sb;
    struct now now;
    uint64_t sent[SENT_MAX]; /* what went through the outlet */
    struct answer answer[SENT_MAX];
    size_t n_sent;
};

static void copy_field(const struct httpd_response *res, const char *name, char *dst, size_t size)
{
    size_t i, seen = 0;

    for (i = 0; i < res->n_fields; i++) {
        if (strcmp(res->field[i].name, name))
            continue;
        snprintf(dst, size, "%s", res->field[i].value);
        seen++;
    }
    assert_true(seen < 2);
}

static struct answer read_answer(const struct httpd_response *res)
{
    struct answer a = {
        .hold = res->hold,
        .status = res->status,
        .end = res->end,
        .bytes_per_s = res->bytes_per_s,
        .cut_bytes = res->cut_bytes,
        .endless = res->endless,
        .body_bytes = res->body.len,
    };

    snprintf(a.body, sizeof a.body, "%s", buf_str(&res->body));
    copy_field(res, "Content-Type", a.type, sizeof a.type);
    copy_field(res, "Retry-After", a.retry_after, sizeof a.retry_after);
    copy_field(res, "Date", a.date, sizeof a.date);
    return a;
}

static int take_answer(void *ctx, uint64_t hold, struct httpd_response *res)
{
    struct house *h = ctx;

    assert_true(h->n_sent < SENT_MAX);
    h->sent[h->n_sent] = hold;
    h->answer[h->n_sent++] = read_answer(res);
    return 0;
}

static struct answer ask_as(struct house *h, const char *key, const char *type, const char *method,
                            const char *target, const char *body)
{
    const struct httpd_field fields[] = {{"Authorization", key}, {"Content-Type", type}};
    struct httpd_request req = {.method = method,
                                .field = fields,
                                .n_fields = type ? 2 : 1,
                                .body = body ? body : "",
                                .now = h->now};
    struct httpd_response res;
    struct answer a;
    char path[256];
    char *query;
    int r;

    assert_true(strlen(target) < sizeof path);
    snprintf(path, sizeof path, "%s", target);
    query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    req.path = path;
    req.query = query ? query : "";
    req.body_bytes = strlen(req.body);
    httpd_response_init(&res);
    r = sandbox_handle(h->sb, &req, &res);
    assert_int_equal(httpd_response_error(&res), 0);
    a = read_answer(&res);
    a.r = r;
    httpd_response_finish(&res);
    return a;
}

static struct answer ask(struct house *h, const char *method, const char *target, const char *body)
{
    return ask_as(h, "OAuth " KEY, "application/json", method, target, body);
}

static struct answer create(struct house *h)
{
    return ask(h, "POST", P "incidents", CREATE);
}

/* The script's rules, with ' for ". */
static struct answer script(struct house *h, const char *method, const char *rules)
{
    struct buf b;
    struct answer a;
    const char *p;

    buf_init(&b, 1 << 16);
    buf_adds(&b, "{\"rules\":[");
    for (p = rules; *p; p++)
        buf_addc(&b, *p == '\'' ? '"' : *p);
    buf_adds(&b, "]}");
    assert_int_equal(buf_error(&b), 0);
    a = ask(h, method, "/sandbox/faults", buf_str(&b));
    buf_finish(&b);
    return a;
}

static void put(struct house *h, const char *rules)
{
    struct answer a = script(h, "PUT", rules);

    if (a.status != 200)
        fail_msg("%s: %s", rules, a.body);
}

static json_t *read_json(struct house *h, const char *target)
{
    struct httpd_request req = {
        .method = "GET", .path = target, .query = "", .body = "", .now = h->now};
    struct httpd_response res;
    json_t *json;

    httpd_response_init(&res);
    assert_int_equal(sandbox_handle(h->sb, &req, &res), 0);
    assert_int_equal(res.status, 200);
    json = json_loads(buf_str(&res.body), 0, NULL);
    assert_non_null(json);
    httpd_response_finish(&res);
    return json;
}

/* How many incidents the page really has. */
static size_t published(struct house *h)
{
    json_t *all;
    size_t n;

    all = read_json(h, "/api/v2/incidents.json");
    n = json_array_size(json_object_get(all, "incidents"));
    json_decref(all);
    return n;
}

/* A line of the log as `STATUS applied|not would told mails`, "-" without a fault. */
static const char *logged(struct house *h, size_t back, char text[80])
{
    json_t *log = read_json(h, "/sandbox/log"), *line, *fault, *told;

    if (json_array_size(log) <= back) {
        json_decref(log);
        return "(none)";
    }
    line = json_array_get(log, json_array_size(log) - 1 - back);
    fault = json_object_get(line, "fault");
    told = json_object_get(fault, "told");
    if (fault)
        snprintf(text, 80, "%lld %s %lld %lld %zu",
                 (long long)json_integer_value(json_object_get(line, "status")),
                 json_is_true(json_object_get(fault, "applied")) ? "applied" : "not",
                 (long long)json_integer_value(json_object_get(fault, "would")),
                 json_is_null(told) ? -1 : (long long)json_integer_value(told),
                 json_array_size(json_object_get(line, "mails")));
    else
        snprintf(text, 80, "%lld -",
                 (long long)json_integer_value(json_object_get(line, "status")));
    json_decref(log);
    return text;
}

static json_int_t count(struct house *h, size_t rule, const char *what)
{
    json_t *all = read_json(h, "/sandbox/faults");
    json_int_t n = json_integer_value(
        json_object_get(json_array_get(json_object_get(all, "rules"), rule), what));

    json_decref(all);
    return n;
}

/* The phases of what is held, in order, "late " for one. */
static const char *held(struct house *h, char text[120])
{
    json_t *all = read_json(h, "/sandbox/faults"), *list = json_object_get(all, "held");
    size_t i, used = 0;

    text[0] = '\0';
    for (i = 0; i < json_array_size(list) && used < 80; i++)
        used +=
            (size_t)snprintf(text + used, 120 - used, "%s ",
                             json_string_value(json_object_get(json_array_get(list, i), "phase")));
    json_decref(all);
    return text;
}

static int64_t deadline(struct house *h)
{
    struct source_port source = sandbox_source_port(h->sb);
    struct pollset set;
    int64_t at;

    pollset_init(&set);
    source.collect(source.ctx, &set);
    at = set.deadline_boot_ms;
    pollset_finish(&set);
    return at;
}

/* So much time passes; the loop runs at its end only. */
static void pass(struct house *h, int64_t ms)
{
    struct source_port source = sandbox_source_port(h->sb);
    struct pollset set;

    h->now.boot_ms += ms;
    h->now.wall_ms += ms;
    pollset_init(&set);
    source.dispatch(source.ctx, &set, h->now);
    pollset_finish(&set);
}

static int set_up(void **state)
{
    const struct sandbox_options o = {
        .page_id = "abc123", .key = KEY, .rate_limit = 1000, .faults = true};
    struct house *h = calloc(1, sizeof *h);

    assert_non_null(h);
    h->now = (struct now){(int64_t)WALL_MS * 1000, 5000};
    assert_int_equal(sandbox_create(&o, &h->sb), 0);
    sandbox_set_outlet(h->sb, (struct sandbox_outlet){h, take_answer});
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

/* ---- what a fault does to one request -------------------------------------------------------- */

static void each_fault_hits_one_create(void **state)
{
    static const struct {
        const char *action;
        int status;       /* that the client sees; 0: nothing */
        const char *body; /* a part of it, or NULL */
        size_t published;
        const char *logged;
    } rows[] = {
        {"'status':500", 500, "out of order", 0, "500 not 201 500 0"},
        {"'status':500,'apply':true", 500, "out of order", 1, "201 applied 201 500 1"},
        {"'status':404", 404, "error", 0, "404 not 201 404 0"},
        {"'status':200,'body':'{}'", 200, "{}", 1, "201 applied 201 200 1"},
        {"'status':202,'apply':false", 202, "\"id\"", 0, "202 not 201 202 0"},
        {"'status':302,'body':''", 302, "", 1, "201 applied 201 302 1"},
        {"'status':204", 204, "", 1, "201 applied 201 204 1"},
        {"'apply':false", 201, "\"id\"", 0, "201 not 201 201 0"},
        {"'drop':true", 0, NULL, 1, "201 applied 201 -1 1"},
        {"'drop':true,'apply':false", 0, NULL, 0, "0 not 201 -1 0"},
        {"'drop':'reset'", 0, NULL, 1, "201 applied 201 -1 1"},
        {"'body':'[1,2'", 201, "[1,2", 1, "201 applied 201 201 1"},
        {"'distort':'html'", 201, "<!DOCTYPE html>", 1, "201 applied 201 201 1"},
        {"'distort':'html','status':502", 502, "<!DOCTYPE html>", 0, "502 not 201 502 0"},
        {"'distort':'empty'", 201, "", 1, "201 applied 201 201 1"},
        {"'distort':'wrong_types'", 201, "\"incident_updates\":{\"0\":{\"id\":12,", 1,
         "201 applied 201 201 1"},
        {"'set':{'id':7,'new':[null]}", 201, "\"new\":[null]", 1, "201 applied 201 201 1"},
        {"", 201, "\"name\":\"x\"", 1, "201 applied 201 201 1"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        void *fresh = NULL;
        struct house *h;
        struct answer a;
        char rule[200], line[80];

        set_up(&fresh);
        h = fresh;
        snprintf(rule, sizeof rule, "{'do':{%s}}", rows[i].action);
        put(h, rule);
        a = create(h);
        if (a.r || a.hold || (rows[i].status ? a.status != rows[i].status : a.end == HTTPD_ANSWER))
            fail_msg("%s: answered %d", rows[i].action, a.status);
        if (rows[i].body && (*rows[i].body ? !strstr(a.body, rows[i].body) : a.body_bytes > 0))
            fail_msg("%s: answered %s", rows[i].action, a.body);
        if (published(h) != rows[i].published || strcmp(logged(h, 0, line), rows[i].logged))
            fail_msg("%s: %zu are public, log: %s", rows[i].action, published(h), line);
        /* and the next request is as ever */
        a = create(h);
        assert_int_equal(a.status, 201);
        assert_string_equal(logged(h, 0, line), "201 -");
        tear_down(&fresh);
    }
}

static void answers_are_spoiled_as_written(void **state)
{
    struct house *h = *state;
    struct answer good = ask(h, "GET", P "components", NULL), a, again;
    json_t *json;

    put(h, "{'do':{'status':429,'retry_after':17}}, {'do':{'status':420,'retry_after':'soon'}},"
           "{'do':{'status':420}}, {'do':{'drop':'reset'}}, {'do':{'drip':3,'cut':5}},"
           "{'do':{'endless':true,'cut':0}}, {'do':{'body':'hi','type':'text/x'}}");
    a = ask(h, "GET", P "components", NULL);
    assert_int_equal(a.status, 429);
    assert_string_equal(a.retry_after, "17");
    a = ask(h, "GET", P "components", NULL);
    assert_int_equal(a.status, 420);
    assert_string_equal(a.retry_after, "soon");
    a = ask(h, "GET", P "components", NULL);
    assert_int_equal(a.status, 420);
    assert_string_equal(a.retry_after, "");
    a = ask(h, "GET", P "components", NULL);
    assert_int_equal(a.end, HTTPD_RESET);
    a = ask(h, "GET", P "components", NULL);
    assert_int_equal(a.bytes_per_s, 3);
    assert_int_equal(a.cut_bytes, 5);
    assert_string_equal(a.body, good.body);
    a = ask(h, "GET", P "components", NULL);
    assert_true(a.endless);
    assert_int_equal(a.cut_bytes, 0);
    a = ask(h, "GET", P "components", NULL);
    assert_string_equal(a.body, "hi");
    assert_string_equal(a.type, "text/x");

    put(h, "{'do':{'distort':'truncate'}}, {'next':2,'do':{'distort':'garbage','skew':0}},"
           "{'do':{'set':{'name':null}}}, {'do':{'distort':'wrong_types'}}");
    a = ask(h, "GET", P "components", NULL);
    assert_int_equal(a.body_bytes, good.body_bytes / 2);
    assert_memory_equal(a.body, good.body, a.body_bytes);
    a = ask(h, "GET", P "components", NULL);
    again = ask(h, "GET", P "components", NULL);
    assert_true(a.body_bytes > 100 && !memcmp(a.body, again.body, sizeof a.body));
    assert_null(json_loadb(a.body, a.body_bytes, JSON_DECODE_ANY, NULL));
    assert_string_equal(a.type, good.type);
    a = ask(h, "GET", P "components", NULL);
    json = json_loads(a.body, 0, NULL);
    assert_int_equal(json_array_size(json), 2);
    assert_true(json_is_null(json_object_get(json_array_get(json, 1), "name")));
    json_decref(json);
    a = ask(h, "GET", P "components", NULL);
    json = json_loads(a.body, 0, NULL);
    assert_int_equal(json_array_size(json), 2);
    assert_true(json_is_integer(json_object_get(json_array_get(json, 0), "id")));
    assert_true(json_is_string(json_object_get(json_array_get(json, 0), "position")));
    assert_false(json_is_boolean(json_object_get(json_array_get(json, 0), "group")));
    json_decref(json);
    a = ask(h, "GET", P "components", NULL);
    assert_string_equal(a.body, good.body);
}

static void the_clock_may_be_wrong_but_the_log_is_not(void **state)
{
    struct house *h = *state;
    struct answer a;
    json_t *log, *line;

    put(h, "{'do':{'skew':-86400}},{'do':{'skew':1.5}}");
    a = create(h); /* at 2023-01-17T18:34:55Z */
    assert_non_null(strstr(a.body, "\"created_at\":\"2023-01-16T18:34:55.000Z\""));
    assert_string_equal(a.date, "Mon, 16 Jan 2023 18:34:55 GMT");
    a = create(h);
    assert_non_null(strstr(a.body, "\"created_at\":\"2023-01-17T18:34:56.500Z\""));
    assert_string_equal(a.date, "Tue, 17 Jan 2023 18:34:56 GMT");
    a = create(h);
    assert_non_null(strstr(a.body, "\"created_at\":\"2023-01-17T18:34:55.000Z\""));
    assert_string_equal(a.date, "");
    log = read_json(h, "/sandbox/log");
    line = json_array_get(log, 0);
    assert_string_equal(json_string_value(json_object_get(line, "time")),
                        "2023-01-17T18:34:55.000Z");
    json_decref(log);
}

static void a_page_of_a_list_comes_twice(void **state)
{
    static const struct {
        const char *query;
        int status;
        const char *same_as;
    } rows[] = {
        {"?page=2&per_page=1", 200, "?page=1&per_page=1"},
        {"?per_page=1&page=3", 200, "?page=1&per_page=1"},
        {"?per_page=2", 200, "?per_page=2"}, /* no page= in it */
        {"?page=x&per_page=1", 400, NULL},   /* is refused as ever */
        {"?pages=2&per_page=1", 400, NULL},
        {"", 200, ""},
    };
    struct house *h = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char target[80], wanted[80];
        struct answer a, b = {.status = 0};

        snprintf(target, sizeof target, P "components%s", rows[i].query);
        put(h, "");
        if (rows[i].same_as) {
            snprintf(wanted, sizeof wanted, P "components%s", rows[i].same_as);
            b = ask(h, "GET", wanted, NULL);
        }
        put(h, "{'on':{'kind':'list'},'always':true,'do':{'page':1}}");
        a = ask(h, "GET", target, NULL);
        if (a.status != rows[i].status || (rows[i].same_as && strcmp(a.body, b.body)))
            fail_msg("%s: %d %s", rows[i].query, a.status, a.body);
    }
}

/* ---- which requests -------------------------------------------------------------------------- */

/* Eight creates; the mark x is where the rule hit. */
static void rules_hit_when_it_is_their_turn(void **state)
{
    static const struct {
        const char *when;
        const char *hits; /* for each create: number of the rule's status, - for none */
    } rows[] = {
        {"{'do':{'status':501}}", "1-------"},
        {"{'nth':2,'do':{'status':501}}", "-1------"},
        {"{'next':3,'do':{'status':501}}", "111-----"},
        {"{'nth':3,'next':2,'do':{'status':501}}", "--11----"},
        {"{'always':true,'do':{'status':501}}", "11111111"},
        {"{'nth':7,'always':true,'do':{'status':501}}", "------11"},
        {"{'probability':0,'do':{'status':501}}", "--------"},
        {"{'probability':1,'do':{'status':501}}", "11111111"},
        {"{'probability':1,'next':2,'do':{'status':501}}", "11------"},
        /* the first in order hits; the others count what they see, and keep their hits */
        {"{'do':{'status':501}},{'next':2,'do':{'status':502}}", "122-----"},
        {"{'nth':2,'do':{'status':501}},{'nth':2,'do':{'status':502}}", "-12-----"},
        {"{'always':true,'do':{'status':501}},{'always':true,'do':{'status':502}}", "11111111"},
        /* what each is about */
        {"{'on':{'kind':'update'},'always':true,'do':{'status':501}}", "--------"},
        {"{'on':{'method':'POST','kind':'create'},'nth':2,'do':{'status':501}}", "-1------"},
        {"{'on':{'method':'PUT','kind':'create'},'always':true,'do':{'status':501}}", "--------"},
        {"{'on':{'path':'/v1/pages/*/incidents'},'do':{'status':501}}", "1-------"},
        {"{'on':{'path':'*cident'},'do':{'status':501}}", "--------"},
        {"{'on':{'path':'*n*d*nts*'},'do':{'status':501}}", "1-------"},
        {"{'on':{'path':''},'do':{'status':501}}", "--------"},
        {"{'on':{'query':''},'do':{'status':501}}", "1-------"},
        {"{'on':{'query':'page=2'},'do':{'status':501}}", "--------"},
    };
    struct house *h = *state;
    size_t i, k;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hits[9] = "";

        put(h, rows[i].when);
        for (k = 0; k < 8; k++) {
            struct answer a = create(h);

            hits[k] = (char)(a.status > 500 ? '0' + a.status - 500 : '-');
        }
        if (strcmp(hits, rows[i].hits))
            fail_msg("%s: %s", rows[i].when, hits);
    }
}

static void chance_is_the_same_every_time(void **state)
{
    static const char *const rules[] = {
        "{'probability':0.5,'seed':1,'do':{'status':501}}",
        "{'probability':0.5,'seed':1,'do':{'status':501}}",
        "{'probability':0.5,'seed':2,'do':{'status':501}}",
    };
    struct house *h = *state;
    char hits[3][65];
    size_t i, k, n = 0;

    for (i = 0; i < 3; i++) {
        put(h, rules[i]);
        for (k = 0; k < 64; k++) {
            hits[i][k] = create(h).status == 501 ? 'x' : '-';
            n += hits[i][k] == 'x';
        }
        hits[i][64] = '\0';
    }
    assert_string_equal(hits[0], hits[1]);
    assert_string_not_equal(hits[0], hits[2]);
    assert_true(n > 60 && n < 130); /* of 192 */
    assert_int_equal(count(h, 0, "matched"), 64);
}

static void each_kind_is_known(void **state)
{
    static const struct {
        const char *method, *target, *kinds;
    } rows[] = {
        {"POST", P "incidents", "create manage "},
        {"POST", P "incidents.json", "create manage "},
        {"PATCH", P "incidents/x", "update manage "},
        {"PUT", P "incidents/x.json", "update manage "},
        {"DELETE", P "incidents/x", "delete manage "},
        {"GET", P "incidents/x", "read manage "},
        {"HEAD", P "incidents/x", "read manage "},
        {"GET", P "incidents", "list manage "},
        {"GET", P "incidents/", "list manage "},
        {"GET", P "incidents/unresolved.json", "list manage "},
        {"GET", P "incidents/active_maintenance", "list manage "},
        {"POST", P "incidents/unresolved", "manage "},
        {"GET", P "components?page=1", "list manage "},
        {"POST", P "components", "manage "},
        {"PATCH", P "components/x", "manage "},
        {"PATCH", P "incidents/x/incident_updates/y", "correct manage "},
        {"PUT", P "incidents/x/postmortem", "manage "},
        {"GET", P "subscribers/count", "manage "},
        {"GET", "/v1/pages/abc123", "manage "},
        {"GET", "/v1", "manage "},
        {"GET", "/v1/a/b/c/d/e/f/g/h/i/j", "manage "},
        {"GET", "/api/v2/incidents.json", "public "},
        {"GET", "/", "public "},
        {"GET", "/v1x", "public "},
        {"GET", "/sandbox/log", ""},
        {"GET", "/sandbox/faults", ""},
    };
    static const char *const kinds[] = {"create", "update", "correct", "delete",
                                        "read",   "list",   "manage",  "public"};
    struct house *h = *state;
    size_t i, k;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char found[200] = "";
        size_t used = 0;

        put(h, "{'on':{'kind':'create'}},{'on':{'kind':'update'}},{'on':{'kind':'correct'}},"
               "{'on':{'kind':'delete'}},{'on':{'kind':'read'}},{'on':{'kind':'list'}},"
               "{'on':{'kind':'manage'}},{'on':{'kind':'public'}}");
        ask(h, rows[i].method, rows[i].target, NULL);
        for (k = 0; k < 8; k++)
            if (count(h, k, "matched"))
                used += (size_t)snprintf(found + used, sizeof found - used, "%s ", kinds[k]);
        if (strcmp(found, rows[i].kinds))
            fail_msg("%s %s: %s", rows[i].method, rows[i].target, found);
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

static void a_stall_before_applies_at_its_end(void **state)
{
    struct house *h = *state;
    struct answer a;
    char text[120];
    json_t *log;

    put(h, "{'do':{'stall_before':2.5}}");
    a = create(h);
    assert_true(a.hold);
    assert_string_equal(held(h, text), "stall_before ");
    assert_int_equal(deadline(h), h->now.boot_ms + 2500);
    pass(h, 2499);
    assert_int_equal(published(h), 0);
    assert_int_equal(h->n_sent, 0);
    pass(h, 1);
    assert_int_equal(published(h), 1);
    assert_int_equal(h->n_sent, 1);
    assert_int_equal(h->sent[0], a.hold);
    assert_int_equal(h->answer[0].status, 201);
    assert_int_equal(h->answer[0].hold, 0);
    assert_int_equal(deadline(h), NOW_NEVER);
    assert_string_equal(held(h, text), "");
    assert_string_equal(logged(h, 0, text), "201 applied 201 201 1");
    log = read_json(h, "/sandbox/log");
    assert_string_equal(json_string_value(json_object_get(json_array_get(log, 0), "time")),
                        "2023-01-17T18:34:57.500Z");
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(json_array_get(log, 0), "fault"), "arrived")),
                        "2023-01-17T18:34:55.000Z");
    json_decref(log);
}

static void a_stall_after_applies_at_once(void **state)
{
    struct house *h = *state;
    char text[120];

    put(h, "{'do':{'stall_after':4,'status':504,'apply':true}}");
    assert_true(create(h).hold);
    assert_int_equal(published(h), 1);
    assert_string_equal(logged(h, 0, text), "201 applied 201 504 1");
    assert_string_equal(held(h, text), "stall_after ");
    pass(h, 3999);
    assert_int_equal(h->n_sent, 0);
    pass(h, 1);
    assert_int_equal(h->answer[0].status, 504);
    assert_int_equal(published(h), 1);
}

static void both_stalls_follow_each_other(void **state)
{
    struct house *h = *state;

    put(h, "{'do':{'stall_before':1,'stall_after':1,'drop':true}}");
    assert_true(create(h).hold);
    pass(h, 1000);
    assert_int_equal(published(h), 1);
    assert_int_equal(h->n_sent, 0);
    pass(h, 1000);
    assert_int_equal(h->n_sent, 1);
    assert_int_equal(h->answer[0].end, HTTPD_CLOSE);
}

static void a_stall_may_last_until_it_is_released(void **state)
{
    struct house *h = *state;
    uint64_t first, second;
    char text[120];

    put(h, "{'name':'a','do':{'stall_before':'released'}},"
           "{'name':'b','do':{'stall_before':'released','stall_after':'released'}}");
    first = create(h).hold;
    second = create(h).hold;
    assert_true(first && second && first != second);
    assert_int_equal(deadline(h), NOW_NEVER);
    pass(h, 100000000);
    assert_int_equal(published(h), 0);
    assert_int_equal(ask(h, "POST", "/sandbox/faults/release", "{\"rule\":\"b\"}").status, 200);
    assert_int_equal(deadline(h), h->now.boot_ms);
    pass(h, 0);
    assert_int_equal(published(h), 1);
    assert_int_equal(h->n_sent, 0);
    assert_string_equal(held(h, text), "stall_before stall_after ");
    assert_int_equal(ask(h, "POST", "/sandbox/faults/release", NULL).status, 200);
    pass(h, 0);
    assert_int_equal(published(h), 2);
    assert_int_equal(h->n_sent, 2);
}

/* Applied N seconds after the client has hung up, and by the clock alone. */
static void a_late_write_waits_for_the_hangup(void **state)
{
    struct house *h = *state;
    struct answer a;
    char text[120];

    put(h, "{'do':{'late':90}}");
    a = create(h);
    assert_true(a.hold);
    pass(h, 30000);
    assert_string_equal(held(h, text), "hangup ");
    assert_int_equal(deadline(h), NOW_NEVER);
    sandbox_gone(h->sb, a.hold, h->now);
    assert_string_equal(held(h, text), "late ");
    assert_int_equal(deadline(h), h->now.boot_ms + 90000);
    pass(h, 89999);
    assert_int_equal(published(h), 0);
    pass(h, 1);
    assert_int_equal(published(h), 1);
    assert_int_equal(h->n_sent, 0);
    assert_string_equal(logged(h, 0, text), "201 applied 201 -1 1");
    sandbox_gone(h->sb, a.hold, h->now); /* of a number that is over */
    sandbox_gone(h->sb, 4711, h->now);
}

static void a_late_write_may_hang_up_itself(void **state)
{
    struct house *h = *state;
    struct answer a;
    char text[120];

    put(h, "{'on':{'kind':'create'},'do':{'late':5,'drop':true}},"
           "{'on':{'kind':'create'},'do':{'stall_before':1,'late':5,'drop':'reset'}}");
    a = create(h);
    assert_int_equal(a.hold, 0);
    assert_int_equal(a.end, HTTPD_CLOSE);
    pass(h, 5000);
    assert_int_equal(published(h), 1);
    assert_int_equal(h->n_sent, 0);

    a = create(h);
    assert_true(a.hold);
    pass(h, 1000);
    assert_int_equal(h->n_sent, 1);
    assert_int_equal(h->answer[0].end, HTTPD_RESET);
    assert_string_equal(held(h, text), "late ");
    pass(h, 4999);
    assert_int_equal(published(h), 1);
    pass(h, 1);
    assert_int_equal(published(h), 2);
    assert_int_equal(h->n_sent, 1);
    assert_string_equal(logged(h, 0, text), "201 applied 201 -1 1");
}

static void a_late_write_may_be_released(void **state)
{
    struct house *h = *state;

    put(h, "{'next':2,'do':{'late':90}}");
    create(h);
    sandbox_gone(h->sb, create(h).hold, h->now);
    assert_int_equal(ask(h, "POST", "/sandbox/faults/release", "{}").status, 200);
    pass(h, 0);
    assert_int_equal(published(h), 2);
    assert_int_equal(h->n_sent, 1); /* the one whose client is there */
    assert_int_equal(h->answer[0].status, 201);
}

/* Of a client that does not wait as long as the server stalls. */
static void a_stalled_request_is_applied_without_its_client(void **state)
{
    struct house *h = *state;
    struct answer a;
    char text[120];

    put(h, "{'on':{'kind':'create'},'do':{'stall_before':10,'stall_after':10}},"
           "{'on':{'kind':'create'},'do':{'stall_after':10}}");
    a = create(h);
    sandbox_gone(h->sb, a.hold, h->now);
    pass(h, 10000);
    assert_int_equal(published(h), 1);
    assert_string_equal(logged(h, 0, text), "201 applied 201 -1 1");
    assert_string_equal(held(h, text), "");
    a = create(h);
    sandbox_gone(h->sb, a.hold, h->now);
    assert_string_equal(held(h, text), "");
    pass(h, 10000);
    assert_int_equal(published(h), 2);
    assert_int_equal(h->n_sent, 0);
}

static void what_is_held_outlives_its_rule_and_keeps_its_order(void **state)
{
    struct house *h = *state;
    uint64_t slow, quick;
    char text[120];

    put(h, "{'do':{'stall_before':20}},{'do':{'stall_before':10}}");
    slow = create(h).hold;
    quick = create(h).hold;
    put(h, "");
    assert_int_equal(ask(h, "DELETE", "/sandbox/faults", NULL).status, 200);
    assert_int_equal(create(h).status, 201);
    pass(h, 60000); /* both at once: the one that was due first goes first */
    assert_int_equal(h->n_sent, 2);
    assert_int_equal(h->sent[0], quick);
    assert_int_equal(h->sent[1], slow);
    assert_int_equal(published(h), 3);
    assert_string_equal(held(h, text), "");

    put(h, "{'always':true,'do':{'stall_before':'released'}}"); /* tear_down() frees it */
    create(h);
}

/* What is no text in a request must not keep anybody from seeing the rest. */
static void strange_requests_can_be_shown(void **state)
{
    struct house *h = *state;
    json_t *now, *row, *log;

    put(h, "{'always':true,'do':{'stall_before':1}}");
    assert_true(ask(h, "G\xff\x01", "/v1/\xff\xfe", NULL).hold);
    now = read_json(h, "/sandbox/faults");
    row = json_array_get(json_object_get(now, "held"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "method")), "G??");
    assert_string_equal(json_string_value(json_object_get(row, "path")), "/v1/?"
                                                                         "?");
    json_decref(now);
    pass(h, 1000);
    assert_int_equal(h->answer[0].status, 400);
    put(h, "");
    assert_int_equal(ask(h, "G\xff", P "incidents", NULL).status, 405);
    log = read_json(h, "/sandbox/log");
    assert_string_equal(json_string_value(json_object_get(json_array_get(log, 0), "method")), "G?");
    json_decref(log);
}

static void there_is_a_limit_to_what_is_held(void **state)
{
    struct house *h = *state;
    int i;

    put(h, "{'always':true,'do':{'late':100}}");
    for (i = 0; i < FAULT_HELD_MAX; i++)
        assert_true(ask(h, "GET", "/", NULL).hold);
    assert_int_equal(ask(h, "GET", "/", NULL).r, CRIER_ELIMIT);
}

/* ---- strict as ever -------------------------------------------------------------------------- */

static void a_bad_request_never_succeeds(void **state)
{
    static const struct {
        const char *action, *key, *body;
        int status;
        const char *logged;
    } rows[] = {
        {"'status':201", "OAuth wrong", CREATE, 401, "401 not 401 401 0"},
        {"'status':201", "OAuth " KEY, "{\"incident\":{}}", 422, "422 not 422 422 0"},
        {"'status':200,'body':'{}'", "OAuth " KEY, "{", 400, "400 not 400 400 0"},
        {"'status':200,'distort':'html'", "OAuth " KEY, "{", 400, "400 not 400 400 0"},
        {"'body':'{}'", "OAuth " KEY, "{", 400, "400 not 400 400 0"},
        {"'apply':false", "OAuth " KEY, "{", 400, "400 not 400 400 0"},
        {"'apply':true,'status':503", "OAuth wrong", CREATE, 503, "401 not 401 503 0"},
        {"'status':503", "OAuth " KEY, "{\"incident\":{}}", 503, "503 not 422 503 0"},
    };
    struct house *h = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a;
        char rule[100], line[80];

        snprintf(rule, sizeof rule, "{'do':{%s}}", rows[i].action);
        put(h, rule);
        a = ask_as(h, rows[i].key, "application/json", "POST", P "incidents", rows[i].body);
        if (a.status != rows[i].status || strcmp(logged(h, 0, line), rows[i].logged))
            fail_msg("%s: %d, log: %s", rows[i].action, a.status, line);
        if (a.status == 400 && strstr(rows[i].action, "200"))
            assert_non_null(strstr(a.body, "not JSON"));
        assert_int_equal(published(h), 0);
    }
}

/* What a fault swallows counts towards the limit like any other. */
static void the_rate_limit_holds_under_faults(void **state)
{
    static const struct sandbox_options o = {
        .page_id = "abc123", .key = KEY, .rate_limit = 3, .faults = true};
    struct house h = {.now = {WALL_MS * 1000LL, 5000}};
    int i;

    (void)state;
    assert_int_equal(sandbox_create(&o, &h.sb), 0);
    put(&h, "{'next':3,'do':{'drop':true,'apply':false}},{'do':{'status':200}}");
    for (i = 0; i < 3; i++)
        assert_int_equal(create(&h).end, HTTPD_CLOSE);
    assert_int_equal(create(&h).status, 420);
    sandbox_destroy(h.sb);
}

static void a_refusal_in_the_middle_undoes_nothing_else(void **state)
{
    struct house *h = *state;
    char line[80];

    assert_int_equal(create(h).status, 201);
    put(h, "{'do':{'apply':false}}");
    create(h);
    assert_int_equal(published(h), 1);
    assert_string_equal(logged(h, 1, line), "201 -");
}

/* ---- the script ------------------------------------------------------------------------------ */

static void bad_scripts_are_refused_whole(void **state)
{
    static const struct {
        const char *rules, *why;
    } rows[] = {
        {"1", "a rule must be an object"},
        {"{'nht':1}", "unknown member: nht"},
        {"{'"
         "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2"
         "\x82"
         "\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
         "\xe2"
         "\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82"
         "\xac"
         "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac':1}",
         "unknown member: \xe2\x82\xac"},
        {"{'on':[]}", "on must be an object"},
        {"{'on':{'kinds':'x'}}", "unknown member: kinds"},
        {"{'on':{'do':{}}}", "unknown member: do"},
        {"{'on':{'kind':'x'}}", "kind is not one that is known"},
        {"{'on':{'method':7}}", "method must be a string"},
        {"{'on':{'path':'a\\nb'}}", "path must be printable ASCII"},
        {"{'do':true}", "do must be an object"},
        {"{'do':{'stats':503}}", "unknown member: stats"},
        {"{'do':{'status':199}}", "status must be"},
        {"{'do':{'status':600}}", "status must be"},
        {"{'do':{'status':'503'}}", "status must be"},
        {"{'do':{'status':503.0}}", "status must be"},
        {"{'do':{'retry_after':'a\\r\\nb'}}", "retry_after must be printable"},
        {"{'do':{'retry_after':1.5}}", "retry_after must be"},
        {"{'do':{'type':'\xc3\xa4'}}", "type must be printable"},
        {"{'do':{'stall_before':-1}}", "stall_before must be"},
        {"{'do':{'stall_before':1e30}}", "stall_before must be"},
        {"{'do':{'stall_after':'never'}}", "stall_after must be"},
        {"{'do':{'late':'released'}}", "late must be"},
        {"{'do':{'skew':1e10}}", "skew must be"},
        {"{'do':{'apply':1}}", "apply must be"},
        {"{'do':{'drop':'later'}}", "drop must be"},
        {"{'do':{'drip':0}}", "drip must be"},
        {"{'do':{'drip':99999999999}}", "drip must be"},
        {"{'do':{'cut':-1}}", "cut must be"},
        {"{'do':{'page':0}}", "page must be"},
        {"{'do':{'set':[]}}", "set must be"},
        {"{'do':{'distort':'all'}}", "distort is not"},
        {"{'do':{'endless':'yes'}}", "endless must be"},
        {"{'nth':0}", "nth must be"},
        {"{'next':0}", "next must be"},
        {"{'probability':1.01}", "probability must be"},
        {"{'probability':-0.1}", "probability must be"},
        {"{'always':true,'next':1}", "always leaves"},
        {"{'do':{'drop':true,'status':500}}", "drop leaves"},
        {"{'do':{'drop':true,'drip':5}}", "drop leaves"},
        {"{'do':{'late':1,'apply':false}}", "late without"},
        {"{'do':{'late':1,'stall_after':1}}", "late leaves"},
        {"{'do':{'late':1,'status':500}}", "late leaves"},
        {"{'do':{'body':'x','set':{}}}", "body leaves"},
        {"{'name':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}",
         "name is longer"},
        {"{'do':{'status':500}},{'do':{'stats':500}}", "rule 2: do: unknown"},
    };
    struct house *h = *state;
    size_t i, k;

    put(h, "{'name':'good','nth':3}");
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (k = 0; k < 2; k++) {
            struct answer a = script(h, k ? "POST" : "PUT", rows[i].rules);
            json_t *now;

            if (a.status != 422 || !strstr(a.body, rows[i].why))
                fail_msg("%s: %d %s", rows[i].rules, a.status, a.body);
            now = read_json(h, "/sandbox/faults");
            assert_int_equal(json_array_size(json_object_get(now, "rules")), 1);
            json_decref(now);
        }
}

static void the_endpoint_takes_json_only_and_shows_what_happened(void **state)
{
    static const struct {
        const char *method, *target, *type, *body;
        int status;
    } rows[] = {
        {"PUT", "/sandbox/faults", "text/plain", "{\"rules\":[]}", 415},
        {"PUT", "/sandbox/faults", NULL, "{\"rules\":[]}", 415},
        {"PUT", "/sandbox/faults", "application/json", "{\"rules\":[]", 400},
        {"PUT", "/sandbox/faults", "application/json", "[]", 400},
        {"PUT", "/sandbox/faults", "application/json", "{\"rules\":{}}", 400},
        {"PUT", "/sandbox/faults", "application/json", "{\"rules\":[],\"x\":1}", 400},
        {"PATCH", "/sandbox/faults", "application/json", "{\"rules\":[]}", 405},
        {"GET", "/sandbox/faults/x", "application/json", NULL, 404},
        {"GET", "/sandbox/faults/release", "application/json", NULL, 405},
        {"DELETE", "/sandbox/faults/release", "application/json", NULL, 405},
        {"POST", "/sandbox/faults/release", "application/json", "[]", 400},
        {"POST", "/sandbox/faults/release", "application/json", "{\"rule\":1}", 400},
        {"POST", "/sandbox/faults/release", "application/json", "{\"name\":\"x\"}", 400},
        {"POST", "/sandbox/faults/release", "text/plain", "{}", 415},
        {"POST", "/sandbox/faults/release", NULL, NULL, 200},
    };
    struct house *h = *state;
    json_t *now, *rule;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = ask_as(h, "", rows[i].type, rows[i].method, rows[i].target, rows[i].body);

        if (a.status != rows[i].status)
            fail_msg("row %zu: %d %s", i, a.status, a.body);
    }
    put(h, "{'on':{'kind':'create'},'nth':2,'do':{'drop':true}}");
    assert_int_equal(script(h, "POST", "{'name':'more','do':{}}").status, 200);
    for (i = 0; i < 3; i++)
        create(h);
    now = read_json(h, "/sandbox/faults");
    rule = json_array_get(json_object_get(now, "rules"), 0);
    assert_string_equal(json_string_value(json_object_get(rule, "name")), "rule 1");
    assert_int_equal(json_integer_value(json_object_get(rule, "matched")), 3);
    assert_int_equal(json_integer_value(json_object_get(rule, "fired")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(rule, "rule"), "nth")), 2);
    rule = json_array_get(json_object_get(now, "rules"), 1);
    assert_string_equal(json_string_value(json_object_get(rule, "name")), "more");
    assert_int_equal(json_integer_value(json_object_get(rule, "fired")), 1);
    json_decref(now);
}

static void there_is_a_limit_to_rules(void **state)
{
    struct house *h = *state;
    struct buf b;
    int i;

    buf_init(&b, 1 << 16);
    for (i = 0; i <= FAULT_RULES_MAX; i++)
        buf_adds(&b, i ? ",{}" : "{}");
    assert_int_equal(script(h, "PUT", buf_str(&b)).status, 422);
    buf_truncate(&b, b.len - 3);
    assert_int_equal(script(h, "PUT", buf_str(&b)).status, 200);
    assert_int_equal(script(h, "POST", "{}").status, 422);
    buf_finish(&b);
}

static void without_the_option_there_is_nothing(void **state)
{
    static const struct sandbox_options o = {.page_id = "abc123", .key = KEY};
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE"};
    struct house h = {.now = {WALL_MS * 1000LL, 5000}};
    char line[80];
    size_t i;

    (void)state;
    assert_int_equal(sandbox_create(&o, &h.sb), 0);
    sandbox_set_outlet(h.sb, (struct sandbox_outlet){&h, take_answer});
    for (i = 0; i < 4; i++) {
        struct answer a = ask(&h, methods[i], "/sandbox/faults",
                              "{\"rules\":[{\"always\":true,\"do\":{\"status\":500}}]}");

        assert_true(a.status == 404 || a.status == 405);
        assert_int_equal(ask(&h, methods[i], "/sandbox/faults/release", "{}").status, a.status);
    }
    assert_int_equal(create(&h).status, 201);
    assert_string_equal(logged(&h, 0, line), "201 -");
    assert_int_equal(deadline(&h), NOW_NEVER);
    sandbox_gone(h.sb, 1, h.now);
    pass(&h, 1000);
    sandbox_destroy(h.sb);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_hits_one_create),
        ROW(answers_are_spoiled_as_written),
        ROW(the_clock_may_be_wrong_but_the_log_is_not),
        ROW(a_page_of_a_list_comes_twice),
        ROW(rules_hit_when_it_is_their_turn),
        ROW(chance_is_the_same_every_time),
        ROW(each_kind_is_known),
        ROW(a_stall_before_applies_at_its_end),
        ROW(a_stall_after_applies_at_once),
        ROW(both_stalls_follow_each_other),
        ROW(a_stall_may_last_until_it_is_released),
        ROW(a_late_write_waits_for_the_hangup),
        ROW(a_late_write_may_hang_up_itself),
        ROW(a_late_write_may_be_released),
        ROW(a_stalled_request_is_applied_without_its_client),
        ROW(what_is_held_outlives_its_rule_and_keeps_its_order),
        ROW(strange_requests_can_be_shown),
        ROW(there_is_a_limit_to_what_is_held),
        ROW(a_bad_request_never_succeeds),
        cmocka_unit_test(the_rate_limit_holds_under_faults),
        ROW(a_refusal_in_the_middle_undoes_nothing_else),
        ROW(bad_scripts_are_refused_whole),
        ROW(the_endpoint_takes_json_only_and_shows_what_happened),
        ROW(there_is_a_limit_to_rules),
        cmocka_unit_test(without_the_option_there_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
