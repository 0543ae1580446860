/* SPDX-License-Identifier: Apache-2.0
 *
 * The encoders: what becomes what, and that nothing gets out of its place. */
#include "support.h"

#include "template/encode.h"

/* A slice in a table. */
#define S(literal)                                                                                 \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

struct page {
    char memory[2048];
    struct hl7_buffer buffer;
};

static hl7_slice encoded(void (*encode)(hl7_slice, struct hl7_buffer *), hl7_slice text,
                         struct page *page)
{
    hl7_buffer_init(&page->buffer, page->memory, sizeof page->memory);
    encode(text, &page->buffer);
    assert_false(page->buffer.full);
    return hl7_buffer_slice(&page->buffer);
}

static void each_encoder_writes_its_own_form(void **state)
{
    static const struct {
        void (*encode)(hl7_slice, struct hl7_buffer *);
        hl7_slice text;
        hl7_slice expected;
    } cases[] = {
        {encode_json, S(""), S("")},
        {encode_json, S("DOE^JANE"), S("DOE^JANE")},
        {encode_json, S("say \"a\\b\""), S("say \\\"a\\\\b\\\"")},
        {encode_json, S("\b\f\n\r\t"), S("\\b\\f\\n\\r\\t")},
        {encode_json, S("\0\x01\x0b\x1f\x7f"), S("\\u0000\\u0001\\u000b\\u001f\x7f")},
        {encode_json, S("\xc3\xbc\xf0\x9f\x98\x80"), S("\xc3\xbc\xf0\x9f\x98\x80")},
        {encode_json, S("M\xfcller"), S("M\xef\xbf\xbdller")},
        {encode_json, S("\xed\xa0\x80"), S("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
        {encode_json, S("</script>{}[]"), S("</script>{}[]")},
        {encode_xml, S("a<b>&\"'"), S("a&lt;b&gt;&amp;&quot;&#39;")},
        {encode_xml, S("]]>"), S("]]&gt;")},
        {encode_xml, S("\t\n\r"), S("&#9;&#10;&#13;")},
        {encode_xml, S("\0\x0b\x1c\xff"), S("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
        {encode_xml, S("\xef\xbf\xbe\xef\xbf\xbf"), S("\xef\xbf\xbd\xef\xbf\xbd")},
        {encode_xml, S("\x7f\xc2\x85\xe2\x82\xac"), S("\x7f\xc2\x85\xe2\x82\xac")},
        {encode_csv, S(""), S("")},
        {encode_csv, S("plain text"), S("plain text")},
        {encode_csv, S("a,b"), S("\"a,b\"")},
        {encode_csv, S("a;b"), S("\"a;b\"")},
        {encode_csv, S("a\tb"), S("\"a\tb\"")},
        {encode_csv, S("say \"a\""), S("\"say \"\"a\"\"\"")},
        {encode_csv, S("a\r\nb"), S("\"a\r\nb\"")},
        {encode_csv, S(" a"), S("\" a\"")},
        {encode_csv, S("a "), S("\"a \"")},
        {encode_csv_quoted, S("a,\"\"b\""), S("a,\"\"\"\"b\"\"")},
        {encode_url, S("aZ09-._~"), S("aZ09-._~")},
        {encode_url, S("a b/\xc3\xbc&=+%"), S("a%20b%2F%C3%BC%26%3D%2B%25")},
        {encode_hex, S("\0\x0f\xa5\xff"), S("000fa5ff")},
        {encode_base64, S(""), S("")},
        {encode_base64, S("f"), S("Zg==")},
        {encode_base64, S("fo"), S("Zm8=")},
        {encode_base64, S("foo"), S("Zm9v")},
        {encode_base64, S("foobar"), S("Zm9vYmFy")},
        {encode_base64, S("\xff\xfe\xfd"), S("//79")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page;
        hl7_slice found = encoded(cases[i].encode, cases[i].text, &page);
        if (!hl7_slice_equal(found, cases[i].expected)) {
            print_error("case %zu\n", i);
        }
        assert_slices(found, cases[i].expected);
        assert_int_equal(encoded(cases[i].encode, (hl7_slice){NULL, 0}, &page).len, 0);
    }
}

/* Against Python's base64: the digest of the encodings of 0 to 100 bytes. */
static void base64_agrees_with_another_at_every_length(void **state)
{
    static char all[8000];
    unsigned char digest[HL7_SHA256_BYTES];
    struct page page;
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, all, sizeof all);
    for (unsigned len = 0; len <= 100; len++) {
        char bytes[100];
        for (unsigned i = 0; i < len; i++) {
            bytes[i] = (char)(unsigned char)(i * 37 + len * 11);
        }
        encode_base64((hl7_slice){bytes, len}, &buffer);
    }
    assert_false(buffer.full);
    hl7_sha256(hl7_buffer_slice(&buffer), digest);
    assert_slice(encoded(encode_hex, (hl7_slice){(const char *)digest, sizeof digest}, &page),
                 "7e6b3c8f833c615d141b61f0de24e00c702985d8130f29ce4b6005c66c6c7abf");
}

static void base64_is_decoded_to_what_was_encoded(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 3);
    for (size_t i = 0; i < 3000; i++) {
        char bytes[60];
        char decoded[60];
        struct hl7_buffer buffer;
        struct page page;
        hl7_slice text = {bytes, random_below(&random, sizeof bytes)};
        random_fill(&random, bytes, text.len);
        hl7_buffer_init(&buffer, decoded, sizeof decoded);
        assert_true(encode_base64_decode(encoded(encode_base64, text, &page), &buffer));
        assert_slices(hl7_buffer_slice(&buffer), text);
    }
}

static void base64_is_read_strictly_but_for_line_ends(void **state)
{
    static const struct {
        const char *text;
        const char *expected; /* NULL: refused */
    } cases[] = {
        {"", ""},         {"Zm9v", "foo"},    {" Zm\r\n9v\tYg==\n", "foob"},
        {"Zg =\n=", "f"}, {"Zg", NULL},       {"Zg=", NULL},
        {"Zg===", NULL},  {"Zg==Zg==", NULL}, {"Zm8=Zg==", NULL},
        {"====", NULL},   {"Z===", NULL},     {"Zg==Z", NULL},
        {"Zg=A", NULL},   {"Zh==", NULL},     {"Zm9=", NULL},
        {"Zm-_", NULL},   {"Zm9v!", NULL},    {"Zm9\xc3\xbc", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[16];
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, sizeof memory);
        bool decoded = encode_base64_decode(hl7_slice_of(cases[i].text), &buffer);
        if (decoded != (cases[i].expected != NULL)) {
            fail_msg("'%s'", cases[i].text);
        }
        if (decoded) {
            assert_slice(hl7_buffer_slice(&buffer), cases[i].expected);
        }
    }
}

/* Whatever the bytes: no quote and no control byte stands bare in JSON, no mark in XML. */
static void nothing_gets_out_of_its_place(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 5);
    for (size_t i = 0; i < 5000; i++) {
        char bytes[80];
        struct page page;
        hl7_slice text = {bytes, random_below(&random, sizeof bytes)};
        random_fill(&random, bytes, text.len);
        hl7_slice json = encoded(encode_json, text, &page);
        for (size_t at = 0; at < json.len; at++) {
            assert_true((unsigned char)json.ptr[at] >= 0x20 && json.ptr[at] != '"');
            at += json.ptr[at] == '\\' ? 1 : 0;
            assert_true(at < json.len);
        }
        hl7_slice xml = encoded(encode_xml, text, &page);
        for (size_t at = 0; at < xml.len; at++) {
            assert_null(strchr("<>\"'", xml.ptr[at]));
            assert_true((unsigned char)xml.ptr[at] >= 0x20);
        }
    }
}

static void nothing_is_read_past_the_end(void **state)
{
    static const char text[] = "Zm9v \"\\\xf0\x9f\x98\x80,&<\r\n==";
    static void (*const encoders[])(hl7_slice, struct hl7_buffer *) = {
        encode_json, encode_xml, encode_csv,    encode_csv_quoted,
        encode_url,  encode_hex, encode_base64,
    };

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char *copy = edge_copy(text, len);
        struct page page;
        for (size_t i = 0; i < sizeof encoders / sizeof *encoders; i++) {
            (void)encoded(encoders[i], (hl7_slice){copy, len}, &page);
        }
        hl7_buffer_init(&page.buffer, page.memory, sizeof page.memory);
        (void)encode_base64_decode((hl7_slice){copy, len}, &page.buffer);
        edge_free(copy, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_encoder_writes_its_own_form),
        cmocka_unit_test(base64_agrees_with_another_at_every_length),
        cmocka_unit_test(base64_is_decoded_to_what_was_encoded),
        cmocka_unit_test(base64_is_read_strictly_but_for_line_ends),
        cmocka_unit_test(nothing_gets_out_of_its_place),
        cmocka_unit_test(nothing_is_read_past_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
