#include "irc_auth.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "now.h"
#include "secret.h"

enum {
    END_MS = 20000,  /* for the whole negotiation before registration */
    SASL_MS = 10000, /* for each answer to AUTHENTICATE */
    RETRY_MS = 4000, /* CAP LS again when there is no SASL */
    RETRY_MAX_MS = 60000,
    CHUNK = 400 /* of base64 in one AUTHENTICATE (sasl-3.1) */
};

static const struct {
    const char *name;
    enum irc_cap cap;
} known[] = {
    {"account-tag", IRC_CAP_ACCOUNT_TAG},
    {"server-time", IRC_CAP_SERVER_TIME},
    {"batch", IRC_CAP_BATCH},
    {"echo-message", IRC_CAP_ECHO},
    {"chghost", IRC_CAP_CHGHOST},
    {"cap-notify", IRC_CAP_NOTIFY},
    {"sasl", IRC_CAP_SASL},
};

enum { N_KNOWN = sizeof known / sizeof known[0] };

int irc_auth_init(struct irc_auth *a, enum sasl_mechanism mechanism, const char *account,
                  const struct irc_auth_port *port)
{
    memset(a, 0, sizeof *a);
    a->port = *port;
    a->mechanism = mechanism;
    a->account = strdup(account ? account : "");
    irc_auth_lost(a);
    return a->account ? 0 : CRIER_ENOMEM;
}

void irc_auth_finish(struct irc_auth *a)
{
    free(a->account);
    memset(a, 0, sizeof *a);
}

void irc_auth_lost(struct irc_auth *a)
{
    a->offered = a->active = a->listing = a->asked = a->awaited = 0;
    a->mechanism_offered = a->listing_mechanism = false;
    a->started = a->listed = a->ended = a->registered = a->logged_in = false;
    a->sasl = IRC_SASL_IDLE;
    a->retry_ms = RETRY_MS;
    a->end_boot_ms = a->sasl_boot_ms = a->retry_boot_ms = NOW_NEVER;
}

bool irc_auth_has(const struct irc_auth *a, enum irc_cap cap)
{
    return (a->active & cap) != 0;
}

static void send_line(struct irc_auth *a, const char *line)
{
    a->port.send(a->port.ctx, line);
}

static void note(struct irc_auth *a, const char *text)
{
    a->port.note(a->port.ctx, text);
}

static void set_login(struct irc_auth *a, bool logged_in)
{
    if (a->logged_in == logged_in)
        return;
    a->logged_in = logged_in;
    a->port.login(a->port.ctx, logged_in);
}

static bool wants_login(const struct irc_auth *a)
{
    return a->mechanism != SASL_NONE && !a->logged_in;
}

static void retry_later(struct irc_auth *a, int64_t boot_ms)
{
    if (wants_login(a))
        a->retry_boot_ms = boot_ms + a->retry_ms;
}

/* Registration goes on when everything asked for has been answered and no login is under way. */
static void end_if_done(struct irc_auth *a, int64_t boot_ms)
{
    if (a->ended || a->registered || !a->listed || a->awaited || a->sasl != IRC_SASL_IDLE)
        return;
    a->ended = true;
    a->end_boot_ms = NOW_NEVER;
    send_line(a, "CAP END");
    retry_later(a, boot_ms);
}

/* ---- SASL --------------------------------------------------------------------------------- */

static void begin_sasl(struct irc_auth *a, int64_t boot_ms)
{
    if (!wants_login(a) || a->sasl != IRC_SASL_IDLE || !irc_auth_has(a, IRC_CAP_SASL))
        return;
    a->sasl = IRC_SASL_BEGUN;
    a->sasl_boot_ms = boot_ms + SASL_MS;
    a->retry_boot_ms = NOW_NEVER;
    send_line(a, a->mechanism == SASL_PLAIN ? "AUTHENTICATE PLAIN" : "AUTHENTICATE EXTERNAL");
}

static void sasl_over(struct irc_auth *a, int64_t boot_ms)
{
    a->sasl = IRC_SASL_IDLE;
    a->sasl_boot_ms = NOW_NEVER;
    retry_later(a, boot_ms);
    end_if_done(a, boot_ms);
}

static void sasl_refused(struct irc_auth *a, int64_t boot_ms)
{
    retry_later(a, boot_ms);
    a->retry_ms = a->retry_ms * 2 < RETRY_MAX_MS ? a->retry_ms * 2 : RETRY_MAX_MS;
    sasl_over(a, boot_ms);
}

