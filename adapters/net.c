#include "net_curl.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

enum {
    /* poll() counts on CLOCK_MONOTONIC, deadlines on CLOCK_BOOTTIME: after the machine has slept a
     * long wait would end late, by no more than this. */
    LONGEST_WAIT_MS = 10000,
    /* The set is incomplete because memory was out: look at everything again soon. */
    INCOMPLETE_WAIT_MS = 50,
    FIRST_CAP = 16
};

enum transfer_state {
    TRANSFER_RUNNING, /* in the multi handle */
    TRANSFER_DUE,     /* over, done not called yet */
    TRANSFER_HELD     /* CONNECT_ONLY, done was called, in the multi handle for its connection */
};

struct transfer {
    struct transfer *next;
    CURL *easy;
    net_curl_done *done;
    void *ctx;
    enum transfer_state state;
    bool in_multi;
    uint64_t due_order;
    CURLcode result;
};

struct net {
    CURLM *multi;
    int wake_fd;
    struct transfer *transfer;
    uint64_t due_count;
    struct curl_waitfd *wait;
    size_t cap;
};

int net_create(struct net **ret_net)
{
    struct net *net = NULL;
    struct sigaction ignore;
    int r = CRIER_EIO;

    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return CRIER_EIO;
    net = calloc(1, sizeof *net);
    if (!net) {
        r = CRIER_ENOMEM;
        goto out;
    }
    net->wake_fd = -1;
    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    if (sigaction(SIGPIPE, &ignore, NULL)) {
        log_warn("net", "cannot ignore SIGPIPE");
        goto out;
    }
    net->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (net->wake_fd < 0) {
        log_warn("net", "eventfd");
        goto out;
    }
    net->multi = curl_multi_init();
    if (!net->multi) {
        r = CRIER_ENOMEM;
        goto out;
    }
    /* HTTP/1.1 only: one request on a connection at a time, see net_curl_defaults(). */
    (void)curl_multi_setopt(net->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    *ret_net = net;
    return 0;
out:
    if (net) {
        if (net->wake_fd >= 0)
            (void)close(net->wake_fd);
        free(net);
    }
    curl_global_cleanup();
    return r;
}

void net_destroy(struct net *net)
{
    if (!net)
        return;
    assert(!net->transfer);
    (void)curl_multi_cleanup(net->multi);
    (void)close(net->wake_fd);
    free(net->wait);
    free(net);
    curl_global_cleanup();
}

void net_wakeup(struct net *net)
{
    int saved = errno;
    uint64_t one = 1;
    ssize_t n;

    /* EAGAIN: the counter is at its end, so the wait ends anyway. */
    do
        n = write(net->wake_fd, &one, sizeof one);
    while (n < 0 && errno == EINTR);
    errno = saved;
}

/* ---- waiting */

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;

    if (clock_gettime(clock, &t)) {
        assert(!"clock_gettime"); /* both clocks exist on every Linux since 2.6.39 */
        return 0;
    }
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct now wait_now(void *ctx)
{
    struct now now;

    (void)ctx;
    now.wall_ms = clock_ms(CLOCK_REALTIME);
    now.boot_ms = clock_ms(CLOCK_BOOTTIME);
    return now;
}

static short to_curl(short want)
{
    return (short)((want & POLLIN ? CURL_WAIT_POLLIN : 0) |
                   (want & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
                   (want & POLLOUT ? CURL_WAIT_POLLOUT : 0));
}

static short from_curl(short got)
{
    return (short)((got & CURL_WAIT_POLLIN ? POLLIN : 0) | (got & CURL_WAIT_POLLPRI ? POLLPRI : 0) |
                   (got & CURL_WAIT_POLLOUT ? POLLOUT : 0));
}

static int fill_wait(struct net *net, const struct pollset *set)
{
    size_t i;

    if (set->n + 1 > net->cap) {
        size_t cap = net->cap ? net->cap : FIRST_CAP;
        struct curl_waitfd *w;

        while (cap < set->n + 1)
            cap *= 2;
        w = realloc(net->wait, cap * sizeof *w);
        if (!w)
            return CRIER_ENOMEM;
        net->wait = w;
        net->cap = cap;
    }
    for (i = 0; i < set->n; i++) {
        net->wait[i].fd = set->item[i].fd;
        net->wait[i].events = to_curl(set->item[i].want);
        net->wait[i].revents = 0; /* curl does not touch it when the wait times out */
    }
    net->wait[set->n].fd = net->wake_fd;
    net->wait[set->n].events = CURL_WAIT_POLLIN;
    net->wait[set->n].revents = 0;
    return 0;
}

static int wait_ms(struct net *net, const struct pollset *set)
{
    int64_t ms = LONGEST_WAIT_MS;
    long curl_ms = -1;

    if (set->deadline_boot_ms != NOW_NEVER) {
        int64_t now = clock_ms(CLOCK_BOOTTIME);

        if (set->deadline_boot_ms <= now)
            return 0;
        if (set->deadline_boot_ms - now < ms)
            ms = set->deadline_boot_ms - now;
    }
    if (set->err && ms > INCOMPLETE_WAIT_MS)
        ms = INCOMPLETE_WAIT_MS;
    if (!curl_multi_timeout(net->multi, &curl_ms) && curl_ms >= 0 && curl_ms < ms)
        ms = curl_ms;
    return (int)ms;
}

static int wait_wait(void *ctx, struct pollset *set)
{
    struct net *net = ctx;
    CURLMcode code;
    size_t i;
    uint64_t count;

    for (i = 0; i < set->n; i++)
        set->item[i].got = 0;
    if (set->n >= UINT_MAX || fill_wait(net, set))
        return CRIER_EIO;
    code = curl_multi_poll(net->multi, net->wait, (unsigned)set->n + 1, wait_ms(net, set), NULL);
    if (code) {
        log_errorx("net", "curl_multi_poll: %s", curl_multi_strerror(code));
        return CRIER_EIO;
    }
    for (i = 0; i < set->n; i++)
        set->item[i].got = from_curl(net->wait[i].revents);
    if (net->wait[set->n].revents)
        while (read(net->wake_fd, &count, sizeof count) < 0 && errno == EINTR)
            ;
    return 0;
}

struct wait_port net_wait_port(struct net *net)
{
    struct wait_port port = {net, wait_now, wait_wait};

    return port;
}

/* ---- transfers */

static struct transfer *find_transfer(struct net *net, const CURL *easy)
{
    struct transfer *t;

    for (t = net->transfer; t; t = t->next)
        if (t->easy == easy)
            return t;
    return NULL;
}

static void unlink_transfer(struct net *net, struct transfer *t)
{
    struct transfer **p;

    for (p = &net->transfer; *p; p = &(*p)->next)
        if (*p == t) {
            *p = t->next;
            return;
        }
}

static void leave_multi(struct net *net, struct transfer *t)
{
    CURLMcode code;

    if (!t->in_multi)
        return;
    code = curl_multi_remove_handle(net->multi, t->easy);
    /* The only way to fail is a call from inside a callback of libcurl: our own mistake. */
    assert(!code);
    t->in_multi = false;
}

/*
 * What libcurl cannot read as a proxy it repeats in its error text, password and all; and a user or
 * password with a control character makes it go without the proxy.
 */
static int check_proxy(const char *proxy)
{
    static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_PASSWORD};
    CURLU *u = curl_url();
    CURLUcode c;
    size_t i;

    if (!u)
        return CRIER_ENOMEM;
    c = curl_url_set(u, CURLUPART_URL, proxy, CURLU_NON_SUPPORT_SCHEME);
    for (i = 0; !c && i < sizeof parts / sizeof parts[0]; i++) {
        char *part = NULL;

        c = curl_url_get(u, parts[i], &part, CURLU_URLDECODE);
        if (c == CURLUE_NO_USER || c == CURLUE_NO_PASSWORD)
            c = CURLUE_OK;
        if (part)
            explicit_bzero(part, strlen(part));
        curl_free(part);
    }
    curl_url_cleanup(u);
    return c == CURLUE_OK ? 0 : c == CURLUE_OUT_OF_MEMORY ? CRIER_ENOMEM : CRIER_EINVAL;
}

int net_curl_defaults(CURL *easy, const char *ca_file, const char *proxy, long connect_timeout_ms,
                      char *errbuf)
{
    CURLcode c = CURLE_OK;
    int r;

    errbuf[0] = '\0';
    r = proxy ? check_proxy(proxy) : 0;
    if (r)
        return r;
    c |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, errbuf);
    c |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    c |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    c |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    c |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    c |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    c |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    c |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    c |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Without this the system's directory is believed beside ca_file, and nothing is cached. */
    c |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (ca_file)
        c |= curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    c |= curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy : "");
    c |= curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* nor an exception of the environment's */
    /* Plain http through an http proxy would otherwise end at the proxy. */
    c |= curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    return c ? CRIER_EIO : 0;
}

