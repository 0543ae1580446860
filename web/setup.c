/* SPDX-License-Identifier: Apache-2.0
 *
 * setup.c - see setup.h. The text of the file is cut by base/ini.c; what a key may be says keys.tbl. */
#include "setup_reading.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#include "../base/ini.h"
#include "../base/measure.h"
#include "../base/nearest.h"

#define STRUCT_WEB struct setup_web
#define STRUCT_TEMPLATES struct setup_templates

static const struct setup_key keys[] = {
#define KEY(p_part, p_name, p_kind, p_member, p_standard, p_min, p_max, p_doc)                     \
    {PART_##p_part, p_name, KIND_##p_kind, offsetof(STRUCT_##p_part, p_member),                    \
     p_standard,    p_min,  p_max,         p_doc},
#include "keys.tbl"
#undef KEY
    {.name = NULL}};

_Static_assert(sizeof keys / sizeof keys[0] <= SETUP_KEYS_MAX, "a line for each key");

const struct setup_key *setup_keys(void)
{
    return keys;
}

/* ---- Mistakes ------------------------------------------------------------------------------- */

void setup_wrong(struct setup_reading *reading, size_t line, const char *format, ...)
{
    va_list arguments;

    reading->wrong = true;
    (void)fprintf(reading->complain, "%s:%zu: ", reading->setup->path, line);
    va_start(arguments, format);
    (void)vfprintf(reading->complain, format, arguments);
    va_end(arguments);
    (void)fputc('\n', reading->complain);
}

/* ---- Values --------------------------------------------------------------------------------- */

static bool read_flag(const char *text, uint64_t *ret_value)
{
    *ret_value = strcmp(text, "yes") == 0;
    return *ret_value == 1 || strcmp(text, "no") == 0;
}

static bool read_measure(enum setup_kind kind, const char *text, uint64_t *ret_value)
{
    switch (kind) {
    case KIND_NUMBER:
        return measure_read_number(text, ret_value);
    case KIND_SIZE:
        return measure_read_size(text, ret_value);
    case KIND_DURATION:
        return measure_read_duration(text, ret_value);
    case KIND_FLAG:
        return read_flag(text, ret_value);
    case KIND_TEXT:
    case KIND_PATH:
        break;
    }
    return false;
}

/* A path is meant from where the configuration is. */
static char *path_beside(const char *setup, const char *path)
{
    const char *slash = strrchr(setup, '/');
    char *whole = NULL;

    if (path[0] == '/' || slash == NULL) {
        return strdup(path);
    }
    return asprintf(&whole, "%.*s/%s", (int)(slash - setup), setup, path) < 0 ? NULL : whole;
}

static bool set_text(const struct setup *setup, const struct setup_key *key, const char *text,
                     void *section)
{
    char **slot = (char **)(void *)((char *)section + key->place);

    if (text[0] == '\0') {
        return true;
    }
    free(*slot);
    *slot = key->kind == KIND_PATH ? path_beside(setup->path, text) : strdup(text);
    return *slot != NULL;
}

/* Puts a value into its section; false when it is none, or memory is short. */
static bool set_value(const struct setup *setup, const struct setup_key *key, const char *text,
                      void *section)
{
    uint64_t value = 0;

    if (key->kind == KIND_TEXT || key->kind == KIND_PATH) {
        return set_text(setup, key, text, section);
    }
    if (!read_measure(key->kind, text, &value)) {
        return false;
    }
    if (key->kind == KIND_FLAG) {
        *(bool *)((char *)section + key->place) = value == 1;
        return true;
    }
    if (value < key->min || value > key->max) {
        return false;
    }
    *(uint64_t *)(void *)((char *)section + key->place) = value;
    return true;
}

const char *setup_value(const struct setup_key *key, const void *section, char *memory, size_t size)
{
    const char *slot = (const char *)section + key->place;
    uint64_t value = 0;

    switch (key->kind) {
    case KIND_TEXT:
    case KIND_PATH:
        slot = *(char *const *)(const void *)slot;
        return slot != NULL ? slot : "";
    case KIND_FLAG:
        return *(const bool *)slot ? "yes" : "no";
    case KIND_NUMBER:
    case KIND_SIZE:
    case KIND_DURATION:
        break;
    }
    memcpy(&value, slot, sizeof value);
    if (key->kind == KIND_NUMBER) {
        (void)snprintf(memory, size, "%llu", (unsigned long long)value);
    } else if (key->kind == KIND_SIZE) {
        measure_write_size(value, memory, size);
    } else {
        measure_write_duration(value, memory, size);
    }
    return memory;
}

static void set_standards(struct setup_reading *reading, enum setup_part part, void *section)
{
    for (const struct setup_key *key = keys; key->name != NULL; key++) {
        if (key->part == part && key->standard[0] != '\0' &&
            !set_value(reading->setup, key, key->standard, section)) {
            setup_wrong(reading, 0, "out of memory");
        }
    }
}

