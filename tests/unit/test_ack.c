/* SPDX-License-Identifier: Apache-2.0
 *
 * Acknowledgements, rules 21 to 23 and 27: what a message asks for, and what an answer says. The
 * writing of them is in test_ack_write.c. */
#include "support.h"

static char index_memory[1 << 15];

static struct hl7_message parse(const char *text)
{
    struct hl7_message message;
    struct hl7_arena arena;
    struct hl7_error error;

    hl7_arena_init(&arena, index_memory, sizeof index_memory);
    if (hl7_message_parse(hl7_slice_of(text), &arena, &message, &error) != HL7_OK) {
        fail_msg("byte %zu: %s", error.position, error.text);
    }
    return message;
}

/* A message with these values in MSH-15 and MSH-16. */
static struct hl7_message asking(const char *accept, const char *application)
{
    static char text[200];
    struct hl7_buffer buffer;

    memset(text, 0, sizeof text);
    hl7_buffer_init(&buffer, text, sizeof text - 1);
    hl7_buffer_add(&buffer, HL7_TEXT("MSH|^~\\&|A|B|C|D|2024||ORU^R01|ID|P|2.5|||"));
    hl7_buffer_add(&buffer, hl7_slice_of(accept));
    hl7_buffer_add_byte(&buffer, '|');
    hl7_buffer_add(&buffer, hl7_slice_of(application));
    hl7_buffer_add(&buffer, HL7_TEXT("|US\rPID|1\r"));
    return parse(text);
}

/* ---- Codes --------------------------------------------------------------------------------- */

static void each_code_has_its_two_letters(void **state)
{
    static const struct {
        enum hl7_ack_code code;
        const char *name;
    } cases[] = {
        {HL7_AA, "AA"}, {HL7_AE, "AE"}, {HL7_AR, "AR"},
        {HL7_CA, "CA"}, {HL7_CE, "CE"}, {HL7_CR, "CR"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(hl7_ack_code_name(cases[i].code), cases[i].name);
        assert_int_equal(hl7_ack_code_parse(hl7_slice_of(cases[i].name)), cases[i].code);
    }
    assert_string_equal(hl7_ack_code_name(HL7_ACK_NONE), "");
}

/* rule 27: only what says AA is an AA. Lower case and blanks are other codes, and no code. */
static void what_is_not_exactly_a_code_is_none(void **state)
{
    static const char *const others[] = {"",    "A",   "aa", "Aa", "AA ",
                                         " AA", "AAA", "XX", "OK", "ca"};
    int beyond = HL7_CR + 1;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(hl7_ack_code_parse(hl7_slice_of(others[i])), HL7_ACK_NONE);
    }
    assert_int_equal(hl7_ack_code_parse((hl7_slice){NULL, 0}), HL7_ACK_NONE);
    assert_string_equal(hl7_ack_code_name((enum hl7_ack_code)beyond), "");
}

/* HL7 table 0357 */
static void each_condition_has_the_tables_words(void **state)
{
    static const struct {
        enum hl7_condition condition;
        const char *text;
    } cases[] = {
        {HL7_MESSAGE_ACCEPTED, "Message accepted"},
        {HL7_SEGMENT_SEQUENCE, "Segment sequence error"},
        {HL7_REQUIRED_FIELD, "Required field missing"},
        {HL7_DATA_TYPE, "Data type error"},
        {HL7_TABLE_VALUE, "Table value not found"},
        {HL7_UNSUPPORTED_MESSAGE, "Unsupported message type"},
        {HL7_UNSUPPORTED_EVENT, "Unsupported event code"},
        {HL7_UNSUPPORTED_PROCESSING, "Unsupported processing id"},
        {HL7_UNSUPPORTED_VERSION, "Unsupported version id"},
        {HL7_UNKNOWN_KEY, "Unknown key identifier"},
        {HL7_DUPLICATE_KEY, "Duplicate key identifier"},
        {HL7_RECORD_LOCKED, "Application record locked"},
        {HL7_INTERNAL_ERROR, "Application internal error"},
    };
    int unknown = 104;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(hl7_condition_text(cases[i].condition), cases[i].text);
    }
    assert_null(hl7_condition_text((enum hl7_condition)unknown));
}

/* ---- What a message asks for --------------------------------------------------------------- */

/* rule 21, written out. MSH-15 rules the first column of each pair, MSH-16 the second; with both
 * empty the mode is original and only the second is sent, always. "??" is a value of no table: it
 * is answered, since a silent reply would look like a lost message. */
