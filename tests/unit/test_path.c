/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths, rules 8, 15 and 16: reading, writing, and the value each one leads to. Random paths over
 * random messages, against a naive reader, are in test_rules.c. */
#include "sample.h"

static char index_memory[65536];

static struct hl7_message parse(const char *text)
{
    struct hl7_message message;
    struct hl7_arena arena;
    struct hl7_error error;

    hl7_arena_init(&arena, index_memory, sizeof index_memory);
    if (hl7_message_parse(hl7_slice_of(text), &arena, &message, &error) != HL7_OK) {
        fail_msg("byte %zu: %s", error.position, error.text);
    }
    return message;
}

static bool same_path(const struct hl7_path *a, const struct hl7_path *b)
{
    return strcmp(a->segment, b->segment) == 0 && a->occurrence == b->occurrence &&
           a->field == b->field && a->repetition == b->repetition && a->component == b->component &&
           a->subcomponent == b->subcomponent;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    struct hl7_path path;
} readable[] = {
    {"PID", {"PID", 0, 0, 0, 0, 0}},
    {"PID-5", {"PID", 0, 5, 0, 0, 0}},
    {"PID-5.1", {"PID", 0, 5, 0, 1, 0}},
    {"PID-5.1.2", {"PID", 0, 5, 0, 1, 2}},
    {"PID-3[2]", {"PID", 0, 3, 2, 0, 0}},
    {"PID-3[2].1", {"PID", 0, 3, 2, 1, 0}},
    {"PID-3[2].1.2", {"PID", 0, 3, 2, 1, 2}},
    {"PID-3[last].4", {"PID", 0, 3, HL7_LAST, 4, 0}},
    {"OBX[3]-5", {"OBX", 3, 5, 0, 0, 0}},
    {"OBX[last]-5", {"OBX", HL7_LAST, 5, 0, 0, 0}},
    {"OBX[last]", {"OBX", HL7_LAST, 0, 0, 0, 0}},
    {"OBX[12]-34[56].78.90", {"OBX", 12, 34, 56, 78, 90}},
    {"MSH-1", {"MSH", 0, 1, 0, 0, 0}},
    {"ZP1-2", {"ZP1", 0, 2, 0, 0, 0}},
    {"AL1", {"AL1", 0, 0, 0, 0, 0}},
    {"Z09", {"Z09", 0, 0, 0, 0, 0}},
    {"Z99", {"Z99", 0, 0, 0, 0, 0}},
    {"PID-4294967294", {"PID", 0, 4294967294U, 0, 0, 0}},
    {"PID[4294967294]-1", {"PID", 4294967294U, 1, 0, 0, 0}},
    {"PID-05.01", {"PID", 0, 5, 0, 1, 0}},
};

static void a_path_is_read_into_its_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
        size_t len = strlen(readable[i].text);
        char *edge = edge_copy(readable[i].text, len);
        struct hl7_path path;
        assert_int_equal(hl7_path_parse((hl7_slice){edge, len}, &path, NULL), HL7_OK);
        assert_true(same_path(&path, &readable[i].path));
        edge_free(edge, len);
    }
}

static void what_is_no_path_is_refused_at_the_byte_at_fault(void **state)
{
    static const struct {
        const char *text;
        size_t position;
    } cases[] = {
        {"", 0},
        {"P", 1},
        {"PI", 2},
        {"pid-5", 0},
        {"Pid-5", 1},
        {"1ID-5", 0},
        {" PID-5", 0},
        {"P-5", 1},
        {"P\xc3\x84-5", 1},
        {"@ID-5", 0},
        {"[ID-5", 0},
        {"P/D-5", 1},
        {"P:D-5", 1},
        {"PIDX-5", 3},
        {"PID5", 3},
        {"PID.5", 3},
        {"PID 5", 3},
        {"PID-", 4},
        {"PID-x", 4},
        {"PID--5", 4},
        {"PID-0", 4},
        {"PID-00", 4},
        {"PID-last", 4},
        {"PID-5.", 6},
        {"PID-5.0", 6},
        {"PID-5.x", 6},
        {"PID-5..1", 6},
        {"PID-5.1.", 8},
        {"PID-5.1.0", 8},
        {"PID-5.1.2.3", 9},
        {"PID-5.1.2-3", 9},
        {"PID-5-1", 5},
        {"PID-5 ", 5},
        {"PID-5.1[2]", 7},
        {"PID-3[", 6},
        {"PID-3[]", 6},
        {"PID-3[0]", 6},
        {"PID-3[-1]", 6},
        {"PID-3[x]", 6},
        {"PID-3[las]", 6},
        {"PID-3[LAST]", 6},
        {"PID-3[2", 5},
        {"PID-3[2.1", 5},
        {"PID-3[last", 5},
        {"PID-3[lastly]", 5},
        {"PID-3[2][3]", 8},
        {"OBX[", 4},
        {"OBX[]-5", 4},
        {"OBX[0]-5", 4},
        {"OBX[2-5", 3},
        {"OBX[1].5", 6},
        {"PID-4294967295", 4},
        {"PID-99999999999999999999", 4},
        {"PID[4294967295]", 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].text);
        char *edge = edge_copy(cases[i].text, len);
        struct hl7_path path = {"ABC", 1, 2, 3, 4, 5};
        struct hl7_path untouched = path;
        struct hl7_error error = {.position = 99};
        if (hl7_path_parse((hl7_slice){edge, len}, &path, &error) != HL7_BAD_PATH ||
            error.code != HL7_BAD_PATH || error.position != cases[i].position) {
            fail_msg("%s: %zu: %s", cases[i].text, error.position, error.text);
        }
        assert_true(same_path(&path, &untouched));
        edge_free(edge, len);
    }
}

