/* SPDX-License-Identifier: Apache-2.0
 *
 * Acknowledgements, rules 23 to 26: the answers that are written, byte for byte, and that each can
 * be read back. */
#include "sample.h"

static char index_memory[1 << 15];
static char answer_memory[1 << 15];
static char written[8192];

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

static struct hl7_message salvage(hl7_slice text)
{
    struct hl7_message message;
    struct hl7_arena arena;

    hl7_arena_init(&arena, index_memory, sizeof index_memory);
    assert_int_not_equal(hl7_message_parse(text, &arena, &message, NULL), HL7_OK);
    assert_int_equal(hl7_message_salvage(text, &arena, &message, NULL), HL7_OK);
    return message;
}

static hl7_slice write_ack(const struct hl7_message *message, const struct hl7_ack *ack)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, written, sizeof written);
    hl7_ack_write(message, ack, &buffer);
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

static struct hl7_message read_back(hl7_slice text)
{
    struct hl7_message message;
    struct hl7_arena arena;
    struct hl7_error error;

    hl7_arena_init(&arena, answer_memory, sizeof answer_memory);
    if (hl7_message_parse(text, &arena, &message, &error) != HL7_OK) {
        fail_msg("byte %zu: %s", error.position, error.text);
    }
    return message;
}

static struct hl7_ack accepted(void)
{
    return (struct hl7_ack){
        .code = HL7_AA, .control_id = HL7_TEXT("NEW1"), .time = HL7_TEXT("20240102030405")};
}

static struct hl7_ack refused(enum hl7_condition condition, const char *where, const char *reason)
{
    struct hl7_ack ack = accepted();

    ack.code = HL7_AE;
    ack.condition = condition;
    ack.reason = hl7_slice_of(reason);
    if (where != NULL) {
        assert_int_equal(hl7_path_parse(hl7_slice_of(where), &ack.where, NULL), HL7_OK);
    }
    return ack;
}

/* ---- The header ---------------------------------------------------------------------------- */

