#!/usr/bin/python3
"""Row 7: certificates that are expired, not yet valid, of another CA, for another name, revoked, of another
use, or missing, and versions that are too old: each refused, each with an event of its own, on both sides."""

from figures import run_tests, tell

TESTS = ("bad_client", "bad_server", "old_version", "plaintext_to_a_tls_port", "send_says")


def main():
    ran, bad = run_tests("test_tls.py " + " ".join(f"-k {name}" for name in TESTS))
    tell(7, "Bad certificates and versions refused, each with its own event", f"{ran - bad} of {ran} tests",
         f"{len(TESTS)} of {len(TESTS)} tests", bad == 0 and ran == len(TESTS), "Orderly",
         "7 kinds of clients, 7 of servers, TLS 1.0 and 1.1, plaintext")


main()
