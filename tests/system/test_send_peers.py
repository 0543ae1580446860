"""`orderly send` against peers that answer well, badly, late or not at all.

Each hostile peer has to give its own outcome, a stable name that --json and standard error carry.
Nothing may be credited to a message that its answer does not name (rule 27).
"""

import json
import socket
import threading

from peers import (FS, VT, Peer, ack, answering, answering_in_order, batch, closing_after_message,
                   closing_at_once, control_id, frame, http_server, message, replying,
                   replying_and_closing, resetting, silent, split, tls_server)
from support import HeldPort, TestCase, main, run


class SendTestCase(TestCase):
    """Runs `orderly send` against a handler."""

    def send(self, handler, *options, messages=None, held=None):
        """Sends messages (one by default); the result, the objects of --json, the peer."""
        texts = messages if messages is not None else [message("T1")]
        with Peer(handler, held) as peer:
            result = run("send", "--json", *options, peer.address, "-",
                         stdin=b"".join(frame(text) for text in texts))
        return result, [json.loads(line) for line in result.out.splitlines()], peer

    def outcomes(self, objects):
        return [one["outcome"] for one in objects]

    def assert_outcome(self, handler, outcome, status, *options, words=(), held=None):
        """One message ends so, in --json and, without it, on standard error."""
        result, objects, _ = self.send(handler, *options)
        self.assertEqual(self.outcomes(objects), [outcome], repr(result))
        self.assert_status(result, status)
        for word in words:
            self.assertIn(word, objects[0]["text"])
        with Peer(handler) as peer:
            plain = run("send", *options, peer.address, stdin=message("T1"))
        self.assert_status(plain, status)
        if status == 3:
            self.assertIn(f"orderly: error: {outcome}: standard input:1 (T1): ".encode(), plain.err,
                          repr(plain))
        return objects[0]


