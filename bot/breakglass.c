#include "breakglass_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access.h"
#include "audit.h"
#include "chat.h"
#include "disk.h"
#include "err.h"
#include "hearing.h"
#include "log.h"
#include "obey.h"
#include "utf8.h"

enum {
    MINUTE_MS = 60 * 1000,
    HOUR_MS = 60 * MINUTE_MS,
    ANSWERS_MAX = 30, /* in a minute to those with a nick of the configuration, and to others */
    AUDITS_MAX = 10,  /* wrong codes in a minute, each with a line; the others are counted */
    TOLD_AT = 20,     /* wrong codes in an hour: the channels are told, once */
    SOON_MS = 1500,   /* a delay that needs no word */
    NAME_BYTES = 128,
    SPEAKER_BYTES = 300,
    /* lines in a minute, of people and of others: guessing aloud must not void what somebody is
     * about to type */
    BURNS_MAX = 30,
    OVERHEARD_MAX = 4
};

static const char *prefix_of(const struct model *m)
{
    return m->settings->chat.prefix;
}

/* @return how many there are now in the stretch under way, with this one. */
static int count_in(struct measure *in, int64_t now_boot_ms, int64_t ms)
{
    if (!in->n || now_boot_ms - in->since_boot_ms >= ms) {
        in->since_boot_ms = now_boot_ms;
        in->n = 0;
    }
    if (in->n < 1000000)
        in->n++;
    return in->n;
}

static const char *speaker(const char *nick, const char *userhost, char *dst)
{
    (void)utf8_print(dst, SPEAKER_BYTES, "%s!%s", nick, userhost);
    return dst;
}

/* ---- who ------------------------------------------------------------------------------------- */

static bool is_nick_of(const struct person_settings *p, const char *nick)
{
    return settings_irc_equal(p->name, nick) || (p->nick && settings_irc_equal(p->nick, nick));
}

/* The nick is only what somebody claims to be: the code is the proof.
 * @return NULL: nobody, or several. */
static const struct person_settings *person_by_nick(const struct model *m, const char *nick)
{
    const struct person_settings *found = NULL;
    size_t i;

    for (i = 0; i < m->settings->n_people; i++) {
        if (!is_nick_of(&m->settings->person[i], nick))
            continue;
        if (found)
            return NULL;
        found = &m->settings->person[i];
    }
    return found;
}

static const struct person_settings *person_by_name(const struct model *m, const char *name)
{
    const struct person_settings *found = NULL;
    int exact = settings_find_person(m->settings, name);
    size_t i;

    if (exact >= 0)
        return &m->settings->person[exact];
    for (i = 0; i < m->settings->n_people; i++) {
        if (strcasecmp(m->settings->person[i].name, name) != 0)
            continue;
        if (found)
            return NULL;
        found = &m->settings->person[i];
    }
    return found;
}

/* The length of a text without marks that were copied along. */
static size_t trimmed(const char *text, size_t n)
{
    while (n && strchr(" .,;:!`'\")", text[n - 1]))
        n--;
    return n;
}

/* @param ret_quiet set where that stands behind the name. */
static const struct person_settings *whose(const struct model *m, const struct heard *line,
                                           const char *text, bool *ret_quiet)
{
    static const char quiet[] = " quiet";
    char name[NAME_BYTES];
    size_t n = trimmed(text, strlen(text));
    int i;

    if (n >= sizeof quiet && !strncasecmp(text + n - (sizeof quiet - 1), quiet, sizeof quiet - 1)) {
        *ret_quiet = true;
        n = trimmed(text, n - (sizeof quiet - 1));
    }
    if (n >= sizeof name)
        return NULL;
    if (n) {
        memcpy(name, text, n);
        name[n] = '\0';
        return person_by_name(m, name);
    }
    i = hearing_person(m->settings, line);
    return i >= 0 ? &m->settings->person[i] : person_by_nick(m, line->nick);
}

