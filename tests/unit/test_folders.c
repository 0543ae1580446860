/* SPDX-License-Identifier: Apache-2.0
 *
 * What is below the folders that were left can be used, what is not cannot be opened. */
#include "support.h"

#include "../base/folders.h"
#include "../base/privilege.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { NOT_CONFINED = 77 };

struct scene {
    char top[PATH_MAX];
    struct folders folders;
};

static char *below(const struct scene *scene, const char *name, char path[PATH_MAX])
{
    assert_true(snprintf(path, PATH_MAX, "%.3000s/%s", scene->top, name) < PATH_MAX);
    return path;
}

static void put(const struct scene *scene, const char *name)
{
    char path[PATH_MAX];
    int fd = open(below(scene, name, path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, name, strlen(name)), (ssize_t)strlen(name));
    (void)close(fd);
}

static int set_up(void **state)
{
    static const char *const folders[] = {"ours", "read", "others", "ours/in", "ours/done"};
    struct scene *scene = calloc(1, sizeof *scene);
    char path[PATH_MAX];

    assert_non_null(scene);
    (void)snprintf(scene->top, sizeof scene->top, "/tmp/orderly-folders-XXXXXX");
    assert_non_null(mkdtemp(scene->top));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        assert_int_equal(mkdir(below(scene, folders[i], path), 0700), 0);
    }
    put(scene, "ours/in/letter");
    put(scene, "read/template");
    put(scene, "others/secret");
    assert_int_equal(folders_allow(&scene->folders, below(scene, "ours", path), true), 0);
    assert_int_equal(folders_allow(&scene->folders, below(scene, "read", path), false), 0);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"ours/in/letter", "ours/done/letter", "ours/socket",
                                        "ours/new",       "read/template",    "others/secret",
                                        "ours/in",        "ours/done",        "ours",
                                        "read",           "others",           ""};
    struct scene *scene = *state;
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)remove(below(scene, names[i], path));
    }
    folders_release(&scene->folders);
    free(scene);
    return 0;
}

/* In a process of its own, which may do no more than the scene's folders allow. */
static void run_confined(const struct scene *scene, int (*attempt)(const struct scene *scene))
{
    pid_t pid = fork();

    if (pid == 0) {
        int error = privilege_no_new();

        error = error != 0 ? error : folders_confine(&scene->folders);
        _exit(error == 0 ? attempt(scene) : error == ENOSYS ? NOT_CONFINED : 99);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_CONFINED) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool opens(const struct scene *scene, const char *name, int flags)
{
    char path[PATH_MAX];
    int fd = open(below(scene, name, path), flags | O_CLOEXEC, 0600);

    return fd >= 0 && close(fd) == 0;
}

static int use_what_is_ours(const struct scene *scene)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char from[PATH_MAX];
    char to[PATH_MAX];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.80s/ours/socket", scene->top);
    if (!opens(scene, "ours/new", O_RDWR | O_CREAT | O_EXCL) ||
        !opens(scene, "ours/new", O_WRONLY | O_TRUNC) ||
        unlink(below(scene, "ours/new", to)) != 0 || !opens(scene, "read/template", O_RDONLY) ||
        !opens(scene, "read", O_RDONLY | O_DIRECTORY)) {
        return 1;
    }
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        unlink(address.sun_path) != 0) {
        return 2;
    }
    return rename(below(scene, "ours/in/letter", from), below(scene, "ours/done/letter", to)) == 0
               ? 0
               : 3;
}

static void what_is_left_can_be_used(void **state)
{
    run_confined(*state, use_what_is_ours);
}

static int use_what_is_not(const struct scene *scene)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    char *const words[] = {from, NULL};

    if (opens(scene, "others/secret", O_RDONLY) || opens(scene, "others/new", O_RDWR | O_CREAT) ||
        opens(scene, "others", O_RDONLY | O_DIRECTORY) || opens(scene, "read/template", O_RDWR) ||
        opens(scene, "read/new", O_RDWR | O_CREAT)) {
        return 1;
    }
    if (rename(below(scene, "ours/in/letter", from), below(scene, "others/letter", to)) == 0 ||
        link(below(scene, "others/secret", from), below(scene, "ours/new", to)) == 0 ||
        symlink("/etc/passwd", below(scene, "ours/new", to)) == 0 ||
        mkfifo(below(scene, "ours/new", to), 0600) == 0 ||
        unlink(below(scene, "others/secret", from)) == 0) {
        return 2;
    }
    (void)snprintf(from, sizeof from, "/bin/true");
    return execv(from, words) == -1 && errno == EACCES ? 0 : 3;
}

static void what_is_not_cannot(void **state)
{
    run_confined(*state, use_what_is_not);
}

static void what_is_below_a_folder_is_covered_be_it_there_or_not(void **state)
{
    const struct scene *scene = *state;
    char path[PATH_MAX];

    assert_true(folders_cover(&scene->folders, below(scene, "ours", path), true));
    assert_true(folders_cover(&scene->folders, below(scene, "ours/in", path), true));
    assert_true(folders_cover(&scene->folders, below(scene, "ours/new/deep", path), true));
    assert_true(folders_cover(&scene->folders, below(scene, "read/template", path), false));
    assert_false(folders_cover(&scene->folders, below(scene, "read", path), true));
    assert_false(folders_cover(&scene->folders, below(scene, "others", path), false));
    assert_false(folders_cover(&scene->folders, below(scene, "ours/../others", path), false));
    assert_false(folders_cover(&scene->folders, below(scene, "ours2", path), false));
    assert_false(folders_cover(&scene->folders, "/", false));
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct scene *scene = *state;
    char path[PATH_MAX];

    assert_int_equal(folders_allow(&scene->folders, below(scene, "new", path), true), ENOENT);
}

static void a_folder_that_is_given_twice_is_one(void **state)
{
    struct scene *scene = *state;
    char path[PATH_MAX];
    size_t count = scene->folders.count;

    assert_int_equal(folders_allow(&scene->folders, below(scene, "others/../read", path), true), 0);
    assert_int_equal(scene->folders.count, count);
    assert_true(folders_cover(&scene->folders, below(scene, "read", path), true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_left_can_be_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_cannot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_below_a_folder_is_covered_be_it_there_or_not,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_is_given_twice_is_one, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
