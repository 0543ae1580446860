/* SPDX-License-Identifier: Apache-2.0
 *
 * api_workbench.c - trying templates; and those to begin with. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/beside.h"
#include "../base/log.h"
#include "api.h"
#include "cases.h"
#include "gallery.h"
#include "workbench.h"

enum { REASON_MAX = 500 };

/* A file of a folder that the request names. */
struct named {
    const struct setup_templates *folder;
    char name[GALLERY_NAME_MAX + 1];
};

/* FOLDER and NAME; false, and answered, when there is no such folder, or the name is none. */
static bool find_named(struct exchange *exchange, hl7_slice folder, hl7_slice name,
                       struct named *ret_named)
{
    ret_named->folder = gallery_folder(&exchange->web->setup, folder);
    if (ret_named->folder == NULL || !gallery_is_name(name)) {
        return exchange_error(exchange, 404, "nothing", "there is no such template");
    }
    (void)snprintf(ret_named->name, sizeof ret_named->name, "%.*s", (int)name.len, name.ptr);
    return true;
}

/* ---- The folders ----------------------------------------------------------------------------- */

void api_templates(struct exchange *exchange)
{
    exchange_json(exchange, gallery_list(&exchange->web->setup));
}

void api_template(struct exchange *exchange)
{
    struct named named;
    char hash[GALLERY_HASH];
    size_t len = 0;

    if (!find_named(exchange, exchange->parts[0], exchange->parts[1], &named)) {
        return;
    }
    char *text = gallery_read(named.folder, named.name, &len);
    if (text == NULL) {
        (void)exchange_error(exchange, 404, "nothing", "that template cannot be read: %s",
                             strerror(errno));
        return;
    }
    gallery_hash((hl7_slice){text, len}, hash);
    exchange_json(exchange, json_pack("{s:s,s:s,s:o,s:s,s:b}", "folder", named.folder->name, "name",
                                      named.name, "text", text_json((hl7_slice){text, len}), "hash",
                                      hash, "writable", named.folder->save));
    free(text);
}

/* Whether what is there is what the person had before; or nothing is, and they had nothing. */
static bool is_same_version(struct exchange *exchange, const struct named *named, const char *hash)
{
    char found[GALLERY_HASH] = "";
    size_t len = 0;
    char *text = gallery_read(named->folder, named->name, &len);

    if (text != NULL) {
        gallery_hash((hl7_slice){text, len}, found);
        free(text);
    }
    if (strcmp(found, hash != NULL ? hash : "") != 0) {
        return exchange_error(exchange, 409, "changed",
                              "the template is another one by now; look at it first");
    }
    return true;
}

/* A template with mistakes would be in use at once. */
static bool is_good(struct exchange *exchange, const struct workbench *work)
{
    static const char empty[] = "MSH|^~\\&|";
    struct workbench tried = *work;
    const json_t *finding = NULL;
    size_t i = 0;
    bool good = true;

    tried.message = HL7_TEXT(empty);
    json_t *answer = workbench_convert(&tried);
    if (answer == NULL) {
        return exchange_no_memory(exchange);
    }
    if (json_object_get(answer, "format") == NULL) {
        json_array_foreach(json_object_get(answer, "findings"), i, finding)
        {
            const char *severity = json_string_value(json_object_get(finding, "severity"));
            if (good && severity != NULL && strcmp(severity, "error") == 0) {
                good = exchange_error(exchange, 409, "template", "line %d, column %d: %s",
                                      (int)json_integer_value(json_object_get(finding, "line")),
                                      (int)json_integer_value(json_object_get(finding, "column")),
                                      json_string_value(json_object_get(finding, "text")));
            }
        }
    }
    json_decref(answer);
    return good;
}

static void save(struct exchange *exchange, const struct named *named, hl7_slice text)
{
    char hash[GALLERY_HASH];

    if (!gallery_write(named->folder, named->name, text)) {
        (void)exchange_error(exchange, 409, "refused", "the template cannot be written: %s",
                             strerror(errno));
        return;
    }
    log_info("web-template-saved", "user=%s folder=%s name=%s", exchange->session.user,
             named->folder->name, named->name);
    gallery_hash(text, hash);
    exchange_json(exchange, json_pack("{s:s,s:s,s:s}", "folder", named->folder->name, "name",
                                      named->name, "hash", hash));
}

/* ---- What is beside a template --------------------------------------------------------------- */

struct beside_of {
    struct beside beside;
    struct hl7_loader loader;
    char path[4096];
    bool opened;
};

/* The tables and included files of a stored template. */
static bool open_beside(struct exchange *exchange, const struct named *named,
                        struct beside_of *ret_beside)
{
    int error = 0;

