"""A broker under test: its configuration, its start, and what its log says.

    broker = Broker(self, '''
        [listener in]
        address = 127.0.0.1:0
        ...''')
    with broker.client() as client: ...
    broker.program.stop()

The configuration gets an [orderly] section with folders of the test. Lines may be indented.
"""

import re
import signal
import textwrap

import peers
from support import PATIENCE, Program


class Broker:
    def __init__(self, test, configuration, start=True, **settings):
        self.test = test
        self.settings = settings
        self.data = test.folder / "data"
        self.path = test.folder / "orderly.ini"
        self.program = None
        self.configure(configuration)
        if start:
            self.start()

    def configure(self, configuration):
        """Writes the configuration; a broker that runs is told by reload()."""
        head = f"[orderly]\ndata = {self.data}\ncontrol = {self.test.folder}/control.sock\n"
        text = textwrap.dedent(configuration)
        if "alert-disk-low" not in text:
            head += "alert-disk-low = never\n"  # whatever the disk of the tests has
        if "[orderly]" in text:
            text = text.replace("[orderly]\n", head, 1)
        else:
            text = head + text
        self.path.write_text(text)

    def start(self):
        """Starts it; returns when it is ready."""
        self.program = Program("run", self.path, **self.settings)
        self.test.addCleanup(self.program.kill)
        self.program.wait_for(rb': ready: |"event":"ready"')
        return self

    def port(self, listener="in"):
        """The port a listener has, as its last `listening` line says."""
        found = re.findall(rf"listener={listener} address=[^ \n]*:(\d+)".encode(), self.program.err)
        assert found, self.program
        return int(found[-1])

    def client(self, listener="in"):
        return peers.Client(self.port(listener))

    def reload(self):
        """Sends SIGHUP; returns when it was answered: True when the new one is in force."""
        before = len(self.program.err)
        self.program.send_signal(signal.SIGHUP)
        found = self.program.wait_until(
            lambda program: re.search(rb": (reloaded|not-reloaded): ", program.err[before:]),
            "an answer to SIGHUP", PATIENCE)
        return found.group(1) == b"reloaded"

    def stop(self):
        return self.program.stop()

    def kill(self):
        self.program.kill()

    def restart(self):
        self.kill()
        return self.start()
