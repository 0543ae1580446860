/* SPDX-License-Identifier: Apache-2.0
 *
 * source.c - messages from files, directories and standard input.
 *
 * All input goes one way: read() into the window, and split_next() over what the window holds; MLLP
 * input passes hl7_framer_next() in between. Each step of source_next() either yields, or drops
 * bytes, or reads more, so it ends. The item yielded last is dropped from the window by the next
 * call, not before: the caller is still looking at it. That is why `start` has already moved past
 * it, and why the window moves its bytes only in source_fill().
 *
 * An error never stops the source: what is wrong is skipped up to the next header, or the file is
 * left, and the next call goes on.
 */
#include "source.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SOURCE_CHUNK ((size_t)256 * 1024)

/* ---- Errors --------------------------------------------------------------------------------- */

static enum source_answer source_complain(struct source *source, size_t line, const char *format,
                                          ...) HL7_FORMAT(3, 4);

/* Line 0: the trouble has no line. */
static enum source_answer source_complain(struct source *source, size_t line, const char *format,
                                          ...)
{
    char what[300];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (line == 0) {
        (void)snprintf(source->error, sizeof source->error, "%.200s: %s", source->operands.name,
                       what);
    } else {
        (void)snprintf(source->error, sizeof source->error, "%.200s:%zu: %s", source->operands.name,
                       line, what);
    }
    return SOURCE_ERROR;
}

static enum source_answer source_too_long(struct source *source, size_t line)
{
    return source_complain(source, line, "longer than %zu bytes; --max-message allows more",
                           source->settings.max_message);
}

/* ---- Files ---------------------------------------------------------------------------------- */

static void source_begin_file(struct source *source)
{
    source->at_end = false;
    source->begun = false;
    source->framed = false;
    source->whole = false;
    source->dropping = false;
    source->text_line = 0;
    source->found = 0;
    source->number = 0;
    source->start = 0;
    source->end = 0;
    source->line = 1;
    source->frame_next = 0;
    memset(&source->split, 0, sizeof source->split);
    hl7_framer_init(&source->framer, source->settings.max_message, true);
}

/* Opens the next file. SOURCE_ITEM: there is one; the end is the end of all. */
static enum source_answer source_next_file(struct source *source)
{
    switch (operands_next(&source->operands)) {
    case OPERANDS_FILE:
        source_begin_file(source);
        return SOURCE_ITEM;
    case OPERANDS_ERROR:
        if (source->operands.reason == 0) {
            return source_complain(source, 0, "%s", source->operands.error);
        }
        return source_complain(source, 0, "%s: %s", source->operands.error,
                               strerror(source->operands.reason));
    case OPERANDS_END:
        break;
    }
    return SOURCE_END;
}

/* ---- The window ----------------------------------------------------------------------------- */

static hl7_slice source_held(const struct source *source)
{
    const char *memory = source->window.ptr;

    return (hl7_slice){memory + source->start, source->end - source->start};
}

static void source_drop(struct source *source, size_t bytes, size_t lines)
{
    assert(bytes <= source->end - source->start);
    source->start += bytes;
    source->line += lines;
}

/* Reads more, or learns that there is no more. SOURCE_END: go on. */
static enum source_answer source_fill(struct source *source)
{
    char *memory = source->window.ptr;
    ssize_t got;

    assert(source->frame_next == 0);
    if (source->window.size - source->end < SOURCE_CHUNK / 4 && source->start > 0) {
        memmove(memory, memory + source->start, source->end - source->start);
        source->end -= source->start;
        source->start = 0;
    }
    if (source->window.size - source->end < SOURCE_CHUNK / 4 &&
        !memory_grow(&source->window, source->end + SOURCE_CHUNK)) {
        operands_close_file(&source->operands);
        return source_complain(source, source->line, "out of memory");
    }
    memory = source->window.ptr;
    do {
        got = read(source->operands.fd, memory + source->end, source->window.size - source->end);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        operands_close_file(&source->operands);
        return source_complain(source, 0, "cannot read: %s", strerror(errno));
    }
    source->end += (size_t)got;
    source->at_end = got == 0;
    return SOURCE_END;
}

