/* SPDX-License-Identifier: Apache-2.0 */
#include "loaded.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct visit {
    void (*on_object)(void *context, const char *path, const char *id);
    void *context;
};

/* Parts of a note begin at multiples of four bytes. */
static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/* The build id among the notes of a segment. False when it has none. */
static bool find_id(const char *notes, size_t len, char ret_id[LOADED_ID_MAX])
{
    while (len >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;

        memcpy(&note, notes, sizeof note);
        size_t name = padded(note.n_namesz);
        size_t size = sizeof note + name + padded(note.n_descsz);
        if (size > len) {
            return false;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof "GNU" &&
            2 * (size_t)note.n_descsz < LOADED_ID_MAX) {
            const unsigned char *bytes = (const unsigned char *)notes + sizeof note + name;

            for (size_t i = 0; i < note.n_descsz; i++) {
                (void)snprintf(ret_id + 2 * i, 3, "%02x", bytes[i]);
            }
            return true;
        }
        notes += size;
        len -= size;
    }
    return false;
}

static int on_header(struct dl_phdr_info *info, size_t size, void *data)
{
    const struct visit *visit = data;
    char id[LOADED_ID_MAX] = "";

    (void)size;
    for (ElfW(Half) i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

        if (segment->p_type == PT_NOTE &&
            find_id((const char *)(info->dlpi_addr + segment->p_vaddr), segment->p_memsz, id)) {
            break;
        }
    }
    visit->on_object(visit->context, info->dlpi_name, id);
    return 0;
}

void loaded_each(void (*on_object)(void *context, const char *path, const char *id), void *context)
{
    struct visit visit = {on_object, context};

    (void)dl_iterate_phdr(on_header, &visit);
}
