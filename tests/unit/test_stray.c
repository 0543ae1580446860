/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes between frames: which protocol they are of, and how they are shown (rules 3 and 7). */
#include "support.h"

#include "../net/stray.h"

static void other_protocols_are_known_by_their_first_bytes(void **state)
{
    static const struct {
        hl7_slice bytes;
        const char *name;
    } cases[] = {
        {{"GET / HTTP/1.1\r\n", 16}, "an HTTP request"},
        {{"\x16\x03\x01\x02", 4}, "a TLS handshake"},
        {{"<soap>", 6}, "markup"},
        {{"PRI * HTTP/2.0", 14}, "HTTP/2"},
        {{"GET", 3}, NULL}, /* not all of it is there */
        {{"MSH|^~\\&|", 9}, NULL},
        {{"", 0}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = stray_protocol(cases[i].bytes);

        if (cases[i].name == NULL) {
            assert_null(name);
        } else {
            assert_non_null(name);
            assert_string_equal(name, cases[i].name);
        }
    }
}

static void blanks_and_line_ends_are_blank(void **state)
{
    (void)state;
    assert_true(stray_is_blank(HL7_TEXT("\r\n \t")));
    assert_true(stray_is_blank(HL7_TEXT("")));
    assert_false(stray_is_blank(HL7_TEXT("\r\n.")));
    assert_false(stray_is_blank(HL7_TEXT("\0")));
}

static void an_excerpt_is_sixteen_bytes_in_hexadecimal(void **state)
{
    char text[STRAY_EXCERPT];

    (void)state;
    assert_string_equal(stray_excerpt(HL7_TEXT("\x00\xffMSH"), text), "00ff4d5348");
    assert_string_equal(stray_excerpt(HL7_TEXT(""), text), "");
    assert_string_equal(stray_excerpt(HL7_TEXT("0123456789abcdefX"), text),
                        "30313233343536373839616263646566");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_protocols_are_known_by_their_first_bytes),
        cmocka_unit_test(blanks_and_line_ends_are_blank),
        cmocka_unit_test(an_excerpt_is_sixteen_bytes_in_hexadecimal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
