/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths of the source. Most are a path and nothing else, read by hl7_path_parse. One with a
 * condition in brackets is read bracket by bracket:
 *
 *     OBX[OBX-3.1='X']-5       a cursor goes along the OBX, then -5 is read where it stopped
 *     PID-3[PID-3.5='MR'].1    a cursor goes along the repetitions
 *
 * Within the brackets the segment's name means the segment the cursor stands at, and the field's
 * path the repetition it stands at. */
#include "template/parser.h"

#include "template/suggest.h"

#include <string.h>

static const hl7_slice NOTHING = {NULL, 0};

/* ---- Words --------------------------------------------------------------------------------- */

/* A segment name: three capitals or digits, the first a capital. */
static bool is_segment_name(hl7_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        /* A name holds letters, digits and '_'; the last and the small ones are behind 'Z'. */
        if (name.ptr[i] > 'Z') {
            return false;
        }
    }
    return name.len == 3;
}

static bool continues_path(char c)
{
    return lexer_is_letter(c) || lexer_is_digit(c) || c == '_' || c == '-' || c == '.' ||
           c == ':' || c == '*';
}

/* Anything may stand in brackets; quotes hide them. */
hl7_slice path_word(hl7_slice text)
{
    size_t open = 0;
    bool quoted = false;
    size_t len = 0;

    for (; len < text.len && !lexer_is_line_end(text.ptr[len]); len++) {
        char c = text.ptr[len];
        if (quoted || (open > 0 && c == '\'')) {
            quoted = c != '\'';
        } else if (c == '[') {
            open++;
        } else if (c == ']' && open > 0) {
            open--;
        } else if (c == '}' || (open == 0 && !continues_path(c))) {
            break;
        }
    }
    return hl7_slice_part(text, 0, len);
}

static hl7_slice word_at(const struct parser *parser, size_t position)
{
    return path_word(hl7_slice_part(parser->lexer.text, position, parser->lexer.text.len));
}

/* Goes on at an offset of the text. */
static void move_to(struct parser *parser, size_t position)
{
    parser->lexer.at = position;
    parser_advance(parser);
}

/* ---- Errors -------------------------------------------------------------------------------- */

/* Says what is wrong with a path, as helpfully as it can. */
static bool fail_path(struct parser *parser, size_t position, hl7_slice word)
{
    char memory[SUGGEST_PATH_BYTES];
    struct hl7_buffer suggestion;
    struct hl7_path ignored;
    struct hl7_error error = {.position = 0};

    hl7_buffer_init(&suggestion, memory, sizeof memory);
    if (suggest_path(word, &suggestion)) {
        return parser_fail(parser, position, "unknown path '%' (did you mean '%'?)", word,
                           hl7_buffer_slice(&suggestion));
    }
    (void)hl7_path_parse(word, &ignored, &error);
    return parser_fail(parser, position + error.position, "unknown path '%': %", word,
                       hl7_slice_of(error.text));
}

/* ---- Names in front of a ':' --------------------------------------------------------------- */

/* The loop of a 'for' with an error in it: any path that begins with it will do. */
static bool is_broken(const struct scope *loop)
{
    return loop->path.segment[0] == '\0';
}

/* A group's loop, "source", or another message: their names need not be known when a template is
 * compiled. */
static bool bind_qualifier(struct parser *parser, const struct token *name,
                           struct instruction *path)
{
    size_t i = 0;

    const struct scope *loop = parser_loop(parser, name->text);
    if (loop != NULL && (loop->kind == ROOT_GROUP || is_broken(loop))) {
        path->root = ROOT_GROUP;
        path->slot = loop->cursor;
        return true;
    }
    if (loop != NULL) {
        return parser_fail(parser, name->position, "'%' is no group: write %-1 or the like",
                           name->text, name->text);
    }
    path->root = ROOT_MESSAGE;
    if (hl7_slice_equal(name->text, HL7_TEXT("source"))) {
        return true;
    }
    while (i < parser->message_count && !hl7_slice_equal(parser->messages[i], name->text)) {
        i++;
    }
    if (i == TEMPLATE_MAX_MESSAGES) {
        return parser_fail(parser, name->position, "'%' is one message too many", name->text,
                           NOTHING);
    }
    if (i == parser->message_count) {
        parser->messages[parser->message_count++] = name->text;
    }
    path->root = ROOT_NAMED;
    path->slot = (uint8_t)i;
    return true;
}

