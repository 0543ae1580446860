/* SPDX-License-Identifier: Apache-2.0
 *
 * check_template.c - `orderly check` for templates and the tables beside them. See check.h.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "../base/templates.h"

/* ---- Templates ------------------------------------------------------------------------------ */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static bool same_folder(const char *a, const char *b)
{
    size_t len = (size_t)(base_name(a) - a);

    return len == (size_t)(base_name(b) - b) && strncmp(a, b, len) == 0;
}

/* The template has read this one, as an included file. */
static bool has_read(const struct template_file *file, const struct template_file *other)
{
    const char *name = base_name(other->path);

    if (!same_folder(file->path, other->path)) {
        return false;
    }
    for (size_t i = 1; i < file->beside.count; i++) {
        const struct beside_file *beside = file->beside.files[i];
        if (beside->name_len == strlen(name) && memcmp(beside->name, name, beside->name_len) == 0) {
            return true;
        }
    }
    return false;
}

/* A part of another template, which was checked with it: alone it may lack what is around it. Files
 * that include each other are no parts: that is a mistake of all of them. */
static bool is_part(const struct template_file *files, size_t count, size_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (i != number && has_read(&files[i], &files[number]) &&
            !has_read(&files[number], &files[i])) {
            return true;
        }
    }
    return false;
}

static void report_template(struct check_report *report, const struct template_file *file)
{
    char text[500];

    for (const struct hl7_diagnostic *d = file->findings; d != NULL; d = d->next) {
        check_report_add(report, file->path, d);
    }
    for (size_t i = 0; template_unreadable(file, i, text, sizeof text); i++) {
        check_report_unreadable(report, NULL, text);
    }
    if (file->problem[0] != '\0') {
        check_report_unreadable(report, file->path, file->problem);
    }
}

void check_templates(struct check_report *report, char *const *paths, size_t count)
{
    struct template_file *files = calloc(count, sizeof *files);

    if (files == NULL) {
        check_report_unreadable(report, paths[0], "out of memory");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        (void)template_check(&files[i], paths[i]);
    }
    for (size_t i = 0; i < count; i++) {
        report->files++;
        if (!is_part(files, count, i)) {
            report_template(report, &files[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        template_unload(&files[i]);
    }
    free(files);
}

/* ---- Tables --------------------------------------------------------------------------------- */

/* A table is read by the template {map('t', '', '')}, whatever its name. */
static enum hl7_code lend_table(void *context, hl7_slice name, hl7_slice *ret_text)
{
    const struct beside *beside = context;

    (void)name;
    *ret_text = beside_template(beside);
    return HL7_OK;
}

static void report_table(struct check_report *report, const char *path, struct beside *beside)
{
    const struct hl7_loader loader = {.load = lend_table, .context = beside};
    const struct hl7_compiling how = {.loader = &loader};
    struct memory_block memory = {NULL, 0};
    size_t size = 16384 + beside_template(beside).len * 4;
    enum hl7_code code = HL7_NO_MEMORY;

    while (code == HL7_NO_MEMORY && memory_grow(&memory, size)) {
        const struct hl7_template *program = NULL;
        struct hl7_diagnostic *findings = NULL;
        struct hl7_arena arena;
        hl7_arena_init(&arena, memory.ptr, memory.size);
        code =
            hl7_template_compile(HL7_TEXT("{map('t', '', '')}"), &how, &arena, &program, &findings);
        for (struct hl7_diagnostic *d = findings; d != NULL; d = d->next) {
            d->file = (hl7_slice){NULL, 0};
            check_report_add(report, path, d);
        }
        size = memory.size + 1;
    }
    if (code == HL7_NO_MEMORY) {
        check_report_unreadable(report, path, "out of memory");
    }
    memory_free(&memory);
}

void check_tables(struct check_report *report, char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct beside beside;
        int reason = beside_open(&beside, paths[i]);

        report->files++;
        if (reason != 0) {
            check_report_unreadable(report, paths[i], strerror(reason));
        } else {
            report_table(report, paths[i], &beside);
        }
        beside_close(&beside);
    }
}
