#include "sandbox_faults.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"
#include "sandbox_faults_impl.h"

#define MODULE "sandbox"

enum phase { STALL_BEFORE, HANGUP, LATE, STALL_AFTER };

/* A request that is held back, with a copy of everything that it needs. */
struct held {
    struct held *next;
    uint64_t number; /* what httpd holds it under */
    struct fault_rule *rule;
    enum phase phase;
    int64_t due_boot_ms; /* NOW_NEVER: something has to happen */
    int64_t due_wall_ms; /* the same for people */
    int64_t arrived_wall_ms;
    bool gone; /* nobody waits for the answer */
    struct httpd_request req;
    struct httpd_field *field;
    struct httpd_response answer; /* in STALL_AFTER */
};

struct sandbox_faults {
    struct sandbox *sb;
    struct sandbox_outlet outlet;
    struct fault_rule **rule;
    size_t n_rules;
    size_t cap_rules;
    struct held *held; /* in order of arrival */
    size_t n_held;
    uint64_t last_number;
};

/* ---- copies of requests ---------------------------------------------------------------------- */

/* The copy's strings are this module's; httpd's are const to whoever handles a request. */
static void release_text(const char *text)
{
    free((char *)(uintptr_t)text);
}

static void held_destroy(struct held *h)
{
    size_t i;

    if (!h)
        return;
    for (i = 0; h->field && i < h->req.n_fields; i++) {
        release_text(h->field[i].name);
        release_text(h->field[i].value);
    }
    free(h->field);
    release_text(h->req.method);
    release_text(h->req.path);
    release_text(h->req.query);
    release_text(h->req.body);
    httpd_response_finish(&h->answer);
    fault_rule_unref(h->rule);
    free(h);
}

static struct held *held_create(struct fault_rule *rule, const struct httpd_request *req)
{
    struct held *h = calloc(1, sizeof *h);
    char *body;
    size_t i;

    if (!h)
        return NULL;
    httpd_response_init(&h->answer);
    h->rule = rule;
    rule->refs++;
    h->arrived_wall_ms = req->now.wall_ms;
    h->due_boot_ms = NOW_NEVER;
    h->req.now = req->now;
    h->req.method = strdup(req->method);
    h->req.path = strdup(req->path);
    h->req.query = strdup(req->query);
    h->req.body = body = malloc(req->body_bytes + 1);
    h->field = calloc(req->n_fields + 1, sizeof *h->field);
    if (!h->req.method || !h->req.path || !h->req.query || !body || !h->field)
        goto failed;
    memcpy(body, req->body, req->body_bytes);
    body[req->body_bytes] = '\0';
    h->req.body_bytes = req->body_bytes;
    h->req.field = h->field;
    h->req.n_fields = req->n_fields;
    for (i = 0; i < req->n_fields; i++) {
        h->field[i].name = strdup(req->field[i].name);
        h->field[i].value = strdup(req->field[i].value);
        if (!h->field[i].name || !h->field[i].value)
            goto failed;
    }
    return h;
failed:
    held_destroy(h);
    return NULL;
}

static void remove_held(struct sandbox_faults *f, struct held *h)
{
    struct held **at = &f->held;

    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    f->n_held--;
    held_destroy(h);
}

static int64_t later(int64_t at_ms, int64_t by_ms)
{
    return by_ms == NOW_NEVER ? NOW_NEVER : at_ms + by_ms;
}

static void enter(struct held *h, enum phase phase, int64_t for_ms, struct now now)
{
    h->phase = phase;
    h->due_boot_ms = later(now.boot_ms, for_ms);
    h->due_wall_ms = later(now.wall_ms, for_ms);
}

/* ---- one request ----------------------------------------------------------------------------- */

/* The query with another number behind page=, where there was one. @return NULL: no memory. */
static char *other_page(const char *query, int64_t page)
{
    struct buf b;
    char *out;

    buf_init(&b, strlen(query) + 32);
    while (*query) {
        size_t n = strcspn(query, "&");

        if (n > 5 && !memcmp(query, "page=", 5) && strspn(query + 5, "0123456789") == n - 5)
            buf_addf(&b, "page=%lld", (long long)page);
        else
            buf_add(&b, query, n);
        query += n;
        if (*query)
            buf_addc(&b, *query++);
    }
    out = buf_take(&b);
    buf_finish(&b);
    return out;
}

