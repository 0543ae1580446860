#!/usr/bin/python3
"""Row 17: a full run of the broker under strace. Counted is, from the moment it is confined:

    system calls that are not rows of base/system_calls.tbl
    files opened outside the folders of the configuration and the rows of broker/system_paths.tbl
    connections to addresses that are not those of configured destinations, or of name servers

In the run messages come in over MLLP and as files, go out to a peer, to a folder and to a program, a
name is looked up, a template changes, the configuration is loaded again, a backup is made and old
messages are looked at; then it ends. With --list, what was found is printed to standard error."""

import os
import pathlib
import re
import shutil
import signal
import sys
import unittest

import row

import peers
import support
from broker import Broker
from peers import Peer, message
from support import ORDERLY, Program, run, wait_until

TOP = pathlib.Path(__file__).resolve().parents[2]
NAME = "strace of a full run: calls outside the filter, files and connections elsewhere"

CONFIGURATION = """
    [orderly]
    alert-command = /bin/true
    alert-disk-low = 99%
    allow-folders = {folder}/backups
    [listener in]
    address = 127.0.0.1:0
    [listener files]
    directory = {folder}/in
    stable-for = 100ms
    done-directory = {folder}/done
    [destination peer]
    mllp = {peer}
    [destination named]
    mllp = no.such.host.invalid:2575
    retry = 100ms
    [destination folder]
    directory = {folder}/out
    [destination program]
    command = /bin/cat
    [route all]
    from = in, files
    template = {folder}/all.hl7
    to = peer, folder, program
    [route elsewhere]
    from = in
    when = MSH-10 = 'T3'
    to = named
    """


class Trace:
    """The calls of the confined process: of its threads, from the filter on."""

    LINE = re.compile(r"^(?P<pid>\d+) +(?P<call>\w+)\((?P<rest>.*)$")

    def __init__(self, text, pid):
        self.calls = []
        ours = {pid}
        confined = False
        for line in text.splitlines():
            found = self.LINE.match(line)
            resumed = re.match(r"^(\d+) +<\.\.\. clone\w* resumed>.*= (\d+)$", line)
            if resumed and int(resumed.group(1)) in ours and confined:
                ours.add(int(resumed.group(2)))
            if not found or int(found.group("pid")) not in ours:
                continue
            call, rest = found.group("call"), found.group("rest")
            if call == "clone" and confined and (made := re.search(r"= (\d+)$", rest)):
                ours.add(int(made.group(1)))
            if confined:
                self.calls.append((call, rest))
            confined = confined or (call == "prctl" and "PR_SET_SECCOMP" in rest)


def table(path, macro):
    text = (TOP / path).read_text()
    return re.findall(rf"^{macro}\(\"?([^\",)]+)", text, re.MULTILINE)


def odd_calls(trace):
    known = set(table("base/system_calls.tbl", r"CALL(?:_IF|_NONE)?"))
    spelled = {"newfstatat": "fstatat64"}  # names strace has for them
    known |= {spelled.get(name, name) for name in known}
    return sorted({call for call, _ in trace.calls} - known)


def odd_files(trace, folder):
    allowed = [str(folder), *table("broker/system_paths.tbl", "SYSTEM_PATH")]
    found = set()
    for call, rest in trace.calls:
        path = re.match(r'(?:AT_FDCWD(?:<[^>]*>)?, )?"([^"]*)"', rest)
        if call in ("open", "openat", "creat") and path and path.group(1).startswith("/"):
            opened = not re.search(r"= -1 ", rest)
            if opened and not any(path.group(1) == at or path.group(1).startswith(at + "/")
                                  for at in allowed):
                found.add(path.group(1))
    return sorted(found)


