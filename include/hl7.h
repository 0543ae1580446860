/* SPDX-License-Identifier: Apache-2.0
 *
 * hl7.h - HL7 v2 messages: framing, parsing, paths, escapes, edits, acknowledgements, batches,
 * times, character sets, templates, validation, differences.
 *
 * The library does no input or output, reads no clock, takes no lock and keeps no global state. It
 * needs nothing but the C library. All memory is the caller's: an arena for what is built once (an
 * index, a compiled template), a buffer for text that is written. Where a maximum exists, a
 * function computes it.
 *
 * Conventions
 *   - Text is a slice: pointer and length. It need not end in NUL. A slice with ptr == NULL is
 *     "absent"; a slice with len == 0 and a ptr is "there, and empty".
 *   - Functions that can fail return an enum hl7_code. HL7_OK is 0. What they yield is named ret_*
 *     and is untouched on failure. The optional struct hl7_error receives code, position and text.
 *   - A slice that is returned borrows from the message bytes or the arena it came from.
 *   - Field, component, repetition and occurrence numbers count from 1, as HL7 counts them.
 *   - No function reads past the end of a slice, whatever the bytes.
 *
 * "rule N" names a protocol rule of docs/hl7-rules.md.
 *
 * Example: the patient's family name of a message held in text[0..len):
 *
 *     static char memory[65536];
 *     struct hl7_arena arena;
 *     struct hl7_message message;
 *     struct hl7_error error;
 *
 *     hl7_arena_init(&arena, memory, sizeof memory);
 *     if (hl7_message_parse((hl7_slice){text, len}, &arena, &message, &error) != HL7_OK) {
 *         fprintf(stderr, "byte %zu: %s\n", error.position, error.text);
 *     } else {
 *         hl7_slice name = hl7_message_at(&message, "PID-5.1");
 *         printf("%.*s\n", (int)name.len, name.ptr);
 *     }
 */
#ifndef HL7_H
#define HL7_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define HL7_API __attribute__((visibility("default")))
#define HL7_FORMAT(string, first) __attribute__((format(printf, string, first)))
#else
#define HL7_API
#define HL7_FORMAT(string, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Slices -------------------------------------------------------------------------------- */

typedef struct hl7_slice {
    const char *ptr;
    size_t len;
} hl7_slice;

/* The slice of a string literal. */
#define HL7_TEXT(literal) ((hl7_slice){(literal), sizeof(literal) - 1})

/* No index, no such segment. */
#define HL7_NONE SIZE_MAX

/* The slice of a NUL-terminated string; absent for NULL. */
HL7_API hl7_slice hl7_slice_of(const char *text);

/* Same bytes. Absent and empty compare equal. */
HL7_API bool hl7_slice_equal(hl7_slice a, hl7_slice b);

/* True when `text` begins with `prefix`. */
HL7_API bool hl7_slice_starts(hl7_slice text, hl7_slice prefix);

/* The part of `text` from byte `start`, `len` bytes at most; clamped to the text. */
HL7_API hl7_slice hl7_slice_part(hl7_slice text, size_t start, size_t len);

/* ---- Errors -------------------------------------------------------------------------------- */

enum hl7_code {
    HL7_OK = 0,
    HL7_NO_MEMORY,      /* the arena or the buffer is too small; give a larger one and repeat */
    HL7_TOO_LARGE,      /* over a limit the caller set, or 4 GiB */
    HL7_NO_HEADER,      /* the text does not begin with MSH (or FHS, BHS for a batch) */
    HL7_BAD_DELIMITERS, /* MSH-1 or MSH-2 cannot be used (rules 8, 10, 11) */
    HL7_WIDE_TEXT,      /* UTF-16 or UTF-32 (rule 5) */
    HL7_TWO_HEADERS,    /* a second MSH at the start of a line: two messages in one */
    HL7_BAD_FRAME,      /* MLLP: VT inside, or FS not followed by CR (rule 4) */
    HL7_BAD_PATH,       /* not a path */
    HL7_BAD_TIME,       /* not an HL7 time (rule 30) */
    HL7_BAD_BATCH,      /* segments out of order, or a count that is not so (rule 31) */
    HL7_BAD_TEMPLATE,   /* the template has errors; see its diagnostics */
    HL7_NOT_ENCODABLE,  /* a delimiter in a value, and the message has no escape character */
    HL7_NOT_FOUND,      /* strict mode: a placeholder outside the message; an edit of no segment */
    HL7_BAD_VALUE,      /* a template's function cannot take the value it was given */
    HL7_REFUSED         /* a template's {reject}: the source is not to be converted */
};

