"""README.md does what it shows: its commands with the broker are run, in their order, on a terminal, in a copy
of examples/ whose ports are free ones. A `*` stands for what differs from run to run; how many blanks
stand between two words is not looked at. A command with `&` goes on running."""

import re
import shlex
import shutil
import subprocess
import unittest

import support
from support import PATIENCE, SOURCE, Program, free_port, run, wait_until
from terminal import on_terminal
from test_template_docs import blocks

PAGE = SOURCE / "README.md"


def steps():
    """(command, the lines that follow it) of the part that is run."""
    text = PAGE.read_text("utf-8")
    part = text[text.index("<!-- run -->"):text.index("<!-- end of run -->")]
    for block in re.findall(r"^```\n(.*?)^```$", part, re.M | re.S):
        for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, shown = step.partition("\n")
            yield command, shown.rstrip("\n").split("\n") if shown else []


def words(line):
    return " ".join(line.split())


def pattern(line):
    return "^" + r"\S.*".join(map(re.escape, words(line).split("*"))) + "$"


class Readme(support.TestCase):
    def setUp(self):
        super().setUp()
        shutil.copytree(SOURCE / "examples", self.folder / "examples",
                        ignore=shutil.ignore_patterns("data"))
        self.ports = {"2575": str(free_port()), "2576": str(free_port())}
        configuration = self.folder / "examples" / "broker" / "first.ini"
        configuration.write_text(self.with_ports(configuration.read_text("utf-8")), "utf-8")
        self.environment = {"NO_COLOR": "1"}

    def with_ports(self, text):
        for shown, real in self.ports.items():
            text = text.replace(shown, real)
        return text

    def begin(self, arguments):
        program = Program(*arguments, cwd=self.folder)
        self.addCleanup(program.kill)
        program.wait_for(rb": ready: |listening on ")

    def do(self, command):
        """What the command prints."""
        arguments = shlex.split(self.with_ports(command))
        if arguments[-1] == "&":
            self.begin(arguments[1:-1])
        elif arguments[0] == "export":
            name, _, value = arguments[1].partition("=")
            self.environment[name] = str(self.folder / value)
        elif arguments[0] == "orderly":
            return on_terminal(*arguments[1:], columns=200, cwd=self.folder, **self.environment)
        else:
            subprocess.run(["sh", "-c", command], cwd=self.folder, check=True, timeout=PATIENCE)
        return ""

    def wait_for_state(self, command):
        """What the page takes for granted: that a person types slowly."""
        def lane():
            return run("status", "--json", env=support.environment(**self.environment)).out
        if command == "orderly status":
            wait_until(lambda: re.search(rb'"depth":1,.*"attempts":[1-9]', lane()), "a first try")
        elif command.startswith("orderly trace"):
            wait_until(lambda: re.search(rb'"depth":0,.*"delivered":1', lane()), "the delivery")

    def test_every_command_with_the_broker_gives_what_the_page_says(self):
        count = 0
        for command, expected in steps():
            with self.subTest(command):
                self.wait_for_state(command)
                shown = self.do(command).rstrip("\n")
                lines = shown.split("\n") if shown else []
                self.assertEqual(len(lines), len(expected), shown)
                for got, wanted in zip(lines, expected, strict=True):
                    self.assertRegex(words(got), pattern(self.with_ports(wanted)))
            count += 1
        self.assertEqual(count, 8)

    def test_what_is_shown_of_the_example_is_in_the_example(self):
        folder = SOURCE / "examples" / "broker"
        self.assertIn(blocks(PAGE, "ini")[0], (folder / "first.ini").read_text("utf-8"))
        self.assertIn((folder / "first.hl7").read_text("utf-8"), blocks(PAGE, ""))


class Verbs(unittest.TestCase):
    def test_every_verb_is_in_a_table_of_the_page(self):
        rows = "\n".join(re.findall(r"^\|.*\|$", PAGE.read_text("utf-8"), re.M))
        listed = run("help").out.decode()
        names = re.findall(r"^  ([a-z]+)  +\S", listed, re.M)
        self.assertGreater(len(names), 20, listed)
        for name in names:
            self.assertRegex(rows, rf"`(orderly )?{name}\b")


if __name__ == "__main__":
    support.main()
