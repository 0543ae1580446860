/* SPDX-License-Identifier: Apache-2.0
 *
 * Landlock's three calls have no names in glibc. The kernel says which version it has; what a version
 * does not know is left out. The header of the system may be older than the kernel, so what came after
 * the first two versions is written down here. */
#include "folders.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ACCESS_READ ((uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR))
#define ACCESS_CHANGE                                                                              \
    ((uint64_t)(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                    \
                LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                     \
                LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                       \
                LANDLOCK_ACCESS_FS_REFER))
/* Left to nobody. */
#define ACCESS_NEVER                                                                               \
    ((uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                        \
                LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                     \
                LANDLOCK_ACCESS_FS_MAKE_SYM))
/* What makes sense for a file; the rest is about folders. */
#define ACCESS_OF_FILES ((uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE))

#define ACCESS_TRUNCATE ((uint64_t)1 << 14)     /* version 3, Linux 6.2 */
#define ACCESS_IOCTL_DEVICE ((uint64_t)1 << 15) /* version 5, Linux 6.10; left to nobody */
#define SCOPE_ABSTRACT_SOCKETS ((uint64_t)1)    /* version 6, Linux 6.12: only those of our own */
#define SCOPE_SIGNALS ((uint64_t)2)             /* likewise: only to ourselves */

enum { VERSION_REFER = 2, VERSION_TRUNCATE = 3, VERSION_IOCTL = 5, VERSION_SCOPE = 6 };

/* As version 6 has it; an older kernel is given the front of it. */
struct attributes {
    uint64_t files;
    uint64_t ports; /* not used: a reload may bring new peers */
    uint64_t scopes;
};

/* ---- The list ------------------------------------------------------------------------------- */

static bool make_room(struct folders *folders)
{
    if (folders->count < folders->size) {
        return true;
    }
    size_t size = folders->size == 0 ? 32 : 2 * folders->size;
    struct folder *items = reallocarray(folders->items, size, sizeof *items);
    if (items == NULL) {
        return false;
    }
    folders->items = items;
    folders->size = size;
    return true;
}

int folders_allow(struct folders *folders, const char *path, bool writable)
{
    char *real = realpath(path, NULL);

    if (real == NULL) {
        return errno;
    }
    for (size_t i = 0; i < folders->count; i++) {
        if (strcmp(folders->items[i].path, real) == 0) {
            folders->items[i].writable = folders->items[i].writable || writable;
            free(real);
            return 0;
        }
    }
    if (!make_room(folders)) {
        free(real);
        return ENOMEM;
    }
    folders->items[folders->count++] = (struct folder){real, writable};
    return 0;
}

static bool is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return strncmp(path, folder, len) == 0 &&
           (path[len] == '\0' || path[len] == '/' || (len == 1 && folder[0] == '/'));
}

/* What there is of the path, its missing end left out; false when nothing is. */
static bool real_front(const char *path, char ret_real[PATH_MAX])
{
    char text[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof text) {
        return false;
    }
    memcpy(text, path, len + 1);
    while (realpath(text, ret_real) == NULL) {
        char *slash = strrchr(text, '/');

        if (errno != ENOENT || slash == NULL || slash == text) {
            return false;
        }
        *slash = '\0';
    }
    return true;
}

bool folders_cover(const struct folders *folders, const char *path, bool writable)
{
    char real[PATH_MAX];

    if (!real_front(path, real)) {
        return false;
    }
    for (size_t i = 0; i < folders->count; i++) {
        if (is_below(real, folders->items[i].path) && (folders->items[i].writable || !writable)) {
            return true;
        }
    }
    return false;
}

void folders_release(struct folders *folders)
{
    for (size_t i = 0; i < folders->count; i++) {
        free(folders->items[i].path);
    }
    free(folders->items);
    *folders = (struct folders){.count = 0};
}

/* ---- Landlock ------------------------------------------------------------------------------- */

static int landlock_version(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static struct attributes attributes_of(int version)
{
    struct attributes attributes = {.files = ACCESS_READ | ACCESS_CHANGE | ACCESS_NEVER};

    if (version >= VERSION_TRUNCATE) {
        attributes.files |= ACCESS_TRUNCATE;
    }
    if (version >= VERSION_IOCTL) {
        attributes.files |= ACCESS_IOCTL_DEVICE;
    }
    if (version >= VERSION_SCOPE) {
        attributes.scopes = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
    }
    return attributes;
}

static int add_rule(int rules, const struct attributes *attributes, const struct folder *folder)
{
    struct landlock_path_beneath_attr rule = {.parent_fd = -1};
    struct stat status;
    uint64_t access = ACCESS_READ;

    rule.parent_fd = open(folder->path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0) {
        return errno == ENOENT ? 0 : errno; /* gone meanwhile: there is nothing to leave */
    }
    if (folder->writable) {
        access |= ACCESS_CHANGE | ACCESS_TRUNCATE;
    }
    int error = fstat(rule.parent_fd, &status) != 0 ? errno : 0;
    if (error == 0 && !S_ISDIR(status.st_mode)) {
        access &= ACCESS_OF_FILES | ACCESS_TRUNCATE;
    }
    rule.allowed_access = access & attributes->files;
    if (error == 0 &&
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        error = errno;
    }
    (void)close(rule.parent_fd);
    return error;
}

int folders_confine(const struct folders *folders)
{
    int version = landlock_version();

    if (version < VERSION_REFER) {
        return ENOSYS;
    }
    struct attributes attributes = attributes_of(version);
    size_t size = version >= VERSION_SCOPE ? sizeof attributes : sizeof attributes.files;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    if (rules < 0) {
        return errno;
    }
    int error = 0;
    for (size_t i = 0; i < folders->count && error == 0; i++) {
        error = add_rule(rules, &attributes, &folders->items[i]);
    }
    if (error == 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        error = errno;
    }
    (void)close(rules);
    return error;
}
