/*
 * The incident report: of a recorded outage, second by second through the pure program, and of
 * chronicles made by hand: hostile texts, nothing in it, very long ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "channel_log.h"
#include "chronicle.h"
#include "house.h"
#include "report.h"
#include "report_text.h"

#define OPS "libera/#wikimedia-operations"

#define NOW_WALL_MS (1673913600LL * 1000 + 20LL * 3600 * 1000)

/* ---- a recorded outage ----------------------------------------------------------------------- */

struct typed {
    const char *clock;
    const char *text;
};

/* Plays the log from 18:16 to 19:45 of its day; the deployer types what is in the list. */
static void play(struct house *h, const struct typed *typed, size_t n)
{
    FILE *log = fopen("tests/data/outage-2023-01-17.log", "r");
    char nick[CHANNEL_LOG_BYTES], text[CHANNEL_LOG_BYTES];
    int at = channel_log_seconds("18:16:00"), due;
    const int64_t midnight_ms = 1673913600LL * 1000;
    size_t i = 0;

    assert_non_null(log);
    house_init(h, "config/wikimedia.cfg");
    h->now.wall_ms = midnight_ms + (int64_t)at * 1000;
    for (due = channel_log_next(log, nick, text); at <= channel_log_seconds("19:45:00"); at++) {
        house_wait(h, h->now.wall_ms == midnight_ms + (int64_t)at * 1000 ? 0 : SECOND);
        for (; due == at; due = channel_log_next(log, nick, text))
            house_say(h, OPS, nick, strcmp(nick, "deployer1") != 0 ? "=" : "example-deployer",
                      text);
        for (; i < n && channel_log_seconds(typed[i].clock) == at; i++)
            house_say(h, OPS, "deployer1", "example-deployer", typed[i].text);
    }
    (void)fclose(log);
}

static void read_record(struct house *h, int64_t incident, struct chronicle *c)
{
    struct store_port store = fake_store_port(&h->store);

    chronicle_init(c);
    assert_int_equal(store.read(store.ctx, incident, chronicle_take, c), 0);
    chronicle_sort(c);
}

