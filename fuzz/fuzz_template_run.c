/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs over messages. The input is parts with a NUL between them: four bytes of limits, a
 * template, a source (HL7, JSON, anything), the message named `order`, and then names and texts of the
 * files beside the template, by turns.
 *
 * What must hold, beside not crashing:
 *   - what is said about a file lies within that file, of compiling and of running;
 *   - a run that is watched does what one does that is not; what is told of it lies within the
 *     messages, the template and the output, and is what happens to a stack;
 *   - a run with less of anything (steps, output, memory) does the same or says what it lacked;
 *   - a strict run does the same or misses something;
 *   - no value ends a segment or a frame of HL7, or opens or closes anything in JSON or XML. */
#include "hl7.h"
#include "json_tree.h"
#include "template/limits.h"
#include "template/program.h"
#include "utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_BYTES = 4 * 1024 * 1024,
    OUTPUT_BYTES = 512 * 1024,
    STEPS = 20000,
    FILES_MAX = 8,
    SPANS_MAX = 4096
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of the output that one value wrote. */
struct span {
    size_t from;
    size_t to;
};

struct trial {
    unsigned char limits[4]; /* of steps, output, buffer, memory */
    hl7_slice text;
    hl7_slice source;
    hl7_slice order;
    hl7_slice names[FILES_MAX];
    hl7_slice files[FILES_MAX];
    size_t file_count;
    const struct hl7_template *program;
    struct hl7_message order_message;
    struct hl7_named named;
    struct hl7_message message;
    struct span spans[SPANS_MAX];
    size_t span_count; /* may be more than there is room for */
    size_t written;    /* by the events so far */
    size_t depth;      /* of the stack they tell of */
    size_t events;
};

/* How a run ended. */
struct outcome {
    enum hl7_code code;
    hl7_slice output;
    struct hl7_diagnostic diagnostic;
    struct hl7_refusal refusal;
    bool buffer_full;
};

/* What a run is given. */
struct given {
    size_t steps;
    size_t output;
    size_t buffer;
    size_t arena;
    bool strict;
    bool watched;
};

static const struct given plenty = {.steps = STEPS, .buffer = OUTPUT_BYTES, .arena = ARENA_BYTES};

/* ---- What lies where ------------------------------------------------------------------------ */