/* What went wrong and where. `position` is a byte offset into the text given. */
struct hl7_error {
    enum hl7_code code;
    size_t position;
    char text[200]; /* one sentence, NUL-terminated, never message content */
};

/* The stable name of a code ("bad-delimiters"). */
HL7_API const char *hl7_code_name(enum hl7_code code);

/* ---- Memory -------------------------------------------------------------------------------- */

/* A bump allocator over the caller's bytes. Nothing is freed singly; reset forgets everything. */
struct hl7_arena {
    char *memory;
    size_t size;
    size_t used;
};

HL7_API void hl7_arena_init(struct hl7_arena *arena, void *memory, size_t size);
HL7_API void hl7_arena_reset(struct hl7_arena *arena);

/* `size` bytes aligned for any object, or NULL when the arena is full. Not cleared. */
HL7_API void *hl7_arena_alloc(struct hl7_arena *arena, size_t size);

/* Text under construction in the caller's bytes. An append that does not fit adds nothing and sets
 * `full`, which stays set: check it once, at the end. */
struct hl7_buffer {
    char *ptr;
    size_t len;
    size_t size;
    bool full;
};

HL7_API void hl7_buffer_init(struct hl7_buffer *buffer, void *memory, size_t size);
HL7_API void hl7_buffer_add(struct hl7_buffer *buffer, hl7_slice text);
HL7_API void hl7_buffer_add_byte(struct hl7_buffer *buffer, char byte);
HL7_API void hl7_buffer_add_number(struct hl7_buffer *buffer, uint64_t number);
HL7_API hl7_slice hl7_buffer_slice(const struct hl7_buffer *buffer);

/* ---- MLLP framing (rules 1 to 7) ----------------------------------------------------------- */

#define HL7_VT '\x0b'
#define HL7_FS '\x1c'

/* Bytes a frame adds to its payload: VT before, FS CR after. */
#define HL7_FRAME_OVERHEAD 3

/* Finds frames in a byte stream, at any chunking. It keeps offsets only: the caller keeps the bytes
 * that were not consumed and offers them again, at the front, with what came after. Each byte is
 * scanned once. */
struct hl7_framer {
    size_t limit;     /* the longest payload accepted, in bytes */
    bool lenient_end; /* a lone FS may end a frame (rule 3) */
    size_t scanned;   /* private: bytes of the held frame known to hold no VT or FS */
    size_t ended;     /* private: offset just past a trailer whose sequel is in doubt, or 0 */
};

enum hl7_frame_kind {
    HL7_FRAME_MORE,    /* nothing yet: read more */
    HL7_FRAME_MESSAGE, /* bytes is a payload */
    HL7_FRAME_JUNK,    /* bytes stood between frames; skip them (rule 3) */
    HL7_FRAME_BROKEN   /* the stream cannot be trusted any more: keep the bytes, close (rule 4) */
};

struct hl7_frame {
    hl7_slice bytes;   /* borrows from the bytes held */
    size_t consumed;   /* drop this many held bytes before the next call */
    enum hl7_code why; /* BROKEN only: HL7_BAD_FRAME or HL7_TOO_LARGE */
    size_t position;   /* BROKEN only: offset in the held bytes of the byte at fault */
};

HL7_API void hl7_framer_init(struct hl7_framer *framer, size_t limit, bool lenient_end);

/* Looks for the next frame in the bytes held. A frame that is followed by further text without a VT
 * is in doubt: a trailer inside the text would show that the frame was damaged. The framer then
 * answers MORE until it sees VT, FS or hl7_framer_end(). */
HL7_API enum hl7_frame_kind hl7_framer_next(struct hl7_framer *framer, hl7_slice held,
                                            struct hl7_frame *ret_frame);

/* True when the held bytes would make a frame if nothing followed for half a second. */
HL7_API bool hl7_framer_in_doubt(const struct hl7_framer *framer, hl7_slice held);

/* The peer closed, or was silent for half a second: decides a frame in doubt, else MORE. */
HL7_API enum hl7_frame_kind hl7_framer_end(struct hl7_framer *framer, hl7_slice held,
                                           struct hl7_frame *ret_frame);

/* Adds VT payload FS CR. */
HL7_API void hl7_frame_write(hl7_slice payload, struct hl7_buffer *buffer);

/* ---- Messages (rules 8 to 17) -------------------------------------------------------------- */

