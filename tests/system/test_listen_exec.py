"""`orderly listen --exec`: programs that answer, those that fail, and those that hang."""

import os
import pathlib
import signal
import unittest

from peers import Client, VT, FS, CR, control_id, field, frame, message, message_of_size
from support import BUILD, TestCase, main, wait_until

# Answers a message in LF form; the id of the message comes back in MSA-2.
ANSWER = r"""tr '\r' '\n' | awk -F'|' '/^MSH/ { printf "MSH|^~\\&|B|B|A|A|20230101||ACK|R-%s|P|2.4\n", $10
printf "MSA|AA|%s\n", $10 }'
"""

# A reply that does not look at the message.
FIXED = rb"MSH|^~\&|B|B|A|A|20230101||ACK|R1|P|2.4" + b"\nMSA|AA|FIXED\n"


def is_running(pid):
    """True unless the process is gone or a zombie."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1]
    except OSError:
        return False
    return state.split()[0] != "Z"


def children(pid):
    """The processes whose parent this is, zombies too."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


class ExecCase(TestCase):
    def program(self, text, name="program"):
        """An executable shell script; its path."""
        path = self.write(name, b"#!/bin/sh\n" + (text if isinstance(text, bytes)
                                                  else text.encode()))
        path.chmod(0o755)
        return path

    def listen_with(self, text, *options):
        """A listener that answers with this script, quiet."""
        return self.start_listener("--quiet", "--exec", self.program(text), *options)

    def replying_with(self, reply):
        """A script that reads the message and writes these bytes."""
        path = self.write("reply", reply)
        return f"cat >/dev/null\ncat '{path}'\n"

    def lines(self, name):
        path = self.folder / name
        return path.read_text(encoding="ascii").split("\n")[:-1] if path.exists() else []

    def assert_answered(self, client, payload, code, of=None):
        reply = client.exchange(payload)
        self.assertIsNotNone(reply)
        self.assertEqual(field(reply, "MSA", 1), code)
        self.assertEqual(field(reply, "MSA", 2), of or control_id(payload))
        return reply


