/* SPDX-License-Identifier: Apache-2.0
 *
 * case_run.h - runs the cases of a template and compares what they give with what they should.
 */
#ifndef ORDERLY_CASE_RUN_H
#define ORDERLY_CASE_RUN_H

#include "case_report.h"
#include "../base/case_services.h"
#include "cases.h"
#include "difference.h"
#include "../base/memory.h"
#include "../base/templates.h"
#include "verb.h"

/* A message that a case reads, beside its input. */
struct case_message {
    struct memory_block text;
    struct memory_block index;
    struct hl7_message message;
};

/* Begin with {.call, .update, .report}; everything else grows as it is needed. */
struct case_run {
    const struct verb_call *call;
    bool update;
    struct report *report;

    /* The rest is private. */
    struct template_file template; /* open while its cases run */
    const struct case_files *files;
    struct case_services services;
    struct template_output output;
    struct case_message named[CASE_NAMED_MAX];
    struct case_message expected;
    struct case_message actual;
    struct memory_block scratch;
    struct difference_text text;
    int status;
};

/* Runs one template's cases. Returns the worst status. */
int case_run_template(struct case_run *run, const struct case_template *template);

void case_run_free(struct case_run *run);

#endif
