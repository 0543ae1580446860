/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths are checked as instructions, where they are bound: each names a segment of the dictionary and
 * a field that it has. Names of 'let' are counted by their instructions too. Text is searched for
 * braces that open nothing and hold what looks like an expression; JSON and style sheets, which are
 * full of braces, never do. */
#include "template/check.h"

#include "template/function.h"
#include "template/suggest.h"

#include <assert.h>
#include <string.h>

static const hl7_slice NOTHING = {NULL, 0};

/* ---- Paths --------------------------------------------------------------------------------- */

static bool has_path(const struct instruction *instruction)
{
    switch (instruction->op) {
    case OP_PATH:
    case OP_PUSH_PATH:
    case OP_PUSH_RAW:
    case OP_PUSH_ENCODED:
    case OP_PUSH_SEGMENT:
    case OP_PUSH_COUNT:
    case OP_PUSH_HAS:
    case OP_FIND:
    case OP_FOR:
    case OP_SET:
    case OP_DELETE:
        return instruction->root != ROOT_JSON;
    default:
        return false;
    }
}

/* That of a condition stands at its bracket; the path is in front of it. */
static size_t path_start(const struct instruction *instruction, hl7_slice text)
{
    size_t at = instruction->position;
    size_t open = 0;

    while (instruction->op == OP_FIND && at > 0) {
        char c = text.ptr[at - 1];
        bool in_path = lexer_is_letter(c) || lexer_is_digit(c) || c == '-' || c == ':' || c == '_';
        open += c == ']' ? 1 : 0;
        if (open == 0 && !in_path) {
            break;
        }
        open -= c == '[' && open > 0 ? 1 : 0;
        at--;
    }
    return at;
}

static hl7_slice nearest_segment(hl7_slice name)
{
    enum { MOST = 256 };
    hl7_slice names[MOST];
    size_t count = 0;
    const struct hl7_dict_known *all = hl7_dict_known_all(&count);

    assert(count <= MOST);
    for (size_t i = 0; i < count; i++) {
        names[i] = hl7_slice_of(all[i].name);
    }
    return suggest_word(name, names, count);
}

static void unknown_segment(const struct check *check, size_t position, hl7_slice name)
{
    hl7_slice near = nearest_segment(name);

    report_warn(check->report, position,
                near.ptr == NULL ? "HL7 up to 2.8.2 has no segment '%'"
                                 : "HL7 up to 2.8.2 has no segment '%' (did you mean '%'?)",
                name, near);
}

/* ", Tribal Citizenship": which the last field is tells a person whether it is the one that was meant. */
static void add_field_name(struct hl7_buffer *buffer, const struct hl7_dict_known *segment,
                           size_t number)
{
    const struct hl7_dict_field *field =
        hl7_dict_field(hl7_dict_segment(HL7_ANY_VERSION, hl7_slice_of(segment->name)), number);

    if (field != NULL) {
        hl7_buffer_add(buffer, HL7_TEXT(", "));
        hl7_buffer_add(buffer, hl7_dict_text(field->name));
    }
}

static void check_field(const struct check *check, size_t position,
                        const struct hl7_dict_known *segment, size_t field)
{
    struct hl7_path path = {.field = (uint32_t)field};
    char memory[2][128];
    struct hl7_buffer asked;
    struct hl7_buffer most;

    if (segment->max_field == 0 || field <= segment->max_field) {
        return;
    }
    memcpy(path.segment, segment->name, sizeof path.segment);
    hl7_buffer_init(&asked, memory[0], sizeof memory[0]);
    hl7_path_write(&path, &asked);
    path.field = segment->max_field;
    hl7_buffer_init(&most, memory[1], sizeof memory[1]);
    hl7_path_write(&path, &most);
    add_field_name(&most, segment, segment->max_field);
    report_warn(check->report, position, "HL7 up to 2.8.2 has no %: the last field is %",
                hl7_buffer_slice(&asked), hl7_buffer_slice(&most));
}