class Answers(SendTestCase):
    """Answers as they should be, and what they mean."""

    def test_each_code_has_its_outcome_and_status(self):
        # rule 27: AE and AR are different outcomes
        for code, outcome, status in (("AA", "accepted", 0), ("AE", "error", 1),
                                      ("AR", "rejected", 1), ("CE", "error", 1),
                                      ("CR", "rejected", 1)):
            with self.subTest(code):
                one = self.assert_outcome(answering(code, reason="no such patient"), outcome,
                                          status)
                self.assertEqual(one["code"], code)
                self.assertEqual(one["reason"], "no such patient")

    def test_the_worst_answer_makes_the_status(self):
        result, objects, _ = self.send(answering_in_order("AA", "AR", "AA"),
                                       messages=[message(f"T{n}") for n in range(3)])
        self.assertEqual(self.outcomes(objects), ["accepted", "rejected", "accepted"])
        self.assert_status(result, 1)

    def test_a_ca_is_no_aa(self):
        # rule 27, original mode
        one = self.assert_outcome(answering("CA"), "accept-only", 3, "--timeout", "1s")
        self.assertEqual(one["code"], "CA")

    def test_enhanced_mode_waits_for_what_the_message_asks_for(self):
        # rule 21: (MSH-15, MSH-16), what the peer sends, the outcome
        cases = [(("AL", "NE"), ["CA"], "accepted"), (("AL", ""), ["CA"], "accepted"),
                 (("AL", "AL"), ["CA", "AA"], "accepted"), (("AL", "AL"), ["CA", "AE"], "error"),
                 (("AL", "AL"), ["CE"], "error"), (("AL", "AL"), ["CR"], "rejected"),
                 (("AL", "AL"), ["CA"], "accept-only"), (("AL", "NE"), ["AA"], "accepted"),
                 (("NE", "AL"), ["AA"], "accepted"), (("NE", "AL"), ["CA", "AA"], "accepted"),
                 (("ER", "NE"), [], "silence"), (("ER", "NE"), ["CE"], "error"),
                 (("NE", "ER"), [], "silence"), (("NE", "ER"), ["AE"], "error"),
                 (("AL", "ER"), ["CA"], "accepted"), (("AL", "ER"), ["CA", "AE"], "error"),
                 (("SU", "NE"), ["CA"], "accepted"), (("SU", "NE"), [], "timeout"),
                 (("NE", "NE"), [], "sent")]
        for (accept, application), codes, outcome in cases:
            with self.subTest(accept=accept, application=application, codes=codes):
                text = message("T1", accept=accept, application=application)
                # Only where silence is the answer does it cost time.
                in_vain = not codes or (codes == ["CA"] and application in ("AL", "ER"))
                _, objects, _ = self.send(answering(*codes), "--timeout",
                                          ("1s" if codes else "300ms") if in_vain else "20s",
                                          messages=[text])
                self.assertEqual(self.outcomes(objects), [outcome])

    def test_no_wait_awaits_nothing_and_loses_nothing(self):
        texts = [message(f"T{n}") for n in range(200)]
        result, objects, peer = self.send(silent_reader, "--no-wait", messages=texts)
        self.assertEqual(set(self.outcomes(objects)), {"sent"})
        self.assert_status(result, 0)
        self.assertEqual(peer.messages, texts)

    def test_an_answer_split_anywhere_is_one_answer(self):
        # rule 2
        for size in (1, 2, 7):
            with self.subTest(size):
                self.assert_outcome(split(lambda text: frame(ack(text)), size), "accepted", 0)

    def test_junk_before_an_answer_is_skipped_and_told(self):
        # rule 3
        make = replying(lambda text: b"READY\r\n" + frame(ack(text)))
        with Peer(make) as peer:
            result = run("send", peer.address, stdin=message())
        self.assert_status(result, 0)
        self.assertIn(b'warning: junk:', result.err)
        self.assertIn(b'"READY\\r\\n"', result.err)

    def test_line_ends_between_answers_are_no_junk(self):
        make = replying(lambda text: frame(ack(text)) + b"\r\n")
        result, objects, _ = self.send(make, messages=[message("T1"), message("T2")])
        self.assertEqual(self.outcomes(objects), ["accepted", "accepted"])
        self.assertNotIn(b"junk", result.err)

    def test_line_ends_alone_are_silence(self):
        text = message("T1", accept="ER", application="NE")
        _, objects, _ = self.send(replying(lambda text: b"\r\n"), "--timeout", "300ms",
                                  messages=[text])
        self.assertEqual(self.outcomes(objects), ["silence"])

    def test_an_answer_followed_by_log_text_without_end_is_taken_in_time(self):
        # rule 3: the text puts the frame in doubt, and never falls silent
        def handler(connection):
            text = connection.receive()
            connection.send(frame(ack(text)))
            while not connection.stopping.wait(0.05) and connection.send(b"log "):
                pass
        _, objects, _ = self.send(handler, "--timeout", "2s")
        self.assertEqual(self.outcomes(objects), ["accepted"])

    def test_an_answer_without_the_last_byte_of_its_frame_is_taken(self):
        # rule 3: a lone 1C ends the frame when silence or the end follows
        for handler in (replying, replying_and_closing):
            with self.subTest(handler.__name__):
                result, objects, _ = self.send(handler(lambda text: VT + ack(text) + FS))
                self.assertEqual(self.outcomes(objects), ["accepted"])
                self.assertIn(b"warning: short-frame-end:", result.err)

    def test_a_second_answer_to_the_same_message_is_credited_to_no_one(self):
        # rule 27
        texts = [message(f"T{n}") for n in range(5)]
        result, objects, peer = self.send(answering("AA", "AR"), messages=texts)
        answers = [one for one in objects if one["outcome"] != "extra-answer"]
        self.assertEqual(self.outcomes(answers), ["accepted"] * 5, repr(result))
        self.assertEqual(len(peer.connections), 1)
        self.assertIn(b"warning: extra-answer:", result.err)

    def test_a_peer_that_closes_after_each_answer_gets_every_message_once(self):
        texts = [message(f"T{n}") for n in range(50)]
        result, objects, peer = self.send(replying_and_closing(lambda text: frame(ack(text))),
                                          messages=texts)
        self.assertEqual(self.outcomes(objects), ["accepted"] * 50, repr(result))
        self.assertEqual(peer.messages, texts)
        self.assert_status(result, 0)


