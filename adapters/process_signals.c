#include "process_signals.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

struct process_signals {
    int fd;
    process_signals_cb *cb;
    void *ctx;
};

int process_signals_create(process_signals_cb *cb, void *ctx, struct process_signals **ret_signals)
{
    struct process_signals *s = calloc(1, sizeof *s);
    sigset_t set;

    if (!s)
        return CRIER_ENOMEM;
    s->cb = cb;
    s->ctx = ctx;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    s->fd = -1;
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
    if (!sigprocmask(SIG_BLOCK, &set, NULL))
        s->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->fd < 0) {
        log_warn("run", "cannot receive signals");
        free(s);
        return CRIER_EIO;
    }
    *ret_signals = s;
    return 0;
}

void process_signals_destroy(struct process_signals *s)
{
    if (!s)
        return;
    (void)close(s->fd);
    free(s);
}

static void collect(void *ctx, struct pollset *set)
{
    const struct process_signals *s = ctx;

    pollset_add(set, s->fd, POLLIN);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct process_signals *s = ctx;
    struct signalfd_siginfo info;

    (void)now;
    if (!pollset_got(set, s->fd))
        return;
    while (read(s->fd, &info, sizeof info) == (ssize_t)sizeof info)
        s->cb(s->ctx, (int)info.ssi_signo);
}

struct source_port process_signals_source_port(struct process_signals *s)
{
    return (struct source_port){.ctx = s, .collect = collect, .dispatch = dispatch};
}
