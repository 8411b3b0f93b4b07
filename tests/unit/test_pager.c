/* The helper that runs the pager's command: real processes, a script in a folder of its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "pager.h"

enum { PATIENCE_MS = 60000, FILE_BYTES = 8000, LONG_MS = 60000 };

struct ground {
    char dir[64];
    struct pager *pager;
    /* what the sink heard */
    int calls;
    int exit_status;
    char text[400];
};

static int64_t mono_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nap(void)
{
    (void)poll(NULL, 0, 5);
}

static char *path_of(const struct ground *g, const char *name)
{
    char *path = buf_printf("%s/%s", g->dir, name);

    assert_non_null(path);
    return path;
}

static void write_file(const struct ground *g, const char *name, const char *text, mode_t mode)
{
    char *path = path_of(g, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    free(path);
}

/* @return the file's text, the caller's to free(), or NULL where there is none. */
static char *read_file(const struct ground *g, const char *name)
{
    char *path = path_of(g, name), *text;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    free(path);
    if (fd < 0)
        return NULL;
    text = calloc(1, FILE_BYTES + 1);
    assert_non_null(text);
    n = read(fd, text, FILE_BYTES);
    assert_true(n >= 0);
    (void)close(fd);
    return text;
}

static void expect_file(const struct ground *g, const char *name, const char *want)
{
    char *text = read_file(g, name);

    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
}

static pid_t read_pid(const struct ground *g, const char *name)
{
    char *text = read_file(g, name);
    long pid;

    assert_non_null(text);
    pid = strtol(text, NULL, 10);
    assert_true(pid > 1);
    free(text);
    return (pid_t)pid;
}

static void on_done(void *ctx, int exit_status, const char *text)
{
    struct ground *g = ctx;

    g->calls++;
    g->exit_status = exit_status;
    (void)snprintf(g->text, sizeof g->text, "%s", text);
}

/* The pager's command is the script with these arguments. */
static int make(struct ground *g, const char *script, int64_t limit_ms, char *first, char *second)
{
    struct pager_sink sink = {.ctx = g, .done = on_done};
    char *item[3] = {path_of(g, "page"), first, second};
    struct string_list command = {.item = item, .n = second ? 3 : first ? 2 : 1};
    int r;

    if (script)
        write_file(g, "page", script, 0700);
    r = pager_create(&command, limit_ms, &sink, &g->pager);
    free(item[0]);
    return r;
}

/* One turn of a loop. */
static void turn(struct ground *g)
{
    struct source_port port = pager_source_port(g->pager);
    struct now now = {0, 0};
    struct pollfd fd = {.fd = -1};
    struct pollset set;

    pollset_init(&set);
    port.collect(port.ctx, &set);
    if (set.n) {
        fd = (struct pollfd){.fd = set.item[0].fd, .events = set.item[0].want};
        (void)poll(&fd, 1, 20);
        set.item[0].got = fd.revents;
    }
    port.dispatch(port.ctx, &set, now);
    pollset_finish(&set);
}

static void wait_calls(struct ground *g, int calls)
{
    int64_t until = mono_ms() + PATIENCE_MS;

    while (g->calls < calls && mono_ms() < until)
        turn(g);
    assert_int_equal(g->calls, calls);
}

static void page(struct ground *g, const char *text)
{
    int calls = g->calls;

    assert_int_equal(pager_send(g->pager, text), 0);
    wait_calls(g, calls + 1);
}

static int set_up(void **state)
{
    struct ground *g = calloc(1, sizeof *g);

    assert_non_null(g);
    (void)snprintf(g->dir, sizeof g->dir, "/tmp/crier-pager-XXXXXX");
    assert_non_null(mkdtemp(g->dir));
    *state = g;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int tear_down(void **state)
{
    struct ground *g = *state;

    pager_destroy(g->pager);
    assert_int_equal(nftw(g->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(g);
    return 0;
}

/* ---- what the command gets ------------------------------------------------------------------- */

static const char show[] = "#!/bin/sh\n"
                           "d=${0%/*}\n"
                           "for a in \"$@\"; do printf '[%s]\\n' \"$a\"; done >$d/arguments\n"
                           "cat >$d/stdin\n";

static void arguments_are_exact(void **state)
{
    static char odd[] = "a  b*$HOME;`id`", empty_like[] = "'\"\\";
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"plain", "plain"},
        {"$(touch x) `touch y` ; rm -rf * | cat && \"quotes\" 'more' \\", NULL},
        {"--help -x", "help -x"},
        {" - - dashes", "dashes"},
        {"two\r\nlines\x1b[31m and\x07 control\x02s", "two lines[31m and controls"},
        {"caf\xc3\xa9 \xe2\x80\xaetrick", "caf\xc3\xa9 trick"},
        {"bad \xff byte", "bad ? byte"},
    };
    struct ground *g = *state;
    size_t i;

    assert_int_equal(make(g, show, LONG_MS, odd, empty_like), 0);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *want = rows[i].want ? rows[i].want : rows[i].text;
        char expected[600];

        page(g, rows[i].text);
        assert_string_equal(g->text, "");
        assert_int_equal(g->exit_status, 0);
        (void)snprintf(expected, sizeof expected, "[%s]\n[%s]\n[%s]\n", odd, empty_like, want);
        expect_file(g, "arguments", expected);
        (void)snprintf(expected, sizeof expected, "%s\n", want);
        expect_file(g, "stdin", expected);
    }
    assert_int_equal(pager_send(g->pager, " \r\n--"), CRIER_EINVAL);
    assert_int_equal(pager_send(g->pager, ""), CRIER_EINVAL);
}

/* Whoever has taken the daemon over can write what he likes to the helper, but no option, no second
 * line and nothing hidden reaches the command. */
static void the_helper_trusts_no_text(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *want; /* NULL: the command is not started */
    } rows[] = {
        {"-X/tmp/x -C/tmp/y", 17, "X/tmp/x -C/tmp/y"},
        {"\n--output=/tmp/x", 16, "output=/tmp/x"},
        {"a\nTo: b\r\n\x1b[1m", 14, "a To: b [1m"},
        {"a\0--b", 6, "a--b"},
        {"--", 2, NULL},
        {"\0", 1, NULL},
    };
    struct ground *g = *state;
    size_t i;

    assert_int_equal(make(g, show, LONG_MS, NULL, NULL), 0);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_port port = pager_source_port(g->pager);
        struct pollset set;
        char expected[100];

        pollset_init(&set);
        port.collect(port.ctx, &set);
        assert_int_equal(set.n, 1);
        assert_int_equal(send(set.item[0].fd, rows[i].text, rows[i].n, 0), rows[i].n);
        pollset_finish(&set);
        wait_calls(g, (int)i + 1);
        assert_int_equal(g->exit_status, rows[i].want ? 0 : -1);
        if (!rows[i].want)
            continue;
        (void)snprintf(expected, sizeof expected, "[%s]\n", rows[i].want);
        expect_file(g, "arguments", expected);
        (void)snprintf(expected, sizeof expected, "%s\n", rows[i].want);
        expect_file(g, "stdin", expected);
    }
}

