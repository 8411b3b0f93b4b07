/* People on the network who want to be taken for others, or crier to be busy with them alone; and
 * servers whose clocks are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "irc_bench.h"
#include "when.h"

enum { AFTER_JOIN_MS = 11000 };

/* What is cleaned for display must not become somebody else's name on the way. */
static void test_name_that_had_to_be_cleaned_is_nobodys(void **state)
{
    static const char *const prefixes[] = {
        "al\xe2\x80\xae!u@h",    /* al, right-to-left override */
        "a\xe2\x80\x8bl!u@h",    /* zero-width space */
        "al!u\xe2\x80\x8b@h",    /* in the user */
        "al!u@h\xef\xbb\xbf",    /* in the host */
        "al!u@cloak/al\xc2\xad", /* soft hyphen */
        "\377al!u@h",            /* malformed: shown as ? */
    };
    struct irc_bench *r = *state;
    size_t i;

    irc_bench_ready(r, "");
    r->ahead_ms += AFTER_JOIN_MS;
    for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const char *line;

        irc_bench_server(r, ":%s PRIVMSG #ops :!status confirm %zu", prefixes[i], i);
        irc_bench_barrier(r);
        assert_null(strstr(buf_str(&r->in), "WHOIS"));
        line = irc_bench_told(r, "heard *: !status confirm *");
        if (!strstr(line, "!> account=- id=2"))
            fail_msg("%s", line);
    }
    irc_bench_server(r, ":al\xe2\x80\xae!u@h PRIVMSG crier :!status who");
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->told), "who")); /* the answer would go to al */
    /* An honest name of other letters is none of these. */
    irc_bench_server(r, ":\xc3\xa9va!u@h PRIVMSG #ops :!status confirm 9");
    (void)irc_bench_sent(r, "WHOIS \xc3\xa9va");
}

/* Ten people whose WHOIS is never answered, and then the answers come. */
static void test_late_answers_of_many_are_remembered(void **state)
{
    struct irc_bench *r = *state;
    int i;

    irc_bench_ready(r, "");
    r->ahead_ms += AFTER_JOIN_MS;
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :!status confirm 1");
    (void)irc_bench_sent(r, "WHOIS al");
    r->ahead_ms += 10500;
    (void)irc_bench_told(r, "heard *id=2*: !status confirm 1");
    for (i = 0; i < 12; i++) {
        irc_bench_server(r, ":n%d!u@h PRIVMSG #ops :!status confirm 2", i);
        if (i % 4 != 3)
            continue;
        (void)irc_bench_sent(r, "WHOIS n*");
        (void)irc_bench_sent(r, "WHOIS n*");
        (void)irc_bench_sent(r, "WHOIS n*");
        (void)irc_bench_sent(r, "WHOIS n*");
        r->ahead_ms += 10500;
        (void)irc_bench_told(r, "heard *id=2*: !status confirm 2");
        irc_bench_barrier(r);
    }
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :!status confirm 3");
    (void)irc_bench_sent(r, "WHOIS al");
    /* To the first: the account that al had at that time. */
    irc_bench_server(r, ":irc.test 311 crier al u h * :Al");
    irc_bench_server(r, ":irc.test 330 crier al before :is logged in as");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    irc_bench_server(r, ":irc.test 311 crier al u h * :Al");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)irc_bench_told(r, "heard *<al!u@h> account=- id=0*: !status confirm 3");
}

/* Strangers who keep asking have each of them looked up, but crier still speaks in between. */
static void test_strangers_do_not_take_all_of_the_flood_limit(void **state)
{
    struct irc_bench *r = *state;
    int stranger = 0, lookups = 0, answers = 0;
    int64_t until;

    r->settings->network[0].flood_burst_lines = 1;
    irc_bench_ready(r, "");
    r->ahead_ms += AFTER_JOIN_MS;
    until = r->wait.now(r->wait.ctx).boot_ms + IRC_BENCH_PATIENCE_MS;
    assert_int_equal(irc_bench_say(r, "net/#ops", "answer 1", SAY_ANSWER, 0, 0), 0);
    assert_int_equal(irc_bench_say(r, "net/#ops", "answer 2", SAY_ANSWER, 0, 0), 0);
    assert_int_equal(irc_bench_say(r, "net/#ops", "answer 3", SAY_ANSWER, 0, 0), 0);
    while (answers < 3 && lookups < 40) {
        char *lf;

        for (; stranger < lookups + 6; stranger++)
            irc_bench_server(r, ":s%d!u@h PRIVMSG #ops :!status", stranger);
        irc_bench_turn(r);
        r->ahead_ms += 300;
        while ((lf = r->in.len ? memchr(r->in.data, '\n', r->in.len) : NULL)) {
            char line[600], nick[32];

            (void)snprintf(line, sizeof line, "%.*s", (int)(lf - r->in.data), r->in.data);
            buf_shift(&r->in, (size_t)(lf - r->in.data) + 1);
            answers += !strncmp(line, "PRIVMSG #ops :answer", 20);
            if (sscanf(line, "WHOIS %31s", nick) == 1) {
                lookups++;
                irc_bench_server(r, ":irc.test 318 crier %s :End of /WHOIS list.", nick);
            }
        }
        assert_true(r->wait.now(r->wait.ctx).boot_ms < until);
    }
    assert_int_equal(answers, 3);
    assert_in_range(lookups, 2, 10); /* and theirs in between */
}

