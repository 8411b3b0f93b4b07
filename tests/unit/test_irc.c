/* Drives irc.c over real loopback TCP against a server that the test plays itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "err.h"
#include "irc_bench.h"
#include "when.h"

/* ---- registration and login --------------------------------------------------------------- */

static void test_registers_and_hears(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_ready(r, "account-tag server-time batch echo-message unknown-cap");
    irc_bench_server(r, "@account=alice :al!u@h PRIVMSG #ops :!status confirm 1.1");
    (void)irc_bench_told(r, "heard net/#ops <al!u@h> account=alice id=1: !status confirm 1.1");
    irc_bench_server(r, ":al!u@h PRIVMSG #OPS :!status confirm 1.1");
    (void)irc_bench_told(r, "heard net/#ops <al!u@h> account=- id=0: !status confirm 1.1");
    irc_bench_server(r, "@account=alice :al!u@h PRIVMSG crier :hi");
    (void)irc_bench_told(r, "heard net/al <al!u@h> account=alice id=1 private*: hi");
    irc_bench_server(r, "@account=alice :al!u@h NOTICE #ops :n");
    (void)irc_bench_told(r, "heard net/#ops * notice*: n");
    irc_bench_server(r, "@account=alice :al!u@h PRIVMSG #ops :\001ACTION waves and waves\001");
    (void)irc_bench_told(r, "heard net/#ops * action*: waves and waves");
    /* Neither ours nor to us; and nobody asks the server who that is. */
    irc_bench_server(r, "@account=alice :al!u@h PRIVMSG #other :x");
    irc_bench_server(r, "@account=alice :al!u@h PRIVMSG crier2 :x");
    irc_bench_server(r, "@account=alice :al!u@h PRIVMSG @#ops :x");
    irc_bench_server(r, "@account=a\\nb :al!u@h PRIVMSG #ops :odd account");
    (void)irc_bench_told(r, "heard net/#ops <al!u@h> account=- id=0*: odd account");
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->in), "WHOIS"));
}

static void test_sasl_plain(void **state)
{
    struct irc_bench *r = *state;
    struct network_settings *n = &r->settings->network[0];

    assert_int_equal(setenv("CRIER_TEST_SECRET", "sesame", 1), 0);
    n->sasl = SASL_PLAIN;
    n->sasl_without_tls_is_dangerous = true;
    irc_bench_set_string(&n->sasl_account, "crier");
    irc_bench_set_string(&n->sasl_password_env, "CRIER_TEST_SECRET");
    irc_bench_start(r);
    (void)irc_bench_sent(r, "CAP LS 302");
    irc_bench_server(r, ":irc.test CAP * LS * :account-tag server-time");
    irc_bench_server(r, ":irc.test CAP * LS :sasl=EXTERNAL,PLAIN batch");
    assert_string_equal(irc_bench_sent(r, "CAP REQ*"), "CAP REQ :account-tag server-time batch");
    (void)irc_bench_sent(r, "CAP REQ :sasl");
    irc_bench_server(r, ":irc.test CAP x ACK :account-tag server-time batch");
    irc_bench_server(r, ":irc.test CAP y ACK :sasl");
    (void)irc_bench_sent(r, "AUTHENTICATE PLAIN");
    irc_bench_server(r, "AUTHENTICATE :+");
    (void)irc_bench_sent(r, "AUTHENTICATE Y3JpZXIAY3JpZXIAc2VzYW1l");
    assert_null(strstr(buf_str(&r->in), "CAP END"));
    irc_bench_server(r, ":irc.test 900 * crier!crier@h crier :You are now logged in as crier");
    irc_bench_server(r, ":irc.test 903 * :SASL authentication successful");
    (void)irc_bench_sent(r, "CAP END");
    irc_bench_welcome(r, "crier");
    irc_bench_let_join(r, "crier");
    /* Obeyed at once only where lines carry their time. */
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG #ops :no time");
    (void)irc_bench_told(r, "heard *id=1: no time");
    r->ahead_ms += 11000;
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG #ops :later");
    (void)irc_bench_told(r, "heard *id=1 obey: later");
    irc_bench_server(r, ":irc.test 901 crier crier!u@h :You are now logged out");
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG #ops :out");
    (void)irc_bench_told(r, "heard *id=1: out");
}

