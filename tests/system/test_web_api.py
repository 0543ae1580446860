"""The API of orderly-web with a broker behind it: what it tells is what is there, as web/api/openapi.json says."""

import base64
import json
import re
import signal
import time
import unittest

from prometheus_client.openmetrics.parser import text_string_to_metric_families

import openapi
import support
from broker import Broker
from support import HeldPort, wait_until
from web import Web, is_there, routes

CONFIGURATION = """
    [listener in]
    address = 127.0.0.1:0
    [destination archive]
    directory = {folder}/archive
    [destination ris]
    mllp = {ris}
    retry = 50ms..200ms
    [route all]
    from = in
    to = archive, ris
    template = t.hl7
    """
TEMPLATE = "MSH|^~\\&|OURS||||{MSH-7}||ORU^R01|{MSH-10}|P|2.5\nPID|1||{PID-3}||{PID-5}\n"


def message(control_id, patient="000123", extra=""):
    return (f"MSH|^~\\&|LAB|TEST|||20260101120000||ORU^R01|{control_id}|P|2.5\r"
            f"PID|1||{patient}^^^HOSPITAL^MR~77^^^X||DOE^JANE^TEST\rOBR|1|{control_id}|A77\r{extra}").encode()


class WithBroker(support.TestCase):
    def setUp(self):
        super().setUp()
        self.held = HeldPort()
        self.addCleanup(self.held.close)
        (self.folder / "archive").mkdir()
        self.write("t.hl7", TEMPLATE.encode())
        self.broker = Broker(self, CONFIGURATION.format(folder=self.folder, ris=self.held.address))
        self.web = Web(self, extra="metrics-token = token", start=False,
                       sections="[templates own]\nfolder = own\nsave = yes\n[templates fixed]\nfolder = fixed")
        self.write("token", b"0123456789abcdef\n")
        self.write("own/a.hl7", TEMPLATE.encode())
        self.write("fixed/b.hl7", TEMPLATE.encode())
        self.web.start()
        self.admin = self.web.login("admin")

    def send(self, *messages):
        with self.broker.client() as client:
            for each in messages:
                client.exchange(each)

    def ask(self, method, path, body=None, status=200, **parts):
        """Asks, and checks the answer against the description. `path` as that has it."""
        query = parts.pop("query", "")
        asked = path
        for name, value in parts.items():
            asked = asked.replace("{%s}" % name, str(value))
        answer = self.admin.ask(method, asked + query, body)
        self.assertEqual(answer.status, status, answer)
        openapi.check_answer(method, path, answer)
        return answer

    def get(self, path, **settings):
        return self.ask("GET", path, **settings)


@unittest.skipUnless(is_there(), "built without the page")
class Description(support.TestCase):
    def test_it_describes_each_route_with_its_role_and_query_and_no_other(self):
        described = {}
        for path, methods in openapi.DOCUMENT["paths"].items():
            for method, operation in methods.items():
                query = {at["name"] for at in operation.get("parameters", ()) if at["in"] == "query"}
                described[method.upper(), path] = (operation["x-role"], query)
        served = {(method, path): (role, set(query.split())) for name, method, path, role, query in routes()
                  if name not in ("page", "asset")}
        self.assertEqual(described, served)

    def test_it_is_served(self):
        answer = Web(self).browser().get("/api/v1/openapi.json")
        self.assertEqual(answer.json, openapi.DOCUMENT)


