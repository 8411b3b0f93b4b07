/*
 * Nothing of a signal becomes public: generated alerts, deploys, notes, webhooks, feeds, log lines
 * and errors of the page, full of things that must not leave, through the whole pure program, with
 * a person who confirms whatever is proposed.
 *
 * CRIER_LEAK_WORLDS=N plays N worlds of each configuration, CRIER_LEAK_SEED=N begins with that one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "alertmanager.h"
#include "atom.h"
#include "buf.h"
#include "house.h"
#include "utf8.h"
#include "wording.h"

enum { WORLDS = 16, EVENTS = 450, LINE_BYTES = 600, FIRST_SEED = 20230117 };

#define FEED "https://feedcanary.example.org/atom"

/* Of everything that a signal tells, one of these is a part. */
static const char *const canaries[] = {"canary", "10.99.", "2620:0:ca", "T99"};

struct world {
    struct house h;
    const char *network, *ops, *deployer, *second;
    uint32_t random;
    size_t chat_read, page_read;
    char last[LINE_BYTES * 4]; /* what was put in last */
};

static uint32_t next(struct world *w)
{
    w->random = w->random * 1664525 + 1013904223;
    return w->random >> 8;
}

static const char *any(struct world *w, const char *const *of, size_t n)
{
    return of[next(w) % n];
}

#define ANY(w, of) any(w, of, sizeof(of) / sizeof(of)[0])

/* ---- words that must not leave --------------------------------------------------------------- */

/* One canary: a machine, an address, a link, a person, a ticket, an API's answer, markup. */
static void add_canary(struct world *w, struct buf *b)
{
    unsigned n = next(w) % 1000;

    switch (next(w) % 14) {
    case 0:
        buf_addf(b, "mwcanary%u.eqiad.wmnet", 1000 + n);
        return;
    case 1:
        buf_addf(b, "10.99.%u.%u:9100", n % 250, n % 7);
        return;
    case 2:
        buf_addf(b, "[2620:0:ca:%x::1]", n);
        return;
    case 3:
        buf_addf(b, "https://canary%u.example.org/d/x?var=%u", n, n);
        return;
    case 4:
        buf_addf(b, "canary%u@deploycanary1002", n);
        return;
    case 5:
        buf_addf(b, "T99%05u", n);
        return;
    case 6:
        buf_addf(b, "{\"error\":\"canary %u\",\"api_key\":\"canary\"}", n);
        return;
    case 7:
        buf_addf(b, "<b onclick=canary()>canary</b>");
        return;
    case 8:
        buf_addf(b, "{components} canary {since}");
        return;
    case 9:
        buf_addf(b, "\x03"
                    "04canary\x02 \xe2\x80\xae"
                    "canary");
        return;
    case 10:
        buf_addf(b, "[[gerrit:99%04u|canary (T99%u)]]", n, n);
        return;
    case 11:
        buf_addf(b, "\"Title canary. Body canary\"; !status confirm 1.1");
        return;
    case 12:
        buf_addf(b, "`canary` **canary** [canary](http://canary)");
        return;
    default:
        buf_addf(b, "dbcanary%u", n);
    }
}

static void add_words(struct world *w, struct buf *b)
{
    static const char *const plain[] = {
        "is down",         "in eqiad", "has high latency",    "failed", "for",
        "(C)100 gt (W)50", "on",       "- Revert \"canary\"", "#page"};
    size_t n = 1 + next(w) % 3;

    while (n-- > 0) {
        add_canary(w, b);
        buf_addf(b, " %s ", ANY(w, plain));
    }
    add_canary(w, b);
}

/* The canary's place in a template is its %: each gets another one. */
static void fill(struct world *w, const char *template, char line[LINE_BYTES])
{
    struct buf b;

    buf_init(&b, 8000);
    for (; *template; template ++) {
        if (*template == '%')
            add_canary(w, &b);
        else if (*template == '$')
            add_words(w, &b);
        else
            buf_addc(&b, *template);
    }
    (void)utf8_print(line, LINE_BYTES, "%s", buf_str(&b));
    buf_finish(&b);
}

/* ---- what comes in --------------------------------------------------------------------------- */

