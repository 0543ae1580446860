/* SPDX-License-Identifier: Apache-2.0
 *
 * show_tree.c - a message as a tree for people; see show.h.
 *
 *     Message 1  result.hl7:1  ORU^R01, 812 bytes, 10 segments
 *       | field  ^ component  ~ repetition  \ escape  & sub-component  CR segment end
 *
 *     PID  Patient Identification
 *       PID-5         Patient Name              XPN  DOE^JANE
 *         PID-5.1     Family Name               FN   DOE
 *         PID-5.2     Given Name                ST   JANE
 *       PID-8         Administrative Sex        IS   F  (Female)
 *
 * What a code stands for, or a decoded value, stands behind the raw one where they differ. Names are left
 * out on request and where a terminal is too narrow for them. On a terminal a value that is too
 * long for its line is cut and its length is told; only as much of it as can be seen is looked at.
 */
#include "show.h"

#include <string.h>

#define TREE_VALUE_COLUMN 22 /* without names */
#define TREE_VALUE_LEAST 24  /* columns a value gets, however narrow the terminal */
#define TREE_NAME_COLUMN 16
#define TREE_NAME_LEAST 12 /* columns a name needs to be worth its place */
#define TREE_NAME_USUAL 26 /* columns of names where nothing is cut */
#define TREE_TYPE_COLUMNS 5

struct tree {
    struct show *show;
    size_t column;
    size_t name_columns; /* 0: no names */
    bool failed;
};

static FILE *tree_file(const struct tree *tree)
{
    return tree->show->terminal.file;
}

/* Columns left for the value; 0: no bound. */
static size_t tree_room(const struct tree *tree)
{
    size_t width = tree->show->width;

    if (width == 0) {
        return 0;
    }
    return width > tree->column + TREE_VALUE_LEAST ? width - tree->column : TREE_VALUE_LEAST;
}

/* Columns for the names: a third of the line, less where the value would have too few. */
static size_t tree_name_columns(const struct show *show)
{
    const size_t others = TREE_NAME_COLUMN + 2 + TREE_TYPE_COLUMNS + TREE_VALUE_LEAST;
    size_t columns = TREE_NAME_USUAL;

    if (show->plain || !hl7_dict_available()) {
        return 0;
    }
    if (show->width > 0) {
        columns = show->width * 3 / 10;
        if (columns + others > show->width) {
            columns = show->width > others ? show->width - others : 0;
        }
    }
    return columns >= TREE_NAME_LEAST ? columns : 0;
}

/* ---- Values --------------------------------------------------------------------------------- */

static bool tree_is_delimiter(const struct tree *tree, char c)
{
    const struct hl7_delimiters *delimiters = &tree->show->text.message->delimiters;

    return c != '\0' && (c == delimiters->component || c == delimiters->repetition ||
                         c == delimiters->subcomponent);
}

/* Writes raw text; where there is colour, with its separators marked. */
static void tree_write_raw(const struct tree *tree, hl7_slice text, bool leaf)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len && tree->show->terminal.color && !leaf; i++) {
        char mark[] = {text.ptr[i], '\0'};

        if (tree_is_delimiter(tree, text.ptr[i])) {
            text_write_safe(tree_file(tree), (hl7_slice){text.ptr + from, i - from}, false);
            text_styled(&tree->show->terminal, TEXT_YELLOW, mark);
            from = i + 1;
        }
    }
    text_write_safe(tree_file(tree), (hl7_slice){text.ptr + from, text.len - from}, false);
}

/* The front of a text that still fits when it is shown safely. */
static hl7_slice tree_front(hl7_slice text, size_t columns)
{
    size_t at = 0;
    size_t used = 0;

    while (at < text.len) {
        char memory[16];
        struct hl7_buffer safe;
        uint32_t c;
        size_t len = text_utf8_char((hl7_slice){text.ptr + at, text.len - at}, &c);

        len = len == 0 ? 1 : len;
        hl7_buffer_init(&safe, memory, sizeof memory);
        text_safe((hl7_slice){text.ptr + at, len}, false, &safe);
        used += text_columns(hl7_buffer_slice(&safe));
        if (used > columns) {
            break;
        }
        at += len;
    }
    return (hl7_slice){text.ptr, at};
}

