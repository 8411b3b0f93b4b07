#include "irc_session.h"

#include <errno.h>
#include <fcntl.h>
#include <libircclient.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "irc_line.h"
#include "log.h"

enum {
    HIGHEST_FD = FD_SETSIZE - 8, /* the library uses fd_set */
    BACKLOG_BYTES = 256 * 1024,
    OUT_BYTES = 8192,
    PUMP_ROUNDS = 16,
    BACKLOG = 16,
    COMMAND_BYTES = IRC_LINE_BODY_BYTES
};

/* Fixed, since the library would take them for format strings and print them to whoever asks. */
static const char fixed_name[] = "crier";

struct irc_session {
    irc_session_t *library;
    struct irc_session_sink sink;
    int bridge; /* our end; -1 until the library has the other */
    struct buf to_library;
    size_t out_len;
    char out[OUT_BYTES];
};

/* ---- callbacks ---------------------------------------------------------------------------- */

static void emit(irc_session_t *library, enum irc_event_kind kind, unsigned numeric,
                 const char *origin, const char **params, unsigned count)
{
    struct irc_session *s = irc_get_ctx(library);
    struct irc_event e = {.kind = kind, .numeric = numeric};
    size_t i;

    e.origin = origin ? origin : "";
    for (i = 0; i < sizeof e.param / sizeof e.param[0]; i++) {
        bool there = i < count && params[i];

        e.param[i] = there ? params[i] : "";
        e.n_params += there;
    }
    s->sink.event(s->sink.ctx, &e);
}

#define CALLBACK(name, kind)                                                        \
    static void name(irc_session_t *library, const char *event, const char *origin, \
                     const char **params, unsigned count)                           \
    {                                                                               \
        (void)event;                                                                \
        emit(library, kind, 0, origin, params, count);                              \
    }
CALLBACK(on_privmsg, IRC_EVENT_PRIVMSG)
CALLBACK(on_notice, IRC_EVENT_NOTICE)
CALLBACK(on_action, IRC_EVENT_ACTION)
CALLBACK(on_join, IRC_EVENT_JOIN)
CALLBACK(on_part, IRC_EVENT_PART)
CALLBACK(on_kick, IRC_EVENT_KICK)
CALLBACK(on_quit, IRC_EVENT_QUIT)
CALLBACK(on_nick, IRC_EVENT_NICK)
#undef CALLBACK

static void on_numeric(irc_session_t *library, unsigned event, const char *origin,
                       const char **params, unsigned count)
{
    emit(library, IRC_EVENT_NUMERIC, event, origin, params, count);
}

/* The library answers CTCP by itself unless somebody else does. */
static void ignore(irc_session_t *library, const char *event, const char *origin,
                   const char **params, unsigned count)
{
    (void)library;
    (void)event;
    (void)origin;
    (void)params;
    (void)count;
}

/* ---- the seam ------------------------------------------------------------------------- */

static int listen_here(int *ret_fd, unsigned short *ret_port)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return CRIER_EIO;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)(void *)&a, sizeof a) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)(void *)&a, &n)) {
        (void)close(fd);
        return CRIER_EIO;
    }
    *ret_fd = fd;
    *ret_port = ntohs(a.sin_port);
    return 0;
}

/* With DCC never accepted the library has one descriptor. Negative: it is deaf or dead. */
static int library_fd(const struct irc_session *s, fd_set *in, fd_set *out)
{
    int highest = -1;

    FD_ZERO(in);
    FD_ZERO(out);
    if (irc_add_select_descriptors(s->library, in, out, &highest))
        return -1;
    return highest;
}

/*
 * The library can only connect by TCP, and a TCP listener lets in whoever comes first, which may be
 * another user of this machine. So nobody is ever let in: the library's descriptor is given a new
 * meaning, one end of a pair of sockets that have no name and that nobody else can reach. Those
 * who knocked at the listener meanwhile are reset when it closes; not a byte of theirs is read.
 */
static int make_bridge(struct irc_session *s, int library)
{
    int pair[2] = {-1, -1};

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
        return CRIER_EIO;
    if (dup3(pair[1], library, O_CLOEXEC) < 0) {
        (void)close(pair[0]);
        (void)close(pair[1]);
        return CRIER_EIO;
    }
    (void)close(pair[1]);
    s->bridge = pair[0];
    return 0;
}