int net_curl_pins(const struct string_list *pins, char **ret_text)
{
    size_t i, n = 1;
    char *text;

    *ret_text = NULL;
    if (!pins->n)
        return 0;
    for (i = 0; i < pins->n; i++)
        n += strlen(pins->item[i]) + 1;
    text = malloc(n);
    if (!text)
        return CRIER_ENOMEM;
    for (i = 0, n = 0; i < pins->n; i++) {
        size_t bytes = strlen(pins->item[i]);

        if (i)
            text[n++] = ';';
        memcpy(text + n, pins->item[i], bytes);
        n += bytes;
    }
    text[n] = '\0';
    *ret_text = text;
    return 0;
}

int net_curl_pin(CURL *easy, const char *pins)
{
    CURLcode c = pins ? curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, pins) : CURLE_OK;

    /* An option that is silently not set would believe every key. */
    return c == CURLE_OK ? 0 : c == CURLE_OUT_OF_MEMORY ? CRIER_ENOMEM : CRIER_EIO;
}

const char *net_curl_words(CURLcode result, const char *errbuf)
{
    if (result == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
        return "the server's key is not a pinned one: somebody is in between, or it has a new key "
               "that the configuration (pin) does not know";
    return errbuf[0] ? errbuf : curl_easy_strerror(result);
}

int net_curl_add(struct net *net, CURL *easy, net_curl_done *done, void *ctx)
{
    struct transfer *t;
    CURLMcode code;

    assert(!find_transfer(net, easy));
    t = calloc(1, sizeof *t);
    if (!t)
        return CRIER_ENOMEM;
    t->easy = easy;
    t->done = done;
    t->ctx = ctx;
    t->state = TRANSFER_RUNNING;
    code = curl_multi_add_handle(net->multi, easy);
    if (code) {
        log_errorx("net", "curl_multi_add_handle: %s", curl_multi_strerror(code));
        free(t);
        return code == CURLM_OUT_OF_MEMORY ? CRIER_ENOMEM : CRIER_EIO;
    }
    t->in_multi = true;
    t->next = net->transfer;
    net->transfer = t;
    return 0;
}

void net_curl_remove(struct net *net, CURL *easy)
{
    struct transfer *t = find_transfer(net, easy);

    if (!t)
        return;
    leave_multi(net, t);
    unlink_transfer(net, t);
    free(t);
}

/*
 * A transfer that succeeded without an HTTP status was CONNECT_ONLY: libcurl has no way to ask a
 * handle for the option, and an HTTP answer always has a status (HTTP/0.9 is refused by default).
 */
static bool was_connect_only(const struct transfer *t)
{
    long status = 0;

    return t->result == CURLE_OK && !curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) &&
           !status;
}

