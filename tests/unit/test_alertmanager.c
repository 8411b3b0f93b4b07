#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alertmanager.h"
#include "buf.h"
#include "err.h"
#include "house.h"
#include "json_memory.h"
#include "utf8.h"

/* ---- payloads -------------------------------------------------------------------------------- */

#define ALERT_OF(status, instance, fingerprint, severity)                                         \
    "{\"status\":\"" status "\",\"labels\":{\"alertname\":\"ProbeDown\",\"instance\":\"" instance \
    "\",\"severity\":\"" severity                                                                 \
    "\"},\"annotations\":{\"summary\":\"text-https has failed probes\",\"description\":\"d\"},"   \
    "\"startsAt\":\"2023-01-17T18:00:00Z\",\"endsAt\":\"0001-01-01T00:00:00Z\","                  \
    "\"generatorURL\":\"http://prometheus.example.org\",\"fingerprint\":\"" fingerprint "\"}"
#define GROUP_OF(status, truncated, alerts)                                              \
    "{\"receiver\":\"crier\",\"status\":\"" status "\",\"alerts\":[" alerts              \
    "],\"groupLabels\":{\"alertname\":\"ProbeDown\"},\"commonLabels\":{\"alertname\":"   \
    "\"ProbeDown\"},\"commonAnnotations\":{},\"externalURL\":\"http://am.example.org\"," \
    "\"version\":\"4\",\"groupKey\":\"{}:{alertname=\\\"ProbeDown\\\"}\","               \
    "\"truncatedAlerts\":" truncated "}"
#define TWO                                         \
    ALERT_OF("firing", "mw1:9100", "a1", "warning") \
    "," ALERT_OF("firing", "mw2:9100", "b2", "critical")
#define KEY "{}:{alertname=\"ProbeDown\"}"

static int read_as(const char *host_label, const char *body, struct alertmanager_post *post,
                   char *why, size_t why_size)
{
    char label[64] = "", page[] = "severity=page";
    const struct source_settings source = {.webhook_host_label = host_label ? label : NULL,
                                           .webhook_page_label = page};

    if (host_label)
        (void)snprintf(label, sizeof label, "%s", host_label);
    return alertmanager_read(&source, body, strlen(body), post, why, why_size);
}

static void read_well(const char *host_label, const char *body, struct alertmanager_post *post)
{
    char why[200] = "";

    if (read_as(host_label, body, post, why, sizeof why))
        fail_msg("refused: %s", why);
}

static void a_group_is_one_signal(void **state)
{
    struct alertmanager_post post;

    (void)state;
    read_well(NULL, GROUP_OF("firing", "3", TWO), &post);
    assert_int_equal(post.n, 1);
    assert_int_equal(post.signal[0].kind, SIGNAL_FIRING);
    assert_string_equal(post.signal[0].check, "ProbeDown");
    assert_string_equal(post.signal[0].host, "");
    assert_string_equal(post.signal[0].summary, "text-https has failed probes");
    assert_string_equal(post.signal[0].group_key, KEY);
    assert_string_equal(post.signal[0].raw, "FIRING: [5x] ProbeDown: text-https has failed probes");
    assert_int_equal(post.signal[0].count, 5);
    assert_int_equal(post.signal[0].severity, SEVERITY_CRITICAL);
    assert_false(post.signal[0].paging);
    alertmanager_post_finish(&post);
}

static void a_group_of_which_some_fire_is_firing(void **state)
{
    struct alertmanager_post post;

    (void)state;
    read_well(NULL,
              GROUP_OF("firing", "0",
                       ALERT_OF("resolved", "mw1:9100", "a1",
                                "critical") "," ALERT_OF("firing", "mw2:9100", "b2", "warning")),
              &post);
    assert_int_equal(post.signal[0].kind, SIGNAL_FIRING);
    assert_int_equal(post.signal[0].count, 1);
    assert_int_equal(post.signal[0].severity, SEVERITY_WARNING);
    assert_string_equal(post.signal[0].raw, "FIRING: ProbeDown: text-https has failed probes");
    alertmanager_post_finish(&post);
    read_well(NULL, GROUP_OF("resolved", "0", ALERT_OF("resolved", "mw1:9100", "a1", "critical")),
              &post);
    assert_int_equal(post.signal[0].kind, SIGNAL_RESOLVED);
    assert_string_equal(post.signal[0].raw, "RESOLVED: ProbeDown: text-https has failed probes");
    alertmanager_post_finish(&post);
}

