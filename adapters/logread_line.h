/*
 * logread_line: what a line of a log says: when, who, and what.
 *
 * For logread. Pure but for the memory of JSON. Known are, each with a time in front of who speaks:
 *
 *   dated    [2023-01-17 18:34:55] <nick> text      brackets or none, T for the blank, fractions, Z
 *                                                   or an offset: as they like
 *   clock    [18:34:55] <nick> text                 wm-bot, ZNC, energymech; the day is the file's
 *   irssi    18:34 <+nick> text                     seconds or none; "--- Day changed" tells the
 * day weechat  2023-01-17 18:34:55 TAB nick TAB text json     {"time": "2023-01-17T18:34:55Z",
 * "nick": "...", "text": "...", "channel": "..."}
 *
 * Behind the time of the first three may be <nick> text, * nick text (he does), -nick- text (a
 * notice), and what programs write of joins, modes and topics, which nobody said.
 */
#ifndef CRIER_LOGREAD_LINE_H
#define CRIER_LOGREAD_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_format {
    LOG_FORMAT_ANY,
    LOG_FORMAT_DATED,
    LOG_FORMAT_CLOCK,
    LOG_FORMAT_IRSSI,
    LOG_FORMAT_WEECHAT,
    LOG_FORMAT_JSON
};

/** "any", "dated", ...; @return a static string. */
const char *log_format_name(enum log_format f);
/** Takes those names, and "wm-bot", "znc", "energymech" for LOG_FORMAT_CLOCK. @return false: none
 * of them. */
bool log_format_parse(const char *name, enum log_format *ret);

enum logline_kind {
    LOGLINE_SAID,   /* somebody said it */
    LOGLINE_EVENT,  /* a join, a topic, an empty line, a comment: nobody said it */
    LOGLINE_DAY,    /* tells the day of the lines after it */
    LOGLINE_NO_DAY, /* like LOGLINE_DAY, but in words that are not known */
    LOGLINE_UNKNOWN /* no line of a log */
};

/** A line taken apart. Strings are borrowed from it, not cleaned, and end with NUL. */
struct logline {
    enum logline_kind kind;
    enum log_format format; /* of LOGLINE_SAID and LOGLINE_EVENT with a time; else LOG_FORMAT_ANY */
    bool dated;             /* wall_ms is a time; else the time is clock_ms of a day */
    int64_t wall_ms;        /* LOGLINE_DAY: midnight */
    int32_t clock_ms;       /* since midnight; LOGLINE_DAY: -1 when it says none */
    char *nick;
    size_t nick_bytes;
    char *text;
    size_t text_bytes;
    char *channel; /* or NULL */
    size_t channel_bytes;
    bool action;
    bool notice;
    const char *why; /* LOGLINE_UNKNOWN: what is wrong, static */
};

/** What is kept from line to line. Zeroed by the caller, finished by logline_finish(). */
struct logline_reader {
    char day[10]; /* the date that was read last, as it stood there, */
    int64_t day_ms;
    bool has_day;
    void *json; /* the object that strings of the last line are in */
};

/**
 * Takes a line apart. It is written into.
 * @param line n bytes without the newline, and one more that may be written.
 * @param ret  valid until the next call, and while the line is.
 */
void logline_read(struct logline_reader *r, char *line, size_t n, struct logline *ret);
void logline_finish(struct logline_reader *r);

/** The time alone, of any format but JSON. @return whether there is one; clock_ms or wall_ms, and
 * dated, are set then. */
bool logline_read_time(struct logline_reader *r, const char *line, size_t n, struct logline *ret);

/** For logread_json.c: a time as in a "dated" line, without brackets, all of it; or seconds since
 * 1970. @return whether it is one. */
bool logline_parse_time(const char *s, size_t n, int64_t *ret_wall_ms);
/** Takes off what marks a rank: "@nick", "+nick", " nick". */
void logline_strip_rank(char **nick, size_t *bytes);
/** logread_json.c: a line that begins with '{'. */
void logline_read_json(struct logline_reader *r, const char *line, size_t n, struct logline *ret);
void logline_finish_json(struct logline_reader *r);

#endif
