/* SPDX-License-Identifier: Apache-2.0
 *
 * users.c - see users.h. The only file that knows libcrypt. */
#include "users.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hl7.h"

enum { LINE_BYTES = USER_NAME_MAX + USER_HASH_MAX + 32, FILE_BYTES = 1 << 20 };

static bool fail(char reason[USERS_REASON_MAX], const char *format, ...) HL7_FORMAT(2, 3);

static bool fail(char reason[USERS_REASON_MAX], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reason, USERS_REASON_MAX, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- Roles and names ------------------------------------------------------------------------ */

static const char *const role_names[] = {[ROLE_NONE] = "none",
                                         [ROLE_VIEW_FLOW] = "view-flow",
                                         [ROLE_VIEW_MESSAGES] = "view-messages",
                                         [ROLE_OPERATE] = "operate",
                                         [ROLE_ADMIN] = "admin"};

const char *role_name(enum role role)
{
    return role_names[role];
}

enum role role_find(const char *name)
{
    for (enum role role = ROLE_ADMIN; role > ROLE_NONE; role--) {
        if (strcmp(role_names[role], name) == 0) {
            return role;
        }
    }
    return ROLE_NONE;
}

bool user_is_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= USER_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_@") == len;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* The text of the file, malloc'd and ended by NUL; NULL with errno set. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? calloc(1, FILE_BYTES + 1) : NULL;
    size_t len = text != NULL ? fread(text, 1, FILE_BYTES, file) : 0;
    bool bad = file == NULL || text == NULL || ferror(file) != 0;

    errno = bad ? errno : 0;
    if (!bad && (len == FILE_BYTES || strlen(text) != len)) {
        errno = EFBIG; /* or a NUL in it: no file of ours */
        bad = true;
    }
    int error = errno;
    if (file != NULL) {
        (void)fclose(file);
    }
    if (bad) {
        free(text);
        text = NULL;
    }
    errno = error;
    return text;
}

/* Reads NAME:ROLE:HASH, in place. */
static bool read_line(char *line, struct user *ret_user)
{
    char *role = strchr(line, ':');
    char *hash = role != NULL ? strchr(role + 1, ':') : NULL;

    if (hash == NULL) {
        return false;
    }
    *role++ = '\0';
    *hash++ = '\0';
    ret_user->role = role_find(role);
    if (ret_user->role == ROLE_NONE || !user_is_name(line) || hash[0] != '$' ||
        strlen(hash) > USER_HASH_MAX || strchr(hash, ':') != NULL) {
        return false;
    }
    (void)snprintf(ret_user->name, sizeof ret_user->name, "%s", line);
    (void)snprintf(ret_user->hash, sizeof ret_user->hash, "%s", hash);
    return true;
}

static bool add_line(struct users *users, char *line)
{
    struct user *larger = reallocarray(users->items, users->count + 1, sizeof *larger);

    if (larger == NULL) {
        return false;
    }
    users->items = larger;
    if (users->count == USERS_MAX || !read_line(line, &larger[users->count]) ||
        users_find(users, larger[users->count].name) != NULL) {
        return false;
    }
    users->count++;
    return true;
}

bool users_read(struct users *users, const char *path, char ret_reason[USERS_REASON_MAX])
{
    char *text = read_file(path);
    char *rest = text;
    size_t number = 0;

    *users = (struct users){.items = NULL};
    if (text == NULL) {
        return fail(ret_reason, "%.120s: %s", path, strerror(errno));
    }
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        number++;
        if (line[0] != '\0' && line[0] != '#' && !add_line(users, line)) {
            free(text);
            users_release(users);
            return fail(ret_reason,
                        "%.120s:%zu: no line NAME:ROLE:HASH, or a second one of the name", path,
                        number);
        }
    }
    free(text);
    return true;
}

void users_release(struct users *users)
{
    free(users->items);
    *users = (struct users){.items = NULL};
}

const struct user *users_find(const struct users *users, const char *name)
{
    for (size_t i = 0; i < users->count; i++) {
        if (strcmp(users->items[i].name, name) == 0) {
            return &users->items[i];
        }
    }
    return NULL;
}

/* ---- Passwords ------------------------------------------------------------------------------ */

/* Alike or not takes the same time. */
static bool same_text(const char *a, const char *b)
{
    size_t len = strlen(a);
    unsigned char different = 0;

    if (strlen(b) != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        different |= (unsigned char)(a[i] ^ b[i]);
    }
    return different == 0;
}

