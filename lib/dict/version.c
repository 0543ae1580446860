/* SPDX-License-Identifier: Apache-2.0
 *
 * The versions of HL7 and what a text in MSH-12.1 stands for. */
#include "hl7.h"

#include <string.h>

/* Numbers of a version: 2.3.1 is {2, 3, 1}, 2.3 is {2, 3, 0}. */
enum { PARTS = 3 };

struct version_row {
    const char name[6];
    uint16_t parts[PARTS];
};

static const struct version_row rows[HL7_VERSION_COUNT] = {
    [HL7_V2_1] = {"2.1", {2, 1, 0}},     [HL7_V2_2] = {"2.2", {2, 2, 0}},
    [HL7_V2_3] = {"2.3", {2, 3, 0}},     [HL7_V2_3_1] = {"2.3.1", {2, 3, 1}},
    [HL7_V2_4] = {"2.4", {2, 4, 0}},     [HL7_V2_5] = {"2.5", {2, 5, 0}},
    [HL7_V2_5_1] = {"2.5.1", {2, 5, 1}}, [HL7_V2_6] = {"2.6", {2, 6, 0}},
    [HL7_V2_7] = {"2.7", {2, 7, 0}},     [HL7_V2_7_1] = {"2.7.1", {2, 7, 1}},
    [HL7_V2_8] = {"2.8", {2, 8, 0}},     [HL7_V2_8_1] = {"2.8.1", {2, 8, 1}},
    [HL7_V2_8_2] = {"2.8.2", {2, 8, 2}}, [HL7_ANY_VERSION] = {"any", {0, 0, 0}},
};

const char *hl7_version_name(enum hl7_version version)
{
    return rows[version].name;
}

bool hl7_version_parse(hl7_slice name, enum hl7_version *ret_version)
{
    for (int i = 0; i < HL7_VERSION_COUNT; i++) {
        if (hl7_slice_equal(name, hl7_slice_of(rows[i].name))) {
            *ret_version = (enum hl7_version)i;
            return true;
        }
    }
    return false;
}

static hl7_slice without_blanks(hl7_slice text)
{
    while (text.len > 0 && text.ptr[0] == ' ') {
        text = hl7_slice_part(text, 1, text.len);
    }
    while (text.len > 0 && text.ptr[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

/* A part of a version, digits only; one that is too large for any version stays so. */
static bool read_part(hl7_slice text, uint16_t *ret_part)
{
    uint16_t part = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        part = (uint16_t)(part > 999 ? part : part * 10 + (text.ptr[i] - '0'));
    }
    *ret_part = part;
    return text.len > 0;
}

/* Two or three numbers; what follows the third is not looked at, but it has to be numbers too. */
static bool read_parts(hl7_slice text, uint16_t parts[PARTS])
{
    hl7_slice rest = text;
    hl7_slice piece;
    size_t count = 0;

    while (hl7_piece_next(&rest, '.', &piece)) {
        uint16_t part;
        if (!read_part(piece, &part)) {
            return false;
        }
        if (count < PARTS) {
            parts[count] = part;
        }
        count++;
    }
    return count >= 2;
}

static int compare(const uint16_t a[PARTS], const uint16_t b[PARTS])
{
    for (size_t i = 0; i < PARTS; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

enum hl7_version hl7_version_nearest(hl7_slice text)
{
    uint16_t parts[PARTS] = {0};
    int version = HL7_V2_8_2;

    if (!read_parts(without_blanks(text), parts)) {
        return HL7_ANY_VERSION;
    }
    while (version > HL7_V2_1 && compare(parts, rows[version].parts) < 0) {
        version--;
    }
    return (enum hl7_version)version;
}

enum hl7_version hl7_message_version(const struct hl7_message *message)
{
    const struct hl7_path path = {
        .segment = "MSH", .field = 12, .repetition = 1, .component = 1, .subcomponent = 1};

    return hl7_version_nearest(hl7_message_get(message, &path));
}
