/* SPDX-License-Identifier: Apache-2.0
 *
 * Escapes, rules 18 to 20: decoding and encoding. Moving values between delimiter sets is in
 * test_recode.c. */
#include "sample.h"

static const struct hl7_delimiters standard = {'|', '^', '~', '\\', '&', '\0'};
static const struct hl7_delimiters with_truncation = {'|', '^', '~', '\\', '&', '#'};
static const struct hl7_delimiters without_subcomponent = {'|', '^', '~', '\\', '\0', '\0'};
static const struct hl7_delimiters without_escape = {'|', '^', '~', '\0', '\0', '\0'};
static const struct hl7_delimiters custom = {'*', ':', '+', '!', '%', '\0'};

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

enum { ROOM = 4096 };

static char decoded_memory[ROOM];
static char encoded_memory[ROOM];

static hl7_slice decode(const struct hl7_delimiters *delimiters, hl7_slice raw, enum hl7_text kind)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, decoded_memory, sizeof decoded_memory);
    hl7_unescape(delimiters, raw, kind, &buffer);
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

static hl7_slice encode(const struct hl7_delimiters *delimiters, hl7_slice text)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, encoded_memory, sizeof encoded_memory);
    assert_int_equal(hl7_escape(delimiters, text, &buffer), HL7_OK);
    return hl7_buffer_slice(&buffer);
}

/* ---- Decoding ------------------------------------------------------------------------------ */

struct decoding {
    hl7_slice raw;
    hl7_slice text;
};

static void check_decodings(const struct hl7_delimiters *delimiters, enum hl7_text kind,
                            const struct decoding *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *edge = edge_copy(cases[i].raw.ptr, cases[i].raw.len);
        assert_slices(decode(delimiters, (hl7_slice){edge, cases[i].raw.len}, kind), cases[i].text);
        edge_free(edge, cases[i].raw.len);
    }
}

/* rule 18 */
static void sequences_stand_for_the_messages_own_delimiters(void **state)
{
    static const struct decoding cases[] = {
        {TEXT(""), TEXT("")},
        {TEXT("plain"), TEXT("plain")},
        {TEXT("\\F\\"), TEXT("|")},
        {TEXT("\\S\\"), TEXT("^")},
        {TEXT("\\T\\"), TEXT("&")},
        {TEXT("\\R\\"), TEXT("~")},
        {TEXT("\\E\\"), TEXT("\\")},
        {TEXT("a\\F\\b\\S\\c"), TEXT("a|b^c")},
        {TEXT("\\F\\\\S\\\\T\\\\R\\\\E\\"), TEXT("|^&~\\")},
        {TEXT("Smith \\T\\ Sons"), TEXT("Smith & Sons")},
    };
    static const struct decoding customs[] = {
        {TEXT("!F!!S!!T!!R!!E!"), TEXT("*:%+!")},
        {TEXT("\\F\\"), TEXT("\\F\\")},
    };

    (void)state;
    check_decodings(&standard, HL7_TEXT_HL7, cases, sizeof cases / sizeof *cases);
    check_decodings(&standard, HL7_TEXT_PLAIN, cases, sizeof cases / sizeof *cases);
    check_decodings(&custom, HL7_TEXT_HL7, customs, sizeof customs / sizeof *customs);
}

/* rule 18: once, left to right. */
static void what_was_decoded_is_not_decoded_again(void **state)
{
    static const struct decoding cases[] = {
        {TEXT("\\E\\F\\E\\"), TEXT("\\F\\")},     {TEXT("\\E\\R\\"), TEXT("\\R\\")},
        {TEXT("\\E\\\\E\\"), TEXT("\\\\")},       {TEXT("\\E\\X41\\E\\"), TEXT("\\X41\\")},
        {TEXT("\\X5C\\F\\X5C\\"), TEXT("\\F\\")}, {TEXT("\\F\\F\\"), TEXT("|F\\")},
    };

    (void)state;
    check_decodings(&standard, HL7_TEXT_HL7, cases, sizeof cases / sizeof *cases);
}

