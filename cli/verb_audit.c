/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_audit.c - `orderly audit`: reads the audit log of a broker, and finds out whether it is whole. The
 * broker itself is asked for no more than where the log is. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_client.h"
#include "control_print.h"
#include "when.h"

#ifdef ORDERLY_WITH_BROKER
#include "../broker/audit/keyed.h"
#include "audit_log.h"
#endif

static const char *const audit_words[] = {"verify", "show", NULL};

struct audit_options_row {
    struct control_options control;
    uint64_t since;
    const char *from;
    const char *to;
    struct option_list events;
    const char *who;
    const char *value;
    const char *anchor;
};

#ifdef ORDERLY_WITH_BROKER

struct walk {
    const struct verb_call *call;
    const struct audit_options_row *options;
    struct text_terminal terminal;
    int64_t from;
    int64_t to;
    char hash[HL7_SHA256_HEX]; /* of --value */
    int64_t anchor;            /* --anchor: the record, and its hash */
    char anchor_hash[HL7_SHA256_HEX];
    bool anchored;
    int64_t shown;
};

/* ---- verify --------------------------------------------------------------------------------- */

static void on_fault(void *context, const char *path, int64_t line, const char *what)
{
    struct walk *walk = context;
    struct json json;

    if (walk->options->control.json) {
        json_to_file(&json, stdout);
        json_open_object(&json);
        json_key(&json, "fault");
        json_text_of(&json, what);
        json_key(&json, "file");
        json_text_of(&json, path);
        json_key(&json, "line");
        json_signed(&json, line);
        json_end(&json);
        json_line(&json);
    } else {
        printf("%s:%lld: %s\n", path, (long long)line, what);
    }
}

static void look_for_anchor(void *context, hl7_slice text, const struct audit_line *line)
{
    struct walk *walk = context;

    (void)text;
    if (walk->anchor != 0 && line->link.sequence == walk->anchor) {
        walk->anchored = strcmp(line->link.hash, walk->anchor_hash) == 0;
    }
}

static void tell_whole(const struct walk *walk, const struct audit_chain *chain)
{
    struct json json;

    if (!walk->options->control.json) {
        printf("%lld records, %lld to %lld, %lld faults; the last has the hash\n%s\n",
               (long long)chain->count, (long long)chain->first, (long long)chain->last.sequence,
               (long long)chain->faults, chain->last.hash);
        return;
    }
    json_to_file(&json, stdout);
    json_open_object(&json);
    json_key(&json, "records");
    json_signed(&json, chain->count);
    json_key(&json, "first");
    json_signed(&json, chain->first);
    json_key(&json, "last");
    json_signed(&json, chain->last.sequence);
    json_key(&json, "faults");
    json_signed(&json, chain->faults);
    json_key(&json, "hash");
    json_text_of(&json, chain->last.hash);
    json_end(&json);
    json_line(&json);
}

static int verify_one(struct walk *walk, const char *path)
{
    const struct audit_reader reader = {walk, look_for_anchor, on_fault};
    struct audit_chain chain = audit_chain_begin();
    int status = audit_log_read(walk->call->verb, path, &chain, &reader);

    if (status != VERB_DONE) {
        return status;
    }
    if (walk->anchor != 0 && !walk->anchored) {
        on_fault(walk, path, 0, "the record of --anchor is not there with that hash");
        chain.faults++;
    }
    tell_whole(walk, &chain);
    return chain.faults > 0 || chain.count == 0 ? VERB_NO : VERB_DONE;
}

/* ---- show ----------------------------------------------------------------------------------- */

static bool is_event(const struct option_list *events, hl7_slice event)
{
    for (size_t i = 0; i < events->count; i++) {
        if (hl7_slice_equal(event, hl7_slice_of(events->items[i]))) {
            return true;
        }
    }
    return events->count == 0;
}

/* Whether a text is a whole word of a value: an index's hash stands behind its name. */
static bool is_in(hl7_slice value, hl7_slice text)
{
    for (size_t i = 0; text.len > 0 && i + text.len <= value.len; i++) {
        if (hl7_slice_equal(hl7_slice_part(value, i, text.len), text)) {
            return true;
        }
    }
    return false;
}