static bool lies_in(hl7_slice part, hl7_slice whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static bool occurs_in(hl7_slice part, hl7_slice whole)
{
    size_t at = 0;

    while (at < whole.len && !hl7_slice_starts(hl7_slice_part(whole, at, whole.len), part)) {
        at++;
    }
    return at < whole.len || part.len == 0;
}

/* The text of a file by its name; the template has none. */
static hl7_slice file_text(const struct trial *trial, hl7_slice name)
{
    size_t i = 0;

    if (name.len == 0) {
        return trial->text;
    }
    while (i < trial->file_count && !hl7_slice_equal(trial->names[i], name)) {
        i++;
    }
    assert(i < trial->file_count);
    return trial->files[i];
}

static void check_finding(const struct trial *trial, const struct hl7_diagnostic *finding)
{
    hl7_slice text = file_text(trial, finding->file);

    assert(finding->line >= 1 && finding->line <= text.len + 1);
    assert(finding->column >= 1 && finding->column <= finding->source.len + 1);
    assert(lies_in(finding->source, text));
    assert(finding->text[0] != '\0' && memchr(finding->text, '\0', sizeof finding->text) != NULL);
}

/* ---- Running -------------------------------------------------------------------------------- */

static void fill(void *context, void *bytes, size_t len)
{
    (void)context;
    memset(bytes, 0x5a, len);
}

static uint64_t next_number(void *context, hl7_slice name)
{
    (void)context;
    return name.len;
}

static void pop(struct trial *trial, size_t count)
{
    assert(trial->depth >= count);
    trial->depth -= count;
}

/* The events are those of a stack of values. */
static void follow_stack(struct trial *trial, const struct hl7_trace_event *event)
{
    switch (event->kind) {
    case HL7_TRACE_READ:
    case HL7_TRACE_LITERAL:
    case HL7_TRACE_RECALL:
        trial->depth++;
        break;
    case HL7_TRACE_CALL:
        pop(trial, event->count);
        trial->depth++;
        break;
    case HL7_TRACE_TEST:
    case HL7_TRACE_KEEP:
        pop(trial, 1);
        break;
    case HL7_TRACE_EDIT:
    case HL7_TRACE_WRITE:
        pop(trial, event->count);
        break;
    }
}

/* Each WRITE begins where the one before it ended, or later; one of no value is the template's. */
static void note_span(struct trial *trial, const struct hl7_trace_event *event)
{
    assert(event->from >= trial->written && event->from <= event->to);
    trial->written = event->to;
    if (event->count == 0) {
        return;
    }
    if (trial->span_count < SPANS_MAX) {
        trial->spans[trial->span_count] = (struct span){event->from, event->to};
    }
    trial->span_count++;
}

/* One event of a run that is watched. */
static void watch(void *context, const struct hl7_trace_event *event)
{
    struct trial *trial = context;
    hl7_slice text = file_text(trial, event->file);

    trial->events++;
    assert(event->line >= 1 && event->line <= text.len + 1);
    assert(event->column >= 1 && event->column <= text.len + 1);
    assert(occurs_in(event->words, text) && lies_in(event->table, text));
    follow_stack(trial, event);
    switch (event->kind) {
    case HL7_TRACE_READ:
        assert(lies_in(event->raw, trial->source) || lies_in(event->raw, trial->order));
        assert(event->message == NULL || event->segment == HL7_NONE ||
               event->segment < event->message->segment_count);
        break;
    case HL7_TRACE_KEEP:
        assert(event->variable < trial->program->variable_count);
        break;
    case HL7_TRACE_RECALL:
        assert(event->variable == HL7_NONE || event->variable < trial->program->variable_count);
        break;
    case HL7_TRACE_WRITE:
        note_span(trial, event);
        break;
    default:
        break;
    }
}

static void run(struct trial *trial, const struct given *given, char *output,
                struct outcome *ret_outcome)
{
    static char scratch[ARENA_BYTES];
    const struct hl7_trace trace = {.event = watch, .context = trial};
    struct hl7_services services = {.random = fill, .sequence = next_number};
    struct hl7_conversion conversion = {
        .source = trial->source,
        .message = trial->message.segments == NULL ? NULL : &trial->message,
        .strict = given->strict,
        .named = &trial->named,
        .named_count = trial->named.message == NULL ? 0 : 1,
        .services = &services,
        .refusal = &ret_outcome->refusal,
        .trace = given->watched ? &trace : NULL,
        .max_steps = given->steps,
        .max_output = given->output};
    struct hl7_buffer buffer;
    struct hl7_arena arena;

    memset(ret_outcome, 0, sizeof *ret_outcome);
    trial->span_count = 0;
    trial->written = 0;
    trial->depth = 0;
    trial->events = 0;
    services.now = hl7_time_from_seconds(1700000000, 120);
    hl7_buffer_init(&buffer, output, given->buffer);
    hl7_arena_init(&arena, scratch, given->arena);
    ret_outcome->code =
        hl7_template_run(trial->program, &conversion, &arena, &buffer, &ret_outcome->diagnostic);
    assert(arena.used == 0);
    ret_outcome->output = hl7_buffer_slice(&buffer);
    ret_outcome->buffer_full = buffer.full;
    if (ret_outcome->code != HL7_OK) {
        check_finding(trial, &ret_outcome->diagnostic);
    }
    assert((ret_outcome->code == HL7_REFUSED) == (ret_outcome->refusal.code != HL7_ACK_NONE));
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
    if (a->code != b->code) {
        return false;
    }
    if (a->code == HL7_OK) {
        return hl7_slice_equal(a->output, b->output);
    }
    return a->diagnostic.line == b->diagnostic.line &&
           a->diagnostic.column == b->diagnostic.column &&
           strcmp(a->diagnostic.text, b->diagnostic.text) == 0 &&
           strcmp(a->refusal.reason, b->refusal.reason) == 0;
}

/* ---- Values in the output ------------------------------------------------------------------- */

static bool uses(const struct hl7_template *program, enum opcode op)
{
    for (size_t i = 0; i < program->count; i++) {
        if (program->code[i].op == op) {
            return true;
        }
    }
    return false;
}

static void check_hl7_value(hl7_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        assert(value.ptr[i] != '\r' && value.ptr[i] != '\n' && value.ptr[i] != HL7_VT &&
               value.ptr[i] != HL7_FS);
    }
}

static bool starts_entity(hl7_slice text)
{
    return hl7_slice_starts(text, HL7_TEXT("&lt;")) || hl7_slice_starts(text, HL7_TEXT("&gt;")) ||
           hl7_slice_starts(text, HL7_TEXT("&amp;")) ||
           hl7_slice_starts(text, HL7_TEXT("&quot;")) || hl7_slice_starts(text, HL7_TEXT("&#"));
}

