/*
 * echo: the least that a bot on libircclient can do. Answers each line of one nick in one channel
 * with one line; what crier's way from alert to draft is measured against.
 *
 * echo PORT NICK CHANNEL TALKER, on 127.0.0.1. Prints "joined" once it is there; runs until killed.
 */
#include <libircclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct echo {
    const char *nick;
    const char *channel;
    const char *talker;
};

static void on_connect(irc_session_t *s, const char *event, const char *origin, const char **params,
                       unsigned count)
{
    const struct echo *e = irc_get_ctx(s);

    (void)event;
    (void)origin;
    (void)params;
    (void)count;
    if (irc_cmd_join(s, e->channel, NULL))
        exit(EX_PROTOCOL);
}

static void on_join(irc_session_t *s, const char *event, const char *origin, const char **params,
                    unsigned count)
{
    const struct echo *e = irc_get_ctx(s);

    (void)event;
    (void)params;
    (void)count;
    if (origin && !strcmp(origin, e->nick)) {
        (void)printf("joined\n");
        (void)fflush(stdout);
    }
}

static void on_channel(irc_session_t *s, const char *event, const char *origin, const char **params,
                       unsigned count)
{
    const struct echo *e = irc_get_ctx(s);

    (void)event;
    if (count < 2 || !origin || !params[1] || strcmp(origin, e->talker) != 0)
        return;
    if (irc_cmd_msg(s, params[0], params[1]))
        exit(EX_PROTOCOL);
}

int main(int argc, char **argv)
{
    struct echo e;
    irc_callbacks_t callbacks;
    irc_session_t *s;
    char *end = NULL;
    unsigned long port;

    if (argc != 5 || !(port = strtoul(argv[1], &end, 10)) || *end || port > 65535) {
        (void)fprintf(stderr, "usage: echo PORT NICK CHANNEL TALKER\n");
        return EX_USAGE;
    }
    e.nick = argv[2];
    e.channel = argv[3];
    e.talker = argv[4];
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.event_connect = on_connect;
    callbacks.event_join = on_join;
    callbacks.event_channel = on_channel;
    s = irc_create_session(&callbacks);
    if (!s)
        return EX_OSERR;
    irc_set_ctx(s, &e);
    irc_option_set(s, LIBIRC_OPTION_STRIPNICKS);
    if (irc_connect(s, "127.0.0.1", (unsigned short)port, NULL, e.nick, "echo", "echo") ||
        irc_run(s)) {
        (void)fprintf(stderr, "echo: %s\n", irc_strerror(irc_errno(s)));
        irc_destroy_session(s);
        return EX_UNAVAILABLE;
    }
    irc_destroy_session(s);
    return 0;
}