/* Lines that open drafts, join, recover, deploy, undo; and such as nothing knows. */
static const char *const icinga_lines[] = {
    "PROBLEM - MediaWiki exceptions and fatals per minute for % on mwcanary1001 is CRITICAL: $",
    ("PROBLEM - MediaWiki exceptions and fatals per minute for appserver on alert1001 is CRITICAL: "
     "$"),
    "RECOVERY - MediaWiki exceptions and fatals per minute for appserver on alert1001 is OK: $",
    "RECOVERY - MediaWiki exceptions and fatals per minute for % on mwcanary1001 is OK: $",
    "PROBLEM - Latency % on mwcanary1002 is CRITICAL: $ #page",
    "PROBLEM - Host mwcanary1003 is DOWN: $ #page",
    "PROBLEM - % on mwcanary1004 is CRITICAL: $ #page",
    "RECOVERY - Host mwcanary1003 is UP: $",
    "ACKNOWLEDGEMENT - % on mwcanary1004 is CRITICAL: $ ncanary $",
    "$",
};
static const char *const jinxer_lines[] = {
    "(FrontendUnavailable) firing: % $ #page",
    "(FrontendUnavailable) resolved: % $ #page",
    "FIRING: SearchDown: $ #page",
    "RESOLVED: SearchDown: $ #page",
    "FIRING: [3x] PHPFPMTooBusy: $ #page",
    "RESOLVED: [3x] PHPFPMTooBusy: $ #page",
    "FIRING: Canary%: $ #page",
    "FIRING: LatencyCanary: $",
    "$",
};
static const char *const deploy_lines[] = {
    "!log ucanary@deploycanary1002 Started scap: Backport for [[gerrit:990001|%]]",
    ("!log ucanary@deploycanary1002 Finished scap: Backport for [[gerrit:990001|%]] (duration: 09m "
     "12s)"),
    "!log ucanary@deploycanary1002 Started scap: Revert \"canary\" $",
    "!log ucanary@deploycanary1002 Finished scap: Revert \"canary\" (duration: 01m 12s)",
    "!log ucanary@deploycanary1002 Synchronized canary.php: $ (duration: 01m 00s)",
    "!log ucanary@deploycanary1002 dbctl commit (dc=all): '$'",
    "!log ucanary@cumincanary1001 conftool action : set/pooled=no; selector: name=mwcanary1001.*",
    "!log ucanary@cumincanary1001 START - Cookbook sre.switchdc.mediawiki.02-set-readonly canary",
    "!log $",
};

static void hear(struct world *w, const char *account, const char *line)
{
    char nick[32];

    (void)snprintf(nick, sizeof nick, "ncanary%u", next(w) % 9);
    fake_chat_hear(&w->h.chat, w->ops, nick, account, line, w->h.now.wall_ms);
}

static void read_as_source(struct world *w, const char *place, const char *user, const char *line)
{
    char *clean = malloc(strlen(line) + 1);
    struct ear_line ear = {.place = place,
                           .user = user,
                           .people = *user != '\0',
                           .wall_ms = w->h.now.wall_ms,
                           .since_wall_ms = w->h.now.wall_ms - SECOND};

    assert_non_null(clean);
    (void)utf8_clean(line, strlen(line), clean);
    ear.text = clean;
    assert_int_equal(courier_read(&w->h.courier, w->h.hearing, &ear, w->h.now), 0);
    free(clean);
}

/* Through the real reader of feeds. */
static void feed(struct world *w, const char *line)
{
    char why[ATOM_WHY_BYTES];
    struct atom_feed got;
    struct buf b;
    size_t i;

    buf_init(&b, 20000);
    buf_adds(&b, "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>canary</id><title>");
    for (; *line; line++)
        if ((unsigned char)*line < ' ')
            continue;
        else if (strchr("<>&", *line))
            buf_addf(&b, "&#%d;", *line);
        else
            buf_addc(&b, *line);
    buf_addf(&b,
             "</title><author><name>%s</name></author>"
             "<updated>2023-01-17T18:00:00Z</updated></entry></feed>",
             next(w) % 2 ? "ncanary" : "");
    assert_int_equal(atom_parse(buf_str(&b), b.len, &got, why), 0);
    for (i = 0; i < got.n; i++)
        read_as_source(w, "feed:" FEED, got.entry[i].author, got.entry[i].title);
    atom_finish(&got);
    buf_finish(&b);
}

static void add_json(struct buf *b, const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == '"' || *s == '\\')
            buf_addf(b, "\\u%04x", (unsigned)(unsigned char)*s);
        else
            buf_addc(b, *s);
}

