/* SPDX-License-Identifier: Apache-2.0
 *
 * control.c - see control.h. A session is a connection; it has at most one task, which task.h explains.
 * A session whose task is with the store does not read, and a session that goes away leaves its task
 * without an owner: it is freed when it comes back. */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../base/clock.h"
#include "../../base/log.h"
#include "../../net/connection.h"
#include "../../net/listener.h"
#include "control_audit.h"
#include "socket.h"
#include "task.h"

/* Tasks there may be, those included whose sessions have gone. */
enum { TASKS_MAX = 2 * CONTROL_SESSIONS_MAX };

struct session {
    struct connection connection;
    struct control *control;
    struct task *task; /* NULL: none under way */
    uid_t user;
    pid_t process;
    bool ended;   /* the peer has closed its side: it gets its answer, then we close */
    bool refused; /* nothing more is read: an error is on its way, then we close */
    struct session *next;
    struct session **link; /* what points to this one */
};

struct control {
    struct listener listener;
    struct loop *loop;
    struct store *store;
    struct control_hooks hooks;
    struct session *sessions;
    size_t session_count;
    struct task *tasks;
    size_t task_count;
    char *path;
    bool draining;
};

/* ---- Sessions ------------------------------------------------------------------------------- */

static void on_freed(struct connection *connection)
{
    free(LOOP_OWNER(connection, struct session, connection));
}

static void task_forget(struct control *control, struct task *task)
{
    struct task **at = &control->tasks;

    while (*at != task) {
        at = &(*at)->following;
    }
    *at = task->following;
    control->task_count--;
    task_free(task);
}

static void session_close(struct session *session)
{
    struct control *control = session->control;

    if (session->task != NULL && session->task->submitted) {
        session->task->session = NULL;
    } else if (session->task != NULL) {
        task_audit_left(session->task);
        task_forget(control, session->task);
    }
    *session->link = session->next;
    if (session->next != NULL) {
        session->next->link = session->link;
    }
    control->session_count--;
    connection_close(&session->connection);
}

/* Adds a line to what goes out. False when the session had to be closed. */
static bool session_send(struct session *session, hl7_slice bytes)
{
    if (!connection_send(&session->connection, bytes)) {
        session_close(session);
        return false;
    }
    return true;
}

static void put_error(struct record_writer *out, enum request_error error, const char *reason)
{
    record_string(out, "error", request_error_name(error));
    record_string(out, "text", reason);
    record_end(out);
}

static bool session_complain(struct session *session, enum request_error error, const char *reason)
{
    struct record_writer out = {0};

    put_error(&out, error, reason);
    bool open = session_send(session, record_slice(&out));
    record_release(&out);
    return open;
}

/* ---- Tasks ---------------------------------------------------------------------------------- */

static void task_go_on(struct task *task)
{
    task->mark = task->out.len;
    task->now = clock_wall();
    task->submitted = true;
    store_submit(task->store, &task->work);
}

/* Ends the answer, and the task. False when its session is gone. */
static bool task_finish(struct task *task)
{
    struct session *session = task->session;
    struct control *control = session->control;

    if (task->out.failed && task->error == REQUEST_GOOD) {
        task_fail(task, REQUEST_FAILED, "out of memory");
    }
    session->task = NULL;
    bool open = true;
    if (task->out.failed) {
        open = session_complain(session, task->error, task->reason);
    } else {
        if (task->error != REQUEST_GOOD) {
            put_error(&task->out, task->error, task->reason);
        } else {
            record_line(&task->out, "end");
        }
        open = session_send(session, record_slice(&task->out));
    }
    task_forget(control, task);
    return open;
}

/* Sends what a step has written. The next one is asked for when it has left. */
static bool task_send_step(struct task *task)
{
    struct session *session = task->session;

    if (!session_send(session, record_slice(&task->out))) {
        return false;
    }
    record_cut(&task->out, 0);
    if (connection_waiting(&session->connection) == 0) {
        task_go_on(task);
    } else {
        connection_set_deadline(&session->connection, CONTROL_STALL);
    }
    return true;
}

