"""MLLP peers for the system tests: messages, frames, a client, servers well-behaved and hostile.

Written with the standard library alone and without looking at libhl7, so that a mistake there is
not repeated here. Everything is bounded in time. Patients are invented.

A server is a Peer with a handler that runs once for each connection, in a thread of its own:

    def handler(connection):
        while (message := connection.receive()) is not None:
            connection.send(frame(ack(message, "AA")))

    with Peer(handler) as peer:
        run("send", peer.address, path)
    peer.messages      what arrived, in order
"""

import random
import socket
import struct
import threading

from support import PATIENCE, HeldPort

VT, FS, CR = b"\x0b", b"\x1c", b"\r"


# ---- Messages -----------------------------------------------------------------------------------


def message(control_id="T1", kind="ORU^R01", *, accept="", application="", segments=None,
            version="2.4", end=b"\r"):
    """A message of an invented patient. `accept` and `application` are MSH-15 and MSH-16."""
    header = (f"MSH|^~\\&|TESTAPP|TESTHOSPITAL|RIS|RADIOLOGY|20230403111111||{kind}|{control_id}"
              f"|P|{version}|||{accept}|{application}").rstrip("|")
    body = segments if segments is not None else [
        "PID|1||T0001^^^TEST^MR||DOE^JANE^TEST||19000101|F",
        "OBR|1||T5001|MMG0001^Mammography|||20041228000000",
        "OBX|1|NM|RAB0001^Abnormality Score||99.23||||||P"]
    return b"".join(line.encode() + end for line in [header, *body])


def message_of_size(size, control_id="BIG"):
    """A message of exactly `size` bytes: one long OBX-5."""
    start = message(control_id, segments=[]) + b"OBX|1|TX|TEST^Filler||"
    assert size > len(start) + 1
    return start + b"x" * (size - len(start) - 1) + CR


def batch(messages, control_id="B1", count=None):
    """[BHS] messages [BTS]; `count` is what BTS-1 says, by default the truth."""
    said = len(messages) if count is None else count
    head = f"BHS|^~\\&|TESTAPP|TESTHOSPITAL|RIS|RADIOLOGY|20230403111111||||{control_id}\r".encode()
    return head + b"".join(messages) + f"BTS|{said}\r".encode()


def field(text, segment, number):
    """A raw field of the first segment of that name, counted as HL7 counts; b"" when absent."""
    for line in text.replace(b"\n", b"\r").split(b"\r"):
        if line[:3] == segment.encode():
            pieces = line.split(line[3:4])
            index = number - 1 if segment in ("MSH", "BHS", "FHS") else number
            return pieces[index] if index < len(pieces) else b""
    return b""


def control_id(text):
    """MSH-10."""
    return field(text, "MSH", 10)


def ack(text, code="AA", *, of=None, own=None, reason="", more=b"", with_msa=True):
    """An acknowledgement of a message; `of` puts another id into MSA-2, `own` into MSH-10."""
    answered = control_id(text) if of is None else of
    own = own if own is not None else b"A" + control_id(text)
    result = (b"MSH|^~\\&|RIS|RADIOLOGY|TESTAPP|TESTHOSPITAL|20230403111112||ACK|" + own
              + b"|P|2.4\r")
    if with_msa:
        tail = b"|" + reason.encode() if reason else b""
        result += b"MSA|" + code.encode() + b"|" + answered + tail + b"\r"
    return result + more


def frame(payload):
    return VT + payload + FS + CR


def frames(data):
    """The payloads of a run of whole, well-made frames."""
    result = []
    while data:
        assert data[:1] == VT, data[:40]
        end = data.index(FS + CR)
        result.append(data[1:end])
        data = data[end + 2:]
    return result


# ---- Connections --------------------------------------------------------------------------------


class Connection:
    """One TCP connection, on either side, with the calls a test script is made of."""

    def __init__(self, sock, number=0, note=None, stopping=None):
        self.socket = sock
        self.number = number
        self.note = note
        self.stopping = stopping or threading.Event()
        self.held = b""
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def read_some(self):
        """More bytes into `held`; False at the end of the connection."""
        try:
            data = self.socket.recv(1 << 20)
        except (ConnectionError, OSError) as trouble:
            if isinstance(trouble, TimeoutError):
                raise AssertionError(f"nothing arrived in {PATIENCE} s") from None
            return False
        self.held += data
        return bool(data)

    def receive(self):
        """The payload of the next frame; None when the peer closed. Anything but a frame fails."""
        end = self.held.find(FS + CR)
        while end < 0:
            seen = len(self.held)
            if not self.read_some():
                assert not self.held, f"closed inside a frame: {self.held[:200]!r}"
                return None
            end = self.held.find(FS + CR, max(seen - 1, 0))
        assert self.held[:1] == VT, f"not a frame: {self.held[:200]!r}"
        payload, self.held = self.held[1:end], self.held[end + 2:]
        assert VT not in payload and FS not in payload, f"frame bytes inside: {payload[:200]!r}"
        if self.note is not None:
            self.note(self, payload)
        return payload

    def receive_all(self):
        """Everything until the peer closes."""
        while self.read_some():
            pass
        result, self.held = self.held, b""
        return result

    def is_closed(self):
        """Waits for the peer to close; True when nothing more came before it did."""
        return not self.held and not self.read_some()

    def send(self, data):
        """False when the peer is gone."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def send_pieces(self, data, size=1):
        """Byte by byte, each in a packet of its own as far as the system lets us."""
        return all(self.send(data[at:at + size]) for at in range(0, len(data), size))

    def wait_for_close(self):
        """Reads and forgets until the peer closes or the server ends."""
        while not self.stopping.is_set() and self.read_some():
            self.held = b""

    def finish_sending(self):
        """Closes our side only."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()