/* The characters that structure a message. '\0' means the message has no such character. */
struct hl7_delimiters {
    char field;
    char component;
    char repetition;
    char escape;
    char subcomponent;
    char truncation;
};

/* "|^~\&" */
HL7_API extern const struct hl7_delimiters hl7_standard_delimiters;

/* A segment: where it stands and which fields of the index are its own. */
struct hl7_segment {
    uint32_t start; /* byte offset of the name */
    uint32_t end;   /* byte offset past the last byte, the line end not counted */
    uint32_t first; /* index of field 0 (the name) in hl7_message.fields */
    uint32_t count; /* fields counted with the name, so the last field is count - 1 */
};

/* A flat index over the caller's bytes. The bytes are not copied and must outlive it. */
struct hl7_message {
    hl7_slice bytes;
    struct hl7_delimiters delimiters;
    char segment_end; /* '\r', or '\n' when the message holds no CR (rule 9) */
    const struct hl7_segment *segments;
    size_t segment_count;
    const uint32_t *fields; /* start offsets */
};

/* What an index of these bytes takes from the arena: computed by one pass, never an estimate. */
HL7_API size_t hl7_message_memory(hl7_slice bytes);

/* Indexes a message in time linear in its length. The first segment must be MSH, FHS or BHS. */
HL7_API enum hl7_code hl7_message_parse(hl7_slice bytes, struct hl7_arena *arena,
                                        struct hl7_message *ret_message, struct hl7_error *error);

/* Indexes the MSH segment alone of a message that hl7_message_parse refused, so that it can still be
 * answered (rule 26). Bad encoding characters count as missing. Fails with HL7_NO_HEADER when even
 * the field separator is unusable. */
HL7_API enum hl7_code hl7_message_salvage(hl7_slice bytes, struct hl7_arena *arena,
                                          struct hl7_message *ret_message, struct hl7_error *error);

/* The index of the `occurrence`-th segment of this name (0 and 1: the first; HL7_LAST: the
 * last one), or HL7_NONE. */
HL7_API size_t hl7_message_find(const struct hl7_message *message, hl7_slice name,
                                size_t occurrence);

/* A segment's bytes, without its line end; absent when out of range. */
HL7_API hl7_slice hl7_segment_bytes(const struct hl7_message *message, size_t segment);
HL7_API hl7_slice hl7_segment_name(const struct hl7_message *message, size_t segment);

/* A field, raw, with all its repetitions; field 0 is the name. Absent beyond the last one. */
HL7_API hl7_slice hl7_segment_field(const struct hl7_message *message, size_t segment,
                                    size_t field);

/* MSH, FHS and BHS: field 1 is the separator itself, field 2 is never split (rule 8). */
HL7_API bool hl7_segment_is_header(hl7_slice name);

/* The n-th piece of a value split at `separator`; with separator '\0', piece 1 is the value. */
HL7_API hl7_slice hl7_piece(hl7_slice value, char separator, size_t n);

/* Walks the pieces: start with *rest = value; false when none is left (then *rest is absent). */
HL7_API bool hl7_piece_next(hl7_slice *rest, char separator, hl7_slice *ret_piece);

/* Three states of a value (rule 13). */
enum hl7_state {
    HL7_EMPTY,  /* absent or empty: no change */
    HL7_NULL,   /* "": delete */
    HL7_PRESENT /* a value */
};

HL7_API enum hl7_state hl7_state(hl7_slice value);

/* Compares two raw values of one message; trailing empty pieces count for nothing (rule 13). */
HL7_API bool hl7_value_equal(const struct hl7_delimiters *delimiters, hl7_slice a, hl7_slice b);

/* ---- Paths (rules 15 and 16) --------------------------------------------------------------- */

#define HL7_LAST UINT32_MAX

/* PID, PID-5, PID-3[2].1.2, OBX[3]-5, OBX[last]-5. A number that was not given is 0. */
struct hl7_path {
    char segment[4]; /* three characters and NUL */
    uint32_t occurrence;
    uint32_t field;
    uint32_t repetition;
    uint32_t component;
    uint32_t subcomponent;
};

/* Reads a path that is the whole text. error->position is the offset of the byte at fault. */
HL7_API enum hl7_code hl7_path_parse(hl7_slice text, struct hl7_path *ret_path,
                                     struct hl7_error *error);

/* Reads the longest path at the front of the text; *ret_used is its length. */
HL7_API enum hl7_code hl7_path_read(hl7_slice text, struct hl7_path *ret_path, size_t *ret_used,
                                    struct hl7_error *error);