/* Lets the service answer, and makes of it what the rule says. */
static int perform(struct sandbox_faults *f, const struct fault_rule *rule,
                   const struct httpd_request *req, int64_t arrived_wall_ms, bool gone,
                   struct httpd_response *res)
{
    const struct sandbox_terms terms = {
        .rule = rule->name,
        .discard = !rule->apply,
        .unanswered = gone || rule->drop != FAULT_ANSWER,
        .status = (int)rule->status,
        .arrived_wall_ms = arrived_wall_ms,
        .skew_ms = rule->skew_ms,
    };
    struct httpd_request copy = *req;
    char *query = NULL;
    int r;

    if (rule->page) {
        query = other_page(req->query, rule->page);
        if (!query)
            return CRIER_ENOMEM;
        copy.query = query;
    }
    r = sandbox_perform(f->sb, &copy, res, &terms);
    if (!r)
        r = fault_spoil(rule, &terms, req->now.wall_ms + rule->skew_ms, res);
    free(query);
    return r;
}

/* Sends what there is to whoever waits for it, and forgets the request. */
static void deliver(struct sandbox_faults *f, struct held *h)
{
    if (!h->gone && f->outlet.answer && f->outlet.answer(f->outlet.ctx, h->number, &h->answer))
        log_debug(MODULE, "nobody waits for the answer to request %llu",
                  (unsigned long long)h->number);
    remove_held(f, h);
}

/* One line for each time that a rule does something. */
static void tell(const struct fault_rule *rule, const char *what, const struct httpd_request *req)
{
    char name[128], method[SANDBOX_SHOWN_BYTES], path[SANDBOX_SHOWN_BYTES];

    log_info(MODULE, "fault %s %s %s %s", log_quote(name, sizeof name, rule->name), what,
             sandbox_shown(req->method, method), sandbox_shown(req->path, path));
}

static void apply(struct sandbox_faults *f, struct held *h, struct now now)
{
    int r;

    tell(h->rule, "carries out", &h->req);
    h->req.now = now;
    r = perform(f, h->rule, &h->req, h->arrived_wall_ms, h->gone, &h->answer);
    if (r) {
        log_errorx(MODULE, "answering 500: %s", crier_strerror(r));
        httpd_response_clear(&h->answer);
        httpd_response_text(&h->answer, 500, "text/plain; charset=utf-8", "internal error\n");
    }
    if (h->rule->stall_after_ms && !h->gone)
        enter(h, STALL_AFTER, h->rule->stall_after_ms, now);
    else
        deliver(f, h);
}

/* The client is to be hung up on, though the request goes on. */
static void hang_up(struct sandbox_faults *f, struct held *h)
{
    struct httpd_response res;

    if (h->gone)
        return;
    httpd_response_init(&res);
    res.end = h->rule->drop == FAULT_RESET ? HTTPD_RESET : HTTPD_CLOSE;
    if (f->outlet.answer && f->outlet.answer(f->outlet.ctx, h->number, &res))
        log_debug(MODULE, "the client hung up first");
    httpd_response_finish(&res);
    h->gone = true;
}

/* It is due, or was released. */
static void step(struct sandbox_faults *f, struct held *h, struct now now)
{
    switch (h->phase) {
    case STALL_BEFORE:
        if (h->rule->late_ms < 0) {
            apply(f, h, now);
        } else {
            if (h->rule->drop != FAULT_ANSWER)
                hang_up(f, h);
            enter(h, h->gone ? LATE : HANGUP, h->gone ? h->rule->late_ms : NOW_NEVER, now);
        }
        break;
    case HANGUP:
    case LATE:
        apply(f, h, now);
        break;
    case STALL_AFTER:
        deliver(f, h);
        break;
    }
}

static struct fault_rule *find_rule(struct sandbox_faults *f, const struct httpd_request *req)
{
    struct fault_rule *found = NULL;
    size_t i;

    if (!strncmp(req->path, "/sandbox/", 9))
        return NULL;
    for (i = 0; i < f->n_rules; i++)
        if (fault_rule_matches(f->rule[i], req) && !found)
            found = f->rule[i];
    if (found)
        found->fired++;
    return found;
}