static void test_services_come_late(void **state)
{
    struct irc_bench *r = *state;
    struct network_settings *n = &r->settings->network[0];

    assert_int_equal(setenv("CRIER_TEST_SECRET", "sesame", 1), 0);
    n->sasl = SASL_PLAIN;
    n->sasl_without_tls_is_dangerous = true;
    irc_bench_set_string(&n->sasl_account, "crier");
    irc_bench_set_string(&n->sasl_password_env, "CRIER_TEST_SECRET");
    irc_bench_start(r);
    irc_bench_registered(r, "account-tag");
    r->ahead_ms += 5000;
    (void)irc_bench_sent(r, "CAP LS 302");
    assert_null(strstr(buf_str(&r->in), "JOIN"));
    irc_bench_server(r, ":irc.test CAP crier LS :account-tag");
    r->ahead_ms += 116000;
    /* Patience is over: in, and obeying nobody. */
    irc_bench_let_join(r, "crier");
    r->ahead_ms += 11000;
    irc_bench_server(r, ":irc.test PONG irc.test :crier-1");
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG #ops :x");
    (void)irc_bench_told(r, "heard *id=1: x");
    (void)irc_bench_sent(r, "CAP LS 302");
    irc_bench_server(r, ":irc.test CAP crier LS :account-tag sasl=PLAIN");
    (void)irc_bench_sent(r, "CAP REQ :sasl");
    irc_bench_server(r, ":irc.test CAP crier ACK :sasl");
    (void)irc_bench_sent(r, "AUTHENTICATE PLAIN");
    /* No answer at all: given up, tried again, and a 900 that comes late counts. */
    r->ahead_ms += 10500;
    (void)irc_bench_sent(r, "AUTHENTICATE \\*");
    irc_bench_server(r, ":irc.test 906 crier :aborted");
    irc_bench_server(r, ":irc.test 900 crier crier!u@h crier :You are now logged in as crier");
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG #ops :y");
    (void)irc_bench_told(r, "heard *id=1 obey: y");
}

static void test_plain_password_stays_home(void **state)
{
    struct irc_bench *r = *state;

    r->settings->network[0].sasl = SASL_PLAIN;
    irc_bench_set_string(&r->settings->network[0].sasl_account, "crier");
    irc_bench_start(r);
    (void)irc_bench_sent(r, "CAP LS 302");
    irc_bench_server(r, ":irc.test CAP * LS :sasl=PLAIN");
    (void)irc_bench_sent(r, "CAP END");
    assert_null(strstr(buf_str(&r->in), "sasl"));
}

static void test_nak_takes_nothing_along(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_start(r);
    (void)irc_bench_sent(r, "CAP LS 302");
    irc_bench_server(r, ":irc.test CAP * LS :account-tag server-time");
    (void)irc_bench_sent(r, "CAP REQ :account-tag server-time");
    irc_bench_server(r, ":irc.test CAP * NAK :account-tag server-time");
    (void)irc_bench_sent(r, "CAP REQ :account-tag");
    (void)irc_bench_sent(r, "CAP REQ :server-time");
    irc_bench_server(r, ":irc.test CAP * ACK :account-tag");
    irc_bench_server(r, ":irc.test CAP * NAK :server-time");
    (void)irc_bench_sent(r, "CAP END");
    irc_bench_welcome(r, "crier");
    irc_bench_let_join(r, "crier");
    irc_bench_server(r, "@account=al :al!u@h PRIVMSG #ops :x");
    (void)irc_bench_told(r, "heard *account=al id=1: x");
}

static void test_nick_taken(void **state)
{
    struct irc_bench *r = *state;
    struct network_settings *n = &r->settings->network[0];

    n->alt_nicks.item = calloc(1, sizeof *n->alt_nicks.item);
    n->alt_nicks.item[0] = irc_bench_dup_or_fail("herald");
    n->alt_nicks.n = 1;
    irc_bench_start(r);
    (void)irc_bench_sent(r, "NICK crier");
    irc_bench_server(r, ":irc.test 433 * crier :Nickname is already in use.");
    (void)irc_bench_sent(r, "NICK herald");
    irc_bench_server(r, ":irc.test 432 * herald :Erroneous Nickname");
    (void)irc_bench_sent(r, "NICK crier_");
    irc_bench_server(r, ":irc.test 433 * crier_ :Nickname is already in use.");
    (void)irc_bench_sent(r, "NICK crier[1-9][0-9][0-9]");
    irc_bench_server(r, ":irc.test CAP * LS :");
    irc_bench_server(r, ":irc.test 001 crier123 :Welcome");
    (void)irc_bench_sent(r, "NICK crier"); /* tried at once: nobody is logged in here */
    irc_bench_server(r, ":irc.test 433 crier123 crier :Nickname is already in use.");
    irc_bench_let_join(r, "crier123");
    irc_bench_server(r, ":al!u@h PRIVMSG crier123 :me");
    (void)irc_bench_told(r, "heard net/al * private*: me");
    irc_bench_server(r, ":al!u@h PRIVMSG crier :not me");
    irc_bench_server(r, ":crier!other@h QUIT :bye");
    (void)irc_bench_sent(r, "NICK crier");
    irc_bench_server(r, ":crier123!crier@bot.example NICK :crier");
    irc_bench_server(r, ":al!u@h PRIVMSG crier :me again");
    (void)irc_bench_told(r, "heard net/al * private*: me again");
}