/* Writes a path as hl7_path_parse reads it. */
HL7_API void hl7_path_write(const struct hl7_path *path, struct hl7_buffer *buffer);

/* The raw value at a path; absent when the message has none. A path shallower than the value gives
 * the whole value; a deeper one resolves while the remaining numbers are 1 (rule 15). */
HL7_API hl7_slice hl7_message_get(const struct hl7_message *message, const struct hl7_path *path);

/* The same within one segment: the path's segment name and occurrence are not looked at. */
HL7_API hl7_slice hl7_segment_get(const struct hl7_message *message, size_t segment,
                                  const struct hl7_path *path);

/* The same for a path written out; absent too when `path` is not a path. */
HL7_API hl7_slice hl7_message_at(const struct hl7_message *message, const char *path);

/* The first leaf of a raw value: first repetition, component, sub-component (rule 15). */
HL7_API hl7_slice hl7_first_leaf(const struct hl7_delimiters *delimiters, hl7_slice value);

/* ---- Escapes (rules 18 to 20) -------------------------------------------------------------- */

enum hl7_text {
    HL7_TEXT_HL7,  /* formatting sequences such as \.br\ and \H\ stay as they are */
    HL7_TEXT_PLAIN /* \.br\ becomes a newline; the others stay */
};

/* Decodes a raw value to text, once, left to right. What is not an escape passes unchanged. */
HL7_API void hl7_unescape(const struct hl7_delimiters *delimiters, hl7_slice raw,
                          enum hl7_text kind, struct hl7_buffer *buffer);

/* Encodes text so that it is one leaf of a message with these delimiters: no byte of it can end a
 * segment, a field or a frame. HL7_NOT_ENCODABLE without an escape character. */
HL7_API enum hl7_code hl7_escape(const struct hl7_delimiters *delimiters, hl7_slice text,
                                 struct hl7_buffer *buffer);

/* Moves a raw value into a message with other delimiters: structure stays structure, data stays
 * data, formatting sequences stay (rule 20). Line ends and frame bytes become \X..\. */
HL7_API enum hl7_code hl7_recode(const struct hl7_delimiters *from, const struct hl7_delimiters *to,
                                 hl7_slice raw, struct hl7_buffer *buffer);

/* ---- Edits (rule 12) ----------------------------------------------------------------------- */

/* A working copy of a message: segments that nobody touched stay the source's bytes. It lives in
 * the arena, borrows from the message, and sees its own earlier edits. */
struct hl7_edit;

HL7_API enum hl7_code hl7_edit_begin(const struct hl7_message *message, struct hl7_arena *arena,
                                     struct hl7_edit **ret_edit);

/* Puts raw text (already encoded) at a path, adding the separators it needs. The segment must
 * exist (HL7_NOT_FOUND). Without repetition and component the whole field is replaced; raw text
 * that would end a segment is HL7_NOT_ENCODABLE. MSH-1 and MSH-2 cannot be set (HL7_BAD_PATH). */
HL7_API enum hl7_code hl7_edit_set(struct hl7_edit *edit, const struct hl7_path *path,
                                   hl7_slice raw);

/* The same with text, escaped on the way in. */
HL7_API enum hl7_code hl7_edit_set_text(struct hl7_edit *edit, const struct hl7_path *path,
                                        hl7_slice text);

/* Reads the working copy. */
HL7_API hl7_slice hl7_edit_get(const struct hl7_edit *edit, const struct hl7_path *path);

/* Takes out a segment; the header cannot be taken out (HL7_BAD_PATH). */
HL7_API enum hl7_code hl7_edit_delete(struct hl7_edit *edit, hl7_slice name, size_t occurrence);

/* Adds a segment (raw, one line, copied) at the end, or behind a given segment. */
HL7_API enum hl7_code hl7_edit_append(struct hl7_edit *edit, hl7_slice segment);
HL7_API enum hl7_code hl7_edit_insert(struct hl7_edit *edit, hl7_slice name, size_t occurrence,
                                      hl7_slice segment);

/* Writes the working copy out. Without edits, the bytes written are the message's own. */
HL7_API void hl7_edit_write(const struct hl7_edit *edit, struct hl7_buffer *buffer);

/* ---- Acknowledgements (rules 21 to 27) ----------------------------------------------------- */