/* rule 18 */
static void what_is_no_sequence_passes_unchanged(void **state)
{
    static const struct decoding cases[] = {
        {TEXT("\\"), TEXT("\\")},
        {TEXT("\\\\"), TEXT("\\\\")},
        {TEXT("\\\\\\"), TEXT("\\\\\\")},
        {TEXT("C:\\temp\\x"), TEXT("C:\\temp\\x")},
        {TEXT("C:\\F"), TEXT("C:\\F")},
        {TEXT("\\F"), TEXT("\\F")},
        {TEXT("F\\"), TEXT("F\\")},
        {TEXT("\\Q\\"), TEXT("\\Q\\")},
        {TEXT("\\f\\"), TEXT("\\f\\")},
        {TEXT("\\e\\"), TEXT("\\e\\")},
        {TEXT("\\FF\\"), TEXT("\\FF\\")},
        {TEXT("\\ F\\"), TEXT("\\ F\\")},
        {TEXT("\\.\\F\\"), TEXT("\\.|")},
        {TEXT("\\Z\\F\\"), TEXT("\\Z|")},
        {TEXT("\\C\\F\\"), TEXT("\\C|")},
        {TEXT("\\C4\\F\\"), TEXT("\\C4|")},
        {TEXT("\\M4G\\F\\"), TEXT("\\M4G|")},
        {TEXT("\\HH\\F\\"), TEXT("\\HH|")},
        /* The argument of a formatting sequence is letters, digits and signs. */
        {TEXT("\\.s p\\F\\"), TEXT("\\.s p|")},
        {TEXT("\\Z@\\F\\"), TEXT("\\Z@|")},
        {TEXT("\\Z[\\F\\"), TEXT("\\Z[|")},
        {TEXT("\\Z`\\F\\"), TEXT("\\Z`|")},
        {TEXT("\\Z{\\F\\"), TEXT("\\Z{|")},
        {TEXT("\\Z/\\F\\"), TEXT("\\Z/|")},
        {TEXT("\\Z:\\F\\"), TEXT("\\Z:|")},
        {TEXT("\\Z\xe4\\F\\"), TEXT("\\Z\xe4|")},
        {TEXT("\\.\\"), TEXT("\\.\\")},
        {TEXT("\\H1\\"), TEXT("\\H1\\")},
        {TEXT("\\a b\\"), TEXT("\\a b\\")},
        /* A lone escape character before a sequence does not swallow it. */
        {TEXT("C:\\temp\\T\\x"), TEXT("C:\\temp&x")},
        {TEXT("\\Q\\F\\"), TEXT("\\Q|")},
        {TEXT("\\\\F\\"), TEXT("\\|")},
        {TEXT("100\\ \\S\\"), TEXT("100\\ ^")},
    };

    (void)state;
    check_decodings(&standard, HL7_TEXT_HL7, cases, sizeof cases / sizeof *cases);
    check_decodings(&standard, HL7_TEXT_PLAIN, cases, sizeof cases / sizeof *cases);
}

/* rules 10 and 18 */
static void a_sequence_for_a_delimiter_that_does_not_exist_passes(void **state)
{
    static const struct decoding none[] = {{TEXT("\\P\\"), TEXT("\\P\\")}};
    static const struct decoding all[] = {{TEXT("\\P\\"), TEXT("#")}};
    static const struct decoding few[] = {
        {TEXT("\\T\\"), TEXT("\\T\\")},
        {TEXT("a&b\\S\\"), TEXT("a&b^")},
    };
    static const struct decoding no_escape[] = {
        {TEXT("\\F\\ C:\\temp"), TEXT("\\F\\ C:\\temp")},
        {TEXT("a\0b"), TEXT("a\0b")},
    };

    (void)state;
    check_decodings(&standard, HL7_TEXT_HL7, none, 1);
    check_decodings(&with_truncation, HL7_TEXT_HL7, all, 1);
    check_decodings(&without_subcomponent, HL7_TEXT_HL7, few, 2);
    check_decodings(&without_escape, HL7_TEXT_HL7, no_escape, 2);
}

