/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals as events of the loop: they are blocked, so that they interrupt nothing, and read from a
 * descriptor like anything else. SIGPIPE and SIGXFSZ are ignored: a write then fails with an error. */
#ifndef NET_SIGNALS_H
#define NET_SIGNALS_H

#include "loop.h"

struct signals {
    struct loop_source source; /* source.fd is -1 before watching and after closing */
    void (*on_signal)(struct signals *signals, uint32_t number);
};

/* Before any thread starts, so that all of them leave the signals to the loop. `numbers` ends in 0;
 * on_signal is set before. False with errno set; signals_close() is due all the same. */
bool signals_watch(struct signals *signals, struct loop *loop, const int *numbers);

/* Closes the descriptor, if there is one; the signals stay blocked. */
void signals_close(struct signals *signals);

#endif
