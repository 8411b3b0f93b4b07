/* Who is in the channels: what the server's lines say about the people of the configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "irc_bench.h"
#include "irc_crowd.h"
#include "irc_members.h"

static void add_people(struct settings *s)
{
    s->n_people = 2;
    s->person = calloc(2, sizeof *s->person);
    s->n_sources = 1;
    s->source = calloc(1, sizeof *s->source);
    assert_true(s->person && s->source);
    irc_bench_set_string(&s->person[0].name, "deployer1");
    irc_bench_set_string(&s->person[0].nick, "Dep[1]");
    irc_bench_set_string(&s->person[1].name, "sre1");
    irc_bench_set_string(&s->source[0].name, "alerts");
    s->source[0].accounts.item = calloc(1, sizeof(char *));
    assert_non_null(s->source[0].accounts.item);
    s->source[0].accounts.n = 1;
    irc_bench_set_string(&s->source[0].accounts.item[0], "net/alert-bot");
}

static void ready(struct irc_bench *r)
{
    add_people(r->settings);
    irc_bench_ready(r, "");
}

/* Everything that the sink was told of who is there, and nothing of it is left to read. */
static void expect_told(struct irc_bench *r, const char *lines)
{
    char all[2000] = "", *line, *rest = NULL;
    char *copy;

    irc_bench_barrier(r);
    copy = strdup(buf_str(&r->told));
    assert_non_null(copy);
    for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (!strncmp(line, "present ", 8) || !strncmp(line, "absent ", 7))
            (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s\n", line);
    free(copy);
    assert_string_equal(all, lines);
    buf_clear(&r->told);
}

static void test_lines(void **state)
{
    static const struct {
        const char *line, *told;
    } steps[] = {
        /* marks of rank, the server's idea of case, hosts; strangers are nobody */
        {":irc.test 353 crier = #ops :@dep{1} +stranger crier", "present net/#ops Dep[1]\n"},
        {":irc.test 353 crier @ #ops :~&alert-bot!b@h  sre", "present net/#ops alert-bot\n"},
        {":irc.test 366 crier #ops :End of /NAMES list.", ""},
        {":sre1!u@h JOIN #ops", "present net/#ops sre1\n"},
        {":sre1!u@h JOIN #ops", ""},
        {":sre1!u@h JOIN #elsewhere", ""},
        {":sre1!u@h JOIN #alerts", "present net/#alerts sre1\n"},
        {":stranger!u@h JOIN #ops", ""},
        {":SRE1!u@h PART #OPS :bye", "absent net/#ops sre1\n"},
        {":sre1!u@h PART #ops :bye", ""},
        {":sre1!u@h JOIN :#ops", "present net/#ops sre1\n"},
        {":op!u@h KICK #ops sre1 :out", "absent net/#ops sre1\n"},
        {":sre1!u@h JOIN #ops", "present net/#ops sre1\n"},
        {":sre1!u@h QUIT :gone", "absent net/#ops sre1\nabsent net/#alerts sre1\n"},
        /* what a bouncer says again is no news */
        {"@batch=x :sre1!u@h JOIN #ops", ""},
        /* away under another nick, back from one */
        {":Dep[1]!u@h NICK dep_away", "absent net/#ops Dep[1]\n"},
        {":alert-bot!u@h NICK sre1", "absent net/#ops alert-bot\npresent net/#ops sre1\n"},
        /* a fresh list tells who went unseen */
        {":irc.test 353 crier = #ops :alert-bot", "present net/#ops alert-bot\n"},
        {":irc.test 366 crier #ops :End of /NAMES list.", "absent net/#ops sre1\n"},
        /* nothing that a server may say hurts */
        {":irc.test 353 crier", ""},
        {":irc.test 353 crier = #ops :", ""},
        {":irc.test 353 crier = #ops :~&@%+ @ + !u@h", ""},
        {":irc.test 353 crier = #elsewhere :sre1", ""},
        {":irc.test 366 crier", ""},
    };
    struct irc_bench *r = *state;
    size_t i;

    ready(r);
    buf_clear(&r->told);
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        irc_bench_server(r, "%s", steps[i].line);
        expect_told(r, steps[i].told);
    }
}

/* The list that a server sends behind a JOIN is read, however close it comes. */
static void test_names_behind_join(void **state)
{
    struct irc_bench *r = *state;

    add_people(r->settings);
    irc_bench_start(r);
    irc_bench_registered(r, "");
    irc_bench_welcome(r, "crier");
    (void)irc_bench_sent(r, "JOIN *#ops*");
    irc_bench_server(r, ":crier!crier@bot.example JOIN :#ops\r\n"
                        ":irc.test 353 crier = #ops :crier sre1\r\n"
                        ":irc.test 366 crier #ops :End of /NAMES list.");
    (void)irc_bench_told(r, "joined net/#ops *");
    (void)irc_bench_told(r, "present net/#ops sre1");
}

