/* SPDX-License-Identifier: Apache-2.0
 *
 * Message structures (rule 32) and versions. A message names its structure in MSH-9.3. One that does
 * not is looked up by code and event; most events share the structure of another event of their code
 * and only those are listed, the others are named by themselves.
 *
 * The map is HL7 table 0354 from version 2.4 on. Where versions of the standard differ, the row says
 * what most of them say; a sender that means another structure names it in MSH-9.3. Events defined by
 * a site (Znn) have no rows. All text is written as the message has it. Nothing here can fail but for
 * a full buffer. */
#include "structure.h"

#include <string.h>

const struct structure_row structure_rows[] = {
    {"ADT_A04", "ADT_A01"}, {"ADT_A07", "ADT_A06"}, {"ADT_A08", "ADT_A01"}, {"ADT_A10", "ADT_A09"},
    {"ADT_A11", "ADT_A09"}, {"ADT_A13", "ADT_A01"}, {"ADT_A14", "ADT_A05"}, {"ADT_A22", "ADT_A21"},
    {"ADT_A23", "ADT_A21"}, {"ADT_A25", "ADT_A21"}, {"ADT_A26", "ADT_A21"}, {"ADT_A27", "ADT_A21"},
    {"ADT_A28", "ADT_A05"}, {"ADT_A29", "ADT_A21"}, {"ADT_A31", "ADT_A05"}, {"ADT_A32", "ADT_A21"},
    {"ADT_A33", "ADT_A21"}, {"ADT_A34", "ADT_A30"}, {"ADT_A35", "ADT_A30"}, {"ADT_A36", "ADT_A30"},
    {"ADT_A40", "ADT_A39"}, {"ADT_A41", "ADT_A39"}, {"ADT_A42", "ADT_A39"}, {"ADT_A44", "ADT_A43"},
    {"ADT_A46", "ADT_A30"}, {"ADT_A47", "ADT_A30"}, {"ADT_A48", "ADT_A30"}, {"ADT_A49", "ADT_A30"},
    {"ADT_A51", "ADT_A50"}, {"ADT_A53", "ADT_A52"}, {"ADT_A55", "ADT_A54"}, {"ADT_A62", "ADT_A61"},
    {"CCR_I17", "CCR_I16"}, {"CCR_I18", "CCR_I16"}, {"CRM_C02", "CRM_C01"}, {"CRM_C03", "CRM_C01"},
    {"CRM_C04", "CRM_C01"}, {"CRM_C05", "CRM_C01"}, {"CRM_C06", "CRM_C01"}, {"CRM_C07", "CRM_C01"},
    {"CRM_C08", "CRM_C01"}, {"CSU_C10", "CSU_C09"}, {"CSU_C11", "CSU_C09"}, {"CSU_C12", "CSU_C09"},
    {"LSR_U13", "LSU_U12"}, {"MDM_T03", "MDM_T01"}, {"MDM_T04", "MDM_T02"}, {"MDM_T05", "MDM_T01"},
    {"MDM_T06", "MDM_T02"}, {"MDM_T07", "MDM_T01"}, {"MDM_T08", "MDM_T02"}, {"MDM_T09", "MDM_T01"},
    {"MDM_T10", "MDM_T02"}, {"MDM_T11", "MDM_T01"}, {"MFK_M02", "MFK_M01"}, {"MFK_M03", "MFK_M01"},
    {"MFK_M04", "MFK_M01"}, {"MFK_M05", "MFK_M01"}, {"MFK_M06", "MFK_M01"}, {"MFK_M07", "MFK_M01"},
    {"MFK_M08", "MFK_M01"}, {"MFK_M09", "MFK_M01"}, {"MFK_M10", "MFK_M01"}, {"MFK_M11", "MFK_M01"},
    {"MFK_M12", "MFK_M01"}, {"MFK_M13", "MFK_M01"}, {"MFK_M15", "MFK_M01"}, {"MFK_M16", "MFK_M01"},
    {"MFK_M17", "MFK_M01"}, {"MFK_M18", "MFK_M01"}, {"MFQ_M02", "MFQ_M01"}, {"MFQ_M03", "MFQ_M01"},
    {"MFQ_M04", "MFQ_M01"}, {"MFQ_M05", "MFQ_M01"}, {"MFQ_M06", "MFQ_M01"}, {"MFR_M02", "MFR_M01"},
    {"MFR_M03", "MFR_M01"}, {"ORU_R31", "ORU_R30"}, {"ORU_R32", "ORU_R30"}, {"PEX_P08", "PEX_P07"},
    {"PGL_PC7", "PGL_PC6"}, {"PGL_PC8", "PGL_PC6"}, {"PIN_I07", "RQI_I01"}, {"PMU_B02", "PMU_B01"},
    {"PMU_B05", "PMU_B04"}, {"PMU_B06", "PMU_B04"}, {"PPG_PCH", "PPG_PCG"}, {"PPG_PCJ", "PPG_PCG"},
    {"PPP_PCC", "PPP_PCB"}, {"PPP_PCD", "PPP_PCB"}, {"PPR_PC2", "PPR_PC1"}, {"PPR_PC3", "PPR_PC1"},
    {"QBP_Q22", "QBP_Q21"}, {"QBP_Q23", "QBP_Q21"}, {"QBP_Q24", "QBP_Q21"}, {"QBP_Q25", "QBP_Q21"},
    {"QBP_Q31", "QBP_Q11"}, {"QBP_Q32", "QBP_Q21"}, {"QRY_PC9", "QRY_PC4"}, {"QRY_PCE", "QRY_PC4"},
    {"QRY_PCK", "QRY_PC4"}, {"QRY_Q26", "QRY_Q01"}, {"QRY_Q27", "QRY_Q01"}, {"QRY_Q28", "QRY_Q01"},
    {"QRY_Q29", "QRY_Q01"}, {"QRY_Q30", "QRY_Q01"}, {"QSX_J02", "QCN_J01"}, {"RDE_O25", "RDE_O11"},
    {"REF_I13", "REF_I12"}, {"REF_I14", "REF_I12"}, {"REF_I15", "REF_I12"}, {"RPA_I09", "RPA_I08"},
    {"RPA_I10", "RPA_I08"}, {"RPA_I11", "RPA_I08"}, {"RQA_I09", "RQA_I08"}, {"RQA_I10", "RQA_I08"},
    {"RQA_I11", "RQA_I08"}, {"RQC_I06", "RQC_I05"}, {"RQI_I02", "RQI_I01"}, {"RQI_I03", "RQI_I01"},
    {"RRE_O26", "RRE_O12"}, {"RRI_I13", "RRI_I12"}, {"RRI_I14", "RRI_I12"}, {"RRI_I15", "RRI_I12"},
    {"RSP_K24", "RSP_K23"}, {"SCN_S37", "SDR_S32"}, {"SDN_S36", "SDR_S31"}, {"SIU_S13", "SIU_S12"},
    {"SIU_S14", "SIU_S12"}, {"SIU_S15", "SIU_S12"}, {"SIU_S16", "SIU_S12"}, {"SIU_S17", "SIU_S12"},
    {"SIU_S18", "SIU_S12"}, {"SIU_S19", "SIU_S12"}, {"SIU_S20", "SIU_S12"}, {"SIU_S21", "SIU_S12"},
    {"SIU_S22", "SIU_S12"}, {"SIU_S23", "SIU_S12"}, {"SIU_S24", "SIU_S12"}, {"SIU_S26", "SIU_S12"},
    {"SIU_S27", "SIU_S12"}, {"SLN_S34", "SLR_S28"}, {"SLN_S35", "SLR_S28"}, {"SLR_S29", "SLR_S28"},
    {"SMD_S32", "SDR_S32"}, {"SRM_S02", "SRM_S01"}, {"SRM_S03", "SRM_S01"}, {"SRM_S04", "SRM_S01"},
    {"SRM_S05", "SRM_S01"}, {"SRM_S06", "SRM_S01"}, {"SRM_S07", "SRM_S01"}, {"SRM_S08", "SRM_S01"},
    {"SRM_S09", "SRM_S01"}, {"SRM_S10", "SRM_S01"}, {"SRM_S11", "SRM_S01"}, {"SRR_S02", "SRR_S01"},
    {"SRR_S03", "SRR_S01"}, {"SRR_S04", "SRR_S01"}, {"SRR_S05", "SRR_S01"}, {"SRR_S06", "SRR_S01"},
    {"SRR_S07", "SRR_S01"}, {"SRR_S08", "SRR_S01"}, {"SRR_S09", "SRR_S01"}, {"SRR_S10", "SRR_S01"},
    {"SRR_S11", "SRR_S01"}, {"STI_S30", "SLR_S28"}, {"TCR_U11", "TCU_U10"},
};
const size_t structure_row_count = sizeof structure_rows / sizeof *structure_rows;