/* Through the real reader of webhooks. */
static void webhook(struct world *w)
{
    static const char *const names[] = {"FrontendUnavailable", "SearchDown", "PHPFPMTooBusy",
                                        "MediaWiki exceptions canary", "Canary"};
    static const char *const labels[] = {"instance", ""};
    char page[] = "severity=page", label[16], why[200], text[LINE_BYTES];
    int i = settings_find_source(w->h.settings, "jinxer");
    struct source_settings source = {.webhook_page_label = page, .webhook_host_label = label};
    struct alertmanager_post post;
    struct buf b;
    size_t k;

    (void)snprintf(label, sizeof label, "%s", ANY(w, labels));
    if (!label[0])
        source.webhook_host_label = NULL;
    buf_init(&b, 20000);
    fill(w, "$", text);
    buf_addf(&b, "{\"version\":\"4\",\"status\":\"%s\",\"groupKey\":\"canary%u\",",
             next(w) % 3 ? "firing" : "resolved", next(w) % 5);
    buf_addf(&b,
             "\"receiver\":\"canary\",\"externalURL\":\"http://canary\",\"commonLabels\":{},"
             "\"commonAnnotations\":{},\"truncatedAlerts\":0,\"groupLabels\":{\"alertname\":"
             "\"%s\"},\"alerts\":[{\"status\":\"%s\",\"labels\":{\"alertname\":\"%s\","
             "\"severity\":\"page\",\"instance\":\"mwcanary1001\"},\"annotations\":{\"summary\":\"",
             ANY(w, names), next(w) % 3 ? "firing" : "resolved", ANY(w, names));
    add_json(&b, text);
    buf_adds(
        &b, "\",\"description\":\"canary\"},\"startsAt\":\"2023-01-17T18:00:00Z\",\"endsAt\":"
            "\"0001-01-01T00:00:00Z\",\"generatorURL\":\"http://canary\",\"fingerprint\":\"c\"}]}");
    assert_int_equal(buf_error(&b), 0);
    if (alertmanager_read(&source, buf_str(&b), b.len, &post, why, sizeof why))
        fail_msg("%s: %s", why, buf_str(&b));
    for (k = 0; k < post.n && i >= 0; k++) {
        struct signal signal = post.signal[k];

        signal.source = "jinxer";
        signal.place = "webhook:jinxer";
        signal.wall_ms = w->h.now.wall_ms;
        assert_int_equal(w->h.formats.judge(w->h.formats.ctx, (size_t)i, &signal), 0);
        assert_int_equal(courier_signal(&w->h.courier, &signal, w->h.now), 0);
    }
    alertmanager_post_finish(&post);
    buf_finish(&b);
}

/* The page says something for once that it should not, with details in it. */
static void bad_answer(struct world *w)
{
    static const enum page_result results[] = {PAGE_UNSENT, PAGE_DOUBTFUL, PAGE_REFUSED};
    char error[LINE_BYTES], clean[LINE_BYTES];
    struct page_answer answer = {
        .result = results[next(w) % 3], .http_status = 500, .error = clean};
    size_t i;

    fill(w, "HTTP 500: $", error);
    (void)utf8_clean(error, strlen(error), clean);
    for (i = 0; i < w->h.page.n; i++) {
        const struct fake_request *r = &w->h.page.request[i];

        if (r->answered || r->req.op > PAGE_CORRECT)
            continue;
        fake_page_answer_with(&w->h.page, i, &answer);
        return;
    }
}

/* ---- the person ------------------------------------------------------------------------------ */

static void person(struct world *w, const char *line)
{
    fake_chat_hear(&w->h.chat, w->ops, w->deployer, w->deployer, line, w->h.now.wall_ms);
    house_settle(&w->h);
    fake_chat_hear(&w->h.chat, w->ops, w->second, w->second, line, w->h.now.wall_ms);
    house_settle(&w->h);
}

/* Confirms all that was proposed since. */
static void confirm_all(struct world *w)
{
    static const char confirm[] = "`!status confirm ";

    while (w->chat_read < w->h.chat.n) {
        const char *at = strstr(w->h.chat.line[w->chat_read++].text, confirm);
        char line[64];

        if (!at)
            continue;
        (void)snprintf(line, sizeof line, "!status confirm %.*s",
                       (int)strcspn(at + strlen(confirm), "`"), at + strlen(confirm));
        person(w, line);
    }
}