/* ---- history ------------------------------------------------------------------------------ */

static void test_history(void **state)
{
    struct irc_bench *r = *state;
    char now[64], before[64], old[64];

    irc_bench_start(r);
    irc_bench_registered(r, "account-tag server-time batch");
    (void)irc_bench_sent(r, "JOIN #ops");
    irc_bench_stamp(r, 1000, before, sizeof before);
    irc_bench_stamp(r, 0, now, sizeof now);
    irc_bench_stamp(r, 31000, old, sizeof old);
    irc_bench_server(r, "@time=%s :crier!crier@bot.example JOIN #ops", now);
    (void)irc_bench_told(r, "joined net/#ops *");
    irc_bench_server(r, ":irc.test BATCH +b1 chathistory #ops");
    irc_bench_server(r, "@batch=b1;time=%s;account=al :al!u@h PRIVMSG #ops :1", now);
    (void)irc_bench_told(r, "heard * history obey: 1");
    irc_bench_server(r, "@batch=b1 :irc.test BATCH +b2 other");
    irc_bench_server(r, "@batch=b2;time=%s;account=al :al!u@h PRIVMSG #ops :2", now);
    (void)irc_bench_told(r, "heard * history obey: 2");
    irc_bench_server(r, ":irc.test BATCH -b1");
    irc_bench_server(r, "@time=%s;account=al :al!u@h PRIVMSG #ops :3", now);
    (void)irc_bench_told(r, "heard * id=1 obey: 3");
    irc_bench_server(r, "@time=%s;account=al :al!u@h PRIVMSG #ops :4", old);
    (void)irc_bench_told(r, "heard * history obey: 4");
    irc_bench_server(r, "@time=%s;account=al :al!u@h PRIVMSG crier :in private", old);
    (void)irc_bench_told(r, "heard * private history obey: in private");
    /* Not old, but said before we came. */
    irc_bench_server(r, "@time=%s;account=al :al!u@h PRIVMSG #ops :5", before);
    (void)irc_bench_told(r, "heard * history obey: 5");
    irc_bench_server(r, "@batch=nobody-knows;time=%s;account=al :al!u@h PRIVMSG #ops :6", now);
    (void)irc_bench_told(r, "heard * history obey: 6");
    irc_bench_server(r, "@time=garbage;account=al :al!u@h PRIVMSG #ops :7");
    (void)irc_bench_told(r, "heard * id=1: 7");
}

static void test_server_clock_is_wrong(void **state)
{
    struct irc_bench *r = *state;
    char then[64];

    irc_bench_start(r);
    irc_bench_registered(r, "server-time account-tag");
    irc_bench_stamp(r, 90000, then, sizeof then);
    irc_bench_server(r, "@time=%s :irc.test PONG irc.test :crier-1", then);
    (void)irc_bench_sent(r, "JOIN #ops");
    irc_bench_server(r, "@time=%s :crier!crier@bot.example JOIN #ops", then);
    irc_bench_server(r, "@time=%s;account=al :al!u@h PRIVMSG #ops :x", then);
    (void)irc_bench_told(r, "heard * id=1 obey: x");
}

/* ---- WHOIS -------------------------------------------------------------------------------- */

