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

#include "err.h"
#include "secret.h"
#include "totp.h"

enum { WHY = 600 };

static int make_folder(void **state)
{
    char *folder = strdup("/tmp/crier-totp-XXXXXX");

    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    char path[200];
    size_t i;
    static const char *const files[] = {"a%2F..%2Fb", "deployer1", "deployer2", "sre1"};

    for (i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/" TOTP_DIRECTORY "/%s", (char *)*state, files[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/" TOTP_DIRECTORY, (char *)*state);
    (void)rmdir(path);
    assert_int_equal(rmdir(*state), 0);
    free(*state);
    return 0;
}

/* RFC 6238, appendix B: SHA1, secret "12345678901234567890", 8 digits. */
static const struct {
    int64_t s;
    const char *code;
} vectors[] = {
    {1111111109, "07081804"}, {1111111111, "14050471"},  {1234567890, "89005924"},
    {2000000000, "69279037"}, {20000000000, "65353130"},
};

static struct totp_secret secret_of_the_rfc(int digits)
{
    struct totp_secret s = {.key = "0123456789abcdef", .digits = digits};

    memcpy(s.bytes, "12345678901234567890", sizeof s.bytes);
    return s;
}

static void codes_are_those_of_rfc_6238(void **state)
{
    struct totp_secret s = secret_of_the_rfc(8), six = secret_of_the_rfc(6);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        int64_t ms = vectors[i].s * 1000, step_ms = ms - ms % 30000;

        assert_true(totp_secret_matches(&s, vectors[i].code, ms));
        assert_true(totp_secret_matches(&six, vectors[i].code + 2, ms));
        /* one step before and one behind, to the millisecond */
        assert_true(totp_secret_matches(&s, vectors[i].code, step_ms - 30000));
        assert_true(totp_secret_matches(&s, vectors[i].code, step_ms + 59999));
        assert_false(totp_secret_matches(&s, vectors[i].code, step_ms - 30001));
        assert_false(totp_secret_matches(&s, vectors[i].code, step_ms + 60000));
        assert_false(totp_secret_matches(&s, vectors[i].code + 2, ms)); /* of another length */
        assert_false(totp_secret_matches(&six, vectors[i].code, ms));
    }
    assert_false(totp_secret_matches(&s, "", 1111111109000));
    assert_false(totp_secret_matches(&s, "07081804070818040708180407081804", 1111111109000));
    assert_false(totp_secret_matches(&s, vectors[0].code, 0));
    assert_false(totp_secret_matches(&s, vectors[0].code, -5000));
}

static void count(void *ctx, size_t n)
{
    *(size_t *)ctx = n;
}

static void ask(struct totp *t, const char *person, const char *code, const char *next, int64_t s,
                struct proof_answer *ret)
{
    struct proof_port port = totp_proof_port(t);
    struct proof_request req = {.id = 7,
                                .person = strdup(person),
                                .code = strdup(code),
                                .next = strdup(next),
                                .wall_ms = s * 1000};

    port.check(port.ctx, &req, ret);
    assert_int_equal(ret->id, 7);
    proof_request_finish(&req);
}

static void the_port_tells_the_step_and_takes_two_in_a_row(void **state)
{
    struct totp_secret s = secret_of_the_rfc(8);
    char why[WHY];
    size_t n = 99;
    struct totp_sink sink = {&n, count};
    struct source_port source;
    struct proof_answer a;
    struct totp *t;

    assert_int_equal(totp_create(*state, &sink, &t), 0);
    source = totp_source_port(t);
    source.dispatch(source.ctx, NULL, (struct now){0, 1000});
    assert_int_equal(n, 0);
    ask(t, "deployer1", "07081804", "", 1111111109, &a);
    assert_int_equal(a.result, PROOF_ABSENT);
    assert_int_equal(totp_enrol(*state, "deployer1", &s, false, why, sizeof why), 0);
    ask(t, "deployer1", "07081804", "", 1111111109, &a); /* without a restart */
    assert_int_equal(a.result, PROOF_RIGHT);
    assert_int_equal(a.step, 1111111109 / 30);
    assert_string_equal(a.key, "0123456789abcdef");
    /* 1111111109 and 1111111111 are in steps that follow each other */
    ask(t, "deployer1", "07081804", "14050471", 1111111111, &a);
    assert_int_equal(a.result, PROOF_RIGHT);
    assert_int_equal(a.step, 1111111111 / 30);
    ask(t, "deployer1", "14050471", "07081804", 1111111111, &a);
    assert_int_equal(a.result, PROOF_WRONG);
    ask(t, "deployer1", "00000000", "14050471", 1111111111, &a);
    assert_int_equal(a.result, PROOF_WRONG);
    ask(t, "deployer2", "07081804", "", 1111111109, &a);
    assert_int_equal(a.result, PROOF_ABSENT);
    ask(t, "../deployer1", "07081804", "", 1111111109, &a);
    assert_int_equal(a.result, PROOF_ABSENT);
    source.dispatch(source.ctx, NULL, (struct now){0, 1001});
    assert_int_equal(n, 0); /* once a minute */
    source.dispatch(source.ctx, NULL, (struct now){0, 1000 + TOTP_LOOK_MS});
    assert_int_equal(n, 1);
    totp_destroy(t);
}

