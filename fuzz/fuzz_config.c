/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration of the broker: any text is loaded or has errors. The input is the file itself, read
 * as standard input is.
 *
 * What must hold, beside not crashing:
 *   - it is loaded exactly when there are no errors, and findings point into lines of the text, in
 *     their order;
 *   - loading it again finds the same;
 *   - what was loaded is whole: each section has its door, numbers point to sections, and compared
 *     with itself nothing differs.
 *
 * Inputs that would have other files read from somewhere are passed over: the names in them would be the
 * fuzzer's. */
#include "broker/config/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes the text standard input, from its beginning. */
static void offer(hl7_slice text)
{
    int fd = memfd_create("config", MFD_CLOEXEC);

    assert(fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len);
    assert(lseek(fd, 0, SEEK_SET) == 0);
    assert(dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    (void)close(fd);
}

/* A slash beside a key or a mark that names files. */
static bool names_files(hl7_slice text)
{
    return memchr(text.ptr, '/', text.len) != NULL &&
           (memmem(text.ptr, text.len, "include", 7) != NULL ||
            memmem(text.ptr, text.len, "file", 4) != NULL ||
            memmem(text.ptr, text.len, "template", 8) != NULL);
}

static void check_report(hl7_slice text, const struct config_report *report)
{
    size_t line = 0;

    for (size_t i = 0; i < report->count; i++) {
        const struct hl7_diagnostic *what = &report->findings[i].what;
        assert(memchr(what->text, '\0', sizeof what->text) != NULL && what->text[0] != '\0');
        assert(what->line >= 1 && what->column >= 1 && what->column <= what->source.len + 1);
        if (strcmp(report->findings[i].path, "-") == 0 && what->file.ptr == NULL) {
            assert(what->line >= line && what->line <= text.len + 1);
            assert(what->source.len == 0 ||
                   memmem(text.ptr, text.len, what->source.ptr, what->source.len) != NULL);
            line = what->line;
        }
    }
}

static void check_numbers(const struct config_numbers *numbers, size_t count)
{
    for (size_t i = 0; i < numbers->count; i++) {
        assert(numbers->items[i] < count);
    }
}

static void check_listeners(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        assert((listener->address.host != NULL) != (listener->directory != NULL));
        assert((listener->directory != NULL) == (listener->error_directory != NULL));
        assert(listener->max_message > 0 && listener->idle_timeout >= 0);
        assert(config_find_listener(config, listener->name) == i);
        check_numbers(&listener->routes, config->route_count);
    }
}

static void check_destinations(const struct config *config)
{
    for (size_t i = 0; i < config->destination_count; i++) {
        const struct config_destination *to = &config->destinations[i];
        assert((to->mllp.host != NULL) + (to->directory != NULL) + (to->command.words != NULL) ==
               1);
        assert(to->retry.first > 0 && to->retry.first <= to->retry.longest);
        assert(to->file_name.count > 0 && to->pipeline > 0);
        assert(config_find_destination(config, to->name) == i);
    }
}

static void check_routes(const struct config *config)
{
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        assert(route->from.count > 0 && route->lanes >= 1);
        assert((route->when.program == NULL) == (route->when.text == NULL));
        check_numbers(&route->from, config->listener_count);
        check_numbers(&route->to, config->destination_count);
        assert(config_find_route(config, route->name) == i);
    }
}

static void check_same(const struct config *a, const struct config *b)
{
    size_t count = 0;
    struct config_difference *found = config_diff(a, b, &count);

    assert(found != NULL);
    assert(count == 1 + a->listener_count + a->destination_count + a->route_count);
    for (size_t i = 0; i < count; i++) {
        assert(found[i].change == CONFIG_SAME && found[i].before == found[i].after);
    }
    free(found);
}

static enum config_answer load(hl7_slice text, struct config **ret_config,
                               struct config_report *report)
{
    offer(text);
    enum config_answer answer = config_load("-", ret_config, report);
    assert(answer == (report->errors > 0 ? CONFIG_WRONG : CONFIG_LOADED));
    assert((answer == CONFIG_LOADED) == (*ret_config != NULL));
    check_report(text, report);
    return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl7_slice text = {(const char *)data, size};
    struct config_report report = {.findings = NULL};
    struct config_report again = {.findings = NULL};
    struct config *config = NULL;
    struct config *second = NULL;

    if (size == 0 || names_files(text)) {
        return 0;
    }
    enum config_answer answer = load(text, &config, &report);
    enum config_answer repeated = load(text, &second, &again);
    assert(answer == repeated && report.count == again.count);
    for (size_t i = 0; i < report.count; i++) {
        assert(strcmp(report.findings[i].what.text, again.findings[i].what.text) == 0);
    }
    if (answer == CONFIG_LOADED) {
        check_listeners(config);
        check_destinations(config);
        check_routes(config);
        check_same(config, second);
    }
    config_report_release(&report);
    config_report_release(&again);
    config_free(&config);
    config_free(&second);
    return 0;
}