static void test_whois(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_ready(r, "");
    r->ahead_ms += 11000;
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :no command");
    (void)irc_bench_told(r, "heard *id=2*: no command");
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :!status confirm 1");
    irc_bench_server(r, ":bob!u@h PRIVMSG #ops :meanwhile");
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :afterwards");
    (void)irc_bench_told(r, "heard *<bob!*: meanwhile");
    (void)irc_bench_sent(r, "WHOIS al");
    /* Not from the server, or about somebody else: nothing. */
    irc_bench_server(r, ":other.test 330 crier al evil :is logged in as");
    irc_bench_server(r, ":eve!u@h 330 crier al evil :is logged in as");
    irc_bench_server(r, ":irc.test 330 crier bob bobacc :is logged in as");
    irc_bench_server(r, ":irc.test 311 crier al u h * :Al");
    irc_bench_server(r, ":irc.test 330 crier al alacc :is logged in as");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)irc_bench_told(r, "heard *<al!u@h> account=alacc id=1*: !status confirm 1");
    (void)irc_bench_told(r, "heard *<al!u@h> account=- id=2*: afterwards");
    /* Asked for each command anew. */
    irc_bench_server(r, ":al!u@h PRIVMSG crier :!status confirm 2");
    (void)irc_bench_sent(r, "WHOIS al");
    irc_bench_server(r, ":irc.test 311 crier al u h * :Al");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)irc_bench_told(r, "heard *account=- id=0*: !status confirm 2");
    /* Another host under the same nick. */
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :!status confirm 3");
    (void)irc_bench_sent(r, "WHOIS al");
    irc_bench_server(r, ":irc.test 311 crier al u elsewhere * :Al");
    irc_bench_server(r, ":irc.test 330 crier al alacc :is logged in as");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)irc_bench_told(r, "heard *account=- id=2*: !status confirm 3");
    /* Gone in between. */
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :!status confirm 4");
    (void)irc_bench_sent(r, "WHOIS al");
    irc_bench_server(r, ":al!u@h NICK al2");
    irc_bench_server(r, ":irc.test 311 crier al u h * :Al");
    irc_bench_server(r, ":irc.test 330 crier al alacc :is logged in as");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)irc_bench_told(r, "heard *account=- id=2*: !status confirm 4");
    /* An account without the host that it belongs to. */
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :!status confirm 4");
    (void)irc_bench_sent(r, "WHOIS al");
    irc_bench_server(r, ":irc.test 330 crier al alacc :is logged in as");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)irc_bench_told(r, "heard *account=- id=2*: !status confirm 4");
    /* No answer. */
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :!status confirm 5");
    (void)irc_bench_sent(r, "WHOIS al");
    r->ahead_ms += 10500;
    (void)irc_bench_told(r, "heard *account=- id=2*: !status confirm 5");
    /* The answer comes after all, when the next command already waits for its own. */
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :!status confirm 7");
    (void)irc_bench_sent(r, "WHOIS al");
    irc_bench_server(r, ":irc.test 311 crier al u h * :Al");
    irc_bench_server(r, ":irc.test 330 crier al alacc :is logged in as");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->told), "confirm 7"));
    irc_bench_server(r, ":irc.test 311 crier al u h * :Al");
    irc_bench_server(r, ":irc.test 318 crier al :End of /WHOIS list.");
    (void)irc_bench_told(r, "heard *account=- id=0*: !status confirm 7");
    /* Commands are not taken in channels that are only watched. */
    irc_bench_server(r, ":al!u@h PRIVMSG #alerts :!status confirm 6");
    (void)irc_bench_told(r, "heard net/#alerts *id=2*: !status confirm 6");
    assert_null(strstr(buf_str(&r->in), "WHOIS"));
}

/* ---- saying ------------------------------------------------------------------------------- */

