/* SPDX-License-Identifier: Apache-2.0
 *
 * What templates and conditions share of being compiled. */
#ifndef LIB_TEMPLATE_COMPILE_H
#define LIB_TEMPLATE_COMPILE_H

#include "hl7.h"

/* As hl7_template_compile; with `bare` the text is one expression. */
enum hl7_code compile_text(hl7_slice text, bool bare, const struct hl7_compiling *how,
                           struct hl7_arena *arena, const struct hl7_template **ret_template,
                           struct hl7_diagnostic **ret_diagnostics);

#endif
