#!/usr/bin/python3
"""Row 12: findings of gcc's analyzer and of cppcheck over the sources, and suppressions anywhere in them. The
sanitizers, valgrind and clang-tidy are the tests asan.*, quality.valgrind.* and quality.tidy of `make test`,
which ends at the first finding; how its last run went is told when its log is there."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from figures import ORDERLY, SOURCE, tell

NAME = "Findings; suppressions"
FOLDERS = ("lib", "base", "net", "broker", "cli", "web")
MARKS = re.compile(r"NOLINT|cppcheck-suppress|no_sanitize|pragma GCC diagnostic|pragma clang diagnostic|"
                   r"lint_suppress|__attribute__\(\(unused")


def suppressions():
    files = [path for folder in FOLDERS + ("tests", "fuzz", "include") for path in (SOURCE / folder).rglob("*.[ch]")]
    return sum(len(MARKS.findall(path.read_text("utf-8", "replace"))) for path in files)


def analyzed(command):
    words = [word for word in shlex.split(command["command"]) if not word.startswith("-M")]
    out = words.index("-o")
    words[out + 1] = os.devnull
    done = subprocess.run([*words, "-fanalyzer", "-Wno-error"], cwd=command["directory"], capture_output=True,
                          text=True, check=False)
    return re.findall(r"warning: .*\[(-Wanalyzer[^\]]*)\]", done.stderr)


def main():
    build = pathlib.Path(ORDERLY).resolve().parent
    commands = [each for each in json.loads((build / "compile_commands.json").read_text())
                if pathlib.Path(each["file"]).relative_to(SOURCE).parts[0] in FOLDERS]
    with ThreadPoolExecutor(2) as pool:
        kinds = [kind for found in pool.map(analyzed, commands) for kind in found]
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "compile_commands.json").write_text(json.dumps(commands))
        done = subprocess.run([SOURCE / "scripts" / "check-cppcheck", folder], capture_output=True, text=True,
                              check=False)
    cppcheck = len(re.findall(r"\[[a-zA-Z]+\]$", done.stderr, re.M))
    marks = suppressions()
    by_kind = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))
    tell(12, NAME, f"gcc -fanalyzer {len(kinds)}, cppcheck {cppcheck}; {marks} suppressions", "0; 0",
         not kinds and cppcheck == 0 and marks == 0, "Orderly",
         f"{len(commands)} files; {by_kind + '; ' if by_kind else ''}"
         "sanitizers, valgrind, clang-tidy: tests of `make test`")


main()