static char *written(const struct chronicle *c, const struct settings *s, enum report_format format)
{
    struct buf b;
    char *text;

    buf_init(&b, REPORT_BYTES_MAX);
    assert_int_equal(report_write(&b, c, s, format, NOW_WALL_MS), 0);
    text = buf_take(&b);
    assert_non_null(text);
    buf_finish(&b);
    return text;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("not there: %s\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("there: %s\n%s", part, text);
}

/* The lines of the timeline begin with these, all of them and in this order. */
static void expect_timeline(const char *text, const char *const *want, size_t n)
{
    const char *at = strstr(text, "== Timeline ==");
    size_t i = 0;

    assert_non_null(at);
    for (at = strstr(at, "\n* "); at && i < n; at = strstr(at + 1, "\n* "), i++)
        if (strncmp(at + 3, want[i], strlen(want[i])) != 0)
            fail_msg("line %zu of the timeline is not \"%s\" but:%.300s", i, want[i], at);
    assert_int_equal(i, n);
    if (at && at[3] >= '0' && at[3] <= '9')
        fail_msg("one more line:%.300s", at);
}

static const struct typed typed_2023[] = {
    {"18:35:20", "!status confirm 1.1"}, {"18:36:00", "!status note 1 reverting the last one"},
    {"18:38:00", "!status confirm"},     {"18:39:30", "!status confirm"},
    {"18:49:30", "!status confirm"},     {"18:59:30", "!status confirm"},
};

#define N_2023 (sizeof typed_2023 / sizeof typed_2023[0])
#define ALERT_2023                                                                           \
    "<code><nowiki>&lt;icinga&gt; PROBLEM - MediaWiki exceptions and fatals per minute for " \
    "appserver on alert1001 is CRITICAL: 2.651e+04 gt 100</nowiki></code>"
#define PAGE_2023                                                                          \
    "<code><nowiki>&lt;jinxer&gt; (FrontendUnavailable) firing: varnish-text has reduced " \
    "HTTP availability #page</nowiki></code>"

/* Every time of the people's own report that was to be seen in the channel, and what crier adds. */
static void a_recorded_outage_as_wikitext(void **state)
{
    static const char *const timeline[] = {
        "18:26:10 Deploy started (scap backport) by deployer1: <code><nowiki>!log "
        "deployer1@deploy1002 Started scap: Backport for [[gerrit:880001|",
        "18:28:40 Deploy tested (scap backport) by deployer1: ",
        "18:34:55 First alert: " ALERT_2023 " '''OUTAGE BEGINS'''\n",
        "18:34:55 Draft 1.1, not public: ",
        "18:34:55 1.1 was shown in <nowiki>libera/#wikimedia-operations</nowiki>\n",
        "18:35:20 1.1 confirmed by Example Deployer: <code><nowiki>!status confirm 1.1</nowiki>",
        "18:35:20 '''Public''', investigating, confirmed by Example Deployer, with mail: ",
        "18:35:21 Readers see it, 1 s after it was public\n",
        "18:35:42 Deploy aborted (sync-world) by deployer1: ",
        "18:36:00 Note by Example Deployer: reverting the last one\n",
        "18:37:43 First paging alert: " PAGE_2023 "\n",
        "18:37:43 Widening proposed, 1.2, investigating, not public: ",
        "18:37:43 1.2 was shown in ",
        "18:38:00 1.2 confirmed by Example Deployer: ",
        "18:38:00 '''Public''', investigating, confirmed by Example Deployer, with mail: ",
        "18:38:01 Readers see it",
        "18:39:05 Deploy started (scap backport) by deployer1: <code><nowiki>!log "
        "deployer1@deploy1002 Started scap: Backport for [[gerrit:880005|Revert ",
        "18:39:05 Proposed, 1.3, identified, not public: ",
        "18:39:05 1.3 was shown in ",
        "18:39:30 1.3 confirmed by Example Deployer: ",
        "18:39:30 '''Public''', identified, confirmed by Example Deployer, without mail: ",
        "18:39:31 Readers see it",
        "18:48:02 Deploy finished (scap backport) by deployer1: ",
        "18:48:30 Recovered: <code><nowiki>&lt;jinxer&gt; (FrontendUnavailable) resolved: ",
        "18:49:10 Recovered: <code><nowiki>&lt;icinga&gt; RECOVERY - MediaWiki exceptions",
        "18:49:10 Proposed, 1.4, monitoring, not public: ",
        "18:49:10 1.4 was shown in ",
        "18:49:30 1.4 confirmed by Example Deployer: ",
        "18:49:30 '''Public''', monitoring, confirmed by Example Deployer, without mail: ",
        "18:49:31 Readers see it",
        "18:59:10 Proposed, 1.5, resolved, not public: ",
        "18:59:10 1.5 was shown in ",
        "18:59:30 1.5 confirmed by Example Deployer: ",
        "18:59:30 '''Public''', resolved, confirmed by Example Deployer, with mail: ",
        "18:59:31 Readers see it",
    };
    static const char *const parts[] = {
        "{{irdoc|status=draft}}\n",
        "| 2023-01-17 18:34:55 (the first alert that told of it)\n",
        "| 2023-01-17 18:48:02 (the fix was done)\n",
        "| not known to crier; it heard 1 paging alert\n",
        "| 1 gave commands here: Example Deployer\n",
        "Editing (partial outage); Reading (partial outage)",
        "(UTC, 13 min 7 s)",
        "(duration: 08m 57s)</nowiki></code> '''OUTAGE ENDS'''\n",
        "| Outage begins || 18:34:55 || at the beginning\n",
        "| First alert || 18:34:55 || at the beginning\n",
        "| First paging alert || 18:37:43 || 2 min 48 s after the beginning\n",
        "| Shown in the channel || 18:34:55 || at the beginning\n",
        "| Confirmed || 18:35:20 || 25 s after the beginning\n",
        "| Public || 18:35:20 || 25 s after the beginning\n",
        "| Visible to readers || 18:35:21 || 26 s after the beginning\n",
        "| Outage ends || 18:48:02 || 13 min 7 s after the beginning\n",
        "| Resolved on the status page || 18:59:30 || 24 min 35 s after the beginning\n",
        "=== What went well? ===\n* \n",
        "=== What went poorly? ===\n* \n",
        "=== Where did we get lucky? ===\n* \n",
        "* Status page: https://status.example.org/incidents/remote1\n",
        "| Process || Was the public status page updated? || yes || public at 18:35:20, 25 s after "
        "the beginning; readers saw it at 18:35:21; 5 updates, 3 with mail to subscribers; "
        "resolved at 18:59:30\n",
    };
    struct house h;
    struct chronicle c;
    char *text;
    size_t i;

    (void)state;
    play(&h, typed_2023, N_2023);
    read_record(&h, 1, &c);
    text = written(&c, h.settings, REPORT_WIKITEXT);
    expect_timeline(text, timeline, sizeof timeline / sizeof timeline[0]);
    for (i = 0; i < sizeof parts / sizeof parts[0]; i++)
        has(text, parts[i]);
    free(text);
    text = written(&c, h.settings, REPORT_MARKDOWN); /* the same in the other markup */
    has(text, "\n- 18:35:20 **Public**, investigating, confirmed by Example Deployer, with mail: ");
    has(text, " **OUTAGE ENDS**\n");
    has(text, "| Process | Was the public status page updated? | yes | public at 18:35:20, 25 s");
    has(text, "](data:image/svg+xml;base64,P");
    free(text);
    text = written(&c, h.settings, REPORT_SVG);
    has(text, "<svg");
    free(text);
    chronicle_finish(&c);
    house_finish(&h);
}

/* What a person says of the beginning counts, also where no line has that time. */
static void an_edited_beginning(void **state)
{
    static const struct typed typed[] = {
        {"18:35:20", "!status confirm 1.1"},
        {"18:36:00", "!status edit 1 start 18:33"},
    };
    struct house h;
    struct chronicle c;
    char *text;

    (void)state;
    play(&h, typed, 2);
    read_record(&h, 1, &c);
    text = written(&c, h.settings, REPORT_WIKITEXT);
    has(text, "| 2023-01-17 18:33:00 (as people said)\n");
    has(text, "\n* 18:33:00 '''OUTAGE BEGINS''' (as people said)\n* 18:34:55 First alert: ");
    has(text, "| First alert || 18:34:55 || 1 min 55 s after the beginning\n");
    has(text, "| yes || public at 18:35:20, 2 min 20 s after the beginning; ");
    has(text, "1 update, 1 with mail to subscribers; not resolved yet\n");
    free(text);
    chronicle_finish(&c);
    house_finish(&h);
}

static void nothing_was_published(void **state)
{
    static const struct typed discarded[] = {{"18:36:10", "!status discard 1 known"}};
    struct house h;
    struct chronicle c;
    char *text;

    (void)state;
    play(&h, discarded, 1);
    read_record(&h, 1, &c);
    text = written(&c, h.settings, REPORT_WIKITEXT);
    has(text, "| Was the public status page updated? || no || the draft was discarded by Example "
              "Deployer, at 18:36:10\n");
    has(text, "| Public || never || \n");
    has(text, "The status page was not updated: the draft was discarded by Example Deployer");
    free(text);
    chronicle_finish(&c);
    house_finish(&h);

    play(&h, NULL, 0);
    read_record(&h, 1, &c);
    text = written(&c, h.settings, REPORT_WIKITEXT);
    has(text, "updated? || no || the draft was shown and waits for a confirm\n");
    has(text, "| Confirmed || never || \n");
    free(text);
    chronicle_finish(&c);
    house_finish(&h);
}

/* ---- chronicles made by hand ----------------------------------------------------------------- */

static void take(struct chronicle *c, enum record_table t, const void *record)
{
    assert_int_equal(chronicle_take(c, t, record), 0);
}

static void take_row(struct chronicle *c, int64_t id, int64_t wall_ms, const char *kind,
                     const char *text, int64_t ref)
{
    char *k = strdup(kind), *t = strdup(text), who[] = "bot", subject[] = "Check on host1";
    struct record_timeline row = {.id = id,
                                  .incident = 1,
                                  .wall_ms = wall_ms,
                                  .kind = k,
                                  .who = who,
                                  .text = t,
                                  .ref = ref,
                                  .subject = subject};

    take(c, RECORD_TIMELINE, &row);
    free(k);
    free(t);
}

static void by_hand(struct chronicle *c)
{
    char rule[] = "rule", home[] = "net/#ops";
    struct record_incident incident = {.id = 1,
                                       .state = INCIDENT_DRAFT,
                                       .opened_wall_ms = 1673980495000,
                                       .started_wall_ms = 1673980495000,
                                       .rule = rule,
                                       .home = home};

    chronicle_init(c);
    take(c, RECORD_INCIDENT, &incident);
}

#define HOSTILE                                                                               \
    "</nowiki>{{evil|1}} [[File:x.png]] [http://evil.example x] ~~~~ | || |- |}\n== H ==\n* " \
    "<script>evil()</script> ''' __NOTOC__ `` ` [a](http://evil.example) @everyone \\ \" "    \
    "\x02\xe2\x80\xae\xff http://evil.example www.evil.example &lt; <!-- #REDIRECT"

/* Takes out what MediaWiki takes literally. */
static char *without_nowiki(char *text)
{
    char *from = text, *to = text;

    while (*from) {
        if (!strncmp(from, "<nowiki>", 8)) {
            from = strstr(from, "</nowiki>");
            assert_non_null(from);
            from += 9;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return text;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* A row of each kind, and values that no crier stores, in every place. */
static void fill(struct chronicle *c, const char *text)
{
    static const char *const kinds[] = {
        "firing",  "paging",   "deploy started", "resolved", "note",    "command",
        "draft",   "proposal", "published",      "edited",   "refused", "mitigation",
        "strange", "shown",    "closed",         "twin",     "confirm", "discard",
    };
    char *own = strdup(text), none[] = "";
    struct record_revision rev = {
        .id = 1, .incident = 1, .number = 1, .state = REVISION_PUBLISHED, .impact = 77, .step = -4};
    struct record_incident incident;
    struct record_timeline row = {.incident = 1, .wall_ms = 1673980495000};
    size_t i;

    chronicle_init(c);
    memset(&incident, 0, sizeof incident);
    incident.id = 1;
    incident.state = incident.step = 99;
    incident.opened_wall_ms = 1673980495000;
    incident.reasons = incident.url = incident.rule = incident.home = own;
    take(c, RECORD_INCIDENT, &incident);
    rev.title = rev.body = rev.components = rev.made_by = own;
    take(c, RECORD_REVISION, &rev);
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char *kind = strdup(kinds[i]);

        row.id = (int64_t)i;
        row.kind = kind;
        row.who = row.text = own;
        row.subject = i % 2 ? own : none;
        row.ref = 1;
        take(c, RECORD_TIMELINE, &row);
        free(kind);
    }
    row.kind = row.who = row.text = row.subject = own;
    row.id = 1000;
    take(c, RECORD_TIMELINE, &row);
    chronicle_sort(c);
    free(own);
}

static void hostile_texts_stay_text(void **state)
{
    static const char *const bad[] = {"{{evil", "[[File", "~~~",     "<script", "evil",
                                      "__NO",   "|- |}",  "== H ==", "\n* <",   "<!--"};
    struct chronicle c, tame;
    char *text, *mild;
    size_t i;

    (void)state;
    fill(&c, HOSTILE);
    fill(&tame, "words");
    text = written(&c, NULL, REPORT_WIKITEXT);
    mild = written(&tame, NULL, REPORT_WIKITEXT);
    assert_int_equal(count_lines(text), count_lines(mild)); /* no line of its own */
    lacks(text, "\x02");
    lacks(text, "\xff");
    lacks(text, "\xe2\x80\xae");
    (void)without_nowiki(text);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        lacks(text, bad[i]);
    free(text);
    free(mild);
    text = written(&c, NULL, REPORT_MARKDOWN);
    mild = written(&tame, NULL, REPORT_MARKDOWN);
    assert_int_equal(count_lines(text), count_lines(mild));
    has(text, "&#64;everyone");
    has(text, "\\[a\\]\\(http\\://evil.example\\)");
    has(text, "&lt;script\\>");
    has(text, "www\\.evil.example");
    has(text, "``` <"); /* a longer fence than any of the text's */
    lacks(text, "\x02");
    free(text);
    free(mild);
    chronicle_finish(&c);
    chronicle_finish(&tame);
}

static void json_comes_back(void **state)
{
    struct chronicle c;
    json_t *root, *rows;
    char *text;

    (void)state;
    fill(&c, HOSTILE);
    text = written(&c, NULL, REPORT_JSON);
    root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    rows = json_object_get(root, "timeline");
    assert_int_equal(json_array_size(rows), c.n_timeline);
    has(json_string_value(json_object_get(json_array_get(rows, 0), "text")),
        "\n== H ==\n* <script>evil()</script> ''' __NOTOC__ `` ` [a](http://evil.example) "
        "@everyone \\ \" \x02\xe2\x80\xae\xef\xbf\xbd http://");
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "time")),
                        "2023-01-17T18:34:55.000Z");
    json_decref(root);
    free(text);
    chronicle_finish(&c);
}

