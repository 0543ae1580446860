/* SPDX-License-Identifier: Apache-2.0
 *
 * The message index, rules 5, 8 to 12, 14 and 16: headers, delimiters, line ends, errors. Memory,
 * salvage and large shapes are in test_message_limits.c, values in test_message_values.c; random
 * messages against a naive reader are in test_rules.c. */
#include "lib/message.h"
#include "support.h"

#include <stdalign.h>

static alignas(max_align_t) char index_memory[65536];

static struct hl7_arena fresh_arena(void)
{
    struct hl7_arena arena;

    hl7_arena_init(&arena, index_memory, sizeof index_memory);
    return arena;
}

static struct hl7_message parse(hl7_slice text)
{
    struct hl7_arena arena = fresh_arena();
    struct hl7_message message;
    struct hl7_error error;

    if (hl7_message_parse(text, &arena, &message, &error) != HL7_OK) {
        fail_msg("byte %zu: %s", error.position, error.text);
    }
    return message;
}

static struct hl7_message parse_string(const char *text)
{
    return parse(hl7_slice_of(text));
}

/* ---- Headers and delimiters ---------------------------------------------------------------- */

/* rule 8 */
static void msh_1_is_the_separator_and_msh_10_the_control_id(void **state)
{
    struct hl7_message message =
        parse_string("MSH|^~\\&|LAB|HOSP|RIS|HOSP|20240101||ORU^R01|ID10|P|2.5\rPID|1\r");

    (void)state;
    assert_slice(hl7_segment_field(&message, 0, 0), "MSH");
    assert_slice(hl7_segment_field(&message, 0, 1), "|");
    assert_slice(hl7_segment_field(&message, 0, 2), "^~\\&");
    assert_slice(hl7_segment_field(&message, 0, 3), "LAB");
    assert_slice(hl7_segment_field(&message, 0, 10), "ID10");
    assert_slice(hl7_segment_field(&message, 0, 12), "2.5");
    assert_int_equal(message.segments[0].count, 13);
    assert_slice(hl7_segment_field(&message, 1, 1), "1");
}

/* rule 8: the headers of batches count the same way, wherever they stand. */
static void file_and_batch_headers_count_as_msh_does(void **state)
{
    struct hl7_message message = parse_string("FHS|^~\\&|LAB\rBHS|^~\\&|RIS\rBHS\rBHS*|x");

    (void)state;
    assert_slice(hl7_segment_field(&message, 0, 3), "LAB");
    assert_slice(hl7_segment_field(&message, 1, 1), "|");
    assert_slice(hl7_segment_field(&message, 1, 3), "RIS");
    /* Without a separator behind the name there is no field 1; a longer name is no header. */
    assert_null(hl7_segment_field(&message, 2, 1).ptr);
    assert_slice(hl7_segment_name(&message, 3), "BHS*");
    assert_slice(hl7_segment_field(&message, 3, 1), "x");
}

static void only_three_names_are_headers(void **state)
{
    static const char *const others[] = {"PID",  "MSA", "MS",  "MSX", "FHX", "BHX",
                                         "MSHX", "msh", "BTS", "FTS", ""};

    (void)state;
    assert_true(hl7_segment_is_header(HL7_TEXT("MSH")));
    assert_true(hl7_segment_is_header(HL7_TEXT("FHS")));
    assert_true(hl7_segment_is_header(HL7_TEXT("BHS")));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(hl7_segment_is_header(hl7_slice_of(others[i])));
    }
    assert_false(hl7_segment_is_header((hl7_slice){NULL, 0}));
}

