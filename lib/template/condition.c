/* SPDX-License-Identifier: Apache-2.0
 *
 * A bare expression, as routing conditions are: compiled as the test of a template that writes one
 * byte when it holds. So it means there what it means in {if}. */
#include "template/compile.h"

enum hl7_code hl7_condition_compile(hl7_slice text, const struct hl7_compiling *how,
                                    struct hl7_arena *arena,
                                    const struct hl7_template **ret_condition,
                                    struct hl7_diagnostic **ret_diagnostics)
{
    return compile_text(text, true, how, arena, ret_condition, ret_diagnostics);
}

enum hl7_code hl7_condition_test(const struct hl7_template *condition,
                                 const struct hl7_conversion *conversion, struct hl7_arena *arena,
                                 bool *ret_holds, struct hl7_diagnostic *ret_diagnostic)
{
    char memory[1];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    enum hl7_code code = hl7_template_run(condition, conversion, arena, &buffer, ret_diagnostic);
    if (code == HL7_OK) {
        *ret_holds = buffer.len > 0;
    }
    return code;
}