static void test_shown_by_pong(void **state)
{
    struct irc_bench *r = *state;
    char ping[64];

    irc_bench_ready(r, "");
    assert_int_equal(irc_bench_say(r, "net/#ops", "draft one", SAY_PROMPT, 7, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG #ops :draft one");
    (void)snprintf(ping, sizeof ping, "%s", irc_bench_sent(r, "PING :crier-*"));
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->told), "shown"));
    irc_bench_server(r, ":eve!u@h PONG irc.test %s", ping + 5); /* no user can say so */
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->told), "shown"));
    irc_bench_server(r, ":irc.test PONG irc.test %s", ping + 5);
    (void)irc_bench_told(r, "shown 7");
    /* Refused. */
    assert_int_equal(irc_bench_say(r, "net/#ops", "draft two", SAY_PROMPT, 8, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG #ops :draft two");
    (void)snprintf(ping, sizeof ping, "%s", irc_bench_sent(r, "PING :crier-*"));
    irc_bench_server(r, ":irc.test 404 crier #ops :Cannot send to channel");
    irc_bench_server(r, ":irc.test PONG irc.test %s", ping + 5);
    (void)irc_bench_told(r, "unshown 8");
    /* Lost with the connection. */
    assert_int_equal(irc_bench_say(r, "net/#ops", "draft three", SAY_PROMPT, 9, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG #ops :draft three");
    assert_int_equal(shutdown(r->peer, SHUT_RDWR), 0);
    (void)irc_bench_told(r, "left net/#ops*");
    (void)irc_bench_told(r, "unshown 9");
    irc_bench_registered(r, "");
    irc_bench_let_join(r, "crier");
}

static void test_shown_by_echo(void **state)
{
    struct irc_bench *r = *state;
    const char *line;
    char ping[64];

    irc_bench_ready(r, "echo-message");
    assert_int_equal(irc_bench_say(r, "net/#ops", "draft one", SAY_PROMPT, 7, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG #ops :draft one");
    irc_bench_server(r, ":crier!crier@bot.example PRIVMSG #ops :something else");
    irc_bench_server(r, ":crier!crier@bot.example PRIVMSG #alerts :draft one");
    irc_bench_server(r, ":eve!crier@bot.example PRIVMSG #ops :draft one");
    (void)irc_bench_told(r, "heard *<eve!*: draft one");
    assert_null(strstr(buf_str(&r->told), "shown"));
    irc_bench_server(r, ":crier!crier@bot.example PRIVMSG #ops :draft one");
    (void)irc_bench_told(r, "shown 7");
    assert_null(strstr(buf_str(&r->told), "heard"));
    /* Changed on the way: the PONG comes before its echo. */
    assert_int_equal(irc_bench_say(r, "net/#ops", "draft two", SAY_PROMPT, 8, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG #ops :draft two");
    irc_bench_server(r, ":crier!crier@bot.example PRIVMSG #ops :draft tw");
    r->ahead_ms += 6000;
    line = irc_bench_sent(r, "PING :crier-*");
    (void)snprintf(ping, sizeof ping, "%s", line);
    irc_bench_server(r, ":irc.test PONG irc.test %s", ping + 5);
    (void)irc_bench_told(r, "unshown 8");
}

static void test_order_on_the_wire(void **state)
{
    static const char *const expected[] = {"PRIVMSG al :an answer", "PRIVMSG #ops :a prompt",
                                           "PRIVMSG #ops :new summary", "PRIVMSG #ops :reminder 0",
                                           "PRIVMSG #ops :reminder 1"};
    struct irc_bench *r = *state;
    size_t i;

    r->settings->network[0].flood_burst_lines = 1;
    irc_bench_ready(r, "echo-message");
    assert_int_equal(irc_bench_say(r, "net/#ops", "reminder 0", SAY_REMINDER, 0, 0), 0);
    assert_int_equal(irc_bench_say(r, "net/#ops", "reminder 1", SAY_REMINDER, 0, 0), 0);
    assert_int_equal(irc_bench_say(r, "net/#ops", "old summary", SAY_ANNOUNCE, 0, 5), 0);
    assert_int_equal(irc_bench_say(r, "net/#ops", "a prompt", SAY_PROMPT, 0, 0), 0);
    assert_int_equal(irc_bench_say(r, "net/al", "an answer", SAY_ANSWER, 0, 0), 0);
    assert_int_equal(irc_bench_say(r, "net/#ops", "new summary", SAY_ANNOUNCE, 0, 5), 0);
    for (i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        irc_bench_barrier(r);
        assert_null(strstr(buf_str(&r->in), "PRIVMSG"));
        r->ahead_ms += 1100;
        assert_string_equal(irc_bench_sent(r, "PRIVMSG *"), expected[i]);
    }
}

static void test_refused_places(void **state)
{
    static const struct {
        const char *place, *text;
        int err;
    } rows[] = {
        {"net/#ops", "fine", 0},
        {"net/al", "fine", 0},
        {"net/#alerts", "only watched", CRIER_EACCESS},
        {"net/#nowhere", "x", CRIER_ENOENT},
        {"other/#ops", "x", CRIER_ENOENT},
        {"net", "x", CRIER_ENOENT},
        {"", "x", CRIER_ENOENT},
        {"net/", "x", CRIER_ENOENT},
        {"net/a b", "x", CRIER_ENOENT},
        {"net/a,#ops", "x", CRIER_ENOENT},
        {"net/$*", "x", CRIER_ENOENT},
        {"net/a\r\nQUIT", "x", CRIER_ENOENT},
        {"net/#ops", "", CRIER_EINVAL},
        {"net/#ops", "\002\003", CRIER_EINVAL},
    };
    struct irc_bench *r = *state;
    size_t i;

    irc_bench_ready(r, "");
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (irc_bench_say(r, rows[i].place, rows[i].text, SAY_ANSWER, 0, 0) != rows[i].err)
            fail_msg("%s: %s", rows[i].place, rows[i].text);
    assert_int_equal(irc_bench_say(r, "net/#OPS", "line\r\nQUIT :gone %s%n", SAY_ANSWER, 0, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG #ops :line QUIT :gone %s%n");
}

static void test_long_texts(void **state)
{
    struct irc_bench *r = *state;
    char text[3100] = "", first[600], second[600];
    size_t i;

    r->settings->network[0].flood_burst_lines = 20;
    irc_bench_ready(r, "");
    for (i = 0; i < 1000; i++)
        memcpy(text + 3 * i, "\xe2\x82\xac", 4);
    assert_int_equal(irc_bench_say(r, "net/#ops", text, SAY_ANSWER, 0, 0), 0);
    (void)snprintf(first, sizeof first, "%s", irc_bench_sent(r, "PRIVMSG *"));
    (void)snprintf(second, sizeof second, "%s", irc_bench_sent(r, "PRIVMSG *"));
    /* What the others get has our prefix in front: ":crier!crier@bot.example " */
    assert_in_range(strlen(first) + 25, 505, 510);
    assert_in_range(strlen(second) + 25, 505, 510);
    assert_string_equal(second + strlen(second) - 3, "\xe2\x80\xa6");
    assert_int_equal((strlen(first) - strlen("PRIVMSG #ops :")) % 3, 0);
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->in), "PRIVMSG"));
    /* What must be shown whole has four lines, and is not shown when that is not enough. */
    assert_int_equal(irc_bench_say(r, "net/#ops", text, SAY_PROMPT, 3, 0), 0);
    for (i = 0; i < 4; i++)
        (void)irc_bench_sent(r, "PRIVMSG *");
    (void)irc_bench_told(r, "unshown 3");
    text[1800] = '\0';
    assert_int_equal(irc_bench_say(r, "net/#ops", text, SAY_PROMPT, 4, 0), 0);
    for (i = 0; i < 4; i++)
        (void)irc_bench_sent(r, "PRIVMSG *");
    irc_bench_server(r, ":irc.test PONG irc.test %s",
                     strchr(irc_bench_sent(r, "PING :crier-*"), ':'));
    (void)irc_bench_told(r, "shown 4");
}

static void test_drops_are_told(void **state)
{
    struct irc_bench *r = *state;
    int i, refused = 0;

    r->settings->network[0].flood_burst_lines = 1000;
    irc_bench_ready(r, "echo-message");
    for (i = 0; i < 300; i++)
        refused += irc_bench_say(r, "net/#ops", "x", SAY_REMINDER, 0, 0) == CRIER_ELIMIT;
    assert_int_equal(refused, 300 - 256);
    r->ahead_ms += 6000;
    (void)irc_bench_told(r, "dropped net/#ops 44");
}

/* ---- trouble ------------------------------------------------------------------------------ */

static void test_kick_and_rejoin(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_ready(r, "");
    irc_bench_server(r, ":boss!u@h KICK #ops crier2 :not us");
    irc_bench_server(r, ":boss!u@h KICK #ops crier :out");
    (void)irc_bench_told(r, "left net/#ops *");
    assert_int_equal(irc_bench_say(r, "net/#ops", "waits", SAY_ANSWER, 0, 0), 0);
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->in), "JOIN"));
    assert_null(strstr(buf_str(&r->in), "PRIVMSG"));
    r->ahead_ms += 2100;
    (void)irc_bench_sent(r, "JOIN #ops");
    irc_bench_server(r, ":irc.test 474 crier #ops :Cannot join channel (+b)");
    irc_bench_barrier(r);
    r->ahead_ms += 2100;
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->in), "JOIN"));
    r->ahead_ms += 2100;
    (void)irc_bench_sent(r, "JOIN #ops");
    irc_bench_server(r, ":crier!crier@bot.example JOIN #ops");
    (void)irc_bench_told(r, "joined net/#ops *");
    (void)irc_bench_sent(r, "PRIVMSG #ops :waits");
    /* Forwarded to where we do not belong. */
    irc_bench_server(r, ":crier!crier@bot.example JOIN ##overflow");
    (void)irc_bench_sent(r, "PART ##overflow*");
}