static void nothing_happened(void **state)
{
    static const enum report_format formats[] = {REPORT_WIKITEXT, REPORT_MARKDOWN, REPORT_JSON,
                                                 REPORT_SVG};
    struct chronicle c;
    size_t i;

    (void)state;
    by_hand(&c);
    for (i = 0; i < 4; i++)
        free(written(&c, NULL, formats[i]));
    chronicle_finish(&c);
}

/* Bots may speak in the same millisecond: the mark is at the line that it was taken from. */
static void the_mark_is_at_the_alert(void **state)
{
    struct chronicle c;
    char *text;

    (void)state;
    by_hand(&c);
    take_row(&c, 1, 1673980495000, "deploy started", "a deploy", 3);
    take_row(&c, 2, 1673980495000, "firing", "an alert", 4);
    take_row(&c, 3, 1673980500000, "deploy finished", "a deploy", 3);
    take_row(&c, 4, 1673980500000, "resolved", "over", 4);
    chronicle_sort(&c);
    text = written(&c, NULL, REPORT_WIKITEXT);
    has(text, "a deploy</nowiki></code>\n");
    has(text, "an alert</nowiki></code> '''OUTAGE BEGINS'''\n");
    has(text, "over</nowiki></code> '''OUTAGE ENDS'''\n");
    free(text);
    chronicle_finish(&c);
}