/* XML 1.0, Char; and nothing that is markup. */
static void check_xml_value(hl7_slice value)
{
    for (size_t at = 0, len = 0; at < value.len; at += len) {
        hl7_slice rest = hl7_slice_part(value, at, value.len);
        uint32_t character = utf8_first(rest, &len);
        assert(character < UTF8_NOT_A_CHARACTER && character >= ' ');
        assert(character != '<' && character != '>' && character != '"' && character != '\'');
        assert(character != '&' || starts_entity(rest));
    }
}

/* How many values there are in a JSON text; 0 when it is none. */
static size_t count_json(hl7_slice text)
{
    size_t bytes = json_tree_memory(text);
    char *memory = malloc(bytes);
    struct hl7_arena arena;
    struct json_tree tree;

    assert(memory != NULL);
    hl7_arena_init(&arena, memory, bytes);
    size_t count = json_tree_parse(text, &arena, &tree, NULL) == HL7_OK ? tree.count : 0;
    free(memory);
    return count;
}

/* Text of the template: does a string begin or end there? */
static bool is_in_string(hl7_slice text, bool inside)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\' && inside) {
            i++;
        } else if (text.ptr[i] == '"') {
            inside = !inside;
        }
    }
    return inside;
}

/* The output with another value in place of each. A value within a string stays within. */
static hl7_slice with_values(const struct trial *trial, hl7_slice output, const char *value)
{
    static char memory[OUTPUT_BYTES + 8 * SPANS_MAX];
    struct hl7_buffer buffer;
    bool inside = false;
    size_t at = 0;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    for (size_t i = 0; i < trial->span_count; i++) {
        hl7_slice text = hl7_slice_part(output, at, trial->spans[i].from - at);
        hl7_buffer_add(&buffer, text);
        inside = is_in_string(text, inside);
        hl7_buffer_add(&buffer, inside ? HL7_TEXT("x") : hl7_slice_of(value));
        at = trial->spans[i].to;
    }
    hl7_buffer_add(&buffer, hl7_slice_part(output, at, output.len));
    assert(!buffer.full);
    return hl7_buffer_slice(&buffer);
}

/* Where any value would do, those that came do, and change nothing but themselves. */
static void check_json(const struct trial *trial, hl7_slice output)
{
    size_t count = count_json(with_values(trial, output, "\"\""));

    if (count != 0 && count_json(with_values(trial, output, "0")) == count &&
        count_json(with_values(trial, output, "null")) == count) {
        assert(count_json(output) == count);
    }
}

/* After a watched run. */
static void check_values(const struct trial *trial, hl7_slice output)
{
    enum hl7_format format = hl7_template_format(trial->program);
    /* The bytes of these are somebody's own decision. */
    bool free_form = uses(trial->program, OP_WRITE_RAW) || uses(trial->program, OP_SOURCE) ||
                     (format == HL7_FORMAT_HL7 && uses(trial->program, OP_ORIGINAL));
    size_t at = 0;

    if (free_form || trial->span_count > SPANS_MAX) {
        return;
    }
    for (size_t i = 0; i < trial->span_count; i++) {
        const struct span *span = &trial->spans[i];
        hl7_slice value = hl7_slice_part(output, span->from, span->to - span->from);
        assert(span->from >= at && span->to <= output.len);
        at = span->to;
        if (format == HL7_FORMAT_HL7) {
            check_hl7_value(value);
        } else if (format == HL7_FORMAT_XML) {
            check_xml_value(value);
        }
    }
    if (format == HL7_FORMAT_JSON) {
        check_json(trial, output);
    }
}

/* What a template makes that begins as HL7 is HL7. */
static void check_output(const struct trial *trial, hl7_slice output)
{
    static char memory[ARENA_BYTES];
    struct hl7_message message;
    struct hl7_arena arena;

    if (hl7_template_format(trial->program) != HL7_FORMAT_HL7 ||
        !hl7_slice_starts(output, HL7_TEXT("MSH|^~\\&|"))) {
        return;
    }
    hl7_arena_init(&arena, memory, sizeof memory);
    enum hl7_code code = hl7_message_parse(output, &arena, &message, NULL);
    /* A template may write a second header. */
    assert(code == HL7_OK || code == HL7_NO_MEMORY || code == HL7_TWO_HEADERS);
}

/* ---- The runs of a trial -------------------------------------------------------------------- */