/* The segment is named where it is looked for; later paths begin at what was found. */
static void check_path(const struct check *check, const struct instruction *instruction)
{
    const struct hl7_path *path = &instruction->as.path;
    hl7_slice name = hl7_slice_of(path->segment);
    const struct hl7_dict_known *known = hl7_dict_known(name);
    size_t position = path_start(instruction, check->report->text);

    /* Names with Z are a site's own. A loop with an error in it has no name. */
    if (path->segment[0] == 'Z' || path->segment[0] == '\0') {
        return;
    }
    if (known != NULL && instruction->root != ROOT_REPETITION) {
        check_field(check, position, known, path->field);
    } else if (known == NULL && instruction->root != ROOT_SEGMENT &&
               instruction->root != ROOT_REPETITION) {
        unknown_segment(check, position, name);
    }
}

/* ---- Instructions -------------------------------------------------------------------------- */

static struct check_place place_of(const struct check *check, const struct instruction *instruction)
{
    return (struct check_place){.file = check->report->file,
                                .text = check->report->text,
                                .position = instruction->position,
                                .set = true};
}

/* Warns of a place that was passed. */
static void warn_at(const struct check *check, const struct check_place *place, const char *pattern,
                    hl7_slice word)
{
    struct report *report = check->report;
    const hl7_slice file = report->file;
    const hl7_slice text = report->text;

    report->file = place->file;
    report->text = place->text;
    report_warn(report, place->position, pattern, word, NOTHING);
    report->file = file;
    report->text = text;
}

/* required(map('sex', PID-8)) says that a missing key shall be an error. */
static void check_map(struct check *check, bool required)
{
    if (check->map.set && !required) {
        warn_at(check, &check->map,
                "this map has no default: a key that the table does not have is an error", NOTHING);
    }
    check->map.set = false;
}

void check_instruction(struct check *check, const struct instruction *instruction, bool strict)
{
    if (check->report == NULL) {
        return;
    }
    check_map(check, instruction->op == OP_REQUIRED);
    if (has_path(instruction)) {
        check_path(check, instruction);
    } else if (instruction->op == OP_LET) {
        struct check_name *name = &check->names[instruction->target];
        name->given = name->given.set ? name->given : place_of(check, instruction);
    } else if (instruction->op == OP_PUSH_VARIABLE) {
        check->names[instruction->target].used = true;
    } else if (instruction->op == OP_APPEND && instruction->as.text.ptr[0] != 'Z' &&
               hl7_dict_known(instruction->as.text) == NULL) {
        unknown_segment(check, instruction->position, instruction->as.text);
    } else if (instruction->op == OP_MAP && instruction->count == 1 && !strict) {
        check->map = place_of(check, instruction);
    }
}

/* With an error in the template, the use of a name may be what was not understood. */
void check_end(struct check *check, const hl7_slice *names, size_t count)
{
    if (check->report == NULL) {
        return;
    }
    check_map(check, false);
    for (size_t i = 0; check->report->count == 0 && i < count; i++) {
        const struct check_name *name = &check->names[i];
        if (name->given.set && !name->used) {
            warn_at(check, &name->given, "the name '%' is never used", names[i]);
        }
    }
}

/* ---- Text ---------------------------------------------------------------------------------- */

/* PID-5, PID-3[2].1, PID: of a segment that there is. */
static bool is_path(hl7_slice text)
{
    struct hl7_path path;

    return hl7_path_parse(text, &path, NULL) == HL7_OK &&
           (path.segment[0] == 'Z' || hl7_dict_known(hl7_slice_of(path.segment)) != NULL);
}

static bool is_whole(const struct token *token)
{
    return token->kind == TOKEN_NUMBER && memchr(token->text.ptr, '.', token->text.len) == NULL;
}

/* 0-9, with blanks perhaps. */
static bool is_original(hl7_slice text)
{
    struct lexer lexer = {.text = text};
    const struct token segment = lexer_token(&lexer);
    const struct token dash = lexer_token(&lexer);
    const struct token piece = lexer_token(&lexer);

    return is_whole(&segment) && hl7_slice_equal(dash.text, HL7_TEXT("-")) && is_whole(&piece) &&
           lexer_token(&lexer).kind == TOKEN_END;
}

static bool is_one_of(hl7_slice word, const char *const *words)
{
    while (*words != NULL && !hl7_slice_equal(word, hl7_slice_of(*words))) {
        words++;
    }
    return *words != NULL;
}

