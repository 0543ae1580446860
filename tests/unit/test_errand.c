/* SPDX-License-Identifier: Apache-2.0
 *
 * Errands: done in the loop, left while they run, dropped once. */
#include "support.h"

#include "../net/errand.h"
#include "threads.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

struct job {
    struct errand errand;
    sem_t *gate; /* run() waits for it; NULL: it does not */
    sem_t *dropped;
    pthread_t *seen; /* the thread that dropped it */
    int number;
    int result;
    bool signals_blocked;
    bool saw_left;
    bool *ret_saw_left;
    unsigned *left; /* jobs that are not done; the last one stops the loop */
};

static void run(struct errand *errand)
{
    struct job *job = LOOP_OWNER(errand, struct job, errand);
    sigset_t blocked;

    if (job->gate != NULL) {
        while (sem_wait(job->gate) != 0) {
        }
    }
    job->signals_blocked = pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0 &&
                           sigismember(&blocked, SIGTERM) == 1 &&
                           sigismember(&blocked, SIGHUP) == 1;
    job->result = job->number * job->number;
    job->saw_left = errand_is_left(errand);
}

static void done(struct errand *errand)
{
    struct job *job = LOOP_OWNER(errand, struct job, errand);

    assert_int_equal(job->result, job->number * job->number);
    assert_true(job->signals_blocked);
    assert_false(job->saw_left);
    if (--*job->left == 0) {
        loop_stop(errand->loop);
    }
}

static void drop(struct errand *errand)
{
    struct job *job = LOOP_OWNER(errand, struct job, errand);
    sem_t *dropped = job->dropped;

    if (job->ret_saw_left != NULL) {
        *job->ret_saw_left = job->saw_left;
    }
    if (job->seen != NULL) {
        *job->seen = pthread_self();
    }
    free(job);
    assert_int_equal(sem_post(dropped), 0);
}

static struct job *new_job(int number, sem_t *dropped, unsigned *left)
{
    struct job *job = calloc(1, sizeof *job);

    assert_non_null(job);
    job->errand = (struct errand){.run = run, .done = done, .drop = drop};
    job->number = number;
    job->dropped = dropped;
    job->left = left;
    return job;
}

static void each_errand_is_done_in_the_loop_and_dropped_once(void **state)
{
    enum { JOBS = 50 };
    struct loop loop;
    sem_t dropped;
    unsigned left = JOBS;

    (void)state;
    assert_true(loop_init(&loop));
    assert_int_equal(sem_init(&dropped, 0, 0), 0);
    for (int i = 0; i < JOBS; i++) {
        assert_true(errand_start(&new_job(i, &dropped, &left)->errand, &loop));
    }
    assert_true(loop_run(&loop, NULL, NULL));
    for (int i = 0; i < JOBS; i++) {
        while (sem_wait(&dropped) != 0) {
        }
    }
    assert_int_equal(sem_trywait(&dropped), -1);
    assert_int_equal(sem_destroy(&dropped), 0);
    loop_release(&loop);
}

static void one_that_was_left_is_dropped_by_its_thread_and_never_done(void **state)
{
    struct loop loop;
    sem_t gate;
    sem_t dropped;
    unsigned left = 1;
    bool saw_left = false;
    pthread_t dropper = pthread_self();

    (void)state;
    assert_true(loop_init(&loop));
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    assert_int_equal(sem_init(&dropped, 0, 0), 0);
    struct job *job = new_job(3, &dropped, &left);
    job->gate = &gate;
    job->ret_saw_left = &saw_left;
    job->seen = &dropper;
    assert_true(errand_start(&job->errand, &loop));
    errand_leave(&job->errand);
    loop_release(&loop);
    assert_int_equal(sem_trywait(&dropped), -1);
    assert_int_equal(sem_post(&gate), 0);
    while (sem_wait(&dropped) != 0) {
    }
    assert_true(saw_left);
    assert_false(pthread_equal(dropper, pthread_self()));
    assert_int_equal(left, 1);
    assert_int_equal(sem_destroy(&gate), 0);
    assert_int_equal(sem_destroy(&dropped), 0);
}

/* The end and the leaving meet at any moment: the sanitizers watch. */
static void leaving_races_with_the_end(void **state)
{
    enum { JOBS = 500 };
    struct loop loop;
    sem_t dropped;
    unsigned left = JOBS;

    (void)state;
    assert_true(loop_init(&loop));
    assert_int_equal(sem_init(&dropped, 0, 0), 0);
    for (int i = 0; i < JOBS; i++) {
        struct job *job = new_job(i, &dropped, &left);
        assert_true(errand_start(&job->errand, &loop));
        errand_leave(&job->errand);
        while (sem_wait(&dropped) != 0) {
        }
    }
    assert_int_equal(left, JOBS);
    assert_int_equal(sem_destroy(&dropped), 0);
    loop_release(&loop);
}

static void without_a_descriptor_nothing_begins(void **state)
{
    struct loop loop;
    struct rlimit before;
    sem_t dropped;
    unsigned left = 1;

    (void)state;
    assert_true(loop_init(&loop));
    assert_int_equal(sem_init(&dropped, 0, 0), 0);
    struct job *job = new_job(1, &dropped, &left);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool started = errand_start(&job->errand, &loop);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_false(started);
    assert_int_equal(sem_trywait(&dropped), -1);
    free(job);
    assert_int_equal(sem_destroy(&dropped), 0);
    loop_release(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_errand_is_done_in_the_loop_and_dropped_once),
        cmocka_unit_test(one_that_was_left_is_dropped_by_its_thread_and_never_done),
        cmocka_unit_test(leaving_races_with_the_end),
        cmocka_unit_test(without_a_descriptor_nothing_begins),
    };

    size_t threads = threads_count();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    threads_wait(threads);
    return failed;
}
