/* SPDX-License-Identifier: Apache-2.0
 *
 * forward.h - copies of audit records to a syslog server, by UDP (RFC 5426). It waits for nobody: who needs to know
 * that each one arrived compares the sequence numbers, and has the log itself. */
#ifndef BROKER_AUDIT_FORWARD_H
#define BROKER_AUDIT_FORWARD_H

#include "syslog.h"

struct forward;

/* `host` and `port` are looked up here, which may block. NULL with a reason. */
struct forward *forward_open(const char *host, const char *port, char ret_reason[256]);

/* Sends each line of what was written to the log. For one thread at a time. Records that could not be sent are
 * counted, and told in front of the next one that can be. */
void forward_lines(struct forward *forward, hl7_slice lines);

/* Accepts a pointer to NULL. */
void forward_free(struct forward **forward);

#endif
