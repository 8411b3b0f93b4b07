#include "hearing.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "stamp.h"

enum {
    SLOTS = 16,         /* lines that may go on, of different speakers */
    JOINED_MAX = 4096,  /* bytes of all parts together */
    CONTINUE_MS = 3000, /* between one part and the next */
    KEY_MAX = 1024,
    MORE_SHIFT = 48 /* bits of line_id below the number of an alert in its line */
};

/* A line that may go on in the next one of the same speaker. */
struct slot {
    bool used;
    size_t source;
    int64_t first_wall_ms; /* of its first part */
    int64_t last_wall_ms;
    uint64_t line_id;
    uint64_t touched; /* the least is the slot to take */
    struct buf key;   /* place and speaker */
    struct buf text;  /* all parts so far */
};

struct hearing {
    const struct settings *settings;
    struct format_port formats;
    struct slot slot[SLOTS];
    uint64_t touch;
    uint64_t texts; /* lines that hearing_text() numbered */
    uint64_t limits_hit;
    struct buf line; /* the line heard last, with what it continued */
    struct buf joined;
    struct buf place;
    struct buf who;
    /* what hearing_more() needs */
    const char *rest; /* in line, or NULL */
    size_t rest_source;
    uint64_t rest_id;
    int64_t rest_wall_ms;
    int err;               /* sticky */
    const char *unmatched; /* source of the line heard last that fits none of its formats */
};

/* What is known of a line before its text is looked at. */
struct saying {
    size_t source;
    const char *key;  /* place and speaker, for continuation */
    const char *text; /* as said */
    int64_t wall_ms;
    uint64_t id;
};

struct hearing *hearing_create(const struct settings *settings, const struct format_port *formats)
{
    struct hearing *h = calloc(1, sizeof *h);
    size_t i;

    if (!h)
        return NULL;
    h->settings = settings;
    h->formats = *formats;
    for (i = 0; i < SLOTS; i++) {
        buf_init(&h->slot[i].key, KEY_MAX);
        buf_init(&h->slot[i].text, JOINED_MAX);
    }
    /* A line from a log file may be longer than any of IRC; what the port refuses is refused. */
    buf_init(&h->line, 2 * JOINED_MAX);
    buf_init(&h->joined, JOINED_MAX);
    buf_init(&h->place, KEY_MAX);
    buf_init(&h->who, KEY_MAX);
    return h;
}

void hearing_destroy(struct hearing *h)
{
    size_t i;

    if (!h)
        return;
    for (i = 0; i < SLOTS; i++) {
        buf_finish(&h->slot[i].key);
        buf_finish(&h->slot[i].text);
    }
    buf_finish(&h->line);
    buf_finish(&h->joined);
    buf_finish(&h->place);
    buf_finish(&h->who);
    free(h);
}

void hearing_go_on(struct hearing *h, const struct hearing *before)
{
    h->texts = before->texts;
}

/* ---- whom to believe ------------------------------------------------------------------------- */

/* RFC 1459 section 2.2: {}|~ are the lower case of []\^. */
static unsigned char fold(char c)
{
    unsigned char u = (unsigned char)c;

    if (u >= 'A' && u <= '^')
        return u + 32;
    return u;
}

bool hearing_mask_matches(const char *mask, const char *text)
{
    const char *star = NULL, *again = NULL;

    while (*text) {
        if (*mask == '*') {
            star = mask++;
            again = text;
        } else if (*mask == '?' || (*mask && fold(*mask) == fold(*text))) {
            mask++;
            text++;
        } else if (star) {
            mask = star + 1;
            text = ++again;
        } else {
            return false;
        }
    }
    while (*mask == '*')
        mask++;
    return !*mask;
}

/* Accounts by letters alone: where a network folds brackets too, the account is still shown as it
 * was registered, and where it does not, dev[x] and dev{x} are two people. */
static bool same_account(const char *a, const char *b)
{
    return !strcasecmp(a, b);
}

/* "network/rest": @return rest where the network is this one, else NULL. */
static const char *on_network(const char *entry, const char *network)
{
    size_t n = strlen(network);

    return !strncmp(entry, network, n) && entry[n] == '/' ? entry + n + 1 : NULL;
}

static bool account_listed(const struct string_list *list, const struct heard *line)
{
    size_t i;

    if (line->identity != IDENTITY_ACCOUNT || !line->account || !*line->account)
        return false;
    for (i = 0; i < list->n; i++) {
        const char *account = on_network(list->item[i], line->network);

        if (account && same_account(account, line->account))
            return true;
    }
    return false;
}