/* What people do that brings up other prepared words, or makes crier write some of its own. */
static void act(struct world *w)
{
    static const char *const acts[] = {
        "resolve %d",   "retract %d",          "edit %d impact critical",
        "text %d slow", "edit %d start 18:00", "discard %d",
        "show %d",      "timeline %d",         "report %d"};
    char line[80], verb[60];

    (void)snprintf(verb, sizeof verb, ANY(w, acts), (int)(1 + next(w) % 12));
    (void)snprintf(line, sizeof line, "!status %s", verb);
    person(w, line);
}

/* ---- looking --------------------------------------------------------------------------------- */

static const char *canary_in(const char *text)
{
    size_t i, n;

    for (; text && *text; text++)
        for (i = 0; i < sizeof canaries / sizeof canaries[0]; i++) {
            n = strlen(canaries[i]);
            if (!strncasecmp(text, canaries[i], n))
                return canaries[i];
        }
    return NULL;
}

/* @return what is wrong with one request, in why; or NULL. */
static const char *leak_in(struct world *w, const struct page_request *req, char why[LINE_BYTES])
{
    const char *const texts[] = {req->title, req->body, req->key_incident, req->key_step,
                                 req->remote_id};
    const char *const people[] = {w->deployer, w->second, "dep1",   "alert1001",
                                  "scap",      "1001",    "Example"};
    char found[WORDING_WHY_BYTES];
    size_t i, k;

    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *canary = canary_in(texts[i]);

        if (canary) {
            (void)utf8_print(why, LINE_BYTES, "%s in: %s", canary, texts[i]);
            return why;
        }
        for (k = 0; i < 2 && texts[i] && k < sizeof people / sizeof people[0]; k++)
            if (strstr(texts[i], people[k])) {
                (void)utf8_print(why, LINE_BYTES, "%s in: %s", people[k], texts[i]);
                return why;
            }
        if (i < 2 && texts[i] && req->op != PAGE_POSTMORTEM &&
            wording_examine(w->h.settings, texts[i], found, sizeof found) != WORDING_FIT) {
            (void)utf8_print(why, LINE_BYTES, "%s in: %s", found, texts[i]);
            return why;
        }
    }
    for (i = 0; i < req->components.n; i++)
        if (canary_in(req->components.item[i].name))
            return "a component";
    return NULL;
}

/* Of the requests since the last time. */
static const char *leak(struct world *w, char why[LINE_BYTES])
{
    const char *what = NULL;

    while (!what && w->page_read < w->h.page.n)
        what = leak_in(w, &w->h.page.request[w->page_read++].req, why);
    return what;
}

/* ---- worlds ---------------------------------------------------------------------------------- */

static void build(struct world *w, const char *config, uint32_t seed)
{
    bool wikimedia = strstr(config, "wikimedia") != NULL;
    struct settings *s;
    size_t i;

    memset(w, 0, sizeof *w);
    w->random = seed;
    w->ops = wikimedia ? "libera/#wikimedia-operations" : HOUSE_OPS;
    w->deployer = wikimedia ? "example-deployer" : "deployer1";
    w->second = wikimedia ? "example-sre" : "deployer2";
    house_init(&w->h, config);
    s = w->h.settings;
    s->report.postmortem_draft = true;
    s->follow.settle_ms = 3 * MINUTE;
    s->chat.confirm_guard_ms = 0;
    for (i = 0; i < s->n_sources; i++) {
        free(s->source[i].feed);
        s->source[i].feed = strdup(FEED);
        assert_non_null(s->source[i].feed);
    }
}

static void happen(struct world *w)
{
    char line[LINE_BYTES] = "";

    w->h.page_answers = next(w) % 8 != 0;
    switch (next(w) % 10) {
    case 0:
    case 1:
    case 2:
        fill(w, ANY(w, icinga_lines), line);
        hear(w, "icinga-wm", line);
        break;
    case 3:
    case 4:
        fill(w, ANY(w, jinxer_lines), line);
        hear(w, "jinxer-wm", line);
        break;
    case 5:
        fill(w, ANY(w, deploy_lines), line);
        hear(w, "logmsgbot", line);
        break;
    case 6:
        fill(w, ANY(w, deploy_lines), line);
        feed(w, line);
        break;
    case 7:
        webhook(w);
        break;
    case 8: /* somebody who may not */
        fill(w, next(w) % 2 ? "!status open $" : "!status edit 1 title $", line);
        hear(w, "canary", line);
        break;
    default:
        act(w);
        break;
    }
    (void)utf8_print(w->last, sizeof w->last, "%s", line);
    house_settle(&w->h);
    confirm_all(w);
    if (!w->h.page_answers)
        bad_answer(w);
    w->h.page_answers = true;
    house_wait(&w->h, next(w) % 6 ? next(w) % (20 * SECOND) : next(w) % (20 * MINUTE));
    confirm_all(w);
    if (next(w) % 200 == 0)
        house_restart(&w->h, MINUTE);
}

