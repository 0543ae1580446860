/* SPDX-License-Identifier: Apache-2.0
 *
 * The lexer of templates: what opens a placeholder, and the tokens within. */
#include "support.h"

#include "template/lexer.h"

/* Writes the pieces of a text as letters: t text, n line end, o original, c comment, e expression
 * (whose tokens are skipped up to the end of the line or the brace). */
static void describe_pieces(hl7_slice text, char *ret_shape, size_t size)
{
    static const char letters[] = {[PIECE_TEXT] = 't',
                                   [PIECE_LINE_END] = 'n',
                                   [PIECE_ORIGINAL] = 'o',
                                   [PIECE_COMMENT] = 'c',
                                   [PIECE_OPEN] = 'e'};
    struct lexer lexer = {.text = text};
    size_t len = 0;

    for (struct piece piece = lexer_piece(&lexer); piece.kind != PIECE_END;
         piece = lexer_piece(&lexer)) {
        assert_true(len + 1 < size);
        ret_shape[len++] = letters[piece.kind];
        if (piece.kind == PIECE_OPEN) {
            struct token token = lexer_token(&lexer);
            while (token.kind != TOKEN_CLOSE && token.kind != TOKEN_END) {
                token = lexer_token(&lexer);
            }
        }
    }
    ret_shape[len] = '\0';
}

