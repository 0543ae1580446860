/* SPDX-License-Identifier: Apache-2.0
 *
 * What all doors have in common: the kind a destination asks for, and their life. */
#include "support.h"

#include "../broker/deliver/door.h"

static void ignore_result(struct door *door, const struct door_result *result)
{
    (void)door;
    (void)result;
    fail_msg("a result without a letter");
}

static void each_destination_has_its_kind_of_door(void **state)
{
    char program[] = "program";
    char *words[] = {program, NULL};
    const struct config_destination destinations[] = {
        {.name = "ris", .mllp = {"ris", "2575", "ris:2575"}},
        {.name = "folder", .directory = "/nonexistent"},
        {.name = "program", .command = {words, "program"}},
    };
    const struct door_kind *const kinds[] = {&door_mllp, &door_directory, &door_command};
    static const char *const names[] = {"mllp", "directory", "command"};
    struct config_destination other;
    struct loop loop;
    int owner = 0;

    (void)state;
    assert_true(loop_init(&loop));
    for (size_t i = 0; i < 3; i++) {
        struct door *door = door_open(&loop, NULL, &destinations[i], ignore_result, &owner);
        assert_non_null(door);
        assert_ptr_equal(door->kind, kinds[i]);
        assert_string_equal(door->kind->name, names[i]);
        assert_ptr_equal(door->to, &destinations[i]);
        assert_ptr_equal(door->owner, &owner);
        other = destinations[i];
        door_adopt(door, &other);
        assert_ptr_equal(door->to, &other);
        door_close(&door);
        assert_null(door);
        door_close(&door);
    }
    door_close(NULL);
    loop_release(&loop);
}

static void every_outcome_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (enum door_outcome a = DOOR_ACCEPTED; a < DOOR_OUTCOMES; a++) {
        assert_true(strlen(door_outcome_name(a)) > 0);
        for (enum door_outcome b = DOOR_ACCEPTED; b < a; b++) {
            assert_string_not_equal(door_outcome_name(a), door_outcome_name(b));
        }
    }
    assert_string_equal(door_outcome_name(DOOR_UNREACHABLE), "unreachable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_destination_has_its_kind_of_door),
        cmocka_unit_test(every_outcome_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