static void with_a_host_label_each_alert_is_a_signal(void **state)
{
    struct alertmanager_post post;

    (void)state;
    read_well("instance",
              GROUP_OF("firing", "7",
                       ALERT_OF("resolved", "mw1:9100", "a1",
                                "critical") "," ALERT_OF("firing", "mw2:9100", "b2", "page")),
              &post);
    assert_int_equal(post.n, 2);
    assert_int_equal(post.signal[0].kind, SIGNAL_RESOLVED);
    assert_string_equal(post.signal[0].host, "mw1:9100");
    assert_string_equal(post.signal[0].group_key, KEY "/a1");
    assert_false(post.signal[0].paging);
    assert_int_equal(post.signal[1].kind, SIGNAL_FIRING);
    assert_string_equal(post.signal[1].host, "mw2:9100");
    assert_string_equal(post.signal[1].group_key, KEY "/b2");
    assert_true(post.signal[1].paging);
    assert_int_equal(post.signal[1].severity, SEVERITY_CRITICAL);
    assert_string_equal(post.signal[1].raw,
                        "FIRING: ProbeDown on mw2:9100: text-https has failed probes");
    assert_int_equal(post.signal[1].count, 1);
    alertmanager_post_finish(&post);
}

/* The names fall back on what is there; every string is a stranger's. */
static void strings_are_cleaned_and_cut(void **state)
{
    struct alertmanager_post post, other;
    struct buf long_one;
    char *body;
    size_t i;

    (void)state;
    read_well(NULL,
              "{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\\u0000\\u202ek\","
              "\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"\\u0003"
              "4Red\\r\\nQUIT\"},\"annotations\":{\"description\":\" a\\u0000b\\u202e \"}}]}",
              &post);
    assert_string_equal(post.signal[0].check, "Red QUIT");
    assert_string_equal(post.signal[0].summary, "ab");
    assert_int_equal(strncmp(post.signal[0].group_key, "kk#", 3), 0);
    assert_int_equal(strlen(post.signal[0].group_key), 3 + 16);
    alertmanager_post_finish(&post);

    read_well(NULL,
              "{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"groupLabels\":null,"
              "\"alerts\":[{\"status\":\"firing\",\"labels\":{},\"annotations\":null}]}",
              &post);
    assert_string_equal(post.signal[0].check, "unnamed alert");
    assert_string_equal(post.signal[0].summary, "");
    assert_string_equal(post.signal[0].raw, "FIRING: unnamed alert");
    alertmanager_post_finish(&post);

    /* a name of which nothing can be shown is none */
    read_well(NULL,
              "{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":[{\"status\":"
              "\"firing\",\"labels\":{\"alertname\":\" \\u200b\\u0007\"}}]}",
              &post);
    assert_string_equal(post.signal[0].check, "unnamed alert");
    alertmanager_post_finish(&post);

    buf_init(&long_one, 1 << 16);
    for (i = 0; i < 9000; i++)
        buf_adds(&long_one, "\xc3\xa4");
    body = buf_printf("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"%s1\",\"alerts\":"
                      "[{\"status\":\"firing\",\"labels\":{\"alertname\":\"%s\"},"
                      "\"annotations\":{\"summary\":\"%s\"}}]}",
                      buf_str(&long_one), buf_str(&long_one), buf_str(&long_one));
    assert_non_null(body);
    read_well(NULL, body, &post);
    assert_int_equal(strlen(post.signal[0].check), ALERTMANAGER_NAME_BYTES);
    assert_int_equal(strlen(post.signal[0].summary), ALERTMANAGER_TEXT_BYTES);
    assert_true(utf8_is_valid(post.signal[0].raw));
    assert_true(strlen(post.signal[0].group_key) <= ALERTMANAGER_KEY_BYTES + 17);
    *strstr(body, "1\",\"alerts") = '2'; /* keys that differ beyond the cut stay different */
    read_well(NULL, body, &other);
    assert_string_not_equal(other.signal[0].group_key, post.signal[0].group_key);
    alertmanager_post_finish(&other);
    alertmanager_post_finish(&post);
    buf_finish(&long_one);
    free(body);
}

static void refuses(const char *body, const char *text)
{
    struct alertmanager_post post;
    char why[200] = "";
    int r = read_as("instance", body, &post, why, sizeof why);

    if (r != CRIER_EINVAL && r != CRIER_ELIMIT)
        fail_msg("took %.80s", body);
    if (!strstr(why, text))
        fail_msg("%.80s: %s", body, why);
}

static void what_is_no_payload_is_refused(void **state)
{
    static const char one[] = ALERT_OF("firing", "a", "f", "x");
    struct buf many;
    size_t i;

    (void)state;
    refuses("", "no JSON");
    refuses("{", "no JSON");
    refuses("\xff\xfe", "no JSON");
    refuses("[]", "not an object");
    refuses("{}", "no \"version\"");
    refuses("{\"version\":4}", "\"version\" is not a string");
    refuses("{\"version\":\"5\"}", "version is not 4");
    refuses("{\"version\":\"4\"}", "no \"status\"");
    refuses("{\"version\":\"4\",\"status\":\"silenced\"}", "neither firing nor resolved");
    refuses("{\"version\":\"4\",\"status\":\"firing\"}", "no \"groupKey\"");
    refuses("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"\"}", "\"groupKey\" is empty");
    refuses("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\"}", "no \"alerts\"");
    refuses("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":{}}",
            "\"alerts\" is not a list");
    refuses("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":[]}",
            "\"alerts\" is empty");
    refuses("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":[7]}",
            "not an object");
    refuses("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":"
            "[{\"status\":\"firing\"}]}",
            "no \"labels\"");
    refuses("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":"
            "[{\"status\":\"firing\",\"labels\":{\"a\":{}}}]}",
            "not a string");
    refuses("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":"
            "[{\"labels\":{}}]}",
            "no \"status\"");
    refuses("{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":"
            "[{\"status\":\"firing\",\"labels\":{},\"fingerprint\":[]}]}",
            "\"fingerprint\" is not a string");
    refuses(GROUP_OF("firing", "-1", TWO), "out of range");
    refuses(GROUP_OF("firing", "99999999999999999999", TWO), "no JSON");
    refuses(GROUP_OF("firing", "1.5", TWO), "not a number");

    buf_init(&many, 8 << 20);
    buf_adds(&many, "{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"k\",\"alerts\":[");
    for (i = 0; i <= ALERTMANAGER_ALERTS_MAX; i++)
        buf_addf(&many, "%s%s", i ? "," : "", one);
    buf_adds(&many, "]}");
    refuses(buf_str(&many), "at most 5000");
    buf_clear(&many);
    for (i = 0; i < 100000; i++)
        buf_addc(&many, '[');
    refuses(buf_str(&many), "no JSON");
    buf_finish(&many);
}

