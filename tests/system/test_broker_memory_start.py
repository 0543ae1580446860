"""The broker's start when memory runs short: every allocation of it fails once, and it ends with a
sentence, or is ready all the same; what was acknowledged is still there."""

import os
import shutil
import signal
import subprocess
import threading
import unittest

import peers
import support
from broker import Broker
from peers import Peer, frame, message
from support import ORDERLY, HeldPort, wait_until
from trouble import POSSIBLE, Trouble

# Each kind of section, and of door.
CONFIGURATION = """
    [orderly]
    index = PV1-19.1 as visit
    include = {folder}/more/*.ini
    alert-command = /bin/true
    [defaults listener]
    allow-plaintext = yes
    [defaults destination]
    retry = 20ms..50ms
    [listener in]
    address = 127.0.0.1:0
    duplicates = 24h
    [listener files]
    directory = {folder}/inbox
    [destination out]
    mllp = {address}
    [destination folder]
    directory = {folder}/outbox
    [destination program]
    command = /bin/cat
    [route all]
    from = in
    when = MSH-9.1 = 'ORU'
    template = {folder}/convert.hl7
    to = out
    """
MORE = b"""[route files]
from = files
key = PID-3.1
lanes = 2
to = folder, program
"""
TEMPLATE = b"{output hl7}\n{set MSH-5 = map('sex', PID-8, PID-8)}\n{source}\n"
TABLE = b"from,to\nF,W\n"
WORKERS = 4
# More allocations than this a start does not make.
MOST = 20000


@unittest.skipUnless(POSSIBLE, "sanitizers do not bear a library before theirs")
class Start(support.TestCase):
    def setUp(self):
        super().setUp()
        self.write("convert.hl7", TEMPLATE)
        self.write("sex.csv", TABLE)
        self.write("more/files.ini", MORE)
        for name in ("inbox", "outbox"):
            (self.folder / name).mkdir()

    def broker(self, address, start=True):
        return Broker(self, CONFIGURATION.format(folder=self.folder, address=address), start)

    def configuration_of(self, worker):
        """The same with a journal and a socket of the worker's own; its path."""
        text = (self.folder / "orderly.ini").read_text()
        for name in ("data", "control.sock"):
            text = text.replace(f"{self.folder}/{name}\n", f"{self.folder}/{worker}-{name}\n")
        return self.write(f"{worker}.ini", text.encode())

    @staticmethod
    def start(path, trouble):
        """Starts it, and ends it if it becomes ready: (ended by itself, status, its log)."""
        with subprocess.Popen([ORDERLY, "run", str(path)], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, env=trouble.environment()) as process:
            log = b""
            ready = False
            while data := os.read(process.stderr.fileno(), 65536):
                log += data
                if not ready and b": ready: " in log:
                    ready = True
                    trouble.met = trouble.happened("allocations")
                    trouble.stop("allocations")
                    process.send_signal(signal.SIGTERM)
            return not ready, process.wait(), log

    def work(self, worker, first, fresh, findings):
        """Fails every allocation of a start that is this worker's turn."""
        trouble = Trouble(self, f"{worker}-trouble")
        path = self.configuration_of(worker)
        for after in range(first, MOST, WORKERS):
            if fresh:
                shutil.rmtree(self.folder / f"{worker}-data", ignore_errors=True)
            trouble.fail("allocations", after)
            trouble.met = True
            ended, status, log = self.start(path, trouble)
            # The helper that starts programs is a process of its own, whose memory fails, too: the broker ends then.
            statuses = (2, 3) if ended else (3,) if b": fatal: helper: " in log else (0,)
            if status not in statuses or not log:
                findings.append((after, ended, status, log))
            if not trouble.met:
                findings.reached.append(after)
                return

    def fail_each(self, fresh):
        class Findings(list):
            reached = []

        findings = Findings()
        workers = [threading.Thread(target=self.work, args=(f"w{i}", i, fresh, findings))
                   for i in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(findings[:3], [])
        self.assertEqual(len(findings.reached), WORKERS, "not all allocations were reached")
        self.assertGreater(min(findings.reached), 200)

    def test_each_allocation_of_a_first_start_fails_once(self):
        with HeldPort() as held:
            self.broker(held.address, start=False)
            self.fail_each(fresh=True)

    def test_each_allocation_of_a_start_with_messages_that_wait_fails_once(self):
        with HeldPort() as held:
            broker = self.broker(held.address)
            with broker.client() as client:
                client.send(frame(message("M0")))
                self.assertIn(b"MSA|AA|M0", client.receive())
            self.assert_status(broker.stop(), 0)
            for worker in range(WORKERS):
                shutil.copytree(broker.data, self.folder / f"w{worker}-data")
            self.fail_each(fresh=False)
        with Peer(peers.answering("AA")) as peer:
            self.broker(peer.address, start=False)
            for worker in range(WORKERS):
                program = self.start_program(self.configuration_of(f"w{worker}"))
                wait_until(lambda w=worker: len(peer.ids) > w, "the delivery")
                self.assert_status(program.stop(), 0)
            self.assertEqual(peer.ids, ["M0"] * WORKERS)

    def start_program(self, path):
        program = support.Program("run", path)
        self.addCleanup(program.kill)
        program.wait_for(rb": ready: ")
        return program


if __name__ == "__main__":
    support.main()
