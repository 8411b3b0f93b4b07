#include "drill.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "command.h"
#include "courier.h"
#include "drill_names.h"
#include "drill_settings.h"
#include "engine.h"
#include "err.h"
#include "hearing.h"
#include "log.h"
#include "replay.h"
#include "replay_nicks.h"
#include "utf8.h"
#include "when.h"

/* In tokens of lines that nobody waits for but the pace. */
#define PACE_TOKEN (UINT64_C(1) << 61)

enum {
    START_BOOT_MS = 24 * 60 * 60 * 1000, /* as if the machine had been up for a day */
    PRELUDE_MS = 10 * 60 * 1000,         /* what is shown of what came before the first draft */
    RUN_ON_MS = 60 * 60 * 1000,          /* after the last line; then people must end it */
    LINE_BYTES = 320, /* one line of IRC behind the longest prefix and channel: never split there */
    SAY_BYTES = 4000,
    ROUNDS = 2000,       /* of one turn */
    LINES_AT_ONCE = 500, /* of the log, in one turn */
    /* Lines of the log are shown so many at once, and then one in so long; the others count. */
    SHOW_BURST = 5,
    SHOW_INTERVAL_MS = 2000,
    UNSAID_MS = 20 * 1000,
    ABANDONED_MS = 15 * 60 * 1000, /* nobody has said anything while something waits */
    LONGEST_MS = 60 * 60 * 1000,
    HINTS_MAX = 6, /* about one thing */
    TAUGHT_MAX = 200,
    REFUSALS_MAX = 4, /* to people without an account, in a minute */
    REFUSALS_MS = 60 * 1000
};

/* What waits for people, as far as the coach sees it. */
struct step_due {
    int64_t incident;
    int64_t revision; /* 0: it is public, nothing waits and nothing will */
    int64_t kind;     /* enum revision_kind */
};

struct drill {
    struct drill_options options;
    struct settings *settings;
    char *place;
    char *player; /* whoever spoke last */
    char *url;
    struct hearing *hearing;
    struct engine *engine;
    struct courier courier;
    struct replay_nicks *nicks;
    struct drill_score score;
    int64_t first_draft_wall_ms; /* as the look ahead says */
    int64_t start_wall_ms;       /* of the log */
    int64_t start_boot_ms;       /* real */
    int64_t skipped_ms;
    int64_t boot_ms;       /* real, of the last call */
    size_t next;           /* line of the scenario */
    size_t unsaid;         /* lines that the chat has not taken yet */
    size_t requests;       /* at the page, without an answer */
    int64_t said_boot_ms;  /* real; the last line at the place */
    int64_t heard_boot_ms; /* real; the last command */
    int64_t show_boot_ms;  /* real; a leaking bucket, when it will be empty */
    int64_t unshown;
    struct step_due due;
    int64_t due_boot_ms; /* real, since when */
    int64_t hinted_boot_ms;
    int64_t hints; /* about that */
    char *taught[TAUGHT_MAX];
    size_t n_taught;
    int64_t refusals_boot_ms;
    int64_t refusals;
    bool opened; /* there was an incident */
    bool started;
    bool over;
    int err; /* sticky */
};

/* ---- clocks ---------------------------------------------------------------------------------- */

struct now drill_now(const struct drill *d, int64_t boot_ms)
{
    int64_t elapsed = d->started ? boot_ms - d->start_boot_ms + d->skipped_ms : 0;

    return (struct now){.wall_ms = d->start_wall_ms + elapsed, .boot_ms = START_BOOT_MS + elapsed};
}

static struct now present(const struct drill *d)
{
    return drill_now(d, d->boot_ms);
}

/* @return the real time at which it is that time in the drill, when nothing is skipped. */
static int64_t real_of(const struct drill *d, int64_t boot_ms)
{
    return boot_ms - START_BOOT_MS - d->skipped_ms + d->start_boot_ms;
}

/* ---- saying ---------------------------------------------------------------------------------- */

/* Bytes of the next part, ended at a blank where there is one near. */
static size_t part_of(const char *text, size_t most)
{
    size_t n = utf8_cut(text, most), back;

    if (!text[n])
        return n;
    for (back = n; back > n - most / 4; back--)
        if (text[back] == ' ')
            return back;
    return n;
}

