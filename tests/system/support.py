"""What the system tests share: starting the program, reading what it says, ending it in time.

Every test runs the real binary. Its path comes from the environment variable ORDERLY; without it
the build folder of the repository is looked at. Nothing here waits without a bound, and a program
is ended by its process id only.
"""

import functools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCE = pathlib.Path(os.environ.get("ORDERLY_SOURCE", pathlib.Path(__file__).parents[2]))
ORDERLY = os.environ.get("ORDERLY", str(SOURCE / "build" / "orderly"))

# "plain", "clang", "asan" or "coverage": an instrumented program is slower.
BUILD = os.environ.get("ORDERLY_BUILD", "plain")
PATIENCE = 60.0 if BUILD in ("plain", "clang") else 120.0

_ADDRESS = re.compile(rb"(?:\[[0-9A-Fa-f:.%]*\]|[A-Za-z0-9.*-]+):(\d{1,5})(?!\d)")


class Result:
    """How a program ended and what it wrote."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    def __repr__(self):
        return f"status {self.status}\n--- out\n{_show(self.out)}\n--- err\n{_show(self.err)}"


def _show(data):
    text = data.decode("utf-8", "backslashreplace")
    return text if len(text) <= 4000 else f"{text[:2000]}\n[...]\n{text[-2000:]}"


def environment(**changes):
    """The environment of a started program: plain text, no colours asked for, UTC."""
    result = {key: value for key, value in os.environ.items()
              if key not in ("NO_COLOR", "COLUMNS", "TERM", "LANG", "LC_ALL", "LANGUAGE")}
    result.update(LC_ALL="C.UTF-8", TERM="dumb", TZ="UTC0")
    result.update({key: value for key, value in changes.items() if value is not None})
    return result


def run(*arguments, stdin=b"", timeout=PATIENCE, env=None, cwd=None):
    """Runs `orderly ARGUMENTS...` to its end. A program that does not end is killed and fails the
    test. `stdin`: bytes, or an open file."""
    given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    try:
        done = subprocess.run([ORDERLY, *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, check=False,
                              env=env if env is not None else environment(), cwd=cwd, **given)
    except subprocess.TimeoutExpired as late:
        wrote = f"{_show(late.stdout or b'')}\n{_show(late.stderr or b'')}"
        raise AssertionError(f"orderly {' '.join(map(str, arguments))}: not done after {timeout} s"
                             f"\n{wrote}") from None
    return Result(done.returncode, done.stdout, done.stderr)


def needs_dictionary(test):
    """Skips a test in a build without the dictionary."""
    @functools.wraps(test)
    def wrapped(self, *arguments):
        if b"without the dictionary" in run("validate", stdin=b"MSH|^~\\&|\r").err:
            self.skipTest("built without the dictionary")
        return test(self, *arguments)
    return wrapped


class Program:
    """`orderly ARGUMENTS...` in the background. Its output is collected as it comes.

        with Program("listen", "127.0.0.1:0") as listener:
            port = listener.port()
            ...
            result = listener.stop()        (SIGTERM, then wait; a Result)

    Leaving the block kills what still runs.
    """

    def __init__(self, *arguments, env=None, cwd=None, command=None, pass_fds=()):
        self.arguments = [str(argument) for argument in arguments]
        self.process = subprocess.Popen(
            command or [ORDERLY, *self.arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=env if env is not None else environment(), cwd=cwd,
            pass_fds=pass_fds)
        self.changed = threading.Condition()
        self.collected = {"out": bytearray(), "err": bytearray()}
        self.readers = [threading.Thread(target=self._collect, args=args, daemon=True)
                        for args in (("out", self.process.stdout), ("err", self.process.stderr))]
        self.open_streams = len(self.readers)
        for reader in self.readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()

    def _collect(self, name, stream):
        while data := os.read(stream.fileno(), 65536):
            with self.changed:
                self.collected[name] += data
                self.changed.notify_all()
        with self.changed:
            self.open_streams -= 1
            self.changed.notify_all()

    @property
    def pid(self):
        return self.process.pid

    @property
    def out(self):
        """Standard output so far."""
        with self.changed:
            return bytes(self.collected["out"])

    @property
    def err(self):
        """Standard error so far."""
        with self.changed:
            return bytes(self.collected["err"])

    def wait_until(self, is_so, what="the condition", timeout=PATIENCE):
        """Waits until `is_so(self)` holds; it is asked again whenever output arrives."""
        end = time.monotonic() + timeout
        while not (value := is_so(self)):
            with self.changed:
                over = self.open_streams == 0
                if not over:
                    self.changed.wait(0.05)
            if over and not (value := is_so(self)):
                raise AssertionError(f"ended before {what}: {self!r}")
            if over:
                break
            if time.monotonic() > end:
                raise AssertionError(f"no {what} within {timeout} s: {self!r}")
        return value

    def wait_for(self, pattern, stream="err", timeout=PATIENCE):
        """Waits until a regular expression (bytes) matches what was written; returns the match."""
        compiled = re.compile(pattern)
        return self.wait_until(lambda self: compiled.search(getattr(self, stream)),
                               f"{pattern!r} in {stream}", timeout)

    def port(self, timeout=PATIENCE):
        """The port a listener announces: that of the first address in its first `ready` line, or
        in its first line with an address."""
        line = self.wait_for(rb"(?m)^.*?(?:ready|listening)[^\n]*\n", timeout=timeout).group(0)
        found = _ADDRESS.search(line) or re.search(rb"port[ =](\d+)", line)
        if found is None:
            raise AssertionError(f"no port in {line!r}")
        return int(found.group(1))

    def write(self, data):
        """Writes to standard input."""
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def close_stdin(self):
        self.process.stdin.close()

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=PATIENCE):
        """Waits for the end; a Result."""
        if not self.process.stdin.closed:
            # A pipe that the program closed already is no error.
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"not done after {timeout} s: {self!r}") from None
        for reader in self.readers:
            reader.join(PATIENCE)
        return Result(self.process.returncode, self.out, self.err)

    def stop(self, number=signal.SIGTERM, timeout=PATIENCE):
        """Asks it to end and waits; a Result."""
        self.send_signal(number)
        return self.wait(timeout)

    def kill(self):
        """Ends it now, whatever it does."""
        self.process.kill()
        self.process.wait(PATIENCE)
        for reader in self.readers:
            reader.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except (BrokenPipeError, ValueError):
                pass

    def resident_kilobytes(self):
        """Memory the program holds now."""
        return int(self._status_line("VmRSS"))

    def peak_kilobytes(self):
        """The most memory it ever held."""
        return int(self._status_line("VmHWM"))

    def _status_line(self, name):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE).group(1)

    def descriptors(self):
        """How many files and sockets it has open now."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def __repr__(self):
        return (f"orderly {' '.join(self.arguments)}\n--- out\n{_show(self.out)}"
                f"\n--- err\n{_show(self.err)}")


