/* SPDX-License-Identifier: Apache-2.0
 *
 * hl7/digest.h - SHA-256 (FIPS 180-4) of a text; part of <hl7.h>, which includes it. It is what
 * sha256(text) of the conversion language gives, and what hl7_template_hash() is made of.
 *
 *     char hex[HL7_SHA256_HEX];
 *
 *     hl7_sha256_hex(HL7_TEXT("abc"), hex);
 *     puts(hex);    ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
 *
 * Nothing here can fail. The time depends on nothing but the length of the text.
 */
#ifndef HL7_DIGEST_H
#define HL7_DIGEST_H

#ifndef HL7_H
#error "include <hl7.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HL7_SHA256_BYTES = 32,
    HL7_SHA256_HEX = 65 /* in small hex digits, with the NUL */
};

HL7_API void hl7_sha256(hl7_slice text, unsigned char ret_digest[HL7_SHA256_BYTES]);

HL7_API void hl7_sha256_hex(hl7_slice text, char ret_hex[HL7_SHA256_HEX]);

#ifdef __cplusplus
}
#endif

#endif
