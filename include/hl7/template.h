/* SPDX-License-Identifier: Apache-2.0
 *
 * hl7/template.h - the conversion language; part of <hl7.h>, which includes it.
 *
 * A template is compiled once and run for each message. Compiling finds every error of the text;
 * running touches nothing but the arena and the buffer it is given. docs/template-reference.md is
 * all of the language. */
#ifndef HL7_TEMPLATE_H
#define HL7_TEMPLATE_H

#ifndef HL7_H
#error "include <hl7.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Compiling ----------------------------------------------------------------------------- */

/* A compiled template: read-only, in the arena it was compiled into, usable by many threads. */
struct hl7_template;

enum hl7_severity {
    HL7_ERROR,
    HL7_WARNING,
    HL7_INFO /* worth knowing, and nothing wrong: of messages only (hl7/validate.h) */
};

/* One finding about a template; a list of them is in the order of the text. */
struct hl7_diagnostic {
    enum hl7_severity severity;
    hl7_slice file;   /* an included file or a table by its name; absent: the template itself */
    size_t line;      /* from 1 */
    size_t column;    /* in bytes, from 1 */
    hl7_slice source; /* the line, for the caret */
    char text[160];
    struct hl7_diagnostic *next;
};

/* Lends the text of a file beside the template: "sex.csv" for map('sex', ...), "header.hl7" for
 * {include 'header.hl7'}. A name consists of letters, digits, '.', '_', '-' and of '/' between
 * such; no part of it is "." or "..": it cannot leave the template's folder. The text must outlive
 * the template. HL7_NOT_FOUND when there is no such file. */
struct hl7_loader {
    enum hl7_code (*load)(void *context, hl7_slice name, hl7_slice *ret_text);
    void *context;
};

/* How to compile; all zero is the plain way. */
struct hl7_compiling {
    const struct hl7_loader *loader; /* NULL: there are no files beside the template */
    bool
        warn; /* also report what is probably a slip, as HL7_WARNING; it does not fail the template */
};

/* Compiles a template. All of its errors are reported at once, in *ret_diagnostics (in the arena;
 * NULL when there are none), and the result is then HL7_BAD_TEMPLATE. HL7_NO_MEMORY leaves both as
 * they were. The text must outlive the template. `how` may be NULL. */
HL7_API enum hl7_code hl7_template_compile(hl7_slice text, const struct hl7_compiling *how,
                                           struct hl7_arena *arena,
                                           const struct hl7_template **ret_template,
                                           struct hl7_diagnostic **ret_diagnostics);

/* Compiles a condition: one expression of the template language without braces, as
 * "MSH-9.1 = 'ORU' and OBX[OBX-11='F']". The rules are those of hl7_template_compile. */
HL7_API enum hl7_code hl7_condition_compile(hl7_slice text, const struct hl7_compiling *how,
                                            struct hl7_arena *arena,
                                            const struct hl7_template **ret_condition,
                                            struct hl7_diagnostic **ret_diagnostics);

/* What a template makes. */
enum hl7_format {
    HL7_FORMAT_TEXT,
    HL7_FORMAT_HL7,
    HL7_FORMAT_JSON,
    HL7_FORMAT_XML,
    HL7_FORMAT_CSV
};

HL7_API enum hl7_format hl7_template_format(const struct hl7_template *program);

/* The files a template was made of: number 0 is the template itself, without a name; then each
 * included file and each table once. False when there is no such number. A reader that watches the
 * files, or records what a message was made with, goes along these. */
HL7_API bool hl7_template_file(const struct hl7_template *program, size_t number,
                               hl7_slice *ret_name, hl7_slice *ret_text);

/* What a template is known by: 64 hexadecimal digits and NUL. For one file it is the SHA-256 of its
 * text, as sha256sum prints it; the name and the text of each further file are hashed into it in
 * their order. */
#define HL7_TEMPLATE_HASH 65
HL7_API void hl7_template_hash(const struct hl7_template *program, char ret_hex[HL7_TEMPLATE_HASH]);

/* ---- Running ------------------------------------------------------------------------------- */

/* Another message that a template may read, as {order:PID-5.1}. */
struct hl7_named {
    hl7_slice name;
    const struct hl7_message *message;
};

/* What functions of templates need from outside: the library has no clock and no randomness. A
 * function whose part is missing fails. */
struct hl7_services {
    struct hl7_time now; /* now(), control_id(): with its zone; year 0: there is no clock */
    void (*random)(void *context, void *bytes, size_t len); /* uuid() */
    void *random_context;
    uint64_t (*sequence)(void *context, hl7_slice name); /* sequence('name'): the next number */
    void *sequence_context;
    hl7_slice control_id_prefix;
    uint64_t control_id_counter; /* the last one given out; control_id() counts it up */
};

/* Why a template refused a message: {reject 'AE' 'no accession number'}. */
struct hl7_refusal {
    enum hl7_ack_code code;
    char reason[256]; /* may hold content of the message; NUL-terminated, cut to this */
};

