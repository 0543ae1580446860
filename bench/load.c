/* SPDX-License-Identifier: Apache-2.0
 *
 * load: sends HL7 messages over MLLP as fast as they are acknowledged, checks every acknowledgement
 * and reports rate and latency.
 *
 * A run has N channels. A channel has one connection (with --fresh, one after another, one message
 * each) and up to D messages claimed but not acknowledged. What a channel sends is a function of
 * the message's number alone: one block of frames serves all channels, and only the control ids are
 * rewritten, so a send that the kernel cut short is continued without a buffer per connection.
 *
 * Phases: open (all connections), warm up (not counted), measure, drain (nothing new is sent, the
 * answers still owed are awaited and checked). A message's latency runs from just before its send
 * to just after the recv that brought its acknowledgement; with --fresh the connect is inside. The
 * next message waits for an answer, so a slow server is asked less often: a closed loop.
 *
 * An acknowledgement must be 0B, MSH..., an MSA whose code is AA or CA and whose MSA-2 is the
 * control id of the oldest message owed on that connection, 1C 0D, and nothing between
 * acknowledgements. A wrong code or id is counted and the channel goes on; wrong framing or a lost
 * connection ends the channel and every message it still owes counts as unanswered. Any of them:
 * exit code 1. Wrong use: 2.
 */
#include "common.h"
#include "histogram.h"
#include "load_ack.h"
#include "load_options.h"
#include "message.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK_MOST = 256 * 1024, SHARED_SIZE = 64 * 1024, ACK_MOST = 64 * 1024, EVENTS = 1024 };

enum phase { PHASE_WARM_UP, PHASE_MEASURE, PHASE_DRAIN, PHASE_DONE };

struct channel {
    int fd; /* -1: closed for good */
    bool watched_for_write;
    uint64_t claimed; /* messages this channel may send, in all */
    uint64_t next;    /* the message being sent */
    size_t offset;    /* bytes of it that are sent */
    uint64_t answered;
    uint64_t *sent_at; /* by number modulo depth */
    struct bytes in;   /* an unfinished acknowledgement */
};

struct load {
    struct options options;
    struct channel *channels;
    size_t open;
    int epoll_fd;
    unsigned char *shared;
    unsigned char *block; /* block_frames frames in a row */
    size_t block_frames;
    size_t frame_size;
    size_t id_at; /* of the control id in a frame */
    uint64_t id_base;
    enum phase phase;
    uint64_t claimed;
    uint64_t answered;
    uint64_t allowed; /* how many may be claimed, in all */
    uint64_t last_answer;
    uint64_t window_begin;
    uint64_t window_end;
    double processor;
    uint64_t faults[ACK_FAULTS];
    struct histogram latency;
};

static uint64_t channel_id(const struct load *load, const struct channel *channel, uint64_t number)
{
    return load->id_base + (uint64_t)(channel - load->channels) * 1000000000000U + number;
}

static void watch(const struct load *load, struct channel *channel, int operation, bool write)
{
    struct epoll_event event = {.events = EPOLLIN | (write ? (uint32_t)EPOLLOUT : 0),
                                .data.ptr = channel};

    channel->watched_for_write = write;
    if (epoll_ctl(load->epoll_fd, operation, channel->fd, &event) != 0) {
        bench_give_up("load: epoll_ctl: %s", strerror(errno));
    }
}

static void channel_hang_up(struct load *load, struct channel *channel)
{
    (void)close(channel->fd);
    channel->fd = -1;
    channel->in.used = 0;
    load->open--;
}

/* The connection is of no more use: what it owes stays unanswered. */
static void channel_abandon(struct load *load, struct channel *channel, enum ack_fault fault)
{
    channel_hang_up(load, channel);
    load->faults[fault]++;
    load->faults[ACK_MISSING] += channel->claimed - channel->answered;
    load->claimed -= channel->claimed - channel->answered;
    channel->claimed = channel->answered;
}

static void channel_claim(struct load *load, struct channel *channel)
{
    uint64_t depth = load->options.depth;
    uint64_t now;

    if (channel->claimed - channel->answered >= depth || load->claimed >= load->allowed) {
        return;
    }
    now = bench_now();
    while (channel->claimed - channel->answered < depth && load->claimed < load->allowed) {
        channel->sent_at[channel->claimed % depth] = now;
        channel->claimed++;
        load->claimed++;
    }
}

/*
 * Rewrites the control ids of the block for the messages from channel->next on; returns their
 * bytes.
 */
