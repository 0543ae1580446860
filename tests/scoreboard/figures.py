"""What the scripts of this folder share that measure other servers beside ours: a row is told by tell(), one
line of JSON each; a server under test is a context manager with `port`, `alive()` and `received()`.

The others are the ones that install from Debian or npm: python3-hl7 and simple-hl7. Each runs as its own
documentation shows, answering AA to whatever it takes for a message."""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "system"))
ORDERLY = os.environ.get("ORDERLY", str(SOURCE / "build" / "orderly"))
os.environ.setdefault("ORDERLY", ORDERLY)
PEERS = pathlib.Path(ORDERLY).parent / "scoreboard-peers"
HERE = pathlib.Path(__file__).resolve().parent


def tell(row, name, value, target, passed, subject="Orderly", note=""):
    """`passed` is None where a figure of another server is shown for comparison."""
    print(json.dumps({"row": row, "name": name, "subject": subject, "value": value, "target": target,
                      "pass": passed, "note": note}), flush=True)


class Server:
    """A program that prints its port first, then a line with base64 for each message it took."""

    def __init__(self, name, *command, env=None):
        self.name = name
        self.out = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.out, stderr=subprocess.DEVNULL, env=env)
        self.port = int(self._lines(1)[0])

    def _lines(self, wanted):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            text = os.pread(self.out.fileno(), 1 << 28, 0)
            if text.count(b"\n") >= wanted:
                return text.splitlines()
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not start")

    def alive(self):
        return self.process.poll() is None

    def received(self):
        return [base64.b64decode(line) for line in self._lines(1)[1:]]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.out.close()


class Ours:
    """`orderly listen --save`: what it took is in files."""

    name = "Orderly"

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="orderly-board-", dir="/dev/shm")
        self.process = subprocess.Popen(
            [ORDERLY, "listen", "0", "--quiet", "--save", self.folder + "/inbox"],
            stdout=subprocess.DEVNULL, stderr=open(self.folder + "/log", "wb"))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = re.search(rb":(\d+)\b", pathlib.Path(self.folder, "log").read_bytes())
            if found:
                self.port = int(found.group(1))
                return self
            time.sleep(0.02)
        raise RuntimeError("orderly listen does not start")

    def alive(self):
        return self.process.poll() is None

    def log(self):
        return pathlib.Path(self.folder, "log").read_bytes()

    def received(self):
        return [path.read_bytes() for path in pathlib.Path(self.folder, "inbox").glob("*.hl7")]

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def node_path():
    """The npm peer, as locked; installed once."""
    lock = SOURCE / "tests" / "npm" / "peers"
    if not (PEERS / "node_modules" / "simple-hl7").exists():
        subprocess.run([SOURCE / "scripts" / "install-node-packages", lock, PEERS], check=True,
                       stdout=subprocess.DEVNULL)
    return str(PEERS / "node_modules")


def others():
    """The other servers that can be had here: functions that start one."""
    yield lambda: Server("python3-hl7", "/usr/bin/python3", str(HERE / "server_python_hl7.py"))
    with contextlib.suppress(Exception):
        path = node_path()
        yield lambda: Server("simple-hl7", "node", str(HERE / "server_simple_hl7.js"),
                             env={**os.environ, "NODE_PATH": path})


def everyone():
    yield Ours
    yield from others()


def exchange(port, data, patience=2.0):
    """Sends bytes, closes that side, and takes what comes back."""
    try:
        with socket.create_connection(("127.0.0.1", port), patience) as s:
            s.settimeout(patience)
            with contextlib.suppress(OSError):
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            got = b""
            with contextlib.suppress(OSError):
                while more := s.recv(65536):
                    got += more
            return got
    except OSError:
        return b""


def run_tests(*names):
    """Runs files of tests/system; how many tests ran, and how many did not hold."""
    ran = bad = 0
    for name in names:
        done = subprocess.run(["/usr/bin/python3", *name.split()], cwd=SOURCE / "tests" / "system",
                              capture_output=True, text=True, timeout=1500, check=False,
                              env={**os.environ, "ORDERLY_SOURCE": str(SOURCE), "ORDERLY_BUILD": "plain"})
        ran += sum(map(int, re.findall(r"^Ran (\d+) test", done.stderr + done.stdout, re.M)))
        found = re.findall(r"(?:failures|errors)=(\d+)", done.stderr + done.stdout)
        bad += sum(map(int, found)) or (done.returncode != 0)
    return ran, bad
