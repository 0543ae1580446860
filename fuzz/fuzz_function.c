/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of templates, and the patterns of `like`. The first line of the input is a name, each
 * further one an argument.
 *
 * What must hold of every call: a value, a full arena, or a sentence; the same call gives the same
 * value; what encodes can be undone or breaks out of nothing; numbers and times that came out are
 * read again as they are. */
#include "template/encode.h"
#include "template/function.h"
#include "template/date.h"
#include "template/glob.h"
#include "template/number.h"

#include <assert.h>
#include <string.h>

enum { ARENA_BYTES = 256 * 1024, ARGUMENTS_MAX = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill(void *context, void *bytes, size_t len)
{
    (void)context;
    memset(bytes, 0x5a, len);
}

static uint64_t next_number(void *context, hl7_slice name)
{
    (void)context;
    return name.len;
}

static bool is_named(const struct function *function, const char *name)
{
    return hl7_slice_equal(function->name, hl7_slice_of(name));
}

/* What is true of the values of some functions. */
static void check_value(const struct function *function, hl7_slice argument, hl7_slice value)
{
    char memory[2 * NUMBER_MAX_DIGITS + 8];
    struct hl7_buffer buffer;
    struct number number;
    struct hl7_time time;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    if ((is_named(function, "number") || is_named(function, "round")) && value.len > 0 &&
        hl7_state(value) != HL7_NULL) {
        bool read = number_parse(value, &number);
        number_write(&number, &buffer);
        assert(read && hl7_slice_equal(hl7_buffer_slice(&buffer), value));
    }
    if (is_named(function, "add_time") && value.len > 0 && hl7_state(value) != HL7_NULL) {
        bool read = date_read(value, &time);
        hl7_time_write(&time, &buffer);
        assert(read && hl7_slice_equal(hl7_buffer_slice(&buffer), value));
    }
    if (is_named(function, "upper") || is_named(function, "lower")) {
        assert(value.len == argument.len);
    }
}

static void check_call(const struct function *function, const hl7_slice *arguments, size_t count)
{
    static char memory[ARENA_BYTES];
    hl7_slice values[2] = {{NULL, 0}, {NULL, 0}};
    enum hl7_code codes[2];
    struct hl7_arena arena;

    hl7_arena_init(&arena, memory, sizeof memory);
    for (int i = 0; i < 2; i++) {
        const char *problem = NULL;
        struct hl7_services services = {.random = fill, .sequence = next_number};
        services.now = hl7_time_from_seconds(1700000000, 120);
        size_t used = arena.used;
        codes[i] = function->run(&(struct call){.arguments = arguments,
                                                .count = count,
                                                .arena = &arena,
                                                .services = &services,
                                                .ret_problem = &problem},
                                 &values[i]);
        assert(codes[i] == HL7_OK || codes[i] == HL7_NO_MEMORY ||
               (codes[i] == HL7_BAD_VALUE && problem != NULL));
        assert(codes[i] == HL7_OK || arena.used == used);
    }
    if (codes[0] == HL7_OK && codes[1] == HL7_OK) {
        assert(hl7_slice_equal(values[0], values[1]));
        check_value(function, count > 0 ? arguments[0] : values[0], values[0]);
    }
}

static void check_base64(hl7_slice text)
{
    static char encoded[ARENA_BYTES];
    static char decoded[ARENA_BYTES];
    struct hl7_buffer there;
    struct hl7_buffer back;

    hl7_buffer_init(&there, encoded, sizeof encoded);
    hl7_buffer_init(&back, decoded, sizeof decoded);
    encode_base64(text, &there);
    if (!there.full) {
        bool good = encode_base64_decode(hl7_buffer_slice(&there), &back);
        assert(good && hl7_slice_equal(hl7_buffer_slice(&back), text));
    }
}

static void check_glob(hl7_slice pattern, hl7_slice text)
{
    size_t position = 0;

    if (pattern.len > 200 || text.len > 2000) {
        return;
    }
    bool fits = glob_match(pattern, text, &(size_t){SIZE_MAX});
    if (!glob_valid(pattern, &position)) {
        assert(position < pattern.len && pattern.ptr[position] == '[');
        assert(fits == hl7_slice_equal(pattern, text));
    }
    assert(glob_match(HL7_TEXT("*"), text, &(size_t){SIZE_MAX}));
}

static void check_numbers(hl7_slice a, hl7_slice b)
{
    struct number left;
    struct number right;

    if (number_parse(a, &left) && number_parse(b, &right)) {
        assert(number_compare(&left, &right) == -number_compare(&right, &left));
        assert(number_compare(&left, &left) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl7_slice words[ARGUMENTS_MAX + 1] = {{NULL, 0}};
    hl7_slice rest = {(const char *)data, size};
    size_t count = 0;

    while (count <= ARGUMENTS_MAX && hl7_piece_next(&rest, '\n', &words[count])) {
        count++;
    }
    const struct function *function = count == 0 ? NULL : function_find(words[0]);
    if (function != NULL && count > function->min && count - 1 <= function->max) {
        check_call(function, words + 1, count - 1);
    }
    check_base64(words[1]);
    check_glob(words[1], words[2]);
    check_numbers(words[1], words[2]);
    return 0;
}
