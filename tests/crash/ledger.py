"""What senders and receivers write down, and the checker that compares it.

The ledgers know nothing of the broker: a sender notes what it sent, how often, and what was
acknowledged; a receiver notes what arrived, in order, and on which connection. check() says what of
the broker's promise was broken:

    lost        acknowledged, and never delivered
    invented    delivered, and never sent
    corrupted   delivered with other bytes than those that were sent
    reordered   first deliveries of a lane in another order than that of storing, or what comes again
                in another order than the first time
    duplicated  delivered again although it was not among the messages of its lane that were under way
                when the broker was killed: one, or as many as the lane may have under way at once
"""

import collections
import hashlib

Finding = collections.namedtuple("Finding", "kind destination text")
# `mark` stands for the bytes: a hash, so that a long run fits in memory.
Receipt = collections.namedtuple("Receipt", "id mark connection")


def mark(payload):
    return hashlib.blake2b(payload, digest_size=16).digest()


class SenderLedger:
    """One sender: messages in the order it sent them first, on one connection at a time."""

    def __init__(self, name):
        self.name = name
        self.ids = []
        self.marks = {}
        self.keys = {}
        self.transmissions = collections.Counter()
        self.acknowledged = set()

    def sending(self, number, payload, key):
        """Noted before the bytes leave."""
        if number not in self.transmissions:
            self.ids.append(number)
            self.marks[number] = payload
            self.keys[number] = key
        self.transmissions[number] += 1


class Destination:
    """What one receiver is to get: `lanes` of them for `senders`; `expected(payload)` is what the
    broker makes of a message; `repeats` where a sender's own repetitions count as new messages;
    `window` messages of a lane may be under way at once, `most` of them were."""

    def __init__(self, name, senders, lanes=1, expected=None, repeats=False, window=1):
        self.name = name
        self.senders = senders
        self.lanes = lanes
        self.expected = expected or (lambda payload: payload)
        self.repeats = repeats
        self.window = window
        self.most = 0
        self.receipts = []

    def note(self, number, payload, connection):
        self.receipts.append(Receipt(number, mark(payload), connection))


class _Check:
    """One destination compared with its senders."""

    def __init__(self, destination, kills):
        self.destination = destination
        self.kills = kills
        self.findings = []
        self.sender_of = {number: sender for sender in destination.senders
                          for number in sender.ids}
        self.first = {}
        for place, receipt in enumerate(destination.receipts):
            self.first.setdefault(receipt.id, place)

    def say(self, kind, text):
        self.findings.append(Finding(kind, self.destination.name, text))

    def lane_of(self, number):
        """Messages with the same key share a lane; with one lane, all do."""
        return self.sender_of[number].keys[number] if self.destination.lanes > 1 else ""

    def contents(self):
        for sender in self.destination.senders:
            for number in sorted(sender.acknowledged - self.first.keys()):
                self.say("lost", f"{number} was acknowledged to {sender.name}")
        wanted = {}
        for receipt in self.destination.receipts:
            sender = self.sender_of.get(receipt.id)
            if sender is None:
                self.say("invented", f"{receipt.id}")
                continue
            if receipt.id not in wanted:
                wanted[receipt.id] = mark(self.destination.expected(sender.marks[receipt.id]))
            if receipt.mark != wanted[receipt.id]:
                self.say("corrupted", f"{receipt.id}")

    def order(self):
        """Per sender, and per key where keys choose the lane: as it was sent."""
        for sender in self.destination.senders:
            last = {}
            for number in sender.ids:
                if number not in self.first:
                    continue
                lane = self.lane_of(number)
                place = self.first[number]
                if place < last.get(lane, (-1, ""))[0]:
                    self.say("reordered", f"{number} came before {last[lane][1]}")
                last[lane] = max(last.get(lane, (-1, "")), (place, number))

    def repetitions(self):
        """What comes again is among what came last in its lane, over a new connection, once for a
        kill."""
        newest = collections.Counter()
        places = {}
        counted = collections.Counter()
        for receipt in self.destination.receipts:
            if receipt.id not in self.sender_of:
                continue
            lane = self.lane_of(receipt.id)
            counted[receipt.id] += 1
            counted[receipt.id, receipt.connection] += 1
            copies = self.copies(receipt.id)
            if counted[receipt.id] <= copies:
                newest[lane] += 1
                places[receipt.id] = newest[lane]
            behind = newest[lane] - places[receipt.id]
            if counted[receipt.id, receipt.connection] > copies:
                self.say("duplicated", f"{receipt.id} came again over the same connection")
            elif counted[receipt.id] > copies and behind >= self.destination.window:
                self.say("duplicated", f"{receipt.id} came again behind {behind} others")
        again = len(self.destination.receipts) - len(self.first)
        own = sum(self.copies(number) - 1 for number in self.first if number in self.sender_of)
        allowed = self.kills * self.destination.lanes * self.destination.window + own
        if again > allowed:
            self.say("duplicated", f"{again} repetitions, {allowed} can be explained")

    def order_again(self):
        """On each connection, what a lane sends goes forward: also what it sends again."""
        last = {}
        for receipt in self.destination.receipts:
            if receipt.id not in self.sender_of or self.copies(receipt.id) > 1:
                continue
            at = self.lane_of(receipt.id), receipt.connection
            place = self.first[receipt.id]
            before = last.setdefault(at, receipt.id)
            if place < self.first[before]:
                self.say("reordered", f"{receipt.id} came again behind {before}")
            last[at] = receipt.id

    def copies(self, number):
        """How many messages of that id may have been stored."""
        return self.sender_of[number].transmissions[number] if self.destination.repeats else 1


def check(destinations, kills):
    """All findings. `kills` is how often the broker was killed."""
    findings = []
    for destination in destinations:
        one = _Check(destination, kills)
        one.contents()
        one.order()
        one.order_again()
        one.repetitions()
        findings += one.findings
    return findings


def check_same_order(first, second):
    """Two single lanes that get the same messages get them in the same order: that of storing."""
    orders = [list(dict.fromkeys(receipt.id for receipt in destination.receipts))
              for destination in (first, second)]
    for one, other in zip(*orders):
        if one != other:
            return [Finding("reordered", first.name,
                            f"{one}, where {second.name} has {other}")]
    return []


def repetitions(destination):
    """How many deliveries repeated another."""
    return len(destination.receipts) - len({receipt.id for receipt in destination.receipts})