static void an_absent_text_is_no_path(void **state)
{
    struct hl7_path path;
    size_t used;

    (void)state;
    assert_int_equal(hl7_path_parse((hl7_slice){NULL, 0}, &path, NULL), HL7_BAD_PATH);
    assert_int_equal(hl7_path_read((hl7_slice){NULL, 0}, &path, &used, NULL), HL7_BAD_PATH);
}

static void the_longest_path_at_the_front_is_read(void **state)
{
    static const struct {
        const char *text;
        size_t used;
    } cases[] = {
        {"PID-5.1}", 7},       {"PID-5.1.2.3", 9},  {"PID}", 3},          {"PID-5", 5},
        {"OBX[2]-5 = 'x'", 8}, {"PID-3[2].1]", 10}, {"MSH-9.1='ACK'", 7}, {"PID-5-6", 5},
        {"PIDPV1", 3},         {"ORC..", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_path path;
        size_t used = 99;
        assert_int_equal(hl7_path_read(hl7_slice_of(cases[i].text), &path, &used, NULL), HL7_OK);
        assert_int_equal(used, cases[i].used);
    }
}

/* A mark that begins a step is the path's, whatever follows it: "PID-" is a path left unfinished,
 * and neither "PID" nor anything else. Without this a slip of the pen would be read as text. */
static void a_step_that_is_begun_must_be_finished(void **state)
{
    static const char *const cases[] = {"PID-}", "PID-x", "PID-5.}", "PID[}", "PID-5[x"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_path path = {.field = 77};
        size_t used = 99;
        assert_int_equal(hl7_path_read(hl7_slice_of(cases[i]), &path, &used, NULL), HL7_BAD_PATH);
        assert_int_equal(used, 99);
        assert_int_equal(path.field, 77);
    }
}

static void a_path_is_written_as_it_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
        char text[64];
        struct hl7_buffer buffer;
        struct hl7_path path;
        hl7_buffer_init(&buffer, text, sizeof text);
        hl7_path_write(&readable[i].path, &buffer);
        assert_int_equal(hl7_path_parse(hl7_buffer_slice(&buffer), &path, NULL), HL7_OK);
        assert_true(same_path(&path, &readable[i].path));
        /* Leading zeros are the one thing that is not kept. */
        if (strchr(readable[i].text, '0') == NULL || strlen(readable[i].text) > 9) {
            assert_slice(hl7_buffer_slice(&buffer), readable[i].text);
        }
    }
}

static void random_paths_survive_writing_and_reading(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 6);
    for (int round = 0; round < 2000; round++) {
        struct hl7_path path = sample_path(&random);
        struct hl7_path again;
        char text[64];
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, text, sizeof text);
        hl7_path_write(&path, &buffer);
        assert_int_equal(hl7_path_parse(hl7_buffer_slice(&buffer), &again, NULL), HL7_OK);
        assert_true(same_path(&path, &again));
    }
}

/* ---- Getting ------------------------------------------------------------------------------- */