/* Each part of a long line begins with the mark, or its second half could pass for an alert. */
static int say_parts(struct drill *d, const struct say *line, const char *text)
{
    const size_t most = LINE_BYTES - (sizeof HEARING_DRILL - 1);
    bool whole = strlen(text) <= most;
    int r = 0;

    while (*text && !r) {
        size_t n = part_of(text, most);
        struct say part = {.place = line->place, .priority = SAY_REMINDER};

        part.text = buf_printf("%s%.*s", HEARING_DRILL, (int)n, text);
        if (!part.text)
            return CRIER_ENOMEM;
        text += n;
        while (*text == ' ')
            text++;
        part.replaces = whole ? line->replaces : 0;
        if (!*text && line->token)
            part.token = line->token | DRILL_TOKEN; /* shown is what is shown to its end */
        else if (!part.replaces)                    /* of what is replaced nothing more is heard */
            part.token = DRILL_TOKEN | PACE_TOKEN;
        r = d->options.chat.say(d->options.chat.ctx, &part);
        if (!r && (part.token & PACE_TOKEN))
            d->unsaid++;
        free(part.text);
    }
    return r;
}

/* Nowhere but at the drill's own place, and to people in private. */
static bool may_say_at(const struct drill *d, const char *place)
{
    const char *target = strchr(place, '/');

    return !strcmp(place, d->place) || (target && target[1] && !strchr("#&+!@", target[1]));
}

static int say(void *ctx, const struct say *line)
{
    struct drill *d = ctx;
    struct buf b;
    int r;

    if (!may_say_at(d, line->place)) {
        log_warnx("drill", "a line for %s is not said", line->place);
        return 0;
    }
    buf_init(&b, SAY_BYTES);
    drill_names_show(&b, line->text);
    r = buf_error(&b) ? buf_error(&b) : say_parts(d, line, buf_str(&b));
    buf_finish(&b);
    d->said_boot_ms = d->boot_ms;
    return r;
}

/* A line of the drill itself, not of the engine. */
static void tell(struct drill *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct drill *d, const char *fmt, ...)
{
    struct say line = {.place = d->place, .priority = SAY_REMINDER};
    char text[SAY_BYTES / 2];
    va_list ap;
    int r;

    va_start(ap, fmt);
    (void)utf8_vprint(text, sizeof text, fmt, ap);
    va_end(ap);
    line.text = text;
    r = say(d, &line);
    if (r == CRIER_ENOMEM)
        d->err = r;
}

static const char *prefix_of(const struct drill *d)
{
    return d->settings->chat.prefix;
}

void drill_lesson(const char *prefix, char lines[DRILL_LESSON_LINES][DRILL_LESSON_BYTES])
{
    (void)utf8_print(lines[0], DRILL_LESSON_BYTES,
                     "1. I draft what readers should know and show it here. Nothing is public "
                     "before somebody types `%s confirm N.R`, with the number that is shown; in a "
                     "drill it begins with D.",
                     prefix);
    (void)utf8_print(lines[1], DRILL_LESSON_BYTES,
                     "2. Other words: `%s edit N title ...`, `%s edit N body ...`, which shows "
                     "them with a new number. No outage: `%s discard N`.",
                     prefix, prefix, prefix);
    (void)utf8_print(lines[2], DRILL_LESSON_BYTES,
                     "3. Later I propose each step to the end: confirm these too. `%s` shows what "
                     "is open, `%s help confirm` tells more, `%s drill start` plays an outage, in "
                     "practice channels only.",
                     prefix, prefix, prefix);
}

static void teach(struct drill *d)
{
    char lines[DRILL_LESSON_LINES][DRILL_LESSON_BYTES];
    size_t i;

    drill_lesson(prefix_of(d), lines);
    for (i = 0; i < DRILL_LESSON_LINES; i++)
        tell(d, "%s", lines[i]);
}

/* With the first refusal that somebody gets. */
static void teach_once(struct drill *d, const struct heard *line)
{
    const char *who = line->account ? line->account : line->nick;
    size_t i;

    for (i = 0; i < d->n_taught; i++)
        if (settings_irc_equal(d->taught[i], who))
            return;
    if (d->n_taught == TAUGHT_MAX)
        return;
    d->taught[d->n_taught] = strdup(who);
    if (!d->taught[d->n_taught]) {
        d->err = CRIER_ENOMEM;
        return;
    }
    d->n_taught++;
    teach(d);
}

/* ---- the score ------------------------------------------------------------------------------- */

