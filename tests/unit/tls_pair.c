/* SPDX-License-Identifier: Apache-2.0
 *
 * See tls_pair.h. */
#include "tls_pair.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

/* ---- Files --------------------------------------------------------------------------------- */

int64_t days_from_now(int days)
{
    return (int64_t)time(NULL) + (int64_t)days * 86400;
}

struct tls_identity *pair_make(struct tls_pair *pair, const char *name, const struct tls_wish *wish,
                               bool self)
{
    struct tls_wish whole = *wish;
    char file[80];

    whole.name = whole.name != NULL ? whole.name : name;
    whole.begins = whole.begins != 0 ? whole.begins : days_from_now(-1);
    whole.ends = whole.ends != 0 ? whole.ends : days_from_now(300);
    struct tls_identity *made = tls_identity_new(&whole, self ? NULL : pair->ca);
    assert_non_null(made);
    char *certificate = tls_identity_certificate(made);
    char *key = tls_identity_key(made);
    assert_non_null(certificate);
    assert_non_null(key);
    (void)snprintf(file, sizeof file, "%s.pem", name);
    folder_write_text(&pair->folder, file, certificate);
    (void)snprintf(file, sizeof file, "%s.key", name);
    folder_write_text(&pair->folder, file, key);
    assert_int_equal(fchmodat(pair->folder.fd, file, 0600, 0), 0);
    free(certificate);
    tls_secret_free(key);
    return made;
}

static void make_and_forget(struct tls_pair *pair, const char *name, enum tls_use use)
{
    const char *const names[] = {"ris.example", "127.0.0.1"};
    const struct tls_wish wish = {
        .use = use, .names = names, .name_count = use == TLS_USE_SERVER ? 2 : 0};
    struct tls_identity *made = pair_make(pair, name, &wish, false);

    tls_identity_free(&made);
}

/* ---- Life ---------------------------------------------------------------------------------- */

int set_up_pair(void **state)
{
    static const struct tls_wish ca = {.use = TLS_USE_CA, .name = "Test CA"};
    struct tls_pair *pair = calloc(1, sizeof *pair);

    if (pair == NULL || !loop_init(&pair->loop)) {
        return -1;
    }
    folder_make(&pair->folder);
    pair->ca = pair_make(pair, "ca", &ca, true);
    make_and_forget(pair, "server", TLS_USE_SERVER);
    make_and_forget(pair, "client", TLS_USE_CLIENT);
    pair->wanted = "ris.example";
    pair->server.freed = true;
    pair->client.freed = true;
    *state = pair;
    return 0;
}

static void close_side(struct tls_side *side)
{
    if (!side->freed) {
        connection_close(&side->connection);
        assert_true(side->freed);
    }
    if (side->far > 0) {
        (void)close(side->far);
    }
    free(side->got);
    *side = (struct tls_side){.far = -1, .freed = true};
}

void pair_close(struct tls_pair *pair)
{
    close_side(&pair->server);
    close_side(&pair->client);
}

int tear_down_pair(void **state)
{
    struct tls_pair *pair = *state;

    pair_close(pair);
    tls_identity_free(&pair->ca);
    folder_remove(&pair->folder);
    loop_release(&pair->loop);
    free(pair);
    return 0;
}

/* ---- Events -------------------------------------------------------------------------------- */

static void take(struct tls_side *side)
{
    hl7_slice held = side->connection.held;

    if (held.len > 0 && !side->keep) {
        side->got = realloc(side->got, side->got_len + held.len);
        assert_non_null(side->got);
        memcpy(side->got + side->got_len, held.ptr, held.len);
        side->got_len += held.len;
        connection_consume(&side->connection, held.len);
    }
}

static void on_event(struct connection *connection, enum connection_event event)
{
    static const char letters[] = {
        [CONNECTION_OPEN] = 'O',    [CONNECTION_DATA] = 'D',   [CONNECTION_DRAINED] = 'R',
        [CONNECTION_TIMEOUT] = 'T', [CONNECTION_CLOSED] = 'C', [CONNECTION_FAILED] = 'F'};
    struct tls_side *side = LOOP_OWNER(connection, struct tls_side, connection);
    const char *text = "";
    char last = side->event_count > 0 ? side->events[side->event_count - 1] : '\0';

    /* However the bytes are cut, what they bring is one D. */
    if (event != CONNECTION_DATA || last != 'D') {
        assert_true(side->event_count < TLS_EVENTS - 1);
        side->events[side->event_count++] = letters[event];
    }
    take(side);
    if (event == CONNECTION_FAILED || event == CONNECTION_TIMEOUT) {
        side->trouble = connection_trouble(connection, &text);
        (void)snprintf(side->text, sizeof side->text, "%s", text);
    }
    if (side->close) {
        connection_close(connection);
    }
}

