/* SPDX-License-Identifier: Apache-2.0
 *
 * case_services.c - see case_services.h.
 */
#include "case_services.h"

#include <string.h>

/* Zeros, and at the end how many times it was asked. */
static void take_random(void *context, void *bytes, size_t len)
{
    struct case_services *services = context;
    uint64_t number = ++services->taken;
    unsigned char *end = (unsigned char *)bytes + len;

    memset(bytes, 0, len);
    for (size_t i = 0; i < len && i < sizeof number; i++) {
        *--end = (unsigned char)(number & 0xff);
        number >>= 8;
    }
}

static uint64_t hash_name(hl7_slice name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < name.len; i++) {
        hash = (hash ^ (unsigned char)name.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t take_number(void *context, hl7_slice name)
{
    struct case_services *services = context;
    uint64_t hash = hash_name(name);
    size_t i = 0;

    while (i < services->sequence_count && services->sequences[i].name != hash) {
        i++;
    }
    if (i == services->sequence_count && i < CASE_SEQUENCES_MAX) {
        services->sequences[services->sequence_count++].name = hash;
    }
    return ++services->sequences[i].last;
}

void case_services_begin(struct case_services *services)
{
    memset(services, 0, sizeof *services);
    services->given = (struct hl7_services){
        .now = {.year = 2026,
                .month = 1,
                .day = 2,
                .hour = 3,
                .minute = 4,
                .second = 5,
                .precision = HL7_SECOND,
                .has_zone = true},
        .random = take_random,
        .random_context = services,
        .sequence = take_number,
        .sequence_context = services,
        .control_id_prefix = HL7_TEXT("CASE"),
    };
}
