#include "run_config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "err.h"
#include "log.h"
#include "problems.h"
#include "run.h"
#include "run_enrol.h"
#include "run_reload.h"
#include "run_secrets.h"

#include "config_file.h"
#include "pager.h"
#include "web.h"

enum { WHY_BYTES = 400 };

void run_config_finish(struct run_config *c)
{
    patterns_destroy(c->patterns);
    settings_destroy(c->settings);
    memset(c, 0, sizeof *c);
}

static int load(const char *path, bool by_hand, struct problems *problems, struct run_config *ret)
{
    int r = config_file_read(path, problems, &ret->settings);

    if (r)
        return r;
    r = settings_finalize(ret->settings, problems);
    if (!r || r == CRIER_EINVAL) {
        int p = patterns_create(ret->settings, problems, &ret->patterns);

        run_secrets_check(ret->settings, by_hand, problems);
        web_check(ret->settings, problems);
        if (p == CRIER_ENOMEM || problems->err)
            r = CRIER_ENOMEM;
        else if (problems->n)
            r = CRIER_EINVAL;
    }
    if (r)
        run_config_finish(ret);
    return r;
}

int run_config_load(const char *path, bool by_hand, struct run_config *ret)
{
    struct problems problems;
    int r;

    problems_init(&problems);
    memset(ret, 0, sizeof *ret);
    r = load(path, by_hand, &problems, ret);
    problems_print(&problems, stderr);
    if (r == CRIER_ENOMEM)
        log_errorx("run", "out of memory while reading %s", path);
    problems_finish(&problems);
    return r;
}

void run_config_look_at_pager(const struct settings *s)
{
    char why[WHY_BYTES];

    if (s->pager.command.n && pager_look_at(&s->pager.command, why, sizeof why))
        log_warnx("pager", "nobody can be paged: %s", why);
}

bool run_config_look_at_jit(void)
{
    char why[WHY_BYTES];

    if (patterns_have_jit(why, sizeof why))
        return true;
    log_warnx("patterns",
              "PCRE2's JIT does not work here: %s; lines are matched several times "
              "slower",
              why);
    return false;
}

int run_check(const char *config_path)
{
    struct run_config config;
    int r = run_config_load(config_path, true, &config);

    if (!r) {
        run_config_look_at_pager(config.settings);
        run_reload_look(config.settings);
        run_enrol_look(config.settings);
        if (run_config_look_at_jit())
            (void)printf("PCRE2's JIT works\n");
    }
    run_config_finish(&config);
    if (r)
        return r == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
    (void)printf("%s: configuration OK\n", config_path);
    return 0;
}