static void check_limits(struct trial *trial, const struct outcome *plain)
{
    static char memory[OUTPUT_BYTES];
    struct given given = plenty;
    struct outcome outcome;

    given.steps = (size_t)trial->limits[0] + 1;
    run(trial, &given, memory, &outcome);
    assert(outcome.code == HL7_TOO_LARGE || is_same(&outcome, plain));

    given = plenty;
    given.output = (size_t)trial->limits[1] + 1;
    run(trial, &given, memory, &outcome);
    assert(outcome.code == HL7_TOO_LARGE || is_same(&outcome, plain));
    assert(outcome.code != HL7_OK || outcome.output.len <= given.output);
    assert(plain->code != HL7_OK || plain->output.len > given.output || outcome.code == HL7_OK);

    given = plenty;
    given.buffer = trial->limits[2];
    run(trial, &given, memory, &outcome);
    assert((outcome.code == HL7_NO_MEMORY && outcome.buffer_full) || is_same(&outcome, plain));

    given = plenty;
    given.arena = (size_t)trial->limits[3] * 16;
    run(trial, &given, memory, &outcome);
    assert(outcome.code == HL7_NO_MEMORY || is_same(&outcome, plain));
}

static void check_runs(struct trial *trial)
{
    static char first[OUTPUT_BYTES];
    static char second[OUTPUT_BYTES];
    struct given given = plenty;
    struct outcome plain;
    struct outcome other;

    run(trial, &given, first, &plain);
    given.strict = true;
    run(trial, &given, second, &other);
    assert(other.code == HL7_NOT_FOUND || is_same(&plain, &other));
    given = plenty;
    given.watched = true;
    run(trial, &given, second, &other);
    assert(is_same(&plain, &other));
    if (plain.code == HL7_OK) {
        assert(trial->depth == 0 && trial->written <= other.output.len);
        assert(trial->events > 0 || other.output.len == 0);
        check_values(trial, other.output);
        check_output(trial, plain.output);
    }
    check_limits(trial, &plain);
}

/* ---- The input ------------------------------------------------------------------------------ */

/* What stands before the next NUL. */
static hl7_slice next_part(hl7_slice *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\0', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    hl7_slice part = hl7_slice_part(*rest, 0, len);

    *rest = hl7_slice_part(*rest, end == NULL ? len : len + 1, rest->len);
    return part;
}

static void read_input(struct trial *trial, hl7_slice input)
{
    memset(trial, 0, sizeof *trial);
    if (input.len >= sizeof trial->limits) {
        memcpy(trial->limits, input.ptr, sizeof trial->limits);
        input = hl7_slice_part(input, sizeof trial->limits, input.len);
    }
    trial->text = next_part(&input);
    trial->source = next_part(&input);
    trial->order = next_part(&input);
    while (input.len > 0 && trial->file_count < FILES_MAX) {
        trial->names[trial->file_count] = next_part(&input);
        trial->files[trial->file_count++] = next_part(&input);
    }
}

static enum hl7_code load(void *context, hl7_slice name, hl7_slice *ret_text)
{
    const struct trial *trial = context;

    for (size_t i = 0; i < trial->file_count; i++) {
        if (hl7_slice_equal(trial->names[i], name)) {
            *ret_text = trial->files[i];
            return HL7_OK;
        }
    }
    return HL7_NOT_FOUND;
}

/* Without warnings, and then with. */
static enum hl7_code compile(struct trial *trial, bool warn, struct hl7_arena *arena)
{
    const struct hl7_loader loader = {.load = load, .context = trial};
    const struct hl7_compiling how = {.loader = &loader, .warn = warn};
    struct hl7_diagnostic *findings = NULL;

    enum hl7_code code = hl7_template_compile(trial->text, &how, arena, &trial->program, &findings);
    for (const struct hl7_diagnostic *at = findings; at != NULL; at = at->next) {
        check_finding(trial, at);
        assert(at->severity == HL7_ERROR || warn);
    }
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[ARENA_BYTES];
    static char index[ARENA_BYTES];
    static struct trial trial;
    struct hl7_arena arena;

    read_input(&trial, (hl7_slice){(const char *)data, size});
    hl7_arena_init(&arena, memory, sizeof memory);
    enum hl7_code code = compile(&trial, false, &arena);
    size_t used = arena.used;
    const struct hl7_template *program = trial.program;
    enum hl7_code warned = compile(&trial, true, &arena);
    assert(warned == code || warned == HL7_NO_MEMORY);
    if (code != HL7_OK) {
        return 0;
    }
    arena.used = used;
    trial.program = program;
    hl7_arena_init(&arena, index, sizeof index);
    if (hl7_message_parse(trial.source, &arena, &trial.message, NULL) != HL7_OK) {
        trial.message.segments = NULL;
    }
    if (hl7_message_parse(trial.order, &arena, &trial.order_message, NULL) == HL7_OK) {
        trial.named = (struct hl7_named){HL7_TEXT("order"), &trial.order_message};
    }
    check_runs(&trial);
    return 0;
}
