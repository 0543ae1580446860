"""What docs/templates.md and docs/template-reference.md show is what the program does.

In a block between ``` a line "$ orderly ..." is a command, run in a copy of examples/ beside nothing
else, and what follows it is its output, errors too. Line ends are shown as such: CR as LF. In a block
"```text values" each line is "template → what it gives" for examples/messages/adt-a01.hl7.
"""

import os
import pathlib
import re
import shutil
import subprocess

from support import ORDERLY, PATIENCE, SOURCE, TestCase, environment, main, run

TUTORIAL = SOURCE / "docs" / "templates.md"
REFERENCE = SOURCE / "docs" / "template-reference.md"
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"^\$ ", re.M)

# Limits that are no numbers for who writes templates.
INTERNAL = {"TEMPLATE_MAX_QUOTED", "TEMPLATE_INCLUDE_COST", "TEMPLATE_BYTES_PER_STEP"}


def blocks(page, info):
    return [text for kind, text in BLOCK.findall(page.read_text("utf-8")) if kind == info]


def commands(page):
    """(command, expected output) of every command on the page."""
    for text in blocks(page, ""):
        if text.startswith("$ "):
            for part in COMMAND.split(text)[1:]:
                command, _, output = part.partition("\n")
                while command.endswith("\\"):
                    more, _, output = output.partition("\n")
                    command = command[:-1] + more.strip()
                yield command, output


def lines_of(data):
    text = data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return [line.rstrip() for line in text.rstrip("\n").split("\n")]


def limits():
    """{name: number} of lib/template/limits.h."""
    text = (SOURCE / "lib" / "template" / "limits.h").read_text("utf-8")
    found = re.findall(r"^ +(TEMPLATE_\w+) = ([\d *]+),?$", text, re.M)
    return {name: eval(value) for name, value in found}  # pylint: disable=eval-used


def as_written(number):
    if number % 2**20 == 0:
        return f"{number // 2**20} MiB"
    return f"{number // 10**6} million" if number % 10**6 == 0 else f"{number:,}"


class Pages(TestCase):
    def setUp(self):
        super().setUp()
        shutil.copytree(SOURCE / "examples", self.folder / "examples")
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "orderly").symlink_to(os.path.abspath(ORDERLY))

    def shell(self, command):
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=environment(PATH=path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
        return done.stdout

    def check_page(self, page, least):
        shown = list(commands(page))
        self.assertGreaterEqual(len(shown), least, "commands have got lost from the page")
        for command, expected in shown:
            with self.subTest(command):
                self.assertEqual(lines_of(self.shell(command)), lines_of(expected.encode()))

    def test_every_command_of_the_tutorial_prints_what_is_shown(self):
        self.check_page(TUTORIAL, 20)

    def test_every_command_of_the_reference_prints_what_is_shown(self):
        self.check_page(REFERENCE, 2)

    def test_every_value_of_the_reference_is_what_is_shown(self):
        message = SOURCE / "examples" / "messages" / "adt-a01.hl7"
        shown = [line for text in blocks(REFERENCE, "text values") for line in text.splitlines()]
        self.assertGreaterEqual(len(shown), 30, "examples have got lost from the page")
        for line in shown:
            template, _, expected = line.partition("→")
            with self.subTest(template):
                path = self.folder / "value.txt"
                path.write_text(template.rstrip(), "utf-8")
                result = run("convert", "-t", str(path), str(message))
                self.assertEqual(result.status, 0, result)
                self.assertEqual(result.out.decode("utf-8").strip(), expected.strip())

    def test_every_file_of_the_tutorial_is_used_on_its_page(self):
        page = TUTORIAL.read_text("utf-8")
        for path in sorted((SOURCE / "examples" / "tutorial").iterdir()):
            with self.subTest(path.name):
                self.assertIn(path.name, page)

    def test_every_limit_is_in_the_table_of_limits(self):
        table = REFERENCE.read_text("utf-8").partition("## Limits")[2]
        numbers = re.findall(r"^\|.*\|$", table, re.M)
        self.assertGreater(len(limits()), 10)
        for name, number in limits().items():
            if name not in INTERNAL:
                with self.subTest(name):
                    row = re.compile(rf"(?<![\d,]){re.escape(as_written(number))}(?!,?\d)")
                    self.assertTrue(any(row.search(line) for line in numbers), as_written(number))


if __name__ == "__main__":
    main()