class Replies(ExecCase):
    def test_the_output_of_the_program_is_the_reply_with_segments_ended_by_cr(self):
        _, port = self.listen_with(ANSWER)
        with Client(port) as client:
            self.assertEqual(client.exchange(message("E1")),
                             b"MSH|^~\\&|B|B|A|A|20230101||ACK|R-E1|P|2.4\rMSA|AA|E1\r")

    def test_output_that_is_framed_already_is_taken_out_of_its_frame(self):
        _, port = self.listen_with(self.replying_with(frame(FIXED.replace(b"\n", b"\r"))))
        with Client(port) as client:
            self.assertEqual(client.exchange(message()), FIXED.replace(b"\n", b"\r"))

    def test_the_program_gets_exactly_the_bytes_of_the_message(self):
        copy = self.folder / "copy"
        _, port = self.listen_with(f"cat >'{copy}'\ncat '{self.write('reply', FIXED)}'\n")
        for payload in (message("E1"), message("E2", end=b"\n"), message_of_size(1_000_000)):
            with self.subTest(size=len(payload)), Client(port) as client:
                self.assertIsNotNone(client.exchange(payload))
                self.assertEqual(copy.read_bytes(), payload)

    def test_arguments_are_passed_without_a_shell(self):
        out = self.folder / "arguments"
        script = f"printf '%s\\n' \"$@\" >'{out}'\n" + self.replying_with(FIXED)
        _, port = self.listen_with(script, "--exec-argument", "$(id); *", "--exec-argument", "")
        with Client(port) as client:
            self.assertIsNotNone(client.exchange(message()))
        self.assertEqual(out.read_text(encoding="ascii"), "$(id); *\n\n")

    def test_a_message_that_asks_for_no_answer_reaches_the_program_all_the_same(self):
        """rule 21"""
        got = self.folder / "got"
        _, port = self.listen_with(f"tee -a '{got}' | {{ {ANSWER} }}\n")
        with Client(port) as client:
            client.send(frame(message("Q1", accept="NE", application="NE")))
            self.assert_answered(client, message("Q2"), b"AA")
        self.assertRegex(got.read_bytes(), rb"(?s)^MSH[^\r]*\|Q1\|.*\rMSH[^\r]*\|Q2\|")

    def test_a_long_reply_arrives_whole(self):
        reply = FIXED + b"NTE|1||" + b"y" * 3_000_000 + b"\n"
        _, port = self.listen_with(self.replying_with(reply))
        with Client(port) as client:
            self.assertEqual(client.exchange(message()), reply.replace(b"\n", b"\r"))

    def test_a_long_message_to_a_program_that_does_not_read_is_answered(self):
        _, port = self.listen_with(f"cat '{self.write('reply', FIXED)}'\n")
        with Client(port) as client:
            self.assertEqual(client.exchange(message_of_size(4_000_000)),
                             FIXED.replace(b"\n", b"\r"))
            self.assertEqual(client.exchange(message()), FIXED.replace(b"\n", b"\r"))

    def test_a_small_message_and_then_a_large_one_on_the_same_connection(self):
        """What was held for the first one has no room for the second one."""
        _, port = self.listen_with(ANSWER)
        with Client(port) as client:
            for number, size in enumerate((300, 500_000, 300, 2_000_000, 40_000)):
                self.assert_answered(client, message_of_size(size, f"S{number}"), b"AA")

    def test_replies_keep_the_order_of_pipelined_messages(self):
        script = f"sleep 0.0$(({{ od -An -tu1 -N1 /dev/urandom; }} % 5))\n{ANSWER}"
        script = "sleep 0.0$(($(od -An -tu1 -N1 /dev/urandom) % 5))\n" + ANSWER
        _, port = self.listen_with(script)
        ids = [f"P{number}" for number in range(20)]
        with Client(port) as client:
            client.send(b"".join(frame(message(each)) for each in ids))
            self.assertEqual([field(client.receive(), "MSA", 2).decode() for _ in ids], ids)

    def test_no_more_programs_than_allowed_run_at_a_time(self):
        log = self.folder / "log"
        script = f"echo begin >>'{log}'\nsleep 0.1\necho end >>'{log}'\n" + ANSWER
        _, port = self.listen_with(script, "--exec-parallel", "3")
        clients = [Client(port) for _ in range(10)]
        for number, client in enumerate(clients):
            client.send(frame(message(f"L{number}")))
        for number, client in enumerate(clients):
            self.assertEqual(field(client.receive(), "MSA", 2).decode(), f"L{number}")
            client.close()
        depth = most = 0
        for line in self.lines("log"):
            depth += 1 if line == "begin" else -1
            most = max(most, depth)
        self.assertGreater(most, 1)
        self.assertLessEqual(most, 3)

    def test_a_connection_with_many_messages_does_not_keep_others_waiting(self):
        _, port = self.listen_with("sleep 0.02\n" + ANSWER, "--exec-parallel", "1")
        with Client(port) as busy, Client(port) as other:
            busy.send(b"".join(frame(message(f"B{number}")) for number in range(40)))
            busy.receive()
            other.exchange(message("O1"))
            # Those answered meanwhile are here already, but for what the socket still holds.
            busy.socket.setblocking(False)
            while True:
                try:
                    busy.held += busy.socket.recv(65536)
                except BlockingIOError:
                    break
            self.assertLess(busy.held.count(FS), 20)