/* ---- Scopes -------------------------------------------------------------------------------- */

const struct scope *parser_loop(const struct parser *parser, hl7_slice name)
{
    for (size_t i = parser->loop_count; i > 0; i--) {
        if (hl7_slice_equal(parser->scopes[i - 1].name, name)) {
            return &parser->scopes[i - 1];
        }
    }
    return NULL;
}

/* The repetition a condition looks at, seen from a path within its brackets. */
static bool is_repetition(const struct scope *scope, const struct hl7_path *path)
{
    return scope->kind == ROOT_REPETITION && path->field == scope->path.field &&
           path->repetition == 0;
}

/* A path that begins where the condition's own path does: PID-8 within PID-3[...]. */
static bool bind_condition(const struct scope *scope, struct instruction *path)
{
    struct hl7_path *wanted = &path->as.path;

    if (wanted->occurrence != 0 || memcmp(wanted->segment, scope->path.segment, 4) != 0) {
        return false;
    }
    if (scope->kind == ROOT_SEGMENT || is_repetition(scope, wanted)) {
        path->root = (uint8_t)scope->kind;
        path->slot = scope->cursor;
    } else {
        path->root = scope->root;
        path->slot = scope->slot;
        wanted->occurrence = scope->path.occurrence;
    }
    return true;
}

/* Where a path that begins with a segment's name leads from: what the nearest condition of that
 * segment looks at, else the nearest group, else the message. Other loops are reached by the name
 * of their variable only. */
static void bind_scope(const struct parser *parser, struct instruction *path)
{
    for (size_t i = parser->scope_count; i > 0; i--) {
        const struct scope *scope = &parser->scopes[i - 1];
        if (scope->name.ptr == NULL && bind_condition(scope, path)) {
            return;
        }
        if (scope->kind == ROOT_GROUP) {
            path->root = ROOT_GROUP;
            path->slot = scope->cursor;
            return;
        }
    }
}

/* The same for one that begins with the name of a loop: within obx-3[...], obx-3.5 is of the
 * repetition that is looked at. */
static void bind_loop(const struct parser *parser, struct instruction *path)
{
    for (size_t i = parser->scope_count; i > parser->loop_count; i--) {
        const struct scope *scope = &parser->scopes[i - 1];
        if (scope->root == path->root && scope->slot == path->slot &&
            is_repetition(scope, &path->as.path)) {
            path->root = ROOT_REPETITION;
            path->slot = scope->cursor;
            return;
        }
    }
}

bool parser_open_scope(struct parser *parser, size_t position, const struct scope *scope)
{
    if (parser->scope_count == TEMPLATE_MAX_SCOPES) {
        return parser_fail(parser, position, "too many loops or brackets within each other",
                           NOTHING, NOTHING);
    }
    parser->scopes[parser->scope_count++] = *scope;
    if (parser->scope_count > parser->cursor_count) {
        parser->cursor_count = parser->scope_count;
    }
    return true;
}

/* Reads a condition and its ']' while a cursor goes along what `path` names; afterwards the path
 * begins at the cursor. The token is the first of the condition. */
static bool parse_condition(struct parser *parser, size_t position, enum root kind,
                            struct instruction *path)
{
    struct instruction find = *path;
    struct instruction next = parser_instruction(OP_FIND_NEXT, position);

    const struct scope scope = {.kind = kind,
                                .cursor = (uint8_t)parser->scope_count,
                                .path = path->as.path,
                                .root = path->root,
                                .slot = path->slot};

    if (!parser_open_scope(parser, position, &scope)) {
        return false;
    }
    find.op = OP_FIND;
    find.position = (uint32_t)position;
    find.count = next.count = (uint16_t)kind;
    find.cursor = next.cursor = scope.cursor;
    size_t jump = parser_emit(parser, &find);
    next.target = (uint32_t)parser->count;
    bool good = parse_expression(parser);
    parser->scope_count--;
    if (!good) {
        return false;
    }
    if (!token_is(&parser->token, "]")) {
        return parser_expect(parser, "]");
    }
    (void)parser_emit(parser, &next);
    parser_patch(parser, jump);
    path->root = (uint8_t)kind;
    path->slot = find.cursor;
    return true;
}

/* ---- Paths with brackets ------------------------------------------------------------------- */

/* Reads on along a path: what was read so far is written down as text and parsed with what follows,
 * so that only hl7_path_parse knows what a path looks like. */