static void test_dead_link(void **state)
{
    struct irc_bench *r = *state;
    int i;

    irc_bench_ready(r, "");
    for (i = 0; i < 3; i++) {
        r->ahead_ms += 20100;
        irc_bench_server(r, ":irc.test PONG irc.test %s",
                         strchr(irc_bench_sent(r, "PING :crier-*"), ':'));
        irc_bench_barrier(r);
    }
    assert_null(strstr(buf_str(&r->told), "left"));
    r->ahead_ms += 20100;
    (void)irc_bench_sent(r, "PING :crier-*");
    r->ahead_ms += 20100;
    (void)irc_bench_sent(r, "PING :crier-*");
    assert_null(strstr(buf_str(&r->told), "left"));
    r->ahead_ms += 10000;
    (void)irc_bench_told(r, "left net/#ops *");
    (void)irc_bench_sent(r, "(closed)");
    irc_bench_registered(r, "");
}

/* The machine slept: that is no reason to think the server dead. */
static void test_long_sleep(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_ready(r, "");
    r->ahead_ms += 3600000;
    (void)irc_bench_sent(r, "PING :crier-*");
    irc_bench_barrier(r);
    assert_null(strstr(buf_str(&r->told), "left"));
}

static void test_error_and_killed(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_ready(r, "");
    irc_bench_server(r, ":boss!u@h KILL crier :no reason");
    irc_bench_server(r, "ERROR :Closing link: (crier@h) [Killed]");
    (void)irc_bench_told(r, "left net/#ops *");
    (void)irc_bench_sent(r, "(closed)");
    irc_bench_registered(r, "");
    irc_bench_let_join(r, "crier");
}

