"""orderly-web: who may ask what, and what is refused to anybody."""

import http.client
import os
import re
import socket
import threading
import unittest

import support
from web import PASSWORD, ROLES, Browser, Web, check_configuration, is_there, routes
from support import wait_until


def example(path):
    return path.replace("{id}", "1").replace("{number}", "1").replace("{folder}", "f").replace("{name}", "n")


@unittest.skipUnless(is_there(), "built without the page")
class Roles(support.TestCase):
    def test_every_route_is_refused_to_each_role_below_its_own(self):
        web = Web(self)
        browsers = {role: web.login(role) for role in ROLES}
        for name, method, path, role, _ in routes():
            if role == "none":
                continue
            body = {} if method in ("POST", "PUT") else None
            answer = Browser(web).ask(method, example(path), body)
            self.assertEqual((answer.status, answer.error), (401, "session"), name)
            for below in ROLES[:ROLES.index(role)]:
                answer = browsers[below].ask(method, example(path), body)
                self.assertEqual((answer.status, answer.error), (403, "role"), f"{name} {below}")

    def test_every_route_lets_its_own_role_and_those_above_through(self):
        web = Web(self)
        browsers = {role: web.login(role) for role in ROLES}
        for name, method, path, role, _ in routes():
            if role == "none" or name == "logout":
                continue
            body = {} if method in ("POST", "PUT") else None
            for above in ROLES[ROLES.index(role):]:
                answer = browsers[above].ask(method, example(path), body)
                self.assertNotIn(answer.status, (401, 403, 405), f"{name} {above} {answer!r}")

    def test_every_change_wants_the_token_of_its_session(self):
        web = Web(self)
        admin, other = web.login("admin"), web.login("admin")
        for name, method, path, role, _ in routes():
            if method == "GET" or role == "none":
                continue
            for token in ("", "0" * 64, other.token):
                answer = admin.ask(method, example(path), {} if method != "DELETE" else None,
                                   headers={"X-Orderly-Token": token})
                self.assertEqual((answer.status, answer.error), (403, "token"), name)

    def test_a_role_that_is_taken_away_ends_the_session(self):
        web = Web(self)
        admin = web.login("admin")
        self.assertEqual(admin.get("/api/v1/session").json["role"], "admin")
        support.run("user", "role", web.users, "admin", "view-flow")
        self.assertEqual(admin.get("/api/v1/session").status, 401)

    def test_a_user_that_is_removed_is_out_at_once(self):
        web = Web(self)
        admin = web.login("admin")
        support.run("user", "remove", web.users, "admin")
        self.assertEqual(admin.get("/api/v1/session").status, 401)
        self.assertEqual(Browser(web).login("admin").status, 401)

    def test_a_damaged_users_file_lets_nobody_in(self):
        web = Web(self)
        admin = web.login("admin")
        web.users.write_text("nonsense\n")
        self.assertEqual(admin.get("/api/v1/session").status, 401)
        self.assertEqual(Browser(web).login("admin").status, 401)


@unittest.skipUnless(is_there(), "built without the page")
class Origins(support.TestCase):
    def setUp(self):
        super().setUp()
        self.web = Web(self)

    def test_another_host_is_refused_for_everything(self):
        for host in ("evil.example", f"evil.example:{self.web.port}", "127.0.0.1", f"127.0.0.1:{self.web.port}.evil.example",
                     f"localhost.:{self.web.port}", ""):
            for path in ("/", "/healthz", "/api/v1/flow"):
                answer = self.web.browser().get(path, headers={"Host": host})
                self.assertIn(answer.status, (421, 400), host)

    def test_localhost_is_the_same_page(self):
        self.assertEqual(self.web.browser().get("/", headers={"Host": f"LOCALHOST:{self.web.port}"}).status, 200)

    def test_a_change_from_another_site_is_refused(self):
        admin = self.web.login("admin")
        for headers, drop in (({"Origin": "http://evil.example"}, ()), ({"Origin": "null"}, ()), ({}, ("Origin",)),
                              ({"Origin": f"https://{self.web.host}"}, ()), ({"Origin": f"http://localhost:{self.web.port}"}, ()),
                              ({"Sec-Fetch-Site": "cross-site"}, ()), ({"Sec-Fetch-Site": "same-site"}, ()),
                              ({"Sec-Fetch-Site": "none"}, ())):
            answer = admin.post("/api/v1/lanes/1/pause", {"reason": "x"}, headers=headers, drop=drop)
            self.assertEqual((answer.status, answer.error), (403, "origin"), headers)
            answer = self.web.browser().post("/api/v1/session", {"user": "admin", "password": PASSWORD}, headers=headers, drop=drop)
            self.assertEqual((answer.status, answer.error), (403, "origin"), headers)

    def test_another_sites_page_cannot_read(self):
        admin = self.web.login("admin")
        for site in ("cross-site", "same-site"):
            self.assertEqual(admin.get("/api/v1/session", headers={"Sec-Fetch-Site": site}).status, 403)
        self.assertEqual(admin.get("/api/v1/session", headers={"Sec-Fetch-Site": "none"}).status, 200)

    def test_a_form_cannot_be_a_request(self):
        admin = self.web.login("admin")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx"):
            answer = admin.post("/api/v1/lanes/1/pause", {"reason": "x"}, headers={"Content-Type": kind})
            self.assertEqual((answer.status, answer.error), (415, "type"), kind)


