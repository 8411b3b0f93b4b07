/*
 * irc_link: one connection that carries lines: libcurl's CONNECT_ONLY with TLS, certificates and
 * proxies.
 *
 * Knows nothing of IRC but that lines end in LF. Nothing is freed or reported inside libcurl's
 * callbacks: the owner asks.
 */
#ifndef CRIER_IRC_LINK_H
#define CRIER_IRC_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"
#include "pollset.h"
#include "settings.h"

struct irc_link;

enum irc_link_state { IRC_LINK_CONNECTING, IRC_LINK_OPEN, IRC_LINK_DEAD };

/**
 * Begins to connect.
 * @param network borrowed for this call.
 * @return 0, CRIER_EIO (libcurl refused the settings), CRIER_ENOMEM, or what secret_check_key()
 * says of the private key, which is in the log then.
 */
int irc_link_create(struct net *net, const struct network_settings *network,
                    struct irc_link **ret_link) __attribute__((warn_unused_result));
/** Closes at once; NULL is fine. */
void irc_link_destroy(struct irc_link *l);

enum irc_link_state irc_link_state(const struct irc_link *l);
/** Why it is dead, for people; foreign parts are not quoted. "" while it is not. */
const char *irc_link_why(const struct irc_link *l);

void irc_link_collect(const struct irc_link *l, struct pollset *set);
/** Takes what the wait said, sends what waits and allows the next lines to be read. */
void irc_link_wake(struct irc_link *l, const struct pollset *set);
/**
 * The next line, without LF.
 * @param ret_line borrowed until the next call, writable, with room for one byte behind it.
 * @return false when none is there, or enough has been read in this turn of the loop.
 */
bool irc_link_line(struct irc_link *l, char **ret_line, size_t *ret_n);
/** @return bytes received since the connection was opened. */
uint64_t irc_link_received(const struct irc_link *l);
/** @return lines thrown away because they were too long. */
uint64_t irc_link_overlong(const struct irc_link *l);

/**
 * Sends, or keeps for later, a line without CRLF.
 * @return 0, CRIER_ESTATE when it is not open, CRIER_ELIMIT when the server takes nothing any more
 *         (nothing was kept), CRIER_EINVAL when there is a CR, LF or NUL in it or it is empty.
 */
int irc_link_send(struct irc_link *l, const char *line, size_t n)
    __attribute__((warn_unused_result));
/** @return bytes that wait to be sent. */
size_t irc_link_unsent(const struct irc_link *l);

#endif