/* Who takes a known nick may be in the one channel or the other: the server is asked, not often. */
static void test_asks_for_names(void **state)
{
    struct irc_bench *r = *state;

    ready(r);
    irc_bench_server(r, ":stranger!u@h NICK sre1");
    (void)irc_bench_sent(r, "NAMES #ops");
    (void)irc_bench_sent(r, "NAMES #alerts");
    irc_bench_server(r, ":irc.test 353 crier = #ops :sre1");
    (void)irc_bench_told(r, "present net/#ops sre1");
    irc_bench_server(r, ":sre1!u@h NICK stranger");
    (void)irc_bench_told(r, "absent net/#ops sre1");
    irc_bench_server(r, ":stranger!u@h NICK sre1");
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->in), "NAMES"));
    r->ahead_ms += 31000;
    (void)irc_bench_sent(r, "NAMES #ops");
}

/* Being thrown out is told as such; afterwards everybody is told anew. */
static void test_rejoin(void **state)
{
    struct irc_bench *r = *state;

    ready(r);
    irc_bench_server(r, ":irc.test 353 crier = #ops :sre1");
    (void)irc_bench_told(r, "present net/#ops sre1");
    irc_bench_server(r, ":op!u@h KICK #ops crier :out");
    (void)irc_bench_told(r, "left net/#ops *");
    irc_bench_server(r, ":sre1!u@h PART #ops"); /* not seen by who is not there */
    expect_told(r, "");
    r->ahead_ms += 3000;
    (void)irc_bench_sent(r, "JOIN *#ops*");
    irc_bench_server(r, ":crier!crier@bot.example JOIN :#ops");
    irc_bench_server(r, ":irc.test 353 crier = #ops :sre1");
    (void)irc_bench_told(r, "present net/#ops sre1");
}

/* With other people the channels are asked for anew. */
static void test_reload(void **state)
{
    struct irc_bench *r = *state;

    ready(r);
    irc_bench_server(r, ":irc.test 353 crier = #ops :sre2 sre1");
    (void)irc_bench_told(r, "present net/#ops sre1");
    irc_bench_set_string(&r->settings->person[1].name, "sre2");
    assert_int_equal(irc_reload(r->irc, r->settings), 0);
    (void)irc_bench_sent(r, "NAMES #ops");
    irc_bench_server(r, ":irc.test 353 crier = #ops :sre2 sre1");
    expect_told(r, "present net/#ops sre2\n");
}

/* Whoever is not in the channel is told from those who are, once it is known who is, unless the
 * server itself keeps everybody else out. */
static void test_outside(void **state)
{
    static const struct {
        const char *line;
        bool outside;
    } steps[] = {
        {":sre1!u@h PRIVMSG #ops :!status", false}, /* nobody knows yet */
        {":irc.test 353 crier = #ops :crier @Boss[1]", false},
        {":irc.test 353 crier = #ops :+late!u@h", false},
        {":sre1!u@h PRIVMSG #ops :!status", false},
        {":irc.test 366 crier #ops :End", false},
        {":boss{1}!u@h PRIVMSG #ops :!status", false},
        {":late!u@h PRIVMSG #ops :!status", false},
        {":sre1!u@h PRIVMSG #ops :!status", true},
        {":sre1!u@h PRIVMSG #ops :hello", true},
        {":sre1!u@h PRIVMSG crier :!status", false},
        {":sre1!u@h JOIN #alerts", false},
        {":sre1!u@h PRIVMSG #ops :!status", true},
        {":sre1!u@h JOIN #ops", false},
        {":sre1!u@h PRIVMSG #OPS :!status", false},
        {":sre1!u@h NICK sre2", false},
        {":sre1!u@h PRIVMSG #ops :!status", true},
        {":sre2!u@h PRIVMSG #ops :!status", false},
        {":sre2!u@h PART #ops", false},
        {":sre2!u@h PRIVMSG #ops :!status", true},
        {":late!u@h QUIT :bye", false},
        {":late!u@h PRIVMSG #ops :!status", true},
        {":op!u@h KICK #ops Boss[1] :out", false},
        {":boss[1]!u@h PRIVMSG #ops :!status", true},
        /* mode n keeps them out; another mode does not, nor does it in another channel */
        {":op!u@h MODE #ops +mt", false},
        {":op!u@h MODE #alerts +n", false},
        {":late!u@h PRIVMSG #ops :!status", true},
        {":irc.test MODE #ops +s-m+n", false},
        {":late!u@h PRIVMSG #ops :!status", false},
        {":op!u@h MODE #ops -n", false},
        {":late!u@h PRIVMSG #ops :!status", true},
        {":irc.test 324 crier #ops +nt", false},
        {":late!u@h PRIVMSG #ops :!status", false},
        {":irc.test 324 crier #ops +t", false},
        {":late!u@h PRIVMSG #ops :!status", true},
        /* history tells nothing of now */
        {"@batch=x :op!u@h MODE #ops +n", false},
        {"@batch=x :late!u@h JOIN #ops", false},
        {":late!u@h PRIVMSG #ops :!status", true},
        /* nothing that a server may say hurts */
        {":irc.test 324 crier", false},
        {":irc.test MODE", false},
        {":irc.test 366 crier #ops :End", false},
        {":late!u@h PRIVMSG #ops :!status", true},
    };
    struct irc_bench *r = *state;
    size_t i;

    add_people(r->settings);
    irc_bench_ready(r, "account-tag");
    irc_bench_barrier(r);
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        buf_clear(&r->told);
        irc_bench_server(r, "%s", steps[i].line);
        irc_bench_barrier(r);
        if ((strstr(buf_str(&r->told), " outside:") != NULL) != steps[i].outside)
            fail_msg("%s: %s", steps[i].line, buf_str(&r->told));
    }
}

