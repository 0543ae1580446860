/* SPDX-License-Identifier: Apache-2.0
 *
 * case_files.c - see case_files.h.
 */
#include "case_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, struct memory_block *block, hl7_slice *ret_text)
{
    size_t len = 0;
    ssize_t got = 1;

    while (got != 0) {
        if (!memory_grow(block, len + 4096)) {
            return ENOMEM;
        }
        got = read(fd, (char *)block->ptr + len, block->size - len);
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        len += got > 0 ? (size_t)got : 0;
        if (len > CASE_FILE_MAX) {
            return EFBIG;
        }
    }
    *ret_text = (hl7_slice){block->ptr, len};
    return 0;
}

int case_file_read(const char *path, struct memory_block *block, hl7_slice *ret_text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed;

    if (fd < 0) {
        return errno;
    }
    failed = read_all(fd, block, ret_text);
    (void)close(fd);
    return failed;
}

static int write_all(int fd, hl7_slice text)
{
    while (text.len > 0) {
        ssize_t put = write(fd, text.ptr, text.len);

        if (put < 0 && errno != EINTR) {
            return errno;
        }
        text = hl7_slice_part(text, put > 0 ? (size_t)put : 0, text.len);
    }
    return 0;
}

int case_file_write(const char *path, hl7_slice text)
{
    char temporary[CASE_PATH_MAX];
    int len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    mode_t mask = umask(0);
    int failed;
    int fd;

    (void)umask(mask);
    if (len < 0 || (size_t)len >= sizeof temporary) {
        return ENAMETOOLONG;
    }
    fd = mkstemp(temporary);
    if (fd < 0) {
        return errno;
    }
    (void)fchmod(fd, 0666 & ~mask);
    failed = write_all(fd, text);
    if (close(fd) != 0 && failed == 0) {
        failed = errno;
    }
    if (failed == 0 && rename(temporary, path) != 0) {
        failed = errno;
    }
    if (failed != 0) {
        (void)unlink(temporary);
    }
    return failed;
}

bool case_file_lines(hl7_slice text, struct memory_block *block, hl7_slice *ret_lines)
{
    char *lines;

    *ret_lines = text;
    if (text.len == 0 || memchr(text.ptr, '\n', text.len) != NULL) {
        return true;
    }
    if (!memory_grow(block, text.len + 1)) {
        return false;
    }
    lines = block->ptr;
    for (size_t i = 0; i < text.len; i++) {
        lines[i] = text.ptr[i];
        if (lines[i] == '\r') {
            lines[i] = '\n';
        }
    }
    *ret_lines = (hl7_slice){lines, text.len};
    if (lines[text.len - 1] != '\n') {
        lines[ret_lines->len++] = '\n';
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

hl7_slice case_file_trim(hl7_slice text)
{
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text = hl7_slice_part(text, 1, text.len);
    }
    return text;
}
