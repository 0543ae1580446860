/* SPDX-License-Identifier: Apache-2.0
 *
 * The working copy of the source. It is begun by the first edit and lives until the end of the run.
 * Paths go on reading the source as it came; only {source} shows the edits. */
#include "template/run.h"

#include "arena.h"
#include "edit.h"

#include <string.h>

static enum hl7_code fail(struct run *run, enum hl7_code code, const char *problem)
{
    run->problem = problem;
    return code;
}

static enum hl7_code begin(struct run *run)
{
    if (run->edit != NULL) {
        return HL7_OK;
    }
    if (run->conversion->message == NULL) {
        return fail(run, HL7_NOT_FOUND, "the source is not an HL7 message");
    }
    size_t left = bound_lift(&run->bound);
    enum hl7_code code = hl7_edit_begin(run->conversion->message, run->arena, &run->edit);
    if (code == HL7_OK) {
        bound_lower(&run->bound, left);
        bound_add(&run->bound, run->conversion->message->segment_count * BOUND_SEGMENT);
    }
    return code;
}

/* An edit's memory, and that of what it was made of, lasts. */
static enum hl7_code done(struct run *run, enum hl7_code code)
{
    run->kept = run->arena->used;
    return code;
}

/* The segment of the source a path leads to. */
static enum hl7_code find(struct run *run, const struct instruction *path, size_t *ret_segment)
{
    struct target target;

    run_resolve(run, path, &target);
    bound_add(&run->bound, target.work);
    if (target.segment == HL7_NONE) {
        return fail(run, HL7_NOT_FOUND, "the message has no such segment");
    }
    if (target.message != run->conversion->message) {
        return fail(run, HL7_BAD_VALUE, "it is not of the source");
    }
    *ret_segment = target.segment;
    return HL7_OK;
}

static enum hl7_code explain(struct run *run, enum hl7_code code)
{
    switch (code) {
    case HL7_NOT_ENCODABLE:
        return fail(run, HL7_BAD_VALUE, "the value has parts for which there is no room here");
    case HL7_BAD_PATH:
        return fail(run, HL7_BAD_VALUE, "the header cannot be edited so");
    case HL7_TWO_HEADERS:
        return fail(run, HL7_BAD_VALUE, "a second MSH cannot be appended");
    default:
        return code;
    }
}

static enum hl7_code run_set(struct run *run, const struct instruction *instruction)
{
    hl7_slice value = run_pop(run);
    struct hl7_path path = instruction->as.path;
    size_t segment = 0;

    enum hl7_code code = find(run, instruction, &segment);
    if (code == HL7_NOT_FOUND && instruction->count == 1) {
        run->problem = NULL;
        return HL7_OK;
    }
    if (code != HL7_OK) {
        return code;
    }
    if (instruction->root == ROOT_REPETITION) {
        path.repetition = (uint32_t)run->cursors[instruction->slot].turn;
    }
    bound_add(&run->bound, value.len + edit_length_at(run->edit, segment));
    return explain(run, edit_set_at(run->edit, segment, &path, value));
}

static enum hl7_code run_delete(struct run *run, const struct instruction *instruction)
{
    size_t segment = 0;
    enum hl7_code code = find(run, instruction, &segment);

    /* What is not there need not be taken out. */
    if (code == HL7_NOT_FOUND && instruction->root != ROOT_SEGMENT) {
        run->problem = NULL;
        return HL7_OK;
    }
    return code == HL7_OK ? explain(run, edit_delete_at(run->edit, segment)) : code;
}

static enum hl7_code run_append(struct run *run, const struct instruction *instruction)
{
    hl7_slice segment = run_pop(run);
    hl7_slice name = hl7_piece(segment, run->conversion->message->delimiters.field, 1);

    bound_add(&run->bound, segment.len);
    if (!hl7_slice_equal(name, instruction->as.text)) {
        return fail(run, HL7_BAD_VALUE, "the text does not begin with this name and a separator");
    }
    return explain(run, hl7_edit_append(run->edit, segment));
}

enum hl7_code run_edit(struct run *run, const struct instruction *instruction)
{
    enum hl7_code code = begin(run);

