#!/usr/bin/python3
"""Row 3: ten thousand connections from ten thousand addresses each begin a frame and never end it. Meanwhile a known
peer sends messages. Measured: how long it waits for its acknowledgement, idle and then, and what the broker's
memory grows by. --count N takes another number."""

import argparse
import ipaddress
import resource
import socket
import statistics
import time
import unittest

import row

import support
from broker import Broker
from peers import message

NAME = "half-open frames: a known peer is answered, memory stays in its budget"
BUDGET = 256 << 20
CONFIGURATION = """
    [orderly]
    max-connections = 20000
    max-memory = 256M
    confine = no  ; its memory is looked at from outside
    [listener in]
    address = 127.0.0.1:0
    max-connections = 20000
    reserved = 127.0.0.1
    min-rate = none
    frame-timeout = 1h
    """
HALF = b"\x0bMSH|^~\\&|SCANNER|X|Y|Z|20260101||ADT^A01|1|P|2.4\rPID|"


def median_milliseconds(client, name, count=100):
    times = []
    for number in range(count):
        begin = time.perf_counter()
        client.exchange(message(f"{name}{number}"))
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


class Run(support.TestCase):
    count = 10000
    value = None

    def open_half(self, port):
        first = int(ipaddress.ip_address("127.1.0.1"))
        for number in range(self.count):
            client = socket.socket()
            self.addCleanup(client.close)
            client.bind((str(ipaddress.ip_address(first + number)), 0))
            client.connect(("127.0.0.1", port))
            client.sendall(HALF)

    def runTest(self):
        broker = Broker(self, CONFIGURATION)
        with broker.client() as client:
            median_milliseconds(client, "W")
            idle = median_milliseconds(client, "I")
            before = broker.program.resident_kilobytes()
            self.open_half(broker.port())
            busy = median_milliseconds(client, "B")
            open_now = broker.program.descriptors()
        grown = (broker.program.resident_kilobytes() - before) * 1024
        if open_now < self.count:
            raise AssertionError(f"only {open_now} connections are open")
        self.value = idle, busy, grown


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10000)
    Run.count = parser.parse_args().count
    target = f"ratio <= 3 or <= 50 ms, memory <= {BUDGET >> 20} MB"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < Run.count + 1000:
        row.cannot(3, NAME, f"only {hard} descriptors are allowed", target)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, Run.count + 1000), hard))
    case = Run()
    result = unittest.TestResult()
    case.run(result)
    if case.value is None:
        row.cannot(3, NAME, (result.errors + result.failures)[0][1].splitlines()[-1], target)
    idle, busy, grown = case.value
    row.report(3, NAME,
               f"idle {idle:.2f} ms, with {Run.count} half-open {busy:.2f} ms, ratio "
               f"{busy / idle:.1f}; memory + {grown / (1 << 20):.1f} MB", target,
               busy <= 50 and (busy / idle <= 3 or busy <= 5) and grown <= BUDGET)


if __name__ == "__main__":
    main()
