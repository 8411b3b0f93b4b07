#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "process_guard.h"

#define NAME "CRIER_TEST_GUARD"
#define VALUE "open-sesame-of-the-guard"

static bool proc_shows(const char *text)
{
    static char bytes[1 << 20];
    FILE *f = fopen("/proc/self/environ", "rb");
    size_t n;

    assert_non_null(f);
    n = fread(bytes, 1, sizeof bytes, f);
    (void)fclose(f);
    return memmem(bytes, n, text, strlen(text)) != NULL;
}

/* What this program is when it runs itself, with the secret in its environment. @return exit code:
 * which of the rows did not hold. */
static int guarded(void)
{
    struct rlimit core;
    char **before = environ, *first = environ[0];
    size_t n = strlen(first), i;

    if (!proc_shows(NAME "=" VALUE) || !getenv(NAME))
        return 1;
    process_guard_start();
    if (environ == before || environ[0] == first)
        return 2;
    for (i = 0; i < n; i++)
        if (first[i])
            return 3;
    if (!getenv(NAME) || strcmp(getenv(NAME), VALUE) != 0 || !getenv("PATH"))
        return 4;
    if (getrlimit(RLIMIT_CORE, &core) || core.rlim_cur || core.rlim_max)
        return 5;
    if (setenv(NAME, "another", 1) || strcmp(getenv(NAME), "another") != 0) /* libc still can */
        return 6;
#if !defined(__SANITIZE_ADDRESS__)
    if (prctl(PR_GET_DUMPABLE) != 0)
        return 7;
#else
    if (proc_shows(VALUE)) /* it may still be read where there are sanitizers */
        return 8;
#endif
    first = getenv("PATH");
    process_guard_forget_environment();
    if (getenv(NAME) || getenv("PATH") || environ[0])
        return 9;
    if (*first)
        return 10;
    process_guard_forget_environment();
    process_guard_start(); /* of nothing, nothing moves */
    return 0;
}

static void environment_moves_away_and_no_core_is_left(void **state)
{
    char name[] = "test_process_guard", word[] = "guarded", *words[] = {name, word, NULL};
    int status = -1;
    pid_t pid;

    (void)state;
    assert_int_equal(setenv(NAME, VALUE, 1), 0);
    pid = fork();
    if (!pid) {
        (void)execv("/proc/self/exe", words);
        _exit(100);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_moves_away_and_no_core_is_left),
    };

    if (argc == 2 && !strcmp(argv[1], "guarded"))
        return guarded();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
