/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules 8 to 16 as properties: random messages, with random delimiters and line ends, are read and
 * edited by the library and by naive code that shares nothing with it. */
#include "reference.h"
#include "sample.h"

enum { MESSAGES = 3000 };

static char index_memory[1 << 16];

static struct hl7_message parse(hl7_slice text, struct hl7_arena *arena)
{
    struct hl7_message message;
    struct hl7_error error;

    hl7_arena_init(arena, index_memory, sizeof index_memory);
    if (hl7_message_parse(text, arena, &message, &error) != HL7_OK) {
        fail_msg("byte %zu: %s", error.position, error.text);
    }
    return message;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static void compare_index(const struct hl7_message *message, const struct reference *reference)
{
    assert_int_equal(message->segment_count, reference->count);
    assert_memory_equal(&message->delimiters, &reference->delimiters, sizeof message->delimiters);
    for (size_t i = 0; i < reference->count; i++) {
        hl7_slice line = reference->lines[i].text;
        size_t count = reference_field_count(reference, line);
        assert_slices(hl7_segment_bytes(message, i), line);
        assert_int_equal(message->segments[i].count, count);
        for (size_t n = 0; n < count; n++) {
            assert_ptr_equal(hl7_segment_field(message, i, n).ptr,
                             reference_field(reference, line, n).ptr);
            assert_int_equal(hl7_segment_field(message, i, n).len,
                             reference_field(reference, line, n).len);
        }
        assert_null(hl7_segment_field(message, i, count).ptr);
    }
}

/* rules 8 to 11 and 14 */
static void the_index_is_what_counting_separators_gives(void **state)
{
    static struct sample sample;
    static struct reference reference;
    struct random_state random;

    (void)state;
    random_init(&random, 20);
    for (int round = 0; round < MESSAGES; round++) {
        struct hl7_arena arena;
        sample_message(&random, &sample);
        char *edge = edge_copy(sample.text.ptr, sample.text.len);
        hl7_slice text = {edge, sample.text.len};
        struct hl7_message message = parse(text, &arena);
        assert_memory_equal(&message.delimiters, &sample.delimiters, sizeof message.delimiters);
        reference_read(text, &reference);
        compare_index(&message, &reference);
        assert_true(arena.used <= hl7_message_memory(text));
        edge_free(edge, text.len);
    }
}

/* Writes a message from its index alone: names, separators and fields. */
static void rebuild_segment(const struct hl7_message *message, size_t segment,
                            struct hl7_buffer *buffer)
{
    size_t count = message->segments[segment].count;
    bool header = hl7_segment_is_header(hl7_segment_name(message, segment));