/* Every cut and every broken byte of a good payload is taken or refused, never worse. */
static void damaged_payloads_do_no_harm(void **state)
{
    static const char good[] = GROUP_OF("firing", "3", TWO);
    char why[200], body[sizeof good], label[] = "instance";
    const struct source_settings source = {.webhook_host_label = label};
    size_t i, n, taken = 0;

    (void)state;
    for (i = 0; i < sizeof good - 1; i++) {
        static const char bytes[] = {'"', '\\', '{', '0', '\0', (char)0xff};

        for (n = 0; n <= sizeof bytes; n++) {
            struct alertmanager_post post;
            size_t length = n < sizeof bytes ? sizeof good - 1 : i;
            int r;

            memcpy(body, good, sizeof good);
            if (n < sizeof bytes)
                body[i] = bytes[n];
            r = alertmanager_read(&source, body, length, &post, why, sizeof why);
            if (!r) {
                taken++;
                assert_int_equal(post.n, 2);
                alertmanager_post_finish(&post);
            }
        }
    }
    assert_true(taken > 100);
}

/* ---- the receiver ---------------------------------------------------------------------------- */

struct desk {
    struct settings *settings;
    struct web *web;
    struct alertmanager *hook;
    struct signal last; /* strings in text */
    char summary[500], place[100];
    size_t n, posts;
    int told_rule;
    int fails;
};

static int judge(void *ctx, size_t source_index, struct signal *signal)
{
    struct desk *d = ctx;

    assert_int_equal(source_index, 0);
    if (d->fails)
        return d->fails;
    signal->rule = d->told_rule;
    if (!strncmp(signal->summary, "text", 4)) {
        (void)snprintf(d->summary, sizeof d->summary, "%s", signal->summary + 5);
        signal->summary = d->summary;
        signal->paging = true;
    }
    return 0;
}

static int match(void *ctx, size_t source_index, const char *line, struct signal *ret)
{
    (void)ctx;
    (void)source_index;
    (void)line;
    (void)ret;
    return CRIER_ENOENT;
}

