"""The checker of the kill test finds what it is there to find: each test feeds it ledgers that are
right but for one thing."""

import sys
import unittest

sys.dont_write_bytecode = True

import ledger  # pylint: disable=wrong-import-position


def payload(number):
    return b"message " + number.encode()


class Checker(unittest.TestCase):
    def setUp(self):
        self.sender = ledger.SenderLedger("S")
        for place in range(20):
            number = f"S-{place}"
            self.sender.sending(number, payload(number), f"K{place % 3}")
            self.sender.acknowledged.add(number)
        self.numbers = list(self.sender.ids)

    def destination(self, receipts, **settings):
        """Receipts are (number, connection), or (number, connection, bytes)."""
        destination = ledger.Destination("D", [self.sender], **settings)
        for number, connection, *data in receipts:
            destination.note(number, data[0] if data else payload(number), connection)
        return destination

    def kinds(self, receipts, kills=1, **settings):
        findings = ledger.check([self.destination(receipts, **settings)], kills)
        return [finding.kind for finding in findings]

    def good(self):
        return [(number, 1) for number in self.numbers]

    def test_right_ledgers_have_no_findings(self):
        self.assertEqual(self.kinds(self.good(), kills=0), [])

    def test_a_message_that_was_not_acknowledged_may_come_or_not(self):
        self.sender.acknowledged.discard("S-19")
        self.assertEqual(self.kinds(self.good()), [])
        self.assertEqual(self.kinds(self.good()[:-1]), [])

    def test_lost(self):
        for place in (0, 7, 19):
            receipts = self.good()
            del receipts[place]
            self.assertEqual(self.kinds(receipts), ["lost"])

    def test_invented(self):
        self.assertEqual(self.kinds(self.good() + [("S-20", 1)]), ["invented"])

    def test_corrupted(self):
        for data in (b"", payload("S-3") + b"\r", payload("S-4"), payload("S-3").upper()):
            receipts = self.good()
            receipts[3] = ("S-3", 1, data)
            self.assertEqual(self.kinds(receipts), ["corrupted"])

    def test_a_repetition_that_differs_is_corrupted(self):
        receipts = self.good()
        receipts[4:4] = [("S-3", 2, b"other")]
        self.assertEqual(self.kinds(receipts), ["corrupted"])

    def test_reordered(self):
        receipts = self.good()
        receipts[5], receipts[6] = receipts[6], receipts[5]
        self.assertEqual(self.kinds(receipts), ["reordered"])

    def test_reordered_with_keys_means_within_the_key(self):
        receipts = self.good()
        receipts[5], receipts[6] = receipts[6], receipts[5]
        self.assertEqual(self.kinds(receipts, lanes=3), [])
        receipts = self.good()
        receipts[5], receipts[8] = receipts[8], receipts[5]
        self.assertEqual(self.kinds(receipts, lanes=3), ["reordered"])

    def test_what_was_under_way_may_come_again_over_a_new_connection(self):
        receipts = [(number, 1) for number in self.numbers[:8]]
        receipts += [(number, 2) for number in self.numbers[7:]]
        self.assertEqual(self.kinds(receipts, kills=1), [])

    def test_duplicated_over_the_same_connection(self):
        receipts = self.good()
        receipts[8:8] = [("S-7", 1)]
        self.assertEqual(self.kinds(receipts), ["duplicated"])

    def test_duplicated_behind_the_next_message(self):
        receipts = self.good()
        receipts[9:9] = [("S-7", 2)]
        self.assertEqual(self.kinds(receipts), ["duplicated"])

    def test_duplicated_behind_the_next_message_of_its_key(self):
        receipts = self.good()
        receipts[9:9] = [("S-7", 2)]
        self.assertEqual(self.kinds(receipts, lanes=3), [])
        receipts[11:11] = [("S-7", 3)]
        self.assertEqual(self.kinds(receipts, lanes=3), [])
        receipts[13:13] = [("S-7", 4)]
        self.assertEqual(self.kinds(receipts, lanes=3), ["duplicated"])

    def again(self, *numbers, first=8):
        """The first messages over one connection, then these over the next one."""
        return [(number, 1) for number in self.numbers[:first]] + [
            (f"S-{number}", 2) for number in numbers]

    def test_all_that_was_under_way_may_come_again(self):
        receipts = self.again(*range(5, 20))
        self.assertEqual(self.kinds(receipts, window=3), [])
        self.assertEqual(self.kinds(receipts, window=2), ["duplicated", "duplicated"])

    def test_more_than_was_under_way_came_again(self):
        receipts = self.again(*range(4, 20))
        self.assertEqual(self.kinds(receipts, window=3)[0], "duplicated")
        self.assertEqual(self.kinds(receipts, window=4), [])

    def test_what_was_under_way_came_again_in_another_order(self):
        self.assertEqual(self.kinds(self.again(6, 5, 7, *range(8, 20)), window=3), ["reordered"])

    def test_a_message_came_again_behind_one_that_had_not_come_before(self):
        self.assertEqual(self.kinds(self.again(6, 8, 7, *range(9, 20)), window=3), ["reordered"])

    def test_one_of_several_under_way_is_lost(self):
        self.assertEqual(self.kinds(self.again(6, 7, *range(9, 20)), window=3), ["lost"])

    def test_one_of_several_under_way_is_corrupted(self):
        receipts = self.again(6, 7, *range(8, 20))
        receipts[9] = ("S-7", 2, b"other")
        self.assertEqual(self.kinds(receipts, window=3), ["corrupted"])

    def test_several_under_way_with_keys_are_counted_by_key(self):
        receipts = self.again(2, 5, *range(8, 20))
        self.assertEqual(self.kinds(receipts, window=2, lanes=3), [])
        self.assertEqual(self.kinds(receipts, window=1, lanes=3), ["duplicated"])

    def test_more_repetitions_than_kills(self):
        receipts = self.good()
        receipts[8:8] = [("S-7", 2), ("S-7", 3)]
        self.assertEqual(self.kinds(receipts, kills=2), [])
        self.assertEqual(self.kinds(receipts, kills=1), ["duplicated"])

    def test_a_sender_that_repeats_is_no_excuse_where_duplicates_are_known(self):
        receipts = self.good()
        receipts[9:9] = [("S-7", 2)]
        self.sender.sending("S-7", payload("S-7"), "K1")
        self.assertEqual(self.kinds(receipts), ["duplicated"])
        self.assertEqual(self.kinds(receipts, repeats=True), [])
        receipts[11:11] = [("S-7", 3)]
        self.assertEqual(self.kinds(receipts, repeats=True), ["duplicated"])

    def test_one_of_two_copies_may_have_been_under_way(self):
        receipts = self.good()
        self.sender.sending("S-7", payload("S-7"), "K1")
        receipts[8:8] = [("S-7", 2), ("S-7", 2)]
        self.assertEqual(self.kinds(receipts, repeats=True), [])
        receipts[8:8] = [("S-7", 2)]
        self.assertEqual(self.kinds(receipts, repeats=True, kills=9), ["duplicated"])

    def test_two_lanes_with_different_orders(self):
        one, other = self.destination(self.good()), self.destination(self.good())
        self.assertEqual(ledger.check_same_order(one, other), [])
        other.receipts[2], other.receipts[3] = other.receipts[3], other.receipts[2]
        self.assertEqual([finding.kind for finding in ledger.check_same_order(one, other)],
                         ["reordered"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
