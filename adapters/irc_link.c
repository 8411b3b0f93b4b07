#include "irc_link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buf.h"
#include "err.h"
#include "irc_line.h"
#include "log.h"
#include "net_curl.h"
#include "secret.h"

enum {
    TX_BYTES = 32768,
    WHY_BYTES = 400,
    RX_BYTES = IRC_LINE_RAW_BYTES + 4096,
    TURN_BYTES = 65536 /* read in one turn of the loop, so that one network cannot starve others */
};

struct irc_link {
    struct net *net;
    CURL *easy;
    enum irc_link_state state;
    int fd;
    char why[CURL_ERROR_SIZE + 64];
    char errbuf[CURL_ERROR_SIZE];
    bool finished;
    CURLcode result;

    bool readable; /* not known to be empty: TLS may hold data that poll cannot see */
    bool discarding;
    size_t turn_left;
    size_t rx_line, rx_scan, rx_end; /* the unread part of rx, and how far it was searched */
    uint64_t received, overlong;

    /* After CURLE_AGAIN over TLS the same address must come again: nothing moves then. */
    bool again;
    size_t tx_start, tx_end;
    char tx[TX_BYTES];
    char rx[RX_BYTES + 1];
};

static void die(struct irc_link *l, const char *what, CURLcode r)
{
    if (l->state == IRC_LINK_DEAD)
        return;
    l->state = IRC_LINK_DEAD;
    if (r == CURLE_OK)
        (void)snprintf(l->why, sizeof l->why, "%s", what);
    else
        (void)snprintf(l->why, sizeof l->why, "%s: %s", what, net_curl_words(r, l->errbuf));
}

static void connected(void *ctx, CURL *easy, CURLcode result)
{
    struct irc_link *l = ctx;

    (void)easy;
    l->finished = true;
    l->result = result;
}

/* Each option is set in one place and every failure counts: an option that is silently not set
 * (a certificate, a proxy) would be a hole. */
static int set_options(CURL *e, const char *cert, const char *key, const char *url)
{
    CURLcode r = CURLE_OK;

#define SET(option, value)                          \
    do {                                            \
        if (r == CURLE_OK)                          \
            r = curl_easy_setopt(e, option, value); \
    } while (0)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_SSL_ENABLE_ALPN, 0L);
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    if (key) {
        SET(CURLOPT_SSLCERT, cert);
        SET(CURLOPT_SSLKEY, key);
    }
#undef SET
    if (r == CURLE_OUT_OF_MEMORY)
        return CRIER_ENOMEM;
    return r == CURLE_OK ? 0 : CRIER_EIO;
}

/*
 * Where certificate and key are, NULL where there is none. libcurl reads the files by itself, so
 * who may read the key is looked at now, and that no passphrase would be asked for.
 */
static int find_key(const struct network_settings *n, char **ret_cert, char **ret_key)
{
    const char *file = n->client_key ? n->client_key : n->client_cert;
    char why[WHY_BYTES];
    int r;

    if (!n->client_cert)
        return 0;
    r = secret_check_key(file, why, sizeof why);
    if (!r)
        r = secret_path(file, ret_key, why, sizeof why);
    if (!r)
        r = secret_path(n->client_cert, ret_cert, why, sizeof why);
    if (r)
        log_errorx("irc", "%s: client_key: %s", n->name, why);
    return r;
}

int irc_link_create(struct net *net, const struct network_settings *network,
                    struct irc_link **ret_link)
{
    struct irc_link *l = calloc(1, sizeof *l);
    bool v6 = strchr(network->host, ':') != NULL;
    char *url = NULL, *pins = NULL, *cert = NULL, *key = NULL;
    int r = CRIER_ENOMEM;

    if (!l)
        return CRIER_ENOMEM;
    l->net = net;
    l->fd = -1;
    l->state = IRC_LINK_CONNECTING;
    l->easy = curl_easy_init();
    url = buf_printf("%s://%s%s%s:%lld", network->tls ? "https" : "http", v6 ? "[" : "",
                     network->host, v6 ? "]" : "", (long long)network->port);
    if (!l->easy || !url || net_curl_pins(&network->pin, &pins))
        goto out;
    r = find_key(network, &cert, &key);
    if (r)
        goto out;
    r = net_curl_defaults(l->easy, network->ca_file, network->proxy,
                          (long)network->connect_timeout_ms, l->errbuf);
    if (!r)
        r = net_curl_pin(l->easy, pins);
    if (!r)
        r = set_options(l->easy, cert, key, url);
    if (!r)
        r = net_curl_add(net, l->easy, connected, l);
    if (r)
        goto out;
    *ret_link = l;
    l = NULL;
out:
    free(url);
    free(pins);
    free(cert);
    free(key);
    irc_link_destroy(l);
    return r;
}

void irc_link_destroy(struct irc_link *l)
{
    if (!l)
        return;
    if (l->easy) {
        net_curl_remove(l->net, l->easy);
        curl_easy_cleanup(l->easy);
    }
    /* Passwords went through here. */
    explicit_bzero(l->tx, sizeof l->tx);
    free(l);
}

enum irc_link_state irc_link_state(const struct irc_link *l)
{
    return l->state;
}

const char *irc_link_why(const struct irc_link *l)
{
    return l->why;
}

uint64_t irc_link_received(const struct irc_link *l)
{
    return l->received;
}

uint64_t irc_link_overlong(const struct irc_link *l)
{
    return l->overlong;
}