static int sink(void *ctx, const struct signal *signal, size_t n, struct now now,
                struct httpd_response *res)
{
    struct desk *d = ctx;

    d->posts++;
    d->n = n;
    d->last = signal[n - 1];
    (void)snprintf(d->place, sizeof d->place, "%s", signal[0].place);
    assert_string_equal(signal[0].source, "alerts");
    assert_string_equal(signal[0].summary, "https has failed probes");
    assert_string_equal(signal[n - 1].summary, "https has failed probes");
    assert_int_equal(signal[0].wall_ms, now.wall_ms);
    return web_text(res, 200, "taken");
}

static void desk_open(struct desk *d, const char *token_env, const char *host_label)
{
    struct format_port formats = {.ctx = d, .match = match, .judge = judge};
    char why[200] = "";

    memset(d, 0, sizeof *d);
    d->told_rule = 3;
    d->settings = settings_create();
    assert_non_null(d->settings);
    d->settings->source = calloc(1, sizeof *d->settings->source);
    assert_non_null(d->settings->source);
    d->settings->n_sources = 1;
    d->settings->source->name = strdup("alerts");
    d->settings->source->webhook = true;
    d->settings->source->webhook_token_env = token_env ? strdup(token_env) : NULL;
    d->settings->source->webhook_host_label = host_label ? strdup(host_label) : NULL;
    assert_int_equal(web_create(d->settings, &d->web, why, sizeof why), 0);
    if (alertmanager_create(d->settings, &formats, d->web, sink, d, &d->hook, why, sizeof why))
        fail_msg("%s", why);
}

static void desk_close(struct desk *d)
{
    alertmanager_destroy(d->hook);
    web_destroy(d->web);
    settings_destroy(d->settings);
}

static int post_to(struct desk *d, const char *name, const char *type, const char *authorization,
                   const char *host, const char *body)
{
    struct httpd_field field[3] = {{"Content-Type", type}, {"Host", host}, {"Authorization", NULL}};
    struct httpd_request req = {.method = "POST",
                                .path = "/alertmanager/x",
                                .query = "",
                                .field = field,
                                .n_fields = authorization ? 3 : 2,
                                .body = body,
                                .body_bytes = strlen(body),
                                .now = {1673978400000, 5000}};
    struct httpd_response res;
    int r;

    field[2].value = authorization;
    httpd_response_init(&res);
    r = alertmanager_handle(d->hook, &req, name, &res);
    if (!r && !httpd_response_error(&res))
        r = res.status;
    httpd_response_finish(&res);
    return r;
}

static void only_the_source_with_its_token_gets_in(void **state)
{
    static const char good[] = GROUP_OF("firing", "0", TWO), json[] = "application/json";
    struct desk d;

    (void)state;
    assert_int_equal(setenv("TEST_HOOK_TOKEN", "sesame", 1), 0);
    desk_open(&d, "TEST_HOOK_TOKEN", NULL);
    assert_int_equal(post_to(&d, "alerts", json, NULL, "x.example.org", good), 401);
    assert_int_equal(post_to(&d, "alerts", json, "Bearer sesam", "x", good), 401);
    assert_int_equal(post_to(&d, "alerts", json, "Bearer sesamee", "x", good), 401);
    assert_int_equal(post_to(&d, "alerts", json, "Bearer ", "x", good), 401);
    assert_int_equal(post_to(&d, "alerts", json, "sesame", "x", good), 401);
    assert_int_equal(post_to(&d, "alerts", json, "Basic c2VzYW1l", "x", good), 401);
    assert_int_equal(post_to(&d, "nobody", json, "Bearer sesame", "x", good), 404);
    assert_int_equal(post_to(&d, "%zz", json, "Bearer sesame", "x", good), 404);
    assert_int_equal(d.posts, 0);
    assert_int_equal(post_to(&d, "alerts", json, "Bearer sesame", "x", good), 200);
    assert_int_equal(post_to(&d, "%61lerts", json, "bearer  sesame", "x", good), 200);
    assert_int_equal(post_to(&d, "alerts", json, "Basic YW06c2VzYW1l", "x", good), 200);
    assert_int_equal(d.posts, 3);
    desk_close(&d);
}

