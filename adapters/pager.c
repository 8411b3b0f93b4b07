#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "helper.h"
#include "log.h"
#include "utf8.h"

enum {
    WORDS_BYTES = 200,   /* of what a command wrote */
    GOODBYE_MS = 200,    /* how long the helper is waited for */
    GOODBYE_STEP_MS = 5, /* between two looks */
    NOT_STARTED = 127,   /* exit status of the child whose exec failed, as in a shell */
    ENVIRONMENT_MAX = 8
};

/* From the helper to the daemon. */
struct reply {
    int32_t exit_status;
    char text[WORDS_BYTES + 64];
};

struct pager {
    struct pager_sink sink;
    int fd; /* -1: the helper is gone */
    pid_t helper;
    bool busy;
};

/* ---- the helper: no more than it needs, and everything made before the fork --------------------
 */

struct helper {
    char **argv; /* ends with the text's place and NULL */
    size_t n;    /* of argv, without these */
    char *environment[ENVIRONMENT_MAX];
    int64_t limit_ms;
    pid_t daemon;
    int signal_fd;
    bool leaving;
};

static int64_t mono_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* In the child that becomes the command. */
static void __attribute__((noreturn)) become_command(const struct helper *h, int in, int out)
{
    (void)setsid();
    helper_free_signals();
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(NOT_STARTED);
    helper_close_from(STDERR_FILENO + 1);
    if (chdir("/"))
        _exit(NOT_STARTED);
    (void)execve(h->argv[0], h->argv, (char *const *)h->environment);
    (void)dprintf(STDERR_FILENO, "cannot run %s: %s", h->argv[0], strerror(errno));
    _exit(NOT_STARTED);
}

/* What the command wrote by now: the first bytes are kept, the others make room for more. */
static void read_words(int fd, char *words, size_t *n)
{
    char more[512];
    ssize_t got;

    while ((got = read(fd, more, sizeof more)) > 0 || (got < 0 && errno == EINTR)) {
        size_t take = got > 0 ? (size_t)got : 0;

        if (take > WORDS_BYTES - *n)
            take = WORDS_BYTES - *n;
        memcpy(words + *n, more, take);
        *n += take;
    }
}

/* They only wake us: for an ended child, and for the end of the daemon, with which we leave. */
static void read_signals(struct helper *h)
{
    h->leaving = !helper_read_signals(h->signal_fd, h->daemon);
}

/* Until the command has ended, or was ended. @return its wait status. */
static int wait_for_command(struct helper *h, pid_t pid, int out, char *words, size_t *n_words,
                            bool *ret_late)
{
    int64_t until = mono_ms() + h->limit_ms;
    struct pollfd fds[2] = {{.fd = h->signal_fd, .events = POLLIN}, {.fd = out, .events = POLLIN}};
    int status = 0;

    *ret_late = false;
    for (;;) {
        int64_t left = until - mono_ms();
        pid_t ended;

        if (left <= 0) {
            *ret_late = true;
            (void)kill(-pid, SIGKILL);
            (void)kill(pid, SIGKILL); /* it has no session of its own yet */
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
            return status;
        }
        (void)poll(fds, 2, left < INT_MAX ? (int)left : INT_MAX);
        read_words(out, words, n_words);
        if (fds[1].revents & (POLLHUP | POLLERR))
            fds[1].fd = -1; /* it has closed both: no need to be woken by that for ever */
        read_signals(h);
        ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return status;
    }
}

static void tell(struct reply *reply, int exit_status, const char *what, const char *words)
{
    reply->exit_status = exit_status;
    (void)utf8_print(reply->text, sizeof reply->text, "%s%s%s", what, *what && *words ? ": " : "",
                     words);
}

/* One clean line that no command takes for an option. @return where it begins in text. */
static char *tidy(char *text, size_t n)
{
    (void)utf8_clean(text, n, text);
    return text + strspn(text, "- ");
}

/* @param text is done over here, whatever the daemon has made of it: somebody else may speak with
 * its voice by now. */
