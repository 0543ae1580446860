"""What `orderly run` gives away at its start, and that everything it is for works without it."""

import os
import pathlib
import pwd
import re
import select
import signal
import socket
import subprocess
import unittest

import peers
import support
from broker import Broker
from peers import Peer, message
from support import run, wait_until

ROWS = support.SOURCE / "tests" / "scoreboard"
INSTRUMENTED = support.BUILD not in ("plain", "clang")
SIMPLE = """
    [listener in]
    address = 127.0.0.1:0
    [destination out]
    mllp = {peer}
    [route all]
    from = in
    to = out
    """


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return dict(re.findall(r"^(\w+):\s+(.*)$", text, re.MULTILINE))


def helper_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()[0])


def exists(pid):
    """Whether the process runs: one that nobody has waited for does not."""
    try:
        return status_of(pid)["State"][0] not in "ZX"
    except FileNotFoundError:
        return False


class Confinement(support.TestCase):
    def start_simple(self, **settings):
        peer = Peer(peers.answering("AA"))
        self.addCleanup(peer.close, check=False)
        text = SIMPLE.format(peer=peer.address)
        head = "".join(f"{key} = {value}\n" for key, value in settings.items())
        return Broker(self, f"[orderly]\n{head}" + re.sub(r"(?m)^ +", "", text)), peer

    def ask(self, *words):
        return run(*words, "--control", self.folder / "control.sock")

    @unittest.skipIf(INSTRUMENTED, "an instrumented build is not confined")
    def test_it_says_what_it_is_confined_to_and_works(self):
        broker, peer = self.start_simple()
        status = status_of(broker.program.pid)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        for kind in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            self.assertEqual(int(status[kind], 16) & ~(1 << 10), 0, kind)
        self.assertIn(b": confined: ", broker.program.err)
        self.assertIn(b'"confined":"folders, system calls"', self.ask("status", "--json").out)
        with broker.client() as client:
            client.exchange(message("T1"))
        wait_until(lambda: peer.ids == ["T1"], "the message")

    @unittest.skipIf(INSTRUMENTED, "an instrumented build is not confined")
    def test_it_can_be_switched_off(self):
        broker, _ = self.start_simple(confine="no")
        self.assertEqual(status_of(broker.program.pid)["Seccomp"], "0")
        self.assertIn(b": not-confined: confine = no", broker.program.err)
        self.assertIn(b'"confined":"none"', self.ask("status", "--json").out)

    def test_it_becomes_the_account_that_is_named(self):
        """Whoever is not root can name itself only."""
        account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        os.chmod(self.folder, 0o777)
        broker, _ = self.start_simple(user=account.pw_name)
        status = status_of(broker.program.pid)
        self.assertEqual(set(status["Uid"].split()), {str(account.pw_uid)})
        self.assertEqual(set(status["Gid"].split()), {str(account.pw_gid)})
        self.assertEqual(status_of(helper_of(broker.program.pid))["Uid"], status["Uid"])
        self.assertEqual((self.folder / "data" / "journal.db").stat().st_uid, account.pw_uid)
        self.assertEqual((self.folder / "data" / "journal.db").stat().st_mode & 0o777, 0o600)

    def test_an_account_that_is_not_there_is_told(self):
        broker = Broker(self, "[orderly]\nuser = no-such-account\n[listener in]\naddress = 127.0.0.1:0\n",
                        start=False)
        result = run("run", broker.path)
        self.assert_status(result, 3)
        self.assertIn(b"user = no-such-account: there is no such account", result.err)

    @unittest.skipIf(INSTRUMENTED, "an instrumented build is not confined")
    def test_a_reload_outside_its_folders_is_refused_and_one_inside_is_not(self):
        elsewhere = support.tempfile.mkdtemp(prefix="orderly-elsewhere-")
        self.addCleanup(os.rmdir, elsewhere)
        broker, peer = self.start_simple()
        text = SIMPLE.format(peer=peer.address)
        broker.configure(text + f"[destination new]\n    directory = {elsewhere}\n")
        self.assertFalse(broker.reload())
        self.assertIn(f"{elsewhere} is outside the folders".encode(), broker.program.err)
        (self.folder / "inside").mkdir()
        broker.configure(text + f"[destination new]\n    directory = {self.folder}/inside\n")
        self.assertTrue(broker.reload())

    @unittest.skipIf(INSTRUMENTED, "an instrumented build is not confined")
    def test_a_backup_goes_where_it_is_allowed_and_nowhere_else(self):
        allowed = pathlib.Path(support.tempfile.mkdtemp(prefix="orderly-allowed-"))
        other = pathlib.Path(support.tempfile.mkdtemp(prefix="orderly-other-"))
        for folder in (allowed, other):
            self.addCleanup(support.shutil.rmtree, folder)
        self.start_simple(**{"allow-folders": allowed})
        self.assert_status(self.ask("backup", allowed / "copy.db"), 0)
        self.assertEqual((allowed / "copy.db").stat().st_mode & 0o777, 0o600)
        refused = self.ask("backup", other / "copy.db")
        self.assertNotEqual(refused.status, 0)
        self.assertIn(b"allow-folders", refused.err)

    def test_a_command_that_a_reload_brings_can_be_run(self):
        broker, peer = self.start_simple()
        text = SIMPLE.format(peer=peer.address).replace("to = out", "to = out, program")
        broker.configure(text + f"[destination program]\n    command = /usr/bin/tee {self.folder}/got\n")
        self.assertTrue(broker.reload())
        with broker.client() as client:
            client.exchange(message("T1"))
        wait_until(lambda: (self.folder / "got").exists() and
                   b"T1" in (self.folder / "got").read_bytes(), "the program")

    def test_the_helper_goes_with_the_broker(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            broker, _ = self.start_simple()
            helper = helper_of(broker.program.pid)
            broker.program.send_signal(number)
            broker.program.wait()
            wait_until(lambda pid=helper: not exists(pid), "the helper's end")

    def test_the_broker_goes_with_its_helper(self):
        broker, _ = self.start_simple()
        os.kill(helper_of(broker.program.pid), signal.SIGKILL)
        result = broker.program.wait()
        self.assert_status(result, 3)
        self.assertIn(b": helper: ", result.err)

    def test_the_service_manager_hears_how_it_is(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(str(self.folder / "notify"))
        manager.settimeout(support.PATIENCE)
        environment = support.environment(NOTIFY_SOCKET=str(self.folder / "notify"),
                                          WATCHDOG_USEC="200000")
        broker = Broker(self, SIMPLE.format(peer="127.0.0.1:1"), env=environment)
        self.assertEqual(manager.recv(100), b"READY=1")
        self.assertEqual(manager.recv(100), b"WATCHDOG=1")
        broker.reload()
        broker.stop()
        heard = []
        while not heard or heard[-1] != b"STOPPING=1":
            heard.append(manager.recv(100))
        told = [line for line in heard if line != b"WATCHDOG=1"]
        self.assertTrue(told[0].startswith(b"RELOADING=1\nMONOTONIC_USEC="), told)
        self.assertEqual(told[1:], [b"READY=1", b"STOPPING=1"])

    @unittest.skipIf(INSTRUMENTED, "an instrumented build is not confined")
    def test_a_full_run_asks_for_nothing_outside_the_filter_the_folders_and_the_peers(self):
        self.assert_row("row_17_strace.py")

    def test_systemd_rates_the_service_as_hardly_exposed(self):
        self.assert_row("row_15_systemd.py")

    def assert_row(self, name):
        done = subprocess.run(["/usr/bin/python3", str(ROWS / name)], capture_output=True, text=True,
                              timeout=2 * support.PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_descriptors_it_was_not_meant_to_have_are_closed(self):
        """Nor has the helper any: the pipe would not end."""
        ends = os.pipe()
        os.set_inheritable(ends[1], True)
        broker = Broker(self, SIMPLE.format(peer="127.0.0.1:1"), start=False)
        program = support.Program("run", broker.path, pass_fds=[ends[1]])
        self.addCleanup(program.kill)
        program.wait_for(rb": ready: ")
        os.close(ends[1])
        self.assertTrue(select.select([ends[0]], [], [], support.PATIENCE)[0])
        self.assertEqual(os.read(ends[0], 1), b"")
        os.close(ends[0])


if __name__ == "__main__":
    support.main()
