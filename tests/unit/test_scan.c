/* SPDX-License-Identifier: Apache-2.0
 *
 * Scanning: the bit mask of a block against a loop over its bytes. */
#include "lib/scan.h"
#include "support.h"

static uint64_t naive_block(hl7_slice text, size_t start, char a, char b)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < SCAN_BLOCK && start + i < text.len; i++) {
        if (text.ptr[start + i] == a || text.ptr[start + i] == b) {
            mask |= (uint64_t)1 << i;
        }
    }
    return mask;
}

static size_t naive_count(hl7_slice text, char a, char b)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += text.ptr[i] == a || text.ptr[i] == b ? 1 : 0;
    }
    return count;
}

static void check_count(hl7_slice text, char a, char b)
{
    size_t of_a = 12345;

    assert_int_equal(scan_count(text, a, b, &of_a), naive_count(text, a, b));
    assert_int_equal(of_a, naive_count(text, a, a));
}

static void a_block_shows_each_of_the_two_bytes_and_no_other(void **state)
{
    char memory[200];
    struct random_state random;

    (void)state;
    random_init(&random, 1);
    for (int round = 0; round < 50; round++) {
        random_fill_from(&random, memory, sizeof memory, HL7_TEXT("|\r|\rA\0\xfc\x7c\x8d"));
        hl7_slice text = {memory, sizeof memory};
        for (size_t start = 0; start <= sizeof memory; start++) {
            assert_true(scan_block(text, start, '|', '\r') == naive_block(text, start, '|', '\r'));
        }
    }
}

/* rule 17: no length is special. */
static void every_length_is_scanned_and_nothing_behind_it(void **state)
{
    char memory[140];

    (void)state;
    memset(memory, '|', sizeof memory);
    char *edge = edge_copy(memory, sizeof memory);
    for (size_t len = 0; edge != NULL && len <= sizeof memory; len++) {
        hl7_slice text = {edge + sizeof memory - len, len};
        check_count(text, '|', '\r');
        check_count(text, '\r', '|');
        for (size_t start = 0; start <= len; start += 7) {
            assert_true(scan_block(text, start, '|', '\r') == naive_block(text, start, '|', '\r'));
        }
    }
    edge_free(edge, sizeof memory);
}

static void bytes_past_the_end_are_no_hits_even_for_nul(void **state)
{
    (void)state;
    assert_true(scan_block(HL7_TEXT("ab"), 0, '\0', '\0') == 0);
    assert_true(scan_block(HL7_TEXT("\0"), 0, '\0', '\0') == 1);
    check_count((hl7_slice){NULL, 0}, '|', '\r');
    check_count(HL7_TEXT("\0\0x"), '\0', 'x');
}

static void counting_agrees_with_a_loop(void **state)
{
    char memory[1000];
    struct random_state random;

    (void)state;
    random_init(&random, 2);
    for (int round = 0; round < 200; round++) {
        size_t len = random_below(&random, sizeof memory + 1);
        if (random_once_in(&random, 2)) {
            random_fill(&random, memory, len);
        } else {
            random_fill_from(&random, memory, len, HL7_TEXT("|||\r"));
        }
        char a = (char)(unsigned char)random_below(&random, 256);
        char b = random_once_in(&random, 4) ? a : '|';
        check_count((hl7_slice){memory, len}, a, b);
    }
}

/* rule 17: counters kept in bytes must not run over. */
static void a_long_run_of_hits_is_counted_in_full(void **state)
{
    static char memory[20000];

    (void)state;
    memset(memory, '|', sizeof memory);
    for (size_t len = 4000; len <= sizeof memory; len += 1600) {
        check_count((hl7_slice){memory, len}, '|', '\r');
        check_count((hl7_slice){memory, len}, '\r', '|');
    }
}

static void bits_are_taken_from_the_lowest_upwards(void **state)
{
    uint64_t bits = ((uint64_t)1 << 63) | ((uint64_t)1 << 31) | 0x11;

    (void)state;
    assert_int_equal(scan_take(&bits), 0);
    assert_int_equal(scan_take(&bits), 4);
    assert_int_equal(scan_take(&bits), 31);
    assert_int_equal(scan_take(&bits), 63);
    assert_true(bits == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_shows_each_of_the_two_bytes_and_no_other),
        cmocka_unit_test(every_length_is_scanned_and_nothing_behind_it),
        cmocka_unit_test(bytes_past_the_end_are_no_hits_even_for_nul),
        cmocka_unit_test(counting_agrees_with_a_loop),
        cmocka_unit_test(a_long_run_of_hits_is_counted_in_full),
        cmocka_unit_test(bits_are_taken_from_the_lowest_upwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
