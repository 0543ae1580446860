/* SPDX-License-Identifier: Apache-2.0
 *
 * certificate.c - see certificate.h. GnuTLS reads them: it is there already, since libmicrohttpd has its TLS
 * from it. */
#include "certificate.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "exchange.h"

enum { NAME_BYTES = 512, CHAIN_MAX = 16, PEM_BYTES = 256 * 1024, DAY = 24 * 3600 };

static void add_problem(json_t *list, const char *path, const char *problem)
{
    (void)json_array_append_new(
        list, json_pack("{s:o,s:s}", "file", text_json(hl7_slice_of(path)), "problem", problem));
}

static void add_one(json_t *list, const char *path, gnutls_x509_crt_t certificate)
{
    char subject[NAME_BYTES] = "";
    char issuer[NAME_BYTES] = "";
    size_t subject_len = sizeof subject;
    size_t issuer_len = sizeof issuer;
    int64_t begins = (int64_t)gnutls_x509_crt_get_activation_time(certificate);
    int64_t ends = (int64_t)gnutls_x509_crt_get_expiration_time(certificate);

    (void)gnutls_x509_crt_get_dn(certificate, subject, &subject_len);
    (void)gnutls_x509_crt_get_issuer_dn(certificate, issuer, &issuer_len);
    (void)json_array_append_new(
        list,
        json_pack("{s:o,s:o,s:o,s:o,s:o,s:I}", "file", text_json(hl7_slice_of(path)), "subject",
                  text_json(hl7_slice_of(subject)), "issuer", text_json(hl7_slice_of(issuer)),
                  "begins", time_json(begins * 1000000), "ends", time_json(ends * 1000000),
                  "days_left", (json_int_t)((ends - clock_wall() / 1000000) / DAY)));
}

static void add_chain(json_t *list, const char *path, const gnutls_datum_t *pem)
{
    gnutls_x509_crt_t chain[CHAIN_MAX];
    unsigned count = CHAIN_MAX;
    int code = gnutls_x509_crt_list_import(chain, &count, pem, GNUTLS_X509_FMT_PEM, 0);

    if (code < 0) {
        add_problem(list, path, gnutls_strerror(code));
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        add_one(list, path, chain[i]);
        gnutls_x509_crt_deinit(chain[i]);
    }
}

void certificates_add(json_t *list, const char *path)
{
    static const size_t size = PEM_BYTES;
    FILE *file = fopen(path, "re");
    unsigned char *text = file != NULL ? malloc(size) : NULL;

    if (text == NULL) {
        add_problem(list, path, strerror(errno));
    } else {
        const gnutls_datum_t pem = {.data = text, .size = (unsigned)fread(text, 1, size, file)};
        add_chain(list, path, &pem);
    }
    free(text);
    if (file != NULL) {
        (void)fclose(file);
    }
}
