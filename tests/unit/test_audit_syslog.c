/* SPDX-License-Identifier: Apache-2.0
 *
 * Records as messages of syslog. tests/system/test_audit_syslog.py reads them with other people's parsers. */
#include "support.h"

#include <stdio.h>

#include "broker/audit/syslog.h"

static const struct syslog_source source = {"host.invalid", 7};

/* The message of an entry; until the next call. */
static hl7_slice written(const struct audit_entry *entry)
{
    static char message[SYSLOG_MESSAGE_MAX];
    static char memory[AUDIT_LINE_MAX];
    const struct audit_link first = audit_link_first();
    struct audit_link link;
    struct audit_line line;
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    assert_true(audit_line_write(entry, NULL, &first, &buffer, &link));
    hl7_slice text = {memory, buffer.len - 1};
    assert_int_equal(audit_line_read(text, &line), AUDIT_LINE_GOOD);
    hl7_buffer_init(&buffer, message, sizeof message);
    assert_true(syslog_write(&source, text, &line, &buffer));
    return hl7_buffer_slice(&buffer);
}

static bool has(hl7_slice text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static void a_view_is_a_message_of_atna(void **state)
{
    struct audit_entry entry = {.event = AUDIT_VIEW};

    (void)state;
    audit_string(&entry, "actor", "anna");
    audit_number(&entry, "id", 4711);
    hl7_slice text = written(&entry);
    assert_true(
        hl7_slice_starts(text, HL7_TEXT("<85>1 1970-01-01T00:00:00.000000Z host.invalid orderly 7 "
                                        "IHE+RFC-3881 - <AuditMessage>")));
    assert_true(has(text, "csd-code=\"110110\""));
    assert_true(has(text, "UserID=\"anna\""));
    assert_true(has(text, "ParticipantObjectID=\"4711\""));
}

static void what_has_no_event_of_its_own_is_the_line(void **state)
{
    struct audit_entry entry = {.event = AUDIT_PAUSE};

    (void)state;
    hl7_slice text = written(&entry);
    assert_true(has(text, " orderly 7 pause - {\"sequence\":1,"));
}

static void no_value_ends_its_attribute(void **state)
{
    static const char nasty[] = "\"/><x y='1'>&amp;\\\n\x01\xc2\x9b";
    struct audit_entry entry = {.event = AUDIT_LOGIN};

    (void)state;
    audit_text(&entry, "name", (hl7_slice){nasty, sizeof nasty - 1});
    hl7_slice text = written(&entry);
    assert_true(has(text, "UserID=\"&quot;/&gt;&lt;x y=&apos;1&apos;&gt;&amp;amp;\\???\""));
}

static void a_failed_login_is_no_success(void **state)
{
    struct audit_entry entry = {.event = AUDIT_LOGIN};

    (void)state;
    audit_number(&entry, "failed", 1);
    assert_true(has(written(&entry), "EventOutcomeIndicator=\"4\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_is_a_message_of_atna),
        cmocka_unit_test(what_has_no_event_of_its_own_is_the_line),
        cmocka_unit_test(no_value_ends_its_attribute),
        cmocka_unit_test(a_failed_login_is_no_success),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
