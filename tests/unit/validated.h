/* SPDX-License-Identifier: Apache-2.0
 *
 * validated.h - what validation finds in a text, written down: "PID-7 type; OBX[2]-5.1 code". */
#ifndef TESTS_UNIT_VALIDATED_H
#define TESTS_UNIT_VALIDATED_H

#include "hl7.h"

struct validated {
    size_t count;
    char text[2048]; /* as much as fits */
    char memory[65536];
    struct hl7_validity validity;
};

/* Parses and validates by the message's own version. What is less grave than `least` is left out. */
void validate_text(hl7_slice text, enum hl7_severity least, struct validated *ret_validated);

/* Nothing was found, or what no value can avoid: the dictionary gives a field a length that no code of its
 * table has. */
bool is_clean(const struct validated *validated);

#endif