/* Why a step came to nothing. A handler may have said it better. */
static void task_explain(struct task *task, enum journal_code code)
{
    static const struct {
        enum journal_code code;
        enum request_error error;
        const char *text;
    } rows[] = {
        {JOURNAL_NONE, REQUEST_NOTHING, "there is nothing of the kind"},
        {JOURNAL_FULL, REQUEST_FAILED, "the disk is full, or the journal as large as it may be"},
        {JOURNAL_BUSY, REQUEST_BUSY, "somebody else changed the same: try again"},
        {JOURNAL_NO_MEMORY, REQUEST_FAILED, "out of memory"},
        {JOURNAL_DAMAGED, REQUEST_DAMAGED, "what is stored fails its checksum"},
        {JOURNAL_REFUSED, REQUEST_REFUSED, "that cannot be done to it"},
        {JOURNAL_LOCKED, REQUEST_BUSY, "somebody else has it"},
    };

    if (task->error != REQUEST_GOOD) {
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            task_fail(task, rows[i].error, "%s", rows[i].text);
            return;
        }
    }
    task_fail(task, REQUEST_FAILED, "the journal: %.200s", store_trouble(task->store));
}

static enum journal_code run_step(struct store_work *work, struct journal *journal)
{
    struct task *task = LOOP_OWNER(work, struct task, work);

    record_cut(&task->out, task->mark);
    task->next = task->at;
    task->shown = task->shown_before;
    task->more = false;
    task->error = REQUEST_GOOD;
    return task->handler->step(task, journal);
}

static void session_go_on(struct session *session);

/* Nobody waits for the answer any more. */
static void task_leave(struct task *task)
{
    if (!task->leaving && task->handler->leave != NULL && task->handler->leave(task)) {
        task->leaving = true;
        task_go_on(task);
    } else {
        task_audit_left(task);
        task_forget(task->control, task);
    }
}

/* What came of the task is recorded. */
static void on_told(struct task *task, bool good)
{
    struct session *session = task->session;

    if (!good && task->error == REQUEST_GOOD) {
        task_fail(task, REQUEST_FAILED, "it was done, but the audit log cannot be written: %.200s",
                  audit_trouble(task->hooks->audit));
    }
    if (session == NULL) {
        task_forget(task->control, task);
    } else if (task_finish(task)) {
        session_go_on(session);
    }
}

/* The task is over: recorded if need be, then answered. False when its session is gone. */
static bool task_complete(struct task *task)
{
    return task_audit_done(task, on_told) || task_finish(task);
}

static void on_step_done(struct store_work *work, enum journal_code code)
{
    struct task *task = LOOP_OWNER(work, struct task, work);
    struct session *session = task->session;

    task->submitted = false;
    if (code != JOURNAL_OK) {
        record_cut(&task->out, task->mark);
        task->more = false;
        task_explain(task, code);
    } else {
        task->at = task->next;
        task->shown_before = task->shown;
        if (task->handler->done != NULL) {
            task->handler->done(task);
        }
    }
    if (session == NULL) {
        task_leave(task);
    } else if (task->more && task->error == REQUEST_GOOD && !task->out.failed) {
        (void)task_send_step(task);
    } else if (task_complete(task)) {
        session_go_on(session);
    }
}

/* Who asked, for notes: what the program says, and what the system knows. */
static void tell_who(struct task *task, uid_t user)
{
    hl7_slice by = {NULL, 0};

    for (size_t i = 0; i < task->request.count; i++) {
        if (request_is(&task->request.values[i], "by")) {
            by = task->request.values[i].text;
        }
    }
    int len = (int)(by.len < 100 ? by.len : 100);
    (void)snprintf(task->who, sizeof task->who, len > 0 ? "%.*s (uid %u)" : "%.*suid %u", len,
                   len > 0 ? by.ptr : "", (unsigned)user);
}

/* Makes a task of the request at the front of what is held. NULL when memory is short. */
static struct task *task_new(struct session *session, hl7_slice bytes)
{
    struct control *control = session->control;
    struct task *task = calloc(1, sizeof *task);

