/*
 * fuzz_http: whatever a client sends, through a real connection and libmicrohttpd, to the board and
 * the webhooks of a crier that has a draft, and to the sandbox.
 *
 * For libFuzzer: run it in the top of the tree, or with CRIER_ROOT set. The first byte chooses the
 * server (modulo 4: with a token, without one, the sandbox, the sandbox that takes faults), the
 * others are sent as they are. Whatever comes, what is answered is HTTP, no secret is in it that
 * was not sent, nobody reads without the token, and nothing changes without a method that may.
 * Each input meets the same state: what changed something has a new server behind it.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "house.h"
#include "json_memory.h"
#include "log.h"
#include "run_board.h"
#include "run_web.h"
#include "sandbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOKEN_ENV "FUZZ_HTTP_TOKEN"
#define TOKEN "board-token-of-the-fuzzer"
#define HOOK_ENV "FUZZ_HTTP_HOOK"
#define HOOK "hook-token-of-the-fuzzer"
#define KEY "sandbox-key-of-the-fuzzer"
#define SECRET_WORDS "-of-the-fuzzer"
#define DRAFT_WORDS "Errors for logged-in users"

enum {
    ANSWER_MAX = 4 << 20,
    ENOUGH = 256 << 10, /* bytes of an answer without end */
    TURNS_MAX = 3000,
    IDLE_TURNS = 3,     /* without anything to do: the client has said all */
    WAKES_MAX = 40,     /* deadlines of a slow answer that are waited for, on the fuzzer's clock */
    PATIENCE_TURNS = 40 /* for the end of the connection, when the client has shut its side */
};

enum target { TARGET_TOKEN, TARGET_OPEN, TARGET_SANDBOX, TARGET_FAULTS, TARGETS };

struct server {
    struct now now;
    uint16_t port;
    /* crier's own */
    struct house house;
    struct run_web web;
    struct run_board board;
    size_t commits;
    /* the sandbox's */
    struct sandbox *sandbox;
    struct httpd *httpd;
    char *state;
    bool up;
};

/* ---- servers --------------------------------------------------------------------------------- */

static uint16_t free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert(fd >= 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert(!bind(fd, (const struct sockaddr *)&at, sizeof at));
    assert(!getsockname(fd, (struct sockaddr *)&at, &n));
    close(fd);
    return ntohs(at.sin_port);
}

static void start_crier(struct server *s, bool token)
{
    const char *root = getenv("CRIER_ROOT");
    char *path = buf_printf("%s/" HOUSE_CFG, root ? root : ".");
    struct settings *settings;
    size_t i;

    assert(path);
    house_init(&s->house, path);
    free(path);
    house_draft(&s->house);
    settings = s->house.settings;
    settings->http.port = free_port();
    settings->http.token_env = token ? strdup(TOKEN_ENV) : NULL;
    for (i = 0; i < settings->n_sources; i++) {
        if (strcmp(settings->source[i].name, "jinxer") != 0)
            continue;
        settings->source[i].webhook = true;
        settings->source[i].webhook_token_env = token ? strdup(HOOK_ENV) : NULL;
    }
    memset(&s->web, 0, sizeof s->web);
    assert(!run_web_start(&s->web, settings, &s->house.formats, &s->house.courier));
    run_board_start(&s->board, s->web.web, &s->house.courier, settings);
    s->port = web_port(s->web.web);
    s->now = s->house.now;
    s->commits = s->house.store.n_commits;
}

static int answer_held(void *ctx, uint64_t hold, struct httpd_response *response)
{
    return httpd_answer(ctx, hold, response);
}

/* One request past the socket. @return the answer, the caller's. */
static char *ask_sandbox(struct sandbox *sb, struct now now, const char *method, const char *path,
                         const char *body)
{
    struct httpd_field field[2] = {{"Authorization", "OAuth " KEY},
                                   {"Content-Type", "application/json"}};
    struct httpd_request req = {.method = method,
                                .path = path,
                                .query = "",
                                .field = field,
                                .n_fields = 2,
                                .body = body,
                                .body_bytes = strlen(body),
                                .now = now};
    struct httpd_response res;
    char *text;

    httpd_response_init(&res);
    assert(!sandbox_handle(sb, &req, &res) && !httpd_response_error(&res) && !res.hold);
    text = strdup(buf_str(&res.body));
    assert(text && res.status < 300);
    httpd_response_finish(&res);
    return text;
}

