/*
 * net: the one place that waits, curl_multi_poll(), and the one CURLM handle of the process.
 *
 * Gives bot/ its wait_port. Adapters that use libcurl add their transfers here (net_curl.h) and get
 * their completion from net_dispatch(), never from inside another callback.
 */
#ifndef CRIER_NET_H
#define CRIER_NET_H

#include "ports.h"

struct net;

/** Ignores SIGPIPE and initialises libcurl. @return 0, CRIER_EIO or CRIER_ENOMEM. */
int net_create(struct net **ret_net) __attribute__((warn_unused_result));
/** Every transfer must have been removed before. NULL is fine. */
void net_destroy(struct net *net);

/** Waits in curl_multi_poll; makes it return early from another thread or a signal handler:
 * net_wakeup. */
struct wait_port net_wait_port(struct net *net);
/** Async-signal-safe and thread-safe. */
void net_wakeup(struct net *net);
/** Drives the transfers and calls the completions that are due; register it before all other
 * sources. */
struct source_port net_source_port(struct net *net);

#endif
