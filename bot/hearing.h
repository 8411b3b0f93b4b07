/*
 * hearing: what a line heard on chat is: a command, a signal of a trusted source, or chatter.
 *
 * Owns the decision whom to believe (account or full hostmask, and channel; never the nick) and the
 * joining of lines that a bot split without a mark. Has no clock and no socket.
 */
#ifndef CRIER_HEARING_H
#define CRIER_HEARING_H

#include <stdbool.h>

#include "command.h"
#include "ports.h"
#include "settings.h"
#include "signal.h"

struct hearing;

/** What every line of a drill begins with. Nothing that does is ever a signal, whoever says it and
 * wherever: an outage of a drill cannot come back as a real one, by a log, a relay or a person. */
#define HEARING_DRILL "DRILL | "

enum { HEARING_AWAY_MS = 10 * 60 * 1000 };

enum hearing_kind { HEARING_CHATTER, HEARING_COMMAND, HEARING_SIGNAL, HEARING_SLIP };

/**
 * @param settings borrowed, must outlive the hearing.
 * @param formats  borrowed.
 * @return NULL when memory is out.
 */
struct hearing *hearing_create(const struct settings *settings, const struct format_port *formats);
void hearing_destroy(struct hearing *h);
/** Numbers the lines of files and feeds on from where another one of this process was. */
void hearing_go_on(struct hearing *h, const struct hearing *before);

/**
 * Classifies one line.
 *
 * A command is a line that begins with the prefix, in a talk or practice channel or in private,
 * that is no notice, no action and no history; whether crier may obey now (heard.obey) is for
 * whoever carries it out. A signal comes from a configured source in a watch channel and matches
 * one of its formats. When the line continues the one before it from the same speaker (see
 * format_settings.split_bytes and split_mark), the signal is that of both together, in the words
 * and with the time and line_id of the first.
 *
 * A slip is a line in any channel that is neither and yet has what hearing_is_slip() looks for.
 *
 * One line may hold several alerts that ran together: after HEARING_SIGNAL, call hearing_more()
 * until it returns false.
 *
 * @param ret_signal  filled for HEARING_SIGNAL; strings borrowed until the next call.
 */
enum hearing_kind hearing_line(struct hearing *h, const struct heard *line,
                               struct signal *ret_signal);

/**
 * The same for another ear (log file, replay): the source is known and trusted.
 *
 * @param place  copied where it is needed; one speaker for each source and place.
 * @return HEARING_SIGNAL or HEARING_CHATTER.
 */
enum hearing_kind hearing_text(struct hearing *h, size_t source_index, const char *place,
                               const char *text, int64_t wall_ms, struct signal *ret_signal);

/**
 * The same for a line of a log file or a feed, which is whole and goes on nowhere. Every source
 * that has this ear is asked, in turn, until one of its formats takes the line. A time in front
 * of it (stamp.h), and a syslog tag, are left away where the formats do not know them; the
 * signal's time is the line's own, as far as it can be believed: a time without a zone that is far
 * from when the line can have been written is not. A line without one is as old as it can be when
 * that is more than HEARING_AWAY_MS ago, else new.
 *
 * @return HEARING_SIGNAL or HEARING_CHATTER.
 */
enum hearing_kind hearing_ear(struct hearing *h, const struct ear_line *line,
                              struct signal *ret_signal);

/**
 * The bot that is believed but said a line that none of its formats know, or that they ignore:
 * worth a word to an operator who wonders.
 * @return the source's name, borrowed from the settings, when the line heard last was such a one,
 * else NULL.
 */
const char *hearing_unmatched(const struct hearing *h);

/**
 * The next alert of the line heard last, with a line_id of its own (the line's, with the number of
 * the alert in the upper 16 bits).
 * @return false when there is none.
 */
bool hearing_more(struct hearing *h, struct signal *ret_signal);

/** @return 0, or CRIER_ENOMEM: since then a line may have been taken for chatter that was a signal.
 */
int hearing_error(const struct hearing *h) __attribute__((warn_unused_result));

/** The person whose account spoke, or whose hostmask matches where masks are configured for them.
 *  @return index in settings.person, or -1; of a relay always -1. Accounts compare without case of
 * letters (brackets differ: an account is always shown as it was registered), networks exactly. */
int hearing_person(const struct settings *settings, const struct heard *line);

/** Whether it is said by a relay of the configuration ("relays"), whose account or mask speaks for
 * many people: such a line is nobody's, also where the account is listed in people. */
bool hearing_relay(const struct settings *settings, const struct heard *line);

/** Whether a text speaks of confirming by one-time password and has a number in it: said in a
 * channel, a code may be in it that was meant for crier alone. */
bool hearing_is_slip(const char *text);

/** Where a line was said, for commands. @return 0 where crier takes none. */
unsigned hearing_place(const struct settings *settings, const struct heard *line);

/** IRC glob match: * and ?, RFC 1459 casemapping. */
bool hearing_mask_matches(const char *mask, const char *text);

#endif