static bool has_member(const struct walk *walk, const struct audit_line *line)
{
    hl7_slice rest = line->rest;
    hl7_slice name;
    hl7_slice value;
    bool who = walk->options->who == NULL;
    bool valued = walk->options->value == NULL;

    while (audit_line_member(&rest, &name, &value)) {
        bool person =
            hl7_slice_equal(name, HL7_TEXT("user")) || hl7_slice_equal(name, HL7_TEXT("actor")) ||
            hl7_slice_equal(name, HL7_TEXT("name")) || hl7_slice_equal(name, HL7_TEXT("by"));

        who = who || (person && hl7_slice_equal(value, hl7_slice_of(walk->options->who)));
        valued = valued || is_in(value, hl7_slice_of(walk->hash));
    }
    return who && valued;
}

static void print_line(const struct walk *walk, const struct audit_line *line)
{
    char when[WHEN_TEXT];
    hl7_slice rest = line->rest;
    hl7_slice name;
    hl7_slice value;

    when_write_local(audit_line_time(line), when);
    printf("%s %6lld ", when, (long long)line->link.sequence);
    text_style(&walk->terminal, TEXT_BOLD);
    text_write_safe(stdout, line->event, false);
    text_style(&walk->terminal, TEXT_NORMAL);
    while (audit_line_member(&rest, &name, &value)) {
        (void)putchar(' ');
        text_write_safe(stdout, name, false);
        (void)putchar('=');
        text_write_safe(stdout, value, false);
    }
    (void)putchar('\n');
}

static void show_record(void *context, hl7_slice text, const struct audit_line *line)
{
    struct walk *walk = context;
    int64_t time = audit_line_time(line);

    if (time < walk->from || (walk->to != 0 && time >= walk->to) ||
        !is_event(&walk->options->events, line->event) || !has_member(walk, line)) {
        return;
    }
    walk->shown++;
    if (walk->options->control.json) {
        (void)fwrite(text.ptr, 1, text.len, stdout);
        (void)putchar('\n');
    } else {
        print_line(walk, line);
    }
}

static void tell_fault(void *context, const char *path, int64_t line, const char *what)
{
    (void)context;
    (void)fprintf(stderr, "%s:%lld: %s\n", path, (long long)line, what);
}

static int show_one(struct walk *walk, const char *path)
{
    const struct audit_reader reader = {walk, show_record, tell_fault};
    struct audit_chain chain = audit_chain_begin();

    if (walk->options->value != NULL) {
        struct keyed keyed;
        int error = keyed_open(&keyed, path, false);

        if (error != 0) {
            return verb_failed(walk->call->verb, "%.200s.key: %s", path, strerror(error));
        }
        keyed_hash(&keyed, hl7_slice_of(walk->options->value), walk->hash);
        keyed_wipe(&keyed);
    }
    int status = audit_log_read(walk->call->verb, path, &chain, &reader);
    return status == VERB_DONE && chain.faults > 0 ? VERB_NO : status;
}

/* ---- The verb ------------------------------------------------------------------------------- */

static bool read_times(struct walk *walk)
{
    const struct audit_options_row *options = walk->options;
    int64_t now = when_now();

    if (options->since != 0 && options->from != NULL) {
        (void)verb_misuse(walk->call->verb, "either --since or --from");
        return false;
    }
    if ((options->from != NULL && !when_read(options->from, now, &walk->from)) ||
        (options->to != NULL && !when_read(options->to, now, &walk->to))) {
        (void)verb_misuse(walk->call->verb, "this is no time such as 2026-11-26T14:00");
        return false;
    }
    if (options->since != 0) {
        walk->from = now - (int64_t)options->since * 1000;
    }
    return true;
}

static bool read_anchor(struct walk *walk)
{
    const char *text = walk->options->anchor;
    char *end = NULL;

    if (text == NULL) {
        return true;
    }
    walk->anchor = strtoll(text, &end, 10);
    if (walk->anchor < 1 || *end != ':' || strlen(end + 1) != HL7_SHA256_HEX - 1) {
        (void)verb_misuse(walk->call->verb, "--anchor wants NUMBER:HASH, as 'verify' prints them");
        return false;
    }
    memcpy(walk->anchor_hash, end + 1, HL7_SHA256_HEX);
    return true;
}

static bool events_are_known(const struct walk *walk)
{
    const struct option_list *events = &walk->options->events;

    for (size_t i = 0; i < events->count; i++) {
        int event = 0;

        while (event < AUDIT_EVENTS &&
               strcmp(audit_event_word((enum audit_event)event), events->items[i]) != 0) {
            event++;
        }
        if (event == AUDIT_EVENTS) {
            (void)verb_misuse(walk->call->verb, "there is no event '%.40s'", events->items[i]);
            return false;
        }
    }
    return true;
}