/* ---- Sections and keys ---------------------------------------------------------------------- */

static bool is_name(hl7_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_') {
            return false;
        }
    }
    return name.len > 0 && name.len <= SETUP_NAME_MAX;
}

static bool has_folder(const struct setup *setup, hl7_slice name)
{
    for (size_t i = 0; i < setup->folder_count; i++) {
        if (hl7_slice_equal(hl7_slice_of(setup->folders[i].name), name)) {
            return true;
        }
    }
    return false;
}

/* [templates NAME] */
static bool add_folder(struct setup_reading *reading, const struct ini_item *item)
{
    struct setup *setup = reading->setup;

    if (!is_name(item->words[1]) || item->more.len > 0 || has_folder(setup, item->words[1])) {
        setup_wrong(
            reading, item->line,
            "[templates NAME] has a name of its own, made of a to z, 0 to 9, '-' and '_', of %d "
            "bytes at most",
            SETUP_NAME_MAX);
        return false;
    }
    if (setup->folder_count == SETUP_FOLDERS_MAX) {
        setup_wrong(reading, item->line, "there are more than %d folders", SETUP_FOLDERS_MAX);
        return false;
    }
    struct setup_templates *folder = &setup->folders[setup->folder_count];
    folder->name = strndup(item->words[1].ptr, item->words[1].len);
    if (folder->name == NULL) {
        setup_wrong(reading, item->line, "out of memory");
        return false;
    }
    set_standards(reading, PART_TEMPLATES, folder);
    reading->part = PART_TEMPLATES;
    reading->section = ++setup->folder_count;
    return true;
}

static void read_section(struct setup_reading *reading, const struct ini_item *item)
{
    reading->started = true;
    if (hl7_slice_equal(item->words[0], HL7_TEXT("templates"))) {
        reading->skips = !add_folder(reading, item);
        return;
    }
    reading->part = PART_WEB;
    reading->section = 0;
    reading->skips = !hl7_slice_equal(item->words[0], HL7_TEXT("web")) || item->words[1].len > 0;
    if (reading->skips) {
        setup_wrong(reading, item->line, "unknown section; there are [web] and [templates NAME]");
    }
}

/* The value in one piece; NULL when it is too long. */
static const char *whole_value(hl7_slice raw, char *memory, size_t size)
{
    struct hl7_buffer buffer;
    hl7_slice piece;

    hl7_buffer_init(&buffer, memory, size - 1);
    while (ini_piece_next(&raw, &piece)) {
        if (buffer.len > 0 && piece.len > 0) {
            hl7_buffer_add_byte(&buffer, ' ');
        }
        hl7_buffer_add(&buffer, piece);
    }
    if (buffer.full || memchr(memory, '\0', buffer.len) != NULL) {
        return NULL;
    }
    memory[buffer.len] = '\0';
    return memory;
}

const struct setup_key *setup_find_key(enum setup_part part, hl7_slice name)
{
    const struct setup_key *key = keys;

    while (key->name != NULL &&
           (key->part != part || !hl7_slice_equal(hl7_slice_of(key->name), name))) {
        key++;
    }
    return key->name != NULL ? key : NULL;
}

static void unknown_key(struct setup_reading *reading, const struct ini_item *item)
{
    const char *names[SETUP_KEYS_MAX];
    char name[40];
    size_t count = 0;

    for (const struct setup_key *key = keys; key->name != NULL; key++) {
        if (key->part == reading->part) {
            names[count++] = key->name;
        }
    }
    names[count] = NULL;
    (void)snprintf(name, sizeof name, "%.*s", item->key.len < 39 ? (int)item->key.len : 39,
                   item->key.ptr);
    const char *nearest = nearest_word(name, names);
    setup_wrong(reading, item->line, "unknown key '%s'%s%s%s", name,
                nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                nearest != NULL ? "'?)" : "");
}

/* What has to stand there. */
static void wrong_value(struct setup_reading *reading, size_t line, const struct setup_key *key)
{
    static const char *const whats[] = {[KIND_TEXT] = "a text",
                                        [KIND_PATH] = "a path",
                                        [KIND_NUMBER] = "a number",
                                        [KIND_SIZE] = "a size such as 512K or 2M",
                                        [KIND_DURATION] = "a time such as 500ms, 30s, 15m or 2h",
                                        [KIND_FLAG] = "yes or no"};
    char low[32] = "";
    char high[32] = "";

    if (key->kind == KIND_DURATION) {
        measure_write_duration(key->min, low, sizeof low);
        measure_write_duration(key->max, high, sizeof high);
    } else if (key->max > 0) {
        (void)snprintf(low, sizeof low, "%llu", (unsigned long long)key->min);
        (void)snprintf(high, sizeof high, "%llu", (unsigned long long)key->max);
    }
    setup_wrong(reading, line, "'%s' takes %s%s%s%s%s", key->name, whats[key->kind],
                key->max > 0 ? ", from " : "", low, key->max > 0 ? " to " : "", high);
}

