"""Values at paths, read by `orderly get` and by three HL7 libraries of others: hl7parser and simple-hl7
(npm, tests/npm/peers) and hl7 (Debian: python3-hl7). Where two of them agree, Orderly agrees with them,
but for the cases of DISSENT: there a rule of docs/hl7-rules.md says otherwise, and why.

The libraries end segments at CR only, so they get every message with CR; Orderly gets it with the
line ends it was made with. Absent and empty are the same here, as they are in HL7 (rule 13).
"""

import collections
import json
import os
import pathlib
import random
import re
import shutil
import subprocess

import hl7

from support import ORDERLY, SOURCE, TestCase, main, run

PACKAGES = SOURCE / "tests" / "npm" / "peers"
INSTALLED = pathlib.Path(ORDERLY).parent / "npm" / "peers"

SEEDS = range(33)
MESSAGES = 30
PATHS = 60
NAMES = ("PID", "OBX", "OBX", "ZZ9")


# ---- Messages and paths -------------------------------------------------------------------------


class Case:
    """The messages of one seed: one set of delimiters, one kind of line end."""

    STANDARD = "|^~\\&"
    DELIMITERS = (STANDARD, STANDARD, STANDARD, STANDARD, "#$*@!", "!^~\\&", "|&~\\^", "|^~\\&#",
                  "|^~\\", "|^~", "|^")

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.marks = self.DELIMITERS[seed % len(self.DELIMITERS)]
        self.line_end = ("\r", "\n", "\r\n")[seed % 3]
        self.messages = [self.message() for _ in range(MESSAGES)]
        self.paths = sorted({self.path() for _ in range(PATHS)})

    def leaf(self):
        escape = self.marks[3:4] or "\\"
        return self.random.choice((
            "", "", "", "a", "DOE", "7", "1.5", '""', "ü", "检查", " ", "x y", "x ", " y",
            f"{escape}T{escape}", f"{escape}F{escape}{escape}S{escape}", f"{escape}X0D{escape}", f"{escape}.br{escape}",
            escape, f"C:{escape}temp", "{PID-5}", "*", "#", "$", "@", "!", "'", "<b>", "20260101", "&", "^"))

    def joined(self, make, mark, chance):
        count = self.random.randrange(2, 5) if mark and self.random.random() < chance else 1
        return mark.join(make() for _ in range(count))

    def field(self):
        _, component, repetition, _, part = (*self.marks[:5], "", "", "", "")[:5]
        text = self.joined(lambda: self.joined(lambda: self.joined(
            self.leaf, part, 0.25), component, 0.4), repetition, 0.3)
        # What separates fields is never data; the rest of the marks may be, where it was drawn.
        return text.replace(self.marks[0], "")

    def segment(self, name):
        bar = self.marks[0]
        return bar.join([name, *(self.field() for _ in range(self.random.choice((0, 2, 5, 8, 8, 8))))])

    def message(self):
        bar = self.marks[0]
        header = bar.join([f"MSH{self.marks}", *(self.field() for _ in range(
            self.random.randrange(1, 12)))])
        return [header, *(self.segment(self.random.choice(NAMES))
                          for _ in range(self.random.choice((0, 3, 6, 9))))]

    def path(self):
        """(segment, occurrence, field, repetition, component, subcomponent); 0: not named."""
        pick = self.random.choice
        name = pick(("MSH", "AL1", *NAMES, *NAMES))
        field = pick((0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 40))
        repetition = pick((0, 0, 0, 0, 1, 1, 2, 3, 9)) if field else 0
        component = pick((0, 0, 0, 1, 1, 2, 3, 7)) if field else 0
        part = pick((0, 0, 1, 1, 2, 5)) if component else 0
        return name, pick((0, 0, 0, 1, 2, 3, -1)), field, repetition, component, part


def written(path):
    name, occurrence, field, repetition, component, part = path
    text = name + (f"[{occurrence}]" if occurrence > 0 else "[last]" if occurrence else "")
    text += f"-{field}" if field else ""
    text += f"[{repetition}]" if repetition else ""
    return text + (f".{component}" if component else "") + (f".{part}" if part else "")


# ---- Readers ------------------------------------------------------------------------------------


