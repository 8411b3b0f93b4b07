/* hearing: whom to believe, what is a command, and lines that come in parts or run together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "hearing.h"

/* ---- a small world --------------------------------------------------------------------------- */

#define STRINGS(...)                                                                           \
    {                                                                                          \
        .item = (char *[]){__VA_ARGS__}, .n = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *) \
    }

/* What the fake formats know: a line that begins with ALERT (a further " ALERT" begins another),
 * one that begins with LOG, one that is ignored, and one that is too hard. */
static int fake_match(void *ctx, size_t source_index, const char *line, struct signal *ret)
{
    size_t *calls = ctx;
    const char *more;

    (void)source_index;
    (*calls)++;
    memset(ret, 0, sizeof *ret);
    ret->user = ret->check = ret->summary = ret->change = "";
    if (!strncmp(line, "IGNORE", 6))
        return CRIER_ESTATE;
    if (!strncmp(line, "HARD", 4))
        return CRIER_ELIMIT;
    ret->kind = !strncmp(line, "LOG", 3) ? SIGNAL_NOTE : SIGNAL_FIRING;
    if (strncmp(line, "ALERT", 5) != 0 && strncmp(line, "LOG", 3) != 0 &&
        !strstr(line, "split alert"))
        return CRIER_ENOENT;
    more = strstr(line + 1, "ALERT");
    ret->rest = more;
    ret->paging = strstr(line, "#page") != NULL;
    return 0;
}

/* Compound literals of file scope live as long as the program. */
#define S(text) ((char[]){text})

static struct format_settings formats[] = {
    {.name = S("long"), .split_bytes = 40},
    {.name = S("dots"), .split_mark = S("...")},
    {.name = S("log")},
};
static struct channel_settings libera[] = {
    {.name = S("#ops"), .roles = CHANNEL_WATCH | CHANNEL_TALK},
    {.name = S("#talk"), .roles = CHANNEL_TALK},
    {.name = S("#alerts"), .roles = CHANNEL_WATCH},
    {.name = S("#drill"), .roles = CHANNEL_PRACTICE},
};
static struct channel_settings other[] = {
    {.name = S("#ops"), .roles = CHANNEL_WATCH | CHANNEL_TALK},
};
static struct network_settings networks[] = {
    {.name = S("libera"), .channel = libera, .n_channels = 4},
    {.name = S("other"), .channel = other, .n_channels = 1},
};
static struct source_settings sources[] = {
    {.name = S("bot"),
     .accounts = STRINGS(S("libera/alertbot")),
     .hostmasks = STRINGS(S("libera/*!bot@alerts.example.org"), S("libera/nickonly")),
     .channels = STRINGS(S("libera/#ops"), S("libera/#alerts"), S("libera/#talk")),
     .formats = STRINGS(S("long"))},
    {.name = S("relay"),
     .accounts = STRINGS(S("libera/relay")),
     .channels = STRINGS(S("libera/#ops")),
     .formats = STRINGS(S("dots"))},
    {.name = S("people"),
     .people = true,
     .channels = STRINGS(S("libera/#ops")),
     .formats = STRINGS(S("log"))},
};
static struct person_settings people[] = {
    {.name = S("A Deployer"),
     .accounts = STRINGS(S("libera/dep[1]"), S("other/dep")),
     .shell = S("depl")},
    {.name = S("Masked"), .hostmasks = STRINGS(S("libera/*!*@user/masked"))},
};

static char prefix[] = "!status";

struct world {
    struct settings settings;
    struct hearing *hearing;
    size_t calls;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct format_port port;

    assert_non_null(w);
    w->settings = (struct settings){.network = networks,
                                    .n_networks = 2,
                                    .format = formats,
                                    .n_formats = 3,
                                    .source = sources,
                                    .n_sources = 3,
                                    .person = people,
                                    .n_people = 2,
                                    .chat = {.prefix = prefix}};
    port = (struct format_port){.ctx = &w->calls, .match = fake_match};
    w->hearing = hearing_create(&w->settings, &port);
    assert_non_null(w->hearing);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    hearing_destroy(w->hearing);
    free(w);
    return 0;
}

static struct heard bot_says(const char *text)
{
    static uint64_t id;

    return (struct heard){.network = "libera",
                          .place = "libera/#ops",
                          .nick = "bot",
                          .userhost = "x@y",
                          .account = "alertbot",
                          .identity = IDENTITY_ACCOUNT,
                          .text = text,
                          .obey = true,
                          .wall_ms = 1000,
                          .id = ++id};
}