void drill_end(struct drill *d, const char *why, int64_t boot_ms)
{
    char lines[DRILL_SCORE_LINES][DRILL_SCORE_BYTES];
    size_t i, n;

    if (d->over || !d->started)
        return;
    d->boot_ms = boot_ms;
    tell(d, "The drill is over: %s", why);
    n = drill_score_lines(&d->score, d->options.scenario, lines);
    for (i = 0; i < n; i++)
        tell(d, "%s", lines[i]);
    d->over = true;
}

static void fail(struct drill *d, int err)
{
    if (err && !d->err)
        d->err = err;
}

/* ---- the engine ------------------------------------------------------------------------------ */

static void input(struct drill *d, const struct input *in)
{
    if (!d->err)
        fail(d, courier_input(&d->courier, in, present(d)));
}

static int submit(void *ctx, const struct page_request *req)
{
    struct drill *d = ctx;
    int r = d->options.page.submit(d->options.page.ctx, req);

    if (r || req->op == PAGE_WARM)
        return r;
    d->requests++;
    if (req->op == PAGE_CREATE && !d->score.confirmed_wall_ms)
        d->score.confirmed_wall_ms = present(d).wall_ms;
    return 0;
}

int drill_answer(struct drill *d, const struct page_answer *answer, int64_t boot_ms)
{
    struct input in = {.kind = INPUT_ANSWER, .answer = answer};
    bool ends = answer->n_incidents && answer->incident[0].step == STEP_RESOLVED;

    d->boot_ms = boot_ms;
    if (answer->op != PAGE_WARM && d->requests)
        d->requests--;
    if (answer->result == PAGE_OK && answer->op == PAGE_CREATE && !d->score.published_wall_ms)
        d->score.published_wall_ms = present(d).wall_ms;
    else if (answer->result == PAGE_OK && answer->op == PAGE_UPDATE && ends)
        d->score.resolved_wall_ms = present(d).wall_ms;
    else if (answer->result == PAGE_OK && answer->op == PAGE_UPDATE)
        d->score.updates++;
    if (!d->over)
        input(d, &in);
    return d->err;
}

int drill_stored(struct drill *d, uint64_t ticket, int err, int64_t boot_ms)
{
    d->boot_ms = boot_ms;
    if (!d->over && !d->err)
        fail(d, err ? err : courier_committed(&d->courier, ticket, present(d)));
    return d->err;
}

int drill_chat(struct drill *d, const struct chat_event *event, int64_t boot_ms)
{
    struct chat_event mine = *event;
    struct input in = {.kind = INPUT_CHAT, .chat = &mine};

    d->boot_ms = boot_ms;
    if (event->kind == CHAT_SHOWN || event->kind == CHAT_UNSHOWN) {
        d->said_boot_ms = boot_ms;
        if (!d->hints)
            d->due_boot_ms = boot_ms; /* nobody is lost before there is something to read */
    }
    if (event->token & PACE_TOKEN) {
        d->unsaid -= d->unsaid > 0;
        return d->err;
    }
    mine.token &= ~DRILL_TOKEN;
    if (!d->over)
        input(d, &in);
    return d->err;
}

/* ---- commands -------------------------------------------------------------------------------- */

static void address(struct drill *d, const char *nick)
{
    char *copy = strdup(nick);

    if (!copy) {
        d->err = CRIER_ENOMEM;
        return;
    }
    free(d->player);
    d->player = copy;
}

static bool may_refuse_stranger(struct drill *d)
{
    if (d->boot_ms - d->refusals_boot_ms >= REFUSALS_MS) {
        d->refusals_boot_ms = d->boot_ms;
        d->refusals = 0;
    }
    return d->refusals++ < REFUSALS_MAX;
}

/* Everybody who has an account may play: nothing of it is public. */
static bool is_player(struct drill *d, const struct heard *line, const struct command *c)
{
    int r;

    if (hearing_person(d->settings, line) >= 0)
        return true;
    if (line->identity == IDENTITY_ACCOUNT && line->account && *line->account) {
        r = drill_settings_guest(d->settings, line->network, line->account, line->nick);
        fail(d, r == CRIER_ENOMEM ? r : 0);
        return !r;
    }
    if (!c || !command_spec_find(c->verb)->roles)
        return true; /* the engine has its measure for them */
    if (may_refuse_stranger(d)) {
        tell(d,
             "%s: refused, you are not logged in to services: /msg NickServ IDENTIFY, then again",
             line->nick);
        teach_once(d, line);
    }
    return false;
}

