/* Servers that ask for TLS: what is understood, what is kept, and what a server without TLS gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "irc_bench.h"
#include "irc_sts.h"

enum { NOW_S = 1790000000, WEEK_S = 7 * 86400 };

static const int64_t now_ms = NOW_S * INT64_C(1000);

static void test_parse(void **state)
{
    static const struct {
        const char *value;
        int64_t port, duration_s;
    } rows[] = {
        {"port=6697", 6697, -1},
        {"port=6697,duration=300", 6697, 300},
        {"duration=300,port=6697,preload", 6697, 300},
        {"duration=0", 0, 0},
        {"unknown=port,port=1,,x", 1, -1},
        {"", 0, -1},
        {"port", 0, -1},
        {"port=", 0, -1},
        {"port=0", 0, -1},
        {"port=65535", 65535, -1},
        {"port=65536", 0, -1},
        {"port=-6697", 0, -1},
        {"port=6697x", 0, -1},
        {"port=99999999999999999999999999999999999", 0, -1},
        {"port=6697,port=6698", 0, -1},
        {"duration=1,duration=2,port=6697", 6697, -1},
        {"duration=99999999999999999999999999999999", 0, IRC_STS_LONGEST_S},
        {"duration=+5", 0, -1},
        {"xport=6697", 0, -1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_sts_offer o = irc_sts_parse(rows[i].value, strlen(rows[i].value));

        if (o.port != rows[i].port || o.duration_s != rows[i].duration_s)
            fail_msg("%s: port %lld, duration %lld", rows[i].value, (long long)o.port,
                     (long long)o.duration_s);
    }
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static int make_dir(void **state)
{
    char name[] = "/tmp/crier-sts-XXXXXX";

    *state = mkdtemp(name) ? strdup(name) : NULL;
    return *state ? 0 : -1;
}

static char *file_of(const char *dir)
{
    char *path = buf_printf("%s/" IRC_STS_FILE, dir);

    assert_non_null(path);
    return path;
}

static int remove_dir(void **state)
{
    char *path = file_of(*state);

    (void)unlink(path);
    (void)rmdir(*state);
    free(path);
    free(*state);
    return 0;
}

static struct irc_sts *open_at(const char *dir)
{
    struct irc_sts *s = NULL;

    assert_int_equal(irc_sts_create(dir, &s), 0);
    return s;
}

static void test_what_was_told_over_tls_is_kept_over_restarts(void **state)
{
    struct irc_sts *s = open_at(*state);
    char *path = file_of(*state);
    struct stat st;

    irc_sts_keep(s, "irc.test", 6697, WEEK_S, now_ms);
    irc_sts_upgrade(s, "once.test", 6698, now_ms);
    irc_sts_upgrade(s, "irc.test", 1, now_ms); /* anybody may have said that */
    assert_int_equal(irc_sts_port(s, "once.test", now_ms), 6698);
    irc_sts_destroy(s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    s = open_at(*state);
    assert_int_equal(irc_sts_port(s, "IRC.test", now_ms + WEEK_S * INT64_C(1000) - 1), 6697);
    assert_int_equal(irc_sts_port(s, "irc.test", now_ms + WEEK_S * INT64_C(1000)), 0);
    assert_int_equal(irc_sts_port(s, "once.test", now_ms), 0); /* of the former process alone */
    assert_int_equal(irc_sts_port(s, "other.test", now_ms), 0);
    irc_sts_keep(s, "irc.test", 6697, 0, now_ms);
    assert_int_equal(irc_sts_port(s, "irc.test", now_ms), 0);
    irc_sts_destroy(s);

    s = open_at(*state);
    assert_int_equal(irc_sts_port(s, "irc.test", now_ms), 0);
    irc_sts_destroy(s);
    free(path);
}

