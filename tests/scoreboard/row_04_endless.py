#!/usr/bin/python3
"""Row 4: a frame that never ends. Measured: how many bytes were taken until the connection was closed, and what the
broker's memory peak grew by, which has to be no more than max-message and one megabyte."""

import socket
import unittest

import row

import support
from broker import Broker
from peers import message

NAME = "endless frame: refused at the cap"
CAP = 16 << 20
CONFIGURATION = """
    [orderly]
    confine = no  ; its memory is looked at from outside
    [listener in]
    address = 127.0.0.1:0
    max-message = 16M
    """


class Run(support.TestCase):
    value = None

    def runTest(self):
        broker = Broker(self, CONFIGURATION)
        with broker.client() as client:  # what the first message costs is no matter of the frame
            client.exchange(message("W"))
        before = broker.program.peak_kilobytes()
        sent = 0
        with socket.create_connection(("127.0.0.1", broker.port()), support.PATIENCE) as client:
            client.sendall(b"\x0bMSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.4\rOBX|1|TX|")
            try:
                while sent < 8 * CAP:
                    sent += client.send(b"x" * 65536)
            except (ConnectionResetError, BrokenPipeError):
                pass
        broker.program.wait_for(rb"longer than max-message")
        with broker.client() as client:
            client.exchange(message("A"))
        self.value = sent, (broker.program.peak_kilobytes() - before) * 1024


def main():
    target = f"closed, memory <= {(CAP >> 20) + 1} MB"
    case = Run()
    result = unittest.TestResult()
    case.run(result)
    if case.value is None:
        row.cannot(4, NAME, (result.errors + result.failures)[0][1].splitlines()[-1], target)
    sent, grown = case.value
    row.report(4, NAME, f"closed after {sent / (1 << 20):.1f} MB were sent; memory + "
               f"{grown / (1 << 20):.1f} MB", target, sent < 8 * CAP and grown <= CAP + (1 << 20))


if __name__ == "__main__":
    main()
