"""Metrics of a running broker: the numbers are those of what was sent, the text is OpenMetrics.

The reader here knows the format from its specification, not from the program.
"""

import json
import re

import peers
import support
from broker import Broker
from peers import Peer
from support import HeldPort, wait_until

SAMPLE = re.compile(r'(?P<name>[a-z_:][a-z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>[0-9.]+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\["\\n])*)"(?:,|$)')
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}

CONFIGURATION = """
    [listener in]
    address = 127.0.0.1:0
    [destination good]
    mllp = {good}
    [destination bad]
    mllp = {bad}
    retry = 20ms..50ms
    [route all]
    from = in
    to = good, bad
    """


def read_openmetrics(text):
    """{(name, labels): value}; fails on what the format forbids."""
    assert text.endswith("# EOF\n"), text[-100:]
    families, samples, family = {}, {}, None
    for line in text[:-len("# EOF\n")].splitlines():
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            assert family not in families, line
            families[family] = kind
        elif line.startswith("#"):
            assert line.split(" ")[1] in ("HELP", "UNIT") and line.split(" ")[2] == family, line
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            assert found["name"] in [family + end for end in SUFFIXES[families[family]]], line
            labels = LABEL.findall(found["labels"] or "")
            assert LABEL.sub("", found["labels"] or "") == "", line
            key = (found["name"], tuple(sorted(labels)))
            assert key not in samples, line
            samples[key] = float(found["value"])
    return samples


class Metrics(support.TestCase):
    def read(self, broker):
        answer = support.run("status", "--metrics", "--config", broker.path)
        self.assert_status(answer, 0)
        return read_openmetrics(answer.out.decode())

    @staticmethod
    def get(samples, name, **labels):
        return samples[f"orderly_{name}", tuple(sorted(labels.items()))]

    def check_buckets(self, samples):
        """Buckets grow to +Inf, which is the count."""
        rows = {}
        for (name, labels), value in samples.items():
            if name.endswith("_bucket"):
                bound = float(dict(labels)["le"].replace("+Inf", "inf"))
                rest = tuple(label for label in labels if label[0] != "le")
                rows.setdefault((name[:-len("_bucket")], rest), []).append((bound, value))
        self.assertGreater(len(rows), 3)
        for (name, labels), buckets in rows.items():
            values = [value for _, value in sorted(buckets)]
            self.assertEqual(values, sorted(values), name)
            self.assertEqual(values[-1], samples[f"{name}_count", labels], name)

    def test_the_numbers_are_those_of_what_was_sent(self):
        with Peer(peers.answering("AA")) as good, HeldPort() as bad:
            broker = Broker(self, CONFIGURATION.format(good=good.address, bad=bad.address))
            before = self.read(broker)
            with broker.client() as client:
                for i in range(25):
                    client.exchange(peers.message(f"A{i}"))
            wait_until(lambda: self.get(self.read(broker), "lane_delivered_total", route="all",
                                        destination="good", lane="0") == 25, "all deliveries")
            samples = self.read(broker)
            for name in ("connections", "messages", "stored"):
                self.assertEqual(self.get(samples, f"listener_{name}_total", listener="in"),
                                 1 if name == "connections" else 25)
            self.assertEqual(
                self.get(samples, "listener_acknowledgement_seconds_count", listener="in"), 25)
            for name in ("queue_age", "delivery"):
                self.assertEqual(
                    self.get(samples, f"destination_{name}_seconds_count", destination="good"), 25)
                self.assertEqual(
                    self.get(samples, f"destination_{name}_seconds_count", destination="bad"), 0)
            self.assertEqual(self.get(samples, "lane_delivered_total", route="all",
                                      destination="bad", lane="0"), 0)
            self.assertEqual(self.get(samples, "store_commits_total"),
                             self.get(samples, "store_commit_work_count"))
            self.assertEqual(self.get(samples, "store_work_total"),
                             self.get(samples, "store_commit_work_sum"))
            self.check_buckets(samples)
            for key, value in before.items():
                if key[0].endswith(("_total", "_count", "_sum", "_bucket")):
                    self.assertLessEqual(value, samples[key], key)

    def test_gauges_say_how_it_is_now(self):
        with Peer(peers.answering("AA")) as good, HeldPort() as bad:
            broker = Broker(self, CONFIGURATION.format(good=good.address, bad=bad.address))
            lane = {"route": "all", "destination": "bad", "lane": "0"}
            with broker.client() as client:
                for i in range(5):
                    client.exchange(peers.message(f"A{i}"))
                self.assertEqual(self.get(self.read(broker), "listener_open_connections",
                                          listener="in"), 1)
            wait_until(lambda: self.get(self.read(broker), "lane_depth", **lane) == 5, "the depth")
            wait_until(lambda: self.get(self.read(broker), "listener_open_connections",
                                        listener="in") == 0, "the end of the connection")
            samples = self.read(broker)
            self.assertGreater(self.get(samples, "lane_oldest_age_seconds", **lane), 0)
            self.assertGreater(self.get(samples, "store_disk_free_bytes"), 1 << 20)
            self.assertGreaterEqual(self.get(samples, "store_journal_bytes"), 4096)
            with Peer(peers.answering("AA"), bad):
                wait_until(lambda: self.get(self.read(broker), "lane_depth", **lane) == 0,
                           "an empty lane")
            samples = self.read(broker)
            self.assertEqual(self.get(samples, "lane_oldest_age_seconds", **lane), 0)

    def test_the_same_as_json(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, CONFIGURATION.format(good=peer.address, bad=peer.address))
            with broker.client() as client:
                client.exchange(peers.message("A1"))
            answer = support.run("status", "--metrics", "--json", "--config", broker.path)
            self.assert_status(answer, 0)
            records = [json.loads(line) for line in answer.out.splitlines()]
            stored = [r["value"] for r in records
                      if r["record"] == "counter" and r["of"] == "listener" and r["name"] == "stored"]
            self.assertEqual(stored, [1])
            opened = [r for r in records if r["record"] == "gauge" and r["of"] == "store"]
            self.assertEqual([(r["name"], r["unit"]) for r in opened],
                             [("journal", "bytes"), ("journal_log", "bytes"),
                              ("disk_free", "bytes")])
            took = [r for r in records if r.get("name") == "acknowledgement"]
            self.assertEqual(len(took), 1)
            self.assertEqual((took[0]["count"], took[0]["listener"]), (1, "in"))
            self.assertLessEqual(took[0]["sum"], took[0]["most"])

    def test_a_lane_that_a_reload_takes_away_takes_its_numbers_along(self):
        with Peer(peers.answering("AA")) as peer:
            configuration = CONFIGURATION.format(good=peer.address, bad=peer.address)
            broker = Broker(self, configuration)
            with broker.client() as client:
                client.exchange(peers.message("A1"))
            wait_until(lambda: all(
                self.get(self.read(broker), "lane_delivered_total", route="all", destination=name,
                         lane="0") == 1 for name in ("good", "bad")), "both deliveries")
            start, rest = configuration.split("    [destination bad]\n")
            broker.configure(start + rest[rest.index("    [route all]"):].replace(", bad", ""))
            self.assertTrue(broker.reload())
            samples = self.read(broker)
            self.assertEqual(self.get(samples, "lane_delivered_total", route="all",
                                      destination="good", lane="0"), 1)
            self.assertFalse([key for key in samples if ("destination", "bad") in key[1]])
            self.assertEqual(self.get(samples, "listener_stored_total", listener="in"), 1)
            self.check_buckets(samples)


if __name__ == "__main__":
    support.main()
