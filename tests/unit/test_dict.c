/* SPDX-License-Identifier: Apache-2.0
 *
 * The dictionary's look-ups, and every row of its tables: in order, within the tables, and about things
 * that there are. scripts/check-dict compares the rows with what they are made of. */
#include "support.h"

#include <stdio.h>

static hl7_slice text(uint32_t number)
{
    return hl7_dict_text(number);
}

static bool same(uint32_t number, const char *expected)
{
    return hl7_slice_equal(text(number), hl7_slice_of(expected));
}

/* ---- Known rows ---------------------------------------------------------------------------- */

static void a_field_is_as_its_version_says(void **state)
{
    static const struct {
        enum hl7_version version;
        const char *segment;
        size_t number;
        const char *name;
        const char *type;
        char optionality;
        unsigned max;
        unsigned length;
        unsigned table;
    } cases[] = {
        {HL7_V2_1, "PID", 5, "Patient Name", "PN", 'R', 1, 48, 0},
        {HL7_V2_3, "PID", 8, "Sex", "IS", 'O', 1, 1, 1},
        {HL7_V2_3_1, "PID", 3, "Patient Identifier List", "CX", 'R', 0, 20, 0},
        {HL7_V2_5_1, "PID", 8, "Administrative Sex", "IS", 'O', 1, 1, 1},
        {HL7_V2_5_1, "OBX", 2, "Value Type", "ID", 'O', 1, 2, 125},
        {HL7_V2_5_1, "OBX", 5, "Observation Value", "VARIES", 'O', 0, 99999, 0},
        {HL7_V2_7_1, "OBX", 5, "Observation Value", "VARIES", 'C', 0, 0, 0},
        {HL7_V2_7_1, "PID", 2, "Patient ID", "ST", 'B', 1, 0, 0},
        {HL7_V2_8, "PID", 2, "Patient ID", "", 'W', 1, 0, 0},
        {HL7_V2_8_2, "PID", 5, "Patient Name", "XPN", 'R', 0, 0, 200},
        {HL7_V2_8_2, "PRT", 22, "Participation Device Type", "CNE", 'O', 1, 0, 0},
        {HL7_ANY_VERSION, "RX1", 30, NULL, NULL, 0, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hl7_dict_field *field = hl7_dict_field(
            hl7_dict_segment(cases[i].version, hl7_slice_of(cases[i].segment)), cases[i].number);
        assert_non_null(field);
        if (cases[i].name == NULL) {
            continue;
        }
        assert_true(same(field->name, cases[i].name));
        assert_true(hl7_slice_equal(hl7_dict_type_name(field->type), hl7_slice_of(cases[i].type)));
        assert_int_equal(field->optionality, cases[i].optionality);
        assert_int_equal(field->max, cases[i].max);
        assert_int_equal(field->length, cases[i].length);
        assert_int_equal(field->table, cases[i].table);
    }
}

static void what_a_version_does_not_have_is_null(void **state)
{
    (void)state;
    assert_null(hl7_dict_segment(HL7_V2_1, HL7_TEXT("SPM")));
    assert_null(hl7_dict_segment(HL7_V2_5, HL7_TEXT("pid")));
    assert_null(hl7_dict_segment(HL7_V2_5, HL7_TEXT("ZPI")));
    assert_null(hl7_dict_segment(HL7_V2_5, (hl7_slice){NULL, 0}));
    assert_null(hl7_dict_type(HL7_V2_2, HL7_TEXT("XPN")));
    assert_null(hl7_dict_type(HL7_V2_7, HL7_TEXT("TS")));
    assert_null(hl7_dict_structure(HL7_V2_2, HL7_TEXT("OUL_R22")));
    assert_null(hl7_dict_structure_of(HL7_V2_5_1, HL7_TEXT("ADT"), HL7_TEXT("Z99")));
    assert_null(
        hl7_dict_structure_of(HL7_V2_5_1, HL7_TEXT("ADT"), HL7_TEXT("a text too long for a name")));
    assert_null(hl7_dict_table(0));
    assert_null(hl7_dict_table(9999));
    assert_null(hl7_dict_code(hl7_dict_table(1), HL7_TEXT("f")));
}

static void a_field_beyond_the_last_is_null(void **state)
{
    (void)state;
    const struct hl7_dict_segment *pid = hl7_dict_segment(HL7_V2_5_1, HL7_TEXT("PID"));
    const struct hl7_dict_type *xpn = hl7_dict_type(HL7_V2_5_1, HL7_TEXT("XPN"));

    assert_int_equal(pid->field_count, 39);
    assert_non_null(hl7_dict_field(pid, 39));
    assert_null(hl7_dict_field(pid, 40));
    assert_null(hl7_dict_field(pid, 0));
    assert_null(hl7_dict_field(pid, SIZE_MAX));
    assert_int_equal(xpn->component_count, 14);
    assert_null(hl7_dict_component(xpn, 15));
    assert_null(hl7_dict_component(xpn, 0));
}

static void a_component_is_found_by_its_type_and_number(void **state)
{
    (void)state;
    const struct hl7_dict_type *cx = hl7_dict_type(HL7_V2_5_1, HL7_TEXT("CX"));
    const struct hl7_dict_field *authority = hl7_dict_component(cx, 4);

    assert_int_equal(cx->kind, HL7_KIND_COMPOSITE);
    assert_true(same(authority->name, "Assigning Authority"));
    assert_true(hl7_slice_equal(hl7_dict_type_name(authority->type), HL7_TEXT("HD")));
    assert_ptr_equal(hl7_dict_type_of(HL7_V2_5_1, authority->type),
                     hl7_dict_type(HL7_V2_5_1, HL7_TEXT("HD")));
}

static void a_code_is_explained(void **state)
{
    (void)state;
    const struct hl7_dict_table *sex = hl7_dict_table(1);
    const struct hl7_dict_code *female = hl7_dict_code(sex, HL7_TEXT("F"));

    assert_true(same(sex->title, "Administrative Sex"));
    assert_int_equal(sex->kind, HL7_TABLE_USER);
    assert_true(same(female->text, "Female"));
    assert_int_equal(hl7_dict_table(3)->kind, HL7_TABLE_HL7);
}

/* ---- Structures ---------------------------------------------------------------------------- */

/* The tree as one line: groups in parentheses, choices in angle brackets, [optional], {repeating}. */
static void open_node(const struct hl7_dict_node *node, struct hl7_buffer *buffer)
{
    hl7_buffer_add(buffer, node->min == 0 ? HL7_TEXT("[") : HL7_TEXT(""));
    hl7_buffer_add(buffer, node->max == 0 ? HL7_TEXT("{") : HL7_TEXT(""));
    hl7_buffer_add(buffer, node->kind == HL7_NODE_SEGMENT  ? hl7_slice_of(node->segment)
                           : node->kind == HL7_NODE_CHOICE ? HL7_TEXT("<")
                                                           : HL7_TEXT("("));
}

static void close_node(const struct hl7_dict_node *node, struct hl7_buffer *buffer)
{
    hl7_buffer_add(buffer, node->kind == HL7_NODE_SEGMENT  ? HL7_TEXT("")
                           : node->kind == HL7_NODE_CHOICE ? HL7_TEXT(">")
                                                           : HL7_TEXT(")"));
    hl7_buffer_add(buffer, node->max == 0 ? HL7_TEXT("}") : HL7_TEXT(""));
    hl7_buffer_add(buffer, node->min == 0 ? HL7_TEXT("]") : HL7_TEXT(""));
}

static void write_nodes(const struct hl7_dict_structure *structure, struct hl7_buffer *buffer)
{
    size_t open[16]; /* nodes whose end has not come */
    size_t depth = 0;

    for (size_t n = 0; n < structure->node_count; n++) {
        const struct hl7_dict_node *node = hl7_dict_node(structure, n);
        bool first = n == 0 || (depth > 0 && open[depth - 1] + 1 == n);
        hl7_buffer_add(buffer, first ? HL7_TEXT("") : HL7_TEXT(" "));
        open_node(node, buffer);
        assert_true(depth < sizeof open / sizeof *open);
        open[depth++] = n;
        while (depth > 0 &&
               open[depth - 1] + hl7_dict_node(structure, open[depth - 1])->size == n + 1) {
            close_node(hl7_dict_node(structure, open[--depth]), buffer);
        }
    }
}

static void a_structure_is_the_tree_of_its_version(void **state)
{
    static const struct {
        enum hl7_version version;
        const char *name;
        const char *tree;
    } cases[] = {
        {HL7_V2_5_1, "ACK", "MSH [{SFT}] MSA [{ERR}]"},
        {HL7_V2_3_1, "ACK", "MSH MSA [ERR]"},
        {HL7_V2_5_1, "ORU_R01",
         "MSH [{SFT}] {([(PID [PD1] [{NTE}] [{NK1}] [(PV1 [PV2])])] {([ORC] OBR [{NTE}] "
         "[{(TQ1 [{TQ2}])}] [CTD] [{(OBX [{NTE}])}] [{FT1}] [{CTI}] [{(SPM [{OBX}])}])})} [DSC]"},
        {HL7_V2_3_1, "ORM_O01",
         "MSH [{NTE}] [(PID [PD1] [{NTE}] [(PV1 [PV2])] [{(IN1 [IN2] [{IN3}])}] [GT1] [{AL1}])] "
         "{(ORC [(<OBR RQD RQ1 RXO ODS ODT> [{NTE}] [{DG1}] [{(OBX [{NTE}])}])] [{CTI}] [BLG])}"},
        {HL7_V2_5_1, "SIU_S12",
         "MSH SCH [{TQ1}] [{NTE}] [{(PID [PD1] [PV1] [PV2] [{OBX}] [{DG1}])}] {(RGS [{(AIS [{NTE}])}] "
         "[{(AIG [{NTE}])}] [{(AIL [{NTE}])}] [{(AIP [{NTE}])}])}"},
        {HL7_V2_5_1, "QBP_Q21", "MSH [{SFT}] QPD RCP [DSC]"},
    };
    char memory[2048];
    struct hl7_buffer buffer;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hl7_dict_structure *found =
            hl7_dict_structure(cases[i].version, hl7_slice_of(cases[i].name));
        assert_non_null(found);
        hl7_buffer_init(&buffer, memory, sizeof memory - 1);
        write_nodes(found, &buffer);
        memory[buffer.len] = '\0';
        assert_string_equal(memory, cases[i].tree);
    }
}