static bool mask_listed(const struct string_list *list, const struct heard *line)
{
    char who[KEY_MAX];
    size_t nick_len, host_len, i;

    if (!list->n || !line->nick || !line->userhost || !*line->userhost)
        return false;
    nick_len = strlen(line->nick);
    host_len = strlen(line->userhost);
    if (nick_len + host_len + 2 > sizeof who)
        return false;
    memcpy(who, line->nick, nick_len);
    who[nick_len] = '!';
    memcpy(who + nick_len + 1, line->userhost, host_len + 1);
    for (i = 0; i < list->n; i++) {
        const char *mask = on_network(list->item[i], line->network);

        /* A mask without user and host would be a nick, and a nick proves nothing. */
        if (mask && strchr(mask, '!') && strchr(mask, '@') && hearing_mask_matches(mask, who))
            return true;
    }
    return false;
}

bool hearing_relay(const struct settings *settings, const struct heard *line)
{
    return account_listed(&settings->relays.accounts, line) ||
           mask_listed(&settings->relays.hostmasks, line);
}

int hearing_person(const struct settings *settings, const struct heard *line)
{
    size_t i;

    if (hearing_relay(settings, line))
        return -1;
    for (i = 0; i < settings->n_people; i++)
        if (account_listed(&settings->person[i].accounts, line) ||
            mask_listed(&settings->person[i].hostmasks, line))
            return (int)i;
    return -1;
}

/* place is "network/#channel". */
static const struct channel_settings *channel_of(const struct settings *settings,
                                                 const struct heard *line)
{
    const char *channel = line->private ? NULL : on_network(line->place, line->network);

    return channel ? settings_find_channel(settings, line->network, channel) : NULL;
}

unsigned hearing_place(const struct settings *settings, const struct heard *line)
{
    const struct channel_settings *channel = NULL;
    size_t i;

    if (line->private)
        return COMMAND_IN_PRIVATE;
    /* By the place alone: a replay hears people of one network in the channel of another. */
    for (i = 0; i < settings->n_networks && !channel; i++) {
        const char *name = on_network(line->place, settings->network[i].name);

        if (name)
            channel = settings_find_channel(settings, settings->network[i].name, name);
    }
    if (channel && (channel->roles & CHANNEL_TALK))
        return COMMAND_IN_TALK;
    return channel && (channel->roles & CHANNEL_PRACTICE) ? COMMAND_IN_PRACTICE : 0;
}

static bool listens_in(const struct source_settings *source, const struct heard *line)
{
    const char *channel = on_network(line->place, line->network);
    size_t i;

    for (i = 0; channel && i < source->channels.n; i++) {
        const char *listed = on_network(source->channels.item[i], line->network);

        if (listed && settings_irc_equal(listed, channel))
            return true;
    }
    return false;
}

/* @param person index in settings.person, or -1. */
static bool believes(const struct source_settings *source, const struct heard *line, int person)
{
    return listens_in(source, line) &&
           (account_listed(&source->accounts, line) || mask_listed(&source->hostmasks, line) ||
            (source->people && person >= 0));
}

/* ---- lines that go on in the next ------------------------------------------------------------ */

static bool ends_with(const char *text, size_t n, const char *mark)
{
    size_t len = mark ? strlen(mark) : 0;

    return len && n >= len && !memcmp(text + n - len, mark, len);
}

/* Whether text may go on in the next message, by any format of the source. @param ret_mark bytes of
 * a mark at its end that is not part of the text. */
static bool goes_on(const struct hearing *h, size_t source_index, const char *text, size_t n,
                    size_t *ret_mark)
{
    const struct source_settings *source = &h->settings->source[source_index];
    bool yes = false;
    size_t i;

    *ret_mark = 0;
    for (i = 0; i < source->formats.n; i++) {
        int index = settings_find_format(h->settings, source->formats.item[i]);
        const struct format_settings *f = index < 0 ? NULL : &h->settings->format[index];

        if (f && ends_with(text, n, f->split_mark)) {
            *ret_mark = strlen(f->split_mark);
            return true;
        }
        if (f && f->split_bytes > 0 && n >= (size_t)f->split_bytes)
            yes = true;
    }
    return yes;
}

static struct slot *slot_find(struct hearing *h, const struct saying *s)
{
    size_t i;

    for (i = 0; i < SLOTS; i++)
        if (h->slot[i].used && h->slot[i].source == s->source &&
            !strcmp(buf_str(&h->slot[i].key), s->key))
            return &h->slot[i];
    return NULL;
}

