/* SPDX-License-Identifier: Apache-2.0
 *
 * template_list.c - see template_list.h. Also reads the values that are compiled: templates and
 * conditions (value.h).
 */
#include "template_list.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "value.h"

/* ---- The list ------------------------------------------------------------------------------- */

bool template_list_init(struct template_list *list, struct config_pool *pool, size_t size)
{
    *list = (struct template_list){
        .items = pool_alloc(pool, size, sizeof *list->items),
        .files = pool_alloc(pool, size, sizeof *list->files),
        .size = size,
    };
    return list->items != NULL && list->files != NULL;
}

struct config_template *template_list_add(struct template_list *list, struct config_pool *pool,
                                          const char *path, bool *ret_new)
{
    *ret_new = false;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].path, path) == 0) {
            return &list->items[i];
        }
    }
    assert(list->count < list->size);
    struct template_file *file = pool_alloc(pool, 1, sizeof *file);
    if (file == NULL) {
        return NULL;
    }
    struct config_template *added = &list->items[list->count];
    (void)template_check(file, path);
    list->files[list->count] = file;
    *added = (struct config_template){.path = path, .file = file};
    list->count++;
    *ret_new = true;
    return added;
}

void template_list_close(struct template_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        template_unload(list->files[i]);
    }
    list->count = 0;
}

/* ---- Templates ------------------------------------------------------------------------------ */

static bool is_short_of_memory(const char *problem)
{
    return strcmp(problem, strerror(ENOMEM)) == 0 ||
           strcmp(problem, hl7_code_name(HL7_NO_MEMORY)) == 0;
}

static void report_template(const struct value *value, const struct template_file *file)
{
    const struct findings_file *at = &value->at->file->as;
    size_t position = sections_locate(value->at, 0);
    char text[500];

    for (const struct hl7_diagnostic *d = file->findings; d != NULL; d = d->next) {
        findings_foreign(value->report, at, position, file->path, d);
    }
    for (size_t i = 0; template_unreadable(file, i, text, sizeof text); i++) {
        findings_error(value->report, at, position, "cannot read %.140s", text);
        value->report->unreadable++;
    }
    if (file->problem[0] != '\0') {
        value->report->failed = value->report->failed || is_short_of_memory(file->problem);
        findings_unreadable(value->report, at, position, file->path, file->problem);
    }
}

/* A pipe in place of a template would hold the program up. */
static bool is_no_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

bool value_read_template(struct value *value, void *slot)
{
    const char *path = NULL;
    bool is_new = false;

    if (!value_read_path(value, &path)) {
        return false;
    }
    if (is_no_file(path)) {
        return value_wrong(value, 0, "%.100s is no file", path);
    }
    const struct config_template *added =
        template_list_add(value->templates, value->pool, path, &is_new);
    if (added == NULL) {
        return false;
    }
    if (is_new) {
        report_template(value, added->file);
    }
    value->at->told = added->file->program == NULL;
    *(const struct config_template **)slot = added;
    return true;
}

/* ---- Conditions ----------------------------------------------------------------------------- */

/* A condition is one line of text: its columns are bytes of the value. What it says about a table is
 * about that file. */
static void report_condition(struct value *value, const struct hl7_diagnostic *finding)
{
    for (const struct hl7_diagnostic *d = finding; d != NULL; d = d->next) {
        size_t position = sections_locate(value->at, d->file.ptr == NULL ? d->column - 1 : 0);
        const struct findings_file *at = &value->at->file->as;

        if (d->file.ptr != NULL) {
            findings_foreign(value->report, at, position, at->path, d);
        } else if (d->severity == HL7_WARNING) {
            findings_warning(value->report, at, position, "%s", d->text);
        } else {
            findings_error(value->report, at, position, "%s", d->text);
        }
    }
}

/* Compiles with more and more memory until it is enough; *ret_used is what it took. */
static enum hl7_code try_condition(struct value *value, const struct hl7_compiling *how,
                                   struct memory_block *memory, size_t *ret_used)
{
    enum hl7_code code = HL7_NO_MEMORY;
    size_t size = 16384 + value->text.len * 4;

    while (code == HL7_NO_MEMORY && memory_grow(memory, size)) {
        const struct hl7_template *program = NULL;
        struct hl7_diagnostic *findings = NULL;
        struct hl7_arena arena;

        hl7_arena_init(&arena, memory->ptr, memory->size);
        code = hl7_condition_compile(value->text, how, &arena, &program, &findings);
        if (code != HL7_NO_MEMORY && value->at != NULL) {
            report_condition(value, findings);
        }
        *ret_used = arena.used;
        size = memory->size + 1;
    }
    return code;
}

/* Compiles what is known to compile in as much memory as it takes. */
static bool keep_condition(struct value *value, const struct hl7_loader *loader, size_t size,
                           struct config_condition *ret_condition)
{
    const struct hl7_compiling how = {.loader = loader};
    void *memory = pool_alloc(value->pool, 1, size);
    struct hl7_diagnostic *findings = NULL;
    struct config_condition condition = {.text = value->text.ptr};
    struct hl7_arena arena;

    if (memory == NULL) {
        return false;
    }
    hl7_arena_init(&arena, memory, size);
    enum hl7_code code =
        hl7_condition_compile(value->text, &how, &arena, &condition.program, &findings);
    assert(code == HL7_OK);
    (void)code;
    *ret_condition = condition;
    return true;
}

bool value_read_condition(struct value *value, void *slot)
{
    struct beside *beside = value->at == NULL ? NULL : value->at->file->beside;
    struct hl7_loader loader;
    struct hl7_compiling how = {.warn = true};
    struct memory_block memory = {NULL, 0};
    size_t used = 0;

    if (beside != NULL) {
        loader = beside_loader(beside);
        how.loader = &loader;
    }
    enum hl7_code code = try_condition(value, &how, &memory, &used);
    memory_free(&memory);
    if (code == HL7_NO_MEMORY) {
        value->report->failed = true;
        return false;
    }
    if (code != HL7_OK) {
        assert(value->at != NULL); /* no default is wrong */
        value->at->told = true;
        return false;
    }
    return keep_condition(value, how.loader, used, slot);
}
