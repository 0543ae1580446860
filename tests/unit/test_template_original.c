/* SPDX-License-Identifier: Apache-2.0
 *
 * The original placeholders against a second implementation of the original converter, written here
 * from its description: split the source at runs of CR and LF, split a segment at '|', both counted
 * from 0, and put the piece where {segment-piece} stands. */
#include "test_template_support.h"

#include "template/original.h"

/* ---- The original converter, by its description ----------------------------------------------- */

/* re.split(r'[\r\n]+', source)[n]; false when there is none. */
static bool model_segment(hl7_slice source, size_t n, hl7_slice *ret_segment)
{
    size_t start = 0;

    for (size_t segment = 0;; segment++) {
        size_t end = start;
        while (end < source.len && source.ptr[end] != '\r' && source.ptr[end] != '\n') {
            end++;
        }
        if (segment == n) {
            *ret_segment = hl7_slice_part(source, start, end - start);
            return true;
        }
        if (end == source.len) {
            return false;
        }
        start = end;
        while (start < source.len && (source.ptr[start] == '\r' || source.ptr[start] == '\n')) {
            start++;
        }
    }
}

/* segment.split('|')[n] */
static bool model_piece(hl7_slice segment, size_t n, hl7_slice *ret_piece)
{
    size_t bars = 0;
    size_t start = 0;

    for (size_t i = 0; i <= segment.len; i++) {
        if (i < segment.len && segment.ptr[i] != '|') {
            continue;
        }
        if (bars == n) {
            *ret_piece = hl7_slice_part(segment, start, i - start);
            return true;
        }
        bars++;
        start = i + 1;
    }
    return false;
}

static size_t model_digits(hl7_slice text, size_t at)
{
    while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9') {
        at++;
    }
    return at;
}

/* A number that has more digits than any message has pieces is outside of all. */
static size_t model_number(hl7_slice digits)
{
    size_t number = 0;

    for (size_t i = 0; i < digits.len; i++) {
        number = number > 1000000 ? number : number * 10 + (size_t)(digits.ptr[i] - '0');
    }
    return number;
}

/* Matches {(\d+)-(\d+)} at an offset; 0 or the length of the match. */
static size_t model_match(hl7_slice text, size_t at, size_t *ret_segment, size_t *ret_piece)
{
    size_t first = at + 1;
    size_t dash = model_digits(text, first);
    if (text.ptr[at] != '{' || dash == first || dash == text.len || text.ptr[dash] != '-') {
        return 0;
    }
    size_t close = model_digits(text, dash + 1);
    if (close == dash + 1 || close == text.len || text.ptr[close] != '}') {
        return 0;
    }
    *ret_segment = model_number(hl7_slice_part(text, first, dash - first));
    *ret_piece = model_number(hl7_slice_part(text, dash + 1, close - dash - 1));
    return close + 1 - at;
}

/* re.sub(pattern, replace, text). Outside of the source the original raises an error: here the
 * result is then false, and nothing is put there. */
static bool model_convert(hl7_slice source, hl7_slice text, struct hl7_buffer *buffer)
{
    bool inside = true;

    for (size_t at = 0; at < text.len;) {
        size_t segment_number = 0;
        size_t piece_number = 0;
        size_t len = model_match(text, at, &segment_number, &piece_number);
        hl7_slice segment;
        hl7_slice piece;
        if (len == 0) {
            hl7_buffer_add_byte(buffer, text.ptr[at++]);
            continue;
        }
        if (model_segment(source, segment_number, &segment) &&
            model_piece(segment, piece_number, &piece)) {
            hl7_buffer_add(buffer, piece);
        } else {
            inside = false;
        }
        at += len;
    }
    return inside;
}

/* What this language adds: the line ends of the template become those of the output. */
static hl7_slice model_line_ends(hl7_slice text, struct hl7_buffer *buffer)
{
    bool is_hl7 = hl7_slice_starts(text, HL7_TEXT("MSH"));

    for (size_t i = 0; i < text.len; i++) {
        bool crlf = text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n';
        if (text.ptr[i] == '\n' || (text.ptr[i] == '\r' && !crlf)) {
            hl7_buffer_add_byte(buffer, is_hl7 ? '\r' : '\n');
        } else if (!crlf) {
            hl7_buffer_add_byte(buffer, text.ptr[i]);
        }
    }
    return hl7_buffer_slice(buffer);
}

/* ---- Random messages and templates ------------------------------------------------------------ */

enum { RANDOM_BYTES = 400 };

struct random_text {
    char memory[RANDOM_BYTES];
    struct hl7_buffer buffer;
};

static hl7_slice random_parts(struct random_state *random, const hl7_slice *parts, size_t count,
                              struct random_text *text)
{
    size_t wanted = random_below(random, 60);