/* @return false when something did not fit; out of memory is remembered. */
static bool has_room(struct hearing *h, const struct buf *b)
{
    if (buf_error(b) == CRIER_ENOMEM)
        h->err = CRIER_ENOMEM;
    return !buf_error(b);
}

/* Remembers a first part. Without memory the line is simply not continued. */
static void slot_open(struct hearing *h, const struct saying *s, size_t keep)
{
    struct slot *slot = &h->slot[0];
    size_t i;

    for (i = 0; i < SLOTS; i++) {
        if (!h->slot[i].used) {
            slot = &h->slot[i];
            break;
        }
        if (h->slot[i].touched < slot->touched)
            slot = &h->slot[i];
    }
    buf_clear(&slot->key);
    buf_clear(&slot->text);
    buf_adds(&slot->key, s->key);
    buf_add(&slot->text, s->text, keep);
    slot->used = !buf_error(&slot->key) && !buf_error(&slot->text);
    slot->source = s->source;
    slot->first_wall_ms = slot->last_wall_ms = s->wall_ms;
    slot->line_id = s->id;
    slot->touched = ++h->touch;
}

/* ---- from text to signal --------------------------------------------------------------------- */

/* @return as format_port.match. Limits that are hit are told, at a falling rate. */
static int try_match(struct hearing *h, size_t source, const char *text, struct signal *ret)
{
    int r = h->formats.match(h->formats.ctx, source, text, ret);

    if (r == CRIER_ENOMEM)
        h->err = r;
    if (r == CRIER_ELIMIT) {
        uint64_t n = ++h->limits_hit;

        if (!(n & (n - 1))) /* the 1st, 2nd, 4th, 8th, ... */
            log_warnx("hearing",
                      "a line of source %s is too long or too hard to match; %llu such so far",
                      h->settings->source[source].name, (unsigned long long)n);
    }
    return r;
}

/* Tries both ways to put two parts together: a space at the split is lost in cleaning.
 * @return as format_port.match; the joined text is in h->joined. */
static int match_joined(struct hearing *h, const struct slot *slot, const char *text,
                        struct signal *ret)
{
    int r = CRIER_ELIMIT, spaced;

    for (spaced = 0; spaced < 2; spaced++) {
        buf_clear(&h->joined);
        buf_add(&h->joined, slot->text.data, slot->text.len);
        buf_adds(&h->joined, spaced ? " " : "");
        buf_adds(&h->joined, text);
        if (!has_room(h, &h->joined))
            return CRIER_ELIMIT;
        r = try_match(h, slot->source, buf_str(&h->joined), ret);
        if (r != CRIER_ENOENT)
            return r;
    }
    buf_clear(&h->joined);
    buf_add(&h->joined, slot->text.data, slot->text.len);
    buf_adds(&h->joined, text);
    return r;
}

/* The line is the continuation of what the slot holds, and nothing by itself.
 * @return as format_port.match. */
static int continued(struct hearing *h, struct slot *slot, const struct saying *s, size_t keep,
                     bool on, struct signal *ret)
{
    size_t cut = strlen(s->text) - keep;
    int r = match_joined(h, slot, s->text, ret);

    if (r == CRIER_ELIMIT) {
        slot->used = false;
        return CRIER_ENOENT;
    }
    slot->used = on;
    slot->last_wall_ms = s->wall_ms;
    slot->touched = ++h->touch;
    buf_clear(&slot->text);
    buf_add(&slot->text, buf_str(&h->joined), h->joined.len - cut);
    if (buf_error(&slot->text))
        slot->used = false;
    if (!r) {
        ret->line_id = slot->line_id;
        ret->wall_ms = slot->first_wall_ms;
        buf_clear(&h->line);
        buf_add(&h->line, buf_str(&h->joined), h->joined.len);
    }
    return r;
}

/* The text as h->line keeps it is what raw and rest point into; the port's rest points into what it
 * was given, which has the same bytes. */
static void settle(struct hearing *h, size_t source, const char *given, struct signal *ret)
{
    const char *rest = ret->rest ? buf_str(&h->line) + (ret->rest - given) : NULL;

    ret->rest = rest;
    ret->raw = buf_str(&h->line);
    ret->source = h->settings->source[source].name;
    ret->place = buf_str(&h->place);
    h->rest = rest;
    h->rest_source = source;
    h->rest_id = ret->line_id;
    h->rest_wall_ms = ret->wall_ms;
}

/* The end of the mark may be lost on the way. */
static bool is_drill(const char *text)
{
    while (*text == ' ')
        text++;
    return !strncmp(text, HEARING_DRILL, sizeof HEARING_DRILL - 2);
}