static void test_policies_are_bounded(void **state)
{
    struct irc_sts *s = open_at(*state);
    char *path = file_of(*state), host[300];
    struct stat st;
    int i, n = 0;

    for (i = 0; i < 10 * IRC_STS_POLICIES; i++) {
        (void)snprintf(host, sizeof host, "h%d.%0200d", i, i);
        irc_sts_keep(s, host, 6697, 1000 + i, now_ms);
    }
    for (i = 0; i < 10 * IRC_STS_POLICIES; i++) {
        (void)snprintf(host, sizeof host, "h%d.%0200d", i, i);
        n += irc_sts_port(s, host, now_ms) != 0;
    }
    assert_int_equal(n, IRC_STS_POLICIES);
    memset(host, 'h', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    irc_sts_keep(s, host, 6697, 1000, now_ms); /* too long for a name */
    irc_sts_keep(s, "two words", 6697, 1000, now_ms);
    assert_int_equal(irc_sts_port(s, host, now_ms) + irc_sts_port(s, "two words", now_ms), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_in_range(st.st_size, 1, IRC_STS_FILE_BYTES);
    irc_sts_destroy(s);
    free(path);
}

static void test_a_spoiled_file_does_no_harm(void **state)
{
    static const char text[] = "irc.test 6697 1790000900000\nbad.test 99999 1\nx\n\n"
                               "bad2.test 1 1 1\nbad3.test -1 5\n\001 1 1790000900000\n";
    char *path = file_of(*state), big[2 * IRC_STS_FILE_BYTES];
    FILE *out = fopen(path, "w");
    struct irc_sts *s;

    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, sizeof text - 1, out), sizeof text - 1);
    assert_int_equal(fclose(out), 0);
    s = open_at(*state);
    assert_int_equal(irc_sts_port(s, "irc.test", now_ms), 6697);
    assert_int_equal(irc_sts_port(s, "bad.test", 0), 0);
    assert_int_equal(irc_sts_port(s, "\001", now_ms), 0);
    irc_sts_destroy(s);

    memset(big, 'x', sizeof big);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(big, 1, sizeof big, out), sizeof big);
    assert_int_equal(fclose(out), 0);
    irc_sts_destroy(open_at(*state));

    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    irc_sts_destroy(open_at(*state)); /* not followed, and said so */
    free(path);
}

/* ---- the wire -------------------------------------------------------------------------------- */

/* How the server may say it, and how not. */
static void test_a_server_that_wants_tls_hears_cap_ls_and_no_more(void **state)
{
    static const char *const lists[] = {
        ":irc.test CAP * LS :account-tag sts=port=%d sasl=PLAIN\r\n",
        ":irc.test CAP * LS * :sts=port=%d,duration=5\r\n",
        ":irc.test CAP * NEW :sts=port=%d\r\n",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        void *bench = NULL;
        struct irc_bench *r;
        char line[128];
        int n;

        assert_int_equal(irc_bench_setup(&bench), 0);
        r = bench;
        irc_bench_start(r);
        while (!r->in.len)
            irc_bench_turn(r);
        irc_bench_turn(r);
        n = snprintf(line, sizeof line, lists[i], irc_bench_port_of(r->listener));
        irc_bench_say_raw(r, line, (size_t)n);
        while (r->peer >= 0)
            irc_bench_turn(r);
        assert_string_equal(buf_str(&r->in), "CAP LS 302\r\n(closed)\r\n");
        buf_shift(&r->in, r->in.len);
        while (r->in.len < 3)
            irc_bench_turn(r);
        assert_memory_equal(r->in.data, "\x16\x03", 2); /* a TLS record: RFC 8446 section 5.1 */
        assert_int_equal(irc_bench_teardown(&bench), 0);
    }
}

static void test_a_policy_without_a_port_changes_nothing_without_tls(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_start(r);
    (void)irc_bench_sent(r, "CAP LS 302");
    irc_bench_server(r, ":irc.test CAP * LS :sts=duration=300,port=99999 sts");
    (void)irc_bench_sent(r, "NICK crier");
    (void)irc_bench_sent(r, "CAP END");
    irc_bench_welcome(r, "crier");
    irc_bench_let_join(r, "crier");
}

/* A server without capabilities says nothing to CAP, or that it does not know it. */
static void test_a_server_without_capabilities_is_told_who_we_are(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_start(r);
    (void)irc_bench_sent(r, "CAP LS 302");
    irc_bench_server(r, ":irc.test NOTICE * :*** Looking up your hostname");
    irc_bench_turn(r);
    assert_null(strstr(buf_str(&r->in), "NICK"));
    irc_bench_server(r, ":irc.test 421 * CAP :Unknown command");
    (void)irc_bench_sent(r, "NICK crier");
    (void)irc_bench_sent(r, "USER crier *");
}

static void test_a_silent_server_is_told_who_we_are(void **state)
{
    struct irc_bench *r = *state;

    irc_bench_start(r);
    (void)irc_bench_sent(r, "CAP LS 302");
    r->ahead_ms += 3000;
    (void)irc_bench_sent(r, "NICK crier");
    (void)irc_bench_sent(r, "USER crier *");
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, irc_bench_setup, irc_bench_teardown)
#define STORED(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        STORED(test_what_was_told_over_tls_is_kept_over_restarts),
        STORED(test_policies_are_bounded),
        STORED(test_a_spoiled_file_does_no_harm),
        cmocka_unit_test(test_a_server_that_wants_tls_hears_cap_ls_and_no_more),
        RIGGED(test_a_policy_without_a_port_changes_nothing_without_tls),
        RIGGED(test_a_server_without_capabilities_is_told_who_we_are),
        RIGGED(test_a_silent_server_is_told_who_we_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
