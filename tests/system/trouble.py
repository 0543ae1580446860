"""Trouble for a program under test: its journal's writes and syncs fail, memory runs short, its wall
clock is set. trouble.c does it, loaded before the other libraries.

    trouble = Trouble(test)
    broker = Broker(test, configuration, env=trouble.environment())
    trouble.fail("syncs", 0)             the next sync of the journal fails, once
    trouble.set_clock(-365 * 24 * 3600)
"""

import errno
import mmap
import pathlib
import struct

from support import BUILD, ORDERLY, environment

LIBRARY = pathlib.Path(ORDERLY).parent / "tests" / "libtrouble.so"
# A sanitizer's own library has to be the first one.
POSSIBLE = BUILD in ("plain", "clang")

# The order of struct trouble.
NAMES = ["seconds",
         *(f"{kind}.{name}" for kind in ("writes", "syncs", "allocations")
           for name in ("count", "from", "to", "error")), "blocks"]
ERRORS = {"writes": errno.EIO, "syncs": errno.EIO, "allocations": errno.ENOMEM}


class Trouble:
    def __init__(self, test, name="trouble"):
        assert LIBRARY.exists(), f"{LIBRARY} is not built"
        self.path = test.folder / name
        self.path.write_bytes(bytes(8 * len(NAMES)))
        with open(self.path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 0)
        test.addCleanup(self.shared.close)

    def environment(self):
        return environment(LD_PRELOAD=str(LIBRARY), ORDERLY_TROUBLE=str(self.path))

    def __getitem__(self, name):
        return struct.unpack_from("q", self.shared, 8 * NAMES.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("q", self.shared, 8 * NAMES.index(name), value)

    def fail(self, kind, after, times=1, error=None):
        """Of the calls that come from now on, `after` do well; then `times` fail."""
        self[f"{kind}.error"] = error or ERRORS[kind]
        first = self[f"{kind}.count"] + after
        self[f"{kind}.to"] = first
        self[f"{kind}.from"] = first
        self[f"{kind}.to"] = first + times

    def stop(self, kind):
        """Nothing fails any more."""
        self[f"{kind}.to"] = 0

    def happened(self, kind):
        """What fail() announced has come about, all of it."""
        return self[f"{kind}.count"] >= self[f"{kind}.to"]

    def set_clock(self, seconds):
        """So far from the truth."""
        self["seconds"] = seconds