/* ---- The first bytes of a file -------------------------------------------------------------- */

static bool source_is_wide(hl7_slice held)
{
    static const hl7_slice signs[] = {{"\xff\xfe", 2}, {"\xfe\xff", 2}, {"M\0S\0", 4},
                                      {"\0M\0S", 4},   {"\0\0\0M", 4},  {"M\0\0\0", 4}};

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (hl7_slice_starts(held, signs[i])) {
            return true;
        }
    }
    return false;
}

/* Looks at the front of a file: false when more of it must be read first. */
static bool source_look(struct source *source)
{
    static const hl7_slice mark = {"\xef\xbb\xbf", 3};
    hl7_slice held = source_held(source);
    size_t marked = hl7_slice_starts(held, mark) ? mark.len : 0;
    hl7_slice text = hl7_slice_part(held, marked, held.len);
    size_t blanks = split_blanks(text);

    text = hl7_slice_part(text, blanks, text.len);
    if (text.len < 4 && !source->at_end) {
        return false;
    }
    source_drop(source, marked, 0);
    source->framed = text.len > 0 && text.ptr[0] == HL7_VT;
    source->whole =
        source->settings.any_text && !source->framed && text.len > 0 && !split_is_header(text);
    if (source->whole) {
        source->split.kind = SPLIT_TEXT;
    }
    source->begun = true;
    return true;
}

static enum source_answer source_begin(struct source *source)
{
    if (source_is_wide(source_held(source))) {
        operands_close_file(&source->operands);
        return source_complain(source, 0,
                               "this is UTF-16 or UTF-32, and HL7 is bytes; convert it first: "
                               "iconv -f UTF-16 -t UTF-8");
    }
    return source_look(source) ? SOURCE_END : source_fill(source);
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* `line` is where text that is no message began; it ends at source->line. */
static enum source_answer source_complain_text(struct source *source, size_t line, bool final)
{
    source->text_line = 0;
    if (!final) {
        return source_complain(source, line, "skipped text before line %zu: it is no message",
                               source->line);
    }
    if (source->found++ > 0) {
        return source_complain(source, line, "skipped text that is no message");
    }
    return source_complain(source, line, "no message here: no line begins with MSH");
}

/* All of the file was seen. */
static enum source_answer source_finish(struct source *source)
{
    operands_close_file(&source->operands);
    if (source->text_line > 0) {
        return source_complain_text(source, source->text_line, true);
    }
    if (source->found == 0 && !source->dropping) {
        return source_complain(source, 0, "empty: nothing to read");
    }
    return SOURCE_END;
}

/* In a message that has CR, an LF is data (rule 9); but what some tool put behind the last segment is
 * not. It stays out of the item. */
static hl7_slice source_without_last_lf(hl7_slice bytes)
{
    while (bytes.len > 1 && bytes.ptr[bytes.len - 1] == '\n' && bytes.ptr[bytes.len - 2] != '\r' &&
           memchr(bytes.ptr, '\r', bytes.len) != NULL) {
        bytes.len--;
    }
    return bytes;
}

static enum source_answer source_yield(struct source *source, enum source_kind kind,
                                       const struct split_part *part, struct source_item *ret_item)
{
    hl7_slice bytes = {source_held(source).ptr, part->len};

    *ret_item =
        (struct source_item){.kind = kind,
                             .bytes = kind == SOURCE_TEXT ? bytes : source_without_last_lf(bytes),
                             .file = source->operands.name,
                             .line = source->line,
                             .number = ++source->number,
                             .ordinal = ++source->ordinal};
    source_drop(source, part->len, part->lines);
    return SOURCE_ITEM;
}

/* Text that is no message: yielded when the whole file is such text and that is wanted. */
static enum source_answer source_text(struct source *source, const struct split_part *part,
                                      bool final, struct source_item *ret_item)
{
    size_t line = source->text_line > 0 ? source->text_line : source->line;

    if (source->whole && final && part->len <= source->settings.max_message) {
        source->found++;
        return source_yield(source, SOURCE_TEXT, part, ret_item);
    }
    source_drop(source, part->len, part->lines);
    return source_complain_text(source, line, final);
}

static enum source_answer source_message(struct source *source, enum source_kind kind,
                                         const struct split_part *part,
                                         struct source_item *ret_item)
{
    size_t line = source->line;