static void without_a_token_the_name_must_be_its_own(void **state)
{
    static const char good[] = GROUP_OF("firing", "0", TWO), json[] = "application/json";
    struct desk d;

    (void)state;
    desk_open(&d, NULL, NULL);
    assert_int_equal(post_to(&d, "alerts", json, NULL, "rebound.example.org:9099", good), 403);
    assert_int_equal(post_to(&d, "alerts", json, NULL, "127.0.0.1:9099", good), 200);
    assert_int_equal(post_to(&d, "alerts", json, NULL, "[::1]:9099", good), 200);
    assert_int_equal(post_to(&d, "alerts", json, NULL, "localhost", good), 200);
    assert_int_equal(post_to(&d, "alerts", "text/plain", NULL, "localhost", good), 415);
    assert_int_equal(post_to(&d, "alerts", "application/jsonp", NULL, "localhost", good), 415);
    assert_int_equal(
        post_to(&d, "alerts", "application/json; charset=utf-8", NULL, "localhost", good), 200);
    assert_int_equal(post_to(&d, "alerts", json, NULL, "localhost", "{}"), 400);
    d.settings->source->webhook = false;
    assert_int_equal(post_to(&d, "alerts", json, NULL, "localhost", good), 404);
    desk_close(&d);
}

static void signals_are_judged_before_they_are_taken(void **state)
{
    static const char good[] = GROUP_OF("firing", "0", TWO), json[] = "application/json";
    struct desk d;

    (void)state;
    desk_open(&d, NULL, "instance");
    assert_int_equal(post_to(&d, "alerts", json, NULL, "localhost", good), 200);
    assert_int_equal(d.n, 2);
    assert_int_equal(d.last.rule, 3);
    assert_true(d.last.paging);
    assert_string_equal(d.place, "webhook:alerts");
    d.fails = CRIER_ENOMEM;
    assert_int_equal(post_to(&d, "alerts", json, NULL, "localhost", good), CRIER_ENOMEM);
    assert_int_equal(d.posts, 1);
    desk_close(&d);
}

static void a_token_that_cannot_be_read_is_told(void **state)
{
    struct format_port formats = {.match = match, .judge = judge};
    struct alertmanager *hook = NULL;
    struct desk d;
    char why[200] = "";

    (void)state;
    desk_open(&d, NULL, NULL);
    d.settings->source->webhook_token_file = strdup("/nonexistent/token");
    assert_int_not_equal(
        alertmanager_create(d.settings, &formats, d.web, sink, &d, &hook, why, sizeof why), 0);
    assert_non_null(strstr(why, "no such file"));
    assert_null(strstr(why, "/nonexistent/token")); /* it may be the token itself */
    desk_close(&d);
}

/* Like the marks that a line has in the channel. */
static void marks_in_the_summary_page(void **state)
{
    struct house *h = *state;
    struct signal s = {.kind = SIGNAL_FIRING,
                       .check = "FrontendUnavailable",
                       .host = "",
                       .summary = "varnish-text has #page reduced HTTP availability #page",
                       .raw = "",
                       .count = 1};

    assert_int_equal(h->formats.judge(h->formats.ctx, 1, &s), 0);
    assert_string_equal(s.summary, "varnish-text has reduced HTTP availability");
    assert_true(s.paging);
    assert_int_equal(s.severity, SEVERITY_CRITICAL);
    assert_string_equal(h->settings->rule[s.rule].name, "frontend");
    s.check = "Unheard";
    s.summary = "nothing of note";
    s.paging = false;
    s.severity = SEVERITY_WARNING;
    assert_int_equal(h->formats.judge(h->formats.ctx, 1, &s), 0);
    assert_string_equal(s.summary, "nothing of note");
    assert_int_equal(s.rule, -1);
    assert_int_equal(s.severity, SEVERITY_WARNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_one_signal),
        cmocka_unit_test(a_group_of_which_some_fire_is_firing),
        cmocka_unit_test(with_a_host_label_each_alert_is_a_signal),
        cmocka_unit_test(strings_are_cleaned_and_cut),
        cmocka_unit_test(what_is_no_payload_is_refused),
        cmocka_unit_test(damaged_payloads_do_no_harm),
        cmocka_unit_test(only_the_source_with_its_token_gets_in),
        cmocka_unit_test(without_a_token_the_name_must_be_its_own),
        cmocka_unit_test(signals_are_judged_before_they_are_taken),
        cmocka_unit_test(a_token_that_cannot_be_read_is_told),
        HOUSE_TEST(marks_in_the_summary_page),
    };

    json_memory_or_leave();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
