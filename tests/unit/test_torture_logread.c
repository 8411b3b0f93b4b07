/* Logs of every sort are read while each allocation fails in turn: never more is lost than told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ftw.h>
#include <sys/stat.h>
#include <zlib.h>

#include "err.h"
#include "logread.h"
#include "torture.h"

enum { PATH_BYTES = 100, FILES = 40, LINES = FILES + 4 };

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void put(const char *dir, const char *name, const char *text)
{
    char path[PATH_BYTES];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    char *dir = strdup("/tmp/crier-torture-XXXXXX"), path[PATH_BYTES], name[32];
    gzFile gz;
    int i;

    assert_true(dir && mkdtemp(dir));
    for (i = 0; i < FILES; i++) { /* more than stay open */
        (void)snprintf(name, sizeof name, "2023-01-%02d.%d", 1 + i % 28, i);
        put(dir, name, "[18:34:55] <a> x\n");
    }
    put(dir, "latin1.log", "[2023-01-17 18:34:55] <a> caf\xe9\n[2023-01-17 18:34:56] <a> y\n");
    put(dir, "lines.json", "{\"ts\":1673980495,\"nick\":\"a\",\"text\":\"x\"}\n");
    put(dir, "bad.log", "hello\n");
    (void)snprintf(path, sizeof path, "%s/2023-01-17.gz", dir);
    gz = gzopen(path, "we");
    assert_non_null(gz);
    assert_true(gzputs(gz, "[18:34:55] <a> x\n") > 0);
    assert_int_equal(gzclose(gz), Z_OK);
    *state = dir;
    return 0;
}

static int tear_down(void **state)
{
    assert_int_equal(nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(*state);
    return 0;
}

static void on_problem(void *ctx, const char *file, long line, const char *text)
{
    (void)file;
    (void)line;
    (void)text;
    ++*(long *)ctx;
}

/* @return lines; what came of it in *ret_r. */
static long read_all(const char *dir, int *ret_r, long *problems)
{
    struct logread_options options = {.channel = "#c",
                                      .sink = {.ctx = problems, .problem = on_problem}};
    struct logread *lr;
    struct log_line line;
    long lines = 0, again = 0;

    *ret_r = logread_create(&dir, 1, &options, &lr);
    if (*ret_r)
        return 0;
    while (!(*ret_r = logread_next(lr, &line)))
        lines++;
    while (*ret_r == CRIER_ENOMEM && again++ < 3 && !logread_next(lr, &line))
        ; /* whoever goes on after that must get away with it */
    logread_destroy(lr);
    return lines;
}

static void each_allocation_fails(void **state)
{
    struct torture_plan plan = {.kind = TORTURE_ALLOC};
    long problems = 0, lines;
    size_t n;
    int r;

    torture_begin(&plan);
    (void)torture_enter(true);
    lines = read_all(*state, &r, &problems);
    (void)torture_enter(false);
    n = torture_end();
    assert_int_equal(r, CRIER_ENOENT);
    assert_int_equal(lines, LINES);
    assert_int_equal(problems, 1);
    assert_true(n > 100);
    for (plan.nth = 1; plan.nth <= n; plan.nth++) {
        problems = 0;
        torture_begin(&plan);
        (void)torture_enter(true);
        lines = read_all(*state, &r, &problems);
        (void)torture_enter(false);
        (void)torture_end();
        assert_true(torture_fired());
        if (r != CRIER_ENOMEM && (r != CRIER_ENOENT || problems != 2))
            torture_print_where();
        assert_true(r == CRIER_ENOMEM || (r == CRIER_ENOENT && problems == 2));
        assert_true(lines <= LINES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_allocation_fails, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
