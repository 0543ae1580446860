/* SPDX-License-Identifier: Apache-2.0
 *
 * journal_scenario.h - a day in the life of a journal, and a ledger beside it of what was acknowledged.
 *
 * Each step is one transaction: messages come, deliveries are settled or tried again, old messages are
 * pruned, the log is moved into place. The same seed makes the same steps. What a step promised is
 * entered in the ledger when its commit said so; scenario_check() holds a journal, whatever has
 * happened to it since, against the ledger. */
#ifndef TESTS_UNIT_JOURNAL_SCENARIO_H
#define TESTS_UNIT_JOURNAL_SCENARIO_H

#include "faulty_disk.h"
#include "journal_desk.h"

enum { SCENARIO_MESSAGES = 400, SCENARIO_STEPS = 100, SCENARIO_BYTES = 9000 };

struct scenario_message {
    int64_t id;
    size_t step;         /* that stored it */
    size_t deliveries;   /* one for each of the first lanes */
    size_t settled;      /* of them */
    size_t settled_step; /* of the last one; 0: not all are */
};

struct scenario_settled {
    int64_t delivery;
    size_t message; /* index */
    size_t step;
};

struct scenario {
    struct random_state random;
    struct faulty_disk *disk;
    size_t largest; /* bytes of a message */
    int64_t lanes[2];
    struct scenario_message messages[SCENARIO_MESSAGES]; /* message i has the number i */
    size_t message_count;
    struct scenario_settled settled[SCENARIO_MESSAGES * 2];
    size_t settled_count;
    size_t prune_before[SCENARIO_STEPS + 2]; /* numbers below may be gone after step i */
    size_t step;                             /* the last one that was acknowledged */
};

void scenario_begin(struct scenario *scenario, struct faulty_disk *disk, uint64_t seed,
                    size_t largest);

/* Takes this many steps, and marks each in the disk's record. What a step that fails was to do is taken
 * back from the ledger; its code comes back and the scenario can go on. After JOURNAL_FAILED it stays
 * there until scenario_resume(). */
enum journal_code scenario_run(struct scenario *scenario, struct journal *journal, size_t steps);

/* After JOURNAL_FAILED, when the journal is open again: enters the step that failed in the ledger, or
 * takes it back, whichever the journal says. */
void scenario_resume(struct scenario *scenario, const struct desk *desk);

/* What is wrong with the journal, if `step` was the last step acknowledged: messages lost or damaged,
 * settlements forgotten, transactions halved, lanes out of order, counters that do not count. The
 * step behind it may be there as a whole. */
size_t scenario_check(const struct scenario *scenario, const struct desk *desk, size_t step);

#endif