/* What happens in a run, in its order, for tools that explain a conversion. The events are those of
 * a stack of values. READ, LITERAL and RECALL put one on it; CALL takes `count` off and puts its
 * result there; TEST and KEEP take one; EDIT and WRITE take `count`: what the change, or the bytes
 * that were written, were made of.
 *
 *     PID|1|           WRITE 0
 *     {upper(PID-5.1)}     READ PID-5.1, CALL upper 1, WRITE 1
 *     {if PV1-2 = 'I'}     READ PV1-2, LITERAL 'I', CALL = 2, TEST
 *     {set MSH-5 = 'RIS'}  LITERAL 'RIS', EDIT 1
 *
 * A path is told with numbers: which segment, which repetition it led to. One that was read as text
 * is told as deep as its first leaf: PID-5 of DOE^JANE in an expression is PID-5.1.
 *
 * What conditions read is read like everything else, and their TEST uses it up: within
 * PID-3[PID-3.5='MR'].1 it is PID-3.5 of each repetition that was looked at. `and` and `or` end with
 * a TEST for each part but the last that was looked at. Loops read nothing by themselves; the READ
 * of count(OBX) or has(ZPI) leads to no segment and found no bytes. A delete of a field whose segment
 * is not there is an EDIT of none.
 *
 * {source} writes the whole message. Of each segment there is a READ and a WRITE; of a segment with
 * edits, of each field, or repetition, component, sub-component, that is still as it came. The others
 * have a WRITE of count 0, as appended segments have: `segment` and `path` of the EDIT that made them
 * are the same or lead there. The separators between them are not told. Where the message becomes one
 * value of JSON, XML or CSV, or is no HL7, there is one READ of it all and one WRITE.
 *
 * In a CSV output a value may change the bytes before it in its cell, so the events of a cell come
 * when it is complete. A run that fails has told what happened until then. */
enum hl7_trace_kind {
    HL7_TRACE_READ,    /* a path was followed: `message`, `segment`, `path` or `json`, `raw` */
    HL7_TRACE_LITERAL, /* a string or number of the template: `words` */
    HL7_TRACE_CALL,    /* a function or an operator gave a value: `words` is its name */
    HL7_TRACE_RECALL,  /* the value of a let was taken: `variable`, `words` is its name */
    HL7_TRACE_KEEP,    /* a let kept a value: `variable`, `words` is its name */
    HL7_TRACE_TEST,    /* a condition was decided */
    HL7_TRACE_EDIT,    /* set, delete or append changed the working copy: `segment`, `path` */
    HL7_TRACE_WRITE    /* something was written: the output's bytes `from` up to `to` */
};

struct hl7_trace_event {
    enum hl7_trace_kind kind;
    hl7_slice file; /* where in the template, as in struct hl7_diagnostic */
    size_t line;
    size_t column;
    hl7_slice words; /* the template's own: "PID-5.1", "'text'", "upper", "mrn"; "source" */
    size_t count;    /* CALL, EDIT, WRITE: values it took. CALL without words: they were joined */
    hl7_slice table; /* CALL of map: the table, as the template names it: "'sex'" */
    const struct hl7_message *message; /* READ: NULL for a JSON source */
    size_t segment; /* READ, EDIT, WRITE of {source}: its number in the message, from 0, appended
                     * ones behind the message's own; HL7_NONE: none */
    struct hl7_path path; /* the same: occurrence and repetition as numbers; field 0: the segment */
    hl7_slice json;       /* READ of a JSON source: "$.items[2].name"; lasts as long as the event */
    hl7_slice raw;        /* READ: the bytes it found, within the source; absent: it found none */
    size_t variable;      /* RECALL of what a loop knows, as index: HL7_NONE */
    size_t from;          /* counted from where the run began to write; with the quotes a */
    size_t to; /* value brought. Each WRITE begins where the one before it ended, or later */
};

struct hl7_trace {
    void (*event)(void *context, const struct hl7_trace_event *event);
    void *context;
};

struct hl7_conversion {
    hl7_slice source;                  /* the message's bytes: {0-9} reads these */
    const struct hl7_message *message; /* its index: {PID-5} reads this; NULL when it is not HL7 */
    bool strict; /* a placeholder outside the message is HL7_NOT_FOUND, not empty */
    /* All of the following may be zero. */
    const struct hl7_named *named;
    size_t named_count;
    struct hl7_services *services;
    struct hl7_refusal *refusal;   /* filled when the code is HL7_REFUSED */
    const struct hl7_trace *trace; /* costs time: for people, not for every message */
    size_t max_steps;              /* instructions, and 64 bytes of their work; 0: 10 million */
    size_t max_output;             /* bytes; 0: 64 MiB */
    size_t max_scratch;            /* bytes of values and edits; 0: 64 MiB + 4 * source.len */
};

/* Runs a template. Scratch memory comes from the arena and is given back. On an error
 * *ret_diagnostic says where in the template; what the buffer then holds is unfinished. The errors:
 * HL7_NO_MEMORY (the buffer, when buffer->full, else the arena), HL7_NOT_FOUND (strict, required()),
 * HL7_NOT_ENCODABLE and HL7_BAD_DELIMITERS (the output's MSH-2 does not do for a value),
 * HL7_BAD_VALUE (a function, a {set}), HL7_TOO_LARGE (a limit: more memory will not help),
 * HL7_REFUSED ({reject}). */
HL7_API enum hl7_code hl7_template_run(const struct hl7_template *program,
                                       const struct hl7_conversion *conversion,
                                       struct hl7_arena *arena, struct hl7_buffer *buffer,
                                       struct hl7_diagnostic *ret_diagnostic);

/* Whether a condition holds for a message: what it yields is not empty. The errors are those of
 * hl7_template_run. */
HL7_API enum hl7_code hl7_condition_test(const struct hl7_template *condition,
                                         const struct hl7_conversion *conversion,
                                         struct hl7_arena *arena, bool *ret_holds,
                                         struct hl7_diagnostic *ret_diagnostic);

#ifdef __cplusplus
}
#endif

#endif
