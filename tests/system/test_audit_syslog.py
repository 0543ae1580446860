"""Copies of the audit log to a syslog server: received by Python's sockets, read by its XML parser, and held
against the structure that DICOM PS3.15 A.5 gives to an audit message."""

import json
import re
import socket
import xml.etree.ElementTree as ElementTree

import support
from broker import Broker
from test_audit import read_records

SETUP = """
    [orderly]
    audit-syslog = 127.0.0.1:{port}

    [listener in]
    address = 127.0.0.1:0

    [route all]
    from = in
    to = none
    """
# RFC 5424: PRI VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG
MESSAGE = re.compile(r"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) ([!-~]{1,255}) ([!-~]{1,48}) "
                     r"([!-~]{1,128}) ([!-~]{1,32}) - (.*)\Z", re.S)
# A.5.1: elements in this order; how often each; attributes that have to be there, and that may.
CODE = ({"csd-code", "codeSystemName", "originalText"}, set())
STRUCTURE = {
    "EventIdentification": (1, 1, ({"EventActionCode", "EventDateTime", "EventOutcomeIndicator"}, set()),
                            {"EventID": (1, 1, CODE), "EventTypeCode": (0, 99, CODE)}),
    "ActiveParticipant": (1, 99, ({"UserID", "UserIsRequestor"},
                                  {"AlternativeUserID", "NetworkAccessPointID", "NetworkAccessPointTypeCode"}), {}),
    "AuditSourceIdentification": (1, 1, ({"AuditSourceID"}, set()), {}),
    "ParticipantObjectIdentification": (0, 99, ({"ParticipantObjectID", "ParticipantObjectTypeCode"},
                                                {"ParticipantObjectTypeCodeRole"}),
                                        {"ParticipantObjectIDTypeCode": (1, 1, CODE)}),
}


def check(test, element, structure):
    names = [child.tag for child in element]
    test.assertEqual(names, sorted(names, key=list(structure).index), "the order of elements")
    for name, (least, most, (must, may), inner) in ((n, (*s, {})[:4]) for n, s in structure.items()):
        found = element.findall(name)
        test.assertTrue(least <= len(found) <= most, name)
        for child in found:
            test.assertLessEqual(must, set(child.attrib))
            test.assertLessEqual(set(child.attrib), must | may)
            check(test, child, inner)


class Forwarding(support.TestCase):
    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(support.PATIENCE)
        self.broker = Broker(self, SETUP.format(port=self.socket.getsockname()[1]))

    def ask(self, text):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.folder / "control.sock"))
            s.sendall(text.encode())
            s.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: s.recv(65536), b""))

    def receive(self):
        found = MESSAGE.match(self.socket.recv(65536).decode("utf-8"))
        self.assertIsNotNone(found)
        return found.groups()

    def test_events_of_dicom_are_audit_messages_as_ps3_15_has_them(self):
        self.ask("request=message\nid=1\nactor=<anna> & \"otto\"\n\n")
        self.ask("request=messages\npatient=SECRET77\n\n")
        self.ask("request=export\nid=1\n\n")
        self.ask("request=login\nname=anna\naddress=192.0.2.7\nfailed=1\n\n")
        self.broker.stop()
        events = {}
        for _ in range(len(read_records(self.broker.data / "audit.log"))):
            priority, _, _, application, _, kind, text = self.receive()
            self.assertEqual((priority, application, kind), ("85", "orderly", "IHE+RFC-3881"))
            self.assertNotIn("SECRET77", text)
            message = ElementTree.fromstring(text)
            self.assertEqual(message.tag, "AuditMessage")
            check(self, message, STRUCTURE)
            events[message.find("EventIdentification/EventID").get("csd-code")] = message
        self.assertEqual(set(events), {"110100", "110110", "110112", "110106", "110114"})
        self.assertEqual(events["110110"].find("ActiveParticipant").get("UserID"), '<anna> & "otto"')
        login = events["110114"]
        self.assertEqual(login.find("EventIdentification").get("EventOutcomeIndicator"), "4")
        self.assertEqual(login.find("ActiveParticipant").get("NetworkAccessPointID"), "192.0.2.7")

    def test_other_events_are_their_own_record(self):
        self.receive()  # the start
        self.ask("request=prune\nbefore=1\n\n")
        *_, kind, text = self.receive()
        self.assertEqual(kind, "prune")
        record = read_records(self.broker.data / "audit.log")[1]
        self.assertEqual(json.loads(text), record)


if __name__ == "__main__":
    support.main()