/* rules 24 and 25: the whole answer, for each kind of header. */
static void the_answer_swaps_and_echoes(void **state)
{
    static const struct {
        const char *message;
        const char *answer;
    } cases[] = {
        {"MSH|^~\\&|LAB|HOSP|RIS|WARD|2024||ORU^R01|ID1|P|2.3\rPID|1\r",
         "MSH|^~\\&|RIS|WARD|LAB|HOSP|20240102030405||ACK^R01|NEW1|P|2.3\rMSA|AA|ID1\r"},
        /* MSH-3 to MSH-6 are swapped as whole values. */
        {"MSH|^~\\&|LAB^1.2&x^ISO~Y|HOSP^2|RIS^3|W\\T\\D|2024||ORU^R01|ID1|P|2.3\r",
         "MSH|^~\\&|RIS^3|W\\T\\D|LAB^1.2&x^ISO~Y|HOSP^2|20240102030405||ACK^R01|NEW1|P|2.3\r"
         "MSA|AA|ID1\r"},
        /* MSH-11 and MSH-12 are echoed, MSH-18 too; no request for an acknowledgement is. */
        {"MSH|^~\\&|A|B|C|D|2024|SEC|ADT^A01^ADT_A01|ID1|T^A|2.5.1^DEU|7|8|AL|AL|DE|UNICODE UTF-8"
         "~ASCII|de\r",
         "MSH|^~\\&|C|D|A|B|20240102030405||ACK^A01^ACK|NEW1|T^A|2.5.1^DEU||||||UNICODE UTF-8"
         "~ASCII\rMSA|AA|ID1\r"},
        /* Delimiters are echoed, the truncation character too. */
        {"MSH*:+!%*A:1*B*C*D*2024**ADT:A01*I!F!D*P*2.4\r",
         "MSH*:+!%*C*D*A:1*B*20240102030405**ACK:A01:ACK*NEW1*P*2.4\rMSA*AA*I!F!D\r"},
        {"MSH|^~\\&#|A|B|C|D|2024||ADT^A01|ID1|P|2.7\r",
         "MSH|^~\\&#|C|D|A|B|20240102030405||ACK^A01^ACK|NEW1|P|2.7\rMSA|AA|ID1\r"},
        {"MSH|^~|A|B|C|D|2024||ADT^A01|ID1|P|2.3\r",
         "MSH|^~|C|D|A|B|20240102030405||ACK^A01|NEW1|P|2.3\rMSA|AA|ID1\r"},
        /* A header that ends early has empty values, an answer all the same. */
        {"MSH|^~\\&|A\r", "MSH|^~\\&|||A||20240102030405||ACK|NEW1||\rMSA|AA|\r"},
        {"MSH|^~\\&", "MSH|^~\\&|||||20240102030405||ACK|NEW1||\rMSA|AA|\r"},
        /* LF or CRLF messages get CR all the same. */
        {"MSH|^~\\&|A|B|C|D|2024||ADT^A01|ID1|P|2.3\nPID|1\n",
         "MSH|^~\\&|C|D|A|B|20240102030405||ACK^A01|NEW1|P|2.3\rMSA|AA|ID1\r"},
        /* An answer is a message, whatever was answered. */
        {"FHS|^~\\&|A|B|C|D\r", "MSH|^~\\&|C|D|A|B|20240102030405||ACK|NEW1||\rMSA|AA|\r"},
        {"\xef\xbb\xbfMSH|^~\\&|A|B|C|D|2024||ADT^A01|ID1|P|2.3\r\nPID|1\r\n",
         "MSH|^~\\&|C|D|A|B|20240102030405||ACK^A01|NEW1|P|2.3\rMSA|AA|ID1\r"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_message message = parse(cases[i].message);
        struct hl7_ack ack = accepted();
        assert_slice(write_ack(&message, &ack), cases[i].answer);
    }
}

/* rule 24 */
static void the_type_is_ack_its_event_and_from_2_4_on_its_structure(void **state)
{
    static const struct {
        const char *type;
        const char *version;
        const char *answer;
    } cases[] = {
        {"ADT^A01", "2.1", "ACK^A01"},
        {"ADT^A01", "2.2", "ACK^A01"},
        {"ADT^A01", "2.3", "ACK^A01"},
        {"ADT^A01", "2.3.1", "ACK^A01"},
        {"ADT^A01", "2.4", "ACK^A01^ACK"},
        {"ADT^A01^ADT_A01", "2.5", "ACK^A01^ACK"},
        {"ADT^A01^ADT_A01", "2.5.1", "ACK^A01^ACK"},
        {"ADT^A01^ADT_A01", "2.6", "ACK^A01^ACK"},
        {"ADT^A01^ADT_A01", "2.7", "ACK^A01^ACK"},
        {"ADT^A01^ADT_A01", "2.8", "ACK^A01^ACK"},
        {"ADT^A01^ADT_A01", "2.5^USA^2.5.1", "ACK^A01^ACK"},
        {"ADT^A01", "", "ACK^A01"},
        {"ADT^A01", "two", "ACK^A01"},
        /* A bare MSH-9 has no event to name. */
        {"ADT", "2.5", "ACK"},
        {"ADT", "2.3", "ACK"},
        {"ADT^", "2.5", "ACK"},
        {"ADT^X", "2.5", "ACK^X^ACK"},
        {"", "2.5", "ACK"},
        {"^A01", "2.5", "ACK^A01^ACK"},
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_buffer buffer;
        memset(text, 0, sizeof text);
        hl7_buffer_init(&buffer, text, sizeof text - 1);
        hl7_buffer_add(&buffer, HL7_TEXT("MSH|^~\\&|A|B|C|D|2024||"));
        hl7_buffer_add(&buffer, hl7_slice_of(cases[i].type));
        hl7_buffer_add(&buffer, HL7_TEXT("|ID1|P|"));
        hl7_buffer_add(&buffer, hl7_slice_of(cases[i].version));
        struct hl7_message message = parse(text);
        struct hl7_ack ack = accepted();
        struct hl7_message answer = read_back(write_ack(&message, &ack));
        assert_slice(hl7_message_at(&answer, "MSH-9"), cases[i].answer);
        assert_slice(hl7_message_at(&answer, "MSH-12"), cases[i].version);
    }
}

/* rule 25: byte for byte, whatever stands there. */
static void msa_2_is_msh_10_byte_for_byte(void **state)
{
    static const char *const ids[] = {"000123",   " ID ", "I^D&x~y",      "I\\T\\D",
                                      "C:\\temp", "\"\"", "\xc3\xa4\xe4", "A\nMSA|AA"};
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct hl7_buffer buffer;
        memset(text, 0, sizeof text);
        hl7_buffer_init(&buffer, text, sizeof text - 1);
        hl7_buffer_add(&buffer, HL7_TEXT("MSH|^~\\&|A|B|C|D|2024||ADT^A01|"));
        hl7_buffer_add(&buffer, hl7_slice_of(ids[i]));
        hl7_buffer_add(&buffer, HL7_TEXT("\r"));
        struct hl7_message message = parse(text);
        struct hl7_ack ack = accepted();
        struct hl7_message reply = read_back(write_ack(&message, &ack));
        struct hl7_answer answer = hl7_answer_read(&reply);
        assert_slices(answer.control_id, hl7_message_at(&message, "MSH-10"));
        assert_true(hl7_answer_matches(&answer, hl7_message_at(&message, "MSH-10")));
        /* rule 9: an LF in it is data there too: no segment comes of it. */
        assert_int_equal(reply.segment_count, 2);
    }
}

