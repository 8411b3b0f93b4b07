/* A server that turns against crier: it may say anything, as often as it likes. Nothing of it is
 * obeyed, and what crier keeps of it does not grow. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "irc_bench.h"

enum { AFTER_JOIN_MS = 11000, MANY = 4000, BLOCK = 200, GROWTH_BYTES = 2 << 20 };

/* Of the address sanitizer; elsewhere the C library knows. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

static size_t memory(void)
{
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
                                                   : mallinfo2().uordblks;
}

/* The answer to a WHOIS comes when crier has lost its own login: by then nobody is obeyed. */
static void test_login_lost_while_a_command_waits_for_its_whois(void **state)
{
    struct irc_bench *r = *state;
    struct network_settings *n = &r->settings->network[0];

    n->sasl = SASL_PLAIN;
    n->sasl_without_tls_is_dangerous = true;
    irc_bench_set_string(&n->sasl_account, "crier");
    irc_bench_set_string(&n->sasl_password_env, "CRIER_TEST_SECRET");
    assert_int_equal(setenv("CRIER_TEST_SECRET", "hunter2", 1), 0);
    irc_bench_start(r);
    (void)irc_bench_sent(r, "CAP LS 302");
    irc_bench_server(r, ":irc.test CAP * LS :sasl=PLAIN");
    (void)irc_bench_sent(r, "CAP REQ :sasl");
    irc_bench_server(r, ":irc.test CAP * ACK :sasl");
    (void)irc_bench_sent(r, "AUTHENTICATE PLAIN");
    irc_bench_server(r, ":irc.test 900 crier crier!u@h crier :You are now logged in as crier");
    irc_bench_server(r, ":irc.test 903 crier :SASL authentication successful");
    irc_bench_welcome(r, "crier");
    irc_bench_let_join(r, "crier");
    r->ahead_ms += AFTER_JOIN_MS;
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :!status confirm 1");
    (void)irc_bench_sent(r, "WHOIS al");
    irc_bench_server(r, ":irc.test 901 crier crier!u@h :You are now logged out");
    irc_bench_server(r, ":irc.test 311 crier al u h * :Al");
    irc_bench_server(r, ":irc.test 330 crier al al :is logged in as");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)irc_bench_told(r, "heard * account=al id=1: !status confirm 1"); /* no "obey" */
}

/* ---- floods ---------------------------------------------------------------------------------- */

struct flood {
    const char *name;
    const char *line; /* of the server; %u is its number where it has one */
    bool before_registration;
};

static const struct flood floods[] = {
    {"a list of capabilities without an end", ":irc.test CAP * LS * :cap%u account-tag", true},
    {"new capabilities for ever", ":irc.test CAP crier NEW :x%u=y%u", false},
    {"ISUPPORT for ever",
     ":irc.test 005 crier A%u="
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     " CHANTYPES=#&!+#&!+#&!+#&!+#&!+#&!+ STATUSMSG=@+@+@+@+@+@+@+@+@+@+@+@+ B%u :x",
     false},
    {"numerics that nobody knows", ":irc.test 999 crier %u :x", false},
    {"batches that never end", ":irc.test BATCH +b%u chathistory #ops", false},
    {"names of people without an end", ":irc.test 353 crier = #ops :n%u m%u", false},
    {"answers to WHOIS that nobody asked for", ":irc.test 330 crier n%u evil :is logged in as",
     false},
    {"challenges", "AUTHENTICATE +", false},
    {"challenges before registration", "AUTHENTICATE %u", true},
    {"logins that nobody began", ":irc.test 903 crier :x%u", false},
    {"nicks that change", ":n%u!u@h NICK :n%u", false},
    {"tags without sense", "@a%u=\\:\\s\\\\;batch=;account=%u;time=x :n!u@h PRIVMSG #ops :x",
     false},
};