/* A list whose beginning was not taken is none, and what crier may have missed is asked for. */
static void test_outside_asks(void **state)
{
    struct irc_bench *r = *state;

    add_people(r->settings);
    irc_bench_ready(r, "account-tag");
    irc_bench_server(r, ":irc.test 353 crier = #ops :crier");
    irc_bench_server(r, ":irc.test 366 crier #ops :End");
    irc_bench_barrier(r);
    r->ahead_ms += 31000;
    irc_bench_server(r, ":late!u@h PRIVMSG #ops :!status\r\n:irc.test 353 crier = #ops :late\r\n"
                        ":irc.test 366 crier #ops :End");
    (void)irc_bench_told(r, "heard * outside: *");
    (void)irc_bench_sent(r, "NAMES #ops");
    (void)irc_bench_sent(r, "MODE #ops");
    irc_bench_server(r, ":late!u@h PRIVMSG #ops :!status");
    (void)irc_bench_told(r, "heard * outside: *");
    irc_bench_server(r, ":irc.test 353 crier = #ops :crier late");
    irc_bench_server(r, ":irc.test 366 crier #ops :End");
    irc_bench_server(r, ":late!u@h PRIVMSG #ops :!status");
    (void)irc_bench_told(r, "heard net/#ops <late!u@h> account=- id=0 obey: !status");
}

static void test_members(void **state)
{
    struct irc_members m = {.known = false};
    struct irc_support support;
    char nick[64];
    int i;

    (void)state;
    irc_support_init(&support);
    for (i = 0; i < 3000; i++) {
        (void)snprintf(nick, sizeof nick, "@nick%d  +Nick%d!u@h", i, i);
        assert_int_equal(irc_members_names(&m, &support, nick), 0);
        assert_false(irc_members_lacks(&m, &support, "stranger"));
    }
    assert_int_equal(irc_members_move(&m, &support, "came", true), 0);
    assert_int_equal(irc_members_move(&m, &support, "nick7", false), 0);
    irc_members_names_end(&m);
    assert_int_equal(m.now.n, 3000); /* each once */
    assert_true(irc_members_lacks(&m, &support, "stranger"));
    assert_true(irc_members_lacks(&m, &support, "nick7"));
    assert_false(irc_members_lacks(&m, &support, "CAME"));
    assert_false(irc_members_lacks(&m, &support, "nick2999"));
    for (i = 0; i < 3000; i++) {
        (void)snprintf(nick, sizeof nick, "NICK%d", i);
        assert_int_equal(irc_members_move(&m, &support, nick, false), 0);
        assert_true(irc_members_lacks(&m, &support, nick));
    }
    assert_int_equal(m.now.n, 1);
    assert_int_equal(irc_members_rename(&m, &support, "who", "came"), 0);
    assert_int_equal(irc_members_rename(&m, &support, "came", "went"), 0);
    assert_true(irc_members_lacks(&m, &support, "came"));
    assert_false(irc_members_lacks(&m, &support, "went"));
    for (i = 0; i < IRC_MEMBERS_MAX; i++) {
        (void)snprintf(nick, sizeof nick, "n%d", i);
        assert_int_equal(irc_members_names(&m, &support, nick), 0);
    }
    assert_int_equal(irc_members_names(&m, &support, "one-more"), CRIER_ELIMIT);
    assert_false(irc_members_lacks(&m, &support, "stranger")); /* not known any more */
    irc_members_forget(&m);
}

static void test_list(void **state)
{
    struct settings *s = irc_bench_make_settings(1);
    struct string_list list;

    (void)state;
    add_people(s);
    assert_int_equal(irc_crowd_list(s, &list), 0);
    assert_int_equal(list.n, 3);
    assert_string_equal(list.item[0], "Dep[1]");
    assert_string_equal(list.item[1], "sre1");
    assert_string_equal(list.item[2], "alert-bot");
    irc_crowd_list_finish(&list);
    settings_destroy(s);
}

#define BENCH(f) cmocka_unit_test_setup_teardown(f, irc_bench_setup, irc_bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH(test_lines),
        BENCH(test_names_behind_join),
        BENCH(test_asks_for_names),
        BENCH(test_rejoin),
        BENCH(test_reload),
        cmocka_unit_test(test_list),
        BENCH(test_outside),
        BENCH(test_outside_asks),
        cmocka_unit_test(test_members),
    };

    return cmocka_run_group_tests_name("irc_presence", tests, NULL, NULL);
}
