/* SPDX-License-Identifier: Apache-2.0
 *
 * templates.h - templates in files: reading and compiling one, running it with memory that grows,
 * and printing what is wrong with it:
 *
 *     orm-to-ris.hl7:4:17: unknown function 'uper' (did you mean 'upper'?)
 *         PID|1||{PID-3.1}||{uper(PID-5.1)}
 *                            ^
 */
#ifndef ORDERLY_TEMPLATES_H
#define ORDERLY_TEMPLATES_H

#include <stdio.h>

#include "hl7.h"
#include "memory.h"
#include "verb.h"

/* The longest template and the longest result of one conversion. */
#define TEMPLATE_TEXT_MAX ((size_t)16 << 20)
#define TEMPLATE_RESULT_MAX ((size_t)1 << 30)

struct template_file {
    const char *path;                   /* borrowed */
    const struct hl7_template *program; /* lives in `memory`, refers to `text` */
    struct memory_block text;
    struct memory_block memory;
};

/* Reads and compiles a template. VERB_DONE; or it is complained about on standard error and the
 * answer is VERB_MISUSE (it has errors) or VERB_FAILED (it cannot be read). */
int template_load(const struct verb *verb, const char *path, struct template_file *ret_file);

void template_unload(struct template_file *file);

/* What a conversion writes into; begin with {0}. The result borrows from it until the next run. */
struct template_output {
    struct memory_block scratch;
    struct memory_block text;
};

/* Runs the template, giving it more memory as long as it needs more. */
enum hl7_code template_run(const struct template_file *file,
                           const struct hl7_conversion *conversion, struct template_output *output,
                           hl7_slice *ret_result, struct hl7_diagnostic *ret_diagnostic);

void template_output_free(struct template_output *output);

/* Prints one finding about the template with its line and a caret. */
void template_print_diagnostic(FILE *file, const char *path,
                               const struct hl7_diagnostic *diagnostic);

/* Prints a line of text indented, and a caret below its byte `column` (from 1). A long line is
 * shown around the caret. */
void template_print_caret(FILE *file, hl7_slice line, size_t column);

#endif
