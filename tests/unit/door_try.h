/* SPDX-License-Identifier: Apache-2.0
 *
 * door_try.h - one door in a loop of its own, given one letter after another. What breaks the rules of
 * door.h (a result from within door_send, two results, none at all) fails the test. */
#ifndef TESTS_UNIT_DOOR_TRY_H
#define TESTS_UNIT_DOOR_TRY_H

#include "../broker/deliver/door.h"

/* A result must come within this; no test waits for it to pass. */
enum { DOOR_TRY_SECONDS = 60 };

struct door_try {
    struct loop *loop;
    struct door *door;
    struct config_destination to; /* to be changed before door_try_open() */
    bool in_send;
    bool waiting;
    /* The last result. */
    enum door_outcome outcome;
    char word[40];
    char reason[200];
    char answer[4096];
    size_t answer_len;
    bool answered; /* the answer is not absent */
};

/* A destination with a time limit of a minute and nothing else. `loop` is shared by the doors of a test. */
void door_try_init(struct door_try *try, struct loop *loop);

void door_try_open(struct door_try *try, const struct door_kind *kind);
void door_try_close(struct door_try *try);

/* A letter that is HL7 and asks for nothing in particular. */
struct door_letter door_try_letter(int64_t id, const char *control_id, hl7_slice bytes);

/* Hands the letter in; the result comes in door_try_wait(). */
void door_try_send(struct door_try *try, const struct door_letter *letter);
void door_try_wait(struct door_try *try);

/* Both, and what came of it has to be this. */
void door_try_expect(struct door_try *try, const struct door_letter *letter,
                     enum door_outcome outcome, const char *word);

/* Runs the loop for this long. */
void door_try_run(struct loop *loop, uint64_t milliseconds);

#endif
