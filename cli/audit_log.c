/* SPDX-License-Identifier: Apache-2.0
 *
 * audit_log.c - see audit_log.h. */
#include "audit_log.h"

#ifdef ORDERLY_WITH_BROKER
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../broker/config/config.h"

/* ---- Finding it ----------------------------------------------------------------------------- */

static bool find_in_config(const struct verb *verb, const char *file, char path[PATH_MAX])
{
    struct config_report report = {.count = 0};
    struct config *config = NULL;
    enum config_answer answer = config_load(file, &config, &report);

    config_report_release(&report);
    if (answer != CONFIG_LOADED) {
        (void)verb_failed(verb, "%.200s cannot be loaded: 'orderly check' says why", file);
        return false;
    }
    if (config->orderly.audit != NULL) {
        (void)snprintf(path, PATH_MAX, "%s", config->orderly.audit);
    } else {
        (void)snprintf(path, PATH_MAX, "%s/audit.log", config->orderly.data);
    }
    config_free(&config);
    return true;
}

static bool find_at_broker(const struct verb *verb, const struct control_options *options,
                           char path[PATH_MAX])
{
    struct control_client client;
    const struct record *record = NULL;

    path[0] = '\0';
    if (!control_client_open(&client, verb, options)) {
        return false;
    }
    control_client_begin(&client, "status");
    while ((record = control_client_next(&client)) != NULL) {
        hl7_slice found = record_get(record, "audit");

        if (record_is(record, "broker") && found.len > 0 && found.len < PATH_MAX) {
            (void)snprintf(path, PATH_MAX, "%.*s", (int)found.len, found.ptr);
        }
    }
    if (control_client_close(&client) == VERB_DONE && path[0] == '\0') {
        (void)verb_failed(verb, "the broker does not say where its audit log is");
    }
    return path[0] != '\0';
}

bool audit_log_find(const struct verb *verb, const struct control_options *options,
                    char path[PATH_MAX])
{
    return options->config != NULL ? find_in_config(verb, options->config, path)
                                   : find_at_broker(verb, options, path);
}

/* ---- Reading it ----------------------------------------------------------------------------- */

static int read_one(const struct verb *verb, const char *path, struct audit_chain *chain,
                    const struct audit_reader *reader)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 ? errno : audit_chain_read(chain, fd, path, reader);

    if (fd >= 0) {
        (void)close(fd);
    }
    return error == 0 ? VERB_DONE : verb_failed(verb, "%.200s: %s", path, strerror(error));
}

int audit_log_read(const struct verb *verb, const char *path, struct audit_chain *chain,
                   const struct audit_reader *reader)
{
    unsigned *numbers = NULL;
    char name[PATH_MAX];
    size_t count = 0;
    int status = VERB_DONE;

    if (!audit_chain_numbers(path, &numbers, &count)) {
        return verb_failed(verb, "the folder of %.200s: %s", path, strerror(errno));
    }
    for (size_t i = 0; status == VERB_DONE && i < count; i++) {
        status = audit_chain_name(path, numbers[i], name, sizeof name)
                     ? read_one(verb, name, chain, reader)
                     : verb_failed(verb, "%.200s: %s", path, strerror(ENAMETOOLONG));
    }
    free(numbers);
    return status == VERB_DONE ? read_one(verb, path, chain, reader) : status;
}
#endif