struct long_path {
    struct parser *parser;
    size_t start;
    size_t at; /* offset behind what was read */
    char memory[96];
    struct hl7_buffer known;
    struct instruction *path;
    bool found; /* where the path begins is known */
    bool loop;  /* it begins with a loop's name */
};

static char byte_at(const struct long_path *reader, size_t offset)
{
    hl7_slice text = reader->parser->lexer.text;

    return offset < text.len ? text.ptr[offset] : '\0';
}

/* The bracket that opens here holds a condition, not a number. */
static bool opens_condition(const struct long_path *reader)
{
    hl7_slice text = reader->parser->lexer.text;
    hl7_slice rest = hl7_slice_part(text, reader->at, text.len);

    return hl7_slice_starts(rest, HL7_TEXT("[")) && !hl7_slice_starts(rest, HL7_TEXT("[last]")) &&
           !hl7_slice_starts(rest, HL7_TEXT("[*")) &&
           !lexer_is_digit(byte_at(reader, reader->at + 1)) &&
           byte_at(reader, reader->at + 1) != ']';
}

/* "[*]" and ".." follow a path in 'for'. */
static bool is_all(const struct long_path *reader)
{
    hl7_slice text = reader->parser->lexer.text;
    hl7_slice rest = hl7_slice_part(text, reader->at, text.len);

    return hl7_slice_starts(rest, HL7_TEXT("[*]")) || hl7_slice_starts(rest, HL7_TEXT(".."));
}

/* Takes the bytes of the path up to the next condition or its end. */
static void take_plain(struct long_path *reader)
{
    int open = 0;

    while (!opens_condition(reader)) {
        char c = byte_at(reader, reader->at);
        open += c == '[' ? 1 : 0;
        open -= c == ']' ? 1 : 0;
        /* A ']' that nothing opened is that of a condition around this path. */
        if (open < 0 || (!continues_path(c) && c != '[' && c != ']') || is_all(reader)) {
            return;
        }
        hl7_buffer_add_byte(&reader->known, c);
        reader->at++;
    }
}

/* What a condition was about is known; the path goes on with its segment, or its field. */
static void restart(struct long_path *reader, enum root kind)
{
    struct hl7_path from = reader->path->as.path;

    reader->known.len = 0;
    from.occurrence = 0;
    from.repetition = 0;
    from.component = 0;
    from.subcomponent = 0;
    if (kind == ROOT_SEGMENT) {
        from.field = 0;
    }
    hl7_path_write(&from, &reader->known);
    reader->found = true;
}

static bool read_bracket(struct long_path *reader)
{
    struct parser *parser = reader->parser;
    struct hl7_path *path = &reader->path->as.path;
    size_t position = reader->at;
    enum root kind = path->field == 0 ? ROOT_SEGMENT : ROOT_REPETITION;

    if (kind == ROOT_SEGMENT && (path->occurrence != 0 || reader->path->root == ROOT_SEGMENT)) {
        return parser_fail(parser, position, "a path has one pair of brackets in each place",
                           NOTHING, NOTHING);
    }
    if (path->repetition != 0 || path->component != 0 || reader->path->root == ROOT_REPETITION) {
        return parser_fail(
            parser, position,
            "a condition stands behind a segment or a field, as in PID-3[PID-3.5='MR']", NOTHING,
            NOTHING);
    }
    move_to(parser, position + 1);
    if (!parse_condition(parser, position, kind, reader->path)) {
        return false;
    }
    reader->at = parser->token.position + 1;
    restart(reader, kind);
    return true;
}

/* What is wrong with a path of which only a part is in the template as it was parsed. */
static bool fail_rest(const struct long_path *reader, hl7_slice known)
{
    struct hl7_path ignored;
    struct hl7_error error = {.text = "it is too long"};

    (void)hl7_path_parse(known, &ignored, &error);
    return parser_fail(reader->parser, reader->start, "unknown path '%': %",
                       word_at(reader->parser, reader->start), hl7_slice_of(error.text));
}

/* The path is read, but for what 'for' reads behind it. */
static bool end_path(struct long_path *reader)
{
    struct parser *parser = reader->parser;

    if (is_all(reader) && !parser->looping) {
        return parser_fail(parser, reader->at, "'[*]' and '..' have a meaning in 'for' only",
                           NOTHING, NOTHING);
    }
    move_to(parser, reader->at);
    return true;
}