/* rule 23: and so it is not acknowledged. */
static void an_answer_asks_for_no_answer(void **state)
{
    struct hl7_message message =
        parse("MSH|^~\\&|A|B|C|D|2024||ORU^R01|ID1|P|2.5|1|2|AL|AL|US|8859/1\r");
    struct hl7_ack ack = accepted();

    (void)state;
    struct hl7_message answer = read_back(write_ack(&message, &ack));
    struct hl7_ack_plan plan = hl7_ack_plan(&answer, HL7_ACCEPTED);
    assert_true(hl7_is_response(&answer));
    assert_false(hl7_is_enhanced(&answer));
    assert_int_equal(plan.accept, HL7_ACK_NONE);
    assert_int_equal(plan.application, HL7_ACK_NONE);
}

static void each_code_is_written_and_read_back(void **state)
{
    static const enum hl7_ack_code codes[] = {HL7_AA, HL7_AE, HL7_AR, HL7_CA, HL7_CE, HL7_CR};
    struct hl7_message message = parse("MSH|^~\\&|A|B|C|D|2024||ORU^R01|ID1|P|2.5\r");

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct hl7_ack ack = accepted();
        ack.code = codes[i];
        struct hl7_message reply = read_back(write_ack(&message, &ack));
        assert_int_equal(hl7_answer_read(&reply).code, codes[i]);
    }
}

/* ---- Errors -------------------------------------------------------------------------------- */

struct error_case {
    enum hl7_condition condition;
    const char *where;
    const char *reason;
    const char *answer; /* from MSA on */
};

static void check_errors(const char *version, const struct error_case *cases, size_t count)
{
    char text[128];
    struct hl7_buffer buffer;

    memset(text, 0, sizeof text);
    hl7_buffer_init(&buffer, text, sizeof text - 1);
    hl7_buffer_add(&buffer, HL7_TEXT("MSH|^~\\&|A|B|C|D|2024||ORU^R01|ID1|P|"));
    hl7_buffer_add(&buffer, hl7_slice_of(version));
    for (size_t i = 0; i < count; i++) {
        struct hl7_message message = parse(text);
        struct hl7_ack ack = refused(cases[i].condition, cases[i].where, cases[i].reason);
        hl7_slice answer = write_ack(&message, &ack);
        size_t header = (size_t)((const char *)memchr(answer.ptr, '\r', answer.len) - answer.ptr);
        assert_slice(hl7_slice_part(answer, header + 1, answer.len), cases[i].answer);
        (void)read_back(answer);
    }
}

