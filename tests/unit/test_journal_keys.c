/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys: packed in their message's row, and removed with it. */
#include "journal_desk.h"

static struct sql_keys keys;

static struct journal_message with(const struct journal_key *items, size_t count)
{
    return (struct journal_message){.keys = items, .key_count = count};
}

static void what_was_packed_is_unpacked_in_order_and_once(void **state)
{
    const struct journal_key given[] = {
        {HL7_TEXT("b"), HL7_TEXT("2")},  {HL7_TEXT("a"), HL7_TEXT("\xff")},
        {HL7_TEXT("b"), HL7_TEXT("10")}, {HL7_TEXT("ab"), {"x\0y", 3}},
        {HL7_TEXT("b"), HL7_TEXT("2")},  {HL7_TEXT(""), {NULL, 0}},
    };
    const struct journal_key expected[] = {
        {HL7_TEXT(""), HL7_TEXT("")},   {HL7_TEXT("a"), HL7_TEXT("\xff")},
        {HL7_TEXT("ab"), {"x\0y", 3}},  {HL7_TEXT("b"), HL7_TEXT("10")},
        {HL7_TEXT("b"), HL7_TEXT("2")},
    };
    const struct journal_message message = with(given, 6);
    hl7_slice packed = journal_keys_pack(&keys, &message);
    struct journal_key key;

    (void)state;
    assert_int_equal(keys.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(journal_keys_have(packed, &expected[i]));
    }
    for (size_t i = 0; i < 5; i++) {
        assert_true(journal_keys_unpack(&packed, &key));
        assert_slices(key.name, expected[i].name);
        assert_slices(key.value, expected[i].value);
    }
    assert_false(journal_keys_unpack(&packed, &key));
}

static void patient_and_accession_are_noted_beside_the_others(void **state)
{
    const struct journal_key given[] = {{HL7_TEXT("patient"), HL7_TEXT("P")},
                                        {HL7_TEXT("other"), HL7_TEXT("O")},
                                        {HL7_TEXT("accession"), HL7_TEXT("A")}};
    const struct journal_message all = with(given, 3);
    const struct journal_message two = with(given, 2);

    (void)state;
    (void)journal_keys_pack(&keys, &all);
    assert_slice(keys.patient, "P");
    assert_slice(keys.accession, "A");
    assert_true(journal_keys_have(journal_keys_pack(&keys, &two), &given[0]));
    assert_slice(keys.patient, "P");
    assert_null(keys.accession.ptr);
}

static void a_key_that_is_not_among_them_is_not_found(void **state)
{
    const struct journal_key given = {HL7_TEXT("patient"), HL7_TEXT("123")};
    const struct journal_key others[] = {
        {HL7_TEXT("patient"), HL7_TEXT("12")},
        {HL7_TEXT("patient"), HL7_TEXT("1234")},
        {HL7_TEXT("patien"), HL7_TEXT("t123")},
    };
    const struct journal_message message = with(&given, 1);
    const struct journal_message none = with(NULL, 0);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_false(journal_keys_have(journal_keys_pack(&keys, &message), &others[i]));
    }
    assert_int_equal(journal_keys_pack(&keys, &none).len, 0);
}

static void there_is_room_for_the_most_and_the_longest(void **state)
{
    static char texts[JOURNAL_KEYS_MAX][JOURNAL_TEXT_MAX + 9];
    static struct journal_key given[JOURNAL_KEYS_MAX];
    const struct journal_message message = with(given, JOURNAL_KEYS_MAX);

    (void)state;
    for (size_t i = 0; i < JOURNAL_KEYS_MAX; i++) {
        memset(texts[i], 'a' + (int)(i % 7), sizeof texts[i]);
        texts[i][0] = (char)(' ' + (char)i);
        given[i].name = (hl7_slice){texts[i], sizeof texts[i]};
        given[i].value = given[i].name;
    }
    assert_int_equal(journal_keys_pack(&keys, &message).len, sizeof keys.packed);
    assert_true(journal_keys_have((hl7_slice){(const char *)keys.packed, sizeof keys.packed},
                                  &given[JOURNAL_KEYS_MAX - 1]));
}

/* A row that is damaged may hold anything. */
static void what_is_cut_short_ends_where_it_is_cut(void **state)
{
    const struct journal_key given = {HL7_TEXT("name"), HL7_TEXT("value")};
    const struct journal_message message = with(&given, 1);
    const hl7_slice packed = journal_keys_pack(&keys, &message);
    struct journal_key key;

    (void)state;
    for (size_t len = 0; len < packed.len; len++) {
        hl7_slice cut = {packed.ptr, len};
        assert_false(journal_keys_unpack(&cut, &key));
    }
}

static void a_message_that_goes_takes_its_keys_and_no_others(void **state)
{
    const struct journal_key given[] = {{HL7_TEXT("OBR-4"), HL7_TEXT("1")},
                                        {HL7_TEXT("PV1-19"), HL7_TEXT("2")},
                                        {HL7_TEXT("patient"), HL7_TEXT("3")}};
    struct desk desk;
    struct journal_message message = desk_message("1", "MSH|1", 0);
    const struct journal_policy policy = {.settled_before = DESK_DAY + 1, .step = 10};
    struct journal_pruned pruned;

    (void)state;
    desk_open(&desk);
    message.keys = given;
    message.key_count = 3;
    (void)desk_append(&desk, &message);
    message.received++;
    int64_t stays = desk_append(&desk, &message);
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM keys"), 4);
    desk_begin(&desk);
    assert_int_equal(journal_prune(desk.journal, &policy, &pruned), JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM keys"), 2);
    assert_int_equal(desk_query(&desk, "SELECT min(message) FROM keys"), stays);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_is_unpacked_in_order_and_once),
        cmocka_unit_test(patient_and_accession_are_noted_beside_the_others),
        cmocka_unit_test(a_key_that_is_not_among_them_is_not_found),
        cmocka_unit_test(there_is_room_for_the_most_and_the_longest),
        cmocka_unit_test(what_is_cut_short_ends_where_it_is_cut),
        cmocka_unit_test(a_message_that_goes_takes_its_keys_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
