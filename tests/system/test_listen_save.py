"""`orderly listen --save` and `--ack-template`: files, their durability, and answers of one's own."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import unittest

from peers import VT, Client, batch, control_id, field, frame, message, message_of_size
from support import ORDERLY, TestCase, main, run


needs_root = unittest.skipUnless(os.geteuid() == 0, "only root can set this up")


def saved(folder):
    """The files of a directory by name, without quarantine."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


class Saving(TestCase):
    def setUp(self):
        super().setUp()
        self.inbox = self.folder / "inbox"

    def listen(self, *options, **settings):
        return self.start_listener("--quiet", "--save", self.inbox, *options, **settings)

    def test_each_message_is_a_file_with_exactly_its_bytes(self):
        payloads = [message("S1"), message("S2", end=b"\n"), message("S3", end=b"\r\n"),
                    b"\xef\xbb\xbf" + message("S4"), message("S5")[:-1], message_of_size(300_000),
                    message("S6", segments=["ZZZ|" + "\xff"]).replace(b"\xc3\xbf", b"\xff\x00\x80")]
        _, port = self.listen()
        with Client(port) as client:
            for payload in payloads:
                self.assertEqual(field(client.exchange(payload), "MSA", 1), b"AA")
        self.assertEqual(saved(self.inbox), {f"{number:012}.hl7": payload
                                             for number, payload in enumerate(payloads, 1)})

    def test_files_are_for_the_owner_alone(self):
        _, port = self.listen()
        with Client(port) as client:
            client.exchange(message())
        self.assertEqual(self.inbox.stat().st_mode & 0o777, 0o700)
        self.assertEqual((self.inbox / "000000000001.hl7").stat().st_mode & 0o777, 0o600)

    def test_what_a_message_says_never_becomes_a_name(self):
        _, port = self.listen()
        with Client(port) as client:
            client.exchange(message("../../../../tmp/evil", "ADT^A01/../x"))
        self.assertEqual(list(saved(self.inbox)), ["000000000001.hl7"])

    def test_numbers_go_on_after_those_that_are_there(self):
        self.write("inbox/000000000041.hl7", b"old")
        self.write("inbox/000000000007.txt", b"other")
        self.write("inbox/99x.hl7", b"other")
        self.write("inbox/99999999999999999999999.hl7", b"no number of ours")
        _, port = self.listen()
        with Client(port) as client:
            client.exchange(message("N1"))
        self.assertEqual(saved(self.inbox)["000000000042.hl7"], message("N1"))

    def test_two_listeners_may_share_a_directory(self):
        ports = [self.listen()[1] for _ in range(2)]
        ids = [[f"{number}-{each}" for each in range(100)] for number in range(4)]

        def send(number):
            with Client(ports[number % 2]) as client:
                for each in ids[number]:
                    assert client.exchange(message(each)) is not None

        threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = saved(self.inbox)
        self.assertEqual(sorted(control_id(text).decode() for text in found.values()),
                         sorted(sum(ids, [])))
        self.assertTrue(all(re.fullmatch(r"\d{12}\.hl7", name) for name in found), found.keys())

    def test_the_unfinished_file_of_another_listener_is_left_alone(self):
        """Two containers may share a directory and have the same process ids."""
        listener, port = self.listen()
        other = self.write(f"inbox/.{listener.pid}.tmp", b"half of another listener's mess")
        with Client(port) as client:
            self.assertEqual(field(client.exchange(message("M1")), "MSA", 1), b"AA")
        self.assertEqual(other.read_bytes(), b"half of another listener's mess")
        self.assertEqual((self.inbox / "000000000001.hl7").read_bytes(), message("M1"))

    def test_what_is_not_accepted_goes_to_quarantine(self):
        """rules 4 and 26"""
        listener, port = self.listen()
        broken = VT + b"MSH|^~\\&|A" + VT + b"MSH|^~\\&|B"
        headless = b"PID|1||T1\r"
        rejected = message("Q1") + message("Q2")
        unfinished = VT + message("Q3")[:-10]
        for data in (broken, frame(headless), frame(rejected)):
            with Client(port) as client:
                client.send(data)
                client.finish_sending()
                client.receive_all()
        with Client(port) as client:
            client.send(unfinished)
        listener.wait_for(rb"(?s)(quarantined.*){4}")
        self.assertEqual(saved(self.inbox), {})
        self.assertEqual(sorted(saved(self.inbox / "quarantine").values()),
                         sorted([broken, headless, rejected, unfinished]))

    def test_quarantine_may_be_elsewhere_and_without_saving(self):
        away = self.folder / "away"
        listener, port = self.start_listener("--quiet", "--quarantine", away)
        with Client(port) as client:
            client.send(frame(b"PID|1"))
            self.assertTrue(client.is_closed())
        listener.wait_for(rb"quarantined")
        self.assertEqual(list(saved(away).values()), [b"PID|1"])

    def test_a_batch_is_one_file(self):
        """rule 31"""
        _, port = self.listen()
        whole = batch([message("B1"), message("B2")])
        with Client(port) as client:
            client.exchange(whole)
        self.assertEqual(list(saved(self.inbox).values()), [whole])

    def test_a_message_that_asks_for_no_answer_is_saved(self):
        """rule 21"""
        _, port = self.listen()
        with Client(port) as client:
            client.send(frame(message("NE", accept="NE", application="NE")))
            client.exchange(message("END"))
        self.assertEqual(len(saved(self.inbox)), 2)

    def test_a_directory_that_cannot_be_used_is_said_with_status_3(self):
        plain = self.write("plain", b"")
        for path in (plain, self.folder / "missing" / "inbox", "/proc/orderly"):
            with self.subTest(path):
                self.assert_status(run("listen", "127.0.0.1:0", "--save", path), 3)

    @needs_root
    def test_a_directory_without_write_permission_is_said_with_status_3(self):
        self.inbox.mkdir(mode=0o500)
        os.chmod(self.folder, 0o755)
        os.chown(self.inbox, 65534, 65534)
        result = subprocess.run(
            [ORDERLY, "listen", "127.0.0.1:0", "--save", str(self.inbox)],
            user=65534, group=65534, extra_groups=[], capture_output=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 3, result)


