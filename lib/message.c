/* SPDX-License-Identifier: Apache-2.0
 *
 * The message index. Parsing makes two passes over the bytes: one counts segment ends and field
 * separators, so that the arrays have their exact size; one fills them. Below the field nothing is
 * indexed: components are found by walking their field, so that memory stays small and a million
 * components cost what a million bytes cost.
 *
 * The index of a segment holds the offset where each field begins, the name being field 0. A field
 * ends one byte before the next one begins. Headers differ (rule 8): field 1 is the separator
 * itself, so it stands in the index as an offset of its own. */
#include "message.h"

#include "error.h"
#include "scan.h"

#include <string.h>

const struct hl7_delimiters hl7_standard_delimiters = {'|', '^', '~', '\\', '&', '\0'};

/* Offsets are 32 bits wide; one value is kept free. */
static const size_t LONGEST = UINT32_MAX - 1;

size_t message_bom(hl7_slice bytes)
{
    return hl7_slice_starts(bytes, HL7_TEXT("\xef\xbb\xbf")) ? 3 : 0;
}

bool message_is_wide(hl7_slice bytes)
{
    static const hl7_slice marks[] = {
        {"\xff\xfe", 2},     {"\xfe\xff", 2},       {"M\0S\0", 4},         {"\0M\0S", 4},
        {"\0\0\xfe\xff", 4}, {"M\0\0\0S\0\0\0", 8}, {"\0\0\0M\0\0\0S", 8},
    };

    if (hl7_slice_starts(bytes, HL7_TEXT("MSH"))) {
        return false;
    }
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (hl7_slice_starts(bytes, marks[i])) {
            return true;
        }
    }
    return false;
}

char message_segment_end(hl7_slice bytes)
{
    bool has_cr = bytes.len > 0 && memchr(bytes.ptr, '\r', bytes.len) != NULL;

    return has_cr ? '\r' : '\n';
}

bool hl7_segment_is_header(hl7_slice name)
{
    const char *p = name.ptr;

    if (name.len != 3) {
        return false;
    }
    return (p[0] == 'M' && p[1] == 'S' && p[2] == 'H') ||
           ((p[0] == 'F' || p[0] == 'B') && p[1] == 'H' && p[2] == 'S');
}

/* ---- Delimiters ---------------------------------------------------------------------------- */