static void a_storm_is_folded(void **state)
{
    enum { ALERTS = 5000 };
    struct chronicle c;
    json_t *root;
    char *text;
    int i;

    (void)state;
    by_hand(&c);
    for (i = 0; i < ALERTS; i++)
        take_row(&c, i + 1, 1673980495000 + i * 10, "firing", "PROBLEM - one of many", i + 1);
    take_row(&c, ALERTS + 1, 1673980495000 + ALERTS * 10, "paging", "the page", ALERTS + 1);
    chronicle_sort(&c);
    text = written(&c, NULL, REPORT_WIKITEXT);
    assert_in_range(count_lines(text), 60, 200);
    has(text, " more alerts and recoveries until here; all are in the JSON)\n");
    has(text, "First paging alert: ");
    free(text);
    text = written(&c, NULL, REPORT_JSON);
    root = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(root, "timeline")), ALERTS + 1);
    json_decref(root);
    free(text);
    chronicle_finish(&c);
}

/* ---- the short timeline ---------------------------------------------------------------------- */

struct lines {
    char line[40][REPORT_LINE_BYTES + 1];
    size_t n;
};

static void keep_line(void *ctx, const char *line)
{
    struct lines *l = ctx;

    assert_true(l->n < 40);
    assert_true(strlen(line) < REPORT_LINE_BYTES);
    (void)snprintf(l->line[l->n++], sizeof l->line[0], "%s", line);
}