/* "confirm 1.1": of the real thing, or a slip. Nothing is done. */
static void refuse_plain(struct drill *d, const struct heard *line, const char *number)
{
    size_t n = strspn(number, "0123456789.");

    while (n && number[n - 1] == '.')
        n--;
    tell(d,
         "%s: %.*s is none of this drill's; its numbers begin with D, such as D%.*s: nothing done",
         line->nick, n > 20 ? 20 : (int)n, number, n > 20 ? 20 : (int)n, number);
    teach_once(d, line);
}

/* @param text the command as the engine takes it. @param wrong it is none. */
static void carry_out(struct drill *d, const struct heard *line, const char *text, bool wrong)
{
    struct heard mine = *line;
    struct input in = {.kind = INPUT_COMMAND, .command = &mine};

    mine.text = text;
    input(d, &in);
    if (wrong)
        teach_once(d, line);
}

/* @param plain where a number without D is, or NULL. */
static void obey(struct drill *d, const struct heard *line, const char *text, const char *plain)
{
    char why[COMMAND_WHY_BYTES];
    struct command c;
    int r = command_parse(prefix_of(d), text, &c, why, sizeof why);

    if (r == CRIER_ENOENT || !is_player(d, line, r ? NULL : &c))
        return;
    if (hearing_person(d->settings, line) >= 0) {
        d->heard_boot_ms = d->boot_ms;
        address(d, line->nick);
    }
    if (plain)
        refuse_plain(d, line, plain);
    else if (!r && c.verb == COMMAND_HELP && !*c.text)
        teach(d);
    else
        carry_out(d, line, text, r != 0);
}

int drill_hear(struct drill *d, const struct heard *line, int64_t boot_ms)
{
    const char *plain = NULL;
    struct buf b;
    bool named;

    d->boot_ms = boot_ms;
    if (d->over || d->err)
        return d->err;
    buf_init(&b, SAY_BYTES);
    named = drill_names_read(&b, prefix_of(d), line->text, &plain);
    if (buf_error(&b) == CRIER_ENOMEM)
        fail(d, CRIER_ENOMEM);
    else if (!buf_error(&b))
        obey(d, line, named ? buf_str(&b) : line->text, plain);
    buf_finish(&b);
    if (!d->err)
        fail(d, courier_commit(&d->courier));
    return d->err;
}

/* ---- the log --------------------------------------------------------------------------------- */

static void show_line(struct drill *d, const struct drill_line *line)
{
    int64_t from = d->show_boot_ms > d->boot_ms ? d->show_boot_ms : d->boot_ms;
    char text[LINE_BYTES];
    size_t n;

    if (line->wall_ms < d->first_draft_wall_ms - PRELUDE_MS)
        return;
    if (from + SHOW_INTERVAL_MS - d->boot_ms > SHOW_BURST * SHOW_INTERVAL_MS) {
        d->unshown++;
        return;
    }
    d->show_boot_ms = from + SHOW_INTERVAL_MS;
    n = utf8_print(text, sizeof text - sizeof HEARING_DRILL, "<%s> %s", line->nick, line->text);
    if (n + 1 >= sizeof text - sizeof HEARING_DRILL) { /* cut: it only has to be known again */
        text[utf8_cut(text, n - 3)] = '\0';
        (void)utf8_print(text + strlen(text), 4, "...");
    }
    if (d->unshown)
        tell(d, "... and %lld more lines", (long long)d->unshown);
    d->unshown = 0;
    tell(d, "%s", text);
}

static void take_signals(struct drill *d, struct signal *signal)
{
    struct input in = {.kind = INPUT_SIGNAL, .signal = signal};

    do {
        if (signal->kind == SIGNAL_FIRING && !d->score.drafted_wall_ms &&
            (signal->paging || signal->severity == SEVERITY_CRITICAL) &&
            (!d->score.alert_wall_ms || present(d).wall_ms - d->score.alert_wall_ms > PRELUDE_MS))
            d->score.alert_wall_ms = present(d).wall_ms;
        input(d, &in);
    } while (hearing_more(d->hearing, signal));
}

