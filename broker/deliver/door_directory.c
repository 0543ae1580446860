/* SPDX-License-Identifier: Apache-2.0
 *
 * The door to a folder: each letter becomes a file, whole, synced and never in the place of another
 * (base/new_file.h). A letter that was written before a crash, and is sent again, is found there and
 * counts as accepted.
 *
 * The disk work is an errand (net/errand.h): a slow disk, or a server of files that does not answer,
 * holds up this lane and no other. The errand has its own copy of the letter, since the lane takes the
 * letter back when the time limit has come.
 *
 * An errand that ran over its time cannot be taken back; perhaps it writes its file yet. So the door
 * begins nothing while it lives, or a later letter could come before an earlier one: letters come
 * back as unreachable at once, and the lane tries again. There is one thread for each door at most,
 * also when a disk hangs for days. A result that comes late is dropped; the letter it belongs to finds
 * its file when it is sent again. */
#include "door.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../base/new_file.h"
#include "../../net/errand.h"
#include "file_name.h"

struct directory_door;

/* One letter on its way to the disk. */
struct writing {
    struct errand errand;
    struct directory_door *door; /* the loop's thread only */
    char name[FILE_NAME_SIZE];
    bool sweep; /* remove what a crash left behind first */
    enum new_file_answer answer;
    struct new_file_trouble trouble;
    const char *directory; /* behind the bytes */
    size_t len;
    char bytes[];
};

struct directory_door {
    struct door door;
    struct writing *writing; /* that lives; NULL: none */
    bool late;               /* its letter had its result: the time limit came */
    bool waiting;            /* a letter waits for its result */
    bool swept;
    /* Always set: far away, at the time limit, or at once for a result that is there already. So a
     * result never fails for want of memory. */
    struct loop_timer timer;
    struct door_result result; /* to be given when the timer comes */
};

static struct directory_door *of(struct door *door)
{
    return LOOP_OWNER(door, struct directory_door, door);
}

/* ---- In the errand's thread ---------------------------------------------------------------- */

static bool is_wanted(void *context)
{
    const struct errand *errand = context;

    return !errand_is_left(errand);
}

static void write_letter(struct errand *errand)
{
    struct writing *writing = LOOP_OWNER(errand, struct writing, errand);

    int directory = open(writing->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        writing->answer = NEW_FILE_FAILED;
        writing->trouble = (struct new_file_trouble){"open", errno};
        return;
    }
    if (writing->sweep) {
        new_file_sweep(directory);
    }
    struct new_file file = {
        directory, writing->name, {writing->bytes, writing->len}, is_wanted, errand};
    writing->answer = new_file_put(&file, &writing->trouble);
    (void)close(directory);
}

static void drop_writing(struct errand *errand)
{
    free(LOOP_OWNER(errand, struct writing, errand));
}

/* ---- Results ------------------------------------------------------------------------------- */

/* What an errno is called in the story of a letter. */
static const char *word_of(int error)
{
    static const struct {
        int error;
        const char *word;
    } words[] = {
        {ENOSPC, "disk-full"},   {EDQUOT, "disk-full"},  {EFBIG, "too-large"},
        {EACCES, "not-allowed"}, {EPERM, "not-allowed"}, {EROFS, "not-allowed"},
        {ENOENT, "no-folder"},   {ENOTDIR, "no-folder"}, {EIO, "disk-error"},
        {ESTALE, "disk-error"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].error == error) {
            return words[i].word;
        }
    }
    return "not-written";
}

static void describe(struct directory_door *door, enum door_outcome outcome, const char *word,
                     const char *format, ...) HL7_FORMAT(4, 5);

static void describe(struct directory_door *door, enum door_outcome outcome, const char *word,
                     const char *format, ...)
{
    va_list arguments;

    door->result = (struct door_result){.outcome = outcome, .word = word};
    va_start(arguments, format);
    (void)vsnprintf(door->result.reason, sizeof door->result.reason, format, arguments);
    va_end(arguments);
}

/* The timer has its place in the loop already, so this cannot fail. */
static void set_timer(struct directory_door *door, uint64_t delay)
{
    bool set = loop_timer_set(door->door.loop, &door->timer, delay);

    assert(set);
    (void)set;
}

/* The door may be closed when this returns. */
static void give_result(struct directory_door *door)
{
    struct door_result result = door->result;

    set_timer(door, UINT64_MAX);
    door->waiting = false;
    door->door.on_result(&door->door, &result);
}

