/* What the service manager is told, over a socket as it has one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "notify.h"

struct manager {
    int fd;
    char dir[40];
    char name[80];
    struct notify *notify;
};

/* @param abstract the other kind of name. */
static void init(struct manager *m, bool abstract, const char *watchdog_usec)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char pid[24];
    size_t n;

    memset(m, 0, sizeof *m);
    (void)snprintf(m->dir, sizeof m->dir, "/tmp/crier-notify-XXXXXX");
    assert_non_null(mkdtemp(m->dir));
    (void)snprintf(m->name, sizeof m->name, "%s%s/socket", abstract ? "@" : "", m->dir);
    m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(m->fd >= 0);
    n = strlen(m->name);
    memcpy(a.sun_path, m->name, n);
    if (abstract)
        a.sun_path[0] = '\0';
    assert_int_equal(bind(m->fd, (struct sockaddr *)(void *)&a,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + !abstract)),
                     0);
    assert_int_equal(setenv("NOTIFY_SOCKET", m->name, 1), 0);
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    if (watchdog_usec) {
        assert_int_equal(setenv("WATCHDOG_USEC", watchdog_usec, 1), 0);
        assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    }
    assert_int_equal(notify_create(&m->notify), 0);
}

static void finish(struct manager *m)
{
    notify_destroy(m->notify);
    (void)close(m->fd);
    if (m->name[0] == '/')
        (void)unlink(m->name);
    (void)rmdir(m->dir);
}

