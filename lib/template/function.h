/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions a template may call that need neither the message nor the program. One table, in
 * functions.c, is the only place where they are listed: the parser checks names and argument counts
 * against it, the documentation and the suggestions are made from it.
 *
 * Every value is text: a number is text that reads as one, a date is an HL7 time. An absent value
 * is {NULL, 0} and is taken as empty.
 */
#ifndef HL7_TEMPLATE_FUNCTION_H
#define HL7_TEMPLATE_FUNCTION_H

#include "hl7.h"

#define FUNCTION_ANY 255 /* as a maximum: any count of arguments */

struct call {
    const hl7_slice *arguments; /* decoded text */
    size_t count;               /* within the function's min and max: the parser has checked it */
    struct hl7_arena *arena;    /* results live here until the run ends */
    struct hl7_services *services; /* never NULL */
    const char **ret_problem;      /* on failure: a sentence without message content */
};

struct function {
    hl7_slice name;
    uint8_t min;
    uint8_t max; /* or FUNCTION_ANY */
    /* HL7_OK, HL7_NO_MEMORY (the arena is full), or another code with *ret_problem set. The value
     * may borrow from the arguments, the arena, or constants. */
    enum hl7_code (*run)(const struct call *call, hl7_slice *ret_value);
    const char *usage; /* "substr(text, start, length)" */
    const char *doc;   /* one line */
};

/* The function of this name, or NULL. */
const struct function *function_find(hl7_slice name);

/* All of them, sorted by name. */
const struct function *function_table(size_t *ret_count);

#endif