    if (task == NULL || (task->bytes = malloc(bytes.len)) == NULL) {
        free(task);
        return NULL;
    }
    memcpy(task->bytes, bytes.ptr, bytes.len);
    task->work = (struct store_work){.run = run_step, .done = on_step_done};
    task->control = control;
    task->hooks = &control->hooks;
    task->store = control->store;
    task->session = session;
    task->user = session->user;
    task->process = session->process;
    task->following = control->tasks;
    control->tasks = task;
    control->task_count++;
    session->task = task;
    return task;
}

/* Begins to answer. False when the session is gone. */
static bool task_begin(struct task *task)
{
    task->now = clock_wall();
    if (task->handler->begin != NULL) {
        task->handler->begin(task);
    }
    if (task->error != REQUEST_GOOD || task->handler->step == NULL) {
        return task_complete(task);
    }
    task_go_on(task);
    return true;
}

/* It is recorded that the task was asked. */
static void on_asked(struct task *task, bool good)
{
    struct session *session = task->session;

    if (session == NULL) {
        task_forget(task->control, task);
        return;
    }
    if (!good) {
        task_fail(task, REQUEST_FAILED, "nothing was done: the audit log cannot be written: %.200s",
                  audit_trouble(task->hooks->audit));
    }
    if (good ? task_begin(task) : task_finish(task)) {
        session_go_on(session);
    }
}

/* Begins to answer the request at the front of what is held. False when the session is gone. */
static bool task_start(struct session *session, size_t len)
{
    struct connection *connection = &session->connection;
    struct task *task = session->control->task_count < TASKS_MAX
                            ? task_new(session, hl7_slice_part(connection->held, 0, len))
                            : NULL;

    connection_consume(connection, len);
    if (task == NULL) {
        return session_complain(session, REQUEST_BUSY, "too much is asked at once: try again");
    }
    task->error = request_read(task->bytes, len, &task->request, task->reason);
    if (task->error != REQUEST_GOOD) {
        control_audit_refused(task->hooks->audit, session->user, session->process, task->error);
        return task_finish(task);
    }
    task->handler = task_handler(task->request.id);
    tell_who(task, session->user);
    if (session->control->draining && !task->handler->always) {
        task_fail(task, REQUEST_BUSY, "the broker is ending: ask the next one");
        return task_finish(task);
    }
    if (task_audit_asked(task, on_asked)) {
        return true;
    }
    return task->error == REQUEST_GOOD ? task_begin(task) : task_finish(task);
}

/* ---- Events --------------------------------------------------------------------------------- */

/* Whether another request may be begun. */
static bool session_is_free(const struct session *session)
{
    return session->task == NULL && !session->refused &&
           connection_waiting(&session->connection) == 0;
}

/* Begins what is held. False when the session is gone. */
static bool session_take(struct session *session)
{
    while (session_is_free(session)) {
        hl7_slice held = session->connection.held;
        size_t len = request_length(held);

        if ((len == 0 && held.len >= REQUEST_BYTES_MAX) || len > REQUEST_BYTES_MAX) {
            session->refused = true;
            return session_complain(session, REQUEST_TOO_LARGE,
                                    "a request has 64 KiB at most: ask several times");
        }
        if (len == 0) {
            return true;
        }
        if (!task_start(session, len)) {
            return false;
        }
    }
    return true;
}

/* Reads or does not, waits or does not, as it now has to be. The session may be gone afterwards. */
static void session_settle(struct session *session)
{
    struct connection *connection = &session->connection;
    bool waits = connection_waiting(connection) > 0;

    if (session->task == NULL && !waits && (session->refused || session->ended)) {
        session_close(session);
        return;
    }
    if (session->task != NULL && !waits) {
        connection_set_deadline(connection, 0);
    } else if (waits || connection->held.len > 0) {
        connection_set_deadline(connection, CONTROL_STALL);
    } else {
        connection_set_deadline(connection, CONTROL_IDLE);
    }
    if (session_is_free(session)) {
        if (connection->paused) {
            (void)connection_resume(connection);
        }
    } else {
        connection_pause(connection);
    }
}