static void play_line(struct drill *d, const struct drill_line *line)
{
    const struct replay_speaker *who = replay_nicks_find(d->nicks, line->nick);
    struct signal signal;
    size_t i;

    show_line(d, line);
    if (!who || command_is_addressed(prefix_of(d), line->text))
        return; /* commands of the day are the players' now */
    for (i = 0; i < who->n_sources && !d->err; i++) {
        size_t source = who->source[i];
        const char *place = replay_nicks_place(d->nicks, source, line->channel);

        if (place && hearing_text(d->hearing, source, place, line->text, line->wall_ms, &signal) ==
                         HEARING_SIGNAL) {
            if (!*signal.user && d->settings->source[source].people)
                signal.user = line->nick;
            take_signals(d, &signal);
            break;
        }
    }
    if (!d->err)
        fail(d, hearing_error(d->hearing));
}

/* @return whether lines were due. */
static bool play_due(struct drill *d)
{
    const struct drill_scenario *sc = d->options.scenario;
    size_t n = 0;

    while (d->next < sc->n_lines && n < LINES_AT_ONCE && !d->err &&
           sc->line[d->next].wall_ms <= present(d).wall_ms) {
        play_line(d, &sc->line[d->next++]);
        n++;
    }
    return n > 0;
}

/* ---- the coach ------------------------------------------------------------------------------- */

/* What people should do next, from the rows of what is open. */
struct look {
    struct step_due due;
    int64_t public_incident; /* nothing of it waits */
};

static int look_row(void *ctx, enum record_table t, const void *record)
{
    struct look *look = ctx;

    if (t == RECORD_INCIDENT) {
        const struct record_incident *inc = record;

        if (inc->state == INCIDENT_PUBLIC)
            look->public_incident = inc->id;
    } else if (t == RECORD_REVISION) {
        const struct record_revision *rev = record;

        if (rev->state == REVISION_OPEN && !look->due.revision)
            look->due = (struct step_due){rev->incident, rev->number, rev->kind};
    }
    return 0;
}

static void hint(struct drill *d)
{
    long long n = d->due.incident, r = d->due.revision;
    const char *p = prefix_of(d);

    d->hinted_boot_ms = d->boot_ms;
    if (d->hints++ == 0)
        d->score.hints++;
    if (!r)
        tell(d,
             "%s: the alerts are quiet and I know of nothing more to come. Is it over? Then type "
             "`%s resolve %lld`",
             d->player, p, n);
    else if (d->hints > 1)
        tell(d, "%s: it still waits: `%s confirm %lld.%lld`", d->player, p, n, r);
    else if (d->due.kind == REVISION_DRAFT)
        tell(d,
             "%s: readers know nothing yet. Read the draft above; if it is true, type `%s confirm "
             "%lld.%lld`",
             d->player, p, n, r);
    else
        tell(d,
             "%s: readers still see the step before. Read the proposal above; if it is true, type "
             "`%s confirm %lld.%lld`",
             d->player, p, n, r);
}

static int64_t hint_boot_ms(const struct drill *d)
{
    int64_t wait = d->settings->drill.coach_ms;

    if (!d->due.incident || d->hints >= HINTS_MAX)
        return NOW_NEVER;
    return d->hints ? d->hinted_boot_ms + 2 * wait : d->due_boot_ms + wait;
}

static bool is_same(const struct step_due *a, const struct step_due *b)
{
    return a->incident == b->incident && a->revision == b->revision;
}

static void coach(struct drill *d, const struct step_due *due)
{
    if (!is_same(&d->due, due)) {
        d->due = *due;
        d->due_boot_ms = d->boot_ms;
        d->hints = 0;
    }
    if (hint_boot_ms(d) <= d->boot_ms)
        hint(d);
}

/* ---- one turn -------------------------------------------------------------------------------- */

static bool is_idle(const struct drill *d)
{
    return !engine_waiting(d->engine) && !courier_waiting(&d->courier) && !d->requests;
}

/* When something happens next by itself, on the drill's boot clock. */
static int64_t next_boot_ms(const struct drill *d)
{
    const struct drill_scenario *sc = d->options.scenario;
    int64_t at = engine_next_deadline(d->engine), last = sc->line[sc->n_lines - 1].wall_ms;
    int64_t offset = d->start_wall_ms - START_BOOT_MS;

    if (d->next < sc->n_lines && sc->line[d->next].wall_ms - offset < at)
        at = sc->line[d->next].wall_ms - offset;
    else if (d->next == sc->n_lines && at > last - offset + RUN_ON_MS)
        at = NOW_NEVER; /* what comes so late is left to people */
    return at;
}

