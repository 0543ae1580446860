/* SPDX-License-Identifier: Apache-2.0
 *
 * Power that goes: the states in which a disk may be found, made from the record of what happened. For
 * each file the walk keeps what is certain, and which event is the first that is not. */
#include "faulty_disk.h"

#include <string.h>

enum { SECTOR = 512 };

void faulty_crash_begin(struct faulty_crash *crash, const struct faulty_disk *disk)
{
    *crash = (struct faulty_crash){.disk = disk};
}

/* Carries out an event, of a write only the bytes from `start` to `end`. */
static void carry_out(struct faulty_file *file, const struct faulty_event *event, size_t start,
                      size_t end)
{
    switch (event->kind) {
    case FAULTY_DID_WRITE:
        file->exists = true;
        faulty_bytes_put(&file->bytes, event->offset + start, event->bytes + start, end - start);
        break;
    case FAULTY_DID_TRUNCATE:
        faulty_bytes_resize(&file->bytes, event->offset);
        break;
    case FAULTY_DID_CREATE:
        file->exists = true;
        break;
    case FAULTY_DID_DELETE:
        file->exists = false;
        file->bytes.len = 0;
        break;
    case FAULTY_DID_SYNC:
    case FAULTY_DID_MARK:
        break;
    }
}

/* Everything about a file that happened before event `end` is certain. */
static void make_certain(struct faulty_crash *crash, size_t place, size_t end)
{
    for (size_t i = crash->since[place]; i < end; i++) {
        const struct faulty_event *event = &crash->disk->events[i];
        if (event->file == place && event->kind != FAULTY_DID_MARK) {
            carry_out(&crash->synced[place], event, 0, event->len);
        }
    }
    crash->since[place] = end;
}

/* The folder was synced: what was removed is gone, what was made is there, with whatever is in it. */
static void make_names_certain(struct faulty_crash *crash)
{
    for (size_t place = 0; place < FAULTY_FILES; place++) {
        bool made = false;
        size_t removed = 0; /* the event behind it */
        for (size_t i = crash->since[place]; i < crash->at; i++) {
            const struct faulty_event *event = &crash->disk->events[i];
            if (event->file == place && event->kind == FAULTY_DID_DELETE) {
                removed = i + 1;
            }
            if (event->file == place &&
                (event->kind == FAULTY_DID_DELETE || event->kind == FAULTY_DID_CREATE)) {
                made = event->kind == FAULTY_DID_CREATE;
            }
        }
        if (removed > 0) {
            make_certain(crash, place, removed);
        }
        crash->synced[place].exists = crash->synced[place].exists || made;
    }
}

bool faulty_crash_step(struct faulty_crash *crash)
{
    if (crash->at == crash->disk->event_count) {
        return false;
    }
    const struct faulty_event *event = &crash->disk->events[crash->at++];
    bool settles = event->kind == FAULTY_DID_SYNC ||
                   ((event->kind == FAULTY_DID_CREATE || event->kind == FAULTY_DID_DELETE) &&
                    event->offset != 0);
    if (event->kind == FAULTY_DID_MARK) {
        crash->mark = event->offset;
    } else if (settles) {
        make_certain(crash, event->file, crash->at);
    }
    if (event->kind == FAULTY_DID_SYNC && event->offset != 0) {
        make_names_certain(crash);
    }
    return true;
}

/* Carries out an event, or a part of it, or nothing. False when the name was not made or not removed:
 * what happened later happened to another file, which nobody will find. */
static bool maybe(struct faulty_file *file, const struct faulty_event *event,
                  struct random_state *random, size_t odds)
{
    size_t start = 0;

    if (event->kind != FAULTY_DID_WRITE) {
        bool done = (odds > 0 && random_once_in(random, odds)) ||
                    (event->kind == FAULTY_DID_CREATE && file->exists);
        if (done) {
            carry_out(file, event, 0, 0);
        }
        return done || event->kind == FAULTY_DID_TRUNCATE;
    }
    /* Sectors are those of the disk, not of the write. */
    while (start < event->len) {
        size_t end = start + SECTOR - (event->offset + start) % SECTOR;
        end = end < event->len ? end : event->len;
        if (odds > 0 && random_once_in(random, odds)) {
            carry_out(file, event, start, end);
        }
        start = end;
    }
    return true;
}

void faulty_crash_state(const struct faulty_crash *crash, struct random_state *random, size_t odds,
                        struct faulty_disk *target)
{
    for (size_t place = 0; place < FAULTY_FILES; place++) {
        struct faulty_file *file = &target->files[place];
        memcpy(file->name, crash->disk->files[place].name, FAULTY_NAME);
        file->exists = crash->synced[place].exists;
        faulty_bytes_copy(&file->bytes, &crash->synced[place].bytes);
        bool found = true;
        for (size_t i = crash->since[place]; i < crash->at && found; i++) {
            const struct faulty_event *event = &crash->disk->events[i];
            if (event->file == place && event->kind != FAULTY_DID_MARK) {
                found = maybe(file, event, random, odds);
            }
        }
        if (!file->exists) {
            file->bytes.len = 0;
        }
    }
}

void faulty_crash_end(struct faulty_crash *crash)
{
    faulty_files_free(crash->synced);
}
