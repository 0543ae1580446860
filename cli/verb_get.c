/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_get.c - `orderly get PATH... [FILE]...`: the values at some paths, a line for each message.
 *
 * A value on a line must not end the line or the column: control characters are written as \n, \t,
 * \x1b. JSON carries the same values with nothing replaced but bytes that are not valid text.
 */
#include <string.h>
#include <unistd.h>

#include "../base/json.h"
#include "../base/names.h"
#include "option_rows.h"
#include "reader.h"
#include "../base/templates.h"
#include "../base/text.h"
#include "verb.h"

#define GET_PATHS_MAX 64

struct get_options {
    uint64_t max_message;
    const char *charset;
    bool text;
    bool json;
    bool name;
};

struct get {
    const struct get_options *options;
    struct hl7_path paths[GET_PATHS_MAX];
    char *const *names; /* the paths as they were typed */
    size_t path_count;
    struct reader reader;
    struct text_charset charset;
    const char *fallback;       /* the character set of messages that name none */
    struct memory_block memory; /* a value on its way: decoded, then as UTF-8 */
    struct json json;
    bool recode; /* values are written as UTF-8, not as the bytes they are */
    bool found;
};

/* ---- Operands ------------------------------------------------------------------------------- */

static int get_bad_path(const struct verb *verb, const char *word, const struct hl7_error *error,
                        bool first)
{
    (void)verb_failed(verb, "'%.200s' is not a path%s: %s", word, first ? "" : " and no file",
                      error->text);
    template_print_caret(stderr, hl7_slice_of(word), error->position + 1);
    fprintf(stderr, "see 'orderly %s --help'\n", verb->name);
    return VERB_MISUSE;
}

/* Reads the paths; the first word that is none, but is there, begins the files. */
static int get_read_paths(struct get *get, const struct verb_call *call)
{
    for (size_t i = 0; i < call->operand_count; i++) {
        const char *word = call->operands[i];
        struct hl7_error error;

        if (hl7_path_parse(hl7_slice_of(word), &get->paths[i], &error) != HL7_OK) {
            if (i > 0 && (strcmp(word, "-") == 0 || access(word, F_OK) == 0)) {
                break;
            }
            return get_bad_path(call->verb, word, &error, i == 0);
        }
        get->path_count++;
        if (get->path_count == GET_PATHS_MAX) {
            return verb_misuse(call->verb, "more than %d paths", GET_PATHS_MAX - 1);
        }
    }
    get->names = call->operands;
    return VERB_DONE;
}

/* ---- Names ---------------------------------------------------------------------------------- */

/* What the standard calls a path, in all versions together: the line is above all messages. */
static hl7_slice get_name(const struct hl7_path *path)
{
    const hl7_slice segment = hl7_slice_of(path->segment);
    const struct hl7_dict_segment *known = names_segment(HL7_ANY_VERSION, segment);
    const struct names_place place = {.segment = segment,
                                      .field = path->field,
                                      .component = path->component,
                                      .subcomponent = path->subcomponent};
    struct names names;

    if (path->field == 0 && known != NULL) {
        return hl7_dict_text(known->title);
    }
    names_find(HL7_ANY_VERSION, &place, &names);
    return names.name;
}

/* The path itself where there is no name. */
static void get_print_names(const struct get *get)
{
    for (size_t i = 0; i < get->path_count; i++) {
        hl7_slice name = get_name(&get->paths[i]);

        printf("%s%s%s%.*s", i > 0 ? "\t" : "", get->names[i], name.len > 0 ? " " : "",
               (int)name.len, name.len > 0 ? name.ptr : "");
    }
    putchar('\n');
}

/* ---- Values --------------------------------------------------------------------------------- */

/* The value as it is printed; borrows from the message or from get->memory. */
static hl7_slice get_written(struct get *get, hl7_slice raw)
{
    size_t decoded_max = raw.len + 1;
    struct hl7_buffer decoded;
    struct hl7_buffer text;
    char *memory;

    if (raw.ptr == NULL || !memory_grow(&get->memory, decoded_max * (1 + TEXT_UTF8_GROWTH))) {
        return raw;
    }
    memory = get->memory.ptr;
    if (get->options->text) {
        hl7_buffer_init(&decoded, memory, decoded_max);
        hl7_unescape(&get->reader.message.delimiters, raw, HL7_TEXT_PLAIN, &decoded);
        raw = hl7_buffer_slice(&decoded);
    }
    if (!get->recode) {
        return raw;
    }
    hl7_buffer_init(&text, memory + decoded_max, get->memory.size - decoded_max);
    text_utf8(&get->charset, raw, &text);
    return hl7_buffer_slice(&text);
}

/* Bytes of an unknown character set that still keep to their line and column. */
static void get_print_bytes(hl7_slice value)
{
    size_t from = 0;

    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];

        if (c < ' ' || c == 0x7f) {
            fwrite(value.ptr + from, 1, i - from, stdout);
            text_write_safe(stdout, (hl7_slice){value.ptr + i, 1}, false);
            from = i + 1;
        }
    }
    if (from < value.len) {
        fwrite(value.ptr + from, 1, value.len - from, stdout);
    }
}

static void get_print_line(struct get *get)
{
    for (size_t i = 0; i < get->path_count; i++) {
        hl7_slice raw = hl7_message_get(&get->reader.message, &get->paths[i]);

        get->found = get->found || raw.len > 0;
        if (i > 0) {
            putchar('\t');
        }
        if (get->recode) {
            text_write_safe(stdout, get_written(get, raw), false);
        } else {
            get_print_bytes(get_written(get, raw));
        }
    }
    putchar('\n');
}

