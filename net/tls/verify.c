/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the peer's certificate good, and whose is it? OpenSSL decides; here it is asked for the names, and
 * what it finds wrong is written down while the certificate at fault is at hand. Names in certificates
 * are a stranger's text: only printable ASCII of them gets any further. */
#include "parts.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAMES_MAX = 100, NAME_MAX_BYTES = 64 };

/* ---- Names --------------------------------------------------------------------------------- */

static void clean(char *text, const unsigned char *bytes, size_t len, size_t size)
{
    size_t n = len < size - 1 ? len : size - 1;

    for (size_t i = 0; i < n; i++) {
        text[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '"' ? (char)bytes[i] : '?';
    }
    text[n] = '\0';
}

/* A name of the certificate as text; false when it is of a kind that is not looked at. */
static bool name_text(const GENERAL_NAME *name, char *text, size_t size)
{
    if (name->type == GEN_DNS) {
        clean(text, ASN1_STRING_get0_data(name->d.dNSName),
              (size_t)ASN1_STRING_length(name->d.dNSName), size);
        return true;
    }
    if (name->type == GEN_IPADD) {
        int len = ASN1_STRING_length(name->d.iPAddress);
        const unsigned char *bytes = ASN1_STRING_get0_data(name->d.iPAddress);
        return (len == 4 || len == 16) &&
               inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, text, (socklen_t)size) != NULL;
    }
    return false;
}

static bool common_name(const X509 *certificate, char *text, size_t size)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    if (at < 0) {
        return false;
    }
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    clean(text, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), size);
    return true;
}

/* All names of a certificate, as far as there is room: "ris.example, 10.1.2.3". */
static void list_names(X509 *certificate, char *text, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = names != NULL ? sk_GENERAL_NAME_num(names) : 0;
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < count && used + NAME_MAX_BYTES + 8 < size; i++) {
        char one[NAME_MAX_BYTES];
        if (name_text(sk_GENERAL_NAME_value(names, i), one, sizeof one)) {
            used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", one);
        }
    }
    if (used == 0) {
        (void)snprintf(text, size, "none");
    }
    GENERAL_NAMES_free(names);
}

void tls_put_peer(struct tls_stream *tls)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    char *peer = tls->stream.peer;

    if (certificate == NULL) {
        return;
    }
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = names != NULL ? sk_GENERAL_NAME_num(names) : 0;
    for (int i = 0; i < count && peer[0] == '\0'; i++) {
        (void)name_text(sk_GENERAL_NAME_value(names, i), peer, sizeof tls->stream.peer);
    }
    if (peer[0] == '\0') {
        (void)common_name(certificate, peer, sizeof tls->stream.peer);
    }
    GENERAL_NAMES_free(names);
}

/* ---- Clients ------------------------------------------------------------------------------- */

static bool is_client(const struct tls_context *context, const char *name)
{
    for (size_t i = 0; i < context->client_count; i++) {
        if (strcasecmp(context->clients[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* One of the certificate's names is in the list. A name with a NUL in it was cleaned, and
 * equals none that a person would write. */
static bool may_enter(const struct tls_context *context, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = names != NULL ? sk_GENERAL_NAME_num(names) : 0;
    char text[256];
    bool found = common_name(certificate, text, sizeof text) && is_client(context, text);

    for (int i = 0; i < count && !found; i++) {
        found = name_text(sk_GENERAL_NAME_value(names, i), text, sizeof text) &&
                is_client(context, text);
    }
    GENERAL_NAMES_free(names);
    return found;
}

/* ---- The verdict --------------------------------------------------------------------------- */

/* What OpenSSL's verdicts are to us. */
static const struct {
    int error;
    enum stream_trouble trouble;
} verdicts[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, STREAM_EXPIRED},
    {X509_V_ERR_CERT_NOT_YET_VALID, STREAM_NOT_YET_VALID},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, STREAM_UNKNOWN_CA},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, STREAM_UNKNOWN_CA},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, STREAM_UNKNOWN_CA},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, STREAM_UNKNOWN_CA},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, STREAM_UNKNOWN_CA},
    {X509_V_ERR_CERT_UNTRUSTED, STREAM_UNKNOWN_CA},
    {X509_V_ERR_HOSTNAME_MISMATCH, STREAM_WRONG_NAME},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, STREAM_WRONG_NAME},
    {X509_V_ERR_CERT_REVOKED, STREAM_REVOKED},
    {X509_V_ERR_UNABLE_TO_GET_CRL, STREAM_CRL},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, STREAM_CRL},
    {X509_V_ERR_CRL_HAS_EXPIRED, STREAM_CRL},
    {X509_V_ERR_CRL_NOT_YET_VALID, STREAM_CRL},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, STREAM_CRL},
};