    if (code != HL7_OK) {
        return code;
    }
    switch (instruction->op) {
    case OP_SET:
        return done(run, run_set(run, instruction));
    case OP_APPEND:
        return done(run, run_append(run, instruction));
    default:
        return done(run, run_delete(run, instruction));
    }
}

/* ---- Encoding for the copy ----------------------------------------------------------------- */

static const struct hl7_delimiters *delimiters_of(const struct run *run)
{
    return run->conversion->message == NULL ? &hl7_standard_delimiters
                                            : &run->conversion->message->delimiters;
}

static enum hl7_code keep(struct run *run, enum hl7_code code, const struct hl7_buffer *buffer)
{
    if (code == HL7_NOT_ENCODABLE) {
        return fail(run, HL7_NOT_ENCODABLE, "MSH-2 of the source has no escape character");
    }
    if (code == HL7_OK && buffer->full) {
        return HL7_NO_MEMORY;
    }
    if (code == HL7_OK) {
        bound_add(&run->bound, buffer->len);
        run_push(run, arena_keep(run->arena, buffer));
    }
    return code;
}

enum hl7_code run_encode(struct run *run, const struct instruction *instruction)
{
    struct hl7_buffer buffer;
    struct target target;

    if (instruction->op == OP_PUSH_ENCODED) {
        run_resolve(run, instruction, &target);
        bound_add(&run->bound, target.work + target.raw.len);
        if (target.raw.len == 0 || (memcmp(&target.message->delimiters, delimiters_of(run),
                                           sizeof *delimiters_of(run)) == 0 &&
                                    !output_holds_an_end(target.raw))) {
            run_push(run, target.raw);
            return HL7_OK;
        }
        arena_open(run->arena, &buffer);
        return keep(
            run, hl7_recode(&target.message->delimiters, delimiters_of(run), target.raw, &buffer),
            &buffer);
    }
    hl7_slice value = run_pop(run);
    bound_add(&run->bound, value.len);
    arena_open(run->arena, &buffer);
    if (instruction->op == OP_ENCODE) {
        return keep(run, hl7_escape(delimiters_of(run), value, &buffer), &buffer);
    }
    return keep(run, hl7_recode(&hl7_standard_delimiters, delimiters_of(run), value, &buffer),
                &buffer);
}

/* ---- source, reject ------------------------------------------------------------------------ */

/* The working copy's bytes, in the arena. */
static enum hl7_code copy_bytes(struct run *run, hl7_slice *ret_bytes)
{
    struct hl7_buffer buffer;

    arena_open(run->arena, &buffer);
    hl7_edit_write(run->edit, &buffer);
    if (buffer.full) {
        return HL7_NO_MEMORY;
    }
    bound_add(&run->bound, buffer.len);
    *ret_bytes = arena_keep(run->arena, &buffer);
    return HL7_OK;
}

enum hl7_code run_source(struct run *run)
{
    hl7_slice bytes = run->conversion->source;
    enum hl7_code code = HL7_OK;

    if (run->output.hl7 && run->conversion->message == NULL) {
        return fail(run, HL7_NOT_FOUND, "the source is not an HL7 message");
    }
    if (run->output.hl7 && run->edit != NULL) {
        hl7_edit_write(run->edit, run->output.buffer);
        return HL7_OK;
    }
    if (run->edit != NULL) {
        code = copy_bytes(run, &bytes);
    }
    if (code == HL7_OK && run->output.hl7) {
        hl7_buffer_add(run->output.buffer, bytes);
    } else if (code == HL7_OK) {
        code = output_text(&run->output, bytes);
    }
    run->arena->used = run->kept;
    return code;
}

enum hl7_code run_reject(struct run *run, const struct instruction *instruction)
{
    struct hl7_refusal *refusal = run->conversion->refusal;
    hl7_slice reason = run_pop(run);

    if (refusal != NULL) {
        memset(refusal, 0, sizeof *refusal);
        refusal->code = (enum hl7_ack_code)instruction->target;
        reason = hl7_slice_part(reason, 0, sizeof refusal->reason - 1);
        for (size_t i = 0; i < reason.len; i++) {
            refusal->reason[i] = reason.ptr[i] == '\0' ? ' ' : reason.ptr[i];
        }
    }
    return fail(run, HL7_REFUSED, "the template refuses the message");
}
