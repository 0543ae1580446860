/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that a listener's folder brings: what is in one - a message, several, a batch - is routed and
 * stored together or not at all, and the folder then hears what became of it. Nobody is answered: a
 * file that is no message is set aside with the reason beside it. */
#include "ingest.h"

#include "../../base/clock.h"
#include "../../net/stray.h"

#include <stdio.h>
#include <string.h>

/* What is wrong with a file; `text` is "" while nothing is. */
struct finding {
    bool later; /* it is we who cannot take it now */
    char text[400];
};

/* Counts the messages; text before the first one, or between, is a finding. */
static size_t count_messages(hl7_slice bytes, struct finding *finding)
{
    struct hl7_batch batch;
    struct hl7_batch_part part;
    struct hl7_error error;
    size_t count = 0;

    if (hl7_is_batch(bytes) && hl7_batch_check(bytes, &count, &error) != HL7_OK) {
        (void)snprintf(finding->text, sizeof finding->text, "the batch: %s (byte %zu)", error.text,
                       error.position);
        return 0;
    }
    count = 0;
    hl7_batch_init(&batch, bytes);
    while (hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        count += part.kind == HL7_BATCH_MESSAGE;
        if (part.kind == HL7_BATCH_STRAY && !stray_is_blank(part.bytes) &&
            finding->text[0] == '\0') {
            (void)snprintf(finding->text, sizeof finding->text,
                           "byte %zu is not part of a message: one begins with MSH", part.position);
        }
    }
    if (count == 0 && finding->text[0] == '\0') {
        (void)snprintf(finding->text, sizeof finding->text, "there is no message in it");
    }
    return finding->text[0] == '\0' ? count : 0;
}

/* Describes each message for the journal. */
static void describe_all(struct ingest_item *item, struct finding *finding)
{
    struct parsing *parsing = &item->listener->ingest->parsing;
    struct hl7_batch batch;
    struct hl7_batch_part part;
    size_t count = 0;

    hl7_batch_init(&batch, item->payload);
    while (finding->text[0] == '\0' && hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        struct hl7_message message;
        struct hl7_error error;

        if (part.kind != HL7_BATCH_MESSAGE) {
            continue;
        }
        if (!parsing_message(parsing, part.bytes, &message, &error)) {
            (void)snprintf(finding->text, sizeof finding->text, "message %zu: %s (byte %zu)",
                           count + 1, error.text, part.position + error.position);
            return;
        }
        struct answer_verdict verdict = ingest_describe(item, &message, &item->messages[count++]);
        if (verdict.outcome != HL7_ACCEPTED) {
            /* What is wrong with the message itself is no better later. */
            bool invalid = verdict.rule.len > 0;

            finding->later = verdict.outcome == HL7_FAILED && !invalid;
            (void)snprintf(finding->text, sizeof finding->text, "message %zu: %s", count,
                           invalid ? validation_text(&item->listener->ingest->validation)
                                   : verdict.reason);
        }
    }
}

static void put_aside(struct ingest_listener *listener, const struct finding *finding)
{
    if (finding->later) {
        listener->counters.failed++;
        directory_done(listener->directory, DIRECTORY_LATER, finding->text);
        return;
    }
    listener->counters.rejected++;
    ingest_note(listener, INGEST_UNREADABLE,
                "listener=%s a file was set aside; its reason is "
                "beside it in the error-directory",
                listener->config->name);
    directory_done(listener->directory, DIRECTORY_REFUSED, finding->text);
}

static void on_file(void *context, const char *name, hl7_slice bytes)
{
    struct ingest_listener *listener = context;
    struct finding finding = {.text = ""};
    struct ingest_item *item = NULL;
    size_t count = count_messages(bytes, &finding);

    if (count > 0) {
        item = ingest_item_new(listener, bytes, count);
        finding.later = item == NULL;
        if (item == NULL) {
            (void)snprintf(finding.text, sizeof finding.text, "out of memory");
        }
    }
    if (item != NULL) {
        item->file = true;
        (void)snprintf(item->peer, sizeof item->peer, "%.70s", name);
        describe_all(item, &finding);
    }
    if (finding.text[0] != '\0') {
        if (item != NULL) {
            ingest_item_leave(item);
        }
        put_aside(listener, &finding);
        return;
    }
    listener->counters.messages++;
    listener->last_message = clock_wall();
    listener->heard = listener->ingest->loop->now;
    ingest_item_store(item);
}

void ingest_file_done(struct ingest_listener *listener, enum journal_code code)
{
    if (code == JOURNAL_OK || code == JOURNAL_NONE) {
        directory_done(listener->directory, DIRECTORY_STORED, "");
    } else {
        directory_done(listener->directory, DIRECTORY_LATER, "it could not be stored");
    }
}

bool ingest_open_files(struct ingest_listener *listener, char ret_reason[256])
{
    const struct directory_hooks hooks = {.on_file = on_file, .context = listener};

    listener->directory = directory_open(listener->ingest->loop, listener->config, &hooks);
    if (listener->directory == NULL) {
        (void)snprintf(ret_reason, 256, "cannot watch %.200s: out of memory or descriptors",
                       listener->config->directory);
        return false;
    }
    (void)snprintf(listener->address, sizeof listener->address, "%.70s",
                   listener->config->directory);
    return true;
}
