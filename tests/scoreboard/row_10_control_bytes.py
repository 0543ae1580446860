#!/usr/bin/python3
"""Row 10: control bytes, escape sequences of terminals and line ends in every place a peer can put some: the fields
of headers, control ids, answers, bytes outside frames, names of files. Counted are those that reach the log,
as text and as JSON."""

import unittest

import row

import peers
import support
from broker import Broker
from peers import Peer, frame
from support import wait_until

NAME = "control bytes that reach a log"
BYTES = [bytes([code]) for code in (*range(1, 11), 12, *range(14, 28), 29, 30, 31, 127)]
CONFIGURATION = """
    [orderly]
    log-format = {format}
    [listener in]
    address = 127.0.0.1:0
    [listener files]
    directory = {folder}/in
    stable-for = 50ms
    [destination out]
    mllp = {peer}
    on-error = dead
    on-reject = dead
    [route all]
    from = in, files
    to = out
    """


def hostile(byte):
    """A message with the byte, and something a terminal would obey, in all it can be quoted from."""
    evil = b"a" + byte + b"\x1b[31mb" + byte
    return (b"MSH|^~\\&|" + b"|".join([evil] * 4) + b"|20260101||" + evil + b"^" + evil + b"|" + evil +
            b"|P|" + evil + b"\rPID|" + evil + b"\r")


def rejecting(text):
    """An answer whose every field is hostile."""
    return (b"MSH|^~\\&|\x1b[2J|\x07|||20260101||ACK|\x1b]0;x\x07|P|2.4\rMSA|AR|" +
            peers.control_id(text) + b"|\x1b[31m\x08\rERR|\x1b[2J\r")


class Run(support.TestCase):
    log_format = "text"
    found = None

    def runTest(self):
        folder = self.folder / "in"
        folder.mkdir()
        with Peer(peers.replying(rejecting)) as peer:
            broker = Broker(self, CONFIGURATION.format(format=self.log_format, folder=self.folder,
                                                       peer=peer.address))
            for byte in BYTES:
                self.send(broker.port(), frame(hostile(byte)))
                self.send(broker.port(), byte + b"\x1b[31m" + byte * 3)
            for byte in (b"\x1b", b"\n", b"\x07"):
                (folder / f"x{byte.decode()}[31m.hl7").write_bytes(b"no message " + byte)
            wait_until(lambda: not [name for name in folder.iterdir() if name.is_file()], "the files")
            peer.close(check=False)
            log = broker.stop().err
        self.lines = log.count(b"\n")
        self.found = sum(1 for code in log if (code < 32 and code != 10) or code == 127)
        self.found += sum(1 for line in log.splitlines()
                          if not line.startswith((b"20", b"{", b"orderly: ")))

    @staticmethod
    def send(port, data):
        with peers.Client(port) as client:
            client.send(data)
            client.finish_sending()
            try:
                client.receive()
            except (ConnectionError, OSError):
                pass


def main():
    total = 0
    lines = 0
    for log_format in ("text", "json"):
        case = Run()
        case.log_format = log_format
        result = unittest.TestResult()
        case.run(result)
        if case.found is None:
            row.cannot(10, NAME, (result.errors + result.failures)[0][1].splitlines()[-1], "0")
        total += case.found
        lines += case.lines
    row.report(10, NAME, f"{total} (in {lines} lines)", "0", total == 0)


if __name__ == "__main__":
    main()
