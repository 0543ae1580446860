/* SPDX-License-Identifier: Apache-2.0
 *
 * A configuration as a whole: every value in its place, and what becomes of any text at all. */
#include "config_try.h"

#include <stdio.h>
#include <stdlib.h>

#include <netinet/in.h>

static int set_up(void **state)
{
    struct config_try *attempt = test_malloc(sizeof *attempt);

    config_try_open(attempt);
    *state = attempt;
    return 0;
}

static int tear_down(void **state)
{
    config_try_close(*state);
    test_free(*state);
    return 0;
}

/* Every key once, with another value than its default. */
static const char full[] = "[orderly]\n"
                           "data = /data\n"
                           "control = control.sock\n"
                           "log-format = json\n"
                           "log-level = debug\n"
                           "keep = forever\n"
                           "keep-size = 2G\n"
                           "min-free = none\n"
                           "drain = 1m\n"
                           "patient = PID-2, PID-3[2].1\n"
                           "accession = OBR-20\n"
                           "index = PV1-19.1 as visit, ORC-2.1\n"
                           "alert-command = ./alert 'two words' x\n"
                           "alert-disk-low = 1G\n"
                           "[listener in]\n"
                           "address = [::1]:02575\n"
                           "max-message = 1M\n"
                           "max-connections = 7\n"
                           "max-per-address = 3\n"
                           "first-byte-timeout = never\n"
                           "frame-timeout = 1500ms\n"
                           "idle-timeout = 1d\n"
                           "lenient-end = no\n"
                           "ack = delivered\n"
                           "ack-deadline = 5s\n"
                           "ack-template = ack.hl7\n"
                           "duplicates = 24h\n"
                           "unrouted = refuse\n"
                           "charset = 8859/1\n"
                           "allow = 10.1.0.0/16, ::1\n"
                           "allow-plaintext = yes\n"
                           "alert-silent-for = 1h\n"
                           "[listener folder]\n"
                           "directory = \"in box\"\n"
                           "pattern = *.hl7\n"
                           "stable-for = 0s\n"
                           "done-directory = /done\n"
                           "error-directory = ../bad\n"
                           "[destination peer]\n"
                           "mllp = ris.example:2575\n"
                           "connect-timeout = 1s\n"
                           "timeout = 2s\n"
                           "max-reply = 64K\n"
                           "retry = 100ms..3s\n"
                           "retry-limit = 12h, 9\n"
                           "on-error = halt\n"
                           "on-reject = retry\n"
                           "on-timeout = dead\n"
                           "on-unframed = halt\n"
                           "on-closed = dead\n"
                           "on-conversion-error = halt\n"
                           "pipeline = 4\n"
                           "keep-open = no\n"
                           "charset = UTF-8\n"
                           "alert-older-than = 1m\n"
                           "alert-deeper-than = 100\n"
                           "alert-down-for = never\n"
                           "[destination folder]\n"
                           "directory = out\n"
                           "file-name = {date}-{id}.hl7\n"
                           "[destination program]\n"
                           "command = /bin/cat -u\n"
                           "command-mode = stream\n"
                           "[route all]\n"
                           "from = folder, in\n"
                           "when = MSH-9.1 = 'ORM' ; only these\n"
                           "template = to.hl7\n"
                           "to = program, peer\n"
                           "key = PID-3.1\n"
                           "lanes = 4\n"
                           "copy = no\n"
                           "stop = yes\n"
                           "[route rest]\n"
                           "from = in\n"
                           "to = folder\n"
                           "copy = yes\n";

static void load_full(struct config_try *attempt)
{
    folder_write_text(&attempt->folder, "ack.hl7", "MSH|^~\\&|A\nMSA|AA|{MSH-10}\n");
    folder_write_text(&attempt->folder, "to.hl7", "MSH|^~\\&|A\n");
    config_try_expect(attempt, full, "");
}

