/* SPDX-License-Identifier: Apache-2.0
 *
 * The values of keys: what each type takes, and what is said, at which byte, of what it does not. */
#include "config_try.h"

#include <stdio.h>

/* A route with a listener and a destination; lines that are tried are put behind one of them. */
#define LISTENER "[listener in]\naddress = 2575\n"
#define DESTINATION "[destination out]\nmllp = ris:2575\n"
#define ROUTE "[route r]\nfrom = in\nto = out\n"

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

/* One line in one section of a configuration that is right, and the finding about it, or none. The line
 * is number 1 of its section; the section is put first. */
struct line {
    const char *line;
    const char *finding;
};

static void try_lines(struct config_try *attempt, const char *head, const char *rest,
                      const struct line *lines, size_t count)
{
    char text[1000];

    for (size_t i = 0; i < count; i++) {
        (void)snprintf(text, sizeof text, "%s%s\n%s", head, lines[i].line, rest);
        config_try_expect(attempt, text, lines[i].finding);
    }
}

#define TRY(state, head, rest, lines)                                                              \
    try_lines(*(state), head, rest, lines, sizeof(lines) / sizeof(lines)[0])

static void numbers_sizes_and_times_have_units_and_bounds(void **state)
{
    static const struct line lines[] = {
        {"max-connections = 1", ""},
        {"max-connections = 0", "3:19: 0 is too small; the smallest is 1\n"},
        {"max-connections = 1000001", "3:19: 1000001 is too large; the largest is 1000000\n"},
        {"max-connections = -1", "3:19: '-1' is not a whole number\n"},
        {"max-connections = 1.5", "3:19: '1.5' is not a whole number\n"},
        {"max-connections = 99999999999999999999",
         "3:19: '99999999999999999999' is not a whole number\n"},
        {"max-message = 64", ""},
        {"max-message = 1G", ""},
        {"max-message = 63", "3:15: 63 is too small; the smallest is 64\n"},
        {"max-message = 2G", "3:15: 2G is too large; the largest is 1G\n"},
        {"max-message = 16MB",
         "3:15: '16MB' is not a size: bytes, or a number with K, M, G or T, such "
         "as 16M\n"},
        {"idle-timeout = 90m", ""},
        {"idle-timeout = never", ""},
        {"idle-timeout = 0", ""},
        {"idle-timeout = 30", "3:16: '30' has no unit; write 30s, or another of ms, s, m, h, d\n"},
        {"idle-timeout = 30sec",
         "3:16: '30sec' is not a time: a number with ms, s, m, h or d, such as "
         "30s\n"},
        {"idle-timeout = off", "3:16: 'off' is not a time: a number with ms, s, m, h or d, such as "
                               "30s\n"},
        {"ack-deadline = 0s", "3:16: 0s is too small; the smallest is 1ms\n"},
        {"ack-deadline = 2h", "3:16: 2h is too large; the largest is 1h\n"},
    };

    TRY(state, LISTENER, DESTINATION ROUTE, lines);
}

static void words_are_those_of_the_list(void **state)
{
    static const struct line lines[] = {
        {"ack = delivered", ""},
        {"ack = none", ""},
        {"ack = storde",
         "3:7: 'storde' is none of received, stored, delivered, none (did you mean 'stored'?)\n"},
        {"ack = Stored",
         "3:7: 'Stored' is none of received, stored, delivered, none (did you mean 'stored'?)\n"},
        {"ack = xyz", "3:7: 'xyz' is none of received, stored, delivered, none\n"},
        {"unrouted = refuse", ""},
        {"lenient-end = no", ""},
        {"lenient-end = true", "3:15: 'true' is neither yes nor no\n"},
        {"charset = 8859/1", ""},
        {"charset = UTF-8", ""},
        {"charset = klingon",
         "3:11: 'klingon' is no character set known here; 8859/1 and UTF-8 are\n"},
    };

    TRY(state, LISTENER, DESTINATION ROUTE, lines);
}

static void addresses_are_host_and_port(void **state)
{
    static const struct line lines[] = {
        {"address = 127.0.0.1:2575", ""},
        {"address = [::1]:2575", ""},
        {"address = localhost:0", ""},
        {"address = :2575", ""},
        {"address = ::1:2575", "2:11: write an IPv6 address in brackets, as [::1]:2575\n"},
        {"address = localhost",
         "2:11: the port has to be a number from 0 to 65535, as in localhost:2575\n"},
        {"address = a b:2575", "2:12: this byte is neither of a host's name nor of an address\n"},
        {"address = [fe80::1 ]:2575",
         "2:19: this byte is neither of a host's name nor of an address\n"},
        {"address = 10.0.0.1:2575",
         "2:1: what comes here from other machines is not encrypted; use 'tls', or say with "
         "'allow-plaintext = yes' that this is known\n"},
    };
    static const struct line peers[] = {
        {"mllp = [2001:db8::1]:2575", ""},
        {"mllp = ris:0", "2:12: the port has to be from 1 to 65535\n"},
    };

    TRY(state, "[listener in]\n", DESTINATION ROUTE, lines);
    TRY(state, "[destination out]\n", LISTENER ROUTE, peers);
}

