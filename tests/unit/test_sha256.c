/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 against published digests (FIPS 180-4 examples, NIST) and, at every length around its
 * blocks, against Python's hashlib. */
#include "support.h"

#include <stdlib.h>

static void check(hl7_slice text, const char *expected)
{
    char found[HL7_SHA256_HEX];

    hl7_sha256_hex(text, found);
    assert_string_equal(found, expected);
}

static void published_digests_are_met(void **state)
{
    (void)state;
    check(HL7_TEXT(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(HL7_TEXT("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(HL7_TEXT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check(HL7_TEXT("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                   "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void a_million_letters_have_their_digest(void **state)
{
    size_t len = 1000000;
    char *text = malloc(len);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', len);
    check((hl7_slice){text, len},
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(text);
}

/* The digest of the digests of 0, 1, … 200 bytes: each byte is its offset. */
static void every_length_around_a_block_is_right(void **state)
{
    unsigned char digests[201][HL7_SHA256_BYTES];

    (void)state;
    for (size_t len = 0; len <= 200; len++) {
        char bytes[200];
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)(unsigned char)i;
        }
        char *copy = edge_copy(bytes, len);
        hl7_sha256((hl7_slice){copy, len}, digests[len]);
        edge_free(copy, len);
    }
    check((hl7_slice){(const char *)digests, sizeof digests},
          "64ef7c229fce2408b5336b6a542fea0e078c3a87d2da85cb3fc52e2008b65021");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_digests_are_met),
        cmocka_unit_test(a_million_letters_have_their_digest),
        cmocka_unit_test(every_length_around_a_block_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
