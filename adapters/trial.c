#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "duration.h"
#include "err.h"
#include "log.h"
#include "running_config.h"
#include "utf8.h"
#include "when.h"

enum {
    FIRST_FD = 10, /* above what the child has */
    NOW_FD = 3,
    BEFORE_FD = 4,
    LAST_FD = 4,
    NICE = 10,
    ARGUMENTS = 10, /* besides the logs */
    OUTPUT_MAX = 1 << 20,
    NOT_STARTED = 127,
    REAP_MS = 200, /* how long a process that was killed is waited for */
    REAP_STEP_MS = 5
};

struct trial {
    struct trial_sink sink;
    char *program;
    pid_t pid; /* 0: none; it may be there still when fd is closed */
    int fd;    /* what it writes; -1: none runs */
    int64_t limit_ms;
    int64_t until_boot_ms;
    struct buf output; /* its last line */
};

/* ---- the process ----------------------------------------------------------------------------- */

/* Where no descriptor of the child is. Takes fd over. @return -1 with errno. */
static int move_up(int fd)
{
    int moved, saved;

    if (fd < 0 || fd >= FIRST_FD)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
    saved = errno;
    (void)close(fd);
    errno = saved;
    return moved;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* A file in memory with the text of a configuration. */
static int config_fd(const struct settings *settings, int *ret_fd)
{
    struct buf text;
    size_t done = 0;
    int r;

    buf_init(&text, RUNNING_CONFIG_BYTES);
    running_config_text(&text, settings);
    r = buf_error(&text);
    if (r)
        goto out;
    r = CRIER_EIO;
    *ret_fd = move_up(memfd_create("crier-config", MFD_CLOEXEC));
    if (*ret_fd < 0)
        goto out;
    while (done < text.len) {
        ssize_t n = write(*ret_fd, text.data + done, text.len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            goto out;
        done += (size_t)n;
    }
    r = 0;
out:
    buf_finish(&text);
    return r;
}

/* Behind fork() in a process with threads: nothing but system calls. */
static void __attribute__((noreturn))
become(const char *program, char **argv, pid_t daemon, const int fd[4])
{
    sigset_t none;
    int i;

    (void)setpriority(PRIO_PROCESS, 0, NICE);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != daemon)
        _exit(NOT_STARTED);
    for (i = 1; i < NSIG; i++)
        (void)signal(i, SIG_DFL); /* of some it cannot be changed */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(fd[0], STDIN_FILENO) < 0 || dup2(fd[1], STDOUT_FILENO) < 0 ||
        dup2(fd[1], STDERR_FILENO) < 0 || dup2(fd[2], NOW_FD) < 0 || dup2(fd[3], BEFORE_FD) < 0)
        _exit(NOT_STARTED);
    (void)close_range(LAST_FD + 1, UINT_MAX, 0); /* all are closed by exec as well */
    (void)execv(program, argv);
    _exit(NOT_STARTED);
}

/* Like `crier check -c NEW --against OLD --json --replay -- LOG...`; borrows all strings. */
static char **arguments(const struct string_list *logs)
{
    static const char *const words[] = {"crier",           "check",     "-c",
                                        "/proc/self/fd/3", "--against", "/proc/self/fd/4",
                                        "--json",          "--replay",  "--"};
    enum { WORDS = sizeof words / sizeof words[0] };
    const char **argv = calloc(ARGUMENTS + logs->n, sizeof *argv);
    size_t i;

    if (!argv)
        return NULL;
    memcpy(argv, words, sizeof words);
    for (i = 0; i < logs->n; i++)
        argv[WORDS + i] = logs->item[i];
    return (char **)(void *)argv; /* exec changes none of them */
}

/* @return whether the process is gone. */
static bool reap(struct trial *t)
{
    if (t->pid && waitpid(t->pid, NULL, WNOHANG) != 0)
        t->pid = 0;
    return !t->pid;
}

int trial_start(struct trial *t, const struct settings *before, const struct settings *now,
                const struct string_list *logs, int64_t limit_ms, int64_t boot_ms)
{
    int fd[4] = {-1, -1, -1, -1}, ends[2] = {-1, -1}, r;
    pid_t daemon = getpid();
    char **argv;
    int waited_ms, i;

    if (t->fd >= 0)
        return CRIER_EAGAIN;
    for (waited_ms = 0; !reap(t); waited_ms += REAP_STEP_MS) {
        if (waited_ms >= REAP_MS)
            return CRIER_EAGAIN;
        (void)poll(NULL, 0, REAP_STEP_MS);
    }
    argv = arguments(logs);
    if (!argv)
        return CRIER_ENOMEM;
    r = config_fd(now, &fd[2]);
    if (!r)
        r = config_fd(before, &fd[3]);
    if (r)
        goto out;
    r = CRIER_EIO;
    fd[0] = move_up(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (fd[0] < 0 || pipe2(ends, O_CLOEXEC))
        goto out;
    fd[1] = move_up(ends[1]);
    if (fd[1] < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK))
        goto out;
    t->pid = fork();
    if (!t->pid)
        become(t->program, argv, daemon, fd);
    if (t->pid < 0) {
        t->pid = 0;
        goto out;
    }
    t->fd = ends[0];
    ends[0] = -1;
    t->limit_ms = limit_ms;
    t->until_boot_ms = boot_ms + limit_ms;
    buf_clear(&t->output);
    r = 0;
out:
    if (r == CRIER_EIO)
        log_warn("trial", "cannot start a process");
    close_fd(&ends[0]);
    for (i = 0; i < 4; i++)
        close_fd(&fd[i]);
    free(argv);
    return r;
}

