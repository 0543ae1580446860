/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_backup.c - `orderly backup`: a copy of the journal of a running broker. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control_act.h"

struct backup_options {
    struct control_options control;
};

/* The broker has a working directory of its own. */
static bool make_absolute(const char *path, char *text, size_t size)
{
    char folder[PATH_MAX];

    if (path[0] == '/') {
        return (size_t)snprintf(text, size, "%s", path) < size;
    }
    return getcwd(folder, sizeof folder) != NULL &&
           (size_t)snprintf(text, size, "%s/%s", folder, path) < size;
}

static int backup_run(const struct verb_call *call)
{
    const struct backup_options *options = call->options;
    struct control_client client;
    char path[PATH_MAX];

    errno = ENAMETOOLONG;
    if (!make_absolute(call->operands[0], path, sizeof path)) {
        return verb_failed(call->verb, "%s: %s", call->operands[0], strerror(errno));
    }
    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    control_client_begin(&client, "backup");
    control_client_add(&client, "path", path);
    int status = control_act(&client, &options->control);
    return verb_worst(status, control_client_close(&client));
}

static const struct option backup_option_table[] = {CONTROL_OPTION_ROWS(struct backup_options),
                                                    {.name = NULL}};

static const char *const backup_description[] = {
    "A running broker copies its journal to a file, without stopping: it goes on receiving and "
    "delivering, and what is committed before the copy is complete is in it. The file appears when it "
    "is complete and on the disk; one of that name is replaced. The broker writes it, as its own user.",
    "The copy is a journal: in the folder 'data' of a configuration, as journal.db, a broker starts "
    "with it. What was delivered after the copy was made is delivered again then.",
    NULL};

static const struct verb_status backup_statuses[] = {
    {VERB_DONE, "The copy is complete"},
    {VERB_NO, "The file cannot be written"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or the copy failed"},
    {0, NULL}};

static const struct verb_example backup_examples[] = {
    {"orderly backup /backup/orderly.db", "Copies the journal"}, {NULL, NULL}};

const struct verb verb_backup = {
    .name = "backup",
    .summary = "Copy the journal of a running broker to a file",
    .usage = "FILE",
    .description = backup_description,
    .options = backup_option_table,
    .options_size = sizeof(struct backup_options),
    .operands = VERB_TAKES_FILES,
    .operands_min = 1,
    .operands_max = 1,
    .statuses = backup_statuses,
    .examples = backup_examples,
    .run = backup_run,
};
