/* SPDX-License-Identifier: Apache-2.0
 *
 * check_config.c - `orderly check` for configurations of `orderly run`, in a program that has the
 * broker. See check.h.
 */
#include "check.h"

#ifdef ORDERLY_WITH_BROKER

#include "../broker/config/config.h"

static void check_one(struct check_report *report, const char *path)
{
    struct config_report found = {.findings = NULL};
    struct config *config = NULL;

    enum config_answer answer = config_load(path, &config, &found);
    for (size_t i = 0; i < found.count; i++) {
        check_report_add(report, found.findings[i].path, &found.findings[i].what);
    }
    report->unreadable += found.unreadable;
    if (answer == CONFIG_NO_MEMORY) {
        check_report_unreadable(report, path, "out of memory");
    }
    config_report_release(&found);
    config_free(&config);
}

#else

static void check_one(struct check_report *report, const char *path)
{
    check_report_unreadable(report, path,
                            "this program was built without the broker, whose configuration it is");
}

#endif

void check_configs(struct check_report *report, char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        report->files++;
        check_one(report, paths[i]);
    }
}