/* Only to say so: they get nothing and give nothing. @return how many of them there were. */
static unsigned send_away(int listener, const struct sockaddr_in *library)
{
    const struct linger at_once = {1, 0};
    unsigned n = 0, i;

    for (i = 0; i < BACKLOG; i++) {
        struct sockaddr_in peer = {0};
        socklen_t peer_n = sizeof peer;
        int fd = accept4(listener, (struct sockaddr *)(void *)&peer, &peer_n,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
            break;
        n += peer.sin_port != library->sin_port || peer.sin_addr.s_addr != library->sin_addr.s_addr;
        /* Without ceremony: nothing of the loopback stays behind in TIME_WAIT. */
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        (void)close(fd);
    }
    return n;
}

static int check_descriptors(int near_fd)
{
    int probe = fcntl(near_fd, F_DUPFD_CLOEXEC, 0);

    if (probe < 0)
        return CRIER_EIO;
    (void)close(probe);
    return probe < HIGHEST_FD ? 0 : CRIER_ELIMIT;
}

int irc_session_create(const char *nick, const struct irc_session_sink *sink,
                       struct irc_session **ret_session)
{
    struct irc_session *s = calloc(1, sizeof *s);
    irc_callbacks_t callbacks;
    struct sockaddr_in own = {0};
    socklen_t own_n = sizeof own;
    unsigned short port = 0;
    unsigned strangers;
    fd_set in, out;
    int r, fd, listener = -1;

    if (!s)
        return CRIER_ENOMEM;
    s->bridge = -1;
    s->sink = *sink;
    buf_init(&s->to_library, BACKLOG_BYTES);
    memset(&callbacks, 0, sizeof callbacks);
    /* Which of the two is called depends on the library's idea of its nick: never used. */
    callbacks.event_channel = callbacks.event_privmsg = on_privmsg;
    callbacks.event_channel_notice = callbacks.event_notice = on_notice;
    callbacks.event_ctcp_action = on_action;
    callbacks.event_join = on_join;
    callbacks.event_part = on_part;
    callbacks.event_kick = on_kick;
    callbacks.event_quit = on_quit;
    callbacks.event_nick = on_nick;
    callbacks.event_numeric = on_numeric;
    callbacks.event_ctcp_req = callbacks.event_ctcp_rep = ignore;
    r = CRIER_ENOMEM;
    s->library = irc_create_session(&callbacks);
    if (!s->library)
        goto out;
    irc_set_ctx(s->library, s);
    r = listen_here(&listener, &port);
    if (!r)
        r = check_descriptors(listener);
    if (r)
        goto out;
    r = CRIER_EIO;
    if (irc_connect(s->library, "127.0.0.1", port, NULL, irc_line_is_nick(nick) ? nick : fixed_name,
                    fixed_name, fixed_name))
        goto out;
    fd = library_fd(s, &in, &out);
    if (fd < 0 || getsockname(fd, (struct sockaddr *)(void *)&own, &own_n) || make_bridge(s, fd))
        goto out;
    strangers = send_away(listener, &own);
    if (strangers)
        log_warnx("irc", "%u connections of others to our loopback port were thrown out",
                  strangers);
    *ret_session = s;
    s = NULL;
    r = 0;
out:
    if (listener >= 0)
        (void)close(listener);
    irc_session_destroy(s);
    return r;
}

void irc_session_destroy(struct irc_session *s)
{
    if (!s)
        return;
    if (s->bridge >= 0)
        (void)close(s->bridge);
    if (s->library)
        irc_destroy_session(s->library);
    buf_finish(&s->to_library);
    free(s);
}

/* ---- moving bytes ------------------------------------------------------------------------- */

void irc_session_collect(const struct irc_session *s, struct pollset *set)
{
    fd_set in, out;
    int fd = library_fd(s, &in, &out);

    pollset_add(set, s->bridge, (short)(POLLIN | (s->to_library.len ? POLLOUT : 0)));
    if (fd < 0)
        pollset_deadline(set, 0); /* the next pump says so */
    else
        pollset_add(set, fd,
                    (short)((FD_ISSET(fd, &in) ? POLLIN : 0) | (FD_ISSET(fd, &out) ? POLLOUT : 0)));
}

static int write_bridge(struct irc_session *s)
{
    while (s->to_library.len) {
        ssize_t n = send(s->bridge, s->to_library.data, s->to_library.len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : CRIER_EIO;
        buf_shift(&s->to_library, (size_t)n);
    }
    return 0;
}

static int read_bridge(struct irc_session *s)
{
    char *line, *lf;
    ssize_t n;

    do
        n = recv(s->bridge, s->out + s->out_len, sizeof s->out - s->out_len, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : CRIER_EIO;
    if (!n)
        return CRIER_EIO;
    s->out_len += (size_t)n;
    line = s->out;
    while ((lf = memchr(line, '\n', s->out_len - (size_t)(line - s->out)))) {
        size_t len = (size_t)(lf - line);

        while (len && line[len - 1] == '\r')
            len--;
        if (len)
            s->sink.line(s->sink.ctx, line, len);
        line = lf + 1;
    }
    s->out_len -= (size_t)(line - s->out);
    memmove(s->out, line, s->out_len);
    return s->out_len == sizeof s->out ? CRIER_EIO : 0;
}

/* One call of the library, with exactly the bits that are wanted and true: with any other it spins
 * for ever or takes itself for disconnected. */
static int run_library(struct irc_session *s, bool *ret_moved)
{
    struct pollfd p[2];
    fd_set in, out, got_in, got_out;
    int fd = library_fd(s, &in, &out), n;

    if (fd < 0)
        return CRIER_EIO;
    p[0].fd = fd;
    p[0].events = (short)((FD_ISSET(fd, &in) ? POLLIN : 0) | (FD_ISSET(fd, &out) ? POLLOUT : 0));
    p[1].fd = s->bridge;
    p[1].events = POLLIN;
    p[0].revents = p[1].revents = 0;
    n = poll(p, 2, 0);
    if (n < 0)
        return errno == EINTR ? 0 : CRIER_EIO;
    if (!n)
        return 0;
    FD_ZERO(&got_in);
    FD_ZERO(&got_out);
    if ((p[0].revents & (POLLIN | POLLHUP | POLLERR)) && FD_ISSET(fd, &in))
        FD_SET(fd, &got_in);
    if ((p[0].revents & (POLLOUT | POLLERR)) && FD_ISSET(fd, &out))
        FD_SET(fd, &got_out);
    if (FD_ISSET(fd, &got_in) || FD_ISSET(fd, &got_out)) {
        *ret_moved = true;
        if (irc_process_select_descriptors(s->library, &got_in, &got_out))
            return CRIER_EIO;
    } else if (p[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
        return CRIER_EIO;
    }
    if (p[1].revents) {
        *ret_moved = true;
        return read_bridge(s);
    }
    return 0;
}

int irc_session_pump(struct irc_session *s)
{
    bool moved = true;
    int i, r = 0;

    for (i = 0; i < PUMP_ROUNDS && moved && !r; i++) {
        moved = false;
        r = write_bridge(s);
        if (!r)
            r = run_library(s, &moved);
    }
    return r;
}

int irc_session_feed(struct irc_session *s, const char *clean, size_t n)
{
    if (n > BACKLOG_BYTES - s->to_library.len)
        return CRIER_ELIMIT;
    buf_add(&s->to_library, clean, n);
    return buf_error(&s->to_library);
}

size_t irc_session_backlog(const struct irc_session *s)
{
    return s->to_library.len;
}

/* ---- commands ----------------------------------------------------------------------------- */

static bool has_control(const char *text)
{
    for (; *text; text++)
        if (*text == '\r' || *text == '\n')
            return true;
    return false;
}

static bool is_word(const char *text)
{
    return *text && *text != ':' && !strpbrk(text, " \r\n");
}

int irc_session_command(struct irc_session *s, enum irc_command command, const char *target,
                        const char *text)
{
    int failed = 1;

    /* An empty line in its buffer would stop the library's output for good. */
    if ((command != IRC_COMMAND_QUIT && !is_word(target)) || has_control(text) ||
        strlen(target) + strlen(text) + strlen("PRIVMSG  :") > COMMAND_BYTES)
        return CRIER_EINVAL;
    switch (command) {
    case IRC_COMMAND_SAY:
        if (!*text)
            return CRIER_EINVAL;
        failed = irc_cmd_msg(s->library, target, text);
        break;
    case IRC_COMMAND_JOIN:
        if (*text && !is_word(text))
            return CRIER_EINVAL;
        failed = irc_cmd_join(s->library, target, *text ? text : NULL);
        break;
    case IRC_COMMAND_PART:
        failed = irc_cmd_part(s->library, target);
        break;
    case IRC_COMMAND_NICK:
        failed = irc_cmd_nick(s->library, target);
        break;
    case IRC_COMMAND_WHOIS:
        /* Not irc_cmd_whois: that asks the server of the other user, which we do not know. */
        failed = irc_send_raw(s->library, "WHOIS %s", target);
        break;
    case IRC_COMMAND_QUIT:
        failed = irc_cmd_quit(s->library, *text ? text : fixed_name);
        break;
    }
    return failed ? CRIER_EAGAIN : 0;
}
