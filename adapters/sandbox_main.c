#include "sandbox.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "secret.h"

#define MODULE "sandbox"
#define KEY_ENV "CRIER_SANDBOX_KEY"

enum { WAITS_MAX = 8, URL_MAX = 64 };

struct arguments {
    struct sandbox_options sandbox;
    uint16_t port;
    char *given_key; /* owned */
    const char *key_from;
};

static const char usage[] =
    "usage: crier sandbox [options]\n"
    "Serves a Statuspage-compatible API and page on 127.0.0.1, for demos, drills and tests.\n\n"
    "  --port N          port to listen on; 0, the default: a free one\n"
    "  --db FILE         where to keep the state; without it, it is gone at the end\n"
    "  --key KEY         the API key; default: $" KEY_ENV ", else a random one, which is printed\n"
    "  --page ID         page id, letters a-z and digits; default: the database's, or random\n"
    "  --name NAME       the page's name\n"
    "  --components A,B  components to have; default for a new page: Reading,Editing\n"
    "  --subscribers N   how many would get mail; default 12345\n"
    "  --rate N          manage requests in 60 s; default 60\n"
    "  --faults          it can be told to misbehave: PUT a script to /sandbox/faults, GET what\n"
    "                    has happened, DELETE it; POST adds rules, POST .../release ends stalls.\n"
    "                    \"Apply, then drop, on the second POST of an incident\":\n"
    "                    {\"rules\": [{\"on\": {\"kind\": \"create\"}, \"nth\": 2,\n"
    "                                \"do\": {\"drop\": true}}]}\n"
    "                    on: method, path, query, kind (create, update, correct, delete, read,\n"
    "                    list, manage, public); which of these: nth, next, always, probability\n"
    "                    with seed; do: status, retry_after, body, type, stall_before, apply,\n"
    "                    late, stall_after, drop, drip, cut, endless, distort, set, page, skew.\n"
    "                    The whole format is in adapters/sandbox_faults.h.\n";

static struct now now_read(void)
{
    struct timespec wall, boot;

    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (struct now){(int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000,
                        (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000};
}

/* @return whether text is a whole number from 0 to max. */
static bool parse_number(const char *text, int64_t max, int64_t *ret_value)
{
    int64_t value = 0;
    size_t i;

    for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 12; i++)
        value = value * 10 + (text[i] - '0');
    if (!i || text[i] || value > max)
        return false;
    *ret_value = value;
    return true;
}

static int usage_error(const char *what, const char *text)
{
    fprintf(stderr, "crier sandbox: %s: %s\n%s", what, text, usage);
    return EX_USAGE;
}

/* A word of the command line is covered once it is copied: everybody can read it by ps. */
static bool take_key(struct arguments *a, char *word)
{
    secret_destroy(a->given_key);
    a->given_key = strdup(word);
    if (!a->given_key)
        return false;
    memset(word, '*', strlen(word));
    a->sandbox.key = a->given_key;
    a->key_from = "--key";
    return true;
}

/* @return EX_OK, EX_USAGE, EX_OSERR, or -1 when the help was asked for and given. */
static int parse_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"db", required_argument, NULL, 'd'},
        {"key", required_argument, NULL, 'k'},
        {"page", required_argument, NULL, 'i'},
        {"name", required_argument, NULL, 'n'},
        {"components", required_argument, NULL, 'c'},
        {"subscribers", required_argument, NULL, 's'},
        {"rate", required_argument, NULL, 'r'},
        {"faults", no_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int64_t n;
    int c;

    optind = 0; /* glibc: begin anew, whoever used getopt before */
    while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
        switch (c) {
        case 'p':
            if (!parse_number(optarg, UINT16_MAX, &n))
                return usage_error("--port wants a number from 0 to 65535, not", optarg);
            a->port = (uint16_t)n;
            break;
        case 'd':
            a->sandbox.db_path = optarg;
            break;
        case 'k':
            if (!take_key(a, optarg))
                return EX_OSERR;
            break;
        case 'i':
            a->sandbox.page_id = optarg;
            break;
        case 'n':
            a->sandbox.page_name = optarg;
            break;
        case 'c':
            a->sandbox.components = optarg;
            break;
        case 's':
            if (!parse_number(optarg, 1000000000, &n))
                return usage_error("--subscribers wants a number, not", optarg);
            a->sandbox.subscribers = n ? n : -1;
            break;
        case 'r':
            if (!parse_number(optarg, SANDBOX_RATE_MAX, &n) || !n)
                return usage_error("--rate wants a number above 0, not", optarg);
            a->sandbox.rate_limit = n;
            break;
        case 'f':
            a->sandbox.faults = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return -1;
        default:
            fputs(usage, stderr);
            return EX_USAGE;
        }
    }
    if (optind < argc)
        return usage_error("no arguments are expected", argv[optind]);
    return EX_OK;
}