static void test_garbage(void **state)
{
    static const char *const lines[] = {
        "",
        "\r",
        " ",
        ":",
        "@",
        "@a",
        ": ",
        ":x",
        ":alice!a@h QUIT",
        ":alice!a@h AWAY",
        ":alice!a@h",
        "NOTICE",
        "NICK",
        ":irc.test 000",
        ":irc.test 433",
        ":irc.test 001",
        "PING",
        "PONG",
        "BATCH",
        "BATCH +",
        "CAP",
        "CAP * LS",
        "CAP * ACK",
        "CAP * NAK :",
        "CAP * NEW",
        "AUTHENTICATE",
        ":al!u@h PRIVMSG #ops :\001FINGER\001",
        ":al!u@h PRIVMSG #ops :\001DCC SEND x 1 2 3\001",
        ":al!u@h PRIVMSG #ops",
        ":al!u@h PRIVMSG #ops :",
        ":al!u@h JOIN",
        ":al!u@h KICK #ops",
        ":al!u@h CHGHOST",
        ":crier!u@h CHGHOST x",
        ":crier!u@h NICK",
        ":al!u@s1 PRIVMSG #ops :serial of another",
    };
    struct irc_bench *r = *state;
    char long_line[3000];
    size_t i;

    irc_bench_ready(r, "");
    r->ahead_ms += 11000;
    irc_bench_server(r, ":eve!u@h PRIVMSG #ops :yes yes yes yes");
    (void)irc_bench_told(r, "heard * yes yes yes");
    for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        irc_bench_server(r, "%s", lines[i]);
        irc_bench_barrier(r);
        irc_bench_server(r, ":al!u@h PRIVMSG #alerts :still %zu", i);
        (void)irc_bench_told(r, "heard *: still *");
    }
    irc_bench_say_raw(r, ":al!u@h PRIVMSG #ops :a\0b\r\n", 27);
    memset(long_line, 'x', sizeof long_line);
    for (i = 0; i < 30; i++)
        irc_bench_say_raw(r, long_line, sizeof long_line);
    irc_bench_server(r, "%s", "");
    memcpy(long_line, ":al!u@h PRIVMSG #ops :", 22);
    irc_bench_say_raw(r, long_line, 1024);
    irc_bench_server(r, "%s", "");
    (void)irc_bench_told(r, "heard *: xxx*");
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :\xff\xfe"
                        "bad \003"
                        "04,05utf8");
    assert_string_equal(strstr(irc_bench_told(r, "heard *bad*"), ": "), ": ??bad utf8");
    irc_bench_barrier(r);
}

/* ---- leaving and changing ----------------------------------------------------------------- */

static void test_quit(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_ready(r, "");
    assert_int_equal(irc_bench_say(r, "net/#ops", "last words", SAY_ANSWER, 0, 0), 0);
    irc_quit(r->irc, "leaving now");
    assert_false(irc_is_quiet(r->irc));
    assert_int_equal(irc_bench_say(r, "net/#ops", "too late", SAY_ANSWER, 0, 0), CRIER_ENOENT);
    (void)irc_bench_sent(r, "PRIVMSG #ops :last words");
    (void)irc_bench_sent(r, "QUIT :leaving now");
    irc_bench_server(r, "ERROR :Closing link");
    (void)irc_bench_sent(r, "(closed)");
    assert_true(irc_is_quiet(r->irc));
}

static void test_quit_does_not_wait_for_ever(void **state)
{
    struct irc_bench *r = *state;
    int i;

    irc_bench_ready(r, "");
    for (i = 0; i < 100; i++)
        assert_int_equal(irc_bench_say(r, "net/#ops", "storm", SAY_ANSWER, 0, 0), 0);
    irc_bench_turn(r);
    irc_quit(r->irc, NULL);
    irc_bench_turn(r);
    r->ahead_ms += 750;
    (void)irc_bench_sent(r, "QUIT *");
    assert_false(irc_is_quiet(r->irc));
    r->ahead_ms += 500;
    irc_bench_turn(r);
    irc_bench_turn(r);
    assert_true(irc_is_quiet(r->irc));
}

static void test_quit_before_connected(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_start(r);
    irc_quit(r->irc, NULL);
    irc_bench_turn(r);
    irc_bench_turn(r);
    assert_true(irc_is_quiet(r->irc));
}

