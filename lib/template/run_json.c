/* SPDX-License-Identifier: Apache-2.0
 *
 * A JSON source: read when the first path of it is met, kept until the end of the run. */
#include "template/run.h"

enum hl7_code run_open_json(struct run *run)
{
    if (run->json.nodes != NULL) {
        return HL7_OK;
    }
    size_t left = bound_lift(&run->bound);
    enum hl7_code code = json_tree_parse(run->conversion->source, run->arena, &run->json, NULL);
    bound_add(&run->bound, run->conversion->source.len);
    if (code == HL7_OK) {
        bound_lower(&run->bound, left);
        run->kept = run->arena->used;
        return HL7_OK;
    }
    if (code == HL7_NO_MEMORY) {
        return code;
    }
    run->problem = "the source is not JSON";
    return HL7_BAD_VALUE;
}

size_t run_json(struct run *run, const struct instruction *path)
{
    size_t node = path->slot == 0 ? 0 : run->cursors[path->slot - 1].node;

    if (node != HL7_NONE) {
        size_t work = 0;
        node = json_tree_find(&run->json, node, &path->as.json, &work);
        bound_add(&run->bound, work);
    }
    return node;
}

bool run_first_json(struct run *run, const struct instruction *loop, struct cursor *cursor)
{
    cursor->parent = run_json(run, loop);
    cursor->node =
        cursor->parent == HL7_NONE ? HL7_NONE : json_tree_first(&run->json, cursor->parent);
    return cursor->node != HL7_NONE;
}

bool run_next_json(const struct run *run, struct cursor *cursor)
{
    cursor->node = json_tree_next(&run->json, cursor->parent, cursor->node);
    return cursor->node != HL7_NONE;
}

enum hl7_code run_push_json(struct run *run, const struct instruction *instruction)
{
    hl7_slice text = {NULL, 0};
    enum hl7_code code = run_open_json(run);

    if (code != HL7_OK) {
        return code;
    }
    size_t node = run_json(run, instruction);
    if (node == HL7_NONE && instruction->count == 1 && run->strict) {
        run->problem = "the source has no such value";
        return HL7_NOT_FOUND;
    }
    if (node != HL7_NONE) {
        code = json_tree_text(&run->json, node, run->arena, &text);
    }
    if (code == HL7_OK) {
        bound_add(&run->bound, text.len);
        run_push(run, text);
    }
    return code;
}
