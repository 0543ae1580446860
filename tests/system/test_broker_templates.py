"""Templates and tables that change while the broker uses them: a good version takes effect by itself,
however it was put in place; a bad one changes nothing."""

import os

import peers
import support
from broker import Broker
from peers import Peer, field, message
from support import wait_until

CONFIGURATION = """
    [listener in]
    address = 127.0.0.1:0
    [destination out]
    mllp = {address}
    [route all]
    from = in
    template = {template}
    to = out
    """


def template(name):
    return f"{{output hl7}}\n{{set MSH-5 = '{name}'}}\n{{source}}\n".encode()


class Templates(support.TestCase):
    def setUp(self):
        super().setUp()
        self.template = self.write("templates/convert.hl7", template("ONE"))
        self.sent = 0

    def start(self, peer):
        return Broker(self, CONFIGURATION.format(address=peer.address, template=self.template))

    def assert_converts(self, broker, peer, name):
        """The next message becomes what the template of that name makes."""
        self.sent += 1
        with broker.client() as client:
            client.exchange(message(f"M{self.sent}"))
        wait_until(lambda: len(peer.ids) == self.sent, "the delivery")
        self.assertEqual(field(peer.messages[-1], "MSH", 5), name)

    def in_force(self, broker, count):
        broker.program.wait_for(rb"(?s)(the changed template is in force.*){%d}" % count)

    def test_one_that_is_replaced_by_rename_takes_effect(self):
        with Peer(peers.answering("AA")) as peer:
            broker = self.start(peer)
            self.assert_converts(broker, peer, b"ONE")
            self.write("templates/new", template("TWO")).rename(self.template)
            self.in_force(broker, 1)
            self.assert_converts(broker, peer, b"TWO")
            self.write("elsewhere", template("THREE")).rename(self.template)
            self.in_force(broker, 2)
            self.assert_converts(broker, peer, b"THREE")

    def test_one_that_is_written_in_place_takes_effect(self):
        with Peer(peers.answering("AA")) as peer:
            broker = self.start(peer)
            for count, name in enumerate(("TWO", "THREE"), 1):
                self.template.write_bytes(template(name))
                self.in_force(broker, count)
                self.assert_converts(broker, peer, name.encode())

    def test_one_whose_folder_is_replaced_takes_effect(self):
        with Peer(peers.answering("AA")) as peer:
            broker = self.start(peer)
            self.write("fresh/convert.hl7", template("TWO"))
            os.rename(self.folder / "templates", self.folder / "old")
            os.rename(self.folder / "fresh", self.folder / "templates")
            self.in_force(broker, 1)
            self.assert_converts(broker, peer, b"TWO")
            self.template.write_bytes(template("THREE"))
            self.in_force(broker, 2)
            self.assert_converts(broker, peer, b"THREE")

    def test_a_bad_one_leaves_the_last_good_one_until_it_is_mended(self):
        with Peer(peers.answering("AA")) as peer:
            broker = self.start(peer)
            self.template.write_bytes(b"{output hl7}\n{uper(\n")
            broker.program.wait_for(rb"template: .*last good one stays")
            self.assert_converts(broker, peer, b"ONE")
            self.template.write_bytes(template("TWO"))
            self.in_force(broker, 1)
            self.assert_converts(broker, peer, b"TWO")

    def test_a_changed_table_takes_effect(self):
        self.template.write_bytes(
            b"{output hl7}\n{set MSH-5 = map('names', 'key')}\n{source}\n")
        table = self.write("templates/names.csv", b"from,to\nkey,ONE\n")
        with Peer(peers.answering("AA")) as peer:
            broker = self.start(peer)
            self.assert_converts(broker, peer, b"ONE")
            table.write_bytes(b"from,to\nkey,TWO\n")
            self.in_force(broker, 1)
            self.assert_converts(broker, peer, b"TWO")


if __name__ == "__main__":
    support.main()
