/* SPDX-License-Identifier: Apache-2.0
 *
 * The structure of a message (rule 32), and what MSH-12 says. */
#include "support.h"

#include <stdio.h>

#include "structure.h"

struct parsed {
    char text[256];
    char memory[4096];
    struct hl7_message message;
};

/* A message with these two fields; the bytes and the index live in *ret_parsed. */
static void parse_header(const char *type, const char *version, struct parsed *ret_parsed)
{
    struct hl7_arena arena;

    (void)snprintf(ret_parsed->text, sizeof ret_parsed->text,
                   "MSH|^~\\&|LAB|NORTH|RIS|SOUTH|2024||%s|1|P|%s\rEVN|A01\rPID|1\r", type,
                   version);
    hl7_arena_init(&arena, ret_parsed->memory, sizeof ret_parsed->memory);
    assert_int_equal(
        hl7_message_parse(hl7_slice_of(ret_parsed->text), &arena, &ret_parsed->message, NULL),
        HL7_OK);
}

struct structure_case {
    const char *type;
    const char *structure;
};

static void check_structures(const struct structure_case *cases, size_t count)
{
    struct parsed parsed = {0};

    for (size_t i = 0; i < count; i++) {
        char memory[64];
        struct hl7_buffer buffer;
        parse_header(cases[i].type, "2.5", &parsed);
        hl7_buffer_init(&buffer, memory, sizeof memory);
        hl7_structure(&parsed.message, &buffer);
        assert_false(buffer.full);
        assert_slice(hl7_buffer_slice(&buffer), cases[i].structure);
    }
}

/* ---- Structure ----------------------------------------------------------------------------- */

/* rule 32 */
static void msh_9_3_wins_when_it_is_there(void **state)
{
    static const struct structure_case cases[] = {
        {"ADT^A04^ADT_A04", "ADT_A04"},
        {"ADT^A01^ADT_A01", "ADT_A01"},
        {"ORU^R01^ORU_Z99", "ORU_Z99"},
        {"^^ADT_A01", "ADT_A01"},
        {"ADT^A04^ADT_A05&x~ORU^R01^ORU_R01", "ADT_A05"},
        {"ACK^A04^ACK", "ACK"},
    };

    (void)state;
    check_structures(cases, sizeof cases / sizeof *cases);
}

/* rule 32 */
static void events_share_the_structures_of_table_0354(void **state)
{
    static const struct structure_case cases[] = {
        {"ADT^A04", "ADT_A01"}, {"ADT^A08", "ADT_A01"},  {"ADT^A13", "ADT_A01"},
        {"ADT^A14", "ADT_A05"}, {"ADT^A28", "ADT_A05"},  {"ADT^A31", "ADT_A05"},
        {"ADT^A07", "ADT_A06"}, {"ADT^A11", "ADT_A09"},  {"ADT^A23", "ADT_A21"},
        {"ADT^A34", "ADT_A30"}, {"ADT^A40", "ADT_A39"},  {"ADT^A51", "ADT_A50"},
        {"ADT^A62", "ADT_A61"}, {"MDM^T11", "MDM_T01"},  {"MDM^T10", "MDM_T02"},
        {"MFK^M02", "MFK_M01"}, {"ORU^R32", "ORU_R30"},  {"PIN^I07", "RQI_I01"},
        {"PPR^PC3", "PPR_PC1"}, {"QBP^Q22", "QBP_Q21"},  {"RDE^O25", "RDE_O11"},
        {"SIU^S26", "SIU_S12"}, {"SRM^S11", "SRM_S01"},  {"SRR^S02", "SRR_S01"},
        {"TCR^U11", "TCU_U10"}, {"ADT^A04^", "ADT_A01"}, {"ADT^A04^\"\"", "ADT_A01"},
    };

    (void)state;
    check_structures(cases, sizeof cases / sizeof *cases);
}

