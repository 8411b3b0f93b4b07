#include "irc_line.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "utf8.h"

/* ---- parsing ----------------------------------------------------------------------------- */

/* The next word at *p, NUL-terminated in place; *p then stands behind it and its spaces. */
static char *word(char **p)
{
    char *start = *p;

    *p += strcspn(*p, " ");
    if (**p) {
        *(*p)++ = '\0';
        *p += strspn(*p, " ");
    }
    return start;
}

static int read_command(struct irc_msg *m, char *command)
{
    size_t n = strlen(command), i;

    if (n == 3 && strspn(command, "0123456789") == 3) {
        m->numeric = (command[0] - '0') * 100 + (command[1] - '0') * 10 + (command[2] - '0');
        if (!m->numeric)
            return CRIER_EINVAL;
    } else {
        if (!n || n > 16)
            return CRIER_EINVAL;
        for (i = 0; i < n; i++) {
            if (command[i] >= 'a' && command[i] <= 'z')
                command[i] = (char)(command[i] - 'a' + 'A');
            if (command[i] < 'A' || command[i] > 'Z')
                return CRIER_EINVAL;
        }
    }
    m->command = command;
    return 0;
}

/* Takes nick!user@host apart; anything else (a server, a nick alone) stays whole. */
static int read_prefix(struct irc_msg *m, char *prefix)
{
    char *bang = strchr(prefix, '!'), *at = strrchr(prefix, '@');

    if (!*prefix)
        return CRIER_EINVAL;
    m->prefix = prefix;
    if (bang && at && bang > prefix && at > bang + 1 && at[1]) {
        *bang = '\0';
        *at = '\0';
        m->nick = prefix;
        m->user = bang + 1;
        m->host = at + 1;
    }
    return 0;
}

int irc_line_parse(char *line, size_t n, struct irc_msg *ret_msg)
{
    struct irc_msg m = {0};
    char *p = line;

    while (n && line[n - 1] == '\r')
        n--;
    if (!n || memchr(line, '\0', n) || memchr(line, '\r', n) || memchr(line, '\n', n))
        return CRIER_EINVAL;
    line[n] = '\0';
    m.tags = line + n;
    p += strspn(p, " ");
    if (*p == '@')
        m.tags = word(&p) + 1;
    if (*p == ':') {
        char *prefix = word(&p) + 1;

        if (read_prefix(&m, prefix))
            return CRIER_EINVAL;
    }
    if (read_command(&m, word(&p)))
        return CRIER_EINVAL;
    while (*p) {
        if (*p == ':' || m.n_params == IRC_LINE_PARAMS - 1) {
            m.param[m.n_params++] = p + (*p == ':');
            break;
        }
        m.param[m.n_params++] = word(&p);
    }
    *ret_msg = m;
    return 0;
}

const char *irc_line_param(const struct irc_msg *m, size_t i)
{
    return i < m->n_params ? m->param[i] : "";
}

/* Source: IRCv3 message-tags, "Escaping values". */
static bool unescape(const char *src, size_t n, char *dst, size_t size)
{
    size_t i, used = 0;

    for (i = 0; i < n; i++) {
        char c = src[i];

        if (c == '\\') {
            if (++i == n)
                break;
            c = src[i];
            if (c == ':')
                c = ';';
            else if (c == 's')
                c = ' ';
            else if (c == 'r')
                c = '\r';
            else if (c == 'n')
                c = '\n';
        }
        if (used + 1 >= size)
            return false;
        dst[used++] = c;
    }
    dst[used] = '\0';
    return true;
}

bool irc_line_tag(const struct irc_msg *m, const char *key, char *dst, size_t size)
{
    const char *p = m->tags;
    size_t key_len = strlen(key);
    bool found = false;

    assert(size > 0);
    /* The last of several equal keys counts. */
    while (*p) {
        size_t n = strcspn(p, ";");
        size_t k = strcspn(p, "=;");

        if (k == key_len && !memcmp(p, key, k)) {
            const char *value = p + k + (k < n);

            found = unescape(value, (size_t)(p + n - value), dst, size);
        }
        p += n + (p[n] == ';');
    }
    if (!found)
        dst[0] = '\0';
    return found;
}

enum irc_text_kind irc_line_text(const char *param, const char **ret_text, size_t *ret_n)
{
    static const char action[] = "\001ACTION";
    size_t n = strlen(param);