static void timeline_in_chat(void **state)
{
    static const char *const want[] = {
        "1 \"Wikipedia and other wikis not loading for many people\", resolved. UTC, 2023-01-17: "
        "began 18:34:55, public 18:35:20, ended 18:48:02, resolved 18:59:30",
        "18:26:10 deploy scap backport by deployer1: started, tested 18:28:40, aborted 18:35:42",
        "18:34:55 alert MediaWiki exceptions and fatals per minute for appserver on alert1001, "
        "recovered 18:49:10",
        "18:34:55 1.1 investigating, shown 18:34:55, confirmed 18:35:20 by Example Deployer, "
        "public 18:35:20, visible 18:35:21",
        "18:36:00 note Example Deployer: reverting the last one",
        "18:37:43 page FrontendUnavailable, recovered 18:48:30",
        "18:37:43 1.2 investigating, widened, shown 18:37:43, confirmed 18:38:00 by Example "
        "Deployer, public 18:38:00, visible 18:38:01",
        "18:39:05 deploy scap backport by deployer1: started, finished 18:48:02",
        "18:39:05 1.3 identified, shown 18:39:05, ",
        "18:49:10 1.4 monitoring, shown 18:49:10, ",
        "18:59:10 1.5 resolved, shown 18:59:10, confirmed 18:59:30 by Example Deployer, public "
        "18:59:30, visible 18:59:31",
    };
    struct house h;
    size_t i;

    (void)state;
    play(&h, typed_2023, N_2023);
    fake_chat_clear(&h.chat);
    house_say(&h, OPS, "deployer1", "example-deployer", "!status timeline 1");
    assert_int_equal(fake_chat_count(&h.chat, OPS), 0); /* by private message */
    assert_int_equal(h.chat.n, sizeof want / sizeof want[0]);
    for (i = 0; i < h.chat.n; i++) {
        assert_string_equal(h.chat.line[i].place, "libera/deployer1");
        assert_true(h.chat.line[i].priority < SAY_PROMPT); /* a draft overtakes them */
        if (strncmp(h.chat.line[i].text, want[i], strlen(want[i])) != 0)
            fail_msg("not \"%s\" but \"%s\"", want[i], h.chat.line[i].text);
    }
    house_say(&h, OPS, "deployer1", "example-deployer", "!status timeline 2");
    house_expect_last(&h, OPS, "there is no 2; the last one is 1");
    house_say(&h, OPS, "deployer1", "example-deployer", "!status report 1");
    house_expect_last(&h, OPS, "report of 1: `crier report 1`");
    house_finish(&h);
}

