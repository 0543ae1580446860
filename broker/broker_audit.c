/* SPDX-License-Identifier: Apache-2.0
 *
 * What the audit log learns of the broker itself: its start and end, what configuration and which
 * templates are in force, by the hashes of their contents. */
#include "broker.h"

#include "../base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ORDERLY_VERSION
#define ORDERLY_VERSION "0"
#endif

/* ---- The configuration --------------------------------------------------------------------- */

/* SHA-256 of the hashes of all its files, in the order they were read, as lines of sha256sum would give
 * their first column: one file alone is known by its own hash. */
static void hash_config(const struct config *config, char ret_hex[HL7_SHA256_HEX])
{
    const size_t width = HL7_SHA256_HEX - 1;
    char *hashes = config->file_count > 1 ? malloc(config->file_count * width + 1) : NULL;

    ret_hex[0] = '\0';
    if (config->file_count == 1) {
        hl7_sha256_hex(beside_template(config->files[0].beside), ret_hex);
    } else if (hashes != NULL) {
        for (size_t i = 0; i < config->file_count; i++) {
            char hex[HL7_SHA256_HEX];

            hl7_sha256_hex(beside_template(config->files[i].beside), hex);
            memcpy(hashes + i * width, hex, width);
        }
        hl7_sha256_hex((hl7_slice){hashes, config->file_count * width}, ret_hex);
    }
    free(hashes);
}

static void add_files(struct audit_entry *entry, const struct broker *broker,
                      const struct config *config)
{
    audit_string(entry, "file", broker->path);
    audit_number(entry, "files", (int64_t)config->file_count);
}

void broker_audit_config(struct broker *broker, const struct config *config)
{
    struct audit_entry *entry = audit_entry_new(AUDIT_CONFIGURATION);

    audit_string(entry, "outcome", config != NULL ? "in-force" : "refused");
    audit_string(entry, "before", broker->config_hash);
    if (config != NULL) {
        add_files(entry, broker, config);
        hash_config(config, broker->config_hash);
        audit_string(entry, "after", broker->config_hash);
    }
    (void)audit_submit(broker->audit, entry);
}

void broker_audit_template(struct broker *broker, const struct broker_template *template,
                           const char *before)
{
    struct audit_entry *entry = audit_entry_new(AUDIT_TEMPLATE);

    audit_string(entry, "file", template->path);
    audit_string(entry, "before", before);
    audit_string(entry, "after", template->hash);
    (void)audit_submit(broker->audit, entry);
}

static void record_tls(struct broker *broker, const char *kind, const char *whose, const char *peer,
                       enum stream_trouble trouble)
{
    struct audit_entry *entry = audit_entry_new(AUDIT_TLS);

    audit_string(entry, kind, whose);
    audit_string(entry, "peer", peer);
    audit_string(entry, "reason", stream_trouble_names[trouble]);
    (void)audit_submit(broker->audit, entry);
}

void broker_audit_listener_tls(void *broker, const char *listener, const char *peer,
                               enum stream_trouble trouble)
{
    record_tls(broker, "listener", listener, peer, trouble);
}

void broker_audit_lane_tls(void *broker, const char *lane, const char *peer,
                           enum stream_trouble trouble)
{
    record_tls(broker, "lane", lane, peer, trouble);
}

/* ---- Start and end ------------------------------------------------------------------------- */

static bool record_start(struct broker *broker)
{
    struct audit_entry *entry = audit_entry_new(AUDIT_START);

    hash_config(broker->config, broker->config_hash);
    audit_string(entry, "before", audit_before(broker->audit));
    audit_user(entry, geteuid(), getpid());
    audit_string(entry, "version", ORDERLY_VERSION);
    add_files(entry, broker, broker->config);
    audit_string(entry, "configuration", broker->config_hash);
    return audit_write(broker->audit, entry);
}

bool broker_audit_open(struct broker *broker)
{
    const struct config_orderly *orderly = &broker->config->orderly;
    char path[PATH_MAX];
    char reason[256] = "";

    (void)snprintf(path, sizeof path, "%s/audit.log", orderly->data);
    const struct audit_options options = {.path = orderly->audit != NULL ? orderly->audit : path,
                                          .host = orderly->audit_syslog.host,
                                          .port = orderly->audit_syslog.port,
                                          .size = orderly->audit_size,
                                          .required = orderly->audit_required};
    broker->audit = audit_open(&options, &broker->loop, reason);
    if (broker->audit == NULL) {
        log_fatal("audit", "%s; 'audit' in [orderly] names another file", reason);
        return false;
    }
    if (strcmp(audit_before(broker->audit), "crash") == 0) {
        log_warning("audit", "%s: the broker did not end in good order before", options.path);
    }
    if (!record_start(broker) && orderly->audit_required) {
        log_fatal("audit", "the start cannot be recorded: %s", audit_trouble(broker->audit));
        return false;
    }
    return true;
}

void broker_audit_close(struct broker *broker, bool well)
{
    if (broker->audit != NULL && well) {
        (void)audit_write(broker->audit, audit_entry_new(AUDIT_STOP));
    }
    audit_close(&broker->audit);
}
