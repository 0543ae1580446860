/* SPDX-License-Identifier: Apache-2.0
 *
 * syslog.h - a record of the audit log as a message of syslog (RFC 5424), for other machines.
 *
 * What DICOM has an event for (PS3.15 A.5: application started and stopped, query, export, record looked at, login,
 * security alert) is an AuditMessage of ATNA, with the MSGID IHE+RFC-3881. Everything else is the record's own
 * line of JSON, with its event as MSGID. Pure: no I/O. */
#ifndef BROKER_AUDIT_SYSLOG_H
#define BROKER_AUDIT_SYSLOG_H

#include "line.h"

enum { SYSLOG_HOST_MAX = 256, SYSLOG_MESSAGE_MAX = 2 * AUDIT_LINE_MAX };

struct syslog_source {
    char host[SYSLOG_HOST_MAX];
    int64_t process;
};

/* Adds the message of a record; `text` is its line without LF. False when the buffer is full. */
bool syslog_write(const struct syslog_source *source, hl7_slice text, const struct audit_line *line,
                  struct hl7_buffer *buffer);

/* Adds the AuditMessage alone. False when there is none for the event. */
bool syslog_write_atna(const struct syslog_source *source, const struct audit_line *line,
                       struct hl7_buffer *buffer);

#endif
