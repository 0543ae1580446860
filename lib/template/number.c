/* SPDX-License-Identifier: Apache-2.0
 *
 * A number is its digits, without zeros in front, and where the point stands among them. The digits
 * behind the point are kept as written, for 1.50 says more than 1.5 in a laboratory. */
#include "template/number.h"

#include "template/lexer.h"

#include <string.h>

/* ---- Reading ------------------------------------------------------------------------------- */

/* What is left to read. */
static bool takes(hl7_slice *rest, char a, char b)
{
    if (rest->len == 0 || (rest->ptr[0] != a && rest->ptr[0] != b)) {
        return false;
    }
    *rest = hl7_slice_part(*rest, 1, rest->len);
    return true;
}

static hl7_slice take_digits(hl7_slice *rest)
{
    size_t len = 0;

    while (len < rest->len && lexer_is_digit(rest->ptr[len])) {
        len++;
    }
    hl7_slice digits = hl7_slice_part(*rest, 0, len);
    *rest = hl7_slice_part(*rest, len, rest->len);
    return digits;
}

static hl7_slice without_zeros(hl7_slice digits)
{
    size_t zeros = 0;

    while (zeros < digits.len && digits.ptr[zeros] == '0') {
        zeros++;
    }
    return hl7_slice_part(digits, zeros, digits.len);
}

static bool is_zero(const struct number *number)
{
    return without_zeros((hl7_slice){number->digits, number->count}).len == 0;
}

static void add_digits(struct number *number, hl7_slice digits)
{
    if (digits.len > 0) {
        memcpy(number->digits + number->count, digits.ptr, digits.len);
        number->count += (unsigned)digits.len;
    }
}

/* Reads sign, digits and point from the front of the text. */
static bool take_number(hl7_slice *rest, struct number *number)
{
    bool minus = rest->len > 0 && rest->ptr[0] == '-';
    hl7_slice fraction = {NULL, 0};

    *number = (struct number){0};
    (void)takes(rest, '+', '-');
    hl7_slice whole = take_digits(rest);
    if (takes(rest, '.', '.')) {
        fraction = take_digits(rest);
    }
    if (whole.len == 0 && fraction.len == 0) {
        return false;
    }
    whole = without_zeros(whole);
    if (whole.len > NUMBER_MAX_DIGITS || fraction.len > NUMBER_MAX_DIGITS) {
        return false;
    }
    add_digits(number, whole);
    number->whole = number->count;
    add_digits(number, fraction);
    number->negative = minus && !is_zero(number);
    return true;
}

bool number_parse(hl7_slice text, struct number *ret_number)
{
    struct number number;

    if (!take_number(&text, &number) || text.len > 0) {
        return false;
    }
    *ret_number = number;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static hl7_slice trimmed(hl7_slice text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text = hl7_slice_part(text, 1, text.len);
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Drops zeros in front of the whole part, which a shifted point leaves behind. */
static void drop_zeros(struct number *number)
{
    unsigned zeros = 0;

    while (zeros < number->whole && number->digits[zeros] == '0') {
        zeros++;
    }
    number->whole -= zeros;
    number->count -= zeros;
    for (unsigned i = 0; zeros > 0 && i < number->count; i++) {
        number->digits[i] = number->digits[i + zeros];
    }
}

/* Moves the point to the right, or to the left when `places` is below 0. */
static bool shift(struct number *number, int places)
{
    int whole = (int)number->whole + places;
    int behind = (int)number->count - whole;
    struct number shifted = {.negative = number->negative};
    char zeros[2 * NUMBER_MAX_DIGITS];

    memset(zeros, '0', sizeof zeros);
    if (behind > NUMBER_MAX_DIGITS) {
        return false;
    }
    if (whole < 0) {
        add_digits(&shifted, (hl7_slice){zeros, (size_t)-whole});
        whole = 0;
    }
    add_digits(&shifted, (hl7_slice){number->digits, number->count});
    if (behind < 0) {
        if (whole > NUMBER_MAX_DIGITS) {
            return false;
        }
        add_digits(&shifted, (hl7_slice){zeros, (size_t)-behind});
    }
    shifted.whole = (unsigned)whole;
    drop_zeros(&shifted);
    if (shifted.whole > NUMBER_MAX_DIGITS) {
        return false;
    }
    *number = shifted;
    return true;
}

bool number_parse_any(hl7_slice text, struct number *ret_number)
{
    hl7_slice rest = trimmed(text);
    struct number number;
    int64_t exponent = 0;

    if (!take_number(&rest, &number)) {
        return false;
    }
    if (takes(&rest, 'e', 'E')) {
        if (!number_integer(rest, -NUMBER_MAX_EXPONENT, NUMBER_MAX_EXPONENT, &exponent)) {
            return false;
        }
        rest.len = 0;
    }
    if (rest.len > 0 || !shift(&number, (int)exponent)) {
        return false;
    }
    *ret_number = number;
    return true;
}

bool number_integer(hl7_slice text, int64_t least, int64_t most, int64_t *ret_integer)
{
    bool minus = text.len > 0 && text.ptr[0] == '-';
    int64_t integer = 0;

    (void)takes(&text, '+', '-');
    if (text.len == 0) {
        return false;
    }
    text = without_zeros(text);
    /* 18 digits always fit. */
    if (text.len > 18) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!lexer_is_digit(text.ptr[i])) {
            return false;
        }
        integer = integer * 10 + (text.ptr[i] - '0');
    }
    integer = minus ? -integer : integer;
    if (integer < least || integer > most) {
        return false;
    }
    *ret_integer = integer;
    return true;
}