void trial_stop(struct trial *t)
{
    close_fd(&t->fd);
    if (!t->pid)
        return;
    (void)kill(t->pid, SIGKILL);
    (void)reap(t); /* or later: one that waits for a disk must not hold us up */
}

bool trial_runs(const struct trial *t)
{
    return t->fd >= 0;
}

/* ---- what it wrote --------------------------------------------------------------------------- */

static int64_t number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "";
}

static void describe_lost(const json_t *lost, struct trial_result *ret)
{
    char date[WHEN_BYTES], hm[WHEN_BYTES];
    int64_t wall_ms;

    if (when_parse_iso(text(lost, "time"), &wall_ms))
        wall_ms = 0;
    (void)utf8_print(ret->why, sizeof ret->why, "\"%s\" of %s %s", text(lost, "title"),
                     when_date(wall_ms, date), when_hm(wall_ms, hm));
}

static void read_summary(const json_t *o, struct trial_result *ret)
{
    ret->lines = number(o, "lines");
    ret->unreadable = number(o, "unreadable");
    ret->drafts_before = number(o, "drafts_before");
    ret->drafts_now = number(o, "drafts_now");
    ret->lost = number(o, "lost");
    ret->later = number(o, "later");
    ret->earlier = number(o, "earlier");
    ret->gained = number(o, "gained");
    ret->changed = number(o, "changed");
    ret->tried = ret->lines > 0;
    if (ret->lost)
        describe_lost(json_object_get(o, "first_lost"), ret);
    else if (!ret->tried)
        (void)utf8_print(ret->why, sizeof ret->why, "the logs hold no line");
}

static void read_result(struct trial *t, struct trial_result *ret)
{
    const char *line = buf_str(&t->output);
    json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

    memset(ret, 0, sizeof *ret);
    if (!strcmp(text(o, "event"), "summary"))
        read_summary(o, ret);
    else if (*line)
        (void)utf8_print(ret->why, sizeof ret->why, "%s", line);
    else
        (void)utf8_print(ret->why, sizeof ret->why, "the process that tried it has failed");
    (void)utf8_clean(ret->why, strlen(ret->why), ret->why);
    json_decref(o);
}

static void keep(struct trial *t, const char *bytes, size_t n)
{
    size_t i;

    buf_add(&t->output, bytes, n);
    if (buf_error(&t->output)) { /* no line of ours is so long */
        buf_clear(&t->output);
        return;
    }
    for (i = t->output.len; i > 1 && t->output.data[i - 2] != '\n'; i--)
        ;
    if (i > 1)
        buf_shift(&t->output, i - 1);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void collect(void *ctx, struct pollset *set)
{
    const struct trial *t = ctx;

    if (t->fd < 0)
        return;
    pollset_add(set, t->fd, POLLIN);
    pollset_deadline(set, t->until_boot_ms);
}

static void finish(struct trial *t, bool late)
{
    struct trial_result result;
    char limit[64];

    if (late) {
        memset(&result, 0, sizeof result);
        (void)utf8_print(result.why, sizeof result.why, "it took longer than %s",
                         duration_text(limit, sizeof limit, t->limit_ms));
    } else {
        read_result(t, &result);
    }
    trial_stop(t);
    t->sink.done(t->sink.ctx, &result);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct trial *t = ctx;
    char bytes[16384];
    ssize_t n;

    (void)set;
    if (t->fd < 0) {
        reap(t);
        return;
    }
    n = read(t->fd, bytes, sizeof bytes); /* the rest in the next turn */
    if (n > 0)
        keep(t, bytes, (size_t)n);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        finish(t, false);
    else if (now.boot_ms >= t->until_boot_ms)
        finish(t, true);
}

struct source_port trial_source_port(struct trial *t)
{
    return (struct source_port){.ctx = t, .collect = collect, .dispatch = dispatch};
}

int trial_create(const char *program, const struct trial_sink *sink, struct trial **ret)
{
    struct trial *t = calloc(1, sizeof *t);

    if (!t)
        return CRIER_ENOMEM;
    t->fd = -1;
    t->sink = *sink;
    buf_init(&t->output, OUTPUT_MAX);
    t->program = strdup(program);
    if (!t->program) {
        trial_destroy(t);
        return CRIER_ENOMEM;
    }
    *ret = t;
    return 0;
}

void trial_destroy(struct trial *t)
{
    if (!t)
        return;
    trial_stop(t);
    buf_finish(&t->output);
    free(t->program);
    free(t);
}
