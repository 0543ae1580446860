#!/usr/bin/python3
"""Row 16: the libraries that the program loads, with the versions of the distribution's packages, from the
bill of materials; and how many open vulnerabilities the distribution knows of, where debsecan is there to tell."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile

from figures import ORDERLY, SOURCE, tell


def open_cves(names):
    """By debsecan, which asks Debian; None without it, or when it cannot."""
    if shutil.which("debsecan") is None:
        return None
    done = subprocess.run(["debsecan", "--suite", "bookworm", "--only-fixed"], capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode != 0:
        return None
    return sum(line.split()[1] in names for line in done.stdout.splitlines() if len(line.split()) > 1)


def main():
    build = pathlib.Path(ORDERLY).resolve().parent
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([SOURCE / "scripts" / "sbom", build, folder], check=True, stdout=subprocess.DEVNULL)
        bom = json.loads((pathlib.Path(folder) / "orderly.cdx.json").read_text())
    packages = {each["bom-ref"]: each for each in bom["components"] if "purl" in each}
    needs = {each["ref"]: each["dependsOn"] for each in bom["dependencies"]}
    for program in ("orderly", "orderly-web"):
        todo, found = list(needs.get(f"orderly/{program}", ())), set()
        while todo:
            each = todo.pop()
            if each not in found:
                found.add(each)
                todo += needs.get(each, ())
        if not found:
            continue
        names = {packages[each]["name"] for each in found}
        direct = ", ".join(f"{packages[each]['name']} {packages[each]['version']}" for each in needs[f"orderly/{program}"])
        cves = open_cves(names)
        tell(16, "Linked libraries", f"{program}: {len(found)}, {len(needs[f'orderly/{program}'])} of them itself: {direct}",
             "the distribution's only", all(re.match("pkg:deb/", each) for each in found), "Orderly",
             "fixed vulnerabilities not installed: " + ("no local tool can tell (debsecan)" if cves is None else str(cves)))


main()
