"""What the broker logs: its form, its bounds, and that nothing of a message ever gets there.

The canaries: every field of every message, every answer, every reject reason and every piece of garbage
holds a token that occurs nowhere else. Messages go through each way a message can go; afterwards no
token may be in standard error, in text or JSON, in any of the spellings bytes could have there.
"""

import datetime
import json
import re
import signal

import peers
import support
from broker import Broker
from peers import Peer, frame
from support import HeldPort, wait_until

TOKEN = re.compile(rb"CAN[0-9]{5}ARY")


class Canaries:
    """Makes tokens and remembers what was made."""

    def __init__(self):
        self.made = []

    def token(self):
        self.made.append(f"CAN{len(self.made):05d}ARY")
        return self.made[-1]

    def message(self, kind="ORU^R01", more=(), header=None):
        """A message with a token wherever one can stand: MSH-3 to 8, 10, 13, 14, 17 to 21, all others."""
        t = self.token
        head = header or (f"MSH|^~\\&|{t()}|{t()}|{t()}|{t()}|20230403111111|{t()}|{kind}|{t()}|P|2.4"
                          f"|{t()}|{t()}|AL|AL|{t()}||{t()}|{t()}|{t()}")
        lines = [head, f"PID|1|{t()}|{t()}^^^{t()}^{t()}|{t()}|{t()}^{t()}||{t()}|F|{t()}~{t()}|{t()}",
                 f"OBR|1|{t()}|{t()}|{t()}^{t()}", f"OBX|1|TX|{t()}^{t()}&{t()}||{t()}~{t()}",
                 f"Z{t()[3:5]}|{t()}", *more]
        return "".join(line + "\r" for line in lines).encode()

    def answer(self, text, code):
        """An acknowledgement full of tokens, as hostile as answers get."""
        head = (f"MSH|^~\\&|{self.token()}|{self.token()}|||20230403||ACK|{self.token()}|P|2.4\r"
                f"MSA|{code}|").encode()
        tail = (f"|{self.token()}\rERR|{self.token()}^1||207|E|||{self.token()}|{self.token()}\r"
                f"ZAK|{self.token()}\r").encode()
        return head + peers.control_id(text) + tail


CONFIGURATION = """
    [orderly]
    log-format = {format}
    [listener in]
    address = 127.0.0.1:0
    duplicates = 1h
    max-message = 20k
    [listener answering]
    address = 127.0.0.1:0
    ack-template = {folder}/ack.hl7
    [listener awaiting]
    address = 127.0.0.1:0
    ack = delivered
    ack-deadline = 300ms
    [listener refusing]
    address = 127.0.0.1:0
    unrouted = refuse
    [listener undecided]
    address = 127.0.0.1:0
    [listener folder]
    directory = {folder}/in
    stable-for = 0
    [defaults destination]
    retry = 10ms..40ms
    retry-limit = 3
    timeout = 300ms
    [destination peer]
    mllp = {address}
    on-reject = retry
    [destination nobody]
    mllp = {nobody}
    [destination files]
    directory = {folder}/files
    file-name = {{control-id}}-{{id}}.hl7
    [destination nofolder]
    directory = {folder}/not/there
    [destination program]
    command = /bin/false
    [destination kept]
    command = {folder}/garble.sh
    command-mode = stream
    timeout = 1s
    [destination strict]
    mllp = {address}
    charset = us-ascii
    [route all]
    from = in, awaiting
    to = peer, nobody, files, nofolder, program
    [route kept]
    from = undecided, folder
    to = kept
    [route rejects]
    from = in
    template = {folder}/reject.hl7
    to = files
    [route fails]
    from = in
    template = {folder}/fail.hl7
    to = files
    [route retries]
    from = in
    template = {folder}/reject.hl7
    to = retrying
    [destination retrying]
    directory = {folder}/files
    on-conversion-error = retry
    [route narrow]
    from = in
    to = strict
    [route undecided]
    from = undecided
    when = required(map('table', PID-5.1)) = 'x'
    to = files
    """