static const struct {
    const char *accept;      /* MSH-15 */
    const char *application; /* MSH-16 */
    bool enhanced;
    const char *accepted[2]; /* the codes sent for each outcome */
    const char *failed[2];
    const char *rejected[2];
} plans[] = {
    {"", "", false, {"", "AA"}, {"", "AE"}, {"", "AR"}},
    {"", "AL", true, {"", "AA"}, {"", "AE"}, {"", "AR"}},
    {"", "NE", true, {"", ""}, {"", ""}, {"", ""}},
    {"", "ER", true, {"", ""}, {"", "AE"}, {"", "AR"}},
    {"", "SU", true, {"", "AA"}, {"", ""}, {"", ""}},
    {"", "??", true, {"", "AA"}, {"", "AE"}, {"", "AR"}},
    {"AL", "", true, {"CA", ""}, {"CE", ""}, {"CR", ""}},
    {"AL", "AL", true, {"CA", "AA"}, {"CE", "AE"}, {"CR", "AR"}},
    {"AL", "NE", true, {"CA", ""}, {"CE", ""}, {"CR", ""}},
    {"AL", "ER", true, {"CA", ""}, {"CE", "AE"}, {"CR", "AR"}},
    {"AL", "SU", true, {"CA", "AA"}, {"CE", ""}, {"CR", ""}},
    {"AL", "??", true, {"CA", "AA"}, {"CE", "AE"}, {"CR", "AR"}},
    {"NE", "", true, {"", ""}, {"", ""}, {"", ""}},
    {"NE", "AL", true, {"", "AA"}, {"", "AE"}, {"", "AR"}},
    {"NE", "NE", true, {"", ""}, {"", ""}, {"", ""}},
    {"NE", "ER", true, {"", ""}, {"", "AE"}, {"", "AR"}},
    {"NE", "SU", true, {"", "AA"}, {"", ""}, {"", ""}},
    {"NE", "??", true, {"", "AA"}, {"", "AE"}, {"", "AR"}},
    {"ER", "", true, {"", ""}, {"CE", ""}, {"CR", ""}},
    {"ER", "AL", true, {"", "AA"}, {"CE", "AE"}, {"CR", "AR"}},
    {"ER", "NE", true, {"", ""}, {"CE", ""}, {"CR", ""}},
    {"ER", "ER", true, {"", ""}, {"CE", "AE"}, {"CR", "AR"}},
    {"ER", "SU", true, {"", "AA"}, {"CE", ""}, {"CR", ""}},
    {"ER", "??", true, {"", "AA"}, {"CE", "AE"}, {"CR", "AR"}},
    {"SU", "", true, {"CA", ""}, {"", ""}, {"", ""}},
    {"SU", "AL", true, {"CA", "AA"}, {"", "AE"}, {"", "AR"}},
    {"SU", "NE", true, {"CA", ""}, {"", ""}, {"", ""}},
    {"SU", "ER", true, {"CA", ""}, {"", "AE"}, {"", "AR"}},
    {"SU", "SU", true, {"CA", "AA"}, {"", ""}, {"", ""}},
    {"SU", "??", true, {"CA", "AA"}, {"", "AE"}, {"", "AR"}},
    {"??", "", true, {"CA", ""}, {"CE", ""}, {"CR", ""}},
    {"??", "AL", true, {"CA", "AA"}, {"CE", "AE"}, {"CR", "AR"}},
    {"??", "NE", true, {"CA", ""}, {"CE", ""}, {"CR", ""}},
    {"??", "ER", true, {"CA", ""}, {"CE", "AE"}, {"CR", "AR"}},
    {"??", "SU", true, {"CA", "AA"}, {"CE", ""}, {"CR", ""}},
    {"??", "??", true, {"CA", "AA"}, {"CE", "AE"}, {"CR", "AR"}},
};

static void check_plan(const struct hl7_message *message, enum hl7_outcome outcome,
                       const char *const expected[2])
{
    struct hl7_ack_plan plan = hl7_ack_plan(message, outcome);

    assert_string_equal(hl7_ack_code_name(plan.accept), expected[0]);
    assert_string_equal(hl7_ack_code_name(plan.application), expected[1]);
}

/* rule 21 */
static void msh_15_and_msh_16_say_what_is_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct hl7_message message = asking(plans[i].accept, plans[i].application);
        assert_int_equal(hl7_is_enhanced(&message), plans[i].enhanced);
        assert_false(hl7_is_response(&message));
        check_plan(&message, HL7_ACCEPTED, plans[i].accepted);
        check_plan(&message, HL7_FAILED, plans[i].failed);
        check_plan(&message, HL7_REJECTED, plans[i].rejected);
    }
}

