#include "crash.h"

#ifdef CRIER_CRASH_POINTS

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 100, PASSES_MAX = 1000000 };

/* The one state of a build that is for tests alone. */
static atomic_int passes;

/* "NAME:N". @return N, 0 when it is another point's or malformed. */
static int wanted_pass(const char *at, const char *name)
{
    size_t n = strlen(name);
    int pass = 0;

    if (!at || strncmp(at, name, n) != 0 || at[n] != ':')
        return 0;
    for (at += n + 1; *at >= '0' && *at <= '9' && pass < PASSES_MAX; at++)
        pass = pass * 10 + (*at - '0');
    return *at ? 0 : pass;
}

/* One write of one line to a file opened for appending: lines of threads do not mix, and what was
 * written before a SIGKILL stays. */
static void trace(const char *path, const char *name)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    char line[LINE_BYTES];
    int n = snprintf(line, sizeof line, "%s\n", name);

    if (fd < 0)
        return;
    if (n > 0 && (size_t)n < sizeof line)
        (void)!write(fd, line, (size_t)n);
    (void)close(fd);
}

void crash_point(const char *name)
{
    const char *path = getenv("CRIER_CRASH_TRACE");
    int pass = wanted_pass(getenv("CRIER_CRASH_AT"), name);

    if (path && *path)
        trace(path, name);
    if (pass && atomic_fetch_add(&passes, 1) + 1 == pass)
        (void)raise(SIGKILL);
}

bool crash_breaks_reconcile(void)
{
    return getenv("CRIER_BREAK_RECONCILE") != NULL;
}

#endif