    if (part->len > source->settings.max_message) {
        source_drop(source, part->len, part->lines);
        return source_too_long(source, line);
    }
    if (part->ambiguous) {
        source_drop(source, part->len, part->lines);
        return source_complain(source, line,
                               "skipped: its segments end with CR, but inside it MSH follows a "
                               "lone LF; that may be data or the next message. If it is the next "
                               "message, put a CR before that LF");
    }
    return source_yield(source, kind, part, ret_item);
}

/* The part at the front does not end in what is held. Drops what nobody wants, so that the window
 * does not grow; SOURCE_END: read more. */
static enum source_answer source_more(struct source *source)
{
    size_t line = source->line;
    bool text = source->split.kind == SPLIT_TEXT && !source->whole;
    bool too_long = !text && source->split.scanned > source->settings.max_message;

    if (text && source->text_line == 0) {
        source->text_line = line;
    }
    if (text || too_long || source->dropping) {
        size_t lines;
        size_t bytes = split_drop(&source->split, &lines);

        source_drop(source, bytes, lines);
    }
    if (too_long && !source->dropping) {
        source->dropping = true;
        source->found++;
        return source_too_long(source, line);
    }
    return SOURCE_END;
}

/* Takes the part at the front of `held`, which is not empty. *ret_more: it does not end there. */
static enum source_answer source_part(struct source *source, hl7_slice held, bool final,
                                      bool *ret_more, struct source_item *ret_item)
{
    struct split_part part = {0, 0, false};
    enum split_kind kind =
        split_next(&source->split, held, final, source->settings.whole_batches, &part);

    if (kind == SPLIT_MORE) {
        *ret_more = true;
        return source_more(source);
    }
    if (kind == SPLIT_TEXT && !source->dropping) {
        return source_text(source, &part, final, ret_item);
    }
    if (kind == SPLIT_BLANK || kind == SPLIT_MARK || source->dropping) {
        source->dropping = source->dropping && kind == SPLIT_BLANK;
        source->found += kind != SPLIT_BLANK;
        source_drop(source, part.len, part.lines);
        return SOURCE_END;
    }
    source->found++;
    return source_message(source, kind == SPLIT_BATCH ? SOURCE_BATCH : SOURCE_MESSAGE, &part,
                          ret_item);
}

/* ---- Steps ---------------------------------------------------------------------------------- */

/* One step over text without frames. Like all steps it answers SOURCE_END to mean: go on. */
static enum source_answer source_step_text(struct source *source, struct source_item *ret_item)
{
    enum source_answer answer = SOURCE_END;
    hl7_slice held = source_held(source);
    bool more = held.len == 0;

    if (held.len > 0) {
        answer = source_part(source, held, source->at_end, &more, ret_item);
    } else if (source->at_end) {
        return source_finish(source);
    }
    if (more && answer == SOURCE_END) {
        answer = source_fill(source);
    }
    return answer;
}

/* One step inside a frame's payload, which is all there. */
static enum source_answer source_step_payload(struct source *source, struct source_item *ret_item)
{
    const char *memory = source->window.ptr;
    hl7_slice held = {memory + source->start, source->frame_end - source->start};
    hl7_slice trailer = {memory + source->frame_end, source->frame_next - source->frame_end};
    bool more = false;

    if (held.len > 0) {
        return source_part(source, held, true, &more, ret_item);
    }
    source_drop(source, trailer.len, split_lines(trailer));
    source->frame_next = 0;
    return SOURCE_END;
}

/* The file ends, and what is held makes no frame. */
static enum source_answer source_unframed_end(struct source *source)
{
    hl7_slice held = source_held(source);

