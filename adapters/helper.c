#include "helper.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "process_guard.h"

enum { FD_MAX = 1024 }; /* the daemon has none above */

void helper_close_from(int first)
{
    int fd;

    if (!close_range((unsigned)first, UINT_MAX, 0))
        return;
    for (fd = first; fd < FD_MAX; fd++) /* an older kernel */
        (void)close(fd);
}

static void default_signals(void)
{
    int signo;

    for (signo = 1; signo < NSIG; signo++)
        (void)signal(signo, SIG_DFL); /* of some it cannot be changed */
}

void helper_free_signals(void)
{
    sigset_t none;

    default_signals();
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int helper_settle(int fd, const char *name, pid_t daemon)
{
    sigset_t all;
    int null, signal_fd;

    (void)setsid(); /* a Ctrl-C at the daemon is not for us */
    (void)prctl(PR_SET_NAME, name);
    process_guard_forget_environment(); /* there may be secrets in it */
    default_signals();
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    if (fd != HELPER_SOCKET && dup3(fd, HELPER_SOCKET, O_CLOEXEC) < 0)
        return -1;
    helper_close_from(HELPER_SOCKET + 1);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0)
        return -1;
    if (null > HELPER_SOCKET)
        (void)close(null);
    signal_fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
    /* The socket's end tells the same; this one comes also when somebody else holds that end. */
    if (signal_fd < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != daemon)
        return -1;
    return signal_fd;
}

bool helper_read_signals(int signal_fd, pid_t daemon)
{
    struct signalfd_siginfo info;

    while (read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        ;
    return getppid() == daemon;
}