class Failures(ExecCase):
    def test_a_program_that_fails_is_answered_with_an_error_and_the_listener_goes_on(self):
        cases = {"status": "exit 1\n",
                 "status after a good reply": self.replying_with(FIXED) + "exit 1\n",
                 "signal": "kill -SEGV $$\n",
                 "nothing": "cat >/dev/null\n",
                 "no HL7": "echo Traceback: something\n",
                 "half a frame": "printf '\\013MSH|^~\\\\&|A'\n",
                 "frame bytes inside": self.replying_with(FIXED + FS + CR),
                 "start byte inside": self.replying_with(FIXED + VT + FIXED),
                 "two frames": self.replying_with(frame(FIXED) + frame(FIXED))}
        for name, script in cases.items():
            with self.subTest(name):
                listener, port = self.listen_with(script)
                with Client(port) as client:
                    self.assert_answered(client, message("F1"), b"AE")
                    self.assert_answered(client, message("F2"), b"AE")
                self.assert_status(listener.stop(), 0)
                self.assertEqual(listener.err.count(b"error: reply-failed"), 2, listener)

    def test_a_program_that_is_not_there_is_an_error_for_each_message(self):
        listener, port = self.start_listener("--quiet", "--exec", self.folder / "missing")
        with Client(port) as client:
            client.send(frame(message("M1")) + frame(message("M2")))
            for each in (b"M1", b"M2"):
                reply = client.receive()
                self.assertEqual((field(reply, "MSA", 1), field(reply, "MSA", 2)), (b"AE", each))
        listener.wait_for(rb"reply-failed[^\n]*No such file")

    def test_what_the_program_says_on_standard_error_is_seen(self):
        listener, port = self.listen_with("echo it is broken >&2\nexit 3\n")
        with Client(port) as client:
            self.assert_answered(client, message("F1"), b"AE")
        listener.wait_for(rb"it is broken")

    def test_the_time_limit_ends_the_program_and_what_it_started(self):
        script = f"sleep 1000 & echo $! >'{self.folder}/child'\necho $$ >'{self.folder}/self'\nwait\n"
        listener, port = self.listen_with(script, "--exec-timeout", "500ms")
        with Client(port) as client:
            self.assert_answered(client, message("T1"), b"AE")
            pids = [int((self.folder / name).read_text()) for name in ("child", "self")]
            wait_until(lambda: not any(map(is_running, pids)), "end of the program's processes")
            listener.wait_for(rb"--exec-timeout")
            self.assert_answered(client, message("T2"), b"AE")

    def test_a_child_left_behind_with_the_output_open_does_not_hold_the_reply_up(self):
        script = self.replying_with(FIXED) + f"sleep 1000 & echo $! >'{self.folder}/child'\n"
        _, port = self.listen_with(script)
        with Client(port) as client:
            self.assertEqual(client.exchange(message()), FIXED.replace(b"\n", b"\r"))
        os.kill(int((self.folder / "child").read_text()), signal.SIGKILL)

    def test_output_without_end_is_cut_off(self):
        listener, port = self.listen_with("exec yes\n", "--max-message", "64K")
        with Client(port) as client:
            self.assert_answered(client, message("Y1"), b"AE")
        listener.wait_for(rb"longer than --max-message")

    def test_nothing_is_left_over_afterwards(self):
        scripts = {"good": ANSWER, "failing": "exit 1\n", "slow": "sleep 1000\n"}
        for name, script in scripts.items():
            with self.subTest(name):
                listener, port = self.listen_with(script, "--exec-timeout", "200ms")
                before = listener.descriptors()
                for number in range(4):
                    with Client(port) as client:
                        self.assertIsNotNone(client.exchange(message(f"N{number}")))
                wait_until(lambda: not children(listener.pid), "no children")
                wait_until(lambda: listener.descriptors() == before, "closed descriptors")
                self.assert_status(listener.stop(), 0)