static void an_event_has_the_structure_of_its_version(void **state)
{
    static const struct {
        enum hl7_version version;
        const char *code;
        const char *event;
        const char *structure;
    } cases[] = {
        {HL7_V2_5_1, "ADT", "A01", "ADT_A01"}, {HL7_V2_5_1, "ADT", "A04", "ADT_A01"},
        {HL7_V2_5_1, "ADT", "A40", "ADT_A39"}, {HL7_V2_7, "ADT", "A40", "ADT_A39"},
        {HL7_V2_5_1, "MDM", "T06", "MDM_T02"}, {HL7_V2_5_1, "SIU", "S26", "SIU_S12"},
        {HL7_V2_5_1, "ORU", "R01", "ORU_R01"}, {HL7_V2_5_1, "ACK", NULL, "ACK"},
        {HL7_V2_8_2, "ADT", "A08", "ADT_A01"}, {HL7_ANY_VERSION, "ADT", "A31", "ADT_A05"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hl7_dict_structure *found = hl7_dict_structure_of(
            cases[i].version, hl7_slice_of(cases[i].code), hl7_slice_of(cases[i].event));
        assert_non_null(found);
        assert_true(same(found->name, cases[i].structure));
    }
}

static void a_message_names_its_structure_or_has_that_of_its_event(void **state)
{
    static const char *const cases[][2] = {
        {"ADT^A04^ADT_A01", "ADT_A01"},
        {"ADT^A04", "ADT_A01"},
        {"ORU^R01^ORU_R01", "ORU_R01"},
        {"ADT^A04^XXX_X99", "ADT_A01"},
        {"ADT^A01^ADT_A05", "ADT_A05"},
        {"XXX^X99", ""},
        {"", ""},
    };
    char source[64];
    char memory[1024];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_arena arena;
        struct hl7_message message;
        int length = snprintf(source, sizeof source, "MSH|^~\\&|||||||%s|1|P|2.5.1\r", cases[i][0]);
        hl7_arena_init(&arena, memory, sizeof memory);
        assert_int_equal(
            hl7_message_parse((hl7_slice){source, (size_t)length}, &arena, &message, NULL), HL7_OK);
        const struct hl7_dict_structure *found = hl7_dict_message_structure(HL7_V2_5_1, &message);
        assert_true(same(found == NULL ? 0 : found->name, cases[i][1]));
    }
}

