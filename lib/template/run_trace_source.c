/* SPDX-License-Identifier: Apache-2.0
 *
 * {source}: which bytes of the output came from where in the message, line by line; and within a
 * line with edits, part by part, as far as the two are the same. */
#include "template/run_trace.h"

#include "edit.h"
#include "message.h"

#include <string.h>

/* What is being told. */
struct teller {
    struct run *run;
    const struct instruction *instruction;
    const struct hl7_message *message;
    size_t at;      /* where in the output the line begins, */
    hl7_slice line; /* and its text, which is not the output's own */
    size_t segment; /* its number */
    struct hl7_path path;
};

/* With the repetition's number, where there is only one, too. */
static struct hl7_path path_of(const struct teller *teller)
{
    struct hl7_path path = teller->path;

    if (path.component != 0 && path.repetition == 0) {
        path.repetition = 1;
    }
    return path;
}

static void tell_write(const struct teller *teller, hl7_slice part, bool is_read)
{
    struct hl7_trace_event event =
        run_trace_event(teller->run, teller->instruction, HL7_TRACE_WRITE);

    event.words = HL7_TEXT("source");
    event.count = is_read ? 1 : 0;
    event.segment = teller->segment;
    event.path = path_of(teller);
    event.from = teller->at + (size_t)(part.ptr - teller->line.ptr);
    event.to = event.from + part.len;
    run_trace_send(teller->run, &event);
}

/* Bytes of the message and where they were written. */
static void tell_copy(const struct teller *teller, hl7_slice raw, hl7_slice part)
{
    struct hl7_trace_event event =
        run_trace_event(teller->run, teller->instruction, HL7_TRACE_READ);

    event.words = HL7_TEXT("source");
    event.message = teller->message;
    event.segment = teller->segment;
    event.path = path_of(teller);
    event.raw = raw;
    run_trace_send(teller->run, &event);
    tell_write(teller, part, true);
}

/* ---- Lines with edits ---------------------------------------------------------------------- */

enum { LEVELS = 3 };

static uint32_t *level_number(struct hl7_path *path, int level)
{
    if (level == 0) {
        return &path->repetition;
    }
    return level == 1 ? &path->component : &path->subcomponent;
}

static char level_separator(const struct hl7_delimiters *delimiters, int level)
{
    const char separators[LEVELS] = {delimiters->repetition, delimiters->component,
                                     delimiters->subcomponent};

    return separators[level];
}

static bool holds(hl7_slice text, char byte)
{
    return byte != '\0' && text.len > 0 && memchr(text.ptr, byte, text.len) != NULL;
}

/* Tells a part that is as it came, or that has no parts of its own. Else false: from *level on it is
 * split, that is the first at which either of the two can be. */
static bool tell_part(const struct teller *teller, hl7_slice raw, hl7_slice part, int *level)
{
    const struct hl7_delimiters *delimiters = &teller->message->delimiters;

    if (part.len == 0) {
        return true;
    }
    if (hl7_slice_equal(raw, part)) {
        tell_copy(teller, raw, part);
        return true;
    }
    while (*level < LEVELS && !holds(part, level_separator(delimiters, *level)) &&
           !holds(raw, level_separator(delimiters, *level))) {
        ++*level;
    }
    if (*level < LEVELS) {
        return false;
    }
    tell_write(teller, part, false);
    return true;
}

/* What is left of two parts that are split side by side. */
struct split {
    int level;
    hl7_slice raw;
    hl7_slice part;
};

/* The next piece of both; the one that came may have fewer. */
static bool next_piece(const struct teller *teller, struct split *split, hl7_slice *ret_raw,
                       hl7_slice *ret_part)
{
    char separator = level_separator(&teller->message->delimiters, split->level);

    if (split->part.ptr == NULL || !hl7_piece_next(&split->part, separator, ret_part)) {
        return false;
    }
    if (split->raw.ptr == NULL || !hl7_piece_next(&split->raw, separator, ret_raw)) {
        *ret_raw = (hl7_slice){NULL, 0};
    }
    return true;
}

/* Goes down while what was written differs from what came. */
static void tell_field(struct teller *teller, hl7_slice raw, hl7_slice part)
{
    struct split open[LEVELS];
    size_t count = 0;
    int level = 0;

    if (tell_part(teller, raw, part, &level)) {
        return;
    }
    open[count++] = (struct split){level, raw, part};
    while (count > 0) {
        struct split *innermost = &open[count - 1];
        uint32_t *number = level_number(&teller->path, innermost->level);

        if (!next_piece(teller, innermost, &raw, &part)) {
            *number = 0;
            count--;
            continue;
        }
        ++*number;
        level = innermost->level + 1;
        if (!tell_part(teller, raw, part, &level)) {
            open[count++] = (struct split){level, raw, part};
        }
    }
}

