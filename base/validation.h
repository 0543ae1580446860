/* SPDX-License-Identifier: Apache-2.0
 *
 * validation.h - validation of what a receiver takes in: what is told to the log and to the sender. Only
 * errors count; a message with warnings is a valid message.
 *
 *     struct validation validation;
 *     if (how != VALIDATION_OFF && !validation_passes(&validation, &message)) {
 *         log_warning("invalid", "%s", validation_text(&validation));
 *         if (how == VALIDATION_REJECT) {
 *             verdict = validation_verdict(&validation);
 *         }
 *     }
 */
#ifndef BASE_VALIDATION_H
#define BASE_VALIDATION_H

#include "hl7.h"
#include "answers.h"

/* In the order of validation_words: "off", "warn", "reject". */
enum validation_how { VALIDATION_OFF, VALIDATION_WARN, VALIDATION_REJECT };
extern const char *const validation_words[];

/* Errors that are told of one message; there may be more. */
enum { VALIDATION_TOLD = 8 };

struct validation {
    size_t count;
    bool more; /* there are more than are told */
    struct hl7_problem problems[VALIDATION_TOLD];
    char sentences[VALIDATION_TOLD][HL7_FINDING_SIZE];
    char text[VALIDATION_TOLD * 48 + 16];
};

/* Validates by the message's own version. */
bool validation_passes(struct validation *validation, const struct hl7_message *message);

/* Writes the path of a finding for people: of the only segment of its name without its number. */
void validation_path(const struct hl7_finding *finding, const struct hl7_message *message,
                     struct hl7_buffer *buffer);

/* "PID-7 type, OBR-4 field-missing" for a log line: paths and rules, nothing of the message. A segment
 * whose name nobody knows is named by its number. Lasts as long as the validation. */
const char *validation_text(const struct validation *validation);

/* The answer: an error, AE or CE, with what was found. Borrows from the validation. */
struct answer_verdict validation_verdict(const struct validation *validation);

#endif