/* What readers can see of the page. */
static char *state_of(struct server *s)
{
    char *incidents = ask_sandbox(s->sandbox, s->now, "GET", "/api/v2/incidents.json", "");
    char *components = ask_sandbox(s->sandbox, s->now, "GET", "/api/v2/components.json", "");
    char *both = buf_printf("%s\n%s", incidents, components);

    assert(both);
    free(incidents);
    free(components);
    return both;
}

static void start_sandbox(struct server *s, bool faults)
{
    struct sandbox_options o = {.page_id = "pg1",
                                .page_name = "Example",
                                .key = KEY,
                                .components = "Reading, Editing",
                                .base_url = "http://127.0.0.1:1",
                                .rate_limit = SANDBOX_RATE_MAX,
                                .faults = faults};
    struct httpd_options http = {.handler = sandbox_handle, .gone = sandbox_gone};

    s->now = (struct now){INT64_C(1673980495000), 5000};
    assert(!sandbox_create(&o, &s->sandbox));
    http.ctx = s->sandbox;
    assert(!httpd_create(&http, &s->httpd));
    s->port = httpd_port(s->httpd);
    sandbox_set_outlet(s->sandbox, (struct sandbox_outlet){.ctx = s->httpd, .answer = answer_held});
    free(ask_sandbox(s->sandbox, s->now, "POST", "/v1/pages/pg1/incidents",
                     "{\"incident\":{\"name\":\"" DRAFT_WORDS "\",\"body\":\"b\","
                     "\"metadata\":{\"crier\":{\"k\":\"v\"}}}}"));
    s->state = state_of(s);
}

static void start(struct server *s, enum target target)
{
    if (target == TARGET_TOKEN || target == TARGET_OPEN)
        start_crier(s, target == TARGET_TOKEN);
    else
        start_sandbox(s, target == TARGET_FAULTS);
    s->up = true;
}

static void stop(struct server *s)
{
    if (s->sandbox) {
        httpd_destroy(s->httpd);
        sandbox_destroy(s->sandbox);
        free(s->state);
    } else {
        run_web_stop(&s->web);
        house_finish(&s->house);
    }
    memset(s, 0, sizeof *s);
}

/* @return the next deadline on the fuzzer's clock, NOW_NEVER: none. */
static int64_t turn(struct server *s, struct pollset *set)
{
    struct source_port port =
        s->sandbox ? httpd_source_port(s->httpd) : web_source_port(s->web.web);
    struct source_port late = {0};

    port.dispatch(port.ctx, set, s->now);
    if (s->sandbox) {
        late = sandbox_source_port(s->sandbox);
        late.dispatch(late.ctx, set, s->now);
    } else {
        s->house.now = s->now;
        house_settle(&s->house);
        run_web_turn(&s->web);
    }
    pollset_clear(set);
    port.collect(port.ctx, set);
    if (late.collect)
        late.collect(late.ctx, set);
    assert(!set->err);
    return set->deadline_boot_ms;
}

/* ---- a client -------------------------------------------------------------------------------- */

