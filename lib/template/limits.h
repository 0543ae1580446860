/* SPDX-License-Identifier: Apache-2.0
 *
 * Every limit of the template language. Going over one is an error that says so. */
#ifndef LIB_TEMPLATE_LIMITS_H
#define LIB_TEMPLATE_LIMITS_H

enum {
    TEMPLATE_MAX_BYTES = 1024 * 1024,
    TEMPLATE_MAX_INSTRUCTIONS = 100000,
    /* Findings about one template; one more says that there are others. */
    TEMPLATE_MAX_DIAGNOSTICS = 100,
    /* A word of the template that is quoted in an error is cut to this. */
    TEMPLATE_MAX_QUOTED = 40,
    /* Parentheses, arguments and conditions within each other. */
    TEMPLATE_MAX_NESTING = 32,
    /* Values one expression holds at a time. */
    TEMPLATE_MAX_STACK = 256,
    /* Loops and conditions in brackets within each other. */
    TEMPLATE_MAX_SCOPES = 32,
    /* 'if' and 'for' within each other. */
    TEMPLATE_MAX_BLOCKS = 64,
    /* Different names that 'let' gives. */
    TEMPLATE_MAX_VARIABLES = 250,
    /* Different messages named before a ':'. */
    TEMPLATE_MAX_MESSAGES = 16,
    /* Different tables and included files, and how deep files include each other. */
    TEMPLATE_MAX_FILES = 64,
    TEMPLATE_MAX_INCLUDES = 8,
    TEMPLATE_MAX_FILE_NAME = 200,
    /* Bytes of all included files, each as often as it is included, and what one counts beside. */
    TEMPLATE_MAX_EXPANDED = 16 * 1024 * 1024,
    TEMPLATE_INCLUDE_COST = 64,
    /* What one run may do and write when the caller does not say. */
    TEMPLATE_MAX_STEPS = 10 * 1000 * 1000,
    TEMPLATE_MAX_OUTPUT = 64 * 1024 * 1024,
    /* Bytes that the values and edits of one run take at a time, beside the source's own length so
     * many times: a long document can be decoded, encoded and put into the working copy. */
    TEMPLATE_MAX_SCRATCH = 64 * 1024 * 1024,
    TEMPLATE_SCRATCH_PER_SOURCE = 4,
    /* An instruction is a step, and so are so many bytes that it goes over or writes. */
    TEMPLATE_BYTES_PER_STEP = 64
};

#endif
