#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access.h"
#include "buf.h"
#include "err.h"
#include "hearing.h"

static const enum command_verb for_anybody[] = {COMMAND_STATUS, COMMAND_SHOW,     COMMAND_WHO,
                                                COMMAND_HELP,   COMMAND_TIMELINE, COMMAND_REPORT,
                                                COMMAND_DRILL};
static const enum command_verb for_deployers[] = {
    COMMAND_CONFIRM, COMMAND_BREAKGLASS, COMMAND_EDIT,    COMMAND_TEXT,    COMMAND_DISCARD,
    COMMAND_OPEN,    COMMAND_UPDATE,     COMMAND_RESOLVE, COMMAND_CORRECT, COMMAND_RETRACT,
    COMMAND_ADOPT,   COMMAND_NOTE,       COMMAND_MUTE,    COMMAND_UNMUTE};

static const enum command_verb for_sres[] = {COMMAND_MAINTENANCE};

static void strangers_may_only_read(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof for_anybody / sizeof for_anybody[0]; i++)
        assert_true(access_allows(ROLE_NONE, for_anybody[i]));
    for (i = 0; i < sizeof for_deployers / sizeof for_deployers[0]; i++)
        assert_false(access_allows(ROLE_NONE, for_deployers[i]));
    for (i = 0; i < sizeof for_sres / sizeof for_sres[0]; i++) {
        assert_false(access_allows(ROLE_NONE, for_sres[i]));
        assert_false(access_allows(ROLE_DEPLOYER, for_sres[i]));
        assert_true(access_allows(ROLE_SRE, for_sres[i]));
        assert_true(access_allows(ROLE_OPERATOR, for_sres[i]));
    }
    /* a bit that is no role gives nothing */
    assert_false(access_allows(1U << 7, COMMAND_CONFIRM));
}

static void every_role_implies_the_lower_ones(void **state)
{
    static const unsigned roles[] = {ROLE_DEPLOYER, ROLE_SRE, ROLE_OPERATOR,
                                     ROLE_DEPLOYER | ROLE_OPERATOR};
    size_t i, j;

    (void)state;
    for (i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        for (j = 0; j < sizeof for_anybody / sizeof for_anybody[0]; j++)
            assert_true(access_allows(roles[i], for_anybody[j]));
        for (j = 0; j < sizeof for_deployers / sizeof for_deployers[0]; j++)
            assert_true(access_allows(roles[i], for_deployers[j]));
    }
    assert_int_equal(access_effective_roles(ROLE_NONE), ROLE_NONE);
    assert_int_equal(access_effective_roles(ROLE_DEPLOYER), ROLE_DEPLOYER);
    assert_int_equal(access_effective_roles(ROLE_SRE), ROLE_SRE | ROLE_DEPLOYER);
    assert_int_equal(access_effective_roles(ROLE_OPERATOR),
                     ROLE_OPERATOR | ROLE_SRE | ROLE_DEPLOYER);
}

static void every_command_is_in_one_of_the_lists(void **state)
{
    size_t n;

    (void)state;
    (void)command_specs(&n);
    assert_int_equal(n, sizeof for_anybody / sizeof for_anybody[0] +
                            sizeof for_deployers / sizeof for_deployers[0] +
                            sizeof for_sres / sizeof for_sres[0]);
}

/* People by the letters of their roles: alice is a deployer, and so on. */
static void fill(struct settings *s, struct person_settings *people, size_t n)
{
    memset(s, 0, sizeof *s);
    s->person = people;
    s->n_people = n;
}

static char dave[] = "a_rather_long_name_that_takes_room";
static char names[][8] = {"alice", "bob", "carol"};

