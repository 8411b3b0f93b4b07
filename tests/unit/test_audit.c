/* What the engine writes into the audit, and that nobody can make it grow without measure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit.h"
#include "house.h"

/* The newest entry of an action, or NULL. */
static const struct record_audit *newest(const struct house *h, enum audit_action action)
{
    size_t n = fake_store_count(&h->store, RECORD_AUDIT), i;

    for (i = n; i > 0; i--) {
        const struct record_audit *r = fake_store_row(&h->store, RECORD_AUDIT, (int64_t)i);

        assert_non_null(r); /* dense */
        if (!strcmp(r->action, audit_action_name(action)))
            return r;
    }
    return NULL;
}

static size_t count(const struct house *h, enum audit_action action)
{
    size_t n = fake_store_count(&h->store, RECORD_AUDIT), i, found = 0;

    for (i = 1; i <= n; i++) {
        const struct record_audit *r = fake_store_row(&h->store, RECORD_AUDIT, (int64_t)i);

        found += !strcmp(r->action, audit_action_name(action));
    }
    return found;
}

static void actions_have_names_of_their_own(void **state)
{
    int i, k;

    (void)state;
    for (i = 0; i < AUDIT_ACTIONS; i++) {
        const char *name = audit_action_name((enum audit_action)i);

        assert_non_null(name);
        for (k = 0; k < i; k++)
            assert_string_not_equal(name, audit_action_name((enum audit_action)k));
    }
}

static void each_deed_of_people_has_an_entry(void **state)
{
    static const struct {
        const char *say;
        enum audit_action action;
    } deeds[] = {
        {"!status edit 1 title Errors for some", AUDIT_EDIT},
        {"!status edit 1 start 18:01", AUDIT_EDIT},
        {"!status confirm 1.2", AUDIT_CONFIRM},
        {"!status note 1 looked at the logs", AUDIT_NOTE},
        {"!status update 1 identified: We know what it is.", AUDIT_UPDATE},
        {"!status discard 1", AUDIT_DISCARD},
        {"!status correct 1: People may see an error.", AUDIT_CORRECT},
        {"!status resolve 1: It is over.", AUDIT_RESOLVE},
        {"!status retract 1", AUDIT_RETRACT},
        {"!status mute 1h we know", AUDIT_MUTE},
        {"!status unmute", AUDIT_UNMUTE},
        {"!status open Search is slow", AUDIT_OPEN},
    };
    struct house *h = *state;
    size_t i;

    house_draft(h);
    for (i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        size_t before = count(h, deeds[i].action);
        const struct record_audit *r;

        house_wait(h, 20 * SECOND);
        house_say(h, HOUSE_OPS, "deployer1", "=", deeds[i].say);
        house_wait(h, 4 * SECOND);
        if (count(h, deeds[i].action) != before + 1)
            fail_msg("no entry, or several, of: %s", deeds[i].say);
        r = newest(h, deeds[i].action);
        assert_string_equal(r->person, "deployer1");
        assert_string_equal(r->network, "net");
        assert_string_equal(r->account, "deployer1");
        assert_string_equal(r->nick, "deployer1");
        assert_string_equal(r->place, HOUSE_OPS);
        assert_string_equal(r->said, deeds[i].say);
        assert_true(r->line[0] != '\0');
    }
}

static void a_published_entry_holds_the_words_as_published(void **state)
{
    struct house *h = *state;
    const struct record_audit *r;

    house_publish(h);
    r = newest(h, AUDIT_PUBLISHED);
    assert_non_null(r);
    assert_int_equal(r->incident, 1);
    assert_int_equal(r->revision, 1);
    assert_string_equal(r->person, "deployer1");
    assert_string_equal(r->title, "Errors for logged-in users");
    assert_string_equal(r->body, "People who are logged in may see an error instead of pages; we "
                                 "are investigating.");
    assert_string_equal(r->step, "investigating");
    assert_string_equal(r->impact, "major");
    assert_string_equal(newest(h, AUDIT_CONFIRM)->body, r->body);
}

static void strangers_cannot_fill_the_audit(void **state)
{
    struct house *h = *state;
    const struct record_audit *r;
    size_t i;

    house_draft(h);
    for (i = 0; i < 200; i++) {
        house_say(h, HOUSE_OPS, "stranger", "=", "!status confirm 1.1");
        house_wait(h, 10 * SECOND);
    }
    assert_int_equal(count(h, AUDIT_REFUSED), AUDIT_REFUSALS_MAX);
    assert_int_equal(count(h, AUDIT_REFUSED_MORE), 0);
    house_say(h, HOUSE_SRE, "stranger", "=", "!status confirm 1.1"); /* another measure */
    assert_int_equal(count(h, AUDIT_REFUSED), AUDIT_REFUSALS_MAX + 1);
    house_wait(h, HOUR);
    assert_int_equal(count(h, AUDIT_REFUSED_MORE), 1);
    r = newest(h, AUDIT_REFUSED_MORE);
    assert_string_equal(r->place, HOUSE_OPS);
    assert_non_null(strstr(r->line, "170 more since 18:08"));
    house_say(h, HOUSE_OPS, "stranger", "=", "!status confirm 1.1"); /* a new hour */
    assert_int_equal(count(h, AUDIT_REFUSED), AUDIT_REFUSALS_MAX + 2);
    house_wait(h, 2 * HOUR);
    assert_int_equal(count(h, AUDIT_REFUSED_MORE), 1);
}

