/*
 * Hostile texts in all that comes from outside, and all that goes out: chat, log, page, reports,
 * board, pictures. Nothing passes from one side into the commands of another.
 */
#include <fcntl.h>
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

#include "board.h"
#include "buf.h"
#include "chronicle.h"
#include "house.h"
#include "log.h"
#include "report.h"
#include "utf8.h"

enum { OUT_BYTES = 8 << 20, LOG_BYTES = 1 << 20 };

/* The part that shows in whatever is made of it. */
#define WORD "zqx"

static const char *const hostile[] = {
    WORD "\r\nPRIVMSG #ops :" WORD,
    WORD "\nQUIT :" WORD "\naudit confirm 9.9 by " WORD,
    "\x02" WORD "\x03"
    "04,12" WORD "\x0f\x1f",
    "\x1b]0;" WORD "\x07\x1b[2J\x1b[31m" WORD,
    "\xc2\x9b"
    "31m" WORD "\xc2\x85" WORD,
    "\xe2\x80\xae" WORD "\xe2\x81\xa6" WORD "\xd8\x9c",
    "z\xe2\x80\x8bqx\xef\xbb\xbf" WORD "\xf3\xa0\x80\xa1",
    WORD "\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
    WORD "\xff\xc0\x80\xed\xa0\x80" WORD,
    "<script>" WORD "</script><" WORD " onload=x>",
    "\"><" WORD " src='x'>&" WORD ";",
    "' onmouseover='" WORD "' \" onfocus=\"" WORD,
    "]]><!-- --><![CDATA[" WORD "]]>",
    "[[" WORD "|" WORD "]] {{" WORD "}} [http://" WORD " " WORD "]",
    "'''" WORD "''' ==" WORD "== |- |} ~~~~ __NOTOC__",
    "</nowiki>[[" WORD "]]<nowiki> <nowiki/>{{" WORD,
    "</code><" WORD "> <pre>" WORD,
    "* " WORD,
    "# " WORD,
    ": " WORD,
    "; " WORD,
    "|" WORD,
    "!" WORD,
    "{|" WORD,
    "----" WORD,
    "[" WORD "](http://" WORD ") ![" WORD "](x) **" WORD "** _" WORD "_ ~~" WORD "~~",
    "`" WORD "` ``" WORD " \\`" WORD,
    "1. " WORD,
    "- " WORD,
    "+ " WORD,
    "> " WORD,
    "|" WORD "|\n|---|",
    "{\"" WORD "\": 1, \"x\": \"\\u0000\"}",
    "\\\", \"" WORD "\": \"",
    "{components} {since} " WORD,
    "!status confirm 1.1 " WORD,
    "!status discard 1 " WORD,
    "%s%n%s%n " WORD,
    "$(" WORD ") `" WORD "`; " WORD,
};

enum { HOSTILE = sizeof hostile / sizeof hostile[0] };

/* ---- looking --------------------------------------------------------------------------------- */

/* Plain text in lines, or one line: nothing that a terminal or a client would obey. */
static void assert_plain(const char *where, const char *text, size_t n, bool lines)
{
    size_t i, len;

    for (i = 0; i < n; i += len) {
        uint32_t c;

        len = utf8_char_bytes(text + i);
        if (!len)
            fail_msg("%s: not UTF-8, or a NUL, at %zu", where, i);
        c = utf8_decode(text + i);
        if (c == '\n' && lines)
            continue;
        if (utf8_is_unsafe(c) || (c != ' ' && utf8_is_space(c)))
            fail_msg("%s: U+%04X in: %.200s", where, (unsigned)c, text + (i > 50 ? i - 50 : 0));
    }
}

static void assert_none(const char *where, const char *text, const char *const *bad, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const char *at = strstr(text, bad[i]);

        if (at)
            fail_msg("%s: %s in: %.120s", where, bad[i], at);
    }
}

/* Neither a tag nor an attribute begins with a foreign word. */
static void assert_html(const char *where, const struct buf *b)
{
    static const char *const bad[] = {"<" WORD,          "\"" WORD,    "'" WORD, "<script",
                                      "javascript:",     " onload=x>", "='x'",   "&" WORD,
                                      "onfocus=\"" WORD, "<!-- --><!", "<pre",   "<nowiki"};

    assert_int_equal(buf_error(b), 0);
    assert_plain(where, buf_str(b), b->len, true);
    assert_none(where, buf_str(b), bad, sizeof bad / sizeof bad[0]);
    assert_non_null(strstr(buf_str(b), WORD));
}

