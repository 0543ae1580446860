"""`orderly listen` against damage and malice: frame bytes in every position, noise, resets, and
what of a message may be seen in the log."""

import concurrent.futures
import itertools
import pathlib
import random
import re
import shutil
import tempfile

from peers import CR, FS, VT, Client, batch, control_id, frame, message, random_bytes
from support import BUILD, TestCase, main, wait_until

INSTRUMENTED = BUILD not in ("plain", "clang")


def small(control):
    """A message of two short segments: damage is tried at every byte of it."""
    return (f"MSH|^~\\&|A|B|C|D|20230101||ADT^A01|{control}|P|2.4\r"
            "PID|1||T1||DOE^JANE^TEST\r").encode()


def damages(whole):
    """Every insertion of VT, of FS and of two bytes of VT, FS, CR, and every replacement by VT or
    FS, at every position of a frame."""
    inserted = [VT, FS] + [a + b for a, b in itertools.product((VT, FS, CR), repeat=2)]
    for at in range(len(whole) + 1):
        for more in inserted:
            yield whole[:at] + more + whole[at:]
        for other in (VT, FS):
            if at < len(whole) and whole[at:at + 1] != other:
                yield whole[:at] + other + whole[at + 1:]


def answers(port, data):
    """Everything that comes back for these bytes; the sending side is closed behind them."""
    with Client(port) as client:
        client.send(data)
        try:
            client.finish_sending()
        except OSError:
            pass
        return client.receive_all()