/* rules 10 and 11: what the sender left out does not exist; a fifth character is truncation. */
static void msh_2_says_which_delimiters_there_are(void **state)
{
    static const struct {
        const char *text;
        struct hl7_delimiters delimiters;
    } cases[] = {
        {"MSH|^~\\&|A", {'|', '^', '~', '\\', '&', '\0'}},
        {"MSH|^~\\&", {'|', '^', '~', '\\', '&', '\0'}},
        {"MSH|^~\\&#|A", {'|', '^', '~', '\\', '&', '#'}},
        {"MSH|^~\\|A", {'|', '^', '~', '\\', '\0', '\0'}},
        {"MSH|^~|A", {'|', '^', '~', '\0', '\0', '\0'}},
        {"MSH|^|A", {'|', '^', '\0', '\0', '\0', '\0'}},
        {"MSH||A", {'|', '\0', '\0', '\0', '\0', '\0'}},
        {"MSH|", {'|', '\0', '\0', '\0', '\0', '\0'}},
        {"MSH|\rPID|1", {'|', '\0', '\0', '\0', '\0', '\0'}},
        {"MSH|^~\\&\nPID|1", {'|', '^', '~', '\\', '&', '\0'}},
        {"MSH*:+!%*A", {'*', ':', '+', '!', '%', '\0'}},
        {"MSH^|~\\&^A", {'^', '|', '~', '\\', '&', '\0'}},
        {"MSH \t\x01\x7f\"_ A", {' ', '\t', '\x01', '\x7f', '"', '_'}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_message message = parse_string(cases[i].text);
        assert_memory_equal(&message.delimiters, &cases[i].delimiters, sizeof message.delimiters);
    }
    assert_memory_equal(&hl7_standard_delimiters, &cases[0].delimiters,
                        sizeof hl7_standard_delimiters);
}

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct {
    hl7_slice text;
    enum hl7_code code;
    size_t position;
} refused[] = {
    {TEXT(""), HL7_NO_HEADER, 0},
    {TEXT("MS"), HL7_NO_HEADER, 0},
    {TEXT("PID|1"), HL7_NO_HEADER, 0},
    {TEXT("msh|^~\\&|"), HL7_NO_HEADER, 0},
    {TEXT(" MSH|^~\\&|"), HL7_NO_HEADER, 0},
    {TEXT("\rMSH|^~\\&|"), HL7_NO_HEADER, 0},
    {TEXT("<?xml version"), HL7_NO_HEADER, 0},
    {TEXT("GET / HTTP/1.1\r\n"), HL7_NO_HEADER, 0},
    {TEXT("\xef\xbb\xbfPID|1"), HL7_NO_HEADER, 3},
    {TEXT("\xef\xbb\xbf"), HL7_NO_HEADER, 3},
    {TEXT("\xef\xbb\xbf\xef\xbb\xbfMSH|^~\\&"), HL7_NO_HEADER, 3},
    /* rule 11: MSH-1 */
    {TEXT("MSH"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSHA^~\\&A"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSHz^~\\&z"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSH0^~\\&0"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSHa^~\\&a"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSHZ^~\\&Z"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSH9^~\\&9"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSH\r^~\\&\r"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSH\n^~\\&\n"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSH\0^~\\&\0"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSH\x0b^~\\&\x0b"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSH\x80^~\\&\x80"), HL7_BAD_DELIMITERS, 3},
    {TEXT("MSH\xff^~\\&\xff"), HL7_BAD_DELIMITERS, 3},
    {TEXT("\xef\xbb\xbfMSHA^~\\&A"), HL7_BAD_DELIMITERS, 6},
    /* rule 11: MSH-2 */
    {TEXT("MSH|^^\\&|"), HL7_BAD_DELIMITERS, 5},
    {TEXT("MSH|^~\\^|"), HL7_BAD_DELIMITERS, 7},
    {TEXT("MSH|^~\\\\|"), HL7_BAD_DELIMITERS, 7},
    {TEXT("MSH|^~\\&&|"), HL7_BAD_DELIMITERS, 8},
    {TEXT("MSH|^~\\&##|"), HL7_BAD_DELIMITERS, 9},
    {TEXT("MSH|^~\\&#+"), HL7_BAD_DELIMITERS, 9},
    {TEXT("MSH|A~\\&|"), HL7_BAD_DELIMITERS, 4},
    {TEXT("MSH|^1\\&|"), HL7_BAD_DELIMITERS, 5},
    {TEXT("MSH|^~z&|"), HL7_BAD_DELIMITERS, 6},
    {TEXT("MSH|^~\\\0|"), HL7_BAD_DELIMITERS, 7},
    {TEXT("MSH|^~\\\x1c|"), HL7_BAD_DELIMITERS, 7},
    {TEXT("MSH|^~\\\x80|"), HL7_BAD_DELIMITERS, 7},
    {TEXT("MSH|^~\\&\xe4|"), HL7_BAD_DELIMITERS, 8},
    /* rule 9: with a CR in the message, LF ends nothing, MSH-2 neither. */
    {TEXT("MSH|^~\\&\nPID|1\rPV1|1"), HL7_BAD_DELIMITERS, 8},
    {TEXT("MSH|^\n&|A\r"), HL7_BAD_DELIMITERS, 5},
    /* rule 5 */
    {TEXT("\xff\xfeM\0S\0H\0|\0"), HL7_WIDE_TEXT, 0},
    {TEXT("\xfe\xff\0M\0S\0H\0|"), HL7_WIDE_TEXT, 0},
    {TEXT("M\0S\0H\0|\0"), HL7_WIDE_TEXT, 0},
    {TEXT("\0M\0S\0H\0|"), HL7_WIDE_TEXT, 0},
    {TEXT("\xff\xfe\0\0M\0\0\0S\0\0\0"), HL7_WIDE_TEXT, 0},
    {TEXT("\0\0\xfe\xff\0\0\0M\0\0\0S"), HL7_WIDE_TEXT, 0},
    {TEXT("M\0\0\0S\0\0\0H\0\0\0"), HL7_WIDE_TEXT, 0},
    {TEXT("\0\0\0M\0\0\0S\0\0\0H"), HL7_WIDE_TEXT, 0},
    /* A second header: two messages in one. */
    {TEXT("MSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\r"), HL7_TWO_HEADERS, 17},
    {TEXT("MSH|^~\\&|A\nPID|1\nMSH|^~\\&|B\n"), HL7_TWO_HEADERS, 17},
    {TEXT("MSH|^~\\&|A\r\nPID|1\r\nMSH|^~\\&|B"), HL7_TWO_HEADERS, 19},
    {TEXT("MSH|^~\\&|A\rMSH"), HL7_TWO_HEADERS, 11},
    {TEXT("FHS|^~\\&|A\rMSH|^~\\&|B"), HL7_TWO_HEADERS, 11},
    /* It is one whatever separator it has: a reader that looks at each MSH sees two messages. */
    {TEXT("MSH|^~\\&|A\rPID|1\rMSH#^~\\&#B\r"), HL7_TWO_HEADERS, 17},
    {TEXT("MSH|^~\\&|A\rMSH "), HL7_TWO_HEADERS, 11},
    /* Nor do blank lines hide it. */
    {TEXT("MSH|^~\\&|A\r\n\nMSH|^~\\&|B\r\n"), HL7_TWO_HEADERS, 13},
    {TEXT("MSH|^~\\&|A\n\n\nMSH|^~\\&|B"), HL7_TWO_HEADERS, 13},
    /* Nor does a byte order mark, or an LF that is data here and a line end to another reader. */
    {TEXT("MSH|^~\\&|A\r\xef\xbb\xbfMSH|^~\\&|B"), HL7_TWO_HEADERS, 11},
    {TEXT("MSH|^~\\&|A\rOBX|1|x\nMSH|^~\\&|B\r"), HL7_TWO_HEADERS, 19},
    {TEXT("MSH|^~\\&|A\rOBX|1|x\n\xef\xbb\xbfMSH|^~\\&|B\r"), HL7_TWO_HEADERS, 19},
    {TEXT("MSH|^~\\&|A\rOBX|1|x\ny\n\nMSH"), HL7_TWO_HEADERS, 22},
};

static void what_is_no_message_is_refused_with_code_and_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *edge = edge_copy(refused[i].text.ptr, refused[i].text.len);
        struct hl7_arena arena = fresh_arena();
        struct hl7_message message = {.segment_count = 77};
        struct hl7_error error = {.position = 99};
        enum hl7_code code =
            hl7_message_parse((hl7_slice){edge, refused[i].text.len}, &arena, &message, &error);
        if (code != refused[i].code || error.code != code ||
            error.position != refused[i].position) {
            fail_msg("case %zu: %s at %zu (%s) instead of %s at %zu", i, hl7_code_name(code),
                     error.position, error.text, hl7_code_name(refused[i].code),
                     refused[i].position);
        }
        assert_true(strlen(error.text) > 10);
        /* Nothing was taken and nothing was yielded. */
        assert_int_equal(arena.used, 0);
        assert_int_equal(message.segment_count, 77);
        assert_int_equal(hl7_message_parse(refused[i].text, &arena, &message, NULL), code);
        edge_free(edge, refused[i].text.len);
    }
}

/* The byte at fault is named, and shown so that it cannot drive a terminal. */
static void an_error_names_the_delimiter_at_fault(void **state)
{
    static const struct {
        hl7_slice text;
        const char *named;
    } cases[] = {
        {TEXT("MSHA^~\\&A"), "MSH-1 cannot be 'A'"}, {TEXT("MSH\r^~\\&\r"), "MSH-1 cannot be 0x0D"},
        {TEXT("MSH|^~^&|"), "'^' stands twice"},     {TEXT("MSH|^~z&|"), "MSH-2 holds 'z'"},
        {TEXT("MSH|^~\xe4&|"), "MSH-2 holds 0xE4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_arena arena = fresh_arena();
        struct hl7_message message;
        struct hl7_error error;
        assert_int_equal(hl7_message_parse(cases[i].text, &arena, &message, &error),
                         HL7_BAD_DELIMITERS);
        assert_non_null(strstr(error.text, cases[i].named));
    }
}

static void an_absent_text_has_no_header(void **state)
{
    struct hl7_arena arena = fresh_arena();
    struct hl7_message message;

    (void)state;
    assert_int_equal(hl7_message_parse((hl7_slice){NULL, 0}, &arena, &message, NULL),
                     HL7_NO_HEADER);
    assert_int_equal(hl7_message_salvage((hl7_slice){NULL, 0}, &arena, &message, NULL),
                     HL7_NO_HEADER);
}

/* Offsets have 32 bits. The length is refused before the text is looked at: only its front is
 * there. */
static void a_message_of_four_gigabytes_is_too_large(void **state)
{
    static const char front[16] = "MSH|^~\\&|";
    struct hl7_arena arena = fresh_arena();
    struct hl7_message message;
    struct hl7_error error;

    (void)state;
    assert_int_equal(hl7_message_parse((hl7_slice){front, UINT32_MAX}, &arena, &message, &error),
                     HL7_TOO_LARGE);
    assert_int_equal(error.position, UINT32_MAX - 1);
}

/* A name that only begins like the header's is a segment like any other (rule 14). */
static void longer_names_that_begin_with_msh_are_no_second_header(void **state)
{
    struct hl7_message message =
        parse_string("MSH|^~\\&|A\rMSHX|1\rMSH2|2\rMS|3\rZMSH|4\rNTE|x\nMSHX|\nMS\nZMSH|\n");

    (void)state;
    assert_int_equal(message.segment_count, 6);
    assert_slice(hl7_segment_name(&message, 1), "MSHX");
}

/* ---- Line ends ----------------------------------------------------------------------------- */

/* Lists the segments of a message, each in brackets. */
static const char *listed(const struct hl7_message *message)
{
    static char list[400];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, list, sizeof list - 1);
    for (size_t i = 0; i < message->segment_count; i++) {
        hl7_buffer_add_byte(&buffer, '[');
        hl7_buffer_add(&buffer, hl7_segment_bytes(message, i));
        hl7_buffer_add_byte(&buffer, ']');
    }
    assert_false(buffer.full);
    list[buffer.len] = '\0';
    return list;
}

/* rule 9 */
static void cr_ends_segments_and_lf_only_where_there_is_no_cr(void **state)
{
    static const struct {
        const char *text;
        const char *segments;
        char segment_end;
    } cases[] = {
        {"MSH|^|A", "[MSH|^|A]", '\n'},
        {"MSH|^|A\rPID|1\r", "[MSH|^|A][PID|1]", '\r'},
        {"MSH|^|A\rPID|1", "[MSH|^|A][PID|1]", '\r'},
        {"MSH|^|A\nPID|1\n", "[MSH|^|A][PID|1]", '\n'},
        {"MSH|^|A\nPID|1", "[MSH|^|A][PID|1]", '\n'},
        {"MSH|^|A\r\nPID|1\r\n", "[MSH|^|A][PID|1]", '\r'},
        {"MSH|^|A\r\nPID|1", "[MSH|^|A][PID|1]", '\r'},
        /* A lone LF is data. */
        {"MSH|^|A\rNTE|1|a\nb\rPID|1\r", "[MSH|^|A][NTE|1|a\nb][PID|1]", '\r'},
        {"MSH|^|A\nB|C\rPID|1", "[MSH|^|A\nB|C][PID|1]", '\r'},
        {"MSH|^|A\n\rPID|1", "[MSH|^|A\n][PID|1]", '\r'},
        {"MSH|^|A\nPID|1\r", "[MSH|^|A\nPID|1]", '\r'},
        /* Both line ends in one message. */
        {"MSH|^|A\r\nPID|1\rPV1|1\r\n", "[MSH|^|A][PID|1][PV1|1]", '\r'},
        /* Blank lines are no segments. */
        {"MSH|^|A\r\rPID|1\r\r\r", "[MSH|^|A][PID|1]", '\r'},
        {"MSH|^|A\n\n\nPID|1\n\n", "[MSH|^|A][PID|1]", '\n'},
        {"MSH|^|A\r\n\r\nPID|1\r\n\r\n", "[MSH|^|A][PID|1]", '\r'},
        {"MSH|^|A\r\n\nPID|1\r\n\n", "[MSH|^|A][PID|1]", '\r'},
        {"MSH|^|A\r\r\nPID|1", "[MSH|^|A][PID|1]", '\r'},
        /* A line of blanks is one. */
        {"MSH|^|A\r \rPID|1", "[MSH|^|A][ ][PID|1]", '\r'},
        /* A byte order mark before MSH is skipped, and only there. */
        {"\xef\xbb\xbfMSH|^|A\rPID|1", "[MSH|^|A][PID|1]", '\r'},
        {"MSH|^|A\r\xef\xbb\xbfPID|1", "[MSH|^|A][\xef\xbb\xbfPID|1]", '\r'},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_message message = parse_string(cases[i].text);
        assert_string_equal(listed(&message), cases[i].segments);
        assert_int_equal(message.segment_end, cases[i].segment_end);
    }
}

/* ---- Segments and fields ------------------------------------------------------------------- */

/* rule 14 */
static void unknown_segments_and_extra_fields_are_kept_and_addressable(void **state)
{
    struct hl7_message message = parse_string(
        "MSH|^~\\&|A\rZPI|own^data|x\rQQQ\rPID|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|"
        "21|22|23|24|25|26|27|28|29|30|31|32|33|34|35|36|37|38|39|40|41|beyond\rX\r|no name\r||\r"
        "pid|lower\rABCD|long\r");

    (void)state;
    assert_int_equal(message.segment_count, 9);
    assert_slice(hl7_segment_field(&message, hl7_message_find(&message, HL7_TEXT("ZPI"), 1), 1),
                 "own^data");
    assert_int_equal(message.segments[2].count, 1);
    assert_slice(hl7_segment_field(&message, 3, 42), "beyond");
    assert_slice(hl7_segment_name(&message, 4), "X");
    assert_slice(hl7_segment_name(&message, 5), "");
    assert_slice(hl7_segment_field(&message, 5, 1), "no name");
    assert_int_equal(message.segments[6].count, 3);
    assert_int_equal(hl7_message_find(&message, HL7_TEXT("PID"), 2), HL7_NONE);
    assert_slice(hl7_segment_name(&message, 8), "ABCD");
}

/* rule 12: what trails is there, and what is beyond it is absent. */
static void trailing_empty_fields_are_fields(void **state)
{
    struct hl7_message message = parse_string("MSH|^~\\&|||\rPID|||\rPV1|\r");

    (void)state;
    assert_int_equal(message.segments[0].count, 6);
    assert_int_equal(message.segments[1].count, 4);
    assert_non_null(hl7_segment_field(&message, 1, 3).ptr);
    assert_int_equal(hl7_segment_field(&message, 1, 3).len, 0);
    assert_null(hl7_segment_field(&message, 1, 4).ptr);
    assert_non_null(hl7_segment_field(&message, 2, 1).ptr);
    assert_null(hl7_segment_field(&message, 2, 2).ptr);
}

/* rule 16 */
static void occurrences_count_from_one_and_end_in_none(void **state)
{
    struct hl7_message message = parse_string("MSH|^~\\&|A\rOBX|1\rNTE|x\rOBX|2\rOBX|3\rNTE|y\r");
    static const struct {
        const char *name;
        size_t occurrence;
        size_t segment;
    } cases[] = {
        {"OBX", 0, 1},
        {"OBX", 1, 1},
        {"OBX", 2, 3},
        {"OBX", 3, 4},
        {"OBX", 4, HL7_NONE},
        {"OBX", HL7_LAST, 4},
        {"NTE", HL7_LAST, 5},
        {"MSH", HL7_LAST, 0},
        {"MSH", 2, HL7_NONE},
        {"PID", 1, HL7_NONE},
        {"PID", HL7_LAST, HL7_NONE},
        {"OBX", HL7_LAST - 1, HL7_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(
            hl7_message_find(&message, hl7_slice_of(cases[i].name), cases[i].occurrence),
            cases[i].segment);
    }
}

/* rule 8, for one line without an index. */
static void a_field_of_a_line_is_found_by_walking_it(void **state)
{
    static const struct {
        const char *line;
        size_t n;
        const char *field;
    } cases[] = {
        {"MSH|^~\\&|A|", 0, "MSH"}, {"MSH|^~\\&|A|", 1, "|"},  {"MSH|^~\\&|A|", 2, "^~\\&"},
        {"MSH|^~\\&|A|", 3, "A"},   {"MSH|^~\\&|A|", 4, ""},   {"MSH|^~\\&|A|", 5, NULL},
        {"PID|1", 0, "PID"},        {"PID|1", 1, "1"},         {"PID|1", 2, NULL},
        {"BHS", 0, "BHS"},          {"BHS", 1, NULL},          {"BHS*|x", 1, "x"},
        {"MSHX|a", 1, "a"},         {"MSH#^~\\&#A|b", 1, "b"}, {"", 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl7_slice field = message_line_field(hl7_slice_of(cases[i].line), '|', cases[i].n);
        assert_int_equal(field.ptr == NULL, cases[i].field == NULL);
        assert_slice(field, cases[i].field == NULL ? "" : cases[i].field);
    }
}

static void a_segment_out_of_range_is_absent(void **state)
{
    struct hl7_message message = parse_string("MSH|^~\\&|A\r");

    (void)state;
    assert_null(hl7_segment_bytes(&message, 1).ptr);
    assert_null(hl7_segment_bytes(&message, HL7_NONE).ptr);
    assert_null(hl7_segment_name(&message, HL7_NONE).ptr);
    assert_null(hl7_segment_field(&message, HL7_NONE, 1).ptr);
    assert_null(hl7_segment_field(&message, 0, SIZE_MAX).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(msh_1_is_the_separator_and_msh_10_the_control_id),
        cmocka_unit_test(file_and_batch_headers_count_as_msh_does),
        cmocka_unit_test(only_three_names_are_headers),
        cmocka_unit_test(msh_2_says_which_delimiters_there_are),
        cmocka_unit_test(what_is_no_message_is_refused_with_code_and_position),
        cmocka_unit_test(an_error_names_the_delimiter_at_fault),
        cmocka_unit_test(an_absent_text_has_no_header),
        cmocka_unit_test(a_message_of_four_gigabytes_is_too_large),
        cmocka_unit_test(longer_names_that_begin_with_msh_are_no_second_header),
        cmocka_unit_test(cr_ends_segments_and_lf_only_where_there_is_no_cr),
        cmocka_unit_test(unknown_segments_and_extra_fields_are_kept_and_addressable),
        cmocka_unit_test(trailing_empty_fields_are_fields),
        cmocka_unit_test(occurrences_count_from_one_and_end_in_none),
        cmocka_unit_test(a_field_of_a_line_is_found_by_walking_it),
        cmocka_unit_test(a_segment_out_of_range_is_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
