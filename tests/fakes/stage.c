#include "stage.h"

#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "config_file.h"
#include "err.h"
#include "problems.h"

#define OPS "net/#ops"
#define STARTED \
    "!log deployer1@deploy1002 Started scap: Backport for [[gerrit:880004|Example change (T1)]]"
#define ALERT "(FrontendUnavailable) firing: varnish-text has reduced HTTP availability #page"
/* planned work, and an alert that it covers */
#define PLANNED "moving the caches"
#define LATENCY(kind, state) kind " - Latency of pages on alert1001 is " state ": 3 gt 1"
#define UPDATE_WORDS "We know the cause and undo it."
#define RESOLVED_WORDS "All pages load again."

enum {
    STARTS_MAX = 12,   /* of the program in one run */
    ATTEMPTS_MAX = 6,  /* of people, for one step */
    TURNS_MAX = 20000, /* of the loop, for one wait */
    STILL_TURNS = 1,   /* without news, before the clock jumps */
    POLL_MS = 5,
    PATIENCE_MS = 5 * 60 * 1000,
    SICK_MAX = 3, /* failures told by the store before somebody mends the disk */
    STEPS = 3,
    GLASS_STEP = 2 /* which is confirmed by one-time password */
};

static const char *const step_words[STEPS] = {
    "Reading and Editing: many people may see an error instead of pages; we are investigating.",
    UPDATE_WORDS, RESOLVED_WORDS};

static const char *now_doing; /* for those who end the process */

static void tell_doing(void)
{
    (void)!write(STDERR_FILENO, now_doing, strlen(now_doing));
    (void)!write(STDERR_FILENO, "\n", 1);
}

static void on_abort(int signo)
{
    (void)signo;
    tell_doing();
}

/* Of sanitizers, where there are some. */
void __sanitizer_set_death_callback(void (*call)(void)) __attribute__((weak));