    for (size_t n = 0; n < count; n++) {
        /* Field 1 of a header is the separator: none stands before it or behind it. */
        if (n > 0 && !(header && n <= 2)) {
            hl7_buffer_add_byte(buffer, message->delimiters.field);
        }
        hl7_buffer_add(buffer, hl7_segment_field(message, segment, n));
    }
}

/* rule 12 */
static void the_message_can_be_rebuilt_from_its_index(void **state)
{
    static struct sample sample;
    static struct reference reference;
    static char rebuilt[SAMPLE_SIZE];
    struct random_state random;

    (void)state;
    random_init(&random, 21);
    for (int round = 0; round < MESSAGES; round++) {
        struct hl7_arena arena;
        struct hl7_buffer buffer;
        sample_message(&random, &sample);
        struct hl7_message message = parse(sample.text, &arena);
        reference_read(sample.text, &reference);
        hl7_buffer_init(&buffer, rebuilt, sizeof rebuilt);
        hl7_buffer_add(&buffer, reference.before);
        for (size_t i = 0; i < message.segment_count; i++) {
            rebuild_segment(&message, i, &buffer);
            hl7_buffer_add(&buffer, reference.lines[i].ending);
        }
        assert_slices(hl7_buffer_slice(&buffer), sample.text);
    }
}

static bool same_slice(hl7_slice a, hl7_slice b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && hl7_slice_equal(a, b);
}

/* rules 15 and 16 */
static void a_path_leads_where_counting_separators_leads(void **state)
{
    static struct sample sample;
    static struct reference reference;
    struct random_state random;

    (void)state;
    random_init(&random, 22);
    for (int round = 0; round < MESSAGES; round++) {
        struct hl7_arena arena;
        sample_message(&random, &sample);
        struct hl7_message message = parse(sample.text, &arena);
        reference_read(sample.text, &reference);
        for (int i = 0; i < 10; i++) {
            struct hl7_path path = sample_path(&random);
            assert_true(
                same_slice(hl7_message_get(&message, &path), reference_get(&reference, &path)));
        }
    }
}

/* Messages that begin well and were then damaged anywhere are read or refused, never misread: what
 * is read is what counting gives. */
static void a_damaged_message_is_read_by_the_rules_or_refused(void **state)
{
    static struct sample sample;
    static struct reference reference;
    struct random_state random;
    int read = 0;

    (void)state;
    random_init(&random, 23);
    for (int round = 0; round < MESSAGES; round++) {
        struct hl7_arena arena;
        struct hl7_message message;
        sample_message(&random, &sample);
        for (size_t i = 1 + random_below(&random, 3); i > 0; i--) {
            sample.memory[random_below(&random, sample.text.len)] =
                "\r\n|^MSH\0\xff\x0b"[random_below(&random, 10)];
        }
        char *edge = edge_copy(sample.text.ptr, sample.text.len);
        hl7_slice text = {edge, sample.text.len};
        hl7_arena_init(&arena, index_memory, sizeof index_memory);
        if (hl7_message_parse(text, &arena, &message, NULL) == HL7_OK) {
            read++;
            reference_read(text, &reference);
            compare_index(&message, &reference);
        }
        hl7_arena_reset(&arena);
        (void)hl7_message_salvage(text, &arena, &message, NULL);
        edge_free(edge, text.len);
    }
    assert_true(read > MESSAGES / 10);
}

/* ---- A naive model of editing -------------------------------------------------------------- */

enum { MODEL_LINES = 40, MODEL_LINE = 1024 };

struct model {
    struct {
        char text[MODEL_LINE];
        size_t len;
        hl7_slice ending;
    } lines[MODEL_LINES];
    size_t count;
    hl7_slice before;
    hl7_slice line_end;
    struct hl7_delimiters delimiters;
};

static hl7_slice line_of(const struct model *model, size_t line)
{
    return (hl7_slice){model->lines[line].text, model->lines[line].len};
}

static void put_line(struct model *model, size_t line, hl7_slice text)
{
    assert_true(text.len <= MODEL_LINE);
    memmove(model->lines[line].text, text.ptr, text.len);
    model->lines[line].len = text.len;
}

static void model_begin(struct model *model, const struct reference *reference)
{
    hl7_slice ending = reference->lines[0].ending;

    model->count = reference->count;
    model->before = reference->before;
    model->delimiters = reference->delimiters;
    model->line_end = HL7_TEXT("\r");
    if (ending.len > 0 && ending.ptr[0] == '\n') {
        model->line_end = HL7_TEXT("\n");
    } else if (ending.len > 1 && ending.ptr[1] == '\n') {
        model->line_end = HL7_TEXT("\r\n");
    }
    for (size_t i = 0; i < reference->count; i++) {
        put_line(model, i, reference->lines[i].text);
        model->lines[i].ending = reference->lines[i].ending;
    }
}

static void model_write(const struct model *model, struct hl7_buffer *buffer)
{
    hl7_buffer_add(buffer, model->before);
    for (size_t i = 0; i < model->count; i++) {
        hl7_buffer_add(buffer, line_of(model, i));
        hl7_buffer_add(buffer, model->lines[i].ending);
    }
    assert_false(buffer->full);
}

/* The model as a reference reader sees it. */
static void model_view(const struct model *model, struct reference *ret_view)
{
    *ret_view = (struct reference){.count = model->count, .delimiters = model->delimiters};
    for (size_t i = 0; i < model->count; i++) {
        ret_view->lines[i].text = line_of(model, i);
    }
}

/* A copy of `value` with piece n replaced, and as many separators added as it takes. */
static void replace_piece(hl7_slice value, char separator, size_t n, hl7_slice piece,
                          struct hl7_buffer *ret_buffer, char *room, size_t size)
{
    size_t number = 1;
    size_t at = 0;

