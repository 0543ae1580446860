/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_export.c - `orderly export`: the bytes of stored messages, as one HL7 batch file, or framed as
 * they came. A file appears whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_print.h"
#include "control_query.h"

enum export_format { EXPORT_BATCH, EXPORT_FRAMES };

static const char *const format_words[] = {"batch", "frames", NULL};

enum { IDS_PER_REQUEST = 500 };

struct export_options {
    struct control_options control;
    struct control_query query;
    const char *output;
    int format;
    uint64_t limit;
};

struct export
{
    const struct export_options *options;
    struct control_client client;
    struct control_print print;
    FILE *file;
    char temporary[PATH_MAX]; /* what the file is called until it is whole; "": standard output */
    uint64_t count;
    uint64_t missing;
};

/* ---- The file ------------------------------------------------------------------------------- */

static bool open_output(struct export *export)
{
    const char *path = export->options->output;

    export->file = stdout;
    if (path == NULL) {
        return true;
    }
    if ((size_t)snprintf(export->temporary, sizeof export->temporary, "%s.part", path) >=
        sizeof export->temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(export->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    export->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (export->file == NULL && fd >= 0) {
        (void)close(fd);
    }
    return export->file != NULL;
}

/* Gives the file its name if all is well, else takes it away. */
static bool close_output(struct export *export, bool good)
{
    if (export->options->output == NULL) {
        return good;
    }
    good = good && fflush(export->file) == 0 && fsync(fileno(export->file)) == 0;
    good = fclose(export->file) == 0 && good;
    if (good) {
        good = rename(export->temporary, export->options->output) == 0;
    }
    if (!good) {
        (void)unlink(export->temporary);
    }
    return good;
}

static void put(struct export *export, hl7_slice bytes)
{
    if (bytes.len > 0) {
        (void)fwrite(bytes.ptr, 1, bytes.len, export->file);
    }
}

/* A message in a batch ends its last segment. */
static void put_message(struct export *export, hl7_slice bytes)
{
    if (export->options->format == EXPORT_FRAMES) {
        put(export, HL7_TEXT("\x0b"));
        put(export, bytes);
        put(export, HL7_TEXT("\x1c\r"));
        return;
    }
    put(export, bytes);
    if (bytes.len > 0 && bytes.ptr[bytes.len - 1] != '\r' && bytes.ptr[bytes.len - 1] != '\n') {
        put(export, HL7_TEXT("\r"));
    }
}

static void put_head(struct export *export)
{
    if (export->options->format == EXPORT_BATCH && !export->options->control.json) {
        put(export, HL7_TEXT("FHS|^~\\&\rBHS|^~\\&\r"));
    }
}

static void put_end(struct export *export)
{
    if (export->options->format == EXPORT_BATCH && !export->options->control.json) {
        (void)fprintf(export->file, "BTS|%llu\rFTS|1\r", (unsigned long long)export->count);
    }
}

/* ---- Asking --------------------------------------------------------------------------------- */

static bool ask(struct export *export, const struct verb_call *call, size_t first)
{
    struct control_client *client = &export->client;

    control_client_begin(client, "export");
    for (size_t i = first; i < call->operand_count && i < first + IDS_PER_REQUEST; i++) {
        control_client_add(client, "id", call->operands[i]);
    }
    if (call->operand_count == 0) {
        char limit[24];
        (void)snprintf(limit, sizeof limit, "%llu", (unsigned long long)export->options->limit);
        control_client_add(client, "limit", limit);
    }
    return control_query_add(client, &export->options->query);
}

/* Takes the answer to one request. */
static void take(struct export *export)
{
    struct record *record = &export->client.link.record;

    while (control_client_next(&export->client) != NULL) {
        bool missing = record_is(record, "missing");

        if (record_is(record, "bytes") && control_print_join(&export->print, record)) {
            export->count++;
            if (export->options->control.json) {
                control_print_json(&export->print, record);
            } else {
                put_message(export, record_get(record, "data"));
            }
        } else if (missing) {
            export->missing++;
            (void)verb_failed(export->client.verb, "message %lld: %s",
                              (long long)record_get_number(record, "message"),
                              hl7_slice_equal(record_get(record, "why"), HL7_TEXT("damaged"))
                                  ? "damaged, left out"
                                  : "there is no such message");
        }
    }
}

static bool check(const struct verb_call *call, const struct export_options *options)
{
    int64_t id = 0;

    for (size_t i = 0; i < call->operand_count; i++) {
        if (!control_query_id(call->verb, call->operands[i], &id)) {
            return false;
        }
    }
    if (call->operand_count > 0 && control_query_given(&options->query)) {
        (void)verb_misuse(call->verb, "either numbers of messages or options that choose them");
        return false;
    }
    if (options->control.json && options->output != NULL) {
        (void)verb_misuse(call->verb, "--json writes to standard output");
        return false;
    }
    return true;
}

static int collect(struct export *export, const struct verb_call *call)
{
    size_t first = 0;

    put_head(export);
    do {
        if (!ask(export, call, first)) {
            return VERB_MISUSE;
        }
        take(export);
        first += IDS_PER_REQUEST;
    } while (first < call->operand_count && export->client.status == VERB_DONE);
    put_end(export);
    return export->missing > 0 || export->count == 0 ? VERB_NO : VERB_DONE;
}

static int export_run(const struct verb_call *call)
{
    struct export export = {.options = call->options};
    const struct export_options *options = call->options;

    if (!check(call, options)) {
        return VERB_MISUSE;
    }
    if (!control_client_open(&export.client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    if (!open_output(&export)) {
        (void)control_client_close(&export.client);
        return verb_failed(call->verb, "%s: %s", options->output, strerror(errno));
    }
    control_print_open(&export.print, &options->control);
    int status = collect(&export, call);
    control_print_close(&export.print);
    status = verb_worst(status, control_client_close(&export.client));
    errno = 0;
    if (!close_output(&export, status <= VERB_NO) && status <= VERB_NO) {
        return verb_failed(call->verb, "%s: %s", options->output,
                           errno != 0 ? strerror(errno) : "a write failed");
    }
    return status;
}

static const struct option export_option_table[] = {
    {.name = "output",
     .letter = 'o',
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "Write to this file, which appears when it is complete, instead of standard output",
     OPTION_PLACE(struct export_options, output)},
    {.name = "format",
     .letter = 'f',
     .argument = "FORMAT",
     .kind = OPTION_CHOICE,
     .choices = format_words,
     .standard = "batch",
     .doc =
         "batch: an HL7 batch file (FHS, BHS, messages, BTS, FTS); frames: each message in an MLLP "
         "frame, its bytes unchanged",
     OPTION_PLACE(struct export_options, format)},
    CONTROL_QUERY_ROWS(struct export_options),
    {.name = "limit",
     .letter = 'n',
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .max = INT32_MAX,
     .doc = "No more than this many, the oldest first; 0: all",
     OPTION_PLACE(struct export_options, limit)},
    CONTROL_OPTION_ROWS(struct export_options),
    {.name = NULL}};

static const char *const export_description[] = {
    "Writes messages that a running broker has stored, as they were received, oldest first: those with "
    "the given numbers, or all that the options choose. 'orderly send', 'show' and 'convert' read the "
    "file. With --json each message is a line, and its bytes are in base64 where they are no UTF-8.",
    "A message without a CR at its end gets one in a batch; nothing else is changed.", NULL};

static const struct verb_status export_statuses[] = {
    {VERB_DONE, "Done"},
    {VERB_NO,
     "There was nothing to write, or something is damaged or missing; the rest is written"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, its journal failed, or the file could not be "
                  "written"},
    {0, NULL}};

static const struct verb_example export_examples[] = {
    {"orderly export --since 1d --listener orders -o day.hl7", "The orders of the last day"},
    {"orderly export 4711 | orderly convert -t new.hl7 -", "Tries a template on a real message"},
    {"orderly export --patient 000123 --format frames > p.mllp", "The very bytes, framed"},
    {NULL, NULL}};

const struct verb verb_export = {
    .name = "export",
    .summary = "Write stored messages to a batch file",
    .usage = "[ID]...",
    .description = export_description,
    .options = export_option_table,
    .options_size = sizeof(struct export_options),
    .operands = VERB_TAKES_NOTHING,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = export_statuses,
    .examples = export_examples,
    .run = export_run,
};