@unittest.skipUnless(is_there(), "built without the page")
class Sessions(support.TestCase):
    def test_an_idle_session_is_over(self):
        web = Web(self, extra="session-idle = 1s")
        admin = web.login("admin")
        self.assertEqual(admin.get("/api/v1/session").status, 200)
        threading.Event().wait(1.2)
        self.assertEqual(admin.get("/api/v1/session").status, 401)

    def test_a_busy_session_is_over_in_the_end(self):
        web = Web(self, extra="session-max = 1s")
        admin = web.login("admin")
        wait_until(lambda: admin.get("/api/v1/session").status == 401, "the end of the session")

    def test_logging_out_ends_the_session(self):
        web = Web(self)
        admin = web.login("admin")
        answer = admin.ask("DELETE", "/api/v1/session")
        self.assertEqual(answer.status, 204)
        self.assertIn("Max-Age=0", answer.headers["Set-Cookie"])
        self.assertEqual(admin.get("/api/v1/session").status, 401)

    def test_the_cookie_is_for_this_page_alone(self):
        web = Web(self)
        parts = web.browser().login("admin").headers["Set-Cookie"].split("; ")
        self.assertRegex(parts[0], r"^orderly-session=[0-9a-f]{64}$")
        self.assertLessEqual({"HttpOnly", "SameSite=Strict", "Path=/"}, set(parts))
        self.assertFalse([part for part in parts if part.startswith("Domain")])

    def test_two_cookies_of_the_name_are_none(self):
        web = Web(self)
        admin = web.login("admin")
        self.assertEqual(admin.get("/api/v1/session", headers={"Cookie": f"{admin.cookie}; {admin.cookie}"}).status, 401)
        self.assertEqual(admin.get("/api/v1/session", headers={"Cookie": f"a=b; {admin.cookie}; c"}).status, 200)


@unittest.skipUnless(is_there(), "built without the page")
class LockOut(support.TestCase):
    def test_wrong_passwords_make_user_and_address_wait(self):
        web = Web(self, extra="lock-after = 3\nlock-for = 1h")
        for _ in range(3):
            self.assertEqual(web.browser().login("admin", "wrong wrong wrong").error, "password")
        answer = web.browser().login("admin")
        self.assertEqual((answer.status, answer.error), (429, "wait"))
        self.assertGreater(int(answer.headers["Retry-After"]), 3000)
        self.assertEqual(web.browser().login("operate").error, "wait", "the address has to wait as well")

    def test_after_the_wait_the_right_password_counts(self):
        web = Web(self, extra="lock-after = 1\nlock-for = 100ms")
        self.assertEqual(web.browser().login("admin", "wrong wrong wrong").status, 401)
        wait_until(lambda: web.browser().login("admin").status == 200, "a login")

    def test_a_user_that_is_not_there_is_told_the_same(self):
        web = Web(self)
        a = web.browser().login("nobody", "wrong wrong wrong")
        b = web.browser().login("admin", "wrong wrong wrong")
        self.assertEqual((a.status, a.body), (b.status, b.body))

    def test_what_was_typed_for_a_name_is_not_logged(self):
        web = Web(self)
        web.browser().login("my secret password", "x" * 12)
        web.program.wait_for(rb"web-login-failed")
        self.assertNotIn(b"secret", web.program.err)


