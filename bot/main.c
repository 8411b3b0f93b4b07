/*
 * main: the subcommands.
 */
#include <getopt.h>
#include <malloc.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "access.h"
#include "err.h"
#include "log.h"
#include "run.h"
#include "run_backtest.h"
#include "run_drill_shell.h"
#include "run_dump.h"
#include "run_enrol.h"
#include "run_replay.h"
#include "run_stored.h"
#include "version.h"

#include "json_memory.h"
#include "logread.h"
#include "process_guard.h"
#include "sandbox.h"
#include "store_backup.h"

struct subcommand {
    const char *name;
    const char *usage;
    const char *help;
    int (*run)(int argc, char **argv);
};

static int main_run(int argc, char **argv);
static int main_check(int argc, char **argv);
static int main_backup(int argc, char **argv);
static int main_report(int argc, char **argv);
static int main_audit(int argc, char **argv);
static int main_drill(int argc, char **argv);
static int main_enrol(int argc, char **argv);
static int main_version(int argc, char **argv);
static int main_help(int argc, char **argv);

static const struct subcommand subcommands[] = {
    {"run", "run -c FILE [-v]",
     "The daemon. Runs in the foreground and logs to stderr. SIGHUP reads FILE again (all of it or "
     "nothing), SIGTERM leaves within 2 s. -v logs more, such as what a bot says that no format "
     "of its source knows.",
     main_run},
    {"check",
     "check -c FILE [--dump | --replay [--against FILE] [--json] [--date DAY] [--format NAME] "
     "[--channel CHANNEL] LOG...]",
     "Prints every problem of a configuration as file:line: text. Exit status 0 or 78.\n"
     "With --dump it prints the configuration as it counts, in the syntax of the file: every key, "
     "also those of included files, `# default` behind what nobody wrote. Secrets are left out "
     "(of files that hold some there are the names; of a proxy its address), and their files are "
     "not looked at.\n"
     "With --replay it compares what that configuration would have drafted, by past logs of "
     "channels, with what the running one would: drafts lost, later, earlier, gained or changed, "
     "one line each with the reason, and a last line that counts them. No key or password is "
     "looked at.\n"
     "  --against FILE  the configuration to compare with; without it the one that crier runs "
     "with,\n"
     "                  running.cfg in the state_dir of -c FILE\n"
     "  --json          one JSON object per line\n"
     "  --date, --format, --channel, LOG  as for replay; a LOG that is not there is taken for a\n"
     "                  pattern with * and ?\n"
     "Exit status 1 when a draft is lost or later, 0 when none is, 65 when some input was bad, 66 "
     "when a log or the configuration to compare with is not there, 78 when FILE has mistakes.",
     main_check},
    {"sandbox",
     "sandbox [--port N] [--db FILE] [--key KEY] [--page ID] [--components A,B] [--name NAME]",
     "A Statuspage-compatible server with a page to look at, on loopback, for demos and tests. It "
     "prints the page's id and key. `crier sandbox --help` tells all options.",
     sandbox_main},
    {"replay",
     "replay -c FILE [--json] [--say] [--explain] [--assume-confirm DELAY] [--obey] "
     "[--date DAY] [--format NAME] [--channel CHANNEL] LOG...",
     "What the bot would have done, by the logs of channels (- is standard input), on the clock of "
     "the logs: one line for each draft, revision, proposal, publication and end. Needs no "
     "network, "
     "account, key or page.\n"
     "  --json                  one JSON object per line\n"
     "  --say                   also every line that crier would have said\n"
     "  --explain               which rule and signals opened each draft, and why other paging or\n"
     "                          critical alerts opened none\n"
     "  --assume-confirm DELAY  somebody confirms each draft and proposal so long after it was\n"
     "                          shown, such as 30s\n"
     "  --obey                  commands of people in the log are obeyed (a nick proves nothing)\n"
     "  --date 2023-01-17       of the first line, where neither it nor the file's name tells\n"
     "  --format NAME           of the logs, instead of recognising each by its lines: dated,\n"
     "                          wm-bot, znc, energymech, irssi, weechat or json\n"
     "  --channel '#CHANNEL'    of the logs, instead of what their names tell\n"
     "  --expect FILE           instead of LOG: the scenarios of FILE, and whether each went as "
     "it\n"
     "                          says; only those whose names hold one of the words behind it. "
     "Exit\n"
     "                          status 1 when one did not, 65 for mistakes in FILE\n"
     "A log may be a file, with gzip or without, or a directory of them. A log has no accounts: "
     "its nicks stand for the configured sources and people. Exit status 65 "
     "when lines could not be read, 66 when a log is not there, 78 for the configuration.",
     run_replay},
    {"drill", "drill -c FILE [NAME]",
     "Plays a recorded outage in the terminal, which is the channel: type the commands that crier "
     "asks for. Published is to a practice page on loopback; nothing else is reached, and no key, "
     "account or network is needed. NAME is one of the scenarios, FILE's drill.scenarios or "
     "scenarios/NAME.log beside it; without it the first of them. In a practice channel the same "
     "is `!status drill start [NAME]`.",
     main_drill},
    {"enrol", "enrol -c FILE NAME [--again] [--no-proof] | --list | --remove NAME",
     "Lets somebody of the configuration confirm by one-time password (RFC 6238, any authenticator "
     "app) while nobody's services account can be found out. Prints the otpauth:// address of a "
     "new "
     "secret once (`| qrencode -t ansiutf8` draws it for the app) and asks for one code, to see "
     "that "
     "the app has it. crier need not be restarted.\n"
     "  --again     who is enrolled gets a new secret; codes of the old one are worth nothing\n"
     "  --no-proof  no code is asked for\n"
     "  --list      who is enrolled\n"
     "  --remove    ends it for NAME\n"
     "Run it as root or as the user of crier. Exit status 65: no right code was shown.",
     main_enrol},
    {"backup", "backup -c FILE DEST",
     "Copies the database of that configuration to the file DEST, consistent also while crier "
     "runs. "
     "Nothing that is there is overwritten. To restore: stop crier, move crier.db, crier.db-wal "
     "and "
     "crier.db-shm away, copy DEST to crier.db.",
     main_backup},
    {"report", "report -c FILE [ID] [--format wikitext|markdown|json|svg] [--json]",
     "Writes what was recorded of an incident to standard output, also while crier runs: a report "
     "in wikitext, Markdown with a picture, JSON with every line, or the picture alone. Without ID "
     "it lists the incidents.",
     main_report},
    {"audit",
     "audit -c FILE | --db FILE [--incident N] [--since TIME] [--json] | --verify [--head HASH] "
     "[--log FILE]",
     "Prints who confirmed, was refused, edited and published what, and when, also while crier "
     "runs.\n"
     "  --db FILE      of a backup, instead of the database of a configuration\n"
     "  --incident N   of one incident alone\n"
     "  --since TIME   such as 2023-01-17, 2023-01-17T18:35:00Z, 18:35 or '2 h'\n"
     "  --json         one JSON object per line\n"
     "  --verify       walks the chain of all entries and tells what was edited, removed, put in "
     "or\n"
     "                 reordered\n"
     "  --head HASH    as in the log, or at least 16 digits of it: it must be in the chain; may "
     "be\n"
     "                 given more than once\n"
     "  --log FILE     all heads of a log (- is standard input) must be in the chain, at their "
     "numbers\n"
     "Exit status 0, also of --verify when all is well; 1 when --verify found something wrong, 65 "
     "for a log without heads, 66 when there is no database with an audit, 78 when FILE cannot be "
     "read.",
     main_audit},
    {"version", "version", "Prints the version.", main_version},
    {"help", "help [COMMAND] | --permissions",
     "Prints this, or more about one command. --permissions: who may give which command of the "
     "chat, where and by what proof, in Markdown (docs/who-may.md).",
     main_help},
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

/* -c FILE and -v, for run. @return NULL when the words are off. */
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

/* @return false when the words are off. */
static bool parse_check(int argc, char **argv, struct run_backtest *test, bool *ret_replay,
                        bool *ret_dump)
{
    static const struct option options[] = {
        {"replay", no_argument, NULL, 'r'},        {"dump", no_argument, NULL, 'D'},
        {"against", required_argument, NULL, 'a'}, {"json", no_argument, NULL, 'j'},
        {"date", required_argument, NULL, 'd'},    {"format", required_argument, NULL, 'f'},
        {"channel", required_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
    bool only_replay = false; /* something was said that means nothing without --replay */
    int c;

    while ((c = getopt_long(argc, argv, "c:v", options, NULL)) != -1) {
        only_replay = only_replay || !strchr("cvrD", c);
        switch (c) {
        case 'c':
            test->config_path = optarg;
            break;
        case 'v':
            log_set_level(LOG_LEVEL_DEBUG);
            break;
        case 'r':
            *ret_replay = true;
            break;
        case 'D':
            *ret_dump = true;
            break;
        case 'a':
            test->against_path = optarg;
            break;
        case 'j':
            test->json = true;
            break;
        case 'd':
            if (logread_parse_day(optarg, &test->logs.day_wall_ms))
                return false;
            test->logs.has_day = true;
            break;
        case 'f':
            if (!log_format_parse(optarg, &test->logs.format))
                return false;
            break;
        case 'n':
            test->logs.channel = optarg;
            break;
        default:
            return false;
        }
    }
    test->log = (const char *const *)argv + optind;
    test->n_logs = (size_t)(argc - optind);
    return test->config_path && *ret_replay == (test->n_logs > 0) &&
           (*ret_replay || !only_replay) && !(*ret_replay && *ret_dump);
}

static int main_check(int argc, char **argv)
{
    struct run_backtest test = {.config_path = NULL};
    bool replay = false, dump = false;

    if (!parse_check(argc, argv, &test, &replay, &dump))
        return usage("check");
    if (dump)
        return run_dump(test.config_path);
    return replay ? run_backtest(&test) : run_check(test.config_path);
}

static int backup(const char *config_path, const char *dest)
{
    struct settings *settings = NULL;
    char why[600] = "";
    int64_t bytes = 0;
    int r;

    r = run_stored_settings(config_path, &settings);
    if (r)
        return r;
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is told like a full disk */
    r = store_backup(settings->state_dir, dest, &bytes, why, sizeof why);
    if (r)
        (void)fprintf(stderr, "crier: %s\n", why);
    else
        (void)printf("%s: %" PRId64 " bytes, a whole and consistent copy of %s/crier.db\n", dest,
                     bytes, settings->state_dir);
    settings_destroy(settings);
    /* what may not be written is DEST */
    return r == CRIER_ESTATE || r == CRIER_EACCESS ? EX_CANTCREAT : run_stored_exit(r);
}

static int main_backup(int argc, char **argv)
{
    const char *path = NULL;
    int c;

    while ((c = getopt(argc, argv, "c:")) != -1) {
        if (c != 'c')
            return usage("backup");
        path = optarg;
    }
    return path && optind + 1 == argc ? backup(path, argv[optind]) : usage("backup");
}

static int main_report(int argc, char **argv)
{
    int code = run_report(argc, argv);

    return code == EX_USAGE ? usage("report") : code;
}

static int main_enrol(int argc, char **argv)
{
    int code = run_enrol(argc, argv);

    return code == EX_USAGE ? usage("enrol") : code;
}

static int main_audit(int argc, char **argv)
{
    int code = run_audit(argc, argv);

    return code == EX_USAGE ? usage("audit") : code;
}

static int main_drill(int argc, char **argv)
{
    int code = run_drill_shell(argc, argv);

    return code == EX_USAGE ? usage("drill") : code;
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

    if (argc == 2 && !strcmp(argv[1], "--permissions"))
        return access_print(stdout) ? EX_IOERR : 0;
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
    int code;

    process_guard_start();
    /* One heap for all threads: what one hands to another is freed where it can be used again. */
    (void)mallopt(M_ARENA_MAX, 1);
    json_memory_or_leave();
    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        cmd = find("help");
    if (argc == 2 && !strcmp(argv[1], "--version"))
        cmd = find("version");
    if (!cmd) {
        if (argc > 1)
            (void)fprintf(stderr, "crier: there is no command \"%s\"\n", argv[1]);
        (void)fprintf(
            stderr,
            "usage: crier run|check|sandbox|replay|drill|enrol|backup|report|audit|version|help "
            "...; `crier help` says "
            "more\n");
        return EX_USAGE;
    }
    code = cmd->run(argc - 1, argv + 1);
    process_guard_forget_environment();
    return code;
}
