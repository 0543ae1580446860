/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes escapes (rules 18 to 20). The input is two headers, each "MSH" and its delimiters, and a
 * text, with NUL between the three. What must hold, beside not crashing:
 *   - decoding never makes text longer;
 *   - what was encoded holds no special byte, and decodes to what it was;
 *   - recoding makes and loses no structure where both sides have all delimiters, lets no line end
 *     through, and gives back a careful sender's value when it is done there and back. */
#include "hl7.h"
#include "message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each byte becomes five at most; recoded sequences grow once more. */
enum { GROWTH = 25 };

struct room {
    char *memory;
    size_t size;
};

static hl7_slice cut(hl7_slice *rest)
{
    hl7_slice part;
    const char *nul = rest->len == 0 ? NULL : memchr(rest->ptr, '\0', rest->len);
    size_t len = nul == NULL ? rest->len : (size_t)(nul - rest->ptr);

    part = hl7_slice_part(*rest, 0, len);
    *rest = hl7_slice_part(*rest, nul == NULL ? len : len + 1, rest->len);
    return part;
}

static bool is_full_set(const struct hl7_delimiters *d)
{
    return d->subcomponent != '\0';
}

static bool holds_special(const struct hl7_delimiters *d, hl7_slice raw)
{
    const char special[] = {d->field, d->component, d->repetition, d->subcomponent, d->truncation,
                            '\r',     '\n',         HL7_VT,        HL7_FS};

    for (size_t i = 0; i < sizeof special && raw.len > 0; i++) {
        if (special[i] != '\0' && memchr(raw.ptr, special[i], raw.len) != NULL) {
            return true;
        }
    }
    return false;
}

static hl7_slice decode(const struct hl7_delimiters *d, hl7_slice raw, enum hl7_text kind,
                        struct room room)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, room.memory, room.size);
    hl7_unescape(d, raw, kind, &buffer);
    assert(!buffer.full && buffer.len <= raw.len);
    return hl7_buffer_slice(&buffer);
}

static enum hl7_code recode(const struct hl7_delimiters *from, const struct hl7_delimiters *to,
                            hl7_slice raw, struct room room, hl7_slice *ret_moved)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, room.memory, room.size);
    enum hl7_code code = hl7_recode(from, to, raw, &buffer);
    assert(!buffer.full && code != HL7_NO_MEMORY);
    assert(code == HL7_OK || buffer.len == 0);
    *ret_moved = hl7_buffer_slice(&buffer);
    return code;
}

static size_t count_structure(const struct hl7_delimiters *d, hl7_slice raw)
{
    const char structure[] = {d->field, d->component, d->repetition, d->subcomponent};
    size_t count = 0;

    for (size_t i = 0; i < raw.len; i++) {
        count += memchr(structure, raw.ptr[i], sizeof structure) != NULL ? 1 : 0;
    }
    return count;
}

static void check_recoding(const struct hl7_delimiters *from, const struct hl7_delimiters *to,
                           hl7_slice raw, struct room room)
{
    static const char ends[] = {'\r', '\n', HL7_VT, HL7_FS};
    hl7_slice moved;

    if (recode(from, to, raw, room, &moved) != HL7_OK) {
        assert(to->escape == '\0');
        return;
    }
    for (size_t i = 0; i < sizeof ends && moved.len > 0; i++) {
        assert(memchr(moved.ptr, ends[i], moved.len) == NULL);
    }
    if (is_full_set(from) && is_full_set(to)) {
        assert(count_structure(to, moved) == count_structure(from, raw));
    }
}

static void check_encoding(const struct hl7_delimiters *d, const struct hl7_delimiters *other,
                           hl7_slice text, struct room rooms[3])
{
    struct hl7_buffer buffer;
    hl7_slice moved;
    hl7_slice back;

    hl7_buffer_init(&buffer, rooms[0].memory, rooms[0].size);
    enum hl7_code code = hl7_escape(d, text, &buffer);
    hl7_slice raw = hl7_buffer_slice(&buffer);
    if (code != HL7_OK) {
        assert(code == HL7_NOT_ENCODABLE && d->escape == '\0' && raw.len == 0);
        return;
    }
    assert(!holds_special(d, raw));
    assert(hl7_slice_equal(decode(d, raw, HL7_TEXT_HL7, rooms[1]), text));
    assert(hl7_slice_equal(decode(d, raw, HL7_TEXT_PLAIN, rooms[1]), text));
    if (d->escape != '\0' && recode(d, other, raw, rooms[1], &moved) == HL7_OK) {
        assert(!holds_special(other, moved));
        code = recode(other, d, moved, rooms[2], &back);
        assert(code == HL7_OK);
        assert(other->escape == '\0' || hl7_slice_equal(back, raw));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl7_slice rest = {(const char *)data, size};
    struct hl7_delimiters a = hl7_standard_delimiters;
    struct hl7_delimiters b = hl7_standard_delimiters;
    struct room rooms[3];

    (void)message_delimiters(cut(&rest), &a, NULL);
    (void)message_delimiters(cut(&rest), &b, NULL);
    for (size_t i = 0; i < 3; i++) {
        rooms[i] = (struct room){malloc(rest.len * GROWTH + 1), rest.len * GROWTH + 1};
        assert(rooms[i].memory != NULL);
    }
    (void)decode(&a, rest, HL7_TEXT_HL7, rooms[0]);
    (void)decode(&a, rest, HL7_TEXT_PLAIN, rooms[0]);
    check_encoding(&a, &b, rest, rooms);
    check_recoding(&a, &b, rest, rooms[0]);
    check_recoding(&b, &a, rest, rooms[0]);
    for (size_t i = 0; i < 3; i++) {
        free(rooms[i].memory);
    }
    return 0;
}