/* ---- Every row ----------------------------------------------------------------------------- */

static void check_field(enum hl7_version version, const struct hl7_dict_field *field)
{
    assert_non_null(field);
    assert_true(text(field->name).len > 0);
    assert_non_null(strchr("ROCBWX", field->optionality));
    if (field->type == 0) {
        assert_int_equal(field->optionality, HL7_OPT_WITHDRAWN);
    } else {
        assert_non_null(hl7_dict_type_of(version, field->type));
    }
}

static void every_segment_is_in_order_and_its_fields_have_types(void **state)
{
    (void)state;
    for (int i = 0; i < HL7_VERSION_COUNT; i++) {
        enum hl7_version version = (enum hl7_version)i;
        for (size_t n = 0; n < hl7_dict_segment_count(version); n++) {
            const struct hl7_dict_segment *segment = hl7_dict_segment_at(version, n);
            hl7_slice name = hl7_slice_of(segment->name);
            assert_true(n == 0 ||
                        memcmp(hl7_dict_segment_at(version, n - 1)->name, name.ptr, 4) < 0);
            assert_ptr_equal(hl7_dict_segment(version, name), segment);
            assert_true(text(segment->title).len > 0);
            assert_non_null(hl7_dict_known(name));
            for (size_t number = 1; number <= segment->field_count; number++) {
                check_field(version, hl7_dict_field(segment, number));
            }
        }
        assert_null(hl7_dict_segment_at(version, hl7_dict_segment_count(version)));
    }
}

