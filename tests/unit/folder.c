/* SPDX-License-Identifier: Apache-2.0
 *
 * folder.c - see folder.h.
 */
#include "folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void folder_open(struct folder *folder)
{
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/orderly-unit-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

const char *folder_file(const struct folder *folder, const char *name)
{
    static char paths[8][400];
    static size_t next;
    char *path = paths[next++ % 8];

    assert_true(snprintf(path, sizeof paths[0], "%s/%s", folder->path, name) <
                (int)sizeof paths[0]);
    return path;
}

static void make_folders(const struct folder *folder, const char *name)
{
    char part[200];

    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
        assert_true(mkdir(folder_file(folder, part), 0700) == 0 || errno == EEXIST);
    }
}

void folder_put(const struct folder *folder, const char *name, hl7_slice text)
{
    make_folders(folder, name);
    FILE *file = fopen(folder_file(folder, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

void folder_put_text(const struct folder *folder, const char *name, const char *text)
{
    folder_put(folder, name, hl7_slice_of(text));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

void folder_close(struct folder *folder)
{
    assert_int_equal(nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}
