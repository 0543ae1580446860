"""`orderly run`: what is acknowledged is stored, what is stored is delivered, in order, whatever the
peers do."""

import signal
import threading
import time

import peers
import support
from broker import Broker
from peers import Peer, field, frame, message
from support import HeldPort, wait_until

ONE_WAY = """
    [listener in]
    address = 127.0.0.1:0

    [destination out]
    mllp = {address}
    retry = 20ms..200ms
    timeout = 2s

    [route all]
    from = in
    to = out
    """


def msa(reply):
    return field(reply, "MSA", 1), field(reply, "MSA", 2)


class Delivery(support.TestCase):
    def test_a_message_is_acknowledged_and_delivered_byte_for_byte(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address))
            sent = message("A1") + b"ZXX|odd \xff bytes|" + bytes(range(1, 9)) + b"\r"
            with broker.client() as client:
                self.assertEqual(msa(client.exchange(sent)), (b"AA", b"A1"))
            wait_until(lambda: peer.messages, "a delivery")
            self.assertEqual(peer.messages, [sent])
            self.assert_status(broker.stop(), 0)

    def test_many_at_once_are_answered_and_delivered_in_order(self):
        ids = [f"M{i}" for i in range(500)]
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address))
            with broker.client() as client:
                client.send(b"".join(frame(message(i)) for i in ids))
                replies = [client.receive() for _ in ids]
            self.assertEqual([msa(reply) for reply in replies], [(b"AA", i.encode()) for i in ids])
            wait_until(lambda: len(peer.ids) == len(ids), "all deliveries")
            self.assertEqual(peer.ids, ids)

    def test_replies_are_in_order_for_each_of_many_connections(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address))
            failures = []

            def work(name):
                try:
                    with broker.client() as client:
                        ids = [f"{name}-{i}" for i in range(60)]
                        client.send(b"".join(frame(message(i)) for i in ids))
                        got = [msa(client.receive())[1].decode() for _ in ids]
                        assert got == ids, (got, ids)
                except Exception as failure:  # pylint: disable=broad-except
                    failures.append(failure)

            threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(support.PATIENCE)
            self.assertEqual(failures, [])
            wait_until(lambda: len(peer.ids) == 16 * 60, "all deliveries")
            for name in range(16):
                self.assertEqual([i for i in peer.ids if i.startswith(f"{name}-")],
                                 [f"{name}-{i}" for i in range(60)])

    def test_what_is_queued_survives_the_end_and_kill(self):
        with HeldPort() as held:
            broker = Broker(self, ONE_WAY.format(address=held.address))
            with broker.client() as client:
                for i in range(5):
                    client.exchange(message(f"A{i}"))
            self.assert_status(broker.stop(), 0)
            broker.start()
            with broker.client() as client:
                for i in range(5, 10):
                    client.exchange(message(f"A{i}"))
            broker.restart()
            with Peer(peers.answering("AA"), held) as peer:
                wait_until(lambda: len(peer.ids) == 10, "all deliveries")
                self.assertEqual(peer.ids, [f"A{i}" for i in range(10)])

    def test_a_peer_that_is_down_gets_all_in_order_when_it_is_up(self):
        with HeldPort() as held:
            broker = Broker(self, ONE_WAY.format(address=held.address))
            with broker.client() as client:
                for i in range(20):
                    self.assertEqual(msa(client.exchange(message(f"A{i}")))[0], b"AA")
            broker.program.wait_for(rb"retry: lane=all/out/0 message=1 try=2 refused")
            with Peer(peers.answering("AA"), held) as peer:
                wait_until(lambda: len(peer.ids) == 20, "all deliveries")
                self.assertEqual(peer.ids, [f"A{i}" for i in range(20)])

    def test_an_error_holds_its_lane_and_not_its_neighbours(self):
        configuration = """
            [listener in]
            address = 127.0.0.1:0
            [destination bad]
            mllp = {bad}
            retry = 20ms..50ms
            [destination good]
            mllp = {good}
            [route all]
            from = in
            to = bad, good
            """
        with Peer(peers.answering("AE")) as bad, Peer(peers.answering("AA")) as good:
            broker = Broker(self, configuration.format(bad=bad.address, good=good.address))
            with broker.client() as client:
                for i in range(10):
                    client.exchange(message(f"A{i}"))
            wait_until(lambda: len(good.ids) == 10 and len(bad.ids) >= 5, "the good lane")
            self.assertEqual(good.ids, [f"A{i}" for i in range(10)])
            self.assertEqual(set(bad.ids), {"A0"})

    def test_a_rejected_message_is_set_aside_and_the_next_one_goes(self):
        with Peer(peers.answering_in_order("AA", "AR", "AA")) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address))
            with broker.client() as client:
                for i in range(4):
                    client.exchange(message(f"A{i}"))
            broker.program.wait_for(rb"dead-letter: lane=all/out/0 message=2 try=1 AR")
            wait_until(lambda: len(peer.ids) == 4, "the others")
            self.assertEqual(peer.ids, ["A0", "A1", "A2", "A3"])

    def test_an_answer_that_comes_late_is_never_credited_to_the_next_message(self):
        """Rule 27: after a timeout the connection is closed, and with it the late answer."""
        def slow(connection):
            text = connection.receive()
            if text is None:
                return
            if connection.number == 0:
                time.sleep(0.6)
            connection.send(frame(peers.ack(text, "AA")))
            peers.answering("AA")(connection)

        with Peer(slow) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address).replace("2s", "200ms"))
            with broker.client() as client:
                client.exchange(message("A1"))
                client.exchange(message("A2"))
            wait_until(lambda: len(peer.ids) >= 3, "both")
            self.assertEqual(peer.ids[:3], ["A1", "A1", "A2"])


