/* SPDX-License-Identifier: Apache-2.0
 *
 * The door to a program that is kept running. The programs are this one, started again with the name of
 * a manner in which to answer. */
#include "support.h"

#include "door_try.h"
#include "threads.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- The other side ------------------------------------------------------------------------ */

/* What a peer knows: the message at hand, and how many came before it. */
struct peer {
    char held[2 << 20];
    size_t len;
    struct hl7_framer framer;
    char memory[65536];
    hl7_slice control_id;
    int number;
};

static void put_bytes(hl7_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(STDOUT_FILENO, bytes.ptr, bytes.len);
        if (put <= 0) {
            _exit(9);
        }
        bytes = hl7_slice_part(bytes, (size_t)put, bytes.len);
    }
}

static void put_text(const char *text)
{
    put_bytes(hl7_slice_of(text));
}

/* A framed acknowledgement, or its first `most` bytes. MSA-3 is our process id. */
static void put_answer(const char *code, hl7_slice id, size_t most)
{
    char text[400];
    int len =
        snprintf(text, sizeof text, "%cMSH|^~\\&|B|A|D|C|||ACK|X1|P|2.3\rMSA|%s|%.*s|%d\r%c\r",
                 HL7_VT, code, (int)id.len, id.ptr, (int)getpid(), HL7_FS);

    put_bytes(hl7_slice_part((hl7_slice){text, (size_t)len}, 0, most));
}

/* Waits for the next message; false at the end of the input. */
static bool next_message(struct peer *peer)
{
    struct hl7_frame frame;
    struct hl7_arena arena;
    struct hl7_message message;

    while (hl7_framer_next(&peer->framer, (hl7_slice){peer->held, peer->len}, &frame) !=
           HL7_FRAME_MESSAGE) {
        ssize_t got = read(STDIN_FILENO, peer->held + peer->len, sizeof peer->held - peer->len);
        if (got <= 0) {
            return false;
        }
        peer->len += (size_t)got;
    }
    hl7_arena_init(&arena, peer->memory, sizeof peer->memory);
    if (hl7_message_parse(frame.bytes, &arena, &message, NULL) != HL7_OK) {
        _exit(8);
    }
    static char id[100];
    hl7_slice found = hl7_message_at(&message, "MSH-10");
    memcpy(id, found.ptr, found.len);
    peer->control_id = (hl7_slice){id, found.len};
    memmove(peer->held, peer->held + frame.consumed, peer->len - frame.consumed);
    peer->len -= frame.consumed;
    peer->number++;
    return true;
}

static void answer(const char *code, const struct peer *peer)
{
    put_answer(code, peer->control_id, SIZE_MAX);
}

static void play_good(struct peer *peer)
{
    answer("AA", peer);
}

static void play_error_then_reject(struct peer *peer)
{
    answer(peer->number == 1 ? "AE" : "AR", peer);
}

static void play_foreign(struct peer *peer)
{
    (void)peer;
    put_answer("AA", HL7_TEXT("OTHER"), SIZE_MAX);
}

static void play_twice(struct peer *peer)
{
    answer("AA", peer);
    answer("AA", peer);
}

static void play_chatty(struct peer *peer)
{
    put_text("log: message MSG\r\n");
    answer("AA", peer);
    put_text("log: done\n");
}

static _Noreturn void play_die(struct peer *peer)
{
    put_text("no answer\n");
    _exit(peer->number == 1 ? 3 : 4);
}

static _Noreturn void play_half(struct peer *peer)
{
    put_answer("AA", peer->control_id, 30);
    _exit(0);
}

static _Noreturn void play_last_words(struct peer *peer)
{
    answer("AA", peer);
    _exit(0);
}

static void play_silent(struct peer *peer)
{
    (void)peer;
}

static void play_stored(struct peer *peer)
{
    answer("CA", peer);
}

static void play_both(struct peer *peer)
{
    answer("CA", peer);
    answer("AE", peer);
}

static _Noreturn void play_stored_then_die(struct peer *peer)
{
    answer("CA", peer);
    _exit(0);
}

static _Noreturn void play_noise(struct peer *peer)
{
    char noise[4096];

    (void)peer;
    memset(noise, 'x', sizeof noise);
    for (;;) {
        put_bytes((hl7_slice){noise, sizeof noise});
    }
}

