/* SPDX-License-Identifier: Apache-2.0
 *
 * results.c - see results.h.
 *
 * In a stream two results never run together: one that does not end its last line gets a line end
 * before the next one, CR for HL7 and LF for anything else, and so does the last of several. A
 * single result is written exactly as it was made. A terminal gets LF for CR, and nothing that can
 * drive it.
 */
#include "results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/text.h"

/* ---- Opening and closing -------------------------------------------------------------------- */

static bool results_complain(struct results *results, const char *what, const char *path)
{
    results->status = verb_failed(results->verb, "cannot %s %s: %s", what, path, strerror(errno));
    return false;
}

/* A new file beside the one that is wanted, with the rights an ordinary new file gets. */
static bool results_open_temporary(struct results *results)
{
    mode_t mask = umask(0);
    int fd;

    (void)umask(mask);
    (void)snprintf(results->temporary, sizeof results->temporary, "%s.XXXXXX", results->path);
    fd = mkstemp(results->temporary);
    if (fd < 0) {
        results->temporary[0] = '\0';
        return results_complain(results, "create", results->path);
    }
    (void)fchmod(fd, 0666 & ~mask);
    results->file = fdopen(fd, "wb");
    return results->file != NULL;
}

static bool results_open_file(struct results *results)
{
    struct stat status;

    if (stat(results->path, &status) != 0 || S_ISREG(status.st_mode)) {
        return results_open_temporary(results);
    }
    results->file = fopen(results->path, "wbe");
    return results->file != NULL || results_complain(results, "open", results->path);
}

bool results_open(struct results *results, const struct verb *verb, const char *path,
                  const char *directory, enum hl7_format format)
{
    memset(results, 0, sizeof *results);
    results->verb = verb;
    results->path = path;
    results->directory = directory;
    results->format = format;
    results->file = stdout;
    if (directory != NULL && mkdir(directory, 0777) != 0 && errno != EEXIST) {
        return results_complain(results, "create the directory", directory);
    }
    if (path != NULL && !results_open_file(results)) {
        return false;
    }
    results->is_terminal = path == NULL && isatty(STDOUT_FILENO) == 1;
    return true;
}

static void results_separate(struct results *results)
{
    if (!results->last_ended) {
        fputc(results->last_hl7 && !results->is_terminal ? '\r' : '\n', results->file);
        results->last_ended = true;
    }
}

int results_close(struct results *results)
{
    if (results->directory == NULL &&
        (results->count > 1 || (results->count == 1 && results->is_terminal))) {
        results_separate(results);
    }
    if (results->path != NULL) {
        bool failed = ferror(results->file) != 0;

        failed = fclose(results->file) != 0 || failed;
        if (failed) {
            (void)results_complain(results, "write", results->path);
        } else if (results->temporary[0] != '\0' &&
                   rename(results->temporary, results->path) != 0) {
            failed = true;
            (void)results_complain(results, "create", results->path);
        }
        if (failed && results->temporary[0] != '\0') {
            (void)unlink(results->temporary);
        }
    }
    return results->status;
}

/* ---- One stream ----------------------------------------------------------------------------- */

static bool results_is_hl7(const struct results *results, hl7_slice result)
{
    if (results->format != HL7_FORMAT_TEXT) {
        return results->format == HL7_FORMAT_HL7;
    }
    return hl7_slice_starts(result, HL7_TEXT("MSH")) || hl7_is_batch(result);
}

/* For people: a line for each segment. */
static void results_show(FILE *file, hl7_slice result)
{
    while (result.len > 0) {
        const char *cr = memchr(result.ptr, '\r', result.len);
        size_t len = cr == NULL ? result.len : (size_t)(cr - result.ptr);

        text_write_safe(file, (hl7_slice){result.ptr, len}, true);
        result = hl7_slice_part(result, len, result.len);
        if (cr != NULL) {
            fputc('\n', file);
            result = hl7_slice_part(result, 1, result.len);
        }
    }
}

static void results_write(struct results *results, hl7_slice result)
{
    char last = result.len > 0 ? result.ptr[result.len - 1] : '\0';

    if (results->count > 0) {
        results_separate(results);
    }
    results->last_hl7 = results_is_hl7(results, result);
    results->last_ended = last == '\r' || last == '\n';
    if (results->is_terminal) {
        results_show(results->file, result);
    } else {
        fwrite(result.ptr, 1, result.len, results->file);
    }
}

/* ---- A file for each result ----------------------------------------------------------------- */

static const char *const results_endings[] = {[HL7_FORMAT_TEXT] = "txt",
                                              [HL7_FORMAT_HL7] = "hl7",
                                              [HL7_FORMAT_JSON] = "json",
                                              [HL7_FORMAT_XML] = "xml",
                                              [HL7_FORMAT_CSV] = "csv"};

/* DIR/NAME.hl7, DIR/NAME-2.hl7 ...: after the file the message came from and its place there. */
static void results_name(const struct results *results, const struct source_item *item,
                         const char *ending, char path[PATH_MAX])
{
    const char *slash = strrchr(item->file, '/');
    const char *name = slash == NULL ? item->file : slash + 1;
    const char *dot = strrchr(name, '.');
    size_t len = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
    char number[32] = "";

    if (strcmp(item->file, OPERANDS_STANDARD_INPUT) == 0) {
        name = "message";
        len = strlen(name);
    }
    if (item->number > 1) {
        (void)snprintf(number, sizeof number, "-%zu", item->number);
    }
    (void)snprintf(path, PATH_MAX, "%.3000s/%.*s%s.%s", results->directory, (int)len, name, number,
                   ending);
}

static bool results_write_all(int fd, hl7_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t wrote = write(fd, bytes.ptr, bytes.len);

        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        bytes = hl7_slice_part(bytes, wrote > 0 ? (size_t)wrote : 0, bytes.len);
    }
    return true;
}

/* A file that is there already is somebody's: it is not replaced. */
static void results_save(struct results *results, const struct source_item *item, hl7_slice result)
{
    char path[PATH_MAX];
    bool written;
    int fd;

    results_name(results, item,
                 results_is_hl7(results, result) ? "hl7" : results_endings[results->format], path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        (void)results_complain(results, "create", path);
        return;
    }
    written = results_write_all(fd, result);
    if (close(fd) != 0 || !written) {
        (void)results_complain(results, "write", path);
    }
}

void results_put(struct results *results, const struct source_item *item, hl7_slice result)
{
    if (results->directory != NULL) {
        results_save(results, item, result);
    } else {
        results_write(results, result);
    }
    results->count++;
}
