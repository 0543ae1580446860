/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_desk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void audit_desk_open(struct audit_desk *desk, int64_t size_max)
{
    *desk = (struct audit_desk){.fault_line = 0};
    folder_make(&desk->folder);
    (void)snprintf(desk->path, sizeof desk->path, "%s/audit.log", desk->folder.path);
    desk->file = audit_file_new(desk->path, size_max);
    assert_non_null(desk->file);
}

void audit_desk_close(struct audit_desk *desk)
{
    audit_file_free(&desk->file);
    folder_remove(&desk->folder);
}

void audit_desk_again(struct audit_desk *desk)
{
    int64_t size_max = desk->file->size_max;

    audit_file_free(&desk->file);
    desk->file = audit_file_new(desk->path, size_max);
    assert_non_null(desk->file);
}

bool audit_desk_add(struct audit_desk *desk, enum audit_event event, size_t count)
{
    bool good = true;

    for (size_t i = 0; i < count; i++) {
        struct audit_entry *entry = audit_entry_new(event);

        assert_non_null(entry);
        audit_number(entry, "message", (int64_t)i);
        good = audit_file_append(desk->file, entry) && good;
        assert_int_equal(entry->failed, !good);
        free(entry);
    }
    return good;
}

static void take_event(void *context, hl7_slice text, const struct audit_line *line)
{
    struct audit_desk *desk = context;
    size_t len = strlen(desk->events);

    (void)text;
    if (len + line->event.len + 2 < sizeof desk->events) {
        (void)snprintf(desk->events + len, sizeof desk->events - len, "%.*s ", (int)line->event.len,
                       line->event.ptr);
    }
}

static void take_fault(void *context, const char *path, int64_t line, const char *what)
{
    struct audit_desk *desk = context;

    (void)path;
    desk->fault_line = line;
    (void)snprintf(desk->fault, sizeof desk->fault, "%s", what);
}

static void read_one(struct audit_desk *desk, const char *path, struct audit_chain *chain)
{
    const struct audit_reader reader = {desk, take_event, take_fault};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(audit_chain_read(chain, fd, path, &reader), 0);
    (void)close(fd);
}

struct audit_chain audit_desk_read(struct audit_desk *desk)
{
    struct audit_chain chain = audit_chain_begin();
    unsigned *numbers = NULL;
    size_t count = 0;
    char name[160];

    desk->fault[0] = '\0';
    desk->fault_line = 0;
    desk->events[0] = '\0';
    assert_true(audit_chain_numbers(desk->path, &numbers, &count));
    for (size_t i = 0; i < count; i++) {
        assert_true(audit_chain_name(desk->path, numbers[i], name, sizeof name));
        read_one(desk, name, &chain);
    }
    free(numbers);
    read_one(desk, desk->path, &chain);
    return chain;
}