static enum hearing_kind classify(struct hearing *h, const struct saying *s, struct signal *ret)
{
    struct slot *slot = slot_find(h, s);
    const char *given = s->text;
    size_t n = strlen(s->text), mark;
    bool on = goes_on(h, s->source, s->text, n, &mark);
    int r;

    if (is_drill(s->text))
        return HEARING_CHATTER;
    r = try_match(h, s->source, s->text, ret);
    if (slot && (s->wall_ms < slot->last_wall_ms || s->wall_ms - slot->last_wall_ms > CONTINUE_MS))
        slot->used = false;
    if (slot && slot->used && r == CRIER_ENOENT) {
        r = continued(h, slot, s, n - mark, on, ret);
        given = buf_str(&h->joined);
    } else {
        if (slot)
            slot->used = false;
        if (on)
            slot_open(h, s, n - mark);
        ret->line_id = s->id;
        ret->wall_ms = s->wall_ms;
        buf_clear(&h->line);
        buf_add(&h->line, s->text, n);
    }
    if (!has_room(h, &h->line) || r)
        return HEARING_CHATTER;
    settle(h, s->source, given, ret);
    return HEARING_SIGNAL;
}

bool hearing_more(struct hearing *h, struct signal *ret_signal)
{
    const char *given = h->rest;
    uint64_t id = h->rest_id;
    int64_t wall_ms = h->rest_wall_ms;
    size_t source = h->rest_source;

    h->rest = NULL;
    if (!given || try_match(h, source, given, ret_signal))
        return false;
    ret_signal->line_id = id + ((uint64_t)1 << MORE_SHIFT);
    ret_signal->wall_ms = wall_ms;
    ret_signal->source = h->settings->source[source].name;
    ret_signal->place = buf_str(&h->place);
    ret_signal->raw = buf_str(&h->line);
    h->rest = ret_signal->rest;
    h->rest_id = ret_signal->line_id;
    return true;
}

/* Remembers place and speaker for this line. @return false when memory is out or they are absurd.
 */
static bool set_place(struct hearing *h, const char *place)
{
    buf_clear(&h->place);
    buf_adds(&h->place, place);
    return has_room(h, &h->place);
}

static bool set_who(struct hearing *h, const struct heard *line)
{
    buf_clear(&h->who);
    buf_adds(&h->who, line->place);
    buf_addc(&h->who, '\n');
    buf_adds(&h->who, line->nick);
    buf_addc(&h->who, '!');
    buf_adds(&h->who, line->userhost);
    buf_addc(&h->who, '\n');
    buf_adds(&h->who, line->account);
    return has_room(h, &h->who);
}

/* Whose words: for lines that do not say so themselves. */
static void name_speaker(struct hearing *h, const struct heard *line, int person,
                         struct signal *ret)
{
    const struct source_settings *source = NULL;
    size_t i;

    for (i = 0; i < h->settings->n_sources; i++)
        if (!strcmp(h->settings->source[i].name, ret->source))
            source = &h->settings->source[i];
    if (*ret->user || !source || !source->people)
        return;
    if (person >= 0 && h->settings->person[person].shell)
        ret->user = h->settings->person[person].shell;
    else if (line->account)
        ret->user = line->account;
    else
        ret->user = line->nick;
}

static bool is_command(const struct hearing *h, const struct heard *line)
{
    return !line->notice && command_is_addressed(h->settings->chat.prefix, line->text) &&
           hearing_place(h->settings, line) != 0;
}

int hearing_error(const struct hearing *h)
{
    return h->err;
}

const char *hearing_unmatched(const struct hearing *h)
{
    return h->unmatched;
}

bool hearing_is_slip(const char *text)
{
    return strcasestr(text, command_spec_find(COMMAND_BREAKGLASS)->name) &&
           strpbrk(text, "0123456789");
}

static enum hearing_kind no_signal(const struct heard *line)
{
    return !line->private && hearing_is_slip(line->text) ? HEARING_SLIP : HEARING_CHATTER;
}

enum hearing_kind hearing_line(struct hearing *h, const struct heard *line,
                               struct signal *ret_signal)
{
    const struct channel_settings *channel = channel_of(h->settings, line);
    size_t i;
    int person;

