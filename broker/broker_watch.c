/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells changed templates and tables at once where the system can: what happens in their folders makes
 * broker_keep.c look earlier than its clock would. */
#include "broker.h"

enum { SETTLE = 50 }; /* milliseconds: files that belong together are changed one after the other */

static void on_settled(struct loop_timer *timer)
{
    broker_look_at_files(LOOP_OWNER(timer, struct broker, watch_timer));
}

static void on_watch(struct loop_source *source, uint32_t events)
{
    struct broker *broker = LOOP_OWNER(source, struct broker, watch_source);

    (void)events;
    if (watch_heard(&broker->watch) && broker->watch_timer.place == 0) {
        (void)loop_timer_set(&broker->loop, &broker->watch_timer, SETTLE);
    }
}

static void watch_files(const struct watch *watch, const char *path, const struct beside *beside)
{
    char name[PATH_MAX];

    for (size_t i = 0; i < beside->count; i++) {
        const struct beside_file *file = beside->files[i];

        beside_name(path, (hl7_slice){file->name, file->name_len}, name, sizeof name);
        watch_folder_of(watch, name);
    }
}

void broker_watch(struct broker *broker)
{
    const struct config *config = broker->config;

    broker_watch_end(broker);
    watch_open(&broker->watch);
    for (size_t i = 0; i < broker->template_count; i++) {
        watch_files(&broker->watch, broker->templates[i].path,
                    &broker->templates[i].live.current.beside);
    }
    for (size_t i = 0; i < config->file_count; i++) {
        if (config->files[i].beside->count > 1) { /* it has tables */
            watch_files(&broker->watch, config->files[i].path, config->files[i].beside);
        }
    }
    broker->watch_timer.on_time = on_settled;
    broker->watch_source =
        (struct loop_source){.fd = broker->watch.fd, .events = EPOLLIN, .on_ready = on_watch};
    if (broker->watch.fd >= 0 && !loop_add(&broker->loop, &broker->watch_source)) {
        watch_close(&broker->watch);
    }
}

void broker_watch_end(struct broker *broker)
{
    if (broker->watch.fd >= 0) {
        loop_remove(&broker->loop, &broker->watch_source);
    }
    watch_close(&broker->watch);
}