static enum stream_trouble trouble_of(int error)
{
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        if (verdicts[i].error == error) {
            return verdicts[i].trouble;
        }
    }
    return STREAM_CERTIFICATE;
}

static void date_text(const ASN1_TIME *time, char *text, size_t size)
{
    struct tm parts = {.tm_year = 0};

    if (ASN1_TIME_to_tm(time, &parts) != 1 ||
        strftime(text, size, "%Y-%m-%d %H:%M UTC", &parts) == 0) {
        (void)snprintf(text, size, "an unknown time");
    }
}

static void issuer_text(const X509 *certificate, char *text, size_t size)
{
    const X509_NAME *issuer = X509_get_issuer_name(certificate);
    int at = X509_NAME_get_index_by_NID(issuer, NID_commonName, -1);
    const ASN1_STRING *value =
        at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(issuer, at));

    if (value == NULL) {
        (void)snprintf(text, size, "?");
        return;
    }
    clean(text, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), size);
}

static void tell_verdict(struct tls_stream *tls, X509_STORE_CTX *store, X509 *certificate)
{
    int error = X509_STORE_CTX_get_error(store);
    enum stream_trouble trouble = trouble_of(error);
    char name[NAME_MAX_BYTES] = "?";
    char more[NAMES_MAX];

    (void)common_name(certificate, name, sizeof name);
    switch (trouble) {
    case STREAM_EXPIRED:
        date_text(X509_get0_notAfter(certificate), more, sizeof more);
        tls_trouble(tls, trouble, "the certificate of \"%s\" expired at %s", name, more);
        break;
    case STREAM_NOT_YET_VALID:
        date_text(X509_get0_notBefore(certificate), more, sizeof more);
        tls_trouble(tls, trouble,
                    "the certificate of \"%s\" is valid from %s on; is the clock right?", name,
                    more);
        break;
    case STREAM_UNKNOWN_CA:
        issuer_text(certificate, more, sizeof more);
        tls_trouble(tls, trouble,
                    "the certificate of \"%s\" is from the CA \"%s\", which is not trusted here",
                    name, more);
        break;
    case STREAM_WRONG_NAME:
        list_names(certificate, more, sizeof more);
        tls_trouble(tls, trouble, "the certificate is for %s, and not for %.64s", more,
                    tls->wanted);
        break;
    case STREAM_REVOKED:
        tls_trouble(tls, trouble, "the certificate of \"%s\" has been revoked", name);
        break;
    case STREAM_CRL:
        issuer_text(certificate, more, sizeof more);
        tls_trouble(tls, trouble, "of the CA \"%s\" there is no revocation list in force: %s", more,
                    X509_verify_cert_error_string(error));
        break;
    default:
        tls_trouble(tls, trouble, "the certificate of \"%s\": %s", name,
                    X509_verify_cert_error_string(error));
        break;
    }
}

int tls_verify(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_stream *tls = SSL_get_app_data(ssl);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);

    if (certificate == NULL) {
        certificate = X509_STORE_CTX_get0_cert(store);
    }
    if (good != 1) {
        tell_verdict(tls, store, certificate);
        return 0;
    }
    if (X509_STORE_CTX_get_error_depth(store) == 0 && tls->context->client_count > 0 &&
        !may_enter(tls->context, certificate)) {
        char names[NAMES_MAX];
        char name[NAME_MAX_BYTES] = "?";
        (void)common_name(certificate, name, sizeof name);
        list_names(certificate, names, sizeof names);
        tls_trouble(tls, STREAM_NOT_ALLOWED,
                    "the certificate of \"%s\" (names: %s) is good, but not in tls-clients", name,
                    names);
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
        return 0;
    }
    return 1;
}

bool tls_want_name(struct tls_stream *tls)
{
    X509_VERIFY_PARAM *wants = SSL_get0_param(tls->ssl);
    unsigned char address[16];

    X509_VERIFY_PARAM_set_hostflags(wants, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (inet_pton(AF_INET, tls->wanted, address) == 1 ||
        inet_pton(AF_INET6, tls->wanted, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(wants, tls->wanted) == 1;
    }
    return X509_VERIFY_PARAM_set1_host(wants, tls->wanted, 0) == 1 &&
           SSL_set_tlsext_host_name(tls->ssl, tls->wanted) == 1;
}
