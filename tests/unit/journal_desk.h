/* SPDX-License-Identifier: Apache-2.0
 *
 * journal_desk.h - a journal in a folder of its own, and short ways to use it, for the tests of
 * broker/journal. What the tests do not expect fails the test that called. */
#ifndef TESTS_UNIT_JOURNAL_DESK_H
#define TESTS_UNIT_JOURNAL_DESK_H

#include "broker/journal/sql.h"
#include "support.h"

struct desk {
    char folder[64];
    struct journal *journal;
};

/* A time to count from: 2026-01-01. */
#define DESK_DAY INT64_C(1767225600000000)

/* Makes the folder, in memory if the system has such a place, and opens the journal in it; removes both. */
void desk_open(struct desk *desk);
void desk_close(struct desk *desk);

/* Closes and opens again. */
void desk_reopen(struct desk *desk);

/* Makes and removes the folder alone. */
void desk_make_folder(struct desk *desk);
void desk_remove_folder(struct desk *desk);

void desk_begin(const struct desk *desk);
void desk_commit(const struct desk *desk);

/* A lane of the route "orders" and a destination. */
struct journal_lane desk_lane(const char *destination);

/* A message with this control id and these bytes, received so many microseconds after DESK_DAY, for no
 * lane yet. */
struct journal_message desk_message(const char *control_id, const char *bytes, int64_t received);

/* Appends in a transaction of its own; the id. */
int64_t desk_append(const struct desk *desk, const struct journal_message *message);

/* Appends a message with these bytes for one lane: the everyday case. */
int64_t desk_store(const struct desk *desk, const char *control_id, const char *bytes,
                   const char *destination);

/* The id of a lane, leased by "test" for ever. */
int64_t desk_lease(const struct desk *desk, const char *destination);

/* The head of the lane, which has to be due. */
struct journal_delivery desk_next(const struct desk *desk, int64_t lane, int64_t now);

/* A settlement of this delivery, with nothing sent. */
struct journal_settlement desk_settlement(const struct journal_delivery *delivery,
                                          enum journal_outcome outcome);

/* Settles in a transaction of its own. */
enum journal_settled desk_settle(const struct desk *desk,
                                 const struct journal_settlement *settlement);

/* The status of a lane; its texts are not kept. */
struct journal_lane_status desk_lane_status(const struct desk *desk, int64_t lane);

/* Compares every kept counter with a count of what it counts: how many differ. */
size_t desk_wrong_counters(const struct desk *desk);

/* None may. */
void desk_check_counters(const struct desk *desk);

/* A number that a query of one's own answers; false when there is no answer. */
bool desk_ask(const struct desk *desk, const char *sql, int64_t *ret_answer);

/* The same, and there has to be one. */
int64_t desk_query(const struct desk *desk, const char *sql);

/* A note by "somebody". */
struct journal_note desk_note(const char *why);

#endif
