#include "run_drill_shell.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "buf.h"
#include "command.h"
#include "drill.h"
#include "err.h"
#include "hearing.h"
#include "log.h"
#include "loop.h"
#include "problems.h"
#include "run_stage.h"
#include "utf8.h"

#include "config_file.h"
#include "net.h"
#include "process_signals.h"

enum { INPUT_BYTES = 4096, WHY_BYTES = 500, TOKENS_MAX = 1024 };

struct shell {
    struct settings *settings;
    struct process_signals *signals;
    struct net *net;
    struct wait_port wait;
    struct run_stage *stage;
    char *place;
    char *network;
    struct buf input; /* what was typed and is no whole line yet */
    uint64_t token[TOKENS_MAX];
    size_t n_tokens; /* of lines that were written and are to be taken for shown */
    struct now now;
    uint64_t lines;
    bool ended; /* nothing more is typed */
    bool leaving;
    int code;
};

static struct drill *drill_of(struct shell *sh)
{
    return run_stage_drill(sh->stage);
}

/* ---- the channel ----------------------------------------------------------------------------- */

static int say(void *ctx, const struct say *line)
{
    struct shell *sh = ctx;

    if (line->token) {
        if (sh->n_tokens == TOKENS_MAX)
            return CRIER_ELIMIT;
        sh->token[sh->n_tokens++] = line->token;
    }
    if (printf("%s\n", line->text) < 0 || fflush(stdout))
        sh->code = EX_IOERR;
    return 0;
}

static void show(struct shell *sh)
{
    size_t i, n = sh->n_tokens;

    for (i = 0; i < n; i++) {
        struct chat_event event = {
            .kind = CHAT_SHOWN, .place = sh->place, .text = "", .token = sh->token[i]};

        if (drill_chat(drill_of(sh), &event, sh->now.boot_ms))
            break;
    }
    memmove(sh->token, sh->token + n, (sh->n_tokens - n) * sizeof sh->token[0]);
    sh->n_tokens -= n;
}

/* One line that was typed. */
static void typed(struct shell *sh, char *text)
{
    struct heard line = {.network = sh->network,
                         .place = sh->place,
                         .nick = "you",
                         .userhost = "",
                         .account = "you",
                         .identity = IDENTITY_ACCOUNT,
                         .text = text,
                         .obey = true,
                         .id = ++sh->lines};
    const char *prefix = sh->settings->chat.prefix;
    char why[COMMAND_WHY_BYTES];
    struct command c;

    text[utf8_clean(text, strlen(text), text)] = '\0';
    line.wall_ms = drill_now(drill_of(sh), sh->now.boot_ms).wall_ms;
    if (!*text)
        return;
    if (!command_is_addressed(prefix, text))
        (void)printf("(people in the channel would read that; commands begin with %s)\n", prefix);
    else if (!command_parse(prefix, text, &c, why, sizeof why) && c.verb == COMMAND_DRILL)
        drill_end(drill_of(sh), c.start ? "start another one from the shell" : "it was stopped",
                  sh->now.boot_ms);
    else if (drill_hear(drill_of(sh), &line, sh->now.boot_ms))
        log_errorx("drill", "the command could not be carried out");
}

static void take_lines(struct shell *sh)
{
    const char *end;

    while (!drill_is_over(drill_of(sh)) &&
           (end = memchr(buf_str(&sh->input), '\n', sh->input.len)) != NULL) {
        size_t n = (size_t)(end - buf_str(&sh->input));
        char *text = strndup(buf_str(&sh->input), n);

        buf_shift(&sh->input, n + 1);
        if (text)
            typed(sh, text);
        free(text);
    }
}

static void read_input(struct shell *sh)
{
    char bytes[INPUT_BYTES];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

    if (n > 0) {
        buf_add(&sh->input, bytes, (size_t)n);
        if (buf_error(&sh->input))
            buf_clear(&sh->input); /* no line of people is as long */
        take_lines(sh);
    } else if (!n || (errno != EINTR && errno != EAGAIN)) {
        sh->ended = true;
        drill_end(drill_of(sh), "nothing more is typed", sh->now.boot_ms);
    }
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void input_collect(void *ctx, struct pollset *set)
{
    struct shell *sh = ctx;

    if (!sh->ended)
        pollset_add(set, STDIN_FILENO, POLLIN);
    if (sh->n_tokens)
        pollset_deadline(set, sh->now.boot_ms);
}

static void input_dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct shell *sh = ctx;

    sh->now = now;
    show(sh);
    if (pollset_got(set, STDIN_FILENO) && !sh->ended)
        read_input(sh);
}

static int64_t no_deadline(void *ctx)
{
    (void)ctx;
    return NOW_NEVER;
}

static bool turn(void *ctx, struct now now)
{
    struct shell *sh = ctx;
    int err = drill_error(drill_of(sh));

    sh->now = now;
    if (err) {
        log_errorx("drill", "ended: %s", crier_strerror(err));
        sh->code = EX_SOFTWARE;
    }
    return !drill_is_over(drill_of(sh)) && !sh->leaving && !sh->code;
}