    *ret_text = param;
    *ret_n = n;
    if (param[0] != '\001')
        return IRC_TEXT_PLAIN;
    if (strncmp(param, action, sizeof action - 1) != 0 ||
        (param[sizeof action - 1] != ' ' && param[sizeof action - 1] != '\001'))
        return IRC_TEXT_CTCP;
    param += sizeof action - 1;
    param += *param == ' ';
    *ret_text = param;
    *ret_n = strcspn(param, "\001");
    return IRC_TEXT_ACTION;
}

/* ---- the filter -------------------------------------------------------------------------- */

/* What the library should see, and the fewest parameters that it reads without looking. Everything
 * else is the wire's own business. */
static const struct {
    const char *command;
    size_t min_params;
    bool user; /* only from a user */
} passed[] = {
    {"INVITE", 2, true}, {"JOIN", 1, true},    {"KICK", 2, false}, {"MODE", 2, false},
    {"NICK", 1, true},   {"NOTICE", 2, false}, {"PART", 1, true},  {"PRIVMSG", 2, true},
    {"QUIT", 0, true},   {"TOPIC", 2, false},
};

/* What is no nick!user@host and has a "!" is no server's name either. */
static bool may_pass(const struct irc_msg *m)
{
    size_t i;

    if (m->numeric)
        return m->n_params >= 1;
    for (i = 0; i < sizeof passed / sizeof passed[0]; i++)
        if (!strcmp(m->command, passed[i].command))
            return m->n_params >= passed[i].min_params && (m->nick || !passed[i].user) &&
                   (m->nick || !m->prefix || !strchr(m->prefix, '!'));
    return false;
}

size_t irc_line_clean(const struct irc_msg *m, const char *host, const char *server, char *dst)
{
    enum { LIBRARY_PARAMS = 10 };
    const size_t room = IRC_LINE_CLEAN_BYTES;
    char action[IRC_LINE_ACTION_BYTES + 16];
    size_t used, i, n_params = m->n_params, last_bytes;
    const char *last;
    int n;

    if (!may_pass(m))
        return 0;
    if (m->nick)
        n = snprintf(dst, room + 1, ":%s!%s@%s %s", m->nick, m->user, host, m->command);
    else
        n = snprintf(dst, room + 1, ":%s %s", m->prefix ? m->prefix : server, m->command);
    if (n < 0 || (size_t)n + 3 > room)
        return 0;
    used = (size_t)n;
    if (n_params > LIBRARY_PARAMS)
        n_params = LIBRARY_PARAMS;
    for (i = 0; i + 1 < n_params; i++) {
        size_t len = strlen(m->param[i]);

        if (used + 1 + len + 3 > room)
            return 0;
        dst[used++] = ' ';
        memcpy(dst + used, m->param[i], len);
        used += len;
    }
    last = n_params ? m->param[n_params - 1] : "";
    if (!m->numeric && (!strcmp(m->command, "PRIVMSG") || !strcmp(m->command, "NOTICE"))) {
        const char *text;
        size_t text_bytes;

        /* A third parameter would make the text another one for us than for the library. */
        if (n_params != 2)
            return 0;
        switch (irc_line_text(last, &text, &text_bytes)) {
        case IRC_TEXT_PLAIN:
            break;
        case IRC_TEXT_CTCP:
            return 0;
        case IRC_TEXT_ACTION:
            if (strcmp(m->command, "PRIVMSG") != 0)
                return 0;
            text_bytes = text_bytes < IRC_LINE_ACTION_BYTES ? text_bytes
                                                            : utf8_cut(text, IRC_LINE_ACTION_BYTES);
            (void)snprintf(action, sizeof action, "\001ACTION %.*s\001", (int)text_bytes, text);
            last = action;
            break;
        }
    }
    dst[used++] = ' ';
    dst[used++] = ':';
    last_bytes = strlen(last);
    if (used + last_bytes > room) {
        if (last == action)
            return 0;
        last_bytes = utf8_cut(last, room - used);
    }
    memcpy(dst + used, last, last_bytes);
    used += last_bytes;
    memcpy(dst + used, "\r\n", 3);
    return used + 2;
}

/* ---- ISUPPORT and names ------------------------------------------------------------------ */

