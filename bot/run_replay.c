#include "run_replay.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "duration.h"
#include "err.h"
#include "log.h"
#include "replay.h"
#include "replay_text.h"
#include "run_expect.h"
#include "run_logs.h"
#include "settings.h"
#include "when.h"

#include "logread.h"
#include "patterns.h"

enum {
    EVENT_MAX_BYTES = 1 << 22,
    LOOK_EVERY = 16384,
    PROGRESS_MS = 500,
    CHANNEL_BYTES = 200,
    STRANGE_MAX = 10
};

struct command {
    const char *config_path;
    const char *expect_path;
    bool json;
    bool says;
    bool explain;
    struct replay_options options;
    struct logread_options logs; /* without the sink */
};

/* What one run of it holds. */
struct play {
    struct command cmd;
    struct settings *settings;
    struct patterns *patterns;
    struct replay *replay;
    struct logread *log;
    struct buf text;
    int err;                     /* of writing events: CRIER_EIO, CRIER_ENOMEM; 0 */
    char channel[CHANNEL_BYTES]; /* of the last line */
    int strange;                 /* channels that were told to be unknown */
    bool terminal;               /* stderr is one: progress is shown */
    int64_t begun_ms;            /* a clock that only goes on */
    int64_t progress_ms;         /* when it was shown last */
};

static int64_t mono_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void on_event(void *ctx, const struct replay_event *event)
{
    struct play *p = ctx;

    if (p->err || (event->kind == REPLAY_SAY && !p->cmd.says))
        return;
    buf_clear(&p->text);
    if (p->cmd.json)
        replay_json(&p->text, p->settings, event, p->cmd.explain);
    else
        replay_text(&p->text, p->settings, event, p->cmd.explain);
    p->err = buf_error(&p->text);
    if (!p->err && fwrite(p->text.data, 1, p->text.len, stdout) != p->text.len)
        p->err = CRIER_EIO;
}

/* ---- stderr ---------------------------------------------------------------------------------- */

static void show_progress(struct play *p)
{
    const struct replay_figures *f = replay_figures(p->replay);
    int64_t now = mono_ms(), took = now - p->begun_ms;
    int64_t bytes, of_bytes;
    char lines[WHEN_BYTES], rate[WHEN_BYTES], at[WHEN_BYTES], part[WHEN_BYTES] = "";

    if (!p->terminal || now - p->progress_ms < PROGRESS_MS)
        return;
    p->progress_ms = now;
    logread_progress(p->log, &bytes, &of_bytes);
    if (of_bytes > 0)
        (void)snprintf(part, sizeof part, "%" PRId64 " %%, ",
                       bytes < of_bytes ? bytes / (of_bytes / 100 + 1) : 100);
    (void)fprintf(stderr, "\r%s%s lines, %s, %s lines/s \033[K", part, when_count(f->lines, lines),
                  when_iso(f->last_wall_ms, at),
                  when_count(took > 0 ? f->lines * 1000 / took : 0, rate));
}

static void end_progress(const struct play *p)
{
    if (p->terminal)
        (void)fprintf(stderr, "\r\033[K");
}