    hl7_buffer_init(ret_buffer, room, size);
    while (number < n) {
        while (at < value.len && value.ptr[at] != separator) {
            hl7_buffer_add_byte(ret_buffer, value.ptr[at++]);
        }
        hl7_buffer_add_byte(ret_buffer, separator);
        at += at < value.len ? 1 : 0;
        number++;
    }
    hl7_buffer_add(ret_buffer, piece);
    while (at < value.len && value.ptr[at] != separator) {
        at++;
    }
    hl7_buffer_add(ret_buffer, hl7_slice_part(value, at, value.len));
    assert_false(ret_buffer->full);
}

static size_t count_of(hl7_slice value, char separator)
{
    size_t count = 1;

    for (size_t i = 0; i < value.len; i++) {
        count += value.ptr[i] == separator ? 1 : 0;
    }
    return count;
}

/* One level of a path: the value there, from the outside in. */
struct level {
    char separator;
    size_t number;
    hl7_slice value;
};

/* Fills the levels a path names; how many they are is the answer, 0 when one cannot be. */
static size_t levels_of(const struct model *model, hl7_slice line, const struct hl7_path *path,
                        struct level levels[4])
{
    const struct hl7_delimiters *d = &model->delimiters;
    bool header =
        line.len > 3 && hl7_segment_is_header((hl7_slice){line.ptr, 3}) && line.ptr[3] == d->field;
    bool bare = line.len == 3 && hl7_segment_is_header(line);
    size_t repetition = path->repetition == 0 ? 1 : path->repetition;
    size_t count = 0;

    levels[count++] = (struct level){
        .separator = d->field, .number = header || bare ? path->field : (size_t)path->field + 1};
    if (path->repetition != 0 || path->component != 0) {
        levels[count++] = (struct level){.separator = d->repetition, .number = repetition};
    }
    if (path->component != 0) {
        levels[count++] = (struct level){.separator = d->component, .number = path->component};
    }
    if (path->subcomponent != 0) {
        levels[count++] =
            (struct level){.separator = d->subcomponent, .number = path->subcomponent};
    }
    hl7_slice value = line;
    for (size_t i = 0; i < count; i++) {
        levels[i].value = value;
        if (levels[i].number == HL7_LAST) {
            levels[i].number =
                levels[i].separator == '\0' ? 1 : count_of(value, levels[i].separator);
        }
        if (levels[i].separator == '\0' && levels[i].number != 1) {
            return 0;
        }
        value = hl7_piece(value, levels[i].separator, levels[i].number);
    }
    return count;
}

static bool holds(hl7_slice text, char byte)
{
    return byte != '\0' && text.len > 0 && memchr(text.ptr, byte, text.len) != NULL;
}

static enum hl7_code model_set(struct model *model, const struct hl7_path *path, hl7_slice raw)
{
    static char rooms[4][MODEL_LINE];
    struct reference view;
    struct level levels[4];