static size_t prepare_block(struct load *load, const struct channel *channel)
{
    uint64_t waiting = channel->claimed - channel->next;
    size_t frames = waiting < load->block_frames ? (size_t)waiting : load->block_frames;

    for (size_t i = 0; i < frames; i++) {
        message_set_id((char *)load->block + i * load->frame_size + load->id_at,
                       channel_id(load, channel, channel->next + i));
    }
    return frames * load->frame_size;
}

/* Sends what is claimed until the kernel takes no more. */
static void channel_send(struct load *load, struct channel *channel)
{
    bool blocked = false;

    while (!blocked && channel->next < channel->claimed) {
        size_t length = prepare_block(load, channel);
        ssize_t sent = send(channel->fd, load->block + channel->offset, length - channel->offset,
                            MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            channel_abandon(load, channel, ACK_CLOSED);
            return;
        }
        sent = sent < 0 ? 0 : sent;
        blocked = channel->offset + (size_t)sent < length;
        channel->next += (channel->offset + (size_t)sent) / load->frame_size;
        channel->offset = (channel->offset + (size_t)sent) % load->frame_size;
    }
    if (blocked != channel->watched_for_write) {
        watch(load, channel, EPOLL_CTL_MOD, blocked);
    }
}

static void channel_open(struct load *load, struct channel *channel)
{
    const void *address = &load->options.address;
    int type = SOCK_STREAM | SOCK_CLOEXEC | (load->options.fresh ? SOCK_NONBLOCK : 0);
    int fd = socket(AF_INET, type, 0);
    int on = 1;

    if (fd < 0) {
        bench_give_up("load: socket: %s", strerror(errno));
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!load->options.fresh) {
        struct timeval patience = {.tv_sec = (time_t)(load->options.patience / 1000000000U) + 1};

        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    if (connect(fd, address, sizeof load->options.address) != 0 &&
        !(load->options.fresh && errno == EINPROGRESS)) {
        bench_give_up("load: cannot connect: %s", strerror(errno));
    }
    channel->fd = fd;
    load->open++;
    watch(load, channel, EPOLL_CTL_ADD, false);
}

/* Takes the next messages and sends them, over a new connection when each has its own. */
static void channel_go_on(struct load *load, struct channel *channel)
{
    channel_claim(load, channel);
    if (channel->next == channel->claimed) {
        return;
    }
    if (channel->fd < 0) {
        channel_open(load, channel);
    }
    channel_send(load, channel);
}

/* Books one acknowledgement of the channel's oldest message. */
static void channel_answer(struct load *load, struct channel *channel, uint64_t now,
                           enum ack_fault fault)
{
    if (load->phase == PHASE_MEASURE) {
        histogram_add(&load->latency,
                      now - channel->sent_at[channel->answered % load->options.depth]);
    }
    load->faults[fault]++;
    load->last_answer = now;
    load->answered++;
    channel->answered++;
    if (load->options.duration == 0 && load->phase == PHASE_WARM_UP &&
        load->answered == load->options.warm_up) {
        load->phase = PHASE_MEASURE;
        load->window_begin = now;
        load->processor = bench_processor_seconds();
    }
}

/*
 * Checks whole acknowledgements at the front of `data`. Returns how many bytes are done with;
 * *ret_fault is ACK_FRAMING when the rest cannot be an acknowledgement, ACK_RIGHT otherwise.
 */
static size_t channel_take(struct load *load, struct channel *channel, const unsigned char *data,
                           size_t length, enum ack_fault *ret_fault)
{
    uint64_t now = bench_now();
    size_t done = 0;

    *ret_fault = ACK_RIGHT;
    while (done < length) {
        char id[MESSAGE_ID_DIGITS];
        struct ack_frame frame;

        if (!ack_frame_find(data + done, length - done, &frame)) {
            *ret_fault = ACK_FRAMING;
            return done;
        }
        if (frame.size == 0) {
            return done;
        }
        if (channel->answered == channel->next) {
            *ret_fault = ACK_UNASKED;
            return done;
        }
        message_set_id(id, channel_id(load, channel, channel->answered));
        channel_answer(load, channel, now, ack_check(&frame, id, sizeof id));
        done += frame.size;
    }
    return done;
}

/* One recv, then every acknowledgement in it; false when the channel has ended. */
static bool channel_receive(struct load *load, struct channel *channel)
{
    ssize_t count = recv(channel->fd, load->shared, SHARED_SIZE, MSG_DONTWAIT);
    enum ack_fault fault;
    size_t done;

    if (count <= 0) {
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        channel_abandon(load, channel, ACK_CLOSED);
        return false;
    }
    if (channel->in.used == 0) {
        done = channel_take(load, channel, load->shared, (size_t)count, &fault);
        bytes_append(&channel->in, load->shared + done, (size_t)count - done);
    } else {
        bytes_append(&channel->in, load->shared, (size_t)count);
        done = channel_take(load, channel, channel->in.data, channel->in.used, &fault);
        bytes_drop(&channel->in, done);
    }
    if (fault == ACK_RIGHT && channel->in.used > ACK_MOST) {
        fault = ACK_FRAMING;
    }
    if (fault != ACK_RIGHT) {
        channel_abandon(load, channel, fault);
    }
    return fault == ACK_RIGHT;
}

static void channel_ready(struct load *load, struct channel *channel, uint32_t events)
{
    uint64_t answered = channel->answered;

    if ((events & ~(uint32_t)EPOLLOUT) != 0 && !channel_receive(load, channel)) {
        return;
    }
    if (load->options.fresh && channel->answered > answered) {
        load->faults[ACK_FRAMING] += channel->in.used > 0;
        channel_hang_up(load, channel);
        channel_go_on(load, channel);
    } else if ((events & EPOLLOUT) != 0 || channel->answered > answered) {
        channel_claim(load, channel);
        channel_send(load, channel);
    }
}

/* Moves from phase to phase by the clock and the counts. */
static void load_advance(struct load *load, uint64_t now)
{
    const struct options *options = &load->options;

    if (load->phase == PHASE_WARM_UP && options->duration > 0 && now >= load->window_begin) {
        load->phase = PHASE_MEASURE;
        load->window_begin = now;
        load->processor = bench_processor_seconds();
    }
    if (load->phase == PHASE_MEASURE &&
        (options->duration > 0
             ? now - load->window_begin >= options->duration
             : load->answered >= load->claimed && load->claimed >= load->allowed)) {
        load->phase = PHASE_DRAIN;
        load->allowed = load->claimed;
        load->window_end = options->duration > 0 ? now : load->last_answer;
        load->processor = bench_processor_seconds() - load->processor;
    }
    if (load->phase == PHASE_DRAIN && load->answered >= load->claimed) {
        load->phase = PHASE_DONE;
    }
}

static bool load_is_stuck(const struct load *load, uint64_t now)
{
    return load->open == 0 || now - load->last_answer > load->options.patience;
}

/* Ends a run that makes no progress: what is owed is missing. */
static void load_break_off(struct load *load, uint64_t now)
{
    load->faults[ACK_MISSING] += load->claimed - load->answered;
    if (load->phase == PHASE_WARM_UP) {
        load->window_begin = now;
        load->processor = bench_processor_seconds();
    }
    if (load->phase != PHASE_DRAIN) {
        load->window_end = now;
        load->processor = bench_processor_seconds() - load->processor;
    }
    load->phase = PHASE_DONE;
}

static void load_begin(struct load *load)
{
    const struct options *options = &load->options;

    for (size_t i = 0; i < options->channels; i++) {
        load->channels[i].fd = -1;
        load->channels[i].sent_at = bench_allocate((size_t)options->depth, sizeof(uint64_t));
        if (!options->fresh) {
            channel_open(load, &load->channels[i]);
        }
    }
    load->last_answer = bench_now();
    load->phase = PHASE_WARM_UP;
    if (options->duration > 0) {
        load->allowed = UINT64_MAX;
        load->window_begin = load->last_answer + options->warm_up;
    } else {
        load->allowed = options->warm_up + options->messages;
    }
    if (options->duration == 0 && options->warm_up == 0) {
        load->phase = PHASE_MEASURE;
        load->window_begin = load->last_answer;
        load->processor = bench_processor_seconds();
    }
    for (size_t i = 0; i < options->channels; i++) {
        channel_go_on(load, &load->channels[i]);
    }
}

static void load_run(struct load *load)
{
    struct epoll_event events[EVENTS];

    load_begin(load);
    while (load->phase != PHASE_DONE) {
        int count = epoll_wait(load->epoll_fd, events, EVENTS, 20);
        uint64_t now;

        for (int i = 0; i < count; i++) {
            channel_ready(load, events[i].data.ptr, events[i].events);
        }
        now = bench_now();
        load_advance(load, now);
        if (load->phase != PHASE_DONE && load_is_stuck(load, now)) {
            load_break_off(load, now);
        }
    }
}

static void load_init(struct load *load)
{
    const struct options *options = &load->options;
    char *first;

    load->frame_size = options->size + 3;
    load->block_frames = BLOCK_MOST / load->frame_size;
    if (load->block_frames > options->depth) {
        load->block_frames = (size_t)options->depth;
    }
    if (load->block_frames == 0) {
        load->block_frames = 1;
    }
    load->block = bench_allocate(load->block_frames, load->frame_size);
    first = (char *)load->block;
    first[0] = BENCH_VT;
    message_build(first + 1, options->size, &load->id_at);
    load->id_at++;
    first[load->frame_size - 2] = BENCH_FS;
    first[load->frame_size - 1] = BENCH_CR;
    for (size_t i = 1; i < load->block_frames; i++) {
        memcpy(first + i * load->frame_size, first, load->frame_size);
    }
    load->id_base = (uint64_t)time(NULL) % 1000 * 10000000000000000U;
    load->shared = bench_allocate(1, SHARED_SIZE);
    load->channels = bench_allocate(options->channels, sizeof *load->channels);
    load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (load->epoll_fd < 0) {
        bench_give_up("load: epoll: %s", strerror(errno));
    }
}

static void load_release(struct load *load)
{
    for (size_t i = 0; i < load->options.channels; i++) {
        if (load->channels[i].fd >= 0) {
            (void)close(load->channels[i].fd);
        }
        free(load->channels[i].sent_at);
        bytes_release(&load->channels[i].in);
    }
    (void)close(load->epoll_fd);
    free(load->channels);
    free(load->shared);
    free(load->block);
}

static uint64_t load_errors(const struct load *load)
{
    uint64_t errors = 0;

    for (size_t i = ACK_RIGHT + 1; i < ACK_FAULTS; i++) {
        errors += load->faults[i];
    }
    return errors;
}

struct line {
    const char *name;
    double value;
    int digits;
};

static void print_lines(const struct line *lines, size_t count, bool json)
{
    for (size_t i = 0; i < count; i++) {
        if (json) {
            (void)printf("%s\"%s\": %.*f", i == 0 ? "" : ", ", lines[i].name, lines[i].digits,
                         lines[i].value);
        } else {
            (void)printf("%s %.*f\n", lines[i].name, lines[i].digits, lines[i].value);
        }
    }
}

static void print_faults(const uint64_t *faults, bool json)
{
    for (size_t i = ACK_RIGHT + 1; i < ACK_FAULTS; i++) {
        if (json) {
            (void)printf(", \"%s\": %llu", ack_fault_names[i], (unsigned long long)faults[i]);
        } else if (faults[i] > 0) {
            (void)printf("%s %llu\n", ack_fault_names[i], (unsigned long long)faults[i]);
        }
    }
}

static void load_report(const struct load *load)
{
    const struct histogram *latency = &load->latency;
    double seconds = (double)(load->window_end - load->window_begin) / 1e9;
    double rate = seconds > 0 ? (double)latency->count / seconds : 0;
    bool json = load->options.json;
    const struct line lines[] = {
        {"connections", (double)load->options.channels, 0},
        {"depth", (double)load->options.depth, 0},
        {"size", (double)load->options.size, 0},
        {"fresh", load->options.fresh, 0},
        {"seconds", seconds, 3},
        {"messages", (double)latency->count, 0},
        {"messages_per_second", rate, 1},
        {"megabytes_per_second", rate * (double)load->frame_size / 1e6, 2},
        {"p50_us", histogram_percentile(latency, 0.5) / 1e3, 1},
        {"p90_us", histogram_percentile(latency, 0.9) / 1e3, 1},
        {"p99_us", histogram_percentile(latency, 0.99) / 1e3, 1},
        {"p999_us", histogram_percentile(latency, 0.999) / 1e3, 1},
        {"max_us", (double)latency->most / 1e3, 1},
        {"processor_seconds", load->processor, 3},
        {"answered", (double)load->answered, 0},
        {"errors", (double)load_errors(load), 0},
    };

    (void)fputs(json ? "{" : "", stdout);
    print_lines(lines, sizeof lines / sizeof lines[0], json);
    print_faults(load->faults, json);
    (void)fputs(json ? "}\n" : "", stdout);
}

int main(int argc, char **argv)
{
    static struct load load;
    int code;

    options_read(&load.options, argc, argv);
    bench_raise_descriptors();
    load_init(&load);
    load_run(&load);
    load_report(&load);
    code = load_errors(&load) == 0 ? 0 : 1;
    load_release(&load);
    return code;
}
