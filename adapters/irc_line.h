/*
 * irc_line: one IRC line as text: parsing, the filter in front of libircclient, and cutting.
 *
 * Pure: no socket, no state. Sources: RFC 1459 section 2.3, the IRCv3 message-tags specification,
 * draft-brocklesby-irc-isupport.
 */
#ifndef CRIER_IRC_LINE_H
#define CRIER_IRC_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IRC_LINE_BODY_BYTES = 510,  /* what a server takes, without CRLF (RFC 1459 section 2.3) */
    IRC_LINE_CLEAN_BYTES = 509, /* what the filter lets through, without CRLF */
    IRC_LINE_RAW_BYTES = 10240, /* most bytes of a received line: 8191 of tags, and a long body */
    IRC_LINE_PARAMS = 15,
    IRC_LINE_ACTION_BYTES = 100 /* text of an ACTION in a clean line; the library cuts at 120 */
};

/** A parsed line. Every pointer points into the buffer that was parsed. */
struct irc_msg {
    char *tags;    /* without the @; "" when there are none */
    char *prefix;  /* NULL when there is none; of nick!user@host only the nick */
    char *nick;    /* of a prefix nick!user@host, else NULL */
    char *user;    /* likewise */
    char *host;    /* likewise */
    char *command; /* upper case, or three digits */
    int numeric;   /* 1 to 999, or 0 for a command */
    char *param[IRC_LINE_PARAMS];
    size_t n_params;
};

/**
 * Parses a line in place.
 *
 * @param line n bytes without the LF; the buffer must have room for one byte more.
 * @return 0, or CRIER_EINVAL: empty, a NUL or a CR inside, no well-formed command, an empty prefix,
 *         numeric 000.
 */
int irc_line_parse(char *line, size_t n, struct irc_msg *ret_msg)
    __attribute__((warn_unused_result));

/** @return the parameter, or "" when there is none. */
const char *irc_line_param(const struct irc_msg *m, size_t i);

/**
 * The value of a tag, unescaped.
 * @return false when the tag is not there; a tag without value gives "". Values that do not fit are
 *         taken for absent.
 */
bool irc_line_tag(const struct irc_msg *m, const char *key, char *dst, size_t size);

/** Text and kind of what was said in a PRIVMSG or NOTICE. */
enum irc_text_kind { IRC_TEXT_PLAIN, IRC_TEXT_ACTION, IRC_TEXT_CTCP };
/** @param ret_text, ret_n the text, without the CTCP frame for an ACTION. */
enum irc_text_kind irc_line_text(const char *param, const char **ret_text, size_t *ret_n);

/**
 * The filter: writes the one form of the line that libircclient is known to survive: no tags, a
 * prefix, a command that it should see, at least the parameters that it reads without looking, at
 * most ten, the last with a colon, at most IRC_LINE_CLEAN_BYTES; an over-long text is cut between
 * characters. CRLF is added.
 *
 * @param host   takes the place of the host in a prefix nick!user@host.
 * @param server prefix for lines without one.
 * @param dst    at least IRC_LINE_CLEAN_BYTES + 3 bytes; NUL-terminated.
 * @return bytes with CRLF, or 0: the line is not for the library.
 */
size_t irc_line_clean(const struct irc_msg *m, const char *host, const char *server, char *dst);

/* ---- what a server says about itself ----------------------------------------------------- */

enum irc_casemap { IRC_CASEMAP_RFC1459, IRC_CASEMAP_STRICT, IRC_CASEMAP_ASCII };

struct irc_support {
    enum irc_casemap casemap;
    char chantypes[16];
    char statusmsg[16];
    size_t nick_bytes; /* 0: not said */
};

/** RFC 1459's values. */
void irc_support_init(struct irc_support *s);
/** Takes what a 005 line says; unknown tokens are skipped. */
void irc_support_read(struct irc_support *s, const struct irc_msg *m);
bool irc_support_is_channel(const struct irc_support *s, const char *name);
/** A byte of a name as that server compares them. */
unsigned char irc_fold(const struct irc_support *s, char c);
/** Names compared as that server does. */
bool irc_same(const struct irc_support *s, const char *a, const char *b);

/* ---- outgoing ---------------------------------------------------------------------------- */

/**
 * Bytes of text that fit into one line of `command` to `target` once the server has put
 * ":nick!user@host " in front; at least 64.
 */
size_t irc_line_room(const char *nick, const char *user, const char *host, const char *command,
                     const char *target);
/**
 * Where to cut a text: at a space when there is one in the last quarter, else between characters.
 * @param ret_next where the rest begins (behind the space).
 * @return bytes of the first part, at most max_bytes; max_bytes is at least 4.
 */
size_t irc_line_cut(const char *text, size_t max_bytes, size_t *ret_next);
/** A nick that a server could take, and that may be a format string for libircclient: no '%'. */
bool irc_line_is_nick(const char *nick);

#endif