static void describes_who_may(void **state)
{
    struct person_settings people[] = {
        {.name = names[0], .roles = ROLE_DEPLOYER},
        {.name = dave, .roles = ROLE_NONE},
        {.name = names[1], .roles = ROLE_SRE},
        {.name = names[2], .roles = ROLE_OPERATOR | ROLE_DEPLOYER},
    };
    static const struct {
        size_t first, n;
        enum command_verb verb;
        const char *wanted;
    } rows[] = {
        {0, 0, COMMAND_SHOW, "anybody"},
        {0, 4, COMMAND_HELP, "anybody"},
        {0, 0, COMMAND_CONFIRM, "deployers, SREs and operators, but nobody is configured as one"},
        {1, 1, COMMAND_CONFIRM, "deployers, SREs and operators, but nobody is configured as one"},
        {0, 1, COMMAND_CONFIRM, "deployers: alice"},
        {0, 3, COMMAND_CONFIRM, "deployers and SREs: alice and bob"},
        {0, 4, COMMAND_CONFIRM, "deployers, SREs and operators: alice, bob and carol"},
        {2, 1, COMMAND_RETRACT, "SREs: bob"},
    };
    struct settings s;
    char dst[200];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fill(&s, people + rows[i].first, rows[i].n);
        assert_int_equal(access_describe(&s, rows[i].verb, dst, sizeof dst), 0);
        assert_string_equal(dst, rows[i].wanted);
    }
}

static void says_how_many_more(void **state)
{
    struct person_settings people[15];
    struct settings s;
    char dst[80];
    size_t i;

    (void)state;
    memset(people, 0, sizeof people);
    for (i = 0; i < 15; i++) {
        people[i].name = names[i % 3];
        people[i].roles = ROLE_DEPLOYER;
    }
    fill(&s, people, 15);
    assert_int_equal(access_describe(&s, COMMAND_CONFIRM, dst, sizeof dst), 0);
    assert_string_equal(dst, "deployers: alice, bob, carol, alice and 11 more");
    fill(&s, people, 15);
    people[0].name = dave;
    assert_int_equal(access_describe(&s, COMMAND_CONFIRM, dst, 64), 0);
    assert_string_equal(dst, "deployers (15)");
    fill(&s, people, 1);
    assert_int_equal(access_describe(&s, COMMAND_CONFIRM, dst, sizeof dst), 0);
    assert_string_equal(dst, "deployers: a_rather_long_name_that_takes_room");
}

/* Whatever the room and the number of people, the count is right and nothing runs over. */
static void fits_any_room(void **state)
{
    struct person_settings people[20];
    struct settings s;
    size_t size, n, i;

    (void)state;
    memset(people, 0, sizeof people);
    for (i = 0; i < 20; i++) {
        people[i].name = i % 4 == 3 ? dave : names[i % 4];
        people[i].roles = ROLE_SRE;
    }
    for (size = 64; size < 260; size++) {
        char *dst = malloc(size);

        assert_non_null(dst);
        for (n = 1; n <= 20; n++) {
            const char *p, *more;
            size_t told;

            fill(&s, people, n);
            assert_int_equal(access_describe(&s, COMMAND_EDIT, dst, size), 0);
            more = strstr(dst, " more");
            p = strchr(dst, ':');
            if (!p) {
                assert_non_null(strchr(dst, '('));
                continue;
            }
            for (told = 1; *p && p != more; p++)
                told += *p == ',' || !strncmp(p, " and ", 5);
            if (more) {
                p = strstr(dst, " and ");
                assert_non_null(p);
                told += (size_t)strtoul(p + 5, NULL, 10) - 1;
            }
            if (told != n)
                fail_msg("%zu people in %zu bytes: %s", n, size, dst);
        }
        free(dst);
    }
}

static void refuses_a_room_too_small(void **state)
{
    struct person_settings people[] = {{.name = names[0], .roles = ROLE_DEPLOYER}};
    struct settings s;
    char dst[8] = "x";

    (void)state;
    fill(&s, people, 1);
    assert_int_equal(access_describe(&s, COMMAND_CONFIRM, dst, sizeof dst), CRIER_ELIMIT);
    assert_string_equal(dst, "");
    fill(&s, people, 0);
    assert_int_equal(access_describe(&s, COMMAND_CONFIRM, dst, sizeof dst), CRIER_ELIMIT);
    assert_string_equal(dst, "");
}