/* Keeps it for later. @param res told to hold, unless it is dropped at once. */
static int hold_back(struct sandbox_faults *f, struct fault_rule *rule,
                     const struct httpd_request *req, struct httpd_response *res)
{
    struct held *h, **end = &f->held;
    int r = 0;

    if (f->n_held == FAULT_HELD_MAX)
        return CRIER_ELIMIT;
    h = held_create(rule, req);
    if (!h)
        return CRIER_ENOMEM;
    h->number = ++f->last_number;
    if (rule->stall_before_ms) {
        enter(h, STALL_BEFORE, rule->stall_before_ms, req->now);
    } else if (rule->late_ms >= 0 && rule->drop != FAULT_ANSWER) {
        h->gone = true;
        enter(h, LATE, rule->late_ms, req->now);
    } else if (rule->late_ms >= 0) {
        enter(h, HANGUP, NOW_NEVER, req->now);
    } else {
        r = perform(f, rule, req, h->arrived_wall_ms, false, &h->answer);
        enter(h, STALL_AFTER, rule->stall_after_ms, req->now);
    }
    if (r) {
        held_destroy(h);
        return r;
    }
    if (h->gone)
        res->end = rule->drop == FAULT_RESET ? HTTPD_RESET : HTTPD_CLOSE;
    else
        res->hold = h->number;
    while (*end)
        end = &(*end)->next;
    *end = h;
    f->n_held++;
    return 0;
}

int sandbox_faults_handle(struct sandbox_faults *f, const struct httpd_request *request,
                          struct httpd_response *response)
{
    struct fault_rule *rule = find_rule(f, request);

    if (!rule)
        return sandbox_perform(f->sb, request, response, NULL);
    tell(rule, "hits", request);
    if (rule->stall_before_ms || rule->late_ms >= 0 || rule->stall_after_ms)
        return hold_back(f, rule, request, response);
    return perform(f, rule, request, request->now.wall_ms, false, response);
}

void sandbox_faults_gone(struct sandbox_faults *f, uint64_t hold, struct now now)
{
    struct held *h = f->held;

    while (h && h->number != hold)
        h = h->next;
    if (!h)
        return;
    h->gone = true;
    if (h->phase == HANGUP)
        enter(h, LATE, h->rule->late_ms, now);
    else if (h->phase == STALL_AFTER)
        remove_held(f, h);
}

void sandbox_faults_run(struct sandbox_faults *f, struct now now)
{
    for (;;) {
        struct held *h, *first = NULL;

        for (h = f->held; h; h = h->next)
            if (h->due_boot_ms <= now.boot_ms && (!first || h->due_boot_ms < first->due_boot_ms))
                first = h;
        if (!first)
            return;
        step(f, first, now);
    }
}

int64_t sandbox_faults_deadline(const struct sandbox_faults *f)
{
    int64_t first = NOW_NEVER;
    const struct held *h;

    for (h = f->held; h; h = h->next)
        if (h->due_boot_ms < first)
            first = h->due_boot_ms;
    return first;
}

/* ---- /sandbox/faults ------------------------------------------------------------------------- */

static json_t *show_held(const struct held *h)
{
    static const char *const phases[] = {"stall_before", "hangup", "late", "stall_after"};
    char method[SANDBOX_SHOWN_BYTES], path[SANDBOX_SHOWN_BYTES];
    bool waits = h->due_boot_ms == NOW_NEVER;

    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:b}", "number", (json_int_t)h->number,
                     "rule", h->rule->name, "method", sandbox_shown(h->req.method, method), "path",
                     sandbox_shown(h->req.path, path), "phase", phases[h->phase], "arrived",
                     sandbox_time(h->arrived_wall_ms), "due",
                     waits ? json_null() : sandbox_time(h->due_wall_ms), "gone", (int)h->gone);
}

static int show(struct sandbox_call *call)
{
    const struct sandbox_faults *f = call->sb->faults;
    json_t *rules = json_array(), *held = json_array();
    const struct held *h;
    size_t i;
    int r = rules && held ? 0 : CRIER_ENOMEM;

    for (i = 0; i < f->n_rules && !r; i++) {
        const struct fault_rule *rule = f->rule[i];

        if (json_array_append_new(rules, json_pack("{s:s, s:I, s:I, s:O}", "name", rule->name,
                                                   "matched", (json_int_t)rule->matched, "fired",
                                                   (json_int_t)rule->fired, "rule", rule->source)))
            r = CRIER_ENOMEM;
    }
    for (h = f->held; h && !r; h = h->next)
        if (json_array_append_new(held, show_held(h)))
            r = CRIER_ENOMEM;
    if (!r)
        r = sandbox_answer(call, 200, json_pack("{s:O, s:O}", "rules", rules, "held", held));
    json_decref(rules);
    json_decref(held);
    return r;
}

static void forget_rules(struct sandbox_faults *f, size_t keep)
{
    while (f->n_rules > keep)
        fault_rule_unref(f->rule[--f->n_rules]);
}