static void gather_messages(struct net *net)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(net->multi, &left))) {
        struct transfer *t;

        if (m->msg != CURLMSG_DONE)
            continue;
        t = find_transfer(net, m->easy_handle);
        assert(t && t->state == TRANSFER_RUNNING);
        t->result = m->data.result;
        t->state = TRANSFER_DUE;
        t->due_order = net->due_count++;
        if (!was_connect_only(t))
            leave_multi(net, t);
    }
}

/* The callback may add and remove any transfer, so each round looks at the list anew. */
static void call_due(struct net *net, uint64_t until)
{
    for (;;) {
        struct transfer *t, *first = NULL;
        struct transfer due;

        for (t = net->transfer; t; t = t->next)
            if (t->state == TRANSFER_DUE && t->due_order < until &&
                (!first || t->due_order < first->due_order))
                first = t;
        if (!first)
            return;
        due = *first;
        if (first->in_multi) {
            first->state = TRANSFER_HELD;
        } else {
            unlink_transfer(net, first);
            free(first);
        }
        due.done(due.ctx, due.easy, due.result);
    }
}

static void source_collect(void *ctx, struct pollset *set)
{
    /* libcurl's own sockets and timer are known to the wait itself. */
    (void)ctx;
    (void)set;
}

static void source_dispatch(void *ctx, const struct pollset *set, struct now now)
{
    struct net *net = ctx;
    CURLMcode code;
    int running;

    (void)set;
    (void)now;
    code = curl_multi_perform(net->multi, &running);
    if (code)
        log_errorx("net", "curl_multi_perform: %s", curl_multi_strerror(code));
    gather_messages(net);
    call_due(net, net->due_count);
}

struct source_port net_source_port(struct net *net)
{
    struct source_port port = {net, source_collect, source_dispatch};

    return port;
}
