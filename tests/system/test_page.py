"""The page in a real Chromium, used as people use it: tests/web/page.cjs says how.

A broker with traffic in every state and an orderly-web run for all of it; the screenshots stay in the
build folder, under tests/screenshots.
"""

import base64
import json
import os
import pathlib
import subprocess
import unittest

import peers
import support
from broker import Broker
from peers import Client, Peer, message
from web import PASSWORD, Web

HERE = support.SOURCE / "tests" / "web"
NODE_PACKAGES = os.environ.get("ORDERLY_NODE_PACKAGES", str(support.SOURCE / "build" / "tests" / "npm"))
SHOTS = pathlib.Path(support.ORDERLY).parent / "tests" / "screenshots"

CONFIGURATION = """
    [listener in]
    address = 127.0.0.1:0
    [listener other]
    address = 127.0.0.1:0
    [destination his]
    mllp = {his}
    [destination picky]
    mllp = {picky}
    [destination gone]
    mllp = {gone}
    retry = 50ms..100ms
    [route in-to-his]
    from = in, other
    template = upper.hl7
    to = his
    [route in-to-picky]
    from = in
    when = MSH-9.1 = 'ORM'
    to = picky
    [route in-to-gone]
    from = in
    when = MSH-9.1 = 'ADT'
    to = gone
    """
UPPER = "MSH|^~\\&|ORDERLY|{MSH-4}|HIS|HIS|{MSH-7}||{MSH-9}|{MSH-10}|P|2.5.1\nPID|1||{PID-3}||{upper(PID-5)}||{PID-7}|{PID-8}\n" \
        "{for x in OBX}\nOBX|{x-1}|{x-2}|{x-3}||{x-5}\n{end}\n"
HOSTILE = "<img src=x onerror=globalThis.wasHit=1><script>globalThis.wasHit=1</script>\"'`{{7*7}}"


def order(control_id, kind="ORM^O01", patient="P-4711", name="Doe^Jane", accession="ACC-778", more=()):
    return message(control_id, kind, segments=[
        f"PID|1||{patient}^^^TEST^MR||{name}||19000101|F", "ORC|NW|ORD1", f"OBR|1|ORD1|{accession}|X^Chest", *more])


class Page(support.TestCase):
    def peer(self, handler):
        peer = Peer(handler)
        self.enterContext(peer)
        return peer

    def world(self):
        """Messages in every state, and where to find them."""
        def says(code):
            def handler(connection):
                connection.socket.settimeout(600)
                while (got := connection.receive()) is not None:
                    connection.send(peers.frame(peers.ack(got, code, reason="207 unknown order" if code == "AR" else "")))
            return handler
        (self.folder / "upper.hl7").write_text(UPPER)
        broker = Broker(self, CONFIGURATION.format(his=self.peer(says("AA")).address, picky=self.peer(says("AR")).address,
                                                   gone=self.enterContext(support.HeldPort()).address))
        pdf = base64.b64encode(b"%PDF-1.4\n" + b"invented " * 40).decode()
        messages = {
            "message": ("in", order("C-0001", "ORU^R01")),
            "dead": ("in", order("C-0002", accession="ACC-779")),
            "waits": ("in", order("C-0003", "ADT^A08")),
            "document": ("other", order("C-0004", "ORU^R01", more=[f"OBX|1|ED|PDF^Report||^application^pdf^Base64^{pdf}||||||F"])),
            "hostile": ("other", order("C-0005", "ORU^R01", patient="P-666", name=HOSTILE)),
        }
        for listener, content in messages.values():
            with Client(broker.port(listener)) as client:
                client.send(peers.frame(content))
                client.receive()
        for number in range(40):
            with Client(broker.port("other")) as client:
                client.send(peers.frame(order(f"MORE-{number}", "ORU^R01", patient=f"Q-{number}")))
                client.receive()
        ids = {}
        for name, (_, content) in messages.items():
            wanted = "dead" if name == "dead" else "pending" if name == "waits" else "settled"
            support.wait_until(lambda name=name, content=content, wanted=wanted: self.find(ids, name, content, wanted), f"{name} is {wanted}", timeout=5)
        return broker, ids

    def find(self, ids, name, content, wanted):
        found = support.run("messages", "--json", "--control-id", peers.control_id(content).decode(), "--state", wanted,
                            "--control", self.folder / "control.sock")
        rows = [row for row in map(json.loads, found.out.splitlines()) if row["record"] == "message"]
        if not rows:
            return False
        ids[name] = rows[0]["id"]
        return True

    def test_the_page(self):
        _, ids = self.world()
        for folder, text in (("own", "MSH|^~\\&|FIRST|{MSH-4}\n"), ("gallery", "MSH|^~\\&|GALLERY|{MSH-4}\n")):
            (self.folder / folder).mkdir()
            (self.folder / folder / f"{folder}.hl7").write_text(text)
        web = Web(self, sections="[templates own]\nfolder = own\nsave = yes\n[templates gallery]\nfolder = gallery\n")
        users = {"watcher": "view-flow", "viewer": "view-messages", "operator": "operate", "admin": "admin"}
        SHOTS.mkdir(parents=True, exist_ok=True)
        world = {"base": f"http://{web.host}", "ids": {**ids, "control": "C-0001", "patient": "P-4711", "accession": "ACC-778", "hostilePatient": "P-666"},
                 "users": {name: {"name": role, "password": PASSWORD} for name, role in users.items()},
                 "template": str(self.folder / "own" / "own.hl7")}
        only = [os.environ["ORDERLY_ONLY"]] if "ORDERLY_ONLY" in os.environ else []
        done = subprocess.run(["node", str(HERE / "page.cjs"), *only], capture_output=True, timeout=280, check=False, text=True,
                              env={**os.environ, "ORDERLY_NODE_PACKAGES": NODE_PACKAGES, "ORDERLY_SHOTS": str(SHOTS),
                                   "ORDERLY_WORLD": json.dumps(world)})
        results = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(len(results), 0)
        for result in results:
            with self.subTest(result["name"]):
                self.assertIsNone(result["why"], result["why"])


if __name__ == "__main__":
    support.main()