class Durability(TestCase):
    def setUp(self):
        super().setUp()
        self.inbox = self.folder / "inbox"

    def test_a_file_that_cannot_be_written_is_answered_with_an_error_and_the_next_one_can(self):
        """rule 22. The limit on the size of files stands in for a full disk."""
        command = ["/bin/bash", "-c", 'ulimit -f 64; exec "$0" listen 127.0.0.1:0 "$@"', ORDERLY,
                   "--quiet", "--save", str(self.inbox)]
        listener = self.start(command=command)
        with Client(listener.port()) as client:
            for number in range(2):
                reply = client.exchange(message_of_size(300_000, f"BIG{number}"))
                self.assertEqual((field(reply, "MSA", 1), field(reply, "MSA", 2)),
                                 (b"AE", f"BIG{number}".encode()))
                self.assertNotEqual(field(reply, "MSA", 3), b"")
                reply = client.exchange(message(f"OK{number}"))
                self.assertEqual(field(reply, "MSA", 1), b"AA")
            enhanced = message_of_size(300_000).replace(
                b"|P|2.4", b"|P|2.4|||AL|AL", 1)
            client.send(frame(enhanced))
            self.assertEqual(field(client.receive(), "MSA", 1), b"CE")
        listener.wait_for(rb"not-stored: [^\n]*File too large")
        self.assertEqual([control_id(text) for text in saved(self.inbox).values()],
                         [b"OK0", b"OK1"])

    @needs_root
    def test_a_full_disk_is_answered_with_an_error_until_there_is_room(self):
        """rule 22"""
        self.inbox.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.inbox],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("this machine does not let us mount a small disk")
        self.addCleanup(subprocess.run, ["umount", "-l", self.inbox], check=False)
        filler = self.write("inbox/filler", b"x" * 900_000)
        listener, port = self.start_listener("--quiet", "--save", self.inbox)
        with Client(port) as client:
            reply = client.exchange(message_of_size(200_000, "FULL"))
            self.assertEqual((field(reply, "MSA", 1), field(reply, "MSA", 2)), (b"AE", b"FULL"))
            listener.wait_for(rb"not-stored: [^\n]*No space left")
            filler.unlink()
            reply = client.exchange(message_of_size(200_000, "FULL"))
            self.assertEqual(field(reply, "MSA", 1), b"AA")
        self.assertEqual([control_id(text) for text in saved(self.inbox).values()], [b"FULL"])

    def trace(self, *options, messages=5):
        """The system calls of a listener that receives messages, one at a time, in order."""
        log = self.folder / "trace"
        command = ["strace", "-f", "-y", "-s", "256", "-o", str(log), "-e",
                   "trace=fsync,fdatasync,linkat,renameat,renameat2,rename,sendto,write,openat",
                   ORDERLY, "listen", "127.0.0.1:0", "--quiet", "--save", str(self.inbox), *options]
        listener = self.start(command=command)
        with Client(listener.port()) as client:
            for number in range(messages):
                self.assertIsNotNone(client.exchange(message(f"F{number}")))
            client.finish_sending()
            client.receive_all()
        # strace passes no signal on; its child is the listener.
        child = int(pathlib.Path(f"/proc/{listener.pid}/task/{listener.pid}/children")
                    .read_text().split()[0])
        os.kill(child, signal.SIGTERM)
        listener.wait()
        return log.read_text(encoding="utf-8", errors="replace").splitlines()

    def test_the_file_then_the_directory_is_synced_before_the_answer_leaves(self):
        """rule 22"""
        self.assertIsNotNone(shutil.which("strace"), "apt-get install strace")
        steps = []
        for line in self.trace():
            if re.search(r"linkat\(.*\.hl7\"", line):
                steps.append("name")
            elif re.search(r"f(data)?sync\(\d+<[^>]*/inbox>", line):
                steps.append("sync directory")
            elif re.search(r"f(data)?sync\(\d+<[^>]*/inbox/", line):
                steps.append("sync file")
            elif "sendto(" in line and "MSA|AA" in line:
                steps.append("answer")
        self.assertEqual(steps, ["sync file", "name", "sync directory", "answer"] * 5)

    def test_a_killed_listener_leaves_whole_files_only_and_all_it_accepted(self):
        accepted = set()
        for turn in range(5):
            listener, port = self.start_listener("--quiet", "--save", self.inbox)
            text = {f"K{turn}-{number}": message_of_size(20_000, f"K{turn}-{number}")
                    for number in range(400)}
            with Client(port) as client:
                sender = threading.Thread(
                    target=lambda: client.send(b"".join(map(frame, text.values()))), daemon=True)
                sender.start()
                for _ in range(40):
                    accepted.add(field(client.receive(), "MSA", 2).decode())
                listener.kill()
                sender.join()
                while client.read_some():
                    pass
                accepted.update(re.findall(r"MSA\|AA\|(K\d+-\d+)\r", client.held.decode()))
        found = {control_id(text).decode(): text for name, text in saved(self.inbox).items()
                 if name.endswith(".hl7")}
        self.assertLessEqual(accepted, set(found))
        for name, content in found.items():
            self.assertEqual(content, message_of_size(20_000, name))