class CanaryTest(support.TestCase):
    log_format = "text"

    def setUp(self):
        super().setUp()
        self.canaries = Canaries()
        for name in ("files", "in"):
            (self.folder / name).mkdir()
        # Answers that are none, with what it was sent in them.
        garble = self.write("garble.sh", b"#!/bin/sh\nwhile head -c 200; do printf '\\034\\r'; done\n")
        garble.chmod(0o700)
        self.write("ack.hl7", b"{if PV1-44}MSH|^~\\&|ME\rMSA|AA|{MSH-10}\r{else}{reject 'AE' 'no ' PID-5.1}{end}\r")
        self.write("reject.hl7", b"{reject 'AE' 'no ' PID-5.1 ' for ' MSH-10}\r")
        self.write("fail.hl7", b"MSH|^~\\&|X||||||ORU|{MSH-10}|P|2.5\rZED|{required(PID-30)}\r")
        self.write("table.csv", b"a,b\n")

    def answers(self, connection):
        """AE, AR, garbage, another message's id, nothing, a close: in turn."""
        number = 0
        while (text := connection.receive()) is not None:
            kinds = [
                lambda t: frame(self.canaries.answer(t, "AE")),
                lambda t: frame(self.canaries.answer(t, "AR")),
                lambda t: frame(self.canaries.token().encode()),
                lambda t: frame(self.canaries.answer(self.canaries.message(), "AA")),
                lambda t: self.canaries.token().encode() + b"\r\n",
                lambda t: frame(self.canaries.message()),
                lambda t: frame(self.canaries.answer(t, self.canaries.token())),
                lambda t: b"\x0b" + self.canaries.token().encode(),
                lambda t: frame(self.canaries.answer(t, "AA")),
            ]
            connection.send(kinds[(connection.number + number) % len(kinds)](text))
            number += 1
            if (connection.number + number) % 4 == 0:
                return

    def exchange(self, broker, listener, payload):
        with broker.client(listener) as client:
            client.send(payload)
            client.finish_sending()
            client.receive_all()

    def feed(self, broker):
        """Each way that bytes can take."""
        c = self.canaries
        good = c.message()
        other = good.replace(c.made[-1].encode(), c.token().encode())
        for payload in (good, good, other, c.message("ADT^A01"), c.message(c.token()),
                        c.message(more=["MSH|^~\\&|" + c.token()]), c.message(header=c.token() + "|x"),
                        c.message(more=["X" + c.token() + "\x01"]), c.token().encode(),
                        b"<xml>" + c.token().encode() + b"</xml>",
                        c.message() + b"\r\rPID" + c.token().encode() + b"\xff\xfe\x80",
                        c.message().replace(b"OBX", "ÖBX".encode()),
                        c.message(header="MSH|^~\\&"), c.message(header="MSH^|||" + c.token()),
                        peers.batch([c.message(), c.message()], c.token()),
                        peers.batch([c.message(), c.token().encode()], c.token(), count=7),
                        b"BHS|" + c.token().encode() + b"\r",
                        c.message().decode().encode("utf-16"),
                        c.message(more=["OBX|2|TX|||" + "Ä" * 50 + c.token()]),
                        c.message(more=["OBX|3|TX|||" + c.token() * 3000])):
            self.exchange(broker, "in", frame(payload))
        for raw in (c.message(), c.token().encode() + frame(c.message()),
                    frame(c.message()) + c.token().encode() + b"\r" + frame(c.message()),
                    b"\x0b" + c.message(), b"\x0b" + c.message() + b"\x0b" + c.message(),
                    c.token().encode() + b"\x1c\r", b"GET /" + c.token().encode() + b" HTTP/1.1\r\n\r\n",
                    b"\r\n" * 40 + c.token().encode() * 3000):
            self.exchange(broker, "in", raw)
        for bytes_ in (c.message(), c.token().encode(), c.message() + c.token().encode()):
            name = f"{c.token()}.hl7"
            self.write(f"in/.{name}", bytes_).rename(self.folder / "in" / name)
        for listener in ("answering", "awaiting", "refusing", "undecided"):
            self.exchange(broker, listener, frame(c.message()))

    def check(self, log, seen_by_peer):
        self.assertGreater(len(self.canaries.made), 500)
        self.assertGreater(seen_by_peer, 3)
        self.assertEqual(TOKEN.findall(log), [])
        # Nor in hexadecimal, in UTF-16 or in small letters.
        self.assertNotIn(b"CAN0".hex().encode(), log.lower())
        self.assertNotIn(b"can0", log.lower())
        self.assertNotIn(b"C\\x00A", log)
        for event in (b"retry", b"dead-letter", b"unreadable-message", b"broken-frame", b"junk",
                      b"not-hl7", b"conflict", b"duplicate", b"unrouted", b"reply-failed"):
            self.assertIn(event, log)

    def is_settled(self, broker):
        """Nothing is pending, and each lane that fails has its dead letters."""
        answer = support.run("status", "--config", broker.path, "--json")
        records = [json.loads(line) for line in answer.out.splitlines()]
        lanes = {f"{lane['route']}/{lane['destination']}": lane
                 for lane in records if lane["record"] == "lane"}
        return (all(lane["depth"] == 0 for lane in lanes.values())
                and all(name in lanes and lanes[name]["dead"] > 0 for name in (
                    "all/peer", "all/nobody", "all/nofolder", "all/program", "fails/files",
                    "rejects/files", "retries/retrying", "narrow/strict", "kept/kept"))
                and not list((self.folder / "in").glob("*.hl7")))

    def test_nothing_of_a_message_is_ever_logged(self):
        with Peer(self.answers) as peer, HeldPort() as nobody:
            broker = Broker(self, CONFIGURATION.format(
                format=self.log_format, folder=self.folder, address=peer.address,
                nobody=nobody.address))
            self.feed(broker)
            wait_until(lambda: self.is_settled(broker), "the end of all deliveries")
            wait_until(lambda: list((self.folder / "files").iterdir()), "a file")
            result = broker.stop()
            self.assert_status(result, 0)
            self.check(result.err, len(peer.messages))
            self.look_at_lines(result.err)

    def look_at_lines(self, log):
        for line in log.splitlines():
            self.assertRegex(line, rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d orderly: "
                                   rb"(info|warning|error): [a-z0-9-]+: ")


