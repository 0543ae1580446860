/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches (rule 31): [FHS]{[BHS]{MSH...}[BTS]}[FTS], a plain sequence of messages, or one message.
 *
 * The walker cuts the text where a line begins with the name of a header or trailer and a byte that
 * cannot belong to a longer name. A part runs to the next such line; blank lines and segments in
 * between stay with the part before them, so that nothing is lost. Line ends before the first part,
 * and a byte order mark before any part, are in no part. The walker cannot fail: it keeps an offset,
 * allocates nothing and reads each byte once.
 *
 * The check walks the parts through a table of states. It refuses what could lose a message without
 * a trace: a trailer that closes nothing, a segment outside any message, a count that is not so, and
 * a header behind a line end of the wrong kind, which would hide a message inside another. */
#include "error.h"
#include "message.h"

#include <string.h>

/* ---- The walker ---------------------------------------------------------------------------- */

/* By enum hl7_batch_kind; what is no header or trailer has no name. */
static const char *const part_names[] = {
    [HL7_BATCH_FILE_HEADER] = "FHS", [HL7_BATCH_HEADER] = "BHS",       [HL7_BATCH_MESSAGE] = "MSH",
    [HL7_BATCH_TRAILER] = "BTS",     [HL7_BATCH_FILE_TRAILER] = "FTS",
};

