"""`orderly send` with peers that answer as they should: where messages come from, how they go over
the wire, what is printed, options, signals. Hostile peers are in test_send_peers.py.
"""

import json
import os
import pty
import re
import signal
import subprocess
import threading

from peers import (FS, VT, Peer, ack, answering, answering_in_order, batch, closing_after_message,
                   field, frame, frames, message, message_of_size, replying, silent)
from support import ORDERLY, PATIENCE, HeldPort, TestCase, environment, main, run
from terminal import on_terminal

TWO = [message("T1"), message("T2", "ADT^A01")]


class Sources(TestCase):
    """Files, directories, standard input."""

    def assert_sent(self, expected, *operands, options=(), stdin=b""):
        with Peer(answering("AA")) as peer:
            result = run("send", *options, peer.address, *operands, stdin=stdin)
        self.assert_status(result, 0)
        self.assertEqual(peer.messages, expected)
        return result

    def test_line_ends_become_cr(self):
        # rule 9
        for end in (b"\r", b"\n", b"\r\n"):
            text = b"".join(one.replace(b"\r", end) for one in TWO)
            with self.subTest(end):
                self.assert_sent(TWO, self.write("m.hl7", text))

    def test_frames_in_a_file_are_taken_off(self):
        self.assert_sent(TWO, self.write("m.mllp", frame(TWO[0]) + frame(TWO[1])))

    def test_bytes_that_are_no_line_ends_stay_as_they_are(self):
        # rule 12
        text = message("T1", segments=["PID|1||\xc3\xff^~\\&|\\X0D\\|C:\\temp\\x|||||", "ZZZ|||"])
        self.assert_sent([text], self.write("m.hl7", text))

    def test_files_go_in_the_order_given_and_directories_by_name(self):
        for name, text in (("b/2.hl7", "B2"), ("b/1.hl7", "B1"), ("a.hl7", "A"), ("c.hl7", "C")):
            self.write(name, message(text))
        self.assert_sent([message(name) for name in ("C", "B1", "B2", "A")],
                         self.folder / "c.hl7", self.folder / "b", self.folder / "a.hl7")

    def test_standard_input_is_read_when_no_file_is_given_and_for_a_dash(self):
        for operands in ((), ("-",)):
            with self.subTest(operands):
                self.assert_sent(TWO, *operands, stdin=b"".join(TWO))

    def test_a_batch_goes_message_by_message(self):
        # rule 31
        self.assert_sent(TWO, stdin=batch(TWO))

    def test_a_message_from_a_pipe_is_answered_before_the_next_one_is_there(self):
        with Peer(answering("AA")) as peer:
            program = self.start("send", "--pipeline", 5, peer.address)
            for name in (b"T1", b"T2", b"T3"):
                program.write(frame(message(name.decode())))
                program.wait_for(rb"MSA\|AA\|" + name, stream="out")
            program.close_stdin()
            self.assert_status(program.wait(), 0)

    def test_a_message_of_16_megabytes_arrives_whole_and_one_byte_more_is_refused(self):
        largest = 16 * 1024 * 1024
        self.assert_sent([message_of_size(largest)],
                         self.write("big.hl7", message_of_size(largest)))
        path = self.write("bigger.hl7", message_of_size(largest + 1))
        with Peer(answering("AA")) as peer:
            result = run("send", peer.address, path)
        self.assert_status(result, 3)
        self.assertEqual(peer.messages, [])
        self.assertIn(b"--max-message", result.err)

    def test_what_cannot_be_read_is_told_and_the_rest_is_sent(self):
        good = self.write("good.hl7", message("T1"))
        with Peer(answering("AA")) as peer:
            result = run("send", peer.address, self.folder / "none.hl7", good)
        self.assert_status(result, 3)
        self.assertEqual(peer.ids, ["T1"])
        self.assertIn(b"error: unreadable: ", result.err)
        self.assertIn(b"none.hl7", result.err)

    def test_nothing_to_send_is_a_failure(self):
        (self.folder / "empty").mkdir()
        with Peer(answering("AA")) as peer:
            self.assert_status(run("send", peer.address, self.folder / "empty"), 3)
            self.assert_status(run("send", peer.address, stdin=b""), 3)

    def test_a_message_that_cannot_be_framed_is_not_sent(self):
        # rule 4: 0B or 1C inside would make two messages of one
        for byte in (VT, FS):
            text = message("T1").replace(b"DOE", b"D" + byte + b"E")
            with self.subTest(byte), Peer(answering("AA")) as peer:
                result = run("send", peer.address, stdin=text + message("T2"))
            self.assert_status(result, 3)
            self.assertIn(b"error: unsendable: standard input:1", result.err)
            self.assertEqual(peer.ids, ["T2"])

    def test_a_message_without_control_id_is_sent_with_a_warning(self):
        with Peer(answering("AA")) as peer:
            result = run("send", peer.address, stdin=message(""))
        self.assert_status(result, 0)
        self.assertIn(b"has no MSH-10", result.err)
        self.assertEqual(peer.messages, [message("")])


