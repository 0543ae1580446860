/* SPDX-License-Identifier: Apache-2.0
 *
 * sections_text.c - from what is written behind the '=' to the text that counts: continued lines are
 * joined, ${file:NAME} becomes what the file holds. Part of sections.h.
 *
 * That is for secrets and for what differs from machine to machine: it can be kept out of the
 * configuration, and each in a file that only its reader may read. The environment is never looked at:
 * it is inherited by every program that is started, and shown by ps and crash reports. $${ writes ${.
 */
#include "sections.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../base/ini.h"

size_t sections_locate(const struct section_key *key, size_t offset)
{
    hl7_slice rest = key->raw;
    hl7_slice piece = {key->raw.ptr, 0};
    size_t left = key->from_file ? 0 : offset;

    while (ini_piece_next(&rest, &piece) && left > piece.len && rest.ptr != NULL) {
        left -= piece.len + 1;
    }
    left = left < piece.len ? left : piece.len;
    return (size_t)(piece.ptr - key->file->as.text.ptr) + left;
}

static void wrong(struct sections *sections, struct section_key *key, size_t offset,
                  const char *text)
{
    findings_error(sections->report, &key->file->as, sections_locate(key, offset), "%s", text);
    key->told = true;
}

/* ---- Files within values -------------------------------------------------------------------- */

/* Reads the file and closes it. 0, or why not, as errno has it. */
static int read_secret(int fd, char *text, size_t size, size_t *ret_len, bool *ret_open)
{
    struct stat status = {.st_mode = 0};
    ssize_t got = 1;
    size_t len = 0;
    int reason = 0;

    if (fd < 0 || fstat(fd, &status) != 0) {
        reason = errno;
    } else if (!S_ISREG(status.st_mode)) {
        reason = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    }
    while (reason == 0 && got != 0 && len < size) {
        got = read(fd, text + len, size - len);
        reason = got < 0 && errno != EINTR ? errno : 0;
        len += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (reason == 0) {
        *ret_len = len;
        *ret_open = (status.st_mode & S_IROTH) != 0;
    }
    return reason;
}

static bool is_one_line(hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Adds what the file holds, without the line end behind it. */
static void add_file(struct sections *sections, struct section_key *key, size_t offset,
                     hl7_slice name, struct hl7_buffer *buffer)
{
    char text[CONFIG_SECRET_BYTES + 1];
    const char *path = sections_path(sections->pool, key->file, name);
    size_t len = 0;
    bool open_to_all = false;

    if (path == NULL) {
        return;
    }
    int reason = read_secret(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), text,
                             sizeof text, &len, &open_to_all);
    if (reason != 0 || len == sizeof text) {
        findings_unreadable(sections->report, &key->file->as, sections_locate(key, offset), path,
                            strerror(reason != 0 ? reason : EFBIG));
        key->told = true;
        return;
    }
    if (open_to_all) {
        findings_warning(sections->report, &key->file->as, sections_locate(key, offset),
                         "every user of this machine may read this file; chmod o-r helps");
    }
    len -= len > 0 && text[len - 1] == '\n' ? 1 : 0;
    len -= len > 0 && text[len - 1] == '\r' ? 1 : 0;
    if (len == 0 || !is_one_line((hl7_slice){text, len})) {
        wrong(sections, key, offset, "this file has to hold one line of text, and nothing else");
        return;
    }
    hl7_buffer_add(buffer, (hl7_slice){text, len});
}

/* A "${" at the offset of the text: adds what it stands for, and returns its length. */
static size_t expand(struct sections *sections, struct section_key *key, hl7_slice text,
                     size_t offset, struct hl7_buffer *buffer)
{
    static const hl7_slice mark = {"${file:", 7};
    hl7_slice rest = {text.ptr + offset, text.len - offset};
    const char *close = memchr(rest.ptr, '}', rest.len);

    if (close == NULL) {
        wrong(sections, key, offset, "the '}' of this '${' is missing; $${ is how ${ is written");
        return rest.len;
    }
    size_t len = (size_t)(close - rest.ptr) + 1;
    if (!hl7_slice_starts(rest, mark) || len == mark.len + 1) {
        wrong(
            sections, key, offset,
            "only ${file:NAME} is known, which stands for what the file holds; the environment is "
            "never looked at");
        return len;
    }
    add_file(sections, key, offset, hl7_slice_part(rest, mark.len, len - mark.len - 1), buffer);
    return len;
}

/* ---- All of it ------------------------------------------------------------------------------ */

static void join(const struct section_key *key, struct hl7_buffer *buffer)
{
    hl7_slice rest = key->raw;
    hl7_slice piece;

    for (size_t i = 0; ini_piece_next(&rest, &piece); i++) {
        if (i > 0) {
            hl7_buffer_add_byte(buffer, ' ');
        }
        hl7_buffer_add(buffer, piece);
    }
}

static void doubt_hash(struct sections *sections, const struct section_key *key)
{
    hl7_slice rest = key->raw;
    hl7_slice piece;

    while (ini_piece_next(&rest, &piece)) {
        size_t hash = ini_hash(piece);
        if (hash != HL7_NONE) {
            findings_warning(
                sections->report, &key->file->as,
                (size_t)(piece.ptr - key->file->as.text.ptr) + hash,
                "this '#' is a part of the value; a comment behind a value begins with "
                "';'");
        }
    }
}

static void expand_all(struct sections *sections, struct section_key *key, hl7_slice text,
                       struct hl7_buffer *buffer)
{
    size_t i = 0;
    bool expanded = false;

    while (i < text.len) {
        hl7_slice rest = {text.ptr + i, text.len - i};
        if (hl7_slice_starts(rest, HL7_TEXT("$${"))) {
            hl7_buffer_add(buffer, HL7_TEXT("${"));
            i += 3;
        } else if (hl7_slice_starts(rest, HL7_TEXT("${"))) {
            i += expand(sections, key, text, i, buffer);
            expanded = true;
        } else {
            hl7_buffer_add_byte(buffer, text.ptr[i]);
            i++;
        }
    }
    key->from_file = expanded;
}

void sections_make_text(struct sections *sections, struct section_key *key)
{
    char joined[CONFIG_LINE_BYTES];
    char expanded[CONFIG_LINE_BYTES];
    struct hl7_buffer text;
    struct hl7_buffer buffer;

    hl7_buffer_init(&text, joined, sizeof joined);
    hl7_buffer_init(&buffer, expanded, sizeof expanded);
    join(key, &text);
    if (!text.full && !key->key->type->literal) {
        expand_all(sections, key, hl7_buffer_slice(&text), &buffer);
        text = buffer;
    }
    if (text.full) {
        findings_error(sections->report, &key->file->as, key->position,
                       "this value is longer than %d bytes", CONFIG_LINE_BYTES);
        key->told = true;
        text.len = 0;
    }
    doubt_hash(sections, key);
    const char *copy = pool_text(sections->pool, hl7_buffer_slice(&text));
    key->text = (hl7_slice){copy == NULL ? "" : copy, copy == NULL ? 0 : text.len};
}
