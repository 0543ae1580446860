/* SPDX-License-Identifier: Apache-2.0
 *
 * case_services.h - a clock that stands still and ids that are always the same, so that what a case
 * gives can be compared:
 *
 *     now()             2026-01-02 03:04:05 +0000
 *     uuid()            00000000-0000-4000-8000-000000000001, then ...2
 *     sequence('name')  1, 2, 3, for each name
 *     control_id()      begins with CASE
 */
#ifndef BASE_CASE_SERVICES_H
#define BASE_CASE_SERVICES_H

#include "hl7.h"

/* Names of sequences that are told apart in one case; those beyond share one sequence. */
#define CASE_SEQUENCES_MAX 256

struct case_services {
    struct hl7_services given; /* for struct hl7_conversion */
    uint64_t taken;            /* how often randomness was asked for */
    struct {
        uint64_t name; /* a hash of it */
        uint64_t last;
    } sequences[CASE_SEQUENCES_MAX + 1];
    size_t sequence_count;
};

/* Makes all of it new: before each run of a template. The services must not move then. */
void case_services_begin(struct case_services *services);

#endif
