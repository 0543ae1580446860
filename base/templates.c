/* SPDX-License-Identifier: Apache-2.0
 *
 * templates.c - see templates.h.
 */
#include "templates.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "text.h"

#define CARET_INDENT 4
#define CARET_BEFORE 60 /* bytes shown before the caret, at most */
#define CARET_BEHIND 40 /* and behind it */

/* ---- Findings ------------------------------------------------------------------------------- */

void template_print_caret(FILE *file, hl7_slice line, size_t column)
{
    char memory[TEXT_SAFE_GROWTH * (CARET_BEFORE + CARET_BEHIND)];
    struct hl7_buffer shown;
    size_t at = column > line.len ? line.len : column - 1;
    size_t from = at > CARET_BEFORE ? at - CARET_BEFORE : 0;
    size_t caret;

    hl7_buffer_init(&shown, memory, sizeof memory);
    text_safe(hl7_slice_part(line, from, at - from), false, &shown);
    caret = text_columns(hl7_buffer_slice(&shown));
    text_safe(hl7_slice_part(line, at, CARET_BEHIND), false, &shown);
    fprintf(file, "%*s%.*s\n%*s^\n", CARET_INDENT, "", (int)shown.len, shown.ptr,
            CARET_INDENT + (int)caret, "");
}

void template_finding_file(const char *path, const struct hl7_diagnostic *diagnostic, char *text,
                           size_t size)
{
    beside_name(path, diagnostic->file, text, size);
}

void template_print_diagnostic(FILE *file, const char *path,
                               const struct hl7_diagnostic *diagnostic)
{
    char name[PATH_MAX];

    template_finding_file(path, diagnostic, name, sizeof name);
    fprintf(file, "%s:%zu:%zu: %s%s\n", name, diagnostic->line, diagnostic->column,
            diagnostic->severity == HL7_WARNING ? "warning: " : "", diagnostic->text);
    template_print_caret(file, diagnostic->source, diagnostic->column);
}

/* ---- Loading -------------------------------------------------------------------------------- */

/* Compiles with more and more memory until it is enough. */
static enum hl7_code template_compile(struct template_file *file, bool warn)
{
    const struct hl7_loader loader = beside_loader(&file->beside);
    const struct hl7_compiling how = {.loader = &loader, .warn = warn};
    hl7_slice text = beside_template(&file->beside);
    enum hl7_code code = HL7_NO_MEMORY;
    size_t size = 16384 + text.len * 4;

    while (code == HL7_NO_MEMORY && memory_grow(&file->memory, size)) {
        struct hl7_diagnostic *findings = NULL;
        struct hl7_arena arena;

        hl7_arena_init(&arena, file->memory.ptr, file->memory.size);
        code = hl7_template_compile(text, &how, &arena, &file->program, &findings);
        file->findings = findings;
        size = file->memory.size + 1;
    }
    return code;
}

static bool open_template(struct template_file *ret_file, const char *path, bool warn)
{
    struct template_file file = {.path = path};
    int reason = beside_open(&file.beside, path);

    if (reason != 0) {
        (void)snprintf(file.problem, sizeof file.problem, "%s", strerror(reason));
    } else {
        enum hl7_code code = template_compile(&file, warn);
        if (code != HL7_OK && file.findings == NULL) {
            (void)snprintf(file.problem, sizeof file.problem, "%s", hl7_code_name(code));
        }
    }
    *ret_file = file;
    return file.program != NULL;
}

bool template_open(struct template_file *ret_file, const char *path)
{
    return open_template(ret_file, path, false);
}

bool template_check(struct template_file *ret_file, const char *path)
{
    return open_template(ret_file, path, true);
}

bool template_unreadable(const struct template_file *file, size_t number, char *text, size_t size)
{
    for (size_t i = 1; i < file->beside.count; i++) {
        const struct beside_file *beside = file->beside.files[i];
        char name[PATH_MAX];

        if (beside->reason != 0 && beside->reason != ENOENT && number-- == 0) {
            beside_name(file->path, (hl7_slice){beside->name, beside->name_len}, name, sizeof name);
            (void)snprintf(text, size, "%.300s: %s", name,
                           beside->reason == EXDEV ? "it is outside of the template's folder"
                                                   : strerror(beside->reason));
            return true;
        }
    }
    return false;
}

bool template_needs_utf8(const struct template_file *file)
{
    enum hl7_format format = hl7_template_format(file->program);

    return format == HL7_FORMAT_JSON || format == HL7_FORMAT_XML;
}

void template_unload(struct template_file *file)
{
    beside_close(&file->beside);
    memory_free(&file->memory);
    file->program = NULL;
    file->findings = NULL;
}

/* ---- Running -------------------------------------------------------------------------------- */

/* Runs it in memory that grows. */
static enum hl7_code run_growing(const struct template_file *file,
                                 const struct hl7_conversion *conversion, struct services *services,
                                 struct template_output *output, hl7_slice *ret_result,
                                 struct hl7_diagnostic *ret_diagnostic)
{
    enum hl7_code code = HL7_NO_MEMORY;
    size_t scratch = 65536;
    size_t text = 65536;

    while (code == HL7_NO_MEMORY) {
        struct hl7_arena arena;
        struct hl7_buffer buffer;

        if (!memory_grow(&output->scratch, scratch) || !memory_grow(&output->text, text)) {
            return HL7_NO_MEMORY;
        }
        output->attempt++;
        if (services != NULL) {
            services_again(services);
        }
        hl7_arena_init(&arena, output->scratch.ptr, output->scratch.size);
        hl7_buffer_init(&buffer, output->text.ptr, output->text.size);
        code = hl7_template_run(file->program, conversion, &arena, &buffer, ret_diagnostic);
        if (code == HL7_OK) {
            *ret_result = hl7_buffer_slice(&buffer);
        }
        if (output->text.size > TEMPLATE_RESULT_MAX || output->scratch.size > TEMPLATE_RESULT_MAX) {
            return code;
        }
        text = buffer.full ? output->text.size + 1 : 0;
        scratch = buffer.full ? 0 : output->scratch.size + 1;
    }
    return code;
}

enum hl7_code template_run(const struct template_file *file, struct hl7_conversion *conversion,
                           struct services *services, struct template_output *output,
                           hl7_slice *ret_result, struct hl7_diagnostic *ret_diagnostic)
{
    enum hl7_code code;

    if (services == NULL) {
        return run_growing(file, conversion, NULL, output, ret_result, ret_diagnostic);
    }
    services_begin(services);
    conversion->services = &services->given;
    code = run_growing(file, conversion, services, output, ret_result, ret_diagnostic);
    if (!services_end(services, code == HL7_OK) && code == HL7_OK) {
        ret_diagnostic->line = 0;
        code = HL7_BAD_VALUE;
    }
    return code;
}

void template_output_free(struct template_output *output)
{
    memory_free(&output->scratch);
    memory_free(&output->text);
}