static void on_problem(void *ctx, const char *file, long line, const char *text)
{
    end_progress(ctx);
    run_logs_problem(NULL, file, line, text);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void summarize(const struct play *p)
{
    const struct replay_figures *f = replay_figures(p->replay);
    int64_t took = mono_ms() - p->begun_ms, n;
    char lines[WHEN_BYTES], from[WHEN_BYTES], until[WHEN_BYTES], count[WHEN_BYTES];
    size_t i;

    if (f->lines)
        (void)fprintf(stderr, "crier replay: %s line%s, %s to %s, in %" PRId64 ".%02" PRId64 " s\n",
                      when_count(f->lines, lines), plural(f->lines),
                      when_iso(f->first_wall_ms, from), when_iso(f->last_wall_ms, until),
                      took / 1000, took % 1000 / 10);
    else
        (void)fprintf(stderr, "crier replay: no line\n");
    (void)fprintf(stderr,
                  "crier replay: %" PRId64 " draft%s, %" PRId64 " published, %" PRId64
                  " update%s, %" PRId64 " resolved, %" PRId64 " discarded; ",
                  f->drafts, plural(f->drafts), f->published, f->updates, plural(f->updates),
                  f->resolved, f->discarded);
    (void)fprintf(stderr, "%s alert%s heard", when_count(f->alerts, count), plural(f->alerts));
    if (p->cmd.explain)
        (void)fprintf(stderr, ", %s critical that opened nothing", when_count(f->silent, count));
    (void)fprintf(stderr, "\n");
    for (i = 0; i < p->settings->n_sources; i++) {
        n = replay_unmatched(p->replay, i);
        if (n)
            (void)fprintf(stderr,
                          "crier replay: source %s: %s line%s that none of its formats takes\n",
                          p->settings->source[i].name, when_count(n, count), plural(n));
    }
    if (f->unheard)
        (void)fprintf(stderr,
                      "crier replay: %s line%s of bots in channels where they are not believed "
                      "(sources.channels)\n",
                      when_count(f->unheard, count), plural(f->unheard));
    if (f->commands && !p->cmd.options.obey)
        (void)fprintf(stderr, "crier replay: %s command%s in the log, not obeyed (--obey does)\n",
                      when_count(f->commands, count), plural(f->commands));
}

static void tell_trust(void)
{
    (void)fprintf(stderr, "crier replay: a log has no accounts: nicks in it stand for the sources "
                          "and people of the configuration\n");
}

/* ---- the command ----------------------------------------------------------------------------- */

static int usage(const char *problem, const char *word)
{
    if (problem)
        (void)fprintf(stderr, "crier: %s%s%s\n", problem, word ? " " : "", word ? word : "");
    (void)fprintf(stderr, "usage: crier replay -c FILE [--json] [--say] [--explain] "
                          "[--assume-confirm DELAY] [--obey] [--date DAY] [--format NAME] "
                          "[--channel CHANNEL] LOG...\n"
                          "       crier replay -c FILE --expect FILE [--json] [NAME...]\n");
    return EX_USAGE;
}

/* @return 0 or EX_USAGE. */
static int parse(int argc, char **argv, struct command *cmd)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"say", no_argument, NULL, 's'},
                                            {"explain", no_argument, NULL, 'e'},
                                            {"obey", no_argument, NULL, 'o'},
                                            {"assume-confirm", required_argument, NULL, 'a'},
                                            {"expect", required_argument, NULL, 'x'},
                                            {"date", required_argument, NULL, 'd'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"channel", required_argument, NULL, 'n'},
                                            {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            cmd->config_path = optarg;
            break;
        case 'j':
            cmd->json = true;
            break;
        case 's':
            cmd->says = true;
            break;
        case 'e':
            cmd->explain = cmd->options.silent = true;
            break;
        case 'o':
            cmd->options.obey = true;
            break;
        case 'a':
            if (duration_parse(optarg, &cmd->options.confirm_after_ms))
                return usage("--assume-confirm takes a duration such as 30s, not", optarg);
            cmd->options.assume_confirm = true;
            break;
        case 'd':
            if (logread_parse_day(optarg, &cmd->logs.day_wall_ms))
                return usage("--date takes a day such as 2023-01-17, not", optarg);
            cmd->logs.has_day = true;
            break;
        case 'f':
            if (!log_format_parse(optarg, &cmd->logs.format))
                return usage("--format takes dated, wm-bot, znc, energymech, irssi, weechat or "
                             "json, not",
                             optarg);
            break;
        case 'n':
            cmd->logs.channel = optarg;
            break;
        case 'x':
            cmd->expect_path = optarg;
            break;
        default:
            return usage(NULL, NULL);
        }
    }
    if (!cmd->config_path)
        return usage("replay needs a configuration: -c FILE", NULL);
    if (cmd->expect_path)
        return 0;
    return optind < argc ? 0 : usage("replay needs a log, or - for standard input", NULL);
}

/* Secrets are not looked at. @return 0 or an exit code. */
static int load(struct play *p)
{
    int r = run_logs_load(p->cmd.config_path, &p->settings, &p->patterns);

    if (r)
        return r == CRIER_ENOMEM ? EX_OSERR : EX_CONFIG;
    return 0;
}

