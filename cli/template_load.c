/* SPDX-License-Identifier: Apache-2.0 */
#include "template_load.h"

int template_load(const struct verb *verb, const char *path, struct template_file *ret_file)
{
    struct template_file file;
    bool good = template_open(&file, path);
    char text[500];

    for (const struct hl7_diagnostic *d = file.findings; d != NULL; d = d->next) {
        template_print_diagnostic(stderr, path, d);
    }
    for (size_t i = 0; !good && template_unreadable(&file, i, text, sizeof text); i++) {
        (void)verb_failed(verb, "cannot read %s", text);
    }
    if (!good) {
        int status = file.problem[0] == '\0'
                         ? VERB_MISUSE
                         : verb_failed(verb, "cannot read the template %s: %s", path, file.problem);
        template_unload(&file);
        return status;
    }
    *ret_file = file;
    return VERB_DONE;
}