/* rule 21: MSH may end long before MSH-15. */
static void a_short_header_is_original_mode(void **state)
{
    static const char *const headers[] = {"MSH|", "MSH|^~\\&", "MSH|^~\\&|A|B|C|D|2024||ADT|1",
                                          "MSH|^~\\&||||||||||||"};
    static const char *const original[] = {"", "AA"};

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct hl7_message message = parse(headers[i]);
        assert_false(hl7_is_enhanced(&message));
        check_plan(&message, HL7_ACCEPTED, original);
    }
}

/* rule 23: not even when it asks for one. */
static void an_ack_is_never_acknowledged(void **state)
{
    static const char *const acks[] = {
        "MSH|^~\\&|A|B|C|D|2024||ACK|ID|P|2.3\rMSA|AA|1\r",
        "MSH|^~\\&|A|B|C|D|2024||ACK^A01|ID|P|2.3\rMSA|AE|1\r",
        "MSH|^~\\&|A|B|C|D|2024||ACK^A01^ACK|ID|P|2.5|||AL|AL\rMSA|AA|1\r",
        "MSH|^~\\&|A|B|C|D|2024||ACK^A01^ACK|ID|P|2.5|||ER|ER\rMSA|AA|1\r",
        "MSH|^~\\&|A|B|C|D|2024||ACK|ID|P|2.5\r",
    };
    static const char *const nothing[] = {"", ""};

    (void)state;
    for (size_t i = 0; i < sizeof acks / sizeof *acks; i++) {
        struct hl7_message message = parse(acks[i]);
        assert_true(hl7_is_response(&message));
        check_plan(&message, HL7_ACCEPTED, nothing);
        check_plan(&message, HL7_FAILED, nothing);
        check_plan(&message, HL7_REJECTED, nothing);
    }
}

/* rule 23: a response that carries data (ORR, RSP) closes its exchange: it gets no application
 * acknowledgement, or two systems would answer each other for ever. What its MSH-15 asks for is
 * whether it arrived: that is the accept level, whose answer is an ACK and ends there. */
