/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser turns a template into instructions. It goes through the text twice with the same code:
 * once to report errors and to count, once to fill arrays of exactly that size.
 *
 * Its parts, each a file: parser.c the lines and braces; parse_block.c if, for and let; parse_edit.c
 * the working copy; parse_file.c what is beside the template; parse_expression.c and parse_function.c values; parse_path.c and parse_json.c
 * paths; parse_emit.c the instructions and what they need. A parse_ function reads from the token
 * that is looked at to the one behind what it read, and returns false when it reported an error. */
#ifndef LIB_TEMPLATE_PARSER_H
#define LIB_TEMPLATE_PARSER_H

#include "template/check.h"
#include "template/lexer.h"
#include "template/limits.h"
#include "template/program.h"
#include "template/report.h"

/* What a loop or a condition in brackets stands at: names and paths within may refer to it. */
struct scope {
    hl7_slice name;       /* of the loop's variable; absent for a condition */
    enum root kind;       /* ROOT_SEGMENT, ROOT_REPETITION, ROOT_GROUP */
    uint8_t cursor;       /* which holds it */
    struct hl7_path path; /* of the segments or repetitions it goes along */
    uint8_t root;         /* where that path begins */
    uint8_t slot;
};

/* An 'if' or a 'for' that is open. */
struct block {
    size_t position;
    bool loop;
    bool has_else;
    size_t pending; /* the jump over the branch, or the OP_FOR; SIZE_MAX when there is none */
    size_t ends;    /* the last of the jumps to the end, chained by their targets; SIZE_MAX */
};

/* A place to go back to. */
struct mark {
    struct lexer lexer;
    struct token token;
    size_t count;
    size_t depth;
};

struct parser {
    struct lexer lexer;
    struct token token; /* within braces: the one being looked at */
    size_t open;        /* where these braces open */
    bool bare;          /* there are none: the text is one expression */
    size_t file;        /* the number of the file that is read */
    bool amid;          /* it is included in a line that has more than statements */
    struct report *report;
    struct check check; /* of the first pass */

    /* Filled in the second pass; all NULL in the first. */
    struct instruction *code;
    uint32_t *originals;
    struct hl7_arena *arena; /* for literals that cannot borrow */
    bool no_memory;

    /* Counted in both. */
    size_t count;
    size_t original_count;
    size_t depth; /* of the stack, here */
    size_t stack_size;
    size_t cursor_count;

    hl7_slice messages[TEMPLATE_MAX_MESSAGES];
    size_t message_count;
    struct template_file files[TEMPLATE_MAX_FILES + 1];
    size_t file_count;
    size_t including[TEMPLATE_MAX_INCLUDES + 1]; /* the files within which this one is read */
    size_t include_depth;
    size_t expanded; /* bytes that were included */
    struct table tables[TEMPLATE_MAX_FILES];
    size_t table_files[TEMPLATE_MAX_FILES];
    size_t table_count;
    struct scope scopes[TEMPLATE_MAX_SCOPES];
    size_t scope_count;
    size_t loop_count; /* scopes that are loops: these come first */
    struct block blocks[TEMPLATE_MAX_BLOCKS];
    size_t block_count;
    size_t block_floor; /* those below are of the file that includes this one */
    size_t blocks_over; /* blocks beyond the limit */
    hl7_slice variables[TEMPLATE_MAX_VARIABLES];
    size_t variable_count;
    size_t nesting; /* parentheses, arguments and brackets here */

    enum hl7_format format;
    bool format_given; /* by {output} */
    char separator;
    bool hl7;           /* the format is HL7 */
    bool strict;        /* {strict} was met */
    bool begun;         /* something was put out: the format is settled */
    bool silent;        /* the line holds only statements, comments and blanks */
    bool has_statement; /* the line holds a statement */
    bool included;      /* the line holds an include */
    bool loops;         /* a 'for' was met */
    bool json;          /* a path of a JSON source was met */
    bool looping;       /* reading what a 'for' goes along */
};

/* The first pass over a text. */
void parser_init(struct parser *parser, hl7_slice text, struct report *report);

/* Goes through the whole text, which is a template, or with `bare` one expression. Errors are in the
 * report. */
void parser_run(struct parser *parser, bool bare);

/* The second pass sees the files as the first one saw them. */
void parser_reuse_files(struct parser *parser, const struct parser *counted);

/* ---- What the parts share ------------------------------------------------------------------ */

/* Reports an error and returns false, for the caller to return. */
bool parser_fail(struct parser *parser, size_t position, const char *pattern, hl7_slice first,
                 hl7_slice second);