    (void)snprintf(ret_beside->path, sizeof ret_beside->path, "%s/%s", named->folder->folder,
                   named->name);
    error = beside_open(&ret_beside->beside, ret_beside->path);
    ret_beside->opened = true;
    ret_beside->loader = beside_loader(&ret_beside->beside);
    if (error != 0 && error != ENOENT) {
        return exchange_error(exchange, 404, "nothing", "that template cannot be read: %s",
                              strerror(error));
    }
    return true;
}

void api_save_template(struct exchange *exchange)
{
    struct named named;
    struct workbench work = {.max_steps = 1000};
    struct beside_of beside = {.opened = false};
    const char *text = NULL;
    const char *hash = NULL;
    const char *reason = NULL;
    size_t len = 0;

    if (!find_named(exchange, exchange->parts[0], exchange->parts[1], &named)) {
        return;
    }
    if (!named.folder->save) {
        (void)exchange_error(exchange, 403, "read-only", "templates are not saved to this folder");
        return;
    }
    if (!exchange_has_only(exchange, "text hash reason") ||
        !exchange_text(exchange, "text", true, WORKBENCH_TEMPLATE_MAX, &text, &len) ||
        !exchange_text(exchange, "hash", false, GALLERY_HASH, &hash, NULL) ||
        !exchange_text(exchange, "reason", true, REASON_MAX, &reason, NULL)) {
        return;
    }
    work.text = (hl7_slice){text, len};
    if (open_beside(exchange, &named, &beside)) {
        work.loader = &beside.loader;
        if (is_same_version(exchange, &named, hash) && is_good(exchange, &work)) {
            save(exchange, &named, work.text);
        }
    }
    beside_close(&beside.beside);
}

/* ---- Converting ------------------------------------------------------------------------------ */

/* FOLDER/NAME of the body; nothing is beside when it is not given. */
static bool find_beside(struct exchange *exchange, struct beside_of *ret_beside)
{
    const char *text = NULL;
    struct named named;

    if (!exchange_text(exchange, "beside", false, 2 * GALLERY_NAME_MAX, &text, NULL)) {
        return false;
    }
    if (text == NULL) {
        return true;
    }
    hl7_slice whole = hl7_slice_of(text);
    return find_named(exchange, hl7_piece(whole, '/', 1),
                      hl7_slice_part(whole, strcspn(text, "/") + 1, whole.len), &named) &&
           open_beside(exchange, &named, ret_beside);
}

void api_convert(struct exchange *exchange)
{
    struct workbench work = {.max_steps = (size_t)exchange->web->setup.web.convert_steps};
    struct beside_of beside = {.opened = false};
    const char *text = NULL;
    const char *message = NULL;

    if (!exchange_has_only(exchange, "template message beside") ||
        !exchange_text(exchange, "template", true, WORKBENCH_TEMPLATE_MAX, &text, &work.text.len) ||
        !exchange_text(exchange, "message", true, WORKBENCH_MESSAGE_MAX, &message,
                       &work.message.len)) {
        return;
    }
    work.text.ptr = text;
    work.message.ptr = message;
    if (find_beside(exchange, &beside)) {
        work.loader = beside.opened ? &beside.loader : NULL;
        exchange_json(exchange, workbench_convert(&work));
    }
    if (beside.opened) {
        beside_close(&beside.beside);
    }
}

/* ---- Cases ----------------------------------------------------------------------------------- */

void api_cases(struct exchange *exchange)
{
    struct beside_of beside = {.opened = false};
    struct cases cases = {.max_steps = (size_t)exchange->web->setup.web.convert_steps};
    const char *text = NULL;
    const char *path = NULL;
    struct named named;

    if (!exchange_has_only(exchange, "template beside") ||
        !exchange_text(exchange, "template", true, WORKBENCH_TEMPLATE_MAX, &text,
                       &cases.text.len) ||
        !exchange_text(exchange, "beside", true, 2 * GALLERY_NAME_MAX, &path, NULL)) {
        return;
    }
    hl7_slice whole = hl7_slice_of(path);
    hl7_slice name = hl7_slice_part(whole, strcspn(path, "/") + 1, whole.len);
    if (find_named(exchange, hl7_piece(whole, '/', 1), name, &named) &&
        open_beside(exchange, &named, &beside)) {
        cases.text.ptr = text;
        cases.loader = &beside.loader;
        cases.folder = named.folder->folder;
        cases.name = named.name;
        exchange_json(exchange, cases_run(&cases));
    }
    if (beside.opened) {
        beside_close(&beside.beside);
    }
}