/* From another address of loopback each time, so that no pair of ports has to rest. */
static int dial(uint16_t port, unsigned number)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in from = {.sin_family = AF_INET};
    const struct linger reset = {1, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert(fd >= 0);
    from.sin_addr.s_addr = htonl(0x7f000002 + number % 60000);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert(!bind(fd, (const struct sockaddr *)&from, sizeof from));
    assert(!connect(fd, (const struct sockaddr *)&to, sizeof to));
    assert(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
    return fd;
}

/* Whether something of the server's, or the client's, can be done at once. */
static bool is_busy(const struct pollset *set, int fd, short want, int wait_ms)
{
    struct pollfd fds[8];
    size_t i;

    assert(set->n < 8);
    for (i = 0; i < set->n; i++)
        fds[i] = (struct pollfd){.fd = set->item[i].fd, .events = set->item[i].want};
    fds[set->n] = (struct pollfd){.fd = fd, .events = want};
    return poll(fds, set->n + 1, wait_ms) > 0;
}

/* Sends all and takes what comes, until nothing more does. */
static void talk(struct server *s, const uint8_t *data, size_t size, struct buf *answer)
{
    static unsigned number;
    struct pollset set;
    int fd = dial(s->port, number++), turns, idle = 0, wakes = 0;
    bool shut = false;
    char block[4096];

    pollset_init(&set);
    for (turns = 0; turns < TURNS_MAX && answer->len < ENOUGH; turns++) {
        int64_t due_boot_ms;
        ssize_t sent = size ? send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
        ssize_t got = recv(fd, block, sizeof block, MSG_DONTWAIT);

        if (sent > 0) {
            data += sent;
            size -= (size_t)sent;
        } else if (sent < 0 && errno != EAGAIN) {
            size = 0; /* it does not want to hear more */
        }
        if (got > 0)
            buf_add(answer, block, (size_t)got);
        if (!got || (got < 0 && errno != EAGAIN))
            break;
        due_boot_ms = turn(s, &set);
        if (sent > 0 || got > 0 ||
            is_busy(&set, fd, (short)(POLLIN | (size ? POLLOUT : 0)), shut ? 1 : 0)) {
            idle = 0;
        } else if (++idle >= IDLE_TURNS && wakes < WAKES_MAX && due_boot_ms != NOW_NEVER &&
                   due_boot_ms > s->now.boot_ms && due_boot_ms - s->now.boot_ms <= 2000) {
            s->now.wall_ms += due_boot_ms - s->now.boot_ms;
            s->now.boot_ms = due_boot_ms;
            wakes++;
        } else if (idle >= IDLE_TURNS && !shut) {
            assert(!shutdown(fd, SHUT_WR));
            shut = true;
            idle = 0;
        } else if (shut && idle >= PATIENCE_TURNS) {
            break; /* held, for longer than anybody waits here */
        }
    }
    close(fd);
    (void)turn(s, &set); /* sees that it is gone */
    (void)turn(s, &set);
    pollset_finish(&set);
}

/* ---- what must be true of an answer ---------------------------------------------------------- */

static bool holds(const uint8_t *data, size_t size, const char *text)
{
    return size && memmem(data, size, text, strlen(text));
}

/* The value of a field in a head that ends with an empty line, or NULL. */
static const char *field_of(const char *head, const char *end, const char *name)
{
    const char *line;

    for (line = head; line < end; line = strstr(line, "\r\n") + 2)
        if (!strncasecmp(line, name, strlen(name)) && line[strlen(name)] == ':')
            return line + strlen(name) + 1;
    return NULL;
}

/* One head: a status line and fields, without a control character. @return the status. */
static long check_head(const char *text, const char *end)
{
    const char *line = strstr(text, "\r\n");
    long status;

    assert(!strncmp(text, "HTTP/1.1 ", 9) || !strncmp(text, "HTTP/1.0 ", 9));
    status = strtol(text + 9, NULL, 10);
    assert(status >= 100 && status <= 599 && text[12] == ' ');
    for (; text < end; text++)
        assert((unsigned char)*text >= 0x20 || *text == '\t' ||
               (*text == '\r' && text[1] == '\n') || (*text == '\n' && text[-1] == '\r'));
    for (line += 2; line < end; line = strstr(line, "\r\n") + 2) {
        size_t n = strcspn(line, ":\r\n ");

        assert(n && line[n] == ':');
    }
    return status;
}

/*
 * The answers of one connection, as far as their lengths can be told. A refusal of libmicrohttpd's
 * own is its last: 0.9.75 writes the head of some (a length that is no number) twice.
 *
 * @param strict false where the sandbox was told to answer badly.
 */
static void check_answers(const struct buf *answer, bool head_asked, bool strict)
{
    const char *at = buf_str(answer), *end = at + answer->len;

    while (at < end) {
        const char *body = memmem(at, (size_t)(end - at), "\r\n\r\n", 4), *value;
        unsigned long long bytes;
        bool is_own;
        long status;

        if (!body) {
            assert(!strict);
            return;
        }
        assert(!memchr(at, '\0', (size_t)(body - at)));
        body += 2;
        status = check_head(at, body);
        if (status == 200) {
            assert(field_of(at, body, "Cache-Control"));
            assert(field_of(at, body, "X-Content-Type-Options"));
        }
        value = field_of(at, body, "Content-Length");
        is_own = field_of(at, body, "Content-Type") || field_of(at, body, "Cache-Control");
        at = body + 2;
        if (status >= 400 && !is_own)
            return;
        if (status < 200 || status == 204 || status == 304)
            continue;
        if (!value || head_asked)
            return; /* chunks, until the end, or nobody knows whose body this is */
        bytes = strtoull(value, NULL, 10);
        if (bytes > (unsigned long long)(end - at)) {
            assert(!strict);
            return;
        }
        at += bytes;
    }
}

/* %XX are what they stand for. */
static size_t percent_decode(const uint8_t *data, size_t size, uint8_t *dst)
{
    size_t i, n = 0;

    for (i = 0; i < size; i++) {
        char hex[3] = "", *end = hex;
        long value = 0;

        if (data[i] == '%' && i + 2 < size) {
            memcpy(hex, data + i + 1, 2);
            value = strtol(hex, &end, 16);
        }
        dst[n++] = end == hex + 2 ? (uint8_t)value : data[i];
        i += end == hex + 2 ? 2 : 0;
    }
    return n;
}

static void check_content(const uint8_t *data, size_t size, enum target target,
                          const struct buf *answer)
{
    const uint8_t *said = (const uint8_t *)buf_str(answer);
    uint8_t *plain = malloc(size + 1);
    size_t n;

    assert(plain);
    n = percent_decode(data, size, plain);
    /* A part of a secret that the client knows may come back to it, as of a path that is no path.
     */
    if (!holds(data, size, "of-the-fuzzer") && !holds(plain, n, "of-the-fuzzer"))
        assert(!holds(said, answer->len, SECRET_WORDS));
    if (target == TARGET_TOKEN && !holds(data, size, TOKEN)) {
        plain[n] = '\0';
        if (!holds(data, size, "asic")) /* HTTP Basic hides it in base64, in any case of letters */
            assert(!holds(said, answer->len, DRAFT_WORDS));
    }
    if (target == TARGET_TOKEN || target == TARGET_OPEN) {
        assert(!holds(said, answer->len, TOKEN) && !holds(said, answer->len, HOOK));
        assert(!holds(said, answer->len, "<script"));
    }
    free(plain);
}

/* What may change the page: the sandbox and httpd compare methods as they are sent. */
static bool may_write(const uint8_t *data, size_t size)
{
    return holds(data, size, "POST") || holds(data, size, "PUT") || holds(data, size, "PATCH") ||
           holds(data, size, "DELETE");
}

static void check_state(struct server *s, const uint8_t *data, size_t size)
{
    if (s->sandbox) {
        char *state = state_of(s);

        assert(!strcmp(state, s->state));
        free(state);
    } else {
        house_settle(&s->house);
        assert(s->house.store.n_commits == s->commits || may_write(data, size));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct server servers[TARGETS];
    enum target target;
    struct server *s;
    struct buf answer;
    bool wrote, moved;

    if (!size)
        return 0;
    if (!servers[0].up) {
        log_set_level(LOG_LEVEL_ERROR);
        json_memory_or_leave();
        assert(!setenv(TOKEN_ENV, TOKEN, 1) && !setenv(HOOK_ENV, HOOK, 1));
    }
    target = (enum target)(data[0] % TARGETS);
    data++;
    size--;
    s = &servers[target];
    if (!s->up)
        start(s, target);
    if (!servers[0].up) /* so that the above is done once */
        start(&servers[0], TARGET_TOKEN);
    buf_init(&answer, ANSWER_MAX);
    talk(s, data, size, &answer);
    wrote = may_write(data, size);
    check_answers(&answer, holds(data, size, "HEAD"),
                  target != TARGET_FAULTS && answer.len < ENOUGH);
    check_content(data, size, target, &answer);
    if (!wrote || !s->sandbox)
        check_state(s, data, size);
    moved = s->sandbox ? wrote : s->house.store.n_commits != s->commits;
    if (moved)
        stop(s);
    buf_finish(&answer);
    return 0;
}