/* @return so many requests that change the page. */
static size_t writes(const struct world *w)
{
    return fake_page_count(&w->h.page, PAGE_CREATE) + fake_page_count(&w->h.page, PAGE_UPDATE) +
           fake_page_count(&w->h.page, PAGE_POSTMORTEM);
}

static int64_t number_of(const char *name, int64_t otherwise)
{
    const char *s = getenv(name);
    char *end;
    long long n;

    if (!s)
        return otherwise;
    n = strtoll(s, &end, 10);
    if (*end || end == s || n < 1)
        fail_msg("%s is no number", name);
    return n;
}

static void play(const char *config)
{
    int64_t world, worlds = number_of("CRIER_LEAK_WORLDS", WORLDS);
    int64_t seed = number_of("CRIER_LEAK_SEED", FIRST_SEED);
    size_t made = 0, postmortems = 0;

    for (world = 0; world < worlds; world++, seed++) {
        char why[LINE_BYTES];
        struct world w;
        int event;

        build(&w, config, (uint32_t)seed);
        for (event = 0; event < EVENTS; event++) {
            const char *what;

            happen(&w);
            what = leak(&w, why);
            if (what)
                fail_msg("CRIER_LEAK_SEED=%lld, event %d of %s: %s; the last input was: %s",
                         (long long)seed, event, config, what, w.last);
        }
        made += writes(&w);
        postmortems += fake_page_count(&w.h.page, PAGE_POSTMORTEM);
        house_finish(&w.h);
    }
    /* worlds in which nothing is published prove nothing */
    assert_true(made > (size_t)worlds * 5);
    assert_true(postmortems > 0);
}

static void no_signal_becomes_public_in_the_house(void **state)
{
    (void)state;
    play(HOUSE_CFG);
}

static void no_signal_becomes_public_at_wikimedia(void **state)
{
    (void)state;
    play("config/wikimedia.cfg");
}

/* It can be published with one click: what somebody took off the page does not come back by it, and
 * nobody is named. */
static void a_postmortem_keeps_quiet_of_what_was_corrected(void **state)
{
    struct house *h = *state;
    const struct page_request *draft;

    h->settings->report.postmortem_draft = true;
    house_publish(h);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status update 1 identified: It was canary1.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status correct 1: We found canary2.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.3");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status correct 1: We know the cause.");
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.4");
    fake_page_edit(&h->page, "remote1", NULL, "We know the cause well.");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1: It is over.");
    house_wait(h, 5 * SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.6");
    draft = fake_page_last(&h->page, PAGE_POSTMORTEM);
    assert_non_null(draft);
    assert_non_null(strstr(draft->body, "We know the cause well"));
    assert_non_null(strstr(draft->body, "It is over"));
    assert_non_null(strstr(draft->body, "People who are logged in"));
    assert_null(strstr(draft->body, "canary"));
    assert_null(strstr(draft->body, "We know the cause."));
    assert_null(strstr(draft->body, "deployer1"));
    assert_null(strstr(draft->body, "dep1"));
}

/* The same with a wording that tells what it must not. */
static void a_leak_would_be_seen(void **state)
{
    static const char *const bad[] = {"Errors on canary1", "Errors on db1123", "Errors T99123",
                                      "Errors since scap"};
    size_t i, k;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char why[LINE_BYTES];
        bool seen = false;
        struct world w;
        int event;

        build(&w, HOUSE_CFG, FIRST_SEED);
        for (k = 0; k < w.h.settings->n_wordings; k++) {
            free(w.h.settings->wording[k].title);
            w.h.settings->wording[k].title = strdup(bad[i]);
        }
        for (event = 0; event < EVENTS && !seen; event++) {
            happen(&w);
            seen = leak(&w, why) != NULL;
        }
        assert_true(seen);
        house_finish(&w.h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_signal_becomes_public_in_the_house),
        cmocka_unit_test(no_signal_becomes_public_at_wikimedia),
        HOUSE_TEST(a_postmortem_keeps_quiet_of_what_was_corrected),
        cmocka_unit_test(a_leak_would_be_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
