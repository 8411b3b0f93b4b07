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

struct room {
    char dir[64];
    char file[128];
    char other[128];
};

static int make_room(void **state)
{
    struct room *room = calloc(1, sizeof *room);

    if (!room)
        return -1;
    (void)snprintf(room->dir, sizeof room->dir, "/tmp/crier-secret-XXXXXX");
    if (!mkdtemp(room->dir))
        return -1;
    (void)snprintf(room->file, sizeof room->file, "%s/key", room->dir);
    (void)snprintf(room->other, sizeof room->other, "%s/other", room->dir);
    *state = room;
    return 0;
}

static int leave_room(void **state)
{
    struct room *room = *state;

    (void)unlink(room->file);
    (void)unlink(room->other);
    (void)rmdir(room->dir);
    free(room);
    unsetenv("CRIER_TEST_SECRET");
    unsetenv("CREDENTIALS_DIRECTORY");
    return 0;
}

static void put(const char *path, const char *bytes, size_t n, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void reads_one_line(void **state)
{
    static const struct {
        const char *bytes, *secret;
    } rows[] = {
        {"sesame", "sesame"},
        {"sesame\n", "sesame"},
        {"sesame\r\n", "sesame"},
        {"open sesame \n", "open sesame "},
        {"s\xc3\xa9same\n", "s\xc3\xa9same"},
    };
    struct room *room = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[200] = "?", *secret = NULL;

        put(room->file, rows[i].bytes, strlen(rows[i].bytes), 0600);
        assert_int_equal(secret_load(room->file, NULL, &secret, why, sizeof why), 0);
        assert_string_equal(secret, rows[i].secret);
        assert_string_equal(why, "");
        secret_destroy(secret);
        assert_int_equal(secret_check(room->file, NULL, why, sizeof why), 0);
    }
}

static void refuses_what_is_no_secret(void **state)
{
    static char longest[4097 + 1];
    static const struct {
        const char *bytes;
        size_t n;
        const char *why;
    } rows[] = {
        {"", 0, "is empty"},
        {"\n", 1, "is empty"},
        {"sesame\n\n", 8, "control character"},
        {"ses\name\n", 8, "control character"},
        {"ses\tame\n", 8, "control character"},
        {"sesame\0x", 8, "control character"},
        {"sesame\x7f", 7, "control character"},
        {longest, 4097, "longer than 4096"},
    };
    struct room *room = *state;
    char why[200], *secret = NULL;
    size_t i;

    memset(longest, 'a', sizeof longest - 1);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put(room->file, rows[i].bytes, rows[i].n, 0600);
        assert_int_equal(secret_load(room->file, NULL, &secret, why, sizeof why), CRIER_EINVAL);
        assert_null(secret);
        assert_non_null(strstr(why, rows[i].why));
        assert_non_null(strstr(why, room->file));
        assert_null(strstr(why, "sesame")); /* never the secret itself */
    }
    put(room->file, longest, 4096, 0600);
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), 0);
}

static void refuses_what_others_may_use(void **state)
{
    static const mode_t modes[] = {0604, 0640, 0620, 0644, 0666, 0601, 0660};
    struct room *room = *state;
    char why[300], command[200], *secret = NULL;
    size_t i;

    (void)snprintf(command, sizeof command, "chmod 600 %s", room->file);
    for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        put(room->file, "sesame\n", 7, modes[i]);
        assert_int_equal(secret_load(room->file, NULL, &secret, why, sizeof why), CRIER_EACCESS);
        assert_null(secret);
        assert_non_null(strstr(why, command));
    }
    put(room->file, "sesame\n", 7, 0400);
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), 0);
}

static void looks_at_the_file_behind_a_link(void **state)
{
    struct room *room = *state;
    char why[300];

    put(room->other, "sesame\n", 7, 0600);
    assert_int_equal(symlink(room->other, room->file), 0);
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), 0);
    assert_int_equal(chmod(room->other, 0644), 0);
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), CRIER_EACCESS);
}