/* Adds the rules of a body; when one is wrong, none. */
static int add_rules(struct sandbox_call *call, const json_t *body)
{
    struct sandbox_faults *f = call->sb->faults;
    const json_t *list = json_object_get(body, "rules");
    size_t before = f->n_rules, i;
    int r = 0;

    if (!json_is_array(list) || json_object_size(body) != 1)
        return sandbox_refuse(call, 400, "the body must hold rules, a list, and nothing else");
    for (i = 0; i < json_array_size(list) && !r; i++) {
        struct fault_rule **moved;
        char why[160];

        if (f->n_rules == FAULT_RULES_MAX) {
            r = sandbox_refuse(call, 422, "there are more than %d rules", FAULT_RULES_MAX);
            break;
        }
        moved = array_grow(f->rule, &f->cap_rules, f->n_rules + 1, sizeof(struct fault_rule *),
                           FAULT_RULES_MAX);
        if (!moved) {
            r = CRIER_ENOMEM;
            break;
        }
        f->rule = moved;
        r = fault_rule_create(json_array_get(list, i), f->n_rules + 1, why, sizeof why,
                              &f->rule[f->n_rules]);
        if (r == CRIER_EINVAL)
            r = sandbox_refuse(call, 422, "rule %zu: %s", i + 1, why);
        else if (!r)
            f->n_rules++;
    }
    if (r)
        forget_rules(f, before);
    return r;
}

/* PUT: the old ones go when all of the new ones are good. */
static int replace_rules(struct sandbox_call *call, const json_t *body)
{
    struct sandbox_faults *f = call->sb->faults;
    struct fault_rule **old = f->rule;
    size_t n = f->n_rules, cap = f->cap_rules;
    int r;

    f->rule = NULL;
    f->n_rules = f->cap_rules = 0;
    r = add_rules(call, body);
    if (r) { /* back to the old ones */
        free(f->rule);
        f->rule = old;
        f->n_rules = n;
        f->cap_rules = cap;
        return r;
    }
    while (n)
        fault_rule_unref(old[--n]);
    free(old);
    return 0;
}

static int release(struct sandbox_call *call, const json_t *body)
{
    struct sandbox_faults *f = call->sb->faults;
    const char *name = json_string_value(json_object_get(body, "rule"));
    struct held *h;

    if (body && (!json_is_object(body) || json_object_size(body) != (name ? 1 : 0)))
        return sandbox_refuse(call, 400, "the body may hold rule, a name, and nothing else");
    for (h = f->held; h; h = h->next)
        if (!name || !strcmp(name, h->rule->name))
            enter(h, h->phase, 0, (struct now){call->wall_ms, call->req->now.boot_ms});
    return 0;
}

int sandbox_faults_admin(struct sandbox_call *call)
{
    bool post = !strcmp(call->method, "POST"), put = !strcmp(call->method, "PUT");
    bool is_release = call->n_segments == 3 && !strcmp(call->segment[2], "release");
    json_t *body = NULL;
    int r;

    if (call->n_segments > 2 && !is_release)
        return sandbox_refuse(call, 404, "Not found");
    if (!is_release && !strcmp(call->method, "GET"))
        return show(call);
    if (!is_release && !strcmp(call->method, "DELETE")) {
        forget_rules(call->sb->faults, 0);
        return show(call);
    }
    if (!post && (!put || is_release))
        return sandbox_refuse(call, 405, "Method not allowed");
    r = is_release && !call->req->body_bytes ? 0 : sandbox_check_json(call, &body);
    if (!r)
        r = is_release ? release(call, body)
            : post     ? add_rules(call, body)
                       : replace_rules(call, body);
    json_decref(body);
    return r ? r : show(call);
}

/* ---- life ------------------------------------------------------------------------------------ */

int sandbox_faults_create(struct sandbox *sb, struct sandbox_faults **ret_faults)
{
    struct sandbox_faults *f = calloc(1, sizeof *f);

    if (!f)
        return CRIER_ENOMEM;
    f->sb = sb;
    *ret_faults = f;
    return 0;
}

void sandbox_faults_destroy(struct sandbox_faults *f)
{
    if (!f)
        return;
    while (f->held)
        remove_held(f, f->held);
    forget_rules(f, 0);
    free(f->rule);
    free(f);
}

void sandbox_faults_set_outlet(struct sandbox_faults *f, struct sandbox_outlet outlet)
{
    f->outlet = outlet;
}