@unittest.skipUnless(is_there(), "built without the page")
class Refusals(support.TestCase):
    def setUp(self):
        super().setUp()
        self.web = Web(self, extra="max-body = 4096\nrequest-timeout = 500ms")

    def test_methods_that_are_not_served_are_refused(self):
        for method in ("TRACE", "OPTIONS", "CONNECT", "PATCH", "PROPFIND"):
            answer = self.web.browser().ask(method, "/")
            self.assertIn(answer.status, (405, 400), method)
            self.assertNotIn(b"Sec-Fetch-Site", answer.body)

    def test_what_is_not_there_is_not_there(self):
        admin = self.web.login("admin")
        for path in ("/x", "/api", "/api/v1/", "/api/v1/messages/", "/api/v1/messages/x", "/api/v1/messages/1/", "//",
                     "/assets/../index.html", "/assets/%2e%2e/main.c", "/assets/nothing.js", "/api/v1/messages/" + "9" * 30):
            self.assertEqual(admin.get(path).status, 404, path)

    def test_unknown_names_in_a_query_are_refused(self):
        admin = self.web.login("admin")
        for query in ("?x=1", "?limit=1&limit=2", "?limit=1&patients=x"):
            self.assertEqual(admin.get("/api/v1/messages" + query).status, 400, query)

    def test_bodies_are_bounded(self):
        admin = self.web.login("admin")
        answer = admin.post("/api/v1/lanes/1/pause", b" " * 5000)
        self.assertEqual((answer.status, answer.error), (413, "too-large"))
        answer = admin.post("/api/v1/lanes/1/pause", b"{}", headers={"Transfer-Encoding": "chunked"}, drop=("Content-Length",))
        self.assertEqual(answer.status, 411)

    def test_a_body_has_to_be_an_object(self):
        admin = self.web.login("admin")
        for body in (b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b"[" * 4000):
            answer = admin.post("/api/v1/lanes/1/pause", body)
            self.assertEqual((answer.status, answer.error), (400, "malformed"), body[:20])

    def test_headers_are_bounded(self):
        answer = self.web.browser().get("/", headers={"X-Long": "x" * 100000})
        self.assertIn(answer.status, (400, 413, 431))

    def test_a_request_that_comes_a_byte_at_a_time_is_ended(self):
        with socket.create_connection(("127.0.0.1", self.web.port), timeout=support.PATIENCE) as slow:
            slow.settimeout(0.05)
            ended = False
            for byte in b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 1000:
                try:
                    slow.sendall(bytes([byte]))
                    ended = slow.recv(1) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
                if ended:
                    break
            self.assertTrue(ended)

    def test_silent_connections_do_not_keep_others_out(self):
        held = []
        try:
            for _ in range(200):
                held.append(socket.create_connection(("127.0.0.1", self.web.port), timeout=support.PATIENCE))
            wait_until(self.answers, "an answer")
        finally:
            for connection in held:
                connection.close()

    def answers(self):
        try:
            return self.web.browser().get("/healthz").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def test_every_answer_has_the_headers_that_protect(self):
        for path in ("/", "/assets/app.js", "/api/v1/flow", "/nothing", "/healthz"):
            headers = self.web.browser().get(path).headers
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"], path)
            self.assertNotIn("unsafe", headers["Content-Security-Policy"])
            self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(headers["Cross-Origin-Opener-Policy"], "same-origin")
            self.assertEqual(headers["Cross-Origin-Resource-Policy"], "same-origin")
            self.assertIn("no-", headers["Cache-Control"])
            self.assertNotIn("Server", headers)
            self.assertNotIn("Access-Control-Allow-Origin", headers)
        self.assertEqual(self.web.browser().get("/api/v1/flow").headers["Cache-Control"], "no-store")

    def test_the_page_asks_nothing_of_other_places(self):
        for path in ("/", "/assets/app.js", "/assets/page.css"):
            body = self.web.browser().get(path).body.decode()
            self.assertEqual(re.findall(r"""(?:https?:)?//[\w.-]+\.\w+""", re.sub(r"http://www\.w3\.org/\S*", "", body)), [], path)

    def test_a_part_that_has_not_changed_is_not_sent_again(self):
        answer = self.web.browser().get("/assets/app.js")
        again = self.web.browser().get("/assets/app.js", headers={"If-None-Match": answer.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))

    def test_many_logins_at_once_are_turned_away_and_the_page_lives(self):
        threads = [threading.Thread(target=lambda: self.web.browser().login("admin")) for _ in range(12)]
        for thread in threads:
            thread.start()
        self.assertEqual(self.web.browser().get("/healthz").status, 200)
        for thread in threads:
            thread.join(support.PATIENCE)

    def test_without_a_broker_it_lives_and_says_so(self):
        self.assertEqual(self.web.browser().get("/healthz").body, b"ok\n")
        self.assertEqual(self.web.browser().get("/readyz").status, 503)
        answer = self.web.login("admin").get("/api/v1/flow")
        self.assertEqual((answer.status, answer.error), (503, "no-broker"))