static int open_logs(struct play *p, const char *const *paths, size_t n)
{
    struct logread_options options = p->cmd.logs;
    int code = 0;
    size_t i;

    options.sink = (struct logread_sink){.ctx = p, .problem = on_problem};
    for (i = 0; i < n; i++)
        if (strcmp(paths[i], "-") != 0 && access(paths[i], R_OK)) {
            (void)fprintf(stderr, "crier: %s: %s\n", paths[i], strerror(errno));
            code = EX_NOINPUT;
        }
    if (code)
        return code;
    return logread_create(paths, n, &options, &p->log) ? EX_OSERR : 0;
}

static int make_replay(struct play *p)
{
    struct format_port formats = patterns_format_port(p->patterns);
    int r = replay_create(p->settings, &formats, &p->cmd.options, &p->replay);

    if (r == CRIER_ENOENT) {
        (void)fprintf(
            stderr,
            "crier: %s: --assume-confirm needs somebody in \"people\" with an account and "
            "the role of a deployer\n",
            p->cmd.config_path);
        return EX_CONFIG;
    }
    return r ? EX_OSERR : 0;
}

/* Lines of one channel mostly follow one another: each is told once, or nearly so. */
static void look_at_channel(struct play *p, const struct log_line *line)
{
    if (!strcmp(p->channel, line->channel) || strlen(line->channel) >= sizeof p->channel)
        return;
    (void)snprintf(p->channel, sizeof p->channel, "%s", line->channel);
    if (!*line->channel || replay_has_channel(p->replay, line->channel) ||
        p->strange++ >= STRANGE_MAX)
        return;
    end_progress(p);
    (void)fprintf(stderr,
                  "%s:%ld: channel %s is not in the configuration: its bots are taken to speak in "
                  "their own channels\n",
                  line->file, line->line, line->channel);
}

/* @return 0 or a negative error. */
static int play_lines(struct play *p)
{
    struct log_line line;
    int64_t n = 0;
    int r;

    while (!(r = logread_next(p->log, &line))) {
        struct replay_line l = run_logs_line(&line);

        look_at_channel(p, &line);
        r = replay_line(p->replay, &l);
        if (r || p->err)
            break;
        if (!(++n % LOOK_EVERY))
            show_progress(p);
    }
    if (r == CRIER_ENOENT && !p->err)
        r = replay_end(p->replay);
    end_progress(p);
    return p->err ? p->err : r;
}

static int exit_code(struct play *p, int r)
{
    if (fflush(stdout) && !r)
        r = CRIER_EIO;
    if (r == CRIER_EIO) {
        (void)fprintf(stderr, "crier: cannot write: %s\n", strerror(errno));
        return EX_IOERR;
    }
    if (r) {
        (void)fprintf(stderr, "crier: %s\n", crier_strerror(r));
        return r == CRIER_ENOMEM ? EX_OSERR : EX_SOFTWARE;
    }
    summarize(p);
    return logread_problems(p->log) ? EX_DATAERR : 0;
}

static int play(struct play *p, const char *const *paths, size_t n)
{
    int code = load(p);

    if (!code)
        code = open_logs(p, paths, n);
    if (!code)
        code = make_replay(p);
    if (code)
        return code;
    tell_trust();
    p->terminal = isatty(STDERR_FILENO);
    p->begun_ms = p->progress_ms = mono_ms();
    return exit_code(p, play_lines(p));
}

int run_replay(int argc, char **argv)
{
    struct play p = {.cmd = {.options = {.run_on_ms = REPLAY_RUN_ON_MS}}};
    int code = parse(argc, argv, &p.cmd);

    if (code)
        return code;
    if (p.cmd.expect_path)
        return run_expect(p.cmd.config_path, p.cmd.expect_path, (const char *const *)argv + optind,
                          (size_t)(argc - optind), p.cmd.json);
    log_set_level(LOG_LEVEL_ERROR);
    p.cmd.options.sink = (struct replay_sink){.ctx = &p, .event = on_event};
    buf_init(&p.text, EVENT_MAX_BYTES);
    code = play(&p, (const char *const *)argv + optind, (size_t)(argc - optind));
    replay_destroy(p.replay);
    patterns_destroy(p.patterns);
    settings_destroy(p.settings);
    logread_destroy(p.log);
    buf_finish(&p.text);
    return code;
}
