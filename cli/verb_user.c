/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_user.c - `orderly user`: who may use the page of orderly-web. web/users.c has the file. */
#include "verb.h"

#ifdef ORDERLY_WITH_WEB
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../web/users.h"
#endif

static const char *const user_description[] = {
    "Keeps the file of users that orderly-web reads, one line for each: name, role, and what "
    "yescrypt makes of the password. There is no password to begin with, and none is ever shown.",
    "A password is asked for twice on a terminal; else it is the first line of standard input. It has 10 "
    "bytes at least. Roles: view-flow sees what flows, but no message; view-messages sees messages; operate "
    "resends, retries, drops and pauses as well; admin sees the configuration and may load it again.",
    "A running orderly-web notices the change; sessions of a user who is gone, or whose role is another "
    "one, end.",
    NULL};

static const char *const user_actions[] = {"add", "remove", "password", "role", "list", NULL};

static const struct verb_status user_statuses[] = {
    {VERB_DONE, "Done"},
    {VERB_NO, "There is such a user already, or none, or the two passwords differ"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The file could not be read or written"},
    {0, NULL}};

static const struct verb_example user_examples[] = {
    {"orderly user add /etc/orderly/web-users anna operate", "Asks for a password and adds anna"},
    {"orderly user list /etc/orderly/web-users", "Shows names and roles"},
    {NULL, NULL}};

#ifdef ORDERLY_WITH_WEB
/* Reads a line without showing it on a terminal. False at the end of input. */
static bool read_hidden(const char *prompt, char *text, size_t size)
{
    struct termios shown;
    bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;

    if (terminal) {
        struct termios hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)fputs(prompt, stderr);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    bool got = fgets(text, (int)size, stdin) != NULL;
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        (void)fputc('\n', stderr);
    }
    if (got) {
        text[strcspn(text, "\r\n")] = '\0';
    }
    return got;
}

static int ask_password(const struct verb *verb, char *password, size_t size)
{
    char again[USER_PASSWORD_MAX + 2] = "";

    if (!read_hidden("Password: ", password, size)) {
        return verb_failed(verb, "no password: standard input has ended");
    }
    if (strlen(password) < USER_PASSWORD_MIN || strlen(password) >= USER_PASSWORD_MAX) {
        return verb_misuse(verb, "a password has %d to %d bytes", USER_PASSWORD_MIN,
                           USER_PASSWORD_MAX - 1);
    }
    if (isatty(STDIN_FILENO) == 1) {
        bool same = read_hidden("Once more: ", again, sizeof again) && strcmp(password, again) == 0;
        explicit_bzero(again, sizeof again);
        if (!same) {
            (void)verb_failed(verb, "the two differ");
            return VERB_NO;
        }
    }
    return VERB_DONE;
}

static int set_hash(const struct verb *verb, struct user *user)
{
    char password[USER_PASSWORD_MAX + 2] = "";
    int status = ask_password(verb, password, sizeof password);

    if (status == VERB_DONE && !user_hash(password, user->hash)) {
        status = verb_failed(verb, "this system's libcrypt has no yescrypt");
    }
    explicit_bzero(password, sizeof password);
    return status;
}

static int list(const struct verb *verb, const char *path)
{
    struct users users;
    char reason[USERS_REASON_MAX];

    if (!users_read(&users, path, reason)) {
        return verb_failed(verb, "%s", reason);
    }
    for (size_t i = 0; i < users.count; i++) {
        (void)printf("%-24s %s\n", users.items[i].name, role_name(users.items[i].role));
    }
    users_release(&users);
    return VERB_DONE;
}

/* The role that stands last, for those that take one. */
static int take_role(const struct verb_call *call, enum users_change change, struct user *user)
{
    bool wants = change == USERS_ADD || change == USERS_ROLE;

    if (call->operand_count != (wants ? 4U : 3U)) {
        return verb_misuse(call->verb, "use: orderly user %s FILE NAME%s", call->operands[0],
                           wants ? " ROLE" : "");
    }
    user->role = wants ? role_find(call->operands[3]) : ROLE_NONE;
    if (wants && user->role == ROLE_NONE) {
        return verb_misuse(call->verb, "a role is view-flow, view-messages, operate or admin");
    }
    return VERB_DONE;
}

static int change_user(const struct verb_call *call, enum users_change change)
{
    struct user user = {.role = ROLE_NONE};
    char reason[USERS_REASON_MAX];
    int status = take_role(call, change, &user);

    if (status == VERB_DONE && !user_is_name(call->operands[2])) {
        status = verb_misuse(call->verb, "a name is made of a to z, 0 to 9, '.', '-', '_' and '@'");
    }
    if (status != VERB_DONE) {
        return status;
    }
    (void)snprintf(user.name, sizeof user.name, "%s", call->operands[2]);
    if (change == USERS_ADD || change == USERS_PASSWORD) {
        status = set_hash(call->verb, &user);
    }
    if (status == VERB_DONE && !users_change(call->operands[1], change, &user, reason)) {
        (void)verb_failed(call->verb, "%s", reason);
        status = VERB_NO;
    }
    return status;
}

static int user_run(const struct verb_call *call)
{
    static const enum users_change changes[] = {USERS_ADD, USERS_REMOVE, USERS_PASSWORD,
                                                USERS_ROLE};
    const char *action = call->operands[0];

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (strcmp(action, user_actions[i]) == 0) {
            return change_user(call, changes[i]);
        }
    }
    if (strcmp(action, "list") == 0 && call->operand_count == 2) {
        return list(call->verb, call->operands[1]);
    }
    return verb_misuse(call->verb, "use: orderly user add|remove|password|role|list FILE ...");
}
#else
static int user_run(const struct verb_call *call)
{
    return verb_failed(call->verb, "this program was built without the page (ORDERLY_WEB)");
}
#endif

const struct verb verb_user = {
    .name = "user",
    .summary = "Keep the users of the page",
    .usage = "add|remove|password|role|list FILE [NAME [ROLE]]",
    .description = user_description,
    .operands = VERB_TAKES_ACTION,
    .operand_words = user_actions,
    .operands_min = 2,
    .operands_max = 4,
    .statuses = user_statuses,
    .examples = user_examples,
    .run = user_run,
};
