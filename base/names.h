/* SPDX-License-Identifier: Apache-2.0
 *
 * names.h - what the dictionary (hl7/dict.h) says of a place in a message: its name, its type, and what
 * the code there stands for. For what is written for people; the validator has stricter ways. */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stddef.h>

#include "hl7.h"

/* A place, and what a message has there. Numbers count from 1; 0: the whole. */
struct names_place {
    hl7_slice segment; /* "PID" */
    size_t field;
    size_t component;
    size_t subcomponent;
    hl7_slice value; /* the code to explain; absent: none */
    hl7_slice
        varies; /* the type that the message says a field of type "varies" has; may be absent */
    hl7_slice system; /* the coding system beside the code, CWE.3; may be absent */
};

/* What is not known is empty. */
struct names {
    hl7_slice name;    /* "Administrative Sex" */
    hl7_slice type;    /* "IS" */
    hl7_slice meaning; /* "Female" */
};

/* By the rules of a version. A segment that the version does not have is read as in the newest version
 * that has it. */
void names_find(enum hl7_version version, const struct names_place *place, struct names *ret_names);

/* The segment of this name as names_find() reads it, or NULL. */
const struct hl7_dict_segment *names_segment(enum hl7_version version, hl7_slice name);

/* The number of the field that says which type this one has: 2 for OBX-5; 0 when none does. */
size_t names_varies_by(hl7_slice segment, size_t field);

#endif