enum hl7_ack_code {
    HL7_ACK_NONE,
    HL7_AA, /* application: accept, error, reject */
    HL7_AE,
    HL7_AR,
    HL7_CA, /* accept level: safely stored, error (send again), reject */
    HL7_CE,
    HL7_CR
};

/* "AA" …; "" for none. */
HL7_API const char *hl7_ack_code_name(enum hl7_ack_code code);
HL7_API enum hl7_ack_code hl7_ack_code_parse(hl7_slice text);

enum hl7_outcome {
    HL7_ACCEPTED,
    HL7_FAILED,  /* an error of ours or of the content: AE, CE */
    HL7_REJECTED /* cannot be processed as it is: AR, CR */
};

/* What a message asks to be answered with, given its outcome (rules 21 and 23). Either, both or
 * none; when both, the accept acknowledgement goes first. */
struct hl7_ack_plan {
    enum hl7_ack_code accept;
    enum hl7_ack_code application;
};

HL7_API struct hl7_ack_plan hl7_ack_plan(const struct hl7_message *message,
                                         enum hl7_outcome outcome);

/* Enhanced mode: MSH-15 or MSH-16 is present. */
HL7_API bool hl7_is_enhanced(const struct hl7_message *message);

/* The message answers another one: MSH-9.1 is ACK, or MSA follows the header (SFT and UAC
 * may stand between). */
HL7_API bool hl7_is_response(const struct hl7_message *message);

/* Codes of HL7 table 0357 for ERR. */
enum hl7_condition {
    HL7_MESSAGE_ACCEPTED = 0,
    HL7_SEGMENT_SEQUENCE = 100,
    HL7_REQUIRED_FIELD = 101,
    HL7_DATA_TYPE = 102,
    HL7_TABLE_VALUE = 103,
    HL7_UNSUPPORTED_MESSAGE = 200,
    HL7_UNSUPPORTED_EVENT = 201,
    HL7_UNSUPPORTED_PROCESSING = 202,
    HL7_UNSUPPORTED_VERSION = 203,
    HL7_UNKNOWN_KEY = 204,
    HL7_DUPLICATE_KEY = 205,
    HL7_RECORD_LOCKED = 206,
    HL7_INTERNAL_ERROR = 207
};

/* The table's own words for a condition, or NULL for an unknown code. */
HL7_API const char *hl7_condition_text(enum hl7_condition condition);

/* One of several things that are wrong with a message. */
struct hl7_problem {
    enum hl7_condition condition;
    struct hl7_path where; /* segment[0] == '\0' when it has no place */
    hl7_slice rule;        /* the receiver's own name for it, for ERR-5; absent when it has none */
    hl7_slice reason;      /* a sentence */
};

struct hl7_ack {
    enum hl7_ack_code code;
    hl7_slice control_id; /* the acknowledgement's own MSH-10: new and unique */
    hl7_slice time;       /* its MSH-7: now, as hl7_time_write writes it */
    /* What is wrong; looked at unless condition is HL7_MESSAGE_ACCEPTED. */
    enum hl7_condition condition;
    struct hl7_path where; /* segment[0] == '\0' when it has no place */
    hl7_slice reason;      /* a sentence, escaped by the function */
    hl7_slice rule;        /* the receiver's own name for it, for ERR-5; absent when it has none */
    /* What is wrong besides: from 2.5 on each has an ERR segment of its own, before a repetition of
     * ERR-1. Looked at like the condition. */
    const struct hl7_problem *more;
    size_t more_count;
};

/* Writes the acknowledgement of a message (rules 23 to 25), segments ended by CR. Works on a salvaged
 * header too (rule 26). A delimiter in the reason of a message without an escape character becomes
 * a blank. */
HL7_API void hl7_ack_write(const struct hl7_message *message, const struct hl7_ack *ack,
                           struct hl7_buffer *buffer);

/* Writes the FHS or BHS that opens the reply to a batch: the message here is the batch header that
 * came, alone. `ack` gives control id and time. */
HL7_API void hl7_ack_write_batch_header(const struct hl7_message *header, const struct hl7_ack *ack,
                                        struct hl7_buffer *buffer);

/* What an answer says, as its receiver reads it. */
struct hl7_answer {
    enum hl7_ack_code code; /* HL7_ACK_NONE: it has no MSA, or MSA-1 is unknown */
    hl7_slice code_text;    /* MSA-1 */
    hl7_slice control_id;   /* MSA-2 */
    hl7_slice reason;       /* ERR-8, ERR-3, MSA-3 or ERR-1: the first that says something, raw */
};

HL7_API struct hl7_answer hl7_answer_read(const struct hl7_message *reply);

