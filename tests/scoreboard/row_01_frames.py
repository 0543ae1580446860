#!/usr/bin/python3
"""Row 1: bytes of framing at every place of a message, one and two of them, put in and written over; another
whole message follows on the same connection. Counted is what a server takes for a message that was not sent:
merged (parts of both), or damaged (neither of them)."""

import concurrent.futures
import re

from figures import everyone, exchange, tell

from peers import frame
from test_hostile import damages, small

NAME = "VT/FS at every place and pair of bytes"


def clean(text):
    """As a server may hand it on: line ends its own way, none behind the last one."""
    return re.sub(rb"[\r\n]+", b"\r", text).strip(b"\r")


def measure(start):
    whole = frame(small("FIRST"))
    follow = frame(small("OTHER"))
    streams = [each + follow for each in damages(whole)]
    good = {clean(small("FIRST")), clean(small("OTHER"))}
    # A CR is put in too: then one message is sent, of more lines.
    good |= {clean(small("FIRST")[:at] + b"\r" + small("FIRST")[at:]) for at in range(len(whole))}
    with start() as server:
        exchange(server.port, whole + follow, 0.5)
        plain = len(server.received())
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda each: exchange(server.port, each, 0.5), streams))
        received = [clean(text) for text in server.received()]
        merged = sum(b"FIRST" in text and b"OTHER" in text for text in received)
        damaged = sum(text not in good for text in received) - merged
        return server.name, len(streams), plain, len(received), merged, damaged


def main():
    for start in everyone():
        name, sent, plain, received, merged, damaged = measure(start)
        ours = name == "Orderly"
        tell(1, NAME, f"{merged} merged, {damaged} damaged accepted", "0, 0",
             merged == damaged == 0 and received > 0 if ours else None, name,
             f"{sent} streams of two messages, {received} messages taken; an undamaged stream is taken for "
             f"{plain} of them")


main()
