"""TLS of the broker, of `listen` and of `send`: who is let in, what is said of the others, what happens to
bytes that were changed. Python's ssl and the command openssl are the other side."""

import json
import random
import re
import socket
import ssl
import subprocess
import unittest

import peers
from broker import Broker
from support import BUILD, ORDERLY, PATIENCE, TestCase, main, run, wait_until
from tls_files import Files, openssl

HAS_TLS = b"without TLS" not in run("certs", "/nonexistent/x").err


def connect(port, context, name="localhost"):
    """A connection of Python's ssl, as peers.Connection."""
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
    return peers.Connection(context.wrap_socket(sock, server_hostname=name))


def secured(context, handler):
    """A handler for peers.Peer that shakes hands first; who is refused is no failure of the server."""
    def secure(connection):
        plain = connection.socket
        try:
            connection.socket = context.wrap_socket(plain.dup(), server_side=True,
                                                    do_handshake_on_connect=False)
            connection.socket.do_handshake()
        except (ssl.SSLError, OSError):
            # The client is to read why; bytes of it that nobody reads would take that away.
            connection.socket.close()
            connection.socket = plain
            plain.settimeout(1)
            connection.receive_all()
            return
        plain.close()
        handler(connection)
    return secure


class Tls(TestCase):
    def setUp(self):
        super().setUp()
        self.tls = Files(self.folder)

    def listener(self, more="", keys=None, mode="mutual"):
        return f"""
[listener in]
address = 127.0.0.1:0
tls = {mode}
{keys if keys is not None else self.tls.keys("server")}{more}
[route all]
from = in
to = none
"""

    def events(self, broker, name):
        return re.findall(rf": {name}: [^\n]*".encode(), broker.program.err)

    def wait_for_events(self, broker, name, count=1):
        return broker.program.wait_until(
            lambda _: len(found := self.events(broker, name)) >= count and found, f"{count} {name}")

    def say(self, port, context, payload=None):
        """One exchange over a connection of its own; the reply, or None when it was refused."""
        try:
            connection = connect(port, context)
        except (ssl.SSLError, OSError):
            return None
        try:
            connection.send(peers.frame(payload or peers.message()))
            return connection.receive()
        except (ssl.SSLError, OSError):
            return None
        finally:
            connection.close()


