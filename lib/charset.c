/* SPDX-License-Identifier: Apache-2.0
 *
 * Character sets (rule 29): from a name in MSH-18 to a name that iconv takes. The table holds HL7
 * table 0211, the names that senders write instead of it, and the registration numbers that imaging
 * systems carry over from DICOM. Capitals, blanks and - _ / . make no difference between names.
 *
 * UTF-16 and UTF-32 are not in the table, since they cannot be framed (rule 5). For the same reason
 * bare UNICODE, which table 0211 leaves open, can only be UTF-8. A name that is not in the table has
 * no set: NULL, and the caller decides. Nothing is converted here. */
#include "charset.h"

const struct charset_row charset_rows[] = {
    /* ASCII */
    {"ASCII", "US-ASCII"},
    {"USASCII", "US-ASCII"},
    {"ISOIR6", "US-ASCII"},
    /* ISO 8859, by its own number */
    {"88591", "ISO-8859-1"},
    {"88592", "ISO-8859-2"},
    {"88593", "ISO-8859-3"},
    {"88594", "ISO-8859-4"},
    {"88595", "ISO-8859-5"},
    {"88596", "ISO-8859-6"},
    {"88597", "ISO-8859-7"},
    {"88598", "ISO-8859-8"},
    {"88599", "ISO-8859-9"},
    {"885915", "ISO-8859-15"},
    {"ISO88591", "ISO-8859-1"},
    {"ISO88592", "ISO-8859-2"},
    {"ISO88593", "ISO-8859-3"},
    {"ISO88594", "ISO-8859-4"},
    {"ISO88595", "ISO-8859-5"},
    {"ISO88596", "ISO-8859-6"},
    {"ISO88597", "ISO-8859-7"},
    {"ISO88598", "ISO-8859-8"},
    {"ISO88599", "ISO-8859-9"},
    {"ISO885915", "ISO-8859-15"},
    {"LATIN1", "ISO-8859-1"},
    {"LATIN2", "ISO-8859-2"},
    {"LATIN9", "ISO-8859-15"},
    /* ISO 8859, by registration number */
    {"ISOIR100", "ISO-8859-1"},
    {"ISOIR101", "ISO-8859-2"},
    {"ISOIR109", "ISO-8859-3"},
    {"ISOIR110", "ISO-8859-4"},
    {"ISOIR144", "ISO-8859-5"},
    {"ISOIR127", "ISO-8859-6"},
    {"ISOIR126", "ISO-8859-7"},
    {"ISOIR138", "ISO-8859-8"},
    {"ISOIR148", "ISO-8859-9"},
    {"ISOIR203", "ISO-8859-15"},
    /* Windows */
    {"WINDOWS1250", "WINDOWS-1250"},
    {"WINDOWS1251", "WINDOWS-1251"},
    {"WINDOWS1252", "WINDOWS-1252"},
    {"WINDOWS1253", "WINDOWS-1253"},
    {"WINDOWS1254", "WINDOWS-1254"},
    {"WINDOWS1257", "WINDOWS-1257"},
    {"CP1250", "WINDOWS-1250"},
    {"CP1251", "WINDOWS-1251"},
    {"CP1252", "WINDOWS-1252"},
    {"CP1253", "WINDOWS-1253"},
    {"CP1254", "WINDOWS-1254"},
    {"CP1257", "WINDOWS-1257"},
    /* Japan: JIS X 0201 is the one-byte part of Shift_JIS; JIS X 0208 and, besides it, JIS X 0212
     * are reached by ISO 2022 escapes */
    {"ISOIR14", "SHIFT_JIS"},
    {"ISOIR13", "SHIFT_JIS"},
    {"SHIFTJIS", "SHIFT_JIS"},
    {"ISOIR87", "ISO-2022-JP"},
    {"ISO2022JP", "ISO-2022-JP"},
    {"ISOIR159", "ISO-2022-JP-2"},
    {"ISO2022JP2", "ISO-2022-JP-2"},
    /* China, Korea, Taiwan */
    {"GB180302000", "GB18030"},
    {"GB18030", "GB18030"},
    {"KSX1001", "EUC-KR"},
    {"EUCKR", "EUC-KR"},
    {"CNS116431992", "EUC-TW"},
    {"EUCTW", "EUC-TW"},
    {"BIG5", "BIG5"},
    /* Unicode */
    {"UNICODEUTF8", "UTF-8"},
    {"UNICODE", "UTF-8"},
    {"UTF8", "UTF-8"},
    {"ISOIR192", "UTF-8"},
};
const size_t charset_row_count = sizeof charset_rows / sizeof *charset_rows;

static bool is_filler(char byte)
{
    return byte == ' ' || byte == '-' || byte == '_' || byte == '/' || byte == '.';
}

static char to_upper(char byte)
{
    return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

/* Same letters and digits; `key` is already bare and in capitals. */
static bool is_spelling_of(hl7_slice name, const char *key)
{
    for (size_t i = 0; i < name.len; i++) {
        if (is_filler(name.ptr[i])) {
            continue;
        }
        if (*key == '\0' || to_upper(name.ptr[i]) != *key) {
            return false;
        }
        key++;
    }
    return *key == '\0';
}

static bool is_blank(hl7_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != ' ') {
            return false;
        }
    }
    return true;
}

const char *hl7_charset(hl7_slice name)
{
    if (is_blank(name)) {
        return "US-ASCII";
    }
    for (size_t i = 0; i < charset_row_count; i++) {
        if (is_spelling_of(name, charset_rows[i].name)) {
            return charset_rows[i].iana;
        }
    }
    return NULL;
}

const char *hl7_message_charset(const struct hl7_message *message)
{
    static const struct hl7_path path = {
        .segment = "MSH", .field = 18, .repetition = 1, .component = 1, .subcomponent = 1};
    hl7_slice name = hl7_message_get(message, &path);

    return hl7_state(name) == HL7_PRESENT ? hl7_charset(name) : hl7_charset(HL7_TEXT(""));
}