static void read_key(struct setup_reading *reading, const struct ini_item *item)
{
    struct setup *setup = reading->setup;
    const struct setup_key *key = setup_find_key(reading->part, item->key);
    char memory[4096];
    const char *text = whole_value(item->value, memory, sizeof memory);

    if (!reading->started || reading->skips) {
        if (!reading->started) {
            setup_wrong(reading, item->line,
                        "a key before the first section; write [web] above it");
        }
        return;
    }
    if (key == NULL) {
        unknown_key(reading, item);
        return;
    }
    size_t *line = &setup->lines[reading->section][key - keys];
    void *section =
        reading->section == 0 ? (void *)&setup->web : (void *)&setup->folders[reading->section - 1];
    if (*line > 0) {
        setup_wrong(reading, item->line, "'%s' is given already, in line %zu", key->name, *line);
    } else if (text == NULL || !set_value(setup, key, text, section)) {
        wrong_value(reading, item->line, key);
    }
    *line = item->line;
}

/* ---- The file ------------------------------------------------------------------------------- */

static void read_text(struct setup_reading *reading)
{
    struct ini ini;
    struct ini_item item;

    ini_init(&ini, reading->text);
    while (ini_next(&ini, &item)) {
        switch (item.kind) {
        case INI_SECTION:
            read_section(reading, &item);
            break;
        case INI_KEY:
            read_key(reading, &item);
            break;
        case INI_WRONG:
            setup_wrong(reading, item.line, "%s", item.wrong);
            break;
        }
    }
    setup_check(reading);
}

/* The bytes of the file; -1 with errno set. */
static ssize_t read_file(const char *path, char *memory, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : 0;
    ssize_t got = 0;

    while (fd >= 0 && (size_t)len < size &&
           (got = read(fd, memory + len, size - (size_t)len)) > 0) {
        len += got;
    }
    if (fd >= 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
    }
    return got < 0 ? -1 : len;
}

bool setup_read(struct setup *setup, const char *path, FILE *complain)
{
    char *memory = malloc(SETUP_BYTES_MAX + 1);
    ssize_t len = memory == NULL ? -1 : read_file(path, memory, SETUP_BYTES_MAX + 1);
    struct setup_reading reading = {.setup = setup, .complain = complain};

    memset(setup, 0, sizeof *setup);
    if (len < 0 || len > SETUP_BYTES_MAX || (setup->path = strdup(path)) == NULL) {
        (void)fprintf(complain, "%s: %s\n", path,
                      len < 0 ? strerror(errno) : "more than 64 KiB, or out of memory");
        free(memory);
        return false;
    }
    reading.text = (hl7_slice){memory, (size_t)len};
    set_standards(&reading, PART_WEB, &setup->web);
    if (!reading.wrong) {
        read_text(&reading);
    }
    free(memory);
    if (reading.wrong) {
        setup_release(setup);
    }
    return !reading.wrong;
}

bool setup_is_secure(const struct setup *setup)
{
    return setup->is_unix || setup->web.tls_cert != NULL;
}

bool setup_set_port(struct setup *setup, unsigned port)
{
    for (size_t i = 0; i < setup->host_count; i++) {
        char *colon = strrchr(setup->hosts[i], ':');
        char *host = NULL;

        if (colon == NULL || strcmp(colon, ":0") != 0) {
            continue;
        }
        if (asprintf(&host, "%.*s:%u", (int)(colon - setup->hosts[i]), setup->hosts[i], port) < 0) {
            return false;
        }
        free(setup->hosts[i]);
        setup->hosts[i] = host;
    }
    return true;
}

static void release_texts(enum setup_part part, void *section)
{
    for (const struct setup_key *key = keys; key->name != NULL; key++) {
        if (key->part == part && (key->kind == KIND_TEXT || key->kind == KIND_PATH)) {
            char **slot = (char **)(void *)((char *)section + key->place);
            free(*slot);
            *slot = NULL;
        }
    }
}

void setup_release(struct setup *setup)
{
    release_texts(PART_WEB, &setup->web);
    for (size_t i = 0; i < setup->folder_count; i++) {
        release_texts(PART_TEMPLATES, &setup->folders[i]);
        free(setup->folders[i].name);
    }
    for (size_t i = 0; i < setup->host_count; i++) {
        free(setup->hosts[i]);
    }
    free(setup->path);
    memset(setup, 0, sizeof *setup);
}