    model_view(model, &view);
    size_t line = reference_find(&view, path);
    if (line == HL7_NONE) {
        return HL7_NOT_FOUND;
    }
    hl7_slice text = line_of(model, line);
    if (path->field == 0 ||
        (path->field <= 2 && hl7_segment_is_header(hl7_piece(text, model->delimiters.field, 1)))) {
        return HL7_BAD_PATH;
    }
    size_t count = levels_of(model, text, path, levels);
    if (count == 0) {
        return HL7_NOT_ENCODABLE;
    }
    for (size_t i = 0; i < count; i++) {
        if (holds(raw, levels[i].separator)) {
            return HL7_NOT_ENCODABLE;
        }
    }
    if (holds(raw, '\r') || holds(raw, '\n') || holds(raw, HL7_VT) || holds(raw, HL7_FS)) {
        return HL7_NOT_ENCODABLE;
    }
    if (raw.len == 0 && reference_get(&view, path).ptr == NULL) {
        return HL7_OK;
    }
    for (size_t i = count; i > 0; i--) {
        struct hl7_buffer buffer;
        if (levels[i - 1].separator == '\0') {
            continue;
        }
        replace_piece(levels[i - 1].value, levels[i - 1].separator, levels[i - 1].number, raw,
                      &buffer, rooms[i - 1], MODEL_LINE);
        raw = hl7_buffer_slice(&buffer);
    }
    put_line(model, line, raw);
    return HL7_OK;
}

static void model_delete(struct model *model, size_t line)
{
    model->count--;
    memmove(&model->lines[line], &model->lines[line + 1],
            (model->count - line) * sizeof model->lines[0]);
}

static void model_insert(struct model *model, size_t behind, hl7_slice segment)
{
    assert_true(model->count < MODEL_LINES);
    memmove(&model->lines[behind + 2], &model->lines[behind + 1],
            (model->count - behind - 1) * sizeof model->lines[0]);
    model->count++;
    put_line(model, behind + 1, segment);
    model->lines[behind + 1].ending = model->lines[behind].ending;
    model->lines[behind].ending = model->line_end;
}

/* ---- Editing ------------------------------------------------------------------------------- */

/* A random edit, done to both; they agree on the outcome. */
static void edit_both(struct random_state *random, struct hl7_edit *edit, struct model *model)
{
    struct hl7_path path = sample_path(random);
    struct reference view;
    char value[16];
    hl7_slice raw = {value, sample_value(random, &model->delimiters, random_below(random, 4), value,
                                         sizeof value)};

    model_view(model, &view);
    size_t line = reference_find(&view, &path);
    if (!random_once_in(random, 4)) {
        assert_int_equal(hl7_edit_set(edit, &path, raw), model_set(model, &path, raw));
    } else if (random_once_in(random, 2)) {
        enum hl7_code expected = line == HL7_NONE ? HL7_NOT_FOUND
                                 : line == 0      ? HL7_BAD_PATH
                                                  : HL7_OK;
        assert_int_equal(hl7_edit_delete(edit, hl7_slice_of(path.segment), path.occurrence),
                         expected);
        if (expected == HL7_OK) {
            model_delete(model, line);
        }
    } else if (model->count < MODEL_LINES) {
        const char segment[] = {'O', 'B', 'X', model->delimiters.field, 'n'};
        hl7_slice added = {segment, random_once_in(random, 4) ? 3 : sizeof segment};
        assert_int_equal(hl7_edit_insert(edit, hl7_slice_of(path.segment), path.occurrence, added),
                         line == HL7_NONE ? HL7_NOT_FOUND : HL7_OK);
        if (line != HL7_NONE) {
            model_insert(model, line, added);
        }
    }
}

static hl7_slice written(const struct hl7_edit *edit)
{
    static char room[1 << 15];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, room, sizeof room);
    hl7_edit_write(edit, &buffer);
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

/* What is written is the model's text, and what is read is the model's values. */
static void compare_edit(struct random_state *random, const struct hl7_edit *edit,
                         const struct model *model)
{
    static char room[1 << 15];
    struct hl7_buffer buffer;
    struct reference view;

    static char again[1 << 16];
    struct hl7_arena arena;
    struct hl7_message read;

    hl7_buffer_init(&buffer, room, sizeof room);
    model_write(model, &buffer);
    assert_slices(written(edit), hl7_buffer_slice(&buffer));
    hl7_arena_init(&arena, again, sizeof again);
    assert_int_equal(hl7_message_parse(hl7_buffer_slice(&buffer), &arena, &read, NULL), HL7_OK);
    assert_int_equal(read.segment_count, model->count);
    model_view(model, &view);
    for (int i = 0; i < 4; i++) {
        struct hl7_path path = sample_path(random);
        assert_true(same_slice(hl7_edit_get(edit, &path), reference_get(&view, &path)));
    }
}

static struct hl7_edit *begin_edit(const struct hl7_message *message, struct hl7_arena *arena)
{
    struct hl7_edit *edit = NULL;