static void on_freed(struct connection *connection)
{
    LOOP_OWNER(connection, struct tls_side, connection)->freed = true;
}

/* ---- Opening ------------------------------------------------------------------------------- */

struct tls_settings pair_settings(const struct tls_pair *pair, bool server, const char *own,
                                  const char *ca)
{
    static char paths[32][120];
    static unsigned next;
    struct tls_settings settings = {.server = server};
    const char *const names[TLS_FILES] = {
        [TLS_CERT] = own, [TLS_KEY] = own, [TLS_CA] = ca, [TLS_CRL] = NULL};

    for (int i = 0; i < TLS_FILES; i++) {
        if (names[i] != NULL) {
            char *path = paths[next++ % 32];
            (void)snprintf(path, sizeof *paths, "%s/%s.%s", pair->folder.path, names[i],
                           i == TLS_KEY ? "key" : "pem");
            settings.files[i] = path;
        }
    }
    settings.mutual = own != NULL && ca != NULL;
    return settings;
}

static struct stream *new_stream(const struct tls_settings *settings, const char *name)
{
    struct tls_problem problem;

    if (settings == NULL) {
        return NULL;
    }
    struct tls_context *context = tls_context_new(settings, &problem);
    if (context == NULL) {
        fail_msg("file %d: %s", (int)problem.file, problem.text);
    }
    struct stream *stream = tls_stream_new(context, name);
    assert_non_null(stream);
    tls_context_free(&context); /* the stream has its own share */
    return stream;
}

static void open_side(struct tls_pair *pair, struct tls_side *side, struct stream *stream)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    side->pair = pair;
    side->far = ends[1];
    side->freed = false;
    side->connection.on_event = on_event;
    side->connection.on_freed = on_freed;
    side->connection.stream = stream;
    assert_true(connection_accept(&side->connection, &pair->loop, ends[0]));
}

void pair_open(struct tls_pair *pair, const struct tls_settings *server,
               const struct tls_settings *client)
{
    pair_close(pair);
    open_side(pair, &pair->server, new_stream(server, NULL));
    open_side(pair, &pair->client, new_stream(client, pair->wanted));
    /* What begins has to be told that it may: a connection that connects is told by the system. */
    pair->client.connection.source.events = EPOLLIN | EPOLLOUT;
    if (client != NULL) {
        pair->client.connection.stream->wants_write = true;
        loop_change(&pair->loop, &pair->client.connection.source, EPOLLOUT);
    }
}

void pair_open_mutual(struct tls_pair *pair)
{
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_settings client = pair_settings(pair, false, "client", "ca");

    pair_open(pair, &server, &client);
    pair_settle(pair);
    pair_expect(&pair->server, "O");
    pair_expect(&pair->client, "O");
}

/* ---- Steps --------------------------------------------------------------------------------- */

static void stop(void *context)
{
    loop_stop(context);
}

static void on_nothing(struct loop_timer *timer)
{
    (void)timer;
}

void pair_turn(struct tls_pair *pair)
{
    for (int i = 0; i < 3; i++) {
        struct loop_timer now = {.on_time = on_nothing};

        assert_true(loop_timer_set(&pair->loop, &now, 0));
        assert_true(loop_run(&pair->loop, stop, &pair->loop));
        loop_timer_clear(&pair->loop, &now);
    }
}

size_t pair_carry(struct tls_pair *pair, bool to_server, size_t most)
{
    char bytes[64 * 1024];
    int from = to_server ? pair->client.far : pair->server.far;
    int to = to_server ? pair->server.far : pair->client.far;
    size_t size = most < sizeof bytes ? most : sizeof bytes;
    ssize_t len = from < 0 ? 0 : recv(from, bytes, size, MSG_DONTWAIT | MSG_PEEK);
    ssize_t put = len > 0 ? send(to, bytes, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

    if (put > 0) {
        assert_int_equal(recv(from, bytes, (size_t)put, MSG_DONTWAIT), put);
    } else if (len == 0 && to >= 0) {
        (void)shutdown(to, SHUT_WR);
    }
    pair_turn(pair);
    return put > 0 ? (size_t)put : 0;
}

void pair_settle(struct tls_pair *pair)
{
    size_t moved = 1;

    pair_turn(pair);
    while (moved > 0) {
        moved = pair_carry(pair, true, TLS_ALL);
        moved += pair_carry(pair, false, TLS_ALL);
    }
}

void pair_expect(struct tls_side *side, const char *events)
{
    side->events[side->event_count] = '\0';
    assert_string_equal(side->events, events);
    side->event_count = 0;
}

void pair_received(const struct tls_side *side, const char *text)
{
    assert_int_equal(side->got_len, strlen(text));
    assert_memory_equal(side->got, text, side->got_len);
}
