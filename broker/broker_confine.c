/* SPDX-License-Identifier: Apache-2.0
 *
 * What the broker gives away at its start, before it opens its journal or hears from anybody: root and
 * capabilities, then starting programs (a helper does that), then the folders that are not its own, then
 * the system calls it does not make.
 *
 * The helper takes what it may start from the configuration, which it reads itself: the broker says that
 * there is a new one, never what is in it. */
#include "broker.h"

#include "../base/log.h"
#include "../base/privilege.h"
#include "../base/system_calls.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef ORDERLY_UNCONFINED
static const bool is_instrumented = true;
#else
static const bool is_instrumented = false;
#endif

/* ---- The helper's rules: in its own process ------------------------------------------------- */

static bool are_same(char *const *a, char *const *b)
{
    while (*a != NULL && *b != NULL && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return *a == NULL && *b == NULL;
}

static bool allows(void *context, char *const *words)
{
    const struct config *config = ((const struct broker *)context)->config;
    char *const *alert = config->orderly.alert_command.words;

    if (alert != NULL && are_same(alert, words)) {
        return true;
    }
    for (size_t i = 0; i < config->destination_count; i++) {
        char *const *command = config->destinations[i].command.words;

        if (command != NULL && are_same(command, words)) {
            return true;
        }
    }
    return false;
}

/* One that cannot be read changes nothing; the broker says so. */
static void reload(void *context)
{
    struct broker *broker = context;
    struct config_report report = {.count = 0};
    struct config *fresh = NULL;

    if (config_load(broker->path, &fresh, &report) == CONFIG_LOADED) {
        config_free(&broker->config);
        broker->config = fresh;
    }
    config_report_release(&report);
}

static void on_helper_gone(struct loop_source *source, uint32_t events)
{
    struct broker *broker = LOOP_OWNER(source, struct broker, helper);

    (void)events;
    loop_remove(&broker->loop, source);
    log_fatal("helper", "the process that starts programs has ended; so does the broker");
    broker->failed = true;
    broker_end(broker);
}

/* ---- Users and programs --------------------------------------------------------------------- */

bool broker_give_away(struct broker *broker)
{
    const char *user = broker->config->orderly.user;
    char reason[256];

    if (!privilege_drop(user, reason, sizeof reason)) {
        log_fatal("start", "%s", reason);
        return false;
    }
    if (broker->config->orderly.confine && !is_instrumented) {
        privilege_hide();
    }
    if (geteuid() == 0) {
        log_warning("privileges", "runs as root, though without its capabilities; name an account: "
                                  "user = orderly");
    }
    broker->rules = (struct spawner_rules){.allows = allows, .reload = reload, .context = broker};
    int error = spawner_open(&broker->spawner, &broker->rules);
    if (error != 0) {
        log_fatal("start", "no process for starting programs: %s", strerror(error));
        return false;
    }
    broker->alerts.spawner = &broker->spawner;
    broker->deliver.spawner = &broker->spawner;
    return true;
}

bool broker_watch_helper(struct broker *broker)
{
    broker->helper =
        (struct loop_source){.fd = broker->spawner.fd, .events = 0, .on_ready = on_helper_gone};
    return loop_add(&broker->loop, &broker->helper);
}

/* ---- Folders -------------------------------------------------------------------------------- */

/* The folder a file is in. False when the name is too long. */
static bool folder_of(const char *path, char ret_folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);

    if (len >= PATH_MAX) {
        return false;
    }
    if (slash == NULL) {
        memcpy(ret_folder, ".", 2);
        return true;
    }
    memcpy(ret_folder, len == 0 ? "/" : path, len == 0 ? 1 : len);
    ret_folder[len == 0 ? 1 : len] = '\0';
    return true;
}

/* The folder that is needed for a path: of a file, where it lies. */
static bool needed_folder(const char *path, enum config_use use, char ret_folder[PATH_MAX])
{
    return use == CONFIG_USE_WRITE ? snprintf(ret_folder, PATH_MAX, "%s", path) < PATH_MAX
                                   : folder_of(path, ret_folder);
}

