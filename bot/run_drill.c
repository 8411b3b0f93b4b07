#include "run_drill.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "buf.h"
#include "command.h"
#include "drill.h"
#include "err.h"
#include "hearing.h"
#include "log.h"
#include "run_stage.h"
#include "utf8.h"

enum {
    LINGER_MS = 30 * 60 * 1000, /* the practice page stays so long after the drill */
    WHY_BYTES = 500,
    TEXT_BYTES = 500,
    TAUGHT_MAX = 200,
    STRANGERS_MAX = 4, /* answers to people who are not on the list, in a minute */
    STRANGERS_MS = 60 * 1000
};

struct run_drill {
    const struct settings *settings;
    char *scenarios;
    char *config_path;
    char *folder;
    struct net *net;
    struct chat_port chat;
    struct run_stage *stage; /* NULL: none; its drill may be over */
    bool struck;             /* it is over, and its page is left */
    int64_t gone_boot_ms;    /* then its page goes, too */
    unsigned drills;         /* so far */
    int64_t newest;          /* real incident when it began */
    int64_t known_newest, known_open;
    char *taught[TAUGHT_MAX];
    size_t n_taught;
    int64_t strangers_boot_ms;
    int64_t strangers;
};

static struct drill *playing(struct run_drill *rd)
{
    return rd->stage && !rd->struck ? run_stage_drill(rd->stage) : NULL;
}

/* ---- saying ---------------------------------------------------------------------------------- */

static void say(struct run_drill *rd, const char *place, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct run_drill *rd, const char *place, const char *fmt, ...)
{
    char text[TEXT_BYTES] = HEARING_DRILL, where[TEXT_BYTES];
    struct say line = {.place = where, .text = text, .priority = SAY_REMINDER};
    va_list ap;
    int r;

    va_start(ap, fmt);
    (void)utf8_vprint(text + strlen(text), sizeof text - strlen(text), fmt, ap);
    va_end(ap);
    (void)utf8_print(where, sizeof where, "%s", place);
    r = rd->chat.say(rd->chat.ctx, &line);
    if (r)
        log_warnx("drill", "could not say a line at %s: %s", place, crier_strerror(r));
}

static void teach(struct run_drill *rd, const char *place)
{
    char lines[DRILL_LESSON_LINES][DRILL_LESSON_BYTES];
    size_t i;

    drill_lesson(rd->settings->chat.prefix, lines);
    for (i = 0; i < DRILL_LESSON_LINES; i++)
        say(rd, place, "%s", lines[i]);
}

/* With the first refusal that somebody gets. */
static void teach_once(struct run_drill *rd, const struct heard *line)
{
    const char *who = line->account ? line->account : line->nick;
    size_t i;

    for (i = 0; i < rd->n_taught; i++)
        if (settings_irc_equal(rd->taught[i], who))
            return;
    if (rd->n_taught == TAUGHT_MAX || !(rd->taught[rd->n_taught] = strdup(who)))
        return;
    rd->n_taught++;
    teach(rd, line->place);
}

static bool may_answer(struct run_drill *rd, const struct heard *line, struct now now)
{
    if (hearing_person(rd->settings, line) >= 0)
        return true;
    if (now.boot_ms - rd->strangers_boot_ms >= STRANGERS_MS) {
        rd->strangers_boot_ms = now.boot_ms;
        rd->strangers = 0;
    }
    return rd->strangers++ < STRANGERS_MAX;
}

/* ---- starting and stopping ------------------------------------------------------------------- */

static const char *channel_of(const char *place)
{
    const char *slash = strchr(place, '/');

    return slash ? slash + 1 : place;
}

static void audit(const struct heard *line, const char *what)
{
    char account[128];

    log_audit("drill %s at %s by account %s", what, line->place,
              log_quote(account, sizeof account, line->account));
}

static void start(struct run_drill *rd, const struct heard *line, const char *name, struct now now)
{
    struct run_stage_options options = {.settings = rd->settings,
                                        .scenarios = rd->scenarios,
                                        .name = name,
                                        .place = line->place,
                                        .player = line->nick,
                                        .number = ++rd->drills,
                                        .folder = rd->folder,
                                        .net = rd->net,
                                        .chat = rd->chat};
    char why[WHY_BYTES];

    if (playing(rd)) {
        say(rd, line->place, "%s: a drill is being played in %s; `%s drill stop` there ends it",
            line->nick, channel_of(drill_place(playing(rd))), rd->settings->chat.prefix);
        return;
    }
    if (rd->known_open) {
        say(rd, line->place, "%s: not now, something real is open", line->nick);
        return;
    }
    run_stage_destroy(rd->stage);
    rd->stage = NULL;
    rd->struck = false;
    if (run_stage_create(&options, now, &rd->stage, why, sizeof why)) {
        say(rd, line->place, "%s: no drill: %s", line->nick, why);
        return;
    }
    audit(line, "started");
    rd->newest = rd->known_newest;
    if (drill_start(run_stage_drill(rd->stage), now.boot_ms))
        log_warnx("drill", "could not begin");
}