/* ---- whom to believe ------------------------------------------------------------------------- */

static void test_trust(void **state)
{
    static const struct {
        const char *name;
        const char *network, *place, *nick, *userhost, *account;
        enum identity identity;
        bool history, action, notice, private;
        enum hearing_kind want;
    } rows[] = {
        {.name = "trusted account in its channel", .want = HEARING_SIGNAL},
        {.name = "account without case", .account = "AlertBot", .want = HEARING_SIGNAL},
        {.name = "channel without case", .place = "libera/#OPS", .want = HEARING_SIGNAL},
        {.name = "a second channel", .place = "libera/#alerts", .want = HEARING_SIGNAL},
        {.name = "as a notice", .notice = true, .want = HEARING_SIGNAL},
        {.name = "the nick alone", .nick = "alertbot", .account = "", .identity = IDENTITY_NONE},
        {.name = "the nick, account unknown",
         .nick = "alertbot",
         .account = "",
         .identity = IDENTITY_UNKNOWN},
        {.name = "an account that was not verified", .identity = IDENTITY_UNKNOWN},
        {.name = "another account", .nick = "alertbot", .account = "stranger"},
        {.name = "a longer account", .account = "alertbot2"},
        {.name = "a shorter account", .account = "alert"},
        {.name = "source channel without the role watch", .place = "libera/#talk"},
        {.name = "channel that is not the source's", .place = "libera/#drill"},
        {.name = "unknown channel", .place = "libera/#elsewhere"},
        {.name = "wrong network", .network = "other", .place = "other/#ops"},
        {.name = "history", .history = true},
        {.name = "action", .action = true},
        {.name = "in private", .place = "libera/bot", .private = true},
        {.name = "full hostmask",
         .account = "",
         .identity = IDENTITY_NONE,
         .userhost = "bot@alerts.example.org",
         .want = HEARING_SIGNAL},
        {.name = "hostmask on another network",
         .network = "other",
         .place = "other/#ops",
         .account = "",
         .identity = IDENTITY_NONE,
         .userhost = "bot@alerts.example.org"},
        {.name = "half a hostmask",
         .account = "",
         .identity = IDENTITY_NONE,
         .userhost = "xbot@alerts.example.org"},
        {.name = "a mask that is only a nick",
         .nick = "nickonly",
         .account = "",
         .identity = IDENTITY_NONE},
    };
    struct world *w = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct heard line = bot_says("ALERT #page");
        struct signal sig;
        enum hearing_kind got;

        if (rows[i].network)
            line.network = rows[i].network;
        if (rows[i].place)
            line.place = rows[i].place;
        if (rows[i].nick)
            line.nick = rows[i].nick;
        if (rows[i].userhost)
            line.userhost = rows[i].userhost;
        if (rows[i].account)
            line.account = *rows[i].account ? rows[i].account : NULL;
        if (rows[i].identity || (rows[i].account && !*rows[i].account))
            line.identity = rows[i].identity;
        line.history = rows[i].history;
        line.action = rows[i].action;
        line.notice = rows[i].notice;
        line.private = rows[i].private;
        got = hearing_line(w->hearing, &line, &sig);
        if (got != rows[i].want)
            fail_msg("%s: %d, wanted %d", rows[i].name, got, rows[i].want);
        if (got == HEARING_SIGNAL) {
            assert_string_equal(sig.source, "bot");
            assert_string_equal(sig.place, line.place);
            assert_string_equal(sig.raw, "ALERT #page");
            assert_int_equal(sig.line_id, line.id);
            assert_int_equal(sig.wall_ms, 1000);
            assert_true(sig.paging);
        }
    }
}

static void test_chatter_of_strangers_is_not_matched(void **state)
{
    struct world *w = *state;
    struct heard line = bot_says("ALERT");
    struct signal sig;

    line.account = "stranger";
    assert_int_equal(hearing_line(w->hearing, &line, &sig), HEARING_CHATTER);
    assert_int_equal(w->calls, 0);
    assert_null(hearing_unmatched(w->hearing));
}

static void test_a_bot_that_no_format_knows_is_named(void **state)
{
    struct world *w = *state;
    struct heard line = bot_says("good morning");
    struct signal sig;

    assert_int_equal(hearing_line(w->hearing, &line, &sig), HEARING_CHATTER);
    assert_non_null(hearing_unmatched(w->hearing));
    line = bot_says("ALERT");
    assert_int_equal(hearing_line(w->hearing, &line, &sig), HEARING_SIGNAL);
    assert_null(hearing_unmatched(w->hearing));
}

