/* SPDX-License-Identifier: Apache-2.0 */
#include "control_desk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

enum { GUARD_MILLISECONDS = 60 * 1000 };

/* ---- The broker's side ---------------------------------------------------------------------- */

static void on_guard(struct loop_timer *timer)
{
    struct control_desk *desk = LOOP_OWNER(timer, struct control_desk, guard);

    desk->late = true;
    loop_stop(&desk->loop);
}

static void on_pause(struct loop_timer *timer)
{
    loop_stop(&LOOP_OWNER(timer, struct control_desk, pause)->loop);
}

static void put_status(void *context, struct record_writer *out)
{
    (void)context;
    record_begin(out, "listener");
    record_string(out, "name", "main");
    record_end(out);
}

static void wake_lane(void *context, int64_t lane)
{
    struct control_desk *desk = context;

    assert_true(desk->woken_count < sizeof desk->woken / sizeof desk->woken[0]);
    desk->woken[desk->woken_count++] = lane;
}

static bool reload(void *context, struct record_writer *out, char ret_reason[REQUEST_REASON_MAX])
{
    const struct control_desk *desk = context;

    if (!desk->reload_works) {
        record_begin(out, "finding");
        record_end(out);
        (void)snprintf(ret_reason, REQUEST_REASON_MAX, "one error");
    }
    return desk->reload_works;
}

static const char *index_name(void *context, size_t number)
{
    (void)context;
    return number == 0 ? "visit" : NULL;
}

void control_desk_open(struct control_desk *desk)
{
    *desk = (struct control_desk){.guard = {.on_time = on_guard}, .pause = {.on_time = on_pause}};
    desk_open(&desk->desk);
    desk->hooks = (struct control_hooks){.context = desk,
                                         .status = put_status,
                                         .wake_lane = wake_lane,
                                         .reload = reload,
                                         .index_name = index_name};
    (void)snprintf(desk->path, sizeof desk->path, "%s/control.sock", desk->desk.folder);
}

void control_desk_start(struct control_desk *desk)
{
    char reason[256] = "";

    journal_close(&desk->desk.journal);
    assert_true(loop_init(&desk->loop));
    desk->store = store_open(desk->desk.folder, NULL, &desk->loop, reason);
    if (desk->audited) {
        char path[96];
        const struct audit_options options = {.path = path, .required = true};

        (void)snprintf(path, sizeof path, "%s/audit.log", desk->desk.folder);
        desk->audit = audit_open(&options, &desk->loop, reason);
        desk->hooks.audit = desk->audit;
    }
    if (desk->store != NULL) {
        desk->control = control_open(desk->path, &desk->loop, desk->store, &desk->hooks, reason);
    }
    if (desk->control == NULL) {
        fail_msg("%s", reason);
    }
}

void control_desk_close(struct control_desk *desk)
{
    control_end(desk->control);
    store_close(&desk->store);
    audit_close(&desk->audit);
    control_free(&desk->control);
    loop_release(&desk->loop);
    desk_close(&desk->desk);
}

static void run(struct control_desk *desk)
{
    assert_true(loop_timer_set(&desk->loop, &desk->guard, GUARD_MILLISECONDS));
    assert_true(loop_run(&desk->loop, NULL, NULL));
    loop_timer_clear(&desk->loop, &desk->guard);
    assert_false(desk->late);
}

void control_desk_run(struct control_desk *desk, uint64_t milliseconds)
{
    assert_true(loop_timer_set(&desk->loop, &desk->pause, milliseconds));
    run(desk);
}

/* ---- The other side ------------------------------------------------------------------------- */

static void on_readable(struct loop_source *source, uint32_t events)
{
    struct asker *asker = LOOP_OWNER(source, struct asker, source);

    (void)events;
    if (asker->size - asker->len < 65536) {
        asker->size = 2 * asker->size + 131072;
        asker->text = realloc(asker->text, asker->size);
        assert_non_null(asker->text);
    }
    ssize_t got = recv(source->fd, asker->text + asker->len, asker->size - asker->len - 1, 0);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0) {
        asker->closed = true;
        loop_change(&asker->desk->loop, source, 0);
        loop_remove(&asker->desk->loop, source);
    } else {
        asker->len += (size_t)got;
        asker->text[asker->len] = '\0';
    }
    loop_stop(&asker->desk->loop);
}

void asker_open(struct asker *asker, struct control_desk *desk)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *asker = (struct asker){.desk = desk};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", desk->path);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    asker->source = (struct loop_source){.fd = fd, .events = EPOLLIN, .on_ready = on_readable};
    assert_true(loop_add(&desk->loop, &asker->source));
}

void asker_send(const struct asker *asker, hl7_slice bytes)
{
    assert_int_equal(send(asker->source.fd, bytes.ptr, bytes.len, MSG_NOSIGNAL), bytes.len);
}

void asker_close(struct asker *asker)
{
    if (!asker->closed) {
        loop_remove(&asker->desk->loop, &asker->source);
    }
    (void)close(asker->source.fd);
    free(asker->text);
}

/* Lines that end an answer. */
static size_t ends(const struct asker *asker)
{
    size_t count = 0;

    for (const char *line = asker->text; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');

        if (end == NULL) {
            break;
        }
        count += strncmp(line, "end\n", 4) == 0 || strncmp(line, "error=", 6) == 0;
        line = end + 1;
    }
    return count;
}

void asker_wait(struct asker *asker, size_t answers)
{
    while (!asker->closed && ends(asker) < answers) {
        run(asker->desk);
    }
}

char *control_desk_ask(struct control_desk *desk, const char *request)
{
    struct asker asker;

    asker_open(&asker, desk);
    asker_send(&asker, hl7_slice_of(request));
    asker_wait(&asker, 1);
    char *text = asker.text;
    asker.text = NULL;
    asker_close(&asker);
    assert_non_null(text);
    return text;
}

void control_desk_expect(struct control_desk *desk, const char *request, const char *answer)
{
    char *text = control_desk_ask(desk, request);

    assert_string_equal(text, answer);
    free(text);
}

size_t control_desk_times(const char *text, const char *what)
{
    size_t times = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        times++;
    }
    return times;
}