static void long_texts_are_cut(void **state)
{
    struct ground *g = *state;
    char text[2 * PAGER_TEXT_BYTES + 1];
    char *got;
    size_t i;

    assert_int_equal(make(g, show, LONG_MS, NULL, NULL), 0);
    memset(text, 'x', sizeof text);
    for (i = 1; i + 2 < sizeof text; i += 2) /* at an odd place: the cut is inside a character */
        memcpy(text + i, "\xc3\xa9", 2);
    text[sizeof text - 1] = '\0';
    page(g, text);
    got = read_file(g, "stdin");
    assert_non_null(got);
    assert_int_equal(strlen(got), PAGER_TEXT_BYTES - 1 + 1); /* and the line's end */
    assert_memory_equal(got, text, PAGER_TEXT_BYTES - 1);
    free(got);
}

/* Nothing of the daemon but the text: no file, no secret of its environment, no signal setting. */
static void nothing_is_inherited(void **state)
{
    static const char script[] =
        "#!/bin/sh\n"
        "d=${0%/*}\n"
        /* a pipe would show, and so would what the shell keeps for later */
        "exec >$d/fds\n"
        "ls -m /proc/$$/fd\n"
        "env >$d/env\n"
        "grep -E '^Sig(Blk|Ign)' /proc/self/status >$d/signals\n"
        "cut -d' ' -f 6 /proc/$$/stat >$d/session\n"
        "echo $$ >$d/pid\n"
        "pwd >$d/cwd\n"
        "echo $PPID >$d/helper\n";
    struct ground *g = *state;
    char *path = path_of(g, "secret"), *text, fds[64];
    sigset_t blocked, before;
    struct dirent *e;
    DIR *d;
    int open_fd, n = 0;

    write_file(g, "secret", "secret", 0600);
    open_fd = open(path, O_RDONLY); /* not even close-on-exec */
    assert_true(open_fd >= 0);
    assert_int_equal(setenv("CRIER_PAGE_KEY", "very-secret", 1), 0);
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigaddset(&blocked, SIGALRM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(make(g, script, LONG_MS, NULL, NULL), 0);
    page(g, "text");
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(unsetenv("CRIER_PAGE_KEY"), 0);
    (void)close(open_fd);
    free(path);

    text = read_file(g, "fds"); /* the shell itself has the script open, as 10 or so */
    assert_non_null(text);
    assert_int_equal(strncmp(text, "0, 1, ", 6), 0);
    assert_true(strlen(text) <= strlen("0, 1, 10, 2\n"));
    free(text);
    text = read_file(g, "env");
    assert_non_null(text);
    assert_null(strstr(text, "secret"));
    assert_non_null(strstr(text, "PATH="));
    free(text);
    text = read_file(g, "signals");
    /* 32 and 33 are glibc's own, out of reach for us; GNU make starts its children without them */
    if (strcmp(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n") != 0)
        assert_string_equal(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    free(text);
    expect_file(g, "cwd", "/\n");
    assert_int_equal(read_pid(g, "session"), read_pid(g, "pid"));

    /* and the helper has kept nothing either: 0, 1, 2, the socket, its signals */
    (void)snprintf(fds, sizeof fds, "/proc/%ld/fd", (long)read_pid(g, "helper"));
    d = opendir(fds);
    assert_non_null(d);
    while ((e = readdir(d)))
        n += *e->d_name != '.';
    (void)closedir(d);
    assert_int_equal(n, 5);
}

/* ---- what becomes of it ---------------------------------------------------------------------- */

static void endings_are_told(void **state)
{
    static const struct {
        const char *script;
        int exit_status;
        const char *text;
    } rows[] = {
        {"#!/bin/sh\nexit 0\n", 0, ""},
        {"#!/bin/sh\necho sent as 17\n", 0, "sent as 17"},
        {"#!/bin/sh\necho 'no route' >&2\nexit 3\n", 3, "exit status 3: no route"},
        {"#!/bin/sh\nkill -9 $$\n", -1, "ended by signal 9"},
        {"#!/no/such/interpreter\n", 127, "exit status 127: cannot run "},
        {"#!/bin/sh\nexec 0<&- 1>&- 2>&-\nexit 4\n", 4, "exit status 4"},
        /* more than a pipe holds: it is not kept waiting */
        {"#!/bin/sh\nyes | head -c 200000\nexit 5\n", 5, "exit status 5: y y y"},
    };
    struct ground *g = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(make(g, rows[i].script, LONG_MS, NULL, NULL), 0);
        page(g, "text");
        assert_int_equal(g->exit_status, rows[i].exit_status);
        if (strncmp(g->text, rows[i].text, strlen(rows[i].text)) != 0)
            fail_msg("%s: %s", rows[i].script, g->text);
        assert_true(*rows[i].text || !*g->text);
        pager_destroy(g->pager);
        g->pager = NULL;
    }
}

static void a_command_that_hangs_is_ended(void **state)
{
    static const char script[] = "#!/bin/sh\n"
                                 "trap '' TERM HUP INT\n"
                                 "d=${0%/*}\n"
                                 "echo begun\n"
                                 "sleep 1000 &\n"
                                 "echo $! >$d/child.new; mv $d/child.new $d/child\n"
                                 "wait\nsleep 1000\n";
    struct ground *g = *state;
    int64_t begun = mono_ms(), until;
    char path[64];
    char *child;

    assert_int_equal(make(g, script, 2000, NULL, NULL), 0);
    page(g, "text");
    assert_int_equal(g->exit_status, -1);
    assert_string_equal(g->text, "ended after 2 s, which is its limit: begun");
    assert_true(mono_ms() - begun >= 2000);
    child = read_file(g, "child");
    if (child) { /* what it had started has gone with it; a zombie is gone as well */
        char state_letter = 'R';

        (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)read_pid(g, "child"));
        for (until = mono_ms() + PATIENCE_MS; mono_ms() < until; nap()) {
            FILE *f = fopen(path, "re");

            if (!f || fscanf(f, "%*d %*s %c", &state_letter) != 1)
                state_letter = 'Z';
            if (f)
                (void)fclose(f);
            if (state_letter == 'Z')
                break;
        }
        assert_int_equal(state_letter, 'Z');
        free(child);
    }
    page(g, "again"); /* the helper is none the worse */
    assert_int_equal(g->exit_status, -1);
}

static void one_at_a_time(void **state)
{
    static const char script[] = "#!/bin/sh\n"
                                 "d=${0%/*}\n"
                                 "echo \"$1\" >>$d/all\n"
                                 "while [ -d $d ] && [ ! -e $d/go ]; do sleep 0.02; done\n";
    struct ground *g = *state;

    assert_int_equal(make(g, script, LONG_MS, NULL, NULL), 0);
    assert_int_equal(pager_send(g->pager, "first"), 0);
    assert_int_equal(pager_send(g->pager, "second"), CRIER_EAGAIN);
    write_file(g, "go", "", 0600);
    wait_calls(g, 1);
    page(g, "third");
    expect_file(g, "all", "first\nthird\n");
}

static void bad_commands_are_told(void **state)
{
    struct pager_sink sink = {.ctx = *state, .done = on_done};
    struct ground *g = *state;
    struct string_list none = {NULL, 0}, command;
    char *item[1], why[300];

    assert_int_equal(pager_create(&none, LONG_MS, &sink, &g->pager), CRIER_EINVAL);
    assert_null(g->pager);
    item[0] = path_of(g, "page");
    command.item = item;
    command.n = 1;
    assert_int_equal(pager_look_at(&command, why, sizeof why), CRIER_ENOENT);
    assert_non_null(strstr(why, "No such file"));
    write_file(g, "page", "#!/bin/sh\n", 0600);
    assert_int_equal(pager_look_at(&command, why, sizeof why), CRIER_EACCESS);
    assert_int_equal(chmod(item[0], 0700), 0);
    assert_int_equal(pager_look_at(&command, why, sizeof why), 0);
    free(item[0]);
    item[0] = strdup(g->dir);
    assert_int_equal(pager_look_at(&command, why, sizeof why), CRIER_EACCESS);
    free(item[0]);
    assert_int_equal(make(g, NULL, LONG_MS, NULL, NULL), 0); /* may be put right later */
}

/* ---- ends ------------------------------------------------------------------------------------ */

static const char tell_helper[] = "#!/bin/sh\n"
                                  "d=${0%/*}\n"
                                  "echo $PPID >$d/helper.new; mv $d/helper.new $d/helper\n"
                                  "[ \"$1\" = quick ] && exit\n"
                                  "while [ -d $d ] && [ ! -e $d/go ]; do sleep 0.02; done\n"
                                  "echo done >$d/finished\n";

static void a_lost_helper_is_noticed(void **state)
{
    struct ground *g = *state;
    int64_t until = mono_ms() + PATIENCE_MS;
    char *text;

    assert_int_equal(make(g, tell_helper, LONG_MS, NULL, NULL), 0);
    assert_int_equal(pager_send(g->pager, "slow"), 0);
    while (!(text = read_file(g, "helper")) && mono_ms() < until)
        nap();
    free(text);
    assert_int_equal(kill(read_pid(g, "helper"), SIGKILL), 0);
    wait_calls(g, 1);
    assert_int_equal(g->exit_status, -1);
    assert_non_null(strstr(g->text, "gone"));
    assert_int_equal(pager_send(g->pager, "text"), CRIER_EIO);
    turn(g); /* and no more is heard of it */
    assert_int_equal(g->calls, 1);
    write_file(g, "go", "", 0600);
}

/* In a child that is the daemon: pages once, and then lies there until it is killed. */
static void __attribute__((noreturn)) be_daemon(struct ground *g, const char *text)
{
    if (make(g, tell_helper, LONG_MS, NULL, NULL))
        _exit(1);
    if (pager_send(g->pager, "quick"))
        _exit(2);
    while (!g->calls)
        turn(g);
    if (*text && pager_send(g->pager, text))
        _exit(3);
    write_file(g, "ready", "", 0600);
    for (;;)
        (void)pause();
}

static void kill_daemon(struct ground *g, const char *text, pid_t *ret_helper)
{
    int64_t until = mono_ms() + PATIENCE_MS;
    pid_t daemon = fork();
    char *ready = NULL;
    int status;

    assert_true(daemon >= 0);
    if (!daemon)
        be_daemon(g, text);
    while (!(ready = read_file(g, "ready")) && mono_ms() < until)
        nap();
    assert_non_null(ready);
    free(ready);
    *ret_helper = read_pid(g, "helper");
    assert_int_equal(kill(*ret_helper, 0), 0);
    assert_int_equal(kill(daemon, SIGKILL), 0);
    assert_int_equal(waitpid(daemon, &status, 0), daemon);
    assert_true(WIFSIGNALED(status));
}

/* The helper of a killed daemon becomes our child, so that its end can be waited for. */
static void expect_left(pid_t helper)
{
    int64_t until = mono_ms() + PATIENCE_MS;
    int status = -1;
    pid_t ended = 0;

    while (mono_ms() < until && (ended = waitpid(helper, &status, WNOHANG)) == 0)
        nap();
    assert_int_equal(ended, helper);
    assert_int_equal(status, 0);
}

static void the_helper_leaves_with_a_killed_daemon(void **state)
{
    struct ground *g = *state;
    pid_t helper;

    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    kill_daemon(g, "", &helper);
    expect_left(helper);
}

static void a_page_under_way_is_not_lost_with_the_daemon(void **state)
{
    struct ground *g = *state;
    pid_t helper;

    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    kill_daemon(g, "slow", &helper);
    assert_int_equal(waitpid(helper, NULL, WNOHANG), 0);
    write_file(g, "go", "", 0600);
    expect_left(helper);
    expect_file(g, "finished", "done\n");
}

static void signals_for_the_daemon_leave_the_helper_alone(void **state)
{
    struct ground *g = *state;
    pid_t helper;

    assert_int_equal(make(g, tell_helper, LONG_MS, NULL, NULL), 0);
    page(g, "quick");
    helper = read_pid(g, "helper");
    assert_int_equal(kill(helper, SIGTERM), 0);
    assert_int_equal(kill(helper, SIGHUP), 0);
    assert_int_equal(kill(helper, SIGINT), 0);
    page(g, "quick");
    assert_int_equal(read_pid(g, "helper"), helper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arguments_are_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_helper_trusts_no_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_texts_are_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_inherited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(endings_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_command_that_hangs_is_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_commands_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_helper_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_helper_leaves_with_a_killed_daemon, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_under_way_is_not_lost_with_the_daemon, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(signals_for_the_daemon_leave_the_helper_alone, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