static bool may_skip(const struct drill *d)
{
    int64_t quiet_ms = d->boot_ms - d->said_boot_ms;

    /* the server's word for a line may be lost */
    return is_idle(d) && quiet_ms >= d->settings->drill.pace_ms &&
           (!d->unsaid || quiet_ms >= UNSAID_MS);
}

/* @return whether time has passed. */
static bool skip(struct drill *d)
{
    int64_t at = next_boot_ms(d), now = present(d).boot_ms;

    if (at == NOW_NEVER || at <= now || !may_skip(d))
        return false;
    d->skipped_ms += at - now;
    return true;
}

static bool is_played(const struct drill *d)
{
    return d->next == d->options.scenario->n_lines && is_idle(d) &&
           !engine_open_incidents(d->engine);
}

/* What has come of it; @return whether it goes on. */
static bool look(struct drill *d)
{
    struct look seen = {.due = {0, 0, 0}};

    if (engine_open_incidents(d->engine) && !d->opened) {
        d->opened = true;
        d->score.drafted_wall_ms = present(d).wall_ms;
        if (!d->score.alert_wall_ms)
            d->score.alert_wall_ms = d->score.drafted_wall_ms;
    }
    if (is_played(d)) {
        drill_end(d, "everything is closed, and the log is at its end", d->boot_ms);
        return false;
    }
    if (d->boot_ms - d->start_boot_ms >= LONGEST_MS) {
        drill_end(d, "it has taken an hour", d->boot_ms);
        return false;
    }
    (void)engine_visit_open(d->engine, look_row, &seen);
    if (!seen.due.revision && seen.public_incident && is_idle(d) && next_boot_ms(d) == NOW_NEVER)
        seen.due = (struct step_due){seen.public_incident, 0, 0};
    if (seen.due.incident && d->boot_ms - d->heard_boot_ms >= ABANDONED_MS &&
        d->boot_ms - d->due_boot_ms >= ABANDONED_MS && is_same(&seen.due, &d->due)) {
        drill_end(d, "nobody has done anything for 15 min", d->boot_ms);
        return false;
    }
    coach(d, &seen.due);
    return true;
}

int drill_turn(struct drill *d, int64_t boot_ms)
{
    struct input tick = {.kind = INPUT_TICK};
    int round;

    d->boot_ms = boot_ms;
    for (round = 0; round < ROUNDS && d->started && !d->over && !d->err; round++) {
        bool moved = false;

        if (engine_next_deadline(d->engine) <= present(d).boot_ms) {
            input(d, &tick);
            moved = true;
        }
        if (play_due(d))
            moved = true;
        if (!d->err)
            fail(d, courier_commit(&d->courier));
        if (d->err || !look(d))
            break;
        if (!moved && !skip(d))
            break;
    }
    return d->err;
}

int64_t drill_deadline(const struct drill *d)
{
    int64_t at, first;

    if (!d->started || d->over || d->err)
        return NOW_NEVER;
    at = d->start_boot_ms + LONGEST_MS;
    first = next_boot_ms(d);
    if (first != NOW_NEVER && real_of(d, first) < at)
        at = real_of(d, first);
    if (first != NOW_NEVER && is_idle(d)) {
        int64_t quiet_ms = d->settings->drill.pace_ms;

        if (d->unsaid && quiet_ms < UNSAID_MS)
            quiet_ms = UNSAID_MS;
        if (d->said_boot_ms + quiet_ms < at)
            at = d->said_boot_ms + quiet_ms;
    }
    first = hint_boot_ms(d);
    if (first < at)
        at = first;
    if (d->due.incident) {
        first = d->heard_boot_ms > d->due_boot_ms ? d->heard_boot_ms : d->due_boot_ms;
        if (first + ABANDONED_MS < at)
            at = first + ABANDONED_MS;
    }
    return at;
}

bool drill_is_over(const struct drill *d)
{
    return d->over || d->err;
}

int drill_error(const struct drill *d)
{
    return d->over ? 0 : d->err;
}

const char *drill_place(const struct drill *d)
{
    return d->place;
}

const struct drill_score *drill_result(const struct drill *d)
{
    return &d->score;
}

/* ---- making ---------------------------------------------------------------------------------- */

static void on_look_ahead(void *ctx, const struct replay_event *event)
{
    int64_t *first = ctx;

    if (event->kind == REPLAY_DRAFT && !*first)
        *first = event->wall_ms;
}