class Damage(TestCase):
    def check(self, *options):
        # Thousands of files, each synced: in memory, where there is such a place.
        shared = pathlib.Path("/dev/shm")
        folder = tempfile.mkdtemp(prefix="orderly-test-", dir=shared if shared.is_dir() else None)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        inbox = pathlib.Path(folder) / "inbox"
        _, port = self.start_listener("--quiet", "--save", inbox, *options)
        count = sum(1 for _ in damages(frame(small("D00000"))))
        ids = [f"D{number:05}" for number in range(count)]
        streams = [damaged + frame(small("G" + each[1:])) for each, damaged in (
            (each, next(itertools.islice(damages(frame(small(each))), number, None)))
            for number, each in enumerate(ids))]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            replies = b"".join(pool.map(lambda stream: answers(port, stream), streams))
        sent = {small(each) for each in ids} | {small("G" + each[1:]) for each in ids}
        # Two CRs more are no damage that anyone could see: another message, but one message.
        for each in ids:
            original = small(each)
            sent.update(original[:at] + CR + CR + original[at:]
                        for at in range(len(original) + 1))
        found = [path.read_bytes() for path in inbox.glob("*.hl7")]
        self.assertGreater(len(found), len(ids) // 10)
        for text in found:
            self.assertIn(text, sent)
        accepted = re.findall(rb"MSA\|[AC]A\|([^|\r]*)", replies)
        self.assertEqual(len(accepted), len(found))
        # A CR inside MSH-10 cuts the id short; the bytes saved are still those sent.
        self.assertEqual(sorted(accepted), sorted(map(control_id, found)))

    def test_frame_bytes_anywhere_never_merge_messages_nor_make_a_damaged_one_accepted(self):
        """rule 4"""
        self.check()

    def test_the_same_holds_with_a_strict_end(self):
        """rule 4"""
        self.check("--strict-end")

    def test_the_pieces_of_a_message_that_was_torn_are_not_accepted(self):
        """rule 4: a whole trailer in the middle, in writes of their own."""
        listener, port = self.start_listener("--quiet")
        text = small("TORN")
        for at in range(20, len(text), 7):
            with self.subTest(at=at), Client(port) as client:
                client.send(VT + text[:at] + FS + CR)
                # The front may be answered before the rest is there. The rest has an end without
                # a start: nothing behind it is believed, wherever the bytes were cut.
                client.send(text[at:] + FS + CR + frame(small("NEXT")))
                client.finish_sending()
                self.assertNotIn(b"|NEXT", client.receive_all())
        listener.stop()


class Noise(TestCase):
    def strings(self, seed, count):
        """Half of it noise, half of it frames that were cut, joined and changed."""
        source = random.Random(seed)
        good = [frame(message(f"N{number}")) for number in range(8)] + [
            frame(batch([message("X1"), message("X2")]))]
        for number in range(count):
            if number % 2 == 0:
                yield random_bytes(seed + number, source.randrange(1, 600))
                continue
            data = bytearray(b"".join(source.choice(good)
                                      for _ in range(source.randrange(1, 4))))
            for _ in range(source.randrange(0, 6)):
                at = source.randrange(len(data))
                kind = source.randrange(4)
                if kind == 0:
                    del data[at:at + source.randrange(1, 50)]
                elif kind == 1:
                    data[at:at] = random_bytes(source.randrange(1 << 30), 3)
                else:
                    data[at] = source.choice(b"\x0b\x1c\r\n|^~\\&\x00\xff\x1bM")
                if not data:
                    break
            yield bytes(data)

    def throw(self, port, seed, count):
        def one(numbered):
            number, data = numbered
            with Client(port) as client:
                client.send(data)
                if number % 4 == 0:
                    client.reset()
                elif number % 4 != 1:
                    try:
                        client.finish_sending()
                    except OSError:
                        return
                    client.receive_all()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for _ in pool.map(one, enumerate(self.strings(seed, count))):
                pass

    def test_ten_thousand_random_strings_do_no_harm(self):
        """No crash, no hang, no growth beyond 4 MB after a warm-up."""
        listener, port = self.start_listener("--json", "--color", "never")
        at_rest = listener.descriptors()
        self.throw(port, 1, 2000)
        before = listener.resident_kilobytes()
        self.throw(port, 100_000, 8000)
        wait_until(lambda: listener.descriptors() == at_rest, "closed descriptors")
        if not INSTRUMENTED:
            self.assertLess(listener.resident_kilobytes(), before + 4096)
        with Client(port) as client:
            self.assertIn(b"MSA|AA|LAST", client.exchange(message("LAST")))
        self.assert_status(listener.stop(), 0)

    def test_resets_at_any_moment_leave_nothing_behind(self):
        listener, port = self.start_listener("--quiet")
        at_rest = listener.descriptors()
        stream = frame(message("R1")) * 3
        for at in range(0, len(stream), 5):
            client = Client(port)
            client.send(stream[:at])
            if at % 2:
                client.socket.settimeout(0.005)
                try:
                    client.socket.recv(10)
                except OSError:
                    pass
            client.reset()
        wait_until(lambda: listener.descriptors() == at_rest, "closed descriptors")
        with Client(port) as client:
            self.assertIsNotNone(client.exchange(message()))
        self.assert_status(listener.stop(), 0)


class Privacy(TestCase):
    """Patient data goes where it was asked for, and never to standard error."""

    CANARY = "CANARY"

    def fields(self, name, count):
        return name + "".join(f"|{self.CANARY}{number}^{self.CANARY}" for number in range(count))

    def header(self, delimiters="^~\\&"):
        return f"MSH|{delimiters}" + self.fields("", 20)

    def payloads(self):
        c = self.CANARY
        header = self.header()
        body = "\r".join([self.fields("PID", 30), self.fields("OBX", 20), self.fields("ZZZ", 5)])
        whole = f"{header}\r{body}\r"
        bhs = "BHS|^~\\&" + self.fields("", 12)
        return {"good": frame(whole.encode()),
                "two headers": frame((whole + whole).encode()),
                "same delimiters": frame(f"{self.header('^^^^')}\r{body}\r".encode()),
                "bad delimiters": frame(f"{self.header(c)}\r{body}\r".encode()),
                "no header": frame(body.encode()),
                "wide": frame(whole.encode("utf-16-be")),
                "batch": frame(f"{bhs}\r{whole}BTS|1\r".encode()),
                "batch with a wrong count": frame(f"{bhs}\r{whole}BTS|{c}|{c}\r".encode()),
                "batch out of order": frame(f"{bhs}\rBTS|1\r{bhs}\r{body}\r".encode()),
                "bad batch header": frame(f"BHS|{c}|\r{whole}BTS|1\r".encode()),
                "bad file header": frame(f"FHS{c}\r{whole}".encode()),
                "start inside": VT + whole.encode() + VT + whole.encode() + FS + CR,
                "end inside": VT + header.encode() + FS + body.encode() + FS + CR,
                "doubtful": frame(whole.encode()) + whole.encode() + FS,
                "not finished": VT + whole.encode(),
                "too long": frame(whole.encode() + b"NTE|" + (c * 20_000).encode()),
                "markup": frame(f"<{c}/>".encode()),
                "http": f"GET /{c} HTTP/1.1\r\nX: {c}\r\n\r\n".encode(),
                "junk": (b"sixteen bytes...." + whole.encode()),
                "no frame": whole.encode()[:4] + whole.encode().replace(b"MSH|", b"", 1)}

    def assert_nothing_seen(self, listener, port):
        for name, data in self.payloads().items():
            if name == "no frame":
                data = b"MSH|^~\\&|||||||" + data  # the first 16 bytes may be shown (rule 3)
            with self.subTest(name):
                answers(port, data)
        result = listener.stop()
        self.assert_status(result, 0)
        self.assertNotIn(self.CANARY.encode(), result.err)
        self.assertNotIn(self.CANARY.encode().hex().encode(), result.err.lower())
        self.assertIn(b"broken-frame", result.err)
        return result

    def test_nothing_of_a_message_is_logged(self):
        listener, port = self.start_listener("--max-message", "64K")
        result = self.assert_nothing_seen(listener, port)
        self.assertIn(self.CANARY.encode(), result.out)

    def test_nothing_is_logged_with_files_and_a_template_that_fails(self):
        template = self.write("ack", b"MSH|^~\\&|{PID-5}\n" + b"{PID}" * 20_000)
        listener, port = self.start_listener(
            "--max-message", "64K", "--json", "--save", self.folder / "inbox",
            "--ack-template", template)
        result = self.assert_nothing_seen(listener, port)
        self.assertIn(b"reply-failed", result.err)

    def test_nothing_is_logged_with_a_program_that_fails(self):
        program = self.write("program", b"#!/bin/sh\ncat\nexit 1\n")
        program.chmod(0o755)
        listener, port = self.start_listener("--max-message", "64K", "--exec", program)
        result = self.assert_nothing_seen(listener, port)
        self.assertIn(b"reply-failed", result.err)


if __name__ == "__main__":
    main()
