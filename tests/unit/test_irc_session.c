/* The seam between crier and libircclient: another process of this machine wants to be its end. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "irc_session.h"

enum {
    KNOCKS = 17, /* fill a listener's queue of 16, so that nobody behind them gets in */
    PATIENCE_MS = 30000,
    NOBODY = 65534,
    PUMPS = 1000
};

/* ---- the racer: a process of its own, and where that can be, of another user ----------------- */

struct race {
    pid_t pid;
    int fd; /* a port goes there, a byte comes back when it has knocked; then 0 and a report */
    unsigned listeners;
};

struct race_report {
    int connected, open, bytes;
};

static struct race race = {0, -1, 0};

static int knock(uint16_t port)
{
    static const char evil[] = ":evil!e@evil PRIVMSG #ops :!status confirm 1\r\n";
    struct sockaddr_in a;
    struct pollfd p;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(port);
    if (fd < 0 || (connect(fd, (struct sockaddr *)(void *)&a, sizeof a) && errno != EINPROGRESS))
        _exit(1);
    p.fd = fd;
    p.events = POLLOUT;
    if (poll(&p, 1, PATIENCE_MS) != 1 || send(fd, evil, sizeof evil - 1, MSG_NOSIGNAL) < 0)
        _exit(1);
    return fd;
}

static void racer_main(int parent)
{
    int fd[KNOCKS], i;
    uint16_t port;

    if (!getuid() && (setgid(NOBODY) || setuid(NOBODY)))
        _exit(1);
    while (read(parent, &port, sizeof port) == sizeof port) {
        struct race_report report = {0, 0, 0};

        if (port) {
            for (i = 0; i < KNOCKS; i++)
                fd[i] = knock(port);
            if (write(parent, "k", 1) != 1)
                _exit(1);
            continue;
        }
        for (i = 0; i < KNOCKS; i++) {
            struct pollfd p = {fd[i], POLLIN, 0};
            char b[512];
            ssize_t n = poll(&p, 1, PATIENCE_MS) == 1 ? recv(fd[i], b, sizeof b, 0) : 1;

            report.connected++;
            report.open += n > 0;
            report.bytes += n > 0 ? (int)n : 0;
            (void)close(fd[i]);
        }
        if (write(parent, &report, sizeof report) != sizeof report)
            _exit(1);
    }
    _exit(0);
}

/* The racer knows of the listener before anybody else can: it cannot lose. */
int listen(int fd, int backlog)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    int r = (int)syscall(SYS_listen, fd, backlog);
    uint16_t port;
    char knocked;

    if (r || race.fd < 0 || getsockname(fd, (struct sockaddr *)(void *)&a, &n))
        return r;
    port = ntohs(a.sin_port);
    race.listeners++;
    assert_int_equal(write(race.fd, &port, sizeof port), sizeof port);
    assert_int_equal(read(race.fd, &knocked, 1), 1);
    return 0;
}

static int begin_race(void **state)
{
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    race.pid = fork();
    assert_true(race.pid >= 0);
    if (!race.pid) {
        (void)close(pair[0]);
        racer_main(pair[1]);
    }
    (void)close(pair[1]);
    race.fd = pair[0];
    race.listeners = 0;
    return 0;
}

static int end_race(void **state)
{
    int status = -1;

    (void)state;
    (void)close(race.fd);
    race.fd = -1;
    return waitpid(race.pid, &status, 0) == race.pid && !status ? 0 : -1;
}

/* ---- the session ----------------------------------------------------------------------------- */

struct seen {
    char events[512], lines[512];
};

static void add(char *dst, size_t size, const char *text)
{
    size_t used = strlen(dst);

    (void)snprintf(dst + used, size - used, "%s\n", text);
}

static void on_event(void *ctx, const struct irc_event *e)
{
    struct seen *s = ctx;

    add(s->events, sizeof s->events, e->param[1]);
}

static void on_line(void *ctx, const char *line, size_t n)
{
    struct seen *s = ctx;
    char text[256];

    (void)snprintf(text, sizeof text, "%.*s", (int)n, line);
    add(s->lines, sizeof s->lines, text);
}

/* It speaks, and it hears what we say. */
static void works(struct irc_session *session, struct seen *seen)
{
    static const char said[] = ":al!u@s1 PRIVMSG #ops :ours\r\n";
    int i;

    assert_int_equal(irc_session_feed(session, said, sizeof said - 1), 0);
    for (i = 0; i < PUMPS && !(seen->events[0] && strstr(seen->lines, "USER")); i++)
        assert_int_equal(irc_session_pump(session), 0);
    assert_string_equal(seen->events, "ours\n");
    assert_string_equal(seen->lines, "NICK crier\nUSER crier unknown unknown :crier\n");
}

static void a_process_that_races_to_connect_is_thrown_out(void **state)
{
    struct seen seen = {"", ""};
    struct irc_session_sink sink = {&seen, on_event, on_line};
    struct irc_session *session = NULL;
    struct race_report report = {0, 0, 0};
    const uint16_t ask = 0;

    (void)state;
    assert_int_equal(irc_session_create("crier", &sink, &session), 0);
    assert_int_equal(race.listeners, 1); /* and all were there before the library */
    assert_int_equal(write(race.fd, &ask, sizeof ask), sizeof ask);
    assert_int_equal(read(race.fd, &report, sizeof report), sizeof report);
    assert_int_equal(report.connected, KNOCKS);
    assert_int_equal(report.open, 0);
    assert_int_equal(report.bytes, 0);
    works(session, &seen);
    irc_session_destroy(session);
}

/* Nobody can come later either: nothing of the session has an address. */
static void the_seam_has_no_address(void **state)
{
    struct seen seen = {"", ""};
    struct irc_session_sink sink = {&seen, on_event, on_line};
    struct irc_session *session = NULL;
    struct pollset set;
    size_t i;

    (void)state;
    assert_int_equal(irc_session_create("crier", &sink, &session), 0);
    pollset_init(&set);
    irc_session_collect(session, &set);
    assert_int_equal(set.n, 2);
    for (i = 0; i < set.n; i++) {
        struct sockaddr_storage a;
        socklen_t n = sizeof a;
        int listens = 1, fd = set.item[i].fd;
        socklen_t listens_n = sizeof listens;

        assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&a, &n), 0);
        assert_int_equal(a.ss_family, AF_UNIX);
        assert_int_equal(n, sizeof a.ss_family); /* unnamed: unix(7) */
        assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_n), 0);
        assert_false(listens);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    works(session, &seen);
    pollset_finish(&set);
    irc_session_destroy(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_process_that_races_to_connect_is_thrown_out, begin_race,
                                        end_race),
        cmocka_unit_test(the_seam_has_no_address),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
