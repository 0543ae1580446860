"""Alerts of a running broker: raised, told once, cleared, whatever happens meanwhile.

The command appends its four variables to a file, in one write. No test asserts how long anything took:
limits are so short, or so long, that only the order of things matters.
"""

import json
import re
import shutil

import peers
import support
from broker import Broker
from peers import Peer
from support import HeldPort, wait_until

COMMAND = """#!/bin/sh
printf '%s\\n' "$ORDERLY_ALERT $ORDERLY_STATE $ORDERLY_SUBJECT|$ORDERLY_TEXT" >> "$0.told"
"""

ONE_WAY = """
    [orderly]
    alert-command = {command}
    alert-disk-low = {disk}
    [listener in]
    address = 127.0.0.1:0
    alert-silent-for = {silent}
    [destination out]
    mllp = {address}
    retry = 20ms..50ms
    alert-older-than = {older}
    alert-deeper-than = {deeper}
    alert-down-for = {down}
    [route all]
    from = in
    to = out
    """

QUIET = {"disk": "never", "silent": "never", "older": "never", "deeper": "never", "down": "never"}


class Alerts(support.TestCase):
    def setUp(self):
        super().setUp()
        self.command = self.write("tell.sh", COMMAND.encode())
        self.command.chmod(0o700)

    def configuration(self, address, **limits):
        return ONE_WAY.format(command=self.command, address=address, **{**QUIET, **limits})

    def told(self):
        """What the command was told: (kind, state, subject)."""
        path = self.folder / "tell.sh.told"
        lines = path.read_text().splitlines() if path.exists() else []
        return [tuple(line.split("|")[0].split(" ")) for line in lines]

    def dead(self, broker):
        """How many dead letters the journal has."""
        answer = support.run("status", "--config", broker.path, "--json")
        return sum(record["dead"] for record in map(json.loads, answer.out.splitlines())
                   if record["record"] == "lane")

    def send(self, broker, count, first=0):
        with broker.client() as client:
            for i in range(first, first + count):
                client.exchange(peers.message(f"A{i}"))

    def check(self, broker, kind, subject, name):
        """Once raised and once cleared, in the log and for the command."""
        wait_until(lambda: (kind, "cleared", subject) in self.told(), "the end of it")
        self.assertEqual([what for what in self.told() if what[0] == kind],
                         [(kind, "raised", subject), (kind, "cleared", subject)])
        result = broker.stop()
        self.assert_status(result, 0)
        about = f"alert={kind} subject={re.escape(subject)} ".encode()
        self.assertEqual(len(re.findall(rb"warning: alert-raised: " + about, result.err)), 1, name)
        self.assertEqual(len(re.findall(rb"info: alert-cleared: " + about, result.err)), 1, name)
        self.assertNotIn(b"alert-command: ", result.err)

    def test_a_lane_that_is_old_and_a_destination_that_is_down(self):
        for kind, limits, subject in (
                ("lane-old", {"older": "1s"}, "all/out/0"),
                ("destination-down", {"down": "1s"}, "out"),
                ("lane-deep", {"deeper": "4"}, "all/out/0")):
            with self.subTest(kind=kind), HeldPort() as held:
                broker = Broker(self, self.configuration(held.address, **limits))
                self.send(broker, 6)
                wait_until(lambda k=kind, s=subject: (k, "raised", s) in self.told(), "the alert")
                with Peer(peers.answering("AA"), held) as peer:
                    wait_until(lambda p=peer: len(p.ids) == 6, "all deliveries")
                    self.check(broker, kind, subject, kind)

    def test_a_flood_of_dead_letters_is_one_alert_which_ends_when_they_are_dealt_with(self):
        with Peer(peers.answering("AR")) as peer:
            broker = Broker(self, self.configuration(peer.address))
            self.send(broker, 1)
            wait_until(lambda: ("dead-letters", "raised", "all/out/0") in self.told(), "the alert")
            self.send(broker, 100, first=1)
            wait_until(lambda: self.dead(broker) == 101, "all dead letters")
            done = support.run("dead", "drop", "--config", broker.path, "--all", "--why", "test")
            self.assert_status(done, 0)
            self.check(broker, "dead-letters", "all/out/0", "dead letters")

    def test_a_silent_listener_is_told_until_a_message_comes(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.configuration(peer.address, silent="1s"))
            wait_until(lambda: ("listener-silent", "raised", "in") in self.told(), "the alert")
            self.send(broker, 1)
            wait_until(lambda: ("listener-silent", "cleared", "in") in self.told(), "the end of it")
            wait_until(lambda: self.told().count(("listener-silent", "raised", "in")) == 2,
                       "the next one")
            self.assertEqual([state for _, state, _ in self.told()][:3],
                             ["raised", "cleared", "raised"])

    def test_a_disk_that_is_low(self):
        twice = shutil.disk_usage(self.folder).free // 2**20 * 2
        limit = f"{twice}M" if twice < 2**20 else "99%"  # 1024G is the most a configuration can say
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.configuration(peer.address, disk=limit))
            wait_until(lambda: ("disk-low", "raised", str(broker.data)) in self.told(), "the alert")
            broker.configure(self.configuration(peer.address, disk="never"))
            self.assertTrue(broker.reload())
            self.check(broker, "disk-low", str(broker.data), "the disk")

    def test_an_alert_survives_a_reload_and_its_limit_does_not(self):
        with HeldPort() as held:
            broker = Broker(self, self.configuration(held.address, older="1s"))
            self.send(broker, 1)
            wait_until(lambda: ("lane-old", "raised", "all/out/0") in self.told(), "the alert")
            self.assertTrue(broker.reload())
            broker.configure(self.configuration(held.address, older="1s", deeper="1", down="1s"))
            self.assertTrue(broker.reload())
            # The next look at everything: its alert comes after the lane was looked at.
            wait_until(lambda: ("destination-down", "raised", "out") in self.told(), "another one")
            self.assertEqual([what for what in self.told() if what[0] == "lane-old"],
                             [("lane-old", "raised", "all/out/0")])
            broker.configure(self.configuration(held.address))
            self.assertTrue(broker.reload())
            self.check(broker, "lane-old", "all/out/0", "the lane")

    def test_a_command_that_fails_or_is_not_there_changes_nothing_else(self):
        for command, says in (("/not/there", rb"cannot be started: No such file"),
                              ("/bin/false", rb"ended with status 1")):
            with self.subTest(command=command), Peer(peers.answering("AA")) as peer:
                broker = Broker(self, self.configuration(peer.address, silent="1s").replace(
                    str(self.command), command))
                broker.program.wait_for(rb"warning: alert-command: alert=listener-silent subject=in "
                                        + says)
                self.send(broker, 3)
                wait_until(lambda p=peer: len(p.ids) == 3, "all deliveries")
                self.assert_status(broker.stop(), 0)

    def test_status_lists_what_is_raised(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.configuration(peer.address, silent="1s"))
            broker.program.wait_for(rb"alert-raised: ")
            answer = support.run("status", "--config", broker.path, "--json")
            self.assertRegex(answer.out, rb'"record":"alert","alert":"listener-silent","subject":"in"')
            answer = support.run("status", "--config", broker.path)
            self.assert_status(answer, 1)
            self.assertRegex(answer.out, rb"listener-silent, in\b.*no message for \d+ s")
            self.assert_status(broker.stop(), 0)


if __name__ == "__main__":
    support.main()