static bool is_alphanumeric(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

/* The kind of part that begins at this offset, which is the start of a line; else STRAY. */
static enum hl7_batch_kind kind_at(hl7_slice bytes, size_t at)
{
    hl7_slice rest = hl7_slice_part(bytes, at, 4);

    if (rest.len < 3 || (rest.len == 4 && is_alphanumeric(rest.ptr[3]))) {
        return HL7_BATCH_STRAY;
    }
    for (int kind = HL7_BATCH_FILE_HEADER; kind <= HL7_BATCH_FILE_TRAILER; kind++) {
        if (memcmp(rest.ptr, part_names[kind], 3) == 0) {
            return (enum hl7_batch_kind)kind;
        }
    }
    return HL7_BATCH_STRAY;
}

static size_t skip_mark(hl7_slice bytes, size_t at)
{
    return at + message_bom(hl7_slice_part(bytes, at, 3));
}

/* The offset of the first byte that counts: a byte order mark and line ends mean nothing. */
static size_t first_line(hl7_slice bytes)
{
    size_t at = skip_mark(bytes, 0);

    while (at < bytes.len && (bytes.ptr[at] == '\r' || bytes.ptr[at] == '\n')) {
        at++;
    }
    return at;
}

/* The offset where the line after this one begins, or the length of the text. */
static size_t next_line(hl7_slice bytes, char segment_end, size_t at)
{
    const char *end = memchr(bytes.ptr + at, segment_end, bytes.len - at);

    if (end == NULL) {
        return bytes.len;
    }
    at = (size_t)(end - bytes.ptr) + 1;
    while (segment_end == '\r' && at < bytes.len && bytes.ptr[at] == '\n') {
        at++;
    }
    return at;
}

void hl7_batch_init(struct hl7_batch *batch, hl7_slice bytes)
{
    *batch = (struct hl7_batch){
        .bytes = bytes, .segment_end = message_segment_end(bytes), .position = first_line(bytes)};
}

enum hl7_batch_kind hl7_batch_next(struct hl7_batch *batch, struct hl7_batch_part *ret_part)
{
    hl7_slice bytes = batch->bytes;
    size_t start = batch->position;

    if (start >= bytes.len) {
        return HL7_BATCH_END;
    }
    enum hl7_batch_kind kind = kind_at(bytes, start);
    size_t end = next_line(bytes, batch->segment_end, start);
    size_t next = skip_mark(bytes, end);
    while (end < bytes.len && kind_at(bytes, next) == HL7_BATCH_STRAY) {
        end = next_line(bytes, batch->segment_end, end);
        next = skip_mark(bytes, end);
    }
    *ret_part = (struct hl7_batch_part){
        .kind = kind, .bytes = {bytes.ptr + start, end - start}, .position = start};
    batch->position = next;
    return kind;
}

bool hl7_is_batch(hl7_slice bytes)
{
    enum hl7_batch_kind kind = kind_at(bytes, first_line(bytes));

    return kind == HL7_BATCH_FILE_HEADER || kind == HL7_BATCH_HEADER;
}

/* ---- The check ----------------------------------------------------------------------------- */

enum state { BEFORE, IN_FILE, IN_BATCH, AFTER_BATCH, AFTER_FILE, OUT_OF_ORDER };

/* What each part leads to. A batch may begin with its first message and end without a trailer. */
static const struct {
    const char *expected;
    unsigned char next[HL7_BATCH_FILE_TRAILER + 1];
} states[] = {
    [BEFORE] = {"FHS, BHS or MSH",
                {[HL7_BATCH_FILE_HEADER] = IN_FILE,
                 [HL7_BATCH_HEADER] = IN_BATCH,
                 [HL7_BATCH_MESSAGE] = IN_BATCH,
                 [HL7_BATCH_TRAILER] = OUT_OF_ORDER,
                 [HL7_BATCH_FILE_TRAILER] = OUT_OF_ORDER}},
    [IN_FILE] = {"BHS, MSH or FTS",
                 {[HL7_BATCH_FILE_HEADER] = OUT_OF_ORDER,
                  [HL7_BATCH_HEADER] = IN_BATCH,
                  [HL7_BATCH_MESSAGE] = IN_BATCH,
                  [HL7_BATCH_TRAILER] = OUT_OF_ORDER,
                  [HL7_BATCH_FILE_TRAILER] = AFTER_FILE}},
    [IN_BATCH] = {"MSH, BTS, BHS or FTS",
                  {[HL7_BATCH_FILE_HEADER] = OUT_OF_ORDER,
                   [HL7_BATCH_HEADER] = IN_BATCH,
                   [HL7_BATCH_MESSAGE] = IN_BATCH,
                   [HL7_BATCH_TRAILER] = AFTER_BATCH,
                   [HL7_BATCH_FILE_TRAILER] = AFTER_FILE}},
    [AFTER_BATCH] = {"BHS, MSH or FTS",
                     {[HL7_BATCH_FILE_HEADER] = OUT_OF_ORDER,
                      [HL7_BATCH_HEADER] = IN_BATCH,
                      [HL7_BATCH_MESSAGE] = IN_BATCH,
                      [HL7_BATCH_TRAILER] = OUT_OF_ORDER,
                      [HL7_BATCH_FILE_TRAILER] = AFTER_FILE}},
    [AFTER_FILE] = {"the end of the text",
                    {[HL7_BATCH_FILE_HEADER] = OUT_OF_ORDER,
                     [HL7_BATCH_HEADER] = OUT_OF_ORDER,
                     [HL7_BATCH_MESSAGE] = OUT_OF_ORDER,
                     [HL7_BATCH_TRAILER] = OUT_OF_ORDER,
                     [HL7_BATCH_FILE_TRAILER] = OUT_OF_ORDER}},
};

/* How far the check has come. A separator is '\0' until its header was met. */
struct progress {
    enum state state;
    char segment_end;
    char file_separator;
    char batch_separator;
    uint64_t messages;
    uint64_t batches;
    uint64_t messages_in_batch;
};

/* The first line of a text that is not absent, without its line end. */
static hl7_slice line_of(hl7_slice text, char segment_end)
{
    const char *end = memchr(text.ptr, segment_end, text.len);

    return hl7_slice_part(text, 0, end == NULL ? text.len : (size_t)(end - text.ptr));
}

static enum hl7_code refuse_order(const struct progress *progress,
                                  const struct hl7_batch_part *part, struct hl7_error *error)
{
    char text[80] = {0};
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, text, sizeof text - 1);
    hl7_buffer_add(&buffer, HL7_TEXT("expected "));
    hl7_buffer_add(&buffer, hl7_slice_of(states[progress->state].expected));
    hl7_buffer_add(&buffer, HL7_TEXT(", found "));
    hl7_buffer_add(&buffer, hl7_slice_of(part_names[part->kind]));
    return error_set(error, HL7_BAD_BATCH, part->position, text);
}