static void fail_run(const struct stage *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Fails the test, with what was said in the channel. */
static void fail_run(const struct stage *s, const char *fmt, ...)
{
    char why[400];
    va_list ap;
    size_t i;

    va_start(ap, fmt);
    (void)vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    print_message("%s: the channel, after %zu starts:\n", s->doing, s->n_starts);
    for (i = 0; i < s->chat.n; i++)
        print_message("  %s | %s\n", s->chat.line[i].place, s->chat.line[i].text);
    print_message("the program's log:\n%s\n", torture_log());
    print_message("what was made to fail:\n");
    torture_print_where();
    fail_msg("%s", why);
}

/* ---- ports: whatever the program calls is not the program
 * ------------------------------------------------------- */

/* Words are shown whole or not at all. */
static void check_words(const struct stage *s, const char *text)
{
    static const char *const head[STEPS] = {"DRAFT 1.", "PROPOSAL 1.", "PROPOSAL 1."};
    static const char *const kind[STEPS] = {"not public", "identified", "resolved"};
    int i;

    for (i = 0; i < STEPS; i++)
        if (!strncmp(text, head[i], strlen(head[i])) && strstr(text, kind[i]) &&
            (i || strncmp(text, "DRAFT", 5) == 0) && !strstr(text, step_words[i]))
            fail_run(s, "said in part: %s", text);
}

static int quiet_say(void *ctx, const struct say *say)
{
    struct stage *s = ctx;
    struct chat_port chat = fake_chat_port(&s->chat);
    bool before = torture_enter(false);
    int r;

    check_words(s, say->text);
    r = chat.say(chat.ctx, say);

    (void)torture_enter(before);
    return r;
}

static int quiet_submit(void *ctx, const struct page_request *req)
{
    struct stage *s = ctx;
    struct page_port page;
    bool before;
    int r;

    if (s->real) {
        page = statuspage_port(s->page);
        return page.submit(page.ctx, req);
    }
    page = fake_page_port(&s->fake_page);
    before = torture_enter(false);
    r = page.submit(page.ctx, req);
    (void)torture_enter(before);
    return r;
}

static int quiet_commit(void *ctx, struct batch *batch, uint64_t ticket)
{
    struct stage *s = ctx;
    struct store_port store;
    bool before;
    int r;

    if (s->real) {
        store = store_sqlite_port(s->store);
        return store.commit(store.ctx, batch, ticket);
    }
    store = fake_store_port(&s->fake_store);
    before = torture_enter(false);
    r = store.commit(store.ctx, batch, ticket);
    (void)torture_enter(before);
    return r;
}

/* ---- what the program hears: as in run.c
 * ------------------------------------------------------------------------- */

static void fail_with(struct stage *s, int err)
{
    if (err && !s->err)
        s->err = err;
}

static void step(struct stage *s, const struct input *in)
{
    bool before = torture_enter(true);

    if (s->up && !s->err)
        fail_with(s, courier_input(&s->courier, in, s->now));
    (void)torture_enter(before);
}

static void on_heard(void *ctx, const struct heard *line)
{
    struct stage *s = ctx;
    bool before = torture_enter(true);

    if (s->up && !s->err)
        fail_with(s, courier_hear(&s->courier, s->hearing, line, s->now));
    (void)torture_enter(before);
}

static void on_event(void *ctx, const struct chat_event *event)
{
    struct input in = {.kind = INPUT_CHAT, .chat = event};

    step(ctx, &in);
}

static void on_answer(void *ctx, const struct page_answer *answer)
{
    struct input in = {.kind = INPUT_ANSWER, .answer = answer};

    step(ctx, &in);
}

static void on_sealed(void *ctx, uint64_t ticket, const struct store_seal *seal, size_t n)
{
    struct stage *s = ctx;

    if (s->up && !s->err)
        courier_sealed(&s->courier, ticket, seal, n);
}

static void on_committed(void *ctx, uint64_t ticket, int err, const char *text)
{
    struct stage *s = ctx;
    bool before = torture_enter(true);

    assert_true(!err || text[0]);
    if (err && ++s->n_sick >= SICK_MAX)
        torture_relent();
    if (s->up && !s->err)
        fail_with(s, err ? courier_store_failed(&s->courier, text, s->now)
                         : courier_committed(&s->courier, ticket, s->now));
    (void)torture_enter(before);
}

static void commit(struct stage *s)
{
    bool before = torture_enter(true);

    if (s->up && !s->err)
        fail_with(s, courier_tick(&s->courier, s->now));
    if (s->up && !s->err)
        fail_with(s, courier_commit(&s->courier));
    (void)torture_enter(before);
}

/* ---- start and stop
 * -------------------------------------------------------------------------------------------- */

static int open_real(struct stage *s)
{
    struct store_sink store_sink = {.ctx = s, .sealed = on_sealed, .committed = on_committed};
    struct page_sink page_sink = {.ctx = s, .answer = on_answer};
    char why[400] = "";
    int r = net_create(&s->net);

    if (r)
        return r;
    s->wait = net_wait_port(s->net);
    r = store_sqlite_open(s->dir, &store_sink, &s->store, why, sizeof why);
    assert_true(!r || why[0]);
    if (!r)
        r = statuspage_create(s->settings, s->net, &page_sink, &s->page);
    return r;
}

static int load(struct stage *s, int (*row)(void *, enum record_table, const void *), void *ctx)
{
    struct store_port store =
        s->real ? store_sqlite_port(s->store) : fake_store_port(&s->fake_store);

    return store.load(store.ctx, row, ctx);
}

static int start_program(struct stage *s)
{
    struct chat_port chat = {.ctx = s, .say = quiet_say};
    struct page_port page = {.ctx = s, .submit = quiet_submit};
    struct store_port store = {.ctx = s, .commit = quiet_commit, .load = NULL};
    struct proof_port proof = {.ctx = &s->proof, .check = fake_proof_check};
    int r = s->real ? open_real(s) : 0;

    if (r)
        return r;
    s->hearing = hearing_create(s->settings, &s->formats);
    if (!s->hearing)
        return CRIER_ENOMEM;
    r = engine_create(s->settings, &s->engine);
    if (!r)
        r = load(s, engine_load_row, s->engine);
    if (r)
        return r;
    courier_init(&s->courier, s->engine, &chat, &page, &store);
    s->proof.person[0] = "deployer1";
    courier_prove_by(&s->courier, &proof);
    s->up = true;
    r = courier_start(&s->courier, s->now);
    return r ? r : courier_commit(&s->courier);
}

/* What cannot need memory: it works also while there is none. */
static void stop_program(struct stage *s)
{
    bool before = torture_enter(true);

    statuspage_destroy(s->page);
    if (s->store)
        (void)!store_sqlite_close(s->store, PATIENCE_MS);
    if (s->up)
        courier_finish(&s->courier);
    engine_destroy(s->engine);
    hearing_destroy(s->hearing);
    net_destroy(s->net);
    (void)torture_enter(before);
    s->up = false;
    if (!s->real) {
        fake_store_crash(&s->fake_store);
        (void)fake_page_answer_all(&s->fake_page);
    }
    s->page = NULL;
    s->store = NULL;
    s->engine = NULL;
    s->hearing = NULL;
    s->net = NULL;
    s->up = false;
    s->err = 0;
    s->n_sick = 0;
}

/* The supervisor: until it is up. */
static void start(struct stage *s)
{
    bool before;
    int r;

    do {
        if (s->n_starts++)
            stop_program(s);
        if (s->n_starts > 2)
            torture_relent(); /* what failed twice at start is mended */
        if (s->n_starts > STARTS_MAX)
            fail_run(s, "started %d times", STARTS_MAX);
        s->now.wall_ms += 1000;
        s->now.boot_ms += 1000;
        s->ahead_ms += 1000;
        before = torture_enter(true);
        r = start_program(s);
        (void)torture_enter(before);
    } while (r);
    fake_chat_joined(&s->chat, OPS);
}

/* ---- the loop
 * ------------------------------------------------------------------------------------------------
 */

static struct now now_of(struct stage *s)
{
    struct now now = s->wait.now(s->wait.ctx);

    now.wall_ms += s->ahead_ms;
    now.boot_ms += s->ahead_ms;
    return now;
}

static void jump_to(struct stage *s, int64_t boot_ms)
{
    int64_t ms;

    if (boot_ms == NOW_NEVER || boot_ms <= s->now.boot_ms)
        return;
    ms = boot_ms - s->now.boot_ms;
    s->ahead_ms += ms;
    s->now.wall_ms += ms;
    s->now.boot_ms += ms;
}

static void tick(struct stage *s)
{
    struct input in = {.kind = INPUT_TICK};

    if (s->up && engine_next_deadline(s->engine) <= s->now.boot_ms)
        step(s, &in);
    commit(s);
}

/* @return whether anything moved. */
static bool turn_of_fakes(struct stage *s)
{
    size_t moved;

    commit(s);
    moved = s->err ? 0 : fake_store_complete_all(&s->fake_store);
    s->fake_page.wall_ms = s->now.wall_ms;
    moved += s->err ? 0 : fake_page_answer_all(&s->fake_page);
    return moved || courier_waiting(&s->courier);
}

/* Nothing is on its way to the disk or the page. */
static bool is_at_rest(const struct stage *s)
{
    return !courier_waiting(&s->courier) && (!s->real || statuspage_is_idle(s->page));
}

/* One turn as in loop.c. @param ret_due when the program wants to be called again. */
static bool turn_of_adapters(struct stage *s, int64_t *ret_due)
{
    struct source_port source[] = {net_source_port(s->net), store_sqlite_source_port(s->store),
                                   statuspage_source_port(s->page), httpd_source_port(s->httpd)};
    size_t n = sizeof source / sizeof source[0], i;
    uint64_t lines = s->chat.n, requests = s->courier.next_ticket;
    int r;

    pollset_clear(&s->set);
    for (i = 0; i < n; i++) {
        (void)torture_enter(i < n - 1);
        source[i].collect(source[i].ctx, &s->set);
        if (i == n - 2)
            *ret_due = s->set.deadline_boot_ms;
    }
    (void)torture_enter(false);
    fail_with(s, s->set.err);
    s->set.deadline_boot_ms = s->wait.now(s->wait.ctx).boot_ms + (is_at_rest(s) ? 0 : POLL_MS);
    (void)torture_enter(true);
    r = s->err ? s->err : s->wait.wait(s->wait.ctx, &s->set);
    (void)torture_enter(false);
    fail_with(s, r);
    s->now = now_of(s);
    for (i = 0; i < n && !s->err; i++) {
        (void)torture_enter(i < n - 1);
        source[i].dispatch(source[i].ctx, &s->set, s->now);
    }
    (void)torture_enter(false);
    return lines != s->chat.n || requests != s->courier.next_ticket || courier_waiting(&s->courier);
}

/* Until done(), or with NULL until all is at rest; at most so long by the program's clock. */
static bool run_until(struct stage *s, bool (*done)(struct stage *), int64_t ms)
{
    int64_t until = s->now.boot_ms + ms;
    bool moved = true, idle;
    size_t turns, still = 0;

    for (turns = 0; turns < TURNS_MAX; turns++) {
        int64_t due = NOW_NEVER;

        if (s->err)
            start(s);
        if (done && (moved || !still) && done(s))
            return true;
        if (s->now.boot_ms >= until)
            return false;
        moved = s->real ? turn_of_adapters(s, &due) : turn_of_fakes(s);
        if (!s->err)
            tick(s);
        if (!s->err)
            moved = fake_chat_show(&s->chat) || moved;
        if (s->err)
            continue;
        still = moved ? 0 : still + 1;
        if (s->real && still <= STILL_TURNS)
            continue;
        idle = is_at_rest(s);
        if (!done && !moved && idle)
            return true;
        if (moved || courier_waiting(&s->courier)) /* the disk has time of its own */
            continue;
        if (idle && engine_next_deadline(s->engine) < due)
            due = engine_next_deadline(s->engine);
        jump_to(s, due < until || !idle ? due : until);
    }
    fail_run(s, "the stage does not come to rest");
    return false;
}

/* ---- what the page has
 * ---------------------------------------------------------------------------------------- */

static json_t *ask_sandbox(struct stage *s, const char *path)
{
    struct httpd_request request = {.method = "GET", .path = path, .query = "", .body = ""};
    struct httpd_response response;
    json_t *got;

    request.now = s->now;
    httpd_response_init(&response);
    assert_int_equal(sandbox_handle(s->sandbox, &request, &response), 0);
    got = json_loads(buf_str(&response.body), 0, NULL);
    assert_non_null(got);
    httpd_response_finish(&response);
    return got;
}

struct public_view {
    size_t n_incidents, n_updates, n_mails;
    bool right; /* the texts so far, oldest first */
};

static void look_at_fake(struct stage *s, struct public_view *v)
{
    size_t i;

    v->n_incidents = s->fake_page.n_incidents;
    v->n_mails = s->fake_page.n_mails;
    v->right = true;
    for (i = 0; i < v->n_incidents; i++)
        v->n_updates += (size_t)s->fake_page.incident[i].n_updates;
    if (v->n_incidents == 1 && v->n_updates && v->n_updates <= STEPS)
        v->right = !strcmp(s->fake_page.incident[0].body, step_words[v->n_updates - 1]);
}

static void look_at_sandbox(struct stage *s, struct public_view *v)
{
    json_t *all = ask_sandbox(s, "/api/v2/incidents.json"), *log = ask_sandbox(s, "/sandbox/log");
    json_t *incidents = json_object_get(all, "incidents"), *incident, *row;
    size_t i, k;

    v->n_incidents = json_array_size(incidents);
    v->right = true;
    json_array_foreach(incidents, i, incident)
    {
        json_t *updates = json_object_get(incident, "incident_updates"), *update;
        size_t n = json_array_size(updates);

        v->n_updates += n;
        json_array_foreach(updates, k, update) /* newest first */
        {
            const char *body = json_string_value(json_object_get(update, "body"));

            v->right = v->right && n <= STEPS && !strcmp(body, step_words[n - 1 - k]);
        }
    }
    json_array_foreach(log, i, row) v->n_mails += json_array_size(json_object_get(row, "mails"));
    json_decref(all);
    json_decref(log);
}

static struct public_view look(struct stage *s)
{
    struct public_view v = {0, 0, 0, false};

    if (s->real)
        look_at_sandbox(s, &v);
    else
        look_at_fake(s, &v);
    return v;
}

/* Confirms that were written down, done or not. */
static size_t stored_confirms(struct stage *s)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db = NULL;
    char *path;
    size_t n;

    if (!s->real)
        return fake_store_count(&s->fake_store, RECORD_OUTBOX);
    path = buf_printf("%s/crier.db", s->dir);
    assert_non_null(path);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    /* the writer may be at work in its thread */
    assert_int_equal(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM outbox", -1, &st, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    n = (size_t)sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    free(path);
    return n;
}

/* ---- people
 * ----------------------------------------------------------------------------------------------------
 */

static size_t wanted_updates; /* of the wait under way */

static bool is_public(struct stage *s)
{
    return look(s).n_updates >= wanted_updates;
}

static void say(struct stage *s, const char *nick, const char *text)
{
    fake_chat_hear(&s->chat, OPS, nick, nick, text, s->now.wall_ms);
    (void)run_until(s, NULL, PATIENCE_MS);
}

/* The newest `!status confirm N.R` since a line, into dst. */
static bool find_prompt(const struct stage *s, size_t since, char *dst, size_t size)
{
    static const char prompt[] = "`!status confirm ";
    size_t i;

    for (i = s->chat.n; i > since; i--) {
        const char *at = strstr(s->chat.line[i - 1].text, prompt);
        const char *end = at ? strchr(at + 1, '`') : NULL;

        if (end) {
            (void)snprintf(dst, size, "%.*s", (int)(end - at - 1), at + 1);
            return true;
        }
    }
    return false;
}

/* kill -9: the page has taken the request, and nobody hears its answer. */
static void crash(struct stage *s)
{
    commit(s);
    if (s->err)
        return;
    (void)fake_store_complete_all(&s->fake_store);
    s->err = CRIER_EIO;
    (void)fake_page_answer_all(&s->fake_page);
}

/* @param glass by one-time password, and after a slip: there are no services at that time. */
static void give_confirm(struct stage *s, const char *confirm, bool glass)
{
    const char *number = strrchr(confirm, ' ') + 1;
    char text[100], code[7];

    if (!glass) {
        fake_chat_hear(&s->chat, OPS, "deployer1", "deployer1", confirm, s->now.wall_ms);
        return;
    }
    fake_chat_hear(&s->chat, OPS, "phone", NULL, " /msg crier !status breakglass 1.1 123 456",
                   s->now.wall_ms);
    (void)snprintf(text, sizeof text, "!status breakglass %s %s deployer1", number,
                   fake_proof_code(&s->proof, s->now.wall_ms, code));
    fake_chat_hear(&s->chat, "net/phone", "phone", NULL, text, s->now.wall_ms);
}

/* A deployer who gets one step onto the page, whatever it takes. */
static void publish(struct stage *s, size_t number, const char *nick, const char *cause)
{
    char confirm[64];
    int attempt;

    for (attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        size_t since = s->chat.n, before = stored_confirms(s);

        say(s, nick, cause);
        if (!find_prompt(s, since, confirm, sizeof confirm)) {
            say(s, "deployer1", "!status show 1");
            if (!find_prompt(s, since, confirm, sizeof confirm))
                continue;
        }
        give_confirm(s, confirm, number == GLASS_STEP);
        wanted_updates = number;
        if (s->crash_confirms)
            crash(s);
        if (run_until(s, is_public, PATIENCE_MS))
            return;
        if (stored_confirms(s) > before)
            fail_run(s, "step %zu was confirmed and is lost", number);
    }
    fail_run(s, "step %zu is not public after %d attempts", number, ATTEMPTS_MAX);
}

/* ---- one run
 * -------------------------------------------------------------------------------------------------
 */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    return at->level ? remove(path) : 0;
}