static _Noreturn void play_giant(struct peer *peer)
{
    char start[] = {HL7_VT, 'M', 'S', 'H', '\0'};

    put_text(start);
    play_noise(peer);
}

static void play_damaged(struct peer *peer)
{
    char text[] = {HL7_VT, 'M', 'S', 'H', HL7_VT, 'x', HL7_FS, '\r', '\0'};

    (void)peer;
    put_text(text);
}

static void play_no_hl7(struct peer *peer)
{
    char text[] = {HL7_VT, 'o', 'k', HL7_FS, '\r', '\0'};

    (void)peer;
    put_text(text);
}

static void play_mute(struct peer *peer)
{
    (void)peer;
    (void)close(STDOUT_FILENO);
}

static void play_one_and_mute(struct peer *peer)
{
    answer("AA", peer);
    (void)close(STDOUT_FILENO);
}

/* ---- Peers that do not wait for messages */

static void begin_early(void)
{
    put_answer("AA", HL7_TEXT("MSG1"), SIZE_MAX);
}

static void begin_deaf(void)
{
    (void)close(STDIN_FILENO);
    put_text("I do not listen\n");
    (void)sleep(1000);
}

static void begin_stubborn(void)
{
    (void)signal(SIGTERM, SIG_IGN);
}

static const struct manner {
    const char *name;
    void (*begin)(void);
    void (*play)(struct peer *peer);
} manners[] = {
    {"good", NULL, play_good},
    {"error-then-reject", NULL, play_error_then_reject},
    {"foreign", NULL, play_foreign},
    {"twice", NULL, play_twice},
    {"chatty", NULL, play_chatty},
    {"die", NULL, play_die},
    {"half", NULL, play_half},
    {"last-words", NULL, play_last_words},
    {"silent", NULL, play_silent},
    {"stored", NULL, play_stored},
    {"both", NULL, play_both},
    {"stored-then-die", NULL, play_stored_then_die},
    {"noise", NULL, play_noise},
    {"giant", NULL, play_giant},
    {"damaged", NULL, play_damaged},
    {"no-hl7", NULL, play_no_hl7},
    {"mute", NULL, play_mute},
    {"one-and-mute", NULL, play_one_and_mute},
    {"early", begin_early, play_silent},
    {"deaf", begin_deaf, play_silent},
    {"stubborn", begin_stubborn, play_silent},
};

static int be_peer(const char *name)
{
    static struct peer peer;

    hl7_framer_init(&peer.framer, sizeof peer.held, false);
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        if (strcmp(manners[i].name, name) == 0) {
            if (manners[i].begin != NULL) {
                manners[i].begin();
            }
            while (next_message(&peer)) {
                manners[i].play(&peer);
            }
            return 0;
        }
    }
    return 127;
}

/* ---- This side ----------------------------------------------------------------------------- */

struct scene {
    struct loop loop;
    struct door_try one;
    char manner[40];
    char *words[3];
};

static int begin(void **state)
{
    static char self[4096];
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(len > 0);
    self[len] = '\0';
    assert_true(loop_init(&scene->loop));
    door_try_init(&scene->one, &scene->loop);
    scene->words[0] = self;
    scene->words[1] = scene->manner;
    scene->one.to.command = (struct config_command){scene->words, "peer"};
    scene->one.to.command_mode = CONFIG_COMMAND_STREAM;
    door_try_open(&scene->one, &door_command);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    door_try_close(&scene->one);
    loop_release(&scene->loop);
    free(scene);
    return 0;
}

static void play(struct scene *scene, const char *manner)
{
    (void)snprintf(scene->manner, sizeof scene->manner, "%s", manner);
}

/* The next message, MSG1 or with this number. */
static void deliver(struct scene *scene, int number, enum door_outcome outcome, const char *word)
{
    char id[20];
    char text[100];

    (void)snprintf(id, sizeof id, "MSG%d", number);
    int len = snprintf(text, sizeof text, "MSH|^~\\&|A|B|C|D|||ORM^O01|%s|P|2.3\r", id);
    struct door_letter letter = door_try_letter(number, id, (hl7_slice){text, (size_t)len});
    door_try_expect(&scene->one, &letter, outcome, word);
}