static void a_long_timeline_is_short_in_chat(void **state)
{
    struct chronicle c;
    struct lines l = {.n = 0};
    int i;

    (void)state;
    by_hand(&c);
    for (i = 0; i < 3000; i++) /* alerts in a row are one line */
        take_row(&c, i + 1, 1673980495000 + i, "firing", "PROBLEM - x", i + 1);
    for (i = 0; i < 100; i++)
        take_row(&c, 5000 + i, 1673980600000 + i * 1000, "note", HOSTILE HOSTILE HOSTILE, 0);
    chronicle_sort(&c);
    assert_int_equal(report_lines(&c, "`crier report 1`", keep_line, &l), 0);
    assert_int_equal(l.n, REPORT_LINES);
    has(l.line[REPORT_LINES - 1],
        "(91 earlier ones are not said here; all of it: `crier report 1`)");
    has(l.line[REPORT_LINES - 2], "18:38:19 note bot: ");
    chronicle_finish(&c);

    by_hand(&c);
    for (i = 0; i < 3000; i++)
        take_row(&c, i + 1, 1673980495000 + i, "firing", "PROBLEM - x", i + 1);
    l.n = 0;
    assert_int_equal(report_lines(&c, "there", keep_line, &l), 0);
    assert_int_equal(l.n, 2);
    assert_string_equal(l.line[1], "18:34:55 alert Check on host1 and 2999 more until 18:34:57");
    chronicle_finish(&c);
}

static void the_timeline_of_an_open_one(void **state)
{
    struct house *h = *state;

    house_draft(h);
    house_say(h, "net/reader1", "reader1", "=", "!status timeline 1");
    house_expect_said(h, "net/reader1",
                      "1 \"Errors for logged-in users\", draft. UTC, 2023-01-17: began 18:08:00, "
                      "not public");
    house_expect_said(h, "net/reader1", "18:08:00 alert MediaWiki exceptions");
    h->settings->http.public_url = strdup("https://crier.example.org");
    house_say(h, HOUSE_OPS, "reader1", "=", "!status report 1");
    house_expect_last(h, HOUSE_OPS,
                      "report of 1: https://crier.example.org/incident/1 or `crier report 1`");
    house_restart(h, MINUTE);
    fake_chat_clear(&h->chat);
    house_say(h, "net/reader1", "reader1", "=", "!status timeline 1");
    house_expect_said(h, "net/reader1", "18:08:00 alert MediaWiki exceptions");
}

/* ---- what leads to an outage ----------------------------------------------------------------- */

static const struct record_timeline *find_row(const struct chronicle *c, const char *kind)
{
    size_t i;

    for (i = 0; i < c->n_timeline; i++)
        if (!strcmp(c->timeline[i].kind, kind))
            return &c->timeline[i];
    fail_msg("no row %s", kind);
    return NULL;
}

/* Verbatim, once each, also over a restart. */
static void the_lookback_is_kept_verbatim(void **state)
{
    static const char disk[] =
        "PROBLEM - Disk space on db1001 is WARNING: DISK WARNING - free space: / 9%";
    struct house *h = *state;
    struct chronicle c;
    const struct record_timeline *row;
    size_t i, n = 0;

    house_icinga(h, disk);
    house_wait(h, MINUTE);
    house_restart(h, SECOND);
    house_jinxer(h, FRONTEND);
    read_record(h, 1, &c);
    for (i = 0; i < c.n_timeline; i++)
        n += !strcmp(c.timeline[i].kind, "firing") || !strcmp(c.timeline[i].kind, "paging");
    assert_int_equal(n, 2);
    row = find_row(&c, "firing");
    assert_string_equal(row->text, disk);
    assert_string_equal(row->subject, "Disk space on db1001");
    row = find_row(&c, "paging");
    assert_string_equal(row->text, FRONTEND);
    assert_int_not_equal(row->ref, 0);
    chronicle_finish(&c);
}