/* rule 25: from 2.5 on. */
static void err_has_place_code_severity_and_text_from_2_5_on(void **state)
{
    static const struct error_case cases[] = {
        {HL7_REQUIRED_FIELD, "PID-3", "no patient id",
         "MSA|AE|ID1\rERR||PID^1^3^1|101^Required field missing^HL70357|E||||no patient id\r"},
        {HL7_DATA_TYPE, "OBX[3]-5[2].1.4", "",
         "MSA|AE|ID1\rERR||OBX^3^5^2^1^4|102^Data type error^HL70357|E\r"},
        {HL7_TABLE_VALUE, "OBX-5.2", "",
         "MSA|AE|ID1\rERR||OBX^1^5^1^2|103^Table value not found^HL70357|E\r"},
        {HL7_SEGMENT_SEQUENCE, "PV1", "PV1 is missing",
         "MSA|AE|ID1\rERR||PV1^1|100^Segment sequence error^HL70357|E||||PV1 is missing\r"},
        {HL7_INTERNAL_ERROR, NULL, "disk full",
         "MSA|AE|ID1\rERR|||207^Application internal error^HL70357|E||||disk full\r"},
        {HL7_UNKNOWN_KEY, NULL, "x",
         "MSA|AE|ID1\rERR|||204^Unknown key identifier^HL70357|E||||x\r"},
        {HL7_UNSUPPORTED_VERSION, NULL, "",
         "MSA|AE|ID1\rERR|||203^Unsupported version id^HL70357|E\r"},
        /* The reason is text: it is escaped. */
        {HL7_INTERNAL_ERROR, NULL, "a|b^c&d~e\\f\rg",
         "MSA|AE|ID1\rERR|||207^Application internal error^HL70357|E||||"
         "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\X0D\\g\r"},
        /* [last] is no number: none is made up. */
        {HL7_DATA_TYPE, "OBX[last]-5[last].2", "",
         "MSA|AE|ID1\rERR||OBX^^5^^2|102^Data type error^HL70357|E\r"},
        {HL7_DATA_TYPE, "OBX[last]", "", "MSA|AE|ID1\rERR||OBX|102^Data type error^HL70357|E\r"},
    };

    (void)state;
    check_errors("2.5", cases, sizeof cases / sizeof *cases);
    check_errors("2.5.1", cases, sizeof cases / sizeof *cases);
    check_errors("2.8", cases, sizeof cases / sizeof *cases);
}

/* rule 25: before. */
static void err_1_and_msa_3_say_it_before_2_5(void **state)
{
    static const struct error_case cases[] = {
        {HL7_REQUIRED_FIELD, "PID-3", "no patient id",
         "MSA|AE|ID1|no patient id\rERR|PID^1^3^101&Required field missing&HL70357\r"},
        {HL7_DATA_TYPE, "OBX[3]-5[2].1.4", "",
         "MSA|AE|ID1\rERR|OBX^3^5^102&Data type error&HL70357\r"},
        {HL7_SEGMENT_SEQUENCE, "PV1", "x|y",
         "MSA|AE|ID1|x\\F\\y\rERR|PV1^1^^100&Segment sequence error&HL70357\r"},
        {HL7_INTERNAL_ERROR, NULL, "",
         "MSA|AE|ID1\rERR|^^^207&Application internal error&HL70357\r"},
        {HL7_UNKNOWN_KEY, NULL, "x", "MSA|AE|ID1|x\rERR|^^^204&Unknown key identifier&HL70357\r"},
        {HL7_DATA_TYPE, "OBX[last]-5", "", "MSA|AE|ID1\rERR|OBX^^5^102&Data type error&HL70357\r"},
        {HL7_DATA_TYPE, "OBX[last]", "", "MSA|AE|ID1\rERR|OBX^^^102&Data type error&HL70357\r"},
    };

    (void)state;
    check_errors("2.1", cases, sizeof cases / sizeof *cases);
    check_errors("2.3", cases, sizeof cases / sizeof *cases);
    check_errors("2.3.1", cases, sizeof cases / sizeof *cases);
    check_errors("2.4", cases, sizeof cases / sizeof *cases);
    check_errors("", cases, sizeof cases / sizeof *cases);
    check_errors("?", cases, sizeof cases / sizeof *cases);
}

/* A condition of no table is written as its number. */
static void an_unknown_condition_keeps_its_number(void **state)
{
    int local = 999;
    struct error_case cases[] = {
        {(enum hl7_condition)local, NULL, "", "MSA|AE|ID1\rERR|||999^^HL70357|E\r"}};

    (void)state;
    check_errors("2.5", cases, 1);
}

/* The answer to a message of this version with three things wrong, from MSA on. */
static void check_problems(const char *header, const char *expected)
{
    const struct hl7_problem more[] = {
        {.condition = HL7_SEGMENT_SEQUENCE, .where = {.segment = "OBR", .occurrence = 2}},
        {.condition = HL7_DATA_TYPE,
         .where = {.segment = "OBX", .occurrence = 3, .field = 5, .repetition = 1},
         .rule = {"type", 4},
         .reason = {"not a number", 12}},
    };
    struct hl7_message message = parse(header);
    struct hl7_ack ack = refused(HL7_REQUIRED_FIELD, "PID-5", "no name");

    ack.rule = HL7_TEXT("field-missing");
    ack.more = more;
    ack.more_count = 2;
    hl7_slice answer = write_ack(&message, &ack);
    size_t start = (size_t)((const char *)memchr(answer.ptr, '\r', answer.len) - answer.ptr);
    assert_slice(hl7_slice_part(answer, start + 1, answer.len), expected);
}