static bool read_long_path(struct long_path *reader)
{
    struct parser *parser = reader->parser;

    for (bool bound = reader->found;; bound = true) {
        take_plain(reader);
        hl7_slice known = hl7_buffer_slice(&reader->known);
        struct hl7_path path;
        if (reader->known.full || hl7_path_parse(known, &path, NULL) != HL7_OK) {
            return reader->found ? fail_rest(reader, known)
                                 : fail_path(parser, reader->start, word_at(parser, reader->start));
        }
        reader->path->as.path = path;
        if (reader->path->root == ROOT_SEGMENT && path.occurrence != 0) {
            return parser_fail(parser, reader->start, "'%' stands at one segment already",
                               parser->token.text, NOTHING);
        }
        if (!bound) {
            bind_scope(parser, reader->path);
        } else if (reader->loop) {
            bind_loop(parser, reader->path);
        }
        if (!opens_condition(reader)) {
            return end_path(reader);
        }
        if (!read_bracket(reader)) {
            return false;
        }
    }
}

/* ---- Paths --------------------------------------------------------------------------------- */

/* The name is followed at once by a ':'. */
static bool is_qualifier(const struct parser *parser)
{
    hl7_slice text = parser->lexer.text;
    size_t behind = parser->token.position + parser->token.text.len;

    return behind + 1 < text.len && text.ptr[behind] == ':' &&
           lexer_is_letter(text.ptr[behind + 1]) && text.ptr[behind + 1] <= 'Z';
}

/* The loop a name stands for, if a path can begin with it. */
static const struct scope *path_loop(const struct parser *parser)
{
    const struct scope *loop = parser_loop(parser, parser->token.text);
    hl7_slice text = parser->lexer.text;
    size_t behind = parser->token.position + parser->token.text.len;

    if (loop != NULL && loop->kind == ROOT_JSON) {
        return NULL;
    }
    return behind < text.len && text.ptr[behind] == '(' ? NULL : loop;
}

bool parser_at_path(const struct parser *parser)
{
    return parser->token.kind == TOKEN_NAME && (is_segment_name(parser->token.text) ||
                                                is_qualifier(parser) || path_loop(parser) != NULL);
}

/* name:PATH; afterwards the token is the segment's name. */
static bool open_qualified(struct long_path *reader)
{
    struct parser *parser = reader->parser;

    if (!bind_qualifier(parser, &parser->token, reader->path)) {
        return false;
    }
    parser_advance(parser);
    parser_advance(parser);
    reader->found = true;
    if (!is_segment_name(parser->token.text)) {
        return fail_path(parser, parser->token.position, word_at(parser, parser->token.position));
    }
    reader->start = reader->at = parser->token.position;
    return true;
}

/* A loop's name stands for its segment, or its field. */
static bool open_loop_path(struct long_path *reader, const struct scope *loop)
{
    struct parser *parser = reader->parser;

    if (loop->kind == ROOT_GROUP) {
        return parser_fail(parser, parser->token.position,
                           "'%' is a group: write %:OBX-5 or the like", parser->token.text,
                           parser->token.text);
    }
    reader->path->root = (uint8_t)loop->kind;
    reader->path->slot = loop->cursor;
    reader->found = reader->loop = true;
    reader->at += parser->token.text.len;
    reader->path->as.path = loop->path;
    hl7_buffer_add(&reader->known, hl7_slice_of(loop->path.segment));
    if (loop->kind == ROOT_REPETITION) {
        hl7_buffer_add_byte(&reader->known, '-');
        hl7_buffer_add_number(&reader->known, loop->path.field);
    }
    return true;
}

bool parse_path(struct parser *parser, struct instruction *ret_path)
{
    struct instruction path = parser_instruction(OP_PUSH_PATH, parser->token.position);
    struct long_path reader = {.parser = parser, .path = &path};
    bool good = true;

    if (path_loop(parser) != NULL && is_broken(path_loop(parser)) && !is_qualifier(parser)) {
        move_to(parser, reader.parser->token.position + word_at(parser, path.position).len);
        *ret_path = path;
        return true;
    }
    reader.start = reader.at = parser->token.position;
    hl7_buffer_init(&reader.known, reader.memory, sizeof reader.memory);
    if (!is_segment_name(parser->token.text)) {
        good = is_qualifier(parser) ? open_qualified(&reader)
                                    : open_loop_path(&reader, path_loop(parser));
    }
    if (!good || !read_long_path(&reader)) {
        return false;
    }
    *ret_path = path;
    return true;
}