class Answers(support.TestCase):
    def listener(self, more, peer):
        return f"""
            [listener in]
            address = 127.0.0.1:0
            {more}
            [destination out]
            mllp = {peer.address}
            retry = 20ms..50ms
            on-error = dead
            [route all]
            from = in
            to = out
            """

    def test_delivered_relays_what_the_destination_said(self):
        for code in ("AA", "AE", "AR"):
            with self.subTest(code=code), \
                    Peer(peers.replying(lambda text, c=code: frame(
                        peers.ack(text, c, more=b"ZZZ|from the peer\r")))) as peer:
                broker = Broker(self, self.listener("ack = delivered", peer))
                with broker.client() as client:
                    reply = client.exchange(message("A1"))
                self.assertEqual(msa(reply), (code.encode(), b"A1"))
                self.assertIn(b"ZZZ|from the peer", reply)
                broker.kill()

    def test_delivered_has_a_deadline_and_the_message_stays(self):
        with HeldPort() as held:
            broker = Broker(self, self.listener("ack = delivered\nack-deadline = 300ms",
                                                held))
            with broker.client() as client:
                reply = client.exchange(message("A1"))
            self.assertEqual(msa(reply), (b"AE", b"A1"))
            self.assertIn(b"not delivered in time", reply)
            with Peer(peers.answering("AA"), held) as peer:
                wait_until(lambda: peer.ids == ["A1"], "the delivery")

    def test_received_and_none(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.listener("ack = received", peer))
            with broker.client() as client:
                self.assertEqual(msa(client.exchange(message("A1"))), (b"AA", b"A1"))
            wait_until(lambda: peer.ids == ["A1"], "the delivery")
            broker.stop()
            broker.configure(self.listener("ack = none", peer))
            broker.start()
            with broker.client() as client:
                client.send(frame(message("A2")))
                client.finish_sending()
                self.assertIsNone(client.receive())
            wait_until(lambda: peer.ids == ["A1", "A2"], "the delivery")

    def test_a_template_makes_the_answer_and_a_changed_one_takes_effect(self):
        template = self.write("ack.hl7", b"MSH|^~\\&|ME\rMSA|AA|{MSH-10}|one\r")
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.listener(f"ack-template = {template}", peer))
            with broker.client() as client:
                self.assertEqual(field(client.exchange(message("A1")), "MSA", 3), b"one")
                self.write("new", b"MSH|^~\\&|ME\rMSA|AA|{MSH-10}|two\r").rename(template)
                broker.program.wait_for(rb"template: .*in force")
                self.assertEqual(field(client.exchange(message("A2")), "MSA", 3), b"two")
                self.write("new", b"MSH|{uper(").rename(template)
                broker.program.wait_for(rb"template: .*last good one stays")
                self.assertEqual(field(client.exchange(message("A3")), "MSA", 3), b"two")

    def test_enhanced_mode_gets_what_it_asks_for(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.listener("", peer))
            with broker.client() as client:
                client.send(frame(message("A1", accept="AL", application="AL")))
                self.assertEqual(msa(client.receive()), (b"CA", b"A1"))
                self.assertEqual(msa(client.receive()), (b"AA", b"A1"))
                client.send(frame(message("A2", accept="NE", application="NE")))
                self.assertEqual(msa(client.exchange(message("A3"))), (b"AA", b"A3"))

    def test_an_unreadable_message_is_rejected_and_kept(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.listener("", peer))
            with broker.client() as client:
                bad = message("A1") + b"MSH|^~\\&|SECOND\r"
                self.assertEqual(msa(client.exchange(bad)), (b"AR", b"A1"))
                self.assertEqual(msa(client.exchange(message("A2"))), (b"AA", b"A2"))
            wait_until(lambda: peer.ids == ["A2"], "the delivery")

    def test_a_damaged_frame_is_not_answered_and_nothing_of_it_delivered(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.listener("", peer))
            with broker.client() as client:
                client.send(frame(message("A1")) + frame(message("A2")[:-9] + b"\x0b" + b"x\r"))
                self.assertEqual(msa(client.receive()), (b"AA", b"A1"))
                self.assertIsNone(client.receive())
            broker.program.wait_for(rb"broken-frame: listener=in")
            with broker.client() as client:
                client.exchange(message("A3"))
            wait_until(lambda: len(peer.ids) == 2, "the deliveries")
            self.assertEqual(peer.ids, ["A1", "A3"])

    def test_a_batch_is_stored_whole_and_answered_by_one(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.listener("", peer))
            with broker.client() as client:
                reply = client.exchange(peers.batch([message("A1"), message("A2")]))
                self.assertTrue(reply.startswith(b"BHS"))
                self.assertEqual(reply.count(b"\rMSA|AA|"), 2)
                reply = client.exchange(peers.batch([message("A3")], count=5))
                self.assertIn(b"MSA|AR|", reply)
            wait_until(lambda: len(peer.ids) == 2, "the deliveries")
            self.assertEqual(peer.ids, ["A1", "A2"])

    def test_messages_no_route_takes_are_kept_or_refused(self):
        configuration = """
            [listener in]
            address = 127.0.0.1:0
            unrouted = {how}
            [destination out]
            mllp = 127.0.0.1:1
            [route orders]
            from = in
            when = MSH-9.1 = 'ORM'
            to = out
            """
        broker = Broker(self, configuration.format(how="refuse"))
        with broker.client() as client:
            self.assertEqual(msa(client.exchange(message("A1"))), (b"AR", b"A1"))
        broker.stop()
        broker.configure(configuration.format(how="keep"))
        broker.start()
        with broker.client() as client:
            self.assertEqual(msa(client.exchange(message("A2"))), (b"AA", b"A2"))
        broker.program.wait_for(rb"unrouted: listener=in")

    def test_a_repetition_gets_the_first_reply_and_is_delivered_once(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.listener("duplicates = 24h", peer))
            with broker.client() as client:
                first = client.exchange(message("A1"))
                self.assertEqual(client.exchange(message("A1")), first)
            wait_until(lambda: peer.ids, "the delivery")
            self.assert_status(broker.stop(), 0)
            broker.start()
            with broker.client() as client:
                self.assertEqual(client.exchange(message("A1")), first)
                self.assertEqual(msa(client.exchange(message("A2"))), (b"AA", b"A2"))
                other = message("A1").replace(b"DOE", b"ROE")
                self.assertEqual(msa(client.exchange(other)), (b"AA", b"A1"))
                client.exchange(message("A3"))
            broker.program.wait_for(rb"conflict: listener=in message=\d+ has the control id of an earlier one")
            wait_until(lambda: len(peer.ids) == 3, "the deliveries")
            self.assertEqual(peer.ids, ["A1", "A2", "A3"])