def silent_reader(connection):
    """Reads messages, answers none."""
    while connection.receive() is not None:
        pass


class BadAnswers(SendTestCase):
    """What is no usable answer is told apart, with its own words."""

    def test_a_foreign_answer_shows_both_ids(self):
        # rule 27
        self.assert_outcome(replying(lambda text: frame(ack(text, of=b"OTHER"))), "foreign", 3,
                            words=("'OTHER'", "'T1'"))

    def test_after_a_foreign_answer_the_connection_is_opened_anew(self):
        # rule 27
        seen = []

        def handler(connection):
            while (text := connection.receive()) is not None:
                seen.append(text)
                wrong = b"T0" if len(seen) == 1 else None
                connection.send(frame(ack(text, of=wrong)))
        result, objects, peer = self.send(handler, messages=[message("T1"), message("T2")])
        self.assertEqual(self.outcomes(objects), ["foreign", "accepted"], repr(result))
        self.assertEqual([number for number, _ in peer.received], [0, 1])

    def test_a_late_answer_is_never_credited_to_the_next_message(self):
        # rule 27: the answer to T1 comes, as AA, when T2 waits; T2 is rejected
        late = threading.Event()

        def handler(connection):
            text = connection.receive()
            if text is None:
                return
            if control_id(text) == b"T1":
                late.wait(20)
                connection.send(frame(ack(text, "AA")))
                connection.wait_for_close()
            else:
                late.set()
                connection.send(frame(ack(text, "AR")))
                connection.wait_for_close()
        result, objects, peer = self.send(handler, "--timeout", "3s",
                                          messages=[message("T1"), message("T2")])
        self.assertEqual(self.outcomes(objects), ["timeout", "rejected"], repr(result))
        self.assertEqual(len(peer.connections), 2)

    def test_a_foreign_answer_leaves_the_rest_of_a_pipeline_unknown(self):
        # rule 27
        def handler(connection):
            texts = [connection.receive() for _ in range(3)]
            connection.send(frame(ack(texts[0])) + frame(ack(texts[1], of=b"OTHER"))
                            + frame(ack(texts[2])))
            connection.wait_for_close()
        result, objects, _ = self.send(handler, "--pipeline", 3,
                                       messages=[message(f"T{n}") for n in range(3)])
        self.assertEqual(self.outcomes(objects), ["accepted", "foreign", "given-up"],
                         repr(result))

    def test_an_answer_without_a_frame_is_shown(self):
        # rule 7
        for handler in (replying(ack), replying_and_closing(ack)):
            one = self.assert_outcome(handler, "unframed", 3, words=("MSA|AA|T1\\r",))
            self.assertIn("its frame is not", one["text"])

    def test_no_more_than_200_bytes_are_shown(self):
        # rule 7
        one = self.assert_outcome(replying_and_closing(lambda text: b"x" * 5000), "unframed", 3,
                                  words=("the first 200 of 5000 bytes",))
        self.assertEqual(one["text"].count("x" * 200), 1)
        self.assertNotIn("x" * 201, one["text"])

    def test_a_web_server_is_recognised(self):
        self.assert_outcome(http_server, "unframed", 3, words=("web server", "HTTP/1.1 400"))

    def test_a_tls_server_is_recognised(self):
        self.assert_outcome(tls_server, "unframed", 3, words=("speaks TLS", "\\x15\\x03\\x03"))

    def test_bytes_that_are_no_text_are_escaped(self):
        self.assert_outcome(replying_and_closing(lambda text: b"\x00\x1b[31m\xff"), "unframed", 3,
                            words=("\\x00\\x1b[31m\\xff",))

    def test_a_close_in_the_middle_of_a_frame_is_shown(self):
        self.assert_outcome(replying_and_closing(lambda text: VT + ack(text)[:20]), "truncated", 3,
                            words=("in the middle of its answer", "\\x0bMSH|"))

    def test_a_frame_without_an_end_is_shown_when_time_is_up(self):
        # rule 7
        self.assert_outcome(replying(lambda text: VT + ack(text)), "incomplete", 3,
                            "--timeout", "1s", words=("within 1s", "MSA|AA|T1"))

    def test_damaged_frames_are_not_trusted(self):
        # rule 4
        bad = {"0B inside": lambda text: VT + ack(text)[:30] + VT + ack(text) + FS + b"\r",
               "1C inside": lambda text: VT + ack(text)[:30] + FS + ack(text)[30:] + FS + b"\r",
               "a trailer inside": lambda text: (VT + ack(text)[:30] + FS + b"\r" + ack(text)[30:]
                                                 + FS + b"\r")}
        for name, make in bad.items():
            with self.subTest(name):
                self.assert_outcome(replying(make), "broken", 3, words=("cannot be trusted",))

    def test_a_reply_that_is_too_long_is_not_swallowed(self):
        def flood(connection):
            text = connection.receive()
            connection.send(VT + ack(text))
            while text is not None and connection.send(b"x" * 65536):
                pass
        self.assert_outcome(flood, "too-large", 3, "--max-reply", "100K", words=("--max-reply",))

    def test_a_message_is_no_acknowledgement(self):
        self.assert_outcome(replying(lambda text: frame(message("Q1"))), "not-an-ack", 3,
                            words=("ORU^R01", "MSA"))
        self.assert_outcome(replying(lambda text: frame(ack(text, with_msa=False))), "not-an-ack",
                            3)
        self.assert_outcome(replying(lambda text: frame(b"")), "not-an-ack", 3, words=("empty",))
        self.assert_outcome(replying(lambda text: frame(b"OK")), "not-an-ack", 3)

    def test_an_unknown_code_is_shown(self):
        self.assert_outcome(answering("OK"), "unknown-code", 3, words=("'OK'",))

    def test_silence_is_told_from_a_close_and_a_reset(self):
        self.assert_outcome(silent, "timeout", 3, "--timeout", "300ms", words=("not one byte",))
        self.assert_outcome(closing_after_message, "closed", 3)
        self.assert_outcome(closing_at_once, "closed", 3)
        self.assert_outcome(resetting, "reset", 3)

    def test_a_peer_that_stops_in_the_middle_of_many_messages_is_told(self):
        texts = [message(f"T{n}") for n in range(3)]
        result, objects, _ = self.send(answering_in_order("AA", "close", "AA"), messages=texts)
        self.assertEqual(self.outcomes(objects), ["accepted", "closed", "accepted"], repr(result))
        self.assert_status(result, 3)


