/* SPDX-License-Identifier: Apache-2.0 */
#include "live_template.h"

#include <stdio.h>

#include "log.h"

static void complain(const struct template_file *file)
{
    char text[500];

    for (const struct hl7_diagnostic *d = file->findings; d != NULL; d = d->next) {
        template_finding_file(file->path, d, text, sizeof text);
        log_error("template", "%s:%zu:%zu: %s", text, d->line, d->column, d->text);
    }
    for (size_t i = 0; template_unreadable(file, i, text, sizeof text); i++) {
        log_error("template", "%s", text);
    }
    if (file->problem[0] != '\0') {
        log_error("template", "%s: %s", file->path, file->problem);
    }
}

/* Reads the template anew; an empty file is one that an editor is about to write. */
static bool open_template(struct template_file *file, const char *path)
{
    bool good = template_open(file, path);

    if (good && file->beside.files[0]->len == 0) {
        (void)snprintf(file->problem, sizeof file->problem, "the file is empty");
        good = false;
    }
    if (!good) {
        complain(file);
    }
    return good;
}

bool live_template_load(struct live_template *live, const char *path)
{
    struct template_file fresh;
    bool good = open_template(&fresh, path);

    /* What was looked at is kept even when it is bad: one complaint for each version of it. */
    template_unload(&live->refused);
    live->refused = (struct template_file){.path = NULL};
    if (good) {
        template_unload(&live->current);
        live->current = fresh;
    } else {
        live->refused = fresh;
    }
    return good;
}

bool live_template_refresh(struct live_template *live)
{
    const char *path = live->current.path;
    const struct template_file *latest =
        live->refused.path != NULL ? &live->refused : &live->current;

    if (path == NULL || !beside_changed(&latest->beside)) {
        return false;
    }
    if (!live_template_load(live, path)) {
        log_warning("template", "%s: has errors; the last good one stays in force", path);
        return false;
    }
    log_info("template", "%s: the changed template is in force", path);
    return true;
}

void live_template_release(struct live_template *live)
{
    template_unload(&live->refused);
    template_unload(&live->current);
}
