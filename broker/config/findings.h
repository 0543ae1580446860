/* SPDX-License-Identifier: Apache-2.0
 *
 * findings.h - collects what is found in a configuration (struct config_report). Whoever finds something
 * says it here, at an offset of a file; line, column and order are this module's.
 */
#ifndef BROKER_CONFIG_FINDINGS_H
#define BROKER_CONFIG_FINDINGS_H

#include "config.h"

/* A file of the configuration, as findings need it. */
struct findings_file {
    const char *path;
    hl7_slice text;
    size_t number; /* in the order the files were read */
};

void findings_error(struct config_report *report, const struct findings_file *file, size_t position,
                    const char *format, ...) HL7_FORMAT(4, 5);
void findings_warning(struct config_report *report, const struct findings_file *file,
                      size_t position, const char *format, ...) HL7_FORMAT(4, 5);

/* The file at `path`, which the place names, could not be read: an error there. */
void findings_unreadable(struct config_report *report, const struct findings_file *file,
                         size_t position, const char *path, const char *reason);

/* A finding about another file, at `path`, which the place names: a template. Everything is copied. */
void findings_foreign(struct config_report *report, const struct findings_file *file,
                      size_t position, const char *path, const struct hl7_diagnostic *what);

/* Puts the findings in order and, when there are too many, ends them with one that says so. */
void findings_finish(struct config_report *report);

#endif
