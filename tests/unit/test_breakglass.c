#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "breakglass.h"
#include "guess_pace.h"
#include "house.h"
#include "used_steps.h"

#define PRIVATE "net/somebody"

/* The code of deployer1 that many seconds from now. */
static const char *code_in(const struct house *h, int seconds)
{
    static char code[4][8];
    static int i;

    i = (i + 1) % 4;
    return fake_proof_code(&h->proof, h->now.wall_ms + (int64_t)seconds * SECOND, code[i]);
}

static void enrol(struct house *h)
{
    h->proof.person[0] = "deployer1";
    h->proof.person[1] = "sre1";
    h->proof.person[2] = "reader1";
}

__attribute__((unused)) static void tell_enrolled(struct house *h)
{
    struct proof_answer answer = {.key = "", .enrolled = 3};
    struct input in = {.kind = INPUT_PROOF, .proof = &answer};

    assert_int_equal(courier_input(&h->courier, &in, h->now), 0);
}

/* Somebody without an account, by private message. */
static void type(struct house *h, const char *nick, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void type(struct house *h, const char *nick, const char *fmt, ...)
{
    char text[300], place[100];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)snprintf(place, sizeof place, "net/%s", nick);
    house_say(h, place, nick, NULL, text);
}

static void draft(struct house *h)
{
    house_draft(h);
    house_wait(h, 2 * SECOND);
    enrol(h);
}

static size_t creates(const struct house *h)
{
    size_t i, n = 0;

    for (i = 0; i < h->page.n; i++)
        n += h->page.request[i].req.op == PAGE_CREATE;
    return n;
}

#define expect_nothing_public(h) assert_int_equal(creates(h), 0)

/* ---- the way in ------------------------------------------------------------------------------ */

static void a_right_code_publishes_once_and_is_said_aloud(void **state)
{
    struct house *h = *state;

    draft(h);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_said(h, HOUSE_OPS,
                      "deployer1 confirmed 1.1 by one-time password (break-glass), as "
                      "somebody!user@host.example");
    house_expect_said(h, HOUSE_OPS, "1 is public since");
    house_expect_said(h, PRIVATE, "1 is public since");
    assert_int_equal(creates(h), 1);
    type(h, "somebody", "!status breakglass 1.1 %s deployer1", code_in(h, 0));
    house_expect_last(h, PRIVATE, "1.1 is public already");
    assert_int_equal(creates(h), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(a_right_code_publishes_once_and_is_said_aloud),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
