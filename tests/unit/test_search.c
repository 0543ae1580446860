/* SPDX-License-Identifier: Apache-2.0
 *
 * Searches against a plain loop, at every text over small alphabets, and what they compare. */
#include "support.h"

#include "template/search.h"

/* What it has to be. */
static size_t find_plainly(hl7_slice text, hl7_slice wanted)
{
    for (size_t at = 0; at + wanted.len <= text.len; at++) {
        if (memcmp(text.ptr + at, wanted.ptr, wanted.len) == 0) {
            return at;
        }
    }
    return text.len;
}

static void check_one(hl7_slice text, hl7_slice wanted)
{
    struct search search;

    search_init(&search, wanted);
    size_t found = search_find(&search, text);
    if (found != find_plainly(text, wanted)) {
        fail_msg("\"%.*s\" in \"%.*s\": %zu", (int)wanted.len, wanted.ptr, (int)text.len, text.ptr,
                 found);
    }
    /* Twice the text, and what is wanted twice. */
    assert_true(search.work <= 2 * text.len + 2 * wanted.len + 2);
}

/* The number-th text of this length over "ab". */
static hl7_slice text_of(size_t number, size_t len, char *memory)
{
    for (size_t i = 0; i < len; i++) {
        memory[i] = (char)('a' + (number >> i & 1));
    }
    return (hl7_slice){memory, len};
}

static void every_text_of_two_letters_is_found_as_by_a_plain_loop(void **state)
{
    enum { WANTED = 7, TEXT = 12 };

    (void)state;
    for (size_t len = 1; len <= WANTED; len++) {
        for (size_t number = 0; number < (size_t)1 << len; number++) {
            char wanted[WANTED];
            for (size_t other = 0; other < (size_t)1 << TEXT; other++) {
                char text[TEXT];
                check_one(text_of(other, TEXT, text), text_of(number, len, wanted));
            }
        }
    }
}

static void any_text_is_found_as_by_a_plain_loop(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 7);
    for (int round = 0; round < 20000; round++) {
        char memory[300];
        size_t len = random_below(&random, sizeof memory);
        random_fill_from(&random, memory, len, HL7_TEXT("aab\xff"));
        char *copy = edge_copy(memory, len);
        hl7_slice text = {copy, len};
        if (len > 0) {
            /* A part of it, of which one byte is another half of the times. */
            size_t from = random_below(&random, len);
            hl7_slice wanted = hl7_slice_part(text, from, 1 + random_below(&random, len - from));
            char other[300];
            memcpy(other, wanted.ptr, wanted.len);
            other[random_below(&random, wanted.len)] ^= random_once_in(&random, 2) ? 1 : 0;
            check_one(text, (hl7_slice){other, wanted.len});
        }
        edge_free(copy, len);
    }
}

static void a_text_that_nearly_fits_everywhere_costs_its_length(void **state)
{
    enum { TEXT = 100000, WANTED = 20001 };
    static char text[TEXT];
    static char wanted[WANTED];

    (void)state;
    /* The one byte that differs is last, first, or in the middle; then a pattern of two. */
    for (size_t odd = 0; odd < WANTED; odd += WANTED / 2) {
        memset(text, 'a', sizeof text);
        memset(wanted, 'a', sizeof wanted);
        wanted[odd] = 'b';
        check_one((hl7_slice){text, sizeof text}, (hl7_slice){wanted, sizeof wanted});
        for (size_t i = 1; i < sizeof text; i += 2) {
            text[i] = 'c';
        }
        for (size_t i = 1; i < sizeof wanted; i += 2) {
            wanted[i] = 'c';
        }
        wanted[odd] = 'b';
        check_one((hl7_slice){text, sizeof text}, (hl7_slice){wanted, sizeof wanted});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_of_two_letters_is_found_as_by_a_plain_loop),
        cmocka_unit_test(any_text_is_found_as_by_a_plain_loop),
        cmocka_unit_test(a_text_that_nearly_fits_everywhere_costs_its_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
