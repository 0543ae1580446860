"""docs/operations.md does what it shows: every command on the page is run, in its order, against a broker
as the page describes it. A `*` in the output stands for what differs from run to run. TABs are there."""

import os
import re
import subprocess
import unittest

import peers
import support
from broker import Broker
from support import ORDERLY, PATIENCE, SOURCE, HeldPort, wait_until
from test_template_docs import commands

PAGE = SOURCE / "docs" / "operations.md"

SETUP = """
    [listener orders]
    address = 127.0.0.1:0

    [destination archive]
    directory = {folder}/archive

    [destination ris]
    mllp = {address}
    retry = 1h..1h

    [route to-archive]
    from = orders
    to = archive

    [route to-ris]
    from = orders
    to = ris
    """


def order(number):
    text = peers.message(f"A{number}", "ORM^O01",
                         segments=[f"PID|1||{'000123' if number == 1 else '000456'}||DOE^JANE^TEST"])
    return text.replace(b"TESTAPP|TESTHOSPITAL", b"HIS|NORTH", 1)


def pattern(line):
    return "^" + r"\S.*".join(map(re.escape, line.split("*"))) + "$"


class Page(support.TestCase):
    def setUp(self):
        super().setUp()
        (self.folder / "archive").mkdir()
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "orderly").symlink_to(os.path.abspath(ORDERLY))
        for name, system in (("old", "RIS"), ("new", "RIS2")):
            self.write(f"{name}.hl7", f"{{set MSH-5 = '{system}'}}\n{{source}}\n".encode())
        self.held = HeldPort()
        self.addCleanup(self.held.close)
        self.broker = Broker(self, SETUP.format(folder=self.folder, address=self.held.address),
                             start=False, cwd=self.folder)
        self.broker.path = "orderly.ini"
        self.broker.start()
        with self.broker.client("orders") as client:
            for number in (1, 2, 3):
                self.assertIn(b"MSA|AA", client.exchange(order(number)))
        wait_until(lambda: re.search(r"refused; 3 messages.*; 1 try so far", self.shell(
            "orderly status")) and len(list((self.folder / "archive").iterdir())) == 3,
            "the state of the page")

    def shell(self, command):
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False,
            env=support.environment(PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}",
                                    ORDERLY_CONTROL=str(self.folder / "control.sock")))
        return done.stdout.decode()

    def test_every_command_gives_what_the_page_says(self):
        count = 0
        for command, expected in commands(PAGE):
            with self.subTest(command=command):
                shown = self.shell(command).rstrip("\n").split("\n")
                lines = expected.rstrip("\n").split("\n")
                self.assertEqual(len(shown), len(lines), "\n".join(shown))
                for got, wanted in zip(shown, lines, strict=True):
                    self.assertRegex(got, pattern(wanted))
            count += 1
        self.assertGreater(count, 18)


class Verbs(unittest.TestCase):
    def test_every_verb_that_asks_a_broker_is_on_the_page(self):
        text = PAGE.read_text("utf-8")
        for verb in ("status", "messages", "message", "trace", "resend", "dead", "pause", "resume",
                     "skip", "release", "export", "shadow", "prune", "backup", "reload"):
            self.assertIn(f"orderly {verb}", text)

    def test_every_request_and_record_is_in_the_protocol(self):
        text = (SOURCE / "docs" / "control-protocol.md").read_text("utf-8")
        table = (SOURCE / "broker" / "control" / "requests.tbl").read_text("utf-8")
        requests = re.findall(r"^REQUEST\((\w+),", table, re.M)
        self.assertGreater(len(requests), 15)
        files = [*(SOURCE / "broker" / "control").glob("*.c"), SOURCE / "broker/broker_control.c"]
        sources = "".join(path.read_text("utf-8") for path in files)
        records = set(re.findall(r'record_begin\([^;"]*"([a-z-]+)"\)', sources))
        self.assertGreater(len(records), 15)
        for word in {*requests, *records}:
            self.assertIn(f"`{word}`", text)
        parameters = re.findall(r'{\.name = "([a-z-]+)"',
                                (SOURCE / "broker/control/request.c").read_text("utf-8"))
        for word in parameters:
            self.assertRegex(text, rf"`{word}(=1)?`")


if __name__ == "__main__":
    support.main()