static void test_person(void **state)
{
    static const struct {
        const char *network, *account, *userhost;
        int want;
    } rows[] = {
        {"nordic", "dep[1]", "a@b", -1}, /* a name as long as libera */
        {"libera", "dep[1]", "a@b", 0},       {"libera", "DEP[1]", "a@b", 0},
        {"libera", "dep{1}", "a@b", -1}, /* another account where only letters fold */
        {"other", "dep[1]", "a@b", -1},       {"other", "dep", "a@b", 0},
        {"libera", "dep", "a@b", -1},         {"libera", NULL, "a@user/masked", 1},
        {"libera", NULL, "a@USER/masked", 1}, {"libera", NULL, "a@user/masked2", -1},
        {"other", NULL, "a@user/masked", -1}, {"libera", "", "a@b", -1},
    };
    struct world *w = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct heard line = bot_says("x");

        line.network = rows[i].network;
        line.account = rows[i].account;
        line.identity = rows[i].account ? IDENTITY_ACCOUNT : IDENTITY_NONE;
        line.userhost = rows[i].userhost;
        if (hearing_person(&w->settings, &line) != rows[i].want)
            fail_msg("row %zu", i);
    }
}

static void test_mask(void **state)
{
    static const struct {
        const char *mask, *text;
        bool want;
    } rows[] = {
        {"*", "", true},          {"*", "abc", true},         {"", "", true},
        {"", "a", false},         {"?", "", false},           {"?", "a", true},
        {"a*c", "abbbc", true},   {"a*c", "abbbd", false},    {"a*b*c", "axxbyybzc", true},
        {"*!*@h", "n!u@h", true}, {"*!*@h", "n!u@hh", false}, {"N[a]!*@*", "n{A}!u@h", true},
        {"n^!*", "N~!x", true},   {"**a**", "bab", true},     {"a?c", "abc", true},
        {"a?c", "ac", false},     {"*aab", "aaaab", true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (hearing_mask_matches(rows[i].mask, rows[i].text) != rows[i].want)
            fail_msg("%s against %s", rows[i].mask, rows[i].text);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void test_command(void **state)
{
    static const struct {
        const char *text, *place;
        bool private, notice, action, history;
        enum hearing_kind want;
    } rows[] = {
        {"!status", "libera/#ops", .want = HEARING_COMMAND},
        {"!status confirm 1.1", "libera/#ops", .want = HEARING_COMMAND},
        {"!status confirm 1.1", "libera/#talk", .want = HEARING_COMMAND},
        {"!status confirm 1.1", "libera/#drill", .want = HEARING_COMMAND},
        {"!status confirm 1.1", "libera/nick", .private = true, .want = HEARING_COMMAND},
        {"!status confirm 1.1", "libera/#alerts", .want = HEARING_CHATTER},
        {"!status confirm 1.1", "libera/#elsewhere", .want = HEARING_CHATTER},
        {"`!status confirm 1.1`", "libera/#ops", .want = HEARING_COMMAND},
        {"!Status, confirm 1.1", "libera/#ops", .want = HEARING_COMMAND},
        {"!statuses", "libera/#ops", .want = HEARING_CHATTER},
        {"!statu", "libera/#ops", .want = HEARING_CHATTER},
        {"try !status confirm 1.1", "libera/#ops", .want = HEARING_CHATTER},
        {"status confirm 1.1", "libera/nick", .private = true, .want = HEARING_CHATTER},
        {"!status confirm 1.1", "libera/#ops", .notice = true, .want = HEARING_CHATTER},
        {"!status confirm 1.1", "libera/#ops", .action = true, .want = HEARING_CHATTER},
        {"!status confirm 1.1", "libera/#ops", .history = true, .want = HEARING_CHATTER},
        {" /msg crier !status breakglass 1.1 123456", "libera/#ops", .want = HEARING_SLIP},
        {"!status breakglass 1.1 123456", "libera/#alerts", .want = HEARING_SLIP},
        {"!status breakglass 1.1 123456", "libera/#ops", .notice = true, .want = HEARING_SLIP},
        {"the breakglass is in the cupboard", "libera/#ops", .want = HEARING_CHATTER},
        {"breakglass 1.1 123456", "libera/nick", .private = true, .want = HEARING_CHATTER},
        {"!status confirm 1.1", "libera/nick", .private = true, .history = true,
         .want = HEARING_CHATTER},
    };
    struct world *w = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct heard line = bot_says(rows[i].text);
        struct signal sig;

        line.account = "stranger"; /* who may is not decided here */
        line.place = rows[i].place;
        line.private = rows[i].private;
        line.notice = rows[i].notice;
        line.action = rows[i].action;
        line.history = rows[i].history;
        if (hearing_line(w->hearing, &line, &sig) != rows[i].want)
            fail_msg("%s in %s", rows[i].text, rows[i].place);
    }
}

static void test_people_log(void **state)
{
    struct world *w = *state;
    struct heard line = bot_says("LOG restarting things");
    struct signal sig;

    line.account = "dep[1]";
    assert_int_equal(hearing_line(w->hearing, &line, &sig), HEARING_SIGNAL);
    assert_string_equal(sig.source, "people");
    assert_string_equal(sig.user, "depl");
    line = bot_says("LOG x");
    line.account = NULL;
    line.identity = IDENTITY_NONE;
    line.userhost = "u@user/masked";
    line.nick = "mask_away";
    assert_int_equal(hearing_line(w->hearing, &line, &sig), HEARING_SIGNAL);
    assert_string_equal(sig.user, "mask_away");
    line.place = "libera/#alerts";
    assert_int_equal(hearing_line(w->hearing, &line, &sig), HEARING_CHATTER);
}

/* ---- lines in parts -------------------------------------------------------------------------- */

/* 44 bytes: long enough to go on */
static const char first_part[] = "ALERT 1234567890 1234567890 1234567890 12345";

/* One message after another; t is ms after the first. want: raw of the signal, or NULL. */
struct part {
    const char *text;
    int64_t t;
    const char *want;
    size_t first; /* index of the line whose id and time the signal has */
    const char *nick, *place, *account;
};

static void run_parts(struct world *w, const char *name, const struct part *p, size_t n)
{
    uint64_t id[8];
    size_t i;

    for (i = 0; i < n && p[i].text; i++) {
        struct heard line = bot_says(p[i].text);
        struct signal sig;
        enum hearing_kind got;

        id[i] = line.id;
        line.wall_ms = 5000 + p[i].t;
        if (p[i].nick)
            line.nick = p[i].nick;
        if (p[i].place)
            line.place = p[i].place;
        if (p[i].account)
            line.account = p[i].account;
        got = hearing_line(w->hearing, &line, &sig);
        if ((got == HEARING_SIGNAL) != (p[i].want != NULL))
            fail_msg("%s, line %zu: kind %d", name, i, got);
        if (got != HEARING_SIGNAL)
            continue;
        if (strcmp(sig.raw, p[i].want) != 0)
            fail_msg("%s, line %zu: \"%s\"", name, i, sig.raw);
        assert_int_equal(sig.line_id, id[p[i].first]);
        assert_int_equal(sig.wall_ms, 5000 + p[p[i].first].t);
    }
}

#define FIRST "ALERT 1234567890 1234567890 1234567890 12345"
#define SECOND "67890 1234567890 1234567890 1234567890 12345"
#define RELAY .account = "relay"
#define P(text_, t_, want_, first_)                                    \
    {                                                                  \
        .text = (text_), .t = (t_), .want = (want_), .first = (first_) \
    }
#define PX(text_, t_, want_, first_, more)                                   \
    {                                                                        \
        .text = (text_), .t = (t_), .want = (want_), .first = (first_), more \
    }

static void test_parts(void **state)
{
    static const struct {
        const char *name;
        struct part p[4];
    } rows[] = {
        {"two parts", {P(FIRST, 0, FIRST, 0), P("67 #page", 500, FIRST "67 #page", 0)}},
        {"at the last moment", {P(FIRST, 0, FIRST, 0), P("67", 3000, FIRST "67", 0)}},
        {"too late", {P(FIRST, 0, FIRST, 0), P("67", 3001, NULL, 0)}},
        {"clock went back", {P(FIRST, 0, FIRST, 0), P("67", -1, NULL, 0)}},
        {"short first line", {P("ALERT short", 0, "ALERT short", 0), P("67", 1, NULL, 0)}},
        {"known by itself",
         {P(FIRST, 0, FIRST, 0), P("ALERT two", 1, "ALERT two", 1), P("67", 2, NULL, 0)}},
        {"ignored by itself",
         {P(FIRST, 0, FIRST, 0), P("IGNORE this", 1, NULL, 0), P("67", 2, NULL, 0)}},
        {"another speaker",
         {P(FIRST, 0, FIRST, 0), PX("67", 1, NULL, 0, .nick = "other"), P("89", 2, FIRST "89", 0)}},
        {"another place", {P(FIRST, 0, FIRST, 0), PX("67", 1, NULL, 0, .place = "libera/#alerts")}},
        {"a stranger between",
         {P(FIRST, 0, FIRST, 0), PX("67", 1, NULL, 0, .account = "stranger"),
          P("89", 2, FIRST "89", 0)}},
        {"three parts",
         {P(FIRST, 0, FIRST, 0), P(SECOND, 2000, FIRST SECOND, 0),
          P("end", 4500, FIRST SECOND "end", 0)}},
        {"short second part ends it",
         {P(FIRST, 0, FIRST, 0), P("67", 1, FIRST "67", 0), P("89", 2, NULL, 0)}},
        {"only together, with the space that was lost",
         {P("xxxxx 1234567890 1234567890 1234567890 split", 0, NULL, 0),
          P("alert", 1, "xxxxx 1234567890 1234567890 1234567890 split alert", 0)}},
        {"mark",
         {PX("ALERT Name: ...", 0, "ALERT Name: ...", 0, RELAY),
          PX("the rest #page", 1, "ALERT Name: the rest #page", 0, RELAY)}},
        {"mark twice",
         {PX("ALERT a ...", 0, "ALERT a ...", 0, RELAY), PX("b ...", 1, "ALERT a b ...", 0, RELAY),
          PX("c", 2, "ALERT a b c", 0, RELAY)}},
        {"no mark", {PX("ALERT Name:", 0, "ALERT Name:", 0, RELAY), PX("rest", 1, NULL, 0, RELAY)}},
    };
    struct world *w = *state;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tear_down(state);
        set_up(state);
        w = *state;
        run_parts(w, rows[i].name, rows[i].p, 4);
    }
}

static void test_parts_are_bounded(void **state)
{
    struct world *w = *state;
    char long_part[401];
    struct signal sig;
    size_t i, longest = 0;

    memset(long_part, 'x', sizeof long_part - 1);
    long_part[sizeof long_part - 1] = '\0';
    for (i = 0; i < 40; i++) {
        struct heard line = bot_says(i ? long_part : first_part);

        if (hearing_line(w->hearing, &line, &sig) == HEARING_SIGNAL && strlen(sig.raw) > longest)
            longest = strlen(sig.raw);
    }
    assert_in_range(longest, 3000, 4096);
}

static void test_many_speakers(void **state)
{
    struct world *w = *state;
    struct signal sig;
    char nick[16];
    int i;

    /* More lines that may go on than are remembered: the oldest are forgotten, nothing else. */
    for (i = 0; i < 100; i++) {
        struct heard line = bot_says(first_part);

        snprintf(nick, sizeof nick, "bot%d", i);
        line.nick = nick;
        assert_int_equal(hearing_line(w->hearing, &line, &sig), HEARING_SIGNAL);
    }
    for (i = 99; i >= 0; i -= 99) {
        struct heard line = bot_says("67");

        snprintf(nick, sizeof nick, "bot%d", i);
        line.nick = nick;
        assert_int_equal(hearing_line(w->hearing, &line, &sig),
                         i ? HEARING_SIGNAL : HEARING_CHATTER);
    }
}

/* ---- lines of a drill ------------------------------------------------------------------------ */

static void test_a_drill_is_no_signal(void **state)
{
    static const char *const drill[] = {"DRILL | split alert", "DRILL |split alert",
                                        " DRILL | <bot> split alert", "DRILL | ALERT split alert"};
    struct string_list files = STRINGS(S("/log"));
    struct ear_line ear = {.place = "file:/log", .user = "", .wall_ms = 1000};
    struct world *w = *state;
    struct signal sig;
    size_t i;

    for (i = 0; i < sizeof drill / sizeof drill[0]; i++) {
        struct heard line = bot_says(drill[i]);

        assert_int_equal(hearing_line(w->hearing, &line, &sig), HEARING_CHATTER);
        assert_int_equal(hearing_text(w->hearing, 0, "libera/#ops", drill[i], 1000, &sig),
                         HEARING_CHATTER);
    }
    sources[0].files = files;
    ear.text = "2026-01-02T03:04:05Z bot: split alert";
    assert_int_equal(hearing_ear(w->hearing, &ear, &sig), HEARING_SIGNAL);
    ear.text = "2026-01-02T03:04:05Z DRILL | split alert";
    assert_int_equal(hearing_ear(w->hearing, &ear, &sig), HEARING_CHATTER);
    ear.text = "2026-01-02T03:04:05Z host bot: DRILL | split alert";
    assert_int_equal(hearing_ear(w->hearing, &ear, &sig), HEARING_CHATTER);
    sources[0].files = (struct string_list){0};
}

static void test_a_drill_continues_no_alert(void **state)
{
    struct world *w = *state;
    struct heard first = bot_says(FIRST), drill = bot_says("DRILL | " SECOND);
    struct signal sig;

    assert_int_equal(hearing_line(w->hearing, &first, &sig), HEARING_SIGNAL);
    assert_int_equal(hearing_line(w->hearing, &drill, &sig), HEARING_CHATTER);
}

/* ---- alerts that ran together ---------------------------------------------------------------- */

static void test_ran_together(void **state)
{
    struct world *w = *state;
    struct heard line = bot_says("ALERT one ALERT two #page ALERT three");
    struct signal a, b, c, d;

    assert_int_equal(hearing_line(w->hearing, &line, &a), HEARING_SIGNAL);
    assert_int_equal(a.line_id, line.id);
    assert_true(hearing_more(w->hearing, &b));
    assert_true(hearing_more(w->hearing, &c));
    assert_false(hearing_more(w->hearing, &d));
    assert_false(hearing_more(w->hearing, &d));
    assert_true(b.line_id != a.line_id && c.line_id != b.line_id && c.line_id != a.line_id);
    assert_string_equal(c.raw, "ALERT one ALERT two #page ALERT three");
    assert_string_equal(b.place, "libera/#ops");
    assert_string_equal(b.source, "bot");
    assert_int_equal(b.wall_ms, 1000);
    assert_false(c.paging);

    /* What follows is the end of the last, and amends it under the same number. */
    line = bot_says("and more #page");
    assert_int_equal(hearing_line(w->hearing, &line, &d), HEARING_CHATTER); /* 37 bytes: complete */
    line = bot_says("ALERT one ALERT two ALERT three and so on, cu");
    assert_int_equal(hearing_line(w->hearing, &line, &a), HEARING_SIGNAL);
    assert_true(hearing_more(w->hearing, &b));
    line = bot_says("t #page");
    assert_int_equal(hearing_line(w->hearing, &line, &c), HEARING_SIGNAL);
    assert_int_equal(c.line_id, a.line_id);
    assert_true(hearing_more(w->hearing, &d));
    assert_int_equal(d.line_id, b.line_id);
    assert_true(hearing_more(w->hearing, &d));
    assert_true(d.paging);

    line = bot_says("ALERT one ALERT two");
    assert_int_equal(hearing_line(w->hearing, &line, &a), HEARING_SIGNAL);
    line = bot_says("chatter");
    assert_int_equal(hearing_line(w->hearing, &line, &a), HEARING_CHATTER);
    assert_false(hearing_more(w->hearing, &a));
}

static void test_text(void **state)
{
    struct world *w = *state;
    struct signal a, b;

    assert_int_equal(hearing_text(w->hearing, 0, "log/#ops", first_part, 7000, &a), HEARING_SIGNAL);
    assert_string_equal(a.place, "log/#ops");
    assert_string_equal(a.source, "bot");
    assert_int_equal(a.wall_ms, 7000);
    assert_int_equal(hearing_text(w->hearing, 0, "log/#ops", "67", 8000, &b), HEARING_SIGNAL);
    assert_string_equal(b.raw, FIRST "67");
    assert_int_equal(b.line_id, a.line_id);
    assert_int_equal(b.wall_ms, 7000);
    assert_int_equal(hearing_text(w->hearing, 0, "log/#ops", "chatter", 8000, &b), HEARING_CHATTER);
    assert_int_equal(hearing_text(w->hearing, 0, "log/#ops", "HARD", 8000, &b), HEARING_CHATTER);
    assert_int_equal(hearing_text(w->hearing, 99, "log/#ops", "ALERT", 8000, &b), HEARING_CHATTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trust, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chatter_of_strangers_is_not_matched, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_bot_that_no_format_knows_is_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_person, set_up, tear_down),
        cmocka_unit_test(test_mask),
        cmocka_unit_test_setup_teardown(test_command, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_people_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_drill_is_no_signal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_drill_continues_no_alert, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parts_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_speakers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ran_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