static void a_brace_opens_a_placeholder_only_before_what_can_be_one(void **state)
{
    static const struct {
        const char *text;
        const char *shape;
    } cases[] = {
        {"", ""},
        {"text", "t"},
        {"}", "t"},
        {"{", "t"},
        {"{{", "t"},
        {"{}", "t"},
        {"{ PID-5 }", "t"},
        {"{\"name\": 1}", "t"},
        {"{\n", "tn"},
        {"{-1}", "t"},
        {"{[", "t"},
        {"{_a}", "t"},
        {"{\xc3\xa4}", "t"},
        {"{P", "e"},
        {"{a}", "e"},
        {"{z}", "e"},
        {"{A}", "e"},
        {"{Z}", "e"},
        {"{$.a}", "e"},
        {"{@a}", "e"},
        {"{'a'}", "e"},
        {"a{PID-5}b{PID-6}c", "tetet"},
        {"{{PID-5}}", "tet"},
        {"{0-9}", "o"},
        {"{0-9}{1-2}", "oo"},
        {"{00-007}", "o"},
        {"{{0-9}}", "tot"},
        {"{0-{1-2}}", "tot"},
        {"{0-9", "t"},
        {"{0-", "t"},
        {"{0", "t"},
        {"{0}", "t"},
        {"{0-}", "t"},
        {"{0--1}", "t"},
        {"{0-9 }", "t"},
        {"{0 -9}", "t"},
        {"{0-9.1}", "t"},
        {"{0-9-1}", "t"},
        {"{1.5}", "t"},
        {"{0_9}", "t"},
        {"{0-9\n}", "tnt"},
        {"a\nb\r\nc\rd\n\re", "tntntntnnt"},
        {"{##}", "c"},
        {"{# a #}", "c"},
        {"{# a\nb #}c", "ct"},
        {"{# } # #}c", "ct"},
        {"{# {PID-5} #}", "c"},
        {"{#}", "c"},
        {"{#", "c"},
        {"{# a #", "c"},
        {"a{#b#}c", "tct"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char shape[64];
        describe_pieces(hl7_slice_of(cases[i].text), shape, sizeof shape);
        if (strcmp(shape, cases[i].shape) != 0) {
            fail_msg("%s: expected %s, found %s", cases[i].text, cases[i].shape, shape);
        }
    }
}

static void pieces_put_together_are_the_text(void **state)
{
    hl7_slice text = HL7_TEXT("a{0-1}b\r\n{# c #}{ \rd}\n{9-");
    struct lexer lexer = {.text = text};
    size_t at = 0;

    (void)state;
    for (struct piece piece = lexer_piece(&lexer); piece.kind != PIECE_END;
         piece = lexer_piece(&lexer)) {
        assert_int_equal(piece.position, at);
        assert_ptr_equal(piece.text.ptr, text.ptr + at);
        at += piece.text.len;
    }
    assert_int_equal(at, text.len);
    assert_int_equal(lexer_piece(&lexer).kind, PIECE_END);
}

static void an_original_placeholder_has_two_numbers(void **state)
{
    static const struct {
        const char *text;
        size_t segment;
        size_t field;
    } cases[] = {
        {"{0-9}", 0, 9},
        {"{12-034}", 12, 34},
        {"{18446744073709551614-1}", SIZE_MAX - 1, 1},
        {"{18446744073709551616-1}", SIZE_MAX, 1},
        {"{1-99999999999999999999999999999999999999999}", 1, SIZE_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lexer lexer = {.text = hl7_slice_of(cases[i].text)};
        struct piece piece = lexer_piece(&lexer);
        assert_int_equal(piece.kind, PIECE_ORIGINAL);
        assert_true(piece.segment == cases[i].segment);
        assert_true(piece.field == cases[i].field);
    }
}

static void a_comment_knows_whether_it_has_its_end(void **state)
{
    struct lexer with_end = {.text = HL7_TEXT("{# a #}b")};
    struct lexer without_end = {.text = HL7_TEXT("{# a")};
    struct lexer too_short = {.text = HL7_TEXT("{#}")};

    (void)state;
    assert_true(lexer_piece(&with_end).closed);
    assert_false(lexer_piece(&without_end).closed);
    assert_false(lexer_piece(&too_short).closed);
}

/* Writes the tokens of a text as letters and their texts: "N:PID M:- C:}". */
static void describe_tokens(hl7_slice text, struct hl7_buffer *buffer)
{
    static const char letters[] = {
        [TOKEN_CLOSE] = 'C', [TOKEN_NAME] = 'N',       [TOKEN_NUMBER] = '1',  [TOKEN_STRING] = 'S',
        [TOKEN_MARK] = 'M',  [TOKEN_BAD_STRING] = 'B', [TOKEN_BAD_BYTE] = 'X'};
    struct lexer lexer = {.text = text};

    for (struct token token = lexer_token(&lexer); token.kind != TOKEN_END;
         token = lexer_token(&lexer)) {
        hl7_buffer_add_byte(buffer, letters[token.kind]);
        hl7_buffer_add_byte(buffer, ':');
        hl7_buffer_add(buffer, token.text);
        hl7_buffer_add_byte(buffer, ' ');
    }
}

static void an_expression_is_split_into_tokens(void **state)
{
    static const struct {
        const char *text;
        const char *tokens;
    } cases[] = {
        {"", ""},
        {" \t ", ""},
        {"}", "C:} "},
        {"PID-5.1}", "N:PID M:- 1:5.1 C:} "},
        {"PID-3[2].1.2", "N:PID M:- 1:3 M:[ 1:2 M:] M:. 1:1.2 "},
        {"first_of(a, b2)", "N:first_of M:( N:a M:, N:b2 M:) "},
        {"a=b!=c<d<=e>f>=g", "N:a M:= N:b M:!= N:c M:< N:d M:<= N:e M:> N:f M:>= N:g "},
        {"ORC..", "N:ORC M:.. "},
        {"$.a[0]", "M:$ M:. N:a M:[ 1:0 M:] "},
        {"order:PID @x *", "N:order M:: N:PID M:@ N:x M:* "},
        {"12.5 12. 12.x", "1:12.5 1:12 M:. 1:12 M:. N:x "},
        {"12", "1:12 "},
        {"'text' ''", "S:text S: "},
        {"'it''s'", "S:it''s "},
        {"''''", "S:'' "},
        {"'}'", "S:} "},
        {"'open", "B:open "},
        {"'open} x", "B:open C:} N:x "},
        {"'open} 'x", "S:open}  N:x "},
        {"'", "B: "},
        {"'a''", "B:a'' "},
        {"'a\n'", "B:a "},
        {"a\nb", "N:a "},
        {"a\rb", "N:a "},
        {"!a % \x01", "X:! N:a X:% X:\x01 "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[256];
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, sizeof memory);
        describe_tokens(hl7_slice_of(cases[i].text), &buffer);
        assert_slice(hl7_buffer_slice(&buffer), cases[i].tokens);
    }
}

static void a_string_tells_whether_quotes_are_doubled(void **state)
{
    struct lexer plain = {.text = HL7_TEXT("'its'")};
    struct lexer doubled = {.text = HL7_TEXT("'it''s'")};

    (void)state;
    assert_false(lexer_token(&plain).doubled);
    assert_true(lexer_token(&doubled).doubled);
}

static void a_token_ends_before_the_line_end(void **state)
{
    struct lexer lexer = {.text = HL7_TEXT("{a\nb")};

    (void)state;
    assert_int_equal(lexer_piece(&lexer).kind, PIECE_OPEN);
    assert_int_equal(lexer_token(&lexer).kind, TOKEN_NAME);
    assert_int_equal(lexer_token(&lexer).kind, TOKEN_END);
    assert_int_equal(lexer_piece(&lexer).kind, PIECE_LINE_END);
}

static void blanks_are_spaces_and_tabs(void **state)
{
    (void)state;
    assert_true(lexer_is_blank(HL7_TEXT("")));
    assert_true(lexer_is_blank(HL7_TEXT(" \t ")));
    assert_false(lexer_is_blank(HL7_TEXT(" a")));
    assert_false(lexer_is_blank(HL7_TEXT("\n")));
}

static void nothing_is_read_behind_the_end(void **state)
{
    static const char text[] = "{0-9}{# c #}\r\n{PID-3[2].1 = 'it''s' 12.5 != %}{12-";
    char shape[64];

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char memory[256];
        struct hl7_buffer buffer;
        char *copy = edge_copy(text, len);
        describe_pieces((hl7_slice){copy, len}, shape, sizeof shape);
        hl7_buffer_init(&buffer, memory, sizeof memory);
        describe_tokens((hl7_slice){copy, len}, &buffer);
        assert_false(buffer.full);
        edge_free(copy, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_brace_opens_a_placeholder_only_before_what_can_be_one),
        cmocka_unit_test(pieces_put_together_are_the_text),
        cmocka_unit_test(an_original_placeholder_has_two_numbers),
        cmocka_unit_test(a_comment_knows_whether_it_has_its_end),
        cmocka_unit_test(an_expression_is_split_into_tokens),
        cmocka_unit_test(a_string_tells_whether_quotes_are_doubled),
        cmocka_unit_test(a_token_ends_before_the_line_end),
        cmocka_unit_test(blanks_are_spaces_and_tabs),
        cmocka_unit_test(nothing_is_read_behind_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