/* rule 19 */
static void hexadecimal_is_bytes_in_any_case(void **state)
{
    static const struct decoding cases[] = {
        {TEXT("\\X41\\"), TEXT("A")},
        {TEXT("\\x41\\"), TEXT("A")},
        {TEXT("\\X0d0a\\"), TEXT("\r\n")},
        {TEXT("\\X0D0A\\"), TEXT("\r\n")},
        {TEXT("\\x0d0A\\"), TEXT("\r\n")},
        {TEXT("\\XE4FF00\\"), TEXT("\xe4\xff\0")},
        {TEXT("a\\X7C\\b"), TEXT("a|b")},
        {TEXT("\\XC3A4\\"), TEXT("\xc3\xa4")},
        {TEXT("\\X0123456789abcdefABCDEF\\"), TEXT("\x01\x23\x45\x67\x89\xab\xcd\xef\xab\xcd\xef")},
    };

    (void)state;
    check_decodings(&standard, HL7_TEXT_HL7, cases, sizeof cases / sizeof *cases);
    check_decodings(&standard, HL7_TEXT_PLAIN, cases, sizeof cases / sizeof *cases);
}

/* rule 19 */
static void bad_hexadecimal_passes_unchanged(void **state)
{
    static const struct decoding cases[] = {
        {TEXT("\\X\\"), TEXT("\\X\\")},       {TEXT("\\X4\\"), TEXT("\\X4\\")},
        {TEXT("\\X414\\"), TEXT("\\X414\\")}, {TEXT("\\X4G\\"), TEXT("\\X4G\\")},
        {TEXT("\\XG4\\"), TEXT("\\XG4\\")},   {TEXT("\\X 41\\"), TEXT("\\X 41\\")},
        {TEXT("\\X41"), TEXT("\\X41")},       {TEXT("\\X/0\\"), TEXT("\\X/0\\")},
        {TEXT("\\X:0\\"), TEXT("\\X:0\\")},   {TEXT("\\X@0\\"), TEXT("\\X@0\\")},
        {TEXT("\\X`0\\"), TEXT("\\X`0\\")},   {TEXT("\\X\xe4\xe4\\"), TEXT("\\X\xe4\xe4\\")},
    };

    (void)state;
    check_decodings(&standard, HL7_TEXT_HL7, cases, sizeof cases / sizeof *cases);
}

/* rule 19 */
static void formatting_is_kept_as_it_is(void **state)
{
    static const struct decoding cases[] = {
        {TEXT("\\H\\loud\\N\\"), TEXT("\\H\\loud\\N\\")},
        {TEXT("\\.sp\\"), TEXT("\\.sp\\")},
        {TEXT("\\.sp3\\"), TEXT("\\.sp3\\")},
        {TEXT("\\.in+4\\"), TEXT("\\.in+4\\")},
        {TEXT("\\.ti-2\\"), TEXT("\\.ti-2\\")},
        {TEXT("\\.ce\\"), TEXT("\\.ce\\")},
        {TEXT("\\C2842\\"), TEXT("\\C2842\\")},
        {TEXT("\\M2842FF\\"), TEXT("\\M2842FF\\")},
        {TEXT("\\Zown1\\"), TEXT("\\Zown1\\")},
        {TEXT("\\ZazAZ09+-\\F\\"), TEXT("\\ZazAZ09+-\\F\\")},
        /* The closing character belongs to the sequence and opens no other. */
        {TEXT("\\.sp\\F\\"), TEXT("\\.sp\\F\\")},
        {TEXT("\\H\\F\\N\\"), TEXT("\\H\\F\\N\\")},
        {TEXT("\\H\\\\F\\\\N\\"), TEXT("\\H\\|\\N\\")},
    };

    (void)state;
    check_decodings(&standard, HL7_TEXT_HL7, cases, sizeof cases / sizeof *cases);
    check_decodings(&standard, HL7_TEXT_PLAIN, cases, sizeof cases / sizeof *cases);
}

/* Structure comes first: a delimiter inside makes two pieces of it, and no sequence. */
static void a_sequence_does_not_reach_across_a_delimiter(void **state)
{
    static const struct hl7_delimiters dotted = {'|', '.', '+', '\\', '-', '\0'};
    static const struct decoding cases[] = {
        {TEXT("\\.br\\F\\"), TEXT("\\.br|")},
        {TEXT("\\Z+4\\F\\"), TEXT("\\Z+4|")},
        {TEXT("\\Z-4\\F\\"), TEXT("\\Z-4|")},
        {TEXT("\\Z4\\F\\"), TEXT("\\Z4\\F\\")},
    };

    (void)state;
    check_decodings(&dotted, HL7_TEXT_PLAIN, cases, sizeof cases / sizeof *cases);
}