    if (split_blanks(held) == held.len) {
        return source_finish(source);
    }
    operands_close_file(&source->operands);
    return source_complain(source, source->line,
                           "the MLLP frame that begins here has no end (FS CR)");
}

static enum source_answer source_broken(struct source *source, const struct hl7_frame *frame)
{
    hl7_slice before = hl7_slice_part(source_held(source), 0, frame->position);
    size_t line = source->line + split_lines(before);

    operands_close_file(&source->operands);
    if (frame->why == HL7_TOO_LARGE) {
        return source_too_long(source, source->line);
    }
    return source_complain(source, line,
                           "a broken MLLP frame (VT inside it, or FS without CR); what follows in "
                           "this file cannot be trusted and was not read");
}

/* One step between frames. */
static enum source_answer source_step_frame(struct source *source)
{
    hl7_slice held = source_held(source);
    struct hl7_frame frame = {0};
    enum hl7_frame_kind kind = hl7_framer_next(&source->framer, held, &frame);
    hl7_slice passed;

    if (kind == HL7_FRAME_MORE && source->at_end) {
        kind = hl7_framer_end(&source->framer, held, &frame);
    }
    if (kind == HL7_FRAME_MORE) {
        return source->at_end ? source_unframed_end(source) : source_fill(source);
    }
    if (kind == HL7_FRAME_BROKEN) {
        return source_broken(source, &frame);
    }
    if (kind == HL7_FRAME_MESSAGE) {
        passed = (hl7_slice){held.ptr, (size_t)(frame.bytes.ptr - held.ptr)};
        source->frame_next = source->start + frame.consumed;
        source_drop(source, passed.len, split_lines(passed));
        source->frame_end = source->start + frame.bytes.len;
        return SOURCE_END;
    }
    passed = hl7_slice_part(held, 0, frame.consumed);
    source_drop(source, passed.len, split_lines(passed));
    if (split_blanks(passed) < passed.len) {
        return source_complain(source, source->line, "skipped %zu bytes between MLLP frames",
                               passed.len);
    }
    return SOURCE_END;
}

enum source_answer source_next(struct source *source, struct source_item *ret_item)
{
    enum source_answer answer;

    do {
        if (source->operands.fd < 0) {
            answer = source_next_file(source);
            if (answer == SOURCE_END) {
                return SOURCE_END;
            }
            answer = answer == SOURCE_ITEM ? SOURCE_END : answer;
        } else if (!source->begun) {
            answer = source_begin(source);
        } else if (source->frame_next > 0) {
            answer = source_step_payload(source, ret_item);
        } else if (source->framed) {
            answer = source_step_frame(source);
        } else {
            answer = source_step_text(source, ret_item);
        }
    } while (answer == SOURCE_END);
    return answer;
}

/* ---- Open, close, canonical form ------------------------------------------------------------ */

bool source_open(struct source *source, char *const *operands, size_t operand_count,
                 const struct source_settings *settings)
{
    memset(source, 0, sizeof *source);
    source->settings = *settings;
    operands_init(&source->operands, operands, operand_count);
    return memory_grow(&source->window, SOURCE_CHUNK);
}

void source_close(struct source *source)
{
    operands_release(&source->operands);
    memory_free(&source->window);
}

void source_canonical(hl7_slice bytes, struct hl7_buffer *buffer)
{
    bool has_cr = memchr(bytes.ptr, '\r', bytes.len) != NULL;
    char end = has_cr ? '\r' : '\n';
    size_t from = 0;

    while (bytes.len > 0 && memchr("\r\n", bytes.ptr[bytes.len - 1], 2) != NULL) {
        bytes.len--;
    }
    while (from < bytes.len) {
        const char *found = memchr(bytes.ptr + from, end, bytes.len - from);
        size_t len = found == NULL ? bytes.len - from : (size_t)(found - bytes.ptr) - from;

        hl7_buffer_add(buffer, (hl7_slice){bytes.ptr + from, len});
        hl7_buffer_add_byte(buffer, '\r');
        from += len + 1;
        from += has_cr && from < bytes.len && bytes.ptr[from] == '\n';
    }
}