/* Source: RFC 4648 section 4. dst has room for 4 * ((n + 2) / 3) + 1 bytes. */
static void base64(const unsigned char *src, size_t n, char *dst)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t i;

    for (i = 0; i < n; i += 3) {
        unsigned v = (unsigned)src[i] << 16;

        if (i + 1 < n)
            v |= (unsigned)src[i + 1] << 8;
        if (i + 2 < n)
            v |= src[i + 2];
        *dst++ = digit[v >> 18];
        *dst++ = digit[v >> 12 & 63];
        *dst++ = '=';
        *dst++ = '=';
        if (i + 1 < n)
            dst[-2] = digit[v >> 6 & 63];
        if (i + 2 < n)
            dst[-1] = digit[v & 63];
    }
    *dst = '\0';
}

static void send_chunks(struct irc_auth *a, const char *text)
{
    char line[sizeof "AUTHENTICATE " + CHUNK];
    size_t n = strlen(text), i, part = CHUNK;

    for (i = 0; i <= n && part == CHUNK; i += part) {
        part = n - i < CHUNK ? n - i : CHUNK;
        (void)snprintf(line, sizeof line, "AUTHENTICATE %.*s", (int)(part ? part : 1),
                       part ? text + i : "+");
        send_line(a, line);
    }
    explicit_bzero(line, sizeof line);
}

static void send_plain(struct irc_auth *a, int64_t boot_ms)
{
    char *secret = NULL, *encoded = NULL;
    unsigned char *plain = NULL;
    size_t account = strlen(a->account), n = 0, encoded_size = 0;
    bool sent = false;

    if (a->port.password(a->port.ctx, &secret))
        goto out;
    n = account + 1 + account + 1 + strlen(secret);
    encoded_size = 4 * ((n + 2) / 3) + 1;
    plain = malloc(n + 1);
    encoded = malloc(encoded_size);
    if (!plain || !encoded)
        goto out;
    memcpy(plain, a->account, account + 1);
    memcpy(plain + account + 1, a->account, account + 1);
    memcpy(plain + 2 * (account + 1), secret, strlen(secret));
    base64(plain, n, encoded);
    send_chunks(a, encoded);
    sent = true;
out:
    if (plain)
        explicit_bzero(plain, n);
    if (encoded)
        explicit_bzero(encoded, encoded_size);
    free(plain);
    free(encoded);
    secret_destroy(secret);
    if (!sent) {
        send_line(a, "AUTHENTICATE *");
        sasl_refused(a, boot_ms);
    }
}

static void on_authenticate(struct irc_auth *a, const struct irc_msg *m, int64_t boot_ms)
{
    if (a->sasl != IRC_SASL_BEGUN || strcmp(irc_line_param(m, 0), "+") != 0)
        return;
    a->sasl = IRC_SASL_SENT;
    a->sasl_boot_ms = boot_ms + SASL_MS;
    if (a->mechanism == SASL_EXTERNAL)
        send_line(a, "AUTHENTICATE +");
    else
        send_plain(a, boot_ms);
}

static bool on_numeric(struct irc_auth *a, const struct irc_msg *m, int64_t boot_ms)
{
    switch (m->numeric) {
    case 900: /* RPL_LOGGEDIN; also long after we gave up */
        set_login(a, true);
        a->retry_boot_ms = NOW_NEVER;
        return true;
    case 901: /* RPL_LOGGEDOUT */
        set_login(a, false);
        retry_later(a, boot_ms);
        return true;
    case 903: /* RPL_SASLSUCCESS */
    case 907: /* ERR_SASLALREADY */
        set_login(a, true);
        a->retry_ms = RETRY_MS;
        a->retry_boot_ms = NOW_NEVER;
        sasl_over(a, boot_ms);
        return true;
    case 902: /* ERR_NICKLOCKED */
    case 904: /* ERR_SASLFAIL */
    case 905: /* ERR_SASLTOOLONG */
        if (a->sasl == IRC_SASL_IDLE)
            return true;
        note(a, "the services refused the login (account, password or certificate)");
        sasl_refused(a, boot_ms);
        return true;
    case 906: /* ERR_SASLABORTED: ours, see irc_auth_tick() */
        return true;
    case 908: /* RPL_SASLMECHS; 904 follows */
        note(a, "the services do not know the configured SASL mechanism");
        return true;
    default:
        return false;
    }
}

/* ---- CAP ---------------------------------------------------------------------------------- */

static unsigned wanted(const struct irc_auth *a)
{
    unsigned caps = a->offered & ~a->active & ~a->asked;

    if (!wants_login(a) || !a->mechanism_offered)
        caps &= ~(unsigned)IRC_CAP_SASL;
    return caps;
}