static void refusals_of_listed_people_all_have_entries(void **state)
{
    struct house *h = *state;
    size_t i;

    house_draft(h);
    for (i = 0; i < 2 * AUDIT_REFUSALS_MAX; i++) {
        house_say(h, HOUSE_OPS, "reader1", "=", "!status confirm 1.1");
        house_wait(h, 20 * SECOND); /* nobody is heard faster than people type */
    }
    assert_int_equal(count(h, AUDIT_REFUSED), 2 * AUDIT_REFUSALS_MAX);
    assert_string_equal(newest(h, AUDIT_REFUSED)->person, "reader1");
    assert_string_equal(newest(h, AUDIT_REFUSED)->said, "!status confirm 1.1");
}

/* ---- the log -----------------------------------------------------------------------------------
 */

struct caught {
    FILE *file;
    int saved;
    char text[20000];
};

static void catch_begin(struct caught *c)
{
    c->file = tmpfile();
    assert_non_null(c->file);
    c->saved = dup(STDERR_FILENO);
    assert_true(c->saved >= 0 && dup2(fileno(c->file), STDERR_FILENO) >= 0);
}

static void catch_end(struct caught *c)
{
    size_t n;

    assert_true(dup2(c->saved, STDERR_FILENO) >= 0);
    (void)close(c->saved);
    rewind(c->file);
    n = fread(c->text, 1, sizeof c->text - 1, c->file);
    c->text[n] = '\0';
    (void)fclose(c->file);
}

/* Each entry's number and head are in the log, on the line that says what it is. */
static void the_log_has_number_and_head_of_every_entry(void **state)
{
    struct house *h = *state;
    size_t first = fake_store_count(&h->store, RECORD_AUDIT) + 1, n, i;
    struct caught c;

    catch_begin(&c);
    house_publish(h);
    house_say(h, HOUSE_OPS, "reader1", "=", "!status confirm 1.1");
    catch_end(&c);
    n = fake_store_count(&h->store, RECORD_AUDIT);
    assert_true(n >= first + 2);
    for (i = first; i <= n; i++) {
        const struct record_audit *r = fake_store_row(&h->store, RECORD_AUDIT, (int64_t)i);
        char line[2500];

        (void)snprintf(line, sizeof line, "audit %s [entry %zu head %s]\n", r->line, i, r->hash);
        if (!strstr(c.text, line))
            fail_msg("not in the log: %s", line);
    }
}

/* A refusal while the store does not write is logged at once, and again when it has its entry. */
static void what_is_refused_by_a_sick_store_is_entered_later(void **state)
{
    struct house *h = *state;
    struct caught c;
    size_t before;

    house_draft(h);
    h->disk_full = true;
    house_deploy(h, "!log deployer1@deploy1002 Started scap: Backport for [[gerrit:1|Other (T2)]]");
    before = fake_store_count(&h->store, RECORD_AUDIT);
    catch_begin(&c);
    house_say(h, HOUSE_OPS, "deployer1", "=", "!status confirm 1.1");
    catch_end(&c);
    assert_non_null(strstr(c.text, "(the store does not write) [not stored yet]\n"));
    assert_int_equal(fake_store_count(&h->store, RECORD_AUDIT), before);
    h->disk_full = false;
    catch_begin(&c);
    house_settle(h);
    catch_end(&c);
    assert_int_equal(count(h, AUDIT_REFUSED), 1);
    assert_non_null(strstr(c.text, "(the store does not write) [entry "));
}

static void starts_and_reloads_have_entries(void **state)
{
    struct house *h = *state;

    assert_int_equal(count(h, AUDIT_START), 1);
    house_restart(h, MINUTE);
    assert_int_equal(count(h, AUDIT_START), 2);
    engine_reload(h->engine, h->settings);
    house_wait(h, SECOND);
    assert_int_equal(count(h, AUDIT_RELOAD), 1);
    house_wait(h, 2 * HOUR);
    assert_int_equal(count(h, AUDIT_RELOAD), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_have_names_of_their_own),
        HOUSE_TEST(each_deed_of_people_has_an_entry),
        HOUSE_TEST(a_published_entry_holds_the_words_as_published),
        HOUSE_TEST(strangers_cannot_fill_the_audit),
        HOUSE_TEST(refusals_of_listed_people_all_have_entries),
        HOUSE_TEST(the_log_has_number_and_head_of_every_entry),
        HOUSE_TEST(what_is_refused_by_a_sick_store_is_entered_later),
        HOUSE_TEST(starts_and_reloads_have_entries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