static void a_response_gets_no_application_acknowledgement(void **state)
{
    static const struct {
        const char *text;
        const char *accepted[2];
    } cases[] = {
        {"MSH|^~\\&|A|B|C|D|2024||ORR^O02|ID|P|2.3\rMSA|AA|1\rPID|1\r", {"", ""}},
        {"MSH|^~\\&|A|B|C|D|2024||ORR^O02|ID|P|2.5|||NE|AL\rMSA|AA|1\r", {"", ""}},
        {"MSH|^~\\&|A|B|C|D|2024||ORR^O02|ID|P|2.5|||AL|AL\rMSA|AA|1\r", {"CA", ""}},
        {"MSH|^~\\&|A|B|C|D|2024||RSP^K22|ID|P|2.5|||ER|NE\rMSA|AA|1\r", {"", ""}},
        /* From 2.5 on, SFT and UAC may stand before MSA. */
        {"MSH|^~\\&|A|B|C|D|2024||RSP^K22|ID|P|2.5\rSFT|LAB\rSFT|X\rUAC|1\rMSA|AA|1\r", {"", ""}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_message message = parse(cases[i].text);
        assert_true(hl7_is_response(&message));
        check_plan(&message, HL7_ACCEPTED, cases[i].accepted);
    }
}

static void what_only_looks_like_a_response_is_none(void **state)
{
    static const char *const others[] = {
        "MSH|^~\\&|A|B|C|D|2024||ACKS|ID",
        "MSH|^~\\&|A|B|C|D|2024||ADT^ACK|ID",
        "MSH|^~\\&|A|B|C|D|2024||ack|ID",
        "MSH|^~\\&|A|B|C|D|2024|||ID",
        "MSH|^~\\&|A\rMSAX|AA|1",
        /* MSA stands behind the header, SFT and UAC, or means nothing. */
        "MSH|^~\\&|A\rPID|1\rMSA|AA|1",
        "MSH|^~\\&|A\rSFT|x\rPID|1\rMSA|AA|1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct hl7_message message = parse(others[i]);
        assert_false(hl7_is_response(&message));
    }
}

/* ---- Reading an answer --------------------------------------------------------------------- */

/* rules 25 and 27 */
static void an_answer_says_code_control_id_and_reason(void **state)
{
    static const struct {
        const char *text;
        enum hl7_ack_code code;
        const char *code_text;
        const char *control_id;
        const char *reason;
    } cases[] = {
        {"MSH|^~\\&\rMSA|AA|ID1\r", HL7_AA, "AA", "ID1", ""},
        {"MSH|^~\\&\rMSA|CA|ID1\r", HL7_CA, "CA", "ID1", ""},
        {"MSH|^~\\&\rMSA|AE|ID1|no patient\r", HL7_AE, "AE", "ID1", "no patient"},
        {"MSH|^~\\&\rMSA|CE|ID1|full\r", HL7_CE, "CE", "ID1", "full"},
        {"MSH|^~\\&\nMSA|AR|ID1\nERR|PID^1^5^101&Required field missing&HL70357\n", HL7_AR, "AR",
         "ID1", "Required field missing"},
        {"MSH|^~\\&\rMSA|AR|ID1\rERR|PID^1^5^101\r", HL7_AR, "AR", "ID1", "101"},
        {"MSH|^~\\&\rMSA|AR|ID1\rERR|something is wrong\r", HL7_AR, "AR", "ID1",
         "something is wrong"},
        {"MSH|^~\\&\rMSA|CR|ID1\rERR||PID^1|207^Application internal error^HL70357|E\r", HL7_CR,
         "CR", "ID1", "Application internal error"},
        {"MSH|^~\\&\rMSA|AE|ID1|old\rERR||PID^1|207^Internal|E||||disk full\r", HL7_AE, "AE", "ID1",
         "disk full"},
        {"MSH|^~\\&\rMSA|AE|ID1\rERR||PID^1|207\r", HL7_AE, "AE", "ID1", "207"},
        {"MSH|^~\\&\rMSA|AE|ID1|in MSA\rERR|\r", HL7_AE, "AE", "ID1", "in MSA"},
        /* rule 13: null says nothing. */
        {"MSH|^~\\&\rMSA|AE|ID1|in MSA\rERR|||\"\"|E||||\"\"\r", HL7_AE, "AE", "ID1", "in MSA"},
        /* What is not known is not taken for anything known. */
        {"MSH|^~\\&\rMSA|XX|ID1|what\r", HL7_ACK_NONE, "XX", "ID1", "what"},
        {"MSH|^~\\&\rMSA|aa|ID1\r", HL7_ACK_NONE, "aa", "ID1", ""},
        {"MSH|^~\\&\rMSA||ID1\r", HL7_ACK_NONE, "", "ID1", ""},
        {"MSH|^~\\&\rMSA\r", HL7_ACK_NONE, "", "", ""},
        {"MSH|^~\\&\rPID|1\r", HL7_ACK_NONE, "", "", ""},
        {"MSH|^~\\&", HL7_ACK_NONE, "", "", ""},
        /* The answer has delimiters of its own; values are raw. */
        {"MSH*:+!%\rMSA*AE*ID|1*a!F!b\r", HL7_AE, "AE", "ID|1", "a!F!b"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_message reply = parse(cases[i].text);
        struct hl7_answer answer = hl7_answer_read(&reply);
        assert_int_equal(answer.code, cases[i].code);
        assert_slice(answer.code_text, cases[i].code_text);
        assert_slice(answer.control_id, cases[i].control_id);
        assert_slice(answer.reason, cases[i].reason);
    }
}

/* rule 27 */
static void an_answer_matches_the_same_bytes_and_no_others(void **state)
{
    static const struct {
        const char *sent;     /* MSH-10 */
        const char *answered; /* MSA-2 */
        bool matches;
    } cases[] = {
        {"ID1", "ID1", true},         {"ID1", "ID2", false},
        {"ID1", "id1", false},        {"ID1", "ID1 ", false},
        {"ID1", " ID1", false},       {"ID1", "ID", false},
        {"ID1", "ID11", false},       {"007", "7", false},
        {"ID1", "", false},           {"ID1", "ID1^x", false},
        {"I\\T\\D", "I\\T\\D", true}, {"I\\T\\D", "I&D", false},
        {"", "ID1", false},           {"", "", true},
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_buffer buffer;
        memset(text, 0, sizeof text);
        hl7_buffer_init(&buffer, text, sizeof text - 1);
        hl7_buffer_add(&buffer, HL7_TEXT("MSH|^~\\&\rMSA|AA|"));
        hl7_buffer_add(&buffer, hl7_slice_of(cases[i].answered));
        struct hl7_message reply = parse(text);
        struct hl7_answer answer = hl7_answer_read(&reply);
        assert_int_equal(hl7_answer_matches(&answer, hl7_slice_of(cases[i].sent)),
                         cases[i].matches);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_its_two_letters),
        cmocka_unit_test(what_is_not_exactly_a_code_is_none),
        cmocka_unit_test(each_condition_has_the_tables_words),
        cmocka_unit_test(msh_15_and_msh_16_say_what_is_sent),
        cmocka_unit_test(a_short_header_is_original_mode),
        cmocka_unit_test(an_ack_is_never_acknowledged),
        cmocka_unit_test(a_response_gets_no_application_acknowledgement),
        cmocka_unit_test(what_only_looks_like_a_response_is_none),
        cmocka_unit_test(an_answer_says_code_control_id_and_reason),
        cmocka_unit_test(an_answer_matches_the_same_bytes_and_no_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