static void a_file_that_others_may_read_is_not_used(void **state)
{
    struct totp_secret s = secret_of_the_rfc(6);
    char why[WHY], path[200];
    struct totp_sink sink = {why, NULL};
    struct proof_answer a;
    struct totp *t;
    struct stat st;
    FILE *f;

    assert_int_equal(totp_enrol(*state, "deployer1", &s, false, why, sizeof why), 0);
    (void)snprintf(path, sizeof path, "%s/" TOTP_DIRECTORY "/deployer1", (char *)*state);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(totp_create(*state, &sink, &t), 0);
    assert_int_equal(chmod(path, 0640), 0);
    ask(t, "deployer1", "081804", "", 1111111109, &a);
    assert_int_equal(a.result, PROOF_BROKEN);
    assert_int_equal(chmod(path, 0600), 0);
    ask(t, "deployer1", "081804", "", 1111111109, &a);
    assert_int_equal(a.result, PROOF_RIGHT);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs("GEZDGNBVGY3TQOJQ 0123456789abcdef 6\n", f) >= 0); /* too short a secret */
    assert_int_equal(fclose(f), 0);
    ask(t, "deployer1", "081804", "", 1111111109, &a);
    assert_int_equal(a.result, PROOF_BROKEN);
    totp_destroy(t);
}

static void collect_names(void *ctx, const char *person, const char *wrong)
{
    char *all = ctx;
    size_t n = strlen(all);

    (void)snprintf(all + n, WHY - n, "%s%s;", person, wrong ? "!" : "");
}

static void enrolling_again_is_asked_for_and_names_lead_nowhere(void **state)
{
    struct totp_secret s, other;
    char why[WHY], names[WHY] = "", longest[300], *uri;

    assert_int_equal(totp_secret_make(&s, 6), 0);
    assert_int_equal(totp_secret_make(&other, 6), 0);
    assert_memory_not_equal(s.bytes, other.bytes, sizeof s.bytes);
    assert_string_not_equal(s.key, other.key);
    assert_false(totp_is_enrolled(*state, "a/../b"));
    assert_int_equal(totp_enrol(*state, "a/../b", &s, false, why, sizeof why), 0);
    assert_true(totp_is_enrolled(*state, "a/../b"));
    assert_int_equal(totp_enrol(*state, "a/../b", &s, false, why, sizeof why), CRIER_ESTATE);
    assert_non_null(strstr(why, "--again"));
    assert_int_equal(totp_enrol(*state, "a/../b", &other, true, why, sizeof why), 0);
    assert_int_equal(totp_visit(*state, collect_names, names, why, sizeof why), 0);
    assert_string_equal(names, "a/../b;");
    assert_int_equal(totp_remove(*state, "a/../b", why, sizeof why), 0);
    assert_int_equal(totp_remove(*state, "a/../b", why, sizeof why), CRIER_ENOENT);
    memset(longest, '/', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(totp_enrol(*state, longest, &s, false, why, sizeof why), CRIER_EINVAL);
    uri = totp_secret_uri(&s, "a b");
    assert_non_null(uri);
    assert_int_equal(strncmp(uri, "otpauth://totp/crier:a%20b?secret=", 34), 0);
    assert_non_null(strstr(uri, "&issuer=crier&algorithm=SHA1&digits=6&period=30"));
    secret_destroy(uri);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_rfc_6238),
        cmocka_unit_test_setup_teardown(the_port_tells_the_step_and_takes_two_in_a_row, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_file_that_others_may_read_is_not_used, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(enrolling_again_is_asked_for_and_names_lead_nowhere,
                                        make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