static void flood(struct irc_bench *r, const struct flood *f)
{
    unsigned i;
    size_t before = 0;

    if (f->before_registration) {
        irc_bench_start(r);
        (void)irc_bench_sent(r, "CAP LS 302");
    } else {
        irc_bench_ready(r, "account-tag batch");
    }
    irc_bench_barrier(r);
    for (i = 0; i < MANY; i++) {
        irc_bench_server(r, f->line, i, i);
        if (i % BLOCK)
            continue;
        irc_bench_barrier(r);
        buf_shift(&r->told, r->told.len);
        if (i == BLOCK) /* what is kept by design is there by now */
            before = memory();
    }
    irc_bench_barrier(r);
    buf_shift(&r->told, r->told.len);
    if (memory() > before + GROWTH_BYTES)
        fail_msg("%s: grew by %zu bytes", f->name, memory() - before);
    assert_null(strstr(buf_str(&r->in), "AUTHENTICATE"));
    if (f->before_registration)
        return;
    /* It still hears and still speaks. */
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG crier :still there?");
    (void)irc_bench_told(r, "heard net/al *: still there?");
    assert_int_equal(irc_bench_say(r, "net/#ops", "still here", SAY_ANSWER, 0, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG #ops :still here");
}

static void test_floods_of_a_server_do_not_make_it_grow(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof floods / sizeof floods[0]; i++) {
        void *bench = NULL;

        assert_int_equal(irc_bench_setup(&bench), 0);
        flood(bench, &floods[i]);
        assert_int_equal(irc_bench_teardown(&bench), 0);
    }
}

/* However it is offered, with the registration or long after. */
static void test_no_password_without_tls_however_sasl_is_offered(void **state)
{
    static const char *const offers[] = {"CAP crier NEW :sasl=PLAIN",
                                         "CAP crier ACK :sasl",
                                         "CAP crier LS :sasl",
                                         "AUTHENTICATE +",
                                         "900 crier crier!u@h crier :You are now logged in",
                                         "AUTHENTICATE :+"};
    struct irc_bench *r = *state;
    struct network_settings *n = &r->settings->network[0];
    size_t i;

    n->sasl = SASL_PLAIN;
    n->services_patience_ms = 1;
    irc_bench_set_string(&n->sasl_account, "crier");
    irc_bench_set_string(&n->sasl_password_env, "CRIER_TEST_SECRET");
    assert_int_equal(setenv("CRIER_TEST_SECRET", "hunter2", 1), 0);
    irc_bench_ready(r, "");
    buf_shift(&r->in, r->in.len);
    for (i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        irc_bench_server(r, "%s%s", strncmp(offers[i], "AUTH", 4) ? ":irc.test " : "", offers[i]);
        irc_bench_turn(r);
        r->ahead_ms += AFTER_JOIN_MS; /* what is tried later is tried */
        irc_bench_turn(r);
        assert_null(strstr(buf_str(&r->in), "AUTHENTICATE"));
        assert_null(strstr(buf_str(&r->in), "sasl"));
        irc_bench_barrier(r);
    }
}

/* ---- orders ---------------------------------------------------------------------------------- */

/* Put into channels by an operator of the network: it leaves, and hears nothing of them. */
static void test_channels_that_it_is_forced_into_are_left_and_not_heard(void **state)
{
    struct irc_bench *r = *state;
    unsigned i;

    irc_bench_ready(r, "account-tag");
    for (i = 0; i < 50; i++) {
        irc_bench_server(r, ":crier!crier@bot.example JOIN #forced%u", i);
        irc_bench_server(r, "@account=al :al!u@h PRIVMSG #forced%u :!status confirm 1", i);
    }
    r->ahead_ms += AFTER_JOIN_MS;
    (void)irc_bench_sent(r, "PART #forced0");
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->told), "confirm"));
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG #ops :here");
    (void)irc_bench_told(r, "heard net/#ops *: here");
}

/* A nick that is always taken is no reason to ask for ever. */
static void test_a_nick_that_is_refused_for_ever_ends_the_attempt(void **state)
{
    struct irc_bench *r = *state;
    unsigned i;

    irc_bench_start(r);
    (void)irc_bench_sent(r, "NICK crier");
    for (i = 0; i < 21; i++)
        irc_bench_server(r, ":irc.test 433 * crier :Nickname is already in use.");
    (void)irc_bench_sent(r, "(closed)");
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, irc_bench_setup, irc_bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_login_lost_while_a_command_waits_for_its_whois),
        cmocka_unit_test(test_floods_of_a_server_do_not_make_it_grow),
        RIGGED(test_no_password_without_tls_however_sasl_is_offered),
        RIGGED(test_channels_that_it_is_forced_into_are_left_and_not_heard),
        RIGGED(test_a_nick_that_is_refused_for_ever_ends_the_attempt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