static void names_roles(void **state)
{
    char dst[64];

    (void)state;
    assert_string_equal(access_role_names(ROLE_NONE, dst, sizeof dst), "no role");
    assert_string_equal(access_role_names(ROLE_DEPLOYER, dst, sizeof dst), "deployer");
    assert_string_equal(access_role_names(ROLE_SRE | ROLE_OPERATOR, dst, sizeof dst),
                        "operator, SRE");
    assert_string_equal(access_who_may(COMMAND_CONFIRM, dst, sizeof dst),
                        "deployers, SREs and operators");
    assert_string_equal(access_who_may(COMMAND_WHO, dst, sizeof dst), "anybody");
}

/* ---- judging a line -------------------------------------------------------------------------- */

static char net[] = "net", ops[] = "#ops", practice[] = "#practice", listed[] = "net/alice",
            bridge[] = "net/bridge", mask[] = "net/relay*!*@*";

static void judges_each_line(void **state)
{
    static const struct {
        struct heard line;
        struct command cmd;
        enum access_verdict wanted;
    } rows[] = {
#define SAID(where, who, by, ready, alone, out) \
    {.network = net,                            \
     .place = "net/" where,                     \
     .nick = (by),                              \
     .userhost = "u@h",                         \
     .account = (who),                          \
     .identity = IDENTITY_ACCOUNT,              \
     .obey = (ready),                           \
     .private = (alone),                        \
     .outside = (out)}
        {SAID("#ops", "alice", "nick", true, false, false),
         {.verb = COMMAND_CONFIRM},
         ACCESS_GRANTED},
        {SAID("nick", "alice", "nick", true, true, false),
         {.verb = COMMAND_CONFIRM},
         ACCESS_GRANTED},
        {SAID("#practice", "alice", "nick", true, false, false),
         {.verb = COMMAND_CONFIRM},
         ACCESS_PLACE},
        {SAID("#elsewhere", "alice", "nick", true, false, false),
         {.verb = COMMAND_CONFIRM},
         ACCESS_PLACE},
        {SAID("#ops", "alice", "nick", true, false, true),
         {.verb = COMMAND_CONFIRM},
         ACCESS_OUTSIDE},
        {SAID("#ops", "alice", "nick", true, false, true), {.verb = COMMAND_SHOW}, ACCESS_OUTSIDE},
        {SAID("#ops", "alice", "nick", false, false, false),
         {.verb = COMMAND_CONFIRM},
         ACCESS_SOON},
        {SAID("#ops", "alice", "nick", false, false, false),
         {.verb = COMMAND_SHOW},
         ACCESS_GRANTED},
        {SAID("#ops", "eve", "nick", true, false, false),
         {.verb = COMMAND_CONFIRM},
         ACCESS_UNLISTED},
        {SAID("#ops", "eve", "nick", true, false, false), {.verb = COMMAND_SHOW}, ACCESS_GRANTED},
        {SAID("#ops", "bridge", "nick", true, false, false), {.verb = COMMAND_SHOW}, ACCESS_RELAY},
        {SAID("#ops", "BRIDGE", "nick", true, false, false),
         {.verb = COMMAND_CONFIRM},
         ACCESS_RELAY},
        {SAID("#ops", "alice", "Relay7", true, false, false),
         {.verb = COMMAND_CONFIRM},
         ACCESS_RELAY},
        {SAID("#ops", "alice", "nick", true, false, false),
         {.verb = COMMAND_MAINTENANCE, .text = "1h API"},
         ACCESS_ROLE},
        {SAID("#ops", "eve", "nick", true, false, false),
         {.verb = COMMAND_MAINTENANCE, .text = ""},
         ACCESS_GRANTED},
        {SAID("#practice", "alice", "nick", true, false, false),
         {.verb = COMMAND_DRILL, .start = true},
         ACCESS_GRANTED},
        {SAID("#practice", "eve", "nick", true, false, false),
         {.verb = COMMAND_DRILL, .start = true},
         ACCESS_UNLISTED},
        {SAID("#practice", "eve", "nick", true, false, false),
         {.verb = COMMAND_DRILL},
         ACCESS_GRANTED},
        {SAID("#ops", "alice", "nick", true, false, false),
         {.verb = COMMAND_DRILL, .start = true},
         ACCESS_PLACE},
#undef SAID
    };
    struct channel_settings channels[] = {{.name = ops, .roles = CHANNEL_TALK},
                                          {.name = practice, .roles = CHANNEL_PRACTICE}};
    struct network_settings network = {.name = net, .channel = channels, .n_channels = 2};
    char *accounts[] = {listed, bridge}, *relays[] = {bridge}, *masks[] = {mask};
    struct person_settings person = {
        .name = names[0], .accounts = {accounts, 2}, .roles = ROLE_DEPLOYER};
    struct settings s;
    size_t i;

    (void)state;
    fill(&s, &person, 1);
    s.network = &network;
    s.n_networks = 1;
    s.relays.accounts = (struct string_list){relays, 1};
    s.relays.hostmasks = (struct string_list){masks, 1};
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum access_verdict got =
            access_judge(&s, &rows[i].line, &rows[i].cmd, hearing_person(&s, &rows[i].line));

        if (got != rows[i].wanted)
            fail_msg("row %zu: \"%s\" instead of \"%s\"", i, access_why(got),
                     access_why(rows[i].wanted));
    }
}