/* Nobody says anything in the future: deadlines and public words count from these times. */
static void test_time_of_a_line_is_never_ahead_of_ours(void **state)
{
    struct irc_bench *r = *state;
    char soon[WHEN_BYTES];
    int64_t now_ms;

    irc_bench_ready(r, "account-tag server-time");
    irc_bench_server(r, "@time=2099-01-01T00:00:00.000Z;account=al :al!u@h PRIVMSG #ops :in 2099");
    (void)irc_bench_told(r, "heard *: in 2099");
    now_ms = r->wait.now(r->wait.ctx).wall_ms + r->ahead_ms;
    assert_true(r->heard_wall_ms <= now_ms);
    assert_true(r->heard_wall_ms > now_ms - IRC_BENCH_PATIENCE_MS);
    irc_bench_stamp(r, -20000, soon, sizeof soon);
    irc_bench_server(r, "@time=%s;account=al :al!u@h PRIVMSG #ops :in 20 s", soon);
    (void)irc_bench_told(r, "heard *: in 20 s");
    assert_true(r->heard_wall_ms <= r->wait.now(r->wait.ctx).wall_ms + r->ahead_ms);
}

/* A bouncer without server-time says what was said in private while we were away. */
static void test_private_backlog_is_not_obeyed(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_start(r);
    irc_bench_registered(r, "account-tag");
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG crier :!status confirm 1");
    (void)irc_bench_told(r, "heard net/al <al!u@h> account=al id=1 private: !status confirm 1");
    r->ahead_ms += AFTER_JOIN_MS;
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG crier :!status confirm 2");
    (void)irc_bench_told(r, "heard * private obey: !status confirm 2");
}

/* Where lines are not echoed, these numerics are the only sign that a line was thrown away. */
static void test_every_refusal_is_heard(void **state)
{
    static const struct {
        const char *answer;
        const char *target;
    } rows[] = {
        {"404 crier #ops :Cannot send to channel", "#ops"},
        {"439 crier #ops :Target change too fast", "#ops"},
        {"439 crier al :Target change too fast", "al"},
        {"707 crier al :Targets changing too fast, message dropped", "al"},
        {"936 crier #ops word :Your message contained a censored word", "#ops"},
    };
    struct irc_bench *r = *state;
    size_t i;

    irc_bench_ready(r, "");
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char place[32], ping[64];

        (void)snprintf(place, sizeof place, "net/%s", rows[i].target);
        assert_int_equal(irc_bench_say(r, place, "draft", SAY_PROMPT, 100 + i, 0), 0);
        (void)irc_bench_sent(r, "PRIVMSG *:draft");
        (void)snprintf(ping, sizeof ping, "%s", irc_bench_sent(r, "PING :crier-*"));
        irc_bench_server(r, ":irc.test %s", rows[i].answer);
        irc_bench_server(r, ":irc.test PONG irc.test :%s", ping + strlen("PING :"));
        if (strncmp(irc_bench_told(r, "*shown 10*"), "unshown", 7))
            fail_msg("%s", rows[i].answer);
        r->ahead_ms += 5000;
    }
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, irc_bench_setup, irc_bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_name_that_had_to_be_cleaned_is_nobodys),
        RIGGED(test_late_answers_of_many_are_remembered),
        RIGGED(test_strangers_do_not_take_all_of_the_flood_limit),
        RIGGED(test_time_of_a_line_is_never_ahead_of_ours),
        RIGGED(test_private_backlog_is_not_obeyed),
        RIGGED(test_every_refusal_is_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