/* MSA-3 of the answer: which process gave it. */
static long answerer(const struct scene *scene)
{
    char text[400];
    size_t len = scene->one.answer_len < sizeof text ? scene->one.answer_len : sizeof text - 1;

    memcpy(text, scene->one.answer, len);
    text[len] = '\0';
    const char *msa = strstr(text, "\rMSA|");
    assert_non_null(msa);
    const char *last = strrchr(msa, '|');
    assert_non_null(last);
    return strtol(last + 1, NULL, 10);
}

static void one_program_answers_all_letters(void **state)
{
    struct scene *scene = *state;

    play(scene, "good");
    deliver(scene, 1, DOOR_ACCEPTED, "AA");
    long first = answerer(scene);
    for (int i = 2; i < 100; i++) {
        deliver(scene, i, DOOR_ACCEPTED, "AA");
        assert_int_equal(answerer(scene), first);
    }
}

static void codes_are_results(void **state)
{
    struct scene *scene = *state;

    play(scene, "error-then-reject");
    deliver(scene, 1, DOOR_ERROR, "AE");
    deliver(scene, 2, DOOR_REJECTED, "AR");
}

static void one_that_ends_is_started_again(void **state)
{
    struct scene *scene = *state;

    play(scene, "die");
    deliver(scene, 1, DOOR_CLOSED, "ended");
    assert_string_equal(scene->one.reason, "the program ended with exit status 3 before an answer");
    play(scene, "half");
    deliver(scene, 1, DOOR_CLOSED, "ended");
    play(scene, "last-words");
    for (int i = 1; i < 4; i++) {
        deliver(scene, i, DOOR_ACCEPTED, "AA");
        /* Its end is heard before the next letter, as it is with lanes that have none at hand. */
        door_try_run(&scene->loop, 100);
    }
    play(scene, "good");
    deliver(scene, 1, DOOR_ACCEPTED, "AA");
}

/* Each of these has to be a new process: the old one may have more to say (rule 27). */
static void what_answers_for_others_or_not_at_all_is_replaced(void **state)
{
    static const struct {
        const char *manner;
        enum door_outcome outcome;
        const char *word;
    } cases[] = {
        {"foreign", DOOR_UNFRAMED, "not-an-answer"}, {"no-hl7", DOOR_UNFRAMED, "not-an-answer"},
        {"damaged", DOOR_UNFRAMED, "broken-frame"},  {"noise", DOOR_UNFRAMED, "not-an-answer"},
        {"giant", DOOR_UNFRAMED, "broken-frame"},    {"mute", DOOR_CLOSED, "closed"},
        {"silent", DOOR_TIMEOUT, "timeout"},
    };
    struct scene *scene = *state;

    scene->one.to.max_reply = 1000;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        play(scene, cases[i].manner);
        scene->one.to.timeout = cases[i].outcome == DOOR_TIMEOUT ? 100 : DOOR_TRY_SECONDS * 1000;
        deliver(scene, 1, cases[i].outcome, cases[i].word);
        play(scene, "good");
        scene->one.to.timeout = DOOR_TRY_SECONDS * 1000;
        deliver(scene, 2, DOOR_ACCEPTED, "AA");
        /* Out of the way of the next case. */
        door_try_close(&scene->one);
        door_try_open(&scene->one, &door_command);
    }
}

static void a_second_answer_is_never_the_next_letters(void **state)
{
    struct scene *scene = *state;

    play(scene, "twice");
    for (int i = 0; i < 5; i++) {
        deliver(scene, 1, DOOR_ACCEPTED, "AA");
    }
}

static void an_answer_before_all_was_read_ends_the_program(void **state)
{
    enum { LEN = 1000000 };
    struct scene *scene = *state;
    char *bytes = malloc(LEN);

    assert_non_null(bytes);
    memset(bytes, 'x', LEN);
    struct door_letter letter = door_try_letter(1, "MSG1", (hl7_slice){bytes, LEN});
    play(scene, "early");
    for (int i = 0; i < 3; i++) {
        door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "AA");
    }
    free(bytes);
}