    assert_int_equal(hl7_edit_begin(message, arena, &edit), HL7_OK);
    return edit;
}

/* rule 12: an edit changes what it names and nothing else, and the working copy agrees with what is
 * written. */
static void random_edits_do_what_a_naive_model_does(void **state)
{
    static struct sample sample;
    static struct reference reference;
    static struct model model;
    struct random_state random;

    (void)state;
    random_init(&random, 24);
    for (int round = 0; round < MESSAGES; round++) {
        struct hl7_arena arena;
        sample_message(&random, &sample);
        struct hl7_message message = parse(sample.text, &arena);
        struct hl7_edit *edit = begin_edit(&message, &arena);
        assert_slices(written(edit), sample.text);
        reference_read(sample.text, &reference);
        model_begin(&model, &reference);
        for (size_t i = random_below(&random, 8); i > 0; i--) {
            edit_both(&random, edit, &model);
            compare_edit(&random, edit, &model);
        }
    }
}

/* rule 12: what was written is read again with the same values. */
static void an_edited_message_is_a_message(void **state)
{
    static struct sample sample;
    static char again[1 << 16];
    struct random_state random;

    (void)state;
    random_init(&random, 25);
    for (int round = 0; round < MESSAGES; round++) {
        struct hl7_arena arena;
        struct hl7_arena other;
        struct hl7_message read;
        sample_message(&random, &sample);
        struct hl7_message message = parse(sample.text, &arena);
        struct hl7_edit *edit = begin_edit(&message, &arena);
        struct hl7_path path = sample_path(&random);
        char value[16];
        size_t len = sample_value(&random, &message.delimiters, 3, value, sizeof value);
        if (hl7_edit_set(edit, &path, (hl7_slice){value, len}) != HL7_OK) {
            continue;
        }
        hl7_arena_init(&other, again, sizeof again);
        assert_int_equal(hl7_message_parse(written(edit), &other, &read, NULL), HL7_OK);
        assert_int_equal(read.segment_count, message.segment_count);
        hl7_slice value_there = hl7_message_get(&read, &path);
        assert_slices(value_there, ((hl7_slice){value, len}));
        assert_true(same_slice(value_there, hl7_edit_get(edit, &path)));
    }
}

/* rule 20: any text, any delimiters: it comes back as it went in, and the message has the segments
 * and fields it would have with a plain value there. */
static void any_text_set_comes_back_as_it_was(void **state)
{
    static struct sample sample;
    static char again[1 << 16];
    struct random_state random;

    (void)state;
    random_init(&random, 26);
    for (int round = 0; round < MESSAGES; round++) {
        struct hl7_arena arena;
        struct hl7_arena other;
        struct hl7_message read;
        char text[20];
        char decoded[20];
        struct hl7_buffer buffer;
        sample_message(&random, &sample);
        struct hl7_message message = parse(sample.text, &arena);
        struct hl7_edit *edit = begin_edit(&message, &arena);
        struct hl7_path path = sample_path(&random);
        size_t len = 1 + random_below(&random, sizeof text - 1);
        random_fill(&random, text, len);
        text[0] = 'x';
        if (hl7_edit_set_text(edit, &path, (hl7_slice){text, len}) != HL7_OK) {
            continue;
        }
        hl7_arena_init(&other, again, sizeof again);
        assert_int_equal(hl7_message_parse(written(edit), &other, &read, NULL), HL7_OK);
        assert_int_equal(read.segment_count, message.segment_count);
        hl7_buffer_init(&buffer, decoded, sizeof decoded);
        hl7_unescape(&read.delimiters, hl7_message_get(&read, &path), HL7_TEXT_PLAIN, &buffer);
        assert_slices(hl7_buffer_slice(&buffer), ((hl7_slice){text, len}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_is_what_counting_separators_gives),
        cmocka_unit_test(the_message_can_be_rebuilt_from_its_index),
        cmocka_unit_test(a_path_leads_where_counting_separators_leads),
        cmocka_unit_test(a_damaged_message_is_read_by_the_rules_or_refused),
        cmocka_unit_test(random_edits_do_what_a_naive_model_does),
        cmocka_unit_test(an_edited_message_is_a_message),
        cmocka_unit_test(any_text_set_comes_back_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