/* The suspect's lines are older than the lookback and are there all the same. */
static void the_suspects_lines_are_kept(void **state)
{
    struct house *h = *state;
    struct chronicle c;
    const struct record_timeline *row;

    house_deploy(h, STARTED);
    house_wait_sliced(h, 30 * MINUTE, MINUTE);
    house_icinga(h, EXCEPTIONS);
    read_record(h, 1, &c);
    row = find_row(&c, "deploy started");
    assert_string_equal(row->text, STARTED);
    assert_int_equal(row->ref, c.incident.deploy);
    chronicle_finish(&c);
}

/* A title may be the first of its line, where more has a meaning. */
static void markdown_at_the_beginning_of_a_line(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"- search is slow", "\\- search is slow"},
        {"---", "\\---"},
        {"1. search is slow", "1\\. search is slow"},
        {"2023. was a year", "2023\\. was a year"},
        {"Search-as-you-type is off. 1. of May", "Search-as-you-type is off. 1. of May"},
        {"# slow", "\\# slow"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b;

        buf_init(&b, 1000);
        report_markdown(&b, rows[i].text);
        assert_string_equal(buf_str(&b), rows[i].want);
        buf_finish(&b);
    }
}

/* ---- the draft of a postmortem --------------------------------------------------------------- */

static size_t asked(const struct house *h)
{
    size_t i, n = 0;

    for (i = 0; i < h->page.n; i++)
        n += h->page.request[i].req.op == PAGE_POSTMORTEM;
    return n;
}