/* A header hidden behind a line end that ends no segment: two messages would be read as one. */
static enum hl7_code refuse_mixed_line_ends(const struct progress *progress,
                                            const struct hl7_batch_part *part,
                                            struct hl7_error *error)
{
    hl7_slice rest = part->bytes;
    hl7_slice line;
    struct hl7_delimiters delimiters;

    if (progress->segment_end == '\n') {
        return HL7_OK;
    }
    while (hl7_piece_next(&rest, '\n', &line)) {
        hl7_slice next = hl7_slice_part(rest, message_bom(rest), rest.len);
        if (message_delimiters(next, &delimiters, NULL) == HL7_OK && delimiters.component != '\0') {
            size_t position = part->position + (size_t)(next.ptr - part->bytes.ptr);
            return error_set(error, HL7_BAD_BATCH, position,
                             "expected CR before this header, found LF: the line ends are mixed");
        }
    }
    return HL7_OK;
}

/* Only a message has further segments, and Z-segments are allowed anywhere (rule 32). */
static enum hl7_code refuse_loose_segments(const struct progress *progress,
                                           const struct hl7_batch_part *part,
                                           struct hl7_error *error)
{
    hl7_slice text = part->bytes;
    size_t at = next_line(text, progress->segment_end, 0);

    while (at < text.len) {
        hl7_slice line = line_of(hl7_slice_part(text, at, text.len), progress->segment_end);
        size_t blanks = 0;
        while (blanks < line.len && (unsigned char)line.ptr[blanks] <= ' ') {
            blanks++;
        }
        if (blanks < line.len && line.ptr[blanks] != 'Z') {
            return error_set(error, HL7_BAD_BATCH, part->position + at,
                             "expected a header or a trailer, found a segment of no message");
        }
        at = next_line(text, progress->segment_end, at);
    }
    return HL7_OK;
}

/* Reads a count; false when the text is not a number. What is too large stays too large. */
static bool read_count(hl7_slice text, uint64_t *ret_count)
{
    uint64_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        unsigned digit = (unsigned)(text.ptr[i] - '0');
        count = count > (UINT64_MAX - digit) / 10 ? UINT64_MAX : count * 10 + digit;
    }
    *ret_count = count;
    return true;
}

static hl7_slice without_blanks(hl7_slice text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == ' ') {
        text.len--;
    }
    while (text.len > 0 && text.ptr[0] == ' ') {
        text = hl7_slice_part(text, 1, text.len);
    }
    return text;
}

/* The texts about one of the two trailers. */
struct trailer_texts {
    const char *separator;
    const char *number;
    const char *count;
};

/* Checks field 1 of a trailer against what was counted. */
static enum hl7_code check_count(const struct progress *progress, const struct hl7_batch_part *part,
                                 char separator, uint64_t found, const struct trailer_texts *texts,
                                 struct hl7_error *error)
{
    hl7_slice line = line_of(part->bytes, progress->segment_end);
    uint64_t said;

    if (line.len == 3) {
        return HL7_OK;
    }
    if (separator != '\0' && line.ptr[3] != separator) {
        return error_set(error, HL7_BAD_BATCH, part->position + 3, texts->separator);
    }
    hl7_slice field = without_blanks(message_line_field(line, line.ptr[3], 1));
    if (hl7_state(field) != HL7_PRESENT) {
        return HL7_OK;
    }
    size_t position = part->position + (size_t)(field.ptr - part->bytes.ptr);
    if (!read_count(field, &said)) {
        return error_set(error, HL7_BAD_BATCH, position, texts->number);
    }
    if (said != found) {
        return error_set_numbers(error, HL7_BAD_BATCH, position, texts->count, said, found);
    }
    return HL7_OK;
}

/* FHS and BHS: reads the delimiters, of which the separator is needed for the trailer. */
static enum hl7_code read_separator(const struct progress *progress,
                                    const struct hl7_batch_part *part, char *ret_separator,
                                    struct hl7_error *error)
{
    struct hl7_delimiters delimiters;
    hl7_slice line = line_of(part->bytes, progress->segment_end);
    enum hl7_code code = message_delimiters(line, &delimiters, error);

