#include "trial_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "helper.h"
#include "log.h"

enum {
    N_FILES = 4,   /* struct trial_files */
    FIRST_FD = 10, /* above what the trial has */
    NOW_FD = 3,
    BEFORE_FD = 4,
    LAST_FD = 4,
    NICE = 10,
    NOT_STARTED = 127,
    GOODBYE_MS = 200,
    GOODBYE_STEP_MS = 5
};

enum order { ORDER_START = 's', ORDER_STOP = 'k' };

struct trial_helper {
    int fd; /* -1: it is gone */
    pid_t pid;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* ---- the helper ------------------------------------------------------------------------------ */

struct work {
    const char *program;
    pid_t daemon, self;
    pid_t trial; /* 0: none */
    int signal_fd;
};

/* Where no descriptor of the child is. Takes fd over. @return -1 when it cannot be. */
static int move_up(int fd)
{
    int moved;

    if (fd < 0 || fd >= FIRST_FD)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
    (void)close(fd);
    return moved;
}

/* Borrows from text, which ends with a NUL byte. */
static char **arguments(const char *text, size_t n_text)
{
    static const char *const words[] = {"crier",           "check",     "-c",
                                        "/proc/self/fd/3", "--against", "/proc/self/fd/4",
                                        "--json",          "--replay",  "--"};
    enum { WORDS = sizeof words / sizeof words[0] };
    const char **argv;
    size_t i, n = 0;

    for (i = 0; i < n_text; i++)
        n += !text[i];
    argv = calloc(WORDS + n + 1, sizeof *argv);
    if (!argv)
        return NULL;
    memcpy(argv, words, sizeof words);
    for (i = 0, n = 0; i < n_text; i += strlen(text + i) + 1)
        argv[WORDS + n++] = text + i;
    return (char **)(void *)argv; /* exec changes none of them */
}

/* @return the length, the caller's text ends with a NUL byte; 0 when it cannot be read. */
static size_t read_logs(int fd, char **ret)
{
    char *text = malloc(TRIAL_LOGS_BYTES + 1);
    size_t n = 0;
    ssize_t got = 0;

    while (text && n <= TRIAL_LOGS_BYTES) {
        got = pread(fd, text + n, TRIAL_LOGS_BYTES + 1 - n, (off_t)n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    if (!text || got || !n || n > TRIAL_LOGS_BYTES || text[n - 1]) {
        free(text);
        return 0;
    }
    *ret = text;
    return n;
}

static void __attribute__((noreturn))
become(const struct work *w, char **argv, int null, const int fd[N_FILES])
{
    static char *const nothing[] = {NULL};

    (void)setpriority(PRIO_PROCESS, 0, NICE);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != w->self)
        _exit(NOT_STARTED);
    helper_free_signals();
    if (dup2(null, STDIN_FILENO) < 0 || dup2(fd[0], STDOUT_FILENO) < 0 ||
        dup2(fd[0], STDERR_FILENO) < 0 || dup2(fd[1], NOW_FD) < 0 || dup2(fd[2], BEFORE_FD) < 0)
        _exit(NOT_STARTED);
    helper_close_from(LAST_FD + 1);
    (void)execve(w->program, argv, nothing); /* of the daemon's environment some may be secret */
    _exit(NOT_STARTED);
}

/* @param block until it is gone, when it was killed: a moment, or as long as its disk hangs. */
static void reap(struct work *w, bool block)
{
    pid_t ended;

    if (!w->trial)
        return;
    do
        ended = waitpid(w->trial, NULL, block ? 0 : WNOHANG);
    while (ended < 0 && errno == EINTR);
    if (ended)
        w->trial = 0;
}

static void end_trial(struct work *w)
{
    if (!w->trial)
        return;
    (void)kill(w->trial, SIGKILL);
    reap(w, true);
}

/* @param fd all above FIRST_FD, or -1. */
static void start_trial(struct work *w, const int fd[N_FILES])
{
    int null = move_up(open("/dev/null", O_RDONLY | O_CLOEXEC));
    char *text = NULL, **argv = NULL;
    size_t n = 0;

    end_trial(w);
    if (null >= 0 && fd[0] >= 0 && fd[1] >= 0 && fd[2] >= 0 && fd[3] >= 0)
        n = read_logs(fd[3], &text);
    if (n)
        argv = arguments(text, n);
    if (argv) {
        w->trial = fork();
        if (!w->trial)
            become(w, argv, null, fd);
        if (w->trial < 0)
            w->trial = 0;
    }
    free(argv);
    free(text);
    close_fd(&null);
}

/* @return false when the daemon is gone. */
static bool obey(struct work *w)
{
    union {
        char bytes[CMSG_SPACE(N_FILES * sizeof(int))];
        struct cmsghdr align;
    } control;
    char order = 0;
    struct iovec part = {.iov_base = &order, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    int fd[N_FILES] = {-1, -1, -1, -1}, i;
    ssize_t n = recvmsg(HELPER_SOCKET, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *head;

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (!n)
        return false;
    head = CMSG_FIRSTHDR(&msg);
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len >= CMSG_LEN(0))
        memcpy(fd, CMSG_DATA(head),
               head->cmsg_len < CMSG_LEN(sizeof fd) ? head->cmsg_len - CMSG_LEN(0) : sizeof fd);
    for (i = 0; i < N_FILES; i++)
        fd[i] = move_up(fd[i]);
    if (order == ORDER_START)
        start_trial(w, fd);
    else
        end_trial(w);
    for (i = 0; i < N_FILES; i++)
        close_fd(&fd[i]);
    return true;
}

static void __attribute__((noreturn)) serve(struct work *w, int fd)
{
    w->self = getpid();
    w->signal_fd = helper_settle(fd, "crier-trial", w->daemon);
    /* It runs crier alone, which needs no program's set-user-id bit. */
    if (w->signal_fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _exit(1);
    for (;;) {
        struct pollfd fds[2] = {{.fd = w->signal_fd, .events = POLLIN},
                                {.fd = HELPER_SOCKET, .events = POLLIN}};

        (void)poll(fds, 2, -1);
        if (!helper_read_signals(w->signal_fd, w->daemon) || !obey(w))
            _exit(0); /* and the trial with it */
        reap(w, false);
    }
}

/* ---- the daemon's side ----------------------------------------------------------------------- */

int trial_helper_create(const char *program, struct trial_helper **ret)
{
    struct trial_helper *h = calloc(1, sizeof *h);
    struct work w = {.program = program, .daemon = getpid()};
    int fds[2];

    if (!h)
        return CRIER_ENOMEM;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
        log_warn("trial", "cannot make a socket pair");
        free(h);
        return CRIER_EIO;
    }
    h->pid = fork();
    if (!h->pid)
        serve(&w, fds[1]);
    (void)close(fds[1]);
    h->fd = fds[0];
    if (h->pid < 0) {
        log_warn("trial", "cannot fork");
        (void)close(fds[0]);
        free(h);
        return CRIER_EIO;
    }
    *ret = h;
    return 0;
}

void trial_helper_destroy(struct trial_helper *h)
{
    int waited_ms;

    if (!h)
        return;
    close_fd(&h->fd);
    for (waited_ms = 0; !waitpid(h->pid, NULL, WNOHANG) && waited_ms < GOODBYE_MS;
         waited_ms += GOODBYE_STEP_MS)
        (void)poll(NULL, 0, GOODBYE_STEP_MS);
    free(h);
}

static int send_order(struct trial_helper *h, enum order order, const struct trial_files *files)
{
    union {
        char bytes[CMSG_SPACE(N_FILES * sizeof(int))];
        struct cmsghdr align;
    } control;
    char byte = (char)order;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    struct cmsghdr *head;

    if (files) {
        int fd[N_FILES] = {files->output, files->now, files->before, files->logs};

        memset(&control, 0, sizeof control);
        msg.msg_control = control.bytes;
        msg.msg_controllen = sizeof control.bytes;
        head = CMSG_FIRSTHDR(&msg);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(head), fd, sizeof fd);
    }
    if (sendmsg(h->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
        return 0;
    return errno == EAGAIN || errno == EINTR ? CRIER_EAGAIN : CRIER_EIO;
}

int trial_helper_start(struct trial_helper *h, const struct trial_files *files)
{
    return send_order(h, ORDER_START, files);
}

void trial_helper_stop(struct trial_helper *h)
{
    /* Where it is not taken the helper is gone, and the trial with it, or one that starts will end
     * this one. */
    (void)send_order(h, ORDER_STOP, NULL);
}