static int audit_run(const struct verb_call *call)
{
    struct walk walk = {.call = call, .options = call->options};
    const char *action = call->operands[0];
    char path[PATH_MAX];
    int status = VERB_DONE;

    if (strcmp(action, "verify") != 0 && strcmp(action, "show") != 0) {
        return verb_misuse(call->verb, "'%.60s' is neither verify nor show", action);
    }
    if (!read_times(&walk) || !read_anchor(&walk) || !events_are_known(&walk)) {
        return VERB_MISUSE;
    }
    int (*one)(struct walk * walk, const char *path) =
        strcmp(action, "verify") == 0 ? verify_one : show_one;
    text_terminal_open(&walk.terminal, stdout, (enum text_when)walk.options->control.color);
    if (call->operand_count == 1) {
        return audit_log_find(call->verb, &walk.options->control, path) ? one(&walk, path)
                                                                        : VERB_FAILED;
    }
    for (size_t i = 1; i < call->operand_count; i++) {
        status = verb_worst(status, one(&walk, call->operands[i]));
    }
    return status;
}
#else
static int audit_run(const struct verb_call *call)
{
    return verb_failed(call->verb, "this program was built without the broker (ORDERLY_BROKER)");
}
#endif

static const struct option audit_option_table[] = {
    {.name = "event",
     .letter = 'e',
     .argument = "EVENT",
     .kind = OPTION_TEXT,
     .many = true,
     .doc = "With 'show': records of this kind: view, export, resend; may be given several times",
     OPTION_PLACE(struct audit_options_row, events)},
    {.name = "who",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .doc = "With 'show': what this user did, or somebody of this name of a program that has users",
     OPTION_PLACE(struct audit_options_row, who)},
    {.name = "value",
     .argument = "VALUE",
     .kind = OPTION_TEXT,
     .doc = "With 'show': who looked for this value: a patient, an accession number, a control id",
     OPTION_PLACE(struct audit_options_row, value)},
    {.name = "since",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .doc = "With 'show': within this time up to now: 30m, 2h, 1d",
     OPTION_PLACE(struct audit_options_row, since)},
    {.name = "from",
     .argument = "WHEN",
     .kind = OPTION_TEXT,
     .doc = "With 'show': then or later: 2026-11-26, 2026-11-26T14:00, 14:00 for today",
     OPTION_PLACE(struct audit_options_row, from)},
    {.name = "to",
     .argument = "WHEN",
     .kind = OPTION_TEXT,
     .doc = "With 'show': before then",
     OPTION_PLACE(struct audit_options_row, to)},
    {.name = "anchor",
     .argument = "NUMBER:HASH",
     .kind = OPTION_TEXT,
     .doc = "With 'verify': this record, whose hash was kept elsewhere, has to be there",
     OPTION_PLACE(struct audit_options_row, anchor)},
    CONTROL_OPTION_ROWS(struct audit_options_row),
    {.name = NULL}};

static const char *const audit_description[] = {
    "'verify' reads a whole audit log and says whether a record was changed, removed, put in or cut "
    "off, with file and line. What it cannot see is that the last records are missing, or that "
    "everything was written anew: for that keep the number and the hash it prints in another place, "
    "and give them to --anchor later; or forward the log.",
    "'show' prints records. With --value it finds who looked for a patient: the log holds no such "
    "value, only a hash that needs the key beside the log.",
    "FILE is a log; the files that were set aside before it, FILE.000001 and so on, belong to it. "
    "Without FILE it is the log of the running broker, or of --config.",
    NULL};

static const struct verb_status audit_statuses[] = {
    {VERB_DONE, "The log is whole"},
    {VERB_NO, "It is not: each fault is a line; or it is empty"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "A file could not be read, or the broker not be reached"},
    {0, NULL}};

static const struct verb_example audit_examples[] = {
    {"orderly audit verify", "Checks the log of the running broker"},
    {"orderly audit verify /var/lib/orderly/audit.log", "Checks a log, with or without a broker"},
    {"orderly audit show --since 1d --event view --event export",
     "Who saw messages since yesterday"},
    {"orderly audit show --value 000123", "Who looked for this patient"},
    {NULL, NULL}};

const struct verb verb_audit = {
    .name = "audit",
    .summary = "Read the audit log of a broker, and check that it is whole",
    .usage = "verify|show [FILE]...",
    .description = audit_description,
    .options = audit_option_table,
    .options_size = sizeof(struct audit_options_row),
    .operands = VERB_TAKES_ACTION,
    .operand_words = audit_words,
    .operands_min = 1,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = audit_statuses,
    .examples = audit_examples,
    .run = audit_run,
};
