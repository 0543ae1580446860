#!/usr/bin/python3
"""Row 6: what is not HL7 against the port: XML, HTTP, a TLS hello, random bytes, and nmap's probes. Counted
are crashes, and replies to anything that is no framed message: a reply tells who is there."""

import os
import random
import re
import shutil
import ssl
import subprocess

from figures import everyone, exchange, tell

from peers import frame
from test_hostile import small

NAME = "Junk and nmap -sV -A against the port"


def tls_hello():
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="test.invalid").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def junk():
    random.seed(6)
    yield b"<?xml version='1.0'?><ClinicalDocument/>"
    yield b"GET / HTTP/1.1\r\nHost: test.invalid\r\n\r\n"
    yield b"OPTIONS * HTTP/1.0\r\n\r\n"
    yield tls_hello()
    yield b"SSH-2.0-test\r\n"
    yield b"\x0b<xml/>\x1c\r"
    yield b"\x0b\x1c\r"
    for length in (1, 16, 256, 4096, 65536):
        for _ in range(40):
            yield random.randbytes(length).replace(b"\x0bMSH", b"xMSH")


def scan(port):
    """What nmap believes to have found; None without nmap."""
    if shutil.which("nmap") is None:
        return None
    done = subprocess.run(["nmap", "-Pn", "-n", "-sV", "-A", "-p", str(port), "127.0.0.1"],
                          capture_output=True, text=True, timeout=400, check=False)
    found = re.search(rf"^{port}/tcp\s+(.*)$", done.stdout, re.M)
    return found.group(1).strip() if found else "nothing"


def main():
    for start in everyone():
        with start() as server:
            replies = sum(len(exchange(server.port, each, 0.5)) > 0 for each in junk())
            seen = scan(server.port) if os.environ.get("SCOREBOARD_QUICK") is None else None
            answers = b"MSA|AA" in exchange(server.port, frame(small("LAST")), 2)
            crashed = not server.alive() or not answers
            shown = "not run" if seen is None else seen
            silent = seen is None or re.fullmatch(r"open\s+(unknown|tcpwrapped|\S+\?).*", seen) is not None
            tell(6, NAME, f"{int(crashed)} crashes, {replies} replies; nmap: {shown}", "0, 0; nothing known",
                 not crashed and replies == 0 and silent and seen is not None
                 if server.name == "Orderly" else None,
                 server.name)


main()
