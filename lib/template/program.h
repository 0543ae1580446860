/* SPDX-License-Identifier: Apache-2.0
 *
 * A compiled template: a flat array of instructions, run from the first to the last but for jumps.
 * Each one knows where in the template it came from. Texts borrow from the template, or from the
 * arena where quotes had to be undone. Nothing in it changes once it is made.
 *
 * An expression is a row of instructions for a stack of values. A value is text; an empty one is
 * false, every other is true. How much stack a program needs is known when it is compiled. */
#ifndef LIB_TEMPLATE_PROGRAM_H
#define LIB_TEMPLATE_PROGRAM_H

#include "json_tree.h"
#include "template/table.h"

enum opcode {
    /* Output. */
    OP_TEXT,      /* text of the template, line ends too: copied */
    OP_LITERAL,   /* {'text'}: a value, escaped for the output */
    OP_ORIGINAL,  /* {0-9} */
    OP_PATH,      /* {PID-5.1}, {PID}: raw */
    OP_WRITE,     /* takes a value, escapes it */
    OP_WRITE_RAW, /* raw(...): takes a value, writes it as it is */

    OP_SOURCE,   /* the source, or its working copy */
    OP_LINE_END, /* of a line with statements: not written when the line is empty */

    /* Values. */
    OP_PUSH_TEXT,     /* a literal */
    OP_PUSH_PATH,     /* a path's first leaf, decoded */
    OP_PUSH_JSON,     /* a value of a JSON source; count 1: in strict mode it must be there */
    OP_PUSH_RAW,      /* a path's bytes */
    OP_PUSH_ENCODED,  /* a path's bytes, in the delimiters of the source */
    OP_PUSH_SEGMENT,  /* the whole segment a path is in */
    OP_PUSH_COUNT,    /* how many segments or repetitions a path has */
    OP_PUSH_HAS,      /* whether a path has a value */
    OP_PUSH_VARIABLE, /* of a let; target is its number */
    OP_PUSH_INDEX,    /* which turn of the loop of a cursor, from 1 */
    OP_PUSH_FIRST,    /* whether it is the first, the last */
    OP_PUSH_LAST,
    OP_PUSH_TOTAL, /* how many turns it has */
    OP_COMPARE,    /* takes two */
    OP_LIKE,       /* takes two */
    OP_IN,         /* takes one and a list of `count` */
    OP_ENCODE,     /* takes one, escapes it for the source's delimiters */
    OP_RECODE,     /* takes one written in the standard delimiters */
    OP_NOT,        /* takes one */
    OP_TRUTH,      /* takes one, gives 1 or nothing */
    OP_JOIN,       /* takes `count` */
    OP_CALL,       /* takes `count` */
    OP_MAP,        /* takes a key and, with count 2, a default; target is the table */
    OP_REQUIRED,   /* takes one that must not be empty */
    OP_AND,        /* a false value stays and jumps, a true one is taken */
    OP_OR,         /* a true value stays and jumps, a false one is taken */

    /* Control. */
    OP_FIND,      /* first candidate of a condition in brackets; jumps when there is none */
    OP_FIND_NEXT, /* takes a value; when false, jumps to look at the next candidate */
    OP_JUMP,
    OP_JUMP_UNLESS, /* takes a value; jumps when it is false */
    OP_FOR,         /* the first turn of a loop; jumps when there is none */
    OP_NEXT,        /* jumps to the next turn when there is one */
    OP_LET,         /* takes a value */

    /* The working copy. */
    OP_SET,    /* takes an encoded value; count 1: the segment need not be there */
    OP_DELETE, /* the segment a path leads to */
    OP_APPEND, /* takes an encoded segment */
    OP_REJECT  /* takes a reason; target is the enum hl7_ack_code */
};

enum comparison {
    COMPARE_EQUAL,
    COMPARE_NOT,
    COMPARE_LESS,
    COMPARE_LESS_EQUAL,
    COMPARE_GREATER,
    COMPARE_GREATER_EQUAL
};

/* Where a path begins. */
enum root {
    ROOT_MESSAGE,    /* the source */
    ROOT_NAMED,      /* another message; slot is its number in struct hl7_template.messages */
    ROOT_GROUP,      /* the segments of a group; slot is a cursor */
    ROOT_SEGMENT,    /* the segment a cursor stands at */
    ROOT_REPETITION, /* the repetition a cursor stands at */
    ROOT_JSON        /* a JSON source; with the value a cursor stands at, cursor + 1 is in slot */
};

/* Segment and piece, both counted from 0. */
struct original {
    size_t segment;
    size_t piece;
    uint32_t slot; /* its place in struct hl7_template.originals */
};

struct function;

struct instruction {
    enum opcode op;
    uint32_t position; /* offset in its file, behind the byte order mark */
    uint8_t root;      /* paths: enum root */
    uint8_t slot;      /* paths: of the root */
    uint8_t cursor;    /* loops and conditions: the cursor they move */
    uint8_t file;      /* the number of the file it is of */
    uint16_t count;    /* arguments */
    uint32_t target;   /* jumps: an index of the code; variables: their number */
    union {
        hl7_slice text;
        struct original original;
        struct hl7_path path;
        struct json_path json;
        const struct function *function;
        enum comparison comparison;
    } as;
};

/* The template, which has no name, or a file beside it. */
struct template_file {
    hl7_slice name;
    hl7_slice text;
};

struct hl7_template {
    const struct template_file *files; /* the first is the template itself */
    size_t file_count;
    const struct instruction *code;
    size_t count;
    /* The instructions that are OP_ORIGINAL, by segment, then by piece: one walk along the source
     * meets them in this order. */
    const uint32_t *originals;
    size_t original_count;
    const hl7_slice *messages; /* names before a ':' */
    size_t message_count;
    const struct table *tables;
    size_t stack_size;   /* values an expression holds at most */
    size_t cursor_count; /* loops and conditions within each other */
    size_t variable_count;
    bool loops; /* it has a loop: segments are looked for again and again */
    enum hl7_format format;
    char separator; /* of CSV */
    bool hl7;       /* the format is HL7 */
    bool strict;    /* {strict} */
};

#endif