/* People of the configuration have a measure of their own, that others cannot use up without
 * having their nick. What is not answered is carried out all the same. */
static bool may_answer(struct model *m, struct breakglass *g, const char *nick)
{
    return count_in(&g->answers[person_by_nick(m, nick) != NULL], m->now.boot_ms, MINUTE_MS) <=
           ANSWERS_MAX;
}

bool breakglass_may_answer(struct model *m, const struct heard *line)
{
    struct breakglass *g = breakglass_of(m);

    return g && may_answer(m, g, line->nick);
}

bool breakglass_is_way(const struct model *m, const struct heard *line)
{
    return m->glass && m->glass->enrolled && line->secure;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void source_of(const struct heard *line, char *dst)
{
    const char *at = strrchr(line->userhost, '@');

    (void)utf8_print(dst, GUESS_PACE_KEY, "%s %s", line->network,
                     at && at[1] ? at + 1 : line->nick);
}

/* @return a copy of the line and its code, linked nowhere; NULL after model_fail(). */
static struct attempt *attempt_create(struct model *m, struct breakglass *g,
                                      const struct heard *line,
                                      const struct person_settings *person, const char *code,
                                      size_t digits)
{
    struct attempt *a = calloc(1, sizeof *a);

    if (!a) {
        model_fail(m);
        return NULL;
    }
    a->pair = digits > 8;
    a->id = a->req.id = ++g->next_id;
    a->req.wall_ms = m->now.wall_ms;
    a->heard_boot_ms = m->now.boot_ms;
    a->req.person = strdup(person->name);
    a->req.code = strndup(code, a->pair ? digits / 2 : digits);
    a->req.next = a->pair ? strndup(code + digits / 2, digits / 2) : strdup("");
    a->network = strdup(line->network);
    a->place = strdup(line->place);
    a->nick = strdup(line->nick);
    a->userhost = strdup(line->userhost);
    a->person = strdup(person->name);
    source_of(line, a->source);
    if (a->req.person && a->req.code && a->req.next && a->network && a->place && a->nick &&
        a->userhost && a->person)
        return a;
    breakglass_attempt_destroy(a);
    model_fail(m);
    return NULL;
}

/* It leaves with this turn. */
static void ask(struct model *m, struct breakglass *g, struct attempt *a)
{
    if (g->n_asked >= BREAKGLASS_ASKED_MAX) { /* the disk stalls: nothing can be confirmed anyway */
        breakglass_attempt_unlink(g, a);
        breakglass_attempt_destroy(a);
        return;
    }
    a->asked = true;
    g->n_waiting--;
    g->n_asked++;
    turn_proof(m->turn, &a->req);
}

static void set_timer(struct model *m, const struct breakglass *g)
{
    const struct attempt *a;
    int64_t due = NOW_NEVER;

    for (a = g->attempts; a; a = a->next)
        if (!a->asked && a->due_boot_ms < due)
            due = a->due_boot_ms;
    if (due == NOW_NEVER)
        model_timer_clear(m, TIMER_BREAKGLASS, 0);
    else
        model_timer_set(m, TIMER_BREAKGLASS, 0, due);
}

void breakglass_due(struct model *m)
{
    struct breakglass *g = m->glass;
    struct attempt *a, *next;

    if (!g)
        return;
    for (a = g->attempts; a; a = next) {
        next = a->next;
        if (!a->asked && a->due_boot_ms <= m->now.boot_ms)
            ask(m, g, a);
    }
    set_timer(m, g);
}

static struct attempt *waiting_from(const struct breakglass *g, const char *source)
{
    struct attempt *a;

    for (a = g->attempts; a && (a->burn || a->pair || strcasecmp(a->source, source) != 0);
         a = a->next)
        ;
    return a;
}

#define SAY(m, line, ...) chat_say(m, (line)->place, SAY_ANSWER, __VA_ARGS__)

static void want_two(struct model *m, const struct heard *line, const struct command *c,
                     const char *why)
{
    SAY(m, line,
        "%s: %s: send two codes that follow each other, in one line: `%s breakglass %lld.%lld CODE "
        "NEXT`. That is looked at at once, and this code can be the first of them",
        line->nick, why, prefix_of(m), (long long)c->incident, (long long)c->revision);
}

/* A single code may have to wait, or be asked to come in company. */
static void queue_single(struct model *m, struct breakglass *g, struct attempt *a,
                         const struct heard *line, const struct command *c, bool aloud)
{
    struct attempt *before = waiting_from(g, a->source);
    int64_t wait_ms;

    if (before && (before->asked || !settings_irc_equal(before->nick, a->nick))) {
        if (aloud)
            want_two(m, line, c, "another code from your host still waits");
        breakglass_attempt_destroy(a);
        return;
    }
    if (before) { /* whoever mistyped it types it again */
        breakglass_attempt_unlink(g, before);
        breakglass_attempt_destroy(before);
    }
    if (g->n_waiting >= BREAKGLASS_WAITING_MAX ||
        !guess_pace_may(&g->pace, g->n_waiting, m->now.boot_ms)) {
        if (aloud)
            want_two(m, line, c, "too many wrong codes came lately");
        breakglass_attempt_destroy(a);
        return;
    }
    a->due_boot_ms = guess_pace_due(&g->pace, a->source, m->now.boot_ms);
    wait_ms = a->due_boot_ms - m->now.boot_ms;
    breakglass_attempt_link(g, a);
    if (!wait_ms)
        ask(m, g, a);
    else if (wait_ms > SOON_MS && aloud)
        SAY(m, line,
            "%s: after wrong codes from your host, this one is looked at in %lld s, and counts as "
            "of now. Two codes that follow each other are looked at at once: `%s breakglass "
            "%lld.%lld CODE NEXT`",
            line->nick, (long long)((wait_ms + 999) / 1000), prefix_of(m), (long long)c->incident,
            (long long)c->revision);
    set_timer(m, g);
}

/* ---- refusing -------------------------------------------------------------------------------- */

/* What it is about is no proof of who it is: the entry is that of somebody unknown. */
static void audit_refused(struct model *m, const struct heard *line, const char *person,
                          const char *why)
{
    char text[SPEAKER_BYTES];
    struct heard kept = *line;

    (void)utf8_print(text, sizeof text, "break-glass for %s: %s", person, why);
    kept.text = "breakglass";
    (void)audit_refusal(m, &kept, NULL, 0, 0, text);
}

static void burn(struct model *m, struct breakglass *g, const struct heard *line,
                 const struct person_settings *person, const char *code, size_t digits)
{
    struct attempt *a = attempt_create(m, g, line, person, code, digits);

    if (!a)
        return;
    a->burn = true;
    breakglass_attempt_link(g, a);
    ask(m, g, a);
}

/* The next run of digits. @return its length, 0: there is none. */
static size_t next_run(const char **at)
{
    *at += strcspn(*at, "0123456789");
    return strspn(*at, "0123456789");
}

/* Every run of 6 to 8 digits may be a code; it may also be typed as "123 456". */
static void burn_all(struct model *m, struct breakglass *g, const struct heard *line,
                     const struct person_settings *person, size_t most)
{
    const char *p = line->text, *next;
    char joined[9];
    size_t n, behind;

    for (n = next_run(&p); n && most; p = next, n = behind) {
        next = p + n;
        behind = next_run(&next);
        if (n >= 6 && n <= 8) {
            burn(m, g, line, person, p, n);
            most--;
        } else if (n == 12 || n == 14 || n == 16) { /* two without a blank between */
            burn(m, g, line, person, p, n / 2);
            burn(m, g, line, person, p + n / 2, n / 2);
            most--;
        } else if ((n == 3 || n == 4) && (behind == 3 || behind == 4) &&
                   strspn(p + n, " ") == (size_t)(next - p) - n) {
            memcpy(joined, p, n);
            memcpy(joined + n, next, behind);
            burn(m, g, line, person, joined, n + behind);
            most--;
        }
    }
    explicit_bzero(joined, sizeof joined);
}

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    const char *p = text;

    while (n && (p = strcasestr(p, word)) != NULL) {
        if ((p == text || p[-1] == ' ') && (!p[n] || strchr(" .,;:!`'\")", p[n])))
            return true;
        p++;
    }
    return false;
}