static void run_command(struct helper *h, char *text, size_t n, struct reply *reply)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    char words[WORDS_BYTES + 1] = "", what[64] = "", *line = tidy(text, n);
    size_t n_words = 0, n_line = strlen(line);
    bool late;
    int status;
    pid_t pid;

    if (!n_line) {
        tell(reply, -1, "there is no text", "");
        goto out;
    }
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || fcntl(out[0], F_SETFL, O_NONBLOCK)) {
        tell(reply, -1, "cannot make a pipe", strerror(errno));
        goto out;
    }
    h->argv[h->n] = line;
    /* fits an empty pipe: nobody is waited for */
    if (write(in[1], line, n_line) != (ssize_t)n_line || write(in[1], "\n", 1) != 1) {
        tell(reply, -1, "cannot write to a pipe", strerror(errno));
        goto out;
    }
    pid = fork();
    if (!pid)
        become_command(h, in[0], out[1]);
    if (pid < 0) {
        tell(reply, -1, "cannot start a process", strerror(errno));
        goto out;
    }
    (void)close(in[0]);
    (void)close(in[1]);
    (void)close(out[1]);
    in[0] = in[1] = out[1] = -1;
    status = wait_for_command(h, pid, out[0], words, &n_words, &late);
    read_words(out[0], words, &n_words);
    (void)utf8_clean(words, n_words, words);
    if (late)
        (void)snprintf(what, sizeof what, "ended after %lld s, which is its limit",
                       (long long)(h->limit_ms / 1000));
    else if (WIFSIGNALED(status))
        (void)snprintf(what, sizeof what, "ended by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status))
        (void)snprintf(what, sizeof what, "exit status %d", WEXITSTATUS(status));
    tell(reply, late || !WIFEXITED(status) ? -1 : WEXITSTATUS(status), what, words);
out:
    if (in[0] >= 0)
        (void)close(in[0]);
    if (in[1] >= 0)
        (void)close(in[1]);
    if (out[0] >= 0)
        (void)close(out[0]);
    if (out[1] >= 0)
        (void)close(out[1]);
}

static void __attribute__((noreturn)) serve(struct helper *h, int fd)
{
    h->signal_fd = helper_settle(fd, "crier-pager", h->daemon);
    if (h->signal_fd < 0)
        _exit(1);
    while (!h->leaving) {
        struct pollfd fds[2] = {{.fd = h->signal_fd, .events = POLLIN},
                                {.fd = HELPER_SOCKET, .events = POLLIN}};
        char text[PAGER_TEXT_BYTES + 1];
        struct reply reply;
        ssize_t n;

        (void)poll(fds, 2, -1);
        read_signals(h);
        if (!fds[1].revents)
            continue;
        n = recv(HELPER_SOCKET, text, sizeof text - 1, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            break;
        if (n < 0)
            continue;
        memset(&reply, 0, sizeof reply);
        run_command(h, text, (size_t)n, &reply);
        (void)send(HELPER_SOCKET, &reply, sizeof reply, MSG_NOSIGNAL);
    }
    _exit(0);
}

static void helper_finish(struct helper *h)
{
    size_t i;

    for (i = 0; h->argv && i < h->n; i++)
        free(h->argv[i]);
    free(h->argv);
    for (i = 0; i < ENVIRONMENT_MAX; i++)
        free(h->environment[i]);
    memset(h, 0, sizeof *h);
}

static int helper_init(struct helper *h, const struct string_list *command, int64_t limit_ms)
{
    static const char *const kept[] = {"HOME", "USER", "LOGNAME", "LANG", "TZ"};
    size_t i, n = 0;

    memset(h, 0, sizeof *h);
    h->limit_ms = limit_ms;
    h->daemon = getpid();
    h->argv = calloc(command->n + 2, sizeof *h->argv);
    if (!h->argv)
        return CRIER_ENOMEM;
    for (i = 0; i < command->n; i++) {
        h->argv[i] = strdup(command->item[i]);
        h->n = i + 1;
        if (!h->argv[i])
            return CRIER_ENOMEM;
    }
    h->environment[n] = strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    if (!h->environment[n++])
        return CRIER_ENOMEM;
    for (i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = getenv(kept[i]);

        if (!value)
            continue;
        h->environment[n] = buf_printf("%s=%s", kept[i], value);
        if (!h->environment[n++])
            return CRIER_ENOMEM;
    }
    return 0;
}

/* ---- the daemon's side -------------------------------------------------------------------------
 */

int pager_look_at(const struct string_list *command, char *why, size_t why_size)
{
    const char *path = command->n ? command->item[0] : "";
    struct stat st;

    if (stat(path, &st)) {
        (void)snprintf(why, why_size, "%s: %s", path, strerror(errno));
        return errno == EACCES ? CRIER_EACCESS : CRIER_ENOENT;
    }
    if (!S_ISREG(st.st_mode) || access(path, X_OK)) {
        (void)snprintf(why, why_size, "%s is not a program that crier's user may run", path);
        return CRIER_EACCESS;
    }
    return 0;
}

int pager_create(const struct string_list *command, int64_t limit_ms, const struct pager_sink *sink,
                 struct pager **ret_pager)
{
    struct pager *p = NULL;
    struct helper h;
    int fds[2];
    int r;

    if (!command->n)
        return CRIER_EINVAL;
    r = helper_init(&h, command, limit_ms);
    if (r)
        goto out;
    r = CRIER_ENOMEM;
    p = calloc(1, sizeof *p);
    if (!p)
        goto out;
    p->sink = *sink;
    r = CRIER_EIO;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
        log_warn("pager", "cannot make a socket pair");
        goto out;
    }
    p->helper = fork();
    if (!p->helper)
        serve(&h, fds[1]);
    (void)close(fds[1]);
    if (p->helper < 0) {
        log_warn("pager", "cannot fork");
        (void)close(fds[0]);
        goto out;
    }
    p->fd = fds[0];
    *ret_pager = p;
    p = NULL;
    r = 0;
out:
    helper_finish(&h);
    free(p);
    return r;
}