/* rule 32 */
static void other_events_are_structures_of_their_own(void **state)
{
    static const struct structure_case cases[] = {
        {"ADT^A01", "ADT_A01"},   {"ADT^A18", "ADT_A18"}, {"ORM^O01", "ORM_O01"},
        {"ORU^R01", "ORU_R01"},   {"OMG^O19", "OMG_O19"}, {"OML^O33", "OML_O33"},
        {"OMI^O23", "OMI_O23"},   {"ORL^O22", "ORL_O22"}, {"DFT^P03", "DFT_P03"},
        {"BAR^P01", "BAR_P01"},   {"VXU^V04", "VXU_V04"}, {"RSP^K22", "RSP_K22"},
        {"RDS^O13", "RDS_O13"},   {"RGV^O15", "RGV_O15"}, {"RAS^O17", "RAS_O17"},
        {"MFN^M02", "MFN_M02"},   {"ADT^A99", "ADT_A99"}, {"ZZZ^Z01", "ZZZ_Z01"},
        {"adt^a04", "adt_a04"},   {"ADT^A0", "ADT_A0"},   {"ADT^A040", "ADT_A040"},
        {"AD^T_A04", "AD_T_A04"}, {"ADT_^04", "ADT__04"},
    };

    (void)state;
    check_structures(cases, sizeof cases / sizeof *cases);
}

/* rule 32 */
static void a_bare_code_is_its_own_structure(void **state)
{
    static const struct structure_case cases[] = {
        {"ORU", "ORU"},
        {"ADT^", "ADT"},
        {"ADT^\"\"", "ADT"},
        {"ORU_R01", "ORU_R01"},
    };

    (void)state;
    check_structures(cases, sizeof cases / sizeof *cases);
}

/* rule 32 */
static void an_acknowledgement_is_ack_whatever_the_event(void **state)
{
    static const struct structure_case cases[] = {
        {"ACK", "ACK"},
        {"ACK^A04", "ACK"},
        {"ACK^R01^", "ACK"},
    };

    (void)state;
    check_structures(cases, sizeof cases / sizeof *cases);
}

static void without_a_code_there_is_no_structure(void **state)
{
    static const struct structure_case cases[] = {{"", ""}, {"^A01", ""}, {"\"\"^A01", ""}};

    (void)state;
    check_structures(cases, sizeof cases / sizeof *cases);
}

static void the_name_is_written_as_the_message_has_it(void **state)
{
    static const struct structure_case cases[] = {
        {"ADT^A\\S\\04", "ADT_A\\S\\04"},
        {"ADT^A04^X\\T\\Y", "X\\T\\Y"},
    };

    (void)state;
    check_structures(cases, sizeof cases / sizeof *cases);
}

static void a_name_that_does_not_fit_marks_the_buffer_full(void **state)
{
    static const char *const types[] = {"ADT^A04", "ADT^A01", "ORU^R01^ORU_R01"};
    struct parsed parsed = {0};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        for (size_t size = 0; size <= 7; size++) {
            char memory[8];
            struct hl7_buffer buffer;
            parse_header(types[i], "2.5", &parsed);
            hl7_buffer_init(&buffer, memory, size);
            hl7_structure(&parsed.message, &buffer);
            assert_int_equal(buffer.full, size < 7);
        }
    }
}

static void the_map_is_sorted_and_free_of_duplicates(void **state)
{
    (void)state;
    assert_true(structure_row_count > 0);
    for (size_t i = 0; i < structure_row_count; i++) {
        const struct structure_row *row = &structure_rows[i];
        assert_int_equal(strlen(row->event), STRUCTURE_KEY);
        assert_int_equal(row->event[3], '_');
        assert_int_equal(strlen(row->structure), STRUCTURE_KEY);
        assert_string_not_equal(row->event, row->structure);
        if (i > 0) {
            assert_true(strcmp(structure_rows[i - 1].event, row->event) < 0);
        }
    }
}