static void test_reload(void **state)
{
    struct irc_bench *r = *state;
    struct settings *fresh = irc_bench_make_settings(irc_bench_port_of(r->listener));
    struct network_settings *n = &fresh->network[0];

    irc_bench_ready(r, "");
    /* Another channel instead of #alerts: the connection stays. */
    irc_bench_set_string(&n->channel[1].name, "#more");
    n->channel[1].roles = CHANNEL_TALK;
    assert_int_equal(irc_reload(r->irc, fresh), 0);
    settings_destroy(r->settings);
    r->settings = fresh;
    (void)irc_bench_sent(r, "PART #alerts*");
    (void)irc_bench_sent(r, "JOIN #more :k3y");
    (void)irc_bench_told(r, "left net/#alerts *");
    irc_bench_server(r, ":crier!crier@bot.example JOIN #more");
    (void)irc_bench_told(r, "joined net/#more *");
    irc_bench_server(r, ":al!u@h PRIVMSG #ops :still here");
    (void)irc_bench_told(r, "heard *: still here");
    /* Another nick: a new connection, after the old one has left. */
    fresh = irc_bench_make_settings(irc_bench_port_of(r->listener));
    irc_bench_set_string(&fresh->network[0].nick, "herald");
    assert_int_equal(irc_reload(r->irc, fresh), 0);
    settings_destroy(r->settings);
    r->settings = fresh;
    (void)irc_bench_sent(r, "QUIT *");
    (void)irc_bench_told(r, "left net/#ops *");
    (void)irc_bench_sent(r, "(closed)");
    (void)irc_bench_sent(r, "NICK herald");
}

static void test_one_network_fails_alone(void **state)
{
    struct irc_bench *r = *state;
    struct settings *s = r->settings, *other;
    struct network_settings *both = calloc(2, sizeof *both);
    int closed = irc_bench_listen_anywhere(), port = irc_bench_port_of(closed);

    assert_non_null(both);
    (void)close(closed);
    other = irc_bench_make_settings(port);
    irc_bench_set_string(&other->network[0].name, "broken");
    both[0] = other->network[0];
    both[1] = s->network[0];
    free(s->network);
    s->network = both;
    s->n_networks = 2;
    other->n_networks = 0;
    settings_destroy(other);
    irc_bench_ready(r, "");
    assert_int_equal(irc_bench_say(r, "broken/#ops", "waits", SAY_ANSWER, 0, 0), 0);
    assert_int_equal(irc_bench_say(r, "net/#ops", "goes", SAY_ANSWER, 0, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG #ops :goes");
}

/* Nothing to do: every turn waits for as long as it may. */
static void test_idle_does_not_spin(void **state)
{
    struct irc_bench *r = *state;
    int64_t began;
    int i;

    irc_bench_ready(r, "account-tag server-time echo-message");
    irc_bench_server(r, ":irc.test PONG irc.test :crier-1");
    assert_int_equal(irc_bench_say(r, "net/#ops", "x", SAY_ANSWER, 1, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG #ops :x");
    irc_bench_server(r, ":crier!crier@bot.example PRIVMSG #ops :x");
    (void)irc_bench_told(r, "shown 1");
    assert_int_equal(irc_bench_say(r, "net/nobody", "y", SAY_ANSWER, 0, 0), 0);
    (void)irc_bench_sent(r, "PRIVMSG nobody :y");
    irc_bench_barrier(r);
    began = r->wait.now(r->wait.ctx).boot_ms;
    for (i = 0; i < 10; i++)
        irc_bench_turn(r);
    assert_true(r->wait.now(r->wait.ctx).boot_ms - began >= 8 * IRC_BENCH_TURN_MS);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, irc_bench_setup, irc_bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_registers_and_hears),
        RIGGED(test_sasl_plain),
        RIGGED(test_services_come_late),
        RIGGED(test_plain_password_stays_home),
        RIGGED(test_nak_takes_nothing_along),
        RIGGED(test_nick_taken),
        RIGGED(test_history),
        RIGGED(test_server_clock_is_wrong),
        RIGGED(test_whois),
        RIGGED(test_shown_by_pong),
        RIGGED(test_shown_by_echo),
        RIGGED(test_order_on_the_wire),
        RIGGED(test_refused_places),
        RIGGED(test_long_texts),
        RIGGED(test_drops_are_told),
        RIGGED(test_kick_and_rejoin),
        RIGGED(test_dead_link),
        RIGGED(test_long_sleep),
        RIGGED(test_error_and_killed),
        RIGGED(test_garbage),
        RIGGED(test_idle_does_not_spin),
        RIGGED(test_quit),
        RIGGED(test_quit_does_not_wait_for_ever),
        RIGGED(test_quit_before_connected),
        RIGGED(test_reload),
        RIGGED(test_one_network_fails_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