/* rule 25 */
static void several_problems_have_an_err_each_from_2_5_on(void **state)
{
    (void)state;
    check_problems("MSH|^~\\&|A|B|C|D|2024||ORU^R01|ID1|P|2.5.1",
                   "MSA|AE|ID1\r"
                   "ERR||PID^1^5^1|101^Required field missing^HL70357|E|field-missing|||no name\r"
                   "ERR||OBR^2|100^Segment sequence error^HL70357|E\r"
                   "ERR||OBX^3^5^1|102^Data type error^HL70357|E|type|||not a number\r");
}

/* rule 25 */
static void several_problems_are_repetitions_of_err_1_before_2_5(void **state)
{
    (void)state;
    check_problems("MSH|^~\\&|A|B|C|D|2024||ORU^R01|ID1|P|2.3.1",
                   "MSA|AE|ID1|no name\r"
                   "ERR|PID^1^5^101&Required field missing&HL70357"
                   "~OBR^2^^100&Segment sequence error&HL70357"
                   "~OBX^3^5^102&Data type error&HL70357\r");
    check_problems("MSH|^|A|B|C|D|2024||ORU^R01|ID1|P|2.3.1",
                   "MSA|AE|ID1|no name\rERR|PID^1^5^101\r");
}

/* What an answer of ours says is read by our sender. */
static void the_reason_is_read_back_in_both_shapes(void **state)
{
    static const char *const versions[] = {"2.3", "2.5"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[64];
        struct hl7_buffer buffer;
        memset(text, 0, sizeof text);
        hl7_buffer_init(&buffer, text, sizeof text - 1);
        hl7_buffer_add(&buffer, HL7_TEXT("MSH|^~\\&|||||||ORU^R01|ID1|P|"));
        hl7_buffer_add(&buffer, hl7_slice_of(versions[i]));
        struct hl7_message message = parse(text);
        struct hl7_ack ack = refused(HL7_INTERNAL_ERROR, NULL, "disk full");
        struct hl7_message reply = read_back(write_ack(&message, &ack));
        assert_int_equal(hl7_answer_read(&reply).code, HL7_AE);
        assert_slice(hl7_answer_read(&reply).reason, "disk full");
    }
}

