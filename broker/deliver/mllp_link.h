/* SPDX-License-Identifier: Apache-2.0
 *
 * mllp_link.h - what the parts of the door over MLLP share: door_mllp.c connects, sends and ends,
 * door_mllp_answer.c deals with what comes back. See door_mllp.c for how it is built. */
#ifndef BROKER_DELIVER_MLLP_LINK_H
#define BROKER_DELIVER_MLLP_LINK_H

#include "door.h"

#include "../../base/memory.h"
#include "../../base/parsing.h"
#include "../../net/connection.h"
#include "../../net/resolver.h"

enum mllp_state { MLLP_CLOSED, MLLP_RESOLVING, MLLP_CONNECTING, MLLP_OPEN };

/* A letter under way. */
struct mllp_slot {
    struct door_letter letter;
    bool sent;      /* it was written into the connection */
    bool stored;    /* CA came */
    bool repeated;  /* it was sent again over a fresh connection already */
    uint64_t until; /* loop time: when its time is over */
    struct mllp_slot *next;
};

struct door_mllp {
    struct door door;
    /* The connection's memory is needed until it says it is freed, which may be later than the end of
     * the door: it is a struct of its own. */
    struct mllp_link *link;
    enum mllp_state state;
    struct resolver resolver;
    struct addrinfo *addresses;
    const struct addrinfo *next_address;
    struct hl7_framer framer;
    struct mllp_slot *slots; /* oldest first */
    struct mllp_slot *spare; /* one, so that a letter takes no memory from the system */
    bool fresh;              /* nothing was answered on this connection yet */
    bool junk;               /* bytes came that are no frame */
    bool sending;            /* within door_send */
    struct loop_timer now;   /* tells what came about within door_send */
    bool failed;             /* that was the end of the connection */
    struct door_result failure;
    enum stream_trouble trouble; /* of the last address that was tried */
    char trouble_text[STREAM_TEXT];
    struct parsing parsing;
    struct memory_block frame;
};

struct mllp_link {
    struct connection connection;
    struct door_mllp *door; /* NULL: the door has let go of it */
};

/* Closes the connection and forgets it. */
void mllp_drop_link(struct door_mllp *mllp);

/* Tells the result of a letter that is under way; it is not any more. */
void mllp_give_result(struct door_mllp *mllp, struct mllp_slot *slot,
                      const struct door_result *result);

/* Ends the oldest letter with a failure, and the connection; the others are withdrawn. */
void mllp_fail(struct door_mllp *mllp, enum door_outcome outcome, const char *word,
               hl7_slice answer, const char *reason);

/* A letter is under way; one that was written and is not answered yet is. */
bool mllp_is_busy(const struct door_mllp *mllp);
bool mllp_awaits_answer(const struct door_mllp *mllp);

/* Sets the connection's deadline to what comes first. */
void mllp_watch_clock(struct door_mllp *mllp);

/* Works through what has come. `ended`: nothing will follow soon, so doubts are decided. */
void mllp_work(struct door_mllp *mllp, bool ended);

#endif
