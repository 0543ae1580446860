#!/usr/bin/python3
"""Row 8: acknowledgements that are wrong, late, doubled, of another message or garbage: caught by the sender
and by the broker's destinations."""

from figures import run_tests, tell


def main():
    ran, bad = run_tests("test_send_peers.py", "test_broker_receivers.py")
    tell(8, "Wrong, late, duplicate, foreign acks caught", f"{100 * (ran - bad) // max(ran, 1)} %", "100 %",
         bad == 0 and ran > 0, "Orderly", f"{ran} tests of receivers that answer badly")


main()
