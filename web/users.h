/* SPDX-License-Identifier: Apache-2.0
 *
 * users.h - who may use the page: a text file, one user a line.
 *
 *     anna:operate:$y$j9T$...
 *     ris-team:view-flow:$y$j9T$...
 *
 * The third part is what crypt(3) makes of the password: yescrypt. Lines that begin with # are kept. The
 * file is replaced whole; it has the mode 0600, or 0640 where the one before had it. */
#ifndef WEB_USERS_H
#define WEB_USERS_H

#include <stdbool.h>
#include <stddef.h>

/* What somebody may do: each all that those before it may. */
enum role { ROLE_NONE, ROLE_VIEW_FLOW, ROLE_VIEW_MESSAGES, ROLE_OPERATE, ROLE_ADMIN };

enum {
    USER_NAME_MAX = 64,
    USER_HASH_MAX = 383, /* CRYPT_OUTPUT_SIZE without its NUL */
    USER_PASSWORD_MIN = 10,
    USER_PASSWORD_MAX = 512, /* CRYPT_MAX_PASSPHRASE_SIZE */
    USERS_MAX = 1000,
    USERS_REASON_MAX = 200
};

struct user {
    char name[USER_NAME_MAX + 1];
    enum role role;
    char hash[USER_HASH_MAX + 1];
};

struct users {
    struct user *items; /* malloc'd */
    size_t count;
};

/* "view-flow" ...; "none". */
const char *role_name(enum role role);

/* ROLE_NONE when it is no role. */
enum role role_find(const char *name);

/* Whether a name can be one: a-z, 0-9, '.', '-', '_', '@'. */
bool user_is_name(const char *name);

/* Reads the file. False with the reason; `users` is empty then. */
bool users_read(struct users *users, const char *path, char ret_reason[USERS_REASON_MAX]);

void users_release(struct users *users);

const struct user *users_find(const struct users *users, const char *name);

/* Whether it is the password of the hash. Takes as long, and as much memory, as yescrypt is made to. */
bool user_check(const char *hash, const char *password);

/* The hash of a password, with a new salt. False when the system cannot. */
bool user_hash(const char *password, char ret_hash[USER_HASH_MAX + 1]);

enum users_change { USERS_ADD, USERS_REMOVE, USERS_PASSWORD, USERS_ROLE };

/* Changes one user in the file, which is made by USERS_ADD when it is not there. `user`: its name;
 * the role for USERS_ADD and USERS_ROLE; the hash for USERS_ADD and USERS_PASSWORD. False with the reason, and the file is as it was. */
bool users_change(const char *path, enum users_change change, const struct user *user,
                  char ret_reason[USERS_REASON_MAX]);

#endif