bool user_check(const char *hash, const char *password)
{
    void *data = NULL;
    int size = 0;
    const char *made = crypt_ra(password, hash, &data, &size);
    bool same = made != NULL && made[0] != '*' && same_text(made, hash);

    if (data != NULL) {
        explicit_bzero(data, (size_t)size);
        free(data);
    }
    return same;
}

bool user_hash(const char *password, char ret_hash[USER_HASH_MAX + 1])
{
    void *data = NULL;
    int size = 0;
    char *setting = crypt_gensalt_ra("$y$", 0, NULL, 0);
    const char *made = setting != NULL ? crypt_ra(password, setting, &data, &size) : NULL;
    bool good = made != NULL && made[0] != '*' &&
                (size_t)snprintf(ret_hash, USER_HASH_MAX + 1, "%s", made) <= USER_HASH_MAX;

    free(setting);
    if (data != NULL) {
        explicit_bzero(data, (size_t)size);
        free(data);
    }
    return good;
}

/* ---- Changing ------------------------------------------------------------------------------- */

static bool is_of(const char *line, const char *name)
{
    size_t len = strlen(name);

    return strncmp(line, name, len) == 0 && line[len] == ':';
}

/* Copies the lines, but for the user's. */
static void copy_lines(FILE *file, char *text, const char *name)
{
    for (char *line = strsep(&text, "\n"); line != NULL; line = strsep(&text, "\n")) {
        if (!is_of(line, name) && (line[0] != '\0' || text != NULL)) {
            (void)fprintf(file, "%s\n", line);
        }
    }
}

/* Writes the new file under its hidden name, whole and synced; false with errno set. */
static bool write_file(const char *path, mode_t mode, char *text, const struct user *user,
                       bool keeps)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (file == NULL) {
        return false;
    }
    copy_lines(file, text, user->name);
    if (keeps) {
        (void)fprintf(file, "%s:%s:%s\n", user->name, role_name(user->role), user->hash);
    }
    bool good = ferror(file) == 0 && fflush(file) == 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int error = errno;
    good = fclose(file) == 0 && good;
    errno = error;
    return good;
}

/* Puts it in the place of the old one, whose owner it keeps where it may. */
static bool replace(const char *path, char *text, const struct user *user, bool keeps,
                    char reason[USERS_REASON_MAX])
{
    char hidden[4096];
    struct stat old = {.st_mode = 0600};
    bool there = stat(path, &old) == 0;

    if ((size_t)snprintf(hidden, sizeof hidden, "%s.new", path) >= sizeof hidden) {
        return fail(reason, "the path is too long");
    }
    if (!write_file(hidden, old.st_mode & 0640, text, user, keeps) ||
        (there && geteuid() == 0 && chown(hidden, old.st_uid, old.st_gid) != 0) ||
        rename(hidden, path) != 0) {
        int error = errno;
        (void)unlink(hidden);
        return fail(reason, "%.120s: %s", path, strerror(error));
    }
    return true;
}

static bool change(const char *path, enum users_change what, struct user *user,
                   const struct users *users, char reason[USERS_REASON_MAX])
{
    const struct user *old = users_find(users, user->name);
    char *text = NULL;

    if (what == USERS_ADD && old != NULL) {
        return fail(reason,
                    "there is a user %s already; 'orderly user password' changes the password",
                    user->name);
    }
    if (what != USERS_ADD && old == NULL) {
        return fail(reason, "there is no user %s", user->name);
    }
    if (what == USERS_PASSWORD) {
        user->role = old->role;
    }
    if (what == USERS_ROLE) {
        memcpy(user->hash, old->hash, sizeof user->hash);
    }
    text = read_file(path);
    if (text == NULL && (errno != ENOENT || what != USERS_ADD)) {
        return fail(reason, "%.120s: %s", path, strerror(errno));
    }
    char none[1] = "";
    bool good = replace(path, text != NULL ? text : none, user, what != USERS_REMOVE, reason);
    free(text);
    return good;
}

bool users_change(const char *path, enum users_change what, const struct user *user,
                  char ret_reason[USERS_REASON_MAX])
{
    struct users users = {.items = NULL};
    struct user changed = *user;
    bool there = access(path, F_OK) == 0 || errno != ENOENT;

    if (!user_is_name(user->name)) {
        return fail(ret_reason,
                    "a name is made of a to z, 0 to 9, '.', '-', '_' and '@', %d at most",
                    USER_NAME_MAX);
    }
    if (there && !users_read(&users, path, ret_reason)) {
        return false;
    }
    bool good = change(path, what, &changed, &users, ret_reason);
    users_release(&users);
    return good;
}
