/* SPDX-License-Identifier: Apache-2.0 */
#include "secure_options.h"

#include <stdio.h>

const char *const secure_mode_words[] = {"off", "on", "mutual", NULL};
const char *const secure_min_words[] = {"1.2", "1.3", NULL};

static bool is_any_given(const struct secure_options *options)
{
    return options->cert != NULL || options->key != NULL || options->ca != NULL ||
           options->crl != NULL || options->name != NULL || options->clients.count > 0;
}

static int tell(const struct verb *verb, const struct tls_settings *settings,
                const struct tls_problem *problem)
{
    static const char *const names[] = {
        [TLS_CERT] = "tls-cert", [TLS_KEY] = "tls-key", [TLS_CA] = "tls-ca", [TLS_CRL] = "tls-crl"};

    if (problem->file == TLS_FILES) {
        return verb_misuse(verb, "--tls: %s", problem->text);
    }
    const char *file = settings->files[problem->file];
    if (file == NULL) {
        return verb_misuse(verb, "--tls %s needs --%s", settings->mutual ? "mutual" : "on",
                           names[problem->file]);
    }
    return verb_failed(verb, "--%s %s: %s", names[problem->file], file, problem->text);
}

int secure_options_load(const struct verb *verb, const struct secure_options *options, bool server,
                        struct tls_live *live)
{
    struct tls_settings settings = {
        .server = server,
        .mutual = options->mode == SECURE_MUTUAL,
        .files = {[TLS_CERT] = options->cert,
                  [TLS_KEY] = options->key,
                  [TLS_CA] = options->ca,
                  [TLS_CRL] = options->crl},
        .min = (enum tls_min)options->min,
        .clients = options->clients.items,
        .client_count = options->clients.count,
    };
    struct tls_problem problem;

    if (options->mode == SECURE_OFF) {
        return is_any_given(options)
                   ? verb_misuse(verb, "without --tls on or --tls mutual the other options of TLS "
                                       "have no meaning")
                   : VERB_DONE;
    }
    if (options->mode == SECURE_ON && !server && options->cert != NULL) {
        return verb_misuse(verb, "--tls-cert is shown with --tls mutual only");
    }
    if (options->mode == SECURE_ON && options->clients.count > 0) {
        return verb_misuse(verb, "--tls-client needs --tls mutual");
    }
    return tls_live_load(live, &settings, &problem) ? VERB_DONE : tell(verb, &settings, &problem);
}