static void the_one_section_is_read(void **state)
{
    struct config_try *attempt = *state;

    load_full(attempt);
    const struct config_orderly *orderly = &attempt->config->orderly;
    assert_string_equal(orderly->data, "/data");
    assert_string_equal(orderly->control, folder_path(&attempt->folder, "control.sock"));
    assert_int_equal(orderly->log_format, CONFIG_LOG_JSON);
    assert_int_equal(orderly->log_level, CONFIG_LOG_DEBUG);
    assert_int_equal(orderly->keep, 0);
    assert_int_equal(orderly->keep_size, (int64_t)2 << 30);
    assert_int_equal(orderly->min_free, 0);
    assert_int_equal(orderly->drain, 60000);
    assert_int_equal(orderly->patient.count, 2);
    assert_int_equal(orderly->patient.items[1].repetition, 2);
    assert_int_equal(orderly->accession.count, 1);
    assert_int_equal(orderly->indexes.count, 2);
    assert_string_equal(orderly->indexes.items[0].name, "visit");
    assert_string_equal(orderly->indexes.items[0].text, "PV1-19.1");
    assert_int_equal(orderly->indexes.items[0].path.field, 19);
    assert_string_equal(orderly->indexes.items[1].name, "ORC-2.1");
    assert_string_equal(orderly->alert_command.words[0], folder_path(&attempt->folder, "./alert"));
    assert_string_equal(orderly->alert_command.words[1], "two words");
    assert_string_equal(orderly->alert_command.words[2], "x");
    assert_null(orderly->alert_command.words[3]);
    assert_int_equal(orderly->alert_disk_low.bytes, 1 << 30);
    assert_int_equal(orderly->alert_disk_low.percent, 0);
    assert_int_equal(orderly->place.line, 1);
}

static void a_listener_is_read(void **state)
{
    struct config_try *attempt = *state;

    load_full(attempt);
    const struct config_listener *in = &attempt->config->listeners[0];
    assert_string_equal(in->name, "in");
    assert_string_equal(in->address.host, "::1");
    assert_string_equal(in->address.port, "2575");
    assert_string_equal(in->address.text, "[::1]:02575");
    assert_null(in->directory);
    assert_int_equal(in->max_message, 1 << 20);
    assert_int_equal(in->max_connections, 7);
    assert_int_equal(in->max_per_address, 3);
    assert_int_equal(in->first_byte_timeout, 0);
    assert_int_equal(in->frame_timeout, 1500);
    assert_int_equal(in->idle_timeout, 86400000);
    assert_false(in->lenient_end);
    assert_int_equal(in->ack, CONFIG_ACK_DELIVERED);
    assert_int_equal(in->ack_deadline, 5000);
    assert_string_equal(in->ack_template->path, folder_path(&attempt->folder, "ack.hl7"));
    assert_non_null(in->ack_template->file->program);
    assert_int_equal(in->duplicates, 86400000);
    assert_int_equal(in->unrouted, CONFIG_UNROUTED_REFUSE);
    assert_string_equal(in->charset, "ISO-8859-1");
    assert_int_equal(in->allow.count, 2);
    assert_int_equal(in->allow.items[0].family, AF_INET);
    assert_int_equal(in->allow.items[0].bits, 16);
    assert_int_equal(in->allow.items[1].family, AF_INET6);
    assert_int_equal(in->allow.items[1].bits, 128);
    assert_true(in->allow_plaintext);
    assert_int_equal(in->alert_silent_for, 3600000);
    assert_int_equal(in->place.line, 15);
}

static void a_listener_of_files_is_read(void **state)
{
    struct config_try *attempt = *state;

    load_full(attempt);
    const struct config_listener *folder = &attempt->config->listeners[1];
    assert_null(folder->address.host);
    assert_string_equal(folder->directory, folder_path(&attempt->folder, "in box"));
    assert_string_equal(folder->pattern, "*.hl7");
    assert_int_equal(folder->stable_for, 0);
    assert_string_equal(folder->done_directory, "/done");
    assert_string_equal(folder->error_directory, folder_path(&attempt->folder, "../bad"));
    assert_int_equal(folder->max_message, 16 << 20);
}