static void order(struct run_drill *rd, const struct heard *line, const struct command *c,
                  struct now now)
{
    enum access_verdict verdict =
        access_judge(rd->settings, line, c, hearing_person(rd->settings, line));
    struct drill *d = playing(rd);

    if (verdict == ACCESS_OUTSIDE) {
        return; /* whoever is not here does not see an answer */
    } else if (verdict == ACCESS_RELAY) {
        say(rd, line->place, "%s: refused, %s", line->nick, access_why(verdict));
    } else if (c->start && verdict != ACCESS_GRANTED && verdict != ACCESS_SOON) {
        say(rd, line->place,
            "%s: refused, only people who are on my list and logged in to services start a drill; "
            "anybody with an account may play",
            line->nick);
        teach_once(rd, line);
    } else if (verdict == ACCESS_SOON) {
        say(rd, line->place, "%s: I have only just joined: try again in 10 s", line->nick);
    } else if (c->start) {
        start(rd, line, c->text, now);
    } else if (!d || strcmp(drill_place(d), line->place) != 0) {
        say(rd, line->place, "%s: no drill is being played here; `%s drill start` begins one",
            line->nick, rd->settings->chat.prefix);
    } else if (verdict != ACCESS_GRANTED) {
        say(rd, line->place, "%s: refused, you are not logged in to services", line->nick);
    } else {
        audit(line, "stopped");
        drill_end(d, "it was stopped", now.boot_ms);
    }
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* A channel in which crier talks for real is none. */
static bool is_practice(const struct settings *s, const char *network, const char *place)
{
    const struct channel_settings *c = settings_find_channel(s, network, channel_of(place));

    return c && (c->roles & CHANNEL_PRACTICE) && !(c->roles & CHANNEL_TALK);
}

/* No drill is played here. @return whether it is answered; else the real engine may. */
static bool answer_idle(struct run_drill *rd, const struct heard *line, const struct command *c,
                        bool wrong)
{
    const char *prefix = rd->settings->chat.prefix;

    if (!wrong && c->verb == COMMAND_HELP && !*c->text) {
        teach(rd, line->place);
        return true;
    }
    if (!wrong && (c->verb == COMMAND_STATUS || c->verb == COMMAND_SHOW)) {
        say(rd, line->place, "no drill is being played here: `%s drill start` begins one", prefix);
        return true;
    }
    if (!wrong && !access_changes(c))
        return false;
    say(rd, line->place,
        "%s: this is a practice channel: nothing is drafted or published from here; `%s drill "
        "start` plays an outage",
        line->nick, prefix);
    teach_once(rd, line);
    return true;
}

bool run_drill_heard(struct run_drill *rd, const struct heard *line, struct now now)
{
    char why[COMMAND_WHY_BYTES];
    struct drill *d = playing(rd);
    struct command c = {.text = ""};
    int r;

    if (line->private || line->history || line->action || line->notice ||
        !is_practice(rd->settings, line->network, line->place))
        return false;
    r = command_parse(rd->settings->chat.prefix, line->text, &c, why, sizeof why);
    if (r == CRIER_ENOENT)
        return false;
    if (r ? hearing_is_slip(line->text) : c.verb == COMMAND_BREAKGLASS) {
        explicit_bzero(c.code, sizeof c.code);
        return false; /* a code said aloud: the real engine makes it void */
    }
    if (!r && c.verb == COMMAND_DRILL) {
        if (may_answer(rd, line, now))
            order(rd, line, &c, now);
        return true;
    }
    if (d && !strcmp(drill_place(d), line->place)) {
        if (drill_hear(d, line, now.boot_ms))
            log_warnx("drill", "a command could not be carried out");
        return true;
    }
    return !may_answer(rd, line, now) || answer_idle(rd, line, &c, r != 0);
}

bool run_drill_event(struct run_drill *rd, const struct chat_event *event, struct now now)
{
    bool ours = (event->token & DRILL_TOKEN) != 0;
    struct drill *d = playing(rd);

    if (d &&
        (ours || ((event->kind == CHAT_JOINED || event->kind == CHAT_LEFT) &&
                  !strcmp(event->place, drill_place(d)))) &&
        drill_chat(d, event, now.boot_ms))
        log_warnx("drill", "an event of the chat could not be taken");
    return ours;
}

/* ---- turns ----------------------------------------------------------------------------------- */

/* It may have failed: then it has not said so itself. */
static void strike(struct run_drill *rd, struct now now)
{
    struct drill *d = playing(rd);
    int err = drill_error(d);

    if (err) {
        log_errorx("drill", "ended: %s", crier_strerror(err));
        say(rd, drill_place(d), "The drill has ended: %s", crier_strerror(err));
    }
    run_stage_strike(rd->stage);
    rd->struck = true;
    rd->gone_boot_ms = now.boot_ms + LINGER_MS;
}

void run_drill_turn(struct run_drill *rd, int64_t newest, size_t open, struct now now)
{
    struct drill *d = playing(rd);
    char why[WHY_BYTES];

    rd->known_newest = newest;
    rd->known_open = (int64_t)open;
    if (d && newest > rd->newest && !drill_is_over(d)) {
        (void)utf8_print(why, sizeof why,
                         "something real has begun, number %lld. This drill stops here",
                         (long long)newest);
        drill_end(d, why, now.boot_ms);
    }
    if (d && drill_is_over(d))
        strike(rd, now);
    if (rd->stage && rd->struck && now.boot_ms >= rd->gone_boot_ms) {
        run_stage_destroy(rd->stage);
        rd->stage = NULL;
        rd->struck = false;
    }
}

static void collect(void *ctx, struct pollset *set)
{
    struct run_drill *rd = ctx;
    struct source_port port;

    if (!rd->stage)
        return;
    port = run_stage_source_port(rd->stage);
    port.collect(port.ctx, set);
    if (rd->struck)
        pollset_deadline(set, rd->gone_boot_ms);
}

static void dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct run_drill *rd = ctx;
    struct source_port port;