/* Of whoever it is, or says that they are, strangers cannot use up the measure. */
static bool may_burn(struct model *m, struct breakglass *g, bool own)
{
    return count_in(&g->burns[own], m->now.boot_ms, MINUTE_MS) <= BURNS_MAX;
}

void breakglass_overheard(struct model *m, const struct heard *line)
{
    struct breakglass *g = breakglass_of(m);
    int speaks = hearing_person(m->settings, line);
    size_t i, named = 0;

    if (!strpbrk(line->text, "0123456789"))
        return;
    for (i = 0; g && i < m->settings->n_people; i++) {
        const struct person_settings *p = &m->settings->person[i];
        bool own = (int)i == speaks || is_nick_of(p, line->nick);

        if (!own && (named >= OVERHEARD_MAX || !has_word(line->text, p->name)))
            continue;
        named++;
        if (may_burn(m, g, own))
            burn_all(m, g, line, p, OVERHEARD_MAX);
    }
    if (!g || named || !may_burn(m, g, false))
        return;
    for (i = 0; i < m->settings->n_people; i++) /* it does not say whose it is */
        if (access_allows(m->settings->person[i].roles, COMMAND_BREAKGLASS))
            burn_all(m, g, line, &m->settings->person[i], 1);
}

/* The digits of the command belong to that person and are never to be taken again. */
static void burn_command(struct model *m, struct breakglass *g, const struct heard *line,
                         const struct person_settings *person, const struct command *c)
{
    size_t n = strlen(c->code);

    if (n > 8)
        burn(m, g, line, person, c->code + n / 2, n / 2);
    burn(m, g, line, person, c->code, n > 8 ? n / 2 : n);
}

