"""Running the program with a terminal as its standard output, as a person sees it."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

from support import ORDERLY, PATIENCE, environment


def on_terminal(*arguments, columns=80, cwd=None, **changes):
    """Runs `orderly ARGUMENTS...` to its end on a terminal of some width; the text it was sent.
    `changes`: environment variables."""
    leader, follower = pty.openpty()
    try:
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        process = subprocess.Popen(
            [ORDERLY, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=follower,
            stderr=subprocess.DEVNULL, cwd=cwd, env=environment(TERM="xterm", **changes))
        os.close(follower)
        shown = b""
        # The system ends a terminal without a writer with an error, not with an end.
        try:
            while data := os.read(leader, 65536):
                shown += data
        except OSError:
            pass
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
        return shown.replace(b"\r\n", b"\n").decode()
    finally:
        os.close(leader)