static void networks_end_with_zeros(void **state)
{
    static const struct line lines[] = {
        {"allow = 10.0.0.0/8, 192.0.2.7, 2001:db8::/32, ::1", ""},
        {"allow = 0.0.0.0/0", ""},
        {"allow = 10.1.2.3/16",
         "3:9: this address has bits behind the first 16; a network ends with zeros\n"},
        {"allow = 10.0.0.0/8, 10.0.0.0/33",
         "3:30: the length of this network has to be from 0 to 32\n"},
        {"allow = ris.example",
         "3:9: this is no address; write one as 10.1.2.3, a network as 10.1.0.0/16\n"},
        {"allow = 10.0.0.1,,10.0.0.2", "3:18: an item of this list is empty\n"},
        {"allow = 10.0.0.1,", "3:18: an item of this list is empty\n"},
    };

    TRY(state, LISTENER, DESTINATION ROUTE, lines);
}

static void waits_and_limits_are_one_or_two_values(void **state)
{
    static const struct line lines[] = {
        {"retry = 1s..1h", ""},
        {"retry = 10s", ""},
        {"retry = 5m..5s", "3:9: the first wait is longer than the longest; write 5s..5m\n"},
        {"retry = 5..10s", "3:9: '5' has no unit; write 5s, or another of ms, s, m, h, d\n"},
        {"retry = 5s..", "3:13: '' is not two times, such as 5s..5m, or one\n"},
        {"retry = 5s..2d", "3:13: 2d is too large; the largest is 1d\n"},
        {"retry-limit = none", ""},
        {"retry-limit = 100", ""},
        {"retry-limit = 12h", ""},
        {"retry-limit = 100, 12h", ""},
        {"retry-limit = 100, 200", "3:20: there is a number of attempts already\n"},
        {"retry-limit = 1h, 2h", "3:19: there is a time already\n"},
        {"retry-limit = often",
         "3:15: 'often' is not a number of attempts, a time, or both with a comma "
         "between them\n"},
    };

    TRY(state, DESTINATION, LISTENER ROUTE, lines);
}

static void a_share_of_the_disk_is_a_percentage_or_a_size(void **state)
{
    static const struct line lines[] = {
        {"alert-disk-low = 5%", ""},
        {"alert-disk-low = 2G", ""},
        {"alert-disk-low = never", ""},
        {"alert-disk-low = 100%", "2:18: '100%' is no share from 1% to 99%\n"},
        {"alert-disk-low = %", "2:18: '%' is no share from 1% to 99%\n"},
        {"alert-disk-low = much", "2:18: 'much' is not a share such as 10%, a size, or never\n"},
    };

    TRY(state, "[orderly]\n", LISTENER DESTINATION ROUTE, lines);
}

static void paths_have_a_field(void **state)
{
    static const struct line lines[] = {
        {"patient = PID-3.1, PID-2", ""},
        {"patient = PID", "2:14: this names a segment; a field has to follow, as in PID-3.1\n"},
        {"patient = PID-3.1, pid-2",
         "2:20: a path begins with a segment name: three capitals or digits\n"},
        {"index = PV1-19 as visit, ORC-2.1", ""},
        {"index = PV1-19  as  visit", ""},
        {"index = PV1-19 as Visit",
         "2:19: a name begins with a letter and is made of a to z, 0 to 9 and '-'\n"},
        {"index = PV1-19 as patient",
         "2:9: messages are found by 'patient' anyway; take another name\n"},
        {"index = PV1-19 as v, ORC-2 as v", "2:22: 'v' is in this list already\n"},
        {"index = PV1-19, PV1-19", "2:17: 'PV1-19' is in this list already\n"},
    };

    TRY(state, "[orderly]\n", LISTENER DESTINATION ROUTE, lines);
}

static void commands_are_words(void **state)
{
    static const struct line lines[] = {
        {"command = mail -s 'two words' \"a;b ; c\"", ""},
        {"command = mail -s 'two words", "2:19: the end of this quote is missing\n"},
        {"command = '' x", "2:11: the name of the program is empty\n"},
        {"command = a\ncommand-mode = stream", ""},
    };

    TRY(state, "[destination out]\n", LISTENER ROUTE, lines);
}