static void refuse_channel(struct model *m, const struct heard *line, const struct command *c)
{
    breakglass_overheard(m, line);
    audit_refused(m, line, "nobody", "said where others read it");
    if (!line->outside && !hearing_relay(m->settings, line) &&
        may_answer(m, breakglass_of(m), line->nick))
        SAY(m, line,
            "%s: never where others read it: nothing is published, and that code is void. Wait for "
            "the next one, then by private message: `%s breakglass %lld.%lld CODE`",
            line->nick, prefix_of(m), (long long)c->incident, (long long)c->revision);
}

/* What can be said against it before the code is looked at. @return whether something was. */
static bool is_refused(struct model *m, struct breakglass *g, const struct heard *line,
                       const struct command *c, const struct person_settings *person, bool aloud)
{
    enum access_verdict verdict = access_judge(m->settings, line, c, -1);
    char who[64];

    if (verdict != ACCESS_GRANTED) {
        audit_refused(m, line, person ? person->name : "nobody", access_why(verdict));
        if (aloud)
            SAY(m, line, "%s: refused, %s", line->nick, access_why(verdict));
        return true;
    }

    if (!line->secure) {
        if (person)
            burn_command(m, g, line, person, c);
        audit_refused(m, line, person ? person->name : "nobody", "not encrypted");
        if (aloud)
            SAY(m, line,
                "%s: refused, my connection to %s is not encrypted: codes work on networks with "
                "TLS only, and that one is void",
                line->nick, line->network);
        return true;
    }
    if (!person) {
        if (aloud)
            SAY(m, line,
                "%s: whose code is it? Type your name, as `%s who` has it, behind the code: `%s "
                "breakglass %lld.%lld CODE NAME`",
                line->nick, prefix_of(m), prefix_of(m), (long long)c->incident,
                (long long)c->revision);
        return true;
    }
    if (!access_allows(person->roles, COMMAND_BREAKGLASS)) {
        audit_refused(m, line, person->name, "role");
        if (aloud)
            SAY(m, line, "%s: refused, the role of %s does not cover it. May do this: %s.",
                line->nick, person->name, access_who_may(COMMAND_BREAKGLASS, who, sizeof who));
        return true;
    }
    if (m->store_sick) {
        audit_refused(m, line, person->name, "the store does not write");
        if (aloud)
            disk_refuse(m, model_incident(m, c->incident), line->nick, line->place);
        return true;
    }
    return false;
}

