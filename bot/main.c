/*
 * main: the subcommands.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"
#include "run.h"
#include "version.h"

#include "sandbox.h"

struct subcommand {
    const char *name;
    const char *usage;
    const char *help;
    int (*run)(int argc, char **argv);
};

static int main_run(int argc, char **argv);
static int main_check(int argc, char **argv);
static int main_version(int argc, char **argv);
static int main_help(int argc, char **argv);

static const struct subcommand subcommands[] = {
    {"run", "run -c FILE [-v]",
     "The daemon. Runs in the foreground and logs to stderr. SIGHUP reads FILE again (all of it or "
     "nothing), SIGTERM leaves within 2 s.",
     main_run},
    {"check", "check -c FILE",
     "Prints every problem of a configuration as file:line: text. Exit status 0 or 78.",
     main_check},
    {"sandbox",
     "sandbox [--port N] [--db FILE] [--key KEY] [--page ID] [--components A,B] [--name NAME]",
     "A Statuspage-compatible server with a page to look at, on loopback, for demos and tests.",
     sandbox_main},
    {"version", "version", "Prints the version.", main_version},
    {"help", "help [COMMAND]", "Prints this, or more about one command.", main_help},
};

enum { N_SUBCOMMANDS = sizeof subcommands / sizeof subcommands[0] };

static const struct subcommand *find(const char *name)
{
    size_t i;

    for (i = 0; i < N_SUBCOMMANDS; i++)
        if (!strcmp(subcommands[i].name, name))
            return &subcommands[i];
    return NULL;
}

static int usage(const char *name)
{
    const struct subcommand *cmd = find(name);

    (void)fprintf(stderr, "usage: crier %s\n", cmd ? cmd->usage : "help");
    return EX_USAGE;
}

/* -c FILE and -v, for run and check. @return NULL when the words are off. */
static const char *config_option(int argc, char **argv)
{
    const char *path = NULL;
    int c;

    while ((c = getopt(argc, argv, "c:v")) != -1) {
        if (c == 'c')
            path = optarg;
        else if (c == 'v')
            log_set_level(LOG_LEVEL_DEBUG);
        else
            return NULL;
    }
    return optind == argc ? path : NULL;
}

static int main_run(int argc, char **argv)
{
    const char *path = config_option(argc, argv);

    return path ? run_daemon(path) : usage("run");
}

static int main_check(int argc, char **argv)
{
    const char *path = config_option(argc, argv);

    return path ? run_check(path) : usage("check");
}

static int main_version(int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        return usage("version");
    (void)printf("crier %s\n", CRIER_VERSION);
    return 0;
}

static int main_help(int argc, char **argv)
{
    const struct subcommand *cmd = argc > 1 ? find(argv[1]) : NULL;
    size_t i;

    if (argc > 2 || (argc > 1 && !cmd)) {
        (void)fprintf(stderr, "crier: there is no command \"%s\"; `crier help` lists them\n",
                      argv[1]);
        return EX_USAGE;
    }
    if (cmd) {
        (void)printf("usage: crier %s\n%s\n", cmd->usage, cmd->help);
        return 0;
    }
    (void)printf("crier, the town crier of an operations team\n\n");
    for (i = 0; i < N_SUBCOMMANDS; i++)
        (void)printf("  crier %s\n", subcommands[i].usage);
    return 0;
}

int main(int argc, char **argv)
{
    const struct subcommand *cmd = argc > 1 ? find(argv[1]) : NULL;

    if (!cmd) {
        if (argc > 1)
            (void)fprintf(stderr, "crier: there is no command \"%s\"\n", argv[1]);
        (void)fprintf(stderr,
                      "usage: crier run|check|sandbox|version|help ...; `crier help` says more\n");
        return EX_USAGE;
    }
    return cmd->run(argc - 1, argv + 1);
}
