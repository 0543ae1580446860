/* SPDX-License-Identifier: Apache-2.0
 *
 * The schema of the journal's file: schema.tbl, brought from any older version to the newest in one
 * transaction. The file says that it is a journal (application_id) and which version (user_version). */
#ifndef BROKER_JOURNAL_SCHEMA_H
#define BROKER_JOURNAL_SCHEMA_H

#include "sql.h"

/* "ORJL" */
enum { SCHEMA_APPLICATION = 0x4f524a4c };

/* The newest version this program knows. */
int schema_version(void);

/* JOURNAL_NEWER for a version this program does not know, JOURNAL_DAMAGED for a file that is no
 * journal; both are left as they were. */
enum journal_code schema_upgrade(struct journal *journal);

/* Reads a number that a pragma answers. */
enum journal_code schema_pragma(struct journal *journal, const char *sql, int64_t *ret_value);

/* Runs statements that answer nothing. */
enum journal_code schema_run(struct journal *journal, const char *sql);

#endif
