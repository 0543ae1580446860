/* SPDX-License-Identifier: Apache-2.0
 *
 * services.h - what templates need from outside: the clock, randomness, control ids, sequences.
 *
 * A conversion has them from services_begin() to services_end(); a conversion that is tried again,
 * with more memory, is begun again and gets the same numbers.
 */
#ifndef BASE_SERVICES_H
#define BASE_SERVICES_H

#include "control_id.h"
#include "sequences.h"

struct services {
    struct hl7_services given; /* for struct hl7_conversion */
    struct sequences sequences;
    char prefix[CONTROL_ID_PREFIX];
    uint64_t counter; /* the last control id that is used up */
    bool rehearsal;   /* results are only looked at: nothing is ever used up */
    bool still;       /* services_stop() was called: the clock stands */
};

/* `sequence_file`: NULL when the sequences of a run begin at 1. The services must not move. */
void services_open(struct services *services, const char *sequence_file);

/* Reads the clock, for one conversion. */
void services_begin(struct services *services);

/* What control ids are made of. */
struct services_pin {
    char prefix[CONTROL_ID_PREFIX];
    uint64_t counter;
};

/* Until services_unpin() control ids are made of this moment (microseconds since 1970) and count up from
 * `number`: the same ids for the same conversion, however often it is done. */
struct services_pin services_pin(struct services *services, int64_t moment, uint64_t number);
void services_unpin(struct services *services, const struct services_pin *before);

/* From here on it is always this moment (microseconds since 1970), uuid() gives the same each time, and
 * nothing is used up: two templates can be compared by what they make. May be called again. */
void services_stop(struct services *services, int64_t moment);

/* Makes it as if nothing had been taken since services_begin(); the clock stays. */
void services_again(struct services *services);

/* The conversion is over. False when its result must not be used because numbers could not be kept;
 * `services->sequences.error` says why, until the next services_begin(). */
bool services_end(struct services *services, bool good);

void services_close(struct services *services);

/* Now, in the local zone, to the second; in UTC when there is no local zone. */
struct hl7_time services_now(void);

/* The next control id, for a message that no template makes. */
hl7_slice services_control_id(struct services *services, char memory[CONTROL_ID_SIZE]);

#endif