static const char *got(const struct manager *m)
{
    static char text[400];
    ssize_t n = recv(m->fd, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void turn(struct manager *m, int64_t boot_ms)
{
    struct source_port port = notify_source_port(m->notify);
    struct now now = {.wall_ms = 0, .boot_ms = boot_ms};

    port.dispatch(port.ctx, NULL, now);
}

static int64_t deadline(struct manager *m)
{
    struct source_port port = notify_source_port(m->notify);
    struct pollset set;
    int64_t due;

    pollset_init(&set);
    pollset_clear(&set);
    port.collect(port.ctx, &set);
    due = set.deadline_boot_ms;
    pollset_finish(&set);
    return due;
}

static void test_each_message_is_one_datagram(void **state)
{
    struct manager m;
    int abstract;
    long long usec;

    (void)state;
    for (abstract = 0; abstract < 2; abstract++) {
        init(&m, abstract, NULL);
        notify_ready(m.notify);
        assert_string_equal(got(&m), "READY=1\n");
        notify_reloading(m.notify);
        notify_reloading(m.notify);
        assert_int_equal(sscanf(got(&m), "RELOADING=1\nMONOTONIC_USEC=%lld\n", &usec), 1);
        assert_true(usec > 0);
        assert_string_equal(got(&m), "");
        notify_reloaded(m.notify);
        notify_reloaded(m.notify);
        assert_string_equal(got(&m), "READY=1\n");
        assert_string_equal(got(&m), "");
        notify_status(m.notify, "1 of 2");
        notify_status(m.notify, "1 of 2");
        assert_string_equal(got(&m), "STATUS=1 of 2\n");
        notify_status(m.notify, "2 of 2");
        assert_string_equal(got(&m), "STATUS=2 of 2\n");
        notify_stopping(m.notify);
        notify_stopping(m.notify);
        notify_reloading(m.notify);
        assert_string_equal(got(&m), "STOPPING=1\n");
        assert_string_equal(got(&m), "");
        finish(&m);
    }
}

static void test_children_do_not_get_the_variables(void **state)
{
    struct manager m;

    (void)state;
    init(&m, false, "1000000");
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    finish(&m);
}

static void test_the_watchdog_is_fed_twice_in_its_time(void **state)
{
    struct manager m;

    (void)state;
    init(&m, false, "10000000");
    turn(&m, 1000);
    assert_string_equal(got(&m), "WATCHDOG=1\n");
    assert_int_equal(deadline(&m), 6000);
    turn(&m, 5999);
    assert_string_equal(got(&m), "");
    turn(&m, 6000);
    assert_string_equal(got(&m), "WATCHDOG=1\n");
    assert_int_equal(deadline(&m), 11000);
    finish(&m);
}

static void test_a_manager_that_is_behind_is_tried_again(void **state)
{
    struct manager m;
    int i;

    (void)state;
    init(&m, false, "16000000");
    for (i = 0; i < 100000; i++) { /* until its queue is full */
        char text[40];

        (void)snprintf(text, sizeof text, "%d", i);
        notify_status(m.notify, text);
    }
    turn(&m, 1000);
    assert_int_equal(deadline(&m), 2000);
    while (*got(&m))
        ;
    turn(&m, 2000);
    assert_string_equal(got(&m), "WATCHDOG=1\n");
    assert_int_equal(deadline(&m), 10000);
    finish(&m);
}

static void test_a_status_that_is_too_long_is_cut(void **state)
{
    char text[1000];
    struct manager m;

    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    init(&m, false, NULL);
    notify_status(m.notify, text);
    notify_status(m.notify, text);
    assert_int_equal(strlen(got(&m)), strlen("STATUS=\n") + NOTIFY_STATUS_BYTES - 1);
    assert_string_equal(got(&m), "");
    finish(&m);
}

static void test_a_watchdog_for_another_process_is_none(void **state)
{
    static const char *const pid[] = {"1", "0", "x", "99999999999999999999"};
    static const char *const usec[] = {"0", "-5", "x", "10 s", "1", "99999999999999999999", ""};
    struct manager m;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof pid / sizeof pid[0]; i++) {
        init(&m, false, NULL);
        notify_destroy(m.notify);
        assert_int_equal(setenv("NOTIFY_SOCKET", m.name, 1), 0);
        assert_int_equal(setenv("WATCHDOG_USEC", "1000000", 1), 0);
        assert_int_equal(setenv("WATCHDOG_PID", pid[i], 1), 0);
        assert_int_equal(notify_create(&m.notify), 0);
        assert_true(deadline(&m) == NOW_NEVER);
        finish(&m);
    }
    for (i = 0; i < sizeof usec / sizeof usec[0]; i++) {
        init(&m, false, usec[i]);
        assert_true(deadline(&m) == NOW_NEVER);
        turn(&m, 1000);
        assert_string_equal(got(&m), "");
        finish(&m);
    }
}

static void test_without_a_manager_nothing_happens(void **state)
{
    static const char *const name[] = {"", "x", "/", "@", "vsock:2:1234", "/no/such/socket"};
    char longest[200];
    size_t i;

    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    for (i = 0; i <= sizeof name / sizeof name[0] + 1; i++) {
        struct manager m = {.fd = -1};

        if (i < sizeof name / sizeof name[0])
            assert_int_equal(setenv("NOTIFY_SOCKET", name[i], 1), 0);
        else if (i == sizeof name / sizeof name[0])
            assert_int_equal(setenv("NOTIFY_SOCKET", longest, 1), 0);
        assert_int_equal(notify_create(&m.notify), 0);
        notify_ready(m.notify);
        notify_reloading(m.notify);
        notify_status(m.notify, "text");
        notify_stopping(m.notify);
        turn(&m, 1000);
        assert_true(deadline(&m) == NOW_NEVER);
        notify_destroy(m.notify);
    }
    notify_ready(NULL);
    notify_stopping(NULL);
    notify_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_message_is_one_datagram),
        cmocka_unit_test(test_children_do_not_get_the_variables),
        cmocka_unit_test(test_the_watchdog_is_fed_twice_in_its_time),
        cmocka_unit_test(test_a_manager_that_is_behind_is_tried_again),
        cmocka_unit_test(test_a_status_that_is_too_long_is_cut),
        cmocka_unit_test(test_a_watchdog_for_another_process_is_none),
        cmocka_unit_test(test_without_a_manager_nothing_happens),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