/* Public, and its end is shown. */
static void near_the_end(struct house *h, bool wanted)
{
    h->settings->report.postmortem_draft = wanted;
    house_publish(h);
    house_wait(h, 10 * SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status resolve 1");
}

static void confirm_end(struct house *h)
{
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.2");
}

static const struct record_incident *stored(const struct house *h)
{
    const struct record_incident *r = fake_store_row(&h->store, RECORD_INCIDENT, 1);

    assert_non_null(r);
    return r;
}

static void no_postmortem_by_default(void **state)
{
    struct house *h = *state;

    near_the_end(h, false);
    confirm_end(h);
    assert_int_equal(stored(h)->state, INCIDENT_RESOLVED);
    assert_int_equal(asked(h), 0);
}

static void a_postmortem_is_drafted(void **state)
{
    struct house *h = *state;

    near_the_end(h, true);
    confirm_end(h);
    assert_int_equal(asked(h), 1);
    assert_int_equal(stored(h)->postmortem, POSTMORTEM_STORED);
    has(h->page.postmortem, "Errors for logged-in users\n");
    has(h->page.postmortem, "- Began: 2023-01-17 18:08 UTC\n");
    has(h->page.postmortem, "- Affected: Editing\n");
    has(h->page.postmortem, "- 2023-01-17 18:08 (investigating) People who are logged in");
    has(h->page.postmortem, "- 2023-01-17 18:08 (resolved) This is over.");
    /* nothing of what was not public */
    lacks(h->page.postmortem, "deployer1");
    lacks(h->page.postmortem, "alert1001");
    lacks(h->page.postmortem, "exceptions");
    lacks(h->page.postmortem, "scap");
    lacks(h->page.postmortem, "#ops");
    house_wait_sliced(h, 15 * MINUTE, 10 * SECOND);
    assert_int_equal(stored(h)->live, 0);
    assert_int_equal(asked(h), 1);
}

static void a_postmortem_is_sent_again(void **state)
{
    struct house *h = *state;

    near_the_end(h, true);
    fake_page_script(&h->page, FAKE_APPLY); /* the resolve */
    fake_page_script(&h->page, FAKE_UNSENT);
    fake_page_script(&h->page, FAKE_DOUBT_LOST);
    confirm_end(h);
    assert_int_equal(stored(h)->postmortem, POSTMORTEM_WANTED);
    assert_null(h->page.postmortem);
    house_wait_sliced(h, 20 * SECOND, SECOND);
    assert_int_equal(asked(h), 2);
    house_restart(h, SECOND); /* it is known after a start, too */
    h->settings->report.postmortem_draft = true;
    house_wait_sliced(h, 20 * SECOND, SECOND);
    assert_int_equal(asked(h), 3);
    assert_non_null(h->page.postmortem);
    assert_int_equal(stored(h)->postmortem, POSTMORTEM_STORED);
    house_expect_unsaid(h, HOUSE_OPS, "postmortem");
}

static void a_postmortem_that_is_refused_is_told_once(void **state)
{
    struct house *h = *state;

    near_the_end(h, true);
    fake_page_script(&h->page, FAKE_APPLY);
    fake_page_script(&h->page, FAKE_REFUSE);
    confirm_end(h);
    house_expect_said(h, HOUSE_OPS, "1: the draft of its postmortem could not be stored: ");
    fake_chat_clear(&h->chat);
    house_wait_sliced(h, 2 * HOUR, MINUTE);
    house_expect_unsaid(h, HOUSE_OPS, "postmortem");
    assert_int_equal(asked(h), 1);
    assert_int_equal(stored(h)->live, 0);
}

static void a_postmortem_is_given_up_in_the_end(void **state)
{
    struct house *h = *state;
    int i;

    near_the_end(h, true);
    fake_page_script(&h->page, FAKE_APPLY);
    for (i = 0; i < 50; i++)
        fake_page_script(&h->page, FAKE_DOUBT_LOST);
    confirm_end(h);
    house_wait_sliced(h, 3 * HOUR, MINUTE);
    assert_int_equal(asked(h), 6);
    house_expect_said(h, HOUSE_OPS, "1: the draft of its postmortem could not be stored: ");
    assert_int_equal(stored(h)->postmortem, POSTMORTEM_FAILED);
    assert_int_equal(stored(h)->live, 0);
}

static void a_false_alarm_has_no_postmortem(void **state)
{
    struct house *h = *state;

    h->settings->report.postmortem_draft = true;
    house_publish(h);
    house_wait(h, 10 * SECOND);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status retract 1");
    confirm_end(h);
    assert_int_equal(stored(h)->state, INCIDENT_RESOLVED);
    assert_int_equal(asked(h), 0);
}

/* It was resolved in the admin UI: crier kept it until then, and so it is crier's. */
static void resolved_by_hand_has_one_too(void **state)
{
    struct house *h = *state;

    h->settings->report.postmortem_draft = true;
    house_publish(h);
    house_wait_sliced(h, 30 * SECOND, SECOND);
    fake_page_script(&h->page, FAKE_UNSENT);
    fake_page_post(&h->page, h->page.incident[0].remote_id, STEP_RESOLVED, "Over.");
    house_wait_sliced(h, 2 * MINUTE, SECOND);
    house_expect_said(h, HOUSE_OPS, "1 was resolved on the page by hand");
    assert_int_equal(asked(h), 2);
    assert_non_null(h->page.postmortem);
    assert_int_equal(stored(h)->postmortem, POSTMORTEM_STORED);
    assert_int_equal(stored(h)->live, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recorded_outage_as_wikitext),
        cmocka_unit_test(an_edited_beginning),
        cmocka_unit_test(nothing_was_published),
        cmocka_unit_test(hostile_texts_stay_text),
        cmocka_unit_test(json_comes_back),
        cmocka_unit_test(nothing_happened),
        cmocka_unit_test(the_mark_is_at_the_alert),
        cmocka_unit_test(a_storm_is_folded),
        cmocka_unit_test(timeline_in_chat),
        cmocka_unit_test(a_long_timeline_is_short_in_chat),
        HOUSE_TEST(the_timeline_of_an_open_one),
        HOUSE_TEST(the_lookback_is_kept_verbatim),
        HOUSE_TEST(the_suspects_lines_are_kept),
        HOUSE_TEST(no_postmortem_by_default),
        HOUSE_TEST(a_postmortem_is_drafted),
        HOUSE_TEST(a_postmortem_is_sent_again),
        HOUSE_TEST(a_postmortem_that_is_refused_is_told_once),
        HOUSE_TEST(a_postmortem_is_given_up_in_the_end),
        HOUSE_TEST(a_false_alarm_has_no_postmortem),
        HOUSE_TEST(resolved_by_hand_has_one_too),
        cmocka_unit_test(markdown_at_the_beginning_of_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