def odd_connections(trace, folder, ports):
    """Name servers are at port 53; the C library asks nscd, and connects datagrams to find its own
    address. At its own control socket the broker asks whether another one is there."""
    found = set()
    for call, rest in trace.calls:
        if call != "connect":
            continue
        port = re.search(r"sin6?_port=htons\((\d+)\)", rest)
        own = re.search(r'sun_path="(/var/run/nscd/socket|/run/systemd/resolve/[^"]*)"', rest)
        if own or f'sun_path="{folder}/control.sock"' in rest or "AF_UNSPEC" in rest or (port and int(port.group(1)) in {53, 0, *ports}):
            continue
        found.add(rest[:100])
    return sorted(found)


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Run(support.TestCase):
    """A test case, for its folder and its ends; not to be found by a test runner."""

    trace = None
    ports = ()

    def prepare(self):
        for name in ("in", "out", "backups", "done"):
            (self.folder / name).mkdir()
        self.write("all.hl7", b"MSH|^~\\&|A|B|C|D|{now()}||{MSH-9}|{MSH-10}|P|2.4\r")

    def start(self, broker):
        log = self.folder / "trace.log"
        broker.program = Program(
            "run", broker.path,
            command=["strace", "-f", "-qq", "-s", "200", "-o", str(log), ORDERLY, "run",
                     str(broker.path)])
        self.addCleanup(broker.program.kill)
        broker.program.wait_for(rb": ready: ")
        return log

    def broker_pid(self, broker):
        words = run("status", "--json", "--control", self.folder / "control.sock").out
        return int(re.search(rb'"pid":\s*"?(\d+)', words).group(1))

    def work(self, broker, peer):
        with broker.client() as client:
            for number in ("T1", "T2", "T3"):
                client.exchange(message(number))
        (self.folder / "in" / "one.hl7").write_bytes(message("F1"))
        wait_until(lambda: {"T1", "T2", "T3", "F1"} <= set(peer.ids), "the peer to have all")
        wait_until(lambda: len(list((self.folder / "out").glob("*.hl7"))) == 4, "the folder")
        broker.program.wait_for(rb"no.such.host.invalid|elsewhere/named")
        path = self.folder / "all.hl7"
        path.write_bytes(path.read_bytes().replace(b"|A|", b"|Z|"))
        broker.program.wait_for(rb": template: ")

    def serve(self, broker):
        control = ("--control", self.folder / "control.sock")
        for words in (("backup", self.folder / "backups" / "copy.db"), ("messages",),
                      ("reload",), ("status",)):
            result = run(*words, *control)
            if result.status not in (0, 1):  # 1: something needs a person, which is meant here
                raise AssertionError(f"{words[0]}: {result}")

    def runTest(self):
        self.prepare()
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, CONFIGURATION.format(folder=self.folder, peer=peer.address),
                            start=False)
            log = self.start(broker)
            pid = self.broker_pid(broker)
            self.addCleanup(end, pid)  # strace leaves it alone when strace is killed
            self.work(broker, peer)
            self.serve(broker)
            os.kill(pid, signal.SIGTERM)
            broker.program.wait()
            self.ports = [int(peer.address.rsplit(":", 1)[1])]
        self.trace = Trace(log.read_text(errors="replace"), pid)
        self.found = {"calls": odd_calls(self.trace), "files": odd_files(self.trace, self.folder),
                      "connections": odd_connections(self.trace, self.folder, self.ports)}


def main():
    target = "0 calls, 0 files, 0 connections"
    if shutil.which("strace") is None:
        row.cannot(17, NAME, "strace is not installed", target)
    case = Run()
    result = unittest.TestResult()
    case.run(result)
    for _, text in result.errors + result.failures:
        sys.stderr.write(text)
    if case.trace is None or not case.trace.calls:
        row.cannot(17, NAME, "the run did not come to its end, or nothing was confined", target)
    if "--list" in sys.argv:
        print(case.found, file=sys.stderr)
    counts = {what: len(items) for what, items in case.found.items()}
    value = (f"{counts['calls']} calls, {counts['files']} files, {counts['connections']} connections "
             f"(of {len(case.trace.calls)} calls)")
    row.report(17, NAME, value, target, not any(counts.values()))


if __name__ == "__main__":
    main()