size_t irc_link_unsent(const struct irc_link *l)
{
    return l->tx_end - l->tx_start;
}

void irc_link_collect(const struct irc_link *l, struct pollset *set)
{
    if (l->state == IRC_LINK_DEAD || (l->state == IRC_LINK_CONNECTING && l->finished)) {
        pollset_deadline(set, 0);
        return;
    }
    if (l->state != IRC_LINK_OPEN)
        return;
    pollset_add(set, l->fd, (short)(POLLIN | (irc_link_unsent(l) ? POLLOUT : 0)));
    if (l->readable)
        pollset_deadline(set, 0);
}

static void flush(struct irc_link *l)
{
    while (l->state == IRC_LINK_OPEN && l->tx_start < l->tx_end) {
        size_t sent = 0;
        CURLcode r = curl_easy_send(l->easy, l->tx + l->tx_start, l->tx_end - l->tx_start, &sent);

        l->again = r == CURLE_AGAIN;
        if (l->again)
            return;
        if (r != CURLE_OK || !sent) {
            die(l, "cannot send", r);
            return;
        }
        explicit_bzero(l->tx + l->tx_start, sent);
        l->tx_start += sent;
    }
    l->tx_start = l->tx_end = 0;
}

static void open_link(struct irc_link *l)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (l->result != CURLE_OK) {
        die(l, "cannot connect", l->result);
        return;
    }
    if (curl_easy_getinfo(l->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD) {
        die(l, "connected, but libcurl names no socket", CURLE_OK);
        return;
    }
    l->fd = fd;
    l->state = IRC_LINK_OPEN;
    l->readable = true;
}

void irc_link_wake(struct irc_link *l, const struct pollset *set)
{
    if (l->state == IRC_LINK_CONNECTING && l->finished)
        open_link(l);
    if (l->state != IRC_LINK_OPEN)
        return;
    l->turn_left = TURN_BYTES;
    if (pollset_got(set, l->fd))
        l->readable = true;
    if (irc_link_unsent(l) && pollset_got(set, l->fd))
        flush(l);
}

/*
 * A server that leaves Nagle's algorithm on holds its next small segment back until this one is
 * acknowledged, which Linux would do up to 40 ms later; for a line of an outage that is too long.
 * Linux forgets the option by itself (tcp(7)), and a system without it is only slower.
 */
static void acknowledge_now(const struct irc_link *l)
{
    int on = 1;

    (void)setsockopt(l->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* Reads once. @return false when there is nothing more for now. */
static bool fill(struct irc_link *l)
{
    size_t n = 0;
    CURLcode r;

    if (l->state != IRC_LINK_OPEN || !l->readable || !l->turn_left)
        return false;
    if (l->rx_line) {
        memmove(l->rx, l->rx + l->rx_line, l->rx_end - l->rx_line);
        l->rx_end -= l->rx_line;
        l->rx_scan -= l->rx_line;
        l->rx_line = 0;
    }
    if (l->rx_end >= IRC_LINE_RAW_BYTES) {
        l->discarding = true;
        l->rx_end = l->rx_scan = 0;
    }
    r = curl_easy_recv(l->easy, l->rx + l->rx_end, RX_BYTES - l->rx_end, &n);
    if (r == CURLE_AGAIN) {
        l->readable = false;
        acknowledge_now(l);
        return false;
    }
    /* The first end is the last word: asked again, libcurl answers differently. */
    if (r != CURLE_OK || !n) {
        die(l, r == CURLE_OK ? "the server closed the connection" : "connection lost", r);
        return false;
    }
    l->rx_end += n;
    l->received += n;
    l->turn_left -= n < l->turn_left ? n : l->turn_left;
    return true;
}

bool irc_link_line(struct irc_link *l, char **ret_line, size_t *ret_n)
{
    for (;;) {
        char *lf = memchr(l->rx + l->rx_scan, '\n', l->rx_end - l->rx_scan);
        size_t start = l->rx_line;

        if (!lf) {
            l->rx_scan = l->rx_end;
            if (!fill(l))
                return false;
            continue;
        }
        l->rx_line = l->rx_scan = (size_t)(lf - l->rx) + 1;
        if (l->discarding || (size_t)(lf - l->rx) - start > IRC_LINE_RAW_BYTES) {
            l->discarding = false;
            l->overlong++;
            continue;
        }
        *ret_line = l->rx + start;
        *ret_n = (size_t)(lf - l->rx) - start;
        return true;
    }
}

int irc_link_send(struct irc_link *l, const char *line, size_t n)
{
    if (l->state != IRC_LINK_OPEN)
        return CRIER_ESTATE;
    if (!n || memchr(line, '\r', n) || memchr(line, '\n', n) || memchr(line, '\0', n))
        return CRIER_EINVAL;
    if (!l->again && l->tx_start && n + 2 > TX_BYTES - l->tx_end) {
        memmove(l->tx, l->tx + l->tx_start, l->tx_end - l->tx_start);
        l->tx_end -= l->tx_start;
        l->tx_start = 0;
    }
    if (n + 2 > TX_BYTES - l->tx_end)
        return CRIER_ELIMIT;
    memcpy(l->tx + l->tx_end, line, n);
    memcpy(l->tx + l->tx_end + n, "\r\n", 2);
    l->tx_end += n + 2;
    if (!l->again)
        flush(l);
    return 0;
}