class ListenerTest(Tls):
    def test_a_good_client_is_let_in_and_status_tells_its_name(self):
        broker = Broker(self, self.listener("tls-clients = ct-1, client\n"))
        with connect(broker.port(), self.tls.client_context("client")).socket as sock:
            connection = peers.Connection(sock)
            self.assertTrue(connection.send(peers.frame(peers.message("T1"))))
            self.assertIn(b"MSA|AA|T1", connection.receive())
            status = run("status", "--json", "--config", broker.path)
            self.assertIn(b'"tls":"TLSv1.3"', status.out.replace(b": ", b":"))
            self.assertIn(b'"name":"client"', status.out.replace(b": ", b":"))

    def test_each_bad_client_is_refused_with_an_event_of_its_own(self):
        self.tls.make("old", days=(-9, -2))
        self.tls.make("young", days=(2, 9))
        self.tls.make("strange", self_signed=True)
        self.tls.make("lost")
        self.tls.make("server-only", usage="serverAuth")
        self.tls.make("other")
        broker = Broker(self, self.listener(
            f"tls-crl = {self.tls.revoke('lost')}\ntls-clients = client, lost, old, young, strange, "
            "server-only\n"))
        port = broker.port()
        cases = {"old": "tls-expired", "young": "tls-not-yet-valid", "strange": "tls-unknown-ca",
                 "lost": "tls-revoked", "other": "tls-not-allowed", "server-only": "tls-certificate",
                 None: "tls-no-certificate"}
        for who, event in cases.items():
            with self.subTest(who):
                self.assertIsNone(self.say(port, self.tls.client_context(who)))
                found = self.wait_for_events(broker, event)
                self.assertEqual(len(found), 1, found)
        self.assertIn(b"MSA|AA", self.say(port, self.tls.client_context("client")))
        self.assertEqual(len(self.events(broker, "tls-[a-z-]*")), len(cases), broker.program)

        # The audit log has the same, with where it was.
        def audited():
            records = map(json.loads, (broker.data / "audit.log").read_text().splitlines())
            return [record["reason"] for record in records
                    if record["event"] == "tls-failure" and record["listener"] == "in"]
        wait_until(lambda: sorted(audited()) == sorted(cases.values()), "records of the audit log")

    def test_an_old_version_is_refused(self):
        broker = Broker(self, self.listener(mode="on"))
        for version in ("-tls1", "-tls1_1"):
            subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{broker.port()}", version,
                            "-cipher", "DEFAULT@SECLEVEL=0"], input=b"", capture_output=True,
                           timeout=PATIENCE, check=False)
        self.wait_for_events(broker, "tls-version", 2)

    def test_tls_1_2_is_spoken_unless_1_3_is_the_oldest(self):
        broker = Broker(self, self.listener(mode="on"))
        context = self.tls.client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertIn(b"MSA|AA", self.say(broker.port(), context))
        broker.configure(self.listener("tls-min = 1.3\n", mode="on"))
        self.assertTrue(broker.reload())
        self.assertIsNone(self.say(broker.port(), context))
        self.wait_for_events(broker, "tls-version")

    def test_plaintext_to_a_tls_port_gets_no_byte(self):
        broker = Broker(self, self.listener())
        for text in (peers.frame(peers.message()), b"GET / HTTP/1.0\r\n\r\n", b"\x80\x2e\x01\x00\x02"):
            with peers.Client(broker.port()) as client:
                client.send(text)
                self.assertEqual(client.receive_all(), b"")
        self.wait_for_events(broker, "tls-plaintext", 3)

    def test_tls_to_a_plaintext_port_is_told(self):
        broker = Broker(self, self.listener(keys="", mode="off"))
        self.assertIsNone(self.say(broker.port(), self.tls.client_context()))
        self.assertIn(b"a TLS handshake", self.wait_for_events(broker, "not-hl7")[0])

    def test_who_only_looks_is_no_event(self):
        broker = Broker(self, self.listener())
        for _ in range(3):
            peers.Client(broker.port()).close()
        self.assertIn(b"MSA|AA", self.say(broker.port(), self.tls.client_context("client")))
        self.assertEqual(self.events(broker, "tls-[a-z-]*"), [])

    def test_hands_that_are_not_shaken_in_time_are_an_event(self):
        broker = Broker(self, self.listener("first-byte-timeout = 200ms\n"))
        with peers.Client(broker.port()) as client:
            client.send(b"\x16\x03\x01\x02\x00\x01")
            self.assertTrue(client.is_closed())
        self.wait_for_events(broker, "tls-late")

    def test_s_client_is_a_good_client(self):
        broker = Broker(self, self.listener())
        with subprocess.Popen(
                ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{broker.port()}", "-cert",
                 self.tls.path("client.pem"), "-key", self.tls.path("client.key"), "-CAfile",
                 self.tls.path("ca.pem"), "-verify_return_error"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as client:
            self.addCleanup(client.kill)
            client.stdin.write(peers.frame(peers.message("S1")))
            client.stdin.flush()
            self.assertIn(b"MSA|AA|S1", client.stdout.read1())
            client.kill()

    def test_bytes_that_were_changed_are_not_taken(self):
        broker = Broker(self, self.listener())
        chance = random.Random(11)
        rounds = 8
        for i in range(rounds):
            self.flip(broker.port(), f"F{i}", chance)
        self.wait_for_events(broker, "tls-damaged", rounds)
        found = run("messages", "--json", "--config", broker.path)
        self.assertNotIn(b"control_id", found.out)
        self.assertEqual(len(self.events(broker, "[a-z]+-?[a-z-]*damaged[a-z-]*")), rounds)
        self.assertEqual(self.events(broker, "connection-lost"), [])

    def flip(self, port, control_id, chance):
        """Sends a message of which one byte is changed on the way; the length of a record is not: that
        would only wait."""
        coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.tls.client_context("client").wrap_bio(coming, going, server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    sock.sendall(going.read())
                    coming.write(sock.recv(65536))
            sock.sendall(going.read())
            tls.write(peers.frame(peers.message(control_id)))
            record = bytearray(going.read())
            at = chance.choice([0, 1, *range(5, len(record))])
            record[at] ^= 1 << chance.randrange(8)
            sock.sendall(record)
            while sock.recv(65536):
                pass

    @unittest.skipIf(BUILD in ("asan", "tsan"), "a sanitizer's memory is not the program's")
    def test_a_connection_takes_little_memory(self):
        def cost(port, context, count=150):
            before = broker.program.resident_kilobytes()
            held = [connect(port, context) if context else peers.Client(port) for _ in range(count)]
            for i, one in enumerate(held):
                one.send(peers.frame(peers.message(f"M{i}")))
                self.assertIn(b"MSA|AA", one.receive())
            after = broker.program.resident_kilobytes()
            for one in held:
                one.close()
            return (after - before) / count
        broker = Broker(self, self.listener() + "[listener plain]\naddress = 127.0.0.1:0\n"
                        "[route p]\nfrom = plain\nto = none\n")
        self.say(broker.port(), self.tls.client_context("client"))
        plain = cost(broker.port("plain"), None)
        tls = cost(broker.port(), self.tls.client_context("client"))
        print(f"memory per connection: {plain:.1f} KiB in the clear, {tls:.1f} KiB with mutual TLS")
        self.assertLess(tls, plain + 100)


class ReloadTest(Tls):
    def test_new_certificates_are_in_force_and_no_connection_ends(self):
        broker = Broker(self, self.listener())
        context = self.tls.client_context("client")
        held = connect(broker.port(), context)
        before = held.socket.getpeercert()["serialNumber"]
        self.tls.make("fresh")
        for end in ("key", "pem"):
            self.assertIn(b"MSA|AA", self.exchange(held))
            self.tls.path(f"fresh.{end}").replace(self.tls.path(f"server.{end}"))
        broker.program.wait_for(rb": certificate: listener=in changed files")
        self.assertIn(b"MSA|AA", self.exchange(held))
        after = connect(broker.port(), context)
        self.assertNotEqual(after.socket.getpeercert()["serialNumber"], before)
        self.assertTrue(broker.reload())
        for connection in (held, after):
            self.assertIn(b"MSA|AA", self.exchange(connection))
            connection.close()

    def exchange(self, connection):
        connection.send(peers.frame(peers.message()))
        return connection.receive()

    def test_broken_files_leave_the_last_good_ones_in_force(self):
        broker = Broker(self, self.listener())
        self.tls.path("server.pem").write_text("nothing\n")
        broker.program.wait_for(rb"certificate: listener=in [^\n]*server.pem: there is no certificate "
                                rb"in it[^\n]*; the last good one stays in force")
        self.assertIn(b"MSA|AA", self.say(broker.port(), self.tls.client_context("client")))
        self.assertFalse(broker.reload())
        self.assertIn(b"MSA|AA", self.say(broker.port(), self.tls.client_context("client")))

    def test_a_certificate_that_ends_soon_needs_a_person(self):
        self.tls.make("soon", days=(-1, 20))
        broker = Broker(self, self.listener(keys=self.tls.keys("soon")))
        found = broker.program.wait_for(rb"alert-raised: [^\n]*certificate-ending[^\n]*")
        self.assertIn(b"soon.pem expires in 19 d", found.group(0))
        self.assertIn(b"soon.pem expires in", run("status", "--config", broker.path).out)


class DestinationTest(Tls):
    def test_a_thousand_messages_go_both_ways_with_mutual_tls(self):
        peer = peers.Peer(secured(self.tls.server_context(), peers.answering("AA")))
        self.addCleanup(peer.close)
        broker = Broker(self, self.listener().replace("to = none", "to = out") + f"""
[destination out]
mllp = localhost:{peer.port}
tls = mutual
{self.tls.keys("client")}""")
        path = self.write("one.hl7", peers.message())
        count = 1000 if BUILD in ("plain", "clang") else 200
        sent = run("send", *self.tls.options("client"), "--quiet", "--new-control-id", "--repeat", count,
                   f"localhost:{broker.port()}", path)
        self.assert_status(sent, 0)
        wait_until(lambda: len(peer.messages) == count, "all of them")
        self.assertEqual(len(set(peer.ids)), count)
        self.assertEqual(self.events(broker, "tls-[a-z-]*"), [])

    def test_each_bad_server_is_refused_with_an_event_of_its_own(self):
        self.tls.make("old", days=(-9, -2))
        self.tls.make("young", days=(2, 9))
        self.tls.make("strange", self_signed=True)
        self.tls.make("lost")
        self.tls.make("elsewhere", names="DNS:elsewhere.example")
        crl = self.tls.revoke("lost")
        cases = {"old": "tls-expired", "young": "tls-not-yet-valid", "strange": "tls-unknown-ca",
                 "lost": "tls-revoked", "elsewhere": "tls-wrong-name"}
        sections, names = "", []
        for who in [*cases, "refuses", "plain"]:
            handler = peers.answering("AA")
            if who == "refuses":  # it wants a certificate, and gets none
                handler = secured(self.tls.server_context("server"), handler)
            elif who != "plain":
                handler = secured(self.tls.server_context(who, mutual=False), handler)
            else:
                handler = peers.http_server
            peer = peers.Peer(handler)
            self.addCleanup(peer.close, check=False)
            names.append(who)
            sections += (f"[destination {who}]\nmllp = localhost:{peer.port}\nretry = 500ms..1s\ntls = on\n"
                         f"tls-ca = {self.tls.path('ca.pem')}\ntls-crl = {crl}\n")
        broker = Broker(self, self.listener().replace("to = none", "to = " + ", ".join(names)) + sections)
        self.assertIn(b"MSA|AA", self.say(broker.port(), self.tls.client_context("client")))
        for who, event in {**cases, "refuses": "tls-refused", "plain": "tls-plaintext"}.items():
            with self.subTest(who):
                # A server that closes in a hurry may take back what it said: the next try hears it.
                for line in self.wait_for_events(broker, event):
                    self.assertIn(f"/{who}/".encode(), line)

    def test_a_peer_is_known_by_another_name(self):
        self.tls.make("ris", names="DNS:ris.hospital.example")
        peer = peers.Peer(secured(self.tls.server_context("ris", mutual=False), peers.answering("AA")))
        self.addCleanup(peer.close)
        broker = Broker(self, self.listener().replace("to = none", "to = out") + f"""
[destination out]
mllp = 127.0.0.1:{peer.port}
tls = on
tls-name = ris.hospital.example
tls-ca = {self.tls.path("ca.pem")}
""")
        self.assertIn(b"MSA|AA", self.say(broker.port(), self.tls.client_context("client")))
        wait_until(lambda: peer.messages, "the message")


class VerbsTest(Tls):
    def test_send_says_what_is_wrong(self):
        self.tls.make("old", days=(-9, -2))
        path = self.write("one.hl7", peers.message())
        cases = [("old", [], b"the certificate of \"old\" expired at 20"),
                 ("server", ["--tls-name", "other.example"],
                  b"the certificate is for localhost, 127.0.0.1, and not for other.example")]
        for server, more, says in cases:
            with peers.Peer(secured(self.tls.server_context(server, mutual=False),
                                    peers.answering("AA"))) as peer:
                done = run("send", *self.tls.options(), *more, f"localhost:{peer.port}", path)
                self.assert_status(done, 3)
                self.assertIn(says, done.err)
        with peers.Peer(secured(self.tls.server_context(), peers.answering("AA"))) as peer:
            done = run("send", *self.tls.options(), f"localhost:{peer.port}", path)
            self.assertIn(b"the peer wants a certificate, and we have shown none", done.err)
            self.assert_status(run("send", *self.tls.options("client"), f"localhost:{peer.port}", path), 0)

    def test_listen_takes_what_send_gives(self):
        listener, port = self.start_listener("--tls", "mutual", *self.tls.options("server")[2:], "--quiet",
                                             "--tls-client", "client")
        path = self.write("one.hl7", peers.message())
        self.assert_status(run("send", *self.tls.options("client"), f"localhost:{port}", path), 0)
        self.assert_status(run("send", *self.tls.options(), f"localhost:{port}", path), 3)
        listener.wait_for(rb"tls-no-certificate")

    def test_s_server_receives(self):
        path = self.write("one.hl7", peers.message("S2"))
        port = peers.HeldPort()
        number = port.port
        port.close()
        server = subprocess.Popen(
            ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{number}", "-naccept", "1", "-cert",
             self.tls.path("server.pem"), "-key", self.tls.path("server.key"), "-CAfile",
             self.tls.path("ca.pem"), "-Verify", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.addCleanup(server.kill)
        done = run("send", *self.tls.options("client"), "--no-wait", "--retry-wait", "1s",
                   f"localhost:{number}", path) if self.is_up(number, server) else None
        out, _ = server.communicate(timeout=PATIENCE)
        self.assertIn(b"S2", out, done)

    @staticmethod
    def is_up(port, server):
        """Whether it listens, without a connection, of which it takes one only."""
        line = f":{port:04X} "
        def listens():
            with open("/proc/net/tcp", encoding="ascii") as table:
                return any(line in row and row.split()[3] == "0A" for row in table)
        return wait_until(lambda: server.poll() is None and listens(), "a listening s_server")

    def test_certs_replaces_nothing(self):
        done = run("certs", self.tls.folder)
        self.assert_status(done, 3)
        self.assertIn(b"is not replaced; nothing was made", done.err)
        for name in ("ca.key", "server.key", "client.key"):
            self.assertEqual(self.tls.path(name).stat().st_mode & 0o777, 0o600)
        openssl("verify", "-CAfile", self.tls.path("ca.pem"), self.tls.path("server.pem"),
                self.tls.path("client.pem"))

    def test_check_finds_files_that_cannot_be_used(self):
        path = self.write("bad.ini", b"[listener in]\naddress = 127.0.0.1:1\ntls = on\n"
                          b"tls-cert = %s\ntls-key = %s\n[route r]\nfrom = in\nto = none\n"
                          % (bytes(self.tls.path("server.pem")), bytes(self.tls.path("client.key"))))
        done = run("check", path)
        self.assert_status(done, 2)
        self.assertIn(b"bad.ini:5:1", done.out + done.err)
        self.assertIn(b"this is not the key of the certificate", done.out + done.err)


if __name__ == "__main__":
    if not HAS_TLS:
        print(f"{ORDERLY} was built without TLS")
    else:
        main()