class Routes(support.TestCase):
    def test_fan_out_conditions_copies_and_stop(self):
        with Peer(peers.answering("AA")) as ris, Peer(peers.answering("AA")) as archive, \
                Peer(peers.answering("AA")) as rest:
            broker = Broker(self, f"""
                [listener in]
                address = 127.0.0.1:0
                [destination ris]
                mllp = {ris.address}
                [destination archive]
                mllp = {archive.address}
                [destination rest]
                mllp = {rest.address}
                [route everything]
                from = in
                copy = yes
                to = archive
                [route orders]
                from = in
                when = MSH-9.1 = 'ORM'
                to = ris
                stop = yes
                [route others]
                from = in
                to = rest
                """)
            with broker.client() as client:
                client.exchange(message("A1", "ORM^O01"))
                client.exchange(message("A2", "ADT^A01"))
            wait_until(lambda: len(archive.ids) == 2 and ris.ids and rest.ids, "all")
            self.assertEqual((ris.ids, rest.ids, archive.ids), (["A1"], ["A2"], ["A1", "A2"]))

    def test_a_template_converts_and_a_corrected_one_applies_to_what_is_queued(self):
        template = self.write("t.hl7", b"MSH|^~\\&|X|||||| ORU|{MSH-10}|P|2.5\rZED|{required(PID-30)}\r")
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, f"""
                [listener in]
                address = 127.0.0.1:0
                [destination out]
                mllp = {peer.address}
                retry = 50ms..200ms
                on-conversion-error = retry
                [route all]
                from = in
                template = {template}
                to = out
                """)
            with broker.client() as client:
                self.assertEqual(msa(client.exchange(message("A1")))[0], b"AA")
                broker.program.wait_for(rb"retry: lane=all/out/0 message=1 try=1 conversion-error")
                self.write("new", b"MSH|^~\\&|X||||||ORU|{MSH-10}|P|2.5\rZED|{PID-5.1}\r").rename(template)
                wait_until(lambda: peer.messages, "the delivery")
                self.assertEqual(peer.messages[0].split(b"\r")[1], b"ZED|DOE")

    def test_numbers_of_a_sequence_go_on_after_a_restart(self):
        (self.folder / "out.hl7").write_text("{set MSH-13 = sequence('n')}\n{source}", "utf-8")
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, f"""
                [listener in]
                address = 127.0.0.1:0
                [destination out]
                mllp = {peer.address}
                [route all]
                from = in
                template = {self.folder}/out.hl7
                to = out
                """)
            for number in range(1, 4):
                with broker.client() as client:
                    self.assertEqual(msa(client.exchange(message(f"A{number}")))[0], b"AA")
                wait_until(lambda: len(peer.messages) >= number,  # pylint: disable=cell-var-from-loop
                           "the delivery")
                self.assertEqual(field(peer.messages[-1], "MSH", 13), str(number).encode())
                broker.stop()
                broker.start()
        self.assertTrue((broker.data / "sequences").is_file())

    def test_a_changed_table_of_a_condition_takes_effect(self):
        self.write("ours.csv", b"TESTAPP,yes\n")
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address)
                            + "    when = map('ours', MSH-3, 'no') = 'yes'\n")
            with broker.client() as client:
                client.exchange(message("A1"))
                self.write("new", b"OTHER,yes\n").rename(self.folder / "ours.csv")
                broker.program.wait_for(rb": reloaded: ")
                client.exchange(message("A2"))
                client.exchange(message("A3").replace(b"TESTAPP", b"OTHER"))
            wait_until(lambda: len(peer.ids) == 2, "the deliveries")
            self.assertEqual(peer.ids, ["A1", "A3"])

    def test_lanes_keep_the_order_of_each_key(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, f"""
                [listener in]
                address = 127.0.0.1:0
                [destination out]
                mllp = {peer.address}
                [route all]
                from = in
                to = out
                key = PID-3.1
                lanes = 4
                """)
            with broker.client() as client:
                sent = [message(f"{i}", segments=[f"PID|1||P{i % 7}"]) for i in range(210)]
                client.send(b"".join(frame(text) for text in sent))
                for _ in sent:
                    client.receive()
            wait_until(lambda: len(peer.ids) == 210, "all deliveries")
            self.assertEqual(len({number for number, _ in peer.received}), 4)
            for key in range(7):
                ids = [int(i) for i in peer.ids if int(i) % 7 == key]
                self.assertEqual(ids, sorted(ids))