static void every_segment_known_has_fields_in_some_version(void **state)
{
    size_t count = 0;
    const struct hl7_dict_known *all = hl7_dict_known_all(&count);

    (void)state;
    assert_int_equal(count, hl7_dict_segment_count(HL7_ANY_VERSION));
    for (size_t i = 0; i < count; i++) {
        const struct hl7_dict_segment *any =
            hl7_dict_segment(HL7_ANY_VERSION, hl7_slice_of(all[i].name));
        assert_non_null(any);
        assert_int_equal(all[i].max_field, any->open ? 0 : any->field_count);
    }
}

static void every_type_is_in_order_and_its_components_have_types(void **state)
{
    (void)state;
    for (size_t place = 1; place <= hl7_dict_type_count(); place++) {
        const uint16_t number = (uint16_t)place;
        hl7_slice name = hl7_dict_type_name(number);
        bool found = false;
        assert_true(name.len > 0);
        for (int i = 0; i < HL7_VERSION_COUNT; i++) {
            enum hl7_version version = (enum hl7_version)i;
            const struct hl7_dict_type *type = hl7_dict_type_of(version, number);
            assert_ptr_equal(hl7_dict_type(version, name), type);
            found = found || type != NULL;
            assert_true(type == NULL || type->number == number);
            for (size_t n = 1; type != NULL && n <= type->component_count; n++) {
                check_field(version, hl7_dict_component(type, n));
                assert_int_equal(hl7_dict_component(type, n)->max, 1);
            }
        }
        assert_true(found);
    }
}