class Unreachable(SendTestCase):
    """No connection."""

    def test_a_port_where_nobody_listens_is_told_and_the_rest_is_counted(self):
        texts = b"".join(message(f"T{n}") for n in range(5))
        with HeldPort() as held:
            result = run("send", held.address, stdin=texts)
        self.assert_status(result, 3)
        self.assertIn(b"error: refused: standard input:1 (T0): nobody listens at", result.err)
        self.assertEqual(result.err.count(b"refused: "), 1)
        self.assertIn(b"4 not sent", result.err)

    def test_an_unknown_host_is_told(self):
        result = run("send", "no-such-host.invalid:2575", stdin=message())
        self.assert_status(result, 3)
        self.assertIn(b"unknown-host: cannot find the host 'no-such-host.invalid'", result.err)

    def test_a_connection_that_does_not_come_about_in_time_is_told(self):
        # a listener whose queue is full: its system drops what else comes
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
                self.addCleanup(filler.close)
            result = run("send", "--connect-timeout", "300ms", f"127.0.0.1:{port}",
                         stdin=message())
        self.assert_status(result, 3)
        self.assertIn(b"error: connect-timeout: ", result.err)
        self.assertIn(b"within 300ms", result.err)

    def test_every_address_of_a_host_is_tried(self):
        # localhost is often ::1 first; the peer listens at 127.0.0.1 only
        with Peer(answering("AA")) as peer:
            result = run("send", f"localhost:{peer.port}", stdin=message())
        self.assert_status(result, 0)