class Templates(TestCase):
    GOOD = b"MSH|^~\\&|{0-4}|{0-5}|{0-2}|{0-3}|||ACK|{0-9}|P|2.4\nMSA|AA|{0-9}|%s\n"

    def put(self, data, name="ack.hl7"):
        """Replaces the template as an editor does."""
        path = self.folder / name
        fresh = self.write(name + ".new", data)
        fresh.replace(path)
        return path

    def listen(self, data):
        listener, port = self.start_listener("--quiet", "--ack-template", self.put(data))
        return listener, Client(port)

    def test_the_answer_is_what_the_template_makes(self):
        _, client = self.listen(self.GOOD % b"one")
        with client:
            self.assertEqual(client.exchange(message("T1")),
                             b"MSH|^~\\&|RIS|RADIOLOGY|TESTAPP|TESTHOSPITAL|||ACK|T1|P|2.4\r"
                             b"MSA|AA|T1|one\r")

    def test_a_changed_template_takes_effect(self):
        listener, client = self.listen(self.GOOD % b"one")
        with client:
            for word in (b"two", b"six", b"longer"):
                self.put(self.GOOD % word)
                self.assertEqual(field(client.exchange(message()), "MSA", 3), word)
        listener.wait_for(rb"(?s)(changed template is in force.*){3}")

    def test_another_file_of_the_same_age_and_size_takes_effect(self):
        _, client = self.listen(self.GOOD % b"one")
        path = self.folder / "ack.hl7"
        with client:
            client.exchange(message())
            status = path.stat()
            self.put(self.GOOD % b"two")
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
            self.assertEqual(field(client.exchange(message()), "MSA", 3), b"two")

    def test_a_broken_template_leaves_the_last_good_one_in_force_and_says_so_once(self):
        listener, client = self.listen(self.GOOD % b"one")
        with client:
            self.put(self.GOOD % b"two" + b"{PID-}\n")
            for _ in range(3):
                self.assertEqual(field(client.exchange(message()), "MSA", 3), b"one")
            listener.wait_for(rb"ack\.hl7:3:\d+: [^\n]+\n[^\n]*last good one stays in force")
            self.assertEqual(listener.err.count(b"stays in force"), 1)
            self.put(self.GOOD % b"three")
            self.assertEqual(field(client.exchange(message()), "MSA", 3), b"three")

    def test_a_template_that_goes_away_leaves_the_last_good_one_in_force(self):
        _, client = self.listen(self.GOOD % b"one")
        with client:
            (self.folder / "ack.hl7").unlink()
            self.assertEqual(field(client.exchange(message()), "MSA", 3), b"one")

    def test_an_empty_template_never_makes_an_empty_answer(self):
        listener, client = self.listen(self.GOOD % b"one")
        with client:
            self.put(b"")
            self.assertEqual(field(client.exchange(message()), "MSA", 3), b"one")
        listener.wait_for(rb"ack\.hl7[^\n]*empty")

    def test_a_template_with_errors_at_the_start_is_wrong_use(self):
        for data in (b"{PID-}\n", b""):
            with self.subTest(data):
                path = self.write("bad", data)
                result = run("listen", "127.0.0.1:0", "--ack-template", path, timeout=20)
                self.assert_status(result, 2)
                self.assertIn(str(path).encode(), result.err)

    def test_a_placeholder_outside_the_message_is_empty(self):
        _, client = self.listen(b"MSH|^~\\&|||||||ACK|{0-9}|P|2.4\nMSA|AA|{0-9}|{7-1}{0-99}{ZZZ-3}.\n")
        with client:
            self.assertEqual(field(client.exchange(message("T1")), "MSA", 3), b".")

    def test_what_goes_wrong_is_answered_by_the_rules(self):
        """A template says what to answer to a message that is accepted."""
        _, client = self.listen(self.GOOD % b"one")
        with client:
            reply = client.exchange(message("D1") + message("D2"))
            self.assertEqual((field(reply, "MSA", 1), field(reply, "MSA", 2)), (b"AR", b"D1"))
            client.send(frame(message("NE", accept="NE", application="NE")))
            self.assertEqual(field(client.exchange(message("END")), "MSA", 2), b"END")

    def test_a_template_that_makes_nothing_of_a_message_is_an_error(self):
        _, client = self.listen(b"{ZZZ-1}")
        with client:
            self.assertEqual(field(client.exchange(message()), "MSA", 1), b"AE")

    def test_an_answer_beyond_all_bounds_is_an_error(self):
        listener, port = self.start_listener(
            "--quiet", "--max-message", "64K", "--ack-template",
            self.put(b"MSH|^~\\&|||||||ACK|1|P|2.4\n" + b"{3}" * 100 + b"ZZZ|{OBX-5}" * 1000))
        with Client(port) as client:
            reply = client.exchange(message_of_size(60_000, "B1"))
            self.assertEqual((field(reply, "MSA", 1), field(reply, "MSA", 2)), (b"AE", b"B1"))
            reply = client.exchange(message("B2"))
            self.assertNotEqual(reply, None)
        listener.wait_for(rb"reply-failed: [^\n]*template")


if __name__ == "__main__":
    main()
