/*
 * Any bytes that a server might send, through the filter and into libircclient.
 *
 * The library must neither crash nor go deaf, and must never take the words of one line for
 * another's: each line that it reports as said carries the serial of the line it came from.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irc_line.h"
#include "irc_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    bool mark;
    char serial[32];
    char text[IRC_LINE_RAW_BYTES + 1];
};

static void on_event(void *ctx, const struct irc_event *e)
{
    struct seen *s = ctx;
    const char *at = strrchr(e->origin, '@');

    if (e->kind > IRC_EVENT_ACTION)
        return;
    if (!strcmp(e->origin, "mark!mark@mark")) {
        s->mark = true;
        return;
    }
    /* NOTICE may come from a server. */
    if (!strchr(e->origin, '!'))
        return;
    assert(at && !strcmp(at + 1, s->serial));
    assert(!strncmp(s->text, e->param[1], strlen(e->param[1])));
}

static void on_line(void *ctx, const char *line, size_t n)
{
    (void)ctx;
    (void)line;
    (void)n;
}

static void feed_line(struct irc_session *session, struct seen *seen, const uint8_t *data, size_t n,
                      unsigned number)
{
    char *line = malloc(n + 1), clean[IRC_LINE_CLEAN_BYTES + 3];
    struct irc_support support;
    struct irc_msg m;
    size_t bytes;

    assert(line);
    if (n)
        memcpy(line, data, n);
    if (!irc_line_parse(line, n, &m)) {
        (void)snprintf(seen->serial, sizeof seen->serial, "s%u", number);
        seen->text[0] = '\0';
        if (m.n_params >= 2) {
            const char *text;
            size_t text_n;

            (void)irc_line_text(m.param[1], &text, &text_n);
            (void)snprintf(seen->text, sizeof seen->text, "%.*s", (int)text_n, text);
        }
        irc_support_init(&support);
        irc_support_read(&support, &m);
        bytes = irc_line_clean(&m, seen->serial, "server", clean);
        assert(bytes <= IRC_LINE_CLEAN_BYTES + 2);
        if (bytes) {
            assert(bytes > 2 && !memchr(clean, '\0', bytes) && !strcmp(clean + bytes - 2, "\r\n"));
            assert(strcspn(clean, "\r\n") == bytes - 2);
            assert(!irc_session_feed(session, clean, bytes));
        }
    }
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mark[] = ":mark!mark@mark PRIVMSG #mark :mark\r\n";
    static struct seen seen; /* too large for the stack */
    struct irc_session_sink sink = {&seen, on_event, on_line};
    struct irc_session *session = NULL;
    unsigned number = 0;
    size_t start = 0;
    long turns;

    memset(&seen, 0, sizeof seen);
    if (size > 65536 || irc_session_create("crier", &sink, &session))
        return 0;
    while (start < size) {
        const uint8_t *lf = memchr(data + start, '\n', size - start);
        size_t n = lf ? (size_t)(lf - data) - start : size - start;

        if (n <= IRC_LINE_RAW_BYTES) {
            feed_line(session, &seen, data + start, n, ++number);
            /* Still there after every single line. */
            seen.mark = false;
            assert(!irc_session_feed(session, mark, sizeof mark - 1));
            for (turns = 0; turns < 10000000 && !seen.mark; turns++)
                assert(!irc_session_pump(session));
            assert(seen.mark);
        }
        start += n + 1;
    }
    irc_session_destroy(session);
    return 0;
}