@unittest.skipUnless(is_there(), "built without the page")
class Flow(WithBroker):
    def test_it_tells_what_flows_and_what_is_wrong(self):
        self.send(message("A1"))
        flow = wait_until(lambda: self.with_trouble(), "a trouble")
        self.assertEqual([at["name"] for at in flow["listeners"]], ["in"])
        self.assertEqual({(at["destination"], at["health"]) for at in flow["lanes"]}, {("archive", "good"), ("ris", "down")})
        self.assertEqual({at["name"]: at["depth"] for at in flow["destinations"]}, {"archive": 0, "ris": 1})
        self.assertEqual(flow["routes"][0]["to"], [{"destination": "archive"}, {"destination": "ris"}])
        self.assertIn("all to ris", flow["troubles"][0]["text"])

    def with_trouble(self):
        flow = self.get("/api/v1/flow").json
        return flow if flow["troubles"] and any(at["health"] == "good" for at in flow["lanes"]) else None

    def test_who_has_it_already_gets_nothing(self):
        answer = self.get("/api/v1/flow")
        again = self.admin.get("/api/v1/flow", headers={"If-None-Match": answer.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))

    def test_the_past_is_kept(self):
        self.send(message("A1"))
        past = wait_until(lambda: self.get("/api/v1/history", query="?steps=10").json["series"], "a series")
        self.assertEqual({at.get("listener", at.get("destination")) for at in past} - {"in", "archive", "ris"}, set())
        for series in past:
            self.assertLessEqual(len(series["counts"]), 10)
            self.assertEqual(len(series["counts"]), len(series["latencies"]))

    def test_metrics_are_openmetrics(self):
        self.send(message("A1"))
        answer = self.get("/metrics")
        families = {at.name: at for at in text_string_to_metric_families(answer.body.decode())}
        self.assertEqual(families["orderly_listener_stored"].samples[0].value, 1)
        waiting = {at.labels["destination"]: at.value for at in families["orderly_lane_waiting"].samples}
        self.assertEqual(waiting["ris"], 1)
        self.assertEqual((families["orderly_lane_oldest_seconds"].type, families["orderly_lane_oldest_seconds"].unit), ("gauge", "seconds"))
        self.assertTrue(all(at.documentation for at in families.values()))
        self.assertTrue(answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"))

    def test_the_dashboard_shows_metrics_that_there_are(self):
        self.send(message("A1"))
        wait_until(lambda: self.with_trouble(), "a try")
        there = {sample.name for at in text_string_to_metric_families(self.get("/metrics").body.decode()) for sample in at.samples}
        dashboard = (support.SOURCE / "packaging" / "grafana" / "orderly.json").read_text()
        shown = set(re.findall(r"\borderly_[a-z_]+", dashboard))
        self.assertEqual(shown - there, set())
        self.assertIn("orderly_lane_waiting", shown)

    def test_metrics_are_read_with_a_token(self):
        stranger = self.web.browser()
        for given, status in (("Bearer 0123456789abcdef", 200), ("Bearer 0123456789abcdeX", 401), ("Bearer ", 401), ("0123456789abcdef", 401)):
            self.assertEqual(stranger.get("/metrics", headers={"Authorization": given}, drop=("Sec-Fetch-Site",)).status, status, given)
        self.assertEqual(stranger.get("/api/v1/flow", headers={"Authorization": "Bearer 0123456789abcdef"}).status, 401)


@unittest.skipUnless(is_there(), "built without the page")
class Messages(WithBroker):
    def test_they_are_found_page_by_page(self):
        self.send(*(message(f"A{i}") for i in range(5)))
        first = self.get("/api/v1/messages", query="?limit=2").json
        self.assertEqual([at["control_id"] for at in first["messages"]], ["A4", "A3"])
        second = self.get("/api/v1/messages", query=f"?limit=2&cursor={first['cursor']}").json
        self.assertEqual([at["control_id"] for at in second["messages"]], ["A2", "A1"])
        self.assertTrue(second["more"])

    def test_they_are_found_by_what_is_in_them(self):
        self.send(message("A1"), message("A2", patient="000456"))
        for query, found in (("?patient=000456", ["A2"]), ("?control_id=A1", ["A1"]), ("?type=ORU%5ER01", ["A2", "A1"]),
                             ("?patient=000123&control_id=A2", []), ("?from=2020-01-01T00:00:00Z", ["A2", "A1"]),
                             ("?to=2020-01-01T00:00:00%2B01:00", []), ("?order=oldest-first", ["A1", "A2"])):
            answer = self.get("/api/v1/messages", query=query).json
            self.assertEqual([at["control_id"] for at in answer["messages"]], found, query)

    def test_what_cannot_be_looked_for_is_refused(self):
        for query in ("?limit=0", "?limit=201", "?limit=x", "?from=yesterday", "?state=odd", "?cursor=x", "?order=x", "?key=x"):
            self.get("/api/v1/messages", query=query, status=400)
        self.get("/api/v1/messages/{id}", id=999, status=404)
        self.get("/api/v1/trace", status=400)

    def test_a_story_has_deliveries_attempts_and_contents(self):
        self.send(message("A1"))
        story = wait_until(lambda: self.delivered(1), "a delivery")
        self.assertEqual({at["name"]: at["value"] for at in story["keys"]}["patient"], "000123")
        self.assertIn({"of": "received", "total": len(message("A1"))}, story["contents"])
        self.assertTrue([at for at in story["contents"] if at["of"] == "sent"])

    def delivered(self, number):
        story = self.get("/api/v1/messages/{id}", id=number).json
        return story if any(at["state"] == "delivered" for at in story["deliveries"]) else None

    def test_a_content_is_a_tree(self):
        self.send(message("A1"))
        content = self.get("/api/v1/messages/{id}/content", id=1).json
        pid = content["segments"][1]
        self.assertEqual(pid["name"], "PID")
        patient = next(at for at in pid["fields"] if at["path"] == "PID-3")
        self.assertEqual([at["path"] for at in patient["children"]], ["PID-3[1]", "PID-3[2]"])
        self.assertEqual(patient["children"][0]["children"][0], {"path": "PID-3[1].1", "value": "000123", **self.name_of(patient["children"][0]["children"][0])})
        self.assertEqual(content["text"].encode(), message("A1"))

    @staticmethod
    def name_of(node):
        return {"name": node["name"]} if "name" in node else {}

    def test_what_was_sent_is_told_apart_from_what_came(self):
        self.send(message("A1"))
        wait_until(lambda: self.delivered(1), "a delivery")
        found = {at["path"]: at for at in self.get("/api/v1/messages/{id}/differences", id=1).json["differences"]}
        self.assertEqual((found["MSH-3"]["before"], found["MSH-3"]["after"]), ("LAB", "OURS"))
        self.assertEqual(found["OBR"]["kind"] if "OBR" in found else found["OBR[1]"]["kind"], "removed")

    def test_bytes_are_shown_and_saved(self):
        self.send(message("A1"))
        shown = self.get("/api/v1/messages/{id}/hex", id=1).json
        self.assertEqual(shown["lines"][0], {"offset": 0, "hex": "4d 53 48 7c 5e 7e 5c 26 7c 4c 41 42 7c 54 45 53", "text": "MSH|^~\\&|LAB|TES"})
        saved = self.get("/api/v1/messages/{id}/raw", id=1)
        self.assertEqual(saved.body, message("A1"))
        self.assertEqual(saved.headers["Content-Disposition"], 'attachment; filename="message-1-received.hl7"')
        self.assertIn("sandbox", saved.headers["Content-Security-Policy"])

    def test_documents_are_what_their_bytes_say(self):
        pdf = base64.b64encode(b"%PDF-1.4 test").decode()
        page = base64.b64encode(b"<script>alert(1)</script>").decode()
        self.send(message("A1", extra=f"OBX|1|ED|D||LAB^Application^PDF^Base64^{pdf}\rOBX|2|ED|D||LAB^text^html^Base64^{page}\r"
                                      f"OBX|3|ED|D||LAB^Application^PDF^Base64^no!base64\r"))
        documents = self.get("/api/v1/messages/{id}/content", id=1).json["documents"]
        self.assertEqual([(at["number"], at["type"]) for at in documents],
                         [(1, "application/pdf"), (2, "application/octet-stream"), (3, "application/octet-stream")])
        first = self.get("/api/v1/messages/{id}/documents/{number}", id=1, number=1)
        self.assertEqual((first.body, first.headers["Content-Type"]), (b"%PDF-1.4 test", "application/pdf"))
        self.assertIn("attachment", first.headers["Content-Disposition"])
        second = self.get("/api/v1/messages/{id}/documents/{number}", id=1, number=2)
        self.assertEqual(second.headers["Content-Type"], "application/octet-stream")
        self.assertEqual(second.headers["X-Content-Type-Options"], "nosniff")
        self.get("/api/v1/messages/{id}/documents/{number}", id=1, number=3, status=409)
        self.get("/api/v1/messages/{id}/documents/{number}", id=1, number=4, status=404)

    def test_hostile_content_is_text_in_json_and_nothing_else(self):
        hostile = "</script><img src=x onerror=alert(1)>\"'\\E\\\x01\x7f\u2028\u202e"
        self.send(message("A1", patient=hostile.replace("\r", "")), b"MSH|^~\\&|\xff\xfe\x80|TEST|||2026||ORU^R01|A2|P|2.5\rPID|1||\xc3\x28\r")
        for path in ("/api/v1/messages", "/api/v1/messages/1", "/api/v1/messages/1/content", "/api/v1/messages/2/content", "/api/v1/messages/2/hex"):
            answer = self.admin.get(path)
            self.assertEqual(answer.headers["Content-Type"], "application/json", path)
            json.loads(answer.body.decode("utf-8"))
            self.assertNotIn(b"\x01", answer.body)
        found = json.dumps(self.get("/api/v1/messages/{id}/content", id=2).json)
        self.assertIn("\\ufffd", found)

    def test_a_trace_follows_a_value(self):
        self.send(message("A1"), message("A2", patient="000456"), message("A3"))
        items = self.get("/api/v1/trace", query="?value=000123").json["items"]
        self.assertEqual([at["message"]["control_id"] for at in items], ["A1", "A3"])
        self.assertEqual(len(items[0]["deliveries"]), 2)


@unittest.skipUnless(is_there(), "built without the page")
class Acts(WithBroker):
    def lane(self, destination):
        return next(at for at in self.get("/api/v1/flow").json["lanes"] if at["destination"] == destination)

    def state(self, destination, state):
        return lambda: (time.sleep(0.1) or self.lane(destination)["state"] == state)

    def test_lanes_are_paused_and_resumed(self):
        self.send(message("A1"))
        number = wait_until(lambda: self.get("/api/v1/flow").json["lanes"] and self.lane("ris")["id"], "a lane")
        self.ask("POST", "/api/v1/lanes/{id}/pause", {"reason": "works"}, id=number)
        wait_until(self.state("ris", "paused"), "a paused lane")
        self.ask("POST", "/api/v1/lanes/{id}/resume", {"reason": "done"}, id=number)
        wait_until(self.state("ris", "running"), "a running lane")

    def test_what_waits_is_skipped_if_it_is_still_the_same(self):
        self.send(message("A1"))
        lane = wait_until(lambda: self.get("/api/v1/flow").json["lanes"] and "head" in self.lane("ris") and self.lane("ris"), "a head")
        self.ask("POST", "/api/v1/lanes/{id}/skip", {"reason": "x", "delivery": lane["head"] + 1000}, id=lane["id"], status=409)
        self.ask("POST", "/api/v1/lanes/{id}/skip", {"reason": "x"}, id=lane["id"], status=400)
        done = self.ask("POST", "/api/v1/lanes/{id}/skip", {"reason": "not wanted", "delivery": lane["head"]}, id=lane["id"]).json
        self.assertEqual(done["count"], 1)
        notes = self.get("/api/v1/messages/{id}", id=1).json["notes"]
        self.assertTrue([at for at in notes if "admin" in at["who"] and at["why"] == "not wanted"], notes)

    def test_messages_are_sent_again_with_who_and_why(self):
        self.send(message("A1"))
        done = self.ask("POST", "/api/v1/messages/{id}/resend", {"reason": "lost there", "destination": "archive"}, id=1).json
        self.assertEqual((done["count"], done["refused"]), (1, 0))
        notes = self.get("/api/v1/messages/{id}", id=1).json["notes"]
        self.assertTrue([at for at in notes if "admin" in at["who"] and at["why"] == "lost there"], notes)

    def test_every_act_wants_a_reason(self):
        for path in ("/api/v1/lanes/1/pause", "/api/v1/messages/1/resend", "/api/v1/deliveries/1/drop", "/api/v1/dead/retry", "/api/v1/reload"):
            for body in ({}, {"reason": ""}, {"reason": 7}, {"reason": "x" * 501}, {"reason": "x", "odd": 1}):
                self.assertEqual(self.admin.post(path, body).status, 400, f"{path} {body}"[:100])

    def test_dead_letters_are_listed_retried_and_dropped(self):
        self.send(message("A1"))
        lane = wait_until(lambda: self.get("/api/v1/flow").json["lanes"] and "head" in self.lane("ris") and self.lane("ris"), "a head")
        self.assertEqual(self.get("/api/v1/dead").json["items"], [])
        self.ask("POST", "/api/v1/deliveries/{id}/drop", {"reason": "x"}, id=lane["head"])
        self.ask("POST", "/api/v1/dead/drop", {"reason": "x"}, status=400)
        self.assertEqual(self.ask("POST", "/api/v1/dead/retry", {"reason": "x", "all": True}).json["count"], 0)

    def test_the_configuration_is_loaded_again(self):
        self.ask("POST", "/api/v1/reload", {"reason": "new template"})
        self.broker.path.write_text("[nonsense]\n")
        answer = self.ask("POST", "/api/v1/reload", {"reason": "x"}, status=409)
        self.assertEqual(answer.error, "refused")


@unittest.skipUnless(is_there(), "built without the page")
class Settings(WithBroker):
    def test_they_are_those_in_force_with_their_places(self):
        settings = self.get("/api/v1/settings").json
        found = {(at["section"], at["key"]): at for at in settings["keys"]}
        self.assertEqual(found["[destination ris]", "retry"]["value"], "50ms..200ms")
        self.assertEqual(found["[destination ris]", "retry"]["line"],
                         self.broker.path.read_text().splitlines().index("retry = 50ms..200ms") + 1)
        self.assertTrue(found["[listener in]", "ack"]["standard"])
        self.assertEqual(settings["sbom"]["bomFormat"], "CycloneDX")
        self.assertIn("users", {at["key"] for at in settings["web"]})

    def test_secrets_of_files_are_not_shown(self):
        self.write("secret", b"127.0.0.1:0")
        self.broker.path.write_text(self.broker.path.read_text().replace("address = 127.0.0.1:0", "address = ${file:secret}"))
        self.broker.reload()
        found = {(at["section"], at["key"]): at for at in self.get("/api/v1/settings").json["keys"]}
        self.assertEqual(found["[listener in]", "address"]["value"], "${file:secret}")


@unittest.skipUnless(is_there(), "built without the page")
class Workbench(WithBroker):
    def convert(self, template, text=None, **more):
        return self.ask("POST", "/api/v1/workbench/convert",
                        {"template": template, "message": (text or message("A1")).decode() if not isinstance(text, str) else text, **more}).json

    def test_a_result_says_where_it_came_from(self):
        done = self.convert("MSH|^~\\&|{MSH-4}\nPID|{upper(PID-5.2)}\n")
        self.assertTrue(done["good"], done)
        source, result = message("A1"), done["result"].encode()
        values = [(result[at["from"]:at["to"]], [source[read["from"]:read["to"]] for read in at["reads"]])
                  for at in done["origins"] if at["kind"] == "value"]
        self.assertEqual(values, [(b"TEST", [b"TEST"]), (b"JANE", [b"JANE"])])
        self.assertIn("PID-3", [at["path"] for at in done["unread"]])
        self.assertNotIn("PID-5", [at["path"] for at in done["unread"]])
        self.assertEqual([at["path"] for at in done["fields"]][-1], "PID-1")

    def test_an_edit_of_the_source_says_what_made_it(self):
        done = self.convert("{set MSH-5 = PID-3.1}\n{source}\n")
        self.assertTrue(done["good"], done)
        edit = next(at for at in done["origins"] if at["kind"] == "edit" and at["reads"])
        self.assertEqual(edit["reads"][0]["path"], "PID-3[1].1")

    def test_mistakes_have_their_place(self):
        done = self.convert("MSH|^~\\&|{uper(PID-5)}\n")
        self.assertFalse(done["good"])
        self.assertEqual((done["findings"][0]["line"], done["findings"][0]["column"]), (1, 11))

    def test_a_message_that_is_none_is_told(self):
        self.assertIn("MSH", self.convert("MSH|^~\\&|{PID-5}\n", "nonsense")["message_problem"])

    def test_json_is_a_source_too(self):
        done = self.convert("MSH|^~\\&|{$.name}\n", '{"name": "DOE"}')
        self.assertEqual(done["result"], "MSH|^~\\&|DOE\r")

    def test_a_refusal_is_told(self):
        done = self.convert("MSH|^~\\&|\n{reject 'AE' 'not wanted'}\n")
        self.assertEqual(done["refused"], {"code": "AE", "reason": "not wanted"})

    def test_work_is_bounded(self):
        loops = "MSH|^~\\&|\n" + "".join("{for %s in OBX}" % name for name in "abcdef") + "x" + "{end}" * 6 + "\n"
        text = message("A1", extra="".join(f"OBX|{i}|ST|X||1\r" for i in range(200)))
        done = self.convert(loops, text)
        self.assertFalse(done["good"])
        self.assertTrue(done["findings"], done)

    def test_it_cannot_reach_files(self):
        for name in ("../users", "/etc/passwd", "users", "..%2fusers"):
            done = self.convert("MSH|^~\\&|{include '%s'}\n" % name, beside="own/a.hl7")
            self.assertFalse(done["good"], name)
        self.ask("POST", "/api/v1/workbench/convert", {"template": "x", "message": "x", "beside": "../users"}, status=404)

    def test_templates_are_listed_and_read(self):
        folders = {at["name"]: at for at in self.get("/api/v1/workbench/templates").json["folders"]}
        self.assertEqual([at["name"] for at in folders["own"]["templates"]], ["a.hl7"])
        self.assertEqual((folders["own"]["writable"], folders["fixed"]["writable"]), (True, False))
        path = "/api/v1/workbench/templates/{folder}/{name}"
        self.assertEqual(self.get(path, folder="own", name="a.hl7").json["text"], TEMPLATE)
        for folder, name in (("own", "b.hl7"), ("other", "a.hl7"), ("own", ".a"), ("own", "..")):
            self.get(path, folder=folder, name=name, status=404)

    def test_cases_are_run_with_the_text_that_is_edited(self):
        self.write("own/a.cases/plain.in.hl7", message("A1"))
        self.write("own/a.cases/plain.out.hl7", b"MSH|^~\\&|OURS||||20260101120000||ORU^R01|A1|P|2.5\nPID|1||000123^^^HOSPITAL^MR~77^^^X||DOE^JANE^TEST\n")
        self.write("own/a.cases/wrong.in.hl7", message("A1"))
        self.write("own/a.cases/wrong.error", b"no accession\n")
        done = self.ask("POST", "/api/v1/workbench/cases", {"template": TEMPLATE, "beside": "own/a.hl7"}).json
        self.assertEqual([(at["name"], at["good"]) for at in done["cases"]], [("plain", True), ("wrong", False)], done)
        edited = TEMPLATE.replace("OURS", "THEIRS") + "{reject 'AE' 'no accession number'}\n"
        done = self.ask("POST", "/api/v1/workbench/cases", {"template": edited, "beside": "own/a.hl7"}).json
        self.assertEqual([at["good"] for at in done["cases"]], [False, True], done)
        done = self.ask("POST", "/api/v1/workbench/cases", {"template": TEMPLATE.replace("OURS", "THEIRS"), "beside": "own/a.hl7"}).json
        self.assertEqual(done["cases"][0]["text"], "differs: MSH-3")
        self.assertFalse(self.ask("POST", "/api/v1/workbench/cases", {"template": "MSH|^~\\&|{PID-3\n", "beside": "own/a.hl7"}).json["compiled"])

    def test_the_cases_of_the_examples_hold_here_too(self):
        examples = support.SOURCE / "examples" / "templates"
        self.web.program.kill()
        self.web.path.write_text(self.web.path.read_text() + f"[templates examples]\nfolder = {examples}\n")
        self.web.start()
        self.admin = self.web.login("admin")
        ran = 0
        for template in sorted(examples.glob("*.*")):
            if template.with_suffix(".cases").is_dir() and template.suffix not in (".csv", ".cases"):
                done = self.ask("POST", "/api/v1/workbench/cases", {"template": template.read_text(), "beside": f"examples/{template.name}"}).json
                self.assertTrue(done["cases"] and all(at["good"] for at in done["cases"]), (template.name, done))
                ran += len(done["cases"])
        self.assertGreater(ran, 20)

    def test_a_link_is_not_followed(self):
        (self.folder / "own" / "l.hl7").symlink_to(self.folder / "users")
        self.get("/api/v1/workbench/templates/{folder}/{name}", folder="own", name="l.hl7", status=404)

    def test_a_template_is_saved_where_that_is_allowed(self):
        path = "/api/v1/workbench/templates/{folder}/{name}"
        old = self.get(path, folder="own", name="a.hl7").json
        body = {"text": TEMPLATE + "OBR|1\n", "hash": old["hash"], "reason": "for the RIS"}
        self.ask("PUT", path, body, folder="own", name="a.hl7")
        self.assertEqual((self.folder / "own" / "a.hl7").read_text(), TEMPLATE + "OBR|1\n")
        self.assertEqual(self.ask("PUT", path, body, folder="own", name="a.hl7", status=409).error, "changed")
        self.assertEqual(self.ask("PUT", path, body, folder="fixed", name="b.hl7", status=403).error, "read-only")
        broken = {"text": "MSH|^~\\&|{PID-3\n", "reason": "x"}
        self.assertEqual(self.ask("PUT", path, broken, folder="own", name="new.hl7", status=409).error, "template")
        self.ask("PUT", path, {"text": TEMPLATE, "reason": "x"}, folder="own", name="new.hl7")


@unittest.skipUnless(is_there(), "built without the page")
class Audit(WithBroker):
    def shown(self, *arguments):
        done = support.run("audit", "show", "--config", self.broker.path, "--json", *arguments)
        self.assert_status(done, 0)
        return [json.loads(line) for line in done.out.splitlines()]

    def test_every_view_is_recorded_with_who_looked(self):
        self.send(message("A1"))
        self.web.login("view-messages").get("/api/v1/messages/1/content")
        views = self.shown("--event", "view")
        self.assertEqual([at["actor"] for at in views], ["view-messages"], views)

    def test_logins_are_recorded(self):
        self.web.browser().login("operate", "wrong wrong wrong")
        logins = [(at["name"], bool(at.get("failed"))) for at in self.shown("--event", "login")]
        self.assertEqual(logins, [("admin", False), ("operate", True)])


@unittest.skipUnless(is_there(), "built without the page")
class Apart(WithBroker):
    def test_messages_flow_while_the_page_is_flooded_and_killed(self):
        sent = [message(f"F{i}") for i in range(200)]
        with self.broker.client() as client:
            for number, each in enumerate(sent):
                client.exchange(each)
                if number % 10 == 0:
                    self.admin.get("/api/v1/messages")
                if number == 100:
                    self.web.program.send_signal(signal.SIGKILL)
                    self.web.start()
                    self.admin = self.web.login("admin")
        self.assertEqual(self.get("/api/v1/flow").json["listeners"][0]["stored"], 200)

    def test_a_broker_that_has_gone_is_told_and_found_again(self):
        self.broker.kill()
        self.assertEqual(self.web.browser().get("/readyz").status, 503)
        self.assertEqual(self.admin.get("/api/v1/messages").error, "no-broker")
        self.broker.start()
        self.assertEqual(self.web.browser().get("/readyz").status, 200)


if __name__ == "__main__":
    support.main()