    if (!rd->stage)
        return;
    port = run_stage_source_port(rd->stage);
    port.dispatch(port.ctx, set, now);
}

struct source_port run_drill_source_port(struct run_drill *rd)
{
    return (struct source_port){.ctx = rd, .collect = collect, .dispatch = dispatch};
}

void run_drill_reload(struct run_drill *rd, const struct settings *settings, struct now now)
{
    char *scenarios = run_stage_scenarios(settings, rd->config_path);
    struct drill *d = playing(rd);
    char *network = d ? strdup(drill_place(d)) : NULL;

    rd->settings = settings;
    if (scenarios) {
        free(rd->scenarios);
        rd->scenarios = scenarios;
    } else {
        log_errorx("drill", "out of memory: scenarios stay where they were");
    }
    if (network) {
        network[strcspn(network, "/")] = '\0';
        if (!is_practice(settings, network, drill_place(d)))
            drill_end(d, "this is no practice channel any more", now.boot_ms);
    }
    free(network);
}

void run_drill_leave(struct run_drill *rd, struct now now)
{
    if (playing(rd))
        drill_end(playing(rd), "I am leaving", now.boot_ms);
}

int run_drill_create(const struct settings *settings, const char *config_path,
                     const char *state_dir, struct net *net, const struct chat_port *chat,
                     struct run_drill **ret)
{
    struct run_drill *rd = calloc(1, sizeof *rd);

    if (!rd)
        return CRIER_ENOMEM;
    rd->settings = settings;
    rd->net = net;
    rd->chat = *chat;
    rd->config_path = strdup(config_path);
    rd->scenarios = run_stage_scenarios(settings, config_path);
    rd->folder = buf_printf("%s/drill", state_dir);
    if (!rd->config_path || !rd->scenarios || !rd->folder) {
        run_drill_destroy(rd);
        return CRIER_ENOMEM;
    }
    run_stage_sweep(rd->folder);
    *ret = rd;
    return 0;
}

void run_drill_destroy(struct run_drill *rd)
{
    size_t i;

    if (!rd)
        return;
    run_stage_destroy(rd->stage);
    for (i = 0; i < rd->n_taught; i++)
        free(rd->taught[i]);
    free(rd->config_path);
    free(rd->scenarios);
    free(rd->folder);
    free(rd);
}