/* The key of the environment, unless the command line has one. @return an exit code. */
static int find_key(struct arguments *a)
{
    char why[256];
    int r;

    if (a->sandbox.key)
        return EX_OK;
    a->key_from = "the next line";
    if (!getenv(KEY_ENV))
        return EX_OK;
    r = secret_load(NULL, KEY_ENV, &a->given_key, why, sizeof why);
    if (r) {
        log_errorx(MODULE, "%s", why);
        return EX_CONFIG;
    }
    a->sandbox.key = a->given_key;
    a->key_from = "$" KEY_ENV;
    return EX_OK;
}

/* @return the descriptor that tells of SIGTERM and SIGINT, or -1. */
static int open_signals(sigset_t *ret_before)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, ret_before) < 0 ||
        (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0) {
        log_warn(MODULE, "signals");
        return -1;
    }
    return fd;
}

static int wait_ms(const struct pollset *set, int64_t boot_ms)
{
    int64_t ms;

    if (set->deadline_boot_ms == NOW_NEVER)
        return -1;
    ms = set->deadline_boot_ms - boot_ms;
    return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

/* Serves until a signal comes. @return an exit code. */
static int serve(struct httpd *h, struct sandbox *sb, int signal_fd)
{
    struct source_port http = httpd_source_port(h), late = sandbox_source_port(sb);
    struct pollset set;
    int code = EX_OK;

    pollset_init(&set);
    for (;;) {
        struct pollfd fds[WAITS_MAX];
        struct now now = now_read();
        size_t i;

        http.dispatch(http.ctx, &set, now);
        late.dispatch(late.ctx, &set, now);
        pollset_clear(&set);
        pollset_add(&set, signal_fd, POLLIN);
        http.collect(http.ctx, &set);
        late.collect(late.ctx, &set);
        if (set.err || set.n > WAITS_MAX) {
            code = EX_OSERR;
            break;
        }
        for (i = 0; i < set.n; i++)
            fds[i] = (struct pollfd){.fd = set.item[i].fd, .events = set.item[i].want};
        if (poll(fds, set.n, wait_ms(&set, now_read().boot_ms)) < 0 && errno != EINTR) {
            log_warn(MODULE, "poll");
            code = EX_OSERR;
            break;
        }
        if (fds[0].revents & POLLIN) {
            struct signalfd_siginfo taken; /* read, or it would strike when it is unblocked */

            if (read(signal_fd, &taken, sizeof taken) == (ssize_t)sizeof taken)
                break;
        }
    }
    pollset_finish(&set);
    return code;
}

static int exit_code(int err)
{
    return err == CRIER_EINVAL ? EX_USAGE : err == CRIER_ENOMEM ? EX_OSERR : EX_CANTCREAT;
}

static int answer_held(void *ctx, uint64_t hold, struct httpd_response *response)
{
    return httpd_answer(ctx, hold, response);
}

static int run(struct arguments *a, int signal_fd)
{
    struct httpd_options http = {.port = a->port, .handler = sandbox_handle, .gone = sandbox_gone};
    struct sandbox *sb = NULL;
    struct httpd *h = NULL;
    char url[URL_MAX];
    int code, r = sandbox_create(&a->sandbox, &sb);

    if (r) {
        code = exit_code(r);
        goto out;
    }
    http.ctx = sb;
    r = httpd_create(&http, &h);
    if (r) {
        code = EX_UNAVAILABLE;
        goto out;
    }
    sandbox_set_outlet(sb, (struct sandbox_outlet){.ctx = h, .answer = answer_held});
    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)httpd_port(h));
    if (sandbox_set_url(sb, url)) {
        code = EX_OSERR;
        goto out;
    }
    printf("sandbox: %s/ page %s key in %s\n", url, sandbox_page_id(sb), a->key_from);
    if (!a->sandbox.key)
        printf("sandbox: key %s\n", sandbox_key(sb));
    fflush(stdout);
    code = serve(h, sb, signal_fd);
out:
    httpd_destroy(h);
    sandbox_destroy(sb);
    return code;
}

int sandbox_main(int argc, char **argv)
{
    struct arguments a = {.port = 0};
    sigset_t before;
    int signal_fd = -1, code = parse_arguments(argc, argv, &a);

    if (code) {
        code = code < 0 ? EX_OK : code;
        goto out;
    }
    code = find_key(&a);
    if (code)
        goto out;
    signal_fd = open_signals(&before);
    if (signal_fd < 0) {
        code = EX_OSERR;
    } else {
        code = run(&a, signal_fd);
        close(signal_fd);
        sigprocmask(SIG_SETMASK, &before, NULL);
    }
out:
    secret_destroy(a.given_key);
    return code;
}