/* if PV1-2, for obx in, let name =, else, end: what no other language looks like. */
static bool is_statement(hl7_slice text)
{
    static const char *const alone[] = {"end", "else", "source", NULL};
    static const char *const with_path[] = {"if", "set", "delete", "append", NULL};
    struct lexer lexer = {.text = text};
    const struct token word = lexer_token(&lexer);
    const struct token second = lexer_token(&lexer);
    const struct token third = lexer_token(&lexer);

    if (word.kind != TOKEN_NAME || second.kind != TOKEN_NAME) {
        return second.kind == TOKEN_END && is_one_of(word.text, alone);
    }
    if (is_one_of(word.text, with_path)) {
        return hl7_dict_known(second.text) != NULL;
    }
    return (hl7_slice_equal(word.text, HL7_TEXT("for")) &&
            hl7_slice_equal(third.text, HL7_TEXT("in"))) ||
           (hl7_slice_equal(word.text, HL7_TEXT("let")) &&
            hl7_slice_equal(third.text, HL7_TEXT("=")));
}

/* A call of a function with a path in it. */
static bool is_call(hl7_slice text)
{
    struct lexer lexer = {.text = text};
    const struct token word = lexer_token(&lexer);
    const struct token open = lexer_token(&lexer);
    const struct token first = lexer_token(&lexer);

    return word.kind == TOKEN_NAME && function_find(word.text) != NULL &&
           hl7_slice_equal(open.text, HL7_TEXT("(")) && hl7_dict_known(first.text) != NULL;
}

static hl7_slice without_blanks(hl7_slice text)
{
    while (text.len > 0 && lexer_is_blank(hl7_slice_part(text, 0, 1))) {
        text = hl7_slice_part(text, 1, text.len);
    }
    while (text.len > 0 && lexer_is_blank(hl7_slice_part(text, text.len - 1, 1))) {
        text.len--;
    }
    return text;
}

/* What stands between a '{' at this offset and the next '}' of the line; absent without one, and when
 * another '{' stands before it. So each byte is looked at once, also on a line full of braces. */
static hl7_slice between(hl7_slice text, size_t open)
{
    size_t at = open + 1;

    while (at < text.len && text.ptr[at] != '}' && text.ptr[at] != '{' &&
           !lexer_is_line_end(text.ptr[at])) {
        at++;
    }
    return at < text.len && text.ptr[at] == '}' ? hl7_slice_part(text, open + 1, at - open - 1)
                                                : NOTHING;
}

/* Adds a text without the blanks within it. */
static hl7_slice close_up(hl7_slice text, struct hl7_buffer *buffer)
{
    for (size_t i = 0; i < text.len; i++) {
        hl7_slice byte = hl7_slice_part(text, i, 1);
        hl7_buffer_add(buffer, lexer_is_blank(byte) ? NOTHING : byte);
    }
    return hl7_buffer_slice(buffer);
}

static void check_brace(const struct check *check, hl7_slice text, size_t open)
{
    char memory[TEMPLATE_MAX_QUOTED];
    struct hl7_buffer buffer;
    hl7_slice inside = between(text, open);
    hl7_slice meant = without_blanks(inside);

    hl7_buffer_init(&buffer, memory, sizeof memory);
    if (is_original(meant)) {
        meant = close_up(meant, &buffer);
    } else if (meant.len == inside.len ||
               (!is_path(meant) && !is_statement(meant) && !is_call(meant))) {
        return;
    }
    report_warn(check->report, open, "these braces are text (did you mean '{%}'?)", meant, NOTHING);
}

/* {{PID-5}}: the outer braces are text. */
static void check_doubled(const struct check *check, hl7_slice text, size_t open)
{
    hl7_slice inside = open + 1 < text.len ? between(text, open + 1) : NOTHING;
    size_t close = open + 2 + inside.len;

    if (inside.ptr != NULL && text.ptr[open + 1] == '{' && is_path(inside) &&
        hl7_slice_starts(hl7_slice_part(text, close, 2), HL7_TEXT("}}"))) {
        report_warn(check->report, open, "the outer braces are text (did you mean '{%}'?)", inside,
                    NOTHING);
    }
}

void check_text(struct check *check, const struct piece *piece, const struct lexer *behind)
{
    for (size_t i = 0; check->report != NULL && i < piece->text.len; i++) {
        if (piece->text.ptr[i] != '{') {
            continue;
        }
        if (i + 1 == piece->text.len) {
            check_doubled(check, behind->text, piece->position + i);
        } else {
            check_brace(check, behind->text, piece->position + i);
        }
    }
}
