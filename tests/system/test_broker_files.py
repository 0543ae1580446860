"""The broker's other doors: folders that files come from and go to, programs."""

import peers
import support
from broker import Broker
from peers import Peer, message
from support import wait_until


class Files(support.TestCase):
    def configuration(self, peer, more=""):
        for name in ("in", "done", "bad"):
            (self.folder / name).mkdir(exist_ok=True)
        return f"""
            [listener in]
            directory = {self.folder}/in
            pattern = *.hl7
            stable-for = 50ms
            done-directory = {self.folder}/done
            error-directory = {self.folder}/bad
            {more}
            [destination out]
            mllp = {peer.address}
            retry = 20ms..50ms
            [route all]
            from = in
            when = MSH-9.1 = 'ORU'
            to = out
            """

    def put(self, name, data):
        self.write("making", data).rename(self.folder / "in" / name)

    def test_files_are_taken_stored_and_put_away(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.configuration(peer))
            self.put("a.hl7", message("A1"))
            wait_until(lambda: peer.ids == ["A1"], "the first")
            self.put("b.hl7", peers.batch([message("A2"), message("A3")]))
            wait_until(lambda: len(peer.ids) == 3, "the batch")
            self.put("c.hl7", message("A4") + message("A5"))
            self.put("d.txt", message("A9"))
            wait_until(lambda: len(peer.ids) == 5, "two in one file")
            self.assertEqual(peer.ids, ["A1", "A2", "A3", "A4", "A5"])
            wait_until(lambda: len(list((self.folder / "done").iterdir())) == 3, "the done ones")
            self.assertEqual([p.name for p in (self.folder / "in").iterdir()], ["d.txt"])
            self.assert_status(broker.stop(), 0)

    def test_what_is_no_message_is_set_aside_with_the_reason(self):
        cases = {
            "empty.hl7": (b"\r\n", "there is no message in it"),
            "text.hl7": (b"hello\r" + message("B1"), "byte 0 is not part of a message"),
            "count.hl7": (peers.batch([message("B2")], count=7), "the batch: "),
            "none.hl7": (message("B4", "ADT^A01"), "no route takes this message"),
        }
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.configuration(peer, "unrouted = refuse"))
            for name, (data, _) in cases.items():
                self.put(name, data)
            for name, (data, reason) in cases.items():
                path = self.folder / "bad" / f"{name}.reason.txt"
                wait_until(path.exists, f"the reason of {name}")
                self.assertIn(reason, path.read_text())
                self.assertEqual((self.folder / "bad" / name).read_bytes(), data)
            self.put("good.hl7", message("B5"))
            wait_until(lambda: peer.ids == ["B5"], "the good one")
            self.assert_status(broker.stop(), 0)

    def test_a_reload_moves_the_folder(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.configuration(peer))
            self.put("a.hl7", message("A1"))
            wait_until(lambda: peer.ids == ["A1"], "the first")
            (self.folder / "in").rename(self.folder / "other")
            broker.configure(self.configuration(peer).replace(f"{self.folder}/in\n",
                                                              f"{self.folder}/other\n"))
            self.assertTrue(broker.reload())
            self.write("making", message("A2")).rename(self.folder / "other" / "b.hl7")
            wait_until(lambda: peer.ids == ["A1", "A2"], "the second")
            self.assert_status(broker.stop(), 0)

    def test_files_and_programs_are_destinations_too(self):
        (self.folder / "out").mkdir()
        program = self.write("program", b"#!/bin/sh\ncat >> " + str(self.folder / "got").encode()
                             + b"\n")
        program.chmod(0o755)
        broker = Broker(self, f"""
            [listener in]
            address = 127.0.0.1:0
            [destination files]
            directory = {self.folder}/out
            [destination program]
            command = {program}
            [route all]
            from = in
            to = files, program
            """)
        with broker.client() as client:
            for i in range(3):
                client.exchange(message(f"A{i}"))
        wait_until(lambda: len(list((self.folder / "out").iterdir())) == 3, "the files")
        got = self.folder / "got"
        sent = b"".join(message(f"A{i}") for i in range(3))
        wait_until(lambda: got.exists() and len(got.read_bytes()) == len(sent), "the program")
        self.assertEqual(got.read_bytes(), sent)
        self.assertEqual(sorted(p.read_bytes() for p in (self.folder / "out").iterdir()),
                         [message(f"A{i}") for i in range(3)])
        self.assert_status(broker.stop(), 0)


if __name__ == "__main__":
    support.main()