static void refuses_what_is_no_file(void **state)
{
    struct room *room = *state;
    char why[300];

    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), CRIER_ENOENT);
    assert_non_null(strstr(why, "no such file"));
    assert_int_equal(secret_check(room->dir, NULL, why, sizeof why), CRIER_EINVAL);
    assert_non_null(strstr(why, "is a directory"));
    assert_int_equal(mkfifo(room->file, 0600), 0);
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), CRIER_EINVAL);
    assert_non_null(strstr(why, "not a regular file"));
    assert_int_equal(secret_check(NULL, NULL, why, sizeof why), CRIER_EINVAL);
}

/* Only root can make a file that belongs to somebody else. */
static void refuses_another_users_file(void **state)
{
    struct room *room = *state;
    char why[300];

    if (geteuid() != 0) {
        put(room->file, "sesame\n", 7, 0600);
        assert_int_equal(secret_check(room->file, NULL, why, sizeof why), 0);
        return;
    }
    put(room->file, "sesame\n", 7, 0600);
    assert_int_equal(chown(room->file, 12345, 12345), 0);
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), CRIER_EACCESS);
    assert_non_null(strstr(why, "belongs to another user (12345)"));
}

static void takes_systemds_credentials(void **state)
{
    struct room *room = *state;
    char why[300];

    if (geteuid() != 0)
        return; /* they are root's: only root can play systemd */
    put(room->file, "sesame\n", 7, 0440);
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), CRIER_EACCESS);
    setenv("CREDENTIALS_DIRECTORY", room->dir, 1);
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), 0);
    assert_int_equal(chmod(room->file, 0444), 0);
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), CRIER_EACCESS);
    assert_int_equal(chmod(room->file, 0440), 0);
    setenv("CREDENTIALS_DIRECTORY", "/tmp/crier-sec", 1); /* a beginning, but no directory of it */
    assert_int_equal(secret_check(room->file, NULL, why, sizeof why), CRIER_EACCESS);
}

static void reads_the_environment(void **state)
{
    char why[200], *secret = NULL;

    (void)state;
    unsetenv("CRIER_TEST_SECRET");
    assert_int_equal(secret_load(NULL, "CRIER_TEST_SECRET", &secret, why, sizeof why),
                     CRIER_ENOENT);
    assert_non_null(strstr(why, "no such variable"));
    assert_null(strstr(why, "CRIER_TEST_SECRET")); /* the secret may stand where its name should */
    setenv("CRIER_TEST_SECRET", "sesame", 1);
    assert_int_equal(secret_load(NULL, "CRIER_TEST_SECRET", &secret, why, sizeof why), 0);
    assert_string_equal(secret, "sesame");
    secret_destroy(secret);
    setenv("CRIER_TEST_SECRET", "", 1);
    assert_int_equal(secret_check(NULL, "CRIER_TEST_SECRET", why, sizeof why), CRIER_EINVAL);
    setenv("CRIER_TEST_SECRET", "a\nb", 1);
    assert_int_equal(secret_check(NULL, "CRIER_TEST_SECRET", why, sizeof why), CRIER_EINVAL);
    secret_destroy(NULL);
}

static void finds_credentials_by_name(void **state)
{
    static const char *const bad[] = {"credential:", "credential:../key", "credential:a/b",
                                      "credential:a.b"};
    struct room *room = *state;
    char why[400], *secret = NULL, *path = NULL;
    size_t i;

    put(room->file, "sesame\n", 7, 0600);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(secret_check("credential:key", NULL, why, sizeof why), CRIER_ESTATE);
    assert_non_null(strstr(why, "LoadCredential=key:"));
    setenv("CREDENTIALS_DIRECTORY", room->dir, 1);
    assert_int_equal(secret_load("credential:key", NULL, &secret, why, sizeof why), 0);
    assert_string_equal(secret, "sesame");
    secret_destroy(secret);
    assert_int_equal(secret_path("credential:key", &path, why, sizeof why), 0);
    assert_string_equal(path, room->file);
    free(path);
    assert_int_equal(secret_check("credential:absent", NULL, why, sizeof why), CRIER_ENOENT);
    assert_non_null(strstr(why, "LoadCredential=absent:"));
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(secret_check(bad[i], NULL, why, sizeof why), CRIER_EINVAL);
    assert_int_equal(chmod(room->file, 0644), 0);
    assert_int_equal(secret_check("credential:key", NULL, why, sizeof why), CRIER_EACCESS);
}

