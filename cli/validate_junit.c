/* SPDX-License-Identifier: Apache-2.0
 *
 * validate_junit.c - `orderly validate` for build servers: a message is a test case, and fails when an
 * error was found in it. See validate_report.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "case_files.h"
#include "validate_report.h"
#include "xml.h"

bool validate_junit_open(struct validate_junit *junit)
{
    junit->file = open_memstream(&junit->text, &junit->len);
    return junit->file != NULL;
}

static void name_case(struct validate_junit *junit, const struct source_item *item)
{
    junit->cases++;
    fputs("    <testcase", junit->file);
    xml_attribute(junit->file, "classname", item->file);
    fprintf(junit->file, " name=\"message %zu, line %zu\"", item->number, item->line);
}

void validate_junit_begin(struct validate_junit *junit, const struct source_item *item)
{
    junit->failed = false;
    if (junit->file != NULL) {
        name_case(junit, item);
    }
}

/* The first line is the message of the failure, all of them are its text. */
void validate_junit_finding(struct validate_junit *junit, hl7_slice line)
{
    if (junit->file == NULL) {
        return;
    }
    if (!junit->failed) {
        junit->failed = true;
        fputs(">\n      <failure message=\"", junit->file);
        xml_text(junit->file, line);
        fputs("\">", junit->file);
    }
    xml_text(junit->file, line);
    fputc('\n', junit->file);
}

void validate_junit_end(struct validate_junit *junit)
{
    if (junit->file == NULL) {
        return;
    }
    if (junit->failed) {
        junit->failures++;
        fputs("</failure>\n    </testcase>\n", junit->file);
    } else {
        fputs("/>\n", junit->file);
    }
}

void validate_junit_unreadable(struct validate_junit *junit, const struct source_item *item,
                               const char *why)
{
    if (junit->file == NULL) {
        return;
    }
    name_case(junit, item);
    junit->errors++;
    fputs(">\n      <error", junit->file);
    xml_attribute(junit->file, "message", why);
    fputs("/>\n    </testcase>\n", junit->file);
}

static void write_suite(const struct validate_junit *junit, FILE *file)
{
    const char *const elements[] = {"testsuites", "  <testsuite"};

    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<", file);
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        fprintf(file,
                "%s name=\"orderly validate\" tests=\"%llu\" failures=\"%llu\" errors=\"%llu\">\n",
                elements[i], (unsigned long long)junit->cases, (unsigned long long)junit->failures,
                (unsigned long long)junit->errors);
    }
    (void)fflush(junit->file);
    fwrite(junit->text, 1, junit->len, file);
    fputs("  </testsuite>\n</testsuites>\n", file);
}

int validate_junit_write(const struct validate_junit *junit, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    int failed = ENOMEM;

    if (file != NULL) {
        write_suite(junit, file);
        failed = fclose(file) != 0 ? errno : case_file_write(path, (hl7_slice){text, len});
    }
    free(text);
    return failed;
}

void validate_junit_close(struct validate_junit *junit)
{
    if (junit->file != NULL) {
        (void)fclose(junit->file);
    }
    free(junit->text);
}
