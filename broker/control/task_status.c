/* SPDX-License-Identifier: Apache-2.0
 *
 * task_status.c - how the broker is: `status`, `routes`, `metrics`, `journal`; and what needs no journal: `help`,
 * `reload`. What the rest of the broker knows is written in the loop's thread, before the journal is
 * asked. */
#include "task.h"

/* ---- help ----------------------------------------------------------------------------------- */

static void put_words(struct record_writer *out, const char *const *words)
{
    char text[200];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, text, sizeof text);
    for (size_t i = 0; words[i] != NULL; i++) {
        hl7_buffer_add(&buffer, i > 0 ? HL7_TEXT(" ") : HL7_TEXT(""));
        hl7_buffer_add(&buffer, hl7_slice_of(words[i]));
    }
    record_text(out, "words", hl7_buffer_slice(&buffer));
}

static void help_begin(struct task *task)
{
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        const struct request_spec *spec = request_spec((enum request_id)i);

        record_begin(&task->out, "request");
        record_string(&task->out, "name", spec->name);
        record_string(&task->out, "doc", spec->doc);
        record_end(&task->out);
        for (const struct request_parameter *at = spec->parameters; at->name != NULL; at++) {
            record_begin(&task->out, "parameter");
            record_string(&task->out, "request", spec->name);
            record_string(&task->out, "name", at->name);
            record_string(&task->out, "kind", request_kind_name(at->kind));
            record_bool(&task->out, "required", at->required);
            record_bool(&task->out, "many", at->many);
            if (at->words != NULL) {
                put_words(&task->out, at->words);
            }
            record_string(&task->out, "doc", at->doc);
            record_end(&task->out);
        }
    }
}

const struct task_handler task_help = {.always = true, .begin = help_begin};

/* ---- reload --------------------------------------------------------------------------------- */

static void reload_begin(struct task *task)
{
    char reason[REQUEST_REASON_MAX] = "";

    if (task->hooks->reload == NULL) {
        task_fail(task, REQUEST_REFUSED, "there is no configuration to read again");
    } else if (!task->hooks->reload(task->hooks->context, &task->out, reason)) {
        task_fail(task, REQUEST_REFUSED, "%s", reason);
    }
}

const struct task_handler task_reload = {.begin = reload_begin};

/* ---- routes --------------------------------------------------------------------------------- */

static void routes_begin(struct task *task)
{
    if (task->hooks->routes != NULL) {
        task->hooks->routes(task->hooks->context, &task->out);
    }
}

const struct task_handler task_routes = {.always = true, .begin = routes_begin};

/* ---- history, configuration ----------------------------------------------------------------- */

enum { HISTORY_STANDARD = 120, HISTORY_MAX = 100000 };

static void history_begin(struct task *task)
{
    int64_t steps = request_number(&task->request, "steps", HISTORY_STANDARD);

    if (task->hooks->history != NULL) {
        task->hooks->history(task->hooks->context,
                             steps < HISTORY_MAX ? (size_t)steps : HISTORY_MAX, &task->out);
    }
}

const struct task_handler task_history = {.begin = history_begin};

static void configuration_begin(struct task *task)
{
    if (task->hooks->configuration != NULL) {
        task->hooks->configuration(task->hooks->context, &task->out);
    }
}

const struct task_handler task_configuration = {.begin = configuration_begin};

/* ---- journal, metrics ----------------------------------------------------------------------- */

static enum journal_code put_journal(struct task *task, struct journal *journal)
{
    struct journal_size size;
    enum journal_code code = journal_size(journal, &size);

    if (code == JOURNAL_OK) {
        record_begin(&task->out, "journal");
        record_number(&task->out, "file-bytes", (int64_t)size.file_bytes);
        record_number(&task->out, "free-bytes", (int64_t)size.free_bytes);
        record_number(&task->out, "log-bytes", (int64_t)size.log_bytes);
        record_end(&task->out);
    }
    return code;
}

const struct task_handler task_journal = {.always = true, .step = put_journal};

/* The words of `format`, in their order. */
enum { METRICS_AS_RECORDS, METRICS_AS_OPENMETRICS };

static void put_store(struct task *task)
{
    struct metrics_store counters = store_count(task->store);

    record_begin(&task->out, "store");
    record_number(&task->out, "commits", (int64_t)counters.commits);
    record_number(&task->out, "work", (int64_t)counters.work);
    record_number(&task->out, "undone", (int64_t)counters.undone);
    record_number(&task->out, "reopened", (int64_t)counters.reopened);
    record_number(&task->out, "waiting", (int64_t)store_pending(task->store));
    record_end(&task->out);
}

static void metrics_begin(struct task *task)
{
    const struct control_hooks *hooks = task->hooks;

    if (request_number(&task->request, "format", METRICS_AS_RECORDS) == METRICS_AS_OPENMETRICS) {
        if (hooks->metrics_text != NULL) {
            hooks->metrics_text(hooks->context, &task->out);
        }
        return;
    }
    put_store(task);
    if (hooks->metrics != NULL) {
        hooks->metrics(hooks->context, &task->out);
    }
}

const struct task_handler task_metrics = {.always = true, .begin = metrics_begin};

/* ---- status --------------------------------------------------------------------------------- */

static void status_begin(struct task *task)
{
    const char *trouble = store_trouble(task->store);

    if (trouble[0] != '\0') {
        record_begin(&task->out, "trouble");
        record_string(&task->out, "what", "journal");
        record_string(&task->out, "text", trouble);
        record_end(&task->out);
    }
    if (task->hooks->status != NULL) {
        task->hooks->status(task->hooks->context, &task->out);
    }
}

static bool put_lane(void *context, const struct journal_lane_status *lane)
{
    task_put_lane(context, lane);
    return true;
}

static bool count_message(void *context, const struct journal_summary *message)
{
    (void)message;
    ++*(int64_t *)context;
    return true;
}

/* Messages in a state that no lane shows. More than a page are "at least so many". */
static enum journal_code put_found(struct task *task, struct journal *journal,
                                   enum journal_state state)
{
    const struct journal_query query = {.state = state, .limit = TASK_PAGE_READ};
    struct journal_cursor cursor;
    int64_t count = 0;
    enum journal_code code = journal_find(journal, &query, count_message, &count, &cursor);

    if (count > 0) {
        record_begin(&task->out, "found");
        record_string(&task->out, "state", task_message_state(state));
        record_number(&task->out, "messages", count);
        record_bool(&task->out, "more", code == JOURNAL_OK);
        record_end(&task->out);
    }
    return code == JOURNAL_NONE ? JOURNAL_OK : code;
}

static enum journal_code status_step(struct task *task, struct journal *journal)
{
    enum journal_code code = journal_lanes(journal, put_lane, &task->out);

    if (code == JOURNAL_OK) {
        code = put_found(task, journal, JOURNAL_STATE_HELD);
    }
    if (code == JOURNAL_OK) {
        code = put_found(task, journal, JOURNAL_STATE_DAMAGED);
    }
    return code == JOURNAL_OK ? put_journal(task, journal) : code;
}

const struct task_handler task_status = {
    .always = true, .begin = status_begin, .step = status_step};