/* Writes as much of a text as there is room for. True when that is all of it. */
static bool tree_write(struct tree *tree, hl7_slice text, size_t whole, bool leaf)
{
    size_t room = tree_room(tree);
    hl7_slice front = room == 0 ? text : tree_front(text, room);
    char note[48] = "";

    if (front.len < text.len || text.len < whole) {
        (void)snprintf(note, sizeof note, "... (%zu bytes)", whole);
        front = tree_front(text, room > strlen(note) ? room - strlen(note) : 0);
    }
    tree_write_raw(tree, front, leaf);
    text_styled(&tree->show->terminal, TEXT_DIM, note);
    tree->column += room == 0 ? 0 : text_columns(front);
    return note[0] == '\0';
}

/* What a code stands for, as far as there is room. */
static void tree_code(const struct tree *tree, hl7_slice meaning)
{
    const size_t around = strlen("  (...)");
    size_t width = tree->show->width;
    size_t room = width > tree->column ? width - tree->column : 0;
    bool fits = width == 0 || meaning.len + around <= room;

    if (!fits && room < around + TREE_NAME_LEAST) {
        return;
    }
    text_style(&tree->show->terminal, TEXT_GREEN);
    fprintf(tree_file(tree), "  (%.*s%s)", (int)(fits ? meaning.len : room - around), meaning.ptr,
            fits ? "" : "...");
    text_style(&tree->show->terminal, TEXT_NORMAL);
}

/* What the raw value stands for, where that is not what it looks like. */
static void tree_meaning(struct tree *tree, const struct show_value *value, hl7_slice raw,
                         hl7_slice decoded, hl7_slice meaning)
{
    if (meaning.len > 0) {
        tree_code(tree, meaning);
    } else if (value->raw.len == 0) {
        text_styled(&tree->show->terminal, TEXT_DIM, "(empty)");
    } else if (hl7_state(value->raw) == HL7_NULL) {
        text_styled(&tree->show->terminal, TEXT_DIM, "  (null: delete)");
    } else if (!hl7_slice_equal(raw, decoded)) {
        text_style(&tree->show->terminal, TEXT_GREEN);
        fputs("  = ", tree_file(tree));
        tree->column += 4;
        (void)tree_write(tree, decoded, decoded.len, true);
        text_style(&tree->show->terminal, TEXT_NORMAL);
    }
}

/* Fills the line with blanks up to a column; two at least. */
static void tree_pad(struct tree *tree, size_t column)
{
    size_t blanks = tree->column + 2 > column ? 2 : column - tree->column;

    fprintf(tree_file(tree), "%*s", (int)blanks, "");
    tree->column += blanks;
}

static void tree_path(struct tree *tree, const struct show_value *value)
{
    int indent = 2 * (int)value->depth;

    tree->column = (size_t)indent + value->path.len;
    fprintf(tree_file(tree), "%*s", indent, "");
    text_style(&tree->show->terminal, TEXT_CYAN);
    text_write_safe(tree_file(tree), value->path, false);
    text_style(&tree->show->terminal, TEXT_NORMAL);
}

/* The name, cut where lines are cut, and the type. A repetition has those of its field. */
static void tree_name(struct tree *tree, const struct show_place *place, const struct names *names)
{
    size_t room = tree->name_columns;
    bool again = place->repetition > 0 && place->component == 0;
    bool fits = tree->show->width == 0 || names->name.len <= room;
    hl7_slice name = again ? (hl7_slice){NULL, 0}
                           : hl7_slice_part(names->name, 0, fits ? names->name.len : room - 3);

    tree_pad(tree, TREE_NAME_COLUMN);
    fprintf(tree_file(tree), "%.*s%s", (int)name.len, name.len > 0 ? name.ptr : "",
            again || fits ? "" : "...");
    tree->column += again ? 0 : fits ? name.len : room;
    tree_pad(tree, TREE_NAME_COLUMN + room + 2);
    text_style(&tree->show->terminal, TEXT_DIM);
    fprintf(tree_file(tree), "%.*s", (int)names->type.len,
            names->type.len > 0 ? names->type.ptr : "");
    text_style(&tree->show->terminal, TEXT_NORMAL);
    tree->column += names->type.len;
    tree_pad(tree, TREE_NAME_COLUMN + room + 2 + TREE_TYPE_COLUMNS);
}