static void text_outside_of_frames_is_skipped(void **state)
{
    struct scene *scene = *state;

    play(scene, "chatty");
    deliver(scene, 1, DOOR_ACCEPTED, "AA");
    long first = answerer(scene);
    door_try_run(&scene->loop, 50);
    deliver(scene, 2, DOOR_ACCEPTED, "AA");
    assert_int_equal(answerer(scene), first);
}

static void one_that_closes_its_input_or_output_is_replaced(void **state)
{
    struct scene *scene = *state;

    play(scene, "deaf");
    scene->one.to.timeout = 2000;
    /* Whether it has closed its input before the letter is written is chance, and no matter. */
    char id[] = "MSG1";
    struct door_letter letter = door_try_letter(1, id, HL7_TEXT("MSH|^~\\&|A\r"));
    door_try_send(&scene->one, &letter);
    door_try_wait(&scene->one);
    assert_true(scene->one.outcome == DOOR_CLOSED || scene->one.outcome == DOOR_TIMEOUT);
    scene->one.to.timeout = DOOR_TRY_SECONDS * 1000;
    play(scene, "one-and-mute");
    for (int i = 0; i < 3; i++) {
        deliver(scene, 1, DOOR_ACCEPTED, "AA");
        door_try_run(&scene->loop, 50);
    }
}

static void both_acknowledgements_are_waited_for(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter =
        door_try_letter(1, "MSG1", HL7_TEXT("MSH|^~\\&|A|B|C|D|||ORM^O01|MSG1|P|2.3\r"));

    letter.asks_accept = true;
    play(scene, "both");
    door_try_expect(&scene->one, &letter, DOOR_ERROR, "AE");
    letter.asks_application = false;
    play(scene, "stored");
    door_try_close(&scene->one);
    door_try_open(&scene->one, &door_command);
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "CA");
    letter.asks_application = true;
    scene->one.to.timeout = 300;
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "CA");
    assert_string_equal(scene->one.reason, "no second acknowledgement came in time");
    play(scene, "stored-then-die");
    scene->one.to.timeout = DOOR_TRY_SECONDS * 1000;
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "CA");
}

static void a_letter_that_asks_for_no_answer_is_done_when_it_is_written(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter =
        door_try_letter(1, "MSG1", HL7_TEXT("MSH|^~\\&|A|B|C|D|||ORM^O01|MSG1|P|2.3\r"));

    letter.asks_application = false;
    play(scene, "silent");
    for (int i = 0; i < 3; i++) {
        door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "sent");
    }
}

static void one_that_cannot_be_asked_to_end_is_killed(void **state)
{
    struct scene *scene = *state;

    play(scene, "stubborn");
    scene->one.to.timeout = 300;
    deliver(scene, 1, DOOR_TIMEOUT, "timeout");
    scene->one.to.timeout = DOOR_TRY_SECONDS * 1000;
    play(scene, "good");
    deliver(scene, 2, DOOR_ACCEPTED, "AA");
}

static void a_program_that_is_not_there_is_unreachable_and_may_come_later(void **state)
{
    struct scene *scene = *state;
    char *self = scene->words[0];
    char missing[] = "/nonexistent/program";

    if (!support_spawn_tells()) {
        skip();
    }
    scene->words[0] = missing;
    play(scene, "good");
    deliver(scene, 1, DOOR_UNREACHABLE, "not-started");
    scene->words[0] = self;
    deliver(scene, 1, DOOR_ACCEPTED, "AA");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(int count, char **words)
{
    const struct CMUnitTest tests[] = {
        TEST(one_program_answers_all_letters),
        TEST(codes_are_results),
        TEST(one_that_ends_is_started_again),
        TEST(what_answers_for_others_or_not_at_all_is_replaced),
        TEST(a_second_answer_is_never_the_next_letters),
        TEST(an_answer_before_all_was_read_ends_the_program),
        TEST(text_outside_of_frames_is_skipped),
        TEST(one_that_closes_its_input_or_output_is_replaced),
        TEST(both_acknowledgements_are_waited_for),
        TEST(a_letter_that_asks_for_no_answer_is_done_when_it_is_written),
        TEST(one_that_cannot_be_asked_to_end_is_killed),
        TEST(a_program_that_is_not_there_is_unreachable_and_may_come_later),
    };

    if (count > 1) {
        return be_peer(words[1]);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    size_t threads = threads_count();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    threads_wait(threads);
    return failed;
}