@unittest.skipUnless(is_there(), "built without the page")
class Configuration(support.TestCase):
    GOOD = "[web]\nusers = users\n"

    def test_the_smallest_one_is_right(self):
        self.assertEqual(check_configuration(self.folder, self.GOOD), (0, ""))

    def test_mistakes_are_told_with_their_line(self):
        for text, told in (("[web]\n", "'users' is missing"), ("users = x\n", "before the first section"),
                           ("[page]\n", "unknown section"), (self.GOOD + "adress = x\n", "did you mean 'address'"),
                           (self.GOOD + "threads = 0\n", ":3: 'threads' takes a number, from 1 to 32"),
                           (self.GOOD + "session-idle = soon\n", "takes a time"),
                           (self.GOOD + "users = y\n", "given already, in line 2"),
                           (self.GOOD + "address = example:80\n", "takes numbers"),
                           (self.GOOD + "address = 0.0.0.0:80\nhosts = a\n", "needs tls-cert and tls-key"),
                           (self.GOOD + "address = [::]:80\nhosts = a\n", "needs tls-cert and tls-key"),
                           (self.GOOD + "tls-cert = x\n", "go together"),
                           (self.GOOD + "address = unix:/x\n", "say in 'hosts'"),
                           (self.GOOD + "address = unix:x\n", "absolute path"),
                           (self.GOOD + "[templates a]\n", "needs a 'folder'"),
                           (self.GOOD + "[templates A]\nfolder = x\n", "made of a to z"),
                           (self.GOOD + "hosts = a,,b\n", "takes 1 to 16 names")):
            status, said = check_configuration(self.folder, text)
            self.assertEqual(status, 2, text)
            self.assertIn(told, said, text)

    def test_another_address_is_right_with_tls(self):
        text = self.GOOD + "address = 0.0.0.0:8570\nhosts = a.example\ntls-cert = c\ntls-key = k\n"
        self.assertEqual(check_configuration(self.folder, text), (0, ""))


@unittest.skipUnless(is_there(), "built without the page")
class Users(support.TestCase):
    def user(self, *arguments, password=PASSWORD):
        return support.run("user", arguments[0], self.folder / "users", *arguments[1:], stdin=password.encode() + b"\n")

    def test_users_are_added_listed_changed_and_removed(self):
        self.assert_status(self.user("add", "anna", "operate"), 0)
        self.assert_status(self.user("add", "bob", "admin"), 0)
        self.assert_status(self.user("role", "anna", "view-flow"), 0)
        self.assert_status(self.user("remove", "bob"), 0)
        self.assertEqual(self.user("list").out.split(), [b"anna", b"view-flow"])

    def test_what_is_kept_is_no_password(self):
        self.user("add", "anna", "operate")
        text = (self.folder / "users").read_text()
        self.assertRegex(text, r"^anna:operate:\$y\$[^:]+\n$")
        self.assertEqual(os.stat(self.folder / "users").st_mode & 0o777, 0o600)

    def test_a_second_user_of_the_name_is_refused(self):
        self.user("add", "anna", "operate")
        self.assert_status(self.user("add", "anna", "admin"), 1)
        self.assert_status(self.user("password", "bob"), 1)

    def test_comments_are_kept(self):
        (self.folder / "users").write_text("# ours\n")
        self.user("add", "anna", "operate")
        self.assertTrue((self.folder / "users").read_text().startswith("# ours\nanna:"))

    def test_short_passwords_strange_names_and_roles_are_refused(self):
        self.assert_status(self.user("add", "anna", "operate", password="short"), 2)
        self.assert_status(self.user("add", "an:na", "operate"), 2)
        self.assert_status(self.user("add", "anna", "root"), 2)
        self.assert_status(self.user("add", "anna"), 2)
        self.assertFalse((self.folder / "users").exists())


if __name__ == "__main__":
    support.main()