/* What stands outside of <nowiki>: that is what MediaWiki obeys. */
static void assert_wikitext(const struct buf *b)
{
    static const char open[] = "<nowiki>", close[] = "</nowiki>";
    static const char *const bad[] = {"[" WORD, "{" WORD,  "|" WORD,  "'" WORD,  "=" WORD,
                                      "<" WORD, "~" WORD,  "*" WORD,  "#" WORD,  ":" WORD,
                                      ";" WORD, "!" WORD,  "~~~",     "[[" WORD, "//" WORD,
                                      "__NO",   "<script", "\n" WORD, "-" WORD};
    const char *p = buf_str(b);
    struct buf outside;
    size_t nowikis = 0;

    assert_plain("wikitext", p, b->len, true);
    buf_init(&outside, OUT_BYTES);
    while (*p) {
        const char *at = strstr(p, open), *end = at ? strstr(at, close) : NULL;

        buf_add(&outside, p, at ? (size_t)(at - p) : strlen(p));
        if (!at)
            break;
        assert_non_null(end);
        nowikis++;
        /* nothing in there can end it, and it is in one line */
        if (memchr(at + strlen(open), '<', (size_t)(end - at) - strlen(open)) ||
            memchr(at, '\n', (size_t)(end - at)))
            fail_msg("wikitext: %.200s", at);
        p = end + strlen(close);
    }
    assert_true(nowikis > 0);
    assert_null(strstr(buf_str(&outside), close));
    assert_none("wikitext", buf_str(&outside), bad, sizeof bad / sizeof bad[0]);
    buf_finish(&outside);
}

/* The length of the code span that begins at p with its backticks, in one line; 0: none. */
static size_t code_span(const char *p)
{
    size_t ticks = strspn(p, "`"), i = ticks, run;

    while (ticks && p[i] && p[i] != '\n') {
        run = strspn(p + i, "`");
        if (run == ticks)
            return i + run;
        i += run ? run : 1;
    }
    return 0;
}

/* Outside of code, what begins markup before a foreign word is taken by a backslash. */
static void assert_markdown(const struct buf *b)
{
    static const char marks[] = "[]<{`*_|#~(!";
    const char *p = buf_str(b), *line = p;
    bool taken = false;

    assert_plain("markdown", p, b->len, true);
    for (; *p; p++) {
        size_t code = taken ? 0 : code_span(p);

        if (code) {
            p += code - 1;
            continue;
        }
        if (*p == '\n')
            line = p + 1;
        if (p > line && !strncmp(p, WORD, 3) && strchr(marks, p[-1]) &&
            (p - line < 2 || p[-2] != '\\'))
            fail_msg("markdown: %.100s", p - (p - line < 20 ? p - line : 20));
        if (!taken && *p == '<' && strncmp(p, "<https://status.example.org", 27) != 0)
            fail_msg("markdown: %.100s", p);
        taken = !taken && *p == '\\';
    }
}

static void assert_json(const struct buf *b)
{
    json_error_t error;
    json_t *root = json_loadb(buf_str(b), b->len, JSON_REJECT_DUPLICATES, &error);

    if (!root)
        fail_msg("JSON: %s", error.text);
    json_decref(root);
    assert_plain("JSON", buf_str(b), b->len, true);
}

/* ---- one outage, all of whose texts are hostile ---------------------------------------------- */

static void say_with(struct house *h, const char *nick, const char *account, const char *before,
                     const char *text)
{
    char line[800];

    (void)snprintf(line, sizeof line, "%s%s", before, text);
    house_say(h, HOUSE_OPS, nick, account, line);
}