static void every_row_of_the_map_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < structure_row_count; i++) {
        char type[8];
        (void)snprintf(type, sizeof type, "%.3s^%.3s", structure_rows[i].event,
                       structure_rows[i].event + 4);
        struct structure_case one = {type, structure_rows[i].structure};
        check_structures(&one, 1);
    }
}

/* A row leads to a structure that is not mapped further. */
static void no_row_of_the_map_leads_to_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < structure_row_count; i++) {
        for (size_t k = 0; k < structure_row_count; k++) {
            assert_string_not_equal(structure_rows[i].structure, structure_rows[k].event);
        }
    }
}

/* ---- Version ------------------------------------------------------------------------------- */

static void versions_compare_as_numbers(void **state)
{
    static const struct {
        const char *version;
        int major;
        int minor;
        bool at_least;
    } cases[] = {
        {"2.5", 2, 5, true},
        {"2.5.1", 2, 5, true},
        {"2.4", 2, 5, false},
        {"2.3.1", 2, 4, false},
        {"2.6", 2, 5, true},
        {"2.10", 2, 9, true},
        {"2.10", 2, 11, false},
        {"3.0", 2, 5, true},
        {"1.9", 2, 5, false},
        {"2.5^USA", 2, 5, true},
        {"2.5&x", 2, 5, true},
        {"02.05", 2, 5, true},
        {"2.99999999999999999999", 2, 5, true},
        {"2.5.1.1", 2, 5, true},
    };
    struct parsed parsed = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parse_header("ADT^A01", cases[i].version, &parsed);
        assert_int_equal(hl7_version_at_least(&parsed.message, cases[i].major, cases[i].minor),
                         cases[i].at_least);
    }
}

static void what_is_no_version_is_at_least_nothing(void **state)
{
    static const char *const versions[] = {"",       "\"\"", "D23",  "2",     "2.",
                                           ".5",     "v2.5", "2.5a", "2.5.",  "2..5",
                                           "2.5.1x", "2,5",  "-2.5", "2.5 x", "HL7 2.5"};
    struct parsed parsed = {0};

    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        parse_header("ADT^A01", versions[i], &parsed);
        assert_false(hl7_version_at_least(&parsed.message, 0, 0));
    }
}

/* A batch header is no message. */
static void a_text_without_msh_has_neither(void **state)
{
    char memory[1024];
    char name[16];
    struct hl7_arena arena;
    struct hl7_message message;
    struct hl7_buffer buffer;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(hl7_message_parse(HL7_TEXT("BHS|^~\\&|LAB\rBTS|0\r"), &arena, &message, NULL),
                     HL7_OK);
    hl7_buffer_init(&buffer, name, sizeof name);
    hl7_structure(&message, &buffer);
    assert_int_equal(buffer.len, 0);
    assert_false(hl7_version_at_least(&message, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(msh_9_3_wins_when_it_is_there),
        cmocka_unit_test(events_share_the_structures_of_table_0354),
        cmocka_unit_test(other_events_are_structures_of_their_own),
        cmocka_unit_test(a_bare_code_is_its_own_structure),
        cmocka_unit_test(an_acknowledgement_is_ack_whatever_the_event),
        cmocka_unit_test(without_a_code_there_is_no_structure),
        cmocka_unit_test(the_name_is_written_as_the_message_has_it),
        cmocka_unit_test(a_name_that_does_not_fit_marks_the_buffer_full),
        cmocka_unit_test(the_map_is_sorted_and_free_of_duplicates),
        cmocka_unit_test(every_row_of_the_map_is_found),
        cmocka_unit_test(no_row_of_the_map_leads_to_another),
        cmocka_unit_test(versions_compare_as_numbers),
        cmocka_unit_test(what_is_no_version_is_at_least_nothing),
        cmocka_unit_test(a_text_without_msh_has_neither),
    };

    return cmocka_run_group_tests_name("structure", tests, NULL, NULL);
}
