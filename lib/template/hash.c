/* SPDX-License-Identifier: Apache-2.0 */
#include "template/program.h"

#include <string.h>

static void write_hex(const unsigned char digest[HL7_SHA256_BYTES], char *text)
{
    for (size_t i = 0; i < HL7_SHA256_BYTES; i++) {
        text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
}

void hl7_template_hash(const struct hl7_template *program, char ret_hex[HL7_TEMPLATE_HASH])
{
    unsigned char digest[HL7_SHA256_BYTES];
    unsigned char links[3 * HL7_SHA256_BYTES];

    hl7_sha256(program->files[0].text, digest);
    for (size_t i = 1; i < program->file_count; i++) {
        memcpy(links, digest, HL7_SHA256_BYTES);
        hl7_sha256(program->files[i].name, links + HL7_SHA256_BYTES);
        hl7_sha256(program->files[i].text, links + 2 * HL7_SHA256_BYTES);
        hl7_sha256((hl7_slice){(const char *)links, sizeof links}, digest);
    }
    write_hex(digest, ret_hex);
    ret_hex[HL7_TEMPLATE_HASH - 1] = '\0';
}