/* The session has nothing under way: what is held comes next. */
static void session_go_on(struct session *session)
{
    if (session_take(session)) {
        session_settle(session);
    }
}

static void on_drained(struct session *session)
{
    if (session->task != NULL) {
        task_go_on(session->task);
        session_settle(session);
    } else {
        session_go_on(session);
    }
}

static void on_event(struct connection *connection, enum connection_event event)
{
    struct session *session = LOOP_OWNER(connection, struct session, connection);

    switch (event) {
    case CONNECTION_DATA:
        session_go_on(session);
        break;
    case CONNECTION_DRAINED:
        on_drained(session);
        break;
    case CONNECTION_CLOSED:
        session->ended = true;
        session_settle(session);
        break;
    case CONNECTION_OPEN:
    case CONNECTION_TIMEOUT:
    case CONNECTION_FAILED:
        session_close(session);
        break;
    }
}

static void turn_away(int fd)
{
    static const char text[] = "error=busy\ttext=too many connections: try again\n";
    ssize_t put = send(fd, text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT);

    (void)put; /* who does not take it is turned away all the same */
    (void)close(fd);
}

static void on_accept(struct listener *listener, int fd, const struct sockaddr *peer, socklen_t len)
{
    struct control *control = LOOP_OWNER(listener, struct control, listener);
    pid_t process = 0;
    uid_t user = 0;

    (void)peer;
    (void)len;
    if (control->session_count == CONTROL_SESSIONS_MAX || !socket_peer(fd, &user, &process)) {
        turn_away(fd);
        return;
    }
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        turn_away(fd);
        return;
    }
    session->connection.on_event = on_event;
    session->connection.on_freed = on_freed;
    session->control = control;
    session->user = user;
    session->process = process;
    if (!connection_accept(&session->connection, control->loop, fd)) {
        free(session);
        turn_away(fd);
        return;
    }
    session->next = control->sessions;
    session->link = &control->sessions;
    if (session->next != NULL) {
        session->next->link = &session->next;
    }
    control->sessions = session;
    control->session_count++;
    connection_set_deadline(&session->connection, CONTROL_IDLE);
}

static void on_trouble(struct listener *listener, int error)
{
    (void)listener;
    log_warning("control-accept", "reason=\"%s\"", strerror(error));
}

/* ---- Life ----------------------------------------------------------------------------------- */

struct control *control_open(const char *path, struct loop *loop, struct store *store,
                             const struct control_hooks *hooks, char ret_reason[256])
{
    struct control *control = calloc(1, sizeof *control);

    if (control == NULL || (control->path = strdup(path)) == NULL) {
        free(control);
        (void)snprintf(ret_reason, 256, "out of memory");
        return NULL;
    }
    control->loop = loop;
    control->store = store;
    control->hooks = *hooks;
    control->listener.on_accept = on_accept;
    control->listener.on_trouble = on_trouble;
    int fd = socket_listen(path, ret_reason);
    if (fd >= 0 && listener_watch(&control->listener, loop, fd)) {
        return control;
    }
    if (fd >= 0) {
        (void)snprintf(ret_reason, 256, "%.120s: %s", path, strerror(errno));
        socket_remove(fd, path);
        (void)close(fd);
    }
    free(control->path);
    free(control);
    return NULL;
}

void control_drain(struct control *control)
{
    struct session *next = NULL;

    control->draining = true;
    for (struct session *at = control->sessions; at != NULL; at = next) {
        next = at->next;
        if (at->task != NULL && !at->task->handler->always) {
            session_close(at);
        }
    }
}

void control_end(struct control *control)
{
    if (control->listener.source.fd >= 0) {
        socket_remove(control->listener.source.fd, control->path);
        listener_close(&control->listener);
    }
    while (control->sessions != NULL) {
        session_close(control->sessions);
    }
}

void control_free(struct control **control)
{
    if (control == NULL || *control == NULL) {
        return;
    }
    struct control *at = *control;
    *control = NULL;
    control_end(at);
    while (at->tasks != NULL) {
        task_forget(at, at->tasks);
    }
    free(at->path);
    free(at);
}

size_t control_sessions(const struct control *control)
{
    return control->session_count;
}