/* rule 19 */
static void a_line_break_is_a_newline_in_plain_text_alone(void **state)
{
    static const struct decoding plain[] = {
        {TEXT("a\\.br\\b"), TEXT("a\nb")},        {TEXT("\\.br\\\\.br\\"), TEXT("\n\n")},
        {TEXT("\\.brx\\"), TEXT("\\.brx\\")},     {TEXT("\\.BR\\"), TEXT("\\.BR\\")},
        {TEXT("\\E\\.br\\E\\"), TEXT("\\.br\\")},
    };
    static const struct decoding hl7[] = {
        {TEXT("a\\.br\\b"), TEXT("a\\.br\\b")},
        {TEXT("\\.br\\\\.br\\"), TEXT("\\.br\\\\.br\\")},
    };

    (void)state;
    check_decodings(&standard, HL7_TEXT_PLAIN, plain, sizeof plain / sizeof *plain);
    check_decodings(&standard, HL7_TEXT_HL7, hl7, sizeof hl7 / sizeof *hl7);
}

static void decoding_into_too_small_a_buffer_says_so(void **state)
{
    char memory[4];
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_unescape(&standard, HL7_TEXT("abc\\F\\e"), HL7_TEXT_HL7, &buffer);
    assert_true(buffer.full);
    /* Decoding never makes text longer. */
    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_unescape(&standard, HL7_TEXT("\\F\\\\"), HL7_TEXT_HL7, &buffer);
    assert_false(buffer.full);
}

/* rule 17: each byte is looked at a few times at most, whatever the escapes. */
static void a_million_escape_characters_are_ordinary(void **state)
{
    static const char *const pieces[] = {"\\", "\\a", "\\F\\", "\\X4"};
    const size_t len = (size_t)1 << 20;
    char *raw = test_malloc(len);
    char *text = test_malloc(len);

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct hl7_buffer buffer;
        for (size_t at = 0; at < len; at++) {
            raw[at] = pieces[i][at % strlen(pieces[i])];
        }
        hl7_buffer_init(&buffer, text, len);
        hl7_unescape(&standard, (hl7_slice){raw, len}, HL7_TEXT_HL7, &buffer);
        assert_false(buffer.full);
    }
    test_free(text);
    test_free(raw);
}

/* ---- Encoding ------------------------------------------------------------------------------ */

/* rule 20 */
static void text_is_encoded_so_that_it_is_one_leaf(void **state)
{
    static const struct {
        hl7_slice text;
        const char *raw;
    } cases[] = {
        {TEXT(""), ""},
        {TEXT("plain"), "plain"},
        {TEXT("|"), "\\F\\"},
        {TEXT("^"), "\\S\\"},
        {TEXT("&"), "\\T\\"},
        {TEXT("~"), "\\R\\"},
        {TEXT("\\"), "\\E\\"},
        {TEXT("a|b^c&d~e\\f"), "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f"},
        {TEXT("\\F\\"), "\\E\\F\\E\\"},
        {TEXT("\\.br\\"), "\\E\\.br\\E\\"},
        {TEXT("a\rPID|1"), "a\\X0D\\PID\\F\\1"},
        {TEXT("\n"), "\\X0A\\"},
        {TEXT("\x0b\x1c\r"), "\\X0B\\\\X1C\\\\X0D\\"},
        {TEXT("#\"{}\t\x7f"), "#\"{}\t\x7f"},
        {TEXT("gr\xc3\xbc\xc3\x9f"
              "e \xe4\xff"),
         "gr\xc3\xbc\xc3\x9f"
         "e \xe4\xff"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(encode(&standard, cases[i].text), cases[i].raw);
    }
    assert_slice(encode(&with_truncation, HL7_TEXT("a#b")), "a\\P\\b");
    assert_slice(encode(&without_subcomponent, HL7_TEXT("a&b^")), "a&b\\S\\");
    assert_slice(encode(&custom, HL7_TEXT("a|*:+!%")), "a|!F!!S!!R!!E!!T!");
    assert_slices(encode(&standard, HL7_TEXT("a\0b")), HL7_TEXT("a\0b"));
}

static void without_an_escape_character_only_plain_text_can_be_encoded(void **state)
{
    static const char *const impossible[] = {"|", "^", "~", "ab\r", "\n", "\x0b", "\x1c", "abc|"};
    char memory[16] = "before";

    (void)state;
    assert_slice(encode(&without_escape, HL7_TEXT("C:\\temp & more #")), "C:\\temp & more #");
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        struct hl7_buffer buffer = {.ptr = memory, .len = 6, .size = sizeof memory};
        assert_int_equal(hl7_escape(&without_escape, hl7_slice_of(impossible[i]), &buffer),
                         HL7_NOT_ENCODABLE);
        assert_slice(hl7_buffer_slice(&buffer), "before");
        assert_false(buffer.full);
    }
}

