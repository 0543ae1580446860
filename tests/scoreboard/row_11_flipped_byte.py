#!/usr/bin/python3
"""Row 11: one byte of a TLS stream changed on its way: no message is taken, and it is one event."""

from figures import run_tests, tell


def main():
    ran, bad = run_tests("test_tls.py -k bytes_that_were_changed")
    tell(11, "Messages taken of a TLS stream with one byte changed", "0" if bad == 0 and ran == 1 else "not 0", "0",
         bad == 0 and ran == 1, "Orderly", "8 places by chance, one event each; every byte of a record in unit.tls")


main()
