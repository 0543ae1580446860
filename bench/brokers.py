# SPDX-License-Identifier: Apache-2.0
"""What bench/run.py measures of the broker: acknowledgements after the sync, deliveries from end to
end, and memory.

The limit is bench/limit.c with a database: one row for each message, committed once for all that
arrived in a round of events (bench/limit_store.h). It is the least that anybody could do who stores
before acknowledging. The broker keeps its journal on the same disk, below the build folder.
"""
import contextlib
import json
import os
import re
import resource
import signal
import socket
import tempfile
import time

import contenders
from contenders import Failure, Server
from conversions import PATH_TEMPLATE

DRAIN_SECONDS = 60
IDLE_CONNECTIONS = 10000
SPARE_DESCRIPTORS = 200
READY = re.compile(rb"\bready: .*")
MESSAGE = (
    b"\x0bMSH|^~\\&|MAMMO AI|TEST CLINIC|RIS|TEST HOSPITAL|20240102030405||ORU^R01|%d|P|2.5.1\r"
    b"PID|1||TEST0001^^^TEST||DOE^JANE^TEST\r\x1c\r"
)

HEAD = """[orderly]
data = {folder}/data
control = {folder}/control
alert-disk-low = never
max-connections = 12000
[listener in]
address = 127.0.0.1:0
max-connections = 12000
max-per-address = 12000
"""
TAKES_NOTHING = """[destination out]
mllp = 127.0.0.1:{port}
[route nothing]
from = in
when = MSH-9.1 = 'ADT'
to = out
"""
QUEUES_ALL = """[destination out]
mllp = 127.0.0.1:{port}
retry = 1h..1h
[route all]
from = in
to = out
"""
CONVERTS = """[destination out]
mllp = 127.0.0.1:{port}
[route all]
from = in
template = {folder}/paths.hl7
to = out
lanes = {lanes}
key = MSH-10
"""


