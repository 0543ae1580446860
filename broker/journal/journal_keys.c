/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys: what a message is looked up by. Each is an entry of the table of keys, which is in the order of
 * what is asked. The other way round, from a message to its keys, goes by the message's row, where they are
 * packed one behind the other, in the order of names and values and each once: two bytes of length
 * and the name, two bytes of length and the value.
 *
 * Patient and accession are in columns of the row besides, with indexes of their own in place of the
 * table. Both grow by what comes last in their order, most of the time; an entry that is added at the end
 * of an index costs SQLite a third of one that is added within it. */
#include "sql.h"

#include <assert.h>
#include <string.h>

enum { LENGTH = 2 };

/* ---- Packing --------------------------------------------------------------------------------- */

static int compare_slices(hl7_slice a, hl7_slice b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const struct journal_key *a, const struct journal_key *b)
{
    int order = compare_slices(a->name, b->name);

    return order != 0 ? order : compare_slices(a->value, b->value);
}

/* Puts a key in its place among those that are there, unless it is one of them. */
static void put(struct sql_keys *keys, const struct journal_key *key)
{
    size_t place = keys->count;

    while (place > 0 && compare(&keys->items[place - 1], key) > 0) {
        place--;
    }
    if (place > 0 && compare(&keys->items[place - 1], key) == 0) {
        return;
    }
    memmove(&keys->items[place + 1], &keys->items[place],
            (keys->count - place) * sizeof keys->items[0]);
    keys->items[place] = *key;
    keys->count++;
}

static size_t pack_text(unsigned char *to, hl7_slice text)
{
    to[0] = (unsigned char)(text.len & 0xff);
    to[1] = (unsigned char)(text.len >> 8);
    if (text.len > 0) {
        memcpy(to + LENGTH, text.ptr, text.len);
    }
    return LENGTH + text.len;
}

bool journal_key_is_patient(hl7_slice name)
{
    return hl7_slice_equal(name, HL7_TEXT(JOURNAL_PATIENT));
}

bool journal_key_is_accession(hl7_slice name)
{
    return hl7_slice_equal(name, HL7_TEXT(JOURNAL_ACCESSION));
}

static bool has_column(hl7_slice name)
{
    return journal_key_is_patient(name) || journal_key_is_accession(name);
}

static void note_column(hl7_slice *column, hl7_slice value)
{
    assert(column->ptr == NULL);
    *column = value;
}

hl7_slice journal_keys_pack(struct sql_keys *keys, const struct journal_message *message)
{
    size_t len = 0;

    keys->count = 0;
    keys->patient = (hl7_slice){NULL, 0};
    keys->accession = (hl7_slice){NULL, 0};
    for (size_t i = 0; i < message->key_count; i++) {
        const struct journal_key key = {sql_clip(message->keys[i].name),
                                        sql_clip(message->keys[i].value)};
        put(keys, &key);
    }
    for (size_t i = 0; i < keys->count; i++) {
        const struct journal_key *key = &keys->items[i];
        len += pack_text(keys->packed + len, key->name);
        len += pack_text(keys->packed + len, key->value);
        if (journal_key_is_patient(key->name)) {
            note_column(&keys->patient, key->value);
        } else if (journal_key_is_accession(key->name)) {
            note_column(&keys->accession, key->value);
        }
    }
    return (hl7_slice){(const char *)keys->packed, len};
}

/* ---- Unpacking ------------------------------------------------------------------------------- */

static bool unpack_text(hl7_slice *packed, hl7_slice *ret_text)
{
    if (packed->len < LENGTH) {
        return false;
    }
    size_t len = (unsigned char)packed->ptr[0] | (size_t)(unsigned char)packed->ptr[1] << 8;
    if (len > packed->len - LENGTH) {
        return false;
    }
    *ret_text = (hl7_slice){packed->ptr + LENGTH, len};
    packed->ptr += LENGTH + len;
    packed->len -= LENGTH + len;
    return true;
}

bool journal_keys_unpack(hl7_slice *packed, struct journal_key *ret_key)
{
    return unpack_text(packed, &ret_key->name) && unpack_text(packed, &ret_key->value);
}

bool journal_keys_have(hl7_slice packed, const struct journal_key *key)
{
    const struct journal_key wanted = {sql_clip(key->name), sql_clip(key->value)};
    struct journal_key found;

    while (journal_keys_unpack(&packed, &found)) {
        if (compare(&found, &wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- The table ------------------------------------------------------------------------------- */

/* Asks the table of keys for one that is not in a column. */
static enum journal_code change(struct journal *journal, enum statement statement,
                                const struct journal_key *key, int64_t message, int64_t received)
{
    return has_column(key->name) ? JOURNAL_OK
                                 : sql_do(journal, statement,
                                          VALUES(TEXT(key->name), TEXT(key->value),
                                                 NUMBER(received), NUMBER(message)));
}

enum journal_code journal_keys_add(struct journal *journal, int64_t message, int64_t received)
{
    const struct sql_keys *keys = &journal->keys;
    enum journal_code code = JOURNAL_OK;

    for (size_t i = 0; i < keys->count && code == JOURNAL_OK; i++) {
        code = change(journal, STATEMENT_KEY_ADD, &keys->items[i], message, received);
    }
    return code;
}

enum journal_code journal_keys_remove(struct journal *journal, int64_t message)
{
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_KEYS_OF, VALUES(NUMBER(message)));
    enum journal_code code = sql_row(journal, row);
    struct journal_key key;

    if (code != JOURNAL_OK) {
        return code == JOURNAL_NONE ? JOURNAL_OK : code;
    }
    hl7_slice packed = sql_text_at(row, 0);
    int64_t received = sqlite3_column_int64(row, 1);
    while (code == JOURNAL_OK && journal_keys_unpack(&packed, &key)) {
        code = change(journal, STATEMENT_PRUNE_KEY, &key, message, received);
    }
    sql_end(row);
    return code;
}
