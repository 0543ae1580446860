/* SPDX-License-Identifier: Apache-2.0
 *
 * audit_log.h - which files make up the audit log that `orderly audit` is about, and reading them in the
 * order of their chain. */
#ifndef ORDERLY_AUDIT_LOG_H
#define ORDERLY_AUDIT_LOG_H

#include <limits.h>

#include "../broker/audit/chain.h"
#include "control_client.h"

/* Finds the log: of the configuration, if the options name one, else of the running broker. False, with a
 * complaint. */
bool audit_log_find(const struct verb *verb, const struct control_options *options,
                    char path[PATH_MAX]);

/* Reads a log: the files that were set aside before it, and itself. VERB_FAILED, with a complaint, when
 * one of them cannot be read. */
int audit_log_read(const struct verb *verb, const char *path, struct audit_chain *chain,
                   const struct audit_reader *reader);

#endif