class Reload(support.TestCase):
    def test_a_reload_keeps_connections_and_corrects_addresses_of_what_is_queued(self):
        with HeldPort() as held, Peer(peers.answering("AA")) as peer:
            slow = ONE_WAY.replace("20ms..200ms", "1h..1h")
            broker = Broker(self, slow.format(address=held.address))
            with broker.client() as client:
                client.exchange(message("A1"))
                broker.program.wait_for(rb"retry: lane=all/out/0 message=1")
                port = broker.port()
                broker.configure(slow.format(address=peer.address))
                self.assertTrue(broker.reload())
                wait_until(lambda: peer.ids == ["A1"], "the delivery")
                client.exchange(message("A2"))
                self.assertEqual(broker.port(), port)
            wait_until(lambda: peer.ids == ["A1", "A2"], "the delivery")

    def test_a_broken_configuration_changes_nothing(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address))
            with broker.client() as client:
                broker.configure(ONE_WAY.format(address=peer.address) + "\nto = nowhere\n")
                self.assertFalse(broker.reload())
                self.assertIn(b"orderly.ini:", broker.program.err)
                client.exchange(message("A1"))
            wait_until(lambda: peer.ids == ["A1"], "the delivery")

    def test_listeners_and_routes_come_and_go(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address))
            more = ONE_WAY.format(address=peer.address) + """
    [listener second]
    address = 127.0.0.1:0
    [route second]
    from = second
    to = out
    """
            broker.configure(more)
            self.assertTrue(broker.reload())
            with broker.client("second") as client:
                client.exchange(message("A1"))
                wait_until(lambda: peer.ids == ["A1"], "the delivery")
                broker.configure(ONE_WAY.format(address=peer.address))
                self.assertTrue(broker.reload())
                self.assertIsNone(client.receive())
            with broker.client() as client:
                client.exchange(message("A2"))
            wait_until(lambda: peer.ids == ["A1", "A2"], "the delivery")
            for _ in range(20):
                broker.configure(more)
                self.assertTrue(broker.reload())
                broker.configure(ONE_WAY.format(address=peer.address))
                self.assertTrue(broker.reload())
            self.assert_status(broker.stop(), 0)

    def test_reloading_under_load_loses_nothing(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address))
            stop = threading.Event()
            acknowledged = []

            def work():
                with broker.client() as client:
                    while not stop.is_set():
                        name = f"M{len(acknowledged)}"
                        if msa(client.exchange(message(name))) == (b"AA", name.encode()):
                            acknowledged.append(name)

            thread = threading.Thread(target=work)
            thread.start()
            reloads = 0
            end = time.monotonic() + support.PATIENCE
            while (reloads < 20 or len(acknowledged) < 100) and time.monotonic() < end:
                reloads += 1
                extra = "    idle-timeout = 30m\n" if reloads % 2 else ""
                broker.configure(ONE_WAY.format(address=peer.address).replace(
                    "    [destination", extra + "    [destination", 1))
                self.assertTrue(broker.reload())
            stop.set()
            thread.join(support.PATIENCE)
            wait_until(lambda: len(peer.ids) >= len(acknowledged), "all deliveries")
            self.assertEqual(peer.ids, acknowledged)
            self.assertGreaterEqual(len(acknowledged), 100)


