#!/usr/bin/python3
"""Rows 9 and 10: a thousand tokens, each in one place only, go every way there is: stored, converted, delivered,
refused, dead, damaged, cut off, looked for, shown to the wrong request; the broker is killed once in the
middle. Then they are looked for where no patient may be: the log, the metrics, the audit log, titles and
environments of processes, error replies to peers, answers to those who asked for none. And control bytes are looked
for in the log, of which the messages had plenty."""

import contextlib
import pathlib
import re
import socket
import sys
import unittest

from figures import ORDERLY, tell

import support
from broker import Broker
from peers import Client, Peer, answering, frame, message

TOKENS = [f"KNRY{number:04}QX" for number in range(1000)]
SETUP = """
    [orderly]
    index = OBX-5 as result

    [listener in]
    address = 127.0.0.1:0

    [listener files]
    directory = {files}
    stable-for = 0ms

    [destination good]
    mllp = {good}

    [destination bad]
    mllp = {bad}
    retry = 10ms..20ms
    retry-limit = 2

    [destination program]
    command = {program}
    retry = 10ms..20ms
    retry-limit = 2

    [route plain]
    from = in, files
    to = good

    [route wrong]
    from = in
    template = wrong.hl7
    to = bad, program
    """
TEMPLATE = "{strict}\nMSH|^~\\&|A|B|C|D|{MSH-7}||ADT^A01|{MSH-10}|P|2.4\nPID|1||{PID-3.1}||{date(PID-7)}\n"
CONTROL = "\x1b]0;x\x07\x01\x02\x7f\x9b"


class Run(support.TestCase):
    def runTest(self):
        self.tokens = iter(TOKENS)
        self.used = 0
        self.seen = []  # (where, bytes)
        (self.folder / "files").mkdir()
        (self.folder / "wrong.hl7").write_text(TEMPLATE)
        program = self.folder / "program"
        program.write_text("#!/bin/sh\ncat >/dev/null\nexit 1\n")
        program.chmod(0o700)
        with Peer(answering("AA")) as good, Peer(answering("AR")) as bad:
            self.broker = Broker(self, SETUP.format(good=good.address, bad=bad.address, program=program,
                                                    files=self.folder / "files"))
            self.messages(340)
            self.noise(150)
            self.files(60)
            self.look_at_processes()
            self.questions(150)
            self.seen.append(("log", self.broker.program.err))
            self.broker.kill()
            self.broker.start()
            self.messages(200)
            self.questions(100)
            self.collect()
            self.broker.program.stop()
            self.seen.append(("log", self.broker.program.err))
        self.seen += [("audit log", path.read_bytes()) for path in self.broker.data.glob("audit.log*")]

    def token(self):
        self.used += 1
        return next(self.tokens)

    def messages(self, count):
        """In every kind of field; each tenth with what cannot be converted."""
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(Client(self.broker.port()))
            for i in range(count):
                token = self.token() + (CONTROL if i % 3 == 0 else "")
                place = i % 5
                segments = [f"PID|1||{token if place == 0 else 'T1'}||{token if place == 1 else 'DOE'}||"
                            f"{token if i % 10 == 2 else '19800101'}",
                            f"OBX|1|ST|X||{token if place in (2, 3) else 'V'}",
                            f"ZZZ|{token if place == 4 else ''}"]
                reply = client.exchange(message(f"M{self.used}", segments=segments))
                self.seen.append(("reply", reply))

    def noise(self, count):
        """Refused, damaged, cut off, between frames, in headers."""
        kinds = [lambda t: t, lambda t: b"\x0b" + t + b"\x1c\r", lambda t: b"\x0bMSH|^~\\&|" + t,
                 lambda t: frame(message("N", segments=[f"PID|1||{t.decode('latin-1')}"])[:-20]),
                 lambda t: frame(b"MSH" + t), lambda t: b"\x0b" + t + b"\x0b" + t + b"\x1c\r",
                 lambda t: frame(b"PID|1||" + t), lambda t: b"GET /" + t + b" HTTP/1.1\r\n\r\n",
                 lambda t: frame(message("N", segments=["MSH|^~\\&|" + t.decode("latin-1")]))]
        for i in range(count):
            token = (self.token() + (CONTROL if i % 2 else "")).encode("latin-1")
            with Client(self.broker.port()) as client, contextlib.suppress(OSError, AssertionError):
                client.send(kinds[i % len(kinds)](token))
                client.finish_sending()
                self.seen.append(("reply", client.receive_all()))

    def files(self, count):
        for i in range(count):
            token = self.token()
            text = message(f"F{i}", segments=[f"PID|1||{token}"]) if i % 2 else token.encode()
            (self.folder / "files" / f"{i}.hl7").write_bytes(text)
        support.wait_until(lambda: not list((self.folder / "files").glob("*.hl7")), "the files")

    def ask(self, text):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.folder / "control.sock"))
            s.sendall(text.encode("latin-1"))
            s.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: s.recv(65536), b""))

    def questions(self, count):
        """By people: the answers to what finds nothing, and to mistakes, hold nothing of what was asked."""
        forms = ["request=messages\npatient={}\n\n", "request=trace\nvalue={}\n\n",
                 "request=messages\nkey=result={}\n\n", "request=messages\ncontrol-id={}\n\n",
                 "request=messages\naccession={}\ncursor=0.0\n\n", "request=resend\npatient={}\n\n",
                 "request=message\nid=99999\nwhy={}\n\n", "request=pause\nall=1\nwhy={}\n\n",
                 "request=messages\npatient={}\nstate=nonsense\n\n", "request=export\npatient={}\n\n"]
        for i in range(count):
            answer = self.ask(forms[i % len(forms)].format(self.token()))
            self.seen.append(("answer to who asked", answer))

    def look_at_processes(self):
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if ORDERLY.encode() in (path / "cmdline").read_bytes():
                    self.seen += [("process", (path / name).read_bytes())
                                  for name in ("cmdline", "comm", "environ")]

    def collect(self):
        self.look_at_processes()
        # Not `status`: there the reason of a pause is shown as somebody wrote it.
        for request in ("metrics", "metrics\nformat=openmetrics", "routes", "journal"):
            self.seen.append(("metrics", self.ask(f"request={request}\n\n")))


def main():
    case = Run()
    result = unittest.TestResult()
    case.run(result)
    if not result.wasSuccessful():
        print("".join(text for _, text in result.failures + result.errors), file=sys.stderr)
        tell(9, "PHI canaries found", "the run failed", "0", False)
        return 1
    found = {}
    for where, data in case.seen:
        for token in re.findall(rb"KNRY\d{4}QX", data):
            found.setdefault(where, set()).add(token)
    total = sum(map(len, found.values()))
    note = "; ".join(f"{where}: {len(tokens)}" for where, tokens in sorted(found.items()))
    tell(9, "PHI canaries found", str(total), "0", total == 0, "Orderly",
         note or f"{case.used} tokens; {len(case.seen)} texts and {sum(len(d) for _, d in case.seen)} bytes searched")
    text = b"".join(data for where, data in case.seen if where == "log")
    control = len(re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", text))
    tell(10, "Control bytes reaching a log", str(control), "0", control == 0, "Orderly",
         f"{len(text)} bytes of log")
    return 0


sys.exit(main())