/* The value, or an object with the name beside it. */
static void get_json_value(struct get *get, const struct hl7_path *path, hl7_slice raw)
{
    if (!get->options->name) {
        json_text(&get->json, get_written(get, raw));
        return;
    }
    json_open_object(&get->json);
    json_key(&get->json, "name");
    json_text(&get->json, get_name(path));
    json_key(&get->json, "value");
    json_text(&get->json, get_written(get, raw));
    json_end(&get->json);
}

static void get_print_json(struct get *get)
{
    json_open_object(&get->json);
    for (size_t i = 0; i < get->path_count; i++) {
        hl7_slice raw = hl7_message_get(&get->reader.message, &get->paths[i]);

        get->found = get->found || raw.len > 0;
        json_key(&get->json, get->names[i]);
        get_json_value(get, &get->paths[i], raw);
    }
    json_end(&get->json);
    json_line(&get->json);
}

static void get_all(struct get *get)
{
    if (get->options->name && !get->options->json) {
        get_print_names(get);
    }
    while (reader_next_message(&get->reader)) {
        if (get->recode) {
            reader_charset(&get->reader, &get->charset, get->fallback);
        }
        if (get->options->json) {
            get_print_json(get);
        } else {
            get_print_line(get);
        }
    }
}

static int get_run(const struct verb_call *call)
{
    struct get get = {.options = call->options};
    const struct source_settings settings = {.max_message = (size_t)get.options->max_message};
    int status = get_read_paths(&get, call);

    if (status != VERB_DONE) {
        return status;
    }
    get.fallback = get.options->charset == NULL ? "UTF-8" : text_charset_find(get.options->charset);
    if (get.fallback == NULL) {
        return verb_misuse(call->verb, "--charset: '%.60s' is no character set known here",
                           get.options->charset);
    }
    get.recode = get.options->json || get.options->text || isatty(STDOUT_FILENO) == 1;
    json_to_file(&get.json, stdout);
    if (!reader_open(&get.reader, call, call->operands + get.path_count,
                     call->operand_count - get.path_count, &settings)) {
        return VERB_FAILED;
    }
    get_all(&get);
    status = verb_worst(get.found ? VERB_DONE : VERB_NO, get.reader.status);
    reader_close(&get.reader);
    text_charset_close(&get.charset);
    memory_free(&get.memory);
    return status;
}

/* ---- The verb ------------------------------------------------------------------------------- */

static const struct option get_option_table[] = {
    {.name = "text",
     .kind = OPTION_FLAG,
     .doc = "Decode escapes (\\T\\ is &, \\.br\\ a line end) and print UTF-8",
     OPTION_PLACE(struct get_options, text)},
    {.name = "json",
     .letter = 'j',
     .kind = OPTION_FLAG,
     .doc = "Print a JSON object for each message; a value that is absent is null",
     OPTION_PLACE(struct get_options, json)},
    {.name = "name",
     .letter = 'n',
     .kind = OPTION_FLAG,
     .doc =
         "Print first a line with each path and what the HL7 standard calls it; with --json each value "
         "is an object with name and value",
     OPTION_PLACE(struct get_options, name)},
    OPTION_ROW_CHARSET(struct get_options),
    OPTION_ROW_MAX_MESSAGE(struct get_options),
    {.name = NULL}};

static const char *const get_description[] = {
    "Prints, for each message, one line with the values at the paths, separated by tabs. A path is "
    "a segment and numbers that count from 1: PID-5 is a field, PID-5.1 its first component, "
    "PID-5.1.2 a sub-component of that, PID-3[2] the second repetition, OBX[3]-5 field 5 of the "
    "third OBX, OBX[last]-5 of the last.",
    "The paths come first, then the files; a file whose name is a path is written ./NAME. Without a "
    "file, messages come from standard input.",
    "Values are printed raw, as they stand in the message, delimiters and escapes included; a "
    "control character in a value is shown as \\n, \\t or \\x1b, so that a message is a line and a "
    "value a column.",
    NULL};

static const struct verb_status get_statuses[] = {
    {VERB_DONE, "At least one value was there"},
    {VERB_NO, "No message had any of the values"},
    {VERB_MISUSE, "Wrong use: not a path, and not a file either"},
    {VERB_FAILED, "Something could not be read"},
    {0, NULL}};

static const struct verb_example get_examples[] = {
    {"orderly get MSH-10 PID-3.1 PID-5 orders.hl7", "Control id, patient id and name, in columns"},
    {"orderly get --text OBX[2]-5 result.hl7", "The second result as text"},
    {"orderly get --name PID-3.1 PV1-44 orders.hl7", "The same under a line of names"},
    {"orderly get --json PID-3 PID-5.1 < orders.hl7", "The same for programs"},
    {NULL, NULL}};

const struct verb verb_get = {
    .name = "get",
    .summary = "Print the values at paths such as PID-5.1",
    .usage = "PATH... [FILE|DIR|-]...",
    .description = get_description,
    .options = get_option_table,
    .options_size = sizeof(struct get_options),
    .operands = VERB_TAKES_PATHS_AND_FILES,
    .operands_min = 1,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = get_statuses,
    .examples = get_examples,
    .run = get_run,
};