    hl7_buffer_init(&text->buffer, text->memory, sizeof text->memory);
    for (size_t i = 0; i < wanted; i++) {
        hl7_buffer_add(&text->buffer, parts[random_below(random, count)]);
    }
    return hl7_buffer_slice(&text->buffer);
}

static hl7_slice random_message(struct random_state *random, struct random_text *text)
{
    static const hl7_slice parts[] = {
        {"|", 1},     {"|", 1},  {"|", 1},          {"|", 1}, {"\r", 1},   {"\n", 1},
        {"\r\n", 2},  {"\0", 1}, {"PID", 3},        {"a", 1}, {"\xff", 1}, {"^~\\&", 4},
        {"{0-1}", 5}, {"1", 1},  {"MSH|^~\\&|", 9}, {" ", 1},
    };

    return random_parts(random, parts, sizeof parts / sizeof *parts, text);
}

/* Templates without what this language adds: a '{' before a letter and the like is put out of the
 * way. */
static hl7_slice random_template(struct random_state *random, struct random_text *text)
{
    static const hl7_slice parts[] = {
        {"{", 1},          {"}", 1},
        {"{0-0}", 5},      {"{0-1}", 5},
        {"{1-2}", 5},      {"{3-1}", 5},
        {"{2-0}", 5},      {"{02-01}", 7},
        {"{99-1}", 6},     {"{0-99}", 6},
        {"0", 1},          {"7", 1},
        {"-", 1},          {"|", 1},
        {"\r", 1},         {"\n", 1},
        {"\r\n", 2},       {"\0", 1},
        {"\xff", 1},       {"x", 1},
        {"MSH|^~\\&|", 9}, {"{1-99999999999999999999}", 24},
        {" ", 1},          {"\"", 1},
    };
    (void)random_parts(random, parts, sizeof parts / sizeof *parts, text);

    for (size_t i = 1; i < text->buffer.len; i++) {
        char c = text->memory[i];
        if (text->memory[i - 1] == '{' && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) {
            text->memory[i] = '+';
        }
    }
    return hl7_buffer_slice(&text->buffer);
}

/* ---- Tests ------------------------------------------------------------------------------------ */

static void any_template_gives_what_the_original_converter_gives(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 20230403);
    for (int round = 0; round < 20000; round++) {
        static struct random_text source_text;
        static struct random_text template_text;
        static char lines_memory[RANDOM_BYTES];
        static char expected_memory[RANDOM_BYTES * RANDOM_BYTES];
        struct hl7_buffer lines;
        struct hl7_buffer expected;
        struct bench *bench = bench_open();

        hl7_slice source = random_message(&random, &source_text);
        hl7_slice text = random_template(&random, &template_text);
        hl7_buffer_init(&lines, lines_memory, sizeof lines_memory);
        hl7_buffer_init(&expected, expected_memory, sizeof expected_memory);
        bool inside = model_convert(source, model_line_ends(text, &lines), &expected);
        assert_false(expected.full);
        assert_slices(bench_convert(bench, text, source), hl7_buffer_slice(&expected));

        hl7_buffer_init(&bench->buffer, bench->output_memory, sizeof bench->output_memory);
        assert_int_equal(bench_run(bench, source, true), inside ? HL7_OK : HL7_NOT_FOUND);
    }
}