def closed_port():
    """A port of this machine that nobody listens on, held until the socket is closed."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


class Broker(Server):
    """`orderly run` with a configuration, its folder below the one given."""

    def __init__(self, program, folder, configuration, **values):
        folder = os.path.abspath(folder)
        self.control = os.path.join(folder, "control")
        self.program = program
        path = os.path.join(folder, "orderly.ini")
        template = os.path.join(folder, "paths.hl7")
        with open(template, "w", encoding="utf-8") as file:
            file.write(PATH_TEMPLATE)
        with open(path, "w", encoding="utf-8") as file:
            file.write((HEAD + configuration).format(folder=folder, **values))
        self.started = time.perf_counter()
        super().__init__("the broker", [program, "run", path])

    def _wait_for_port(self):
        port = self.wait_for(re.compile(rb"address=127\.0\.0\.1:(\d+)"))
        self.wait_for(READY)
        self.start_seconds = time.perf_counter() - self.started
        return int(port.group(1))

    def ask(self, request):
        """The records of the answer: a list of dicts of text."""
        answer = b""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DRAIN_SECONDS)
            client.connect(self.control)
            client.sendall(b"request=" + request.encode() + b"\n\n")
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(1 << 16):
                answer += piece
        lines = answer.decode(errors="replace").splitlines()
        if not lines or lines[-1] != "end":
            raise Failure(f"the broker answered {request} with {lines[-1:]}")
        fields = (line.split("\t") for line in lines[:-1])
        return [dict(re.split(r"[#?@]?=", f, maxsplit=1) for f in line) for line in fields]

    def of_kind(self, request, kind):
        return [record for record in self.ask(request) if record["record"] == kind]

    def queued(self):
        """What its lanes still have to deliver."""
        return sum(int(lane["depth"]) for lane in self.of_kind("status", "lane"))

    def connections(self):
        return int(self.of_kind("status", "listener")[0]["connections"])

    def verb(self, *words):
        """Runs a verb against it: (seconds, what it printed)."""
        return contenders.run_timed([self.program, *words], control=self.control)


# ---- Acknowledgements ----------------------------------------------------------------------------


class StoreLoad:
    """One way of sending to those that store."""

    def __init__(self, connections):
        self.name = f"{connections:,} connection" + ("" if connections == 1 else "s")
        self.connections = connections

    def options(self, seconds):
        return [
            f"--connections={self.connections}",
            f"--seconds={seconds}",
            f"--warm-up={seconds / 4}",
        ]


STORE_LOADS = [StoreLoad(number) for number in (1, 16, 64, 1024)]
STORES = ["limit", "unrouted", "queued"]
LANES = [1, 8]


@contextlib.contextmanager
def store_server(plan, name, folder):
    if name == "limit":
        command = [plan.programs["limit"], "0", os.path.join(folder, "limit.db")]
        with Server("limit", command) as server:
            yield server
        return
    configuration = TAKES_NOTHING if name == "unrouted" else QUEUES_ALL
    with closed_port() as held:
        port = held.getsockname()[1]
        with Broker(plan.programs["orderly"], folder, configuration, port=port) as server:
            yield server


def measure_store(plan, load, name):
    with tempfile.TemporaryDirectory(dir=plan.build) as folder:
        with store_server(plan, name, folder) as server:
            figures = contenders.measure_load(
                server, plan.programs["load"], load.options(plan.seconds), plan.seconds
            )
            if name != "limit":
                store = server.of_kind("metrics", "store")[0]
                stored = int(server.of_kind("status", "listener")[0]["stored"])
                figures["shared"] = stored / int(store["commits"])
    return figures


def measure_sync(plan):
    """The disk alone: a page of the log, and as much as the journal writes for one message."""
    results = {}
    for size in SYNC_SIZES:
        with tempfile.TemporaryDirectory(dir=plan.build) as folder:
            path = os.path.join(folder, "file")
            seconds = str(min(plan.seconds, 0.5))
            command = [plan.programs["sync"], path, str(size), seconds]
            code, figures = contenders.run_json(command, 60)
            if code != 0:
                raise Failure(f"sync ended with code {code}")
            results[size] = figures
    return results


SYNC_SIZES = (4096, 40960)


# ---- From end to end -----------------------------------------------------------------------------


def measure_lanes(plan, lanes):
    """Messages a second from the first byte in to the last settlement, and what they shared."""
    messages = plan.deliveries[lanes]
    with tempfile.TemporaryDirectory(dir=plan.build) as folder, Server(
        "limit", [plan.programs["limit"], "0"]
    ) as receiver, Broker(
        plan.programs["orderly"], folder, CONVERTS, port=receiver.port, lanes=lanes
    ) as broker:
        begin = time.perf_counter()
        command = [
            plan.programs["load"],
            f"127.0.0.1:{broker.port}",
            "--json",
            "--connections=16",
            f"--messages={messages}",
            "--warm-up=0",
        ]
        code, figures = contenders.run_json(command, DRAIN_SECONDS)
        if code != 0:
            raise Failure(f"{figures['errors']} errors on the way into the broker")
        wait_until(lambda: receiver.answered() >= figures["answered"], "the last delivery")
        wait_until(lambda: broker.queued() == 0, "the last settlement")
        seconds = time.perf_counter() - begin
        if receiver.answered() != figures["answered"]:
            raise Failure(f"{receiver.answered()} deliveries of {figures['answered']:.0f} messages")
        commits = int(broker.of_kind("metrics", "store")[0]["commits"])
    return {"rate": figures["answered"] / seconds, "shared": figures["answered"] / commits}


def wait_until(is_so, what):
    end = time.monotonic() + DRAIN_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise Failure(f"{what} did not come within {DRAIN_SECONDS} s")
        time.sleep(0.01)


# ---- Memory --------------------------------------------------------------------------------------


def connect_many(port, count):
    """Connections, each made with a backlog in mind: one after the other."""
    return [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]


def exchange(connection, number):
    connection.sendall(MESSAGE % number)
    connection.settimeout(DRAIN_SECONDS)
    answer = b""
    while not answer.endswith(b"\x1c\r"):
        piece = connection.recv(4096)
        if not piece:
            raise Failure("the broker closed an idle connection")
        answer += piece
    if b"\rMSA|AA|" not in answer:
        raise Failure("a message was not accepted")


def measure_memory(plan):
    """Bytes of the broker at rest and for each idle connection, before and after a message."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(200 if plan.quick else IDLE_CONNECTIONS, most - SPARE_DESCRIPTORS)
    with tempfile.TemporaryDirectory(dir=plan.build) as folder, closed_port() as held, Broker(
        plan.programs["orderly"], folder, TAKES_NOTHING, port=held.getsockname()[1]
    ) as broker:
        result = {"rest": broker.memory("VmRSS"), "own": broker.memory("RssAnon")}
        with socket.create_connection(("127.0.0.1", broker.port)) as first:
            for number in range(1000):
                exchange(first, number)
        used = broker.memory("RssAnon")
        connections = connect_many(broker.port, count)
        try:
            wait_until(lambda: broker.connections() >= count, "the last connection")
            new = broker.memory("RssAnon")
            for number, connection in enumerate(connections):
                exchange(connection, number)
            spoken = broker.memory("RssAnon")
        finally:
            for connection in connections:
                connection.close()
    result["warm"] = used
    result["connections"] = count
    result["new"] = (new - used) * 1024 / count
    result["spoken"] = (spoken - used) * 1024 / count
    return result


# ---- All of it -----------------------------------------------------------------------------------


class Results:
    def __init__(self):
        self.stores = {load.name: {name: [] for name in STORES} for load in STORE_LOADS}
        self.sync = {size: [] for size in SYNC_SIZES}
        self.lanes = {lanes: [] for lanes in LANES}
        self.beside = {lanes: [] for lanes in LANES}  # the limit, with as many connections
        self.memory = None


def measure_round(plan, number, results, in_turn, say):
    for size, figures in measure_sync(plan).items():
        results.sync[size].append(figures)
    for load in STORE_LOADS:
        rates = results.stores[load.name]
        for name in in_turn(STORES, number):
            rates[name].append(measure_store(plan, load, name))
        said = ", ".join(f"{name} {rates[name][-1]['rate']:,.0f}/s" for name in rates)
        say(f"round {number + 1} of {plan.rounds}: stored, {load.name}: {said}")
    for lanes in LANES:
        results.beside[lanes].append(measure_store(plan, StoreLoad(lanes), "limit"))
        results.lanes[lanes].append(measure_lanes(plan, lanes))
        rate = results.lanes[lanes][-1]["rate"]
        say(f"round {number + 1} of {plan.rounds}: {lanes} lanes: {rate:,.0f} deliveries/s")


def measure(plan, in_turn, say):
    results = Results()
    for number in range(plan.rounds):
        measure_round(plan, number, results, in_turn, say)
    say("memory of idle connections")
    results.memory = measure_memory(plan)
    return results