class Client(Connection):
    """A connection to a listener.

        with Client(port) as client:
            client.send(frame(message("T1")))
            reply = client.receive()
    """

    def __init__(self, port, host="127.0.0.1"):
        super().__init__(socket.create_connection((host, port), PATIENCE))

    def exchange(self, payload):
        """Sends one message, framed; its reply."""
        assert self.send(frame(payload)), "the connection is gone"
        return self.receive()


# ---- Servers ------------------------------------------------------------------------------------


class Peer:
    """A server on 127.0.0.1 that runs `handler(connection)` for each connection.

    The connection is closed when the handler returns. What connection.receive() yields is kept in
    `received` as (connection number, payload). A handler that fails makes close() fail. `held` is
    a support.HeldPort to listen at, for a peer that comes up late.
    """

    def __init__(self, handler, held=None):
        self.handler = handler
        self.listener = (held or HeldPort()).listen()
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.lock = threading.Lock()
        self.received = []
        self.connections = []
        self.failures = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close(check=kind is None)

    @property
    def messages(self):
        """The payloads received so far, over all connections."""
        with self.lock:
            return [payload for _, payload in self.received]

    @property
    def ids(self):
        """Their control ids, as text."""
        return [control_id(payload).decode() for payload in self.messages]

    def _note(self, connection, payload):
        with self.lock:
            self.received.append((connection.number, payload))

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                connection = Connection(sock, len(self.connections), self._note, self.stopping)
                self.connections.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self.threads.append(thread)
            thread.start()

    def _serve(self, connection):
        try:
            self.handler(connection)
        except Exception as failure:  # pylint: disable=broad-except
            if not self.stopping.is_set():
                self.failures.append(failure)
        finally:
            connection.close()

    def close(self, check=True):
        self.stopping.set()
        # shutdown() wakes the thread that waits in accept(); close() alone does not.
        for sock in [self.listener, *(connection.socket for connection in self.connections)]:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.listener.close()
        for thread in list(self.threads):
            thread.join(PATIENCE)
        if check and self.failures:
            raise self.failures[0]


# Handlers. Those that take settings are made by a call: Peer(answering("AE")).


def answering(*codes, reason=""):
    """Acknowledges each message with these codes, in turn: answering("CA", "AA") sends both."""
    def handler(connection):
        while (text := connection.receive()) is not None:
            for code in codes:
                connection.send(frame(ack(text, code, reason=reason)))
    return handler


def answering_in_order(*codes):
    """The first message of the peer gets the first code, and so on; the last code goes on. "close"
    closes instead, "silence" says nothing."""
    rest = list(codes)
    lock = threading.Lock()

    def handler(connection):
        while (text := connection.receive()) is not None:
            with lock:
                code = rest.pop(0) if len(rest) > 1 else rest[0]
            if code == "close":
                return
            if code != "silence":
                connection.send(frame(ack(text, code)))
    return handler


def replying(make):
    """Sends the bytes make(message) for each message: framing is up to the test."""
    def handler(connection):
        while (text := connection.receive()) is not None:
            connection.send(make(text))
    return handler


def replying_and_closing(make):
    """The same for one message, then closes."""
    def handler(connection):
        text = connection.receive()
        if text is not None:
            connection.send(make(text))
    return handler


def split(make, size=1):
    """Sends make(message) in pieces."""
    def handler(connection):
        while (text := connection.receive()) is not None:
            connection.send_pieces(make(text), size)
    return handler


def silent(connection):
    """Takes everything and never says a word."""
    connection.wait_for_close()


def silent_but_noting(connection):
    """Notes every message and never says a word."""
    while connection.receive() is not None:
        pass


def closing_at_once(connection):
    """Closes before reading."""
    connection.finish_sending()
    connection.wait_for_close()


def closing_after_message(connection):
    """Reads one message and closes without an answer."""
    connection.receive()


def resetting(connection):
    """Reads one message and resets the connection."""
    connection.receive()
    connection.reset()


def http_server(connection):
    """What a web server says to an HL7 message."""
    connection.read_some()
    connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n"
                    b"\r\n<html><body>Bad Request</body></html>\n")


def tls_server(connection):
    """What a TLS server says to bytes that are no ClientHello: alert, fatal, unexpected message."""
    connection.read_some()
    connection.send(b"\x15\x03\x03\x00\x02\x02\x0a")


# ---- Bytes that must do no harm -----------------------------------------------------------------


def random_bytes(seed, size):
    """Repeatable noise, rich in the bytes that mean something to MLLP and HL7."""
    source = random.Random(seed)
    alphabet = b"\x0b\x1c\r\n|^~\\&MSHPIDA0\x00\xff"
    return bytes(source.choice(alphabet) if source.random() < 0.7 else source.randrange(256)
                 for _ in range(size))
