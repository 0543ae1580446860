#!/usr/bin/python3
"""Row 13: how often each fuzzer ran its target, and how often that crashed, in so many seconds each
(SCOREBOARD_FUZZ_SECONDS, 10). It builds the fuzzers when they are not there."""

import os
import pathlib
import re
import subprocess

from figures import ORDERLY, SOURCE, tell

SECONDS = os.environ.get("SCOREBOARD_FUZZ_SECONDS", "10")


def main():
    build = pathlib.Path(ORDERLY).resolve().parent / "fuzz"
    subprocess.run([SOURCE / "scripts" / "build-variant", "fuzz", build], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    runs, crashes, targets = 0, [], sorted((SOURCE / "fuzz").glob("fuzz_*.c"))
    least = None
    for target in targets:
        name = target.stem.removeprefix("fuzz_")
        done = subprocess.run([SOURCE / "scripts" / "fuzz", build, SECONDS, name], capture_output=True, text=True,
                              check=False)
        text = done.stdout + done.stderr
        found = [int(each) for each in re.findall(r"stat::number_of_executed_units:\s+(\d+)|Done (\d+) runs", text)
                 for each in each if each]
        count = max(found, default=0)
        runs += count
        least = min((count, name), least or (count, name))
        if done.returncode != 0:
            crashes.append(name)
    tell(13, "Fuzz executions and open crashes", f"{runs:,} executions of {len(targets)} targets, "
         f"{len(crashes)} crashes", "0 crashes", not crashes and least[0] > 0, "Orderly",
         f"{SECONDS} s each; fewest: {least[1]} with {least[0]:,}" + (f"; {', '.join(crashes)}" if crashes else ""))


main()