static void file_names_have_an_id_and_leave_no_folder(void **state)
{
    static const struct line lines[] = {
        {"file-name = {date}-{time}_{id}.hl7", ""},
        {"file-name = {route}.{listener}.{type}.{event}.{control-id}.{id}", ""},
        {"file-name = {date}.hl7", "3:13: two messages could get one name; put {id} into it\n"},
        {"file-name = {id}/x", "3:17: a file name has no '/'; 'directory' says where\n"},
        {"file-name = .{id}", "3:13: a name that begins with a dot is not seen by others\n"},
        {"file-name = {id", "3:13: the '}' of this part is missing\n"},
        {"file-name = id}", "3:15: this '}' has no '{'\n"},
        {"file-name = {id}{contol-id}",
         "3:18: unknown part (did you mean 'control-id'?); there are id, control-id, type, event, "
         "route, listener, date, time\n"},
    };

    TRY(state, "[destination out]\ndirectory = out\n", LISTENER ROUTE, lines);
}

static void names_of_sections_are_known_ones(void **state)
{
    static const struct line lines[] = {
        {"from = in\nto = out", ""},
        {"from = in\nto = none", "4:1: warning: no route leads to this destination\n"},
        {"from = inn\nto = out", "2:8: there is no listener 'inn' (did you mean 'in'?)\n"},
        {"from = in, in\nto = out", "2:12: 'in' is in this list already\n"},
        {"from = in\nto = ouut", "3:6: there is no destination 'ouut' (did you mean 'out'?)\n"},
        {"from = out\nto = in",
         "2:8: there is no listener 'out'\n3:6: there is no destination 'in'\n"},
        {"to = out\nfrom = ",
         "1:1: a route needs 'from': the listeners whose messages it takes\n"
         "6:1: warning: no route takes from this listener; its messages are kept "
         "and go nowhere\n"},
    };

    TRY(state, "[route r]\n", DESTINATION LISTENER, lines);
}

static void conditions_and_their_mistakes_keep_their_columns(void **state)
{
    static const struct line lines[] = {
        {"when = MSH-9.1 = 'ORM' ; a comment", ""},
        {"when = PV1-2 = 'a ; b'", ""},
        {"when = uper(PID-5) = 'x'", "4:8: unknown function 'uper' (did you mean 'upper'?)\n"},
        {"when = MSH-9.1 = 'ORM' \\\n  and PV1-2 != 'a ; b' \\ ; here\n  or lowr(PID-5) = 'x'",
         "6:6: unknown function 'lowr' (did you mean 'lower'?)\n"},
        {"when = map('sex', PID-8, 'U') = 'F'", ""},
        {"when = map('gone', PID-8, 'U') = 'F'",
         "4:12: there is no file 'gone.csv' beside the template\n"},
    };
    struct config_try *attempt = *state;

    folder_write_text(&attempt->folder, "sex.csv", "F,female\nM,male\n");
    TRY(state, ROUTE, LISTENER DESTINATION, lines);
}

static void templates_are_compiled_and_their_mistakes_are_theirs(void **state)
{
    static const struct line lines[] = {
        {"template = good.hl7", ""},
        {"template = t/good.hl7", ""},
        {"template = bad.hl7", "bad.hl7:2:2: unknown function 'uper' (did you mean 'upper'?)\n"},
        {"template = gone.hl7", "4:12: cannot read gone.hl7: No such file or directory\n"},
        {"template = t", "4:12: t is no file\n"},
        {"template = json.tpl",
         "4:1: warning: what this template makes is no HL7, and one of the destinations is sent it over "
         "MLLP\n"},
    };
    struct config_try *attempt = *state;

    folder_write_text(&attempt->folder, "good.hl7", "MSH|^~\\&|A\n{include 'part.hl7'}");
    folder_write_text(&attempt->folder, "part.hl7", "PID|1\n");
    folder_write_text(&attempt->folder, "t/good.hl7", "MSH|^~\\&|B\n");
    folder_write_text(&attempt->folder, "bad.hl7", "MSH|^~\\&|A\n{uper(PID-5)}\n");
    folder_write_text(&attempt->folder, "json.tpl", "{output json}\n{\"a\": {PID-5}}\n");
    TRY(state, ROUTE, LISTENER DESTINATION, lines);
}

static void only_the_first_mistake_of_a_value_is_told(void **state)
{
    config_try_expect(*state, LISTENER "allow = x, y, z\n" DESTINATION ROUTE,
                      "3:9: this is no address; write one as 10.1.2.3, a network as 10.1.0.0/16\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_sizes_and_times_have_units_and_bounds, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(words_are_those_of_the_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(addresses_are_host_and_port, set_up, tear_down),
        cmocka_unit_test_setup_teardown(networks_end_with_zeros, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_and_limits_are_one_or_two_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_share_of_the_disk_is_a_percentage_or_a_size, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(paths_have_a_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(commands_are_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(file_names_have_an_id_and_leave_no_folder, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_of_sections_are_known_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conditions_and_their_mistakes_keep_their_columns, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(templates_are_compiled_and_their_mistakes_are_theirs,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_first_mistake_of_a_value_is_told, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