static void put_in(struct house *h, const char *bad)
{
    char nick[400], clean[400], line[1600];
    struct page_answer refused = {.result = PAGE_UNSENT, .http_status = 503, .error = clean};
    size_t i, n;

    (void)utf8_clean(bad, strlen(bad), clean);
    for (i = 0, n = 0; clean[i]; i++) /* what no server lets into a nick */
        if (!strchr(" !@:,*?.#&+%$~", clean[i]))
            nick[n++] = clean[i];
    nick[n] = '\0';
    say_with(h, "icinga-wm", "=", "PROBLEM - MediaWiki exceptions and fatals per minute for ", bad);
    (void)snprintf(line, sizeof line, "PROBLEM - MediaWiki exceptions %s on %s is CRITICAL: %s",
                   bad, bad, bad);
    house_say(h, HOUSE_OPS, nick, "icinga-wm", line);
    (void)snprintf(line, sizeof line, "(FrontendUnavailable) firing: %s #page", bad);
    house_say(h, HOUSE_OPS, "jinxer-wm", "=", line);
    (void)snprintf(line, sizeof line, "!log %s@%s Started scap: Backport for [[gerrit:1|%s]]", bad,
                   bad, bad);
    house_deploy(h, line);
    (void)snprintf(line, sizeof line, "!log deployer1@deploy1002 Started scap: %s", bad);
    house_deploy(h, line);
    say_with(h, nick, NULL, "!log ", bad);
    say_with(h, nick, "=", "!status open ", bad); /* refused: an account that is not listed */
    say_with(h, nick, clean, "!status confirm 1.1 ", "");
    say_with(h, "deployer1", "=", "!status note 1 ", bad);
    for (i = 0; i < 2; i++) { /* what looks internal is insisted on */
        say_with(h, "deployer1", "=", "!status edit 1 title ", bad);
        say_with(h, "deployer1", "=", "!status edit 1 body ", bad);
        say_with(h, "deployer1", "=", "!status edit 1 impact ", bad);
        say_with(h, "deployer1", "=", "!status edit 1 components ", bad);
        say_with(h, "deployer1", "=", "!status maintenance 2h Search: ", bad);
    }
    (void)fake_page_by_hand(&h->page, clean, STEP_INVESTIGATING, IMPACT_MINOR);
    h->page_answers = false;
    say_with(h, "deployer1", "=", "!status confirm 1.", "1");
    for (i = 0; i < h->page.n; i++)
        if (!h->page.request[i].answered && h->page.request[i].req.op <= PAGE_CORRECT) {
            fake_page_answer_with(&h->page, i, &refused);
            break;
        }
    house_wait_sliced(h, 2 * MINUTE, 20 * SECOND);
    h->page_answers = true;
    house_wait_sliced(h, 5 * MINUTE, 30 * SECOND);
    say_with(h, "deployer2", "=", "!status", "");
    say_with(h, "deployer2", "=", "!status show 1", "");
    say_with(h, "deployer2", "=", "!status timeline 1", "");
    say_with(h, "deployer2", "=", "!status adopt 2", "");
    house_wait(h, MINUTE);
}