static bool is_alphanumeric(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

static bool can_delimit(char byte)
{
    unsigned char value = (unsigned char)byte;

    return value != '\0' && value < 0x80 && byte != '\r' && byte != '\n' && byte != HL7_VT &&
           byte != HL7_FS && !is_alphanumeric(value);
}

static enum hl7_code read_encoding_characters(hl7_slice header, size_t end,
                                              struct hl7_delimiters *delimiters,
                                              struct hl7_error *error)
{
    char *const places[] = {&delimiters->component, &delimiters->repetition, &delimiters->escape,
                            &delimiters->subcomponent, &delimiters->truncation};
    const size_t most = sizeof places / sizeof *places;

    for (size_t at = 4; at < end; at++) {
        char byte = header.ptr[at];
        if (at - 4 == most) {
            return error_set(error, HL7_BAD_DELIMITERS, at,
                             "MSH-2 holds more than five encoding characters");
        }
        if (!can_delimit(byte)) {
            return error_set_byte(error, HL7_BAD_DELIMITERS, at,
                                  "MSH-2 holds %, which cannot be an encoding character", byte);
        }
        if (memchr(header.ptr + 3, byte, at - 3) != NULL) {
            return error_set_byte(error, HL7_BAD_DELIMITERS, at,
                                  "% stands twice among the delimiters in MSH-1 and MSH-2", byte);
        }
        *places[at - 4] = byte;
    }
    return HL7_OK;
}

enum hl7_code message_delimiters(hl7_slice header, struct hl7_delimiters *ret_delimiters,
                                 struct hl7_error *error)
{
    if (header.len < 3 || !hl7_segment_is_header(hl7_slice_part(header, 0, 3))) {
        return error_set(error, HL7_NO_HEADER, 0,
                         "the text does not begin with MSH (FHS or BHS for a batch)");
    }
    if (header.len < 4) {
        return error_set(error, HL7_BAD_DELIMITERS, 3, "the text ends before the field separator");
    }
    if (!can_delimit(header.ptr[3])) {
        return error_set_byte(error, HL7_BAD_DELIMITERS, 3,
                              "the field separator in MSH-1 cannot be %", header.ptr[3]);
    }
    struct hl7_delimiters found = {.field = header.ptr[3]};
    char segment_end = message_segment_end(header);
    size_t end = 4;
    while (end < header.len && header.ptr[end] != found.field && header.ptr[end] != segment_end) {
        end++;
    }
    enum hl7_code code = read_encoding_characters(header, end, &found, error);
    if (code == HL7_OK) {
        *ret_delimiters = found;
    }
    return code;
}

/* ---- The index ----------------------------------------------------------------------------- */

/* The arrays being filled. */
struct index {
    hl7_slice bytes;
    char separator;
    char segment_end;
    struct hl7_segment *segments;
    size_t segment_count;
    uint32_t *fields;
};

/* Begins a segment and its fields at `count`; yields the count after it. The name is field 0, and
 * in a header the separator is field 1. */
static size_t begin_segment(const struct index *index, struct hl7_segment *segment, size_t count,
                            size_t start)
{
    const char *name = index->bytes.ptr + start;

    segment->start = (uint32_t)start;
    segment->first = (uint32_t)count;
    index->fields[count++] = (uint32_t)start;
    if (index->bytes.len - start > 3 && name[3] == index->separator &&
        hl7_segment_is_header((hl7_slice){name, 3})) {
        index->fields[count++] = (uint32_t)start + 3;
    }
    return count;
}

/* Ends a segment, unless it is an empty line, which is none. */
static size_t end_segment(struct index *index, size_t count, size_t end)
{
    struct hl7_segment *segment = &index->segments[index->segment_count];

    if (end == segment->start) {
        return segment->first;
    }
    segment->end = (uint32_t)end;
    segment->count = (uint32_t)count - segment->first;
    index->segment_count++;
    return count;
}

/* Where the next segment begins, behind a segment end. LF right behind CR belongs to it, however
 * often: no segment begins with LF, and a header behind a blank line must not hide in a name. */
static size_t behind_end(const struct index *index, size_t at)
{
    at++;
    while (index->segment_end == '\r' && at < index->bytes.len && index->bytes.ptr[at] == '\n') {
        at++;
    }
    return at;
}

/* Fills the index from `start` to the end of the bytes. */
static void fill(struct index *index, size_t start)
{
    const char *text = index->bytes.ptr;
    const char segment_end = index->segment_end;
    const char separator = index->separator;
    uint32_t *const fields = index->fields;
    size_t count = begin_segment(index, &index->segments[0], 0, start);

    for (size_t block = start; block < index->bytes.len; block += SCAN_BLOCK) {
        uint64_t bits = scan_block(index->bytes, block, separator, segment_end);
        while (bits != 0) {
            size_t at = block + scan_take(&bits);
            if (text[at] != segment_end) {
                fields[count++] = (uint32_t)(at + 1);
                continue;
            }
            count = end_segment(index, count, at);
            count = begin_segment(index, &index->segments[index->segment_count], count,
                                  behind_end(index, at));
        }
    }
    (void)end_segment(index, count, index->bytes.len);
}

/* How many segments and fields there may be at most: exact but for blank lines. */
struct extent {
    size_t segments;
    size_t fields;
};

static struct extent measure(hl7_slice bytes, char separator, char segment_end)
{
    size_t ends = 0;
    size_t marks = scan_count(bytes, segment_end, separator, &ends);

    /* Every mark begins a field; every segment, and one more, has a name; headers, which begin
     * segments, have a field more than they have separators. */
    return (struct extent){.segments = ends + 1, .fields = marks + 1 + (ends + 1)};
}

static size_t padded(size_t size)
{
    const size_t unit = 16;

    return (size + unit - 1) / unit * unit + unit;
}

size_t hl7_message_memory(hl7_slice bytes)
{
    size_t bom = message_bom(bytes);
    char separator = bytes.len - bom > 3 ? bytes.ptr[bom + 3] : '|';
    struct extent extent = measure(bytes, separator, message_segment_end(bytes));

    return padded(extent.segments * sizeof(struct hl7_segment)) +
           padded(extent.fields * sizeof(uint32_t));
}

static enum hl7_code build_index(hl7_slice bytes, size_t start,
                                 const struct hl7_delimiters *delimiters, char segment_end,
                                 struct hl7_arena *arena, struct hl7_message *ret_message)
{
    struct extent extent =
        measure(hl7_slice_part(bytes, start, bytes.len), delimiters->field, segment_end);
    struct index index = {
        .bytes = bytes, .separator = delimiters->field, .segment_end = segment_end};

    index.segments = hl7_arena_alloc(arena, extent.segments * sizeof *index.segments);
    index.fields = hl7_arena_alloc(arena, extent.fields * sizeof *index.fields);
    if (index.segments == NULL || index.fields == NULL) {
        return HL7_NO_MEMORY;
    }
    fill(&index, start);
    *ret_message = (struct hl7_message){.bytes = bytes,
                                        .delimiters = *delimiters,
                                        .segment_end = segment_end,
                                        .segments = index.segments,
                                        .segment_count = index.segment_count,
                                        .fields = index.fields};
    return HL7_OK;
}

static enum hl7_code check_size_and_width(hl7_slice bytes, struct hl7_error *error)
{
    if (bytes.len > LONGEST) {
        return error_set(error, HL7_TOO_LARGE, LONGEST, "a message of 4 GiB or more");
    }
    if (message_is_wide(bytes)) {
        return error_set(error, HL7_WIDE_TEXT, 0,
                         "UTF-16 or UTF-32 text; HL7 over MLLP needs an 8-bit set or UTF-8");
    }
    return HL7_OK;
}

/* Does a line that begins here begin a message? With any separator: another may use others. */
static bool begins_message(hl7_slice line)
{
    if (line.len < 3 || (line.ptr[0] != 'M' && line.ptr[0] != '\xef')) {
        return false;
    }
    line = hl7_slice_part(line, message_bom(line), line.len);
    return hl7_slice_starts(line, HL7_TEXT("MSH")) &&
           (line.len == 3 || !is_alphanumeric((unsigned char)line.ptr[3]));
}

static enum hl7_code second_header(size_t position, struct hl7_error *error)
{
    return error_set(error, HL7_TWO_HEADERS, position, "a second MSH segment: two messages in one");
}

/* A frame that lost its end runs into the next message. LF is looked behind too, where it is data:
 * a reader that takes it for a line end would see the second message there. */
static enum hl7_code refuse_second_header(const struct hl7_message *message,
                                          struct hl7_error *error)
{
    hl7_slice bytes = message->bytes;

    for (size_t i = 1; i < message->segment_count; i++) {
        size_t start = message->segments[i].start;
        if (begins_message(hl7_slice_part(bytes, start, bytes.len))) {
            return second_header(start, error);
        }
    }
    if (message->segment_end == '\n') {
        return HL7_OK;
    }
    for (size_t at = 0; at < bytes.len; at++) {
        const char *lf = memchr(bytes.ptr + at, '\n', bytes.len - at);
        if (lf == NULL) {
            return HL7_OK;
        }
        at = (size_t)(lf - bytes.ptr);
        if (begins_message(hl7_slice_part(bytes, at + 1, bytes.len))) {
            return second_header(at + 1, error);
        }
    }
    return HL7_OK;
}

enum hl7_code hl7_message_parse(hl7_slice bytes, struct hl7_arena *arena,
                                struct hl7_message *ret_message, struct hl7_error *error)
{
    size_t used = arena->used;
    size_t start = message_bom(bytes);
    struct hl7_delimiters delimiters;
    struct hl7_message message;

    enum hl7_code code = check_size_and_width(bytes, error);
    if (code != HL7_OK) {
        return code;
    }
    code = message_delimiters(hl7_slice_part(bytes, start, bytes.len), &delimiters, error);
    if (code != HL7_OK) {
        if (error != NULL) {
            error->position += start;
        }
        return code;
    }
    code = build_index(bytes, start, &delimiters, message_segment_end(bytes), arena, &message);
    if (code != HL7_OK) {
        arena->used = used;
        return error_set(error, code, 0, "the arena is too small for the index of the message");
    }
    code = refuse_second_header(&message, error);
    if (code != HL7_OK) {
        arena->used = used;
        return code;
    }
    *ret_message = message;
    return HL7_OK;
}

enum hl7_code hl7_message_salvage(hl7_slice bytes, struct hl7_arena *arena,
                                  struct hl7_message *ret_message, struct hl7_error *error)
{
    size_t start = message_bom(bytes);
    hl7_slice header = hl7_slice_part(bytes, start, bytes.len);

    if (header.len < 4 || !hl7_slice_equal(hl7_slice_part(header, 0, 3), HL7_TEXT("MSH")) ||
        !can_delimit(header.ptr[3])) {
        return error_set(error, HL7_NO_HEADER, start, "no MSH segment with a field separator");
    }
    /* Encoding characters that cannot be used leave these as they are. */
    struct hl7_delimiters delimiters = {.field = header.ptr[3]};
    (void)message_delimiters(header, &delimiters, NULL);
    const char *end = memchr(header.ptr, message_segment_end(header), header.len);
    hl7_slice line = {bytes.ptr, end == NULL ? bytes.len : (size_t)(end - bytes.ptr)};
    if (line.len > LONGEST) {
        return error_set(error, HL7_TOO_LARGE, LONGEST, "a header of 4 GiB or more");
    }
    size_t used = arena->used;
    enum hl7_code code = build_index(line, start, &delimiters, '\r', arena, ret_message);
    if (code != HL7_OK) {
        arena->used = used;
        return error_set(error, code, 0, "the arena is too small for the index of the header");
    }
    return HL7_OK;
}

/* ---- Reading the index --------------------------------------------------------------------- */

static const hl7_slice ABSENT = {NULL, 0};

hl7_slice hl7_segment_bytes(const struct hl7_message *message, size_t segment)
{
    if (segment >= message->segment_count) {
        return ABSENT;
    }
    const struct hl7_segment *found = &message->segments[segment];
    return (hl7_slice){message->bytes.ptr + found->start, found->end - found->start};
}

hl7_slice hl7_segment_name(const struct hl7_message *message, size_t segment)
{
    return hl7_segment_field(message, segment, 0);
}

/* The segment is a header with fields: its separator is field 1 and stands between no others, so it
 * is not before field 1 as in every other segment. */
static bool has_header_fields(const struct hl7_message *message, const struct hl7_segment *segment)
{
    return segment->count > 1 &&
           message->bytes.ptr[message->fields[segment->first + 1] - 1] != message->delimiters.field;
}

hl7_slice hl7_segment_field(const struct hl7_message *message, size_t segment, size_t field)
{
    if (segment >= message->segment_count || field >= message->segments[segment].count) {
        return ABSENT;
    }
    const struct hl7_segment *found = &message->segments[segment];
    const uint32_t *starts = message->fields + found->first;
    size_t end = found->end;

    if (field < 2 && has_header_fields(message, found)) {
        end = starts[field + 1];
    } else if (field + 1 < found->count) {
        end = (size_t)starts[field + 1] - 1;
    }
    return (hl7_slice){message->bytes.ptr + starts[field], end - starts[field]};
}

hl7_slice message_line_field(hl7_slice line, char separator, size_t n)
{
    bool header = line.len > 3 && line.ptr[3] == separator &&
                  hl7_segment_is_header(hl7_slice_part(line, 0, 3));

    if (header && n == 1) {
        return hl7_slice_part(line, 3, 1);
    }
    return hl7_piece(line, separator, header && n > 0 ? n : n + 1);
}

size_t hl7_message_find(const struct hl7_message *message, hl7_slice name, size_t occurrence)
{
    size_t found = HL7_NONE;

    for (size_t i = 0; i < message->segment_count; i++) {
        if (!hl7_slice_equal(hl7_segment_name(message, i), name)) {
            continue;
        }
        if (occurrence <= 1) {
            return i;
        }
        if (occurrence == HL7_LAST) {
            found = i;
        } else {
            occurrence--;
        }
    }
    return found;
}

/* ---- Values -------------------------------------------------------------------------------- */

bool hl7_piece_next(hl7_slice *rest, char separator, hl7_slice *ret_piece)
{
    if (rest->ptr == NULL) {
        return false;
    }
    const char *end =
        separator == '\0' || rest->len == 0 ? NULL : memchr(rest->ptr, separator, rest->len);
    if (end == NULL) {
        *ret_piece = *rest;
        *rest = ABSENT;
        return true;
    }
    size_t len = (size_t)(end - rest->ptr);
    *ret_piece = (hl7_slice){rest->ptr, len};
    *rest = (hl7_slice){end + 1, rest->len - len - 1};
    return true;
}

hl7_slice hl7_piece(hl7_slice value, char separator, size_t n)
{
    hl7_slice piece;

    while (n > 0 && hl7_piece_next(&value, separator, &piece)) {
        n--;
        if (n == 0) {
            return piece;
        }
    }
    return ABSENT;
}

enum hl7_state hl7_state(hl7_slice value)
{
    if (value.len == 0) {
        return HL7_EMPTY;
    }
    return hl7_slice_equal(value, HL7_TEXT("\"\"")) ? HL7_NULL : HL7_PRESENT;
}

/* Are two lists of pieces the same? Trailing empty pieces count for nothing. */
static bool subcomponents_equal(char separator, hl7_slice a, hl7_slice b)
{
    bool more_a = true;
    bool more_b = true;

    while (more_a || more_b) {
        hl7_slice piece_a = ABSENT;
        hl7_slice piece_b = ABSENT;
        more_a = more_a && hl7_piece_next(&a, separator, &piece_a);
        more_b = more_b && hl7_piece_next(&b, separator, &piece_b);
        if (!hl7_slice_equal(piece_a, piece_b)) {
            return false;
        }
    }
    return true;
}

static bool components_equal(const struct hl7_delimiters *delimiters, hl7_slice a, hl7_slice b)
{
    bool more_a = true;
    bool more_b = true;

    while (more_a || more_b) {
        hl7_slice piece_a = ABSENT;
        hl7_slice piece_b = ABSENT;
        more_a = more_a && hl7_piece_next(&a, delimiters->component, &piece_a);
        more_b = more_b && hl7_piece_next(&b, delimiters->component, &piece_b);
        if (!subcomponents_equal(delimiters->subcomponent, piece_a, piece_b)) {
            return false;
        }
    }
    return true;
}

bool hl7_value_equal(const struct hl7_delimiters *delimiters, hl7_slice a, hl7_slice b)
{
    /* Absent is empty (rule 13): one blank repetition. */
    a = a.ptr == NULL ? HL7_TEXT("") : a;
    b = b.ptr == NULL ? HL7_TEXT("") : b;
    bool more = true;

    while (more) {
        hl7_slice repetition_a = ABSENT;
        hl7_slice repetition_b = ABSENT;
        more = hl7_piece_next(&a, delimiters->repetition, &repetition_a);
        /* Blank repetitions count (rule 16): both values have as many. */
        if (more != hl7_piece_next(&b, delimiters->repetition, &repetition_b) ||
            !components_equal(delimiters, repetition_a, repetition_b)) {
            return false;
        }
    }
    return true;
}