static void every_type_without_components_has_a_known_form(void **state)
{
    (void)state;
    for (size_t place = 1; place <= hl7_dict_type_count(); place++) {
        const uint16_t number = (uint16_t)place;
        for (int i = 0; i < HL7_VERSION_COUNT; i++) {
            const struct hl7_dict_type *type = hl7_dict_type_of((enum hl7_version)i, number);
            if (type == NULL) {
                continue;
            }
            assert_int_equal(type->kind == HL7_KIND_COMPOSITE, type->component_count > 0);
            /* The CM of 2.1 has components of which that version says nothing. */
            assert_true(type->kind != HL7_KIND_NONE ||
                        hl7_slice_equal(hl7_dict_type_name(number), HL7_TEXT("CM")));
        }
    }
}

static void every_table_is_in_order_and_so_are_its_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < hl7_dict_table_count(); i++) {
        const struct hl7_dict_table *table = hl7_dict_table_at(i);
        assert_true(i == 0 || hl7_dict_table_at(i - 1)->number < table->number);
        assert_ptr_equal(hl7_dict_table(table->number), table);
        assert_true(text(table->title).len > 0);
        for (size_t n = 0; n < table->code_count; n++) {
            const struct hl7_dict_code *code = hl7_dict_code_at(table, n);
            assert_true(text(code->code).len > 0);
            assert_ptr_equal(hl7_dict_code(table, text(code->code)), code);
        }
        assert_null(hl7_dict_code_at(table, table->code_count));
    }
}

/* Nodes end where their group ends, a group is not empty, a choice has two nodes at least. */
static void check_node(const struct hl7_dict_structure *structure, size_t n, size_t end)
{
    const struct hl7_dict_node *node = hl7_dict_node(structure, n);
    bool leaf = node->kind == HL7_NODE_SEGMENT || node->kind == HL7_NODE_ANY;

    assert_true(node->size >= 1 && node->size <= end - n);
    assert_true(node->max == 0 || node->min <= node->max);
    assert_true(leaf ? node->size == 1 : node->size > (node->kind == HL7_NODE_CHOICE ? 2 : 1));
    assert_int_equal(node->kind == HL7_NODE_SEGMENT, node->segment[0] != '\0');
}

static void check_structure(enum hl7_version version, const struct hl7_dict_structure *structure)
{
    size_t ends[16] = {structure->node_count};
    size_t depth = 0;

    assert_true(structure->node_count >= 1);
    assert_string_equal(hl7_dict_node(structure, 0)->segment, "MSH");
    for (size_t n = 0; n < structure->node_count; n++) {
        const struct hl7_dict_node *node = hl7_dict_node(structure, n);
        while (n == ends[depth]) {
            depth--;
        }
        check_node(structure, n, ends[depth]);
        if (node->kind == HL7_NODE_SEGMENT) {
            assert_non_null(hl7_dict_segment(version, hl7_slice_of(node->segment)));
        } else if (node->size > 1) {
            assert_true(depth + 1 < sizeof ends / sizeof *ends);
            ends[++depth] = n + node->size;
        }
    }
    assert_null(hl7_dict_node(structure, structure->node_count));
}