/* The structure of a key of STRUCTURE_KEY bytes, or NULL: the one of its own name. */
static const char *find_row(const char *key)
{
    size_t low = 0;
    size_t high = structure_row_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(key, structure_rows[middle].event, STRUCTURE_KEY);
        if (order == 0) {
            return structure_rows[middle].structure;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* A component of the header's first repetition, or its only sub-component; absent when empty or
 * null. */
static hl7_slice header_value(const struct hl7_message *message, uint32_t field, uint32_t component)
{
    struct hl7_path path = {.segment = "MSH",
                            .field = field,
                            .repetition = 1,
                            .component = component,
                            .subcomponent = 1};
    hl7_slice value = hl7_message_get(message, &path);

    return hl7_state(value) == HL7_PRESENT ? value : (hl7_slice){NULL, 0};
}

void hl7_structure(const struct hl7_message *message, struct hl7_buffer *buffer)
{
    hl7_slice code = header_value(message, 9, 1);
    hl7_slice event = header_value(message, 9, 2);
    hl7_slice structure = header_value(message, 9, 3);
    char key[STRUCTURE_KEY + 1];
    struct hl7_buffer key_buffer;

    if (structure.len > 0) {
        hl7_buffer_add(buffer, structure);
        return;
    }
    if (code.len == 0 || event.len == 0 || hl7_slice_equal(code, HL7_TEXT("ACK"))) {
        hl7_buffer_add(buffer, code);
        return;
    }
    hl7_buffer_init(&key_buffer, key, sizeof key);
    hl7_buffer_add(&key_buffer, code);
    hl7_buffer_add_byte(&key_buffer, '_');
    hl7_buffer_add(&key_buffer, event);
    const char *row = key_buffer.len == STRUCTURE_KEY ? find_row(key) : NULL;
    if (row != NULL) {
        hl7_buffer_add(buffer, hl7_slice_of(row));
        return;
    }
    hl7_buffer_add(buffer, code);
    hl7_buffer_add_byte(buffer, '_');
    hl7_buffer_add(buffer, event);
}

/* ---- Versions ------------------------------------------------------------------------------ */

/* Takes a number off the front of *rest; false when it does not begin with one. */
static bool take_number(hl7_slice *rest, int *ret_number)
{
    int number = 0;
    size_t digits = 0;

    while (digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9') {
        int digit = rest->ptr[digits] - '0';
        number = number > 9999 ? number : number * 10 + digit;
        digits++;
    }
    if (digits == 0) {
        return false;
    }
    *rest = hl7_slice_part(*rest, digits, rest->len);
    *ret_number = number;
    return true;
}

static bool take_point(hl7_slice *rest)
{
    if (rest->len == 0 || rest->ptr[0] != '.') {
        return false;
    }
    *rest = hl7_slice_part(*rest, 1, rest->len);
    return true;
}

/* Reads major.minor[.number]..., numbers of any length. */
static bool read_version(hl7_slice text, int *ret_major, int *ret_minor)
{
    int major;
    int minor;
    int further;

    if (!take_number(&text, &major) || !take_point(&text) || !take_number(&text, &minor)) {
        return false;
    }
    while (text.len > 0) {
        if (!take_point(&text) || !take_number(&text, &further)) {
            return false;
        }
    }
    *ret_major = major;
    *ret_minor = minor;
    return true;
}

bool hl7_version_at_least(const struct hl7_message *message, int major, int minor)
{
    int its_major;
    int its_minor;

    if (!read_version(header_value(message, 12, 1), &its_major, &its_minor)) {
        return false;
    }
    return its_major > major || (its_major == major && its_minor >= minor);
}