/* @return true when the helper has left and left nothing behind. */
static bool reap(struct pager *p)
{
    pid_t ended = waitpid(p->helper, NULL, WNOHANG);

    return ended == p->helper || (ended < 0 && errno == ECHILD);
}

void pager_destroy(struct pager *p)
{
    int waited_ms;

    if (!p)
        return;
    if (p->fd >= 0) {
        (void)close(p->fd);
        for (waited_ms = 0; !reap(p) && waited_ms < GOODBYE_MS; waited_ms += GOODBYE_STEP_MS)
            (void)poll(NULL, 0, GOODBYE_STEP_MS);
    }
    free(p);
}

int pager_send(struct pager *p, const char *text)
{
    char *clean, *begin;
    size_t n;
    int r = 0;

    if (p->fd < 0)
        return CRIER_EIO;
    if (p->busy)
        return CRIER_EAGAIN;
    clean = malloc(strlen(text) + 1);
    if (!clean)
        return CRIER_EAGAIN;
    memcpy(clean, text, strlen(text) + 1);
    begin = tidy(clean, strlen(clean));
    n = utf8_cut(begin, PAGER_TEXT_BYTES);
    if (!n)
        r = CRIER_EINVAL;
    else if (send(p->fd, begin, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n)
        p->busy = true;
    else
        r = errno == EAGAIN || errno == EINTR ? CRIER_EAGAIN : CRIER_EIO;
    free(clean);
    return r;
}

static void lose_helper(struct pager *p)
{
    bool busy = p->busy;

    log_errorx("pager", "the helper process is gone: nobody can be paged until crier is restarted");
    (void)close(p->fd);
    p->fd = -1;
    p->busy = false;
    (void)reap(p);
    if (busy)
        p->sink.done(p->sink.ctx, -1, "the helper process is gone");
}

static void collect(void *ctx, struct pollset *set)
{
    const struct pager *p = ctx;

    if (p->fd >= 0)
        pollset_add(set, p->fd, POLLIN);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct pager *p = ctx;
    struct reply reply;
    ssize_t n;

    (void)now;
    if (p->fd < 0 || !pollset_got(set, p->fd))
        return;
    n = recv(p->fd, &reply, sizeof reply, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n != (ssize_t)sizeof reply) {
        lose_helper(p);
        return;
    }
    reply.text[sizeof reply.text - 1] = '\0';
    p->busy = false;
    p->sink.done(p->sink.ctx, reply.exit_status, reply.text);
}

struct source_port pager_source_port(struct pager *p)
{
    return (struct source_port){.ctx = p, .collect = collect, .dispatch = dispatch};
}
