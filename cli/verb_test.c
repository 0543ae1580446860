/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_test.c - `orderly test [DIR|TEMPLATE]...`: the cases beside templates.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "case_files.h"
#include "case_report.h"
#include "case_run.h"
#include "cases.h"
#include "verb.h"

struct test_options {
    bool quiet;
    bool json;
    bool update;
    const char *junit;
    int color;
};

static int test_find(const struct verb_call *call, struct case_templates *templates)
{
    int status = VERB_DONE;

    if (call->operand_count == 0) {
        return case_templates_find(call->verb, ".", templates);
    }
    for (size_t i = 0; i < call->operand_count; i++) {
        status = verb_worst(status, case_templates_find(call->verb, call->operands[i], templates));
    }
    return status;
}

static int test_write_junit(const struct verb_call *call, const struct report *report,
                            const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    int failed = ENOMEM;

    if (file != NULL) {
        report_junit(report, file);
        failed = fclose(file) != 0 ? errno : case_file_write(path, (hl7_slice){text, len});
    }
    free(text);
    return failed == 0 ? VERB_DONE
                       : verb_failed(call->verb, "cannot write %s: %s", path, strerror(failed));
}

static int test_all(const struct verb_call *call, const struct case_templates *templates,
                    struct report *report)
{
    const struct test_options *options = call->options;
    struct case_run run = {.call = call, .update = options->update, .report = report};
    int status = VERB_DONE;

    for (size_t i = 0; i < templates->count; i++) {
        status = verb_worst(status, case_run_template(&run, &templates->items[i]));
    }
    case_run_free(&run);
    report_sum(report);
    if (options->junit != NULL) {
        status = verb_worst(status, test_write_junit(call, report, options->junit));
    }
    if (report_cases(report) == 0) {
        (void)verb_failed(call->verb, "there is no case: the cases of NAME.hl7 are files in "
                                      "NAME.cases beside it");
        status = verb_worst(status, VERB_MISUSE);
    }
    return status;
}

static int test_run(const struct verb_call *call)
{
    const struct test_options *options = call->options;
    struct case_templates templates = {NULL, 0};
    struct text_terminal terminal;
    struct report report;
    int status = test_find(call, &templates);

    text_terminal_open(&terminal, stdout, (enum text_when)options->color);
    if (report_open(&report, &terminal, options->quiet, options->json)) {
        status = verb_worst(status, test_all(call, &templates, &report));
    } else {
        status = verb_failed(call->verb, "out of memory");
    }
    report_close(&report);
    case_templates_free(&templates);
    return status;
}

static const struct option test_option_table[] = {
    {.name = "update",
     .letter = 'u',
     .kind = OPTION_FLAG,
     .doc =
         "Write what the cases give to the files that say what to expect. What differed is shown",
     OPTION_PLACE(struct test_options, update)},
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_FLAG,
     .doc = "Say nothing of what passes",
     OPTION_PLACE(struct test_options, quiet)},
    {.name = "json",
     .letter = 'j',
     .kind = OPTION_FLAG,
     .doc = "Print each case as one line of JSON, and the sum as the last line",
     OPTION_PLACE(struct test_options, json)},
    {.name = "junit",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "Also write the results to FILE, as JUnit's XML",
     OPTION_PLACE(struct test_options, junit)},
    {.name = "color",
     .argument = "WHEN",
     .kind = OPTION_CHOICE,
     .choices = text_when_words,
     .standard = "auto",
     .doc = "Use colours: auto (on a terminal), always or never",
     OPTION_PLACE(struct test_options, color)},
    {.name = NULL}};

static const char *const test_description[] = {
    "Runs the cases beside templates and says what differs from what they should give. The cases of "
    "oru-to-ris.hl7 are files in the folder oru-to-ris.cases beside it: NAME.in.hl7 is converted, "
    "and NAME.out.hl7 is what should come of it, or NAME.error is a part of the error that should. "
    "NAME.order.hl7 is the message that {order:PID-5} reads. Inputs and outputs may be any text.",
    "A directory stands for all templates in it and below it; without an operand that is the "
    "current one. HL7 is compared field by field, anything else line by line; line ends do not "
    "matter.",
    "In a case it is always 2026-01-02 03:04:05 +0000; uuids are numbered, sequences begin at 1, and "
    "control ids begin with CASE. So a case always gives the same.",
    NULL};

static const struct verb_status test_statuses[] = {
    {VERB_DONE, "All cases passed"},
    {VERB_NO, "A case failed"},
    {VERB_MISUSE, "Wrong use, a mistake in a template or a case, or there is no case"},
    {VERB_FAILED, "Something could not be read or written"},
    {0, NULL}};

static const struct verb_example test_examples[] = {
    {"orderly test", "Runs all cases below the current directory"},
    {"orderly test templates/oru-to-ris.hl7", "Runs the cases of one template"},
    {"orderly test --update && git diff", "Accepts what the templates give now, and shows it"},
    {"orderly test --junit results.xml templates/", "Writes the results for a build server, too"},
    {NULL, NULL}};

const struct verb verb_test = {
    .name = "test",
    .summary = "Run the cases beside templates",
    .usage = "[DIR|TEMPLATE]...",
    .description = test_description,
    .options = test_option_table,
    .options_size = sizeof(struct test_options),
    .operands = VERB_TAKES_FILES,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = test_statuses,
    .examples = test_examples,
    .run = test_run,
};