static void destinations_are_read(void **state)
{
    struct config_try *attempt = *state;

    load_full(attempt);
    const struct config_destination *peer = &attempt->config->destinations[0];
    assert_string_equal(peer->mllp.host, "ris.example");
    assert_int_equal(peer->connect_timeout, 1000);
    assert_int_equal(peer->timeout, 2000);
    assert_int_equal(peer->max_reply, 65536);
    assert_int_equal(peer->retry.first, 100);
    assert_int_equal(peer->retry.longest, 3000);
    assert_int_equal(peer->retry_limit.attempts, 9);
    assert_int_equal(peer->retry_limit.age, 43200000);
    assert_int_equal(peer->on_error, CONFIG_POLICY_HALT);
    assert_int_equal(peer->on_reject, CONFIG_POLICY_RETRY);
    assert_int_equal(peer->on_timeout, CONFIG_POLICY_DEAD);
    assert_int_equal(peer->on_unframed, CONFIG_POLICY_HALT);
    assert_int_equal(peer->on_closed, CONFIG_POLICY_DEAD);
    assert_int_equal(peer->on_conversion_error, CONFIG_POLICY_HALT);
    assert_int_equal(peer->pipeline, 4);
    assert_int_equal(peer->keep_open, 0);
    assert_string_equal(peer->charset, "UTF-8");
    assert_int_equal(peer->alert_older_than, 60000);
    assert_int_equal(peer->alert_deeper_than, 100);
    assert_int_equal(peer->alert_down_for, 0);
    const struct config_destination *folder = &attempt->config->destinations[1];
    assert_string_equal(folder->directory, folder_path(&attempt->folder, "out"));
    assert_int_equal(folder->file_name.count, 4);
    assert_int_equal(folder->file_name.parts[0].kind, CONFIG_NAME_DATE);
    assert_string_equal(folder->file_name.parts[1].text, "-");
    assert_int_equal(folder->file_name.parts[2].kind, CONFIG_NAME_ID);
    assert_string_equal(folder->file_name.parts[3].text, ".hl7");
    const struct config_destination *program = &attempt->config->destinations[2];
    assert_string_equal(program->command.words[0], "/bin/cat");
    assert_string_equal(program->command.text, "/bin/cat -u");
    assert_int_equal(program->command_mode, CONFIG_COMMAND_STREAM);
}

static void routes_are_read(void **state)
{
    struct config_try *attempt = *state;
    static const char order[] = "MSH|^~\\&|||||||ORM^O01|1|P|2.3\r";
    static char memory[65536];
    struct hl7_arena arena;
    struct hl7_message message;
    struct hl7_diagnostic diagnostic;
    bool matches = false;

    load_full(attempt);
    const struct config *config = attempt->config;
    const struct config_route *route = &config->routes[0];
    assert_int_equal(route->from.count, 2);
    assert_string_equal(config->listeners[route->from.items[0]].name, "folder");
    assert_string_equal(config->listeners[route->from.items[1]].name, "in");
    assert_string_equal(route->when.text, "MSH-9.1 = 'ORM'");
    assert_string_equal(config->destinations[route->to.items[0]].name, "program");
    assert_string_equal(config->destinations[route->to.items[1]].name, "peer");
    assert_string_equal(route->template->path, folder_path(&attempt->folder, "to.hl7"));
    assert_string_equal(route->key.segment, "PID");
    assert_int_equal(route->lanes, 4);
    assert_false(route->copy);
    assert_true(route->stop);
    assert_true(config->routes[1].copy);
    assert_null(config->routes[1].when.program);
    assert_null(config->routes[1].template);
    assert_string_equal(config->routes[1].key.segment, "");
    assert_int_equal(config->template_count, 2);

    hl7_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(hl7_message_parse(HL7_TEXT(order), &arena, &message, NULL), HL7_OK);
    const struct hl7_conversion conversion = {.source = HL7_TEXT(order), .message = &message};
    assert_int_equal(
        hl7_condition_test(route->when.program, &conversion, &arena, &matches, &diagnostic),
        HL7_OK);
    assert_true(matches);
}