/* When the first draft would open. @return 0, CRIER_ENOENT or CRIER_ENOMEM. */
static int look_ahead(struct drill *d)
{
    const struct drill_scenario *sc = d->options.scenario;
    struct replay_options options = {
        .sink = {.ctx = &d->first_draft_wall_ms, .event = on_look_ahead}};
    struct replay *replay = NULL;
    size_t i;
    int r;

    if (!sc->n_lines)
        return CRIER_ENOENT;
    r = replay_create(d->settings, &d->options.formats, &options, &replay);
    for (i = 0; i < sc->n_lines && !r && !d->first_draft_wall_ms; i++) {
        struct replay_line line = {.wall_ms = sc->line[i].wall_ms,
                                   .nick = sc->line[i].nick,
                                   .text = sc->line[i].text,
                                   .channel = sc->line[i].channel};

        r = replay_line(replay, &line);
    }
    replay_destroy(replay);
    return !r && !d->first_draft_wall_ms ? CRIER_ENOENT : r;
}

int drill_create(const struct drill_options *options, struct drill **ret)
{
    struct drill *d = calloc(1, sizeof *d);
    struct chat_port chat = {.ctx = d, .say = say};
    struct page_port page = {.ctx = d, .submit = submit};
    int r;

    if (!d)
        return CRIER_ENOMEM;
    d->options = *options;
    d->settings = options->settings;
    d->place = strdup(options->place);
    d->player = strdup(options->player);
    d->url = strdup(options->url);
    r = d->place && d->player && d->url ? look_ahead(d) : CRIER_ENOMEM;
    if (!r)
        r = replay_nicks_create(d->settings, &d->nicks);
    if (!r && !(d->hearing = hearing_create(d->settings, &d->options.formats)))
        r = CRIER_ENOMEM;
    if (!r)
        r = engine_create(d->settings, &d->engine);
    if (r) {
        drill_destroy(d);
        return r;
    }
    d->start_wall_ms = options->scenario->line[0].wall_ms;
    courier_init(&d->courier, d->engine, &chat, &page, &options->store);
    d->courier.practice = true;
    *ret = d;
    return 0;
}

void drill_destroy(struct drill *d)
{
    size_t i;

    if (!d)
        return;
    if (d->courier.engine)
        courier_finish(&d->courier);
    engine_destroy(d->engine);
    hearing_destroy(d->hearing);
    replay_nicks_destroy(d->nicks);
    for (i = 0; i < d->n_taught; i++)
        free(d->taught[i]);
    free(d->place);
    free(d->player);
    free(d->url);
    free(d);
}

/* The numbers of a drill are its own. */
static int load_row(void *ctx, enum record_table t, const void *record)
{
    struct drill *d = ctx;
    struct record_meta meta;

    if (t != RECORD_META)
        return CRIER_ESTATE; /* a store that is not new */
    meta = *(const struct record_meta *)record;
    meta.next_incident = DRILL_BASE + 1;
    return engine_load_row(d->engine, t, &meta);
}

int drill_start(struct drill *d, int64_t boot_ms)
{
    const struct drill_scenario *sc = d->options.scenario;
    struct chat_event joined = {.kind = CHAT_JOINED, .place = d->place, .text = ""};
    struct input in = {.kind = INPUT_CHAT, .chat = &joined};
    char date[WHEN_BYTES], hm[WHEN_BYTES];
    int64_t from = d->first_draft_wall_ms - PRELUDE_MS;

    d->boot_ms = d->start_boot_ms = d->heard_boot_ms = boot_ms;
    d->started = true;
    if (from < d->start_wall_ms)
        from = d->start_wall_ms;
    tell(d,
         "%s%s%s. It is %s, %s UTC again, and nothing of this is real: the page is %s and nobody "
         "is mailed.",
         sc->name, *sc->title ? ": " : "", sc->title, when_date(from, date), when_hm(from, hm),
         d->url);
    tell(d,
         "Everybody who is logged in to services may play, and confirm. Type what I ask for; `%s "
         "help` explains, `%s drill stop` ends it. Idle time is skipped.",
         prefix_of(d), prefix_of(d));
    fail(d, d->options.store.load(d->options.store.ctx, load_row, d));
    if (!d->err)
        fail(d, courier_start(&d->courier, present(d)));
    input(d, &in);
    if (!d->err)
        fail(d, courier_commit(&d->courier));
    return d->err;
}
