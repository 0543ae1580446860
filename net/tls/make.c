/* SPDX-License-Identifier: Apache-2.0 */
#include "../tls_make.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct tls_identity {
    X509 *certificate;
    EVP_PKEY *key;
};

enum { SERIAL_BYTES = 16 };

/* ---- Parts of a certificate ---------------------------------------------------------------- */

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];

    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[0] &= 0x7f; /* positive */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool good =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return good;
}

static bool set_head(X509 *certificate, const struct tls_wish *wish,
                     const struct tls_identity *signer)
{
    X509_NAME *subject = X509_get_subject_name(certificate);

    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)wish->begins) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)wish->ends) != NULL &&
           X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)wish->name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(signer->certificate)) == 1;
}

static bool add_extension(X509 *certificate, const struct tls_identity *signer, int nid,
                          const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, signer->certificate, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static GENERAL_NAME *general_name(const char *text)
{
    unsigned char address[16];
    size_t len = inet_pton(AF_INET, text, address) == 1    ? 4
                 : inet_pton(AF_INET6, text, address) == 1 ? 16
                                                           : 0;
    ASN1_STRING *value = len > 0 ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    bool good = value != NULL && name != NULL &&
                (len > 0 ? ASN1_STRING_set(value, address, (int)len)
                         : ASN1_STRING_set(value, text, (int)strlen(text))) == 1;

    if (!good) {
        ASN1_STRING_free(value);
        GENERAL_NAME_free(name);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, len > 0 ? GEN_IPADD : GEN_DNS, value);
    return name;
}

/* Made of values and not of text, so that no name can bring in another. */
static bool add_names(X509 *certificate, const struct tls_wish *wish)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool good = names != NULL;

    for (size_t i = 0; good && i < wish->name_count; i++) {
        GENERAL_NAME *name = general_name(wish->names[i]);
        good = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
        if (!good) {
            GENERAL_NAME_free(name);
        }
    }
    good = good &&
           X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    return good;
}

static bool set_purpose(X509 *certificate, const struct tls_wish *wish,
                        const struct tls_identity *signer)
{
    static const char *const uses[] = {[TLS_USE_SERVER] = "serverAuth",
                                       [TLS_USE_CLIENT] = "clientAuth",
                                       [TLS_USE_BOTH] = "serverAuth,clientAuth"};
    bool ca = wish->use == TLS_USE_CA;

    return add_extension(certificate, signer, NID_basic_constraints,
                         ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
           add_extension(certificate, signer, NID_key_usage,
                         ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
           (ca || add_extension(certificate, signer, NID_ext_key_usage, uses[wish->use])) &&
           add_extension(certificate, signer, NID_subject_key_identifier, "hash") &&
           (ca ||
            add_extension(certificate, signer, NID_authority_key_identifier, "keyid:always")) &&
           (wish->name_count == 0 || add_names(certificate, wish));
}

/* ---- Life ---------------------------------------------------------------------------------- */

struct tls_identity *tls_identity_new(const struct tls_wish *wish,
                                      const struct tls_identity *signer)
{
    struct tls_identity *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return NULL;
    }
    made->key = EVP_EC_gen("P-256");
    made->certificate = X509_new();
    if (signer == NULL) {
        signer = made;
    }
    if (made->key == NULL || made->certificate == NULL ||
        !set_head(made->certificate, wish, signer) ||
        X509_set_pubkey(made->certificate, made->key) != 1 ||
        !set_purpose(made->certificate, wish, signer) ||
        X509_sign(made->certificate, signer->key, EVP_sha256()) == 0) {
        tls_identity_free(&made);
    }
    ERR_clear_error();
    return made;
}

void tls_identity_free(struct tls_identity **identity)
{
    if (identity != NULL && *identity != NULL) {
        X509_free((*identity)->certificate);
        EVP_PKEY_free((*identity)->key);
        free(*identity);
        *identity = NULL;
    }
}

/* ---- Text ---------------------------------------------------------------------------------- */

/* What was written into a BIO in memory, which is wiped and freed. */
static char *take_text(BIO *bio, bool good)
{
    char *bytes = NULL;
    long len = bio != NULL ? BIO_get_mem_data(bio, &bytes) : 0;
    char *text = good && len > 0 ? malloc((size_t)len + 1) : NULL;

    if (text != NULL) {
        memcpy(text, bytes, (size_t)len);
        text[len] = '\0';
    }
    (void)BIO_free(bio);
    ERR_clear_error();
    return text;
}

char *tls_identity_certificate(const struct tls_identity *identity)
{
    BIO *bio = BIO_new(BIO_s_mem());

    return take_text(bio, bio != NULL && PEM_write_bio_X509(bio, identity->certificate) == 1);
}

char *tls_identity_key(const struct tls_identity *identity)
{
    BIO *bio = BIO_new(BIO_s_secmem());

    return take_text(bio, bio != NULL && PEM_write_bio_PrivateKey(bio, identity->key, NULL, NULL, 0,
                                                                  NULL, NULL) == 1);
}

void tls_secret_free(char *text)
{
    if (text != NULL) {
        OPENSSL_cleanse(text, strlen(text));
        free(text);
    }
}

/* ---- Revocation ---------------------------------------------------------------------------- */

static bool revoke(X509_CRL *list, const struct tls_identity *who, ASN1_TIME *when)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    bool good =
        entry != NULL &&
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(who->certificate)) == 1 &&
        X509_REVOKED_set_revocationDate(entry, when) == 1 &&
        X509_CRL_add0_revoked(list, entry) == 1;

    if (!good) {
        X509_REVOKED_free(entry);
    }
    return good;
}

char *tls_identity_revoke(const struct tls_identity *ca, const struct tls_identity *const *revoked,
                          size_t count, int64_t begins, int64_t ends)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)begins);
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)ends);
    bool good = list != NULL && from != NULL && until != NULL &&
                X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
                X509_CRL_set_issuer_name(list, X509_get_subject_name(ca->certificate)) == 1 &&
                X509_CRL_set1_lastUpdate(list, from) == 1 &&
                X509_CRL_set1_nextUpdate(list, until) == 1;

    for (size_t i = 0; good && i < count; i++) {
        good = revoke(list, revoked[i], from);
    }
    good = good && X509_CRL_sort(list) == 1 && X509_CRL_sign(list, ca->key, EVP_sha256()) != 0;
    BIO *bio = good ? BIO_new(BIO_s_mem()) : NULL;
    char *text = take_text(bio, bio != NULL && PEM_write_bio_X509_CRL(bio, list) == 1);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    X509_CRL_free(list);
    return text;
}
