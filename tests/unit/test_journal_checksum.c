/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/journal/checksum.h"
#include "support.h"

#include <string.h>

/* The definition, a bit at a time. */
static uint64_t slowly(hl7_slice bytes)
{
    uint64_t rest = ~UINT64_C(0);

    for (size_t i = 0; i < bytes.len; i++) {
        rest ^= (unsigned char)bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++) {
            rest = (rest >> 1) ^ ((rest & 1) != 0 ? UINT64_C(0xC96C5795D7870F42) : 0);
        }
    }
    return ~rest;
}

static void the_published_check_value_comes_out(void **state)
{
    struct checksum checksum;

    (void)state;
    checksum_init(&checksum);
    assert_true(checksum_of(&checksum, HL7_TEXT("123456789")) == UINT64_C(0x995DC9BBDF1939FA));
    assert_true(checksum_of(&checksum, (hl7_slice){"", 0}) == 0);
}

static void every_length_agrees_with_the_definition(void **state)
{
    struct checksum checksum;
    char bytes[64];

    (void)state;
    checksum_init(&checksum);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 37 + 200);
    }
    for (size_t len = 0; len <= sizeof bytes; len++) {
        assert_true(checksum_of(&checksum, (hl7_slice){bytes, len}) ==
                    slowly((hl7_slice){bytes, len}));
    }
}

static void every_change_of_one_byte_changes_it(void **state)
{
    struct checksum checksum;
    char bytes[41];

    (void)state;
    checksum_init(&checksum);
    memset(bytes, 'a', sizeof bytes);
    uint64_t whole = checksum_of(&checksum, (hl7_slice){bytes, sizeof bytes});
    for (size_t i = 0; i < sizeof bytes; i++) {
        for (int value = 1; value < 256; value++) {
            bytes[i] = (char)(bytes[i] ^ value);
            assert_true(checksum_of(&checksum, (hl7_slice){bytes, sizeof bytes}) != whole);
            bytes[i] = 'a';
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_check_value_comes_out),
        cmocka_unit_test(every_length_agrees_with_the_definition),
        cmocka_unit_test(every_change_of_one_byte_changes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