static void tree_value(void *context, const struct show_value *value)
{
    struct tree *tree = context;
    bool leaf = value->parts == SHOW_LEAF;
    size_t seen = tree->show->width == 0 ? value->raw.len : tree->show->width * 8;
    struct names names;
    hl7_slice raw;
    hl7_slice decoded;

    show_names(tree->show, value, &names);
    tree_path(tree, value);
    if (tree->name_columns > 0) {
        tree_name(tree, &value->place, &names);
    } else {
        tree_pad(tree, TREE_VALUE_COLUMN);
    }
    if (!show_decode(&tree->show->text, hl7_slice_part(value->raw, 0, seen), &raw, &decoded)) {
        tree->failed = true;
        return;
    }
    if (tree_write(tree, raw, value->raw.len > seen ? value->raw.len : raw.len, leaf) && leaf) {
        tree_meaning(tree, value, raw, decoded, names.meaning);
    }
    fputc('\n', tree_file(tree));
}

static void tree_end(void *context)
{
    (void)context;
}

/* ---- Segments and the head ------------------------------------------------------------------ */

static void tree_segment(void *context, const struct show_segment *segment)
{
    const struct tree *tree = context;
    hl7_slice title = show_title(tree->show, segment->name);

    fputc('\n', tree_file(tree));
    text_style(&tree->show->terminal, TEXT_BOLD);
    text_write_safe(tree_file(tree), segment->path, false);
    text_style(&tree->show->terminal, TEXT_NORMAL);
    if (title.len > 0) {
        fprintf(tree_file(tree), "  %.*s", (int)title.len, title.ptr);
    }
    fputc('\n', tree_file(tree));
}

static void tree_head(struct show *show, const struct source_item *item,
                      const struct hl7_message *message)
{
    const struct hl7_delimiters *d = &message->delimiters;
    const struct {
        char mark;
        const char *name;
    } marks[] = {
        {d->field, "field"},   {d->component, "component"},        {d->repetition, "repetition"},
        {d->escape, "escape"}, {d->subcomponent, "sub-component"}, {d->truncation, "truncation"}};
    FILE *file = show->terminal.file;

    text_style(&show->terminal, TEXT_BOLD);
    fprintf(file, "Message %zu", item->ordinal);
    text_style(&show->terminal, TEXT_NORMAL);
    fprintf(file, "  %s:%zu  ", item->file, item->line);
    text_write_safe(file, hl7_slice_part(hl7_message_at(message, "MSH-9"), 0, 40), false);
    fprintf(file, ", %zu bytes, %zu segment%s\n", item->bytes.len, message->segment_count,
            message->segment_count == 1 ? "" : "s");
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (marks[i].mark != '\0') {
            fputs("  ", file);
            text_styled(&show->terminal, TEXT_YELLOW, (char[]){marks[i].mark, '\0'});
            fprintf(file, " %s", marks[i].name);
        }
    }
    fprintf(file, "  %s segment end\n", message->segment_end == '\r' ? "CR" : "LF");
}

bool show_tree(struct show *show, const struct source_item *item, const struct hl7_message *message)
{
    static const struct show_visitor visitor = {tree_segment, tree_end, tree_value, tree_end};
    struct tree tree = {.show = show, .name_columns = tree_name_columns(show)};

    show->version = hl7_message_version(message);
    show->text.message = message;
    if (show->shown++ > 0) {
        fputc('\n', show->terminal.file);
    }
    tree_head(show, item, message);
    return show_walk(message, show->all, &show->counts, &visitor, &tree) && !tree.failed;
}