/* True when the answer is to the message with this MSH-10: the same bytes (rule 27). */
HL7_API bool hl7_answer_matches(const struct hl7_answer *answer, hl7_slice control_id);

/* ---- Batches (rule 31) --------------------------------------------------------------------- */

enum hl7_batch_kind {
    HL7_BATCH_END,
    HL7_BATCH_FILE_HEADER,  /* FHS */
    HL7_BATCH_HEADER,       /* BHS */
    HL7_BATCH_MESSAGE,      /* MSH and all that follows it */
    HL7_BATCH_TRAILER,      /* BTS */
    HL7_BATCH_FILE_TRAILER, /* FTS */
    HL7_BATCH_STRAY         /* text before the first header */
};

/* Walks the parts of a batch, of a file of messages, or of one message. */
struct hl7_batch {
    hl7_slice bytes;
    char segment_end;
    size_t position;
};

struct hl7_batch_part {
    enum hl7_batch_kind kind;
    hl7_slice bytes; /* with its line ends */
    size_t position; /* offset in the batch */
};

HL7_API void hl7_batch_init(struct hl7_batch *batch, hl7_slice bytes);
HL7_API enum hl7_batch_kind hl7_batch_next(struct hl7_batch *batch,
                                           struct hl7_batch_part *ret_part);

/* True when the text begins with FHS or BHS (a BOM before it is skipped). */
HL7_API bool hl7_is_batch(hl7_slice bytes);

/* Checks the order [FHS]{[BHS]{MSH…}[BTS]}[FTS] and the counts in BTS-1 and FTS-1. An absent count
 * is right. *ret_messages is the number of messages. */
HL7_API enum hl7_code hl7_batch_check(hl7_slice bytes, size_t *ret_messages,
                                      struct hl7_error *error);

/* ---- Times (rule 30) ----------------------------------------------------------------------- */

enum hl7_precision { HL7_YEAR, HL7_MONTH, HL7_DAY, HL7_HOUR, HL7_MINUTE, HL7_SECOND, HL7_FRACTION };

/* What was given is kept: parts beyond the precision are 0 (month and day 1). */
struct hl7_time {
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
    uint32_t fraction;   /* ten-thousandths of a second */
    int fraction_digits; /* 1 to 4 when precision is HL7_FRACTION */
    enum hl7_precision precision;
    bool has_zone; /* without one the zone is unknown, not UTC */
    int zone;      /* minutes east of UTC */
};

HL7_API enum hl7_code hl7_time_parse(hl7_slice text, struct hl7_time *ret_time,
                                     struct hl7_error *error);

/* Writes exactly the precision and zone the time has. */
HL7_API void hl7_time_write(const struct hl7_time *time, struct hl7_buffer *buffer);

/* Seconds since 1970-01-01 00:00 of the time as written, in its own zone if it has one, else as if
 * that were UTC: comparable only among times of one place. */
HL7_API int64_t hl7_time_seconds(const struct hl7_time *time);

/* The time of a count of UTC seconds, shown in a zone (minutes east), to the second. */
HL7_API struct hl7_time hl7_time_from_seconds(int64_t seconds, int zone);

/* ---- Character sets (rule 29) -------------------------------------------------------------- */

/* The IANA name ("ISO-8859-1", as iconv takes it) of a name in MSH-18, table 0211 or a common
 * misspelling of it. NULL when unknown. An empty name is ASCII by the standard: "US-ASCII". */
HL7_API const char *hl7_charset(hl7_slice name);

/* The same for a message: first repetition of MSH-18. */
HL7_API const char *hl7_message_charset(const struct hl7_message *message);

/* ---- Structure (rule 32) ------------------------------------------------------------------- */

/* The message structure: MSH-9.3, else by code and event from the map, else code_event. Written
 * into the buffer ("ADT_A01"). */
HL7_API void hl7_structure(const struct hl7_message *message, struct hl7_buffer *buffer);

/* True when MSH-12 says at least major.minor. An empty or unreadable version is no version. */
HL7_API bool hl7_version_at_least(const struct hl7_message *message, int major, int minor);

#ifdef __cplusplus
}
#endif

/* The conversion language. */
#include "hl7/template.h"

/* What the standard says of segments. */
#include "hl7/dict.h"

/* Is a message what the standard says? */
#include "hl7/validate.h"

/* Differences between messages. */
#include "hl7/diff.h"

/* SHA-256. */
#include "hl7/digest.h"

#endif