void breakglass_command(struct model *m, const struct heard *line, const struct command *c)
{
    struct approval approval = {
        .line = line, .incident = c->incident, .revision = c->revision, .quiet = c->quiet};
    struct breakglass *g = breakglass_of(m);
    struct attempt *a;

    if (!g)
        return;
    if (!line->private) {
        refuse_channel(m, line, c);
        return;
    }
    approval.person = whose(m, line, c->text, &approval.quiet);
    approval.aloud = may_answer(m, g, line->nick);
    m->turn->to_stranger = hearing_person(m->settings, line) < 0;
    if (is_refused(m, g, line, c, approval.person, approval.aloud) ||
        !obey_may_approve(m, &approval))
        return;
    a = attempt_create(m, g, line, approval.person, c->code, strlen(c->code));
    if (!a)
        return;
    a->incident = c->incident;
    a->revision = c->revision;
    a->quiet = approval.quiet;
    if (!a->pair) {
        queue_single(m, g, a, line, c, approval.aloud);
        return;
    }
    breakglass_attempt_link(g, a);
    ask(m, g, a);
}

/* ---- how it compared ------------------------------------------------------------------------- */

static void tell_guessing(struct model *m, const struct attempt *a)
{
    const struct settings *s = m->settings;
    char who[SPEAKER_BYTES], place[SPEAKER_BYTES];
    size_t i, j;

    for (i = 0; i < s->n_networks; i++)
        for (j = 0; j < s->network[i].n_channels; j++) {
            (void)utf8_print(place, sizeof place, "%s/%s", s->network[i].name,
                             s->network[i].channel[j].name);
            if (!(s->network[i].channel[j].roles & CHANNEL_TALK) || !model_is_joined(m, place))
                continue;
            chat_say(m, place, SAY_ANNOUNCE,
                     "somebody is guessing one-time passwords: %d wrong ones by private message "
                     "within an hour, the last for %s from %s. Nothing came of them",
                     TOLD_AT, a->person, speaker(a->nick, a->userhost, who));
        }
}

/* The line that an attempt came by, as it may be kept. */
static struct heard line_of(const struct attempt *a)
{
    return (struct heard){.network = a->network,
                          .place = a->place,
                          .nick = a->nick,
                          .userhost = a->userhost,
                          .text = "breakglass",
                          .private = true,
                          .secure = true};
}

static void wrong(struct model *m, struct breakglass *g, const struct attempt *a,
                  const struct heard *line, bool used)
{
    char why[80];

    guess_pace_wrong(&g->pace, a->source, !a->pair, m->now.boot_ms);
    if (count_in(&g->audits, m->now.boot_ms, MINUTE_MS) <= AUDITS_MAX) {
        if (g->unaudited)
            (void)utf8_print(why, sizeof why, "%s; %d more wrong ones before",
                             used ? "used already" : "wrong", g->unaudited);
        else
            (void)utf8_print(why, sizeof why, "%s", used ? "used already" : "wrong");
        audit_refused(m, line, a->person, why);
        g->unaudited = 0;
    } else if (g->unaudited < 1000000000) {
        g->unaudited++;
    }
    if (count_in(&g->wrong, m->now.boot_ms, HOUR_MS) == TOLD_AT)
        tell_guessing(m, a);
    if (!may_answer(m, g, a->nick))
        return;
    if (used)
        SAY(m, a,
            "%s: nothing is published: that code was used already, and each works once. Wait "
            "for the next one",
            a->nick);
    else
        SAY(m, a,
            "%s: nothing is published: that is no code of %s that is good now. Wait for the "
            "next one; is the clock of your phone right?",
            a->nick, a->person);
}

