/* SPDX-License-Identifier: Apache-2.0
 *
 * check_tls.c - the keys of TLS: whether they go together, and whether the files can be used. The files are
 * read as they are when a connection needs them, so what is said here is what would happen. A
 * certificate that has expired is a warning: one that stops a whole broker from starting would do more
 * harm than the peers' refusals. */
#include "load.h"

#include <stdio.h>
#include <time.h>

enum { DAY = 86400, SOON = 30 };

static const char *const file_keys[TLS_FILES] = {
    [TLS_CERT] = "tls-cert", [TLS_KEY] = "tls-key", [TLS_CA] = "tls-ca", [TLS_CRL] = "tls-crl"};

struct tls_settings config_tls_settings(const struct config_tls *tls, bool server)
{
    struct tls_settings settings = {
        .server = server,
        .mutual = tls->mode == CONFIG_TLS_MUTUAL,
        .min = (enum tls_min)tls->min,
        .clients = tls->clients.items,
        .client_count = tls->clients.count,
    };

    for (int i = 0; i < TLS_FILES; i++) {
        settings.files[i] = tls->files[i];
    }
    return settings;
}

/* Keys that mean nothing with `tls` as it is. */
static void check_idle(const struct loading *loading, const struct section *section,
                       const char *name, const char *text)
{
    const struct section_key *key =
        sections_given(section, config_key_find(section->section, hl7_slice_of(name)));

    if (key != NULL) {
        findings_warning(loading->report, &key->file->as, key->position, "%s", text);
    }
}

static void check_idle_keys(const struct loading *loading, const struct section *section,
                            const struct config_tls *tls)
{
    bool server = section->section == CONFIG_LISTENER;

    if (tls->mode == CONFIG_TLS_OFF) {
        for (int i = 0; i < TLS_FILES; i++) {
            check_idle(loading, section, file_keys[i], "this has no effect with tls = off");
        }
    } else if (tls->mode == CONFIG_TLS_ON && server) {
        static const char text[] = "nobody is asked for a certificate with tls = on; mutual does";
        check_idle(loading, section, "tls-ca", text);
        check_idle(loading, section, "tls-crl", text);
        check_idle(loading, section, "tls-clients", text);
    } else if (tls->mode == CONFIG_TLS_ON) {
        static const char text[] = "our certificate is shown with tls = mutual only";
        check_idle(loading, section, "tls-cert", text);
        check_idle(loading, section, "tls-key", text);
    }
}

/* ---- What is in the files ------------------------------------------------------------------ */

static void check_times(const struct loading *loading, const struct section *section,
                        const struct tls_context *context)
{
    int64_t now = (int64_t)time(NULL);
    char text[160];

    if (tls_context_begins(context) > now) {
        check_doubt(loading, section, "tls-cert", "this certificate is not valid yet");
    }
    for (int i = 0; i < TLS_FILES; i++) {
        int64_t left = tls_context_expires(context, (enum tls_file)i) - now;
        const char *what = i == TLS_CRL ? "a revocation list" : "a certificate";

        if (left < 0) {
            (void)snprintf(text, sizeof text, "%s in this file has expired, %lld days ago", what,
                           (long long)(-left / DAY));
            check_doubt(loading, section, file_keys[i], text);
        } else if (left < (int64_t)SOON * DAY && i != TLS_CRL) {
            (void)snprintf(text, sizeof text, "%s in this file expires in %lld days", what,
                           (long long)(left / DAY));
            check_doubt(loading, section, file_keys[i], text);
        }
    }
}

static void check_files(const struct loading *loading, const struct section *section,
                        const struct config_tls *tls)
{
    const struct tls_settings settings =
        config_tls_settings(tls, section->section == CONFIG_LISTENER);
    struct tls_problem problem;
    char text[STREAM_TEXT + 300];
    struct tls_context *context = tls_context_new(&settings, &problem);

    if (context != NULL) {
        check_times(loading, section, context);
        tls_context_free(&context);
        return;
    }
    const char *name = problem.file == TLS_FILES ? "tls" : file_keys[problem.file];
    const char *file = problem.file == TLS_FILES ? NULL : tls->files[problem.file];
    if (file == NULL && problem.file != TLS_FILES) {
        (void)snprintf(text, sizeof text, "with tls = %s here, '%s' has to be given",
                       settings.mutual ? "mutual" : "on", name);
    } else {
        (void)snprintf(text, sizeof text, "%.256s%s%s", file != NULL ? file : "",
                       file != NULL ? ": " : "", problem.text);
    }
    check_wrong(loading, section, name, text);
}

void check_tls(const struct loading *loading, const struct section *section,
               const struct config_tls *tls)
{
    check_idle_keys(loading, section, tls);
    for (int i = 0; i < TLS_FILES; i++) {
        const struct section_key *key = check_given(loading, section, file_keys[i]);
        if (key != NULL && key->told) {
            return; /* it could not be read as a name */
        }
    }
    if (tls->mode != CONFIG_TLS_OFF) {
        check_files(loading, section, tls);
    }
}
