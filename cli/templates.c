/* SPDX-License-Identifier: Apache-2.0
 *
 * templates.c - see templates.h.
 */
#include "templates.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

void template_print_diagnostic(FILE *file, const char *path,
                               const struct hl7_diagnostic *diagnostic)
{
    fprintf(file, "%s:%zu:%zu: %s%s\n", path, diagnostic->line, diagnostic->column,
            diagnostic->severity == HL7_WARNING ? "warning: " : "", diagnostic->text);
    template_print_caret(file, diagnostic->source, diagnostic->column);
}

/* ---- Loading -------------------------------------------------------------------------------- */

/* Reads all of a file. 0, or what errno says. */
static int template_read(int fd, struct memory_block *text, size_t *ret_len)
{
    size_t len = 0;
    ssize_t got = 1;

    while (got != 0) {
        if (!memory_grow(text, len + 4096)) {
            return ENOMEM;
        }
        got = read(fd, (char *)text->ptr + len, text->size - len);
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        len += got > 0 ? (size_t)got : 0;
        if (len > TEMPLATE_TEXT_MAX) {
            return EFBIG;
        }
    }
    *ret_len = len;
    return 0;
}

static int template_open(const char *path, struct memory_block *text, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed;

    if (fd < 0) {
        return errno;
    }
    failed = template_read(fd, text, ret_len);
    (void)close(fd);
    return failed;
}

/* Compiles with more and more memory until it is enough. */
static enum hl7_code template_compile(struct template_file *file, hl7_slice text,
                                      struct hl7_diagnostic **ret_diagnostics)
{
    enum hl7_code code = HL7_NO_MEMORY;
    size_t size = 16384 + text.len * 4;

    while (code == HL7_NO_MEMORY && memory_grow(&file->memory, size)) {
        struct hl7_arena arena;

        hl7_arena_init(&arena, file->memory.ptr, file->memory.size);
        code = hl7_template_compile(text, NULL, &arena, &file->program, ret_diagnostics);
        size = file->memory.size + 1;
    }
    return code;
}

int template_load(const struct verb *verb, const char *path, struct template_file *ret_file)
{
    struct template_file file = {.path = path};
    struct hl7_diagnostic *diagnostics = NULL;
    size_t len = 0;
    int failed = template_open(path, &file.text, &len);
    enum hl7_code code;

    if (failed != 0) {
        template_unload(&file);
        return verb_failed(verb, "cannot read the template %s: %s", path, strerror(failed));
    }
    code = template_compile(&file, (hl7_slice){file.text.ptr, len}, &diagnostics);
    for (; diagnostics != NULL; diagnostics = diagnostics->next) {
        template_print_diagnostic(stderr, path, diagnostics);
    }
    if (code != HL7_OK) {
        template_unload(&file);
        return code == HL7_BAD_TEMPLATE ? VERB_MISUSE
                                        : verb_failed(verb, "%s: %s", path, hl7_code_name(code));
    }
    *ret_file = file;
    return VERB_DONE;
}

void template_unload(struct template_file *file)
{
    memory_free(&file->text);
    memory_free(&file->memory);
    file->program = NULL;
}

/* ---- Running -------------------------------------------------------------------------------- */

enum hl7_code template_run(const struct template_file *file,
                           const struct hl7_conversion *conversion, struct template_output *output,
                           hl7_slice *ret_result, struct hl7_diagnostic *ret_diagnostic)
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

void template_output_free(struct template_output *output)
{
    memory_free(&output->scratch);
    memory_free(&output->text);
}