/* The rows of incident 1, as the store has them. */
static void take(const struct house *h, struct chronicle *c)
{
    static const enum record_table tables[] = {RECORD_INCIDENT, RECORD_REVISION, RECORD_OUTBOX,
                                               RECORD_TIMELINE};
    int64_t id;
    size_t i;

    chronicle_init(c);
    for (i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (id = 1; id < 3000; id++) {
            const void *row = fake_store_row(&h->store, tables[i], id);
            const struct record_incident *inc = row;
            const struct record_revision *rev = row;
            const struct record_outbox *o = row;
            const struct record_timeline *t = row;

            if (!row || (tables[i] == RECORD_INCIDENT && inc->id != 1) ||
                (tables[i] == RECORD_REVISION && rev->incident != 1) ||
                (tables[i] == RECORD_OUTBOX && o->incident != 1) ||
                (tables[i] == RECORD_TIMELINE && t->incident != 1))
                continue;
            assert_int_equal(chronicle_take(c, tables[i], row), 0);
        }
    chronicle_sort(c);
}

/* ---- what goes out --------------------------------------------------------------------------- */

/* Everything that the program says on stderr meanwhile. */
struct ear {
    FILE *file;
    int kept;
};

static void listen(struct ear *e)
{
    e->file = tmpfile();
    assert_non_null(e->file);
    (void)fflush(stderr);
    e->kept = dup(STDERR_FILENO);
    assert_true(e->kept >= 0);
    assert_true(dup2(fileno(e->file), STDERR_FILENO) >= 0);
}

/* @return what was said, the caller's to free(). */
static char *heard(struct ear *e, size_t *ret_n)
{
    char *text = calloc(1, LOG_BYTES + 1);

    assert_non_null(text);
    (void)fflush(stderr);
    assert_true(dup2(e->kept, STDERR_FILENO) >= 0);
    (void)close(e->kept);
    rewind(e->file);
    *ret_n = fread(text, 1, LOG_BYTES, e->file);
    (void)fclose(e->file);
    return text;
}

static void look_at_chat(const struct house *h)
{
    size_t i;

    assert_true(h->chat.n > 5);
    for (i = 0; i < h->chat.n; i++) {
        const char *text = h->chat.line[i].text;

        assert_plain("chat", text, strlen(text), false);
        if (!strncmp(text, "!status", 7)) /* crier would be obeyed by another bot */
            fail_msg("chat: %s", text);
        assert_plain("place", h->chat.line[i].place, strlen(h->chat.line[i].place), false);
    }
}

static void look_at_page(const struct house *h)
{
    size_t i;

    for (i = 0; i < h->page.n; i++) {
        const struct page_request *req = &h->page.request[i].req;
        const char *const texts[] = {req->title, req->body};
        size_t k;

        for (k = 0; k < 2; k++) {
            if (!texts[k] || req->op == PAGE_POSTMORTEM)
                continue;
            assert_plain("page", texts[k], strlen(texts[k]), false);
            if (strpbrk(texts[k], "<>{}`\\"))
                fail_msg("page: %s", texts[k]);
        }
    }
}

static void look_at_reports(const struct house *h)
{
    struct board_view view = {.now_wall_ms = h->now.wall_ms, .prefix = "!status"};
    enum report_format format;
    struct chronicle c;
    struct buf b;

    take(h, &c);
    buf_init(&b, OUT_BYTES);
    for (format = REPORT_WIKITEXT; format <= REPORT_SVG; format++) {
        buf_clear(&b);
        assert_int_equal(report_write(&b, &c, h->settings, format, h->now.wall_ms), 0);
        switch (format) {
        case REPORT_WIKITEXT:
            assert_wikitext(&b);
            break;
        case REPORT_MARKDOWN:
            assert_markdown(&b);
            break;
        case REPORT_JSON:
            assert_json(&b);
            break;
        case REPORT_SVG:
            assert_plain("SVG", buf_str(&b), b.len, true);
            break;
        }
    }
    buf_clear(&b);
    board_home(&b, &view, &c, 1, &c, 1);
    board_incident(&b, &view, &c);
    board_message(&b, &view, c.incident.reasons, c.incident.reasons);
    assert_html("board", &b);
    buf_finish(&b);
    chronicle_finish(&c);
}

static void no_text_becomes_a_command_of_another_side(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < HOSTILE; i++) {
        struct house h;
        struct ear ear;
        size_t n;
        char *log;

        house_init(&h, HOUSE_CFG);
        listen(&ear);
        house_draft(&h);
        put_in(&h, hostile[i]);
        log = heard(&ear, &n);
        assert_true(n > 0);
        assert_plain("log", log, n, true);
        if (strstr(log, "\naudit confirm 9.9") || strstr(log, "\nQUIT") || strstr(log, "\nPRIVMSG"))
            fail_msg("log: %s", log);
        free(log);
        look_at_chat(&h);
        look_at_page(&h);
        look_at_reports(&h);
        house_finish(&h);
    }
}

/* Whoever forgets to quote what is foreign still writes one line, and nothing that is obeyed. */
static void log_is_one_plain_line_each(void **state)
{
    size_t i, n, lines;

    (void)state;
    for (i = 0; i < HOSTILE; i++) {
        struct ear ear;
        char *log, *p;

        listen(&ear);
        log_warnx("test", "%s", hostile[i]);
        log_audit("%s and %s", hostile[i], hostile[i]);
        log = heard(&ear, &n);
        assert_plain("log", log, n, true);
        for (p = log, lines = 0; *p; p++)
            lines += *p == '\n';
        assert_int_equal(lines, 2);
        free(log);
    }
}

/* These looks see what they look for. */
static void hostile_texts_are_hostile(void **state)
{
    size_t i, unsafe = 0;
    char clean[400];

    (void)state;
    for (i = 0; i < HOSTILE; i++) {
        assert_true(strlen(hostile[i]) < sizeof clean / 4);
        (void)utf8_clean(hostile[i], strlen(hostile[i]), clean);
        unsafe += strcmp(clean, hostile[i]) != 0;
        assert_plain("clean", clean, strlen(clean), false);
    }
    assert_true(unsafe >= 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_texts_are_hostile),
        cmocka_unit_test(no_text_becomes_a_command_of_another_side),
        cmocka_unit_test(log_is_one_plain_line_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