/* What does not fit leaves what was in the buffer before, and the mark that it was too small. */
static void encoding_into_too_small_a_buffer_adds_nothing(void **state)
{
    char memory[16];

    (void)state;
    for (size_t size = 2; size <= 9; size++) {
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, size);
        hl7_buffer_add(&buffer, HL7_TEXT("ab"));
        enum hl7_code code = hl7_escape(&standard, HL7_TEXT("x|\ry"), &buffer);
        assert_int_equal(code, HL7_NO_MEMORY);
        assert_slice(hl7_buffer_slice(&buffer), "ab");
        assert_true(buffer.full);
    }
}

/* A value that can never be encoded is that, however small the buffer. */
static void what_cannot_be_encoded_does_not_ask_for_memory(void **state)
{
    char memory[2];
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, memory, sizeof memory);
    assert_int_equal(hl7_escape(&without_escape, HL7_TEXT("long text|"), &buffer),
                     HL7_NOT_ENCODABLE);
    assert_int_equal(buffer.len, 0);
}

/* ---- Properties of both -------------------------------------------------------------------- */

/* rule 20: nothing in it can end or split anything. */
static void encoded_text_holds_no_special_byte(void **state)
{
    struct random_state random;
    char memory[60];

    (void)state;
    random_init(&random, 7);
    for (int round = 0; round < 5000; round++) {
        struct hl7_delimiters d = sample_escaping_delimiters(&random);
        const char special[] = {d.field, d.component, d.repetition, d.subcomponent, d.truncation,
                                '\r',    '\n',        HL7_VT,       HL7_FS};
        hl7_slice raw = encode(&d, sample_text(&random, &d, memory, sizeof memory));
        assert_false(sample_holds_any(raw, special, sizeof special));
    }
}

/* rules 18 and 20 */
static void decoding_gives_back_what_was_encoded(void **state)
{
    struct random_state random;
    char memory[60];

    (void)state;
    random_init(&random, 8);
    for (int round = 0; round < 5000; round++) {
        struct hl7_delimiters d = sample_escaping_delimiters(&random);
        hl7_slice text = sample_text(&random, &d, memory, sizeof memory);
        hl7_slice raw = encode(&d, text);
        assert_slices(decode(&d, raw, HL7_TEXT_HL7), text);
        assert_slices(decode(&d, raw, HL7_TEXT_PLAIN), text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_stand_for_the_messages_own_delimiters),
        cmocka_unit_test(what_was_decoded_is_not_decoded_again),
        cmocka_unit_test(what_is_no_sequence_passes_unchanged),
        cmocka_unit_test(a_sequence_for_a_delimiter_that_does_not_exist_passes),
        cmocka_unit_test(hexadecimal_is_bytes_in_any_case),
        cmocka_unit_test(bad_hexadecimal_passes_unchanged),
        cmocka_unit_test(formatting_is_kept_as_it_is),
        cmocka_unit_test(a_sequence_does_not_reach_across_a_delimiter),
        cmocka_unit_test(a_line_break_is_a_newline_in_plain_text_alone),
        cmocka_unit_test(decoding_into_too_small_a_buffer_says_so),
        cmocka_unit_test(a_million_escape_characters_are_ordinary),
        cmocka_unit_test(text_is_encoded_so_that_it_is_one_leaf),
        cmocka_unit_test(without_an_escape_character_only_plain_text_can_be_encoded),
        cmocka_unit_test(encoding_into_too_small_a_buffer_adds_nothing),
        cmocka_unit_test(what_cannot_be_encoded_does_not_ask_for_memory),
        cmocka_unit_test(encoded_text_holds_no_special_byte),
        cmocka_unit_test(decoding_gives_back_what_was_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