class CanaryTestInJson(CanaryTest):
    log_format = "json"

    def look_at_lines(self, log):
        for line in log.splitlines():
            entry = json.loads(line)
            self.assertEqual(list(entry)[:3], ["time", "level", "event"])
            self.assertEqual(list(entry)[-1], "text")
            when = datetime.datetime.fromisoformat(entry["time"])
            self.assertIsNotNone(when.tzinfo)
            self.assertIn(entry["level"], ("info", "warning", "error"))
            if entry["event"] == "retry" and "try" in entry:
                self.assertRegex(entry["lane"], r"^\w+/\w+/0$")
                self.assertRegex(entry["message"], r"^\d+$")


class FormTest(support.TestCase):
    CONFIGURATION = """
        [orderly]
        {more}
        [listener in]
        address = 127.0.0.1:0
        """

    def test_level_and_format_change_with_a_reload(self):
        broker = Broker(self, self.CONFIGURATION.format(more="log-format = text"))
        broker.configure(self.CONFIGURATION.format(more="log-format = json"))
        broker.program.send_signal(signal.SIGHUP)
        broker.program.wait_for(rb'"event":"reloaded"')
        with HeldPort() as held:
            # The one line of this reload that is an error.
            broker.configure(self.CONFIGURATION.format(more="log-format = json\nlog-level = error")
                             + f"[listener taken]\naddress = {held.address}\n")
            held.socket.listen()
            broker.program.send_signal(signal.SIGHUP)
            broker.program.wait_for(rb'"event":"not-listening","listener":"taken"')
        result = broker.stop()
        self.assert_status(result, 0)
        self.assertEqual(result.err.count(b'"event":"reloaded"'), 1)
        self.assertNotIn(b'"event":"ending"', result.err)

    def test_lines_of_a_flood_are_counted(self):
        broker = Broker(self, self.CONFIGURATION.format(more="log-level = info"))
        with broker.client() as client:
            ids = [f"F{i}" for i in range(400)]
            client.send(b"".join(frame(peers.message(i)) for i in ids))
            for _ in ids:
                client.receive()
        broker.program.wait_for(rb"unrouted: listener=in no route")
        result = broker.stop()
        lines = result.err.count(b"unrouted: listener=in no route")
        seconds = len(set(re.findall(rb"T(\d\d:\d\d:\d\d)\.\d+\S* orderly: warning: unrouted",
                                     result.err)))
        self.assertLessEqual(lines, 10 * (seconds + 1))
        self.assertLess(lines, 400)


if __name__ == "__main__":
    support.main()