static void request(struct irc_auth *a, unsigned caps, int64_t boot_ms)
{
    char line[200] = "CAP REQ :";
    size_t i, used = strlen(line), before = used;

    for (i = 0; i < N_KNOWN; i++)
        if (caps & known[i].cap)
            used += (size_t)snprintf(line + used, sizeof line - used, "%s%s",
                                     used > before ? " " : "", known[i].name);
    assert(used < sizeof line);
    if (used == before)
        return;
    a->asked |= caps;
    a->awaited++;
    send_line(a, line);
    /* A REQ holds the registration up again, also one behind CAP END (seen with InspIRCd when SASL
     * appears in between; IRCv3 capability-negotiation, "The CAP REQ subcommand"). */
    if (!a->registered) {
        a->ended = false;
        if (a->end_boot_ms == NOW_NEVER)
            a->end_boot_ms = boot_ms + END_MS;
    }
}

static void request_wanted(struct irc_auth *a, int64_t boot_ms)
{
    unsigned caps = wanted(a);

    /* SASL on its own: a refusal of it must not take the others along. */
    request(a, caps & ~(unsigned)IRC_CAP_SASL, boot_ms);
    request(a, caps & IRC_CAP_SASL, boot_ms);
    begin_sasl(a, boot_ms);
    end_if_done(a, boot_ms);
}

/* Is ours in a list of mechanisms "A,B,C"? */
static bool has_mechanism(const struct irc_auth *a, const char *list, size_t n)
{
    const char *name = a->mechanism == SASL_EXTERNAL ? "EXTERNAL" : "PLAIN";
    size_t len = strlen(name), i = 0;

    while (i < n) {
        size_t k = strcspn(list + i, ", ");

        if (k > n - i)
            k = n - i;
        if (k == len && !memcmp(list + i, name, k))
            return true;
        i += k + 1;
    }
    return false;
}

/* Calls of one word of a capability list: "-name", "name" or "name=value". */
struct cap_word {
    bool minus;
    unsigned cap; /* 0: none of ours */
    bool sts;     /* never asked for: it only tells (IRCv3 sts) */
    const char *value;
    size_t value_n;
};

static bool next_word(const char **p, struct cap_word *ret_word)
{
    size_t n, k, i;

    *p += strspn(*p, " ");
    n = strcspn(*p, " ");
    if (!n)
        return false;
    memset(ret_word, 0, sizeof *ret_word);
    while (n && (**p == '-' || **p == '~' || **p == '=')) {
        ret_word->minus = ret_word->minus || **p == '-';
        (*p)++;
        n--;
    }
    k = strcspn(*p, "= ");
    if (k > n)
        k = n;
    for (i = 0; i < N_KNOWN; i++)
        if (strlen(known[i].name) == k && !memcmp(known[i].name, *p, k))
            ret_word->cap = known[i].cap;
    ret_word->sts = k == 3 && !memcmp("sts", *p, k) && !ret_word->minus;
    if (k < n) {
        ret_word->value = *p + k + 1;
        ret_word->value_n = n - k - 1;
    }
    *p += n;
    return true;
}

static void on_list(struct irc_auth *a, const struct irc_msg *m, int64_t boot_ms)
{
    bool more = m->n_params >= 4 && !strcmp(m->param[2], "*");
    const char *p = irc_line_param(m, more ? 3 : 2);
    struct cap_word w;

    while (next_word(&p, &w)) {
        if (w.sts && w.value && a->port.sts(a->port.ctx, w.value, w.value_n))
            return;
        a->listing |= w.cap;
        if (w.cap == IRC_CAP_SASL)
            a->listing_mechanism = !w.value || has_mechanism(a, w.value, w.value_n);
    }
    if (more)
        return;
    a->offered = a->listing;
    a->mechanism_offered = a->listing_mechanism;
    a->listing = 0;
    a->listing_mechanism = false;
    if (!a->listed)
        a->port.listed(a->port.ctx);
    a->listed = true;
    /* A refusal is not for ever: what is offered now may be asked for again. */
    if (!a->awaited)
        a->asked = 0;
    request_wanted(a, boot_ms);
    if (a->sasl == IRC_SASL_IDLE && !a->awaited)
        retry_later(a, boot_ms);
}

static void on_ack(struct irc_auth *a, const char *list, int64_t boot_ms)
{
    struct cap_word w;

    while (next_word(&list, &w)) {
        if (w.minus)
            a->active &= ~w.cap;
        else
            a->active |= w.cap;
    }
    if (a->awaited)
        a->awaited--;
    begin_sasl(a, boot_ms);
    end_if_done(a, boot_ms);
}