/* The disk was away meanwhile: like any confirm it is worth nothing then. */
static bool is_stale(const struct model *m, const struct attempt *a)
{
    int64_t most = GUESS_PACE_LONGEST_MS + GUESS_PACE_ALL_MS;

    if (m->settings->chat.confirm_expires_ms > most)
        most = m->settings->chat.confirm_expires_ms;
    return m->now.boot_ms - a->heard_boot_ms > most;
}

static void approve(struct model *m, struct breakglass *g, const struct attempt *a,
                    const struct heard *line, const struct proof_answer *answer)
{
    int i = settings_find_person(m->settings, a->person);
    struct approval approval = {.line = line,
                                .incident = a->incident,
                                .revision = a->revision,
                                .quiet = a->quiet,
                                .aloud = true};

    guess_pace_right(&g->pace, a->source);
    m->turn->to_stranger = false; /* whoever it is, they are known now */
    /* the configuration may have changed while it was compared */
    if (i < 0 || !access_allows(m->settings->person[i].roles, COMMAND_BREAKGLASS)) {
        audit_refused(m, line, a->person, "no longer on the list");
        SAY(m, a, "%s: refused, %s may not do this any more", a->nick, a->person);
        return;
    }
    if (is_stale(m, a)) {
        audit_refused(m, line, a->person, "too late");
        SAY(m, a,
            "%s: nothing is published: my database was away for too long; if it is still to be, "
            "`%s breakglass %lld.%lld CODE` with a new code",
            a->nick, prefix_of(m), (long long)a->incident, (long long)a->revision);
        return;
    }
    approval.person = &m->settings->person[i];
    if (obey_approve(m, &approval))
        breakglass_use(m, g, a, answer);
}

static void judge(struct model *m, struct breakglass *g, const struct attempt *a,
                  const struct heard *line, const struct proof_answer *answer)
{
    switch (answer->result) {
    case PROOF_RIGHT:
        if (breakglass_is_used(g, a, answer))
            wrong(m, g, a, line, true);
        else
            approve(m, g, a, line, answer);
        return;
    case PROOF_WRONG:
        wrong(m, g, a, line, false);
        return;
    case PROOF_ABSENT:
        if (may_answer(m, g, a->nick))
            SAY(m, a,
                "%s: %s is not enrolled for one-time passwords. Whoever runs me does that, with "
                "`crier enrol`",
                a->nick, a->person);
        return;
    case PROOF_BROKEN:
        if (may_answer(m, g, a->nick))
            SAY(m, a, "%s: the code of %s cannot be looked at now: my log says why", a->nick,
                a->person);
        return;
    }
}

void breakglass_proof(struct model *m, const struct proof_answer *answer)
{
    struct breakglass *g;
    struct attempt *a;
    struct heard kept;
    const struct heard *line;

    if (!answer->id) {
        if ((m->glass || answer->enrolled) && (g = breakglass_of(m)) != NULL)
            g->enrolled = answer->enrolled;
        return;
    }
    g = m->glass;
    for (a = g ? g->attempts : NULL; a && a->id != answer->id; a = a->next)
        ;
    if (!a)
        return;
    breakglass_attempt_unlink(g, a);
    kept = line_of(a);
    line = &kept;
    m->speaker = line;
    m->asked = true;
    m->turn->to_stranger = true;
    if (!a->burn)
        judge(m, g, a, line, answer);
    else if (answer->result == PROOF_RIGHT && !breakglass_is_used(g, a, answer)) {
        breakglass_use(m, g, a, answer);
        audit_refused(m, line, a->person, "right, but said where others read it");
    }
    m->asked = false;
    m->speaker = NULL;
    m->turn->to_stranger = false;
    breakglass_attempt_destroy(a);
}