static void the_source_is_split_as_the_original_converter_splits_it(void **state)
{
    static const struct {
        const char *source;
        const char *text;
        const char *expected;
    } cases[] = {
        {"", "[{0-0}]", "[]"},
        {"a|b", "{0-0} {0-1}", "a b"},
        {"a|b", "{0-2}{1-0}", ""},
        {"a|b\rc|d", "{1-1}{0-0}", "da"},
        {"a|b\nc|d", "{1-1}", "d"},
        {"a|b\r\n\r\n\nc|d", "{1-1}", "d"},
        {"\ra", "[{0-0}]{1-0}", "[]a"},
        {"a\r", "{0-0}[{1-0}]", "a[]"},
        {"\r", "[{0-0}{1-0}{2-0}]", "[]"},
        {"MSH|^~\\&|APP", "{0-0} {0-1} {0-2}", "MSH ^~\\& APP"},
        {"a#b", "{0-0}", "a#b"},
        {"||", "[{0-0}{0-1}{0-2}]", "[]"},
        {"a|b|c", "{0-2}{0-1}{0-0}{0-1}{0-1}", "cbabb"},
        {"a|b", "{99999999999999999999999-0}[{0-99999999999999999999999]",
         "[{0-99999999999999999999999]"},
        {"a|b", "{18446744073709551615-0}{0-18446744073709551615}", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(convert(cases[i].text, cases[i].source), cases[i].expected);
    }
}

static void the_document_s_acknowledgement_is_made(void **state)
{
    static const char text[] =
        "MSH|^~\\&|SENDING_APP|SENDING_FACILITY|{0-2}|{0-3}|||20230403111111||ACK|{0-9}|P|2.4||||||"
        "UNICODE UTF-8\nMSA|AA|{0-9}";
    static const char source[] =
        "MSH|^~\\&|Sender Application|Hospital Inc.|||20230403111111||ORU^R01|ORU20230328084905364|"
        "P|2.4||||||UNICODE UTF-8\rPID|1||7303875797285206||anon";

    (void)state;
    assert_slice(convert(text, source),
                 "MSH|^~\\&|SENDING_APP|SENDING_FACILITY|Sender Application|Hospital Inc.|||"
                 "20230403111111||ACK|ORU20230328084905364|P|2.4||||||UNICODE UTF-8\r"
                 "MSA|AA|ORU20230328084905364");
}

static void outside_of_the_message_is_an_error_in_strict_mode(void **state)
{
    static const struct {
        const char *text;
        size_t line;
        size_t column;
        const char *message;
    } cases[] = {
        {"MSH|{0-2}", 1, 5, "the source has no {0-2} (it is not an HL7 message)"},
        {"a\nb{1-1} {9-9}", 2, 2, "the source has no {1-1} (it is not an HL7 message)"},
        {"{0-1}\r\n\r\n {1-0}", 3, 2, "the source has no {1-0} (it is not an HL7 message)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i].text)), HL7_OK);
        assert_int_equal(bench_run(bench, HL7_TEXT("a|b"), true), HL7_NOT_FOUND);
        assert_int_equal(bench->failure.line, cases[i].line);
        assert_int_equal(bench->failure.column, cases[i].column);
        assert_string_equal(bench->failure.text, cases[i].message);
    }
}

static void an_absent_source_is_an_empty_one(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(bench_compile(bench, HL7_TEXT("[{0-0}]")), HL7_OK);
    assert_int_equal(bench_run(bench, (hl7_slice){NULL, 0}, true), HL7_OK);
    assert_slice(bench->output, "[]");
}

static void placeholders_are_sorted_by_segment_and_piece(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 7);
    for (size_t count = 0; count < 70; count++) {
        struct instruction code[70];
        uint32_t originals[70];
        for (size_t i = 0; i < count; i++) {
            code[i] = (struct instruction){.op = OP_ORIGINAL,
                                           .as.original = {.segment = random_below(&random, 5),
                                                           .piece = random_below(&random, 5)}};
            originals[i] = (uint32_t)i;
        }
        original_sort(code, originals, count);
        for (size_t i = 0; i < count; i++) {
            const struct original *at = &code[originals[i]].as.original;
            assert_int_equal(at->slot, i);
            if (i > 0) {
                const struct original *before = &code[originals[i - 1]].as.original;
                assert_true(before->segment < at->segment ||
                            (before->segment == at->segment && before->piece <= at->piece));
            }
        }
    }
}

static void the_source_is_not_read_behind_its_end(void **state)
{
    static const char source[] = "\ra|b\r\nc||d\n\ne|";

    (void)state;
    for (size_t len = 0; len < sizeof source; len++) {
        struct bench *bench = bench_open();
        char *copy = edge_copy(source, len);
        (void)bench_convert(bench, HL7_TEXT("{0-0}{0-1}{1-0}{1-1}{2-2}{3-0}{3-1}{9-9}"),
                            (hl7_slice){copy, len});
        edge_free(copy, len);
    }
}

/* Each of 20,000 placeholders asks for a piece at the end of a line of 200,000 bytes: walked for each
 * of them, that is 4 GB. */
static void many_placeholders_cost_one_walk(void **state)
{
    static char source[200000];
    static char text[20000 * 11];
    struct bench *bench = bench_open();

    (void)state;
    memset(source, '|', sizeof source);
    for (size_t i = 0; i < sizeof text; i += 11) {
        memcpy(text + i, "{0-199999} ", 11);
    }
    hl7_slice output =
        bench_convert(bench, (hl7_slice){text, sizeof text}, (hl7_slice){source, sizeof source});
    assert_int_equal(output.len, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_template_gives_what_the_original_converter_gives),
        cmocka_unit_test(the_source_is_split_as_the_original_converter_splits_it),
        cmocka_unit_test(the_document_s_acknowledgement_is_made),
        cmocka_unit_test(outside_of_the_message_is_an_error_in_strict_mode),
        cmocka_unit_test(an_absent_source_is_an_empty_one),
        cmocka_unit_test(placeholders_are_sorted_by_segment_and_piece),
        cmocka_unit_test(the_source_is_not_read_behind_its_end),
        cmocka_unit_test(many_placeholders_cost_one_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