/* ---- Comparing and rounding ---------------------------------------------------------------- */

static char digit_at(const struct number *number, unsigned place)
{
    return place < number->count ? number->digits[place] : '0';
}

/* Without the signs. */
static int compare_sizes(const struct number *a, const struct number *b)
{
    unsigned places = a->count > b->count ? a->count : b->count;

    if (a->whole != b->whole) {
        return a->whole < b->whole ? -1 : 1;
    }
    for (unsigned i = 0; i < places; i++) {
        if (digit_at(a, i) != digit_at(b, i)) {
            return digit_at(a, i) < digit_at(b, i) ? -1 : 1;
        }
    }
    return 0;
}

int number_compare(const struct number *a, const struct number *b)
{
    if (a->negative != b->negative) {
        return a->negative ? -1 : 1;
    }
    return a->negative ? compare_sizes(b, a) : compare_sizes(a, b);
}

/* Adds one to the last digit. */
static void add_one(struct number *number)
{
    unsigned i = number->count;

    while (i > 0 && number->digits[i - 1] == '9') {
        number->digits[--i] = '0';
    }
    if (i > 0) {
        number->digits[i - 1]++;
        return;
    }
    memmove(number->digits + 1, number->digits, number->count);
    number->digits[0] = '1';
    number->whole++;
    number->count++;
}

bool number_round(struct number *number, unsigned digits)
{
    struct number rounded = *number;
    unsigned places = number->whole + digits;

    if (digits > NUMBER_MAX_DIGITS) {
        return false;
    }
    if (number->count > places) {
        rounded.count = places;
        if (number->digits[places] >= '5') {
            add_one(&rounded);
        }
    }
    while (rounded.count < rounded.whole + digits) {
        rounded.digits[rounded.count++] = '0';
    }
    if (rounded.whole > NUMBER_MAX_DIGITS) {
        return false;
    }
    rounded.negative = number->negative && !is_zero(&rounded);
    *number = rounded;
    return true;
}

void number_write(const struct number *number, struct hl7_buffer *buffer)
{
    hl7_slice digits = {number->digits, number->count};
    hl7_slice fraction = hl7_slice_part(digits, number->whole, number->count);

    if (number->negative) {
        hl7_buffer_add_byte(buffer, '-');
    }
    if (number->whole == 0) {
        hl7_buffer_add_byte(buffer, '0');
    }
    hl7_buffer_add(buffer, hl7_slice_part(digits, 0, number->whole));
    if (fraction.len > 0) {
        hl7_buffer_add_byte(buffer, '.');
        hl7_buffer_add(buffer, fraction);
    }
}