void parser_advance(struct parser *parser);

/* The token is this mark, this word. */
bool token_is(const struct token *token, const char *mark);
bool token_is_word(const struct token *token, const char *word);

/* Goes over a mark that must stand here. */
bool parser_expect(struct parser *parser, const char *mark);

/* Says what is wrong with the token that is looked at. */
bool parser_unexpected(struct parser *parser);

struct mark parser_mark(const struct parser *parser);
void parser_rewind(struct parser *parser, const struct mark *mark);

/* The word begins a statement. */
bool parser_is_statement(hl7_slice name);

/* ---- parse_emit.c -------------------------------------------------------------------------- */

/* An instruction that needs no more than this. */
struct instruction parser_instruction(enum opcode op, size_t position);

/* Adds an instruction; returns its index. The depth of the stack follows. */
size_t parser_emit(struct parser *parser, const struct instruction *instruction);
void parser_emit_plain(struct parser *parser, enum opcode op, size_t position);
void parser_emit_text(struct parser *parser, enum opcode op, size_t position, hl7_slice text);
void parser_emit_original(struct parser *parser, const struct piece *piece);

/* Makes a jump go to the next instruction. */
void parser_patch(struct parser *parser, size_t jump);

/* A string as it is meant. */
hl7_slice parser_unquoted(struct parser *parser, const struct token *token);

/* Settles the format, if nothing did before: what the output begins with shows whether it is HL7. */
void parser_settle(struct parser *parser, bool hl7);

/* ---- parse_path.c -------------------------------------------------------------------------- */

/* The token begins a path. */
bool parser_at_path(const struct parser *parser);

/* Reads a path, conditions and all. Their instructions are emitted; that of the path is returned,
 * without an op. */
bool parse_path(struct parser *parser, struct instruction *ret_path);

/* The token begins a path of a JSON source: $.a.b, or x.b in a loop along one. */
bool parser_at_json(const struct parser *parser);
bool parse_json(struct parser *parser, struct instruction *ret_path);

/* All that stands together at the front of a text and could be meant as a path. */
hl7_slice path_word(hl7_slice text);

/* The loop whose variable has this name, or NULL. */
const struct scope *parser_loop(const struct parser *parser, hl7_slice name);

/* Opens a scope for a cursor; false when there are too many. */
bool parser_open_scope(struct parser *parser, size_t position, const struct scope *scope);

/* ---- parse_block.c, parse_edit.c ------------------------------------------------------------- */

/* The statements of control; the token is the one behind the name. */
bool parse_if(struct parser *parser, const struct token *name);
bool parse_else(struct parser *parser, const struct token *name);
bool parse_end(struct parser *parser, const struct token *name);
bool parse_for(struct parser *parser, const struct token *name);
bool parse_let(struct parser *parser, const struct token *name);

bool parse_set(struct parser *parser, const struct token *name);
bool parse_delete(struct parser *parser, const struct token *name);
bool parse_append(struct parser *parser, const struct token *name);
bool parse_source(struct parser *parser, const struct token *name);
bool parse_reject(struct parser *parser, const struct token *name);

/* Reports the blocks of this file that nothing ended, and ends them. */
void parse_blocks_end(struct parser *parser);

/* ---- parse_file.c -------------------------------------------------------------------------- */

bool parse_include(struct parser *parser, const struct token *name);

/* The number of the table a string names, which is loaded if it was not. */
bool parse_table(struct parser *parser, const struct token *name, uint32_t *ret_number);

/* Goes through the lines of the text the lexer is in. */
void parser_lines(struct parser *parser);

/* The number of a variable, or SIZE_MAX. */
size_t parser_variable(const struct parser *parser, hl7_slice name);

/* ---- parse_expression.c -------------------------------------------------------------------- */

/* Reads an expression; its instructions leave one value on the stack. */
bool parse_expression(struct parser *parser);

/* One level deeper: parentheses, arguments, brackets; false when that is too deep. */
bool parser_enter(struct parser *parser);

/* Expressions between commas up to ')'. */
bool parse_list(struct parser *parser, size_t *ret_count);

/* A call; the token is the '(' behind the name. */
bool parse_function(struct parser *parser, const struct token *name);

/* One value of those that stand side by side. */
bool parse_primary(struct parser *parser);

/* raw(...) and nothing behind it. */
bool parser_is_raw_alone(const struct parser *parser);

/* Reads what a placeholder may hold beside statements, and writes it. */
bool parse_output(struct parser *parser);

#endif
