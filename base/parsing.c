/* SPDX-License-Identifier: Apache-2.0 */
#include "parsing.h"

bool parsing_message(struct parsing *parsing, hl7_slice bytes, struct hl7_message *ret_message,
                     struct hl7_error *error)
{
    struct memory_block *memory = &parsing->memory;

    hl7_arena_init(&parsing->arena, memory->ptr, memory->size);
    enum hl7_code code = hl7_message_parse(bytes, &parsing->arena, ret_message, error);
    if (code == HL7_NO_MEMORY && memory_grow(memory, hl7_message_memory(bytes))) {
        hl7_arena_init(&parsing->arena, memory->ptr, memory->size);
        code = hl7_message_parse(bytes, &parsing->arena, ret_message, error);
    }
    return code == HL7_OK;
}

bool parsing_header(struct parsing *parsing, hl7_slice bytes, struct hl7_message *ret_header)
{
    if (!memory_grow(&parsing->memory, hl7_message_memory(bytes))) {
        return false;
    }
    hl7_arena_init(&parsing->arena, parsing->memory.ptr, parsing->memory.size);
    return hl7_message_salvage(bytes, &parsing->arena, ret_header, NULL) == HL7_OK;
}

void parsing_free(struct parsing *parsing)
{
    memory_free(&parsing->memory);
}
