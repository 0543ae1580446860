/* SPDX-License-Identifier: Apache-2.0
 *
 * config_try.c - see config_try.h.
 */
#include "config_try.h"

#include <stdio.h>

void config_try_open(struct config_try *attempt)
{
    *attempt = (struct config_try){.config = NULL};
    folder_make(&attempt->folder);
}

static void forget(struct config_try *attempt)
{
    config_free(&attempt->config);
    config_report_release(&attempt->report);
}

/* Adds a finding; the folder is left out of names and texts, for it is another one each time. */
static void add_finding(const struct config_try *attempt, const struct config_finding *finding,
                        FILE *file)
{
    char name[400];
    char text[400];
    size_t folder = strlen(attempt->folder.path) + 1;
    char *in_text = NULL;

    template_finding_file(finding->path, &finding->what, name, sizeof name);
    (void)snprintf(text, sizeof text, "%s", finding->what.text);
    in_text = strstr(text, attempt->folder.path);
    while (in_text != NULL) {
        memmove(in_text, in_text + folder, strlen(in_text + folder) + 1);
        in_text = strstr(text, attempt->folder.path);
    }
    const char *shown = strncmp(name, attempt->folder.path, folder - 1) == 0 ? name + folder : name;
    if (strcmp(shown, "main.ini") != 0) {
        fprintf(file, "%s:", shown);
    }
    fprintf(file, "%zu:%zu: %s%s\n", finding->what.line, finding->what.column,
            finding->what.severity == HL7_WARNING ? "warning: " : "", text);
}

static void load_file(struct config_try *attempt)
{
    FILE *file = fmemopen(attempt->findings, sizeof attempt->findings, "w");

    assert_non_null(file);
    forget(attempt);
    attempt->answer =
        config_load(folder_path(&attempt->folder, "main.ini"), &attempt->config, &attempt->report);
    for (size_t i = 0; i < attempt->report.count; i++) {
        add_finding(attempt, &attempt->report.findings[i], file);
    }
    assert_int_equal(fclose(file), 0);
    attempt->findings[sizeof attempt->findings - 1] = '\0';
    if (attempt->report.count == 0) {
        attempt->findings[0] = '\0';
    }
    assert_true((attempt->answer == CONFIG_LOADED) == (attempt->config != NULL));
    assert_true((attempt->answer == CONFIG_WRONG) == (attempt->report.errors > 0));
}

void config_try_load(struct config_try *attempt, const char *text)
{
    folder_write_text(&attempt->folder, "main.ini", text);
    load_file(attempt);
}

void config_try_expect(struct config_try *attempt, const char *text, const char *findings)
{
    config_try_load(attempt, text);
    if (strcmp(attempt->findings, findings) != 0) {
        print_error("the configuration\n%s\n", text);
    }
    assert_string_equal(attempt->findings, findings);
}

void config_try_close(struct config_try *attempt)
{
    forget(attempt);
    folder_remove(&attempt->folder);
}