static void every_structure_is_a_tree_of_segments_of_its_version(void **state)
{
    (void)state;
    for (int i = 0; i < HL7_VERSION_COUNT; i++) {
        enum hl7_version version = (enum hl7_version)i;
        for (size_t n = 0; n < hl7_dict_structure_count(version); n++) {
            const struct hl7_dict_structure *structure = hl7_dict_structure_at(version, n);
            assert_ptr_equal(hl7_dict_structure(version, text(structure->name)), structure);
            check_structure(version, structure);
        }
        assert_null(hl7_dict_structure_at(version, hl7_dict_structure_count(version)));
    }
}

/* ---- Nothing ------------------------------------------------------------------------------- */

static void a_dictionary_that_was_left_out_answers_every_look_up_with_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < HL7_VERSION_COUNT; i++) {
        enum hl7_version version = (enum hl7_version)i;
        assert_null(hl7_dict_segment(version, HL7_TEXT("PID")));
        assert_null(hl7_dict_segment_at(version, 0));
        assert_int_equal(hl7_dict_segment_count(version), 0);
        assert_null(hl7_dict_type(version, HL7_TEXT("XPN")));
        assert_null(hl7_dict_type_of(version, 1));
        assert_null(hl7_dict_structure(version, HL7_TEXT("ORU_R01")));
        assert_null(hl7_dict_structure_of(version, HL7_TEXT("ADT"), HL7_TEXT("A04")));
        assert_null(hl7_dict_structure_at(version, 0));
        assert_int_equal(hl7_dict_structure_count(version), 0);
    }
    assert_null(hl7_dict_table(1));
    assert_null(hl7_dict_table_at(0));
    assert_int_equal(hl7_dict_table_count(), 0);
    assert_int_equal(hl7_dict_type_count(), 0);
    assert_int_equal(hl7_dict_type_name(1).len, 0);
}

static void of_nothing_there_is_nothing(void **state)
{
    (void)state;
    assert_null(hl7_dict_field(NULL, 1));
    assert_null(hl7_dict_component(NULL, 1));
    assert_null(hl7_dict_code(NULL, HL7_TEXT("F")));
    assert_null(hl7_dict_code_at(NULL, 0));
    assert_null(hl7_dict_node(NULL, 0));
    assert_null(hl7_dict_type_of(HL7_ANY_VERSION, 0));
    assert_null(hl7_dict_type_of(HL7_ANY_VERSION, UINT16_MAX));
    assert_int_equal(hl7_dict_type_name(0).len, 0);
    assert_int_equal(hl7_dict_text(0).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_is_as_its_version_says),
        cmocka_unit_test(what_a_version_does_not_have_is_null),
        cmocka_unit_test(a_field_beyond_the_last_is_null),
        cmocka_unit_test(a_component_is_found_by_its_type_and_number),
        cmocka_unit_test(a_code_is_explained),
        cmocka_unit_test(a_structure_is_the_tree_of_its_version),
        cmocka_unit_test(an_event_has_the_structure_of_its_version),
        cmocka_unit_test(a_message_names_its_structure_or_has_that_of_its_event),
        cmocka_unit_test(every_segment_is_in_order_and_its_fields_have_types),
        cmocka_unit_test(every_segment_known_has_fields_in_some_version),
        cmocka_unit_test(every_type_is_in_order_and_its_components_have_types),
        cmocka_unit_test(every_type_without_components_has_a_known_form),
        cmocka_unit_test(every_table_is_in_order_and_so_are_its_codes),
        cmocka_unit_test(every_structure_is_a_tree_of_segments_of_its_version),
        cmocka_unit_test(of_nothing_there_is_nothing),
    };
    const struct CMUnitTest left_out[] = {
        cmocka_unit_test(a_dictionary_that_was_left_out_answers_every_look_up_with_nothing),
        cmocka_unit_test(of_nothing_there_is_nothing),
    };

    return hl7_dict_available() ? cmocka_run_group_tests(tests, NULL, NULL)
                                : cmocka_run_group_tests(left_out, NULL, NULL);
}