/* Somebody wrote the password where its file should be named. */
static void does_not_repeat_what_leads_nowhere(void **state)
{
    struct room *room = *state;
    char why[400], name[200];

    (void)snprintf(name, sizeof name, "%s/hunter2/x", room->dir);
    assert_int_equal(secret_check(name, NULL, why, sizeof why), CRIER_ENOENT);
    assert_null(strstr(why, "hunter2"));
    assert_non_null(strstr(why, room->dir));
    assert_int_equal(secret_check("hunter2", NULL, why, sizeof why), CRIER_ENOENT);
    assert_null(strstr(why, "hunter2"));
}

static void looks_at_private_keys(void **state)
{
    static const struct {
        const char *text;
        int r;
        const char *why;
    } rows[] = {
        {"-----BEGIN PRIVATE KEY-----\nAA\n", 0, ""},
        {"-----BEGIN CERTIFICATE-----\nAA\n-----BEGIN EC PRIVATE KEY-----\nAA\n", 0, ""},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA\n", CRIER_EINVAL, "passphrase"},
        {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", CRIER_EINVAL, "passphrase"},
        {"-----BEGIN CERTIFICATE-----\nAA\n", CRIER_EINVAL, "no private key"},
    };
    struct room *room = *state;
    char why[400];
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put(room->file, rows[i].text, strlen(rows[i].text), 0600);
        assert_int_equal(secret_check_key(room->file, why, sizeof why), rows[i].r);
        assert_non_null(strstr(why, rows[i].why));
    }
    put(room->file, rows[0].text, strlen(rows[0].text), 0640);
    assert_int_equal(secret_check_key(room->file, why, sizeof why), CRIER_EACCESS);
}

static void hides_it_in_answers(void **state)
{
    static const struct {
        const char *secret, *text, *hidden;
    } rows[] = {
        {"k3y", "a k3yk3y k3", "a ****** k3"},
        {"a/b", "{\"x\":\"a\\/b\"}", "{\"x\":\"****\"}"},
        {"a\"b", "a\\\"b", "****"},
        {"k3y", "\\u006b3\\u0079!", "*************!"},
        {"a\\b", "a\\\\b a\\b", "**** ***"},
        {"", "as it was", "as it was"},
        {NULL, "as it was", "as it was"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];

        (void)snprintf(text, sizeof text, "%s", rows[i].text);
        secret_hide(text, strlen(text), rows[i].secret);
        assert_string_equal(text, rows[i].hidden);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_one_line, make_room, leave_room),
        cmocka_unit_test_setup_teardown(finds_credentials_by_name, make_room, leave_room),
        cmocka_unit_test_setup_teardown(does_not_repeat_what_leads_nowhere, make_room, leave_room),
        cmocka_unit_test_setup_teardown(looks_at_private_keys, make_room, leave_room),
        cmocka_unit_test(hides_it_in_answers),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_secret, make_room, leave_room),
        cmocka_unit_test_setup_teardown(refuses_what_others_may_use, make_room, leave_room),
        cmocka_unit_test_setup_teardown(looks_at_the_file_behind_a_link, make_room, leave_room),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_file, make_room, leave_room),
        cmocka_unit_test_setup_teardown(refuses_another_users_file, make_room, leave_room),
        cmocka_unit_test_setup_teardown(takes_systemds_credentials, make_room, leave_room),
        cmocka_unit_test_setup_teardown(reads_the_environment, make_room, leave_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
