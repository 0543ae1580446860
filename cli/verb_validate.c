/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_validate.c - `orderly validate [FILE]...`: are messages what the standard says?
 */
#include <string.h>

#include "option_rows.h"
#include "reader.h"
#include "validate_report.h"
#include "verb.h"

struct validate_options {
    const char *version;
    int least;
    uint64_t max_findings;
    uint64_t max_message;
    const char *junit;
    bool summary;
    bool values;
    bool quiet;
    bool json;
    int color;
};

/* The words of --severity, in the order of enum hl7_severity. */
static const char *const severity_words[] = {"error", "warning", "info", NULL};

static bool on_finding(void *context, const struct hl7_finding *finding)
{
    validate_report_finding(context, finding);
    return true;
}

static void validate_message(struct validate_report *report, const struct reader *reader,
                             const struct hl7_validating *how)
{
    struct hl7_validity validity;

    validate_report_begin(report, &reader->item, &reader->message);
    hl7_validate(&reader->message, how, &validity);
    validate_report_end(report, &validity);
}

static int validate_messages(const struct verb_call *call, struct validate_report *report,
                             struct reader *reader, const struct hl7_validating *how)
{
    while (!report->failed && reader_next(reader)) {
        if (reader->parsed) {
            validate_message(report, reader, how);
            continue;
        }
        validate_report_unreadable(report, &reader->item, &reader->error);
        (void)fflush(stdout);
        reader->status =
            verb_failed(call->verb, "%s:%zu: byte %zu of this message: %s", reader->item.file,
                        reader->item.line, reader->error.position, reader->error.text);
    }
    validate_report_sum(report);
    if (report->failed) {
        return verb_failed(call->verb, "out of memory");
    }
    if (report->messages + report->unread == 0 && reader->status == VERB_DONE) {
        return verb_failed(call->verb, "there is no message to validate");
    }
    return verb_worst(reader->status, report->wrong > 0 ? VERB_NO : VERB_DONE);
}

/* --version, made a version. */
static bool validate_by(const struct verb_call *call, const char *name, struct hl7_validating *how)
{
    if (name == NULL) {
        return true;
    }
    how->versioned = true;
    if (!hl7_version_parse(hl7_slice_of(name), &how->version)) {
        (void)verb_misuse(call->verb,
                          "--version: '%.20s' is no version known here; 2.1 to 2.8.2 are, and any",
                          name);
        return false;
    }
    return true;
}

static int validate_read(const struct verb_call *call, struct validate_report *report,
                         const struct hl7_validating *how)
{
    const struct validate_options *options = call->options;
    const struct source_settings settings = {.max_message = (size_t)options->max_message};
    struct reader reader;

    if (!reader_open(&reader, call, call->operands, call->operand_count, &settings)) {
        return VERB_FAILED;
    }
    int status = validate_messages(call, report, &reader, how);
    reader_close(&reader);
    int failed = options->junit == NULL ? 0 : validate_junit_write(&report->junit, options->junit);
    if (failed != 0) {
        status = verb_failed(call->verb, "cannot write %s: %s", options->junit, strerror(failed));
    }
    return status;
}

static int validate_run(const struct verb_call *call)
{
    const struct validate_options *options = call->options;
    struct validate_report report = {.quiet = options->quiet,
                                     .as_json = options->json,
                                     .summary = options->summary,
                                     .values = options->values};
    struct hl7_validating how = {.least = (enum hl7_severity)options->least,
                                 .max_findings = (size_t)options->max_findings,
                                 .found = on_finding,
                                 .context = &report};
    int status = VERB_FAILED;

    if (!hl7_dict_available()) {
        return verb_failed(call->verb, "this program was built without the dictionary");
    }
    if (!validate_by(call, options->version, &how)) {
        return VERB_MISUSE;
    }
    if (validate_report_open(&report, (enum text_when)options->color, options->junit != NULL)) {
        status = validate_read(call, &report, &how);
    } else {
        (void)verb_failed(call->verb, "out of memory");
    }
    validate_report_close(&report);
    return status;
}

static const struct option validate_option_table[] = {
    {.name = "version",
     .letter = 'v',
     .argument = "VERSION",
     .kind = OPTION_TEXT,
     .doc =
         "Validate by this version of the standard (2.1 to 2.8.2, or any for all of them together) "
         "instead of the one that the message names",
     OPTION_PLACE(struct validate_options, version)},
    {.name = "severity",
     .argument = "LEAST",
     .kind = OPTION_CHOICE,
     .choices = severity_words,
     .standard = "warning",
     .doc = "Tell findings that are at least this grave: error, warning or info",
     OPTION_PLACE(struct validate_options, least)},
    {.name = "summary",
     .letter = 's',
     .kind = OPTION_FLAG,
     .doc = "Print how often each kind of finding was made, instead of each finding",
     OPTION_PLACE(struct validate_options, summary)},
    {.name = "values",
     .kind = OPTION_FLAG,
     .doc = "Show the value at fault with each finding; it may be a patient's",
     OPTION_PLACE(struct validate_options, values)},
    {.name = "max-findings",
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .standard = "100",
     .min = 1,
     .max = 1000000,
     .doc = "Stop at this many findings in a message",
     OPTION_PLACE(struct validate_options, max_findings)},
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_FLAG,
     .doc = "Print nothing; the exit status says it",
     OPTION_PLACE(struct validate_options, quiet)},
    {.name = "json",
     .letter = 'j',
     .kind = OPTION_FLAG,
     .doc =
         "Print each message with its findings as one line of JSON, and the sum as the last line",
     OPTION_PLACE(struct validate_options, json)},
    {.name = "junit",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "Also write the results to FILE, as JUnit's XML: each message is a test case",
     OPTION_PLACE(struct validate_options, junit)},
    OPTION_ROW_COLOR(struct validate_options),
    OPTION_ROW_MAX_MESSAGE(struct validate_options),
    {.name = NULL}};

static const char *const validate_description[] = {
    "Says where messages are not what the HL7 standard asks for: the order of segments and groups, "
    "required fields and components, repetitions, how dates, times and numbers are written, lengths, "
    "codes. Each finding has a path, a severity, the name of a rule and a sentence. Each message is "
    "validated by the version it names in MSH-12.",
    "Segments whose names begin with Z may stand anywhere. A null value (\"\") is never wrong. Fields "
    "and components behind the last one that the version knows are warnings.",
    "Messages come from files, directories (all files in them) or standard input. Findings hold nothing "
    "of a patient unless --values is given.",
    NULL};

static const struct verb_status validate_statuses[] = {
    {VERB_DONE, "No error was found; there may be warnings"},
    {VERB_NO, "A message has an error"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "Something could not be read, or is no message"},
    {0, NULL}};

static const struct verb_example validate_examples[] = {
    {"orderly validate order.hl7", "Says what is wrong with a message"},
    {"orderly validate --values --version 2.5.1 order.hl7",
     "Would it be right in this version? Shows the values at fault"},
    {"orderly validate --summary inbox/", "Counts what is wrong with all messages of a directory"},
    {"orderly validate --severity error --junit results.xml samples/",
     "Checks samples in a build, and writes the results for the build server"},
    {NULL, NULL}};

const struct verb verb_validate = {
    .name = "validate",
    .summary = "Say where messages are not what the standard asks for",
    .usage = "[FILE|DIR|-]...",
    .description = validate_description,
    .options = validate_option_table,
    .options_size = sizeof(struct validate_options),
    .operands = VERB_TAKES_FILES,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = validate_statuses,
    .examples = validate_examples,
    .run = validate_run,
};