static const char sample[] = "MSH|^~\\&|LAB^1.2&x|HOSP\r"
                             "PID|1||77~88^^^X&Y~|~|DOE^JANE^TEST|\"\"|\r"
                             "OBX|1|NM|A^b\r"
                             "OBX|2|ST|C\r"
                             "ZPI|own&data\r";

struct value_case {
    const char *path;
    const char *value; /* NULL: absent */
};

static void check_values(const char *text, const struct value_case *cases, size_t count)
{
    struct hl7_message message = parse(text);

    for (size_t i = 0; i < count; i++) {
        hl7_slice value = hl7_message_at(&message, cases[i].path);
        if (value.ptr == NULL || cases[i].value == NULL) {
            if (value.ptr != NULL || cases[i].value != NULL) {
                fail_msg("%s is%s absent", cases[i].path, value.ptr == NULL ? "" : " not");
            }
            continue;
        }
        assert_slice(value, cases[i].value);
    }
}

/* rules 15 and 16 */
static void each_path_leads_to_its_value(void **state)
{
    static const struct value_case cases[] = {
        {"PID", "PID|1||77~88^^^X&Y~|~|DOE^JANE^TEST|\"\"|"},
        {"PID-1", "1"},
        {"PID-2", ""},
        /* A path shallower than the value gives all of it. */
        {"PID-3", "77~88^^^X&Y~"},
        {"PID-3[1]", "77"},
        {"PID-3[2]", "88^^^X&Y"},
        {"PID-3[2].1", "88"},
        {"PID-3[2].2", ""},
        {"PID-3[2].4", "X&Y"},
        {"PID-3[2].4.1", "X"},
        {"PID-3[2].4.2", "Y"},
        {"PID-3[2].4.3", NULL},
        {"PID-3[2].5", NULL},
        /* Without a repetition it is the first. */
        {"PID-3.1", "77"},
        {"PID-3.4", NULL},
        /* Blank repetitions count; out of range is absent. */
        {"PID-3[3]", ""},
        {"PID-3[4]", NULL},
        {"PID-3[last]", ""},
        {"PID-4", "~"},
        {"PID-4[2]", ""},
        {"PID-4[3]", NULL},
        /* A deeper path resolves while the numbers are 1. */
        {"PID-1.1", "1"},
        {"PID-1.1.1", "1"},
        {"PID-1[1].1.1", "1"},
        {"PID-1[last].1", "1"},
        {"PID-1.2", NULL},
        {"PID-1.1.2", NULL},
        {"PID-1[2]", NULL},
        {"PID-1[2].1", NULL},
        {"PID-2.1.1", ""},
        {"PID-2.2", NULL},
        {"PID-5.1", "DOE"},
        {"PID-5.1.1", "DOE"},
        {"PID-6", "\"\""},
        {"PID-7", ""},
        {"PID-8", NULL},
        {"PID-8.1", NULL},
        {"PID-8[1]", NULL},
        {"PID-8[last]", NULL},
        /* Occurrences. */
        {"OBX-1", "1"},
        {"OBX[1]-1", "1"},
        {"OBX[2]-1", "2"},
        {"OBX[3]-1", NULL},
        {"OBX[3]", NULL},
        {"OBX[last]-3", "C"},
        {"OBX[last]-3.2", NULL},
        {"PID[2]-1", NULL},
        {"PID[last]-1", "1"},
        {"NTE", NULL},
        {"NTE-1", NULL},
        {"NTE[last]-1", NULL},
        {"ZPI-1.1.2", "data"},
    };

    (void)state;
    check_values(sample, cases, sizeof cases / sizeof *cases);
}

/* rule 8: fields 1 and 2 of a header are never split. */
static void the_header_counts_its_separator_and_is_not_split_there(void **state)
{
    static const struct value_case cases[] = {
        {"MSH-1", "|"},       {"MSH-1.1", "|"},         {"MSH-1.2", NULL},   {"MSH-2", "^~\\&"},
        {"MSH-2.1", "^~\\&"}, {"MSH-2.1.1", "^~\\&"},   {"MSH-2.2", NULL},   {"MSH-2[1]", "^~\\&"},
        {"MSH-2[2]", NULL},   {"MSH-2[last]", "^~\\&"}, {"MSH-2.1.2", NULL}, {"MSH-3.1", "LAB"},
        {"MSH-3.2", "1.2&x"}, {"MSH-3.2.2", "x"},       {"MSH-4", "HOSP"},   {"MSH-5", NULL},
    };

    (void)state;
    check_values(sample, cases, sizeof cases / sizeof *cases);
}