class Output(TestCase):
    """What is printed where."""

    def send(self, handler, *options, stdin=b"".join(TWO)):
        with Peer(handler) as peer:
            return run("send", *options, peer.address, stdin=stdin)

    def test_a_pipe_gets_the_answers_line_by_line(self):
        result = self.send(answering("AA"))
        expected = b"".join(ack(text).replace(b"\r", b"\n") for text in TWO)
        self.assertEqual(result.out, expected)

    def test_refusals_are_on_standard_error_too_but_not_their_words(self):
        result = self.send(answering("AE", reason="DOE^JANE is not known"))
        self.assertIn(b"|DOE^JANE is not known", result.out)
        self.assertIn(b"error: error: standard input:1 (T1): the peer answered AE", result.err)
        self.assertNotIn(b"DOE", result.err)

    def test_quiet_prints_what_was_not_accepted(self):
        result = self.send(answering_in_order("AA", "AR"), "-q")
        self.assertEqual(result.out, ack(TWO[1], "AR").replace(b"\r", b"\n"))

    def test_the_summary_counts(self):
        result = self.send(answering_in_order("AA", "AE", "AR", "close", "AA"),
                           stdin=b"".join(message(f"T{n}") for n in range(5)))
        self.assertRegex(result.err, rb"(?m)^orderly send: 5 messages: 2 accepted, 1 answered with "
                                     rb"an error, 1 rejected, 1 failed; ")

    def test_one_message_that_is_accepted_says_nothing_on_standard_error(self):
        self.assertEqual(self.send(answering("AA"), stdin=TWO[0]).err, b"")

    def test_json_has_an_object_for_each_message(self):
        result = self.send(answering("AA"), "--json")
        objects = [json.loads(line) for line in result.out.splitlines()]
        for number, (text, one) in enumerate(zip(TWO, objects)):
            self.assertGreaterEqual(one.pop("milliseconds"), 0)
            self.assertEqual(one, {
                "file": "standard input", "line": 1 + 4 * number, "control_id": f"T{number + 1}",
                "outcome": "accepted", "code": "AA", "reason": None, "text": "accepted (AA)",
                "attempts": 1, "reply": ack(text).decode()})

    def test_json_is_utf_8_whatever_the_answer_is_written_in(self):
        # rule 29
        def make(text):
            reply = ack(text, "AE", reason="x").replace(b"|P|2.4", b"|P|2.4||||||8859/1")
            return frame(reply.replace(b"|x", b"|f\xfcr \\T\\"))
        result = self.send(replying(make), "--json", stdin=TWO[0])
        self.assertEqual(json.loads(result.out)["reason"], "für &")

    def test_output_keeps_the_answers_byte_for_byte(self):
        path = self.folder / "answers"
        for _ in range(2):
            self.assert_status(self.send(answering("AA"), "-o", path), 0)
        self.assertEqual(frames(path.read_bytes()), [ack(text) for text in TWO] * 2)
        self.assertEqual(path.stat().st_mode & 0o077, 0)

    def test_output_that_cannot_be_written_is_a_failure(self):
        self.assert_status(self.send(answering("AA"), "-o", self.folder), 3)
        self.assert_status(self.send(answering("AA"), "-o", "/dev/full"), 3)

    def test_standard_output_that_cannot_be_written_stops_the_sending(self):
        with open("/dev/full", "wb") as full, Peer(answering("AA")) as peer:
            done = subprocess.run([ORDERLY, "send", peer.address], stdout=full,
                                  stderr=subprocess.PIPE, env=environment(), check=False,
                                  input=b"".join(message(f"T{n}") for n in range(50)),
                                  timeout=PATIENCE)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertLess(len(peer.messages), 50)

    def test_a_reader_that_goes_away_stops_the_sending(self):
        texts = self.write("m.hl7", b"".join(message(f"T{n}") for n in range(500)))
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "wb") as out, Peer(answering("AA")) as peer:
            done = subprocess.run([ORDERLY, "send", peer.address, texts], stdout=out,
                                  stderr=subprocess.PIPE, env=environment(), check=False,
                                  timeout=PATIENCE)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertRegex(done.stderr, rb"messages?: \d+ accepted; \d+ not sent")

    def test_a_terminal_gets_the_whole_answer_of_a_single_message(self):
        path = self.write("m.hl7", TWO[0])
        with Peer(answering("AA")) as peer:
            shown = on_terminal("send", "--color", "never", peer.address, path)
        self.assertEqual(shown.splitlines()[:-1], ack(TWO[0]).decode().split("\r")[:-1])
        self.assertRegex(shown.splitlines()[-1], r"^accepted \(AA\) after [0-9.]+ m?s$")

    def test_a_terminal_gets_a_line_for_each_of_many_messages(self):
        path = self.write("m.hl7", b"".join(TWO))
        with Peer(answering_in_order("AA", "AE")) as peer:
            shown = on_terminal("send", "--color", "never", peer.address, path)
        self.assertEqual([re.sub(r" +[0-9.]+ m?s ", " TIME ", line) for line in
                          shown.splitlines()],
                         [f"accepted AA TIME  {path}:1 (T1)", f"error    AE TIME  {path}:5 (T2)"])

    def test_an_answer_cannot_drive_the_terminal(self):
        path = self.write("m.hl7", TWO[0])
        with Peer(answering("AE", reason="\x1b]0;title\x07")) as peer:
            shown = on_terminal("send", "--color", "never", peer.address, path)
        self.assertNotIn("\x1b", shown)
        self.assertIn("\\x1b]0;title", shown)

    def test_a_long_wait_shows_progress_on_a_terminal(self):
        path = self.write("m.hl7", TWO[0])
        leader, follower = pty.openpty()
        with Peer(silent) as peer:
            process = subprocess.Popen(
                [ORDERLY, "send", "--timeout", "5s", peer.address, str(path)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=follower,
                env=environment(TERM="xterm"))
            os.close(follower)
            try:
                shown = b""
                while b"waiting for an answer" not in shown:
                    shown += os.read(leader, 4096)
            finally:
                process.kill()
                process.wait(PATIENCE)
                os.close(leader)
        self.assertIn(b"[....................]   0 %  0 messages", shown)


class Options(TestCase):
    """The rest of the options."""

    def send(self, handler, *options, stdin=b"".join(TWO), status=0):
        with Peer(handler) as peer:
            result = run("send", *options, peer.address, stdin=stdin)
        self.assert_status(result, status)
        return result, peer

    def test_new_control_ids_are_unique_and_nothing_else_changes(self):
        seen = []
        for _ in range(2):
            _, peer = self.send(answering("AA"), "--new-control-id", "--repeat", 300)
            seen += peer.ids
            for index, text in enumerate(peer.messages):
                old = TWO[index % 2]
                self.assertEqual(text, old.replace(b"|" + field(old, "MSH", 10) + b"|",
                                                   b"|" + field(text, "MSH", 10) + b"|"))
        self.assertEqual(len(set(seen)), 1200)
        for one in seen:
            self.assertRegex(one, r"^[0-9A-Z]{1,20}$")

    def test_a_new_control_id_mends_a_message_without_one(self):
        result, peer = self.send(answering("AA"), "-n", stdin=b"MSH|^~\\&|TESTAPP\rPID|1\r")
        self.assertEqual(result.err, b"")
        self.assertRegex(peer.messages[0],
                         rb"^MSH\|\^~\\&\|TESTAPP\|\|\|\|\|\|\|[0-9A-Z]{20}\rPID\|1\r$")

    def test_new_control_ids_reach_into_batches(self):
        def handler(connection):
            text = connection.receive()
            parts = re.findall(rb"MSH.*?(?=MSH|BTS)", text, re.DOTALL)
            connection.send(frame(batch([ack(part) for part in parts])))
        _, peer = self.send(handler, "-n", "--batch", stdin=batch(TWO))
        ids = re.findall(rb"\|([0-9A-Z]{20})\|P", peer.messages[0])
        self.assertEqual(len(set(ids)), 2)
        self.assertIn(b"BTS|2\r", peer.messages[0])

    def test_repeat_sends_everything_again(self):
        for stdin in (b"".join(TWO), batch(TWO)):
            _, peer = self.send(answering("AA"), "--repeat", 3, stdin=stdin)
            self.assertEqual(peer.messages, TWO * 3)

    def test_repeat_of_a_large_file_reads_it_again(self):
        texts = [message_of_size(15 * 1024 * 1024, f"T{n}") for n in range(5)]
        path = self.write("large.hl7", b"".join(texts))
        with Peer(answering("AA")) as peer:
            result = run("send", "-q", "--repeat", 2, peer.address, path)
        self.assert_status(result, 0)
        self.assertEqual(peer.ids, [f"T{n}" for n in range(5)] * 2)

    def test_repeat_of_a_large_standard_input_is_refused(self):
        texts = [message_of_size(15 * 1024 * 1024, f"T{n}") for n in range(5)]
        result, peer = self.send(answering("AA"), "-q", "--repeat", 2, stdin=b"".join(texts),
                                 status=3)
        self.assertEqual(len(peer.messages), 5)
        self.assertIn(b"cannot be repeated", result.err)

    def test_several_connections_share_the_messages(self):
        everyone = threading.Barrier(4)

        def handler(connection):
            # Answers come only when all four have a message: one connection could not do it.
            while (text := connection.receive()) is not None:
                everyone.wait(PATIENCE)
                connection.send(frame(ack(text)))
        texts = [message(f"T{n}") for n in range(8)]
        _, peer = self.send(handler, "--connections", 4, stdin=b"".join(texts))
        self.assertEqual(sorted(peer.ids), sorted(f"T{n}" for n in range(8)))
        self.assertEqual(len(peer.connections), 4)

    def test_a_pipeline_has_that_many_messages_under_way(self):
        def handler(connection):
            texts = [connection.receive() for _ in range(5)]
            # In the wrong order: each answer finds its message by its id (rule 27).
            connection.send(b"".join(frame(ack(text)) for text in reversed(texts)))
            connection.wait_for_close()
        texts = [message(f"T{n}") for n in range(5)]
        _, peer = self.send(handler, "--pipeline", 5, stdin=b"".join(texts))
        self.assertEqual(peer.messages, texts)

    def test_without_a_pipeline_one_message_is_under_way(self):
        def handler(connection):
            while (text := connection.receive()) is not None:
                self.assertEqual(connection.held, b"")
                connection.send(frame(ack(text)))
        self.send(handler)

    def test_a_frame_is_one_write(self):
        # rule 6: a peer may read it with a single recv
        received = []

        def handler(connection):
            while data := connection.socket.recv(65536):
                received.append(data)
                connection.send(frame(ack(data[1:-2])))
        self.send(handler)
        self.assertEqual(received, [frame(text) for text in TWO])

    def test_stop_on_error_sends_nothing_more_and_counts_the_rest(self):
        texts = b"".join(message(f"T{n}") for n in range(500))
        with Peer(answering("AE")) as peer:
            result = run("send", "--stop-on-error", peer.address, self.write("m.hl7", texts))
        self.assert_status(result, 1)
        self.assertEqual(peer.ids, ["T0"])
        self.assertIn(b"; 499 not sent; ", result.err)

    def test_keep_open_prints_what_still_comes(self):
        def handler(connection):
            text = connection.receive()
            connection.send(frame(ack(text, "CA")) + frame(ack(text, "AA")))
            connection.wait_for_close()
        text = message("T1", accept="AL", application="NE")
        result, _ = self.send(handler, "--keep-open", "300ms", stdin=text)
        self.assertEqual(result.out, (ack(text, "CA") + ack(text, "AA")).replace(b"\r", b"\n"))

    def test_rate_does_not_change_what_is_sent(self):
        texts = [message(f"T{n}") for n in range(20)]
        _, peer = self.send(answering("AA"), "--rate", 200, stdin=b"".join(texts))
        self.assertEqual(peer.messages, texts)

    def test_wrong_use_is_told_and_nothing_is_sent(self):
        cases = [((), b"something is missing"), (("host",), b"port"), (("::1:2575",), b"brackets"),
                 (("--connections", "0", "localhost:1"), b"connections"),
                 (("--connections", "1024", "--pipeline", "1024", "localhost:1"), b"4096"),
                 (("--no-wait", "--retry", "1", "localhost:1"), b"--retry"),
                 (("--timeout", "soon", "localhost:1"), b"timeout")]
        for arguments, words in cases:
            with self.subTest(arguments):
                result = run("send", *arguments)
                self.assert_status(result, 2)
                self.assertIn(words, result.err)


class Signals(TestCase):
    """SIGINT and SIGTERM."""

    def test_a_signal_waits_for_the_answer_and_sends_nothing_more(self):
        go_on = threading.Event()

        def handler(connection):
            while (text := connection.receive()) is not None:
                go_on.wait(PATIENCE)
                connection.send(frame(ack(text)))
        for number in (signal.SIGINT, signal.SIGTERM):
            go_on.clear()
            path = self.write("m.hl7", b"".join(message(f"T{n}") for n in range(500)))
            with self.subTest(number), Peer(handler) as peer:
                program = self.start("send", peer.address, path)
                program.wait_until(lambda program, peer=peer: peer.messages, "a message")
                program.send_signal(number)
                program.wait_for(rb"info: ending: waiting for answers")
                go_on.set()
                result = program.wait()
            self.assertEqual(peer.ids, ["T0"])
            self.assertEqual(result.out, ack(message("T0")).replace(b"\r", b"\n"))
            self.assertIn(b"1 message: 1 accepted; 1 not sent; interrupted, the rest was not "
                          b"counted", result.err)
            self.assert_status(result, 3)

    def test_a_second_signal_ends_at_once(self):
        with Peer(silent) as peer:
            program = self.start("send", peer.address, self.write("m.hl7", message("T1")))
            program.wait_until(lambda program: peer.connections, "a connection")
            program.send_signal(signal.SIGTERM)
            program.wait_until(lambda program: program.err or program.process.poll() is not None,
                               "an answer to the signal")
            program.send_signal(signal.SIGTERM)
            result = program.wait()
        self.assert_status(result, 3)

    def test_a_signal_ends_the_wait_for_standard_input(self):
        with Peer(answering("AA")) as peer:
            program = self.start("send", peer.address)
            program.write(frame(message("T1")))
            program.wait_for(rb"MSA\|AA\|T1", stream="out")
            program.send_signal(signal.SIGINT)
            program.process.wait(PATIENCE)
            result = program.wait()
        self.assert_status(result, 0)

    def test_a_signal_ends_the_wait_for_another_try(self):
        with HeldPort() as held:
            program = self.start("send", "--retry", 9, "--retry-wait", "1h", "--retry-max-wait",
                                 "1h", held.address, self.write("m.hl7", message("T1")))
            program.wait_for(rb"warning: retry: ")
            result = program.stop()
        self.assert_status(result, 3)

    def test_a_message_that_failed_is_not_tried_again_after_a_signal(self):
        with Peer(closing_after_message) as peer:
            program = self.start("send", "--retry", 9, "--retry-wait", "1h", "--retry-max-wait",
                                 "1h", peer.address, self.write("m.hl7", message("T1")))
            program.wait_for(rb"warning: retry: ")
            self.assert_status(program.stop(), 3)
        self.assertEqual(peer.ids, ["T1"])


if __name__ == "__main__":
    main()
