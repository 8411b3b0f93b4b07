#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

enum {
    MESSAGE_BYTES = 300,
    AGAIN_PARTS = 16 /* of the watchdog's time: when its socket was full */
};

struct notify {
    int fd; /* -1: nobody is told */
    struct sockaddr_un to;
    socklen_t to_bytes;
    int64_t watchdog_ms; /* 0: none */
    int64_t feed_boot_ms;
    bool reloading, stopping;
    char status[NOTIFY_STATUS_BYTES];
};

/* @return false when the name is none. */
static bool read_address(struct notify *n, const char *name)
{
    size_t length = strlen(name);

    /* A last NUL byte belongs to a path, not to an abstract name. */
    if ((*name != '/' && *name != '@') || length < 2 || length >= sizeof n->to.sun_path)
        return false;
    n->to.sun_family = AF_UNIX;
    memcpy(n->to.sun_path, name, length + 1);
    n->to_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (*name == '/'));
    if (*name == '@')
        n->to.sun_path[0] = '\0';
    return true;
}

/* @return false when it is no positive number. */
static bool read_number(const char *text, int64_t *ret)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value <= 0)
        return false;
    *ret = value;
    return true;
}

static void read_watchdog(struct notify *n)
{
    const char *usec = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
    int64_t pid, us;

    if (!usec || (whose && (!read_number(whose, &pid) || pid != getpid())))
        return; /* it is for a process in front of us */
    if (!read_number(usec, &us) || us < 2000)
        log_warnx("run", "WATCHDOG_USEC is no number that crier can keep to");
    else
        n->watchdog_ms = us / 1000;
}

int notify_create(struct notify **ret)
{
    static const char *const taken[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    const char *name = getenv("NOTIFY_SOCKET");
    struct notify *n = calloc(1, sizeof *n);
    size_t i;

    if (!n)
        return CRIER_ENOMEM;
    n->fd = -1;
    if (name && *name) {
        if (!read_address(n, name))
            log_warnx("run", "NOTIFY_SOCKET is neither a path nor an abstract name");
        else if ((n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
            log_warn("run", "NOTIFY_SOCKET");
        else
            read_watchdog(n);
    }
    for (i = 0; i < sizeof taken / sizeof taken[0]; i++)
        (void)unsetenv(taken[i]);
    *ret = n;
    return 0;
}

void notify_destroy(struct notify *n)
{
    if (!n)
        return;
    if (n->fd >= 0)
        (void)close(n->fd);
    free(n);
}

/* A manager that is behind, or gone, keeps nobody waiting. */
static bool tell(const struct notify *n, const char *message)
{
    size_t length = strlen(message);

    return sendto(n->fd, message, length, MSG_NOSIGNAL | MSG_DONTWAIT,
                  (const struct sockaddr *)(const void *)&n->to, n->to_bytes) == (ssize_t)length;
}

static bool listens(const struct notify *n)
{
    return n && n->fd >= 0;
}

void notify_ready(struct notify *n)
{
    if (!listens(n))
        return;
    if (!tell(n, "READY=1\n"))
        log_warn("run", "cannot tell the service manager that crier is ready");
}

void notify_reloaded(struct notify *n)
{
    if (listens(n) && n->reloading)
        n->reloading = !tell(n, "READY=1\n"); /* else with the next turn */
}

void notify_reloading(struct notify *n)
{
    char message[MESSAGE_BYTES];
    struct timespec t;

    if (!listens(n) || n->reloading || n->stopping)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    (void)snprintf(message, sizeof message, "RELOADING=1\nMONOTONIC_USEC=%lld\n",
                   (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
    n->reloading = tell(n, message);
}

void notify_stopping(struct notify *n)
{
    if (listens(n) && !n->stopping)
        n->stopping = tell(n, "STOPPING=1\n");
}

void notify_status(struct notify *n, const char *text)
{
    char message[MESSAGE_BYTES];

    if (!listens(n) || !strncmp(n->status, text, sizeof n->status - 1))
        return;
    (void)snprintf(message, sizeof message, "STATUS=%.*s\n", NOTIFY_STATUS_BYTES - 1, text);
    if (tell(n, message)) /* else with the next turn */
        (void)snprintf(n->status, sizeof n->status, "%s", text);
}

static void collect(void *ctx, struct pollset *set)
{
    const struct notify *n = ctx;

    if (listens(n) && n->watchdog_ms)
        pollset_deadline(set, n->feed_boot_ms);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct notify *n = ctx;
    int64_t next;

    (void)set;
    if (!listens(n) || !n->watchdog_ms || now.boot_ms < n->feed_boot_ms)
        return;
    next = n->watchdog_ms / (tell(n, "WATCHDOG=1\n") ? 2 : AGAIN_PARTS);
    n->feed_boot_ms = now.boot_ms + (next ? next : 1);
}

struct source_port notify_source_port(struct notify *n)
{
    return (struct source_port){.ctx = n, .collect = collect, .dispatch = dispatch};
}
