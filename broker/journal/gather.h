/* SPDX-License-Identifier: Apache-2.0
 *
 * gather.h - a layer between SQLite and the disk that writes at once what lies side by side.
 *
 * SQLite writes a commit to its log as one short piece and one page for every page that changed, each with a
 * call of its own, all of them one behind the other. Here they wait in memory until something else is
 * asked of the file, a sync above all, or the room is full: then they go in one call. Their order is
 * kept, and nothing is ever synced, read, measured or cut before it was written. A write that fails is told
 * by the call that made it happen, at the latest by the sync, so a commit never holds without it.
 *
 * What was written and not synced when a file is closed is dropped: nobody was told that it holds. */
#ifndef BROKER_JOURNAL_GATHER_H
#define BROKER_JOURNAL_GATHER_H

#include <sqlite3.h>

struct gather {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    char name[32];
};

/* Registers a layer above SQLite's default one, for databases that are opened by its name. It stays where it
 * is until it is removed. What SQLite says. */
int gather_install(struct gather *gather);

/* Accepts one that was never installed, all zero. */
void gather_remove(struct gather *gather);

#endif