/* rules 10 and 11 */
static void the_messages_own_delimiters_split_and_no_others(void **state)
{
    static const struct value_case custom[] = {
        {"MSH-1", "*"},           {"MSH-2", ":+!%"},       {"PID-3", "7+8:x%y^z"},
        {"PID-3[2].2", "x%y^z"},  {"PID-3[2].2.2", "y^z"}, {"PID-5", "a|b&c~d"},
        {"PID-5.1.1", "a|b&c~d"},
    };
    static const struct value_case few[] = {
        {"PID-1", "a&b"},
        {"PID-1.1.1", "a&b"},
        {"PID-1.1.2", NULL},
        {"PID-2.2", "d\\T\\e"},
    };
    static const struct value_case none[] = {
        {"PID-1", "a^b~c"}, {"PID-1.1", "a^b~c"},         {"PID-1[2]", NULL},
        {"PID-1.2", NULL},  {"PID-1[last].1.1", "a^b~c"},
    };

    (void)state;
    check_values("MSH*:+!%*A\rPID*1**7+8:x%y^z**a|b&c~d\r", custom, 7);
    check_values("MSH|^~\\|A\rPID|a&b|c^d\\T\\e\r", few, 4);
    check_values("MSH||A\rPID|a^b~c\r", none, 5);
}

/* The path's segment and occurrence say nothing when the segment is given. */
static void within_one_segment_its_name_is_not_looked_at(void **state)
{
    struct hl7_message message = parse(sample);
    struct hl7_path path = {"PID", 1, 3, 0, 1, 0};

    (void)state;
    assert_slice(hl7_segment_get(&message, 3, &path), "C");
    path.field = 2;
    path.component = 0;
    assert_slice(hl7_segment_get(&message, 3, &path), "ST");
    path.field = 0;
    assert_slice(hl7_segment_get(&message, 3, &path), "OBX|2|ST|C");
    assert_null(hl7_segment_get(&message, 99, &path).ptr);
    assert_null(hl7_segment_get(&message, HL7_NONE, &path).ptr);
    path.field = 2;
    assert_null(hl7_segment_get(&message, HL7_NONE, &path).ptr);
}

static void what_is_no_path_leads_to_nothing(void **state)
{
    struct hl7_message message = parse(sample);

    (void)state;
    assert_null(hl7_message_at(&message, "").ptr);
    assert_null(hl7_message_at(&message, "PID-").ptr);
    assert_null(hl7_message_at(&message, "pid-1").ptr);
    assert_null(hl7_message_at(&message, "PID-5.1 ").ptr);
    assert_null(hl7_message_at(&message, NULL).ptr);
}

/* rule 15 */
static void the_first_leaf_is_what_a_value_is_compared_as(void **state)
{
    static const struct {
        const char *value;
        const char *leaf;
    } cases[] = {
        {"DOE", "DOE"}, {"DOE^JANE", "DOE"}, {"A&B^C~D", "A"}, {"^x", ""},
        {"", ""},       {"~x", ""},          {"&x", ""},       {"\\S\\^x", "\\S\\"},
    };
    const struct hl7_delimiters none = {.field = '|'};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(hl7_first_leaf(&hl7_standard_delimiters, hl7_slice_of(cases[i].value)),
                     cases[i].leaf);
    }
    assert_null(hl7_first_leaf(&hl7_standard_delimiters, (hl7_slice){NULL, 0}).ptr);
    assert_slice(hl7_first_leaf(&none, HL7_TEXT("A&B^C~D")), "A&B^C~D");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_read_into_its_numbers),
        cmocka_unit_test(what_is_no_path_is_refused_at_the_byte_at_fault),
        cmocka_unit_test(an_absent_text_is_no_path),
        cmocka_unit_test(the_longest_path_at_the_front_is_read),
        cmocka_unit_test(a_step_that_is_begun_must_be_finished),
        cmocka_unit_test(a_path_is_written_as_it_is_read),
        cmocka_unit_test(random_paths_survive_writing_and_reading),
        cmocka_unit_test(each_path_leads_to_its_value),
        cmocka_unit_test(the_header_counts_its_separator_and_is_not_split_there),
        cmocka_unit_test(the_messages_own_delimiters_split_and_no_others),
        cmocka_unit_test(within_one_segment_its_name_is_not_looked_at),
        cmocka_unit_test(what_is_no_path_leads_to_nothing),
        cmocka_unit_test(the_first_leaf_is_what_a_value_is_compared_as),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
