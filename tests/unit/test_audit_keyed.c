/* SPDX-License-Identifier: Apache-2.0
 *
 * The keyed hash of the audit log, and its key. */
#include "audit_desk.h"

#include <errno.h>
#include <sys/stat.h>

#include "broker/audit/keyed.h"

/* As Python's hmac has them, for the key 00 01 02 ... 1f; of a longer value it is its SHA-256's. */
static void hashes_are_those_of_hmac(void **state)
{
    struct keyed keyed;
    char hex[HL7_SHA256_HEX];
    char text[2000];

    (void)state;
    for (size_t i = 0; i < KEYED_BYTES; i++) {
        keyed.key[i] = (unsigned char)i;
    }
    keyed_hash(&keyed, HL7_TEXT("000123"), hex);
    assert_string_equal(hex, "ffddee11696a6b518bd8491125c85e861b1a271841c5f84f302b612d5901edc7");
    keyed_hash(&keyed, HL7_TEXT(""), hex);
    assert_string_equal(hex, "d38b42096d80f45f826b44a9d5607de72496a415d3f4a1a8c88e3bb9da8dc1cb");
    memset(text, 'a', sizeof text);
    keyed_hash(&keyed, (hl7_slice){text, 1024}, hex);
    assert_string_equal(hex, "47d5a3018c59ef25426398f7a2b623a980a276761a71c6132cb948c463633163");
    keyed_hash(&keyed, (hl7_slice){text, sizeof text}, hex);
    assert_string_equal(hex, "9ab71742ae48497d0798e60f7a78a1da0be57e80c4d613424b7186396b5c1ff9");
}

static void a_key_is_made_once_and_is_its_owners_alone(void **state)
{
    struct folder folder;
    struct keyed first;
    struct keyed second;
    struct stat info;

    (void)state;
    folder_make(&folder);
    assert_int_equal(keyed_open(&first, folder_path(&folder, "audit.log"), false), ENOENT);
    assert_int_equal(keyed_open(&first, folder_path(&folder, "audit.log"), true), 0);
    assert_int_equal(stat(folder_path(&folder, "audit.log.key"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(info.st_size, KEYED_BYTES);
    assert_int_equal(folder_count(&folder), 1);
    assert_int_equal(keyed_open(&second, folder_path(&folder, "audit.log"), true), 0);
    assert_memory_equal(first.key, second.key, KEYED_BYTES);
    folder_remove(&folder);
}

static void a_file_of_another_length_is_no_key(void **state)
{
    struct folder folder;
    struct keyed keyed;

    (void)state;
    folder_make(&folder);
    folder_write_text(&folder, "audit.log.key", "short");
    assert_int_equal(keyed_open(&keyed, folder_path(&folder, "audit.log"), true), EBADMSG);
    folder_write_text(&folder, "audit.log.key", "012345678901234567890123456789012");
    assert_int_equal(keyed_open(&keyed, folder_path(&folder, "audit.log"), true), EBADMSG);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_hmac),
        cmocka_unit_test(a_key_is_made_once_and_is_its_owners_alone),
        cmocka_unit_test(a_file_of_another_length_is_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