class HeldPort:
    """A port of 127.0.0.1 that nobody listens at: connecting is refused, and no other program can
    be given it while it is held.

        with HeldPort() as held:
            run("send", held.address, ...)
    """

    def __init__(self):
        self.socket = socket.socket()
        # A listener of ours may take it over while it is held; the system gives it to nobody else.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def listen(self):
        """Begins to listen; the socket now belongs to the caller."""
        self.socket.listen(64)
        taken, self.socket = self.socket, None
        return taken

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def free_port():
    """A port that was free a moment ago. Where a program can be given port 0, do that instead."""
    with HeldPort() as held:
        return held.port


def wait_until(is_so, what="the condition", timeout=PATIENCE):
    """Asks again and again until `is_so()` holds; returns its value."""
    end = time.monotonic() + timeout
    while not (value := is_so()):
        if time.monotonic() > end:
            raise AssertionError(f"no {what} within {timeout} s")
        time.sleep(0.005)
    return value


class TestCase(unittest.TestCase):
    """A test with a folder of its own and programs that are ended with it."""

    maxDiff = None

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="orderly-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, data):
        """Writes a file below the test's folder; its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def start(self, *arguments, **settings):
        """A Program that is killed when the test ends."""
        program = Program(*arguments, **settings)
        self.addCleanup(program.kill)
        return program

    def start_listener(self, *options, **settings):
        """`orderly listen 127.0.0.1:0 OPTIONS...`, ready; the Program and its port."""
        program = self.start("listen", "127.0.0.1:0", *options, **settings)
        return program, program.port()

    def assert_status(self, result, status):
        self.assertEqual(result.status, status, repr(result))


def main():
    """Runs the tests of the calling file; says so when there is no program to test."""
    if not os.access(ORDERLY, os.X_OK):
        sys.exit(f"{ORDERLY}: no such program; build it or set ORDERLY")
    unittest.main(verbosity=2)
