#include "process_guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Into one block, pointers first. The old strings lie where the kernel has put them, one behind the
 * other: proc(5), /proc/PID/environ. Our block is the process's for good. */
static void move_environment(void)
{
    size_t n = 0, bytes = 0, i;
    char **block, *to;

    for (i = 0; environ && environ[i]; i++) {
        bytes += strlen(environ[i]) + 1;
        n++;
    }
    if (!n)
        return;
    block = malloc((n + 1) * sizeof *block + bytes);
    if (!block)
        return;
    to = (char *)(block + n + 1);
    for (i = 0; i < n; i++) {
        size_t len = strlen(environ[i]) + 1;

        memcpy(to, environ[i], len);
        explicit_bzero(environ[i], len);
        block[i] = to;
        to += len;
    }
    block[n] = NULL;
    environ = block;
}

void process_guard_start(void)
{
    struct rlimit none = {0, 0};

    if (!SANITIZED)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    move_environment();
}

void process_guard_forget_environment(void)
{
    size_t i;

    for (i = 0; environ && environ[i]; i++)
        explicit_bzero(environ[i], strlen(environ[i]));
    if (environ)
        environ[0] = NULL; /* and the block stays in reach: it is no leak */
}