def with_python(text, paths):
    message = hl7.parse(text)

    def step(node, number):
        """The part of a node; what is not divided has itself as its only part."""
        parts = [node] if isinstance(node, str) else list(node)
        return parts[number - 1] if 0 < number <= len(parts) else None

    def value(path):
        name, occurrence, field, *rest = path
        segments = [segment for segment in message if str(segment[0]) == name]
        index = occurrence if occurrence < 0 else (occurrence or 1) - 1
        if not -len(segments) <= index < len(segments):
            return None
        node = segments[index]
        if field == 0:
            return str(node)
        if field >= len(node):
            return None
        node = node[field]
        while rest and rest[-1] == 0:
            rest.pop()
        for number in rest:
            node = step(node, number or 1)
            if node is None:
                return None
        return str(node)

    return [value(path) for path in paths]


def install():
    """The packages, exactly as they are locked, in the build folder; there once, later offline."""
    stamp = INSTALLED / "installed.json"
    wanted = (PACKAGES / "package-lock.json").read_bytes()
    if not stamp.exists() or stamp.read_bytes() != wanted:
        INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PACKAGES / name, INSTALLED / name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=INSTALLED,
                       stdout=subprocess.DEVNULL, check=True, timeout=240)
        stamp.write_bytes(wanted)


def with_packages(queries):
    lines = "".join(json.dumps({"message": text, "paths": paths}) + "\n" for text, paths in queries)
    done = subprocess.run(["node", PACKAGES / "read.js"], input=lines.encode(), check=True, timeout=240,
                          stdout=subprocess.PIPE,
                          env={**os.environ, "NODE_PATH": str(INSTALLED / "node_modules")})
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- Where a rule says otherwise ----------------------------------------------------------------

Read = collections.namedtuple("Read", "marks message path value said")

# Who is right where two libraries agree on something else, by the rule that decides. Each entry has to
# be met by some case, so none stays when it is no longer needed.
DISSENT = [
    ("rule 12: a blank is data; hl7parser and hl7 cut blanks off the end of the message",
     lambda read: read.message.endswith(read.value) and read.value.endswith(" ")
     and set(read.said) <= {read.value, read.value.rstrip(" ")}),
    ("rule 10: '&' is data where MSH-2 does not name it; hl7 and simple-hl7 split at it all the same",
     lambda read: len(read.marks) < 5 and "&" in read.value and read.path[5] > 0
     and read.said[1:] == [read.value.split("&")[read.path[5] - 1]] * 2),
]


def dissent(read):
    return next((rule for rule, is_meant in DISSENT if is_meant(read)), None)


class Paths(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        install()

    def values(self, case, *options):
        """What Orderly reads: for each message a list."""
        # A blank line between messages does no harm and keeps a last empty field from being cut.
        text = "".join(case.line_end.join([*message, ""]) for message in case.messages)
        path = self.write("messages.hl7", text.encode())
        result = run("get", "--json", *options, *map(written, case.paths), path)
        self.assertIn(result.status, (0, 1), result)
        return [list(json.loads(line).values()) for line in result.out.splitlines()]

    def test_where_two_libraries_agree_orderly_agrees_with_them(self):
        met = collections.Counter()
        for seed in SEEDS:
            case = Case(seed)
            ours = self.values(case)
            self.assertEqual(len(ours), len(case.messages), f"seed {seed}")
            texts = ["\r".join(message) for message in case.messages]
            theirs = with_packages([(text, case.paths) for text in texts])
            for text, mine, others in zip(texts, ours, theirs):
                columns = [others["hl7parser"], others["simple-hl7"], with_python(text, case.paths)]
                for path, value, *said in zip(case.paths, mine, *columns):
                    self.compare(Read(case.marks, text, path, value or "",
                                      [one or "" for one in said if one is not False]), seed, met)
        self.assertGreater(met["agree"], 8000)
        for rule, _ in DISSENT:
            self.assertGreater(met[rule], 0, f"no case needs this any more: {rule}")

    def compare(self, read, seed, met):
        found, votes = collections.Counter(read.said).most_common(1)[0]
        if votes < 2:
            met["they differ"] += 1
        elif found == read.value:
            met["agree" if found else "agree on nothing"] += 1
        else:
            rule = dissent(read)
            self.assertIsNotNone(rule, f"seed {seed}, {written(read.path)}: {read}")
            met[rule] += 1


if __name__ == "__main__":
    main()