/* What is not there is told below, if it matters. */
static void allow_path(void *context, const char *path, enum config_use use)
{
    struct broker *broker = context;
    char folder[PATH_MAX];

    if (!needed_folder(path, use, folder)) {
        return;
    }
    if (use == CONFIG_USE_MADE) {
        (void)mkdir(folder, S_IRWXU); /* what is made there is for nobody else */
    }
    (void)folders_allow(&broker->folders, folder, use != CONFIG_USE_READ);
}

/* Folders that a listener makes when it needs them, if they are not below one that is there. */
static void make_folder(struct broker *broker, const char *path)
{
    if (path != NULL && !folders_cover(&broker->folders, path, true) &&
        mkdir(path, S_IRWXU | S_IRGRP | S_IXGRP) == 0) {
        (void)folders_allow(&broker->folders, path, true);
    }
}

static void make_folders(struct broker *broker)
{
    for (size_t i = 0; i < broker->config->listener_count; i++) {
        make_folder(broker, broker->config->listeners[i].done_directory);
        make_folder(broker, broker->config->listeners[i].error_directory);
    }
}

static void tell_missing(void *context, const char *path, enum config_use use)
{
    const struct broker *broker = context;
    char folder[PATH_MAX];

    if (needed_folder(path, use, folder) &&
        !folders_cover(&broker->folders, folder, use != CONFIG_USE_READ)) {
        log_warning("folder", "%s is not there; once it is, it can be used after a restart",
                    folder);
    }
}

static void allow_system(struct broker *broker)
{
    static const struct {
        const char *path;
        bool writable;
    } paths[] = {
#define SYSTEM_PATH(p_path, p_writable, p_what) {p_path, p_writable},
#include "system_paths.tbl"
#undef SYSTEM_PATH
    };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)folders_allow(&broker->folders, paths[i].path, paths[i].writable);
    }
}

struct cover {
    const struct folders *folders;
    const char *missing;
};

static void look_for(void *context, const char *path, enum config_use use)
{
    struct cover *cover = context;
    char folder[PATH_MAX];

    if (cover->missing == NULL && needed_folder(path, use, folder) &&
        !folders_cover(cover->folders, folder, use != CONFIG_USE_READ)) {
        cover->missing = path;
    }
}

const char *broker_uncovered(const struct broker *broker, const struct config *fresh)
{
    struct cover cover = {.folders = &broker->folders};

    if (broker->folders_confined) {
        config_each_path(fresh, look_for, &cover);
    }
    return cover.missing;
}

/* ---- All of it ------------------------------------------------------------------------------ */

static const char *why_not(int error)
{
    return error == ENOSYS ? "this kernel has none" : strerror(error);
}

/* Each part by itself: one that the kernel does not have leaves the others. */
static void confine_parts(struct broker *broker)
{
    int error = privilege_no_new();
    int folders_error = error != 0 ? error : folders_confine(&broker->folders);
    int calls_error = error != 0 ? error : system_calls_confine();

    broker->folders_confined = folders_error == 0;
    broker->calls_confined = calls_error == 0;
    if (folders_error != 0) {
        log_warning("not-confined", "folders are not confined: Landlock: %s",
                    why_not(folders_error));
    }
    if (calls_error != 0) {
        log_warning("not-confined", "system calls are not confined: seccomp: %s",
                    why_not(calls_error));
    }
    if (folders_error == 0 || calls_error == 0) {
        log_info("confined", "to %s%s%s",
                 folders_error == 0 ? "the folders of the configuration" : "",
                 folders_error == 0 && calls_error == 0 ? " and " : "",
                 calls_error == 0 ? "the system calls that are needed" : "");
    }
}

void broker_confine(struct broker *broker)
{
    if (!broker->config->orderly.confine) {
        log_warning("not-confined", "confine = no");
    } else if (is_instrumented) {
        log_info("not-confined", "an instrumented build looks where the broker may not");
    } else {
        (void)journal_make_folder(
            broker->config->orderly.data); /* what is wrong with it is told later */
        allow_system(broker);
        config_each_path(broker->config, allow_path, broker);
        make_folders(broker);
        config_each_path(broker->config, tell_missing, broker);
        confine_parts(broker);
    }
}

const char *broker_confinement(const struct broker *broker)
{
    static const char *const words[2][2] = {{"none", "system calls"},
                                            {"folders", "folders, system calls"}};

    return words[broker->folders_confined][broker->calls_confined];
}
