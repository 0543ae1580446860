/* SPDX-License-Identifier: Apache-2.0 */
#include "door.h"

#include <assert.h>

const char *door_outcome_name(enum door_outcome outcome)
{
    static const char *const names[DOOR_OUTCOMES] = {
        [DOOR_ACCEPTED] = "accepted",       [DOOR_ERROR] = "error",
        [DOOR_REJECTED] = "rejected",       [DOOR_TIMEOUT] = "timeout",
        [DOOR_UNFRAMED] = "unframed",       [DOOR_CLOSED] = "closed",
        [DOOR_UNREACHABLE] = "unreachable", [DOOR_WITHDRAWN] = "withdrawn",
    };

    assert(outcome < DOOR_OUTCOMES);
    return names[outcome];
}

static const struct door_kind *kind_of(const struct config_destination *to)
{
    if (to->directory != NULL) {
        return &door_directory;
    }
    if (to->command.words != NULL) {
        return &door_command;
    }
    return &door_mllp;
}

struct door *door_open(struct loop *loop, struct spawner *spawner,
                       const struct config_destination *to,
                       void (*on_result)(struct door *door, const struct door_result *result),
                       void *owner)
{
    const struct door_kind *kind = kind_of(to);
    struct door *door = kind->open(loop, to);

    if (door != NULL) {
        door->kind = kind;
        door->to = to;
        door->loop = loop;
        door->spawner = spawner;
        door->on_result = on_result;
        door->owner = owner;
    }
    return door;
}

void door_send(struct door *door, const struct door_letter *letter)
{
    door->kind->send(door, letter);
}

void door_adopt(struct door *door, const struct config_destination *to)
{
    door->to = to;
    if (door->kind->adopt != NULL) {
        door->kind->adopt(door);
    }
}

void door_close(struct door **door)
{
    if (door != NULL && *door != NULL) {
        struct door *at = *door;

        *door = NULL;
        at->kind->close(at);
    }
}