    h->rest = NULL;
    h->unmatched = NULL;
    if (line->history || line->action)
        return HEARING_CHATTER;
    if (is_command(h, line))
        return HEARING_COMMAND;
    if (!channel || !(channel->roles & CHANNEL_WATCH) || !set_place(h, line->place) ||
        !set_who(h, line))
        return no_signal(line);
    person = hearing_person(h->settings, line);
    for (i = 0; i < h->settings->n_sources; i++) {
        struct saying s = {.source = i,
                           .key = buf_str(&h->who),
                           .text = line->text,
                           .wall_ms = line->wall_ms,
                           .id = line->id};

        if (!believes(&h->settings->source[i], line, person))
            continue;
        if (classify(h, &s, ret_signal) == HEARING_SIGNAL) {
            name_speaker(h, line, person, ret_signal);
            return HEARING_SIGNAL;
        }
        if (!h->settings->source[i].people)
            h->unmatched = h->settings->source[i].name;
    }
    return no_signal(line);
}

enum hearing_kind hearing_text(struct hearing *h, size_t source_index, const char *place,
                               const char *text, int64_t wall_ms, struct signal *ret_signal)
{
    struct saying s = {.source = source_index, .text = text, .wall_ms = wall_ms};

    h->rest = NULL;
    if (source_index >= h->settings->n_sources || !set_place(h, place))
        return HEARING_CHATTER;
    s.key = buf_str(&h->place);
    /* Above every number that chat gives, so that both ears can feed one engine. */
    s.id = ((uint64_t)1 << (MORE_SHIFT - 1)) + ++h->texts;
    return classify(h, &s, ret_signal);
}

/* ---- log files and feeds --------------------------------------------------------------------- */

static bool has_ear(const struct source_settings *s, const struct ear_line *line)
{
    size_t i;

    if (!strncmp(line->place, "feed:", 5))
        return s->feed && !strcmp(s->feed, line->place + 5) && s->people == line->people;
    if (strncmp(line->place, "file:", 5) != 0)
        return false;
    for (i = 0; i < s->files.n; i++)
        if (!strcmp(s->files.item[i], line->place + 5))
            return true;
    return false;
}

static int64_t written_wall_ms(const struct ear_line *line, const struct stamp *stamp)
{
    int64_t wall_ms = line->wall_ms;

    if (!line->since_wall_ms)
        return wall_ms;
    if (stamp && (stamp->zoned || (stamp->wall_ms >= line->since_wall_ms - HEARING_AWAY_MS &&
                                   stamp->wall_ms <= line->wall_ms + HEARING_AWAY_MS)))
        wall_ms = stamp->wall_ms;
    else if (line->wall_ms - line->since_wall_ms > HEARING_AWAY_MS)
        wall_ms = line->since_wall_ms;
    return wall_ms < line->wall_ms ? wall_ms : line->wall_ms;
}

/* @return as format_port.match. */
static int match_whole(struct hearing *h, size_t source, const char *text, struct signal *ret)
{
    int r = try_match(h, source, text, ret);

    if (r)
        return r;
    buf_clear(&h->line);
    buf_adds(&h->line, text);
    return has_room(h, &h->line) ? 0 : CRIER_ELIMIT;
}

enum hearing_kind hearing_ear(struct hearing *h, const struct ear_line *line,
                              struct signal *ret_signal)
{
    struct stamp stamp;
    bool stamped = stamp_read(line->text, line->wall_ms, &stamp);
    const char *from[3] = {line->text, NULL, NULL};
    size_t i, j;

    if (stamped) {
        from[1] = line->text + stamp.after_time;
        from[2] = stamp.after_tag ? line->text + stamp.after_tag : NULL;
    }
    h->rest = NULL;
    h->unmatched = NULL;
    for (j = 0; j < 3; j++)
        if (from[j] && is_drill(from[j]))
            return HEARING_CHATTER;
    if (!set_place(h, line->place))
        return HEARING_CHATTER;
    for (i = 0; i < h->settings->n_sources; i++) {
        int r = CRIER_ENOENT;

        if (!has_ear(&h->settings->source[i], line))
            continue;
        for (j = 0; j < 3 && from[j] && r == CRIER_ENOENT; j++) {
            r = match_whole(h, i, from[j], ret_signal);
            if (r)
                continue;
            ret_signal->line_id = ((uint64_t)1 << (MORE_SHIFT - 1)) + ++h->texts;
            ret_signal->wall_ms = written_wall_ms(line, stamped ? &stamp : NULL);
            settle(h, i, from[j], ret_signal);
            if (!ret_signal->user[0])
                ret_signal->user = line->user;
            return HEARING_SIGNAL;
        }
        if (!h->settings->source[i].people)
            h->unmatched = h->settings->source[i].name;
    }
    return HEARING_CHATTER;
}