class Connections(ExecCase):
    def test_a_peer_that_closes_its_side_still_gets_the_answer(self):
        _, port = self.listen_with("sleep 0.2\n" + ANSWER)
        with Client(port) as client:
            client.send(frame(message("H1")) + frame(message("H2")))
            client.finish_sending()
            self.assertEqual(control_id(client.receive()), b"R-H1")
            self.assertEqual(control_id(client.receive()), b"R-H2")
            self.assertTrue(client.is_closed())

    def assert_each_ran_once(self, leave, ids):
        """Pipelines messages and leaves; no message may be given to a program twice."""
        log = self.folder / "log"
        script = f"tr '\\r' '\\n' | awk -F'|' '/^MSH/ {{ print $10 }}' >>'{log}'\nsleep 0.3\ncat '{self.write('reply', FIXED)}'\n"
        listener, port = self.listen_with(script, "--save", self.folder / "saved")
        client = Client(port)
        leave(client)
        wait_until(lambda: self.lines("log"), "the first program")
        with Client(port) as other:
            self.assertIsNotNone(other.exchange(message("OTHER")))
        wait_until(lambda: not children(listener.pid), "the end of the programs")
        given = [line for line in self.lines("log") if line != "OTHER"]
        self.assertEqual(given, sorted(set(given)), "given to a program twice")
        self.assertLessEqual(set(given), set(ids))
        saved = [control_id(path.read_bytes()).decode()
                 for path in sorted((self.folder / "saved").glob("*.hl7"))]
        self.assertEqual(len(saved), len(set(saved)), saved)
        self.assert_status(listener.stop(), 0)

    def test_a_peer_that_pipelines_and_goes_away_runs_nothing_twice(self):
        def leave(client):
            client.send(frame(message("G1")) + frame(message("G2")) + frame(message("G3")))
            client.close()
        self.assert_each_ran_once(leave, ["G1", "G2", "G3"])

    def test_a_peer_that_sends_on_and_resets_while_its_program_runs_runs_nothing_twice(self):
        def leave(client):
            client.send(frame(message("R1")))
            wait_until(lambda: self.lines("log"), "the first program")
            client.send(frame(message("R2")))
            client.reset()
        self.assert_each_ran_once(leave, ["R1", "R2"])

    def test_the_program_of_a_peer_that_resets_is_ended(self):
        listener, port = self.listen_with(f"echo $$ >'{self.folder}/pid'\nexec sleep 1000\n")
        client = Client(port)
        client.send(frame(message("R1")))
        pid = int(wait_until(lambda: self.lines("pid"), "the program")[0])
        client.reset()
        wait_until(lambda: not is_running(pid), "the end of the program")
        wait_until(lambda: not children(listener.pid), "no children")

    def test_replies_that_nobody_reads_do_not_pile_up(self):
        reply = FIXED + b"NTE|1||" + b"y" * 1_000_000 + b"\n"
        listener, port = self.listen_with(self.replying_with(reply), "--exec-parallel", "1")
        with Client(port) as silent, Client(port) as other:
            silent.send(b"".join(frame(message(f"Q{number}")) for number in range(150)))
            for number in range(60):
                self.assertIsNotNone(other.exchange(message(f"O{number}")))
            bound = 80_000 if BUILD in ("plain", "clang") else 400_000
            self.assertLess(listener.peak_kilobytes(), bound)
            # Once it reads, it gets them all, in order.
            self.assertEqual([silent.receive()[:3] for _ in range(150)], [b"MSH"] * 150)

    def test_a_signal_waits_for_programs_that_run(self):
        listener, port = self.listen_with(
            f"echo >>'{self.folder}/began'\nsleep 0.3\n" + ANSWER, "--exec-parallel", "1")
        clients = [Client(port) for _ in range(3)]
        for number, client in enumerate(clients):
            client.send(frame(message(f"D{number}")))
        wait_until(lambda: self.lines("began"), "the first program")
        listener.send_signal(signal.SIGTERM)
        for number, client in enumerate(clients):
            self.assertEqual(field(client.receive(), "MSA", 2).decode(), f"D{number}")
            self.assertTrue(client.is_closed())
            client.close()
        self.assert_status(listener.wait(), 0)

    def test_a_program_that_outlasts_the_drain_is_ended(self):
        listener, port = self.listen_with(f"echo $$ >'{self.folder}/pid'\nexec sleep 1000\n",
                                          "--drain-timeout", "300ms")
        with Client(port) as client:
            client.send(frame(message("D1")))
            pid = int(wait_until(lambda: self.lines("pid"), "the program")[0])
            self.assert_status(listener.stop(), 0)
            self.assertFalse(is_running(pid))
            self.assertTrue(client.is_closed())


if __name__ == "__main__":
    main()
