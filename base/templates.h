/* SPDX-License-Identifier: Apache-2.0
 *
 * templates.h - templates in files: reading and compiling one, running it with memory that grows,
 * and printing what is wrong with it:
 *
 *     orm-to-ris.hl7:4:17: unknown function 'uper' (did you mean 'upper'?)
 *         PID|1||{PID-3.1}||{uper(PID-5.1)}
 *                            ^
 */
#ifndef BASE_TEMPLATES_H
#define BASE_TEMPLATES_H

#include <stdio.h>

#include "beside.h"
#include "hl7.h"
#include "memory.h"
#include "services.h"

/* Memory for the longest result of one conversion. */
#define TEMPLATE_RESULT_MAX ((size_t)1 << 30)

struct template_file {
    const char *path;                      /* borrowed; "-" is standard input */
    const struct hl7_template *program;    /* lives in `memory`, refers to `beside`; NULL: none */
    const struct hl7_diagnostic *findings; /* about the template or its files; in `memory` */
    struct beside beside;
    struct memory_block memory;
    char problem[160]; /* why there is no program, when no finding says it; else "" */
};

/* Reads a template and the files beside it, and compiles it. True when there is a program; else
 * findings or a problem. Says nothing to anybody. Must be unloaded in any case. */
bool template_open(struct template_file *ret_file, const char *path);

/* The same; warnings are among the findings. */
bool template_check(struct template_file *ret_file, const char *path);

/* A file beside the template that could not be read for another reason than that there is none:
 * "folder/sex.csv: Permission denied". Counts `number` from 0; false when there are no more. */
bool template_unreadable(const struct template_file *file, size_t number, char *text, size_t size);

/* Its output is UTF-8 by definition: a message has to be made UTF-8 before it is converted. */
bool template_needs_utf8(const struct template_file *file);

void template_unload(struct template_file *file);

/* What a conversion writes into; begin with {0}. The result borrows from it until the next run. */
struct template_output {
    struct memory_block scratch;
    struct memory_block text;
    size_t attempt; /* counts runs: one that needs more memory is begun again */
};

/* Runs the template, giving it more memory as long as it needs more. `services` may be NULL; the
 * conversion's own must be. What it took of them is used up when the code is HL7_OK. HL7_BAD_VALUE
 * without a line in the diagnostic: the numbers of sequences could not be kept. */
enum hl7_code template_run(const struct template_file *file, struct hl7_conversion *conversion,
                           struct services *services, struct template_output *output,
                           hl7_slice *ret_result, struct hl7_diagnostic *ret_diagnostic);

void template_output_free(struct template_output *output);

/* The file a finding is about, as a person would name it. */
void template_finding_file(const char *path, const struct hl7_diagnostic *diagnostic, char *text,
                           size_t size);

/* Prints one finding about the template at `path`, or a file beside it, with its line and a caret. */
void template_print_diagnostic(FILE *file, const char *path,
                               const struct hl7_diagnostic *diagnostic);

/* Prints a line of text indented, and a caret below its byte `column` (from 1). A long line is
 * shown around the caret. */
void template_print_caret(FILE *file, hl7_slice line, size_t column);

#endif