static void on_signal(void *ctx, int signo)
{
    struct shell *sh = ctx;

    if (signo == SIGHUP)
        return;
    drill_end(drill_of(sh), "it was interrupted", sh->now.boot_ms);
    sh->leaving = true;
}

static int play(struct shell *sh)
{
    struct loop_owner owner = {.ctx = sh, .deadline = no_deadline, .turn = turn};
    struct source_port input = {.ctx = sh, .collect = input_collect, .dispatch = input_dispatch};
    struct source_port port;
    struct loop loop;

    loop_init(&loop, &sh->wait);
    port = process_signals_source_port(sh->signals);
    loop_add(&loop, &port);
    port = net_source_port(sh->net);
    loop_add(&loop, &port);
    loop_add(&loop, &input);
    port = run_stage_source_port(sh->stage);
    loop_add(&loop, &port);
    if (drill_start(drill_of(sh), sh->now.boot_ms) || loop_run(&loop, &owner))
        sh->code = EX_OSERR;
    loop_finish(&loop);
    return sh->code;
}

/* ---- setting up ------------------------------------------------------------------------------ */

static int read_settings(struct shell *sh, const char *path)
{
    struct problems problems;
    int r;

    problems_init(&problems);
    r = config_file_load(path, &problems, &sh->settings);
    problems_print(&problems, stderr);
    problems_finish(&problems);
    return !r ? 0 : r == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
}

/* A practice channel if there is one, else the first in which crier talks: only its name counts. */
static int find_place(struct shell *sh)
{
    const struct settings *s = sh->settings;
    const unsigned wanted[] = {CHANNEL_PRACTICE, CHANNEL_TALK};
    size_t i, k, w;

    for (w = 0; w < 2; w++)
        for (i = 0; i < s->n_networks; i++)
            for (k = 0; k < s->network[i].n_channels; k++)
                if (!sh->place && (s->network[i].channel[k].roles & wanted[w])) {
                    sh->network = strdup(s->network[i].name);
                    sh->place =
                        buf_printf("%s/%s", s->network[i].name, s->network[i].channel[k].name);
                    return sh->network && sh->place ? 0 : EX_OSERR;
                }
    return EX_CONFIG; /* settings_finalize() wants a talk channel */
}

static int stage(struct shell *sh, const char *config_path, const char *name)
{
    char folder[] = "/tmp/crier-drill-XXXXXX", why[WHY_BYTES];
    struct run_stage_options options = {.settings = sh->settings,
                                        .name = name,
                                        .place = sh->place,
                                        .player = "you",
                                        .net = sh->net,
                                        .chat = {.ctx = sh, .say = say}};
    char *scenarios = run_stage_scenarios(sh->settings, config_path);
    int r;

    if (!scenarios)
        return EX_OSERR;
    if (!mkdtemp(folder)) {
        log_warn("drill", "%s", folder);
        free(scenarios);
        return EX_CANTCREAT;
    }
    options.folder = folder;
    options.scenarios = scenarios;
    r = run_stage_create(&options, sh->now, &sh->stage, why, sizeof why);
    free(scenarios);
    if (!r)
        return 0;
    (void)fprintf(stderr, "crier: no drill: %s\n", why);
    return r == CRIER_ENOENT || r == CRIER_EINVAL ? EX_NOINPUT : EX_UNAVAILABLE;
}

static int run(struct shell *sh, const char *config_path, const char *name)
{
    int code = read_settings(sh, config_path);

    if (!code)
        code = find_place(sh);
    if (!code && (process_signals_create(on_signal, sh, &sh->signals) || net_create(&sh->net)))
        code = EX_OSERR;
    if (code)
        return code;
    sh->wait = net_wait_port(sh->net);
    sh->now = sh->wait.now(sh->wait.ctx);
    code = stage(sh, config_path, name);
    return code ? code : play(sh);
}

int run_drill_shell(int argc, char **argv)
{
    struct shell *sh;
    const char *path = NULL;
    int c, code;

    while ((c = getopt(argc, argv, "c:v")) != -1) {
        if (c == 'c')
            path = optarg;
        else if (c == 'v')
            log_set_level(LOG_LEVEL_DEBUG);
        else
            return EX_USAGE;
    }
    if (!path || argc - optind > 1)
        return EX_USAGE;
    sh = calloc(1, sizeof *sh);
    if (!sh)
        return EX_OSERR;
    buf_init(&sh->input, INPUT_BYTES);
    code = run(sh, path, optind < argc ? argv[optind] : "");
    run_stage_destroy(sh->stage);
    net_destroy(sh->net);
    process_signals_destroy(sh->signals);
    settings_destroy(sh->settings);
    buf_finish(&sh->input);
    free(sh->place);
    free(sh->network);
    free(sh);
    return code;
}
