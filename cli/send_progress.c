/* SPDX-License-Identifier: Apache-2.0
 *
 * send_progress.c - the line of progress. It shows a bar and the time left when the size of the
 * sources is known; bytes are what it goes by, since no one has counted the messages yet.
 */
#include "send_progress.h"

#include <stdio.h>
#include <unistd.h>

enum { PROGRESS_BAR = 20, PROGRESS_LINE = 200 };

/* A wait shorter than this is nothing to speak of. */
#define PROGRESS_QUIET ((uint64_t)2 * 1000000)

#define PROGRESS_SECOND ((uint64_t)1000000)

static void add_text(struct hl7_buffer *buffer, const char *text)
{
    hl7_buffer_add(buffer, hl7_slice_of(text));
}

static void add_seconds(struct hl7_buffer *buffer, uint64_t microseconds)
{
    uint64_t seconds = microseconds / PROGRESS_SECOND;

    if (seconds >= 60) {
        hl7_buffer_add_number(buffer, seconds / 60);
        add_text(buffer, " min ");
    }
    hl7_buffer_add_number(buffer, seconds % 60);
    add_text(buffer, " s");
}

static void add_bar(struct hl7_buffer *buffer, uint64_t done, uint64_t total)
{
    uint64_t percent = done >= total ? 100 : (uint64_t)((double)done * 100 / (double)total);
    uint64_t filled = percent * PROGRESS_BAR / 100;

    hl7_buffer_add_byte(buffer, '[');
    for (uint64_t i = 0; i < PROGRESS_BAR; i++) {
        hl7_buffer_add_byte(buffer, i < filled ? '#' : '.');
    }
    add_text(buffer, percent < 10 ? "]   " : percent < 100 ? "]  " : "] ");
    hl7_buffer_add_number(buffer, percent);
    add_text(buffer, " %  ");
}

/* The time left at the pace so far, or 0 when nothing says so. */
static uint64_t time_left(const struct send_state *state)
{
    double done = (double)state->bytes;

    if (state->bytes == 0 || state->bytes >= state->total_bytes) {
        return 0;
    }
    return (uint64_t)((double)state->elapsed * ((double)state->total_bytes - done) / done);
}

void send_progress_write(const struct send_state *state, size_t width, struct hl7_buffer *buffer)
{
    char memory[PROGRESS_LINE];
    struct hl7_buffer line;
    bool quiet = state->quiet >= PROGRESS_QUIET;

    hl7_buffer_init(&line, memory, sizeof memory);
    if (state->total_bytes > 0) {
        add_bar(&line, state->bytes, state->total_bytes);
    }
    hl7_buffer_add_number(&line, state->messages);
    add_text(&line, state->messages == 1 ? " message  " : " messages  ");
    if (state->doing != NULL || (quiet && state->waiting > 0)) {
        add_text(&line, state->doing != NULL ? state->doing : "waiting for an answer");
        add_text(&line, ", ");
        add_seconds(&line, state->quiet);
    } else {
        hl7_buffer_add_number(&line, state->messages * PROGRESS_SECOND / (state->elapsed + 1));
        add_text(&line, "/s  ");
        add_seconds(&line, state->elapsed);
        if (time_left(state) >= PROGRESS_SECOND) {
            add_text(&line, ", ");
            add_seconds(&line, time_left(state));
            add_text(&line, " left");
        }
    }
    hl7_buffer_add(buffer, hl7_slice_part(hl7_buffer_slice(&line), 0, width));
}

/* ---- On the terminal ------------------------------------------------------------------------ */

void send_progress_open(struct send_progress *progress)
{
    text_terminal_open(&progress->terminal, stderr, TEXT_AUTO);
    progress->drawn = false;
}

void send_progress_draw(struct send_progress *progress, const struct send_state *state)
{
    char memory[PROGRESS_LINE + 8];
    struct hl7_buffer line;

    if (!progress->terminal.is_terminal) {
        return;
    }
    hl7_buffer_init(&line, memory, sizeof memory);
    add_text(&line, "\r");
    /* The last column stays free: a terminal may wrap behind it. */
    send_progress_write(state, progress->terminal.width - 1, &line);
    add_text(&line, "\033[K");
    (void)fwrite(line.ptr, 1, line.len, stderr);
    (void)fflush(stderr);
    progress->drawn = true;
}

void send_progress_hide(struct send_progress *progress)
{
    if (progress->drawn) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        progress->drawn = false;
    }
}
