/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_dict.c - `orderly dict [NAME]...`: what the HL7 standard says of a segment, field, data type, table
 * or message structure. */
#include <ctype.h>
#include <string.h>

#include "dict_entry.h"
#include "option_rows.h"
#include "table.h"
#include "verb.h"

enum { NAME_MAX_BYTES = 40 };

struct dict_options {
    const char *version;
    int color;
    bool json;
};

struct dict {
    const struct verb_call *call;
    const struct dict_options *options;
    struct text_terminal terminal;
    struct json json;
    enum hl7_version version;
    size_t told;
};

/* ---- One name ---------------------------------------------------------------------------------- */

static int tell(struct dict *dict, const struct dict_entry *entry)
{
    if (dict->options->json) {
        dict_json(&dict->json, entry);
        return VERB_DONE;
    }
    if (dict->told++ > 0) {
        putchar('\n');
    }
    return dict_print(&dict->terminal, entry) ? VERB_DONE
                                              : verb_failed(dict->call->verb, "out of memory");
}

/* The first and last version that has a name. False when none has. */
static bool versions_with(hl7_slice name, const char **ret_first, const char **ret_last)
{
    struct dict_entry found[DICT_FOUND_MAX];
    bool any = false;

    for (int version = HL7_V2_1; version < HL7_ANY_VERSION; version++) {
        if (dict_find((enum hl7_version)version, name, found) > 0) {
            *ret_last = hl7_version_name((enum hl7_version)version);
            *ret_first = any ? *ret_first : *ret_last;
            any = true;
        }
    }
    return any;
}

static int not_there(const struct dict *dict, const char *word, hl7_slice name)
{
    const char *first = NULL;
    const char *last = NULL;

    if (!versions_with(name, &first, &last)) {
        (void)verb_failed(dict->call->verb,
                          "'%.60s' is no segment, field, data type, table or structure of HL7 2.1 "
                          "to 2.8.2",
                          word);
        return VERB_NO;
    }
    (void)verb_failed(dict->call->verb, "HL7 %s has no '%.60s'; it is in %s%s%s",
                      hl7_version_name(dict->version), word, first, first == last ? "" : " to ",
                      first == last ? "" : last);
    return VERB_NO;
}

/* Names are upper case; ADT^A04 is read as ADT_A04. */
static int tell_name(struct dict *dict, const char *word)
{
    struct dict_entry found[DICT_FOUND_MAX];
    char text[NAME_MAX_BYTES];
    size_t len = strlen(word);
    int status = VERB_DONE;

    if (len >= sizeof text) {
        return not_there(dict, word, HL7_TEXT(""));
    }
    for (size_t i = 0; i < len; i++) {
        text[i] = word[i] == '^' ? '_' : (char)toupper((unsigned char)word[i]);
    }
    const hl7_slice name = {text, len};
    size_t count = dict_find(dict->version, name, found);
    for (size_t i = 0; i < count; i++) {
        status = verb_worst(status, tell(dict, &found[i]));
    }
    return count > 0 ? status : not_there(dict, word, name);
}

/* ---- All ---------------------------------------------------------------------------------------- */

/* What there is, a line for each; as JSON all that is known of it. */
static int tell_all(struct dict *dict)
{
    static const struct table_column columns[] = {
        {"KIND", false}, {"NAME", false}, {"TITLE", false}};
    struct table table;
    struct dict_entry entry;

    table_open(&table, &dict->terminal, columns, sizeof columns / sizeof columns[0]);
    for (size_t n = 0; dict_nth(dict->version, n, &entry); n++) {
        char number[16];

        if (entry.kind == DICT_TYPE && entry.type == NULL) {
            continue;
        }
        if (entry.kind == DICT_TABLE) {
            (void)snprintf(number, sizeof number, "%04u", (unsigned)entry.table->number);
            entry.name = hl7_slice_of(number);
        }
        if (dict->options->json) {
            dict_json(&dict->json, &entry);
        } else {
            table_string(&table, TEXT_NORMAL, dict_kind_word(entry.kind));
            table_text(&table, TEXT_BOLD, entry.name);
            table_text(&table, TEXT_NORMAL, dict_title(&entry));
        }
    }
    return table_close(&table) ? VERB_DONE : verb_failed(dict->call->verb, "out of memory");
}

static int dict_run(const struct verb_call *call)
{
    struct dict dict = {.call = call, .options = call->options, .version = HL7_ANY_VERSION};
    const char *version = dict.options->version;
    int status = VERB_DONE;

    if (!hl7_dict_available()) {
        return verb_failed(call->verb, "this program was built without the dictionary");
    }
    if (version != NULL && !hl7_version_parse(hl7_slice_of(version), &dict.version)) {
        return verb_misuse(call->verb, "--version: '%.20s' is no version of HL7 from 2.1 to 2.8.2",
                           version);
    }
    text_terminal_open(&dict.terminal, stdout, (enum text_when)dict.options->color);
    json_to_file(&dict.json, stdout);
    if (call->operand_count == 0) {
        return tell_all(&dict);
    }
    for (size_t i = 0; i < call->operand_count; i++) {
        status = verb_worst(status, tell_name(&dict, call->operands[i]));
    }
    return status;
}

/* ---- The verb ----------------------------------------------------------------------------------- */

static const struct option dict_option_table[] = {
    {.name = "version",
     .letter = 'v',
     .argument = "VERSION",
     .kind = OPTION_TEXT,
     .doc =
         "Say what this version of HL7 has, 2.1 to 2.8.2; without it the newest that has the thing",
     OPTION_PLACE(struct dict_options, version)},
    {.name = "json",
     .letter = 'j',
     .kind = OPTION_FLAG,
     .doc = "Print each entry as one line of JSON",
     OPTION_PLACE(struct dict_options, json)},
    OPTION_ROW_COLOR(struct dict_options),
    {.name = NULL}};

static const char *const dict_description[] = {
    "Says what the HL7 standard has under a name: a segment (PID) with its fields; a field or component "
    "(PID-5, PID-5.1, XPN.1); a data type (XPN) with its components; a table (0001) with its codes; a "
    "message structure (ORU_R01), or that of an event (ADT^A04), with its groups and segments. A name "
    "may be in small letters. Without a name: lists all that there is.",
    "Facts and short names only: the standard itself has the explanations. Codes of tables are those of "
    "all versions together.",
    NULL};

static const struct verb_status dict_statuses[] = {{VERB_DONE, "All names were found"},
                                                   {VERB_NO, "A name was not found"},
                                                   {VERB_MISUSE, "Wrong use"},
                                                   {VERB_FAILED, "Built without the dictionary"},
                                                   {0, NULL}};

static const struct verb_example dict_examples[] = {
    {"orderly dict PID-8", "What field 8 of PID is, with its codes"},
    {"orderly dict --version 2.3 ORU_R01 OBX", "A structure and a segment of version 2.3"},
    {"orderly dict --version 2.5.1 --json", "All of a version, for programs"},
    {NULL, NULL}};

const struct verb verb_dict = {
    .name = "dict",
    .summary = "Say what the HL7 standard has under a name",
    .usage = "[NAME]...",
    .description = dict_description,
    .options = dict_option_table,
    .options_size = sizeof(struct dict_options),
    .operands = VERB_TAKES_NOTHING,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = dict_statuses,
    .examples = dict_examples,
    .run = dict_run,
};