static void a_template_that_two_keys_name_is_read_once(void **state)
{
    struct config_try *attempt = *state;

    folder_write_text(&attempt->folder, "bad.hl7", "MSH|^~\\&|A\n{uper(PID-5)}\n");
    config_try_expect(attempt,
                      "[listener in]\naddress = 1\nack-template = bad.hl7\n"
                      "[destination out]\nmllp = a:1\n"
                      "[route r]\nfrom = in\nto = out\ntemplate = bad.hl7\n"
                      "[route s]\nfrom = in\nto = out\ntemplate = bad.hl7\n",
                      "bad.hl7:2:2: unknown function 'uper' (did you mean 'upper'?)\n");
}

/* ---- Any text ------------------------------------------------------------------------------- */

/* A text with a few of its bytes and lines changed. */
static size_t mutate(struct random_state *random, char *text, size_t len, size_t size)
{
    size_t changes = 1 + random_below(random, 8);

    for (size_t i = 0; i < changes && len > 1; i++) {
        size_t at = random_below(random, len);
        size_t count = 1 + random_below(random, 20);
        count = count < len - at ? count : len - at;
        switch (random_below(random, 4)) {
        case 0:
            random_fill_from(random, text + at, 1, HL7_TEXT("=[];'\"\\,.:/ \t\n${}az09-%\xc3"));
            break;
        case 1: /* taken out */
            for (size_t to = at; to < len - count; to++) {
                text[to] = text[to + count];
            }
            len -= count;
            break;
        case 2: /* twice */
            if (len + count < size) {
                for (size_t from = len; from > at; from--) {
                    text[from - 1 + count] = text[from - 1];
                }
                len += count;
            }
            break;
        default: /* cut off */
            len = random_once_in(random, 8) ? at : len;
            break;
        }
    }
    return len;
}

static void check_report(const struct config_report *report)
{
    size_t errors = 0;
    size_t warnings = 0;

    for (size_t i = 0; i < report->count; i++) {
        const struct config_finding *finding = &report->findings[i];
        assert_true(finding->what.line >= 1 && finding->what.column >= 1);
        assert_true(finding->what.column <= finding->what.source.len + 1);
        assert_true(strlen(finding->what.text) > 0);
        assert_non_null(finding->path);
        assert_true(i == 0 || report->findings[i - 1].file <= finding->file);
        errors += finding->what.severity == HL7_ERROR ? 1 : 0;
        warnings += finding->what.severity == HL7_WARNING ? 1 : 0;
    }
    if (report->count <= CONFIG_FINDINGS_MAX) {
        assert_int_equal(errors, report->errors);
        assert_int_equal(warnings, report->warnings);
    }
}

static void any_text_is_loaded_or_has_errors(void **state)
{
    struct config_try *attempt = *state;
    struct random_state random;
    char text[2 * sizeof full];
    size_t loaded = 0;

    load_full(attempt);
    random_init(&random, 20261126);
    for (int i = 0; i < 1500; i++) {
        struct config_report report = {.findings = NULL};
        struct config *config = NULL;

        memcpy(text, full, sizeof full);
        size_t len = mutate(&random, text, sizeof full - 1, sizeof text);
        folder_write(&attempt->folder, "main.ini", (hl7_slice){text, len});
        enum config_answer answer =
            config_load(folder_path(&attempt->folder, "main.ini"), &config, &report);
        assert_true(answer == (report.errors > 0 ? CONFIG_WRONG : CONFIG_LOADED));
        assert_true((answer == CONFIG_LOADED) == (config != NULL));
        check_report(&report);
        loaded += answer == CONFIG_LOADED ? 1 : 0;
        config_report_release(&report);
        config_free(&config);
    }
    /* Most mutations hurt, some do not: both ways are walked. */
    assert_true(loaded > 50 && loaded < 1450);
}

static void nothing_is_released_twice(void **state)
{
    struct config_report report = {.findings = NULL};
    struct config *config = NULL;

    (void)state;
    config_free(&config);
    config_free(NULL);
    config_report_release(&report);
    config_report_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_one_section_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_listener_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_listener_of_files_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(destinations_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(routes_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_template_that_two_keys_name_is_read_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(any_text_is_loaded_or_has_errors, set_up, tear_down),
        cmocka_unit_test(nothing_is_released_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