class Retries(SendTestCase):
    """Another try, with the same control id (rule 28)."""

    quick = ("--retry-wait", "20ms", "--retry-max-wait", "100ms")

    def test_what_may_be_tried_again_is(self):
        # rules 22, 27, 28
        again = {"close": [], "CE": [], "silence": ["--timeout", "2s"],
                 "AE": ["--retry-on-error"]}
        for first, options in again.items():
            with self.subTest(first):
                result, objects, peer = self.send(answering_in_order(first, first, "AA"),
                                                  "--retry", 3, *self.quick, *options)
                self.assertEqual(self.outcomes(objects), ["accepted"], repr(result))
                self.assertEqual(objects[0]["attempts"], 3)
                self.assertEqual(peer.messages, [message("T1")] * 3)
                self.assert_status(result, 0)

    def test_what_must_not_be_tried_again_is_not(self):
        for code, outcome in (("AR", "rejected"), ("CR", "rejected"), ("AE", "error"),
                              ("CA", "accept-only")):
            with self.subTest(code):
                _, objects, peer = self.send(answering_in_order(code, "AA"), "--retry", 3,
                                             *self.quick, "--timeout",
                                             "1s" if code == "CA" else "20s")
                self.assertEqual(self.outcomes(objects), [outcome])
                self.assertEqual(len(peer.messages), 1)

    def test_retries_end(self):
        result, objects, peer = self.send(closing_after_message, "--retry", 2, *self.quick)
        self.assertEqual(self.outcomes(objects), ["closed"])
        self.assertEqual(objects[0]["attempts"], 3)
        self.assertEqual(peer.ids, ["T1"] * 3)
        self.assertIn(b"warning: retry: standard input:1 (T1): ", result.err)
        self.assertIn(b"try 3 of 3", result.err)

    def test_order_is_kept_over_retries(self):
        texts = [message(f"T{n}") for n in range(4)]
        result, objects, peer = self.send(answering_in_order("AA", "close", "CE", "AA"),
                                          "--retry", 5, *self.quick, messages=texts)
        self.assertEqual([one["control_id"] for one in objects], ["T0", "T1", "T2", "T3"])
        self.assertEqual(peer.ids, ["T0", "T1", "T1", "T1", "T2", "T3"], repr(result))

    def test_what_was_under_way_in_a_pipeline_is_sent_again_in_order(self):
        def handler(connection):
            first = connection.receive()
            texts = [connection.receive(), connection.receive()]
            connection.send(frame(ack(first)))
            if connection.number > 0:
                for text in texts:
                    connection.send(frame(ack(text)))
        result, objects, peer = self.send(handler, "--retry", 1, *self.quick, "--pipeline", 3,
                                          messages=[message(f"T{n}") for n in range(4)])
        self.assertEqual(peer.ids, ["T0", "T1", "T2", "T1", "T2", "T3"], repr(result))
        self.assertEqual([(one["control_id"], one["attempts"]) for one in objects],
                         [("T0", 1), ("T1", 2), ("T2", 2), ("T3", 1)])

    def test_a_peer_that_comes_up_late_gets_the_message(self):
        with HeldPort() as held:
            program = self.start("send", "--retry", 1000, *self.quick, held.address,
                                 self.write("m.hl7", message("T1")))
            program.wait_for(rb"retry: .*refused|retry: .*nobody listens")
            with Peer(answering("AA"), held) as peer:
                result = program.wait()
        self.assert_status(result, 0)
        self.assertEqual(peer.ids, ["T1"])

    def test_the_waits_grow(self):
        with HeldPort() as held:
            result = run("send", "--retry", 4, "--retry-wait", "64ms", "--retry-max-wait", "256ms",
                         held.address, stdin=message())
        waits = [int(wait) for wait in
                 (line.split(b"(T1): ")[1].split(b"ms, try")[0]
                  for line in result.err.splitlines() if b"warning: retry" in line)]
        self.assertEqual(len(waits), 4, repr(result))
        for wait, longest in zip(waits, (64, 128, 256, 256)):
            self.assertTrue(longest // 2 <= wait <= longest, waits)


class Batches(SendTestCase):
    """--batch: whole batches, answered by batches (rule 31)."""

    texts = [message(f"T{n}") for n in range(3)]

    def send_batch(self, make, *options):
        return self.send(replying(lambda text: frame(make(text))), "--batch", *options,
                         messages=[batch(self.texts)])

    def acks(self, *codes, of=None):
        ids = of if of is not None else range(len(codes))
        return [ack(message(f"T{n}"), code) for n, code in zip(ids, codes)]

    def test_a_batch_goes_in_one_frame_and_each_message_is_acknowledged(self):
        result, objects, peer = self.send_batch(lambda text: batch(self.acks("AA", "AA", "AA")))
        self.assertEqual(self.outcomes(objects), ["accepted"], repr(result))
        self.assertEqual(peer.messages, [batch(self.texts)])
        self.assertEqual((objects[0]["messages"], objects[0]["accepted"]), (3, 3))
        self.assert_status(result, 0)

    def test_acknowledgements_may_come_in_any_order(self):
        _, objects, _ = self.send_batch(
            lambda text: batch(self.acks("AA", "AA", "AA", of=(2, 0, 1))))
        self.assertEqual(self.outcomes(objects), ["accepted"])

    def test_the_worst_acknowledgement_counts(self):
        result, objects, _ = self.send_batch(lambda text: batch(self.acks("AA", "AR", "AE")))
        self.assertEqual(self.outcomes(objects), ["rejected"])
        self.assertEqual([objects[0][key] for key in ("accepted", "errors", "rejected")],
                         [1, 1, 1])
        self.assert_status(result, 1)

    def test_counts_and_names_are_checked(self):
        wrong = {"too few": batch(self.acks("AA", "AA")),
                 "too many": batch(self.acks("AA", "AA", "AA", "AA", of=(0, 1, 2, 2))),
                 "one twice": batch(self.acks("AA", "AA", "AA", of=(0, 1, 1))),
                 "a stranger": batch(self.acks("AA", "AA", "AA", of=(0, 1, 9))),
                 "a false count": batch(self.acks("AA", "AA", "AA"), count=2),
                 "one for all, by a message's id": self.acks("AA")[0],
                 "an unknown code": batch(self.acks("AA", "OK", "AA"))}
        for name, answer in wrong.items():
            with self.subTest(name):
                result, objects, _ = self.send_batch(lambda text, answer=answer: answer)
                self.assertEqual(self.outcomes(objects), ["batch-mismatch"], repr(result))
                self.assert_status(result, 3)

    def test_one_acknowledgement_that_names_the_batch_is_enough(self):
        _, objects, _ = self.send_batch(lambda text: ack(message("B1"), "AA"))
        self.assertEqual(self.outcomes(objects), ["accepted"])

    def test_without_the_option_the_messages_go_one_by_one(self):
        _, objects, peer = self.send(answering("AA"), messages=[batch(self.texts)])
        self.assertEqual(peer.messages, self.texts)
        self.assertEqual(self.outcomes(objects), ["accepted"] * 3)


if __name__ == "__main__":
    main()