/* A result that was not given yet, or the time limit, or neither: the timer that is far away. */
static void on_time(struct loop_timer *timer)
{
    struct directory_door *door = LOOP_OWNER(timer, struct directory_door, timer);

    if (!door->waiting) {
        set_timer(door, UINT64_MAX);
        return;
    }
    if (door->result.word == NULL) {
        describe(door, DOOR_TIMEOUT, "timeout", "the folder did not answer in time");
        door->late = true;
    }
    give_result(door);
}

static void on_written(struct errand *errand)
{
    struct writing *writing = LOOP_OWNER(errand, struct writing, errand);
    struct directory_door *door = writing->door;
    const struct new_file_trouble *trouble = &writing->trouble;

    door->writing = NULL;
    if (door->late) {
        return;
    }
    switch (writing->answer) {
    case NEW_FILE_WRITTEN:
        describe(door, DOOR_ACCEPTED, "written", "%s", "");
        break;
    case NEW_FILE_PRESENT:
        describe(door, DOOR_ACCEPTED, "present", "the file was there already, with the same bytes");
        break;
    case NEW_FILE_UNWANTED: /* only of an errand that was left, which is not heard of */
    case NEW_FILE_FAILED:
        describe(door, DOOR_UNREACHABLE, word_of(trouble->error), "cannot %s: %s", trouble->step,
                 strerror(trouble->error));
        break;
    }
    door->swept = door->swept || door->result.outcome == DOOR_ACCEPTED;
    give_result(door);
}

/* ---- Letters ------------------------------------------------------------------------------- */

/* False with errno set. */
static bool begin(struct directory_door *door, const struct door_letter *letter, const char *name)
{
    const char *directory = door->door.to->directory;
    size_t path_size = strlen(directory) + 1;
    size_t fixed = sizeof(struct writing) + path_size;
    struct writing *writing =
        letter->bytes.len > SIZE_MAX - fixed ? NULL : malloc(fixed + letter->bytes.len);

    if (writing == NULL) {
        errno = ENOMEM;
        return false;
    }
    *writing = (struct writing){
        .errand = {.run = write_letter, .done = on_written, .drop = drop_writing},
        .door = door,
        .sweep = !door->swept,
        .directory = writing->bytes + letter->bytes.len,
        .len = letter->bytes.len,
    };
    memcpy(writing->name, name, strlen(name) + 1);
    if (letter->bytes.len > 0) {
        memcpy(writing->bytes, letter->bytes.ptr, letter->bytes.len);
    }
    memcpy(writing->bytes + letter->bytes.len, directory, path_size);
    if (!errand_start(&writing->errand, door->door.loop)) {
        free(writing);
        return false;
    }
    door->writing = writing;
    door->late = false;
    return true;
}

static void send_letter(struct door *base, const struct door_letter *letter)
{
    struct directory_door *door = of(base);
    char name[FILE_NAME_SIZE];
    uint64_t delay = 0;

    assert(!door->waiting);
    door->waiting = true;
    door->result = (struct door_result){.word = NULL};
    if (door->writing != NULL) {
        describe(door, DOOR_UNREACHABLE, "hangs", "an earlier letter is still being written");
    } else if (!file_name_write(&base->to->file_name, letter, name)) {
        describe(door, DOOR_ERROR, "file-name", "the file name would be longer than %d bytes",
                 FILE_NAME_MAX);
    } else if (!begin(door, letter, name)) {
        describe(door, DOOR_UNREACHABLE, "not-started", "cannot start: %s", strerror(errno));
    } else {
        delay = (uint64_t)base->to->timeout;
    }
    set_timer(door, delay);
}

/* ---- Life ---------------------------------------------------------------------------------- */

static struct door *open_door(struct loop *loop, const struct config_destination *to)
{
    struct directory_door *door = calloc(1, sizeof *door);

    if (door == NULL) {
        return NULL;
    }
    door->timer.on_time = on_time;
    if (!loop_timer_set(loop, &door->timer, UINT64_MAX)) {
        free(door);
        return NULL;
    }
    (void)to; /* everything of it is read when a letter is sent */
    return &door->door;
}

static void close_door(struct door *base)
{
    struct directory_door *door = of(base);

    loop_timer_clear(base->loop, &door->timer);
    if (door->writing != NULL) {
        errand_leave(&door->writing->errand);
    }
    free(door);
}

const struct door_kind door_directory = {
    .name = "directory",
    .open = open_door,
    .send = send_letter,
    .adopt = NULL,
    .close = close_door,
};