/* One that is refused takes the rest of its line along: ask for the rest one by one. */
static void on_nak(struct irc_auth *a, const char *list, int64_t boot_ms)
{
    unsigned refused = 0, bit;
    struct cap_word w;

    while (next_word(&list, &w))
        refused |= w.cap;
    if (a->awaited)
        a->awaited--;
    if (refused & (refused - 1))
        for (bit = 1; bit <= IRC_CAP_SASL; bit <<= 1)
            if (refused & bit)
                request(a, bit, boot_ms);
    if (refused & IRC_CAP_SASL)
        retry_later(a, boot_ms);
    end_if_done(a, boot_ms);
}

static void on_del_new(struct irc_auth *a, const char *list, bool is_new, int64_t boot_ms)
{
    struct cap_word w;

    while (next_word(&list, &w)) {
        if (is_new && w.sts && w.value && a->port.sts(a->port.ctx, w.value, w.value_n))
            return;
        a->asked &= ~w.cap;
        if (is_new) {
            a->offered |= w.cap;
        } else {
            a->offered &= ~w.cap;
            a->active &= ~w.cap;
        }
        if (w.cap == IRC_CAP_SASL)
            a->mechanism_offered = is_new && (!w.value || has_mechanism(a, w.value, w.value_n));
        /* What was under way goes on: some servers say DEL and NEW in one breath, and the deadline
         * ends an attempt that gets no answer. */
    }
    if (is_new)
        request_wanted(a, boot_ms);
}

static void on_cap(struct irc_auth *a, const struct irc_msg *m, int64_t boot_ms)
{
    /* The first parameter is a nick, and may be another client's (seen). */
    const char *what = irc_line_param(m, 1), *list = irc_line_param(m, 2);

    if (!strcmp(what, "LS"))
        on_list(a, m, boot_ms);
    else if (!strcmp(what, "ACK"))
        on_ack(a, list, boot_ms);
    else if (!strcmp(what, "NAK"))
        on_nak(a, list, boot_ms);
    else if (!strcmp(what, "DEL"))
        on_del_new(a, list, false, boot_ms);
    else if (!strcmp(what, "NEW"))
        on_del_new(a, list, true, boot_ms);
}

/* ---- the outside -------------------------------------------------------------------------- */

void irc_auth_start(struct irc_auth *a, int64_t boot_ms)
{
    irc_auth_lost(a);
    a->started = true;
    a->end_boot_ms = boot_ms + END_MS;
    send_line(a, "CAP LS 302");
}

bool irc_auth_line(struct irc_auth *a, const struct irc_msg *m, int64_t boot_ms)
{
    if (m->nick)
        return false; /* none of these comes from a user */
    if (m->numeric)
        return on_numeric(a, m, boot_ms);
    if (!strcmp(m->command, "CAP"))
        on_cap(a, m, boot_ms);
    else if (!strcmp(m->command, "AUTHENTICATE"))
        on_authenticate(a, m, boot_ms);
    else
        return false;
    return true;
}

void irc_auth_registered(struct irc_auth *a, int64_t boot_ms)
{
    a->registered = true;
    a->end_boot_ms = NOW_NEVER;
    if (a->sasl == IRC_SASL_IDLE && a->retry_boot_ms == NOW_NEVER)
        retry_later(a, boot_ms);
}

void irc_auth_tick(struct irc_auth *a, int64_t boot_ms)
{
    if (boot_ms >= a->sasl_boot_ms) {
        note(a, "no answer to SASL");
        send_line(a, "AUTHENTICATE *");
        sasl_over(a, boot_ms);
    }
    if (boot_ms >= a->end_boot_ms) {
        a->end_boot_ms = NOW_NEVER;
        a->awaited = 0;
        a->listed = true;
        end_if_done(a, boot_ms);
    }
    if (boot_ms >= a->retry_boot_ms) {
        a->retry_boot_ms = NOW_NEVER;
        if (!wants_login(a))
            return;
        if (a->registered) {
            /* Set again when the answer comes; this one is for no answer at all. */
            retry_later(a, boot_ms);
            a->awaited = 0;
            send_line(a, "CAP LS 302");
        } else {
            retry_later(a, boot_ms);
        }
    }
}

int64_t irc_auth_next(const struct irc_auth *a)
{
    int64_t next = a->end_boot_ms;

    if (a->sasl_boot_ms < next)
        next = a->sasl_boot_ms;
    if (a->retry_boot_ms < next)
        next = a->retry_boot_ms;
    return next;
}