/* ---- the page that is written from the table ------------------------------------------------- */

static void page_is_what_the_table_says(void **state)
{
    const char *root = getenv("CRIER_ROOT");
    char *path = buf_printf("%s/docs/who-may.md", root ? root : ".");
    char *page = NULL, there[20000];
    size_t size = 0, n;
    FILE *out = open_memstream(&page, &size), *in;

    (void)state;
    assert_true(path && out);
    assert_int_equal(access_print(out), 0);
    assert_int_equal(fclose(out), 0);
    in = fopen(path, "re");
    assert_non_null(in);
    n = fread(there, 1, sizeof there - 1, in);
    there[n] = '\0';
    (void)fclose(in);
    if (strcmp(page, there) != 0)
        fail_msg("docs/who-may.md is not what the code says: make docs");
    free(page);
    free(path);
}

/* What goes public, or into the record, takes a person; what takes one is told as such. */
static void table_is_sound(void **state)
{
    const struct command_spec *spec;
    size_t i, n;

    (void)state;
    spec = command_specs(&n);
    for (i = 0; i < n; i++) {
        assert_int_not_equal(spec[i].places, 0);
        assert_int_equal(spec[i].places & ~(unsigned)COMMAND_EVERYWHERE, 0);
        if (spec[i].proof == COMMAND_PROOF_NONE)
            assert_int_equal(spec[i].roles, ROLE_NONE);
        /* practice is for practice: what counts there counts nowhere else, or only reads */
        if (spec[i].places & COMMAND_IN_PRACTICE && spec[i].places != COMMAND_IN_PRACTICE)
            assert_int_equal(spec[i].proof, COMMAND_PROOF_NONE);
        /* a code that others read is spent */
        if (spec[i].proof == COMMAND_PROOF_CODE)
            assert_int_equal(spec[i].places, COMMAND_IN_PRIVATE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_may_only_read),
        cmocka_unit_test(every_role_implies_the_lower_ones),
        cmocka_unit_test(judges_each_line),
        cmocka_unit_test(page_is_what_the_table_says),
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(every_command_is_in_one_of_the_lists),
        cmocka_unit_test(describes_who_may),
        cmocka_unit_test(says_how_many_more),
        cmocka_unit_test(fits_any_room),
        cmocka_unit_test(refuses_a_room_too_small),
        cmocka_unit_test(names_roles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