/* The delimiters of a header cannot be edited. */
static uint32_t tell_delimiters(struct teller *teller, hl7_slice old)
{
    hl7_slice line = teller->line;
    size_t len = hl7_piece(hl7_slice_part(line, 4, line.len), line.ptr[3], 1).len;

    teller->path.field = 1;
    tell_copy(teller, hl7_slice_part(old, 3, 1), hl7_slice_part(line, 3, 1));
    teller->path.field = 2;
    tell_copy(teller, hl7_slice_part(old, 4, len), hl7_slice_part(line, 4, len));
    return 2;
}

static void tell_fields(struct teller *teller, hl7_slice old)
{
    char separator = teller->message->delimiters.field;
    hl7_slice rest = teller->line;
    hl7_slice part;
    hl7_slice raw;
    uint32_t field = 0;

    (void)hl7_piece_next(&rest, separator, &part);
    hl7_slice old_rest = old;
    (void)hl7_piece_next(&old_rest, separator, &raw);
    if (hl7_segment_is_header(part) && rest.ptr != NULL && old_rest.ptr != NULL) {
        field = tell_delimiters(teller, old);
        (void)hl7_piece_next(&rest, separator, &part);
        (void)hl7_piece_next(&old_rest, separator, &raw);
    }
    while (rest.ptr != NULL && hl7_piece_next(&rest, separator, &part)) {
        if (old_rest.ptr == NULL || !hl7_piece_next(&old_rest, separator, &raw)) {
            raw = (hl7_slice){NULL, 0};
        }
        teller->path.field = ++field;
        tell_field(teller, raw, part);
    }
    teller->path.field = 0;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static void set_name(struct teller *teller)
{
    hl7_slice name = hl7_piece(teller->line, teller->message->delimiters.field, 1);

    teller->path = (struct hl7_path){.segment = ""};
    if (name.len == sizeof teller->path.segment - 1) {
        memcpy(teller->path.segment, name.ptr, name.len);
    }
}

static void tell_line(struct teller *teller)
{
    const struct hl7_message *message = teller->message;

    set_name(teller);
    if (teller->segment >= message->segment_count) {
        tell_write(teller, teller->line, false);
        return;
    }
    hl7_slice old = hl7_segment_bytes(message, teller->segment);
    teller->path.occurrence = run_trace_occurrence(teller->run, message, teller->segment);
    if (hl7_slice_equal(old, teller->line)) {
        tell_copy(teller, old, teller->line);
    } else {
        tell_fields(teller, old);
    }
}

static void tell_lines(struct teller *teller)
{
    const struct hl7_message *message = teller->message;

    for (size_t i = 0; i < message->segment_count; i++) {
        teller->segment = i;
        teller->line = hl7_segment_bytes(message, i);
        teller->at = teller->run->trace->from + message->segments[i].start;
        tell_line(teller);
    }
}

static void tell_working_copy(struct teller *teller)
{
    const struct hl7_message *message = teller->message;
    size_t appended = message->segment_count;
    const struct line *at = NULL;
    struct edit_line line;

    teller->at = teller->run->trace->from + message->segments[0].start;
    while (edit_next_line(teller->run->edit, &at, &line)) {
        teller->line = line.text;
        teller->segment = line.segment == HL7_NONE ? appended++ : line.segment;
        tell_line(teller);
        teller->at += line.text.len + line.ending.len;
    }
}

/* The message as one value. */
static void tell_whole(struct teller *teller)
{
    struct run *run = teller->run;
    struct hl7_trace_event event = run_trace_event(run, teller->instruction, HL7_TRACE_READ);

    event.words = HL7_TEXT("source");
    event.message = teller->message;
    event.raw = run->conversion->source;
    run_trace_send(run, &event);
    event = run_trace_event(run, teller->instruction, HL7_TRACE_WRITE);
    event.words = HL7_TEXT("source");
    event.count = 1;
    event.from = run->trace->from;
    event.to = output_written(&run->output).len;
    run_trace_send(run, &event);
}

/* The message was made of the very bytes that are copied. */
static bool is_of_source(const struct run *run)
{
    const struct hl7_conversion *conversion = run->conversion;

    return conversion->message != NULL && conversion->message->segment_count > 0 &&
           conversion->message->bytes.ptr == conversion->source.ptr &&
           conversion->message->bytes.len == conversion->source.len;
}

void run_trace_source(struct run *run, const struct instruction *instruction)
{
    struct teller teller = {
        .run = run, .instruction = instruction, .message = run->conversion->message};

    if (run->output.structured || !is_of_source(run)) {
        tell_whole(&teller);
    } else if (run->edit != NULL) {
        tell_working_copy(&teller);
    } else {
        tell_lines(&teller);
    }
}

uint32_t run_trace_last_repetition(const struct run *run, size_t segment, uint32_t field)
{
    const struct hl7_delimiters *delimiters = &run->conversion->message->delimiters;
    const struct line *at = NULL;
    struct edit_line line = {.segment = HL7_NONE};
    uint32_t count = 0;
    hl7_slice piece;

    while (line.segment != segment && edit_next_line(run->edit, &at, &line)) {
    }
    hl7_slice value = message_line_field(line.text, delimiters->field, field);
    while (value.ptr != NULL && hl7_piece_next(&value, delimiters->repetition, &piece)) {
        count++;
    }
    return count == 0 ? 1 : count;
}