class Ends(support.TestCase):
    def test_what_is_wrong_with_a_configuration_is_said_at_once(self):
        path = self.write("bad.ini", b"[listener in]\naddres = 127.0.0.1:0\n[route r]\nfrom = inn\n")
        result = support.run("run", path)
        self.assert_status(result, 2)
        self.assertIn(b"bad.ini:2:", result.err)
        self.assertIn(b"did you mean 'address'", result.err)

    def test_an_address_in_use_is_fatal_and_said(self):
        with Peer(peers.silent) as taken:
            path = self.write("o.ini", f"[orderly]\ndata = {self.folder}/d\ncontrol = "
                              f"{self.folder}/c\n[listener in]\naddress = {taken.address}\n"
                              "[destination o]\nmllp = 127.0.0.1:1\n[route r]\nfrom = in\nto = o\n"
                              .encode())
            result = support.run("run", path)
            self.assert_status(result, 3)
            self.assertIn(b"cannot listen on", result.err)

    def test_one_journal_has_one_broker(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, ONE_WAY.format(address=peer.address))
            result = support.run("run", broker.path)
            self.assert_status(result, 3)
            self.assertIn(b"fatal: journal", result.err)

    def test_it_ends_while_a_peer_is_silent_and_repeats_the_message_later(self):
        with Peer(peers.silent) as peer:
            settings = ONE_WAY.replace("2s", "1h").format(address=peer.address)
            broker = Broker(self, "[orderly]\ndrain = 300ms\n" + settings)
            with broker.client() as client:
                client.exchange(message("A1"))
            wait_until(lambda: peer.connections, "the connection")
            self.assert_status(broker.stop(), 0)
        with Peer(peers.answering("AA")) as peer:
            broker.configure(ONE_WAY.format(address=peer.address))
            broker.start()
            wait_until(lambda: peer.ids == ["A1"], "the delivery")

    def test_while_it_ends_it_says_what_it_waits_for_and_does_nothing_else(self):
        with Peer(peers.silent) as peer:
            settings = ONE_WAY.replace("2s", "1h").format(address=peer.address)
            broker = Broker(self, "[orderly]\ndrain = 1h\n" + settings)
            with broker.client() as client:
                client.exchange(message("A1"))
            wait_until(lambda: peer.connections, "the connection")
            broker.program.send_signal(signal.SIGTERM)
            broker.program.wait_for(rb"ending: ")
            status = support.run("status", "--config", broker.path)
            self.assertIn(b"It is draining, and waits for 0 connections, 0 unanswered messages, "
                          b"1 delivery; it ends in ", status.out)
            self.assertIn(b'"state":"draining"',
                          support.run("status", "--json", "--config", broker.path).out)
            refused = support.run("pause", "--all", "--config", broker.path)
            self.assert_status(refused, 3)
            self.assertIn(b"the broker is ending", refused.err)
            peer.close(check=False)
            wait_until(lambda: broker.program.process.poll() is not None, "the end")
            self.assert_status(broker.program.wait(), 0)


if __name__ == "__main__":
    support.main()
