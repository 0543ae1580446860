"""The peers of the kill test: senders that go on until they are acknowledged, and receivers that
acknowledge everything. Each keeps its own ledger."""

import selectors
import socket
import threading
import time

VT, END = b"\x0b", b"\x1c\r"


def frame(payload):
    return VT + payload + END


def field(payload, segment, number):
    """A field of the first segment of that name, as HL7 counts."""
    at = payload.find(b"\r" + segment + b"|") + 1 if segment != b"MSH" else 0
    pieces = payload[at:payload.find(b"\r", at)].split(b"|")
    place = number - 1 if segment == b"MSH" else number
    return pieces[place] if place < len(pieces) else b""


# ---- Senders ------------------------------------------------------------------------------------


class Content:
    """The messages of one sender: invented, of many sizes, with bytes of every kind."""

    def __init__(self, name, source, keys):
        self.name = name
        self.source = source
        self.keys = keys
        self.count = 0

    def size(self):
        """Mostly small; some larger than a buffer, a few larger than a page of anything."""
        chance = self.source.random()
        return (self.source.randrange(200) if chance < 0.93 else
                self.source.randrange(20000) if chance < 0.99 else self.source.randrange(300000))

    def next(self):
        """(control id, bytes, key)."""
        number = f"{self.name}-{self.count}"
        key = f"{self.name}P{self.source.randrange(self.keys)}"
        self.count += 1
        filler = self.source.randbytes(self.size()).translate(None, b"\x0b\x1c\r\n\x00\\|^~&")
        payload = (f"MSH|^~\\&|{self.name}|TESTHOSPITAL|RIS|RADIOLOGY|20260101||ORU^R01|{number}"
                   f"|P|2.4\rPID|1||{key}^^^TEST||DOE^JANE^TEST\rOBX|1|TX|T^Test||").encode()
        return number, payload + filler + b"\r", key


class Sender(threading.Thread):
    """Sends messages, `window` of them at once, over one connection; when that ends, those without
    an answer again, first of all, over the next one."""

    def __init__(self, ledger, content, address, window=1):
        super().__init__(daemon=True)
        self.ledger = ledger
        self.content = content
        self.address = address
        self.window = window
        self.waiting = []
        self.ending = threading.Event()
        self.refusals = 0
        self.failure = None

    def run(self):
        try:
            while not self.ending.is_set() or self.waiting:
                self.connect_and_send()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def connect_and_send(self):
        try:
            with socket.create_connection(self.address, 10) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.talk(sock)
        except OSError:
            time.sleep(0.005)

    def transmit(self, sock, messages):
        for number, payload, key in messages:
            self.ledger.sending(number, payload, key)
        sock.sendall(b"".join(frame(payload) for _, payload, _ in messages))

    def talk(self, sock):
        held = b""
        self.transmit(sock, self.waiting)
        while not self.ending.is_set() or self.waiting:
            fresh = []
            while len(self.waiting) < self.window and not self.ending.is_set():
                fresh.append(self.content.next())
                self.waiting.append(fresh[-1])
            self.transmit(sock, fresh)
            data = sock.recv(65536)
            if not data:
                return
            *replies, held = (held + data).split(END)
            if not all([self.take(reply) for reply in replies]):
                return

    def take(self, reply):
        """The answer to the oldest message. False when it has to be sent again."""
        number = self.waiting[0][0]
        named = field(reply[1:], b"MSA", 2).decode()
        if reply[:1] != VT or named != number:
            raise AssertionError(f"the answer to {number} names {named!r}: {reply[:200]!r}")
        code = field(reply[1:], b"MSA", 1)
        if code != b"AA":
            self.refusals += 1
            return False
        self.ledger.acknowledged.add(number)
        self.waiting.pop(0)
        return True


# ---- Receivers ----------------------------------------------------------------------------------


class _Incoming:
    def __init__(self, sock, destination, number):
        self.sock = sock
        self.destination = destination
        self.number = number
        self.held = bytearray()
        self.owed = []


class Receivers(threading.Thread):
    """All receivers, in one thread: what arrives is noted, then answered AA. One that may get several
    messages before it answers lets them gather, by chance, so that a kill finds them under way."""

    def __init__(self, destinations, source):
        super().__init__(daemon=True)
        self.selector = selectors.DefaultSelector()
        self.listeners = []
        self.addresses = {}
        self.connections = 0
        self.open = set()
        self.silent = threading.Event()
        self.asked = threading.Event()
        self.ending = False
        self.failure = None
        self.source = source
        for destination in destinations:
            listener = socket.create_server(("127.0.0.1", 0), backlog=64)
            listener.setblocking(False)
            self.listeners.append((listener, destination))
            self.addresses[destination.name] = f"127.0.0.1:{listener.getsockname()[1]}"
            self.selector.register(listener, selectors.EVENT_READ, destination)

    def run(self):
        try:
            while not self.ending:
                ready = self.selector.select(0.005 if self.asked.is_set() else 0.02)
                for key, _ in ready:
                    if isinstance(key.data, _Incoming):
                        self.read(key.data)
                for incoming in [] if ready else self.open:
                    self.answer(incoming)
                if self.accept() == 0 and self.asked.is_set() and not self.open:
                    self.asked.clear()
                    self.silent.set()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure
            self.silent.set()

    def accept(self):
        accepted = 0
        for listener, destination in self.listeners:
            try:
                while True:
                    sock, _ = listener.accept()
                    sock.settimeout(10)
                    incoming = _Incoming(sock, destination, self.connections)
                    self.connections += 1
                    accepted += 1
                    self.open.add(incoming)
                    self.selector.register(sock, selectors.EVENT_READ, incoming)
            except BlockingIOError:
                pass
        return accepted

    def read(self, incoming):
        try:
            data = incoming.sock.recv(1 << 20)
        except OSError:
            data = b""
        incoming.held += data
        end = incoming.held.find(END)
        while end >= 0:
            payload = bytes(incoming.held[1:end])
            assert incoming.held[:1] == VT, f"no frame: {bytes(incoming.held[:80])!r}"
            del incoming.held[:end + len(END)]
            self.take(incoming, payload)
            end = incoming.held.find(END)
        if not data:
            self.selector.unregister(incoming.sock)
            incoming.sock.close()
            self.open.discard(incoming)

    def take(self, incoming, payload):
        destination = incoming.destination
        number = field(payload, b"MSH", 10)
        destination.note(number.decode("ascii", "backslashreplace"), payload, incoming.number)
        incoming.owed.append(frame(
            b"MSH|^~\\&|RIS|RADIOLOGY|T|T|20260101||ACK|A" + number + b"|P|2.4\rMSA|AA|"
            + number + b"\r"))
        destination.most = max(destination.most, len(incoming.owed))
        if len(incoming.owed) >= self.source.randint(1, destination.window):
            self.answer(incoming)

    @staticmethod
    def answer(incoming):
        try:
            incoming.sock.sendall(b"".join(incoming.owed))
        except OSError:
            pass  # the broker is gone; it will send this again
        incoming.owed.clear()

    def wait_until_silent(self, patience):
        """The broker is dead: returns when everything it had sent is noted, and its connections are
        at their end, so that none is mistaken for one of the next broker's."""
        self.silent.clear()
        self.asked.set()
        if not self.silent.wait(patience):
            raise AssertionError("connections of a dead broker do not end")
        if self.failure is not None:
            raise self.failure

    def close(self):
        self.ending = True
        self.join(10)
        for listener, _ in self.listeners:
            listener.close()
        for incoming in self.open:
            incoming.sock.close()