static char *must_copy(const char *text)
{
    char *copy = strdup(text);

    assert_non_null(copy);
    return copy;
}

static void open_sandbox(struct stage *s)
{
    struct sandbox_options options = {.page_id = "mainpage1234",
                                      .key = "key-of-the-sandbox-1",
                                      .components = "Reading,Editing,Search",
                                      .rate_limit = SANDBOX_RATE_MAX};
    struct httpd_options http = {.handler = sandbox_handle};
    struct page_settings *p = &s->settings->page[0];

    assert_int_equal(sandbox_create(&options, &s->sandbox), 0);
    http.ctx = s->sandbox;
    assert_int_equal(httpd_create(&http, &s->httpd), 0);
    free(p->api_url);
    free(p->public_url);
    p->api_url = buf_printf("http://127.0.0.1:%u", (unsigned)httpd_port(s->httpd));
    assert_non_null(p->api_url);
    p->public_url = must_copy(p->api_url);
    assert_int_equal(nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void begin_run(struct stage *s)
{
    s->running = true;
    s->now.wall_ms = 1673978400000; /* 2023-01-17 18:00:00 UTC */
    s->now.boot_ms = 5000;
    s->ahead_ms = 0;
    s->n_starts = 0;
    fake_chat_init(&s->chat);
    s->chat.sink = (struct chat_sink){.ctx = s, .heard = on_heard, .event = on_event};
    pollset_init(&s->set);
    if (s->real) {
        struct net *net = NULL;

        open_sandbox(s);
        assert_int_equal(net_create(&net), 0);
        s->wait = net_wait_port(net);
        s->now = s->wait.now(s->wait.ctx);
        net_destroy(net);
        return;
    }
    fake_page_init(&s->fake_page);
    fake_store_init(&s->fake_store);
    s->fake_page.sink = (struct page_sink){.ctx = s, .answer = on_answer};
    s->fake_store.sink =
        (struct store_sink){.ctx = s, .sealed = on_sealed, .committed = on_committed};
}

static void end_run(struct stage *s)
{
    s->running = false;
    stop_program(s);
    fake_chat_finish(&s->chat);
    pollset_finish(&s->set);
    if (s->real) {
        httpd_destroy(s->httpd);
        sandbox_destroy(s->sandbox);
        s->httpd = NULL;
        s->sandbox = NULL;
        return;
    }
    fake_page_finish(&s->fake_page);
    fake_store_finish(&s->fake_store);
}

static void check_end(struct stage *s)
{
    struct public_view v = look(s);

    if (v.n_incidents == 1 && v.n_updates == STEPS && v.right && v.n_mails == 2 &&
        stored_confirms(s) == STEPS)
        return;
    fail_run(s, "%zu incidents, %zu updates, %zu mails, words %s, %zu confirms stored",
             v.n_incidents, v.n_updates, v.n_mails, v.right ? "right" : "wrong",
             stored_confirms(s));
}

size_t stage_run(struct stage *s, const struct torture_plan *plan)
{
    static const struct torture_plan nothing = {.kind = TORTURE_ALLOC};
    size_t n;

    if (s->running) { /* the run before has failed */
        (void)torture_end();
        end_run(s);
    }
    begin_run(s);
    torture_begin(plan ? plan : &nothing);
    start(s);
    say(s, "sre1", "!status maintenance 1h Reading: " PLANNED);
    say(s, "icinga-wm", LATENCY("PROBLEM", "CRITICAL"));
    say(s, "sre1", "!status maintenance");
    say(s, "icinga-wm", LATENCY("RECOVERY", "OK"));
    say(s, "sre1", "!status maintenance end");
    say(s, "logmsgbot", STARTED);
    publish(s, 1, "jinxer-wm", ALERT);
    publish(s, 2, "deployer1", "!status update 1 identified: " UPDATE_WORDS);
    publish(s, 3, "deployer1", "!status resolve 1: " RESOLVED_WORDS);
    (void)run_until(s, NULL, PATIENCE_MS);
    n = torture_end();
    check_end(s);
    end_run(s);
    return n;
}

void stage_init(struct stage *s, const char *config_path, bool real)
{
    struct problems problems;

    memset(s, 0, sizeof *s);
    s->real = real;
    now_doing = s->doing;
    (void)signal(SIGABRT, on_abort);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(tell_doing);
    problems_init(&problems);
    if (config_file_load(config_path, &problems, &s->settings) ||
        patterns_create(s->settings, &problems, &s->patterns)) {
        problems_print(&problems, stderr);
        fail_msg("%s has mistakes", config_path);
    }
    problems_finish(&problems);
    s->formats = patterns_format_port(s->patterns);
    assert_int_equal(setenv("HOUSE_KEY", "key-of-the-sandbox-1", 1), 0);
    s->settings->page[0].allow_plain_http = true;
    (void)snprintf(s->dir, sizeof s->dir, "%s/crier-torture-XXXXXX",
                   access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    assert_non_null(mkdtemp(s->dir));
}

void stage_finish(struct stage *s)
{
    if (s->running) {
        (void)torture_end();
        end_run(s);
    }
    free(s->chosen);
    patterns_destroy(s->patterns);
    settings_destroy(s->settings);
    (void)nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    (void)rmdir(s->dir);
}

/* The calls to try: fresh ones, and of the others every stride-th. @return borrowed from the stage.
 */
static size_t *choose(struct stage *s, size_t n, size_t stride, size_t most, size_t *ret_chosen)
{
    const size_t *fresh;
    size_t n_fresh = torture_fresh(&fresh), n_chosen = 0, next = 0, i;
    size_t *chosen = calloc(n, sizeof *chosen);

    assert_non_null(chosen);
    free(s->chosen); /* of a test that has failed */
    s->chosen = chosen;
    for (i = 1; i <= n; i++) {
        bool is_fresh = next < n_fresh && fresh[next] == i;

        next += is_fresh;
        if (is_fresh || !(i % stride))
            chosen[n_chosen++] = i;
    }
    for (i = 0; n_chosen > most && i < most; i++) /* spread evenly */
        chosen[i] = chosen[i * n_chosen / most];
    *ret_chosen = n_chosen > most ? most : n_chosen;
    return chosen;
}

void stage_try_all(struct stage *s, struct torture_plan plan, size_t stride, size_t most)
{
    const char *only = getenv("TORTURE_ONLY"), *sample = getenv("TORTURE_SAMPLE");
    size_t n, n_chosen, i, fired = 0, ways = 0;
    const size_t *fresh;
    size_t *chosen;

    if (only) { /* one call, to look at */
        plan.nth = (size_t)strtoull(only, NULL, 10);
        (void)stage_run(s, &plan);
        return;
    }
    plan.nth = 0;
    (void)snprintf(s->doing, sizeof s->doing, "nothing fails");
    n = stage_run(s, &plan);
    assert_true(n > 0);
    if (getenv("TORTURE_ALL"))
        most = SIZE_MAX;
    else if (sample)
        most = (size_t)strtoull(sample, NULL, 10);
    chosen = choose(s, n, stride, most, &n_chosen);
    for (plan.way = 0; plan.way < torture_ways(plan.kind); plan.way++) {
        if (plan.lasting && !torture_way_ends(plan.kind, plan.way))
            continue;
        ways++;
        for (i = 0; i < n_chosen; i++) {
            plan.nth = chosen[i];
            (void)snprintf(s->doing, sizeof s->doing, "%s, call %zu of %zu%s",
                           torture_way_name(plan.kind, plan.way), plan.nth, n,
                           plan.lasting ? " and all behind it" : "");
            (void)stage_run(s, &plan);
            fired += torture_fired();
        }
    }
    print_message("%zu calls from %zu places, %zu of them tried, in %zu ways: %zu failures\n", n,
                  torture_fresh(&fresh), n_chosen, ways, fired);
    /* runs differ a little where threads are involved, but not so much that nothing was tried */
    assert_true(fired * 10 >= n_chosen * ways * 9);
}
