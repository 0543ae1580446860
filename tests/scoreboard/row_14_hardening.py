#!/usr/bin/python3
"""Row 14: the hardening flags of every binary that is shipped, read from it. Of landing pads: that they are in the
code. The start files of Debian 12 have no mark for them, so no binary there has it, and nothing enforces them."""

import pathlib
import re
import subprocess

from figures import ORDERLY, SOURCE, tell


def read(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def missing(path):
    headers, dynamic = read("readelf", "-lW", path), read("readelf", "-dW", path)
    symbols, code = read("readelf", "--dyn-syms", "-W", path), read("objdump", "-d", "--no-show-raw-insn", path)
    facts = {"PIE/PIC": "Type: DYN" in re.sub(r" +", " ", read("readelf", "-hW", path)),
             "RELRO": "GNU_RELRO" in headers, "BIND_NOW": "BIND_NOW" in dynamic or "NOW" in dynamic,
             "NX": re.search(r"GNU_STACK.* RW ", headers) is not None,
             "no W+X": re.search(r"LOAD.* RWE ", headers) is None,
             "canaries": "__stack_chk_fail" in symbols, "no RPATH": "RPATH" not in dynamic and "RUNPATH" not in dynamic,
             "fortified": "_chk@" in symbols, "landing pads": code.count("endbr64") > 100}
    return [name for name, there in facts.items() if not there], len(facts)


def main():
    build = pathlib.Path(ORDERLY).resolve().parent
    checked = subprocess.run([SOURCE / "scripts" / "check-hardening", build], capture_output=True, text=True, check=False)
    for name in ("orderly", "orderly-web", "libhl7.so"):
        if (build / name).exists():
            lacks, count = missing(build / name)
            tell(14, "Hardening flags", f"{name}: {count - len(lacks)} of {count}", "all",
                 not lacks and checked.returncode == 0, "Orderly",
                 "lacks " + ", ".join(lacks) if lacks else "")


main()