/* rules 10 and 20: without an escape character, or without components, the answer still holds. */
static void what_a_message_has_no_delimiter_for_is_left_out(void **state)
{
    static const struct {
        const char *message;
        const char *answer;
    } cases[] = {
        {"MSH|^~|A|B|C|D|2024||ORU^R01|ID1|P|2.5",
         "MSH|^~|C|D|A|B|20240102030405||ACK^R01^ACK|NEW1|P|2.5\rMSA|AE|ID1\r"
         "ERR||PID^1^3^1|101^Required field missing^HL70357|E||||a b c\\d e\r"},
        {"MSH|^~|A|B|C|D|2024||ORU^R01|ID1|P|2.3",
         "MSH|^~|C|D|A|B|20240102030405||ACK^R01|NEW1|P|2.3\rMSA|AE|ID1|a b c\\d e\r"
         "ERR|PID^1^3^101\r"},
        /* Without encoding characters, the usual ones are written. */
        {"MSH||A^1|B|C|D|2024||ORU^R01|ID1|P|2.5",
         "MSH|^~\\&|C|D|A^1|B|20240102030405||ACK|NEW1|P|2.5\rMSA|AE|ID1\r"
         "ERR||PID^1^3^1|101^Required field missing^HL70357|E||||a\\F\\b\\S\\c\\E\\d\\X0D\\e\r"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_message message = parse(cases[i].message);
        struct hl7_ack ack = refused(HL7_REQUIRED_FIELD, "PID-3", "a|b^c\\d\re");
        hl7_slice answer = write_ack(&message, &ack);
        assert_slice(answer, cases[i].answer);
        (void)read_back(answer);
    }
}

/* ---- Batches ------------------------------------------------------------------------------- */

/* rules 24 and 31: the header of the reply swaps as an answer does, has an id of its own, and names
 * the batch it answers. */
static void the_header_of_a_batch_is_answered_by_one(void **state)
{
    static const struct {
        const char *header;
        const char *answer;
    } cases[] = {
        {"FHS|^~\\&|LAB^1|HOSP|RIS|WARD|2024|SEC|file name|a comment|F77|ref\r",
         "FHS|^~\\&|RIS|WARD|LAB^1|HOSP|20240102030405||||NEW1|F77\r"},
        {"BHS*:+!%*A*B*C*D*2024****I!F!D\r", "BHS*:+!%*C*D*A*B*20240102030405****NEW1*I!F!D\r"},
        {"BHS|^~\\&\r", "BHS|^~\\&|||||20240102030405||||NEW1|\r"},
        {"BHS|\r", "BHS|^~\\&|||||20240102030405||||NEW1|\r"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_message header = parse(cases[i].header);
        struct hl7_ack ack = accepted();
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, written, sizeof written);
        hl7_ack_write_batch_header(&header, &ack, &buffer);
        assert_slice(hl7_buffer_slice(&buffer), cases[i].answer);
    }
}

/* ---- Salvaged headers ---------------------------------------------------------------------- */

/* rule 26 */
static void a_message_that_cannot_be_parsed_is_answered(void **state)
{
    static const struct {
        const char *message;
        const char *answer;
    } cases[] = {
        {"MSH|^~\\&|A|B|C|D|2024||ORU^R01|ID1|P|2.3\rMSH|^~\\&|X\r",
         "MSH|^~\\&|C|D|A|B|20240102030405||ACK^R01|NEW1|P|2.3\rMSA|AE|ID1|bad\r"
         "ERR|^^^207&Application internal error&HL70357\r"},
        {"MSH|^^^^|A|B|C|D|2024||ORU^R01|ID1|P|2.3\r",
         "MSH|^~\\&|C|D|A|B|20240102030405||ACK|NEW1|P|2.3\rMSA|AE|ID1|bad\r"
         "ERR|^^^207&Application internal error&HL70357\r"},
        {"MSH|ABCD|A|B|C|D|2024||ORU^R01|ID1|P|2.5\rPID|1",
         "MSH|^~\\&|C|D|A|B|20240102030405||ACK|NEW1|P|2.5\rMSA|AE|ID1\r"
         "ERR|||207^Application internal error^HL70357|E||||bad\r"},
        /* The usual characters give way to a field separator that is one of them. */
        {"MSH^^A^B^C^D", "MSH^!~\\&^C^D^A^B^20240102030405^^ACK^NEW1^^\rMSA^AE^^bad\r"
                         "ERR^!!!207&Application internal error&HL70357\r"},
        {"MSH~~A~B", "MSH~^!\\&~~~A~B~20240102030405~~ACK~NEW1~~\rMSA~AE~~bad\r"
                     "ERR~^^^207&Application internal error&HL70357\r"},
        {"MSH\\AA\\A", "MSH\\^~!&\\\\\\A\\\\20240102030405\\\\ACK\\NEW1\\\\\rMSA\\AE\\\\bad\r"
                       "ERR\\^^^207&Application internal error&HL70357\r"},
        {"MSH&AA&A", "MSH&^~\\!&&&A&&20240102030405&&ACK&NEW1&&\rMSA&AE&&bad\r"
                     "ERR&^^^207!Application internal error!HL70357\r"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_message message;
        hl7_slice text = hl7_slice_of(cases[i].message);
        struct hl7_arena arena;
        hl7_arena_init(&arena, index_memory, sizeof index_memory);
        assert_int_equal(hl7_message_salvage(text, &arena, &message, NULL), HL7_OK);
        struct hl7_ack ack = refused(HL7_INTERNAL_ERROR, NULL, "bad");
        hl7_slice answer = write_ack(&message, &ack);
        assert_slice(answer, cases[i].answer);
        (void)read_back(answer);
    }
}

/* rule 26: it asks for what its header asks for. */
static void a_salvaged_header_has_a_plan_too(void **state)
{
    struct hl7_message message =
        salvage(HL7_TEXT("MSH|^^|A|B|C|D|2024||ORU|ID1|P|2.5|||AL|NE\rPID|1\r"));
    struct hl7_ack_plan plan = hl7_ack_plan(&message, HL7_REJECTED);

    (void)state;
    assert_int_equal(plan.accept, HL7_CR);
    assert_int_equal(plan.application, HL7_ACK_NONE);
}

/* ---- Properties ---------------------------------------------------------------------------- */

static void check_random_answer(const struct hl7_message *message, const struct hl7_ack *ack)
{
    struct hl7_message reply = read_back(write_ack(message, ack));
    struct hl7_answer answer = hl7_answer_read(&reply);

    assert_int_equal(reply.segment_count, ack->condition == HL7_MESSAGE_ACCEPTED ? 2 : 3);
    assert_int_equal(answer.code, ack->code);
    assert_true(hl7_answer_matches(&answer, hl7_segment_field(message, 0, 10)));
    assert_true(hl7_is_response(&reply));
    assert_slices(hl7_segment_field(&reply, 0, 5), hl7_segment_field(message, 0, 3));
    assert_slices(hl7_segment_field(&reply, 0, 3), hl7_segment_field(message, 0, 5));
    assert_slices(hl7_segment_field(&reply, 0, 18), hl7_segment_field(message, 0, 18));
    assert_slice(hl7_segment_field(&reply, 0, 10), "NEW1");
}

/* rules 24 to 26: whatever the message and the reason, the answer is a message that says so. */
static void every_message_gets_an_answer_that_can_be_read(void **state)
{
    static struct sample sample;
    struct random_state random;

    (void)state;
    random_init(&random, 30);
    for (int round = 0; round < 3000; round++) {
        struct hl7_arena arena;
        struct hl7_message message;
        struct hl7_ack ack = accepted();
        char reason[20];
        sample_message(&random, &sample);
        hl7_arena_init(&arena, index_memory, sizeof index_memory);
        if (sample.text.len > 8 && random_once_in(&random, 2)) {
            sample.memory[4 + random_below(&random, 4)] = 'A';
        }
        if (hl7_message_parse(sample.text, &arena, &message, NULL) != HL7_OK &&
            hl7_message_salvage(sample.text, &arena, &message, NULL) != HL7_OK) {
            continue;
        }
        random_fill(&random, reason, sizeof reason);
        ack.code = HL7_AR;
        ack.condition = random_once_in(&random, 3) ? HL7_MESSAGE_ACCEPTED : HL7_DATA_TYPE;
        ack.reason = (hl7_slice){reason, random_below(&random, sizeof reason)};
        ack.where = sample_path(&random);
        check_random_answer(&message, &ack);
    }
}

static void an_answer_that_does_not_fit_says_so(void **state)
{
    struct hl7_message message = parse("MSH|^~\\&|A|B|C|D|2024||ORU^R01|ID1|P|2.5\r");
    struct hl7_ack ack = refused(HL7_DATA_TYPE, "PID-3", "reason");
    size_t len = write_ack(&message, &ack).len;

    (void)state;
    for (size_t size = 0; size <= len; size++) {
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, written, size);
        hl7_ack_write(&message, &ack, &buffer);
        assert_int_equal(buffer.full, size < len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_swaps_and_echoes),
        cmocka_unit_test(the_type_is_ack_its_event_and_from_2_4_on_its_structure),
        cmocka_unit_test(msa_2_is_msh_10_byte_for_byte),
        cmocka_unit_test(an_answer_asks_for_no_answer),
        cmocka_unit_test(each_code_is_written_and_read_back),
        cmocka_unit_test(err_has_place_code_severity_and_text_from_2_5_on),
        cmocka_unit_test(err_1_and_msa_3_say_it_before_2_5),
        cmocka_unit_test(an_unknown_condition_keeps_its_number),
        cmocka_unit_test(the_reason_is_read_back_in_both_shapes),
        cmocka_unit_test(what_a_message_has_no_delimiter_for_is_left_out),
        cmocka_unit_test(the_header_of_a_batch_is_answered_by_one),
        cmocka_unit_test(a_message_that_cannot_be_parsed_is_answered),
        cmocka_unit_test(several_problems_have_an_err_each_from_2_5_on),
        cmocka_unit_test(several_problems_are_repetitions_of_err_1_before_2_5),
        cmocka_unit_test(a_salvaged_header_has_a_plan_too),
        cmocka_unit_test(every_message_gets_an_answer_that_can_be_read),
        cmocka_unit_test(an_answer_that_does_not_fit_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