void irc_support_init(struct irc_support *s)
{
    memset(s, 0, sizeof *s);
    s->casemap = IRC_CASEMAP_RFC1459;
    memcpy(s->chantypes, "#&", 3);
}

static int digits(const char **p, int count, int64_t *ret_value)
{
    int64_t v = 0;
    int i;

    for (i = 0; i < count; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return CRIER_EINVAL;
        v = v * 10 + (**p - '0');
    }
    *ret_value = v;
    return 0;
}

static void take_string(char *dst, size_t size, const char *value)
{
    size_t n = strlen(value);

    if (n < size)
        memcpy(dst, value, n + 1);
}

static bool starts(const char *s, const char *with, const char **ret_rest)
{
    size_t n = strlen(with);

    if (strncmp(s, with, n) != 0)
        return false;
    *ret_rest = s + n;
    return true;
}

void irc_support_read(struct irc_support *s, const struct irc_msg *m)
{
    size_t i;

    /* The first parameter is the nick, the last the words "are supported by this server". */
    for (i = 1; i + 1 < m->n_params; i++) {
        const char *v;

        if (starts(m->param[i], "CASEMAPPING=", &v)) {
            s->casemap = !strcmp(v, "ascii")            ? IRC_CASEMAP_ASCII
                         : !strcmp(v, "strict-rfc1459") ? IRC_CASEMAP_STRICT
                                                        : IRC_CASEMAP_RFC1459;
        } else if (starts(m->param[i], "CHANTYPES=", &v)) {
            if (*v)
                take_string(s->chantypes, sizeof s->chantypes, v);
        } else if (starts(m->param[i], "STATUSMSG=", &v)) {
            take_string(s->statusmsg, sizeof s->statusmsg, v);
        } else if (starts(m->param[i], "NICKLEN=", &v)) {
            int64_t n;

            if (strlen(v) >= 1 && strlen(v) <= 3 && !digits(&v, (int)strlen(v), &n))
                s->nick_bytes = (size_t)n;
        }
    }
}

bool irc_support_is_channel(const struct irc_support *s, const char *name)
{
    return name[0] && strchr(s->chantypes, name[0]) && name[1];
}

static unsigned char fold(enum irc_casemap map, unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned char)(c - 'A' + 'a');
    if (map != IRC_CASEMAP_ASCII) {
        if (c >= '[' && c <= ']')
            return (unsigned char)(c - '[' + '{');
        if (c == '^' && map == IRC_CASEMAP_RFC1459)
            return '~';
    }
    return c;
}

unsigned char irc_fold(const struct irc_support *s, char c)
{
    return fold(s->casemap, (unsigned char)c);
}

bool irc_same(const struct irc_support *s, const char *a, const char *b)
{
    for (; *a && fold(s->casemap, (unsigned char)*a) == fold(s->casemap, (unsigned char)*b);
         a++, b++)
        ;
    return !*a && !*b;
}

/* ---- outgoing ---------------------------------------------------------------------------- */

size_t irc_line_room(const char *nick, const char *user, const char *host, const char *command,
                     const char *target)
{
    size_t frame = strlen(nick) + strlen(user) + strlen(host) + strlen(command) + strlen(target) +
                   strlen(":!@   :");

    if (frame + 64 > IRC_LINE_BODY_BYTES)
        return 64;
    return IRC_LINE_BODY_BYTES - frame;
}

size_t irc_line_cut(const char *text, size_t max_bytes, size_t *ret_next)
{
    size_t n, space;

    assert(max_bytes >= 4);
    n = utf8_cut(text, max_bytes);
    if (!text[n]) {
        *ret_next = n;
        return n;
    }
    if (text[n] == ' ') {
        *ret_next = n + 1;
        return n;
    }
    for (space = n; space > n - n / 4; space--) {
        if (text[space - 1] == ' ' && space > 1) {
            *ret_next = space;
            return space - 1;
        }
    }
    *ret_next = n;
    return n;
}

bool irc_line_is_nick(const char *nick)
{
    size_t i, n = strlen(nick);

    if (!n || n > 64 || (nick[0] >= '0' && nick[0] <= '9') || nick[0] == '-')
        return false;
    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)nick[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= '}') || (c >= '0' && c <= '9') ||
              c == '-'))
            return false;
    }
    return true;
}