    if (code == HL7_OK) {
        *ret_separator = delimiters.field;
    } else if (error != NULL) {
        error->position += part->position;
    }
    return code;
}

static void begin_batch(struct progress *progress)
{
    progress->batches++;
    progress->messages_in_batch = 0;
    progress->batch_separator = '\0';
}

static enum hl7_code check_file_header(struct progress *progress, const struct hl7_batch_part *part,
                                       struct hl7_error *error)
{
    return read_separator(progress, part, &progress->file_separator, error);
}

static enum hl7_code check_header(struct progress *progress, const struct hl7_batch_part *part,
                                  struct hl7_error *error)
{
    begin_batch(progress);
    return read_separator(progress, part, &progress->batch_separator, error);
}

static enum hl7_code check_message(struct progress *progress, const struct hl7_batch_part *part,
                                   struct hl7_error *error)
{
    (void)part;
    (void)error;
    if (progress->state != IN_BATCH) {
        begin_batch(progress);
    }
    progress->messages++;
    progress->messages_in_batch++;
    return HL7_OK;
}

static enum hl7_code check_trailer(struct progress *progress, const struct hl7_batch_part *part,
                                   struct hl7_error *error)
{
    static const struct trailer_texts texts = {
        "expected the field separator of BHS behind BTS, found another byte",
        "expected a number of messages in BTS-1, found other text",
        "expected as many messages as BTS-1 says, %, found %",
    };

    return check_count(progress, part, progress->batch_separator, progress->messages_in_batch,
                       &texts, error);
}

static enum hl7_code check_file_trailer(struct progress *progress,
                                        const struct hl7_batch_part *part, struct hl7_error *error)
{
    static const struct trailer_texts texts = {
        "expected the field separator of FHS behind FTS, found another byte",
        "expected a number of batches in FTS-1, found other text",
        "expected as many batches as FTS-1 says, %, found %",
    };

    return check_count(progress, part, progress->file_separator, progress->batches, &texts, error);
}

/* What a part itself adds to the progress, its order being right. */
static enum hl7_code (*const part_checks[])(struct progress *progress,
                                            const struct hl7_batch_part *part,
                                            struct hl7_error *error) = {
    [HL7_BATCH_FILE_HEADER] = check_file_header,   [HL7_BATCH_HEADER] = check_header,
    [HL7_BATCH_MESSAGE] = check_message,           [HL7_BATCH_TRAILER] = check_trailer,
    [HL7_BATCH_FILE_TRAILER] = check_file_trailer,
};

static enum hl7_code check_next(struct progress *progress, const struct hl7_batch_part *part,
                                struct hl7_error *error)
{
    if (part->kind == HL7_BATCH_STRAY) {
        return error_set(error, HL7_NO_HEADER, part->position,
                         "expected FHS, BHS or MSH at the beginning, found other text");
    }
    enum state next = (enum state)states[progress->state].next[part->kind];
    if (next == OUT_OF_ORDER) {
        return refuse_order(progress, part, error);
    }
    enum hl7_code code = refuse_mixed_line_ends(progress, part, error);
    if (code == HL7_OK && part->kind != HL7_BATCH_MESSAGE) {
        code = refuse_loose_segments(progress, part, error);
    }
    if (code == HL7_OK) {
        code = part_checks[part->kind](progress, part, error);
    }
    progress->state = next;
    return code;
}

enum hl7_code hl7_batch_check(hl7_slice bytes, size_t *ret_messages, struct hl7_error *error)
{
    struct hl7_batch batch;
    struct hl7_batch_part part;

    hl7_batch_init(&batch, bytes);
    struct progress progress = {.state = BEFORE, .segment_end = batch.segment_end};
    while (hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        enum hl7_code code = check_next(&progress, &part, error);
        if (code != HL7_OK) {
            return code;
        }
    }
    if (progress.state == BEFORE) {
        return error_set(error, HL7_NO_HEADER, 0,
                         "expected FHS, BHS or MSH at the beginning, found nothing");
    }
    *ret_messages = (size_t)progress.messages;
    return HL7_OK;
}
