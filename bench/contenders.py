# SPDX-License-Identifier: Apache-2.0
"""The programs that bench/run.py measures: how they are found, started, watched and ended.

A server runs as a child of this process for one measurement: it gets a free port, says so in a line
"listening on 127.0.0.1:PORT", and is ended by its process id. One that dies, or does not end when
it is asked to, raises Failure, which ends the benchmark with its message.
"""
import json
import os
import re
import signal
import subprocess
import tempfile
import time

START_SECONDS = 10
END_SECONDS = 10
ANSWERED = re.compile(rb"answered (\d+)\n")
LISTENING = re.compile(rb"listening on 127\.0\.0\.1:(\d+)")
TICKS = os.sysconf("SC_CLK_TCK")

# What the load generator counts as wrong, by the names in its JSON line.
FAULTS = (
    "without_header",
    "without_msa",
    "wrong_code",
    "wrong_control_id",
    "wrong_framing",
    "unasked",
    "connections_lost",
    "unanswered",
)


class Failure(Exception):
    """The measurement is worthless; the text says why."""


def find_program(build, name):
    """The executable of this name under the build folder that is nearest to its top."""
    found = []
    for folder, folders, files in os.walk(build):
        folders[:] = [f for f in folders if f != "CMakeFiles" and not f.startswith(".")]
        path = os.path.join(folder, name)
        if name in files and os.access(path, os.X_OK):
            found.append(path)
    if not found:
        raise Failure(f"no program '{name}' under the build folder: build with -DORDERLY_BENCH=ON")
    return min(found, key=lambda path: path.count(os.sep))


class Server:
    """A server under test, from its start to its end: use it in a `with`."""

    def __init__(self, name, command):
        self.name = name
        self.log = tempfile.TemporaryFile()
        # What a server prints of messages is thrown away; limit names its port on standard output.
        output = self.log if name == "limit" else subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=self.log
        )

    def __enter__(self):
        try:
            self.port = self._wait_for_port()
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self._kill()
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(END_SECONDS)
            if code not in (0, -signal.SIGTERM):
                raise Failure(f"{self.name} ended with {code} after SIGTERM{self._last_words()}")
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {END_SECONDS} s of SIGTERM") from None
        finally:
            self._kill()

    def _kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def _wait_for_port(self):
        return int(self.wait_for(LISTENING).group(1))

    def wait_for(self, pattern):
        """The match of a pattern in what the server says."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            found = pattern.search(self._read_log())
            if found:
                return found
            self.check()
            time.sleep(0.001)
        raise Failure(f"{self.name} was not ready within {START_SECONDS} s{self._last_words()}")

    def answered(self):
        """How many messages the limit server has answered so far."""
        before = len(ANSWERED.findall(self._read_log()))
        self.process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            found = ANSWERED.findall(self._read_log())
            if len(found) > before:
                return int(found[-1])
            self.check()
            time.sleep(0.001)
        raise Failure(f"{self.name} did not say how many messages it has answered")

    def _read_log(self):
        return os.pread(self.log.fileno(), 1 << 20, 0)

    def _last_words(self):
        lines = self._read_log().decode(errors="replace").splitlines()[-5:]
        return "".join("\n    " + line[:300] for line in lines)

    def check(self):
        """Raises Failure when the server is gone."""
        code = self.process.poll()
        if code is not None:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            raise Failure(f"{self.name} {how} while it was needed{self._last_words()}")

    def memory(self, kind):
        """Kilobytes: VmHWM is the peak, VmRSS what is resident, RssAnon what of it is its own."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(rf"^{kind}:\s*(\d+) kB", status.read(), re.M).group(1))

    def processor_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def run_json(command, seconds):
    """Runs a program that prints one JSON line; returns (exit code, the line's content)."""
    name = os.path.basename(command[0])
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"{name} did not end within {seconds:.0f} s") from None
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        raise Failure(f"{name} ended with code {done.returncode}: {done.stderr.strip()}") from None


def measure_load(server, load_program, options, seconds):
    """One measurement of one server: a dict of figures, or Failure when an answer was wrong."""
    before = server.processor_seconds()
    command = [load_program, f"127.0.0.1:{server.port}", "--json", *options]
    code, figures = run_json(command, seconds * 3 + 60)
    server.check()
    if code != 0 or figures["messages"] == 0:
        wrong = {key: figures[key] for key in FAULTS if figures[key] > 0}
        raise Failure(f"{server.name}: {figures['errors']} errors {wrong} with {' '.join(options)}")
    used = server.processor_seconds() - before
    return {
        "rate": figures["messages_per_second"],
        "megabytes": figures["megabytes_per_second"],
        "p50": figures["p50_us"],
        "p90": figures["p90_us"],
        "p99": figures["p99_us"],
        "p999": figures["p999_us"],
        "most": figures["max_us"],
        "memory": server.memory("VmHWM") / 1024,
        "processor": used / figures["answered"] * 1e6,
        "generator": figures["processor_seconds"] / figures["seconds"],
    }


def run_timed(command, control, seconds=60):
    """Runs a verb that asks the broker at this socket: (seconds it took, what it printed)."""
    begin = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, "ORDERLY_CONTROL": control},
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(command[:2])} did not end within {seconds} s") from None
    spent = time.perf_counter() - begin
    if done.returncode not in (0, 1):
        raise Failure(f"{' '.join(command[:2])} ended with code {done.returncode}: {done.stderr}")
    return spent, done.stdout


def run_converter(command, output, seconds):
    """Runs a converter to its end; returns how many seconds that took."""
    name = " ".join(os.path.basename(word) for word in command[:2])
    with open(output, "wb") as file:
        begin = time.perf_counter()
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.PIPE,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"{name} did not end within {seconds} s") from None
        spent = time.perf_counter() - begin
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace")[-500:]
        raise Failure(f"{name} ended with code {done.returncode}: {words}")
    return spent
