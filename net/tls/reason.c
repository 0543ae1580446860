/* SPDX-License-Identifier: Apache-2.0
 *
 * What OpenSSL finds wrong, as a trouble and a sentence. An alert is what the peer says; it comes as a
 * reason of its own. */
#include "parts.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- Alerts -------------------------------------------------------------------------------- */

static const struct {
    int alert;
    enum stream_trouble trouble;
    const char *text;
} alerts[] = {
    {SSL_AD_BAD_RECORD_MAC, STREAM_DAMAGED, "the peer says that bytes were changed on their way"},
    {SSL_AD_DECRYPT_ERROR, STREAM_DAMAGED, "the peer could not verify what it got"},
    {SSL_AD_RECORD_OVERFLOW, STREAM_DAMAGED, "the peer says that bytes were changed on their way"},
    {SSL_AD_HANDSHAKE_FAILURE, STREAM_NOTHING_SHARED,
     "the peer shares no cipher, group or signature with us, or wants a certificate"},
    {SSL_AD_INSUFFICIENT_SECURITY, STREAM_NOTHING_SHARED, "the peer wants stronger ciphers"},
    {SSL_AD_PROTOCOL_VERSION, STREAM_VERSION,
     "the peer speaks no version of TLS that is allowed here"},
    {SSL_AD_CERTIFICATE_REQUIRED, STREAM_REFUSED,
     "the peer wants a certificate, and we have shown none"},
    {SSL_AD_NO_CERTIFICATE, STREAM_REFUSED, "the peer wants a certificate, and we have shown none"},
    {SSL_AD_BAD_CERTIFICATE, STREAM_REFUSED, "the peer refuses our certificate"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, STREAM_REFUSED,
     "the peer refuses our certificate: it is not of a kind that it takes, or for this purpose"},
    {SSL_AD_CERTIFICATE_REVOKED, STREAM_REFUSED,
     "the peer refuses our certificate: it has been revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, STREAM_REFUSED,
     "the peer refuses our certificate: it has expired, or is not valid yet"},
    {SSL_AD_CERTIFICATE_UNKNOWN, STREAM_REFUSED, "the peer refuses our certificate"},
    {SSL_AD_UNKNOWN_CA, STREAM_REFUSED,
     "the peer refuses our certificate: it does not know its CA"},
    {SSL_AD_ACCESS_DENIED, STREAM_REFUSED, "the peer knows our certificate, and lets us not in"},
    {SSL_AD_UNRECOGNIZED_NAME, STREAM_REFUSED, "the peer does not go by the name we asked for"},
    {SSL_AD_NO_APPLICATION_PROTOCOL, STREAM_REFUSED, "the peer wants another application protocol"},
};

static void note_alert(struct tls_stream *tls, int alert)
{
    tls->alerted = true;
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
        if (alerts[i].alert == alert) {
            tls_trouble(tls, alerts[i].trouble, "%s", alerts[i].text);
            return;
        }
    }
    tls_trouble(tls, STREAM_REFUSED, "the peer broke off: %s", SSL_alert_desc_string_long(alert));
}

/* ---- Reasons ------------------------------------------------------------------------------- */

static const struct {
    int reason;
    enum stream_trouble trouble;
    const char *text;
} reasons[] = {
    {SSL_R_UNSUPPORTED_PROTOCOL, STREAM_VERSION,
     "the peer speaks no version of TLS that is allowed here"},
    {SSL_R_VERSION_TOO_LOW, STREAM_VERSION, "the peer's version of TLS is older than allowed here"},
    {SSL_R_WRONG_SSL_VERSION, STREAM_VERSION, "the peer's version of TLS is not allowed here"},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, STREAM_VERSION, "no version of TLS is left that is allowed"},
    {SSL_R_NO_SHARED_CIPHER, STREAM_NOTHING_SHARED,
     "the peer offers no cipher that is allowed here"},
    {SSL_R_NO_SHARED_GROUPS, STREAM_NOTHING_SHARED,
     "the peer offers no group that is allowed here"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, STREAM_NOTHING_SHARED,
     "the peer offers no group that is allowed here"},
    {SSL_R_NO_SUITABLE_GROUPS, STREAM_NOTHING_SHARED,
     "the peer offers no group that is allowed here"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, STREAM_NOTHING_SHARED,
     "the peer takes no signature of our key"},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, STREAM_NOTHING_SHARED,
     "the peer offers no signature that is allowed here"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, STREAM_NO_CERTIFICATE, "the peer has no certificate"},
    {SSL_R_EE_KEY_TOO_SMALL, STREAM_CERTIFICATE, "the key of the peer's certificate is too weak"},
    {SSL_R_DH_KEY_TOO_SMALL, STREAM_NOTHING_SHARED, "the peer's key exchange is too weak"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, STREAM_DAMAGED, "bytes were changed on their way"},
    {SSL_R_DECRYPTION_FAILED, STREAM_DAMAGED, "bytes were changed on their way"},
    {SSL_R_BAD_SIGNATURE, STREAM_DAMAGED, "a signature is wrong: bytes were changed on their way"},
    {SSL_R_DIGEST_CHECK_FAILED, STREAM_DAMAGED, "bytes were changed on their way"},
    {SSL_R_WRONG_SIGNATURE_TYPE, STREAM_NOTHING_SHARED, "the peer signs in a way not allowed here"},
};

/* After hands were shaken every fault is in the bytes: somebody changed them, or the peer writes none. */
static void note_reason(struct tls_stream *tls, unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    const char *text = ERR_reason_error_string(error);

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (ERR_GET_LIB(error) == ERR_LIB_SSL && reasons[i].reason == reason) {
            tls_trouble(tls, reasons[i].trouble, "%s", reasons[i].text);
            return;
        }
    }
    tls_trouble(tls, tls->open ? STREAM_DAMAGED : STREAM_OTHER, "%s%s",
                tls->open ? "bytes were changed on their way: " : "",
                text != NULL ? text : "no reason is known");
}

/* ---- All ----------------------------------------------------------------------------------- */

void tls_trouble(struct tls_stream *tls, enum stream_trouble trouble, const char *format, ...)
{
    va_list arguments;

    if (tls->stream.trouble != STREAM_FINE) {
        return;
    }
    tls->stream.trouble = trouble;
    va_start(arguments, format);
    (void)vsnprintf(tls->stream.text, sizeof tls->stream.text, format, arguments);
    va_end(arguments);
}

int tls_note(struct tls_stream *tls)
{
    unsigned long error = ERR_peek_last_error();

    if (tls->stream.trouble != STREAM_FINE) {
        /* It is known already. */
    } else if (tls->mute) {
        tls_trouble(tls, STREAM_PLAINTEXT, "what comes from the peer is not TLS");
    } else if (tls->socket_error != 0 && error == 0) {
        return tls->socket_error;
    } else if (tls->eof && !tls->open) {
        tls_trouble(tls, STREAM_CUT, "the peer ended the connection while hands were shaken%s",
                    tls->stream.heard ? "" : ", without a byte: does it speak TLS?");
    } else if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) > SSL_AD_REASON_OFFSET) {
        note_alert(tls, ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET);
    } else {
        note_reason(tls, error);
    }
    ERR_clear_error();
    return EPROTO;
}
